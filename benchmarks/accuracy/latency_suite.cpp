#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "benchmarks/accuracy/suites.h"
#include "sim/run.h"

namespace mj::accuracy {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* board = "nucleo-l4r5zi";

struct Published {
  std::string round, submitter, system, runtime, compiler, network, kind, source;
  double milliseconds = 0;
};

struct Predicted {
  std::string program;  ///< whose code it is
  std::string network;
  double milliseconds = 0, low = 0, high = 0;  ///< of an inference, the mean of all
};

Result<std::vector<Published>> read_rows() {
  const std::string path = std::string(DATA) + "/mlperf_tiny_l4r5zi_latency.json";
  std::ifstream in(path);
  if (!in) return Error{ExitCode::unreadable, "cannot read the measurements", path, "", ""};
  std::vector<Published> rows;
  try {
    const json file = json::parse(in);
    for (const json& j : file.at("rows"))
      rows.push_back({j.at("round"), j.at("submitter"), j.at("system"), j.at("runtime"), j.at("compiler"),
                      j.at("network"), j.at("kind"), j.at("source"), j.at("latency_ms")});
  } catch (const json::exception& e) {
    return Error{ExitCode::unreadable, "not the measurements", path, e.what(), ""};
  }
  return rows;
}

/// The mean latency of an image's inferences: the network's cycles at the clocks that the firmware set.
Result<Predicted> predict(const std::string& program, const std::string& network, const fs::path& elf) {
  RunRequest request;
  request.firmware = elf.string();
  request.board = board;
  const auto result = run(request);
  if (!result) return result.error();
  const auto wrong = [&](std::string what) {
    return Error{ExitCode::usage, std::move(what), elf.string(), "", "see README.md, Latency of networks"};
  };
  if (result->stop.exit_code != ExitCode::ok) return wrong("the firmware did not end well");
  if (result->networks.size() != 1 || result->networks[0].inferences == 0) return wrong("no inference was recognised");
  const auto& n = result->networks[0];
  const double seconds = n.time_s / static_cast<double>(n.inferences);
  const auto& e = result->totals.cycles_estimate;
  Predicted p{program, network, 1e3 * seconds, 0, 0};
  p.low = p.milliseconds * e.low / e.value;
  p.high = p.milliseconds * e.high / e.value;
  return p;
}

Result<Predicted> own(const std::string& network, const fs::path& folder) {
  const auto elf = build_network(network, board, folder.string());
  if (!elf) return elf.error();
  return predict("our runtime", network, *elf);
}

std::string csv(const std::vector<Published>& rows, const std::vector<Predicted>& predictions) {
  std::string out =
      "network,program,predicted_ms,low_ms,high_ms,round,submitter,system,runtime,compiler,kind,published_ms,ratio\n";
  for (const Predicted& p : predictions)
    for (const Published& r : rows)
      if (r.network == p.network)
        out += fmt::format("{},{},{:.3f},{:.3f},{:.3f},{},{},{},\"{}\",\"{}\",\"{}\",{},{:.3f}\n", p.network, p.program,
                           p.milliseconds, p.low, p.high, r.round, r.submitter, r.system, r.runtime, r.compiler, r.kind,
                           r.milliseconds, p.milliseconds / r.milliseconds);
  return out;
}

std::string markdown(const std::vector<Published>& rows, const std::vector<Predicted>& predictions) {
  static constexpr const char* networks[] = {"ad", "ic", "kws", "vww"};
  std::string out =
      "### Latency, MLPerf Tiny networks on NUCLEO-L4R5ZI at 120 MHz, ms\n\n"
      "| | code | ad | ic | kws | vww |\n|---|---|--:|--:|--:|--:|\n";
  std::map<std::string, std::map<std::string, const Predicted*>> ours;
  for (const Predicted& p : predictions) ours[p.program][p.network] = &p;
  for (const auto& [program, by] : ours) {
    out += fmt::format("| **predicted** | {} |", program);
    for (const char* n : networks) {
      const auto at = by.find(n);
      out += at == by.end() ? " - |"
                            : fmt::format(" **{:.1f}** ({:.1f} to {:.1f}) |", at->second->milliseconds, at->second->low,
                                          at->second->high);
    }
    out += "\n";
  }
  std::vector<std::pair<std::string, std::map<std::string, double>>> systems;
  for (const Published& r : rows) {
    const std::string name =
        fmt::format("| {} {} {} | {}; {}; {} |", r.round, r.submitter, r.system, r.runtime, r.kind, r.compiler);
    auto at = std::find_if(systems.begin(), systems.end(), [&](const auto& s) { return s.first == name; });
    if (at == systems.end()) at = systems.insert(at, {name, {}});
    at->second[r.network] = r.milliseconds;
  }
  for (const auto& [name, by] : systems) {
    out += name;
    for (const char* n : networks) out += by.count(n) ? fmt::format(" {:.1f} |", by.at(n)) : " - |";
    out += "\n";
  }
  return out;
}

}  // namespace

Result<Outcome> latency_suite(const std::string& programs, Format format) {
  const auto rows = read_rows();
  if (!rows) return rows.error();
  std::vector<std::string> networks;
  for (const Published& r : *rows)
    if (std::find(networks.begin(), networks.end(), r.network) == networks.end()) networks.push_back(r.network);
  std::sort(networks.begin(), networks.end());

  const fs::path folder = fs::temp_directory_path() / ("mj_latency_" + std::to_string(getpid()));
  std::error_code ignored;
  fs::create_directories(folder, ignored);
  std::vector<Predicted> predictions;
  std::optional<Error> failed;
  for (const std::string& network : networks) {
    const auto p = own(network, folder);
    if (p)
      predictions.push_back(*p);
    else if (!failed)
      failed = p.error();
  }
  fs::remove_all(folder, ignored);
  if (failed) return *failed;

  Outcome outcome;
  // A folder a runtime, an image a network: PROGRAMS/<runtime>/<network>.elf
  std::vector<fs::path> runtimes;
  if (!programs.empty())
    for (const auto& entry : fs::directory_iterator(programs, ignored))
      if (entry.is_directory(ignored)) runtimes.push_back(entry.path());
  std::sort(runtimes.begin(), runtimes.end());
  for (const fs::path& runtime : runtimes)
    for (const std::string& network : networks) {
      const fs::path elf = runtime / (network + ".elf");
      if (!fs::exists(elf, ignored)) {
        outcome.notes += fmt::format("left out: {} is not there\n", elf.string());
        continue;
      }
      const auto p = predict(runtime.filename().string(), network, elf);
      if (!p) return p.error();
      predictions.push_back(*p);
    }
  outcome.passed = true;
  outcome.text = format == Format::csv ? csv(*rows, predictions) : markdown(*rows, predictions);
  return outcome;
}

}  // namespace mj::accuracy
