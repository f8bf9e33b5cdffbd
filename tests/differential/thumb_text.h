// States and programs in words, for the reader of a difference.
#pragma once

#include <string>

#include "tests/differential/thumb_program.h"

namespace mj::differential {

/// What of two states differs, a line each; "" if nothing does.
std::string differences(const ThumbState& ours, const ThumbState& theirs);
/// All registers; those of floating point if `insn` is of it.
std::string state_text(const ThumbState& state, const isa::Insn& insn);
/// The program's instructions.
std::string listing(const ThumbProgram& program, isa::thumb::Features features);

}  // namespace mj::differential
