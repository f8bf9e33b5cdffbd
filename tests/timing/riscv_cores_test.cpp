// What a block costs on each RISC-V core, written as the manuals write it, and hazards over block edges.
#include <gmock/gmock.h>

#include "isa/rv32/decode.h"
#include "tests/timing/core_bench.h"

namespace mj::timing {
namespace {

using namespace test;
using isa::OpClass;
using testing::ElementsAre;

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
  EXPECT_EQ(second.reasons.front(), (ReasonCycles{0, Reason::load_use, 1, second.reasons.front().row}));
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

// Hazard3's instruction timings: 1 + n; 2 + n but 4 for n = 1; one more for popretz
TEST(Hazard3, ZcmpGoesByTheNumberOfRegisters) {
  using namespace isa::rv32;
  const CoreTiming hazard3 = core("hazard3-2port");
  const auto walked = [&](std::uint32_t encoding, Exit exit) {
    const isa::Insn insn = decode(encoding, 0x80000100, ~Features{feature_e});
    const isa::Effects effects = isa::rv32::effects(insn);
    return hazard3.walk({&insn, 1}, {&effects, 1}, PipeState{}).exits[exit].cycles;
  };
  const std::uint32_t nop = walked(0x0001, fallthrough);  // with the first fetch
  const auto cost = [&](std::uint32_t encoding, Exit exit) { return walked(encoding, exit) - nop + 1; };
  EXPECT_EQ(cost(0xb842, fallthrough), 2u) << "cm.push {ra},-16";
  EXPECT_EQ(cost(0xb8f2, fallthrough), 14u) << "cm.push {ra,s0-s11},-64";
  EXPECT_EQ(cost(0xba62, fallthrough), 4u) << "cm.pop {ra,s0-s1},16";
  EXPECT_EQ(cost(0xbe42, indirect), 4u) << "cm.popret {ra},16";
  EXPECT_EQ(cost(0xbe52, indirect), 4u) << "cm.popret {ra,s0},16";
  EXPECT_EQ(cost(0xbef2, indirect), 15u) << "cm.popret {ra,s0-s11},64";
  EXPECT_EQ(cost(0xbc42, indirect), 5u) << "cm.popretz {ra},16";
  EXPECT_EQ(cost(0xbc62, indirect), 6u) << "cm.popretz {ra,s0-s1},16";
  EXPECT_EQ(cost(0xac6a, fallthrough), 2u) << "cm.mva01s s0,s2";
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

// others

TEST(Esp32c3, IsInOrderWithoutPrediction) {
  const CoreTiming c3 = core("esp32-c3");
  EXPECT_EQ(BlockBuilder().load(r0, r1).alu(r2, {r0}).cycles(c3), 3u);
  EXPECT_EQ(BlockBuilder().branch_if({r0}).cycles_taken(c3), 3u);
  EXPECT_EQ(BlockBuilder().jump().cycles_taken(c3), 2u);
}

TEST(Ch32v003, CountdownLoopFromRamTakesFour) {  // addi; bnez, measured
  EXPECT_EQ(BlockBuilder().size(2).alu(r0, {r0}).branch_if({r0}).cycles_taken(core("ch32v003")), 4u);
}

// SiFive E31

TEST(E31, ALoadedWordIsOneCycleLate) {
  const CoreTiming e31 = core("sifive-e31");
  EXPECT_EQ(BlockBuilder().load(r0, r1).alu(r2, {r0}).cycles(e31), 3u);
  EXPECT_EQ(BlockBuilder().load(r0, r1).alu(r3, {r4}).alu(r2, {r0}).cycles(e31), 3u);
}

TEST(E31, AProductIsFiveCyclesAwayAndTheMultiplierIsNotPipelined) {
  const CoreTiming e31 = core("sifive-e31");
  EXPECT_EQ(BlockBuilder().op(OpClass::mul, r2, {r0, r1}).alu(r3, {r2}).cycles(e31), 1u + 4u + 1u);
  const Walk two = BlockBuilder().op(OpClass::mul, r2, {r0, r1}).op(OpClass::mul, r3, {r0, r1}).walk(e31);
  EXPECT_EQ(two.exits[fallthrough].cycles, 5u + 1u);
  EXPECT_EQ(by_reason(two)[Reason::multiply], 4u);
}

TEST(E31, BranchesArePricedAsPredicted) {
  const CoreTiming e31 = core("sifive-e31");
  ASSERT_NE(e31.predictor(), nullptr);
  EXPECT_EQ(BlockBuilder().alu(r0, {r0}).branch_if({r0}).cycles_taken(e31), 2u);
  EXPECT_EQ(core("hazard3-2port").predictor(), nullptr) << "its single entry is part of the blocks' state";
}

// Multi-cycle cores: sums of documented numbers.

TEST(MultiCycle, Neorv32AndPicoRv32) {
  // lw; lw; mul; add; bne, taken
  BlockBuilder loop;
  loop.load(r0, r4).load(r1, r5).op(OpClass::mul, r2, {r0, r1}).alu(r3, {r3, r2}).branch_if({r4});
  EXPECT_EQ(loop.cycles_taken(core("neorv32")), 5u + 5u + 5u + 2u + 6u);
  EXPECT_EQ(loop.cycles_taken(core("picorv32")), 5u + 5u + 40u + 3u + 5u);
  EXPECT_EQ(loop.cycles_taken(core("picorv32-1port")), 5u + 5u + 40u + 3u + 6u);
}

TEST(VexRiscv, LateLoadsAndBranches) {
  const CoreTiming late = core("vexriscv-mupq"), predicted = core("vexriscv-static");
  EXPECT_EQ(BlockBuilder().load(r0, r1).alu(r2, {r0}).cycles(late), 4u);
  EXPECT_EQ(BlockBuilder().op(OpClass::shift, r0, {r1}).alu(r2, {r0}).cycles(late), 3u);
  EXPECT_EQ(BlockBuilder().op(OpClass::shift, r0, {r1}).alu(r2, {r0}).cycles(predicted), 2u);
  BlockBuilder branch;
  branch.alu(r0, {r0}).branch_if({r0});
  EXPECT_EQ(branch.cycles_taken(late), 1u + 4u);
}

}  // namespace
}  // namespace mj::timing
