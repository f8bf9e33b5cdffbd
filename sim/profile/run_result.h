// What one run found: integers counted by the machine and their split, ready to be saved, compared and rendered.
//
// Every cycle of totals.cycles stands exactly once in each of: reasons, functions (self), call_tree (self), lines, and
// layers plus networks (between layers) plus phases. Names are the guest's; paths are as the debug information gives
// them, never the host's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "energy/activity.h"
#include "energy/ledger.h"
#include "sim/base/error.h"
#include "sim/base/units.h"
#include "sim/timing/reason.h"

namespace mj::profile {

/// A derived number and how sure we are: low <= value <= high, and where the interval comes from.
struct Estimate {
  double value = 0, low = 0, high = 0;
  std::string source;
};

/// Energy of a row at the supply pin. low and high contain how far the cycles may be off.
struct Energy {
  energy::Split split;  ///< exact: rows sum to the run's
  double value_j = 0, low_j = 0, high_j = 0;
  std::string tier;  ///< see energy::Supply::tier
};

/// Cycles by cause. `unsure` beside them: those of these that rest on inferred or estimated numbers of core or board.
using Reasons = std::array<Cycle, timing::reason_count>;

/// What instructions moved in and out of a memory region, or of several that were counted together: "SRAM1, SRAM2".
/// What exceptions stack by themselves and what a front end fetches ahead is not part of it.
struct BytesMoved {
  std::string region;              ///< "devices": all of them
  std::uint64_t read = 0;          ///< data
  std::uint64_t written = 0;       ///< data
  std::uint64_t instructions = 0;  ///< code that was run, skipped instructions included

