#include "sim/fault_reason.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "isa/rv32/csr.h"
#include "isa/rv32/f.h"
#include "isa/thumb/decode.h"
#include "isa/thumb/exceptions.h"
#include "sim/base/grouped.h"
#include "sim/code_view.h"
#include "sim/profile/attribution.h"
#include "sim/stack_bounds.h"

namespace mj {

using namespace profile;
using engine::FaultRecord;

namespace {

namespace thumb = isa::thumb;

constexpr Address null_page = 0x400;    // fields of an object that isn't there lie this near to 0
constexpr Address near_stack = 0x2000;  // a frame's bytes lie this near to the stack pointer

class Reasoner {
 public:
  Reasoner(Machine& machine, const Program& program, const HeapWatch& heap, const FaultRecord& fault)
      : m_(machine), p_(program), heap_(heap), f_(fault), code_(code_at(machine, fault.pc)) {}

  std::string text() const {
    if (std::string s = stack_overflow(); !s.empty()) return s;
    if (std::string s = p_.is_arm() ? arm() : riscv(); !s.empty()) return s;
    if (f_.has_access) return access();
    return m_.engine().arch().sp == thumb::sp || f_.exception == 2 ? undefined() : "";
  }

 private:
  bool status(std::string_view bit) const {
    return std::any_of(f_.status.begin(), f_.status.end(),
                       [&](const std::string& s) { return s.find(bit) != std::string::npos; });
  }
  std::uint32_t reg(unsigned id) const { return f_.registers[id]; }
  std::string name(unsigned id) const { return m_.engine().arch().register_name(id); }
  std::uint32_t sp() const { return reg(m_.engine().arch().sp); }
  std::string from(unsigned id) const {
    const std::string text = origin(m_, p_, f_.registers, f_.call_stack, f_.pc, id);
    return text.empty() ? "" : ", " + text;
  }
  bool process_stack() const { return p_.is_arm() && thumb::uses_process_stack(f_.registers.data()); }

  // ---- stack

  std::string stack_overflow() const {
    const bool stacking = status("STKERR") && !status("UNSTKERR");
    const bool near = f_.has_access && !f_.access.fetch && f_.access.why != BadAccess::Why::unaligned &&
                      (f_.access.address - sp() <= near_stack || sp() - f_.access.address <= near_stack);
    Address low = sp();
    if (near) low = std::min(low, f_.access.address);
    if (stacking && !near) low -= 32;  // the frame that the core could not write
    // The stack's own top tells which one it is; a thread's is found from where its pointer still is.
    const auto b = stack_bounds(m_, p_, process_stack() ? sp() : m_.engine().stack_top());
    if (!b) return "";
    const bool this_one = low < b->floor && b->floor - low <= 2 * near_stack && sp() < b->top;
    if (this_one && (near || stacking || sp() < b->floor)) return overflow(*b, low);
    // It came back, but what it went over stays broken.
    const Address lowest = m_.engine().stack_low();
    if (process_stack() || lowest >= b->floor || b->floor - lowest > 2 * near_stack) return "";
    return overflow(*b, lowest, "stack overflow, earlier in the run");
  }

  std::string overflow(const StackBounds& b, Address low, const char* what = "stack overflow") const {
    std::string text =
        fmt::format("{}: the {} of {} bytes, 0x{:08x} to 0x{:08x}, is {} bytes too small; below it is {}", what,
                    b.name == main_stack ? b.name : "stack " + b.name, grouped(b.top - b.floor), b.floor, b.top,
                    grouped(b.floor - low), b.floor_is);
    if (const std::string over = objects_in(p_, low, b.floor); !over.empty()) text += "; overwritten: " + over;
    return text;
  }

  // ---- Arm

  std::string arm() const {
    // Cortex-M0 has the same bits in its model, which no register shows: here they tell the classes apart.
    const std::uint32_t first = f_.status.empty() ? m_.exceptions()->cfsr : 0;
    const auto is = [&](const char* bit, std::uint32_t mask) { return status(bit) || (first & mask); };
    if (is("NOCP", thumb::cfsr_nocp))
      return fmt::format(
          "the FPU is not enabled: {} needs CP10 and CP11 in CPACR (0xe000ed88, bits 23 to 20), which start-up code "
          "such as SystemInit sets",
          code_text(m_, p_, f_.pc));
    if (is("INVPC", thumb::cfsr_invpc))
      return "an exception return by a value that is none" + returned_by() +
             "; was the handler's stack frame overwritten?";
    if (is("DEBUGEVT", 0))
      return fmt::format("{}: a breakpoint without a debugger, as an assertion makes it", code_text(m_, p_, f_.pc));
    if (is("VECTTBL", 0)) return "the vector table can't be read: look at VTOR";
    if (is("INVSTATE", thumb::cfsr_invstate)) return no_thumb_bit();
    if (is("DIVBYZERO", thumb::cfsr_divbyzero) && code_)
      return fmt::format("a division by zero: {} = 0{}; the firmware traps it by CCR.DIV_0_TRP", name(code_->insn.rm),
                         from(code_->insn.rm));
    return "";
  }

