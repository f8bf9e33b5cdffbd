// What energy is priced from: cycles that issued, stalled or slept, flash and RAM accesses, at each operating point.
#include "tests/engine/bench.h"

namespace mj::test {
namespace {

using Activity = Arm;
using energy::OperatingPoint;

const char* const nucleo = "nucleo-l4r5zi";

/// FLASH_ACR and RCC_CR of the STM32L4+; MSI range 11 is 48 MHz.
const char* const registers =
    ".equ FLASH_ACR, 0x40022000\n.equ RCC_CR, 0x40021000\n"
    ".equ CACHES, 0x600\n.equ MSI_48, 0xbb\n";

energy::Activity sum(const profile::Counts& counts) {
  energy::Activity all;
  for (const energy::Activity& a : counts.activity) all += a;
  return all;
}

TEST_F(Activity, EveryCycleIssuesStallsOrSleeps) {
  Bench b(nucleo, R"(
func main
  movs r0, #7
  movs r1, #3
  udiv r2, r0, r1     @ more than one cycle: the rest stalls
  bkpt 0xab
)");
  b.run(100);
  const auto counts = b.counts();
  const energy::Activity a = sum(counts);
  EXPECT_EQ(a.cycles(), b.now());
  EXPECT_EQ(a.issue_cycles, counts.reasons[static_cast<std::size_t>(timing::Reason::issue)]);
  EXPECT_EQ(a.stall_cycles, b.now() - a.issue_cycles);
  EXPECT_EQ(a.code_flash_cycles, a.issue_cycles) << "all of it stands in flash";
  b.expect_conserved();
}

TEST_F(Activity, CountsStayWithTheClockAndWaitStatesThatTheyHappenedAt) {
  Bench b(nucleo, std::string(registers) + R"(
func main
  ldr r0, =FLASH_ACR
  ldr r1, =CACHES + 2
  ldr r2, =RCC_CR
  ldr r3, =MSI_48
  movs r4, #10
at_4_mhz:
  subs r4, #1
  bne at_4_mhz
  str r1, [r0]        @ two wait states
with_waits:
  nop
  str r3, [r2]        @ 48 MHz
  movs r4, #100
at_48_mhz:
  subs r4, #1
  bne at_48_mhz
end:
  b end
)");
  b.run(100000);
  const std::vector<OperatingPoint> points = b.machine().operating_points();
  ASSERT_EQ(points, (std::vector<OperatingPoint>{{4000000, 0}, {4000000, 2}, {48000000, 2}}));
  const auto counts = b.counts();
  ASSERT_EQ(counts.activity.size(), 3U);
  EXPECT_GE(counts.activity[0].issue_cycles, 5 + 20 + 1U);
  EXPECT_EQ(counts.activity[1].issue_cycles, 2U) << "nop and the store that changes the clock";
  EXPECT_GE(counts.activity[2].issue_cycles, 201U);
  const auto spans = b.machine().clock().spans(b.now());
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[0].cycles, counts.activity[0].cycles() + counts.activity[1].cycles());
  EXPECT_EQ(spans[1].cycles, counts.activity[2].cycles()) << "time and counts change over at the same cycle";
  b.expect_conserved();
}

TEST_F(Activity, CodeThatComesBackToAnOperatingPointIsCountedThereAgain) {
  Bench b(nucleo, std::string(registers) + R"(
func main
  ldr r0, =FLASH_ACR
  ldr r1, =CACHES + 2
  ldr r2, =CACHES
  movs r5, #4
again:
  str r1, [r0]
  bl work
  str r2, [r0]
  bl work
  subs r5, #1
  bne again
end:
  b end
func work
  movs r4, #50
1:
  subs r4, #1
  bne 1b
  bx lr
)");
  b.run(100000);
  ASSERT_EQ(b.machine().operating_points(), (std::vector<OperatingPoint>{{4000000, 0}, {4000000, 2}}));
  const auto work = b.between("work", "unexpected");
  ASSERT_EQ(work.activity.size(), 2U);
  EXPECT_EQ(work.activity[0].issue_cycles, work.activity[1].issue_cycles);
  EXPECT_EQ(work.activity[1].issue_cycles, 4 * (1 + 2 * 50 + 1U));
  b.expect_conserved();
}

TEST_F(Activity, RamAccessesAreThoseThatFlashAndDevicesDidNotServe) {
  Bench b(nucleo, R"(
func main
  ldr r0, =0x20000100   @ from flash
  ldr r7, =0x48000014   @ from flash
  movs r4, #3
1:
  ldmia r0, {r1, r2, r3} @ 3 of RAM
  strd r1, r2, [r0]      @ 2
  str r1, [r7]           @ a device's
  cmp r4, #100
  it eq
  ldreq r1, [r0]         @ skipped
  ldrb r1, [r0, #1]      @ 1
  subs r4, #1
  bne 1b
end:
  b end
)");
  b.run(100000);
  EXPECT_EQ(sum(b.counts()).ram_accesses, 3 * (3 + 2 + 1U));
  b.expect_conserved();
}

TEST_F(Activity, WithoutWaitStatesEachWordOfCodeIsAReadOfTheFlash) {
  // Reset has no wait states; the loop's block is 4 bytes in one word of 16.
  Bench b(nucleo, R"(
func main
  movs r4, #200
  .balign 16
loop:
  subs r4, #1
  bne loop
end:
  b end
)");
  b.run(10000);
  const auto in_loop = b.between("loop", "end");
  EXPECT_EQ(sum(in_loop).flash_reads, 199U) << "the first pass belongs to the block that begins at main";
}

TEST_F(Activity, WithWaitStatesACachedLoopReadsTheFlashOnce) {
  Bench b(nucleo, std::string(registers) + R"(
func main
  ldr r0, =FLASH_ACR
  ldr r1, =CACHES + 4
  str r1, [r0]
  movs r4, #200
  b loop
  .balign 16
loop:
  subs r4, #1
  bne loop
  .balign 16
end:
  b end
)");
  b.run(100000);
  EXPECT_EQ(sum(b.between("loop", "end")).flash_reads, 1U);
}

TEST_F(Activity, SleepIsAStateOfItsOwn) {
  Bench b(nucleo, R"(
.equ SYST_CSR, 0xe000e010
func main
  ldr r0, =SYST_CSR
  ldr r1, =9999
  str r1, [r0, #4]
  movs r1, #7
  str r1, [r0]
  wfi
end:
  b end
func SysTick_Handler
  bx lr
)");
  b.run(15000);
  const energy::Activity a = sum(b.counts());
  EXPECT_EQ(a.sleep_cycles, b.engine().idle_cycles());
  EXPECT_GT(a.sleep_cycles, 9000U);
  b.expect_conserved();
}

TEST_F(Activity, AHeldClockAndHeldWaitStatesOutlastTheFirmwaresSettings) {
  MachineOptions options;
  options.clock_hz = 80000000;
  options.flash_wait_states = 3;
  Bench b(nucleo, std::string(registers) + R"(
func main
  ldr r0, =FLASH_ACR
  ldr r1, =CACHES + 2
  ldr r2, =RCC_CR
  ldr r3, =MSI_48
  str r1, [r0]
  str r3, [r2]
end:
  b end
)",
          options);
  b.run(10000);
  EXPECT_EQ(b.machine().operating_points(), (std::vector<OperatingPoint>{{80000000, 3}}));
  EXPECT_DOUBLE_EQ(b.machine().clock().seconds(b.now()), static_cast<double>(b.now()) / 80e6);
}

TEST_F(Activity, TheLeastWaitStatesFollowTheClock) {
  MachineOptions options;
  options.least_flash_wait_states = true;
  Bench b(nucleo, std::string(registers) + R"(
func main
  ldr r0, =FLASH_ACR
  ldr r1, =CACHES + 5
  ldr r2, =RCC_CR
  ldr r3, =MSI_48
  str r1, [r0]
  str r3, [r2]
end:
  b end
)",
          options);
  b.run(10000);
  EXPECT_EQ(b.machine().operating_points(), (std::vector<OperatingPoint>{{4000000, 0}, {48000000, 2}}))
      << "RM0432: up to 60 MHz two wait states";
}

}  // namespace
}  // namespace mj::test
