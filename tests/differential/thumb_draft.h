// A program while it is being made: instructions without places, registers without values.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "tests/differential/thumb_operands.h"
#include "tests/differential/thumb_program.h"

namespace mj::differential {

// Where things lie in RAM: data that loads and stores meet, the stack in the middle of it, and words for branches.
inline constexpr std::uint32_t data_low = ram_base + 0x1000, data_span = 0x1000, stack_top = ram_base + 0x1800,
                               slots = ram_base + 0x3000, slots_end = ram_base + 0x3c00, slot_bytes = 128;

struct Item {
  std::uint32_t raw = 0;
  std::uint8_t size = 2;
  bool drawn = false;
  std::uint8_t it_bits = 0;                       ///< ITSTATE before it
  const isa::Row<isa::thumb::Op>* row = nullptr;  ///< that it was drawn from
  unsigned group = 0;
  std::uint32_t pc = 0;
  int literal = -1;                               ///< a load of this literal
  std::vector<std::pair<unsigned, int>> steered;  ///< register, literal
  bool stack_as_is = false;                       ///< a base of SP is taken as it comes

  isa::Insn decode(isa::thumb::Features features) const;
};

struct Draft {
  std::uint32_t base = 0;
  std::vector<Item> items;
  std::vector<std::uint32_t> literals;
  std::vector<std::uint32_t> labels;  ///< address of each group, the end last
  std::vector<unsigned> islands;      ///< jumps back that end before the program and lead to these groups
  unsigned groups = 0;
  std::vector<bool> moves_stack;  ///< by group: the next one sets the stack pointer anew and must not be jumped over
  bool stack_moved = false;
  std::uint32_t next_slot = slots;
  unsigned exclusives = 0;
};

inline bool is(const isa::Insn& insn, isa::thumb::Op op) { return insn.op == static_cast<std::uint16_t>(op); }
inline bool is_fp(isa::OpClass c) { return c >= isa::OpClass::fp_move && c <= isa::OpClass::fp_sys; }

/// Gives instructions their places, registers and branches what they need, and writes the program; false if that can't
/// be. What can't be steered becomes a NOP and is counted.
bool lay_out(Draft& draft, isa::thumb::Features features, Operands& random, std::uint64_t& not_steered,
             ThumbProgram& program);

}  // namespace mj::differential
