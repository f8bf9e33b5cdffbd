// The register file of Armv6-M, v7-M and v8-M as ids 0..63 of the Context (isa/context.h).
#pragma once

namespace mj::isa::thumb {

/// Register ids. The flags are kept apart, in the form that makes writing them cheap.
enum Reg : unsigned {
  sp = 13,  ///< the stack pointer in use; the banked other one is sp_other. Bits 1:0 always read 0
  lr = 14,
  pc = 15,  ///< never read or written through the Context: operations that read the PC use Insn::pc + 4
  s0 = 16,  ///< S0..S31 = 16..47; D<n> is S<2n+1>:S<2n>
  nf = 48,  ///< bit 31 is the N flag, other bits are anything
  zf = 49,  ///< Z is set exactly if this is 0
  cf = 50,  ///< the C flag, 0 or 1
  vf = 51,  ///< bit 31 is the V flag, other bits are anything
  qf = 52,  ///< the Q flag, 0 or 1
  ge = 53,  ///< GE[3:0] in bits 3:0
  fpscr = 54,
  primask = 55,         ///< 0 or 1
  basepri = 56,         ///< bits 7:0
  faultmask = 57,       ///< 0 or 1
  control = 58,         ///< nPRIV, SPSEL, FPCA, SFPA (Secure state)
  ipsr = 59,            ///< exception number being handled, 0 in Thread mode
  sp_other = 60,        ///< the banked stack pointer not in use: PSP while the MSP is in use and the other way round
  secure_state = 61,    ///< 1 in Secure state; 0 in Non-secure state and without the Security Extension
  sp_limit = 62,        ///< Armv8-M: below this the stack pointer in use must not go; 0 without limit
  sp_limit_other = 63,  ///< the limit of sp_other
};

}  // namespace mj::isa::thumb
