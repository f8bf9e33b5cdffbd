#include "sim/price.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "energy/table.h"
#include "sim/base/did_you_mean.h"
#include "sim/board.h"

namespace mj {

using namespace profile;

namespace {

constexpr double femto = 1e-15;

/// How far awake cycles may be off, as factors of their number.
struct CycleError {
  double low = 0, high = 0;
};

CycleError cycle_error(const Totals& t) {
  const auto awake = static_cast<double>(t.cycles - std::min(t.cycles, t.idle_cycles));
  if (!(awake > 0)) return {};
  return {(t.cycles_estimate.value - t.cycles_estimate.low) / awake,
          (t.cycles_estimate.high - t.cycles_estimate.value) / awake};
}

/// The table's interval and the cycles' are independent of each other: their half widths add as squares.
Energy priced(const energy::Ledger& ledger, const energy::Activities& activity, const CycleError& cycles) {
  Energy e;
  e.split = ledger.price(activity);
  const energy::Interval table = ledger.interval(activity);
  const double awake = static_cast<double>(e.split.total() - e.split.sleep_fj) * femto;
  e.value_j = static_cast<double>(e.split.total()) * femto;
  e.low_j = std::max(0.0, e.value_j - std::hypot(e.value_j - table.low, awake * cycles.low));
  e.high_j = e.value_j + std::hypot(table.high - e.value_j, awake * cycles.high);
  e.tier = ledger.tier(activity);
  return e;
}

/// Calls f(parts) for each row that has parts.
template <class F>
void each_parts(RunResult& r, F f) {
  for (Layer& l : r.layers) f(l.parts);
  for (Network& n : r.networks) f(n.between_parts);
  for (Phase& p : r.phases) f(p.parts);
}

void unpriced(RunResult& r) {
  each_parts(r, [](std::vector<Part>& parts) {
    for (Part& p : parts) p.energy.reset();
  });
  r.totals.energy.reset();
  for (Layer& l : r.layers) l.energy.reset();
  for (Phase& p : r.phases) p.energy.reset();
  for (Function& f : r.functions) f.energy.reset();
  for (Network& n : r.networks) {
    n.energy.reset();
    n.between_energy.reset();
  }
  r.energy_model = {};
}

Result<std::optional<energy::Table>> table_of(const std::string& board, const std::string& path) {
  if (path.empty()) return energy::load_table(models_dir(), board);
  auto own = energy::load_table_file(path);
  if (!own) return own.error();
  return std::optional(std::move(own).value());
}

Error no_table(const std::string& board) {
  return Error{ExitCode::usage, "a supply was asked for, but this board has no energy table", "board " + board,
               "nobody published figures that we know of", "--energy-table FILE gives a table of your own"};
}

/// Current in WFI at the clock that the run ended with, from prices of that clock or the nearest.
std::optional<energy::Figure> wfi_current(const energy::Supply& supply, double volts, Hertz hz) {
  const energy::Prices* best = nullptr;
  double nearest = 0;
  for (const energy::Prices& p : supply.prices) {
    if (!p.sleep) continue;
    const Hertz edge = std::clamp(hz, p.low_hz, p.high_hz);
    const double octaves = std::abs(std::log2(static_cast<double>(hz) / static_cast<double>(edge)));
    if (best && octaves >= nearest) continue;
    best = &p;
    nearest = octaves;
  }
  if (!best) return std::nullopt;
  energy::Figure f = *best->sleep;
  const double to_ma = supply.regulator == energy::Regulator::smps ? 1 / volts : 1;  // mW to mA
  f.value *= to_ma;
  f.low *= to_ma;
  f.high *= to_ma;
  return f;
}

}  // namespace

Result<void> price(RunResult& r, const energy::Conditions& conditions, const std::string& table_path) {
  unpriced(r);
  auto table = table_of(r.provenance.board, table_path);
  if (!table) return table.error();
  EnergyModel& model = r.energy_model;
  if (!*table) {
    if (!conditions.supply.empty() || conditions.volts != 0) return no_table(r.provenance.board);
    model.remarks.push_back(fmt::format("no energy figures are known for board {}; --energy-table FILE takes your own",
                                        r.provenance.board));
    return {};
  }
  auto ledger = energy::Ledger::create(**table, conditions, r.operating_points);
  if (!ledger) return ledger.error();
  const CycleError cycles = cycle_error(r.totals);
  r.totals.energy = priced(*ledger, r.totals.activity, cycles);
  for (Function& f : r.functions) f.energy = priced(*ledger, f.activity, cycles);
  for (Phase& p : r.phases) p.energy = priced(*ledger, p.activity, cycles);
  each_parts(r, [&](std::vector<Part>& parts) {
    for (Part& p : parts)
      if (!p.activity.empty()) p.energy = priced(*ledger, p.activity, cycles);
  });
  for (std::size_t i = 0; i < r.networks.size(); ++i) {
    Network& n = r.networks[i];
    n.energy = priced(*ledger, n.activity, cycles);
    energy::Activities between = n.activity;
    for (Layer& l : r.layers) {
      if (l.network != static_cast<int>(i)) continue;
      l.energy = priced(*ledger, l.activity, cycles);
      energy::operator-=(between, l.activity);
    }
    n.between_energy = priced(*ledger, between, cycles);
  }

  model.table = (*table)->board;
  model.scope = (*table)->scope;
  model.supply = ledger->supply().name;
  model.supply_title = ledger->supply().title;
  model.regulator = ledger->supply().regulator == energy::Regulator::ldo ? "ldo" : "smps";
  model.volts = ledger->volts();
  model.tier = ledger->tier(r.totals.activity);
  model.source = ledger->supply().source;
  model.remarks = ledger->remarks(r.totals.activity);
  for (const std::string& u : (*table)->unknown) model.remarks.push_back("unknown: " + u);
  if (r.totals.time_s > 0) {
    // Cycles that are too many or too few make time longer or shorter in the same way: power is left as it is.
    const energy::Interval power = ledger->interval(r.totals.activity);
    model.average_power_w = power.value / r.totals.time_s;
    model.average_power_low_w = power.low / r.totals.time_s;
    model.average_power_high_w = power.high / r.totals.time_s;
  }
  return {};
}

Result<void> check_prices(const std::string& board, const energy::Conditions& conditions,
                          const std::string& table_path) {
  const auto table = table_of(board, table_path);
  if (!table) return table.error();
  const bool asked = !conditions.supply.empty() || conditions.volts != 0;
  if (!*table) return asked ? Result<void>(no_table(board)) : Result<void>();
  if (auto ledger = energy::Ledger::create(**table, conditions, {}); !ledger) return ledger.error();
  return {};
}

Result<energy::Battery> find_battery(const std::string& name) {
  auto catalogue = energy::load_batteries(models_dir());
  if (!catalogue) return catalogue.error();
  std::vector<std::string> names;
  for (energy::Battery& b : *catalogue) {
    if (b.name == name) return std::move(b);
    names.push_back(b.name);
  }
  const std::string* near = nearest_word(name, names);
  return Error{ExitCode::usage, fmt::format("unknown battery '{}'", name), "--battery",
               near ? fmt::format("did you mean '{}'?", *near) : "", fmt::format("one of {}", fmt::join(names, ", "))};
}

Result<energy::BatteryLife> battery_life(const RunResult& r, const energy::Conditions& conditions,
                                         const std::string& table_path, const BatteryRequest& request) {
  const auto battery = find_battery(request.battery);
  if (!battery) return battery.error();
  auto table = table_of(r.provenance.board, table_path);
  if (!table) return table.error();
  if (!*table || !r.totals.energy)
    return Error{ExitCode::usage, "no battery life without energy", "board " + r.provenance.board,
                 "no energy figures are known for it", "--energy-table FILE gives a table of your own"};
  auto ledger = energy::Ledger::create(**table, conditions, r.operating_points);
  if (!ledger) return ledger.error();
  const energy::Supply& supply = ledger->supply();

  const Hertz hz = r.operating_points.empty() ? 0 : r.operating_points.back().clock_hz;
  const energy::LowPowerMode* mode = nullptr;
  for (const energy::LowPowerMode& m : supply.modes) {
    const bool fits = request.sleep_mode.empty() ? m.keeps_ram : m.name == request.sleep_mode;
    if (fits && (!mode || m.current_ma.value < mode->current_ma.value)) mode = &m;
  }
  const bool wants_wfi = request.sleep_mode == "wfi" || (request.sleep_mode.empty() && !mode);
  const auto wfi = wfi_current(supply, ledger->volts(), hz);
  if (!mode && !(wants_wfi && wfi)) {
    std::vector<std::string> known;
    if (wfi) known.push_back("wfi");
    for (const energy::LowPowerMode& m : supply.modes) known.push_back(m.name);
    return Error{ExitCode::usage,
                 request.sleep_mode.empty() ? "no sleep current is known for this board"
                                            : fmt::format("no figure for sleep mode '{}'", request.sleep_mode),
                 "board " + r.provenance.board + ", supply " + supply.name, "",
                 known.empty() ? "--energy-table FILE gives a table of your own"
                               : fmt::format("--sleep-mode {}", fmt::join(known, ", "))};
  }

  energy::Duty duty;
  duty.period_s = request.every_s;
  duty.volts = ledger->volts();
  duty.regulator = supply.regulator;
  duty.sleep_ma = mode ? mode->current_ma : *wfi;
  duty.sleep_name = mode ? mode->name : "wfi";
  const auto ran = std::find_if(r.networks.begin(), r.networks.end(), [](const auto& n) { return n.inferences > 0; });
  const bool forgets = mode && !mode->keeps_ram;
  const bool one_inference = ran != r.networks.end() && !forgets;
  const double each = one_inference ? 1.0 / static_cast<double>(ran->inferences) : 1;
  const Energy& e = one_inference ? *ran->energy : *r.totals.energy;
  duty.active_s = (one_inference ? ran->time_s : r.totals.time_s) * each;
  duty.active_j = {e.value_j * each, e.low_j * each, e.high_j * each};
  auto life = energy::battery_life(*battery, duty, supply.min_volts, supply.max_volts);
  if (!life) return life.error();
  if (forgets && ran != r.networks.end())
    life->warnings.push_back(fmt::format("{} forgets RAM: each wake-up is a whole run, start-up included", mode->name));
  return energy::BatteryLife{*battery, duty, std::move(life).value()};
}

}  // namespace mj
