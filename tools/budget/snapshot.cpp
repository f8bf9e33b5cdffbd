// A run as far as budgets look at it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "sim/profile/names.h"
#include "tools/budget/budget.h"
#include "tools/budget/names.h"

namespace mj::budget {

using namespace profile;

namespace {

struct MetricName {
  Metric metric;
  std::string_view name, unit;
};
constexpr std::array<MetricName, 13> metrics{{
    {Metric::cycles, "cycles", "cycles"},
    {Metric::latency_ms, "latency_ms", "ms"},
    {Metric::energy_uj, "energy_uj", "µJ"},
    {Metric::instructions, "instructions", "instructions"},
    {Metric::flash_bytes, "flash_bytes", "B"},
    {Metric::ram_bytes, "ram_bytes", "B"},
    {Metric::ram_peak_bytes, "ram_peak_bytes", "B"},
    {Metric::stack_bytes, "stack_bytes", "B"},
    {Metric::self_cycles, "self_cycles", "cycles"},
    {Metric::inclusive_cycles, "inclusive_cycles", "cycles"},
    {Metric::self_instructions, "self_instructions", "instructions"},
    {Metric::self_energy_uj, "self_energy_uj", "µJ"},
    {Metric::used_bytes, "used_bytes", "B"},
}};
constexpr bool in_order() {
  for (std::size_t i = 0; i < metrics.size(); ++i)
    if (static_cast<std::size_t>(metrics[i].metric) != i) return false;
  return true;
}
static_assert(in_order());

constexpr double ms_per_s = 1e3, uj_per_j = 1e6;

using report::real;

/// Times and energies in whole nanoseconds and picojoules: what is stored in a budget file is then short and exact.
double rounded(double v) {
  constexpr double step = 1e6;
  return v == std::floor(v) ? v : std::round(v * step) / step;
}

/// Figures of one kind of row, divided by the number of inferences that it sums up.
class Figures {
 public:
  Figures(const Snapshot& run, double inferences) : run_(run), inferences_(inferences) {}

  Value exact(double v) const { return {v / inferences_, v / inferences_, v / inferences_}; }
  /// What is as uncertain as the run's cycles.
  Value timed(double v) const { return with_interval(rounded(v / inferences_), run_.cycles_low, run_.cycles_high); }
  Value energy(const Energy& e) const {
    const double scale = uj_per_j / inferences_;
    return {rounded(e.value_j * scale), rounded(e.low_j * scale), rounded(e.high_j * scale)};
  }

