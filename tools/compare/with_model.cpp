// Layers against a .tflite: see compare.h.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include "sim/profile/model/tflite_reader.h"
#include "tools/compare/elements.h"
#include "tools/compare/kinds.h"
#include "tools/reference/reference.h"

namespace mj::compare {

using model::ModelGraph;
using model::Operator;
using profile::CapturedLayer;
using profile::CapturedTensor;
using profile::Comparison;
using profile::Layer;
using profile::LayerComparison;
using profile::RunResult;
using reference::Bytes;

namespace {

std::int64_t elements(const std::vector<std::int64_t>& shape) {
  std::int64_t n = 1;
  for (const std::int64_t d : shape)
    if (__builtin_mul_overflow(n, d, &n)) return -1;
  return n;
}

/// Which operator of the model each layer is.
struct Matched {
  int network = -1;
  std::vector<int> operators;  ///< for each captured layer: the operator of its subgraph; -1: none
  std::string mismatch;        ///< the first layer that is not the model's; empty: all are
};

std::string contradiction(const Layer& layer, const CapturedLayer& c, const ModelGraph& graph, std::size_t index) {
  const Operator& op = graph.operators[index];
  if (layer.op != op.name()) return fmt::format("{} is operator {} of the model, {}", title(layer), index, op.name());
  for (std::size_t i = 0; i < std::min(c.outputs.size(), op.outputs.size()); ++i) {
    const auto& place = c.outputs[i].place;
    if (op.outputs[i] < 0 || place.shape.empty()) continue;
    const model::Tensor& t = graph.tensors[static_cast<std::size_t>(op.outputs[i])];
    if (elements(place.shape) != t.elements())
      return fmt::format("{} writes {} elements, operator {} of the model {} ({})", title(layer), elements(place.shape),
                         index, t.elements(), t.shape_text());
  }
  return "";
}

Matched match(const RunResult& run, const std::vector<CapturedLayer>& captured, const std::vector<ModelGraph>& graphs,
              int network) {
  Matched m;
  m.network = network;
  m.operators.assign(captured.size(), -1);
  std::size_t next = 0;  // operator of the main graph, for layers that don't say which they are
  std::string first_unplaced;
  bool any = false;
  for (std::size_t i = 0; i < captured.size(); ++i) {
    const CapturedLayer& c = captured[i];
    const Layer& layer = run.layers[static_cast<std::size_t>(c.layer)];
    if (layer.network != network) continue;
    if (c.operator_index < 0) {
      if (!c.missing.empty()) continue;
      const ModelGraph& g = graphs.front();
      const auto place = [&](std::size_t from) {
        while (from < g.operators.size() && !contradiction(layer, c, g, from).empty()) ++from;
        return from;
      };
      if (const std::size_t at = place(next); at < g.operators.size()) {
        m.operators[i] = static_cast<int>(at);
        next = at + 1;
        any = true;
      } else if (first_unplaced.empty()) {
        first_unplaced = title(layer) + " is none of the model's operators that are left";
      }
      continue;
    }
    any = true;
    const auto s = static_cast<std::size_t>(layer.subgraph);
    const auto index = static_cast<std::size_t>(c.operator_index);
    std::string no;
    if (s >= graphs.size() || index >= graphs[s].operators.size())
      no = fmt::format("{} is operator {}, the model has {}", title(layer), index,
                       s < graphs.size() ? graphs[s].operators.size() : 0);
    else
      no = contradiction(layer, c, graphs[s], index);
    if (!no.empty() && m.mismatch.empty()) m.mismatch = no;
    if (no.empty()) m.operators[i] = static_cast<int>(index);
  }
  if (!any && m.mismatch.empty()) m.mismatch = first_unplaced;
  return m;
}

/// One layer after the other, as the firmware called them.
class ModelComparison {
 public:
  ModelComparison(const RunResult& run, const std::vector<ModelGraph>& graphs) : run_(run), graphs_(graphs) {
    for (const ModelGraph& g : graphs) {
      values_.emplace_back(g.tensors.size());
      computed_by_.emplace_back(g.tensors.size(), -1);
    }
  }

