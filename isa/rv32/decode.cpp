#include "isa/rv32/decode.h"

#include <algorithm>
#include <array>

#include "isa/rv32/tables.h"

namespace mj::isa::rv32 {

namespace {

constexpr Features every_feature = ~Features{feature_e};

const RvRow* find(std::uint32_t raw) {
  static const Decoder<Op> wide(all_rows, 32), narrow(all_rows, 16);
  return is_32bit(static_cast<std::uint16_t>(raw)) ? wide.find(raw) : narrow.find(raw & 0xffffu);
}

/// What an encoding is to a core without the extension that `row`, its own, is of: a hint is an instruction of the base
/// (Volume I, 2.9), which another row has less exactly. `row` again if there is no such row.
const RvRow* without_extension(const RvRow* row, std::uint32_t raw, Features features) {
  const auto other = std::find_if(all_rows.begin(), all_rows.end(), [&](const RvRow& r) {
    return row->pattern.refines(r.pattern) && r.pattern.matches(raw) && (r.feature & ~features) == 0;
  });
  return other == all_rows.end() ? row : &*other;
}

/// Names of the operations as text: '_' inside is '.', a trailing '_' (there because of a C++ keyword) is dropped.
struct Name {
  char text[16];
};
consteval Name name_of(std::string_view cpp) {
  Name out{};
  if (cpp.back() == '_') cpp.remove_suffix(1);
  for (std::size_t k = 0; k < cpp.size(); ++k) out.text[k] = cpp[k] == '_' ? '.' : cpp[k];
  return out;
}
constexpr Name names[] = {
#define X(op, meaning) name_of(#op),
    MJ_RV32_OPS(X)
#undef X
};

struct FeatureName {
  Features bits;  ///< the first one is the name's own
  std::string_view name;
};
constexpr FeatureName feature_names[] = {
    {feature_m, "m"},
    {feature_a, "a"},
    {feature_c, "c"},
    {feature_zicsr, "zicsr"},
    {feature_zifencei, "zifencei"},
    {feature_machine, "machine"},
    {feature_e, "e"},
    {feature_f, "f"},
    {feature_zba, "zba"},
    {feature_zbb | feature_logic, "zbb"},
    {feature_zbs, "zbs"},
    {feature_zbc, "zbc"},
    {feature_zbkb | feature_logic, "zbkb"},
    {feature_zicond, "zicond"},
    {feature_zcb, "zcb"},
    {feature_zcmp, "zcmp"},
    {feature_xh3bextm, "xh3bextm"},
    {feature_xh3power, "xh3power"},
};

}  // namespace

Insn decode(std::uint32_t raw, std::uint32_t pc, Features features) {
  const bool wide = is_32bit(static_cast<std::uint16_t>(raw));
  Insn insn;
  insn.pc = pc;
  insn.raw = wide ? raw : raw & 0xffffu;
  insn.size = wide ? 4 : 2;
  const auto illegal = [&](Features missing) {
    Insn trap;
    trap.pc = pc;
    trap.raw = insn.raw;
    trap.size = insn.size;
    trap.op = static_cast<std::uint16_t>(Op::illegal);
    trap.cls = OpClass::trap;
    trap.imm = missing;
    trap.rd = sink_register;
    return trap;
  };

  const RvRow* row = find(insn.raw);
  if (!row) return illegal(0);
  if (row->feature & ~features) row = without_extension(row, insn.raw, features);
  insn.op = static_cast<std::uint16_t>(row->op);
  insn.cls = row->cls;
  fill_fields(row->pattern, insn);
  if (row->fix) row->fix(insn);
  if (insn.op == static_cast<std::uint16_t>(Op::illegal)) return illegal(0);
  if ((row->feature & features) != row->feature) return illegal(row->feature & ~features);
  // Volume I, chapter 4: with 16 registers, an encoding that names another one is reserved
  constexpr RegSet upper = 0xffff0000u;
  if (features & feature_e) {
    const Effects e = effects(insn);
    if ((e.reads | e.writes) & upper) return illegal(0);
  }
  if (insn.rd == x0) insn.rd = sink_register;
  return insn;
}

Effects effects(const Insn& insn) {
  DefUseContext c;
  switch (static_cast<Op>(insn.op)) {
#define X(op, meaning) \
  case Op::op:         \
    meaning(c, insn);  \
    break;
    MJ_RV32_OPS(X)
#undef X
    case Op::count_:
      break;
  }
  return c.effects;
}

const char* op_name(std::uint16_t op) { return op < op_count ? names[op].text : "?"; }

std::string_view feature_name(Features features) {
  for (const FeatureName& f : feature_names)
    if (features & f.bits) return f.name;
  return "";
}

std::string lacking(std::uint32_t raw, Features features) {
  const Insn without = decode(raw, 0, features), known = decode(raw, 0, every_feature);
  if (without.op != static_cast<std::uint16_t>(Op::illegal) || known.op == without.op) return "";
  if (const Features missing = without.imm; missing != 0) {
    if (missing & feature_logic) return "extension Zbb or Zbkb";
    std::string extension(feature_name(missing));
    extension[0] = static_cast<char>(extension[0] - 'a' + 'A');
    return "extension " + extension;
  }
  return "RV32I, whose registers above x15 it names";
}

Features feature_of(std::string_view name) {
  for (const FeatureName& f : feature_names)
    if (f.name == name) return f.bits;
  return 0;
}

}  // namespace mj::isa::rv32
