// The operations of Thumb as an enumeration; ops.def is the list.
#pragma once

#include <cstddef>
#include <cstdint>

#include "isa/thumb/ops.def"

namespace mj::isa::thumb {

/// What Insn::op holds. Several operations may share a meaning; they differ in what timing or a report may say of them.
enum class Op : std::uint16_t {
#define X(name, ...) name,
  MJ_THUMB_OPS(X)
#undef X
      count_
};

inline constexpr std::size_t op_count = static_cast<std::size_t>(Op::count_);

/// The operation `n` places after `op` in its group.
constexpr Op next(Op op, unsigned n) { return static_cast<Op>(static_cast<std::uint16_t>(op) + n); }

}  // namespace mj::isa::thumb
