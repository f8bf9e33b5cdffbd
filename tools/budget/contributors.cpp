#include "tools/budget/contributors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "tools/budget/names.h"

namespace mj::budget {

namespace {

constexpr const char *one_inference = "cycles an inference", *whole_run = "cycles in the whole run";

using report::real;

/// Something that may explain a figure.
struct Candidate {
  std::string key;
  double now = 0;
  std::optional<double> before;

  double growth() const { return now - before.value_or(0); }
};

/// The one that grew most if there is a baseline and something grew, else the largest.
const Candidate* top(const std::vector<Candidate>& all) {
  const Candidate *grown = nullptr, *largest = nullptr;
  for (const Candidate& c : all) {
    if (c.before && c.growth() > 0 && (!grown || c.growth() > grown->growth())) grown = &c;
    if (!largest || c.now > largest->now) largest = &c;
  }
  return grown ? grown : largest;
}

using Parts = std::map<std::string, std::uint64_t>;

std::vector<Candidate> candidates(const Parts& now, const Parts* before) {
  std::vector<Candidate> out;
  for (const auto& [key, n] : now) {
    Candidate c{key, real(n), std::nullopt};
    if (before) {
      const auto at = before->find(key);
      c.before = at == before->end() ? 0 : real(at->second);
    }
    out.push_back(std::move(c));
  }
  return out;
}

Contributor to_contributor(const std::string& kind, const Candidate& c, const std::string& unit) {
  return {kind + " " + c.key, c.now, c.before, unit};
}

const Subject* find_function(const Snapshot& s, const std::string& name) {
  for (const Subject& f : s.functions)
    if (f.name == name) return &f;
  return nullptr;
}

/// A baseline's may be any number that somebody wrote.
double self_cycles(const Subject& f) {
  const auto at = f.values.find(Metric::self_cycles);
  return at == f.values.end() ? 0 : at->second.value;
}

/// Functions of the whole run by a count of their self cycles, a floating-point number.
template <class Count>
std::vector<Candidate> functions(const Snapshot& now, const Snapshot* baseline, Count count) {
  std::vector<Candidate> out;
  for (const Subject& f : now.functions) {
    Candidate c{f.name, count(f), std::nullopt};
    if (baseline) {
      const Subject* before = find_function(*baseline, f.name);
      c.before = before ? count(*before) : 0;
    }
    out.push_back(std::move(c));
  }
  return out;
}

// ---- lines ----------------------------------------------------------------------------------------------------------

using Lines = std::map<std::uint32_t, Cycle>;

/// A function's lines by file.
std::map<std::string, Lines> lines_of(const Snapshot& s, const std::string& function) {
  std::map<std::string, Lines> out;
  for (const HotLine& l : s.lines)
    if (l.function == function) out[l.file][l.line] += l.cycles;
  return out;
}

/// How far the function's lines moved since the baseline, for lines were added or removed above it: the shift under
/// which most of the baseline's cycles are found again.
std::int64_t shift(const Lines& before, const Lines& now) {
  const auto found_again = [&](std::int64_t by) {
    Cycle sum = 0;
    for (const auto& [line, cycles] : before) {
      const auto at = now.find(static_cast<std::uint32_t>(line + by));
      if (at != now.end()) sum += std::min(cycles, at->second);
    }
    return sum;
  };
  std::int64_t best = 0;
  Cycle most = found_again(0);
  const auto from =
      std::max_element(before.begin(), before.end(), [](auto& a, auto& b) { return a.second < b.second; });
  if (from == before.end()) return 0;
  for (const auto& [line, unused] : now) {
    const std::int64_t by = std::int64_t{line} - from->first;
    if (const Cycle sum = found_again(by); sum > most) {
      most = sum;
      best = by;
    }
  }
  return best;
}

std::optional<Contributor> line_of(const std::string& function, const std::string& unit, const Snapshot& now,
                                   const Snapshot* baseline) {
  const auto today = lines_of(now, function);
  const auto old = baseline ? lines_of(*baseline, function) : std::map<std::string, Lines>{};
  std::vector<Candidate> all;
  for (const auto& [file, lines] : today) {
    const auto old_file = old.find(file);
    const std::int64_t by = old_file == old.end() ? 0 : shift(old_file->second, lines);
    for (const auto& [line, cycles] : lines) {
      Candidate c{fmt::format("{}:{}", file, line), real(cycles), std::nullopt};
      if (baseline) {
        c.before = 0;
        if (old_file != old.end())
          if (const auto at = old_file->second.find(static_cast<std::uint32_t>(line - by));
              at != old_file->second.end())
            c.before = real(at->second);
      }
      all.push_back(std::move(c));
    }
  }
  const Candidate* c = top(all);
  if (!c) return std::nullopt;
  return to_contributor("line", *c, unit);
}

/// The function whose lines hold most of what `function`, with what is inlined into it, spent or grew by: itself, or
/// one that stands inlined in it. Lines belong to the innermost inlined function, the call tree knows only what is
/// called.
std::string owner_of_lines(const std::string& function, double amount, bool of_growth, const Snapshot& now,
                           const Snapshot* baseline) {
  const auto weight = [&](const Candidate& c) { return of_growth ? c.growth() : c.now; };
  const auto own =
      functions(now, baseline, [](const Subject& f) { return std::max(0.0, self_cycles(f) - real(f.inlined_cycles)); });
  for (const Candidate& c : own)
    if (c.key == function && weight(c) * 2 >= amount) return function;
  const auto inlined = functions(now, baseline, [](const Subject& f) { return real(f.inlined_cycles); });
  const Candidate* most = nullptr;
  for (const Candidate& c : inlined)
    if (weight(c) * 2 >= amount && weight(c) > 0 && (!most || weight(c) > weight(*most))) most = &c;
  return most ? most->key : function;
}

// ---- by what a rule is about ----------------------------------------------------------------------------------------

/// The layer that grew most, among those of one network or of all (empty).
void add_layer(const std::string& network, const std::string& unit, const Snapshot& now, const Snapshot* baseline,
               std::vector<Contributor>& out) {
  std::vector<Candidate> all;
  for (const Subject& l : now.layers) {
    const auto cycles = l.values.find(Metric::cycles);
    if (cycles == l.values.end() || (!network.empty() && l.network != network)) continue;
    Candidate c{l.title(Scope::layer), cycles->second.value, std::nullopt};
    if (baseline) {
      c.before = 0;
      for (const Subject& b : baseline->layers)
        if (b.network == l.network && b.index == l.index && b.values.count(Metric::cycles))
          c.before = b.values.at(Metric::cycles).value;
    }
    all.push_back(std::move(c));
  }
  if (const Candidate* c = top(all)) out.push_back({c->key, c->now, c->before, unit});
}

/// `unit`: of the function's figures; `line_unit`: of its line's, which are always of the whole run.
void add_function_of(const std::vector<Candidate>& all, const std::string& unit, const std::string& line_unit,
                     const Snapshot& now, const Snapshot* baseline, std::vector<Contributor>& out) {
  const Candidate* c = top(all);
  if (!c) return;
  const bool grew = c->before && c->growth() > 0;
  const std::string owner = owner_of_lines(c->key, grew ? c->growth() : c->now, grew, now, baseline);
  out.push_back(to_contributor("function", *c, unit));
  if (owner != c->key) out.back().what += fmt::format(" (mostly {}, inlined)", owner);
  if (auto line = line_of(owner, line_unit, now, baseline)) out.push_back(std::move(*line));
}

Parts merged(const std::vector<const Subject*>& subjects) {
  Parts out;
  for (const Subject* s : subjects)
    if (s)
      for (const auto& [key, n] : s->parts) out[key] += n;
  return out;
}

/// A function that several layers share is one node of the call tree or several: its parts are theirs together.
bool shares_function(const Subject& layer) {
  Cycle sum = 0;
  for (const auto& [name, cycles] : layer.parts) sum += cycles;
  const auto own = layer.values.find(Metric::cycles);
  constexpr double rounding = 1.01;
  return own != layer.values.end() && real(sum) > own->second.value * rounding;
}

std::vector<Contributor> of_sections(const Parts& now, const Parts* before) {
  const auto all = candidates(now, before);
  const Candidate* c = top(all);
  if (!c) return {};
  return {to_contributor("section", *c, "B")};
}

Parts sections(const Snapshot& s, std::string_view kind) {
  std::vector<const Subject*> regions;
  for (const Subject& r : s.regions)
    if (r.op == kind) regions.push_back(&r);
  return merged(regions);
}

std::vector<Contributor> of_memory(Metric metric, const profile::RunResult& result, const Snapshot& now,
                                   const Snapshot* baseline) {
  std::vector<Contributor> out;
  if (metric != Metric::stack_bytes) {
    const char* kind = metric == Metric::flash_bytes ? "flash" : "ram";
    const Parts before = baseline ? sections(*baseline, kind) : Parts{};
    out = of_sections(sections(now, kind), baseline ? &before : nullptr);
  }
  if (metric == Metric::stack_bytes || metric == Metric::ram_peak_bytes)
    out.push_back({fmt::format("deepest stack {}", fmt::join(result.memory.stack.chain, " > ")), 0, std::nullopt, ""});
  return out;
}

}  // namespace

std::vector<Contributor> contributors(const Judged& judged, const profile::RunResult& result, const Snapshot& now,
                                      const Snapshot* baseline) {
  std::vector<Contributor> out;
  const Rule& rule = *judged.rule;
  const bool has_before = baseline != nullptr;
  switch (rule.metric) {
    case Metric::flash_bytes:
    case Metric::ram_bytes:
    case Metric::ram_peak_bytes:
    case Metric::stack_bytes:
      return of_memory(rule.metric, result, now, baseline);
    case Metric::used_bytes: {
      const Parts before = merged(judged.before);
      return of_sections(merged(judged.parts), has_before ? &before : nullptr);
    }
    default:
      break;
  }
  switch (rule.scope) {
    case Scope::totals:
      add_layer("", one_inference, now, baseline, out);
      add_function_of(functions(now, baseline, self_cycles), "cycles", "cycles", now, baseline, out);
      break;
    case Scope::network: {
      const std::string& network = judged.parts.front()->name;
      add_layer(network, "cycles", now, baseline, out);
      std::vector<const Subject*> layers, before;
      for (const Subject& l : now.layers)
        if (l.network == network) layers.push_back(&l);
      if (baseline)
        for (const Subject& l : baseline->layers)
          if (l.network == network) before.push_back(&l);
      const Parts parts_before = merged(before);
      add_function_of(candidates(merged(layers), has_before ? &parts_before : nullptr), "cycles", whole_run, now,
                      baseline, out);
      break;
    }
    case Scope::layer: {
      std::string unit = "cycles";
      for (const Subject* l : judged.parts)
        if (shares_function(*l)) unit = "cycles in all layers of its function";
      const Parts before = merged(judged.before);
      if (judged.parts.size() > 1) {
        std::vector<Candidate> layers;
        for (std::size_t i = 0; i < judged.parts.size(); ++i) {
          Candidate c{judged.parts[i]->title(Scope::layer), judged.parts[i]->values.at(Metric::cycles).value, {}};
          if (const Subject* b = judged.before[i]; b && b->values.count(Metric::cycles))
            c.before = b->values.at(Metric::cycles).value;
          layers.push_back(std::move(c));
        }
        if (const Candidate* c = top(layers)) out.push_back({c->key, c->now, c->before, "cycles"});
      }
      add_function_of(candidates(merged(judged.parts), has_before ? &before : nullptr), unit, whole_run, now, baseline,
                      out);
      break;
    }
    case Scope::function: {
      std::vector<Candidate> all;
      std::set<std::string> wanted;
      for (const Subject* f : judged.parts) {
        wanted.insert(f->name);
        if (rule.metric == Metric::inclusive_cycles)
          for (const std::string& name : functions_below(result, f->name)) wanted.insert(name);
      }
      for (const Candidate& c : functions(now, baseline, self_cycles))
        if (wanted.count(c.key)) all.push_back(c);
      add_function_of(all, "cycles", "cycles", now, baseline, out);
      break;
    }
    case Scope::region:
      break;
  }
  return out;
}

}  // namespace mj::budget
