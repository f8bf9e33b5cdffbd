// What a block costs on each Cortex-M core, written as the manuals write it.
#include <gmock/gmock.h>

#include "tests/timing/core_bench.h"

namespace mj::timing {
namespace {

using namespace test;
using isa::OpClass;
using testing::ElementsAre;

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

}  // namespace
}  // namespace mj::timing
