#include "tools/sweep/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>

#include "sim/base/did_you_mean.h"

namespace mj::sweep {
namespace {

struct ParameterRow {
  Parameter parameter;
  std::string_view name, what;
};
constexpr ParameterRow parameters[] = {
    {Parameter::board, "board", "ids of boards, or board files"},
    {Parameter::clock, "clock", "core clock from reset on, in MHz or with a unit: 48, 32768Hz; or programmed"},
    {Parameter::wait_states, "flash.wait_states", "0 to 15, auto (least for the clock), or programmed"},
    {Parameter::supply, "supply", "as the board's energy table names them: ldo, smps"},
    {Parameter::volts, "volts", "at the supply pin: 1.8"},
};
constexpr std::string_view programmed = "programmed";
constexpr Hertz most_hz = 10'000'000'000;
constexpr unsigned most_wait_states = 15;
constexpr double most_volts = 100;

Error usage(std::string what, std::string where = "", std::string why = "", std::string advice = "") {
  return {ExitCode::usage, std::move(what), std::move(where), std::move(why), std::move(advice)};
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

/// "33.333333 MHz": every digit of it, for two clocks must not look the same.
std::string exact_clock(Hertz hz) {
  const auto in = [&](Hertz unit, int digits, const char* name) {
    std::string text = fmt::format("{}.{:0{}}", hz / unit, hz % unit, digits);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text + " " + name;
  };
  if (hz >= 1'000'000) return in(1'000'000, 6, "MHz");
  return hz >= 1'000 ? in(1'000, 3, "kHz") : fmt::format("{} Hz", hz);
}

Result<Value> read_clock(const std::string& text) {
  const auto bad = [&](std::string why) {
    return usage(fmt::format("'{}' is no clock", text), "--vary clock", std::move(why),
                 "MHz, or with a unit: 48, 4.5MHz, 32768Hz; or programmed");
  };
  Value value;
  if (text == programmed) {
    value.text = text;
    return value;
  }
  if (text.front() == '-') return bad("it is negative");
  const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  std::string digits = text.substr(0, end);
  const std::string unit = lower(text.substr(end));
  int power = unit.empty() || unit == "mhz" ? 6 : unit == "khz" ? 3 : unit == "hz" ? 0 : unit == "ghz" ? 9 : -1;
  if (digits.empty() || digits == "." || power < 0) return bad("it is no number with Hz, kHz, MHz or GHz behind it");
  if (const std::size_t point = digits.find('.'); point != std::string::npos) {
    digits.erase(point, 1);
    if (digits.find('.') != std::string::npos) return bad("it has two points");
    power -= static_cast<int>(digits.size() - point);
  }
  for (; power < 0 && digits.size() > 1 && digits.back() == '0'; ++power) digits.pop_back();
  digits.erase(0, digits.find_first_not_of('0'));
  if (digits.empty()) return bad("it must be above 0");
  if (power < 0) return bad("it is no whole number of Hz");
  digits.append(static_cast<std::size_t>(power), '0');
  Hertz hz = 0;
  const auto [rest, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), hz);
  if (failed != std::errc() || rest != digits.data() + digits.size() || hz > most_hz)
    return bad("it is above " + exact_clock(most_hz));
  value.clock = hz;
  value.text = exact_clock(hz);
  return value;
}

Result<Value> read_wait_states(const std::string& text) {
  Value value;
  value.text = text;
  if (text == programmed) return value;
  value.wait_states = text;
  if (text == "auto") return value;
  unsigned n = 0;
  const auto [rest, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (failed != std::errc() || rest != text.data() + text.size() || n > most_wait_states)
    return usage(fmt::format("'{}' is no number of flash wait states", text), "--vary flash.wait_states", "",
                 fmt::format("0 to {}, auto (the least that the board's table allows at the clock), or programmed",
                             most_wait_states));
  value.text = value.wait_states = fmt::format("{}", n);
  return value;
}

Result<Value> read_volts(const std::string& text) {
  Value value;
  const std::string number = text.ends_with('V') || text.ends_with('v') ? text.substr(0, text.size() - 1) : text;
  const auto [rest, failed] = std::from_chars(number.data(), number.data() + number.size(), value.volts);
  if (failed != std::errc() || rest != number.data() + number.size() || !(value.volts > 0 && value.volts <= most_volts))
    return usage(fmt::format("'{}' is no supply voltage", text), "--vary volts", "", "volts: 1.8, 3.0");
  value.text = fmt::format("{} V", value.volts);
  return value;
}

Result<Value> read_value(Parameter parameter, const std::string& text) {
  if (text.empty())
    return usage("an empty value", fmt::format("--vary {}", name(parameter)), "two commas, or one at an end",
                 "values with commas between them");
  Value value;
  switch (parameter) {
    case Parameter::clock:
      return read_clock(text);
    case Parameter::wait_states:
      return read_wait_states(text);
    case Parameter::volts:
      return read_volts(text);
    case Parameter::board:
      value.board = text;
      break;
    case Parameter::supply:
      break;
  }
  value.text = text;
  return value;
}

Result<Axis> parse_axis(const std::string& argument) {
  const std::size_t equals = argument.find('=');
  std::vector<std::string> known;
  for (const ParameterRow& p : parameters) known.emplace_back(p.name);
  const std::string advice = fmt::format("--vary PARAMETER=VALUE,... with one of: {}", fmt::join(known, ", "));
  if (equals == std::string::npos) return usage(fmt::format("'--vary {}' has no '='", argument), "", "", advice);
  const std::string word = argument.substr(0, equals);
  const auto row =
      std::find_if(std::begin(parameters), std::end(parameters), [&](const ParameterRow& p) { return p.name == word; });
  if (row == std::end(parameters)) {
    const std::string near = did_you_mean(word, known);
    return usage(fmt::format("unknown parameter '{}'{}{}", word, near.empty() ? "" : "; ", near), "--vary", "", advice);
  }
  Axis axis{row->parameter, {}};
  std::string list = argument.substr(equals + 1);
  if (list.empty()) return usage(fmt::format("--vary {} has no values", word), "", "", advice);
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    auto value = read_value(axis.parameter, list.substr(at, comma - at));
    if (!value) return value.error();
    for (const Value& earlier : axis.values)
      if (earlier.text == value->text)
        return usage(fmt::format("--vary {} has {} twice", word, value->text), "", "", "each value once");
    axis.values.push_back(std::move(*value));
    at = comma + 1;
  }
  return axis;
}

/// "ldo, smps".
std::string supplies_of(const energy::Table& table) {
  std::string names;
  for (const energy::Supply& s : table.supplies) names += (names.empty() ? "" : ", ") + s.name;
  return names;
}

/// Looks "auto" up and says what the board can't do.
void judge(const Board& board, Point& point) {
  const BoardSpec& spec = board.spec;
  const Hertz least_clock = spec.core.min_clock_hz, most = spec.core.max_clock_hz;
  if (point.clock_hz && *point.clock_hz < least_clock) {
    point.impossible =
        (least_clock == most ? "the board's only clock is " : "below the board's ") + exact_clock(least_clock);
    return;
  }
  if (point.clock_hz && most && *point.clock_hz > most) {
    point.impossible = fmt::format("above the board's {}", exact_clock(most));
    return;
  }
  // A board without such a table has nothing to choose, and without a held clock it's the firmware that knows.
  const bool automatic = point.wait_states == "auto";
  if (automatic && (spec.wait_states.empty() || !point.clock_hz)) point.wait_states.clear();
  if (point.wait_states.empty() && point.clock_hz && !spec.wait_states.empty()) {
    point.impossible = "the firmware's wait states are for the clock that it programs itself";
    return;
  }
  if (!point.wait_states.empty() && spec.wait_states.empty()) {
    point.impossible = "the board's flash has no wait states to choose";
    return;
  }
  if (!point.wait_states.empty() && point.clock_hz) {
    const auto least = spec.least_wait_states(*point.clock_hz);
    if (!least)
      point.impossible = fmt::format("no flash wait states are known for {}", exact_clock(*point.clock_hz));
    else if (!automatic && std::stoul(point.wait_states) < *least)
      point.impossible = fmt::format("{} needs {} flash wait states", exact_clock(*point.clock_hz), *least);
    else
      point.wait_states = automatic ? fmt::format("{}", *least) : point.wait_states;
    if (!point.impossible.empty()) return;
  }
  if (point.supply.empty() && point.volts == 0) return;
  if (!board.table) {
    point.impossible = "no energy table for this board";
    return;
  }
  const energy::Supply* supply = point.supply.empty()
                                     ? (board.table->supplies.empty() ? nullptr : &board.table->supplies.front())
                                     : board.table->supply(point.supply);
  if (!supply)
    point.impossible = fmt::format("no supply '{}' for this board; it has {}", point.supply, supplies_of(*board.table));
  else if (point.volts != 0 && (point.volts < supply->min_volts || point.volts > supply->max_volts))
    point.impossible = fmt::format("supply {} takes {} V to {} V", supply->name, supply->min_volts, supply->max_volts);
}

Result<Board> load(const std::string& argument, const std::string& energy_table) {
  auto spec = load_board(argument);
  if (!spec) return spec.error();
  Board board{std::move(*spec), argument, std::nullopt};
  if (energy_table.empty()) {
    auto table = energy::load_table(models_dir(), board.spec.id);
    if (!table) return table.error();
    board.table = std::move(*table);
  } else {
    auto table = energy::load_table_file(energy_table);
    if (!table) return table.error();
    board.table = std::move(*table);
  }
  return board;
}

/// A supply that no board has is a typing error, not a row.
Result<void> check_supplies(const Plan& plan) {
  std::vector<std::string> known;
  for (const Board& b : plan.boards)
    if (b.table)
      for (const energy::Supply& s : b.table->supplies)
        if (std::find(known.begin(), known.end(), s.name) == known.end()) known.push_back(s.name);
  for (const Axis& axis : plan.axes) {
    if (axis.parameter != Parameter::supply) continue;
    for (const Value& v : axis.values)
      if (std::find(known.begin(), known.end(), v.text) == known.end())
        return usage(fmt::format("no board of this sweep has a supply '{}'", v.text), "--vary supply",
                     known.empty() ? "none of the boards has an energy table"
                                   : fmt::format("their supplies: {}", fmt::join(known, ", ")),
                     did_you_mean(v.text, known));
  }
  return {};
}

}  // namespace

