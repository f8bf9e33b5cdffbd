// microjoule sweep: one firmware or network over many boards and settings.
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <optional>
#include <thread>
#include <utility>

#include "tools/cli/cli.h"
#include "tools/sweep/render.h"
#include "tools/sweep/sweep.h"

namespace mj::cli {
namespace {

namespace fs = std::filesystem;

const Syntax& syntax() {
  static const Syntax s{
      "sweep",
      "[FIRMWARE.elf]",
      "Runs a firmware, or with --model a network built for each board, over every combination of the values given, "
      "and "
      "shows cycles, latency, energy and memory of each with the Pareto front of latency, energy, flash and RAM (four "
      "things to keep small; without an energy figure three). Runs are made only where the answer needs one: supply "
      "and "
      "volts are priced from the same run, and so is another clock where the firmware is built here and the wait "
      "states "
      "stay the same. A combination that a board can't do stays in the table with its reason. With --budget the exit "
      "code "
      "is 3 if no combination keeps it.",
      {{"vary,v", "P=A,B,...",
        "may be given many times. P is board (ids or board files), clock (MHz or with a unit, from reset on, whatever "
        "the "
        "firmware programs; programmed: leave it to the firmware), flash.wait_states (0 to 15, auto: the least for the "
        "clock, programmed; auto if only the clock is varied), supply (ldo, smps, ...) or volts"},
       {"model,m", "NET.tflite", "build firmware of this network for each board instead of running FIRMWARE.elf"},
       {"board,b", "ID|FILE", "the board if boards are not varied; else proposed from the image"},
       {"budget", "FILE",
        "marks the points that keep the hard limits (max) of this budget; increases don't count here"},
       {"energy-table", "FILE", "prices of your own instead of models/energy/<board>.json, for all boards"},
       {"out,o", "DIR",
        "keep runs, built firmware and the tables there; if this sweep was stopped, go on where it stood"},
       {"jobs,j", "N", "how many runs at a time (default: one a processor); the result doesn't depend on it"},
       {"format,f", "NAME", "what stdout gets: text|csv|json|md (default: text)"},
       limit_options[0],
       limit_options[1],
       {"rows", "N", "most lines about budgets shown (default: 12)"},
       {"color", "WHEN", "auto, always or never; auto: when stdout is a terminal and NO_COLOR is not set"},
       {"quiet,q", "", "no progress and no remarks on stderr"}},
      "  microjoule sweep kws.elf --vary clock=48,80,120 --vary flash.wait_states=auto,5\n"
      "  microjoule sweep --model kws.tflite --vary board=nucleo-l4r5zi,nano33ble,pico --vary clock=programmed,32,64\n"
      "  microjoule sweep kws.elf --vary supply=ldo,smps --vary volts=1.8,3.0 --format csv > kws.csv\n"
      "  microjoule sweep --model kws.tflite --vary board=pico,nano33ble --budget budget.json --out sweep\n",
      0,
      1};
  return s;
}

/// Takes every --vary out of the arguments: the only option that may stand more than once.
std::vector<std::string> take_varied(Args& args) {
  std::vector<std::string> varied;
  Args rest;
  for (std::size_t i = 0; i < args.size(); ++i) {
    constexpr std::string_view joined = "--vary=";
    if (args[i] == "--") {
      rest.insert(rest.end(), args.begin() + static_cast<std::ptrdiff_t>(i), args.end());
      break;
    }
    if (args[i].starts_with(joined))
      varied.push_back(args[i].substr(joined.size()));
    else if ((args[i] == "--vary" || args[i] == "-v") && i + 1 < args.size())
      varied.push_back(args[++i]);
    else
      rest.push_back(args[i]);
  }
  args = std::move(rest);
  return varied;
}

/// Firmware that nobody asked to keep, gone at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::error_code failed;
    std::string name = (fs::temp_directory_path(failed) / "microjoule-sweep-XXXXXX").string();
    if (mkdtemp(name.data())) path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// A line for each run, or on a terminal one line that is written again.
class Progress {
 public:
  explicit Progress(bool quiet) : quiet_(quiet), terminal_(isatty(STDERR_FILENO)) {}
  void run(std::size_t done, std::size_t runs, const std::string& what) {
    if (quiet_) return;
    std::fprintf(stderr, terminal_ ? "\r\x1b[K%zu/%zu %s" : "%zu/%zu %s\n", done, runs, what.c_str());
    open_ = terminal_;
  }
  void warn(const std::string& what) {
    finish();
    if (!quiet_) std::fprintf(stderr, "microjoule: %s\n", what.c_str());
  }
  void finish() {
    if (std::exchange(open_, false)) std::fputs("\r\x1b[K", stderr);
  }

