// The bus: regions by address, the page tables that the engine's fast path uses, and what goes the slow way.
#include "memory/bus.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace mj::memory {
namespace {

class Register final : public Device {
 public:
  std::string_view name() const override { return "REG"; }
  std::uint32_t read(std::uint32_t offset, unsigned size, Cycle now) override {
    last = {offset, size, 0, now};
    return 0xab;
  }
  void write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle now) override {
    last = {offset, size, value, now};
  }
  struct Access {
    std::uint32_t offset = 0;
    unsigned size = 0;
    std::uint32_t value = 0;
    Cycle now = 0;
    bool operator==(const Access&) const = default;
  } last;
};

Region memory(const char* name, RegionKind kind, Address base, std::uint64_t size) {
  Region r;
  r.name = name;
  r.kind = kind;
  r.base = base;
  r.size = size;
  r.bytes = std::make_shared<std::vector<std::uint8_t>>(size);
  return r;
}
Region ram(Address base, std::uint64_t size) { return memory("ram", RegionKind::ram, base, size); }
Region flash(Address base, std::uint64_t size) { return memory("flash", RegionKind::flash, base, size); }
Region alias_of(const Region& target, Address base, std::uint64_t size, std::uint32_t offset = 0) {
  Region r = target;
  r.name = "alias";
  r.base = base;
  r.size = size;
  r.bytes_offset = target.bytes_offset + offset;
  return r;
}

/// What a load or store of the engine's fast path would find: false if it has to go the slow way.
bool fast_read(const Bus& bus, Address a) { return bus.read_pages()[a >> Bus::page_bits] != 0; }
bool fast_write(const Bus& bus, Address a) { return bus.write_pages()[a >> Bus::page_bits] != 0; }
std::uint8_t& fast_byte(const Bus& bus, Address a) {
  return *reinterpret_cast<std::uint8_t*>(bus.read_pages()[a >> Bus::page_bits] + a);
}

TEST(Bus, ReadsAndWritesLittleEndianOfEachSize) {
  Bus bus;
  bus.add(ram(0x20000000, 0x1000));
  EXPECT_EQ(bus.write(0x20000010, 4, 0x04030201, 0).fault, AccessFault::none);
  EXPECT_EQ(bus.read(0x20000010, 1, 0).value, 0x01u);
  EXPECT_EQ(bus.read(0x20000012, 2, 0).value, 0x0403u);
  bus.write(0x20000011, 1, 0xffffff99, 0);
  EXPECT_EQ(bus.read(0x20000010, 4, 0).value, 0x04039901u);
}

TEST(Bus, AddressesWithoutARegionAreUnmapped) {
  Bus bus;
  bus.add(ram(0x20000000, 0x1000));
  for (const Address a : {0u, 0x1fffffffu, 0x20001000u, 0xffffffffu}) {
    EXPECT_EQ(bus.read(a, 1, 0).fault, AccessFault::unmapped) << std::hex << a;
    EXPECT_EQ(bus.write(a, 1, 0, 0).fault, AccessFault::unmapped) << std::hex << a;
    EXPECT_EQ(bus.find(a), nullptr);
  }
}

TEST(Bus, ARegionMayEndAtTheTopOfTheAddressSpace) {
  Bus bus;
  bus.add(ram(0xfffff000, 0x1000));
  EXPECT_EQ(bus.write(0xfffffffc, 4, 0x12345678, 0).fault, AccessFault::none);
  EXPECT_EQ(bus.read(0xffffffff, 1, 0).value, 0x12u);
  EXPECT_EQ(bus.read(0xfffffffe, 4, 0).fault, AccessFault::unmapped);
  std::uint8_t two[8];
  EXPECT_FALSE(bus.peek(0xfffffffc, two, 8)) << "not around to address 0";
}

TEST(Bus, AnAccessAcrossTheEndOfItsRegionIsUnmapped) {
  Bus bus;
  bus.add(ram(0x20000000, 0x1000));
  bus.add(ram(0x20001000, 0x1000));
  EXPECT_EQ(bus.read(0x20000fff, 2, 0).fault, AccessFault::unmapped);
  EXPECT_EQ(bus.read(0x20001ffd, 4, 0).fault, AccessFault::unmapped);
}

TEST(Bus, PeekAndPokeCrossRegionsOfMemory) {
  Bus bus;
  bus.add(ram(0x20000000, 0x1000));
  bus.add(flash(0x20001000, 0x1000));
  const std::uint8_t in[] = {1, 2, 3, 4};
  EXPECT_TRUE(bus.poke(0x20000ffe, in, 4)) << "flash, too: a loader writes it";
  std::uint8_t out[4] = {};
  EXPECT_TRUE(bus.peek(0x20000ffe, out, 4));
  EXPECT_EQ(std::memcmp(in, out, 4), 0);
}

