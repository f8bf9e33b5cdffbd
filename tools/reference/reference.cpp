#include "tools/reference/reference.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "sim/profile/model/int8_graph.h"
#include "tools/reference/fixed_point.h"

namespace mj::reference {
namespace {

using model::Activation;
using model::ModelGraph;
using model::Operator;
using model::OpKind;
using model::Tensor;
using model::TensorType;

/// A tensor with up to four dimensions, seen as NHWC; integers of any width as 64-bit values.
struct View {
  std::array<std::int64_t, 4> dims{1, 1, 1, 1};
  std::vector<std::int64_t> values;

  std::int64_t& at(std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) {
    return values[static_cast<std::size_t>(((n * dims[1] + y) * dims[2] + x) * dims[3] + c)];
  }
};

template <class T>
std::vector<T> typed(const std::byte* bytes, std::size_t size) {
  std::vector<T> list(size / sizeof(T));
  std::memcpy(list.data(), bytes, list.size() * sizeof(T));
  return list;
}

std::vector<std::int64_t> integers(TensorType type, const Bytes& bytes) {
  std::vector<std::int64_t> out;
  auto widen = [&out](const auto& list) { out.assign(list.begin(), list.end()); };
  if (type == TensorType::int8) widen(typed<std::int8_t>(bytes.data(), bytes.size()));
  if (type == TensorType::uint8) widen(typed<std::uint8_t>(bytes.data(), bytes.size()));
  if (type == TensorType::int32) widen(typed<std::int32_t>(bytes.data(), bytes.size()));
  return out;
}

/// TensorFlow's SAME padding: as much as needed in all, the smaller half in front.
std::int64_t front_padding(const Operator& op, std::int64_t in, std::int64_t out, std::int64_t reach,
                           std::int64_t stride) {
  if (op.options.padding == model::Padding::valid) return 0;
  return std::max<std::int64_t>(0, (out - 1) * stride + reach - in) / 2;
}

class Machine {
 public:
  explicit Machine(const ModelGraph& graph, Rounding rounding = Rounding::twice) : graph_(graph), rounding_(rounding) {
    values_.tensors.resize(graph.tensors.size());
  }

  Bytes run_one(const Operator& op, const std::vector<Bytes>& tensors) {
    for (const std::int32_t input : op.inputs)
      if (input >= 0) values_.tensors[input] = tensors[input];
    execute(op);
    return std::move(values_.tensors[op.outputs[0]]);
  }

  Values run(const std::vector<Bytes>& inputs) {
    for (std::size_t i = 0; i < inputs.size(); ++i) values_.tensors[graph_.inputs[i]] = inputs[i];
    for (const Operator& op : graph_.operators) execute(op);
    return std::move(values_);
  }

 private:
  const Tensor& tensor(std::int32_t index) const { return graph_.tensors[index]; }
  const Tensor& out_of(const Operator& op) const { return tensor(op.outputs[0]); }

  View load(std::int32_t index) const {
    const Tensor& t = tensor(index);
    View v;
    std::size_t d = 4 - std::min<std::size_t>(t.shape.size(), 4);
    for (std::size_t i = 0; i < t.shape.size(); ++i) {
      if (t.shape.size() <= 4) v.dims[d++] = t.shape[i];
    }
    v.values = integers(t.type, t.is_constant ? t.data : values_.tensors[index]);
    return v;
  }

  View empty(std::int32_t index) const {
    View v;
    const Tensor& t = tensor(index);
    if (t.shape.size() <= 4) std::copy_backward(t.shape.begin(), t.shape.end(), v.dims.end());
    v.values.resize(static_cast<std::size_t>(t.elements()));
    return v;
  }

  /// Clamps to the output's type and, where the operator has one, its fused activation; stores.
  void store(const Operator& op, const std::vector<std::int64_t>& values) {
    const Tensor& t = out_of(op);
    const bool is_signed = t.type == TensorType::int8;
    std::int64_t low = is_signed ? -128 : 0, high = is_signed ? 127 : 255;
    auto level = [&t](float real) {  // the quantised value of a bound, rounded in float as the original does
      const float steps = std::round(real / t.quantization.scale[0]);
      return t.quantization.zero_point[0] + std::int64_t(std::min(std::max(steps, -1e6F), 1e6F));
    };
    switch (op.options.activation) {
      case Activation::relu:
        low = std::max(low, level(0));
        break;
      case Activation::relu6:
        low = std::max(low, level(0)), high = std::min(high, level(6));
        break;
      case Activation::relu_n1_to_1:
        low = std::max(low, level(-1)), high = std::min(high, level(1));
        break;
      default:
        break;
    }
    Bytes bytes;
    for (const std::int64_t value : values) {
      const std::int64_t clamped = std::min(std::max(value, low), high);
      bytes.push_back(static_cast<std::byte>(clamped & 0xFF));
    }
    values_.tensors[op.outputs[0]] = std::move(bytes);
  }

