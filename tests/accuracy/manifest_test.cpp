// Programs with published cycles: what a manifest may say, and what of a run a row takes.
#include "benchmarks/accuracy/manifest.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace mj::accuracy {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// ---- what of a run a row takes ------------------------------------------------------------------------------------

constexpr const char* bench = "bench_begin:bench_end";

/// A firmware that passed bench() three times, printed what it measured, and ended well.
profile::RunResult three_passes() {
  profile::RunResult r;
  r.stop.kind = "exited";
  r.roi = {{bench, 0x100, 0x102, {}, 0}};
  for (const Cycle cycles : {90, 70, 71}) r.roi[0].hits.push_back({0, cycles, 0, 0, {}});
  r.console = "ROW aes 70 ok\nROW sha 80 WRONG\nROW aes 72 ok\r\n";
  return r;
}

TEST(ManifestWindow, IsTheLastHitUnlessTheRowSaysWhich) {
  EXPECT_EQ(read_window({bench, {}, ""}, three_passes()).cycles, 71);
  EXPECT_EQ(read_window({bench, 2, ""}, three_passes()).cycles, 70);
  EXPECT_EQ(read_window({bench, 4, ""}, three_passes()).failure, "bench_begin:bench_end was passed 3 times");
  EXPECT_EQ(read_window({"main:exit", {}, ""}, three_passes()).failure, "main:exit was passed 0 times");
}

TEST(ManifestWindow, HitsThatWereLeftOutHideTheLastOne) {
  auto result = three_passes();
  result.roi[0].left_out = 5;
  EXPECT_THAT(read_window({bench, {}, ""}, result).failure, HasSubstr("passed 8 times, too often"));
  EXPECT_EQ(read_window({bench, 3, ""}, result).cycles, 71);
}

TEST(ManifestWindow, MayBeWhatTheProgramPrintsTheLastLineCounts) {
  const Reading r = read_window({"", {}, "ROW aes {cycles} ok"}, three_passes());
  EXPECT_EQ(r.failure, "");
  EXPECT_EQ(r.cycles, 72);
}

TEST(ManifestWindow, FailsWithoutTheLineThatSaysThatTheAnswerIsRight) {
  EXPECT_EQ(read_window({"", {}, "ROW sha {cycles} ok"}, three_passes()).failure,
            "the program didn't print \"ROW sha {cycles} ok\"");
  // The labels were passed, but that doesn't help.
  EXPECT_NE(read_window({bench, {}, "ROW sha {cycles} ok"}, three_passes()).failure, "");
  EXPECT_EQ(read_window({bench, {}, "ROW aes {cycles} ok"}, three_passes()).cycles, 71);
  // Not as a part of a line, and not with words for a number
  EXPECT_NE(read_window({"", {}, "aes {cycles} ok"}, three_passes()).failure, "");
  EXPECT_NE(read_window({"", {}, "ROW {cycles} ok"}, three_passes()).failure, "");
}

TEST(ManifestWindow, FailsIfTheFirmwareFailed) {
  auto result = three_passes();
  result.stop.exit_code = ExitCode::firmware_failed;
  result.stop.message = "the firmware ended with status 1";
  EXPECT_EQ(read_window({bench, {}, ""}, result).failure, "the firmware ended with status 1");
}

// ---- what a manifest may say --------------------------------------------------------------------------------------

class ManifestFile : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  Result<std::vector<ManifestRow>> read(const std::string& rows) {
    std::ofstream(folder_ / "manifest.json") << R"({"rows": [)" << rows << "]}";
    return read_manifest(folder_.string(), MANIFEST_SCHEMA);
  }
  std::string refusal(const std::string& rows) {
    const auto read_rows = read(rows);
    return read_rows ? "" : read_rows.error().text();
  }

  const fs::path folder_ = fs::temp_directory_path() / ("mj_manifest_" + std::to_string(getpid()));
};

TEST_F(ManifestFile, HasOneRowPerWindow) {
  const auto rows = read(R"(
      {"id": "aes", "suite": "assembly", "elf": "m4/aes.elf", "core": "cortex-m4@24", "roi": "bench_begin:bench_end",
       "hit": 2, "prints": "ok", "published_cycles": 627, "uncertainty_cycles": 0.5, "source": "its authors"},
      {"id": "aes, 5 wait states", "suite": "wait states", "elf": "m4/aes.elf", "board": "boards/f4.json",
       "prints": "{cycles}", "published_cycles": 715.5, "source": "its authors"},
      {"id": "ad", "suite": "networks", "elf": "ad.elf", "board": "nucleo-l4r5zi", "roi": "a:b",
       "published_cycles": 822882, "source": "its authors"})");
  ASSERT_TRUE(rows) << rows.error().text();
  ASSERT_EQ(rows->size(), 3U);
  const ManifestRow& aes = rows->at(0);
  EXPECT_EQ(aes.elf, (folder_ / "m4/aes.elf").string());
  EXPECT_EQ(aes.board, "generic:cortex-m4@24");
  EXPECT_EQ(aes.window.roi, "bench_begin:bench_end");
  EXPECT_EQ(aes.window.hit, 2U);
  EXPECT_EQ(aes.window.prints, "ok");
  EXPECT_EQ(aes.published, 627);
  EXPECT_EQ(aes.uncertainty, 0.5);
  EXPECT_EQ(rows->at(1).board, (folder_ / "boards/f4.json").string());
  EXPECT_EQ(rows->at(1).window.roi, "");
  EXPECT_EQ(rows->at(1).uncertainty, 0);
  EXPECT_EQ(rows->at(2).board, "nucleo-l4r5zi");
  EXPECT_FALSE(rows->at(2).window.hit.has_value());
}

TEST_F(ManifestFile, IsRefusedWithTheRowThatIsWrong) {
  const std::string begin = R"({"id": "aes", "suite": "s", "elf": "a.elf", "source": "x", "published_cycles": 1)";
  const std::string window = R"(, "roi": "a:b")", core = R"(, "core": "cortex-m4")";
  EXPECT_EQ(refusal(begin + window + core + "}"), "");
  EXPECT_THAT(refusal(begin + window + "}"), HasSubstr(R"(row aes needs either "core" or "board")"));
  EXPECT_THAT(refusal(begin + window + core + R"(, "board": "pico"})"), HasSubstr("either"));
  EXPECT_THAT(refusal(begin + core + R"(, "prints": "ok"})"), HasSubstr("row aes doesn't say where its cycles are"));
  EXPECT_THAT(refusal(begin + window + core + "}, " + begin + window + core + "}"),
              HasSubstr("two rows are called aes"));
  EXPECT_THAT(refusal(begin + window + core + R"(, "cycels": 1})"), HasSubstr("cycels"));
  EXPECT_THAT(refusal(begin + window + core + R"(, "hit": 0})"), HasSubstr("hit"));
  EXPECT_THAT(refusal(""), HasSubstr("rows"));
  fs::remove(folder_ / "manifest.json");
  EXPECT_EQ(read_manifest(folder_.string(), MANIFEST_SCHEMA).error().code, ExitCode::unreadable);
}

}  // namespace
}  // namespace mj::accuracy
