#include "tools/calibrate/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace mj::calibrate {

namespace {

using Row = std::vector<double>;
constexpr double least_uncertainty = 0.5;   ///< cycles are whole numbers
constexpr double least_effect = 1e-9;       ///< of a parameter, in cycles
constexpr double independent = 1e-3;        ///< part of a column that the others must not explain
constexpr std::size_t most_parameters = 8;  ///< that are searched together
constexpr int most_rounds = 8;

Error refuse(std::string what, std::string why, std::string advice) {
  return Error{ExitCode::usage, std::move(what), "", std::move(why), std::move(advice)};
}

double dot(const Row& a, const Row& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

/// Solves the symmetric system a x = b; a's columns are independent.
Row solve(std::vector<Row> a, Row b) {
  const std::size_t n = b.size();
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < n; ++i)
      if (std::abs(a[i][k]) > std::abs(a[pivot][k])) pivot = i;
    std::swap(a[k], a[pivot]);
    std::swap(b[k], b[pivot]);
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = a[k][k] != 0 ? a[i][k] / a[k][k] : 0;
      for (std::size_t j = k; j < n; ++j) a[i][j] -= factor * a[k][j];
      b[i] -= factor * b[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j) b[k] -= a[k][j] * b[j];
    b[k] = a[k][k] != 0 ? b[k] / a[k][k] : 0;
  }
  return b;
}

/// Coefficients of `columns` whose sum is nearest to `target`.
Row nearest(const std::vector<Row>& columns, const Row& target) {
  std::vector<Row> a(columns.size(), Row(columns.size()));
  Row b(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    b[i] = dot(columns[i], target);
    for (std::size_t j = 0; j < columns.size(); ++j) a[i][j] = dot(columns[i], columns[j]);
  }
  return solve(std::move(a), std::move(b));
}

std::string listed(const std::vector<std::string>& names, const char* last) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i)
    out += (i == 0 ? "" : i + 1 == names.size() ? fmt::format(" {} ", last) : ", ") + names[i];
  return out;
}

class Fitter {
 public:
  Fitter(const std::vector<Window>& windows, const std::vector<Parameter>& parameters, const Model& model)
      : windows_(windows), parameters_(parameters), model_(model) {
    for (const Parameter& p : parameters) fit_.values.push_back(p.value);
    for (const Window& w : windows) weights_.push_back(1 / std::max(w.uncertainty, least_uncertainty));
  }

  Result<Fit> run() {
    auto now = model_(fit_.values);
    if (!now) return now.error();
    fit_.before = fit_.after = *now;
    if (const auto told = tell_steps(); !told) return told.error();
    if (const auto known = identify(); !known) return known.error();
    for (int round = 0; round < most_rounds; ++round) {
      const std::vector<std::int64_t> next = best(fit_.after);
      if (next == fit_.values) break;
      auto cycles = model_(next);
      if (!cycles) return cycles.error();
      if (distance(*cycles) >= distance(fit_.after)) break;
      fit_.values = next;
      fit_.after = *cycles;
      fit_.better = true;
      if (const auto told = tell_steps(); !told) return told.error();
    }
    if (const auto only = alone(); !only) return only.error();
    return std::move(fit_);
  }

 private:
  double distance(const Row& cycles) const {
    double sum = 0;
    for (std::size_t w = 0; w < windows_.size(); ++w)
      sum += std::pow((cycles[w] - windows_[w].measured) * weights_[w], 2);
    return sum;
  }

