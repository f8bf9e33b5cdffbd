// Joules and days as a user asks for them: priced with the run, priced again from a saved result, and what-ifs.
#include "tests/model/files.h"
#include "tests/run/expect.h"

namespace mj::test {
namespace {

using testing::HasSubstr;

class Joules : public Firmware {
 protected:
  void SetUp() override {
    if (!installed("arm-none-eabi-gcc")) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  }
  /// Firmware of the smallest example network.
  std::string tiny(const std::string& board) const {
    const Answer answer =
        microjoule("build '" + network("tiny.tflite").string() + "' --board " + board + " -o " + board + ".elf");
    EXPECT_EQ(answer.code, 0) << answer.err;
    return path(board + ".elf");
  }
  static double joules(const json& row) { return row.at("energy").at("value_j"); }
};

std::uint64_t femtojoules(const json& energy) {
  std::uint64_t sum = 0;
  for (const auto& [part, n] : energy.at("femtojoules").items()) sum += n.get<std::uint64_t>();
  return sum;
}

TEST_F(Joules, EachStandsInOneFunctionAndInOneLayerOrOutside) {
  const Ran ran = run(tiny("nucleo-l4r5zi"), "--board nucleo-l4r5zi");
  ASSERT_EQ(ran.answer.code, 0) << ran.answer.err;
  const std::uint64_t total = femtojoules(ran.result.at("totals").at("energy"));
  EXPECT_GT(total, 0U);
  std::uint64_t functions = 0, layers = 0;
  for (const json& f : ran.result.at("functions")) functions += femtojoules(f.at("self_energy"));
  EXPECT_EQ(functions, total);
  for (const json& l : ran.result.at("layers")) layers += femtojoules(l.at("energy"));
  const json& network = ran.result.at("networks")[0];
  EXPECT_EQ(layers + femtojoules(network.at("between_layers_energy")), femtojoules(network.at("energy")));
  EXPECT_LT(femtojoules(network.at("energy")), total);
  // A number has its unit, interval and tier wherever it is read
  const json& energy = ran.result.at("totals").at("energy");
  EXPECT_LT(energy.at("low_j"), energy.at("value_j"));
  EXPECT_GT(energy.at("high_j"), energy.at("value_j"));
  // So short a run spends part of its energy at start-up clocks, for which there is no figure
  EXPECT_EQ(energy.at("tier"), "extrapolated");
  EXPECT_EQ(network.at("energy").at("tier"), "board-measured");
  EXPECT_THAT(ran.answer.out, HasSubstr("average power"));
  EXPECT_THAT(ran.answer.out, HasSubstr("board-measured"));
}

TEST_F(Joules, ASavedResultPricedAgainIsWhatARunWithThatSupplyGives) {
  const std::string elf = tiny("nucleo-l4r5zi");
  const Ran ldo = run(elf, "--board nucleo-l4r5zi");
  const Ran smps = run(elf, "--board nucleo-l4r5zi --supply smps --volts 3.0");
  EXPECT_NE(ldo.saved, smps.saved);
  file("ldo.json", ldo.saved);
  EXPECT_EQ(microjoule("report ldo.json --supply smps --volts 3.0 --format json").out, smps.saved);
  file("smps.json", smps.saved);
  EXPECT_EQ(microjoule("report smps.json --supply ldo --format json").out, ldo.saved);
}

TEST_F(Joules, AnLdoDrawsItsCurrentWhateverTheVoltageASwitchingRegulatorItsPower) {
  const std::string elf = tiny("nucleo-l4r5zi");
  const auto at = [&](const std::string& options) {
    return joules(run(elf, "--board nucleo-l4r5zi " + options).result.at("totals"));
  };
  EXPECT_NEAR(at("--supply ldo --volts 3.6") / at("--supply ldo --volts 1.8"), 2, 1e-5);
  EXPECT_NEAR(at("--supply smps --volts 3.6") / at("--supply smps --volts 1.8"), 1, 1e-9);
}

TEST_F(Joules, ABoardWithoutFiguresSaysSoAndLosesNothingElse) {
  const std::string elf = tiny("mps2-an386");
  const Ran ran = run(elf, "--board mps2-an386");
  ASSERT_EQ(ran.answer.code, 0) << ran.answer.err;
  EXPECT_TRUE(ran.result.at("totals").at("energy").is_null());
  EXPECT_THAT(ran.result.at("energy_model").at("remarks").dump(), HasSubstr("no energy figures are known"));
  EXPECT_THAT(ran.answer.out, HasSubstr("no energy figures are known"));
  refuses("run '" + elf + "' --board mps2-an386 --supply ldo", 2, {"no energy table", "mps2-an386", "--energy-table"});
  // Asked for days, it still saves and shows the run
  const Answer battery = microjoule("run '" + elf + "' --board mps2-an386 --battery cr2032 --every 10s -o saved.json");
  EXPECT_EQ(battery.code, 2);
  EXPECT_THAT(battery.err, HasSubstr("no battery life without energy"));
  EXPECT_THAT(battery.out, HasSubstr("totals"));
  EXPECT_NE(slurp(path("saved.json")), "");
}

TEST_F(Joules, ATableOfTheUsersOwnIsTaken) {
  const std::string elf = tiny("mps2-an386");
  const std::string figure = R"("low": 1, "high": 200, "source": "a bench", "certainty": "measured")";
  file("own.json", R"({"title": "my board", "scope": "all of it", "supplies": [{"name": "bench", "title": "bench",
      "regulator": "smps",
      "voltage": {"value": 3, "low": 2, "high": 4, "unit": "V", "source": "s", "certainty": "measured"},
      "accuracy": {"low_percent": -10, "high_percent": 10, "tier": "board-measured", "source": "s",
                   "certainty": "measured"},
      "extrapolation": {"percent_per_octave": 10, "source": "s", "certainty": "estimated"},
      "prices": [{"clock": {"low": 1000000, "high": 50000000, "unit": "Hz"},
                  "issue": {"value": 100, "unit": "pJ", )" +
                       figure + R"(},
                  "stall": {"value": 50, "unit": "pJ", )" +
                       figure + R"(},
                  "static": {"value": 2.5, "unit": "mW", )" +
                       figure + R"(}}]}]})");
  const Ran ran = run(elf, "--board mps2-an386 --energy-table own.json");
  ASSERT_EQ(ran.answer.code, 0) << ran.answer.err;
  // By hand: 100 pJ an issue cycle, 50 pJ a stall, 2.5 mW at 25 MHz = 100 pJ a cycle
  const json& activity = ran.result.at("totals").at("activity").at("0");
  const double issue = activity.at("issue_cycles"), stall = activity.at("stall_cycles");
  EXPECT_NEAR(joules(ran.result.at("totals")), 1e-12 * (100 * issue + 50 * stall + 100 * (issue + stall)), 1e-12);
  EXPECT_NEAR(ran.result.at("energy_model").at("average_power_w"),
              joules(ran.result.at("totals")) / ran.result.at("totals").at("time_s").get<double>(), 1e-9);
}

TEST_F(Joules, ABatteryGivesDaysWithIntervalAndWarnings) {
  const Ran ran = run(tiny("nano33ble"), "--board nano33ble --battery cr2032 --every 10s");
  ASSERT_EQ(ran.answer.code, 0) << ran.answer.err;
  for (const char* word : {"CR2032", "every 10", "days", "average", "self-discharge", "sleep ("})
    EXPECT_THAT(ran.answer.out, HasSubstr(word));
  refuses("run nano33ble.elf --battery cr2033 --every 10s", 2, {"unknown battery 'cr2033'", "did you mean 'cr2032'?"});
  refuses("run nano33ble.elf --battery cr2032", 2, {"--battery and --every go together"});
  refuses("run nano33ble.elf --battery cr2032 --every never", 2, {"every", "never"});
  // Which sleep modes there are is known when the board is: the run is shown all the same
  const Answer coma = microjoule("run nano33ble.elf --battery cr2032 --every 10s --sleep-mode coma");
  EXPECT_EQ(coma.code, 2);
  expect_words(coma.err, {"'coma'", "system-on"});
  EXPECT_THAT(coma.out, HasSubstr("totals"));
}

TEST_F(Joules, AHeldClockChangesTimeAndJoulesAndCyclesOnlyThroughWaitStates) {
  const std::string elf = tiny("nucleo-l4r5zi");
  const auto cycles = [](const Ran& ran) { return ran.result.at("totals").at("cycles").get<std::uint64_t>(); };
  const Ran fast = run(elf, "--board nucleo-l4r5zi --clock 120 --flash-wait-states 2");
  const Ran slow = run(elf, "--board nucleo-l4r5zi --clock 60MHz --flash-wait-states 2");
  EXPECT_EQ(cycles(fast), cycles(slow));
  EXPECT_DOUBLE_EQ(slow.result.at("totals").at("time_s"), 2 * fast.result.at("totals").at("time_s").get<double>());
  // Without a number, as many wait states as the clock needs: 5 at 120 MHz, 2 at 60
  EXPECT_GT(cycles(run(elf, "--board nucleo-l4r5zi --clock 120")), cycles(fast));
  EXPECT_EQ(cycles(run(elf, "--board nucleo-l4r5zi --clock 60")), cycles(slow));
  EXPECT_EQ(fast.result.at("provenance").at("held_clock_hz"), 120000000);
  EXPECT_EQ(fast.result.at("provenance").at("held_wait_states"), "2");
  // Two are too few at 120 MHz: real flash would deliver wrong words, and the report says so
  EXPECT_THAT(fast.result.at("diagnostics").dump(), HasSubstr("needs 5"));
}

TEST_F(Joules, WhatABoardCanNotDoIsRefused) {
  tiny("nucleo-l4r5zi");
  tiny("nano33ble");
  refuses("run nucleo-l4r5zi.elf --clock 121", 2, {"can't run at 121,000,000 Hz", "120,000,000"});
  refuses("run nucleo-l4r5zi.elf --clock fast", 2, {"'fast' is no clock"});
  refuses("run nucleo-l4r5zi.elf --clock 0", 2, {"'0' is no clock"});
  refuses("run nucleo-l4r5zi.elf --flash-wait-states 16", 2, {"'16'", "0 to 15, or auto"});
  refuses("run nano33ble.elf --flash-wait-states 1", 2, {"can't be held on this board"});
  refuses("run nucleo-l4r5zi.elf --volts 5", 2, {"5 V is outside"});
  refuses("run nucleo-l4r5zi.elf --volts much", 2, {"'much' is no voltage"});
  refuses("run nucleo-l4r5zi.elf --supply spms", 2, {"spms", "smps"});
  refuses("run nucleo-l4r5zi.elf --energy-table gone.json", 7, {"gone.json"});
}

}  // namespace
}  // namespace mj::test
