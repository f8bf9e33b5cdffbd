#include "sim/arch_rv32.h"

#include <fmt/format.h>

#include <algorithm>

#include "isa/rv32/decode.h"
#include "isa/rv32/disasm.h"
#include "isa/rv32/f.h"
#include "isa/rv32/registers.h"
#include "isa/rv32/system.h"
#include "sim/engine/handlers.h"

namespace mj {

namespace rv32 = isa::rv32;
using engine::HotState;

namespace {

// RISC-V semihosting specification, 0.3: the two marker instructions around the EBREAK of a call.
constexpr std::uint32_t semihost_before = 0x01f01013;  // slli x0, x0, 0x1f
constexpr std::uint32_t semihost_after = 0x40705013;   // srai x0, x0, 7

rv32::CsrAccess csr_access(const HotState& h, const isa::Insn& insn) {
  const auto is = [&](rv32::Op op) { return insn.op == static_cast<std::uint16_t>(op); };
  const std::uint32_t field = rv32::bits(insn.raw, 19, 15);
  const bool immediate = (insn.raw & 1u << 14) != 0, clears = rv32::bits(insn.raw, 13, 12) == 3;
  return {.operand = immediate || field == 0 ? field : h.r[field],
          .reads = !is(rv32::Op::csrw) && !is(rv32::Op::csrwi),
          .writes = !is(rv32::Op::csrr),
          .clears = clears};
}

constexpr unsigned interrupt_number = 0x100;  ///< added to an interrupt's cause in exception numbers

std::uint32_t word(const std::uint8_t* p) {
  return static_cast<std::uint32_t>(p[0]) | static_cast<std::uint32_t>(p[1]) << 8 |
         static_cast<std::uint32_t>(p[2]) << 16 | static_cast<std::uint32_t>(p[3]) << 24;
}

}  // namespace

Rv32Arch::Rv32Arch(rv32::TrapUnit& traps, memory::Bus& bus, const timing::CoreTiming& timing, Options options)
    : traps_(traps), bus_(bus), timing_(timing), options_(options) {
  sp = 2;
  lr = 1;
  alternate_lr = 5;
}

bool Rv32Arch::is_wide(const std::uint8_t* code) const { return (code[0] & 3) == 3; }

bool Rv32Arch::decode(const std::uint8_t* code, unsigned n, Address pc, std::uint32_t, isa::Insn& insn,
                      isa::Effects& effects) const {
  if (is_wide(code) && n < 4) return false;
  insn = rv32::decode(word(code), pc, options_.features);
  effects = rv32::effects(insn);
  return true;
}

engine::Handler Rv32Arch::handler(const isa::Insn& insn) const { return engine::rv32_handler(insn.op); }
const char* Rv32Arch::op_name(std::uint16_t op) const { return rv32::op_name(op); }

std::string Rv32Arch::feature_of(const std::uint8_t* code) const {
  return rv32::lacking(word(code), options_.features);
}

std::string Rv32Arch::text(std::span<const std::uint8_t> code, Address pc, std::uint32_t) const {
  const bool lacks = code.size() >= 4 && !feature_of(code.data()).empty();
  return rv32::disassemble(code, pc, (lacks ? ~0u : options_.features) & rv32::vendor_features);
}

std::string Rv32Arch::register_name(unsigned id) const {
  static constexpr const char* names[] = {"zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
                                          "a1",   "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
                                          "s6",   "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"};
  return id < std::size(names) ? names[id] : fmt::format("f{}", id - 32);
}

std::optional<Redirect> Rv32Arch::reset(HotState& h, Address boot) {
  traps_.reset();
  update_protection();
  std::fill(std::begin(h.r), std::end(h.r), 0u);
  h.r[rv32::fp_control] = rv32::control_of_fcsr(0);
  in_fault_ = unblocked_ = false;
  stacked_.clear();
  Redirect f;
  f.pc = boot;
  return f;
}

bool Rv32Arch::needs_prepare(const isa::Insn& insn) const { return rv32::is_fp(insn); }

bool Rv32Arch::ready(const HotState& h, const isa::Insn& insn) const {
  if ((h.r[rv32::fp_control] & rv32::fp_control_frm_reserved) && rv32::rounds_by_frm(insn)) return false;
  return traps_.fp_state() == 3 || (traps_.fp_state() != 0 && !rv32::writes_fp_state(insn));
}

Redirect Rv32Arch::prepare(HotState& h, const isa::Insn& insn, std::uint32_t mode) {
  const bool no_rounding = (h.r[rv32::fp_control] & rv32::fp_control_frm_reserved) && rv32::rounds_by_frm(insn);
  if (traps_.fp_state() == 0 || no_rounding) return illegal(h, insn, mode);
  traps_.set_fp_dirty();
  Redirect f;
  f.pc = insn.pc;
  return f;
}

std::uint32_t Rv32Arch::system_read(HotState& h, const isa::Insn& insn, std::uint32_t id, Cycle, bool& illegal) {
  if (rv32::is_fp_csr(id)) {
    illegal = traps_.fp_state() == 0;
    return rv32::read_fp_csr(id, h.r[rv32::fp_control]);
  }
  std::uint32_t value = 0;
  illegal = !traps_.csr_read(id, value, csr_access(h, insn));
  return value;
}

void Rv32Arch::system_write(HotState& h, const isa::Insn& insn, std::uint32_t id, std::uint32_t value, Cycle,
                            bool& illegal, bool& sleep) {
  if (id == rv32::sys_wfi) {
    illegal = !traps_.wfi_legal();
    sleep = !illegal && !traps_.interrupt_waiting();
  } else if (id == rv32::sys_h3_block || id == rv32::sys_h3_unblock) {
    illegal = !traps_.wfi_legal();
    if (illegal) return;
    sleep = id == rv32::sys_h3_block && !unblocked_ && !traps_.interrupt_waiting();
    unblocked_ = id == rv32::sys_h3_unblock;
  } else if (rv32::is_fp_csr(id)) {
    illegal = traps_.fp_state() == 0;
    if (illegal) return;
    traps_.set_fp_dirty();
    h.r[rv32::fp_control] = rv32::write_fp_csr(id, value, h.r[rv32::fp_control]);
  } else if (id != rv32::sys_fence_i) {
    illegal = !traps_.csr_write(id, value, csr_access(h, insn));
    update_protection();  // mstatus or the PMP may have been written
  }
}

bool Rv32Arch::debug_write(std::uint32_t csr, std::uint32_t value) {
  const bool written = traps_.debug_write(csr, value);
  update_protection();
  return written;
}

void Rv32Arch::update_protection() {
  const unsigned view = (traps_.machine() ? 1u : 0u) | (traps_.data_as_machine() ? 2u : 0u);
  const std::uint32_t version = traps_.pmp().version();
  if (version == views_of_ && view == view_) return;
  if (version != views_of_) views_ = {};
  views_of_ = version;
  view_ = view;
  auto& known = views_[view];
  if (!known) {
    constexpr std::uint8_t data = rv32::pmp_read | rv32::pmp_write;
    const auto fetch = traps_.pmp().permits(view & 1u), access = traps_.pmp().permits(view & 2u);
    std::vector<memory::ProtectionRange> ranges;
    // Both cover all addresses: a range ends where either does.
    for (std::size_t f = 0, a = 0; f < fetch.size() && a < access.size();) {
      const Address first = std::max(fetch[f].first, access[a].first), last = std::min(fetch[f].last, access[a].last);
      const auto permits = static_cast<std::uint8_t>((fetch[f].permits & ~data) | (access[a].permits & data));
      static_assert(rv32::pmp_read == +memory::permit_read && rv32::pmp_write == +memory::permit_write &&
                    rv32::pmp_execute == +memory::permit_execute);
      if (!ranges.empty() && ranges.back().permits == permits)
        ranges.back().last = last;
      else
        ranges.push_back({first, last, permits});
      if (fetch[f].last == last) ++f;
      if (access[a].last == last) ++a;
    }
    const bool everything = ranges.size() == 1 && ranges[0].permits == (data | rv32::pmp_execute);
    known = everything ? nullptr : std::make_shared<const memory::Protection>(std::move(ranges));
  }
  if (on_protection) on_protection(*known);
}

namespace {
// QingKe V2: what the hardware prologue saves, x1, x5..x7 and x10..x15, below the stack pointer.
constexpr unsigned saved_by_hardware[] = {1, 5, 6, 7, 10, 11, 12, 13, 14, 15};
constexpr std::uint32_t hardware_frame = 48;
}  // namespace

void Rv32Arch::stack_registers(HotState& h) {
  stacked_.push_back(traps_.stacks_by_hardware());
  if (!stacked_.back()) return;
  Address at = h.r[sp] -= hardware_frame;
  for (const unsigned r : saved_by_hardware) {
    const std::uint8_t bytes[] = {static_cast<std::uint8_t>(h.r[r]), static_cast<std::uint8_t>(h.r[r] >> 8),
                                  static_cast<std::uint8_t>(h.r[r] >> 16), static_cast<std::uint8_t>(h.r[r] >> 24)};
    bus_.poke(at, bytes, sizeof bytes);
    at += 4;
  }
}

void Rv32Arch::unstack_registers(HotState& h) {
  if (stacked_.empty()) return;
  const bool stacked = stacked_.back();
  stacked_.pop_back();
  if (!stacked) return;
  Address at = h.r[sp];
  for (const unsigned r : saved_by_hardware) {
    std::uint8_t bytes[4] = {};
    bus_.peek(at, bytes, sizeof bytes);
    h.r[r] = word(bytes);
    at += 4;
  }
  h.r[sp] += hardware_frame;
}

Address Rv32Arch::refused(Address address, unsigned size, std::uint8_t permit) const {
  const auto& protection = views_[view_];
  if (!protection || !*protection) return address;
  const Address next = (address | 3u) + 1u;  // of the next word
  const bool crosses = next != 0 && address + size > next;
  return crosses && ((*protection)->permits(address, next - 1) & permit) ? next : address;
}

Redirect Rv32Arch::trap(HotState& h, std::uint32_t cause, Address pc, std::uint32_t tval, bool by_instruction) {
  Redirect f;
  f.kind = Redirect::Kind::enter_exception;
  f.interrupted_sp = h.r[sp];
  f.pc = traps_.enter(cause, pc, tval);
  update_protection();
  const bool is_interrupt = (cause & rv32::cause_interrupt) != 0;
  if (traps_.vector_holds_address()) {
    std::uint8_t entry[4] = {};
    bus_.peek(f.pc, entry, 4);
    f.pc = word(entry) & ~1u;
  }
  if (is_interrupt && interrupts.taken) {
    stack_registers(h);
    interrupts.taken(cause & ~rv32::cause_interrupt);
  }
  f.exception = is_interrupt ? interrupt_number + (cause & 0xff) : cause;
  const auto cycles = by_instruction ? &timing::ExceptionCost::trap_entry : &timing::ExceptionCost::entry;
  f.cycles = timing_.exceptions().*cycles;
  f.unsure = timing_.unsure_exceptions().*cycles;
  f.fault = !is_interrupt && cause != rv32::cause_ecall_machine && cause != rv32::cause_ecall_user;
  if (f.fault) in_fault_ = true;
  return f;
}

Redirect Rv32Arch::raise(HotState& h, std::uint32_t id, std::uint32_t argument, const isa::Insn& insn, std::uint32_t,
                         std::uint32_t) {
  switch (id) {
    case rv32::raise_mret: {
      if (!traps_.machine()) return trap(h, rv32::cause_illegal, insn.pc, argument, true);
      in_fault_ = false;
      Redirect f;
      f.kind = Redirect::Kind::return_exception;
      f.pc = traps_.mret();
      unstack_registers(h);
      if (interrupts.returned) interrupts.returned();
      update_protection();
      f.cycles = timing_.exceptions().exit;
      f.unsure = timing_.unsure_exceptions().exit;
      return f;
    }
    case rv32::raise_ebreak: {
      std::uint8_t around[12];
      if (insn.size == 4 && bus_.peek(insn.pc - 4, around, sizeof around) && word(around) == semihost_before &&
          word(around + 8) == semihost_after) {
        Redirect f;
        f.kind = Redirect::Kind::semihost;
        f.pc = insn.pc + insn.size;
        return f;
      }
      return trap(h, rv32::cause_breakpoint, insn.pc, traps_.breakpoint_tval(insn.pc), true);
    }
    case rv32::raise_ecall:
      return trap(h, traps_.machine() ? rv32::cause_ecall_machine : rv32::cause_ecall_user, insn.pc, 0, true);
    default:
      return trap(h, rv32::cause_illegal, insn.pc, argument, true);
  }
}

Redirect Rv32Arch::bad_access(HotState& h, const BadAccess& access, Address pc, std::uint32_t) {
  if (access.fetch && in_fault_ && pc == (traps_.mtvec() & ~3u)) {
    // The trap handler itself can't be fetched: silicon would trap here for ever.
    Redirect f;
    f.kind = Redirect::Kind::lockup;
    f.pc = pc;
    f.fault = true;
    f.exception = rv32::cause_fetch_access;
    return f;
  }
  std::uint32_t cause = access.write ? rv32::cause_store_access : rv32::cause_load_access;
  Address at = access.address;
  if (access.why == BadAccess::Why::forbidden && !access.fetch)
    at = refused(at, access.size, access.write ? memory::permit_write : memory::permit_read);
  if (access.fetch) {
    cause = rv32::cause_fetch_access;
    // mtval is the part of the instruction that can't be fetched (3.1.16): its second half if the first one can.
    std::uint8_t first[2];
    if (access.why == BadAccess::Why::unmapped && bus_.peek(pc, first, 2)) at += 2;
  } else if (access.why == BadAccess::Why::unaligned) {
    cause = access.write ? rv32::cause_store_misaligned : rv32::cause_load_misaligned;
  }
  return trap(h, cause, pc, at, true);
}

Redirect Rv32Arch::illegal(HotState& h, const isa::Insn& insn, std::uint32_t) {
  Redirect f = trap(h, rv32::cause_illegal, insn.pc, insn.raw, true);
  f.cycles += timing_.refused_cycles(insn);
  return f;
}

Redirect Rv32Arch::indirect(HotState& h, std::uint32_t raw, const isa::Insn&) {
  if (!(options_.features & rv32::feature_c) && (raw & 2))
    return trap(h, rv32::cause_fetch_misaligned, raw & ~1u, raw & ~1u, true);
  Redirect f;
  f.pc = raw & ~1u;
  return f;
}

bool Rv32Arch::interrupt_ready(const HotState&) const { return traps_.pending_interrupt().has_value(); }

Redirect Rv32Arch::interrupt(HotState& h, Address pc, std::uint32_t) {
  return trap(h, *traps_.pending_interrupt(), pc, 0, false);
}

Cycle Rv32Arch::wake_cycles() const { return timing_.exceptions().wake; }

std::string Rv32Arch::exception_name(unsigned n) const {
  const std::uint32_t cause = n >= interrupt_number ? rv32::cause_interrupt | (n - interrupt_number) : n;
  return std::string(rv32::cause_text(cause));
}

std::vector<std::string> Rv32Arch::fault_status(const HotState&) const {
  std::vector<std::string> all{fmt::format("mcause = 0x{:08x}: {}", traps_.mcause(), rv32::cause_text(traps_.mcause())),
                               fmt::format("mepc = 0x{:08x}", traps_.mepc())};
  if (traps_.has_mtval()) all.push_back(fmt::format("mtval = 0x{:08x}", traps_.mtval()));
  return all;
}

bool Rv32Arch::in_fault(const HotState&) const { return in_fault_; }

}  // namespace mj
