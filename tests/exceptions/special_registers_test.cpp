// MRS and MSR (ARMv7-M B5.1, B5.2): what each special register answers and takes, by privilege and mode.
#include "isa/thumb/exceptions.h"

#include <gtest/gtest.h>

#include "isa/thumb/system.h"
#include "tests/exceptions/fake_core.h"

namespace mj::test {
namespace {

using namespace isa::thumb;

// ---- B5.1, B5.2 special registers -----------------------------------------------------------------------------------

TEST(Special, MrsComposesXpsr) {
  FakeCore core;
  set_apsr(core.regs.data(), 0xf80f0000);
  core.regs[ipsr] = 22;
  EXPECT_EQ(core.unit.system_read(0, core.regs.data()), 0xf80f0000u);
  EXPECT_EQ(core.unit.system_read(3, core.regs.data()), 0xf80f0016u);
  EXPECT_EQ(core.unit.system_read(5, core.regs.data()), 22u);
  EXPECT_EQ(core.unit.system_read(6, core.regs.data()), 0u);
}

TEST(Special, MsrApsrWritesWhatTheMaskSays) {
  FakeCore core;
  core.unit.system_write(sysm_apsr | 2 << 8, 0xffffffff, core.regs.data());
  EXPECT_EQ(core.unit.system_read(0, core.regs.data()), 0xf8000000u);
  core.unit.system_write(sysm_apsr | 1 << 8, 0x000a0000, core.regs.data());
  EXPECT_EQ(core.unit.system_read(0, core.regs.data()), 0xf80a0000u);
}

TEST(Special, UnprivilegedWritesAreIgnoredAndReadsAreZero) {
  FakeCore core;
  core.unit.system_write(sysm_control, 1, core.regs.data());
  core.unit.system_write(sysm_primask, 1, core.regs.data());
  core.unit.system_write(sys_cps, 7, core.regs.data());
  core.unit.system_write(sysm_msp, 0, core.regs.data());
  core.unit.system_write(sysm_control, 0, core.regs.data());
  EXPECT_EQ(core[primask], 0u);
  EXPECT_EQ(core[faultmask], 0u);
  EXPECT_EQ(core[sp], FakeCore::msp);
  EXPECT_EQ(core.unit.system_read(sysm_msp, core.regs.data()), 0u);
  EXPECT_EQ(core.unit.system_read(sysm_control, core.regs.data()), 1u);
}

TEST(Special, SpselSwapsTheStackPointers) {
  FakeCore core;
  core.unit.system_write(sysm_control, 2, core.regs.data());
  EXPECT_EQ(core[sp], FakeCore::psp);
  EXPECT_EQ(core.unit.system_read(sysm_msp, core.regs.data()), FakeCore::msp);
  EXPECT_EQ(core.unit.system_read(sysm_psp, core.regs.data()), FakeCore::psp);
  core.unit.system_write(sysm_msp, 0x20000803, core.regs.data());
  EXPECT_EQ(core[sp_other], 0x20000800u);
  core.unit.system_write(sysm_control, 0, core.regs.data());
  EXPECT_EQ(core[sp], 0x20000800u);
}

TEST(Special, HandlerModeCannotSelectTheProcessStack) {
  FakeCore core;
  core.unit.enter(pend_sv, {0x1000}, core.cpu());
  core.unit.system_write(sysm_control, 2, core.regs.data());
  EXPECT_EQ(core[control] & control_spsel, 0u);
}

TEST(Special, BasepriMaxOnlyRaises) {
  FakeCore core;
  core.unit.system_write(sysm_basepri_max, 0x85, core.regs.data());
  EXPECT_EQ(core[basepri], 0x80u);
  core.unit.system_write(sysm_basepri_max, 0x90, core.regs.data());
  EXPECT_EQ(core[basepri], 0x80u);
  core.unit.system_write(sysm_basepri_max, 0, core.regs.data());
  EXPECT_EQ(core[basepri], 0x80u);
  core.unit.system_write(sysm_basepri_max, 0x40, core.regs.data());
  EXPECT_EQ(core[basepri], 0x40u);
  core.unit.system_write(sysm_basepri, 0, core.regs.data());
  EXPECT_EQ(core[basepri], 0u);
}

TEST(Special, FaultmaskCannotBeSetInHardFaultOrNmi) {
  FakeCore core;
  core.unit.system_write(sys_cps, 4 | 1, core.regs.data());
  EXPECT_EQ(core[faultmask], 1u);
  core.unit.system_write(sys_cps, 1, core.regs.data());
  EXPECT_EQ(core[faultmask], 0u);
  core.unit.enter(hard_fault, {0x1000}, core.cpu());
  core.unit.system_write(sysm_faultmask, 1, core.regs.data());
  EXPECT_EQ(core[faultmask], 0u);
}

TEST(Special, Armv6mHasNoBasepriNorFaultmask) {
  FakeCore core(FakeCore::m0plus());
  core.unit.system_write(sysm_basepri, 0x40, core.regs.data());
  core.unit.system_write(sysm_faultmask, 1, core.regs.data());
  EXPECT_EQ(core[basepri], 0u);
  EXPECT_EQ(core[faultmask], 0u);
}

}  // namespace
}  // namespace mj::test
