#include "tools/diff/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "tools/report/format.h"
#include "tools/report/sections.h"

namespace mj::diff {
namespace {

using namespace profile;

using report::real;
double joules(const Energy& e) { return real(e.split.total()) * 1e-15; }

/// Finds the rows of one list in the other, from sure to less sure keys.
class Matching {
 public:
  Matching(std::size_t a, std::size_t b) : of_a_(a), of_b_(b) {}

  /// Pairs rows whose keys are equal and that have no partner yet; equal keys in order, or if `unique` only where a key
  /// stands once in each list.
  void pass(const std::vector<std::string>& a, const std::vector<std::string>& b, bool unique) {
    std::map<std::string, std::pair<std::vector<std::size_t>, std::vector<std::size_t>>> rows;
    for (std::size_t i = 0; i < a.size(); ++i)
      if (!of_a_[i]) rows[a[i]].first.push_back(i);
    for (std::size_t i = 0; i < b.size(); ++i)
      if (!of_b_[i]) rows[b[i]].second.push_back(i);
    for (const auto& [key, found] : rows) {
      const auto& [in_a, in_b] = found;
      if (unique && (in_a.size() != 1 || in_b.size() != 1)) continue;
      for (std::size_t i = 0; i < std::min(in_a.size(), in_b.size()); ++i) {
        of_a_[in_a[i]] = in_b[i];
        of_b_[in_b[i]] = in_a[i];
      }
    }
  }
  std::optional<std::size_t> in_b(std::size_t a) const { return of_a_[a]; }
  std::optional<std::size_t> in_a(std::size_t b) const { return of_b_[b]; }

 private:
  std::vector<std::optional<std::size_t>> of_a_, of_b_;
};

template <class Rows, class Key>
std::vector<std::string> keys(const Rows& rows, Key key) {
  std::vector<std::string> out;
  for (const auto& row : rows) out.push_back(key(row));
  return out;
}

/// Calls row(a or null, b or null) for all pairs in the order of `b`, then for what only `a` has.
template <class Rows, class F>
void each_pair(const Rows& a, const Rows& b, const Matching& matching, F&& row) {
  for (std::size_t i = 0; i < b.size(); ++i) {
    const auto partner = matching.in_a(i);
    row(partner ? &a[*partner] : nullptr, &b[i]);
  }
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!matching.in_b(i)) row(&a[i], nullptr);
}

template <class T>
Match match_of(const T* a, const T* b) {
  return !a ? Match::added : !b ? Match::removed : Match::same;
}

template <class T, class F>
Pair pair_of(const T* a, const T* b, F value) {
  Pair pair;
  if (a) pair.a = value(*a);
  if (b) pair.b = value(*b);
  return pair;
}

template <class Rows, class Value>
void sort_by_change(Rows& rows, Value value) {
  std::stable_sort(rows.begin(), rows.end(), [&](const auto& x, const auto& y) {
    return std::abs((x.*value).change()) > std::abs((y.*value).change());
  });
}

/// A function's name without the compiler's clone notes: ".constprop.0", ".part.1 (kernels.c)".
std::string without_clone_notes(std::string name) {
  for (const char* note : {".constprop.", ".part.", ".isra.", ".cold", ".lto_priv."}) {
    const auto begin = name.find(note);
    if (begin == std::string::npos || begin == 0) continue;
    const auto end = name.find(' ', begin);
    name.erase(begin, end == std::string::npos ? end : end - begin);
  }
  return name;
}

std::string file_name(const std::string& path) { return path.substr(path.find_last_of("/\\") + 1); }

/// Compares two runs; holds both of them while it does.
class Comparison {
 public:
  Comparison(const RunResult& a, const RunResult& b) : a_(a), b_(b), networks_(a.networks.size(), b.networks.size()) {
    const auto name_of = [](const Network& n) { return n.name; };
    networks_.pass(keys(a.networks, name_of), keys(b.networks, name_of), false);
    // One network in each is the same one under another name.
    const auto any = [](const Network&) { return std::string(); };
    networks_.pass(keys(a.networks, any), keys(b.networks, any), true);
    priced_ = a.totals.energy && b.totals.energy;
  }

  Diff run(Side side_a, Side side_b) {
    diff_.a = std::move(side_a);
    diff_.b = std::move(side_b);
    remarks();
    totals();
    layers();
    functions();
    reasons();
    sizes();
    return std::move(diff_);
  }

