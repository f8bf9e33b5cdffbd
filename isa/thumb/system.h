// What Thumb operations ask of the architecture through Context::system_read, system_write and raise.
#pragma once

#include <cstdint>

namespace mj::isa::thumb {

/// system_read/system_write ids. 0..31 are MRS/MSR SYSm numbers (ARMv7-M B5.1.1); for MSR to xPSR forms the mask field
/// (bits 11:10 of the encoding) is added as mask << 8.
enum System : std::uint32_t {
  sysm_apsr = 0,
  sysm_ipsr = 5,
  sysm_msp = 8,
  sysm_psp = 9,
  sysm_msplim = 10,
  sysm_psplim = 11,
  sysm_primask = 16,
  sysm_basepri = 17,
  sysm_basepri_max = 18,
  sysm_faultmask = 19,
  sysm_control = 20,
  sysm_non_secure = 0x80,  ///< added: the register of Non-secure state, for Secure code (DDI0553 D1.2)
  sysm_sp_ns = 0x98,       ///< the stack pointer in use in Non-secure state
  sys_cps = 64,            ///< write: CPSIE/CPSID; value = im << 2 | I << 1 | F (im = 1 disables)
  sys_wfi = 65,            ///< write, value ignored: sleep until an interrupt could be taken
  sys_wfe = 66,            ///< write: sleep until an event
  sys_sev = 67,            ///< write: set the event register
  sys_isb = 68,            ///< write: instruction barrier; later fetches see earlier writes
  sys_dsb = 69,            ///< write: data barrier
  sys_gateway = 71,        ///< write, value ignored: SG
  sys_tt = 72,             ///< read: TT at the address that was written to it last, of kind imm (see SecurityTest)
  sys_tt_address = 73,
  sys_vlstm = 74,  ///< write: address of the frame
  sys_vlldm = 75,
  sys_fp_touch = 70,  ///< write: before the first FP access of a context: lazy stacking, FPCA, CPACR check (see raise)
};

/// Which test an instruction of the TT family makes; bits of its imm.
enum SecurityTest : std::uint32_t {
  tt_unprivileged = 1,  ///< TTT, TTAT: as unprivileged code
  tt_non_secure = 2,    ///< TTA, TTAT: as Non-secure state
};

/// raise() ids: synchronous exceptions at the current instruction; the second argument is said per row.
enum Raise : std::uint32_t {
  raise_svc = 0,             ///< SVC; argument: immediate
  raise_bkpt = 1,            ///< BKPT; argument: immediate (0xAB is semihosting)
  raise_undefined = 2,       ///< undefined instruction: UsageFault, CFSR.UNDEFINSTR; argument: encoding
  raise_no_coprocessor = 3,  ///< CFSR.NOCP (FPU absent or not enabled); argument: encoding
  raise_divide_by_zero = 4,  ///< CFSR.DIVBYZERO, only asked for when CCR.DIV_0_TRP could be set (see udiv)
  raise_invalid_state = 5,   ///< CFSR.INVSTATE: branch to an address with bit 0 clear; argument: target
};

}  // namespace mj::isa::thumb
