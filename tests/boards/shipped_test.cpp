// The shipped boards: each loads, its devices come to be, and the clock trees give real frequencies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "sim/board.h"
#include "tests/peripherals/bench.h"

namespace mj {
namespace {

using peripherals::Bench;
using peripherals::ClockNets;

/// A board's devices on a bench; registers by absolute address, as firmware has them.
class Board : public Bench {
 public:
  explicit Board(const std::string& id) {
    auto loaded = load_board(id);
    if (!loaded) throw std::runtime_error(loaded.error().text());
    spec = std::move(*loaded);
    for (const RegionSpec& r : spec.regions)
      if (r.front_end) front_ends[r.name] = std::make_unique<memory::FlashTiming>(*r.front_end);
    wiring.flash = [this](std::string_view name) { return front_ends[std::string(name)].get(); };
    clocks.drive(ClockNets::core, spec.core.reset_clock_hz, 0);
    const auto built = build_devices(spec.devices, wiring, devices);
    if (!built) throw std::runtime_error(built.error().text());
  }
  std::uint32_t get(Address a, Cycle now = 0) {
    const auto& [device, offset] = at(a);
    return device->read(offset, 4, now);
  }
  void set(Address a, std::uint32_t value, Cycle now = 0) {
    const auto& [device, offset] = at(a);
    device->write(offset, 4, value, now);
  }
  Hertz core_hz() const { return clocks.hz(ClockNets::core); }

  BoardSpec spec;
  std::map<std::string, std::unique_ptr<memory::FlashTiming>> front_ends;

