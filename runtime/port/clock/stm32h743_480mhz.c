// STM32H743 (revision V) at 480 MHz: HSI / 4 * 60 / 2 through PLL1 in voltage scale 0, buses at half of it, in the
// order that RM0433 (chapters 4, 6 and 8) asks for; the core's caches on; then the pins of USART3, the virtual COM port
// on NUCLEO-H743ZI.
#include "armv7m_caches.h"
#include "mjrt/port.h"

#define FLASH 0x52002000u
#define SYSCFG 0x58000400u
#define GPIOD 0x58020C00u
#define RCC 0x58024400u
#define PWR 0x58024800u

enum { PWR_CSR1 = 0x04, PWR_CR3 = 0x0C, PWR_D3CR = 0x18 };
enum {
  RCC_CR = 0x00,
  RCC_CFGR = 0x10,
  RCC_D1CFGR = 0x18,
  RCC_D2CFGR = 0x1C,
  RCC_D3CFGR = 0x20,
  RCC_PLLCKSELR = 0x28,
  RCC_PLLCFGR = 0x2C,
  RCC_PLL1DIVR = 0x30,
  RCC_AHB4ENR = 0xE0,
  RCC_APB1LENR = 0xE8,
  RCC_APB4ENR = 0xF4
};
enum { SYSCFG_PWRCR = 0x2C };
enum { FLASH_ACR = 0x00 };
enum { MODER = 0x00, AFRH = 0x24 };

static void voltage_scale_0(void) {
  mjrt_change(PWR + PWR_CR3, 7u, 1u << 1);  // LDOEN alone
  mjrt_wait_for(PWR + PWR_CSR1, 1u << 13, 1u << 13);
  mjrt_change(PWR + PWR_D3CR, 3u << 14, 3u << 14);  // VOS: scale 1
  mjrt_wait_for(PWR + PWR_D3CR, 1u << 13, 1u << 13);
  mjrt_change(RCC + RCC_APB4ENR, 0, 1u << 1);  // SYSCFGEN
  (void)MJRT_REG(RCC + RCC_APB4ENR);
  mjrt_change(SYSCFG + SYSCFG_PWRCR, 0, 1u);  // ODEN
  mjrt_wait_for(PWR + PWR_D3CR, 1u << 13, 1u << 13);
}

static void pll_480_mhz(void) {
  // PLLSRC HSI, DIVM1 4; input 8 to 16 MHz, wide range, output P.
  MJRT_REG(RCC + RCC_PLLCKSELR) = 4u << 4;
  MJRT_REG(RCC + RCC_PLLCFGR) = 3u << 2 | 1u << 16;
  MJRT_REG(RCC + RCC_PLL1DIVR) = (60u - 1) | (2u - 1) << 9 | 1u << 16 | 1u << 24;  // N 60, P 2
  mjrt_change(RCC + RCC_CR, 0, 1u << 24);
  mjrt_wait_for(RCC + RCC_CR, 1u << 25, 1u << 25);
}

static void switch_to_pll(void) {
  MJRT_REG(FLASH + FLASH_ACR) = 4u | 2u << 4;  // 4 wait states and the programming delay that go with 240 MHz
  mjrt_wait_for(FLASH + FLASH_ACR, 0xFu, 4);
  MJRT_REG(RCC + RCC_D1CFGR) = 8u | 4u << 4;       // AXI and AHB / 2, APB3 / 2
  MJRT_REG(RCC + RCC_D2CFGR) = 4u << 4 | 4u << 8;  // APB1 / 2, APB2 / 2
  MJRT_REG(RCC + RCC_D3CFGR) = 4u << 4;            // APB4 / 2
  mjrt_change(RCC + RCC_CFGR, 7u, 3u);
  mjrt_wait_for(RCC + RCC_CFGR, 7u << 3, 3u << 3);
}

static void usart3_pins(void) {
  mjrt_change(RCC + RCC_AHB4ENR, 0, 1u << 3);    // GPIOD
  mjrt_change(RCC + RCC_APB1LENR, 0, 1u << 18);  // USART3
  (void)MJRT_REG(RCC + RCC_APB1LENR);
  mjrt_change(GPIOD + MODER, 3u << 16 | 3u << 18, 2u << 16 | 2u << 18);  // PD8, PD9: alternate function 7
  mjrt_change(GPIOD + AFRH, 0xFFu, 0x77u);
}

void mjrt_clock_init(void) {
  armv7m_caches_on();
  voltage_scale_0();
  pll_480_mhz();
  switch_to_pll();
  usart3_pins();
}
