// The machine timer and the software interrupt, driven by an event queue whose time the test moves.
#include "peripherals/clint.h"

#include <gtest/gtest.h>

#include <array>

namespace mj::test {
namespace {

using peripherals::Clint;
using peripherals::ClintConfig;
using peripherals::ClintLayout;

class Lines : public IrqSink {
 public:
  void set_irq(unsigned number, bool level) override { levels.at(number) = level; }
  std::array<bool, 32> levels{};
};

class ClintTest : public ::testing::Test {
 protected:
  void at(Cycle cycle) {
    now = cycle;
    events.run_due(now);
  }
  bool timer() const { return lines.levels[7]; }

  Lines lines;
  EventQueue events;
  Cycle now = 0;
};

TEST_F(ClintTest, TimerFiresInTheFirstCycleInWhichMtimeReachesMtimecmp) {
  Clint clint({.ticks = 2, .cycles = 5}, lines, events);  // mtime = floor(2 * cycle / 5)
  EXPECT_EQ(events.next(), EventQueue::never);
  clint.write(0x4004, 4, 0, now);
  clint.write(0x4000, 4, 3, now);
  EXPECT_EQ(events.next(), 8u);  // 2 * 8 / 5 = 3.2, 2 * 7 / 5 = 2.8
  at(7);
  EXPECT_FALSE(timer());
  EXPECT_EQ(clint.read(0xbff8, 4, now), 2u);
  at(8);
  EXPECT_TRUE(timer());
  EXPECT_EQ(clint.read(0xbff8, 4, now), 3u);
  clint.write(0x4000, 4, 1000, now);
  EXPECT_FALSE(timer());
  EXPECT_EQ(events.next(), 2500u);
}

TEST_F(ClintTest, MtimeCanBeWrittenInHalves) {
  Clint clint({}, lines, events);
  now = 50;
  clint.write(0xbffc, 4, 7, now);
  clint.write(0xbff8, 4, 0xfffffff0, now);
  now = 0x50 + 50;
  EXPECT_EQ(clint.read(0xbff8, 4, now), 0x40u);
  EXPECT_EQ(clint.read(0xbffc, 4, now), 8u);
  EXPECT_EQ(clint.mtime(now), 0x8'0000'0040u);
}

TEST_F(ClintTest, SoftwareInterruptIsBitZeroOfMsip) {
  Clint clint({}, lines, events);
  clint.write(0x0, 4, 0xffffffff, now);
  EXPECT_EQ(clint.read(0x0, 4, now), 1u);
  EXPECT_TRUE(lines.levels[3]);
  clint.write(0x0, 4, 0, now);
  EXPECT_FALSE(lines.levels[3]);
}

TEST_F(ClintTest, PartsOfAWord) {
  Clint clint({}, lines, events);
  clint.write(0x4000, 4, 0x44332211, now);
  EXPECT_EQ(clint.read(0x4002, 1, now), 0x33u);
  EXPECT_EQ(clint.read(0x4002, 2, now), 0x4433u);
  clint.write(0x4001, 1, 0xaa, now);
  EXPECT_EQ(clint.read(0x4000, 4, now), 0x4433aa11u);
  EXPECT_EQ(clint.read(0x100, 4, now), 0u);
}

TEST_F(ClintTest, AClockChangeKeepsMtimeAndMovesTheEvent) {
  Clint clint({.ticks = 1, .cycles = 10}, lines, events);
  clint.write(0x4004, 4, 0, now);
  clint.write(0x4000, 4, 100, now);
  EXPECT_EQ(events.next(), 1000u);
  now = 500;
  clint.set_ratio(1, 2, now);
  EXPECT_EQ(clint.mtime(now), 50u);
  EXPECT_EQ(events.next(), 600u);
}

TEST_F(ClintTest, IbexTimerHoldsItsInterruptUntilMtimecmpIsWritten) {
  Clint clint({.name = "TIMER", .layout = ClintLayout::ibex_timer}, lines, events);
  EXPECT_TRUE(timer()) << "mtimecmp is 0 after reset";
  clint.write(0x8, 4, 20, now);
  EXPECT_FALSE(timer());
  at(20);
  EXPECT_TRUE(timer());
  EXPECT_EQ(clint.read(0x0, 4, now), 20u);
  clint.write(0x0, 4, 0, now);  // mtime back to 0
  EXPECT_TRUE(timer());
  clint.write(0xc, 4, 1, now);
  EXPECT_FALSE(timer());
  EXPECT_EQ(events.next(), 20u + 0x1'0000'0014u);
  EXPECT_EQ(clint.name(), "TIMER");
}

TEST_F(ClintTest, ACompareValueBeyondTheEndOfTimeIsNoEvent) {
  Clint clint({.ticks = 1, .cycles = 1000}, lines, events);
  clint.write(0x4000, 4, 0xffffffff, now);
  EXPECT_EQ(events.next(), EventQueue::never);
  EXPECT_FALSE(timer());
}

}  // namespace
}  // namespace mj::test
