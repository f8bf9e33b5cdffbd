// Which graphs our int8 runtime and our reference can execute.
#pragma once

#include "sim/base/error.h"
#include "sim/profile/model/graph.h"

namespace mj::model {

/// Checks that every operator is one that the int8 runtime has, with the types, ranks, shapes, options and quantisation
/// that TensorFlow Lite's int8 kernels define, and that operators stand in an order in which they can run. After this
/// a graph can be executed without further checks: no index, shape or divisor in it can lead out of a buffer.
/// Errors: ExitCode::unsupported (an operator, type or option we don't have), ExitCode::unreadable (contradicts
/// itself).
Result<void> check_int8(const ModelGraph& graph);

/// The same of one operator alone, whatever the others are: types, ranks, shapes, options, quantisation. After this it
/// can be executed on inputs of its tensors' sizes. `index` is one of the graph's operators.
Result<void> check_int8_operator(const ModelGraph& graph, std::size_t index);

}  // namespace mj::model
