// Firmware that uses the MPU, from the registers to the fault: each program sets regions up, does one thing and is
// asked what the fault registers say. ARMv7-M B3.5 (PMSAv7), B3.2.15 (fault status).
#include "isa/thumb/exceptions.h"
#include "tests/engine/bench.h"

namespace mj {
namespace {

using test::Bench;
constexpr Address ram = 0x20000000;

// Macros of all programs. `region n, base, rasr` enters a region, `protect ctrl` enables MemManage and the MPU,
// `drop` goes on unprivileged on the PSP at 0x20006000. The handler keeps CFSR, MMFAR, BFAR and the PC of the fault
// in r8-r11 and ends the program.
const std::string macros = R"(
.equ code_rx, 6 << 24 | 15 << 1 | 1          @ 64 KiB, read-only for all
.equ ram_rw, 3 << 24 | 14 << 1 | 1           @ 32 KiB, full access
.equ priv_only, 1 << 24
.equ user_ro, 2 << 24
.equ full, 3 << 24
.equ read_only, 6 << 24
.equ xn, 1 << 28
.macro region n, base, rasr
  ldr r6, =0xe000ed98
  movs r7, #\n
  str r7, [r6]
  ldr r7, =\base
  str r7, [r6, #4]
  ldr r7, =\rasr
  str r7, [r6, #8]
.endm
.macro protect ctrl
  ldr r6, =0xe000ed24
  ldr r7, =1 << 16
  str r7, [r6]
  ldr r6, =0xe000ed94
  movs r7, #\ctrl
  str r7, [r6]
  dsb
  isb
.endm
.macro drop
  ldr r7, =0x20006000
  msr psp, r7
  movs r7, #3
  msr control, r7
  isb
.endm
)";
const std::string handler = R"(
func MemManage_Handler
  b report
func HardFault_Handler
  b report
func BusFault_Handler
report:
  ldr r7, =0xe000ed28
  ldr r8, [r7]
  ldr r9, [r7, #12]
  ldr r10, [r7, #16]
  tst lr, #4
  ite eq
  mrseq r6, msp
  mrsne r6, psp
  ldr r11, [r6, #24]
  mrs r12, ipsr
done:
  b done
)";
constexpr std::uint32_t iaccviol = 1, daccviol = 2, munstkerr = 8, mstkerr = 0x10, mlsperr = 0x20, mmarvalid = 0x80,
                        precise = 0x200, bfarvalid = 0x8000;

class MpuFirmware : public test::Arm {
 protected:
  /// Runs `text` behind the macros and returns when it stands still.
  static std::unique_ptr<Bench> run(const std::string& text, const std::string& board = "mps2-an386") {
    auto b = std::make_unique<Bench>(board, macros + text + handler);
    b->run(1'000'000);  // SysTick goes on for ever
    return b;
  }
  /// The program got by without a fault.
  static void expect_none(Bench& b) { EXPECT_FALSE(b.engine().first_fault()); }
  static void expect_fault(Bench& b, std::uint32_t cfsr, const std::string& at, unsigned exception = reg_mem_manage) {
    EXPECT_EQ(b.r(8), cfsr);
    EXPECT_EQ(b.r(11), b.at(at));
    EXPECT_EQ(b.r(12), exception);
  }
  static constexpr unsigned reg_mem_manage = isa::thumb::mem_manage, hard_fault = isa::thumb::hard_fault,
                            bus_fault = isa::thumb::bus_fault;
};

TEST_F(MpuFirmware, TypeSaysEightRegions) {
  const auto b = run("func main\n ldr r0, =0xe000ed90\n ldr r1, [r0]\n b done\n");
  EXPECT_EQ(b->r(1), 0x800u);
}

TEST_F(MpuFirmware, AForbiddenRegionOf32BytesFaultsFromItsFirstToItsLastByte) {
  const std::string set_up =
      "func main\n region 0, 0, code_rx\n region 1, 0x20000000, ram_rw\n region 2, 0x20001020, 4 << 1 | 1\n"
      " protect 1\n ldr r4, =0x20001020\n";
  expect_none(*run(set_up + " ldrb r0, [r4, #-1]\n ldrb r0, [r4, #32]\n str r0, [r4, #-4]\n b done\n"));
  for (const int offset : {0, 31}) {
    const auto b = run(set_up + "here:\n ldrb r0, [r4, #" + std::to_string(offset) + "]\n b done\n");
    expect_fault(*b, daccviol | mmarvalid, "here");
    EXPECT_EQ(b->r(9), ram + 0x1020 + static_cast<unsigned>(offset));
  }
}

TEST_F(MpuFirmware, AStoreThatRunsIntoAForbiddenRegionDoesNotHappen) {
  const auto b =
      run("func main\n region 0, 0, code_rx\n region 1, 0x20000000, ram_rw\n region 2, 0x20001020, 4 << 1 | 1\n"
          " protect 1\n ldr r4, =0x2000101e\n mvns r0, r0\nhere:\n str r0, [r4]\n b done\n");
  expect_fault(*b, daccviol | mmarvalid, "here");
  EXPECT_EQ(b->r(9), ram + 0x1020);  // the part of the access that is refused
  EXPECT_EQ(b->word(ram + 0x101c), 0u);
  EXPECT_EQ(b->word(ram + 0x1020), 0u);
}

TEST_F(MpuFirmware, ADisabledSubregionIsAHole) {
  const std::string set_up =
      "func main\n region 0, 0, code_rx\n region 1, 0x20000000, full | 1 << 13 | 14 << 1 | 1\n"  // subregion 5 of 4 KiB
      " protect 1\n ldr r4, =0x20005000\n";
  expect_none(*run(set_up + " ldr r0, [r4, #-4]\n add r5, r4, #0x1000\n ldr r0, [r5]\n b done\n"));
  const auto b = run(set_up + "here:\n ldr r0, [r4]\n b done\n");
  expect_fault(*b, daccviol | mmarvalid, "here");
}

TEST_F(MpuFirmware, TheBackgroundRegionIsForPrivilegedCode) {
  expect_none(*run("func main\n protect 5\n ldr r4, =0x20001000\n str r4, [r4]\n b done\n"));
  const auto b =
      run("func main\n region 0, 0, code_rx\n region 1, 0x20004000, full | 13 << 1 | 1\n protect 5\n"
          " ldr r4, =0x20001000\n str r4, [r4]\n drop\nhere:\n ldr r0, [r4]\n b done\n");
  expect_fault(*b, daccviol | mmarvalid, "here");
  EXPECT_EQ(b->word(ram + 0x1000), ram + 0x1000);
}

TEST_F(MpuFirmware, PrivilegedOnlyDataIsRefusedToUnprivilegedCodeAndToLdrt) {
  const std::string set_up =
      "func main\n region 0, 0, code_rx\n region 1, 0x20000000, ram_rw\n region 2, 0x20001000, priv_only | 7 << 1 | 1\n"
      " protect 1\n ldr r4, =0x20001000\n str r4, [r4]\n ldr r0, [r4]\n";
  expect_none(*run(set_up + " b done\n"));
  for (const char* access : {" drop\nhere:\n ldr r0, [r4]\n", " drop\nhere:\n str r0, [r4]\n",
                             "here:\n ldrt r0, [r4]\n", "here:\n strbt r0, [r4]\n"}) {
    const auto b = run(set_up + access + " b done\n");
    expect_fault(*b, daccviol | mmarvalid, "here");
    EXPECT_EQ(b->r(9), ram + 0x1000) << access;
  }
}

TEST_F(MpuFirmware, LdrtOfPermittedDataIsAnOrdinaryLoad) {
  const auto b = run(
      "func main\n ldr r4, =0x20001000\n mvns r5, r5\n strt r5, [r4]\n ldrbt r0, [r4, #1]\n ldrt r1, [r4]\n b done\n");
  expect_none(*b);
  EXPECT_EQ(b->r(0), 0xffu);
  EXPECT_EQ(b->r(1), 0xffffffffu);
}

TEST_F(MpuFirmware, CodeIsNotFetchedFromAnExecuteNeverRegion) {
  const auto b =
      run("func main\n region 0, 0, code_rx\n region 1, 0x20000000, ram_rw | xn\n protect 1\n ldr r4, =0x20001000\n"
          " movw r0, #0x4770\n str r0, [r4]\n adds r5, r4, #1\n blx r5\n b done\n");
  EXPECT_EQ(b->r(8), iaccviol);
  EXPECT_EQ(b->r(11), ram + 0x1000);
}

TEST_F(MpuFirmware, AnInstructionAcrossTheEndOfExecutableMemoryFaults) {
  // 0x2000101e: the first half of a 32-bit NOP; its second half is not executable.
  const auto b = run(
      "func main\n region 0, 0, code_rx\n region 1, 0x20000000, ram_rw | xn\n region 2, 0x20001000, full | 4 << 1 | 1\n"
      " protect 1\n ldr r4, =0x2000101e\n movw r0, #0xf3af\n strh r0, [r4]\n movw r0, #0x8000\n strh r0, [r4, #2]\n"
      " adds r5, r4, #1\n blx r5\n b done\n");
  EXPECT_EQ(b->r(8), iaccviol);
  EXPECT_EQ(b->r(11), ram + 0x101e);
}

TEST_F(MpuFirmware, DeviceMemoryIsNeverExecutedEvenWithoutMpu) {
  const auto b = run(
      "func main\n ldr r6, =0xe000ed24\n ldr r7, =1 << 16\n str r7, [r6]\n ldr r5, =0x40004001\n blx r5\n b done\n");
  EXPECT_EQ(b->r(8), iaccviol);
  EXPECT_EQ(b->r(11), 0x40004000u);
}

TEST_F(MpuFirmware, TheSystemControlSpaceIsABusFaultToUnprivilegedCode) {
  const auto b =
      run("func main\n ldr r6, =0xe000ed24\n ldr r7, =3 << 16\n str r7, [r6]\n ldr r4, =0xe000ed00\n drop\nhere:\n"
          " ldr r0, [r4]\n b done\n");
  expect_fault(*b, precise | bfarvalid, "here", bus_fault);
  EXPECT_EQ(b->r(10), 0xe000ed00u);
}

TEST_F(MpuFirmware, UsersetmpendOpensTheSoftwareTriggerToUnprivilegedCode) {
  const auto b =
      run("func main\n ldr r6, =0xe000ed14\n movs r7, #2\n str r7, [r6]\n ldr r6, =0xe000e100\n movs r7, #1\n str r7, "
          "[r6]\n"
          " ldr r4, =0xe000ef00\n movs r0, #0\n drop\n str r0, [r4]\n b done\n"
          "func IRQ0_Handler\n movs r5, #77\n bx lr\n");
  expect_none(*b);
  EXPECT_EQ(b->r(5), 77u);
}

TEST_F(MpuFirmware, StackingIntoAForbiddenRegionIsMstkerr) {
  const auto b = run(
      "func main\n region 0, 0, code_rx\n region 1, 0x20000000, ram_rw\n region 2, 0x20005f00, priv_only | 7 << 1 | 1\n"
      " protect 1\n drop\n svc 0\n b done\nfunc SVC_Handler\n b done\n");
  EXPECT_EQ(b->r(8), mstkerr);
  EXPECT_EQ(b->r(12), reg_mem_manage);
  EXPECT_EQ(b->word(ram + 0x5fe0), 0u);  // nothing was stacked
}

TEST_F(MpuFirmware, UnstackingFromAForbiddenRegionIsMunstkerr) {
  const auto b =
      run("func main\n region 0, 0, code_rx\n region 1, 0x20000000, ram_rw\n protect 1\n drop\n svc 0\n b done\n"
          "func SVC_Handler\n region 2, 0x20005f00, priv_only | 7 << 1 | 1\n dsb\n bx lr\n");
  EXPECT_EQ(b->r(8), munstkerr);
  EXPECT_EQ(b->r(12), reg_mem_manage);
}

TEST_F(MpuFirmware, LazyStackingIntoAForbiddenRegionIsMlsperr) {
  const auto b =
      run("func main\n ldr r6, =0xe000ed88\n ldr r7, =0xf << 20\n str r7, [r6]\n isb\n"
          " ldr r6, =0xe000ed1c\n ldr r7, =0xff << 24\n str r7, [r6]\n"  // SVCall lets MemManage preempt it
          "  region 0, 0, code_rx\n"
          " region 1, 0x20000000, ram_rw\n protect 1\n vmov s0, r0\n drop\n vmov s1, r0\n svc 0\n b done\n"
          // the integer frame is at 0x20005f98, the FP part at 0x20005fb8..0x20005fff
          "func SVC_Handler\n region 2, 0x20005fc0, priv_only | 5 << 1 | 1\n dsb\n vmov s2, r0\n b done\n");
  // The FP state is stored with the privilege of the interrupted code.
  EXPECT_EQ(b->r(8), mlsperr);
}

TEST_F(MpuFirmware, HardFaultRunsWithoutRegionsUnlessHfnmiena) {
  const std::string set_up = "func main\n region 0, 0, code_rx\n region 1, 0x20004000, full | 13 << 1 | 1\n protect ";
  const std::string rest =
      "\n ldr r6, =0xe000ed24\n movs r7, #0\n str r7, [r6]\n ldr r4, =0x20001000\nhere:\n str r4, [r4]\n b done\n";
  {  // MemManage is not enabled: escalates, and HardFault's handler may read what it likes
    const auto b = run(set_up + "1" + rest);
    expect_fault(*b, daccviol | mmarvalid, "here", hard_fault);
  }
  Bench b("mps2-an386", macros + set_up + "3" + rest + "func HardFault_Handler\n ldr r0, [r4]\ndone:\n b done\n");
  EXPECT_EQ(b.run().kind, engine::StopKind::lockup);
}

TEST_F(MpuFirmware, FaultmaskSuspendsTheRegions) {
  const auto b = run(
      "func main\n region 0, 0, code_rx\n region 1, 0x20004000, full | 13 << 1 | 1\n protect 1\n ldr r4, =0x20001000\n"
      " cpsid f\n str r4, [r4]\n cpsie f\nhere:\n ldr r0, [r4]\n b done\n");
  expect_fault(*b, daccviol | mmarvalid, "here");
  EXPECT_EQ(b->word(ram + 0x1000), ram + 0x1000);
}

TEST_F(MpuFirmware, ASwitchOfTheRegionsTakesEffectWithTheNextInstruction) {
  const auto b =
      run("func main\n region 0, 0, code_rx\n region 1, 0x20000000, ram_rw\n protect 1\n ldr r4, =0x20001000\n"
          " ldr r6, =0xe000ed98\n movs r7, #2\n str r7, [r6]\n str r4, [r6, #4]\n ldr r7, =read_only | 11 << 1 | 1\n"
          " movs r5, #3\nagain:\n str r5, [r4]\n subs r5, #1\n bne again\n str r7, [r6, #8]\nhere:\n str r5, [r4]\n b "
          "done\n");
  expect_fault(*b, daccviol | mmarvalid, "here");
  EXPECT_EQ(b->word(ram + 0x1000), 1u);
}

// Two unprivileged threads with a region for each one's data; SysTick switches by PendSV, which swaps region 2.
const std::string threads = R"(
func main
  region 0, 0, code_rx
  region 1, 0x20004000, full | 13 << 1 | 1   @ stacks
  ldr r0, =0x20005000 - 64                   @ frame of thread B below r4-r11
  ldr r1, =thread_b
  str r1, [r0, #32 + 24]
  ldr r1, =0x01000000
  str r1, [r0, #32 + 28]
  ldr r2, =0x20001000                        @ saved PSP of B, then of A; privileged data
  str r0, [r2]
  ldr r1, =0x20002000                        @ and the other thread's region
  str r1, [r2, #8]
  ldr r1, =0x20003000
  str r1, [r2, #12]
  region 2, 0x20003000, full | 11 << 1 | 1
  protect 5
  ldr r6, =0xe000ed20                        @ PendSV lowest
  ldr r7, =0xff << 16
  str r7, [r6]
  ldr r6, =0xe000e010
  ldr r7, =500
  str r7, [r6, #4]
  movs r7, #7
  str r7, [r6]
  drop
thread_a:
  ldr r4, =0x20003000
1: ldr r0, [r4]
  adds r0, #1
  str r0, [r4]
  cmp r0, #2000
  blo 1b
trespass:
  ldr r4, =0x20002000
here:
  ldr r0, [r4]
  b done
.thumb_func
.type thread_b, %function
thread_b:
  ldr r4, =0x20002000
2: ldr r0, [r4]
  adds r0, #1
  str r0, [r4]
  b 2b
func SysTick_Handler
  ldr r0, =0xe000ed04
  ldr r1, =1 << 28
  str r1, [r0]
  bx lr
func PendSV_Handler
  mrs r0, psp
  stmdb r0!, {r4-r11}
  ldr r2, =0x20001000
  ldr r1, [r2]
  str r0, [r2]
  ldmia r1!, {r4-r11}
  msr psp, r1
  ldr r0, [r2, #8]
  ldr r1, [r2, #12]
  str r1, [r2, #8]
  str r0, [r2, #12]
  ldr r1, =0xe000ed98
  movs r3, #2
  str r3, [r1]
  str r0, [r1, #4]
  dsb
  bx lr
)";

TEST_F(MpuFirmware, ThreadsHaveTheirOwnDataAndFaultOnTheOthers) {
  const auto b = run(threads);
  expect_fault(*b, daccviol | mmarvalid, "here");
  EXPECT_EQ(b->r(9), ram + 0x2000);
  EXPECT_EQ(b->word(ram + 0x3000), 2000u);
  EXPECT_GT(b->word(ram + 0x2000), 500u);  // B had its turns, too
  b->expect_conserved();
}

TEST_F(MpuFirmware, ThreadSwitchesFindTheirBlocksAgain) {
  Bench b("mps2-an386", macros + threads + handler);
  b.run(20000);
  const std::size_t blocks = b.engine().blocks().size();
  b.run(60000);
  // What is new are parts of blocks that an interrupt cut, not the code of each switch again.
  EXPECT_LT(b.engine().blocks().size(), 2 * blocks);
}

TEST_F(MpuFirmware, ProtectionMovesNoCycle) {
  const std::string work =
      " ldr r4, =0x20001000\n movs r5, #200\nagain:\n ldr r0, [r4]\n adds r0, #1\n str r0, [r4, #4]\n ldrd r2, r3, "
      "[r4]\n"
      " subs r5, #1\n bne again\nfinish:\n b done\n";
  const auto plain = run("func main\nwork:\n" + work);
  const auto guarded = run(
      "func main\n region 0, 0, code_rx\n region 1, 0x20000000, ram_rw\n region 2, 0x20001020, 4 << 1 | 1\n protect 1\n"
      "work:\n" +
      work);
  EXPECT_EQ(plain->cycles("work", "finish"), guarded->cycles("work", "finish"));
  guarded->expect_conserved();
}

TEST_F(MpuFirmware, EveryRefusalOfACortexM0PlusIsAHardFault) {
  Bench b("pico",
          "func main\n ldr r0, =0xe000ed94\n movs r1, #5\n ldr r4, =0x20001000\n movs r2, #1\n str r2, [r0, #4]\n"
          " str r4, [r0, #8]\n ldr r3, =7 << 1 | 1\n str r3, [r0, #12]\n str r1, [r0]\n dsb\n isb\nhere:\n"
          " ldr r5, [r4]\n b .\nfunc HardFault_Handler\n mrs r6, ipsr\n b .\n");
  b.run();
  ASSERT_TRUE(b.engine().first_fault());
  EXPECT_EQ(b.engine().first_fault()->pc, b.at("here"));
  EXPECT_EQ(b.engine().first_fault()->access.why, BadAccess::Why::forbidden);
  EXPECT_EQ(b.r(6), 3u);
}

}  // namespace
}  // namespace mj
