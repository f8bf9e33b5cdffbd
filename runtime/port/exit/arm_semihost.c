// Exit through Arm semihosting (SYS_EXIT_EXTENDED, Arm semihosting specification 2.0, 6.4).
#include "mjrt/port.h"

_Noreturn void mjrt_exit(uint32_t status) {
  const uint32_t block[2] = {0x20026u, status};  // ADP_Stopped_ApplicationExit
  register uint32_t operation __asm__("r0") = 0x20u;
  register const uint32_t* argument __asm__("r1") = block;
  __asm__ volatile("bkpt 0xab" : "+r"(operation) : "r"(argument) : "memory");
  for (;;) {
  }
}
