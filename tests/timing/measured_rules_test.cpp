// The 35 micro-architectural rules that were measured on silicon with self-timing loops (jnk0le/random, pipeline cycle
// test): each is a test, here or where it says, or is listed as not modelled with the reason.
//
// Cortex-M0
// - no load-to-use stall: here
// - literal loads in waited flash, first of a pair: not modelled, the part's prefetch buffer is not published
//
// Cortex-M3 and M4
// - address operands one cycle earlier: CortexM4.AnAddressJustComputedWaitsOneCycle
// - load runs, all in one memory block: CortexM4.ARunOfKLoadsCostsKPlusOne; the break between blocks is not modelled,
//   addresses are known only when blocks are long costed
// - 32-bit loads at odd halfwords "may" fail to pipeline: not modelled, when is not told; their fetch is, in
//   CortexM4.ThreeUnalignedWideInstructionsBehindALongOneStarveFetch
// - NOP absorbed behind a load, CMP and TST not: CortexM4.ANopIsAbsorbedByALoadAndByARegisterOffsetStore and here
// - indexed loads: CortexM4.AnIndexedLoadBreaksARunOnTheSameBaseOnly
// - immediate stores, and a store then a load: CortexM4.AStoreTakesOneCycleAndHidesALoadsSecond
// - register-offset stores: CortexM4.ANopIsAbsorbedByALoadAndByARegisterOffsetStore
// - store then LDM or STM; indexed stores on one base: here
// - taken branch at a loop's end 2: CortexM4.CountdownLoop; that a not-taken one "can" cost 2 among 32-bit
//   instructions is not modelled, when is not told
// - long instruction, then three unaligned wide ones:
//   CortexM4.ThreeUnalignedWideInstructionsBehindALongOneStarveFetch
//
// Cortex-M33
// - only 16-bit pairs with NOP, IT, branch; branches, folded and not: CortexM33.FoldsBranchesAsTheRp2350DataSheetSays
//   and here
// - late results: CortexM33.ResultsOfLoads..., AConstantThatNeedsAShiftIsLate
// - MULS and flag-setting shifted constants: here, CortexM33.AConstantThatNeedsAShiftIsLate
// - loads, LDM, LDRD: CortexM33.ResultsOfLoads... and here
// - skipped instructions; floating point; pop {lr}; bx lr: here
//
// Cortex-M7
// - pairs, early shifter: CortexM7.TwoIndependentInstructionsShareACycle
// - early and late ALU: CortexM7.AnEarlyResultIsUsedInItsOwnCycle
// - DSP operations: here
// - multiplies: CortexM7.TwoIndependentInstructionsShareACycle, MultiplyAccumulatesChainEveryCycle
// - loads and banks, small loads, unaligned: CortexM7.LoadsPairOnlyAcrossTheBanks, LoadedDataFeeds..., here
// - stores: no two, CortexM7.TwoIndependentInstructionsShareACycle; the store buffer's 4 cycles for each of many byte
//   stores to one bank of the DTCM are not modelled, its banks have no state here
// - LDM, STM: CortexM7.TwoIndependentInstructionsShareACycle; STM at 4 but not 8 bytes alignment is not modelled, its
//   address is known only at run time
// - branches: CortexM7.PredictedBranchesAreFreeAndLoopExitsAreNot
// - skipped instructions: CortexM7.ASkippedInstructionTakesItsSlot
// - single precision: here
// - double precision: here, with the middle of the measured range; the dependence on operands is not published
//
// QingKe V2 (CH32V003)
// - loads and stores: here
// - branches: here; with wait states Ch32v003Flash of the engine's tests
#include <gtest/gtest.h>

#include "isa/thumb/decode.h"
#include "tests/timing/core_bench.h"

