// What a finished run's counts cost, in joules and in days of a battery: no firmware runs here.
#pragma once

#include <string>

#include "energy/battery.h"
#include "energy/ledger.h"
#include "sim/base/error.h"
#include "sim/profile/run_result.h"

namespace mj {

/// Prices a result's activities, again if they had been priced. `table_path`: an energy table of the user's; empty: the
/// board's. A board without one leaves the energies empty and says so in the result's energy model.
/// Errors: usage (no such supply, voltage out of range, broken table).
Result<void> price(profile::RunResult& result, const energy::Conditions& conditions,
                   const std::string& table_path = "");

/// What price() would complain about, asked before a long run: `board` is its id.
Result<void> check_prices(const std::string& board, const energy::Conditions& conditions,
                          const std::string& table_path);

/// A battery of the catalogue. Errors: usage (there is none of that name), unreadable (broken catalogue).
Result<energy::Battery> find_battery(const std::string& name);

struct BatteryRequest {
  std::string battery;     ///< of models/batteries.json
  double every_s = 0;      ///< between two wake-ups
  std::string sleep_mode;  ///< "wfi" or a low-power mode of the energy table; empty: the least that keeps RAM
};

/// How long a battery lasts if the device wakes every so often for one inference, or where the firmware has no network
/// that ran, or its sleep mode forgets RAM, for a whole run.
/// Errors: usage: the result has no energy, unknown battery or sleep mode, no figure for any sleep mode.
Result<energy::BatteryLife> battery_life(const profile::RunResult& result, const energy::Conditions& conditions,
                                         const std::string& table_path, const BatteryRequest& request);

}  // namespace mj
