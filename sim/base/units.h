// Units that numbers carry through the program.
#pragma once

#include <cstdint>

namespace mj {

using Cycle = std::uint64_t;    ///< core clock cycles since reset
using Address = std::uint32_t;  ///< guest physical address
using Hertz = std::uint64_t;

}  // namespace mj
