// How a run ended, in words: its first fault and why it stopped.
#pragma once

#include <optional>
#include <string>

#include "sim/heap_watch.h"
#include "sim/machine.h"
#include "sim/profile/run_result.h"
#include "sim/program.h"

namespace mj {

/// The run's first fault; none if nothing faulted.
std::optional<profile::Fault> explain_fault(Machine& machine, const Program& program, const HeapWatch& heap);

/// `fault`: what explain_fault gave; `limit`: the limit that a run of StopKind::limit reached, "50,000 cycles".
profile::Stop explain_stop(const engine::Stop& stop, Machine& machine, const Program& program,
                           const std::optional<profile::Fault>& fault, const std::string& limit);

/// The likely reason of an end that is no fault and no success; may be empty. Goes on with the program for a few
/// thousand instructions, so everything else must have been taken from the machine before.
std::string explain_why(const engine::Stop& stop, const profile::Stop& told, Machine& machine, const Program& program,
                        const HeapWatch& heap);

}  // namespace mj