TEST(Bus, APokeThatDoesNotFitWritesNothing) {
  Bus bus;
  bus.add(ram(0x20000000, 0x1000));
  const std::uint8_t in[] = {1, 2, 3, 4};
  EXPECT_FALSE(bus.poke(0x20000ffe, in, 4));
  EXPECT_EQ(bus.read(0x20000ffe, 2, 0).value, 0u);
}

TEST(Bus, FlashIsReadOnlyToTheProgram) {
  Bus bus;
  bus.add(flash(0x08000000, 0x1000));
  EXPECT_EQ(bus.write(0x08000000, 4, 1, 0).fault, AccessFault::read_only);
  EXPECT_EQ(bus.read(0x08000000, 4, 0).value, 0u);
  EXPECT_TRUE(fast_read(bus, 0x08000000));
  EXPECT_FALSE(fast_write(bus, 0x08000000));
}

TEST(Bus, DevicesSeeOffsetSizeValueAndCycle) {
  Bus bus;
  Register device;
  Region r;
  r.name = "REG";
  r.kind = RegionKind::device;
  r.base = 0x40000000;
  r.size = 0x1000;
  r.device = &device;
  r.read_wait = 3;
  r.write_wait = 2;
  bus.add(std::move(r));
  const auto read = bus.read(0x40000014, 2, 99);
  EXPECT_TRUE(read.device);
  EXPECT_EQ(read.value, 0xabu);
  EXPECT_EQ(read.extra_cycles, 3u);
  EXPECT_EQ(device.last, (Register::Access{0x14, 2, 0, 99}));
  EXPECT_EQ(bus.write(0x40000020, 4, 7, 100).extra_cycles, 2u);
  EXPECT_EQ(device.last, (Register::Access{0x20, 4, 7, 100}));
  EXPECT_FALSE(fast_read(bus, 0x40000000));
  std::uint8_t byte;
  EXPECT_FALSE(bus.peek(0x40000000, &byte, 1)) << "looking must have no side effects";
}

TEST(Bus, OnlyWholePagesOfARegionAreFast) {
  // 0x20000800..0x20003400: the pages at 0x20001000 and 0x20002000 are whole.
  Bus bus;
  bus.add(ram(0x20000800, 0x2c00));
  EXPECT_FALSE(fast_read(bus, 0x20000800));
  EXPECT_TRUE(fast_read(bus, 0x20001000));
  EXPECT_TRUE(fast_write(bus, 0x20002fff));
  EXPECT_FALSE(fast_read(bus, 0x20003000));
  // Both ways lead to the same bytes.
  bus.write(0x20001000, 1, 0x5a, 0);
  EXPECT_EQ(fast_byte(bus, 0x20001000), 0x5a);
  bus.write(0x20000fff, 1, 0x11, 0);
  bus.write(0x200033ff, 1, 0x22, 0);
  EXPECT_EQ(bus.read(0x20000fff, 1, 0).value, 0x11u);
  EXPECT_EQ(bus.read(0x200033ff, 1, 0).value, 0x22u);
  EXPECT_EQ(bus.read(0x20003400, 1, 0).fault, AccessFault::unmapped);
}

TEST(Bus, MemoryThatCostsCyclesIsNotFast) {
  Bus bus;
  Region slow = ram(0x60000000, 0x1000);
  slow.read_wait = 4;
  bus.add(slow);
  EXPECT_FALSE(fast_read(bus, 0x60000000));
  EXPECT_TRUE(fast_write(bus, 0x60000000)) << "writes cost nothing here";
  EXPECT_EQ(bus.read(0x60000000, 4, 0).extra_cycles, 4u);
  Region waits = flash(0x08000000, 0x1000);
  waits.flash = std::make_shared<FlashTiming>(FlashTimingParams{.wait_states = 2});
  bus.add(waits);
  EXPECT_FALSE(fast_read(bus, 0x08000000));
  EXPECT_EQ(bus.read(0x08000000, 4, 0).extra_cycles, 2u);
}

TEST(Bus, AliasesShareTheirBytes) {
  Bus bus;
  const Region target = ram(0x20000000, 0x4000);
  bus.add(target);
  bus.add(alias_of(target, 0x10000000, 0x1000, 0x2000));
  bus.write(0x10000004, 4, 0xcafe, 0);
  EXPECT_EQ(bus.read(0x20002004, 4, 0).value, 0xcafeu);
  EXPECT_EQ(fast_byte(bus, 0x10000004), 0xfe);
  EXPECT_EQ(&fast_byte(bus, 0x10000004), &fast_byte(bus, 0x20002004));
}

using Writes = std::vector<std::pair<Address, unsigned>>;

