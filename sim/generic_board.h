// A board that no one sells: any core, and flat memory without wait states wherever the image wants some. For looking
// at a core's own cycles, without a board's memory in between.
#pragma once

#include <string>
#include <string_view>

#include "memory/elf_image.h"
#include "sim/base/error.h"
#include "sim/board.h"

namespace mj {

/// Whether a board's name is of this kind: "generic:cortex-m4", "generic:cortex-m4@168" (MHz).
bool is_generic_board(std::string_view id);

/// Memory covers the load segments at their load and run addresses, and behind data room for heap and stack; the board
/// has no devices but the core's own, and its console is semihosting.
/// Errors: usage (unknown core, wrong clock), unreadable (broken core file).
Result<BoardSpec> generic_board(const std::string& id, const memory::ElfImage& image, const std::string& overlay = "");

}  // namespace mj
