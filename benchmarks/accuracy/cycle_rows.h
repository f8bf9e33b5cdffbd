// Cycles beside truth: rows, the metric, the tables. Knows neither files nor the simulator.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mj::accuracy {

/// One window of one program.
struct CycleRow {
  std::string suite, core, name, source;
  double truth = 0;        ///< cycles; a figure published per byte makes fractions
  double uncertainty = 0;  ///< cycles: as near to the truth as this counts as exact
  double cycles = 0;       ///< ours
  std::string failure;     ///< why the program's run counts for nothing; empty: it passed its own check

  bool failed() const { return !failure.empty(); }
  bool exact() const;
  /// Ours / truth - 1; 0 if exact, 1 if failed.
  double error() const;
};

/// All rows of one suite and one core. Errors in percent, each row with the same weight.
struct CycleSummary {
  std::string suite, core;
  std::size_t rows = 0, exact = 0, failed = 0;
  double mape = 0, mean = 0;  ///< of |error| and of error
  double worst = 0;           ///< signed error of the row whose |error| is largest; of equal ones the first
  std::string worst_row;      ///< empty: no row is off
};

/// Suites, and within them cores, in the order of their first rows. Nothing is summed over cores.
std::vector<CycleSummary> summarise(const std::vector<CycleRow>& rows);

/// The summaries as a Markdown table, and below it what failed and why.
std::string cycle_table(const std::vector<CycleRow>& rows);

/// Every row as CSV.
std::string cycle_csv(const std::vector<CycleRow>& rows);

}  // namespace mj::accuracy
