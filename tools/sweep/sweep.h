// Running a plan: what `microjoule sweep` finds, point by point.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/price.h"
#include "sim/run.h"
#include "tools/budget/budget.h"
#include "tools/sweep/firmware.h"
#include "tools/sweep/pareto.h"
#include "tools/sweep/plan.h"
#include "tools/sweep/store.h"

namespace mj::sweep {

struct Interval {
  double value = 0, low = 0, high = 0;
};

/// What the table shows of one result. cycles, latency and energy are of one inference if a network ran, else of the
/// whole run.
struct Figures {
  bool per_inference = false;
  Interval cycles, latency_s;
  std::optional<Interval> energy_j;
  std::string energy_tier;     ///< empty: no energy
  std::string energy_unknown;  ///< why there is none
  std::string supply;          ///< that energy was priced for; empty: no energy
  double volts = 0;
  Interval power_w;  ///< average over the whole run; 0 without energy
  std::uint64_t flash_used = 0, flash_size = 0;
  std::uint64_t ram_static = 0, ram_size = 0;
  std::uint64_t stack_used = 0;  ///< deepest
  std::uint64_t heap_used = 0;   ///< most that heaps took beside static RAM
  std::uint64_t ram_peak() const { return ram_static + heap_used + stack_used; }
  bool fits() const {
    return (flash_size == 0 || flash_used <= flash_size) && (ram_size == 0 || ram_peak() <= ram_size);
  }
};
Figures figures_of(const profile::RunResult& result);

enum class State {
  done,
  failed,      ///< the firmware ran and did not end well
  impossible,  ///< the board can't do it
};
/// Where a point's result comes from.
enum class Made {
  nothing,   ///< no result: impossible
  run,       ///< the firmware ran
  same_run,  ///< another point's settings come to the same
  repriced,  ///< another point's run, priced for another supply
  retimed,   ///< another point's run, its times and prices computed for another clock
};

struct Outcome {
  State state = State::impossible;
  std::string reason;  ///< of what is not done
  Made made = Made::nothing;
  std::size_t run_of = 0;         ///< the point whose run this is
  std::string result_file;        ///< of that run, from the store's folder; empty: it was not kept
  std::string core_tier;          ///< what the cycles rest on
  Figures figures;                ///< only of what is done
  std::optional<bool> passes;     ///< the budget; none: there is no budget, or nothing to hold against it
  std::vector<std::string> over;  ///< limits that it does not keep, a line each
  Place place;                    ///< only of what is done
};

/// What runs and prices; tests put something else here.
struct Backend {
  std::function<Result<profile::RunResult>(const RunRequest&)> run = mj::run;
  std::function<Result<void>(profile::RunResult&, const energy::Conditions&, const std::string& table)> price =
      mj::price;
};

struct Request {
  std::string subject;  ///< file name of the firmware or network
  Plan plan;
  std::vector<Firmware> firmware;  ///< one a board of the plan
  std::string energy_table;        ///< as make_plan's
  std::optional<Cycle> max_cycles;
  std::optional<double> max_sim_time_s;
  std::optional<budget::Budget> budget;  ///< hard limits only (budget::only_max)
  unsigned jobs = 1;
  const Store* store = nullptr;  ///< none: nothing is kept
  /// Called one at a time, from any thread; may be empty.
  std::function<void(std::size_t done, std::size_t runs, const std::string& what)> progress;
  std::function<void(const std::string&)> warn;
  Backend backend;
};

struct Sweep {
  std::string subject;
  Plan plan;
  std::vector<Outcome> outcomes;  ///< one a point
  std::size_t runs = 0;           ///< needed for them; how many of these were kept before is not told here
  bool with_budget = false;
  std::vector<std::string> remarks;  ///< how points were got without a run, and what the front compares

  /// ok; budget: there is one and no point passes; internal: a point met a bug of ours.
  ExitCode exit_code() const;
  bool internal_error = false;
};

/// Independent of `jobs` and of what `store` held before. Errors: unreadable (the store can't be written).
Result<Sweep> execute(const Request& request);

}  // namespace mj::sweep
