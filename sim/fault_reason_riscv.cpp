// Why RISC-V firmware faulted.
#include <fmt/format.h>

#include "isa/rv32/csr.h"
#include "isa/rv32/f.h"
#include "sim/fault_reasoner.h"

namespace mj {

namespace rv32 = isa::rv32;

std::string Reasoner::riscv() const {
  if (f_.exception == 3) return "ebreak without a debugger, as an assertion or __builtin_trap makes it";
  if (f_.exception == 0) return "a jump to an address that is not a multiple of 4, on a core without extension c";
  if (f_.exception == 8 || f_.exception == 11)
    return "ecall: a call of an operating system or monitor, whose trap handler has to answer it";
  return f_.exception == 2 ? system_instruction() : "";
}

/// An instruction of the system that the core knows, refused.
std::string Reasoner::system_instruction() const {
  const std::string op = this->op();
  if (!op.starts_with("csr") && op != "mret" && op != "wfi") return "";
  const std::string text = code_text(m_, f_.pc);
  if (op == "mret" || op == "wfi") return fmt::format("{} is for machine mode, and the code runs in user mode", text);
  const std::uint32_t csr = code_->insn.imm & 0xfff;
  // Volume II, 2.1: bits 11:10 = 3 are read-only, bits 9:8 the lowest privilege.
  const bool known = m_.read_system_register(csr).has_value();
  if (!known)
    return fmt::format("{}: the core of {} has no control and status register 0x{:03x}", text, m_.board().id, csr);
  if (csr >> 10 == 3 && op != "csrrs" && op != "csrrc")
    return fmt::format("{} writes a register that is read-only", text);
  return fmt::format("{}: this register is not for the privilege that the code has, or it is read-only", text);
}

/// A trap whose handler is where nothing can be fetched (Volume II, 3.1.7).
std::string Reasoner::trap_elsewhere() const {
  constexpr std::uint32_t causes = 64;
  const auto mtvec = m_.read_system_register(rv32::csr_mtvec);
  if (!mtvec) return "";
  const Address base = *mtvec & ~3u;
  const bool vectored = (*mtvec & 1) != 0;
  const Address at = f_.access.address;
  if (at != base && !(vectored && at > base && at - base < 4 * causes)) return "";
  return fmt::format("a trap was taken, but no handler is where mtvec = 0x{:08x} points{}", *mtvec,
                     *mtvec == 0 ? ": start-up code did not set it" : "");
}

/// RISC-V: an instruction of the FPU that the core has, refused for what mstatus or frm holds; else empty.
std::string Reasoner::fpu_off() const {
  if (p_.is_arm() || !code_ || !rv32::is_fp(code_->insn)) return "";
  const auto mstatus = m_.read_system_register(rv32::csr_mstatus);
  const std::string text = code_text(m_, f_.pc);
  if (mstatus && !(*mstatus & rv32::mstatus_fs))
    return fmt::format(
        "the FPU is not enabled: {} needs mstatus.FS (bits 14 and 13), which is Off after reset; start-up code such as "
        "crt0 sets it: csrs mstatus, 0x2000",
        text);
  return fmt::format("the rounding mode: {} rounds as frm says, which must hold one of the modes 0 to 4", text);
}

}  // namespace mj
