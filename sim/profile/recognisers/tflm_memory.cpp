#include "sim/profile/recognisers/tflm_memory.h"

#include <algorithm>
#include <cstring>

namespace mj::profile {

namespace {

constexpr Address eval_tensor_bytes = 12;

/// Calls see(address, words) for each aligned place of the region around `near` that `count` words of memory follow,
/// until it returns true.
template <class See>
bool each_place(const Guest& guest, Address near, std::size_t count, See see) {
  for (const auto& region : guest.bus().regions()) {
    if (region->kind != memory::RegionKind::ram || !region->bytes || !region->contains(near, 4)) continue;
    const std::uint8_t* bytes = region->host(region->base);
    for (std::uint64_t at = (4 - (region->base & 3)) & 3; at + 4 * count <= region->size; at += 4)
      if (see(static_cast<Address>(region->base + at), bytes + at)) return true;
  }
  return false;
}

std::uint32_t word_at(const std::uint8_t* p) {
  std::uint32_t w = 0;
  std::memcpy(&w, p, sizeof w);
  return w;
}

bool is_constant(const model::Tensor& t) { return t.is_constant && !t.data.empty(); }

Address data_at(const FoundModel& model, const model::Tensor& t) {
  return model.address + static_cast<Address>(t.data_offset);
}

/// Whether all the constants of the subgraph lie where a table at `base` says.
bool is_table(const Guest& guest, const FoundModel& model, std::size_t subgraph, Address base) {
  const auto& tensors = model.graphs[subgraph].tensors;
  for (std::size_t t = 0; t < tensors.size(); ++t) {
    const auto data = tensor_data(guest, base, t);
    if (!data || (is_constant(tensors[t]) && *data != data_at(model, tensors[t]))) return false;
  }
  return true;
}

}  // namespace

std::optional<Address> find_tensor_table(const Guest& guest, const FoundModel& model, std::size_t subgraph,
                                         Address near) {
  const auto& tensors = model.graphs[subgraph].tensors;
  const auto first = std::find_if(tensors.begin(), tensors.end(), is_constant);
  if (first == tensors.end()) return std::nullopt;
  std::optional<Address> table;
  each_place(guest, near, 3, [&](Address place, const std::uint8_t* words) {
    if (word_at(words) != data_at(model, *first)) return false;
    const Address base = place - eval_tensor_bytes * static_cast<Address>(first - tensors.begin());
    if (!is_table(guest, model, subgraph, base)) return false;
    table = base;
    return true;
  });
  return table;
}

std::optional<Address> tensor_data(const Guest& guest, Address table, std::size_t tensor) {
  return guest.word(table + eval_tensor_bytes * static_cast<Address>(tensor));
}

std::optional<Address> TensorTables::find(const Guest& guest, const FoundModel& model, std::size_t subgraph,
                                          Address nodes) {
  const auto [known, added] = tables_.try_emplace({nodes, subgraph});
  if (added || (known->second && !is_table(guest, model, subgraph, *known->second)))
    known->second = find_tensor_table(guest, model, subgraph, nodes);
  return known->second;
}

LayerTensors operator_tensors(const Guest& guest, Address table, const model::ModelGraph& graph, std::size_t index) {
  const auto place = [&](std::int32_t t) {
    const model::Tensor& tensor = graph.tensors[static_cast<std::size_t>(t)];
    TensorPlace p;
    p.name = tensor.name;
    p.type = tensor.type;
    p.shape.assign(tensor.shape.begin(), tensor.shape.end());
    p.quantization = tensor.quantization;
    p.address = tensor_data(guest, table, static_cast<std::size_t>(t)).value_or(0);
    if (p.address == 0) p.missing = "the interpreter has no memory for it";
    return p;
  };
  const model::Operator& op = graph.operators[index];
  LayerTensors tensors;
  tensors.operator_index = static_cast<int>(index);
  for (const std::int32_t t : op.inputs)
    if (t >= 0)
      (graph.tensors[static_cast<std::size_t>(t)].is_constant ? tensors.constants : tensors.inputs).push_back(place(t));
  for (const std::int32_t t : op.outputs)
    if (t >= 0) tensors.outputs.push_back(place(t));
  for (const std::int32_t t : graph.inputs) tensors.network_inputs.push_back(place(t));
  return tensors;
}

std::optional<Arena> find_arena(const Guest& guest, Address node, Address tensor) {
  std::optional<Arena> found;
  each_place(guest, node, 4, [&](Address, const std::uint8_t* words) {
    const Address begin = word_at(words), end = word_at(words + 4), head = word_at(words + 8),
                  tail = word_at(words + 12);
    // Nodes are kept at the arena's end, tensors at its beginning.
    const bool is_it = begin != 0 && begin <= tensor && tensor < head && head <= tail && tail <= node && node < end;
    if (!is_it) return false;
    found = Arena{begin, std::uint64_t{end} - begin, std::uint64_t{head} - begin + (end - tail)};
    return true;
  });
  return found;
}

}  // namespace mj::profile
