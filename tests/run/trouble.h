// What firmware that goes wrong is expected to end with.
#pragma once

#include <sstream>

#include "tests/run/expect.h"

namespace mj::test {

class Trouble : public Firmware {
 protected:
  /// `source`: the fixture's file; `compiler`: without it the tests skip.
  Trouble(const char* source, const char* compiler) : source_(source), compiler_(compiler) {}

  void SetUp() override {
    if (!installed(compiler_)) GTEST_SKIP() << "no " << compiler_ << " here";
  }

  Ran run_case(const std::string& name, const std::string& options) const {
    const std::string elf = fixture(name);
    EXPECT_NE(elf, "") << name << " was not built";
    const Ran ran = run(elf, options);
    EXPECT_FALSE(ran.result.is_null()) << name << ": nothing was saved\n" << ran.answer.err;
    return ran;
  }

  /// "arm_cases.c:31": the line that carries the comment HERE: <name>.
  std::string line(const std::string& name) const {
    std::istringstream text(slurp(std::string(MJ_FIXTURE_SOURCES) + "/" + source_));
    std::string row;
    for (int n = 1; std::getline(text, row); ++n) {
      const std::string mark = "HERE: " + name;
      if (row.size() >= mark.size() && row.compare(row.size() - mark.size(), mark.size(), mark) == 0)
        return source_ + ":" + std::to_string(n);
    }
    ADD_FAILURE() << "no line HERE: " << name;
    return "?";
  }

  /// Exit code and kind of end; the one-line message, in the result as in the text report, has these words.
  void ends(const Ran& ran, int code, const std::string& kind, const std::vector<std::string>& words) const {
    EXPECT_EQ(ran.answer.code, code) << ran.answer.err;
    ASSERT_FALSE(ran.result.is_null());
    EXPECT_EQ(ran.result.at("stop").at("kind"), kind);
    expect_words(ran.result.at("stop").at("message"), words);
  }

  /// The firmware ended by that fault at the line of that case; fault and text report have these words.
  void faults(const Ran& ran, const std::string& exception, const std::string& at,
              const std::vector<std::string>& words) const {
    ends(ran, 4, "fault", {exception});
    ASSERT_FALSE(ran.result.at("fault").is_null());
    EXPECT_EQ(ran.result.at("fault").at("exception"), exception);
    if (!at.empty()) {
      EXPECT_THAT(ran.result.at("fault").at("where").get<std::string>(), testing::HasSubstr(at));
      EXPECT_THAT(ran.result.at("fault").at("where").get<std::string>(), testing::HasSubstr(line(at)));
      expect_words(unwrapped(ran.answer.out), {line(at)});
    }
    expect_words(fault_text(ran), words);
    expect_words(unwrapped(ran.answer.out), words);
  }

  static std::vector<std::string> backtrace(const Ran& ran) {
    return ran.result.at("fault").at("backtrace").get<std::vector<std::string>>();
  }
  static int exceptions_taken(const Ran& ran, const std::string& name) {
    for (const json& d : ran.result.at("diagnostics"))
      if (d.at("kind") == "exceptions" && d.at("where") == name) return d.at("count");
    return 0;
  }
  /// All that the result says about the fault.
  static std::string fault_text(const Ran& ran) { return ran.result.at("fault").dump(); }

  /// The report wraps its lines; words may stand on two of them.
  static std::string unwrapped(const std::string& text) {
    std::string out;
    for (const char c : text) {
      const bool space = c == '\n' || c == ' ';
      if (!space || (!out.empty() && out.back() != ' ')) out += space ? ' ' : c;
    }
    return out;
  }

 private:
  std::string source_, compiler_;
};

}  // namespace mj::test
