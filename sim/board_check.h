// Private to board*.cpp: what a board file says beyond its schema is held against, and how complaints are made.
#pragma once

#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/board.h"

namespace mj {

Error usage(std::string what, std::string where, std::string why = "", std::string advice = "");

/// "a, b, c"
std::string joined(const std::vector<std::string>& words);

/// Errors (ExitCode::usage) name `file` and the JSON pointer: spans that overlap or leave the address space, numbers of
/// the wrong magnitude, names that nothing has.
Result<void> check_meaning(const BoardSpec& board, const std::string& file);

}  // namespace mj
