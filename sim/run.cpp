#include "sim/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "memory/elf_image.h"
#include "sim/base/did_you_mean.h"
#include "sim/base/grouped.h"
#include "sim/collect.h"
#include "sim/debug/gdb_server.h"
#include "sim/debug/trace.h"
#include "sim/ending.h"
#include "sim/generic_board.h"
#include "sim/machine.h"
#include "sim/price.h"
#include "sim/profile/attribution.h"
#include "sim/profile/layers.h"
#include "sim/profile/model/note.h"
#include "sim/profile/roi.h"
#include "sim/profile/timeline.h"
#include "sim/program.h"
#include "sim/propose.h"
#include "sim/tensor_io.h"

namespace mj {

using namespace profile;
using engine::StopKind;

namespace {

constexpr Cycle progress_step = 50'000'000;  ///< cycles between two calls of RunRequest::progress
constexpr double sim_time_step = 1e6;        ///< cycles between two looks at the simulated time

/// Where functions begin: the engine asks for every block.
class FunctionStarts {
 public:
  explicit FunctionStarts(const SymbolTable& symbols) {
    for (const Symbol& s : symbols.functions()) starts_.push_back(s.start);
    std::sort(starts_.begin(), starts_.end());
  }
  bool operator()(Address a) const { return std::binary_search(starts_.begin(), starts_.end(), a); }

 private:
  std::vector<Address> starts_;
};

/// The firmware on its machine, with everything that explains it.
class Runner {
 public:
  /// `gdb`: attached to the run; may be null.
  Runner(const RunRequest& request, memory::ElfImage image, debug::GdbServer* gdb)
      : request_(request), gdb_(gdb), program_(std::move(image)) {}

  Result<RunResult> run(const BoardSpec& board, bool proposed) {
    MachineOptions options;
    options.files_folder = request_.files_folder;
    options.console_input = request_.console_input;
    options.command_line = request_.command_line.empty() ? program_.file() : request_.command_line;
    options.console = request_.console;
    options.console_error = request_.console_error;
    if (auto held = hold(board, options); !held) return held.error();
    // Asked now, so that no finished run is lost for a wrong supply.
    if (auto known = check_prices(board.id, request_.supply, request_.energy_table); !known) return known.error();
    auto made = Machine::create(board, options, FunctionStarts(program_.symbols));
    if (!made) return made.error();
    machine_ = std::move(made).value();
    if (auto loaded = machine_->load(program_.image); !loaded) return loaded.error();
    if (auto network = attach_network(); !network) return network.error();
    engine().calls().add_listener(&recorder_);
    if (auto rois = watch_regions(); !rois) return rois.error();
    if (auto traced = trace(); !traced) return traced.error();
    if (gdb_) attach_gdb();

    const engine::Stop stop = run_to_end();
    if (gdb_) tell_gdb(stop);
    if (gdb_ && (gdb_->reset_wanted() || gdb_->killed()))
      return Error{ExitCode::firmware_failed, "gdb ended the run", "--gdb", "it killed the program",
                   "detach leaves a run to its end"};
    if (tracker_) tracker_->finish(engine().state().now);

    RunResult result;
    result.provenance = provenance_of(program_, *machine_, proposed);
    result.provenance.held_clock_hz = request_.clock_hz.value_or(0);
    result.provenance.held_wait_states = waits_;
    result.operating_points = machine_->operating_points();
    result.console = machine_->console_text();
    collect_totals(*machine_, result);
    attribute(engine(), machine_->timing(), program_.symbols, program_.debug, result);
    if (tracker_) result.networks.push_back(tracker_->network(result.layers, 0));
    for (Layer& l : result.layers) l.function = layer_function(l);
    collect_memory(*machine_, program_, result);
    timeline(result);
    if (roi_) result.roi = roi_->result();
    collect_marked_regions(*machine_, program_, result);
    if (auto priced = price(result, request_.supply, request_.energy_table); !priced) return priced.error();
    if (auto exact = check_conserved(*machine_, result); !exact) return exact.error();
    collect_diagnostics(*machine_, program_, result);
    result.fault = explain_fault(*machine_, program_);
    result.stop = explain_stop(stop, *machine_, program_, result.fault, limit());
    // Whatever became of the output: the result is never lost for it.
    if (!request_.output_path.empty())
      if (auto saved = save_output(); !saved) {
        const Error& e = saved.error();
        result.diagnostics.push_back({"warning", "--output", e.what + (e.why.empty() ? "" : ": " + e.why), 1});
        if (result.stop.exit_code == ExitCode::ok) result.stop.exit_code = e.code;
      }
    return result;
  }

