#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "benchmarks/accuracy/cycle_rows.h"
#include "benchmarks/accuracy/manifest.h"
#include "benchmarks/accuracy/suites.h"
#include "sim/run.h"

namespace mj::accuracy {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using profile::RunResult;

/// Far more than any row takes: a program that hangs fails.
constexpr Cycle longest_run = 20'000'000'000;

constexpr const char* rtl_cores[] = {"ibex-small",      "ibex-small-slowmul",     "ibex-small-btalu",
                                     "ibex-small-wb",   "ibex-maxperf",           "cv32e40p",
                                     "hazard3-2port",   "hazard3-2port-nobp",     "hazard3-1port",
                                     "ibex-maxperf-bp", "hazard3-2port-slowmulh", "hazard3-2port-min"};

/// A configuration as cycles.json spells it.
std::string configuration(std::string core) {
  std::replace(core.begin(), core.end(), '-', '_');
  return core;
}

std::string in_a_line(const Error& error) {
  return error.why.empty() ? error.what : fmt::format("{}: {}", error.what, error.why);
}

/// The regions of one program that the RTL of one core has measured.
void rtl_rows(const std::string& core, const std::string& elf, const json& regions, const fs::path& folder,
              std::vector<CycleRow>& rows) {
  const std::string config = configuration(core);
  std::vector<std::pair<std::uint32_t, CycleRow>> expected;
  std::map<std::uint32_t, std::uint64_t> instructions;
  for (const auto& [id, region] : regions.items()) {
    if (!region.contains("cycles") || !region.at("cycles").contains(config)) continue;
    const auto number = static_cast<std::uint32_t>(std::stoul(id));
    CycleRow r;
    r.suite = "RTL";
    r.core = core;
    r.name = fmt::format("{} {}", fs::path(elf).stem().string(), region.at("name").get<std::string>());
    r.source = "RTL simulation";
    r.truth = region.at("cycles").at(config);
    instructions[number] = region.at("instret");
    expected.emplace_back(number, std::move(r));
  }
  if (expected.empty()) return;
  RunRequest request;
  request.firmware = (folder / "elf" / elf).string();
  request.board = "rtl-" + core;
  request.max_cycles = longest_run;
  const auto result = run(request);
  // A core that traps what others do (unaligned accesses) has fewer regions, and its program ends early in the RTL,
  // too.
  const bool must_pass = expected.size() == regions.size();
  for (auto& [number, r] : expected) {
    if (!result) {
      r.failure = in_a_line(result.error());
    } else if (must_pass && result->stop.exit_code != ExitCode::ok) {
      r.failure = result->stop.message;
    } else {
      const auto id = number;
      const auto at = std::find_if(result->regions.begin(), result->regions.end(),
                                   [&](const profile::MarkedRegion& m) { return m.id == id; });
      if (at == result->regions.end())
        r.failure = "the region was not reached";
      else if (at->instructions != instructions[id])
        r.failure = fmt::format("{} instructions instead of {}", at->instructions, instructions[id]);
      else
        r.cycles = static_cast<double>(at->cycles);
    }
    rows.push_back(std::move(r));
  }
}

Result<void> rtl_suite(const fs::path& folder, std::vector<CycleRow>& rows) {
  const fs::path path = folder / "cycles.json";
  std::ifstream in(path);
  if (!in) return Error{ExitCode::unreadable, "cannot read the RTL's cycles", path.string(), "", ""};
  try {
    const json truth = json::parse(in);
    for (const char* core : rtl_cores)
      for (const auto& [elf, regions] : truth.at("programs").items()) rtl_rows(core, elf, regions, folder, rows);
  } catch (const std::exception& e) {
    return Error{ExitCode::unreadable, "not the RTL's cycles", path.string(), e.what(), ""};
  }
  return {};
}

/// A core by its table's name, also where the run could not begin.
std::string core_of(const std::string& board, const Result<RunResult>& result) {
  if (result) return result->provenance.core;
  const std::string core = board.substr(0, board.find('@'));
  return core.substr(core.find(':') + 1);
}

Result<void> program_suites(const std::string& folder, std::vector<CycleRow>& rows) {
  const auto manifest = read_manifest(folder, MANIFEST_SCHEMA);
  if (!manifest) return manifest.error();
  // One run serves all rows of a program.
  std::map<std::pair<std::string, std::string>, RunRequest> requests;
  for (const ManifestRow& m : *manifest) {
    RunRequest& request = requests[{m.elf, m.board}];
    request.firmware = m.elf;
    request.board = m.board;
    request.max_cycles = longest_run;
    auto& roi = request.roi;
    if (!m.window.roi.empty() && std::find(roi.begin(), roi.end(), m.window.roi) == roi.end())
      roi.push_back(m.window.roi);
  }
  std::vector<std::pair<std::size_t, CycleRow>> found;
  for (const auto& [program, request] : requests) {
    const auto result = run(request);
    for (std::size_t i = 0; i < manifest->size(); ++i) {
      const ManifestRow& m = (*manifest)[i];
      if (std::pair(m.elf, m.board) != program) continue;
      CycleRow r{m.suite, core_of(m.board, result), m.id, m.source, m.published, m.uncertainty, 0, ""};
      if (result) {
        Reading reading = read_window(m.window, *result);
        r.cycles = reading.cycles;
        r.failure = std::move(reading.failure);
      } else {
        r.failure = in_a_line(result.error());
      }
      found.emplace_back(i, std::move(r));
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [at, r] : found) rows.push_back(std::move(r));
  return {};
}

}  // namespace

Result<Outcome> cycle_suites(const CycleOptions& options, Format format) {
  std::vector<CycleRow> rows;
  std::string skipped;
  const char* shared = std::getenv("MJ_SHARED");
  const fs::path usual = fs::path(shared && *shared ? shared : SHARED) / "truth/rtl";
  if (options.rtl.empty() && !fs::exists(usual / "cycles.json")) {
    skipped += "Suite RTL skipped: no truth/rtl/cycles.json; MJ_SHARED is the folder of truth/, or give --rtl DIR.\n";
  } else if (const auto done = rtl_suite(options.rtl.empty() ? usual : fs::path(options.rtl), rows); !done) {
    return done.error();
  }
  if (options.programs.empty()) {
    skipped += "Suites of silicon skipped: their programs are other people's; give --programs DIR (README.md).\n";
  } else if (const auto done = program_suites(options.programs, rows); !done) {
    return done.error();
  }
  Outcome outcome;
  outcome.notes = skipped;
  outcome.text = format == Format::csv ? cycle_csv(rows) : cycle_table(rows);
  outcome.passed = std::none_of(rows.begin(), rows.end(), [](const CycleRow& r) { return r.failed(); });
  return outcome;
}

}  // namespace mj::accuracy
