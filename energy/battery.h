// How long a battery lasts: models/batteries.json and one wake-up every so often.
#pragma once

#include <string>
#include <vector>

#include "energy/ledger.h"
#include "energy/table.h"

namespace mj::energy {

struct Battery {
  std::string name, title;                          ///< "cr2032"
  Figure capacity_mah;                              ///< down to the end voltage, at low drain
  double volts = 0, end_volts = 0, full_volts = 0;  ///< mean of a discharge, empty, fresh
  Figure internal_ohm;                              ///< high: near the end of its life
  Figure self_discharge_percent_year;
  double pulse_limit_ma = 0;     ///< above: capacity suffers; a warning
  Figure pulse_capacity_factor;  ///< what is left of the capacity with pulses above the limit
  double life_cap_years = 0;     ///< shelf life
};

/// All batteries of the catalogue, in its order. Errors: usage, unreadable (as load_table).
Result<std::vector<Battery>> load_batteries(const std::string& models_dir);

/// What the device does all its life: wakes every `period_s`, spends `active`, sleeps the rest.
struct Duty {
  double period_s = 0;
  double active_s = 0;                   ///< of a wake-up
  Interval active_j;                     ///< of a wake-up, at the supply pin
  double volts = 0;                      ///< at the supply pin, that active_j was priced with
  Regulator regulator = Regulator::ldo;  ///< an LDO draws its current whatever the voltage, a switching one its power
  Figure sleep_ma;                       ///< between wake-ups
  std::string sleep_name;                ///< "stop2"
};

struct Share {
  std::string what;  ///< "inference", "sleep (stop2)", "self-discharge"
  double percent = 0;
};

struct Life {
  Interval average_ma;        ///< drawn from the battery, self-discharge not included
  Interval days;              ///< capped by the shelf life; low and high take all inputs at their worst and best
  double peak_ma = 0;         ///< mean current while awake: what the battery sees through the board's capacitors
  std::vector<Share> shares;  ///< sum 100
  /// Pulse limit, voltage drop, supply range, shelf life, longer active than the period.
  std::vector<std::string> warnings;
};

/// What was asked of a battery, and the answer.
struct BatteryLife {
  Battery battery;
  Duty duty;
  Life life;
};

/// `min_volts`, `max_volts`: what the supply pin needs and bears (Supply::min_volts, max_volts); max 0: not checked.
/// Errors: usage: period, time awake or voltage not above 0.
Result<Life> battery_life(const Battery& battery, const Duty& duty, double min_volts, double max_volts = 0);

}  // namespace mj::energy
