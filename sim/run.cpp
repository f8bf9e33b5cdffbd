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
#include "sim/debug/observers.h"
#include "sim/debug/trace.h"
#include "sim/detect.h"
#include "sim/ending.h"
#include "sim/generic_board.h"
#include "sim/heap_watch.h"
#include "sim/machine.h"
#include "sim/memory_dump.h"
#include "sim/price.h"
#include "sim/profile/attribution.h"
#include "sim/profile/model/note.h"
#include "sim/profile/recognisers/mapping.h"
#include "sim/profile/recognisers/recognition.h"
#include "sim/profile/roi.h"
#include "sim/profile/timeline.h"
#include "sim/program.h"
#include "sim/propose.h"
#include "sim/stack_watch.h"
#include "sim/tensor_io.h"
#include "sim/user_costs.h"

namespace mj {

using namespace profile;
using engine::StopKind;

namespace {

constexpr double sim_time_step = 1e6;  ///< cycles between two looks at the simulated time

/// Where functions begin: the engine asks for every block.
class FunctionStarts {
 public:
  FunctionStarts(const SymbolTable& symbols, const Recognition& others) : others_(&others) {
    for (const Symbol& s : symbols.functions()) starts_.push_back(s.start);
    std::sort(starts_.begin(), starts_.end());
  }
  bool operator()(Address a) const {
    return std::binary_search(starts_.begin(), starts_.end(), a) || others_->is_function(a);
  }

 private:
  std::vector<Address> starts_;
  const Recognition* others_;
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
    auto found = candidates(program_);
    if (!found) return found.error();
    if (!request_.layers_path.empty()) {
      auto mapping = read_mapping(request_.layers_path, program_);
      if (!mapping) return mapping.error();
      if (!mapping->networks.empty()) found->insert(found->begin(), {"mapping", std::move(mapping).value()});
      auto costs = read_user_costs(request_.layers_path, program_);
      if (!costs) return costs.error();
      costs_ = std::move(costs).value();
    }
    recognition_.emplace(program_, std::move(found).value());
    auto made = Machine::create(board, options, FunctionStarts(program_.symbols, *recognition_));
    if (!made) return made.error();
    machine_ = std::move(made).value();
    if (auto loaded = machine_->load(program_.image); !loaded) return loaded.error();
    if (request_.split_traffic) engine().split_traffic();
    if (auto tensors = attach_tensors(); !tensors) return tensors.error();
    if (const TensorRequest& t = request_.tensors; t.wanted) {
      capture_.emplace(TensorCapture::Wanted{t.wanted, t.inference, t.constants}, machine_->bus());
      recognition_->capture = &*capture_;
    }
    recognition_->listen(engine(), machine_->timing(), machine_->operating_points());
    engine().calls().add_listener(&recorder_);
    if (!costs_.empty()) {
      auto attached = UserCosts::attach(*machine_, costs_, [this] { return recognition_->running_number(); });
      if (!attached) return attached.error();
      user_costs_ = std::move(attached).value();
    }
    heap_ = std::make_unique<HeapWatch>(*machine_, program_);
    // Each security state has a main stack of its own, which the engine tells apart by itself.
    const auto& features = board.core.features;
    if (std::find(features.begin(), features.end(), "security") == features.end())
      stacks_ = std::make_unique<StackWatch>(*machine_, program_);
    if (auto dump = find_dump(); !dump) return dump.error();
    if (auto rois = watch_regions(); !rois) return rois.error();
    if (auto traced = trace(); !traced) return traced.error();
    if (auto detects = detect(); !detects) return detects.error();
    if (gdb_) attach_gdb();
    look_on();

    const engine::Stop stop = run_to_end();
    if (gdb_) tell_gdb(stop);
    if (gdb_ && (gdb_->reset_wanted() || gdb_->killed()))
      return Error{ExitCode::firmware_failed, "gdb ended the run", "--gdb", "it killed the program",
                   "detach leaves a run to its end"};
    recognition_->finish();

