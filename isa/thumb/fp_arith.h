// Arm floating-point arithmetic (ARMv7-M A2.5): that of isa/fp_arith.h with the FPSCR as its control word.
#pragma once

#include "isa/fp_arith.h"

namespace mj::isa::thumb {

using namespace ieee;

/// FPSCR bits (ARMv7-M B1.4.7, A2.5.2).
enum FpscrBits : std::uint32_t {
  fpscr_ioc = flag_invalid,
  fpscr_dzc = flag_divide_by_zero,
  fpscr_ofc = flag_overflow,
  fpscr_ufc = flag_underflow,  ///< tiny before rounding and inexact, or flushed to zero
  fpscr_ixc = flag_inexact,
  fpscr_idc = flag_denormal,
  fpscr_rmode = control_rounding,
  fpscr_fz = control_flush,
  fpscr_dn = control_default_nan,
  fpscr_ahp = control_alternative_half,
  fpscr_writable = 0xf7c0009f,
};

}  // namespace mj::isa::thumb
