// What a block costs on each core, written as the manuals write it, and what a wrong core file is told.
#include "sim/timing/core_timing.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>

#include "tests/timing/core_files.h"
#include "tests/timing/walk_builder.h"

namespace mj::timing {
namespace {

using isa::OpClass;
using test::BlockBuilder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

CoreTiming core(const std::string& name) {
  Result<CoreTiming> loaded = test::load_core(name);
  if (!loaded) ADD_FAILURE() << loaded.error().text();
  return std::move(loaded).value();
}

/// Cycles of a walk by reason when it is left through `exit`.
std::map<Reason, unsigned> by_reason(const Walk& walk, Exit exit = fallthrough) {
  std::map<Reason, unsigned> sums;
  for (const ReasonCycles& r : walk.reasons) sums[r.reason] += r.cycles;
  for (const ReasonCycles& r : walk.exits[exit].reasons) sums[r.reason] += r.cycles;
  return sums;
}

enum : unsigned { r0, r1, r2, r3, r4, r5 };
constexpr unsigned s0 = 16, s1 = 17, s2 = 18;

// Ibex

TEST(Ibex, MaxperfWaitsOneCycleForLoadedData) {
  // lw r0, (r1); add r2, r0
  const Walk walk = BlockBuilder().load(r0, r1).alu(r2, {r0}).walk(core("ibex-maxperf"));
  EXPECT_EQ(walk.exits[fallthrough].cycles, 1u + 1u + 1u);
  EXPECT_EQ(by_reason(walk)[Reason::load_use], 1u);
  EXPECT_EQ(by_reason(walk)[Reason::issue], 2u);
  EXPECT_THAT(walk.begin, ElementsAre(0u, 2u));
}

TEST(Ibex, MaxperfOnlyTheDirectlyNextInstructionWaits) {
  const CoreTiming maxperf = core("ibex-maxperf");
  EXPECT_EQ(BlockBuilder().load(r0, r1).alu(r3, {r4}).alu(r2, {r0}).cycles(maxperf), 3u);
  EXPECT_EQ(BlockBuilder().load(r0, r1).store(r0, r2).cycles(maxperf), 3u) << "store data waits too";
  EXPECT_EQ(BlockBuilder().load(r0, r1).alu(r0, {r2}).cycles(maxperf), 2u) << "overwriting does not wait";
}

TEST(Ibex, SmallHasItsLoadCyclesUpFront) {
  EXPECT_EQ(BlockBuilder().load(r0, r1).alu(r2, {r0}).cycles(core("ibex-small")), 2u + 1u);
}

TEST(Ibex, GoldenLoopOfTheGuide) {
  // lw; lw; mul; add; addi; addi; bne
  BlockBuilder loop;
  loop.load(r0, r4).load(r1, r5).op(isa::OpClass::mul, r2, {r0, r1}).alu(r3, {r3, r2}).alu(r4, {r4}).alu(r5, {r5});
  loop.branch_if({r4});
  EXPECT_EQ(loop.cycles_taken(core("ibex-maxperf")), 9u);
  EXPECT_EQ(loop.cycles_taken(core("ibex-small")), 13u);
}

TEST(Ibex, CsrWritesFlushExceptMscratchAndMepc) {
  const CoreTiming small = core("ibex-small");
  EXPECT_EQ(BlockBuilder().csr(isa::OpClass::sys_write, 0x300).cycles(small), 3u);
  EXPECT_EQ(BlockBuilder().csr(isa::OpClass::sys_write, 0x340).cycles(small), 1u);
  EXPECT_EQ(BlockBuilder().csr(isa::OpClass::sys_write, 0x341).cycles(small), 1u);
  EXPECT_EQ(BlockBuilder().csr(isa::OpClass::sys_read, 0x300).cycles(small), 1u);
}

TEST(Ibex, DivideByZeroIsShort) {
  const CoreTiming small = core("ibex-small");
  BlockBuilder b;
  b.op(isa::OpClass::div, r0, {r1, r2});
  ASSERT_TRUE(small.has_operand_rule(b.insns[0]));
  EXPECT_EQ(b.cycles(small) + small.operand_cycles(b.insns[0], 100, 0), 2u);
  EXPECT_EQ(b.cycles(small) + small.operand_cycles(b.insns[0], 100, 7), 37u);
  EXPECT_EQ(small.operand_reason(b.insns[0]), Reason::divide);
}

TEST(Ibex, SlowMultiplierTakesTheBitsOfTheMultiplier) {
  const CoreTiming slow = core("ibex-small-slowmul");
  BlockBuilder b;
  b.op(isa::OpClass::mul, r0, {r1, r2});
  const auto cycles = [&](std::uint32_t m) { return b.cycles(slow) + slow.operand_cycles(b.insns[0], 5, m); };
  EXPECT_EQ(cycles(0), 2u);
  EXPECT_EQ(cycles(1), 2u);
  EXPECT_EQ(cycles(4), 4u);
  EXPECT_EQ(cycles(0x80000000), 33u);
}

TEST(Ibex, ArrivingAtA32BitInstructionOffAWordBoundaryCostsOneMore) {
  const CoreTiming small = core("ibex-small");
  PipeState state;
  EXPECT_EQ(small.target_cost(0x102, true, taken, isa::OpClass::branch_cond, state), 1u);
  EXPECT_EQ(small.target_cost(0x100, true, taken, isa::OpClass::branch_cond, state), 0u);
  EXPECT_EQ(small.target_cost(0x102, false, taken, isa::OpClass::branch_cond, state), 0u);
  EXPECT_EQ(small.target_cost(0x102, true, fallthrough, isa::OpClass::branch_cond, state), 0u) << "reached in sequence";
  EXPECT_EQ(small.target_cost(0x102, true, fallthrough, isa::OpClass::barrier_fetch, state), 1u) << "FENCE.I refetches";
}

TEST(Ibex, OnlyAccessesThatCrossAWordAreSplit) {
  const CoreTiming small = core("ibex-small");
  EXPECT_EQ(small.unaligned_cycles(0x101, 2, false), 0u);
  EXPECT_EQ(small.unaligned_cycles(0x103, 2, false), 1u);
  EXPECT_EQ(small.unaligned_cycles(0x102, 4, true), 1u);
  EXPECT_EQ(small.unaligned_cycles(0x104, 4, true), 0u);
}

// hazards over block edges

TEST(BlockEdge, AHazardIsCarriedIntoTheNextBlock) {
  const CoreTiming maxperf = core("ibex-maxperf");
  const Walk first = BlockBuilder().load(r0, r1).walk(maxperf);  // cut behind the load
  const Walk second = BlockBuilder().alu(r2, {r0}).walk(maxperf, first.exits[fallthrough].state);
  EXPECT_FALSE(first.exits[fallthrough].state.empty());
  EXPECT_EQ(second.exits[fallthrough].cycles, 2u);
  EXPECT_THAT(second.begin, ElementsAre(1u));
  EXPECT_EQ(second.reasons.front(), (ReasonCycles{0, Reason::load_use, 1}));
}

TEST(BlockEdge, AHazardThatTimeHasSolvedLeavesNoTrace) {
  const CoreTiming maxperf = core("ibex-maxperf");
  const Walk walk = BlockBuilder().load(r0, r1).branch_if({r3}).walk(maxperf);
  EXPECT_TRUE(walk.exits[fallthrough].state.empty());
  EXPECT_TRUE(walk.exits[taken].state.empty());
}

// CV32E40P

TEST(Cv32e40p, JalrWaitsForItsBase) {
  const CoreTiming cv = core("cv32e40p");
  EXPECT_EQ(BlockBuilder().jump_to(r1).cycles_taken(cv), 2u);
  EXPECT_EQ(BlockBuilder().alu(r1, {r2}).jump_to(r1).cycles_taken(cv), 1u + 2u + 1u);
  EXPECT_EQ(BlockBuilder().load(r1, r2).jump_to(r1).cycles_taken(cv), 1u + 2u + 2u);
  EXPECT_EQ(BlockBuilder().load(r1, r2).nop().jump_to(r1).cycles_taken(cv), 2u + 2u + 1u);
  EXPECT_EQ(BlockBuilder().load(r1, r2).nop().nop().jump_to(r1).cycles_taken(cv), 3u + 2u);
}

TEST(Cv32e40p, AFarCallThroughRaCostsFive) {
  // auipc ra; jalr ra, ra
  EXPECT_EQ(BlockBuilder().alu(r1, {}).jump_to(r1, r1).cycles_taken(core("cv32e40p")), 5u);
}

TEST(Cv32e40p, AJumpHidesBehindALongMultiply) {
  const CoreTiming cv = core("cv32e40p");
  EXPECT_EQ(BlockBuilder().op(isa::OpClass::mul_high, r0, {r1, r2}).jump().cycles_taken(cv), 5u + 1u);
  EXPECT_EQ(BlockBuilder().op(isa::OpClass::mul, r0, {r1, r2}).jump().cycles_taken(cv), 1u + 2u);
}

TEST(Cv32e40p, AJumpHidesBehindASplitAccess) {
  const CoreTiming cv = core("cv32e40p");
  const Walk walk = BlockBuilder().load(r0, r1).jump().walk(cv);
  EXPECT_EQ(cv.unaligned_cycles(0x102, 4, false, walk.unaligned_hidden[0]), 0u);
  EXPECT_EQ(cv.unaligned_cycles(0x102, 4, false), 1u);
}

TEST(Cv32e40p, OverwritingALoadedRegisterWaitsUnlessItIsAnotherLoad) {
  const CoreTiming cv = core("cv32e40p");
  EXPECT_EQ(BlockBuilder().load(r0, r1).alu(r0, {r2}).cycles(cv), 3u);
  EXPECT_EQ(BlockBuilder().load(r0, r1).load(r0, r2).cycles(cv), 2u);
}

TEST(Cv32e40p, DivideFollowsTheDivisor) {
  const CoreTiming cv = core("cv32e40p");
  const auto cycles = [&](isa::rv32::Op op, std::uint32_t divisor) {
    BlockBuilder b;
    b.op(isa::OpClass::div, r0, {r1, r2}).number(static_cast<std::uint16_t>(op));
    return b.cycles(cv) + cv.operand_cycles(b.insns[0], 1000, divisor);
  };
  EXPECT_EQ(cycles(isa::rv32::Op::divu, 0), 35u);
  EXPECT_EQ(cycles(isa::rv32::Op::divu, 1), 34u);
  EXPECT_EQ(cycles(isa::rv32::Op::div, static_cast<std::uint32_t>(-1)), 34u);
  EXPECT_EQ(cycles(isa::rv32::Op::rem, 10), 31u);
  EXPECT_EQ(cycles(isa::rv32::Op::div, 0x80000000u), 3u);
  EXPECT_EQ(cycles(isa::rv32::Op::divu, 0x80000000u), 3u);
}

// Cortex-M4 and M3

TEST(CortexM4, ARunOfKLoadsCostsKPlusOne) {  // TRM 3.3.2
  const CoreTiming m4 = core("cortex-m4");
  EXPECT_EQ(BlockBuilder().load(r0, r5).alu(r3, {r4}).cycles(m4), 2u + 1u);
  EXPECT_EQ(BlockBuilder().load(r0, r5).load(r1, r5).alu(r3, {r4}).cycles(m4), 3u + 1u);
  EXPECT_EQ(BlockBuilder().load(r0, r5).load(r1, r5).load(r2, r5).alu(r3, {r4}).cycles(m4), 4u + 1u);
}

TEST(CortexM4, ALoadThroughALoadedPointerBreaksTheRun) {
  const Walk walk = BlockBuilder().load(r0, r5).load(r1, r0).alu(r3, {r4}).walk(core("cortex-m4"));
  EXPECT_EQ(walk.exits[fallthrough].cycles, 2u + 2u + 1u);
  EXPECT_EQ(by_reason(walk)[Reason::memory], 2u);
}

TEST(CortexM4, LoadedDataIsThereForTheNextInstruction) {
  EXPECT_EQ(BlockBuilder().load(r0, r5).alu(r3, {r0}).cycles(core("cortex-m4")), 3u);
}

TEST(CortexM4, AnIndexedLoadBreaksARunOnTheSameBaseOnly) {
  const CoreTiming m4 = core("cortex-m4");
  EXPECT_EQ(BlockBuilder().load_indexed(r0, r4).load_indexed(r1, r5).nop().cycles(m4), 1u + 1u + 1u);
  EXPECT_EQ(BlockBuilder().load_indexed(r0, r4).load_indexed(r1, r4).nop().cycles(m4), 2u + 1u + 1u);
  EXPECT_EQ(BlockBuilder().load_indexed(r0, r4).load_indexed(r1, r5).nop().cycles(core("cortex-m3")), 2u + 1u + 1u)
      << "an M3 does not chain indexed loads";
}

TEST(CortexM4, AStoreTakesOneCycleAndHidesALoadsSecond) {
  const CoreTiming m4 = core("cortex-m4");
  EXPECT_EQ(BlockBuilder().store(r0, r5).alu(r1, {r2}).cycles(m4), 1u + 1u);
  EXPECT_EQ(BlockBuilder().load(r0, r5).store(r0, r4).alu(r1, {r2}).cycles(m4), 1u + 1u + 1u);
  EXPECT_EQ(BlockBuilder().store(r0, r5).load(r1, r4).alu(r3, {r2}).cycles(m4), 2u + 2u + 1u)
      << "nothing is pipelined behind a store";
}

TEST(CortexM4, ANopIsAbsorbedByALoadAndByARegisterOffsetStore) {
  const CoreTiming m4 = core("cortex-m4");
  EXPECT_EQ(BlockBuilder().load(r0, r5).nop().alu(r1, {r2}).cycles(m4), 2u + 1u);
  EXPECT_EQ(BlockBuilder().store(r0, r5, isa::OpClass::store_reg).nop().alu(r1, {r2}).cycles(m4), 2u + 1u);
  EXPECT_EQ(BlockBuilder().store(r0, r5, isa::OpClass::store_reg).alu(r1, {r2}).cycles(m4), 2u + 1u);
}

TEST(CortexM4, AnAddressJustComputedWaitsOneCycle) {
  const Walk walk = BlockBuilder().alu(r0, {r1}).load(r2, r0).alu(r3, {r4}).walk(core("cortex-m4"));
  EXPECT_EQ(walk.exits[fallthrough].cycles, 1u + 1u + 2u + 1u);
  EXPECT_EQ(by_reason(walk)[Reason::address_use], 1u);
}

TEST(CortexM4, MultipleLoadsCostOnePlusRegisters) {
  EXPECT_EQ(BlockBuilder().load_multi({r0, r1, r2, r3}, r5).cycles(core("cortex-m4")), 5u);
  EXPECT_EQ(BlockBuilder().load_multi({r0, r1, r2, r3}, r5).cycles(core("cortex-m0plus")), 5u);
}

TEST(CortexM4, CountdownLoop) {
  // subs r0, #1; bne: 3 per iteration from the Code region, 4 from the System bus, 1 more to an unaligned 32-bit head
  const CoreTiming m4 = core("cortex-m4");
  EXPECT_EQ(BlockBuilder(0x08000000).size(2).alu(r0, {r0}).branch_if({48}).cycles_taken(m4), 3u);
  EXPECT_EQ(BlockBuilder(0x20000000).size(2).alu(r0, {r0}).branch_if({48}).cycles_taken(m4), 4u);
  PipeState state;
  EXPECT_EQ(m4.target_cost(0x08000002, true, taken, isa::OpClass::branch_cond, state), 1u);
}

TEST(CortexM4, ARegisterBranchHidesTheSecondWordOfItsTarget) {
  const CoreTiming m4 = core("cortex-m4");
  PipeState state;
  EXPECT_EQ(BlockBuilder().jump_to(14).cycles_taken(m4), 3u);
  EXPECT_EQ(m4.target_cost(0x08000002, true, indirect, isa::OpClass::branch_reg, state), 0u);
  EXPECT_EQ(m4.target_cost(0x08000002, true, taken, isa::OpClass::branch_link, state), 1u) << "a direct one does not";
}

TEST(CortexM4, CompareAndBranchIsEvaluatedInExecute) {  // DDI 0337G, table 15-3
  const CoreTiming m4 = core("cortex-m4");
  const auto cbz = static_cast<std::uint16_t>(isa::thumb::Op::cbz);
  EXPECT_EQ(BlockBuilder().size(2).branch_if({r0}).number(cbz).cycles_taken(m4), 3u);
  EXPECT_EQ(BlockBuilder().size(2).branch_if({r0}).number(cbz).cycles(m4), 1u);
}

TEST(CortexM3, ALoadOverItsOwnIndexIsNotABaseUpdate) {
  // ldr r0, [r5]; ldr r1, [r5, r1]; alu: a run of two
  EXPECT_EQ(BlockBuilder().load(r0, r5).load_at(r1, r5, r1).alu(r3, {r4}).cycles(core("cortex-m3")), 3u + 1u);
}

TEST(CortexM4, ItFoldsBehindA16BitInstruction) {
  const CoreTiming m4 = core("cortex-m4");
  EXPECT_EQ(BlockBuilder().size(2).alu(r0, {r1}).it().alu(r2, {r3}).when(0).cycles(m4), 2u);
  EXPECT_EQ(BlockBuilder().size(4).alu(r0, {r1}).size(2).it().alu(r2, {r3}).when(0).cycles(m4), 3u);
}

TEST(CortexM4, ASkippedInstructionCostsOneCycle) {
  const Walk walk = BlockBuilder().it().load_multi({r0, r1, r2}, r5).when(1).alu(r3, {r4}).walk(core("cortex-m4"));
  EXPECT_THAT(walk.skipped_delta, ElementsAre(0, 1 - 4, 0));
}

TEST(CortexM4, DivideStaysWithinTheManualsLimits) {
  const CoreTiming m4 = core("cortex-m4");
  BlockBuilder b;
  b.op(isa::OpClass::div, r0, {r1, r2});
  const auto cycles = [&](std::uint32_t n, std::uint32_t d) {
    return b.cycles(m4) + m4.operand_cycles(b.insns[0], n, d);
  };
  EXPECT_EQ(cycles(3, 5), 2u);
  EXPECT_EQ(cycles(3, 0), 2u);
  EXPECT_EQ(cycles(5, 5), 4u);
  EXPECT_EQ(cycles(0xffffffff, 1), 11u);
}

TEST(CortexM4, FloatingPointResultsAreLateByOneExceptAsAddends) {
  using isa::OpClass;
  const CoreTiming m4 = core("cortex-m4");
  EXPECT_EQ(BlockBuilder().op(OpClass::fp_add, s0, {s1, s2}).op(OpClass::fp_add, s1, {s0, s2}).cycles(m4), 3u);
  EXPECT_EQ(BlockBuilder().op(OpClass::fp_add, s0, {s1, s2}).alu(r0, {r1}).op(OpClass::fp_add, s1, {s0, s2}).cycles(m4),
            3u);
  EXPECT_EQ(BlockBuilder().op(OpClass::fp_mul, s0, {s1, s2}).op(OpClass::fp_mac, s0, {s1, s2}).cycles(m4), 1u + 3u);
}

TEST(CortexM4, IntegerCodeGoesOnDuringAnFpDivide) {
  using isa::OpClass;
  const CoreTiming m4 = core("cortex-m4");
  EXPECT_EQ(BlockBuilder().op(OpClass::fp_div, s0, {s1, s2}).alu(r0, {r1}).cycles(m4), 2u);
  EXPECT_EQ(BlockBuilder().op(OpClass::fp_div, s0, {s1, s2}).op(OpClass::fp_add, s1, {s1, s2}).cycles(m4), 14u + 1u);
}

TEST(CortexM4, ThreeUnalignedWideInstructionsBehindALongOneStarveFetch) {
  const CoreTiming m4 = core("cortex-m4");
  BlockBuilder aligned(0x08000000), unaligned(0x08000002);
  for (BlockBuilder* b : {&aligned, &unaligned})
    b->load_multi({r0, r1}, r5).alu(r0, {r3}).alu(r1, {r3}).alu(r2, {r3}).alu(r4, {r3});
  EXPECT_EQ(aligned.cycles(m4), 3u + 4u);
  EXPECT_EQ(unaligned.cycles(m4), 3u + 4u + 1u);
  EXPECT_EQ(by_reason(unaligned.walk(m4))[Reason::fetch], 1u);
}

TEST(CortexM4, UnalignedLoads) {  // TRM 3.3.2
  const CoreTiming m4 = core("cortex-m4");
  EXPECT_EQ(m4.unaligned_cycles(0x20000001, 2, false), 1u);
  EXPECT_EQ(m4.unaligned_cycles(0x20000002, 4, false), 1u);
  EXPECT_EQ(m4.unaligned_cycles(0x20000003, 4, false), 2u);
  EXPECT_EQ(m4.unaligned_cycles(0x20000003, 4, true), 0u);
}

TEST(Esp32c3, IsInOrderWithoutPrediction) {
  const CoreTiming c3 = core("esp32-c3");
  EXPECT_EQ(BlockBuilder().load(r0, r1).alu(r2, {r0}).cycles(c3), 3u);
  EXPECT_EQ(BlockBuilder().branch_if({r0}).cycles_taken(c3), 3u);
  EXPECT_EQ(BlockBuilder().jump().cycles_taken(c3), 2u);
}

TEST(Ch32v003, CountdownLoopFromRamTakesFour) {  // addi; bnez, measured
  EXPECT_EQ(BlockBuilder().size(2).alu(r0, {r0}).branch_if({r0}).cycles_taken(core("ch32v003")), 4u);
}

TEST(CortexM3, LongMultipliesEndEarly) {
  const CoreTiming m3 = core("cortex-m3");
  BlockBuilder b;
  b.op(isa::OpClass::mul_long, r0, {r1, r2});
  const auto cycles = [&](std::uint32_t x, std::uint32_t y) {
    return b.cycles(m3) + m3.operand_cycles(b.insns[0], x, y);
  };
  EXPECT_EQ(cycles(1, 1), 3u);
  EXPECT_EQ(cycles(0x10000, 1), 4u);
  EXPECT_EQ(cycles(0x10000, 0x10000), 5u);
  EXPECT_EQ(BlockBuilder().op(isa::OpClass::mac, r0, {r1, r2, r3}).cycles(m3), 2u);
}

// Cortex-M0+ and M0

TEST(CortexM0plus, IsASumOfItsTable) {
  const CoreTiming m0p = core("cortex-m0plus"), m0 = core("cortex-m0");
  BlockBuilder b;
  b.size(2).load(r0, r1).alu(r2, {r0}).store(r2, r1).branch_if({48});
  EXPECT_EQ(b.cycles(m0p), 2u + 1u + 2u + 1u);
  EXPECT_EQ(b.cycles_taken(m0p), 2u + 1u + 2u + 2u);
  EXPECT_EQ(b.cycles_taken(m0), 2u + 1u + 2u + 3u);
  EXPECT_EQ(m0p.exceptions().entry, 15u);
  EXPECT_EQ(m0.exceptions().entry, 16u);
}

// Cortex-M33

/// Count-down loop of the RP2350 data sheet, 3.7.4.9: MOVS, then SUBS, perhaps MOV, BNE, a hundred times.
std::uint32_t m33_countdown(std::uint32_t subs_at, bool with_mov) {
  const CoreTiming m33 = core("cortex-m33");
  BlockBuilder movs(subs_at - 2), body(subs_at);
  movs.size(2).alu(r0, {}).writing({48, 49});
  body.size(2).alu(r0, {r0}).writing({48, 49});
  if (with_mov) body.alu(r1, {r2});
  body.branch_if({49}, subs_at);
  const Walk first = movs.walk(m33);
  return first.exits[fallthrough].cycles + body.loop_cycles(m33, 100, first.exits[fallthrough].state);
}

TEST(CortexM33, FoldsBranchesAsTheRp2350DataSheetSays) {
  EXPECT_EQ(m33_countdown(0x20000104, false), 299u);
  EXPECT_EQ(m33_countdown(0x20000102, false), 300u);
  EXPECT_EQ(m33_countdown(0x20000102, true), 300u);
}

TEST(CortexM33, ResultsOfLoadsAndMultipliesAreLateExceptAsAddends) {
  using isa::OpClass;
  const CoreTiming m33 = core("cortex-m33");
  EXPECT_EQ(BlockBuilder().load(r0, r1).alu(r2, {r0}).cycles(m33), 3u);
  EXPECT_EQ(BlockBuilder().load(r0, r1).store(r0, r2).cycles(m33), 2u);
  EXPECT_EQ(BlockBuilder().load(r0, r1).op(OpClass::mac, r3, {r4, r5, r0}).cycles(m33), 2u);
  EXPECT_EQ(BlockBuilder().op(OpClass::mac, r3, {r1, r2, r3}).op(OpClass::mac, r3, {r1, r2, r3}).cycles(m33), 2u);
  EXPECT_EQ(BlockBuilder().op(OpClass::mul, r3, {r1, r2}).alu(r4, {r3}).cycles(m33), 3u);
  EXPECT_EQ(BlockBuilder().load_multi({r0, r1, r2}, r5).alu(r4, {r0}).cycles(m33), 4u);
  EXPECT_EQ(BlockBuilder().load_multi({r0, r1, r2}, r5).alu(r4, {r2}).cycles(m33), 5u);
}

TEST(CortexM33, AConstantThatNeedsAShiftIsLate) {
  const CoreTiming m33 = core("cortex-m33");
  const auto add = static_cast<std::uint16_t>(isa::thumb::Op::add_imm),
             cmp = static_cast<std::uint16_t>(isa::thumb::Op::cmp_imm);
  const auto cycles = [&](std::uint32_t constant) {
    return BlockBuilder().alu(r0, {r1}).number(add).immediate(constant).alu(r2, {r0}).cycles(m33);
  };
  EXPECT_EQ(cycles(0xff), 2u);
  EXPECT_EQ(cycles(0x1fc0), 3u) << "8 bits, shifted";
  EXPECT_EQ(cycles(0x1b1b1b1b), 2u) << "a repeated byte";
  EXPECT_EQ(cycles(0xfff), 2u) << "12 bits: ADDW";
  EXPECT_EQ(BlockBuilder().op(OpClass::alu, 64, {r1}).number(cmp).immediate(0x6c000000).writing({48}).cycles(m33), 2u)
      << "with flags it takes its second cycle";
}

TEST(CortexM33, ShortLeftShiftsOfAnOperandAreFree) {
  const CoreTiming m33 = core("cortex-m33");
  const auto add = static_cast<std::uint16_t>(isa::thumb::Op::add_lsl);
  const auto cycles = [&](unsigned shift) {
    return BlockBuilder().op(OpClass::alu_shift, r0, {r1, r2}).number(add).shifted(shift).alu(r3, {r0}).cycles(m33);
  };
  EXPECT_EQ(cycles(3), 2u);
  EXPECT_EQ(cycles(4), 3u);
}

TEST(CortexM33, ItIsFreeBeforeA16BitInstruction) {
  const CoreTiming m33 = core("cortex-m33");
  EXPECT_EQ(BlockBuilder().size(4).alu(r0, {r1}).size(2).it().alu(r2, {r3}).when(0).cycles(m33), 2u);
  EXPECT_EQ(BlockBuilder().size(4).alu(r0, {r1}).size(2).it().size(4).alu(r2, {r3}).when(0).cycles(m33), 3u);
  EXPECT_EQ(BlockBuilder().size(2).alu(r0, {r1}).it().size(4).alu(r2, {r3}).when(0).cycles(m33), 2u) << "folds";
}

// Cortex-M7

/// add rd, ... or another plain ALU operation, with the number that the core file knows it by.
BlockBuilder& add_op(BlockBuilder& b, unsigned rd, std::initializer_list<unsigned> sources) {
  return b.alu(rd, sources).number(static_cast<std::uint16_t>(isa::thumb::Op::add_reg));
}

TEST(CortexM7, TwoIndependentInstructionsShareACycle) {
  const CoreTiming m7 = core("cortex-m7");
  EXPECT_EQ(BlockBuilder().alu(r0, {r1}).alu(r2, {r3}).cycles(m7), 1u);
  EXPECT_EQ(BlockBuilder().alu(r0, {r1}).alu(r2, {r3}).alu(r4, {r5}).cycles(m7), 2u);
  EXPECT_EQ(BlockBuilder().load(r0, r1).store(r2, r3).cycles(m7), 1u);
  EXPECT_EQ(BlockBuilder().store(r0, r1).store(r2, r3).cycles(m7), 2u) << "one store a cycle";
  EXPECT_EQ(BlockBuilder().op(OpClass::mul, r0, {r1, r2}).op(OpClass::mul, r3, {r1, r2}).cycles(m7), 2u);
  EXPECT_EQ(BlockBuilder().op(OpClass::alu_shift, r0, {r1, r2}).op(OpClass::alu_shift, r3, {r1, r2}).cycles(m7), 2u);
  EXPECT_EQ(BlockBuilder().load_multi({r0, r1, r2}, r5).cycles(m7), 2u) << "two registers a cycle, alone";
}

TEST(CortexM7, AnEarlyResultIsUsedInItsOwnCycle) {
  const CoreTiming m7 = core("cortex-m7");
  BlockBuilder early, late;
  add_op(early, r0, {r1}).op(OpClass::alu_shift, r2, {r0, r3});
  late.alu(r0, {r1}).op(OpClass::alu_shift, r2, {r0, r3});
  EXPECT_EQ(early.cycles(m7), 1u) << "add; eor r2, r0, r3, ror #22";
  EXPECT_EQ(late.cycles(m7), 2u) << "a logical operation executes late";
  BlockBuilder address;
  add_op(address, r0, {r1}).load(r2, r0);
  EXPECT_EQ(address.cycles(m7), 2u) << "an address takes an early result in the next cycle";
  EXPECT_EQ(BlockBuilder().alu(r0, {r1}).load(r2, r0).cycles(m7), 3u) << "and a late one a cycle later";
}

TEST(CortexM7, LoadsPairOnlyAcrossTheBanks) {
  const CoreTiming m7 = core("cortex-m7");
  EXPECT_EQ(BlockBuilder().load(r0, r5).immediate(0).load(r1, r5).immediate(4).cycles(m7), 1u);
  EXPECT_EQ(BlockBuilder().load(r0, r5).immediate(0).load(r1, r5).immediate(8).cycles(m7), 2u);
  EXPECT_EQ(BlockBuilder().load(r0, r5).load(r1, r4).cycles(m7), 2u) << "unknown: taken to conflict";
}

TEST(CortexM7, LoadedDataFeedsTheLateAluInTheNextCycle) {
  const CoreTiming m7 = core("cortex-m7");
  EXPECT_EQ(BlockBuilder().load(r0, r5).alu(r1, {r0}).cycles(m7), 2u);
  EXPECT_EQ(BlockBuilder().load(r0, r5).op(OpClass::mul, r1, {r0, r2}).cycles(m7), 3u);
  EXPECT_EQ(BlockBuilder().load(r0, r5).store(r0, r4).cycles(m7), 1u) << "stored in the same cycle";
  const auto ldrb = static_cast<std::uint16_t>(isa::thumb::Op::ldrb_imm);
  EXPECT_EQ(BlockBuilder().load(r0, r5).number(ldrb).alu(r1, {r0}).cycles(m7), 3u) << "bytes take one more";
}

TEST(CortexM7, MultiplyAccumulatesChainEveryCycle) {
  const CoreTiming m7 = core("cortex-m7");
  BlockBuilder chain;
  for (int k = 0; k < 4; ++k) chain.op(OpClass::mac, r0, {r1, r2, r0});
  EXPECT_EQ(chain.cycles(m7), 4u);
  EXPECT_EQ(BlockBuilder().op(OpClass::mul, r0, {r1, r2}).alu(r3, {r0}).cycles(m7), 3u);
}

TEST(CortexM7, PredictedBranchesAreFreeAndLoopExitsAreNot) {
  const CoreTiming m7 = core("cortex-m7");
  BlockBuilder loop(0x100), soon(0x100);
  loop.alu(r0, {r0}).writing({48}).branch_if({48}, 0x100);
  EXPECT_EQ(loop.cycles_taken(m7), 1u);
  EXPECT_EQ(loop.cycles(m7), 1u + 8u);
  EXPECT_EQ(by_reason(loop.walk(m7))[Reason::mispredict], 8u);
  soon.alu(r0, {r0}).writing({48});
  for (int k = 0; k < 7; ++k) soon.alu(r1, {r2});
  soon.branch_if({48}, 0x100);
  EXPECT_EQ(by_reason(soon.walk(m7))[Reason::mispredict], 6u) << "flags known three cycles before";
  EXPECT_EQ(BlockBuilder(0x100).branch_if({48}, 0x200).cycles(m7), 1u) << "a forward branch counts as predicted";
}

TEST(CortexM7, ASkippedInstructionTakesItsSlot) {
  const Walk walk = BlockBuilder().it().load_multi({r0, r1, r2}, r5).when(1).alu(r3, {r4}).walk(core("cortex-m7"));
  EXPECT_THAT(walk.skipped_delta, ElementsAre(0, 0, 0));
}

// Hazard3 and predictors

TEST(Hazard3, ALearnedLoopSavesNMinusThreeCycles) {
  // addi; nop; bne, word aligned: with n iterations the first taken branch and the exit still pay
  const std::uint32_t head = 0x80000100;
  BlockBuilder loop(head);
  loop.alu(r1, {r1}).nop().branch_if({r1}, head);
  for (const unsigned n : {4u, 16u}) {
    EXPECT_EQ(loop.loop_cycles(core("hazard3-2port-nobp"), n), 4 * n - 1);
    EXPECT_EQ(loop.loop_cycles(core("hazard3-2port"), n), 4 * n - 1 - (n - 3));
  }
}

TEST(Hazard3, ALoopInOneWordIsNeverPredicted) {
  const CoreTiming hazard3 = core("hazard3-2port");
  BlockBuilder aligned(0x80000100), across(0x80000102);
  aligned.size(2).alu(r1, {r1}).branch_if({r1}, 0x80000100);
  across.size(2).alu(r1, {r1}).branch_if({r1}, 0x80000102);
  EXPECT_EQ(aligned.loop_cycles(hazard3, 16), 3u * 15 + 2);
  EXPECT_LT(across.loop_cycles(hazard3, 16), aligned.loop_cycles(hazard3, 16));
}

TEST(Hazard3, OnOnePortAccessesTakeCyclesFromFetch) {
  BlockBuilder block(0x80000100);
  for (int k = 0; k < 8; ++k) block.load(r1, r2);
  EXPECT_EQ(block.cycles(core("hazard3-2port")), 8u);
  const Walk shared = block.walk(core("hazard3-1port"));
  EXPECT_GT(shared.exits[fallthrough].cycles, 8u);
  EXPECT_EQ(by_reason(shared)[Reason::fetch], shared.exits[fallthrough].cycles - 8u);
}

TEST(Ibex, ThePredictorTakesBackwardBranches) {
  const CoreTiming bp = core("ibex-maxperf-bp");
  const std::uint32_t here = 0x80000100;
  EXPECT_EQ(BlockBuilder(here).branch_if({r0}, here - 8).cycles_taken(bp), 1u);
  EXPECT_EQ(BlockBuilder(here).branch_if({r0}, here - 8).cycles(bp), 2u);
  EXPECT_EQ(by_reason(BlockBuilder(here).branch_if({r0}, here - 8).walk(bp))[Reason::mispredict], 1u);
  EXPECT_EQ(BlockBuilder(here).branch_if({r0}, here + 8).cycles_taken(bp), 2u);
  EXPECT_EQ(BlockBuilder(here).branch_if({r0}, here + 8).cycles(bp), 1u);
}

// every core file

std::vector<std::string> all_cores() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(MJ_SOURCE_DIR "/models/cores"))
    if (file.path().extension() == ".json") names.push_back(file.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

/// A small generator of its own: the same blocks on every host.
struct Dice {
  std::uint64_t state;
  unsigned operator()(unsigned sides) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<unsigned>(state >> 33) % sides;
  }
};

BlockBuilder random_block(Dice& dice, unsigned length) {
  BlockBuilder b(0x08000000 + 2 * dice(2));
  for (unsigned k = 0; k < length; ++k) {
    b.size(dice(2) ? 4 : 2);
    const unsigned a = dice(6), c = dice(6), d = dice(6);
    switch (dice(9)) {
      case 0:
        b.load(a, c);
        break;
      case 1:
        b.load_indexed(a, c);
        break;
      case 2:
        b.store(a, c);
        break;
      case 3:
        b.store(a, c, isa::OpClass::store_reg);
        break;
      case 4:
        b.nop();
        break;
      case 5:
        b.op(isa::OpClass::mul_high, a, {c, d});
        break;
      case 6:
        b.op(isa::OpClass::mac, a, {c, d, a});
        break;
      case 7:
        b.op(isa::OpClass::fp_div, s0, {s1, s2});
        break;
      default:
        b.alu(a, {c, d});
    }
  }
  return b;
}

class EveryCore : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Files, EveryCore, testing::ValuesIn(all_cores()), [](const auto& file) {
  std::string id = file.param;
  std::replace(id.begin(), id.end(), '-', '_');
  return id;
});

