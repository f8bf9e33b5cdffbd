// A user's mapping of functions to layers (models/schema/layers.schema.json): for networks that nobody recognises.
#pragma once

#include <string>

#include "sim/profile/recognisers/recogniser.h"

namespace mj::profile {

/// Address of a function that a mapping names: a symbol, or 0x and hexadecimal digits, without the Thumb bit. Errors:
/// usage; `where` is what to blame.
Result<Address> mapped_place(const std::string& text, const std::string& where, const Program& program);

/// Reads the file for this image. What it says wins over every recogniser: its confidence is 100 and it ranks first.
/// Without networks if the file has none (it may hold costs only, sim/user_costs.h).
/// Errors: those of checked_json_file; usage: a function that the image doesn't have.
Result<Candidate> read_mapping(const std::string& path, const Program& program);

}  // namespace mj::profile
