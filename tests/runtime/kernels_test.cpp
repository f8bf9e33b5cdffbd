// Each kernel against the host reference, on many random shapes, scales and values: equal in every bit.
//
// A case is a graph of one operator. The reference runs the graph; the kernel runs with the constants that
// `microjoule build` would compute. The two share no code.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "mjrt/mjrt.h"
#include "sim/profile/model/int8_graph.h"
#include "tools/build/quantize.h"
#include "tools/reference/reference.h"

namespace mj {
namespace {

using model::Activation;
using model::ModelGraph;
using model::Operator;
using model::OpKind;
using model::Tensor;
using model::TensorType;
using reference::Bytes;

constexpr int kCases = 300;

/// Builds random one-operator graphs. The same seed gives the same cases.
class Case {
 public:
  explicit Case(unsigned seed) : random_(seed) {}

  int between(int low, int high) { return low + static_cast<int>(random_() % static_cast<unsigned>(high - low + 1)); }
  float scale(float low, float high) { return low + (high - low) * static_cast<float>(random_() % 10000) / 10000.0F; }

  std::int32_t activation(std::vector<std::int32_t> shape, float low = 0.01F, float high = 0.2F,
                          TensorType type = TensorType::int8) {
    const int zero = type == TensorType::uint8 ? between(0, 255) : between(-128, 127);
    return add({.name = "t", .shape = std::move(shape), .type = type, .quantization = {{scale(low, high)}, {zero}, 0}});
  }

  std::int32_t weights(std::vector<std::int32_t> shape, std::int32_t channels, std::int32_t axis) {
    Tensor t{.name = "w", .shape = std::move(shape), .type = TensorType::int8, .is_constant = true};
    for (std::int64_t i = 0; i < t.elements(); ++i) t.data.push_back(static_cast<std::byte>(between(-127, 127) & 0xFF));
    const int scales = between(0, 1) != 0 ? channels : 1;
    for (int i = 0; i < scales; ++i) t.quantization.scale.push_back(scale(0.0005F, 0.01F));
    t.quantization.zero_point.assign(t.quantization.scale.size(), 0);
    t.quantization.axis = axis;
    return add(std::move(t));
  }

  std::int32_t int32s(const std::vector<std::int32_t>& values) {
    Tensor t{.name = "b",
             .shape = {static_cast<std::int32_t>(values.size())},
             .type = TensorType::int32,
             .is_constant = true};
    const auto* raw = reinterpret_cast<const std::byte*>(values.data());
    t.data.assign(raw, raw + values.size() * 4);
    return add(std::move(t));
  }

  /// A bias of each channel, or -1: none.
  std::int32_t bias(int channels) {
    if (between(0, 3) == 0) return -1;
    std::vector<std::int32_t> values;
    for (int i = 0; i < channels; ++i) values.push_back(between(-20000, 20000));
    return int32s(values);
  }

  Activation fused() { return static_cast<Activation>(between(0, 3)); }

  std::int32_t add(Tensor tensor) {
    graph.tensors.push_back(std::move(tensor));
    return static_cast<std::int32_t>(graph.tensors.size()) - 1;
  }

  /// Finishes the graph with its operator and random inputs, and runs the reference.
  void run_reference(Operator op, std::vector<std::int32_t> inputs) {
    graph.inputs = std::move(inputs);
    graph.outputs = op.outputs;
    graph.operators.push_back(std::move(op));
    const auto checked = model::check_int8(graph);
    ASSERT_TRUE(checked.ok()) << checked.error().text();
    for (const std::int32_t index : graph.inputs) {
      Bytes bytes;
      const std::int64_t size = graph.tensors[index].elements();
      for (std::int64_t i = 0; i < size; ++i) bytes.push_back(static_cast<std::byte>(random_() & 0xFF));
      given.push_back(std::move(bytes));
    }
    const auto outputs = reference::run_reference(graph, given);
    ASSERT_TRUE(outputs.ok()) << outputs.error().text();
    expected = (*outputs)[0];
    actual.assign(expected.size(), std::byte{0xEE});
  }

