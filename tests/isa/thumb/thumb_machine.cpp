#include "tests/isa/thumb/thumb_machine.h"

#include "isa/thumb/semantics/all.h"

namespace mj::test {

using namespace isa::thumb;

void execute(PlainContext& c, const isa::Insn& insn) {
  if (!semantics::condition(c, insn.cond)) return;
  switch (static_cast<Op>(insn.op)) {
#define X(name, ...)                       \
  case Op::name:                           \
    semantics::execute<Op::name>(c, insn); \
    break;
    MJ_THUMB_OPS(X)
#undef X
    case Op::count_:
      break;
  }
}

Flags flags(const PlainContext& c) {
  return {.n = (c.regs[nf] >> 31) != 0,
          .z = c.regs[zf] == 0,
          .c = c.regs[cf] != 0,
          .v = (c.regs[vf] >> 31) != 0,
          .q = c.regs[qf] != 0,
          .ge = c.regs[ge]};
}

void set_flags(PlainContext& c, const Flags& f) {
  c.regs[nf] = f.n ? 0x80000000u : 0;
  c.regs[zf] = f.z ? 0 : 1;
  c.regs[cf] = f.c;
  c.regs[vf] = f.v ? 0x80000000u : 0;
  c.regs[qf] = f.q;
  c.regs[ge] = f.ge;
}

std::uint32_t apsr(const PlainContext& c) {
  const Flags f = flags(c);
  return std::uint32_t{f.n} << 31 | std::uint32_t{f.z} << 30 | std::uint32_t{f.c} << 29 | std::uint32_t{f.v} << 28 |
         std::uint32_t{f.q} << 27 | f.ge << 16;
}

void set_apsr(PlainContext& c, std::uint32_t value) {
  const auto bit = [&](unsigned n) { return ((value >> n) & 1) != 0; };
  set_flags(c, {.n = bit(31), .z = bit(30), .c = bit(29), .v = bit(28), .q = bit(27), .ge = (value >> 16) & 15});
}

}  // namespace mj::test
