// What the clock set-ups of RP2040 and RP2350 have in common (RP2040 datasheet 2.15 to 2.18, RP2350 datasheet 8.1
// to 8.6): crystal of 12 MHz through the system PLL. Who includes this says where CLOCKS, RESETS, IO_BANK0, XOSC and
// PLL_SYS are.
#ifndef RP2_CLOCKS_H
#define RP2_CLOCKS_H

#include "mjrt/port.h"

#define CLEAR_ALIAS 0x3000u  // a write here clears the bits that are 1 (RP2040 datasheet 2.1.2)
#define SET_ALIAS 0x2000u

enum {
  CLK_REF_CTRL = 0x30,
  CLK_REF_SELECTED = 0x38,
  CLK_SYS_CTRL = 0x3C,
  CLK_SYS_SELECTED = 0x44,
  CLK_PERI_CTRL = 0x48
};
enum { RESET = 0x0, RESET_DONE = 0x8 };
enum { XOSC_CTRL = 0x00, XOSC_STATUS = 0x04, XOSC_STARTUP = 0x0C };
enum { PLL_CS = 0x0, PLL_PWR = 0x4, PLL_FBDIV = 0x8, PLL_PRIM = 0xC };

static inline void out_of_reset(uint32_t bits) {
  MJRT_REG(RESETS + CLEAR_ALIAS + RESET) = bits;
  mjrt_wait_for(RESETS + RESET_DONE, bits, bits);
}

static inline void crystal_on(void) {
  MJRT_REG(XOSC + XOSC_STARTUP) = 47;  // 1 ms
  MJRT_REG(XOSC + XOSC_CTRL) = 0xFABu << 12 | 0xAA0u;
  mjrt_wait_for(XOSC + XOSC_STATUS, 1u << 31, 1u << 31);
  MJRT_REG(CLOCKS + CLK_REF_CTRL) = 2;  // crystal
  mjrt_wait_for(CLOCKS + CLK_REF_SELECTED, 1u << 2, 1u << 2);
}

static inline void pll_sys_on(uint32_t multiplier, uint32_t divider_1, uint32_t divider_2) {
  MJRT_REG(PLL_SYS + PLL_CS) = 1;
  MJRT_REG(PLL_SYS + PLL_FBDIV) = multiplier;
  MJRT_REG(PLL_SYS + CLEAR_ALIAS + PLL_PWR) = 1u << 5 | 1u << 0;  // VCO and PLL on
  mjrt_wait_for(PLL_SYS + PLL_CS, 1u << 31, 1u << 31);
  MJRT_REG(PLL_SYS + PLL_PRIM) = divider_1 << 16 | divider_2 << 12;
  MJRT_REG(PLL_SYS + CLEAR_ALIAS + PLL_PWR) = 1u << 3;  // post dividers on
}

static inline void core_on_pll(void) {
  MJRT_REG(CLOCKS + CLK_SYS_CTRL) = 0;  // auxiliary source: PLL_SYS, not yet selected
  MJRT_REG(CLOCKS + CLK_SYS_CTRL) = 1;
  mjrt_wait_for(CLOCKS + CLK_SYS_SELECTED, 1u << 1, 1u << 1);
  MJRT_REG(CLOCKS + SET_ALIAS + CLK_PERI_CTRL) = 1u << 11;
}

#endif
