#include "sim/code_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace mj {

namespace {

/// The instructions of a function in front of one of them, and what registers held there as far as that is certain.
class Before {
 public:
  Before(Machine& machine, std::span<const std::uint32_t> registers) : m_(machine), registers_(registers) {}
  std::vector<CodeAt> code;

  /// Index of the last instruction in front of number `i` that writes `reg`; nothing: none does.
  std::optional<std::size_t> writer(unsigned reg, std::size_t i) const {
    while (i-- > 0)
      if (code[i].effects.writes & isa::reg_bit(reg)) return i;
    return std::nullopt;
  }
  /// What `reg` held in front of instruction number `i`.
  std::optional<std::uint32_t> value(unsigned reg, std::size_t i, unsigned depth = 0) const {
    if (depth > 8) return std::nullopt;
    if (!p_is_arm() && reg == 0) return 0;
    const auto at = writer(reg, i);
    if (!at) {
      for (std::size_t k = i; k < code.size(); ++k)
        if (code[k].effects.writes & isa::reg_bit(reg)) return std::nullopt;
      return registers_[reg];
    }
    // What was not written since is still there.
    bool kept = true;
    for (std::size_t k = i; k < code.size(); ++k) kept = kept && !(code[k].effects.writes & isa::reg_bit(reg));
    if (kept) return registers_[reg];
    const isa::Insn& insn = code[*at].insn;
    const std::string_view name = m_.engine().arch().op_name(insn.op);
    if (code[*at].effects.loads) {
      const auto address = load_address(*at, depth + 1);
      std::uint32_t v = 0;
      if (!address || !m_.bus().peek(*address, reinterpret_cast<std::uint8_t*>(&v), 4)) return std::nullopt;
      const memory::Region* r = m_.bus().find(*address);
      return r && r->kind == memory::RegionKind::flash ? std::optional(v) : std::nullopt;  // RAM may have changed
    }
    if (name == "movw" || name == "mov_imm" || name == "movs_imm" || name == "lui" || name == "auipc" || name == "adr")
      return insn.imm;
    if (name == "movt")
      if (const auto low = value(reg, *at, depth + 1)) return (*low & 0xffff) | insn.imm;
    if (name == "addi" || name == "add_imm" || name == "adds_imm")
      if (const auto base = value(insn.rn, *at, depth + 1)) return *base + insn.imm;
    if (name == "mov_reg" || name == "movs_reg") return value(insn.rm, *at, depth + 1);
    return std::nullopt;
  }
  /// The address that instruction number `i`, a load of one register, read.
  std::optional<Address> load_address(std::size_t i, unsigned depth = 0) const {
    const CodeAt& at = code[i];
    if (at.effects.loads != 1 || at.effects.stores != 0) return std::nullopt;
    const std::string_view name = m_.engine().arch().op_name(at.insn.op);
    if (name.ends_with("_literal")) return at.insn.imm;
    if (name.ends_with("_imm") || (!p_is_arm() && name.starts_with("l")))
      if (const auto base = value(at.insn.rn, i, depth)) return *base + at.insn.imm;
    return std::nullopt;
  }

 private:
  bool p_is_arm() const { return m_.engine().arch().sp != 2; }
  Machine& m_;
  std::span<const std::uint32_t> registers_;
};

}  // namespace

std::optional<CodeAt> code_at(Machine& machine, Address pc) {
  std::array<std::uint8_t, 4> b{};
  if (!machine.bus().peek(pc, b.data(), 2)) return std::nullopt;
  const bool all = machine.bus().peek(pc + 2, b.data() + 2, 2);
  CodeAt at;
  if (!machine.engine().arch().decode(b.data(), all ? 4 : 2, pc, 0, at.insn, at.effects)) return std::nullopt;
  return at;
}

std::string code_text(Machine& machine, Address pc) {
  std::array<std::uint8_t, 4> b{};
  if (!machine.bus().peek(pc, b.data(), 2)) return "not readable";
  const bool wide = machine.engine().arch().is_wide(b.data());
  machine.bus().peek(pc, b.data(), wide ? 4 : 2);
  return machine.engine().arch().text(std::span(b).first(wide ? 4 : 2), pc, 0);
}

std::string encoding_text(Machine& machine, const Program& program, Address pc) {
  std::array<std::uint8_t, 4> b{};
  if (!machine.bus().peek(pc, b.data(), 2)) return "not readable";
  const bool wide = machine.engine().arch().is_wide(b.data());
  machine.bus().peek(pc, b.data(), wide ? 4 : 2);
  std::string text = code_text(machine, pc);
  text = text.starts_with('.') ? "" : fmt::format(" ({})", text);  // ".inst.n 0xb650": no instruction of any core
  if (!wide) return fmt::format("0x{:04x}{}", b[0] | b[1] << 8, text);
  // As the manuals write them: Thumb's two halfwords in order, RISC-V's one word.
  const std::uint32_t low = b[0] | b[1] << 8u, high = b[2] | b[3] << 8u;
  return fmt::format("0x{:08x}{}", program.is_arm() ? low << 16 | high : high << 16 | low, text);
}

namespace {

/// Where a register's value came from, along the instructions of one function as they stand.
class Origin {
 public:
  Origin(Machine& machine, const Program& program, const Before& before, Address pc)
      : m_(machine), p_(program), before_(before), pc_(pc) {}

