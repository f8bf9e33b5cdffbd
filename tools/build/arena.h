// Where each activation lives: one static block of memory, shared by tensors that are never needed at the same time.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/profile/model/graph.h"

namespace mj::build {

struct ArenaPlan {
  static constexpr std::int64_t kNone = -1;

  std::vector<std::int64_t> tensor;   ///< byte offset of each tensor; kNone for constants and unused tensors
  std::vector<std::int64_t> scratch;  ///< byte offset of each operator's scratch; kNone where it has none
  std::vector<std::int64_t> live;     ///< bytes in use while each operator runs, scratch included
  std::int64_t bytes = 0;             ///< size of the whole block
};

/// Places tensors by size, largest first, each at the lowest offset that is free over its whole life; offsets are
/// multiples of 16. A RESHAPE's output shares its input's place. `scratch_bytes` has one entry an operator.
/// The graph must have passed model::check_int8.
ArenaPlan plan_arena(const model::ModelGraph& graph, const std::vector<std::int64_t>& scratch_bytes);

}  // namespace mj::build
