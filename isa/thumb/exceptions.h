// The M-profile exception model (ARMv7-M ARM B1.5, ARMv6-M ARM B1.5) as pure architecture state: which exceptions are
// enabled, pending and active, which one preempts now, and what entry and return do to registers and stack.
//
// It knows no time and no I/O. Registers are the uint32_t array of thumb/registers.h (65 entries), memory is behind
// ExceptionMemory, and every transition tells its caller what happened, so that a timing model can price it. NVIC, SCB
// and SysTick (peripherals/) are views of this state. Copying an ExceptionUnit is a snapshot.
//
// UNPREDICTABLE and UNKNOWN, what we do: R0-R3, R12 and the flags keep their values on entry (as silicon does);
// EXC_RETURN with wrong high bits is an illegal EXC_RETURN (INVPC); an interrupted LDM/STM restarts (ICI bits are 0).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "isa/thumb/registers.h"

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
  svcall = 11,
  debug_monitor = 12,
  pend_sv = 14,
  systick = 15,
  external_0 = 16
};

enum class Profile : std::uint8_t { armv6m, armv7m };

/// What an implementation chose; the numbers come from the core's and the chip's data.
struct ExceptionConfig {
  Profile profile = Profile::armv7m;
  bool fpu = false;                      ///< FP extension present: FP frames, CPACR, FPCCR
  bool dsp = false;                      ///< GE flags exist
  bool unprivileged = true;              ///< CONTROL.nPRIV exists (always in ARMv7-M, an option in ARMv6-M)
  unsigned interrupts = 32;              ///< external interrupts, 0..496
  unsigned priority_bits = 3;            ///< implemented upper bits of a priority, 2..8 (ARMv6-M: 2)
  std::uint32_t vtor_mask = 0xffffff80;  ///< writable bits of VTOR; 0: no VTOR
};

/// Where execution is, or continues: what the stack frame holds beside the registers.
struct Resume {
  std::uint32_t pc = 0;       ///< instruction address, bit 0 clear
  std::uint8_t it_state = 0;  ///< EPSR.IT[7:0] of the instruction at pc
  bool thumb = true;          ///< EPSR.T; if false, executing at pc raises Fault::invalid_state
};

/// How a stack or vector access went.
enum class AccessResult : std::uint8_t { ok, bus_fault, mpu_fault };

/// Data memory as exception entry and return see it: aligned words.
class ExceptionMemory {
 public:
  virtual ~ExceptionMemory() = default;
  virtual AccessResult read32(std::uint32_t address, std::uint32_t& value) = 0;
  virtual AccessResult write32(std::uint32_t address, std::uint32_t value) = 0;
};

/// The core that an operation works on.
struct Cpu {
  std::uint32_t* regs;  ///< 65 entries, ids of thumb/registers.h
  ExceptionMemory& memory;
};

/// Synchronous exceptions of an instruction. Resume::pc to give: the instruction itself, only for `svc` the next one.
enum class Fault : std::uint8_t {
  undefined_instruction,  ///< UsageFault, CFSR.UNDEFINSTR
  invalid_state,          ///< UsageFault, CFSR.INVSTATE; resume.pc is the branch target, resume.thumb false
  no_coprocessor,         ///< UsageFault, CFSR.NOCP
  unaligned,              ///< UsageFault, CFSR.UNALIGNED
  divide_by_zero,         ///< UsageFault, CFSR.DIVBYZERO
  instruction_bus,        ///< BusFault, CFSR.IBUSERR
  data_bus,               ///< BusFault, CFSR.PRECISERR; the address goes to BFAR
  instruction_mpu,        ///< MemManage, CFSR.IACCVIOL (also: execution from an XN region of the default map)
  data_mpu,               ///< MemManage, CFSR.DACCVIOL; the address goes to MMFAR
  svc,                    ///< SVCall
  breakpoint,             ///< BKPT without a halting debugger: DebugMonitor if enabled, else HardFault, HFSR.DEBUGEVT
};

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
  cfsr_unaligned = 1u << 24,
  cfsr_divbyzero = 1u << 25,
  hfsr_vecttbl = 1u << 1,
  hfsr_forced = 1u << 30,
  hfsr_debugevt = 1u << 31,
  dfsr_bkpt = 1u << 1,
};