 private:
  engine::Engine& engine() { return machine_->engine(); }

  /// The limit that a run of StopKind::limit reached.
  std::string limit() {
    return request_.max_cycles && engine().state().now >= *request_.max_cycles
               ? grouped(*request_.max_cycles) + " cycles"
               : fmt::format("{} s of simulated time", request_.max_sim_time_s.value_or(0));
  }

  Result<void> attach_network() {
    const bool wants_tensors = !request_.input_path.empty() || !request_.output_path.empty();
    const memory::ElfSection* section = program_.image.section(".note.microjoule");
    if (!section) {
      if (!wants_tensors) return {};
      return Error{ExitCode::usage, "--input and --output need firmware of our own runtime", program_.image.name(),
                   "it has no section .note.microjoule", "build it with: microjoule build model.tflite"};
    }
    auto bytes = program_.image.contents(*section);
    if (!bytes) return bytes.error();
    auto note = model::parse_note(*bytes);
    if (!note) return note.error();
    note_ = std::move(note).value();
    if (!request_.input_path.empty()) {
      if (note_->inputs.empty())
        return Error{ExitCode::usage, "the network has no input", program_.image.name(), "its layer table lists none",
                     "run it without --input"};
      auto input = read_tensor(request_.input_path, note_->inputs.front());
      if (!input) return input.error();
      input_ = std::move(input).value();
    }
    tracker_ = std::make_unique<LayerTracker>(engine(), machine_->timing(), machine_->operating_points(), *note_);
    tracker_->seconds = [this](Cycle c) { return machine_->clock().seconds(c); };
    tracker_->on_invoke = [this] {
      if (!input_.empty()) machine_->bus().poke(note_->inputs.front().address, input_.data(), input_.size());
    };
    tracker_->on_invoke_end = [this] {
      if (note_->outputs.empty() || !output_.empty()) return;
      output_.resize(note_->outputs.front().bytes);
      if (!machine_->bus().peek(note_->outputs.front().address, output_.data(), output_.size())) output_.clear();
    };
    engine().calls().add_listener(tracker_.get());
    return {};
  }

  Result<Address> place(const std::string& text, const std::string& roi) const {
    if (const memory::ElfSymbol* s = program_.image.symbol(text)) return s->value;
    Address a = 0;
    const bool hex = text.starts_with("0x");
    const auto [rest, failed] = std::from_chars(text.data() + (hex ? 2 : 0), text.data() + text.size(), a, 16);
    if (hex && failed == std::errc() && rest == text.data() + text.size()) return a;
    std::vector<std::string> names;
    for (const memory::ElfSymbol& s : program_.image.symbols()) names.push_back(s.name);
    return Error{ExitCode::usage, fmt::format("'{}' is neither a symbol of the image nor an address", text),
                 "--roi " + roi, "", did_you_mean(text, names)};
  }

  Result<void> watch_regions() {
    if (request_.roi.empty()) return {};
    std::vector<RoiSpec> specs;
    for (const std::string& text : request_.roi) {
      const std::size_t colon = text.find(':');
      if (colon == std::string::npos)
        return Error{ExitCode::usage, fmt::format("'{}' is no region of interest", text), "--roi", "",
                     "BEGIN:END, two symbols or addresses: bench_begin:bench_end, 0x08000100:0x08000140"};
      const auto begin = place(text.substr(0, colon), text), end = place(text.substr(colon + 1), text);
      if (!begin) return begin.error();
      if (!end) return end.error();
      const Address bit = program_.is_arm() ? 1 : 0;
      specs.push_back({text, *begin & ~bit, *end & ~bit});
    }
    roi_ = std::make_unique<RoiTracker>(engine(), machine_->timing(), machine_->operating_points(), std::move(specs));
    engine().set_marks(roi_->addresses());
    engine().on_mark = [this](Address pc) { roi_->reached(pc); };
    return {};
  }

