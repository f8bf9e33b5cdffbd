// Every operation's meaning; what an engine includes.
//
//   semantics::execute<Op::adds_imm>(context, insn);
#pragma once

#include "isa/thumb/op.h"
#include "isa/thumb/semantics/branch.h"
#include "isa/thumb/semantics/condition.h"
#include "isa/thumb/semantics/data_processing.h"
#include "isa/thumb/semantics/dsp.h"
#include "isa/thumb/semantics/load_store.h"
#include "isa/thumb/semantics/multiply.h"
#include "isa/thumb/semantics/system.h"
#if __has_include("isa/thumb/semantics/fp.h")
#include "isa/thumb/semantics/fp.h"
#endif

namespace mj::isa::thumb::semantics {

/// What ops.def says that an operation means.
template <Op O>
struct Meaning;

#define X(name, ...)                           \
  template <>                                  \
  struct Meaning<Op::name> {                   \
    template <Context C>                       \
    static void execute(C& c, const Insn& i) { \
      __VA_ARGS__(c, i);                       \
    }                                          \
  };
MJ_THUMB_OPS(X)
#undef X

/// Executes an instruction whose operation is `O`; Insn::cond is the caller's to check.
template <Op O, Context C>
void execute(C& c, const Insn& i) {
  Meaning<O>::execute(c, i);
}

}  // namespace mj::isa::thumb::semantics
