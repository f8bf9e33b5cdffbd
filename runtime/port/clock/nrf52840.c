// nRF52840: the core always runs at 64 MHz. Starts the crystal (CLOCK) and the flash's instruction cache (NVMC).
#include "mjrt/port.h"

#define CLOCK 0x40000000u
#define NVMC 0x4001E000u
#define P1 0x50000300u

enum { TASKS_HFCLKSTART = 0x000, EVENTS_HFCLKSTARTED = 0x100 };
enum { ICACHECNF = 0x540 };
enum { DIRSET = 0x518 };

void mjrt_clock_init(void) {
  MJRT_REG(CLOCK + EVENTS_HFCLKSTARTED) = 0;
  MJRT_REG(CLOCK + TASKS_HFCLKSTART) = 1;
  mjrt_wait_for(CLOCK + EVENTS_HFCLKSTARTED, 1, 1);
  MJRT_REG(NVMC + ICACHECNF) = 1;
  MJRT_REG(P1 + DIRSET) = 1u << 3;  // the UART's TX pin
}
