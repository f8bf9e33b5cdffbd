// microjoule run: executes a firmware image and reports.
#include "sim/run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <memory>

#include "sim/detect.h"
#include "tools/cli/cli.h"
#include "tools/cli/tensors.h"
#include "tools/report/format.h"

namespace mj::cli {
namespace {

const Syntax& syntax() {
  static const Syntax s{
      "run", "FIRMWARE.elf",
      "Runs an unmodified firmware image on the model of a board until it exits, faults, sleeps for ever or reaches a "
      "limit, and reports where its cycles went. What the firmware prints goes to stdout before a text report; with "
      "another format stdout holds only that and the console goes to stderr. The exit code tells how the firmware "
      "ended: see microjoule --help.",
      with_report_options(with_energy_options(with_run_options({
          {"out,o", "FILE", "save the whole result as JSON, for microjoule report, check and diff"},
          {"dump-memory", "BEGIN:END=FILE",
           "after the run, memory from one symbol or address to the other: a 32-bit word in hex a line"},
          {"output", "FILE", "save the network's first output, raw or by its extension .npy"},
          {"console", "FILE|-|none", "where what the firmware prints goes; -: stdout (text format only)"},
          {"gdb", ":PORT", "waits in front of the first instruction until gdb connects to this port of this host"},
          {"detect", "WHAT",
           "stack-overflow, uninitialised, null (separated by commas) or all: tells where the firmware does it, "
           "exit code 4; slower. With --gdb the program stops there, with --trace a line marks it"},
          {"traffic", "",
           "counts the bytes moved of each memory region by itself; without it, those regions together that cost no "
           "wait states; slower"},
          {"trace", "FILE|-", "one line per instruction: cycle, pc, encoding, text, registers and memory accesses"},
          {"trace-symbol", "NAME", "traces this function only, what it calls not included"},
          {"trace-layer", "N", "traces only while this layer runs, what it calls included"},
          {"dump-layer", "N|NAME|all",
           "writes what this layer reads and writes as .npy, with types and quantisation in a .json; more of them "
           "with the option again",
           true},
          {"compare", "DIR|FILE.tflite",
           "each layer's output against the model, computed on the host, or against files of --dump-layer; names the "
           "first that is wrong; exit code 8"},
          {"dump-inference", "K", "which inference --dump-layer and --compare look at, 1: the first (default)"},
          {"dump-dir", "DIR", "the folder for --dump-layer (default: FIRMWARE.layers)"},
          {"quiet,q", "", "no progress and no remarks on stderr"},
      }))),
      "  microjoule run kws.elf --board nucleo-l4r5zi\n"
      "  microjoule run kws.elf -o kws.mj.json --format md >> \"$GITHUB_STEP_SUMMARY\"\n"
      "  microjoule run kws.elf --input yes.npy --output scores.npy\n"
      "  microjoule run kws.elf --format folded | flamegraph.pl > kws.svg\n"
      "  microjoule run app.elf --trace app.trace --trace-symbol filter\n"
      "  microjoule run app.elf --detect all\n"
      "  microjoule run kws.elf --compare kws.tflite\n"
      "  microjoule run kws.elf --dump-layer all --dump-dir before   and then: microjoule run new.elf --compare "
      "before\n"
      "  microjoule run app.elf --gdb :3333      and then: gdb-multiarch app.elf -ex 'target remote :3333'\n"
      "  microjoule run app.elf --board pico --max-sim-time 500ms\n"
      "  microjoule run kws.elf --board nano33ble --battery cr2032 --every 10s\n"};
  return s;
}

/// The firmware's console and the progress line, which must not run into each other on a terminal.
class Live {
 public:
  Live(std::FILE* console, bool progress) : console_(console), progress_(progress && isatty(STDERR_FILENO)) {
    shared_ = progress_ && console_ && isatty(fileno(console_));
  }
  void put(char c) {
    if (!console_) return;
    if (shared_) clear();
    std::fputc(c, console_);
    // A person watches a terminal; a line at a time is often enough and cheap.
    if (c == '\n') std::fflush(console_);
    line_open_ = c != '\n';
  }
  void progress(Cycle now, double seconds) {
    if (!progress_ || (shared_ && line_open_)) return;
    std::fprintf(stderr, "\r\x1b[K%s cycles, %s simulated", report::count(now).c_str(),
                 report::duration(seconds).c_str());
    shown_ = true;
  }
  /// Ends an open line, so that the report begins on one of its own.
  void finish() {
    clear();
    if (console_ && line_open_) std::fputc('\n', console_);
    if (console_) std::fflush(console_);
  }

