// What a core's pipeline costs: a table (models/cores/<core>.json) and the walk of a basic block over it.
//
// The engine decodes a block, asks for its walk once per entry state, and then adds the walk's constants on every run.
// A walk covers what the program alone decides: issue, result latencies, load/store runs, branches, fetch of a core
// with zero-wait memory. Waits of memory (flash, caches, buses) belong to the board and are added by the engine, as are
// the three things that only a run knows: operand values (operand_cycles), data addresses (unaligned_cycles) and the
// target's place (target_cost).
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isa/def_use_context.h"
#include "isa/insn.h"
#include "sim/base/error.h"
#include "sim/timing/reason.h"

namespace mj::timing {

/// Version of the rules in this folder; part of every result. Changes whenever the same core file could give other
/// cycles.
inline constexpr std::string_view model_version = "4";

/// What of a pipeline's past still matters to the next instruction: results that are late, an open run of loads, a busy
/// unit, the fetch queue, the predictor's entry. Opaque and canonical: equal states have equal bytes. All zero is the
/// empty pipeline, as after reset and after an exception.
struct PipeState {
  std::array<std::uint8_t, 24> bytes{};

  friend bool operator==(const PipeState&, const PipeState&) = default;
  bool empty() const { return *this == PipeState{}; }
  std::uint64_t hash() const {
    std::uint64_t h = 0x9e3779b97f4a7c15u, word = 0;
    for (std::size_t at = 0; at < bytes.size(); at += 8) {
      std::memcpy(&word, bytes.data() + at, 8);
      h = (h ^ word) * 0xff51afd7ed558ccdu;
      h ^= h >> 32;
    }
    return h;
  }
};

/// Whether a class goes elsewhere by being a branch (calls, returns and tables included), not by a trap.
inline bool is_branch(isa::OpClass cls) { return cls >= isa::OpClass::branch && cls <= isa::OpClass::branch_table; }

/// How a block is left.
enum Exit : std::uint8_t {
  fallthrough = 0,  ///< to the next address: branch not taken, condition failed, or no branch at its end
  taken = 1,        ///< direct branch or call taken
  indirect = 2,     ///< to an address from a register or memory; also a trap that the last instruction raises
};
inline constexpr std::size_t exit_count = 3;

/// A share of an instruction's cycles and why they were spent.
struct ReasonCycles {
  std::uint16_t insn = 0;  ///< index in the block
  Reason reason = Reason::issue;
  std::uint16_t cycles = 0;
  std::uint16_t row = 0;  ///< the row that they rest on, index into CoreTiming::rows()

