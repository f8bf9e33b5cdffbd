// The MPU's state: what its registers hold, and what is permitted where. Read next to ARMv7-M B3.5 and Armv8-M B8.
#include "isa/thumb/mpu.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>

namespace mj::isa::thumb {
namespace {

constexpr std::uint8_t r = mpu_read, rx = mpu_read | mpu_execute, rw = mpu_read | mpu_write,
                       rwx = mpu_read | mpu_write | mpu_execute;
constexpr bool privileged = true, unprivileged = false;
constexpr bool ordinary = false, hardfault_or_nmi = true;

// RASR fields of PMSAv7.
constexpr std::uint32_t xn = 1u << 28, on = 1;
constexpr std::uint32_t ap(std::uint32_t v) { return v << 24; }
constexpr std::uint32_t srd(std::uint32_t v) { return v << 8; }
/// SIZE for 2^log2 bytes.
constexpr std::uint32_t size(std::uint32_t log2) { return (log2 - 1) << 1; }
// RBAR fields of PMSAv8.
constexpr std::uint32_t v8_any_rw = 1 << 1, v8_priv_rw = 0, v8_any_ro = 3 << 1, v8_priv_ro = 2 << 1, v8_xn = 1;

MpuConfig v7(unsigned regions = 8) { return {.pmsav8 = false, .regions = regions}; }
MpuConfig v8(unsigned regions = 8) { return {.pmsav8 = true, .regions = regions}; }

void region7(Mpu& mpu, unsigned n, std::uint32_t base, std::uint32_t rasr) {
  mpu.set_rnr(n);
  mpu.set_rbar(base);
  mpu.set_rasr_or_rlar(rasr | on);
}
/// `last`: the last 32 bytes of the region, RLAR's LIMIT.
void region8(Mpu& mpu, unsigned n, std::uint32_t base, std::uint32_t access, std::uint32_t last) {
  mpu.set_rnr(n);
  mpu.set_rbar(base | access);
  mpu.set_rasr_or_rlar((last & ~31u) | on);
}
std::uint8_t may(const Mpu& mpu, std::uint32_t address, bool who = privileged, bool when = ordinary) {
  return mpu.at(address, who, when).permits;
}

// ---- default memory map: B3.1 ---------------------------------------------------------------------------------------

TEST(DefaultMap, DeviceMemoryAndSystemSpaceAreNotExecutable) {
  const Mpu mpu(v7());
  EXPECT_EQ(may(mpu, 0x00000000), rwx);
  EXPECT_EQ(may(mpu, 0x3fffffff), rwx);
  EXPECT_EQ(may(mpu, 0x40000000), rw);
  EXPECT_EQ(may(mpu, 0x5fffffff), rw);
  EXPECT_EQ(may(mpu, 0x60000000), rwx);
  EXPECT_EQ(may(mpu, 0x9fffffff), rwx);
  EXPECT_EQ(may(mpu, 0xa0000000), rw);
  EXPECT_EQ(may(mpu, 0xe0000000), rw);
  EXPECT_EQ(may(mpu, 0xffffffff), rw);
}

TEST(DefaultMap, ThePrivatePeripheralBusIsForPrivilegedCode) {
  const Mpu mpu(v7());
  EXPECT_EQ(may(mpu, 0xdfffffff, unprivileged), rw);
  EXPECT_EQ(may(mpu, 0xe0000000, unprivileged), 0);
  EXPECT_EQ(may(mpu, 0xe00fffff, unprivileged), 0);
  EXPECT_EQ(may(mpu, 0xe0100000, unprivileged), rw);
}

TEST(DefaultMap, FlattensToItsBlocks) {
  const std::vector<MpuRange> expected{{0x00000000, 0x3fffffff, rwx},
                                       {0x40000000, 0x5fffffff, rw},
                                       {0x60000000, 0x9fffffff, rwx},
                                       {0xa0000000, 0xffffffff, rw}};
  EXPECT_EQ(Mpu(v7()).flatten(privileged, ordinary), expected);
  EXPECT_EQ(Mpu(v7(0)).flatten(privileged, ordinary), expected);
}

// ---- registers ------------------------------------------------------------------------------------------------------

TEST(MpuRegisters, ACoreWithoutMpuReadsZeroEverywhere) {
  Mpu mpu(v7(0));
  mpu.set_ctrl(5);
  mpu.set_rbar(0x20000000);
  mpu.set_rasr_or_rlar(0xffffffff);
  EXPECT_EQ(mpu.type(), 0u);
  EXPECT_EQ(mpu.ctrl(), 0u);
  EXPECT_EQ(mpu.rbar(), 0u);
  EXPECT_EQ(mpu.rasr_or_rlar(), 0u);
}

TEST(MpuRegisters, TypeTellsTheNumberOfRegions) { EXPECT_EQ(Mpu(v7(8)).type(), 0x800u); }

TEST(MpuRegisters, RbarWithValidSelectsTheRegion) {
  Mpu mpu(v7());
  mpu.set_rnr(2);
  mpu.set_rbar(0x20000000 | 1 << 4 | 5);  // VALID, REGION = 5
  EXPECT_EQ(mpu.rnr(), 5u);
  EXPECT_EQ(mpu.rbar(), 0x20000005u);  // VALID reads as 0, REGION as RNR
  mpu.set_rbar(0x10000000 | 3);        // without VALID, REGION is ignored
  EXPECT_EQ(mpu.rnr(), 5u);
  EXPECT_EQ(mpu.rbar(), 0x10000005u);
}

TEST(MpuRegisters, RegionsThatDoNotExistCannotBeSelected) {
  Mpu mpu(v7());
  mpu.set_rnr(7);
  mpu.set_rnr(8);
  EXPECT_EQ(mpu.rnr(), 7u);
  mpu.set_rbar(0x20000000 | 1 << 4 | 12);
  EXPECT_EQ(mpu.rnr(), 7u);
  EXPECT_EQ(mpu.rbar(), 7u);
}

TEST(MpuRegisters, AliasesOfPmsav7WriteTheSelectedRegion) {
  Mpu mpu(v7());
  mpu.set_rbar(0x20000000 | 1 << 4 | 1);
  mpu.set_rasr_or_rlar(ap(3) | size(12) | on);
  mpu.set_rbar(0x30000000 | 1 << 4 | 2, 1);
  mpu.set_rasr_or_rlar(ap(6) | size(13) | on, 1);
  mpu.set_rnr(1);
  EXPECT_EQ(mpu.rasr_or_rlar(), ap(3) | size(12) | on);
  mpu.set_rnr(2);
  EXPECT_EQ(mpu.rbar(3), 0x30000002u);
  EXPECT_EQ(mpu.rasr_or_rlar(3), ap(6) | size(13) | on);
}

TEST(MpuRegisters, AliasesOfPmsav8AreTheOthersOfFour) {
  Mpu mpu(v8());
  mpu.set_rnr(5);
  mpu.set_rbar(0x20000000, 0);
  mpu.set_rbar(0x20001000, 1);
  mpu.set_rbar(0x20003000, 3);
  mpu.set_rnr(7);
  EXPECT_EQ(mpu.rbar(), 0x20003000u);
  mpu.set_rnr(5);
  EXPECT_EQ(mpu.rbar(), 0x20001000u);  // alias 1 of group 4..7 is region 5 itself
}

TEST(MpuRegisters, WithoutAliasesTheyIgnoreWrites) {
  Mpu mpu({.pmsav8 = false, .regions = 8, .least_region = 256, .aliases = false});
  mpu.set_rbar(0x20000000, 1);
  mpu.set_rasr_or_rlar(0xff, 2);
  EXPECT_EQ(mpu.rbar(), 0u);
  EXPECT_EQ(mpu.rasr_or_rlar(), 0u);
  EXPECT_EQ(mpu.rbar(1), 0u);
}

TEST(MpuRegisters, EachChangeHasAVersion) {
  Mpu mpu(v8());
  const auto before = mpu.version();
  mpu.set_rnr(3);  // selects, but permits nothing else
  EXPECT_EQ(mpu.version(), before);
  mpu.set_rbar(0x20000000);
  EXPECT_NE(mpu.version(), before);
}

// ---- PMSAv7: B3.5.1-3 -----------------------------------------------------------------------------------------------

TEST(Pmsav7, NothingIsPermittedOutsideOfRegionsWithoutBackground) {
  Mpu mpu(v7());
  region7(mpu, 0, 0x20000000, ap(3) | size(12));
  mpu.set_ctrl(mpu_enable);
  EXPECT_EQ(may(mpu, 0x1fffffff), 0);
  EXPECT_EQ(may(mpu, 0x20000000), rwx);
  EXPECT_EQ(may(mpu, 0x20000fff), rwx);
  EXPECT_EQ(may(mpu, 0x20001000), 0);
  EXPECT_EQ(may(mpu, 0xe000e010), rw);  // no region applies to the Private Peripheral Bus
}

TEST(Pmsav7, BackgroundIsForPrivilegedCodeOnly) {
  Mpu mpu(v7());
  mpu.set_ctrl(mpu_enable | mpu_privdefena);
  EXPECT_EQ(may(mpu, 0x00000000, privileged), rwx);
  EXPECT_EQ(may(mpu, 0x00000000, unprivileged), 0);
}

TEST(Pmsav7, AccessPermissions) {
  Mpu mpu(v7());
  mpu.set_ctrl(mpu_enable);
  // AP, privileged, unprivileged (table B3-15)
  constexpr std::uint8_t rows[][3] = {{0, 0, 0}, {1, rwx, 0}, {2, rwx, rx}, {3, rwx, rwx},
                                      {4, 0, 0}, {5, rx, 0},  {6, rx, rx},  {7, rx, rx}};
  for (const auto& [code, priv, user] : rows) {
    region7(mpu, 0, 0, ap(code) | size(16));
    EXPECT_EQ(may(mpu, 0x1000, privileged), priv) << int{code};
    EXPECT_EQ(may(mpu, 0x1000, unprivileged), user) << int{code};
    region7(mpu, 0, 0, ap(code) | size(16) | xn);
    EXPECT_EQ(may(mpu, 0x1000, privileged), priv & rw) << int{code};
    EXPECT_EQ(may(mpu, 0x1000, unprivileged), user & rw) << int{code};
  }
}

TEST(Pmsav7, TheHighestNumberedRegionWins) {
  Mpu mpu(v7());
  region7(mpu, 2, 0x20000000, ap(6) | size(16));
  region7(mpu, 1, 0x20000000, ap(3) | size(12));
  mpu.set_ctrl(mpu_enable);
  EXPECT_EQ(mpu.at(0x20000000, privileged, ordinary), (MpuRange{0x20000000, 0x20000000, rx, 2}));
  region7(mpu, 3, 0x20000100, ap(1) | size(8));
  EXPECT_EQ(may(mpu, 0x200000ff, unprivileged), rx);
  EXPECT_EQ(may(mpu, 0x20000100, unprivileged), 0);
  EXPECT_EQ(may(mpu, 0x20000200, unprivileged), rx);
}

TEST(Pmsav7, ADisabledSubregionLetsTheRegionBelowThrough) {
  Mpu mpu(v7());
  region7(mpu, 0, 0x20000000, ap(6) | size(16));
  region7(mpu, 1, 0x20000000, ap(3) | size(8) | srd(0b10000001));
  mpu.set_ctrl(mpu_enable);
  EXPECT_EQ(mpu.at(0x2000001f, privileged, ordinary).region, 0);
  EXPECT_EQ(mpu.at(0x20000020, privileged, ordinary).region, 1);
  EXPECT_EQ(mpu.at(0x200000df, privileged, ordinary).region, 1);
  EXPECT_EQ(mpu.at(0x200000e0, privileged, ordinary).region, 0);
}

TEST(Pmsav7, RegionsBelow256BytesHaveNoSubregions) {
  Mpu mpu(v7());
  region7(mpu, 0, 0x20000000, ap(3) | size(7) | srd(0xff));
  mpu.set_ctrl(mpu_enable);
  EXPECT_EQ(may(mpu, 0x20000000), rwx);
  EXPECT_EQ(may(mpu, 0x2000007f), rwx);
}

TEST(Pmsav7, TheBaseCountsAsAMultipleOfTheSize) {
  Mpu mpu(v7());
  region7(mpu, 0, 0x20000860, ap(3) | size(12));
  mpu.set_ctrl(mpu_enable);
  EXPECT_EQ(may(mpu, 0x20000000), rwx);
  EXPECT_EQ(may(mpu, 0x20001000), 0);
}

TEST(Pmsav7, OneRegionMayHoldTheWholeAddressSpaceButNotMakeTheSystemSpaceExecutable) {
  Mpu mpu(v7());
  region7(mpu, 0, 0, ap(3) | size(32));
  mpu.set_ctrl(mpu_enable);
  EXPECT_EQ(may(mpu, 0x40000000), rwx);
  EXPECT_EQ(may(mpu, 0xdfffffff, unprivileged), rwx);
  EXPECT_EQ(may(mpu, 0xe0000000, unprivileged), 0);
  EXPECT_EQ(may(mpu, 0xf0000000, unprivileged), rw);
}

TEST(Pmsav7, HardFaultAndNmiRunWithoutRegionsUnlessHfnmiena) {
  Mpu mpu(v7());
  mpu.set_ctrl(mpu_enable);
  EXPECT_EQ(may(mpu, 0x20000000, privileged, hardfault_or_nmi), rwx);
  mpu.set_ctrl(mpu_enable | mpu_hfnmiena);
  EXPECT_EQ(may(mpu, 0x20000000, privileged, hardfault_or_nmi), 0);
}

TEST(Pmsav7, TooSmallARegionOfArmv6mPermitsNothing) {
  Mpu mpu({.pmsav8 = false, .regions = 8, .least_region = 256, .aliases = false});
  region7(mpu, 0, 0x20000000, ap(3) | size(7));
  mpu.set_ctrl(mpu_enable | mpu_privdefena);
  EXPECT_EQ(may(mpu, 0x20000000), 0);
  EXPECT_EQ(may(mpu, 0x20000080), rwx);
}

// ---- PMSAv8: B8 -----------------------------------------------------------------------------------------------------

TEST(Pmsav8, RegionsReachFromBaseToLimitInclusive) {
  Mpu mpu(v8());
  region8(mpu, 0, 0x20000020, v8_any_rw | v8_xn, 0x20000060);
  mpu.set_ctrl(mpu_enable);
  EXPECT_EQ(may(mpu, 0x2000001f, unprivileged), 0);
  EXPECT_EQ(may(mpu, 0x20000020, unprivileged), rw);
  EXPECT_EQ(may(mpu, 0x2000007f, unprivileged), rw);
  EXPECT_EQ(may(mpu, 0x20000080, unprivileged), 0);
}

TEST(Pmsav8, AccessPermissions) {
  Mpu mpu(v8());
  mpu.set_ctrl(mpu_enable);
  constexpr std::uint32_t rows[][3] = {
      {v8_priv_rw, rwx, 0}, {v8_any_rw, rwx, rwx}, {v8_priv_ro, rx, 0}, {v8_any_ro, rx, rx}};
  for (const auto& [access, priv, user] : rows) {
    region8(mpu, 3, 0x20000000, access, 0x20000fff);
    EXPECT_EQ(may(mpu, 0x20000800, privileged), priv);
    EXPECT_EQ(may(mpu, 0x20000800, unprivileged), user);
  }
}

TEST(Pmsav8, WhereRegionsOverlapNothingIsPermitted) {
  Mpu mpu(v8());
  region8(mpu, 0, 0x20000000, v8_any_rw, 0x20000fff);
  region8(mpu, 1, 0x20000800, v8_any_rw, 0x20001fff);
  mpu.set_ctrl(mpu_enable | mpu_privdefena);
  EXPECT_EQ(may(mpu, 0x200007ff), rwx);
  EXPECT_EQ(mpu.at(0x20000800, privileged, ordinary), (MpuRange{0x20000800, 0x20000800, 0, mpu_no_region}));
  EXPECT_EQ(may(mpu, 0x20000fff), 0);
  EXPECT_EQ(may(mpu, 0x20001000), rwx);
}

TEST(Pmsav8, ALimitBelowTheBaseMatchesNothing) {
  Mpu mpu(v8());
  region8(mpu, 0, 0x20001000, v8_any_rw, 0x20000000);
  mpu.set_ctrl(mpu_enable);
  EXPECT_EQ(may(mpu, 0x20000800), 0);
  EXPECT_EQ(may(mpu, 0x20001000), 0);
}

TEST(Pmsav8, AttributesAreStorage) {
  Mpu mpu(v8());
  mpu.set_mair(0, 0x44ff0004);
  mpu.set_mair(1, 0x12345678);
  EXPECT_EQ(mpu.mair(0), 0x44ff0004u);
  EXPECT_EQ(mpu.mair(1), 0x12345678u);
  Mpu old(v7());
  old.set_mair(0, 1);
  EXPECT_EQ(old.mair(0), 0u);
}

// ---- flattening -----------------------------------------------------------------------------------------------------

TEST(Flatten, AnswersAsAskingForEachAddressDoes) {
  std::mt19937 random(20261121);
  const auto pick = [&](std::uint32_t below) { return static_cast<std::uint32_t>(random() % below); };
  constexpr std::uint32_t bases[] = {0, 0x20000000, 0x40000000, 0xa0000000, 0xe0000000, 0xe00ff000, 0xffff0000};
  for (unsigned round = 0; round < 3000; ++round) {
    const bool pmsav8 = round & 1;
    Mpu mpu(pmsav8 ? v8() : v7());
    for (unsigned n = 0, regions = pick(9); n < regions; ++n) {
      const std::uint32_t base = bases[pick(7)] + 32 * pick(64);
      if (pmsav8)
        region8(mpu, n, base, pick(32), base + 32 * pick(128));
      else
        region7(mpu, n, base, ap(pick(8)) | srd(pick(2) ? pick(256) : 0) | pick(32) << 1 | (pick(2) ? xn : 0));
    }
    mpu.set_ctrl(pick(8));
    const bool who = pick(2), when = pick(2);
    const auto ranges = mpu.flatten(who, when);
    ASSERT_FALSE(ranges.empty());
    EXPECT_EQ(ranges.front().first, 0u);
    EXPECT_EQ(ranges.back().last, 0xffffffffu);
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      const MpuRange& x = ranges[i];
      ASSERT_LE(x.first, x.last);
      if (i) {
        ASSERT_EQ(x.first, ranges[i - 1].last + 1);
        ASSERT_TRUE(x.permits != ranges[i - 1].permits || x.region != ranges[i - 1].region);
      }
      for (const std::uint32_t a : {x.first, x.last, x.first + pick(x.last - x.first + (x.last - x.first != ~0u))}) {
        const MpuRange one = mpu.at(a, who, when);
        ASSERT_EQ(one.permits, x.permits) << std::hex << a;
        ASSERT_EQ(one.region, x.region) << std::hex << a;
      }
    }
  }
}

// ---- how data may be cached (ARMv7-M tables B3-1 and B3-13) ---------------------------------------------------------

Cacheable cacheable_at(const Mpu& mpu, std::uint32_t address) {
  for (const MpuMemory& m : mpu.memory())
    if (address >= m.first && address <= m.last) return m.cacheable;
  ADD_FAILURE() << "no answer at " << address;
  return Cacheable::no;
}
constexpr std::uint32_t tex(std::uint32_t v) { return v << 19; }
constexpr std::uint32_t shareable = 1u << 18, c = 1u << 17, b = 1u << 16;

TEST(MpuMemory, WithoutRegionsTheDefaultMapSaysWhatIsCached) {
  const Mpu mpu(v7());
  EXPECT_EQ(cacheable_at(mpu, 0x08000000), Cacheable::write_through) << "code";
  EXPECT_EQ(cacheable_at(mpu, 0x24000000), Cacheable::write_allocate) << "SRAM";
  EXPECT_EQ(cacheable_at(mpu, 0x40000000), Cacheable::no) << "peripherals";
  EXPECT_EQ(cacheable_at(mpu, 0x60000000), Cacheable::write_allocate) << "RAM";
  EXPECT_EQ(cacheable_at(mpu, 0x90000000), Cacheable::write_through) << "RAM";
  EXPECT_EQ(cacheable_at(mpu, 0xa0000000), Cacheable::no) << "devices";
}

TEST(MpuMemory, ARegionsAttributesComeFirst) {
  const struct {
    std::uint32_t attributes;
    Cacheable cacheable;
  } rows[] = {{tex(0), Cacheable::no},
              {tex(0) | b, Cacheable::no},
              {tex(0) | c, Cacheable::write_through},
              {tex(0) | c | b, Cacheable::write_back},
              {tex(0) | c | b | shareable, Cacheable::no},
              {tex(1), Cacheable::no},
              {tex(1) | c | b, Cacheable::write_allocate},
              {tex(2), Cacheable::no},
              {tex(4), Cacheable::no},
              {tex(5) | b, Cacheable::write_allocate},
              {tex(6) | c, Cacheable::write_through},
              {tex(7) | c | b, Cacheable::write_back}};
  for (const auto& row : rows) {
    Mpu mpu(v7());
    region7(mpu, 0, 0x24000000, size(19) | ap(3) | row.attributes);
    EXPECT_EQ(cacheable_at(mpu, 0x24000000), Cacheable::write_allocate) << "not enabled yet";
    mpu.set_ctrl(mpu_enable | mpu_privdefena);
    EXPECT_EQ(cacheable_at(mpu, 0x24000000), row.cacheable) << std::hex << row.attributes;
    EXPECT_EQ(cacheable_at(mpu, 0x2407ffff), row.cacheable) << std::hex << row.attributes;
    EXPECT_EQ(cacheable_at(mpu, 0x24080000), Cacheable::write_allocate) << "behind the region";
  }
}

}  // namespace
}  // namespace mj::isa::thumb
