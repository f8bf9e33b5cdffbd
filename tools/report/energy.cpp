// The sections that joules fill: where they went, how sure they are, how long a battery gives them.
#include <fmt/format.h>

#include <algorithm>

#include "tools/report/cells.h"
#include "tools/report/format.h"
#include "tools/report/sections.h"

namespace mj::report {

using namespace profile;

std::string range(double low, double high, std::string_view unit) {
  return quantity(low, unit) + " to " + quantity(high, unit);
}

std::string unknown_energy(const RunResult& r) {
  return r.energy_model.remarks.empty() ? "no energy table for this board" : r.energy_model.remarks.front();
}

std::string supply_text(const EnergyModel& m) {
  return fmt::format("{} at {:.4g} V", either(m.supply_title, either(m.supply, "unnamed supply")), m.volts);
}

std::optional<Energy> outside_energy(const RunResult& r) {
  if (!r.totals.energy) return std::nullopt;
  Energy rest = *r.totals.energy;
  const auto take = [](std::uint64_t& from, std::uint64_t n) { from -= std::min(from, n); };
  for (const Network& n : r.networks) {
    if (!n.energy) return std::nullopt;
    take(rest.split.core_fj, n.energy->split.core_fj);
    take(rest.split.flash_fj, n.energy->split.flash_fj);
    take(rest.split.ram_fj, n.energy->split.ram_fj);
    take(rest.split.static_fj, n.energy->split.static_fj);
    take(rest.split.sleep_fj, n.energy->split.sleep_fj);
    // An error of a price is the same one inside and outside: the bounds subtract like the values.
    rest.low_j -= n.energy->low_j;
    rest.high_j -= n.energy->high_j;
  }
  rest.value_j = real(rest.split.total()) * 1e-15;
  rest.low_j = std::clamp(rest.low_j, 0.0, rest.value_j);
  rest.high_j = std::max(rest.high_j, rest.value_j);
  return rest;
}

std::string confidence(const Energy& e) {
  const std::string interval = relative_interval(e.value_j, e.low_j, e.high_j);
  const std::string tier = either(e.tier, "tier unknown");
  return interval.empty() ? tier : interval + ", " + tier;
}

Table energy_split(const RunResult& r) {
  Table table{{{"part"}, {"energy", Align::right}, {"share", Align::right}, {"", Align::left, Shrink::bar}}, {}};
  if (!r.totals.energy) return table;
  const energy::Split& split = r.totals.energy->split;
  const double total = real(split.total());
  const auto row = [&](const char* part, std::uint64_t fj) {
    table.rows.push_back(
        {{part, quantity(real(fj) * 1e-15, "J"), percent(real(fj), total)}, total > 0 ? real(fj) / total : 0});
  };
  row("core", split.core_fj);
  row("flash", split.flash_fj);
  row("SRAM", split.ram_fj);
  row("static", split.static_fj);
  row("sleep", split.sleep_fj);
  row("total", split.total());
  table.rows.back().quiet = true;
  table.rows.back().part = 0;
  return table;
}

std::string energy_remark(const RunResult& r) {
  if (!r.totals.energy) return "unknown: " + unknown_energy(r);
  return "where it went; total " + confidence(*r.totals.energy);
}

Facts battery(const BatteryLife& b) {
  const energy::Battery& battery = b.battery;
  const energy::Duty& duty = b.duty;
  const energy::Life& life = b.life;
  const auto milli = [](double ma) { return quantity(ma * 1e-3, "A"); };
  Facts facts;
  facts.push_back(
      {"battery", fmt::format("{} ({}): {:.4g} mAh, {:.4g} V down to {:.4g} V", either(battery.title, battery.name),
                              battery.name, battery.capacity_mah.value, battery.volts, battery.end_volts)});
  facts.push_back(
      {"use", fmt::format("every {} awake for {} and {} ({}), else {} with {} ({}); supply {:.4g} V",
                          duration(duty.period_s), duration(duty.active_s), quantity(duty.active_j.value, "J"),
                          range(duty.active_j.low, duty.active_j.high, "J"), either(duty.sleep_name, "asleep"),
                          milli(duty.sleep_ma.value), range(duty.sleep_ma.low * 1e-3, duty.sleep_ma.high * 1e-3, "A"),
                          duty.volts)});
  const auto days = [](double n) { return n < 99.5 ? decimal(n, 1) : decimal(n, 0); };
  const double years = life.days.value / 365.25;
  facts.push_back({"life", fmt::format("{} days, {} to {} days{}", days(life.days.value), days(life.days.low),
                                       days(life.days.high), years >= 1 ? fmt::format("; {:.1f} years", years) : "")});
  facts.push_back({"average", fmt::format("{}, {} drawn from the battery", milli(life.average_ma.value),
                                          range(life.average_ma.low * 1e-3, life.average_ma.high * 1e-3, "A"))});
  facts.push_back({"awake", milli(life.peak_ma) + " on average"});
  std::string shares;
  for (const energy::Share& s : life.shares)
    shares += (shares.empty() ? "" : ", ") + s.what + " " + fmt::format("{:.1f} %", s.percent);
  if (!shares.empty()) facts.push_back({"shares", shares});
  const auto known = [&](const char* what, const energy::Figure& f) {
    facts.push_back({"confidence", fmt::format("{} {}: {}", what, either(f.certainty, "of unknown certainty"),
                                               either(f.source, "no source given"))});
  };
  known("capacity", battery.capacity_mah);
  known("sleep current", duty.sleep_ma);
  for (const std::string& warning : life.warnings) facts.push_back({"warning", warning});
  return facts;
}

}  // namespace mj::report
