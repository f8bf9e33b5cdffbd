// Which points are on the front, and when the intervals leave that open.
#include "tools/sweep/pareto.h"

#include <gtest/gtest.h>

#include <random>

namespace mj::sweep {
namespace {

Measure exact(double v) { return {v, v, v, ""}; }
/// value -10 % +10 % of a model's.
Measure about(double v, const char* model) { return {v, 0.9 * v, 1.1 * v, model}; }

/// The marks as text: "*" on the front, "." not on it, "?" behind one that is not certain.
std::string marks(const std::vector<std::vector<Measure>>& candidates) {
  std::string out;
  for (const Place& p : pareto_front(candidates)) out += std::string(p.on_front ? "*" : ".") + (p.certain ? "" : "?");
  return out;
}

TEST(Pareto, APointThatIsWorseInAllIsNotOnTheFront) {
  EXPECT_EQ(marks({{exact(1), exact(5)}, {exact(5), exact(1)}, {exact(6), exact(6)}}), "**.");
}

TEST(Pareto, WorseInOneAndEqualInTheOthersIsEnough) {
  EXPECT_EQ(marks({{exact(1), exact(5)}, {exact(1), exact(6)}}), "*.");
}

TEST(Pareto, EqualPointsShareTheFront) { EXPECT_EQ(marks({{exact(1), exact(5)}, {exact(1), exact(5)}}), "**"); }

TEST(Pareto, NoPointsAndOnePoint) {
  EXPECT_EQ(marks({}), "");
  EXPECT_EQ(marks({{exact(1)}}), "*");
}

TEST(Pareto, OverlappingIntervalsOfTwoModelsLeaveTheOrderOpen) {
  // 100 +-10 and 105 +-10.5 overlap: either may be the faster one.
  EXPECT_EQ(marks({{about(100, "a")}, {about(105, "b")}}), "*?.?");
}

TEST(Pareto, IntervalsThatAreApartDoNot) { EXPECT_EQ(marks({{about(100, "a")}, {about(130, "b")}}), "*."); }

TEST(Pareto, AModelsErrorIsTheSameForAllItsPoints) {
  // The same numbers as above, but if the first is 10 % too low, so is the second.
  EXPECT_EQ(marks({{about(100, "a")}, {about(105, "a")}}), "*.");
}

TEST(Pareto, AnExactDisadvantageKeepsAPointFromBeatingAnother) {
  // The second needs more flash, so that it can't push the first from the front, however fast it really is.
  EXPECT_EQ(marks({{about(100, "a"), exact(1)}, {about(105, "b"), exact(2)}}), "*.?");
}

TEST(Pareto, WithExactFiguresAllIsCertainAndEachOtherPointIsBeatenByOneOfTheFront) {
  std::mt19937 random(1);  // the same points each time
  const auto beats = [](const std::vector<Measure>& a, const std::vector<Measure>& b) {
    return a[0].value <= b[0].value && a[1].value <= b[1].value && (a[0].value < b[0].value || a[1].value < b[1].value);
  };
  for (std::size_t n = 0; n < 60; ++n) {
    std::vector<std::vector<Measure>> points;
    const auto draw = [&] { return exact(static_cast<double>(random() % 8)); };
    for (std::size_t i = 0; i < n; ++i) points.push_back({draw(), draw()});
    const auto places = pareto_front(points);
    ASSERT_EQ(places.size(), n);
    for (std::size_t i = 0; i < n; ++i) {
      EXPECT_TRUE(places[i].certain);
      bool beaten = false;
      for (std::size_t k = 0; k < n; ++k) beaten |= places[k].on_front && beats(points[k], points[i]);
      EXPECT_NE(places[i].on_front, beaten) << n << " points, point " << i;
    }
  }
}

}  // namespace
}  // namespace mj::sweep
