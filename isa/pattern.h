// Bit pictures: an encoding as the manual draws it, parsed and checked by the compiler.
//
//   "0001 100 mmm nnn ddd"   0/1 fixed bits, letters are fields, '-' is ignored ("should be" bits), spaces are free
//
// A letter may stand in several places: its bits are joined in reading order (most significant first). Fields whose
// bits are shuffled (branch offsets, RISC-V immediates) use '-' and are assembled from Insn::raw by the row's fix
// function.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "isa/insn.h"

namespace mj::isa {

/// Letters of a picture and the Insn field that they fill.
inline constexpr char field_letters[] = {'d', 'n', 'm', 'a', 'i', 's', 't', 'c', 'x'};
inline constexpr std::size_t field_count = sizeof(field_letters);

struct Pattern {
  std::uint32_t mask = 0;   ///< bits that are fixed
  std::uint32_t value = 0;  ///< their values
  std::uint8_t width = 0;   ///< 16 or 32
  std::array<std::uint32_t, field_count> fields{};

  constexpr bool matches(std::uint32_t raw) const { return (raw & mask) == value; }
  /// True if some encoding matches both.
  constexpr bool overlaps(const Pattern& o) const {
    return width == o.width && ((value ^ o.value) & mask & o.mask) == 0;
  }
  /// True if every encoding of this one also matches `o`, and not the other way round.
  constexpr bool refines(const Pattern& o) const { return overlaps(o) && (mask & o.mask) == o.mask && mask != o.mask; }
};

/// Joins the bits of `raw` under `mask`, most significant first.
constexpr std::uint32_t extract(std::uint32_t raw, std::uint32_t mask) {
  std::uint32_t out = 0;
  for (std::uint32_t bit = 1u << 31; bit != 0; bit >>= 1)
    if (mask & bit) out = (out << 1) | ((raw & bit) ? 1u : 0u);
  return out;
}

/// Parses a picture; a picture that is not 16 or 32 bits wide or has an unknown letter doesn't compile.
consteval Pattern picture(const char* text) {
  Pattern p;
  unsigned bits = 0;
  for (const char* c = text; *c; ++c) bits += *c != ' ';
  if (bits != 16 && bits != 32) throw "a picture has 16 or 32 bits";
  p.width = static_cast<std::uint8_t>(bits);
  unsigned at = bits;
  for (const char* c = text; *c; ++c) {
    if (*c == ' ') continue;
    const std::uint32_t bit = 1u << --at;
    if (*c == '0' || *c == '1') {
      p.mask |= bit;
      if (*c == '1') p.value |= bit;
    } else if (*c != '-') {
      std::size_t f = 0;
      while (f < field_count && field_letters[f] != *c) ++f;
      if (f == field_count) throw "unknown letter in a picture";
      p.fields[f] |= bit;
    }
  }
  return p;
}

/// Fills the fields of `insn` from its raw encoding.
constexpr void fill_fields(const Pattern& p, Insn& insn) {
  const auto get = [&](std::size_t f) { return extract(insn.raw, p.fields[f]); };
  if (p.fields[0]) insn.rd = static_cast<std::uint8_t>(get(0));
  if (p.fields[1]) insn.rn = static_cast<std::uint8_t>(get(1));
  if (p.fields[2]) insn.rm = static_cast<std::uint8_t>(get(2));
  if (p.fields[3]) insn.ra = static_cast<std::uint8_t>(get(3));
  if (p.fields[4]) insn.imm = get(4);
  if (p.fields[5]) insn.shift = static_cast<std::uint8_t>(get(5));
  if (p.fields[6]) insn.kind = static_cast<std::uint8_t>(get(6));
  if (p.fields[7]) insn.cond = static_cast<std::uint8_t>(get(7));
  if (p.fields[8]) insn.aux = static_cast<std::uint8_t>(get(8));
}

}  // namespace mj::isa
