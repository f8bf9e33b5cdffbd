// A core file in memory: rows with their rule's parameters, found by class or operation. Private to this folder.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/timing/core_timing.h"
#include "sim/timing/fetch_queue.h"

namespace mj::timing {

/// Set of operation classes.
using ClassSet = std::array<bool, isa::op_class_count>;
inline bool has(const ClassSet& set, isa::OpClass cls) { return set[static_cast<std::size_t>(cls)]; }

using RowId = std::uint16_t;  ///< index into CoreTiming::rows()

/// How cycles follow operand values. a = register rn (dividend), b = register rm (divisor, multiplier).
struct OperandRule {
  enum class Kind : std::uint8_t {
    divisor_zero,          ///< `least` if b = 0, else `base`
    divisor_leading_bits,  ///< base + leading zeros of b; signed and b < 0: base - 1 + leading ones of b
    dividend_negative,     ///< base, + `step` if a < 0
    msb_difference,        ///< n = msb(|a|) - msb(|b|); n < 0 or b = 0: least; else base + n / step, at most `most`
    multiplier_bits,       ///< base + bits of b, at least one bit
    wide_operands,         ///< base + step for each of a, b that does not fit in 16 bits
    signed_product,  ///< base, + step if a < 0 or b < 0, + step if the product is negative, and one more if its low
                     ///< half is 0
    quotient_bits,   ///< base + significant bits of |a| - those of |b|, within least..most
  };
  Kind kind = Kind::divisor_zero;
  bool is_signed = false;  ///< signed_product: b is signed; a always is
  std::uint32_t base = 0, least = 0, most = 0, step = 1;

  std::uint32_t cycles(std::uint32_t a, std::uint32_t b) const;
  std::uint32_t minimum() const;
};

struct CostRow {
  RowId row = 0;
  std::uint32_t cycles = 1;               ///< not taken, where it is a branch
  std::optional<std::uint32_t> taken;     ///< when the branch is taken
  std::uint32_t accesses_per_cycle = 0;   ///< > 0: + ceil(accesses / this)
  std::uint32_t least = 0;                ///< however few the accesses
  std::uint32_t unit_cycles = 0;          ///< > 0: occupies the long-latency unit for so long
  bool waits_for_unit = false;            ///< cannot issue while the unit is busy
  bool folds = false;                     ///< 0 cycles behind a 16-bit instruction
  bool free_before_16bit = false;         ///< 0 cycles in front of a 16-bit instruction of the same block
  std::uint32_t link_is_base_cycles = 0;  ///< more when the link register is also the base (rd = rn)
  std::optional<OperandRule> rule;
  Reason reason = Reason::other;
};

/// A result that is late for some uses.
struct LatencyRow {
  RowId row = 0;
  ClassSet consumers{};
  bool operand = false, address = false, store_data = false, target = false, accumulate = false, overwrite = false;
  bool early = false;        ///< operands that are read a stage before the others (DualRow::early_reads)
  bool last_only = false;    ///< of several registers, only the one written last
  bool late_only = false;    ///< only when the producer was not executed in the early stage (DualRow::early)
  bool same_cycle = false;   ///< the consumer may issue together with the producer
  std::uint32_t cycles = 0;  ///< that a consumer directly behind waits
  Reason reason = Reason::result_use;
};

/// Cycles at the end of a memory access that only some followers feel.
struct TailRow {
  RowId row = 0;
  std::uint32_t cycles = 0;
  ClassSet felt_by{};            ///< followers that wait
  bool address_waits = false;    ///< a follower that addresses through a register written here always waits
  bool writeback_waits = false;  ///< a follower with base write-back always waits
};

struct HiddenJumpRow {
  RowId row = 0;
  ClassSet behind{}, jumps{};
  bool behind_split = false;  ///< also behind an access that was split in two
  std::uint32_t cycles = 0;
};

struct FetchGroupRow {
  RowId row = 0;
  std::uint32_t count = 0, store_count = 0, cycles = 0;
  bool after_multicycle = false;
};

struct FetchRegionRow {
  RowId row = 0;
  std::uint32_t from = 0, to = 0, taken = 0, data = 0;
};

struct CsrRow {
  std::uint32_t first = 0, last = 0;
  bool reads = false, writes = false;
  CostRow cost;
};

/// Backward branches and direct jumps are predicted taken when they are fetched.
struct StaticPredictorRow {
  RowId row = 0;
  ClassSet jumps{};             ///< unconditional ones that it sees
  std::uint32_t cycles = 0;     ///< predicted and taken
  std::uint32_t not_taken = 0;  ///< predicted and not taken
};

/// Instructions that issue together with a 16-bit one before them.
struct FoldRow {
  RowId row = 0;
  ClassSet classes{};
  std::vector<std::uint16_t> ops;
  isa::RegSet flags = 0;  ///< a taken conditional branch does not fold behind an instruction that writes one of these
};

/// Instructions whose form makes them another class than their operation's.
struct FormRow {
  enum class When : std::uint8_t {
    shifted_constant,  ///< the immediate is an 8-bit value shifted left (and neither small nor a repeated byte)
    short_shift,       ///< the second operand is shifted left by at most `most`
  };
  RowId row = 0;
  When when = When::shifted_constant;
  std::vector<bool> ops;  ///< by operation number
  isa::OpClass as = isa::OpClass::alu;
  std::uint32_t most = 0;
  std::uint32_t flag_cycles = 0;  ///< more when it writes one of `flags`
  isa::RegSet flags = 0;

