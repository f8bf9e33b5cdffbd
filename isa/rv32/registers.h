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
  s0 = 8,  ///< the same
  a0 = 10,
  a1 = 11,
  a7 = 17,
  s2 = 18,
  x_count = 32,
  f0 = 32,
  /// Rounding mode and accrued flags of F, as a control word of isa/fp_arith.h; fcsr.h has the CSRs' view of it. Behind
  /// the sink, outside the 64 that timing looks at: flags accrue beside the pipeline.
  fp_control = 65,
};

/// Whether calls leave their return address in this register (unprivileged manual 2.5.1: x1 and x5).
constexpr bool is_link(unsigned id) { return id == ra || id == t0; }

}  // namespace mj::isa::rv32
