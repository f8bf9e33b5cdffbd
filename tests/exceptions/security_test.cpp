// Armv8-M's exception model with and without the Security Extension, seen from inside: EXC_RETURN, priorities, banks.
// Firmware that lives through it is in tests/engine/trustzone_test.cpp.
#include <gtest/gtest.h>

#include "isa/thumb/exceptions.h"
#include "isa/thumb/sau.h"
#include "isa/thumb/system.h"
#include "tests/exceptions/secure_core.h"

namespace mj::test {
namespace {

using namespace isa::thumb;

// ---- without the Security Extension ---------------------------------------------------------------------------------

TEST(V8m, ExcReturnWithoutSecurity) {
  FakeCore core(m33(false));
  core.irq(0, 0x40);
  core.unit.set_pending(irq0);
  core.take();
  EXPECT_EQ(core[lr], 0xffffffb8u);  // S and ES clear, DCRS set (DDI0553 B3.18)
  EXPECT_EQ(core.ret().next.pc, FakeCore::thread_pc);
}

TEST(V8m, SpselOfThreadModeIsInExcReturn) {
  FakeCore core(m33(false));
  core.use_psp();
  core.irq(0, 0x40);
  core.unit.set_pending(irq0);
  core.take();
  EXPECT_EQ(core[lr], 0xffffffbcu);
  EXPECT_EQ(core[control] & control_spsel, 0u);
  core.ret();
  EXPECT_EQ(core[control] & control_spsel, control_spsel);
  EXPECT_EQ(core[sp], FakeCore::psp);
}

TEST(V8m, ImagesForSecureStateOnlyReturnWithoutSecurity) {
  FakeCore core(m33(false));
  core.irq(0, 0x40);
  core.unit.set_pending(irq0);
  core.take();
  core.regs[lr] = 0xfffffff9;
  EXPECT_EQ(core.ret().next.pc, FakeCore::thread_pc);
}

TEST(V8m, ReservedBitOfExcReturnIsInvpc) {
  FakeCore core(m33(false));
  core.irq(0, 0x40);
  core.unit.set_pending(irq0);
  core.take();
  core.regs[lr] = 0xffffffba;  // bit 1
  EXPECT_EQ(core.ret().handler, hard_fault);
  EXPECT_EQ(core.unit.cfsr, cfsr_invpc);
}

TEST(V8m, StackLimitsAreSpecialRegisters) {
  FakeCore core(m33(false));
  core.unit.system_write(sysm_msplim, 0x20000107, core.regs.data());
  core.unit.system_write(sysm_psplim, 0x20000200, core.regs.data());
  EXPECT_EQ(core.unit.system_read(sysm_msplim, core.regs.data()), 0x20000100u);
  EXPECT_EQ(core[sp_limit], 0x20000100u);
  core.use_psp();
  EXPECT_EQ(core[sp_limit], 0x20000200u);
  EXPECT_EQ(core.unit.system_read(sysm_msplim, core.regs.data()), 0x20000100u);
  EXPECT_TRUE(core.unit.violates_limit(0x200001fc, core.regs.data()));
  EXPECT_FALSE(core.unit.violates_limit(0x20000200, core.regs.data()));
}

TEST(V8m, StkofhfnmignLetsFaultHandlersGoBelow) {
  FakeCore core(m33(false));
  core.unit.system_write(sysm_msplim, 0x20000100, core.regs.data());
  core.unit.ccr |= ccr_stkofhfnmign;
  EXPECT_TRUE(core.unit.violates_limit(0x200000fc, core.regs.data()));
  core.unit.system_write(sysm_faultmask, 1, core.regs.data());
  EXPECT_FALSE(core.unit.violates_limit(0x200000fc, core.regs.data()));
}

// ---- banks ----------------------------------------------------------------------------------------------------------

TEST(Security, RegistersOfTheOtherState) {
  SecureCore core;
  core.unit.system_write(0x90 /* PRIMASK_NS */, 1, core.regs.data());
  core.unit.system_write(0x94 /* CONTROL_NS */, 3, core.regs.data());
  core.unit.system_write(0x89 /* PSP_NS */, 0x20004000, core.regs.data());
  core.unit.system_write(0x8b /* PSPLIM_NS */, 0x20003807, core.regs.data());
  EXPECT_EQ(core.unit.system_read(0x8b, core.regs.data()), 0x20003800u);
  core.unit.become_secure(false, core.regs.data());
  EXPECT_EQ(core[primask], 1u);
  EXPECT_EQ(core[control], 3u);
  EXPECT_EQ(core[sp], 0x20004000u) << "Thread mode on the PSP, as CONTROL_NS.SPSEL says";
  EXPECT_EQ(core[sp_other], 0x20003000u);
  EXPECT_EQ(core.unit.system_read(0x88, core.regs.data()), 0u) << "Non-secure code has no such names";
  core.unit.become_secure(true, core.regs.data());
  EXPECT_EQ(core[primask], 0u);
  EXPECT_EQ(core[sp], FakeCore::msp);
  EXPECT_EQ(core[sp_other], FakeCore::psp);
}

TEST(Security, FaultStatusIsBankedButBusFaults) {
  SecureCore core;
  core.unit.note(cfsr_undefinstr | cfsr_preciserr, true);
  EXPECT_EQ(core.unit.bank(true).cfsr, cfsr_undefinstr | cfsr_preciserr);
  EXPECT_EQ(core.unit.bank(false).cfsr, std::uint32_t{cfsr_preciserr});
  core.unit.clear_cfsr(cfsr_preciserr, true);
  EXPECT_EQ(core.unit.bank(false).cfsr, 0u);
}

// ---- priorities (DDI0553 B3.13) -------------------------------------------------------------------------------------

TEST(Security, OfOneNumberTheSecureInstanceComesFirst) {
  SecureCore core;
  core.unit.set_pending(pend_sv);
  EXPECT_EQ(core.unit.pending_exception(core.regs.data()), unsigned{pend_sv});
  core.unit.set_pending(pend_sv | secure_bank);
  EXPECT_EQ(core.unit.pending_exception(core.regs.data()), pend_sv | secure_bank);
}

TEST(Security, PrisHalvesNonSecurePriorities) {
  SecureCore core;
  core.irq_to(0, 0x40, true);
  EXPECT_EQ(core.unit.group_priority(irq0), 0x40);
  core.unit.set_aircr_security(true, false);
  EXPECT_EQ(core.unit.group_priority(irq0), 0xa0);
  core.unit.set_targets_non_secure(0, false);
  EXPECT_EQ(core.unit.group_priority(irq0), 0x40);
}

TEST(Security, MasksOfBothStatesCount) {
  SecureCore core;
  const auto now = [&] { return core.unit.execution_priority(core.regs.data()); };
  core.unit.system_write(0x91 /* BASEPRI_NS */, 0x80, core.regs.data());
  EXPECT_EQ(now(), 0x80);
  core.unit.set_aircr_security(true, false);
  EXPECT_EQ(now(), 0xc0);
  core.unit.system_write(0x90 /* PRIMASK_NS */, 1, core.regs.data());
  EXPECT_EQ(now(), 0x80) << "restricted by PRIS";
  core.unit.system_write(0x93 /* FAULTMASK_NS */, 1, core.regs.data());
  EXPECT_EQ(now(), 0x80);
  core.unit.set_aircr_security(false, false);
  EXPECT_EQ(now(), 0);
  core.unit.set_aircr_security(false, true);
  EXPECT_EQ(now(), -1);
  core.regs[faultmask] = 1;
  EXPECT_EQ(now(), -3) << "FAULTMASK_S with BFHFNMINS";
}

TEST(Security, BfhfnminsGivesNmiAndBusFaultToNonSecureState) {
  SecureCore core;
  EXPECT_TRUE(core.unit.targets_secure(nmi));
  EXPECT_EQ(core.unit.priority(hard_fault | secure_bank), -1);
  core.unit.set_aircr_security(false, true);
  EXPECT_FALSE(core.unit.targets_secure(nmi));
  EXPECT_FALSE(core.unit.targets_secure(bus_fault));
  EXPECT_TRUE(core.unit.targets_secure(secure_fault));
  EXPECT_EQ(core.unit.priority(hard_fault | secure_bank), -3);
}

TEST(Security, NonSecureFaultsEscalateToSecureHardFaultUnlessBfhfnmins) {
  for (const bool bfhfnmins : {false, true}) {
    SecureCore core;
    core.unit.set_aircr_security(false, bfhfnmins);
    core.unit.become_secure(false, core.regs.data());
    const Transition t = core.unit.raise(Fault::undefined_instruction, 0, {0x1000, 0, true}, core.cpu());
    EXPECT_EQ(t.handler, hard_fault);
    EXPECT_EQ(core.unit.secure(), !bfhfnmins);
    EXPECT_EQ(core.unit.bank(false).cfsr, std::uint32_t{cfsr_undefinstr});
    EXPECT_EQ(core[lr], bfhfnmins ? 0xffffffb8u : 0xffffffb9u);
  }
}

// ---- entry and return -----------------------------------------------------------------------------------------------

TEST(Security, EveryPairOfStatesHasItsExcReturn) {
  for (const bool from_secure : {true, false})
    for (const bool to_secure : {true, false}) {
      SecureCore core;
      core.irq_to(0, 0x40, !to_secure);
      core.unit.become_secure(from_secure, core.regs.data());
      for (unsigned i = 4; i < 12; ++i) core.regs[i] = 0x100 + i;
      const std::uint32_t stack = core[sp];
      core.unit.set_pending(irq0);
      const Transition t = core.take();
      EXPECT_EQ(core[lr], 0xffffffb8u | (from_secure ? exc_return_s : 0u) | (to_secure ? exc_return_es : 0u));
      EXPECT_EQ(core.unit.secure(), to_secure);
      EXPECT_EQ(t.next.pc, FakeCore::handler(irq0) + (to_secure ? 0 : 0x8000));
      EXPECT_EQ(t.words_stacked, from_secure && !to_secure ? 17u : 8u);
      EXPECT_EQ(core[4], from_secure && !to_secure ? 0u : 0x104u);
      EXPECT_EQ(core.ret().next.pc, FakeCore::thread_pc);
      EXPECT_EQ(core.unit.secure(), from_secure);
      EXPECT_EQ(core[sp], stack);
      EXPECT_EQ(core[4], 0x104u);
    }
}

TEST(Security, AFaultOfTheCalleeFrameIsTakenInstead) {
  SecureCore core;
  core.irq_to(0, 0x40, true);
  core.unit.set_enabled(bus_fault, true);
  core.memory.bus_faults.insert(FakeCore::msp - 0x20 - 0x28);  // where the signature goes
  core.unit.set_pending(irq0);
  const Transition t = core.take();
  EXPECT_EQ(t.handler, bus_fault);
  EXPECT_TRUE(core.unit.secure());
  EXPECT_EQ(core.unit.bank(true).cfsr, std::uint32_t{cfsr_stkerr});
  EXPECT_TRUE(core.unit.pending(irq0));
}

TEST(Security, LateArrivalOfASecureInterrupt) {
  SecureCore core;
  core.irq_to(0, 0x40, true);
  core.irq_to(1, 0x20, false);
  core.unit.set_pending(irq0);
  core.take();
  core.unit.set_pending(irq1);
  core.unit.late_arrival(irq1, core.cpu());
  EXPECT_TRUE(core.unit.secure());
  EXPECT_EQ(core[lr], 0xffffffd9u) << "DCRS clear: R4-R11 are stacked";
  EXPECT_TRUE(core.unit.pending(irq0));
}

TEST(Security, NonSecureVectorsInSecureMemoryAreAHardFault) {
  SecureCore core;
  core.irq_to(0, 0x40, true);
  core.memory.bus_faults.insert(0x8000 + 4 * irq0);
  core.unit.set_pending(irq0);
  EXPECT_EQ(core.take().handler, hard_fault);
  EXPECT_EQ(core.unit.hfsr, std::uint32_t{hfsr_vecttbl});
}

TEST(Security, BaselineHasHardFaultOnly) {
  SecureCore core(m23());
  core.unit.become_secure(false, core.regs.data());
  const Transition t = core.unit.raise(Fault::secure_data, 0x38000000, {0x1000, 0, true}, core.cpu());
  EXPECT_EQ(t.handler, hard_fault);
  EXPECT_TRUE(core.unit.secure());
  EXPECT_FALSE(core.unit.exists(secure_fault));
  core.unit.system_write(sysm_msplim, 0x20000100, core.regs.data());
  EXPECT_EQ(core[sp_limit], 0x20000100u) << "Secure state has limits";
  core.unit.system_write(0x8a /* MSPLIM_NS */, 0x20000100, core.regs.data());
  EXPECT_EQ(core.unit.other_core().main_limit, 0u) << "Non-secure state of Baseline has none";
}

// ---- attribution ----------------------------------------------------------------------------------------------------

Sau an505_like() {
  return Sau(
      {4, {{0x00000000, 0x0fffffff, Attribution::non_secure, 0}, {0x10000000, 0x1fffffff, Attribution::secure, 1, 0}}});
}

TEST(SauTest, DisabledMakesEverythingSecureOrByAllnsWhatTheIdauSays) {
  Sau sau = an505_like();
  EXPECT_EQ(sau.at(0x100).attribution, Attribution::secure);
  sau.set_ctrl(2);
  EXPECT_EQ(sau.at(0x100).attribution, Attribution::non_secure);
  EXPECT_EQ(sau.at(0x10000100).attribution, Attribution::secure);
  EXPECT_EQ(sau.at(0xe000ed00).attribution, Attribution::exempt);
}

TEST(SauTest, TheStricterOfSauAndIdauCounts) {
  Sau sau = an505_like();
  sau.set_ctrl(1);
  sau.set_rbar(0x10000000);
  sau.set_rlar(0x100000e0 | 1);  // Non-secure
  EXPECT_EQ(sau.at(0x10000010).attribution, Attribution::secure);
  sau.set_callable(1);
  EXPECT_EQ(sau.at(0x10000010).attribution, Attribution::callable) << "Non-secure by SAU, callable by IDAU";
  EXPECT_EQ(sau.at(0x10000100).attribution, Attribution::secure) << "beyond the region";
  EXPECT_TRUE(sau.at(0x100000ff).has_sau_region);
}

TEST(SauTest, OverlappingRegionsAreSecure) {
  Sau sau = an505_like();
  sau.set_ctrl(1);
  for (unsigned i : {0u, 1u}) {
    sau.set_rnr(i);
    sau.set_rbar(0x1000 + 0x100 * i);
    sau.set_rlar((0x12e0) | 1);
  }
  EXPECT_EQ(sau.at(0x1000).attribution, Attribution::non_secure);
  EXPECT_EQ(sau.at(0x1100).attribution, Attribution::secure);
  EXPECT_FALSE(sau.at(0x1100).has_sau_region);
}

TEST(SauTest, FlattenedAgreesWithEachAddress) {
  Sau sau = an505_like();
  sau.set_ctrl(1);
  sau.set_rbar(0x2000);
  sau.set_rlar(0x2fe0 | 1);
  sau.set_rnr(1);
  sau.set_rbar(0x10004000);
  sau.set_rlar(0x10004fe0 | 3);
  sau.set_callable(1);
  const auto ranges = sau.flatten();
  EXPECT_EQ(ranges.front().first, 0u);
  EXPECT_EQ(ranges.back().last, 0xffffffffu);
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (i != 0) {
      EXPECT_EQ(ranges[i].first, ranges[i - 1].last + 1);
    }
    EXPECT_EQ(sau.at(ranges[i].first).attribution, ranges[i].attribution);
    EXPECT_EQ(sau.at(ranges[i].last).attribution, ranges[i].attribution);
  }
}

}  // namespace
}  // namespace mj::test
