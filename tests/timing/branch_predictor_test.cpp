// The predictor of Rocket-class cores by what firmware's branches cost: learned loops, calls, returns, full tables.
#include "sim/timing/branch_predictor.h"

#include "tests/timing/core_bench.h"

namespace mj::timing {
namespace {

using isa::OpClass;

constexpr std::uint32_t mispredict = 3, late = 1;

class Predictor : public testing::Test {
 protected:
  static PredictorParams e31() {
    PredictorParams p;
    p.targets = 28;
    p.histories = 512;
    p.history_length = 8;
    p.history_bits = 3;
    p.returns = 6;
    p.return_registers = 1u << 1 | 1u << 5;
    p.mispredict = mispredict;
    p.late = late;
    return p;
  }
  static isa::Insn insn(OpClass cls, std::uint32_t pc, std::uint32_t target = 0, unsigned base = 0, unsigned size = 4) {
    isa::Insn i{};
    i.pc = pc;
    i.cls = cls;
    i.imm = target;
    i.size = static_cast<std::uint8_t>(size);
    i.rn = static_cast<std::uint8_t>(base);
    return i;
  }
  std::uint32_t branch(std::uint32_t pc, std::uint32_t target, bool taken) {
    return predictor.resolve(insn(OpClass::branch_cond, pc, target), taken ? target : pc + 4, false).cycles;
  }
  std::uint32_t call(std::uint32_t pc, std::uint32_t target, bool ahead = false) {
    return predictor.resolve(insn(OpClass::branch_link, pc, target), target, ahead).cycles;
  }
  std::uint32_t ret(std::uint32_t pc, std::uint32_t to) {
    return predictor.resolve(insn(OpClass::branch_reg, pc, 0, 1), to, false).cycles;
  }

  BranchPredictor predictor{e31()};
};

TEST_F(Predictor, ALoopIsLearnedOnceItsHistoryRepeats) {
  // The history of eight branches chooses the counter by three hashed bits: until it is all taken, others are asked.
  unsigned lost = 0;
  for (int pass = 0; pass < 20; ++pass) lost += branch(0x1000, 0x0f00, true);
  EXPECT_LE(lost, 9 * mispredict);
  for (int pass = 0; pass < 100; ++pass) EXPECT_EQ(branch(0x1000, 0x0f00, true), 0u);
  EXPECT_EQ(branch(0x1000, 0x0f00, false), mispredict);
}

TEST_F(Predictor, ABranchThatIsNeverTakenCostsNothing) {
  for (int pass = 0; pass < 10; ++pass) EXPECT_EQ(branch(0x1000, 0x1100, false), 0u);
}

TEST_F(Predictor, AJumpIsLateOnceAndThenFree) {
  EXPECT_EQ(call(0x1000, 0x4000), late);
  EXPECT_EQ(call(0x1000, 0x4000), 0u);
  EXPECT_EQ(call(0x1010, 0x4000, true), 0u) << "hidden while fetch is ahead, and not kept";
  EXPECT_EQ(call(0x1010, 0x4000), late);
}

TEST_F(Predictor, ReturnsComeFromTheStack) {
  for (int pass = 0; pass < 3; ++pass) {
    call(0x1000, 0x4000);
    EXPECT_EQ(ret(0x4010, 0x1004), pass == 0 ? late : 0u);
    call(0x2000, 0x4000);
    EXPECT_EQ(ret(0x4010, 0x2004), 0u);
  }
  EXPECT_EQ(ret(0x4010, 0x5000), mispredict) << "nothing was called: the target buffer's is stale";
}

TEST_F(Predictor, TheStackForgetsTheOldestBeyondSixCalls) {
  for (std::uint32_t depth = 0; depth < 8; ++depth) call(0x1000 * (depth + 1), 0x1000 * (depth + 2));
  for (std::uint32_t depth = 8; depth-- > 2;) ret(0x1000 * (depth + 2) + 0x40, 0x1000 * (depth + 1) + 4);
  EXPECT_EQ(ret(0x3040, 0x2004), mispredict);
  EXPECT_EQ(ret(0x2040, 0x1004), mispredict);
}

TEST_F(Predictor, AnIndirectJumpGoesWhereItWentLast) {
  const auto jump = [&](std::uint32_t to) {
    return predictor.resolve(insn(OpClass::branch_reg, 0x1000, 0, 15), to, false).cycles;
  };
  EXPECT_EQ(jump(0x2000), mispredict);
  EXPECT_EQ(jump(0x2000), 0u);
  EXPECT_EQ(jump(0x3000), mispredict);
  EXPECT_EQ(jump(0x3000), 0u);
}

TEST_F(Predictor, SixteenTargetsAreKeptAndMoreThanTwentyEightAreNot) {
  const auto round = [&](std::uint32_t jumps) {
    unsigned lost = 0;
    for (std::uint32_t k = 0; k < jumps; ++k)
      lost += predictor.resolve(insn(OpClass::branch, 0x1000 + 16 * k, 0x8000), 0x8000, false).cycles;
    return lost;
  };
  round(16);  // with more, places take turns before all are used: the tree of ages has 32 leaves
  EXPECT_EQ(round(16), 0u);
  round(40);
  EXPECT_GE(round(40), 12u);
}

TEST_F(Predictor, TwoBranchesOfOnePacketShareAnEntry) {
  const auto jump = [&](std::uint32_t pc) {
    return predictor.resolve(insn(OpClass::branch, pc, 0x8000, 0, 2), 0x8000, false).cycles;
  };
  EXPECT_EQ(jump(0x1000), late);
  EXPECT_EQ(jump(0x1002), late);
  EXPECT_EQ(jump(0x1000), late);
  EXPECT_EQ(predictor.resolve(insn(OpClass::branch, 0x100e, 0x8000, 0, 4), 0x8000, false).cycles, late);
  EXPECT_EQ(predictor.resolve(insn(OpClass::branch, 0x100e, 0x8000, 0, 4), 0x8000, false).cycles, 0u)
      << "known by the packet of its last halfword";
}

TEST_F(Predictor, WithoutTablesEveryTakenBranchIsAMisprediction) {
  PredictorParams none;
  none.mispredict = mispredict;
  predictor = BranchPredictor(none);
  for (int pass = 0; pass < 5; ++pass) {
    EXPECT_EQ(branch(0x1000, 0x0f00, true), mispredict);
    EXPECT_EQ(branch(0x1000, 0x0f00, false), 0u);
    EXPECT_EQ(ret(0x2000, 0x1000), mispredict);
  }
}

}  // namespace
}  // namespace mj::timing