  /// Fills per_step at the values of now, by trying.
  Result<void> tell_steps() {
    fit_.per_step.assign(windows_.size(), Row(parameters_.size()));
    for (std::size_t p = 0; p < parameters_.size(); ++p) {
      if (std::find(fit_.untouched.begin(), fit_.untouched.end(), p) != fit_.untouched.end()) continue;
      std::optional<Error> failed;
      for (const int step : {1, -1}) {
        const std::int64_t value = fit_.values[p] + step;
        if (value < parameters_[p].low || value > parameters_[p].high) continue;
        auto values = fit_.values;
        values[p] = value;
        const auto cycles = model_(values);
        if (!cycles) {
          failed = cycles.error();  // a number that its file does not allow: the other direction may be
          continue;
        }
        failed.reset();
        bool moves = false;
        for (std::size_t w = 0; w < windows_.size(); ++w) {
          fit_.per_step[w][p] = ((*cycles)[w] - fit_.after[w]) * step;
          moves |= std::abs(fit_.per_step[w][p]) > least_effect;
        }
        if (moves) break;
      }
      if (failed) return *failed;
    }
    return {};
  }

  Row column(std::size_t p) const {
    Row c;
    for (std::size_t w = 0; w < windows_.size(); ++w) c.push_back(fit_.per_step[w][p] * weights_[w]);
    return c;
  }

  /// Which parameters the windows tell; an error if some can't be told from each other.
  Result<void> identify() {
    std::vector<std::string> too_small, all;
    for (std::size_t p = 0; p < parameters_.size(); ++p) {
      all.push_back(parameters_[p].name);
      const Row c = column(p);
      if (std::all_of(c.begin(), c.end(), [](double x) { return std::abs(x) <= least_effect; }))
        fit_.untouched.push_back(p);
      else if (std::all_of(c.begin(), c.end(), [](double x) { return std::abs(x) <= 1; }))
        too_small.push_back(
            fmt::format("{} (one more moves the windows by at most {:.3g} cycles)", parameters_[p].name, largest(p)));
      else
        fit_.fitted.push_back(p);
    }
    if (!too_small.empty())
      return refuse("the measurements are too coarse for " + listed(too_small, "and"),
                    "a step moves no window by more than its uncertainty",
                    "measure a window that executes it more often, or more exactly, or leave it out with --rows");
    if (fit_.fitted.empty())
      return refuse("no window feels any of these numbers",
                    "moving them by one changes no cycles: " + listed(all, "or"), exercise_of(0));
    std::vector<Row> basis;
    std::vector<std::size_t> of;
    std::string groups, advice;
    for (const std::size_t p : fit_.fitted) {
      const Row c = column(p);
      const Row by = basis.empty() ? Row() : nearest(basis, c);
      Row rest = c;
      for (std::size_t k = 0; k < basis.size(); ++k)
        for (std::size_t w = 0; w < rest.size(); ++w) rest[w] -= by[k] * basis[k][w];
      if (std::sqrt(dot(rest, rest)) > independent * std::sqrt(dot(c, c))) {
        basis.push_back(c);
        of.push_back(p);
        continue;
      }
      std::vector<std::string> group{parameters_[p].name};
      for (std::size_t k = 0; k < basis.size(); ++k)
        if (std::abs(by[k]) * std::sqrt(dot(basis[k], basis[k])) > independent * std::sqrt(dot(c, c)))
          group.push_back(parameters_[of[k]].name);
      groups += (groups.empty() ? "" : "; ") + listed(group, "and");
      if (advice.empty()) advice = exercise_of(p);
    }
    if (!groups.empty())
      return refuse(fmt::format("{} can't tell {} apart",
                                windows_.size() == 1 ? "one window" : fmt::format("{} windows", windows_.size()),
                                fmt::format("{} numbers", fit_.fitted.size())),
                    "confounded: " + groups, advice + ", or fit fewer with --rows; the others keep their values");
    if (fit_.fitted.size() > most_parameters)
      return refuse(fmt::format("{} numbers are too many at once", fit_.fitted.size()), "", "choose some with --rows");
    return {};
  }

  double largest(std::size_t p) const {
    double most = 0;
    for (const Row& row : fit_.per_step) most = std::max(most, std::abs(row[p]));
    return most;
  }