 private:
  void remark(std::string text) { diff_.remarks.push_back(std::move(text)); }
  void differ(const char* what, const std::string& a, const std::string& b, const char* so = "") {
    if (a != b)
      remark(fmt::format("different {}: A {}, B {}{}", what, a.empty() ? "none" : a, b.empty() ? "none" : b, so));
  }
  void remarks() {
    const Provenance &p = a_.provenance, &q = b_.provenance;
    differ("boards", p.board, q.board, "; cycles and prices are of different hardware");
    if (p.board == q.board) differ("cores", p.core, q.core);
    const auto held = [](const Provenance& of) {
      std::string out = of.held_clock_hz ? "clock " + report::clock_rate(of.held_clock_hz) : "";
      if (!of.held_wait_states.empty()) out += (out.empty() ? "" : ", ") + ("flash wait states " + of.held_wait_states);
      return out;
    };
    differ("what-ifs", held(p), held(q));
    differ("compilers", p.compiler, q.compiler);
    for (const auto& [run, letter] : {std::pair{&a_, 'A'}, std::pair{&b_, 'B'}})
      if (run->stop.exit_code != ExitCode::ok)
        remark(fmt::format("{} did not end well, its numbers are of the part that ran: {}", letter,
                           run->stop.message.empty() ? run->stop.kind : run->stop.message));
    if (!priced_) {
      for (const auto& [run, letter] : {std::pair{&a_, 'A'}, std::pair{&b_, 'B'}})
        if (!run->totals.energy)
          remark(
              fmt::format("energy is not compared, that of {} is unknown: {}", letter, report::unknown_energy(*run)));
      return;
    }
    const auto prices = [](const EnergyModel& m) { return "table " + m.table + ", " + report::supply_text(m); };
    differ("energy prices", prices(a_.energy_model), prices(b_.energy_model));
  }

  void total(std::string title, Unit unit, Pair value) { diff_.totals.push_back({std::move(title), unit, value}); }
  void total(std::string title, Unit unit, std::uint64_t a, std::uint64_t b) {
    total(std::move(title), unit, Pair{real(a), real(b)});
  }
  void totals() {
    const Totals &a = a_.totals, &b = b_.totals;
    total("cycles", Unit::cycles, a.cycles, b.cycles);
    total("instructions", Unit::count, a.instructions, b.instructions);
    total("simulated time", Unit::seconds, Pair{a.time_s, b.time_s});
    if (priced_) {
      total("energy", Unit::joules, Pair{joules(*a.energy), joules(*b.energy)});
      total("average power", Unit::watts, Pair{a_.energy_model.average_power_w, b_.energy_model.average_power_w});
    }
    each_pair(a_.networks, b_.networks, networks_, [&](const Network* n, const Network* m) {
      const std::string of = ", " + (m ? m : n)->name;
      const auto ran = [](const Network* network) { return network && network->inferences ? network : nullptr; };
      if (n && m && n->inferences != m->inferences) total("inferences" + of, Unit::count, n->inferences, m->inferences);
      if (!ran(n) && !ran(m)) return;
      total("cycles/inference" + of, Unit::cycles,
            pair_of(ran(n), ran(m), [](const Network& x) { return std::round(real(x.cycles) / real(x.inferences)); }));
      total("latency" + of, Unit::seconds,
            pair_of(ran(n), ran(m), [](const Network& x) { return x.time_s / real(x.inferences); }));
      if ((!ran(n) || n->energy) && (!ran(m) || m->energy) && priced_)
        total("energy/inference" + of, Unit::joules,
              pair_of(ran(n), ran(m), [](const Network& x) { return joules(*x.energy) / real(x.inferences); }));
    });
    const Memory &m = a_.memory, &n = b_.memory;
    total("flash", Unit::bytes, m.flash_used, n.flash_used);
    total("RAM, static", Unit::bytes, m.ram_static, n.ram_static);
    total("stack, peak", Unit::bytes, m.stack.used_bytes, n.stack.used_bytes);
    total("RAM, peak", Unit::bytes, m.ram_peak(), n.ram_peak());
  }

  /// Of two energies, if both runs' are known and each row that is there has one.
  template <class T, class F>
  Pair energies(const T* a, const T* b, F energy, double per_a = 1, double per_b = 1) const {
    if (!priced_ || (a && !energy(*a)) || (b && !energy(*b))) return {};
    Pair pair;
    if (a) pair.a = joules(*energy(*a)) / per_a;
    if (b) pair.b = joules(*energy(*b)) / per_b;
    return pair;
  }

