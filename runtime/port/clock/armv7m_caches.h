// The caches of an Armv7-M core on, invalidated first (DDI 0403, B2.2.7).
#ifndef ARMV7M_CACHES_H
#define ARMV7M_CACHES_H

#include "mjrt/port.h"

#define SCB 0xE000ED00u
enum { CCR = 0x14, CCSIDR = 0x80, CSSELR = 0x84, ICIALLU = 0x250, DCISW = 0x260 };

static inline void armv7m_caches_on(void) {
  __asm volatile("dsb\n isb" ::: "memory");
  MJRT_REG(SCB + ICIALLU) = 0;
  MJRT_REG(SCB + CSSELR) = 0;  // the data cache
  __asm volatile("dsb" ::: "memory");
  const uint32_t geometry = MJRT_REG(SCB + CCSIDR);
  const uint32_t sets = (geometry >> 13 & 0x7FFFu) + 1, ways = (geometry >> 3 & 0x3FFu) + 1;
  for (uint32_t set = 0; set < sets; ++set)
    for (uint32_t way = 0; way < ways; ++way) MJRT_REG(SCB + DCISW) = set << 5 | way << 30;
  __asm volatile("dsb" ::: "memory");
  mjrt_change(SCB + CCR, 0, 1u << 16 | 1u << 17);  // DC, IC
  __asm volatile("dsb\n isb" ::: "memory");
}

#endif
