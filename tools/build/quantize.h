// Quantisation constants, computed exactly as TensorFlow Lite prepares its int8 kernels (double-rounding variant).
#pragma once

#include <cstdint>
#include <vector>

#include "sim/profile/model/graph.h"

namespace mj::build {

/// real = multiplier * 2^(shift - 31), multiplier in [2^30, 2^31) or 0.
struct Multiplier {
  std::int32_t multiplier = 0;
  std::int32_t shift = 0;
};

/// TensorFlow Lite's QuantizeMultiplier; factors below about 2^-31 become 0.
Multiplier quantize_multiplier(double real);

struct Range {
  std::int32_t min = -128, max = 127;
};

/// The int8 values that a fused activation lets through, given the output's quantisation.
Range activation_range(model::Activation activation, float scale, std::int32_t zero_point);

/// One multiplier for each entry of the weights' scales. FULLY_CONNECTED with one scale multiplies input and weight
/// scale in float, everything else in double: that is what the original does, and it changes bits.
std::vector<Multiplier> output_multipliers(const model::Tensor& input, const model::Tensor& weights,
                                           const model::Tensor& output, bool dense);

struct SoftmaxScaling {
  Multiplier input;
  std::int32_t diff_min = 0;
};

SoftmaxScaling softmax_scaling(float beta, float input_scale);

/// MEAN: input scale over output scale, with 1/count folded in.
Multiplier mean_multiplier(float input_scale, float output_scale, std::int64_t count);

struct AddScaling {
  Multiplier a, b, output;
};

AddScaling add_scaling(float a_scale, float b_scale, float output_scale);

}  // namespace mj::build
