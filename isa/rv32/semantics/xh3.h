// Hazard3's own extensions (Hazard3 documentation, "Custom Extensions"): Xh3bextm and Xh3power.
#pragma once

#include "isa/context.h"
#include "isa/rv32/system.h"

namespace mj::isa::rv32::semantics {

// H3.BEXTM: `shift` + 1 bits from where rs2 says, 5 bits of it; zeros follow bit 31
template <Context C>
void h3_bextm(C& c, const Insn& i) {
  c.set_reg(i.rd, (c.reg(i.rn) >> (c.reg(i.rm) & 31u)) & ((2u << i.shift) - 1u));
}
// H3.BEXTMI
template <Context C>
void h3_bextmi(C& c, const Insn& i) {
  c.set_reg(i.rd, (c.reg(i.rn) >> std::uint32_t{i.aux}) & ((2u << i.shift) - 1u));
}
// H3.BLOCK: sleeps until another hart's H3.UNBLOCK or an interrupt
template <Context C>
void h3_block(C& c, const Insn&) {
  c.system_write(sys_h3_block, typename C::U32(0u));
}
// H3.UNBLOCK
template <Context C>
void h3_unblock(C& c, const Insn&) {
  c.system_write(sys_h3_unblock, typename C::U32(0u));
}

}  // namespace mj::isa::rv32::semantics
