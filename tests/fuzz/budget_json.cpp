// A budget file, held against a run and its own baseline; all outputs; the baseline moved on.
#include "tests/fuzz/target.h"
#include "tests/report/sample.h"
#include "tools/budget/budget.h"

using namespace mj;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const profile::RunResult run = [] {
    profile::RunResult r = test::sample();
    test::add_energy(r);
    return r;
  }();
  const std::string_view text = fuzz::text_of(data, size);
  const auto budget = budget::read_budget(text, "budget.json");
  if (!budget.ok()) {
    fuzz::require_refusal(budget.error());
    return 0;
  }
  for (const auto& baseline : {std::optional<budget::Snapshot>(), budget->baseline}) {
    const auto verdict = budget::evaluate(*budget, run, baseline);
    if (!verdict.ok()) {
      fuzz::require_refusal(verdict.error());
      continue;
    }
    budget::text(*verdict, {}, false);
    budget::junit(*verdict);
    budget::summary(*verdict);
  }
  budget::only_max(*budget);
  if (const auto updated = budget::update_baseline(text, "budget.json", run); updated.ok())
    fuzz::require(budget::read_budget(updated->text, "new.json").ok(), "an updated budget can be read");
  else
    fuzz::require_refusal(updated.error());
  return 0;
}
