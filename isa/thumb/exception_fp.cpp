// Floating-point state and exceptions: the check before FP instructions, lazy preservation, VLSTM and VLLDM.
#include "isa/thumb/exceptions.h"

namespace mj::isa::thumb {
namespace {

constexpr std::uint32_t fpscr_defaults = 0x07c00000;  // AHP, DN, FZ, RMode

}  // namespace

// PreserveFPState() of ARMv7-M B1.5.7 and DDI0553 B3.22: as whoever owns the state, FPCCR.S and its bank say. True: in
// Armv8-M a fault ends the instruction, which begins anew after it, and the state still waits to be stored.
bool ExceptionUnit::preserve_fp(Cpu cpu, FpTouch& result) {
  std::uint32_t* regs = cpu.regs;
  const bool secure = config_.security && (fpccr_shared() & fpccr_s) != 0;
  Banked& owner = bank(secure);
  std::uint32_t& shared = fpccr_shared();
  AccessResult access = AccessResult::ok;
  const bool privileged = (owner.fpccr & fpccr_user) == 0;
  const bool with_upper = secure && (shared & fpccr_ts) != 0;
  const bool allowed = !config_.v8m || (fp_enabled(privileged, secure) && fp_allowed_by_nsacr(secure));
  cpu.memory.become(privileged, (shared & fpccr_hfrdy) == 0);  // as when the room was reserved
  cpu.memory.become_secure(secure);
  const auto push = [&](std::uint32_t address, std::uint32_t value) {
    if (access != AccessResult::ok) return;
    access = cpu.memory.write32(address, value);
    ++result.words_stacked;
  };
  // SPLIMVIOL: the room was never there, which was a fault then; the state is lost.
  if (allowed && (owner.fpccr & fpccr_splimviol) == 0) {
    for (unsigned i = 0; i < 16; ++i) push(owner.fpcar + 4 * i, regs[s0 + i]);
    push(owner.fpcar + 0x40, regs[fpscr]);
    if (with_upper)
      for (unsigned i = 0; i < 16; ++i) push(owner.fpcar + 0x48 + 4 * i, regs[s0 + 16 + i]);
  }
  // Whether the fault may be taken was decided when the room was reserved.
  unsigned exception = exception_none;
  bool ready = false;
  if (!allowed) {
    const bool to_secure = secure || !fp_allowed_by_nsacr(secure);
    note(cfsr_nocp, to_secure);
    exception = id(usage_fault, to_secure);
    ready = (bank(to_secure).fpccr & fpccr_ufrdy) != 0;
  } else if (access == AccessResult::bus_fault) {
    note(cfsr_lsperr, secure);
    exception = bus_fault;
    ready = (shared & fpccr_bfrdy) != 0;
  } else if (access == AccessResult::mpu_fault) {
    note(cfsr_mlsperr, secure);
    exception = id(mem_manage, secure);
    ready = (owner.fpccr & fpccr_mmrdy) != 0;
  } else if (access == AccessResult::secure_fault) {
    sfsr |= sfsr_lsperr;
    exception = secure_fault;
    ready = (shared & fpccr_sfrdy) != 0;
  }
  if (exception != exception_none) {
    if (!ready) {
      hfsr |= hfsr_forced;
      exception = hard_fault_for(targets_secure(exception));
      result.lockup = lockup_ = (shared & fpccr_hfrdy) == 0;
    }
    set_pending(exception);
    result.fault_pended = true;
    if (config_.v8m && (result.lockup || pending_exception(regs))) return true;
  }
  owner.fpccr &= ~fpccr_lspact;
  if (with_upper) {
    clear_fp(regs, 0, 32);
    regs[fpscr] = 0;
  }
  return false;
}

FpTouch ExceptionUnit::touch_fp(Cpu cpu) {
  FpTouch result;
  std::uint32_t* regs = cpu.regs;
  if (!fp_enabled(is_privileged(regs), secure_)) {
    result.no_coprocessor = true;
    return result;
  }
  if (!fp_allowed_by_nsacr(secure_)) {
    result.no_coprocessor = result.refused_by_nsacr = true;
    return result;
  }
  if (((fpccr & fpccr_lspact) != 0 || (config_.security && (other_.fpccr & fpccr_lspact) != 0)) &&
      preserve_fp(cpu, result))
    return result;
  if (config_.security) {
    std::uint32_t& shared = fpccr_shared();
    shared = secure_ ? shared | fpccr_s : shared & ~fpccr_s;
  }
  const bool fresh = (regs[control] & control_fpca) == 0 || (secure_ && (regs[control] & control_sfpa) == 0);
  if ((fpccr & fpccr_aspen) != 0 && fresh) {
    regs[fpscr] = (regs[fpscr] & ~fpscr_defaults) | (fpdscr & fpscr_defaults);
    regs[control] |= secure_ ? control_fpca | control_sfpa : control_fpca;
  }
  return result;
}

ExceptionUnit::LazyResult ExceptionUnit::store_lazily(std::uint32_t address, Cpu cpu) {
  std::uint32_t* regs = cpu.regs;
  if (!secure_) return {Fault::undefined_instruction};
  if (!config_.fpu || (regs[control] & control_sfpa) == 0) return {};
  if (!fp_enabled(is_privileged(regs), true)) return {Fault::no_coprocessor};
  if ((fpccr & fpccr_lspact) != 0) return {Fault::secure_lazy_error};
  if ((address & 7) != 0) return {Fault::unaligned, address};
  const int now = execution_priority(regs);
  LazyResult result;
  if ((fpccr & fpccr_lspen) != 0) {
    reserve_fp(address, false, regs, now);
  } else {
    cpu.memory.become(is_privileged(regs), now < 0);
    cpu.memory.become_secure(true);
    const bool with_upper = (fpccr & fpccr_ts) != 0;
    const auto store = [&](std::uint32_t at, std::uint32_t value) {
      if (result.fault) return;
      const AccessResult access = cpu.memory.write32(at, value);
      ++result.words;
      result.address = at;
      if (access == AccessResult::mpu_fault) result.fault = Fault::data_mpu;
      if (access == AccessResult::bus_fault) result.fault = Fault::data_bus;
    };
    for (unsigned i = 0; i < 16; ++i) store(address + 4 * i, regs[s0 + i]);
    store(address + 0x40, regs[fpscr]);
    if (with_upper)
      for (unsigned i = 0; i < 16; ++i) store(address + 0x48 + 4 * i, regs[s0 + 16 + i]);
    if (result.fault) return result;
    if (with_upper) {
      clear_fp(regs, 0, 32);
      regs[fpscr] = 0;
    }
  }
  regs[control] &= ~std::uint32_t{control_fpca};
  return result;
}

ExceptionUnit::LazyResult ExceptionUnit::load_lazily(std::uint32_t address, Cpu cpu) {
  std::uint32_t* regs = cpu.regs;
  if (!secure_) return {Fault::undefined_instruction};
  if (!config_.fpu || (regs[control] & control_sfpa) == 0) return {};
  if (!fp_enabled(is_privileged(regs), true)) return {Fault::no_coprocessor};
  LazyResult result;
  if ((fpccr & fpccr_lspact) != 0) {
    fpccr &= ~fpccr_lspact;  // nobody has touched the registers
  } else {
    if ((address & 7) != 0) return {Fault::unaligned, address};
    cpu.memory.become(is_privileged(regs), execution_priority(regs) < 0);
    cpu.memory.become_secure(true);
    std::uint32_t words[33] = {};
    const auto load = [&](std::uint32_t at, std::uint32_t& value) {
      if (result.fault) return;
      const AccessResult access = cpu.memory.read32(at, value);
      ++result.words;
      result.address = at;
      if (access == AccessResult::mpu_fault) result.fault = Fault::data_mpu;
      if (access == AccessResult::bus_fault) result.fault = Fault::data_bus;
    };
    for (unsigned i = 0; i < 17; ++i) load(address + 4 * i, words[i]);
    const bool with_upper = (fpccr & fpccr_ts) != 0;
    if (with_upper)
      for (unsigned i = 0; i < 16; ++i) load(address + 0x48 + 4 * i, words[17 + i]);
    if (result.fault) return result;
    for (unsigned i = 0; i < 16; ++i) regs[s0 + i] = words[i];
    regs[fpscr] = words[16];
    if (with_upper)
      for (unsigned i = 0; i < 16; ++i) regs[s0 + 16 + i] = words[17 + i];
  }
  regs[control] |= control_fpca;
  return result;
}

}  // namespace mj::isa::thumb
