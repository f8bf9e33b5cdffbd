// Runs with someone looking on, and what must not change by it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "sim/run.h"
#include "tests/engine/bench.h"
#include "tools/report/report.h"

namespace mj::test {

/// A fixture of tests/run; "" when it was not built (its cross compiler is missing).
inline std::string fixture(const std::string& name) {
  const std::string path = std::string(MJ_FIXTURES) + "/" + name + ".elf";
  return std::filesystem::exists(path) ? path : "";
}

/// The saved result, or the error's text.
inline std::string saved(const Result<profile::RunResult>& result) {
  return result ? report::json(*result, {}) : result.error().text();
}

struct Traced {
  Result<profile::RunResult> result;
  std::vector<std::string> lines, notes;  ///< of instructions, and those that begin with "#"
  /// Lines that end in this effect.
  std::uint64_t ending(const std::string& effect) const {
    std::uint64_t n = 0;
    for (const std::string& line : lines) n += line.ends_with("\t" + effect);
    return n;
  }
};

inline Traced trace(RunRequest request) {
  std::string text;
  request.trace.write = [&](std::string_view more) { text += more; };
  Traced t{run(request), {}, {}};
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) (line[0] == '#' ? t.notes : t.lines).push_back(line);
  return t;
}

/// The fields of a line from the first, counted from 0, up to the end.
inline std::string from_field(const std::string& line, int field) {
  std::size_t at = 0;
  for (int i = 0; i < field; ++i) at = line.find('\t', at) + 1;
  return line.substr(at);
}

}  // namespace mj::test
