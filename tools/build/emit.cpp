#include "tools/build/emit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <cstring>
#include <map>

#include "runtime/include/mjrt/note.h"
#include "tools/build/quantize.h"

namespace mj::build {
namespace {

using model::ModelGraph;
using model::Operator;
using model::OpKind;
using model::Tensor;
using model::TensorType;

/// A C or assembler string literal; what isn't printable ASCII becomes an octal escape.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c >= ' ' && c <= '~') {
      out += c;
    } else {
      out += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
    }
  }
  return out + '"';
}

/// "mj_layer_003_depthwise_conv_2d"
std::string function_name(std::size_t index, const Operator& op) {
  std::string name = op.name();
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  return fmt::format("mj_layer_{:03}_{}", index, name);
}

/// What stands between the parentheses of a tensor's name in a comment must not end the comment.
std::string comment(std::string text) {
  for (std::size_t at = 0; (at = text.find("*/", at)) != std::string::npos;) text.replace(at, 2, "* /");
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return text;
}

template <class T>
T constant_at(const Tensor& tensor, std::size_t index) {
  T value;
  std::memcpy(&value, tensor.data.data() + index * sizeof(T), sizeof(T));
  return value;
}

/// NHWC dimensions with missing leading ones filled up with 1.
std::array<std::int32_t, 4> four_dims(const Tensor& tensor) {
  std::array<std::int32_t, 4> dims{1, 1, 1, 1};
  std::copy(tensor.shape.begin(), tensor.shape.end(), dims.end() - static_cast<std::ptrdiff_t>(tensor.shape.size()));
  return dims;
}

std::string list_of(const std::array<std::int32_t, 4>& v) {
  return fmt::format("{{{}, {}, {}, {}}}", v[0], v[1], v[2], v[3]);
}

std::int32_t zero_point(const Tensor& t) { return static_cast<std::int32_t>(t.quantization.zero_point[0]); }
float scale(const Tensor& t) { return t.quantization.scale[0]; }

/// Exact and short: C's hexadecimal floating constant.
std::string float_text(float value) { return fmt::format("{:a}f", value); }

/// Patch buffers of a convolution (mjrt_conv2d_scratch_bytes).
std::int64_t scratch_bytes(const ModelGraph& graph, const Operator& op);

/// Padding in front of the first row or column: TensorFlow puts the smaller half there.
std::int32_t padding_before(model::Padding padding, std::int64_t in, std::int64_t out, std::int64_t window,
                            std::int64_t stride, std::int64_t dilation) {
  if (padding == model::Padding::valid) return 0;
  const std::int64_t total = (out - 1) * stride + (window - 1) * dilation + 1 - in;
  return static_cast<std::int32_t>(std::max<std::int64_t>(total, 0) / 2);
}

struct Window {
  std::int32_t kernel_h, kernel_w, pad_top, pad_left;
};

Window window_of(const ModelGraph& graph, const Operator& op) {
  const auto &in = graph.tensors[op.inputs[0]].shape, &out = graph.tensors[op.outputs[0]].shape;
  const bool pool = op.kind == OpKind::average_pool_2d || op.kind == OpKind::max_pool_2d;
  Window w{};
  w.kernel_h = pool ? op.options.filter_h : graph.tensors[op.inputs[1]].shape[1];
  w.kernel_w = pool ? op.options.filter_w : graph.tensors[op.inputs[1]].shape[2];
  const auto& o = op.options;
  w.pad_top = padding_before(o.padding, in[1], out[1], w.kernel_h, o.stride_h, pool ? 1 : o.dilation_h);
  w.pad_left = padding_before(o.padding, in[2], out[2], w.kernel_w, o.stride_w, pool ? 1 : o.dilation_w);
  return w;
}

std::int64_t scratch_bytes(const ModelGraph& graph, const Operator& op) {
  if (op.kind != OpKind::conv_2d) return 0;
  const Window w = window_of(graph, op);
  if (w.kernel_h == 1 && w.kernel_w == 1 && w.pad_top == 0 && w.pad_left == 0) return 0;
  const std::int64_t patch = std::int64_t{w.kernel_h} * w.kernel_w * graph.tensors[op.inputs[0]].shape[3];
  return 2 * ((patch + 3) / 4 * 4);
}

