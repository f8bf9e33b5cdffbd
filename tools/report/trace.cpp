// Chrome trace events: layers and functions as nested slices over simulated time, and the core clock as a counter.
//
// JSON object format of the Trace Event Format (Google, "Trace Event Format"): "X" slices with ts and dur in
// microseconds, "C" counters, "i" instants, "M" names. Begin and end of a slice are rounded to whole nanoseconds on the
// same axis, so slices nest as the calls did.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tools/report/format.h"
#include "tools/report/sections.h"

namespace mj::report {
namespace {

using namespace profile;
using json_t = nlohmann::ordered_json;

constexpr int process = 1, layer_track = 1, first_function_track = 2;
/// Threads of an RTOS interleave; each gets a track as long as there are some left.
constexpr std::size_t most_function_tracks = 16;

/// Simulated time of a cycle, by the clocks that the firmware set.
class Axis {
 public:
  explicit Axis(const std::vector<ClockSpan>& clocks) {
    Cycle begin = 0;
    double ns = 0;
    for (const ClockSpan& span : clocks) {
      if (!span.hz) continue;
      const double cycle_ns = 1e9 / static_cast<double>(span.hz);
      parts_.push_back({begin, ns, cycle_ns, span.hz});
      begin += span.cycles;
      ns += static_cast<double>(span.cycles) * cycle_ns;
    }
  }
  bool known() const { return !parts_.empty(); }
  /// Whole nanoseconds since reset; without a clock a cycle is drawn as a microsecond.
  double nanoseconds(Cycle at) const {
    if (parts_.empty()) return static_cast<double>(at) * 1e3;
    const auto after =
        std::upper_bound(parts_.begin(), parts_.end(), at, [](Cycle cycle, const Part& p) { return cycle < p.begin; });
    const Part& part = *(after - 1);
    return std::round(part.begin_ns + static_cast<double>(at - part.begin) * part.cycle_ns);
  }
  double microseconds(Cycle at) const { return nanoseconds(at) / 1e3; }
  double microseconds(Cycle begin, Cycle end) const {
    return end > begin ? (nanoseconds(end) - nanoseconds(begin)) / 1e3 : 0;
  }
  template <class F>
  void each_clock(F&& f) const {
    for (const Part& part : parts_) f(part.begin_ns / 1e3, part.hz);
  }

