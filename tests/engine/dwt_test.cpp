// The DWT's counters as firmware reads them: they add up as ARMv7-M C1.8.4 says, whatever the firmware does.
#include "tests/engine/bench.h"

namespace mj::test {
namespace {

using Dwt = Arm;

constexpr const char* head = R"(
    .equ DEMCR, 0xe000edfc
    .equ DWT, 0xe0001000
    .macro start_counters
      ldr  r0, =DEMCR
      mov  r1, #0x01000000
      str  r1, [r0]
      ldr  r7, =DWT
      ldr  r1, =0x003e0001          @ CPI, EXC, SLEEP, LSU, FOLD and CYCCNT
      str  r1, [r7]
    .endm
)";

TEST_F(Dwt, InstructionsFollowFromTheCountersAsTheManualSays) {
  // C1.8.4: instructions = CYCCNT - CPICNT - EXCCNT - SLEEPCNT - LSUCNT + FOLDCNT. Counters are 8 bits wide, so the sum
  // is taken modulo 256; each counter is read twice and the differences are taken over the same stretch.
  Bench b("mps2-an386", std::string(head) + R"(
    func main
      start_counters
      ldr  r6, =0x20000100
      mov  r5, #7
    again:
      ldr  r0, [r6]
      ldr  r1, [r6, #4]
      add  r0, r1
      str  r0, [r6, #8]
      ldmia r6, {r0-r3}
      cmp  r0, #0
      it   ne
      addne r0, #1
      udiv r2, r5, r5
      svc  #0
      subs r5, #1
      bne  again
    measured:
      ldr  r0, [r7, #0x08]
      ldr  r1, [r7, #0x0c]
      ldr  r2, [r7, #0x10]
      ldr  r3, [r7, #0x14]
      ldr  r4, [r7, #0x18]
      b .
    func SVC_Handler
      ldr  r0, [r6]
      bx   lr
  )");
  Cycle cycles = 0;
  profile::ProfilingCounters from, to;
  b.engine().set_marks({b.at("again"), b.at("measured")});
  bool first = true;
  b.engine().on_mark = [&](Address pc) {
    if (pc == b.at("again") && first) {
      from = profile::profiling_counters(b.engine(), b.machine().timing());
      first = false;
    }
    if (pc == b.at("measured")) to = profile::profiling_counters(b.engine(), b.machine().timing());
  };
  b.run(100000);
  ASSERT_GT(to.cycles, from.cycles);
  cycles = to.cycles - from.cycles;
  const std::uint64_t instructions = to.instructions - from.instructions;
  const std::uint64_t cpi = to.cpi - from.cpi, exc = to.exception - from.exception,
                      lsu = to.load_store - from.load_store, fold = to.folded - from.folded;
  EXPECT_EQ(instructions, cycles - cpi - exc - lsu + fold);
  EXPECT_EQ(instructions, 7u * (12 + 2) - 0u) << "twelve in the loop, two in the handler";
  EXPECT_EQ(exc, 7u * (12 + 10)) << "entry 12, exit 10 (TRM 3.9.1)";
  EXPECT_EQ(fold, 7u) << "IT folds behind CMP";
  // What the registers show is the same, modulo 256: nothing but loads in between, whose own cycles LSUCNT shows.
  EXPECT_EQ(b.r(1), (to.exception) % 256);
  EXPECT_EQ(b.r(2), 0u);
  EXPECT_EQ(b.r(4), (to.folded - 0u) % 256);
  b.expect_conserved();
}

TEST_F(Dwt, LsucntSeesALoadsSecondCycleAtTheExactPoint) {
  Bench b("mps2-an386", std::string(head) + R"(
    func main
      start_counters
      ldr  r6, =0x20000100
      b    go
      .balign 4
    go:
      ldr  r4, [r7, #0x14]      @ before
      ldr  r0, [r6]
      adds r1, #1               @ feels the load's second cycle
      ldr  r0, [r6]
      adds r1, #1
      ldr  r5, [r7, #0x14]      @ in the middle of a block
      b .
  )");
  b.run(10000);
  // The first read and the load behind it are one run: it has one second cycle; so has the second load.
  EXPECT_EQ((b.r(5) - b.r(4)) & 0xff, 2u);
  EXPECT_EQ(b.counts().cycles, b.now());
}

TEST_F(Dwt, SleepcntCountsSleepAndPcsrNamesTheReader) {
  Bench b("mps2-an386", std::string(head) + R"(
    func main
      start_counters
      ldr  r6, =0xe000e010
      mov  r0, #99
      str  r0, [r6, #4]
      mov  r0, #0
      str  r0, [r6, #8]
      mov  r0, #7
      str  r0, [r6]             @ SysTick after 100 cycles
      wfi
      mov  r0, #0
      str  r0, [r6]
      ldr  r5, [r7, #0x10]
    reads:
      ldr  r4, [r7, #0x1c]
      b .
    func SysTick_Handler
      bx   lr
  )");
  b.run(10000);
  EXPECT_EQ(b.r(5), b.engine().idle_cycles() & 0xff);
  EXPECT_GT(b.engine().idle_cycles(), 50u);
  EXPECT_EQ(b.r(4), b.at("reads"));
}

}  // namespace
}  // namespace mj::test
