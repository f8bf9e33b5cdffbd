// The suites of the program `accuracy`.
#pragma once

#include <string>

#include "sim/base/error.h"

namespace mj::accuracy {

enum class Format { markdown, csv };

struct Outcome {
  std::string text;
  bool enough_covered = false;  ///< the printed intervals cover at least 80 % of all rows
};

/// Energy per inference of MLPerf Tiny rows on NUCLEO-L4R5ZI, at the published cycles: energy apart from cycles.
Result<Outcome> energy_suite(Format format);

}  // namespace mj::accuracy