  LayerComparison layer(const CapturedLayer& c, int operator_index) {
    LayerComparison out;
    out.layer = c.layer;
    out.outcome = "not_compared";
    out.inputs = out.computes = unknown;
    if (!c.missing.empty()) out.remarks.push_back(c.missing);
    if (c.calls > 1)
      out.remarks.push_back(fmt::format("called {} times in this inference; this is the first call", c.calls));
    if (operator_index < 0) {
      if (c.missing.empty()) out.remarks.push_back("no operator of the model has its op and shapes in this place");
      return out;
    }
    const auto s = static_cast<std::size_t>(run_.layers[static_cast<std::size_t>(c.layer)].subgraph);
    const ModelGraph& g = graphs_[s];
    const auto index = static_cast<std::size_t>(operator_index);
    const Operator& op = g.operators[index];
    std::vector<Bytes>& values = values_[s];

    for (std::size_t i = 0; i < std::min(c.network_inputs.size(), g.inputs.size()); ++i)
      seed(g, values, g.inputs[i], c.network_inputs[i]);
    std::vector<Bytes> own(g.tensors.size());
    bool own_known = true, chain_known = true;
    inputs(c, g, op, s, own, own_known, chain_known, out);
    constants(c, g, op, out);
    outputs(c, g, index, s, own, own_known, chain_known, out);
    for (const std::int32_t t : op.outputs)
      if (t >= 0) computed_by_[s][static_cast<std::size_t>(t)] = c.layer;
    return out;
  }

  /// The layer of the run that computed what `layer` was given wrong, -1: the network's own input.
  int predecessor(int layer) const {
    const auto at = blamed_.find(layer);
    return at == blamed_.end() ? -1 : at->second;
  }
  const std::string& wrong_input(int layer) const {
    static const std::string none;
    const auto at = wrong_input_.find(layer);
    return at == wrong_input_.end() ? none : at->second;
  }

 private:
  static bool is_there(const CapturedTensor& t, const model::Tensor& tensor) {
    return t.place.missing.empty() && t.bytes.size() == static_cast<std::size_t>(tensor.bytes());
  }

  /// What nobody computed is as the firmware had it.
  static void seed(const ModelGraph& g, std::vector<Bytes>& values, std::int32_t t, const CapturedTensor& from) {
    Bytes& value = values[static_cast<std::size_t>(t)];
    if (value.empty() && is_there(from, g.tensors[static_cast<std::size_t>(t)])) value = from.bytes;
  }

  void inputs(const CapturedLayer& c, const ModelGraph& g, const Operator& op, std::size_t s, std::vector<Bytes>& own,
              bool& own_known, bool& chain_known, LayerComparison& out) {
    std::size_t position = 0;
    bool all_right = true, any_wrong = false;
    for (const std::int32_t t : op.inputs) {
      if (t < 0) continue;
      const auto i = static_cast<std::size_t>(t);
      const model::Tensor& tensor = g.tensors[i];
      if (tensor.is_constant) continue;
      const std::size_t at = position++;
      const bool seen = at < c.inputs.size() && is_there(c.inputs[at], tensor);
      if (seen) {
        own[i] = c.inputs[at].bytes;
      } else {
        own_known = false;
        const std::string why = at < c.inputs.size() ? c.inputs[at].place.missing : "";
        out.remarks.push_back(fmt::format("input {}: {}", at, why.empty() ? "not located" : why));
      }
      Bytes& value = values_[s][i];
      if (value.empty()) {
        const bool graph_input = std::find(g.inputs.begin(), g.inputs.end(), t) != g.inputs.end();
        if (seen) seed(g, values_[s], t, c.inputs[at]);
        // Nobody computed it: that it is right is known of the network's own input alone.
        all_right = all_right && seen && graph_input;
        chain_known = chain_known && seen;
        continue;
      }
      if (!seen) {
        all_right = false;
      } else if (value != own[i]) {
        all_right = false;
        any_wrong = true;
        if (!blamed_.count(c.layer)) {
          blamed_[c.layer] = computed_by_[s][i];
          wrong_input_[c.layer] = tensor.name;
        }
      }
    }
    out.inputs = any_wrong ? wrong : all_right ? right : unknown;
  }

