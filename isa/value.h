// Operations on guest values, overloaded for the interpreter's plain integers and for symbolic values.
//
// Semantics are templates: with uint32_t they compute, with Taint (def_use_context.h) they tell which registers flow
// where, with an IR value they will emit code. So semantics use the operators of unsigned integers (+ - * & | ^ ~ << >>
// == != < <= > >=, all unsigned; shift amounts 0..31) and, for all the rest, the functions of this header. No C++ `if`,
// `?:`, `&&` or `||` on a guest value: use select() and the bitwise operators.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

namespace mj::isa {

/// Result of an addition with carry: sum, carry out (0 or 1) and signed overflow (bit 31 of `overflow`).
template <class V>
struct Sum {
  V value, carry, overflow;
};

// ---- plain integers -------------------------------------------------------------------------------------------------

/// a < b as signed numbers.
constexpr bool less_signed(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(a) < static_cast<std::int32_t>(b);
}
constexpr bool less_signed(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::int64_t>(a) < static_cast<std::int64_t>(b);
}
/// cond ? a : b, both evaluated.
template <class T>
requires std::is_integral_v<T>
constexpr T select(bool cond, T a, T b) { return cond ? a : b; }
/// 1 or 0.
constexpr std::uint32_t bit_of(bool b) { return b; }

/// Shifts for amounts 0..255: a logical shift by 32 or more gives 0, an arithmetic one 32 copies of the sign.
constexpr std::uint32_t lsl(std::uint32_t a, std::uint32_t n) { return n < 32 ? a << n : 0; }
constexpr std::uint32_t lsr(std::uint32_t a, std::uint32_t n) { return n < 32 ? a >> n : 0; }
constexpr std::uint32_t asr(std::uint32_t a, std::uint32_t n) {
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(a) >> (n < 32 ? n : 31));
}
/// Rotate right by n modulo 32.
constexpr std::uint32_t ror(std::uint32_t a, std::uint32_t n) { return std::rotr(a, static_cast<int>(n & 31)); }

constexpr std::uint32_t sign8(std::uint32_t a) { return static_cast<std::uint32_t>(static_cast<std::int8_t>(a)); }
constexpr std::uint32_t sign16(std::uint32_t a) { return static_cast<std::uint32_t>(static_cast<std::int16_t>(a)); }
constexpr std::uint32_t zero8(std::uint32_t a) { return a & 0xffu; }
constexpr std::uint32_t zero16(std::uint32_t a) { return a & 0xffffu; }

constexpr std::uint32_t clz(std::uint32_t a) { return static_cast<std::uint32_t>(std::countl_zero(a)); }
constexpr std::uint32_t ctz(std::uint32_t a) { return static_cast<std::uint32_t>(std::countr_zero(a)); }
constexpr std::uint32_t popcount(std::uint32_t a) { return static_cast<std::uint32_t>(std::popcount(a)); }
constexpr std::uint32_t byte_swap(std::uint32_t a) { return __builtin_bswap32(a); }
constexpr std::uint32_t reverse_bits(std::uint32_t a) {
  a = ((a >> 1) & 0x55555555u) | ((a & 0x55555555u) << 1);
  a = ((a >> 2) & 0x33333333u) | ((a & 0x33333333u) << 2);
  a = ((a >> 4) & 0x0f0f0f0fu) | ((a & 0x0f0f0f0fu) << 4);
  return byte_swap(a);
}

constexpr std::uint64_t widen(std::uint32_t a) { return a; }
constexpr std::uint64_t widen_signed(std::uint32_t a) {
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::int32_t>(a)));
}
constexpr std::uint64_t join(std::uint32_t high, std::uint32_t low) {
  return (static_cast<std::uint64_t>(high) << 32) | low;
}
constexpr std::uint32_t low(std::uint64_t a) { return static_cast<std::uint32_t>(a); }
constexpr std::uint32_t high(std::uint64_t a) { return static_cast<std::uint32_t>(a >> 32); }
constexpr std::uint64_t asr64(std::uint64_t a, std::uint32_t n) {
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(a) >> n);
}

/// Quotients as C computes them; the divisor must not be 0 (semantics select around it), INT_MIN / -1 gives INT_MIN.
constexpr std::uint32_t udiv(std::uint32_t a, std::uint32_t b) { return b ? a / b : 0; }
constexpr std::uint32_t urem(std::uint32_t a, std::uint32_t b) { return b ? a % b : a; }
constexpr std::uint32_t sdiv(std::uint32_t a, std::uint32_t b) {
  if (b == 0) return 0;
  if (a == 0x80000000u && b == 0xffffffffu) return a;
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(a) / static_cast<std::int32_t>(b));
}
constexpr std::uint32_t srem(std::uint32_t a, std::uint32_t b) {
  if (b == 0) return a;
  if (a == 0x80000000u && b == 0xffffffffu) return 0;
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(a) % static_cast<std::int32_t>(b));
}

/// a + b + carry_in (0 or 1), the manual's AddWithCarry().
constexpr Sum<std::uint32_t> add_with_carry(std::uint32_t a, std::uint32_t b, std::uint32_t carry_in) {
  const std::uint64_t wide = static_cast<std::uint64_t>(a) + b + carry_in;
  const auto value = static_cast<std::uint32_t>(wide);
  return {value, static_cast<std::uint32_t>(wide >> 32), (a ^ value) & (b ^ value)};
}

}  // namespace mj::isa
