// `--roi`, `--board generic:...` and marked regions as a user asks for them.
#include <algorithm>
#include <fstream>

#include "tests/run/expect.h"
#include "tests/sanitized.h"

namespace mj::test {
namespace {

class Roi : public Firmware {
 protected:
  void SetUp() override {
    if (!installed("arm-none-eabi-gcc")) GTEST_SKIP() << "no arm-none-eabi-gcc here";
    elf = fixture("mps2_prints");
  }
  std::string elf;
};

TEST_F(Roi, SymbolsAndAddressesMeasureTheSame) {
  const Ran by_name = run(elf, "--board mps2-an386 --roi main:firmware_exit,main:main");
  if (by_name.result.is_null()) FAIL() << by_name.answer.err;
  ASSERT_EQ(by_name.result.at("roi").size(), 2U);
  const json& roi = by_name.result.at("roi")[0];
  EXPECT_EQ(roi.at("name"), "main:firmware_exit");
  ASSERT_EQ(roi.at("hits").size(), 1U);
  const std::string range = roi.at("begin").get<std::string>() + ":" + roi.at("end").get<std::string>();
  const Ran by_address = run(elf, "--board mps2-an386 --roi " + range);
  EXPECT_EQ(by_address.result.at("roi")[0].at("hits"), roi.at("hits"));
  EXPECT_EQ(by_name.result.at("totals").at("cycles"), by_address.result.at("totals").at("cycles"));
}

TEST_F(Roi, WhatIsNoRegionIsRefused) {
  refuses("run '" + elf + "' --board mps2-an386 --roi main", 2, {"'main' is no region of interest", "BEGIN:END"});
  refuses("run '" + elf + "' --board mps2-an386 --roi mian:main", 2, {"'mian'", "main"});
  refuses("run '" + elf + "' --board mps2-an386 --roi 0x12g4:main", 2, {"'0x12g4'"});
}

TEST_F(Roi, AGenericBoardRunsTheImageInFlatMemoryAtTheClockAskedFor) {
  const Ran ran = run(elf, "--board generic:cortex-m4@168");
  ASSERT_EQ(ran.answer.code, 0) << ran.answer.err;
  EXPECT_EQ(ran.result.at("operating_points"), (json{{{"clock_hz", 168000000}, {"flash_wait_states", 0}}}));
  const json& reasons = ran.result.at("totals").at("cycles_by_reason");
  EXPECT_FALSE(reasons.contains("fetch_wait"));
  EXPECT_FALSE(reasons.contains("data_wait"));
  // The same core in QEMU's board, zero-wait memory too
  EXPECT_EQ(ran.result.at("totals").at("cycles"), run(elf, "--board mps2-an386").result.at("totals").at("cycles"));
  EXPECT_EQ(run(fixture("nucleo_exits_with_7"), "--board generic:cortex-m3").answer.code, 1);
  refuses("run '" + elf + "' --board generic:cortex-m5", 2, {"unknown core \"cortex-m5\"", "cortex-m4"});
  refuses("run '" + elf + "' --board generic:cortex-m4@fast", 2, {"\"fast\" is no clock", "generic:cortex-m4@168"});
  refuses("run '" + elf + "' --board generic:ibex-small", 2, {"for Arm", "for RISC-V"});
}

// ---- marked regions against the cores' RTL ------------------------------------------------------------------------

class MarkedRegions : public Firmware, public testing::WithParamInterface<const char*> {};

TEST_P(MarkedRegions, AreExactToTheCycleAndInstruction) {
  const char* shared = std::getenv("MJ_SHARED");
  const std::filesystem::path truth = std::filesystem::path(shared && *shared ? shared : MJ_SHARED_DIR) / "truth/rtl";
  std::ifstream in(truth / "cycles.json");
  if (!in) GTEST_SKIP() << "no RTL truth; set MJ_SHARED to the folder that has truth/rtl";
  const json cycles = json::parse(in);
  std::string config = GetParam();
  std::replace(config.begin(), config.end(), '-', '_');
  std::size_t rows = 0;
  for (const auto& [elf, regions] : cycles.at("programs").items()) {
    SCOPED_TRACE(elf);
    if (sanitized && elf.rfind("micro_", 0) != 0) continue;
    json expected = json::array();
    for (const auto& [id, region] : regions.items())
      if (region.contains("cycles") && region["cycles"].contains(config))
        expected.push_back({{"id", std::stoul(id)},
                            {"name", region["name"]},
                            {"cycles", region["cycles"][config]},
                            {"instructions", region["instret"]}});
    if (expected.empty()) continue;
    const Ran ran =
        run((truth / "elf" / elf).string(), "-q --format csv --console none --board rtl-" + std::string(GetParam()));
    // Hazard3 traps unaligned accesses: that program ends early there, in the RTL as well.
    if (expected.size() == regions.size()) {
      ASSERT_EQ(ran.answer.code, 0) << ran.answer.err;
    }
    json regions_found = ran.result.at("regions");
    const auto by_id = [](const json& a, const json& b) { return a.at("id") < b.at("id"); };
    std::sort(expected.begin(), expected.end(), by_id);
    std::sort(regions_found.begin(), regions_found.end(), by_id);
    EXPECT_EQ(regions_found, expected);
    rows += expected.size();
  }
  EXPECT_GT(rows, 300U);
  std::cout << GetParam() << ": " << rows << " regions exact\n";
}

INSTANTIATE_TEST_SUITE_P(Run, MarkedRegions,
                         testing::Values("ibex-small", "ibex-small-slowmul", "ibex-small-btalu", "ibex-small-wb",
                                         "ibex-maxperf", "ibex-maxperf-bp", "cv32e40p", "hazard3-2port",
                                         "hazard3-1port", "hazard3-2port-nobp", "hazard3-2port-slowmulh",
                                         "hazard3-2port-min"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace mj::test