/// Collects model.c piece by piece.
class Emitter {
 public:
  Emitter(const ModelGraph& graph, const std::string& name, const BoardTarget& target)
      : graph_(graph), name_(name), target_(target) {
    std::vector<std::int64_t> scratch;
    for (const Operator& op : graph.operators) scratch.push_back(scratch_bytes(graph, op));
    plan_ = plan_arena(graph, scratch);
    parameter_bytes_.assign(graph.operators.size(), 0);
  }

  Sources run() {
    for (index_ = 0; index_ < graph_.operators.size(); ++index_) layer(graph_.operators[index_]);
    Sources s;
    s.model_c = model_c();
    s.note_s = note_s();
    s.board_h = board_h();
    s.link_ld = link_ld();
    s.arena_bytes = plan_.bytes;
    s.parameter_bytes = total_parameter_bytes();
    return s;
  }

 private:
  // Constants.

  /// `static const <type> <name>[] = {...}`, aligned so that word loads never straddle.
  template <class T>
  std::string array(const char* type, const std::string& name, std::size_t count, T at) {
    std::string text = fmt::format("static const {} {}[{}] __attribute__((aligned(4))) = {{", type, name, count);
    for (std::size_t i = 0; i < count; ++i) text += fmt::format("{}{},", i % 20 == 0 ? "\n  " : " ", at(i));
    return text + "\n};\n";
  }

  /// Weights and biases are emitted when first used; layers may share them.
  std::string constant(std::int32_t index) {
    const Tensor& tensor = graph_.tensors[index];
    const bool bytes = tensor.type == TensorType::int8;
    const std::string name = fmt::format("{}_{}", bytes ? "weights" : "bias", index);
    parameter_bytes_[index_] += static_cast<std::int64_t>(tensor.data.size());
    if (!emitted_.emplace(name, tensor.data.size()).second) return name;
    const auto count = static_cast<std::size_t>(tensor.elements());
    constants_ += fmt::format("\n// {} {}\n", tensor.shape_text(), comment(tensor.name));
    if (bytes) {
      constants_ += array("int8_t", name, count, [&](std::size_t i) { return constant_at<std::int8_t>(tensor, i); });
    } else {
      // INT32_MIN has no literal of its own type in C.
      constants_ += array("int32_t", name, count, [&](std::size_t i) {
        const auto value = constant_at<std::int32_t>(tensor, i);
        return value == INT32_MIN ? std::string("INT32_MIN") : std::to_string(value);
      });
    }
    return name;
  }

  std::string bias_of(const Operator& op) {
    return op.inputs.size() > 2 && op.inputs[2] >= 0 ? constant(op.inputs[2]) : std::string("NULL");
  }

  std::string place(std::int32_t index) const { return fmt::format("mjrt_arena + {}", plan_.tensor[index]); }
  std::string bytes_at(std::int32_t index) const { return fmt::format("(int8_t *)({})", place(index)); }

  // Layers.

  const Tensor& in(const Operator& op, std::size_t i) const { return graph_.tensors[op.inputs[i]]; }
  const Tensor& out(const Operator& op) const { return graph_.tensors[op.outputs[0]]; }

  Range range_of(const Operator& op) const {
    return activation_range(op.options.activation, scale(out(op)), zero_point(out(op)));
  }

  /// The mjrt_output initialiser, and its arrays among the constants.
  std::string output_of(const Operator& op, bool dense) {
    const std::vector<Multiplier> m = output_multipliers(in(op, 0), in(op, 1), out(op), dense);
    const std::string multiplier = fmt::format("multiplier_{:03}", index_), shift = fmt::format("shift_{:03}", index_);
    constants_ += '\n';
    constants_ += array("int32_t", multiplier, m.size(), [&](std::size_t i) { return m[i].multiplier; });
    constants_ += array("int8_t", shift, m.size(), [&](std::size_t i) { return m[i].shift; });
    parameter_bytes_[index_] += static_cast<std::int64_t>(m.size() * 5);
    emitted_.emplace(multiplier, m.size() * 5);
    const Range r = range_of(op);
    return fmt::format("{{.multiplier = {}, .shift = {}, .channel_step = {}, .offset = {}, .min = {}, .max = {}}}",
                       multiplier, shift, m.size() > 1 ? 1 : 0, zero_point(out(op)), r.min, r.max);
  }

