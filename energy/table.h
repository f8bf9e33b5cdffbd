// What a board's events cost: models/energy/<board>.json, checked (models/schema/energy.schema.json) and in plain
// structs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/base/units.h"

namespace mj::energy {

/// A number of a chip with what is known about it: low <= value <= high.
struct Figure {
  double value = 0, low = 0, high = 0;
  std::string source, certainty;  ///< certainty: documented, measured, model, inferred, estimated
};

/// Prices over a range of clocks. Of an LDO these are charges and currents at the supply pin, whatever its voltage; of
/// a switching regulator energies and powers there.
struct Prices {
  Hertz low_hz = 0, high_hz = 0;      ///< clocks that the figures hold for; outside they are extrapolated
  Figure issue, stall;                ///< pC or pJ a cycle, above the static part
  std::optional<Figure> flash_fetch;  ///< pC or pJ for each issue cycle of code in flash
  std::optional<Figure> flash_read;   ///< pC or pJ for each read of the flash array
  std::optional<Figure> ram_access;   ///< pC or pJ for each data access to RAM
  Figure static_part;                 ///< mA or mW while awake: leakage, clock tree, enabled peripherals
  std::optional<Figure> sleep;        ///< mA or mW in WFI at these clocks, static part included
};

/// A state in which the core's clock is off and that the firmware leaves by an interrupt or a reset.
struct LowPowerMode {
  std::string name;        ///< "stop2"
  bool keeps_ram = false;  ///< else the firmware boots again
  Figure current_ma;       ///< at the supply pin
};

enum class Regulator { ldo, smps };

/// One way to supply the board's microcontroller.
struct Supply {
  std::string name, title;  ///< "ldo", "internal LDO"
  Regulator regulator = Regulator::ldo;
  double volts = 0, min_volts = 0, max_volts = 0;  ///< at the supply pin: usual, allowed
  std::string volts_source;
  std::vector<Prices> prices;  ///< by clock, ascending, not overlapping
  std::vector<LowPowerMode> modes;
  /// What the sum of the awake parts may be off by, however the parts themselves are split.
  double low_percent = 0, high_percent = 0;
  double octave_percent = 0;  ///< what the interval widens by for each octave between a clock and the nearest prices
  std::string tier;           ///< "datasheet", "board-measured", "firmware-measured", "estimated"
  std::string source;         ///< where that interval comes from
};

struct Table {
  std::string board, title;
  std::string scope;                 ///< what is contained: "supply of the microcontroller, without the board's LEDs"
  std::vector<Supply> supplies;      ///< the first is the usual one
  std::vector<std::string> unknown;  ///< what nobody published, a sentence each

  const Supply* supply(std::string_view named) const;
};

/// The table of a board; none if there is none for it.
/// Errors: usage (wrong key or value, with JSON pointer), unreadable (broken file).
Result<std::optional<Table>> load_table(const std::string& models_dir, const std::string& board);
/// A user's table. Errors: as above, and unreadable if it is missing.
Result<Table> load_table_file(const std::string& path);

}  // namespace mj::energy
