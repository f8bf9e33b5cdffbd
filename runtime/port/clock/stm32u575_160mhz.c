// STM32U575 at 160 MHz: HSI16 * 10 through PLL1 in voltage range 1 with the booster, in the order that RM0456 (chapters
// 7, 10 and 11) asks for; ICACHE on; then the pins of USART1, the ST-LINK's virtual COM port on NUCLEO-U575ZI-Q.
#include "mjrt/port.h"

#define PWR 0x46020800u
#define RCC 0x46020C00u
#define FLASH 0x40022000u
#define ICACHE 0x40030400u
#define GPIOA 0x42020000u

enum { PWR_VOSR = 0x0C };
enum {
  RCC_CR = 0x00,
  RCC_CFGR1 = 0x1C,
  RCC_PLL1CFGR = 0x28,
  RCC_PLL1DIVR = 0x34,
  RCC_AHB2ENR1 = 0x8C,
  RCC_AHB3ENR = 0x94,
  RCC_APB2ENR = 0xA4
};
enum { FLASH_ACR = 0x00 };
enum { ICACHE_CR = 0x00 };
enum { MODER = 0x00, AFRH = 0x24 };

static void pll_160_mhz(void) {
  mjrt_change(RCC + RCC_AHB3ENR, 0, 1u << 2);  // PWREN
  (void)MJRT_REG(RCC + RCC_AHB3ENR);
  mjrt_change(PWR + PWR_VOSR, 3u << 16, 3u << 16);  // range 1
  mjrt_wait_for(PWR + PWR_VOSR, 1u << 15, 1u << 15);
  mjrt_change(RCC + RCC_CR, 0, 1u << 8);  // HSION
  mjrt_wait_for(RCC + RCC_CR, 1u << 10, 1u << 10);
  // PLL1SRC HSI16, PLL1RGE 8 to 16 MHz, PLL1M 1, EPOD clock undivided, output R.
  MJRT_REG(RCC + RCC_PLL1CFGR) = 2u | 3u << 2 | 0u << 8 | 0u << 12 | 1u << 18;
  MJRT_REG(RCC + RCC_PLL1DIVR) = (10u - 1) | 1u << 9 | 1u << 16 | 0u << 24;  // N 10, R 1
  mjrt_change(PWR + PWR_VOSR, 0, 1u << 18);                                  // BOOSTEN
  mjrt_wait_for(PWR + PWR_VOSR, 1u << 14, 1u << 14);
  mjrt_change(RCC + RCC_CR, 0, 1u << 24);
  mjrt_wait_for(RCC + RCC_CR, 1u << 25, 1u << 25);
}

static void flash_4_wait_states(void) {
  mjrt_change(FLASH + FLASH_ACR, 0xFu, 4u | 1u << 8);  // PRFTEN
  mjrt_wait_for(FLASH + FLASH_ACR, 0xFu, 4);
  mjrt_change(ICACHE + ICACHE_CR, 0, 1u);
}

static void usart1_pins(void) {
  mjrt_change(RCC + RCC_AHB2ENR1, 0, 1u << 0);  // GPIOA
  mjrt_change(RCC + RCC_APB2ENR, 0, 1u << 14);  // USART1
  (void)MJRT_REG(RCC + RCC_APB2ENR);
  mjrt_change(GPIOA + MODER, 3u << 18 | 3u << 20, 2u << 18 | 2u << 20);  // PA9, PA10: alternate function 7
  mjrt_change(GPIOA + AFRH, 0xFF0u, 0x770u);
}

void mjrt_clock_init(void) {
  pll_160_mhz();
  flash_4_wait_states();
  mjrt_change(RCC + RCC_CFGR1, 3u, 3u);
  mjrt_wait_for(RCC + RCC_CFGR1, 3u << 2, 3u << 2);
  usart1_pins();
}
