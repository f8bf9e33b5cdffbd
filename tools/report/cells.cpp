#include "tools/report/cells.h"

#include <cmath>

#include "tools/report/format.h"
#include "tools/report/sections.h"

namespace mj::report {

using namespace profile;

namespace {

/// A cell of a column that sums to `total`: with the decimals that so many digits of the total take, "<0.1" for what
/// would look like nothing.
std::string part_of(double value, double total, int digits) {
  constexpr int most_decimals = 6;
  int decimals = 0;
  double step = 1;
  for (double limit = std::pow(10, digits - 1); total < limit && decimals < most_decimals; limit /= 10, step /= 10)
    ++decimals;
  return value > 0 && value < step / 2 ? "<" + decimal(step, decimals) : decimal(value, decimals);
}

}  // namespace

std::string milliseconds(double seconds, const RunResult& r) {
  return part_of(seconds * 1e3, r.totals.time_s * 1e3, 5);
}

std::string microjoules(const std::optional<Energy>& energy, const RunResult& r) {
  if (!energy || !r.totals.energy) return "-";
  return part_of(real(energy->split.total()) * 1e-9, real(r.totals.energy->split.total()) * 1e-9, 4);
}

void remove_column(Table& table, std::string_view title) {
  const auto is_it = [&](const Column& c) { return c.title == title; };
  const auto column = std::find_if(table.columns.begin(), table.columns.end(), is_it);
  if (column == table.columns.end()) return;
  const auto c = column - table.columns.begin();
  table.columns.erase(column);
  for (Row& row : table.rows)
    if (c < std::ssize(row.cells)) row.cells.erase(row.cells.begin() + c);
}

std::string joule_remark(const RunResult& r) {
  if (!r.totals.energy) return r.energy_model.table.empty() && r.totals.cycles ? "; energy unknown" : "";
  return "; µJ: total " + confidence(*r.totals.energy);
}

}  // namespace mj::report
