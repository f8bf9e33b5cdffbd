// Budget files that are right, and what is told about those that aren't.
#include "tests/budget/runs.h"

namespace mj::test {
namespace {

using budget::read_budget;

void refuses(const std::string& text, ExitCode code, const std::vector<std::string>& words) {
  const auto b = read_budget(text, "b.json");
  ASSERT_FALSE(b) << text;
  expect_error(b.error(), code, words);
}
void refuses_rules(const std::string& rules, const std::vector<std::string>& words) {
  refuses(budget_text(rules), ExitCode::usage, words);
}

TEST(BudgetFile, EveryScopeAndLimit) {
  const budget::Budget b = read(R"("notes": ["ours"],
    "totals": {"latency_ms": {"max": 12.5, "confidence": "high"}},
    "networks": [{"name": "*", "energy_uj": {"max_increase": 3}}],
    "layers": [{"op": "CONV_2D", "name": "r*", "network": "kws", "index": 0, "sum": true,
                "cycles": {"max": 5, "max_from": "baseline"}}],
    "functions": [{"name": "conv2d", "self_cycles": {"max": 1}, "inclusive_cycles": {"max": 2}}],
    "regions": [{"name": "flash", "used_bytes": {"max_increase_percent": 0.5}}])");
  ASSERT_EQ(b.rules.size(), 6u);
  EXPECT_EQ(b.rules[0].pointer, "/totals/latency_ms");
  EXPECT_EQ(b.rules[0].limit.max, 12.5);
  EXPECT_EQ(b.rules[0].limit.confidence, budget::Confidence::high);
  EXPECT_EQ(b.rules[1].limit.max_increase, 3);
  EXPECT_EQ(b.rules[2].title(), "layers #0 CONV_2D r* of kws, sum: cycles");
  EXPECT_TRUE(b.rules[2].limit.max_follows_baseline);
  EXPECT_EQ(b.rules[3].pointer, "/functions/0/self_cycles");
  EXPECT_EQ(b.rules[5].title(), "regions flash: used_bytes");
  EXPECT_FALSE(b.baseline);
}

TEST(BudgetFile, NotABudget) {
  refuses("", ExitCode::unreadable, {"not valid JSON", "b.json:1"});
  refuses("{\n\"schema\": \"microjoule-budget\",\n", ExitCode::unreadable, {"not valid JSON", "b.json:3"});
  refuses("[]", ExitCode::unreadable, {"not a budget", "it is array"});
  refuses("{}", ExitCode::unreadable, {"not a budget", "b.json#/schema", "--init"});
  refuses(R"({"schema": "microjoule-result", "schema_version": 1})", ExitCode::unreadable,
          {"not a budget", "it is \"microjoule-result\""});
  refuses(R"({"schema": "microjoule-budget", "schema_version": 2})", ExitCode::unreadable,
          {"another version", "#/schema_version", "it is 2, this program reads 1"});
  refuses(R"({"schema": "microjoule-budget"})", ExitCode::unreadable, {"#/schema_version", "missing"});
  refuses(std::string(100'000, '['), ExitCode::unreadable, {"nested too deeply"});
  refuses(budget_text(R"("totals": {"cycles": {"max": 1e999}})"), ExitCode::unreadable, {"not valid JSON"});
}

TEST(BudgetFile, WrongKeysAreNamedWithTheNearestRightOne) {
  refuses_rules(R"("total": {})", {"unknown key \"total\"", "b.json#/total", "did you mean \"totals\"?"});
  refuses_rules(R"("totals": {"cycle": {"max": 1}})", {"unknown key \"cycle\"", "#/totals/cycle",
                                                       "did you mean \"cycles\"?", "allowed here: cycles, energy_uj"});
  refuses_rules(R"("layers": [{"name": "a", "cycles": {"maximum": 1}}])",
                {"#/layers/0/cycles/maximum", "allowed here: confidence, max"});
  refuses_rules(R"("layers": [{"name": "a", "flash_bytes": {"max": 1}}])", {"unknown key \"flash_bytes\""});
  refuses_rules(R"("functions": [{"name": "a", "cycles": {"max": 1}}])", {"#/functions/0/cycles", "self_cycles"});
}

TEST(BudgetFile, WrongValuesAreToldWithTheirPlace) {
  refuses_rules(R"("totals": {"cycles": 5})", {"#/totals/cycles", "5", "object"});
  refuses_rules(R"("totals": {"cycles": {"max": "5"}})", {"#/totals/cycles/max", "\"5\"", "number"});
  refuses_rules(R"("totals": {"cycles": {"max": -1}})", {"#/totals/cycles/max", "-1", "minimum 0"});
  refuses_rules(R"("totals": {"cycles": {}})", {"#/totals/cycles", "at least one of max, max_increase"});
  refuses_rules(R"("totals": {"cycles": {"max": 1, "confidence": "low"}})", {"/confidence", R"(["value","high"])"});
  refuses_rules(R"("layers": {"name": "a"})", {"#/layers", "array"});
  refuses_rules(R"("layers": [{"cycles": {"max": 1}}])", {"#/layers/0", "at least one of name, op, index"});
  refuses_rules(R"("regions": [{"used_bytes": {"max": 1}}])", {"#/regions/0", "name"});
  refuses_rules(R"("baseline": {"firmware": "a"}, "totals": {"cycles": {"max": 1}})", {"#/baseline", "board"});
}

TEST(BudgetFile, ABudgetThatChecksNothingIsAnError) {
  refuses_rules(R"("notes": [])", {"has no rules", "pass whatever happens"});
  refuses_rules(R"("layers": [{"name": "a"}])", {"a rule without a limit", "#/layers/0"});
  refuses_rules(R"("functions": [{"name": "a*", "sum": true, "inclusive_cycles": {"max": 1}}])",
                {"inclusive cycles can't be summed"});
}

TEST(BudgetFile, OnlyMaxDropsWhatNeedsABaseline) {
  const budget::Budget b = budget::only_max(read(R"("totals": {
    "cycles": {"max": 1, "max_increase": 1}, "latency_ms": {"max_increase_percent": 1}})"));
  ASSERT_EQ(b.rules.size(), 1u);
  EXPECT_EQ(b.rules[0].metric, budget::Metric::cycles);
  EXPECT_FALSE(b.rules[0].limit.max_increase);
}

}  // namespace
}  // namespace mj::test
