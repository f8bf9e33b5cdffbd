#include "sim/profile/recognisers/generator_rows.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sim/profile/recognisers/glob.h"

namespace mj::profile {

namespace {

std::string upper(std::string_view text) {
  std::string out;
  for (const char ch : text) out += static_cast<char>(ch >= 'a' && ch <= 'z' ? ch - 'a' + 'A' : ch);
  return out;
}

/// The operator that a name speaks of; of several the first that counts most.
std::optional<std::string> operator_in(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> operators[] = {{"depthwise", "DEPTHWISE_CONV_2D"},
                                                                         {"dw_conv", "DEPTHWISE_CONV_2D"},
                                                                         {"conv2d_trans", "TRANSPOSE_CONV"},
                                                                         {"conv2d", "CONV_2D"},
                                                                         {"dense", "FULLY_CONNECTED"},
                                                                         {"fully_connected", "FULLY_CONNECTED"},
                                                                         {"avg_pool", "AVERAGE_POOL_2D"},
                                                                         {"avgpool", "AVERAGE_POOL_2D"},
                                                                         {"max_pool", "MAX_POOL_2D"},
                                                                         {"maxpool", "MAX_POOL_2D"},
                                                                         {"softmax", "SOFTMAX"},
                                                                         {"concat", "CONCATENATION"},
                                                                         {"reshape", "RESHAPE"}};
  for (const auto& [text, op] : operators)
    if (name.find(text) != std::string_view::npos) return std::string(op);
  return std::nullopt;
}

std::string_view function_name_at(const Program& program, Address function) {
  const Symbol* s = program.symbols.function_at(function);
  return s ? std::string_view(s->base_name) : std::string_view();
}

/// "tvmgen_default_fused_nn_conv2d_add_1a2b...": the operators that were fused, without the hash, behind which the
/// generator may leave a `_`. "tvmgen_default_cmsis_nn_main_0": what was left to an external code generator.
void describe_tvm_name(std::string_view name, Layer& l) {
  if (const std::size_t at = name.find("_fused_"); at != std::string_view::npos) {
    name.remove_prefix(at + std::string_view("_fused_").size());
  } else {
    for (int i = 0; i < 2; ++i) name.remove_prefix(std::min(name.size(), name.find('_') + 1));
  }
  if (name.ends_with('_')) name.remove_suffix(1);
  constexpr std::size_t least_hash = 8;
  if (const std::size_t at = name.rfind('_'); at != std::string_view::npos) {
    const std::string_view tail = name.substr(at + 1);
    const bool hash = tail.size() >= least_hash && std::all_of(tail.begin(), tail.end(), [](char ch) {
                        return (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'f');
                      });
    if (hash) name = name.substr(0, at);
  }
  l.op = operator_in(name).value_or(std::string(unknown_operator));
  l.name = name;
}
bool describe_tvm(const Generator&, const Program& program, const Guest&, Address function, Layer& l) {
  describe_tvm_name(function_name_at(program, function), l);
  return true;
}

/// "node_Conv_3", "node_Convolution28": the node's name in the ONNX model.
void describe_node(std::string_view name, Layer& l) {
  name.remove_prefix(std::min(name.size(), std::string_view("node_").size()));
  l.name = name;
  name = name.substr(0, name.find('_'));
  const std::size_t last = name.find_last_not_of("0123456789");
  l.op = upper(last == std::string_view::npos ? name : name.substr(0, last + 1));
}
bool describe_onnx2c(const Generator&, const Program& program, const Guest&, Address function, Layer& l) {
  describe_node(function_name_at(program, function), l);
  return true;
}

/// "forward_conv2d_sssa8_ch" of a layer object "conv2d_3_layer".
bool describe_cube(const Generator&, const Program& program, const Guest& guest, Address function, Layer& l) {
  std::string_view name = function_name_at(program, function);
  name.remove_prefix(std::min(name.size(), std::string_view("forward_").size()));
  l.op = operator_in(name).value_or(upper(name));
  const Symbol* object = program.symbols.object_at(guest.argument(0));
  l.name = object ? object->display : name;
  if (const std::size_t at = l.name.rfind("_layer"); at != std::string::npos && at + 6 == l.name.size())
    l.name.resize(at);
  return true;
}

/// nnom_layer_t (nnom.h, 0.4): run at 4, config at 24, in at 32, out at 36, stat.macc at 40.
bool describe_nnom(const Generator&, const Program& program, const Guest& guest, Address function, Layer& l) {
  const Address layer = guest.argument(0);
  const auto run = guest.word(layer + 4);
  if (!run || (*run & ~1u) != function) return false;
  std::string_view name = function_name_at(program, function);
  constexpr std::string_view tail = "_run";
  name = name.substr(0, name.size() - std::min(name.size(), tail.size()));
  l.op = operator_in(name).value_or(upper(name));
  l.name = name;
  if (const auto config = guest.word(layer + 24); config && *config)
    if (const auto text = guest.word(*config); text && *text) {
      std::array<char, 40> bytes{};
      if (guest.read(*text, bytes.data(), bytes.size() - 1) && bytes.front() > ' ') l.name = bytes.data();
    }
  // nnom_layer_io_t: tensor at 12; nnom_tensor_t: dim at 4, qtype at 16, num_dim behind it; dimensions are of 16 bits.
  const auto shape = [&](Address io_at) -> std::vector<std::int64_t> {
    const auto io = guest.word(io_at);
    const auto tensor = io ? guest.word(*io + 12) : std::nullopt;
    const auto dim = tensor ? guest.word(*tensor + 4) : std::nullopt;
    std::uint8_t count = 0;
    // An enumeration is a byte where the compiler makes them short (bare-metal Arm), else a word.
    const unsigned enum_bytes = program.is_arm() ? 1 : 4;
    if (!dim || !guest.read(*tensor + 16 + enum_bytes, &count, 1) || count == 0 || count > 4) return {};
    std::array<std::uint16_t, 4> values{};
    if (!guest.read(*dim, values.data(), 2 * std::size_t{count})) return {};
    return {values.begin(), values.begin() + count};
  };
  if (auto s = shape(layer + 32); !s.empty()) l.input_shapes = {std::move(s)};
  if (auto s = shape(layer + 36); !s.empty()) l.output_shapes = {std::move(s)};
  if (const auto macs = guest.word(layer + 40)) l.macs = *macs;
  return true;
}

/// What a model calls the operator of a function of TensorFlow Lite Micro's kernels; `file`: its source's name or its
/// namespace, "depthwise_conv".
std::string micro_operator(std::string_view file, std::string_view function) {
  struct Row {
    std::string_view file, function, op;
  };
  constexpr Row rows[] = {{"conv", "*", "CONV_2D"},
                          {"depthwise_conv", "*", "DEPTHWISE_CONV_2D"},
                          {"pooling", "*Max*", "MAX_POOL_2D"},
                          {"pooling", "*Average*", "AVERAGE_POOL_2D"},
                          {"reduce", "*Mean*", "MEAN"},
                          {"reduce", "*Sum*", "SUM"},
                          {"reduce", "*Max*", "REDUCE_MAX"},
                          {"activations", "*Relu6*", "RELU6"},
                          {"activations", "*Relu*", "RELU"}};
  for (const Row& r : rows)
    if (file == r.file && glob(r.function, function)) return std::string(r.op);
  return upper(file);
}

/// Whether the network's table of operators, or what it points to, holds this function; true where there is no table.
bool is_registered(const Program& program, const Guest& guest, Address function) {
  bool any = false;
  for (const Symbol* table : program.symbols.find_all("registrations")) {
    if (table->is_function) continue;
    any = true;
    constexpr Address most_words = 12;  // of a TfLiteRegistration
    for (Address at = table->start; at < table->start + table->size; at += 4) {
      const std::uint32_t word = guest.word(at).value_or(0);
      if (program.is_arm() ? (word & ~1u) == function : word == function) return true;
      if ((word & 3) == 0 && word && !program.symbols.function_at(word))
        for (Address i = 0; i < most_words; ++i)
          if ((guest.word(word + 4 * i).value_or(0) & ~1u) == function) return true;
    }
  }
  return !any;
}

/// tflite_micro_compiler and Edge Impulse's EON: invoke(context, node), nodes in the array tflNodes.
bool describe_eon(const Generator&, const Program& program, const Guest& guest, Address function, Layer& l) {
  const Symbol* nodes = program.symbols.object_at(guest.argument(1));
  if (!nodes || nodes->base_name.find("Nodes") == std::string::npos) return false;
  // What is called in between may find a node where its argument would be.
  if (!is_registered(program, guest, function)) return false;
  const Symbol* s = program.symbols.function_at(function);
  // tflite::ops::micro::conv::Eval, tflite::(anonymous namespace)::ConvEval or Eval of conv.cc
  std::string_view from = s ? std::string_view(s->demangled) : std::string_view();
  from = from.substr(
      0, from.find('(', from.starts_with('(') || from.find("::(") != std::string_view::npos ? from.find(')') + 1 : 0));
  std::vector<std::string_view> parts;
  for (std::size_t at; (at = from.find("::")) != std::string_view::npos; from.remove_prefix(at + 2))
    parts.push_back(from.substr(0, at));
  l.name = fmt::format("node {}", guest.argument(1) - nodes->start);
  constexpr std::string_view general[] = {"micro", "tflite", "(anonymous namespace)"};
  if (!parts.empty() && std::find(std::begin(general), std::end(general), parts.back()) == std::end(general)) {
    l.op = micro_operator(parts.back(), from);
  } else if (s && !s->file.empty()) {
    std::string_view file = s->file;
    file = file.substr(0, file.rfind('.'));
    l.op = micro_operator(file.substr(file.rfind('/') + 1), from);
  } else {
    l.op = "OPERATOR";
  }
  return true;
}

/// A C++ operator object: its class is the operator. "uTensor::ReferenceOperators::TanhOperator<signed
/// char>::compute()"
bool describe_class(const Generator&, const Program& program, const Guest&, Address function, Layer& l) {
  const Symbol* s = program.symbols.function_at(function);
  std::string name;
  int templates = 0;
  for (const char ch : s ? std::string_view(s->demangled) : std::string_view()) {
    if (ch == '(' && templates == 0) break;
    templates += (ch == '<') - (ch == '>');
    if (templates == 0 && ch != '>') name += ch;
  }
  if (const std::size_t at = name.rfind("::"); at != std::string::npos) name.resize(at);
  if (const std::size_t at = name.rfind("::"); at != std::string::npos) name.erase(0, at + 2);
  l.name = name;
  constexpr std::string_view tail = "Operator";
  if (const std::size_t at = name.rfind(tail); at != std::string::npos) name.resize(at);
  // Classes of uTensor's ops/, by their demangled names.
  constexpr std::pair<std::string_view, std::string_view> classes[] = {
      {"*GenericPoolOperator<*MaxFilter*", "MAX_POOL_2D"},
      {"*GenericPoolOperator<*AvgFilter*", "AVERAGE_POOL_2D"},
      {"*Depthwise*Conv*", "DEPTHWISE_CONV_2D"},
      {"*Conv2d*", "CONV_2D"},
      {"*FullyConnected*", "FULLY_CONNECTED"},
      {"*MatrixMult*", "FULLY_CONNECTED"}};
  l.op = upper(name);
  for (const auto& [pattern, op] : classes)
    if (s && glob(pattern, s->demangled)) {
      l.op = op;
      break;
    }
  return true;
}

/// eml_net.h: eml_net_layer_forward(layer, ...), of an EmlNetLayer: n_outputs, n_inputs, weights, biases; within it,
/// and without it where it is inlined, eml_net_forward(in, n_inputs, weights, biases, activation, out, n_outputs).
bool is_emlearn_object(const Program& program, Address function) {
  return function_name_at(program, function).find("layer") != std::string_view::npos;
}
std::uint64_t emlearn_weights(const Program& program, const Guest& guest, Address function) {
  return is_emlearn_object(program, function) ? guest.word(guest.argument(0) + 8).value_or(0) : guest.argument(2);
}
bool describe_emlearn(const Generator&, const Program& program, const Guest& guest, Address function, Layer& l) {
  l.op = "FULLY_CONNECTED";
  l.name = "dense";
  const bool object = is_emlearn_object(program, function);
  const auto inputs = object ? guest.word(guest.argument(0) + 4) : guest.any_argument(1);
  const auto outputs = object ? guest.word(guest.argument(0)) : guest.any_argument(6);
  constexpr std::uint32_t most = 1u << 20;
  if (!outputs || !inputs || *outputs == 0 || *inputs == 0 || *outputs > most || *inputs > most) return false;
  l.input_shapes = {{*inputs}};
  l.weight_shapes = {{*outputs, *inputs}};
  l.output_shapes = {{*outputs}};
  l.macs = std::uint64_t{*outputs} * *inputs;
  l.parameter_bytes = 4 * (l.macs + *outputs);
  l.weight_bytes = 4 * l.macs;
  return true;
}

/// One function is the whole model.
bool describe_whole(const Generator& g, const Program& program, const Guest&, Address function, Layer& l) {
  l.op = upper(g.title.substr(g.title.find(' ') + 1));
  l.name = function_name_at(program, function);
  return true;
}

/// "torch::executor::native::add_out", "cortex_m::native::quantized_conv2d_out"
bool describe_executorch(const Generator&, const Program& program, const Guest&, Address function, Layer& l) {
  std::string_view name = function_name_at(program, function);
  if (const std::size_t at = name.rfind("::"); at != std::string_view::npos) name.remove_prefix(at + 2);
  l.name = name;
  if (name.ends_with("_out")) name.remove_suffix(4);
  l.op = upper(name);
  return true;
}

// Sources: the generators' and runtimes' public code, as their recent versions emit it.
constexpr Generator table[] = {
    {"TVM AOT", "", "tvmgen_*___tvm_main__|tvmgen_*_run", "tvmgen_*_fused_*|tvmgen_*_main_*", "*_compute_", no_argument,
     90, describe_tvm, nullptr, describe_tvm_name},
    {"Edge Impulse EON", "*tflNodes*|*tflTensors*",
     "*tflite_learn_*_invoke|trained_model_invoke|*trained_model_invoke*", "*", "", 1, 80, describe_eon, nullptr,
     nullptr, no_argument, Generator::Layers::calls_with_nodes},
    {"STM32Cube.AI", "ai_platform_*|ai_*_create|stai_*", "ai_*_run|stai_*_run|ai_platform_network_process", "forward_*",
     "", 0, 85, describe_cube},
    {"NNoM", "model_compile|model_run_to", "model_run|model_run_to", "*_run", "model_run|layer_run", 0, 85,
     describe_nnom, nullptr, nullptr, 0},
    {"onnx2c", "tensor_*|tu0", "entry", "node_*", "", no_argument, 75, describe_onnx2c, nullptr, describe_node},
    {"uTensor", "uTensor::*", "uTensor::ModelBase::eval*", "uTensor::*::compute(*", "*Model*", 0, 80, describe_class,
     nullptr, nullptr, 0},
    {"ExecuTorch", "*Method::execute*", "*Method::execute*", "torch::executor::native::*_out*|cortex_m::native::*_out*",
     "", no_argument, 80, describe_executorch},
    {"emlearn net", "", "eml_net_infer*|eml_net_predict*|eml_net_regress*", "eml_net_layer_forward*|eml_net_forward*",
     "", no_argument, 85, describe_emlearn, emlearn_weights, nullptr, 0},
    {"emlearn trees", "eml_trees_*", "eml_trees_predict|eml_trees_predict_proba|eml_trees_regress*",
     "eml_trees_predict|eml_trees_predict_proba|eml_trees_regress*", "", no_argument, 80, describe_whole, nullptr,
     nullptr, 0, Generator::Layers::one},
    {"emlearn bayes", "eml_bayes_*", "eml_bayes_predict", "eml_bayes_predict", "", no_argument, 80, describe_whole,
     nullptr, nullptr, 0, Generator::Layers::one},
};

}  // namespace

std::span<const Generator> generators() { return table; }

}  // namespace mj::profile
