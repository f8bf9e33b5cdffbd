// Layers' tensors as files of a folder: layer-003.in-0.npy, layer-003.out-0.npy ..., and layer-003.json, which says
// what they are. Of a second network they begin with network-1., of a model's subgraph with subgraph-1.
#pragma once

#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/run_result.h"
#include "sim/profile/tensors.h"

namespace mj::compare {

/// "layer-003": what the names of a layer's files begin with.
std::string file_stem(const profile::Layer& layer);

/// Writes inputs and outputs of these layers into `folder`, which exists. Gives a sentence for each tensor or layer
/// that could not be written, since nobody knows where it lies. Errors: unreadable (the folder can't be written).
Result<std::vector<std::string>> write_tensors(const std::string& folder, const profile::RunResult& run,
                                               const std::vector<profile::CapturedLayer>& captured,
                                               std::uint64_t inference);

}  // namespace mj::compare
