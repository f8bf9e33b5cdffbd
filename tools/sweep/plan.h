// What a sweep varies and over which points: the cross product of the parameters' values, in the order given.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "energy/table.h"
#include "sim/base/error.h"
#include "sim/base/units.h"
#include "sim/board.h"

namespace mj::sweep {

enum class Parameter { board, clock, wait_states, supply, volts };

/// As it is written behind --vary: "flash.wait_states".
std::string_view name(Parameter parameter);
/// What --help says about them, a line each.
std::string parameter_help();

struct Value {
  std::string text;              ///< one way to write it: "48 MHz", "auto", "nucleo-l4r5zi", "1.8 V"
  std::string board;             ///< board: id, or path of a board file
  std::optional<Hertz> clock;    ///< clock; none: as the firmware programs it
  std::string wait_states = "";  ///< flash.wait_states: "auto", a number; empty: as the firmware programs them
  double volts = 0;              ///< volts
};

struct Axis {
  Parameter parameter = Parameter::board;
  std::vector<Value> values;
};

/// Reads "clock=48,80MHz": one argument of --vary each. Clocks are in MHz unless a unit says otherwise (Hz, kHz, MHz,
/// GHz); "programmed" leaves clock or wait states to the firmware.
/// Errors, all usage: no "=", unknown parameter, a parameter twice, empty list, a value that is none or stands twice.
Result<std::vector<Axis>> parse_axes(const std::vector<std::string>& varied);

struct Board {
  BoardSpec spec;
  std::string argument;                ///< RunRequest::board
  std::optional<energy::Table> table;  ///< what its energy is priced with; none: unknown
};

/// One combination of values.
struct Point {
  std::vector<std::string> values;  ///< texts, one an axis
  std::size_t board = 0;            ///< index into Plan::boards
  std::optional<Hertz> clock_hz;    ///< held; none: as the firmware programs it
  /// Flash wait states to hold, already looked up where "auto" was asked for; empty: as the firmware programs them.
  std::string wait_states;
  std::string supply;      ///< empty: the energy table's first
  double volts = 0;        ///< 0: the supply's usual ones
  std::string impossible;  ///< why the board can't do it, for the reader; empty: it can
};

struct Plan {
  std::vector<Axis> axes;
  std::vector<Board> boards;  ///< in the order given
  std::vector<Point> points;  ///< the last axis changes fastest

  bool varies(Parameter parameter) const;
};

inline constexpr std::size_t most_points = 10'000;

/// `board`: the one to take if boards are not varied. `energy_table`: a file to price with instead of the boards' own.
/// Errors: usage (too many points, unknown board, two boards of one id, a supply that no board has), unreadable (board
/// file or energy table missing or broken).
Result<Plan> make_plan(std::vector<Axis> axes, const std::string& board, const std::string& energy_table);

}  // namespace mj::sweep
