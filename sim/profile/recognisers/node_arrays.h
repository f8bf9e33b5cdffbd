// Networks that generators of code wrote as TensorFlow Lite Micro's structures instead of a model
// (tflite_micro_compiler, Edge Impulse's EON): an array of nodes, tflNodes, whose inputs and outputs are numbers of
// tensors, and an array of what tensors are, tensorData. Both are read from memory at the moment of a call.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/profile/recognisers/recogniser.h"

namespace mj::profile {

class NodeArrays {
 public:
  /// The arrays that this node is of. None if there are no such names, or what they name doesn't make sense: whether
  /// enumerations are bytes or words, and which fields a version has, is found by what fits all entries.
  static std::optional<NodeArrays> read(const Program& program, const Guest& guest, Address node);

  /// Which node this is; none if it isn't one of these.
  std::optional<std::size_t> index_of(Address node) const;
  /// What is known of the layer that runs this node as this operator ("CONV_2D").
  Layer layer(std::size_t index, std::string_view op) const;
  LayerTensors tensors(const Guest& guest, std::size_t index) const;

 private:
  struct Place {
    Address data = 0;
    bool in_arena = false;  ///< then `data` counts from arena_pointer's value, if there is one
  };
  bool read_tensors(const Program& program, const Guest& guest, Address begin, std::uint32_t bytes);
  bool read_nodes(const Guest& guest, std::uint32_t bytes);
  Address address_of(const Guest& guest, std::size_t tensor) const;

  Address nodes_ = 0;
  std::uint32_t stride_ = 0;
  Address arena_pointer_ = 0;  ///< variable that holds where the arena begins; 0: addresses are absolute
  model::ModelGraph graph_;
  std::vector<Place> places_;  ///< by tensor
};

}  // namespace mj::profile
