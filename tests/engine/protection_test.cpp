// What the engine does with a Protection, whatever made it: refused accesses and fetches, on pages and parts of pages.
#include "memory/protection.h"

#include "tests/engine/bench.h"

namespace mj {
namespace {

using memory::Protection;
using test::Bench;
using Why = BadAccess::Why;
constexpr std::uint8_t rwx = memory::permit_read | memory::permit_write | memory::permit_execute;
constexpr Address sram = 0x20000000;

TEST(Protection, PermitsOnlyWhatAllOfItsBytesPermit) {
  const Protection p({{0x1000, 0x1fff, rwx}, {0x2000, 0x20ff, memory::permit_read}, {0x3000, 0xffffffff, rwx}});
  EXPECT_EQ(p.permits(0x1000, 0x1fff), rwx);
  EXPECT_EQ(p.permits(0x1ffe, 0x2001), memory::permit_read);
  EXPECT_EQ(p.permits(0x20fe, 0x2101), 0);  // runs into the gap
  EXPECT_EQ(p.permits(0x2800, 0x2803), 0);
  EXPECT_EQ(p.permits(0x0ffc, 0x1003), 0);
  EXPECT_EQ(p.permits(0xfffffffc, 0xffffffff), rwx);
}

TEST(Protection, ARunEndsWhereThePermitsChange) {
  const Protection p({{0x1000, 0x1fff, rwx}, {0x2000, 0x2fff, rwx}, {0x4000, 0xffffffff, memory::permit_read}});
  EXPECT_EQ(p.run_at(0), (memory::ProtectionRange{0, 0xfff, 0}));
  EXPECT_EQ(p.run_at(0x1800), (memory::ProtectionRange{0x1800, 0x2fff, rwx}));
  EXPECT_EQ(p.run_at(0x3000), (memory::ProtectionRange{0x3000, 0x3fff, 0}));
  EXPECT_EQ(p.run_at(0x5000), (memory::ProtectionRange{0x5000, 0xffffffff, memory::permit_read}));
  EXPECT_EQ(Protection({}).run_at(7), (memory::ProtectionRange{7, 0xffffffff, 0}));
}

TEST(Protection, TwoThatDifferInDataOnlyFetchAlike) {
  const Protection a({{0, 0xfff, rwx}, {0x1000, 0x1fff, memory::permit_read}});
  const Protection b({{0, 0x7ff, rwx}, {0x800, 0xfff, memory::permit_execute}});
  EXPECT_EQ(a.fetchable(), b.fetchable());
}

/// Firmware whose first function `main` is left to the test; everything is permitted but `exceptions` in RAM.
class Protected : public test::Arm {
 protected:
  static void protect(Bench& b, std::vector<memory::ProtectionRange> in_ram) {
    std::vector<memory::ProtectionRange> ranges{{0, sram - 1, rwx}};
    Address at = sram;
    for (const auto& r : in_ram) {
      if (r.first > at) ranges.push_back({at, r.first - 1, rwx});
      ranges.push_back(r);
      at = r.last + 1;
    }
    ranges.push_back({at, 0xffffffff, rwx});
    b.engine().set_protection(std::make_shared<Protection>(ranges));
  }
  static const BadAccess& access(Bench& b) { return b.engine().first_fault()->access; }
};

TEST_F(Protected, AStoreToAPageThatMayOnlyBeRead) {
  Bench b("mps2-an386", "func main\n ldr r4, =0x20001000\n ldr r0, [r4]\n movs r1, #7\nhere:\n str r1, [r4]\n b .\n");
  protect(b, {{sram + 0x1000, sram + 0x1fff, memory::permit_read}});
  b.run();
  ASSERT_TRUE(b.engine().first_fault());
  EXPECT_EQ(b.engine().first_fault()->pc, b.at("here"));
  EXPECT_EQ(access(b).why, Why::forbidden);
  EXPECT_EQ(access(b).address, sram + 0x1000);
  EXPECT_TRUE(access(b).write);
  EXPECT_EQ(b.word(sram + 0x1000), 0u);
}

TEST_F(Protected, ThirtyTwoForbiddenBytesLeaveTheRestOfTheirPageAlone) {
  Bench b("mps2-an386",
          "func main\n ldr r4, =0x20001000\n str r4, [r4, #28]\n str r4, [r4, #64]\nhere:\n ldr r0, [r4, #60]\n b .\n");
  protect(b, {{sram + 0x1020, sram + 0x103f, 0}});
  b.run();
  ASSERT_TRUE(b.engine().first_fault());
  EXPECT_EQ(b.engine().first_fault()->pc, b.at("here"));
  EXPECT_EQ(b.word(sram + 0x101c), sram + 0x1000);
  EXPECT_EQ(b.word(sram + 0x1040), sram + 0x1000);
}

TEST_F(Protected, CodeThatMayNotBeFetchedFaultsAtItsFirstInstruction) {
  Bench b("mps2-an386",
          "func main\n ldr r4, =0x20001000\n ldr r0, =0x4770bf00\n str r0, [r4]\n adds r4, #1\n blx r4\n b .\n");
  protect(b, {{sram + 0x1000, sram + 0x1fff, memory::permit_read | memory::permit_write}});
  b.run();
  ASSERT_TRUE(b.engine().first_fault());
  EXPECT_EQ(b.engine().first_fault()->pc, sram + 0x1000);
  EXPECT_TRUE(access(b).fetch);
  EXPECT_EQ(access(b).why, Why::forbidden);
}

TEST_F(Protected, ABlockEndsWhereFetchingMustAndFaultsThere) {
  Bench b("mps2-an386",
          "func main\n ldr r4, =0x20001000\n ldr r0, =0xbf00bf00\n str r0, [r4]\n str r0, [r4, #4]\n adds r4, #1\n blx "
          "r4\n b .\n");
  protect(b, {{sram + 0x1004, sram + 0x1fff, memory::permit_read | memory::permit_write}});
  b.run();
  ASSERT_TRUE(b.engine().first_fault());
  EXPECT_EQ(b.engine().first_fault()->pc, sram + 0x1004);
}

TEST_F(Protected, TheSameCodeIsFoundAgainWhenProtectionsAlternate) {
  Bench b("mps2-an386", "func main\n ldr r4, =0x20001000\nloop:\n str r4, [r4]\n adds r0, #1\n b loop\n");
  const std::vector<memory::ProtectionRange> one{{sram + 0x4000, sram + 0x4fff, 0}},
      two{{sram + 0x5000, sram + 0x5fff, 0}};
  std::size_t blocks = 0;
  for (unsigned i = 0; i < 40; ++i) {
    protect(b, i % 2 ? one : two);
    b.engine().run(b.now() + 1000);
    if (i == 4) blocks = b.engine().blocks().size();
  }
  EXPECT_EQ(b.engine().blocks().size(), blocks);
  b.expect_conserved();
}

}  // namespace
}  // namespace mj