std::string_view name(Parameter parameter) {
  const auto row = std::find_if(std::begin(parameters), std::end(parameters),
                                [&](const ParameterRow& p) { return p.parameter == parameter; });
  return row->name;
}

std::string parameter_help() {
  std::string out;
  for (const ParameterRow& p : parameters) out += fmt::format("  {:<18} {}\n", p.name, p.what);
  return out;
}

bool Plan::varies(Parameter parameter) const {
  return std::any_of(axes.begin(), axes.end(), [&](const Axis& a) { return a.parameter == parameter; });
}

Result<std::vector<Axis>> parse_axes(const std::vector<std::string>& varied) {
  std::vector<Axis> axes;
  for (const std::string& argument : varied) {
    auto axis = parse_axis(argument);
    if (!axis) return axis.error();
    for (const Axis& earlier : axes)
      if (earlier.parameter == axis->parameter)
        return usage(fmt::format("{} is varied twice", name(axis->parameter)), "--vary", "",
                     fmt::format("one --vary {}= with all values", name(axis->parameter)));
    axes.push_back(std::move(*axis));
  }
  return axes;
}

Result<Plan> make_plan(std::vector<Axis> axes, const std::string& board, const std::string& energy_table) {
  Plan plan;
  plan.axes = std::move(axes);
  std::size_t count = 1;
  for (const Axis& axis : plan.axes) {
    count *= axis.values.size();
    if (count > most_points)
      return usage(fmt::format("more than {} points", most_points), "--vary",
                   "every combination of the values is a point", "fewer values, or more than one sweep");
  }
  std::vector<std::string> arguments;
  for (const Axis& axis : plan.axes)
    if (axis.parameter == Parameter::board)
      for (const Value& v : axis.values) arguments.push_back(v.board);
  if (arguments.empty()) arguments.push_back(board);
  for (const std::string& argument : arguments) {
    auto loaded = load(argument, energy_table);
    if (!loaded) return loaded.error();
    for (const Board& earlier : plan.boards)
      if (earlier.spec.id == loaded->spec.id)
        return usage(fmt::format("two boards are called {}", loaded->spec.id), "--vary board", argument,
                     "a board file's name is its id: give one of them another");
    plan.boards.push_back(std::move(*loaded));
  }
  if (auto known = check_supplies(plan); !known) return known.error();
  for (Axis& axis : plan.axes)
    if (axis.parameter == Parameter::board)
      for (std::size_t i = 0; i < axis.values.size(); ++i) axis.values[i].text = plan.boards[i].spec.id;

  // With a clock of the sweep's own, the wait states that the firmware chose for its own clock would be wrong.
  const bool automatic = plan.varies(Parameter::clock) && !plan.varies(Parameter::wait_states);
  std::vector<std::size_t> at(plan.axes.size(), 0);
  for (std::size_t n = 0; n < count; ++n) {
    Point point;
    if (automatic) point.wait_states = "auto";
    for (std::size_t a = 0; a < at.size(); ++a) {
      const Value& value = plan.axes[a].values[at[a]];
      point.values.push_back(value.text);
      switch (plan.axes[a].parameter) {
        case Parameter::board:
          point.board = at[a];
          break;
        case Parameter::clock:
          point.clock_hz = value.clock;
          break;
        case Parameter::wait_states:
          point.wait_states = value.wait_states;
          break;
        case Parameter::supply:
          point.supply = value.text;
          break;
        case Parameter::volts:
          point.volts = value.volts;
          break;
      }
    }
    judge(plan.boards[point.board], point);
    if (point.wait_states == "auto") point.wait_states.clear();
    plan.points.push_back(std::move(point));
    for (std::size_t a = at.size(); a-- > 0;) {
      if (++at[a] < plan.axes[a].values.size()) break;
      at[a] = 0;
    }
  }
  return plan;
}

}  // namespace mj::sweep
