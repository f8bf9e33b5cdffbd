// Where TensorFlow Lite Micro's interpreter keeps a network's tensors, and how much of its arena it uses.
#pragma once

#include <map>
#include <optional>
#include <utility>

#include "sim/profile/recognisers/recogniser.h"
#include "sim/profile/recognisers/tflite_models.h"

namespace mj::profile {

/// The interpreter's table of a subgraph's tensors. Since the middle of 2020 its elements are TfLiteEvalTensor (data,
/// dims, type; 12 bytes), before that TfLiteTensor, whose size and layout changed from version to version.
struct TensorTable {
  Address data = 0;          ///< where the data pointer of tensor 0 stands
  std::uint32_t stride = 0;  ///< from one tensor's to the next one's
};

/// That table, found by the addresses of all the subgraph's constants, which lie in the model. Interpreters of the same
/// model have a table each: that one is meant which some structure names beside `nodes`, where the subgraph's nodes
/// begin, else the nearest to them. None: no such table, or the subgraph has no constants to know it by.
std::optional<TensorTable> find_tensor_table(const Guest& guest, const FoundModel& model, std::size_t subgraph,
                                             Address nodes);

/// The data pointer of a tensor of that table.
std::optional<Address> tensor_data(const Guest& guest, const TensorTable& table, std::size_t tensor);

/// Tables found so far: each is looked for once, and again when its memory has come to hold something else.
class TensorTables {
 public:
  /// `nodes`: where the subgraph's nodes begin.
  std::optional<TensorTable> find(const Guest& guest, const FoundModel& model, std::size_t subgraph, Address nodes);

 private:
  std::map<std::pair<Address, std::size_t>, std::optional<TensorTable>> tables_;  ///< by nodes and subgraph
};

/// What an operator reads and writes, as its subgraph's table says at the moment of its call.
LayerTensors operator_tensors(const Guest& guest, const TensorTable& table, const model::ModelGraph& graph,
                              std::size_t index);

/// Where the tensors that are no constants lie, from the first byte to the one behind the last.
struct TensorExtent {
  Address begin = 0;
  std::uint64_t end = 0;
};

/// The arena that holds a node and the tensors, by the interpreter's own account of it. Three are known:
/// - SingleArenaBufferAllocator, until 2022 SimpleMemoryAllocator: begin and end of the buffer, end of what is used of
///   it from its begin on, begin of what is used up to its end;
/// - until the beginning of 2020: bytes used up to the buffer's end, its size, its begin;
/// - two buffers, NonPersistentArenaBufferAllocator for tensors (begin, end, end of what is used) and
///   PersistentArenaBufferAllocator for what lives on (begin, end, begin of what is used). They are told as one arena
///   of both's bytes at the address of the former.
/// None if there is no such account.
std::optional<Arena> find_arena(const Guest& guest, Address node, const TensorExtent& tensors);

}  // namespace mj::profile
