// What a port gives to main(): a console, and an end. One file of port/console, port/clock and port/exit each is
// linked.
#ifndef MJRT_PORT_H
#define MJRT_PORT_H

#include <stdint.h>

#include "board.h"  // generated for the target: MJRT_UART_BASE, MJRT_CLOCK_HZ, MJRT_BAUD

#define MJRT_REG(address) (*(volatile uint32_t*)(uintptr_t)(address))

static inline void mjrt_change(uintptr_t address, uint32_t mask, uint32_t value) {
  MJRT_REG(address) = (MJRT_REG(address) & ~mask) | value;
}

// Polling loops on hardware give up after this many reads: firmware on a board without that hardware goes on slowly
// and says wrong baud rates, rather than hang before its first word.
#define MJRT_POLL_LIMIT 50000u

static inline void mjrt_wait_for(uintptr_t address, uint32_t mask, uint32_t value) {
  for (uint32_t i = 0; i < MJRT_POLL_LIMIT && (MJRT_REG(address) & mask) != value; ++i) {
  }
}

void mjrt_clock_init(void);
void mjrt_console_init(void);
void mjrt_console_put(char c);

// Ends the firmware with a status (0: success) where somebody can take it; otherwise stops here.
_Noreturn void mjrt_exit(uint32_t status);

int main(void);

#endif
