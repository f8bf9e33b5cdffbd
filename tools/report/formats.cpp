#include "tools/report/report.h"

namespace mj::report {

const std::vector<Format>& formats() {
  static const std::vector<Format> list{
      {"text", "for people, on a terminal", text},
      {"json", "everything, as -o saves it (models/schema/result.schema.json)", json},
      {"csv", "one row a layer; cycles and energy_j sum to the run's totals", csv},
      {"csv-functions", "one row a function; self_cycles and energy_j sum to the run's totals", csv_functions},
      {"csv-parts",
       "one row for what each layer and phase was spent with (printing, soft-float); cycles and energy_j sum to the "
       "run's",
       csv_parts},
      {"md", "Markdown for a CI job's summary", markdown},
      {"html", "one page for a browser, offline: layers, flame graph, functions, memory, energy", html},
      {"folded", "call stacks for flame graphs (flamegraph.pl, speedscope), weights in cycles", folded},
      {"trace", "Chrome trace of layers and functions over simulated time (Perfetto, chrome://tracing)", trace},
  };
  return list;
}

Result<const Format*> find_format(std::string_view name) {
  std::string names;
  for (const Format& f : formats()) {
    if (f.name == name) return &f;
    names += (names.empty() ? "" : ", ") + std::string(f.name);
  }
  return Error{ExitCode::usage, "unknown format '" + std::string(name) + "'", "", "", "one of: " + names};
}

}  // namespace mj::report
