// Inner products of int8 vectors, in register blocks: what convolutions and dense layers spend their time in.
#ifndef MJRT_KERNELS_DOT_H
#define MJRT_KERNELS_DOT_H

#include <stdint.h>

#include "simd.h"

// Two inputs times two weight rows, n elements each: acc[2 * i + j] += sum of (x_i + offset) * w_j. Each byte that is
// loaded serves two products.
static inline void mjrt_dot_2x2(const int8_t* x0, const int8_t* x1, const int8_t* w0, const int8_t* w1, int32_t n,
                                int32_t offset, int32_t acc[4]) {
  int32_t a00 = acc[0], a01 = acc[1], a10 = acc[2], a11 = acc[3];
#ifdef MJRT_DSP
  const uint32_t offset2 = mjrt_both(offset);
  for (; n >= 4; n -= 4) {
    const uint32_t x0_bytes = mjrt_load4(x0), x1_bytes = mjrt_load4(x1);
    const uint32_t w0_bytes = mjrt_load4(w0), w1_bytes = mjrt_load4(w1);
    const uint32_t w0_even = mjrt_even(w0_bytes), w1_even = mjrt_even(w1_bytes);
    const uint32_t x0_even = mjrt_even_plus(offset2, x0_bytes), x1_even = mjrt_even_plus(offset2, x1_bytes);
    a00 = mjrt_mac2(x0_even, w0_even, a00);
    a01 = mjrt_mac2(x0_even, w1_even, a01);
    a10 = mjrt_mac2(x1_even, w0_even, a10);
    a11 = mjrt_mac2(x1_even, w1_even, a11);
    const uint32_t w0_odd = mjrt_odd(w0_bytes), w1_odd = mjrt_odd(w1_bytes);
    const uint32_t x0_odd = mjrt_odd_plus(offset2, x0_bytes), x1_odd = mjrt_odd_plus(offset2, x1_bytes);
    a00 = mjrt_mac2(x0_odd, w0_odd, a00);
    a01 = mjrt_mac2(x0_odd, w1_odd, a01);
    a10 = mjrt_mac2(x1_odd, w0_odd, a10);
    a11 = mjrt_mac2(x1_odd, w1_odd, a11);
    x0 += 4, x1 += 4, w0 += 4, w1 += 4;
  }
#endif
  for (int32_t i = 0; i < n; ++i) {
    const int32_t v0 = x0[i] + offset, v1 = x1[i] + offset;
    a00 += v0 * w0[i];
    a01 += v0 * w1[i];
    a10 += v1 * w0[i];
    a11 += v1 * w1[i];
  }
  acc[0] = a00, acc[1] = a01, acc[2] = a10, acc[3] = a11;
}

// One input times two weight rows: acc[j] += sum of (x + offset) * w_j.
static inline void mjrt_dot_1x2(const int8_t* x, const int8_t* w0, const int8_t* w1, int32_t n, int32_t offset,
                                int32_t acc[2]) {
  int32_t a0 = acc[0], a1 = acc[1];
#ifdef MJRT_DSP
  const uint32_t offset2 = mjrt_both(offset);
  for (; n >= 4; n -= 4) {
    const uint32_t x_bytes = mjrt_load4(x), w0_bytes = mjrt_load4(w0), w1_bytes = mjrt_load4(w1);
    const uint32_t x_even = mjrt_even_plus(offset2, x_bytes), x_odd = mjrt_odd_plus(offset2, x_bytes);
    a0 = mjrt_mac2(x_even, mjrt_even(w0_bytes), a0);
    a1 = mjrt_mac2(x_even, mjrt_even(w1_bytes), a1);
    a0 = mjrt_mac2(x_odd, mjrt_odd(w0_bytes), a0);
    a1 = mjrt_mac2(x_odd, mjrt_odd(w1_bytes), a1);
    x += 4, w0 += 4, w1 += 4;
  }
#endif
  for (int32_t i = 0; i < n; ++i) {
    const int32_t v = x[i] + offset;
    a0 += v * w0[i];
    a1 += v * w1[i];
  }
  acc[0] = a0, acc[1] = a1;
}

static inline int32_t mjrt_dot_1x1(const int8_t* x, const int8_t* w, int32_t n, int32_t offset, int32_t acc) {
  for (int32_t i = 0; i < n; ++i) acc += (x[i] + offset) * w[i];
  return acc;
}

#endif
