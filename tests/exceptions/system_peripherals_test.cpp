// SysTick, NVIC, SCB and DWT as firmware sees them: writes and reads of the private peripheral bus at given cycles.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "peripherals/private_bus.h"
#include "tests/exceptions/fake_core.h"

namespace mj::test {
namespace {

namespace thumb = isa::thumb;
constexpr unsigned irq5 = thumb::external_0 + 5, irq40 = thumb::external_0 + 40;

struct Diagnostics final : DiagnosticSink {
  std::vector<std::string> said;
  void not_modelled(std::string_view device, std::uint32_t offset, std::string_view) override {
    said.push_back(std::string(device) + "+" + std::to_string(offset));
  }
};

struct Ppb : testing::Test {
  static peripherals::PrivateBusConfig config() {
    peripherals::PrivateBusConfig c;
    c.scb.cpuid = 0x410fc241;
    c.scb.mvfr0 = 0x10110021;
    c.systick.reference_divider = 8;
    c.systick.calib = 0x1234;
    c.dwt.ctrl = 0x40000000;
    return c;
  }
  std::uint32_t rd(std::uint32_t offset, Cycle now = 0, unsigned size = 4) {
    const std::uint32_t v = bus.scs().read(offset, size, now);
    return size == 4 ? v : v & ((1u << size * 8) - 1);
  }
  void wr(std::uint32_t offset, std::uint32_t value, Cycle now = 0, unsigned size = 4) {
    bus.scs().write(offset, size, value, now);
  }
  bool systick_pending() const { return core.unit.pending(thumb::systick); }

