#include "isa/rv32/ops.h"
#include "sim/engine/handler.h"
#include "sim/engine/handlers.h"

namespace mj::engine {

namespace {
namespace rv32_ops {
using namespace isa::rv32;
#define X(op, meaning)                          \
  struct Do_##op {                              \
    template <class C>                          \
    static void run(C& c, const isa::Insn& i) { \
      meaning(c, i);                            \
    }                                           \
  };
MJ_RV32_OPS(X)
#undef X
}  // namespace rv32_ops

constexpr Handler table[] = {
#define X(op, meaning) handle<rv32_ops::Do_##op>,
    MJ_RV32_OPS(X)
#undef X
};
}  // namespace

Handler rv32_handler(std::uint16_t op) { return table[op]; }

}  // namespace mj::engine
