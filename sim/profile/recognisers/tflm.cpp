// TensorFlow Lite Micro's interpreter, by one mechanism with and without symbols.
//
// The interpreter calls each operator through a table: invoke(context, node). Behind each node stands a pointer to the
// operator's registration, and nodes of a subgraph are an array in the model's order. So a function that begins with
// argument 1 = node, whose registration holds just this function as `invoke`, is an operator's call; `prepare` in the
// same way. That holds for all nodes of the array at once, and their operator codes and tensor indices must be those
// of a model that was found in the image or, at the first such call, in memory: the match verifies itself.
//
// Before any operator is prepared each one is initialised: tflm_inits.h.
//
// Layouts (tensorflow/lite/c/common.h, tensorflow/lite/micro/micro_common.h, 32-bit targets): TfLiteNode begins with
// the pointers to its inputs and outputs (each an array: length, indices); its size depends on the version and on
// TF_LITE_STATIC_MEMORY, 28 bytes with it. A registration is init, free, prepare, invoke, then a pointer, builtin_code
// and custom_name.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_set>

#include "sim/profile/recognisers/rows.h"
#include "sim/profile/recognisers/tflite_models.h"
#include "sim/profile/recognisers/tflm_inits.h"
#include "sim/profile/recognisers/tflm_memory.h"

namespace mj::profile {

namespace {

using model::Operator;
using model::OpKind;

constexpr const char* runtime_name = "TensorFlow Lite Micro";

// Where a node's registration pointer may stand: TfLiteNode's size. The usual one first.
constexpr std::uint32_t node_sizes[] = {28, 40, 36, 24, 32, 44};
constexpr std::uint32_t prepare_at = 8, invoke_at = 12, builtin_code_at = 20, custom_name_at = 24;
constexpr unsigned most_scans = 16;  // of memory for a model that the image doesn't hold

/// Nodes of one subgraph in memory.
struct NodeArray {
  Address base = 0;
  std::uint32_t node_size = 0;
  std::size_t model = 0;
  std::size_t subgraph = 0;
  std::uint32_t stride() const { return node_size + 4; }
};

struct Model {
  FoundModel found;
  int network = -1;
  std::vector<std::vector<int>> layers;  ///< [subgraph][operator]: the recorder's number
  std::string where;                     ///< "in the image at 0x...", "in memory at 0x..."
  unsigned arena_tries = 0;
};

std::size_t operators_of(const std::vector<FoundModel>& models) {
  std::size_t n = 0;
  for (const FoundModel& m : models)
    for (const model::ModelGraph& g : m.graphs) n += g.operators.size();
  return n;
}

class TflmSource final : public LayerSource {
 public:
  TflmSource(const Stage& stage, std::vector<FoundModel> models, bool expected)
      : stage_(stage), inits_(stage, expected, operators_of(models)) {
    for (FoundModel& m : models) add(std::move(m), "in the image");
  }

  void entered(Address function, std::size_t depth) override {
    mark(function, depth);
    if (!operator_called(function, depth)) inits_.called(function, depth);
  }

  void left(std::size_t depth) override {
    auto& marks = marks_[thread_];
    while (!marks.empty() && marks.back().depth >= depth) marks.pop_back();
    auto& running = running_[thread_];
    while (!running.empty() && running.back().depth >= depth) {
      compare(running.back());
      running.pop_back();
    }
    // An interpreter loop inlined into a function that goes on: the inference ends with its last operator.
    if (last_operator_depth_ && *last_operator_depth_ >= depth) {
      last_operator_depth_.reset();
      stage_.recorder.end_inference();
    }
  }

  void switched(std::uint32_t thread) override { thread_ = thread; }

  LayerTensors tensors(int) override {
    const Model& m = models_[dispatched_.model];
    const auto table = tensor_tables_.find(stage_.guest, m.found, dispatched_.subgraph, dispatched_.base);
    if (!table) return LayerTensors::unknown("the interpreter's table of tensors was not found in memory");
    return operator_tensors(stage_.guest, *table, m.found.graphs[dispatched_.subgraph], dispatched_operator_);
  }

  void kernel_called(int layer, const KernelCall& call) override {
    auto& running = running_[thread_];
    if (running.empty() || running.back().layer != layer) return;
    Running& r = running.back();
    // A kernel of another operation is a helper; of one whose arguments nobody could read nothing is known.
    if (call.op != stage_.recorder.layer(layer).op) return;
    if (!call.macs) r.unread = true;
    r.macs += call.macs.value_or(0);
    if (r.kernel.empty()) r.kernel = call.kernel;
  }

