// From the engine's edge counts to cycles and instructions: in total at any moment, and per instruction address at the
// end. Nothing here is counted while the program runs; it is multiplied out.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "energy/activity.h"
#include "sim/engine/engine.h"
#include "sim/timing/reason.h"

namespace mj::profile {

/// What was spent, and why.
struct Counts {
  Cycle cycles = 0;
  std::uint64_t instructions = 0;      ///< issued
  std::uint64_t condition_failed = 0;  ///< of these
  std::array<Cycle, timing::reason_count> reasons{};
  energy::Activities activity;  ///< its cycles sum to `cycles`

  Counts& operator+=(const Counts& o);
  Counts& operator-=(const Counts& o);
};

/// Told at which operating points flash has no wait states, so that each word of code run is a read of the array.
using Points = std::vector<energy::OperatingPoint>;

/// Everything up to now; sum(reasons) == cycles == engine.state().now at a block boundary.
Counts total_counts(const engine::Engine& engine, const timing::CoreTiming& timing, const Points& points);

/// Per instruction address. Without exception entries and exits and sleep, which belong to no instruction.
std::map<Address, Counts> counts_by_address(const engine::Engine& engine, const timing::CoreTiming& timing,
                                            const Points& points);
/// Exception entries and exits, and sleep: what counts_by_address leaves out.
Counts exception_counts(const engine::Engine& engine);
Counts sleep_counts(const engine::Engine& engine);

}  // namespace mj::profile