  static double scale(const Tensor& t) { return t.quantization.scale[0]; }
  static std::int64_t zero(const Tensor& t) { return t.quantization.zero_point[0]; }

  void execute(const Operator& op) {
    switch (op.kind) {
      case OpKind::conv_2d:
      case OpKind::depthwise_conv_2d:
        return convolve(op);
      case OpKind::fully_connected:
        return dense(op);
      case OpKind::average_pool_2d:
      case OpKind::max_pool_2d:
        return pool(op);
      case OpKind::add:
        return add(op);
      case OpKind::softmax:
        return softmax(op);
      case OpKind::reshape:
        values_.tensors[op.outputs[0]] = values_.tensors[op.inputs[0]];
        return;
      case OpKind::pad:
      case OpKind::padv2:
        return pad(op);
      case OpKind::mean:
        return mean(op);
      case OpKind::quantize:
        return quantize(op);
      default:
        return dequantize(op);
    }
  }

  std::int64_t bias(const Operator& op, const View& biases, std::int64_t channel) const {
    return op.inputs.size() > 2 && op.inputs[2] >= 0 ? biases.values[static_cast<std::size_t>(channel)] : 0;
  }
  View biases(const Operator& op) const {
    return op.inputs.size() > 2 && op.inputs[2] >= 0 ? load(op.inputs[2]) : View();
  }

  /// Both convolutions: a depthwise one sees one input channel per output channel.
  void convolve(const Operator& op) {
    const bool depthwise = op.kind == OpKind::depthwise_conv_2d;
    View x = load(op.inputs[0]), w = load(op.inputs[1]), y = empty(op.outputs[0]);
    const View b = biases(op);
    const auto& o = op.options;
    const std::int64_t kernel_h = w.dims[1], kernel_w = w.dims[2];
    const std::int64_t top = front_padding(op, x.dims[1], y.dims[1], (kernel_h - 1) * o.dilation_h + 1, o.stride_h);
    const std::int64_t left = front_padding(op, x.dims[2], y.dims[2], (kernel_w - 1) * o.dilation_w + 1, o.stride_w);
    const auto& scales = tensor(op.inputs[1]).quantization.scale;
    for (std::int64_t c = 0; c < y.dims[3]; ++c) {
      const double weight_scale = scales[scales.size() > 1 ? static_cast<std::size_t>(c) : 0];
      const Factor factor(scale(tensor(op.inputs[0])) * weight_scale / scale(out_of(op)), rounding_);
      for (std::int64_t n = 0; n < y.dims[0]; ++n) {
        for (std::int64_t oy = 0; oy < y.dims[1]; ++oy) {
          for (std::int64_t ox = 0; ox < y.dims[2]; ++ox) {
            std::int64_t sum = bias(op, b, c);
            for (std::int64_t ky = 0; ky < kernel_h; ++ky) {
              for (std::int64_t kx = 0; kx < kernel_w; ++kx) {
                const std::int64_t iy = oy * o.stride_h - top + ky * o.dilation_h;
                const std::int64_t ix = ox * o.stride_w - left + kx * o.dilation_w;
                if (iy < 0 || iy >= x.dims[1] || ix < 0 || ix >= x.dims[2]) continue;
                if (depthwise) {
                  sum += (x.at(n, iy, ix, c / o.depth_multiplier) - zero(tensor(op.inputs[0]))) * w.at(0, ky, kx, c);
                  continue;
                }
                for (std::int64_t i = 0; i < x.dims[3]; ++i) {
                  sum += (x.at(n, iy, ix, i) - zero(tensor(op.inputs[0]))) * w.at(c, ky, kx, i);
                }
              }
            }
            y.at(n, oy, ox, c) = factor.times(wrap32(sum)) + zero(out_of(op));
          }
        }
      }
    }
    store(op, y.values);
  }

