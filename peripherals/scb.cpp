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
  nsacr = 0xd8c,
  sau_ctrl = 0xdd0,
  sau_type = 0xdd4,
  sau_rnr = 0xdd8,
  sau_rbar = 0xddc,
  sau_rlar = 0xde0,
  sfsr = 0xde4,
  sfar = 0xde8,
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
  itcmcr_ = 0xf90,
  dtcmcr_ = 0xf94,
  ahbpcr_ = 0xf98,
  cacr_ = 0xf9c,
  ahbscr_ = 0xfa0,
  abfsr = 0xfa8,
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
// What Armv8-M adds (DDI0553 D1.2, SHCSR).
constexpr ShcsrBit shcsr_v8_active[] = {{2, thumb::hard_fault}, {4, thumb::secure_fault}, {5, thumb::nmi}};
constexpr ShcsrBit shcsr_v8_pended[] = {{20, thumb::secure_fault}, {21, thumb::hard_fault}};
constexpr ShcsrBit shcsr_v8_enabled[] = {{19, thumb::secure_fault}};

}  // namespace

std::uint32_t Scb::icsr() const {
  const std::uint32_t active = regs_[thumb::ipsr] & 0x1ff;
  // A Non-secure handler may be what called Secure code that looks here.
  const bool is_active =
      exceptions_.active(active) || (thumb::is_banked(active) && exceptions_.active(active | thumb::secure_bank));
  // VECTPENDING shows the effect of BASEPRI and FAULTMASK, not of PRIMASK (B3.2.4).
  const unsigned pending_id = exceptions_.most_urgent_pending();
  const std::uint32_t pending = thumb::number_of(pending_id);
  bool held_back = !visible(pending_id);
  if (pending > thumb::hard_fault && !held_back) {
    held_back = (regs_[thumb::faultmask] & 1) != 0 ||
                ((regs_[thumb::basepri] & 0xff) != 0 &&
                 exceptions_.priority(pending_id) >= static_cast<int>(regs_[thumb::basepri] & 0xff));
  }
  bool interrupt = false;
  for (unsigned n = thumb::external_0; n < exceptions_.exception_count() && !interrupt; ++n)
    interrupt = exceptions_.pending(n) && visible(n);
  const bool to_base =
      exceptions_.active_count() == (is_active ? 1u : 0u) && exceptions_.config().profile == thumb::Profile::armv7m;
  return active | (to_base ? 1u << 11 : 0) | (held_back ? 0 : pending << 12) | (interrupt ? 1u << 22 : 0) |
         (exceptions_.pending(id(thumb::systick)) ? 1u << 26 : 0) |
         (exceptions_.pending(id(thumb::pend_sv)) ? 1u << 28 : 0) |
         (exceptions_.pending(thumb::nmi) && visible(thumb::nmi) ? 1u << 31 : 0);
}

void Scb::write_icsr(std::uint32_t value) {
  if ((value >> 31 & 1) != 0 && visible(thumb::nmi)) exceptions_.set_pending(thumb::nmi);
  if (value >> 28 & 1) exceptions_.set_pending(id(thumb::pend_sv));
  if (value >> 27 & 1) exceptions_.clear_pending(id(thumb::pend_sv));
  if (value >> 26 & 1) exceptions_.set_pending(id(thumb::systick));
  if (value >> 25 & 1) exceptions_.clear_pending(id(thumb::systick));
}

std::uint32_t Scb::read_aircr() const {
  std::uint32_t word = 0xfa050000u | bank().prigroup_ << 8;
  if (exceptions_.bfhfnmins()) word |= 1u << 13;
  if (secure_ && exceptions_.pris()) word |= 1u << 14;
  if (secure_ && exceptions_.sysresetreqs) word |= 1u << 3;
  return word;
}

void Scb::write_aircr(std::uint32_t value) {
  if (value >> 16 != 0x05fa) return;  // VECTKEY
  exceptions_.set_prigroup(value >> 8 & 7, secure_);
  if (secure_) {
    exceptions_.set_aircr_security((value >> 14 & 1) != 0, (value >> 13 & 1) != 0);
    exceptions_.sysresetreqs = (value >> 3 & 1) != 0;
  }
  if ((value & 2) != 0)  // VECTCLRACTIVE
    for (unsigned n = 0; n < exceptions_.exception_count(); ++n) {
      exceptions_.set_active(n, false);
      if (exceptions_.config().security && thumb::is_banked(n)) exceptions_.set_active(n | thumb::secure_bank, false);
    }
  if ((value & 4) != 0 && (secure_ || !exceptions_.sysresetreqs)) actions_.reset_request();
}