  /// ": r0 = 0xffffffe0".
  std::string returned_by() const {
    if (code_)
      for (unsigned id = 0; id < 15; ++id)
        if (code_->effects.target & isa::reg_bit(id)) return fmt::format(": {} = 0x{:08x}", name(id), reg(id));
    return "";
  }

  /// A branch to, or a handler at, an address whose bit 0 is clear.
  std::string no_thumb_bit() const {
    const thumb::ExceptionUnit& unit = *m_.exceptions();
    for (unsigned e = thumb::nmi; e < unit.exception_count(); ++e) {
      if (!unit.active(e)) continue;
      const Address at = unit.vtor() + 4 * e;
      std::uint32_t vector = 1;
      if (m_.bus().peek(at, reinterpret_cast<std::uint8_t*>(&vector), 4) && !(vector & 1))
        return fmt::format("{} has no handler: the vector table's word at 0x{:08x} is 0x{:08x}", m_.interrupt_name(e),
                           at, vector);
    }
    if (!code_) return "a branch to an address whose bit 0 is clear: it is no Thumb code";
    for (unsigned id = 0; id < 15; ++id)
      if (code_->effects.target & isa::reg_bit(id) && !(reg(id) & 1)) {
        if (reg(id) == 0) return fmt::format("a call through a null function pointer: {} = 0{}", name(id), from(id));
        return fmt::format("{} = 0x{:08x}{}: bit 0 is clear, so this is no function's address but {}", name(id),
                           reg(id), from(id), m_.place(reg(id)));
      }
    return "a return address whose bit 0 is clear was taken from the stack: overwritten by a buffer on it?";
  }

  // ---- RISC-V

  std::string riscv() const {
    if (f_.exception == 3) return "ebreak without a debugger, as an assertion or __builtin_trap makes it";
    if (f_.exception == 0) return "a jump to an address that is not a multiple of 4, on a core without extension c";
    return "";
  }

  // ---- instructions

  std::string undefined() const {
    if (const Symbol* s = p_.symbols.object_at(f_.pc); s && !p_.symbols.function_at(f_.pc))
      return fmt::format(
          "execution from data: the program counter is in {}; was a function pointer or a return "
          "address overwritten?",
          data_place(p_, f_.pc));
    if (const memory::Region* r = m_.bus().find(f_.pc); r && r->kind == memory::RegionKind::ram && !in_code())
      return fmt::format(
          "execution from data: 0x{:08x} is in RAM, where the image has no code; was a function pointer "
          "or a return address overwritten?",
          f_.pc);
    std::array<std::uint8_t, 4> b{};
    if (!m_.bus().peek(f_.pc, b.data(), 2)) return "";
    const std::uint32_t half = b[0] | b[1] << 8u;
    if (half == 0xffff) return "erased flash: the program counter is behind the code";
    if (!p_.is_arm() && half == 0)
      return in_code() ? "unimp, as compilers put it where code can't be reached; or are these zeros data?"
                       : "memory of zeros: no code is here";
    if (p_.is_arm() && half == 0xdeff)
      return "udf #255 is what GCC puts where code can't be reached or a null pointer is certain (__builtin_trap)";
    if (std::string s = lacking(); !s.empty()) return s;
    if (std::string s = fpu_off(); !s.empty()) return s;
    if (p_.is_arm() && (half & 0xff00) == 0xde00)
      return "udf: an instruction that is never defined, as an assertion has it";
    return "no core that is known here has this instruction: is the code overwritten, or is this data?";
  }

  bool in_code() const {
    return std::any_of(p_.image.sections().begin(), p_.image.sections().end(), [&](const memory::ElfSection& s) {
      return s.allocated() && s.executable() && s.contains(f_.pc);
    });
  }

  /// Which extension the instruction is of if this core doesn't have it; else empty.
  std::string lacking() const {
    if (!code_) return "";
    std::array<std::uint8_t, 4> b{};
    m_.bus().peek(f_.pc, b.data(), 2);
    m_.bus().peek(f_.pc + 2, b.data() + 2, 2);
    const Arch& arch = m_.engine().arch();
    const std::string feature = arch.feature_of(b.data());
    if (feature.empty()) return "";
    const std::string text = arch.text(std::span(b).first(arch.is_wide(b.data()) ? 4 : 2), f_.pc);
    const std::string& built_for = p_.image.target().arch;
    return fmt::format("{} is of {}; the core of {} is a {} without it, the image is built for {}",
                       text.substr(0, text.find(' ')), feature, m_.board().id, m_.board().core.timing,
                       built_for.empty() ? "an unnamed core" : built_for);
  }

