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

}  // namespace
}  // namespace mj