  const Tensor& tensor(std::int32_t index) const { return graph.tensors[index]; }
  const Tensor& in(std::size_t i) const { return tensor(graph.operators[0].inputs[i]); }
  const Tensor& out() const { return tensor(graph.outputs[0]); }
  const std::int8_t* input(std::size_t i = 0) const { return reinterpret_cast<const std::int8_t*>(given[i].data()); }
  std::int8_t* output() { return reinterpret_cast<std::int8_t*>(actual.data()); }
  const std::int8_t* weight_data() const { return reinterpret_cast<const std::int8_t*>(in(1).data.data()); }
  const std::int32_t* bias_data() const {
    const auto& inputs = graph.operators[0].inputs;
    return inputs.size() > 2 && inputs[2] >= 0 ? reinterpret_cast<const std::int32_t*>(in(2).data.data()) : nullptr;
  }
  static std::int32_t zero(const Tensor& t) { return static_cast<std::int32_t>(t.quantization.zero_point[0]); }

  /// Keeps the arrays that an mjrt_output points to.
  mjrt_output to_output(bool dense) {
    for (const build::Multiplier& m : build::output_multipliers(in(0), in(1), out(), dense)) {
      multipliers_.push_back(m.multiplier);
      shifts_.push_back(static_cast<std::int8_t>(m.shift));
    }
    const build::Range r = range();
    return {multipliers_.data(), shifts_.data(), multipliers_.size() > 1 ? 1 : 0, zero(out()), r.min, r.max};
  }

  build::Range range() const {
    return build::activation_range(graph.operators[0].options.activation, out().quantization.scale[0], zero(out()));
  }

  ModelGraph graph;
  std::vector<Bytes> given;
  Bytes expected, actual;