/// Bits of CCR, SCR, FPCCR, CONTROL and DEMCR that have an effect here.
enum ControlBits : std::uint32_t {
  ccr_nonbasethrdena = 1u << 0,
  ccr_usersetmpend = 1u << 1,
  ccr_unalign_trp = 1u << 3,
  ccr_div_0_trp = 1u << 4,
  ccr_bfhfnmign = 1u << 8,
  ccr_stkalign = 1u << 9,
  ccr_dc = 1u << 16,
  ccr_ic = 1u << 17,
  scr_sleeponexit = 1u << 1,
  scr_sleepdeep = 1u << 2,
  scr_sevonpend = 1u << 4,
  fpccr_lspact = 1u << 0,
  fpccr_user = 1u << 1,
  fpccr_thread = 1u << 3,
  fpccr_hfrdy = 1u << 4,
  fpccr_mmrdy = 1u << 5,
  fpccr_bfrdy = 1u << 6,
  fpccr_monrdy = 1u << 8,
  fpccr_lspen = 1u << 30,
  fpccr_aspen = 1u << 31,
  control_npriv = 1u << 0,
  control_spsel = 1u << 1,
  control_fpca = 1u << 2,
  demcr_mon_en = 1u << 16,
  demcr_mon_pend = 1u << 17,
  demcr_trcena = 1u << 24,
};

/// Where a locked-up core's PC stands (ARMv7-M B1.5.15).
inline constexpr std::uint32_t lockup_pc = 0xfffffffe;

/// What an exception entry or return did. After it the engine goes on at `next` (unless `lockup`), clears its
/// exclusive monitor and asks pending_exception() again.
struct Transition {
  Resume next;
  unsigned handler = 0;          ///< exception whose handler starts now; 0 for a return to the interrupted code
  unsigned words_stacked = 0;    ///< 32-bit writes: 0, 8 or 25
  unsigned words_unstacked = 0;  ///< 32-bit reads: 0, 8 or 25
  bool fp_reserved = false;      ///< lazy stacking: room for the FP state was reserved, nothing written
  bool fp_skipped = false;       ///< return with the FP state still in the registers: nothing read
  bool tail_chained = false;     ///< another handler starts without unstacking and stacking
  bool late_arrival = false;     ///< the stacked frame serves another exception than the one that began the entry
  bool sleep_on_exit = false;    ///< SCR.SLEEPONEXIT: the core sleeps at `next` as if by WFI
  bool lockup = false;
};

/// What touch_fp() did.
struct FpTouch {
  bool no_coprocessor = false;  ///< raise Fault::no_coprocessor at this instruction; nothing was changed
  bool fault_pended = false;    ///< lazy stacking failed: ask pending_exception() before executing the instruction
  bool lockup = false;
  unsigned words_stacked = 0;  ///< 17 if a lazily reserved frame was filled
};

/// APSR, IPSR and EPSR as one word (ARMv7-M B1.4.2).
std::uint32_t xpsr(const std::uint32_t* regs, std::uint8_t it_state, bool thumb = true);
/// N, Z, C, V, Q and GE from an xPSR word.
void set_apsr(std::uint32_t* regs, std::uint32_t value);
/// APSR, IPSR and EPSR from an xPSR word; gives IT state and T bit (pc is 0).
Resume set_xpsr(std::uint32_t* regs, std::uint32_t value);

/// In Handler mode an indirect branch to 0xFxxxxxxx is an exception return (ARMv7-M B1.5.8).
bool is_exc_return(std::uint32_t target, const std::uint32_t* regs);
inline bool in_handler_mode(const std::uint32_t* regs) { return regs[ipsr] != 0; }
inline bool is_privileged(const std::uint32_t* regs) {
  return in_handler_mode(regs) || (regs[control] & control_npriv) == 0;
}
/// Whether regs[sp] is the PSP.
inline bool uses_process_stack(const std::uint32_t* regs) {
  return !in_handler_mode(regs) && (regs[control] & control_spsel) != 0;
}
/// After a change from `before` (a value of uses_process_stack) to `after`: keeps the stack pointer in use in regs[sp].
inline void switch_stack(std::uint32_t* regs, bool before, bool after) {
  if (before != after) std::swap(regs[sp], regs[sp_other]);
}