  std::string window_text(const Operator& op) const {
    const auto &x = in(op, 0).shape, &y = out(op).shape;
    const Window w = window_of(graph_, op);
    const auto& o = op.options;
    return fmt::format(
        "{{.batches = {}, .in_h = {}, .in_w = {}, .in_c = {}, .out_h = {}, .out_w = {}, .out_c = {},\n"
        "                 .kernel_h = {}, .kernel_w = {}, .stride_h = {}, .stride_w = {}, .dilation_h = {}, "
        ".dilation_w = {},\n                 .pad_top = {}, .pad_left = {}}}",
        x[0], x[1], x[2], x[3], y[1], y[2], y[3], w.kernel_h, w.kernel_w, o.stride_h, o.stride_w, o.dilation_h,
        o.dilation_w, w.pad_top, w.pad_left);
  }

  void layer(const Operator& op) {
    const std::string function = function_name(index_, op);
    const std::string body = body_of(op);
    functions_ += fmt::format("\n// {} {} -> {}\n__attribute__((noipa)) void {}(void) {{\n{}}}\n", op.name(),
                              in(op, 0).shape_text(), out(op).shape_text(), function, body);
    calls_ += fmt::format("  {}();\n", function);
  }

  std::string body_of(const Operator& op) {
    switch (op.kind) {
      case OpKind::conv_2d:
      case OpKind::depthwise_conv_2d:
        return conv(op);
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
        return reshape(op);
      case OpKind::pad:
      case OpKind::padv2:
        return pad(op);
      case OpKind::mean:
        return mean(op);
      case OpKind::quantize:
        return quantize(op);
      default:
        return dequantize(op);  // check_int8 lets no other kind through
    }
  }

  /// Parameters as a static constant, then the call.
  static std::string call(const char* type, const std::string& fields, const std::string& function,
                          const std::string& arguments) {
    return fmt::format("  static const {} p = {{{}}};\n  {}(&p, {});\n", type, fields, function, arguments);
  }

  std::string conv(const Operator& op) {
    const bool depthwise = op.kind == OpKind::depthwise_conv_2d;
    const std::string weights = constant(op.inputs[1]), bias = bias_of(op), output = output_of(op, false);
    const std::string fields = fmt::format(".window = {},\n      .input_offset = {},\n      .output = {}",
                                           window_text(op), -zero_point(in(op, 0)), output);
    std::string arguments = fmt::format("{}, {}, {}, ", bytes_at(op.inputs[0]), weights, bias);
    if (!depthwise) {
      const std::int64_t scratch = plan_.scratch[index_];
      arguments += scratch == ArenaPlan::kNone ? "NULL, " : fmt::format("(int8_t *)(mjrt_arena + {}), ", scratch);
    }
    return call("mjrt_conv_params", fields, depthwise ? "mjrt_depthwise_conv2d" : "mjrt_conv2d",
                arguments + bytes_at(op.outputs[0]));
  }

  std::string dense(const Operator& op) {
    const auto& w = in(op, 1).shape;
    const std::string weights = constant(op.inputs[1]), bias = bias_of(op), output = output_of(op, true);
    const std::string fields =
        fmt::format(".batches = {}, .in_c = {}, .out_c = {}, .input_offset = {},\n      .output = {}",
                    in(op, 0).elements() / w[1], w[1], w[0], -zero_point(in(op, 0)), output);
    return call("mjrt_dense_params", fields, "mjrt_fully_connected",
                fmt::format("{}, {}, {}, {}", bytes_at(op.inputs[0]), weights, bias, bytes_at(op.outputs[0])));
  }

  std::string pool(const Operator& op) {
    const Range r = range_of(op);
    return call("mjrt_pool_params",
                fmt::format(".window = {},\n      .min = {}, .max = {}", window_text(op), r.min, r.max),
                op.kind == OpKind::average_pool_2d ? "mjrt_average_pool" : "mjrt_max_pool",
                bytes_at(op.inputs[0]) + ", " + bytes_at(op.outputs[0]));
  }

