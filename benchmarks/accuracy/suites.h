// The suites of the program `accuracy`.
#pragma once

#include <string>

#include "sim/base/error.h"

namespace mj::accuracy {

enum class Format { markdown, csv };

struct Outcome {
  std::string text;
  std::string notes;    ///< what was left out and why, a line each
  bool passed = false;  ///< energy: the intervals cover at least 80 % of the rows; cycles: no program failed its check
};

/// Builds the shipped network of that name with our runtime; the image's path, in `folder`. Errors: as build::build.
Result<std::string> build_network(const std::string& network, const std::string& board, const std::string& folder);

/// Energy per inference of MLPerf Tiny rows on NUCLEO-L4R5ZI, at the published cycles: energy apart from cycles.
Result<Outcome> energy_suite(Format format);

/// Latencies of MLPerf Tiny networks on NUCLEO-L4R5ZI beside published ones: of our own runtime, and of images that
/// others built, `programs`/<runtime>/<network>.elf (empty: none).
Result<Outcome> latency_suite(const std::string& programs, Format format);

struct CycleOptions {
  std::string rtl;       ///< folder with cycles.json and elf/; empty: truth/rtl of MJ_SHARED, left out if not there
  std::string programs;  ///< folder with manifest.json; empty: none
};

/// Cycles beside those of RTL simulations and of silicon.
/// Errors: unreadable, usage: of the truth's files. What happens to a program is in its row.
Result<Outcome> cycle_suites(const CycleOptions& options, Format format);

}  // namespace mj::accuracy
