#include <string_view>

#include "isa/thumb/op.h"
#include "isa/thumb/semantics/all.h"
#include "sim/engine/handler.h"
#include "sim/engine/handlers.h"
#include "sim/engine/pseudo.h"

namespace mj::engine {

namespace {
namespace thumb_ops {
using namespace isa::thumb;

template <Op O>
struct Do {
  template <class C>
  static void run(C& c, const isa::Insn& i) {
    semantics::execute<O>(c, i);
  }
};

template <unsigned Cond>
struct If {
  template <class C>
  static bool holds(C& c) {
    return semantics::condition<Cond>(c);
  }
};

/// Register lists make as many accesses as they have registers: probing each would cost more than it saves.
constexpr bool is_list(std::string_view name) {
  for (const std::string_view part : {"ldm", "stm", "push", "pop"})
    if (name.find(part) != name.npos) return true;
  return false;
}
}  // namespace thumb_ops

using isa::thumb::Op;
using thumb_ops::Do;

template <Op O>
constexpr Handler choose(std::string_view name) {
  return thumb_ops::is_list(name) ? handle_full<Do<O>> : handle<Do<O>>;
}

constexpr Handler table[] = {
#define X(op, ...) choose<Op::op>(#op),
    MJ_THUMB_OPS(X)
#undef X
};

template <unsigned... Cond>
constexpr std::array<Handler, sizeof...(Cond)> guards(std::integer_sequence<unsigned, Cond...>) {
  return {guard<thumb_ops::If<Cond>>...};
}
constexpr auto guard_table = guards(std::make_integer_sequence<unsigned, 14>());

// Comparisons and the conditional branches that follow them, as compilers put them.
#define MJ_COMPARES(X) \
  X(cmp_imm)           \
  X(cmp_reg)           \
  X(cmn_imm)           \
  X(tst_imm) X(tst_reg) X(subs_imm) X(subs_reg) X(adds_imm) X(adds_reg) X(lsls_imm) X(lsrs_imm) X(movs_reg) X(ands_reg)
#define MJ_BRANCHES(X) \
  X(b_eq) X(b_ne) X(b_cs) X(b_cc) X(b_mi) X(b_pl) X(b_vs) X(b_vc) X(b_hi) X(b_ls) X(b_ge) X(b_lt) X(b_gt) X(b_le)

template <Op First>
Handler pair_with(Op second) {
  switch (second) {
#define X(op)  \
  case Op::op: \
    return handle_pair<Do<First>, Do<Op::op>>;
    MJ_BRANCHES(X)
#undef X
    default:
      return nullptr;
  }
}
}  // namespace

Handler thumb_handler(std::uint16_t op) { return table[op]; }

Handler thumb_pair(std::uint16_t first, std::uint16_t second) {
  switch (static_cast<Op>(first)) {
#define X(op)  \
  case Op::op: \
    return pair_with<Op::op>(static_cast<Op>(second));
    MJ_COMPARES(X)
#undef X
    default:
      return nullptr;
  }
}
Handler thumb_guard(unsigned cond) { return guard_table[cond]; }

}  // namespace mj::engine
