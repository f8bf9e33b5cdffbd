// PL011 UART (Arm DDI 0183), polled.
#include "mjrt/port.h"

enum { DR = 0x00, FR = 0x18, IBRD = 0x24, FBRD = 0x28, LCR_H = 0x2C, CR = 0x30 };

void mjrt_console_init(void) {
  const uint32_t divisor = (MJRT_CLOCK_HZ * 4u + MJRT_BAUD / 2) / MJRT_BAUD;  // 64 * f / (16 * baud)
  MJRT_REG(MJRT_UART_BASE + IBRD) = divisor >> 6;
  MJRT_REG(MJRT_UART_BASE + FBRD) = divisor & 63u;
  MJRT_REG(MJRT_UART_BASE + LCR_H) = 3u << 5 | 1u << 4;    // 8 bits, FIFO on
  MJRT_REG(MJRT_UART_BASE + CR) = 1u << 9 | 1u << 8 | 1u;  // RXE, TXE, UARTEN
}

void mjrt_console_put(char c) {
  mjrt_wait_for(MJRT_UART_BASE + FR, 1u << 5, 0);  // TXFF
  MJRT_REG(MJRT_UART_BASE + DR) = (uint8_t)c;
}
