#include "tools/report/sections.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/report/cells.h"
#include "tools/report/format.h"

namespace mj::report {
namespace {

using namespace profile;

/// The clock that most cycles ran at.
std::string main_clock(const Totals& totals) {
  const ClockSpan* most = nullptr;
  for (const ClockSpan& span : totals.clocks)
    if (!most || span.cycles > most->cycles) most = &span;
  if (!most) return "clock unknown";
  return (totals.clocks.size() > 1 ? "mostly " : "") + clock_rate(most->hz);
}

/// What the firmware did with its clock: "4 MHz for 1,204 cycles, then 120 MHz".
std::string clock_history(const Totals& totals) {
  constexpr std::size_t shown = 4;
  const auto& spans = totals.clocks;
  std::string out;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (i >= shown) return out + fmt::format(", and {}", plural(spans.size() - shown, "more change"));
    out += (i == 0 ? "" : i + 1 < spans.size() ? ", " : ", then ") + clock_rate(spans[i].hz);
    if (i + 1 < spans.size()) out += fmt::format(" for {}{}", count(spans[i].cycles), i == 0 ? " cycles" : "");
  }
  return out;
}

std::string model_line(const RunResult& r, std::size_t index) {
  const Network& n = r.networks[index];
  const auto of_it = [&](const Layer& l) { return l.network == static_cast<int>(index); };
  const auto layer_count = static_cast<std::uint64_t>(std::count_if(r.layers.begin(), r.layers.end(), of_it));
  return fmt::format("{}: {}, {} per inference, {} ran", n.name, plural(layer_count, "layer"), plural(n.macs, "MAC"),
                     plural(n.inferences, "inference"));
}

double inference_seconds(const RunResult& r, std::size_t index) {
  const Network& n = r.networks[index];
  return n.inferences ? n.time_s / real(n.inferences) : 0;
}

Row use_row(std::string what, std::uint64_t used, std::uint64_t size, const std::string& remark = "") {
  const std::string of = size ? fmt::format("of {}, {}", bytes(size), percent(real(used), real(size))) : "";
  return {{std::move(what), bytes(used), of + (of.empty() || remark.empty() ? "" : "; ") + remark}};
}

/// "main > infer > conv2d", from the outside in.
std::string chain_text(const std::vector<std::string>& chain) {
  std::string out;
  for (const std::string& name : chain) out += (out.empty() ? "" : " > ") + name;
  return out;
}

Row heap_row(const Heap& h) {
  std::string remark = h.taken_bytes ? bytes(h.taken_bytes) + " taken by " + h.allocator : h.allocator;
  if (h.failures) remark += fmt::format(", {} found no memory", plural(h.failures, "call"));
  if (!h.chain.empty()) remark += "; " + chain_text(h.chain);
  return use_row("heap, peak", h.peak_bytes, h.size_bytes, remark);
}

Row thread_row(const ThreadStack& t) {
  std::string remark = t.size_bytes ? "" : "size unknown";
  if (t.overflow_bytes) remark = bytes(t.overflow_bytes) + " too small";
  if (!t.chain.empty()) remark += (remark.empty() ? "" : "; ") + chain_text(t.chain);
  return use_row("stack, " + t.name, t.used_bytes, t.size_bytes, remark);
}

Energy per(Energy energy, std::uint64_t n) {
  energy.value_j /= real(n);
  energy.low_j /= real(n);
  energy.high_j /= real(n);
  return energy;
}

std::string interval(const Estimate& e) {
  if (e.low == e.value && e.high == e.value) return "";
  return fmt::format("{} to {}", decimal(e.low, 0), decimal(e.high, 0));
}

/// The cycles' relative interval, of a time that depends on them: "3.638 ms to 3.863 ms; ".
std::string scaled_interval(const Estimate& cycles, double seconds) {
  if (interval(cycles).empty() || !(cycles.value > 0)) return "";
  return duration(seconds * cycles.low / cycles.value) + " to " + duration(seconds * cycles.high / cycles.value) + "; ";
}

/// Share of cycles that rests on inferred or estimated numbers.
std::string unsure_share(Cycle unsure, Cycle cycles) { return unsure ? percent(real(unsure), real(cycles)) : "-"; }

}  // namespace

