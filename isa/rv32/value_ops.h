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

constexpr Taint mul_high_signed(Taint a, Taint b) { return mix(a, b); }
constexpr Taint mul_high_mixed(Taint a, Taint b) { return mix(a, b); }
constexpr Taint mul_high_unsigned(Taint a, Taint b) { return mix(a, b); }

}  // namespace mj::isa::rv32