class ExceptionUnit {
 public:
  explicit ExceptionUnit(const ExceptionConfig& config);

  const ExceptionConfig& config() const { return config_; }
  /// State after a core reset. The registers, too, are the caller's: MSP and PC come from the vector table at VTOR.
  void reset();

  // ---- registers of the System Control Block that have no side effects of their own -----------------------------

  // Fault status and address; kept for ARMv6-M, too, where firmware can't read them but an explanation can.
  std::uint32_t cfsr = 0, hfsr = 0, dfsr = 0, mmfar = 0, bfar = 0;
  std::uint32_t ccr = 0, scr = 0;
  std::uint32_t fpcar = 0, fpdscr = 0, fpccr = 0;
  std::uint32_t vtor() const { return vtor_; }
  void set_vtor(std::uint32_t value) { vtor_ = value & config_.vtor_mask; }
  std::uint32_t demcr() const { return demcr_; }
  void set_demcr(std::uint32_t value);
  std::uint32_t cpacr() const { return cpacr_; }
  void set_cpacr(std::uint32_t value) { cpacr_ = config_.fpu ? value & 0x00f00000u : 0; }
  unsigned prigroup() const { return prigroup_; }
  void set_prigroup(unsigned value);

  // ---- per exception ---------------------------------------------------------------------------------------------

  /// One more than the highest exception number that exists here.
  unsigned exception_count() const { return external_0 + config_.interrupts; }
  bool exists(unsigned exception) const;
  bool enabled(unsigned exception) const { return test(enabled_, exception); }
  bool pending(unsigned exception) const { return test(pending_, exception); }
  bool active(unsigned exception) const { return test(active_, exception); }
  bool level(unsigned exception) const { return test(level_, exception); }
  /// Priority: -3..-1 for Reset, NMI, HardFault, else 0..255; lower is more urgent.
  int priority(unsigned exception) const;
  /// Priority without the subpriority bits: what decides preemption.
  int group_priority(unsigned exception) const;

  /// External interrupts, and the faults of SHCSR; the rest is always enabled. Numbers that don't exist are ignored.
  void set_enabled(unsigned exception, bool on);
  void set_pending(unsigned exception);
  /// A line that is still asserted keeps its interrupt pending.
  void clear_pending(unsigned exception);
  /// SHCSR's active bits and AIRCR.VECTCLRACTIVE.
  void set_active(unsigned exception, bool on);
  /// Unimplemented bits read as zero; fixed priorities are ignored.
  void set_priority(unsigned exception, std::uint8_t value);
  /// The interrupt's wire. A rising edge pends it; while asserted, it is pended again after each return.
  void set_level(unsigned exception, bool asserted);

  // ---- decisions -------------------------------------------------------------------------------------------------

  /// -3..256; 256 is Thread mode without boost (ARMv7-M B1.5.4).
  int execution_priority(const std::uint32_t* regs, bool with_primask = true) const;
  /// The exception that preempts now.
  std::optional<unsigned> pending_exception(const std::uint32_t* regs) const {
    if (candidate_ == 0 || candidate_priority_ >= execution_priority(regs)) return std::nullopt;
    return candidate_;
  }
  /// The most urgent pending and enabled exception, whatever the masks; 0: none (ICSR.VECTPENDING before BASEPRI).
  unsigned most_urgent_pending() const { return candidate_; }
  /// Whether WFI ends: an exception would preempt if PRIMASK were 0 (ARMv7-M B1.5.19).
  bool wakes(const std::uint32_t* regs) const {
    return candidate_ != 0 && candidate_priority_ < execution_priority(regs, false);
  }
  unsigned active_count() const;

  /// The event register of WFE (ARMv7-M B1.5.18): set by SEV, exception entry and return, and SEVONPEND.
  void set_event() { event_ = true; }
  /// Reads and clears the event register: true means that WFE doesn't sleep.
  bool take_event();
  bool event() const { return event_; }