std::string facts_text(const Facts& facts, const Options& o) {
  std::size_t widest = 0;
  for (const Fact& f : facts) widest = std::max(widest, columns(f.what));
  const std::size_t indent = 2 + widest + 2;
  std::string out, last;
  for (const Fact& f : facts) {
    // A label that repeats says nothing new.
    std::string head = "  " + (f.what == last ? "" : printable(f.what));
    last = f.what;
    for (const std::string& line : wrap(printable(f.value), o.width - std::min<std::size_t>(indent, o.width / 2))) {
      out += head + std::string(indent - std::min(indent, columns(head)), ' ') + line + "\n";
      head.clear();
    }
  }
  return out;
}

Facts found(const RunResult& r) {
  const Provenance& p = r.provenance;
  Facts facts;
  if (p.held_clock_hz)
    facts.push_back(
        {"what-if", "core clock held at " + clock_rate(p.held_clock_hz) + ", whatever the firmware programs"});
  if (!p.held_wait_states.empty())
    facts.push_back(
        {"what-if", p.held_wait_states == "auto"
                        ? "flash wait states held at the least that this clock allows"
                        : "flash wait states held at " + p.held_wait_states + ", whatever the firmware programs"});
  facts.push_back({"board", fmt::format("{} ({}){}", either(p.board_title, p.board), p.board,
                                        p.board_proposed ? ", proposed from the image: --board takes another" : "")});
  facts.push_back({"core", fmt::format("{} ({}), firmware for {}, {}", either(p.core_title, p.core), p.core,
                                       either(p.isa, "an unnamed instruction set"), main_clock(r.totals))});
  for (std::size_t i = 0; i < r.networks.size(); ++i) {
    const Network& n = r.networks[i];
    facts.push_back(
        {"runtime", n.runtime + (n.confidence && n.confidence < 100 ? fmt::format(" ({} % sure)", n.confidence) : "") +
                        ": " + n.recognised_by});
    facts.push_back({"model", model_line(r, i)});
    for (const std::string& text : n.disagreements) facts.push_back({"disagreement", text});
  }
  for (const SilentRuntime& s : r.silent_runtimes)
    facts.push_back({"runtime", fmt::format("{} ({} % sure), but no layer of it was seen to run{}", s.runtime,
                                            s.confidence, s.reasons.empty() ? "" : ": " + s.reasons.front())});
  if (r.networks.empty() && r.silent_runtimes.empty())
    facts.push_back({"runtime", "no network was found; --layers FILE says which functions are layers"});
  facts.push_back({"compiler", either(p.compiler, "unknown: the firmware doesn't say")});
  return facts;
}

