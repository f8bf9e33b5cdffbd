// Traps of RV32 firmware: causes, values, and what the registers hold.
#include "tests/engine/bench.h"

namespace mj {
namespace {

using engine::StopKind;
using test::Bench;
using Trap = test::Riscv;

/// `body` with a handler that keeps mcause, mtval and mepc in a5, a6, a7 and stops.
std::string trapping(const std::string& body) {
  return R"(
    .option norvc
    func main
      la    t0, handler
      csrw  mtvec, t0
      li    a0, 0x1111
      li    a1, 0x2222
      la    s0, 0x80010000
      li    s1, 0x60000000       # nothing there
  )" + body +
         R"(
    done:
      j     done
      .balign 256              # Ibex's mtvec keeps the low 8 bits
    func handler
      csrr  a5, mcause
      csrr  a6, mtval
      csrr  a7, mepc
    stopped:
      j     stopped
  )";
}

void expect_trap(Bench& b, std::uint32_t cause, std::uint32_t tval, const char* at) {
  const engine::Stop stop = b.run();
  EXPECT_EQ(stop.kind, StopKind::spin_forever);
  EXPECT_EQ(stop.pc, b.at("stopped"));
  EXPECT_EQ(b.r(test::a5), cause);
  EXPECT_EQ(b.r(test::a6), tval);
  EXPECT_EQ(b.r(test::a7), b.at(at));
  EXPECT_EQ(b.r(test::a0), 0x1111u) << "the destination keeps its value";
  b.expect_conserved();
}

TEST_F(Trap, AnIllegalInstructionGivesItsEncoding) {
  Bench b("rtl-ibex-small", trapping("here:\n .word 0xffffffff\n"));
  expect_trap(b, 2, 0xffffffff, "here");
  EXPECT_EQ(b.engine().first_fault()->pc, b.at("here"));
  EXPECT_EQ(b.engine().fault_count(), 1u);
}

TEST_F(Trap, LoadsAndStoresToNowhere) {
  Bench load("rtl-ibex-small", trapping("here:\n lw a0, 8(s1)\n"));
  expect_trap(load, 5, 0x60000008, "here");
  Bench store("rtl-ibex-small", trapping("here:\n sh a0, 2(s1)\n"));
  expect_trap(store, 7, 0x60000002, "here");
}

TEST_F(Trap, AJumpToNowhereTrapsAtItsTarget) {
  Bench b("rtl-ibex-small", trapping("jalr s1\n"));
  b.run();
  EXPECT_EQ(b.r(test::a5), 1u);
  EXPECT_EQ(b.r(test::a6), 0x60000000u);
  EXPECT_EQ(b.r(test::a7), 0x60000000u);
  b.expect_conserved();
}

TEST_F(Trap, MisalignedAccessesTrapOnHazard3AndAreSplitByIbex) {
  Bench load("rtl-hazard3-1port", trapping("here:\n lw a0, 2(s0)\n"));
  expect_trap(load, 4, 0, "here");  // Hazard3 has no mtval
  Bench half("rtl-hazard3-1port", trapping("here:\n lh a0, 1(s0)\n"));
  expect_trap(half, 4, 0, "here");
  Bench store("rtl-hazard3-1port", trapping("here:\n sw a0, 1(s0)\n"));
  expect_trap(store, 6, 0, "here");
  Bench split("rtl-ibex-small", trapping("li t0, 0x12345678\n sw t0, 3(s0)\n lw a2, 3(s0)\n lw a3, 4(s0)\n"));
  const engine::Stop stop = split.run();
  EXPECT_EQ(stop.pc, split.at("done"));
  EXPECT_EQ(split.r(test::a2), 0x12345678u);
  EXPECT_EQ(split.r(test::a3), 0x00123456u);
  split.expect_conserved();
}

TEST_F(Trap, EcallEbreakAndUnknownCsrs) {
  Bench ecall("rtl-ibex-small", trapping("here:\n ecall\n"));
  expect_trap(ecall, 11, 0, "here");
  EXPECT_EQ(ecall.engine().fault_count(), 0u) << "a call, not a fault";
  Bench ebreak("rtl-ibex-small", trapping("here:\n ebreak\n"));
  ebreak.run();
  EXPECT_EQ(ebreak.r(test::a5), 3u);
  EXPECT_EQ(ebreak.r(test::a7), ebreak.at("here"));
  Bench csr("rtl-ibex-small", trapping("here:\n csrr a0, 0x9c0\n"));
  expect_trap(csr, 2, 0x9c002573, "here");
  Bench read_only("rtl-ibex-small", trapping("here:\n csrw mhartid, a1\n"));
  expect_trap(read_only, 2, 0xf1459073, "here");
}

TEST_F(Trap, MretGoesOnBehindAServedEcall) {
  Bench b("rtl-ibex-small", R"(
    .option norvc
    func main
      la    t0, handler
      csrw  mtvec, t0
      li    a0, 0
      li    a1, 100
    again:
      ecall
      addi  a1, a1, -1
      bnez  a1, again
    done:
      j     done
      .balign 256              # Ibex's mtvec keeps the low 8 bits
    func handler
      addi  a0, a0, 1
      csrr  t1, mepc
      addi  t1, t1, 4
      csrw  mepc, t1
      mret
  )");
  EXPECT_EQ(b.run().kind, StopKind::spin_forever);
  EXPECT_EQ(b.r(test::a0), 100u);
  // Per round on ibex-small: ecall 3; 1 + 1 + 1 + 1 (mepc does not flush) + mret 3; addi 1; bnez 3.
  EXPECT_EQ(b.cycles("again", "done"), 100u * (3 + 1 + 3) - 2);
  b.expect_conserved();
}

