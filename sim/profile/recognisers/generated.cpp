// Code generators and small runtimes whose layers are functions that their names tell: one row each. What such a
// function is handed (a node, a layer object, a C++ object) tells the layers of one function apart.
#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <string_view>
#include <unordered_set>

#include <fmt/format.h>

#include "sim/profile/recognisers/glob.h"
#include "sim/profile/recognisers/inlined_layers.h"
#include "sim/profile/recognisers/node_arrays.h"
#include "sim/profile/recognisers/rows.h"
#include "sim/profile/recognisers/sequence.h"

namespace mj::profile {

namespace {

constexpr int no_argument = -1;

struct Generator;
/// What a call tells of its layer beyond the names; false: it is no layer after all.
using Describe = bool (*)(const Generator&, const Program&, const Guest&, Address function, Layer&);

struct Generator {
  std::string_view title;
  /// Names, as the symbol table has them or demangled; alternatives separated by `|`. Names of the runtime's own that
  /// must be there besides; empty: layers and inference are proof enough.
  std::string_view proof;
  std::string_view inference;  ///< empty: none has a name
  std::string_view layers;
  std::string_view not_layers;
  int identity;  ///< argument whose value is another for each layer, or no_argument
  int confidence;
  Describe describe;
  /// What tells layers apart where no argument does by itself.
  std::uint64_t (*identity_of)(const Program&, const Guest&, Address function) = nullptr;
  /// What a layer's name says, where layers may be inlined into the inference's function.
  void (*describe_name)(std::string_view name, Layer&) = nullptr;
  /// The inference's argument that is the model, where one function runs several, or no_argument.
  int model = no_argument;
};

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

/// Of a layer whose name doesn't tell its operator: the kernels that it calls may.
constexpr std::string_view unknown_operator = "FUSED";

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
constexpr Generator generators[] = {
    {"TVM AOT", "", "tvmgen_*___tvm_main__|tvmgen_*_run", "tvmgen_*_fused_*|tvmgen_*_main_*", "*_compute_", no_argument,
     90, describe_tvm, nullptr, describe_tvm_name},
    {"Edge Impulse EON", "*tflNodes*|*tflTensors*",
     "*tflite_learn_*_invoke|trained_model_invoke|*trained_model_invoke*", "*", "", 1, 80, describe_eon},
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
     nullptr, 0},
    {"emlearn bayes", "eml_bayes_*", "eml_bayes_predict", "eml_bayes_predict", "", no_argument, 80, describe_whole,
     nullptr, nullptr, 0},
};

bool named(std::string_view patterns, const Symbol& s) {
  return one_of(patterns, s.base_name) || one_of(patterns, s.demangled);
}

struct Named {
  const Generator* generator = nullptr;
  std::unordered_set<Address> inferences, layers;
  std::map<Address, InlinedLayers> inlined;  ///< by inference
  bool any_callee = false;                   ///< layers are whatever the inference calls that describes itself as one
};

class GeneratedSource final : public LayerSource {
 public:
  GeneratedSource(std::shared_ptr<const Named> names, const Stage& stage, Network facts)
      : names_(std::move(names)), stage_(stage), facts_(std::move(facts)) {}

