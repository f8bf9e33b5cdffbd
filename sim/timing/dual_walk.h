// The walk of a block over a core that issues two instructions a cycle. Private to this folder.
#pragma once

#include <span>

#include "sim/timing/core_timing.h"
#include "sim/timing/table.h"

namespace mj::timing {

/// As CoreTiming::walk, for a table with `dual`.
Walk dual_walk(const CoreTiming::Table& table, std::span<const isa::Insn> insns, std::span<const isa::Effects> effects,
               const PipeState& entry);

}  // namespace mj::timing
