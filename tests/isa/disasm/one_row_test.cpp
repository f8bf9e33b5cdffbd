// Every encoding has exactly one row or none: of the rows that match, one refines all others. The decoders find that
// row.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <span>

#include "isa/rv32/decode.h"
#include "isa/rv32/tables.h"
#include "isa/thumb/decode.h"
#include "tests/isa/disasm/fills.h"
#include "tests/sanitized.h"

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
    for (const std::uint32_t raw : fills(row.pattern, count(300, 60), random)) {
      ASSERT_TRUE(is_32bit(raw >> 16)) << std::hex << raw;
      expect_one_row(rows_32bit(), 32, raw, Op::undefined, decode(raw >> 16, raw, 0x100, false, ~0u).op != 0);
    }
}

TEST(OneRow, RandomWordsOfThumb) {
  using namespace isa::thumb;
  std::mt19937 random(12);
  for (unsigned k = 0; k < count(200'000, 40'000); ++k) {
    const std::uint32_t raw = 0xe8000000u + static_cast<std::uint32_t>(random()) % 0x18000000u;
    expect_one_row(rows_32bit(), 32, raw, Op::undefined, decode(raw >> 16, raw, 0x100, false, ~0u).op != 0);
  }
}

/// Every first halfword with many second ones, or with all of them (402,653,184 encodings, minutes):
///
///   MJ_DECODE_ALL=1 disasm_test --gtest_filter=OneRow.ThirtyTwoBitSpaceOfThumb
///
/// The row is searched a second time here, without the decoder's buckets, and must give what the decoder gave.
TEST(OneRow, ThirtyTwoBitSpaceOfThumb) {
  using namespace isa::thumb;
  const bool all = std::getenv("MJ_DECODE_ALL") != nullptr;
  std::mt19937 random(14);
  std::uint64_t defined = 0, encodings = 0;
  for (std::uint32_t hw1 = 0xe800; hw1 <= 0xffff; ++hw1) {
    std::vector<const Row<Op>*> rows;
    for (const Row<Op>& row : rows_32bit())
      if (((hw1 << 16 ^ row.pattern.value) & row.pattern.mask & 0xffff0000) == 0) rows.push_back(&row);
    for (std::uint32_t k = all ? 0 : hw1 % count(1, 5); k < (all ? 0x10000u : 0x200u); k += all ? 1 : count(1, 5)) {
      // The top bits of the second halfword select, too: all of their values, the rest random.
      const std::uint32_t hw2 = all ? k : k << 7 | (static_cast<std::uint32_t>(random()) & 0x7f);
      const std::uint32_t raw = hw1 << 16 | hw2;
      const Row<Op>* winner = nullptr;
      unsigned winners = 0;
      for (const Row<Op>* a : rows) {
        if (!a->pattern.matches(raw)) continue;
        bool refined = false;
        for (const Row<Op>* b : rows) refined |= b->pattern.matches(raw) && b->pattern.refines(a->pattern);
        if (!refined) winner = a, ++winners;
      }
      ASSERT_LE(winners, 1u) << std::hex << raw;
      const Insn insn = decode(hw1, hw2, 0x100, false, ~0u);
      ASSERT_EQ(insn.size, 4) << std::hex << raw;
      ASSERT_EQ(insn.raw, raw);
      for (const unsigned reg : {insn.rd, insn.rn, insn.rm, insn.ra}) ASSERT_LT(reg, 64u) << std::hex << raw;
      Insn again;
      again.pc = 0x100;
      again.raw = raw;
      again.size = 4;
      again.op = static_cast<std::uint16_t>(Op::undefined);
      if (winner) {
        again.cls = winner->cls;
        again.op = static_cast<std::uint16_t>(winner->op);
        fill_fields(winner->pattern, again);
        if (winner->fix) winner->fix(again);
      }
      // What no FPU knows of coprocessors 10 and 11 is undefined instead of a coprocessor's.
      const bool fpu_has_none = again.op == static_cast<std::uint16_t>(Op::coprocessor) && (raw >> 9 & 7) == 5;
      if (fpu_has_none) again.op = static_cast<std::uint16_t>(Op::undefined);
      ASSERT_EQ(insn.op, again.op) << std::hex << raw << " " << op_name(insn.op) << " " << op_name(again.op);
      defined += insn.op != static_cast<std::uint16_t>(Op::undefined);
      ++encodings;
    }
  }
  std::cout << defined << " of " << encodings << " encodings are defined\n";
  EXPECT_GT(defined, encodings / 4);
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
      for (const std::uint32_t raw : fills(row.pattern, count(1000, 300), random))
        expect_one_row(std::span<const RvRow>(all_rows), 32, raw, Op::illegal, decode(raw, 0x100, rv32_all).op != 0);
}

}  // namespace
}  // namespace mj::test
