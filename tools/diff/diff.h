// Compares two saved results: what changed, by how much, largest first.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/run_result.h"
#include "tools/report/report.h"

namespace mj::diff {

enum class Unit { count, cycles, bytes, seconds, joules, watts };
/// "cycles", "B", "J"; a count's is "".
std::string_view name(Unit unit);

/// A number of both runs. None: that run has no such thing, or doesn't know it. Counts, cycles and bytes are exact up
/// to 2^53.
struct Pair {
  std::optional<double> a, b;
  bool known() const { return a || b; }
  bool changed() const { return a != b; }
  double change() const { return b.value_or(0) - a.value_or(0); }
  std::optional<double> percent() const;  ///< change of a; none if there is no a or it is 0
};

struct Metric {
  std::string name;  ///< "cycles", "latency, kws"
  Unit unit = Unit::count;
  Pair value;
};

/// How a row of one run was found in the other. renamed: by its place and operation.
enum class Match { same, renamed, added, removed };
std::string_view name(Match match);

/// A layer, or what lies between and outside of layers: the rows sum to the runs' totals unless Diff::per_inference.
struct LayerRow {
  enum class Kind { layer, between_layers, outside_of_inference };
  Kind kind = Kind::layer;
  Match match = Match::same;
  std::string network, op, name;        ///< of B, of A if it was removed
  std::string name_a;                   ///< of A, if renamed
  std::optional<int> index_a, index_b;  ///< place in the network
  Pair cycles, energy_j;
  Pair macs;  ///< of one invocation
};

struct FunctionRow {
  Match match = Match::same;
  std::string name, file;  ///< of B, of A if it was removed
  std::string name_a;      ///< of A, if it differs
  bool inlined_a = false, inlined_b = false;
  Pair cycles, energy_j;  ///< self
  Pair bytes;
};

struct ReasonRow {
  std::string name, title;  ///< "load_use", "load-use"
  Pair cycles;
};

struct SizeRow {
  std::string kind;    ///< "section", "symbol"
  std::string region;  ///< of a section: "flash"
  std::string name;
  Pair bytes;  ///< none, of a symbol: it is smaller than the ones that this run's result lists, or not there
};

/// What is known of one of the runs.
struct Side {
  std::string file;  ///< of the saved result
  profile::Provenance provenance;
  profile::Stop stop;
  profile::Estimate cycles;
  std::optional<profile::Energy> energy;
};

struct Diff {
  Side a, b;
  std::vector<std::string> remarks;  ///< what makes the runs hard to compare: boards, what-ifs, ends, prices
  bool per_inference = false;        ///< layers and between_layers are of one inference: the runs' numbers differ
  std::vector<Metric> totals;
  /// Each by the largest absolute change of its cycles or bytes; equals in the order of B's result.
  std::vector<LayerRow> layers;
  std::vector<FunctionRow> functions;
  std::vector<ReasonRow> reasons;
  std::vector<SizeRow> sizes;
};

/// Errors: usage: the runs' timing models have different versions.
Result<Diff> compare(const profile::RunResult& a, const std::string& file_a, const profile::RunResult& b,
                     const std::string& file_b);

struct Format {
  std::string_view name;  ///< what --format takes
  std::string_view what;  ///< one line for --help
  std::string (*render)(const Diff&, const report::Options&);
};
/// All formats; the only list.
const std::vector<Format>& formats();
/// The format of that name, or an Error that lists the names.
Result<const Format*> find_format(std::string_view name);

std::string text(const Diff&, const report::Options&);
std::string markdown(const Diff&, const report::Options&);
std::string json(const Diff&, const report::Options&);
/// One row a number: "kind,group,name,match,metric,unit,a,b,change,change_percent".
std::string csv(const Diff&, const report::Options&);

}  // namespace mj::diff
