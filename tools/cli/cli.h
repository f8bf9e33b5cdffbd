// What the verbs share: option tables, numbers on the command line, files, and how errors are told.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/price.h"
#include "sim/run.h"
#include "tools/report/report.h"

namespace mj::cli {

using Args = std::vector<std::string>;

/// One verb of the program. `run` gets what stands behind the verb and returns the exit code.
struct Verb {
  std::string_view name;
  std::string_view what;  ///< one line for --help
  Result<int> (*run)(const Args&);
};
/// All verbs; the only list.
const std::vector<Verb>& verbs();

struct Option {
  const char* name;   ///< "board,b": long, and if there is one its letter
  const char* value;  ///< "ID|FILE"; empty: a switch
  const char* what;
  bool repeats = false;  ///< may be given several times

  std::string long_name() const {
    const std::string_view all = name;
    return std::string(all.substr(0, all.find(',')));
  }
};

/// A verb's option table: parses, and writes the help.
struct Syntax {
  std::string_view verb;
  std::string_view operands;  ///< "FIRMWARE.elf"
  std::string_view what;      ///< what the verb does, a sentence or two
  std::vector<Option> options;
  std::string_view examples;        ///< one a line
  std::size_t least = 1, most = 1;  ///< number of operands

  std::string help() const;
};

class Parsed {
 public:
  bool help = false;  ///< --help was given: nothing else was checked
  std::vector<std::string> operands;
  std::map<std::string, std::string> values;              ///< by long name; switches have ""
  std::map<std::string, std::vector<std::string>> lists;  ///< the same of options that repeat

  bool has(const std::string& name) const { return values.count(name) != 0 || lists.count(name) != 0; }
  std::string get(const std::string& name, std::string otherwise = "") const;
};

/// Errors: usage, with the nearest option where one is near.
Result<Parsed> parse(const Syntax& syntax, const Args& args);

/// "; did you mean 'run'?" with the known word nearest to `word`, or "" when none is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

/// "1000", "2_000_000", "10M", "1.5G", "1e9": a whole number from 1 to 2^64 - 1. `option` names it in errors.
Result<std::uint64_t> parse_count(const std::string& text, const std::string& option);
/// "0.5", "2s", "500ms", "10us", as seconds, above 0.
Result<double> parse_seconds(const std::string& text, const std::string& option);

/// The whole file; "-" is stdin. Errors: unreadable.
Result<std::string> read_file(const std::string& path);
/// Errors: unreadable.
Result<void> write_file(const std::string& path, std::string_view text);
/// Whether a file could be written there, asked before a long run. Errors: unreadable.
Result<void> check_writable(const std::string& path);
/// To stdout; 0 as a verb's exit code. Errors: unreadable, when stdout is closed or full.
Result<int> print_text(std::string_view text);

/// Options for a text report on this stdout: colour and width of the terminal; NO_COLOR and --color honoured.
/// Errors: usage.
Result<report::Options> report_options(const Parsed& parsed);
/// A verb's options and those that report_options reads; with_report_options has --format too.
std::vector<Option> with_terminal_options(std::vector<Option> options);
std::vector<Option> with_report_options(std::vector<Option> options);

/// How to price energy, and whether a battery was asked for.
struct EnergyRequest {
  energy::Conditions supply;
  std::string table;
  std::optional<BatteryRequest> battery;
};
std::vector<Option> with_energy_options(std::vector<Option> options);
/// Errors: usage.
Result<EnergyRequest> energy_request(const Parsed& parsed);
/// Puts the battery's answer into the options if one was asked for. Errors: as mj::battery_life.
Result<void> add_battery(const profile::RunResult& result, const EnergyRequest& request, report::Options& options);

/// When a run is to stop that does not end by itself.
struct RunLimits {
  std::optional<Cycle> cycles;
  std::optional<double> sim_time_s;
};
inline constexpr Option limit_options[] = {
    {"max-cycles", "N", "stop a run after N core cycles: 1000, 2_000_000, 10M, 1e9"},
    {"max-sim-time", "S", "stop a run after that much simulated time: 0.5, 2s, 500ms"},
};
/// Errors: usage.
Result<RunLimits> run_limits(const Parsed& parsed);

/// What every verb that runs firmware takes: board, limits, what-ifs, input, console input.
std::vector<Option> with_run_options(std::vector<Option> options);
/// The request of these options and the energy options; without console and progress. Errors: usage, unreadable.
Result<RunRequest> run_request(const Parsed& parsed, const std::string& firmware);

/// "48", "48MHz", "32768Hz", "1.5GHz": a clock in Hz; without a unit in MHz. Errors: usage.
Result<Hertz> parse_clock(const std::string& text, const std::string& option);

/// Tells an Error on stderr.
void complain(const Error& error);

Result<int> run_main(const Args& args);
Result<int> inspect_main(const Args& args);
Result<int> boards_main(const Args& args);
Result<int> report_main(const Args& args);
Result<int> build_main(const Args& args);
Result<int> check_main(const Args& args);
Result<int> diff_main(const Args& args);
Result<int> sweep_main(const Args& args);
Result<int> calibrate_main(const Args& args);

}  // namespace mj::cli
