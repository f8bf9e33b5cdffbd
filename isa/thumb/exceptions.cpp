// Which exceptions are enabled, pending and active, and which one preempts now.
#include "isa/thumb/exceptions.h"

#include <algorithm>
#include <bit>
#include <tuple>

namespace mj::isa::thumb {
namespace {

constexpr int restricted_non_secure = 0x80;  // RestrictedNSPri(): with AIRCR.PRIS, Non-secure is not more urgent

}  // namespace

bool is_exc_return(std::uint32_t target, const std::uint32_t* regs) {
  return in_handler_mode(regs) && target >> 28 == 15;
}

// ---- state ----------------------------------------------------------------------------------------------------------

ExceptionUnit::ExceptionUnit(const ExceptionConfig& config) : config_(config) {
  config_.interrupts = std::min(config_.interrupts, 496u);
  config_.priority_bits = std::clamp(config_.priority_bits, 2u, 8u);
  config_.security = config_.security && config_.v8m;
  if (config_.profile == Profile::armv6m) {
    config_.priority_bits = 2;
    config_.fpu = false;
  } else {
    config_.unprivileged = true;
  }
  if (config_.security) config_.unprivileged = true;
  reset();
}

void ExceptionUnit::reset() {
  const bool v7 = mainline();
  static_cast<Banked&>(*this) = {};
  hfsr = dfsr = bfar = sfsr = sfar = 0;
  ccr = v7 ? ccr_stkalign : ccr_stkalign | ccr_unalign_trp;
  // Armv8-M: STKALIGN and what NONBASETHRDENA allowed are always so (DDI0553 D1.2, CCR).
  if (config_.v8m) ccr |= ccr_nonbasethrdena;
  fpccr = config_.fpu ? fpccr_aspen | fpccr_lspen : 0;
  other_ = *this;
  other_core_ = {};
  secure_ = config_.security;
  if (config_.security && config_.fpu) {
    fpccr |= fpccr_s;
    other_.fpccr = fpccr_aspen;
  }
  pris_ = bfhfnmins_ = sysresetreqs = false;
  nsacr_ = 0;
  demcr_ = 0;
  event_ = lockup_ = false;
  enabled_ = pending_ = active_ = level_ = non_secure_ = {};
  priority_ = {};
  for (unsigned n : {nmi, hard_fault, svcall, pend_sv, systick}) {
    put(enabled_, n, true);
    if (config_.security && is_banked(n)) put(enabled_, n | secure_bank, true);
  }
  update();
}

void ExceptionUnit::put(Bits& bits, unsigned n, bool on) {
  const std::uint32_t bit = 1u << (n % 32);
  bits[n / 32] = on ? bits[n / 32] | bit : bits[n / 32] & ~bit;
}

bool ExceptionUnit::exists(unsigned exception) const {
  if (exception >= secure_bank)
    return config_.security && is_banked(number_of(exception)) && exists(number_of(exception));
  if (exception >= external_0) return exception < exception_count();
  if (exception >= mem_manage && exception <= usage_fault) return mainline();
  if (exception == secure_fault) return mainline() && config_.security;
  if (exception == debug_monitor) return mainline();
  return exception == nmi || exception == hard_fault || exception == svcall || exception == pend_sv ||
         exception == systick;
}

int ExceptionUnit::priority(unsigned exception) const {
  if (exception == hard_fault + secure_bank) return bfhfnmins_ ? -3 : -1;
  // Reset is more urgent than everything else: -4 in Armv8-M, where nothing is told apart from that.
  if (exception <= hard_fault) return static_cast<int>(exception) - 4;
  return exception < ids ? priority_[exception] : 256;
}

bool ExceptionUnit::targets_secure(unsigned exception) const {
  if (!config_.security) return false;
  if (exception >= secure_bank || exception == secure_fault || exception == debug_monitor) return true;
  if (exception == nmi || exception == bus_fault) return !bfhfnmins_;
  return exception >= external_0 ? !test(non_secure_, exception) : false;
}

// PRIGROUP splits a priority after bit PRIGROUP (ARMv7-M B1.5.4).
int ExceptionUnit::group(int priority, bool secure) const {
  if (priority < 0) return priority;
  const int own = priority & ~static_cast<int>((2u << bank(secure).prigroup_) - 1);
  return config_.security && pris_ && !secure ? (own >> 1) + restricted_non_secure : own;
}

int ExceptionUnit::group_priority(unsigned exception) const {
  return group(priority(exception), targets_secure(exception));
}

void ExceptionUnit::set_prigroup(unsigned value, bool secure) {
  if (mainline()) bank(secure).prigroup_ = value & 7;
  update();
}

void ExceptionUnit::set_aircr_security(bool pris, bool bfhfnmins) {
  if (!config_.security) return;
  pris_ = pris;
  bfhfnmins_ = bfhfnmins;
  update();
}

void ExceptionUnit::set_targets_non_secure(unsigned interrupt, bool non_secure) {
  if (!config_.security || !exists(external_0 + interrupt)) return;
  put(non_secure_, external_0 + interrupt, non_secure);
  update();
}

void ExceptionUnit::note(std::uint32_t cfsr_bits, bool secure) {
  bank(secure).cfsr |= cfsr_bits;
  cfsr |= cfsr_bits & cfsr_bus_fault;
  if (config_.security) other_.cfsr |= cfsr_bits & cfsr_bus_fault;
}

void ExceptionUnit::clear_cfsr(std::uint32_t cfsr_bits, bool secure) {
  bank(secure).cfsr &= ~cfsr_bits;
  cfsr &= ~(cfsr_bits & cfsr_bus_fault);
  if (config_.security) other_.cfsr &= ~(cfsr_bits & cfsr_bus_fault);
}

void ExceptionUnit::become_secure(bool secure, std::uint32_t* regs) {
  if (!config_.security || secure == secure_) return;
  const bool process = uses_process_stack(regs);
  const CoreBank left{regs[process ? sp_other : sp],
                      regs[process ? sp : sp_other],
                      regs[process ? sp_limit_other : sp_limit],
                      regs[process ? sp_limit : sp_limit_other],
                      regs[primask],
                      regs[basepri],
                      regs[faultmask],
                      regs[control]};
  const std::uint32_t fpca = regs[control] & control_fpca;
  regs[sp] = other_core_.main_sp;
  regs[sp_other] = other_core_.process_sp;
  regs[sp_limit] = other_core_.main_limit;
  regs[sp_limit_other] = other_core_.process_limit;
  regs[primask] = other_core_.primask;
  regs[basepri] = other_core_.basepri;
  regs[faultmask] = other_core_.faultmask;
  regs[control] = (other_core_.control & ~control_fpca) | fpca;  // FPCA is not banked
  other_core_ = left;
  std::swap(static_cast<Banked&>(*this), other_);
  secure_ = secure;
  regs[secure_state] = secure;
  switch_stack(regs, false, uses_process_stack(regs));
}

std::uint32_t& ExceptionUnit::stack_of(bool secure, bool process, std::uint32_t* regs) {
  if (config_.security && secure != secure_) return process ? other_core_.process_sp : other_core_.main_sp;
  return regs[uses_process_stack(regs) == process ? sp : sp_other];
}

std::uint32_t& ExceptionUnit::limit_of(bool secure, bool process, std::uint32_t* regs) {
  if (config_.security && secure != secure_) return process ? other_core_.process_limit : other_core_.main_limit;
  return regs[uses_process_stack(regs) == process ? sp_limit : sp_limit_other];
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
  const unsigned number = number_of(exception);
  if (number < external_0 && (number < mem_manage || number > secure_fault)) return;
  put(enabled_, exception, on);
  update();
}

void ExceptionUnit::set_pending(unsigned exception) {
  if (!exists(exception)) return;
  if ((bank(targets_secure(exception)).scr & scr_sevonpend) != 0 && !pending(exception)) event_ = true;
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
  if (number_of(exception) <= hard_fault || !exists(exception)) return;
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

// At equal priority the lower number is more urgent, and of one number the Secure instance (DDI0553 B3.13).
bool ExceptionUnit::more_urgent(unsigned a, unsigned b) const {
  const auto rank = [this](unsigned n) {
    return std::tuple(group_priority(n), priority(n), number_of(n), n < secure_bank);
  };
  return rank(a) < rank(b);
}

void ExceptionUnit::update() {
  candidate_ = 0;
  candidate_priority_ = active_priority_ = 256;
  for (unsigned w = 0; w < pending_.size(); ++w) {
    for (std::uint32_t bits = pending_[w] & enabled_[w]; bits != 0; bits &= bits - 1) {
      const unsigned n = w * 32 + static_cast<unsigned>(std::countr_zero(bits));
      if (candidate_ == 0 || more_urgent(n, candidate_)) candidate_ = n;
    }
    for (std::uint32_t bits = active_[w]; bits != 0; bits &= bits - 1)
      active_priority_ =
          std::min(active_priority_, group_priority(w * 32 + static_cast<unsigned>(std::countr_zero(bits))));
  }
  if (candidate_ != 0) candidate_priority_ = group_priority(candidate_);
}

// ---- decisions ------------------------------------------------------------------------------------------------------

int ExceptionUnit::execution_priority(const std::uint32_t* regs, bool with_primask) const {
  int boosted = 256;
  const auto by_basepri = [&](std::uint32_t value, bool secure) {
    if ((value & 0xff) != 0) boosted = std::min(boosted, group(static_cast<int>(value & 0xff), secure));
  };
  by_basepri(regs[basepri], secure_);
  if (!config_.security) {
    if (with_primask && (regs[primask] & 1) != 0) boosted = 0;
    if ((regs[faultmask] & 1) != 0) boosted = -1;
    return std::min(boosted, active_priority_);
  }
  // ExecutionPriority() of DDI0553 (B3.13)
  by_basepri(other_core_.basepri, !secure_);
  const auto held = [&](unsigned id, std::uint32_t other, bool secure) {
    return ((secure == secure_ ? regs[id] : other) & 1) != 0;
  };
  const int non_secure_most = pris_ ? std::min(boosted, restricted_non_secure) : 0;
  if (with_primask && held(primask, other_core_.primask, false)) boosted = std::min(boosted, non_secure_most);
  if (with_primask && held(primask, other_core_.primask, true)) boosted = 0;
  if (held(faultmask, other_core_.faultmask, false)) boosted = bfhfnmins_ ? -1 : std::min(boosted, non_secure_most);
  if (held(faultmask, other_core_.faultmask, true)) boosted = bfhfnmins_ ? -3 : -1;
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

}  // namespace mj::isa::thumb
