#include "sim/profile/model/int8_graph.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace mj::model {
namespace {

/// Checks one operator after the other; the message names the operator and what we would accept.
class Checker {
 public:
  explicit Checker(const ModelGraph& graph) : graph_(graph), known_(graph.tensors.size(), false) {}

  Result<void> check_alone(std::size_t index) {
    index_ = index;
    op_ = &graph_.operators[index];
    known_.assign(known_.size(), true);
    for (const std::int32_t output : op_->outputs) {
      if (output < 0) return contradiction("an output is left out");
      known_[output] = graph_.tensors[output].is_constant;
    }
    if (auto r = check_order(); !r) return r;
    return check_operator();
  }

  Result<void> check() {
    if (graph_.subgraph_count != 1)
      return unsupported("the model has several subgraphs", "models without control flow");
    if (graph_.operators.empty()) return contradiction("the model has no operators");
    if (graph_.inputs.empty() || graph_.outputs.empty()) return contradiction("the model has no input or no output");
    for (std::size_t i = 0; i < known_.size(); ++i) known_[i] = graph_.tensors[i].is_constant;
    for (const std::int32_t input : graph_.inputs) {
      if (known_[input]) return contradiction("input tensor " + std::to_string(input) + " is a constant");
      known_[input] = true;
      if (auto r = check_interface(input); !r) return r;
    }
    for (index_ = 0; index_ < graph_.operators.size(); ++index_) {
      op_ = &graph_.operators[index_];
      if (auto r = check_order(); !r) return r;
      if (auto r = check_operator(); !r) return r;
      for (const std::int32_t output : op_->outputs) known_[output] = true;
    }
    op_ = nullptr;
    for (const std::int32_t output : graph_.outputs) {
      if (!known_[output]) return contradiction("no operator computes output tensor " + std::to_string(output));
      if (graph_.tensors[output].is_constant) return contradiction("an output is a constant");
      if (auto r = check_interface(output); !r) return r;
    }
    return {};
  }

 private:
  std::string where() const {
    return op_ ? "operator " + std::to_string(index_) + " (" + op_->name() + ")" : std::string("the graph");
  }
  Error contradiction(std::string why) const {
    return {ExitCode::unreadable, "the model contradicts itself", where(), std::move(why), "convert the model again"};
  }
  Error unsupported(std::string why, const std::string& what_works) const {
    return {ExitCode::unsupported, "the model needs something that our runtime does not have", where(), std::move(why),
            "supported: " + what_works};
  }

  const Tensor& in(std::size_t i) const { return graph_.tensors[op_->inputs[i]]; }
  const Tensor& out() const { return graph_.tensors[op_->outputs[0]]; }
  bool has_input(std::size_t i) const { return i < op_->inputs.size() && op_->inputs[i] >= 0; }

  Result<void> check_interface(std::int32_t index) const {
    const Tensor& t = graph_.tensors[index];
    if (t.elements() <= 0) return contradiction("tensor " + std::to_string(index) + " is empty");
    if (t.type != TensorType::int8 && t.type != TensorType::uint8 && t.type != TensorType::float32) {
      return unsupported("an input or output has type " + type_name(t.type), "int8, uint8 and float32");
    }
    return {};
  }

  Result<void> check_order() const {
    if (op_->outputs.size() != 1) return unsupported("it has several outputs", "operators with one output");
    const std::int32_t output = op_->outputs[0];
    if (known_[output]) return contradiction("its output already has a value");
    if (graph_.tensors[output].elements() <= 0) return contradiction("its output is empty");
    for (std::size_t i = 0; i < op_->inputs.size(); ++i) {
      if (!has_input(i)) continue;
      if (!known_[op_->inputs[i]])
        return contradiction("input " + std::to_string(i) + " is used before it is computed");
      if (graph_.tensors[op_->inputs[i]].is_variable) return unsupported("it has state", "tensors without state");
    }
    return {};
  }

