#include "benchmarks/accuracy/cycle_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace mj::accuracy {

bool CycleRow::exact() const { return !failed() && std::abs(cycles - truth) <= uncertainty; }

double CycleRow::error() const {
  if (failed()) return 1;
  return exact() ? 0 : cycles / truth - 1;
}

std::vector<CycleSummary> summarise(const std::vector<CycleRow>& rows) {
  std::vector<CycleSummary> out;
  for (const CycleRow& r : rows) {
    auto same_suite = [&](const CycleSummary& s) { return s.suite == r.suite; };
    auto at =
        std::find_if(out.begin(), out.end(), [&](const CycleSummary& s) { return same_suite(s) && s.core == r.core; });
    if (at == out.end()) {
      // Behind the suite's other cores, wherever the manifest has this one.
      const auto last = std::find_if(out.rbegin(), out.rend(), same_suite);
      CycleSummary summary;
      summary.suite = r.suite;
      summary.core = r.core;
      at = out.insert(last == out.rend() ? out.end() : last.base(), std::move(summary));
    }
    const double percent = 100 * r.error();
    ++at->rows;
    at->exact += r.exact();
    at->failed += r.failed();
    at->mape += std::abs(percent);
    at->mean += percent;
    if (std::abs(percent) > std::abs(at->worst)) {
      at->worst = percent;
      at->worst_row = r.name;
    }
  }
  for (CycleSummary& s : out) {
    s.mape /= static_cast<double>(s.rows);
    s.mean /= static_cast<double>(s.rows);
  }
  return out;
}

namespace {

/// Signed, and never -0.00.
std::string percent(double value) { return std::abs(value) < 0.005 ? "0.00 %" : fmt::format("{:+.2f} %", value); }

std::string csv_text(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

}  // namespace

std::string cycle_table(const std::vector<CycleRow>& rows) {
  std::string out =
      "| suite | core | rows | exact | MAPE | mean | worst | worst row |\n"
      "|---|---|--:|--:|--:|--:|--:|---|\n";
  for (const CycleSummary& s : summarise(rows))
    out += fmt::format("| {} | {} | {} | {} | {:.2f} % | {} | {} | {} |\n", s.suite, s.core, s.rows, s.exact, s.mape,
                       percent(s.mean), percent(s.worst), s.worst_row.empty() ? "-" : s.worst_row);
  std::string failures;
  for (const CycleRow& r : rows)
    if (r.failed()) failures += fmt::format("- {}, {}, {}: {}\n", r.suite, r.core, r.name, r.failure);
  if (!failures.empty()) out += "\nFailed, each counted as 100 %:\n\n" + failures;
  return out;
}

std::string cycle_csv(const std::vector<CycleRow>& rows) {
  std::string out = "suite,core,row,truth_cycles,uncertainty_cycles,cycles,error_percent,exact,failure,source\n";
  for (const CycleRow& r : rows)
    out += fmt::format("{},{},{},{},{},{},{:.4f},{},{},{}\n", csv_text(r.suite), csv_text(r.core), csv_text(r.name),
                       r.truth, r.uncertainty, r.cycles, 100 * r.error(), r.exact() ? 1 : 0, csv_text(r.failure),
                       csv_text(r.source));
  return out;
}

}  // namespace mj::accuracy