  void entered(Address function, std::size_t depth) override {
    if (names_->inferences.count(function)) {
      if (frames_.empty()) choose_network(function);
      current_->inference(function, depth);
      if (frames_.empty() || frames_.back().function != function || frames_.back().depth != depth)
        frames_.push_back({function, depth, thread_});
      begin_inlined(function);
      if (!names_->layers.count(function)) return;
    }
    if (current_ && !current_->running() && called_by_inlined(depth)) return;
    if ((current_ && current_->running()) || !is_layer(function, depth)) return;
    const Generator& g = *names_->generator;
    Layer l;
    if (!g.describe(g, stage_.program, stage_.guest, function, l)) return;
    CallSequence::Key key;
    key.function = function;
    if (g.identity_of || g.identity != no_argument) {
      key.identity = g.identity_of ? g.identity_of(stage_.program, stage_.guest, function)
                                   : stage_.guest.argument(static_cast<unsigned>(g.identity));
      key.unique = true;
    } else {
      // A jump from the inference's end returns to that one's caller, of which there may be several.
      const Address from = stage_.guest.return_address();
      const Symbol* caller = stage_.program.symbols.function_at(from - 1);
      if (frames_.empty() || (caller && caller->start == frames_.back().function)) key.call_site = from;
    }
    if (!current_) current_ = &add_network(0, facts_);
    const int number = current_->layer(key, depth, [&] { return known_better(l); });
    if (!inlined_numbers_.empty())
      if (const auto at = stage_.program.debug.line(stage_.guest.return_address() - 1)) called_at_[number] = at->line;
    if (const Symbol* array = node_array(); array && !nodes_.count(number))
      if (const auto& known = arrays_[array->start])
        if (const auto index = known->index_of(stage_.guest.argument(1)))
          nodes_.emplace(number, Node{array->start, *index});
    // What is only known once it has run (a count of MACs made by the runtime) may be known now.
    if (Layer& known = stage_.recorder.layer(number); known.macs == 0) known.macs = l.macs;
  }
  LayerTensors tensors(int layer) override {
    const auto node = nodes_.find(layer);
    if (node == nodes_.end()) return LayerSource::tensors(layer);
    return arrays_.at(node->second.array)->tensors(stage_.guest, node->second.index);
  }
  void left(std::size_t depth) override {
    const auto ended = [&] {
      return !frames_.empty() && frames_.back().thread == thread_ && depth <= frames_.back().depth;
    };
    if (ended()) end_calls();
    for (auto& [model, sequence] : sequences_) sequence.left(depth);
    while (ended()) frames_.pop_back();
  }
  void switched(std::uint32_t thread) override {
    thread_ = thread;
    for (auto& [model, sequence] : sequences_) sequence.switched(thread);
  }
  void kernel_called(int layer, const KernelCall& call) override {
    if (layer < 0) return;
    Layer& l = stage_.recorder.layer(layer);
    if (l.input_shapes.empty() && !call.input.empty()) l.input_shapes = {call.input};
    if (l.weight_shapes.empty() && !call.weights.empty()) l.weight_shapes = {call.weights};
    if (l.output_shapes.empty() && !call.output.empty()) l.output_shapes = {call.output};
    if (l.macs == 0 && call.macs) l.macs = *call.macs;
    if (l.op == unknown_operator) l.op = call.op;
  }
  void ending() override {
    for (auto& [model, sequence] : sequences_) sequence.finish();
  }
  void finish() override {
    if (inlined_numbers_.empty()) return;
    // Layers that are calls and inlined ones stand in the order of the source.
    std::multimap<std::uint32_t, int> in_order;
    for (const auto& [number, line] : called_at_) in_order.emplace(line, number);
    for (const auto& [inference, numbers] : inlined_numbers_)
      for (std::size_t i = 0; i < numbers.size(); ++i)
        in_order.emplace(names_->inlined.at(inference).calls()[i].line, numbers[i]);
    int index = 0;
    for (const auto& [line, number] : in_order) stage_.recorder.layer(number).index = index++;
    const auto by_address = stage_.meter.by_address();
    for (const auto& [inference, numbers] : inlined_numbers_) {
      const auto own = names_->inlined.at(inference).own(by_address);
      for (std::size_t i = 0; i < numbers.size(); ++i)
        if (!stage_.recorder.claim(numbers[i], own[i], calls_[numbers[i]]))
          stage_.recorder.network(stage_.recorder.layer(numbers[i]).network)
              .disagreements.push_back(fmt::format("layer {} was inlined, and its code also ran outside of inferences",
                                                   stage_.recorder.layer(numbers[i]).name));
    }
  }

 private:
  /// The array of the node that the layer which begins now is handed; nullptr: it is handed none.
  const Symbol* node_array() const {
    if (names_->generator->describe != describe_eon) return nullptr;
    return stage_.program.symbols.object_at(stage_.guest.argument(1));
  }

  /// What the arrays that the node is of say of it.
  Layer known_better(const Layer& l) {
    const Symbol* array = node_array();
    if (!array) return l;
    const Address node = stage_.guest.argument(1);
    const auto [known, first] = arrays_.try_emplace(array->start);
    if (first) known->second = NodeArrays::read(stage_.program, stage_.guest, node);
    const auto index = known->second ? known->second->index_of(node) : std::nullopt;
    return index ? known->second->layer(*index, l.op) : l;
  }

  CallSequence& add_network(std::uint64_t model, const Network& facts) {
    const auto [at, added] = sequences_.try_emplace(model, stage_, facts);
    if (added) at->second.switched(thread_);
    return at->second;
  }

  /// A network is what one function runs, or one model object that it is handed.
  void choose_network(Address function) {
    Network facts = facts_;
    std::uint64_t model = function;
    if (const int n = names_->generator->model; n != no_argument)
      if (const Symbol* object = stage_.program.symbols.object_at(stage_.guest.argument(static_cast<unsigned>(n)))) {
        model = std::uint64_t{object->start} << 32;
        facts.name = object->display;
      }
    current_ = &add_network(model, facts);
  }