TEST(Bus, WritesToCodeAreReportedAndGoTheSlowWay) {
  Bus bus;
  bus.add(ram(0x20000000, 0x4000));
  Writes seen;
  bus.on_code_write([&](Address a, unsigned size) { seen.push_back({a, size}); });
  bus.write(0x20001000, 4, 1, 0);
  EXPECT_TRUE(seen.empty());
  bus.mark_code(0x20001234);
  EXPECT_FALSE(fast_write(bus, 0x20001000));
  EXPECT_TRUE(fast_read(bus, 0x20001000));
  EXPECT_TRUE(fast_write(bus, 0x20000fff));
  EXPECT_TRUE(fast_write(bus, 0x20002000));
  bus.write(0x20001ffe, 2, 1, 0);
  bus.write(0x20002000, 2, 1, 0);
  EXPECT_EQ(seen, (Writes{{0x20001ffe, 2}}));
  bus.unmark_all_code();
  EXPECT_TRUE(fast_write(bus, 0x20001000));
}

TEST(Bus, WritesToCodeThroughAnAliasAreReportedAtBothAddresses) {
  Bus bus;
  const Region target = ram(0x20000000, 0x4000);
  bus.add(target);
  bus.add(alias_of(target, 0x10000000, 0x2000, 0x1000));
  Writes seen;
  bus.on_code_write([&](Address a, unsigned size) { seen.push_back({a, size}); });
  bus.mark_code(0x20001000);
  EXPECT_FALSE(fast_write(bus, 0x10000000));
  EXPECT_TRUE(fast_write(bus, 0x10001000)) << "the page behind is another one";
  bus.write(0x10000010, 4, 1, 0);
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, (Writes{{0x10000010, 4}, {0x20001010, 4}}));
  bus.unmark_all_code();
  EXPECT_TRUE(fast_write(bus, 0x10000000));
}

TEST(Bus, AnAliasThatLiesOtherwiseInPagesIsMarkedWhereverTheBytesAre) {
  // The alias begins 0x800 into the target: the target's page 0x20001000 stands in two of its pages.
  Bus bus;
  const Region target = ram(0x20000000, 0x4000);
  bus.add(target);
  bus.add(alias_of(target, 0x10000000, 0x3000, 0x800));
  bus.mark_code(0x20001000);
  EXPECT_FALSE(fast_write(bus, 0x10000800));
  EXPECT_FALSE(fast_write(bus, 0x10001000));
  EXPECT_TRUE(fast_write(bus, 0x10002000));
}

TEST(Bus, AnotherProtectionChangesThePagesInWhichItDiffers) {
  constexpr std::uint8_t rw = permit_read | permit_write;
  Bus bus;
  bus.add(ram(0x20000000, 0x8000));
  bus.add(ram(0x30000000, 0x2000));
  const auto view = [&] {  // a letter for each page: w(ritable), r(eadable), - neither
    std::string out;
    for (const Address base :
         {0x20000000u, 0x20001000u, 0x20002000u, 0x20003000u, 0x20007000u, 0x30000000u, 0x30001000u})
      out += bus.write_pages()[base >> 12] ? 'w' : bus.read_pages()[base >> 12] ? 'r' : '-';
    return out;
  };
  const Protection one(
      {{0x20000000, 0x20000fff, rw}, {0x20001000, 0x20002fff, permit_read}, {0x30000000, 0x3fffffff, rw}});
  const Protection two(
      {{0x20000000, 0x20002fff, permit_read}, {0x20003000, 0x20007fdf, rw}, {0x30001000, 0x3fffffff, rw}});
  EXPECT_EQ(view(), "wwwwwww");
  bus.set_protection(&one);
  EXPECT_EQ(view(), "wrr--ww");
  bus.set_protection(&two);
  EXPECT_EQ(view(), "rrrw--w");  // 0x20007000 is not permitted whole
  bus.set_protection(&one);
  EXPECT_EQ(view(), "wrr--ww");
  bus.mark_code(0x30000000);
  bus.set_protection(nullptr);
  EXPECT_EQ(view(), "wwwwwrw");  // code's page stays out of the way
  bus.set_protection(&two);
  EXPECT_EQ(view(), "rrrw--w");
}

TEST(Bus, APokeReportsEachHalfwordOfCode) {
  Bus bus;
  bus.add(ram(0x20000000, 0x1000));
  Address from = 0, to = 0;
  bus.on_code_write([&](Address a, unsigned size) {
    if (from == 0) from = a;
    to = a + size;
  });
  const std::uint8_t bytes[7] = {};
  bus.poke(0x20000101, bytes, sizeof bytes);
  EXPECT_LE(from, 0x20000101u);
  EXPECT_GE(to, 0x20000108u);
}

}  // namespace
}  // namespace mj::memory