  std::string add(const Operator& op) {
    const AddScaling s = add_scaling(scale(in(op, 0)), scale(in(op, 1)), scale(out(op)));
    auto operand = [](std::int32_t offset, const Multiplier& m) {
      return fmt::format("{{.offset = {}, .multiplier = {}, .shift = {}}}", offset, m.multiplier, m.shift);
    };
    const Range r = range_of(op);
    const std::string fields =
        fmt::format(".count = {}, .a = {},\n      .b = {},\n      .output = {}, .min = {}, .max = {}",
                    out(op).elements(), operand(-zero_point(in(op, 0)), s.a), operand(-zero_point(in(op, 1)), s.b),
                    operand(zero_point(out(op)), s.output), r.min, r.max);
    return call("mjrt_add_params", fields, "mjrt_add",
                fmt::format("{}, {}, {}", bytes_at(op.inputs[0]), bytes_at(op.inputs[1]), bytes_at(op.outputs[0])));
  }

  std::string softmax(const Operator& op) {
    const SoftmaxScaling s = softmax_scaling(op.options.beta, scale(in(op, 0)));
    const std::int32_t depth = in(op, 0).shape.back();
    const std::string fields =
        fmt::format(".rows = {}, .depth = {}, .multiplier = {}, .shift = {}, .diff_min = {}",
                    in(op, 0).elements() / depth, depth, s.input.multiplier, s.input.shift, s.diff_min);
    return call("mjrt_softmax_params", fields, "mjrt_softmax", bytes_at(op.inputs[0]) + ", " + bytes_at(op.outputs[0]));
  }

  std::string reshape(const Operator& op) {
    return fmt::format("  mjrt_reshape({}, {}, {});\n", place(op.inputs[0]), place(op.outputs[0]), out(op).bytes());
  }

  std::string pad(const Operator& op) {
    std::array<std::int32_t, 4> before{0, 0, 0, 0};
    const std::size_t rank = in(op, 0).shape.size();
    for (std::size_t d = 0; d < rank; ++d) before[4 - rank + d] = constant_at<std::int32_t>(in(op, 1), 2 * d);
    const std::int32_t value = op.kind == OpKind::padv2 ? constant_at<std::int8_t>(in(op, 2), 0) : zero_point(out(op));
    return call("mjrt_pad_params",
                fmt::format(".out_dims = {}, .in_dims = {}, .before = {}, .value = {}", list_of(four_dims(out(op))),
                            list_of(four_dims(in(op, 0))), list_of(before), value),
                "mjrt_pad", bytes_at(op.inputs[0]) + ", " + bytes_at(op.outputs[0]));
  }

  std::string mean(const Operator& op) {
    const Tensor &x = in(op, 0), &axes = in(op, 1);
    const auto rank = static_cast<std::int32_t>(x.shape.size());
    std::array<std::int32_t, 4> reduced{0, 0, 0, 0};
    for (std::size_t i = 0; i < axes.data.size() / 4; ++i) {
      const auto axis = constant_at<std::int32_t>(axes, i);
      reduced[4 - rank + (axis < 0 ? axis + rank : axis)] = 1;
    }
    const Multiplier m = mean_multiplier(scale(x), scale(out(op)), x.elements() / out(op).elements());
    return call(
        "mjrt_mean_params",
        fmt::format(".dims = {}, .reduced = {}, .input_zero_point = {}, .output_zero_point = {}, "
                    ".multiplier = {}, .shift = {}",
                    list_of(four_dims(x)), list_of(reduced), zero_point(x), zero_point(out(op)), m.multiplier, m.shift),
        "mjrt_mean", bytes_at(op.inputs[0]) + ", " + bytes_at(op.outputs[0]));
  }

  /// uint8 as a flipped int8: the zero point that goes with it.
  static std::int32_t flipped_zero_point(const Tensor& t) {
    return zero_point(t) - (t.type == TensorType::uint8 ? 128 : 0);
  }
  static const char* flip(const Tensor& t) { return t.type == TensorType::uint8 ? "0x80" : "0"; }

