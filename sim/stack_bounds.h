// Where a stack may reach, from what the image says: symbols, sections, objects.
#pragma once

#include <optional>
#include <string>

#include "sim/machine.h"
#include "sim/program.h"

namespace mj {

/// Name of a stack that no object of the image holds.
inline constexpr const char* main_stack = "main stack";

struct StackBounds {
  std::string name;      ///< main_stack, or the object that holds the stack
  Address top = 0;       ///< exclusive
  Address limit = 0;     ///< lowest byte that the image sets aside for it
  std::string limit_is;  ///< why: "__StackLimit", "end of section .bss"
  Address floor = 0;     ///< lowest byte before something else begins; at most `limit`
  std::string floor_is;  ///< what lies below: "section .bss", "the heap", "nothing: RAM region SRAM begins there"

  /// False for an object that no frame fits in: the stack pointer serves as another register for a moment, on the way
  /// to the next thread's stack.
  bool can_be_stack() const { return top - limit >= 32; }
};

/// The stack that `sp` points into; for the main stack give its first stack pointer. None: `sp` is not in RAM.
std::optional<StackBounds> stack_bounds(Machine& machine, const Program& program, Address sp);

/// Data objects of [from, to), each once, in words: "g_table, g_flag"; empty: none that the image names.
std::string objects_in(const Program& program, Address from, Address to);

}  // namespace mj