  void finish() override {
    for (const auto& [layer, d] : contradicted_) {
      const Layer& l = stage_.recorder.layer(layer);
      stage_.recorder.network(l.network).disagreements.push_back(
          fmt::format("layer {} ({}): {} MACs as the model has it, {} by the arguments of {}, in {} of {} calls",
                      l.index, l.op, l.macs, d.macs, d.kernel, d.times, calls_[layer]));
    }
    for (const Model& m : models_) {
      if (m.network < 0) continue;
      Network& n = stage_.recorder.network(m.network);
      const auto unseen = std::count_if(inits_.unseen().begin(), inits_.unseen().end(),
                                        [&](int layer) { return stage_.recorder.layer(layer).network == m.network; });
      if (unseen)
        n.disagreements.push_back(fmt::format(
            "the registrations have an init of {} more operators than were seen to be initialised; what it took is "
            "part of the phase around it",
            unseen));
      const auto calls = [&](int layer) { return calls_[layer]; };
      std::uint64_t most = 0;
      for (const int layer : m.layers.front()) most = std::max(most, calls(layer));
      if (most == 0) continue;
      std::size_t never = 0;
      for (const int layer : m.layers.front()) never += calls(layer) == 0;
      if (never)
        n.disagreements.push_back(
            fmt::format("the model has {} operators, of which {} were never called", m.layers.front().size(), never));
    }
  }

 private:
  struct FrameMark {
    std::size_t depth;
    Address function;
    Address returns_to;
    std::uint32_t sp;
    Counts counts;
  };

  /// A call of an operator that is under way, and what the kernels say that were called in it.
  struct Running {
    std::size_t depth;
    int layer;
    std::string kernel;  ///< the first one of the operator's own operation; empty: none was called
    std::uint64_t macs = 0;
    bool unread = false;
  };
  struct Contradiction {
    std::string kernel;
    std::uint64_t macs = 0;
    std::uint64_t times = 0;
  };

  bool operator_called(Address function, std::size_t depth) {
    const Guest& g = stage_.guest;
    const Address node = g.argument(1);
    if (node == 0 || (node & 3)) return false;
    for (const std::uint32_t size : node_sizes) {
      if (node_size_ && size != node_size_) continue;
      const auto registration = g.word(node + size);
      if (!registration || *registration == 0) continue;
      for (const bool prepares : {false, true}) {
        const auto at = g.word(*registration + (prepares ? prepare_at : invoke_at));
        if (!at || (*at & ~1u) != function) continue;
        dispatched(node, size, function, depth, prepares);
        return true;
      }
    }
    return false;
  }

  /// Holds what the kernels of a whole call did against the model. What the end of the run cut short is never compared.
  void compare(const Running& r) {
    if (r.kernel.empty() || r.unread || r.macs == stage_.recorder.layer(r.layer).macs) return;
    auto [known, first] = contradicted_.try_emplace(r.layer, Contradiction{r.kernel, r.macs, 0});
    ++known->second.times;
  }

  /// Which frame dispatches is seen only at its first operator: keeps what was counted when frames began that may turn
  /// out to do so. Between a network's preparation and its first inference that is each function new by then.
  void mark(Address function, std::size_t depth) {
    if (stage_.recorder.running_network() >= 0) return;
    const bool dispatcher = dispatchers_.count(function) != 0;
    if (!dispatcher && !(waiting_ && seen_.insert(function).second)) return;
    marks_[thread_].push_back({depth, function, stage_.guest.return_address(), stage_.guest.sp(), stage_.meter.read()});
  }

  std::size_t add(FoundModel found, const std::string& where) {
    Model m;
    m.where = fmt::format("{} at 0x{:08x}", where, found.address);
    m.found = std::move(found);
    models_.push_back(std::move(m));
    return models_.size() - 1;
  }

  /// The recorder learns of a model when its first operator is called or prepared.
  void record(Model& m, const std::string& why, int confidence) {
    if (m.network >= 0) return;
    Network n;
    n.name = m.found.name;
    n.runtime = runtime_name;
    n.recognised_by = why;
    n.confidence = confidence;
    for (const model::ModelGraph& g : m.found.graphs) n.parameter_bytes += g.parameter_bytes();
    m.network = stage_.recorder.add_network(std::move(n));
    for (std::size_t s = 0; s < m.found.graphs.size(); ++s) {
      m.layers.emplace_back();
      for (Layer& l : layers_of(m.found.graphs[s], static_cast<int>(s))) {
        l.network = m.network;
        m.layers.back().push_back(stage_.recorder.add_layer(std::move(l)));
      }
    }
  }

