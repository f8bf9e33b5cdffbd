// Accelerators as black boxes: what the user says that they take stands beside the run, by the layer that starts them.
#include <fstream>

#include "tests/run/expect.h"

namespace mj::test {
namespace {

using testing::HasSubstr;

class UserCosts : public Firmware {
 protected:
  void SetUp() override {
    elf = fixture("an386_accelerator");
    if (elf.empty()) GTEST_SKIP() << "no arm-none-eabi-gcc here";
    // An accelerator of which only the registers are there, and which is always done.
    file("npu.json", R"({"extends": "mps2-an386", "name": "AN386 with an NPU", "devices": {"NPU": {
      "type": "registers", "base": "0x48102000", "size": "0x00001000", "params": {
        "reset": {"value": ["0x4", "0x2"], "source": "a test", "certainty": "estimated"},
        "storage": {"value": ["0x18", "0xC"], "source": "a test", "certainty": "estimated"}},
      "source": "a test", "certainty": "estimated"}}})");
  }
  /// The run with these costs and the network of the fixture's functions.
  Ran with(const std::string& costs) {
    file("layers.json", R"({"networks": [{"name": "net", "inference": "infer", "layers": [
      {"function": "quantize", "op": "QUANTIZE"}, {"function": "ethosu_invoke", "op": "ETHOS_U"}]}])" +
                            (costs.empty() ? "" : ", \"costs\": [" + costs + "]") + "}");
    return run(elf, "--board npu.json --layers layers.json");
  }
  std::string elf;
};

TEST_F(UserCosts, CallsOfADriverCostWhatTheUserSays) {
  const Ran ran = with(R"({"name": "Ethos-U55", "function": "ethosu_invoke", "cycles": 120000, "energy_uj": 45.5,
                           "source": "Vela"})");
  ASSERT_EQ(ran.answer.code, 0) << ran.answer.err;
  const json& figures = ran.result.at("user_figures");
  ASSERT_EQ(figures.size(), 1U);
  EXPECT_EQ(figures[0].at("name"), "Ethos-U55");
  EXPECT_EQ(figures[0].at("layer"), 1) << "the layer that the driver is";
  EXPECT_EQ(figures[0].at("times"), 6) << "two calls in each of three inferences";
  EXPECT_EQ(figures[0].at("cycles_each"), 120000);
  EXPECT_DOUBLE_EQ(figures[0].at("energy_each_j"), 45.5e-6);
  EXPECT_THAT(ran.answer.out, HasSubstr("user's figures"));
  EXPECT_THAT(ran.answer.out, HasSubstr("confidence: user"));
  EXPECT_THAT(ran.answer.out, HasSubstr("720,000"));
  EXPECT_THAT(ran.answer.out, HasSubstr("the user: Vela"));
  // Nothing of it is in what was simulated.
  const json plain = with("").result;
  EXPECT_EQ(plain.at("totals"), ran.result.at("totals"));
  EXPECT_EQ(plain.at("layers"), ran.result.at("layers"));
  EXPECT_EQ(plain.at("user_figures"), json::array());
}

TEST_F(UserCosts, WritesOfTheStartBitDoToo) {
  const auto times = [&](const std::string& write) {
    const Ran ran = with(R"({"write": {"address": "0x48102008")" + write + R"(}, "cycles": 1000})");
    EXPECT_EQ(ran.answer.code, 0) << ran.answer.err;
    return ran.result.at("user_figures").at(0).at("times").get<int>();
  };
  EXPECT_EQ(times(R"(, "mask": "0x1", "value": "0x1")"), 6) << "the start bit";
  EXPECT_EQ(times(R"(, "value": "0x2")"), 6) << "only the interrupt is cleared";
  EXPECT_EQ(times(""), 12) << "whatever is written";
  EXPECT_EQ(times(R"(, "value": "0x80")"), 0) << "told, though it never happened";
}

TEST_F(UserCosts, NeedNoNetwork) {
  file("costs.json", R"({"costs": [{"function": "ethosu_invoke", "cycles": 7}]})");
  const Ran ran = run(elf, "--board npu.json --layers costs.json");
  ASSERT_EQ(ran.answer.code, 0) << ran.answer.err;
  EXPECT_EQ(ran.result.at("networks"), json::array());
  EXPECT_EQ(ran.result.at("user_figures").at(0).at("layer"), -1);
  EXPECT_EQ(ran.result.at("user_figures").at(0).at("times"), 6);
}

TEST_F(UserCosts, WhatTheBoardOrTheImageDoesNotHaveIsRefused) {
  const auto refused = [&](const std::string& cost, const std::vector<std::string>& words) {
    file("costs.json", R"({"costs": [)" + cost + "]}");
    refuses("run '" + elf + "' --board npu.json --layers costs.json", 2, words);
  };
  refused(R"({"write": {"address": "0x20000000"}, "cycles": 1})", {"no device at 0x20000000", "SSRAM23", "registers"});
  refused(R"({"write": {"address": "0x60000000"}, "cycles": 1})", {"no device at 0x60000000", "nothing lies there"});
  refused(R"({"function": "ethosu_invok", "cycles": 1})", {"costs/0/function", "ethosu_invoke"});
  refused(R"({"cycles": 1})", {"costs/0"});
  refused(R"({"function": "infer", "cycels": 1})", {"cycels", "cycles"});
}

}  // namespace
}  // namespace mj::test
