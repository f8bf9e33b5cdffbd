// Where an oracle is wrong, and what the manual says: the campaign's list of explained differences.
#pragma once

#include <span>

#include "tests/differential/thumb_state.h"

namespace mj::differential {

/// An instruction, and the state that it found.
struct Executed {
  isa::Insn insn;
  ThumbState before;
  bool behind_skipped_fp = false;  ///< an FP instruction was skipped in what the oracle translates as one piece
};

struct KnownDifference {
  const char* what;  ///< with the manual's section that decides
  bool (*applies)(isa::thumb::Features, const Executed&);
  void (*forget)(const Executed&, ThumbState&);  ///< makes what it explains equal, and nothing else
  bool in_qemu = false;                          ///< QEMU 7.2 has it, too
};

/// Unicorn 2.0.1 (QEMU 5.0.1).
std::span<const KnownDifference> known_of_unicorn();

}  // namespace mj::differential