 private:
  bool quiet_, terminal_, open_ = false;
};

Result<budget::Budget> hard_limits(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return text.error();
  auto budget = budget::read_budget(*text, path);
  if (!budget) return budget.error();
  auto hard = budget::only_max(*budget);
  if (hard.rules.empty())
    return Error{ExitCode::usage, "the budget has no hard limits", path,
                 "all its limits are on increases, and a sweep has no baseline", "give limits with max"};
  return hard;
}

Result<void> limits(const Parsed& p, sweep::Request& request) {
  const auto limits = run_limits(p);
  if (!limits) return limits.error();
  request.max_cycles = limits->cycles;
  request.max_sim_time_s = limits->sim_time_s;
  request.jobs = std::max(1u, std::thread::hardware_concurrency());
  constexpr std::uint64_t most_jobs = 1024;
  if (p.has("jobs")) {
    const auto n = parse_count(p.get("jobs"), "jobs");
    if (!n) return n.error();
    request.jobs = static_cast<unsigned>(std::min(*n, most_jobs));
  }
  return {};
}

/// The plan, with the board looked up that the user left out.
Result<sweep::Plan> plan_of(const Parsed& p, const std::vector<std::string>& varied) {
  auto axes = sweep::parse_axes(varied);
  if (!axes) return axes.error();
  bool boards = false;
  for (const sweep::Axis& a : *axes) boards |= a.parameter == sweep::Parameter::board;
  std::string board = p.get("board");
  if (boards && p.has("board"))
    return Error{ExitCode::usage, "--board and --vary board exclude each other", "", "", "leave one of them out"};
  if (!boards && board.empty()) {
    if (p.has("model"))
      return Error{ExitCode::usage, "sweep --model needs boards", "", "a network can be built for any of them",
                   "--vary board=nucleo-l4r5zi,pico or --board ID; microjoule boards lists them"};
    const auto proposed = sweep::proposed_board(p.operands[0]);
    if (!proposed) return proposed.error();
    board = *proposed;
  }
  return sweep::make_plan(std::move(*axes), board, p.get("energy-table"));
}

Result<void> keep_tables(const sweep::Sweep& swept, const fs::path& folder) {
  for (const sweep::Format& f : sweep::formats())
    if (auto written = sweep::write_atomically(folder / f.file, f.render(swept, {})); !written) return written.error();
  return {};
}

}  // namespace

Result<int> sweep_main(const Args& args) {
  Args rest = args;
  const std::vector<std::string> varied = take_varied(rest);
  const auto parsed = parse(syntax(), rest);
  if (!parsed) return parsed.error();
  if (parsed->help) return print_text(syntax().help());
  if (parsed->has("vary"))
    return Error{ExitCode::usage, "--vary needs a parameter and values", "", "", "--vary clock=48,80"};
  const bool model = parsed->has("model");
  if (model != parsed->operands.empty())
    return Error{ExitCode::usage, model ? "sweep: a firmware and --model exclude each other" : "sweep: nothing to run",
                 "", "", "microjoule sweep FIRMWARE.elf ... or microjoule sweep --model NET.tflite ..."};
  if (varied.empty())
    return Error{ExitCode::usage, "sweep: --vary is missing", "", "", "--vary clock=48,80 --vary board=pico,nano33ble"};
  const auto format = sweep::find_format(parsed->get("format", "text"));
  if (!format) return format.error();
  const auto options = report_options(*parsed);
  if (!options) return options.error();

  sweep::Request request;
  if (auto read = limits(*parsed, request); !read) return read.error();
  if (parsed->has("budget")) {
    auto budget = hard_limits(parsed->get("budget"));
    if (!budget) return budget.error();
    request.budget = std::move(*budget);
  }
  auto plan = plan_of(*parsed, varied);
  if (!plan) return plan.error();
  request.plan = std::move(*plan);
  request.energy_table = parsed->get("energy-table");

  std::optional<sweep::Store> store;
  if (parsed->has("out")) {
    auto opened = sweep::Store::open(parsed->get("out"));
    if (!opened) return opened.error();
    store.emplace(std::move(*opened));
    request.store = &*store;
  }
  std::optional<TemporaryFolder> temporary;
  const std::string subject = model ? parsed->get("model") : parsed->operands[0];
  request.subject = fs::path(subject).filename().string();
  if (model && !store) {
    temporary.emplace();
    if (temporary->path().empty())
      return Error{ExitCode::unreadable, "cannot make a temporary folder", "", "", "check TMPDIR"};
  }
  auto firmware = model ? sweep::build_firmware(subject, request.plan,
                                                store ? store->firmware_folder() : temporary->path(), request.jobs)
                        : sweep::given_firmware(subject, request.plan);
  if (!firmware) return firmware.error();
  request.firmware = std::move(*firmware);

  Progress progress(parsed->has("quiet"));
  request.progress = [&](std::size_t done, std::size_t runs, const std::string& what) {
    progress.run(done, runs, what);
  };
  request.warn = [&](const std::string& what) { progress.warn(what); };
  const auto swept = sweep::execute(request);
  progress.finish();
  if (!swept) return swept.error();
  if (store)
    if (auto kept = keep_tables(*swept, store->folder()); !kept) return kept.error();
  if (auto printed = print_text((*format)->render(*swept, *options)); !printed) return printed.error();
  return static_cast<int>(swept->exit_code());
}

}  // namespace mj::cli
