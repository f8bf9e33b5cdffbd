// What memory adds to a program's cycles on shipped boards: flash under a running prefetch, the core's data cache in
// front of RAM, store buffers.
#include "tests/engine/bench.h"

namespace mj {
namespace {

using test::Bench;
using timing::Reason;
using Ch32v003Flash = test::Riscv;

// CH32V003 Instruction Timing Test (cpldcpu): a loop of n 16-bit NOPs, ADDI and BNEZ from an aligned address. Flash is
// read by words of 4 bytes, at 48 MHz with one wait state.

/// Cycles that a pass of the loop takes; `waits`: flash wait states.
double cycles_per_pass(unsigned nops, unsigned waits, const std::string& before_loop = ".balign 4\n") {
  std::string text = "func main\n  li a1, 0x40022000\n  li a2, " + std::to_string(waits) + R"(
      sw    a2, 0(a1)            # FLASH_ACTLR.LATENCY
      li    a0, 100
  )" + before_loop + "loop:\n";
  for (unsigned i = 0; i < nops; ++i) text += "  nop\n";
  text += R"(
      addi  a0, a0, -1
      bnez  a0, loop
    done:
      j     done
  )";
  Bench b("ch32v003", text);
  b.run();
  b.expect_conserved();
  // The last pass falls through; the first finds what straight code prefetched.
  const double all = static_cast<double>(b.cycles("loop", "done"));
  return all / 100;
}

TEST_F(Ch32v003Flash, ALoopWithoutWaitStatesCostsItsInstructions) {
  EXPECT_NEAR(cycles_per_pass(0, 0), 4, 0.1) << "ADDI 1, BNEZ taken 3";
  EXPECT_NEAR(cycles_per_pass(3, 0), 7, 0.1);
}

TEST_F(Ch32v003Flash, AtOneWaitStateAJumpWaitsForThePrefetchUnderWay) {
  EXPECT_NEAR(cycles_per_pass(0, 1), 6, 0.1);
  EXPECT_NEAR(cycles_per_pass(1, 1), 6, 0.1) << "the branch in the first half of its word costs one less";
  EXPECT_NEAR(cycles_per_pass(2, 1), 8, 0.1);
  EXPECT_NEAR(cycles_per_pass(3, 1), 8, 0.1);
}

TEST_F(Ch32v003Flash, StraightCodeOf16BitInstructionsRunsAsFromRam) {
  EXPECT_NEAR(cycles_per_pass(40, 1) - cycles_per_pass(20, 1), 20, 0.1);
}

// ---- the data cache of Cortex-M7 in front of RAM --------------------------------------------------------------------

using NucleoH743ziRam = test::Arm;

/// Cycles by reason of what stands between `begin` and `end`. r5 is AXI SRAM, r4 DTCM, r6 CCR; before begin the code
/// has run once, so that it is fetched alike.
struct Ran {
  Ran(const std::string& setup, const std::string& body)
      : b("nucleo-h743zi", R"(
    func main
      ldr   r6, =0xe000ed14       @ CCR
      ldr   r5, =0x24000000
      ldr   r4, =0x20000000
  )" + setup + R"(
      b     begin
      .ltorg
      .balign 32
    begin:
  )" + body + R"(
    end:
      b     end
  )") {
    b.run();
    b.expect_conserved();
    all = b.between("begin", "end");
  }
  Cycle operator[](Reason r) const { return all.reasons[static_cast<std::size_t>(r)]; }
  Bench b;
  profile::Counts all;
};

const std::string cache_on = R"(
      ldr   r0, [r6]
      orr   r0, #0x10000          @ DC
      str   r0, [r6]
      dsb
)";
const char* const no_cache = "";

TEST_F(NucleoH743ziRam, TightlyCoupledMemoryCostsNothing) {
  const Ran ran(cache_on, "ldr r0, [r4]\n ldr r1, [r4, #64]\n str r0, [r4, #8]\n");
  EXPECT_EQ(ran[Reason::data_wait] + ran[Reason::cache_miss] + ran[Reason::write_buffer], 0u);
}

TEST_F(NucleoH743ziRam, WithTheCacheOffEachReadOfAxiSramCrossesTheBus) {
  const Ran ran(no_cache, "ldr r0, [r5]\n ldr r1, [r5, #4]\n ldr r2, [r5]\n");
  EXPECT_EQ(ran[Reason::data_wait], 3 * 4u);
  EXPECT_EQ(ran[Reason::cache_miss], 0u);
}

