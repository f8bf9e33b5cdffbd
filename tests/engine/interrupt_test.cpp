// Interrupts come at their cycle, whatever code they interrupt; sleeping and waiting loops skip ahead without losing
// any.
#include <numeric>

#include "tests/engine/bench.h"

namespace mj {
namespace {

using engine::StopKind;
using test::Bench;
using Interrupt = test::Arm;
using InterruptRv32 = test::Riscv;

// The cycle counter on, SysTick with period r0 + 1 on the core's clock; every interrupt stores CYCCNT in `seen`, and
// the eighth one ends the program. r4 = DWT, r5 = SysTick, r6 = &seen[i], r7 = CYCCNT one cycle before SysTick starts.
const std::string ticking = R"(
    func main
      ldr   r6, =seen
      ldr   r4, =0xe000edfc
      ldr   r0, =0x01000000
      str   r0, [r4]             @ DEMCR.TRCENA
      ldr   r4, =0xe0001000
      movs  r0, #1
      str   r0, [r4]             @ DWT_CTRL.CYCCNTENA
      ldr   r5, =0xe000e010
      ldr   r0, =PERIOD - 1
      str   r0, [r5, #4]
      str   r0, [r5, #8]
      movs  r0, #7
      ldr   r7, [r4, #4]
      str   r0, [r5]
      b     work

      .balign 4
    func SysTick_Handler
      ldr   r0, [r4, #4]
      str   r0, [r6]
      adds  r6, #4
      ldr   r1, =seen + 32
      cmp   r6, r1
      it    ne
      bxne  lr
      movs  r0, #0
      str   r0, [r5]             @ off
    finished:
      b     finished
      .ltorg

      .data
    seen:
      .space 32
      .text
      .balign 4
    func work
)";

std::string with_period(unsigned period, const std::string& work) {
  return ".equ PERIOD, " + std::to_string(period) + ticking + work;
}

std::vector<std::uint32_t> seen(Bench& b) {
  std::vector<std::uint32_t> out;
  for (unsigned i = 0; i < 8; ++i) out.push_back(b.word("seen", i));
  return out;
}

TEST_F(Interrupt, SysTickIsTakenAtItsCycle) {
  // STR starts the counter one cycle after CYCCNT was read into r7; with CVR = 0 the first cycle reloads it, PERIOD - 1
  // later it is 0 and the exception pends; 12 cycles of entry; the handler's first instruction reads CYCCNT.
  constexpr unsigned period = 500;
  Bench b("mps2-an386", with_period(period, "more:\n .rept 61\n nop\n .endr\n b more\n"));
  EXPECT_EQ(b.run().kind, StopKind::spin_forever);
  const auto at = seen(b);
  EXPECT_EQ(at[0], b.r(7) + 1 + period + 12);
  b.expect_conserved();
  EXPECT_EQ(b.engine().exceptions_taken().at(15), 8u);
}

TEST_F(Interrupt, LatencyDoesNotDependOnTheLengthOfTheInterruptedBlock) {
  // Code of one-cycle instructions: interrupts come exactly a period apart. A loop's 2-cycle branch may shift by one.
  constexpr unsigned period = 500;
  for (const unsigned length : {1u, 2u, 10u, 63u, 64u, 65u, 1000u}) {
    Bench b("mps2-an386",
            with_period(period, "more:\n .rept " + std::to_string(length) + "\n nop\n .endr\n b.w more\n"));
    b.run();
    const auto at = seen(b);
    for (unsigned i = 1; i < 8; ++i) {
      EXPECT_GE(at[i] + 2, at[0] + i * period) << length;
      EXPECT_LE(at[i], at[0] + i * period + 2) << length;
    }
    b.expect_conserved();
  }
}

TEST_F(Interrupt, AnEndlessLoopIsSkippedWithTheSameCyclesAsOneThatIsNot) {
  // Both loops take 3 cycles a pass; the second one changes a register, so that no pass is like the one before.
  Bench skipped("mps2-an386", with_period(100000, "more:\n nop\n b more\n"));
  Bench run("mps2-an386", with_period(100000, "more:\n adds r3, #1\n b more\n"));
  EXPECT_EQ(skipped.run().kind, StopKind::spin_forever);
  run.run();
  EXPECT_EQ(seen(skipped), seen(run));
  EXPECT_EQ(skipped.counts().instructions, run.counts().instructions);
  EXPECT_EQ(skipped.counts().reasons, run.counts().reasons);
  EXPECT_EQ(skipped.now(), run.now());
  skipped.expect_conserved();
}

TEST_F(Interrupt, ALoopThatPollsAVariableIsSkippedUntilTheHandlerChangesIt) {
  const char* program = R"(
    func main
      ldr   r5, =0xe000e010
      ldr   r6, =flag
      ldr   r0, =999999
      str   r0, [r5, #4]
      str   r0, [r5, #8]
      movs  r0, #7
      str   r0, [r5]
    wait:
      ldr   r0, [r6]
      cmp   r0, #3
      bne   wait
    done:
      b     done
    func SysTick_Handler
      ldr   r0, [r6]
      adds  r0, #1
      str   r0, [r6]
      cmp   r0, #3
      it    eq
      streq r7, [r5]          @ r7 = 0: SysTick off
      bx    lr
      .data
    flag: .word 0
  )";
  Bench b("mps2-an386", program), stepped("mps2-an386", program);
  EXPECT_EQ(b.run().kind, StopKind::spin_forever);
  EXPECT_EQ(b.word("flag"), 3u);
  EXPECT_GT(b.now(), 3'000'000u);
  // The same in pieces: the loop is left and entered again at many places.
  for (Cycle limit = 7777; stepped.run(limit).kind == StopKind::limit; limit += 7777) {
  }
  EXPECT_EQ(stepped.now(), b.now());
  EXPECT_EQ(stepped.counts().instructions, b.counts().instructions);
  b.expect_conserved();
  stepped.expect_conserved();
}

TEST_F(Interrupt, ABranchToItselfWithNothingPendingStopsAtOnce) {
  Bench b("mps2-an386", "func main\n movs r0, #3\nhere:\n b here\n");
  const engine::Stop stop = b.run();
  EXPECT_EQ(stop.kind, StopKind::spin_forever);
  EXPECT_EQ(stop.pc, b.at("here"));
  EXPECT_LT(b.now(), 100u);
  b.expect_conserved();
}

TEST_F(Interrupt, ABranchToItselfStopsAtOnceUnderALimitToo) {
  Bench b("mps2-an386", "func main\nhere:\n b here\n");
  EXPECT_EQ(b.run(1'000'000).kind, StopKind::spin_forever);
  EXPECT_LT(b.now(), 100u);
}

TEST_F(Interrupt, WfiSleepsUntilTheInterruptAndCountsTheCyclesAsIdle) {
  // The eighth interrupt comes eight periods after the start; CYCCNT, which stands still in sleep, sees only the same
  // few cycles of each round.
  constexpr unsigned period = 10000;
  Bench b("mps2-an386", with_period(period, "more:\n wfi\n b more\n"));
  EXPECT_EQ(b.run().kind, StopKind::spin_forever);
  const auto at = seen(b);
  const std::uint32_t round = at[1] - at[0];
  EXPECT_LT(round, 50u);
  for (unsigned i = 1; i < 8; ++i) EXPECT_EQ(at[i] - at[0], i * round);
  EXPECT_GT(b.now(), 8 * period);
  EXPECT_LT(b.now(), 8 * period + 100);
  EXPECT_LT(b.now() - b.engine().idle_cycles(), 9 * round);
  EXPECT_EQ(b.counts().reasons[static_cast<std::size_t>(timing::Reason::idle)], b.engine().idle_cycles());
  b.expect_conserved();
}

TEST_F(Interrupt, WfiWithNothingToWakeItStops) {
  Bench b("mps2-an386", "func main\n wfi\nback:\n b back\n");
  EXPECT_EQ(b.run().kind, StopKind::sleep_forever);
  Bench limited("mps2-an386", "func main\n wfi\nback:\n b back\n");
  EXPECT_EQ(limited.run(1'000'000).kind, StopKind::sleep_forever);
  b.expect_conserved();
}

TEST_F(Interrupt, WfiWithAMaskedPendingInterruptWakesWithoutTakingIt) {
  // PRIMASK set, PendSV pending: WFI falls through, the handler runs only after CPSIE.
  Bench b("mps2-an386", R"(
    func main
      movs  r7, #0
      cpsid i
      ldr   r5, =0xe000ed04
      ldr   r0, =0x10000000
      str   r0, [r5]
      wfi
      mov   r6, r7              @ not yet
      cpsie i
      nop
    done:
      b     done
    func PendSV_Handler
      movs  r7, #1
      bx    lr
  )");
  EXPECT_EQ(b.run().kind, StopKind::spin_forever);
  EXPECT_EQ(b.r(6), 0u);
  EXPECT_EQ(b.r(7), 1u);
  b.expect_conserved();
}

TEST_F(Interrupt, WfeReturnsAtOnceAfterSev) {
  Bench b("mps2-an386", "func main\n sev\n wfe\n movs r0, #9\ndone:\n b done\n");
  EXPECT_EQ(b.run().kind, StopKind::spin_forever);
  EXPECT_EQ(b.r(0), 9u);
  EXPECT_EQ(b.engine().idle_cycles(), 0u);
}

TEST_F(Interrupt, APendedInterruptIsTakenAfterTheInstructionThatPendsIt) {
  Bench b("mps2-an386", R"(
    func main
      movs  r7, #0
      ldr   r5, =0xe000ed04
      ldr   r0, =0x10000000
      str   r0, [r5]            @ PendSV
      adds  r7, #1
      adds  r7, #1
    done:
      b     done
    func PendSV_Handler
      mov   r6, r7
      bx    lr
  )");
  b.run();
  EXPECT_EQ(b.r(6), 0u);
  EXPECT_EQ(b.r(7), 2u);
  EXPECT_EQ(b.engine().exception_cycles(), 12u + 10u);
  b.expect_conserved();
}

TEST_F(Interrupt, AHigherPriorityInterruptNestsAndALowerOneIsTailChained) {
  // IRQ0 (priority 0x80) pends IRQ1 (0x40, nests at once) and IRQ2 (0xc0, follows without unstacking).
  Bench b("mps2-an386", R"(
    func main
      ldr   r4, =order
      ldr   r5, =0xe000e100
      movs  r0, #7
      str   r0, [r5]                  @ ISER0
      ldr   r1, =0xe000e400
      ldr   r0, =0x00c04080
      str   r0, [r1]                  @ priorities of IRQ 2, 1, 0
      ldr   r5, =0xe000e200
      movs  r0, #1
      str   r0, [r5]                  @ pend IRQ0
      nop
    done:
      b     done
    func IRQ0_Handler
      movs  r0, #6
      str   r0, [r5]                  @ pend IRQ1 and IRQ2
      movs  r0, #'0'
      strb  r0, [r4], #1
      bx    lr
    func IRQ1_Handler
      movs  r0, #'1'
      strb  r0, [r4], #1
      bx    lr
    func IRQ2_Handler
      movs  r0, #'2'
      strb  r0, [r4], #1
      bx    lr
      .data
    order: .word 0
  )");
  EXPECT_EQ(b.run().kind, StopKind::spin_forever);
  EXPECT_EQ(b.word("order"), 0x00323031u) << "1, then 0, then 2";
  EXPECT_EQ(b.engine().exception_cycles(), 12u + 12 + 10 + 6 + 10) << "entry, nested entry, exit, tail-chain, exit";
  b.expect_conserved();
}

TEST_F(Interrupt, AnItBlockGoesOnBehindTheInterrupt) {
  // SysTick with odd periods hits every place of the ITTEE block; the counts must come out as without interrupts.
  for (unsigned period = 61; period < 101; period += 4) {
    Bench b("mps2-an386", ".equ PERIOD, " + std::to_string(period) + R"(
    func main
      ldr   r5, =0xe000e010
      ldr   r0, =PERIOD - 1
      str   r0, [r5, #4]
      str   r0, [r5, #8]
      movs  r0, #7
      str   r0, [r5]
      ldr   r4, =1000
      movs  r1, #0
      movs  r2, #0
      movs  r3, #0
    again:
      tst   r4, #1
      ittee eq
      addeq r1, #1
      addeq r2, #2
      addne r2, #1
      addne r3, #1
      subs  r4, #1
      bne   again
      str   r4, [r5]
    done:
      b     done
    func SysTick_Handler
      cmp   r0, r0              @ flags are restored
      bx    lr
    )");
    EXPECT_EQ(b.run().kind, StopKind::spin_forever) << period;
    EXPECT_EQ(b.r(1), 500u) << period;
    EXPECT_EQ(b.r(2), 1500u) << period;
    EXPECT_EQ(b.r(3), 500u) << period;
    EXPECT_EQ(b.counts().condition_failed, 2000u) << period;
    EXPECT_GT(b.engine().exceptions_taken().at(15), 50u);
    b.expect_conserved();
  }
}

TEST_F(Interrupt, SlowMemoryDoesNotDelayTheInterruptBeyondItsInstruction) {
  // RP2040: a load that misses the XIP cache takes 48 cycles more. SysTick may be late by the instruction under way,
  // not by the rest of its block.
  Bench b("pico", R"(
    func main
      ldr   r5, =0xe000e010
      ldr   r6, =late
      ldr   r0, =2999
      str   r0, [r5, #4]
      str   r0, [r5, #8]
      movs  r0, #7
      ldr   r7, =0x10010000     @ flash never read before
      str   r0, [r5]
    more:
      .rept 60
      ldr   r0, [r7]
      adds  r7, #8
      .endr
      b     more
      .ltorg
      .balign 4
    func SysTick_Handler
      ldr   r0, [r5, #8]        @ CVR: cycles since the reload
      ldr   r1, =2999
      subs  r0, r1, r0
      str   r0, [r6]
      movs  r0, #0
      str   r0, [r5]
    stop:
      b     stop
      .ltorg
      .data
    late: .word 0
  )");
  EXPECT_EQ(b.run().kind, StopKind::spin_forever);
  const std::uint32_t late = b.word("late");
  // Entry 15, the load 2 + 48, the handler's first fetches from flash (two words), its own load.
  EXPECT_LT(late, 15u + 2 * 50 + 2 * 50 + 10);
  EXPECT_GT(late, 15u);
  b.expect_conserved();
}

TEST_F(InterruptRv32, TheMachineTimerComesThroughAVectoredTable) {
  // virt32: mtime at a fifth of the core's clock; mtimecmp = 1000 is due at cycle 5000.
  Bench b("virt32", R"(
    func main
      la    t0, vectors + 1
      csrw  mtvec, t0
      li    t0, 0x02004000
      li    t1, 1000
      sw    zero, 4(t0)
      sw    t1, 0(t0)
      li    t1, 0x80
      csrw  mie, t1
      csrsi mstatus, 8
      li    a0, 0
    wait:
      beqz  a0, wait
    done:
      j     done
      .balign 256
    vectors:
      .option push
      .option norvc
      .rept 7
      j     wrong
      .endr
      j     timer
      .option pop
    wrong:
      j     wrong
    func timer
      csrr  a1, mcause
      csrr  a2, mepc
      csrr  a3, mcycle
      li    a0, 1
      li    t1, -1
      sw    t1, 4(t0)
      mret
  )");
  EXPECT_EQ(b.run().kind, StopKind::spin_forever);
  EXPECT_EQ(b.r(test::a1), 0x80000007u);
  EXPECT_EQ(b.r(test::a2), b.at("wait"));
  EXPECT_GE(b.r(test::a3), 5000u);
  EXPECT_LE(b.r(test::a3), 5000u + 20);
  b.expect_conserved();
}

TEST_F(InterruptRv32, WfiSleepsUntilTheTimer) {
  Bench b("virt32", R"(
    func main
      la    t0, handler
      csrw  mtvec, t0
      li    t0, 0x02004000
      li    t1, 20000
      sw    zero, 4(t0)
      sw    t1, 0(t0)
      li    t1, 0x80
      csrw  mie, t1
      wfi                        # mstatus.MIE = 0: wakes, isn't taken
      csrr  a0, mcycle
      csrr  a1, mip
    done:
      j     done
      .balign 4
    handler:
      j     handler
  )");
  EXPECT_EQ(b.run().kind, StopKind::spin_forever);
  EXPECT_GE(b.r(test::a0), 100000u);
  EXPECT_LE(b.r(test::a0), 100010u);
  EXPECT_EQ(b.r(test::a1) & 0x80, 0x80u);
  EXPECT_GT(b.engine().idle_cycles(), 99000u);
  b.expect_conserved();
}

}  // namespace
}  // namespace mj