  void dense(const Operator& op) {
    const View x = load(op.inputs[0]), w = load(op.inputs[1]), b = biases(op);
    View y = empty(op.outputs[0]);
    const std::size_t outputs = static_cast<std::size_t>(tensor(op.inputs[1]).shape[0]);
    const std::size_t inputs = static_cast<std::size_t>(tensor(op.inputs[1]).shape[1]);
    const auto& scales = tensor(op.inputs[1]).quantization.scale;
    for (std::size_t i = 0; i < y.values.size(); ++i) {
      const std::size_t row = i / outputs, c = i % outputs;
      // With one scale for all weights the original multiplies the two scales in float.
      const float in_scale = tensor(op.inputs[0]).quantization.scale[0];
      const double product = scales.size() > 1 ? double{in_scale} * scales[c] : double{in_scale * scales[0]};
      std::int64_t sum = bias(op, b, static_cast<std::int64_t>(c));
      for (std::size_t k = 0; k < inputs; ++k) {
        sum += (x.values[row * inputs + k] - zero(tensor(op.inputs[0]))) * w.values[c * inputs + k];
      }
      y.values[i] = Factor(product / scale(out_of(op)), rounding_).times(wrap32(sum)) + zero(out_of(op));
    }
    store(op, y.values);
  }

  void pool(const Operator& op) {
    View x = load(op.inputs[0]), y = empty(op.outputs[0]);
    const auto& o = op.options;
    const std::int64_t top = front_padding(op, x.dims[1], y.dims[1], o.filter_h, o.stride_h);
    const std::int64_t left = front_padding(op, x.dims[2], y.dims[2], o.filter_w, o.stride_w);
    for (std::int64_t n = 0; n < y.dims[0]; ++n) {
      for (std::int64_t oy = 0; oy < y.dims[1]; ++oy) {
        for (std::int64_t ox = 0; ox < y.dims[2]; ++ox) {
          for (std::int64_t c = 0; c < y.dims[3]; ++c) {
            std::vector<std::int64_t> seen;
            for (std::int64_t iy = oy * o.stride_h - top; iy < oy * o.stride_h - top + o.filter_h; ++iy) {
              for (std::int64_t ix = ox * o.stride_w - left; ix < ox * o.stride_w - left + o.filter_w; ++ix) {
                if (iy >= 0 && iy < x.dims[1] && ix >= 0 && ix < x.dims[2]) seen.push_back(x.at(n, iy, ix, c));
              }
            }
            y.at(n, oy, ox, c) =
                op.kind == OpKind::max_pool_2d ? *std::max_element(seen.begin(), seen.end()) : rounded_average(seen);
          }
        }
      }
    }
    store(op, y.values);
  }

  /// To the nearest, ties away from zero. (An odd count has no ties.)
  static std::int64_t rounded_average(const std::vector<std::int64_t>& list) {
    std::int64_t sum = 0;
    for (const std::int64_t value : list) sum += value;
    const auto count = static_cast<std::int64_t>(list.size());
    const std::int64_t magnitude = (std::abs(sum) + count / 2) / count;
    return sum < 0 ? -magnitude : magnitude;
  }

  void add(const Operator& op) {
    const View a = load(op.inputs[0]), b = load(op.inputs[1]);
    View y = empty(op.outputs[0]);
    const Tensor &ta = tensor(op.inputs[0]), &tb = tensor(op.inputs[1]);
    const double common = 2 * std::max(scale(ta), scale(tb)), extra = 1 << 20;
    const Factor from_a(scale(ta) / common, rounding_), from_b(scale(tb) / common, rounding_),
        to_y(common / (extra * scale(out_of(op))), rounding_);
    for (std::size_t i = 0; i < y.values.size(); ++i) {
      const std::int64_t sum =
          from_a.times((a.values[i] - zero(ta)) << 20) + from_b.times((b.values[i] - zero(tb)) << 20);
      y.values[i] = to_y.times(sum) + zero(out_of(op));
    }
    store(op, y.values);
  }

