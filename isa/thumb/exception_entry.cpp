// Entry: what is pushed, what the handler finds in its registers, and where a fault during entry leads.
#include <algorithm>

#include "isa/thumb/exceptions.h"

namespace mj::isa::thumb {
namespace {

// Stack frames, bytes (ARMv7-M B1.5.7; DDI0553 B3.19).
constexpr std::uint32_t basic_frame = 0x20, fp_frame_bytes = 0x48, upper_fp_bytes = 0x40, callee_frame = 0x28;

struct FaultRow {
  unsigned exception;
  std::uint32_t cfsr;
  std::uint32_t sfsr = 0;
};

constexpr FaultRow fault_row(Fault fault) {
  switch (fault) {
    case Fault::undefined_instruction:
      return {usage_fault, cfsr_undefinstr};
    case Fault::invalid_state:
      return {usage_fault, cfsr_invstate};
    case Fault::no_coprocessor:
    case Fault::no_coprocessor_secure:
      return {usage_fault, cfsr_nocp};
    case Fault::unaligned:
      return {usage_fault, cfsr_unaligned};
    case Fault::divide_by_zero:
      return {usage_fault, cfsr_divbyzero};
    case Fault::stack_overflow:
      return {usage_fault, cfsr_stkof};
    case Fault::invalid_return:
      return {usage_fault, cfsr_invpc};
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
    case Fault::secure_entry:
      return {secure_fault, 0, sfsr_invep};
    case Fault::secure_data:
      return {secure_fault, 0, sfsr_auviol | sfsr_sfarvalid};
    case Fault::secure_transition:
      return {secure_fault, 0, sfsr_invtran};
    case Fault::secure_lazy_error:
      return {secure_fault, 0, sfsr_lserr};
  }
  return {hard_fault, 0};
}

}  // namespace

void ExceptionUnit::lock(Transition& t) {
  lockup_ = true;
  t.lockup = true;
  t.next = {lockup_pc, 0, true};
}

// A fault during stacking or unstacking: pended, escalated if it can't be taken itself (ARMv7-M B1.5.11).
void ExceptionUnit::derived(unsigned exception, int priority_before) {
  if (!exists(exception) || !raises_priority(exception, priority_before)) {
    hfsr |= hfsr_forced;
    exception = hard_fault_for(targets_secure(exception));
  }
  put(pending_, exception, true);
  update();
}

void ExceptionUnit::stacking_fault(AccessResult access, bool secure, std::uint32_t mpu_bit, std::uint32_t bus_bit,
                                   int priority_before) {
  switch (access) {
    case AccessResult::ok:
      return;
    case AccessResult::bus_fault:
      note(bus_bit, secure);
      return derived(bus_fault, priority_before);
    case AccessResult::mpu_fault:
      note(mpu_bit, secure);
      return derived(id(mem_manage, secure), priority_before);
    case AccessResult::secure_fault:
      sfsr |= sfsr_auviol;
      return derived(secure_fault, priority_before);
  }
}

// UpdateFPCCR() (ARMv7-M B1.5.7, DDI0553 B3.22): notes where the FP state is to go and as whom.
void ExceptionUnit::reserve_fp(std::uint32_t fp_frame, bool below_limit, const std::uint32_t* regs,
                               int priority_before) {
  fpcar = fp_frame & ~7u;
  fpccr &= ~(fpccr_user | fpccr_thread | fpccr_mmrdy | fpccr_splimviol | fpccr_ufrdy);
  fpccr |= fpccr_lspact;
  if (!is_privileged(regs)) fpccr |= fpccr_user;
  if (!in_handler_mode(regs)) fpccr |= fpccr_thread;
  if (below_limit) fpccr |= fpccr_splimviol;
  if (raises_priority(id(mem_manage, secure_), priority_before)) fpccr |= fpccr_mmrdy;
  if (config_.v8m && raises_priority(id(usage_fault, secure_), priority_before)) fpccr |= fpccr_ufrdy;
  std::uint32_t& shared = fpccr_shared();
  shared &= ~(fpccr_hfrdy | fpccr_bfrdy | fpccr_monrdy | fpccr_sfrdy);
  if (priority_before > -1) shared |= fpccr_hfrdy;
  if (raises_priority(bus_fault, priority_before)) shared |= fpccr_bfrdy;
  if (raises_priority(debug_monitor, priority_before)) shared |= fpccr_monrdy;
  if (config_.security) {
    if (raises_priority(secure_fault, priority_before)) shared |= fpccr_sfrdy;
    shared = secure_ ? shared | fpccr_s : shared & ~fpccr_s;
  }
}

void ExceptionUnit::clear_fp(std::uint32_t* regs, unsigned first, unsigned last) {
  std::fill(regs + s0 + first, regs + s0 + last, 0u);
}

// The FP state at once, lazy stacking being off.
void ExceptionUnit::push_fp(std::uint32_t fp_frame, bool with_upper, AccessResult& access, Cpu cpu, Transition& t,
                            int priority_before) {
  std::uint32_t* regs = cpu.regs;
  if (!fp_allowed_by_nsacr(secure_)) {
    note(cfsr_nocp, true);
    return derived(id(usage_fault, true), priority_before);
  }
  if (!fp_enabled(is_privileged(regs), secure_)) {
    note(cfsr_nocp, secure_);
    return derived(id(usage_fault, secure_), priority_before);
  }
  const auto push = [&](std::uint32_t address, std::uint32_t value) {
    if (access != AccessResult::ok) return;
    access = cpu.memory.write32(address, value);
    ++t.words_stacked;
  };
  for (unsigned i = 0; i < 16; ++i) push(fp_frame + 4 * i, regs[s0 + i]);
  push(fp_frame + 0x40, regs[fpscr]);
  if (!with_upper) return;
  for (unsigned i = 16; i < 32; ++i) push(fp_frame + fp_frame_bytes + 4 * (i - 16), regs[s0 + i]);
  clear_fp(regs, 0, 32);  // FPCCR.TS: what Secure code computed is not left to others
  regs[fpscr] = 0;
}

// PushStack() of ARMv7-M B1.5.7 and DDI0553 B3.19; also writes LR.
void ExceptionUnit::push_stack(const Resume& at, Cpu cpu, Transition& t, int priority_before) {
  std::uint32_t* regs = cpu.regs;
  const bool fp_frame = config_.fpu && (regs[control] & control_fpca) != 0;
  const bool with_upper = fp_frame && secure_ && (fpccr_shared() & fpccr_ts) != 0;
  const bool align = fp_frame || (ccr & ccr_stkalign) != 0;
  const bool process = uses_process_stack(regs);
  const std::uint32_t padded = align && (regs[sp] & 4) != 0 ? 1u : 0u;
  const std::uint32_t bytes = basic_frame + (fp_frame ? fp_frame_bytes : 0) + (with_upper ? upper_fp_bytes : 0);
  const std::uint32_t frame = (regs[sp] - bytes) & ~(align ? 4u : 0u);

  std::uint32_t psr = (xpsr(regs, at.it_state, at.thumb) & ~0x200u) | padded << 9;
  if (secure_ && (regs[control] & control_sfpa) != 0) psr |= retpsr_sfpa;
  const std::uint32_t words[8] = {regs[0], regs[1], regs[2], regs[3], regs[12], regs[lr], at.pc, psr};
  AccessResult access = AccessResult::ok;
  const auto push = [&](std::uint32_t address, std::uint32_t value) {
    if (access != AccessResult::ok) return;  // a fault abandons the rest of the frame
    access = cpu.memory.write32(address, value);
    ++t.words_stacked;
  };
  cpu.memory.become(is_privileged(regs), priority_before < 0);
  cpu.memory.become_secure(secure_);
  // Below the limit nothing is pushed, and SP stays at it (DDI0553 B3.21); above it could be, by choice isn't.
  const bool overflow = violates_limit(frame, regs);
  regs[sp] = overflow ? regs[sp_limit] : frame;
  if (!overflow)
    for (unsigned i = 0; i < 8; ++i) push(frame + 4 * i, words[i]);

  if (fp_frame && (fpccr_shared() & fpccr_lspen) == 0) {
    if (!overflow) push_fp(frame + basic_frame, with_upper, access, cpu, t, priority_before);
  } else if (fp_frame) {
    t.fp_reserved = true;
    reserve_fp(frame + basic_frame, overflow, regs, priority_before);
  }

  if (config_.v8m) {
    // ES and SPSEL are the handler's: prepare_handler().
    std::uint32_t exc_return = 0xffffff80u | exc_return_dcrs;
    if (secure_) exc_return |= exc_return_s;
    if (!fp_frame) exc_return |= exc_return_ftype;
    if (!in_handler_mode(regs)) exc_return |= exc_return_mode;
    regs[lr] = exc_return;
  } else {
    regs[lr] = (fp_frame ? 0xffffffe1u : 0xfffffff1u) | (in_handler_mode(regs) ? 0 : 8u) | (process ? 4u : 0);
  }
  if (overflow) {
    note(cfsr_stkof, secure_);
    derived(id(usage_fault, secure_), priority_before);
  }
  stacking_fault(access, secure_, cfsr_mstkerr, cfsr_stkerr, priority_before);
}

// PushCalleeStack() of DDI0553: R4-R11 of Secure code whose handler is Non-secure, below the frame that is there.
bool ExceptionUnit::push_callee_registers(bool tail_chain, Cpu cpu, Transition& t, int priority_before) {
  std::uint32_t* regs = cpu.regs;
  const std::uint32_t exc_return = regs[lr];
  const bool thread = (exc_return & exc_return_mode) != 0;
  const bool process = tail_chain ? thread && (control_of(true, regs) & control_spsel) != 0 : uses_process_stack(regs);
  std::uint32_t& stack = stack_of(true, process, regs);
  const std::uint32_t limit = limit_of(true, process, regs), frame = stack - callee_frame;
  if (frame < limit && limit_applies(true, regs)) {
    stack = limit;
    note(cfsr_stkof, true);
    derived(id(usage_fault, true), priority_before);
    return false;
  }
  cpu.memory.become(!thread || (control_of(true, regs) & control_npriv) == 0, priority_before < 0);
  cpu.memory.become_secure(true);
  AccessResult access = AccessResult::ok;
  const auto push = [&](std::uint32_t address, std::uint32_t value) {
    if (access != AccessResult::ok) return;
    access = cpu.memory.write32(address, value);
    ++t.words_stacked;
  };
  push(frame, integrity_signature | ((exc_return & exc_return_ftype) != 0 ? 1u : 0u));
  for (unsigned i = 0; i < 8; ++i) push(frame + 8 + 4 * i, regs[4 + i]);
  stack = frame;
  stacking_fault(access, true, cfsr_mstkerr, cfsr_stkerr, priority_before);
  return access == AccessResult::ok;
}

// ExceptionTaken() of DDI0553 B3.19, as far as the interrupted state is concerned.
bool ExceptionUnit::prepare_handler(unsigned exception, bool tail_chain, bool ignore_faults, Cpu cpu, Transition& t) {
  std::uint32_t* regs = cpu.regs;
  const bool to_secure = targets_secure(exception);
  std::uint32_t& exc_return = regs[lr];
  if (config_.security && (exc_return & exc_return_s) != 0) {
    const bool stacked_before = tail_chain && (exc_return & exc_return_es) == 0;  // the last handler was Non-secure
    if (to_secure) {
      if (stacked_before) exc_return &= ~std::uint32_t{exc_return_dcrs};
    } else {
      if ((exc_return & exc_return_dcrs) != 0 && !stacked_before &&
          !push_callee_registers(tail_chain, cpu, t, execution_priority(regs)) && !ignore_faults)
        return false;
      exc_return |= exc_return_dcrs;
    }
  }
  exc_return &= ~std::uint32_t{exc_return_es | exc_return_spsel};
  if (to_secure) exc_return |= exc_return_es;
  if ((control_of(config_.security && to_secure, regs) & control_spsel) != 0) exc_return |= exc_return_spsel;
  // What Secure code had in its registers is none of a Non-secure handler's business.
  if (config_.security && !to_secure && (exc_return & exc_return_s) != 0) {
    std::fill_n(regs, 13, 0u);
    set_apsr(regs, 0);
  }
  return true;
}

// The most urgent fault that is pending and more urgent than `over`, else `over`. Neither is active yet, so that of
// equal priorities the lower number is the more urgent (ARMv7-M B1.5.4).
unsigned ExceptionUnit::most_urgent_fault(unsigned over) const {
  for (const unsigned n : {hard_fault, mem_manage, bus_fault, usage_fault, secure_fault})
    for (const unsigned fault : {n | secure_bank, unsigned{n}})
      if (test(pending_, fault) && test(enabled_, fault) && more_urgent(fault, over)) over = fault;
  return over;
}

// ExceptionTaken() of ARMv7-M B1.5.7, with a failing vector read becoming HardFault or lockup.
void ExceptionUnit::take(unsigned exception, Cpu cpu, Transition& t, bool tail_chain) {
  std::uint32_t* regs = cpu.regs;
  std::uint32_t vector = 0;
  put(pending_, exception, true);
  bool ignore_faults = false;
  for (;;) {
    if (config_.v8m && !prepare_handler(exception, tail_chain, ignore_faults, cpu, t)) {
      // The frame of the callee-saved registers failed: the fault may be more urgent, and lead elsewhere.
      exception = most_urgent_fault(exception);
      t.late_arrival = tail_chain = ignore_faults = true;
      continue;
    }
    const bool secure = targets_secure(exception);
    cpu.memory.become_secure(secure);
    if (cpu.memory.read_vector(bank(secure).vtor_ + 4 * number_of(exception), vector) == AccessResult::ok) break;
    hfsr |= hfsr_vecttbl;
    const unsigned fault = hard_fault_for(secure);
    put(pending_, fault, true);
    update();
    if (exception == fault || number_of(exception) <= nmi || active_priority_ <= group_priority(fault)) {
      t.handler = number_of(exception);
      return lock(t);
    }
    t.late_arrival = true;
    tail_chain = true;
    exception = fault;
  }
  const bool process = uses_process_stack(regs);
  const bool secure = targets_secure(exception);
  const std::uint32_t exc_return = regs[lr];
  regs[ipsr] = number_of(exception);
  switch_stack(regs, process, false);
  if (config_.security) {
    control_of(true, regs) &= ~std::uint32_t{control_sfpa};
    become_secure(secure, regs);
  }
  regs[lr] = exc_return;
  regs[control] &= ~(control_fpca | control_spsel);
  put(active_, exception, true);
  put(pending_, exception, false);
  update();
  event_ = true;
  t.handler = number_of(exception);
  t.next = {vector & ~1u, 0, (vector & 1) != 0};
}

Transition ExceptionUnit::enter(unsigned exception, const Resume& at, Cpu cpu) {
  Transition t;
  const int before = execution_priority(cpu.regs);
  push_stack(at, cpu, t, before);
  // A derived fault that is more urgent is taken first, as if it had arrived late; the other one stays pending.
  put(pending_, exception, true);
  const unsigned chosen = most_urgent_fault(exception);
  t.late_arrival = chosen != exception;
  take(chosen, cpu, t, false);
  return t;
}

Transition ExceptionUnit::late_arrival(unsigned exception, Cpu cpu) {
  Transition t;
  const unsigned first = id(cpu.regs[ipsr], secure_);
  put(active_, first, false);
  put(pending_, first, true);
  t.late_arrival = true;
  if (config_.v8m) cpu.regs[control] |= (cpu.regs[lr] & exc_return_spsel) != 0 ? control_spsel : 0u;
  take(exception, cpu, t, true);
  return t;
}

Transition ExceptionUnit::raise(Fault fault, std::uint32_t address, const Resume& at, Cpu cpu) {
  const FaultRow row = fault_row(fault);
  const bool secure = secure_ || (config_.security && fault == Fault::no_coprocessor_secure);
  note(row.cfsr, secure);
  sfsr |= row.sfsr;
  if (fault == Fault::data_bus) bfar = address;
  if (fault == Fault::data_mpu) mmfar = address;
  if (fault == Fault::secure_data) sfar = address;
  const int before = execution_priority(cpu.regs);
  const unsigned exception = id(row.exception, secure);
  if (exists(exception) && raises_priority(exception, before)) {
    if (fault == Fault::breakpoint) dfsr |= dfsr_bkpt;
    return enter(exception, at, cpu);
  }
  hfsr |= fault == Fault::breakpoint ? hfsr_debugevt : hfsr_forced;
  const unsigned escalated = hard_fault_for(targets_secure(exception));
  if (before > priority(escalated)) return enter(escalated, at, cpu);
  Transition t;
  lock(t);
  return t;
}

void ExceptionUnit::pend_imprecise_bus_fault() {
  note(cfsr_impreciserr, secure_);
  if (!enabled(bus_fault)) hfsr |= hfsr_forced;
  set_pending(enabled(bus_fault) ? unsigned{bus_fault} : hard_fault_for(targets_secure(bus_fault)));
}

}  // namespace mj::isa::thumb