  FakeCore core;
  thumb::Mpu mpu{{.regions = 8}};
  EventQueue events;
  Diagnostics diagnostics;
  int changes = 0, resets = 0;
  peripherals::PrivateBus bus{
      config(), core.unit, mpu, core.regs.data(), events, diagnostics, [this] { ++changes; }, [this] { ++resets; }};
};

// ---- SysTick (B3.3) -------------------------------------------------------------------------------------------------

TEST_F(Ppb, SystickCountsDownFromReloadAndStartsOver) {
  wr(0x14, 99);
  wr(0x18, 0);
  wr(0x10, 5, 1000);  // ENABLE, core clock
  EXPECT_EQ(rd(0x18, 1000), 0u);
  EXPECT_EQ(rd(0x18, 1001), 99u);
  EXPECT_EQ(rd(0x18, 1050), 50u);
  EXPECT_EQ(rd(0x18, 1100), 0u);
  EXPECT_EQ(rd(0x18, 1101), 99u);
  EXPECT_EQ(rd(0x18, 1200), 0u);
}

TEST_F(Ppb, SystickCountflagIsClearedByReading) {
  wr(0x14, 99);
  wr(0x10, 5, 0);
  EXPECT_EQ(rd(0x10, 99), 5u);
  EXPECT_EQ(rd(0x10, 100), 0x10005u);
  EXPECT_EQ(rd(0x10, 100), 5u);
  EXPECT_EQ(rd(0x10, 1000), 0x10005u);
  EXPECT_EQ(rd(0x10, 1099), 5u);
  wr(0x18, 7, 1150);  // any write to CVR clears it and the flag
  EXPECT_EQ(rd(0x10, 1160), 5u);
  EXPECT_EQ(rd(0x18, 1161), 89u);  // 99 at 1151
}

TEST_F(Ppb, SystickPendsItsExceptionEachPeriodExactly) {
  wr(0x14, 99);
  wr(0x10, 7, 1000);
  ASSERT_EQ(events.next(), 1100u);
  events.run_due(1099);
  EXPECT_FALSE(systick_pending());
  events.run_due(1100);
  EXPECT_TRUE(systick_pending());
  EXPECT_EQ(changes, 1);
  EXPECT_EQ(events.next(), 1200u);
}

TEST_F(Ppb, SystickEventSurvivesAReadBehindIt) {
  wr(0x14, 99);
  wr(0x10, 7, 0);
  EXPECT_EQ(rd(0x18, 103), 97u);  // the engine reads before it runs the event of cycle 100
  events.run_due(110);
  EXPECT_TRUE(systick_pending());
  EXPECT_EQ(events.next(), 200u);
}

TEST_F(Ppb, SystickWithoutTickintSchedulesNothing) {
  wr(0x14, 99);
  wr(0x10, 5, 0);
  EXPECT_EQ(events.next(), EventQueue::never);
}

TEST_F(Ppb, SystickReloadOfZeroStopsIt) {
  wr(0x14, 10);
  wr(0x10, 7, 0);
  wr(0x14, 0, 5);
  events.run_due(11);
  EXPECT_TRUE(systick_pending());
  EXPECT_EQ(rd(0x18, 50), 0u);
  EXPECT_EQ(events.next(), EventQueue::never);
}

TEST_F(Ppb, SystickKeepsItsValueWhileDisabled) {
  wr(0x14, 99);
  wr(0x10, 5, 0);
  wr(0x10, 4, 40);
  EXPECT_EQ(rd(0x18, 500), 60u);
  wr(0x10, 5, 600);
  EXPECT_EQ(rd(0x18, 610), 50u);
}

TEST_F(Ppb, SystickReferenceClockTicksEveryEighthCycle) {
  wr(0x14, 9);
  wr(0x10, 3, 0);
  EXPECT_EQ(rd(0x18, 8), 9u);
  EXPECT_EQ(rd(0x18, 15), 9u);
  EXPECT_EQ(rd(0x18, 16), 8u);
  EXPECT_EQ(events.next(), 80u);
  EXPECT_EQ(rd(0x1c), 0x1234u);
}

TEST_F(Ppb, SystickWithoutReferenceClockSaysSo) {
  bus.systick().set_reference_divider(0, 0);
  wr(0x10, 1, 0);
  EXPECT_EQ(rd(0x10), 5u);  // CLKSOURCE reads as 1
  EXPECT_EQ(rd(0x1c), 0x80001234u);
}

// ---- NVIC (B3.4) ----------------------------------------------------------------------------------------------------

TEST_F(Ppb, NvicSetsAndClearsEnableAndPendingBits) {
  wr(0x100, 1u << 5);
  wr(0x104, 1u << 8);
  EXPECT_TRUE(core.unit.enabled(irq5));
  EXPECT_TRUE(core.unit.enabled(irq40));
  EXPECT_EQ(rd(0x100), 1u << 5);
  EXPECT_EQ(rd(0x184), 1u << 8);
  wr(0x200, 1u << 5);
  EXPECT_EQ(rd(0x280), 1u << 5);
  EXPECT_EQ(core.take().handler, irq5);
  EXPECT_EQ(rd(0x300), 1u << 5);
  EXPECT_EQ(rd(0x200), 0u);
  wr(0x180, 1u << 5);
  EXPECT_FALSE(core.unit.enabled(irq5));
  EXPECT_GT(changes, 0);
}

TEST_F(Ppb, NvicPrioritiesAreByteAccessible) {
  wr(0x405, 0x7f, 0, 1);
  EXPECT_EQ(core.unit.priority(irq5), 0x70);
  EXPECT_EQ(rd(0x404), 0x7000u);
  EXPECT_EQ(rd(0x405, 0, 1), 0x70u);
  wr(0x404, 0x40302010);
  EXPECT_EQ(core.unit.priority(thumb::external_0 + 7), 0x40);
}

TEST_F(Ppb, NvicTellsItsSizeAndIgnoresWhatLiesBeyond) {
  EXPECT_EQ(rd(0x004), 1u);  // 48 interrupts: lines 32..63
  wr(0x104, ~0u);
  EXPECT_EQ(rd(0x104), 0xffffu);
  wr(0x13c, ~0u);
  EXPECT_EQ(rd(0x13c), 0u);
}

TEST_F(Ppb, NvicStirPends) {
  wr(0xf00, 40);
  EXPECT_TRUE(core.unit.pending(irq40));
}

// ---- SCB (B3.2) -----------------------------------------------------------------------------------------------------

TEST_F(Ppb, IcsrShowsActiveAndPending) {
  wr(0xd04, 1u << 28);
  EXPECT_EQ(rd(0xd04), 1u << 28 | 14u << 12 | 1u << 11);
  core.take();
  EXPECT_EQ(rd(0xd04), 14u | 1u << 11);
  wr(0xd04, 1u << 26);
  EXPECT_EQ(rd(0xd04) & (1u << 26), 1u << 26);
  wr(0xd04, 1u << 25);
  EXPECT_EQ(rd(0xd04) & (1u << 26), 0u);
  wr(0x200, 2);
  EXPECT_EQ(rd(0xd04) & (1u << 22), 1u << 22);
}

TEST_F(Ppb, IcsrVectpendingKnowsBasepriButNotPrimask) {
  core.irq(5, 0x80);
  core.unit.set_pending(irq5);
  core.regs[thumb::primask] = 1;
  EXPECT_EQ(rd(0xd04) >> 12 & 0x1ff, irq5);
  core.regs[thumb::basepri] = 0x80;
  EXPECT_EQ(rd(0xd04) >> 12 & 0x1ff, 0u);
}

TEST_F(Ppb, AircrNeedsItsKey) {
  wr(0xd0c, 0x00000304);
  EXPECT_EQ(resets, 0);
  wr(0xd0c, 0x05fa0300);
  EXPECT_EQ(core.unit.prigroup(), 3u);
  EXPECT_EQ(rd(0xd0c), 0xfa050300u);
  wr(0xd0c, 0x05fa0004);
  EXPECT_EQ(resets, 1);
}

TEST_F(Ppb, ShprBytesAreThePrioritiesOfSystemExceptions) {
  wr(0xd20, 0xe0d00000);
  EXPECT_EQ(core.unit.priority(thumb::pend_sv), 0xd0);
  EXPECT_EQ(core.unit.priority(thumb::systick), 0xe0);
  wr(0xd1f, 0x40, 0, 1);
  EXPECT_EQ(core.unit.priority(thumb::svcall), 0x40);
  EXPECT_EQ(rd(0xd1c), 0x40000000u);
}

TEST_F(Ppb, ShcsrEnablesFaultHandlers) {
  wr(0xd24, 7u << 16);
  EXPECT_EQ(core.unit.raise(thumb::Fault::divide_by_zero, 0, {0x1000}, core.cpu()).handler, thumb::usage_fault);
  EXPECT_EQ(rd(0xd24), 7u << 16 | 1u << 3);
}

TEST_F(Ppb, CfsrBitsAreClearedByWritingOnesInAnySize) {
  core.unit.raise(thumb::Fault::data_bus, 0x4000beec, {0x1000}, core.cpu());
  EXPECT_EQ(rd(0xd28), 0x8200u);
  EXPECT_EQ(rd(0xd29, 0, 1), 0x82u);
  EXPECT_EQ(rd(0xd2c), 0x40000000u);
  EXPECT_EQ(rd(0xd38), 0x4000beecu);
  wr(0xd29, 0x80, 0, 1);
  EXPECT_EQ(rd(0xd28), 0x0200u);
  wr(0xd28, ~0u);
  wr(0xd2c, ~0u);
  EXPECT_EQ(rd(0xd28) | rd(0xd2c), 0u);
}

TEST_F(Ppb, CpacrFpccrAndIdentification) {
  wr(0xd88, ~0u);
  EXPECT_EQ(rd(0xd88), 0x00f00000u);
  EXPECT_EQ(rd(0xf34), 0xc0000000u);
  wr(0xf3c, ~0u);
  EXPECT_EQ(rd(0xf3c), 0x07c00000u);
  EXPECT_EQ(rd(0xd00), 0x410fc241u);
  EXPECT_EQ(rd(0xf40), 0x10110021u);
  EXPECT_TRUE(diagnostics.said.empty());
  rd(0xfd0);
  EXPECT_EQ(diagnostics.said, std::vector<std::string>{"SCB+4048"});
}

TEST_F(Ppb, MpuRegisters) {
  EXPECT_EQ(rd(0xd90), 0x800u);
  wr(0xd98, 3);
  wr(0xd9c, 0x20001000);
  wr(0xda0, 0x03000017);
  wr(0xda4, 0x20002000 | 1 << 4 | 5);  // RBAR_A1 with VALID
  wr(0xda8, 0x06000019);
  EXPECT_EQ(rd(0xd98), 5u);
  EXPECT_EQ(rd(0xdb8), 0x06000019u);  // RASR_A3
  wr(0xd98, 3);
  EXPECT_EQ(rd(0xd9c), 0x20001003u);
  EXPECT_EQ(rd(0xda0), 0x03000017u);
  const int before = changes;
  wr(0xd94, 5);
  EXPECT_EQ(rd(0xd94), 5u);
  EXPECT_EQ(changes, before + 1);
  EXPECT_EQ(mpu.at(0x20001000, false, false).region, 3);
  wr(0xda3, 0x13, 0, 1);  // the byte with XN and AP
  EXPECT_EQ(rd(0xda0), 0x13000017u);
  EXPECT_EQ(rd(0xdc0), 0u);  // MAIR0 is PMSAv8's
  EXPECT_TRUE(diagnostics.said.empty());
}

TEST_F(Ppb, CacheAndTcmControlBelongToCortexM7) {
  rd(0xf90);
  wr(0xf5c, 0);
  EXPECT_EQ(diagnostics.said, (std::vector<std::string>{"SCB+3984", "SCB+3932"}));
  diagnostics.said.clear();
  wr(0xd14, 0x00030200);  // CCR.IC, DC
  EXPECT_EQ(rd(0xd14), 0x200u);

  auto with_caches = config();
  with_caches.scb.clidr = 0x09000003;
  with_caches.scb.ccsidr_data = 0xf00fe019;
  with_caches.scb.ccsidr_instruction = 0xf01fe009;
  with_caches.scb.ccr_ones = 0x40000;
  with_caches.scb.m7 =
      peripherals::M7Control{.itcmcr = 5 << 3, .dtcmcr = 7 << 3, .ahbpcr = 2, .ahbscr = 0x800, .cacr = 0};
  peripherals::PrivateBus m7(
      with_caches, core.unit, mpu, core.regs.data(), events, diagnostics, [] {}, [] {});
  const auto read = [&](std::uint32_t offset) { return m7.scs().read(offset, 4, 0); };
  const auto write = [&](std::uint32_t offset, std::uint32_t value) { m7.scs().write(offset, 4, value, 0); };
  EXPECT_EQ(read(0xd84), 0u);
  EXPECT_EQ(read(0xd80), 0xf00fe019u);  // CSSELR 0: level 1 data
  write(0xd84, 1);
  EXPECT_EQ(read(0xd80), 0xf01fe009u);
  for (std::uint32_t op = 0xf50; op <= 0xf78; op += 4) {  // ICIALLU .. BPIALL: write-only
    write(op, 0xffffffff);
    EXPECT_EQ(read(op), 0u);
  }
  write(0xd14, 0x00030200);
  EXPECT_EQ(read(0xd14), 0x00070200u);  // IC, DC, and BP which is always one
  write(0xf90, 0xffffffff);
  EXPECT_EQ(read(0xf90), 0x2fu);  // EN, RMW, RETEN; SZ is what the chip has
  write(0xf94, 1);
  EXPECT_EQ(read(0xf94), 0x39u);
  write(0xf98, 0xffffffff);
  EXPECT_EQ(read(0xf98), 0x3u);
  EXPECT_TRUE(diagnostics.said.empty());
  write(0xf9c, 2);  // CACR.ECCEN
  EXPECT_TRUE(diagnostics.said.empty());
  write(0xf9c, 0xffffffff);  // SIWT and FORCEWT, too
  EXPECT_EQ(diagnostics.said, (std::vector<std::string>{"SCB+3996"}));
  diagnostics.said.clear();
  EXPECT_EQ(read(0xf9c), 0x7u);
  EXPECT_EQ(read(0xfa0), 0x800u);
  write(0xfa8, 1);
  EXPECT_EQ(read(0xfa8), 0u);
  EXPECT_TRUE(diagnostics.said.empty());
  m7.reset();
  EXPECT_EQ(read(0xf90), 0x28u);
}

TEST_F(Ppb, VtorMovesTheTable) {
  wr(0xd08, 0x08000123);
  EXPECT_EQ(rd(0xd08), 0x08000100u);
}

// ---- DWT (C1.8) -----------------------------------------------------------------------------------------------------

TEST_F(Ppb, CyccntNeedsTrcenaAndCyccntena) {
  const auto cyccnt = [&](Cycle now) { return bus.dwt().read(4, 4, now); };
  bus.dwt().write(0, 4, 1, 10);
  EXPECT_EQ(cyccnt(100), 0u);
  wr(0xdfc, 1u << 24, 100);
  EXPECT_EQ(cyccnt(150), 50u);
  bus.dwt().write(4, 4, 0, 200);
  EXPECT_EQ(cyccnt(1234), 1034u);
  bus.dwt().write(0, 4, 0, 1300);
  EXPECT_EQ(cyccnt(9999), 1100u);
  EXPECT_EQ(bus.dwt().read(0, 4, 0), 0x40000000u);
}

TEST_F(Ppb, CyccntStandsStillInSleepAndWraps) {
  wr(0xdfc, 1u << 24, 0);
  bus.dwt().write(0, 4, 1, 0);
  bus.dwt().set_sleeping(true, 100);
  bus.dwt().set_sleeping(false, 5000);
  EXPECT_EQ(bus.dwt().read(4, 4, 5001), 101u);
  bus.dwt().write(4, 4, 0xffffffff, 6000);
  EXPECT_EQ(bus.dwt().read(4, 4, 6002), 1u);
}

TEST_F(Ppb, ComparatorsAreReported) {
  EXPECT_EQ(bus.dwt().read(0x20, 4, 0), 0u);
  EXPECT_EQ(diagnostics.said, std::vector<std::string>{"DWT+32"});
}

/// A DWT whose engine has counted what the test says.
struct Profiled {
  peripherals::DwtConfig::Counts counted{};
  Diagnostics said;
  peripherals::Dwt dwt{{0x40000000, [this] { return counted; }, [] { return 0x0800'0123u; }}, said};
};
constexpr std::uint32_t cpicnt = 0x08, exccnt = 0x0c, lsucnt = 0x14, foldcnt = 0x18, pcsr = 0x1c;
constexpr std::uint32_t cpi_on = 1u << 17, lsu_on = 1u << 20;

TEST(DwtProfile, ACounterStartsFromZeroWhenItIsEnabledAndWrapsAtEightBits) {
  Profiled p;
  p.dwt.set_trace_enabled(true, 0);
  p.counted = {1000, 7, 0, 2000, 3};
  p.dwt.write(0, 4, cpi_on, 0);
  EXPECT_EQ(p.dwt.read(cpicnt, 4, 0), 0u);
  p.counted[0] += 255;
  EXPECT_EQ(p.dwt.read(cpicnt, 4, 0), 255u);
  p.counted[0] += 3;
  EXPECT_EQ(p.dwt.read(cpicnt, 4, 0), 2u);
}

TEST(DwtProfile, OnlyEnabledCountersCountAndTheyKeepTheirValueWhenStopped) {
  Profiled p;
  p.dwt.set_trace_enabled(true, 0);
  p.dwt.write(0, 4, lsu_on, 0);
  p.counted = {10, 20, 30, 40, 50};
  EXPECT_EQ(p.dwt.read(lsucnt, 4, 0), 40u);
  EXPECT_EQ(p.dwt.read(cpicnt, 4, 0), 0u);
  EXPECT_EQ(p.dwt.read(exccnt, 4, 0), 0u);
  EXPECT_EQ(p.dwt.read(foldcnt, 4, 0), 0u);
  p.dwt.write(0, 4, 0, 0);
  p.counted[3] += 5;
  EXPECT_EQ(p.dwt.read(lsucnt, 4, 0), 40u);
}

TEST(DwtProfile, StandsStillWithoutTrcena) {
  Profiled p;
  p.dwt.write(0, 4, lsu_on, 0);
  p.counted[3] = 9;
  EXPECT_EQ(p.dwt.read(lsucnt, 4, 0), 0u);
  EXPECT_EQ(p.dwt.read(pcsr, 4, 0), 0xffffffffu);
  p.dwt.set_trace_enabled(true, 0);
  p.counted[3] = 11;
  EXPECT_EQ(p.dwt.read(lsucnt, 4, 0), 2u) << "from when tracing began";
  EXPECT_EQ(p.dwt.read(pcsr, 4, 0), 0x0800'0123u);
  p.dwt.set_trace_enabled(false, 0);
  p.counted[3] = 99;
  p.dwt.set_trace_enabled(true, 0);
  EXPECT_EQ(p.dwt.read(lsucnt, 4, 0), 2u);
}

TEST(DwtProfile, SoftwareMayWriteACounter) {
  Profiled p;
  p.dwt.set_trace_enabled(true, 0);
  p.dwt.write(0, 4, lsu_on, 0);
  p.counted[3] = 5;
  p.dwt.write(lsucnt, 4, 0x1f0, 0);
  p.counted[3] = 7;
  EXPECT_EQ(p.dwt.read(lsucnt, 4, 0), 0xf2u);
}

}  // namespace
}  // namespace mj::test