  Result<void> check_operator() const {
    switch (op_->kind) {
      case OpKind::conv_2d:
      case OpKind::depthwise_conv_2d:
        return check_conv();
      case OpKind::fully_connected:
        return check_dense();
      case OpKind::average_pool_2d:
      case OpKind::max_pool_2d:
        return check_pool();
      case OpKind::add:
        return check_add();
      case OpKind::softmax:
        return check_softmax();
      case OpKind::reshape:
        return check_reshape();
      case OpKind::pad:
      case OpKind::padv2:
        return check_pad();
      case OpKind::mean:
        return check_mean();
      case OpKind::quantize:
        return check_quantize();
      case OpKind::dequantize:
        return check_dequantize();
      default:
        break;
    }
    return unsupported("there is no kernel for " + op_->name(),
                       "CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, AVERAGE_POOL_2D, MAX_POOL_2D, ADD, SOFTMAX, "
                       "RESHAPE, PAD, PADV2, MEAN, QUANTIZE, DEQUANTIZE");
  }

  Result<void> need_inputs(std::size_t least, std::size_t most) const {
    if (op_->inputs.size() < least || op_->inputs.size() > most) return contradiction("wrong number of inputs");
    for (std::size_t i = 0; i < least; ++i) {
      if (!has_input(i)) return contradiction("input " + std::to_string(i) + " is left out");
    }
    return {};
  }

  /// An activation: computed, int8 or uint8, with one positive scale and a zero point within the type.
  Result<void> need_activation(const Tensor& t, const char* which, bool uint8_allowed = false) const {
    const bool u8 = t.type == TensorType::uint8;
    if (t.type != TensorType::int8 && !(u8 && uint8_allowed)) {
      return unsupported(std::string(which) + " has type " + type_name(t.type), "int8 (quantise the model to int8)");
    }
    if (t.is_constant) return unsupported(std::string(which) + " is a constant", "computed activations");
    if (t.elements() <= 0) return contradiction(std::string(which) + " is empty");
    if (t.quantization.scale.size() != 1) return contradiction(std::string(which) + " has no single scale");
    if (!(t.quantization.scale[0] > 0)) return contradiction(std::string(which) + " has a scale that is not positive");
    const std::int64_t zero = t.quantization.zero_point[0];
    if (zero < (u8 ? 0 : -128) || zero > (u8 ? 255 : 127)) {
      return contradiction(std::string(which) + " has zero point " + std::to_string(zero));
    }
    return {};
  }

  Result<void> need_fused_activation() const {
    const auto a = op_->options.activation;
    if (a == Activation::none || a == Activation::relu || a == Activation::relu6 || a == Activation::relu_n1_to_1)
      return {};
    return unsupported("fused activation " + std::to_string(static_cast<int>(a)), "none, RELU, RELU6, RELU_N1_TO_1");
  }

  /// int8 weights, symmetric, per tensor or per output channel; int32 bias of `channels` or none.
  Result<void> need_weights(std::int32_t channels, std::int32_t channel_axis) const {
    const Tensor& w = in(1);
    if (w.type != TensorType::int8 || !w.is_constant)
      return unsupported("its weights aren't int8 constants", "int8 constants");
    if (w.elements() <= 0) return contradiction("its weights are empty");
    const Quantization& q = w.quantization;
    if (q.scale.empty()) return contradiction("its weights have no scale");
    if (q.scale.size() > 1 && (q.axis != channel_axis || q.scale.size() != static_cast<std::size_t>(channels))) {
      return contradiction("its weights' scales aren't per output channel");
    }
    for (const float scale : q.scale) {
      if (!(scale >= 0)) return contradiction("its weights have a negative scale");
      if (auto r = need_ratio(double{in(0).quantization.scale[0]} * scale); !r) return r;
    }
    for (const std::int64_t zero : q.zero_point) {
      if (zero != 0) return unsupported("its weights aren't symmetric", "weights with zero point 0");
    }
    if (has_input(2)) {
      const Tensor& bias = in(2);
      if (bias.type != TensorType::int32 || !bias.is_constant || bias.elements() != channels) {
        return unsupported("its bias isn't one int32 constant per output channel", "int32 bias");
      }
    }
    return {};
  }

