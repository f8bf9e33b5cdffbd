// Where an oracle is wrong, and what the manual says: the campaign's list of explained differences.
#pragma once

#include <span>

#include "tests/differential/thumb_state.h"

namespace mj::differential {

/// An instruction, and the state that it found.
struct Executed {
  isa::Insn insn;
  ThumbState before;
  bool behind_skipped_fp = false;  ///< before it in its IT block stands an FP instruction that was skipped
};

struct KnownDifference {
  const char* what;  ///< with the manual's section that decides
  bool (*applies)(isa::thumb::Features, const Executed&);
  void (*forget)(const Executed&, ThumbState&);  ///< makes what it explains equal, and nothing else
};

/// Unicorn 2.0.1 (QEMU 5.0.1).
std::span<const KnownDifference> known_of_unicorn();

}  // namespace mj::differential
