// The verdict as text, JUnit XML and Markdown.
#include <stdlib.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/budget/runs.h"

namespace mj::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const char* const rules = R"("totals": {"cycles": {"max": 1100000}, "flash_bytes": {"max": 40000}},
  "layers": [{"name": "*", "cycles": {"max_increase_percent": 5}}])";

bool has_xmllint() { return std::system("command -v xmllint >/dev/null 2>&1") == 0; }

/// Fails unless the text is valid JUnit XML.
void expect_valid_junit(const std::string& xml) {
  if (!has_xmllint()) GTEST_SKIP() << "no xmllint here (libxml2-utils)";
  std::string path = (std::filesystem::temp_directory_path() / "mj-junit-XXXXXX").string();
  const int file = mkstemp(path.data());
  ASSERT_GE(file, 0);
  close(file);
  std::ofstream(path, std::ios::binary) << xml;
  EXPECT_EQ(std::system(("xmllint --noout --schema '" MJ_JUNIT_SCHEMA "' '" + path + "' 2>&1").c_str()), 0) << xml;
  std::filesystem::remove(path);
}

TEST(Text, TheVerdictComesFirstThenFindingsThenWhatPassed) {
  const std::string text = budget::text(judge(rules, regressed(), accepted()), {}, false);
  EXPECT_THAT(
      text,
      StartsWith("FAILED   2 of 4 limits exceeded\n"
                 "  run       kws.elf on nucleo-l4r5zi, timing model 1\n"
                 "  budget    budget.json\n"
                 "  baseline  kws.elf\n"
                 "\n"
                 "totals: cycles\n"
                 "  limit     max 1,100,000 cycles\n"
                 "  actual    1,200,000 cycles\n"
                 "  interval  1,080,000 to 1,440,000; judged was the value\n"
                 "  over by   100,000 cycles, +9.1 %\n"
                 "  change    +200,000 (+20.0 %) since the baseline's 1,000,000 cycles\n"
                 "  grew      layer 0 CONV_2D relu: 516,000 cycles an inference, was 416,000 (+100,000, +24.0 %)\n"
                 "            function conv2d: 730,000 cycles, was 530,000 (+200,000, +37.7 %)\n"
                 "            line kernels.c:123: 330,000 cycles, was 130,000 (+200,000, +153.8 %)\n"
                 "  rule      /totals/cycles\n"));
  EXPECT_THAT(text, HasSubstr("\n  limit     max_increase_percent: baseline 416,000 +5 % = 436,800 cycles\n"));
  EXPECT_THAT(text, HasSubstr("\n  rule      /layers/0/cycles\n"));
  EXPECT_LT(text.find("rule      /layers/0/cycles"), text.find("  passed  "));
  EXPECT_THAT(text, HasSubstr("totals                    flash_bytes   max 40,000  36,536  -3,464, -8.7 %"));
}

TEST(Text, QuietLeavesOutWhatPassedAndColourIsOnDemand) {
  const budget::Verdict v = judge(rules, regressed(), accepted());
  EXPECT_THAT(budget::text(v, {}, true), Not(HasSubstr("flash_bytes")));
  EXPECT_THAT(budget::text(v, {}, false), Not(HasSubstr("\x1b")));
  report::Options colour;
  colour.colour = true;
  EXPECT_THAT(budget::text(v, colour, false), StartsWith("\x1b[1;31mFAILED\x1b[0m"));
}

TEST(Text, AllHolds) {
  EXPECT_THAT(budget::text(judge(rules, accepted(), accepted()), {}, false),
              StartsWith("PASSED   all 4 limits hold\n"));
}

TEST(JUnit, OneTestCaseARule) {
  const std::string xml = budget::junit(judge(rules, regressed(), accepted()));
  EXPECT_THAT(xml, HasSubstr(R"(tests="3" failures="2" errors="0")"));
  EXPECT_THAT(
      xml,
      HasSubstr(
          R"x(<testcase classname="microjoule.totals" name="totals: flash_bytes (/totals/flash_bytes)" time="0"/>)x"));
  EXPECT_THAT(
      xml,
      HasSubstr(
          R"(<failure type="max_increase_percent" message="layer 0 CONV_2D relu: 516,000 cycles exceeds 416,000 +5 %">)"));
  EXPECT_THAT(xml, HasSubstr("line kernels.c:123: 330,000 cycles in the whole run"));
  expect_valid_junit(xml);
  expect_valid_junit(budget::junit(judge(rules, accepted(), accepted())));
}