  /// The rescaling factor must leave room in 32 bits: real networks stay below 2, 2^20 is where arithmetic would wrap.
  Result<void> need_ratio(double scale_in) const {
    if (scale_in / out().quantization.scale[0] < 1 << 20) return {};
    return unsupported("its scales differ by more than 2^20", "scales of similar size");
  }

  /// TensorFlow's output size: SAME covers the input, VALID keeps the window inside it.
  Result<void> need_window(std::int64_t size_in, std::int64_t window, std::int64_t stride, std::int64_t dilation,
                           std::int64_t size_out, const char* axis) const {
    constexpr std::int64_t kMost = 1 << 20;
    if (stride < 1 || stride > kMost || dilation < 1 || dilation > kMost || window < 1 || window > kMost) {
      return contradiction(std::string(axis) + ": stride, dilation or window out of range");
    }
    const std::int64_t effective = (window - 1) * dilation + 1;
    const bool same = op_->options.padding == Padding::same;
    if (!same && op_->options.padding != Padding::valid) return unsupported("unknown padding", "SAME and VALID");
    const std::int64_t want = same ? (size_in + stride - 1) / stride : (size_in - effective + stride) / stride;
    if (want != size_out || (!same && size_in < effective)) {
      return contradiction(std::string(axis) + ": output size " + std::to_string(size_out) + ", the shapes give " +
                           std::to_string(want));
    }
    return {};
  }

  Result<void> check_conv() const {
    if (auto r = need_inputs(2, 3); !r) return r;
    if (auto r = need_activation(in(0), "its input"); !r) return r;
    if (auto r = need_activation(out(), "its output"); !r) return r;
    if (!op_->options.present) return contradiction("its options are missing");
    if (auto r = need_fused_activation(); !r) return r;
    const auto &x = in(0).shape, &w = in(1).shape, &y = out().shape;
    if (x.size() != 4 || w.size() != 4 || y.size() != 4) return unsupported("its tensors aren't 4-D", "NHWC, 4-D");
    const bool depthwise = op_->kind == OpKind::depthwise_conv_2d;
    if (auto r = need_weights(y[3], depthwise ? 3 : 0); !r) return r;
    if (x[0] != y[0]) return contradiction("its batch sizes differ");
    if (depthwise) {
      const std::int64_t multiplier = op_->options.depth_multiplier;
      if (w[0] != 1 || w[3] != y[3] || multiplier < 1 || multiplier * x[3] != y[3]) {
        return contradiction("weights " + in(1).shape_text() + " don't fit input " + in(0).shape_text());
      }
    } else if (w[0] != y[3] || w[3] != x[3]) {
      return w[0] == y[3] && w[3] > 0 && x[3] % w[3] == 0
                 ? Result<void>(unsupported("it is a grouped convolution", "CONV_2D with one group"))
                 : Result<void>(
                       contradiction("weights " + in(1).shape_text() + " don't fit input " + in(0).shape_text()));
    }
    const OpOptions& o = op_->options;
    if (auto r = need_window(x[1], w[1], o.stride_h, o.dilation_h, y[1], "height"); !r) return r;
    return need_window(x[2], w[2], o.stride_w, o.dilation_w, y[2], "width");
  }

  Result<void> check_dense() const {
    if (auto r = need_inputs(2, 3); !r) return r;
    if (auto r = need_activation(in(0), "its input"); !r) return r;
    if (auto r = need_activation(out(), "its output"); !r) return r;
    if (auto r = need_fused_activation(); !r) return r;
    if (op_->options.weights_format != 0) return unsupported("its weights are shuffled", "row-major weights");
    const auto& w = in(1).shape;
    if (w.size() != 2) return unsupported("its weights aren't 2-D", "2-D weights");
    if (auto r = need_weights(w[0], 0); !r) return r;
    if (in(0).elements() % w[1] != 0 || out().elements() != in(0).elements() / w[1] * w[0]) {
      return contradiction("weights " + in(1).shape_text() + " don't fit input " + in(0).shape_text() + " and output " +
                           out().shape_text());
    }
    return {};
  }

