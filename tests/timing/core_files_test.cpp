// Every core file is whole and consistent, and a wrong one is told what is wrong.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "isa/rv32/decode.h"
#include "tests/timing/core_bench.h"

namespace mj::timing {
namespace {

using namespace test;
using isa::OpClass;
using testing::HasSubstr;
using testing::IsEmpty;

// every core file

std::vector<std::string> all_cores() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(MJ_SOURCE_DIR "/models/cores"))
    if (file.path().extension() == ".json") names.push_back(file.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

/// A small generator of its own: the same blocks on every host.
struct Dice {
  std::uint64_t state;
  unsigned operator()(unsigned sides) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<unsigned>(state >> 33) % sides;
  }
};

BlockBuilder random_block(Dice& dice, unsigned length) {
  BlockBuilder b(0x08000000 + 2 * dice(2));
  for (unsigned k = 0; k < length; ++k) {
    b.size(dice(2) ? 4 : 2);
    const unsigned a = dice(6), c = dice(6), d = dice(6);
    switch (dice(9)) {
      case 0:
        b.load(a, c);
        break;
      case 1:
        b.load_indexed(a, c);
        break;
      case 2:
        b.store(a, c);
        break;
      case 3:
        b.store(a, c, isa::OpClass::store_reg);
        break;
      case 4:
        b.nop();
        break;
      case 5:
        b.op(isa::OpClass::mul_high, a, {c, d});
        break;
      case 6:
        b.op(isa::OpClass::mac, a, {c, d, a});
        break;
      case 7:
        b.op(isa::OpClass::fp_div, s0, {s1, s2});
        break;
      default:
        b.alu(a, {c, d});
    }
  }
  return b;
}

class EveryCore : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Files, EveryCore, testing::ValuesIn(all_cores()), [](const auto& file) {
  std::string id = file.param;
  std::replace(id.begin(), id.end(), '-', '_');
  return id;
});

TEST_P(EveryCore, SaysWhereEachRowComesFrom) {
  const CoreTiming c = core(GetParam());
  EXPECT_GT(c.rows().size(), 5u);
  for (const RowInfo& row : c.rows()) EXPECT_THAT(row.source, testing::Not(IsEmpty())) << row.id;
}

TEST_P(EveryCore, IssuesMultiplyAccumulatesAtItsPeakAndNoFaster) {
  const CoreTiming c = core(GetParam());
  const auto& peak = c.peak_macs();
  if (!peak) {
    EXPECT_EQ(GetParam(), "ch32v003") << "the only core without a multiplier";
    return;
  }
  EXPECT_THAT(peak->source, testing::Not(IsEmpty()));
  if (peak->by == "VMLADAV.S8") GTEST_SKIP() << "vector instructions are not modelled";
  // Steps whose results are not wanted at once: accumulators take turns, products are added three steps later.
  const auto cycles = [&](unsigned steps) {
    constexpr unsigned x = 8, y = 9, products = 3;
    BlockBuilder b;
    b.size(c.isa() == "thumb" && peak->by == "MULS, ADDS" ? 2 : 4);
    for (unsigned k = 0; k < steps; ++k) {
      if (peak->by == "SMLAD" || peak->by == "MLA") {
        b.op(OpClass::mac, k % 6, {x, y, k % 6});
        continue;
      }
      b.op(OpClass::mul, k % products, {x, y}).alu(3 + k % 3, {3 + k % 3, (k + 1) % products});
      // Some cores price an addition of two registers by its name.
      if (c.isa() == "rv32") b.number(static_cast<std::uint16_t>(isa::rv32::Op::add));
    }
    return b.cycles(c);
  };
  constexpr unsigned steps = 12;
  EXPECT_EQ(cycles(2 * steps) - cycles(steps), steps * peak->cycles) << peak->by;
  const std::uint32_t at_once = peak->by == "SMLAD" ? 2 : 1;
  EXPECT_EQ(peak->macs, at_once);
}

TEST_P(EveryCore, CutsABlockAnywhereWithoutChangingItsCycles) {
  const CoreTiming c = core(GetParam());
  Dice dice{1};
  for (int round = 0; round < 500; ++round) {
    const BlockBuilder whole = random_block(dice, 2 + dice(14));
    const std::span<const isa::Insn> insns(whole.insns);
    const std::span<const isa::Effects> effects(whole.effects);
    const std::size_t cut = 1 + dice(static_cast<unsigned>(insns.size() - 1));
    const Walk all = c.walk(insns, effects, {});
    const Walk first = c.walk(insns.first(cut), effects.first(cut), {});
    const Walk second = c.walk(insns.subspan(cut), effects.subspan(cut), first.exits[fallthrough].state);
    ASSERT_EQ(all.exits[fallthrough].cycles, first.exits[fallthrough].cycles + second.exits[fallthrough].cycles)
        << "round " << round << ", cut at " << cut;
    ASSERT_EQ(all.exits[fallthrough].state, second.exits[fallthrough].state) << "round " << round;
  }
}

TEST_P(EveryCore, GivesEachCycleOneReason) {
  const CoreTiming c = core(GetParam());
  Dice dice{2};
  for (int round = 0; round < 200; ++round) {
    BlockBuilder b = random_block(dice, 1 + dice(10));
    b.branch_if({dice(6)});
    const Walk walk = b.walk(c);
    for (const Exit exit : {fallthrough, taken, indirect}) {
      unsigned sum = 0;
      for (const auto& [reason, cycles] : by_reason(walk, exit)) sum += cycles;
      ASSERT_EQ(sum, walk.exits[exit].cycles);
    }
    ASSERT_TRUE(std::is_sorted(walk.begin.begin(), walk.begin.end()));
    ASSERT_FALSE(walk.rows.empty());
  }
}

