// Two tensors, element by element.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sim/profile/model/graph.h"
#include "sim/profile/run_result.h"

namespace mj::compare {

/// How `got` differs from `expected`: both hold elements of `type`, the same number of bytes. Floats are equal if their
/// values are, or both are no number. int4 and types of no fixed size are compared byte by byte.
profile::TensorDifference difference(const std::string& name, model::TensorType type,
                                     const std::vector<std::int64_t>& shape, const std::vector<std::byte>& expected,
                                     const std::vector<std::byte>& got);

}  // namespace mj::compare
