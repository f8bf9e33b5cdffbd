// `microjoule check` as a user starts it, with saved results.
#include "tests/budget/runs.h"
#include "tests/cli/program.h"

namespace mj::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Check : public Program {
 protected:
  Check() {
    file("run.json", report::json(accepted(), {}));
    file("slow.json", report::json(regressed(), {}));
    file("fault.json", report::json(faulted(), {}));
  }
  Answer check(const std::string& arguments) const { return microjoule("check " + arguments); }
  void init() const { EXPECT_EQ(check("run.json --budget b.json --init").code, 0); }
};

TEST_F(Check, InitThenPassThenARegressionFailsThenIsAccepted) {
  const Answer first = check("run.json --budget b.json --init");
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(first.out, StartsWith("wrote b.json: today's values as max, and the baseline\n\nPASSED"));
  EXPECT_EQ(check("run.json --budget b.json").code, 0);
  const Answer slow = check("slow.json --budget b.json");
  EXPECT_EQ(slow.code, 3);
  EXPECT_THAT(slow.out, StartsWith("FAILED"));
  for (const char* words : {"layer 0 CONV_2D relu: cycles", "function conv2d:", "line kernels.c:123:"})
    EXPECT_THAT(slow.out, HasSubstr(words));
  const Answer accepting = check("slow.json --budget b.json --update-baseline");
  EXPECT_EQ(accepting.code, 0) << accepting.out << accepting.err;
  EXPECT_THAT(accepting.out, StartsWith("updated b.json: kws.elf is the baseline now\n  totals: cycles: max raised"));
  EXPECT_EQ(check("slow.json --budget b.json").code, 0);
}

TEST_F(Check, ABaselineFromAnotherResult) {
  file("b.json", budget_text(R"("totals": {"cycles": {"max_increase_percent": 1}})"));
  refuses("check slow.json --budget b.json", 2, {"there is no baseline"});
  EXPECT_EQ(check("slow.json --budget b.json --baseline run.json").code, 3);
  EXPECT_EQ(check("run.json --budget b.json --baseline run.json").code, 0);
  refuses("check run.json --budget b.json --baseline gone.json", 7, {"gone.json"});
  refuses("check run.json --budget b.json --baseline b.json", 7, {"not a saved result", "b.json"});
}

TEST_F(Check, ARunThatDidNotFinishNeverPassesNorChangesTheBudget) {
  refuses("check fault.json --budget b.json --init", 4, {"no budget is made of a run that failed", "BusFault"});
  init();
  const std::string before = slurp(path("b.json"));
  for (const char* update : {"", " --update-baseline"}) {
    const Answer answer = check("fault.json --budget b.json --junit j.xml" + std::string(update));
    EXPECT_EQ(answer.code, 4);
    EXPECT_THAT(answer.out, StartsWith("FAILED   nothing was judged: the run did not finish\n"));
    EXPECT_THAT(slurp(path("j.xml")), HasSubstr("<error "));
  }
  EXPECT_EQ(slurp(path("b.json")), before);
}

TEST_F(Check, InitOverwritesNothing) {
  file("b.json", "mine");
  refuses("check run.json --budget b.json --init", 2, {"does not overwrite", "b.json", "--update-baseline"});
  EXPECT_EQ(slurp(path("b.json")), "mine");
}

TEST_F(Check, UpdatingLeavesNoTemporaryFileAndKeepsTheMode) {
  init();
  namespace fs = std::filesystem;
  fs::permissions(path("b.json"), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(check("slow.json --budget b.json --update-baseline").code, 0);
  EXPECT_EQ(fs::status(path("b.json")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  for (const auto& entry : fs::directory_iterator(fs::path(path("b.json")).parent_path()))
    EXPECT_NE(entry.path().extension(), ".tmp");
}

TEST_F(Check, JUnitAndSummaryAreWrittenBesidesTheText) {
  init();
  const Answer answer = check("slow.json --budget b.json --junit j.xml --summary s.md");
  EXPECT_EQ(answer.code, 3);
  EXPECT_THAT(answer.out, StartsWith("FAILED"));
  EXPECT_THAT(slurp(path("j.xml")), StartsWith("<?xml"));
  EXPECT_THAT(slurp(path("s.md")), StartsWith("## microjoule check: FAILED"));
  EXPECT_EQ(check("slow.json --budget b.json --summary -").out, slurp(path("s.md")));
  // The page that GitHub gives a job is shared by its steps.
  ASSERT_EQ(setenv("GITHUB_STEP_SUMMARY", "page.md", 1), 0);
  file("page.md", "before\n");
  EXPECT_EQ(check("slow.json --budget b.json --summary page.md").code, 3);
  unsetenv("GITHUB_STEP_SUMMARY");
  EXPECT_EQ(slurp(path("page.md")), "before\n" + slurp(path("s.md")));
}

TEST_F(Check, QuietAndColour) {
  init();
  EXPECT_THAT(check("slow.json --budget b.json --quiet").out, Not(HasSubstr("flash_bytes")));
  EXPECT_THAT(check("slow.json --budget b.json").out, HasSubstr("flash_bytes"));
  EXPECT_THAT(check("slow.json --budget b.json --color always").out, StartsWith("\x1b[1;31mFAILED"));
}

TEST_F(Check, TheSameRunGivesTheSameBytes) {
  init();
  const Answer once = check("slow.json --budget b.json --junit 1.xml"),
               again = check("slow.json --budget b.json --junit 2.xml");
  EXPECT_EQ(once.out, again.out);
  EXPECT_EQ(slurp(path("1.xml")), slurp(path("2.xml")));
}

TEST_F(Check, WrongOptions) {
  init();
  refuses("check run.json", 2, {"--budget is missing"});
  refuses("check --budget b.json", 2, {"is missing"});
  refuses("check run.json --budget n.json --init --update-baseline", 2, {"exclude each other"});
  refuses("check run.json --budget b.json --update-baseline --baseline run.json", 2, {"exclude each other"});
  refuses("check run.json --budget b.json --max-cycles 5", 2, {"--max-cycles needs firmware to run"});
  refuses("check run.json --budget b.json --board pico", 2, {"--board needs firmware to run"});
  refuses("check run.json --budget b.json --battery cr2032", 2, {"unknown option '--battery'"});
  refuses("check run.json --budget b.json --junit no/such/j.xml", 7, {"there is no such folder"});
  refuses("check run.json --budget gone.json", 7, {"gone.json"});
  refuses("check gone.json --budget b.json", 7, {"gone.json"});
}

TEST_F(Check, DamagedInputs) {
  init();
  const std::string run = slurp(path("run.json")), whole = slurp(path("b.json"));
  file("cut.json", run.substr(0, run.size() / 2));
  refuses("check cut.json --budget b.json", 7, {"not a saved result", "cut.json"});
  file("b.json", whole.substr(0, whole.size() / 2));
  refuses("check run.json --budget b.json", 7, {"not valid JSON", "b.json:"});
  file("b.json", budget_text(R"("totals": {"cycels": {"max": 1}})"));
  refuses("check run.json --budget b.json", 2, {"b.json#/totals/cycels", "did you mean \"cycles\"?"});
  refuses("check run.json --budget run.json", 7, {"not a budget", "microjoule-result"});
  file("text.txt", "hello");
  refuses("check text.txt --budget b.json", 2, {"cycels"});
}

}  // namespace
}  // namespace mj::test