 private:
  std::mt19937 random_;
  std::vector<std::int32_t> multipliers_;
  std::vector<std::int8_t> shifts_;
};

/// A window's place in one dimension: input size, padding kind, and what follows from them.
struct Extent {
  int in, window, stride, dilation, out, before;
};

Extent extent(Case& c, bool same, int most_window, int most_dilation) {
  Extent e{};
  e.window = c.between(1, most_window), e.stride = c.between(1, 3), e.dilation = c.between(1, most_dilation);
  const int reach = (e.window - 1) * e.dilation + 1;
  e.in = c.between(same ? 1 : reach, reach + 8);
  e.out = same ? (e.in + e.stride - 1) / e.stride : (e.in - reach) / e.stride + 1;
  e.before = same ? std::max(0, (e.out - 1) * e.stride + reach - e.in) / 2 : 0;
  return e;
}

mjrt_window window(int batches, const Extent& y, const Extent& x, int in_c, int out_c) {
  return {batches,  y.in,     x.in,     in_c,       y.out,      x.out,    out_c,   y.window,
          x.window, y.stride, x.stride, y.dilation, x.dilation, y.before, x.before};
}

void set_window(model::OpOptions& o, bool same, const Extent& y, const Extent& x) {
  o.present = true;
  o.padding = same ? model::Padding::same : model::Padding::valid;
  o.stride_h = y.stride, o.stride_w = x.stride;
  o.dilation_h = y.dilation, o.dilation_w = x.dilation;
}

TEST(Kernels, Conv2d) {
  for (unsigned seed = 0; seed < kCases; ++seed) {
    Case c(seed);
    const bool same = c.between(0, 1) != 0;
    const Extent y = extent(c, same, 4, 2), x = extent(c, same, 4, 2);
    const int batches = c.between(1, 2), in_c = c.between(1, 9), out_c = c.between(1, 7);
    const std::int32_t in = c.activation({batches, y.in, x.in, in_c});
    const std::int32_t w = c.weights({out_c, y.window, x.window, in_c}, out_c, 0);
    Operator op{.kind = OpKind::conv_2d, .inputs = {in, w, c.bias(out_c)}};
    op.outputs = {c.activation({batches, y.out, x.out, out_c})};
    set_window(op.options, same, y, x);
    op.options.activation = c.fused();
    c.run_reference(op, {in});

    const mjrt_conv_params p = {window(batches, y, x, in_c, out_c), -Case::zero(c.in(0)), c.to_output(false)};
    std::vector<std::int8_t> scratch(mjrt_conv2d_scratch_bytes(&p.window));
    mjrt_conv2d(&p, c.input(), c.weight_data(), c.bias_data(), scratch.data(), c.output());
    ASSERT_EQ(c.actual, c.expected) << "seed " << seed;
  }
}

TEST(Kernels, DepthwiseConv2d) {
  for (unsigned seed = 0; seed < kCases; ++seed) {
    Case c(seed);
    const bool same = c.between(0, 1) != 0;
    const Extent y = extent(c, same, 4, 3), x = extent(c, same, 4, 3);
    const int batches = c.between(1, 2), in_c = c.between(1, 9), multiplier = c.between(1, 3),
              out_c = in_c * multiplier;
    const std::int32_t in = c.activation({batches, y.in, x.in, in_c});
    const std::int32_t w = c.weights({1, y.window, x.window, out_c}, out_c, 3);
    Operator op{.kind = OpKind::depthwise_conv_2d, .inputs = {in, w, c.bias(out_c)}};
    op.outputs = {c.activation({batches, y.out, x.out, out_c})};
    set_window(op.options, same, y, x);
    op.options.depth_multiplier = multiplier;
    op.options.activation = c.fused();
    c.run_reference(op, {in});

    const mjrt_conv_params p = {window(batches, y, x, in_c, out_c), -Case::zero(c.in(0)), c.to_output(false)};
    mjrt_depthwise_conv2d(&p, c.input(), c.weight_data(), c.bias_data(), c.output());
    ASSERT_EQ(c.actual, c.expected) << "seed " << seed;
  }
}

TEST(Kernels, FullyConnected) {
  for (unsigned seed = 0; seed < kCases; ++seed) {
    Case c(seed);
    const int batches = c.between(1, 3), in_c = c.between(1, 40), out_c = c.between(1, 9);
    const std::int32_t in = c.activation({batches, in_c});
    const std::int32_t w = c.weights({out_c, in_c}, out_c, 0);
    Operator op{.kind = OpKind::fully_connected, .inputs = {in, w, c.bias(out_c)}};
    op.outputs = {c.activation({batches, out_c})};
    op.options.activation = c.fused();
    c.run_reference(op, {in});

    const mjrt_dense_params p = {batches, in_c, out_c, -Case::zero(c.in(0)), c.to_output(true)};
    mjrt_fully_connected(&p, c.input(), c.weight_data(), c.bias_data(), c.output());
    ASSERT_EQ(c.actual, c.expected) << "seed " << seed;
  }
}

void check_pool(OpKind kind, void (*kernel)(const mjrt_pool_params*, const std::int8_t*, std::int8_t*)) {
  for (unsigned seed = 0; seed < kCases; ++seed) {
    Case c(seed);
    const bool same = c.between(0, 1) != 0;
    const Extent y = extent(c, same, 5, 1), x = extent(c, same, 5, 1);
    const int batches = c.between(1, 2), channels = c.between(1, 9);
    const std::int32_t in = c.activation({batches, y.in, x.in, channels});
    const std::int32_t out = c.activation({batches, y.out, x.out, channels});
    c.graph.tensors[out].quantization = c.graph.tensors[in].quantization;
    Operator op{.kind = kind, .inputs = {in}, .outputs = {out}};
    set_window(op.options, same, y, x);
    op.options.filter_h = y.window, op.options.filter_w = x.window;
    op.options.activation = c.fused();
    c.run_reference(op, {in});

    const mjrt_pool_params p = {window(batches, y, x, channels, channels), c.range().min, c.range().max};
    kernel(&p, c.input(), c.output());
    ASSERT_EQ(c.actual, c.expected) << "seed " << seed;
  }
}

TEST(Kernels, AveragePool) { check_pool(OpKind::average_pool_2d, mjrt_average_pool); }
TEST(Kernels, MaxPool) { check_pool(OpKind::max_pool_2d, mjrt_max_pool); }

TEST(Kernels, Add) {
  for (unsigned seed = 0; seed < kCases; ++seed) {
    Case c(seed);
    const std::vector<std::int32_t> shape = {c.between(1, 3), c.between(1, 200)};
    const std::int32_t a = c.activation(shape), b = c.activation(shape), out = c.activation(shape);
    Operator op{.kind = OpKind::add, .inputs = {a, b}, .outputs = {out}};
    op.options.activation = c.fused();
    c.run_reference(op, {a, b});

    const build::AddScaling s =
        build::add_scaling(c.in(0).quantization.scale[0], c.in(1).quantization.scale[0], c.out().quantization.scale[0]);
    const mjrt_add_params p = {static_cast<std::int32_t>(c.actual.size()),
                               {-Case::zero(c.in(0)), s.a.multiplier, s.a.shift},
                               {-Case::zero(c.in(1)), s.b.multiplier, s.b.shift},
                               {Case::zero(c.out()), s.output.multiplier, s.output.shift},
                               c.range().min,
                               c.range().max};
    mjrt_add(&p, c.input(0), c.input(1), c.output());
    ASSERT_EQ(c.actual, c.expected) << "seed " << seed;
  }
}

TEST(Kernels, Softmax) {
  for (unsigned seed = 0; seed < kCases; ++seed) {
    Case c(seed);
    const std::vector<std::int32_t> shape = {c.between(1, 3), c.between(1, 300)};
    const std::int32_t in = c.activation(shape, 0.001F, 1.5F), out = c.activation(shape);
    c.graph.tensors[out].quantization = {{1.0F / 256}, {-128}, 0};
    Operator op{.kind = OpKind::softmax, .inputs = {in}, .outputs = {out}};
    op.options.beta = c.scale(0.3F, 2.0F);
    op.options.present = true;
    c.run_reference(op, {in});

    const build::SoftmaxScaling s = build::softmax_scaling(op.options.beta, c.in(0).quantization.scale[0]);
    const mjrt_softmax_params p = {shape[0], shape[1], s.input.multiplier, s.input.shift, s.diff_min};
    mjrt_softmax(&p, c.input(), c.output());
    ASSERT_EQ(c.actual, c.expected) << "seed " << seed;
  }
}

TEST(Kernels, Pad) {
  for (unsigned seed = 0; seed < kCases; ++seed) {
    Case c(seed);
    mjrt_pad_params p = {};
    std::vector<std::int32_t> in_shape, out_shape, pads;
    for (int d = 0; d < 4; ++d) {
      p.in_dims[d] = c.between(1, 5), p.before[d] = c.between(0, 2);
      const int after = c.between(0, 2);
      p.out_dims[d] = p.in_dims[d] + p.before[d] + after;
      in_shape.push_back(p.in_dims[d]), out_shape.push_back(p.out_dims[d]);
      pads.push_back(p.before[d]), pads.push_back(after);
    }
    const std::int32_t in = c.activation(in_shape), list = c.int32s(pads), out = c.activation(out_shape);
    Operator op{.kind = OpKind::pad, .inputs = {in, list}, .outputs = {out}};
    c.run_reference(op, {in});
    p.value = Case::zero(c.out());
    mjrt_pad(&p, c.input(), c.output());
    ASSERT_EQ(c.actual, c.expected) << "seed " << seed;
  }
}

TEST(Kernels, Mean) {
  for (unsigned seed = 0; seed < kCases; ++seed) {
    Case c(seed);
    mjrt_mean_params p = {};
    std::vector<std::int32_t> in_shape, out_shape, axes;
    int count = 1;
    for (int d = 0; d < 4; ++d) {
      p.dims[d] = c.between(1, 7), p.reduced[d] = c.between(0, 1);
      in_shape.push_back(p.dims[d]);
      if (p.reduced[d] != 0) {
        axes.push_back(c.between(0, 1) != 0 ? d : d - 4);
        count *= p.dims[d];
      } else {
        out_shape.push_back(p.dims[d]);
      }
    }
    if (axes.empty()) continue;
    const std::int32_t in = c.activation(in_shape), list = c.int32s(axes), out = c.activation(out_shape);
    Operator op{.kind = OpKind::mean, .inputs = {in, list}, .outputs = {out}};
    c.run_reference(op, {in});
    const build::Multiplier m =
        build::mean_multiplier(c.in(0).quantization.scale[0], c.out().quantization.scale[0], count);
    p.input_zero_point = Case::zero(c.in(0)), p.output_zero_point = Case::zero(c.out());
    p.multiplier = m.multiplier, p.shift = m.shift;
    mjrt_mean(&p, c.input(), c.output());
    ASSERT_EQ(c.actual, c.expected) << "seed " << seed;
  }
}

std::uint8_t flip(const Tensor& t) { return t.type == TensorType::uint8 ? 0x80 : 0; }
std::int32_t flipped_zero(const Tensor& t) { return Case::zero(t) - (t.type == TensorType::uint8 ? 128 : 0); }

TEST(Kernels, QuantizeFromOneScaleToAnother) {
  for (unsigned seed = 0; seed < kCases; ++seed) {
    Case c(seed);
    auto type = [&c] { return c.between(0, 1) != 0 ? TensorType::uint8 : TensorType::int8; };
    const TensorType from = type(), to = type();
    const std::vector<std::int32_t> shape = {c.between(1, 300)};
    const std::int32_t in = c.activation(shape, 0.01F, 0.2F, from), out = c.activation(shape, 0.01F, 0.2F, to);
    c.run_reference(Operator{.kind = OpKind::quantize, .inputs = {in}, .outputs = {out}}, {in});
    const build::Multiplier m =
        build::quantize_multiplier(double{c.in(0).quantization.scale[0]} / double{c.out().quantization.scale[0]});
    const mjrt_requantize_params p = {shape[0], flipped_zero(c.in(0)), flipped_zero(c.out()), m.multiplier, m.shift};
    mjrt_requantize_8(&p, flip(c.in(0)), flip(c.out()), c.input(), c.output());
    ASSERT_EQ(c.actual, c.expected) << "seed " << seed;
  }
}

TEST(Kernels, DequantizeAndQuantizeBack) {
  for (unsigned seed = 0; seed < kCases; ++seed) {
    // Given an 8-bit tensor that is dequantised
    Case c(seed);
    const TensorType type = c.between(0, 1) != 0 ? TensorType::uint8 : TensorType::int8;
    const std::vector<std::int32_t> shape = {c.between(1, 300)};
    const std::int32_t in = c.activation(shape, 0.001F, 2.0F, type);
    const std::int32_t out = c.add({.name = "real", .shape = shape, .type = TensorType::float32});
    c.run_reference(Operator{.kind = OpKind::dequantize, .inputs = {in}, .outputs = {out}}, {in});
    const mjrt_affine_params p = {shape[0], c.in(0).quantization.scale[0], flipped_zero(c.in(0))};
    std::vector<float> real(c.actual.size() / 4);
    mjrt_dequantize(&p, c.input(), flip(c.in(0)), real.data());
    std::memcpy(c.actual.data(), real.data(), c.actual.size());
    ASSERT_EQ(c.actual, c.expected) << "seed " << seed;

    // When the floats are quantised again, with values between the steps and beyond the range among them
    for (std::size_t i = 0; i < real.size(); i += 3) real[i] *= c.scale(0.5F, 3.0F);
    Case back(seed);
    const std::int32_t from = back.add({.name = "real", .shape = shape, .type = TensorType::float32});
    const std::int32_t to = back.add(c.tensor(in));
    back.graph.inputs = {from}, back.graph.outputs = {to};
    back.graph.operators = {Operator{.kind = OpKind::quantize, .inputs = {from}, .outputs = {to}}};
    Bytes bytes(real.size() * 4);
    std::memcpy(bytes.data(), real.data(), bytes.size());
    const auto expected = reference::run_reference(back.graph, {bytes});
    ASSERT_TRUE(expected.ok()) << expected.error().text();
    Bytes actual(real.size());
    mjrt_quantize(&p, real.data(), flip(c.in(0)), actual.data());
    // Then kernel and reference agree
    ASSERT_EQ(actual, (*expected)[0]) << "seed " << seed;
  }
}

}  // namespace
}  // namespace mj
