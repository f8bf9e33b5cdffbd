// The Armv7E-M DSP instructions that the kernels use: two signed 16-bit lanes in one register.
//
// As inline assembly, because the rotation that SXTB16 and SXTAB16 do for free is out of the intrinsics' reach.
#ifndef MJRT_KERNELS_SIMD_H
#define MJRT_KERNELS_SIMD_H

#include <stdint.h>

#include "mjrt/mem.h"

#if defined(__ARM_FEATURE_SIMD32) && !defined(MJRT_PLAIN_C)
#define MJRT_DSP 1

static inline uint32_t mjrt_load4(const int8_t* p) {
  uint32_t x;
  __builtin_memcpy(&x, p, 4);  // one LDR, from any address; memcpy by name would be a call
  return x;
}

// Bytes 0 and 2, sign-extended.
static inline uint32_t mjrt_even(uint32_t bytes) {
  uint32_t r;
  __asm__("sxtb16 %0, %1" : "=r"(r) : "r"(bytes));
  return r;
}

// Bytes 1 and 3, sign-extended.
static inline uint32_t mjrt_odd(uint32_t bytes) {
  uint32_t r;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(r) : "r"(bytes));
  return r;
}

// Bytes 0 and 2 plus an offset in each lane.
static inline uint32_t mjrt_even_plus(uint32_t offset2, uint32_t bytes) {
  uint32_t r;
  __asm__("sxtab16 %0, %1, %2" : "=r"(r) : "r"(offset2), "r"(bytes));
  return r;
}

static inline uint32_t mjrt_odd_plus(uint32_t offset2, uint32_t bytes) {
  uint32_t r;
  __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(r) : "r"(offset2), "r"(bytes));
  return r;
}

// acc + a.low * b.low + a.high * b.high
static inline int32_t mjrt_mac2(uint32_t a, uint32_t b, int32_t acc) {
  int32_t r;
  __asm__("smlad %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(acc));
  return r;
}

static inline int32_t mjrt_mac_low(uint32_t a, uint32_t b, int32_t acc) {
  int32_t r;
  __asm__("smlabb %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(acc));
  return r;
}

static inline int32_t mjrt_mac_high(uint32_t a, uint32_t b, int32_t acc) {
  int32_t r;
  __asm__("smlatt %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(acc));
  return r;
}

static inline uint32_t mjrt_both(int32_t offset) { return ((uint32_t)offset & 0xFFFFu) * 0x10001u; }

#endif
#endif
