// The state of a pipeline while a block is walked, and its canonical form between blocks. Private to this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/timing/table.h"

namespace mj::timing {

/// A result that may still be late.
struct Pending {
  std::uint8_t reg = 0;
  std::uint8_t profile = 0;
  std::int64_t done = 0;  ///< offset in the block at which its instruction is over; negative: before the block
};

/// All offsets are cycles from the block's entry.
struct Pipe {
  Pipe(const CoreTiming::Table& table, const PipeState& state);
  /// Canonical form of what is left at `now`.
  PipeState state() const;
  /// Lets time pass without an instruction.
  void pass(std::uint32_t cycles) {
    now += cycles;
    for (; fetch && cycles != 0; --cycles) fetch->clock(0, false);
  }

  const CoreTiming::Table& table;
  std::int64_t now = 0;
  std::vector<Pending> pending;
  std::uint8_t tail = 0;             ///< open tail of the previous instruction: row index + 1
  isa::RegSet tail_writes = 0;       ///< registers that it wrote
  bool previous_is_16bit = false;    ///< only kept while a row asks for it
  bool previous_multicycle = false;  ///< likewise
  bool previous_waited = false;      ///< the previous instruction held decode for more than a cycle; as above
  bool refetched = false;            ///< between an exit and its target: the next address is fetched anew
  bool alignment_hidden = false;     ///< likewise: the target's second word comes in time
  bool foldable = false;             ///< the next instruction may fold onto the previous one
  bool wrote_flags = false;          ///< the previous instruction wrote flags; kept with `foldable`
  bool after_jump = false;           ///< no instruction since the last jump
  std::uint8_t behind = 0;           ///< set of hidden-jump rows that the previous instruction serves, one bit each
  std::uint8_t wide_run = 0;         ///< unaligned 32-bit instructions in a row
  bool wide_run_has_store = false;
  bool wide_run_counts = false;     ///< the run began behind a multi-cycle instruction
  std::optional<FetchQueue> fetch;  ///< of a core that has one
  std::int64_t unit_free = 0;       ///< when the long-latency unit is free
};

}  // namespace mj::timing
