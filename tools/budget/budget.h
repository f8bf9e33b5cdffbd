// Budgets: what a run may cost at most, and by how much it may grow against a baseline.
//
// A budget file (models/schema/budget.schema.json) lists limits on totals, networks, layers, functions and memory
// regions. It may hold a baseline: the figures of an accepted run, with enough of its profile to say what grew since.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/run_result.h"
#include "tools/report/report.h"

namespace mj::budget {

/// What a rule is about. totals: the whole run; network and layer: one inference; function: the whole run; region: one
/// memory of the board.
enum class Scope { totals, network, layer, function, region };

enum class Metric {
  cycles,
  latency_ms,  ///< simulated time; of totals the whole run's
  energy_uj,
  instructions,
  flash_bytes,
  ram_bytes,       ///< static: .data, .bss
  ram_peak_bytes,  ///< static and the deepest stack
  stack_bytes,     ///< deepest
  self_cycles,     ///< of a function, callees not included
  inclusive_cycles,
  self_instructions,
  self_energy_uj,
  used_bytes,  ///< of a region, by the image
};
/// The metric's key in a budget file ("latency_ms"), and its unit ("ms").
std::string_view name(Metric metric);
std::string_view unit(Metric metric);
constexpr bool is_energy(Metric m) { return m == Metric::energy_uj || m == Metric::self_energy_uj; }

/// Which end of an interval a limit is held against.
enum class Confidence { value, high };

/// A limit of one metric. At least one of the three is there.
struct Limit {
  std::optional<double> max;
  std::optional<double> max_increase;          ///< over the baseline, in the metric's unit
  std::optional<double> max_increase_percent;  ///< over the baseline
  Confidence confidence = Confidence::value;
  bool max_follows_baseline = false;  ///< "max_from": "baseline": --update-baseline sets max to the run's value
};

struct Rule {
  Scope scope = Scope::totals;
  std::string name_glob, op_glob;  ///< empty: any; op only of layers. * any characters, ? one
  std::string network_glob;        ///< of layers; empty: any
  std::optional<int> index;        ///< of layers: place in the network; none: any
  bool sum = false;                ///< one limit on the sum of all that match, instead of one on each
  Metric metric = Metric::cycles;
  Limit limit;
  std::string pointer;  ///< JSON pointer of the limit in the budget file: "/layers/0/cycles"

  /// "layers CONV_2D, sum: cycles".
  std::string title() const;
};

/// A figure with its interval, in the metric's unit. Counts have none: low = value = high.
struct Value {
  double value = 0, low = 0, high = 0;
};
using Values = std::map<Metric, Value>;

/// A layer, function ... of a run, with its figures.
struct Subject {
  std::string name;     ///< layer: its tensor's; function: without clone notes, so that clones are one
  std::string op;       ///< of a layer; of a region its kind
  std::string network;  ///< of a layer: its network's name
  int index = 0;        ///< of a layer
  Values values;        ///< a network's and its layers' are missing if no inference ended
  /// Layer: self cycles of one inference by function, found in the call tree below the layer's function. Region: bytes
  /// by section.
  std::map<std::string, std::uint64_t> parts;
  Cycle inlined_cycles = 0;  ///< of a function: of its self cycles, those of inlined copies

