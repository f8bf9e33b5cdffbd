// Operations on guest values that only RV32 has, beside those of isa/value.h. One overload computes, one tells what
// flows where; an engine that emits code adds its own.
#pragma once

#include <cstdint>

#include "isa/def_use_context.h"
#include "isa/value.h"

namespace mj::isa::rv32 {

/// Upper words of the 64-bit product: both signed, a signed and b unsigned, both unsigned.
constexpr std::uint32_t mul_high_signed(std::uint32_t a, std::uint32_t b) {
  return high(widen_signed(a) * widen_signed(b));
}
constexpr std::uint32_t mul_high_mixed(std::uint32_t a, std::uint32_t b) { return high(widen_signed(a) * widen(b)); }
constexpr std::uint32_t mul_high_unsigned(std::uint32_t a, std::uint32_t b) { return high(widen(a) * widen(b)); }

/// Product of polynomials over GF(2): additions without carries.
constexpr std::uint64_t carryless_product(std::uint32_t a, std::uint32_t b) {
  std::uint64_t out = 0;
  for (unsigned bit = 0; bit < 32; ++bit)
    if (b >> bit & 1u) out ^= std::uint64_t{a} << bit;
  return out;
}
/// Bit n of the low half goes to bit 2n, of the high half to bit 2n + 1; and back.
constexpr std::uint32_t interleave(std::uint32_t a) {
  std::uint32_t out = 0;
  for (unsigned n = 0; n < 16; ++n) out |= (a >> n & 1u) << (2 * n) | (a >> (n + 16) & 1u) << (2 * n + 1);
  return out;
}
constexpr std::uint32_t deinterleave(std::uint32_t a) {
  std::uint32_t out = 0;
  for (unsigned n = 0; n < 16; ++n) out |= (a >> (2 * n) & 1u) << n | (a >> (2 * n + 1) & 1u) << (n + 16);
  return out;
}

constexpr Taint carryless_product(Taint a, Taint b) { return mix(a, b); }
constexpr Taint interleave(Taint a) { return a; }
constexpr Taint deinterleave(Taint a) { return a; }
constexpr Taint mul_high_signed(Taint a, Taint b) { return mix(a, b); }
constexpr Taint mul_high_mixed(Taint a, Taint b) { return mix(a, b); }
constexpr Taint mul_high_unsigned(Taint a, Taint b) { return mix(a, b); }

}  // namespace mj::isa::rv32
