// Models in TensorFlow Lite's format wherever they lie in an image or in memory, and what they say of their layers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/base/units.h"
#include "sim/profile/model/graph.h"
#include "sim/profile/run_result.h"

namespace mj::profile {

struct FoundModel {
  Address address = 0;
  std::string name;                       ///< may be empty
  std::vector<model::ModelGraph> graphs;  ///< its subgraphs; [0] is the main one
  /// Lower bound of its length: the end of its last constant.
  std::uint64_t bytes = 0;
};

/// All models in `bytes`, which stand at `address`, in order. What can't be read is left out, with a sentence in
/// `unreadable`: code that handles models holds the format's identifier, too.
std::vector<FoundModel> find_models(std::span<const std::byte> bytes, Address address,
                                    std::vector<std::string>& unreadable);

/// The layers of a subgraph, in order; their network is 0.
std::vector<Layer> layers_of(const model::ModelGraph& graph, int subgraph);

}  // namespace mj::profile