TEST_F(NucleoH743ziRam, WithTheCacheOnALineIsReadOnce) {
  // A miss: 4 cycles. What follows a while later hits.
  const Ran ran(cache_on, R"(
      ldr   r0, [r5, #0]
      nop
      nop
      nop
      nop
      nop
      nop
      nop
      nop
      nop
      nop
      ldr   r1, [r5, #4]
      ldr   r2, [r5, #28]
      ldr   r3, [r5, #32]
  )");
  EXPECT_EQ(ran[Reason::cache_miss], 2 * 4u) << "two lines";
  EXPECT_EQ(ran[Reason::data_wait], 0u);
}

TEST_F(NucleoH743ziRam, StoresWaitWhenTheStoreBufferIsFull) {
  std::string stores = "dsb\n";  // the first store issues alone
  for (int i = 0; i < 12; ++i) stores += "str r0, [r5, #" + std::to_string(8 * i) + "]\n";
  Ran ran("ldr r0, =0x12345678\n", stores);
  EXPECT_EQ(ran[Reason::write_buffer], 5u) << "a store a cycle, two cycles each on the bus, four entries";
  EXPECT_EQ(ran[Reason::data_wait], 0u);
  EXPECT_EQ(ran.b.word(0x24000058), 0x12345678u);
}

TEST_F(NucleoH743ziRam, TheMpuKeepsMemoryOutOfTheCache) {
  // Region 0: 512 KiB from 0x24000000, full access, Normal non-cacheable (TEX 1, C 0, B 0); the default map elsewhere.
  const std::string mpu = R"(
      ldr   r7, =0xe000ed94       @ MPU_CTRL
      ldr   r0, =0x24000010
      str   r0, [r7, #8]          @ RBAR, region 0
      ldr   r0, =%s
      str   r0, [r7, #12]         @ RASR
      movs  r0, #5
      str   r0, [r7]
      dsb
  )";
  const auto with = [&](const char* rasr) {
    std::string text = mpu;
    return cache_on + text.replace(text.find("%s"), 2, rasr);
  };
  const std::string twice = "ldr r0, [r5]\n udiv r1, r1, r1\n udiv r1, r1, r1\n ldr r2, [r5]\n";
  const Ran uncached(with("0x03080025"), twice), shared(with("0x030f0025"), twice), cached(with("0x030b0025"), twice);
  EXPECT_EQ(uncached[Reason::data_wait], 2 * 4u);
  EXPECT_EQ(shared[Reason::data_wait], 2 * 4u) << "shareable memory isn't cached";
  EXPECT_EQ(cached[Reason::data_wait], 0u);
  EXPECT_EQ(cached[Reason::cache_miss], 4u);
}

TEST_F(NucleoH743ziRam, AnInvalidatedLineIsReadAgain) {
  const std::string wait = "udiv r1, r1, r1\n udiv r1, r1, r1\n";
  const Ran ran(cache_on,
                "ldr r7, =0xe000ef5c  @ DCIMVAC\n ldr r0, [r5]\n" + wait + "str r5, [r7]\n dsb\n ldr r2, [r5]\n");
  EXPECT_GE(ran[Reason::cache_miss], 2 * 4u);
}

TEST_F(NucleoH743ziRam, AWriteAllocatesUnderWriteBackOnly) {
  // 0x10000000 is SRAM1 in the Code region: write-through. At 0x30000000 the same bytes are write-back.
  const std::string body = "str r0, [r5]\n udiv r1, r1, r1\n udiv r1, r1, r1\n udiv r1, r1, r1\n ldr r2, [r5]\n";
  const Ran back(cache_on + "ldr r5, =0x30000000\n", body), through(cache_on + "ldr r5, =0x10000000\n", body);
  EXPECT_EQ(back[Reason::cache_miss], 0u);
  EXPECT_EQ(through[Reason::cache_miss], 7u);
}

TEST_F(NucleoH743ziRam, ALineThatFlashTakesOverHoldsFlash) {
  // Five lines of one set: RAM's first one is found again, three others and a flash line drive it out, and the flash
  // line is read while another one was the last to hit. Erased flash is all ones.
  const std::string wait = "udiv r1, r1, r1\n udiv r1, r1, r1\n udiv r1, r1, r1\n";
  const std::string again = "ldr r0, [r5]\n" + wait;
  Ran ran(cache_on + R"(
      ldr   r7, =0x08008000
      ldr   r6, =0x24001000
      ldr   r4, =0x24002000
      ldr   r3, =0x24003000
      movs  r0, #1
      str   r0, [r5]
  )",
          wait + again + again + "ldr r2, [r6]\n" + wait + "ldr r2, [r4]\n" + wait + "ldr r2, [r3]\n" + wait +
              "ldr r2, [r7]\n" + wait + "ldr r2, [r6]\n ldr r0, [r7]\n");
  EXPECT_EQ(ran.b.r(0), 0xffffffffu);
  EXPECT_EQ(ran.b.word(0x24000000), 1u);
}

}  // namespace
}  // namespace mj