 private:
  std::pair<memory::Device*, std::uint32_t> at(Address a) {
    for (std::size_t i = 0; i < devices.size(); ++i)
      if (a - spec.devices[i].base < spec.devices[i].size) return {devices[i].get(), a - spec.devices[i].base};
    throw std::runtime_error("no device at this address");
  }
};

class Shipped : public testing::TestWithParam<std::string> {};

TEST_P(Shipped, LoadsAndItsDevicesComeToBe) {
  Board b(GetParam());
  EXPECT_EQ(b.spec.id, GetParam());
  EXPECT_EQ(b.devices.size(), b.spec.devices.size());
  EXPECT_GT(b.spec.budget_bytes(BudgetKind::ram), 0u);
  // At reset the clock tree says what the core says.
  EXPECT_EQ(b.core_hz(), b.spec.core.reset_clock_hz);
  EXPECT_EQ(b.reports.size(), 0u);
}

TEST_P(Shipped, EachNumberSaysWhereItComesFrom) {
  const auto board = load_board(GetParam());
  ASSERT_TRUE(board);
  EXPECT_GE(board->figures.size(), 4u);
  for (const Figure& f : board->figures) {
    EXPECT_NE(f.source, "") << f.pointer;
    EXPECT_NE(f.certainty, "") << f.pointer;
  }
}

TEST_P(Shipped, AllDevicesStandRandomAccesses) {
  Board b(GetParam());
  std::uint32_t seed = 1;
  const auto next = [&] { return seed = seed * 1664525 + 1013904223, seed >> 8; };
  for (Cycle now = 0; now < 20000; now += 1 + next() % 50) {
    const auto i = next() % b.devices.size();
    const unsigned size = 1u << next() % 3;
    const std::uint32_t offset = next() % b.spec.devices[i].size & ~(size - 1);
    if (next() & 1)
      b.devices[i]->write(offset, size, next() << 8 ^ next(), now);
    else
      b.devices[i]->read(offset, size, now);
    b.events.run_due(now);
  }
}

std::string test_name(const testing::TestParamInfo<std::string>& board) {
  std::string name = board.param;
  for (char& c : name)
    if (c == '-') c = '_';
  return name;
}
INSTANTIATE_TEST_SUITE_P(Boards, Shipped, testing::ValuesIn(list_boards()), test_name);

TEST(ShippedBoards, TheKnownOnesAreThere) {
  EXPECT_THAT(list_boards(),
              testing::IsSupersetOf({"nucleo-l4r5zi", "nano33ble", "pico", "ibex-demo", "ibex-large", "mps2-an385",
                                     "mps2-an386", "mps2-an500", "nucleo-f446re", "nucleo-f767zi", "nucleo-h743zi",
                                     "nucleo-u575zi", "virt32", "rtl-ibex-small", "rtl-ibex-maxperf"}));
}

TEST(NucleoL4r5zi, HasTheMemoriesOfItsChip) {
  const auto board = load_board("nucleo-l4r5zi");
  ASSERT_TRUE(board);
  EXPECT_EQ(board->budget_bytes(BudgetKind::flash), 2u << 20);
  EXPECT_EQ(board->budget_bytes(BudgetKind::ram), 640u << 10);
  EXPECT_EQ(board->wait_states.at(0).max_hz.at(5), 120'000'000u);
}

// ---- the L4's clock tree, register by register as vendor code does it -----------------------------------------------

constexpr Address rcc_cr = 0x40021000, rcc_cfgr = 0x40021008, rcc_pllcfgr = 0x4002100C, flash_acr = 0x40022000;

TEST(NucleoL4r5zi, ResetsTo4MHz) {
  Board b("nucleo-l4r5zi");
  EXPECT_EQ(b.core_hz(), 4'000'000u);
  EXPECT_EQ(b.get(rcc_cr), 0x63u);  // MSI on and ready, range 6
}

TEST(NucleoL4r5zi, Reaches120MHzThroughThePll) {
  Board b("nucleo-l4r5zi");
  b.set(0x40007080, 0);     // PWR_CR5.R1MODE = 0: boost
  b.set(flash_acr, 0x705);  // 5 wait states, prefetch, caches
  EXPECT_EQ(b.get(flash_acr), 0x705u);
  EXPECT_EQ(b.front_ends["flash"]->wait_states(), 5u);
  b.set(rcc_pllcfgr, 1 | 60 << 8);  // MSI, M = 1, N = 60, R = 2
  b.set(rcc_cr, b.get(rcc_cr) | 1 << 24);
  EXPECT_TRUE(b.get(rcc_cr) & 1 << 25);  // PLLRDY
  b.set(rcc_cfgr, 3);
  EXPECT_EQ(b.get(rcc_cfgr) >> 2 & 3, 0u);  // PLLREN is still off: no switch
  b.set(rcc_pllcfgr, 1 | 60 << 8 | 1 << 24);
  EXPECT_EQ(b.get(rcc_cfgr) >> 2 & 3, 3u);
  EXPECT_EQ(b.core_hz(), 120'000'000u);
}

TEST(NucleoL4r5zi, Reaches120MHzFromHsiAsMlperfTinyDoes) {
  Board b("nucleo-l4r5zi");
  b.set(rcc_cr, b.get(rcc_cr) | 1 << 8);
  ASSERT_TRUE(b.get(rcc_cr) & 1 << 10);  // HSIRDY
  b.set(rcc_pllcfgr, 2 | 1 << 4 | 30 << 8 | 1 << 24);
  b.set(rcc_cr, b.get(rcc_cr) | 1 << 24);
  b.set(rcc_cfgr, 3);
  EXPECT_EQ(b.core_hz(), 120'000'000u);
}

TEST(NucleoL4r5zi, OtherSourcesAndTheAhbPrescaler) {
  Board b("nucleo-l4r5zi");
  b.set(rcc_cr, b.get(rcc_cr) | 1 << 8);
  b.set(rcc_cfgr, 1);
  EXPECT_EQ(b.core_hz(), 16'000'000u);
  b.set(rcc_cfgr, 1 | 0x9 << 4);  // HPRE: / 4
  EXPECT_EQ(b.core_hz(), 4'000'000u);
  b.set(rcc_cfgr, 0);
  b.set(rcc_cr, (b.get(rcc_cr) & ~0xF0u) | 11 << 4 | 1 << 3);  // MSI range 11
  EXPECT_EQ(b.core_hz(), 48'000'000u);
  b.set(rcc_pllcfgr, 1 | 5 << 4 | 20 << 8 | 1 << 24);  // 48 / 6 * 20 / 2
  b.set(rcc_cr, b.get(rcc_cr) | 1 << 24);
  b.set(rcc_cfgr, 3);
  EXPECT_EQ(b.core_hz(), 80'000'000u);
}

TEST(NucleoL4r5zi, AnOscillatorThatIsNotFittedIsSaid) {
  Board b("nucleo-l4r5zi");
  b.set(rcc_cr, b.get(rcc_cr) | 1 << 16);
  EXPECT_FALSE(b.get(rcc_cr) & 1 << 17);
  EXPECT_EQ(b.reports.count("RCC+0: HSE switched on, but the board has none"), 1u);
}

TEST(NucleoL4r5zi, TimersFollowTheirBusClock) {
  Board b("nucleo-l4r5zi");
  b.set(0x40000000, 1);  // TIM2.CR1.CEN
  EXPECT_EQ(b.get(0x40000024, 1000), 1000u);
  b.set(rcc_cfgr, 6 << 8, 1000);  // PPRE1: / 8, timers run at twice that
  EXPECT_EQ(b.get(0x40000024, 1400), 1100u);
}

// ---- the other boards' start-up -------------------------------------------------------------------------------------

TEST(Pico, Reaches125MHzAsTheSdkDoes) {
  Board b("pico");
  EXPECT_EQ(b.core_hz(), 6'500'000u);
  b.set(0x40024000, 0xFAB << 12 | 0xAA0);  // XOSC on
  ASSERT_TRUE(b.get(0x40024004) >> 31);
  b.set(0x40028000, 1);  // PLL_SYS: REFDIV 1
  b.set(0x40028008, 125);
  EXPECT_FALSE(b.get(0x40028000) >> 31);
  b.set(0x4002B004, 1 | 1 << 5);  // clear alias of PWR: PD, VCOPD
  EXPECT_TRUE(b.get(0x40028000) >> 31);
  b.set(0x4002800C, 6 << 16 | 2 << 12);
  b.set(0x4002B004, 1 << 3);         // POSTDIVPD
  b.set(0x40008030, 2);              // CLK_REF from XOSC
  EXPECT_EQ(b.get(0x40008038), 4u);  // SELECTED
  EXPECT_EQ(b.core_hz(), 12'000'000u);
  b.set(0x4000803C, 1);  // CLK_SYS from PLL_SYS
  EXPECT_EQ(b.get(0x40008044), 2u);
  EXPECT_EQ(b.core_hz(), 125'000'000u);
}

TEST(Pico, WatchdogResetsWhenItIsTriggered) {
  Board b("pico");
  b.set(0x40058000, 1u << 30);  // CTRL.ENABLE
  EXPECT_FALSE(b.reset);
  b.set(0x40058000, 1u << 31);  // CTRL.TRIGGER
  EXPECT_TRUE(b.reset);
}

TEST(Pico, TimerCountsMicroseconds) {
  Board b("pico");
  b.set(0x40024000, 0xFAB << 12);
  b.set(0x40008030, 2);            // 12 MHz reference, and core
  b.set(0x4005802C, 12 | 1 << 9);  // watchdog tick: 1 us
  ASSERT_TRUE(b.get(0x4005802C) & 1 << 10);
  EXPECT_EQ(b.get(0x40054028, 12'000'000), 1'000'000u);
  b.set(0x40054038, 1, 12'000'000);          // INTE alarm 0
  b.set(0x40054010, 1'000'500, 12'000'000);  // alarm in 500 us
  EXPECT_EQ(b.events.next(), 12'006'000u);
  b.events.run_due(12'006'000);
  EXPECT_TRUE(b.irq[0]);
  b.set(0x40054034, 1, 12'006'010);
  EXPECT_FALSE(b.irq[0]);
}

TEST(Nano33Ble, StartUpCodeSeesItsChip) {
  Board b("nano33ble");
  EXPECT_EQ(b.get(0x10000010), 4096u);     // FICR.CODEPAGESIZE
  EXPECT_EQ(b.get(0x10000100), 0x52840u);  // FICR.INFO.PART
  EXPECT_EQ(b.get(0x10001200), 18u);       // UICR.PSELRESET[0]: nothing to program
  b.set(0x40000000, 1);
  EXPECT_EQ(b.get(0x40000100), 1u);
  EXPECT_EQ(b.reports.size(), 0u);
}

TEST(Hifive1b, ReachesTheCrystalAndThePllAsFreedomMetalDoes) {
  Board b("hifive1b");
  EXPECT_EQ(b.core_hz(), 14'400'000u);
  b.set(0x10008004, 0x40000000);  // crystal on
  EXPECT_NE(b.get(0x10008004) >> 31, 0u);
  b.set(0x10008008, 1u << 18 | 1u << 17 | 1u << 16);
  EXPECT_EQ(b.core_hz(), 16'000'000u);
  EXPECT_TRUE(b.reports.empty());
}

TEST(Hifive1b, DevicesInterruptThroughThePlic) {
  Board b("hifive1b");
  b.set(0x0C000000 + 4 * 3, 1);  // priority of UART0
  b.set(0x0C002000, 1u << 3);
  b.set(0x10013008, 0x10001);
  b.set(0x10013010, 1);
  EXPECT_TRUE(b.irq[11]) << "machine external, not line 3";
  EXPECT_FALSE(b.irq[3]);
  EXPECT_EQ(b.get(0x0C200004), 3u);
}

TEST(Esp32c3, ReachesTheClocksOfItsPll) {
  Board b("esp32-c3");
  EXPECT_EQ(b.core_hz(), 20'000'000u);
  b.set(0x600C0058, 1u << 10);
  EXPECT_EQ(b.core_hz(), 80'000'000u);
  b.set(0x600C0008, 0x1D);
  EXPECT_EQ(b.core_hz(), 160'000'000u);
  b.set(0x600C0058, 0);
  EXPECT_EQ(b.core_hz(), 40'000'000u);
}

TEST(Esp32c3, SystemTimerCountsAt16MHzWhateverTheCoreRunsAt) {
  Board b("esp32-c3");
  b.set(0x60023004, 1u << 30, 2000);  // 100 us at 20 MHz
  EXPECT_NE(b.get(0x60023004) & 1u << 29, 0u);
  EXPECT_EQ(b.get(0x60023044), 1600u);
  b.set(0x600C0058, 1u << 10, 2000);  // 80 MHz
  b.set(0x60023004, 1u << 30, 2000 + 8000);
  EXPECT_EQ(b.get(0x60023044), 3200u);
}

TEST(Ch32v003, Reaches48MHzAsItsStartUpCodeDoes) {
  Board b("ch32v003");
  EXPECT_EQ(b.core_hz(), 8'000'000u);
  b.set(0x40022000, 1);  // one wait state
  EXPECT_EQ(b.front_ends["flash"]->wait_states(), 1u);
  b.set(0x40021004, 0);           // HCLK undivided, PLL from HSI
  b.set(0x40021000, 0x01000083);  // PLL on
  EXPECT_NE(b.get(0x40021000) & 1u << 25, 0u);
  b.set(0x40021004, 2);
  EXPECT_EQ(b.get(0x40021004) & 0xC, 8u);
  EXPECT_EQ(b.core_hz(), 48'000'000u);
  b.set(0x40021004, 2 | 9u << 4);
  EXPECT_EQ(b.core_hz(), 12'000'000u);
  EXPECT_TRUE(b.reports.empty());
}

TEST(Ch32v003, SysTickMatchesAsDelayLoopsWait) {
  Board b("ch32v003");
  b.set(0xE000F010, 10);
  b.set(0xE000F008, 0);
  b.set(0xE000F000, 1);  // an eighth of HCLK
  EXPECT_EQ(b.get(0xE000F004, 79), 0u);
  EXPECT_EQ(b.get(0xE000F008, 79), 9u);
  EXPECT_EQ(b.get(0xE000F004, 80), 1u);
  b.set(0xE000F004, 0, 81);
  EXPECT_EQ(b.get(0xE000F004, 82), 0u);
}

TEST(Virt32, EndsThroughTheFinisher) {
  Board b("virt32");
  b.set(0x00100000, 0x5555);
  EXPECT_EQ(b.status, 0);
}

// ---- STM32F4 and F7, as their start-up code does it -----------------------------------------------------------------

TEST(NucleoF446re, Reaches180MHzWithOverDriveAndTheAccelerator) {
  Board b("nucleo-f446re");
  EXPECT_EQ(b.core_hz(), 16'000'000u);
  b.set(0x40007000, 0xC000 | 1 << 16);  // PWR_CR.ODEN
  EXPECT_TRUE(b.get(0x40007004) & 1 << 16);
  b.set(0x40007000, 0xC000 | 3 << 16);  // ODSWEN
  EXPECT_TRUE(b.get(0x40007004) & 1 << 17);
  b.set(0x40023C00, 0x705);  // 5 wait states, prefetch, both caches
  EXPECT_EQ(b.front_ends["flash"]->wait_states(), 5u);
  b.set(0x40023804, 8 | 180 << 6 | 0 << 16 | 1 << 22 | 2 << 28);  // HSE 8 MHz / 8 * 180 / 2 (P), R 2
  b.set(0x40023800, b.get(0x40023800) | 1 << 16 | 1 << 24);       // HSEON, PLLON
  EXPECT_TRUE(b.get(0x40023800) & 1 << 25);
  b.set(0x40023808, 2 | 5 << 10 | 4 << 13);  // PLL, APB1 / 4, APB2 / 2
  EXPECT_EQ(b.get(0x40023808) & 0xC, 8u);
  EXPECT_EQ(b.core_hz(), 90'000'000u);
  b.set(0x40023808, 0);
  b.set(0x40023804, 8 | 360 << 6 | 0 << 16 | 1 << 22 | 2 << 28);
  b.set(0x40023808, 2 | 5 << 10 | 4 << 13);
  EXPECT_EQ(b.core_hz(), 180'000'000u);
  EXPECT_EQ(b.clocks.hz("tim_apb1"), 90'000'000u);
  EXPECT_EQ(b.clocks.hz("tim_apb2"), 180'000'000u);
}

TEST(NucleoF446re, TheAcceleratorCachesLinesOfOneFlashWord) {
  Board b("nucleo-f446re");
  b.set(0x40023C00, 0x605);  // 5 wait states, both caches, no prefetch
  auto& flash = *b.front_ends["flash"];
  EXPECT_EQ(flash.fetch(0x08000000, 100), 5u);
  EXPECT_EQ(flash.fetch(0x08000010, 200), 5u);
  EXPECT_EQ(flash.fetch(0x08000000, 300), 0u);
  for (Address a = 0; a < 8; ++a) flash.data_read(0x08001000 + 16 * a, 400 + 10 * a);
  EXPECT_EQ(flash.data_read(0x08001004, 600), 0u) << "eight data lines";
  flash.data_read(0x08001080, 700);
  EXPECT_EQ(flash.data_read(0x08001010, 800), 5u) << "the ninth drove the oldest out";
}

// ---- the RP2350's clocks and what reads its flash

TEST(Pico2, Reaches150MHzAsTheSdkDoes) {
  Board b("pico2");
  EXPECT_EQ(b.core_hz(), 11'000'000u);        // ring oscillator
  b.set(0x40048000, 0xFABAA0);                // XOSC_CTRL
  EXPECT_TRUE(b.get(0x40048004) & 1u << 31);  // STABLE
  b.set(0x40010030, 2);                       // CLK_REF: crystal
  EXPECT_EQ(b.clocks.hz("clk_ref"), 12'000'000u);
  b.set(0x40050000, 1);                  // PLL_SYS: REFDIV 1
  b.set(0x40050008, 125);                // FBDIV
  b.set(0x40053004, 1 << 0 | 1 << 5);    // PWR: PLL and VCO on
  b.set(0x4005000C, 5 << 16 | 2 << 12);  // PRIM: / 5 / 2
  b.set(0x40053004, 1 << 3);             // post dividers on
  b.set(0x4001003C, 0);                  // CLK_SYS: PLL_SYS as auxiliary source,
  b.set(0x4001003C, 1);                  // selected
  EXPECT_EQ(b.core_hz(), 150'000'000u);
  b.set(0x40010040, 1u << 16 | 1u << 15);  // CLK_SYS_DIV: by 1.5, 16 bits of fraction
  EXPECT_EQ(b.core_hz(), 100'000'000u);
  EXPECT_EQ(b.reports.size(), 0u);
}

TEST(Pico2, ItsTimersCountTicksOfTheTickGenerator) {
  Board b("pico2");
  b.set(0x40048000, 0xFABAA0);
  b.set(0x40010030, 2);   // CLK_REF: 12 MHz
  b.set(0x4010801C, 12);  // TICKS: TIMER0 by 12
  b.set(0x40108018, 1);
  EXPECT_EQ(b.get(0x40108018), 3u);  // RUNNING
  EXPECT_EQ(b.clocks.hz("tick_timer0"), 1'000'000u);
  const std::uint32_t before = b.get(0x400B0028, 1000);         // TIMERAWL
  EXPECT_EQ(b.get(0x400B0028, 1000 + 11'000) - before, 1000u);  // 1 ms at 11 MHz
}

TEST(Pico2, AMissOfTheXipCacheCostsWhatTheFlashInterfaceIsProgrammedFor) {
  Board b("pico2");
  memory::FlashTiming& flash = *b.front_ends["flash"];
  // As the boot ROM leaves it: 8 + 6 + 2 + 4 + 16 serial clocks for command, address, suffix, dummies and 8 bytes of
  // data, 3 core cycles each; then the word itself, and 6 cycles of bus.
  EXPECT_EQ(flash.data_read(0x10000000, 1000), 36 * 3 + 6u);
  EXPECT_EQ(flash.data_read(0x10000004, 2000), 0u) << "the same line";
  // As the SDK's set-up leaves it: continuous read without command, divider 2.
  b.set(0x400D000C, 0x60007202);
  b.set(0x400D0010, 0x000482A8);
  EXPECT_EQ(flash.data_read(0x10001000, 3000), 28 * 2 + 6u);
  EXPECT_EQ(b.front_ends["flash_no_cache"]->data_read(0x14002000, 4000), 20 * 2 + 6u) << "one word";
}

TEST(Pico2, TheNextLineCostsItsDataAloneWhileChipSelectIsHeld) {
  Board b("pico2");
  memory::FlashTiming& flash = *b.front_ends["flash"];
  b.set(0x400D000C, 0x60007202);  // COOLDOWN 1: 64 cycles; PAGEBREAK 1024; divider 2
  b.set(0x400D0010, 0x000482A8);
  EXPECT_EQ(flash.data_read(0x10000000, 1000), 28 * 2 + 6u);  // until 1063
  EXPECT_EQ(flash.data_read(0x10000008, 1100), 16 * 2 + 6u);  // until 1139
  EXPECT_EQ(flash.data_read(0x10000010, 1210), 28 * 2 + 6u) << "more than 64 cycles later";
  EXPECT_EQ(flash.data_read(0x10000020, 1280), 28 * 2 + 6u) << "one line was left out";
  EXPECT_EQ(flash.data_read(0x100003f8, 2000), 28 * 2 + 6u);
  EXPECT_EQ(flash.data_read(0x10000400, 2070), 28 * 2 + 6u) << "a new page";
  b.set(0x400D000C, 0x20007202);  // no cool-down
  flash.data_read(0x10001000, 3000);
  EXPECT_EQ(flash.data_read(0x10001008, 3064), 28 * 2 + 6u);
}

TEST(Pico, AMissReadsHalfALineOfTheXipCache) {
  Board b("pico");
  memory::FlashTiming& flash = *b.front_ends["flash"];
  const std::uint32_t miss = flash.data_read(0x10000000, 1000);
  EXPECT_EQ(miss, 48u);
  EXPECT_EQ(flash.data_read(0x10000004, 2000), miss) << "the other half";
  EXPECT_EQ(flash.data_read(0x10000000, 3000), 0u);
  // One place in two ways: three lines of a set drive each other out, with both halves.
  flash.data_read(0x10002000, 4000);
  flash.data_read(0x10004000, 5000);
  EXPECT_EQ(flash.data_read(0x10000000, 6000), miss);
  EXPECT_EQ(flash.data_read(0x10000004, 7000), miss) << "the line came back with one half";
}

// ---- the H7's clock tree
constexpr Address h7_rcc = 0x58024400;

TEST(NucleoH743zi, Reaches480MHzWithItsBusesAtHalfOfIt) {
  Board b("nucleo-h743zi");
  EXPECT_EQ(b.core_hz(), 64'000'000u);
  b.set(h7_rcc + 0x28, 4 << 4);                           // PLLCKSELR: HSI / 4
  b.set(h7_rcc + 0x30, 59 | 1 << 9 | 1 << 16 | 1 << 24);  // PLL1DIVR: N = 60, P = 2
  b.set(h7_rcc + 0x00, b.get(h7_rcc) | 1 << 24);          // PLL1ON
  EXPECT_TRUE(b.get(h7_rcc) & 1 << 25);                   // PLL1RDY
  b.set(h7_rcc + 0x18, 8 | 4 << 4);                       // D1CFGR: HPRE / 2
  b.set(h7_rcc + 0x1C, 4 << 4 | 5 << 8);                  // D2CFGR: APB1 / 2, APB2 / 4
  b.set(h7_rcc + 0x10, 3);                                // CFGR: SW = PLL1
  EXPECT_EQ(b.get(h7_rcc + 0x10) >> 3 & 7, 3u);           // SWS
  EXPECT_EQ(b.core_hz(), 480'000'000u);
  EXPECT_EQ(b.clocks.hz("hclk"), 240'000'000u);
  EXPECT_EQ(b.clocks.hz("tim_apb1"), 240'000'000u);  // doubled: APB1 is divided
  EXPECT_EQ(b.clocks.hz("tim_apb2"), 120'000'000u);
  EXPECT_EQ(b.reports.size(), 0u);
}

TEST(NucleoH743zi, OtherSourcesAndBothPrescalers) {
  Board b("nucleo-h743zi");
  b.set(h7_rcc, b.get(h7_rcc) | 1 << 3);  // HSIDIV: by 2
  EXPECT_EQ(b.core_hz(), 32'000'000u);
  b.set(h7_rcc + 0x10, 1);  // CSI
  EXPECT_EQ(b.core_hz(), 4'000'000u);
  b.set(h7_rcc, b.get(h7_rcc) | 1 << 16);
  ASSERT_TRUE(b.get(h7_rcc) & 1 << 17);  // HSERDY
  b.set(h7_rcc + 0x10, 2);
  EXPECT_EQ(b.core_hz(), 8'000'000u);
  b.set(h7_rcc + 0x18, 8 << 8);  // D1CPRE: the core at half of SYSCLK
  EXPECT_EQ(b.core_hz(), 4'000'000u);
  EXPECT_EQ(b.clocks.hz("hclk"), 4'000'000u);
}

TEST(NucleoH743zi, AFlashReadCostsMoreCoreCyclesWhenTheBusIsSlower) {
  Board b("nucleo-h743zi");
  memory::FlashTiming& flash = *b.front_ends["flash"];
  b.set(0x52002000, 4 | 2 << 4);  // FLASH_ACR: 4 wait states
  EXPECT_EQ(flash.wait_states(), 4u);
  const std::uint32_t undivided = flash.data_read(0x08000000, 1000);
  b.set(h7_rcc + 0x18, 8);  // HPRE / 2
  const std::uint32_t divided = flash.data_read(0x08001000, 2000);
  EXPECT_EQ(divided, undivided + 5);  // each of the array's 5 bus cycles takes one core cycle more
}

TEST(NucleoF767zi, BothWaysToItsFlashHaveTheProgrammedWaitStates) {
  Board b("nucleo-f767zi");
  b.set(0x40023C00, 7 | 1 << 8 | 1 << 9);  // 7 wait states, PRFTEN, ARTEN
  auto &axi = *b.front_ends["flash"], &itcm = *b.front_ends["flash_ITCM"];
  EXPECT_EQ(itcm.fetch(0x00200000, 100), 7u);
  EXPECT_EQ(itcm.fetch(0x00200000, 200), 0u) << "the accelerator holds it";
  EXPECT_EQ(axi.fetch(0x08000000, 300), 7u + 4u) << "the bus and the line fill come on top";
  EXPECT_EQ(axi.fetch(0x08000020, 400), 7u + 4u);
  EXPECT_EQ(axi.fetch(0x08000000, 500), 7u + 4u) << "the core's caches are off at reset";
  axi.set_icache(true);
  axi.fetch(0x08000040, 600);
  axi.fetch(0x08000020, 700);
  EXPECT_EQ(axi.fetch(0x08000040, 800), 0u);
}

TEST(NucleoU575zi, Reaches160MHzAndItsCacheServesInstructionsAndConstants) {
  Board b("nucleo-u575zi");
  EXPECT_EQ(b.core_hz(), 4'000'000u);
  b.set(0x4602080C, 3 << 16 | 1 << 18);  // VOSR: range 1, booster
  EXPECT_EQ(b.get(0x4602080C) & 0xC000, 0xC000u);
  b.set(0x40022000, 4);
  b.set(0x46020C08, 0u << 28 | 1u << 23);  // MSIS 48 MHz
  EXPECT_EQ(b.core_hz(), 48'000'000u);
  b.set(0x46020C28, 1 | 2 << 8 | 1 << 18);                    // MSIS / 3, R
  b.set(0x46020C34, (10 - 1) | 1 << 9 | 1 << 16 | 0u << 24);  // N 10, R 1
  b.set(0x46020C00, b.get(0x46020C00) | 1 << 24);
  EXPECT_TRUE(b.get(0x46020C00) & 1 << 25);
  b.set(0x46020C1C, 3);
  EXPECT_EQ(b.core_hz(), 160'000'000u);
  auto& flash = *b.front_ends["flash"];
  EXPECT_EQ(flash.wait_states(), 4u);
  EXPECT_EQ(flash.data_read(0x08000100, 100), 6u) << "4 wait states and 2 of the bus";
  b.set(0x40030400, 5);  // ICACHE on
  flash.data_read(0x08000300, 200);
  flash.data_read(0x08000200, 300);
  EXPECT_EQ(flash.data_read(0x08000300, 400), 0u);
  EXPECT_EQ(flash.fetch(0x08000300, 500), 0u) << "one cache for both";
}

}  // namespace
}  // namespace mj
