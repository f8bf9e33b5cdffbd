// Firmware of both security states in one image for mps2-an505, and what it leaves behind.
//
// The Secure part begins at `main` with everything configured: code at 0x10000000, data at 0x38000000, veneers
// (section .nsc) at 0x10010000; Non-secure code (.ns_text) from 0x00200000, data (.ns_data) from 0x28200000, the
// Non-secure MSP at 0x28208000. All configurable faults are enabled in both states. Words stored to `results` are what
// a test looks at; `finish`, reached in Secure state, prints them and ends the run. SecureFault, UsageFault, MemManage
// and HardFault of Secure state store what they were told and finish (see `explain`).
#pragma once

#include <cstdio>
#include <string>

#include "tests/engine/bench.h"

namespace mj::test {

inline constexpr unsigned result_words = 24;

/// `body`: main's code and everything else. `tail`: a text that closes sections.
inline std::string trustzone_image(const std::string& body) {
  static const char* const setup = R"(
    func main
      ldr   r0, =0x50080014        @ SPCTRL NSCCFG: Secure code and RAM may hold veneers
      movs  r1, #3
      str   r1, [r0]
      ldr   r0, =0x58007000        @ memory protection controllers: upper halves to Non-secure state
      bl    share_upper_half
      ldr   r0, =0x58009000
      bl    share_all
      ldr   r0, =0xe000edd0        @ SAU
      ldr   r1, =sau_regions
      movs  r2, #0
    1: str  r2, [r0, #8]
      ldr   r3, [r1], #4
      str   r3, [r0, #12]
      ldr   r3, [r1], #4
      str   r3, [r0, #16]
      adds  r2, #1
      cmp   r2, #4
      bne   1b
      movs  r2, #1
      str   r2, [r0]
      dsb
      isb
      ldr   r0, =0xe002ed08        @ VTOR_NS
      ldr   r1, =ns_vectors
      str   r1, [r0]
      ldr   r1, =0x28208000
      msr   msp_ns, r1
      ldr   r0, =0xe000ed24        @ SHCSR, SHCSR_NS
      ldr   r1, =0x000f0000
      str   r1, [r0]
      ldr   r0, =0xe002ed24
      str   r1, [r0]
      ldr   r0, =0xe000ed88        @ CPACR, NSACR, CPACR_NS
      ldr   r1, =0x00f00000
      str   r1, [r0]
      ldr   r2, =0xc00
      str   r2, [r0, #4]
      ldr   r0, =0xe002ed88
      str   r1, [r0]
      dsb
      isb
      movs  r0, #0
      movs  r1, #0
      movs  r2, #0
      movs  r3, #0
      b     begin
    share_upper_half:
      ldr   r1, [r0, #0x10]        @ BLK_MAX
      adds  r2, r1, #1
      lsrs  r2, r2, #1
      b     1f
    share_all:
      ldr   r1, [r0, #0x10]
      movs  r2, #0
    1: mvn  r3, #0
    2: str  r2, [r0, #0x18]        @ BLK_IDX
      str   r3, [r0, #0x1c]        @ BLK_LUT
      adds  r2, #1
      cmp   r2, r1
      bls   2b
      bx    lr
      .balign 4
    sau_regions:
      .word 0x00200000, 0x003fffe1   @ Non-secure code
      .word 0x28200000, 0x283fffe1   @ Non-secure data
      .word 0x10010000, 0x10010fe3   @ callable
      .word 0x40000000, 0x4fffffe1   @ Non-secure devices

    @ What a fault was told: SFSR, SFAR, CFSR, CFSR_NS, HFSR, EXC_RETURN, exception number, from results[0] on.
    .macro explain
      ldr   r0, =results
      ldr   r1, =0xe000ed28
      ldr   r2, [r1, #0xbc]
      str   r2, [r0]
      ldr   r3, [r1, #0xc0]
      tst   r2, #0x40
      it    eq
      moveq r3, #0                 @ not valid
      str   r3, [r0, #4]
      ldr   r2, [r1]
      str   r2, [r0, #8]
      ldr   r3, =0xe002ed28
      ldr   r2, [r3]
      str   r2, [r0, #12]
      ldr   r2, [r1, #4]
      str   r2, [r0, #16]
      str   lr, [r0, #20]
      mrs   r2, ipsr
      str   r2, [r0, #24]
      b     finish
    .endm
    .ifndef own_faults
    func SecureFault_Handler
    func UsageFault_Handler
    func MemManage_Handler
    func BusFault_Handler
    func HardFault_Handler
      explain
    .endif

    func finish
      ldr   r4, =results
      movs  r5, #24
    1: ldr  r6, [r4], #4
      movs  r7, #8
    2: ror  r6, r6, #28
      and   r0, r6, #15
      cmp   r0, #10
      ite   lo
      addlo r0, #48
      addhs r0, #87
      ldr   r1, =char
      strb  r0, [r1]
      movs  r0, #3                 @ SYS_WRITEC
      bkpt  0xab
      subs  r7, #1
      bne   2b
      ldr   r1, =char
      movs  r0, #10
      strb  r0, [r1]
      movs  r0, #3
      bkpt  0xab
      subs  r5, #1
      bne   1b
      movs  r0, #0x18              @ SYS_EXIT
      ldr   r1, =0x20026
      bkpt  0xab
      b     .
      .ltorg
  )";
  static const char* const rest = R"(
      .text
      .ltorg
      .data
      .balign 8
      .global results
    results: .space 96
    char: .word 0
    scratch: .space 256
      .section .ns_vectors, "a"
      .global ns_vectors
    ns_vectors:
      .word 0x28208000
      .macro vector name
      .ifdef \name
      .word \name
      .else
      .word ns_unexpected
      .endif
      .endm
      vector ns_reset
      vector NS_NMI_Handler
      vector NS_HardFault_Handler
      vector NS_MemManage_Handler
      vector NS_BusFault_Handler
      vector NS_UsageFault_Handler
      .word 0, 0, 0, 0
      vector NS_SVC_Handler
      .word 0, 0
      vector NS_PendSV_Handler
      vector NS_SysTick_Handler
      vector NS_IRQ0_Handler
      vector NS_IRQ1_Handler
      vector NS_IRQ2_Handler
      vector NS_IRQ3_Handler
      .section .ns_text, "ax"
    func ns_unexpected
      b     ns_unexpected
      .ltorg
      .section .ns_data, "aw"
      .word 0
      .text
  )";
  return std::string(setup) + body + rest;
}

class TrustZoneBench : public Bench {
 public:
  explicit TrustZoneBench(const std::string& body) : Bench("mps2-an505", trustzone_image(body)) {}
  std::uint32_t result(unsigned index) { return word("results", index); }
};

/// What QEMU prints for the same firmware; empty if there is no QEMU to ask.
inline std::string trustzone_in_qemu(const std::string& body) {
  const Folder folder;
  const std::string elf = assemble(folder, "mps2-an505", trustzone_image(body));
  const std::string command =
      "timeout 60 qemu-system-arm -M mps2-an505 -icount shift=0,sleep=off -display none -monitor none -serial none "
      "-semihosting-config "
      "enable=on,target=native -kernel " +
      elf + " 2>&1 >/dev/null </dev/null";  // QEMU's semihosting console is stderr
  std::string out;
  if (std::system("command -v qemu-system-arm >/dev/null 2>&1") != 0) return out;
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) return out;
  char buffer[256];
  while (std::fgets(buffer, sizeof buffer, pipe)) out += buffer;
  pclose(pipe);
  return out;
}

}  // namespace mj::test
