// Layers, the time between them and the phases of a run.
#include <fmt/format.h>

#include <algorithm>

#include "tools/report/cells.h"
#include "tools/report/format.h"
#include "tools/report/sections.h"

namespace mj::report {
namespace {

using namespace profile;

double between_seconds(const RunResult& r, const Network& n) {
  double inside = 0;
  for (const Layer& l : r.layers)
    if (&r.networks[static_cast<std::size_t>(l.network)] == &n) inside += l.time_s;
  return std::max(0.0, n.time_s - inside);
}

Row layer_row(const RunResult& r, const Layer& l, Cycle total) {
  const auto first = [](const auto& shapes) { return shapes.empty() ? std::string("?") : shape(shapes.front()); };
  const double work = real(l.macs) * real(l.invocations);
  const std::string number = layer_number(r, l);
  return {{number, l.op, l.name.substr(0, l.name.find(';')), first(l.input_shapes) + "→" + first(l.output_shapes),
           l.macs ? count(l.macs) : "-", count(l.cycles), work > 0 ? decimal(real(l.cycles) / work, 2) : "-",
           milliseconds(l.time_s, r), microjoules(l.energy, r), percent(real(l.cycles), real(total)), ""},
          total ? real(l.cycles) / real(total) : 0};
}

/// A row of cycles that belong to no layer.
Row rest_row(const std::string& name, Cycle cycles, const std::string& ms, const std::string& uj, Cycle total) {
  return {{"", name, "", "", "", count(cycles), "", ms, uj, percent(real(cycles), real(total)), ""},
          total ? real(cycles) / real(total) : 0,
          true};
}

/// How much of a layer's cycles its kind of work takes: what it is bound by, in words.
std::string bound_by(const Layer& l) {
  using timing::Reason;
  constexpr Reason memory[] = {Reason::load_use,  Reason::memory,     Reason::unaligned,    Reason::contention,
                               Reason::data_wait, Reason::cache_miss, Reason::write_buffer, Reason::address_use};
  constexpr Reason code[] = {Reason::fetch_wait,       Reason::fetch_miss, Reason::fetch,
                             Reason::target_alignment, Reason::branch,     Reason::mispredict};
  if (l.cycles == 0) return "";
  const auto sum = [&](const auto& reasons) {
    Cycle n = 0;
    for (const Reason r : reasons) n += l.reasons[static_cast<std::size_t>(r)];
    return n;
  };
  const Cycle on_data = sum(memory), on_code = sum(code);
  const auto largest = [&](const auto& reasons) {
    Reason most = reasons[0];
    for (const Reason r : reasons)
      if (l.reasons[static_cast<std::size_t>(r)] > l.reasons[static_cast<std::size_t>(most)]) most = r;
    return fmt::format("{}, {}", timing::title(most),
                       percent(real(l.reasons[static_cast<std::size_t>(most)]), real(l.cycles)));
  };
  // A core that waits for more than a third of the time waits more than it computes for any one thing.
  constexpr Cycle parts = 3;
  if (on_data * parts > l.cycles && on_data >= on_code) return "data: " + largest(memory);
  if (on_code * parts > l.cycles) return "code: " + largest(code);
  return "compute: issue, " + percent(real(l.reasons[static_cast<std::size_t>(Reason::issue)]), real(l.cycles));
}

bool inferred(const RunResult& r) {
  return std::any_of(r.networks.begin(), r.networks.end(), [](const Network& n) { return n.inferences > 0; });
}

}  // namespace

std::string layer_number(const RunResult& r, const Layer& l) {
  return (r.networks.size() > 1 ? fmt::format("{}.", l.network) : "") +
         (l.subgraph ? fmt::format("{}:", l.subgraph) : "") + std::to_string(l.index);
}

std::vector<PhaseSum> phase_sums(const RunResult& r) {
  std::vector<PhaseSum> sums;
  for (const Phase& p : r.phases) {
    auto sum = std::find_if(sums.begin(), sums.end(), [&](const PhaseSum& s) { return s.kind == p.kind; });
    if (sum == sums.end()) sum = sums.insert(sums.end(), PhaseSum{p.kind});
    ++sum->rows;
    sum->count += p.count;
    sum->cycles += p.cycles;
    sum->time_s += p.time_s;
    sum->femtojoules += p.energy ? p.energy->split.total() : 0;
  }
  return sums;
}

std::string phase_name(const PhaseSum& p) {
  if (p.kind == "startup") return "start-up, before main";
  if (p.kind == "setup") return "set-up of the network";
  if (p.kind == "init" || p.kind == "prepare") return p.kind + " of " + plural(p.rows, "operator");
  if (p.kind == "before") return "before inferences";
  if (p.kind == "between") return "between inferences";
  if (p.kind == "after") return "after inferences";
  if (p.kind == "interrupts") return plural(p.count, "interrupt") + " meanwhile";
  if (p.kind == "threads") return "other threads meanwhile";
  if (p.kind == "other") return "looked like a network";
  return "outside of inference";
}

Cycle outside_cycles(const RunResult& r) {
  Cycle inside = 0;
  for (const Network& n : r.networks) inside += n.cycles;
  return r.totals.cycles - std::min(inside, r.totals.cycles);
}

Table layers(const RunResult& r) {
  Table table{{{"#", Align::right},
               {"op", Align::left, Shrink::keep_ends},
               {"name", Align::left, Shrink::keep_end},
               {"in→out"},
               {"MACs", Align::right, Shrink::drop},
               {"cycles", Align::right},
               {"cyc/MAC", Align::right, Shrink::drop},
               {"ms", Align::right},
               {"µJ", Align::right},
               {"share", Align::right},
               {"", Align::left, Shrink::bar}},
              {}};
  if (!inferred(r)) return table;
  const Cycle total = r.totals.cycles;
  for (const Layer& l : r.layers) table.rows.push_back(layer_row(r, l, total));
  for (const Network& n : r.networks)
    table.rows.push_back(rest_row(r.networks.size() > 1 ? "between layers of " + n.name : "between layers",
                                  n.between_cycles, milliseconds(between_seconds(r, n), r),
                                  microjoules(n.between_energy, r), total));
  for (const PhaseSum& p : phase_sums(r)) {
    std::optional<Energy> energy;
    if (r.totals.energy) energy.emplace().split.core_fj = p.femtojoules;
    table.rows.push_back(rest_row(phase_name(p), p.cycles, milliseconds(p.time_s, r), microjoules(energy, r), total));
  }
  if (r.phases.empty())
    table.rows.push_back(
        rest_row("outside of inference", outside_cycles(r), "", microjoules(outside_energy(r), r), total));
  table.rows.push_back(
      rest_row("total", total, milliseconds(r.totals.time_s, r), microjoules(r.totals.energy, r), total));
  table.rows.back().part = 0;  // its bar would dwarf the others
  if (!r.totals.energy) remove_column(table, "µJ");
  return table;
}

Table layer_details(const RunResult& r) {
  Table table{{{"#", Align::right},
               {"kernel", Align::left, Shrink::keep_ends},
               {"first", Align::right},
               {"warm", Align::right},
               {"MAC/cycle", Align::right},
               {"weights", Align::right},
               {"live", Align::right, Shrink::drop},
               {"bound by", Align::left, Shrink::keep_ends}},
              {}};
  if (!inferred(r)) return table;
  const auto size = [](std::uint64_t n) { return n ? bytes(n) : "-"; };
  const auto& peak = r.provenance.peak_macs;
  const auto mac_rate = [&](double rate) {
    return decimal(rate, 3) + (peak ? fmt::format(" {:>3} %", decimal(100 * rate / peak->per_cycle, 0)) : "");
  };
  for (const Layer& l : r.layers) {
    const double work = real(l.macs) * real(l.invocations);
    table.rows.push_back(
        {{layer_number(r, l), either(l.kernel, l.function), count(l.first_cycles),
          l.invocations > 1 ? count(l.warm_cycles) : "-", work > 0 && l.cycles ? mac_rate(work / real(l.cycles)) : "-",
          size(l.weight_bytes), size(l.arena_bytes), bound_by(l)}});
  }
  return table;
}

std::string layer_details_remark(const RunResult& r) {
  std::string text =
      "kernel: the function with most of its cycles; cycles of the first and of a typical later run; live: bytes of "
      "the arena in use";
  if (const auto& peak = r.provenance.peak_macs)
    text += fmt::format(
        "; MAC/cycle: and its share of the core's peak of {}, which is its multiplying and adding ({}) "
        "alone",
        decimal(peak->per_cycle, peak->per_cycle < 1 ? 3 : 0), peak->by);
  return text;
}

std::string layers_remark(const RunResult& r) {
  if (!r.silent_runtimes.empty())
    return fmt::format(
        "none was seen to run in the {} cycles of this run, though {} is in the image: the verdict says how it ended",
        count(r.totals.cycles), r.silent_runtimes.front().runtime);
  if (r.networks.empty())
    return "no network was recognised in this firmware, so its cycles are split by function only; --layers FILE says "
           "which functions are layers";
  if (!inferred(r)) return "the firmware holds a network, but no inference ran to its end";
  std::uint64_t least = ~std::uint64_t{0}, most = 0;
  for (const Network& n : r.networks) {
    if (n.inferences) least = std::min(least, n.inferences);
    most = std::max(most, n.inferences);
  }
  std::string order = "in execution order";
  if (least < most) order = fmt::format("sums of all inferences of each network, {} to {}; MACs of one", least, most);
  if (least == most && most > 1) order = fmt::format("sums of all {} inferences, MACs of one", most);
  return order + joule_remark(r);
}

}  // namespace mj::report
