#include "isa/rv32/traps.h"

#include <algorithm>
#include <array>
#include <bit>

namespace mj::isa::rv32 {

namespace {

// Bits of mcountinhibit (Volume II, 3.1.12).
constexpr std::uint32_t counter_cycle = 1u << 0, counter_instret = 1u << 2;

constexpr std::uint32_t mpp_machine = 3u << 11;

std::uint32_t half(std::uint64_t value, bool upper) { return static_cast<std::uint32_t>(upper ? value >> 32 : value); }

// The upper halves' numbers are the lower ones' + 0x80.
constexpr bool upper_half(std::uint32_t csr) { return (csr & 0x80u) != 0; }

}  // namespace

TrapUnit::TrapUnit(TrapConfig config, CounterSource counters)
    : config_(std::move(config)), counters_(std::move(counters)), pmp_(config_.pmp), hazard3_irq_(config_.hazard3_irq) {
  reset();
}

void TrapUnit::reset() {
  machine_ = true;
  mstatus_ = config_.mstatus_reset | (config_.user_mode ? 0 : mpp_machine);
  mtvec_ = legal_mtvec(config_.mtvec_reset);
  mie_ = mscratch_ = mepc_ = mcause_ = mtval_ = mcounteren_ = 0;
  mcountinhibit_ = config_.inhibit_exists ? config_.inhibit_reset : 0;
  cycle_ = instret_ = performance_ = Counter{};
  mpcer_ = mpcer_cycle;
  mpcmr_ = mpcmr_count_en;
  intsyscr_ = cpuctrl_ = msleep_ = 0;
  pmp_.reset();
  hazard3_irq_.reset();
  update_external();
}

bool TrapUnit::is_constant(std::uint32_t csr, std::uint32_t& out) const {
  for (const TrapConfig::CsrRange& r : config_.constant_csrs)
    if (csr >= r.first && csr <= r.last) {
      out = r.value;
      return true;
    }
  return is_event_csr(csr);
}

bool TrapUnit::is_absent(std::uint32_t csr) const {
  return std::any_of(config_.absent_csrs.begin(), config_.absent_csrs.end(),
                     [&](const TrapConfig::CsrRange& r) { return csr >= r.first && csr <= r.last; });
}

// mhpmevent3..31, mhpmcounter3..31 and their upper halves; user mode's views as far as they exist.
bool TrapUnit::is_event_csr(std::uint32_t csr) const {
  if (!config_.event_counters || (csr & 0x1fu) < 3) return false;
  const std::uint32_t group = csr & ~0x1fu;
  if (group == 0x320u || group == 0xb00u || group == 0xb80u) return true;
  return (group == 0xc00u || group == 0xc80u) && user_counter(csr);
}

// 2.1: bits 9:8 are the lowest privilege; user-mode counters are additionally opened by mcounteren.
bool TrapUnit::accessible(std::uint32_t csr) const {
  if (machine_) return true;
  if (((csr >> 8) & 3u) != 0) return false;
  const std::uint32_t number = csr & 0x1fu;
  const bool counter = (csr & 0xf60u) == 0xc00u;
  return !counter || ((mcounteren_ >> number) & 1u) != 0;
}

bool TrapUnit::csr_read(std::uint32_t csr, std::uint32_t& out, const CsrAccess& access) {
  if (!accessible(csr) || !read(csr, out, access)) return false;
  if (!access.writes && hazard3_irq_.has(csr)) {
    hazard3_irq_.was_read(csr, hazard3_irq_.next());
    update_external();
  }
  return true;
}

bool TrapUnit::debug_read(std::uint32_t csr, std::uint32_t& out) const { return read(csr, out, {}); }

bool TrapUnit::debug_write(std::uint32_t csr, std::uint32_t value) {
  return ((csr >> 10) & 3u) != 3u && write(csr, value, {.operand = value, .reads = false});
}

std::vector<TrapUnit::NamedCsr> TrapUnit::csrs() const {
  std::vector<NamedCsr> all;
  std::uint32_t ignored = 0;
  const auto add = [&](std::uint32_t csr, std::string name) {
    if (read(csr, ignored, {})) all.push_back({csr, std::move(name)});
  };
  const auto array = [&](std::uint32_t first, std::uint32_t count, const std::string& name) {
    for (std::uint32_t k = 0; k < count; ++k) add(first + k, name + std::to_string(k));
  };
#define X(number, name)                                            \
  if (number == csr_pmpcfg0)                                       \
    array(csr_pmpcfg0, 16, "pmpcfg");                              \
  else if (number == csr_pmpaddr0)                                 \
    array(csr_pmpaddr0, 64, "pmpaddr");                            \
  else if (number != csr_mhpmevent3 && number != csr_mhpmcounter3) \
    add(number, #name);
  MJ_RV32_CSRS(X)
  MJ_RV32_WCH_CSRS(X)
  MJ_RV32_IBEX_CSRS(X)
  MJ_RV32_ESPRESSIF_CSRS(X)
  MJ_RV32_HAZARD3_CSRS(X)
#undef X
  return all;
}

bool TrapUnit::read(std::uint32_t csr, std::uint32_t& out, const CsrAccess& access) const {
  out = 0;
  if (is_absent(csr)) return false;
  switch (csr) {
    case csr_mstatus:
      out = mstatus_ | (fp_state() == 3 ? std::uint32_t{mstatus_sd} : 0);
      return true;
    case csr_mstatush:  // MBE, SBE: little-endian only
      return true;
    case csr_misa:
      out = config_.misa;
      return true;
    case csr_mie:
      out = mie_;
      return !config_.presented_interrupts;
    case csr_mip:
      out = mip_;
      return !config_.presented_interrupts;
    case csr_gintenr:
      out = mstatus_ & (mstatus_mie | mstatus_mpie);
      return config_.hardware_stacking;
    case csr_intsyscr:
      out = intsyscr_;
      return config_.hardware_stacking;
    case csr_mtvec:
      out = mtvec_;
      return true;
    case csr_mcounteren:
      out = mcounteren_;
      return config_.user_mode || is_constant(csr, out);
    case csr_mcountinhibit:
      out = mcountinhibit_;
      return config_.inhibit_exists;
    case csr_mscratch:
      out = mscratch_;
      return true;
    case csr_mepc:
      out = mepc_;
      return true;
    case csr_mcause:
      out = mcause_;
      return true;
    case csr_mtval:
      out = mtval_;
      return true;
    case csr_cycle:
    case csr_cycleh:
      if (!user_counter(csr)) return is_constant(csr, out);
      [[fallthrough]];
    case csr_mcycle:
    case csr_mcycleh:
      out = half(cycle_.value(counters_().cycles, stopped(counter_cycle)), upper_half(csr));
      return true;
    case csr_instret:
    case csr_instreth:
      if (!user_counter(csr)) return is_constant(csr, out);
      [[fallthrough]];
    case csr_minstret:
    case csr_minstreth:
      out = half(instret_.value(counters_().retired, stopped(counter_instret)), upper_half(csr));
      return true;
    case csr_time:
    case csr_timeh:
      if (!user_counter(csr)) return is_constant(csr, out);
      out = half(counters_().time, upper_half(csr));
      return true;
    case csr_mvendorid:
      out = config_.mvendorid;
      return true;
    case csr_marchid:
      out = config_.marchid;
      return true;
    case csr_mimpid:
      out = config_.mimpid;
      return true;
    case csr_mhartid:
      out = config_.mhartid;
      return true;
    case csr_mconfigptr:
      return true;
    case csr_cpuctrlsts:
      out = cpuctrl_;
      return config_.cpuctrl;
    case csr_msleep:
      out = msleep_;
      return config_.hazard3_power;
    case csr_mpcer:
      out = mpcer_;
      return config_.performance_counter;
    case csr_mpcmr:
      out = mpcmr_;
      return config_.performance_counter;
    case csr_mpccr:
      out = half(performance_.value(performance_total(), !(mpcmr_ & mpcmr_count_en)), false);
      return config_.performance_counter;
    default:
      if (pmp_.has(csr)) {
        out = pmp_.read(csr);
        return true;
      }
      if (hazard3_irq_.has(csr)) {
        out = hazard3_irq_.read(csr, access, mie_);
        return true;
      }
      return is_constant(csr, out);
  }
}

std::uint32_t TrapUnit::legal_mtvec(std::uint32_t value) const {
  const std::uint32_t base = value & config_.mtvec_base_mask & ~3u;
  if (config_.vector_addresses) return base | (value & 3u);
  if (!config_.mtvec_direct) return base | 1u;
  if (!config_.mtvec_vectored) return base;
  return base | (value & 1u);  // 3.1.7: modes 2 and 3 are reserved; these cores have no bit 1
}

void TrapUnit::write_counter(Counter& counter, std::uint64_t total, bool stopped, bool upper, std::uint32_t value) {
  const std::uint64_t old = counter.value(total, stopped);
  const std::uint64_t now = upper ? (old & 0xffffffffu) | static_cast<std::uint64_t>(value) << 32
                                  : (old & ~std::uint64_t{0xffffffff}) | value;
  counter.frozen = now;
  counter.offset = now - total;
}

void TrapUnit::write_inhibit(std::uint32_t value) {
  const CounterTotals totals = counters_();
  const std::uint32_t next = value & config_.inhibit_mask;
  const auto change = [&](Counter& counter, std::uint32_t bit, std::uint64_t total) {
    const std::uint64_t now = counter.value(total, stopped(bit));
    counter.frozen = now;
    counter.offset = now - total;
  };
  change(cycle_, counter_cycle, totals.cycles);
  // The instruction that writes is itself counted as the bit was before it.
  change(instret_, counter_instret, totals.retired + 1);
  mcountinhibit_ = next;
}

std::uint64_t TrapUnit::performance_total() const {
  const CounterTotals totals = counters_();
  return mpcer_ == mpcer_cycle ? totals.cycles : mpcer_ == mpcer_inst ? totals.retired : 0;
}

void TrapUnit::write_performance(std::uint32_t csr, std::uint32_t value) {
  const std::uint64_t old = performance_.value(performance_total(), !(mpcmr_ & mpcmr_count_en));
  if (csr == csr_mpcer) mpcer_ = value & 0x7ffu;
  if (csr == csr_mpcmr) mpcmr_ = value & 3u;
  performance_.frozen = csr == csr_mpccr ? value : old;
  performance_.offset = performance_.frozen - performance_total();
  const bool known = mpcer_ == mpcer_cycle || mpcer_ == mpcer_inst || mpcer_ == 0;
  if (csr == csr_mpcer && !known && on_event_counter) on_event_counter(csr);
}

bool TrapUnit::csr_write(std::uint32_t csr, std::uint32_t value, const CsrAccess& access) {
  return ((csr >> 10) & 3u) != 3u && accessible(csr) && write(csr, value, access);  // 2.1: read-only
}

bool TrapUnit::write(std::uint32_t csr, std::uint32_t value, const CsrAccess& access) {
  std::uint32_t same = 0;
  if (is_absent(csr)) return false;
  switch (csr) {
    case csr_mstatus: {
      std::uint32_t writable = mstatus_mie | mstatus_mpie | config_.mstatus_storage;
      if (config_.fpu) writable |= mstatus_fs;
      if (config_.user_mode) {
        writable |= mstatus_mprv | mstatus_tw;
        // MPP is WARL: 0 and 3 exist, others leave it as it was
        const std::uint32_t mpp = value & mstatus_mpp;
        if (mpp == 0 || mpp == mpp_machine) writable |= mstatus_mpp;
      }
      mstatus_ = (mstatus_ & ~writable) | (value & writable);
      return true;
    }
    case csr_mstatush:
    case csr_misa:  // extensions are fixed
      return true;
    case csr_mip:  // MSIP, MTIP, MEIP and the platform's lines follow their sources (3.1.9)
      return !config_.presented_interrupts;
    case csr_mie:
      if (config_.presented_interrupts) return false;
      mie_ = value & config_.interrupts;
      return true;
    case csr_gintenr:
      if (config_.hardware_stacking)
        mstatus_ = (mstatus_ & ~(mstatus_mie | mstatus_mpie)) | (value & (mstatus_mie | mstatus_mpie));
      return config_.hardware_stacking;
    case csr_intsyscr:
      if (config_.hardware_stacking) intsyscr_ = value & 3u;
      return config_.hardware_stacking;
    case csr_mtvec:
      mtvec_ = legal_mtvec(value);
      return true;
    case csr_mcounteren:
      if (!config_.user_mode) return is_constant(csr, same);
      mcounteren_ = value & config_.mcounteren_mask.value_or(config_.user_counters);
      return true;
    case csr_mcountinhibit:
      if (!config_.inhibit_exists) return false;
      write_inhibit(value);
      return true;
    case csr_mscratch:
      mscratch_ = value;
      return true;
    case csr_mepc:
      mepc_ = value & (config_.compressed ? ~1u : ~3u);
      return true;
    case csr_mcause:
      mcause_ = value & config_.mcause_mask;
      return true;
    case csr_mtval:
      if (config_.tval) mtval_ = value;
      return true;
    case csr_cpuctrlsts:
      cpuctrl_ = value & (cpuctrl_sync_exc_seen | cpuctrl_double_fault_seen);
      return config_.cpuctrl;
    case csr_msleep:
      msleep_ = value & 7u;
      return config_.hazard3_power;
    case csr_mpcer:
    case csr_mpcmr:
    case csr_mpccr:
      if (config_.performance_counter) write_performance(csr, value);
      return config_.performance_counter;
    case csr_mcycle:
    case csr_mcycleh:
      write_counter(cycle_, counters_().cycles, stopped(counter_cycle), upper_half(csr), value);
      return true;
    case csr_minstret:
    case csr_minstreth:
      // 3.1.10: the written value is what the next instruction reads, so this one must not count into it
      write_counter(instret_, counters_().retired + 1, stopped(counter_instret), upper_half(csr), value);
      return true;
    default:
      if (pmp_.has(csr)) {
        pmp_.write(csr, value);
        return true;
      }
      if (hazard3_irq_.has(csr)) {
        const int next = hazard3_irq_.next();
        hazard3_irq_.write(csr, value, access, mie_);
        if (access.reads) hazard3_irq_.was_read(csr, next);
        update_external();
        return true;
      }
      if (value != 0 && is_event_csr(csr) && (csr & ~0x1fu) == 0x320u && on_event_counter) on_event_counter(csr);
      return is_constant(csr, same);
  }
}

void TrapUnit::set_line(std::uint32_t irq, bool level) {
  const std::uint32_t bit = irq < 32 ? (1u << irq) & config_.interrupts : 0;
  mip_ = level ? mip_ | bit : mip_ & ~bit;
}

void TrapUnit::set_external(unsigned number, bool level) {
  hazard3_irq_.set_line(number, level);
  update_external();
}

void TrapUnit::update_external() {
  if (config_.hazard3_irq.lines) set_line(irq_external, hazard3_irq_.pending());
}

std::optional<std::uint32_t> TrapUnit::pending_interrupt() const {
  const bool masked = (machine_ || config_.user_masked) && (mstatus_ & mstatus_mie) == 0;
  if (config_.presented_interrupts)
    return presented_ && !masked ? std::optional(cause_interrupt | *presented_) : std::nullopt;
  const std::uint32_t ready = mip_ & mie_;
  if (ready == 0 || masked) return std::nullopt;
  const std::uint32_t platform = ready & 0xffff0000u;
  const auto lowest = [](std::uint32_t set) {
    return cause_interrupt | static_cast<std::uint32_t>(std::countr_zero(set));
  };
  if (platform && config_.fast_first) return lowest(platform);
  if (platform && config_.fast_highest_first)
    return cause_interrupt | (31u - static_cast<std::uint32_t>(std::countl_zero(platform)));
  for (const std::uint32_t irq : {irq_external, irq_software, irq_timer})  // 3.1.9
    if (ready & (1u << irq)) return cause_interrupt | irq;
  return lowest(platform ? platform : ready);
}

std::uint32_t TrapUnit::enter(std::uint32_t cause, std::uint32_t pc, std::uint32_t tval) {
  const std::uint32_t previous = machine_ ? mpp_machine : 0;
  const std::uint32_t mpie = (mstatus_ & mstatus_mie) ? std::uint32_t{mstatus_mpie} : 0;
  mstatus_ = (mstatus_ & ~(mstatus_mie | mstatus_mpie | mstatus_mpp)) | mpie | previous;
  machine_ = true;
  mepc_ = pc & (config_.compressed ? ~1u : ~3u);
  mcause_ = cause & config_.mcause_mask;
  if (config_.tval) mtval_ = tval;
  if (config_.cpuctrl && !(cause & cause_interrupt)) {
    if (cpuctrl_ & cpuctrl_sync_exc_seen) cpuctrl_ |= cpuctrl_double_fault_seen;
    cpuctrl_ |= cpuctrl_sync_exc_seen;
  }
  hazard3_irq_.entered(cause == (std::uint32_t{cause_interrupt} | irq_external));
  update_external();
  const std::uint32_t base = mtvec_ & ~3u;
  if (!(mtvec_ & 1u)) return base;
  return base + 4 * ((cause & cause_interrupt) ? cause & ~cause_interrupt : config_.exception_vector);
}

std::uint32_t TrapUnit::mret() {
  const bool to_machine = (mstatus_ & mstatus_mpp) == mpp_machine;
  const std::uint32_t mie = (mstatus_ & mstatus_mpie) ? std::uint32_t{mstatus_mie} : 0;
  const std::uint32_t mpp = config_.user_mode ? 0 : mpp_machine;  // the least privileged mode that exists
  mstatus_ = (mstatus_ & ~(mstatus_mie | mstatus_mpp)) | mie | mstatus_mpie | mpp;
  if (!to_machine) mstatus_ &= ~mstatus_mprv;
  cpuctrl_ &= ~std::uint32_t{cpuctrl_sync_exc_seen};
  hazard3_irq_.returned();
  update_external();
  machine_ = to_machine || !config_.user_mode;
  return mepc_;
}

std::uint32_t TrapUnit::raise(Raise id, std::uint32_t argument, std::uint32_t pc) {
  switch (id) {
    case raise_ecall:
      return enter(machine_ ? cause_ecall_machine : cause_ecall_user, pc, 0);
    case raise_ebreak:
      return enter(cause_breakpoint, pc, breakpoint_tval(pc));
    case raise_mret:
      if (machine_) return mret();
      break;
    case raise_illegal:
      break;
  }
  return enter(cause_illegal, pc, argument);
}

}  // namespace mj::isa::rv32
