// Which board an image was linked for, judged by its architecture and load addresses.
#pragma once

#include <string>
#include <vector>

#include "memory/elf_image.h"
#include "sim/base/error.h"

namespace mj {

struct Proposal {
  std::string board;  ///< id
  std::string why;    ///< one line
  int score = 0;
};

/// Boards that could run the image, best first, never empty. Boards of the RTL set are proposed only for images that
/// fit no other. Error (usage): none fits; says what the image needs.
Result<std::vector<Proposal>> propose_board(const memory::ElfImage& image);

}  // namespace mj
