#include "tools/calibrate/calibrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "sim/base/checked_json.h"
#include "sim/base/grouped.h"
#include "sim/board.h"

namespace mj::calibrate {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// The overlay of these values over `base`; with `source`, each row that differs says that it is measured.
json overlay_of(const json& base, const std::vector<Number>& numbers, const std::vector<std::int64_t>& values,
                const std::string& source = "") {
  json out = base;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (values[i] == numbers[i].parameter.value) continue;
    out[json::json_pointer(numbers[i].pointer)] = values[i];
    if (source.empty()) continue;
    json& row = out[json::json_pointer(numbers[i].row_pointer)];
    row["certainty"] = "measured";
    row["source"] = source;
  }
  return out;
}

/// Runs the firmwares and takes the windows' cycles out of the results.
class Runs {
 public:
  Runs(const Request& request, const std::vector<Measurement>& measurements,
       const std::function<void(std::size_t)>& progress)
      : request_(request), measurements_(measurements), progress_(progress) {}

  Result<std::vector<double>> operator()(const std::string& overlay) {
    std::vector<double> cycles(measurements_.size());
    std::map<std::string, std::vector<std::size_t>> by_firmware;
    for (std::size_t i = 0; i < measurements_.size(); ++i) by_firmware[measurements_[i].firmware].push_back(i);
    for (const auto& [firmware, rows] : by_firmware) {
      RunRequest run = request_.run;
      if (!firmware.empty()) run.firmware = firmware;
      run.overlay = overlay;
      run.roi.clear();
      for (const std::size_t i : rows) run.roi.push_back(measurements_[i].window);
      if (progress_) progress_(++count);
      const auto result = mj::run(run);
      if (!result) return result.error();
      for (std::size_t k = 0; k < rows.size(); ++k) {
        const auto one = cycles_of(*result, k, measurements_[rows[k]]);
        if (!one) return one.error();
        cycles[rows[k]] = *one;
      }
    }
    return cycles;
  }

  std::size_t count = 0;

 private:
  static Result<double> cycles_of(const profile::RunResult& result, std::size_t roi, const Measurement& m) {
    const auto& hits = result.roi.at(roi).hits;
    const std::size_t hit = m.hit ? m.hit : hits.size();
    if (hits.empty() || hit > hits.size())
      return Error{ExitCode::usage, "the firmware did not pass through a measured window", m.window,
                   fmt::format("{} passes; the run ended: {}", hits.size(), result.stop.message),
                   "are begin and end as on the board, and did the run get there?"};
    const auto known = [&](const profile::ClockSpan& s) { return s.hz == m.clock_hz; };
    if (m.clock_hz && std::none_of(result.totals.clocks.begin(), result.totals.clocks.end(), known)) {
      std::string clocks;
      for (const profile::ClockSpan& s : result.totals.clocks)
        clocks += (clocks.empty() ? "" : ", ") + grouped(s.hz) + " Hz";
      return Error{ExitCode::usage, fmt::format("the firmware never ran at {} Hz here", grouped(m.clock_hz)), m.window,
                   "it ran at " + clocks, "the same firmware at the same clock on the board and here"};
    }
    return static_cast<double>(hits[hit - 1].cycles);
  }

  const Request& request_;
  const std::vector<Measurement>& measurements_;
  const std::function<void(std::size_t)>& progress_;
};

}  // namespace

Result<std::vector<Measurement>> read_measurements(const std::string& path) {
  const auto j = checked_json_file(path, calibration_schema(), "file of measurements");
  if (!j) return j.error();
  std::vector<Measurement> out;
  for (const json& row : j->at("measurements")) {
    Measurement m;
    m.window = row.at("window").get<std::string>();
    if (row.contains("firmware")) {
      const fs::path named = row["firmware"].get<std::string>();
      m.firmware = (named.is_absolute() ? named : fs::path(path).parent_path() / named).string();
    }
    m.hit = row.value("hit", 0u);
    m.clock_hz = row.value("clock_hz", Hertz{0});
    m.uncertainty = row.value("uncertainty_cycles", 0.0);
    m.cycles = row.at("cycles").get<double>() - row.value("overhead_cycles", 0.0);
    out.push_back(std::move(m));
  }
  return out;
}

Result<Outcome> calibrate(const Request& request, const std::function<void(std::size_t)>& progress) {
  Outcome out;
  auto measurements = read_measurements(request.measurements);
  if (!measurements) return measurements.error();
  out.measurements = std::move(*measurements);
  auto all = numbers_of(request.run.board, request.run.overlay);
  if (!all) return all.error();
  auto numbers = choose(std::move(*all), request.rows);
  if (!numbers) return numbers.error();
  out.numbers = std::move(*numbers);
  for (const Measurement& m : out.measurements) out.windows.push_back({m.window, m.cycles, m.uncertainty});
  std::vector<Parameter> parameters;
  for (const Number& n : out.numbers) parameters.push_back(n.parameter);

  const json base = request.run.overlay.empty() ? json::object() : json::parse(request.run.overlay);
  Runs runs(request, out.measurements, progress);
  auto found = fit(out.windows, parameters, [&](const std::vector<std::int64_t>& values) {
    const json overlay = overlay_of(base, out.numbers, values);
    return runs(overlay.empty() ? "" : overlay.dump());
  });
  if (!found) return found.error();
  out.fit = std::move(*found);
  out.runs = runs.count;
  if (!out.fit.better) return out;
  const std::string source = fmt::format("measured on a board: {}, fitted by microjoule calibrate",
                                         fs::path(request.measurements).filename().string());
  json overlay = overlay_of(base, out.numbers, out.fit.values, source);
  const bool generic = request.run.board.find(':') != std::string::npos;
  if (!generic && !overlay.contains("extends")) overlay["extends"] = request.run.board;
  out.overlay = overlay.dump(2) + "\n";
  return out;
}

}  // namespace mj::calibrate
