// From the engine's edge counts to cycles and instructions: in total at any moment, and per instruction address at the
// end. Nothing here is counted while the program runs; it is multiplied out.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "energy/activity.h"
#include "sim/engine/engine.h"
#include "sim/profile/run_result.h"
#include "sim/timing/reason.h"

namespace mj::profile {

/// Bytes that instructions moved: data that they read and wrote, and their own.
struct Moved {
  std::uint64_t read = 0, written = 0, code = 0;
};

/// What was spent, and why.
struct Counts {
  Cycle cycles = 0;
  std::uint64_t instructions = 0;      ///< issued
  std::uint64_t condition_failed = 0;  ///< of these
  std::array<Cycle, timing::reason_count> reasons{};
  std::array<Cycle, timing::reason_count> unsure{};  ///< of these, resting on inferred or estimated numbers
  energy::Activities activity;                       ///< its cycles sum to `cycles`
  std::vector<energy::Activities> parts;             ///< by PartId, sums to `activity`; of total_counts only
  std::vector<Moved> moved;                          ///< by Engine::traffic_rows(); of total_counts only

  Counts& operator+=(const Counts& o);
  Counts& operator-=(const Counts& o);
};

/// Told at which operating points flash has no wait states, so that each word of code run is a read of the array.
using Points = std::vector<energy::OperatingPoint>;

/// Everything up to now; sum(reasons) == cycles == engine.state().now at a block boundary.
Counts total_counts(const engine::Engine& engine, const timing::CoreTiming& timing, const Points& points);

/// What was moved, by the names of regions.
Traffic traffic(const engine::Engine& engine, const Counts& counts);

/// Per instruction address. Without exception entries and exits and sleep, which belong to no instruction.
std::map<Address, Counts> counts_by_address(const engine::Engine& engine, const timing::CoreTiming& timing,
                                            const Points& points);
/// What instructions in [begin, end) spent up to now: the sum of these rows of counts_by_address.
Counts counts_of_code(const engine::Engine& engine, const timing::CoreTiming& timing, const Points& points,
                      Address begin, Address end);
/// What a Cortex-M's profiling counters have counted up to now, exact within a block (ARMv7-M C1.8.4). With
/// instructions i and cycles c: c == i - folded + cpi + exception + sleep + load_store.
struct ProfilingCounters {
  std::uint64_t cycles = 0, instructions = 0;
  std::uint64_t cpi = 0;        ///< cycles beyond the first of other instructions, fetch stalls included
  std::uint64_t exception = 0;  ///< entries and exits
  std::uint64_t sleep = 0;
  std::uint64_t load_store = 0;  ///< cycles beyond the first of loads and stores
  std::uint64_t folded = 0;      ///< instructions that took no cycle
};
ProfilingCounters profiling_counters(const engine::Engine& engine, const timing::CoreTiming& timing);

/// Cycles by the row of the core's table that they rest on, unsure rows only; and those of memory whose numbers are
/// unsure.
struct UnsureRows {
  std::map<std::uint16_t, Cycle> core;
  Cycle memory = 0, exceptions = 0;
};
UnsureRows unsure_rows(const engine::Engine& engine, const timing::CoreTiming& timing);
/// Exception entries and exits, and sleep: what counts_by_address leaves out.
Counts exception_counts(const engine::Engine& engine);
Counts sleep_counts(const engine::Engine& engine);

}  // namespace mj::profile
