// Programs with published cycles, built by whoever has their sources: manifest.json of a folder with ELF files.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/run_result.h"

namespace mj::accuracy {

/// How to get a row's cycles out of a run. At least one of `roi` and a `prints` with {cycles}.
struct Window {
  std::string roi;                 ///< "bench_begin:bench_end"; empty: the program prints its cycles
  std::optional<std::size_t> hit;  ///< which hit, from 1; none: the last
  /// A whole line that the program prints when it passes its own check; {cycles} in it stands for a number. Empty: its
  /// exit status is the check.
  std::string prints;
};

struct ManifestRow {
  std::string id, suite, source;
  std::string elf;    ///< path
  std::string board;  ///< "generic:cortex-m4@24", id or path
  Window window;
  double published = 0, uncertainty = 0;  ///< cycles
};

/// Rows of folder/manifest.json (schema: benchmarks/accuracy/manifest.schema.json).
/// Errors: unreadable (no such file, not JSON), usage (not as the schema says; neither or both of core and board; no
/// window; an id twice).
Result<std::vector<ManifestRow>> read_manifest(const std::string& folder, const std::string& schema);

/// What a run says about a row.
struct Reading {
  double cycles = 0;
  std::string failure;  ///< empty: the firmware ended with status 0, the line was printed, the window was passed
};
Reading read_window(const Window& window, const profile::RunResult& result);

}  // namespace mj::accuracy
