// Cells that tables of several sections share. Private to this folder.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/profile/run_result.h"
#include "tools/report/table.h"

namespace mj::report {

inline Cycle sum(const profile::Reasons& reasons) { return std::accumulate(reasons.begin(), reasons.end(), Cycle{0}); }

/// Of a column that sums to the run's time: as many decimals as that takes, "<0.1" for what would look like nothing.
std::string milliseconds(double seconds, const profile::RunResult& r);
/// Likewise of the run's energy; "-": unknown.
std::string microjoules(const std::optional<profile::Energy>& energy, const profile::RunResult& r);

/// Without the column of that title, if there is one.
void remove_column(Table& table, std::string_view title);

/// What a table with a µJ column says about it.
std::string joule_remark(const profile::RunResult& r);

/// "3"; "1.3" of several networks; "1:3" in another subgraph than the main one.
std::string layer_number(const profile::RunResult& r, const profile::Layer& l);

/// Phases of the same kind as one.
struct PhaseSum {
  std::string kind;
  std::uint64_t rows = 0, count = 0, femtojoules = 0;
  Cycle cycles = 0;
  double time_s = 0;
};
std::vector<PhaseSum> phase_sums(const profile::RunResult& r);
/// "prepare of 13 operators"
std::string phase_name(const PhaseSum& p);

}  // namespace mj::report
