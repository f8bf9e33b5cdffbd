// SOFTMAX over the last dimension, in fixed point as TensorFlow Lite's int8 kernel defines it.
//
// A value with i integer bits has 31 - i fractional ones. Input differences are Q5.26, exponentials Q0.31, their sum
// Q12.19, the reciprocal Q0.31.
#include "fixed_point.h"
#include "mjrt/mjrt.h"

enum { DIFF_FRACTION = 26, SUM_INTEGER = 12 };

// x * 2^by, saturating: a change to `by` fewer integer bits.
static int32_t saturating_shift_left(int32_t x, int32_t by) {
  const int32_t most = INT32_MAX >> by;
  if (x > most) return INT32_MAX;
  if (x < -most - 1) return INT32_MIN;
  return x * (1 << by);
}

// exp(a) for a in [-1/4, 0), Q0.31: the Taylor series around -1/8 up to the fourth power.
static int32_t exp_quarter(int32_t a) {
  const int32_t exp_minus_eighth = 1895147668, third = 715827883;
  const int32_t x = a + (1 << 28);
  const int32_t x2 = mjrt_high_mul(x, x), x3 = mjrt_high_mul(x2, x), x4 = mjrt_high_mul(x2, x2);
  const int32_t x4_over_4 = mjrt_shift_right(x4, 2);
  const int32_t higher = mjrt_shift_right(mjrt_high_mul(x4_over_4 + x3, third) + x2, 1);
  return exp_minus_eighth + mjrt_high_mul(exp_minus_eighth, x + higher);
}

// exp(a) for a <= 0, Q5.26 in, Q0.31 out: the fraction of a quarter by the series, the rest as a product of powers.
static int32_t exp_negative(int32_t a) {
  // exp(-2^(k - 2)) in Q0.31, k = 0..6
  static const int32_t power[7] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
  if (a == 0) return INT32_MAX;
  const int32_t quarter = 1 << (DIFF_FRACTION - 2);
  const int32_t fraction = (a & (quarter - 1)) - quarter;
  int32_t result = exp_quarter(fraction * (1 << 5));
  const int32_t rest = fraction - a;
  for (int k = 0; k < 7; ++k) {
    if (rest & (1 << (DIFF_FRACTION - 2 + k))) result = mjrt_high_mul(result, power[k]);
  }
  return result;
}

// 1 / (1 + a) for a in [0, 1), Q0.31: Newton's iteration on half the denominator, in Q2.29.
static int32_t one_over_one_plus(int32_t a) {
  const int32_t c48_over_17 = 1515870810, c32_over_17 = 1010580540, one = 1 << 29;
  const int32_t half = (int32_t)(((int64_t)a + INT32_MAX + 1) / 2);
  int32_t x = c48_over_17 + mjrt_high_mul(half, -c32_over_17);
  for (int i = 0; i < 3; ++i) {
    const int32_t error = one - mjrt_high_mul(half, x);
    x += saturating_shift_left(mjrt_high_mul(x, error), 2);
  }
  return saturating_shift_left(x, 1);
}

static int leading_zeros(uint32_t x) {
  int n = 0;
  for (; !(x & UINT32_C(0x80000000)); x <<= 1) ++n;
  return n;
}

static int32_t exp_of_difference(const mjrt_softmax_params* p, int32_t difference) {
  return exp_negative(mjrt_rescale(difference, p->multiplier, p->shift));
}

void mjrt_softmax(const mjrt_softmax_params* p, const int8_t* in, int8_t* out) {
  for (int32_t row = 0; row < p->rows; ++row, in += p->depth, out += p->depth) {
    int32_t max = INT8_MIN;
    for (int32_t i = 0; i < p->depth; ++i) max = in[i] > max ? in[i] : max;

    int32_t sum = 0;
    for (int32_t i = 0; i < p->depth; ++i) {
      if (in[i] - max >= p->diff_min) sum += mjrt_shift_right(exp_of_difference(p, in[i] - max), SUM_INTEGER);
    }
    // The sum is at least 1, so it has a leading one; what stands behind it is the mantissa less one.
    const int zeros = leading_zeros((uint32_t)sum);
    const int32_t mantissa = (int32_t)(((uint32_t)sum << zeros) - UINT32_C(0x80000000));
    const int32_t reciprocal = one_over_one_plus(mantissa);
    const int32_t exponent = SUM_INTEGER - zeros + 31 - 8;

    for (int32_t i = 0; i < p->depth; ++i) {
      int32_t value = INT8_MIN;
      if (in[i] - max >= p->diff_min) {
        value += mjrt_shift_right(mjrt_high_mul(reciprocal, exp_of_difference(p, in[i] - max)), exponent);
      }
      out[i] = (int8_t)mjrt_clamp(value, INT8_MIN, INT8_MAX);
    }
  }
}
