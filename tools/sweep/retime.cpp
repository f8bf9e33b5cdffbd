#include "tools/sweep/retime.h"

#include "sim/collect.h"

namespace mj::sweep {
namespace {

using namespace profile;

void set_all_times(RunResult& r, Hertz hz) {
  r.totals.time_s = static_cast<double>(r.totals.cycles) / static_cast<double>(hz);
  set_times(r);
}

bool same_times(const RunResult& a, const RunResult& b) {
  if (a.totals.time_s != b.totals.time_s) return false;
  for (std::size_t i = 0; i < a.layers.size(); ++i)
    if (a.layers[i].time_s != b.layers[i].time_s) return false;
  for (std::size_t i = 0; i < a.networks.size(); ++i)
    if (a.networks[i].time_s != b.networks[i].time_s) return false;
  for (std::size_t i = 0; i < a.phases.size(); ++i)
    if (a.phases[i].time_s != b.phases[i].time_s) return false;
  return true;
}

}  // namespace

std::optional<RunResult> retime(const RunResult& run, Hertz hz) {
  const Hertz held = run.provenance.held_clock_hz;
  if (held == 0 || hz == 0) return std::nullopt;
  // The arithmetic must give the run's own times first.
  RunResult again = run;
  set_all_times(again, held);
  if (!same_times(again, run)) return std::nullopt;
  again.provenance.held_clock_hz = hz;
  for (ClockSpan& span : again.totals.clocks) {
    if (span.hz != held) return std::nullopt;
    span.hz = hz;
  }
  for (energy::OperatingPoint& point : again.operating_points) {
    if (point.clock_hz != held) return std::nullopt;
    point.clock_hz = hz;
  }
  set_all_times(again, hz);
  return again;
}

}  // namespace mj::sweep
