#include "tools/budget/figures.h"

#include <fmt/format.h>

#include <cmath>

#include "tools/report/format.h"

namespace mj::budget {

std::string plain_number(double v) {
  constexpr int most_decimals = 6;
  if (!std::isfinite(v)) return fmt::format("{}", v);
  std::string text = report::decimal(v, v == std::floor(v) ? 0 : most_decimals);
  if (text.find('.') == text.npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string signed_number(double v) { return (v < 0 ? "-" : "+") + plain_number(std::abs(v)); }

std::string signed_percent(double v, double of) {
  if (!(of > 0)) return "";
  const double percent = 100 * v / of;
  // A change that isn't nothing never reads as nothing.
  const double shown = std::abs(percent);
  if (shown > 0 && shown < 0.1) return fmt::format("{}{:.2g} %", percent < 0 ? "-" : "+", shown);
  return fmt::format("{}{:.1f} %", percent < 0 ? "-" : "+", shown);
}

std::string figure(Metric metric, double v) { return with_unit(v, unit(metric)); }

std::string with_unit(double v, std::string_view unit) {
  if (v == 1 && unit.starts_with("cycles")) return "1 cycle" + std::string(unit.substr(6));
  return fmt::format("{} {}", plain_number(v), unit);
}

std::string limit_name(LimitKind kind) {
  switch (kind) {
    case LimitKind::max:
      return "max";
    case LimitKind::max_increase:
      return "max_increase";
    case LimitKind::max_increase_percent:
      return "max_increase_percent";
  }
  return "";
}

std::string limit_text(const Rule& rule, const Check& check) {
  const std::string base = check.baseline ? plain_number(*check.baseline) : "?";
  switch (check.kind) {
    case LimitKind::max:
      return "max " + plain_number(check.allowed);
    case LimitKind::max_increase:
      return fmt::format("{} +{}", base, plain_number(rule.limit.max_increase.value_or(0)));
    case LimitKind::max_increase_percent:
      return fmt::format("{} +{} %", base, plain_number(rule.limit.max_increase_percent.value_or(0)));
  }
  return "";
}

std::string interval_text(const Check& check) {
  const Value& v = check.actual;
  if (v.low == v.value && v.high == v.value) return "";
  const int digits = v.value >= 1000 ? 0 : 3;
  return fmt::format("{} to {}", report::decimal(v.low, digits), report::decimal(v.high, digits));
}

std::string delta_text(const Check& check) {
  const double reference = check.kind == LimitKind::max ? check.allowed : check.baseline.value_or(check.allowed);
  const double delta = check.judged - reference;
  if (delta == 0) return "0";
  const std::string percent = signed_percent(delta, reference);
  return signed_number(delta) + (percent.empty() ? "" : ", " + percent);
}

std::string contributor_text(const Contributor& c) {
  if (c.unit.empty()) return c.what;
  std::string out = fmt::format("{}: {}", c.what, with_unit(c.now, c.unit));
  if (!c.before) return out;
  if (*c.before == 0) return out + ", new since the baseline";
  const double delta = c.now - *c.before;
  if (delta == 0) return out + ", as in the baseline";
  return out + fmt::format(", was {} ({}, {})", plain_number(*c.before), signed_number(delta),
                           signed_percent(delta, *c.before));
}

std::string verdict_text(const Verdict& v) {
  if (v.run_exit_code != ExitCode::ok) return "nothing was judged: the run did not finish";
  const std::size_t failed = v.findings().size();
  if (failed == 0)
    return v.checks.size() == 1 ? "the limit holds" : fmt::format("all {} limits hold", report::count(v.checks.size()));
  return fmt::format("{} of {} exceeded", report::count(failed), report::plural(v.checks.size(), "limit"));
}

}  // namespace mj::budget