  std::string quantize(const Operator& op) {
    const Tensor &x = in(op, 0), &y = out(op);
    if (x.type == TensorType::float32) {
      return call("mjrt_affine_params",
                  fmt::format(".count = {}, .scale = {}, .zero_point = {}", y.elements(), float_text(scale(y)),
                              flipped_zero_point(y)),
                  "mjrt_quantize",
                  fmt::format("(const float *)({}), {}, {}", place(op.inputs[0]), flip(y), place(op.outputs[0])));
    }
    const Multiplier m = quantize_multiplier(double{scale(x)} / double{scale(y)});
    return call(
        "mjrt_requantize_params",
        fmt::format(".count = {}, .input_zero_point = {}, .output_zero_point = {}, .multiplier = {}, .shift = {}",
                    y.elements(), flipped_zero_point(x), flipped_zero_point(y), m.multiplier, m.shift),
        "mjrt_requantize_8",
        fmt::format("{}, {}, {}, {}", flip(x), flip(y), place(op.inputs[0]), place(op.outputs[0])));
  }

  std::string dequantize(const Operator& op) {
    const Tensor& x = in(op, 0);
    return call("mjrt_affine_params",
                fmt::format(".count = {}, .scale = {}, .zero_point = {}", x.elements(), float_text(scale(x)),
                            flipped_zero_point(x)),
                "mjrt_dequantize",
                fmt::format("{}, {}, (float *)({})", place(op.inputs[0]), flip(x), place(op.outputs[0])));
  }

  // Files.

  std::int64_t total_parameter_bytes() const {
    std::int64_t sum = 0;
    for (const auto& [name, bytes] : emitted_) sum += static_cast<std::int64_t>(bytes);
    return sum;
  }

  /// The list of a model's inputs or outputs, and a symbol for each one's place in the arena.
  std::string interface(const char* which, const std::vector<std::int32_t>& indices) const {
    std::string table = fmt::format("\nconst mjrt_tensor mjrt_{}s[{}] = {{\n", which, indices.size()), symbols;
    for (std::size_t i = 0; i < indices.size(); ++i) {
      const Tensor& t = graph_.tensors[indices[i]];
      table += fmt::format("  {{{}, {}, {}, {}}},\n", quoted(t.name), place(indices[i]), t.bytes(),
                           t.type == TensorType::float32 ? "MJRT_FLOAT32"
                           : t.type == TensorType::uint8 ? "MJRT_UINT8"
                                                         : "MJRT_INT8");
      const std::string symbol = i == 0 ? fmt::format("mjrt_{}_data", which) : fmt::format("mjrt_{}_{}_data", which, i);
      symbols +=
          fmt::format("__asm__(\".globl {0}\\n.type {0}, %object\\n.size {0}, {1}\\n.set {0}, mjrt_arena + {2}\");\n",
                      symbol, t.bytes(), plan_.tensor[indices[i]]);
    }
    return table + fmt::format("}};\nconst uint32_t mjrt_{}_count = {};\n{}", which, indices.size(), symbols);
  }

  std::string model_c() const {
    return fmt::format(
        "// {}: {} layers, {} MACs, {} bytes of constants, {} bytes of arena. Generated by microjoule build.\n"
        "#include \"mjrt/model.h\"\n\n#include \"mjrt/mjrt.h\"\n\n"
        "const char mjrt_model_name[] = {};\n\n"
        "// Activations. Every byte is written before it is read, so start-up leaves the arena alone.\n"
        "__attribute__((section(\".noinit\"), aligned(16))) uint8_t mjrt_arena[{}];\n{}{}\n{}"
        "\n__attribute__((noipa)) void mjrt_invoke(void) {{\n{}}}\n",
        comment(name_), graph_.operators.size(), graph_.macs(), total_parameter_bytes(), plan_.bytes, quoted(name_),
        plan_.bytes, interface("input", graph_.inputs) + interface("output", graph_.outputs), constants_, functions_,
        calls_);
  }

  std::string note_s() const;
  std::string board_h() const;
  std::string link_ld() const;

  const ModelGraph& graph_;
  const std::string& name_;
  const BoardTarget& target_;
  ArenaPlan plan_;
  std::size_t index_ = 0;
  std::string constants_, functions_, calls_;
  std::map<std::string, std::size_t> emitted_;  ///< arrays by name, with their bytes
  std::vector<std::int64_t> parameter_bytes_;   ///< of each layer
};

