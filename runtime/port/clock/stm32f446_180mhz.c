// STM32F446 at 180 MHz: HSI / 16 * 360 / 2 through the PLL with over-drive, in the order that RM0390 (chapters 3, 5 and
// 6) asks for; then the pins of USART2, the ST-LINK's virtual COM port on NUCLEO-F446RE.
#include "mjrt/port.h"

#define PWR 0x40007000u
#define RCC 0x40023800u
#define FLASH 0x40023C00u
#define GPIOA 0x40020000u

enum { PWR_CR = 0x00, PWR_CSR = 0x04 };
enum { RCC_CR = 0x00, RCC_PLLCFGR = 0x04, RCC_CFGR = 0x08, RCC_AHB1ENR = 0x30, RCC_APB1ENR = 0x40 };
enum { FLASH_ACR = 0x00 };
enum { MODER = 0x00, AFRL = 0x20 };

static void change(uintptr_t address, uint32_t mask, uint32_t value) {
  MJRT_REG(address) = (MJRT_REG(address) & ~mask) | value;
}

static void pll_180_mhz(void) {
  change(RCC + RCC_APB1ENR, 0, 1u << 28);  // PWREN
  (void)MJRT_REG(RCC + RCC_APB1ENR);
  change(PWR + PWR_CR, 0, 3u << 14);  // VOS: scale 1
  // PLLSRC HSI, PLLM 16, PLLN 360, PLLP 2.
  MJRT_REG(RCC + RCC_PLLCFGR) = 16u | 360u << 6 | 0u << 16 | 8u << 24 | 2u << 28;
  change(RCC + RCC_CR, 0, 1u << 24);
  mjrt_wait_for(RCC + RCC_CR, 1u << 25, 1u << 25);
  change(PWR + PWR_CR, 0, 1u << 16);  // ODEN
  mjrt_wait_for(PWR + PWR_CSR, 1u << 16, 1u << 16);
  change(PWR + PWR_CR, 0, 1u << 17);  // ODSWEN
  mjrt_wait_for(PWR + PWR_CSR, 1u << 17, 1u << 17);
}

static void flash_5_wait_states(void) {
  MJRT_REG(FLASH + FLASH_ACR) = 5u | 1u << 8 | 1u << 9 | 1u << 10;  // PRFTEN, ICEN, DCEN
  mjrt_wait_for(FLASH + FLASH_ACR, 0xFu, 5);
}

static void switch_to_pll(void) {
  change(RCC + RCC_CFGR, 7u << 10 | 7u << 13, 5u << 10 | 4u << 13);  // APB1 / 4, APB2 / 2
  change(RCC + RCC_CFGR, 3u, 2u);
  mjrt_wait_for(RCC + RCC_CFGR, 3u << 2, 2u << 2);
}

static void usart2_pins(void) {
  change(RCC + RCC_AHB1ENR, 0, 1u << 0);   // GPIOA
  change(RCC + RCC_APB1ENR, 0, 1u << 17);  // USART2
  (void)MJRT_REG(RCC + RCC_APB1ENR);
  change(GPIOA + MODER, 3u << 4 | 3u << 6, 2u << 4 | 2u << 6);  // PA2, PA3: alternate function 7
  change(GPIOA + AFRL, 0xFFu << 8, 0x77u << 8);
}

void mjrt_clock_init(void) {
  pll_180_mhz();
  flash_5_wait_states();
  switch_to_pll();
  usart2_pins();
}
