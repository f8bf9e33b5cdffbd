// Heap and stacks of firmware that nobody prepared: the most that was in use, by whom, and of how much.
#include "tests/run/expect.h"

namespace mj::test {
namespace {

using testing::HasSubstr;

class MemoryUse : public Firmware {
 protected:
  json memory(const std::string& image, const std::string& board) {
    const std::string elf = fixture(image);
    if (elf.empty()) return nullptr;
    const Ran ran = run(elf, "--board " + board);
    EXPECT_EQ(ran.answer.code, 0) << ran.answer.err;
    report = ran.answer.out;
    diagnostics = ran.result.at("diagnostics");
    return ran.result.at("memory");
  }
  std::string report;
  json diagnostics;
};

TEST_F(MemoryUse, TheHeapsPeakIsWhatWasInUseAtATime) {
  for (const auto& [image, board] : {std::pair("nucleo_heap", "nucleo-l4r5zi"), std::pair("ibex_heap", "ibex-demo")}) {
    const json m = memory(image, board);
    if (m.is_null()) continue;
    ASSERT_EQ(m.at("heaps").size(), 1U);
    const json& heap = m.at("heaps")[0];
    EXPECT_EQ(heap.at("allocator"), "malloc");
    EXPECT_EQ(heap.at("peak_bytes"), 490) << "50 + 40 + 400; realloc's old 200 count until it returns, but not beside";
    EXPECT_EQ(heap.at("in_use_bytes"), 400);
    EXPECT_EQ(heap.at("allocations"), 5) << "calloc's and realloc's own malloc is no allocation by itself";
    EXPECT_EQ(heap.at("failures"), 1);
    EXPECT_EQ(heap.at("taken_bytes"), 104 + 200 + 40 + 400 + 4 * 8) << "what sbrk gave: blocks and their records";
    EXPECT_EQ(heap.at("size_bytes"), 4096);
    EXPECT_EQ(heap.at("in_static"), true);
    EXPECT_EQ(heap.at("chain").back(), "at_the_peak");
    EXPECT_THAT(report, HasSubstr("heap, peak"));
    EXPECT_EQ(m.at("heap_unknown"), "");
  }
}

TEST_F(MemoryUse, WithoutSymbolsTheHeapIsUnknownAndNotNothing) {
  const json m = memory("nucleo_heap_stripped", "nucleo-l4r5zi");
  if (m.is_null()) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  EXPECT_EQ(m.at("heaps"), json::array());
  EXPECT_EQ(m.at("heap_unknown"), "the image has no symbols");
  EXPECT_THAT(report, HasSubstr("unknown  the image has no symbols"));
}

TEST_F(MemoryUse, EachTaskHasAStackOfItsOwn) {
  const json m = memory("nucleo_tasks", "nucleo-l4r5zi");
  if (m.is_null()) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  ASSERT_EQ(m.at("threads").size(), 2U);
  const json &deep = m.at("threads")[0], &shallow = m.at("threads")[1];
  EXPECT_EQ(shallow.at("name"), "shallow");
  EXPECT_EQ(shallow.at("size_bytes"), 256);
  // A frame of the core's and R4 to R11, and the word that aligns the first frame.
  EXPECT_LE(shallow.at("used_bytes"), 32 + 32 + 24);
  EXPECT_EQ(deep.at("name"), "deep");
  EXPECT_EQ(deep.at("size_bytes"), 512);
  EXPECT_GE(deep.at("used_bytes"), 200 + 32 + 32);
  EXPECT_LE(deep.at("used_bytes"), 200 + 32 + 32 + 48);
  EXPECT_EQ(deep.at("overflow_bytes"), 0);
  EXPECT_LT(m.at("stack").at("used_bytes"), 200) << "the main stack has nothing of theirs";
  EXPECT_THAT(report, HasSubstr("stack, deep"));
}

TEST_F(MemoryUse, ATasksOverflowIsToldInBytes) {
  const json m = memory("nucleo_tasks_small", "nucleo-l4r5zi");
  if (m.is_null()) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  const json& deep = m.at("threads").at(0);
  EXPECT_EQ(deep.at("size_bytes"), 256);
  EXPECT_EQ(deep.at("overflow_bytes"), deep.at("used_bytes").get<int>() - 256);
  EXPECT_GT(deep.at("overflow_bytes"), 0);
  EXPECT_EQ(diagnostics.at(0).at("kind"), "stack-overflow");
  EXPECT_THAT(diagnostics.at(0).at("text").get<std::string>(), HasSubstr("bytes too small"));
}

TEST_F(MemoryUse, ThreadsOfNoKnownSystemAreToldApartWithinAnArray) {
  // On Arm both threads have a part of the array; on RISC-V the first one goes on with the stack that main() had.
  struct Image {
    const char *name, *board;
    std::vector<std::string> threads;
  };
  for (const auto& [name, board, names] : {Image{"an386_threads", "mps2-an386", {"stacks (1)", "stacks (2)"}},
                                           Image{"ibex_threads", "ibex-demo", {"stacks"}}}) {
    SCOPED_TRACE(name);
    const json m = memory(name, board);
    if (m.is_null()) continue;
    std::vector<std::string> found;
    for (const json& t : m.at("threads")) {
      found.push_back(t.at("name"));
      EXPECT_GT(t.at("used_bytes"), 32);
      EXPECT_LE(t.at("used_bytes"), 512);
    }
    EXPECT_EQ(found, names);
    EXPECT_LT(m.at("stack").at("used_bytes"), 600);
  }
}

}  // namespace
}  // namespace mj::test
