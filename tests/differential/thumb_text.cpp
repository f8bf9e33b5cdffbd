#include "tests/differential/thumb_text.h"

#include <fmt/format.h>

#include "isa/thumb/disasm.h"
#include "isa/thumb/registers.h"

namespace mj::differential {

using namespace isa::thumb;
using isa::Insn;
using isa::OpClass;

std::string differences(const ThumbState& ours, const ThumbState& theirs) {
  if (ours == theirs) return "";
  std::string out;
  const auto line = [&](const std::string& what, std::uint32_t a, std::uint32_t b) {
    if (a != b) out += fmt::format("    {:9} here {:08x}, oracle {:08x}\n", what, a, b);
  };
  for (unsigned i = 0; i < 16; ++i)
    line(i == sp ? "sp" : i == lr ? "lr" : i == pc ? "pc" : fmt::format("r{}", i), ours.r[i], theirs.r[i]);
  for (unsigned i = 0; i < 32; ++i) line(fmt::format("s{}", i), ours.s[i], theirs.s[i]);
  line("APSR", ours.apsr, theirs.apsr);
  line("FPSCR", ours.fpscr, theirs.fpscr);
  line("CONTROL", ours.control, theirs.control);
  if (ours.control & theirs.control & 1) return out;  // unprivileged: the oracle can't be asked for the others
  line("PRIMASK", ours.primask, theirs.primask);
  line("BASEPRI", ours.basepri, theirs.basepri);
  line("FAULTMASK", ours.faultmask, theirs.faultmask);
  line("other SP", ours.other_sp, theirs.other_sp);
  return out;
}

std::string state_text(const ThumbState& s, const Insn& insn) {
  std::string out = "   ";
  for (unsigned i = 0; i < 16; ++i) {
    out += fmt::format(" {}{} {:08x}",
                       i == sp   ? "sp"
                       : i == lr ? "lr"
                       : i == pc ? "pc"
                                 : "r",
                       i < 13 ? std::to_string(i) : "", s.r[i]);
    if (i % 8 == 7) out += "\n   ";
  }
  out +=
      fmt::format(" APSR {:08x} FPSCR {:08x} CONTROL {:x} PRIMASK {:x} BASEPRI {:x} FAULTMASK {:x} other SP {:08x}\n",
                  s.apsr, s.fpscr, s.control, s.primask, s.basepri, s.faultmask, s.other_sp);
  if (insn.cls >= OpClass::fp_move && insn.cls <= OpClass::fp_sys) {
    out += "   ";
    for (unsigned i = 0; i < 32; ++i)
      out += fmt::format(" s{} {:08x}{}", i, s.s[i], i % 8 == 7 && i < 31 ? "\n   " : "");
    out += "\n";
  }
  return out;
}

std::string listing(const ThumbProgram& program, Features features) {
  std::string out = "program:\n";
  ItState it;
  for (std::uint32_t a = program.base; a <= program.end;) {
    const std::size_t at = (a - program.base) / 2;
    Insn insn = decode(program.code[at], program.code[at + 1], a, it.active(), features);
    apply_it(insn, it);
    if (insn.cls == OpClass::it)
      it.bits = static_cast<std::uint8_t>(insn.imm);
    else if (it.active())
      it.advance();
    out += fmt::format("    {:08x}: {:0{}x}  {}{}\n", a, insn.raw, insn.size * 2, isa::thumb::text(insn),
                       a == program.entry ? "   <- entry" : "");
    a += insn.size;
  }
  return out;
}

}  // namespace mj::differential