  bool operator==(const BytesMoved&) const = default;
};
/// Regions of which nothing was moved are left out. In the board's order, devices first.
using Traffic = std::vector<BytesMoved>;

/// Most multiply-accumulates of int8 that the core's arithmetic alone can issue (timing::PeakMacs): what a layer's
/// MACs per cycle are held against.
struct PeakMacs {
  double per_cycle = 0;
  std::string by;                 ///< "SMLAD"
  std::string certainty, source;  ///< of the core file's row
};

struct Provenance {
  std::string tool_version;          ///< "0.1.0"
  std::string timing_model_version;  ///< timing::model_version
  std::string firmware;              ///< file name without folder
  std::uint64_t firmware_bytes = 0;
  std::string firmware_crc32;  ///< of the whole file, 8 hex digits
  std::string compiler;        ///< as the firmware's debug information or .comment says; may be empty
  std::string isa;             ///< of the ELF's attributes: "armv7e-m"
  std::string board, board_title;
  std::string core, core_title;
  std::optional<PeakMacs> peak_macs;  ///< none: a core without a multiplier, or nobody says
  bool board_proposed = false;        ///< chosen by us, not by the user
  Hertz held_clock_hz = 0;            ///< what-if: the core ran at this clock, whatever the firmware programmed; 0: no
  std::string held_wait_states;  ///< what-if: flash wait states held ("4") or as that clock needs ("auto"); empty: no
};

struct ClockSpan {
  Hertz hz = 0;
  Cycle cycles = 0;
};

struct Totals {
  Cycle cycles = 0;
  std::uint64_t instructions = 0;      ///< issued, condition-failed ones included
  std::uint64_t condition_failed = 0;  ///< of these: skipped in IT blocks
  double time_s = 0;                   ///< simulated, at the clocks that the firmware set
  std::vector<ClockSpan> clocks;       ///< in order
  Cycle exception_cycles = 0, idle_cycles = 0;
  std::uint64_t interrupts = 0;  ///< exceptions taken
  Reasons reasons{}, unsure{};
  Estimate cycles_estimate;  ///< cycles with the interval of the core's and the memory's model
  energy::Activities activity;
  Traffic bytes_moved;           ///< its layers', what lies between them, and phases' sum to it
  std::optional<Energy> energy;  ///< none: the board has no energy table (see EnergyModel)
};

/// What the run's joules were priced with.
struct EnergyModel {
  std::string table;  ///< board id, or the name of a user's table; empty: none, `remarks` say why
  std::string scope;  ///< what is contained and what not
  std::string supply, supply_title, regulator;  ///< regulator: "ldo" or "smps"
  double volts = 0;                             ///< at the supply pin
  std::string tier, source;
  double average_power_w = 0, average_power_low_w = 0, average_power_high_w = 0;
  std::vector<std::string> remarks;  ///< unknown parts, extrapolated clocks
};

struct Stop {
  std::string kind;  ///< "exited", "reset", "limit", "spin_forever", "sleep_forever", "lockup", "fault"
  int firmware_status = 0;
  ExitCode exit_code = ExitCode::ok;  ///< what the command line returns
  Address pc = 0;
  std::string where;    ///< pc in words: "main+0x12 (main.c:34)"
  std::string message;  ///< one line
  /// Of a run that did not end by itself: innermost first. A fault has its own.
  std::vector<std::string> backtrace;
  std::string hint;  ///< the likely reason in the firmware's terms; may be empty
};

struct Fault {
  std::string exception;  ///< "BusFault"
  Address pc = 0;
  std::string where;
  std::string what;                    ///< "store of 4 bytes to 0x08001000: flash is read-only (region flash)"
  std::vector<std::string> status;     ///< fault registers in words
  std::vector<std::string> backtrace;  ///< innermost first
  std::vector<std::string> registers;  ///< "r0 = 0x00000000"
  std::string hint;                    ///< the likely reason in the firmware's terms, and what to try; may be empty
  Cycle cycle = 0;
};

/// Cycles of something that happened several times; all 0 if it never did.
struct Spread {
  Cycle first = 0;
  Cycle warm = 0;  ///< median without the first, which finds caches cold; of one alone, that one
  Cycle median = 0, min = 0, max = 0;
};

/// Cycles of a row by what was done in them, as far as the names of functions tell; a row's parts sum to its cycles,
/// its activity and its energy.
struct Part {
  /// "printing", "features" (extraction of them), "quantising", "post_processing", "network_setup", "hardware_setup",
  /// "heap", "waiting", "interrupts" (their handlers); empty: the program's own code.
  std::string work;
  /// What it was done with: "soft_float", "copying" (of memory), "integer" and "math" functions, "unnamed" (functions
  /// of which no name is known); empty: its own code.
  std::string helper;
  Cycle cycles = 0;
  energy::Activities activity;   ///< empty: nobody knows (a result saved by an earlier version)
  std::optional<Energy> energy;  ///< none then, too
};

/// A function whose name says what it does.
struct FamilyMember {
  std::string function;
  std::string family;  ///< a Part's work or helper
  int confidence = 0;  ///< in percent
  std::string why;
};

struct Layer {
  int network = 0;   ///< index into RunResult::networks
  int index = 0;     ///< in execution order of the model, or of its subgraph
  int subgraph = 0;  ///< of the model; others than 0 run within an operator such as IF
  int parent = -1;   ///< index into RunResult::layers: the layer that it first ran in; -1: none
  std::string op;    ///< "CONV_2D"
  std::string name;  ///< output tensor's name
  std::vector<std::vector<std::int64_t>> input_shapes, weight_shapes, output_shapes;
  std::uint64_t macs = 0;
  std::uint64_t parameter_bytes = 0;  ///< weights and bias
  std::uint64_t weight_bytes = 0;     ///< of these, the weights
  std::uint64_t arena_bytes = 0;      ///< of the arena in use while it runs, 0: unknown
  std::uint64_t invocations = 0;
  Cycle cycles = 0;  ///< of all invocations, callees included, layers that run within it not
  Cycle first_cycles = 0, warm_cycles = 0, median_cycles = 0, min_cycles = 0, max_cycles = 0;  ///< see Spread
  std::uint64_t instructions = 0;
  double time_s = 0;
  Reasons reasons{}, unsure{};
  std::string function;  ///< the layer's function
  std::string kernel;    ///< the function with most of its cycles, if it isn't the layer's own
  energy::Activities activity;
  std::vector<Part> parts;       ///< empty: nobody knows (a result saved by an earlier version)
  Traffic bytes_moved;           ///< of all invocations
  std::optional<Energy> energy;  ///< of all invocations
};

/// The memory that a network's tensors live in while it runs.
struct Arena {
  Address address = 0;           ///< of two buffers, tensors' and another for what lives on: the tensors'
  std::uint64_t bytes = 0;       ///< as given to the runtime, of both buffers; 0: unknown
  std::uint64_t used_bytes = 0;  ///< of these; 0: unknown
};

struct Network {
  std::string name;
  std::string runtime;                     ///< "mjrt"
  std::string recognised_by;               ///< why we think so, one line
  int confidence = 0;                      ///< in percent, that it is this runtime and these are its layers
  std::vector<std::string> disagreements;  ///< where two sources contradict each other, a sentence each
  std::uint64_t inferences = 0;
  std::uint64_t macs = 0;
  std::uint64_t parameter_bytes = 0;  ///< weights and biases, each once; 0: unknown
  Arena arena;
  Cycle cycles = 0;         ///< inside of inferences: its layers and between them
  Spread inference_cycles;  ///< of one inference
  std::uint64_t instructions = 0;
  double time_s = 0;         ///< inside of inferences
  Cycle between_cycles = 0;  ///< inside inferences, outside of layers: the interpreter
  std::uint64_t between_instructions = 0;
  std::vector<Part> between_parts;  ///< of between_cycles; empty: nobody knows
  energy::Activities activity;
  Traffic between_bytes_moved;           ///< inside inferences, outside of layers
  std::optional<Energy> energy;          ///< inside of inferences
  std::optional<Energy> between_energy;  ///< inside inferences, outside of layers
};

/// What happened outside of inferences. With layers and between_cycles of networks, phases have each cycle once.
struct Phase {
  /// "startup" before main, "init" and "prepare" of an operator, "before" the first inference, "between" inferences,
  /// "after" the last one; "interrupts" and other "threads" during an inference or another phase, "other": what looked
  /// like a network and was none; "program" where nothing was inferred.
  std::string kind;
  int network = -1;  ///< index into RunResult::networks; -1: of none
  int layer = -1;    ///< index into RunResult::layers; -1: of none
  std::uint64_t count = 0;
  Cycle cycles = 0;
  std::uint64_t instructions = 0;
  double time_s = 0;
  Reasons reasons{};
  energy::Activities activity;
  std::vector<Part> parts;  ///< empty: nobody knows
  Traffic bytes_moved;
  std::optional<Energy> energy;
};

struct Function {
  std::string name;  ///< demangled, told apart from namesakes by file
  std::string file;
  Address address = 0;  ///< 0 for functions that exist only inlined
  std::uint32_t size = 0;
  bool inlined = false;  ///< row of an inlined function's code, wherever it stands
  Cycle self_cycles = 0, inclusive_cycles = 0;
  std::uint64_t self_instructions = 0, calls = 0;
  Reasons reasons{}, unsure{};
  energy::Activities activity;   ///< self
  std::optional<Energy> energy;  ///< self
};

struct TreeNode {
  std::uint32_t parent = 0;  ///< index into the list; the first row is the root
  std::string name;
  Cycle self_cycles = 0, inclusive_cycles = 0;
  std::uint64_t calls = 0;
  int layer = -1;  ///< index into RunResult::layers: this is a layer's function; -1: it isn't
};

struct Line {
  std::string file;
  std::uint32_t line = 0;
  std::string function;  ///< name of the row of `functions` that it is part of
  Cycle cycles = 0;
  std::uint64_t instructions = 0;
};

struct NamedBytes {
  std::string name;
  std::uint64_t bytes = 0;
};

struct MemoryRegion {
  std::string name, kind;  ///< kind: flash, ram
  Address base = 0;
  std::uint64_t size = 0, static_bytes = 0;  ///< bytes that the image occupies in it
  std::vector<NamedBytes> sections;          ///< largest first
};

/// The stack that the program began with (Arm: the main stack).
struct Stack {
  Address top = 0, low = 0;
  std::uint64_t used_bytes = 0;    ///< top - low, and what was used of another security state's stack
  std::vector<std::string> chain;  ///< functions at the deepest point, outermost first
};

/// A thread's own stack, which lies in memory that is counted as static or as heap already.
struct ThreadStack {
  std::string name;                  ///< the thread's, as the firmware calls it; or the object that holds the stack
  Address top = 0, low = 0;          ///< low: deepest
  std::uint64_t used_bytes = 0;      ///< top - low
  std::uint64_t size_bytes = 0;      ///< 0: unknown
  std::uint64_t overflow_bytes = 0;  ///< that it went below its lowest byte
  std::vector<std::string> chain;    ///< functions at the deepest point, outermost first
};

/// What an allocator gave out, from calls of its functions.
struct Heap {
  std::string allocator;           ///< "malloc", "pvPortMalloc"
  std::uint64_t peak_bytes = 0;    ///< most that was in use at a time, as asked for
  std::uint64_t taken_bytes = 0;   ///< most memory that this took, with the allocator's own records; 0: unknown
  std::uint64_t size_bytes = 0;    ///< that there is for it; 0: unknown
  std::uint64_t in_use_bytes = 0;  ///< when the run ended
  std::uint64_t allocations = 0;   ///< that succeeded
  std::uint64_t failures = 0;      ///< that did not
  bool in_static = false;          ///< it lies in an array that is counted as static RAM
  std::vector<std::string> chain;  ///< functions when the peak was reached, outermost first
};

struct Memory {
  std::uint64_t flash_used = 0, flash_size = 0;
  std::uint64_t ram_static = 0, ram_size = 0;  ///< .data, .bss and the like
  std::vector<MemoryRegion> regions;
  Stack stack;
  std::vector<ThreadStack> threads;  ///< in the order of their first use
  std::vector<Heap> heaps;
  std::string heap_unknown;  ///< why `heaps` says nothing; empty: it says what there is
  std::vector<NamedBytes> largest_symbols;

