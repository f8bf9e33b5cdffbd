// What holds of every board that the reader lets pass.
#pragma once

#include "sim/board.h"
#include "tests/fuzz/target.h"

namespace mj::fuzz {

inline void require_memory_map(const BoardSpec& board) {
  std::uint64_t end = 0;
  for (const RegionSpec& r : board.regions) {
    require(r.base >= end && r.size > 0, "regions ascend and are disjoint");
    end = r.base + r.size;
    require(end <= std::uint64_t{1} << 32, "regions lie in the address space");
  }
}

}  // namespace mj::fuzz