// wrong core files

/// What loading this text says; empty if it loads.
std::string complaint(std::string_view text) {
  const Result<CoreTiming> loaded = test::load_core_text(text, "mine");
  if (loaded) return "";
  EXPECT_EQ(loaded.error().code, ExitCode::usage);
  return loaded.error().text();
}
std::string with_costs(const std::string& costs, const std::string& more = "") {
  return R"({"format": 1, "title": "t", "isa": "rv32", "sources": {"s": "somewhere"}, "costs": {)" + costs + "}" +
         more + "}";
}

TEST(CoreFile, AGoodOneLoads) {
  EXPECT_EQ(
      complaint(with_costs(R"("alu": {"classes": ["alu"], "cycles": 1, "source": "s", "certainty": "measured"})")), "");
}
TEST(CoreFile, AWrongKeyIsNamedWithItsPlace) {
  const std::string text =
      complaint(with_costs(R"("alu": {"classes": ["alu"], "cylces": 1, "source": "s", "certainty": "measured"})"));
  EXPECT_THAT(text, HasSubstr("mine: /costs/alu"));
  EXPECT_THAT(text, HasSubstr("cylces"));
}
TEST(CoreFile, AnUnknownClassOrOperationIsNamed) {
  EXPECT_THAT(complaint(with_costs(R"("a": {"classes": ["alu", "laod"], "source": "s", "certainty": "measured"})")),
              testing::AllOf(HasSubstr("/costs/a/classes/1"), HasSubstr("laod")));
  EXPECT_THAT(complaint(with_costs(R"("a": {"ops": ["vadd"], "source": "s", "certainty": "measured"})")),
              testing::AllOf(HasSubstr("/costs/a/ops/0"), HasSubstr("vadd")));
}
TEST(CoreFile, ARowNeedsSourceAndCertainty) {
  EXPECT_THAT(complaint(with_costs(R"("alu": {"classes": ["alu"], "cycles": 1, "certainty": "measured"})")),
              testing::AllOf(HasSubstr("/costs/alu"), HasSubstr("source")));
  EXPECT_THAT(complaint(with_costs(R"("alu": {"classes": ["alu"], "source": "s", "certainty": "sure"})")),
              HasSubstr("/costs/alu/certainty"));
}
TEST(CoreFile, AClassHasOnePrice) {
  EXPECT_THAT(complaint(with_costs(R"("a": {"classes": ["alu"], "source": "s", "certainty": "measured"},
                                      "b": {"classes": ["alu"], "source": "s", "certainty": "measured"})")),
              HasSubstr("priced by another row"));
}
TEST(CoreFile, BrokenJsonAndEndlessLikesAreErrors) {
  EXPECT_THAT(complaint("{\"format\": 1,"), HasSubstr("not JSON"));
  EXPECT_THAT(complaint("{\"notes\": " + std::string(200'000, '[')), HasSubstr("nested too deeply"));
  EXPECT_THAT(complaint("{\"notes\": " + std::string(200'000, '[') + std::string(200'000, ']') + "}"),
              HasSubstr("nested too deeply"));
  EXPECT_THAT(complaint("[]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(complaint(R"({"like": "no-such-core"})"), HasSubstr("no core file 'no-such-core'"));
  EXPECT_THAT(complaint(R"({"like": "../boards/pico"})"), HasSubstr("not the name of a core file"));
  EXPECT_THAT(complaint(R"({"like": "\u0000ortex-m0"})"), HasSubstr("not the name of a core file"));
  LoadOptions options;
  options.read_core = [](std::string_view) { return std::string(R"({"like": "again"})"); };
  const Result<CoreTiming> circle = CoreTiming::load(R"({"like": "again"})", "mine", options);
  ASSERT_FALSE(circle.ok());
  EXPECT_THAT(circle.error().text(), HasSubstr("does not end"));
}
TEST(CoreFile, NegativeAndHugeNumbersAreErrors) {
  EXPECT_THAT(
      complaint(with_costs(R"("a": {"classes": ["alu"], "cycles": -1, "source": "s", "certainty": "measured"})")),
      HasSubstr("/costs/a/cycles"));
  EXPECT_THAT(
      complaint(with_costs(R"("a": {"classes": ["alu"], "cycles": 99999999, "source": "s", "certainty": "measured"})")),
      HasSubstr("/costs/a/cycles"));
}

TEST(CoreFile, ANewCoreLikeItsNeighbourIsDataOnly) {
  // An Ibex with a branch target ALU and a writeback stage, but the slow multiplier: nobody has written it down yet.
  const Result<CoreTiming> mine = test::load_core_text(
      R"({"like": "ibex-small-wb", "title": "mine", "costs": {"branch_cond": {"cycles_taken": 2}}})", "mine");
  ASSERT_TRUE(mine.ok()) << mine.error().text();
  EXPECT_EQ(BlockBuilder().load(r0, r1).branch_if({r0}).cycles_taken(*mine), 1u + 1u + 2u);
}

}  // namespace
}  // namespace mj::timing
