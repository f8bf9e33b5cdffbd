// Values that instructions meet: random, or where something changes.
#pragma once

#include <cstdint>
#include <random>

namespace mj::differential {

class Operands {
 public:
  explicit Operands(std::uint64_t seed) : random_(seed) {}

  std::uint32_t any() { return static_cast<std::uint32_t>(random_()); }
  std::uint32_t below(std::uint32_t n) { return any() % n; }
  /// An integer, often near a limit.
  std::uint32_t value();
  /// Floating point: special values, subnormal numbers, ties, numbers near 1 and near the limits of integers.
  std::uint32_t single();
  std::uint64_t twice();  ///< double precision

 private:
  std::mt19937_64 random_;
};

}  // namespace mj::differential
