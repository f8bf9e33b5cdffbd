// What tests of single cores share: the core's table, registers by name, and a walk's cycles by reason.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "sim/timing/core_timing.h"
#include "tests/timing/core_files.h"
#include "tests/timing/walk_builder.h"

namespace mj::test {

enum : unsigned { r0, r1, r2, r3, r4, r5 };
constexpr unsigned s0 = 16, s1 = 17, s2 = 18;

inline timing::CoreTiming core(const std::string& name) {
  Result<timing::CoreTiming> loaded = load_core(name);
  if (!loaded) ADD_FAILURE() << loaded.error().text();
  return std::move(loaded).value();
}

/// Cycles of a walk by reason when it is left through `exit`.
inline std::map<timing::Reason, unsigned> by_reason(const timing::Walk& walk, timing::Exit exit = timing::fallthrough) {
  std::map<timing::Reason, unsigned> sums;
  for (const timing::ReasonCycles& r : walk.reasons) sums[r.reason] += r.cycles;
  for (const timing::ReasonCycles& r : walk.exits[exit].reasons) sums[r.reason] += r.cycles;
  return sums;
}

}  // namespace mj::test
