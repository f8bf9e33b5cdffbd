// Conditions (ARMv7-M A7.3.1) on the flags as thumb/registers.h keeps them.
#pragma once

#include "isa/context.h"
#include "isa/thumb/registers.h"

namespace mj::isa::thumb::semantics {

/// Whether condition `Cond` (0 = EQ .. 13 = LE; 14 and 15 always) holds now.
template <unsigned Cond, Context C>
typename C::Bool condition(C& c) {
  using U32 = typename C::U32;
  if constexpr (Cond == 0) return c.reg(zf) == 0u;
  if constexpr (Cond == 1) return c.reg(zf) != 0u;
  if constexpr (Cond == 2) return c.reg(cf) != 0u;
  if constexpr (Cond == 3) return c.reg(cf) == 0u;
  if constexpr (Cond == 4) return (c.reg(nf) >> 31) != 0u;
  if constexpr (Cond == 5) return (c.reg(nf) >> 31) == 0u;
  if constexpr (Cond == 6) return (c.reg(vf) >> 31) != 0u;
  if constexpr (Cond == 7) return (c.reg(vf) >> 31) == 0u;
  if constexpr (Cond == 8 || Cond == 9) {
    const U32 higher = c.reg(cf) & bit_of(c.reg(zf) != 0u);
    if constexpr (Cond == 8) return higher != 0u;
    if constexpr (Cond == 9) return higher == 0u;
  }
  if constexpr (Cond == 10 || Cond == 11) {
    const U32 less = (c.reg(nf) ^ c.reg(vf)) >> 31;
    if constexpr (Cond == 10) return less == 0u;
    if constexpr (Cond == 11) return less != 0u;
  }
  if constexpr (Cond == 12 || Cond == 13) {
    const U32 less_or_equal = ((c.reg(nf) ^ c.reg(vf)) >> 31) | bit_of(c.reg(zf) == 0u);
    if constexpr (Cond == 12) return less_or_equal == 0u;
    if constexpr (Cond == 13) return less_or_equal != 0u;
  }
  if constexpr (Cond >= 14) return U32(0u) == 0u;
}

/// The same for a condition that is known when the instruction is decoded; the engine guards the instructions of an IT
/// block with it.
template <Context C>
typename C::Bool condition(C& c, unsigned cond) {
  switch (cond) {
    case 0:
      return condition<0>(c);
    case 1:
      return condition<1>(c);
    case 2:
      return condition<2>(c);
    case 3:
      return condition<3>(c);
    case 4:
      return condition<4>(c);
    case 5:
      return condition<5>(c);
    case 6:
      return condition<6>(c);
    case 7:
      return condition<7>(c);
    case 8:
      return condition<8>(c);
    case 9:
      return condition<9>(c);
    case 10:
      return condition<10>(c);
    case 11:
      return condition<11>(c);
    case 12:
      return condition<12>(c);
    case 13:
      return condition<13>(c);
    default:
      return condition<14>(c);
  }
}

}  // namespace mj::isa::thumb::semantics