  static void constants(const CapturedLayer& c, const ModelGraph& g, const Operator& op, LayerComparison& out) {
    std::size_t position = 0;
    for (const std::int32_t t : op.inputs) {
      if (t < 0 || !g.tensors[static_cast<std::size_t>(t)].is_constant) continue;
      const std::size_t at = position++;
      if (at >= c.constants.size() || !c.constants[at].place.missing.empty()) continue;
      const model::Tensor& tensor = g.tensors[static_cast<std::size_t>(t)];
      const Bytes &want = tensor.data, &have = c.constants[at].bytes;
      if (have == want) continue;
      if (have.size() != want.size()) {
        out.remarks.push_back(fmt::format("its constant {} has {} bytes in the firmware, {} in the model", tensor.name,
                                          have.size(), want.size()));
        continue;
      }
      std::size_t differing = 0, first = 0;
      for (std::size_t i = have.size(); i-- > 0;)
        if (have[i] != want[i]) ++differing, first = i;
      out.remarks.push_back(fmt::format(
          "its constant {} at 0x{:08x} is not the model's: {} of {} bytes differ, the first at 0x{:08x} is 0x{:02x} "
          "instead of 0x{:02x}",
          tensor.name.substr(0, tensor.name.find(';')), c.constants[at].place.address, differing, have.size(),
          c.constants[at].place.address + first, std::to_integer<unsigned>(have[first]),
          std::to_integer<unsigned>(want[first])));
    }
  }

  void outputs(const CapturedLayer& c, const ModelGraph& g, std::size_t index, std::size_t s,
               const std::vector<Bytes>& own, bool own_known, bool chain_known, LayerComparison& out) {
    const Operator& op = g.operators[index];
    const bool one = op.outputs.size() == 1 && op.outputs[0] >= 0;
    const auto t = static_cast<std::size_t>(one ? op.outputs[0] : 0);
    const bool seen = one && !c.outputs.empty() && is_there(c.outputs[0], g.tensors[t]);
    if (!seen) {
      const std::string why = c.outputs.empty() ? "" : c.outputs[0].place.missing;
      out.remarks.push_back(one ? fmt::format("output: {}", why.empty() ? "not located" : why)
                                : std::string("the reference has no operators of several outputs"));
    }
    if (one && chain_known) {
      auto expected = reference::run_operator(g, index, values_[s]);
      if (!expected) {
        out.remarks.push_back("the reference can't compute it: " + expected.error().why);
        take_over(c, op, g, s);
        return;
      }
      values_[s][t] = std::move(*expected);
    } else if (!one) {
      take_over(c, op, g, s);
    } else {
      out.remarks.push_back("what it is computed from is not known");
      take_over(c, op, g, s);
    }
    if (!seen || !chain_known) return;
    const Bytes& got = c.outputs[0].bytes;
    const bool same_inputs = out.inputs == right;
    bool equal = got == values_[s][t];
    std::optional<bool> computes;
    if (same_inputs) {
      computes = equal;
    } else if (own_known) {
      const auto alone = reference::run_operator(g, index, own);
      if (alone) computes = got == *alone;
    }
    if (!equal || computes == false) {
      // The other of the two ways to round that this arithmetic is specified with.
      const auto once = [&](const std::vector<Bytes>& from) {
        const auto value = reference::run_operator(g, index, from, reference::Rounding::once);
        return value && *value == got;
      };
      bool other = false;
      if (computes == false) other = once(same_inputs ? values_of(s, op, g) : own);
      if (other) {
        computes = true;
        if (same_inputs) equal = true;
        out.remarks.push_back("right with single rounding (TFLITE_SINGLE_ROUNDING, CMSIS_NN_USE_SINGLE_ROUNDING)");
      }
    }
    if (computes) out.computes = *computes ? right : wrong;
    out.outcome = equal ? "equal" : "differs";
    if (equal) {
      values_[s][t] = got;
      return;
    }
    std::vector<std::int64_t> shape(g.tensors[t].shape.begin(), g.tensors[t].shape.end());
    out.differences.push_back(difference(g.tensors[t].name, g.tensors[t].type, shape, values_[s][t], got));
  }

