// Encodings of a bit picture: what the tests of this folder draw from the decode tables, so that a new row is tested
// the day it appears.
#pragma once

#include <bit>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <vector>

#include "isa/pattern.h"

namespace mj::test {

/// Spreads the low bits of `value` over the bits of `mask`, the most significant of them last.
constexpr std::uint32_t deposit(std::uint32_t value, std::uint32_t mask) {
  std::uint32_t out = 0;
  for (std::uint32_t bit = 1; bit != 0; bit <<= 1)
    if (mask & bit) {
      if (value & 1) out |= bit;
      value >>= 1;
    }
  return out;
}

/// The bits that are neither fixed nor a letter's: ignored, or read by the row's fix function.
constexpr std::uint32_t unnamed_bits(const isa::Pattern& pattern) {
  std::uint32_t named = pattern.mask;
  for (const std::uint32_t field : pattern.fields) named |= field;
  return (pattern.width == 16 ? 0xffffu : 0xffffffffu) & ~named;
}

/// All free bits 0; all 1; each alone 1; each alone 0; `random_ones` random ones; and random ones with SP or PC (a3 or
/// a5 of RV32) in the register fields d and n, for each value of the unnamed bits if those are at most `unnamed_limit`.
inline std::vector<std::uint32_t> fills(const isa::Pattern& pattern, unsigned random_ones, std::mt19937& random,
                                        int unnamed_limit = 0) {
  const std::uint32_t all = pattern.width == 16 ? 0xffffu : 0xffffffffu, free = all & ~pattern.mask;
  const auto draw = [&] { return pattern.value | (static_cast<std::uint32_t>(random()) & free); };
  std::vector<std::uint32_t> out{pattern.value, pattern.value | free};
  for (std::uint32_t bit = 1; bit != 0; bit <<= 1)
    if (free & bit) {
      out.push_back(pattern.value | bit);
      out.push_back(pattern.value | (free & ~bit));
    }
  for (unsigned k = 0; k < random_ones; ++k) out.push_back(draw());

  const std::uint32_t d = pattern.fields[0], n = pattern.fields[1], unnamed = unnamed_bits(pattern);
  const int unnamed_count = std::popcount(unnamed);
  const std::uint32_t values = unnamed_count <= unnamed_limit ? 1u << unnamed_count : 0;
  const struct { std::uint32_t d, n; } corners[] = {{13, 13}, {13, 1}, {15, 13}, {15, 1}, {1, 13}, {1, 15}};
  for (const auto& corner : corners) {
    const auto with_corner = [&] { return (draw() & ~(d | n)) | deposit(corner.d, d) | deposit(corner.n, n); };
    // Of shifted operands every other one is LSL by less than 4, the form that SP takes, of those every other plain.
    for (unsigned k = 0; k < random_ones / 10; ++k) {
      const std::uint32_t raw = with_corner(), amount = deposit(k % 4 == 1 ? 0 : k / 4 % 4, pattern.fields[5]);
      out.push_back(k % 2 ? (raw & ~(pattern.fields[5] | pattern.fields[6])) | amount : raw);
    }
    for (std::uint32_t v = 0; v < values; ++v) out.push_back((with_corner() & ~unnamed) | deposit(v, unnamed));
  }
  return out;
}

}  // namespace mj::test
