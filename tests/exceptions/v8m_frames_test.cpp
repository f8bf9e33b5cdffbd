// What Armv8-M's exceptions put on stacks and take from them, FP state included, and the faults of each (DDI0553 B3.19
// to B3.22).
#include <gtest/gtest.h>

#include "isa/thumb/exceptions.h"
#include "isa/thumb/system.h"
#include "tests/exceptions/secure_core.h"

namespace mj::test {
namespace {

using namespace isa::thumb;

// ---- FP state that waits to be stored (DDI0553 B3.22, PreserveFPState()) --------------------------------------------

/// In the handler of irq0, priority 0x40; Thread mode's FP state waits for its frame.
struct WaitingFp : SecureCore {
  explicit WaitingFp(bool thread_is_privileged = true) {
    unit.set_cpacr(0x00f00000);
    for (const unsigned fault : {unsigned{bus_fault}, unsigned{secure_fault}, usage_fault | secure_bank})
      unit.set_enabled(fault, true);
    irq_to(0, 0x40, false);
    for (unsigned i = 0; i < 32; ++i) regs[s0 + i] = 0xf000 + i;
    regs[control] = control_fpca | control_sfpa | (thread_is_privileged ? 0u : unsigned{control_npriv});
    unit.set_pending(irq0);
    take();
  }
  bool waits() const { return (unit.fpccr & fpccr_lspact) != 0; }
  bool stored() const { return memory.words.contains(msp - 0x48); }
};

TEST(V8mLazyFp, IsStoredWithTheFirstFpInstruction) {
  WaitingFp core;
  EXPECT_TRUE(core.waits());
  EXPECT_EQ(core.unit.touch_fp(core.cpu()).words_stacked, 17u);
  EXPECT_FALSE(core.waits());
  EXPECT_EQ(core.memory.words[FakeCore::msp - 0x48], 0xf000u);
}

TEST(V8mLazyFp, AFaultThatIsTakenAtOnceLeavesItWaiting) {
  WaitingFp core;
  core.memory.bus_faults.insert(FakeCore::msp - 0x40);
  EXPECT_TRUE(core.unit.touch_fp(core.cpu()).fault_pended);
  EXPECT_EQ(core.unit.pending_exception(core.regs.data()), bus_fault);
  EXPECT_EQ(core.unit.bank(false).cfsr | core.unit.cfsr, cfsr_lsperr);
  EXPECT_TRUE(core.waits());
  core.take(0x7000);
  core.ret();
  core.memory.bus_faults.clear();
  EXPECT_EQ(core.unit.touch_fp(core.cpu()).words_stacked, 17u);  // the instruction begins anew
  EXPECT_FALSE(core.waits());
}

TEST(V8mLazyFp, AFaultThatHasToWaitLetsTheInstructionGoOn) {
  WaitingFp core;
  core.unit.set_priority(bus_fault, 0x80);  // when room was reserved, it could have been taken
  core.memory.bus_faults.insert(FakeCore::msp - 0x48);
  EXPECT_TRUE(core.unit.touch_fp(core.cpu()).fault_pended);
  EXPECT_EQ(core.unit.pending_exception(core.regs.data()), std::nullopt);
  EXPECT_TRUE(core.unit.pending(bus_fault));
  EXPECT_FALSE(core.waits());
  EXPECT_EQ(core[control] & (control_fpca | control_sfpa), unsigned{control_fpca | control_sfpa});
}

TEST(V8mLazyFp, CodeThatMayNoLongerUseTheFpuIsNocp) {
  WaitingFp core(false);
  core.unit.set_cpacr(0x00500000);  // privileged code may: the handler, not the thread
  EXPECT_TRUE(core.unit.touch_fp(core.cpu()).fault_pended);
  EXPECT_EQ(core.unit.cfsr, cfsr_nocp);
  EXPECT_EQ(core.unit.pending_exception(core.regs.data()), usage_fault | secure_bank);
  EXPECT_FALSE(core.stored());
  EXPECT_TRUE(core.waits());
}

TEST(V8mLazyFp, BelowTheLimitNothingIsStored) {
  WaitingFp core;
  core.unit.fpccr |= fpccr_splimviol;  // STKOF was raised when room was sought
  const FpTouch touch = core.unit.touch_fp(core.cpu());
  EXPECT_EQ(touch.words_stacked, 0u);
  EXPECT_FALSE(touch.fault_pended);
  EXPECT_EQ(core.unit.cfsr, 0u);
  EXPECT_FALSE(core.waits());
}

TEST(V8mLazyFp, NonSecureStateThatWouldGoToSecureMemoryIsASecureFault) {
  SecureCore core;
  core.unit.set_cpacr(0x00f00000);
  core.unit.set_nsacr(0xc00);
  core.unit.bank(false).cpacr_ = 0x00f00000;
  core.unit.set_enabled(secure_fault, true);
  core.irq_to(0, 0x40, false);
  core.unit.become_secure(false, core.regs.data());
  core.unit.touch_fp(core.cpu());
  core.unit.set_pending(irq0);
  core.take();  // to Secure state
  core.memory.secure_faults.insert(0x20003000 - 0x48);
  EXPECT_TRUE(core.unit.touch_fp(core.cpu()).fault_pended);
  EXPECT_EQ(core.unit.sfsr, sfsr_lsperr);
  EXPECT_EQ(core.unit.pending_exception(core.regs.data()), secure_fault);
}

TEST(V8mLazyFp, WhatCannotBeTakenEvenAsHardFaultLocksUp) {
  WaitingFp core;
  core.unit.fpccr &= ~(fpccr_bfrdy | fpccr_hfrdy);  // room was reserved in HardFault's handler
  core.memory.bus_faults.insert(FakeCore::msp - 0x48);
  EXPECT_TRUE(core.unit.touch_fp(core.cpu()).lockup);
  EXPECT_TRUE(core.unit.lockup());
  EXPECT_EQ(core.unit.hfsr, hfsr_forced);
}

TEST(V8mLazyFp, AReturnBeforeAnyFpInstructionFindsItInTheRegisters) {
  WaitingFp core;
  const Transition t = core.ret();
  EXPECT_TRUE(t.fp_skipped);
  EXPECT_EQ(t.words_unstacked, 8u);
  EXPECT_FALSE(core.waits());
  EXPECT_EQ(core[control], unsigned{control_fpca | control_sfpa});
  EXPECT_EQ(core[s0 + 5], 0xf005u);
}

// ---- frames ---------------------------------------------------------------------------------------------------------

/// Thread mode with FP state, which is stacked at once; irq0 has priority 0x40. All faults are enabled.
struct FpThread : SecureCore {
  explicit FpThread(bool secure_thread = true) {
    unit.set_cpacr(0x00f00000);
    unit.bank(false).cpacr_ = 0x00f00000;
    unit.set_nsacr(0xc00);
    unit.fpccr &= ~(fpccr_lspen | fpccr_lspens);
    for (const unsigned fault : {unsigned{bus_fault}, unsigned{secure_fault}, unsigned{usage_fault},
                                 unsigned{mem_manage}, usage_fault | secure_bank, mem_manage | secure_bank})
      unit.set_enabled(fault, true);
    irq_to(0, 0x40, false);
    if (!secure_thread) unit.become_secure(false, regs.data());
    unit.touch_fp(cpu());
    for (unsigned i = 0; i < 32; ++i) regs[s0 + i] = 0xf000 + i;
  }
  Transition interrupt() {
    unit.set_pending(irq0);
    return take();
  }
  std::uint32_t secure_cfsr() { return unit.bank(true).cfsr; }
  std::uint32_t non_secure_cfsr() { return unit.bank(false).cfsr; }
};

TEST(V8mFrames, WithTsAllFpRegistersAreStackedClearedAndRestored) {
  FpThread core;
  core.unit.fpccr |= fpccr_ts;
  EXPECT_EQ(core.interrupt().words_stacked, 8u + 33);
  constexpr std::uint32_t frame = FakeCore::msp - 0xa8;
  EXPECT_EQ(core[sp], frame);
  EXPECT_EQ(core.memory.words[frame + 0x20], 0xf000u);
  EXPECT_EQ(core.memory.words[frame + 0x68], 0xf010u);
  EXPECT_EQ(core[s0] | core[s0 + 31] | core[fpscr], 0u);
  EXPECT_EQ(core.ret().words_unstacked, 8u + 33);
  EXPECT_EQ(core[s0 + 31], 0xf01fu);
  EXPECT_EQ(core[sp], FakeCore::msp);
}

TEST(V8mFrames, FpStateOfCodeThatMayNotUseTheFpuIsNocp) {
  FpThread core;
  core.unit.set_cpacr(0);
  EXPECT_EQ(core.interrupt().handler, usage_fault);
  EXPECT_EQ(core.secure_cfsr(), cfsr_nocp);

  FpThread forbidden(false);
  forbidden.unit.set_nsacr(0);  // by Secure state, which also takes the fault
  EXPECT_EQ(forbidden.interrupt().handler, usage_fault);
  EXPECT_EQ(forbidden.secure_cfsr(), cfsr_nocp);
  EXPECT_EQ(forbidden.non_secure_cfsr(), 0u);
}

TEST(V8mFrames, ANonSecureStackInSecureMemoryIsASecureFault) {
  FpThread core(false);
  core.memory.secure_faults.insert(0x20003000 - 0x68);
  EXPECT_EQ(core.interrupt().handler, secure_fault);
  EXPECT_EQ(core.unit.sfsr, sfsr_auviol);
}

TEST(V8mFrames, CalleeRegistersBelowTheLimitAreStkof) {
  SecureCore core;
  core.irq_to(0, 0x40, true);
  core.unit.set_enabled(usage_fault | secure_bank, true);
  core.unit.system_write(sysm_msplim, FakeCore::msp - 0x20, core.regs.data());  // room for R0-R3, R12, LR, PC, xPSR
  core.unit.set_pending(irq0);
  EXPECT_EQ(core.take().handler, usage_fault);
  EXPECT_EQ(core.unit.cfsr, cfsr_stkof);
}

TEST(V8mFrames, AFaultOfUnstackingIsTakenByTailChaining) {
  FpThread bus;
  bus.interrupt();
  bus.memory.bus_faults.insert(bus[sp] + 8);
  const Transition t = bus.ret();
  EXPECT_TRUE(t.tail_chained);
  EXPECT_EQ(t.handler, bus_fault);
  EXPECT_EQ(bus.secure_cfsr() | bus.non_secure_cfsr(), cfsr_unstkerr);

  FpThread mpu;
  mpu.interrupt();
  mpu.memory.mpu_faults.insert(mpu[sp] + 0x20);  // of the FP state
  EXPECT_EQ(mpu.ret().handler, mem_manage);
  EXPECT_EQ(mpu.secure_cfsr(), cfsr_munstkerr);

  FpThread secure(false);
  secure.interrupt();
  secure.memory.secure_faults.insert(0x20003000 - 0x68);
  EXPECT_EQ(secure.ret().handler, secure_fault);
  EXPECT_EQ(secure.unit.sfsr, sfsr_auviol);
}

TEST(V8mFrames, AReturnToCodeThatMayNoLongerUseTheFpuIsNocp) {
  FpThread core;
  core.interrupt();
  core.unit.set_cpacr(0);
  EXPECT_EQ(core.ret().handler, usage_fault);
  EXPECT_EQ(core.secure_cfsr(), cfsr_nocp);

  FpThread forbidden(false);
  forbidden.interrupt();
  forbidden.unit.set_nsacr(0);
  EXPECT_EQ(forbidden.ret().handler, usage_fault);
  EXPECT_EQ(forbidden.secure_cfsr(), cfsr_nocp);
}

TEST(V8mFrames, AFrameOfTheOtherModeIsInvpc) {
  FpThread core;
  core.interrupt();
  core.memory.words[core[sp] + 0x1c] |= 16;  // xPSR says Handler mode, EXC_RETURN Thread mode
  EXPECT_EQ(core.ret().handler, usage_fault);
  EXPECT_EQ(core.secure_cfsr(), cfsr_invpc);
}

TEST(V8mFrames, SecureStateThatStillWaitsForbidsAReturnToNonSecureFpState) {
  FpThread core(false);
  core.interrupt();
  core.unit.fpccr |= fpccr_lspact;
  EXPECT_EQ(core.ret().handler, secure_fault);
  EXPECT_EQ(core.unit.sfsr, sfsr_lserr);
}

TEST(V8mFrames, ClronretClearsWhatCallersSave) {
  SecureCore core;
  core.unit.set_cpacr(0x00f00000);
  core.unit.fpccr |= fpccr_clronret;
  core.irq_to(0, 0x40, false);
  core.unit.set_pending(irq0);
  core.take();
  core.unit.touch_fp(core.cpu());
  core.regs[s0 + 15] = core.regs[s0 + 16] = 5;
  core.regs[fpscr] = 0x10;
  core.ret();
  EXPECT_EQ(core[s0 + 15], 0u);
  EXPECT_EQ(core[s0 + 16], 5u);
  EXPECT_EQ(core[fpscr], 0u);
}

TEST(V8mFrames, ClronretWithStateThatWaitsIsASecureFault) {
  WaitingFp core;
  core.unit.fpccr |= fpccr_clronret;
  core.regs[control] |= control_fpca;
  EXPECT_EQ(core.ret().handler, secure_fault);
  EXPECT_EQ(core.unit.sfsr, sfsr_lserr);
}

TEST(V8mFrames, AFaultOfUnstackingWithinHardFaultLocksUp) {
  SecureCore core;
  core.unit.raise(Fault::undefined_instruction, 0, {0x1000, 0, true}, core.cpu());  // UsageFault is disabled
  core.unit.set_pending(nmi);
  core.take(0x5000);
  core.memory.bus_faults.insert(core[sp]);
  EXPECT_TRUE(core.ret().lockup);
}

// ---- VLSTM and VLLDM (DDI0553 C2.4.293, C2.4.297) -------------------------------------------------------------------

TEST(V8mLazyStore, WithoutLspenVlstmStoresAtOnceAndVlldmLoads) {
  FpThread core;
  core.unit.fpccr |= fpccr_ts;
  core.regs[fpscr] = 0x10;
  EXPECT_EQ(core.unit.store_lazily(0x20000800, core.cpu()).words, 33u);
  EXPECT_EQ(core.memory.words[0x20000800 + 4 * 15], 0xf00fu);
  EXPECT_EQ(core.memory.words[0x20000840], 0x10u);
  EXPECT_EQ(core.memory.words[0x20000848], 0xf010u);
  EXPECT_EQ(core[s0] | core[s0 + 31] | core[fpscr], 0u);
  EXPECT_EQ(core[control], unsigned{control_sfpa});
  EXPECT_EQ(core.unit.load_lazily(0x20000800, core.cpu()).words, 33u);
  EXPECT_EQ(core[s0 + 15], 0xf00fu);
  EXPECT_EQ(core[s0 + 16], 0xf010u);
  EXPECT_EQ(core[fpscr], 0x10u);
  EXPECT_EQ(core[control], unsigned{control_fpca | control_sfpa});
}

TEST(V8mLazyStore, AFaultOfVlstmNamesItsAddressAndKeepsTheRegisters) {
  FpThread core;
  core.unit.fpccr |= fpccr_ts;
  core.memory.mpu_faults.insert(0x20000804);
  const auto refused = core.unit.store_lazily(0x20000800, core.cpu());
  EXPECT_EQ(refused.fault, Fault::data_mpu);
  EXPECT_EQ(refused.address, 0x20000804u);
  core.memory.bus_faults.insert(0x20000800);
  EXPECT_EQ(core.unit.store_lazily(0x20000800, core.cpu()).fault, Fault::data_bus);
  EXPECT_EQ(core[s0 + 1], 0xf001u);
}

TEST(V8mLazyStore, VlldmFindsWhatNobodyHasTouchedInTheRegisters) {
  FpThread core;
  core.unit.fpccr |= fpccr_lspen;
  EXPECT_EQ(core.unit.store_lazily(0x20000800, core.cpu()).words, 0u);
  EXPECT_NE(core.unit.fpccr & fpccr_lspact, 0u);
  EXPECT_EQ(core.unit.load_lazily(0x20000800, core.cpu()).words, 0u);
  EXPECT_EQ(core.unit.fpccr & fpccr_lspact, 0u);
  EXPECT_EQ(core[s0 + 15], 0xf00fu);
}

// ---- calls across states (DDI0553 B3.16) ----------------------------------------------------------------------------

TEST(V8mCalls, FaultsOfTheReturnAddressOnTheSecureStack) {
  FpThread bus, mpu, back;
  constexpr Resume here{0x1000, 0, true};
  bus.memory.bus_faults.insert(FakeCore::msp - 8);
  EXPECT_EQ(bus.unit.branch_non_secure(0x9000, true, here, 0x1002, bus.cpu()).handler, bus_fault);
  EXPECT_EQ(bus.unit.bfar, FakeCore::msp - 8);
  mpu.memory.mpu_faults.insert(FakeCore::msp - 4);
  EXPECT_EQ(mpu.unit.branch_non_secure(0x9000, true, here, 0x1002, mpu.cpu()).handler, mem_manage);
  EXPECT_EQ(mpu.unit.mmfar, FakeCore::msp - 4);
  back.unit.branch_non_secure(0x9000, true, here, 0x1002, back.cpu());
  back.memory.bus_faults.insert(FakeCore::msp - 8);
  EXPECT_EQ(back.unit.return_from_non_secure({0x9000, 0, true}, back.cpu()).handler, bus_fault);
}

}  // namespace
}  // namespace mj::test