  Result<void> trace() {
    const TraceRequest& wanted = request_.trace;
    if (!wanted.write) return {};
    debug::TraceFilter filter;
    if (!wanted.symbol.empty()) {
      for (const FlatRange& range : program_.symbols.function_ranges()) {
        const auto named = program_.symbols.find_all(wanted.symbol);
        if (std::find(named.begin(), named.end(), &program_.symbols.functions()[range.value]) != named.end())
          filter.ranges.emplace_back(range.start, range.end);
      }
      std::vector<std::string> names;
      for (const Symbol& s : program_.symbols.functions()) names.push_back(s.name);
      if (filter.ranges.empty())
        return Error{ExitCode::usage, fmt::format("'{}' is no function of the image", wanted.symbol), "--trace-symbol",
                     "", did_you_mean(wanted.symbol, names)};
    }
    if (wanted.layer) {
      const auto is_it = [n = *wanted.layer](const model::NoteLayer& l) { return l.index == n; };
      if (!note_ || std::none_of(note_->layers.begin(), note_->layers.end(), is_it))
        return Error{ExitCode::usage, fmt::format("the firmware has no layer {}", *wanted.layer), "--trace-layer",
                     note_ ? fmt::format("its network has {} layers", note_->layers.size())
                           : "it has no section .note.microjoule, which names layers",
                     note_ ? "microjoule run shows their numbers" : "trace a function instead: --trace-symbol NAME"};
      filter.when = [this, is_it] {
        const model::NoteLayer* layer = tracker_->running();
        return layer && is_it(*layer);
      };
    }
    trace_ = std::make_unique<debug::TraceObserver>(engine(), program_.is_arm(), std::move(filter), wanted.write);
    engine().set_observer(trace_.get());
    return {};
  }

  void attach_gdb() {
    const auto& features = machine_->board().core.features;
    debug::GdbMachine seen;
    seen.engine = &engine();
    seen.thumb = program_.is_arm();
    seen.fpu = std::any_of(features.begin(), features.end(),
                           [](const std::string& f) { return f == "fp_sp" || f == "fp_dp"; });
    seen.tell = [this](const std::string& command, Cycle now) { return monitor(command, now); };
    gdb_->begin(std::move(seen));
    engine().set_observer(gdb_);
  }

  /// Answers of `monitor` commands that need the whole run.
  std::string monitor(const std::string& command, Cycle now) {
    if (command == "cycles")
      return fmt::format("{} cycles, {:.9g} s at {} Hz\n", now, machine_->clock().seconds(now), machine_->clock().hz());
    if (command == "layer") {
      const model::NoteLayer* layer = tracker_ ? tracker_->running() : nullptr;
      return layer ? fmt::format("layer {}: {}\n", layer->index, layer->name) : "no layer is running\n";
    }
    if (command != "energy") return "";
    RunResult so_far;
    so_far.provenance = provenance_of(program_, *machine_, false);
    so_far.operating_points = machine_->operating_points();
    collect_totals(*machine_, so_far);
    if (auto priced = price(so_far, request_.supply, request_.energy_table); !priced)
      return priced.error().text() + "\n";
    if (!so_far.totals.energy) return "no energy figures are known for this board\n";
    const Energy& e = *so_far.totals.energy;
    return fmt::format("{:.9g} J so far (between {:.4g} and {:.4g})\n", e.value_j, e.low_j, e.high_j);
  }

  void tell_gdb(const engine::Stop& stop) {
    using Kind = debug::GdbStop::Kind;
    const Kind kind = stop.kind == StopKind::exited   ? Kind::exited
                      : stop.kind == StopKind::lockup ? Kind::fault
                                                      : Kind::interrupted;
    gdb_->ended({kind, stop.status},
                explain_stop(stop, *machine_, program_, explain_fault(*machine_, program_), limit()).message);
  }

  /// The what-ifs of the request, checked against what the board can do.
  Result<void> hold(const BoardSpec& board, MachineOptions& options) {
    const Hertz least = std::max<Hertz>(board.core.min_clock_hz, 1), most = board.core.max_clock_hz;
    if (request_.clock_hz && (*request_.clock_hz < least || (most && *request_.clock_hz > most)))
      return Error{ExitCode::usage, fmt::format("the core can't run at {} Hz", grouped(*request_.clock_hz)),
                   "board " + board.id,
                   least == most                ? fmt::format("its only clock is {} Hz", grouped(most))
                   : *request_.clock_hz < least ? fmt::format("its lowest clock is {} Hz", grouped(least))
                                                : fmt::format("its highest clock is {} Hz", grouped(most)),
                   "a clock that it has"};
    options.clock_hz = request_.clock_hz;
    waits_ = request_.flash_wait_states;
    // Firmware made for another clock would program what that clock needs.
    if (waits_.empty() && request_.clock_hz && !board.wait_states.empty()) waits_ = "auto";
    const std::string& waits = waits_;
    if (waits.empty()) return {};
    constexpr std::uint32_t most_waits = 15;
    if (board.wait_states.empty())
      return Error{ExitCode::usage, "flash wait states can't be held on this board", "board " + board.id,
                   "they are not programmable, or not modelled as such", "leave them as they are"};
    if (waits == "auto") {
      if (request_.clock_hz && !board.least_wait_states(*request_.clock_hz))
        return Error{ExitCode::usage,
                     fmt::format("the least flash wait states at {} Hz are not known", grouped(*request_.clock_hz)),
                     "board " + board.id, "its table of wait states ends at a lower clock", "--flash-wait-states N"};
      options.least_flash_wait_states = true;
      return {};
    }
    std::uint32_t n = 0;
    const auto [rest, failed] = std::from_chars(waits.data(), waits.data() + waits.size(), n);
    if (failed != std::errc() || rest != waits.data() + waits.size() || n > most_waits)
      return Error{ExitCode::usage, fmt::format("'{}' is no number of flash wait states", waits), "--flash-wait-states",
                   "", fmt::format("0 to {}, or auto", most_waits)};
    options.flash_wait_states = n;
    return {};
  }

