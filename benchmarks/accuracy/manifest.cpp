#include "benchmarks/accuracy/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string_view>

#include "sim/base/checked_json.h"

namespace mj::accuracy {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view number = "{cycles}";

/// The number that stands for {cycles} in a line; 0 if the pattern has none. None: the line is another one.
std::optional<double> match(std::string_view pattern, std::string_view line) {
  const std::size_t at = pattern.find(number);
  if (at == std::string_view::npos) return line == pattern ? std::optional(0.0) : std::nullopt;
  const std::string_view before = pattern.substr(0, at), behind = pattern.substr(at + number.size());
  if (line.size() <= before.size() + behind.size() || !line.starts_with(before) || !line.ends_with(behind))
    return std::nullopt;
  const std::string digits(line.substr(before.size(), line.size() - before.size() - behind.size()));
  if (digits.size() > 15 || digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return std::stod(digits);
}

/// The last line that is as the pattern says.
std::optional<double> printed(const std::string& pattern, const std::string& console) {
  std::optional<double> found;
  std::istringstream in(console);
  for (std::string line; std::getline(in, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (const auto value = match(pattern, line)) found = value;
  }
  return found;
}

Result<ManifestRow> row_of(const json& j, const fs::path& folder, const std::string& where) {
  const auto wrong = [&](std::string what, std::string advice) {
    return Error{ExitCode::usage, std::move(what), where, "", std::move(advice)};
  };
  ManifestRow r;
  r.id = j.at("id");
  r.suite = j.at("suite");
  r.source = j.at("source");
  r.elf = (folder / j.at("elf").get<std::string>()).string();
  if (j.contains("core") == j.contains("board"))
    return wrong(fmt::format("row {} needs either \"core\" or \"board\"", r.id),
                 R"("core": "cortex-m4@24" for zero-wait memory, "board": an id or the path of a board file)");
  r.board = j.contains("core") ? "generic:" + j.at("core").get<std::string>() : j.at("board").get<std::string>();
  if (r.board.ends_with(".json")) r.board = (folder / r.board).string();
  r.window.roi = j.value("roi", "");
  if (j.contains("hit")) r.window.hit = j.at("hit").get<std::size_t>();
  r.window.prints = j.value("prints", "");
  if (r.window.roi.empty() && r.window.prints.find(number) == std::string::npos)
    return wrong(fmt::format("row {} doesn't say where its cycles are", r.id),
                 R"("roi": "bench_begin:bench_end", or "prints" with {cycles} in it)");
  r.published = j.at("published_cycles");
  r.uncertainty = j.value("uncertainty_cycles", 0.0);
  return r;
}

}  // namespace

Result<std::vector<ManifestRow>> read_manifest(const std::string& folder, const std::string& schema) {
  const std::string path = (fs::path(folder) / "manifest.json").string();
  std::vector<ManifestRow> rows;
  std::set<std::string> ids;
  try {
    std::ifstream in(schema, std::ios::binary);
    const auto file =
        checked_json_file(path, JsonSchema(std::string(std::istreambuf_iterator<char>(in), {})), "manifest");
    if (!file) return file.error();
    for (const json& j : file->at("rows")) {
      auto row = row_of(j, folder, path);
      if (!row) return row.error();
      if (!ids.insert(row->id).second)
        return Error{ExitCode::usage, fmt::format("two rows are called {}", row->id), path, "", ""};
      rows.push_back(std::move(*row));
    }
  } catch (const json::exception& e) {
    return Error{ExitCode::unreadable, "not a manifest", path, e.what(), ""};
  }
  return rows;
}

Reading read_window(const Window& window, const profile::RunResult& result) {
  Reading reading;
  if (result.stop.exit_code != ExitCode::ok) {
    reading.failure = result.stop.message;
    return reading;
  }
  if (!window.prints.empty()) {
    const auto value = printed(window.prints, result.console);
    if (!value) {
      reading.failure = fmt::format("the program didn't print \"{}\"", window.prints);
      return reading;
    }
    reading.cycles = *value;
  }
  if (window.roi.empty()) return reading;
  const auto roi =
      std::find_if(result.roi.begin(), result.roi.end(), [&](const profile::Roi& r) { return r.name == window.roi; });
  const std::size_t hits = roi == result.roi.end() ? 0 : roi->hits.size();
  const std::size_t hit = window.hit.value_or(hits);
  if (hit == 0 || hit > hits)
    reading.failure = fmt::format("{} was passed {} times", window.roi, hits);
  else if (!window.hit && roi->left_out)
    reading.failure =
        fmt::format("{} was passed {} times, too often to know the last", window.roi, hits + roi->left_out);
  else
    reading.cycles = static_cast<double>(roi->hits[hit - 1].cycles);
  return reading;
}

}  // namespace mj::accuracy
