// Faults (ARMv7-M B1.5.14): to their handler, escalated, derived from one another, lock-up.
#include "isa/thumb/exceptions.h"

#include <gtest/gtest.h>

#include "isa/thumb/system.h"
#include "tests/exceptions/fake_core.h"

namespace mj::test {
namespace {

using namespace isa::thumb;

// ---- B1.5.14 faults ------------------------------------------------------------------------------------------------

struct FaultCase {
  Fault fault;
  unsigned exception;
  std::uint32_t cfsr;
};
class EveryFault : public testing::TestWithParam<FaultCase> {};

TEST_P(EveryFault, EnabledGoesToItsHandler) {
  FakeCore core;
  core.unit.set_enabled(GetParam().exception, true);
  const Transition t = core.unit.raise(GetParam().fault, 0xdead0000, {0x1500, 0, true}, core.cpu());
  EXPECT_EQ(t.handler, GetParam().exception);
  EXPECT_EQ(core.unit.cfsr, GetParam().cfsr);
  EXPECT_EQ(core.unit.hfsr, 0u);
  EXPECT_EQ(core.memory.words[core[sp] + 0x18], 0x1500u);
  EXPECT_EQ(core.unit.bfar, GetParam().fault == Fault::data_bus ? 0xdead0000 : 0u);
  EXPECT_EQ(core.unit.mmfar, GetParam().fault == Fault::data_mpu ? 0xdead0000 : 0u);
}

TEST_P(EveryFault, DisabledEscalatesToHardFault) {
  FakeCore core;
  const Transition t = core.unit.raise(GetParam().fault, 0xdead0000, {0x1500, 0, true}, core.cpu());
  EXPECT_EQ(t.handler, hard_fault);
  EXPECT_EQ(core.unit.cfsr, GetParam().cfsr);
  EXPECT_EQ(core.unit.hfsr, hfsr_forced);
}

TEST_P(EveryFault, NotUrgentEnoughEscalatesToHardFault) {
  FakeCore core;
  core.irq(0, 0x40);
  core.unit.set_enabled(GetParam().exception, true);
  core.unit.set_priority(GetParam().exception, 0x40);
  core.unit.enter(irq0, {FakeCore::thread_pc}, core.cpu());
  EXPECT_EQ(core.unit.raise(GetParam().fault, 0, {0x4444}, core.cpu()).handler, hard_fault);
}

TEST_P(EveryFault, InHardFaultLocksUp) {
  FakeCore core;
  core.unit.set_enabled(GetParam().exception, true);
  core.unit.enter(hard_fault, {FakeCore::thread_pc}, core.cpu());
  const Transition t = core.unit.raise(GetParam().fault, 0, {0x4444}, core.cpu());
  EXPECT_TRUE(t.lockup);
  EXPECT_TRUE(core.unit.lockup());
  EXPECT_EQ(t.next.pc, 0xfffffffeu);
}

TEST_P(EveryFault, OnArmv6mIsAlwaysHardFault) {
  FakeCore core(FakeCore::m0plus());
  EXPECT_EQ(core.unit.raise(GetParam().fault, 0, {0x1500}, core.cpu()).handler, hard_fault);
  EXPECT_TRUE(core.unit.raise(GetParam().fault, 0, {0x4300}, core.cpu()).lockup);
}

INSTANTIATE_TEST_SUITE_P(B1_5_14, EveryFault,
                         testing::Values(FaultCase{Fault::undefined_instruction, usage_fault, 1u << 16},
                                         FaultCase{Fault::invalid_state, usage_fault, 1u << 17},
                                         FaultCase{Fault::no_coprocessor, usage_fault, 1u << 19},
                                         FaultCase{Fault::unaligned, usage_fault, 1u << 24},
                                         FaultCase{Fault::divide_by_zero, usage_fault, 1u << 25},
                                         FaultCase{Fault::instruction_bus, bus_fault, 1u << 8},
                                         FaultCase{Fault::data_bus, bus_fault, 1u << 9 | 1u << 15},
                                         FaultCase{Fault::instruction_mpu, mem_manage, 1u << 0},
                                         FaultCase{Fault::data_mpu, mem_manage, 1u << 1 | 1u << 7}));

TEST(Fault, WithFaultmaskLocksUp) {
  FakeCore core;
  core.regs[faultmask] = 1;
  EXPECT_TRUE(core.unit.raise(Fault::undefined_instruction, 0, {0x1000}, core.cpu()).lockup);
}

TEST(Fault, SvcReturnsBehindItself) {
  FakeCore core;
  EXPECT_EQ(core.unit.raise(Fault::svc, 0, {0x1002}, core.cpu()).handler, svcall);
  EXPECT_EQ(core.ret().next.pc, 0x1002u);
}

TEST(Fault, SvcBehindPrimaskEscalates) {
  FakeCore core;
  core.regs[primask] = 1;
  EXPECT_EQ(core.unit.raise(Fault::svc, 0, {0x1002}, core.cpu()).handler, hard_fault);
  EXPECT_EQ(core.unit.hfsr, hfsr_forced);
}

TEST(Fault, BreakpointWithoutDebuggerIsHardFaultDebugevt) {
  FakeCore core;
  EXPECT_EQ(core.unit.raise(Fault::breakpoint, 0, {0x1000}, core.cpu()).handler, hard_fault);
  EXPECT_EQ(core.unit.hfsr, hfsr_debugevt);
}

TEST(Fault, BreakpointGoesToAnEnabledDebugMonitor) {
  FakeCore core;
  core.unit.set_demcr(demcr_mon_en);
  EXPECT_EQ(core.unit.raise(Fault::breakpoint, 0, {0x1000}, core.cpu()).handler, debug_monitor);
  EXPECT_EQ(core.unit.dfsr, dfsr_bkpt);
}

TEST(Fault, ImpreciseBusErrorPendsBusFault) {
  FakeCore core;
  core.unit.set_enabled(bus_fault, true);
  core.regs[primask] = 1;
  core.unit.pend_imprecise_bus_fault();
  EXPECT_EQ(core.unit.cfsr, cfsr_impreciserr);
  EXPECT_FALSE(core.unit.pending_exception(core.regs.data()).has_value());  // asynchronous: waits, no escalation
  core.regs[primask] = 0;
  EXPECT_EQ(core.take().handler, bus_fault);
}

TEST(Fault, BfhfnmignIgnoresDataBusErrorsInHardFault) {
  FakeCore core;
  core.unit.ccr |= ccr_bfhfnmign;
  EXPECT_FALSE(core.unit.ignores_bus_faults(core.regs.data()));
  core.unit.enter(hard_fault, {FakeCore::thread_pc}, core.cpu());
  EXPECT_TRUE(core.unit.ignores_bus_faults(core.regs.data()));
}

// ---- derived faults ------------------------------------------------------------------------------------------------

TEST(AccessRights, AFrameIsMadeWithThePrivilegeOfTheInterruptedCode) {
  FakeCore core;
  core.regs[control] = control_npriv;
  core.irq(0, 0x40);
  core.unit.set_pending(irq0);
  core.take();
  EXPECT_EQ(core.memory.made_for, "uuuuuuuuv");
  core.memory.made_for.clear();
  core.irq(1, 0x20);
  core.unit.set_pending(irq0 + 1);
  core.take();  // preempts a handler, which is privileged
  EXPECT_EQ(core.memory.made_for, "ppppppppv");
  core.memory.made_for.clear();
  core.ret();
  EXPECT_EQ(core.memory.made_for, "pppppppp");
  core.memory.made_for.clear();
  core.ret();  // to Thread mode
  EXPECT_EQ(core.memory.made_for, "uuuuuuuu");
}

TEST(AccessRights, OfHardFaultHaveNegativePriority) {
  FakeCore core;
  core.unit.enter(hard_fault, {FakeCore::thread_pc}, core.cpu());
  core.memory.made_for.clear();
  core.unit.set_pending(nmi);
  core.take();
  EXPECT_EQ(core.memory.made_for, "PPPPPPPPv");
  core.memory.made_for.clear();
  core.ret();  // to HardFault's handler
  EXPECT_EQ(core.memory.made_for, "PPPPPPPP");
}

TEST(AccessRights, LazyFpStateIsStoredForWhomItsRoomWasReserved) {
  FakeCore core;
  core.unit.set_cpacr(0x00f00000);
  core.regs[control] = control_npriv | control_fpca;
  core.irq(0, 0x40);
  core.unit.set_pending(irq0);
  core.take();
  core.memory.made_for.clear();
  core.unit.touch_fp(core.cpu());
  EXPECT_EQ(core.memory.made_for, std::string(17, 'u'));
}

TEST(Derived, StackingErrorWithUrgentBusFaultIsTakenFirst) {
  FakeCore core;
  core.unit.set_enabled(bus_fault, true);
  core.irq(0, 0x40);
  core.unit.set_pending(irq0);
  core.memory.bus_faults.insert(FakeCore::msp - 4);
  const Transition t = core.take();
  EXPECT_EQ(t.handler, bus_fault);
  EXPECT_TRUE(t.late_arrival);
  EXPECT_EQ(core.unit.cfsr, cfsr_stkerr);
  EXPECT_TRUE(core.unit.pending(irq0));
  EXPECT_EQ(core.ret().handler, irq0);
}

TEST(Derived, StackingErrorOfTheSamePriorityAsTheExceptionIsTakenFirstForItsLowerNumber) {
  FakeCore core;
  core.unit.set_enabled(mem_manage, true);
  core.memory.mpu_faults.insert(FakeCore::msp - 4);
  const Transition t = core.unit.raise(Fault::svc, 0, {FakeCore::thread_pc}, core.cpu());
  EXPECT_EQ(t.handler, mem_manage);
  EXPECT_TRUE(core.unit.pending(svcall));
}

TEST(Derived, StackingErrorBelowTheExceptionWaits) {
  FakeCore core;
  core.unit.set_enabled(mem_manage, true);
  core.unit.set_priority(mem_manage, 0x80);
  core.irq(0, 0x40);
  core.unit.set_pending(irq0);
  core.memory.mpu_faults.insert(FakeCore::msp - 4);
  EXPECT_EQ(core.take().handler, irq0);
  EXPECT_EQ(core.unit.cfsr, cfsr_mstkerr);
  EXPECT_EQ(core.ret().handler, mem_manage);
}

TEST(Derived, StackingErrorWithDisabledBusFaultIsHardFault) {
  FakeCore core;
  core.irq(0, 0x40);
  core.unit.set_pending(irq0);
  core.memory.bus_faults.insert(FakeCore::msp - 0x20);
  EXPECT_EQ(core.take().handler, hard_fault);
  EXPECT_EQ(core.unit.hfsr, hfsr_forced);
  EXPECT_TRUE(core.unit.pending(irq0));
}

TEST(Derived, VectorReadErrorIsHardFaultVecttbl) {
  FakeCore core;
  core.irq(0, 0x40);
  core.unit.set_pending(irq0);
  core.memory.bus_faults.insert(4 * irq0);
  EXPECT_EQ(core.take().handler, hard_fault);
  EXPECT_EQ(core.unit.hfsr, hfsr_vecttbl);
  EXPECT_TRUE(core.unit.pending(irq0));
}

TEST(Derived, VectorReadErrorOfHardFaultLocksUp) {
  FakeCore core;
  core.memory.bus_faults.insert(4 * hard_fault);
  EXPECT_TRUE(core.unit.raise(Fault::undefined_instruction, 0, {0x1000}, core.cpu()).lockup);
  EXPECT_EQ(core.unit.hfsr, hfsr_vecttbl | hfsr_forced);
}

TEST(Derived, UnstackingErrorTailChainsAndKeepsTheStack) {
  FakeCore core;
  core.unit.set_enabled(bus_fault, true);
  core.unit.enter(pend_sv, {FakeCore::thread_pc}, core.cpu());
  const std::uint32_t frame = core[sp];
  core.memory.bus_faults.insert(frame + 8);
  core.regs[0] = 77;
  const Transition t = core.ret();
  EXPECT_EQ(t.handler, bus_fault);
  EXPECT_TRUE(t.tail_chained);
  EXPECT_EQ(core.unit.cfsr, cfsr_unstkerr);
  EXPECT_EQ(core[sp], frame);
  EXPECT_EQ(core[lr], 0xfffffff9u);
  EXPECT_EQ(core[0], 77u);
  core.memory.bus_faults.clear();
  EXPECT_EQ(core.ret().next.pc, FakeCore::thread_pc);
}

}  // namespace
}  // namespace mj::test
