// Holding a run against a budget.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <set>

#include "sim/base/did_you_mean.h"
#include "tools/budget/budget.h"
#include "tools/budget/contributors.h"
#include "tools/budget/names.h"

namespace mj::budget {

namespace {

constexpr std::size_t names_shown = 8;

Error usage(std::string what, std::string where, std::string why, std::string advice) {
  return {ExitCode::usage, std::move(what), std::move(where), std::move(why), std::move(advice)};
}

std::string listed(const std::vector<std::string>& names) {
  if (names.empty()) return "none";
  const std::vector<std::string> shown(names.begin(), names.begin() + std::min(names.size(), names_shown));
  return fmt::format("{}{}", fmt::join(shown, ", "),
                     names.size() > names_shown ? fmt::format(" and {} more", names.size() - names_shown) : "");
}

const std::vector<Subject>& subjects(const Snapshot& s, Scope scope) {
  static const std::vector<Subject> none;
  switch (scope) {
    case Scope::network:
      return s.networks;
    case Scope::layer:
      return s.layers;
    case Scope::function:
      return s.functions;
    case Scope::region:
      return s.regions;
    case Scope::totals:
      break;
  }
  return none;
}

std::string plural_of(Scope scope) {
  constexpr const char* names[] = {"totals", "networks", "layers", "functions", "regions"};
  return names[static_cast<std::size_t>(scope)];
}

bool allows(const std::string& glob, const std::string& text) { return glob.empty() || matches(glob, text); }

bool covers(const Rule& rule, const Subject& s) {
  if (rule.index && *rule.index != s.index) return false;
  if (!allows(rule.network_glob, s.network)) return false;
  if (rule.scope == Scope::layer && !allows(rule.op_glob, s.op)) return false;
  // A fused layer's name lists several tensors; reports show the first.
  return allows(rule.name_glob, s.name) ||
         (rule.scope == Scope::layer && allows(rule.name_glob, s.name.substr(0, s.name.find(';'))));
}

const Subject* same_in(const Snapshot* baseline, Scope scope, const Subject& s) {
  if (!baseline) return nullptr;
  for (const Subject& b : subjects(*baseline, scope)) {
    const bool same = b.name == s.name && (scope != Scope::layer || (b.network == s.network && b.index == s.index));
    if (same) return &b;
  }
  return nullptr;
}

// ---- is the baseline one of this run? -------------------------------------------------------------------------------

/// Names of what the baseline has and the run lacks; networks and layers must all be there, functions mostly.
std::vector<std::string> missing(const Snapshot& now, const Snapshot& baseline) {
  std::vector<std::string> out;
  for (const Subject& n : baseline.networks)
    if (!same_in(&now, Scope::network, n)) out.push_back("network " + n.name);
  for (const Subject& l : baseline.layers) {
    const Subject* same = same_in(&now, Scope::layer, l);
    if (!same || same->op != l.op) out.push_back(l.title(Scope::layer));
  }
  if (!out.empty()) return out;
  double lost = 0, all = 0;
  for (const Subject& f : baseline.functions) {
    const auto self = f.values.find(Metric::self_cycles);
    if (self == f.values.end()) continue;
    all += self->second.value;
    if (same_in(&now, Scope::function, f)) continue;
    lost += self->second.value;
    out.push_back("function " + f.name);
  }
  // Renamed or removed functions are part of normal work; when most of the time was spent in them, it's another
  // program.
  if (lost * 2 <= all) out.clear();
  return out;
}

Result<void> check_baseline(const Budget& budget, const Snapshot& now, const Snapshot& baseline) {
  const std::string advice = "accept this run as the new baseline with --update-baseline, or give one of the same kind";
  if (baseline.exit_code != ExitCode::ok)
    return usage("the baseline's run did not finish", baseline.firmware, baseline.ending, "give another --baseline");
  if (baseline.board != now.board)
    return usage("the baseline is of another board", baseline.firmware,
                 fmt::format("it ran on {}, this run on {}", baseline.board, now.board), advice);
  if (baseline.timing_model_version != now.timing_model_version)
    return usage("the baseline is of another timing-model version", baseline.firmware,
                 fmt::format("it is of version {}, this run of {}: a difference could come from the model",
                             baseline.timing_model_version, now.timing_model_version),
                 "run the baseline's firmware again with this program, or accept this run with --update-baseline");
  if (baseline.what_if != now.what_if)
    return usage(
        "the baseline ran under other conditions", baseline.firmware,
        fmt::format("the baseline: {}; this run: {}", baseline.what_if.empty() ? "as programmed" : baseline.what_if,
                    now.what_if.empty() ? "as programmed" : now.what_if),
        advice);
  if (const auto names = missing(now, baseline); !names.empty())
    return usage("another firmware's baseline", baseline.firmware,
                 fmt::format("{} has no {}", now.firmware, listed(names)), advice);
  for (const Rule& r : budget.rules) {
    const bool uses = r.limit.max_increase || r.limit.max_increase_percent || r.limit.max_follows_baseline;
    if (uses && is_energy(r.metric) && baseline.energy_conditions != now.energy_conditions &&
        !now.energy_conditions.empty())
      return usage("the baseline's energy is of other conditions", budget.name + "#" + r.pointer,
                   fmt::format("the baseline: {}; this run: {}",
                               baseline.energy_conditions.empty() ? "no energy" : baseline.energy_conditions,
                               now.energy_conditions),
                   "price this run the same way (--supply, --volts), or accept it with --update-baseline");
  }
  return {};
}

// ---- one rule -------------------------------------------------------------------------------------------------------

/// The figures that one check is about: one subject's, or the sum of several.
struct Item {
  std::string title;
  Value now;
  std::optional<Value> before;
  Judged judged;
};

class Evaluation {
 public:
  Evaluation(const Budget& budget, const profile::RunResult& result, const Snapshot& now, const Snapshot* baseline)
      : budget_(budget), result_(result), now_(now), baseline_(baseline) {}

