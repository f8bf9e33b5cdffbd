// The RV32 register file as ids 0..63 of the Context (isa/context.h).
#pragma once

#include "isa/context.h"

namespace mj::isa::rv32 {

/// Register ids: x0..x31 = 0..31, f0..f31 = 32..63. reg(x0) reads 0 because nothing ever writes id 0: where an
/// encoding names x0 as destination, or has no destination, decoding puts sink_register into Insn::rd.
enum Reg : unsigned {
  x0 = 0,
  ra = 1,
  sp = 2,
  gp = 3,
  tp = 4,
  t0 = 5,  ///< the alternate link register
  fp = 8,
  a0 = 10,
  a7 = 17,
  x_count = 32,
  f0 = 32,
};

/// Whether calls leave their return address in this register (unprivileged manual 2.5.1: x1 and x5).
constexpr bool is_link(unsigned id) { return id == ra || id == t0; }

}  // namespace mj::isa::rv32
