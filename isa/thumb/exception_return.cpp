// Return: from an exception, by a branch to EXC_RETURN, and from a Non-secure function, by one to FNC_RETURN.
#include "isa/thumb/exceptions.h"

namespace mj::isa::thumb {
namespace {

constexpr std::uint32_t xpsr_exception = 0x1ff, xpsr_realigned = 1u << 9;

}  // namespace

// `secure`: the state that EXC_RETURN.ES says the exception was taken to.
void ExceptionUnit::deactivate(unsigned exception, bool secure, std::uint32_t* regs) {
  put(active_, exception, false);
  if (level(exception)) put(pending_, exception, true);  // a line that is still asserted
  update();
  if (number_of(exception) == nmi) return;
  if (!config_.security)
    regs[faultmask] = 0;
  else if (active_priority_ >= 0)  // R_KBNF: not while another fault handler of negative priority is active
    (secure == secure_ ? regs[faultmask] : other_core_.faultmask) = 0;
}

// A fault found on the way out: taken by tail-chaining, the frame stays on the stack (ARMv7-M B1.5.8).
void ExceptionUnit::tail_chain_fault(unsigned exception, std::uint32_t exc_return, Cpu cpu, Transition& t) {
  t.tail_chained = true;
  cpu.regs[lr] = exc_return;
  const int now = execution_priority(cpu.regs);
  if (exists(exception) && raises_priority(exception, now)) return take(exception, cpu, t, true);
  hfsr |= hfsr_forced;
  const unsigned escalated = hard_fault_for(targets_secure(exception));
  if (now > priority(escalated))
    take(escalated, cpu, t, true);
  else
    lock(t);
}

// A failed integrity check.
Transition ExceptionUnit::bad_return(std::uint32_t exc_return, Cpu cpu) {
  Transition t;
  note(cfsr_invpc, secure_);
  tail_chain_fault(id(usage_fault, secure_), exc_return, cpu, t);
  return t;
}

Transition ExceptionUnit::return_from(std::uint32_t exc_return, Cpu cpu) {
  return config_.v8m ? return_v8m(exc_return, cpu) : return_v7m(exc_return, cpu);
}

Transition ExceptionUnit::return_v7m(std::uint32_t exc_return, Cpu cpu) {
  std::uint32_t* regs = cpu.regs;
  const unsigned returning = regs[ipsr];
  const unsigned nested = active_count();
  const std::uint32_t kind = exc_return & 15;
  const std::uint32_t ones = config_.fpu ? 0xffffffe0u : 0xfffffff0u;
  const bool to_handler = kind == 1;
  const bool legal = (exc_return & ones) == ones && (to_handler || kind == 9 || kind == 13);
  const bool was_active = active(returning);
  deactivate(returning, false, regs);
  if (!was_active || !legal) return bad_return(exc_return, cpu);
  if (!to_handler && nested != 1 && (ccr & ccr_nonbasethrdena) == 0) return bad_return(exc_return, cpu);

  if (const auto next = pending_exception(regs)) {  // tail-chaining: the frame stays for the next handler
    Transition t;
    t.tail_chained = true;
    regs[lr] = exc_return;
    take(*next, cpu, t, true);
    return t;
  }

  // PopStack(), first into copies: a fault leaves everything as it was and is taken by tail-chaining.
  Transition t;
  const bool process = kind == 13;
  const bool fp_frame = config_.fpu && (exc_return & exc_return_ftype) == 0;
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
    tail_chain_fault(fault, exc_return, cpu, t);
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

// ExceptionReturn() of DDI0553 B3.20 and B3.21.
Transition ExceptionUnit::return_v8m(std::uint32_t exc_return, Cpu cpu) {
  std::uint32_t* regs = cpu.regs;
  const unsigned nested = active_count();
  if (!config_.fpu) exc_return |= exc_return_ftype;
  bool bad_entry = false;
  if (config_.security) {
    // Non-secure code must not claim to have been entered as Secure (R_SMFL); for all the rest ES counts as 0.
    bad_entry = !secure_ && ((exc_return & exc_return_es) != 0 || (exc_return & exc_return_dcrs) == 0);
    if (bad_entry) exc_return &= ~std::uint32_t{exc_return_es};
  } else {
    exc_return &= ~std::uint32_t{exc_return_es | exc_return_s};
  }
  const bool was_secure = config_.security && (exc_return & exc_return_es) != 0;
  const bool to_secure = config_.security && (exc_return & exc_return_s) != 0;
  const bool to_handler = (exc_return & exc_return_mode) == 0, fp_frame = (exc_return & exc_return_ftype) == 0;
  // Which instance it is that ends: of an interrupt there is one; it must fit the state it is left from.
  const unsigned returning = id(regs[ipsr], was_secure);
  const bool was_active = active(returning) && targets_secure(returning) == was_secure;
  if (active(returning)) deactivate(returning, was_secure, regs);
  const bool legal = exc_return >> 7 == 0x1ffffff && (exc_return & 2) == 0 &&
                     (config_.security || (exc_return & exc_return_dcrs) != 0);

  std::uint32_t& spsel_of = control_of(was_secure, regs);
  spsel_of = (spsel_of & ~control_spsel) | ((exc_return & exc_return_spsel) != 0 ? control_spsel : 0u);

  Transition t;
  const auto secure_fault_now = [&](std::uint32_t bit) {
    sfsr |= bit;
    tail_chain_fault(secure_fault, exc_return, cpu, t);
    return t;
  };
  // What a handler leaves in the FP registers that callers save is not shown to the interrupted code.
  if ((fpccr_shared() & fpccr_clronret) != 0 && (regs[control] & control_fpca) != 0) {
    if ((bank(true).fpccr & fpccr_lspact) != 0) return secure_fault_now(sfsr_lserr);
    clear_fp(regs, 0, 16);
    regs[fpscr] = 0;
  }
  if (bad_entry) return secure_fault_now(sfsr_inver);
  if (!was_active || !legal) return bad_return(exc_return, cpu);

  if (const auto next = pending_exception(regs)) {
    t.tail_chained = true;
    regs[lr] = exc_return;
    take(*next, cpu, t, true);
    return t;
  }

  // PopStack(), first into copies: a fault leaves registers and stacks as they were and is taken by tail-chaining, in
  // the state of the code that was to go on.
  become_secure(to_secure, regs);
  const std::uint32_t control_there = regs[control];
  const bool process = !to_handler && (control_there & control_spsel) != 0;
  const bool to_privileged = to_handler || (control_there & control_npriv) == 0;
  std::uint32_t& stack = stack_of(to_secure, process, regs);
  std::uint32_t frame = stack;
  AccessResult access = AccessResult::ok;
  const auto pop = [&](std::uint32_t address) {
    std::uint32_t value = 0;
    if (access != AccessResult::ok) return value;
    access = cpu.memory.read32(address, value);
    ++t.words_unstacked;
    return value;
  };
  const int now = execution_priority(regs);
  cpu.memory.become(to_privileged, now < 0);
  cpu.memory.become_secure(to_secure);
  const bool callee = to_secure && (!was_secure || (exc_return & exc_return_dcrs) == 0);
  std::uint32_t words[8] = {}, callee_words[8] = {}, fp[17] = {}, upper[16] = {};
  if (callee) {
    const std::uint32_t signature = pop(frame);
    if (access == AccessResult::ok && signature != (integrity_signature | (fp_frame ? 0u : 1u)))
      return secure_fault_now(sfsr_invis);
    for (unsigned i = 0; i < 8; ++i) callee_words[i] = pop(frame + 8 + 4 * i);
    frame += 0x28;
  }
  for (unsigned i = 0; i < 8; ++i) words[i] = pop(frame + 4 * i);
  const bool with_upper = fp_frame && to_secure && (fpccr_shared() & fpccr_ts) != 0;
  const bool load_fp = fp_frame && (fpccr & fpccr_lspact) == 0;
  if (access == AccessResult::ok && to_handler != ((words[7] & xpsr_exception) != 0))
    return bad_return(exc_return, cpu);
  if (access == AccessResult::ok && fp_frame && !to_secure && config_.security &&
      (bank(true).fpccr & fpccr_lspact) != 0)
    return secure_fault_now(sfsr_lserr);
  if (access == AccessResult::ok && load_fp) {
    if (!fp_enabled(to_privileged, to_secure) || !fp_allowed_by_nsacr(to_secure)) {
      const bool by_nsacr = fp_enabled(to_privileged, to_secure);
      note(cfsr_nocp, to_secure || by_nsacr);
      tail_chain_fault(id(usage_fault, to_secure || by_nsacr), exc_return, cpu, t);
      return t;
    }
    for (unsigned i = 0; i < 17; ++i) fp[i] = pop(frame + 0x20 + 4 * i);
    if (with_upper)
      for (unsigned i = 0; i < 16; ++i) upper[i] = pop(frame + 0x68 + 4 * i);
  }
  if (access != AccessResult::ok) {
    unsigned fault = bus_fault;
    if (access == AccessResult::mpu_fault) fault = id(mem_manage, to_secure);
    if (access == AccessResult::secure_fault) fault = secure_fault;
    if (access == AccessResult::secure_fault)
      sfsr |= sfsr_auviol;
    else
      note(access == AccessResult::mpu_fault ? cfsr_munstkerr : cfsr_unstkerr, to_secure);
    tail_chain_fault(fault, exc_return, cpu, t);
    return t;
  }

  for (unsigned i = 0; i < 4; ++i) regs[i] = words[i];
  regs[12] = words[4];
  regs[lr] = words[5];
  if (callee)
    for (unsigned i = 0; i < 8; ++i) regs[4 + i] = callee_words[i];
  if (fp_frame && !load_fp) {
    fpccr &= ~fpccr_lspact;
    t.fp_skipped = true;
  } else if (load_fp) {
    for (unsigned i = 0; i < 16; ++i) regs[s0 + i] = fp[i];
    if (with_upper)
      for (unsigned i = 0; i < 16; ++i) regs[s0 + 16 + i] = upper[i];
    regs[fpscr] = fp[16];
  }
  stack = (frame + 0x20 + (fp_frame ? 0x48u : 0u) + (with_upper ? 0x40u : 0u)) |
          ((words[7] & xpsr_realigned) != 0 ? 4u : 0u);
  regs[control] &= ~std::uint32_t{control_fpca};
  if (fp_frame) regs[control] |= control_fpca;
  if (to_secure) {
    regs[control] &= ~std::uint32_t{control_sfpa};
    if ((words[7] & retpsr_sfpa) != 0) regs[control] |= control_sfpa;
  }
  t.next = set_xpsr(regs, words[7] & ~std::uint32_t{retpsr_sfpa});
  switch_stack(regs, false, process);
  if (!config_.dsp) regs[ge] = 0;
  t.next.pc = words[6] & ~1u;
  event_ = true;
  t.sleep_on_exit = !to_handler && nested == 1 && (bank(was_secure).scr & scr_sleeponexit) != 0;
  return t;
}

// ---- branches between security states -------------------------------------------------------------------------------

void ExceptionUnit::secure_gateway(std::uint32_t* regs) {
  regs[lr] &= ~1u;  // BXNS LR will go back to Non-secure state
  control_of(true, regs) &= ~std::uint32_t{control_sfpa};
  become_secure(true, regs);
}

Transition ExceptionUnit::branch_non_secure(std::uint32_t target, bool link, const Resume& here, std::uint32_t next,
                                            Cpu cpu) {
  std::uint32_t* regs = cpu.regs;
  Transition t;
  t.next = {target & ~1u, 0, true};
  if ((target & 1) != 0) {
    if (link) regs[lr] = next | 1;
    return t;
  }
  if (link) {
    const std::uint32_t frame = regs[sp] - 8;
    if (violates_limit(frame, regs)) return raise(Fault::stack_overflow, 0, here, cpu);
    cpu.memory.become(is_privileged(regs), execution_priority(regs) < 0);
    cpu.memory.become_secure(true);
    const std::uint32_t psr = (regs[ipsr] & xpsr_exception) | ((regs[control] & control_sfpa) != 0 ? retpsr_sfpa : 0);
    std::uint32_t at = frame;
    AccessResult access = cpu.memory.write32(at, next | 1);
    if (access == AccessResult::ok) access = cpu.memory.write32(at = frame + 4, psr);
    t.words_stacked = 2;
    if (access != AccessResult::ok)
      return raise(access == AccessResult::mpu_fault ? Fault::data_mpu : Fault::data_bus, at, here, cpu);
    regs[sp] = frame;
    regs[lr] = fnc_return;
    if (in_handler_mode(regs)) regs[ipsr] = 1;  // which Secure handler this is remains hidden
  }
  regs[control] &= ~std::uint32_t{control_sfpa};
  become_secure(false, regs);
  return t;
}

Transition ExceptionUnit::return_from_non_secure(const Resume& here, Cpu cpu) {
  std::uint32_t* regs = cpu.regs;
  const bool process = !in_handler_mode(regs) && (control_of(true, regs) & control_spsel) != 0;
  std::uint32_t& stack = stack_of(true, process, regs);
  Transition t;
  cpu.memory.become(in_handler_mode(regs) || (control_of(true, regs) & control_npriv) == 0,
                    execution_priority(regs) < 0);
  cpu.memory.become_secure(true);
  std::uint32_t target = 0, psr = 0, at = stack;
  AccessResult access = cpu.memory.read32(at, target);
  if (access == AccessResult::ok) access = cpu.memory.read32(at += 4, psr);
  if (access != AccessResult::ok)
    return raise(access == AccessResult::mpu_fault ? Fault::data_mpu : Fault::data_bus, at, here, cpu);
  t.words_unstacked = 2;
  const std::uint32_t exception = psr & xpsr_exception;
  if (!((regs[ipsr] == 0 && exception == 0) || (regs[ipsr] == 1 && exception != 0)))
    return raise(Fault::invalid_return, 0, here, cpu);
  stack += 8;
  become_secure(true, regs);
  regs[ipsr] = exception;
  regs[control] &= ~std::uint32_t{control_sfpa};
  if ((psr & retpsr_sfpa) != 0) regs[control] |= control_sfpa;
  t.next = {target & ~1u, 0, (target & 1) != 0};
  return t;
}

}  // namespace mj::isa::thumb
