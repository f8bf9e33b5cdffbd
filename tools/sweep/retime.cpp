#include "tools/sweep/retime.h"

#include <vector>

namespace mj::sweep {
namespace {

using namespace profile;

struct Interval {
  Cycle begin, end;
};

/// Sums in the order and with the roundings that the run's own clock has (CoreClock::seconds, LayerTracker).
double seconds(const std::vector<Interval>& spans, Hertz hz) {
  const auto at = [&](Cycle c) { return static_cast<double>(c) / static_cast<double>(hz); };
  double sum = 0;
  for (const Interval& s : spans) sum += at(s.end) - at(s.begin);
  return sum;
}

Cycle length(const std::vector<Interval>& spans) {
  Cycle sum = 0;
  for (const Interval& s : spans) sum += s.end - s.begin;
  return sum;
}

/// The calls that are the network's inferences: of the one function whose calls take the network's cycles in all.
std::vector<Interval> inferences(const RunResult& r, const Network& network) {
  std::vector<std::vector<Interval>> by_function(r.timeline.names.size());
  for (const Timeline::Span& s : r.timeline.spans) by_function[s.name].push_back({s.begin, s.end});
  for (auto& calls : by_function)
    if (!calls.empty() && length(calls) == network.cycles) return std::move(calls);
  return {};
}

/// Sets every time of `r`; false if a row's cycles aren't all in the timeline.
bool set_times(RunResult& r, Hertz hz) {
  r.totals.time_s = static_cast<double>(r.totals.cycles) / static_cast<double>(hz);
  std::vector<std::vector<Interval>> layers(r.layers.size());
  for (const Timeline::LayerSpan& s : r.timeline.layers) layers[s.layer].push_back({s.begin, s.end});
  for (std::size_t i = 0; i < r.layers.size(); ++i) {
    if (length(layers[i]) != r.layers[i].cycles) return false;
    r.layers[i].time_s = seconds(layers[i], hz);
  }
  for (Network& n : r.networks) {
    const std::vector<Interval> calls = inferences(r, n);
    if (length(calls) != n.cycles) return false;
    n.time_s = seconds(calls, hz);
  }
  return true;
}

bool same_times(const RunResult& a, const RunResult& b) {
  if (a.totals.time_s != b.totals.time_s) return false;
  for (std::size_t i = 0; i < a.layers.size(); ++i)
    if (a.layers[i].time_s != b.layers[i].time_s) return false;
  for (std::size_t i = 0; i < a.networks.size(); ++i)
    if (a.networks[i].time_s != b.networks[i].time_s) return false;
  return true;
}

}  // namespace

std::optional<RunResult> retime(const RunResult& run, Hertz hz) {
  const Hertz held = run.provenance.held_clock_hz;
  if (held == 0 || hz == 0) return std::nullopt;
  // The arithmetic must give the run's own times first.
  RunResult again = run;
  if (!set_times(again, held) || !same_times(again, run)) return std::nullopt;
  if (!set_times(again, hz)) return std::nullopt;
  again.provenance.held_clock_hz = hz;
  for (ClockSpan& span : again.totals.clocks) {
    if (span.hz != held) return std::nullopt;
    span.hz = hz;
  }
  for (energy::OperatingPoint& point : again.operating_points) {
    if (point.clock_hz != held) return std::nullopt;
    point.clock_hz = hz;
  }
  return again;
}

}  // namespace mj::sweep
