#include "isa/thumb/op.h"
#include "isa/thumb/semantics/all.h"
#include "sim/engine/handler.h"
#include "sim/engine/handlers.h"
#include "sim/engine/pseudo.h"

namespace mj::engine {

namespace {
namespace thumb_ops {
using namespace isa::thumb;
using namespace isa::thumb::semantics;
#define X(op, ...)                                                               \
  struct Do_##op {                                                               \
    static void run(InterpContext& c, const isa::Insn& i) { __VA_ARGS__(c, i); } \
  };
MJ_THUMB_OPS(X)
#undef X

template <unsigned Cond>
struct If {
  static bool holds(InterpContext& c) { return condition(c, Cond); }
};
}  // namespace thumb_ops

constexpr Handler table[] = {
#define X(op, ...) handle<thumb_ops::Do_##op>,
    MJ_THUMB_OPS(X)
#undef X
};

template <unsigned... Cond>
constexpr std::array<Handler, sizeof...(Cond)> guards(std::integer_sequence<unsigned, Cond...>) {
  return {guard<thumb_ops::If<Cond>>...};
}
constexpr auto guard_table = guards(std::make_integer_sequence<unsigned, 14>());
}  // namespace

Handler thumb_handler(std::uint16_t op) { return table[op]; }
Handler thumb_guard(unsigned cond) { return guard_table[cond]; }

}  // namespace mj::engine
