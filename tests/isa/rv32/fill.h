// Random encodings of a bit picture: what differential tests draw their instructions from.
#pragma once

#include <cstdint>
#include <random>

#include "isa/pattern.h"

namespace mj::test {

/// An encoding of the picture: its fixed bits, all others random.
inline std::uint32_t fill(const isa::Pattern& pattern, std::mt19937& random) {
  const std::uint32_t bits = static_cast<std::uint32_t>(random()) & (pattern.width == 16 ? 0xffffu : 0xffffffffu);
  return (bits & ~pattern.mask) | pattern.value;
}

}  // namespace mj::test
