// A device that a board file describes register by register.
#include <gtest/gtest.h>

#include "tests/peripherals/bench.h"

namespace mj::peripherals {
namespace {

struct Declared : testing::Test, Bench {
  Declared() {
    memory::FlashTimingParams p;
    p.icache_lines = 4;
    flash = std::make_unique<memory::FlashTiming>(p);
  }
};

TEST_F(Declared, KeepsWhatIsWrittenButReadOnlyBits) {
  auto& d = make("registers", {}, {{"reset", {0x0, 0x83, 0x8, 0}}, {"read_only", {0x0, 0x2}}});
  EXPECT_EQ(d.read(0, 4, 0), 0x83u);
  d.write(0, 4, 0xFFFF'FFFD, 0);
  EXPECT_EQ(d.read(0, 4, 0), 0xFFFF'FFFFu);
  d.write(0, 4, 0, 0);
  EXPECT_EQ(d.read(0, 4, 0), 2u);
  EXPECT_TRUE(reports.empty());
  d.read(0x40, 4, 0);
  EXPECT_EQ(reports.size(), 1u) << "what is not declared is reported";
}

TEST_F(Declared, ReadyFollowsEnableInEitherDirection) {
  auto& d =
      make("registers", {},
           {{"reset", {0x0, 0, 0x4, 0}}, {"follow_left", {0x0, 1, 0x0, 2}}, {"follow_right", {0x0, 0x100, 0x4, 8}}});
  d.write(0, 4, 0x101, 0);
  EXPECT_EQ(d.read(0, 4, 0), 0x105u);
  EXPECT_EQ(d.read(4, 4, 0), 1u);
  d.write(0, 4, 0, 0);
  EXPECT_EQ(d.read(4, 4, 0), 0u);
}

TEST_F(Declared, DrivesTheCoresClock) {
  auto& d =
      make("registers", {}, {{"reset", {0x0, 6}}, {"core_hz_when", {0, 0x1F, 6, 48'000'000, 0, 0x1F, 7, 120'000'000}}});
  EXPECT_EQ(clocks.hz(ClockNets::core), 48'000'000u);
  d.write(0, 4, 0x107, 10);
  EXPECT_EQ(clocks.hz(ClockNets::core), 120'000'000u);
  d.write(0, 4, 0x105, 20);
  EXPECT_EQ(clocks.hz(ClockNets::core), 120'000'000u) << "a source that is not declared changes nothing";
}

TEST_F(Declared, ProgramsAFlashFrontEnd) {
  auto& d =
      make("registers", {},
           {{"reset", {0x0, 0, 0x4, 0, 0x8, 0}}, {"wait_states", {0, 0xF00}}, {"icache", {4, 1}}, {"flush", {8, 1}}},
           {{"flash", "flash"}});
  d.write(0, 4, 0x500, 0);
  EXPECT_EQ(flash->wait_states(), 5u);
  EXPECT_EQ(flash->fetch(0x100, 100), 5u);
  EXPECT_EQ(flash->fetch(0x200, 200), 5u);
  EXPECT_EQ(flash->fetch(0x100, 300), 5u) << "no cache yet";
  d.write(4, 4, 1, 0);
  flash->fetch(0x300, 400);
  flash->fetch(0x200, 500);
  EXPECT_EQ(flash->fetch(0x300, 600), 0u);
  d.write(8, 4, 1, 0);
  flash->fetch(0x200, 700);
  EXPECT_EQ(flash->fetch(0x300, 800), 5u) << "emptied";
}

TEST_F(Declared, ListsOfOddLengthAndAnyNumbersDoNoHarm) {
  auto& d = make("registers", {},
                 {{"reset", {0x0}},
                  {"storage", {0x3, 0xFFFFFFFFF}},
                  {"follow_left", {0, 1, 2}},
                  {"read_only", {7}},
                  {"core_hz_when", {1, 2, 3}},
                  {"wait_states", {5}}});
  d.write(0, 1, 0xFF, 0);
  d.read(3, 1, 0);
}

}  // namespace
}  // namespace mj::peripherals