  friend bool operator==(const ReasonCycles&, const ReasonCycles&) = default;
};

/// Cost of a whole block when it is left one way, without what the target costs (target_cost) and what only the run
/// knows.
struct ExitCost {
  std::uint32_t cycles = 0;
  PipeState state;                    ///< entry state of the successor (pass it through target_cost first)
  std::vector<ReasonCycles> reasons;  ///< of the last instruction, besides those in Walk::reasons
};

/// One block walked from one entry state.
/// Holds for each exit x: sum(reasons) + sum(exits[x].reasons) == exits[x].cycles.
struct Walk {
  std::vector<std::uint32_t> begin;   ///< per instruction: offset of its issue (a memory access's address phase)
  std::vector<ReasonCycles> reasons;  ///< ascending by instruction; all exits have these in common
  std::array<ExitCost, exit_count> exits;
  /// Per instruction: what to add to the block's cycles when its condition failed (it is skipped): cost of a skipped
  /// instruction less its own reasons; 0 where the condition is "always". Take the instruction's reasons out and put
  /// `skipped_cycles()` of Reason::issue in. For the last instruction of a branch class use exits[fallthrough] instead.
  std::vector<std::int32_t> skipped_delta;
  /// Per instruction: cycles of an unaligned access's extra ones that the following instruction hides (see
  /// unaligned_cycles). Empty for cores without such a rule.
  std::vector<std::uint8_t> unaligned_hidden;
  std::vector<std::uint16_t> rows;  ///< table rows that were used, ascending, indices into CoreTiming::rows()
};

enum class Certainty : std::uint8_t { documented, measured, model, inferred, estimated };
std::string_view name(Certainty);

/// One number or rule of a core file.
struct RowInfo {
  std::string id;  ///< "costs/load": section and key
  Certainty certainty = Certainty::estimated;
  std::string source;
  std::string note;
};

/// Most multiply-accumulates of int8 that a core's arithmetic can issue: `macs` in `cycles`, by the instructions that
/// do the multiplying and adding alone. Loads, stores and loops, which feed it, are not part of it, so no kernel
/// reaches it.
struct PeakMacs {
  std::uint32_t macs = 0, cycles = 1;
  std::string by;  ///< the instructions of one step: "SMLAD", "MUL, ADD"
  std::string source;
  Certainty certainty = Certainty::estimated;
  double per_cycle() const { return static_cast<double>(macs) / cycles; }
};

/// Cycles of exceptions with zero-wait memory. What a core does not have is 0.
struct ExceptionCost {
  std::uint32_t entry = 0;           ///< from the last instruction's end to the handler's first instruction
  std::uint32_t trap_entry = 0;      ///< entry by an instruction (SVC, ECALL), besides that instruction's own cost
  std::uint32_t exit = 0;            ///< exception return, besides the branch's own single issue cycle
  std::uint32_t tail_chain = 0;      ///< from one handler's return to the next handler's first instruction
  std::uint32_t fp_frame_entry = 0;  ///< more entry cycles when FP registers are stacked at once
  std::uint32_t fp_frame_exit = 0;   ///< more exit cycles when FP registers are unstacked
  std::uint32_t lazy_fp_push = 0;    ///< at the first FP instruction of a handler with lazy stacking
  std::uint32_t secure_word = 0;     ///< each word of a frame that only Secure state has (R4-R11, S16-S31, calls)
  std::uint32_t wake = 0;            ///< from the wake-up event to the next instruction after WFI/WFE
};

/// Where stores wait for a memory that takes longer than the core (memory/data_port.h).
struct StoreBuffer {
  std::uint32_t entries = 0;      ///< 0: there is none
  std::uint32_t merge_bytes = 0;  ///< a store into so many aligned bytes joins one that still waits; 0: none does
};

/// A dynamic predictor of many entries (branch_predictor.h).
struct PredictorParams {
  std::uint32_t targets = 0;           ///< entries of the target buffer, 0..1024
  std::uint32_t histories = 0;         ///< one-bit counters, a power of two or 0
  std::uint32_t history_length = 0;    ///< bits of global history, 0..16
  std::uint32_t history_bits = 0;      ///< of them that choose a counter
  std::uint32_t returns = 0;           ///< depth of the return stack
  std::uint32_t return_registers = 0;  ///< bit n: a jump to register n is a return
  std::uint32_t fetch_bytes = 4;       ///< of one packet, a power of two
  std::uint32_t mispredict = 0;        ///< cycles lost
  std::uint32_t late = 0;              ///< cycles lost when only the decoder of fetched packets sees the branch
};

struct LoadOptions {
  /// Name of an operation as core files spell it (op_name() of the instruction set); nullptr or "?" past the last one.
  std::function<const char*(std::uint16_t op)> op_name;
  /// Text of another core file by its name (for "like"); nullopt if there is none.
  std::function<std::optional<std::string>(std::string_view core)> read_core;
  /// JSON object laid over the core file (RFC 7386), its "like" included: rows that a board's calibration replaces.
  /// Empty: none.
  std::string rows;
};

/// One core's table. Immutable after load; copies share it.
class CoreTiming {
 public:
  struct Table;  ///< what this folder makes of a core file (table.h)

  /// Reads a core file. Errors (ExitCode::usage) name the core file and the JSON pointer of the wrong key.
  static Result<CoreTiming> load(std::string_view json_text, std::string name, const LoadOptions& options = {});

