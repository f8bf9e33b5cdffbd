// Text and Markdown: the points, what they take on each board, and how sure it is.
#include "tools/report/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "tools/report/format.h"
#include "tools/sweep/render.h"

namespace mj::sweep {
namespace {

using report::Align;
using report::Row;
using report::Shrink;
using report::Table;

/// "±19%", "-12+16%"; empty where there is no interval.
std::string plus_minus(const Interval& i) {
  if (!(i.value > 0) || (i.low == i.value && i.high == i.value)) return "";
  const std::string low = fmt::format("{:.0f}", 100 * (i.value - i.low) / i.value);
  const std::string high = fmt::format("{:.0f}", 100 * (i.high - i.value) / i.value);
  return low == high ? fmt::format(" ±{}%", high) : fmt::format(" -{}+{}%", low, high);
}

std::string front_mark(const Outcome& o) {
  std::string mark = o.place.on_front ? (o.figures.energy_j ? "*" : "(*)") : "";
  return mark + (o.place.certain ? "" : "≈");
}

std::string reason_of(const Outcome& o) {
  return (o.state == State::failed ? "failed: " : "not possible: ") + o.reason;
}

bool any_energy(const Sweep& s) {
  return std::any_of(s.outcomes.begin(), s.outcomes.end(),
                     [](const Outcome& o) { return o.figures.energy_j.has_value(); });
}

/// Whether wait states that the reader didn't ask for are held.
bool shows_waits(const Sweep& s) {
  return !s.plan.varies(Parameter::wait_states) &&
         std::any_of(s.plan.points.begin(), s.plan.points.end(), [](const Point& p) { return !p.wait_states.empty(); });
}

/// A point's settings as cells, the same for all rows.
std::vector<std::string> setting_cells(const Sweep& s, std::size_t i) {
  const Point& p = s.plan.points[i];
  std::vector<std::string> cells{std::to_string(i)};
  for (std::size_t a = 0; a < s.plan.axes.size(); ++a) {
    const bool automatic = s.plan.axes[a].parameter == Parameter::wait_states && p.values[a] == "auto";
    cells.push_back(p.values[a] + (automatic && !p.wait_states.empty() ? " " + p.wait_states : ""));
  }
  if (shows_waits(s)) cells.push_back(p.wait_states);
  return cells;
}

/// One row a point; of points without figures only the settings.
Table points_table(const Sweep& s) {
  Table table{{{"#", Align::right}}, {}};
  for (const Axis& axis : s.plan.axes) switch (axis.parameter) {
      case Parameter::board:
        table.columns.push_back({"board", Align::left, Shrink::keep_ends});
        break;
      case Parameter::clock:
      case Parameter::volts:
        table.columns.push_back({std::string(name(axis.parameter)), Align::right});
        break;
      case Parameter::wait_states:
        table.columns.push_back({"waits", Align::left});
        break;
      case Parameter::supply:
        table.columns.push_back({"supply", Align::left});
        break;
    }
  if (shows_waits(s)) table.columns.push_back({"waits", Align::right});
  const bool energy = any_energy(s);
  table.columns.push_back({"cycles", Align::right});
  table.columns.push_back({"latency", Align::right});
  if (energy) table.columns.push_back({"energy", Align::right});
  if (energy) table.columns.push_back({"energy tier", Align::left, Shrink::keep_end});
  if (energy) table.columns.push_back({"mean power", Align::right, Shrink::drop});
  table.columns.push_back({"front", Align::left});
  if (s.with_budget) table.columns.push_back({"budget", Align::left});
  for (std::size_t i = 0; i < s.plan.points.size(); ++i) {
    const Outcome& o = s.outcomes[i];
    const Figures& f = o.figures;
    Row row{setting_cells(s, i)};
    if (o.state == State::done) {
      row.cells.push_back(report::decimal(f.cycles.value, 0));
      row.cells.push_back(report::duration(f.latency_s.value) + plus_minus(f.latency_s));
      if (energy)
        row.cells.push_back(f.energy_j ? report::quantity(f.energy_j->value, "J") + plus_minus(*f.energy_j) : "-");
      if (energy) row.cells.push_back(f.energy_tier);
      if (energy) row.cells.push_back(f.energy_j ? report::quantity(f.power_w.value, "W") : "-");
      row.cells.push_back(front_mark(o));
      if (s.with_budget) row.cells.push_back(o.passes.value_or(false) ? "pass" : "fail");
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string used(std::uint64_t bytes, std::uint64_t size) {
  return report::bytes(bytes) + (size ? " of " + report::bytes(size) : "");
}

/// What hardly changes from point to point: a row for each board, or more if its points differ in it.
Table boards_table(const Sweep& s) {
  Table table{{{"board", Align::left, Shrink::keep_ends},
               {"flash", Align::right},
               {"RAM, peak", Align::right},
               {"of it stack", Align::right},
               {"fits", Align::left},
               {"tier of cycles", Align::left}},
              {}};
  for (std::size_t b = 0; b < s.plan.boards.size(); ++b) {
    const std::size_t first = table.rows.size();
    for (std::size_t i = 0; i < s.plan.points.size(); ++i) {
      const Outcome& o = s.outcomes[i];
      const Figures& f = o.figures;
      if (s.plan.points[i].board != b || o.state != State::done) continue;
      std::vector<std::string> cells{s.plan.boards[b].spec.id,       used(f.flash_used, f.flash_size),
                                     used(f.ram_peak(), f.ram_size), report::bytes(f.stack_used),
                                     f.fits() ? "yes" : "no",        o.core_tier};
      const bool known = std::any_of(table.rows.begin() + static_cast<std::ptrdiff_t>(first), table.rows.end(),
                                     [&](const Row& row) { return row.cells == cells; });
      if (!known) table.rows.push_back({std::move(cells)});
    }
  }
  return table;
}

/// What the joules were priced for where it isn't varied: "nucleo-l4r5zi ldo 3.3 V, nano33ble smps 3.3 V".
std::string supplies(const Sweep& s) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < s.plan.points.size(); ++i) {
    const Figures& f = s.outcomes[i].figures;
    if (!f.energy_j) continue;
    std::string one = fmt::format("{} {} {} V", s.plan.boards[s.plan.points[i].board].spec.id, f.supply, f.volts);
    if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(std::move(one));
  }
  return all.empty() ? "" : fmt::format("energy: {}", fmt::join(all, ", "));
}

std::string heading(const Sweep& s) {
  return "sweep of " + report::printable(s.subject) +
         (s.plan.varies(Parameter::board) ? "" : " on " + s.plan.boards.front().spec.id);
}

std::string points_heading(const Sweep& s) {
  const bool per_inference =
      std::any_of(s.outcomes.begin(), s.outcomes.end(), [](const Outcome& o) { return o.figures.per_inference; });
  return per_inference ? "of one inference" : "of the whole run";
}

/// What stands below the tables: all remarks but the first, which stands above them.
std::vector<std::string> notes(const Sweep& s) {
  std::vector<std::string> all;
  if (!s.remarks.empty()) all.assign(s.remarks.begin() + 1, s.remarks.end());
  if (std::string priced = supplies(s); !priced.empty()) all.push_back(std::move(priced));
  return all;
}

/// Which limits the points do not keep, a line each.
std::vector<std::string> budget_lines(const Sweep& s) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < s.outcomes.size(); ++i)
    for (const std::string& over : s.outcomes[i].over) lines.push_back(fmt::format("#{}  {}", i, over));
  return lines;
}

/// The table's lines, with the reasons of points that have no figures where these would stand.
std::string with_reasons(const Sweep& s, const Table& table, const report::Options& options) {
  std::vector<std::string> lines;
  const std::string all = table.text(options);
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = all.find('\n', at);
    lines.push_back(all.substr(at, end - at));
    at = end + 1;
  }
  const std::size_t header = lines.size() - s.outcomes.size();
  std::size_t settings_end = 0;
  for (std::size_t i = 0; i < s.outcomes.size(); ++i)
    if (s.outcomes[i].state != State::done) settings_end = std::max(settings_end, report::columns(lines[header + i]));
  const std::size_t from = settings_end + 2;
  constexpr std::size_t narrowest = 30;
  const std::size_t room = options.width > from + narrowest ? options.width - from : narrowest;
  for (std::size_t i = 0; i < s.outcomes.size(); ++i) {
    if (s.outcomes[i].state == State::done) continue;
    std::string& line = lines[header + i];
    std::string pad(from - report::columns(line), ' ');
    for (const std::string& part : report::wrap(report::printable(reason_of(s.outcomes[i])), room)) {
      line += pad + report::dim(part, options);
      pad = "\n" + std::string(from, ' ');
    }
  }
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

}  // namespace

