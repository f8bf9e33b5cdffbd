// Blocks as the interpreter runs them: decoded once, costed once per entry state of the pipeline, then only counted.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "isa/def_use_context.h"
#include "isa/insn.h"
#include "memory/flash_timing.h"
#include "sim/base/units.h"
#include "sim/timing/core_timing.h"

namespace mj::engine {

struct HotState;
struct Slot;
struct TimedBlock;

/// Executes a slot and everything that follows it; returns the next slot to run, or nullptr to the dispatcher.
using Handler = Slot* (*)(HotState*, Slot*);

/// A guard in front of a conditional instruction: it skips `skip` slots and adds `fail_cycles` when the condition
/// fails.
struct GuardData {
  std::uint64_t fails;
  std::int32_t fail_cycles;
  std::uint8_t cond, skip;
};

/// In front of the first load of a run, where a board's RAMs differ in what a run costs.
struct RunWaitData {
  Cycle cycles;       ///< charged so far
  std::uint8_t base;  ///< register that addresses the load
};

/// One step of the interpreter: an instruction, or a pseudo operation (guard, block end, entry and cost hooks).
struct Slot {
  Handler fn;
  union {
    isa::Insn insn;
    GuardData guard;
    RunWaitData run_wait;
  };
  Slot() : fn(nullptr), insn{} {}
};
static_assert(sizeof(Slot) == 32);

/// A way out of a block to a successor: the unit of all counting. Cycles of the block when left this way, the target's
/// alignment included, are added on every pass; everything else follows from `runs` afterwards.
struct Edge {
  TimedBlock* to = nullptr;  ///< the unresolved stub until the first pass
  std::uint32_t cycles = 0;
  std::uint32_t raw_target = 0;  ///< indirect exits: the register value that leads here
  std::uint64_t runs = 0;
  std::uint32_t target_cycles = 0;  ///< part of `cycles` that the target's placement adds
  bool costed = false;              ///< `cycles` is known
  bool spin = false;                ///< leads back to its own block, which does nothing but wait
};

/// Instructions from one address to the next control transfer; what decoding alone determines.
struct Block {
  Address pc = 0;
  std::uint32_t mode = 0;  ///< what else changes decoding (IT state)
  std::vector<isa::Insn> insns;
  std::vector<isa::Effects> effects;
  std::vector<std::uint32_t> modes;  ///< decode mode at each instruction, and after the last
  Address end() const { return insns.empty() ? pc : insns.back().pc + insns.back().size; }
};

/// What only the run decided, for one instruction of a block: cycles by cause, and events that energy is priced from.
struct DynamicCounts {
  Cycle data_wait = 0, unaligned = 0, operand = 0, fetch_wait = 0;
  Cycle mispredict = 0, late_target = 0;    ///< of a branch, by a predictor that blocks don't know the state of
  Cycle data_miss = 0, fetch_miss = 0;      ///< of caches in front of memory
  Cycle data_queued = 0, fetch_queued = 0;  ///< while an earlier read kept the flash array busy
  Cycle unsure_data_wait = 0;               ///< part of data_wait: of memory whose numbers are inferred or estimated
  Cycle unsure_data_miss = 0, unsure_data_queued = 0;  ///< likewise
  Cycle data_buffered = 0, unsure_data_buffered = 0;   ///< for the store buffer
  std::uint64_t flash_reads = 0;                       ///< of the flash array, for code and data
  std::uint64_t not_ram = 0;                           ///< data accesses that flash with a front end or a device served
  Cycle cycles() const {
    return data_wait + unaligned + operand + fetch_wait + mispredict + late_target + data_miss + fetch_miss +
           data_queued + fetch_queued + data_buffered;
  }
};

/// Whether a block begins a function, and how it is reached.
enum class FunctionEntry : std::uint8_t {
  none,
  jumped,  ///< by a jump or by falling into it: a tail call or a loop
  called,
};

/// A block costed for one pipeline state at entry.
struct TimedBlock {
  std::uint64_t max_cycles = 0;  ///< upper bound of one pass, dynamic costs included
  Slot* first = nullptr;         ///< slots.data()
  std::array<Edge, 2> exits;     ///< fallthrough, taken
  Edge cut;                      ///< left after the last instruction by the dispatcher: exceptions, attention
  timing::Exit cut_exit = timing::fallthrough;  ///< exit of the walk that prices `cut`
  static constexpr std::size_t indirect_ways = 8;
  std::array<Edge*, indirect_ways> indirect_cache{};
  std::vector<std::unique_ptr<Edge>> indirect;
  std::shared_ptr<const Block> block;
  timing::PipeState entry;
  timing::Walk walk;
  std::uint64_t fetch_epoch = 0;         ///< flash epoch at which all of the block's words were resident
  memory::FlashTiming* flash = nullptr;  ///< front end that the block is fetched through, if any
  std::vector<Slot> slots;
  std::vector<std::uint16_t> guards;     ///< slots that are guards
  std::vector<std::uint16_t> run_waits;  ///< slots that are RunWaitData
  std::vector<std::uint8_t> slot_insn;   ///< instruction index of each slot
  std::vector<DynamicCounts> dynamic;    ///< per instruction, empty until one occurs
  FunctionEntry function_entry = FunctionEntry::none;
  std::uint16_t limit = 0;  ///< most instructions that the key allows
  std::uint8_t operating_point = 0;
  std::uint8_t part = 0;          ///< of the program's work that it is counted for, see CallTree::part()
  TimedBlock* sibling = this;     ///< ring of those that differ in their part alone
  TimedBlock* other = nullptr;    ///< of these, the one that was wanted last; nullptr: none was
  bool fetched_ahead = false;     ///< fetch is ahead of the branch that ends it, if it began with a jump
  bool in_flash = false;          ///< its code is in a flash region
  bool unsure_fetch = false;      ///< its front end's numbers are inferred or estimated
  std::uint32_t flash_words = 0;  ///< words of the flash front end that its code touches; 0: there is none
  std::uint32_t load_bytes = 0, store_bytes = 0;  ///< of a pass in which no condition fails
  std::uint8_t code_row = 0;                      ///< of Engine::traffic_rows(): where its code lies

  TimedBlock() = default;
  TimedBlock(const TimedBlock&) = delete;
  TimedBlock& operator=(const TimedBlock&) = delete;

  /// Times the block was entered and left by an exit.
  std::uint64_t runs() const {
    std::uint64_t n = exits[0].runs + exits[1].runs + cut.runs;
    for (const auto& e : indirect) n += e->runs;
    return n;
  }
};

}  // namespace mj::engine
