// STM32F767 at 216 MHz: HSI / 8 * 216 / 2 through the PLL with over-drive (RM0410, chapters 3, 4 and 5), the core's
// caches on (Armv7-M B2.2.7: invalidated first), then the pins of USART3, the virtual COM port on NUCLEO-F767ZI.
#include "armv7m_caches.h"
#include "stm32f4_f7.h"

#define GPIOD 0x40020C00u

static void usart3_pins(void) {
  mjrt_change(RCC + RCC_AHB1ENR, 0, 1u << 3);   // GPIOD
  mjrt_change(RCC + RCC_APB1ENR, 0, 1u << 18);  // USART3
  (void)MJRT_REG(RCC + RCC_APB1ENR);
  mjrt_change(GPIOD + MODER, 3u << 16 | 3u << 18, 2u << 16 | 2u << 18);  // PD8, PD9: alternate function 7
  mjrt_change(GPIOD + AFRH, 0xFFu, 0x77u);
}

void mjrt_clock_init(void) {
  armv7m_caches_on();
  pll_on(8, 216, 9);
  flash_wait_states(7, 1u << 8 | 1u << 9);  // PRFTEN, ARTEN
  switch_to_pll();
  usart3_pins();
}
