// What handlers touch on every instruction, together in few cache lines.
#pragma once

#include <cstdint>

#include "isa/context.h"
#include "sim/engine/block.h"

namespace mj::engine {

class Engine;

/// Why a handler returned to the dispatcher.
enum class Why : std::uint8_t {
  edge,      ///< an edge was taken: its target is unresolved or the deadline may fall into the next block
  indirect,  ///< an indirect exit to `target` that no cached edge leads to
  leave,     ///< leave after the instruction of `slot`: attention was raised
  before,    ///< leave before the instruction of `slot`: a preparation (FP state, divide trap) is the architecture's
  raise,     ///< synchronous exception of the instruction of `slot`
  moved,     ///< leave before the instruction of `slot`: an observer wants the program to go on elsewhere or anew
};

/// Reasons to leave a block after the current instruction.
enum Attention : std::uint32_t {
  attention_abort = 1,     ///< a memory access of the instruction faulted
  attention_code = 2,      ///< decoded code was overwritten
  attention_deadline = 4,  ///< something became due or pending
};

/// What an access asks for beside being made; bits.
enum AccessKind : unsigned {
  access_aligned = 1,       ///< unaligned it faults
  access_unprivileged = 2,  ///< permitted only if unprivileged code may make it
};

struct HotState {
  std::uint32_t r[isa::register_count + 2] = {};  ///< register ids of the architecture, plus the sink
  Cycle now = 0;       ///< at block entry: exact; within a block: entry time plus dynamic cycles so far
  Cycle deadline = 0;  ///< a block is entered only if it surely ends by then
  TimedBlock* tb = nullptr;
  const std::uintptr_t* read_pages = nullptr;
  const std::uintptr_t* write_pages = nullptr;
  std::uint32_t attention = 0;
  std::uint32_t stack_low = 0;  ///< lowest stack pointer seen
  Engine* engine = nullptr;
  const std::uint8_t* run_waits = nullptr;  ///< per page: extra cycles of a run of loads; null: none has any

  // How the last handler returned.
  Why why = Why::edge;
  std::uint32_t target = 0;  ///< raw target of an indirect exit
  bool is_return = false;    ///< which is a function's return
  std::uint32_t raise_id = 0, raise_argument = 0;
  Slot* slot = nullptr;
  Edge* edge = nullptr;
};

}  // namespace mj::engine
