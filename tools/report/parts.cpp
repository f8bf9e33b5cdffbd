// What rows of the layers' table were spent with, in words.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/profile/family_titles.h"
#include "tools/report/cells.h"
#include "tools/report/format.h"
#include "tools/report/sections.h"

namespace mj::report {
namespace {

using namespace profile;

constexpr Cycle hundred = 100;
constexpr Cycle least_percent = 1;    ///< of its row, that a part is told for
constexpr Cycle good_percent = 10;    ///< of a layer, that a helper is told for
constexpr Cycle least_of_run = 1000;  ///< a row of less than this fraction of the run isn't told
constexpr Cycle mostly_unnamed_percent = 95;

/// A row by work, and within each work by helper.
struct Split {
  std::map<std::string, std::map<std::string, Cycle>> by_work;
  Cycle cycles = 0;

  void add(const std::vector<Part>& parts) {
    for (const Part& p : parts) {
      by_work[p.work][p.helper] += p.cycles;
      cycles += p.cycles;
    }
  }
  Cycle unnamed() const {
    const auto own = by_work.find("");
    if (own == by_work.end()) return 0;
    const auto n = own->second.find("unnamed");
    return n == own->second.end() ? 0 : n->second;
  }
};

bool at_least(Cycle part, Cycle whole, Cycle percent) { return part * hundred >= whole * percent; }

struct Item {
  std::string text;
  Cycle cycles;
};

std::string list(std::vector<Item> items, Cycle whole) {
  std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.cycles > b.cycles; });
  std::string out;
  for (const Item& i : items)
    if (at_least(i.cycles, whole, least_percent)) out += (out.empty() ? "" : ", ") + i.text;
  return out;
}

std::string with_share(std::string_view what, Cycle cycles, Cycle whole) {
  return fmt::format("{} {}", what, percent(real(cycles), real(whole)));
}

/// "printing 52.0 %, soft-float 31.0 %, feature extraction 10.0 % (soft-float 8.0 %), other code 7.0 %"
std::string words(const Split& s) {
  std::vector<Item> items;
  for (const auto& [work, by_helper] : s.by_work) {
    Cycle all = 0;
    std::vector<Item> within;
    for (const auto& [helper, cycles] : by_helper) {
      all += cycles;
      // Helpers in code that has no work of its own stand beside the works.
      if (work.empty())
        items.push_back({with_share(helper.empty() ? "other code" : family_title(helper), cycles, s.cycles), cycles});
      else if (!helper.empty())
        within.push_back({with_share(family_title(helper), cycles, s.cycles), cycles});
    }
    if (work.empty()) continue;
    const std::string helpers = list(std::move(within), s.cycles);
    items.push_back(
        {with_share(family_title(work), all, s.cycles) + (helpers.empty() ? "" : " (" + helpers + ")"), all});
  }
  return list(std::move(items), s.cycles);
}

/// Whether helpers, or work that is none of a network's, take a good part of a row inside of inferences.
bool noteworthy(const Split& s) {
  for (const auto& [work, by_helper] : s.by_work)
    for (const auto& [helper, cycles] : by_helper)
      if ((!helper.empty() || !work.empty()) && helper != "unnamed" && at_least(cycles, s.cycles, good_percent))
        return true;
  return false;
}

/// Of a phase that each operator has, those that take most: "; most for layer 3 CONV_2D 40.1 %, 5 CONV_2D 20.0 %".
std::string operators(const RunResult& r, const PhaseSum& sum) {
  constexpr std::size_t most = 3;
  std::vector<Item> items;
  for (const Phase& p : r.phases)
    if (p.kind == sum.kind && p.layer >= 0 && at_least(p.cycles, sum.cycles, good_percent)) {
      const Layer& l = r.layers[static_cast<std::size_t>(p.layer)];
      items.push_back({with_share(layer_number(r, l) + " " + l.op, p.cycles, sum.cycles), p.cycles});
    }
  std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.cycles > b.cycles; });
  if (items.size() > most) items.resize(most);
  return items.empty() ? "" : "; most for layer " + list(std::move(items), sum.cycles);
}

}  // namespace

