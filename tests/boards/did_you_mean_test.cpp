// Suggestions for mistyped names of boards, keys, verbs and options.
#include "sim/base/did_you_mean.h"

#include <gtest/gtest.h>

namespace mj {
namespace {

const std::vector<std::string> boards{"ibex-demo", "nano33ble", "pico", "run"};

TEST(DidYouMean, TakesTheNearestWord) {
  EXPECT_EQ(did_you_mean("ibex-dmo", boards), "did you mean \"ibex-demo\"?");
  EXPECT_EQ(did_you_mean("rum", boards), "did you mean \"run\"?");
  EXPECT_EQ(did_you_mean("picos", boards), "did you mean \"pico\"?");
  EXPECT_EQ(nearest_word("pcio", boards), &boards[2]);
}

TEST(DidYouMean, AWordThatIsCutShortMeansTheWholeOne) {
  EXPECT_EQ(did_you_mean("nan", boards), "did you mean \"nano33ble\"?");  // "run" is nearer, but begins otherwise
  EXPECT_EQ(did_you_mean("na", boards), "");
}

TEST(DidYouMean, FarWordsGetNoSuggestion) {
  EXPECT_EQ(did_you_mean("cortex-m4", boards), "");
  EXPECT_EQ(nearest_word("stm32", boards), nullptr);
  EXPECT_EQ(did_you_mean("pico", {}), "");
  // A third of a long word may differ, but no more
  EXPECT_NE(did_you_mean("abcdefxyz", {"abcdefghi"}), "");
  EXPECT_EQ(did_you_mean("abcdewxyz", {"abcdefghi"}), "");
  EXPECT_EQ(did_you_mean(std::string(1000000, 'p'), boards), "");
}

}  // namespace
}  // namespace mj
