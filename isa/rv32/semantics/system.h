// CSR access (Volume I, chapter 9: Zicsr), fences (2.7; chapter 3: Zifencei), environment calls (2.8) and the
// machine-mode instructions of Volume II (3.3).
//
// CSR operations: imm = CSR number, rn = rs1 or aux = the 5-bit immediate. Decoding has told apart by the operands
// which of them read and which of them write: reading and writing can have effects of their own (9.1, table 9.1).
#pragma once

#include "isa/context.h"
#include "isa/rv32/system.h"

namespace mj::isa::rv32::semantics {

// 9.1 CSRRS/CSRRC/CSRRSI/CSRRCI with x0 or 0 as operand: reads only
template <Context C>
void csrr(C& c, const Insn& i) {
  c.set_reg(i.rd, c.system_read(i.imm));
}
// 9.1 CSRRW with rd = x0: writes only
template <Context C>
void csrw(C& c, const Insn& i) {
  c.system_write(i.imm, c.reg(i.rn));
}
// 9.1 CSRRWI with rd = x0: writes only
template <Context C>
void csrwi(C& c, const Insn& i) {
  c.system_write(i.imm, typename C::U32(std::uint32_t{i.aux}));
}
// 9.1 CSRRW
template <Context C>
void csrrw(C& c, const Insn& i) {
  const typename C::U32 operand = c.reg(i.rn), old = c.system_read(i.imm);
  c.system_write(i.imm, operand);
  c.set_reg(i.rd, old);
}
// 9.1 CSRRS
template <Context C>
void csrrs(C& c, const Insn& i) {
  const typename C::U32 operand = c.reg(i.rn), old = c.system_read(i.imm);
  c.system_write(i.imm, old | operand);
  c.set_reg(i.rd, old);
}
// 9.1 CSRRC
template <Context C>
void csrrc(C& c, const Insn& i) {
  const typename C::U32 operand = c.reg(i.rn), old = c.system_read(i.imm);
  c.system_write(i.imm, old & ~operand);
  c.set_reg(i.rd, old);
}
// 9.1 CSRRWI
template <Context C>
void csrrwi(C& c, const Insn& i) {
  const typename C::U32 old = c.system_read(i.imm);
  c.system_write(i.imm, typename C::U32(std::uint32_t{i.aux}));
  c.set_reg(i.rd, old);
}
// 9.1 CSRRSI
template <Context C>
void csrrsi(C& c, const Insn& i) {
  const typename C::U32 old = c.system_read(i.imm);
  c.system_write(i.imm, old | std::uint32_t{i.aux});
  c.set_reg(i.rd, old);
}
// 9.1 CSRRCI
template <Context C>
void csrrci(C& c, const Insn& i) {
  const typename C::U32 old = c.system_read(i.imm);
  c.system_write(i.imm, old & ~std::uint32_t{i.aux});
  c.set_reg(i.rd, old);
}

// 2.7 FENCE: one in-order hart sees its own accesses in order
template <Context C>
void fence(C&, const Insn&) {}
// chapter 3 FENCE.I
template <Context C>
void fence_i(C& c, const Insn&) {
  c.system_write(sys_fence_i, typename C::U32(0u));
}
// 2.8 ECALL
template <Context C>
void ecall(C& c, const Insn&) {
  c.raise(raise_ecall, 0);
}
// 2.8 EBREAK
template <Context C>
void ebreak(C& c, const Insn&) {
  c.raise(raise_ebreak, 0);
}
// Volume II 3.3.2 MRET
template <Context C>
void mret(C& c, const Insn& i) {
  c.raise(raise_mret, i.raw);
}
// Volume II 3.3.3 WFI
template <Context C>
void wfi(C& c, const Insn&) {
  c.system_write(sys_wfi, typename C::U32(0u));
}
// Not an instruction of this core
template <Context C>
void illegal(C& c, const Insn& i) {
  c.raise(raise_illegal, i.raw);
}

}  // namespace mj::isa::rv32::semantics
