// RP2040 at 125 MHz: crystal 12 MHz * 125 / 6 / 2 through the system PLL (RP2040 datasheet 2.15 to 2.18), then UART0's
// pin.
#define CLOCKS 0x40008000u
#define RESETS 0x4000C000u
#define IO_BANK0 0x40014000u
#define XOSC 0x40024000u
#define PLL_SYS 0x40028000u
#include "rp2_clocks.h"

void mjrt_clock_init(void) {
  crystal_on();
  out_of_reset(1u << 12);  // PLL_SYS
  pll_sys_on(125, 6, 2);
  core_on_pll();
  out_of_reset(1u << 5 | 1u << 8 | 1u << 22);  // IO_BANK0, PADS_BANK0, UART0
  MJRT_REG(IO_BANK0 + 0x04) = 2;               // GPIO0: UART0 TX
}