  /// "layer 3 CONV_2D relu_9", "function main".
  std::string title(Scope scope) const;
};

struct HotLine {
  std::string file, function;
  std::uint32_t line = 0;
  Cycle cycles = 0;
};

/// A run as far as budgets look at it: made of a result, or what a budget file holds as its baseline.
struct Snapshot {
  std::string firmware, board, timing_model_version;
  std::string energy_conditions;  ///< table, supply, voltage: "nucleo-l4r5zi, ldo, 3 V"; empty: no energy
  std::string energy_unknown;     ///< why there is no energy
  std::string what_if;            ///< held clock and wait states; empty: as the firmware programmed
  ExitCode exit_code = ExitCode::ok;
  std::string ending;  ///< how the run ended, one line
  Values totals;
  std::vector<Subject> networks, layers, functions, regions;
  double cycles_low = 1, cycles_high = 1;  ///< factors of the interval of cycles and times
  std::vector<HotLine> lines;              ///< largest first
};
Snapshot snapshot(const profile::RunResult& result);

struct Budget {
  std::string name;  ///< of the file, for messages
  std::vector<Rule> rules;
  std::optional<Snapshot> baseline;
};

/// Errors: unreadable (not JSON, truncated, another schema version), usage (unknown key, wrong value, no rules; with
/// JSON pointer).
Result<Budget> read_budget(std::string_view text, const std::string& name);

/// The budget without limits on increases, and without the rules that then have none: what can be held against runs
/// that the baseline is not of (other boards, other clocks). Rules may be left empty.
Budget only_max(const Budget& budget);

enum class LimitKind { max, max_increase, max_increase_percent };

/// What explains a figure: where most of it lies or, with a baseline, where most of its growth lies.
struct Contributor {
  std::string what;  ///< "layer 3 CONV_2D relu_9", "function mjrt_conv2d", "line conv2d.c:123", "section .text"
  double now = 0;
  std::optional<double> before;  ///< none: there is no baseline
  std::string unit;              ///< "cycles", "cycles in the whole run", "B"; empty: `what` says it all
};

/// One limit held against one subject.
struct Check {
  std::size_t rule = 0;  ///< index into Verdict::rules
  std::string subject;   ///< "layer 3 CONV_2D relu_9", "totals", "sum of 4 layers"
  LimitKind kind = LimitKind::max;
  Value actual;
  Confidence confidence = Confidence::value;
  double judged = 0;               ///< actual.value or actual.high
  double allowed = 0;              ///< highest value that passes, in the metric's unit
  std::optional<double> baseline;  ///< the same end of the baseline's interval
  bool passed = true;
  std::vector<Contributor> contributors;  ///< of checks that failed

  double over() const { return judged - allowed; }
};
/// A check that failed.
using Finding = Check;

/// All checks of one run, in the order of the rules.
struct Verdict {
  std::string firmware, board, timing_model_version, budget, baseline;  ///< baseline: empty, or which in a few words
  ExitCode run_exit_code = ExitCode::ok;  ///< not ok: the run did not finish, nothing was judged
  std::string run_ending;
  std::vector<Rule> rules;
  std::vector<Check> checks;
  std::vector<std::string> remarks;

  bool passed() const;
  std::vector<const Finding*> findings() const;
  /// What the command line returns: ok, budget, or the code of a run that did not finish.
  ExitCode exit_code() const;
};

/// Holds a run against a budget. `baseline`: what increases are judged against (budget.baseline, or snapshot() of
/// another result); none: a rule that limits an increase is an error.
/// Errors, all usage: a rule matches nothing; a metric is not known of this run (energy without a table); the baseline
/// is of another board, timing-model version, energy supply or firmware, or its run did not finish.
Result<Verdict> evaluate(const Budget& budget, const profile::RunResult& result,
                         const std::optional<Snapshot>& baseline);

/// A first budget with the run's values as `max`, and the run as its baseline. Errors: the run did not finish.
Result<std::string> initial_budget(const profile::RunResult& result);

struct Updated {
  std::string text;                  ///< the new file; keys and order as they were
  std::vector<std::string> changes;  ///< sentences: "layer 3 CONV_2D relu_9, cycles: max raised from 10 to 12"
  std::vector<std::string> kept;     ///< exceeded limits that don't follow the baseline
};
/// The budget file with the run as its baseline, and its values in the limits that follow the baseline.
/// Errors: as read_budget; the run did not finish; a rule matches nothing.
Result<Updated> update_baseline(std::string_view text, const std::string& name, const profile::RunResult& result);

/// Verdict, findings, and unless `quiet` a table of all checks.
std::string text(const Verdict& verdict, const report::Options& options, bool quiet);
std::string junit(const Verdict& verdict);    ///< one test case a rule
std::string summary(const Verdict& verdict);  ///< Markdown, for a CI job's summary page

}  // namespace mj::budget
