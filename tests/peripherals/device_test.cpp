// The other devices: what start-up code, delay loops and test programs do with them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "peripherals/marker.h"
#include "peripherals/tick_counter.h"
#include "tests/peripherals/bench.h"

namespace mj::peripherals {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(Registers, UndeclaredOnesAreStorageAndEachAccessIsCounted) {
  Bench b;
  auto& stub = b.make("stub", {}, {{"reset", {0x10, 0xABCD}}});
  EXPECT_EQ(stub.read(0x10, 4, 0), 0xABCDu);  // known to the board: nothing to report
  stub.write(0x20, 4, 0x11223344, 0);
  EXPECT_EQ(stub.read(0x21, 1, 0), 0x33u);
  stub.write(0x22, 2, 0xAABB, 0);
  EXPECT_EQ(stub.read(0x20, 4, 0), 0xAABB3344u);
  for (int poll = 0; poll < 100; ++poll) stub.read(0x24, 4, 0);
  EXPECT_THAT(b.reports, ElementsAre(Pair("DUT+32: read of a register that is not modelled", 2),
                                     Pair("DUT+32: write of a register that is not modelled", 2),
                                     Pair("DUT+36: read of a register that is not modelled", 100)));
}

TEST(Registers, ReadOnlyWordsKeepTheirValue) {
  Bench b;
  auto& ficr = b.make("stub", {}, {{"reset", {0x10, 4096}}, {"read_only", {1}}, {"fill", {0xFFFFFFFF}}});
  ficr.write(0x10, 4, 0, 0);
  EXPECT_EQ(ficr.read(0x10, 4, 0), 4096u);
  EXPECT_EQ(ficr.read(0x14, 4, 0), 0xFFFFFFFFu);
}

TEST(Registers, AtomicAliasesToggleSetAndClear) {
  Bench b;
  auto& stub = b.make("stub", {}, {{"reset", {0, 0xF0}}, {"atomic_aliases", {1}}});
  stub.write(0x1000, 4, 0xFF, 0);
  EXPECT_EQ(stub.read(0, 4, 0), 0x0Fu);
  stub.write(0x2000, 4, 0xF00, 0);
  EXPECT_EQ(stub.read(0, 4, 0), 0xF0Fu);
  stub.write(0x3000, 4, 0x00F, 0);
  EXPECT_EQ(stub.read(0, 4, 0), 0xF00u);
}

TEST(TickCounter, CarriesPartTicksOverAChangeOfTheCoreClock) {
  TickCounter c;
  c.set_rate(10, 1, 100, 0);  // a tick each 10 cycles
  EXPECT_EQ(c.ticks(9), 0u);
  EXPECT_EQ(c.ticks(10), 1u);
  c.set_rate(10, 1, 200, 15);  // half a tick done, now 20 cycles each
  EXPECT_EQ(c.ticks(24), 1u);
  EXPECT_EQ(c.ticks(25), 2u);
  EXPECT_EQ(c.when(3), 45u);
  EXPECT_EQ(c.ticks(45), 3u);
  c.set_rate(0, 1, 200, 50);
  EXPECT_EQ(c.when(4), EventQueue::never);
}

TEST(TickCounter, AWrappingCounterMeetsAValueOncePerRound) {
  EXPECT_FALSE(counter_passed(4, 4, 4, 10));
  EXPECT_TRUE(counter_passed(4, 5, 5, 10));
  EXPECT_FALSE(counter_passed(5, 9, 5, 10));
  EXPECT_TRUE(counter_passed(9, 15, 5, 10));
  EXPECT_TRUE(counter_passed(5, 15, 5, 10));
  EXPECT_FALSE(counter_passed(0, 1000, 12, 10));  // never shown
  EXPECT_EQ(counter_next(5, 5, 10), 15u);
  EXPECT_EQ(counter_next(5, 6, 10), 6u);
}

// ---- STM32L4 --------------------------------------------------------------------------------------------------------

TEST(Stm32L4Flash, AcrIsReadBackAndProgramsTheFrontEnd) {
  Bench b;
  memory::FlashTimingParams p;
  p.icache_lines = 64;
  p.icache_enabled = true;
  b.flash = std::make_unique<memory::FlashTiming>(p);
  auto& flash = b.make("stm32l4-flash", {}, {{"optr", {0}}}, {{"flash", "flash"}});
  EXPECT_EQ(flash.read(0, 4, 0), 0x600u);
  flash.write(0, 4, 0x705, 0);  // 5 wait states, prefetch, both caches
  EXPECT_EQ(flash.read(0, 4, 0) & 0xF, 5u);
  EXPECT_EQ(b.flash->wait_states(), 5u);
  EXPECT_EQ(b.flash->fetch(0x08000000, 0), 5u);
  EXPECT_TRUE(b.flash->resident(0x08000000));
  flash.write(0, 4, 0x505, 0);  // ICEN off empties it
  EXPECT_FALSE(b.flash->resident(0x08000000));
}

TEST(Stm32L4Pwr, VoltageIsStableAtOnce) {
  Bench b;
  auto& pwr = b.make("stm32l4-pwr");
  pwr.write(0x00, 4, 0x400, 0);
  EXPECT_EQ(pwr.read(0x00, 4, 0), 0x400u);
  EXPECT_EQ(pwr.read(0x14, 4, 0) & 1 << 10, 0u);  // VOSF
}

TEST(Stm32Timer, CountsItsClockAndInterruptsAtTheUpdate) {
  Bench b(100);
  b.clocks.drive("tim_apb1", 100, 0);
  auto& tim = b.make("stm32-timer", {28}, {{"bits", {32}}}, {{"clock", "tim_apb1"}});
  tim.write(0x28, 4, 9, 0);   // PSC: 10 cycles a tick
  tim.write(0x2C, 4, 99, 0);  // ARR
  tim.write(0x00, 4, 1, 0);   // CEN
  EXPECT_EQ(tim.read(0x24, 4, 509), 50u);
  EXPECT_EQ(tim.read(0x10, 4, 999), 0u);
  EXPECT_EQ(tim.read(0x24, 4, 1000), 0u);  // 100 ticks: wrapped
  EXPECT_EQ(tim.read(0x10, 4, 1000) & 1, 1u);
  tim.write(0x10, 4, ~1u, 1001);
  EXPECT_EQ(tim.read(0x10, 4, 1002) & 1, 0u);
  tim.write(0x0C, 4, 1, 1002);  // UIE
  EXPECT_EQ(b.events.next(), 2000u);
  b.events.run_due(2000);
  EXPECT_TRUE(b.irq[28]);
}

// ---- nRF52 ----------------------------------------------------------------------------------------------------------

TEST(NrfClock, EventFollowsTask) {
  Bench b;
  auto& clock = b.make("nrf-clock", {0});
  EXPECT_EQ(clock.read(0x100, 4, 0), 0u);
  clock.write(0x000, 4, 1, 0);             // TASKS_HFCLKSTART
  EXPECT_EQ(clock.read(0x100, 4, 0), 1u);  // EVENTS_HFCLKSTARTED
  EXPECT_EQ(clock.read(0x40C, 4, 0), 0x10001u);
  clock.write(0x518, 4, 1, 0);
  clock.write(0x008, 4, 1, 0);             // TASKS_LFCLKSTART
  EXPECT_EQ(clock.read(0x104, 4, 0), 1u);  // EVENTS_LFCLKSTARTED
  EXPECT_EQ(clock.read(0x418, 4, 0), 0x10001u);
}

TEST(NrfNvmc, IsReadyAndSwitchesTheCache) {
  Bench b;
  memory::FlashTimingParams p;
  p.icache_lines = 4;
  p.wait_states = 2;
  b.flash = std::make_unique<memory::FlashTiming>(p);
  auto& nvmc = b.make("nrf-nvmc", {}, {}, {{"flash", "flash"}});
  EXPECT_EQ(nvmc.read(0x400, 4, 0), 1u);
  b.flash->fetch(0, 0);
  EXPECT_FALSE(b.flash->resident(0));
  nvmc.write(0x540, 4, 1, 0);
  b.flash->fetch(64, 10);
  EXPECT_TRUE(b.flash->resident(64));
}

TEST(NrfTimer, CapturesComparesAndInterrupts) {
  Bench b(64'000'000);
  auto& timer = b.make("nrf-timer", {8}, {{"hz", {16'000'000}}, {"cc", {4}}});
  timer.write(0x508, 4, 3, 0);        // 32 bit
  timer.write(0x510, 4, 4, 0);        // 1 MHz: 64 cycles a tick
  timer.write(0x540, 4, 100, 0);      // CC[0]
  timer.write(0x304, 4, 1 << 16, 0);  // COMPARE[0]
  timer.write(0x000, 4, 1, 0);
  EXPECT_EQ(b.events.next(), 6400u);
  timer.write(0x044, 4, 1, 3200);  // CAPTURE[1]
  EXPECT_EQ(timer.read(0x544, 4, 3200), 50u);
  b.events.run_due(6400);
  EXPECT_TRUE(b.irq[8]);
  EXPECT_EQ(timer.read(0x140, 4, 6401), 1u);
  timer.write(0x140, 4, 0, 6402);
  EXPECT_FALSE(b.irq[8]);
}

TEST(NrfTimer, ShortCompareClearMakesItPeriodic) {
  Bench b(16'000'000);
  auto& timer = b.make("nrf-timer", {8}, {{"hz", {16'000'000}}, {"cc", {4}}});
  timer.write(0x510, 4, 0, 0);
  timer.write(0x540, 4, 100, 0);
  timer.write(0x200, 4, 1, 0);
  timer.write(0x304, 4, 1 << 16, 0);
  timer.write(0x000, 4, 1, 0);
  for (Cycle round = 1; round <= 3; ++round) {
    ASSERT_EQ(b.events.next(), 100 * round);
    b.events.run_due(100 * round);
    EXPECT_TRUE(b.irq[8]);
    timer.write(0x140, 4, 0, 100 * round + 5);
    EXPECT_FALSE(b.irq[8]);
  }
}

TEST(NrfRtc, CountsTheSlowClock) {
  Bench b(64'000'000);
  auto& rtc = b.make("nrf-rtc", {11}, {{"hz", {32768}}, {"cc", {3}}});
  rtc.write(0x000, 4, 1, 0);
  EXPECT_EQ(rtc.read(0x504, 4, 64'000'000), 32768u);
  EXPECT_EQ(rtc.read(0x504, 4, 63'999'999), 32767u);
}

TEST(NrfTimer, ComparesAsManyBitsAsItCounts) {
  Bench b(16'000'000);
  auto& timer = b.make("nrf-timer", {9}, {{"hz", {16'000'000}}, {"cc", {4}}});
  timer.write(0x508, 4, 0, 0);        // BITMODE: 16
  timer.write(0x510, 4, 0, 0);        // a tick a cycle
  timer.write(0x540, 4, 0x10064, 0);  // CC[0], as firmware gets it that always adds to it
  timer.write(0x304, 4, 1u << 16, 0);
  timer.write(0x000, 4, 1, 0);
  EXPECT_EQ(b.events.next(), 100u);
}

// ---- nRF51

TEST(NrfGpio, OutputsReadBackAndInputsArePulledUp) {
  Bench b;
  auto& gpio = b.make("nrf-gpio", {}, {{"in", {0xffffffff}}});
  EXPECT_EQ(gpio.read(0x510, 4, 0), 0xffffffffu);
  gpio.write(0x700 + 4 * 5, 4, 1, 0);  // PIN_CNF[5]: output
  EXPECT_EQ(gpio.read(0x514, 4, 0), 1u << 5);
  EXPECT_EQ(gpio.read(0x510, 4, 0), ~(1u << 5));
  gpio.write(0x508, 4, 1 << 5, 0);  // OUTSET
  EXPECT_EQ(gpio.read(0x510, 4, 0), 0xffffffffu);
  gpio.write(0x51C, 4, 1 << 5, 0);  // DIRCLR
  EXPECT_EQ(gpio.read(0x700 + 4 * 5, 4, 0) & 1, 0u);
}

TEST(NrfRng, TellsAByteNowAndThenAlwaysTheSameOnes) {
  Bench b(16'000'000);
  auto& rng = b.make("nrf-rng", {13}, {{"byte_hz", {1000}}});
  rng.write(0x000, 4, 1, 0);
  EXPECT_EQ(rng.read(0x100, 4, 100), 0u);
  ASSERT_EQ(b.events.next(), 16'000u);
  b.events.run_due(16'000);
  EXPECT_EQ(rng.read(0x100, 4, 16'000), 1u);
  const std::uint32_t first = rng.read(0x508, 4, 16'000);
  rng.write(0x100, 4, 0, 16'001);
  b.events.run_due(32'000);
  EXPECT_EQ(rng.read(0x100, 4, 32'000), 1u);
  EXPECT_NE(rng.read(0x508, 4, 32'000), first);
  Bench again(16'000'000);
  auto& other = again.make("nrf-rng", {13}, {{"byte_hz", {1000}}});
  other.write(0x000, 4, 1, 0);
  again.events.run_due(16'000);
  EXPECT_EQ(other.read(0x508, 4, 16'000), first);
}

TEST(NrfTwi, NobodyAnswers) {
  Bench b;
  auto& twi = b.make("nrf-twi", {3});
  twi.write(0x008, 4, 1, 0);     // TASKS_STARTTX
  twi.write(0x51C, 4, 0x2a, 0);  // TXD
  EXPECT_EQ(twi.read(0x11C, 4, 0), 0u) << "nothing was sent";
  EXPECT_EQ(twi.read(0x124, 4, 0), 1u) << "EVENTS_ERROR";
  EXPECT_EQ(twi.read(0x4C4, 4, 0), 2u) << "ERRORSRC.ANACK";
  twi.write(0x4C4, 4, 2, 0);
  EXPECT_EQ(twi.read(0x4C4, 4, 0), 0u);
  EXPECT_EQ(b.reports.size(), 1u);
}

TEST(Registers, ArePeekedAtWithoutSideEffectsOrNotAtAll) {
  Bench b;
  auto& uart = b.make("nrf-uart");
  uart.write(0x524, 4, 0x01d7e000, 0);
  EXPECT_EQ(uart.peek(0x524), 0x01d7e000u);
  EXPECT_EQ(uart.register_name(0x524), "BAUDRATE");
  EXPECT_EQ(uart.peek(0x518), std::nullopt) << "reading RXD takes a byte";
  EXPECT_EQ(b.reports.size(), 0u);
}

// ---- RP2040 ---------------------------------------------------------------------------------------------------------

TEST(Rp2040Resets, DoneFollowsRelease) {
  Bench b;
  auto& resets = b.make("rp2040-resets", {}, {{"blocks", {0x01FFFFFF}}});
  EXPECT_EQ(resets.read(8, 4, 0), 0u);
  resets.write(0x3000, 4, 1 << 22 | 1 << 5, 0);  // clear alias: release UART0 and IO_BANK0
  EXPECT_EQ(resets.read(8, 4, 0), std::uint32_t{1 << 22 | 1 << 5});
}

TEST(Rp2040Sio, DividerIsReadyAfterItsCycles) {
  Bench b;
  auto& sio = b.make("rp2040-sio", {}, {{"divider_cycles", {8}}});
  EXPECT_EQ(sio.read(0, 4, 0), 0u);  // core 0
  sio.write(0x60, 4, 1000, 10);
  sio.write(0x64, 4, 7, 11);
  EXPECT_EQ(sio.read(0x78, 4, 18), 2u);  // dirty, not ready
  EXPECT_EQ(sio.read(0x78, 4, 19), 3u);
  EXPECT_EQ(sio.read(0x74, 4, 19), 6u);
  EXPECT_EQ(sio.read(0x70, 4, 19), 142u);
  EXPECT_EQ(sio.read(0x78, 4, 20), 1u);  // reading the quotient cleans
  EXPECT_THAT(b.reports, IsEmpty());
}

TEST(Rp2040Sio, DividesSignedAndByZero) {
  Bench b;
  auto& sio = b.make("rp2040-sio", {}, {{"divider_cycles", {8}}});
  const auto divide = [&](std::int32_t n, std::int32_t d) {
    sio.write(0x68, 4, static_cast<std::uint32_t>(n), 0);
    sio.write(0x6C, 4, static_cast<std::uint32_t>(d), 0);
    const auto r = static_cast<std::int32_t>(sio.read(0x74, 4, 100));
    return std::pair(static_cast<std::int32_t>(sio.read(0x70, 4, 100)), r);
  };
  EXPECT_EQ(divide(-7, 2), std::pair(-3, -1));
  EXPECT_EQ(divide(7, 0), std::pair(-1, 7));
  EXPECT_EQ(divide(-7, 0), std::pair(1, -7));
  EXPECT_EQ(divide(INT32_MIN, -1), std::pair(INT32_MIN, 0));
}

TEST(Rp2040Sio, SpinlocksAndGpioRegisters) {
  Bench b;
  auto& sio = b.make("rp2040-sio", {}, {{"divider_cycles", {8}}});
  EXPECT_EQ(sio.read(0x10C, 4, 0), 8u);  // claimed
  EXPECT_EQ(sio.read(0x10C, 4, 0), 0u);  // taken
  sio.write(0x10C, 4, 1, 0);
  EXPECT_EQ(sio.read(0x10C, 4, 0), 8u);
  sio.write(0x14, 4, 0xF, 0);
  sio.write(0x18, 4, 0x1, 0);
  sio.write(0x1C, 4, 0x6, 0);
  EXPECT_EQ(sio.read(0x10, 4, 0), 0x8u);
}

// ---- simulators and benches -----------------------------------------------------------------------------------------

TEST(TestFinisher, PassesAndFails) {
  Bench b;
  auto& finisher = b.make("test-finisher");
  finisher.write(0, 4, 0x5555, 0);
  EXPECT_EQ(b.status, 0);
  finisher.write(0, 4, 3 << 16 | 0x3333, 0);
  EXPECT_EQ(b.status, 3);
  EXPECT_FALSE(b.reset);
  finisher.write(0, 4, 0x7777, 0);
  EXPECT_TRUE(b.reset);
}

TEST(IbexSimCtrl, WritesAndHalts) {
  Bench b;
  auto& ctrl = b.make("ibex-sim-ctrl");
  ctrl.write(0, 4, '!', 0);
  EXPECT_EQ(b.output, "!");
  ctrl.write(8, 4, 0, 0);
  EXPECT_EQ(b.status, -1);
  ctrl.write(8, 4, 1, 0);
  EXPECT_EQ(b.status, 0);
}

TEST(MarkerDevice, KeepsRegionsWithTheirCycles) {
  Bench b;
  auto& marker = dynamic_cast<Marker&>(b.make("marker"));
  marker.write(0, 4, 7, 100);
  marker.write(4, 4, 7, 142);
  marker.write(0x10, 4, 0xCAFE, 150);
  marker.write(0xC, 4, 'm', 151);
  marker.write(8, 4, 99, 152);
  ASSERT_EQ(marker.hits.size(), 2u);
  EXPECT_TRUE(marker.hits[0].begin);
  EXPECT_EQ(marker.hits[1].cycle - marker.hits[0].cycle, 42u);
  EXPECT_THAT(marker.checksums, ElementsAre(0xCAFEu));
  EXPECT_EQ(b.output, "m");
  EXPECT_EQ(b.status, 99);
}

TEST(Clint, RunsAtItsOwnFrequency) {
  Bench b(50'000'000);
  auto& clint = b.make("clint", {}, {{"mtime_hz", {10'000'000}}});
  EXPECT_EQ(clint.read(0xBFF8, 4, 500), 100u);
  b.clocks.drive(ClockNets::core, 10'000'000, 500);
  EXPECT_EQ(clint.read(0xBFF8, 4, 600), 200u);
}

// ---- the registry ---------------------------------------------------------------------------------------------------

TEST(Registry, SaysWhatItKnows) {
  DeviceSpec spec;
  spec.name = "X";
  spec.type = "stm32-usart";
  const auto unknown = check_device(spec, "board.json#/devices/X");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ExitCode::usage);
  EXPECT_THAT(unknown.error().why, testing::HasSubstr("stm32-usart-v3"));
  spec.type = "rp2040-sio";
  const auto missing = check_device(spec, "board.json#/devices/X");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().what, testing::HasSubstr("divider_cycles"));
}

TEST(Rp2350, BootLocksAreClaimedByReadingAndFreedByWriting) {
  Bench b;
  auto& ram = b.make("rp2350-bootram");
  EXPECT_EQ(ram.read(0x808, 4, 0), 0xFFu) << "all are free";
  EXPECT_EQ(ram.read(0x814, 4, 0), 1u << 2);
  EXPECT_EQ(ram.read(0x814, 4, 0), 0u) << "it is taken";
  EXPECT_EQ(ram.read(0x808, 4, 0), 0xFBu);
  ram.write(0x814, 4, 0, 0);
  EXPECT_EQ(ram.read(0x814, 4, 0), 1u << 2);
  ram.write(0x800, 4, 0x11, 0);
  ram.write(0x800, 4, 0x22, 0);
  EXPECT_EQ(ram.read(0x800, 4, 0), 0x33u) << "a bit once written stays";
  EXPECT_THAT(b.reports, IsEmpty());
}

// On an Arm core it is an interrupt of the NVIC.
TEST(Rp2350, TheRiscVTimerInterruptsWhenItsComparisonIsReached) {
  Bench b;
  b.clocks.drive("tick_riscv", 100'000, 0);  // a tick is 10 cycles
  auto& sio = b.make("rp2350-sio", {29});
  sio.write(0x1BC, 4, 0, 0);
  sio.write(0x1B8, 4, 50, 0);
  EXPECT_FALSE(b.irq[29]);
  EXPECT_EQ(b.events.next(), 500u);
  b.events.run_due(500);
  EXPECT_TRUE(b.irq[29]);
  EXPECT_EQ(sio.read(0x1B0, 4, 505), 50u);
  sio.write(0x1B8, 4, 60, 505);
  EXPECT_FALSE(b.irq[29]) << "a level";
  sio.write(0x1A4, 4, 0, 520);
  EXPECT_EQ(sio.read(0x1B0, 4, 9'000), 52u) << "stopped";
  sio.write(0x1A4, 4, 3, 10'000);
  EXPECT_EQ(sio.read(0x1B0, 4, 10'005), 57u) << "at the core's clock";
  sio.write(0x1B4, 4, 7, 10'010);
  EXPECT_TRUE(b.irq[29]) << "all 64 bits are compared";
  EXPECT_EQ(sio.read(0x1B4, 4, 10'020), 7u);
}

}  // namespace
}  // namespace mj::peripherals
