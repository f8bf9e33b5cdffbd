#include "sim/arch_thumb.h"

#include <fmt/format.h>

#include "isa/thumb/decode.h"
#include "isa/thumb/it_state.h"
#include "isa/thumb/op.h"
#include "isa/thumb/registers.h"
#include "isa/thumb/system.h"
#include "sim/engine/handlers.h"

namespace mj {

namespace thumb = isa::thumb;
using engine::HotState;
using isa::OpClass;

namespace {

constexpr std::uint32_t semihosting_bkpt = 0xab;  // Arm semihosting specification, 2.0: the trap of M-profile

bool is_fp(OpClass cls) { return cls >= OpClass::fp_move && cls <= OpClass::fp_sys; }

bool is_fault_exception(unsigned n) { return n >= thumb::hard_fault && n <= thumb::usage_fault; }

thumb::Resume resume(Address pc, std::uint32_t mode) { return {pc, static_cast<std::uint8_t>(mode), true}; }

std::uint16_t half(const std::uint8_t* p) { return static_cast<std::uint16_t>(p[0] | p[1] << 8); }

}  // namespace

thumb::AccessResult ThumbArch::BusMemory::read32(std::uint32_t address, std::uint32_t& value) {
  const auto out = bus_.read(address, 4, now);
  value = out.value;
  extra_cycles += out.extra_cycles;
  return out.fault == memory::AccessFault::none ? thumb::AccessResult::ok : thumb::AccessResult::bus_fault;
}

thumb::AccessResult ThumbArch::BusMemory::write32(std::uint32_t address, std::uint32_t value) {
  const auto out = bus_.write(address, 4, value, now);
  extra_cycles += out.extra_cycles;
  return out.fault == memory::AccessFault::none ? thumb::AccessResult::ok : thumb::AccessResult::bus_fault;
}

ThumbArch::ThumbArch(thumb::ExceptionUnit& exceptions, memory::Bus& bus, const timing::CoreTiming& timing,
                     std::uint32_t features)
    : unit_(exceptions), bus_(bus), memory_(bus), timing_(timing), features_(features) {
  sp = thumb::sp;
  lr = thumb::lr;
}

bool ThumbArch::is_wide(const std::uint8_t* code) const { return thumb::is_32bit(half(code)); }

bool ThumbArch::decode(const std::uint8_t* code, unsigned n, Address pc, std::uint32_t mode, isa::Insn& insn,
                       isa::Effects& effects) const {
  const std::uint16_t first = half(code);
  if (thumb::is_32bit(first) && n < 4) return false;
  const thumb::ItState it{static_cast<std::uint8_t>(mode)};
  insn = thumb::decode(first, n == 4 ? half(code + 2) : std::uint16_t{0}, pc, it.active(), features_);
  thumb::apply_it(insn, it);
  effects = thumb::effects(insn);
  return true;
}

std::uint32_t ThumbArch::next_mode(std::uint32_t mode, const isa::Insn& insn) const {
  if (insn.cls == OpClass::it) return insn.imm & 0xff;
  thumb::ItState it{static_cast<std::uint8_t>(mode)};
  if (it.active()) it.advance();
  return it.bits;
}

engine::Handler ThumbArch::handler(const isa::Insn& insn) const { return engine::thumb_handler(insn.op); }
engine::Handler ThumbArch::pair(const isa::Insn& first, const isa::Insn& second) const {
  return engine::thumb_pair(first.op, second.op);
}
engine::Handler ThumbArch::guard(unsigned cond) const { return engine::thumb_guard(cond); }

bool ThumbArch::needs_prepare(const isa::Insn& insn) const {
  return is_fp(insn.cls) || (insn.cls == OpClass::div && unit_.config().profile == thumb::Profile::armv7m);
}

const char* ThumbArch::op_name(std::uint16_t op) const { return thumb::op_name(op); }

std::string ThumbArch::register_name(unsigned id) const {
  static constexpr const char* special[] = {"nf",      "zf",      "cf",        "vf",      "q",    "ge",      "fpscr",
                                            "primask", "basepri", "faultmask", "control", "ipsr", "sp_other"};
  if (id == thumb::sp) return "sp";
  if (id == thumb::lr) return "lr";
  if (id < thumb::s0) return fmt::format("r{}", id);
  if (id < thumb::nf) return fmt::format("s{}", id - thumb::s0);
  return id - thumb::nf < std::size(special) ? special[id - thumb::nf] : "?";
}

thumb::Cpu ThumbArch::cpu(HotState& h) {
  memory_.now = h.now;
  memory_.extra_cycles = 0;
  return {h.r, memory_};
}

std::optional<Redirect> ThumbArch::reset(HotState& h, Address boot) {
  unit_.reset();
  unit_.set_vtor(boot);
  std::uint32_t words[2];
  if (!bus_.peek(boot, reinterpret_cast<std::uint8_t*>(words), sizeof words)) return std::nullopt;
  std::fill(std::begin(h.r), std::end(h.r), 0u);
  h.r[thumb::sp] = words[0] & ~3u;
  h.r[thumb::lr] = 0xffffffff;
  h.r[thumb::zf] = 1;
  Redirect f;
  f.pc = words[1] & ~1u;
  if (!(words[1] & 1)) return fault(h, thumb::Fault::invalid_state, f.pc, {f.pc, 0, false});
  return f;
}

bool ThumbArch::ready(const HotState& h, const isa::Insn& insn) const {
  if (insn.cls == OpClass::div) return !(unit_.ccr & thumb::ccr_div_0_trp) || h.r[insn.rm] != 0;
  return unit_.fp_ready(h.r);
}

Redirect ThumbArch::prepare(HotState& h, const isa::Insn& insn, std::uint32_t mode) {
  const thumb::Resume here = resume(insn.pc, mode);
  if (insn.cls == OpClass::div) return fault(h, thumb::Fault::divide_by_zero, 0, here);
  const thumb::FpTouch touch = unit_.touch_fp(cpu(h));
  if (touch.no_coprocessor) return fault(h, thumb::Fault::no_coprocessor, 0, here);
  Redirect f;
  f.pc = insn.pc;
  f.mode = mode;
  if (touch.lockup) f.kind = Redirect::Kind::lockup;
  if (touch.words_stacked) {
    f.cycles = timing_.exceptions().lazy_fp_push + memory_.extra_cycles;
    f.unsure = timing_.unsure_exceptions().lazy_fp_push;
  }
  return f;
}

std::uint32_t ThumbArch::system_read(HotState& h, const isa::Insn&, std::uint32_t id, Cycle, bool&) {
  return unit_.system_read(id, h.r);
}

void ThumbArch::system_write(HotState& h, const isa::Insn&, std::uint32_t id, std::uint32_t value, Cycle, bool&,
                             bool& sleep) {
  switch (id) {
    case thumb::sys_wfi:
      sleep = !unit_.wakes(h.r);
      waits_for_event_ = false;
      break;
    case thumb::sys_wfe:
      sleep = !unit_.take_event();
      waits_for_event_ = true;
      break;
    case thumb::sys_sev:
      unit_.set_event();
      break;
    case thumb::sys_isb:
    case thumb::sys_dsb:
      break;
    default:
      unit_.system_write(id, value, h.r);
  }
}

Redirect ThumbArch::raise(HotState& h, std::uint32_t id, std::uint32_t argument, const isa::Insn& insn,
                          std::uint32_t mode, std::uint32_t next_mode) {
  const thumb::Resume here = resume(insn.pc, mode), next = resume(insn.pc + insn.size, next_mode);
  switch (id) {
    case thumb::raise_svc: {
      const std::uint32_t stack = h.r[sp];
      return follow(h, unit_.raise(thumb::Fault::svc, 0, next, cpu(h)), stack, true);
    }
    case thumb::raise_bkpt:
      if (argument == semihosting_bkpt) {
        Redirect f;
        f.kind = Redirect::Kind::semihost;
        f.pc = next.pc;
        f.mode = next.it_state;
        return f;
      }
      return fault(h, thumb::Fault::breakpoint, 0, here);
    case thumb::raise_no_coprocessor:
      return fault(h, thumb::Fault::no_coprocessor, 0, here);
    case thumb::raise_divide_by_zero:
      return fault(h, thumb::Fault::divide_by_zero, 0, here);
    default:
      return fault(h, thumb::Fault::undefined_instruction, 0, here);
  }
}

Redirect ThumbArch::bad_access(HotState& h, const BadAccess& access, Address pc, std::uint32_t mode) {
  thumb::Fault kind = thumb::Fault::data_bus;
  if (access.fetch)
    kind = access.why == BadAccess::Why::forbidden ? thumb::Fault::instruction_mpu : thumb::Fault::instruction_bus;
  else if (access.why == BadAccess::Why::forbidden)
    kind = thumb::Fault::data_mpu;
  else if (access.why == BadAccess::Why::unaligned)
    kind = thumb::Fault::unaligned;
  return fault(h, kind, access.address, resume(pc, mode));
}

Redirect ThumbArch::illegal(HotState& h, const isa::Insn& insn, std::uint32_t mode) {
  return fault(h, thumb::Fault::undefined_instruction, 0, resume(insn.pc, mode));
}

Redirect ThumbArch::fault(HotState& h, thumb::Fault kind, Address address, const thumb::Resume& at) {
  const std::uint32_t stack = h.r[sp];
  Redirect f = follow(h, unit_.raise(kind, address, at, cpu(h)), stack, true);
  f.fault = true;
  return f;
}

Redirect ThumbArch::follow(HotState& h, const thumb::Transition& t, std::uint32_t interrupted_sp, bool by_instruction) {
  constexpr unsigned fp_frame_words = 25;
  Redirect f;
  const auto charge = [&](std::uint32_t timing::ExceptionCost::*part) {
    f.cycles += timing_.exceptions().*part;
    f.unsure += timing_.unsure_exceptions().*part;
  };
  using Cost = timing::ExceptionCost;
  f.pc = t.next.pc;
  f.mode = t.next.it_state;
  f.exception = t.handler;
  f.sleep = t.sleep_on_exit;
  if (f.sleep) waits_for_event_ = false;
  f.interrupted_sp = interrupted_sp;
  f.cycles = memory_.extra_cycles;
  if (t.lockup) {
    f.kind = Redirect::Kind::lockup;
    f.fault = true;
  } else if (t.handler == 0) {
    f.kind = Redirect::Kind::return_exception;
    charge(&Cost::exit);
    if (t.words_unstacked == fp_frame_words) charge(&Cost::fp_frame_exit);
    if (!t.next.thumb) return fault(h, thumb::Fault::invalid_state, t.next.pc, t.next);
  } else if (t.tail_chained) {
    f.kind = Redirect::Kind::chain_exception;
    charge(&Cost::tail_chain);
    f.fault = is_fault_exception(t.handler);
  } else {
    f.kind = Redirect::Kind::enter_exception;
    charge(by_instruction ? &Cost::trap_entry : &Cost::entry);
    if (t.words_stacked == fp_frame_words) charge(&Cost::fp_frame_entry);
    f.fault = is_fault_exception(t.handler);
  }
  return f;
}

Redirect ThumbArch::indirect(HotState& h, std::uint32_t raw) {
  if (thumb::is_exc_return(raw, h.r)) return follow(h, unit_.return_from(raw, cpu(h)), 0, false);
  Redirect f;
  f.pc = raw & ~1u;
  if (!(raw & 1)) return fault(h, thumb::Fault::invalid_state, f.pc, {f.pc, 0, false});
  return f;
}

bool ThumbArch::interrupt_ready(const HotState& h) const { return unit_.pending_exception(h.r).has_value(); }

Redirect ThumbArch::interrupt(HotState& h, Address pc, std::uint32_t mode) {
  const auto exception = unit_.pending_exception(h.r);
  const std::uint32_t stack = h.r[sp];
  return follow(h, unit_.enter(*exception, resume(pc, mode), cpu(h)), stack, false);
}

bool ThumbArch::wakes(HotState& h) { return unit_.wakes(h.r) || (waits_for_event_ && unit_.event()); }
Cycle ThumbArch::wake_cycles() const { return timing_.exceptions().wake; }

bool ThumbArch::allows_unaligned(const HotState&) const {
  return unit_.config().profile == thumb::Profile::armv7m && !(unit_.ccr & thumb::ccr_unalign_trp);
}

std::string ThumbArch::exception_name(unsigned n) const {
  static constexpr const char* names[] = {"Thread",     "Reset",    "NMI",    "HardFault", "MemManage", "BusFault",
                                          "UsageFault", "",         "",       "",          "",          "SVCall",
                                          "DebugMon",   "reserved", "PendSV", "SysTick"};
  if (n >= thumb::external_0) return fmt::format("IRQ {}", n - thumb::external_0);
  return names[n];
}

std::vector<std::string> ThumbArch::fault_status(const HotState&) const {
  struct Bit {
    std::uint32_t bit;
    const char* name;
  };
  static constexpr Bit cfsr_bits[] = {{thumb::cfsr_iaccviol, "IACCVIOL"},
                                      {thumb::cfsr_daccviol, "DACCVIOL"},
                                      {thumb::cfsr_munstkerr, "MUNSTKERR"},
                                      {thumb::cfsr_mstkerr, "MSTKERR"},
                                      {thumb::cfsr_mlsperr, "MLSPERR"},
                                      {thumb::cfsr_mmarvalid, "MMARVALID"},
                                      {thumb::cfsr_ibuserr, "IBUSERR"},
                                      {thumb::cfsr_preciserr, "PRECISERR"},
                                      {thumb::cfsr_impreciserr, "IMPRECISERR"},
                                      {thumb::cfsr_unstkerr, "UNSTKERR"},
                                      {thumb::cfsr_stkerr, "STKERR"},
                                      {thumb::cfsr_lsperr, "LSPERR"},
                                      {thumb::cfsr_bfarvalid, "BFARVALID"},
                                      {thumb::cfsr_undefinstr, "UNDEFINSTR"},
                                      {thumb::cfsr_invstate, "INVSTATE"},
                                      {thumb::cfsr_invpc, "INVPC"},
                                      {thumb::cfsr_nocp, "NOCP"},
                                      {thumb::cfsr_unaligned, "UNALIGNED"},
                                      {thumb::cfsr_divbyzero, "DIVBYZERO"}};
  static constexpr Bit hfsr_bits[] = {
      {thumb::hfsr_vecttbl, "VECTTBL"}, {thumb::hfsr_forced, "FORCED"}, {thumb::hfsr_debugevt, "DEBUGEVT"}};
  const auto words = [](const char* name, std::uint32_t value, const auto& bits) {
    std::string line = fmt::format("{} = 0x{:08x}", name, value);
    const char* glue = ": ";
    for (const Bit& b : bits)
      if (value & b.bit) {
        line += fmt::format("{}{}", glue, b.name);
        glue = ", ";
      }
    return line;
  };
  std::vector<std::string> out;
  if (unit_.config().profile == thumb::Profile::armv6m) return out;  // ARMv6-M has no fault status registers
  out.push_back(words("CFSR", unit_.cfsr, cfsr_bits));
  out.push_back(words("HFSR", unit_.hfsr, hfsr_bits));
  if (unit_.cfsr & thumb::cfsr_mmarvalid) out.push_back(fmt::format("MMFAR = 0x{:08x}", unit_.mmfar));
  if (unit_.cfsr & thumb::cfsr_bfarvalid) out.push_back(fmt::format("BFAR = 0x{:08x}", unit_.bfar));
  return out;
}

bool ThumbArch::in_fault(const HotState& h) const { return is_fault_exception(h.r[thumb::ipsr]); }

}  // namespace mj