Table families(const RunResult& r) {
  Table table{{{"what"},
               {"in layers", Align::right},
               {"cycles", Align::right},
               {"share", Align::right},
               {"µJ", Align::right},
               {"helped most by", Align::left, Shrink::keep_ends}},
              {}};
  struct Family {
    std::string name;
    Cycle inside = 0, cycles = 0;
    energy::Split split;
    std::map<std::string, Cycle> helpers;
  };
  std::map<std::string, Family> all;
  bool priced = r.totals.energy.has_value();
  const auto add = [&](const std::vector<Part>& parts, bool inside) {
    for (const Part& p : parts) {
      Family& f = all[either(p.work, p.helper)];
      f.name = either(p.work, p.helper);
      f.cycles += p.cycles;
      if (inside) f.inside += p.cycles;
      if (!p.work.empty() && !p.helper.empty()) f.helpers[p.helper] += p.cycles;
      if (p.energy) f.split += p.energy->split;
      priced = priced && p.energy;
    }
  };
  for (const Layer& l : r.layers) add(l.parts, true);
  for (const Network& n : r.networks) add(n.between_parts, false);
  for (const Phase& p : r.phases) add(p.parts, false);
  if (std::none_of(all.begin(), all.end(), [](const auto& f) { return !f.first.empty() && f.first != "unnamed"; }))
    return table;
  std::vector<Family> sorted;
  for (auto& [name, f] : all) sorted.push_back(std::move(f));
  std::stable_sort(sorted.begin(), sorted.end(), [](const Family& a, const Family& b) { return a.cycles > b.cycles; });
  Family total;
  const auto row = [&](const std::string& name, const Family& f) {
    std::vector<Item> with;
    for (const auto& [helper, cycles] : f.helpers)
      with.push_back({with_share(family_title(helper), cycles, f.cycles), cycles});
    // The largest one: the rows below tell the others.
    std::stable_sort(with.begin(), with.end(), [](const Item& a, const Item& b) { return a.cycles > b.cycles; });
    if (with.size() > 1) with.resize(1);
    Energy energy;
    energy.split = f.split;
    table.rows.push_back(
        {{name, f.inside ? count(f.inside) : "-", count(f.cycles), percent(real(f.cycles), real(r.totals.cycles)),
          microjoules(energy, r), list(std::move(with), f.cycles)}});
  };
  for (const Family& f : sorted) {
    row(f.name.empty() ? "other code" : std::string(family_title(f.name)), f);
    total.inside += f.inside;
    total.cycles += f.cycles;
    total.split += f.split;
  }
  row("total", total);
  table.rows.back().quiet = true;
  if (!priced) remove_column(table, "µJ");
  return table;
}

Facts parts(const RunResult& r) {
  Facts facts;
  std::string unnamed;
  const auto tell = [&](const std::string& what, const Split& s, const std::string& more = "") {
    if (s.cycles == 0 || s.cycles * least_of_run < r.totals.cycles) return;
    if (at_least(s.unnamed(), s.cycles, mostly_unnamed_percent))
      unnamed += (unnamed.empty() ? "" : ", ") + what;
    else
      facts.push_back({what, words(s) + more});
  };
  for (const Layer& l : r.layers) {
    Split s;
    s.add(l.parts);
    if (noteworthy(s)) tell(fmt::format("layer {} {}", layer_number(r, l), l.op), s);
  }
  for (const Network& n : r.networks) {
    Split s;
    s.add(n.between_parts);
    if (noteworthy(s)) tell("between layers" + (r.networks.size() > 1 ? " of " + n.name : ""), s);
  }
  for (const PhaseSum& p : phase_sums(r)) {
    Split s;
    for (const Phase& phase : r.phases)
      if (phase.kind == p.kind) s.add(phase.parts);
    tell(phase_name(p), s, p.rows > 1 ? operators(r, p) : "");
  }
  if (!unnamed.empty())
    facts.push_back({"unknown", unnamed + ": the image names none of the functions that ran there"});
  return facts;
}

}  // namespace mj::report