TEST(JUnit, ARunThatDidNotFinishIsAnErrorOfEachCase) {
  const std::string xml = budget::junit(judge(rules, faulted(), accepted()));
  EXPECT_THAT(xml, HasSubstr(R"(tests="3" failures="0" errors="3")"));
  EXPECT_THAT(
      xml,
      HasSubstr(
          R"x(<error type="run" message="the run did not finish: BusFault at conv2d+0x10 (kernels.c:12)">exit code 4</error>)x"));
  expect_valid_junit(xml);
}

TEST(JUnit, HostileNamesStayXml) {
  RunResult r = regressed();
  r.layers[0].name = "a<b>&\"'\x01\x1b[31m\xff\xc3\xa9 ]]>\n";
  r.provenance.firmware = "<&\x02>.elf";
  const std::string xml = budget::junit(judge(R"("layers": [{"op": "CONV_2D", "cycles": {"max": 1}}])", r));
  EXPECT_THAT(xml, HasSubstr("a&lt;b&gt;&amp;&quot;'\xEF\xBF\xBD\xEF\xBF\xBD[31m\xEF\xBF\xBD\xc3\xa9 ]]&gt;"));
  expect_valid_junit(xml);
}

TEST(JUnit, TheSchemaSeesMistakes) {
  if (!has_xmllint()) GTEST_SKIP() << "no xmllint here (libxml2-utils)";
  std::string xml = budget::junit(judge(rules, accepted(), accepted()));
  xml.replace(xml.find("failures="), 9, "failures_=");
  const std::string command =
      "printf '%s' '" + xml + "' | xmllint --noout --schema '" MJ_JUNIT_SCHEMA "' - 2>/dev/null";
  EXPECT_NE(std::system(command.c_str()), 0);
}

TEST(Summary, VerdictTableFindings) {
  const std::string md = budget::summary(judge(rules, regressed(), accepted()));
  EXPECT_THAT(md, StartsWith("## microjoule check: FAILED\n\n**2 of 4 limits exceeded**: `kws.elf` on `nucleo-l4r5zi`, "
                             "timing model 1, budget `budget.json`, baseline `kws.elf`\n\n"
                             "| rule | limit | actual | delta | verdict |\n"));
  EXPECT_THAT(md, HasSubstr("| totals: cycles | max 1,100,000 | 1,200,000 | +100,000, +9.1 % | EXCEEDED |\n"));
  EXPECT_THAT(md,
              HasSubstr("| layer 0 CONV\\_2D relu: cycles | 416,000 +5 % | 516,000 | +100,000, +24.0 % | EXCEEDED |"));
  EXPECT_THAT(md, HasSubstr("  - `line kernels.c:123: 330,000 cycles in the whole run, was 130,000 (+200,000, "
                            "+153.8 %)`\n"));
  EXPECT_THAT(budget::summary(judge(rules, accepted(), accepted())), Not(HasSubstr("Findings")));
}

TEST(Summary, ARunThatDidNotFinish) {
  EXPECT_THAT(budget::summary(judge(rules, faulted(), accepted())),
              HasSubstr("The run did not finish: `BusFault at conv2d+0x10 (kernels.c:12)` (exit code 4)"));
}

TEST(Summary, ThousandsOfChecksStayAPage) {
  RunResult r = accepted();
  for (int i = 0; i < 5'000; ++i) {
    profile::Function f;
    f.name = "function_" + std::to_string(i);
    r.functions.push_back(f);
  }
  const std::string md = budget::summary(judge(R"("functions": [{"name": "*", "self_cycles": {"max": 1e9}}])", r));
  EXPECT_LT(md.size(), 100'000u);
  EXPECT_THAT(md, HasSubstr("4,507 more checks not shown."));
}

}  // namespace
}  // namespace mj::test
