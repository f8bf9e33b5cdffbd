// From a machine that stopped to a result: each function fills one part of it.
#pragma once

#include "sim/base/error.h"
#include "sim/machine.h"
#include "sim/profile/run_result.h"
#include "sim/program.h"

namespace mj {

profile::Provenance provenance_of(const Program& program, const Machine& machine, bool proposed);
/// Cycles, instructions, reasons, clocks and activity up to now.
void collect_totals(Machine& machine, profile::RunResult& result);
/// What the image occupies of the board's memories, and the deepest stack.
void collect_memory(Machine& machine, const Program& program, profile::RunResult& result);
/// Regions that the firmware marked, on boards with marker registers.
void collect_marked_regions(Machine& machine, const Program& program, profile::RunResult& result);
/// What was not modelled, and what the user should know; reads the result's operating points.
void collect_diagnostics(Machine& machine, const Program& program, profile::RunResult& result);
/// Times of layers, networks and phases, of their activity and the result's operating points.
void set_times(profile::RunResult& result);
/// Every cycle stands exactly once in each split of the run; anything else is our bug, never a report.
/// Errors: internal.
Result<void> check_conserved(Machine& machine, const profile::RunResult& result);

}  // namespace mj