 private:
  const Snapshot& run_;
  double inferences_;
};

void cycles_interval(const Estimate& e, Snapshot& s) {
  if (!(e.value > 0)) return;
  s.cycles_low = e.low / e.value;
  s.cycles_high = e.high / e.value;
}

/// Which rows of the call tree stand for a function or below it.
std::vector<bool> below(const std::vector<TreeNode>& tree, const std::string& function) {
  std::vector<bool> inside(tree.size());
  for (std::size_t i = 0; i < tree.size(); ++i)
    inside[i] = tree[i].name == function || (i > 0 && inside[tree[i].parent]);
  return inside;
}

void add_layers(const RunResult& r, Snapshot& s) {
  for (const Layer& l : r.layers) {
    const Network& n = r.networks[static_cast<std::size_t>(l.network)];
    Subject subject;
    subject.name = l.name;
    subject.op = l.op;
    subject.network = n.name;
    subject.index = l.index;
    if (n.inferences > 0) {
      const Figures figures(s, real(n.inferences));
      subject.values[Metric::cycles] = figures.timed(real(l.cycles));
      subject.values[Metric::latency_ms] = figures.timed(l.time_s * ms_per_s);
      subject.values[Metric::instructions] = figures.exact(real(l.instructions));
      if (l.energy) subject.values[Metric::energy_uj] = figures.energy(*l.energy);
      if (!l.function.empty()) {
        const std::vector<bool> inside = below(r.call_tree, l.function);
        for (std::size_t i = 0; i < inside.size(); ++i)
          if (inside[i] && r.call_tree[i].self_cycles)
            subject.parts[function_identity(r.call_tree[i].name)] += r.call_tree[i].self_cycles;
        for (auto& [name, cycles] : subject.parts) cycles /= n.inferences;
      }
    }
    s.layers.push_back(std::move(subject));
  }
}

void add_networks(const RunResult& r, Snapshot& s) {
  for (const Network& n : r.networks) {
    Subject subject;
    subject.name = n.name;
    if (n.inferences > 0) {
      const Figures figures(s, real(n.inferences));
      subject.values[Metric::cycles] = figures.timed(real(n.cycles));
      subject.values[Metric::latency_ms] = figures.timed(n.time_s * ms_per_s);
      if (n.energy) subject.values[Metric::energy_uj] = figures.energy(*n.energy);
    }
    s.networks.push_back(std::move(subject));
  }
}

void add(Value& to, const Value& v) {
  to.value += v.value;
  to.low += v.low;
  to.high += v.high;
}

void add_functions(const RunResult& r, Snapshot& s) {
  const Figures figures(s, 1);
  std::map<std::string, Subject> rows;
  for (const Function& f : r.functions) {
    Subject& subject = rows[function_identity(f.name)];
    add(subject.values[Metric::self_cycles], figures.timed(real(f.self_cycles)));
    add(subject.values[Metric::inclusive_cycles], figures.timed(real(f.inclusive_cycles)));
    add(subject.values[Metric::self_instructions], figures.exact(real(f.self_instructions)));
    if (f.energy) add(subject.values[Metric::self_energy_uj], figures.energy(*f.energy));
    if (f.inlined) subject.inlined_cycles += f.self_cycles;
  }
  for (auto& [name, subject] : rows) {
    subject.name = name;
    s.functions.push_back(std::move(subject));
  }
  std::stable_sort(s.functions.begin(), s.functions.end(), [](const Subject& a, const Subject& b) {
    return a.values.at(Metric::self_cycles).value > b.values.at(Metric::self_cycles).value;
  });
}

void add_regions(const RunResult& r, Snapshot& s) {
  const Figures figures(s, 1);
  for (const MemoryRegion& m : r.memory.regions) {
    Subject subject;
    subject.name = m.name;
    subject.op = m.kind;
    subject.values[Metric::used_bytes] = figures.exact(real(m.static_bytes));
    for (const NamedBytes& section : m.sections) subject.parts[section.name] += section.bytes;
    s.regions.push_back(std::move(subject));
  }
}

void add_totals(const RunResult& r, Snapshot& s) {
  const Figures figures(s, 1);
  s.totals[Metric::cycles] = figures.timed(real(r.totals.cycles));
  s.totals[Metric::latency_ms] = figures.timed(r.totals.time_s * ms_per_s);
  s.totals[Metric::instructions] = figures.exact(real(r.totals.instructions));
  if (r.totals.energy) s.totals[Metric::energy_uj] = figures.energy(*r.totals.energy);
  s.totals[Metric::flash_bytes] = figures.exact(real(r.memory.flash_used));
  s.totals[Metric::ram_bytes] = figures.exact(real(r.memory.ram_static));
  s.totals[Metric::ram_peak_bytes] = figures.exact(real(r.memory.ram_peak()));
  s.totals[Metric::stack_bytes] = figures.exact(real(r.memory.stack.used_bytes));
}

std::string energy_unknown(const RunResult& r) {
  std::string why = fmt::format("board {} has no energy figures in this result", r.provenance.board);
  for (const std::string& remark : r.energy_model.remarks) why += "; " + remark;
  return why;
}

std::string what_if(const Provenance& p) {
  std::string out;
  if (p.held_clock_hz) out = fmt::format("clock held at {} Hz", p.held_clock_hz);
  if (!p.held_wait_states.empty())
    out += fmt::format("{}flash wait states held at {}", out.empty() ? "" : ", ", p.held_wait_states);
  return out;
}

}  // namespace

std::string_view name(Metric metric) { return metrics[static_cast<std::size_t>(metric)].name; }
std::string_view unit(Metric metric) { return metrics[static_cast<std::size_t>(metric)].unit; }

Value with_interval(double value, double low, double high) { return {value, value * low, value * high}; }

std::string function_identity(std::string_view display) {
  // Namesakes that only their address tells apart, which no two builds share.
  if (const auto at = display.rfind(" @0x"); at != display.npos) display = display.substr(0, at);
  // "helper.constprop.0 (kernel.c)": the clone note stands before the file.
  const auto file = display.ends_with(')') ? display.rfind(" (") : display.npos;
  const std::string_view head = display.substr(0, file);
  return without_clone_suffix(head) + std::string(file == display.npos ? "" : display.substr(file));
}

std::vector<std::string> functions_below(const RunResult& r, const std::string& function) {
  std::vector<bool> inside(r.call_tree.size());
  std::vector<std::string> names;
  for (std::size_t i = 0; i < r.call_tree.size(); ++i) {
    const std::string own = function_identity(r.call_tree[i].name);
    inside[i] = own == function || (i > 0 && inside[r.call_tree[i].parent]);
    if (inside[i]) names.push_back(own);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Snapshot snapshot(const RunResult& r) {
  Snapshot s;
  const Provenance& p = r.provenance;
  s.firmware = p.firmware;
  s.board = p.board;
  s.timing_model_version = p.timing_model_version;
  if (r.totals.energy)
    s.energy_conditions =
        fmt::format("{}, {}, {} V", r.energy_model.table, r.energy_model.supply, r.energy_model.volts);
  else
    s.energy_unknown = energy_unknown(r);
  s.what_if = what_if(p);
  s.exit_code = r.stop.exit_code;
  s.ending = r.stop.message.empty() ? r.stop.kind : r.stop.message;
  cycles_interval(r.totals.cycles_estimate, s);
  add_totals(r, s);
  add_networks(r, s);
  add_layers(r, s);
  add_functions(r, s);
  add_regions(r, s);
  std::map<std::tuple<std::string, std::string, std::uint32_t>, Cycle> lines;
  for (const Line& l : r.lines)
    if (l.line) lines[{l.file, function_identity(l.function), l.line}] += l.cycles;
  for (const auto& [key, cycles] : lines)
    s.lines.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), cycles});
  std::stable_sort(s.lines.begin(), s.lines.end(),
                   [](const HotLine& a, const HotLine& b) { return a.cycles > b.cycles; });
  return s;
}

std::string Subject::title(Scope scope) const {
  switch (scope) {
    case Scope::totals:
      return "totals";
    case Scope::network:
      return "network " + name;
    case Scope::layer:
      return fmt::format("layer {} {} {}", index, op, name.substr(0, name.find(';')));
    case Scope::function:
      return "function " + name;
    case Scope::region:
      return "region " + name;
  }
  return name;
}

}  // namespace mj::budget
