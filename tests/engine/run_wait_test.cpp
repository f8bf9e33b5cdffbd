// RAMs that differ in what a run of loads costs.
#include "tests/engine/bench.h"

namespace mj::test {
namespace {

/// A board whose second RAM adds two cycles to each run of loads.
class RunWait : public Arm {
 protected:
  void SetUp() override {
    Arm::SetUp();
    std::ofstream(folder_ / "mps2-an386-banks.json") << R"({"extends": "mps2-an386",
      "regions": {"PSRAM": {"run_wait": {"value": 2, "unit": "cycle", "source": "test", "certainty": "model"}}}})";
  }
  std::string board() const { return (folder_ / "mps2-an386-banks.json").string(); }
  Folder folder_;
};

TEST_F(RunWait, IsChargedOncePerRunAndOnlyInItsRam) {
  const auto cycles = [&](const std::string& base) {
    Bench b(board(), R"(
      func main
        ldr r6, =)" + base +
                         R"(
        mov r5, #3
      again:
      begin:
        ldr r0, [r6]
        ldr r1, [r6, #4]
        adds r3, #1
        ldr r2, [r6, #8]
        adds r3, #1
        pop {r0, r1}
        sub sp, #8
      end:
        subs r5, #1
        bne again
        b .
    )");
    b.run(1000);
    b.expect_conserved();
    return b.cycles("begin", "end");
  };
  const Cycle here = cycles("0x21000100"), none = cycles("0x20000100");
  const auto spec = load_board("mps2-an386");
  ASSERT_TRUE(spec.ok());
  EXPECT_EQ(here % 3, none % 3);
  // The stack is at 0x20008000: POP is a run in both. Two runs more where the base lies in the slow RAM.
  EXPECT_EQ(here - none, 3u * 2 * 2);
}

}  // namespace
}  // namespace mj::test
