// What is kept of a sweep: whole files only, found again by what decided them.
#include "tools/sweep/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tools/report/report.h"

namespace mj::sweep {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Folder : public testing::Test {
 protected:
  Folder() {
    std::string name = (fs::temp_directory_path() / "mj-store-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Folder() override { fs::remove_all(path); }

  Store open() const {
    auto store = Store::open(path);
    EXPECT_TRUE(store.ok()) << store.error().text();
    return std::move(*store);
  }
  std::vector<std::string> files(const std::string& folder) const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path / folder)) names.push_back(entry.path().filename().string());
    return names;
  }
  static profile::RunResult result(Cycle cycles) {
    profile::RunResult r;
    r.totals.cycles = cycles;
    r.console = "hello\n";
    return r;
  }

  fs::path path;
  std::vector<std::string> damaged;
  std::function<void(const std::string&)> hear = [this](const std::string& file) { damaged.push_back(file); };
};

using ContentName = Folder;
using Kept = Folder;

TEST_F(ContentName, IsTheSameForTheSameTextAndDiffersElse) {
  EXPECT_EQ(content_name("a"), content_name("a"));
  EXPECT_NE(content_name("a"), content_name("b"));
  EXPECT_NE(content_name(""), content_name(std::string(1, '\0')));
}

TEST_F(ContentName, FollowsABoardFileAndWhatItExtends) {
  const auto write = [&](const char* name, const char* text) { std::ofstream(path / name) << text; };
  const std::string mine = (path / "mine.json").string();
  write("base.json", R"({"extends": "pico"})");
  write("mine.json", R"({"extends": "base.json"})");
  const std::string before = board_contents(mine);
  EXPECT_EQ(board_contents(mine), before);
  write("base.json", R"({"extends": "pico", "name": "other"})");
  EXPECT_NE(board_contents(mine), before);
}

TEST_F(ContentName, ABoardThatExtendsItselfEnds) {
  std::ofstream(path / "loop.json") << R"({"extends": "loop.json"})";
  EXPECT_THAT(board_contents((path / "loop.json").string()), HasSubstr("loop.json"));
}

TEST_F(Kept, IsFoundByTheNextSweep) {
  open().keep("name", result(1234)).ok();
  const auto found = open().find("name", hear);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->result.totals.cycles, 1234u);
  EXPECT_EQ(report::json(found->result, {}), report::json(result(1234), {}));
  EXPECT_FALSE(open().find("other", hear));
  EXPECT_FALSE(open().find("nam", hear));
  EXPECT_THAT(damaged, IsEmpty());
}

TEST_F(Kept, ATruncatedOrChangedFileIsToldAndForgotten) {
  for (const bool cut : {true, false}) {
    damaged.clear();
    const auto kept = open().keep("name", result(1234));
    ASSERT_TRUE(kept.ok());
    const fs::path file = path / kept->file;
    if (cut) {
      fs::resize_file(file, fs::file_size(file) / 2);
    } else {
      // Still a result, but of another number of cycles: only the checksum in the name can tell.
      std::ifstream in(file);
      std::string text{std::istreambuf_iterator<char>(in), {}};
      text.replace(text.find("1234"), 4, "1235");
      ASSERT_TRUE(report::read_json(text, "").ok());
      std::ofstream(file) << text;
    }
    EXPECT_FALSE(open().find("name", hear));
    EXPECT_THAT(damaged, ElementsAre(HasSubstr("runs/name.")));
    EXPECT_THAT(files("runs"), IsEmpty());
  }
}

TEST_F(Kept, AnotherVersionsResultIsNoResult) {
  const std::string text = R"({"schema": "microjoule-result", "schema_version": 1})";
  { open(); }
  ASSERT_TRUE(write_atomically(path / "runs" / "name.00000000.mj.json", text).ok());
  EXPECT_FALSE(open().find("name", hear));
  EXPECT_EQ(damaged.size(), 1u);
}

TEST_F(Kept, DraftsOfAKilledSweepAreRemoved) {
  { open(); }
  std::ofstream(path / "runs" / ".name.00000000.mj.json.tmp") << "half";
  std::ofstream(path / ".sweep.txt.tmp") << "half";
  std::ofstream(path / "notes.tmp") << "the user's own";
  open();
  EXPECT_THAT(files("runs"), IsEmpty());
  EXPECT_FALSE(fs::exists(path / ".sweep.txt.tmp"));
  EXPECT_TRUE(fs::exists(path / "notes.tmp"));
}

TEST_F(Kept, TwoSweepsDoNotShareAFolder) {
  const Store first = open();
  const auto second = Store::open(path);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ExitCode::usage);
  EXPECT_THAT(second.error().text(), HasSubstr("another sweep is at work in this folder"));
}

TEST_F(Kept, AFolderThatCannotBeMade) {
  std::ofstream(path / "file") << "";
  const auto refused = Store::open(path / "file" / "sweep");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ExitCode::unreadable);
}

}  // namespace
}  // namespace mj::sweep
