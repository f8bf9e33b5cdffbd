// STM32L4R5 at 120 MHz: HSI16 / 2 * 30 / 2 through the PLL, in the order that RM0432 (chapters 3, 5 and 6) asks for and
// vendor code follows; then the pins of LPUART1, the ST-LINK's virtual COM port on NUCLEO-L4R5ZI.
#include "mjrt/port.h"

#define PWR 0x40007000u
#define RCC 0x40021000u
#define FLASH 0x40022000u
#define GPIOG 0x48001800u

enum { PWR_CR1 = 0x00, PWR_CR2 = 0x04, PWR_SR2 = 0x14, PWR_CR5 = 0x80 };
enum {
  RCC_CR = 0x00,
  RCC_CFGR = 0x08,
  RCC_PLLCFGR = 0x0C,
  RCC_AHB2ENR = 0x4C,
  RCC_APB1ENR1 = 0x58,
  RCC_APB1ENR2 = 0x5C
};
enum { FLASH_ACR = 0x00 };
enum { MODER = 0x00, AFRL = 0x20, AFRH = 0x24 };

static void voltage_range_1_boost(void) {
  mjrt_change(RCC + RCC_APB1ENR1, 0, 1u << 28);  // PWREN
  (void)MJRT_REG(RCC + RCC_APB1ENR1);            // the enable takes effect after a read
  mjrt_change(PWR + PWR_CR1, 3u << 9, 1u << 9);  // VOS: range 1
  mjrt_wait_for(PWR + PWR_SR2, 1u << 10, 0);     // VOSF
  mjrt_change(PWR + PWR_CR5, 1u << 8, 0);        // R1MODE 0: boost, needed above 80 MHz
}

static void flash_5_wait_states(void) {
  mjrt_change(FLASH + FLASH_ACR, 0xFu, 5);
  mjrt_wait_for(FLASH + FLASH_ACR, 0xFu, 5);
  mjrt_change(FLASH + FLASH_ACR, 0, 1u << 8 | 1u << 9 | 1u << 10);  // PRFTEN, ICEN, DCEN
}

static void pll_120_mhz(void) {
  mjrt_change(RCC + RCC_CR, 0, 1u << 8);  // HSION
  mjrt_wait_for(RCC + RCC_CR, 1u << 10, 1u << 10);
  mjrt_change(RCC + RCC_CR, 1u << 24, 0);  // PLLON off while it is changed
  mjrt_wait_for(RCC + RCC_CR, 1u << 25, 0);
  // PLLSRC HSI16, PLLM 2, PLLN 30, PLLR 2 with its output enabled.
  MJRT_REG(RCC + RCC_PLLCFGR) = 2u | (2u - 1) << 4 | 30u << 8 | 1u << 24 | 0u << 25;
  mjrt_change(RCC + RCC_CR, 0, 1u << 24);
  mjrt_wait_for(RCC + RCC_CR, 1u << 25, 1u << 25);
}

// Above 80 MHz the bus clock goes up in two steps, at least 1 us apart (RM0432 6.2.9).
static void switch_to_pll(void) {
  mjrt_change(RCC + RCC_CFGR, 0xFu << 4, 8u << 4);  // HPRE: / 2
  mjrt_change(RCC + RCC_CFGR, 3u, 3u);              // SW: PLL
  mjrt_wait_for(RCC + RCC_CFGR, 3u << 2, 3u << 2);
  for (volatile uint32_t i = 0; i < 60; ++i) {
  }
  mjrt_change(RCC + RCC_CFGR, 0xFu << 4, 0);
}

static void lpuart1_pins(void) {
  mjrt_change(RCC + RCC_AHB2ENR, 0, 1u << 6);   // GPIOG
  mjrt_change(RCC + RCC_APB1ENR2, 0, 1u << 0);  // LPUART1, clocked by PCLK1
  (void)MJRT_REG(RCC + RCC_APB1ENR2);
  mjrt_change(PWR + PWR_CR2, 0, 1u << 9);                                // IOSV: port G has a supply of its own
  mjrt_change(GPIOG + MODER, 3u << 14 | 3u << 16, 2u << 14 | 2u << 16);  // PG7, PG8: alternate function
  mjrt_change(GPIOG + AFRL, 0xFu << 28, 8u << 28);
  mjrt_change(GPIOG + AFRH, 0xFu, 8u);
}

void mjrt_clock_init(void) {
  voltage_range_1_boost();
  flash_5_wait_states();
  pll_120_mhz();
  switch_to_pll();
  lpuart1_pins();
}
