// Rules that random programs found on the cores' RTL, where the shared truth has no program for them: cycles of the
// regions of fixtures/rtl_rules.S, as Verilator 5.006 gives them for lowRISC/ibex 8b8ee086aef7, openhwgroup/cv32e40p
// 6033d2b1be32 and Wren6991/Hazard3 82729101218b, configured and with memory as the shared truth has it.
#include <gmock/gmock.h>

#include <algorithm>
#include <vector>

#include "tests/run/expect.h"

namespace mj::test {
namespace {

struct Config {
  const char* board;
  std::vector<Cycle> cycles;  ///< of each region
};

void PrintTo(const Config& c, std::ostream* out) { *out << c.board; }

class RtlRules : public Firmware, public testing::WithParamInterface<Config> {};

TEST_P(RtlRules, EachRegionTakesTheCyclesOfTheRtl) {
  const std::string elf = fixture("rtl_rules");
  if (elf.empty()) GTEST_SKIP() << "no riscv64-unknown-elf-gcc here";
  const Ran ran = run(elf, "-q --board " + std::string(GetParam().board));
  ASSERT_EQ(ran.answer.code, 0) << ran.answer.err;
  std::vector<Cycle> cycles;
  for (const json& region : ran.result.at("regions")) cycles.push_back(region.at("cycles"));
  EXPECT_EQ(cycles, GetParam().cycles);
}

INSTANTIATE_TEST_SUITE_P(
    Cores, RtlRules,
    testing::Values(
        // 1 to 7: products of all signs; 8 to 10: calls; 11 to 13: jumps to a misplaced target; 14 to 16: FENCE.I
        // behind a loop
        Config{"rtl-ibex-small", {6, 6, 6, 6, 6, 6, 6, 13, 14, 9, 9, 44, 10, 39, 32, 30}},
        Config{"rtl-ibex-small-slowmul", {35, 35, 35, 35, 35, 35, 35, 42, 43, 9, 9, 44, 10, 39, 32, 30}},
        Config{"rtl-ibex-small-btalu", {6, 6, 6, 6, 6, 6, 6, 13, 14, 9, 9, 44, 10, 31, 28, 26}},
        Config{"rtl-ibex-small-wb", {5, 5, 5, 5, 5, 5, 5, 12, 13, 8, 8, 43, 9, 38, 31, 29}},
        Config{"rtl-ibex-maxperf", {3, 3, 3, 3, 3, 3, 3, 10, 11, 8, 8, 43, 9, 30, 27, 25}},
        Config{"rtl-ibex-maxperf-bp", {3, 3, 3, 3, 3, 3, 3, 8, 9, 6, 7, 41, 7, 23, 24, 22}},
        Config{"rtl-cv32e40p", {6, 6, 6, 6, 6, 6, 6, 13, 13, 8, 10, 37, 10, 40, 33, 29}},
        Config{"rtl-hazard3-2port", {2, 2, 2, 2, 2, 2, 2, 9, 10, 8, 8, 25, 7, 26, 27, 20}},
        Config{"rtl-hazard3-1port", {3, 3, 3, 3, 3, 3, 3, 10, 11, 9, 9, 25, 8, 26, 28, 21}},
        Config{"rtl-hazard3-2port-nobp", {2, 2, 2, 2, 2, 2, 2, 9, 10, 8, 8, 25, 7, 30, 27, 25}},
        Config{"rtl-hazard3-2port-slowmulh", {19, 21, 21, 20, 22, 19, 21, 26, 27, 8, 8, 25, 7, 26, 27, 20}},
        Config{"rtl-hazard3-2port-min", {35, 37, 37, 36, 38, 35, 37, 42, 43, 8, 8, 41, 7, 30, 27, 25}}),
    [](const auto& test) {
      std::string name = test.param.board;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

}  // namespace
}  // namespace mj::test
