// Text of an instruction from its rule: a template like "add{s} {d}, {n}, {m}", whose operands a Writer knows.
#pragma once

#include <string>
#include <string_view>

namespace mj::isa {

/// What "{name}" stands for.
template <class Writer>
struct TextOperand {
  std::string_view name;
  std::string (Writer::*write)() const;
};

template <class Writer, std::size_t N>
constexpr const TextOperand<Writer>* find_operand(const TextOperand<Writer> (&operands)[N], std::string_view name) {
  for (const TextOperand<Writer>& o : operands)
    if (o.name == name) return &o;
  return nullptr;
}

/// True if every {operand} of the rule exists.
template <class Writer, std::size_t N>
consteval bool operands_exist(const TextOperand<Writer> (&operands)[N], std::string_view rule) {
  for (auto at = rule.find('{'); at != rule.npos; at = rule.find('{', at + 1))
    if (!find_operand(operands, rule.substr(at + 1, rule.find('}', at) - at - 1))) return false;
  return true;
}

/// The rule with its operands written; all of them exist.
template <class Writer, std::size_t N>
std::string expand(const TextOperand<Writer> (&operands)[N], std::string_view rule, const Writer& writer) {
  std::string out;
  while (!rule.empty()) {
    const auto open = rule.find('{');
    out += rule.substr(0, open);
    if (open == rule.npos) break;
    const auto close = rule.find('}', open);
    out += (writer.*find_operand(operands, rule.substr(open + 1, close - open - 1))->write)();
    rule.remove_prefix(close + 1);
  }
  return out;
}

}  // namespace mj::isa