  Result<void> save_output() {
    if (output_.empty())
      return Error{ExitCode::firmware_failed, "no inference finished, so there is no output to write",
                   program_.image.name(), "mjrt_invoke did not return", "look at how the run ended"};
    return write_tensor(request_.output_path, note_->outputs.front(), output_);
  }

  engine::Stop run_to_end() {
    const Cycle limit = request_.max_cycles.value_or(EventQueue::never);
    for (;;) {
      Cycle end = limit, pause = EventQueue::never;
      const Cycle now = engine().state().now;
      if (request_.max_sim_time_s) {
        const double left = *request_.max_sim_time_s - machine_->clock().seconds(now);
        if (left <= 0) return {StopKind::limit, 0, engine().pc()};
        // The clock may change on the way: look again well before the end at today's frequency.
        const double cycles = left * static_cast<double>(machine_->clock().hz());
        if (cycles > sim_time_step)
          pause = now + static_cast<Cycle>(sim_time_step);
        else
          end = std::min(end, now + std::max<Cycle>(1, static_cast<Cycle>(cycles)));
      }
      if (request_.progress || gdb_) pause = std::min(pause, now + progress_step);
      const engine::Stop stop = engine().run(end, pause);
      const bool goes_on = stop.kind == StopKind::paused || stop.kind == StopKind::limit;
      if (!goes_on || engine().state().now >= limit) return stop;
      if (gdb_) gdb_->poll();
      if (request_.progress) request_.progress(engine().state().now, machine_->clock().seconds(engine().state().now));
    }
  }

  void timeline(RunResult& r) {
    r.timeline = recorder_.timeline(engine().calls().nodes()[0].function, engine().state().now,
                                    [&](Address function) { return function_name(program_.symbols, function); });
    if (!tracker_) return;
    r.timeline.layers = tracker_->spans();
    r.timeline.layers_left_out = tracker_->spans_left_out();
  }

  std::string layer_function(const Layer& l) const {
    for (const model::NoteLayer& n : note_->layers)
      if (static_cast<int>(n.index) == l.index && n.name == l.name) return function_name(program_.symbols, n.function);
    return "";
  }

  const RunRequest& request_;
  debug::GdbServer* gdb_;
  Program program_;
  std::unique_ptr<Machine> machine_;
  std::optional<model::NoteModel> note_;
  std::unique_ptr<LayerTracker> tracker_;
  TimelineRecorder recorder_;
  std::unique_ptr<RoiTracker> roi_;
  std::unique_ptr<debug::TraceObserver> trace_;
  std::string waits_;  ///< flash wait states held: a number, "auto" or none
  std::vector<std::uint8_t> input_, output_;
};

}  // namespace

Result<RunResult> run(const RunRequest& request) {
  auto image = memory::ElfImage::load(request.firmware);
  if (!image) return image.error();
  std::string id = request.board;
  if (id.empty()) {
    auto proposed = propose_board(*image);
    if (!proposed) return proposed.error();
    id = proposed->front().board;
  }
  auto board = is_generic_board(id) ? generic_board(id, *image, request.overlay) : load_board(id, request.overlay);
  if (!board) return board.error();
  if (!request.gdb) return Runner(request, std::move(image).value(), nullptr).run(*board, request.board.empty());

  if (request.trace.write)
    return Error{ExitCode::usage, "--gdb and --trace don't go together", "", "both look at each instruction",
                 "one of them"};
  auto gdb = debug::GdbServer::listen(*request.gdb);
  if (!gdb) return gdb.error();
  if (request.remark)
    request.remark(fmt::format("waiting for gdb: gdb-multiarch {} -ex 'target remote localhost:{}'", request.firmware,
                               (*gdb)->port()));
  if (auto connected = (*gdb)->accept(); !connected) return connected.error();
  for (;;) {
    auto result = Runner(request, *image, gdb->get()).run(*board, request.board.empty());
    if (!(*gdb)->reset_wanted()) return result;
  }
}

}  // namespace mj
