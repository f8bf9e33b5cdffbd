// Tensors of a layer in the firmware's memory: where they lie, and what was found there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/units.h"
#include "sim/profile/model/graph.h"

namespace mj::profile {

struct TensorPlace {
  std::string name;     ///< may be empty
  Address address = 0;  ///< meaningless if something is missing
  model::TensorType type = model::TensorType::int8;
  std::vector<std::int64_t> shape;
  model::Quantization quantization;  ///< empty: not quantised, or nobody says how
  std::string missing;               ///< why its address, type or shape is not known; empty: they are
};

/// What a layer reads when it is called and has written when it returns.
struct LayerTensors {
  std::vector<TensorPlace> inputs, outputs;
  std::vector<TensorPlace> constants;  ///< inputs that are constants; where the runtime keeps them as the model has
  std::vector<TensorPlace> network_inputs;  ///< of the network (or subgraph) that it is a layer of, where known
  int operator_index = -1;                  ///< of the model's (sub)graph; -1: the runtime knows no model
  std::string missing;                      ///< why nothing is known of this layer's tensors; empty: something is

  static LayerTensors unknown(std::string why) {
    LayerTensors t;
    t.missing = std::move(why);
    return t;
  }
};

/// A tensor as it was found. `place.missing` also tells why it could not be read.
struct CapturedTensor {
  TensorPlace place;
  std::vector<std::byte> bytes;
};

/// One call of a layer.
struct CapturedLayer {
  int layer = -1;                                                 ///< index into RunResult::layers
  std::vector<CapturedTensor> inputs, constants, network_inputs;  ///< when it was called
  std::vector<CapturedTensor> outputs;                            ///< when it returned
  int operator_index = -1;                                        ///< see LayerTensors
  std::string missing;                                            ///< see LayerTensors
  std::uint64_t calls = 1;                                        ///< in this inference; this is the first
};

}  // namespace mj::profile
