// Options that several verbs share because they run firmware or price what it did.
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "tools/cli/cli.h"

namespace mj::cli {

std::vector<Option> with_energy_options(std::vector<Option> options) {
  options.push_back({"supply", "NAME", "how the board is supplied, of its energy table: ldo, smps, ..."});
  options.push_back({"volts", "V", "at the microcontroller's supply pin; else the usual voltage of the supply"});
  options.push_back({"energy-table", "FILE", "prices of your own instead of models/energy/<board>.json"});
  options.push_back({"battery", "NAME", "how long this battery lasts: cr2032, aa, ...; needs --every"});
  options.push_back({"every", "S", "wakes this often for one inference or run: 10s, 5min, 1h"});
  options.push_back({"sleep-mode", "NAME", "what it does between: wfi or a low-power mode of the energy table"});
  return options;
}

Result<EnergyRequest> energy_request(const Parsed& p) {
  EnergyRequest request;
  request.supply.supply = p.get("supply");
  request.table = p.get("energy-table");
  if (p.has("volts")) {
    const std::string text = p.get("volts");
    char* rest = nullptr;
    request.supply.volts = std::strtod(text.c_str(), &rest);
    if (*rest == 'V') ++rest;
    if (text.empty() || *rest != '\0' || !(request.supply.volts > 0) || !std::isfinite(request.supply.volts))
      return Error{ExitCode::usage, fmt::format("'{}' is no voltage", text), "--volts", "", "1.8, 3.0, 3.3"};
  }
  if (p.has("battery") != p.has("every"))
    return Error{ExitCode::usage, "--battery and --every go together",
                 p.has("battery") ? "--every is missing" : "--battery is missing", "",
                 "--battery cr2032 --every 10s: wakes every 10 s"};
  if (p.has("sleep-mode") && !p.has("battery"))
    return Error{ExitCode::usage, "--sleep-mode needs --battery", "--sleep-mode", "", "--battery cr2032 --every 10s"};
  if (p.has("battery")) {
    const auto every = parse_seconds(p.get("every"), "every");
    if (!every) return every.error();
    if (const auto known = find_battery(p.get("battery")); !known) return known.error();
    request.battery = BatteryRequest{p.get("battery"), *every, p.get("sleep-mode")};
  }
  return request;
}

Result<void> add_battery(const profile::RunResult& result, const EnergyRequest& request, report::Options& options) {
  if (!request.battery) return {};
  // As the result was priced, unless asked otherwise.
  energy::Conditions supply = request.supply;
  if (supply.supply.empty() && supply.volts == 0 && request.table.empty())
    supply = {result.energy_model.supply, result.energy_model.volts};
  auto life = battery_life(result, supply, request.table, *request.battery);
  if (!life) return life.error();
  options.battery = std::move(life).value();
  return {};
}

std::vector<Option> with_run_options(std::vector<Option> options) {
  const Option shared[] = {
      {"board,b", "ID|FILE",
       "the board: an id (microjoule boards), a JSON file, or generic:CORE[@MHZ] for flat memory without wait states; "
       "else proposed from the image"},
      {"overlay", "FILE", "numbers of your own laid over the board's, as microjoule calibrate writes them"},
      limit_options[0],
      limit_options[1],
      {"clock", "MHZ", "what-if: the core runs at this clock from reset on, whatever the firmware programs"},
      {"flash-wait-states", "N|auto",
       "what-if: whatever the firmware programs; auto: the least that the clock allows (default with --clock where the "
       "board has a table)"},
      {"roi", "BEGIN:END", "measures from one symbol or address to the other, each time; more of them with commas"},
      {"layers", "FILE",
       "which functions are a network's layers, where that isn't recognised, and what accelerators take; see "
       "models/schema/layers.schema.json"},
      {"input", "FILE", "the network's first input: raw bytes of the tensor, or .npy"},
      {"console-input", "FILE", "what the firmware reads from its console; -: stdin"},
      {"files", "DIR", "the folder in which semihosting may open files; else it may open none"},
      {"args", "TEXT", "the command line that semihosting gives the firmware"},
  };
  options.insert(options.end(), std::begin(shared), std::end(shared));
  return options;
}

Result<Hertz> parse_clock(const std::string& text, const std::string& option) {
  constexpr std::pair<const char*, double> units[] = {{"", 1e6}, {"MHz", 1e6}, {"kHz", 1e3}, {"Hz", 1}, {"GHz", 1e9}};
  const std::size_t end = std::min(text.find_first_not_of("0123456789.eE+"), text.size());
  const std::string number = text.substr(0, end), unit = text.substr(end);
  char* rest = nullptr;
  const double value = std::strtod(number.c_str(), &rest);
  constexpr double least = 1, most = 10e9;
  for (const auto& [name, size] : units)
    if (unit == name && !number.empty() && *rest == '\0' && value * size >= least && value * size <= most)
      return static_cast<Hertz>(std::llround(value * size));
  return Error{ExitCode::usage, fmt::format("'{}' is no clock", text), option, "",
               "a clock in MHz or with its unit: 48, 48MHz, 32768Hz"};
}

Result<RunLimits> run_limits(const Parsed& p) {
  RunLimits limits;
  if (p.has("max-cycles")) {
    const auto n = parse_count(p.get("max-cycles"), "max-cycles");
    if (!n) return n.error();
    limits.cycles = *n;
  }
  if (p.has("max-sim-time")) {
    const auto s = parse_seconds(p.get("max-sim-time"), "max-sim-time");
    if (!s) return s.error();
    limits.sim_time_s = *s;
  }
  return limits;
}

Result<RunRequest> run_request(const Parsed& p, const std::string& firmware) {
  RunRequest request;
  request.firmware = firmware;
  request.board = p.get("board");
  if (p.has("overlay")) {
    auto text = read_file(p.get("overlay"));
    if (!text) return text.error();
    request.overlay = std::move(*text);
  }
  request.input_path = p.get("input");
  request.layers_path = p.get("layers");
  request.files_folder = p.get("files");
  request.command_line = p.get("args");
  const auto limits = run_limits(p);
  if (!limits) return limits.error();
  request.max_cycles = limits->cycles;
  request.max_sim_time_s = limits->sim_time_s;
  if (p.has("clock")) {
    const auto hz = parse_clock(p.get("clock"), "--clock");
    if (!hz) return hz.error();
    request.clock_hz = *hz;
  }
  request.flash_wait_states = p.get("flash-wait-states");
  const std::string rois = p.get("roi");
  for (std::size_t at = 0; at < rois.size();) {
    const std::size_t comma = std::min(rois.find(',', at), rois.size());
    request.roi.push_back(rois.substr(at, comma - at));
    at = comma + 1;
  }
  if (p.has("console-input")) {
    auto text = read_file(p.get("console-input"));
    if (!text) return text.error();
    request.console_input = std::move(*text);
  }
  const auto energy = energy_request(p);
  if (!energy) return energy.error();
  request.supply = energy->supply;
  request.energy_table = energy->table;
  return request;
}

}  // namespace mj::cli