TEST_P(EveryCore, SaysWhereEachRowComesFrom) {
  const CoreTiming c = core(GetParam());
  EXPECT_GT(c.rows().size(), 5u);
  for (const RowInfo& row : c.rows()) EXPECT_THAT(row.source, testing::Not(IsEmpty())) << row.id;
}

TEST_P(EveryCore, CutsABlockAnywhereWithoutChangingItsCycles) {
  const CoreTiming c = core(GetParam());
  Dice dice{1};
  for (int round = 0; round < 500; ++round) {
    const BlockBuilder whole = random_block(dice, 2 + dice(14));
    const std::span<const isa::Insn> insns(whole.insns);
    const std::span<const isa::Effects> effects(whole.effects);
    const std::size_t cut = 1 + dice(static_cast<unsigned>(insns.size() - 1));
    const Walk all = c.walk(insns, effects, {});
    const Walk first = c.walk(insns.first(cut), effects.first(cut), {});
    const Walk second = c.walk(insns.subspan(cut), effects.subspan(cut), first.exits[fallthrough].state);
    ASSERT_EQ(all.exits[fallthrough].cycles, first.exits[fallthrough].cycles + second.exits[fallthrough].cycles)
        << "round " << round << ", cut at " << cut;
    ASSERT_EQ(all.exits[fallthrough].state, second.exits[fallthrough].state) << "round " << round;
  }
}