Table totals(const RunResult& r) {
  const Totals& t = r.totals;
  const Memory& m = r.memory;
  Table table{{{""}, {"", Align::right}, {"", Align::left, Shrink::keep_ends}}, {}};
  auto& rows = table.rows;
  rows.push_back({{"cycles", count(t.cycles), interval(t.cycles_estimate)}});
  rows.push_back({{"instructions", count(t.instructions),
                   t.condition_failed ? count(t.condition_failed) + " of them skipped by a condition" : ""}});
  if (t.instructions) rows.push_back({{"cycles/instruction", decimal(real(t.cycles) / real(t.instructions), 3)}});
  rows.push_back({{"simulated time", duration(t.time_s), clock_history(t)}});
  for (std::size_t i = 0; i < r.networks.size(); ++i)
    if (const Network& n = r.networks[i]; n.inferences > 0) {
      const double seconds = inference_seconds(r, i);
      rows.push_back({{"latency", duration(seconds),
                       scaled_interval(t.cycles_estimate, seconds) +
                           fmt::format("{}, per inference: {} cycles", n.name, count(n.cycles / n.inferences))}});
    }
  if (t.energy) {
    const EnergyModel& model = r.energy_model;
    const auto told = [&](const Energy& e) {
      return range(e.low_j, e.high_j, "J") + "; " + either(e.tier, "tier unknown");
    };
    rows.push_back({{"energy", quantity(t.energy->value_j, "J"), told(*t.energy) + ", " + supply_text(model)}});
    for (const Network& n : r.networks)
      if (n.inferences > 0 && n.energy) {
        const Energy one = per(*n.energy, n.inferences);
        rows.push_back({{"energy/inference", quantity(one.value_j, "J"), told(one) + ", " + n.name}});
      }
    rows.push_back({{"average power", quantity(model.average_power_w, "W"),
                     range(model.average_power_low_w, model.average_power_high_w, "W")}});
  } else {
    rows.push_back({{"energy", "unknown", unknown_energy(r)}});
  }
  if (t.idle_cycles) {
    const std::string share =
        t.energy
            ? fmt::format(", {} of the energy", percent(real(t.energy->split.sleep_fj), real(t.energy->split.total())))
            : "";
    rows.push_back(
        {{"asleep", percent(real(t.idle_cycles), real(t.cycles)), count(t.idle_cycles) + " cycles" + share}});
  }
  if (t.interrupts)
    rows.push_back(
        {{"exceptions", count(t.interrupts), count(t.exception_cycles) + " cycles to enter and leave them"}});
  if (m.flash_used || m.flash_size) rows.push_back(use_row("flash", m.flash_used, m.flash_size));
  rows.push_back(use_row("RAM, static", m.ram_static, m.ram_size));
  for (const Network& n : r.networks)
    if (n.arena.bytes)
      rows.push_back(
          {{"arena", bytes(n.arena.bytes),
            (n.arena.used_bytes ? fmt::format("{} used, {} free", bytes(n.arena.used_bytes),
                                              bytes(n.arena.bytes - std::min(n.arena.bytes, n.arena.used_bytes)))
                                : "use unknown") +
                (r.networks.size() > 1 ? ", " + n.name : "")}});
  if (!m.heap_unknown.empty()) rows.push_back({{"heap, peak", "unknown", m.heap_unknown}});
  for (const Heap& h : m.heaps) rows.push_back(heap_row(h));
  rows.push_back(use_row("stack, peak", m.stack.used_bytes, 0, chain_text(m.stack.chain)));
  constexpr std::size_t most_threads = 8;
  for (std::size_t i = 0; i < std::min(most_threads, m.threads.size()); ++i) rows.push_back(thread_row(m.threads[i]));
  if (m.threads.size() > most_threads)
    rows.push_back({{"", "", plural(m.threads.size() - most_threads, "more stack") + " in the saved result"}});
  rows.push_back(
      use_row("RAM, peak", m.ram_peak(), m.ram_size, m.heap_bytes() ? "static + heap + stack" : "static + stack"));
  return table;
}

Table functions(const RunResult& r, Order order, std::size_t rows) {
  Table table{{{"self cycles", Align::right},
               {"share", Align::right},
               {"self µJ", Align::right},
               {"inclusive", Align::right},
               {"share", Align::right},
               {"calls", Align::right},
               {"inferred", Align::right, Shrink::drop},
               {"function", Align::left, Shrink::keep_ends}},
              {}};
  std::vector<const Function*> sorted;
  // A leaf's inclusive cycles are its self cycles: the list by self cycles has them.
  for (const Function& f : r.functions)
    if (order == Order::self || f.inclusive_cycles > f.self_cycles) sorted.push_back(&f);
  const auto key = [&](const Function* f) { return order == Order::self ? f->self_cycles : f->inclusive_cycles; };
  std::stable_sort(sorted.begin(), sorted.end(), [&](auto* a, auto* b) { return key(a) > key(b); });
  const double total = real(r.totals.cycles);
  Cycle shown = 0;
  std::uint64_t shown_fj = 0;
  for (std::size_t i = 0; i < std::min(rows, sorted.size()); ++i) {
    const Function& f = *sorted[i];
    shown += f.self_cycles;
    shown_fj += f.energy ? f.energy->split.total() : 0;
    table.rows.push_back(
        {{count(f.self_cycles), percent(real(f.self_cycles), total), microjoules(f.energy, r),
          count(f.inclusive_cycles), percent(real(f.inclusive_cycles), total), f.calls ? count(f.calls) : "-",
          unsure_share(sum(f.unsure), f.self_cycles), f.name + (f.inlined ? " (inlined)" : "")}});
  }
  if (order == Order::self && sorted.size() > rows) {
    const Cycle rest = r.totals.cycles - std::min(shown, r.totals.cycles);
    std::optional<Energy> rest_energy;
    if (r.totals.energy) {
      const std::uint64_t all = r.totals.energy->split.total();
      rest_energy.emplace().split.core_fj = all - std::min(shown_fj, all);
    }
    table.rows.push_back({{count(rest), percent(real(rest), total), microjoules(rest_energy, r), "", "", "", "",
                           plural(sorted.size() - rows, "more function")},
                          0,
                          true});
  }
  if (!r.totals.energy) remove_column(table, "self µJ");
  if (sum(r.totals.unsure) == 0) remove_column(table, "inferred");
  return table;
}