/// The note's shapes and strings: each added once, referred to by position.
class NotePool {
 public:
  std::uint32_t string(const std::string& text) {
    const auto [at, added] = strings_.emplace(text, static_cast<std::uint32_t>(bytes_.size()));
    if (added) bytes_ += text.substr(0, text.find('\0')) + '\0';
    return at->second;
  }
  std::string shape(const std::vector<std::int32_t>& dims) {
    const std::string words = fmt::format("{}, {}", dims_.size(), dims.size());
    dims_.insert(dims_.end(), dims.begin(), dims.end());
    return words;
  }
  std::string padded_bytes() const { return bytes_ + std::string((4 - bytes_.size() % 4) % 4, '\0'); }
  const std::vector<std::int32_t>& dims() const { return dims_; }

 private:
  std::map<std::string, std::uint32_t> strings_;
  std::string bytes_;
  std::vector<std::int32_t> dims_;
};

std::string Emitter::note_s() const {
  NotePool pool;
  std::string records, activations;
  const auto line = [](const std::string& list) { return "  .4byte " + list + "\n"; };
  auto words = [&](const std::string& list) { records += line(list); };
  const std::uint32_t model_name = pool.string(name_), runtime_name = pool.string("mjrt 1");
  auto tensor = [&](std::int32_t index) {
    const Tensor& t = graph_.tensors[index];
    const bool quantised = !t.quantization.scale.empty();
    const std::uint32_t name = pool.string(t.name);
    return line(fmt::format("{}, mjrt_arena + {}, {}, {}, {}, {:#010x}, {}", name, plan_.tensor[index], t.bytes(),
                            static_cast<int>(t.type), pool.shape(t.shape),
                            quantised ? std::bit_cast<std::uint32_t>(scale(t)) : 0U, quantised ? zero_point(t) : 0));
  };
  for (const std::int32_t index : graph_.inputs) records += tensor(index);
  for (const std::int32_t index : graph_.outputs) records += tensor(index);
  std::size_t activation_count = 0;
  for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
    const Operator& op = graph_.operators[i];
    const bool has_weights =
        op.kind == OpKind::conv_2d || op.kind == OpKind::depthwise_conv_2d || op.kind == OpKind::fully_connected;
    // One after the other: where arguments are evaluated in another order, the pool would be filled in another order.
    const std::uint32_t name = pool.string(out(op).name);
    const std::string input = pool.shape(in(op, 0).shape), output = pool.shape(out(op).shape);
    const std::string weights = has_weights ? pool.shape(in(op, 1).shape) : std::string("0, 0");
    std::size_t inputs = 0;
    const std::size_t first = activation_count;
    for (const std::int32_t index : op.inputs) {
      if (index < 0 || graph_.tensors[index].is_constant) continue;
      activations += tensor(index);
      ++inputs;
    }
    for (const std::int32_t index : op.outputs) activations += tensor(index);
    activation_count += inputs + op.outputs.size();
    words(fmt::format("{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}", function_name(i, op), i,
                      static_cast<int>(op.kind), name, input, output, weights, op.macs & 0xFFFFFFFFU, op.macs >> 32,
                      parameter_bytes_[i], plan_.live[i], first, inputs, op.outputs.size()));
  }
  for (const std::int32_t dim : pool.dims()) words(std::to_string(dim));
  const std::string strings = pool.padded_bytes();
  const std::string header = fmt::format(
      "  .4byte {}, {}, {}, {}\n  .4byte {}, {}, {}, {}, {}\n  .4byte {}, {}, mjrt_invoke, mjrt_arena, {}, {}, {}\n",
      MJRT_NOTE_VERSION, sizeof(mjrt_note_header), sizeof(mjrt_note_tensor), sizeof(mjrt_note_layer),
      graph_.inputs.size(), graph_.outputs.size(), graph_.operators.size(), pool.dims().size(), strings.size(),
      model_name, runtime_name, plan_.bytes, total_parameter_bytes(), activation_count);
  return fmt::format(
      "// The layer table (mjrt/note.h). Generated by microjoule build.\n"
      "  .file \"note.S\"\n"  // or the linker names the compiler's temporary object
      "  .section {}, \"\", %note\n  .balign 4\n  .4byte {}, 2f - 1f, {}\n  .asciz \"{}\"\n  .balign 4\n1:\n{}{}  "
      ".ascii {}\n{}2:\n"
      "  .balign 4\n",
      MJRT_NOTE_SECTION, sizeof(MJRT_NOTE_NAME), MJRT_NOTE_TYPE, MJRT_NOTE_NAME, header, records, quoted(strings),
      activations);
}

