// RV32M multiplication and division (Volume I, chapter 7). rd = rn op rm.
#pragma once

#include "isa/context.h"
#include "isa/rv32/value_ops.h"

namespace mj::isa::rv32::semantics {

// 7.1 MUL
template <Context C>
void mul(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) * c.reg(i.rm));
}
// 7.1 MULH
template <Context C>
void mulh(C& c, const Insn& i) {
  c.set_reg(i.rd, mul_high_signed(c.reg(i.rn), c.reg(i.rm)));
}
// 7.1 MULHSU: rs1 signed, rs2 unsigned
template <Context C>
void mulhsu(C& c, const Insn& i) {
  c.set_reg(i.rd, mul_high_mixed(c.reg(i.rn), c.reg(i.rm)));
}
// 7.1 MULHU
template <Context C>
void mulhu(C& c, const Insn& i) {
  c.set_reg(i.rd, mul_high_unsigned(c.reg(i.rn), c.reg(i.rm)));
}

// 7.2, table 7.1: x / 0 = all ones, x % 0 = x, INT_MIN / -1 = INT_MIN, INT_MIN % -1 = 0; nothing traps. The divisor is
// replaced by 1 where it is 0, as sdiv() and the others want it.

// 7.2 DIV
template <Context C>
void div(C& c, const Insn& i) {
  using U32 = typename C::U32;
  const U32 a = c.reg(i.rn), b = c.reg(i.rm);
  c.set_reg(i.rd, select(b == 0u, U32(~0u), sdiv(a, select(b == 0u, U32(1u), b))));
}
// 7.2 DIVU
template <Context C>
void divu(C& c, const Insn& i) {
  using U32 = typename C::U32;
  const U32 a = c.reg(i.rn), b = c.reg(i.rm);
  c.set_reg(i.rd, select(b == 0u, U32(~0u), udiv(a, select(b == 0u, U32(1u), b))));
}
// 7.2 REM
template <Context C>
void rem(C& c, const Insn& i) {
  using U32 = typename C::U32;
  const U32 a = c.reg(i.rn), b = c.reg(i.rm);
  c.set_reg(i.rd, select(b == 0u, a, srem(a, select(b == 0u, U32(1u), b))));
}
// 7.2 REMU
template <Context C>
void remu(C& c, const Insn& i) {
  using U32 = typename C::U32;
  const U32 a = c.reg(i.rn), b = c.reg(i.rm);
  c.set_reg(i.rd, select(b == 0u, a, urem(a, select(b == 0u, U32(1u), b))));
}

}  // namespace mj::isa::rv32::semantics