  void softmax(const Operator& op) {
    const View x = load(op.inputs[0]);
    View y = empty(op.outputs[0]);
    const auto depth = static_cast<std::size_t>(tensor(op.inputs[0]).shape.back());
    const Factor to_q5_26(
        std::min(double{op.options.beta} * scale(tensor(op.inputs[0])) * (1 << 26), double(kInt32Max)), rounding_);
    // Differences that would leave Q5.26 count as infinitely small.
    const auto smallest = -std::int64_t(std::floor(std::ldexp(31.0, 26 - to_q5_26.exponent())));
    for (std::size_t row = 0; row < y.values.size(); row += depth) {
      const std::int64_t max =
          *std::max_element(x.values.begin() + std::ptrdiff_t(row), x.values.begin() + std::ptrdiff_t(row + depth));
      std::vector<Fixed<0>> powers(depth);
      Fixed<12> sum;
      for (std::size_t i = 0; i < depth; ++i) {
        const std::int64_t difference = x.values[row + i] - max;
        if (difference < smallest) continue;
        powers[i] = exp_of_negative(Fixed<5>{to_q5_26.times(difference)});
        sum = sum + rescale<12>(powers[i]);
      }
      // sum = (1 + mantissa) * 2^bits_over_one, so 1 / sum = reciprocal / 2^bits_over_one.
      int bits_over_one = 12;
      std::int64_t mantissa = sum.raw;
      while ((mantissa & std::int64_t{1} << 31) == 0) mantissa *= 2, --bits_over_one;
      const Fixed<0> reciprocal = one_over_one_plus(Fixed<0>{mantissa - (std::int64_t{1} << 31)});
      for (std::size_t i = 0; i < depth; ++i) {
        const bool counts = x.values[row + i] - max >= smallest;
        y.values[row + i] = (counts ? rounding_divide((reciprocal * powers[i]).raw, bits_over_one + 31 - 8) : 0) - 128;
      }
    }
    store(op, y.values);
  }

  void pad(const Operator& op) {
    View x = load(op.inputs[0]), y = empty(op.outputs[0]);
    const View pads = load(op.inputs[1]);
    const std::int64_t fill = op.kind == OpKind::padv2 ? load(op.inputs[2]).values[0] : zero(out_of(op));
    std::array<std::int64_t, 4> before{0, 0, 0, 0};
    for (std::size_t d = 0; d < pads.values.size() / 2; ++d)
      before[4 - pads.values.size() / 2 + d] = pads.values[2 * d];
    std::array<std::int64_t, 4> at{};
    for (std::size_t i = 0; i < y.values.size(); ++i) {
      auto rest = static_cast<std::int64_t>(i);
      bool inside = true;
      for (std::size_t d = 4; d-- > 0; rest /= y.dims[d]) {
        at[d] = rest % y.dims[d] - before[d];
        inside = inside && at[d] >= 0 && at[d] < x.dims[d];
      }
      y.values[i] = inside ? x.at(at[0], at[1], at[2], at[3]) : fill;
    }
    store(op, y.values);
  }

  void mean(const Operator& op) {
    View x = load(op.inputs[0]);
    const View axes = load(op.inputs[1]);
    const auto rank = static_cast<std::int64_t>(tensor(op.inputs[0]).shape.size());
    std::array<bool, 4> reduced{};
    for (const std::int64_t axis : axes.values)
      reduced[static_cast<std::size_t>(4 - rank + (axis + rank) % rank)] = true;
    std::vector<std::int64_t> sums(static_cast<std::size_t>(out_of(op).elements()), 0);
    for (std::size_t i = 0; i < x.values.size(); ++i) {
      std::int64_t rest = static_cast<std::int64_t>(i), target = 0, stride = 1;
      for (std::size_t d = 4; d-- > 0; rest /= x.dims[d]) {
        if (reduced[d]) continue;
        target += rest % x.dims[d] * stride;
        stride *= x.dims[d];
      }
      sums[static_cast<std::size_t>(target)] += x.values[i];
    }
    const auto count = static_cast<std::int64_t>(x.values.size() / sums.size());
    Factor factor(scale(tensor(op.inputs[0])) / scale(out_of(op)), rounding_);
    factor.divide_by(count);
    for (std::int64_t& sum : sums) sum = factor.times(sum - zero(tensor(op.inputs[0])) * count) + zero(out_of(op));
    store(op, sums);
  }