  /// TensorFlow Lite demands it of pooling and reshape: they move values without rescaling them.
  Result<void> need_same_quantization() const {
    const Quantization &a = in(0).quantization, &b = out().quantization;
    if (a.zero_point[0] != b.zero_point[0] || std::abs(a.scale[0] - b.scale[0]) > 1e-6F) {
      return unsupported("its input and output are quantised differently", "equal scale and zero point");
    }
    return {};
  }

  Result<void> check_pool() const {
    if (auto r = need_inputs(1, 1); !r) return r;
    if (auto r = need_activation(in(0), "its input"); !r) return r;
    if (auto r = need_activation(out(), "its output"); !r) return r;
    if (auto r = need_same_quantization(); !r) return r;
    if (!op_->options.present) return contradiction("its options are missing");
    if (auto r = need_fused_activation(); !r) return r;
    const auto &x = in(0).shape, &y = out().shape;
    if (x.size() != 4 || y.size() != 4) return unsupported("its tensors aren't 4-D", "NHWC, 4-D");
    if (x[0] != y[0] || x[3] != y[3]) return contradiction("its batch sizes or channels differ");
    const OpOptions& o = op_->options;
    if (auto r = need_window(x[1], o.filter_h, o.stride_h, 1, y[1], "height"); !r) return r;
    return need_window(x[2], o.filter_w, o.stride_w, 1, y[2], "width");
  }

  Result<void> check_add() const {
    if (auto r = need_inputs(2, 2); !r) return r;
    for (std::size_t i = 0; i < 2; ++i) {
      if (auto r = need_activation(in(i), "an input"); !r) return r;
    }
    if (auto r = need_activation(out(), "its output"); !r) return r;
    if (auto r = need_fused_activation(); !r) return r;
    if (auto r = need_ratio(2.0 * std::max(in(0).quantization.scale[0], in(1).quantization.scale[0])); !r) return r;
    if (in(0).shape != in(1).shape || in(0).shape != out().shape) {
      return unsupported("it broadcasts " + in(0).shape_text() + " and " + in(1).shape_text(), "equal shapes");
    }
    return {};
  }

  Result<void> check_softmax() const {
    if (auto r = need_inputs(1, 1); !r) return r;
    if (auto r = need_activation(in(0), "its input"); !r) return r;
    if (auto r = need_activation(out(), "its output"); !r) return r;
    if (in(0).shape != out().shape || in(0).shape.empty()) return contradiction("its shapes differ");
    if (out().quantization.scale[0] != 1.0F / 256 || out().quantization.zero_point[0] != -128) {
      return unsupported("its output isn't quantised to 1/256 with zero point -128", "TensorFlow Lite's int8 softmax");
    }
    const double rescale = static_cast<double>(op_->options.beta) * in(0).quantization.scale[0] * (1 << 26);
    if (!op_->options.present || !(rescale > 1.0) || rescale > 1e30) {
      return unsupported("beta times the input's scale is out of range", "a beta near 1");
    }
    return {};
  }

  Result<void> check_reshape() const {
    if (auto r = need_inputs(1, 2); !r) return r;
    if (in(0).type != out().type || element_bits(in(0).type) < 8) return contradiction("its types differ");
    if (in(0).is_constant) return unsupported("its input is a constant", "computed activations");
    if (in(0).elements() != out().elements()) return contradiction("it changes the number of elements");
    return {};
  }