  Result<void> rule(std::size_t index, std::vector<Check>& out) const {
    const Rule& rule = budget_.rules[index];
    auto items = items_of(rule);
    if (!items) return items.error();
    for (const Item& item : *items)
      for (const LimitKind kind : {LimitKind::max, LimitKind::max_increase, LimitKind::max_increase_percent}) {
        const std::optional<double>& limit = kind == LimitKind::max            ? rule.limit.max
                                             : kind == LimitKind::max_increase ? rule.limit.max_increase
                                                                               : rule.limit.max_increase_percent;
        if (!limit) continue;
        if (kind != LimitKind::max && !item.before) return no_baseline(rule, item);
        out.push_back(check(index, kind, *limit, item));
      }
    return {};
  }

 private:
  std::string where(const Rule& rule) const { return budget_.name + "#" + rule.pointer; }

  Check check(std::size_t index, LimitKind kind, double limit, const Item& item) const {
    const Rule& rule = budget_.rules[index];
    const auto end_of = [&](const Value& v) { return rule.limit.confidence == Confidence::high ? v.high : v.value; };
    Check c;
    c.rule = index;
    c.subject = item.title;
    c.kind = kind;
    c.actual = item.now;
    c.confidence = rule.limit.confidence;
    c.judged = end_of(item.now);
    if (item.before) c.baseline = end_of(*item.before);
    switch (kind) {
      case LimitKind::max:
        c.allowed = limit;
        break;
      case LimitKind::max_increase:
        c.allowed = *c.baseline + limit;
        break;
      case LimitKind::max_increase_percent:
        c.allowed = *c.baseline * (1 + limit / 100);
        break;
    }
    // Sums and products of doubles end in other last bits than their decimal selves.
    c.passed = c.judged <= c.allowed * (1 + 8 * std::numeric_limits<double>::epsilon());
    if (!c.passed) c.contributors = contributors(item.judged, result_, now_, baseline_);
    return c;
  }

  Error no_baseline(const Rule& rule, const Item& item) const {
    if (!baseline_)
      return usage("the budget limits an increase, but there is no baseline", where(rule), "",
                   "store this run as the baseline with --update-baseline, or give --baseline old.mj.json");
    std::vector<std::string> known;
    for (const Subject& s : subjects(*baseline_, rule.scope)) known.push_back(s.title(rule.scope));
    return usage("the baseline doesn't know what the budget limits", where(rule),
                 fmt::format("it has no {} of {}; it has: {}", name(rule.metric), item.title, listed(known)),
                 "accept this run as the new baseline with --update-baseline");
  }

  Error unknown_metric(const Rule& rule, const std::string& title) const {
    if (is_energy(rule.metric))
      return usage("energy is not known of this run", where(rule), now_.energy_unknown,
                   "remove the limit, or give an energy table for this board (--energy-table)");
    return usage(fmt::format("{} of {} is not known of this run", name(rule.metric), title), where(rule),
                 "no inference ran to its end", "let the firmware run an inference before it ends");
  }

  Result<std::vector<Item>> items_of(const Rule& rule) const {
    if (rule.scope == Scope::totals) return totals_of(rule);
    std::vector<Item> items;
    for (const Subject& s : subjects(now_, rule.scope)) {
      if (!covers(rule, s)) continue;
      const auto value = s.values.find(rule.metric);
      if (value == s.values.end()) return unknown_metric(rule, s.title(rule.scope));
      Item item{s.title(rule.scope), value->second, std::nullopt, {&rule, {&s}, {nullptr}}};
      if (const Subject* before = same_in(baseline_, rule.scope, s)) {
        item.judged.before = {before};
        if (const auto v = before->values.find(rule.metric); v != before->values.end()) item.before = v->second;
      }
      items.push_back(std::move(item));
    }
    if (items.empty()) return matches_nothing(rule);
    if (!rule.sum) return items;
    return std::vector<Item>{sum_of(rule, items)};
  }

