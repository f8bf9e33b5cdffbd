// How a run ended, in words: its first fault and why it stopped.
#pragma once

#include <optional>
#include <string>

#include "sim/machine.h"
#include "sim/profile/run_result.h"
#include "sim/program.h"

namespace mj {

/// The run's first fault; none if nothing faulted.
std::optional<profile::Fault> explain_fault(Machine& machine, const Program& program);

/// `fault`: what explain_fault gave; `limit`: the limit that a run of StopKind::limit reached, "50,000 cycles".
profile::Stop explain_stop(const engine::Stop& stop, Machine& machine, const Program& program,
                           const std::optional<profile::Fault>& fault, const std::string& limit);

}  // namespace mj