bool Scb::visible(unsigned exception) const {
  return !exceptions_.config().security || secure_ || !exceptions_.targets_secure(exception);
}

std::uint32_t Scb::shcsr() const {
  const bool v8 = exceptions_.config().v8m;
  if (exceptions_.config().profile == thumb::Profile::armv6m && !v8)
    return exceptions_.pending(thumb::svcall) ? 1u << 15 : 0;
  std::uint32_t word = 0;
  const auto show = [&](const auto& bits, auto is) {
    for (const auto [bit, n] : bits)
      if (exceptions_.exists(id(n)) && visible(id(n)) && is(id(n))) word |= 1u << bit;
  };
  const auto active = [&](unsigned n) { return exceptions_.active(n); };
  const auto pending = [&](unsigned n) { return exceptions_.pending(n); };
  const auto enabled = [&](unsigned n) { return exceptions_.enabled(n); };
  show(shcsr_active, active);
  show(shcsr_pended, pending);
  show(shcsr_enabled, enabled);
  if (v8) {
    show(shcsr_v8_active, active);
    show(shcsr_v8_pended, pending);
    show(shcsr_v8_enabled, enabled);
  }
  return word;
}

void Scb::write_shcsr(std::uint32_t value) {
  const bool v8 = exceptions_.config().v8m;
  const auto put_pending = [&](unsigned n, bool on) { on ? exceptions_.set_pending(n) : exceptions_.clear_pending(n); };
  if (exceptions_.config().profile == thumb::Profile::armv6m && !v8)
    return put_pending(thumb::svcall, (value >> 15 & 1) != 0);
  const auto put = [&](const auto& bits, auto set) {
    for (const auto [bit, n] : bits)
      if (exceptions_.exists(id(n)) && visible(id(n))) set(id(n), (value >> bit & 1) != 0);
  };
  const auto set_active = [&](unsigned n, bool on) { exceptions_.set_active(n, on); };
  const auto set_enabled = [&](unsigned n, bool on) { exceptions_.set_enabled(n, on); };
  put(shcsr_active, set_active);
  put(shcsr_pended, put_pending);
  put(shcsr_enabled, set_enabled);
  if (v8 &&
      exceptions_.config().security) {  // HardFault's and NMI's active bits can only be cleared, by rules of their own
    put(shcsr_v8_pended, put_pending);
    put(shcsr_v8_enabled, set_enabled);
    if (exceptions_.exists(thumb::secure_fault) && visible(thumb::secure_fault))
      exceptions_.set_active(thumb::secure_fault, (value >> 4 & 1) != 0);
  }
}

std::uint32_t Scb::read_fpccr() const {
  if (!exceptions_.config().security || secure_) return bank().fpccr;
  std::uint32_t shared = thumb::fpccr_lspen | thumb::fpccr_clronret | thumb::fpccr_monrdy;
  if (exceptions_.bfhfnmins()) shared |= thumb::fpccr_bfrdy | thumb::fpccr_hfrdy;
  return (exceptions_.bank(true).fpccr & shared) | bank().fpccr;
}

void Scb::write_fpccr(std::uint32_t value) {
  if (!exceptions_.config().v8m) {
    bank().fpccr = value & 0xc000017b;
  } else if (!exceptions_.config().security || secure_) {
    bank().fpccr = value & (exceptions_.config().security ? 0xfc0007ffu : 0xd00007fbu);
  } else {
    std::uint32_t& other = exceptions_.bank(true).fpccr;
    std::uint32_t shared = thumb::fpccr_monrdy;
    if (!(other & thumb::fpccr_lspens)) shared |= thumb::fpccr_lspen;
    if (!(other & thumb::fpccr_clronrets)) shared |= thumb::fpccr_clronret;
    if (exceptions_.bfhfnmins()) shared |= thumb::fpccr_bfrdy | thumb::fpccr_hfrdy;
    other = (other & ~shared) | (value & shared);
    bank().fpccr = value & thumb::fpccr_banked;
  }
}

// SAU, SFSR and SFAR: what Non-secure code reads is 0 and what it writes is lost.
std::uint32_t* Scb::secure_register(std::uint32_t offset) {
  return offset == sfsr ? &exceptions_.sfsr : offset == sfar ? &exceptions_.sfar : nullptr;
}

std::uint32_t Scb::read_security(std::uint32_t offset) {
  if (!secure_) return 0;
  const bool main = exceptions_.config().profile == thumb::Profile::armv7m;
  switch (offset) {
    case sau_ctrl:
      return sau_->ctrl();
    case sau_type:
      return sau_->type();
    case sau_rnr:
      return sau_->rnr();
    case sau_rbar:
      return sau_->rbar();
    case sau_rlar:
      return sau_->rlar();
    default:
      return main ? *secure_register(offset) : 0;
  }
}

