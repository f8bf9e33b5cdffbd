#include "sim/fault_reason.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "isa/thumb/exceptions.h"
#include "isa/thumb/mpu.h"
#include "sim/base/grouped.h"
#include "sim/fault_reasoner.h"

namespace mj {

using namespace profile;
using engine::FaultRecord;

namespace {

namespace thumb = isa::thumb;

constexpr Address null_page = 0x400;       // fields of an object that isn't there lie this near to 0
constexpr Address near_stack = 0x2000;     // a frame's bytes lie this near to the stack pointer
constexpr Address behind_region = 0x1000;  // an index out of bounds leads this far

/// The line of the console that holds `words`; empty: none does.
std::string console_line(const std::string& console, std::string_view words) {
  const std::size_t at = console.rfind(words);
  if (at == std::string::npos) return "";
  const std::size_t before = console.rfind('\n', at), after = console.find_first_of("\r\n", at);
  const std::size_t begin = before == std::string::npos ? 0 : before + 1;
  return console.substr(begin, (after == std::string::npos ? console.size() : after) - begin);
}

}  // namespace

std::string Reasoner::text() const {
  if (std::string s = stack_nowhere(); !s.empty()) return s;
  if (std::string s = stack_overflow(); !s.empty()) {
    const std::string handler = p_.is_arm() ? no_handler() : "";
    return handler.empty() ? s : s + "; " + handler;
  }
  if (std::string s = p_.is_arm() ? arm() : riscv(); !s.empty()) return s;
  if (f_.has_access) return access();
  const bool undefined_one =
      p_.is_arm() ? is("UNDEFINSTR", thumb::cfsr_undefinstr) : f_.exception == 2;  // illegal instruction
  return undefined_one ? undefined() : "";
}

bool Reasoner::status(std::string_view bit) const {
  return std::any_of(f_.status.begin(), f_.status.end(), [&](const std::string& s) {
    // Names end others: STKERR, MSTKERR.
    for (std::size_t at = s.find(bit); at != std::string::npos; at = s.find(bit, at + 1))
      if (at > 0 && s[at - 1] == ' ' && (at + bit.size() == s.size() || s[at + bit.size()] == ',')) return true;
    return false;
  });
}

bool Reasoner::is(const char* bit, std::uint32_t mask) const {
  // Cortex-M0 has the same bits in its model, which no register shows: here they tell the classes apart.
  const std::uint32_t first = p_.is_arm() && f_.status.empty() ? m_.exceptions()->cfsr : 0;
  return status(bit) || (first & mask) != 0;
}

std::string Reasoner::origin_at(Address pc, unsigned id) const {
  const std::string text = origin(m_, p_, f_.registers, f_.call_stack, pc, id);
  return text.empty() ? "" : ", " + text;
}

bool Reasoner::process_stack() const { return p_.is_arm() && thumb::uses_process_stack(f_.registers.data()); }

std::uint32_t Reasoner::word(Address a, std::uint32_t otherwise) const {
  std::uint32_t value = 0;
  return m_.bus().peek(a, reinterpret_cast<std::uint8_t*>(&value), 4) ? value : otherwise;
}

std::optional<CodeAt> Reasoner::call_before(Address ret) const {
  for (const unsigned size : {4u, 2u})
    if (const auto at = code_at(m_, ret - size); at && at->insn.size == size && m_.engine().arch().is_call(at->insn))
      return at;
  return std::nullopt;
}

// ---- stack ----------------------------------------------------------------------------------------------------------

/// A stack pointer that no overflow led where it is.
std::string Reasoner::stack_nowhere() const {
  const bool stacking = is("STKERR", thumb::cfsr_stkerr) || is("MSTKERR", thumb::cfsr_mstkerr);
  const bool by_sp = f_.has_access && !f_.access.fetch && f_.access.why == BadAccess::Why::unmapped && code_ &&
                     (code_->effects.address & isa::reg_bit(m_.engine().arch().sp)) != 0;
  if (!stacking && !by_sp) return "";
  const auto ram = [&](Address a) {
    const memory::Region* r = m_.bus().find(a);
    return r && r->kind == memory::RegionKind::ram;
  };
  // Below RAM by a frame or some: that is an overflow.
  for (Address a = sp(), up = 0; up <= near_stack; up += 4)
    if (ram(a - 1 + up)) return "";
  const char* which = !p_.is_arm() ? "sp" : process_stack() ? "PSP" : "MSP";
  std::string text = fmt::format("the stack pointer is nowhere: {} = 0x{:08x} ({})", which, sp(), m_.place(sp() - 1));
  if (process_stack() && (sp() == 0 || sp() + near_stack < near_stack))
    text += "; PSP was not set before CONTROL.SPSEL chose it";
  else if (p_.is_arm() && !process_stack() && m_.engine().stack_top() - sp() < near_stack)
    text += "; it begins there: the first word of the vector table";
  else if (!p_.is_arm() && sp() + near_stack < near_stack)
    text += "; start-up code did not set it";
  return text;
}

std::string Reasoner::stack_overflow() const {
  const bool stacking = status("STKERR") || status("MSTKERR");
  const bool near = f_.has_access && !f_.access.fetch && f_.access.why != BadAccess::Why::unaligned &&
                    (f_.access.address - sp() <= near_stack || sp() - f_.access.address <= near_stack);
  const bool by_sp = near && code_ && (code_->effects.address & isa::reg_bit(m_.engine().arch().sp)) != 0;
  Address low = sp();
  if (near) low = std::min(low, f_.access.address);
  if (stacking && !near) low -= 32;  // the frame that the core could not write
  // The stack's own top tells which one it is; a thread's is found from where its pointer still is.
  const auto b = stack_bounds(m_, p_, process_stack() ? sp() : m_.engine().stack_top());
  if (!b) return "";
  const bool this_one = low < b->floor && b->floor - low <= 2 * near_stack && sp() < b->top;
  if (this_one && (by_sp || stacking || sp() < b->floor)) return overflow(*b, low);
  // A guard: the MPU refuses what is just below, in memory that the stack would have. To unprivileged code it may
  // refuse the stack itself.
  const bool unprivileged =
      p_.is_arm() && !thumb::in_handler_mode(f_.registers.data()) && (reg(thumb::control) & 1) != 0;
  const bool refused = by_sp && f_.access.why == BadAccess::Why::forbidden;
  if (p_.is_arm() && !unprivileged && (refused || (status("MSTKERR") && !f_.has_access)) && sp() < b->top &&
      sp() + near_stack > b->floor) {
    const std::string of = b->name == main_stack ? b->name : "stack " + b->name;
    return fmt::format(
        "stack overflow: the MPU guards what is below the {}: sp = 0x{:08x}, {} bytes below its top 0x{:08x}", of, sp(),
        grouped(b->top - sp()), b->top);
  }
  // It came back, but what it went over stays broken.
  const Address lowest = m_.engine().stack_low();
  if (process_stack() || lowest >= b->floor || b->floor - lowest > 2 * near_stack) return "";
  return overflow(*b, lowest, "stack overflow, earlier in the run");
}

std::string Reasoner::overflow(const StackBounds& b, Address low, const char* what) const {
  std::string text = fmt::format("{}: the {} of {} bytes, 0x{:08x} to 0x{:08x}, is {} bytes too small; below it is {}",
                                 what, b.name == main_stack ? b.name : "stack " + b.name, grouped(b.top - b.floor),
                                 b.floor, b.top, grouped(b.floor - low), b.floor_is);
  if (const std::string over = objects_in(p_, low, b.floor); !over.empty()) text += "; overwritten: " + over;
  return text;
}

// ---- instructions ---------------------------------------------------------------------------------------------------

std::string Reasoner::undefined() const {
  if (const Symbol* s = p_.symbols.object_at(f_.pc); s && !p_.symbols.function_at(f_.pc))
    return fmt::format(
        "execution from data: the program counter is in {}; was a function pointer or a return address overwritten?",
        data_place(p_, f_.pc));
  if (const memory::Region* r = m_.bus().find(f_.pc); r && r->kind == memory::RegionKind::ram && !in_code(f_.pc))
    return fmt::format(
        "execution from data: 0x{:08x} is in RAM, where the image has no code; was a function pointer or a return "
        "address overwritten?",
        f_.pc);
  std::array<std::uint8_t, 4> b{};
  if (!m_.bus().peek(f_.pc, b.data(), 2)) return "";
  const std::uint32_t half = b[0] | b[1] << 8u;
  if (half == 0xffff) return "erased flash: the program counter is behind the code";
  if (!p_.is_arm() && half == 0)
    return in_code(f_.pc) ? "unimp, as compilers put it where code can't be reached; or are these zeros data?"
                          : "memory of zeros: no code is here";
  if (p_.is_arm() && half == 0xdeff)
    return "udf #255 is what GCC puts where code can't be reached or a null pointer is certain (__builtin_trap)";
  if (std::string s = lacking(); !s.empty()) return s;
  if (std::string s = fpu_off(); !s.empty()) return s;
  if (p_.is_arm() && (half & 0xff00) == 0xde00)
    return "udf: an instruction that is never defined, as an assertion has it";
  return "no core that is known here has this instruction: is the code overwritten, or is this data?";
}

bool Reasoner::in_code(Address a) const {
  return std::any_of(p_.image.sections().begin(), p_.image.sections().end(),
                     [&](const memory::ElfSection& s) { return s.allocated() && s.executable() && s.contains(a); });
}

/// Which extension the instruction is of if this core doesn't have it; else empty.
std::string Reasoner::lacking() const {
  if (!code_) return "";
  std::array<std::uint8_t, 4> b{};
  m_.bus().peek(f_.pc, b.data(), 2);
  m_.bus().peek(f_.pc + 2, b.data() + 2, 2);
  const Arch& arch = m_.engine().arch();
  const std::string feature = arch.feature_of(b.data());
  if (feature.empty()) return "";
  const std::string text = arch.text(std::span(b).first(arch.is_wide(b.data()) ? 4 : 2), f_.pc, 0);
  const std::string& built_for = p_.image.target().arch;
  return fmt::format("{} is of {}; the core of {} is a {} without it, the image is built for {}",
                     text.substr(0, text.find(' ')), feature, m_.board().id, m_.board().core.timing,
                     built_for.empty() ? "an unnamed core" : built_for);
}

// ---- accesses -------------------------------------------------------------------------------------------------------

std::string Reasoner::access() const {
  const BadAccess& a = f_.access;
  if (a.why == BadAccess::Why::unaligned) return unaligned();
  if (a.fetch) return bad_fetch();
  if (a.why == BadAccess::Why::forbidden) return forbidden();
  if (a.address < null_page)
    if (std::string s = null_data(); !s.empty()) return s;
  return a.why == BadAccess::Why::read_only ? read_only() : unmapped();
}

std::string Reasoner::forbidden() const {
  if (!p_.is_arm()) return "PMP does not permit it: look at the regions that the firmware programmed";
  const bool unprivileged = !thumb::in_handler_mode(f_.registers.data()) && (reg(thumb::control) & 1) != 0;
  if (thumb::is_private_peripheral_bus(f_.access.address))
    return "the core's own registers are for privileged code only, and CONTROL.nPRIV is 1: let an SVC handler do it";
  return std::string("the MPU does not permit it") +
         (unprivileged ? " to unprivileged code (CONTROL.nPRIV is 1)" : "") +
         ": look at the regions that the firmware programmed" + base_text();
}

std::string Reasoner::read_only() const {
  const BadAccess& a = f_.access;
  const memory::Region* r = m_.bus().find(a.address);
  if (r && r->name.find("rom") != std::string::npos) return "read-only memory is written" + base_text();
  const Symbol* s = p_.symbols.object_at(a.address);
  const auto& segments = p_.image.segments();
  const bool program = std::any_of(segments.begin(), segments.end(), [&](const memory::LoadSegment& l) {
    return a.address >= l.paddr && a.address - l.paddr < l.bytes.size();
  });
  return std::string("flash is written") +
         (s         ? ": " + data_place(p_, a.address) + " is constant"
          : program ? ": the program itself is there"
                    : "") +
         "; flash is programmed through its controller only" + base_text();
}

std::string Reasoner::unmapped() const {
  const BadAccess& a = f_.access;
  std::string base = base_text();
  if (!base.empty()) base = base.substr(2) + "; ";
  const memory::Region* below = nullptr;  // which ends just in front of it
  for (const auto& r : m_.bus().regions())
    if (r->kind == memory::RegionKind::ram && a.address - r->base >= r->size &&
        a.address - r->base - r->size < behind_region)
      below = r.get();
  if (below) {
    const std::size_t far = a.address - below->base - below->size;
    return fmt::format(
        "{}that is {} the end of RAM region {}: an index out of bounds, or does the linker script believe in more RAM "
        "than {} has?",
        base, far == 0 ? "just behind" : fmt::format("{} byte{} behind", grouped(far), far == 1 ? "" : "s"),
        below->name, m_.board().id);
  }
  return base + "is the board right, and does the linker script match its memory? microjoule boards show " +
         m_.board().id;
}

std::string Reasoner::unaligned() const {
  const BadAccess& a = f_.access;
  const bool single = code_ && (code_->insn.cls == isa::OpClass::load || code_->insn.cls == isa::OpClass::store);
  std::string why;
  const bool armv7 = p_.is_arm() && m_.exceptions()->config().profile == thumb::Profile::armv7m;
  if (armv7 && (m_.exceptions()->ccr & thumb::ccr_unalign_trp) && single)
    why = "the firmware traps all unaligned accesses by CCR.UNALIGN_TRP";
  else if (armv7)
    why = fmt::format("{} needs an aligned address always", code_text(m_, f_.pc));
  else
    why = "this core has no unaligned accesses; was a byte pointer cast to a wider type?";
  return fmt::format("0x{:08x} is no multiple of {}: {}{}", a.address, a.size, why, base_text());
}

/// "; r3 = 0x60000000, loaded from g_ptr (0x20000000)": the register that the address was made of.
std::string Reasoner::base_text() const {
  if (!code_) return "";
  for (unsigned id = p_.is_arm() ? 0 : 1; id < 32; ++id)
    if (code_->effects.address & isa::reg_bit(id) && f_.access.address - reg(id) + 0x1000 < 0x2000)
      return fmt::format("; {} = 0x{:08x}{}", name(id), reg(id), from(id));
  return "";
}

std::string Reasoner::null_data() const {
  if (!code_) return "";
  for (unsigned id = p_.is_arm() ? 0 : 1; id < (p_.is_arm() ? 15u : 32u); ++id)
    if (code_->effects.address & isa::reg_bit(id) && reg(id) == 0) {
      std::string text =
          fmt::format("a null pointer: {} = 0{}; offset {} from it is accessed", name(id), from(id), f_.access.address);
      if (const std::string memory = out_of_memory(m_, heap_); !memory.empty())
        text += "; " + memory;
      else if (text.find("returned by the function at") != std::string::npos)
        text += "; is that malloc, or another that returns 0 when it finds no memory?";
      return text;
    }
  return fmt::format("a null pointer? address {} is made of a base near 0{}", f_.access.address, base_text());
}

std::string Reasoner::bad_fetch() const {
  const Address at = f_.access.address;
  const unsigned lr = m_.engine().arch().lr;
  if (std::string s = p_.is_arm() ? handler_elsewhere() : trap_elsewhere(); !s.empty()) return s;
  if (at < null_page) {
    // The call put its return address into the link register: the pointer stood in the register of that call.
    const auto call = call_before(reg(lr) & ~1u);
    std::string text = "a call through a null function pointer";
    if (call)
      for (unsigned id = p_.is_arm() ? 0 : 1; id < 32; ++id)
        if (call->effects.target & isa::reg_bit(id) && reg(id) == at)
          text += fmt::format(": {} = 0{}", name(id), origin_at(call->insn.pc, id));
    return text;
  }
  if (f_.access.why != BadAccess::Why::forbidden) return left_the_code();
  if (!p_.is_arm() && !m_.bus().find(at)) return left_the_code();
  if (!p_.is_arm()) return "PMP does not permit code there: look at the regions that the firmware programmed";
  // ARMv7-M B3.1, table B3-1: devices, and the system's addresses, are never executable.
  constexpr Address reset_lr = 0xfffffffe;
  if (at == reset_lr)
    return "a branch to 0xffffffff, what LR holds after reset: the reset handler, or a thread's first function, "
           "returned";
  if ((at >= 0x40000000 && at < 0x60000000) || at >= 0xa0000000) return left_the_code() + "; no code ever runs there";
  const bool unprivileged = !thumb::in_handler_mode(f_.registers.data()) && (reg(thumb::control) & 1) != 0;
  return fmt::format("the MPU does not permit {}code there: look at the regions that the firmware programmed",
                     unprivileged ? "unprivileged " : "");
}

std::string Reasoner::left_the_code() const {
  const unsigned lr = m_.engine().arch().lr;
  const std::string where = p_.symbols.function_at(reg(lr) & ~1u) ? ", " + p_.where(reg(lr) & ~1u) : "";
  std::string text = fmt::format("{} = 0x{:08x}{}", name(lr), reg(lr), where);
  constexpr Address erased = 0xffff;
  if ((f_.access.address | 1u) != erased)
    return "the program counter left the code: a function pointer or return address was overwritten? " + text;
  for (const RegionSpec& r : m_.board().regions) {
    const auto fills = [&](const memory::LoadSegment& s) { return s.paddr - r.base < r.size; };
    const auto& segments = p_.image.segments();
    if (r.kind == memory::RegionKind::flash && r.alias_of.empty() &&
        std::none_of(segments.begin(), segments.end(), fills))
      text += fmt::format("; {} holds nothing, the image has no bytes for it", r.name);
  }
  return "a call to what a halfword of erased flash holds, 0xffff; " + text;
}

std::string out_of_memory(const Machine& machine, const HeapWatch& heap) {
  // micro_allocator.cc and the arena allocators, before they give up.
  for (const char* words : {"Failed to resize buffer. Requested:", "Failed to allocate tail memory. Requested:",
                            "Arena size is too small for all buffers.", "AllocateTensors() failed"})
    if (const std::string line = console_line(machine.console_text(), words); !line.empty())
      return fmt::format("the tensor arena is too small: \"{}\"", line);
  return heap.text();
}

std::string fault_reason(Machine& machine, const Program& program, const HeapWatch& heap, const FaultRecord& fault) {
  return Reasoner(machine, program, heap, fault).text();
}

}  // namespace mj
