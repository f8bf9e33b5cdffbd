// When functions ran.
#include <gtest/gtest.h>

#include "sim/profile/timeline.h"

namespace mj::profile {
namespace {

std::string name(Address a) { return "f" + std::to_string(a); }

std::vector<std::tuple<std::string, std::uint32_t, Cycle, Cycle>> rows(const Timeline& t) {
  std::vector<std::tuple<std::string, std::uint32_t, Cycle, Cycle>> out;
  for (const auto& s : t.spans) out.emplace_back(t.names[s.name], s.depth, s.begin, s.end);
  return out;
}

TEST(Timeline, CallsNestAndTheOuterOneStandsFirst) {
  TimelineRecorder r;
  r.entered(1, 1, 100);
  r.entered(2, 2, 100);
  r.left(2, 2, 150);
  r.entered(2, 2, 160);
  r.left(2, 2, 190);
  r.left(1, 1, 200);
  const Timeline t = r.timeline(9, 300, name);
  EXPECT_EQ(rows(t), (std::vector<std::tuple<std::string, std::uint32_t, Cycle, Cycle>>{
                         {"f9", 0, 0, 300}, {"f1", 1, 100, 200}, {"f2", 2, 100, 150}, {"f2", 2, 160, 190}}));
  EXPECT_EQ(t.names, (std::vector<std::string>{"f9", "f1", "f2"}));
  EXPECT_EQ(t.left_out, 0U);
}

TEST(Timeline, CallsUnderWayEndWithTheRun) {
  TimelineRecorder r;
  r.entered(1, 1, 10);
  r.entered(2, 2, 20);
  EXPECT_EQ(rows(r.timeline(9, 50, name)), (std::vector<std::tuple<std::string, std::uint32_t, Cycle, Cycle>>{
                                               {"f9", 0, 0, 50}, {"f1", 1, 10, 50}, {"f2", 2, 20, 50}}));
}

TEST(Timeline, TheShortestCallsAreLeftOutAndCountedWhenThereAreTooMany) {
  TimelineRecorder r;
  constexpr std::uint64_t calls = 100000;
  Cycle now = 0;
  for (std::uint64_t i = 0; i < calls; ++i) {
    const bool is_long = i % 100 == 0;
    r.entered(is_long ? 1 : 2, 1, now);
    now += is_long ? 1000 : 10 + i % 7;
    r.left(is_long ? 1 : 2, 1, now);
  }
  const Timeline t = r.timeline(9, now, name);
  EXPECT_LE(t.spans.size(), 8192U);
  EXPECT_EQ(t.spans.size() + t.left_out, calls + 1) << "and the function that the program began in";
  std::size_t longs = 0;
  for (const auto& s : t.spans) {
    EXPECT_GE(s.end - s.begin, t.shortest);
    longs += s.end - s.begin == 1000;
  }
  EXPECT_EQ(longs, calls / 100) << "what is long stays";
}

}  // namespace
}  // namespace mj::profile
