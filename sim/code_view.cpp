#include "sim/code_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "isa/rv32/disasm.h"
#include "isa/thumb/disasm.h"

namespace mj {

namespace {

/// The address of a load of one register, if all that it is made of is still in `registers`; `base` gets the registers.
std::optional<Address> load_address(Machine& machine, const CodeAt& at, std::span<const std::uint32_t> registers) {
  if (at.effects.loads != 1 || at.effects.stores != 0) return std::nullopt;
  const std::string_view name = machine.engine().arch().op_name(at.insn.op);
  if (name.ends_with("_literal")) return at.insn.imm;
  const bool rv32 = machine.engine().arch().sp == 2;
  if (name.ends_with("_imm") || (rv32 && name.starts_with("l"))) return registers[at.insn.rn] + at.insn.imm;
  return std::nullopt;
}

}  // namespace

std::optional<CodeAt> code_at(Machine& machine, Address pc) {
  std::array<std::uint8_t, 4> b{};
  if (!machine.bus().peek(pc, b.data(), 2)) return std::nullopt;
  const bool all = machine.bus().peek(pc + 2, b.data() + 2, 2);
  CodeAt at;
  if (!machine.engine().arch().decode(b.data(), all ? 4 : 2, pc, 0, at.insn, at.effects)) return std::nullopt;
  return at;
}

std::string code_text(Machine& machine, const Program& program, Address pc) {
  std::array<std::uint8_t, 4> b{};
  if (!machine.bus().peek(pc, b.data(), 2)) return "not readable";
  const bool wide = machine.engine().arch().is_wide(b.data());
  machine.bus().peek(pc, b.data(), wide ? 4 : 2);
  return (program.is_arm() ? isa::thumb::disassemble : isa::rv32::disassemble)(std::span(b).first(wide ? 4 : 2), pc, 0);
}

std::string encoding_text(Machine& machine, const Program& program, Address pc) {
  std::array<std::uint8_t, 4> b{};
  if (!machine.bus().peek(pc, b.data(), 2)) return "not readable";
  const bool wide = machine.engine().arch().is_wide(b.data());
  machine.bus().peek(pc, b.data(), wide ? 4 : 2);
  std::string text = code_text(machine, program, pc);
  text = text.starts_with('.') ? "" : fmt::format(" ({})", text);  // ".inst.n 0xb650": no instruction of any core
  if (!wide) return fmt::format("0x{:04x}{}", b[0] | b[1] << 8, text);
  // As the manuals write them: Thumb's two halfwords in order, RISC-V's one word.
  const std::uint32_t low = b[0] | b[1] << 8u, high = b[2] | b[3] << 8u;
  return fmt::format("0x{:08x}{}", program.is_arm() ? low << 16 | high : high << 16 | low, text);
}

std::string origin(Machine& machine, const Program& program, std::span<const std::uint32_t> registers, Address pc,
                   unsigned reg) {
  constexpr Address longest = 0x2000;  // bytes of a function that are decoded for this
  const profile::Symbol* function = program.symbols.function_at(pc);
  if (!function || pc - function->start > longest) return "";
  std::vector<CodeAt> before;
  for (Address a = function->start; a < pc;) {
    const auto at = code_at(machine, a);
    if (!at) return "";
    before.push_back(*at);
    a += at->insn.size;
  }
  const isa::RegSet wanted = isa::reg_bit(reg);
  isa::RegSet written_since = 0;
  for (auto at = before.rbegin(); at != before.rend(); ++at) {
    if (at->effects.writes & wanted) {
      // What the address was made of must not have changed since, the loaded register included.
      if (at->effects.address & (written_since | at->effects.writes)) return "";
      const auto address = load_address(machine, *at, registers);
      if (!address) return "";
      // Certain only if that is still there: another way may lead to this instruction.
      std::uint32_t value = 0;
      if (!machine.bus().peek(*address, reinterpret_cast<std::uint8_t*>(&value), 4) || value != registers[reg])
        return "";
      return "loaded from " + data_place(program, *address);
    }
    written_since |= at->effects.writes;
  }
  // Never written by the function: an argument.
  const unsigned first = program.is_arm() ? 0 : 10, count = program.is_arm() ? 4 : 8;
  if (reg >= first && reg < first + count) return fmt::format("argument {} of {}", reg - first + 1, function->display);
  return "";
}

std::string data_place(const Program& program, Address address) {
  const profile::Symbol* s = program.symbols.object_at(address);
  if (!s) return fmt::format("0x{:08x}", address);
  return address == s->start ? fmt::format("{} (0x{:08x})", s->display, address)
                             : fmt::format("{}+0x{:x} (0x{:08x})", s->display, address - s->start, address);
}

}  // namespace mj
