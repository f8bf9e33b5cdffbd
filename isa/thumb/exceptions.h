// The M-profile exception model (ARMv7-M ARM B1.5, ARMv6-M ARM B1.5, Armv8-M ARM DDI 0553 B3) as pure architecture
// state: which exceptions are enabled, pending and active, which one preempts now, what entry and return do to
// registers and stack, and which of the two security states the core is in.
//
// With the Security Extension an exception is named by its id: the number, and for the Secure instance of a banked one
// secure_bank above it. Without it ids are numbers. What a security state has of its own is in Banked; the unit is the
// Banked of the state that the core is in, so that everything that knows one state only needs no word about two.
//
// It knows no time and no I/O. Registers are the uint32_t array of thumb/registers.h (65 entries), memory is behind
// ExceptionMemory, and every transition tells its caller what happened, so that a timing model can price it. NVIC, SCB
// and SysTick (peripherals/) are views of this state. Copying an ExceptionUnit is a snapshot.
//
// UNPREDICTABLE and UNKNOWN, what we do: R0-R3, R12 and the flags keep their values on entry (as silicon does);
// EXC_RETURN with wrong high bits is an illegal EXC_RETURN (INVPC); an interrupted LDM/STM restarts (ICI bits are 0). A
// core of Armv8-M without the Security Extension ignores S and ES of EXC_RETURN (R_XLCP leaves them UNPREDICTABLE), so
// that images made for Secure state only run on it, too.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "isa/thumb/exception_bits.h"
#include "isa/thumb/registers.h"

namespace mj::isa::thumb {

/// Which fault model: of the Baseline (everything is HardFault) or the Mainline.
enum class Profile : std::uint8_t { armv6m, armv7m };

/// What an implementation chose; the numbers come from the core's and the chip's data.
struct ExceptionConfig {
  Profile profile = Profile::armv7m;
  bool v8m = false;                      ///< Armv8-M: stack limits, its EXC_RETURN
  bool security = false;                 ///< Security Extension; needs v8m
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
enum class AccessResult : std::uint8_t { ok, bus_fault, mpu_fault, secure_fault };

/// Data memory as exception entry and return see it: aligned words.
class ExceptionMemory {
 public:
  virtual ~ExceptionMemory() = default;
  /// Who the accesses that follow are made for: an MPU may forbid them to unprivileged code, and leaves those of
  /// negative execution priority (HardFault, NMI, FAULTMASK) alone.
  virtual void become(bool /*privileged*/, bool /*hardfault_or_nmi*/) {}
  /// In which security state they are made: from Non-secure state, those to Secure memory are a secure_fault.
  virtual void become_secure(bool /*secure*/) {}
  /// A word of the vector table: by the default memory map, whatever the MPU says (ARMv7-M B3.5.3).
  virtual AccessResult read_vector(std::uint32_t address, std::uint32_t& value) { return read32(address, value); }
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
  invalid_return,         ///< UsageFault, CFSR.INVPC: FNC_RETURN whose frame doesn't fit the mode
  stack_overflow,         ///< UsageFault, CFSR.STKOF: a stack pointer would go below its limit
  no_coprocessor_secure,  ///< UsageFault of Secure state, CFSR.NOCP: forbidden to Non-secure state by NSACR
  secure_entry,           ///< SecureFault, SFSR.INVEP: Non-secure code went to Secure memory other than by an SG
  secure_data,        ///< SecureFault, SFSR.AUVIOL: Non-secure code accessed Secure memory; the address goes to SFAR
  secure_transition,  ///< SecureFault, SFSR.INVTRAN: Secure code went on in Non-secure memory
  secure_lazy_error,  ///< SecureFault, SFSR.LSERR: VLSTM while Secure FP state is already waiting to be stored
  breakpoint,         ///< BKPT without a halting debugger: DebugMonitor if enabled, else HardFault, HFSR.DEBUGEVT
};

/// What an exception entry or return did. After it the engine goes on at `next` (unless `lockup`), clears its
/// exclusive monitor and asks pending_exception() again.
struct Transition {
  Resume next;
  unsigned handler = 0;          ///< exception whose handler starts now; 0 for a return to the interrupted code
  unsigned words_stacked = 0;    ///< 32-bit writes: 0, 8 or 25; of Secure code more (callee-saved registers, S16-S31)
  unsigned words_unstacked = 0;  ///< 32-bit reads, likewise
  bool fp_reserved = false;      ///< lazy stacking: room for the FP state was reserved, nothing written
  bool fp_skipped = false;       ///< return with the FP state still in the registers: nothing read
  bool tail_chained = false;     ///< another handler starts without unstacking and stacking
  bool late_arrival = false;     ///< the stacked frame serves another exception than the one that began the entry
  bool sleep_on_exit = false;    ///< SCR.SLEEPONEXIT: the core sleeps at `next` as if by WFI
  bool lockup = false;
};

/// What touch_fp() did.
struct FpTouch {
  bool no_coprocessor = false;    ///< raise Fault::no_coprocessor at this instruction; nothing was changed
  bool refused_by_nsacr = false;  ///< or rather Fault::no_coprocessor_secure
  bool fault_pended = false;      ///< lazy stacking failed: ask pending_exception() before executing the instruction
  bool lockup = false;
  unsigned words_stacked = 0;  ///< 17 (or 33: with S16-S31) if a lazily reserved frame was filled
};

/// APSR, IPSR and EPSR as one word (ARMv7-M B1.4.2).
std::uint32_t xpsr(const std::uint32_t* regs, std::uint8_t it_state, bool thumb = true);
/// N, Z, C, V, Q and GE from an xPSR word.
void set_apsr(std::uint32_t* regs, std::uint32_t value);
/// APSR, IPSR and EPSR from an xPSR word; gives IT state and T bit (pc is 0).
Resume set_xpsr(std::uint32_t* regs, std::uint32_t value);

/// In Handler mode an indirect branch to 0xFxxxxxxx is an exception return (ARMv7-M B1.5.8; Armv8-M only has
/// 0xFFxxxxxx, and what it doesn't have is execute-never).
bool is_exc_return(std::uint32_t target, const std::uint32_t* regs);
inline bool in_handler_mode(const std::uint32_t* regs) { return regs[ipsr] != 0; }
inline bool is_privileged(const std::uint32_t* regs) {
  return in_handler_mode(regs) || (regs[control] & control_npriv) == 0;
}
/// Whether regs[sp] is the PSP.
inline bool uses_process_stack(const std::uint32_t* regs) {
  return !in_handler_mode(regs) && (regs[control] & control_spsel) != 0;
}
/// After a change from `before` (a value of uses_process_stack) to `after`: keeps the stack pointer in use in regs[sp],
/// and its limit in regs[sp_limit].
inline void switch_stack(std::uint32_t* regs, bool before, bool after) {
  if (before == after) return;
  std::swap(regs[sp], regs[sp_other]);
  std::swap(regs[sp_limit], regs[sp_limit_other]);
}

/// Registers of the System Control Block that each security state has of its own (DDI0553 B3.3).
struct Banked {
  // Fault status and address; kept for ARMv6-M, too, where firmware can't read them but an explanation can.
  std::uint32_t cfsr = 0, mmfar = 0;
  std::uint32_t ccr = 0, scr = 0;
  std::uint32_t fpcar = 0, fpdscr = 0, fpccr = 0;
  std::uint32_t vtor_ = 0, cpacr_ = 0;
  unsigned prigroup_ = 0;
};

/// Core registers of the security state that the core is not in.
struct CoreBank {
  std::uint32_t main_sp = 0, process_sp = 0, main_limit = 0, process_limit = 0;
  std::uint32_t primask = 0, basepri = 0, faultmask = 0, control = 0;
};

class ExceptionUnit : public Banked {
 public:
  explicit ExceptionUnit(const ExceptionConfig& config);

