// CMSDK APB UART (Arm DDI 0479, chapter 4.3), polled.
#include "mjrt/port.h"

enum { DATA = 0x00, STATE = 0x04, CTRL = 0x08, BAUDDIV = 0x10 };

void mjrt_console_init(void) {
  MJRT_REG(MJRT_UART_BASE + BAUDDIV) = MJRT_CLOCK_HZ / MJRT_BAUD;
  MJRT_REG(MJRT_UART_BASE + CTRL) = 1;  // transmit enable
}

void mjrt_console_put(char c) {
  mjrt_wait_for(MJRT_UART_BASE + STATE, 1, 0);  // transmit buffer full
  MJRT_REG(MJRT_UART_BASE + DATA) = (uint8_t)c;
}
