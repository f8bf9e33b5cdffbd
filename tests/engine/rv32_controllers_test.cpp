// Vendors' interrupt controllers as firmware sees them: WCH's PFIC with its SysTick and hardware stacking, Espressif's
// interrupt matrix with its system timer; and the loops whose cycles were measured on those chips.
#include "tests/engine/bench.h"

namespace mj {
namespace {

using engine::StopKind;
using test::Bench;
using Controllers = test::Riscv;

// ---- CH32V003 -------------------------------------------------------------------------------------------------------

/// A vector table of addresses at 0 (`on_tick` for SysTick, `on_software`, `on_fault` for exceptions), then `main`.
std::string ch32(const std::string& body) {
  return R"(
    .option norvc
    .option norelax
    .equ PFIC, 0xe000e000
    .equ SYSTICK, 0xe000f000
    vectors:
      j     main
      .word 0, 0, on_fault
      .rept 8
      .word 0
      .endr
      .word on_tick, 0, on_software, 0
      .rept 24
      .word on_fault
      .endr
    func main
      la    sp, 0x20000800
      la    t0, vectors
      addi  t0, t0, 3            # by number, addresses
      csrw  mtvec, t0
  )" + body;
}

TEST_F(Controllers, PficVectorsHoldAddressesAndHardwareSavesTheCallersRegisters) {
  Bench b("ch32v003", ch32(R"(
      li    t0, 3
      csrw  0x804, t0            # hardware stacking, nesting
      li    s0, PFIC
      li    t0, 1 << 12
      sw    t0, 0x100(s0)        # IENR
      li    s1, SYSTICK
      li    t0, 99
      sw    t0, 16(s1)           # CMP
      li    t0, 0xf              # on, interrupt, HCLK, reload
      sw    t0, 0(s1)
      li    a0, 0x11
      li    a1, 0x22
      li    t1, 0
      csrsi mstatus, 8
    wait:
      addi  t1, t1, 1
      la    t2, ticks
      lw    t2, 0(t2)
      li    t0, 5
      bne   t2, t0, wait
      csrci mstatus, 8
      lw    a2, 0x100(s0)
      lw    a3, 0(s0)            # ISR: what is enabled
    done:
      j     done
    func on_tick                 # uses registers as it likes
      li    a0, 0x33
      li    a1, 0x44
      la    t0, ticks
      lw    t1, 0(t0)
      addi  t1, t1, 1
      sw    t1, 0(t0)
      li    t0, SYSTICK
      sw    zero, 4(t0)          # SR
      csrr  t2, mcause
      la    t0, cause
      sw    t2, 0(t0)
      mret
    func on_software
      j     on_software
    func on_fault
      j     on_fault
      .data
    ticks:
      .word 0
    cause:
      .word 0
  )"));
  const engine::Stop stop = b.run(1'000'000);
  EXPECT_EQ(stop.kind, StopKind::spin_forever);
  EXPECT_EQ(stop.pc, b.at("done"));
  EXPECT_EQ(b.word("ticks"), 5u);
  EXPECT_EQ(b.word("cause"), 0x8000000cu);
  EXPECT_EQ(b.r(test::a0), 0x11u);
  EXPECT_EQ(b.r(test::a1), 0x22u);
  EXPECT_EQ(b.r(test::a3), 1u << 12);
  EXPECT_EQ(b.r(test::rv_sp), 0x20000800u);
  EXPECT_EQ(b.engine().exceptions_taken().at(0x10c), 5u);
  b.expect_conserved();
}

TEST_F(Controllers, PficTakesTheMoreUrgentFirstAndHoldsTheRestBack) {
  // SysTick (12) and software (14) pend together; priorities 0x80 and 0x00.
  Bench b("ch32v003", ch32(R"(
      li    s0, PFIC
      li    t0, 0x80
      addi  t1, s0, 0x400
      sb    t0, 12(t1)
      li    t0, 1 << 12 | 1 << 14
      sw    t0, 0x100(s0)
      sw    t0, 0x200(s0)        # IPSR: both pend
      li    a0, 0
      csrsi mstatus, 8
      nop
    done:
      j     done
    func on_tick
      slli  a0, a0, 4
      addi  a0, a0, 2
      mret
    func on_software
      slli  a0, a0, 4
      addi  a0, a0, 1
      lw    a1, 0x300(s0)        # IACTR
      mret
    func on_fault
      j     on_fault
  )"));
  b.run(1'000'000);
  EXPECT_EQ(b.r(test::a0), 0x12u);
  EXPECT_EQ(b.r(test::a1), 1u << 14);
  b.expect_conserved();
}

TEST_F(Controllers, OnQingKeExceptionsTakeTheirOwnVector) {
  Bench b("ch32v003", ch32(R"(
      li    a4, 0x20000002
    here:
      lw    a3, 0(a4)            # misaligned
    done:
      j     done
    func on_fault
      csrr  a0, mcause
      csrr  a1, mepc
    stopped:
      j     stopped
    func on_tick
      nop
    func on_software
      j     on_software
  )"));
  EXPECT_EQ(b.run(1'000'000).pc, b.at("stopped"));
  EXPECT_EQ(b.r(test::a0), 4u);
  EXPECT_EQ(b.r(test::a1), b.at("here"));
}

/// Cycles of 1000 passes of ADDI and BNEZ, by SysTick, less what reading it takes.
std::string measured_loop(const std::string& at) {
  return ch32(R"(
      li    s1, SYSTICK
      li    t0, -1
      sw    t0, 16(s1)
      li    t0, 5                # on, HCLK
      sw    t0, 0(s1)
      la    t2, )" +
              at + R"(
      li    t1, 1000
      jr    t2
    loop:
      .option rvc
      c.addi t1, -1
      bnez  t1, loop
      .option norvc
    done:
      j     done
    func on_fault
      j     on_fault
    func on_tick
      j     on_tick
    func on_software
      j     on_software
  )");
}

TEST_F(Controllers, Ch32v003LoopOfTwoInstructionsTakesFourCyclesWithoutWaitStates) {
  Bench b("ch32v003", measured_loop("loop"));
  b.run(1'000'000);
  EXPECT_NEAR(static_cast<double>(b.cycles("loop", "done")), 4000, 4);
}

// ---- ESP32-C3 -------------------------------------------------------------------------------------------------------

/// `threshold` against line 7's priority of 3; a0 counts interrupts, a2 is their cause.
std::string esp_timer(unsigned threshold) {
  return ".equ THRESHOLD, " + std::to_string(threshold) + R"(
    .option norvc
    .option norelax
    func main
      j     begin
      .balign 256
    vectors:
      .rept 7
      j     unexpected
      .endr
      j     on_line_7
      .rept 24
      j     unexpected
      .endr
    begin:
      la    t0, vectors
      csrw  mtvec, t0
      li    s0, 0x600c2000       # matrix
      li    t0, 7
      sw    t0, 37 * 4(s0)       # SYSTIMER target 0 -> line 7
      li    t0, 3
      sw    t0, 0x114 + 7 * 4(s0)
      li    t0, THRESHOLD
      sw    t0, 0x194(s0)
      li    t0, 1 << 7
      sw    t0, 0x104(s0)
      li    s1, 0x60023000       # system timer
      li    t0, 1 << 30 | 160    # every 10 us
      sw    t0, 0x34(s1)
      li    t0, 0x47000000
      sw    t0, 0(s1)
      sw    t0, 0x50(s1)         # COMP0_LOAD
      li    t0, 1
      sw    t0, 0x64(s1)
      li    a0, 0
      csrsi mstatus, 8
      li    a1, 3000
    wait:
      addi  a1, a1, -1
      bnez  a1, wait
    done:
      j     done
    on_line_7:
      csrr  a2, mcause
      addi  a0, a0, 1
      li    t0, 1
      sw    t0, 0x6c(s1)
      li    t1, 4
      blt   a0, t1, more
      sw    zero, 0x64(s1)
    more:
      mret
    unexpected:
      j     unexpected
  )";
}

TEST_F(Controllers, Esp32c3SystemTimerInterruptsThroughTheMatrix) {
  Bench b("esp32-c3", esp_timer(3));
  EXPECT_EQ(b.run(1'000'000).pc, b.at("done"));
  EXPECT_EQ(b.r(test::a0), 4u);
  EXPECT_EQ(b.r(test::a2), 0x80000007u);
  EXPECT_EQ(b.engine().exceptions_taken().at(0x107), 4u);
  b.expect_conserved();
}

TEST_F(Controllers, Esp32c3ThresholdHoldsLessUrgentLinesBack) {
  Bench b("esp32-c3", esp_timer(4));
  b.run(1'000'000);
  EXPECT_EQ(b.r(test::a0), 0u);
}

TEST_F(Controllers, Esp32c3LoopFromIramTakesFourCycles) {
  Bench b("esp32-c3", "func main\n li t1, 1000\nloop:\n addi t1, t1, -1\n bnez t1, loop\ndone:\n j done\n");
  b.run(1'000'000);
  EXPECT_EQ(b.cycles("loop", "done"), 4000u - 2);
}

}  // namespace
}  // namespace mj