 private:
  struct Part {
    Cycle begin;
    double begin_ns, cycle_ns;
    Hertz hz;
  };
  std::vector<Part> parts_;
};

/// Collects events, one a line.
class Events {
 public:
  void add(const json_t& event) {
    text_ += text_.empty() ? "" : ",\n";
    text_ += event.dump(-1, ' ', false, json_t::error_handler_t::replace);
  }
  void name_of(const char* what, int track, const std::string& name) {
    add({{"ph", "M"},
         {"pid", process},
         {"tid", track},
         {"cat", "__metadata"},
         {"ts", 0},
         {"name", what},
         {"args", {{"name", name}}}});
  }
  void track(int number, const std::string& name) {
    name_of("thread_name", number, name);
    add({{"ph", "M"},
         {"pid", process},
         {"tid", number},
         {"cat", "__metadata"},
         {"ts", 0},
         {"name", "thread_sort_index"},
         {"args", {{"sort_index", number}}}});
  }
  void slice(const Axis& axis, int track, const std::string& category, const std::string& name, Cycle begin, Cycle end,
             json_t args) {
    add({{"ph", "X"},
         {"pid", process},
         {"tid", track},
         {"cat", category},
         {"name", name},
         {"ts", axis.microseconds(begin)},
         {"dur", axis.microseconds(begin, end)},
         {"args", std::move(args)}});
  }
  void remark(const Axis& axis, int track, Cycle at, const std::string& text) {
    add({{"ph", "i"},
         {"pid", process},
         {"tid", track},
         {"cat", "remark"},
         {"name", text},
         {"ts", axis.microseconds(at)},
         {"s", "t"}});
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// Which track a call fits on: the first one where it lies within the calls that are open.
class Tracks {
 public:
  std::size_t place(const Timeline::Span& span) {
    for (std::size_t i = 0;; ++i) {
      if (i == open_.size()) open_.emplace_back();
      auto& ends = open_[i];
      while (!ends.empty() && ends.back() <= span.begin) ends.pop_back();
      if (ends.empty() || span.end <= ends.back() || i + 1 == most_function_tracks) {
        ends.push_back(span.end);
        return i;
      }
    }
  }
  std::size_t size() const { return open_.size(); }

 private:
  std::vector<std::vector<Cycle>> open_;  ///< of each track, the ends of the calls that are open
};

json_t layer_args(const Layer& l, Cycle cycles) {
  json_t args{{"cycles", cycles}, {"op", l.op}, {"macs", l.macs}};
  if (l.energy && l.invocations) {
    const double n = static_cast<double>(l.invocations);
    args["mean_energy_j"] = l.energy->value_j / n;
    args["mean_energy_low_j"] = l.energy->low_j / n;
    args["mean_energy_high_j"] = l.energy->high_j / n;
    args["energy_tier"] = l.energy->tier;
    args["energy_invocations"] = l.invocations;
  }
  return args;
}

/// What the trace doesn't show, in words.
std::vector<std::string> omissions(const Timeline& t) {
  std::vector<std::string> out;
  if (t.left_out)
    out.push_back(fmt::format("{} of fewer than {} left out", plural(t.left_out, "call"), plural(t.shortest, "cycle")));
  if (t.layers_left_out)
    out.push_back(fmt::format("{} left out after the last one shown", plural(t.layers_left_out, "layer invocation")));
  return out;
}

}  // namespace

std::string trace(const RunResult& r, const Options&) {
  const Provenance& p = r.provenance;
  const Timeline& timeline = r.timeline;
  const Axis axis(r.totals.clocks);
  Events events;
  events.name_of("process_name", layer_track, p.firmware + " on " + p.board);
  events.track(layer_track, "layers");
  events.track(first_function_track, "functions");
  axis.each_clock([&](double us, Hertz hz) {
    events.add({{"ph", "C"},
                {"pid", process},
                {"cat", "clock"},
                {"name", "core clock"},
                {"ts", us},
                {"args", {{"MHz", static_cast<double>(hz) / 1e6}}}});
  });
  for (const Timeline::LayerSpan& span : timeline.layers) {
    const Layer& l = r.layers[span.layer];
    events.slice(axis, layer_track, "layer", fmt::format("{} {} {}", l.index, l.op, l.name.substr(0, l.name.find(';'))),
                 span.begin, span.end, layer_args(l, span.end - std::min(span.begin, span.end)));
  }
  Tracks tracks;
  for (const Timeline::Span& span : timeline.spans) {
    const std::size_t before = tracks.size(), track = tracks.place(span);
    const int number = first_function_track + static_cast<int>(track);
    if (track > 0 && tracks.size() > before) events.track(number, fmt::format("functions, thread {}", track + 1));
    events.slice(axis, number, "function", timeline.names[span.name], span.begin, span.end,
                 {{"cycles", span.end - std::min(span.begin, span.end)}, {"depth", span.depth}});
  }
  if (timeline.left_out) events.remark(axis, first_function_track, 0, omissions(timeline).front());
  if (timeline.layers_left_out)
    events.remark(axis, layer_track, timeline.layers.empty() ? 0 : timeline.layers.back().end,
                  omissions(timeline).back());

  json_t other{{"tool", "microjoule " + p.tool_version},
               {"timing_model_version", p.timing_model_version},
               {"firmware_crc32", p.firmware_crc32},
               {"board", p.board},
               {"core", p.core},
               {"cycles", r.totals.cycles}};
  if (!axis.known()) other["time_axis"] = "no clock is known: a cycle is drawn as a microsecond";
  if (p.held_clock_hz) other["what_if_clock_hz"] = p.held_clock_hz;
  if (!p.held_wait_states.empty()) other["what_if_flash_wait_states"] = p.held_wait_states;
  other["left_out"] = omissions(timeline);
  return "{\"displayTimeUnit\": \"ns\",\n\"otherData\": " +
         other.dump(-1, ' ', false, json_t::error_handler_t::replace) + ",\n\"traceEvents\": [\n" + events.text() +
         "\n]}\n";
}

}  // namespace mj::report
