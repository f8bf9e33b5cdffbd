// FE310: what start-up code and a console need of its clocks and UART.
#include <gtest/gtest.h>

#include "tests/peripherals/bench.h"

namespace mj::peripherals {
namespace {

TEST(Fe310Prci, RunsOnTheDividedRingOscillatorUntilThePllIsSelected) {
  Bench b;
  auto& prci = b.make("fe310-prci", {}, {{"hfrosc_hz", {72'000'000}}, {"hfxosc_hz", {16'000'000}}});
  EXPECT_EQ(b.clocks.hz(ClockNets::core), 14'400'000u);
  prci.write(0x0, 4, 0x40100000, 0);  // divide by 1
  EXPECT_EQ(b.clocks.hz(ClockNets::core), 72'000'000u);
  EXPECT_EQ(prci.read(0x4, 4, 0) >> 31, 1u) << "the crystal is ready";
  // As freedom-metal does: crystal, PLL bypassed, 16 MHz.
  prci.write(0x8, 4, 0x00060000 | 0x10000, 0);
  EXPECT_EQ(b.clocks.hz(ClockNets::core), 16'000'000u);
  // r = 2, f = 40 * 2, q = 2: 16 / 2 * 80 / 2 = 320 MHz.
  prci.write(0x8, 4, 1u << 17 | 1u << 16 | 1u << 10 | 39u << 4 | 1, 0);
  EXPECT_EQ(prci.read(0x8, 4, 0) >> 31, 1u) << "locked";
  EXPECT_EQ(b.clocks.hz(ClockNets::core), 320'000'000u);
  prci.write(0xC, 4, 1, 0);  // by 2 * (1 + 1)
  EXPECT_EQ(b.clocks.hz(ClockNets::core), 80'000'000u);
  prci.write(0x8, 4, 0, 0);
  EXPECT_EQ(b.clocks.hz(ClockNets::core), 72'000'000u);
  EXPECT_TRUE(b.reports.empty());
}

TEST(SifiveUart, SendsWhenOnAndInterruptsByWatermark) {
  Bench b;
  auto& uart = b.make("sifive-uart", {3});
  uart.write(0x00, 4, 'x', 0);
  EXPECT_EQ(b.output, "");
  EXPECT_EQ(b.reports.size(), 1u);
  uart.write(0x08, 4, 1, 0);
  uart.write(0x00, 4, 'a', 0);
  EXPECT_EQ(uart.read(0x00, 4, 0) >> 31, 0u) << "never full";
  EXPECT_EQ(uart.read(0x04, 4, 0) >> 31, 1u) << "nothing received";
  EXPECT_EQ(b.output, "a");
  EXPECT_EQ(uart.read(0x14, 4, 0), 0u) << "txcnt is 0";
  uart.write(0x08, 4, 1 | 1 << 16, 0);
  EXPECT_EQ(uart.read(0x14, 4, 0), 1u);
  EXPECT_FALSE(b.irq[3]);
  uart.write(0x10, 4, 1, 0);
  EXPECT_TRUE(b.irq[3]);
  uart.write(0x10, 4, 0, 0);
  EXPECT_FALSE(b.irq[3]);
}

}  // namespace
}  // namespace mj::peripherals
