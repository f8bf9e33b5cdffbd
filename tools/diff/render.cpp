// A comparison for people: text and Markdown share their tables.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/diff/diff.h"
#include "tools/report/format.h"
#include "tools/report/sections.h"

namespace mj::diff {
namespace {

using report::Align;
using report::Facts;
using report::Row;
using report::Shrink;
using report::Table;

std::string figure(Unit unit, double value) {
  switch (unit) {
    case Unit::seconds:
    case Unit::joules:
    case Unit::watts:
      return report::quantity(value, name(unit));
    case Unit::bytes:
      return report::decimal(value, 0) + " B";
    case Unit::count:
    case Unit::cycles:
      break;
  }
  return report::decimal(value, 0);
}

std::string figure(Unit unit, const std::optional<double>& value) { return value ? figure(unit, *value) : "-"; }

std::string signed_figure(Unit unit, double value) { return (value > 0 ? "+" : "") + figure(unit, value); }

/// "-10.2 %", "+0.003 %"; "new" and "gone" where there is nothing to relate to.
std::string percent(const Pair& p) {
  if (!p.changed()) return "";
  if (!p.a || *p.a == 0) return "new";
  if (!p.b) return "gone";
  const double percent = *p.percent();
  if (std::abs(percent) >= 1000) return fmt::format("{:+.0f} %", percent);
  return std::abs(percent) >= 0.05 ? fmt::format("{:+.1f} %", percent) : fmt::format("{:+.1g} %", percent);
}

std::string change(Unit unit, const Pair& p) {
  if (!p.known()) return "-";
  return p.changed() ? signed_figure(unit, p.change()) : "no change";
}

/// "12,695,527 → 11,402,113, -10.2 %".
std::string sentence(Unit unit, const Pair& p) {
  const std::string name_of_unit = unit == Unit::cycles ? " cycles" : "";
  if (!p.changed()) return "no change: " + figure(unit, p.a) + name_of_unit + " in both";
  return figure(unit, p.a) + " → " + figure(unit, p.b) + name_of_unit + ": " + change(unit, p) + ", " + percent(p);
}

const Metric* metric(const Diff& d, std::string_view named) {
  const auto is_it = [&](const Metric& m) { return m.name == named; };
  const auto found = std::find_if(d.totals.begin(), d.totals.end(), is_it);
  return found == d.totals.end() ? nullptr : &*found;
}

std::string side_text(const Side& side) {
  const profile::Provenance& p = side.provenance;
  return fmt::format("{}: {}, CRC-32 {}, {} ({})", side.file, p.firmware, p.firmware_crc32, p.board, p.core);
}

std::string cycle_confidence(const Side& side) {
  const std::string around = report::relative_interval(side.cycles.value, side.cycles.low, side.cycles.high);
  return around.empty() ? "no interval known" : around;
}

bool changed(const Metric& m) { return m.value.changed(); }
bool changed(const LayerRow& r) { return r.match != Match::same || r.cycles.changed() || r.energy_j.changed(); }
bool changed(const FunctionRow& r) {
  return r.match != Match::same || r.cycles.changed() || r.energy_j.changed() || r.bytes.changed();
}
bool changed(const ReasonRow& r) { return r.cycles.changed(); }
bool changed(const SizeRow& r) { return r.bytes.changed(); }

template <class Rows>
std::size_t changed_rows(const Rows& rows) {
  return static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), [](const auto& r) { return changed(r); }));
}

bool equal(const Diff& d) {
  return !changed_rows(d.totals) && !changed_rows(d.layers) && !changed_rows(d.functions) && !changed_rows(d.reasons) &&
         !changed_rows(d.sizes);
}

Facts head(const Diff& d) {
  Facts facts{{"A", side_text(d.a)}, {"B", side_text(d.b)}};
  if (d.a.provenance.firmware_crc32 == d.b.provenance.firmware_crc32)
    facts.push_back({"firmware", "the same file in both"});
  for (const char* name_of : {"cycles", "energy"})
    if (const Metric* m = metric(d, name_of)) facts.push_back({name_of, sentence(m->unit, m->value)});
  if (equal(d)) facts.push_back({"result", "no change in anything that is compared"});
  facts.push_back({"confidence", fmt::format("cycles A {}, B {}", cycle_confidence(d.a), cycle_confidence(d.b))});
  if (metric(d, "energy") && d.a.energy && d.b.energy)
    facts.push_back({"confidence", fmt::format("energy A {}; B {}", report::confidence(*d.a.energy),
                                               report::confidence(*d.b.energy))});
  if (d.a.provenance.board == d.b.provenance.board)
    facts.push_back({"confidence", "both by the same model of the cycles: most of its error cancels in the change"});
  for (const std::string& remark : d.remarks) facts.push_back({"remark", remark});
  return facts;
}

