// What the clock set-ups of STM32F4 and STM32F7 have in common (RM0390 and RM0410, chapters 3 to 6): HSI through the
// PLL with over-drive, then SYSCLK from it.
#ifndef STM32F4_F7_H
#define STM32F4_F7_H

#include "mjrt/port.h"

#define PWR 0x40007000u
#define RCC 0x40023800u
#define FLASH 0x40023C00u

enum { PWR_CR = 0x00, PWR_CSR = 0x04 };
enum { RCC_CR = 0x00, RCC_PLLCFGR = 0x04, RCC_CFGR = 0x08, RCC_AHB1ENR = 0x30, RCC_APB1ENR = 0x40 };
enum { FLASH_ACR = 0x00 };
enum { MODER = 0x00, AFRL = 0x20, AFRH = 0x24 };

// SYSCLK of HSI / m * n / 2; `q` divides for USB and the like.
static inline void pll_on(uint32_t m, uint32_t n, uint32_t q) {
  mjrt_change(RCC + RCC_APB1ENR, 0, 1u << 28);  // PWREN
  (void)MJRT_REG(RCC + RCC_APB1ENR);
  mjrt_change(PWR + PWR_CR, 0, 3u << 14);                                    // VOS: scale 1
  MJRT_REG(RCC + RCC_PLLCFGR) = m | n << 6 | 0u << 16 | q << 24 | 2u << 28;  // PLLSRC HSI, PLLP 2
  mjrt_change(RCC + RCC_CR, 0, 1u << 24);
  mjrt_wait_for(RCC + RCC_CR, 1u << 25, 1u << 25);
  mjrt_change(PWR + PWR_CR, 0, 1u << 16);  // ODEN
  mjrt_wait_for(PWR + PWR_CSR, 1u << 16, 1u << 16);
  mjrt_change(PWR + PWR_CR, 0, 1u << 17);  // ODSWEN
  mjrt_wait_for(PWR + PWR_CSR, 1u << 17, 1u << 17);
}

static inline void flash_wait_states(uint32_t count, uint32_t accelerator) {
  MJRT_REG(FLASH + FLASH_ACR) = count | accelerator;
  mjrt_wait_for(FLASH + FLASH_ACR, 0xFu, count);
}

static inline void switch_to_pll(void) {
  mjrt_change(RCC + RCC_CFGR, 7u << 10 | 7u << 13, 5u << 10 | 4u << 13);  // APB1 / 4, APB2 / 2
  mjrt_change(RCC + RCC_CFGR, 3u, 2u);
  mjrt_wait_for(RCC + RCC_CFGR, 3u << 2, 2u << 2);
}

#endif
