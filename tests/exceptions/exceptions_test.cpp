// The M-profile exception model, section by section of ARMv7-M B1.5: state before, what happens, state after.
#include "isa/thumb/exceptions.h"

#include <gtest/gtest.h>

#include "isa/thumb/system.h"
#include "tests/exceptions/fake_core.h"

namespace mj::test {
namespace {

using namespace isa::thumb;

// ---- B1.5.4 priorities ---------------------------------------------------------------------------------------------

TEST(Priority, ThreadWithoutBoostIs256) {
  FakeCore core;
  EXPECT_EQ(core.unit.execution_priority(core.regs.data()), 256);
}

TEST(Priority, FixedOnesAreNegative) {
  FakeCore core;
  EXPECT_EQ(core.unit.priority(exception_reset), -3);
  EXPECT_EQ(core.unit.priority(nmi), -2);
  EXPECT_EQ(core.unit.priority(hard_fault), -1);
  core.unit.set_priority(hard_fault, 0x40);
  EXPECT_EQ(core.unit.priority(hard_fault), -1);
}

TEST(Priority, UnimplementedBitsReadAsZero) {
  FakeCore core;  // 4 bits
  core.unit.set_priority(irq0, 0xff);
  EXPECT_EQ(core.unit.priority(irq0), 0xf0);
  FakeCore m0(FakeCore::m0plus());  // 2 bits
  m0.unit.set_priority(irq0, 0xff);
  EXPECT_EQ(m0.unit.priority(irq0), 0xc0);
}

TEST(Priority, PrigroupSplitsGroupFromSubpriority) {
  FakeCore core;
  core.irq(0, 0x70);
  core.unit.set_prigroup(5);  // group: bits 7:6
  EXPECT_EQ(core.unit.group_priority(irq0), 0x40);
}

TEST(Priority, SubpriorityOrdersButDoesNotPreempt) {
  FakeCore core;
  core.unit.set_prigroup(5);
  core.irq(0, 0x70);
  core.irq(1, 0x50);
  core.unit.set_pending(irq0);
  core.unit.set_pending(irq1);
  EXPECT_EQ(core.take().handler, irq1);                                     // lower subpriority first
  EXPECT_FALSE(core.unit.pending_exception(core.regs.data()).has_value());  // same group: no preemption
}

TEST(Priority, LowestNumberWinsAmongEquals) {
  FakeCore core;
  core.irq(2, 0x40);
  core.irq(1, 0x40);
  core.unit.set_pending(irq2);
  core.unit.set_pending(irq1);
  EXPECT_EQ(core.take().handler, irq1);
}

TEST(Priority, PrimaskHoldsBackAllButHardFaultAndNmi) {
  FakeCore core;
  core.irq(0, 0x00);
  core.unit.set_pending(irq0);
  core.regs[primask] = 1;
  EXPECT_FALSE(core.unit.pending_exception(core.regs.data()).has_value());
  EXPECT_TRUE(core.unit.wakes(core.regs.data()));  // B1.5.19: WFI wakes all the same
  core.unit.set_pending(nmi);
  EXPECT_EQ(core.unit.pending_exception(core.regs.data()), nmi);
}

TEST(Priority, FaultmaskLeavesOnlyNmi) {
  FakeCore core;
  core.regs[faultmask] = 1;
  core.unit.set_pending(hard_fault);
  EXPECT_FALSE(core.unit.pending_exception(core.regs.data()).has_value());
  core.unit.set_pending(nmi);
  EXPECT_EQ(core.unit.pending_exception(core.regs.data()), nmi);
}

TEST(Priority, BasepriHoldsBackItsLevelAndBelow) {
  FakeCore core;
  core.irq(0, 0x40);
  core.irq(1, 0x30);
  core.regs[basepri] = 0x40;
  core.unit.set_pending(irq0);
  EXPECT_FALSE(core.unit.pending_exception(core.regs.data()).has_value());
  EXPECT_FALSE(core.unit.wakes(core.regs.data()));
  core.unit.set_pending(irq1);
  EXPECT_EQ(core.unit.pending_exception(core.regs.data()), irq1);
}

TEST(Priority, DisabledInterruptStaysPending) {
  FakeCore core;
  core.unit.set_pending(irq0);
  EXPECT_FALSE(core.unit.pending_exception(core.regs.data()).has_value());
  core.unit.set_enabled(irq0, true);
  EXPECT_EQ(core.unit.pending_exception(core.regs.data()), irq0);
}

TEST(Priority, InterruptThatDoesNotExistIsIgnored) {
  FakeCore core;
  core.unit.set_enabled(external_0 + 48, true);
  core.unit.set_pending(external_0 + 48);
  EXPECT_FALSE(core.unit.enabled(external_0 + 48));
  EXPECT_FALSE(core.unit.pending(external_0 + 48));
  core.unit.set_pending(100000);
}

// ---- B1.5.6 entry --------------------------------------------------------------------------------------------------

TEST(Entry, PushesEightWordsInOrder) {
  FakeCore core;
  for (unsigned i = 0; i < 13; ++i) core.regs[i] = 0x100 + i;
  core.regs[lr] = 0x1eeee;
  core.regs[nf] = 0x80000000;
  core.regs[cf] = 1;
  core.regs[ge] = 5;
  core.irq(0, 0x40);
  core.unit.set_pending(irq0);
  const Transition t = core.unit.enter(irq0, {0x1234, 0xa5, true}, core.cpu());

  const std::uint32_t frame = FakeCore::msp - 0x20;
  EXPECT_EQ(core[sp], frame);
  EXPECT_EQ(core.memory.words[frame + 0x00], 0x100u);
  EXPECT_EQ(core.memory.words[frame + 0x04], 0x101u);
  EXPECT_EQ(core.memory.words[frame + 0x08], 0x102u);
  EXPECT_EQ(core.memory.words[frame + 0x0c], 0x103u);
  EXPECT_EQ(core.memory.words[frame + 0x10], 0x10cu);
  EXPECT_EQ(core.memory.words[frame + 0x14], 0x1eeeeu);
  EXPECT_EQ(core.memory.words[frame + 0x18], 0x1234u);
  // N, C, IT[1:0] = 01, T, GE = 5, IT[7:2] = 101001
  EXPECT_EQ(core.memory.words[frame + 0x1c], 0x80000000u | 0x20000000 | 0x02000000 | 0x01000000 | 0x50000 | 0x29 << 10);

  EXPECT_EQ(core[ipsr], irq0);
  EXPECT_EQ(core[lr], 0xfffffff9u);
  EXPECT_EQ(t.next.pc, FakeCore::handler(irq0));
  EXPECT_EQ(t.next.it_state, 0);
  EXPECT_TRUE(t.next.thumb);
  EXPECT_EQ(t.words_stacked, 8u);
  EXPECT_FALSE(core.unit.pending(irq0));
  EXPECT_TRUE(core.unit.active(irq0));
  EXPECT_TRUE(core.unit.take_event());
}

TEST(Entry, StkalignPadsAnOddStackAndTellsInBit9) {
  FakeCore core;
  core.regs[sp] = FakeCore::msp - 4;
  core.unit.set_pending(pend_sv);
  core.take();
  EXPECT_EQ(core[sp], FakeCore::msp - 0x28);
  EXPECT_EQ(core.memory.words[core[sp] + 0x1c] & 0x200, 0x200u);
  core.ret();
  EXPECT_EQ(core[sp], FakeCore::msp - 4);
}

TEST(Entry, WithoutStkalignTheFrameIsOnlyWordAligned) {
  FakeCore core;
  core.unit.ccr &= ~ccr_stkalign;
  core.regs[sp] = FakeCore::msp - 4;
  core.unit.set_pending(pend_sv);
  core.take();
  EXPECT_EQ(core[sp], FakeCore::msp - 0x24);
  EXPECT_EQ(core.memory.words[core[sp] + 0x1c] & 0x200, 0u);
}

TEST(Entry, FromProcessStackSwitchesToMain) {
  FakeCore core;
  core.use_psp();
  ASSERT_EQ(core[sp], FakeCore::psp);
  core.unit.set_pending(systick);
  core.take();
  EXPECT_EQ(core[lr], 0xfffffffdu);
  EXPECT_EQ(core[sp], FakeCore::msp);
  EXPECT_EQ(core[sp_other], FakeCore::psp - 0x20);
  EXPECT_EQ(core[control] & control_spsel, 0u);
  core.ret();
  EXPECT_EQ(core[sp], FakeCore::psp);
  EXPECT_EQ(core[sp_other], FakeCore::msp);
  EXPECT_EQ(core[control] & control_spsel, control_spsel);
}

TEST(Entry, VtorMovesTheTable) {
  FakeCore core;
  core.unit.set_vtor(0x2000007f);
  EXPECT_EQ(core.unit.vtor(), 0x20000000u);
  core.memory.words[0x20000000 + 4 * svcall] = 0x8001;
  EXPECT_EQ(core.unit.raise(Fault::svc, 0, {0x1002}, core.cpu()).next.pc, 0x8000u);
}

TEST(Entry, VectorWithoutThumbBitStartsInArmState) {
  FakeCore core;
  core.memory.words[4 * pend_sv] = 0x5000;
  core.unit.set_pending(pend_sv);
  const Transition t = core.take();
  EXPECT_FALSE(t.next.thumb);
  // The handler's first instruction then faults; UsageFault is disabled, so HardFault.
  EXPECT_EQ(core.unit.raise(Fault::invalid_state, 0, t.next, core.cpu()).handler, hard_fault);
  EXPECT_EQ(core.unit.cfsr, cfsr_invstate);
  EXPECT_EQ(core.memory.words[core[sp] + 0x1c] & (1u << 24), 0u);
}

TEST(Entry, NestedHandlersUseTheMainStackAndLrF1) {
  FakeCore core;
  core.irq(0, 0x80);
  core.irq(1, 0x40);
  core.unit.set_pending(irq0);
  core.take();
  core.unit.set_pending(irq1);
  const Transition t = core.take(FakeCore::handler(irq0) + 6);
  EXPECT_EQ(t.handler, irq1);
  EXPECT_EQ(core[lr], 0xfffffff1u);
  EXPECT_EQ(core.unit.active_count(), 2u);
  EXPECT_EQ(core.ret().next.pc, FakeCore::handler(irq0) + 6);
  EXPECT_EQ(core[ipsr], irq0);
  EXPECT_EQ(core[lr], 0xfffffff9u);
  EXPECT_EQ(core.ret().next.pc, FakeCore::thread_pc);
  EXPECT_EQ(core[ipsr], 0u);
  EXPECT_EQ(core[sp], FakeCore::msp);
}

// ---- B1.5.8 return -------------------------------------------------------------------------------------------------

TEST(Return, RestoresRegistersFlagsAndItState) {
  FakeCore core;
  for (unsigned i = 0; i < 13; ++i) core.regs[i] = 0x100 + i;
  set_apsr(core.regs.data(), 0xa8050000);
  core.unit.enter(pend_sv, {0x1234, 0x6c, true}, core.cpu());
  for (unsigned i = 0; i < 4; ++i) core.regs[i] = 0;
  core.regs[12] = 0;
  set_apsr(core.regs.data(), 0);
  const Transition t = core.ret();
  for (unsigned i = 0; i < 13; ++i) EXPECT_EQ(core[i], 0x100 + i);
  EXPECT_EQ(xpsr(core.regs.data(), 0), 0xa9050000u);
  EXPECT_EQ(t.next.pc, 0x1234u);
  EXPECT_EQ(t.next.it_state, 0x6c);
  EXPECT_EQ(t.words_unstacked, 8u);
  EXPECT_EQ(t.handler, 0u);
}

TEST(Return, OnlyHandlerModeTreatsFxxxxxxxAsExcReturn) {
  FakeCore core;
  EXPECT_FALSE(is_exc_return(0xfffffff9, core.regs.data()));
  core.regs[ipsr] = 14;
  EXPECT_TRUE(is_exc_return(0xfffffff9, core.regs.data()));
  EXPECT_TRUE(is_exc_return(0xf0000001, core.regs.data()));
  EXPECT_FALSE(is_exc_return(0xeffffff9, core.regs.data()));
}

struct ReturnCase {
  std::uint32_t exc_return;
  bool legal;
};
class EveryExcReturn : public testing::TestWithParam<ReturnCase> {};

TEST_P(EveryExcReturn, FromASingleHandler) {
  FakeCore core;
  core.unit.set_enabled(usage_fault, true);
  core.unit.enter(pend_sv, {FakeCore::thread_pc}, core.cpu());
  // Both stacks hold a basic and an extended frame with T set and IPSR 0.
  for (std::uint32_t base : {core[sp], core[sp_other]}) {
    for (std::uint32_t i = 0; i < 0x68; i += 4) core.memory.words[base + i] = 0;
    core.memory.words[base + 0x18] = 0x2222;
    core.memory.words[base + 0x1c] = 1u << 24;
  }
  core.unit.set_cpacr(0x00f00000);
  const Transition t = core.unit.return_from(GetParam().exc_return, core.cpu());
  if (GetParam().legal) {
    EXPECT_EQ(t.next.pc, 0x2222u);
    EXPECT_EQ(core[ipsr], 0u);
    EXPECT_EQ((core[control] & control_spsel) != 0, (GetParam().exc_return & 4) != 0);
    EXPECT_EQ((core[control] & control_fpca) != 0, (GetParam().exc_return & 16) == 0);
  } else {
    EXPECT_EQ(t.handler, usage_fault);
    EXPECT_EQ(core.unit.cfsr, cfsr_invpc);
    EXPECT_EQ(core[lr], GetParam().exc_return);
    EXPECT_EQ(t.words_stacked, 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(B1_5_8, EveryExcReturn,
                         testing::Values(ReturnCase{0xfffffff9, true}, ReturnCase{0xfffffffd, true},
                                         ReturnCase{0xffffffe9, true}, ReturnCase{0xffffffed, true},
                                         ReturnCase{0xfffffff1, false},  // to Handler, but the frame's IPSR is 0
                                         ReturnCase{0xffffffe1, false}, ReturnCase{0xfffffff0, false},
                                         ReturnCase{0xfffffff5, false}, ReturnCase{0xffffffff, false},
                                         ReturnCase{0xfffffff8, false}, ReturnCase{0xffffffd9, false},
                                         ReturnCase{0xf0000001, false}));

TEST(Return, ToThreadWithAnotherHandlerActiveIsInvpc) {
  FakeCore core;
  core.irq(0, 0x80);
  core.unit.enter(irq0, {FakeCore::thread_pc}, core.cpu());
  core.unit.raise(Fault::svc, 0, {0x4444}, core.cpu());
  ASSERT_EQ(core[ipsr], svcall);
  core.memory.words[core[sp] + 0x1c] = 1u << 24;  // the frame itself would fit: Thread mode
  const Transition t = core.unit.return_from(0xfffffff9, core.cpu());
  EXPECT_EQ(t.handler, hard_fault);  // UsageFault is disabled
  EXPECT_EQ(core.unit.cfsr, cfsr_invpc);
  EXPECT_EQ(core.unit.hfsr, hfsr_forced);
}

TEST(Return, NonbasethrdenaAllowsThreadWithAnotherHandlerActive) {
  FakeCore core;
  core.unit.ccr |= ccr_nonbasethrdena;
  core.irq(0, 0x80);
  core.unit.enter(irq0, {FakeCore::thread_pc}, core.cpu());
  core.unit.raise(Fault::svc, 0, {0x4444}, core.cpu());
  core.memory.words[core[sp] + 0x1c] = 1u << 24;  // the frame says Thread mode
  EXPECT_EQ(core.unit.return_from(0xfffffff9, core.cpu()).next.pc, 0x4444u);
  EXPECT_EQ(core[ipsr], 0u);
  EXPECT_TRUE(core.unit.active(irq0));
  EXPECT_EQ(core.unit.execution_priority(core.regs.data()), 0x80);
}

TEST(Return, OfAnInactiveHandlerIsInvpc) {
  FakeCore core;
  core.unit.set_enabled(usage_fault, true);
  core.unit.enter(pend_sv, {FakeCore::thread_pc}, core.cpu());
  core.unit.set_active(pend_sv, false);
  EXPECT_EQ(core.ret().handler, usage_fault);
  EXPECT_EQ(core.unit.cfsr, cfsr_invpc);
}

TEST(Return, ClearsFaultmaskExceptFromNmi) {
  FakeCore core;
  core.unit.enter(pend_sv, {FakeCore::thread_pc}, core.cpu());
  core.regs[faultmask] = 1;
  core.ret();
  EXPECT_EQ(core[faultmask], 0u);
  core.unit.enter(nmi, {FakeCore::thread_pc}, core.cpu());
  core.regs[faultmask] = 1;
  core.ret();
  EXPECT_EQ(core[faultmask], 1u);
}

TEST(Return, SleepOnExitOnlyToThread) {
  FakeCore core;
  core.unit.scr = scr_sleeponexit;
  core.irq(0, 0x80);
  core.irq(1, 0x40);
  core.unit.set_pending(irq0);
  core.take();
  core.unit.set_pending(irq1);
  core.take();
  EXPECT_FALSE(core.ret().sleep_on_exit);
  EXPECT_TRUE(core.ret().sleep_on_exit);
}

// ---- B1.5.10-11 tail-chaining, late arrival, levels -----------------------------------------------------------------

TEST(TailChain, NextHandlerStartsOnTheSameFrame) {
  FakeCore core;
  core.irq(0, 0x40);
  core.irq(1, 0x40);
  core.unit.set_pending(irq0);
  core.take();
  core.unit.set_pending(irq1);
  const std::uint32_t frame = core[sp];
  const Transition t = core.ret();
  EXPECT_TRUE(t.tail_chained);
  EXPECT_EQ(t.handler, irq1);
  EXPECT_EQ(t.words_stacked + t.words_unstacked, 0u);
  EXPECT_EQ(core[sp], frame);
  EXPECT_EQ(core[lr], 0xfffffff9u);
  EXPECT_EQ(core.ret().next.pc, FakeCore::thread_pc);
}

TEST(TailChain, NotForAnExceptionBelowTheInterruptedHandler) {
  FakeCore core;
  core.irq(0, 0x80);
  core.irq(1, 0x40);
  core.irq(2, 0xc0);
  core.unit.set_pending(irq0);
  core.take();
  core.unit.set_pending(irq1);
  core.take(0x7000);
  core.unit.set_pending(irq2);
  const Transition t = core.ret();
  EXPECT_FALSE(t.tail_chained);
  EXPECT_EQ(t.next.pc, 0x7000u);
  EXPECT_EQ(core.ret().handler, irq2);  // but when irq0 returns
}

TEST(LateArrival, TheUrgentOneUsesTheFrameTheFirstBecomesPending) {
  FakeCore core;
  core.irq(0, 0x80);
  core.irq(1, 0x40);
  core.unit.set_pending(irq0);
  core.take();
  core.unit.set_pending(irq1);
  ASSERT_EQ(core.unit.pending_exception(core.regs.data()), irq1);
  const std::uint32_t frame = core[sp];
  const Transition t = core.unit.late_arrival(irq1, core.cpu());
  EXPECT_TRUE(t.late_arrival);
  EXPECT_EQ(t.words_stacked, 0u);
  EXPECT_EQ(core[sp], frame);
  EXPECT_EQ(core[ipsr], irq1);
  EXPECT_FALSE(core.unit.active(irq0));
  EXPECT_TRUE(core.unit.pending(irq0));
  EXPECT_EQ(core.ret().handler, irq0);  // tail-chained
  EXPECT_EQ(core.ret().next.pc, FakeCore::thread_pc);
}

TEST(Level, AnAssertedLinePendsAgainAfterReturn) {
  FakeCore core;
  core.irq(0, 0x40);
  core.unit.set_level(irq0, true);
  core.take();
  EXPECT_FALSE(core.unit.pending(irq0));
  EXPECT_TRUE(core.ret().tail_chained);
  core.unit.set_level(irq0, false);
  EXPECT_FALSE(core.ret().tail_chained);
}

TEST(Level, APulseIsRememberedOnce) {
  FakeCore core;
  core.irq(0, 0x40);
  core.unit.set_level(irq0, true);
  core.unit.set_level(irq0, false);
  EXPECT_EQ(core.take().handler, irq0);
  EXPECT_FALSE(core.ret().tail_chained);
}

TEST(Level, ClearPendingDoesNotHideAnAssertedLine) {
  FakeCore core;
  core.irq(0, 0x40);
  core.unit.set_level(irq0, true);
  core.unit.clear_pending(irq0);
  EXPECT_TRUE(core.unit.pending(irq0));
  core.unit.set_level(irq0, false);
  core.unit.clear_pending(irq0);
  EXPECT_FALSE(core.unit.pending(irq0));
}

TEST(Event, SevonpendSetsTheEventForADisabledInterrupt) {
  FakeCore core;
  core.unit.set_pending(irq0);
  EXPECT_FALSE(core.unit.take_event());
  core.unit.scr = scr_sevonpend;
  core.unit.set_pending(irq1);
  EXPECT_TRUE(core.unit.take_event());
  EXPECT_FALSE(core.unit.take_event());
}

TEST(Snapshot, ACopyIsIndependent) {
  FakeCore core;
  core.irq(0, 0x40);
  const ExceptionUnit saved = core.unit;
  core.unit.set_pending(irq0);
  core.take();
  core.unit = saved;
  EXPECT_EQ(core.unit.active_count(), 0u);
  EXPECT_FALSE(core.unit.pending(irq0));
  EXPECT_TRUE(core.unit.enabled(irq0));
}

}  // namespace
}  // namespace mj::test
