// UART of lowRISC's Ibex demo system (fixed baud rate), polled.
#include "mjrt/port.h"

enum { TX = 0x4, STATUS = 0x8 };

void mjrt_console_init(void) {}

void mjrt_console_put(char c) {
  mjrt_wait_for(MJRT_UART_BASE + STATUS, 1u << 1, 0);  // transmit FIFO full
  MJRT_REG(MJRT_UART_BASE + TX) = (uint8_t)c;
}
