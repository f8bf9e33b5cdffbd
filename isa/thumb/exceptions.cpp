#include "isa/thumb/exceptions.h"

#include <algorithm>
#include <bit>

namespace mj::isa::thumb {
namespace {

constexpr std::uint32_t exc_return_no_fp = 1u << 4;   // EXC_RETURN[4]: basic frame
constexpr std::uint32_t fpscr_defaults = 0x07c00000;  // AHP, DN, FZ, RMode

struct FaultRow {
  unsigned exception;
  std::uint32_t cfsr;
};

constexpr FaultRow fault_row(Fault fault) {
  switch (fault) {
    case Fault::undefined_instruction:
      return {usage_fault, cfsr_undefinstr};
    case Fault::invalid_state:
      return {usage_fault, cfsr_invstate};
    case Fault::no_coprocessor:
      return {usage_fault, cfsr_nocp};
    case Fault::unaligned:
      return {usage_fault, cfsr_unaligned};
    case Fault::divide_by_zero:
      return {usage_fault, cfsr_divbyzero};
    case Fault::instruction_bus:
      return {bus_fault, cfsr_ibuserr};
    case Fault::data_bus:
      return {bus_fault, cfsr_preciserr | cfsr_bfarvalid};
    case Fault::instruction_mpu:
      return {mem_manage, cfsr_iaccviol};
    case Fault::data_mpu:
      return {mem_manage, cfsr_daccviol | cfsr_mmarvalid};
    case Fault::svc:
      return {svcall, 0};
    case Fault::breakpoint:
      return {debug_monitor, 0};
  }
  return {hard_fault, 0};
}

}  // namespace

bool is_exc_return(std::uint32_t target, const std::uint32_t* regs) {
  return in_handler_mode(regs) && target >> 28 == 15;
}

// ---- state ----------------------------------------------------------------------------------------------------------

ExceptionUnit::ExceptionUnit(const ExceptionConfig& config) : config_(config) {
  config_.interrupts = std::min(config_.interrupts, 496u);
  config_.priority_bits = std::clamp(config_.priority_bits, 2u, 8u);
  if (config_.profile == Profile::armv6m) {
    config_.priority_bits = 2;
    config_.fpu = false;
  } else {
    config_.unprivileged = true;
  }
  reset();
}

void ExceptionUnit::reset() {
  const bool v7 = config_.profile == Profile::armv7m;
  cfsr = hfsr = dfsr = mmfar = bfar = 0;
  ccr = v7 ? ccr_stkalign : ccr_stkalign | ccr_unalign_trp;
  scr = 0;
  fpcar = fpdscr = 0;
  fpccr = config_.fpu ? fpccr_aspen | fpccr_lspen : 0;
  vtor_ = cpacr_ = demcr_ = 0;
  prigroup_ = 0;
  event_ = lockup_ = false;
  enabled_ = pending_ = active_ = level_ = {};
  priority_ = {};
  for (unsigned n : {nmi, hard_fault, svcall, pend_sv, systick}) put(enabled_, n, true);
  update();
}

void ExceptionUnit::put(Bits& bits, unsigned n, bool on) {
  const std::uint32_t bit = 1u << (n % 32);
  bits[n / 32] = on ? bits[n / 32] | bit : bits[n / 32] & ~bit;
}

bool ExceptionUnit::exists(unsigned exception) const {
  if (exception >= external_0) return exception < exception_count();
  if (exception >= mem_manage && exception <= usage_fault) return config_.profile == Profile::armv7m;
  if (exception == debug_monitor) return config_.profile == Profile::armv7m;
  return exception == nmi || exception == hard_fault || exception == svcall || exception == pend_sv ||
         exception == systick;
}

int ExceptionUnit::priority(unsigned exception) const {
  if (exception <= hard_fault) return static_cast<int>(exception) - 4;
  return priority_[exception & 511];
}

// PRIGROUP splits a priority after bit PRIGROUP (ARMv7-M B1.5.4).
int ExceptionUnit::group(int priority) const {
  return priority < 0 ? priority : priority & ~static_cast<int>((2u << prigroup_) - 1);
}

int ExceptionUnit::group_priority(unsigned exception) const { return group(priority(exception)); }

void ExceptionUnit::set_prigroup(unsigned value) {
  if (config_.profile == Profile::armv7m) prigroup_ = value & 7;
  update();
}

void ExceptionUnit::set_demcr(std::uint32_t value) {
  demcr_ = value & 0x010f07f1u;
  put(enabled_, debug_monitor, (value & demcr_mon_en) != 0);
  put(pending_, debug_monitor, (value & demcr_mon_pend) != 0);
  demcr_ &= ~demcr_mon_pend;
  update();
}

void ExceptionUnit::set_enabled(unsigned exception, bool on) {
  if (!exists(exception)) return;
  if (exception < external_0 && (exception < mem_manage || exception > usage_fault)) return;
  put(enabled_, exception, on);
  update();
}

void ExceptionUnit::set_pending(unsigned exception) {
  if (!exists(exception)) return;
  if ((scr & scr_sevonpend) != 0 && !pending(exception)) event_ = true;
  put(pending_, exception, true);
  update();
}

void ExceptionUnit::clear_pending(unsigned exception) {
  if (!exists(exception)) return;
  put(pending_, exception, level(exception) && !active(exception));
  update();
}

void ExceptionUnit::set_active(unsigned exception, bool on) {
  if (!exists(exception)) return;
  put(active_, exception, on);
  update();
}

void ExceptionUnit::set_priority(unsigned exception, std::uint8_t value) {
  if (exception <= hard_fault || !exists(exception)) return;
  priority_[exception] = static_cast<std::uint8_t>(value & (0xff00u >> config_.priority_bits));
  update();
}

void ExceptionUnit::set_level(unsigned exception, bool asserted) {
  if (!exists(exception)) return;
  const bool rising = asserted && !level(exception);
  put(level_, exception, asserted);
  if (rising) set_pending(exception);
}

unsigned ExceptionUnit::active_count() const {
  unsigned count = 0;
  for (const std::uint32_t word : active_) count += static_cast<unsigned>(std::popcount(word));
  return count;
}

void ExceptionUnit::update() {
  candidate_ = 0;
  candidate_priority_ = active_priority_ = 256;
  int best = 256;  // with subpriority; at equal priority the lowest number wins
  for (unsigned w = 0; w < pending_.size(); ++w) {
    for (std::uint32_t bits = pending_[w] & enabled_[w]; bits != 0; bits &= bits - 1) {
      const unsigned n = w * 32 + static_cast<unsigned>(std::countr_zero(bits));
      if (priority(n) < best) {
        best = priority(n);
        candidate_ = n;
        candidate_priority_ = group(best);
      }
    }
    for (std::uint32_t bits = active_[w]; bits != 0; bits &= bits - 1)
      active_priority_ =
          std::min(active_priority_, group_priority(w * 32 + static_cast<unsigned>(std::countr_zero(bits))));
  }
}

// ---- decisions ------------------------------------------------------------------------------------------------------

int ExceptionUnit::execution_priority(const std::uint32_t* regs, bool with_primask) const {
  int boosted = 256;
  if ((regs[basepri] & 0xff) != 0) boosted = group(static_cast<int>(regs[basepri] & 0xff));
  if (with_primask && (regs[primask] & 1) != 0) boosted = 0;
  if ((regs[faultmask] & 1) != 0) boosted = -1;
  return std::min(boosted, active_priority_);
}

bool ExceptionUnit::take_event() {
  const bool was = event_;
  event_ = false;
  return was;
}

bool ExceptionUnit::raises_priority(unsigned exception, int over) const {
  return enabled(exception) && group_priority(exception) < over;
}

// ---- entry ----------------------------------------------------------------------------------------------------------

void ExceptionUnit::lock(Transition& t) {
  lockup_ = true;
  t.lockup = true;
  t.next = {lockup_pc, 0, true};
}

// A fault during stacking or unstacking: pended, escalated if it can't be taken itself (ARMv7-M B1.5.11).
void ExceptionUnit::derived(unsigned exception, int priority_before) {
  if (!raises_priority(exception, priority_before)) {
    hfsr |= hfsr_forced;
    exception = hard_fault;
  }
  put(pending_, exception, true);
  update();
}

// PushStack() of ARMv7-M B1.5.7; also writes LR.
void ExceptionUnit::push_stack(const Resume& at, Cpu cpu, Transition& t, int priority_before) {
  std::uint32_t* regs = cpu.regs;
  const bool fp_frame = config_.fpu && (regs[control] & control_fpca) != 0;
  const bool align = fp_frame || (ccr & ccr_stkalign) != 0;
  const bool process = uses_process_stack(regs);
  const std::uint32_t padded = align && (regs[sp] & 4) != 0 ? 1u : 0u;
  const std::uint32_t frame = (regs[sp] - (fp_frame ? 0x68u : 0x20u)) & ~(align ? 4u : 0u);
  regs[sp] = frame;

  const std::uint32_t psr = (xpsr(regs, at.it_state, at.thumb) & ~0x200u) | padded << 9;
  const std::uint32_t words[8] = {regs[0], regs[1], regs[2], regs[3], regs[12], regs[lr], at.pc, psr};
  AccessResult access = AccessResult::ok;
  const auto push = [&](std::uint32_t address, std::uint32_t value) {
    if (access != AccessResult::ok) return;  // a fault abandons the rest of the frame
    access = cpu.memory.write32(address, value);
    ++t.words_stacked;
  };
  cpu.memory.become(is_privileged(regs), priority_before < 0);
  for (unsigned i = 0; i < 8; ++i) push(frame + 4 * i, words[i]);

  if (fp_frame && (fpccr & fpccr_lspen) == 0) {
    if (fp_enabled(regs)) {
      for (unsigned i = 0; i < 16; ++i) push(frame + 0x20 + 4 * i, regs[s0 + i]);
      push(frame + 0x60, regs[fpscr]);
    } else {
      cfsr |= cfsr_nocp;
      derived(usage_fault, priority_before);
    }
  } else if (fp_frame) {  // UpdateFPCCR()
    t.fp_reserved = true;
    fpcar = (frame + 0x20) & ~7u;
    fpccr &= ~(fpccr_user | fpccr_thread | fpccr_hfrdy | fpccr_mmrdy | fpccr_bfrdy | fpccr_monrdy);
    fpccr |= fpccr_lspact;
    if (!is_privileged(regs)) fpccr |= fpccr_user;
    if (!in_handler_mode(regs)) fpccr |= fpccr_thread;
    if (priority_before > -1) fpccr |= fpccr_hfrdy;
    if (raises_priority(bus_fault, priority_before)) fpccr |= fpccr_bfrdy;
    if (raises_priority(mem_manage, priority_before)) fpccr |= fpccr_mmrdy;
    if (raises_priority(debug_monitor, priority_before)) fpccr |= fpccr_monrdy;
  }

  regs[lr] = (fp_frame ? 0xffffffe1u : 0xfffffff1u) | (in_handler_mode(regs) ? 0 : 8u) | (process ? 4u : 0);
  switch_stack(regs, process, false);
  if (access == AccessResult::bus_fault) {
    cfsr |= cfsr_stkerr;
    derived(bus_fault, priority_before);
  } else if (access == AccessResult::mpu_fault) {
    cfsr |= cfsr_mstkerr;
    derived(mem_manage, priority_before);
  }
}

// ExceptionTaken() of ARMv7-M B1.5.7, with a failing vector read becoming HardFault or lockup.
void ExceptionUnit::take(unsigned exception, Cpu cpu, Transition& t) {
  std::uint32_t vector = 0;
  put(pending_, exception, true);
  while (cpu.memory.read_vector(vtor_ + 4 * exception, vector) != AccessResult::ok) {
    hfsr |= hfsr_vecttbl;
    put(pending_, hard_fault, true);
    update();
    if (exception <= hard_fault || active_priority_ < 0) {
      t.handler = exception;
      return lock(t);
    }
    t.late_arrival = true;
    exception = hard_fault;
  }
  std::uint32_t* regs = cpu.regs;
  regs[ipsr] = exception;
  regs[control] &= ~(control_fpca | control_spsel);
  put(active_, exception, true);
  put(pending_, exception, false);
  update();
  event_ = true;
  t.handler = exception;
  t.next = {vector & ~1u, 0, (vector & 1) != 0};
}

Transition ExceptionUnit::enter(unsigned exception, const Resume& at, Cpu cpu) {
  Transition t;
  const int before = execution_priority(cpu.regs);
  push_stack(at, cpu, t, before);
  // A derived fault that is more urgent is taken first, as if it had arrived late; the other one stays pending. Neither
  // is active yet, so that of equal priorities the lower number is the more urgent (ARMv7-M B1.5.4).
  unsigned chosen = exception;
  for (unsigned fault : {hard_fault, mem_manage, bus_fault, usage_fault})
    if (pending(fault) && enabled(fault) && std::pair(priority(fault), fault) < std::pair(priority(chosen), chosen))
      chosen = fault;
  t.late_arrival = chosen != exception;
  if (t.late_arrival) put(pending_, exception, true);
  take(chosen, cpu, t);
  return t;
}

Transition ExceptionUnit::late_arrival(unsigned exception, Cpu cpu) {
  Transition t;
  const unsigned first = cpu.regs[ipsr];
  put(active_, first, false);
  put(pending_, first, true);
  t.late_arrival = true;
  take(exception, cpu, t);
  return t;
}

Transition ExceptionUnit::raise(Fault fault, std::uint32_t address, const Resume& at, Cpu cpu) {
  const FaultRow row = fault_row(fault);
  cfsr |= row.cfsr;
  if (fault == Fault::data_bus) bfar = address;
  if (fault == Fault::data_mpu) mmfar = address;
  const int before = execution_priority(cpu.regs);
  if (exists(row.exception) && raises_priority(row.exception, before)) {
    if (fault == Fault::breakpoint) dfsr |= dfsr_bkpt;
    return enter(row.exception, at, cpu);
  }
  hfsr |= fault == Fault::breakpoint ? hfsr_debugevt : hfsr_forced;
  if (before > -1) return enter(hard_fault, at, cpu);
  Transition t;
  lock(t);
  return t;
}

void ExceptionUnit::pend_imprecise_bus_fault() {
  cfsr |= cfsr_impreciserr;
  if (!enabled(bus_fault)) hfsr |= hfsr_forced;
  set_pending(enabled(bus_fault) ? bus_fault : hard_fault);
}

// ---- return ---------------------------------------------------------------------------------------------------------

void ExceptionUnit::deactivate(unsigned exception, std::uint32_t* regs) {
  put(active_, exception, false);
  if (exception != nmi) regs[faultmask] = 0;
  if (level(exception)) put(pending_, exception, true);  // a line that is still asserted
  update();
}

// A failed integrity check: UsageFault (INVPC) by tail-chaining; the frame stays on the stack (ARMv7-M B1.5.8).
Transition ExceptionUnit::bad_return(std::uint32_t exc_return, Cpu cpu) {
  Transition t;
  t.tail_chained = true;
  cpu.regs[lr] = exc_return;
  cfsr |= cfsr_invpc;
  const int now = execution_priority(cpu.regs);
  if (exists(usage_fault) && raises_priority(usage_fault, now)) {
    take(usage_fault, cpu, t);
    return t;
  }
  hfsr |= hfsr_forced;
  if (now > -1)
    take(hard_fault, cpu, t);
  else
    lock(t);
  return t;
}

Transition ExceptionUnit::return_from(std::uint32_t exc_return, Cpu cpu) {
  std::uint32_t* regs = cpu.regs;
  const unsigned returning = regs[ipsr];
  const unsigned nested = active_count();
  const std::uint32_t kind = exc_return & 15;
  const std::uint32_t ones = config_.fpu ? 0xffffffe0u : 0xfffffff0u;
  const bool to_handler = kind == 1;
  const bool legal = (exc_return & ones) == ones && (to_handler || kind == 9 || kind == 13);
  const bool was_active = active(returning);
  deactivate(returning, regs);
  if (!was_active || !legal) return bad_return(exc_return, cpu);
  if (!to_handler && nested != 1 && (ccr & ccr_nonbasethrdena) == 0) return bad_return(exc_return, cpu);

  if (const auto next = pending_exception(regs)) {  // tail-chaining: the frame stays for the next handler
    Transition t;
    t.tail_chained = true;
    regs[lr] = exc_return;
    take(*next, cpu, t);
    return t;
  }

  // PopStack(), first into copies: a fault leaves everything as it was and is taken by tail-chaining.
  Transition t;
  const bool process = kind == 13;
  const bool fp_frame = config_.fpu && (exc_return & exc_return_no_fp) == 0;
  const std::uint32_t frame = regs[process ? sp_other : sp];
  AccessResult access = AccessResult::ok;
  const auto pop = [&](std::uint32_t address) {
    std::uint32_t value = 0;
    if (access != AccessResult::ok) return value;
    access = cpu.memory.read32(address, value);
    ++t.words_unstacked;
    return value;
  };
  // The frame is read with the privilege of the code that is returned to.
  const bool to_privileged = to_handler || (regs[control] & control_npriv) == 0;
  cpu.memory.become(to_privileged, execution_priority(regs) < 0);
  std::uint32_t words[8], fp[17] = {};
  for (unsigned i = 0; i < 8; ++i) words[i] = pop(frame + 4 * i);
  const bool load_fp = fp_frame && (fpccr & fpccr_lspact) == 0;
  const bool fp_allowed = (cpacr_ >> 20 & 3) == 3 || ((cpacr_ >> 20 & 3) == 1 && to_privileged);
  unsigned fault = 0;
  if (load_fp && fp_allowed)
    for (unsigned i = 0; i < 17; ++i) fp[i] = pop(frame + 0x20 + 4 * i);
  if (load_fp && !fp_allowed) {
    cfsr |= cfsr_nocp;
    fault = usage_fault;
  }
  if (access == AccessResult::bus_fault) {
    cfsr |= cfsr_unstkerr;
    fault = bus_fault;
  } else if (access == AccessResult::mpu_fault) {
    cfsr |= cfsr_munstkerr;
    fault = mem_manage;
  }
  if (fault != 0) {
    t.tail_chained = true;
    regs[lr] = exc_return;
    const int now = execution_priority(regs);
    if (exists(fault) && raises_priority(fault, now)) {
      take(fault, cpu, t);
    } else if (now > -1) {
      hfsr |= hfsr_forced;
      take(hard_fault, cpu, t);
    } else {
      lock(t);
    }
    return t;
  }

  // The popped IPSR must fit the mode that EXC_RETURN asks for; if not, the frame stays on the stack.
  const std::uint32_t psr = words[7];
  if (to_handler != ((psr & 0x1ff) != 0)) return bad_return(exc_return, cpu);

  for (unsigned i = 0; i < 4; ++i) regs[i] = words[i];
  regs[12] = words[4];
  regs[lr] = words[5];
  if (fp_frame && !load_fp) {
    fpccr &= ~fpccr_lspact;
    t.fp_skipped = true;
  } else if (load_fp) {
    for (unsigned i = 0; i < 16; ++i) regs[s0 + i] = fp[i];
    regs[fpscr] = fp[16];
  }
  regs[control] &= ~(control_spsel | control_fpca);
  if (process) regs[control] |= control_spsel;
  if (fp_frame) regs[control] |= control_fpca;
  switch_stack(regs, false, process);
  const bool align = fp_frame || (ccr & ccr_stkalign) != 0;
  regs[sp] = (frame + (fp_frame ? 0x68u : 0x20u)) | (align && (psr & 0x200) != 0 ? 4u : 0u);
  t.next = set_xpsr(regs, psr);
  if (!config_.dsp) regs[ge] = 0;
  t.next.pc = words[6] & ~1u;
  event_ = true;
  t.sleep_on_exit = !to_handler && nested == 1 && (scr & scr_sleeponexit) != 0;
  return t;
}

// ---- floating point -------------------------------------------------------------------------------------------------

FpTouch ExceptionUnit::touch_fp(Cpu cpu) {
  FpTouch result;
  std::uint32_t* regs = cpu.regs;
  if (!fp_enabled(regs)) {
    result.no_coprocessor = true;
    return result;
  }
  if ((fpccr & fpccr_lspact) != 0) {  // PreserveFPState()
    AccessResult access = AccessResult::ok;
    cpu.memory.become((fpccr & fpccr_user) == 0, (fpccr & fpccr_hfrdy) == 0);  // as when the room was reserved
    for (unsigned i = 0; i < 17 && access == AccessResult::ok; ++i) {
      access = cpu.memory.write32(fpcar + 4 * i, i < 16 ? regs[s0 + i] : regs[fpscr]);
      ++result.words_stacked;
    }
    fpccr &= ~fpccr_lspact;
    if (access != AccessResult::ok) {
      const bool bus = access == AccessResult::bus_fault;
      cfsr |= bus ? cfsr_lsperr : cfsr_mlsperr;
      unsigned exception = bus ? bus_fault : mem_manage;
      if ((fpccr & (bus ? fpccr_bfrdy : fpccr_mmrdy)) == 0) {
        hfsr |= hfsr_forced;
        exception = hard_fault;
        result.lockup = lockup_ = (fpccr & fpccr_hfrdy) == 0;
      }
      set_pending(exception);
      result.fault_pended = true;
    }
  }
  if ((fpccr & fpccr_aspen) != 0 && (regs[control] & control_fpca) == 0) {
    regs[fpscr] = (regs[fpscr] & ~fpscr_defaults) | (fpdscr & fpscr_defaults);
    regs[control] |= control_fpca;
  }
  return result;
}

}  // namespace mj::isa::thumb