void Scb::write_security(std::uint32_t offset, std::uint32_t value) {
  if (!secure_) return;
  switch (offset) {
    case sau_ctrl:
      return sau_->set_ctrl(value);
    case sau_rnr:
      return sau_->set_rnr(value);
    case sau_rbar:
      return sau_->set_rbar(value);
    case sau_rlar:
      return sau_->set_rlar(value);
    case sfsr:
      exceptions_.sfsr &= ~value;
      break;
    case sfar:
      exceptions_.sfar = value;
      break;
    default:
      break;
  }
}

std::uint32_t* Scb::m7_register(std::uint32_t offset, std::uint32_t& writable) {
  if (!config_.m7) return nullptr;
  switch (offset) {
    case itcmcr_:
      writable = 0x7;  // EN, RMW, RETEN
      return &m7_.itcmcr;
    case dtcmcr_:
      writable = 0x7;
      return &m7_.dtcmcr;
    case ahbpcr_:
      writable = 0x1;  // EN
      return &m7_.ahbpcr;
    case cacr_:
      writable = 0x7;  // SIWT, ECCEN, FORCEWT
      return &m7_.cacr;
    case ahbscr_:
      writable = 0xffff;  // CTL, TPRI, INITCOUNT
      return &m7_.ahbscr;
    default:
      return nullptr;
  }
}

