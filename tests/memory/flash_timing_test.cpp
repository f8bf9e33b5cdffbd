// The flash front end: what each read of the array costs, and what caches, buffers and prefetch save.
#include "memory/flash_timing.h"

#include <gtest/gtest.h>

#include <random>

namespace mj::memory {
namespace {

FlashTimingParams waits(std::uint32_t states) {
  FlashTimingParams p;
  p.wait_states = states;
  return p;
}

TEST(FlashTiming, WithoutWaitStatesNothingCostsAnything) {
  FlashTiming f(waits(0));
  EXPECT_TRUE(f.free());
  EXPECT_EQ(f.fetch(0x100, 0), 0u);
  EXPECT_EQ(f.data_read(0x104, 1), 0u);
}

TEST(FlashTiming, AFetchWaitsItsStatesAndTheLastWordStaysInTheBuffer) {
  FlashTiming f(waits(4));
  EXPECT_EQ(f.fetch(0x100, 0), 4u);
  EXPECT_EQ(f.fetch(0x100, 10), 0u) << "the word just read";
  EXPECT_EQ(f.fetch(0x110, 20), 4u);
  EXPECT_EQ(f.fetch(0x100, 30), 4u) << "no cache: read again";
  EXPECT_EQ(f.counts().array_reads_fetch, 3u);
  EXPECT_EQ(f.counts().fetch_hits, 1u);
}

TEST(FlashTiming, DataHasABufferOfItsOwnOfAWholeFlashWord) {
  FlashTiming f(waits(3));
  EXPECT_EQ(f.data_read(0x204, 0), 3u);
  EXPECT_EQ(f.data_read(0x20c, 10), 0u);
  EXPECT_EQ(f.fetch(0x100, 20), 3u);
  EXPECT_EQ(f.data_read(0x200, 30), 0u) << "a fetch does not take it away";
  EXPECT_EQ(f.data_read(0x210, 40), 3u);
}

TEST(FlashTiming, TheArrayServesOneReadAtATime) {
  FlashTiming f(waits(4));
  EXPECT_EQ(f.fetch(0x100, 0), 4u);           // busy until cycle 5
  EXPECT_EQ(f.data_read(0x200, 2), 3u + 4u);  // begins at 5
  EXPECT_EQ(f.fetch(0x110, 20), 4u);
}

TEST(FlashTiming, PrefetchHasTheNextWordReadyOrOnItsWay) {
  FlashTimingParams p = waits(4);
  p.prefetch = true;
  FlashTiming f(p);
  EXPECT_EQ(f.fetch(0x100, 0), 4u);  // prefetches 0x110 from cycle 5 to 10
  EXPECT_EQ(f.fetch(0x110, 7), 3u);  // under way
  EXPECT_EQ(f.fetch(0x120, 40), 0u) << "long there";
  EXPECT_EQ(f.fetch(0x200, 60), 4u) << "a jump finds nothing";
  EXPECT_EQ(f.counts().prefetches, 4u);
}

TEST(FlashTiming, AJumpWaitsForThePrefetchUnderWay) {
  FlashTimingParams p = waits(4);
  p.prefetch = true;
  FlashTiming f(p);
  f.fetch(0x100, 0);                      // the prefetch has the array until cycle 10
  EXPECT_EQ(f.fetch(0x200, 6), 4u + 4u);  // begins at 10
}

FlashTimingParams cached(std::uint32_t lines, std::uint32_t ways = 0) {
  FlashTimingParams p = waits(4);
  p.icache_lines = p.dcache_lines = lines;
  p.icache_enabled = p.dcache_enabled = true;
  p.ways = ways;
  return p;
}

TEST(FlashTiming, TheCacheKeepsTheLeastRecentlyUsedOut) {
  FlashTiming f(cached(2));
  f.fetch(0x100, 0);
  f.fetch(0x200, 100);
  EXPECT_EQ(f.fetch(0x100, 200), 0u);
  EXPECT_EQ(f.fetch(0x300, 300), 4u);  // 0x200 goes
  EXPECT_TRUE(f.resident(0x100));
  EXPECT_FALSE(f.resident(0x200));
  EXPECT_EQ(f.fetch(0x100, 400), 0u);
  EXPECT_EQ(f.fetch(0x200, 500), 4u);
}

TEST(FlashTiming, SetsTakeTheirLinesByAddress) {
  // Four lines in two ways: sets of 0x00, 0x20, ... and of 0x10, 0x30, ...
  FlashTiming f(cached(4, 2));
  f.fetch(0x100, 0);
  f.fetch(0x120, 100);
  f.fetch(0x110, 200);
  f.fetch(0x140, 300);  // third of the even set: 0x100 goes
  EXPECT_FALSE(f.resident(0x100));
  EXPECT_TRUE(f.resident(0x120));
  EXPECT_TRUE(f.resident(0x110)) << "the odd set has room";
}

TEST(FlashTiming, CachesAreApartUnlessUnified) {
  FlashTiming apart(cached(4));
  apart.fetch(0x100, 0);
  EXPECT_EQ(apart.data_read(0x100, 100), 4u);
  FlashTimingParams p = cached(4);
  p.unified = true;
  FlashTiming unified(p);
  unified.fetch(0x100, 0);
  EXPECT_EQ(unified.data_read(0x104, 100), 0u);
}

TEST(FlashTiming, TheEpochChangesWhenCodeMayHaveLeftTheCache) {
  FlashTiming f(cached(2));
  f.fetch(0x100, 0);
  f.fetch(0x200, 100);
  const auto full = f.epoch();
  f.fetch(0x100, 200);
  EXPECT_EQ(f.epoch(), full) << "a hit changes nothing";
  f.data_read(0x500, 250);
  EXPECT_EQ(f.epoch(), full) << "data has a cache of its own";
  f.fetch(0x300, 300);
  EXPECT_NE(f.epoch(), full) << "a line was evicted";
}

TEST(FlashTiming, DataThatEvictsCodeFromAUnifiedCacheChangesTheEpoch) {
  FlashTimingParams p = cached(1);
  p.unified = true;
  FlashTiming f(p);
  f.fetch(0x100, 0);
  const auto before = f.epoch();
  f.data_read(0x200, 100);
  EXPECT_NE(f.epoch(), before);
}

TEST(FlashTiming, ReprogrammingTakesEffectAndChangesTheEpoch) {
  FlashTiming f(cached(4));
  f.fetch(0x100, 0);
  auto epoch = f.epoch();
  const auto changed = [&] {
    const bool other = f.epoch() != epoch;
    epoch = f.epoch();
    return other;
  };
  f.set_wait_states(2);
  EXPECT_TRUE(changed());
  EXPECT_EQ(f.fetch(0x200, 100), 2u);
  epoch = f.epoch();
  f.set_icache(false);
  EXPECT_TRUE(changed());
  EXPECT_FALSE(f.resident(0x200));
  f.set_icache(true);
  EXPECT_FALSE(f.resident(0x200)) << "turning it off emptied it";
  f.fetch(0x300, 200);
  f.flush();
  EXPECT_EQ(f.fetch(0x300, 300), 2u) << "the buffer is empty, too";
  f.set_dcache(false);
  f.data_read(0x400, 400);
  f.data_read(0x500, 410);
  EXPECT_EQ(f.data_read(0x400, 420), 2u);
  f.set_prefetch(true);
  f.fetch(0x600, 500);
  f.set_prefetch(false);
  EXPECT_EQ(f.fetch(0x610, 600), 2u) << "what was prefetched is forgotten";
}

TEST(FlashTiming, ASlowerInterfaceAndItsBusStretchEachRead) {
  // 2 wait states of a flash clocked at half the core's speed, behind a bus of 3 cycles: 3 * 2 - 1 + 3.
  FlashTimingParams p;
  p.wait_states = 2;
  p.bus_ratio = 2;
  p.bus_cycles = 3;
  FlashTiming flash(p);
  EXPECT_EQ(flash.data_read(0x100, 0), 8u);
  EXPECT_EQ(flash.data_read(0x104, 100), 0u);
  flash.set_wait_states(0);
  EXPECT_FALSE(flash.free());
  EXPECT_EQ(flash.data_read(0x200, 200), 4u) << "the bus stays";
  flash.set_bus_ratio(4);
  EXPECT_EQ(flash.data_read(0x300, 300), 6u);
  EXPECT_GE(flash.worst_case(), 6u);
}

TEST(FlashTiming, TheDataCacheMayHaveOtherWays) {
  // Two lines: one set of two for instructions, two sets of one for data.
  FlashTimingParams p;
  p.wait_states = 3;
  p.icache_lines = p.dcache_lines = 2;
  p.ways = 2;
  p.dcache_ways = 1;
  p.icache_enabled = p.dcache_enabled = true;
  FlashTiming flash(p);
  const Address a = 0x000, b = 2 * p.word_bytes, c = p.word_bytes;  // a and b share a set of one way
  for (const Address x : {a, b, c}) flash.data_read(x, 100 + x);
  EXPECT_EQ(flash.data_read(a, 1000), 3u);
  for (const Address x : {a, b}) flash.fetch(x, 2000 + x);
  flash.fetch(a, 3000);
  EXPECT_EQ(flash.fetch(b, 4000), 0u);
}

TEST(FlashTiming, SaysWhyItWaits) {
  FlashTimingParams p;
  p.wait_states = 3;
  p.icache_lines = 2;
  p.icache_enabled = true;  // no data cache
  FlashTiming flash(p);
  EXPECT_EQ(flash.fetch(0x000, 100), 3u);
  EXPECT_TRUE(flash.cause().miss);
  EXPECT_EQ(flash.cause().queued, 0u);
  EXPECT_EQ(flash.fetch(0x000, 110), 0u);
  EXPECT_FALSE(flash.cause().miss) << "a hit";
  // The array is busy with cycles 120 to 123; a data read at 122 waits for two of them, then for its own.
  flash.fetch(0x100, 120);
  EXPECT_EQ(flash.data_read(0x200, 122), 5u);
  EXPECT_FALSE(flash.cause().miss) << "there is no data cache: wait states";
  EXPECT_EQ(flash.cause().queued, 2u);
  flash.set_icache(false);
  EXPECT_EQ(flash.fetch(0x300, 200), 3u);
  EXPECT_FALSE(flash.cause().miss) << "the cache is off";
}

// What loads in flash mostly do has a short way: whoever asks data_hit() first sees the same costs and counts.
TEST(FlashTiming, TheShortWayOfAHitIsTheLongWay) {
  for (const bool unified : {false, true}) {
    FlashTimingParams p = waits(5);
    p.icache_lines = 16;
    p.dcache_lines = 8;
    p.ways = 2;
    p.icache_enabled = p.dcache_enabled = p.prefetch = true;
    p.unified = unified;
    FlashTiming quick(p), plain(p);
    std::mt19937 random(7);
    unsigned short_ways = 0;
    for (Cycle now = 0; now < 40'000; now += random() % 9) {
      const auto at = static_cast<Address>(random() % 0x60 * 4);
      if (random() % 3 == 0) {
        ASSERT_EQ(quick.fetch(at & ~15u, now), plain.fetch(at & ~15u, now)) << now;
      } else if (quick.data_hit(at)) {
        ++short_ways;
        ASSERT_EQ(plain.data_read(at, now), 0u) << now;
      } else {
        ASSERT_EQ(quick.data_read(at, now), plain.data_read(at, now)) << now;
      }
      if (random() % 500 == 0)
        for (FlashTiming* f : {&quick, &plain}) {
          f->set_dcache(now % 8 != 0);
          f->set_wait_states(now % 5 != 0 ? 5 : 0);
        }
      ASSERT_EQ(quick.array_reads(), plain.array_reads()) << now;
      ASSERT_EQ(quick.epoch(), plain.epoch()) << now;
    }
    EXPECT_EQ(quick.counts().data_hits, plain.counts().data_hits);
    EXPECT_GT(short_ways, 200u);
  }
}

TEST(FlashTiming, TheWorstCaseIsABoundOfEveryRead) {
  FlashTimingParams p = cached(2);
  p.prefetch = true;
  p.wait_states = 48;
  FlashTiming f(p);
  std::uint32_t seed = 1, worst = 0;
  Cycle now = 0;
  for (int i = 0; i < 20000; ++i) {
    seed = seed * 1664525 + 1013904223;
    const Address a = seed >> 16 & 0xff0;
    const std::uint32_t extra = seed & 0x100 ? f.fetch(a, now) : f.data_read(a, now);
    worst = std::max(worst, extra);
    now += extra + (seed >> 28);
  }
  EXPECT_LE(worst, f.worst_case());
  EXPECT_GT(worst, p.wait_states);
}

}  // namespace
}  // namespace mj::memory
