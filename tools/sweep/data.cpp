// CSV and JSON: every figure of every point, for other programs.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/timing/core_timing.h"
#include "sim/version.h"
#include "tools/sweep/render.h"

namespace mj::sweep {
namespace {

using json_t = nlohmann::ordered_json;

std::string_view name(State s) { return s == State::done ? "done" : s == State::failed ? "failed" : "not_possible"; }

std::string_view name(Made m) {
  switch (m) {
    case Made::run:
      return "run";
    case Made::same_run:
      return "same_run";
    case Made::repriced:
      return "re_priced";
    case Made::retimed:
      return "re_timed";
    case Made::nothing:
      break;
  }
  return "nothing";
}

/// Quoted where RFC 4180 asks for it.
std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

class CsvLine {
 public:
  void add(const std::string& text) {
    line_ += (first_ ? "" : ",") + quoted(text);
    first_ = false;
  }
  void add(std::uint64_t n) { add(std::to_string(n)); }
  void add(double v) { add(fmt::format("{}", v)); }
  void add(bool yes) { add(std::string(yes ? "true" : "false")); }
  void add(const Interval& i) {
    add(i.value);
    add(i.low);
    add(i.high);
  }
  void skip(int n) {
    for (int i = 0; i < n; ++i) add(std::string());
  }
  std::string end() { return std::move(line_) + "\n"; }

 private:
  std::string line_;
  bool first_ = true;
};

constexpr const char* csv_header =
    "point,board,clock_hz,flash_wait_states,supply,volts,state,reason,made,run_of,of,cycles,cycles_low,cycles_high,"
    "latency_s,latency_low_s,latency_high_s,energy_j,energy_low_j,energy_high_j,energy_tier,average_power_w,"
    "average_power_low_w,average_power_high_w,flash_bytes,flash_size_bytes,ram_static_bytes,stack_bytes,ram_peak_bytes,"
    "ram_size_bytes,fits,on_front,front_certain,budget,over_budget\n";
constexpr int figure_columns = 23;  // from "of" to "front_certain"

void add_figures(CsvLine& line, const Outcome& o) {
  const Figures& f = o.figures;
  line.add(std::string(f.per_inference ? "inference" : "run"));
  line.add(f.cycles);
  line.add(f.latency_s);
  if (f.energy_j) {
    line.add(*f.energy_j);
    line.add(f.energy_tier);
    line.add(f.power_w);
  } else {
    line.skip(7);
  }
  for (const std::uint64_t n : {f.flash_used, f.flash_size, f.ram_static, f.stack_used, f.ram_peak(), f.ram_size})
    line.add(n);
  line.add(f.fits());
  line.add(o.place.on_front);
  line.add(o.place.certain);
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& t : texts) all += (all.empty() ? "" : "; ") + t;
  return all;
}

json_t interval(const Interval& i) { return {{"value", i.value}, {"low", i.low}, {"high", i.high}}; }

json_t figures(const Outcome& o) {
  const Figures& f = o.figures;
  json_t energy = nullptr;
  if (f.energy_j) {
    energy = interval(*f.energy_j);
    energy["tier"] = f.energy_tier;
    energy["supply"] = f.supply;
    energy["volts"] = f.volts;
  }
  return {{"of", f.per_inference ? "inference" : "run"},
          {"cycles", interval(f.cycles)},
          {"cycles_tier", o.core_tier},
          {"latency_s", interval(f.latency_s)},
          {"energy_j", energy},
          {"energy_unknown", f.energy_unknown},
          {"average_power_w", f.energy_j ? interval(f.power_w) : json_t(nullptr)},
          {"flash_bytes", f.flash_used},
          {"flash_size_bytes", f.flash_size},
          {"ram_static_bytes", f.ram_static},
          {"stack_bytes", f.stack_used},
          {"ram_peak_bytes", f.ram_peak()},
          {"ram_size_bytes", f.ram_size},
          {"fits", f.fits()}};
}

}  // namespace

std::string csv(const Sweep& s, const report::Options&) {
  std::string out = csv_header;
  for (std::size_t i = 0; i < s.plan.points.size(); ++i) {
    const Point& p = s.plan.points[i];
    const Outcome& o = s.outcomes[i];
    CsvLine line;
    line.add(i);
    line.add(s.plan.boards[p.board].spec.id);
    line.add(p.clock_hz ? std::to_string(*p.clock_hz) : "");
    line.add(p.wait_states);
    const bool priced = o.state == State::done && o.figures.energy_j;
    line.add(priced ? o.figures.supply : p.supply);
    line.add(priced ? fmt::format("{}", o.figures.volts) : p.volts > 0 ? fmt::format("{}", p.volts) : "");
    line.add(std::string(name(o.state)));
    line.add(o.reason);
    line.add(std::string(name(o.made)));
    line.add(o.made == Made::nothing ? "" : std::to_string(o.run_of));
    if (o.state == State::done)
      add_figures(line, o);
    else
      line.skip(figure_columns);
    line.add(std::string(o.passes ? *o.passes ? "pass" : "fail" : ""));
    line.add(joined(o.over));
    out += line.end();
  }
  return out;
}

std::string json(const Sweep& s, const report::Options&) {
  json_t parameters = json_t::array();
  for (const Axis& axis : s.plan.axes) {
    json_t values = json_t::array();
    for (const Value& v : axis.values) values.push_back(v.text);
    parameters.push_back({{"name", sweep::name(axis.parameter)}, {"values", values}});
  }
  json_t points = json_t::array();
  for (std::size_t i = 0; i < s.plan.points.size(); ++i) {
    const Point& p = s.plan.points[i];
    const Outcome& o = s.outcomes[i];
    json_t pareto = nullptr, budget = nullptr;
    if (o.state == State::done) {
      json_t objectives = {"latency_s", "flash_bytes", "ram_peak_bytes"};
      if (o.figures.energy_j) objectives.push_back("energy_j");
      pareto = {{"on_front", o.place.on_front}, {"certain", o.place.certain}, {"objectives", objectives}};
    }
    if (o.passes) budget = {{"passes", *o.passes}, {"over", o.over}};
    points.push_back({{"point", i},
                      {"board", s.plan.boards[p.board].spec.id},
                      {"clock_hz", p.clock_hz ? json_t(*p.clock_hz) : json_t(nullptr)},
                      {"flash_wait_states", p.wait_states},
                      {"supply", p.supply},
                      {"volts", p.volts},
                      {"state", name(o.state)},
                      {"reason", o.reason},
                      {"made", name(o.made)},
                      {"run_of", o.made == Made::nothing ? json_t(nullptr) : json_t(o.run_of)},
                      {"result_file", o.result_file},
                      {"figures", o.state == State::done ? figures(o) : json_t(nullptr)},
                      {"pareto", pareto},
                      {"budget", budget}});
  }
  const json_t all = {{"schema", "microjoule-sweep"},
                      {"schema_version", schema_version},
                      {"tool_version", version},
                      {"timing_model_version", timing::model_version},
                      {"subject", s.subject},
                      {"parameters", parameters},
                      {"runs", s.runs},
                      {"with_budget", s.with_budget},
                      {"remarks", s.remarks},
                      {"points", points}};
  return all.dump(1, ' ', false, json_t::error_handler_t::replace) + "\n";
}

}  // namespace mj::sweep