  void dispatched(Address node, std::uint32_t node_size, Address function, std::size_t depth, bool prepares) {
    NodeArray* array = array_of(node, node_size);
    if (!array) return;
    Model& m = models_[array->model];
    const int layer = m.layers[array->subgraph][(node - array->base) / array->stride()];
    node_size_ = node_size;
    if (stage_.recorder.running_network() < 0)
      inits_.known({array->base, array->node_size, m.network, m.layers[array->subgraph]});
    inits_.prepared();
    if (prepares) {
      waiting_ = true;
      const int phase = operator_phase(stage_.recorder, prepare_phases_, "prepare", m.network, layer);
      return stage_.recorder.begin_phase(phase, depth);
    }
    dispatched_ = *array;
    dispatched_operator_ = (node - array->base) / array->stride();
    LayerRecorder& recorder = stage_.recorder;
    const bool first = layer == m.layers.front().front();
    if (first && inlined_ && recorder.running_network() == m.network && recorder.running_layer() < 0)
      recorder.end_inference();
    if (recorder.running_network() != m.network) {
      begin_inference(m, depth);
      find_memory(m, node, array->subgraph);
    }
    ++calls_[layer];
    running_[thread_].push_back({depth, layer, {}});
    recorder.begin_layer(layer, depth, function);
    if (inlined_ && layer == m.layers.front().back()) last_operator_depth_ = depth;
  }

  void begin_inference(const Model& m, std::size_t depth) {
    const auto& marks = marks_[thread_];
    auto caller = std::find_if(marks.rbegin(), marks.rend(), [&](const FrameMark& f) { return f.depth + 1 == depth; });
    inlined_ = caller == marks.rend();
    if (inlined_) {
      stage_.recorder.begin_inference(m.network, depth ? depth - 1 : 0);
    } else {
      is_dispatcher(caller->function);
      // A function that went on as the loop by a tail call is the inference, too; without symbols it is one with it.
      for (auto outer = std::next(caller); outer != marks.rend() && outer->depth + 1 == caller->depth &&
                                           outer->returns_to == caller->returns_to && outer->sp == caller->sp;
           ++outer) {
        is_dispatcher(outer->function);
        caller = outer;
      }
      stage_.recorder.begin_inference(m.network, caller->depth, caller->counts);
    }
    waiting_ = false;
    inits_.inferred();
    seen_.clear();
  }

  void is_dispatcher(Address function) {
    if (dispatchers_.insert(function).second) stage_.is_function(function);
  }

  void find_memory(Model& m, Address node, std::size_t subgraph) {
    constexpr unsigned most_tries = 3;
    Arena& arena = stage_.recorder.network(m.network).arena;
    if (arena.bytes || m.arena_tries++ >= most_tries) return;
    const auto table = tensor_tables_.find(stage_.guest, m.found, subgraph, dispatched_.base);
    if (!table) return;
    TensorExtent extent{~Address{0}, 0};
    const auto& tensors = m.found.graphs[subgraph].tensors;
    for (std::size_t t = 0; t < tensors.size(); ++t) {
      if (tensors[t].is_constant) continue;
      const auto data = tensor_data(stage_.guest, *table, t);
      if (!data || *data == 0) continue;
      extent.begin = std::min(extent.begin, *data);
      extent.end = std::max(extent.end, std::uint64_t{*data} + static_cast<std::uint64_t>(tensors[t].bytes()));
    }
    if (extent.end == 0) return;
    if (const auto account = find_arena(stage_.guest, node, extent)) {
      arena = *account;
    } else if (const Symbol* object = stage_.program.symbols.object_at(extent.begin)) {
      arena.address = object->start;
      arena.bytes = object->size;
    }
  }

  std::optional<std::uint32_t> code_of(Address node, std::uint32_t node_size) const {
    const auto registration = stage_.guest.word(node + node_size);
    return registration ? stage_.guest.word(*registration + builtin_code_at) : std::nullopt;
  }

  /// Whether the node's registration is that of the operator.
  bool is_operator(Address node, std::uint32_t node_size, const Operator& op) const {
    const auto code = code_of(node, node_size);
    if (!code || *code != static_cast<std::uint32_t>(op.kind)) return false;
    if (op.kind != OpKind::custom) return true;
    const auto registration = stage_.guest.word(node + node_size);
    const auto name = stage_.guest.word(*registration + custom_name_at);
    std::string text(op.custom_name.size() + 1, '\0');
    return name && stage_.guest.read(*name, text.data(), text.size()) &&
           text.compare(0, std::string::npos, op.custom_name.c_str(), text.size()) == 0;
  }

