// What the comparison with Unicorn and QEMU found, here or there, one case each: the state before, the instruction, the
// state after.
#include <gtest/gtest.h>

#include "isa/thumb/exceptions.h"
#include "isa/thumb/registers.h"
#include "tests/differential/thumb_here.h"

namespace mj::differential {
namespace {

/// The instructions, then an endless loop, executed on `core` from `before`.
ThumbState run(const std::string& core, std::vector<std::uint16_t> code, ThumbState before) {
  ThumbHere here(core, false);
  code.push_back(0xe7fe);
  here.write_code(code_base, code.data(), 2 * code.size());
  before.r[isa::thumb::pc] = code_base;
  before.r[isa::thumb::sp] = ram_base + 0x2000;
  const Outcome out = here.run(before, code_base + 2 * static_cast<std::uint32_t>(code.size()) - 2);
  EXPECT_EQ(out.end, End::finished);
  return out.state;
}

// Cortex-M0 TRM (DDI 0432C) 2.1: no unprivileged execution; Cortex-M0+ TRM (DDI 0484C) 1.3: an option.
TEST(CortexM0, HasNoUnprivilegedState) {
  ThumbState before;
  before.r[0] = 1;                                                              // nPRIV
  const std::vector<std::uint16_t> msr_mrs = {0xf380, 0x8814, 0xf3ef, 0x8114};  // msr control, r0; mrs r1, control
  EXPECT_EQ(run("cortex-m0", msr_mrs, before).r[1], 0u);
  EXPECT_EQ(run("cortex-m0plus", msr_mrs, before).r[1], 1u);
}

// ExecuteFPCheck() is done by each FP instruction that is executed (DDI0553 B3.22); QEMU 7.2 has it done by the skipped
// one.
TEST(CortexM33, AnFpInstructionBehindASkippedOneOpensAnFpContext) {
  ThumbState before;
  before.r[1] = 0;
  before.control = isa::thumb::control_fpca | isa::thumb::control_sfpa;
  before.fpscr = 0xf3c00000;  // all flags and modes
  before.apsr = 0;
  const ThumbState after = run("cortex-m33",
                               {0xf381, 0x8814,   // msr control, r1    no FP context
                                0xbf88,           // it hi              C is clear
                                0xeef0, 0x0a40,   // vmovhi.f32 s1, s0
                                0xee30, 0x1a00},  // vadd.f32 s2, s0, s0
                               before);
  EXPECT_EQ(after.control, unsigned{isa::thumb::control_fpca | isa::thumb::control_sfpa});
  EXPECT_EQ(after.fpscr, 0xf0000000);  // FPDSCR's modes
}

}  // namespace
}  // namespace mj::differential
