#include "tools/report/report.h"

namespace mj::report {

const std::vector<Format>& formats() {
  static const std::vector<Format> list{
      {"text", "for people, on a terminal", text},
      {"json", "everything, as -o saves it (models/schema/result.schema.json)", json},
      {"csv", "one row a layer; the cycles column sums to the run's total", csv},
      {"csv-functions", "one row a function; the self_cycles column sums to the run's total", csv_functions},
      {"md", "Markdown for a CI job's summary", markdown},
      {"folded", "call stacks for flame graphs (flamegraph.pl, speedscope), weights in cycles", folded},
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
