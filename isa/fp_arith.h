// IEEE 754 arithmetic as pure functions: operands and a control word in, value and exception flags out. Both
// architectures' semantics are made of these.
//
// The meaning is in fp_arith.cpp, in integers, the same on every host. The functions here add a path on the host's FPU
// for what nearly all programs do: default rounding, no flush-to-zero, a normal result well above the smallest one
// (then neither NaN, infinity, zero nor underflow take part) and inexactness either noted before or decided cheaply.
// Overloads for Taint (def_use_context.h) let the timing walk run the same semantics.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "isa/def_use_context.h"

namespace mj::isa::ieee {

/// Bits of the control word. Those that Arm has stand where its FPSCR has them (ARMv7-M B1.4.7, A2.5.2), so that the
/// FPSCR is a control word as it is.
enum ControlBits : std::uint32_t {
  flag_invalid = 1u << 0,
  flag_divide_by_zero = 1u << 1,
  flag_overflow = 1u << 2,
  flag_underflow = 1u << 3,  ///< tiny and inexact, or flushed to zero
  flag_inexact = 1u << 4,
  flag_denormal = 1u << 7,         ///< a denormal operand was flushed to zero
  control_tiny_after = 1u << 8,    ///< tininess is detected after rounding (RISC-V), else before it (Arm)
  control_tie_away = 1u << 9,      ///< round to nearest, ties away from zero (RISC-V's RMM); above control_rounding
  control_rounding = 3u << 22,     ///< the first four of Rounding
  control_flush = 1u << 24,        ///< denormal operands and results are zeros
  control_default_nan = 1u << 25,  ///< every NaN that results is the default one
  control_alternative_half = 1u << 26,
};

/// Rounding modes; the first four as control_rounding counts them.
enum class Rounding : std::uint8_t { tie_even, plus_infinity, minus_infinity, zero, tie_away, current };

/// A value and the flags to set in the control word (never to clear).
template <class V>
struct FpResult {
  V value;
  std::uint32_t flags = 0;
};
template <>
struct FpResult<Taint> {
  Taint value, flags;
};

/// A fixed-point or integer type: signed or unsigned, 16 or 32 bits, binary places.
struct FixedType {
  bool is_unsigned = false;
  unsigned bits = 32;
  unsigned fraction = 0;
};

namespace soft {
// Every case, without the host's FPU. V: uint32_t (binary32) or uint64_t (binary64).
template <class V>
FpResult<V> add(V a, V b, std::uint32_t scr);
template <class V>
FpResult<V> sub(V a, V b, std::uint32_t scr);
template <class V>
FpResult<V> mul(V a, V b, std::uint32_t scr);
template <class V>
FpResult<V> div(V a, V b, std::uint32_t scr);
template <class V>
FpResult<V> sqrt(V a, std::uint32_t scr);
template <class V>
FpResult<V> fma(V addend, V a, V b, std::uint32_t scr);
template <class V>
FpResult<std::uint32_t> compare(V a, V b, std::uint32_t scr, bool signal_quiet);
template <class V>
FpResult<V> max_num(V a, V b, std::uint32_t scr);
template <class V>
FpResult<V> min_num(V a, V b, std::uint32_t scr);
template <class V>
FpResult<V> maximum_number(V a, V b, std::uint32_t scr);
template <class V>
FpResult<V> minimum_number(V a, V b, std::uint32_t scr);
template <class V>
FpResult<V> round_int(V a, std::uint32_t scr, Rounding rounding, bool exact);
template <class V>
FpResult<std::uint64_t> to_fixed(V a, std::uint32_t scr, FixedType type, Rounding rounding);
template <class V>
FpResult<V> from_fixed(std::uint64_t a, std::uint32_t scr, FixedType type, Rounding rounding);
}  // namespace soft

namespace fp_host {
// Default rounding, no flush-to-zero.
inline bool plain(std::uint32_t scr) { return (scr & (control_rounding | control_flush | control_tie_away)) == 0; }
// Normal and not the smallest: no flag but IXC can belong to an operation with this result.
inline bool ordinary(float r) { return (std::bit_cast<std::uint32_t>(r) >> 23 & 0xff) - 2 < 253; }
inline bool ordinary(double r) { return (std::bit_cast<std::uint64_t>(r) >> 52 & 0x7ff) - 2 < 2045; }
inline float value(std::uint32_t a) { return std::bit_cast<float>(a); }
inline double value(std::uint64_t a) { return std::bit_cast<double>(a); }
inline std::uint32_t bits(float a) { return std::bit_cast<std::uint32_t>(a); }
inline std::uint64_t bits(double a) { return std::bit_cast<std::uint64_t>(a); }
inline std::uint32_t inexact(bool exact) { return exact ? 0u : std::uint32_t{flag_inexact}; }

// What an addition's rounding lost, exactly (Knuth's TwoSum).
template <class F>
F lost(F a, F b, F sum) {
  const F part = sum - a;
  return (a - (sum - part)) + (b - part);
}

template <class V>
inline FpResult<V> add(V a, V b, std::uint32_t scr) {
  if (plain(scr)) {
    const auto x = value(a), y = value(b), r = x + y;
    if (ordinary(r)) return {bits(r), (scr & flag_inexact) != 0 ? 0u : inexact(lost(x, y, r) == 0)};
  }
  return soft::add(a, b, scr);
}
template <class V>
inline FpResult<V> sub(V a, V b, std::uint32_t scr) {
  if (plain(scr)) {
    const auto x = value(a), y = -value(b), r = x + y;
    if (ordinary(r)) return {bits(r), (scr & flag_inexact) != 0 ? 0u : inexact(lost(x, y, r) == 0)};
  }
  return soft::sub(a, b, scr);
}
}  // namespace fp_host

// ---- plain integers: bit patterns of binary32 and binary64 ----------------------------------------------------------

inline FpResult<std::uint32_t> fp_add(std::uint32_t a, std::uint32_t b, std::uint32_t scr) {
  return fp_host::add(a, b, scr);
}
inline FpResult<std::uint64_t> fp_add(std::uint64_t a, std::uint64_t b, std::uint32_t scr) {
  return fp_host::add(a, b, scr);
}

/// Not the addition of a negated operand where that is a NaN.
inline FpResult<std::uint32_t> fp_sub(std::uint32_t a, std::uint32_t b, std::uint32_t scr) {
  return fp_host::sub(a, b, scr);
}
inline FpResult<std::uint64_t> fp_sub(std::uint64_t a, std::uint64_t b, std::uint32_t scr) {
  return fp_host::sub(a, b, scr);
}

inline FpResult<std::uint32_t> fp_mul(std::uint32_t a, std::uint32_t b, std::uint32_t scr) {
  if (fp_host::plain(scr)) {
    const double product = double{fp_host::value(a)} * double{fp_host::value(b)};  // exact
    const float r = static_cast<float>(product);
    if (fp_host::ordinary(r)) return {fp_host::bits(r), fp_host::inexact(double{r} == product)};
  }
  return soft::mul(a, b, scr);
}
inline FpResult<std::uint64_t> fp_mul(std::uint64_t a, std::uint64_t b, std::uint32_t scr) {
  if (fp_host::plain(scr) && (scr & flag_inexact) != 0) {
    const double r = fp_host::value(a) * fp_host::value(b);
    if (fp_host::ordinary(r)) return {fp_host::bits(r), 0};
  }
  return soft::mul(a, b, scr);
}

inline FpResult<std::uint32_t> fp_div(std::uint32_t a, std::uint32_t b, std::uint32_t scr) {
  if (fp_host::plain(scr)) {
    const float r = fp_host::value(a) / fp_host::value(b);
    if (fp_host::ordinary(r))
      return {fp_host::bits(r), fp_host::inexact(double{r} * double{fp_host::value(b)} == double{fp_host::value(a)})};
  }
  return soft::div(a, b, scr);
}
inline FpResult<std::uint64_t> fp_div(std::uint64_t a, std::uint64_t b, std::uint32_t scr) {
  if (fp_host::plain(scr) && (scr & flag_inexact) != 0) {
    const double r = fp_host::value(a) / fp_host::value(b);
    if (fp_host::ordinary(r)) return {fp_host::bits(r), 0};
  }
  return soft::div(a, b, scr);
}

inline FpResult<std::uint32_t> fp_sqrt(std::uint32_t a, std::uint32_t scr) {
  if (fp_host::plain(scr)) {
    const float r = std::sqrt(fp_host::value(a));
    if (fp_host::ordinary(r))
      return {fp_host::bits(r), fp_host::inexact(double{r} * double{r} == double{fp_host::value(a)})};
  }
  return soft::sqrt(a, scr);
}
inline FpResult<std::uint64_t> fp_sqrt(std::uint64_t a, std::uint32_t scr) {
  if (fp_host::plain(scr) && (scr & flag_inexact) != 0) {
    const double r = std::sqrt(fp_host::value(a));
    if (fp_host::ordinary(r)) return {fp_host::bits(r), 0};
  }
  return soft::sqrt(a, scr);
}

/// addend + a * b with a single rounding.
inline FpResult<std::uint32_t> fp_fma(std::uint32_t addend, std::uint32_t a, std::uint32_t b, std::uint32_t scr) {
  if (fp_host::plain(scr)) {
    const double product = double{fp_host::value(a)} * double{fp_host::value(b)};  // exact
    const double c = fp_host::value(addend);
    double sum = product + c;
    const double lost = fp_host::lost(product, c, sum);
    if (lost != 0 && std::isfinite(lost)) {
      // Round to odd, so that the second rounding to binary32 decides as if it had seen all bits.
      std::uint64_t odd = fp_host::bits(sum);
      if ((odd & 1) == 0) odd = (lost > 0) == (sum > 0) ? odd + 1 : odd - 1;
      sum = fp_host::value(odd);
    }
    const float r = static_cast<float>(sum);
    if (fp_host::ordinary(r)) return {fp_host::bits(r), fp_host::inexact(double{r} == sum)};
  }
  return soft::fma(addend, a, b, scr);
}
inline FpResult<std::uint64_t> fp_fma(std::uint64_t addend, std::uint64_t a, std::uint64_t b, std::uint32_t scr) {
  if (fp_host::plain(scr) && (scr & flag_inexact) != 0) {
    const double r = std::fma(fp_host::value(a), fp_host::value(b), fp_host::value(addend));
    if (fp_host::ordinary(r)) return {fp_host::bits(r), 0};
  }
  return soft::fma(addend, a, b, scr);
}

/// Arm's NZCV in bits 31:28 (ARMv7-M A2.5.8 FPCompare): N less, Z and C equal, C greater, C and V unordered;
/// `signal_quiet`: a quiet NaN, too, is an invalid operation (VCMPE).
template <class V>
requires std::is_integral_v<V> FpResult<std::uint32_t> fp_compare(V a, V b, std::uint32_t scr, bool signal_quiet) {
  return soft::compare(a, b, scr, signal_quiet);
}
/// maxNum, minNum of IEEE 754-2008: a quiet NaN loses against a number, a signalling one makes the result a NaN.
template <class V>
requires std::is_integral_v<V> FpResult<V> fp_max_num(V a, V b, std::uint32_t scr) { return soft::max_num(a, b, scr); }
template <class V>
requires std::is_integral_v<V> FpResult<V> fp_min_num(V a, V b, std::uint32_t scr) { return soft::min_num(a, b, scr); }
/// maximumNumber, minimumNumber of IEEE 754-2019: every NaN loses against a number, a signalling one is reported.
template <class V>
requires std::is_integral_v<V> FpResult<V> fp_maximum_number(V a, V b, std::uint32_t scr) {
  return soft::maximum_number(a, b, scr);
}
template <class V>
requires std::is_integral_v<V> FpResult<V> fp_minimum_number(V a, V b, std::uint32_t scr) {
  return soft::minimum_number(a, b, scr);
}
/// To an integral value of the same type; `exact`: report inexactness (VRINTX).
template <class V>
requires std::is_integral_v<V> FpResult<V> fp_round_int(V a, std::uint32_t scr, Rounding rounding, bool exact) {
  return soft::round_int(a, scr, rounding, exact);
}
/// The result is extended to 64 bits by its own signedness.
template <class V>
requires std::is_integral_v<V> FpResult<std::uint64_t> fp_to_fixed(V a, std::uint32_t scr, FixedType type,
                                                                   Rounding rounding) {
  return soft::to_fixed(a, scr, type, rounding);
}
/// Of `a` only the type's low bits count.
template <class V>
requires std::is_integral_v<V> FpResult<std::uint32_t> fp32_from_fixed(V a, std::uint32_t scr, FixedType type,
                                                                       Rounding rounding) {
  return soft::from_fixed<std::uint32_t>(a, scr, type, rounding);
}
template <class V>
requires std::is_integral_v<V> FpResult<std::uint64_t> fp64_from_fixed(V a, std::uint32_t scr, FixedType type,
                                                                       Rounding rounding) {
  return soft::from_fixed<std::uint64_t>(a, scr, type, rounding);
}

FpResult<std::uint64_t> fp32_to_fp64(std::uint32_t a, std::uint32_t scr);
FpResult<std::uint32_t> fp64_to_fp32(std::uint64_t a, std::uint32_t scr);
/// binary16 (or Arm's alternative form with control_alternative_half) in bits 15:0.
FpResult<std::uint32_t> fp16_to_fp32(std::uint32_t a, std::uint32_t scr);
FpResult<std::uint64_t> fp16_to_fp64(std::uint32_t a, std::uint32_t scr);
FpResult<std::uint32_t> fp32_to_fp16(std::uint32_t a, std::uint32_t scr);
FpResult<std::uint32_t> fp64_to_fp16(std::uint64_t a, std::uint32_t scr);

// ---- taints ---------------------------------------------------------------------------------------------------------

namespace fp_taint {
template <class... T>
FpResult<Taint> all(T... t) {
  return {mix(t...), mix(t...)};
}
}  // namespace fp_taint

inline FpResult<Taint> fp_add(Taint a, Taint b, Taint scr) { return fp_taint::all(a, b, scr); }
inline FpResult<Taint> fp_sub(Taint a, Taint b, Taint scr) { return fp_taint::all(a, b, scr); }
inline FpResult<Taint> fp_mul(Taint a, Taint b, Taint scr) { return fp_taint::all(a, b, scr); }
inline FpResult<Taint> fp_div(Taint a, Taint b, Taint scr) { return fp_taint::all(a, b, scr); }
inline FpResult<Taint> fp_sqrt(Taint a, Taint scr) { return fp_taint::all(a, scr); }
inline FpResult<Taint> fp_fma(Taint d, Taint a, Taint b, Taint scr) { return fp_taint::all(d, a, b, scr); }
inline FpResult<Taint> fp_compare(Taint a, Taint b, Taint scr, bool) { return fp_taint::all(a, b, scr); }
inline FpResult<Taint> fp_max_num(Taint a, Taint b, Taint scr) { return fp_taint::all(a, b, scr); }
inline FpResult<Taint> fp_min_num(Taint a, Taint b, Taint scr) { return fp_taint::all(a, b, scr); }
inline FpResult<Taint> fp_maximum_number(Taint a, Taint b, Taint scr) { return fp_taint::all(a, b, scr); }
inline FpResult<Taint> fp_minimum_number(Taint a, Taint b, Taint scr) { return fp_taint::all(a, b, scr); }
inline FpResult<Taint> fp_round_int(Taint a, Taint scr, Rounding, bool) { return fp_taint::all(a, scr); }
inline FpResult<Taint> fp_to_fixed(Taint a, Taint scr, FixedType, Rounding) { return fp_taint::all(a, scr); }
inline FpResult<Taint> fp32_from_fixed(Taint a, Taint scr, FixedType, Rounding) { return fp_taint::all(a, scr); }
inline FpResult<Taint> fp64_from_fixed(Taint a, Taint scr, FixedType, Rounding) { return fp_taint::all(a, scr); }
inline FpResult<Taint> fp32_to_fp64(Taint a, Taint scr) { return fp_taint::all(a, scr); }
inline FpResult<Taint> fp64_to_fp32(Taint a, Taint scr) { return fp_taint::all(a, scr); }
inline FpResult<Taint> fp16_to_fp32(Taint a, Taint scr) { return fp_taint::all(a, scr); }
inline FpResult<Taint> fp16_to_fp64(Taint a, Taint scr) { return fp_taint::all(a, scr); }
inline FpResult<Taint> fp32_to_fp16(Taint a, Taint scr) { return fp_taint::all(a, scr); }
inline FpResult<Taint> fp64_to_fp16(Taint a, Taint scr) { return fp_taint::all(a, scr); }

}  // namespace mj::isa::ieee
