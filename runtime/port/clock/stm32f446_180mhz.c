// STM32F446 at 180 MHz: HSI / 16 * 360 / 2 through the PLL with over-drive, in the order that RM0390 (chapters 3, 5 and
// 6) asks for; then the pins of USART2, the ST-LINK's virtual COM port on NUCLEO-F446RE.
#include "stm32f4_f7.h"

#define GPIOA 0x40020000u

static void usart2_pins(void) {
  mjrt_change(RCC + RCC_AHB1ENR, 0, 1u << 0);   // GPIOA
  mjrt_change(RCC + RCC_APB1ENR, 0, 1u << 17);  // USART2
  (void)MJRT_REG(RCC + RCC_APB1ENR);
  mjrt_change(GPIOA + MODER, 3u << 4 | 3u << 6, 2u << 4 | 2u << 6);  // PA2, PA3: alternate function 7
  mjrt_change(GPIOA + AFRL, 0xFFu << 8, 0x77u << 8);
}

void mjrt_clock_init(void) {
  pll_on(16, 360, 8);
  flash_wait_states(5, 1u << 8 | 1u << 9 | 1u << 10);  // PRFTEN, ICEN, DCEN
  switch_to_pll();
  usart2_pins();
}