Table totals(const Diff& d) {
  Table table{{{""}, {"A", Align::right}, {"B", Align::right}, {"change", Align::right}, {"%", Align::right}}, {}};
  for (const Metric& m : d.totals)
    table.rows.push_back(
        {{m.name, figure(m.unit, m.value.a), figure(m.unit, m.value.b), change(m.unit, m.value), percent(m.value)}});
  return table;
}

/// Energies of a table's rows in µJ, with as many decimals as its largest change needs.
class Microjoules {
 public:
  template <class Rows>
  explicit Microjoules(const Rows& rows) {
    double most = 0;
    for (const auto& r : rows) {
      any_ = any_ || r.energy_j.known();
      most = std::max(most, std::abs(r.energy_j.change()) * 1e6);
    }
    digits_ = most >= 1000 ? 1 : most >= 100 ? 2 : most >= 1 ? 3 : 6;
  }
  bool any() const { return any_; }
  std::string change(const Pair& p) const {
    if (!p.known()) return "-";
    if (!p.changed()) return "no change";
    const double least = std::pow(10, -digits_), change = p.change() * 1e6;
    if (std::abs(change) < least / 2) return "<" + report::decimal(least, digits_);
    return (change > 0 ? "+" : "") + report::decimal(change, digits_);
  }

 private:
  int digits_ = 3;
  bool any_ = false;
};

/// The columns behind a row's cycles.
void add_energy(std::vector<std::string>& cells, const Microjoules& uj, const Pair& energy) {
  if (!uj.any()) return;
  cells.push_back(uj.change(energy));
  cells.push_back(percent(energy));
}

std::string place(const LayerRow& r) {
  const auto text = [](const std::optional<int>& i) { return i ? std::to_string(*i) : std::string(); };
  if (r.index_a && r.index_b && r.index_a != r.index_b) return text(r.index_a) + "→" + text(r.index_b);
  return text(r.index_b ? r.index_b : r.index_a);
}

