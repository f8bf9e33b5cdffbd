#pragma once

namespace mj {

inline constexpr const char* version = "0.2.0";  ///< of the program; CMakeLists.txt has the same

}  // namespace mj