  void layers() {
    each_pair(a_.networks, b_.networks, networks_, [&](const Network* n, const Network* m) {
      if (n && m && n->inferences && m->inferences && n->inferences != m->inferences) diff_.per_inference = true;
    });
    each_pair(a_.networks, b_.networks, networks_, [&](const Network* n, const Network* m) { network_layers(n, m); });
    const Pair outside{real(report::outside_cycles(a_)), real(report::outside_cycles(b_))};
    LayerRow row;
    row.kind = LayerRow::Kind::outside_of_inference;
    row.cycles = outside;
    const auto x = report::outside_energy(a_), y = report::outside_energy(b_);
    if (x && y) row.energy_j = {joules(*x), joules(*y)};
    diff_.layers.push_back(row);
    sort_by_change(diff_.layers, &LayerRow::cycles);
    if (diff_.per_inference)
      remark("different numbers of inferences: layers are compared by their mean over the inferences");
  }

  void network_layers(const Network* n, const Network* m) {
    const auto layers_of = [](const RunResult& r, const Network* network) {
      std::vector<Layer> out;
      for (const Layer& l : r.layers)
        if (network && network == &r.networks[static_cast<std::size_t>(l.network)]) out.push_back(l);
      return out;
    };
    const std::vector<Layer> a = layers_of(a_, n), b = layers_of(b_, m);
    Matching matching(a.size(), b.size());
    const auto by_index_and_name = [](const Layer& l) { return fmt::format("{} {} {}", l.index, l.op, l.name); };
    const auto by_name = [](const Layer& l) { return l.op + " " + l.name; };
    const auto by_index = [](const Layer& l) { return fmt::format("{} {}", l.index, l.op); };
    matching.pass(keys(a, by_index_and_name), keys(b, by_index_and_name), false);
    matching.pass(keys(a, by_name), keys(b, by_name), false);
    matching.pass(keys(a, by_index), keys(b, by_index), false);
    const auto runs = [&](const Network* network) {
      return diff_.per_inference && network && network->inferences ? real(network->inferences) : 1;
    };
    const double per_a = runs(n), per_b = runs(m);
    const std::string& network = (m ? m : n)->name;
    each_pair(a, b, matching, [&](const Layer* x, const Layer* y) {
      const Layer& shown = y ? *y : *x;
      LayerRow row;
      row.match = match_of(x, y);
      row.network = network;
      row.op = shown.op;
      row.name = shown.name;
      if (x && y && x->name != y->name) {
        row.match = Match::renamed;
        row.name_a = x->name;
      }
      if (x) row.index_a = x->index;
      if (y) row.index_b = y->index;
      if (x) row.cycles.a = real(x->cycles) / per_a;
      if (y) row.cycles.b = real(y->cycles) / per_b;
      row.energy_j = energies(
          x, y, [](const Layer& l) { return l.energy; }, per_a, per_b);
      row.macs = pair_of(x, y, [](const Layer& l) { return real(l.macs); });
      diff_.layers.push_back(row);
    });
    LayerRow between;
    between.kind = LayerRow::Kind::between_layers;
    between.match = match_of(n, m);
    between.network = network;
    if (n) between.cycles.a = real(n->between_cycles) / per_a;
    if (m) between.cycles.b = real(m->between_cycles) / per_b;
    between.energy_j = energies(
        n, m, [](const Network& x) { return x.between_energy; }, per_a, per_b);
    diff_.layers.push_back(between);
  }

  void functions() {
    const auto &a = a_.functions, &b = b_.functions;
    Matching matching(a.size(), b.size());
    const auto kind = [](const Function& f) { return f.inlined ? "inlined " : "called "; };
    const auto pass = [&](auto key, bool unique) { matching.pass(keys(a, key), keys(b, key), unique); };
    pass([&](const Function& f) { return kind(f) + f.name + "\n" + f.file; }, false);
    pass([&](const Function& f) { return kind(f) + f.name + "\n" + file_name(f.file); }, true);
    pass([&](const Function& f) { return kind(f) + without_clone_notes(f.name); }, true);
    pass([&](const Function& f) { return without_clone_notes(f.name) + "\n" + file_name(f.file); }, true);
    each_pair(a, b, matching, [&](const Function* x, const Function* y) {
      FunctionRow row;
      row.match = match_of(x, y);
      row.name = (y ? y : x)->name;
      row.file = (y ? y : x)->file;
      if (x && y && x->name != y->name) {
        row.match = Match::renamed;
        row.name_a = x->name;
      }
      row.inlined_a = x && x->inlined;
      row.inlined_b = y && y->inlined;
      row.cycles = pair_of(x, y, [](const Function& f) { return real(f.self_cycles); });
      row.bytes = pair_of(x, y, [](const Function& f) { return real(f.size); });
      row.energy_j = energies(x, y, [](const Function& f) { return f.energy; });
      diff_.functions.push_back(row);
    });
    sort_by_change(diff_.functions, &FunctionRow::cycles);
  }

