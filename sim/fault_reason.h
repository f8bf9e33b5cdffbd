// Why firmware faulted, in its own terms: what a developer would find out with a debugger.
#pragma once

#include <string>

#include "sim/engine/engine.h"
#include "sim/machine.h"
#include "sim/program.h"

namespace mj {

/// The likely reason of a fault, and what to look at; may be empty.
std::string fault_reason(Machine& machine, const Program& program, const engine::FaultRecord& fault);

/// What TensorFlow Lite Micro said on the console about an arena that is too small; empty: nothing.
std::string arena_too_small(const Machine& machine);

/// What the console and the C library tell about memory that ran out; empty: nothing.
std::string out_of_memory(Machine& machine, const Program& program);

}  // namespace mj
