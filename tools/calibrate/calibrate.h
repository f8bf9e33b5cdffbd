// From cycles measured on the user's board to numbers of the model: what `microjoule calibrate` is made of.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/run.h"
#include "tools/calibrate/fit.h"

namespace mj::calibrate {

/// One row of the measurements' file (models/schema/calibration.schema.json).
struct Measurement {
  std::string window;    ///< "BEGIN:END", symbols or addresses, as --roi
  std::string firmware;  ///< path of another ELF than the run's; empty: the run's
  unsigned hit = 0;      ///< which pass, from 1; 0: the last
  double cycles = 0, uncertainty = 0;
  Hertz clock_hz = 0;  ///< core clock at the measurement; 0: not said
};

/// Errors: unreadable, usage (with the JSON pointer).
Result<std::vector<Measurement>> read_measurements(const std::string& path);

/// A number of core or board that is inferred or estimated, and where it stands in an overlay.
struct Number {
  Parameter parameter;
  std::string pointer;      ///< JSON pointer of the number in an overlay: "/core/timing_rows/costs/load/cycles"
  std::string row_pointer;  ///< of the object that has its source and certainty
  std::string certainty, source;
};

/// All numbers of the board (id, path or generic:...) that calibration may change: cycles of unsure rows of the core,
/// waits of the board; not geometry. `overlay` as in RunRequest.
Result<std::vector<Number>> numbers_of(const std::string& board, const std::string& overlay);

/// Those whose name is one of `rows` or begins with one and a slash; all if there are none. Errors: usage, for a row
/// that names none.
Result<std::vector<Number>> choose(std::vector<Number> all, const std::vector<std::string>& rows);

struct Request {
  RunRequest run;            ///< board must be set; windows of interest are added
  std::string measurements;  ///< path
  std::vector<std::string> rows;
};

struct Outcome {
  std::vector<Measurement> measurements;
  std::vector<Window> windows;
  std::vector<Number> numbers;
  Fit fit;
  std::size_t runs = 0;
  std::string overlay;  ///< JSON text; empty: nothing changed
};

/// Fits. Errors: those of its parts, and of the runs. `progress` is told before each run.
Result<Outcome> calibrate(const Request& request, const std::function<void(std::size_t run)>& progress = {});

}  // namespace mj::calibrate
