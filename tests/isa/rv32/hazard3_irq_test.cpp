// Hazard3's interrupt controller through the core's CSRs: what firmware writes, which interrupt it is then shown, and
// what a handler may be preempted by. The controller was compared with the RTL of RP2350's core by random programs;
// these cases are what its documentation says (Xh3irq; RP2350 datasheet 3.8.6.1).
#include "isa/rv32/hazard3_irq.h"

#include <gtest/gtest.h>

#include "isa/rv32/csr.h"
#include "isa/rv32/traps.h"

namespace mj::test {
namespace {

using namespace isa::rv32;

constexpr std::uint32_t external = std::uint32_t{cause_interrupt} | irq_external, none = 1u << 31, update = 1;

class Xh3irq : public ::testing::Test {
 protected:
  static TrapConfig config(unsigned lines = 52) {
    TrapConfig c;
    c.hazard3_irq = {.lines = lines, .priority_bits = 4};
    return c;
  }
  void SetUp() override {
    unit.csr_write(csr_mie, 1u << irq_external);
    unit.csr_write(csr_mstatus, mstatus_mie);
  }
  // As the instructions: CSRW, CSRR, CSRRS, CSRRC.
  void csrw(std::uint32_t csr, std::uint32_t value) {
    ASSERT_TRUE(unit.csr_write(csr, value, {.operand = value, .reads = false}));
  }
  std::uint32_t csrr(std::uint32_t csr) {
    std::uint32_t value = 0;
    EXPECT_TRUE(unit.csr_read(csr, value, {.writes = false}));
    return value;
  }
  std::uint32_t csrrs(std::uint32_t csr, std::uint32_t operand) { return change(csr, operand, false); }
  std::uint32_t csrrc(std::uint32_t csr, std::uint32_t operand) { return change(csr, operand, true); }
  std::uint32_t change(std::uint32_t csr, std::uint32_t operand, bool clears) {
    const CsrAccess access{.operand = operand, .clears = clears};
    std::uint32_t old = 0;
    EXPECT_TRUE(unit.csr_read(csr, old, access));
    EXPECT_TRUE(unit.csr_write(csr, clears ? old & ~operand : old | operand, access));
    return old;
  }

  void enable(unsigned n) { csrrs(csr_meiea, 0x10000u << n % 16 | n / 16); }
  void priority(unsigned n, std::uint32_t p) {
    csrrc(csr_meipra, 0xf0000u << 4 * (n % 4) | n / 4);
    csrrs(csr_meipra, p << (16 + 4 * (n % 4)) | n / 4);
  }
  bool interrupts() const { return unit.pending_interrupt() == external; }