  void reasons() {
    for (std::size_t i = 0; i < a_.totals.reasons.size(); ++i) {
      const Cycle a = a_.totals.reasons[i], b = b_.totals.reasons[i];
      const auto reason = static_cast<timing::Reason>(i);
      if (a || b)
        diff_.reasons.push_back(
            {std::string(timing::name(reason)), std::string(timing::title(reason)), {real(a), real(b)}});
    }
    sort_by_change(diff_.reasons, &ReasonRow::cycles);
  }

  void sizes() {
    struct Piece {
      std::string region, name;
      std::uint64_t bytes;
    };
    const auto add = [&](const char* kind, const std::vector<Piece>& a, const std::vector<Piece>& b) {
      Matching matching(a.size(), b.size());
      const auto key = [](const Piece& p) { return p.region + "\n" + p.name; };
      matching.pass(keys(a, key), keys(b, key), false);
      each_pair(a, b, matching, [&](const Piece* x, const Piece* y) {
        const Piece& shown = y ? *y : *x;
        diff_.sizes.push_back(
            {kind, shown.region, shown.name, pair_of(x, y, [](const Piece& p) { return real(p.bytes); })});
      });
    };
    const auto sections = [](const RunResult& r) {
      std::vector<Piece> out;
      for (const MemoryRegion& region : r.memory.regions)
        for (const NamedBytes& s : region.sections) out.push_back({region.name, s.name, s.bytes});
      return out;
    };
    const auto symbols = [](const RunResult& r) {
      std::vector<Piece> out;
      for (const NamedBytes& s : r.memory.largest_symbols) out.push_back({"", s.name, s.bytes});
      return out;
    };
    add("section", sections(a_), sections(b_));
    add("symbol", symbols(a_), symbols(b_));
    // A result lists its largest symbols only: what one run lists and the other doesn't may be as large as the smallest
    // that the other does list.
    const auto smallest = [](const std::vector<NamedBytes>& list) {
      std::uint64_t least = 0;
      for (const NamedBytes& s : list) least = least ? std::min(least, s.bytes) : s.bytes;
      return real(least);
    };
    const double least_a = smallest(a_.memory.largest_symbols), least_b = smallest(b_.memory.largest_symbols);
    std::erase_if(diff_.sizes, [&](const SizeRow& row) {
      return row.kind == "symbol" &&
             ((!row.bytes.a && *row.bytes.b <= least_a) || (!row.bytes.b && *row.bytes.a <= least_b));
    });
    sort_by_change(diff_.sizes, &SizeRow::bytes);
  }

  const RunResult &a_, &b_;
  Matching networks_;
  bool priced_ = false;  ///< both
  Diff diff_;
};

}  // namespace

std::string_view name(Unit unit) {
  constexpr std::string_view names[] = {"", "cycles", "B", "s", "J", "W"};
  return names[static_cast<std::size_t>(unit)];
}

std::string_view name(Match match) {
  constexpr std::string_view names[] = {"same", "renamed", "added", "removed"};
  return names[static_cast<std::size_t>(match)];
}

std::optional<double> Pair::percent() const {
  if (!a || *a == 0) return std::nullopt;
  return 100 * change() / *a;
}

Result<Diff> compare(const RunResult& a, const std::string& file_a, const RunResult& b, const std::string& file_b) {
  const std::string &version_a = a.provenance.timing_model_version, &version_b = b.provenance.timing_model_version;
  if (version_a != version_b)
    return Error{ExitCode::usage, "these results can't be compared", file_a + ", " + file_b,
                 fmt::format("they were timed by different models: version {} and version {}",
                             version_a.empty() ? "unknown" : version_a, version_b.empty() ? "unknown" : version_b),
                 "run both firmwares again with this program"};
  const auto side = [](const std::string& file, const RunResult& r) {
    return Side{file, r.provenance, r.stop, r.totals.cycles_estimate, r.totals.energy};
  };
  return Comparison(a, b).run(side(file_a, a), side(file_b, b));
}

const std::vector<Format>& formats() {
  static const std::vector<Format> list{
      {"text", "for people, on a terminal", text},
      {"json", "everything", json},
      {"csv", "one row a number, with change and percent", csv},
      {"md", "Markdown for a CI job's summary", markdown},
  };
  return list;
}

Result<const Format*> find_format(std::string_view wanted) {
  std::string names;
  for (const Format& f : formats()) {
    if (f.name == wanted) return &f;
    names += (names.empty() ? "" : ", ") + std::string(f.name);
  }
  return Error{ExitCode::usage, "unknown format '" + std::string(wanted) + "'", "", "", "one of: " + names};
}

}  // namespace mj::diff