std::string text(const Sweep& s, const report::Options& options) {
  constexpr std::size_t indent = 2;
  const auto sentence = [&](const std::string& remark) {
    std::string out;
    for (const std::string& line : report::wrap(report::printable(remark), options.width - indent))
      out += std::string(indent, ' ') + line + "\n";
    return out;
  };
  std::string out = report::bold(heading(s), options) + "\n";
  if (!s.remarks.empty()) out += sentence(s.remarks.front());
  out += "\n" + report::bold("points", options) + "   " + points_heading(s) + "\n";
  out += with_reasons(s, points_table(s), options);
  if (const Table boards = boards_table(s); !boards.rows.empty())
    out += "\n" + report::bold("boards", options) + "\n" + boards.text(options);
  if (const auto over = budget_lines(s); !over.empty()) {
    out += "\n" + report::bold("over budget", options) + "\n";
    for (std::size_t i = 0; i < std::min(over.size(), options.rows); ++i) out += sentence(over[i]);
    if (over.size() > options.rows)
      out += sentence(fmt::format("and {}", report::plural(over.size() - options.rows, "more line")));
  }
  out += "\n" + report::bold("notes", options) + "\n";
  for (const std::string& note : notes(s)) out += sentence(note);
  return out;
}

std::string markdown(const Sweep& s, const report::Options&) {
  Table points = points_table(s);
  const bool reasons =
      std::any_of(s.outcomes.begin(), s.outcomes.end(), [](const Outcome& o) { return o.state != State::done; });
  if (reasons) points.columns.push_back({"note"});
  for (std::size_t i = 0; reasons && i < s.outcomes.size(); ++i) {
    points.rows[i].cells.resize(points.columns.size());
    if (s.outcomes[i].state != State::done) points.rows[i].cells.back() = reason_of(s.outcomes[i]);
  }
  std::string out = "## microjoule: " + heading(s) + "\n\n";
  if (!s.remarks.empty()) out += s.remarks.front() + "\n\n";
  out += "### Points\n\n" + points_heading(s) + "\n\n" + points.markdown();
  if (const Table boards = boards_table(s); !boards.rows.empty()) out += "\n### Boards\n\n" + boards.markdown();
  if (const auto over = budget_lines(s); !over.empty()) {
    out += "\n### Over budget\n\n";
    for (const std::string& line : over) out += "- " + report::printable(line) + "\n";
  }
  out += "\n### Notes\n\n";
  for (const std::string& note : notes(s)) out += "- " + report::printable(note) + "\n";
  return out;
}

}  // namespace mj::sweep
