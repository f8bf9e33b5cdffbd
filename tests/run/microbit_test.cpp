// Firmware that nobody here has built, without symbols: MicroPython of the first BBC micro:bit, from Debian's package
// firmware-microbit-micropython.
#include "tests/run/expect.h"

namespace mj::test {
namespace {

constexpr const char* firmware = "/usr/share/firmware-microbit-micropython/firmware.hex";

class Microbit : public Firmware {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(firmware)) GTEST_SKIP() << "Debian's firmware-microbit-micropython is not installed";
  }
};

TEST_F(Microbit, MicroPythonReachesItsPromptAndEvaluates) {
  file("typed", "print(6*7)\r");
  const Ran ran = run(firmware, "--board microbit --console-input typed --max-sim-time 1s");
  // The prompt waits for more for ever: the run ends at the limit
  EXPECT_EQ(ran.answer.code, 5) << ran.answer.err;
  ASSERT_FALSE(ran.result.is_null());
  EXPECT_TRUE(ran.result.at("fault").is_null());
  const std::string console = ran.result.at("console");
  EXPECT_THAT(console, testing::HasSubstr("MicroPython v1.9.2"));
  EXPECT_THAT(console, testing::EndsWith(">>> print(6*7)\r\n42\r\n>>> "));
}

}  // namespace
}  // namespace mj::test