TEST_P(EveryCore, GivesEachCycleOneReason) {
  const CoreTiming c = core(GetParam());
  Dice dice{2};
  for (int round = 0; round < 200; ++round) {
    BlockBuilder b = random_block(dice, 1 + dice(10));
    b.branch_if({dice(6)});
    const Walk walk = b.walk(c);
    for (const Exit exit : {fallthrough, taken, indirect}) {
      unsigned sum = 0;
      for (const auto& [reason, cycles] : by_reason(walk, exit)) sum += cycles;
      ASSERT_EQ(sum, walk.exits[exit].cycles);
    }
    ASSERT_TRUE(std::is_sorted(walk.begin.begin(), walk.begin.end()));
    ASSERT_FALSE(walk.rows.empty());
  }
}

// wrong core files

/// What loading this text says; empty if it loads.
std::string complaint(std::string_view text) {
  const Result<CoreTiming> loaded = test::load_core_text(text, "mine");
  if (loaded) return "";
  EXPECT_EQ(loaded.error().code, ExitCode::usage);
  return loaded.error().text();
}
std::string with_costs(const std::string& costs, const std::string& more = "") {
  return R"({"format": 1, "title": "t", "isa": "rv32", "sources": {"s": "somewhere"}, "costs": {)" + costs + "}" +
         more + "}";
}

