// Why Arm firmware faulted: what the status registers say, and what led there.
#include <fmt/format.h>

#include "isa/thumb/decode.h"
#include "isa/thumb/exceptions.h"
#include "sim/fault_reasoner.h"
#include "sim/profile/attribution.h"

namespace mj {

namespace thumb = isa::thumb;

namespace {

constexpr std::uint32_t exc_return = 0xffffff00;  // EXC_RETURN values of all profiles lie from here on

}  // namespace

std::string Reasoner::arm() const {
  if (is("NOCP", thumb::cfsr_nocp)) {
    // A7.2: which coprocessor stands in bits 11 to 8 of every instruction of one.
    const std::uint32_t coprocessor = code_ ? code_->insn.raw >> 8 & 0xf : 10;
    if (coprocessor != 10 && coprocessor != 11)
      return fmt::format("{} is of coprocessor {}: of those that {} may have, the FPU (10 and 11) is modelled",
                         code_text(m_, f_.pc), coprocessor, m_.board().id);
    return fmt::format(
        "the FPU is not enabled: {} needs CP10 and CP11 in CPACR (0xe000ed88, bits 23 to 20), which start-up code such "
        "as SystemInit sets",
        code_text(m_, f_.pc));
  }
  if (std::string s = secure_fault(); !s.empty()) return s;
  if (is("STKOF", thumb::cfsr_stkof)) return below_limit();
  if (is("INVPC", thumb::cfsr_invpc)) return bad_exception_return();
  if (op() == "bkpt" && !f_.has_access)
    return fmt::format("{}: a breakpoint without a debugger, as an assertion makes it", code_text(m_, f_.pc));
  if (status("VECTTBL")) {
    const Address vtor = m_.exceptions()->vtor();
    const memory::Region* r = m_.bus().find(vtor);
    if (r && r->kind != memory::RegionKind::device)  // this state's is well
      return "the vector table of the other security state can't be read: was VTOR_NS (0xe002ed08) set?";
    return fmt::format("the vector table can't be read: VTOR = 0x{:08x} ({})", vtor, m_.place(vtor));
  }
  if (is("INVSTATE", thumb::cfsr_invstate)) return no_thumb_bit();
  if (is("DIVBYZERO", thumb::cfsr_divbyzero) && code_)
    return fmt::format("a division by zero: {} = 0{}; the firmware traps it by CCR.DIV_0_TRP", name(code_->insn.rm),
                       from(code_->insn.rm));
  return escalated_call();
}

/// SVC is taken at once or becomes a HardFault (ARMv7-M B1.5.12, ARMv6-M B1.5.7).
std::string Reasoner::escalated_call() const {
  if (op() != "svc" || f_.has_access || f_.exception != thumb::hard_fault) return "";
  if (is("STKERR", thumb::cfsr_stkerr) || is("MSTKERR", thumb::cfsr_mstkerr)) return "";
  std::string because;
  if (reg(thumb::primask) & 1)
    because = "PRIMASK is 1: interrupts are off";
  else if (reg(thumb::faultmask) & 1)
    because = "FAULTMASK is 1";
  else if (reg(thumb::ipsr) != 0)
    because = fmt::format("it is in the handler of {}, whose priority is not lower than SVCall's",
                          m_.interrupt_name(reg(thumb::ipsr)));
  else if (reg(thumb::basepri))
    because = fmt::format("BASEPRI is 0x{:02x}, SVCall's priority not above it", reg(thumb::basepri));
  else
    return "";
  return fmt::format("{} where no supervisor call can be taken, which makes it a HardFault: {}", code_text(m_, f_.pc),
                     because);
}

/// Armv8-M: UFSR.STKOF.
std::string Reasoner::below_limit() const {
  const std::string limit = std::string(process_stack() ? "PSPLIM" : "MSPLIM");
  const bool lowers = code_ && (code_->effects.writes & isa::reg_bit(thumb::sp)) != 0;
  return fmt::format("stack overflow: {} would take {} = 0x{:08x} below its limit {} = 0x{:08x}",
                     lowers ? code_text(m_, f_.pc) : std::string("the frame of an exception"),
                     process_stack() ? "PSP" : "MSP", sp(), limit, reg(thumb::sp_limit));
}

/// DDI0553 D1.2, SFSR.
std::string Reasoner::secure_fault() const {
  if (status("AUVIOL"))
    return "Non-secure code, or an exception's stacking for it, accesses Secure memory: SAU and IDAU say whose it is; "
           "was the pointer meant for the other world, or does the SAU lack a region?" +
           base_text();
  if (status("INVEP"))
    return fmt::format(
        "Non-secure code enters Secure code at 0x{:08x}, which is no entry point: only an SG instruction in memory "
        "that is Non-secure callable is (functions with cmse_nonsecure_entry, the linker's veneers)",
        f_.has_access ? f_.access.address : f_.pc);
  if (status("INVTRAN"))
    return "Secure code branches to Non-secure memory without BXNS or BLXNS: a function pointer of the other world "
           "needs the attribute cmse_nonsecure_call, and bit 0 clear";
  if (status("INVIS"))
    return "the integrity signature is missing at the bottom of the Secure frame that a return takes: the Secure stack "
           "was overwritten, or its pointer moved";
  if (status("INVER"))
    return "an exception return that does not fit the exception: EXC_RETURN's bits S, ES and DCRS must be those of "
           "entry" +
           (code_ ? fmt::format(" (lr = 0x{:08x})", reg(thumb::lr)) : "");
  if (status("LSERR") || status("LSPERR"))
    return "floating-point state could not be preserved where FPCAR says: see FPCCR and the stack at that time";
  return "";
}

template <class Wanted>
std::optional<Reasoner::Vector> Reasoner::vector(Wanted wanted) const {
  const thumb::ExceptionUnit& unit = *m_.exceptions();
  for (const unsigned bank : {0u, thumb::secure_bank})
    for (unsigned e = thumb::nmi; e < (bank ? unsigned{thumb::external_0} : unit.exception_count()); ++e) {
      if ((bank && !unit.config().security) || !unit.active(e + bank)) continue;
      const Vector v{e, unit.vtor() + 4 * e, word(unit.vtor() + 4 * e, 1)};
      if (wanted(v)) return v;
    }
  return std::nullopt;
}

/// An exception that is under way, but whose vector is even.
std::string Reasoner::no_handler() const {
  if (!is("INVSTATE", thumb::cfsr_invstate)) return "";
  const auto v = vector([](const Vector& x) { return (x.word & 1) == 0; });
  if (!v) return "";
  const std::string who = m_.interrupt_name(v->exception);
  if (v->word != 0 && in_code(v->word))
    return fmt::format(
        "the vector of {}, 0x{:08x} at 0x{:08x}, has bit 0 clear, as if it were no Thumb code; in assembly a handler "
        "needs .thumb_func",
        who, v->word, v->at);
  return fmt::format("{} has no handler: the vector table's word at 0x{:08x} is 0x{:08x}", who, v->at, v->word);
}

/// An exception that is under way, whose handler is where nothing can be fetched.
std::string Reasoner::handler_elsewhere() const {
  const auto v = vector([&](const Vector& x) { return (x.word & ~1u) == f_.access.address; });
  if (!v) return "";
  return fmt::format("{} has no handler: the vector table's word at 0x{:08x} is 0x{:08x} ({})",
                     m_.interrupt_name(v->exception), v->at, v->word,
                     v->word == 0xffffffff ? "erased flash" : m_.place(v->word & ~1u));
}

std::string Reasoner::bad_exception_return() const {
  std::string by;
  if (code_)
    for (unsigned id = 0; id < 15; ++id)
      if (code_->effects.target & isa::reg_bit(id)) by = fmt::format(": {} = 0x{:08x}", name(id), reg(id));
  return "an exception return by a value that is none" + by + "; was the handler's stack frame overwritten?";
}

/// A branch to, or a handler at, an address whose bit 0 is clear.
std::string Reasoner::no_thumb_bit() const {
  if (std::string s = no_handler(); !s.empty()) return s;
  if (!code_) return "a branch to an address whose bit 0 is clear: it is no Thumb code";
  for (unsigned id = 0; id < 15; ++id) {
    if (!(code_->effects.target & isa::reg_bit(id))) continue;
    if (reg(thumb::ipsr) != 0 && reg(id) >= exc_return)
      return "an exception returned to a frame on the stack whose xPSR has the T bit clear: did the handler write "
             "beyond its own, or move the stack pointer?";
    if (reg(id) & 1) continue;
    if (reg(id) == 0) return fmt::format("a call through a null function pointer: {} = 0{}", name(id), from(id));
    if (in_code(reg(id)))
      return fmt::format(
          "{} = 0x{:08x}{}: bit 0 is clear, as if that were no Thumb code; was the address made by arithmetic, or of a "
          "label that lacks .thumb_func?",
          name(id), reg(id), from(id));
    return fmt::format("{} = 0x{:08x}{}: bit 0 is clear, so this is no function's address but {}", name(id), reg(id),
                       from(id), m_.place(reg(id)));
  }
  if (reg(thumb::ipsr) != 0)
    return "a handler returned to what stands on the stack, and that is broken: a return address with bit 0 clear, or "
           "the exception's frame with the T bit clear; overwritten by a buffer on it?";
  return "a return address whose bit 0 is clear was taken from the stack: overwritten by a buffer on it?";
}

}  // namespace mj
