// Regions of interest: cycles and instructions from one address to another, each time.
#include "sim/profile/roi.h"

#include "tests/engine/bench.h"

namespace mj::test {
namespace {

using RegionOfInterest = Arm;

/// Runs with one region from label to label.
profile::Roi measured(Bench& b, const std::string& from, const std::string& to) {
  profile::RoiTracker tracker(b.engine(), b.machine().timing(), b.machine().operating_points(),
                              {{from + ":" + to, b.at(from), b.at(to)}});
  b.engine().set_marks(tracker.addresses());
  b.engine().on_mark = [&](Address pc) { tracker.reached(pc); };
  b.run(100000);
  return tracker.result().front();
}

TEST_F(RegionOfInterest, IsMeasuredEachTimeFromBeginInclusiveToEndExclusive) {
  // Cortex-M4 TRM 3.3.1: ALU 1, taken branch 2.
  Bench b("mps2-an386", R"(
    func main
      movs r4, #3
    again:
      nop
    begin:
      adds r0, #1
      adds r0, #1
      cmp  r4, #2
      it   eq
      addeq r0, #1        @ skipped twice, and costs its cycle all the same
    end:
      subs r4, #1
      bne  again
      b    .
  )");
  const profile::Roi roi = measured(b, "begin", "end");
  ASSERT_EQ(roi.hits.size(), 3u);
  for (int i = 0; i < 3; ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(roi.hits[i].instructions, 5u);
    EXPECT_EQ(roi.hits[i].condition_passed, i == 1 ? 5u : 4u);
    Cycle reasons = 0;
    for (const Cycle c : roi.hits[i].reasons) reasons += c;
    EXPECT_EQ(reasons, roi.hits[i].cycles);
    EXPECT_EQ(roi.hits[i].cycles, roi.hits[0].cycles);
  }
  b.expect_conserved();
}

TEST_F(RegionOfInterest, WatchingChangesNothing) {
  const std::string program = R"(
    func main
      ldr r6, =0x20000100
      movs r4, #50
    again:
      ldr r0, [r6]
    begin:
      ldr r1, [r6, #4]
      adds r0, r1
      str r0, [r6]
    end:
      subs r4, #1
      bne again
      b .
  )";
  Bench plain("mps2-an386", program), watched("mps2-an386", program);
  plain.run(100000);
  EXPECT_EQ(measured(watched, "begin", "end").hits.size(), 50u);
  EXPECT_EQ(watched.now(), plain.now());
  EXPECT_EQ(watched.counts().instructions, plain.counts().instructions);
}

TEST_F(RegionOfInterest, ABeginThatIsItsEndMeasuresFromPassToPass) {
  Bench b("mps2-an386", R"(
    func main
      movs r4, #10
    loop:
      subs r4, #1
      bne  loop
      b    .
  )");
  const profile::Roi roi = measured(b, "loop", "loop");
  ASSERT_EQ(roi.hits.size(), 9u);
  EXPECT_EQ(roi.hits[4].instructions, 2u);
  EXPECT_EQ(roi.hits[4].begin + roi.hits[4].cycles, roi.hits[5].begin);
}

TEST_F(RegionOfInterest, EndsThatNoBeginWentBeforeAndBeginsWithoutEndDoNotCount) {
  Bench b("mps2-an386", R"(
    func main
      b    end
    begin:
      nop
      b    .
    end:
      b    begin
  )");
  EXPECT_TRUE(measured(b, "begin", "end").hits.empty());
}

}  // namespace
}  // namespace mj::test