Table layers(const Diff& d) {
  Table table{{{"#", Align::right},
               {"op", Align::left, Shrink::keep_ends},
               {"name", Align::left, Shrink::keep_end},
               {"A cycles", Align::right},
               {"B cycles", Align::right},
               {"change", Align::right},
               {"%", Align::right}},
              {}};
  const Microjoules uj(d.layers);
  if (uj.any()) {
    table.columns.push_back({"µJ change", Align::right, Shrink::drop});
    table.columns.push_back({"%", Align::right, Shrink::drop});
  }
  for (const LayerRow& r : d.layers) {
    if (!changed(r)) continue;
    const bool layer = r.kind == LayerRow::Kind::layer;
    std::string what = r.kind == LayerRow::Kind::between_layers ? "between layers" : "outside of inference";
    Row row{{place(r), layer ? r.op : what, layer ? r.name.substr(0, r.name.find(';')) : "",
             figure(Unit::cycles, r.cycles.a), figure(Unit::cycles, r.cycles.b), change(Unit::cycles, r.cycles),
             percent(r.cycles)}};
    row.quiet = !layer;
    if (r.match == Match::renamed) row.cells[2] += " (was " + r.name_a.substr(0, r.name_a.find(';')) + ")";
    add_energy(row.cells, uj, r.energy_j);
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string function_title(const FunctionRow& r) {
  std::string title = r.name + (r.inlined_b || (r.inlined_a && r.match == Match::removed) ? " (inlined)" : "");
  if (r.match == Match::renamed) title += " (was " + r.name_a + ")";
  const bool in_both = r.match != Match::added && r.match != Match::removed;
  if (in_both && r.inlined_a != r.inlined_b) title += r.inlined_b ? ", called in A" : " (inlined in A)";
  return title;
}

Table functions(const Diff& d, std::size_t most) {
  Table table{{{"A self", Align::right}, {"B self", Align::right}, {"change", Align::right}, {"%", Align::right}}, {}};
  const Microjoules uj(d.functions);
  if (uj.any()) {
    table.columns.push_back({"µJ change", Align::right});
    table.columns.push_back({"%", Align::right, Shrink::drop});
  }
  const bool any_size =
      std::any_of(d.functions.begin(), d.functions.end(), [](const auto& r) { return r.bytes.changed(); });
  if (any_size) table.columns.push_back({"size", Align::right, Shrink::drop});
  table.columns.push_back({"function", Align::left, Shrink::keep_ends});
  std::size_t more = 0;
  double more_cycles = 0;
  for (const FunctionRow& r : d.functions) {
    if (!changed(r)) continue;
    if (table.rows.size() >= most) {
      ++more;
      more_cycles += r.cycles.change();
      continue;
    }
    Row row{{figure(Unit::cycles, r.cycles.a), figure(Unit::cycles, r.cycles.b), change(Unit::cycles, r.cycles),
             percent(r.cycles)}};
    add_energy(row.cells, uj, r.energy_j);
    if (any_size) row.cells.push_back(r.bytes.changed() ? signed_figure(Unit::bytes, r.bytes.change()) : "");
    row.cells.push_back(function_title(r));
    table.rows.push_back(std::move(row));
  }
  if (more) {
    Row row{{"", "", signed_figure(Unit::cycles, more_cycles)}, 0, true};
    row.cells.resize(table.columns.size() - 1);
    row.cells.push_back(report::plural(more, "more function"));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table reasons(const Diff& d) {
  Table table{{{"reason"},
               {"A cycles", Align::right},
               {"B cycles", Align::right},
               {"change", Align::right},
               {"%", Align::right}},
              {}};
  for (const ReasonRow& r : d.reasons)
    if (changed(r))
      table.rows.push_back({{r.title, figure(Unit::cycles, r.cycles.a), figure(Unit::cycles, r.cycles.b),
                             change(Unit::cycles, r.cycles), percent(r.cycles)}});
  return table;
}

Table sizes(const Diff& d, std::size_t most) {
  Table table{{{""},
               {"name", Align::left, Shrink::keep_ends},
               {"A", Align::right},
               {"B", Align::right},
               {"change", Align::right},
               {"%", Align::right}},
              {}};
  std::size_t more = 0;
  for (const SizeRow& r : d.sizes) {
    if (!changed(r)) continue;
    if (table.rows.size() >= most) {
      ++more;
      continue;
    }
    const bool symbol = r.kind == "symbol", unlisted = symbol && (!r.bytes.a || !r.bytes.b);
    const auto cell = [&](const std::optional<double>& v) {
      return unlisted && !v ? "small or none" : figure(Unit::bytes, v);
    };
    table.rows.push_back(
        {{r.kind, r.region.empty() ? r.name : r.region + " " + r.name, cell(r.bytes.a), cell(r.bytes.b),
          unlisted ? "-" : change(Unit::bytes, r.bytes), unlisted ? "" : percent(r.bytes)}});
  }
  if (more) table.rows.push_back({{"", report::plural(more, "more change")}, 0, true});
  return table;
}

struct Section {
  std::string name, remark;
  Table table;
};

/// "by the largest change; 11 rows have none and are left out".
template <class Rows>
std::string remark(const Rows& rows, const std::string& more = "") {
  const std::size_t same = rows.size() - changed_rows(rows);
  if (same == rows.size()) return "no change";
  std::string text = "by the largest change";
  if (same) text += fmt::format("; {} without a change left out", report::plural(same, "row"));
  return text + more;
}

std::vector<Section> sections(const Diff& d, const report::Options& o) {
  std::string uj;
  if (d.a.energy && d.b.energy && metric(d, "energy")) {
    const std::string &a = d.a.energy->tier, &b = d.b.energy->tier;
    uj = "; µJ: " + (a == b ? a : "A " + a + ", B " + b) + ", confidence above";
  }
  std::vector<Section> out{{"totals", "", totals(d)}};
  if (d.layers.size() > 1)
    out.push_back({"layers", remark(d.layers, (d.per_inference ? "; mean of the inferences" : "") + uj), layers(d)});
  out.push_back({"functions", remark(d.functions, "; self cycles" + uj), functions(d, o.rows)});
  out.push_back({"why", remark(d.reasons), reasons(d)});
  out.push_back({"sizes", remark(d.sizes), sizes(d, o.rows)});
  return out;
}

}  // namespace

std::string text(const Diff& d, const report::Options& o) {
  std::string out = report::bold("microjoule diff", o) +
                    report::printable(fmt::format("   {} → {}", d.a.file, d.b.file)) + "\n" +
                    report::facts_text(head(d), o);
  for (const Section& s : sections(d, o)) {
    out += report::title(s.name, s.remark, o);
    if (!s.table.rows.empty()) out += s.table.text(o);
  }
  return out;
}

std::string markdown(const Diff& d, const report::Options& o) {
  Table facts{{{""}, {""}}, {}};
  for (const report::Fact& f : head(d)) facts.rows.push_back({{f.what, f.value}});
  std::string out = "## microjoule diff\n\n" + facts.markdown();
  for (const Section& s : sections(d, o))
    out += "\n### " + s.name + "\n\n" + (s.remark.empty() ? "" : s.remark + "\n\n") +
           (s.table.rows.empty() ? "" : s.table.markdown());
  return out;
}

}  // namespace mj::diff
