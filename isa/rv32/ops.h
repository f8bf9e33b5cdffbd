// rv32::Op, and all that the operations mean (the semantics' templates).
#pragma once

#include <cstddef>
#include <cstdint>

#include "isa/rv32/ops.def"
#include "isa/rv32/semantics/a.h"
#include "isa/rv32/semantics/f.h"
#include "isa/rv32/semantics/i.h"
#include "isa/rv32/semantics/m.h"
#include "isa/rv32/semantics/system.h"
#include "isa/rv32/semantics/xh3.h"
#include "isa/rv32/semantics/zb.h"
#include "isa/rv32/semantics/zcmp.h"

namespace mj::isa::rv32 {

enum class Op : std::uint16_t {
#define X(op, meaning) op,
  MJ_RV32_OPS(X)
#undef X
      count_
};

inline constexpr std::size_t op_count = static_cast<std::size_t>(Op::count_);

}  // namespace mj::isa::rv32
