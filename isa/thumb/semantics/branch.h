// Branches (ARMv7-M A4.3). Targets of direct branches are absolute in imm; values for jump_to, call_to and return_to
// carry the Thumb bit as the register or the memory had it.
#pragma once

#include "isa/thumb/semantics/condition.h"
#include "isa/thumb/semantics/load_store.h"

namespace mj::isa::thumb::semantics {

// B: ARMv7-M A7.7.12
template <Context C>
void branch(C& c, const Insn& i) {
  c.jump(i.imm);
}

// B<c>: ARMv7-M A7.7.12
template <unsigned Cond, Context C>
void branch_if(C& c, const Insn& i) {
  c.jump_if(condition<Cond>(c), i.imm);
}

// BL: ARMv7-M A7.7.18
template <Context C>
void branch_link(C& c, const Insn& i) {
  c.set_reg(lr, typename C::U32((i.pc + 4u) | 1u));
  c.call(i.imm);
}

// BX: ARMv7-M A7.7.20; BXNS: DDI0553 C2.4.27, which also knows what bit 0 means there. May be a return: where POP can't
// load LR (ARMv6-M), a function with arguments on the stack returns by another register.
template <Context C>
void branch_register(C& c, const Insn& i) {
  c.return_to(c.reg(i.rm));
}

// BX LR: ARMv7-M A7.7.20
template <Context C>
void branch_return(C& c, const Insn& i) {
  c.return_to(c.reg(i.rm));
}

// BX PC: ARMv7-M A7.7.20; imm is the value of the PC, whose clear Thumb bit makes this an INVSTATE UsageFault
template <Context C>
void branch_to_pc(C& c, const Insn& i) {
  c.jump_to(typename C::U32(i.imm));
}

// BLX (register): ARMv7-M A7.7.19
template <Context C>
void branch_link_register(C& c, const Insn& i) {
  const auto target = c.reg(i.rm);
  c.set_reg(lr, typename C::U32((i.pc + 2u) | 1u));
  c.call_to(target);
}

// BLXNS: DDI0553 C2.4.24; return address, frame and change of state are the architecture's
template <Context C>
void branch_link_non_secure(C& c, const Insn& i) {
  c.call_to(c.reg(i.rm));
}

// CBZ, CBNZ: ARMv7-M A7.7.21
template <bool Zero, Context C>
void compare_branch(C& c, const Insn& i) {
  const auto v = c.reg(i.rn);
  if constexpr (Zero)
    c.jump_if(v == 0u, i.imm);
  else
    c.jump_if(v != 0u, i.imm);
}

// TBB, TBH: ARMv7-M A7.7.185; imm is the value of the PC, which may also be the table's base
template <Access A, bool PcBase, Context C>
void table_branch(C& c, const Insn& i) {
  using U32 = typename C::U32;
  U32 base(i.imm);
  if constexpr (!PcBase) base = c.reg(i.rn);
  U32 entry;
  if constexpr (A == Access::byte) entry = c.load8(base + c.reg(i.rm));
  if constexpr (A == Access::half) entry = c.load16(base + (c.reg(i.rm) << 1));
  c.jump_to(((entry << 1) + i.imm) | 1u);
}

}  // namespace mj::isa::thumb::semantics
