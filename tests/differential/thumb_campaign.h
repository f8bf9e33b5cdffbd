// Random Thumb programs here and in Unicorn, compared; the first difference that nothing explains, instruction by
// instruction.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/differential/thumb_state.h"

namespace mj::differential {

/// The families that are compared, by name.
std::span<const Family> families();
const Family* find_family(std::string_view name);

struct CampaignReport {
  std::uint64_t instructions = 0;  ///< executed here, of those drawn from the tables
  std::uint64_t programs = 0, runs = 0;
  std::map<std::string, std::uint64_t> ends;     ///< how runs ended
  std::map<std::string, std::uint64_t> excused;  ///< differences that the oracle's known errors explain
  std::uint64_t turned_down = 0;                 ///< fills that decode as undefined, because they are UNPREDICTABLE
  std::uint64_t not_steered = 0;
  unsigned rows = 0, rows_drawn = 0;
  unsigned differences = 0;  ///< that nothing explains
  std::string difference;    ///< what they are
};

struct CampaignOptions {
  std::uint64_t instructions = 300'000;
  std::uint64_t seed = 1;
  unsigned differences = 1;  ///< found, it ends
  /// Called now and then.
  std::function<void(const CampaignReport&)> progress;
};

CampaignReport run_campaign(const Family& family, const CampaignOptions& options);

/// Up to `per_operation` cases of each operation of which `have` says nothing yet, one a line: what the oracle and we
/// agree on. The lines' form is told in tests/isa/thumb/table_test.cpp.
std::map<std::string, std::vector<std::string>> collect_cases(
    const Family& family, unsigned per_operation, std::uint64_t seed, std::uint64_t programs,
    const std::map<std::string, std::vector<std::string>>& have);

/// The report in a few lines.
std::string text(const Family& family, const CampaignReport& report, std::uint64_t seed);

}  // namespace mj::differential