  Result<std::vector<Item>> totals_of(const Rule& rule) const {
    const auto value = now_.totals.find(rule.metric);
    if (value == now_.totals.end()) return unknown_metric(rule, "the run");
    Item item{"totals", value->second, std::nullopt, {&rule, {}, {}}};
    if (baseline_)
      if (const auto v = baseline_->totals.find(rule.metric); v != baseline_->totals.end()) item.before = v->second;
    return std::vector<Item>{item};
  }

  Item sum_of(const Rule& rule, const std::vector<Item>& items) const {
    Item sum{fmt::format("sum of {} {}", items.size(), plural_of(rule.scope)), {}, Value{}, {&rule, {}, {}}};
    const auto add = [](Value& to, const Value& v) {
      to.value += v.value;
      to.low += v.low;
      to.high += v.high;
    };
    for (const Item& i : items) {
      add(sum.now, i.now);
      sum.judged.parts.push_back(i.judged.parts.front());
      sum.judged.before.push_back(i.judged.before.front());
    }
    if (!baseline_) {
      sum.before.reset();
      return sum;
    }
    // The baseline's own sum: what was there then and matches, whether or not it still is.
    for (const Subject& b : subjects(*baseline_, rule.scope))
      if (const auto v = b.values.find(rule.metric); covers(rule, b) && v != b.values.end())
        add(*sum.before, v->second);
    return sum;
  }

  Error matches_nothing(const Rule& rule) const {
    std::vector<std::string> names, ops;
    for (const Subject& s : subjects(now_, rule.scope)) {
      names.push_back(s.name.substr(0, rule.scope == Scope::layer ? s.name.find(';') : s.name.npos));
      if (!s.op.empty() && std::find(ops.begin(), ops.end(), s.op) == ops.end()) ops.push_back(s.op);
    }
    const std::string what = plural_of(rule.scope);
    std::string why = fmt::format("the run of {} has the {} {}", now_.firmware, what, listed(names));
    if (names.empty()) why = fmt::format("the run of {} has no {}", now_.firmware, what);
    std::string advice = did_you_mean(rule.name_glob, names);
    if (rule.scope == Scope::layer && !rule.op_glob.empty()) {
      if (!ops.empty()) why += fmt::format("; of the operators {}", listed(ops));
      if (advice.empty()) advice = did_you_mean(rule.op_glob, ops);
    }
    return usage("a rule of the budget matches nothing", where(rule), why,
                 advice.empty() ? "correct the pattern or remove the rule" : advice);
  }

  const Budget& budget_;
  const profile::RunResult& result_;
  const Snapshot& now_;
  const Snapshot* baseline_;
};

}  // namespace

bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = pattern.npos, from = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool Verdict::passed() const { return exit_code() == ExitCode::ok; }

std::vector<const Finding*> Verdict::findings() const {
  std::vector<const Finding*> out;
  for (const Check& c : checks)
    if (!c.passed) out.push_back(&c);
  return out;
}

ExitCode Verdict::exit_code() const {
  if (run_exit_code != ExitCode::ok) return run_exit_code;
  return findings().empty() ? ExitCode::ok : ExitCode::budget;
}

Result<Verdict> evaluate(const Budget& budget, const profile::RunResult& result,
                         const std::optional<Snapshot>& baseline) {
  const Snapshot now = snapshot(result);
  Verdict v;
  v.firmware = now.firmware;
  v.board = now.board;
  v.timing_model_version = now.timing_model_version;
  v.budget = budget.name;
  v.rules = budget.rules;
  v.run_exit_code = now.exit_code;
  v.run_ending = now.ending;
  if (now.exit_code != ExitCode::ok) return v;
  const Snapshot* before = baseline ? &*baseline : nullptr;
  if (before) {
    if (auto same = check_baseline(budget, now, *before); !same) return same.error();
    v.baseline = before->firmware;
    if (before->firmware != now.firmware)
      v.remarks.push_back(fmt::format("the baseline is of {}, this run of {}", before->firmware, now.firmware));
  }
  const Evaluation evaluation(budget, result, now, before);
  for (std::size_t i = 0; i < budget.rules.size(); ++i)
    if (auto judged = evaluation.rule(i, v.checks); !judged) return judged.error();
  return v;
}

}  // namespace mj::budget
