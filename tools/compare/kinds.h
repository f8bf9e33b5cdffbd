// The two kinds of reference. Private to this folder.
#pragma once

#include <string>
#include <vector>

#include "sim/profile/model/graph.h"
#include "tools/compare/compare.h"

namespace mj::compare {

/// LayerComparison's inputs and computes.
inline constexpr const char *right = "right", *wrong = "wrong", *unknown = "unknown";

/// "layer 3 CONV_2D name".
std::string title(const profile::Layer& layer);
/// Sums up the layers, and says which is the first that is wrong.
void count(profile::Comparison& comparison);

/// Errors: those of the model's reader.
Result<std::vector<model::ModelGraph>> read_model(const std::string& path);
Result<profile::Comparison> with_model(const profile::RunResult& run,
                                       const std::vector<profile::CapturedLayer>& captured, const Request& request);
Result<profile::Comparison> with_files(const profile::RunResult& run,
                                       const std::vector<profile::CapturedLayer>& captured, const Request& request);

}  // namespace mj::compare
