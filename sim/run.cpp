#include "sim/run.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <span>

#include "isa/rv32/decode.h"
#include "isa/rv32/disasm.h"
#include "isa/thumb/decode.h"
#include "isa/thumb/disasm.h"
#include "memory/elf_image.h"
#include "peripherals/marker.h"
#include "sim/base/did_you_mean.h"
#include "sim/debug/gdb_server.h"
#include "sim/debug/trace.h"
#include "sim/generic_board.h"
#include "sim/machine.h"
#include "sim/price.h"
#include "sim/profile/attribution.h"
#include "sim/profile/counts.h"
#include "sim/profile/dwarf.h"
#include "sim/profile/layers.h"
#include "sim/profile/model/note.h"
#include "sim/profile/roi.h"
#include "sim/profile/static_size.h"
#include "sim/profile/symbols.h"
#include "sim/profile/timeline.h"
#include "sim/propose.h"
#include "sim/tensor_io.h"
#include "sim/version.h"

namespace mj {

using namespace profile;
using engine::StopKind;

namespace {

constexpr Cycle progress_step = 50'000'000;  ///< cycles between two calls of RunRequest::progress
constexpr double sim_time_step = 1e6;        ///< cycles between two looks at the simulated time
constexpr std::size_t largest_symbols = 20;

/// Where functions begin, as a bit per halfword: the engine asks for every block.
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

/// 1234567 -> "1,234,567".
std::string grouped(std::uint64_t n) {
  std::string s = fmt::format("{}", n);
  for (std::size_t at = s.size(); at > 3;) s.insert(at -= 3, ",");
  return s;
}

std::string compiler(const memory::ElfImage& image) {
  const memory::ElfSection* section = image.section(".comment");
  if (!section) return "";
  auto bytes = image.contents(*section);
  if (!bytes || bytes->empty()) return "";
  std::string text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  return text.substr(0, text.find('\0'));
}

Provenance provenance(const memory::ElfImage& image, const Machine& machine, bool proposed) {
  Provenance p;
  p.tool_version = version;
  p.timing_model_version = timing::model_version;
  p.firmware = image.name().substr(image.name().find_last_of('/') + 1);
  p.firmware_bytes = image.file_bytes().size();
  p.firmware_crc32 = fmt::format("{:08x}", crc32_z(0, reinterpret_cast<const unsigned char*>(image.file_bytes().data()),
                                                   image.file_bytes().size()));
  p.compiler = compiler(image);
  p.isa = image.target().arch;
  p.board = machine.board().id;
  p.board_title = machine.board().name;
  p.core = machine.board().core.timing;
  p.core_title = machine.timing().title();
  p.board_proposed = proposed;
  return p;
}

/// The firmware on its machine, with everything that explains it.
class Runner {
 public:
  /// `gdb`: attached to the run; may be null.
  Runner(const RunRequest& request, memory::ElfImage image, debug::GdbServer* gdb)
      : request_(request),
        gdb_(gdb),
        image_(std::move(image)),
        debug_(DebugInfo::load(image_)),
        symbols_(SymbolTable::build(image_, debug_)) {}

