// What the fuzz targets share. A target must not only survive its input: what it says afterwards must be true (a sum, a
// round trip, an error that says what, where and why), else `require` ends the process, which libFuzzer reports.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"

namespace mj::fuzz {

inline void require(bool truth, const char* what) {
  if (truth) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

/// An error that a user can see must be a refusal of the input, never our own failure, and say what is wrong.
inline void require_refusal(const Error& error) {
  if (error.code == ExitCode::internal) std::fprintf(stderr, "%s\n", error.text().c_str());
  require(error.code == ExitCode::usage || error.code == ExitCode::unreadable || error.code == ExitCode::unsupported,
          "bad input ends in usage, unreadable or unsupported");
  require(!error.what.empty(), "an error says what is wrong");
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Directory of this process's own for readers that take a path; goes with the process, or with $TMPDIR after a crash.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mj-fuzz-XXXXXX").string();
    require(mkdtemp(pattern.data()) != nullptr, "a temporary directory can be made");
    dir_ = pattern;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(dir_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::filesystem::path& dir() const { return dir_; }
  std::string write(const std::string& name, std::string_view bytes) const {
    const std::string path = (dir_ / name).string();
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path;
  }

 private:
  std::filesystem::path dir_;
};

}  // namespace mj::fuzz
