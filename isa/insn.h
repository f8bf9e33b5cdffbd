// One decoded instruction: everything that the encoding says, nothing that a run adds.
#pragma once

#include <cstdint>

#include "isa/op_class.h"

namespace mj::isa {

/// Fields that an operation doesn't use are 0. Register numbers are ids of the architecture's register file (see
/// context.h): an operation reads and writes exactly the registers that its fields name.
struct Insn {
  std::uint32_t pc = 0;   ///< address of the instruction, Thumb bit clear
  std::uint32_t raw = 0;  ///< the encoding; 16-bit encodings in the low half, 32-bit Thumb as hw1:hw2
  std::uint32_t imm = 0;  ///< immediate, absolute branch target, register list or literal address, as the op says
  std::uint16_t op = 0;   ///< thumb::Op or rv32::Op
  OpClass cls = OpClass::trap;
  std::uint8_t size = 0;   ///< bytes: 2 or 4
  std::uint8_t rd = 0;     ///< destination, or the register stored / loaded
  std::uint8_t rn = 0;     ///< first operand, base address
  std::uint8_t rm = 0;     ///< second operand, index
  std::uint8_t ra = 0;     ///< accumulator, second destination
  std::uint8_t shift = 0;  ///< shift amount 0..32
  std::uint8_t kind = 0;   ///< shift type or another small static selector of the op
  std::uint8_t cond = 14;  ///< condition field of the encoding or of the IT block; 14 = always
  std::uint8_t aux = 0;    ///< addressing bits (see the architecture's encoding.h) or another small static field
};
static_assert(sizeof(Insn) == 24);

}  // namespace mj::isa
