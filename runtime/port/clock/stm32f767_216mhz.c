// STM32F767 at 216 MHz: HSI / 8 * 216 / 2 through the PLL with over-drive (RM0410, chapters 3, 4 and 5), the core's
// caches on (Armv7-M B2.2.7: invalidated first), then the pins of USART3, the virtual COM port on NUCLEO-F767ZI.
#include "mjrt/port.h"

#define PWR 0x40007000u
#define RCC 0x40023800u
#define FLASH 0x40023C00u
#define GPIOD 0x40020C00u
#define SCB 0xE000ED00u

enum { PWR_CR1 = 0x00, PWR_CSR1 = 0x04 };
enum { RCC_CR = 0x00, RCC_PLLCFGR = 0x04, RCC_CFGR = 0x08, RCC_AHB1ENR = 0x30, RCC_APB1ENR = 0x40 };
enum { FLASH_ACR = 0x00 };
enum { MODER = 0x00, AFRH = 0x24 };
enum { CCR = 0x14, CCSIDR = 0x80, CSSELR = 0x84, ICIALLU = 0x250, DCISW = 0x260 };

static void change(uintptr_t address, uint32_t mask, uint32_t value) {
  MJRT_REG(address) = (MJRT_REG(address) & ~mask) | value;
}

static void caches_on(void) {
  __asm volatile("dsb\n isb" ::: "memory");
  MJRT_REG(SCB + ICIALLU) = 0;
  MJRT_REG(SCB + CSSELR) = 0;  // the data cache
  __asm volatile("dsb" ::: "memory");
  const uint32_t geometry = MJRT_REG(SCB + CCSIDR);
  const uint32_t sets = (geometry >> 13 & 0x7FFFu) + 1, ways = (geometry >> 3 & 0x3FFu) + 1;
  for (uint32_t set = 0; set < sets; ++set)
    for (uint32_t way = 0; way < ways; ++way) MJRT_REG(SCB + DCISW) = set << 5 | way << 30;
  __asm volatile("dsb" ::: "memory");
  change(SCB + CCR, 0, 1u << 16 | 1u << 17);  // DC, IC
  __asm volatile("dsb\n isb" ::: "memory");
}

static void pll_216_mhz(void) {
  change(RCC + RCC_APB1ENR, 0, 1u << 28);  // PWREN
  (void)MJRT_REG(RCC + RCC_APB1ENR);
  change(PWR + PWR_CR1, 0, 3u << 14);  // VOS: scale 1
  // PLLSRC HSI, PLLM 8, PLLN 216, PLLP 2.
  MJRT_REG(RCC + RCC_PLLCFGR) = 8u | 216u << 6 | 0u << 16 | 9u << 24 | 2u << 28;
  change(RCC + RCC_CR, 0, 1u << 24);
  mjrt_wait_for(RCC + RCC_CR, 1u << 25, 1u << 25);
  change(PWR + PWR_CR1, 0, 1u << 16);  // ODEN
  mjrt_wait_for(PWR + PWR_CSR1, 1u << 16, 1u << 16);
  change(PWR + PWR_CR1, 0, 1u << 17);  // ODSWEN
  mjrt_wait_for(PWR + PWR_CSR1, 1u << 17, 1u << 17);
}

static void flash_7_wait_states(void) {
  MJRT_REG(FLASH + FLASH_ACR) = 7u | 1u << 8 | 1u << 9;  // PRFTEN, ARTEN
  mjrt_wait_for(FLASH + FLASH_ACR, 0xFu, 7);
}

static void switch_to_pll(void) {
  change(RCC + RCC_CFGR, 7u << 10 | 7u << 13, 5u << 10 | 4u << 13);  // APB1 / 4, APB2 / 2
  change(RCC + RCC_CFGR, 3u, 2u);
  mjrt_wait_for(RCC + RCC_CFGR, 3u << 2, 2u << 2);
}

static void usart3_pins(void) {
  change(RCC + RCC_AHB1ENR, 0, 1u << 3);   // GPIOD
  change(RCC + RCC_APB1ENR, 0, 1u << 18);  // USART3
  (void)MJRT_REG(RCC + RCC_APB1ENR);
  change(GPIOD + MODER, 3u << 16 | 3u << 18, 2u << 16 | 2u << 18);  // PD8, PD9: alternate function 7
  change(GPIOD + AFRH, 0xFFu, 0x77u);
}

void mjrt_clock_init(void) {
  caches_on();
  pll_216_mhz();
  flash_7_wait_states();
  switch_to_pll();
  usart3_pins();
}
