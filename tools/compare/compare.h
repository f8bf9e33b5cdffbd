// Layers of a run against a reference: which is the first whose output is wrong, and whether it or one before it is to
// blame.
//
// Against a model, each layer is computed twice by our host reference (tools/reference): from the outputs that the
// reference has computed so far, beginning with the network's input as the firmware had it, and from the inputs that
// the firmware itself had. The first tells whether the output is right, the second whether the layer computed right.
// An operator that the reference doesn't have is not compared; what follows is computed from the firmware's output.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/run_result.h"
#include "sim/profile/tensors.h"

namespace mj::compare {

struct Request {
  std::string reference;        ///< path of a .tflite, or of a folder of tensors (tensor_files.h)
  std::uint64_t inference = 1;  ///< that the layers were captured in
  std::function<void(std::size_t done, std::size_t all)> progress;  ///< before each layer; may be empty
};

/// Before a long run: whether there is such a reference. Errors: unreadable, and those of the model's reader.
Result<void> check_reference(const std::string& reference);

/// Errors: usage (nothing was captured, the model is of another network), unreadable (the reference can't be read, a
/// folder holds none of these layers).
Result<profile::Comparison> compare(const profile::RunResult& run, const std::vector<profile::CapturedLayer>& captured,
                                    const Request& request);

}  // namespace mj::compare
