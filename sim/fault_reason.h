// Why firmware faulted, in its own terms: what a developer would find out with a debugger.
#pragma once

#include <string>

#include "sim/engine/engine.h"
#include "sim/heap_watch.h"
#include "sim/machine.h"
#include "sim/program.h"

namespace mj {

/// The likely reason of a fault, and what to look at; may be empty.
std::string fault_reason(Machine& machine, const Program& program, const HeapWatch& heap,
                         const engine::FaultRecord& fault);

/// What TensorFlow Lite Micro said on the console about an arena that is too small, and which allocator found no
/// memory; empty: neither.
std::string out_of_memory(const Machine& machine, const HeapWatch& heap);

}  // namespace mj
