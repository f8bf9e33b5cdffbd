// TensorFlow Lite's fixed-point arithmetic (double-rounding variant).
#ifndef MJRT_KERNELS_FIXED_POINT_H
#define MJRT_KERNELS_FIXED_POINT_H

#include <stdint.h>

static inline int32_t mjrt_clamp(int32_t x, int32_t min, int32_t max) { return x < min ? min : x > max ? max : x; }

// Round(a * b / 2^31), halves upwards. Callers never pass the one pair that would saturate, INT32_MIN twice: b is a
// constant >= 0 or a fixed-point value above -1.
static inline int32_t mjrt_high_mul(int32_t a, int32_t b) { return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31); }

// Round(x / 2^exponent), halves away from zero; exponent in 0..31.
static inline int32_t mjrt_shift_right(int32_t x, int32_t exponent) {
  const int32_t mask = (int32_t)((UINT32_C(1) << exponent) - 1);
  const int32_t threshold = (mask >> 1) + (x < 0);
  return (x >> exponent) + ((x & mask) > threshold);
}

// x * multiplier * 2^(shift - 31): "MultiplyByQuantizedMultiplier" of the TensorFlow Lite specification.
static inline int32_t mjrt_rescale(int32_t x, int32_t multiplier, int32_t shift) {
  if (shift > 0) return mjrt_high_mul((int32_t)((uint32_t)x << shift), multiplier);
  return mjrt_shift_right(mjrt_high_mul(x, multiplier), -shift);
}

#endif
