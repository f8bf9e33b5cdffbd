// The verdict on a terminal.
#include <fmt/format.h>

#include "tools/budget/budget.h"
#include "tools/budget/figures.h"
#include "tools/report/format.h"
#include "tools/report/sections.h"
#include "tools/report/table.h"

namespace mj::budget {

using report::Facts;
using report::Options;

namespace {

std::string headline(const Verdict& v, const Options& o) {
  const std::string word = v.passed() ? report::bold("PASSED", o) : report::red("FAILED", o);
  return fmt::format("{}   {}\n", word, verdict_text(v));
}

Facts about(const Verdict& v) {
  Facts facts{{"run", fmt::format("{} on {}, timing model {}", v.firmware, v.board, v.timing_model_version)},
              {"budget", v.budget}};
  if (!v.baseline.empty()) facts.push_back({"baseline", v.baseline});
  for (const std::string& remark : v.remarks) facts.push_back({"note", remark});
  if (v.run_exit_code != ExitCode::ok)
    facts.push_back({"ended", fmt::format("{}; exit code {}", v.run_ending, static_cast<int>(v.run_exit_code))});
  return facts;
}

Facts details(const Verdict& v, const Finding& f) {
  const Rule& rule = v.rules[f.rule];
  Facts facts;
  facts.push_back({"limit", f.kind == LimitKind::max
                                ? fmt::format("{} {}", limit_text(rule, f), unit(rule.metric))
                                : fmt::format("{}: baseline {} = {}", limit_name(f.kind), limit_text(rule, f),
                                              figure(rule.metric, f.allowed))});
  facts.push_back({"actual", figure(rule.metric, f.actual.value)});
  const std::string interval = interval_text(f);
  if (!interval.empty())
    facts.push_back(
        {"interval", fmt::format("{}; judged was {}", interval,
                                 f.confidence == Confidence::high ? "its high end, " + figure(rule.metric, f.judged)
                                                                  : "the value")});
  facts.push_back({"over by", fmt::format("{}{}", figure(rule.metric, f.over()),
                                          f.allowed > 0 ? ", " + signed_percent(f.over(), f.allowed) : "")});
  if (f.baseline)
    facts.push_back(
        {"change", fmt::format("{} since the baseline's {}",
                               f.judged == *f.baseline
                                   ? "none"
                                   : signed_number(f.judged - *f.baseline) +
                                         (*f.baseline > 0 ? fmt::format(" ({})", signed_percent(f.judged - *f.baseline,
                                                                                                *f.baseline))
                                                          : ""),
                               figure(rule.metric, *f.baseline))});
  for (const Contributor& c : f.contributors)
    facts.push_back({c.before && c.now > *c.before ? "grew" : "most", contributor_text(c)});
  facts.push_back({"rule", rule.pointer});
  return facts;
}

report::Table all_checks(const Verdict& v) {
  using report::Align, report::Shrink;
  report::Table table{{{"passed", Align::left, Shrink::keep_ends},
                       {"metric"},
                       {"limit", Align::right},
                       {"actual", Align::right},
                       {"delta", Align::right}},
                      {}};
  for (const Check& c : v.checks) {
    if (!c.passed) continue;
    const Rule& rule = v.rules[c.rule];
    table.rows.push_back(
        {{c.subject, std::string(name(rule.metric)), limit_text(rule, c),
          plain_number(c.judged) + (c.confidence == Confidence::high ? " (high)" : ""), delta_text(c)}});
  }
  return table;
}

}  // namespace

std::string text(const Verdict& v, const Options& o, bool quiet) {
  std::string out = headline(v, o) + report::facts_text(about(v), o);
  for (const Finding* f : v.findings()) {
    const Rule& rule = v.rules[f->rule];
    out += "\n" + report::red(report::printable(fmt::format("{}: {}", f->subject, name(rule.metric))), o) + "\n";
    out += report::facts_text(details(v, *f), o);
  }
  if (quiet) return out;
  if (const report::Table table = all_checks(v); !table.rows.empty()) out += "\n" + table.text(o);
  return out;
}

}  // namespace mj::budget
