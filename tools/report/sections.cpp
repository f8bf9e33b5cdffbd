#include "tools/report/sections.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/report/format.h"

namespace mj::report {
namespace {

using namespace profile;

double real(std::uint64_t n) { return static_cast<double>(n); }

std::string either(const std::string& first, const std::string& second) { return first.empty() ? second : first; }

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

std::string interval(const Estimate& e) {
  if (e.low == e.value && e.high == e.value) return "";
  return fmt::format("{} to {}", decimal(e.low, 0), decimal(e.high, 0));
}

/// The cycles' relative interval, of a time that depends on them: "3.638 ms to 3.863 ms; ".
std::string scaled_interval(const Estimate& cycles, double seconds) {
  if (interval(cycles).empty() || !(cycles.value > 0)) return "";
  return duration(seconds * cycles.low / cycles.value) + " to " + duration(seconds * cycles.high / cycles.value) + "; ";
}

Row layer_row(const RunResult& r, const Layer& l, Cycle total) {
  const auto first = [](const auto& shapes) { return shapes.empty() ? std::string("?") : shape(shapes.front()); };
  const double work = real(l.macs) * real(l.invocations);
  const std::string number = (r.networks.size() > 1 ? fmt::format("{}.", l.network) : "") + std::to_string(l.index);
  return {{number, l.op, l.name.substr(0, l.name.find(';')), first(l.input_shapes) + "→" + first(l.output_shapes),
           l.macs ? count(l.macs) : "-", count(l.cycles), work > 0 ? decimal(real(l.cycles) / work, 2) : "-",
           decimal(l.time_s * 1e3, 3), percent(real(l.cycles), real(total)), ""},
          total ? real(l.cycles) / real(total) : 0};
}

/// A row of cycles that belong to no layer.
Row rest_row(const std::string& name, Cycle cycles, const std::string& ms, Cycle total) {
  return {{"", name, "", "", "", count(cycles), "", ms, percent(real(cycles), real(total)), ""},
          total ? real(cycles) / real(total) : 0,
          true};
}

bool inferred(const RunResult& r) {
  return std::any_of(r.networks.begin(), r.networks.end(), [](const Network& n) { return n.inferences > 0; });
}

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

Cycle outside_cycles(const RunResult& r) {
  Cycle inside = 0;
  for (const Network& n : r.networks) inside += n.cycles;
  return r.totals.cycles - std::min(inside, r.totals.cycles);
}

Facts found(const RunResult& r) {
  const Provenance& p = r.provenance;
  Facts facts;
  facts.push_back({"board", fmt::format("{} ({}){}", either(p.board_title, p.board), p.board,
                                        p.board_proposed ? ", proposed from the image: --board takes another" : "")});
  facts.push_back({"core", fmt::format("{} ({}), firmware for {}, {}", either(p.core_title, p.core), p.core,
                                       either(p.isa, "an unnamed instruction set"), main_clock(r.totals))});
  for (std::size_t i = 0; i < r.networks.size(); ++i) {
    facts.push_back({"runtime", fmt::format("{}: {}", r.networks[i].runtime, r.networks[i].recognised_by)});
    facts.push_back({"model", model_line(r, i)});
  }
  if (r.networks.empty()) facts.push_back({"runtime", "no inference runtime recognised"});
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
  if (t.idle_cycles)
    rows.push_back({{"asleep", percent(real(t.idle_cycles), real(t.cycles)), count(t.idle_cycles) + " cycles"}});
  if (t.interrupts)
    rows.push_back({{"exceptions", count(t.interrupts), count(t.exception_cycles) + " cycles in their handlers"}});
  if (m.flash_used || m.flash_size) rows.push_back(use_row("flash", m.flash_used, m.flash_size));
  rows.push_back(use_row("RAM, static", m.ram_static, m.ram_size));
  rows.push_back(use_row("stack, peak", m.stack.used_bytes, 0, chain_text(m.stack.chain)));
  rows.push_back(use_row("RAM, peak", m.ram_static + m.stack.used_bytes, m.ram_size, "static + stack"));
  return table;
}

Table layers(const RunResult& r) {
  Table table{{{"#", Align::right},
               {"op", Align::left, Shrink::keep_ends},
               {"name", Align::left, Shrink::keep_end},
               {"in→out"},
               {"MACs", Align::right},
               {"cycles", Align::right},
               {"cyc/MAC", Align::right},
               {"ms", Align::right},
               {"share", Align::right},
               {"", Align::left, Shrink::bar}},
              {}};
  if (!inferred(r)) return table;
  const Cycle total = r.totals.cycles;
  for (const Layer& l : r.layers) table.rows.push_back(layer_row(r, l, total));
  for (const Network& n : r.networks)
    table.rows.push_back(rest_row(r.networks.size() > 1 ? "between layers of " + n.name : "between layers",
                                  n.between_cycles, "", total));
  table.rows.push_back(rest_row("outside of inference", outside_cycles(r), "", total));
  table.rows.push_back(rest_row("total", total, decimal(r.totals.time_s * 1e3, 3), total));
  table.rows.back().part = 0;  // its bar would dwarf the others
  return table;
}

std::string layers_remark(const RunResult& r) {
  if (r.networks.empty())
    return "no network was recognised in this firmware, so its cycles are split by function only; recognised are "
           "firmwares that `microjoule build` makes";
  if (!inferred(r)) return "the firmware holds a network, but no inference ran to its end";
  std::uint64_t most = 0;
  for (const Network& n : r.networks) most = std::max(most, n.inferences);
  return most > 1 ? fmt::format("cycles and ms of all {} inferences together", most) : "in execution order";
}

Table functions(const RunResult& r, Order order, std::size_t rows) {
  Table table{{{"self cycles", Align::right},
               {"share", Align::right},
               {"inclusive", Align::right},
               {"share", Align::right},
               {"calls", Align::right},
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
  for (std::size_t i = 0; i < std::min(rows, sorted.size()); ++i) {
    const Function& f = *sorted[i];
    shown += f.self_cycles;
    table.rows.push_back({{count(f.self_cycles), percent(real(f.self_cycles), total), count(f.inclusive_cycles),
                           percent(real(f.inclusive_cycles), total), f.calls ? count(f.calls) : "-",
                           f.name + (f.inlined ? " (inlined)" : "")}});
  }
  if (order == Order::self && sorted.size() > rows) {
    const Cycle rest = r.totals.cycles - std::min(shown, r.totals.cycles);
    table.rows.push_back(
        {{count(rest), percent(real(rest), total), "", "", "", plural(sorted.size() - rows, "more function")},
         0,
         true});
  }
  return table;
}

Table reasons(const RunResult& r) {
  Table table{{{"reason"}, {"cycles", Align::right}, {"share", Align::right}, {"", Align::left, Shrink::bar}}, {}};
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < r.totals.reasons.size(); ++i)
    if (r.totals.reasons[i]) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return r.totals.reasons[a] > r.totals.reasons[b]; });
  const double total = real(r.totals.cycles);
  for (const std::size_t i : order) {
    const double cycles = real(r.totals.reasons[i]);
    table.rows.push_back({{std::string(timing::title(static_cast<timing::Reason>(i))), count(r.totals.reasons[i]),
                           percent(cycles, total)},
                          total > 0 ? cycles / total : 0});
  }
  return table;
}

Facts fault(const RunResult& r) {
  if (!r.fault) return {};
  const Fault& f = *r.fault;
  Facts facts{{either(f.exception, "fault"), f.what},
              {"at", fmt::format("{} {}, cycle {}", hex(f.pc), f.where, count(f.cycle))}};
  for (const std::string& line : f.status) facts.push_back({"status", line});
  for (std::size_t i = 0; i < f.backtrace.size(); ++i) facts.push_back({fmt::format("#{}", i), f.backtrace[i]});
  std::string registers;
  for (const std::string& text : f.registers) registers += (registers.empty() ? "" : ", ") + text;
  if (!registers.empty()) facts.push_back({"registers", registers});
  if (!f.hint.empty()) facts.push_back({"try", f.hint});
  return facts;
}

Facts verdict(const RunResult& r, const Options& options) {
  const Estimate& e = r.totals.cycles_estimate;
  Facts facts;
  const bool told = r.stop.where.empty() || r.stop.message.find(r.stop.where) != std::string::npos;
  facts.push_back({"ended", fmt::format("{}{}; exit code {}", either(r.stop.message, r.stop.kind),
                                        told ? "" : ", at " + r.stop.where, static_cast<int>(r.stop.exit_code))});
  const double value = e.value > 0 ? e.value : 1;
  if (const std::string range = interval(e); !range.empty())
    facts.push_back({"confidence", fmt::format("cycles {:+.1f} % to {:+.1f} %: {}", 100 * (e.low - value) / value,
                                               100 * (e.high - value) / value, either(e.source, "no source given"))});
  else
    facts.push_back({"confidence", either(e.source, "no interval is known for this core's cycles")});
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
