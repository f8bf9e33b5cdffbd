// A user's mapping of functions to layers (models/schema/layers.schema.json): for networks that nobody recognises.
#pragma once

#include <string>

#include "sim/profile/recognisers/recogniser.h"

namespace mj::profile {

/// Reads the file for this image. What it says wins over every recogniser: its confidence is 100 and it ranks first.
/// Errors: those of checked_json_file; usage: a function that the image doesn't have.
Result<Candidate> read_mapping(const std::string& path, const Program& program);

}  // namespace mj::profile
