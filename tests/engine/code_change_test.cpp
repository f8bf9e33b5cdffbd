// Programs that write code: what runs is what stands in memory.
#include "tests/engine/bench.h"

namespace mj {
namespace {

using engine::StopKind;
using test::Bench;
using CodeChange = test::Arm;
using CodeChangeRv32 = test::Riscv;

TEST_F(CodeChange, CodeWrittenToRamRunsAndRunsAnewWhenRewritten) {
  Bench b("mps2-an386", R"(
    func main
      ldr   r4, =0x20001000
      ldr   r0, =0x47702001      @ movs r0, #1; bx lr
      str   r0, [r4]
      orr   r5, r4, #1
      blx   r5
      mov   r6, r0
      ldr   r0, =0x47702002      @ movs r0, #2; bx lr
      str   r0, [r4]
      blx   r5
      mov   r7, r0
      movs  r0, #3
      strb  r0, [r4]             @ one byte is enough
      blx   r5
    done:
      b     done
  )");
  EXPECT_EQ(b.run().kind, StopKind::spin_forever);
  EXPECT_EQ(b.r(6), 1u);
  EXPECT_EQ(b.r(7), 2u);
  EXPECT_EQ(b.r(0), 3u);
  b.expect_conserved();
}

TEST_F(CodeChange, CodeThatRunsManyTimesIsReplacedInsideALoop) {
  // Each round writes another immediate into the function it then calls: blocks are linked by then.
  Bench b("mps2-an386", R"(
    func main
      ldr   r4, =0x20001000
      ldr   r0, =0x47702000      @ movs r0, #0; bx lr
      str   r0, [r4]
      orr   r5, r4, #1
      movs  r6, #0
      movs  r7, #100
    again:
      strb  r7, [r4]
      blx   r5
      add   r6, r0
      subs  r7, #1
      bne   again
    done:
      b     done
  )");
  b.run();
  EXPECT_EQ(b.r(6), 5050u);
  b.expect_conserved();
}

TEST_F(CodeChange, AnInstructionThatOverwritesTheNextOneOfItsBlock) {
  // Code in RAM; STRH puts movs r0, #7 over movs r0, #1 just behind it.
  Bench b("mps2-an386", R"(
    func main
      ldr   r1, =target
      movw  r2, #0x2007
      movs  r3, #0
      strh  r2, [r1]
    target:
      movs  r0, #1
      adds  r3, #1
    done:
      b     done
  )");
  b.run();
  EXPECT_EQ(b.r(0), 7u);
  EXPECT_EQ(b.r(3), 1u);
  b.expect_conserved();
}

TEST_F(CodeChange, AMultipleStoreThatOverwritesCodeCompletesFirst) {
  Bench b("mps2-an386", R"(
    func main
      ldr   r4, =0x20001000
      ldr   r0, =0x47702001
      str   r0, [r4]
      orr   r5, r4, #1
      blx   r5
      ldr   r0, =0x47702009      @ movs r0, #9; bx lr
      movs  r1, #11
      movs  r2, #22
      stmia r4!, {r0, r1, r2}
      blx   r5
    done:
      b     done
  )");
  b.run();
  EXPECT_EQ(b.r(0), 9u);
  EXPECT_EQ(b.r(4), 0x2000100cu);
  EXPECT_EQ(b.word(Address{0x20001004}), 11u);
  EXPECT_EQ(b.word(Address{0x20001008}), 22u);
  b.expect_conserved();
}

TEST_F(CodeChange, DataInThePageOfCodeDoesNotMakeTheCodeNew) {
  // A counter beside the code of its loop, written 10000 times: the code is decoded once.
  Bench b("mps2-an386", R"(
    func main
      ldr   r4, =counter
      ldr   r5, =10000
    again:
      ldr   r0, [r4]
      adds  r0, #1
      str   r0, [r4]
      subs  r5, #1
      bne   again
    done:
      b     done
      .balign 4
    counter:
      .word 0
  )");
  b.run();
  EXPECT_EQ(b.word("counter"), 10000u);
  EXPECT_LT(b.engine().blocks().size(), 20u);
  b.expect_conserved();
}

TEST_F(CodeChange, WritesThroughAnAliasChangeTheCodeToo) {
  // SSRAM23 stands at 0x20000000 and again at 0x20400000: run at one address, written at the other, both ways.
  Bench b("mps2-an386", R"(
    func main
      ldr   r4, =0x20001000
      ldr   r3, =0x20401000
      ldr   r0, =0x47702001
      str   r0, [r4]
      orr   r5, r4, #1
      blx   r5
      mov   r6, r0
      ldr   r0, =0x47702002
      str   r0, [r3]             @ through the alias
      blx   r5
      mov   r7, r0
      orr   r5, r3, #1
      blx   r5                   @ run at the alias
      ldr   r1, =0x47702003
      str   r1, [r4]             @ written at the first address
      blx   r5
    done:
      b     done
  )");
  b.run();
  EXPECT_EQ(b.r(6), 1u);
  EXPECT_EQ(b.r(7), 2u);
  EXPECT_EQ(b.r(0), 3u);
  b.expect_conserved();
}

TEST_F(CodeChange, AFunctionCopiedToRamRunsThere) {
  Bench b("mps2-an386", R"(
    func main
      ldr   r0, =0x20001000
      ldr   r1, =sum
      ldr   r2, =sum_end
    copy:
      ldr   r3, [r1], #4
      str   r3, [r0], #4
      cmp   r1, r2
      blo   copy
      ldr   r5, =0x20001001
      movs  r0, #10
      blx   r5
    done:
      b     done
      .balign 4
    sum:
      movs  r1, #0
    1:
      adds  r1, r0
      subs  r0, #1
      bne   1b
      mov   r0, r1
      bx    lr
      .balign 4
    sum_end:
      nop
  )");
  b.run();
  EXPECT_EQ(b.r(0), 55u);
  b.expect_conserved();
}

TEST_F(CodeChange, CodeAcrossAPageIsReplacedOnEitherSide) {
  // A four-byte instruction whose halves lie in two pages: movw r0, #imm at 0x20001ffe.
  Bench b("mps2-an386", R"(
    func main
      ldr   r4, =0x20001ffe
      movw  r0, #0xf240
      strh  r0, [r4]             @ movw r0, #...
      movw  r0, #0x0011
      strh  r0, [r4, #2]         @ ... 0x11
      movw  r0, #0x4770
      strh  r0, [r4, #4]         @ bx lr
      orr   r5, r4, #1
      blx   r5
      mov   r6, r0
      movw  r0, #0x0022
      strh  r0, [r4, #2]         @ second half only
      blx   r5
      mov   r7, r0
      movw  r0, #0xf241
      strh  r0, [r4]             @ first half only: movw r0, #0x1022
      blx   r5
    done:
      b     done
  )");
  b.run();
  EXPECT_EQ(b.r(6), 0x11u);
  EXPECT_EQ(b.r(7), 0x22u);
  EXPECT_EQ(b.r(0), 0x1022u);
  b.expect_conserved();
}

TEST_F(CodeChange, ALoaderThatWritesFromOutsideChangesTheCode) {
  Bench b("mps2-an386", R"(
    func main
      movs  r1, #0
    again:
      movs  r0, #1
      add   r1, r0
      b     again
  )");
  EXPECT_EQ(b.run(100).kind, StopKind::limit);
  const std::uint8_t load_5[] = {5, 0x20};
  ASSERT_TRUE(b.machine().bus().poke(b.at("again"), load_5, sizeof load_5));
  b.run(200);
  EXPECT_EQ(b.r(0), 5u);
  b.expect_conserved();
}

TEST_F(CodeChange, AnExclusiveStoreSucceedsOnceAfterItsLoad) {
  Bench b("mps2-an386", R"(
    func main
      ldr   r4, =0x20000100
      movs  r0, #5
      strex r1, r0, [r4]         @ no load before: fails
      ldrex r2, [r4]
      strex r2, r0, [r4]         @ succeeds
      strex r3, r0, [r4]         @ the monitor is used up
      ldrex r5, [r4]
      clrex
      strex r5, r0, [r4]         @ cleared
      ldrex r6, [r4]
      add   r7, r4, #4
      strex r6, r0, [r7]         @ another address: Cortex-M4's monitor holds none (TRM 3.8)
      ldrex r7, [r4]
      svc   #0                   @ an exception between
      strex r7, r0, [r4]
    done:
      b     done
    func SVC_Handler
      bx    lr
  )");
  b.run();
  EXPECT_EQ(b.r(1), 1u);
  EXPECT_EQ(b.r(2), 0u);
  EXPECT_EQ(b.r(3), 1u);
  EXPECT_EQ(b.r(5), 1u);
  EXPECT_EQ(b.r(6), 0u);
  EXPECT_EQ(b.r(7), 1u);
  EXPECT_EQ(b.word(Address{0x20000100}), 5u);
  EXPECT_EQ(b.word(Address{0x20000104}), 5u);
  b.expect_conserved();
}

TEST_F(CodeChangeRv32, CodeWrittenToRamRunsAfterFenceI) {
  Bench b("rtl-ibex-small", R"(
    .option norvc
    func main
      la    s0, 0x80020000
      li    s1, 0
      li    t0, 50
    again:
      slli  t1, t0, 20
      ori   t1, t1, 0x513 & 0x7ff # addi a0, zero, t0
      sw    t1, 0(s0)
      li    t1, 0x8067            # ret
      sw    t1, 4(s0)
      fence.i
      jalr  s0
      add   s1, s1, a0
      addi  t0, t0, -1
      bnez  t0, again
    done:
      j     done
  )");
  EXPECT_EQ(b.run().kind, StopKind::spin_forever);
  EXPECT_EQ(b.r(test::s1), 50u * 51 / 2);
  b.expect_conserved();
}

TEST_F(CodeChangeRv32, LoadReservedAndStoreConditional) {
  Bench b("virt32", R"(
    func main
      la    s0, 0x80010000
      li    t0, 7
      sc.w  a0, t0, (s0)          # fails
      lr.w  a1, (s0)
      sc.w  a2, t0, (s0)          # succeeds
      sc.w  a3, t0, (s0)          # fails
      amoadd.w a4, t0, (s0)
      lw    a5, 0(s0)
    done:
      j     done
  )");
  b.run();
  EXPECT_EQ(b.r(test::a0), 1u);
  EXPECT_EQ(b.r(test::a2), 0u);
  EXPECT_EQ(b.r(test::a3), 1u);
  EXPECT_EQ(b.r(test::a4), 7u);
  EXPECT_EQ(b.r(test::a5), 14u);
  b.expect_conserved();
}

}  // namespace
}  // namespace mj
