// Floating-point state across exceptions (ARMv7-M B1.5.7): reserved, filled lazily, restored.
#include "isa/thumb/exceptions.h"

#include <gtest/gtest.h>

#include "isa/thumb/system.h"
#include "tests/exceptions/fake_core.h"

namespace mj::test {
namespace {

using namespace isa::thumb;

// ---- B1.5.7 floating-point state -----------------------------------------------------------------------------------

struct FpCore : FakeCore {
  FpCore() {
    unit.set_cpacr(0x00f00000);
    unit.touch_fp(cpu());
    for (unsigned i = 0; i < 32; ++i) regs[s0 + i] = 0xf000 + i;
    regs[fpscr] = 0x80000010;
  }
};

TEST(Fp, DisabledIsNocp) {
  FakeCore core;
  EXPECT_FALSE(core.unit.fp_ready(core.regs.data()));
  EXPECT_TRUE(core.unit.touch_fp(core.cpu()).no_coprocessor);
  core.unit.set_cpacr(0x00500000);  // privileged only
  EXPECT_FALSE(core.unit.touch_fp(core.cpu()).no_coprocessor);
  core.regs[control] |= control_npriv;
  EXPECT_TRUE(core.unit.touch_fp(core.cpu()).no_coprocessor);
  EXPECT_FALSE(core.unit.fp_ready(core.regs.data()));
}

TEST(Fp, FirstUseTakesFpdscrAndSetsFpca) {
  FakeCore core;
  core.unit.set_cpacr(0x00f00000);
  core.unit.fpdscr = 0x03c00000;
  core.regs[fpscr] = 0xf400009f;
  EXPECT_FALSE(core.unit.fp_ready(core.regs.data()));
  core.unit.touch_fp(core.cpu());
  EXPECT_EQ(core[fpscr], 0xf3c0009fu);
  EXPECT_TRUE(core.unit.fp_ready(core.regs.data()));
  EXPECT_EQ(core[control], control_fpca);
}

TEST(Fp, LazyEntryReservesOnly) {
  FpCore core;
  core.unit.set_pending(pend_sv);
  const Transition t = core.take();
  EXPECT_TRUE(t.fp_reserved);
  EXPECT_EQ(t.words_stacked, 8u);
  EXPECT_EQ(core[lr], 0xffffffe9u);
  EXPECT_EQ(core[sp], FakeCore::msp - 0x68);
  EXPECT_EQ(core.unit.fpcar, FakeCore::msp - 0x48);
  EXPECT_EQ(core.unit.fpccr & fpccr_lspact, fpccr_lspact);
  EXPECT_EQ(core.unit.fpccr & fpccr_thread, fpccr_thread);
  EXPECT_EQ(core.unit.fpccr & fpccr_hfrdy, fpccr_hfrdy);
  EXPECT_EQ(core[control] & control_fpca, 0u);
  EXPECT_FALSE(core.memory.words.contains(FakeCore::msp - 0x48));
  EXPECT_FALSE(core.unit.fp_ready(core.regs.data()));
}

TEST(Fp, ReturnFromALazyFrameReadsNothingOfIt) {
  FpCore core;
  core.unit.set_pending(pend_sv);
  core.take();
  const Transition t = core.ret();
  EXPECT_TRUE(t.fp_skipped);
  EXPECT_EQ(t.words_unstacked, 8u);
  EXPECT_EQ(core[s0 + 5], 0xf005u);
  EXPECT_EQ(core.unit.fpccr & fpccr_lspact, 0u);
  EXPECT_EQ(core[control] & control_fpca, control_fpca);
  EXPECT_EQ(core[sp], FakeCore::msp);
}

TEST(Fp, TouchInTheHandlerFillsTheFrame) {
  FpCore core;
  core.unit.set_pending(pend_sv);
  core.take();
  EXPECT_EQ(core.unit.touch_fp(core.cpu()).words_stacked, 17u);
  EXPECT_EQ(core.memory.words[FakeCore::msp - 0x48], 0xf000u);
  EXPECT_EQ(core.memory.words[FakeCore::msp - 0x48 + 60], 0xf00fu);
  EXPECT_EQ(core.memory.words[FakeCore::msp - 0x08], 0x80000010u);
  core.regs[s0] = 1;
  core.regs[fpscr] = 0;
  const Transition t = core.ret();
  EXPECT_EQ(t.words_unstacked, 25u);
  EXPECT_EQ(core[s0], 0xf000u);
  EXPECT_EQ(core[fpscr], 0x80000010u);
}

TEST(Fp, NestedHandlerWithoutFpKeepsTheLazyStateOfTheOuter) {
  FpCore core;
  core.irq(0, 0x80);
  core.irq(1, 0x40);
  core.unit.set_pending(irq0);
  core.take();
  core.unit.set_pending(irq1);
  const Transition t = core.take(0x7000);
  EXPECT_FALSE(t.fp_reserved);
  EXPECT_EQ(core[lr], 0xfffffff1u);
  core.unit.touch_fp(core.cpu());  // fills irq0's frame
  EXPECT_EQ(core.memory.words[FakeCore::msp - 0x48], 0xf000u);
  core.regs[s0] = 9;
  core.ret();
  core.ret();
  EXPECT_EQ(core[s0], 0xf000u);
}

TEST(Fp, WithoutLspenTheStateIsPushedAtOnce) {
  FpCore core;
  core.unit.fpccr &= ~fpccr_lspen;
  core.unit.set_pending(pend_sv);
  const Transition t = core.take();
  EXPECT_EQ(t.words_stacked, 25u);
  EXPECT_FALSE(t.fp_reserved);
  EXPECT_EQ(core.memory.words[FakeCore::msp - 0x48], 0xf000u);
}

TEST(Fp, TailChainKeepsTheExtendedFrame) {
  FpCore core;
  core.irq(0, 0x40);
  core.unit.set_pending(pend_sv);
  core.take();
  core.unit.set_priority(pend_sv, 0x40);
  core.unit.set_pending(irq0);
  EXPECT_TRUE(core.ret().tail_chained);
  EXPECT_EQ(core[lr], 0xffffffe9u);
  EXPECT_TRUE(core.ret().fp_skipped);
  EXPECT_EQ(core[control] & control_fpca, control_fpca);
}

TEST(Fp, LazyStackingErrorPendsBusFault) {
  FpCore core;
  core.unit.set_enabled(bus_fault, true);
  core.unit.set_priority(pend_sv, 0x80);
  core.unit.set_pending(pend_sv);
  core.take();
  core.memory.bus_faults.insert(FakeCore::msp - 0x40);
  const FpTouch touch = core.unit.touch_fp(core.cpu());
  EXPECT_TRUE(touch.fault_pended);
  EXPECT_EQ(core.unit.cfsr, cfsr_lsperr);
  EXPECT_EQ(core.unit.pending_exception(core.regs.data()), bus_fault);
}

TEST(Fp, AReturnToCodeThatMayNoLongerUseTheFpuIsNocp) {
  FpCore core;
  core.unit.fpccr &= ~fpccr_lspen;
  core.unit.set_enabled(usage_fault, true);
  core.unit.set_pending(pend_sv);
  core.take();
  core.unit.set_cpacr(0);
  EXPECT_EQ(core.ret().handler, usage_fault);
  EXPECT_EQ(core.unit.cfsr, cfsr_nocp);
}

TEST(Fp, ContextSwitchSwapsProcessStacksWithMixedFrames) {
  // Thread A uses FP, thread B does not; PendSV saves EXC_RETURN with the context as an RTOS does.
  FpCore core;
  core.use_psp();
  core.unit.set_pending(pend_sv);
  core.take(0xa000);
  ASSERT_EQ(core[lr], 0xffffffedu);
  core.unit.touch_fp(core.cpu());  // the RTOS stores S16-S31: the lazy frame is filled
  const std::uint32_t a_psp = core[sp_other];
  const std::uint32_t b_psp = 0x20003000;
  for (std::uint32_t i = 0; i < 8; ++i) core.memory.words[b_psp + 4 * i] = 0xb0 + i;
  core.memory.words[b_psp + 0x18] = 0xb000;
  core.memory.words[b_psp + 0x1c] = 1u << 24;
  core.unit.system_write(sysm_psp, b_psp, core.regs.data());
  EXPECT_EQ(core.unit.return_from(0xfffffffd, core.cpu()).next.pc, 0xb000u);
  EXPECT_EQ(core[0], 0xb0u);
  EXPECT_EQ(core[control], control_spsel);
  core.regs[s0] = 0;
  core.unit.set_pending(pend_sv);
  core.take(0xb002);
  EXPECT_EQ(core[lr], 0xfffffffdu);
  core.unit.system_write(sysm_psp, a_psp, core.regs.data());
  EXPECT_EQ(core.unit.return_from(0xffffffed, core.cpu()).next.pc, 0xa000u);
  EXPECT_EQ(core[s0], 0xf000u);
  EXPECT_EQ(core[control], control_spsel | control_fpca);
  EXPECT_EQ(core[sp], FakeCore::psp);
}

}  // namespace
}  // namespace mj::test