  /// Whether the array at `list` holds these tensor indices.
  bool holds(std::optional<std::uint32_t> list, const std::vector<std::int32_t>& tensors) const {
    if (!list) return false;
    const auto count = stage_.guest.word(*list);
    if (!count || *count != tensors.size()) return false;
    for (std::size_t i = 0; i < tensors.size(); ++i)
      if (stage_.guest.word(*list + 4 + static_cast<Address>(4 * i)) != static_cast<std::uint32_t>(tensors[i]))
        return false;
    return true;
  }

  /// Whether the whole array of nodes is the subgraph: codes, inputs and outputs of each operator.
  bool is_subgraph(Address base, std::uint32_t node_size, const model::ModelGraph& graph) const {
    const std::uint32_t stride = node_size + 4;
    for (std::size_t i = 0; i < graph.operators.size(); ++i) {
      const Operator& op = graph.operators[i];
      const auto node = static_cast<Address>(base + i * stride);
      if (!is_operator(node, node_size, op) || !holds(stage_.guest.word(node), op.inputs) ||
          !holds(stage_.guest.word(node + 4), op.outputs))
        return false;
    }
    return !graph.operators.empty();
  }

  NodeArray* array_of(Address node, std::uint32_t node_size) {
    for (NodeArray& a : arrays_) {
      const auto& operators = models_[a.model].found.graphs[a.subgraph].operators;
      if (node < a.base || a.node_size != node_size) continue;
      const std::size_t index = (node - a.base) / a.stride();
      if (index >= operators.size() || (node - a.base) % a.stride() != 0) continue;
      if (is_operator(node, node_size, operators[index])) return &a;
      // The memory belongs to another interpreter by now.
      a = arrays_.back();
      arrays_.pop_back();
      break;
    }
    if (rejected_.count(node)) return nullptr;
    auto found = match(node, node_size);
    const bool elsewhere = found && !with(models_[found->model].found.address, node);
    if ((elsewhere || (!found && plausible(node, node_size))) && scans_ < most_scans) {
      ++scans_;
      scan_memory();
      const auto again = match(node, node_size);
      // A copy has no name of its own.
      if (found && again && again->model != found->model)
        models_[again->model].found.name = models_[found->model].found.name;
      found = again;
    }
    if (found) return &keep(*found);
    rejected_.insert(node);
    return nullptr;
  }

  /// Whether the model lies in the memory in which the node finds the lists of its tensors, which it has from its
  /// model.
  bool with(Address model, Address node) const {
    const Address inputs = stage_.guest.word(node).value_or(0);
    for (const auto& region : stage_.guest.bus().regions())
      if (region->contains(inputs, 4)) return region->contains(model, 4);
    return false;
  }

  /// Whether it may be worth while to look for its model in all of memory.
  bool plausible(Address node, std::uint32_t node_size) const {
    constexpr std::uint32_t most_codes = 1024, most_tensors = 64;
    const auto code = code_of(node, node_size);
    const auto inputs = stage_.guest.word(node), outputs = stage_.guest.word(node + 4);
    if (!code || *code >= most_codes || !inputs || !outputs) return false;
    const auto in = stage_.guest.word(*inputs), out = stage_.guest.word(*outputs);
    return in && out && *in <= most_tensors && *out >= 1 && *out <= most_tensors;
  }

  std::optional<NodeArray> match(Address node, std::uint32_t node_size) const {
    // A model that holds the arrays that nodes point to is preferred to its copy elsewhere.
    const Address inputs = stage_.guest.word(node).value_or(0);
    std::optional<NodeArray> best;
    Address best_below = 0;
    const std::uint32_t stride = node_size + 4;
    for (std::size_t m = 0; m < models_.size(); ++m) {
      const FoundModel& model = models_[m].found;
      const Address below = model.address <= inputs ? model.address : 0;
      if (best && below <= best_below) continue;
      for (std::size_t s = 0; s < model.graphs.size(); ++s) {
        const auto& operators = model.graphs[s].operators;
        for (std::size_t i = 0; i < operators.size(); ++i) {
          const auto base = static_cast<Address>(node - i * stride);
          if (!is_operator(node, node_size, operators[i]) || !is_subgraph(base, node_size, model.graphs[s])) continue;
          best = NodeArray{base, node_size, m, s};
          best_below = below;
        }
      }
    }
    return best;
  }

