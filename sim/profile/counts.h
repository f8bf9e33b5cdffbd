// From the engine's edge counts to cycles and instructions: in total at any moment, and per instruction address at the
// end. Nothing here is counted while the program runs; it is multiplied out.
#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "sim/engine/engine.h"
#include "sim/timing/reason.h"

namespace mj::profile {

/// What was spent, and why.
struct Counts {
  Cycle cycles = 0;
  std::uint64_t instructions = 0;      ///< issued
  std::uint64_t condition_failed = 0;  ///< of these
  std::array<Cycle, timing::reason_count> reasons{};

  Counts& operator+=(const Counts& o);
  Counts& operator-=(const Counts& o);
};

/// Everything up to now; sum(reasons) == cycles == engine.state().now at a block boundary.
Counts total_counts(const engine::Engine& engine, const timing::CoreTiming& timing);

/// Per instruction address. Without exception entries and exits and sleep, which belong to no instruction.
std::map<Address, Counts> counts_by_address(const engine::Engine& engine, const timing::CoreTiming& timing);

}  // namespace mj::profile
