// Another clock for a run that is there already: the same cycles, other times.
#pragma once

#include <optional>

#include "sim/base/units.h"
#include "sim/profile/run_result.h"

namespace mj::sweep {

/// What a run at `hz` would have found, given a run of the same firmware and flash wait states at another held clock,
/// as far as times go: the caller must know that nothing in the firmware looks at a clock of its own, and must price
/// the result again. None if the times can't be computed to the last bit from what was saved (calls left out of the
/// timeline, or a clock that was not held): then it has to be run.
std::optional<profile::RunResult> retime(const profile::RunResult& run, Hertz hz);

}  // namespace mj::sweep