  void quantize(const Operator& op) {
    const Tensor &from = tensor(op.inputs[0]), &to = out_of(op);
    View y = empty(op.outputs[0]);
    if (from.type == TensorType::float32) {
      const Bytes& bytes = values_.tensors[op.inputs[0]];
      const std::vector<float> x = typed<float>(bytes.data(), bytes.size());
      for (std::size_t i = 0; i < x.size(); ++i) {
        const float steps = std::round(x[i] / to.quantization.scale[0]);
        y.values[i] = (std::isnan(steps) ? 0 : std::int64_t(std::min(std::max(steps, -1e6F), 1e6F))) + zero(to);
      }
    } else {
      const View x = load(op.inputs[0]);
      const Factor factor(scale(from) / scale(to), rounding_);
      for (std::size_t i = 0; i < x.values.size(); ++i) y.values[i] = factor.times(x.values[i] - zero(from)) + zero(to);
    }
    store(op, y.values);
  }

  void dequantize(const Operator& op) {
    const View x = load(op.inputs[0]);
    std::vector<float> y;
    for (const std::int64_t value : x.values) {
      y.push_back(
          static_cast<float>(scale(tensor(op.inputs[0])) * static_cast<double>(value - zero(tensor(op.inputs[0])))));
    }
    Bytes bytes(y.size() * sizeof(float));
    std::memcpy(bytes.data(), y.data(), bytes.size());
    values_.tensors[op.outputs[0]] = std::move(bytes);
  }

  const ModelGraph& graph_;
  Rounding rounding_;
  Values values_;
};

}  // namespace

Result<Values> run_all(const ModelGraph& graph, const std::vector<Bytes>& inputs) {
  if (auto checked = model::check_int8(graph); !checked) return checked.error();
  if (inputs.size() != graph.inputs.size()) {
    return Error{ExitCode::usage, "wrong number of inputs", "", std::to_string(inputs.size()) + " given",
                 "the model has " + std::to_string(graph.inputs.size())};
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto need = static_cast<std::size_t>(graph.tensors[graph.inputs[i]].bytes());
    if (inputs[i].size() != need) {
      return Error{ExitCode::usage, "an input has the wrong size", "input " + std::to_string(i),
                   std::to_string(inputs[i].size()) + " bytes given", "give " + std::to_string(need) + " bytes"};
    }
  }
  return Machine(graph).run(inputs);
}

Result<std::vector<Bytes>> run_reference(const ModelGraph& graph, const std::vector<Bytes>& inputs) {
  auto values = run_all(graph, inputs);
  if (!values) return values.error();
  std::vector<Bytes> outputs;
  for (const std::int32_t index : graph.outputs) outputs.push_back(values->tensors[index]);
  return outputs;
}

Result<Bytes> run_operator(const ModelGraph& graph, std::size_t index, const std::vector<Bytes>& tensors,
                           Rounding rounding) {
  if (auto checked = model::check_int8_operator(graph, index); !checked) return checked.error();
  const Operator& op = graph.operators[index];
  for (const std::int32_t input : op.inputs) {
    if (input < 0 || graph.tensors[input].is_constant) continue;
    const auto need = static_cast<std::size_t>(graph.tensors[input].bytes());
    const std::size_t given = static_cast<std::size_t>(input) < tensors.size() ? tensors[input].size() : 0;
    if (given != need)
      return Error{ExitCode::usage, "an operator's input is not there", "tensor " + std::to_string(input),
                   std::to_string(given) + " bytes given", "give " + std::to_string(need) + " bytes"};
  }
  return Machine(graph, rounding).run_one(op, tensors);
}

std::vector<Bytes> pattern_inputs(const ModelGraph& graph) {
  std::vector<Bytes> inputs;
  std::uint32_t x = 1;
  for (const std::int32_t index : graph.inputs) {
    const Tensor& t = graph.tensors[index];
    Bytes bytes;
    for (std::int64_t i = 0; i < t.elements(); ++i) {
      x = x * 1664525U + 1013904223U;
      const auto byte = static_cast<std::byte>(x >> 24);
      if (t.type == TensorType::float32) {
        const float value = static_cast<float>(static_cast<std::int8_t>(byte)) / 128.0F;
        const auto* raw = reinterpret_cast<const std::byte*>(&value);
        bytes.insert(bytes.end(), raw, raw + sizeof value);
      } else {
        bytes.push_back(byte);
      }
    }
    inputs.push_back(std::move(bytes));
  }
  return inputs;
}

}  // namespace mj::reference
