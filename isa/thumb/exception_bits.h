// Numbers of the M-profile's exceptions, and the bits of the registers and words that they are told and controlled by
// (ARMv7-M B1.5, B3.2; Armv8-M DDI0553 B3, D1.2).
#pragma once

#include <cstdint>

namespace mj::isa::thumb {

/// Exception numbers (ARMv7-M B1.5.2); external interrupt n is number external_0 + n.
enum ExceptionNumber : unsigned {
  exception_none = 0,
  exception_reset = 1,
  nmi = 2,
  hard_fault = 3,
  mem_manage = 4,
  bus_fault = 5,
  usage_fault = 6,
  secure_fault = 7,
  svcall = 11,
  debug_monitor = 12,
  pend_sv = 14,
  systick = 15,
  external_0 = 16
};
/// Added to the number of a banked exception: its Secure instance (DDI0553 B3.8).
inline constexpr unsigned secure_bank = 512;
constexpr unsigned number_of(unsigned id) { return id & (secure_bank - 1); }
/// HardFault, MemManage, UsageFault, SVCall, PendSV and SysTick exist once per security state.
constexpr bool is_banked(unsigned number) {
  return number == hard_fault || number == mem_manage || number == usage_fault || number == svcall ||
         number == pend_sv || number == systick;
}

/// CFSR, HFSR and DFSR bits (ARMv7-M B3.2.15-17).
enum FaultStatus : std::uint32_t {
  cfsr_iaccviol = 1u << 0,
  cfsr_daccviol = 1u << 1,
  cfsr_munstkerr = 1u << 3,
  cfsr_mstkerr = 1u << 4,
  cfsr_mlsperr = 1u << 5,
  cfsr_mmarvalid = 1u << 7,
  cfsr_ibuserr = 1u << 8,
  cfsr_preciserr = 1u << 9,
  cfsr_impreciserr = 1u << 10,
  cfsr_unstkerr = 1u << 11,
  cfsr_stkerr = 1u << 12,
  cfsr_lsperr = 1u << 13,
  cfsr_bfarvalid = 1u << 15,
  cfsr_undefinstr = 1u << 16,
  cfsr_invstate = 1u << 17,
  cfsr_invpc = 1u << 18,
  cfsr_nocp = 1u << 19,
  cfsr_stkof = 1u << 20,
  cfsr_unaligned = 1u << 24,
  cfsr_divbyzero = 1u << 25,
  hfsr_vecttbl = 1u << 1,
  hfsr_forced = 1u << 30,
  hfsr_debugevt = 1u << 31,
  dfsr_bkpt = 1u << 1,
  // SFSR (DDI0553 D1.2, SFSR)
  sfsr_invep = 1u << 0,
  sfsr_invis = 1u << 1,
  sfsr_inver = 1u << 2,
  sfsr_auviol = 1u << 3,
  sfsr_invtran = 1u << 4,
  sfsr_lsperr = 1u << 5,
  sfsr_sfarvalid = 1u << 6,
  sfsr_lserr = 1u << 7,
};
/// CFSR's BusFault status, which both security states share.
inline constexpr std::uint32_t cfsr_bus_fault = 0xff00;

/// Bits of CCR, SCR, FPCCR, CONTROL and DEMCR that have an effect here.
enum ControlBits : std::uint32_t {
  ccr_nonbasethrdena = 1u << 0,
  ccr_usersetmpend = 1u << 1,
  ccr_unalign_trp = 1u << 3,
  ccr_div_0_trp = 1u << 4,
  ccr_bfhfnmign = 1u << 8,
  ccr_stkalign = 1u << 9,
  ccr_stkofhfnmign = 1u << 10,
  ccr_dc = 1u << 16,
  ccr_ic = 1u << 17,
  scr_sleeponexit = 1u << 1,
  scr_sleepdeep = 1u << 2,
  scr_sevonpend = 1u << 4,
  fpccr_lspact = 1u << 0,
  fpccr_user = 1u << 1,
  fpccr_s = 1u << 2,
  fpccr_thread = 1u << 3,
  fpccr_hfrdy = 1u << 4,
  fpccr_mmrdy = 1u << 5,
  fpccr_bfrdy = 1u << 6,
  fpccr_sfrdy = 1u << 7,
  fpccr_monrdy = 1u << 8,
  fpccr_splimviol = 1u << 9,
  fpccr_ufrdy = 1u << 10,
  fpccr_ts = 1u << 26,
  fpccr_clronrets = 1u << 27,
  fpccr_clronret = 1u << 28,
  fpccr_lspens = 1u << 29,
  fpccr_lspen = 1u << 30,
  fpccr_aspen = 1u << 31,
  control_npriv = 1u << 0,
  control_spsel = 1u << 1,
  control_fpca = 1u << 2,
  control_sfpa = 1u << 3,
  demcr_mon_en = 1u << 16,
  demcr_mon_pend = 1u << 17,
  demcr_trcena = 1u << 24,
};

/// Bits of FPCCR that each security state has of its own; the others are in the Secure one (DDI0553 D1.2, FPCCR).
inline constexpr std::uint32_t fpccr_banked =
    fpccr_lspact | fpccr_user | fpccr_thread | fpccr_mmrdy | fpccr_splimviol | fpccr_ufrdy | fpccr_aspen;

/// EXC_RETURN of Armv8-M (DDI0553 B3.18). Without the Security Extension S and ES are 0, DCRS is 1.
enum ExcReturn : std::uint32_t {
  exc_return_es = 1u << 0,     ///< the exception was taken to Secure state
  exc_return_spsel = 1u << 2,  ///< CONTROL.SPSEL of that state, to be restored
  exc_return_mode = 1u << 3,   ///< back to Thread mode
  exc_return_ftype = 1u << 4,  ///< frame without FP state
  exc_return_dcrs = 1u << 5,   ///< callee-saved registers not (yet) stacked, as far as ES and S say
  exc_return_s = 1u << 6,      ///< the interrupted code, and its frame, are Secure
};

/// In a frame (DDI0553 B3.17): RETPSR.SFPA, and the word under callee-saved registers, whose bit 0 is EXC_RETURN.FType.
inline constexpr std::uint32_t retpsr_sfpa = 1u << 20, integrity_signature = 0xfefa125a;

/// LR of a Non-secure function that Secure code called; branching to it, bit 0 or not, returns (DDI0553 B3.16).
inline constexpr std::uint32_t fnc_return = 0xfeffffff;
constexpr bool is_fnc_return(std::uint32_t target) { return (target | 1) == fnc_return; }

/// Where a locked-up core's PC stands (ARMv7-M B1.5.15).
inline constexpr std::uint32_t lockup_pc = 0xfffffffe;

}  // namespace mj::isa::thumb
