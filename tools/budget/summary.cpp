// The verdict as Markdown, for a CI job's summary page.
#include <fmt/format.h>

#include "tools/budget/budget.h"
#include "tools/budget/figures.h"
#include "tools/report/format.h"
#include "tools/report/table.h"

namespace mj::budget {

namespace {

constexpr std::size_t most_rows = 500;  ///< GitHub's page takes 1 MiB a step

/// Text of the guest or of a file inside of Markdown's inline code, where only a backtick is special.
std::string code(const std::string& text) {
  std::string out = report::printable(text);
  for (char& c : out)
    if (c == '`') c = '\'';
  return "`" + out + "`";
}

std::string finding(const Verdict& v, const Finding& f) {
  const Rule& rule = v.rules[f.rule];
  std::string out = fmt::format("- **{}** {}: {} exceeds {} by {}", code(f.subject), name(rule.metric),
                                figure(rule.metric, f.judged), limit_text(rule, f), figure(rule.metric, f.over()));
  if (const std::string interval = interval_text(f); !interval.empty())
    out += fmt::format(" (interval {}, judged was the {})", interval,
                       f.confidence == Confidence::high ? "high end" : "value");
  out += "\n";
  for (const Contributor& c : f.contributors) out += fmt::format("  - {}\n", code(contributor_text(c)));
  return out;
}

}  // namespace

std::string summary(const Verdict& v) {
  using report::Align;
  std::string out = fmt::format("## microjoule check: {}\n\n**{}**: {} on {}, timing model {}, budget {}",
                                v.passed() ? "passed" : "FAILED", verdict_text(v), code(v.firmware), code(v.board),
                                report::printable(v.timing_model_version), code(v.budget));
  if (!v.baseline.empty()) out += ", baseline " + code(v.baseline);
  out += "\n";
  if (v.run_exit_code != ExitCode::ok)
    return out + fmt::format("\nThe run did not finish: {} (exit code {})\n", code(v.run_ending),
                             static_cast<int>(v.run_exit_code));
  report::Table table{
      {{"rule"}, {"limit", Align::right}, {"actual", Align::right}, {"delta", Align::right}, {"verdict"}}, {}};
  std::size_t left_out = 0;
  // Failures first: what is cut off at the end is what passed.
  for (const bool passed : {false, true})
    for (const Check& c : v.checks) {
      if (c.passed != passed) continue;
      if (table.rows.size() == most_rows) {
        ++left_out;
        continue;
      }
      const Rule& rule = v.rules[c.rule];
      table.rows.push_back({{fmt::format("{}: {}", c.subject, name(rule.metric)), limit_text(rule, c),
                             plain_number(c.judged) + (c.confidence == Confidence::high ? " (high)" : ""),
                             delta_text(c), c.passed ? "ok" : "EXCEEDED"}});
    }
  out += "\n" + table.markdown();
  if (left_out) out += fmt::format("\n{} not shown.\n", report::plural(left_out, "more check"));
  const auto findings = v.findings();
  if (findings.empty()) return out;
  out += "\n### Findings\n\n";
  for (std::size_t i = 0; i < findings.size() && i < most_rows; ++i) out += finding(v, *findings[i]);
  return out;
}

}  // namespace mj::budget
