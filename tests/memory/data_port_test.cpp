// The core's data port: what the data cache, line fills and the store buffer make of accesses to RAM behind the bus.
#include "memory/data_port.h"

#include <gtest/gtest.h>

#include <array>

#include "memory/flash_timing.h"

namespace mj::memory {
namespace {

/// Four ways of two sets of 32-byte lines; a bus with 4 cycles to the first of four beats, 2 cycles a write.
class Port {
 public:
  explicit Port(const DataPort::Params& params = {4, 8}, bool cached = true) : port(params) {
    FlashTimingParams p;
    p.word_bytes = 32;
    p.dcache_lines = 8;
    p.dcache_ways = 4;
    p.dcache_enabled = cached;
    front_end = std::make_shared<FlashTiming>(p);
    port.use(front_end);
    all(CachePolicy::write_allocate);
  }
  void all(CachePolicy how) { port.set_policies({{0, 0xffffffff, how}}); }
  std::uint32_t read(Address a, Cycle now) { return port.read(a, now, costs, host(a)).cycles; }
  std::uint32_t write(Address a, Cycle now) { return port.write(a, now, costs, host(a)).cycles; }
  bool quick(Address a) {
    const std::uint8_t* found = nullptr;
    return port.hit_for_read(a, found) && found == host(a);
  }
  bool quick_write(Address a) {
    std::uint8_t* found = nullptr;
    return port.hit_for_write(a, found) && found == host(a);
  }
  std::uint8_t* host(Address a) { return &memory[a]; }