TEST(CoreFile, AGoodOneLoads) {
  EXPECT_EQ(
      complaint(with_costs(R"("alu": {"classes": ["alu"], "cycles": 1, "source": "s", "certainty": "measured"})")), "");
}
TEST(CoreFile, AWrongKeyIsNamedWithItsPlace) {
  const std::string text =
      complaint(with_costs(R"("alu": {"classes": ["alu"], "cylces": 1, "source": "s", "certainty": "measured"})"));
  EXPECT_THAT(text, HasSubstr("mine: /costs/alu"));
  EXPECT_THAT(text, HasSubstr("cylces"));
}
TEST(CoreFile, AnUnknownClassOrOperationIsNamed) {
  EXPECT_THAT(complaint(with_costs(R"("a": {"classes": ["alu", "laod"], "source": "s", "certainty": "measured"})")),
              testing::AllOf(HasSubstr("/costs/a/classes/1"), HasSubstr("laod")));
  EXPECT_THAT(complaint(with_costs(R"("a": {"ops": ["vadd"], "source": "s", "certainty": "measured"})")),
              testing::AllOf(HasSubstr("/costs/a/ops/0"), HasSubstr("vadd")));
}
TEST(CoreFile, ARowNeedsSourceAndCertainty) {
  EXPECT_THAT(complaint(with_costs(R"("alu": {"classes": ["alu"], "cycles": 1, "certainty": "measured"})")),
              testing::AllOf(HasSubstr("/costs/alu"), HasSubstr("source")));
  EXPECT_THAT(complaint(with_costs(R"("alu": {"classes": ["alu"], "source": "s", "certainty": "sure"})")),
              HasSubstr("/costs/alu/certainty"));
}
TEST(CoreFile, AClassHasOnePrice) {
  EXPECT_THAT(complaint(with_costs(R"("a": {"classes": ["alu"], "source": "s", "certainty": "measured"},
                                      "b": {"classes": ["alu"], "source": "s", "certainty": "measured"})")),
              HasSubstr("priced by another row"));
}
TEST(CoreFile, BrokenJsonAndEndlessLikesAreErrors) {
  EXPECT_THAT(complaint("{\"format\": 1,"), HasSubstr("not JSON"));
  EXPECT_THAT(complaint("{\"notes\": " + std::string(200'000, '[')), HasSubstr("nested too deeply"));
  EXPECT_THAT(complaint("{\"notes\": " + std::string(200'000, '[') + std::string(200'000, ']') + "}"),
              HasSubstr("nested too deeply"));
  EXPECT_THAT(complaint("[]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(complaint(R"({"like": "no-such-core"})"), HasSubstr("no core file 'no-such-core'"));
  LoadOptions options;
  options.read_core = [](std::string_view) { return std::string(R"({"like": "again"})"); };
  const Result<CoreTiming> circle = CoreTiming::load(R"({"like": "again"})", "mine", options);
  ASSERT_FALSE(circle.ok());
  EXPECT_THAT(circle.error().text(), HasSubstr("does not end"));
}
TEST(CoreFile, NegativeAndHugeNumbersAreErrors) {
  EXPECT_THAT(
      complaint(with_costs(R"("a": {"classes": ["alu"], "cycles": -1, "source": "s", "certainty": "measured"})")),
      HasSubstr("/costs/a/cycles"));
  EXPECT_THAT(
      complaint(with_costs(R"("a": {"classes": ["alu"], "cycles": 99999999, "source": "s", "certainty": "measured"})")),
      HasSubstr("/costs/a/cycles"));
}

TEST(CoreFile, ANewCoreLikeItsNeighbourIsDataOnly) {
  // An Ibex with a branch target ALU and a writeback stage, but the slow multiplier: nobody has written it down yet.
  const Result<CoreTiming> mine = test::load_core_text(
      R"({"like": "ibex-small-wb", "title": "mine", "costs": {"branch_cond": {"cycles_taken": 2}}})", "mine");
  ASSERT_TRUE(mine.ok()) << mine.error().text();
  EXPECT_EQ(BlockBuilder().load(r0, r1).branch_if({r0}).cycles_taken(*mine), 1u + 1u + 2u);
}

}  // namespace
}  // namespace mj::timing