  /// The inlined layers of an inference's function are known from its first call on.
  void begin_inlined(Address function) {
    const auto inlined = names_->inlined.find(function);
    if (inlined == names_->inlined.end() || inlined_numbers_.count(function)) return;
    auto& numbers = inlined_numbers_[function];
    for (const InlinedLayers::Call& call : inlined->second.calls()) {
      Layer l;
      names_->generator->describe_name(call.name, l);
      l.network = current_->network();
      l.index = static_cast<int>(numbers.size());
      numbers.push_back(stage_.recorder.add_layer(std::move(l), function, true));
    }
  }

  /// Whether the inference's own code calls a function from within an inlined layer, whose that is then. There may be a
  /// call for each MAC (floating point in software), so counts are read only where another layer's calls begin: until
  /// then nothing runs but what these calls take and the inference's own code, which is known by its addresses.
  bool called_by_inlined(std::size_t depth) {
    if (frames_.empty() || depth != frames_.back().depth + 1) return false;
    const auto numbers = inlined_numbers_.find(frames_.back().function);
    if (numbers == inlined_numbers_.end()) return false;
    const InlinedLayers& inlined = names_->inlined.at(frames_.back().function);
    // Back from the call: the call's last byte.
    const auto which = inlined.at(stage_.guest.return_address() - 1);
    const int layer = which ? numbers->second[*which] : -1;
    if (!calling_ || calling_->layer != layer) {
      end_calls();
      if (which)
        calling_ = Calling{layer, &inlined, stage_.recorder.between(current_->network()), inlined.whole(stage_.meter)};
    }
    if (which) stage_.recorder.begin_call_of_inlined(layer, depth);
    return which.has_value();
  }

  bool is_layer(Address function, std::size_t depth) const {
    if (names_->any_callee) return !frames_.empty() && depth > frames_.front().depth;
    return names_->layers.count(function) != 0;
  }

  void end_calls() {
    if (!calling_) return;
    Counts spent = stage_.recorder.between(current_->network()), own = calling_->inlined->whole(stage_.meter);
    spent -= calling_->between;
    own -= calling_->own;
    take_parts(own, spent);
    if (own.cycles <= spent.cycles && own.instructions <= spent.instructions) {
      spent -= own;
      calls_[calling_->layer] += spent;
    }
    calling_.reset();
  }

  std::shared_ptr<const Named> names_;
  const Stage& stage_;
  const Network facts_;
  std::map<std::uint64_t, CallSequence> sequences_;  ///< by model, see choose_network
  CallSequence* current_ = nullptr;                  ///< of the inference under way, or the last one
  std::uint32_t thread_ = 0;
  struct Node {
    Address array;
    std::size_t index;
  };
  std::map<Address, std::optional<NodeArrays>> arrays_;  ///< by address
  std::map<int, Node> nodes_;                            ///< by number of the recorder
  struct Frame {
    Address function;
    std::size_t depth;
    std::uint32_t thread;
  };
  /// What was charged and spent when an inlined layer's calls began.
  struct Calling {
    int layer;
    const InlinedLayers* inlined;
    Counts between, own;
  };
  std::vector<Frame> frames_;       ///< of the inference under way: its function, and those of the same kind it calls
  std::optional<Calling> calling_;  ///< the inlined layer that called last
  std::map<int, Counts> calls_;     ///< what inlined layers' calls took; by number of the recorder
  std::map<Address, std::vector<int>> inlined_numbers_;  ///< by inference: numbers of the recorder
  std::map<int, std::uint32_t> called_at_;  ///< line of the call by number, where there are inlined ones, too
};

}  // namespace

