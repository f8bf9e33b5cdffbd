// Exit through RISC-V semihosting: an ebreak between two shifts that do nothing (RISC-V semihosting specification 0.2).
#include "mjrt/port.h"

__attribute__((noinline)) static void semihost(uint32_t operation, const void* argument) {
  register uint32_t a0 __asm__("a0") = operation;
  register const void* a1 __asm__("a1") = argument;
  // The three instructions are uncompressed and lie in one 16-byte line, so that they can be recognised in one fetch.
  __asm__ volatile(
      ".option push\n\t.option norvc\n\t.balign 16\n\t"
      "slli x0, x0, 0x1f\n\tebreak\n\tsrai x0, x0, 7\n\t"
      ".option pop"
      : "+r"(a0)
      : "r"(a1)
      : "memory");
}

_Noreturn void mjrt_exit(uint32_t status) {
  const uint32_t block[2] = {0x20026u, status};  // ADP_Stopped_ApplicationExit
  semihost(0x20u, block);                        // SYS_EXIT_EXTENDED
  for (;;) {
  }
}