  const ExceptionConfig& config() const { return config_; }
  /// State after a core reset. The registers, too, are the caller's: MSP and PC come from the vector table at VTOR.
  void reset();

  // ---- registers of the System Control Block that have no side effects of their own -----------------------------

  std::uint32_t hfsr = 0, dfsr = 0, bfar = 0;
  std::uint32_t sfsr = 0, sfar = 0;  ///< only Secure code sees them
  std::uint32_t vtor() const { return vtor_; }
  void set_vtor(std::uint32_t value) { vtor_ = value & config_.vtor_mask; }
  std::uint32_t demcr() const { return demcr_; }
  void set_demcr(std::uint32_t value);
  std::uint32_t cpacr() const { return cpacr_; }
  void set_cpacr(std::uint32_t value) { cpacr_ = config_.fpu ? value & 0x00f00000u : 0; }
  unsigned prigroup() const { return prigroup_; }
  void set_prigroup(unsigned value, bool secure = false);

  // ---- security state --------------------------------------------------------------------------------------------

  /// Whether the core is in Secure state; false without the Security Extension.
  bool secure() const { return secure_; }
  /// What belongs to a security state; without the Security Extension there is one.
  Banked& bank(bool secure) { return !config_.security || secure == secure_ ? *this : other_; }
  const Banked& bank(bool secure) const { return !config_.security || secure == secure_ ? *this : other_; }
  const CoreBank& other_core() const { return other_core_; }
  /// Moves the core to a security state: its stack pointers, masks and CONTROL come into the registers.
  void become_secure(bool secure, std::uint32_t* regs);
  /// ID of a number for a security state.
  unsigned id(unsigned number, bool secure) const {
    return config_.security && secure && is_banked(number) ? number | secure_bank : number;
  }
  /// The security state that an exception is taken to (DDI0553 B3.9).
  bool targets_secure(unsigned id) const;
  bool targets_non_secure(unsigned interrupt) const { return test(non_secure_, external_0 + interrupt); }
  /// NVIC_ITNS.
  void set_targets_non_secure(unsigned interrupt, bool non_secure);
  // AIRCR's PRIS, BFHFNMINS and SYSRESETREQS, NSACR.
  bool pris() const { return pris_; }
  bool bfhfnmins() const { return bfhfnmins_; }
  void set_aircr_security(bool pris, bool bfhfnmins);
  bool sysresetreqs = false;
  std::uint32_t nsacr() const { return nsacr_; }
  void set_nsacr(std::uint32_t value) { nsacr_ = config_.fpu ? value & 0xc00 : 0; }
  /// CFSR bits of a fault, where they belong.
  void note(std::uint32_t cfsr_bits, bool secure);
  /// Firmware clears what it has seen.
  void clear_cfsr(std::uint32_t cfsr_bits, bool secure);

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

