// RV32A atomics (Volume I, chapter 8). The address is rs1 without offset and must be aligned; a misaligned one is a
// store/AMO exception (8.4), LR's a load exception. The aq and rl bits order nothing on a single in-order hart.
#pragma once

#include "isa/context.h"

namespace mj::isa::rv32::semantics {

// 8.2 LR.W
template <Context C>
void lr_w(C& c, const Insn& i) {
  c.set_reg(i.rd, c.load_exclusive(c.reg(i.rn), 4));
}
// 8.2 SC.W: rd = 0 if stored
template <Context C>
void sc_w(C& c, const Insn& i) {
  c.set_reg(i.rd, c.store_exclusive(c.reg(i.rn), c.reg(i.rm), 4));
}

// 8.4: rd = the word at rs1, then the word becomes f(word, rs2).
template <Context C, class F>
void read_modify_write(C& c, const Insn& i, F f) {
  using U32 = typename C::U32;
  const U32 address = c.reg(i.rn), operand = c.reg(i.rm);
  const U32 old = c.load32_aligned(address);
  c.store32_aligned(address, f(old, operand));
  c.set_reg(i.rd, old);
}
// 8.4 AMOSWAP.W
template <Context C>
void amoswap_w(C& c, const Insn& i) {
  read_modify_write(c, i, [](auto, auto b) { return b; });
}
// 8.4 AMOADD.W
template <Context C>
void amoadd_w(C& c, const Insn& i) {
  read_modify_write(c, i, [](auto a, auto b) { return a + b; });
}
// 8.4 AMOXOR.W
template <Context C>
void amoxor_w(C& c, const Insn& i) {
  read_modify_write(c, i, [](auto a, auto b) { return a ^ b; });
}
// 8.4 AMOAND.W
template <Context C>
void amoand_w(C& c, const Insn& i) {
  read_modify_write(c, i, [](auto a, auto b) { return a & b; });
}
// 8.4 AMOOR.W
template <Context C>
void amoor_w(C& c, const Insn& i) {
  read_modify_write(c, i, [](auto a, auto b) { return a | b; });
}
// 8.4 AMOMIN.W
template <Context C>
void amomin_w(C& c, const Insn& i) {
  read_modify_write(c, i, [](auto a, auto b) { return select(less_signed(a, b), a, b); });
}
// 8.4 AMOMAX.W
template <Context C>
void amomax_w(C& c, const Insn& i) {
  read_modify_write(c, i, [](auto a, auto b) { return select(less_signed(a, b), b, a); });
}
// 8.4 AMOMINU.W
template <Context C>
void amominu_w(C& c, const Insn& i) {
  read_modify_write(c, i, [](auto a, auto b) { return select(a < b, a, b); });
}
// 8.4 AMOMAXU.W
template <Context C>
void amomaxu_w(C& c, const Insn& i) {
  read_modify_write(c, i, [](auto a, auto b) { return select(a < b, b, a); });
}

}  // namespace mj::isa::rv32::semantics
