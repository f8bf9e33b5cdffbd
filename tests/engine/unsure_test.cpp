// Which cycles rest on inferred or estimated numbers: they go with their causes, and are told by row.
#include "tests/engine/bench.h"

namespace mj::test {
namespace {

using Unsure = Arm;

Cycle all(const std::array<Cycle, timing::reason_count>& reasons) {
  Cycle sum = 0;
  for (const Cycle c : reasons) sum += c;
  return sum;
}

TEST_F(Unsure, ADividesCyclesRestOnAnInferredRow) {
  // cortex-m4.json: costs/udiv is inferred; ALU and branches are documented.
  Bench b("mps2-an386", R"(
    func main
      ldr r0, =1000000
      movs r1, #3
    begin:
      udiv r2, r0, r1
      udiv r2, r0, r1
    end:
      adds r3, #1
      b .
  )");
  b.run(1000);
  const profile::Counts divides = b.between("begin", "end");
  EXPECT_EQ(all(divides.unsure), divides.cycles);
  const auto issue = static_cast<std::size_t>(timing::Reason::issue),
             divide = static_cast<std::size_t>(timing::Reason::divide);
  EXPECT_EQ(divides.unsure[issue], 2u);
  EXPECT_EQ(divides.unsure[divide], divides.reasons[divide]);
  EXPECT_EQ(all(b.counts().unsure), divides.cycles);
  const auto rows = profile::unsure_rows(b.engine(), b.machine().timing());
  ASSERT_EQ(rows.core.size(), 1u);
  EXPECT_EQ(b.machine().timing().rows()[rows.core.begin()->first].id, "costs/udiv");
  EXPECT_EQ(rows.core.begin()->second, divides.cycles);
  EXPECT_EQ(rows.memory, 0u);
}

TEST_F(Unsure, ASkippedDivideRestsOnNothingInferred) {
  Bench b("mps2-an386", R"(
    func main
      movs r1, #3
      cmp  r1, #0
      it   eq
      udiveq r2, r1, r1
      b .
  )");
  b.run(100);
  EXPECT_EQ(all(b.counts().unsure), 0u);
  b.expect_conserved();
}

TEST_F(Unsure, WaitsOfAFrontEndWithEstimatedNumbersAreUnsure) {
  // nucleo-l4r5zi: the size of the flash's caches is estimated; firmware programs 5 wait states here.
  Bench b("nucleo-l4r5zi", R"(
    func main
      ldr  r0, =0x40022000
      ldr  r1, =0x605
      str  r1, [r0]
      ldr  r2, =0x08001000
      ldr  r3, [r2]
      b .
  )");
  b.run(1000);
  const profile::Counts c = b.counts();
  Cycle waited = 0, unsure = 0;
  for (const timing::Reason reason : {timing::Reason::fetch_wait, timing::Reason::data_wait, timing::Reason::fetch_miss,
                                      timing::Reason::cache_miss, timing::Reason::contention}) {
    const auto i = static_cast<std::size_t>(reason);
    EXPECT_EQ(c.unsure[i], c.reasons[i]) << timing::name(reason);
    waited += c.reasons[i];
    unsure += c.unsure[i];
  }
  EXPECT_GT(waited, 0u);
  EXPECT_EQ(profile::unsure_rows(b.engine(), b.machine().timing()).memory, unsure);
}

}  // namespace
}  // namespace mj::test
