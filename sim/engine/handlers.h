// The handler tables of the architectures; each is made in a file of its own from the architecture's ops.def.
#pragma once

#include <cstdint>

#include "sim/engine/block.h"

namespace mj::engine {

/// Handler of an operation (thumb::Op, rv32::Op).
Handler thumb_handler(std::uint16_t op);
Handler rv32_handler(std::uint16_t op);

/// One handler for two operations that follow each other, or nullptr: not a pair worth one.
Handler thumb_pair(std::uint16_t first, std::uint16_t second);

/// Guard in front of an instruction of an IT block; cond 0..13.
Handler thumb_guard(unsigned cond);

}  // namespace mj::engine