 private:
  void clear() {
    if (shown_) std::fputs("\r\x1b[K", stderr);
    shown_ = false;
  }
  std::FILE* console_;
  bool progress_, shared_ = false, shown_ = false, line_open_ = false;
};

struct Closer {
  void operator()(std::FILE* f) const { std::fclose(f); }
};

/// Where the console goes; null: nowhere. A file that was opened for it is kept in `owned`.
Result<std::FILE*> console_of(const Parsed& p, bool text, std::unique_ptr<std::FILE, Closer>& owned) {
  const std::string where = p.get("console");
  if (!p.has("console")) return text ? stdout : stderr;
  if (where == "none") return static_cast<std::FILE*>(nullptr);
  if (where == "-" && text) return stdout;
  if (where == "-")
    return Error{ExitCode::usage, "--console - needs --format text", "", "stdout holds the report and nothing else",
                 "--console FILE"};
  owned.reset(std::fopen(where.c_str(), "wb"));
  if (!owned) return Error{ExitCode::unreadable, "cannot write a file", where, "", "check the folder"};
  return owned.get();
}

/// Where the trace goes; null: none is wanted.
Result<std::FILE*> trace_of(const Parsed& p, std::unique_ptr<std::FILE, Closer>& owned) {
  if (!p.has("trace")) {
    for (const char* filter : {"trace-symbol", "trace-layer"})
      if (p.has(filter))
        return Error{ExitCode::usage, fmt::format("--{} needs --trace", filter), "", "",
                     "--trace FILE, or - for stdout"};
    return static_cast<std::FILE*>(nullptr);
  }
  if (p.get("trace") == "-") return stdout;
  owned.reset(std::fopen(p.get("trace").c_str(), "wb"));
  if (!owned) return Error{ExitCode::unreadable, "cannot write a file", p.get("trace"), "", "check the folder"};
  return owned.get();
}

/// "3": a layer's number, from 0.
Result<unsigned> layer_number(const std::string& text) {
  unsigned n = 0;
  const auto [rest, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (failed == std::errc() && rest == text.data() + text.size()) return n;
  return Error{ExitCode::usage, fmt::format("'{}' is no number of a layer", text), "--trace-layer", "",
               "microjoule run shows their numbers, the first is 0"};
}

}  // namespace

Result<int> run_main(const Args& args) {
  const auto parsed = parse(syntax(), args);
  if (!parsed) return parsed.error();
  if (parsed->help) return print_text(syntax().help());
  const auto format = report::find_format(parsed->get("format", "text"));
  if (!format) return format.error();
  auto options = report_options(*parsed);
  if (!options) return options.error();
  auto request = run_request(*parsed, parsed->operands[0]);
  if (!request) return request.error();
  const auto energy = energy_request(*parsed);
  if (!energy) return energy.error();
  request->output_path = parsed->get("output");
  request->dump_memory = parsed->get("dump-memory");
  request->split_traffic = parsed->has("traffic");
  if (parsed->has("detect")) {
    request->detect = parsed->get("detect");
    if (const auto known = parse_detections(request->detect); !known) return known.error();
  }
  if (parsed->has("gdb")) request->gdb = parsed->get("gdb");
  request->remark = [](std::string_view text) { fmt::print(stderr, "{}\n", text); };
  request->trace.symbol = parsed->get("trace-symbol");
  if (parsed->has("trace-layer")) {
    const auto layer = layer_number(parsed->get("trace-layer"));
    if (!layer) return layer.error();
    request->trace.layer = *layer;
  }
  for (const char* file : {"out", "output"})
    if (parsed->has(file))
      if (auto possible = check_writable(parsed->get(file)); !possible) return possible.error();
  std::unique_ptr<std::FILE, Closer> console_file;
  const auto console = console_of(*parsed, (*format)->name == "text", console_file);
  if (!console) return console.error();

  std::unique_ptr<std::FILE, Closer> trace_file;
  auto trace = trace_of(*parsed, trace_file);
  if (!trace) return trace.error();
  bool trace_failed = false;
  // Who stands at a breakpoint reads the trace up to there.
  if (*trace && request->gdb) std::setvbuf(*trace, nullptr, _IOLBF, BUFSIZ);
  if (std::FILE* to = *trace)
    request->trace.write = [to, &trace_failed](std::string_view text) {
      trace_failed |= std::fwrite(text.data(), 1, text.size(), to) != text.size();
    };

  auto tensors = LayerTensorOptions::read(*parsed, request->firmware);
  if (!tensors) return tensors.error();
  tensors->attach(*request);

  Live live(*console, !parsed->has("quiet"));
  request->console = [&](char c) { live.put(c); };
  request->progress = [&](Cycle now, double seconds) { live.progress(now, seconds); };
  auto result = run(*request);
  live.finish();
  if (!result) return result.error();
  if (*trace && (std::fflush(*trace) != 0 || trace_failed))
    return Error{ExitCode::unreadable, "the trace could not be written to its end", parsed->get("trace"), "",
                 "is the disk full? --trace-symbol and --trace-layer make it shorter"};

  const Result<void> looked = tensors->finish(*result, !parsed->has("quiet"));

  if (parsed->has("out")) {
    options->saved = parsed->get("out");
    if (auto saved = write_file(options->saved, report::json(*result, *options)); !saved) return saved.error();
  }
  // The result is saved and shown even if there's no answer to the question about the battery.
  const auto battery = add_battery(*result, *energy, *options);
  if (auto printed = print_text((*format)->render(*result, *options)); !printed) return printed.error();
  if (!battery) return battery.error();
  if (!looked) return looked.error();
  return static_cast<int>(result->stop.exit_code);
}

}  // namespace mj::cli