  /// The core file with what it is like and options.rows merged, as text. Errors: as load(), without the schema's.
  static Result<std::string> merged_text(std::string_view json_text, const std::string& name,
                                         const LoadOptions& options = {});

  /// Walks a block of 1..64 instructions; effects[i] belongs to insns[i].
  Walk walk(std::span<const isa::Insn> insns, std::span<const isa::Effects> effects, const PipeState& entry) const;

  /// Cycles of arriving at `target` through an exit of kind `how` of a block whose last instruction is `cls`; moves
  /// `state` (the exit's) on to the target's entry state. Call it for every exit, fall-through included. Reason:
  /// target_alignment. `behind`: the instruction after that last one, where looks_behind().
  std::uint32_t target_cost(std::uint32_t target, bool target_is_32bit, Exit how, isa::OpClass cls, PipeState& state,
                            isa::OpClass behind = isa::OpClass::nop) const;
  /// Whether what a jump costs may depend on the instruction behind it, which was fetched before.
  bool looks_behind() const;

  /// Whether this instruction's cycles depend on operand values; walk() then holds the least it can take.
  bool has_operand_rule(const isa::Insn& insn) const;
  /// What to add to the walk's cycles for operand values a = register rn, b = register rm.
  std::uint32_t operand_cycles(const isa::Insn& insn, std::uint32_t a, std::uint32_t b) const;
  /// Reason of operand_cycles: divide or multiply.
  Reason operand_reason(const isa::Insn& insn) const;

  /// What an instruction that is refused once it is under way (an unknown CSR) takes more than its own cost, so that it
  /// takes what one does that the decoder refuses (class trap).
  std::uint32_t refused_cycles(const isa::Insn& insn) const;

  /// Extra cycles of one data access of `size` bytes (1, 2, 4) at `address`. `hidden`: Walk::unaligned_hidden of the
  /// instruction. Reason: unaligned.
  std::uint32_t unaligned_cycles(std::uint32_t address, unsigned size, bool store, unsigned hidden = 0) const;
  /// Whether unaligned_cycles() can be other than 0.
  bool has_unaligned_cost() const;

  /// The core's predictor if its state is not part of PipeState; nullptr: there is none.
  const PredictorParams* predictor() const;
  /// Rows that cycles outside of a walk rest on, indices into rows().
  std::uint16_t operand_row(const isa::Insn& insn) const;
  std::uint16_t unaligned_row() const;
  std::uint16_t target_row() const;
  std::uint16_t skipped_row() const;
  /// The part of exceptions() that rests on unsure rows.
  const ExceptionCost& unsure_exceptions() const;
  /// Whether a row is inferred or estimated: neither documented nor measured nor another model's.
  bool unsure(std::uint16_t row) const;

  const ExceptionCost& exceptions() const;
  const StoreBuffer& store_buffer() const;
  /// Cost of an instruction whose IT condition failed.
  std::uint32_t skipped_cycles() const;

  /// None: a core without a multiplier, or nobody says.
  const std::optional<PeakMacs>& peak_macs() const;

  const std::string& name() const;                   ///< "cortex-m4"
  const std::string& title() const;                  ///< "Arm Cortex-M4F"
  const std::string& isa() const;                    ///< "thumb" or "rv32"
  const std::vector<std::string>& features() const;  ///< "v7m", "dsp", "fp_sp" ...; "m", "c" ... for rv32
  std::span<const RowInfo> rows() const;

 private:
  friend struct Loader;
  explicit CoreTiming(std::shared_ptr<const Table> table) : table_(std::move(table)) {}
  std::shared_ptr<const Table> table_;
};

}  // namespace mj::timing

template <>
struct std::hash<mj::timing::PipeState> {
  std::size_t operator()(const mj::timing::PipeState& s) const noexcept { return static_cast<std::size_t>(s.hash()); }
};
