// Code generators and small runtimes whose layers are functions that their names tell (generator_rows.cpp). What such
// a function is handed (a node, a layer object, a C++ object) tells the layers of one function apart.
#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <unordered_set>

#include <fmt/format.h>

#include "sim/profile/recognisers/generator_rows.h"
#include "sim/profile/recognisers/glob.h"
#include "sim/profile/recognisers/inlined_layers.h"
#include "sim/profile/recognisers/node_arrays.h"
#include "sim/profile/recognisers/rows.h"
#include "sim/profile/recognisers/sequence.h"

namespace mj::profile {

namespace {

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
    if (names_->generator->kind != Generator::Layers::calls_with_nodes) return nullptr;
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
  for (const Generator& g : generators()) {
    if (g.inference.empty() || g.kind == Generator::Layers::one) continue;
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
  for (const Generator& g : generators()) {
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
        if (g.kind == Generator::Layers::one) names->layers.insert(s.start);
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
