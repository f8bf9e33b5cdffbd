// Networks whose layers are functions known by address before the run: named by a note, by a user's mapping file, or by
// a code generator's symbols.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/profile/recognisers/recogniser.h"

namespace mj::profile {

struct FunctionLayer {
  Address function = 0;   ///< without the Thumb bit
  Address call_site = 0;  ///< only when called by the instruction here; 0: whoever calls it
  Layer layer;            ///< facts
  LayerTensors tensors = LayerTensors::unknown("a mapping file doesn't say where tensors lie");
};

struct FunctionNetwork {
  Network network;  ///< facts
  /// The function that is an inference; 0: an inference is what the first layer's caller does from the first layer on,
  /// until it returns or the first layer begins again.
  Address inference = 0;
  /// In execution order. Rows of the same function (and call site) are its calls in the order of an inference; with
  /// one row, all its calls.
  std::vector<FunctionLayer> layers;
};

/// Called at an inference's begin and end, when tensors can be written and read; network: index of the list.
using InferenceHook = std::function<void(int network, bool begins)>;

std::unique_ptr<LayerSource> listen_to_functions(std::vector<FunctionNetwork> networks, const Stage& stage);

}  // namespace mj::profile
