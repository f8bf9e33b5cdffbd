#include "sim/arch_thumb.h"

#include "isa/thumb/decode.h"
#include "isa/thumb/disasm.h"
#include "isa/thumb/it_state.h"
#include "isa/thumb/op.h"
#include "isa/thumb/registers.h"
#include "isa/thumb/system.h"
#include "sim/engine/engine.h"
#include "sim/engine/handlers.h"

namespace mj {

namespace thumb = isa::thumb;
using engine::HotState;
using isa::OpClass;

namespace {

constexpr std::uint32_t semihosting_bkpt = 0xab;  // Arm semihosting specification, 2.0: the trap of M-profile

bool is_fp(OpClass cls) { return cls >= OpClass::fp_move && cls <= OpClass::fp_sys; }

bool is_fault_exception(unsigned n) { return n >= thumb::hard_fault && n <= thumb::secure_fault; }

thumb::Resume resume(Address pc, std::uint32_t mode) { return {pc, static_cast<std::uint8_t>(mode), true}; }

std::uint16_t half(const std::uint8_t* p) { return static_cast<std::uint16_t>(p[0] | p[1] << 8); }

}  // namespace

ThumbArch::ThumbArch(thumb::ExceptionUnit& exceptions, thumb::Mpu& mpu, thumb::Mpu* mpu_ns, thumb::Sau* sau,
                     memory::Bus& bus, const timing::CoreTiming& timing, std::uint32_t features)
    : unit_(exceptions),
      mpu_(mpu),
      mpu_ns_(mpu_ns),
      sau_(sau),
      bus_(bus),
      memory_(*this),
      timing_(timing),
      features_(features) {
  sp = thumb::sp;
  lr = thumb::lr;
  jump_or_return = static_cast<std::uint16_t>(thumb::Op::bx);
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

std::string ThumbArch::feature_of(const std::uint8_t* code) const {
  const auto needed = thumb::needed_features(half(code), half(code + 2));
  return needed ? std::string(thumb::missing_extension(*needed, features_)) : "";
}

std::string ThumbArch::text(std::span<const std::uint8_t> code, Address pc, std::uint32_t mode) const {
  return thumb::disassemble(code, pc, mode);
}

thumb::Cpu ThumbArch::cpu(HotState& h) {
  memory_.now = h.now;
  memory_.extra_cycles = 0;
  return {h.r, memory_};
}

std::optional<Redirect> ThumbArch::reset(HotState& h, Address boot) {
  unit_.reset();
  mpu_.reset();
  if (sau_) {
    mpu_ns_->reset();
    sau_->reset();
  }
  unit_.set_vtor(boot);
  std::uint32_t words[2];
  if (!bus_.peek(boot, reinterpret_cast<std::uint8_t*>(words), sizeof words)) return std::nullopt;
  std::fill(std::begin(h.r), std::end(h.r), 0u);
  h.r[thumb::sp] = words[0] & ~3u;
  h.r[thumb::lr] = 0xffffffff;
  h.r[thumb::zf] = 1;
  h.r[thumb::secure_state] = unit_.secure();
  update_protection(h);
  Redirect f;
  f.pc = words[1] & ~1u;
  if (!(words[1] & 1)) return fault(h, thumb::Fault::invalid_state, f.pc, {f.pc, 0, false});
  return f;
}

bool ThumbArch::ready(const HotState& h, const isa::Insn& insn) const {
  if (insn.cls == OpClass::div) return !(unit_.ccr & thumb::ccr_div_0_trp) || h.r[insn.rm] != 0;
  if (is_fp(insn.cls)) return unit_.fp_ready(h.r);
  return stack_ready(h, insn);
}

bool ThumbArch::is_gateway(const isa::Insn& insn) const { return static_cast<thumb::Op>(insn.op) == thumb::Op::sg; }

Redirect ThumbArch::prepare(HotState& h, const isa::Insn& insn, std::uint32_t mode) {
  const thumb::Resume here = resume(insn.pc, mode);
  if (insn.cls == OpClass::div) return fault(h, thumb::Fault::divide_by_zero, 0, here);
  if (!is_fp(insn.cls) || unit_.fp_ready(h.r)) return fault(h, thumb::Fault::stack_overflow, 0, here);
  const thumb::FpTouch touch = unit_.touch_fp(cpu(h));
  if (touch.no_coprocessor)
    return fault(h, touch.refused_by_nsacr ? thumb::Fault::no_coprocessor_secure : thumb::Fault::no_coprocessor, 0,
                 here);
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

void ThumbArch::refuse(thumb::Fault fault, Address address, bool& illegal) {
  refused_ = fault;
  refused_address_ = address;
  illegal = true;
}

std::uint32_t ThumbArch::system_read(HotState& h, const isa::Insn&, std::uint32_t id, Cycle, bool& illegal) {
  if ((id & 0xff) == thumb::sys_tt) {
    const std::uint32_t kind = id >> 8;
    if ((kind & thumb::tt_non_secure) && !unit_.secure()) {
      refuse(thumb::Fault::undefined_instruction, 0, illegal);
      return 0;
    }
    return test_target(h, tested_, kind);
  }
  return unit_.system_read(id, h.r);
}

void ThumbArch::system_write(HotState& h, const isa::Insn& insn, std::uint32_t id, std::uint32_t value, Cycle,
                             bool& illegal, bool& sleep) {
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
    case thumb::sys_gateway:
      // In Secure state, and in Non-secure memory, an SG does nothing.
      if (!sau_ || unit_.secure() || sau_->at(insn.pc).attribution != thumb::Attribution::callable) break;
      unit_.secure_gateway(h.r);
      h.engine->calls().crossed(h.r[sp]);
      update_protection(h);
      break;
    case thumb::sys_tt_address:
      tested_ = value;
      break;
    case thumb::sys_vlstm:
    case thumb::sys_vlldm: {
      const auto done = id == thumb::sys_vlstm ? unit_.store_lazily(value, cpu(h)) : unit_.load_lazily(value, cpu(h));
      if (done.fault) refuse(*done.fault, done.address, illegal);
      break;
    }
    default:
      if (unit_.violates_other_limit(id, value, h.r)) {
        refuse(thumb::Fault::stack_overflow, 0, illegal);
        break;
      }
      unit_.system_write(id, value, h.r);
      update_protection(h);  // CONTROL, FAULTMASK
  }
}

void ThumbArch::debug_write(HotState& h, std::uint32_t sysm, std::uint32_t value) {
  unit_.privileged_write(sysm, value, h.r);
  update_protection(h);
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
  const bool forbidden = access.why == BadAccess::Why::forbidden;
  const Address last = access.address + (access.size ? access.size - 1 : 0);
  if (forbidden && (refused_by_attribution(access.address, access.fetch, unit_.secure()) ||
                    refused_by_attribution(last, access.fetch, unit_.secure())))
    kind = !access.fetch    ? thumb::Fault::secure_data
           : unit_.secure() ? thumb::Fault::secure_transition
                            : thumb::Fault::secure_entry;
  else if (access.fetch)
    kind = access.why == BadAccess::Why::forbidden ? thumb::Fault::instruction_mpu : thumb::Fault::instruction_bus;
  else if (access.why == BadAccess::Why::forbidden && !thumb::is_private_peripheral_bus(access.address))
    kind = thumb::Fault::data_mpu;
  else if (access.why == BadAccess::Why::unaligned)
    kind = thumb::Fault::unaligned;
  return fault(h, kind, access.address, resume(pc, mode));
}

Redirect ThumbArch::illegal(HotState& h, const isa::Insn& insn, std::uint32_t mode) {
  if (refused_) return fault(h, *std::exchange(refused_, std::nullopt), refused_address_, resume(insn.pc, mode));
  return fault(h, thumb::Fault::undefined_instruction, 0, resume(insn.pc, mode));
}

Redirect ThumbArch::fault(HotState& h, thumb::Fault kind, Address address, const thumb::Resume& at) {
  const std::uint32_t stack = h.r[sp];
  Redirect f = follow(h, unit_.raise(kind, address, at, cpu(h)), stack, true);
  f.fault = true;
  return f;
}

Redirect ThumbArch::follow(HotState& h, const thumb::Transition& t, std::uint32_t interrupted_sp, bool by_instruction) {
  update_protection(h);
  Redirect f;
  const auto charge = [&](std::uint32_t timing::ExceptionCost::*part) {
    f.cycles += timing_.exceptions().*part;
    f.unsure += timing_.unsure_exceptions().*part;
  };
  using Cost = timing::ExceptionCost;
  const auto charge_secure_words = [&](unsigned words) {
    f.cycles += words * timing_.exceptions().secure_word;
    f.unsure += words * timing_.unsure_exceptions().secure_word;
  };
  // Beyond the basic frame: the FP state by its own cost, and what only Secure code stacks (R4-R11, S16-S31) by the
  // word.
  const auto frame = [&](unsigned words, std::uint32_t timing::ExceptionCost::*fp_state) {
    constexpr unsigned basic_words = 8, fp_words = 17;
    unsigned more = words > basic_words ? words - basic_words : 0;
    if (more >= fp_words) {
      more -= fp_words;
      charge(fp_state);
    }
    charge_secure_words(more);
  };
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
    frame(t.words_unstacked, &Cost::fp_frame_exit);
    if (!t.next.thumb) return fault(h, thumb::Fault::invalid_state, t.next.pc, t.next);
  } else if (t.tail_chained) {
    f.kind = Redirect::Kind::chain_exception;
    charge(&Cost::tail_chain);
    if (t.words_unstacked == 0) charge_secure_words(t.words_stacked);
    f.fault = is_fault_exception(t.handler);
  } else {
    f.kind = Redirect::Kind::enter_exception;
    charge(by_instruction ? &Cost::trap_entry : &Cost::entry);
    frame(t.words_stacked, &Cost::fp_frame_entry);
    f.fault = is_fault_exception(t.handler);
  }
  // A vector whose bit 0 is clear: the handler's first instruction faults (ARMv7-M B1.5.7, EPSR.T from the vector).
  if (t.handler != 0 && !t.lockup && !t.next.thumb) {
    const Cycle entered = f.cycles;
    f = fault(h, thumb::Fault::invalid_state, t.next.pc, t.next);
    f.interrupted_sp = interrupted_sp;
    f.cycles += entered;
  }
  return f;
}

Redirect ThumbArch::across(HotState& h, const thumb::Transition& t, std::uint32_t sp_before, bool call) {
  if (t.handler != 0 || t.lockup) {
    Redirect f = follow(h, t, sp_before, true);
    f.fault = true;
    return f;
  }
  update_protection(h);
  Redirect f;
  f.kind = call ? Redirect::Kind::call_across : Redirect::Kind::return_across;
  f.pc = t.next.pc;
  f.interrupted_sp = sp_before;
  const Cycle words = t.words_stacked + t.words_unstacked;
  f.cycles = words * timing_.exceptions().secure_word + memory_.extra_cycles;
  f.unsure = words * timing_.unsure_exceptions().secure_word;
  if (!t.next.thumb) return fault(h, thumb::Fault::invalid_state, f.pc, {f.pc, 0, false});
  return f;
}

Redirect ThumbArch::indirect(HotState& h, std::uint32_t raw, const isa::Insn& insn) {
  const std::uint32_t before = h.r[sp];
  const thumb::Resume here = resume(insn.pc, 0);
  if (unit_.config().security) {
    const thumb::Op op = static_cast<thumb::Op>(insn.op);
    const bool call = op == thumb::Op::blxns;
    if ((op == thumb::Op::bxns || call) && !unit_.secure())
      return fault(h, thumb::Fault::undefined_instruction, 0, here);
    if (thumb::is_fnc_return(raw) && !call) return across(h, unit_.return_from_non_secure(here, cpu(h)), before, false);
    if (call || (op == thumb::Op::bxns && !thumb::is_exc_return(raw, h.r)))
      return across(h, unit_.branch_non_secure(raw, call, here, insn.pc + insn.size, cpu(h)), before, call);
  }
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

bool ThumbArch::in_fault(const HotState& h) const { return is_fault_exception(h.r[thumb::ipsr]); }

}  // namespace mj
