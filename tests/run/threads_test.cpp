// An operating system in small on every kind of core (fixtures/arm_threads.c, riscv_threads.c): a tick, calls, thread
// switches, nested and tail-chained exceptions, and every value by which an exception can return.
#include "tests/run/expect.h"

namespace mj::test {
namespace {

class Threads : public Firmware {
 protected:
  void prints(const std::string& image, const std::string& board, const std::string& text) const {
    const std::string elf = fixture(image);
    if (elf.empty()) GTEST_SKIP() << image << " was not built: no cross compiler here";
    const Ran ran = run(elf, "--board " + board + " --max-cycles 20M");
    ASSERT_FALSE(ran.result.is_null()) << ran.answer.err;
    EXPECT_EQ(ran.answer.code, 0) << ran.answer.out;
    EXPECT_EQ(ran.result.at("console"), text);
    // Looking on moves nothing: not a cycle, not a switch.
    const Ran watched = run(elf, "--board " + board + " --max-cycles 20M --detect stack-overflow,null");
    EXPECT_EQ(watched.answer.code, 0) << watched.answer.out;
    EXPECT_EQ(watched.saved, ran.saved);
  }
};

const std::string kept = "A kept its registers\nB kept its registers\n";
const std::string came = "ticks, calls and nested interrupts came\n";

TEST_F(Threads, OnCortexM0Plus) { prints("pico_threads", "pico", kept + came + "returned by f1 f9 fd \n"); }
TEST_F(Threads, OnCortexM3) { prints("an385_threads", "mps2-an385", kept + came + "returned by f1 f9 fd \n"); }
TEST_F(Threads, OnCortexM4WithLazilyStackedFpRegisters) {
  prints("an386_threads", "mps2-an386", kept + came + "returned by e1 e9 ed f1 f9 fd \n");
  prints("nucleo_threads", "nucleo-l4r5zi", kept + came + "returned by e1 e9 ed f1 f9 fd \n");
}
TEST_F(Threads, OnCortexM7WithLazilyStackedFpRegisters) {
  prints("an500_threads", "mps2-an500", kept + came + "returned by e1 e9 ed f1 f9 fd \n");
}
TEST_F(Threads, OnIbex) { prints("ibex_threads", "ibex-demo", kept + "ticks and calls came\n"); }
TEST_F(Threads, OnRv32Virt) { prints("virt_threads", "virt32", kept + "ticks and calls came\n"); }

TEST_F(Threads, ThatRunWhileAnotherOnesLayerIsUnderWayAreAPhaseOfTheirOwn) {
  const std::string elf = fixture("an386_threads");
  if (elf.empty()) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  // Ticks take a thread away in the midst of keeps(), while the other one is anywhere.
  file("layers.json", R"({"networks": [{"layers": [{"function": "keeps"}]}]})");
  const Ran ran = run(elf, "--board mps2-an386 --layers layers.json");
  ASSERT_EQ(ran.answer.code, 0) << ran.answer.err;
  json threads;
  for (const json& p : ran.result.at("phases"))
    if (p.at("kind") == "threads") threads = p;
  ASSERT_FALSE(threads.is_null());
  EXPECT_GT(threads.at("cycles"), 0);
  EXPECT_THAT(ran.answer.out, testing::HasSubstr("other threads meanwhile"));
}

}  // namespace
}  // namespace mj::test
