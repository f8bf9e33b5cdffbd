// The images that a sweep runs: one for all boards, or one built from a network for each.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "tools/sweep/plan.h"

namespace mj::sweep {

struct Firmware {
  std::filesystem::path path;
  std::string name;            ///< file name without folder
  std::string content;         ///< content_name of the whole file
  bool of_our_making = false;  ///< built by this sweep: our runtime and nothing else
  std::string impossible;      ///< why there is no image for this board; empty: there is
};

/// The image at `path` for every board. Errors: unreadable, unsupported (as memory::ElfImage).
Result<std::vector<Firmware>> given_firmware(const std::filesystem::path& path, const Plan& plan);

/// The board that an image was linked for, if the user names none. Errors: as given_firmware; usage: none fits.
Result<std::string> proposed_board(const std::filesystem::path& path);

/// Builds the network for every board of the plan into `folder`, as <network>-<board>.elf, `jobs` at a time. What a
/// board can't hold is told in `impossible`. Errors: unreadable or unsupported network; unreadable: `folder` can't be
/// written.
Result<std::vector<Firmware>> build_firmware(const std::filesystem::path& model, const Plan& plan,
                                             const std::filesystem::path& folder, unsigned jobs);

}  // namespace mj::sweep