  // ---- transitions -----------------------------------------------------------------------------------------------

  /// Takes an exception that pending_exception() named; `at` is the instruction to return to.
  Transition enter(unsigned exception, const Resume& at, Cpu cpu);
  /// A more urgent exception arrived after enter() and before the handler's first instruction: the frame stays, the
  /// first exception becomes pending again, the new one's handler starts (ARMv7-M B1.5.11).
  Transition late_arrival(unsigned exception, Cpu cpu);
  /// Branch to `exc_return` (0xFxxxxxxx) in Handler mode.
  Transition return_from(std::uint32_t exc_return, Cpu cpu);
  /// Takes a synchronous exception: sets the status registers, then enters the fault's handler, or HardFault if that is
  /// disabled or not urgent enough, or locks up.
  Transition raise(Fault fault, std::uint32_t address, const Resume& at, Cpu cpu);
  /// An imprecise bus error: pends BusFault, or HardFault if that is disabled.
  void pend_imprecise_bus_fault();
  /// Whether data bus errors read as 0 and are ignored now (CCR.BFHFNMIGN in NMI, HardFault or with FAULTMASK).
  bool ignores_bus_faults(const std::uint32_t* regs) const {
    return (ccr & ccr_bfhfnmign) != 0 && execution_priority(regs) < 0;
  }
  bool lockup() const { return lockup_; }

  // ---- floating point --------------------------------------------------------------------------------------------

  /// Whether FP instructions may execute without touch_fp().
  bool fp_ready(const std::uint32_t* regs) const {
    return fp_enabled(regs) && (fpccr & fpccr_lspact) == 0 &&
           ((fpccr & fpccr_aspen) == 0 || (regs[control] & control_fpca) != 0);
  }
  /// CPACR allows FP instructions at the present privilege.
  bool fp_enabled(const std::uint32_t* regs) const { return fp_enabled(is_privileged(regs)); }
  /// ExecuteFPCheck() of ARMv7-M B1.5.7 and A2.5: before an FP instruction when !fp_ready().
  FpTouch touch_fp(Cpu cpu);

  // ---- special registers -----------------------------------------------------------------------------------------

  /// MRS with an id of thumb/system.h; what the privilege forbids reads as 0.
  std::uint32_t system_read(std::uint32_t id, const std::uint32_t* regs) const;
  /// MSR and CPS; what the privilege forbids is ignored. Afterwards masks, SP or privilege may have changed.
  void system_write(std::uint32_t id, std::uint32_t value, std::uint32_t* regs) const;

 private:
  using Bits = std::array<std::uint32_t, 16>;
  bool fp_enabled(bool privileged) const {
    const std::uint32_t cp10 = cpacr_ >> 20 & 3;
    return config_.fpu && (cp10 == 3 || (cp10 == 1 && privileged));
  }
  static bool test(const Bits& bits, unsigned n) { return n < 512 && (bits[n / 32] >> (n % 32) & 1) != 0; }
  static void put(Bits& bits, unsigned n, bool on);
  int group(int priority) const;
  bool raises_priority(unsigned exception, int over) const;
  void update();
  void push_stack(const Resume& at, Cpu cpu, Transition& t, int priority_before);
  void derived(unsigned exception, int priority_before);
  void take(unsigned exception, Cpu cpu, Transition& t);
  void deactivate(unsigned exception, std::uint32_t* regs);
  Transition bad_return(std::uint32_t exc_return, Cpu cpu);
  void lock(Transition& t);

  ExceptionConfig config_;
  Bits enabled_{}, pending_{}, active_{}, level_{};
  std::array<std::uint8_t, 512> priority_{};
  std::uint32_t vtor_ = 0, cpacr_ = 0, demcr_ = 0;
  unsigned prigroup_ = 0;
  bool event_ = false;
  bool lockup_ = false;
  // Recomputed by update() whenever the state above changes, so that asking is cheap.
  unsigned candidate_ = 0;
  int candidate_priority_ = 256;
  int active_priority_ = 256;
};

}  // namespace mj::isa::thumb
