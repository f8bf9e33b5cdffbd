// Faults of Arm firmware: the right exception, registers as the architecture leaves them, and the way on.
#include "tests/engine/bench.h"

namespace mj {
namespace {

using engine::StopKind;
using test::Bench;
namespace reg = isa::thumb;

constexpr unsigned hard_fault = 3, bus_fault = 5, usage_fault = 6;
constexpr Address cfsr = 0xe000ed28, hfsr = 0xe000ed2c, bfar = 0xe000ed38;
constexpr std::uint32_t preciserr = 0x8200, ibuserr = 0x100, undefinstr = 1u << 16, invstate = 1u << 17,
                        unaligned = 1u << 24, divbyzero = 1u << 25, stkerr = 1u << 12, forced = 1u << 30;

/// Enables BusFault and UsageFault, and the traps named in `ccr`.
std::string with_faults(const std::string& body, const char* ccr = "0x200") {
  return std::string(R"(
    func main
      ldr   r0, =0xe000ed24
      ldr   r1, =0x00070000
      str   r1, [r0]
      ldr   r1, =)") +
         ccr + R"(
      str   r1, [r0, #-0x10]
      ldr   r2, =0x11111111
      ldr   r3, =0x33333333
      ldr   r4, =0x60000000      @ nothing there
  )" + body +
         R"(
    done:
      b     done
      .balign 4
    table:
      .word 1, 2
  )";
}

class Fault : public test::Arm {
 protected:
  /// Runs to the default handler's loop and holds the exception and the instruction that stands in its frame.
  void expect_fault(Bench& b, unsigned exception, const char* at) {
    EXPECT_EQ(b.run().kind, StopKind::spin_forever);
    EXPECT_EQ(b.r(reg::ipsr), exception);
    EXPECT_EQ(stacked_pc(b), b.at(at));
    ASSERT_TRUE(b.engine().first_fault().has_value());
    EXPECT_EQ(b.engine().first_fault()->exception, exception);
    EXPECT_EQ(b.engine().first_fault()->pc, b.at(at));
    EXPECT_EQ(b.engine().fault_count(), 1u);
    b.expect_conserved();
  }
  std::uint32_t stacked_pc(Bench& b) { return b.word(b.r(reg::sp) + 24); }
  std::uint32_t scs(Bench& b, Address a) { return b.machine().bus().read(a, 4, b.now()).value; }
};

TEST_F(Fault, ALoadFromNowhereIsAHardFaultUntilBusFaultIsEnabled) {
  Bench b("mps2-an386", "func main\n ldr r4, =0x60000004\n movs r0, #7\nhere:\n ldr r0, [r4]\n movs r0, #8\n");
  expect_fault(b, hard_fault, "here");
  EXPECT_EQ(b.r(0), 7u);
  EXPECT_EQ(scs(b, cfsr), preciserr);
  EXPECT_EQ(scs(b, hfsr), forced);
  EXPECT_EQ(scs(b, bfar), 0x60000004u);
  const auto& access = b.engine().first_fault()->access;
  EXPECT_EQ(access.address, 0x60000004u);
  EXPECT_EQ(access.size, 4u);
  EXPECT_FALSE(access.write);
  EXPECT_EQ(access.why, BadAccess::Why::unmapped);
}

TEST_F(Fault, ALoadFromNowhereIsABusFault) {
  Bench b("mps2-an386", with_faults("here:\n ldr r2, [r4]\n"));
  expect_fault(b, bus_fault, "here");
  EXPECT_EQ(b.r(2), 0x11111111u);
  EXPECT_EQ(scs(b, hfsr), 0u);
}

TEST_F(Fault, AFaultingLoadDoesNotWriteItsBaseBack) {
  for (const char* insn :
       {"ldr r2, [r4, #4]!", "ldr r2, [r4], #4", "ldrd r2, r3, [r4, #8]!", "ldrb r2, [r4], #1", "ldmia r4!, {r2, r3}",
        "str r2, [r4, #4]!", "stmia r4!, {r2, r3}", "strd r2, r3, [r4], #8"}) {
    Bench b("mps2-an386", with_faults(std::string("here:\n ") + insn + "\n"));
    expect_fault(b, bus_fault, "here");
    EXPECT_EQ(b.r(4), 0x60000000u) << insn;
    EXPECT_EQ(b.r(2), 0x11111111u) << insn;
    EXPECT_EQ(b.r(3), 0x33333333u) << insn;
  }
}

TEST_F(Fault, AMultipleLoadThatRunsOffTheEndOfMemoryKeepsItsBase) {
  Bench b("mps2-an386", with_faults(" ldr r5, =0x207ffff8\nhere:\n ldmia r5!, {r0, r1, r2, r3}\n"));
  expect_fault(b, bus_fault, "here");
  EXPECT_EQ(b.r(5), 0x207ffff8u);
  EXPECT_EQ(scs(b, bfar), 0x20800000u);
}

TEST_F(Fault, APopThatRunsOffTheEndOfMemoryKeepsTheStackPointer) {
  Bench b("mps2-an386", with_faults(" ldr r5, =0x207ffff8\n mov sp, r5\nhere:\n pop {r0, r1, r2, pc}\n"));
  expect_fault(b, bus_fault, "here");
  EXPECT_EQ(b.r(reg::sp), 0x207ffff8u - 32);
}

TEST_F(Fault, AStoreToFlashNamesItReadOnly) {
  Bench b("nucleo-l4r5zi", with_faults(" ldr r5, =table\nhere:\n str r2, [r5]\n"));
  expect_fault(b, bus_fault, "here");
  EXPECT_EQ(b.engine().first_fault()->access.why, BadAccess::Why::read_only);
  EXPECT_EQ(b.word("table"), 1u);
}

TEST_F(Fault, AnUndefinedInstruction) {
  for (const char* insn : {"udf #3", ".word 0xa000f7f0", ".hword 0xde00"}) {
    Bench b("mps2-an386", with_faults(std::string("here:\n ") + insn + "\n nop\n"));
    expect_fault(b, usage_fault, "here");
    EXPECT_EQ(scs(b, cfsr), undefinstr) << insn;
  }
}

TEST_F(Fault, AnUndefinedInstructionInsideOfAFailedConditionIsSkipped) {
  Bench b("mps2-an386",
          with_faults(" movs r5, #0\n cmp r5, #1\n .hword 0xbf08 @ it eq\n .hword 0xde00 @ udf\n movs r5, #6\n"));
  b.run();
  EXPECT_EQ(b.r(reg::ipsr), 0u);
  EXPECT_EQ(b.r(5), 6u);
}

TEST_F(Fault, AJumpToNowhereFaultsAtItsTarget) {
  Bench b("mps2-an386", with_faults(" orr r5, r4, #1\n blx r5\n"));
  EXPECT_EQ(b.run().kind, StopKind::spin_forever);
  EXPECT_EQ(b.r(reg::ipsr), bus_fault);
  EXPECT_EQ(stacked_pc(b), 0x60000000u);
  EXPECT_EQ(scs(b, cfsr), ibuserr);
  EXPECT_TRUE(b.engine().first_fault()->access.fetch);
  EXPECT_EQ(b.engine().first_fault()->call_stack.front(), b.at("main"));
  b.expect_conserved();
}

TEST_F(Fault, RunningOffTheEndOfMemoryFaultsThere) {
  // The last halfword of SSRAM23's second copy holds a NOP.
  Bench b("mps2-an386", with_faults(" ldr r5, =0x207ffffe\n movw r0, #0xbf00\n strh r0, [r5]\n orr r5, #1\n bx r5\n"));
  EXPECT_EQ(b.run().kind, StopKind::spin_forever);
  EXPECT_EQ(b.r(reg::ipsr), bus_fault);
  EXPECT_EQ(stacked_pc(b), 0x20800000u);
  b.expect_conserved();
}

TEST_F(Fault, AWideInstructionCutOffByTheEndOfMemoryFaultsAtItself) {
  Bench b("mps2-an386", with_faults(" ldr r5, =0x207ffffe\n movw r0, #0xf240\n strh r0, [r5]\n orr r5, #1\n bx r5\n"));
  EXPECT_EQ(b.run().kind, StopKind::spin_forever);
  EXPECT_EQ(b.r(reg::ipsr), bus_fault);
  EXPECT_EQ(stacked_pc(b), 0x207ffffeu);
  b.expect_conserved();
}

TEST_F(Fault, ABranchToAnAddressWithBit0ClearIsAnInvalidState) {
  Bench b("mps2-an386", with_faults(" ldr r5, =0x20000100\n bx r5\n"));
  EXPECT_EQ(b.run().kind, StopKind::spin_forever);
  EXPECT_EQ(b.r(reg::ipsr), usage_fault);
  EXPECT_EQ(stacked_pc(b), 0x20000100u);
  EXPECT_EQ(scs(b, cfsr), invstate);
  EXPECT_EQ(b.word(b.r(reg::sp) + 28) & (1u << 24), 0u) << "stacked EPSR.T";
  b.expect_conserved();
}

TEST_F(Fault, DivideByZeroGivesZeroUnlessItIsTrapped) {
  Bench plain("mps2-an386", with_faults(" movs r5, #0\nhere:\n udiv r2, r3, r5\n"));
  plain.run();
  EXPECT_EQ(plain.r(2), 0u);
  EXPECT_EQ(plain.r(reg::ipsr), 0u);
  Bench trapped("mps2-an386", with_faults(" movs r5, #0\nhere:\n sdiv r2, r3, r5\n", "0x210"));
  expect_fault(trapped, usage_fault, "here");
  EXPECT_EQ(trapped.r(2), 0x11111111u);
  EXPECT_EQ(scs(trapped, cfsr), divbyzero);
  Bench fine("mps2-an386", with_faults(" movs r5, #3\nhere:\n udiv r2, r3, r5\n", "0x210"));
  fine.run();
  EXPECT_EQ(fine.r(2), 0x11111111u);
}

TEST_F(Fault, ATrappedDivideInAFailedConditionIsSkipped) {
  Bench b("mps2-an386", with_faults(" movs r5, #0\n cmp r5, #1\n it eq\n udiveq r2, r3, r5\n", "0x210"));
  b.run();
  EXPECT_EQ(b.r(reg::ipsr), 0u);
  EXPECT_EQ(b.r(2), 0x11111111u);
}

TEST_F(Fault, UnalignedAccessesThatTrap) {
  const char* loads = " ldr r5, =0x20000102\nhere:\n ";
  for (const char* insn : {"ldrd r2, r3, [r5]", "ldmia r5, {r2, r3}", "ldrex r2, [r5]", "strd r2, r3, [r5]"}) {
    Bench b("mps2-an386", with_faults(std::string(loads) + insn + "\n"));
    expect_fault(b, usage_fault, "here");
    EXPECT_EQ(scs(b, cfsr), unaligned) << insn;
    EXPECT_EQ(b.r(2), 0x11111111u) << insn;
  }
  Bench allowed("mps2-an386", with_faults(std::string(loads) + "ldr r2, [r5]\n"));
  allowed.run();
  EXPECT_EQ(allowed.r(reg::ipsr), 0u);
  Bench trapped("mps2-an386", with_faults(std::string(loads) + "ldr r2, [r5]\n", "0x208"));
  expect_fault(trapped, usage_fault, "here");
}

TEST_F(Fault, ArmV6MTakesUnalignedAndUndefinedAsHardFault) {
  for (const char* insn : {"ldr r0, [r1]", ".hword 0xde00", "str r0, [r1]"}) {
    Bench b("pico", std::string("func main\n ldr r1, =0x20000102\nhere:\n ") + insn + "\nnext:\n b next\n");
    expect_fault(b, hard_fault, "here");
  }
}

TEST_F(Fault, APushBelowMemoryFaultsAndTheFrameCanNotBeStackedEither) {
  // The stack has grown down to the bottom of RAM: PUSH faults, then the handler's frame has no place.
  Bench b("mps2-an386", with_faults(" ldr r5, =0x20000008\n mov sp, r5\nhere:\n push {r0-r7}\n"));
  b.run();
  EXPECT_EQ(scs(b, cfsr) & (stkerr | 0x200), stkerr | 0x200u);
  EXPECT_EQ(b.engine().first_fault()->pc, b.at("here"));
  EXPECT_EQ(b.engine().first_fault()->access.address, 0x1fffffe8u);
  b.expect_conserved();
}

TEST_F(Fault, AFaultInTheHardFaultHandlerLocksTheCoreUp) {
  Bench b("mps2-an386", R"(
    func main
      ldr   r4, =0x60000000
    first:
      ldr   r0, [r4]
    func HardFault_Handler
    here:
      str   r0, [r4]
    not_here:
      b     not_here
  )");
  const engine::Stop stop = b.run();
  EXPECT_EQ(stop.kind, StopKind::lockup);
  EXPECT_EQ(b.engine().first_fault()->pc, b.at("first")) << "the first one is kept";
  EXPECT_EQ(b.engine().fault_count(), 2u);
  b.expect_conserved();
}

TEST_F(Fault, ANullVectorLocksTheCoreUp) {
  Bench b("mps2-an386",
          with_faults(" ldr r5, =0xe000ed08\n ldr r6, =0x20002000\n str r6, [r5]\nhere:\n ldr r2, [r4]\n"));
  EXPECT_EQ(b.run().kind, StopKind::lockup) << "the vector table at VTOR reads zeros";
  b.expect_conserved();
}

TEST_F(Fault, TheFirmwaresHandlerRecoversAndTheProgramGoesOn) {
  // The handler steps over the faulting instruction, 100 times; the loop around counts on.
  Bench b("mps2-an386", with_faults(R"(
      movs  r6, #0
      movs  r7, #100
    again:
      ldr.w r2, [r4]             @ faults
      adds  r6, #1
      subs  r7, #1
      bne   again
      b     done
    func BusFault_Handler
      ldr   r0, [sp, #24]
      adds  r0, #4
      str   r0, [sp, #24]
      bx    lr
  )"));
  EXPECT_EQ(b.run().kind, StopKind::spin_forever);
  EXPECT_EQ(b.r(reg::ipsr), 0u);
  EXPECT_EQ(b.r(6), 100u);
  EXPECT_EQ(b.r(2), 0x11111111u);
  EXPECT_EQ(b.engine().fault_count(), 100u);
  EXPECT_EQ(b.engine().exceptions_taken().at(bus_fault), 100u);
  b.expect_conserved();
}

TEST_F(Fault, ARetriedInstructionOfAnItBlockFindsItsConditionAgain) {
  // The handler makes the address good; LDRNE is run again and the rest of the block follows under its conditions.
  Bench b("mps2-an386", with_faults(R"(
      movs  r5, #1
      movs  r6, #0
      cmp   r5, #0
      itte  ne
      addne r6, #1
      ldrne r2, [r4]             @ faults once
      addeq r6, #8
      adds  r6, #2
      b     done
    func BusFault_Handler
      ldr   r4, =table
      cmp   r0, r0
      bx    lr
  )"));
  EXPECT_EQ(b.run().kind, StopKind::spin_forever);
  EXPECT_EQ(b.r(6), 3u);
  EXPECT_EQ(b.r(2), 1u);
  EXPECT_EQ(b.counts().condition_failed, 1u);
  b.expect_conserved();
}

TEST_F(Fault, LateInALongBlockEverythingBeforeHasHappenedAndNothingAfter) {
  for (unsigned before : {0u, 1u, 20u, 62u, 63u, 64u, 100u}) {
    std::string text;
    for (unsigned i = 0; i < before; ++i) text += " adds r5, #1\n";
    text += "here:\n ldr r2, [r4]\n";
    for (unsigned i = 0; i < 80; ++i) text += " adds r6, #1\n";
    Bench b("mps2-an386", with_faults(text));
    expect_fault(b, bus_fault, "here");
    EXPECT_EQ(b.r(5), before);
    EXPECT_EQ(b.r(6), 0u);
    if (before) {
      EXPECT_EQ(b.cycles("here", "done"), b.between("here", "done").cycles);
    }
    EXPECT_EQ(b.between("here", "done").instructions, 1u) << "the one that faulted was issued";
  }
}

TEST_F(Fault, FloatingPointWithoutPermissionIsAUsageFault) {
  Bench b("mps2-an386", with_faults("here:\n vadd.f32 s0, s1, s2\n"));
  expect_fault(b, usage_fault, "here");
  EXPECT_EQ(scs(b, cfsr), 1u << 19);
}

TEST_F(Fault, LazyStackingSavesTheInterruptedFloatRegisters) {
  // PendSV interrupts code that uses s0..s3; the handler uses them too; afterwards they are as before.
  Bench b("mps2-an386", R"(
    func main
      ldr   r0, =0xe000ed88
      ldr   r1, =0x00f00000
      str   r1, [r0]
      vmov.f32 s0, #1.0
      vmov.f32 s1, #2.0
      ldr   r5, =0xe000ed04
      ldr   r0, =0x10000000
      str   r0, [r5]
      vadd.f32 s2, s0, s1
      vmov  r6, s2
    done:
      b     done
    func PendSV_Handler
      vmov.f32 s0, #8.0
      vmul.f32 s1, s0, s0
      vmov  r7, s1
      bx    lr
  )");
  EXPECT_EQ(b.run().kind, StopKind::spin_forever);
  EXPECT_EQ(b.r(6), 0x40400000u);
  EXPECT_EQ(b.r(7), 0x42800000u);
  EXPECT_EQ(b.engine().exception_cycles(), 12u + 17 + 10 + 17) << "entry, lazy push, exit with the FP frame";
  b.expect_conserved();
}

}  // namespace
}  // namespace mj
