// RP2350's RISC-V core as firmware sees it: device interrupts through the core's own controller, RISC-V's timer and the
// software interrupt of SIO, sleep between harts, user mode behind the PMP, and its own instructions.
#include "tests/engine/bench.h"

namespace mj {
namespace {

using engine::StopKind;
using test::a0;
using test::a1;
using test::a2;
using test::a3;
using test::a4;
using test::Bench;
using Hazard3 = test::Riscv;

/// `handler`: vectored, so that each cause has a jump of its own: `exception`, `software`, `timer`, `external`.
std::string program(const std::string& body) {
  return R"(
    .option norvc
    .option norelax
    .equ SIO, 0xd0000000
    .equ TIMER0, 0x400b0000
    .balign 64
    table:
      j     exception
      nop
      nop
      j     software
      .rept 3
      nop
      .endr
      j     timer
      .rept 3
      nop
      .endr
      j     external
    func main
      la    t0, table + 1
      csrw  mtvec, t0
      lui   s0, 0xd0000        # SIO
  )" + body +
         R"(
    .irp handler, exception, software, timer, external
    .ifndef \handler
    \handler:
      j     \handler
    .endif
    .endr
    stopped:
      j     stopped
  )";
}

TEST_F(Hazard3, ADevicesInterruptComesThroughXh3irq) {
  Bench b("pico2-riscv", program(R"(
      li    t0, 0x40000000 + 0x108000   # TICKS
      li    t1, 12
      sw    t1, 0x1c(t0)       # CYCLES of timer 0
      li    t1, 1
      sw    t1, 0x18(t0)
      li    s1, TIMER0
      li    t1, 8
      sw    t1, 0x40(s1)       # INTE: alarm 3
      lw    t0, 0x28(s1)
      addi  t0, t0, 500
      sw    t0, 0x1c(s1)       # ALARM3
      li    t0, 0x00080000     # interrupt 3
      csrs  0xbe0, t0          # meiea
      li    t0, 0x800
      csrw  mie, t0
      li    a0, 0
      csrsi mstatus, 8
    wait:
      wfi
      beqz  a0, wait
      j     stopped
    external:
      csrrsi a0, 0xbe4, 1      # meinext, update
      csrr  a1, mcause
      csrr  a2, 0xbe5          # meicontext
      li    t1, 8
      sw    t1, 0x3c(s1)       # INTR
      csrr  a3, mip
      mret
  )"));
  EXPECT_EQ(b.run().pc, b.at("stopped"));
  EXPECT_EQ(b.r(a0), 3u << 2);
  EXPECT_EQ(b.r(a1), 0x8000000bu);
  EXPECT_EQ(b.r(a2), 0x00010031u) << "preempt from 1 on, interrupt 3, MRET restores";
  EXPECT_EQ(b.r(a3), 0u) << "the alarm was acknowledged";
}

TEST_F(Hazard3, RiscVsTimerAndTheSoftwareInterruptAreLinesOfTheCore) {
  Bench b("pico2-riscv", program(R"(
      li    t0, 3              # EN, FULLSPEED
      sw    t0, 0x1a4(s0)      # MTIME_CTRL
      sw    x0, 0x1b0(s0)      # MTIME
      sw    x0, 0x1b4(s0)
      sw    x0, 0x1bc(s0)      # MTIMECMPH
      li    t0, 5000
      sw    t0, 0x1b8(s0)      # MTIMECMP
      li    t0, 0x88
      csrw  mie, t0
      li    a0, 0
      li    a1, 0
      csrsi mstatus, 8
    wait:
      wfi
      beqz  a1, wait
      j     stopped
    timer:
      lw    a0, 0x1b0(s0)
      li    t0, -1
      sw    t0, 0x1bc(s0)
      csrr  a2, mip
      li    t0, 1
      sw    t0, 0x1a0(s0)      # RISCV_SOFTIRQ: set
      mret
    software:
      lw    a1, 0x1a0(s0)
      li    t0, 0x100
      sw    t0, 0x1a0(s0)      # clear
      csrr  a3, mip
      mret
  )"));
  EXPECT_EQ(b.run().pc, b.at("stopped"));
  EXPECT_GE(b.r(a0), 5000u);
  EXPECT_LT(b.r(a0), 6000u) << "the counter runs at the core's clock; the handler comes from slow flash";
  EXPECT_EQ(b.r(a1), 0x101u);
  EXPECT_EQ(b.r(a2), 0u);
  EXPECT_EQ(b.r(a3), 0u);
}

// As pico-sdk builds images: the ELF's own entry goes back to the boot ROM, which reads the IMAGE_DEF.
TEST_F(Hazard3, AnImageBeginsWhereItsImageDefSays) {
  Bench b("pico2-riscv", R"(
    .option norvc
    .option norelax
    func main
      lui   t0, 0x8
      jr    -0x204(t0)         # 0x7dfc
    .balign 4
    def:
      .word 0xffffded3, 0x11010142, 0x00000344, begin, 0x20010000, 0x000004ff, 0, 0xab123579
    func begin
      mv    a0, sp
      lui   s0, 0x8
      lhu   s0, -0x206(s0)     # 0x7dfa: table look-up
      li    a0, 0x5253         # 'S', 'R'
      jalr  s0
      mv    s1, a0
      li    a0, 4
      jalr  s1                 # bootrom_state_reset
      mv    a1, a0
      li    a0, 0x5252         # 'R', 'R'
      jalr  s0
      mv    a2, a0
      mv    a3, sp
    stopped:
      j     stopped
  )");
  EXPECT_EQ(b.run().pc, b.at("stopped"));
  EXPECT_EQ(b.r(a3), 0x20010000u);
  EXPECT_EQ(b.r(test::s1), 0x7e20u);
  EXPECT_EQ(b.r(a1), 0u);
  EXPECT_EQ(b.r(a2), 0u) << "no other function is there";
}

TEST_F(Hazard3, BlockSleepsUntilAnUnblockOrAnInterrupt) {
  Bench b("pico2-riscv", program(R"(
      slt   x0, x0, x1         # h3.unblock: the next h3.block falls through
      slt   x0, x0, x0         # h3.block
      li    a0, 1
      li    t0, 3
      sw    t0, 0x1a4(s0)
      sw    x0, 0x1b0(s0)
      sw    x0, 0x1bc(s0)
      li    t0, 900
      sw    t0, 0x1b8(s0)
      li    t0, 0x80
      csrw  mie, t0            # wakes, though mstatus.MIE is 0
      slt   x0, x0, x0
      lw    a1, 0x1b0(s0)
      csrw  mie, x0
    forever:
      slt   x0, x0, x0
  )"));
  EXPECT_EQ(b.run().kind, StopKind::sleep_forever);
  EXPECT_EQ(b.r(a0), 1u);
  EXPECT_GE(b.r(a1), 900u);
}

// RISC-V's way to disarm the timer leaves a comparison that no run reaches.
TEST_F(Hazard3, ATimerSetToItsEndLetsTheCoreSleepForEver) {
  Bench b("pico2-riscv", program(R"(
      li    t0, 3
      sw    t0, 0x1a4(s0)      # at the core's clock
      li    t0, -1
      sw    t0, 0x1bc(s0)
      sw    x0, 0x1b8(s0)
      li    t0, 0x80
      csrw  mie, t0
    wait:
      wfi
      j     wait
  )"));
  EXPECT_EQ(b.run().kind, StopKind::sleep_forever);
}

TEST_F(Hazard3, UserModeReachesWhatThePmpOpens) {
  Bench b("pico2-riscv", program(R"(
      li    t0, 0x05ffffff     # entry 0: flash, 256 MiB
      csrw  pmpaddr0, t0
      li    t0, 0x0800000f     # entry 1: 128 bytes of RAM
      csrw  pmpaddr1, t0
      li    t0, 0x1c1d         # read and execute; read (R is bit 2 here)
      csrw  pmpcfg0, t0
      li    s1, 0x20000000
      li    t0, 77
      sw    t0, 0(s1)
      la    t0, user
      csrw  mepc, t0
      li    s2, 0
      li    t0, 0x1800
      csrc  mstatus, t0        # MPP: user mode
      mret
    user:
      lw    a0, 0(s1)
      sw    x0, 0(s1)          # a fault
      lw    a1, 128(s1)        # a fault
      ecall
    exception:
      csrr  t0, mcause
      slli  s2, s2, 4
      or    s2, s2, t0
      csrr  t1, mepc
      addi  t1, t1, 4
      csrw  mepc, t1
      li    t1, 8
      beq   t0, t1, stopped
      mret
  )"));
  EXPECT_EQ(b.run().pc, b.at("stopped"));
  EXPECT_EQ(b.r(a0), 77u);
  EXPECT_EQ(b.r(18), 0x758u) << "store fault, load fault, call from user mode";
  EXPECT_EQ(b.word(0x20000000), 77u);
}

TEST_F(Hazard3, ExtractsBitsAndOtherCoresDont) {
  const std::string body = R"(
      li    a1, 0x12345678
      .4byte 7 << 26 | 20 << 20 | 11 << 15 | 4 << 12 | 10 << 7 | 0x0b   # h3.bextmi a0, a1, 20, 8
      j     stopped
    exception:
      csrr  a2, mcause
      j     stopped
  )";
  Bench b("pico2-riscv", program(body));
  EXPECT_EQ(b.run().pc, b.at("stopped"));
  EXPECT_EQ(b.r(a0), 0x23u);
  Bench other("rtl-hazard3-2port", program(body));
  EXPECT_EQ(other.run().pc, other.at("stopped"));
  EXPECT_EQ(other.r(a2), 2u);
  Bench hint("rtl-hazard3-2port", program("slt x0, x0, x0\n li a0, 5\n j stopped"));
  EXPECT_EQ(hint.run().pc, hint.at("stopped"));
  EXPECT_EQ(hint.r(a0), 5u) << "without Xh3power SLT to x0 does nothing";
}

}  // namespace
}  // namespace mj
