// Decode tables: rows of bit pictures. Two rows that could both match an encoding don't compile, unless one refines the
// other (its fixed bits are a strict superset: "Rd = 1111 is CMP"); then the refinement wins.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "isa/pattern.h"

namespace mj::isa {

/// One encoding: picture, operation, class, an optional function that finishes the fields (scales an immediate, adds
/// the PC, gathers shuffled bits; may turn the row down by setting insn.cls to trap and insn.op to the undefined
/// operation), and the feature bit that the core must have (0: base architecture).
template <class Op>
struct Row {
  Pattern pattern;
  Op op;
  OpClass cls;
  void (*fix)(Insn&) = nullptr;
  std::uint32_t feature = 0;
};

/// True if no two rows overlap except by refinement; used in a static_assert next to each table.
template <class Op, std::size_t N>
consteval bool unambiguous(const std::array<Row<Op>, N>& rows) {
  for (std::size_t a = 0; a < N; ++a)
    for (std::size_t b = a + 1; b < N; ++b) {
      const Pattern &p = rows[a].pattern, &q = rows[b].pattern;
      if (p.overlaps(q) && !p.refines(q) && !q.refines(p)) return false;
    }
  return true;
}

/// Finds the row of an encoding. Rows are bucketed by the picture's top `IndexBits` bits, refinements first.
template <class Op>
class Decoder {
 public:
  template <std::size_t N>
  explicit Decoder(const std::array<Row<Op>, N>& rows, unsigned width) : shift_(width - index_bits) {
    buckets_.resize(1u << index_bits);
    for (std::uint32_t b = 0; b < buckets_.size(); ++b)
      for (const Row<Op>& row : rows) {
        if (row.pattern.width != width) continue;
        const std::uint32_t fixed = row.pattern.mask >> shift_, value = row.pattern.value >> shift_;
        if ((b & fixed) != value) continue;
        auto at = buckets_[b].begin();
        while (at != buckets_[b].end() && !row.pattern.refines((*at)->pattern)) ++at;
        buckets_[b].insert(at, &row);
      }
  }

  /// The most specific matching row, or nullptr: undefined.
  const Row<Op>* find(std::uint32_t raw) const {
    for (const Row<Op>* row : buckets_[(raw >> shift_) & ((1u << index_bits) - 1)])
      if (row->pattern.matches(raw)) return row;
    return nullptr;
  }

 private:
  static constexpr unsigned index_bits = 10;
  unsigned shift_;
  std::vector<std::vector<const Row<Op>*>> buckets_;
};

}  // namespace mj::isa
