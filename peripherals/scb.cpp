#include "peripherals/scb.h"

namespace mj::peripherals {

namespace thumb = isa::thumb;

namespace {

// Offsets from 0xE000E000 (B3.2.2, B3.2.20-25, C1.6.2).
enum Offset : std::uint32_t {
  actlr = 0x008,
  cpuid = 0xd00,
  icsr_ = 0xd04,
  vtor = 0xd08,
  aircr = 0xd0c,
  scr = 0xd10,
  ccr = 0xd14,
  shpr1 = 0xd18,
  shpr3 = 0xd20,
  shcsr_ = 0xd24,
  cfsr = 0xd28,
  hfsr = 0xd2c,
  dfsr = 0xd30,
  mmfar = 0xd34,
  bfar = 0xd38,
  afsr = 0xd3c,
  clidr = 0xd78,
  ctr = 0xd7c,
  ccsidr = 0xd80,
  csselr = 0xd84,
  cpacr = 0xd88,
  mpu_type = 0xd90,
  mpu_ctrl = 0xd94,
  mpu_last = 0xdb8,
  dhcsr = 0xdf0,
  demcr = 0xdfc,
  fpccr = 0xf34,
  fpcar = 0xf38,
  fpdscr = 0xf3c,
  mvfr0 = 0xf40,
  mvfr1 = 0xf44,
  mvfr2 = 0xf48,
  iciallu = 0xf50,
  bpiall = 0xf78,
};

// SHCSR (B3.2.13): which exception each active, pended and enable bit shows.
struct ShcsrBit {
  unsigned bit, exception;
};
constexpr ShcsrBit shcsr_active[] = {{0, thumb::mem_manage}, {1, thumb::bus_fault},     {3, thumb::usage_fault},
                                     {7, thumb::svcall},     {8, thumb::debug_monitor}, {10, thumb::pend_sv},
                                     {11, thumb::systick}};
constexpr ShcsrBit shcsr_pended[] = {
    {12, thumb::usage_fault}, {13, thumb::mem_manage}, {14, thumb::bus_fault}, {15, thumb::svcall}};
constexpr ShcsrBit shcsr_enabled[] = {{16, thumb::mem_manage}, {17, thumb::bus_fault}, {18, thumb::usage_fault}};

}  // namespace

std::uint32_t Scb::icsr() const {
  const std::uint32_t active = regs_[thumb::ipsr] & 0x1ff;
  // VECTPENDING shows the effect of BASEPRI and FAULTMASK, not of PRIMASK (B3.2.4).
  const std::uint32_t pending = exceptions_.most_urgent_pending();
  bool held_back = false;
  if (pending > thumb::hard_fault) {
    held_back = (regs_[thumb::faultmask] & 1) != 0 ||
                ((regs_[thumb::basepri] & 0xff) != 0 &&
                 exceptions_.priority(pending) >= static_cast<int>(regs_[thumb::basepri] & 0xff));
  }
  bool interrupt = false;
  for (unsigned n = thumb::external_0; n < exceptions_.exception_count() && !interrupt; ++n)
    interrupt = exceptions_.pending(n);
  const bool to_base = exceptions_.active_count() == (exceptions_.active(active) ? 1u : 0u) &&
                       exceptions_.config().profile == thumb::Profile::armv7m;
  return active | (to_base ? 1u << 11 : 0) | (held_back ? 0 : pending << 12) | (interrupt ? 1u << 22 : 0) |
         (exceptions_.pending(thumb::systick) ? 1u << 26 : 0) | (exceptions_.pending(thumb::pend_sv) ? 1u << 28 : 0) |
         (exceptions_.pending(thumb::nmi) ? 1u << 31 : 0);
}

void Scb::write_icsr(std::uint32_t value) {
  if (value >> 31 & 1) exceptions_.set_pending(thumb::nmi);
  if (value >> 28 & 1) exceptions_.set_pending(thumb::pend_sv);
  if (value >> 27 & 1) exceptions_.clear_pending(thumb::pend_sv);
  if (value >> 26 & 1) exceptions_.set_pending(thumb::systick);
  if (value >> 25 & 1) exceptions_.clear_pending(thumb::systick);
}

void Scb::write_aircr(std::uint32_t value) {
  if (value >> 16 != 0x05fa) return;  // VECTKEY
  exceptions_.set_prigroup(value >> 8 & 7);
  if ((value & 2) != 0)  // VECTCLRACTIVE
    for (unsigned n = 0; n < exceptions_.exception_count(); ++n) exceptions_.set_active(n, false);
  if ((value & 4) != 0) actions_.reset_request();
}

std::uint32_t Scb::shcsr() const {
  if (exceptions_.config().profile == thumb::Profile::armv6m) return exceptions_.pending(thumb::svcall) ? 1u << 15 : 0;
  std::uint32_t word = 0;
  for (const auto [bit, n] : shcsr_active) word |= exceptions_.active(n) ? 1u << bit : 0;
  for (const auto [bit, n] : shcsr_pended) word |= exceptions_.pending(n) ? 1u << bit : 0;
  for (const auto [bit, n] : shcsr_enabled) word |= exceptions_.enabled(n) ? 1u << bit : 0;
  return word;
}

void Scb::write_shcsr(std::uint32_t value) {
  const auto put_pending = [&](unsigned n, bool on) { on ? exceptions_.set_pending(n) : exceptions_.clear_pending(n); };
  put_pending(thumb::svcall, (value >> 15 & 1) != 0);
  if (exceptions_.config().profile == thumb::Profile::armv6m) return;
  for (const auto [bit, n] : shcsr_active) exceptions_.set_active(n, (value >> bit & 1) != 0);
  for (const auto [bit, n] : shcsr_pended) put_pending(n, (value >> bit & 1) != 0);
  for (const auto [bit, n] : shcsr_enabled) exceptions_.set_enabled(n, (value >> bit & 1) != 0);
}

std::uint32_t Scb::read_word(std::uint32_t offset) {
  const bool v7 = exceptions_.config().profile == thumb::Profile::armv7m;
  const bool fpu = exceptions_.config().fpu;
  if (offset >= shpr1 && offset <= shpr3) {
    std::uint32_t word = 0;
    for (unsigned i = 0; i < 4; ++i) {
      const unsigned n = 4 + offset - shpr1 + i;
      if (exceptions_.exists(n)) word |= static_cast<std::uint32_t>(exceptions_.priority(n)) << i * 8;
    }
    return word;
  }
  if (offset >= mpu_type && offset <= mpu_last) return 0;
  switch (offset) {
    case actlr:
      return actlr_;
    case cpuid:
      return config_.cpuid;
    case icsr_:
      return icsr();
    case vtor:
      return exceptions_.vtor();
    case aircr:
      return 0xfa050000u | exceptions_.prigroup() << 8;
    case scr:
      return exceptions_.scr;
    case ccr:
      return exceptions_.ccr;
    case shcsr_:
      return shcsr();
    case cfsr:
      return v7 ? exceptions_.cfsr : 0;
    case hfsr:
      return v7 ? exceptions_.hfsr : 0;
    case dfsr:
      return exceptions_.dfsr;
    case mmfar:
      return v7 ? exceptions_.mmfar : 0;
    case bfar:
      return v7 ? exceptions_.bfar : 0;
    case afsr:
      return 0;
    case clidr:
      return config_.clidr;
    case ctr:
      return config_.ctr;
    case ccsidr:
      return (csselr_ & 1) != 0 ? config_.ccsidr_instruction : config_.ccsidr_data;
    case csselr:
      return csselr_;
    case cpacr:
      return exceptions_.cpacr();
    case dhcsr:
      return 0;  // no debugger: C_DEBUGEN is 0
    case demcr:
      return exceptions_.demcr() |
             (exceptions_.pending(thumb::debug_monitor) ? std::uint32_t{thumb::demcr_mon_pend} : 0u);
    case fpccr:
      return exceptions_.fpccr;
    case fpcar:
      return exceptions_.fpcar;
    case fpdscr:
      return exceptions_.fpdscr;
    case mvfr0:
      return fpu ? config_.mvfr0 : 0;
    case mvfr1:
      return fpu ? config_.mvfr1 : 0;
    case mvfr2:
      return fpu ? config_.mvfr2 : 0;
    default:
      diagnostics_.not_modelled(name(), offset, "system control register reads as 0");
      return 0;
  }
}

std::uint32_t Scb::read(std::uint32_t offset, unsigned, Cycle) { return read_word(offset & ~3u) >> (offset & 3) * 8; }

void Scb::write_word(std::uint32_t offset, std::uint32_t value, std::uint32_t mask, Cycle now) {
  const bool v7 = exceptions_.config().profile == thumb::Profile::armv7m;
  const bool fpu = exceptions_.config().fpu;
  const auto merge = [&](std::uint32_t old, std::uint32_t writable) {
    return (old & ~(mask & writable)) | (value & mask & writable);
  };
  if (offset >= shpr1 && offset <= shpr3) {
    for (unsigned i = 0; i < 4; ++i)
      if ((mask >> i * 8 & 1) != 0)
        exceptions_.set_priority(4 + offset - shpr1 + i, static_cast<std::uint8_t>(value >> i * 8));
    return;
  }
  if (offset >= mpu_type && offset <= mpu_last) {
    if (offset == mpu_ctrl && (value & 1) != 0) diagnostics_.not_modelled(name(), offset, "MPU is never enabled");
    return;
  }
  switch (offset) {
    case actlr:
      actlr_ = merge(actlr_, ~0u);
      break;
    case icsr_:
      write_icsr(value & mask);
      break;
    case vtor:
      exceptions_.set_vtor(merge(exceptions_.vtor(), ~0u));
      break;
    case aircr:
      write_aircr(value & mask);
      break;
    case scr:
      exceptions_.scr = merge(exceptions_.scr, 0x16);
      break;
    case ccr:
      if (v7) exceptions_.ccr = merge(exceptions_.ccr, 0x0007031b);
      if (v7 && actions_.caches)
        actions_.caches((exceptions_.ccr & thumb::ccr_ic) != 0, (exceptions_.ccr & thumb::ccr_dc) != 0);
      break;
    case shcsr_:
      write_shcsr(merge(shcsr(), ~0u));
      break;
    case cfsr:
      exceptions_.cfsr &= ~(value & mask);
      break;
    case hfsr:
      exceptions_.hfsr &= ~(value & mask);
      break;
    case dfsr:
      exceptions_.dfsr &= ~(value & mask);
      break;
    case mmfar:
      exceptions_.mmfar = merge(exceptions_.mmfar, ~0u);
      break;
    case bfar:
      exceptions_.bfar = merge(exceptions_.bfar, ~0u);
      break;
    case csselr:
      csselr_ = merge(csselr_, 0xf);
      break;
    case cpacr:
      exceptions_.set_cpacr(merge(exceptions_.cpacr(), ~0u));
      break;
    case demcr: {
      const bool monitor = exceptions_.pending(thumb::debug_monitor);
      exceptions_.set_demcr(merge(exceptions_.demcr() | (monitor ? std::uint32_t{thumb::demcr_mon_pend} : 0u), ~0u));
      actions_.trace_enabled((exceptions_.demcr() & thumb::demcr_trcena) != 0, now);
      break;
    }
    case fpccr:
      if (fpu) exceptions_.fpccr = merge(exceptions_.fpccr, 0xc000017b);
      break;
    case fpcar:
      if (fpu) exceptions_.fpcar = merge(exceptions_.fpcar, ~7u);
      break;
    case fpdscr:
      if (fpu) exceptions_.fpdscr = merge(exceptions_.fpdscr, 0x07c00000);
      break;
    case dhcsr:
      break;
    default:
      if (offset >= iciallu && offset <= bpiall) break;  // cache maintenance: contents are always coherent here
      diagnostics_.not_modelled(name(), offset, "system control register ignores writes");
  }
}

void Scb::write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle now) {
  const unsigned shift = (offset & 3) * 8;
  const std::uint32_t bytes = size >= 4 ? ~0u : (1u << size * 8) - 1;
  write_word(offset & ~3u, value << shift, bytes << shift, now);
  actions_.changed();
}

}  // namespace mj::peripherals