  Result<RunResult> run(const BoardSpec& board, bool proposed) {
    MachineOptions options;
    options.files_folder = request_.files_folder;
    options.console_input = request_.console_input;
    options.command_line = request_.command_line.empty() ? image_.name().substr(image_.name().find_last_of('/') + 1)
                                                         : request_.command_line;
    options.console = request_.console;
    options.console_error = request_.console_error;
    if (auto held = hold(board, options); !held) return held.error();
    // Asked now, so that no finished run is lost for a wrong supply.
    if (auto known = check_prices(board.id, request_.supply, request_.energy_table); !known) return known.error();
    auto made = Machine::create(board, options, FunctionStarts(symbols_));
    if (!made) return made.error();
    machine_ = std::move(made).value();
    if (auto loaded = machine_->load(image_); !loaded) return loaded.error();
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
    result.provenance = provenance(image_, *machine_, proposed);
    result.provenance.held_clock_hz = request_.clock_hz.value_or(0);
    result.provenance.held_wait_states = waits_;
    result.operating_points = machine_->operating_points();
    result.console = machine_->console_text();
    totals(result);
    attribute(engine(), machine_->timing(), symbols_, debug_, result);
    if (tracker_) result.networks.push_back(tracker_->network(result.layers, 0));
    for (Layer& l : result.layers) l.function = layer_function(l);
    memory(result);
    timeline(result);
    if (roi_) result.roi = roi_->result();
    marked_regions(result);
    if (auto priced = price(result, request_.supply, request_.energy_table); !priced) return priced.error();
    if (auto exact = conserved(result); !exact) return exact.error();
    diagnostics(result);
    fault(result);
    stopped(stop, result);
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
  std::string where(Address a) const { return symbols_.describe(a, debug_); }

  Result<void> attach_network() {
    const bool wants_tensors = !request_.input_path.empty() || !request_.output_path.empty();
    const memory::ElfSection* section = image_.section(".note.microjoule");
    if (!section) {
      if (!wants_tensors) return {};
      return Error{ExitCode::usage, "--input and --output need firmware of our own runtime", image_.name(),
                   "it has no section .note.microjoule", "build it with: microjoule build model.tflite"};
    }
    auto bytes = image_.contents(*section);
    if (!bytes) return bytes.error();
    auto note = model::parse_note(*bytes);
    if (!note) return note.error();
    note_ = std::move(note).value();
    if (!request_.input_path.empty()) {
      if (note_->inputs.empty()) return Error{ExitCode::usage, "the network has no input", image_.name(), "", ""};
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
    if (const memory::ElfSymbol* s = image_.symbol(text)) return s->value;
    Address a = 0;
    const bool hex = text.starts_with("0x");
    const auto [rest, failed] = std::from_chars(text.data() + (hex ? 2 : 0), text.data() + text.size(), a, 16);
    if (hex && failed == std::errc() && rest == text.data() + text.size()) return a;
    std::vector<std::string> names;
    for (const memory::ElfSymbol& s : image_.symbols()) names.push_back(s.name);
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
      const Address bit = image_.machine() == memory::Machine::arm ? 1 : 0;
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
      for (const FlatRange& range : symbols_.function_ranges()) {
        const auto named = symbols_.find_all(wanted.symbol);
        if (std::find(named.begin(), named.end(), &symbols_.functions()[range.value]) != named.end())
          filter.ranges.emplace_back(range.start, range.end);
      }
      std::vector<std::string> names;
      for (const Symbol& s : symbols_.functions()) names.push_back(s.name);
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
    trace_ = std::make_unique<debug::TraceObserver>(engine(), image_.machine() == memory::Machine::arm,
                                                    std::move(filter), wanted.write);
    engine().set_observer(trace_.get());
    return {};
  }

  void attach_gdb() {
    const auto& features = machine_->board().core.features;
    debug::GdbMachine seen;
    seen.engine = &engine();
    seen.thumb = image_.machine() == memory::Machine::arm;
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
    so_far.provenance = provenance(image_, *machine_, false);
    so_far.operating_points = machine_->operating_points();
    totals(so_far);
    if (auto priced = price(so_far, request_.supply, request_.energy_table); !priced)
      return priced.error().text() + "\n";
    if (!so_far.totals.energy) return "no energy figures are known for this board\n";
    const Energy& e = *so_far.totals.energy;
    return fmt::format("{:.9g} J so far (between {:.4g} and {:.4g})\n", e.value_j, e.low_j, e.high_j);
  }

  void tell_gdb(const engine::Stop& stop) {
    RunResult told;
    fault(told);
    stopped(stop, told);
    using Kind = debug::GdbStop::Kind;
    const Kind kind = stop.kind == StopKind::exited   ? Kind::exited
                      : stop.kind == StopKind::lockup ? Kind::fault
                                                      : Kind::interrupted;
    gdb_->ended({kind, stop.status}, told.stop.message);
  }

  /// Names of marked regions: { u32 id, name with its 0, padding to 4 } over and over.
  std::map<std::uint32_t, std::string> region_names() const {
    std::map<std::uint32_t, std::string> names;
    const memory::ElfSection* section = image_.section(".mj.regions");
    if (!section) return names;
    const auto bytes = image_.contents(*section);
    if (!bytes) return names;
    const std::string text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    for (std::size_t at = 0; at + 4 < text.size();) {
      std::uint32_t id;
      std::memcpy(&id, text.data() + at, sizeof id);
      const std::size_t end = text.find('\0', at + 4);
      if (end == std::string::npos) break;
      names[id] = text.substr(at + 4, end - at - 4);
      at = (end + 4) & ~std::size_t{3};
    }
    return names;
  }

  void marked_regions(RunResult& r) {
    for (const peripherals::DeviceSpec& spec : machine_->board().devices) {
      const auto* marker = dynamic_cast<const peripherals::Marker*>(machine_->device(spec.name));
      if (!marker) continue;
      const auto names = region_names();
      std::map<std::uint32_t, const peripherals::Marker::Hit*> open;
      for (const peripherals::Marker::Hit& hit : marker->hits) {
        if (hit.begin) {
          open[hit.id] = &hit;
          continue;
        }
        const auto begin = open.find(hit.id);
        if (begin == open.end()) continue;
        const auto name = names.find(hit.id);
        r.regions.push_back({hit.id, name == names.end() ? "" : name->second, hit.cycle - begin->second->cycle,
                             hit.instructions - begin->second->instructions});
        open.erase(begin);
      }
    }
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
      options.least_flash_wait_states = true;
      return {};
    }
    std::uint32_t n = 0;
    const auto [rest, failed] = std::from_chars(waits.data(), waits.data() + waits.size(), n);
    if (failed != std::errc() || rest != waits.data() + waits.size() || n > most_waits)
      return Error{ExitCode::usage, fmt::format("'{}' is no number of flash wait states", waits), "", "",
                   fmt::format("0 to {}, or auto", most_waits)};
    options.flash_wait_states = n;
    return {};
  }

  Result<void> save_output() {
    if (output_.empty())
      return Error{ExitCode::firmware_failed, "no inference finished, so there is no output to write", image_.name(),
                   "mjrt_invoke did not return", "look at how the run ended"};
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

  void totals(RunResult& r) {
    const Cycle now = engine().state().now;
    const Counts counts = total_counts(engine(), machine_->timing(), machine_->operating_points());
    r.totals.activity = counts.activity;
    r.totals.cycles = counts.cycles;
    r.totals.instructions = counts.instructions;
    r.totals.condition_failed = counts.condition_failed;
    r.totals.reasons = counts.reasons;
    r.totals.exception_cycles = engine().exception_cycles();
    r.totals.idle_cycles = engine().idle_cycles();
    for (const auto& [exception, n] : engine().exceptions_taken()) r.totals.interrupts += n;
    r.totals.time_s = machine_->clock().seconds(now);
    for (const CoreClock::Span& s : machine_->clock().spans(now))
      if (s.cycles) r.totals.clocks.push_back({s.hz, s.cycles});
    const CycleConfidence& c = machine_->confidence();
    const auto cycles = static_cast<double>(r.totals.cycles);
    // Sleep ends when a timer says so: its length does not depend on the core's table.
    const auto awake = static_cast<double>(r.totals.cycles - r.totals.idle_cycles);
    r.totals.cycles_estimate = {cycles, cycles + awake * c.low_percent / 100, cycles + awake * c.high_percent / 100,
                                c.tier + ": " + c.source};
    if (machine_->has_memory_waits()) {
      // The memory's model is not measured yet: its waits may be off by their own size.
      const auto waits = static_cast<double>(counts.reasons[static_cast<std::size_t>(timing::Reason::data_wait)] +
                                             counts.reasons[static_cast<std::size_t>(timing::Reason::fetch_wait)]);
      r.totals.cycles_estimate.low -= waits / 2;
      r.totals.cycles_estimate.high += waits / 2;
      r.totals.cycles_estimate.source += "; wait states +-50 % (estimated)";
    }
  }

  void timeline(RunResult& r) {
    r.timeline = recorder_.timeline(engine().calls().nodes()[0].function, engine().state().now,
                                    [&](Address function) { return function_name(symbols_, function); });
    if (!tracker_) return;
    r.timeline.layers = tracker_->spans();
    r.timeline.layers_left_out = tracker_->spans_left_out();
  }

  std::string layer_function(const Layer& l) const {
    for (const model::NoteLayer& n : note_->layers)
      if (static_cast<int>(n.index) == l.index && n.name == l.name) return function_name(symbols_, n.function);
    return "";
  }

  void memory(RunResult& r) {
    std::vector<MemoryRegionName> names;
    for (const RegionSpec& s : machine_->board().regions)
      if (s.alias_of.empty())
        names.push_back({s.name, s.base, static_cast<std::uint32_t>(s.size),
                         s.kind == memory::RegionKind::flash ? profile::RegionKind::flash : profile::RegionKind::ram});
    const StaticSize size = compute_static_size(image_, symbols_, names);
    Memory& m = r.memory;
    for (const RegionSize& region : size.regions) {
      MemoryRegion row;
      row.name = region.region.name;
      row.kind = region.region.kind == profile::RegionKind::flash ? "flash" : "ram";
      row.base = region.region.base;
      row.size = region.region.size;
      row.static_bytes = region.used;
      for (const SectionSize& s : size.sections)
        if (s.region == row.name || s.load_region == row.name) row.sections.push_back({s.name, s.bytes});
      std::stable_sort(row.sections.begin(), row.sections.end(),
                       [](const NamedBytes& a, const NamedBytes& b) { return a.bytes > b.bytes; });
      const auto spec = std::find_if(machine_->board().regions.begin(), machine_->board().regions.end(),
                                     [&](const RegionSpec& s) { return s.name == row.name; });
      if (spec->budget == BudgetKind::flash) m.flash_used += region.used;
      if (spec->budget == BudgetKind::ram) m.ram_static += region.used;
      m.regions.push_back(std::move(row));
    }
    m.flash_size = machine_->board().budget_bytes(BudgetKind::flash);
    m.ram_size = machine_->board().budget_bytes(BudgetKind::ram);
    for (const SizeRow& s : size.top_symbols(largest_symbols)) m.largest_symbols.push_back({s.name, s.bytes});
    m.stack.top = engine().stack_top();
    m.stack.low = engine().state().stack_low;
    if (m.stack.low > m.stack.top) m.stack.low = m.stack.top;
    m.stack.used_bytes = m.stack.top - m.stack.low;
    for (const Address f : engine().deepest_stack()) m.stack.chain.push_back(function_name(symbols_, f));
  }

  void diagnostics(RunResult& r) {
    const auto add = [&](std::string kind, std::string at, std::string text, std::uint64_t count) {
      r.diagnostics.push_back({std::move(kind), std::move(at), std::move(text), count});
    };
    // One row per device and kind of access; the registers in it.
    std::map<std::pair<std::string, std::string>, std::pair<std::string, std::uint64_t>> rows;
    for (const auto& [what, count] : machine_->not_modelled()) {
      const auto& [device, offset, text] = what;
      auto& [offsets, sum] = rows[{device, text}];
      offsets += fmt::format("{}0x{:x}", offsets.empty() ? " at offset " : ", ", offset);
      sum += count;
    }
    for (const auto& [key, row] : rows) add("not_modelled", key.first, key.second + row.first, row.second);
    unpriced(add);
    if (machine_->operating_points_merged())
      add("warning", "clock", "more clocks than are told apart; energy counts the further ones with the last one", 1);
    const std::uint32_t waits = r.operating_points.empty() ? 0 : r.operating_points.back().flash_wait_states;
    const Hertz hz = r.operating_points.empty() ? 0 : r.operating_points.back().clock_hz;
    if (const auto least = machine_->board().least_wait_states(hz); least && waits < *least)
      add("warning", "flash",
          fmt::format("{} wait states, but {} Hz needs {}: real flash would deliver wrong words", waits, grouped(hz),
                      *least),
          1);
    for (const std::string& note : machine_->load_notes()) add("warning", "boot", note, 1);
    if (!machine_->board().core.timing_note.empty())
      add("timing", machine_->board().core.timing, machine_->board().core.timing_note, 1);
    for (const std::string& d : image_.diagnostics())
      add("warning", image_.name().substr(image_.name().find_last_of('/') + 1), d, 1);
    for (const std::string& d : debug_.diagnostics()) add("warning", "debug information", d, 1);
    for (const auto& [exception, n] : engine().exceptions_taken())
      add("exceptions", engine().arch().exception_name(exception), "taken", n);
    if (machine_->console_truncated()) add("warning", "console", "only the first 16 MiB of the output were kept", 1);
  }

  /// Every cycle stands exactly once in each split of the run; anything else is our bug, never a report.
  Result<void> conserved(const RunResult& r) {
    const Cycle total = engine().state().now;
    const auto sum = [](const auto& rows, auto cycles) {
      Cycle n = 0;
      for (const auto& row : rows) n += cycles(row);
      return n;
    };
    const std::pair<const char*, Cycle> splits[] = {
        {"blocks and exceptions", engine().accounted()},
        {"reasons", sum(r.totals.reasons, [](Cycle c) { return c; })},
        {"functions", sum(r.functions, [](const Function& f) { return f.self_cycles; })},
        {"call tree", sum(r.call_tree, [](const TreeNode& n) { return n.self_cycles; })},
        {"lines", sum(r.lines, [](const Line& l) { return l.cycles; })},
        {"activity", sum(r.totals.activity, [](const energy::Activity& a) { return a.cycles(); })},
        {"clocks", sum(r.totals.clocks, [](const ClockSpan& s) { return s.cycles; })},
        {"layers", sum(r.layers, [](const Layer& l) { return l.cycles; }) +
                       sum(r.networks, [](const Network& n) { return n.between_cycles; }) + total -
                       sum(r.networks, [](const Network& n) { return n.cycles; })}};
    for (const auto& [what, cycles] : splits)
      if (cycles != total)
        return Error{ExitCode::internal, "the run's cycles don't add up", what,
                     fmt::format("{} cycles in this split, {} in the run", cycles, total),
                     "please report this with the firmware image"};
    if (!r.totals.energy) return {};
    energy::Split functions;
    for (const Function& f : r.functions) functions += f.energy->split;
    if (!(functions == r.totals.energy->split))
      return Error{ExitCode::internal, "the run's joules don't add up", "functions",
                   fmt::format("{} fJ in this split, {} in the run", functions.total(), r.totals.energy->split.total()),
                   "please report this with the firmware image"};
    return {};
  }

  /// Instructions of a class that the core's table doesn't price: the walk took its default for them.
  template <class Add>
  void unpriced(Add add) {
    const auto rows = machine_->timing().rows();
    const auto none = std::find_if(rows.begin(), rows.end(), [](const auto& row) { return row.id == "costs/(none)"; });
    if (none == rows.end()) return;
    const auto id = static_cast<std::uint16_t>(none - rows.begin());
    std::map<std::string, std::uint64_t> functions;
    for (const auto& block : engine().blocks()) {
      const auto& used = block->walk.rows;
      if (block->runs() && std::binary_search(used.begin(), used.end(), id))
        functions[function_name(symbols_, block->block->pc)] += block->runs();
    }
    for (const auto& [name, runs] : functions)
      add("timing", name, "has instructions that the core's table has no row for; they count one cycle", runs);
  }

  void fault(RunResult& r) {
    const auto& from = engine().first_fault();
    if (!from) return;
    Fault f;
    f.exception = engine().arch().exception_name(from->exception);
    f.pc = from->pc;
    f.where = where(from->pc);
    f.status = from->status;
    f.cycle = from->cycle;
    if (from->has_access) {
      const BadAccess& a = from->access;
      const char* why = a.why == BadAccess::Why::read_only   ? ": it can't be written"
                        : a.why == BadAccess::Why::unaligned ? ": unaligned"
                                                             : "";
      f.what = a.fetch ? fmt::format("instruction fetch from 0x{:08x} ({})", a.address, machine_->place(a.address))
                       : fmt::format("{} of {} byte{} at 0x{:08x} ({}{})", a.write ? "store" : "load", a.size,
                                     a.size == 1 ? "" : "s", a.address, machine_->place(a.address), why);
    } else {
      f.what = fmt::format("instruction {}", encoding_at(from->pc));
    }
    f.hint = hint(*from);
    f.backtrace.push_back(where(from->pc));
    for (auto it = from->call_stack.rbegin(); it != from->call_stack.rend(); ++it) {
      const std::string name = function_name(symbols_, *it);
      if (it == from->call_stack.rbegin() && name == function_name(symbols_, from->pc)) continue;
      f.backtrace.push_back(name);
    }
    const unsigned shown = engine().arch().sp == 2 ? 32 : 15;
    for (unsigned i = 0; i < shown; ++i)
      f.registers.push_back(fmt::format("{} = 0x{:08x}", engine().arch().register_name(i), from->registers[i]));
    if (engine().fault_count() > 1)
      f.status.push_back(engine().fault_count() == 2
                             ? "1 more fault followed; this is the first"
                             : fmt::format("{} more faults followed; this is the first", engine().fault_count() - 1));
    r.fault = std::move(f);
  }

  /// What to look at first; may be empty.
  std::string hint(const engine::FaultRecord& from) {
    constexpr Address null_page = 0x100, near_stack = 0x400;
    if (!from.has_access) {
      const bool state = std::any_of(from.status.begin(), from.status.end(),
                                     [](const std::string& s) { return s.find("INVSTATE") != std::string::npos; });
      if (state) return "a branch to an address whose bit 0 is clear: a null or overwritten function pointer?";
      return lacking(from.pc);
    }
    const BadAccess& a = from.access;
    if (a.why == BadAccess::Why::unaligned) return "";
    if (a.address < null_page)
      return a.fetch ? "a call through a null pointer?"
                     : "a null pointer with a small offset? look at the registers above";
    const Address sp = from.registers[engine().arch().sp];
    if (!a.fetch && (a.address - sp <= near_stack || sp - a.address <= near_stack))
      return fmt::format("stack overflow? the stack pointer is 0x{:08x}, and the stack began at 0x{:08x}", sp,
                         engine().stack_top());
    if (a.why == BadAccess::Why::unmapped)
      return "is the board right, and does the linker script match its memory? microjoule boards show " +
             machine_->board().id;
    return "";
  }

  /// Which extension the instruction at `pc` needs if this core doesn't have it; else empty.
  std::string lacking(Address pc) {
    std::array<std::uint8_t, 4> b{};
    if (!machine_->bus().peek(pc, b.data(), 2)) return "";
    machine_->bus().peek(pc + 2, b.data() + 2, 2);
    isa::Insn insn;
    isa::Effects effects;
    if (!engine().arch().decode(b.data(), 4, pc, 0, insn, effects) || insn.op != 0) return "";
    std::string name, extension;
    if (image_.machine() == memory::Machine::arm) {
      using namespace isa::thumb;
      static constexpr std::pair<Features, const char*> steps[] = {{v7m, "Armv7-M"},
                                                                   {v7m | dsp, "the DSP extension (Armv7E-M)"},
                                                                   {v7m | dsp | fp_sp, "the FPU"},
                                                                   {v7m | dsp | fp_sp | fp_dp | fp_v5, "FPv5"}};
      for (const auto& [features, what] : steps) {
        const isa::Insn known = isa::thumb::decode(b[0] | b[1] << 8u, b[2] | b[3] << 8u, pc, false, features);
        if (known.op == 0) continue;
        name = isa::thumb::op_name(known.op);
        extension = what;
        break;
      }
    } else if (insn.imm) {
      const std::uint32_t raw = b[0] | b[1] << 8u | b[2] << 16u | static_cast<std::uint32_t>(b[3]) << 24u;
      name = isa::rv32::op_name(isa::rv32::decode(raw, pc, insn.imm).op);
      extension = fmt::format("extension {}", isa::rv32::feature_name(insn.imm));
    }
    if (name.empty()) return "";
    return fmt::format("{} needs {}, which the core of {} lacks; the image is built for {}", name, extension,
                       machine_->board().id, image_.target().arch.empty() ? "an unnamed core" : image_.target().arch);
  }

  std::string encoding_at(Address pc) {
    std::array<std::uint8_t, 4> b{};
    if (!machine_->bus().peek(pc, b.data(), 2)) return "not readable";
    const bool arm = image_.machine() == memory::Machine::arm, wide = engine().arch().is_wide(b.data());
    machine_->bus().peek(pc, b.data(), wide ? 4 : 2);
    std::string text =
        (arm ? isa::thumb::disassemble : isa::rv32::disassemble)(std::span(b).first(wide ? 4 : 2), pc, 0);
    text = text.starts_with('.') ? "" : fmt::format(" ({})", text);  // ".inst.n 0xb650": no instruction of any core
    if (!wide) return fmt::format("0x{:04x}{}", b[0] | b[1] << 8, text);
    // As the manuals write them: Thumb's two halfwords in order, RISC-V's one word.
    const std::uint32_t low = b[0] | b[1] << 8u, high = b[2] | b[3] << 8u;
    return fmt::format("0x{:08x}{}", arm ? low << 16 | high : high << 16 | low, text);
  }

  void stopped(const engine::Stop& stop, RunResult& r) {
    Stop& s = r.stop;
    s.pc = stop.pc;
    s.where = where(stop.pc);
    const bool faulted = engine().first_fault() && engine().arch().in_fault(engine().state());
    switch (stop.kind) {
      case StopKind::exited:
        s.kind = "exited";
        s.firmware_status = stop.status;
        s.exit_code = stop.status == 0 ? ExitCode::ok : ExitCode::firmware_failed;
        s.message = fmt::format("the firmware ended with status {}", stop.status);
        break;
      case StopKind::limit:
      case StopKind::paused:
        s.kind = "limit";
        s.exit_code = ExitCode::limit;
        s.message = fmt::format("the limit of {} was reached at {}",
                                request_.max_cycles && engine().state().now >= *request_.max_cycles
                                    ? grouped(*request_.max_cycles) + " cycles"
                                    : fmt::format("{} s of simulated time", request_.max_sim_time_s.value_or(0)),
                                s.where);
        break;
      case StopKind::spin_forever:
        s.kind = "spin_forever";
        s.exit_code = ExitCode::limit;
        s.message = fmt::format("endless loop at {}: nothing pending can end it", s.where);
        break;
      case StopKind::sleep_forever:
        s.kind = "sleep_forever";
        s.exit_code = ExitCode::limit;
        s.message = fmt::format("asleep at {}: no enabled interrupt can wake the core", s.where);
        break;
      case StopKind::lockup:
        s.kind = "lockup";
        s.exit_code = ExitCode::firmware_fault;
        s.message = fmt::format("the core locked up at {}", s.where);
        break;
    }
    if (stop.kind == StopKind::lockup && r.fault) {
      s.message += fmt::format(", after {} at {}", r.fault->exception, r.fault->where);
    } else if (faulted && stop.kind != StopKind::exited) {
      s.kind = "fault";
      s.exit_code = ExitCode::firmware_fault;
      s.message = fmt::format("{} at {}", r.fault->exception, r.fault->where);
    }
  }

  const RunRequest& request_;
  debug::GdbServer* gdb_;
  memory::ElfImage image_;
  DebugInfo debug_;
  SymbolTable symbols_;
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
  auto board = is_generic_board(id) ? generic_board(id, *image) : load_board(id);
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