    RunResult result;
    result.provenance = provenance_of(program_, *machine_, proposed);
    result.provenance.held_clock_hz = request_.clock_hz.value_or(0);
    result.provenance.held_wait_states = waits_;
    result.operating_points = machine_->operating_points();
    result.console = machine_->console_text();
    collect_totals(*machine_, result);
    recognition_->give(result);
    if (user_costs_) user_costs_->give(result, recognition_->layer_indices());
    if (capture_) request_.tensors.give(capture_->take(recognition_->layer_indices()));
    set_times(result);
    attribute(engine(), machine_->timing(), program_.symbols, program_.debug, result,
              [this](const CallNode& node) { return recognition_->layer_of(node); });
    collect_memory(*machine_, program_, result);
    if (stacks_) stacks_->give(result.memory);
    heap_->give(result.memory);
    timeline(result);
    if (roi_) result.roi = roi_->result();
    collect_marked_regions(*machine_, program_, result);
    if (auto priced = price(result, request_.supply, request_.energy_table); !priced) return priced.error();
    if (auto exact = check_conserved(*machine_, result); !exact) return exact.error();
    collect_diagnostics(*machine_, program_, result);
    collect_findings(result);
    result.fault = explain_fault(*machine_, program_, *heap_);
    result.stop = explain_stop(stop, *machine_, program_, result.fault, limit());
    if (detector_ && !detector_->findings().empty() && result.stop.exit_code == ExitCode::ok)
      result.stop.exit_code = ExitCode::firmware_fault;
    // The last thing done with the machine: it looks what the program does next. Nobody else needs to.
    engine().calls().remove_listener(&recorder_);
    engine().on_mark = {};
    if (!gdb_) result.stop.hint = explain_why(stop, result.stop, *machine_, program_, *heap_);
    // Whatever became of the output: the result is never lost for it.
    const auto warn = [&](const char* option, const Result<void>& saved) {
      if (saved) return;
      const Error& e = saved.error();
      result.diagnostics.push_back({"warning", option, e.brief(), 1});
      if (result.stop.exit_code == ExitCode::ok) result.stop.exit_code = e.code;
    };
    if (!request_.output_path.empty()) warn("--output", save_output());
    if (dump_) warn("--dump-memory", write_memory_dump(machine_->bus(), *dump_));
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

  /// --input and --output: for networks that say where their tensors are.
  Result<void> attach_tensors() {
    if (request_.input_path.empty() && request_.output_path.empty()) return {};
    const memory::ElfSection* section = program_.image.section(".note.microjoule");
    if (!section)
      return Error{ExitCode::usage, "--input and --output need firmware of our own runtime", program_.image.name(),
                   "it has no section .note.microjoule", "build it with: microjoule build model.tflite"};
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
    recognition_->on_inference = [this](bool begins) {
      if (begins && !input_.empty()) {
        machine_->bus().poke(note_->inputs.front().address, input_.data(), input_.size());
        if (detector_) detector_->written(note_->inputs.front().address, input_.size());
      }
      if (begins || note_->outputs.empty() || !output_.empty()) return;
      output_.resize(note_->outputs.front().bytes);
      if (!machine_->bus().peek(note_->outputs.front().address, output_.data(), output_.size())) output_.clear();
    };
    return {};
  }

  /// Address of a symbol or number; `option` is what to blame.
  Result<Address> place(const std::string& text, const std::string& option) const {
    if (const memory::ElfSymbol* s = program_.image.symbol(text)) return s->value;
    Address a = 0;
    const bool hex = text.starts_with("0x");
    const auto [rest, failed] = std::from_chars(text.data() + (hex ? 2 : 0), text.data() + text.size(), a, 16);
    if (hex && failed == std::errc() && rest == text.data() + text.size()) return a;
    std::vector<std::string> names;
    for (const memory::ElfSymbol& s : program_.image.symbols()) names.push_back(s.name);
    return Error{ExitCode::usage, fmt::format("'{}' is neither a symbol of the image nor an address", text), option, "",
                 did_you_mean(text, names)};
  }

  Result<void> find_dump() {
    if (request_.dump_memory.empty()) return {};
    auto dump = parse_memory_dump(request_.dump_memory,
                                  [this](const std::string& text) { return place(text, "--dump-memory"); });
    if (!dump) return dump.error();
    dump_ = std::move(dump).value();
    return {};
  }

  Result<void> watch_regions() {
    if (request_.roi.empty()) return {};
    std::vector<RoiSpec> specs;
    for (const std::string& text : request_.roi) {
      const std::size_t colon = text.find(':');
      if (colon == std::string::npos)
        return Error{ExitCode::usage, fmt::format("'{}' is no region of interest", text), "--roi", "",
                     "BEGIN:END, two symbols or addresses: bench_begin:bench_end, 0x08000100:0x08000140"};
      const auto begin = place(text.substr(0, colon), "--roi " + text),
                 end = place(text.substr(colon + 1), "--roi " + text);
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
      const auto is_it = [n = static_cast<int>(*wanted.layer)](const Layer& l) { return l.index == n; };
      std::size_t known = 0;
      bool has_it = false, may_show = false;
      for (const Ranked& r : recognition_->candidates()) {
        known += r.candidate.layers.size();
        has_it |= std::any_of(r.candidate.layers.begin(), r.candidate.layers.end(), is_it);
        may_show |= r.candidate.layers.empty() && r.candidate.confidence > 0;
      }
      if (!has_it && !may_show)
        return Error{ExitCode::usage, fmt::format("the firmware has no layer {}", *wanted.layer), "--trace-layer",
                     known ? fmt::format("its network has {} layers", known) : "no network was recognised in it",
                     known ? "microjoule run shows their numbers" : "trace a function instead: --trace-symbol NAME"};
      filter.when = [this, is_it] {
        const Layer* layer = recognition_->running();
        return layer && is_it(*layer);
      };
    }
    trace_ = std::make_unique<debug::TraceObserver>(engine(), program_.is_arm(), std::move(filter), wanted.write);
    return {};
  }

