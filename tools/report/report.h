// Renders a run's result: one file a format, one row a format in formats().
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "energy/battery.h"
#include "sim/base/error.h"
#include "sim/profile/run_result.h"

namespace mj::report {

using energy::BatteryLife;

struct Options {
  bool colour = false;                 ///< text: ANSI colours
  unsigned width = 100;                ///< text: columns, from 80
  std::size_t rows = 12;               ///< text and Markdown: most functions and notes shown
  std::string saved;                   ///< text: path of the saved result, told in the verdict; empty: it was not saved
  std::optional<BatteryLife> battery;  ///< text and Markdown: gets a section of its own
};

struct Format {
  std::string_view name;  ///< what --format takes
  std::string_view what;  ///< one line for --help
  std::string (*render)(const profile::RunResult&, const Options&);
};

/// All formats; the only list.
const std::vector<Format>& formats();
/// The format of that name, or an Error that lists the names.
Result<const Format*> find_format(std::string_view name);

std::string text(const profile::RunResult&, const Options&);
std::string json(const profile::RunResult&, const Options&);  ///< models/schema/result.schema.json
/// One row a layer, then "between_layers" a network and "outside_of_inference": `cycles` and `energy_j` (all digits)
/// sum to the run's totals, and so do the bytes moved: three columns a memory region, "read_bytes(flash)" and the like.
std::string csv(const profile::RunResult&, const Options&);
/// One row a function; `self_cycles` and `energy_j` sum.
std::string csv_functions(const profile::RunResult&, const Options&);
/// What each layer, the time between layers and each phase (init and prepare of an operator among them) were spent
/// with: a row a work and helper; `cycles` and `energy_j` sum. Of a row of which nobody knows there is one, without
/// them.
std::string csv_parts(const profile::RunResult&, const Options&);
std::string markdown(const profile::RunResult&, const Options&);  ///< for a CI job's summary
std::string html(const profile::RunResult&, const Options&);      ///< one page, complete in itself, no network
std::string folded(const profile::RunResult&, const Options&);    ///< call stacks for flame graphs, weights in cycles
/// Layers and functions on the axis of simulated time, as Chrome trace events: opens in Perfetto and chrome://tracing.
std::string trace(const profile::RunResult&, const Options&);

/// Reads what json() wrote. Errors: unreadable (not JSON, truncated, another schema version, a key is missing or has a
/// wrong value; where = JSON pointer). Keys that we don't know are skipped.
Result<profile::RunResult> read_json(std::string_view text, const std::string& name);

inline constexpr int schema_version = 3;

}  // namespace mj::report
