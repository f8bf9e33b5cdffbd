// A USART of the second STM32 generation (F2, F4; RM0390, chapter 25), polled.
#include "mjrt/port.h"

enum { SR = 0x00, DR = 0x04, BRR = 0x08, CR1 = 0x0C };

void mjrt_console_init(void) {
  // Its bus may run slower than the core; whoever listens knows the divider that the clock set-up chose.
  MJRT_REG(MJRT_UART_BASE + BRR) = (uint32_t)((MJRT_CLOCK_HZ + MJRT_BAUD / 2) / MJRT_BAUD);
  MJRT_REG(MJRT_UART_BASE + CR1) = 1u << 13 | 1u << 3;  // UE, TE
}

void mjrt_console_put(char c) {
  mjrt_wait_for(MJRT_UART_BASE + SR, 1u << 7, 1u << 7);  // TXE
  MJRT_REG(MJRT_UART_BASE + DR) = (uint8_t)c;
}