  bool matches(const isa::Insn& insn) const;
};

/// Classes and operations.
struct InsnSet {
  ClassSet classes{};
  std::vector<bool> ops;  ///< by operation number
  bool holds(const isa::Insn& insn) const { return has(classes, insn.cls) || (insn.op < ops.size() && ops[insn.op]); }
};

/// Two instructions a cycle, in order: an older and a younger one.
struct DualRow {
  struct Never {
    RowId row = 0;
    InsnSet older, younger;
  };
  struct Early {
    RowId row = 0;
    InsnSet insns;
    bool younger_too = false;  ///< else only the older of a pair
  };
  struct EarlyRead {
    RowId row = 0;
    InsnSet insns;
    bool all = false, rn = false, rm = false;
  };
  std::vector<Never> never;  ///< what does not pair
  RowId alone_row = 0;
  InsnSet alone;  ///< pairs with nothing
  RowId banks_row = 0;
  std::uint32_t bank_bytes = 0;  ///< > 0: two loads pair only if they are known to hit different ones of two banks
  std::vector<Early> early;      ///< runs a stage earlier when its operands are there: its result can be used at once
  std::vector<EarlyRead> early_reads;
  RowId branch_row = 0;
  std::uint32_t mispredict = 0;       ///< cycles of a loop's exit
  std::uint32_t mispredict_soon = 0;  ///< when the flags were written `flags_ahead` cycles before or earlier
  std::uint32_t flags_ahead = 0;
  isa::RegSet flags = 0;
  unsigned narrow_ahead = 0;  ///< > 0: a taken branch pairs with its target behind so many 16-bit instructions
};

/// Extra cycles of unaligned accesses: [load/store].
struct UnalignedRow {
  RowId row = 0;
  bool crossing_word_only = false;
  std::array<std::uint32_t, 2> halfword_odd{}, word_half{}, word_odd{};
};

struct CoreTiming::Table {
  std::string name, title, isa;
  std::vector<std::string> features;
  std::vector<RowInfo> rows;

  std::vector<CostRow> costs;  ///< [0] prices classes without a row
  std::array<std::uint16_t, isa::op_class_count> cost_of_class{};
  std::vector<std::uint16_t> cost_of_op;  ///< by operation number; none = none_
  bool folds = false;                     ///< some row folds
  std::vector<CsrRow> csrs;
  static constexpr std::uint16_t none = 0xffff;

  std::vector<LatencyRow> latencies;
  /// Rows that apply to one producer, as a set; profile 0 is empty. Profiles are what a PipeState names.
  std::vector<std::vector<std::uint16_t>> profiles;
  std::array<std::uint8_t, isa::op_class_count> profile_of_class{};
  std::vector<std::uint8_t> profile_of_op;  ///< 0xff = as its class

  std::vector<TailRow> tails;
  std::array<std::uint8_t, isa::op_class_count> tail_of_class{};  ///< index + 1; 0 = none
  std::vector<HiddenJumpRow> hidden_jumps;
  std::optional<FetchGroupRow> fetch_group;
  std::vector<FetchRegionRow> fetch_regions;
  std::optional<FetchQueueRow> fetch_queue;
  std::optional<StaticPredictorRow> static_predictor;
  std::optional<PredictorParams> predictor;
  RowId predictor_row = 0;
  std::optional<FoldRow> fold;
  std::optional<UnalignedRow> unaligned;
  std::vector<FormRow> forms;
  std::optional<DualRow> dual;
  std::uint32_t target_alignment = 0;
  ClassSet target_alignment_classes{};
  RowId target_alignment_row = 0;
  std::uint32_t skipped = 1;
  RowId skipped_row = 0;
  ExceptionCost exceptions, unsure_exceptions;
  StoreBuffer store_buffer;
  std::optional<PeakMacs> peak_macs;

  bool unsure(RowId row) const { return rows[row].certainty >= Certainty::inferred; }
  const CostRow& cost(const isa::Insn& insn) const;
  /// The row of `forms` that an instruction matches; nullptr if none.
  const FormRow* form(const isa::Insn& insn) const;
  const std::vector<std::uint16_t>& profile(std::uint8_t id) const { return profiles[id]; }
  std::uint8_t profile_id(const isa::Insn& insn) const {
    if (insn.op < profile_of_op.size() && profile_of_op[insn.op] != 0xff) return profile_of_op[insn.op];
    return profile_of_class[static_cast<std::size_t>(insn.cls)];
  }
  /// Cycles after which no consumer waits for a producer of this profile.
  std::uint32_t reach(std::uint8_t profile_id) const;
};

}  // namespace mj::timing
