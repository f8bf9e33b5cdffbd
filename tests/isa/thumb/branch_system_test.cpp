// Branches, conditions, IT blocks, hints, special registers, exceptions raised by instructions.
#include <gtest/gtest.h>

#include "isa/thumb/it_state.h"
#include "isa/thumb/semantics/condition.h"
#include "isa/thumb/system.h"
#include "tests/isa/thumb/thumb_machine.h"

namespace mj::test {
namespace {

using namespace isa::thumb;
using isa::Insn;
using isa::OpClass;
constexpr std::uint32_t here = code_address;

TEST(Branch, Direct) {
  Machine m;
  m.run(0xe7fe);  // b .
  EXPECT_EQ(m.flow, Flow::jump);
  EXPECT_EQ(m.target, here);
  m.run(0xf7ff, 0xbffe);  // b.w .
  EXPECT_EQ(m.target, here);
  m.run(0xf7ff, 0xfffe);  // bl .
  EXPECT_EQ(m.flow, Flow::call);
  EXPECT_EQ(m.target, here);
  EXPECT_EQ(m[lr], here + 5);
}

TEST(Branch, FarthestTargets) {
  EXPECT_EQ(decode(0xe400, 0, 0x2000, false, 0).imm, 0x2004u - 2048);        // b backward
  EXPECT_EQ(decode(0xd07f, 0, 0x2000, false, 0).imm, 0x2004u + 254);         // beq forward
  EXPECT_EQ(decode(0xf400, 0xd000, 0x8000000, false, 0).imm, 0x7000004u);    // bl -16 MB
  EXPECT_EQ(decode(0xf3ff, 0xd7ff, 0x8000000, false, 0).imm, 0x9000002u);    // bl +16 MB
  EXPECT_EQ(decode(0xf400, 0x8000, 0x8000000, false, v7m).imm, 0x7f00004u);  // beq.w -1 MB
  EXPECT_EQ(decode(0xf03f, 0xafff, 0x8000000, false, v7m).imm, 0x8100002u);  // beq.w +1 MB
}

TEST(Branch, EveryConditionOnEveryFlag) {
  for (unsigned nzcv = 0; nzcv < 16; ++nzcv) {
    const bool n = nzcv & 8, z = nzcv & 4, c = nzcv & 2, v = nzcv & 1;
    const bool holds[14] = {z, !z, c, !c, n, !n, v, !v, c && !z, !c || z, n == v, n != v, !z && n == v, z || n != v};
    for (unsigned cond = 0; cond < 14; ++cond) {
      Machine m;
      set_flags(m, {.n = n, .z = z, .c = c, .v = v});
      m.run(0xd0fe | cond << 8);  // b<cond> .
      EXPECT_EQ(m.flow == Flow::jump, holds[cond]) << "condition " << cond << " NZCV " << nzcv;
      EXPECT_EQ(m.insn.cond, 14) << "the operation itself decides";
      EXPECT_EQ(semantics::condition(m, cond), holds[cond]);
    }
    Machine m;
    EXPECT_TRUE(semantics::condition(m, 14));
  }
}

TEST(Branch, Registers) {
  Machine m;
  m.with({{3, 0x08000101}, {lr, 0x08000201}});
  m.run(0x4718);  // bx r3: as ARMv6-M returns from a function with arguments on the stack
  EXPECT_EQ(m.flow, Flow::ret);
  EXPECT_EQ(m.target, 0x08000101u);
  m.run(0x4770);  // bx lr
  EXPECT_EQ(m.flow, Flow::ret);
  EXPECT_EQ(m.target, 0x08000201u);
  m.run(0x47f0);  // blx lr: the target is read before LR is written
  EXPECT_EQ(m.flow, Flow::call);
  EXPECT_EQ(m.target, 0x08000201u);
  EXPECT_EQ(m[lr], here + 3);
  m.run(0x4778);  // bx pc: bit 0 is clear, INVSTATE follows
  EXPECT_EQ(m.target, here + 4);
}

TEST(Branch, ArithmeticToPcIgnoresBit0) {
  Machine m;
  m.with({{3, 0x08000100}}).run(0x469f);  // mov pc, r3
  EXPECT_EQ(m.target, 0x08000101u);
  m.with({{3, 0x10}}).run(0x449f);  // add pc, r3
  EXPECT_EQ(m.target, here + 4 + 0x11);
  EXPECT_EQ(m.insn.cls, OpClass::branch_alu);
}

TEST(Branch, CompareWithZero) {
  Machine m;
  m.with({{0, 0}}).run(0xb140);  // cbz r0, .+20
  EXPECT_EQ(m.target, here + 20);
  m.flow = Flow::next;
  m.run(0xbbf8);  // cbnz r0, .+130
  EXPECT_EQ(m.flow, Flow::next);
  m.with({{0, 1}}).run(0xbbf8);
  EXPECT_EQ(m.target, here + 130);
}

TEST(Branch, Tables) {
  Machine m;
  m.store8(0x20001003, 0xff);
  m.with({{0, 0x20001000}, {1, 3}}).run(0xe8d0, 0xf001);  // tbb [r0, r1]
  EXPECT_EQ(m.target, (here + 4 + 2 * 0xff) | 1);
  m.store16(0x20001006, 0x8001);
  m.run(0xe8d0, 0xf011);  // tbh [r0, r1, lsl #1]
  EXPECT_EQ(m.target, (here + 4 + 2 * 0x8001) | 1);
  m.store8(here + 4 + 3, 5);
  m.run(0xe8df, 0xf001);  // tbb [pc, r1]
  EXPECT_EQ(m.target, (here + 4 + 10) | 1);
}

TEST(PcAsOperand, IsTheInstructionPlus4) {
  Machine m;
  m.with({{0, 1}}).run(0x4478);  // add r0, pc
  EXPECT_EQ(m[0], here + 5);
  m.run(0x4678);  // mov r0, pc
  EXPECT_EQ(m[0], here + 4);
  m.run(0xf20f, 0x000a);  // add.w r0, pc, #10
  EXPECT_EQ(m[0], here + 14);
  m.run(0xf2af, 0x0008);  // sub.w r0, pc, #8
  EXPECT_EQ(m[0], here - 4);
}

// ---- IT -------------------------------------------------------------------------------------------------------------

TEST(It, StepsThroughItsBlock) {
  const Insn ittee = decode(0xbf07, 0, here, false, v7m);  // ittee eq
  EXPECT_EQ(ittee.cls, OpClass::it);
  EXPECT_EQ(ittee.cond, 14);
  ItState it{static_cast<std::uint8_t>(ittee.imm)};
  std::vector<unsigned> conditions;
  for (; it.active(); it.advance()) {
    conditions.push_back(it.cond());
    EXPECT_EQ(it.last(), conditions.size() == 4);
  }
  EXPECT_EQ(conditions, (std::vector<unsigned>{0, 0, 1, 1}));  // then, then, else, else
  EXPECT_EQ(it.bits, 0);
  EXPECT_EQ(it.cond(), 14u);
}

TEST(It, SixteenBitArithmeticLeavesTheFlags) {
  Machine m;
  m.with({{1, 0xffffffff}, {2, 1}});
  set_flags(m, {.n = true, .v = true});
  const Insn adds = decode(0x1888, 0, here, true, v7m);  // add<c> r0, r1, r2
  execute(m, adds);
  EXPECT_EQ(m[0], 0u);
  EXPECT_TRUE(m.f() == (Flags{.n = true, .v = true}));
  // Compares always set them.
  EXPECT_EQ(decode(0x4288, 0, here, true, v7m).op, static_cast<unsigned>(Op::cmp_reg));
}

TEST(It, FailedConditionDoesNothing) {
  Machine m;
  m.with({{0, 5}});
  set_flags(m, {.z = false});
  Insn mov = decode(0x2007, 0, here, true, v7m);  // mov<c> r0, #7
  mov.cond = 0;
  execute(m, mov);
  EXPECT_EQ(m[0], 5u);
  set_flags(m, {.z = true});
  execute(m, mov);
  EXPECT_EQ(m[0], 7u);
}

TEST(It, ForbiddenInsideABlock) {
  EXPECT_EQ(decode(0xbf08, 0, here, true, v7m).op, 0);  // it eq
  EXPECT_EQ(decode(0xb100, 0, here, true, v7m).op, 0);  // cbz
  EXPECT_EQ(decode(0xd0fe, 0, here, true, v7m).op, 0);  // beq
  EXPECT_EQ(decode(0xb672, 0, here, true, v7m).op, 0);  // cpsid i
}

// ---- system ---------------------------------------------------------------------------------------------------------

TEST(System, Raises) {
  const auto raised = [](std::uint32_t hw1, std::uint32_t hw2 = 0) {
    Machine m;
    return m.run(hw1, hw2).raised.value();
  };
  using Raised = std::pair<std::uint32_t, std::uint32_t>;
  EXPECT_EQ(raised(0xdf07), (Raised{raise_svc, 7}));
  EXPECT_EQ(raised(0xbeab), (Raised{raise_bkpt, 0xab}));
  EXPECT_EQ(raised(0xde01), (Raised{raise_undefined, 0xde01}));
  EXPECT_EQ(raised(0xf7f0, 0xa001), (Raised{raise_undefined, 0xf7f0a001}));
  EXPECT_EQ(raised(0xee01, 0x0f10), (Raised{raise_no_coprocessor, 0xee010f10}));  // mcr p15
  EXPECT_EQ(raised(0xeeb0, 0x0a40), (Raised{raise_no_coprocessor, 0xeeb00a40}));  // vmov.f32 without an FPU
}

TEST(System, SpecialRegisters) {
  Machine m;
  m.system_values[sysm_basepri] = 0x40;
  m.run(0xf3ef, 0x8011);  // mrs r0, basepri
  EXPECT_EQ(m[0], 0x40u);
  m.with({{0, 0x20}}).run(0xf380, 0x8811);  // msr basepri, r0
  m.run(0xf380, 0x8c00);                    // msr APSR_nzcvqg, r0
  m.run(0xb672);                            // cpsid i
  m.run(0xb663);                            // cpsie if
  using Writes = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
  EXPECT_EQ(m.system_writes, (Writes{{sysm_basepri, 0x20}, {3 << 8 | sysm_apsr, 0x20}, {sys_cps, 6}, {sys_cps, 3}}));
}

// DDI0553 C2.4.250: bit 7 (A) asks for the other security state, bit 6 (T) for unprivileged rights
TEST(System, TestTargetAsksForItsKindAtTheAddressInRn) {
  for (const auto& [hw2, kind] : {std::pair{0xf500u, 0u},
                                  {0xf540u, unsigned{tt_unprivileged}},
                                  {0xf580u, unsigned{tt_non_secure}},
                                  {0xf5c0u, unsigned{tt_non_secure} | unsigned{tt_unprivileged}}}) {
    Machine m;
    for (const unsigned any : {0u, 1u, 2u, 3u}) m.system_values[sys_tt | any << 8] = 0x100 + any;
    m.with({{1, 0x20001000}}).run(0xe841, hw2, ~0u);  // tt, ttt, tta, ttat r5, r1
    EXPECT_EQ(m[5], 0x100 + kind) << std::hex << hw2;
    using Writes = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
    EXPECT_EQ(m.system_writes, (Writes{{sys_tt_address, 0x20001000}}));
  }
}

TEST(System, HintsAndBarriers) {
  const auto write = [](std::uint32_t hw1, std::uint32_t hw2 = 0) {
    Machine m;
    m.run(hw1, hw2);
    return m.system_writes.empty() ? 0u : m.system_writes[0].first;
  };
  EXPECT_EQ(write(0xbf30), sys_wfi);
  EXPECT_EQ(write(0xbf20), sys_wfe);
  EXPECT_EQ(write(0xbf40), sys_sev);
  EXPECT_EQ(write(0xf3bf, 0x8f4f), sys_dsb);
  EXPECT_EQ(write(0xf3bf, 0x8f6f), sys_isb);
  EXPECT_EQ(write(0xf3bf, 0x8f5f), 0u);  // dmb
  EXPECT_EQ(write(0xbf00), 0u);          // nop
  EXPECT_EQ(write(0xbf70), 0u);          // a hint without a name
}

}  // namespace
}  // namespace mj::test