  Result<void> detect() {
    if (request_.detect.empty()) return {};
    const auto wanted = parse_detections(request_.detect);
    if (!wanted) return wanted.error();
    detector_ = std::make_unique<Detector>(*machine_, program_, *wanted);
    if (trace_ || gdb_)
      detector_->on_finding = [this](const Detector::Finding& f, Address pc, Cycle now) {
        const std::string text = fmt::format("detected {} at {}: {}", f.kind, f.where, f.text);
        if (trace_) trace_->note(now, text);
        if (gdb_) gdb_->found(fmt::format("{} (0x{:08x})\n", text, pc));
      };
    return {};
  }

  void collect_findings(RunResult& r) {
    if (!detector_) return;
    for (Detector::Finding& f : detector_->findings())
      r.diagnostics.insert(r.diagnostics.begin() + static_cast<std::ptrdiff_t>(detected_++),
                           {std::move(f.kind), std::move(f.where), std::move(f.text), f.count});
  }

  void attach_gdb() {
    const auto& features = machine_->board().core.features;
    debug::GdbMachine seen;
    seen.engine = &engine();
    seen.thumb = program_.is_arm();
    seen.fpu = std::any_of(features.begin(), features.end(),
                           [](const std::string& f) { return f == "fp_sp" || f == "fp_dp" || f == "f"; });
    seen.tell = [this](const std::string& command, Cycle now) { return monitor(command, now); };
    for (auto& one : machine_->system_registers()) seen.system_registers.push_back({std::move(one.name), one.number});
    seen.read_system = [this](std::uint32_t number) { return machine_->read_system_register(number); };
    seen.write_system = [this](std::uint32_t number, std::uint32_t value) {
      return machine_->write_system_register(number, value);
    };
    if (detector_) seen.wrote = [this](Address from, std::size_t n) { detector_->written(from, n); };
    gdb_->begin(std::move(seen));
  }

  /// gdb first: the others see what it changed. The trace in front of the detector, so that an instruction's line
  /// stands above what it did.
  void look_on() {
    for (engine::Observer* one : {static_cast<engine::Observer*>(gdb_), static_cast<engine::Observer*>(trace_.get()),
                                  static_cast<engine::Observer*>(detector_.get())})
      if (one) observers_.add(*one);
    if (gdb_ || trace_ || detector_) engine().set_observer(&observers_);
  }

  /// Answers of `monitor` commands that need the whole run.
  std::string monitor(const std::string& command, Cycle now) {
    if (command == "cycles")
      return fmt::format("{} cycles, {:.9g} s at {} Hz\n", now, machine_->clock().seconds(now), machine_->clock().hz());
    if (command == "layer") {
      const Layer* layer = recognition_->running();
      return layer ? fmt::format("layer {}: {}\n", layer->index, layer->name) : "no layer is running\n";
    }
    if (command == "detections") {
      if (!detector_) return "nothing is looked for: microjoule run --detect all\n";
      std::string text;
      for (const Detector::Finding& f : detector_->findings())
        text += fmt::format("{} at {}: {} ({})\n", f.kind, f.where, f.text, grouped(f.count));
      return text.empty() ? "nothing was detected so far\n" : text;
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
                explain_stop(stop, *machine_, program_, explain_fault(*machine_, program_, *heap_), limit()).message);
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
      if (request_.progress || gdb_) pause = std::min(pause, now + request_.progress_every);
      const engine::Stop stop = engine().run(end, pause);
      const bool goes_on = stop.kind == StopKind::paused || stop.kind == StopKind::limit;
      if (!goes_on || engine().state().now >= limit) return stop;
      if (gdb_) gdb_->poll();
      if (request_.progress) request_.progress(engine().state().now, machine_->clock().seconds(engine().state().now));
    }
  }

  void timeline(RunResult& r) {
    auto layers = std::move(r.timeline.layers);
    const std::uint64_t left_out = r.timeline.layers_left_out;
    r.timeline = recorder_.timeline(engine().calls().nodes()[0].function, engine().state().now,
                                    [&](Address function) { return function_name(program_.symbols, function); });
    r.timeline.layers = std::move(layers);
    r.timeline.layers_left_out = left_out;
  }

  const RunRequest& request_;
  debug::GdbServer* gdb_;
  Program program_;
  std::unique_ptr<Machine> machine_;
  std::optional<model::NoteModel> note_;
  std::optional<TensorCapture> capture_;
  std::optional<Recognition> recognition_;
  TimelineRecorder recorder_;
  std::vector<UserCost> costs_;
  std::unique_ptr<UserCosts> user_costs_;
  std::unique_ptr<HeapWatch> heap_;
  std::unique_ptr<StackWatch> stacks_;
  std::unique_ptr<RoiTracker> roi_;
  std::optional<MemoryDump> dump_;
  std::unique_ptr<debug::TraceObserver> trace_;
  debug::Observers observers_;
  std::unique_ptr<Detector> detector_;
  std::size_t detected_ = 0;
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
