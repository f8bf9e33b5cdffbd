#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "benchmarks/accuracy/suites.h"
#include "energy/ledger.h"
#include "sim/board.h"
#include "sim/run.h"

namespace mj::accuracy {

namespace {

namespace fs = std::filesystem;
using energy::Activity;
using nlohmann::json;

constexpr const char* board = "nucleo-l4r5zi";
constexpr double unstated_volts = 1.8;

struct Row {
  std::string round, submitter, system, network, supply, source, outlier;
  double volts = 0;
  bool volts_stated = false;
  Hertz clock_hz = 0;
  Cycle cycles = 0;
  double published_uj = 0;

  std::string submission() const { return round + " " + submitter; }
  std::string firmware() const { return submission() + " " + system; }
  /// What the supply's law holds constant: mA of an LDO, mW of a switching regulator.
  double level() const {
    const double milliwatts = published_uj * 1e-3 / (static_cast<double>(cycles) / static_cast<double>(clock_hz));
    return supply == "ldo" ? milliwatts / volts : milliwatts;
  }
};

Result<std::vector<Row>> read_rows() {
  const std::string path = std::string(DATA) + "/mlperf_tiny_l4r5zi.json";
  std::ifstream in(path);
  if (!in) return Error{ExitCode::unreadable, "cannot read the measurements", path, "", ""};
  std::vector<Row> rows;
  try {
    const json file = json::parse(in);
    for (const json& j : file.at("rows")) {
      Row r;
      r.round = j.at("round");
      r.submitter = j.at("submitter");
      r.system = j.at("system");
      r.network = j.at("network");
      r.supply = j.at("supply");
      r.source = j.at("source");
      r.outlier = j.value("outlier", "");
      r.volts_stated = j.contains("volts");
      r.volts = j.value("volts", unstated_volts);
      r.clock_hz = j.at("clock_hz");
      r.cycles = j.at("cycles");
      r.published_uj = j.at("energy_uj");
      rows.push_back(r);
    }
  } catch (const json::exception& e) {
    return Error{ExitCode::unreadable, "not the measurements", path, e.what(), ""};
  }
  return rows;
}

/// What our own runtime does in one inference of a network at the board's highest clock.
struct Mix {
  Activity activity;
};

Result<Mix> mix_of(const std::string& network, const fs::path& folder) {
  const auto elf = build_network(network, board, folder.string());
  if (!elf) return elf.error();
  RunRequest run_request;
  run_request.firmware = *elf;
  run_request.board = board;
  const auto result = run(run_request);
  if (!result) return result.error();
  const auto wrong = [&](std::string what) { return Error{ExitCode::internal, std::move(what), network, "", ""}; };
  if (result->networks.size() != 1 || result->networks[0].inferences != 1) return wrong("not one inference");
  Mix mix;
  for (const Activity& a : result->networks[0].activity) mix.activity += a;
  if (mix.activity.cycles() != result->networks[0].cycles) return wrong("activity and cycles differ");
  return mix;
}

/// The mix with as many cycles as a published inference took.
Activity scaled(const Activity& mix, Cycle cycles) {
  const double by = static_cast<double>(cycles) / static_cast<double>(mix.cycles());
  const auto times = [&](std::uint64_t n) {
    return static_cast<std::uint64_t>(std::llround(static_cast<double>(n) * by));
  };
  Activity a;
  a.issue_cycles = std::min(times(mix.issue_cycles), cycles);
  a.sleep_cycles = std::min(times(mix.sleep_cycles), cycles - a.issue_cycles);
  a.stall_cycles = cycles - a.issue_cycles - a.sleep_cycles;
  a.code_flash_cycles = std::min(times(mix.code_flash_cycles), a.issue_cycles);
  a.flash_reads = times(mix.flash_reads);
  a.ram_accesses = times(mix.ram_accesses);
  return a;
}

struct Prediction {
  double value = 0, low = 0, high = 0, published = 0;  ///< uJ
  double error() const { return 100 * (value / published - 1); }
  bool covers() const { return low <= published && published <= high; }
};

struct Line {
  Row row;
  Prediction seen;
  std::optional<Prediction> left_out;  ///< none: no other submission on this supply
};

/// Levels of a supply's firmwares, each counted once.
struct Levels {
  double mean = 0, spread = 0;  ///< spread: standard deviation over mean; 0 with one firmware
  std::size_t firmwares = 0;
};

Levels levels(const std::vector<Row>& rows, const std::string& supply, const std::string& without) {
  std::map<std::string, std::pair<double, int>> firmwares;
  for (const Row& r : rows) {
    if (r.supply != supply || r.submission() == without || !r.outlier.empty()) continue;
    auto& [sum, n] = firmwares[r.firmware()];
    sum += r.level();
    ++n;
  }
  Levels l;
  l.firmwares = firmwares.size();
  const auto n = static_cast<double>(firmwares.size());
  double squares = 0;
  for (const auto& [name, f] : firmwares) l.mean += f.first / f.second / n;
  for (const auto& [name, f] : firmwares) squares += std::pow(f.first / f.second - l.mean, 2);
  if (n > 1) l.spread = std::sqrt(squares / (n - 1)) / l.mean;
  return l;
}

/// Half of the 90 % interval for one more firmware, relative: the rule behind the table's own interval.
double half_width(const Levels& l) {
  // Student's t, 95 % one-sided, by degrees of freedom from 1 on.
  static constexpr double t[] = {6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812, 1.796, 1.782};
  const auto n = static_cast<double>(l.firmwares);
  return t[std::min(l.firmwares - 2, std::size(t) - 1)] * l.spread * std::sqrt(1 + 1 / n);
}

/// The prediction as it were without the row's submission: value and interval from the others'.
std::optional<Prediction> left_out(const Prediction& seen, const Levels& all, const Levels& others) {
  if (others.firmwares < 2) return std::nullopt;
  const double value = others.mean / all.mean * seen.value, half = half_width(others);
  return Prediction{value, value * (1 - half), value * (1 + half), seen.published};
}

/// The prediction scaled to what the same firmware's other networks drew: what one own measurement is worth.
std::optional<Prediction> once_measured(const Line& line, const std::vector<Line>& lines) {
  double ratios = 0;
  int n = 0;
  for (const Line& other : lines) {
    if (other.row.firmware() != line.row.firmware() || other.row.network == line.row.network) continue;
    if (!other.row.outlier.empty()) continue;
    ratios += other.seen.published / other.seen.value;
    ++n;
  }
  if (n == 0) return std::nullopt;
  return Prediction{ratios / n * line.seen.value, 0, 0, line.seen.published};
}

struct Summary {
  std::string name;
  bool has_interval = true;
  int rows = 0, covered = 0;
  double mape = 0, mean = 0, worst = 0;
  double coverage() const { return rows ? 100.0 * covered / rows : 0; }
};

Summary summary(std::string name, const std::vector<Prediction>& predictions) {
  Summary s;
  s.name = std::move(name);
  for (const Prediction& p : predictions) {
    ++s.rows;
    s.covered += p.covers();
    s.mape += std::abs(p.error());
    s.mean += p.error();
    if (std::abs(p.error()) > std::abs(s.worst)) s.worst = p.error();
  }
  if (s.rows) s.mape /= s.rows, s.mean /= s.rows;
  return s;
}

std::string csv(const std::vector<Line>& lines) {
  std::string out =
      "round,submitter,system,network,supply,volts,volts_stated,cycles,published_uj,predicted_uj,low_uj,high_uj,"
      "error_percent,covered,left_out_uj,left_out_error_percent,left_out_covered,source\n";
  for (const Line& l : lines) {
    const Row& r = l.row;
    out += fmt::format("{},{},{},{},{},{:g},{},{},{},{:.3f},{:.3f},{:.3f},{:.2f},{},", r.round, r.submitter, r.system,
                       r.network, r.supply, r.volts, r.volts_stated ? "yes" : "no", r.cycles, r.published_uj,
                       l.seen.value, l.seen.low, l.seen.high, l.seen.error(), l.seen.covers() ? "yes" : "no");
    if (l.left_out)
      out +=
          fmt::format("{:.3f},{:.2f},{},", l.left_out->value, l.left_out->error(), l.left_out->covers() ? "yes" : "no");
    else
      out += ",,,";
    out += r.source + "\n";
  }
  return out;
}

std::string markdown(const std::vector<Line>& lines, const std::map<std::string, Mix>& mixes,
                     const std::vector<Summary>& summaries) {
  std::string out = "### Energy per inference, MLPerf Tiny on NUCLEO-L4R5ZI, at the published cycles\n\n";
  out +=
      "| set | rows | mean abs. error | signed mean | worst | interval covers |\n"
      "|---|--:|--:|--:|--:|--:|\n";
  for (const Summary& s : summaries)
    out += fmt::format("| {} | {} | {:.1f} % | {:+.1f} % | {:+.1f} % | {} |\n", s.name, s.rows, s.mape, s.mean, s.worst,
                       s.has_interval ? fmt::format("{} of {}, {:.1f} %", s.covered, s.rows, s.coverage()) : "-");
  out +=
      "\nLeft out: prices scaled to the mean of the other submissions on the same supply, interval from their spread. "
      "\"!\" marks an error beyond "
      "the printed interval, \"*\" a supply voltage that the submitter does not state (1.8 V taken), \"†\" a row that "
      "the prices do not rest on (see data).\n\n";
  out +=
      "| submission | system | net | supply | Mcycles | published µJ | predicted µJ | interval µJ | error | left out "
      "|\n"
      "|---|---|---|---|--:|--:|--:|--:|--:|--:|\n";
  for (const Line& l : lines) {
    const Row& r = l.row;
    const auto error = [](const Prediction& p) {
      return fmt::format("{:+.1f} %{}", p.error(), p.covers() ? "" : " !");
    };
    out += fmt::format("| {} | {} | {}{} | {} {:.1f} V{} | {:.2f} | {:.0f} | {:.0f} | {:.0f} to {:.0f} | {} | {} |\n",
                       r.submission(), r.system, r.network, r.outlier.empty() ? "" : " †", r.supply, r.volts,
                       r.volts_stated ? "" : " *", static_cast<double>(r.cycles) / 1e6, r.published_uj, l.seen.value,
                       l.seen.low, l.seen.high, error(l.seen), l.left_out ? error(*l.left_out) : "-");
  }
  out +=
      "\nCounts behind the predictions, of our own runtime on the model of the board:\n\n"
      "| net | cycles | issue | code in flash | flash reads per 1000 cycles | RAM accesses per 1000 cycles |\n"
      "|---|--:|--:|--:|--:|--:|\n";
  for (const auto& [network, mix] : mixes) {
    const Activity& a = mix.activity;
    const auto cycles = static_cast<double>(a.cycles());
    const auto of = [&](std::uint64_t n) { return static_cast<double>(n) / cycles; };
    out += fmt::format("| {} | {} | {:.1f} % | {:.1f} % | {:.1f} | {:.1f} |\n", network, a.cycles(),
                       100 * of(a.issue_cycles), 100 * of(a.code_flash_cycles), 1000 * of(a.flash_reads),
                       1000 * of(a.ram_accesses));
  }
  return out;
}

}  // namespace

Result<Outcome> energy_suite(Format format) {
  const auto rows = read_rows();
  if (!rows) return rows.error();
  const auto table = energy::load_table(models_dir(), board);
  if (!table) return table.error();
  if (!*table) return Error{ExitCode::internal, "no energy table", board, "", ""};

  std::map<std::string, Mix> mixes;
  const fs::path folder = fs::temp_directory_path() / ("mj_accuracy_" + std::to_string(getpid()));
  std::error_code ignored;
  fs::create_directories(folder, ignored);
  std::optional<Error> failed;
  for (const Row& r : *rows) {
    if (failed || mixes.count(r.network)) continue;
    const auto mix = mix_of(r.network, folder);
    if (mix)
      mixes[r.network] = *mix;
    else
      failed = mix.error();
  }
  fs::remove_all(folder, ignored);
  if (failed) return *failed;

  std::vector<Line> lines;
  std::map<std::string, std::vector<Prediction>> sets;
  for (const Row& r : *rows) {
    const auto ledger = energy::Ledger::create(**table, {r.supply, r.volts}, {{r.clock_hz, 0}});
    if (!ledger) return ledger.error();
    const energy::Interval i = ledger->interval({scaled(mixes[r.network].activity, r.cycles)});
    Line line{r, {1e6 * i.value, 1e6 * i.low, 1e6 * i.high, r.published_uj}, std::nullopt};
    line.left_out = left_out(line.seen, levels(*rows, r.supply, ""), levels(*rows, r.supply, r.submission()));
    sets["all"].push_back(line.seen);
    sets[r.supply].push_back(line.seen);
    if (line.left_out) sets["left out"].push_back(*line.left_out);
    lines.push_back(line);
  }
  for (const Line& l : lines)
    if (const auto p = once_measured(l, lines)) sets["measured"].push_back(*p);
  std::vector<Summary> summaries = {summary("all rows", sets["all"]), summary("internal LDO", sets["ldo"]),
                                    summary("external SMPS (-P)", sets["smps"]),
                                    summary("LDO, own submission left out", sets["left out"])};
  summaries.push_back(summary("scaled to the same firmware's other networks", sets["measured"]));
  summaries.back().has_interval = false;
  Outcome outcome;
  outcome.passed = summaries.front().coverage() >= 80;
  outcome.text = format == Format::csv ? csv(lines) : markdown(lines, mixes, summaries);
  return outcome;
}

}  // namespace mj::accuracy