  std::string exercise_of(std::size_t p) const {
    const Parameter& parameter = parameters_[p];
    return fmt::format("measure a window more that has {} and little else of these ({})",
                       parameter.exercise.empty() ? "it" : parameter.exercise, parameter.name);
  }

  /// Cycles as the steps promise them.
  Row promised(const std::vector<std::int64_t>& values) const {
    Row out = fit_.after;
    for (std::size_t w = 0; w < windows_.size(); ++w)
      for (const std::size_t p : fit_.fitted)
        out[w] += fit_.per_step[w][p] * static_cast<double>(values[p] - fit_.values[p]);
    return out;
  }

  /// Calls f(values) for all whole numbers around `centre` that are in range.
  template <class F>
  void around(const Row& centre, int reach, const F& f) const {
    std::vector<std::int64_t> values = fit_.values;
    const auto dive = [&](const auto& self, std::size_t k) -> void {
      if (k == fit_.fitted.size()) return f(values);
      const std::size_t p = fit_.fitted[k];
      const Parameter& range = parameters_[p];
      const auto middle = static_cast<std::int64_t>(
          std::floor(std::clamp(centre[k], static_cast<double>(range.low), static_cast<double>(range.high))));
      for (std::int64_t v = std::max(middle - reach + 1, range.low); v <= std::min(middle + reach, range.high); ++v) {
        values[p] = v;
        self(self, k + 1);
      }
    };
    dive(dive, 0);
  }

  std::vector<std::int64_t> best(const Row& cycles) const {
    std::vector<Row> columns;
    Row missing;
    for (const std::size_t p : fit_.fitted) columns.push_back(column(p));
    for (std::size_t w = 0; w < windows_.size(); ++w)
      missing.push_back((windows_[w].measured - cycles[w]) * weights_[w]);
    Row centre = nearest(columns, missing);
    for (std::size_t k = 0; k < centre.size(); ++k) centre[k] += static_cast<double>(fit_.values[fit_.fitted[k]]);
    std::vector<std::int64_t> found = fit_.values;
    double least = distance(fit_.after);
    around(centre, 1, [&](const std::vector<std::int64_t>& values) {
      const double d = distance(promised(values));
      if (d < least) {
        least = d;
        found = values;
      }
    });
    return found;
  }

  /// Whether no neighbour agrees with all windows as well.
  Result<void> alone() const {
    const auto agrees = [&](const Row& cycles) {
      for (std::size_t w = 0; w < windows_.size(); ++w)
        if (std::abs(cycles[w] - windows_[w].measured) > std::max(windows_[w].uncertainty, least_uncertainty))
          return false;
      return true;
    };
    if (!agrees(fit_.after)) return {};
    Row centre;
    for (const std::size_t p : fit_.fitted) centre.push_back(static_cast<double>(fit_.values[p]));
    std::string other;
    around(centre, 2, [&](const std::vector<std::int64_t>& values) {
      if (!other.empty() || values == fit_.values || !agrees(promised(values))) return;
      for (const std::size_t p : fit_.fitted)
        other +=
            fmt::format("{}{} = {} or {}", other.empty() ? "" : ", ", parameters_[p].name, fit_.values[p], values[p]);
    });
    if (other.empty()) return {};
    return refuse("several values agree with the measurements within their uncertainty", other,
                  "measure more exactly, or more windows, or fit fewer numbers with --rows");
  }

  const std::vector<Window>& windows_;
  const std::vector<Parameter>& parameters_;
  const Model& model_;
  Row weights_;
  Fit fit_;
};

}  // namespace

Result<Fit> fit(const std::vector<Window>& windows, const std::vector<Parameter>& parameters, const Model& model) {
  if (windows.empty()) return refuse("nothing was measured", "", "at least one window");
  if (parameters.empty()) return refuse("nothing to fit", "no number of core and board is inferred or estimated", "");
  return Fitter(windows, parameters, model).run();
}

}  // namespace mj::calibrate
