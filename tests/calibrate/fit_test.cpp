// The fit itself: whole numbers found from windows of a made-up machine, and what it refuses.
#include "tools/calibrate/fit.h"

#include <gmock/gmock.h>

namespace mj::calibrate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// A machine whose windows are sums of counts times parameters.
struct Machine {
  std::vector<double> fixed;                ///< by window
  std::vector<std::vector<double>> counts;  ///< [window][parameter]
  int runs = 0;

  std::vector<double> cycles(const std::vector<std::int64_t>& values) const {
    std::vector<double> out = fixed;
    for (std::size_t w = 0; w < out.size(); ++w)
      for (std::size_t p = 0; p < values.size(); ++p) out[w] += counts[w][p] * static_cast<double>(values[p]);
    return out;
  }
  Model model() {
    return [this](const std::vector<std::int64_t>& values) -> Result<std::vector<double>> {
      ++runs;
      return cycles(values);
    };
  }
  /// Windows measured on a machine with these values.
  std::vector<Window> measured(const std::vector<std::int64_t>& truth, double uncertainty = 0) const {
    std::vector<Window> out;
    for (const double c : cycles(truth)) out.push_back({"w" + std::to_string(out.size()), c, uncertainty});
    return out;
  }
};

std::vector<Parameter> parameters(const std::vector<std::int64_t>& values) {
  std::vector<Parameter> out;
  for (const std::int64_t v : values)
    out.push_back({"p" + std::to_string(out.size()), v, 0, 20, "instructions of class c" + std::to_string(out.size())});
  return out;
}

TEST(Fit, FindsOneNumberFromOneWindow) {
  Machine m{{1000}, {{50}}};
  const auto found = fit(m.measured({7}), parameters({4}), m.model());
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_THAT(found->values, ElementsAre(7));
  EXPECT_THAT(found->before, ElementsAre(1200));
  EXPECT_THAT(found->after, ElementsAre(1350));
  EXPECT_TRUE(found->better);
}

TEST(Fit, FindsSeveralNumbersFromAsManyWindows) {
  Machine m{{500, 900, 100}, {{10, 3, 0}, {2, 40, 1}, {5, 5, 30}}};
  const auto found = fit(m.measured({2, 9, 0}), parameters({5, 5, 5}), m.model());
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_THAT(found->values, ElementsAre(2, 9, 0));
}

TEST(Fit, LeavesAloneWhatMovesNoWindow) {
  Machine m{{100}, {{0, 10}}};
  const auto found = fit(m.measured({0, 3}), parameters({6, 1}), m.model());
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_THAT(found->untouched, ElementsAre(0));
  EXPECT_THAT(found->values, ElementsAre(6, 3));
}

TEST(Fit, AMeasurementThatTheModelMeetsChangesNothing) {
  Machine m{{100}, {{10}}};
  const auto found = fit(m.measured({4}), parameters({4}), m.model());
  ASSERT_TRUE(found.ok());
  EXPECT_FALSE(found->better);
  EXPECT_THAT(found->values, ElementsAre(4));
}

TEST(Fit, TakesTheNearestWholeNumberAndKeepsTheResidual) {
  Machine m{{0}, {{10}}};
  const auto found = fit({{"w", 57, 0}}, parameters({1}), m.model());
  ASSERT_TRUE(found.ok());
  EXPECT_THAT(found->values, ElementsAre(6));
  EXPECT_THAT(found->after, ElementsAre(60));
}

TEST(Fit, StaysInRange) {
  Machine m{{0}, {{10}}};
  const auto found = fit({{"w", 1000, 0}}, parameters({1}), m.model());
  ASSERT_TRUE(found.ok());
  EXPECT_THAT(found->values, ElementsAre(20));
}

TEST(Fit, FollowsAModelThatIsNotLinear) {
  // A write buffer: it costs nothing until it takes more than four cycles.
  const Model model = [](const std::vector<std::int64_t>& v) -> Result<std::vector<double>> {
    return std::vector<double>{1000.0 + 100.0 * static_cast<double>(std::max<std::int64_t>(v[0] - 4, 0))};
  };
  const auto found = fit({{"w", 1500, 0}}, parameters({4}), model);
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_THAT(found->values, ElementsAre(9));
}

// refusals

TEST(Fit, RefusesMoreNumbersThanWindows) {
  Machine m{{100}, {{10, 20}}};
  const auto found = fit(m.measured({3, 3}), parameters({1, 1}), m.model());
  ASSERT_FALSE(found.ok());
  EXPECT_THAT(found.error().why, HasSubstr("p1 and p0"));
  EXPECT_THAT(found.error().try_, HasSubstr("instructions of class c1"));
}

TEST(Fit, RefusesNumbersThatAlwaysComeTogetherHoweverManyWindows) {
  // p0 and p2 are executed in the same proportion everywhere; p1 is independent.
  Machine m{{100, 100, 100}, {{10, 1, 20}, {4, 9, 8}, {7, 5, 14}}};
  const auto found = fit(m.measured({3, 3, 3}), parameters({1, 1, 1}), m.model());
  ASSERT_FALSE(found.ok());
  EXPECT_THAT(found.error().why, HasSubstr("p2 and p0"));
  EXPECT_THAT(found.error().why, Not(HasSubstr("p1")));
}

TEST(Fit, RefusesANumberThatIsTheSumOfOthers) {
  Machine m{{0, 0, 0}, {{10, 0, 10}, {0, 10, 10}, {20, 5, 25}}};
  const auto found = fit(m.measured({3, 3, 3}), parameters({1, 1, 1}), m.model());
  ASSERT_FALSE(found.ok());
  for (const char* name : {"p0", "p1", "p2"}) EXPECT_THAT(found.error().why, HasSubstr(name));
}

TEST(Fit, RefusesAMeasurementThatIsTooCoarse) {
  Machine m{{100000}, {{10}}};
  const auto found = fit(m.measured({3}, 25), parameters({1}), m.model());
  ASSERT_FALSE(found.ok());
  EXPECT_THAT(found.error().what, HasSubstr("too coarse for p0"));
  EXPECT_THAT(found.error().what, HasSubstr("10 cycles"));
}

TEST(Fit, RefusesWhenSeveralSolutionsAgree) {
  // 11 a + 10 b: within +-9 cycles, (5, 5) can't be told from (4, 6).
  Machine m{{0, 0}, {{110, 100}, {100, 110}}};
  auto windows = m.measured({5, 5});
  for (Window& w : windows) w.uncertainty = 15;
  const auto found = fit(windows, parameters({5, 4}), m.model());
  ASSERT_FALSE(found.ok());
  EXPECT_THAT(found.error().what, HasSubstr("several values agree"));
}

TEST(Fit, RefusesWhenNothingIsFelt) {
  Machine m{{100}, {{0}}};
  const auto found = fit({{"w", 90, 0}}, parameters({1}), m.model());
  ASSERT_FALSE(found.ok());
  EXPECT_THAT(found.error().what, HasSubstr("no window feels"));
}

TEST(Fit, PassesOnWhatARunSays) {
  const Model broken = [](const std::vector<std::int64_t>&) -> Result<std::vector<double>> {
    return Error{ExitCode::unreadable, "not an ELF file", "x", "", ""};
  };
  const auto found = fit({{"w", 1, 0}}, parameters({1}), broken);
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, ExitCode::unreadable);
}

}  // namespace
}  // namespace mj::calibrate