  BusCosts costs{4, 2, 1, 8};
  std::array<std::uint8_t, 4096> memory{};
  std::shared_ptr<FlashTiming> front_end;
  DataPort port;
};

TEST(DataPort, AMissWaitsForItsOwnBeatAndTheOthersFollow) {
  Port p;
  EXPECT_EQ(p.read(0x108, 100), 4u);  // beat 1 is there at 104, then 2, 3 and 0: critical word first
  EXPECT_EQ(p.read(0x110, 104), 1u);  // beat 2 at 105
  EXPECT_EQ(p.read(0x100, 105), 2u);  // beat 0 is the last, at 107
  EXPECT_EQ(p.read(0x11c, 107), 0u);
  EXPECT_TRUE(p.quick(0x11c)) << "the fill is over: nothing to ask for any more";
}

TEST(DataPort, TwoLinesAreFilledAtOnceAndAThirdWaits) {
  Port p;
  p.read(0x100, 100);  // done at 107
  p.write(0x200, 104);
  const auto third = p.port.read(0x300, 105, p.costs, p.host(0x300));
  EXPECT_EQ(third.cycles, 2u + 4u);
  EXPECT_EQ(third.queued, 2u);
  EXPECT_TRUE(third.miss);
}

TEST(DataPort, WithoutTheCacheEachReadCrossesTheBus) {
  Port p({4, 8}, false);
  EXPECT_EQ(p.read(0x100, 100), 4u);
  EXPECT_EQ(p.read(0x100, 200), 4u);
  EXPECT_FALSE(p.port.read(0x100, 300, p.costs, p.host(0x100)).miss);
  EXPECT_FALSE(p.quick(0x100));
}

TEST(DataPort, WhatMustNotBeCachedIsNot) {
  Port p;
  p.all(CachePolicy::none);
  EXPECT_EQ(p.read(0x100, 100), 4u);
  EXPECT_EQ(p.read(0x100, 200), 4u);
}

TEST(DataPort, AWriteTakesItsLineInOrPassesByAsTheMemoryIsSaidToBe) {
  Port allocates;
  EXPECT_EQ(allocates.write(0x100, 100), 0u) << "the store waits in the buffer, not the core";
  EXPECT_EQ(allocates.read(0x104, 200), 0u);
  for (const auto how : {CachePolicy::write_through, CachePolicy::write_back}) {
    Port p;
    p.all(how);
    EXPECT_EQ(p.write(0x100, 100), 0u);
    EXPECT_EQ(p.read(0x104, 200), 4u);
  }
}

TEST(DataPort, ADirtyLineIsWrittenBackBeforeTheNextOneIsEvicted) {
  // Five lines of set 0 in four ways, all written: from the fifth on each miss evicts. A line takes 2 + 3 cycles.
  Port p;
  for (unsigned i = 0; i < 4; ++i) p.write(0x40 * i, 100 + 100 * i);
  EXPECT_EQ(p.read(0x100, 1000), 4u) << "the first eviction has the bus to itself until 1005";
  EXPECT_EQ(p.read(0x140, 1001), 4u + 4u) << "the second waits for it";
  Port clean;
  for (unsigned i = 0; i < 4; ++i) clean.read(0x40 * i, 100 + 100 * i);
  clean.read(0x100, 1000);
  EXPECT_EQ(clean.read(0x140, 1001), 4u) << "clean lines are just dropped";
}

TEST(DataPort, StoresWaitOnlyWhenTheBufferIsFull) {
  Port p({4, 8}, false);
  std::uint32_t waited = 0;
  for (Cycle i = 0; i < 12; ++i) waited += p.write(static_cast<Address>(8 * i), 100 + i + waited);
  // One store a cycle goes in, one in two cycles comes out: full from the eighth on, each then waits one.
  EXPECT_EQ(waited, 5u);
  EXPECT_EQ(p.write(0x200, 500), 0u);
}

TEST(DataPort, StoresIntoOneDoublewordJoin) {
  Port p({1, 8}, false);
  EXPECT_EQ(p.write(0x100, 100), 0u);  // drains until 102
  EXPECT_EQ(p.write(0x108, 100), 2u);  // waits for it, drains from 102 to 104
  EXPECT_EQ(p.port.write(0x10a, 101, p.costs, p.host(0x10a)).cycles, 0u) << "not yet on the bus: joins";
}

TEST(DataPort, AReadPassesStoresButThoseOfItsOwnBytes) {
  Port p({4, 8}, false);
  p.write(0x100, 100);
  p.write(0x108, 100);  // done at 104
  EXPECT_EQ(p.read(0x200, 101), 4u);
  const auto own = p.port.read(0x10c, 101, p.costs, p.host(0x10c));
  EXPECT_EQ(own.cycles, 3u + 4u);
  EXPECT_EQ(own.buffered, 3u);
}

TEST(DataPort, ABufferWithoutMergingKeepsReadsInOrder) {
  // Cortex-M3 and M4: one entry; the memory has 5 wait states for writes and no costs of its own.
  Port p({1, 0}, false);
  EXPECT_EQ(p.port.post(0x100, 100, 5).cycles, 0u);
  EXPECT_EQ(p.port.drain(102).cycles, 3u);
  EXPECT_EQ(p.port.post(0x104, 102, 5).cycles, 3u);
  EXPECT_EQ(p.port.drain(200).cycles, 0u);
}

TEST(DataPort, MaintenanceWritesBackAndForgets) {
  Port p;
  p.write(0x100, 100);
  p.read(0x100, 200);
  EXPECT_TRUE(p.quick(0x100));
  EXPECT_FALSE(p.quick_write(0x100)) << "not yet written since";
  p.write(0x100, 201);
  EXPECT_TRUE(p.quick_write(0x100));
  p.port.maintain(DataPort::Operation::clean, 0x100);
  EXPECT_FALSE(p.quick_write(0x100)) << "the next store makes it dirty again";
  EXPECT_TRUE(p.quick(0x100));
  p.port.maintain(DataPort::Operation::invalidate, 0x11f);
  EXPECT_FALSE(p.quick(0x100));
  EXPECT_EQ(p.read(0x100, 300), 4u);
  for (std::uint32_t way = 0; way < 4; ++way)
    p.port.maintain_by_way(DataPort::Operation::clean_and_invalidate, way << 30 | 0u << 5);
  EXPECT_EQ(p.read(0x100, 400), 4u);
}

TEST(DataPort, TheQuickWayEndsWithTheLine) {
  Port p;
  p.read(0x100, 100);
  p.read(0x100, 200);
  EXPECT_TRUE(p.quick(0x100));
  for (Address a = 0x140; a < 0x240; a += 0x40) p.read(a, 300 + a);
  EXPECT_FALSE(p.quick(0x100)) << "four others took its set";
  p.read(0x200, 5000);
  EXPECT_TRUE(p.quick(0x200));
  p.all(CachePolicy::none);
  EXPECT_FALSE(p.quick(0x200));
  p.front_end->set_dcache(false);
  p.all(CachePolicy::write_allocate);
  EXPECT_EQ(p.read(0x200, 6000), 4u);
}

}  // namespace
}  // namespace mj::memory
