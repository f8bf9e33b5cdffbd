// Whole numbers as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace mj {

/// Digits with their thousands separated: "1234567" -> "1,234,567".
inline std::string grouped(std::string digits) {
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}
inline std::string grouped(std::uint64_t n) { return grouped(std::to_string(n)); }

}  // namespace mj
