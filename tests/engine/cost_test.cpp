// What blocks of code cost: cycles of each function by hand from the core's table, and every cycle in one bucket.
#include "tests/engine/bench.h"

namespace mj {
namespace {

using test::Bench;
using Cost = test::Arm;
using CostRv32 = test::Riscv;

// Cortex-M4 TRM 3.3.1: ALU 1; LDR 2, each further of a row 1; STR 1; Bcc 1, taken 2; B, BL 2; BX 3; POP {r4,pc} 1+2+3.
TEST_F(Cost, StraightCodeCostsTheSumOfItsInstructions) {
  Bench b("mps2-an386", R"(
    func main
      ldr   r6, =0x20000100
    begin:
      movs  r0, #1           @ 1
      adds  r0, r0, r0       @ 1
      muls  r0, r0, r0       @ 1
      ldr   r1, [r6]         @ 2
      eors  r1, r0           @ 1
      ldr   r2, [r6, #4]     @ 1 of a row
      ldr   r3, [r6, #8]     @ 2
      adds  r3, #1           @ 1
    end:
      b     end
  )");
  EXPECT_EQ(b.run().kind, engine::StopKind::spin_forever);
  EXPECT_EQ(b.r(0), 4u);
  EXPECT_EQ(b.cycles("begin", "end"), 10u);
  EXPECT_EQ(b.between("begin", "end").instructions, 8u);
  b.expect_conserved();
}

TEST_F(Cost, DelayLoopTakesPassesTimesThreeLessOne) {
  // subs 1, bne taken 2, not taken 1: 3 n - 1 for n passes, whatever n is.
  for (const unsigned n : {1u, 2u, 7u, 8u, 9u, 100u, 65535u}) {
    Bench b("mps2-an386", "func main\n  ldr r0, =" + std::to_string(n) + R"(
      nop
      .balign 4
    loop:
      subs  r0, #1
      bne   loop
    done:
      b     done
    )");
    b.run();
    EXPECT_EQ(b.r(0), 0u);
    EXPECT_EQ(b.cycles("loop", "done"), 3 * n - 1) << n;
    EXPECT_EQ(b.between("loop", "done").instructions, 2 * n);
    b.expect_conserved();
  }
}

TEST_F(Cost, InstructionsOfAnItBlockCostOneWhenSkipped) {
  // Both ways through ITTE: IT folds behind the 16-bit cmp (0), each instruction 1, run or skipped.
  const char* program = R"(
    func main
      movs  r1, #0
      movs  r2, #0
      movs  r0, #%d
      nop
      .balign 4
    begin:
      cmp   r0, #1
      itte  eq
      moveq r1, #5
      addeq r1, #2
      movne r2, #9
    end:
      b     end
  )";
  for (const bool equal : {true, false}) {
    char text[512];
    std::snprintf(text, sizeof text, program, equal ? 1 : 0);
    Bench b("mps2-an386", text);
    b.run();
    EXPECT_EQ(b.r(1), equal ? 7u : 0u);
    EXPECT_EQ(b.r(2), equal ? 0u : 9u);
    EXPECT_EQ(b.cycles("begin", "end"), 4u);
    EXPECT_EQ(b.counts().condition_failed, equal ? 1u : 2u);
    EXPECT_EQ(b.between("begin", "end").instructions, 5u) << "skipped ones are issued";
    b.expect_conserved();
  }
}

TEST_F(Cost, ASkippedLoadCostsOneAndItsPartnerNothingMore) {
  Bench b("mps2-an386", R"(
    func main
      ldr   r6, =0x20000100
      movs  r0, #0
      movs  r1, #77
      nop
      .balign 4
    begin:
      cmp   r0, #1       @ 1
      it    eq           @ folds
      ldreq r1, [r6]     @ skipped: 1 instead of 2
      adds  r2, r1, #0   @ 1
    end:
      b     end
  )");
  b.run();
  EXPECT_EQ(b.r(2), 77u);
  EXPECT_EQ(b.cycles("begin", "end"), 3u);
  b.expect_conserved();
}

TEST_F(Cost, AConditionalReturnInAnItBlockCostsWhatItDoes) {
  // bxeq not taken is a skipped instruction (1); taken it is a register branch (3).
  const char* program = R"(
    func main
      movs  r0, #%d
      bl    leaf
    end:
      b     end
      .balign 4
    func leaf
      cmp   r0, #1       @ 1
      it    eq           @ 0
      bxeq  lr           @ 3 or 1
      movs  r1, #4       @ 1
      bx    lr           @ 3
    leaf_end:
      nop
  )";
  for (const bool taken : {true, false}) {
    char text[512];
    std::snprintf(text, sizeof text, program, taken ? 1 : 0);
    Bench b("mps2-an386", text);
    b.run();
    EXPECT_EQ(b.r(1), taken ? 0u : 4u);
    EXPECT_EQ(b.cycles("leaf", "leaf_end"), taken ? 4u : 6u);
    EXPECT_EQ(b.counts().condition_failed, taken ? 0u : 1u);
    b.expect_conserved();
  }
}

TEST_F(Cost, DivideCostsByItsOperands) {
  // The rule of the core's table: 4 cycles and one more for each 4 bits that the dividend is wider; at least 2.
  const auto divide = [](const char* a, const char* b_) {
    Bench b("mps2-an386", std::string("func main\n ldr r0, =") + a + "\n ldr r1, =" + b_ +
                              "\n nop\n .balign 4\nbegin:\n udiv r2, r0, r1\nend:\n b end\n");
    b.run();
    b.expect_conserved();
    return b.cycles("begin", "end");
  };
  EXPECT_EQ(divide("1", "0x80000000"), 2u);
  EXPECT_EQ(divide("0xffffffff", "1"), 4u + 31 / 4);
  EXPECT_EQ(divide("0x10000", "0x100"), 4u + 8 / 4);
}

TEST_F(Cost, UnalignedLoadsCostMoreAndStoresDoNot) {
  // Cortex-M4: a word at an odd address +2, at a half +1, a halfword at an odd address +1; stores are buffered.
  Bench b("mps2-an386", R"(
    func main
      ldr   r6, =0x20000100
      ldr   r0, =0x04030201
      ldr   r1, =0x08070605
      strd  r0, r1, [r6]
      nop
      .balign 4
    odd_word:
      ldr   r0, [r6, #1]
      nop
    half_word:
      ldr   r1, [r6, #2]
      nop
    odd_half:
      ldrh  r2, [r6, #3]
      nop
    store:
      str   r0, [r6, #0x11]
      nop
    end:
      ldr   r3, [r6, #0x11]
    stop:
      b     stop
  )");
  b.run();
  EXPECT_EQ(b.r(0), 0x05040302u);
  EXPECT_EQ(b.r(1), 0x06050403u);
  EXPECT_EQ(b.r(2), 0x0504u);
  EXPECT_EQ(b.r(3), 0x05040302u);
  // A load's second cycle is hidden by the NOP behind it: aligned it would be 2 for the pair.
  EXPECT_EQ(b.cycles("odd_word", "half_word"), 2u + 2u);
  EXPECT_EQ(b.cycles("half_word", "odd_half"), 2u + 1u);
  EXPECT_EQ(b.cycles("odd_half", "store"), 2u + 1u);
  EXPECT_EQ(b.cycles("store", "end"), 2u);
  b.expect_conserved();
}

TEST_F(Cost, AnAlignedAndALongWayInTheSameBlockAgreeWithItsInstructionsAlone) {
  // 200 additions: more than one block's length.
  std::string text = "func main\n movs r0, #0\nbegin:\n";
  for (int i = 0; i < 200; ++i) text += " adds r0, #1\n";
  Bench b("mps2-an386", text + "end:\n b end\n");
  b.run();
  EXPECT_EQ(b.r(0), 200u);
  EXPECT_EQ(b.cycles("begin", "end"), 200u);
  b.expect_conserved();
}

TEST_F(Cost, FlashWaitStatesAreChargedToTheInstructionsThatWait) {
  // L4: wait states 3, caches off, prefetch off: one array read (16 bytes, 8 NOPs) stalls 3 cycles.
  Bench b("nucleo-l4r5zi", R"(
    func main
      ldr   r6, =0x40022000      @ FLASH_ACR
      movs  r0, #3
      str   r0, [r6]
      ldr   r0, [r6]
      b     begin
      .balign 16
    begin:
      .rept 32
      nop
      .endr
    end:
      b     end
  )");
  EXPECT_EQ(b.run().kind, engine::StopKind::spin_forever);
  const auto c = b.between("begin", "end");
  EXPECT_EQ(c.instructions, 32u);
  EXPECT_EQ(c.reasons[static_cast<std::size_t>(timing::Reason::fetch_wait)], 4 * 3u);
  EXPECT_EQ(c.cycles, 32u + 4 * 3u);
  b.expect_conserved();
}

TEST_F(Cost, ADataReadOfFlashWaitsForTheArray) {
  Bench b("nucleo-l4r5zi", R"(
    func main
      ldr   r6, =0x40022000
      movs  r0, #4
      str   r0, [r6]             @ 4 wait states, no caches
      ldr   r5, =table
      b     begin
      .balign 16
    begin:
      ldr   r0, [r5]
      ldr   r1, [r5, #4]         @ same flash word: in the buffer
    end:
      b     end
      .balign 16
    table:
      .word 11, 22, 33, 44
  )");
  b.run();
  EXPECT_EQ(b.r(0), 11u);
  EXPECT_EQ(b.r(1), 22u);
  const auto c = b.between("begin", "end");
  EXPECT_GE(c.reasons[static_cast<std::size_t>(timing::Reason::data_wait)], 4u);
  b.expect_conserved();
}

TEST_F(Cost, ADataReadThatTheFlashCacheMissesIsNamedSo) {
  // As above with the data cache on: the first read of a line misses, the second hits.
  Bench b("nucleo-l4r5zi", R"(
    func main
      ldr   r6, =0x40022000
      ldr   r0, =0x404           @ 4 wait states, data cache
      str   r0, [r6]
      ldr   r5, =table
      b     begin
      .ltorg
      .balign 16
    begin:
      ldr   r0, [r5]
      ldr   r1, [r5, #4]
    end:
      b     end
      .balign 16
    table:
      .word 11, 22, 33, 44
  )");
  b.run();
  const auto c = b.between("begin", "end");
  EXPECT_EQ(c.reasons[static_cast<std::size_t>(timing::Reason::cache_miss)], 4u);
  EXPECT_EQ(c.reasons[static_cast<std::size_t>(timing::Reason::data_wait)], 0u);
  EXPECT_GT(c.reasons[static_cast<std::size_t>(timing::Reason::fetch_wait)], 0u) << "no instruction cache";
  b.expect_conserved();
}

TEST_F(Cost, CodeThatTheFlashCacheHoldsWaitsOnceAndLongerCodeEachTime) {
  // L4: instruction cache of 1 KiB. A loop of 512 bytes waits for its 32 words in the first pass only, one of 4 KiB in
  // all three.
  const auto waits = [](unsigned bytes) {
    Bench b("nucleo-l4r5zi", R"(
    func main
      ldr   r6, =0x40022000
      ldr   r0, =0x204           @ 4 wait states, instruction cache
      str   r0, [r6]
      movs  r7, #3
      b     begin
      .ltorg
      .balign 16
    begin:
      .rept )" + std::to_string(bytes / 2 - 4) +
                                 R"(
      nop
      .endr
      subs  r7, #1
      beq   end
      b.w   begin
    end:
      b     end
    )");
    b.run();
    b.expect_conserved();
    const auto c = b.between("begin", "end");
    EXPECT_EQ(c.reasons[static_cast<std::size_t>(timing::Reason::fetch_wait)], 0u) << "a cache that is on misses";
    return c.reasons[static_cast<std::size_t>(timing::Reason::fetch_miss)];
  };
  EXPECT_EQ(waits(512), 512 / 16 * 4u);
  EXPECT_EQ(waits(4096), 3 * 4096 / 16 * 4u);
}

TEST_F(CostRv32, IbexSmallCostsWhatItsTableSays) {
  // ALU 1, load 2, store 2, mul 3, branch not taken 1, taken 3, div 37.
  Bench b("rtl-ibex-small", R"(
    .option norvc
    func main
      la    s0, 0x80010000
      li    t0, 6
      li    t1, 7
    begin:
      add   t2, t0, t1      # 1
      mul   a0, t0, t1      # 3
      sw    a0, 0(s0)       # 2
      lw    a1, 0(s0)       # 2
      beq   a0, zero, end   # 1
      div   a2, a1, t0      # 37
    end:
      j     end
  )");
  EXPECT_EQ(b.run().kind, engine::StopKind::spin_forever);
  EXPECT_EQ(b.r(test::a1), 42u);
  EXPECT_EQ(b.r(test::a2), 7u);
  EXPECT_EQ(b.cycles("begin", "end"), 1u + 3 + 2 + 2 + 1 + 37);
  b.expect_conserved();
}

TEST_F(CostRv32, ALoopCostsItsPassesTimesItsBody) {
  for (const unsigned n : {1u, 2u, 3u, 1000u}) {
    Bench b("rtl-ibex-small", ".option norvc\nfunc main\n  li a0, " + std::to_string(n) + R"(
      .balign 4
    loop:
      addi  a0, a0, -1      # 1
      bnez  a0, loop        # 3, last 1
    done:
      j     done
    )");
    b.run();
    EXPECT_EQ(b.cycles("loop", "done"), 4 * n - 2) << n;
    b.expect_conserved();
  }
}

TEST_F(CostRv32, AnAccessThatCrossesAWordCostsOneMoreOnIbex) {
  Bench b("rtl-ibex-small", R"(
    .option norvc
    func main
      la    s0, 0x80010000
      li    t0, 0x04030201
      sw    t0, 0(s0)
      li    t0, 0x08070605
      sw    t0, 4(s0)
    begin:
      lw    a0, 1(s0)       # 2 + 1
      lh    a1, 1(s0)       # 2, within the word
      lh    a2, 3(s0)       # 2 + 1
      sw    a0, 9(s0)       # 2 + 1
    end:
      lw    a3, 9(s0)
    stop:
      j     stop
  )");
  b.run();
  EXPECT_EQ(b.r(test::a0), 0x05040302u);
  EXPECT_EQ(b.r(test::a1), 0x0302u);
  EXPECT_EQ(b.r(test::a2), 0x0504u);
  EXPECT_EQ(b.r(test::a3), 0x05040302u);
  EXPECT_EQ(b.cycles("begin", "end"), 3u + 2 + 3 + 3);
  b.expect_conserved();
}

}  // namespace
}  // namespace mj
