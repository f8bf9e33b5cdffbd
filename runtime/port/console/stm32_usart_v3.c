// LPUART1 or a USART of the third STM32 generation (RM0432, chapters 49 and 50), polled.
#include "mjrt/port.h"

enum { CR1 = 0x00, BRR = 0x0C, ISR = 0x1C, TDR = 0x28 };

void mjrt_console_init(void) {
  MJRT_REG(MJRT_UART_BASE + BRR) =
      (uint32_t)((256ull * MJRT_CLOCK_HZ + MJRT_BAUD / 2) / MJRT_BAUD);  // LPUART: 256 * f / baud
  MJRT_REG(MJRT_UART_BASE + CR1) = 1u << 3 | 1u;                         // TE, UE
}

void mjrt_console_put(char c) {
  mjrt_wait_for(MJRT_UART_BASE + ISR, 1u << 7, 1u << 7);  // TXE
  MJRT_REG(MJRT_UART_BASE + TDR) = (uint8_t)c;
}
