// Stack limits (Armv8-M): which instructions lower the stack pointer, and by how much.
#include "isa/thumb/op.h"
#include "isa/thumb/registers.h"
#include "sim/arch_thumb.h"
#include "sim/engine/engine.h"

namespace mj {

namespace thumb = isa::thumb;
using engine::HotState;
using thumb::Op;

namespace {

/// How an instruction may lower the stack pointer, or access memory below it.
enum class StackRule : std::uint8_t { none, list, fp_list, write_back, add, subtract, by_register };

constexpr StackRule stack_rule(std::string_view op) {
  using enum StackRule;
  for (const std::string_view name : {"push", "stmdb_wb", "ldmdb_wb", "ldmdb_wb_pc"})
    if (op == name) return list;
  for (const std::string_view name : {"vpush", "vstmdb_wb", "vldmdb_wb"})
    if (op == name) return fp_list;
  if (op == "add_imm" || op == "add_sp_imm" || op == "adds_sp_imm") return add;
  if (op == "sub_imm" || op == "sub_sp_imm" || op == "subs_sp_imm") return subtract;
  for (const std::string_view name : {"add_sp_reg", "add_sp_lsl", "adds_sp_reg", "adds_sp_lsl", "sub_sp_reg",
                                      "sub_sp_lsl", "subs_sp_reg", "subs_sp_lsl", "mov_sp"})
    if (op == name) return by_register;
  return op.ends_with("_pre") || op.ends_with("_post") ? write_back : none;
}

constexpr StackRule stack_rules[] = {
#define X(name, ...) stack_rule(#name),
    MJ_THUMB_OPS(X)
#undef X
};

}  // namespace

bool ThumbArch::stack_ready(const HotState& h, const isa::Insn& insn) const {
  if (stack_rules[insn.op] != StackRule::by_register) return true;
  const std::uint32_t operand = insn.rm == isa::sink_register ? 0 : h.r[insn.rm] << insn.shift;
  const Op op = static_cast<Op>(insn.op);
  const bool subtracts = op == Op::sub_sp_reg || op == Op::sub_sp_lsl || op == Op::subs_sp_reg || op == Op::subs_sp_lsl;
  const std::uint32_t value = op == Op::mov_sp ? operand : subtracts ? h.r[insn.rn] - operand : h.r[insn.rn] + operand;
  return !unit_.violates_limit(value, h.r);
}

bool ThumbArch::ignores_stack_limit(const HotState& h) const { return !unit_.violates_limit(0, h.r); }

Arch::StackStep ThumbArch::stack_step(const isa::Insn& insn) const {
  using Kind = StackStep::Kind;
  if (!unit_.config().v8m) return {};
  const auto down = [](std::uint32_t bytes) {
    const auto by = -static_cast<std::int32_t>(bytes);
    return by < 0 ? StackStep{Kind::constant, by} : StackStep{};
  };
  switch (stack_rules[insn.op]) {
    case StackRule::none:
      break;
    case StackRule::list:
      if (insn.rn == thumb::sp) return down(insn.shift);
      break;
    case StackRule::fp_list:
      if (insn.rn == thumb::sp) return down(insn.imm);
      break;
    case StackRule::write_back:
      if (insn.rn == thumb::sp) return down(0u - insn.imm);
      break;
    case StackRule::add:
      if (insn.rd == thumb::sp) return insn.rn == thumb::sp ? down(0u - insn.imm) : StackStep{};
      break;
    case StackRule::subtract:
      if (insn.rd == thumb::sp) return insn.rn == thumb::sp ? down(insn.imm) : StackStep{};
      break;
    case StackRule::by_register:
      return {Kind::ask, 0};
  }
  return {};
}

}  // namespace mj