  // Transitions between security states by branches. Each gives where to go on, or with a `handler` that faulted.

  /// SG at `pc` in Secure memory that Non-secure code may call (DDI0553 C2.4.175): to Secure state.
  void secure_gateway(std::uint32_t* regs);
  /// BXNS and BLXNS of Secure code to `target`; bit 0 set: it stays Secure. `next`: the instruction behind.
  Transition branch_non_secure(std::uint32_t target, bool link, const Resume& here, std::uint32_t next, Cpu cpu);
  /// Branch to FNC_RETURN.
  Transition return_from_non_secure(const Resume& here, Cpu cpu);

  // ---- stack limits (DDI0553 B3.21) ------------------------------------------------------------------------------

  /// Whether the stack pointer in use must not become `value`.
  bool violates_limit(std::uint32_t value, const std::uint32_t* regs) const {
    return value < regs[sp_limit] && !((ccr & ccr_stkofhfnmign) != 0 && execution_priority(regs) < 0);
  }
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
           ((fpccr & fpccr_aspen) == 0 || (regs[control] & control_fpca) != 0) &&
           (!config_.security || fp_ready_securely(regs));
  }
  /// CPACR, and NSACR for Non-secure state, allow FP instructions at the present privilege.
  bool fp_enabled(const std::uint32_t* regs) const {
    const std::uint32_t cp10 = cpacr_ >> 20 & 3;
    return config_.fpu && (cp10 == 3 || (cp10 == 1 && is_privileged(regs))) && fp_allowed_by_nsacr(secure_);
  }
  /// ExecuteFPCheck() of ARMv7-M B1.5.7 and A2.5: before an FP instruction when !fp_ready().
  FpTouch touch_fp(Cpu cpu);
  /// VLSTM and VLLDM (DDI0553 C2.4.293, C2.4.297) with the frame's address. An empty fault: done; else which.
  struct LazyResult {
    std::optional<Fault> fault;
    std::uint32_t address = 0;
    unsigned words = 0;  ///< read or written
  };
  LazyResult store_lazily(std::uint32_t address, Cpu cpu);
  LazyResult load_lazily(std::uint32_t address, Cpu cpu);

  // ---- special registers -----------------------------------------------------------------------------------------

  /// MRS with an id of thumb/system.h; what the privilege forbids reads as 0.
  std::uint32_t system_read(std::uint32_t id, const std::uint32_t* regs) const;
  /// MSR and CPS; what the privilege forbids is ignored. Afterwards masks, SP or privilege may have changed.
  void system_write(std::uint32_t id, std::uint32_t value, std::uint32_t* regs);
  /// Both as privileged code and a debugger do it; `sysm`: MSP (8) or above.
  std::uint32_t privileged_read(std::uint32_t sysm, const std::uint32_t* regs) const;
  void privileged_write(std::uint32_t sysm, std::uint32_t value, std::uint32_t* regs);
  /// The registers for these that the core has in its current security state, with their names.
  std::vector<std::pair<const char*, std::uint32_t>> special_registers() const;
  /// Whether MSR SP_NS with this value would violate Non-secure state's stack limit.
  bool violates_other_limit(std::uint32_t id, std::uint32_t value, const std::uint32_t* regs) const;

