// The arithmetic of TensorFlow Lite's int8 kernels, in 64 bits and in the words of its specification.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>

namespace mj::reference {

constexpr std::int64_t kInt32Max = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kInt32Min = std::numeric_limits<std::int32_t>::min();

/// What a 32-bit register keeps of a number.
inline std::int64_t wrap32(std::int64_t x) { return static_cast<std::int32_t>(static_cast<std::uint64_t>(x)); }

/// "SaturatingRoundingDoublingHighMul": a * b / 2^31 to the nearest, ties upwards, saturated.
inline std::int64_t doubling_high_mul(std::int64_t a, std::int64_t b) {
  if (a == kInt32Min && b == kInt32Min) return kInt32Max;
  const std::int64_t product = a * b;
  const std::int64_t nudge = product >= 0 ? std::int64_t{1} << 30 : 1 - (std::int64_t{1} << 30);
  return (product + nudge) / (std::int64_t{1} << 31);  // C++ division truncates towards zero
}

/// "RoundingDivideByPOT": x / 2^exponent to the nearest, ties away from zero.
inline std::int64_t rounding_divide(std::int64_t x, int exponent) {
  const std::int64_t divisor = std::int64_t{1} << exponent;
  const std::int64_t magnitude = (std::abs(x) + divisor / 2) / divisor;
  return x < 0 ? -magnitude : magnitude;
}

/// How a 32-bit sum times a 31-bit factor comes back to few bits: in two steps, each rounded ("double rounding", the
/// default of TensorFlow Lite and CMSIS-NN), or in one (TFLITE_SINGLE_ROUNDING, CMSIS_NN_USE_SINGLE_ROUNDING).
enum class Rounding { twice, once };

/// A real factor as TensorFlow Lite holds it: significand / 2^31 * 2^exponent.
class Factor {
 public:
  explicit Factor(double real, Rounding rounding = Rounding::twice) : rounding_(rounding) {
    if (real == 0) return;
    const double fraction = std::frexp(real, &exponent_);
    significand_ = std::llround(std::ldexp(fraction, 31));
    if (significand_ > kInt32Max) {
      significand_ = std::int64_t{1} << 30;
      ++exponent_;
    }
    if (exponent_ < -31) significand_ = 0, exponent_ = 0;
  }

  /// Folds 1/count in, as MEAN does to save a division an element.
  void divide_by(std::int64_t count) {
    int shift = 0;
    while (count >> (shift + 1) != 0) ++shift;
    if (shift > 32) shift = 32;
    if (shift > 31 + exponent_) shift = 31 + exponent_;
    significand_ = (significand_ << shift) / count;
    exponent_ -= shift;
  }

  /// "MultiplyByQuantizedMultiplier".
  std::int64_t times(std::int64_t x) const {
    if (rounding_ == Rounding::once && exponent_ < 31) {
      const int shift = 31 - exponent_;
      return (x * significand_ + (std::int64_t{1} << (shift - 1))) >> shift;
    }
    const std::int64_t up = exponent_ > 0 ? wrap32(x * (std::int64_t{1} << exponent_)) : x;
    return rounding_divide(doubling_high_mul(up, significand_), exponent_ > 0 ? 0 : -exponent_);
  }

  int exponent() const { return exponent_; }

 private:
  std::int64_t significand_ = 0;
  int exponent_ = 0;
  Rounding rounding_ = Rounding::twice;
};

/// A number in [-2^I, 2^I) in 32 bits, 31 - I of them behind the binary point.
template <int I>
struct Fixed {
  std::int64_t raw = 0;

  static constexpr Fixed one() { return {I == 0 ? kInt32Max : std::int64_t{1} << (31 - I)}; }
};

template <int I>
Fixed<I> operator+(Fixed<I> a, Fixed<I> b) {
  return {wrap32(a.raw + b.raw)};
}
template <int I>
Fixed<I> operator-(Fixed<I> a, Fixed<I> b) {
  return {wrap32(a.raw - b.raw)};
}
/// A product has the integer bits of both.
template <int I, int J>
Fixed<I + J> operator*(Fixed<I> a, Fixed<J> b) {
  return {doubling_high_mul(a.raw, b.raw)};
}

/// The same value with To integer bits: rounded when bits get lost at the bottom, saturated when they do at the top.
template <int To, int From>
Fixed<To> rescale(Fixed<From> x) {
  if constexpr (To >= From) {
    return {rounding_divide(x.raw, To - From)};
  } else {
    const std::int64_t shifted = x.raw * (std::int64_t{1} << (From - To));
    return {shifted > kInt32Max ? kInt32Max : shifted < kInt32Min ? kInt32Min : shifted};
  }
}

/// x / 2^exponent, rounded.
template <int I>
Fixed<I> divided_by_power(Fixed<I> x, int exponent) {
  return {rounding_divide(x.raw, exponent)};
}

/// A real constant in [-1, 1) to 31 bits.
inline Fixed<0> constant(double real) { return {std::llround(std::ldexp(real, 31))}; }

/// e^x for x <= 0: e^(x mod 1/4 - 1/4) by a series around -1/8, times e^(-1/4), e^(-1/2), e^-1, ... for the rest.
Fixed<0> exp_of_negative(Fixed<5> x);

/// 1 / (1 + x) for x in [0, 1), by three Newton steps.
Fixed<0> one_over_one_plus(Fixed<0> x);

}  // namespace mj::reference