std::string functions_remark(const RunResult& r, Order order) {
  return (order == Order::self ? "by self cycles, callees not included" : "by inclusive cycles, callees included") +
         joule_remark(r);
}

Table reasons(const RunResult& r) {
  Table table{{{"reason"},
               {"cycles", Align::right},
               {"share", Align::right},
               {"inferred", Align::right, Shrink::drop},
               {"", Align::left, Shrink::bar}},
              {}};
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < r.totals.reasons.size(); ++i)
    if (r.totals.reasons[i]) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return r.totals.reasons[a] > r.totals.reasons[b]; });
  const double total = real(r.totals.cycles);
  for (const std::size_t i : order) {
    const double cycles = real(r.totals.reasons[i]);
    table.rows.push_back({{std::string(timing::title(static_cast<timing::Reason>(i))), count(r.totals.reasons[i]),
                           percent(cycles, total), unsure_share(r.totals.unsure[i], r.totals.reasons[i])},
                          total > 0 ? cycles / total : 0});
  }
  if (sum(r.totals.unsure) == 0) remove_column(table, "inferred");
  return table;
}

std::string reasons_remark(const RunResult& r) {
  if (sum(r.totals.unsure) == 0) return "where the cycles went";
  return "where the cycles went; inferred: the part that rests on numbers of core and board that are inferred or "
         "estimated, in all " +
         percent(real(sum(r.totals.unsure)), real(r.totals.cycles));
}

Table regions(const RunResult& r) {
  Table table{{{"region", Align::left, Shrink::keep_ends},
               {"hits", Align::right},
               {"cycles", Align::right},
               {"least", Align::right},
               {"most", Align::right},
               {"instructions", Align::right},
               {"cycles/instruction", Align::right, Shrink::drop}},
              {}};
  const auto per = [](Cycle cycles, std::uint64_t instructions) {
    return instructions ? decimal(real(cycles) / real(instructions), 3) : "-";
  };
  for (const Roi& roi : r.roi) {
    Cycle cycles = 0, least = ~Cycle{0}, most = 0;
    std::uint64_t instructions = 0;
    for (const RoiHit& hit : roi.hits) {
      cycles += hit.cycles;
      instructions += hit.instructions;
      least = std::min(least, hit.cycles);
      most = std::max(most, hit.cycles);
    }
    if (roi.hits.empty()) {
      table.rows.push_back({{roi.name, "0: never passed from begin to end"}});
      continue;
    }
    table.rows.push_back({{roi.name, count(roi.hits.size()) + (roi.left_out ? "+" + count(roi.left_out) : ""),
                           count(cycles), count(least), count(most), count(instructions), per(cycles, instructions)}});
  }
  for (const MarkedRegion& m : r.regions)
    table.rows.push_back(
        {{m.name.empty() ? fmt::format("region {}", m.id) : fmt::format("{} {}", m.id, m.name), "1", count(m.cycles),
          count(m.cycles), count(m.cycles), count(m.instructions), per(m.cycles, m.instructions)}});
  return table;
}

