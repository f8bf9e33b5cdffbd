#include "sim/profile/recognisers/tflm_memory.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace mj::profile {

namespace {

// TfLiteEvalTensor, then what TfLiteTensor has been.
constexpr std::uint32_t strides[] = {12, 44, 48, 52, 56, 60, 64, 68, 72, 76, 80};

/// The RAM that holds an address, if it is memory of its own.
const memory::Region* ram_at(const Guest& guest, Address address) {
  for (const auto& region : guest.bus().regions())
    if (region->kind == memory::RegionKind::ram && region->bytes && region->contains(address, 4)) return region.get();
  return nullptr;
}

/// Calls see(address, words) for each aligned place of the RAM around `near` that `count` words of memory follow,
/// until it returns true.
template <class See>
bool each_place(const Guest& guest, Address near, std::size_t count, See see) {
  const memory::Region* region = ram_at(guest, near);
  if (!region) return false;
  const std::uint8_t* bytes = region->host(region->base);
  for (std::uint64_t at = (4 - (region->base & 3)) & 3; at + 4 * count <= region->size; at += 4)
    if (see(static_cast<Address>(region->base + at), bytes + at)) return true;
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

/// Whether all the constants of the subgraph lie where a table says.
bool is_table(const Guest& guest, const FoundModel& model, std::size_t subgraph, const TensorTable& table) {
  const auto& tensors = model.graphs[subgraph].tensors;
  for (std::size_t t = 0; t < tensors.size(); ++t) {
    const auto data = tensor_data(guest, table, t);
    if (!data || (is_constant(tensors[t]) && *data != data_at(model, tensors[t]))) return false;
  }
  return true;
}

/// Which of the tables is named beside the nodes; else the nearest.
TensorTable choose(const Guest& guest, const std::vector<TensorTable>& tables, Address nodes) {
  const auto near = [&](const TensorTable& t) { return t.data < nodes ? nodes - t.data : t.data - nodes; };
  TensorTable best =
      *std::min_element(tables.begin(), tables.end(), [&](const auto& a, const auto& b) { return near(a) < near(b); });
  if (tables.size() == 1) return best;
  each_place(guest, nodes, 2, [&](Address, const std::uint8_t* words) {
    if (word_at(words) != nodes) return false;
    const auto named =
        std::find_if(tables.begin(), tables.end(), [&](const auto& t) { return t.data == word_at(words + 4); });
    if (named == tables.end()) return false;
    best = *named;
    return true;
  });
  return best;
}

}  // namespace

std::optional<TensorTable> find_tensor_table(const Guest& guest, const FoundModel& model, std::size_t subgraph,
                                             Address nodes) {
  const auto& tensors = model.graphs[subgraph].tensors;
  const auto first = std::find_if(tensors.begin(), tensors.end(), is_constant);
  if (first == tensors.end()) return std::nullopt;
  std::vector<TensorTable> tables;
  each_place(guest, nodes, 1, [&](Address place, const std::uint8_t* words) {
    if (word_at(words) != data_at(model, *first)) return false;
    for (const std::uint32_t stride : strides) {
      const TensorTable table{place - stride * static_cast<Address>(first - tensors.begin()), stride};
      if (!is_table(guest, model, subgraph, table)) continue;
      tables.push_back(table);
      break;
    }
    return false;
  });
  if (tables.empty()) return std::nullopt;
  return choose(guest, tables, nodes);
}

std::optional<Address> tensor_data(const Guest& guest, const TensorTable& table, std::size_t tensor) {
  return guest.word(table.data + table.stride * static_cast<Address>(tensor));
}

std::optional<TensorTable> TensorTables::find(const Guest& guest, const FoundModel& model, std::size_t subgraph,
                                              Address nodes) {
  const auto [known, added] = tables_.try_emplace({nodes, subgraph});
  if (added || (known->second && !is_table(guest, model, subgraph, *known->second)))
    known->second = find_tensor_table(guest, model, subgraph, nodes);
  return known->second;
}

LayerTensors operator_tensors(const Guest& guest, const TensorTable& table, const model::ModelGraph& graph,
                              std::size_t index) {
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

std::optional<Arena> find_arena(const Guest& guest, Address node, const TensorExtent& tensors) {
  const auto is_buffer = [&](std::uint64_t begin, std::uint64_t end) {
    const auto* region = begin < end ? ram_at(guest, static_cast<Address>(begin)) : nullptr;
    return region && end <= region->base + region->size;
  };
  std::optional<Arena> found;
  each_place(guest, node, 4, [&](Address, const std::uint8_t* words) {
    const std::uint64_t begin = word_at(words), end = word_at(words + 4), head = word_at(words + 8),
                        tail = word_at(words + 12);
    // Nodes are kept at the arena's end, tensors at its beginning.
    const bool is_it = begin <= tensors.begin && tensors.begin < head && head <= tail && tail <= node && node < end &&
                       is_buffer(begin, end);
    if (is_it) found = Arena{static_cast<Address>(begin), end - begin, head - begin + (end - tail)};
    return is_it;
  });
  if (found) return found;
  each_place(guest, node, 3, [&](Address, const std::uint8_t* words) {
    const std::uint64_t used = word_at(words), size = word_at(words + 4), begin = word_at(words + 8);
    const std::uint64_t end = begin + size;
    const bool is_it = used < size && begin <= tensors.begin && tensors.end + used <= end && end <= node + used &&
                       node < end && is_buffer(begin, end);
    if (is_it) found = Arena{static_cast<Address>(begin), size, tensors.end - begin + used};
    return is_it;
  });
  if (found) return found;
  std::optional<Arena> persistent;
  each_place(guest, node, 3, [&](Address, const std::uint8_t* words) {
    const std::uint64_t begin = word_at(words), end = word_at(words + 4), used = word_at(words + 8);
    if (!is_buffer(begin, end)) return false;
    if (!persistent && begin < used && used <= node && node < end)
      persistent = Arena{static_cast<Address>(begin), end - begin, end - used};
    if (!found && begin <= tensors.begin && tensors.end <= used && used <= end && (node < begin || end <= node))
      found = Arena{static_cast<Address>(begin), end - begin, used - begin};
    return persistent && found;
  });
  if (!persistent || !found) return std::nullopt;
  found->bytes += persistent->bytes;
  found->used_bytes += persistent->used_bytes;
  return found;
}

}  // namespace mj::profile
