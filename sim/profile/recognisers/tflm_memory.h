// Where TensorFlow Lite Micro's interpreter keeps a network's tensors, and how much of its arena it uses.
#pragma once

#include <map>
#include <optional>
#include <utility>

#include "sim/profile/recognisers/recogniser.h"
#include "sim/profile/recognisers/tflite_models.h"

namespace mj::profile {

/// The interpreter's table of a subgraph's tensors (TfLiteEvalTensor: data, dims, type; 12 bytes each), found by the
/// addresses of all its constants, which lie in the model. `near`: an address of the interpreter's memory. None: no
/// such table, or the subgraph has no constants to know it by.
std::optional<Address> find_tensor_table(const Guest& guest, const FoundModel& model, std::size_t subgraph,
                                         Address near);

/// The data pointer of a tensor of that table.
std::optional<Address> tensor_data(const Guest& guest, Address table, std::size_t tensor);

/// Tables found so far: each is looked for once, and again when its memory has come to hold something else.
class TensorTables {
 public:
  /// `nodes`: where the subgraph's nodes begin.
  std::optional<Address> find(const Guest& guest, const FoundModel& model, std::size_t subgraph, Address nodes);

 private:
  std::map<std::pair<Address, std::size_t>, std::optional<Address>> tables_;  ///< by nodes and subgraph
};

/// What an operator reads and writes, as its subgraph's table says at the moment of its call.
LayerTensors operator_tensors(const Guest& guest, Address table, const model::ModelGraph& graph, std::size_t index);

/// The arena that holds the addresses `node` and `tensor`, by the interpreter's own account of it
/// (SingleArenaBufferAllocator: begin and end of the buffer, end of what is used from its begin on, begin of what is
/// used up to its end). None if there is no such account.
std::optional<Arena> find_arena(const Guest& guest, Address node, Address tensor);

}  // namespace mj::profile
