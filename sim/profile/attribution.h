// Splits a finished run's cycles by function, inlined function, source line and call context.
#pragma once

#include <functional>
#include <string>

#include "sim/engine/engine.h"
#include "sim/profile/counts.h"
#include "sim/profile/dwarf.h"
#include "sim/profile/run_result.h"
#include "sim/profile/symbols.h"

namespace mj::profile {

/// Fills result.functions, result.lines and result.call_tree. Each of them sums exactly to the engine's cycles; what
/// has no name gets a row of its own ("[.text+0x12 unknown]", "[exception entry and exit]", "[sleep]").
/// `layer_of`: which of result.layers a node of the call tree runs, -1: none; sets these layers' kernels, too.
void attribute(
    const engine::Engine& engine, const timing::CoreTiming& timing, const SymbolTable& symbols, const DebugInfo& debug,
    RunResult& result, const std::function<int(const CallNode&)>& layer_of = [](const CallNode&) { return -1; });

/// Name of the function that an address belongs to, or of the unclaimed run around it.
std::string function_name(const SymbolTable& symbols, Address address);

}  // namespace mj::profile
