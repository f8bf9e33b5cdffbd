// The PLIC beside its core: gateways, priorities, threshold, claim and completion (PLIC specification 1.0.0).
#include "peripherals/plic.h"

#include <gtest/gtest.h>

#include "tests/peripherals/bench.h"

namespace mj::peripherals {
namespace {

constexpr std::uint32_t pending = 0x1000, enable = 0x2000, threshold = 0x200000, claim = 0x200004;

class PlicTest : public testing::Test {
 protected:
  void SetUp() override {
    for (unsigned s = 1; s <= 40; ++s) write(4 * s, 1);
    write(enable, 0xffffffff);
    write(enable + 4, 0xffffffff);
  }
  std::uint32_t read(std::uint32_t offset) { return plic.read(offset, 4, 0); }
  void write(std::uint32_t offset, std::uint32_t value) { plic.write(offset, 4, value, 0); }
  bool line() { return bench.irq[11]; }

  Bench bench;
  Plic plic{{.name = "PLIC", .sources = 40, .contexts = 2, .max_priority = 7}, bench, bench};
};

TEST_F(PlicTest, ALevelGoesThroughOnceUntilItIsCompleted) {
  plic.set_irq(5, true);
  EXPECT_TRUE(line());
  EXPECT_EQ(read(pending), 1u << 5);
  EXPECT_EQ(read(claim), 5u);
  EXPECT_FALSE(line());
  EXPECT_EQ(read(pending), 0u);
  plic.set_irq(5, true);
  EXPECT_EQ(read(claim), 0u) << "still high, but being served";
  EXPECT_FALSE(line());
  write(claim, 5);
  EXPECT_TRUE(line()) << "still high";
  EXPECT_EQ(read(claim), 5u);
  plic.set_irq(5, false);
  write(claim, 5);
  EXPECT_FALSE(line());
}

TEST_F(PlicTest, APendingInterruptStaysWhenItsLevelFalls) {
  plic.set_irq(7, true);
  plic.set_irq(7, false);
  EXPECT_TRUE(line());
  EXPECT_EQ(read(claim), 7u);
}

TEST_F(PlicTest, PriorityThenNumberDecide) {
  for (const unsigned s : {33, 4, 9}) plic.set_irq(s, true);
  write(4 * 9, 3);
  write(4 * 33, 3);
  EXPECT_EQ(read(pending + 4), 2u);
  EXPECT_EQ(read(claim), 9u);
  EXPECT_EQ(read(claim), 33u);
  EXPECT_EQ(read(claim), 4u);
}

TEST_F(PlicTest, PriorityZeroAndTheThresholdMask) {
  plic.set_irq(2, true);
  write(4 * 2, 0);
  EXPECT_FALSE(line());
  EXPECT_EQ(read(claim), 0u);
  write(4 * 2, 4);
  write(threshold, 4);
  EXPECT_FALSE(line());
  write(threshold, 3);
  EXPECT_TRUE(line());
}

TEST_F(PlicTest, OnlyEnabledSourcesOfTheContextCountAndAreCompleted) {
  plic.set_irq(6, true);
  write(enable, 0);
  EXPECT_FALSE(line());
  write(enable, 1u << 6);
  EXPECT_TRUE(line());
  EXPECT_EQ(read(claim), 6u);
  write(enable, 0);
  write(claim, 6);  // not enabled: ignored
  write(enable, 1u << 6);
  EXPECT_FALSE(line());
  write(claim, 6);
  EXPECT_TRUE(line());
}

TEST_F(PlicTest, ASecondContextDoesNotReachTheCore) {
  write(enable, 0);
  write(enable + 4, 0);
  write(enable + 0x80, 1u << 3);
  plic.set_irq(3, true);
  EXPECT_FALSE(line());
  EXPECT_EQ(read(claim + 0x1000), 3u);
}

TEST_F(PlicTest, WhatIsNotThereReadsZero) {
  plic.set_irq(0, true);
  plic.set_irq(41, true);
  EXPECT_FALSE(line());
  write(0, 7);
  write(4 * 41, 7);
  EXPECT_EQ(read(0), 0u);
  EXPECT_EQ(read(4 * 41), 0u);
  EXPECT_EQ(read(enable), 0xfffffffeu) << "source 0";
  EXPECT_EQ(read(enable + 4), 0x1ffu);
  EXPECT_EQ(read(enable + 0x40), 0u);
  EXPECT_EQ(read(claim + 0x2000), 0u);
  write(claim, 0xffffffff);
  write(4 * 3, 0xff);
  EXPECT_EQ(read(4 * 3), 7u);
}

}  // namespace
}  // namespace mj::peripherals
