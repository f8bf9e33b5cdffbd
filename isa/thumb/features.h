// What a core has beyond Armv6-M: bits that gate decode rows (Row::feature) and that core files name.
#pragma once

#include <cstdint>

namespace mj::isa::thumb {

/// Feature bits of a Thumb core. A row needs all bits that it names; 0 is the Armv6-M base.
enum Feature : std::uint32_t {
  v7m = 1,        ///< ARMv7-M: Thumb-2 data processing, IT, bit-field, divide, exclusives (Cortex-M3 and up)
  dsp = 2,        ///< DSP extension of ARMv7E-M: SIMD, saturating and halfword multiplies (Cortex-M4 and M7)
  fp_sp = 4,      ///< FPv4-SP or FPv5: single-precision registers and arithmetic (ARMv7-M A2.5)
  fp_dp = 8,      ///< double-precision arithmetic (FPv5-D16-M)
  fp_v5 = 16,     ///< FPv5's additions: VSEL, VMAXNM, VMINNM, VRINT*, VCVT{A,N,P,M} (Cortex-M7)
  v8m = 32,       ///< Armv8-M Baseline additions: divide, MOVW/MOVT, CBZ, B.W, exclusives, acquire/release (Cortex-M23)
  v8m_main = 64,  ///< what Armv8-M Mainline has beyond ARMv7-M (Cortex-M33)
  security = 128,  ///< Security Extension: SG, BXNS, BLXNS, TTA, TTAT, VLSTM, VLLDM (Armv8-M B3)
  /// What ARMv7-M and Armv8-M Baseline share beyond Armv6-M. Rows name it, cores don't: decode() adds it to either.
  v7m_or_v8m = 1u << 16
};

}  // namespace mj::isa::thumb