std::uint32_t Scb::read_word(std::uint32_t offset) {
  const bool v7 = exceptions_.config().profile == thumb::Profile::armv7m;
  const bool fpu = exceptions_.config().fpu;
  if (offset >= shpr1 && offset <= shpr3) {
    std::uint32_t word = 0;
    for (unsigned i = 0; i < 4; ++i) {
      const unsigned n = id(4 + offset - shpr1 + i);
      if (exceptions_.exists(n) && visible(n)) word |= static_cast<std::uint32_t>(exceptions_.priority(n)) << i * 8;
    }
    return word;
  }
  if (offset >= sau_ctrl && offset <= sfar && sau_) return read_security(offset);
  std::uint32_t writable = 0;
  if (const std::uint32_t* r = m7_register(offset, writable)) return *r;
  if (config_.m7 && offset == abfsr) return 0;                           // every bus fault here is precise
  if (config_.clidr && offset >= iciallu && offset <= bpiall) return 0;  // write-only
  switch (offset) {
    case actlr:
      return actlr_;
    case cpuid:
      return config_.cpuid;
    case icsr_:
      return icsr();
    case vtor:
      return bank().vtor_;
    case aircr:
      return read_aircr();
    case scr:
      return bank().scr;
    case ccr:
      return bank().ccr | config_.ccr_ones;
    case shcsr_:
      return shcsr();
    case cfsr:
      return v7 ? bank().cfsr & ~hidden_cfsr() : 0;
    case hfsr:
      return v7 && visible(thumb::bus_fault) ? exceptions_.hfsr : 0;
    case dfsr:
      return exceptions_.dfsr;
    case mmfar:
      return v7 ? bank().mmfar : 0;
    case bfar:
      return v7 && visible(thumb::bus_fault) ? exceptions_.bfar : 0;
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
      return bank().cpacr_;
    case nsacr:
      return secure_ ? exceptions_.nsacr() : 0;
    case dhcsr:
      return 0;  // no debugger: C_DEBUGEN is 0
    case demcr:
      return exceptions_.demcr() |
             (exceptions_.pending(thumb::debug_monitor) ? std::uint32_t{thumb::demcr_mon_pend} : 0u);
    case fpccr:
      return fpu ? read_fpccr() : 0;
    case fpcar:
      return bank().fpcar;
    case fpdscr:
      return bank().fpdscr;
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

// Contents are always coherent here: only time depends on what the caches hold.
void Scb::maintain_cache(std::uint32_t offset, std::uint32_t value) {
  if (!actions_.maintain) return;
  using Of = CacheMaintenance::Of;
  struct Row {
    std::uint32_t offset;
    CacheMaintenance operation;
  };
  static const Row rows[] = {{iciallu, {Of::code, false, true, false, true}},
                             {0xf58, {Of::code, false, true}},        // ICIMVAU
                             {0xf5c, {Of::data, false, true}},        // DCIMVAC
                             {0xf60, {Of::data, false, true, true}},  // DCISW
                             {0xf64, {Of::data, true, false}},        // DCCMVAU
                             {0xf68, {Of::data, true, false}},        // DCCMVAC
                             {0xf6c, {Of::data, true, false, true}},  // DCCSW
                             {0xf70, {Of::data, true, true}},         // DCCIMVAC
                             {0xf74, {Of::data, true, true, true}}};  // DCCISW
  for (const Row& row : rows)
    if (row.offset == offset) {
      CacheMaintenance operation = row.operation;
      operation.operand = value;
      actions_.maintain(operation);
    }
}

void Scb::write_word(std::uint32_t offset, std::uint32_t value, std::uint32_t mask, Cycle now) {
  const bool v7 = exceptions_.config().profile == thumb::Profile::armv7m;
  const bool fpu = exceptions_.config().fpu;
  const auto merge = [&](std::uint32_t old, std::uint32_t writable) {
    return (old & ~(mask & writable)) | (value & mask & writable);
  };
  if (offset >= shpr1 && offset <= shpr3) {
    for (unsigned i = 0; i < 4; ++i)
      if ((mask >> i * 8 & 1) != 0)
        if (const unsigned n = id(4 + offset - shpr1 + i); visible(n))
          exceptions_.set_priority(n, static_cast<std::uint8_t>(value >> i * 8));
    return;
  }
  if (offset >= sau_ctrl && offset <= sfar && sau_) return write_security(offset, value & mask);
  std::uint32_t writable = 0;
  if (std::uint32_t* r = m7_register(offset, writable)) {
    *r = merge(*r, writable);
    if (offset == cacr_ && (*r & 5) != 0)
      diagnostics_.not_modelled(name(), offset,
                                "CACR.SIWT and FORCEWT: shared memory stays uncached, write-back memory written back");
    return;
  }
  if (config_.m7 && offset == abfsr) return;
  switch (offset) {
    case actlr:
      actlr_ = merge(actlr_, ~0u);
      break;
    case icsr_:
      write_icsr(value & mask);
      break;
    case vtor:
      bank().vtor_ = merge(bank().vtor_, ~0u) & exceptions_.config().vtor_mask;
      break;
    case aircr:
      write_aircr(value & mask);
      break;
    case scr:
      bank().scr = merge(bank().scr, 0x16);
      break;
    case ccr:
      // Contents are always coherent here; IC and DC have an effect on time where flash lies behind the caches.
      if (v7) {
        const std::uint32_t caches = config_.clidr ? thumb::ccr_dc | thumb::ccr_ic : 0u;
        bank().ccr = merge(bank().ccr, (exceptions_.config().v8m ? 0x0000051au : 0x0000031bu) | caches);
        if (actions_.caches) actions_.caches((bank().ccr & thumb::ccr_ic) != 0, (bank().ccr & thumb::ccr_dc) != 0);
      }
      break;
    case shcsr_:
      write_shcsr(merge(shcsr(), ~0u));
      break;
    case cfsr:
      exceptions_.clear_cfsr(value & mask & ~hidden_cfsr(), secure_);
      break;
    case hfsr:
      if (visible(thumb::bus_fault)) exceptions_.hfsr &= ~(value & mask);
      break;
    case dfsr:
      exceptions_.dfsr &= ~(value & mask);
      break;
    case mmfar:
      bank().mmfar = merge(bank().mmfar, ~0u);
      break;
    case bfar:
      if (visible(thumb::bus_fault)) exceptions_.bfar = merge(exceptions_.bfar, ~0u);
      break;
    case csselr:
      csselr_ = merge(csselr_, 0xf);
      break;
    case cpacr:
      if (fpu) bank().cpacr_ = merge(bank().cpacr_, 0x00f00000u);
      break;
    case nsacr:
      if (secure_) exceptions_.set_nsacr(merge(exceptions_.nsacr(), ~0u));
      break;
    case demcr: {
      const bool monitor = exceptions_.pending(thumb::debug_monitor);
      exceptions_.set_demcr(merge(exceptions_.demcr() | (monitor ? std::uint32_t{thumb::demcr_mon_pend} : 0u), ~0u));
      actions_.trace_enabled((exceptions_.demcr() & thumb::demcr_trcena) != 0, now);
      break;
    }
    case fpccr:
      if (fpu) write_fpccr(merge(read_fpccr(), ~0u));
      break;
    case fpcar:
      if (fpu) bank().fpcar = merge(bank().fpcar, ~7u);
      break;
    case fpdscr:
      if (fpu) bank().fpdscr = merge(bank().fpdscr, 0x07c00000);
      break;
    case dhcsr:
      break;
    default:
      if (config_.clidr && offset >= iciallu && offset <= bpiall) return maintain_cache(offset, value);
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