namespace {

/// Functions that were inlined somewhere, and where, by the debug information.
std::map<std::string, std::string> inlined_functions(const Program& program) {
  std::map<std::string, std::string> into;
  for (const Symbol& s : program.symbols.functions())
    for (const SourceInterval& i : program.debug.intervals(s.start, s.start + s.size))
      for (std::uint32_t id = i.inlined; id != kNone; id = program.debug.inline_parent(id))
        into.emplace(program.debug.inline_frame(id).name, s.display);
  return into;
}

/// Generators whose inference has no function of its own: a link-time optimiser put it into its caller, with layers
/// that are called once. When it begins can't be seen then, but that it is there can be said.
std::vector<Candidate> inlined_generators(const Program& program) {
  std::vector<Candidate> found;
  if (!program.debug.has_functions()) return found;
  const auto inlined = inlined_functions(program);
  for (const Generator& g : generators) {
    if (g.inference.empty() || g.describe == describe_whole) continue;
    const std::pair<const std::string, std::string>* inference = nullptr;
    bool proved = g.proof.empty(), layers = g.layers == "*";
    for (const auto& entry : inlined) {
      if (one_of(g.inference, entry.first))
        inference = &entry;
      else if (one_of(g.layers, entry.first))
        layers = true;
      proved = proved || one_of(g.proof, entry.first);
    }
    if (!inference) continue;
    for (const Symbol& s : program.symbols.functions()) {
      proved = proved || named(g.proof, s);
      layers = layers || named(g.layers, s);
    }
    for (const Symbol& s : program.symbols.objects()) proved = proved || named(g.proof, s);
    if (!proved || !layers) continue;
    Candidate c;
    c.runtime = g.title;
    constexpr int not_to_be_seen = 30;
    c.confidence = not_to_be_seen;
    c.reasons.push_back(
        fmt::format("its inference {} was inlined into {}, so that its layers can't be told apart in a "
                    "run: declare it __attribute__((noinline, noclone)), or build without link-time "
                    "optimisation",
                    inference->first, inference->second));
    found.push_back(std::move(c));
  }
  return found;
}

}  // namespace

Result<Candidate> look_for_generators(const Program& program) {
  std::vector<Candidate> found;
  for (const Generator& g : generators) {
    auto names = std::make_shared<Named>();
    names->generator = &g;
    names->any_callee = g.layers == "*";
    bool proved = g.proof.empty();
    std::string inference, layer;
    const auto look = [&](const Symbol& s) {
      proved = proved || named(g.proof, s);
      if (!s.is_function) return;
      if (named(g.inference, s)) {
        names->inferences.insert(s.start);
        if (g.describe == describe_whole) names->layers.insert(s.start);
        if (inference.empty()) inference = s.base_name;
      } else if (!names->any_callee && named(g.layers, s) && !named(g.not_layers, s)) {
        names->layers.insert(s.start);
        if (layer.empty()) layer = s.base_name;
      }
    };
    for (const Symbol& s : program.symbols.functions()) look(s);
    if (!proved)
      for (const Symbol& s : program.symbols.objects()) look(s);
    const bool has_inference = g.inference.empty() || !names->inferences.empty();
    const auto is_layer = [&](const std::string& name) {
      return one_of(g.layers, name) && !one_of(g.not_layers, name) && !one_of(g.inference, name);
    };
    std::size_t inlined = 0;
    if (proved && g.describe_name)
      for (const Address a : names->inferences)
        if (InlinedLayers within(program, a, is_layer); !within.calls().empty()) {
          inlined += within.calls().size();
          if (layer.empty()) layer = within.calls().front().name;
          names->inlined.emplace(a, std::move(within));
        }
    const bool has_layers = names->any_callee || !names->layers.empty() || inlined > 0;
    if (!proved || !has_inference || !has_layers) continue;
    Candidate best;
    best.runtime = g.title;
    best.confidence = g.confidence;
    if (!inference.empty())
      best.reasons.push_back(fmt::format("the function {} is an inference of {}", inference, g.title));
    if (inlined)
      best.reasons.push_back(fmt::format("{} function{} named like its layers {} inlined into it ({}{})", inlined,
                                         inlined == 1 ? "" : "s", inlined == 1 ? "was" : "were", layer,
                                         inlined == 1 ? "" : " ..."));
    else if (!layer.empty())
      best.reasons.push_back(fmt::format("{} function{} named like its layers ({}{})", names->layers.size(),
                                         names->layers.size() == 1 ? "" : "s", layer,
                                         names->layers.size() == 1 ? "" : " ..."));
    best.functions.assign(names->inferences.begin(), names->inferences.end());
    best.functions.insert(best.functions.end(), names->layers.begin(), names->layers.end());
    std::sort(best.functions.begin(), best.functions.end());
    Network facts;
    facts.runtime = g.title;
    facts.recognised_by = best.reasons.front();
    facts.confidence = g.confidence;
    best.listen = [names, facts](const Stage& stage) -> std::unique_ptr<LayerSource> {
      return std::make_unique<GeneratedSource>(names, stage, facts);
    };
    found.push_back(std::move(best));
  }
  if (found.empty()) found = inlined_generators(program);
  if (found.empty()) return Candidate{};
  Candidate first = std::move(found.front());
  first.others.assign(std::make_move_iterator(found.begin() + 1), std::make_move_iterator(found.end()));
  return first;
}

}  // namespace mj::profile
