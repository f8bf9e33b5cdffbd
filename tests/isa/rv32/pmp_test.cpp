// Physical memory protection (Volume II, 3.7): entries as firmware writes them, and what they then permit.
#include "isa/rv32/pmp.h"

#include <gtest/gtest.h>

#include "isa/rv32/csr.h"
#include "isa/rv32/traps.h"

namespace mj::test {
namespace {

using namespace isa::rv32;

constexpr std::uint8_t r = pmp_read, rw = pmp_read | pmp_write, rx = pmp_read | pmp_execute, rwx = rw | pmp_execute;
constexpr bool user = false, machine = true;
using Ranges = std::vector<PmpRange>;

class Rv32Pmp : public ::testing::Test {
 protected:
  /// Entry `n` becomes `cfg` with pmpaddr `addr`.
  void entry(unsigned n, std::uint8_t cfg, std::uint32_t addr) {
    pmp.write(csr_pmpaddr0 + n, addr);
    const std::uint32_t shift = n % 4 * 8, at = csr_pmpcfg0 + n / 4;
    pmp.write(at, (pmp.read(at) & ~(0xffu << shift)) | std::uint32_t{cfg} << shift);
  }
  std::uint8_t cfg(unsigned n) const { return static_cast<std::uint8_t>(pmp.read(csr_pmpcfg0 + n / 4) >> n % 4 * 8); }
  std::uint8_t at(std::uint32_t address, bool mode) const {
    for (const PmpRange& range : pmp.permits(mode))
      if (address >= range.first && address <= range.last) return range.permits;
    ADD_FAILURE() << "a gap at " << address;
    return 0;
  }

