// What a stretch of a run did, as integers: all that energy is priced from afterwards.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/units.h"

namespace mj::energy {

/// Conditions that decide what a cycle costs: prices are looked up by them.
struct OperatingPoint {
  Hertz clock_hz = 0;
  std::uint32_t flash_wait_states = 0;  ///< as programmed; 0 also where there is no flash interface
  bool operator==(const OperatingPoint&) const = default;
};

/// Events at one operating point. Every cycle is in exactly one of issue, stall, sleep.
struct Activity {
  std::uint64_t issue_cycles = 0;       ///< an instruction issued
  std::uint64_t stall_cycles = 0;       ///< awake, none issued: waits, refills, exception entries
  std::uint64_t sleep_cycles = 0;       ///< WFI, WFE
  std::uint64_t code_flash_cycles = 0;  ///< of the issue cycles: the instruction's address is in flash
  std::uint64_t flash_reads = 0;        ///< flash array reads, one flash word each; prefetches included
  std::uint64_t ram_accesses = 0;       ///< data accesses that neither flash nor a device served

  std::uint64_t cycles() const { return issue_cycles + stall_cycles + sleep_cycles; }
  Activity& operator+=(const Activity& o);
  Activity& operator-=(const Activity& o);
  bool operator==(const Activity&) const = default;
};

/// Activity by operating point: index = place in the run's list of operating points. May be shorter than that list.
using Activities = std::vector<Activity>;

Activities& operator+=(Activities& a, const Activities& b);
/// `b` must be contained in `a`.
Activities& operator-=(Activities& a, const Activities& b);

/// How long all of it took, at the clocks of its points. Summed in the points' order: the same on every host.
double seconds(const Activities& a, const std::vector<OperatingPoint>& points);

}  // namespace mj::energy
