// Whole-number parameters of a model fitted to measured windows; refused where the data can't tell them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/base/error.h"

namespace mj::calibrate {

/// What was measured.
struct Window {
  std::string name;
  double measured = 0;     ///< cycles
  double uncertainty = 0;  ///< cycles: how far `measured` may be off
};

/// A number of the model that may be changed.
struct Parameter {
  std::string name;
  std::int64_t value = 0, low = 0, high = 0;
  std::string exercise;  ///< what a window must execute for it to show: "instructions of class div"
};

/// Cycles of all windows with these parameter values.
using Model = std::function<Result<std::vector<double>>(const std::vector<std::int64_t>& values)>;

struct Fit {
  std::vector<std::int64_t> values;           ///< by parameter; those of `untouched` as they were
  std::vector<double> before, after;          ///< model's cycles by window
  std::vector<std::size_t> fitted;            ///< parameters that the windows tell
  std::vector<std::size_t> untouched;         ///< parameters that move no window
  std::vector<std::vector<double>> per_step;  ///< [window][parameter]: cycles for one more
  bool better = false;                        ///< nearer to the windows than before
};

/// Least squares over whole numbers within their ranges, weighted by 1 / uncertainty; each step is checked by the model
/// itself. Errors (usage): no window feels any parameter; a step of a parameter moves no window by more than its
/// uncertainty; parameters whose effects on the windows are the same or make each other up (named, with what would tell
/// them apart); several solutions within the uncertainty. And those of the model.
Result<Fit> fit(const std::vector<Window>& windows, const std::vector<Parameter>& parameters, const Model& model);

}  // namespace mj::calibrate