std::string Emitter::board_h() const {
  std::string text = fmt::format(
      "// {}. Generated by microjoule build.\n#define MJRT_UART_BASE {:#010x}u\n#define MJRT_BAUD {}u\n"
      "#define MJRT_CLOCK_HZ {}u\n",
      comment(target_.name), target_.console_base, target_.baud, target_.clock_hz);
  // The RISC-V start-up is assembly and only asks whether this is defined.
  if (target_.vector_table) text += "#define MJRT_VECTOR_TABLE 1\n";
  if (target_.exit_base != 0) text += fmt::format("#define MJRT_FINISHER_BASE {:#010x}u\n", target_.exit_base);
  return text;
}

std::string Emitter::link_ld() const {
  const bool flash = target_.code.has_value();
  const Region code = flash ? *target_.code : target_.ram;
  const std::string code_region = flash ? "FLASH" : "RAM";
  std::string memory =
      fmt::format("  RAM (rwx) : ORIGIN = {:#010x}, LENGTH = {}\n", target_.ram.base, target_.ram.bytes);
  if (flash) memory = fmt::format("  FLASH (rx) : ORIGIN = {:#010x}, LENGTH = {}\n", code.base, code.bytes) + memory;
  return fmt::format(
      R"(/* {name}. Generated by microjoule build. */
ENTRY({entry})
MEMORY {{
{memory}}}
/* The arena and the stack belong to no segment: a loader that clears memory must not clear an input placed there. */
PHDRS {{ code PT_LOAD FLAGS(5); data PT_LOAD FLAGS(6); }}
SECTIONS {{
  .vectors ORIGIN({code}) : {{ KEEP(*(.vectors)) }} > {code} :code
  .text : {{ *(.text .text.*) }} > {code}
  .rodata : ALIGN(4) {{ *(.rodata .rodata.* .srodata .srodata.*) . = ALIGN(4); }} > {code}
  .data : ALIGN(4) {{
    mjrt_data_start = .;
    *(.data .data.* .sdata .sdata.*)
    . = ALIGN(4);
    mjrt_data_end = .;
  }} > RAM{load} :data
  mjrt_data_load = LOADADDR(.data);
  __global_pointer$ = mjrt_data_start + 0x800;
  .bss : ALIGN(4) {{
    mjrt_bss_start = .;
    *(.sbss .sbss.* .bss .bss.* COMMON)
    . = ALIGN(4);
    mjrt_bss_end = .;
  }} > RAM
  .noinit (NOLOAD) : ALIGN(16) {{ *(.noinit .noinit.*) }} > RAM :NONE
  /* Kept free so that a stack that can't fit is a link error; the stack itself begins at the end of RAM. */
  .stack (NOLOAD) : ALIGN(16) {{ . += {stack}; }} > RAM :NONE
  mjrt_stack_top = ORIGIN(RAM) + LENGTH(RAM);
  {note} 0 : {{ KEEP(*({note})) }} :NONE
  /DISCARD/ : {{ *(.ARM.exidx .ARM.exidx.* .eh_frame .eh_frame.* .note.GNU-stack .note.gnu.*) }}
}}
)",
      fmt::arg("name", comment(target_.name)), fmt::arg("entry", target_.startup == "arm" ? "Reset_Handler" : "_start"),
      fmt::arg("memory", memory), fmt::arg("code", code_region), fmt::arg("load", flash ? " AT> FLASH" : ""),
      fmt::arg("stack", target_.stack_bytes), fmt::arg("note", MJRT_NOTE_SECTION));
}

}  // namespace

Sources emit(const ModelGraph& graph, const std::string& name, const BoardTarget& target) {
  return Emitter(graph, name, target).run();
}

}  // namespace mj::build