 private:
  static constexpr unsigned ids = secure_bank + 32;
  using Bits = std::array<std::uint32_t, ids / 32>;
  std::uint32_t other_read(std::uint32_t sysm, const std::uint32_t* regs) const;
  void other_write(std::uint32_t sysm, std::uint32_t value, const std::uint32_t* regs);
  /// Baseline has stack limits in Secure state only (DDI0553 D1.2, MSPLIM).
  bool has_limits(bool secure) const { return config_.v8m && (mainline() || secure); }
  bool mainline() const { return config_.profile == Profile::armv7m; }
  bool fp_enabled(bool privileged, bool secure) const {
    const std::uint32_t cp10 = bank(secure).cpacr_ >> 20 & 3;
    return config_.fpu && (cp10 == 3 || (cp10 == 1 && privileged));
  }
  bool fp_allowed_by_nsacr(bool secure) const { return !config_.security || secure || (nsacr_ >> 10 & 1) != 0; }
  bool fp_ready_securely(const std::uint32_t* regs) const {
    return (bank(!secure_).fpccr & fpccr_lspact) == 0 && ((bank(true).fpccr & fpccr_s) != 0) == secure_ &&
           (!secure_ || (fpccr & fpccr_aspen) == 0 || (regs[control] & control_sfpa) != 0);
  }
  /// FPCCR's bits that are not banked.
  std::uint32_t& fpccr_shared() { return bank(true).fpccr; }
  static bool test(const Bits& bits, unsigned n) { return n < ids && (bits[n / 32] >> (n % 32) & 1) != 0; }
  static void put(Bits& bits, unsigned n, bool on);
  int group(int priority, bool secure) const;
  bool raises_priority(unsigned exception, int over) const;
  void update();
  bool more_urgent(unsigned a, unsigned b) const;
  /// HardFault that a fault meant for a security state escalates to.
  unsigned hard_fault_for(bool secure) const { return id(hard_fault, secure || !bfhfnmins_); }
  // Registers of either security state, wherever they are.
  std::uint32_t control_of(bool secure, const std::uint32_t* regs) const {
    return !config_.security || secure == secure_ ? regs[control] : other_core_.control;
  }
  std::uint32_t& control_of(bool secure, std::uint32_t* regs) {
    return !config_.security || secure == secure_ ? regs[control] : other_core_.control;
  }
  std::uint32_t& stack_of(bool secure, bool process, std::uint32_t* regs);
  std::uint32_t& limit_of(bool secure, bool process, std::uint32_t* regs);
  bool limit_applies(bool secure, const std::uint32_t* regs) const {
    return (bank(secure).ccr & ccr_stkofhfnmign) == 0 || execution_priority(regs) >= 0;
  }
  void push_stack(const Resume& at, Cpu cpu, Transition& t, int priority_before);
  void push_fp(std::uint32_t fp_frame, bool with_upper, AccessResult& access, Cpu cpu, Transition& t,
               int priority_before);
  void reserve_fp(std::uint32_t fp_frame, bool below_limit, const std::uint32_t* regs, int priority_before);
  bool push_callee_registers(bool tail_chain, Cpu cpu, Transition& t, int priority_before);
  void stacking_fault(AccessResult access, bool secure, std::uint32_t mpu_bit, std::uint32_t bus_bit,
                      int priority_before);
  void derived(unsigned exception, int priority_before);
  unsigned most_urgent_fault(unsigned over) const;
  /// EXC_RETURN as the handler will find it, with what that means for registers and stack; false: stacking failed.
  bool prepare_handler(unsigned exception, bool tail_chain, bool ignore_faults, Cpu cpu, Transition& t);
  void take(unsigned exception, Cpu cpu, Transition& t, bool tail_chain);
  void deactivate(unsigned exception, bool secure, std::uint32_t* regs);
  void tail_chain_fault(unsigned exception, std::uint32_t exc_return, Cpu cpu, Transition& t);
  Transition bad_return(std::uint32_t exc_return, Cpu cpu);
  Transition return_v7m(std::uint32_t exc_return, Cpu cpu);
  Transition return_v8m(std::uint32_t exc_return, Cpu cpu);
  void lock(Transition& t);
  bool preserve_fp(Cpu cpu, FpTouch& result);
  static void clear_fp(std::uint32_t* regs, unsigned first, unsigned last);

  ExceptionConfig config_;
  Bits enabled_{}, pending_{}, active_{}, level_{}, non_secure_{};
  std::array<std::uint8_t, ids> priority_{};
  Banked other_;  ///< of the security state that the core is not in
  CoreBank other_core_;
  bool secure_ = false;
  bool pris_ = false, bfhfnmins_ = false;
  std::uint32_t nsacr_ = 0;
  std::uint32_t demcr_ = 0;
  bool event_ = false;
  bool lockup_ = false;
  // Recomputed by update() whenever the state above changes, so that asking is cheap.
  unsigned candidate_ = 0;
  int candidate_priority_ = 256;
  int active_priority_ = 256;
};

}  // namespace mj::isa::thumb
