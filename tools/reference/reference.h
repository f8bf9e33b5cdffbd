// The host's reference for int8 networks: slow, plain, and sharing no code with the runtime's kernels or with the
// constants that `microjoule build` computes. Written from TensorFlow Lite's quantisation specification; it decides
// what a golden output is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/model/graph.h"
#include "tools/reference/fixed_point.h"

namespace mj::reference {

using Bytes = std::vector<std::byte>;

/// The value of every tensor after one inference, by tensor index, in the tensors' own types, little endian; constants
/// that operators only read as weights are left empty.
struct Values {
  std::vector<Bytes> tensors;
};

/// Runs one inference. `inputs` has one entry a graph input, each of exactly its tensor's size.
/// Errors: those of model::check_int8; ExitCode::usage when an input has the wrong size or number.
Result<Values> run_all(const model::ModelGraph& graph, const std::vector<Bytes>& inputs);

/// The same, outputs only, in the graph's order.
Result<std::vector<Bytes>> run_reference(const model::ModelGraph& graph, const std::vector<Bytes>& inputs);

/// One operator's output from `tensors`, by tensor index: those of its inputs that are no constants must be there, of
/// exactly their size. Errors: those of model::check_int8_operator; ExitCode::usage when an input is not there.
Result<Bytes> run_operator(const model::ModelGraph& graph, std::size_t index, const std::vector<Bytes>& tensors,
                           Rounding rounding = Rounding::twice);

/// The input pattern that our firmware fills in on its own: for all inputs in turn x = x * 1664525 + 1013904223 (mod
/// 2^32) from x = 1; a step gives one byte x >> 24, or for float32 the value (signed byte) / 128.
std::vector<Bytes> pattern_inputs(const model::ModelGraph& graph);

}  // namespace mj::reference