  Pmp pmp{{.entries = 16, .csrs = 16, .grain = 0}};
};

TEST_F(Rv32Pmp, WithoutARegionMachineModeMayEverythingAndUserModeNothing) {
  EXPECT_EQ(pmp.permits(machine), (Ranges{{0, 0xffffffff, rwx}}));
  EXPECT_EQ(pmp.permits(user), (Ranges{{0, 0xffffffff, 0}}));
  EXPECT_EQ(Pmp({}).permits(user), (Ranges{{0, 0xffffffff, rwx}})) << "a core without PMP";
}

TEST_F(Rv32Pmp, EachModeOfMatching) {
  entry(0, pmp_na4 | r, 0x80001000 >> 2);
  entry(1, pmp_napot | rw, 0x80002000 >> 2 | 0x1ff);  // 4 KiB
  entry(2, 0, 0x80004000 >> 2);                       // off: only the lower bound of the next one
  entry(3, pmp_tor | rx, 0x80005004 >> 2);
  EXPECT_EQ(pmp.permits(user), (Ranges{{0, 0x80000fff, 0},
                                       {0x80001000, 0x80001003, r},
                                       {0x80001004, 0x80001fff, 0},
                                       {0x80002000, 0x80002fff, rw},
                                       {0x80003000, 0x80003fff, 0},
                                       {0x80004000, 0x80005003, rx},
                                       {0x80005004, 0xffffffff, 0}}));
}

TEST_F(Rv32Pmp, TheFirstTorRegionBeginsAt0AndAnEmptyOneMatchesNothing) {
  entry(0, pmp_tor | r, 0x1000 >> 2);
  entry(1, pmp_tor | rwx, 0x1000 >> 2);
  entry(2, pmp_tor | rwx, 0x800 >> 2);
  EXPECT_EQ(pmp.permits(user), (Ranges{{0, 0xfff, r}, {0x1000, 0xffffffff, 0}}));
}

TEST_F(Rv32Pmp, AllOnesIsTheWholeAddressSpace) {
  entry(0, pmp_napot | rwx, 0xffffffff);
  EXPECT_EQ(pmp.permits(user), (Ranges{{0, 0xffffffff, rwx}}));
  entry(0, pmp_napot | rx, 0x3fffffff);  // 8 GiB from 0
  EXPECT_EQ(pmp.permits(user), (Ranges{{0, 0xffffffff, rx}}));
  entry(0, pmp_tor | r, 0xffffffff);
  EXPECT_EQ(pmp.permits(user), (Ranges{{0, 0xffffffff, r}}));
}

TEST_F(Rv32Pmp, TheLowestEntryDecides) {
  entry(0, pmp_napot | r, 0x80001000 >> 2 | 0x1f);  // 256 bytes within the next entry's
  entry(1, pmp_napot | rwx, 0x80000000 >> 2 | 0x7ff);
  EXPECT_EQ(at(0x800010ff, user), r);
  EXPECT_EQ(at(0x80001100, user), rwx);
  entry(0, pmp_napot | rwx, 0x80000000 >> 2 | 0x7ff);
  entry(1, pmp_napot | r, 0x80001000 >> 2 | 0x1f);
  EXPECT_EQ(at(0x800010ff, user), rwx);
}

TEST_F(Rv32Pmp, ALockedEntryBindsMachineModeToo) {
  entry(1, pmp_napot | rx | pmp_lock, 0x80000000 >> 2 | 0x1ff);
  EXPECT_EQ(pmp.permits(machine),
            (Ranges{{0, 0x7fffffff, rwx}, {0x80000000, 0x80000fff, rx}, {0x80001000, 0xffffffff, rwx}}));
  entry(0, pmp_napot, 0x80000000 >> 2 | 0x1f);  // in front of it, unlocked: machine mode may
  EXPECT_EQ(at(0x80000000, machine), rwx);
  EXPECT_EQ(at(0x80000000, user), 0);
  EXPECT_EQ(at(0x80000100, machine), rx);
}

TEST_F(Rv32Pmp, ALockedEntryKeepsItsRegistersUntilReset) {
  entry(0, 0, 0x1000);
  entry(1, pmp_tor | rx | pmp_lock, 0x2000);
  entry(1, pmp_napot | rwx, 0x3000);
  EXPECT_EQ(cfg(1), pmp_tor | rx | pmp_lock);
  EXPECT_EQ(pmp.read(csr_pmpaddr0 + 1), 0x2000u);
  pmp.write(csr_pmpaddr0, 0x1800);
  EXPECT_EQ(pmp.read(csr_pmpaddr0), 0x1000u) << "the lower bound of a locked TOR region";
  entry(3, pmp_napot | pmp_lock, 0x4000);
  pmp.write(csr_pmpaddr0 + 2, 0x77);
  EXPECT_EQ(pmp.read(csr_pmpaddr0 + 2), 0x77u) << "a NAPOT region has no lower bound";
  pmp.reset();
  EXPECT_EQ(cfg(1), 0);
  pmp.write(csr_pmpaddr0 + 1, 0x3000);
  EXPECT_EQ(pmp.read(csr_pmpaddr0 + 1), 0x3000u);
}

TEST_F(Rv32Pmp, ReservedBitsReadZeroAndWriteNeedsRead) {
  pmp.write(csr_pmpcfg0, 0x7a);
  EXPECT_EQ(cfg(0), pmp_napot) << "bits 5 and 6 don't exist; W without R is reserved";
  pmp.write(csr_pmpcfg0, 0x07);
  EXPECT_EQ(cfg(0), rwx);
}

TEST_F(Rv32Pmp, ACoarseGrainShowsInTheAddressesButKeepsWhatWasWritten) {
  pmp = Pmp({.entries = 4, .csrs = 16, .grain = 4});  // 64 bytes
  entry(0, 0, 0x12345678);
  EXPECT_EQ(pmp.read(csr_pmpaddr0), 0x12345670u) << "off and TOR: bits G-1..0 read 0";
  entry(0, pmp_napot | r, 0x12345670);
  EXPECT_EQ(pmp.read(csr_pmpaddr0), 0x12345677u) << "NAPOT: bits G-2..0 read 1";
  EXPECT_EQ(at(0x12345670u << 2, user), r);
  EXPECT_EQ(at((0x12345670u << 2) + 63, user), r);
  EXPECT_EQ(at((0x12345670u << 2) + 64, user), 0);
  entry(0, pmp_tor | r, 0x12345678);
  EXPECT_EQ(pmp.read(csr_pmpaddr0), 0x12345670u);
  EXPECT_EQ(at((0x12345670u << 2) - 1, user), r);
  EXPECT_EQ(at(0x12345670u << 2, user), 0);
  entry(1, pmp_na4 | r, 0);
  EXPECT_EQ(cfg(1) & pmp_mode, pmp_napot) << "NA4 can't be chosen";
}

TEST_F(Rv32Pmp, EntriesThatAreNotBuiltReadZero) {
  pmp = Pmp({.entries = 6, .csrs = 16, .grain = 0});
  entry(5, pmp_napot | rwx, 0xffffffff);
  entry(6, pmp_napot | r, 0x1000);
  EXPECT_EQ(pmp.read(csr_pmpcfg0 + 1), std::uint32_t{pmp_napot | rwx} << 8);
  EXPECT_EQ(pmp.read(csr_pmpaddr0 + 6), 0u);
  EXPECT_TRUE(pmp.has(csr_pmpcfg0 + 3));
  EXPECT_FALSE(pmp.has(csr_pmpcfg0 + 4));
  EXPECT_TRUE(pmp.has(csr_pmpaddr0 + 15));
  EXPECT_FALSE(pmp.has(csr_pmpaddr0 + 16));
}

// ---- as RP2350's core has it ----------------------------------------------------------------------------------------

class Hazard3Pmp : public Rv32Pmp {
 protected:
  void SetUp() override {
    pmp = Pmp({.entries = 11,
               .csrs = 16,
               .grain = 3,
               .hazard3 = true,
               .xwr_reversed = true,
               .wired = {{8, 0x1f, 0x01ffffff}, {9, 0x1f, 0x13ffffff}, {10, 0x1f, 0x35ffffff}}});
    pmp.reset();
  }
};

TEST_F(Hazard3Pmp, WiredEntriesOpenTheRomThePeripheralsAndTheIoPort) {
  EXPECT_EQ(pmp.read(csr_pmpcfg0 + 2), 0x001f1f1fu);
  EXPECT_EQ(pmp.permits(user), (Ranges{{0, 0x0fffffff, rwx},
                                       {0x10000000, 0x3fffffff, 0},
                                       {0x40000000, 0x5fffffff, rwx},
                                       {0x60000000, 0xcfffffff, 0},
                                       {0xd0000000, 0xdfffffff, rwx},
                                       {0xe0000000, 0xffffffff, 0}}));
  pmp.write(csr_pmpcfg0 + 2, 0);
  EXPECT_EQ(pmp.read(csr_pmpcfg0 + 2), 0x001f1f1fu);
}

TEST_F(Hazard3Pmp, ReadAndExecuteAreTransposed) {
  entry(0, pmp_napot | 4, 0x20000000 >> 2 | 0xf);  // 128 bytes; bit 2 is R here
  EXPECT_EQ(at(0x20000000, user), r);
  EXPECT_EQ(cfg(0), pmp_napot | 4);
  entry(0, pmp_napot | 1, 0x20000000 >> 2 | 0xf);
  EXPECT_EQ(at(0x2000007f, user), pmp_execute);
}

TEST_F(Hazard3Pmp, OtherModesThanNapotBecomeOffAndWriteOnlyStays) {
  entry(0, pmp_tor | 7, 0xffffffff);
  EXPECT_EQ(cfg(0), 7);
  entry(0, pmp_na4 | 7, 0);
  EXPECT_EQ(cfg(0), 7);
  entry(0, pmp_napot | pmp_write, 0x20000000 >> 2 | 0xf);
  EXPECT_EQ(at(0x20000000, user), pmp_write);
}

TEST_F(Hazard3Pmp, AddressBitsBelowTheGrainAreOnesWhileOffAndZerosElse) {
  EXPECT_EQ(pmp.read(csr_pmpaddr0), 3u);
  pmp.write(csr_pmpaddr0, 0xfffffff0);
  EXPECT_EQ(pmp.read(csr_pmpaddr0), 0x3ffffff3u) << "bits 33 and 32 of the address don't exist";
  entry(0, pmp_napot | 7, 0x20000000 >> 2);
  EXPECT_EQ(pmp.read(csr_pmpaddr0), 0x08000000u);
  EXPECT_EQ(at(0x2000001f, user), rwx) << "32 bytes are the least";
  EXPECT_EQ(at(0x20000020, user), 0);
}

TEST_F(Hazard3Pmp, Pmpcfgm0AppliesAnEntryToMachineModeWithoutLockingIt) {
  entry(0, pmp_napot | 4, 0x20000000 >> 2 | 0xf);
  EXPECT_EQ(at(0x20000000, machine), rwx);
  pmp.write(csr_pmpcfgm0, 0xffffffff);
  EXPECT_EQ(pmp.read(csr_pmpcfgm0), 0xffu) << "not to the wired ones";
  EXPECT_EQ(at(0x20000000, machine), r);
  EXPECT_EQ(at(0x40000000, machine), rwx);
  pmp.write(csr_pmpcfgm0, 0);
  EXPECT_EQ(at(0x20000000, machine), rwx);
}

// ---- through the core's CSRs ----------------------------------------------------------------------------------------

TEST(Rv32PmpCsrs, BelongToMachineModeAndMprvLendsItsDataRights) {
  TrapConfig config;
  config.user_mode = true;
  config.pmp = {.entries = 8, .csrs = 16, .grain = 0};
  TrapUnit unit(config, [] { return CounterTotals{}; });
  std::uint32_t value = 0;
  EXPECT_TRUE(unit.csr_write(csr_pmpaddr0 + 7, 0x1234));
  EXPECT_TRUE(unit.csr_read(csr_pmpaddr0 + 7, value));
  EXPECT_EQ(value, 0x1234u);
  EXPECT_FALSE(unit.csr_read(csr_pmpaddr0 + 16, value));

  EXPECT_TRUE(unit.data_as_machine());
  ASSERT_TRUE(unit.csr_write(csr_mstatus, mstatus_mprv));  // MPP = U
  EXPECT_FALSE(unit.data_as_machine());
  ASSERT_TRUE(unit.csr_write(csr_mstatus, mstatus_mprv | 3u << 11));  // MPP = M
  EXPECT_TRUE(unit.data_as_machine());
  ASSERT_TRUE(unit.csr_write(csr_mstatus, mstatus_mprv));
  unit.mret();
  EXPECT_FALSE(unit.machine());
  EXPECT_FALSE(unit.data_as_machine());
  EXPECT_FALSE(unit.csr_read(csr_pmpaddr0, value)) << "not in user mode";
  unit.enter(cause_ecall_user, 0, 0);
  EXPECT_TRUE(unit.data_as_machine()) << "MRET to user mode has cleared MPRV";
}

}  // namespace
}  // namespace mj::test
