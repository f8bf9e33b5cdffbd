// Zcmp: several registers pushed, popped or moved by one 16-bit instruction (RISC-V Code Size Reduction 1.0, 3.5).
// Decoding has put the number of registers into kind (1..13: ra, s0 .. s11), the stack adjustment into imm.
#pragma once

#include "isa/context.h"
#include "isa/rv32/registers.h"

namespace mj::isa::rv32::semantics {

/// The k-th register of a list: ra, s0, s1, s2 ... s11.
constexpr unsigned list_register(unsigned k) {
  if (k == 0) return ra;
  return k <= 2 ? s0 + k - 1 : s2 + k - 3;
}

// CM.PUSH: the last register goes to the highest address, right below the old stack pointer
template <Context C>
void cm_push(C& c, const Insn& i) {
  const auto top = c.reg(sp);
  for (unsigned k = i.kind; k-- > 0;) c.store32(top - 4u * (i.kind - k), c.reg(list_register(k)));
  c.set_reg(sp, top - i.imm);
}

// Loads the list, the stack pointer not yet moved; gives ra.
template <Context C>
typename C::U32 load_list(C& c, const Insn& i) {
  const auto top = c.reg(sp) + i.imm;
  typename C::U32 value(0u);
  for (unsigned k = i.kind; k-- > 0;) {
    value = c.load32(top - 4u * (i.kind - k));
    c.set_reg(list_register(k), value);
  }
  c.set_reg(sp, top);
  return value;
}
template <Context C>
void cm_pop(C& c, const Insn& i) {
  load_list(c, i);
}
template <Context C>
void cm_popret(C& c, const Insn& i) {
  const auto to = load_list(c, i);
  c.return_to(to & ~1u);
}
template <Context C>
void cm_popretz(C& c, const Insn& i) {
  const auto to = load_list(c, i);
  c.set_reg(a0, typename C::U32(0u));
  c.return_to(to & ~1u);
}

// CM.MVSA01: a0 and a1 into two different s registers; CM.MVA01S: two s registers into a0 and a1. rd, ra: destinations
// of rn and rm.
template <Context C>
void cm_move_two(C& c, const Insn& i) {
  const auto first = c.reg(i.rn), second = c.reg(i.rm);
  c.set_reg(i.rd, first);
  c.set_reg(i.ra, second);
}

}  // namespace mj::isa::rv32::semantics
