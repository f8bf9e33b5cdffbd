// Budget files: reading, and writing a run into one as its baseline.
#include "tools/budget/budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "sim/base/checked_json.h"
#include "sim/board.h"
#include "tools/budget/figures.h"
#include "tools/budget/names.h"
#include "tools/report/format.h"

namespace mj::budget {

using json = nlohmann::ordered_json;  // keeps the user's order
using read_t = nlohmann::json;        // finds keys fast, however many a hostile file has

namespace {

constexpr std::size_t rule_width = 100, baseline_width = 240;  ///< columns of a row in the file

/// Is it a budget of ours, of a version that we read, and as its schema says?
Result<read_t> checked_document(std::string_view text, const std::string& file) {
  constexpr const char* advice = "write a first one with: microjoule check run.mj.json --budget budget.json --init";
  auto read = parse_json(text, file, "budget");
  if (!read) return read;
  const read_t& document = *read;
  const auto shown = [](const read_t& j) {
    return j.dump(-1, ' ', false, json::error_handler_t::replace).substr(0, 60);
  };
  if (!document.is_object())
    return Error{ExitCode::unreadable, "not a budget", file,
                 fmt::format("it is {}, not an object", document.type_name()), advice};
  const auto schema = document.find("schema"), version = document.find("schema_version");
  if (schema == document.end() || *schema != "microjoule-budget")
    return Error{ExitCode::unreadable, "not a budget", file + "#/schema",
                 schema == document.end() ? "the key is missing; a budget has \"schema\": \"microjoule-budget\""
                                          : fmt::format("it is {}, not \"microjoule-budget\"", shown(*schema)),
                 advice};
  if (version == document.end() || *version != 1)
    return Error{ExitCode::unreadable, "a budget of another version", file + "#/schema_version",
                 version == document.end() ? "the key is missing; this program reads 1"
                                           : fmt::format("it is {}, this program reads 1", shown(*version)),
                 "use the program that wrote it, or write a new budget with --init"};
  if (const auto valid = check_json(document, budget_schema(), file, "budget"); !valid) return valid.error();
  return read;
}

// ---- from JSON to structs: after the schema check, so that types are known ------------------------------------------

Limit to_limit(const json& j) {
  Limit l;
  const auto number = [&](const char* key, std::optional<double>& to) {
    if (const auto at = j.find(key); at != j.end()) to = at->get<double>();
  };
  number("max", l.max);
  number("max_increase", l.max_increase);
  number("max_increase_percent", l.max_increase_percent);
  if (j.value("confidence", "value") == "high") l.confidence = Confidence::high;
  l.max_follows_baseline = j.contains("max_from");
  return l;
}

std::optional<Metric> metric_of(const std::string& key) {
  for (int m = 0; m <= static_cast<int>(Metric::used_bytes); ++m)
    if (name(static_cast<Metric>(m)) == key) return static_cast<Metric>(m);
  return std::nullopt;
}

/// The rules that one object of the file holds: one a metric.
void add_rules(const json& j, Rule rule, const std::string& pointer, std::vector<Rule>& out) {
  rule.name_glob = j.value("name", "");
  rule.op_glob = j.value("op", "");
  rule.network_glob = j.value("network", "");
  if (const auto index = j.find("index"); index != j.end()) rule.index = index->get<int>();
  rule.sum = j.value("sum", false);
  for (const auto& [key, value] : j.items())
    if (const auto metric = metric_of(key)) {
      rule.metric = *metric;
      rule.limit = to_limit(value);
      rule.pointer = pointer + "/" + key;
      out.push_back(rule);
    }
}

constexpr std::pair<const char*, Scope> lists[] = {
    {"networks", Scope::network}, {"layers", Scope::layer}, {"functions", Scope::function}, {"regions", Scope::region}};

Result<std::vector<Rule>> to_rules(const json& document, const std::string& file) {
  std::vector<Rule> rules;
  if (const auto totals = document.find("totals"); totals != document.end()) add_rules(*totals, {}, "/totals", rules);
  for (const auto& [key, scope] : lists) {
    const auto list = document.find(key);
    if (list == document.end()) continue;
    for (std::size_t i = 0; i < list->size(); ++i) {
      const std::string pointer = fmt::format("/{}/{}", key, i);
      const std::size_t before = rules.size();
      Rule rule;
      rule.scope = scope;
      add_rules((*list)[i], rule, pointer, rules);
      if (rules.size() == before)
        return Error{ExitCode::usage, "a rule without a limit", file + "#" + pointer, "it names no metric",
                     R"(for example "cycles": {"max": 1000})"};
      for (std::size_t r = before; r < rules.size(); ++r)
        if (rules[r].sum && rules[r].metric == Metric::inclusive_cycles)
          return Error{ExitCode::usage, "inclusive cycles can't be summed", file + "#" + rules[r].pointer,
                       "a function's inclusive cycles hold those of the functions that it calls",
                       "limit self_cycles, or one function's inclusive_cycles"};
    }
  }
  if (rules.empty())
    return Error{ExitCode::usage, "the budget has no rules", file, "so it would pass whatever happens",
                 "write a first one with --init, or see models/schema/budget.schema.json"};
  return rules;
}

// ---- the baseline: each row's values by the metrics' names ----------------------------------------------------------

bool is_timed(Metric m) {
  return m == Metric::cycles || m == Metric::latency_ms || m == Metric::self_cycles || m == Metric::inclusive_cycles;
}

json number(double v) {
  constexpr double exact_below = 9007199254740992.0;  // 2^53
  if (v == std::floor(v) && v >= 0 && v < exact_below) return static_cast<std::uint64_t>(v);
  return v;
}

void put_values(const Values& values, json& j) {
  for (const auto& [metric, v] : values) {
    json& to = j[std::string(name(metric))];
    if (is_energy(metric))
      to = {{"value", number(v.value)}, {"low", number(v.low)}, {"high", number(v.high)}};
    else
      to = number(v.value);
  }
}

Values to_values(const read_t& j, const Snapshot& s) {
  Values values;
  for (const auto& [key, v] : j.items()) {
    const auto metric = metric_of(key);
    if (!metric) continue;
    if (v.is_object())
      values[*metric] = {v["value"].get<double>(), v["low"].get<double>(), v["high"].get<double>()};
    else if (is_timed(*metric))
      values[*metric] = with_interval(v.get<double>(), s.cycles_low, s.cycles_high);
    else
      values[*metric] = with_interval(v.get<double>(), 1, 1);
  }
  return values;
}

/// Lines worth keeping: those that hold something of the run, and the hottest ones of each function that does.
bool worth_keeping(const HotLine& line, Cycle total, std::size_t of_its_function) {
  constexpr Cycle line_share = 2000, function_share = 20'000;
  constexpr std::size_t each = 3;
  return line.cycles >= total / line_share || (of_its_function < each && line.cycles >= total / function_share);
}

json baseline_json(const Snapshot& s) {
  json j{{"firmware", s.firmware},
         {"board", s.board},
         {"timing_model_version", s.timing_model_version},
         {"energy_conditions", s.energy_conditions},
         {"what_if", s.what_if},
         {"cycles_interval", {{"low", s.cycles_low}, {"high", s.cycles_high}}}};
  put_values(s.totals, j["totals"] = json::object());
  json& networks = j["networks"] = json::array();
  for (const Subject& n : s.networks) put_values(n.values, networks.emplace_back(json{{"name", n.name}}));
  json& layers = j["layers"] = json::array();
  for (const Subject& l : s.layers) {
    json& row = layers.emplace_back(json{{"network", l.network}, {"index", l.index}, {"op", l.op}, {"name", l.name}});
    put_values(l.values, row);
    if (!l.parts.empty()) row["functions"] = l.parts;
  }
  json& functions = j["functions"] = json::array();
  for (const Subject& f : s.functions) {
    json& row = functions.emplace_back(json{{"name", f.name}});
    put_values(f.values, row);
    if (f.inlined_cycles) row["inlined_cycles"] = f.inlined_cycles;
  }
  json& regions = j["regions"] = json::array();
  for (const Subject& r : s.regions) {
    json& row = regions.emplace_back(json{{"name", r.name}, {"kind", r.op}});
    put_values(r.values, row);
    if (!r.parts.empty()) row["sections"] = r.parts;
  }
  json& lines = j["lines"] = json::object();
  const auto total = static_cast<Cycle>(s.totals.at(Metric::cycles).value);
  std::map<std::string, std::size_t> kept;
  for (const HotLine& l : s.lines)
    if (worth_keeping(l, total, kept[l.function]++)) lines[l.function][fmt::format("{}:{}", l.file, l.line)] = l.cycles;
  return j;
}

void to_parts(const read_t& row, const char* key, Subject& s) {
  if (const auto parts = row.find(key); parts != row.end())
    for (const auto& [part, n] : parts->items()) s.parts[part] = n.get<std::uint64_t>();
}

Result<Snapshot> to_baseline(const read_t& j, const std::string& file) {
  Snapshot s;
  s.firmware = j["firmware"].get<std::string>();
  s.board = j["board"].get<std::string>();
  s.timing_model_version = j["timing_model_version"].get<std::string>();
  s.energy_conditions = j["energy_conditions"].get<std::string>();
  s.what_if = j["what_if"].get<std::string>();
  s.cycles_low = j["cycles_interval"]["low"].get<double>();
  s.cycles_high = j["cycles_interval"]["high"].get<double>();
  s.totals = to_values(j["totals"], s);
  const auto subjects = [&](const char* list, const char* kind, const char* parts, std::vector<Subject>& to) {
    for (const read_t& row : j[list]) {
      Subject subject;
      subject.name = row["name"].get<std::string>();
      subject.op = row.value(kind, "");
      subject.network = row.value("network", "");
      subject.index = row.value("index", 0);
      subject.inlined_cycles = row.value("inlined_cycles", Cycle{0});
      subject.values = to_values(row, s);
      to_parts(row, parts, subject);
      to.push_back(std::move(subject));
    }
  };
  subjects("networks", "", "", s.networks);
  subjects("layers", "op", "functions", s.layers);
  subjects("functions", "", "", s.functions);
  subjects("regions", "kind", "sections", s.regions);
  for (const auto& [function, lines] : j["lines"].items())
    for (const auto& [place, cycles] : lines.items()) {
      const auto colon = place.rfind(':');
      const std::string digits = colon == place.npos ? "" : place.substr(colon + 1);
      constexpr std::size_t most_digits = 9;
      if (digits.empty() || digits.size() > most_digits || digits.find_first_not_of("0123456789") != digits.npos)
        return Error{ExitCode::usage, "wrong value in the budget", file + "#/baseline/lines/" + function,
                     fmt::format("\"{}\" is no place like \"kernel.c:12\"", place),
                     "write the baseline anew with --update-baseline"};
      s.lines.push_back(
          {place.substr(0, colon), function, static_cast<std::uint32_t>(std::stoul(digits)), cycles.get<Cycle>()});
    }
  std::stable_sort(s.lines.begin(), s.lines.end(),
                   [](const HotLine& a, const HotLine& b) { return a.cycles > b.cycles; });
  return s;
}

// ---- writing --------------------------------------------------------------------------------------------------------

/// What fits a line stands on one, so that a row of the baseline is a row of the file and of its diffs.
void print(const json& j, std::size_t indent, std::size_t width, std::string& out) {
  const std::string flat = j.dump(-1, ' ', false, json::error_handler_t::replace);
  if (!j.is_structured() || j.empty() || (indent > 0 && flat.size() + indent <= width)) {
    out += flat;
    return;
  }
  const std::string inner(indent + 1, ' ');
  out += j.is_object() ? "{\n" : "[\n";
  std::size_t i = 0;
  for (const auto& [key, value] : j.items()) {
    out += inner;
    if (j.is_object()) out += json(key).dump(-1, ' ', false, json::error_handler_t::replace) + ": ";
    print(value, indent + 1, indent == 0 && key == "baseline" ? baseline_width : width, out);
    out += ++i < j.size() ? ",\n" : "\n";
  }
  out += std::string(indent, ' ') + (j.is_object() ? "}" : "]");
}

std::string printed(const json& j) {
  std::string out;
  print(j, 0, rule_width, out);
  return out + "\n";
}

Error unfinished(const Snapshot& s, const char* what) {
  return {s.exit_code, what, s.firmware, "the run did not finish: " + s.ending, "repair the firmware first"};
}

/// A value as `max`: figures that aren't whole are rounded up at the sixth decimal, far below any limit that matters.
json as_max(double v) {
  constexpr double step = 1e6;
  return number(v == std::floor(v) ? v : std::ceil(v * step) / step);
}

json following(double v) { return {{"max", as_max(v)}, {"max_from", "baseline"}}; }

void put_limits(const Values& values, const std::vector<Metric>& wanted, json& rule) {
  for (const Metric m : wanted)
    if (const auto v = values.find(m); v != values.end()) rule[std::string(name(m))] = following(v->second.value);
}

/// Patterns must not take what is meant as a name for one.
std::string literal(std::string text) {
  std::replace(text.begin(), text.end(), '*', '?');
  return text;
}

/// A checked budget in the user's order. Its baseline, the only part with objects of any number of keys, is left out:
/// the ordered kind would take hours for a hostile one.
json without_baseline(std::string_view text) {
  return json::parse(text, [](int depth, json::parse_event_t event, const json& parsed) {
    return depth != 1 || event != json::parse_event_t::key || parsed != "baseline";
  });
}

}  // namespace

std::string Rule::title() const {
  std::string what;
  const auto add = [&](const std::string& part) {
    if (!part.empty()) what += " " + part;
  };
  switch (scope) {
    case Scope::totals:
      what = "totals";
      break;
    case Scope::network:
      what = "networks";
      break;
    case Scope::layer:
      what = "layers";
      if (index) what += fmt::format(" #{}", *index);
      break;
    case Scope::function:
      what = "functions";
      break;
    case Scope::region:
      what = "regions";
      break;
  }
  add(op_glob);
  add(name_glob);
  if (!network_glob.empty()) what += " of " + network_glob;
  return fmt::format("{}{}: {}", what, sum ? ", sum" : "", name(metric));
}

Result<Budget> read_budget(std::string_view text, const std::string& file) {
  const auto document = checked_document(text, file);
  if (!document) return document.error();
  Budget budget;
  budget.name = file;
  auto rules = to_rules(without_baseline(text), file);
  if (!rules) return rules.error();
  budget.rules = std::move(*rules);
  if (const auto baseline = document->find("baseline"); baseline != document->end()) {
    auto read = to_baseline(*baseline, file);
    if (!read) return read.error();
    budget.baseline = std::move(*read);
  }
  return budget;
}

Budget only_max(const Budget& budget) {
  Budget out;
  out.name = budget.name;
  for (Rule rule : budget.rules) {
    if (!rule.limit.max) continue;
    rule.limit.max_increase.reset();
    rule.limit.max_increase_percent.reset();
    out.rules.push_back(std::move(rule));
  }
  return out;
}

Result<std::string> initial_budget(const profile::RunResult& result) {
  const Snapshot s = snapshot(result);
  if (s.exit_code != ExitCode::ok) return unfinished(s, "no budget is made of a run that failed");
  json j{{"schema", "microjoule-budget"}, {"schema_version", 1}};
  put_limits(s.totals,
             {Metric::cycles, Metric::latency_ms, Metric::energy_uj, Metric::flash_bytes, Metric::ram_bytes,
              Metric::stack_bytes},
             j["totals"]);
  for (const Subject& n : s.networks) {
    if (n.values.empty()) continue;
    json rule{{"name", literal(n.name)}};
    put_limits(n.values, {Metric::latency_ms, Metric::energy_uj}, rule);
    j["networks"].push_back(std::move(rule));
  }
  for (const Subject& l : s.layers) {
    if (l.values.empty()) continue;
    json rule = json::object();
    if (!l.name.empty()) rule["name"] = literal(l.name);
    if (!l.op.empty()) rule["op"] = literal(l.op);
    const auto same = std::count_if(s.layers.begin(), s.layers.end(),
                                    [&](const Subject& o) { return o.name == l.name && o.op == l.op; });
    if (same > 1 || rule.empty()) {
      rule["index"] = l.index;
      if (!l.network.empty() && s.networks.size() > 1) rule["network"] = literal(l.network);
    }
    put_limits(l.values, {Metric::cycles}, rule);
    j["layers"].push_back(std::move(rule));
  }
  j["baseline"] = baseline_json(s);
  return printed(j);
}

Result<Updated> update_baseline(std::string_view text, const std::string& file, const profile::RunResult& result) {
  auto budget = read_budget(text, file);
  if (!budget) return budget.error();
  const Snapshot s = snapshot(result);
  if (s.exit_code != ExitCode::ok) return unfinished(s, "a run that failed is no baseline");
  // Increases are judged against the run itself: they pass, and what is left are the hard limits.
  const auto verdict = evaluate(*budget, result, s);
  if (!verdict) return verdict.error();
  Updated updated;
  json document = without_baseline(text);
  std::map<std::size_t, double> largest;  // by rule: the highest value that it was held against
  for (const Check& c : verdict->checks) {
    if (c.kind != LimitKind::max) continue;
    const auto [at, first] = largest.emplace(c.rule, c.judged);
    if (!first) at->second = std::max(at->second, c.judged);
    if (!c.passed && !budget->rules[c.rule].limit.max_follows_baseline)
      updated.kept.push_back(fmt::format("{}: {} exceeds max {} of {}, which does not follow the baseline", c.subject,
                                         figure(budget->rules[c.rule].metric, c.judged),
                                         figure(budget->rules[c.rule].metric, c.allowed),
                                         budget->rules[c.rule].pointer));
  }
  for (const auto& [index, value] : largest) {
    const Rule& rule = budget->rules[index];
    if (!rule.limit.max_follows_baseline) continue;
    json& max = document[json::json_pointer(rule.pointer)]["max"];
    const json now = as_max(value);
    if (now.get<double>() == *rule.limit.max) continue;
    updated.changes.push_back(fmt::format(
        "{}: max {} from {} to {}", rule.title(), now.get<double>() > *rule.limit.max ? "raised" : "lowered",
        figure(rule.metric, *rule.limit.max), figure(rule.metric, now.get<double>())));
    max = now;
  }
  if (budget->baseline && budget->baseline->board != s.board)
    updated.changes.push_back(
        fmt::format("the baseline was of board {}, it is of {} now", budget->baseline->board, s.board));
  if (budget->baseline && budget->baseline->timing_model_version != s.timing_model_version)
    updated.changes.push_back(fmt::format("the baseline was of timing model {}, it is of {} now",
                                          budget->baseline->timing_model_version, s.timing_model_version));
  document["baseline"] = baseline_json(s);
  updated.text = printed(document);
  return updated;
}

}  // namespace mj::budget
