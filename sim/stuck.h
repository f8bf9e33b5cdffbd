// What firmware waits for that never comes: a loop is watched for some passes after the run was collected.
#pragma once

#include <string>

#include "sim/engine/engine.h"
#include "sim/machine.h"
#include "sim/program.h"

namespace mj {

/// The likely reason of a run that ended by a limit, in an endless loop or asleep; may be empty. Goes on with the
/// program for a few thousand instructions, so everything else must have been taken from the machine before.
std::string stuck_reason(const engine::Stop& stop, Machine& machine, const Program& program);

}  // namespace mj
