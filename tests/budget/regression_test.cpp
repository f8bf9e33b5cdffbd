// From source to verdict: one kernel of a small network is made slower, and the check says which layer, function and
// line. fixtures/net.c is built once as it is and once slower.
#include <sstream>

#include "tests/budget/runs.h"
#include "tests/cli/program.h"

namespace mj::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Regression : public Program {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(elf("net"))) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  }
  static std::string elf(const std::string& name) { return std::string(MJ_FIXTURES) + "/" + name + ".elf"; }
  Answer check(const std::string& name, const std::string& options) const {
    return microjoule("check '" + elf(name) + "' --board nucleo-l4r5zi --budget b.json " + options);
  }
  /// "net.c:27": the line with the comment HERE: <mark>.
  static std::string line(const std::string& mark) {
    std::istringstream text(slurp(std::string(MJ_FIXTURE_SOURCES) + "/net.c"));
    std::string row;
    for (int n = 1; std::getline(text, row); ++n)
      if (row.ends_with("HERE: " + mark)) return "net.c:" + std::to_string(n);
    ADD_FAILURE() << "no line HERE: " << mark;
    return "?";
  }
  /// The part of the text about one finding.
  static std::string about(const std::string& out, const std::string& finding) {
    const auto begin = out.find("\n" + finding + "\n");
    if (begin == out.npos) return "no finding " + finding + " in\n" + out;
    return out.substr(begin, out.find("\n\n", begin + 1) - begin);
  }
};

TEST_F(Regression, NamesLayerFunctionAndLineAndPassesOnceAccepted) {
  const Answer first = check("net", "--init");
  ASSERT_EQ(first.code, 0) << first.out << first.err;
  EXPECT_EQ(check("net", "").code, 0) << "a run is the same every time";

  const Answer slow = check("net_slow", "--junit j.xml --summary s.md");
  EXPECT_EQ(slow.code, 3) << slow.err;
  const std::string finding = about(slow.out, "layer 0 FULLY_CONNECTED relu: cycles");
  EXPECT_THAT(finding, HasSubstr("\n  grew      function kernel: "));
  EXPECT_THAT(finding, HasSubstr("line " + line("slow") + ": "));
  EXPECT_THAT(about(slow.out, "totals: cycles"), HasSubstr("layer 0 FULLY_CONNECTED relu: "));
  // The other layer runs as before: it stands among what passed.
  EXPECT_THAT(slow.out, Not(HasSubstr("layer 1 SOFTMAX scores: cycles")));
  EXPECT_THAT(slow.out, HasSubstr("layer 1 SOFTMAX scores"));
  EXPECT_THAT(slurp(path("s.md")), HasSubstr("line " + line("slow")));
  if (std::system("command -v xmllint >/dev/null 2>&1") == 0) {
    const std::string command = "xmllint --noout --schema '" MJ_JUNIT_SCHEMA "' '" + path("j.xml") + "' 2>&1";
    EXPECT_EQ(std::system(command.c_str()), 0);
  }

  EXPECT_EQ(check("net_slow", "--update-baseline").code, 0);
  EXPECT_EQ(check("net_slow", "").code, 0);
  // What was accepted is the limit now: the faster firmware passes.
  EXPECT_EQ(check("net", "").code, 0);
}

TEST_F(Regression, InACodeThatItsCallerInlines) {
  ASSERT_EQ(check("net_inlined", "--init").code, 0);
  const Answer slow = check("net_inlined_slow", "");
  EXPECT_EQ(slow.code, 3);
  const std::string finding = about(slow.out, "layer 0 FULLY_CONNECTED relu: cycles");
  EXPECT_THAT(finding, HasSubstr("function layer_0 (mostly kernel, inlined): "));
  EXPECT_THAT(finding, HasSubstr("line " + line("slow") + ": "));
}

TEST_F(Regression, TheSavedResultGivesTheSameVerdict) {
  ASSERT_EQ(check("net", "--init").code, 0);
  const Answer run = check("net_slow", "--out slow.json");
  const Answer saved = microjoule("check slow.json --budget b.json");
  EXPECT_EQ(saved.code, 3) << saved.err;
  EXPECT_EQ(saved.out, run.out);
}

TEST_F(Regression, FirmwareThatFailsOrRunsIntoALimitNeverPasses) {
  file("b.json", budget_text(R"("totals": {"cycles": {"max": 1e12}})"));
  EXPECT_EQ(check("net", "").code, 0);
  const Answer failed = check("net_fails", "");
  EXPECT_EQ(failed.code, 1);
  EXPECT_THAT(failed.out, StartsWith("FAILED   nothing was judged: the run did not finish\n"));
  EXPECT_EQ(check("net", "--max-cycles 1000").code, 5);
}

TEST_F(Regression, TheBaselineOfAnotherBoardIsRefused) {
  ASSERT_EQ(check("net", "--init").code, 0);
  file("other.json", R"({"extends": "nucleo-l4r5zi", "name": "another"})");
  refuses("check '" + elf("net") + "' --board other.json --budget b.json", 2,
          {"another board", "it ran on nucleo-l4r5zi, this run on other"});
}

}  // namespace
}  // namespace mj::test
