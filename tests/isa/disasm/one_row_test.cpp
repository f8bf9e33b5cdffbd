// Every encoding has exactly one row or none: of the rows that match, one refines all others. The decoders find that
// row.
#include <gtest/gtest.h>

#include <span>

#include "isa/rv32/decode.h"
#include "isa/rv32/tables.h"
#include "isa/thumb/decode.h"
#include "tests/isa/disasm/fills.h"

namespace mj::test {
namespace {

using isa::Insn;
using isa::Row;

struct Match {
  unsigned rows = 0;       ///< that match
  unsigned winners = 0;    ///< that no other one refines
  bool undefined = false;  ///< the winner is one that says "undefined", or there is none
};

template <class Op>
Match match(std::span<const Row<Op>> rows, unsigned width, std::uint32_t raw, Op undefined) {
  std::vector<const Row<Op>*> hits;
  for (const Row<Op>& row : rows)
    if (row.pattern.width == width && row.pattern.matches(raw)) hits.push_back(&row);
  Match out{static_cast<unsigned>(hits.size()), 0, hits.empty()};
  for (const Row<Op>* a : hits) {
    bool refined = false;
    for (const Row<Op>* b : hits) refined |= b->pattern.refines(a->pattern);
    if (refined) continue;
    ++out.winners;
    out.undefined |= a->op == undefined;
  }
  return out;
}

/// `defined`: what the decoder says. A row may turn an encoding down, but nothing decodes without a row.
template <class Op>
void expect_one_row(std::span<const Row<Op>> rows, unsigned width, std::uint32_t raw, Op undefined, bool defined) {
  const Match m = match(rows, width, raw, undefined);
  ASSERT_EQ(m.winners, m.rows ? 1u : 0u) << std::hex << raw << " matches " << m.rows << " rows";
  if (defined) {
    ASSERT_FALSE(m.undefined) << std::hex << raw << " is decoded, but no row says as what";
  }
}

TEST(OneRow, TheWhole16BitSpaceOfThumb) {
  using namespace isa::thumb;
  for (std::uint32_t raw = 0; raw < 0xe800; ++raw)
    expect_one_row(rows_16bit(), 16, raw, Op::undefined, decode(raw, 0, 0x100, false, ~0u).op != 0);
}

TEST(OneRow, FillsOfEvery32BitPatternOfThumb) {
  using namespace isa::thumb;
  std::mt19937 random(11);
  for (const Row<Op>& row : rows_32bit())
    for (const std::uint32_t raw : fills(row.pattern, 300, random)) {
      ASSERT_TRUE(is_32bit(raw >> 16)) << std::hex << raw;
      expect_one_row(rows_32bit(), 32, raw, Op::undefined, decode(raw >> 16, raw, 0x100, false, ~0u).op != 0);
    }
}

TEST(OneRow, RandomWordsOfThumb) {
  using namespace isa::thumb;
  std::mt19937 random(12);
  for (int k = 0; k < 200'000; ++k) {
    const std::uint32_t raw = 0xe8000000u + static_cast<std::uint32_t>(random()) % 0x18000000u;
    expect_one_row(rows_32bit(), 32, raw, Op::undefined, decode(raw >> 16, raw, 0x100, false, ~0u).op != 0);
  }
}

constexpr isa::rv32::Features rv32_all = ~isa::rv32::Features{isa::rv32::feature_e};

TEST(OneRow, TheWhole16BitSpaceOfRv32) {
  using namespace isa::rv32;
  for (std::uint32_t raw = 0; raw < 0x10000; ++raw)
    if (!is_32bit(static_cast<std::uint16_t>(raw)))
      expect_one_row(std::span<const RvRow>(all_rows), 16, raw, Op::illegal, decode(raw, 0x100, rv32_all).op != 0);
}

TEST(OneRow, FillsOfEvery32BitPatternOfRv32) {
  using namespace isa::rv32;
  std::mt19937 random(13);
  for (const RvRow& row : all_rows)
    if (row.pattern.width == 32)
      for (const std::uint32_t raw : fills(row.pattern, 1000, random))
        expect_one_row(std::span<const RvRow>(all_rows), 32, raw, Op::illegal, decode(raw, 0x100, rv32_all).op != 0);
}

}  // namespace
}  // namespace mj::test