Facts fault(const RunResult& r) {
  if (!r.fault) return {};
  const Fault& f = *r.fault;
  Facts facts{{either(f.exception, "fault"), f.what},
              {"at", fmt::format("{}{}, cycle {}", f.where.starts_with(hex(f.pc)) ? "" : hex(f.pc) + " ", f.where,
                                 count(f.cycle))}};
  for (const std::string& line : f.status) facts.push_back({"status", line});
  for (std::size_t i = 0; i < f.backtrace.size(); ++i) facts.push_back({fmt::format("#{}", i), f.backtrace[i]});
  std::string registers;
  for (const std::string& text : f.registers) registers += (registers.empty() ? "" : ", ") + text;
  if (!registers.empty()) facts.push_back({"registers", registers});
  if (!f.hint.empty()) facts.push_back({"likely", f.hint});
  return facts;
}

Facts verdict(const RunResult& r, const Options& options) {
  const Estimate& e = r.totals.cycles_estimate;
  Facts facts;
  const bool told = r.stop.where.empty() || r.stop.message.find(r.stop.where) != std::string::npos;
  facts.push_back({"ended", fmt::format("{}{}; exit code {}", either(r.stop.message, r.stop.kind),
                                        told ? "" : ", at " + r.stop.where, static_cast<int>(r.stop.exit_code))});
  for (std::size_t i = 0; i < r.stop.backtrace.size(); ++i)
    facts.push_back({fmt::format("#{}", i), r.stop.backtrace[i]});
  if (!r.stop.hint.empty()) facts.push_back({"likely", r.stop.hint});
  if (const std::string around = relative_interval(e.value, e.low, e.high); !around.empty())
    facts.push_back({"confidence", fmt::format("cycles {}: {}", around, either(e.source, "no source given"))});
  else
    facts.push_back({"confidence", either(e.source, "no interval is known for this core's cycles")});
  if (const Cycle unsure = sum(r.totals.unsure)) {
    constexpr std::size_t most_rows = 3;
    std::string rows;
    for (std::size_t i = 0; i < std::min(most_rows, r.unsure_rows.size()); ++i)
      rows += fmt::format("{}{} {}", i ? ", " : ": ", r.unsure_rows[i].row,
                          percent(real(r.unsure_rows[i].cycles), real(r.totals.cycles)));
    if (r.unsure_rows.size() > most_rows) rows += ", ...";
    facts.push_back({"confidence", fmt::format("{} of the cycles rest on inferred or estimated numbers{}",
                                               percent(real(unsure), real(r.totals.cycles)), rows)});
  }
  const EnergyModel& model = r.energy_model;
  if (const auto& energy = r.totals.energy) {
    facts.push_back(
        {"confidence", fmt::format("energy {}: {}", confidence(*energy), either(model.source, "no source given"))});
    facts.push_back({"energy", fmt::format("{}; {}, table {}", either(model.scope, "scope unknown"), supply_text(model),
                                           either(model.table, "unnamed"))});
    for (const std::string& remark : model.remarks) facts.push_back({"energy", remark});
  } else {
    facts.push_back({"energy", "unknown: " + unknown_energy(r)});
    for (std::size_t i = 1; i < model.remarks.size(); ++i) facts.push_back({"energy", model.remarks[i]});
  }
  std::size_t shown = 0;
  for (const Diagnostic& d : r.diagnostics) {
    if (shown++ == options.rows) {
      facts.push_back({"", plural(r.diagnostics.size() - options.rows, "more note") + " in the saved result"});
      break;
    }
    facts.push_back({d.kind == "not_modelled" ? "not modelled" : d.kind,
                     (d.where.empty() ? "" : d.where + ": ") + d.text +
                         (d.count > 1 ? fmt::format(" ({} times)", count(d.count)) : "")});
  }
  const auto guessed = [](const Diagnostic& d) { return d.kind == "not_modelled" || d.kind == "stub"; };
  if (std::none_of(r.diagnostics.begin(), r.diagnostics.end(), guessed))
    facts.push_back({"not modelled", "nothing that this run touched"});
  return facts;
}

}  // namespace mj::report