  NodeArray& keep(const NodeArray& array) {
    Model& m = models_[array.model];
    record(m,
           fmt::format("operators are called through nodes that match the model {}: codes, order and tensors", m.where),
           100);
    // Also where they are jumped to, by a loop that ends in a tail call.
    for (std::size_t i = 0; i < m.found.graphs[array.subgraph].operators.size(); ++i) {
      const auto registration =
          stage_.guest.word(array.base + static_cast<Address>(i) * array.stride() + array.node_size);
      for (const std::uint32_t at : {prepare_at, invoke_at})
        if (const auto f = stage_.guest.word(registration.value_or(0) + at); f && *f) stage_.is_function(*f);
    }
    arrays_.push_back(array);
    return arrays_.back();
  }

  void scan_memory() {
    for (const auto& region : stage_.guest.bus().regions()) {
      if (region->kind == memory::RegionKind::device || !region->bytes) continue;
      std::vector<std::string> unreadable;
      const auto* bytes = reinterpret_cast<const std::byte*>(region->host(region->base));
      for (FoundModel& f : find_models({bytes, static_cast<std::size_t>(region->size)}, region->base, unreadable))
        if (std::none_of(models_.begin(), models_.end(),
                         [&](const Model& m) { return m.found.address == f.address; })) {
          const std::size_t at = add(std::move(f), "in memory");
          models_[at].found.name = models_[at].found.graphs.front().name;
        }
    }
  }

  const Stage& stage_;
  std::vector<Model> models_;
  std::vector<NodeArray> arrays_;
  std::uint32_t node_size_ = 0;  ///< learned from the first match
  std::unordered_set<Address> rejected_;
  unsigned scans_ = 0;
  TflmInits inits_;
  std::map<int, int> prepare_phases_;  ///< by layer
  std::map<int, std::uint64_t> calls_;
  NodeArray dispatched_;  ///< the last operator that was called is one of these
  std::size_t dispatched_operator_ = 0;
  TensorTables tensor_tables_;
  std::map<std::uint32_t, std::vector<Running>> running_;  ///< by thread, innermost last
  std::map<int, Contradiction> contradicted_;              ///< by layer: the first of its calls that was, and how many

  std::uint32_t thread_ = 0;
  std::map<std::uint32_t, std::vector<FrameMark>> marks_;
  std::unordered_set<Address> dispatchers_, seen_;
  bool waiting_ = false;  ///< something was prepared, and no inference began since
  bool inlined_ = false;  ///< the inference under way has no frame of its own
  std::optional<std::size_t> last_operator_depth_;
};

/// A function of the interpreter, if the image's symbols have one.
const Symbol* interpreter_function(const Program& program) {
  for (const Symbol& s : program.symbols.functions())
    if (s.demangled.find("tflite::MicroInterpreter") != std::string::npos) return &s;
  return nullptr;
}

}  // namespace

Result<Candidate> look_for_tflm(const Program& program) {
  Candidate c;
  c.runtime = runtime_name;
  std::vector<FoundModel> models;
  std::vector<std::string> unreadable;
  for (const memory::LoadSegment& s : program.image.segments())
    for (FoundModel& m : find_models(s.bytes, s.vaddr, unreadable)) models.push_back(std::move(m));
  const Symbol* interpreter = interpreter_function(program);
  for (FoundModel& m : models) {
    const Symbol* object = program.symbols.object_at(m.address);
    m.name = object ? object->display : m.graphs.front().name;
    const auto& main = m.graphs.front();
    c.reasons.push_back(fmt::format("a model in TensorFlow Lite's format at 0x{:08x}{}, {} operators", m.address,
                                    object ? " (" + object->display + ")" : "", main.operators.size()));
    Network n;
    n.name = m.name;
    n.runtime = runtime_name;
    n.recognised_by = c.reasons.back();
    for (std::size_t s = 0; s < m.graphs.size(); ++s) {
      n.parameter_bytes += m.graphs[s].parameter_bytes();
      for (Layer& l : layers_of(m.graphs[s], static_cast<int>(s))) {
        l.network = static_cast<int>(c.networks.size());
        n.macs += l.macs;
        c.layers.push_back(std::move(l));
        c.layer_functions.push_back(0);
      }
    }
    c.networks.push_back(std::move(n));
  }
  if (interpreter) c.reasons.push_back("its symbols name the interpreter: " + interpreter->display);
  for (const std::string& text : unreadable) c.reasons.push_back(text);
  constexpr int both = 95, only_model = 70, only_symbols = 60;
  c.confidence = interpreter ? (models.empty() ? only_symbols : both) : models.empty() ? 0 : only_model;
  for (Network& n : c.networks) n.confidence = c.confidence;
  // Also without any of these: a model may come from elsewhere, and names may be gone.
  const bool expected = c.confidence > 0;
  c.listen = [models, expected](const Stage& stage) { return std::make_unique<TflmSource>(stage, models, expected); };
  return c;
}

}  // namespace mj::profile
