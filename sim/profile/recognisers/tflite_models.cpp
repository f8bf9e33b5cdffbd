#include "sim/profile/recognisers/tflite_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "sim/profile/model/tflite_reader.h"

namespace mj::profile {

namespace {

using model::ModelGraph;
using model::Operator;
using model::Tensor;
using model::TensorType;

constexpr std::size_t identifier_offset = 4;
constexpr std::uint32_t most_subgraphs = 256;
constexpr std::uint64_t arena_alignment =
    16;  // tensors of an arena begin at multiples of it (MicroArenaBufferAlignment)

std::vector<std::int64_t> shape(const Tensor& t) { return {t.shape.begin(), t.shape.end()}; }

/// Whether a constant input is something that is multiplied with, not a shape, an axis or a bias.
bool is_weight(const Tensor& t) {
  const bool number = t.type != TensorType::int32 && t.type != TensorType::int64 && t.type != TensorType::boolean &&
                      t.type != TensorType::string;
  return t.is_constant && number && t.shape.size() >= 2;
}

/// Bytes of tensors that must be kept while each operator runs, each rounded up to the arena's alignment.
std::vector<std::uint64_t> live_bytes(const ModelGraph& g) {
  const std::size_t n = g.operators.size();
  std::vector<std::uint64_t> live(n);
  std::vector<std::size_t> first(g.tensors.size(), n), last(g.tensors.size(), 0);
  const auto used = [&](const std::vector<std::int32_t>& tensors, std::size_t op) {
    for (const std::int32_t t : tensors) {
      if (t < 0) continue;
      const auto i = static_cast<std::size_t>(t);
      first[i] = std::min(first[i], op);
      last[i] = std::max(last[i], op);
    }
  };
  for (std::size_t op = 0; op < n; ++op) {
    used(g.operators[op].inputs, op);
    used(g.operators[op].outputs, op);
  }
  // The program writes inputs before and reads outputs behind the inference; variables live on.
  for (const std::int32_t t : g.inputs) first[static_cast<std::size_t>(t)] = 0;
  if (n > 0)
    for (const std::int32_t t : g.outputs) last[static_cast<std::size_t>(t)] = n - 1;
  for (std::size_t t = 0; t < g.tensors.size(); ++t) {
    const Tensor& tensor = g.tensors[t];
    if (tensor.is_constant || first[t] == n) continue;
    const std::uint64_t size = (static_cast<std::uint64_t>(tensor.bytes()) + arena_alignment - 1) / arena_alignment;
    const std::size_t begin = tensor.is_variable ? 0 : first[t], end = tensor.is_variable ? n : last[t] + 1;
    for (std::size_t op = begin; op < end; ++op) live[op] += size * arena_alignment;
  }
  return live;
}

}  // namespace

std::vector<FoundModel> find_models(std::span<const std::byte> bytes, Address address,
                                    std::vector<std::string>& unreadable) {
  constexpr const char* identifier = "TFL3";
  std::vector<FoundModel> found;
  const auto* begin = reinterpret_cast<const char*>(bytes.data());
  const char* end = begin + bytes.size();
  for (const char* at = begin;; ++at) {
    at = std::search(at, end, identifier, identifier + 4);
    if (at == end) break;
    if (at - begin < static_cast<std::ptrdiff_t>(identifier_offset)) continue;
    const auto offset = static_cast<std::size_t>(at - begin) - identifier_offset;
    // The root table lies behind the identifier, not far off in a word that merely stands in front of these letters.
    std::uint32_t root = 0;
    std::memcpy(&root, bytes.data() + offset, sizeof root);
    if (root < 2 * identifier_offset || root >= bytes.size() - offset) continue;
    FoundModel m;
    m.address = address + static_cast<Address>(offset);
    const std::string where = fmt::format("0x{:08x}", m.address);
    for (std::uint32_t s = 0, count = 1; s < count && s < most_subgraphs; ++s) {
      auto graph = model::read_tflite(bytes.subspan(offset), where, s);
      if (!graph) {
        if (graph.error().code == ExitCode::unsupported || s > 0)
          unreadable.push_back("a model at " + where + ": " + graph.error().what + ": " + graph.error().why);
        m.graphs.clear();
        break;
      }
      count = graph->subgraph_count;
      for (const Tensor& t : graph->tensors) m.bytes = std::max<std::uint64_t>(m.bytes, t.data_offset + t.data.size());
      m.graphs.push_back(std::move(*graph));
    }
    if (!m.graphs.empty()) found.push_back(std::move(m));
  }
  return found;
}

std::vector<Layer> layers_of(const ModelGraph& graph, int subgraph) {
  const auto live = live_bytes(graph);
  std::vector<Layer> layers;
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    const Operator& op = graph.operators[i];
    Layer l;
    l.index = static_cast<int>(i);
    l.subgraph = subgraph;
    l.op = op.name();
    for (const std::int32_t t : op.inputs) {
      if (t < 0) continue;
      const Tensor& tensor = graph.tensors[static_cast<std::size_t>(t)];
      if (!tensor.is_constant) l.input_shapes.push_back(shape(tensor));
      if (!is_weight(tensor)) continue;
      l.weight_shapes.push_back(shape(tensor));
      l.weight_bytes += tensor.data.size();
    }
    for (const std::int32_t t : op.outputs) {
      if (t < 0) continue;
      const Tensor& tensor = graph.tensors[static_cast<std::size_t>(t)];
      if (l.name.empty()) l.name = tensor.name;
      l.output_shapes.push_back(shape(tensor));
    }
    l.macs = op.macs;
    l.parameter_bytes = op.parameter_bytes;
    l.arena_bytes = live[i];
    layers.push_back(std::move(l));
  }
  return layers;
}

}  // namespace mj::profile
