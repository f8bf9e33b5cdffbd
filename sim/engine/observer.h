// Someone who looks at every instruction: a trace, a debugger. Observed blocks are cut, costed and left exactly as
// unobserved ones - a step in front of each instruction tells the observer - so watching changes no cycle and no count.
#pragma once

#include <cstdint>

#include "isa/def_use_context.h"
#include "isa/insn.h"
#include "sim/arch.h"
#include "sim/base/units.h"

namespace mj::engine {

/// One data access of an instruction, as it went over the bus; an unaligned one is one access.
struct DataAccess {
  Address address = 0;
  unsigned size = 0;        ///< bytes: 1, 2 or 4
  std::uint32_t value = 0;  ///< read or written, in the low bytes
  bool write = false;
};

/// What became of an instruction.
enum class Outcome : std::uint8_t {
  executed,
  condition_failed,  ///< in an IT block, its condition was false: it did nothing
  faulted,           ///< it began, but an exception stands in its place (an access that failed); no register changed
};

class Observer {
 public:
  virtual ~Observer() = default;
  /// The instruction is about to execute; registers and memory are as it finds them, and may be changed through
  /// Engine::state() and Bus::poke. `now` is the cycle at which it issues. Engine::move_to and Engine::request_exit
  /// take effect in front of it.
  virtual void before(const isa::Insn& insn, const isa::Effects& effects, std::uint32_t mode, Cycle now) = 0;
  /// A data access of the instruction that before() told last was made.
  virtual void accessed(const DataAccess& access) = 0;
  /// The instruction that before() told last is over; registers are as it left them.
  virtual void after(Outcome outcome) = 0;
  /// Something other than an instruction set the program's flow and perhaps registers: an exception's entry or return,
  /// a semihosting call.
  virtual void redirected(const Redirect& how, Cycle now) = 0;
  /// Cycles without anything to see: the core slept (`passes` 0), or a loop that only waits went round `passes` times.
  virtual void skipped(Cycle from, Cycle to, std::uint64_t passes) = 0;
};

}  // namespace mj::engine