  /// What `reg` held, namely `value`, in front of instruction number `i`. `function`: what it is an argument of.
  std::string text(unsigned reg, std::uint32_t value, std::size_t i, const std::string& function,
                   unsigned depth = 0) const {
    const auto writer = before_.writer(reg, i);
    const auto call = call_in(writer ? *writer + 1 : 0, i);
    if (call && survives_no_call(reg)) return reg == result() ? returned_by(*call) : "";
    if (!writer) {
      const unsigned count = p_.is_arm() ? 4 : 8;
      if (reg < result() || reg >= result() + count || function.empty()) return "";
      return fmt::format("argument {} of {}", reg - result() + 1, function);
    }
    if (const auto from = moved_from(before_.code[*writer].insn); from && depth < 8)
      return text(*from, value, *writer, function, depth + 1);
    // Certain only if that is still there: another way may lead to this instruction.
    const auto address = before_.load_address(*writer);
    std::uint32_t there = 0;
    if (!address || !m_.bus().peek(*address, reinterpret_cast<std::uint8_t*>(&there), 4) || there != value) return "";
    return "loaded from " + data_place(p_, *address);
  }

 private:
  /// AAPCS and the RISC-V ABI: the first argument's register takes the result.
  unsigned result() const { return p_.is_arm() ? 0 : 10; }
  bool survives_no_call(unsigned reg) const {
    return p_.is_arm() ? reg < 4 || reg == 12 || reg == 14
                       : reg == 1 || (reg >= 5 && reg < 8) || (reg >= 10 && reg < 18) || reg >= 28;
  }
  std::optional<std::size_t> call_in(std::size_t from, std::size_t to) const {
    while (to-- > from)
      if (m_.engine().arch().is_call(before_.code[to].insn)) return to;
    return std::nullopt;
  }
  std::optional<unsigned> moved_from(const isa::Insn& insn) const {
    const std::string_view name = m_.engine().arch().op_name(insn.op);
    if (p_.is_arm()) return name == "mov_reg" || name == "movs_reg" ? std::optional<unsigned>(insn.rm) : std::nullopt;
    if (name == "addi" && insn.imm == 0 && insn.rn != 0) return insn.rn;
    return name == "add" && insn.rn == 0 ? std::optional<unsigned>(insn.rm) : std::nullopt;
  }
  std::string returned_by(std::size_t call) const {
    const isa::Insn& insn = before_.code[call].insn;
    if (insn.cls != isa::OpClass::branch_link || joined(insn.pc)) return "";
    const profile::Symbol* s = p_.symbols.function_at(insn.imm & ~1u);
    return "returned by " + (s ? s->display : fmt::format("the function at 0x{:08x}", insn.imm & ~1u));
  }
  /// Whether a branch leads to somewhere between the call and the instruction.
  bool joined(Address call) const {
    constexpr Address behind = 0x100;  // where a loop's branch back may stand
    const auto joins = [&](const isa::Insn& insn) {
      return (insn.cls == isa::OpClass::branch || insn.cls == isa::OpClass::branch_cond) && insn.imm > call &&
             insn.imm <= pc_;
    };
    if (std::any_of(before_.code.begin(), before_.code.end(), [&](const CodeAt& at) { return joins(at.insn); }))
      return true;
    for (Address a = pc_; a < pc_ + behind;) {
      const auto at = code_at(m_, a);
      if (!at) break;
      if (joins(at->insn)) return true;
      a += at->insn.size;
    }
    return false;
  }

  Machine& m_;
  const Program& p_;
  const Before& before_;
  Address pc_;
};

}  // namespace

std::string origin(Machine& machine, const Program& program, std::span<const std::uint32_t> registers,
                   std::span<const Address> frames, Address pc, unsigned reg) {
  constexpr Address longest = 0x2000;  // bytes of a function that are decoded for this
  const profile::Symbol* symbol = program.symbols.function_at(pc);
  std::optional<Address> start;
  if (symbol) {
    start = symbol->start;
  } else {
    for (const Address f : frames)
      if (f <= pc && (!start || f > *start)) start = f;
  }
  if (!start || pc - *start > longest) return "";
  Before before(machine, registers);
  bool ends = false;  // without symbols: what stands behind a return may be another function
  for (Address a = *start; a < pc;) {
    const auto at = code_at(machine, a);
    if (!at) return "";
    before.code.push_back(*at);
    ends |= at->insn.cls == isa::OpClass::branch_reg || at->insn.cls == isa::OpClass::branch_load;
    a += at->insn.size;
  }
  const std::string function = symbol ? symbol->display : ends ? "" : fmt::format("the function at 0x{:08x}", *start);
  return Origin(machine, program, before, pc).text(reg, registers[reg], before.code.size(), function);
}

std::string frame_name(const Program& program, Address function) {
  const profile::Symbol* s = program.symbols.function_at(function);
  return s ? s->display : fmt::format("function at 0x{:08x}", function);
}

std::string data_place(const Program& program, Address address) {
  const profile::Symbol* s = program.symbols.object_at(address);
  if (!s) return fmt::format("0x{:08x}", address);
  return address == s->start ? fmt::format("{} (0x{:08x})", s->display, address)
                             : fmt::format("{}+0x{:x} (0x{:08x})", s->display, address - s->start, address);
}

}  // namespace mj
