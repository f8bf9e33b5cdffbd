// What an instruction's registers are for, as timing rows name it. Private to this folder.
#pragma once

#include "isa/def_use_context.h"
#include "isa/insn.h"
#include "sim/timing/core_timing.h"

namespace mj::timing {

inline bool is_always(const isa::Insn& insn) { return insn.cond == 14; }

/// Registers that a multiply-accumulate adds to its product (the roles of Insn's fields are the decoder's).
inline isa::RegSet accumulators(const isa::Insn& insn) {
  const isa::RegSet factors = isa::reg_bit(insn.rn) | isa::reg_bit(insn.rm);
  switch (insn.cls) {
    case isa::OpClass::mac:
      return isa::reg_bit(insn.ra) & ~factors;
    case isa::OpClass::mac_long:
      return (isa::reg_bit(insn.ra) | isa::reg_bit(insn.rd)) & ~factors;
    case isa::OpClass::fp_mac:
      return isa::reg_bit(insn.rd) & ~factors;
    default:
      return 0;
  }
}

/// Of the registers that an instruction writes, those that hold its result (and not a written-back base address).
inline isa::RegSet results(const isa::Insn& insn, const isa::Effects& effects) {
  if (effects.loads == 0 && effects.stores == 0) return effects.writes;
  const isa::RegSet named = isa::reg_bit(insn.rd) | (insn.cls == isa::OpClass::load_dual ? isa::reg_bit(insn.ra) : 0);
  return effects.writes & (~effects.address | named);
}

}  // namespace mj::timing
