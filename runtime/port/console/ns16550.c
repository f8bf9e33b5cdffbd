// 16550-style UART with byte registers, polled.
#include "mjrt/port.h"

enum { THR = 0, FCR = 2, LCR = 3, LSR = 5 };

static volatile uint8_t* reg(uintptr_t offset) { return (volatile uint8_t*)((uintptr_t)MJRT_UART_BASE + offset); }

void mjrt_console_init(void) {
  *reg(LCR) = 3;  // 8 bits
  *reg(FCR) = 1;  // FIFO on
}

void mjrt_console_put(char c) {
  for (uint32_t i = 0; i < MJRT_POLL_LIMIT && !(*reg(LSR) & 0x20u); ++i) {
  }
  *reg(THR) = (uint8_t)c;
}
