// Hints, barriers, special registers, exceptions (ARMv7-M A4.10, A4.11, B5.2).
#pragma once

#include "isa/context.h"
#include "isa/thumb/system.h"

namespace mj::isa::thumb::semantics {

// IT, NOP, YIELD, DBG, DMB, PLD, PLI: ARMv7-M A7.7.38, A7.7.88, A7.7.263, A7.7.32, A7.7.33, A7.7.94 to A7.7.98.
// One core that performs its accesses in order needs nothing of them; IT acts on the decoder
template <Context C>
void no_effect(C&, const Insn&) {}

// WFE, WFI, SEV, DSB, ISB: ARMv7-M A7.7.261, A7.7.262, A7.7.129, A7.7.34, A7.7.37; SG: DDI0553 C2.4.175
template <System S, Context C>
void system_event(C& c, const Insn&) {
  c.system_write(S, typename C::U32(0u));
}

// SVC: ARMv7-M A7.7.178
template <Context C>
void svc(C& c, const Insn& i) {
  c.raise(raise_svc, i.imm);
}

// BKPT: ARMv7-M A7.7.17
template <Context C>
void bkpt(C& c, const Insn& i) {
  c.raise(raise_bkpt, i.imm);
}

// UDF (ARMv7-M A7.7.194) and every encoding without a row
template <Context C>
void undefined(C& c, const Insn& i) {
  c.raise(raise_undefined, i.raw);
}

// CDP, LDC, MCR, MCRR, MRC, MRRC, STC: ARMv7-M A7.7.22 ...; no coprocessor exists besides the FPU
template <Context C>
void no_coprocessor(C& c, const Insn& i) {
  c.raise(raise_no_coprocessor, i.raw);
}

// CPS: ARMv7-M B5.2.1; imm as sys_cps wants it
template <Context C>
void cps(C& c, const Insn& i) {
  c.system_write(sys_cps, typename C::U32(i.imm));
}

// MRS: ARMv7-M B5.2.2; imm is SYSm
template <Context C>
void mrs(C& c, const Insn& i) {
  c.set_reg(i.rd, c.system_read(i.imm));
}

// MSR: ARMv7-M B5.2.3; imm is SYSm, for xPSR with mask << 8
template <Context C>
void msr(C& c, const Insn& i) {
  c.system_write(i.imm, c.reg(i.rn));
}

// TT, TTT, TTA, TTAT: DDI0553 C2.4.250
template <unsigned Kind, Context C>
void test_target(C& c, const Insn& i) {
  c.system_write(sys_tt_address, c.reg(i.rn));
  c.set_reg(i.rd, c.system_read(sys_tt | Kind << 8));
}

// VLSTM, VLLDM: DDI0553 C2.4.297, C2.4.293; the architecture moves the FP state
template <System S, Context C>
void system_address(C& c, const Insn& i) {
  c.system_write(S, c.reg(i.rn));
}

}  // namespace mj::isa::thumb::semantics
