#include "tools/build/quantize.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace mj::build {

Multiplier quantize_multiplier(double real) {
  if (real == 0) return {};
  Multiplier m;
  const double mantissa = std::frexp(real, &m.shift);
  auto fixed = static_cast<std::int64_t>(std::round(mantissa * (std::int64_t{1} << 31)));
  if (fixed == std::int64_t{1} << 31) {
    fixed /= 2;
    ++m.shift;
  }
  if (m.shift < -31) return {};
  m.multiplier = static_cast<std::int32_t>(fixed);
  return m;
}

Range activation_range(model::Activation activation, float scale, std::int32_t zero_point) {
  // A quotient beyond the int8 range clamps anyway; clamping before the conversion keeps it defined.
  auto quantize = [&](float real) {
    return zero_point + static_cast<std::int32_t>(std::clamp(std::round(real / scale), -100000.0F, 100000.0F));
  };
  Range range;
  if (activation == model::Activation::relu || activation == model::Activation::relu6) {
    range.min = std::max(range.min, quantize(0.0F));
  }
  if (activation == model::Activation::relu6) range.max = std::min(range.max, quantize(6.0F));
  if (activation == model::Activation::relu_n1_to_1) {
    range.min = std::max(range.min, quantize(-1.0F));
    range.max = std::min(range.max, quantize(1.0F));
  }
  return range;
}

std::vector<Multiplier> output_multipliers(const model::Tensor& input, const model::Tensor& weights,
                                           const model::Tensor& output, bool dense) {
  const float in_scale = input.quantization.scale[0];
  const double out_scale = output.quantization.scale[0];
  const std::vector<float>& scales = weights.quantization.scale;
  std::vector<Multiplier> result;
  for (const float scale : scales) {
    const double product =
        dense && scales.size() == 1 ? static_cast<double>(in_scale * scale) : double{in_scale} * double{scale};
    result.push_back(quantize_multiplier(product / out_scale));
  }
  return result;
}

SoftmaxScaling softmax_scaling(float beta, float input_scale) {
  constexpr int kIntegerBits = 5, kFractionBits = 26;
  const double most = static_cast<double>((std::int64_t{1} << 31) - 1);
  SoftmaxScaling s;
  s.input = quantize_multiplier(std::min(double{beta} * double{input_scale} * (1 << kFractionBits), most));
  const double radius = static_cast<double>((1 << kIntegerBits) - 1) * (std::int64_t{1} << kFractionBits) /
                        static_cast<double>(std::int64_t{1} << s.input.shift);
  s.diff_min = -static_cast<std::int32_t>(std::floor(radius));
  return s;
}

Multiplier mean_multiplier(float input_scale, float output_scale, std::int64_t count) {
  Multiplier m = quantize_multiplier(double{input_scale} / double{output_scale});
  const int log2 = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(count))) - 1;
  const int shift = std::min({log2, 32, 31 + m.shift});
  m.multiplier = static_cast<std::int32_t>((std::int64_t{m.multiplier} << shift) / count);
  m.shift -= shift;
  return m;
}

AddScaling add_scaling(float a_scale, float b_scale, float output_scale) {
  constexpr int kExtraBits = 20;
  const double twice_max = 2 * double{std::max(a_scale, b_scale)};
  return {quantize_multiplier(a_scale / twice_max), quantize_multiplier(b_scale / twice_max),
          quantize_multiplier(twice_max / ((1 << kExtraBits) * double{output_scale}))};
}

}  // namespace mj::build