  Result<void> check_pad() const {
    const bool has_value = op_->kind == OpKind::padv2;
    if (auto r = need_inputs(has_value ? 3 : 2, has_value ? 3 : 2); !r) return r;
    if (auto r = need_activation(in(0), "its input"); !r) return r;
    if (auto r = need_activation(out(), "its output"); !r) return r;
    const auto &x = in(0).shape, &y = out().shape;
    const Tensor& pads = in(1);
    if (x.size() > 4 || x.size() != y.size() || pads.type != TensorType::int32 || !pads.is_constant ||
        pads.elements() != static_cast<std::int64_t>(2 * x.size())) {
      return unsupported("its padding isn't a constant of 2 int32 per dimension (4 at most)",
                         "constant padding, up to 4-D");
    }
    if (has_value && (in(2).type != TensorType::int8 || !in(2).is_constant || in(2).elements() != 1)) {
      return unsupported("its value isn't one int8 constant", "one int8 constant");
    }
    for (std::size_t d = 0; d < x.size(); ++d) {
      std::int32_t pad[2];
      std::memcpy(pad, pads.data.data() + d * sizeof pad, sizeof pad);
      if (pad[0] < 0 || pad[1] < 0 || std::int64_t{pad[0]} + pad[1] + x[d] != y[d]) {
        return contradiction("padding and shapes don't fit in dimension " + std::to_string(d));
      }
    }
    return {};
  }

  Result<void> check_mean() const {
    if (auto r = need_inputs(2, 2); !r) return r;
    if (auto r = need_activation(in(0), "its input"); !r) return r;
    if (auto r = need_activation(out(), "its output"); !r) return r;
    if (auto r = need_ratio(in(0).quantization.scale[0]); !r) return r;
    const auto& x = in(0).shape;
    const Tensor& axes = in(1);
    if (x.size() > 4 || axes.type != TensorType::int32 || !axes.is_constant) {
      return unsupported("its axes aren't int32 constants, or it has more than 4 dimensions",
                         "constant axes, up to 4-D");
    }
    std::vector<bool> reduced(x.size(), false);
    for (std::size_t i = 0; i < axes.data.size(); i += 4) {
      std::int32_t axis = 0;
      std::memcpy(&axis, axes.data.data() + i, 4);
      if (axis < 0) axis += static_cast<std::int32_t>(x.size());
      if (axis < 0 || axis >= static_cast<std::int32_t>(x.size())) return contradiction("an axis does not exist");
      reduced[axis] = true;
    }
    std::int64_t kept = 1;
    for (std::size_t d = 0; d < x.size(); ++d) kept *= reduced[d] ? 1 : x[d];
    if (kept != out().elements()) return contradiction("its output's shape doesn't fit its axes");
    // The sum of all reduced elements must stay within 32 bits, zero point included.
    if (in(0).elements() / kept > std::numeric_limits<std::int32_t>::max() / 512) {
      return unsupported("it averages too many elements", "up to 4 million elements");
    }
    return {};
  }

  Result<void> check_quantize() const {
    if (auto r = need_inputs(1, 1); !r) return r;
    if (in(0).elements() != out().elements()) return contradiction("its shapes differ");
    if (in(0).type == TensorType::float32) {
      if (in(0).is_constant) return unsupported("its input is a constant", "computed activations");
      return need_activation(out(), "its output", true);
    }
    if (auto r = need_activation(in(0), "its input", true); !r) return r;
    if (auto r = need_activation(out(), "its output", true); !r) return r;
    return need_ratio(in(0).quantization.scale[0]);
  }

  Result<void> check_dequantize() const {
    if (auto r = need_inputs(1, 1); !r) return r;
    if (in(0).elements() != out().elements()) return contradiction("its shapes differ");
    if (out().type != TensorType::float32) return unsupported("its output isn't float32", "float32");
    return need_activation(in(0), "its input", true);
  }

  const ModelGraph& graph_;
  std::vector<bool> known_;
  const Operator* op_ = nullptr;
  std::size_t index_ = 0;
};

}  // namespace

Result<void> check_int8(const ModelGraph& graph) { return Checker(graph).check(); }

Result<void> check_int8_operator(const ModelGraph& graph, std::size_t index) {
  return Checker(graph).check_alone(index);
}

}  // namespace mj::model
