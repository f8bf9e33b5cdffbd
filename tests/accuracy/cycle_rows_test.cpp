// The metric: what a row's error is, and what a suite's table says of its rows.
#include "benchmarks/accuracy/cycle_rows.h"

#include <gmock/gmock.h>

namespace mj::accuracy {
namespace {

using testing::HasSubstr;

CycleRow row(const std::string& name, double truth, double uncertainty, double cycles,
             const std::string& failure = "") {
  return {"assembly", "cortex-m4", name, "a paper", truth, uncertainty, cycles, failure};
}

TEST(CycleRows, AnErrorIsOursOverTruthLessOne) {
  EXPECT_NEAR(row("slow", 200, 0, 210).error(), 0.05, 1e-12);
  EXPECT_NEAR(row("fast", 200, 0, 190).error(), -0.05, 1e-12);
  EXPECT_FALSE(row("fast", 200, 0, 190).exact());
}

TEST(CycleRows, WithinItsUncertaintyARowIsExact) {
  // Published as 200, rounded: 199.5 to 200.5.
  EXPECT_TRUE(row("below", 200, 0.5, 199.5).exact());
  EXPECT_TRUE(row("above", 200, 0.5, 200.5).exact());
  EXPECT_EQ(row("above", 200, 0.5, 200.5).error(), 0);
  // Beyond it, all of the error counts, not just what the uncertainty leaves.
  EXPECT_FALSE(row("beyond", 200, 0.5, 202).exact());
  EXPECT_NEAR(row("beyond", 200, 0.5, 202).error(), 0.01, 1e-12);
}

TEST(CycleRows, AProgramThatFailsItsCheckCountsAsAHundredPercent) {
  // Its cycles are right, its answer isn't.
  const CycleRow r = row("wrong", 200, 0.5, 200, "the program printed WRONG");
  EXPECT_FALSE(r.exact());
  EXPECT_EQ(r.error(), 1);
  const auto s = summarise({r, row("right", 200, 0, 200)});
  ASSERT_EQ(s.size(), 1U);
  EXPECT_EQ(s[0].rows, 2U);
  EXPECT_EQ(s[0].exact, 1U);
  EXPECT_EQ(s[0].failed, 1U);
  EXPECT_DOUBLE_EQ(s[0].mape, 50);
  EXPECT_EQ(s[0].worst_row, "wrong");
  EXPECT_THAT(cycle_table({r}), HasSubstr("- assembly, cortex-m4, wrong: the program printed WRONG"));
}

TEST(CycleRows, MapeIsOfSizesTheMeanIsSignedAndTheWorstRowIsTheFarthest) {
  const auto s = summarise({row("plus two", 100, 0, 102), row("minus three", 100, 0, 97), row("exact", 100, 0, 100),
                            row("within", 100, 5, 104)});
  ASSERT_EQ(s.size(), 1U);
  EXPECT_EQ(s[0].rows, 4U);
  EXPECT_EQ(s[0].exact, 2U);
  EXPECT_NEAR(s[0].mape, (2 + 3) / 4.0, 1e-9);
  EXPECT_NEAR(s[0].mean, (2 - 3) / 4.0, 1e-9);
  EXPECT_NEAR(s[0].worst, -3, 1e-9);
  EXPECT_EQ(s[0].worst_row, "minus three");
}

TEST(CycleRows, CoresAndSuitesAreNeverMixed) {
  std::vector<CycleRow> rows = {row("a", 100, 0, 110), row("b", 100, 0, 100), row("c", 100, 0, 120),
                                row("d", 100, 0, 150)};
  rows[1].core = "cortex-m7";
  rows[2].suite = "big programs";
  // Suites stay together in the table, even if the rows don't.
  rows[3].core = "cortex-m0";
  const auto s = summarise(rows);
  ASSERT_EQ(s.size(), 4U);
  EXPECT_EQ(s[0].suite + " " + s[0].core, "assembly cortex-m4");
  EXPECT_NEAR(s[0].mape, 10, 1e-9);
  EXPECT_EQ(s[1].suite + " " + s[1].core, "assembly cortex-m7");
  EXPECT_EQ(s[1].mape, 0);
  EXPECT_EQ(s[1].worst_row, "");
  EXPECT_EQ(s[2].suite + " " + s[2].core, "assembly cortex-m0");
  EXPECT_EQ(s[3].suite + " " + s[3].core, "big programs cortex-m4");
  EXPECT_NEAR(s[3].mape, 20, 1e-9);
}

TEST(CycleRows, TheTableIsMarkdown) {
  EXPECT_EQ(cycle_table({row("a", 1000, 0, 990), row("b", 1000, 0.5, 1000.5)}),
            "| suite | core | rows | exact | MAPE | mean | worst | worst row |\n"
            "|---|---|--:|--:|--:|--:|--:|---|\n"
            "| assembly | cortex-m4 | 2 | 1 | 0.50 % | -0.50 % | -1.00 % | a |\n");
  EXPECT_THAT(cycle_table({row("a", 1000, 0, 1000)}), HasSubstr("| 1 | 1 | 0.00 % | 0.00 % | 0.00 % | - |\n"));
}

TEST(CycleRows, CsvHasEveryRow) {
  EXPECT_EQ(cycle_csv({row("a, \"b\"", 1000, 0.5, 990), row("c", 1000, 0, 1000, "no line")}),
            "suite,core,row,truth_cycles,uncertainty_cycles,cycles,error_percent,exact,failure,source\n"
            "assembly,cortex-m4,\"a, \"\"b\"\"\",1000,0.5,990,-1.0000,0,,a paper\n"
            "assembly,cortex-m4,c,1000,0,1000,100.0000,0,no line,a paper\n");
}

}  // namespace
}  // namespace mj::accuracy
