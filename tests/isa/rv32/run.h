// Running RV32 encodings on the PlainContext.
#pragma once

#include <cstdint>

#include "isa/rv32/decode.h"
#include "isa/rv32/ops.h"
#include "tests/isa/plain_context.h"

namespace mj::test {

/// Performs a decoded instruction; where it went is in c.flow, c.target and c.raised.
template <isa::Context C>
void perform(C& c, const isa::Insn& insn) {
  using namespace isa::rv32;
  c.flow = Flow::next;
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
}

/// pc of the next instruction, traps aside.
inline std::uint32_t next_pc(const PlainContext& c, const isa::Insn& insn) {
  return c.flow == Flow::next ? insn.pc + insn.size : c.target;
}

}  // namespace mj::test
