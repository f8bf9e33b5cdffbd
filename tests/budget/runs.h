// Runs by hand whose cycles add up, before and after a regression, and budgets as text.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "tests/report/sample.h"
#include "tools/budget/budget.h"

namespace mj::test {

using profile::RunResult;

/// Two inferences: layer_0 calls conv2d, which has dot_product inlined; layer_1 calls softmax. `slower`: cycles that
/// conv2d's line 123 takes more than in the accepted run.
inline RunResult run_with(Cycle slower) {
  RunResult r = sample();
  r.functions.clear();
  const auto function = [&](const char* name, bool inlined, Cycle self, Cycle inclusive) {
    profile::Function f;
    f.name = name;
    f.file = "kernels.c";
    f.inlined = inlined;
    f.self_cycles = self;
    f.inclusive_cycles = inclusive;
    f.self_instructions = self / 2;
    f.energy = energy(self * 300, 0, 0, 0);
    r.functions.push_back(f);
  };
  function("conv2d", false, 530'000 + slower, 830'000 + slower);
  function("dot_product", true, 300'000, 300'000);
  function("main", false, 100'000, 1'000'000 + slower);
  function("softmax", false, 59'000, 59'000);
  function("invoke", false, 8'000, 900'000 + slower);
  function("layer_0", false, 2'000, 832'000 + slower);
  function("layer_1", false, 1'000, 60'000);
  r.call_tree = {{0, "Reset_Handler", 0, 1'000'000 + slower, 1},
                 {0, "main", 100'000, 1'000'000 + slower, 1},
                 {1, "invoke", 8'000, 900'000 + slower, 2},
                 {2, "layer_0", 2'000, 832'000 + slower, 2},
                 {3, "conv2d", 830'000 + slower, 830'000 + slower, 2},
                 {2, "layer_1", 1'000, 60'000, 2},
                 {5, "softmax", 59'000, 59'000, 2}};
  r.lines = {{"kernels.c", 120, "conv2d", 400'000, 0}, {"kernels.c", 123, "conv2d", 130'000 + slower, 0},
             {"dot.h", 7, "dot_product", 300'000, 0},  {"main.c", 34, "main", 100'000, 0},
             {"softmax.c", 9, "softmax", 59'000, 0},   {"", 0, "invoke", 11'000, 0}};
  r.totals.cycles = 1'000'000 + slower;
  r.totals.time_s = 0.01 + static_cast<double>(slower) / 120e6;
  r.totals.cycles_estimate = {1e6 + static_cast<double>(slower), 0.9 * (1e6 + static_cast<double>(slower)),
                              1.2 * (1e6 + static_cast<double>(slower)), "estimated"};
  r.networks[0].cycles = 900'000 + slower;
  r.networks[0].time_s = 0.0076 + static_cast<double>(slower) / 120e6;
  r.layers[0].cycles = 832'000 + slower;
  r.layers[0].name = "relu";
  r.layers[0].time_s = 0.0069 + static_cast<double>(slower) / 120e6;
  return r;
}
inline RunResult accepted() { return run_with(0); }
inline RunResult regressed() { return run_with(200'000); }

/// All digits, as JSON.
inline std::string fmt_number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", v);
  return text;
}

/// A budget of these rules: `"totals": {...}, "layers": [...]`.
inline std::string budget_text(const std::string& rules) {
  return R"({"schema": "microjoule-budget", "schema_version": 1, )" + rules + "}";
}

inline budget::Budget read(const std::string& rules) {
  const auto b = budget::read_budget(budget_text(rules), "budget.json");
  EXPECT_TRUE(b) << b.error().text();
  return b ? *b : budget::Budget{};
}

/// The verdict on a run; a failed test if there is none.
inline budget::Verdict judge(const std::string& rules, const RunResult& run,
                             const std::optional<RunResult>& baseline = std::nullopt) {
  const auto before = baseline ? std::optional(budget::snapshot(*baseline)) : std::nullopt;
  const auto verdict = budget::evaluate(read(rules), run, before);
  EXPECT_TRUE(verdict) << verdict.error().text();
  return verdict ? *verdict : budget::Verdict{};
}

/// An Error with that code whose text has all of these words.
inline void expect_error(const Error& error, ExitCode code, const std::vector<std::string>& words) {
  EXPECT_EQ(error.code, code) << error.text();
  for (const std::string& word : words) EXPECT_THAT(error.text(), testing::HasSubstr(word));
}

/// No verdict but an Error of usage.
inline void expect_refused(const std::string& rules, const RunResult& run, const std::optional<RunResult>& baseline,
                           const std::vector<std::string>& words) {
  const auto before = baseline ? std::optional(budget::snapshot(*baseline)) : std::nullopt;
  const auto verdict = budget::evaluate(read(rules), run, before);
  ASSERT_FALSE(verdict) << "no error for " << rules;
  expect_error(verdict.error(), ExitCode::usage, words);
}

/// What explains the only finding, one string each.
inline std::vector<std::string> explained(const budget::Verdict& v) {
  std::vector<std::string> out;
  EXPECT_EQ(v.findings().size(), 1u);
  for (const budget::Finding* f : v.findings())
    for (const budget::Contributor& c : f->contributors) out.push_back(c.what);
  return out;
}

}  // namespace mj::test
