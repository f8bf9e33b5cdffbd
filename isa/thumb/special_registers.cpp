// The program status registers and what MRS, MSR and CPS read and write (ARMv7-M B1.4, B5.1, B5.2).
#include "isa/thumb/exceptions.h"
#include "isa/thumb/system.h"

namespace mj::isa::thumb {
namespace {

constexpr std::uint32_t xpsr_t = 1u << 24;

}  // namespace

std::uint32_t xpsr(const std::uint32_t* regs, std::uint8_t it_state, bool thumb) {
  const std::uint32_t it = it_state;
  return (regs[nf] & 0x80000000u) | (regs[zf] == 0 ? 1u << 30 : 0) | (regs[cf] & 1) << 29 | (regs[vf] >> 31) << 28 |
         (regs[qf] & 1) << 27 | (it & 3) << 25 | (thumb ? xpsr_t : 0) | (regs[ge] & 15) << 16 | (it >> 2) << 10 |
         (regs[ipsr] & 0x1ff);
}

void set_apsr(std::uint32_t* regs, std::uint32_t value) {
  regs[nf] = value & 0x80000000u;
  regs[zf] = ~value >> 30 & 1;
  regs[cf] = value >> 29 & 1;
  regs[vf] = value << 3 & 0x80000000u;
  regs[qf] = value >> 27 & 1;
  regs[ge] = value >> 16 & 15;
}

Resume set_xpsr(std::uint32_t* regs, std::uint32_t value) {
  set_apsr(regs, value);
  regs[ipsr] = value & 0x1ff;
  return {0, static_cast<std::uint8_t>((value >> 25 & 3) | (value >> 10 & 0x3f) << 2), (value & xpsr_t) != 0};
}

std::uint32_t ExceptionUnit::system_read(std::uint32_t id, const std::uint32_t* regs) const {
  const std::uint32_t sysm = id & 0xff;
  if (sysm < 8) {  // APSR, IAPSR, EAPSR, XPSR, -, IPSR, EPSR, IEPSR; EPSR reads as zero
    const std::uint32_t psr = xpsr(regs, 0, false);
    return ((sysm & 4) == 0 ? psr & (config_.dsp ? 0xf80f0000u : 0xf8000000u) : 0) |
           ((sysm & 1) != 0 ? psr & 0x1ff : 0);
  }
  return sysm == sysm_control || is_privileged(regs) ? privileged_read(sysm, regs) : 0;
}

std::uint32_t ExceptionUnit::privileged_read(std::uint32_t sysm, const std::uint32_t* regs) const {
  const bool v7 = mainline();
  if ((sysm & sysm_non_secure) != 0) return secure_ ? other_read(sysm, regs) : 0;
  switch (sysm) {
    case sysm_control:
      return regs[control] & (secure_ ? 0xf : 7);
    case sysm_msp:
      return regs[uses_process_stack(regs) ? sp_other : sp];
    case sysm_psp:
      return regs[uses_process_stack(regs) ? sp : sp_other];
    case sysm_msplim:
      return has_limits(secure_) ? regs[uses_process_stack(regs) ? sp_limit_other : sp_limit] : 0;
    case sysm_psplim:
      return has_limits(secure_) ? regs[uses_process_stack(regs) ? sp_limit : sp_limit_other] : 0;
    case sysm_primask:
      return regs[primask] & 1;
    case sysm_basepri:
    case sysm_basepri_max:
      return v7 ? regs[basepri] & 0xff : 0;
    case sysm_faultmask:
      return v7 ? regs[faultmask] & 1 : 0;
    default:
      return 0;
  }
}

std::vector<std::pair<const char*, std::uint32_t>> ExceptionUnit::special_registers() const {
  std::vector<std::pair<const char*, std::uint32_t>> all{
      {"msp", sysm_msp}, {"psp", sysm_psp}, {"primask", sysm_primask}};
  if (mainline()) all.insert(all.end(), {{"basepri", sysm_basepri}, {"faultmask", sysm_faultmask}});
  all.emplace_back("control", sysm_control);
  if (has_limits(secure_)) all.insert(all.end(), {{"msplim", sysm_msplim}, {"psplim", sysm_psplim}});
  return all;
}

std::uint32_t ExceptionUnit::other_read(std::uint32_t sysm, const std::uint32_t* regs) const {
  const bool process = !in_handler_mode(regs) && (other_core_.control & control_spsel) != 0;
  switch (sysm & ~std::uint32_t{sysm_non_secure}) {
    case sysm_msp:
      return other_core_.main_sp;
    case sysm_psp:
      return other_core_.process_sp;
    case sysm_msplim:
      return other_core_.main_limit;
    case sysm_psplim:
      return other_core_.process_limit;
    case sysm_primask:
      return other_core_.primask & 1;
    case sysm_basepri:
      return mainline() ? other_core_.basepri & 0xff : 0;
    case sysm_faultmask:
      return mainline() ? other_core_.faultmask & 1 : 0;
    case sysm_control:
      return (other_core_.control & (control_npriv | control_spsel)) | (regs[control] & control_fpca);
    case sysm_sp_ns & ~std::uint32_t{sysm_non_secure}:
      return process ? other_core_.process_sp : other_core_.main_sp;
    default:
      return 0;
  }
}

bool ExceptionUnit::violates_other_limit(std::uint32_t id, std::uint32_t value, const std::uint32_t* regs) const {
  if ((id & 0xff) != sysm_sp_ns || !secure_ || !is_privileged(regs)) return false;
  const bool process = !in_handler_mode(regs) && (other_core_.control & control_spsel) != 0;
  return value < (process ? other_core_.process_limit : other_core_.main_limit);
}

void ExceptionUnit::other_write(std::uint32_t sysm, std::uint32_t value, const std::uint32_t* regs) {
  const bool v7 = mainline();
  const bool process = !in_handler_mode(regs) && (other_core_.control & control_spsel) != 0;
  switch (sysm & ~std::uint32_t{sysm_non_secure}) {
    case sysm_msp:
      other_core_.main_sp = value & ~3u;
      break;
    case sysm_psp:
      other_core_.process_sp = value & ~3u;
      break;
    case sysm_msplim:
      if (has_limits(false)) other_core_.main_limit = value & ~7u;
      break;
    case sysm_psplim:
      if (has_limits(false)) other_core_.process_limit = value & ~7u;
      break;
    case sysm_primask:
      other_core_.primask = value & 1;
      break;
    case sysm_basepri:
      if (v7) other_core_.basepri = value & 0xff & (0xff00u >> config_.priority_bits);
      break;
    case sysm_faultmask:
      if (v7) other_core_.faultmask = value & 1;
      break;
    case sysm_control:
      other_core_.control = (other_core_.control & ~std::uint32_t{control_npriv | control_spsel}) |
                            (value & (control_npriv | control_spsel));
      break;
    case sysm_sp_ns & ~std::uint32_t{sysm_non_secure}:
      (process ? other_core_.process_sp : other_core_.main_sp) = value & ~3u;
      break;
    default:
      break;
  }
}

void ExceptionUnit::system_write(std::uint32_t id, std::uint32_t value, std::uint32_t* regs) {
  const std::uint32_t sysm = id & 0xff;
  const bool v7 = mainline();
  if (sysm < 4) {
    const std::uint32_t mask = id >> 8 & 3;
    std::uint32_t psr = xpsr(regs, 0);
    if ((mask & 2) != 0) psr = (psr & ~0xf8000000u) | (value & (v7 ? 0xf8000000u : 0xf0000000u));
    if ((mask & 1) != 0 && config_.dsp) psr = (psr & ~0x000f0000u) | (value & 0x000f0000u);
    set_apsr(regs, psr);
    return;
  }
  if (is_privileged(regs)) privileged_write(sysm, value, regs);
}

void ExceptionUnit::privileged_write(std::uint32_t sysm, std::uint32_t value, std::uint32_t* regs) {
  const bool v7 = mainline();
  const auto raise_faultmask = [&](bool on) {
    if (v7 && (!on || execution_priority(regs) > -1)) regs[faultmask] = on;
  };
  if ((sysm & sysm_non_secure) != 0) {
    if (secure_) other_write(sysm, value, regs);
    return;
  }
  switch (sysm) {
    case sysm_msp:
      regs[uses_process_stack(regs) ? sp_other : sp] = value & ~3u;
      break;
    case sysm_psp:
      regs[uses_process_stack(regs) ? sp : sp_other] = value & ~3u;
      break;
    case sysm_msplim:
      if (has_limits(secure_)) regs[uses_process_stack(regs) ? sp_limit_other : sp_limit] = value & ~7u;
      break;
    case sysm_psplim:
      if (has_limits(secure_)) regs[uses_process_stack(regs) ? sp_limit : sp_limit_other] = value & ~7u;
      break;
    case sysm_primask:
      regs[primask] = value & 1;
      break;
    case sysm_basepri:
    case sysm_basepri_max: {
      if (!v7) break;
      const std::uint32_t level = value & 0xff & (0xff00u >> config_.priority_bits);
      if (sysm == sysm_basepri || (level != 0 && (level < regs[basepri] || regs[basepri] == 0))) regs[basepri] = level;
      break;
    }
    case sysm_faultmask:
      raise_faultmask((value & 1) != 0);
      break;
    case sysm_control: {
      const bool process = uses_process_stack(regs);
      std::uint32_t writable = config_.unprivileged ? control_npriv : 0u;
      if (config_.v8m || !in_handler_mode(regs)) writable |= control_spsel;
      if (config_.fpu && fp_allowed_by_nsacr(secure_)) writable |= control_fpca;
      if (config_.fpu && secure_) writable |= control_sfpa;
      regs[control] = (regs[control] & ~writable) | (value & writable);
      switch_stack(regs, process, uses_process_stack(regs));
      break;
    }
    case sys_cps: {
      const bool disable = (value & 4) != 0;
      if ((value & 2) != 0) regs[primask] = disable;
      if ((value & 1) != 0) raise_faultmask(disable);
      break;
    }
    default:
      break;
  }
}

}  // namespace mj::isa::thumb