  /// The reference's values of an operator's inputs alone.
  std::vector<Bytes> values_of(std::size_t s, const Operator& op, const ModelGraph& g) const {
    std::vector<Bytes> some(g.tensors.size());
    for (const std::int32_t i : op.inputs)
      if (i >= 0) some[static_cast<std::size_t>(i)] = values_[s][static_cast<std::size_t>(i)];
    return some;
  }

  /// Of an operator that was not computed, what follows goes on with the firmware's outputs.
  void take_over(const CapturedLayer& c, const Operator& op, const ModelGraph& g, std::size_t s) {
    for (std::size_t i = 0; i < std::min(c.outputs.size(), op.outputs.size()); ++i)
      if (op.outputs[i] >= 0) seed(g, values_[s], op.outputs[i], c.outputs[i]);
  }

  const RunResult& run_;
  const std::vector<ModelGraph>& graphs_;
  std::vector<std::vector<Bytes>> values_;     ///< [subgraph][tensor]: the reference's
  std::vector<std::vector<int>> computed_by_;  ///< the same: index of the run's layer
  std::map<int, int> blamed_;                  ///< layer -> the one that computed its wrong input
  std::map<int, std::string> wrong_input_;
};

}  // namespace

/// All subgraphs of a file.
Result<std::vector<ModelGraph>> read_model(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{ExitCode::unreadable, "the model can't be read", path, "no such file", "check --compare"};
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::span bytes(reinterpret_cast<const std::byte*>(text.data()), text.size());
  constexpr std::uint32_t most_subgraphs = 256;
  std::vector<ModelGraph> graphs;
  for (std::uint32_t s = 0, count = 1; s < count && s < most_subgraphs; ++s) {
    auto graph = model::read_tflite(bytes, path, s);
    if (!graph) return graph.error();
    count = graph->subgraph_count;
    graphs.push_back(std::move(*graph));
  }
  return graphs;
}

Result<Comparison> with_model(const RunResult& run, const std::vector<CapturedLayer>& captured,
                              const Request& request) {
  const auto graphs = read_model(request.reference);
  if (!graphs) return graphs.error();
  Matched best;
  for (const CapturedLayer& c : captured) {
    const int network = run.layers[static_cast<std::size_t>(c.layer)].network;
    if (network == best.network) continue;
    Matched m = match(run, captured, *graphs, network);
    if (best.network < 0 || (m.mismatch.empty() && !best.mismatch.empty())) best = std::move(m);
    if (best.mismatch.empty()) break;
  }
  if (!best.mismatch.empty())
    return Error{ExitCode::usage, "the model is not the firmware's", request.reference, best.mismatch,
                 "the .tflite that the firmware was made from"};

  ModelComparison model(run, *graphs);
  Comparison result;
  result.kind = "model";
  for (std::size_t i = 0; i < captured.size(); ++i) {
    if (run.layers[static_cast<std::size_t>(captured[i].layer)].network != best.network) continue;
    if (request.progress) request.progress(i, captured.size());
    result.layers.push_back(model.layer(captured[i], best.operators[i]));
  }
  count(result);
  if (result.first < 0) return result;
  const LayerComparison& f = result.layers[static_cast<std::size_t>(result.first)];
  const std::string& tensor = model.wrong_input(f.layer);
  if (f.inputs != wrong) {
    const bool constant = std::any_of(f.remarks.begin(), f.remarks.end(),
                                      [](const std::string& r) { return r.starts_with("its constant "); });
    result.verdict = f.inputs == right ? "its inputs are right, " : "whether its inputs are right is not known, ";
    result.verdict += f.computes != wrong ? "and so is not what is wrong"
                      : constant          ? "its constants are not the model's"
                                          : "what it computes from them is not: its kernel, or its parameters";
    return result;
  }
  const int before = model.predecessor(f.layer);
  const std::string source = before < 0 ? "as it was when the inference began"
                                        : "what " + title(run.layers[static_cast<std::size_t>(before)]) + " wrote";
  result.verdict = fmt::format(
      "its input {} is not {}: something else wrote there in between (another tensor in the "
      "same place, an interrupt, a stray pointer); {}",
      tensor, source,
      f.computes == right   ? "from what it was given it computes right"
      : f.computes == wrong ? "from what it was given it computes wrong, too"
                            : "whether it computes right is not known");
  return result;
}

}  // namespace mj::compare
