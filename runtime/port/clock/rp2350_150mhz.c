// RP2350 at 150 MHz: crystal 12 MHz * 125 / 5 / 2 through the system PLL (RP2350 datasheet 8.1 to 8.6), then UART0's
// pin. Flash stays as the boot ROM leaves it: what changes how it is read may not run from it.
#define CLOCKS 0x40010000u
#define RESETS 0x40020000u
#define IO_BANK0 0x40028000u
#define PADS_BANK0 0x40038000u
#define XOSC 0x40048000u
#define PLL_SYS 0x40050000u
#include "rp2_clocks.h"

void mjrt_clock_init(void) {
  crystal_on();
  out_of_reset(1u << 14);  // PLL_SYS
  pll_sys_on(125, 5, 2);
  core_on_pll();
  out_of_reset(1u << 6 | 1u << 9 | 1u << 26);           // IO_BANK0, PADS_BANK0, UART0
  MJRT_REG(IO_BANK0 + 0x04) = 2;                        // GPIO0: UART0 TX
  MJRT_REG(PADS_BANK0 + CLEAR_ALIAS + 0x04) = 1u << 8;  // no longer isolated
}
