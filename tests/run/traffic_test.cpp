// Bytes that a layer moves, by memory region: a function of known loads and stores, mapped as a layer.
#include <fstream>

#include "tests/run/expect.h"

namespace mj::test {
namespace {

class Traffic : public Firmware {
 protected:
  /// What move() of the fixture moved: [region, read, written, instructions] a row.
  json moved(const std::string& image, const std::string& options) {
    const std::string elf = fixture(image);
    if (elf.empty()) return nullptr;
    std::ofstream(path("layers.json")) << R"({"networks": [{"layers": [{"function": "move"}]}]})";
    const Ran ran = run(elf, "--layers layers.json " + options);
    EXPECT_EQ(ran.answer.code, 0) << ran.answer.err;
    json rows = json::array();
    for (const json& b : ran.result.at("layers").at(0).at("bytes_moved"))
      rows.push_back({b.at("region"), b.at("read"), b.at("written"), b.at("instructions")});
    report = ran.answer.out;
    return rows;
  }
  std::string report;
};

// Arm: 64 bytes of the table; 1 + 8 back; 64 + 2 written. One pass of 12 bytes of code 16 times, 24 once more.
constexpr int arm_code = 16 * 12 + 24;
// RISC-V: 64 bytes of the table; 1 + 4 back; 64 + 2 + 4 written; 6 instructions 16 times, 7 once.
constexpr int riscv_code = 16 * 24 + 28;

TEST_F(Traffic, FlashAndRamAreToldApartWhereFlashHasAFrontEnd) {
  const json rows = moved("nucleo_traffic", "--board nucleo-l4r5zi");
  if (rows.is_null()) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  EXPECT_EQ(rows, json({{"SRAM1, SRAM2, SRAM3", 9, 66, 0}, {"flash", 64, 0, arm_code}}));
  EXPECT_THAT(report, testing::HasSubstr("bytes moved"));
}

TEST_F(Traffic, RegionsThatNothingTellsApartAreOneRow) {
  const json rows = moved("an386_traffic", "--board mps2-an386");
  if (rows.is_null()) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  EXPECT_EQ(rows, json({{"SSRAM1, block_RAM, SSRAM23, PSRAM", 73, 66, arm_code}}));
}

TEST_F(Traffic, AskedForEachRegionIsARow) {
  const json an386 = moved("an386_traffic", "--board mps2-an386 --traffic");
  if (an386.is_null()) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  EXPECT_EQ(an386, json({{"SSRAM1", 64, 0, arm_code}, {"SSRAM23", 9, 66, 0}}));
  EXPECT_EQ(moved("nucleo_traffic", "--board nucleo-l4r5zi --traffic"),
            json({{"flash", 64, 0, arm_code}, {"SRAM1", 9, 66, 0}}));
}

TEST_F(Traffic, AtomicsMoveBothWays) {
  const json rows = moved("hifive1b_traffic", "--board hifive1b --traffic");
  if (rows.is_null()) GTEST_SKIP() << "no riscv64-unknown-elf-gcc here";
  EXPECT_EQ(rows, json({{"flash", 64, 0, riscv_code}, {"DTIM", 5, 70, 0}}));
}

TEST_F(Traffic, LookingCloserMovesNoCycleAndNoByte) {
  const std::string elf = fixture("interpreter_m4");
  if (elf.empty()) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  json plain = run(elf, "--board mps2-an386").result, split = run(elf, "--board mps2-an386 --traffic").result;
  const auto total = [](const json& rows) {
    json t = {0, 0, 0};
    for (const json& b : rows) {
      t[0] = t[0].get<int>() + b.at("read").get<int>();
      t[1] = t[1].get<int>() + b.at("written").get<int>();
      t[2] = t[2].get<int>() + b.at("instructions").get<int>();
    }
    return t;
  };
  ASSERT_EQ(plain.at("layers").size(), split.at("layers").size());
  for (std::size_t i = 0; i < plain.at("layers").size(); ++i) {
    EXPECT_EQ(plain["layers"][i]["cycles"], split["layers"][i]["cycles"]);
    EXPECT_EQ(total(plain["layers"][i]["bytes_moved"]), total(split["layers"][i]["bytes_moved"])) << "layer " << i;
    EXPECT_GT(split["layers"][i]["bytes_moved"].size(), plain["layers"][i]["bytes_moved"].size());
  }
  EXPECT_EQ(plain.at("totals").at("cycles"), split.at("totals").at("cycles"));
}

TEST_F(Traffic, WaitingSkippedOverIsCountedAsIfItHadRun) {
  const std::string elf = fixture("an386_threads");
  if (elf.empty()) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  const json plain = run(elf, "--board mps2-an386").result, split = run(elf, "--board mps2-an386 --traffic").result;
  EXPECT_EQ(sum(plain.at("totals").at("bytes_moved"), "read"), sum(split.at("totals").at("bytes_moved"), "read"));
  for (const json& row : split.at("totals").at("bytes_moved"))
    EXPECT_THAT(row.at("region"), testing::AnyOf("devices", "SSRAM1", "SSRAM23")) << "no byte without a place";
}

}  // namespace
}  // namespace mj::test
