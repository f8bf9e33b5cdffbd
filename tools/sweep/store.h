// What a sweep keeps in its folder, so that one that was killed goes on where it stopped: a file per run, complete or
// not there at all, whose name says what decided its content and what its content is.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/run_result.h"

namespace mj::sweep {

/// A name for `text`: equal texts have equal names, others different ones (SHA-1).
std::string content_name(std::string_view text);

/// Everything of a board that can change a run: its files, its core's, the energy tables, the accuracy data. `board`:
/// id or path of a board file.
std::string board_contents(const std::string& board);

/// Writes all or nothing. Errors: unreadable.
Result<void> write_atomically(const std::filesystem::path& path, std::string_view text);

class Store {
 public:
  /// Makes the folder if need be and keeps other sweeps out of it. Leftovers of a killed sweep are removed.
  /// Errors: unreadable (can't be written), usage (another sweep is at work in it).
  static Result<Store> open(const std::filesystem::path& folder);
  ~Store();
  Store(Store&& other) noexcept;
  Store& operator=(Store&&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path firmware_folder() const { return folder_ / "firmware"; }

  struct Kept {
    std::string file;  ///< from the folder: "runs/<name>.<crc>.mj.json"
    profile::RunResult result;
  };
  /// The run of that name (content_name), if it is there and whole; `damaged` hears of files that are not.
  std::optional<Kept> find(const std::string& name, const std::function<void(const std::string&)>& damaged) const;
  /// Keeps a run, and gives back what a later find() will. Errors: unreadable.
  Result<Kept> keep(const std::string& name, const profile::RunResult& result) const;

 private:
  Store(std::filesystem::path folder, int lock) : folder_(std::move(folder)), lock_(lock) {}
  std::filesystem::path folder_;
  int lock_ = -1;
  std::vector<std::string> runs_;  ///< files that were there at the beginning, sorted
};

}  // namespace mj::sweep