TEST_F(Trap, ACsrInstructionReadsBeforeItWrites) {
  Bench b("rtl-ibex-small", R"(
    func main
      li    t0, 0x55
      csrw  mscratch, t0
      li    t1, 0x0f
      csrrs a0, mscratch, t1
      csrrc a1, mscratch, t1
      csrrwi a2, mscratch, 3
      csrr  a3, mscratch
    done:
      j     done
  )");
  b.run();
  EXPECT_EQ(b.r(test::a0), 0x55u);
  EXPECT_EQ(b.r(test::a1), 0x5fu);
  EXPECT_EQ(b.r(test::a2), 0x50u);
  EXPECT_EQ(b.r(test::a3), 3u);
}

TEST_F(Trap, McycleAndMinstretReadWhatTheMachineCounts) {
  // Between the two reads of each counter: csrr mcycle 1, nops 10, csrr 1; minstret counts the instructions between.
  Bench b("rtl-ibex-small", R"(
    .option norvc
    func main
      nop
      csrr  a0, mcycle
      .rept 10
      nop
      .endr
      csrr  a1, mcycle
      csrr  a2, minstret
      .rept 7
      nop
      .endr
      csrr  a3, minstret
    done:
      j     done
  )");
  b.run();
  EXPECT_EQ(b.r(test::a1) - b.r(test::a0), 11u);
  EXPECT_EQ(b.r(test::a3) - b.r(test::a2), 8u);
}

TEST_F(Trap, AHandlerThatCanNotBeFetchedLocksUp) {
  Bench b("rtl-ibex-small", "func main\n li t0, 0x60000000\n csrw mtvec, t0\nhere:\n .word 0\n");
  EXPECT_EQ(b.run(1'000'000).kind, StopKind::lockup);
  b.expect_conserved();
}

// ---- F's state (Volume II, 3.1.6.6; Volume I, 11.2) -----------------------------------------------------------------

// .4byte: the tests' assembler need not know F.
constexpr const char* fadd_dynamic = " .4byte 0x00c5f553       # fadd.s fa0,fa1,fa2\n";
constexpr const char* fadd_nearest = " .4byte 0x00c58553       # fadd.s fa0,fa1,fa2,rne\n";
constexpr const char* fpu_on = " li t1, 0x2000\n csrs mstatus, t1\n";

TEST_F(Trap, FloatingPointIsIllegalWhileFsIsOff) {
  Bench b("virt32", trapping(std::string("here:\n") + fadd_nearest));
  expect_trap(b, 2, 0x00c58553, "here");
  Bench csr("virt32", trapping("here:\n csrr a0, fcsr\n"));
  expect_trap(csr, 2, 0x00302573, "here");
}

TEST_F(Trap, FloatingPointIsIllegalOnACoreWithoutIt) {
  Bench b("rtl-ibex-small", trapping(std::string(fpu_on) + "here:\n" + fadd_nearest));
  expect_trap(b, 2, 0x00c58553, "here");
}

TEST_F(Trap, FloatingPointMakesFsDirty) {
  Bench b("virt32", trapping(std::string(fpu_on) + " csrr s2, mstatus\n" + fadd_nearest + " csrr s3, mstatus\n"));
  const engine::Stop stop = b.run();
  EXPECT_EQ(stop.pc, b.at("done"));
  EXPECT_EQ(b.r(18) & 0x80006000u, 0x00002000u) << "s2: FS is Initial";
  EXPECT_EQ(b.r(19) & 0x80006000u, 0x80006000u) << "s3: FS is Dirty, and SD says so";
  b.expect_conserved();
}

TEST_F(Trap, AReservedFrmIsFeltByThoseWhoUseItOnly) {
  Bench uses("virt32", trapping(std::string(fpu_on) + " csrwi frm, 5\nhere:\n" + fadd_dynamic));
  expect_trap(uses, 2, 0x00c5f553, "here");
  Bench own("virt32", trapping(std::string(fpu_on) + " csrwi frm, 5\n" + fadd_nearest + " csrr s2, frm\n"));
  EXPECT_EQ(own.run().pc, own.at("done"));
  EXPECT_EQ(own.r(18), 5u);
}

TEST_F(Trap, FcsrIsFrmAndFflags) {
  Bench b("virt32", trapping(std::string(fpu_on) + R"(
      li    t1, 0x1ff
      csrw  fcsr, t1
      csrr  s2, fcsr
      csrrci s3, fflags, 0x11
      csrrwi s4, frm, 2
      csrr  s5, fcsr
  )"));
  EXPECT_EQ(b.run().pc, b.at("done"));
  EXPECT_EQ(b.r(18), 0xffu);
  EXPECT_EQ(b.r(19), 0x1fu);
  EXPECT_EQ(b.r(20), 7u);
  EXPECT_EQ(b.r(21), 0x4eu);
}

TEST_F(Trap, AFaultingPopLeavesItsRegisters) {
  Bench b("virt32-max",
          trapping("mv sp, s1\n li s2, 7\nhere:\n .2byte 0xbe72      # cm.popret {ra,s0-s2},16\n .2byte 1\n"));
  b.run();
  EXPECT_EQ(b.r(test::a5), 5u) << "load access fault";
  EXPECT_EQ(b.r(2), 0x60000000u) << "sp";
  EXPECT_EQ(b.r(18), 7u) << "s2";
  b.expect_conserved();
}

}  // namespace
}  // namespace mj
