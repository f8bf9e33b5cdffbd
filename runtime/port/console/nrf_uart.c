// The UART without DMA of nRF52 (nRF52840 product specification, UART), polled. TX on P1.03, the TX pin of Nano 33 BLE.
#include "mjrt/port.h"

enum { TASKS_STARTTX = 0x008, EVENTS_TXDRDY = 0x11C, ENABLE = 0x500, PSEL_TXD = 0x50C, TXD = 0x51C, BAUDRATE = 0x524 };

void mjrt_console_init(void) {
  MJRT_REG(MJRT_UART_BASE + PSEL_TXD) = 1u << 5 | 3u;
  MJRT_REG(MJRT_UART_BASE + BAUDRATE) = 0x01D7E000u;  // 115200
  MJRT_REG(MJRT_UART_BASE + ENABLE) = 4;
  MJRT_REG(MJRT_UART_BASE + TASKS_STARTTX) = 1;
}

void mjrt_console_put(char c) {
  MJRT_REG(MJRT_UART_BASE + EVENTS_TXDRDY) = 0;
  MJRT_REG(MJRT_UART_BASE + TXD) = (uint8_t)c;
  mjrt_wait_for(MJRT_UART_BASE + EVENTS_TXDRDY, 1, 1);
}