namespace mj::timing {
namespace {

using namespace test;
using isa::OpClass;

constexpr unsigned flag = 48;

// Cortex-M0

TEST(MeasuredM0, NoLoadToUseStall) {
  EXPECT_EQ(BlockBuilder().size(2).load(r0, r1).alu(r2, {r0}).cycles(core("cortex-m0")), 2u + 1u);
}

// Cortex-M3 and M4

TEST(MeasuredM4, ComparesAreNotAbsorbedByALoad) {
  for (const char* name : {"cortex-m3", "cortex-m4"})
    EXPECT_EQ(BlockBuilder().size(2).load(r0, r5).op(OpClass::alu, 64, {r1, r2}).writing({flag}).cycles(core(name)),
              2u + 1u);
}

TEST(MeasuredM4, AStoreDoesNotPipelineWithALoadMultipleButWithAStoreMultiple) {
  const CoreTiming m4 = core("cortex-m4");
  BlockBuilder load, store;
  load.store(r0, r5).load_multi({r1, r2}, r4);
  store.store(r0, r5).op(OpClass::store_multi, 64, {r1, r2, r4});
  store.effects.back() = {regs({r1, r2, r4}), 0, regs({r4}), regs({r1, r2}), 0, 0, 2};
  EXPECT_EQ(load.cycles(m4), 2u + 3u);
  EXPECT_EQ(store.cycles(m4), 1u + 3u);
}

TEST(MeasuredM4, IndexedStoresOnTheSameBaseDoNotChain) {
  const CoreTiming m4 = core("cortex-m4");
  const auto two = [&](unsigned second) {
    BlockBuilder b;
    b.store(r0, r4).writing({r4}).store(r1, second).writing({second});
    return b.alu(r2, {r3}).cycles(m4);
  };
  EXPECT_EQ(two(r5), 1u + 1u + 1u);
  EXPECT_EQ(two(r4), 2u + 1u + 1u);
}

// Cortex-M33

TEST(MeasuredM33, ArithmeticDoesNotPairWithArithmeticOrLoads) {
  const CoreTiming m33 = core("cortex-m33");
  EXPECT_EQ(BlockBuilder().size(2).alu(r0, {r1}).alu(r2, {r3}).cycles(m33), 2u);
  EXPECT_EQ(BlockBuilder().size(2).load(r0, r1).alu(r2, {r3}).cycles(m33), 2u);
  EXPECT_EQ(BlockBuilder().size(2).alu(r0, {r1}).nop().cycles(m33), 1u);
  EXPECT_EQ(BlockBuilder().size(4).alu(r0, {r1}).size(2).nop().cycles(m33), 2u) << "not with a 32-bit one";
}

TEST(MeasuredM33, ANotTakenBranchIsFreeAsTheSecondOfAPair) {
  const CoreTiming m33 = core("cortex-m33");
  BlockBuilder plain, flags;
  plain.size(2).alu(r0, {r1}).branch_if({flag});
  flags.size(2).alu(r0, {r1}).writing({flag}).branch_if({flag});
  EXPECT_EQ(plain.cycles(m33), 1u);
  EXPECT_EQ(flags.cycles(m33), 1u);
  EXPECT_EQ(plain.cycles_taken(m33), 1u + 1u);
  EXPECT_EQ(flags.cycles_taken(m33), 1u + 2u) << "behind what sets flags";
}

TEST(MeasuredM33, MulsTakesTwoCycles) {
  const CoreTiming m33 = core("cortex-m33");
  const auto muls = static_cast<std::uint16_t>(isa::thumb::Op::muls);
  EXPECT_EQ(BlockBuilder().size(2).op(OpClass::mul, r0, {r1, r2}).number(muls).writing({flag}).cycles(m33), 2u);
  EXPECT_EQ(BlockBuilder().size(4).op(OpClass::mul, r0, {r1, r2}).cycles(m33), 1u);
}

TEST(MeasuredM33, MultiplesTakeACycleARegister) {
  const CoreTiming m33 = core("cortex-m33");
  EXPECT_EQ(BlockBuilder().load_multi({r0, r1, r2, r3}, r5).cycles(m33), 4u);
  BlockBuilder dual;
  dual.load(r0, r5, OpClass::load_dual);
  dual.effects.back().loads = 2;
  EXPECT_EQ(dual.cycles(m33), 2u) << "LDRD";
  EXPECT_EQ(BlockBuilder().load(r0, r1).store(r0, r2).cycles(m33), 2u) << "a load feeds a store at once";
}

TEST(MeasuredM33, ASkippedInstructionTakesOneCycleWhateverItWouldDo) {
  const Walk walk = BlockBuilder().it().load_multi({r0, r1, r2}, r5).when(1).nop().walk(core("cortex-m33"));
  EXPECT_EQ(walk.skipped_delta[1], 1 - 3);
}

TEST(MeasuredM33, FloatingPoint) {
  const CoreTiming m33 = core("cortex-m33");
  EXPECT_EQ(BlockBuilder().op(OpClass::fp_add, s0, {s1, s2}).op(OpClass::fp_add, s2, {s1, s1}).cycles(m33), 2u);
  EXPECT_EQ(BlockBuilder().op(OpClass::fp_add, s0, {s1, s2}).op(OpClass::fp_add, s2, {s0, s1}).cycles(m33), 3u);
  BlockBuilder busy, chain, used;
  busy.op(OpClass::fp_mac, s0, {s1, s2}).op(OpClass::fp_add, s2, {s1, s1});
  EXPECT_EQ(busy.cycles(m33), 1u + 2u + 1u) << "no FP issue in the next two cycles";
  EXPECT_EQ(BlockBuilder().op(OpClass::fp_mac, s0, {s1, s2}).alu(r0, {r1}).alu(r2, {r3}).cycles(m33), 3u)
      << "integer code goes on";
  used.op(OpClass::fp_mac, s0, {s1, s2}).op(OpClass::fp_add, s2, {s0, s1});
  EXPECT_EQ(used.cycles(m33), 1u + 3u + 1u) << "result after four";
}

TEST(MeasuredM33, PopIntoLrAndBxCanBeFasterThanPopIntoPc) {
  const CoreTiming m33 = core("cortex-m33");
  BlockBuilder pc, lr;
  pc.size(2).alu(r0, {r1}).load_multi({r2, r3}, r5);
  pc.insns.back().cls = OpClass::branch_load;
  lr.size(4).load_multi({r2, r3}, r5).size(2).alu(r0, {r1}).jump_to(r3);
  lr.insns.back().op = static_cast<std::uint16_t>(isa::thumb::Op::bx_lr);
  const std::uint32_t slow = pc.walk(m33).exits[indirect].cycles, fast = lr.walk(m33).exits[indirect].cycles;
  EXPECT_GE(slow - fast, 1u);
  EXPECT_LE(slow - fast, 2u);
}

// Cortex-M7

TEST(MeasuredM7, DspOperationsStandInTheOlderSlotAndNotTogether) {
  const CoreTiming m7 = core("cortex-m7");
  EXPECT_EQ(BlockBuilder().op(OpClass::simd, r0, {r1, r2}).alu(r3, {r4}).cycles(m7), 1u);
  EXPECT_EQ(BlockBuilder().alu(r3, {r4}).op(OpClass::simd, r0, {r1, r2}).cycles(m7), 2u);
  EXPECT_EQ(BlockBuilder().op(OpClass::simd, r0, {r1, r2}).op(OpClass::bitfield, r3, {r4}).cycles(m7), 2u);
}

TEST(MeasuredM7, SinglePrecision) {
  const CoreTiming m7 = core("cortex-m7");
  EXPECT_EQ(BlockBuilder().op(OpClass::fp_add, s0, {s1, s2}).op(OpClass::fp_add, s2, {s1, s1}).cycles(m7), 2u)
      << "arithmetic does not pair";
  EXPECT_EQ(BlockBuilder().op(OpClass::fp_div, s0, {s1, s2}).cycles(m7), 16u);
  EXPECT_EQ(BlockBuilder().op(OpClass::fp_sqrt, s0, {s1}).cycles(m7), 14u);
  EXPECT_EQ(BlockBuilder().op(OpClass::fp_add, s0, {s1, s2}).op(OpClass::fp_add, s2, {s0, s1}).cycles(m7), 3u + 1u);
  EXPECT_EQ(BlockBuilder().op(OpClass::fp_mac, s0, {s1, s2}).op(OpClass::fp_add, s2, {s0, s1}).cycles(m7), 5u + 1u);
}

TEST(MeasuredM7, DoublePrecisionWithinTheMeasuredRanges) {
  const CoreTiming m7 = core("cortex-m7");
  const auto cycles = [&](isa::thumb::Op op, OpClass cls) {
    return BlockBuilder().op(cls, s0, {s1, s2}).number(static_cast<std::uint16_t>(op)).cycles(m7);
  };
  EXPECT_EQ(cycles(isa::thumb::Op::vdiv_f64, OpClass::fp_div), 30u);
  const std::uint32_t add = cycles(isa::thumb::Op::vadd_f64, OpClass::fp_add),
                      mul = cycles(isa::thumb::Op::vmul_f64, OpClass::fp_mul),
                      mac = cycles(isa::thumb::Op::vfma_f64, OpClass::fp_mac);
  EXPECT_TRUE(add >= 1 && add <= 3) << add;
  EXPECT_TRUE(mul >= 4 && mul <= 5) << mul;
  EXPECT_TRUE(mac >= 6 && mac <= 10) << mac;
}

TEST(MeasuredM7, UnalignedLoadsTakeThreeOrFourMore) {
  const CoreTiming m7 = core("cortex-m7");
  for (const std::uint32_t address : {0x101u, 0x102u, 0x103u}) {
    const std::uint32_t more = m7.unaligned_cycles(address, 4, false);
    EXPECT_TRUE(more == 3 || more == 4) << address;
  }
}

// Loops whose cycles are published (timed by an Arm engineer for mbed OS; rust-embedded/cortex-m issue 325)

/// Cycles of one pass of SUBS, `nops` NOPs, conditional branch back.
std::uint32_t per_pass(const char* name, unsigned nops) {
  const CoreTiming timing = core(name);
  BlockBuilder loop(0x100);
  loop.size(2).alu(r0, {r0}).writing({48, 49});
  for (unsigned k = 0; k < nops; ++k) loop.nop();
  loop.branch_if({49}, 0x100);
  return (loop.loop_cycles(timing, 102) - loop.loop_cycles(timing, 2)) / 100;
}

TEST(MeasuredLoops, AnMbedWaitLoop) {
  EXPECT_EQ(per_pass("cortex-m0", 2), 6u);
  for (const char* name : {"cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m23"}) EXPECT_EQ(per_pass(name, 2), 5u);
  EXPECT_EQ(per_pass("cortex-m33", 2), 3u);
  EXPECT_EQ(per_pass("cortex-m7", 2), 2u);
}

TEST(MeasuredLoops, CountDowns) {
  EXPECT_EQ(per_pass("cortex-m0", 0), 4u);
  EXPECT_EQ(per_pass("cortex-m4", 0), 3u);
  EXPECT_EQ(per_pass("cortex-m4", 1), 4u) << "a NOP behind an ALU instruction is not free";
  EXPECT_EQ(per_pass("cortex-m7", 0), 1u);
}

// Cortex-M55: no measurement exists; what its models say

TEST(CortexM55, ResultsAreLateAsInTheOptimizationGuide) {
  const CoreTiming m55 = core("cortex-m55");
  EXPECT_EQ(BlockBuilder().load(r0, r1).alu(r2, {r0}).cycles(m55), 3u);
  EXPECT_EQ(BlockBuilder().op(OpClass::alu_shift, r0, {r1, r2}).alu(r3, {r0}).cycles(m55), 3u);
  EXPECT_EQ(BlockBuilder().op(OpClass::mul, r3, {r1, r2}).alu(r4, {r3}).cycles(m55), 3u);
  EXPECT_EQ(BlockBuilder().op(OpClass::mac, r3, {r1, r2, r3}).op(OpClass::mac, r3, {r1, r2, r3}).cycles(m55), 2u);
  EXPECT_EQ(BlockBuilder().load_multi({r0, r1, r2, r3}, r5).cycles(m55), 2u) << "64 bits a cycle";
  for (const RowInfo& row : m55.rows()) EXPECT_NE(row.certainty, Certainty::measured) << row.id;
}

// QingKe V2

TEST(MeasuredQingke, LoadsAndStoresTakeTwo) {
  const CoreTiming v2 = core("ch32v003");
  EXPECT_EQ(BlockBuilder().size(2).load(r0, r1).cycles(v2), 2u);
  EXPECT_EQ(BlockBuilder().size(2).store(r0, r1).cycles(v2), 2u);
}

TEST(MeasuredQingke, ATakenBranchTakesThreeAndOneMoreToAnUnalignedWideTarget) {
  const CoreTiming v2 = core("ch32v003");
  BlockBuilder b;
  b.size(2).branch_if({r0});
  EXPECT_EQ(b.cycles_taken(v2), 3u);
  PipeState state;
  EXPECT_EQ(v2.target_cost(0x102, true, taken, OpClass::branch_cond, state), 1u);
  EXPECT_EQ(v2.target_cost(0x104, true, taken, OpClass::branch_cond, state), 0u);
  EXPECT_EQ(v2.target_cost(0x102, false, taken, OpClass::branch_cond, state), 0u);
}

}  // namespace
}  // namespace mj::timing
