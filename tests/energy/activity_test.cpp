// Activity adds up and can be taken apart again.
#include "energy/activity.h"

#include <gtest/gtest.h>

namespace mj::energy {
namespace {

TEST(Activity, EveryCountIsAddedAndTakenAway) {
  const Activity a{1, 2, 3, 4, 5, 6}, b{10, 20, 30, 40, 50, 60}, both{11, 22, 33, 44, 55, 66};
  Activity sum = a;
  sum += b;
  EXPECT_EQ(sum, both);
  EXPECT_EQ(sum.cycles(), 66u);  // issue, stall, sleep
  sum -= a;
  EXPECT_EQ(sum, b);
}

TEST(Activity, ListsAddByOperatingPoint) {
  Activities a{{1, 0, 0, 0, 0, 0}};
  const Activities b{{2, 0, 0, 0, 0, 0}, {0, 7, 0, 0, 0, 0}};
  a += b;  // the longer list sets the length
  ASSERT_EQ(a.size(), 2u);
  EXPECT_EQ(a[0].issue_cycles, 3u);
  EXPECT_EQ(a[1].stall_cycles, 7u);
  a -= b;
  EXPECT_EQ(a, (Activities{{1, 0, 0, 0, 0, 0}, {}}));
}

TEST(Activity, AShorterListMayLoseALongerOneWithoutEventsThere) {
  Activities a{{5, 0, 0, 0, 0, 0}};
  a -= Activities{{2, 0, 0, 0, 0, 0}, {}};
  EXPECT_EQ(a, (Activities{{3, 0, 0, 0, 0, 0}}));
}

}  // namespace
}  // namespace mj::energy