  TrapUnit unit{config(), [] { return CounterTotals{}; }};
};

TEST_F(Xh3irq, ArraysAreSeenByWindowsThatTheOperandChooses) {
  csrw(csr_meiea, 0x80010000 | 1);  // 16 and 31
  csrw(csr_meiea, 0x00080000 | 3);  // 51, the last
  EXPECT_EQ(csrrs(csr_meiea, 0), 0u) << "0 to 15";
  EXPECT_EQ(csrrs(csr_meiea, 1), 0x80010000u);
  EXPECT_EQ(csrrs(csr_meiea, 3), 0x00080000u);
  EXPECT_EQ(csrrs(csr_meiea, 0xffff0000u | 4), 0u) << "there are no interrupts 64 to 79";
  EXPECT_EQ(csrrc(csr_meiea, 0x00010000 | 1), 0x80010000u);
  EXPECT_EQ(csrrs(csr_meiea, 1), 0x80000000u);
  csrw(csr_meipra, 0x4321'0000 | 12);
  EXPECT_EQ(csrrs(csr_meipra, 12), 0x4321'0000u) << "48 to 51";
}

TEST_F(Xh3irq, ALineInterruptsWhileItIsHighAndEnabled) {
  unit.set_external(33, true);
  EXPECT_FALSE(interrupts());
  EXPECT_EQ(csrrs(csr_meipa, 2), 0x00020000u);
  enable(33);
  EXPECT_TRUE(interrupts());
  EXPECT_EQ(csrr(csr_mip), 1u << irq_external);
  EXPECT_EQ(csrr(csr_meinext), 33u << 2);
  unit.set_external(33, false);
  EXPECT_FALSE(interrupts());
  EXPECT_EQ(csrr(csr_meinext), none);
}

TEST_F(Xh3irq, AForcedInterruptIsForcedUntilMeinextShowsIt) {
  enable(46);
  csrw(csr_meifa, 0x4000'0000 | 2);
  EXPECT_TRUE(interrupts());
  std::uint32_t value = 0;
  EXPECT_TRUE(unit.debug_read(csr_meinext, value));
  EXPECT_TRUE(interrupts()) << "a debugger that looks changes nothing";
  EXPECT_EQ(csrrs(csr_meinext, update), 46u << 2);
  EXPECT_FALSE(interrupts());
  EXPECT_EQ(csrrs(csr_meifa, 2), 0u);
}

TEST_F(Xh3irq, TheHighestPriorityIsNextAndOfTheSameTheLowestNumber) {
  for (const unsigned n : {5u, 9u, 20u}) {
    enable(n);
    unit.set_external(n, true);
  }
  EXPECT_EQ(csrr(csr_meinext), 5u << 2);
  priority(20, 3);
  EXPECT_EQ(csrr(csr_meinext), 20u << 2);
  priority(9, 3);
  EXPECT_EQ(csrr(csr_meinext), 9u << 2);
}

TEST_F(Xh3irq, AHandlerIsPreemptedByHigherPrioritiesOnlyAndMretRestores) {
  for (const unsigned n : {1u, 2u, 3u}) enable(n);
  priority(1, 4);
  priority(2, 4);
  priority(3, 7);
  unit.set_external(1, true);
  ASSERT_TRUE(interrupts());
  unit.enter(external, 0x100, 0);
  EXPECT_EQ(csrr(csr_meicontext) >> 16 & 0x1f, 5u) << "from here on";
  EXPECT_EQ(csrrs(csr_meinext, update), 1u << 2);
  unit.csr_write(csr_mstatus, mstatus_mie);
  EXPECT_FALSE(interrupts());
  unit.set_external(2, true);
  EXPECT_FALSE(interrupts()) << "as urgent";
  unit.set_external(3, true);
  ASSERT_TRUE(interrupts()) << "more urgent";
  unit.enter(external, 0x200, 0);
  EXPECT_EQ(csrr(csr_meicontext), 0x05080000u | 1u << 4 | 1u) << "preempt 8, below it 5, handling 1, MRET restores";
  unit.set_external(3, false);
  EXPECT_EQ(csrr(csr_meinext), none) << "those that the frame below masks are not shown";
  unit.mret();
  EXPECT_EQ(csrr(csr_meicontext) >> 16 & 0x1f, 5u);
  EXPECT_EQ(csrr(csr_meicontext) & 1u, 0u) << "the outer frame restores by writing meicontext";
}

TEST_F(Xh3irq, AnExceptionLeavesThePriorityAlone) {
  enable(1);
  priority(1, 4);
  unit.set_external(1, true);
  unit.enter(external, 0x100, 0);
  const std::uint32_t before = csrr(csr_meicontext);
  unit.enter(cause_ecall_machine, 0x200, 0);
  EXPECT_EQ(csrr(csr_meicontext), before & ~1u);
  unit.mret();
  EXPECT_EQ(csrr(csr_meicontext), before & ~1u);
}

TEST_F(Xh3irq, MeicontextSavesAndClearsTheTimersAndTheSoftwareInterrupt) {
  csrw(csr_mie, 1u << irq_external | 1u << irq_timer);
  EXPECT_EQ(csrr(csr_meicontext), 0x8000u) << "only CLEARTS shows them";
  const std::uint32_t saved = csrrs(csr_meicontext, 2);
  EXPECT_EQ(saved, 0x8008u) << "MTIESAVE";
  EXPECT_EQ(csrr(csr_mie), 1u << irq_external);
  csrw(csr_meicontext, saved);
  EXPECT_EQ(csrr(csr_mie), 1u << irq_external | 1u << irq_timer);
}

TEST_F(Xh3irq, OfFourPriorityBitsTheUpperOnesExist) {
  TrapConfig few = config();
  few.hazard3_irq.priority_bits = 2;
  unit = TrapUnit(few, [] { return CounterTotals{}; });
  SetUp();
  enable(1);
  priority(1, 0xf);
  EXPECT_EQ(csrrs(csr_meipra, 0), 0xcu << 20);
  unit.set_external(1, true);
  unit.enter(external, 0, 0);
  EXPECT_EQ(csrr(csr_meicontext) >> 16 & 0x1f, 0x10u) << "nothing preempts the highest";
}

TEST_F(Xh3irq, ResetForgetsAllButTheLines) {
  enable(7);
  unit.set_external(7, true);
  unit.reset();
  EXPECT_EQ(csrrs(csr_meiea, 0), 0u);
  EXPECT_EQ(csrrs(csr_meipa, 0), 0x80u << 16);
  EXPECT_EQ(csrr(csr_meicontext), 0x8000u);
}

TEST_F(Xh3irq, BelongsToMachineModeOfCoresThatHaveIt) {
  unit = TrapUnit(config(0), [] { return CounterTotals{}; });
  std::uint32_t value = 0;
  EXPECT_FALSE(unit.csr_read(csr_meiea, value));
  TrapConfig user = config();
  user.user_mode = true;
  unit = TrapUnit(user, [] { return CounterTotals{}; });
  EXPECT_TRUE(unit.csr_read(csr_meiea, value));
  unit.mret();
  EXPECT_FALSE(unit.csr_read(csr_meiea, value));
}

TEST_F(Xh3irq, MieMasksInUserModeTooWhereTheCoreHasThatErratum) {
  for (const bool erratum : {false, true}) {
    TrapConfig user = config();
    user.user_mode = true;
    user.user_masked = erratum;
    unit = TrapUnit(user, [] { return CounterTotals{}; });
    csrw(csr_mie, 1u << irq_external);
    enable(1);
    unit.set_external(1, true);
    unit.mret();  // to user mode, MIE = 0
    EXPECT_EQ(interrupts(), !erratum) << "RP2350-E7";
  }
}

}  // namespace
}  // namespace mj::test