  /// Bytes that heaps took beside static RAM.
  std::uint64_t heap_bytes() const {
    std::uint64_t n = 0;
    for (const Heap& h : heaps)
      if (!h.in_static) n += h.taken_bytes ? h.taken_bytes : h.peak_bytes;
    return n;
  }
  std::uint64_t ram_peak() const { return ram_static + heap_bytes() + stack.used_bytes; }
};

/// When functions and layers ran, on the axis of core cycles since reset.
struct Timeline {
  struct Span {
    std::uint32_t name = 0;   ///< index into names
    std::uint32_t depth = 0;  ///< of the call stack, 0 = outermost
    Cycle begin = 0, end = 0;
  };
  struct LayerSpan {
    std::uint32_t layer = 0;  ///< index into RunResult::layers
    Cycle begin = 0, end = 0;
  };
  std::vector<std::string> names;
  std::vector<Span> spans;        ///< by begin, outer ones first
  Cycle shortest = 0;             ///< calls of fewer cycles are left out, for they were too many
  std::uint64_t left_out = 0;     ///< calls
  std::vector<LayerSpan> layers;  ///< by begin; the first ones if there were too many
  std::uint64_t layers_left_out = 0;
};

/// A region of interest that the user asked for, each time that the program passed through it.
struct RoiHit {
  Cycle begin = 0;  ///< since reset
  Cycle cycles = 0;
  std::uint64_t instructions = 0, condition_passed = 0;  ///< issued; of these not skipped by a condition
  Reasons reasons{}, unsure{};
};
struct Roi {
  std::string name;  ///< as asked for: "bench_begin:bench_end"
  Address begin = 0, end = 0;
  std::vector<RoiHit> hits;
  std::uint64_t left_out = 0;  ///< further hits
};

/// A region that the firmware marked on a board with marker registers: begin store inclusive, end store exclusive.
struct MarkedRegion {
  std::uint32_t id = 0;
  std::string name;  ///< of the image's section .mj.regions; may be empty
  Cycle cycles = 0;
  std::uint64_t instructions = 0;
};

/// What the user says that something costs which is not simulated, an accelerator's operator: beside the run's cycles
/// and joules, never part of them.
struct UserFigure {
  std::string name, source;  ///< source: where the user has it from; may be empty
  int layer = -1;            ///< index into RunResult::layers that it happened in; -1: none
  std::uint64_t times = 0;
  Cycle cycles_each = 0;
  double energy_each_j = 0;
};

/// Something that we did not model or that the user should know.
struct Diagnostic {
  std::string kind;   ///< "not_modelled", "stub", "warning", "timing"
  std::string where;  ///< device and offset, or symbol
  std::string text;
  std::uint64_t count = 0;
};

/// A number of the core's or board's model that is inferred or estimated, and the cycles that rest on it.
struct UnsureRow {
  std::string row;  ///< "costs/udiv", section and key of the core file; or "memory", "exceptions"
  std::string certainty, source;
  Cycle cycles = 0;
};

/// How an output of a layer differs from what was expected of it.
struct TensorDifference {
  std::string tensor;                     ///< its name; empty if it has none
  std::uint64_t elements = 0;             ///< that it has
  std::uint64_t differing = 0;            ///< of these
  double greatest = 0;                    ///< absolute difference; of quantised tensors in steps
  std::vector<std::int64_t> first;        ///< index of the first that differs
  std::string first_expected, first_got;  ///< its values
};

struct LayerComparison {
  int layer = 0;         ///< index into RunResult::layers
  std::string outcome;   ///< "equal", "differs" or "not_compared": its outputs against the reference's
  std::string inputs;    ///< "right", "wrong" or "unknown": what it was called with against the reference's
  std::string computes;  ///< "right", "wrong" or "unknown": its outputs from the inputs that it had
  /// Those of its outputs that differ; of an outcome "equal" with wrong inputs none.
  std::vector<TensorDifference> differences;
  std::vector<std::string> remarks;  ///< why it was not compared, rounding, constants that aren't the model's
};

/// Layers of one inference against a reference.
struct Comparison {
  std::string reference;        ///< name of the file or folder
  std::string kind;             ///< "model": computed from a .tflite; "tensors": files of another run
  std::uint64_t inference = 1;  ///< 1: the first
  std::uint64_t equal = 0, differing = 0, not_compared = 0;  ///< layers by outcome
  int first = -1;                       ///< index into `layers` of the first that is wrong; -1: none
  std::string verdict;                  ///< what is wrong with that one, a sentence
  std::vector<LayerComparison> layers;  ///< in the order of their calls
};

/// A runtime that the image has, though nothing of it ran.
struct SilentRuntime {
  std::string runtime;  ///< "TensorFlow Lite Micro"
  int confidence = 0;   ///< that the image has it: 1 to 100
  std::vector<std::string> reasons;
};

struct RunResult {
  Provenance provenance;
  Totals totals;
  Stop stop;
  std::optional<Fault> fault;
  std::vector<Network> networks;
  std::vector<SilentRuntime> silent_runtimes;            ///< the most confident first; only where there are no networks
  std::vector<energy::OperatingPoint> operating_points;  ///< that activities refer to, in order of first use
  EnergyModel energy_model;
  std::vector<Layer> layers;           ///< of all networks, in execution order
  std::vector<Phase> phases;           ///< in order of the run
  std::vector<Function> functions;     ///< by self cycles, largest first
  std::vector<FamilyMember> families;  ///< functions that ran and whose names say what they do, by name
  std::vector<TreeNode> call_tree;
  std::vector<Line> lines;  ///< by cycles, largest first
  Memory memory;
  Timeline timeline;
  std::vector<UnsureRow> unsure_rows;  ///< by cycles, largest first; sums to the sum of totals.unsure
  std::vector<Roi> roi;
  std::vector<MarkedRegion> regions;     ///< in order of their ends
  std::vector<UserFigure> user_figures;  ///< in the order of the user's file, a row a layer
  std::vector<Diagnostic> diagnostics;
  std::optional<Comparison> compare;  ///< none: nobody asked
  std::string console;                ///< what the firmware printed
};

}  // namespace mj::profile
