// Writing a first budget, accepting a run, and what a budget file's own baseline can still tell.
#include <ctime>
#include <nlohmann/json.hpp>

#include "tests/budget/runs.h"

namespace mj::test {
namespace {

using nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string initial(const RunResult& r) {
  const auto text = budget::initial_budget(r);
  EXPECT_TRUE(text) << text.error().text();
  return text ? *text : "";
}

budget::Budget parsed(const std::string& text) {
  const auto b = budget::read_budget(text, "b.json");
  EXPECT_TRUE(b) << b.error().text() << "\n" << text;
  return b ? *b : budget::Budget{};
}

/// The verdict with nothing but the budget file.
budget::Verdict judged_by(const std::string& text, const RunResult& run) {
  const budget::Budget b = parsed(text);
  const auto v = budget::evaluate(b, run, b.baseline);
  EXPECT_TRUE(v) << v.error().text();
  return v ? *v : budget::Verdict{};
}

budget::Updated updated(const std::string& text, const RunResult& run) {
  const auto u = budget::update_baseline(text, "b.json", run);
  EXPECT_TRUE(u) << u.error().text();
  return u ? *u : budget::Updated{};
}

TEST(Init, TodaysValuesAreTheLimits) {
  const ordered_json j = ordered_json::parse(initial(accepted()));
  EXPECT_EQ(j["totals"]["cycles"]["max"], 1'000'000);
  EXPECT_EQ(j["totals"]["latency_ms"]["max"], 10);
  EXPECT_EQ(j["totals"]["energy_uj"]["max"], 300);
  EXPECT_EQ(j["totals"]["flash_bytes"]["max"], 36'536);
  EXPECT_EQ(j["totals"]["ram_bytes"]["max"], 20'480);
  EXPECT_EQ(j["totals"]["stack_bytes"]["max"], 512);
  EXPECT_EQ(j["networks"][0]["latency_ms"]["max"], 3.8);
  EXPECT_EQ(j["layers"][0]["name"], "relu");
  EXPECT_EQ(j["layers"][0]["cycles"]["max"], 416'000);
  EXPECT_EQ(j["layers"].size(), 2);
}

TEST(Init, TheRunPassesItsOwnBudgetAndAnyMoreFails) {
  const std::string text = initial(accepted());
  EXPECT_TRUE(judged_by(text, accepted()).passed());
  EXPECT_EQ(judged_by(text, run_with(2)).exit_code(), ExitCode::budget);
}

TEST(Init, WithoutEnergyWhereNoneIsKnown) {
  const std::string text = initial(unpriced());
  EXPECT_THAT(text, Not(HasSubstr("energy_uj")));
  EXPECT_TRUE(judged_by(text, unpriced()).passed());
}

TEST(Init, NotOfARunThatFailed) {
  const auto text = budget::initial_budget(faulted());
  ASSERT_FALSE(text);
  expect_error(text.error(), ExitCode::firmware_fault, {"no budget is made of a run that failed", "BusFault"});
}

TEST(Init, LayersOfOneNameAreToldApartByIndexAndStarsAreNoPatterns) {
  RunResult r = accepted();
  r.layers[0].name = r.layers[1].name = "a*b";
  r.layers[1].op = "CONV_2D";
  const ordered_json j = ordered_json::parse(initial(r));
  EXPECT_EQ(j["layers"][0]["name"], "a?b");
  EXPECT_EQ(j["layers"][1]["index"], 1);
  EXPECT_TRUE(judged_by(initial(r), r).passed());
}

TEST(StoredBaseline, NamesWhatGrewFromTheBudgetFileAlone) {
  const budget::Verdict v = judged_by(initial(accepted()), regressed());
  EXPECT_EQ(v.exit_code(), ExitCode::budget);
  for (const budget::Finding* f : v.findings())
    if (f->subject == "layer 0 CONV_2D relu") {
      ASSERT_EQ(f->contributors.size(), 2u);
      EXPECT_EQ(f->contributors[0].what, "function conv2d");
      EXPECT_EQ(f->contributors[0].now - *f->contributors[0].before, 100'000);
      EXPECT_EQ(f->contributors[1].what, "line kernels.c:123");
      EXPECT_EQ(f->contributors[1].now - *f->contributors[1].before, 200'000);
      return;
    }
  FAIL() << "the layer is no finding";
}

TEST(StoredBaseline, IsTheSameAsTheRunItself) {
  const budget::Snapshot stored = *parsed(initial(accepted())).baseline, run = budget::snapshot(accepted());
  EXPECT_EQ(stored.board, run.board);
  EXPECT_EQ(stored.timing_model_version, run.timing_model_version);
  EXPECT_EQ(stored.energy_conditions, run.energy_conditions);
  const auto same = [](const budget::Values& a, const budget::Values& b) {
    ASSERT_EQ(a.size(), b.size());
    for (const auto& [metric, v] : a) {
      EXPECT_EQ(v.value, b.at(metric).value) << budget::name(metric);
      EXPECT_EQ(v.low, b.at(metric).low) << budget::name(metric);
      EXPECT_EQ(v.high, b.at(metric).high) << budget::name(metric);
    }
  };
  same(stored.totals, run.totals);
  ASSERT_EQ(stored.layers.size(), run.layers.size());
  for (std::size_t i = 0; i < run.layers.size(); ++i) {
    same(stored.layers[i].values, run.layers[i].values);
    EXPECT_EQ(stored.layers[i].parts, run.layers[i].parts);
  }
  ASSERT_EQ(stored.functions.size(), run.functions.size());
  for (std::size_t i = 0; i < run.functions.size(); ++i) {
    EXPECT_EQ(stored.functions[i].name, run.functions[i].name);
    EXPECT_EQ(stored.functions[i].inlined_cycles, run.functions[i].inlined_cycles);
    same(stored.functions[i].values, run.functions[i].values);
  }
  ASSERT_EQ(stored.lines.size(), run.lines.size());
  for (std::size_t i = 0; i < run.lines.size(); ++i) EXPECT_EQ(stored.lines[i].cycles, run.lines[i].cycles);
}

TEST(StoredBaseline, OneRowOfItIsOneRowOfTheFile) {
  EXPECT_THAT(initial(accepted()), HasSubstr("\n  \"cycles\": {\"max\":1000000,\"max_from\":\"baseline\"},\n"));
}

TEST(UpdateBaseline, RaisesLimitsThatFollowItAndSaysSo) {
  const std::string before = initial(accepted());
  ASSERT_FALSE(judged_by(before, regressed()).passed());
  const budget::Updated u = updated(before, regressed());
  EXPECT_THAT(u.changes, testing::Contains("totals: cycles: max raised from 1,000,000 cycles to 1,200,000 cycles"));
  EXPECT_THAT(u.changes, testing::Contains(HasSubstr("layers CONV_2D relu: cycles: max raised")));
  EXPECT_THAT(u.kept, IsEmpty());
  EXPECT_TRUE(judged_by(u.text, regressed()).passed());
  // It follows downwards, too: what was gained once is kept.
  EXPECT_THAT(updated(u.text, accepted()).changes,
              testing::Contains("totals: cycles: max lowered from 1,200,000 cycles to 1,000,000 cycles"));
  EXPECT_EQ(updated(u.text, accepted()).text, before);
}

TEST(UpdateBaseline, NeverTouchesALimitOfTheUser) {
  const std::string mine = budget_text(R"("totals": {"cycles": {"max": 1100000}})");
  const budget::Updated u = updated(mine, regressed());
  EXPECT_THAT(u.changes, IsEmpty());
  EXPECT_THAT(u.kept, ElementsAre("totals: 1,200,000 cycles exceeds max 1,100,000 cycles of /totals/cycles, which does "
                                  "not follow the baseline"));
  EXPECT_EQ(judged_by(u.text, regressed()).exit_code(), ExitCode::budget);
}

TEST(UpdateBaseline, KeepsTheUsersKeysAndTheirOrder) {
  const std::string mine = budget_text(
      R"("notes": ["a", "b"], "layers": [{"cycles": {"max_increase": 5}, "name": "*"}], "totals": {"cycles": {"max": 9e9}})");
  const ordered_json before = ordered_json::parse(mine);
  ordered_json after = ordered_json::parse(updated(mine, accepted()).text);
  EXPECT_TRUE(after.contains("baseline"));
  after.erase("baseline");
  EXPECT_EQ(after.dump(), before.dump());
}

TEST(UpdateBaseline, AnotherBoardsBaselineIsReplaced) {
  RunResult elsewhere = accepted();
  elsewhere.provenance.board = "pico";
  const std::string before = initial(elsewhere);
  const budget::Budget b = parsed(before);
  const auto refused = budget::evaluate(b, accepted(), b.baseline);
  ASSERT_FALSE(refused);
  expect_error(refused.error(), ExitCode::usage, {"another board"});
  const budget::Updated u = updated(before, accepted());
  EXPECT_THAT(u.changes, ElementsAre("the baseline was of board pico, it is of nucleo-l4r5zi now"));
  EXPECT_TRUE(judged_by(u.text, accepted()).passed());
}

TEST(UpdateBaseline, NotToARunThatFailedOrThatTheRulesDoNotFit) {
  const std::string text = initial(accepted());
  const auto failed = budget::update_baseline(text, "b.json", faulted());
  ASSERT_FALSE(failed);
  expect_error(failed.error(), ExitCode::firmware_fault, {"a run that failed is no baseline"});
  RunResult other = accepted();
  other.layers[1].name = "head";
  const auto unfit = budget::update_baseline(text, "b.json", other);
  ASSERT_FALSE(unfit);
  expect_error(unfit.error(), ExitCode::usage, {"matches nothing", "#/layers/1/cycles"});
}

TEST(StoredBaseline, DamagedOnesAreRefused) {
  std::string text = initial(accepted());
  text.replace(text.find("kernels.c:123"), 13, "kernels.c 123");
  const auto b = budget::read_budget(text, "b.json");
  ASSERT_FALSE(b);
  expect_error(b.error(), ExitCode::usage, {"#/baseline/lines/conv2d", "kernels.c 123"});
  const std::string whole = initial(accepted());
  for (std::size_t cut = 0; cut + 2 < whole.size(); cut += 7)
    EXPECT_FALSE(budget::read_budget(whole.substr(0, cut), "b.json")) << cut;
}

TEST(StoredBaseline, AHostileNumberOfLinesTakesNoTime) {
  std::string lines;
  for (int i = 0; i < 300'000; ++i) lines += "\"f" + std::to_string(i) + "\":{\"kernel.c:1\":1},";
  std::string text = initial(accepted());
  const budget::Budget small = parsed(text);
  const std::string key = "\"lines\": {";
  ASSERT_NE(text.find(key), std::string::npos);
  text.insert(text.find(key) + key.size(), lines);

  const std::clock_t start = std::clock();
  const budget::Budget b = parsed(text);
  constexpr double most_seconds = 30;  // under sanitizers, too; the time went with the square of the number
  EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, most_seconds);

  EXPECT_EQ(b.baseline->lines.size(), small.baseline->lines.size() + 300'000);
  EXPECT_EQ(b.rules.size(), small.rules.size());
}

}  // namespace
}  // namespace mj::test