  /// RISC-V: an instruction of the FPU that the core has, refused for what mstatus or frm holds; else empty.
  std::string fpu_off() const {
    if (p_.is_arm() || !code_ || !isa::rv32::is_fp(code_->insn)) return "";
    const auto mstatus = m_.read_system_register(isa::rv32::csr_mstatus);
    const std::string text = code_text(m_, p_, f_.pc);
    if (mstatus && !(*mstatus & isa::rv32::mstatus_fs))
      return fmt::format(
          "the FPU is not enabled: {} needs mstatus.FS (bits 14 and 13), which is Off after reset; start-up code such "
          "as crt0 sets it: csrs mstatus, 0x2000",
          text);
    return fmt::format("the rounding mode: {} rounds as frm says, which must hold one of the modes 0 to 4", text);
  }

  // ---- accesses

  std::string access() const {
    const BadAccess& a = f_.access;
    if (a.why == BadAccess::Why::unaligned) return unaligned();
    if (a.fetch) return bad_fetch();
    if (a.why == BadAccess::Why::forbidden)
      return fmt::format("{} does not permit it: look at the regions that the firmware programmed",
                         p_.is_arm() ? "the MPU" : "PMP");
    if (a.address < null_page)
      if (std::string s = null_data(); !s.empty()) return s;
    if (a.why == BadAccess::Why::read_only) {
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
    if (a.why == BadAccess::Why::unmapped) {
      const std::string base = base_text();
      return (base.empty() ? "" : base.substr(2) + "; ") +
             "is the board right, and does the linker script match its memory? microjoule boards show " + m_.board().id;
    }
    return "";
  }

  std::string unaligned() const {
    const BadAccess& a = f_.access;
    const bool single = code_ && (code_->insn.cls == isa::OpClass::load || code_->insn.cls == isa::OpClass::store);
    std::string why;
    const bool armv7 = p_.is_arm() && m_.exceptions()->config().profile == thumb::Profile::armv7m;
    if (armv7 && (m_.exceptions()->ccr & thumb::ccr_unalign_trp) && single)
      why = "the firmware traps all unaligned accesses by CCR.UNALIGN_TRP";
    else if (armv7)
      why = fmt::format("{} needs an aligned address always", code_text(m_, p_, f_.pc));
    else
      why = "this core has no unaligned accesses; was a byte pointer cast to a wider type?";
    return fmt::format("0x{:08x} is no multiple of {}: {}{}", a.address, a.size, why, base_text());
  }

  /// "; r3 = 0x60000000, loaded from g_ptr (0x20000000)": the register that the address was made of.
  std::string base_text() const {
    if (!code_) return "";
    for (unsigned id = 0; id < 32; ++id)
      if (code_->effects.address & isa::reg_bit(id) && f_.access.address - reg(id) + 0x1000 < 0x2000)
        return fmt::format("; {} = 0x{:08x}{}", name(id), reg(id), from(id));
    return "";
  }

  std::string null_data() const {
    if (!code_) return "";
    for (unsigned id = p_.is_arm() ? 0 : 1; id < (p_.is_arm() ? 15u : 32u); ++id)
      if (code_->effects.address & isa::reg_bit(id) && reg(id) == 0) {
        std::string text = fmt::format("a null pointer: {} = 0{}; offset {} from it is accessed", name(id), from(id),
                                       f_.access.address);
        if (const std::string memory = out_of_memory(m_, heap_); !memory.empty())
          text += "; " + memory;
        else if (text.find("returned by the function at") != std::string::npos)
          text += "; is that malloc, or another that returns 0 when it finds no memory?";
        return text;
      }
    return fmt::format("a null pointer? address {} is made of a base near 0{}", f_.access.address, base_text());
  }

  std::string bad_fetch() const {
    const Address at = f_.access.address;
    const unsigned lr = m_.engine().arch().lr;
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
    if (f_.access.why == BadAccess::Why::forbidden) return "code may not run there";
    const std::string where = p_.symbols.function_at(reg(lr) & ~1u) ? ", " + p_.where(reg(lr) & ~1u) : "";
    return fmt::format(
        "the program counter left the code: a function pointer or return address was overwritten? lr = 0x{:08x}{}",
        reg(lr), where);
  }
  std::string origin_at(Address pc, unsigned id) const {
    const std::string text = origin(m_, p_, f_.registers, f_.call_stack, pc, id);
    return text.empty() ? "" : ", " + text;
  }
  std::optional<CodeAt> call_before(Address ret) const {
    for (const unsigned size : {4u, 2u})
      if (const auto at = code_at(m_, ret - size); at && at->insn.size == size && m_.engine().arch().is_call(at->insn))
        return at;
    return std::nullopt;
  }

  Machine& m_;
  const Program& p_;
  const HeapWatch& heap_;
  const FaultRecord& f_;
  std::optional<CodeAt> code_;
};

/// The line of the console that holds `words`; empty: none does.
std::string console_line(const std::string& console, std::string_view words) {
  const std::size_t at = console.rfind(words);
  if (at == std::string::npos) return "";
  const std::size_t before = console.rfind('\n', at), after = console.find_first_of("\r\n", at);
  const std::size_t begin = before == std::string::npos ? 0 : before + 1;
  return console.substr(begin, (after == std::string::npos ? console.size() : after) - begin);
}

}  // namespace

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
