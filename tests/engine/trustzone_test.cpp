// Secure and Non-secure firmware together on mps2-an505: calls across, what is refused, stack limits, TT, floating
// point (trustzone_exceptions_test.cpp: exceptions across). Each program also runs in QEMU where that is installed, and
// must leave the same words.
#include "tests/engine/trustzone_fixture.h"

namespace mj {
namespace {

// ---- calls ----------------------------------------------------------------------------------------------------------

// Secure main calls Non-secure code (BLXNS), which calls back through a veneer (SG) and returns (FNC_RETURN).
const char* const call_and_back = R"(
    func begin
      ldr   r5, =results
      ldr   r4, =ns_function
      bic   r4, #1
      movs  r0, #5
      mov   r9, sp
      blxns r4
    back:
      str   r0, [r5, #4]           @ 2 * (5 + 1) + 1
      mov   r1, sp
      sub   r1, r9
      str   r1, [r5, #8]           @ the frame of BLXNS is gone
      mrs   r0, control
      str   r0, [r5, #12]
      b     finish
    func secure_double
      ldr   r1, =results
      str   lr, [r1, #16]          @ bit 0 clear: from Non-secure state
      ldr   r2, =0x28207000
      mov   r3, sp
      str   r3, [r1, #20]          @ a Secure stack
      mrs   r3, msp_ns
      str   r3, [r1, #24]
      lsls  r0, #1
      bxns  lr
      .ltorg
      .section .nsc, "ax"
    func double
      sg
      b.w   secure_double
      .section .ns_text, "ax"
    func ns_function
      ldr   r1, =0x28200100
      str   lr, [r1]
      push  {r4, lr}
      adds  r0, #1
      bl    double_far
      adds  r0, #1
      pop   {r4, pc}
    double_far:
      ldr   r3, =double
      bx    r3
      .ltorg
)";

TEST_F(TrustZone, SecureCodeCallsNonSecureCodeWhichCallsBack) {
  TrustZoneBench b(call_and_back);
  run(b, call_and_back);
  EXPECT_EQ(b.result(1), 13u);
  EXPECT_EQ(b.result(2), 0u);
  EXPECT_EQ(b.word(0x28200100), 0xfeffffffu) << "LR is FNC_RETURN";
  EXPECT_EQ(b.result(4) & 1, 0u);
  EXPECT_EQ(b.result(5), 0x38007ff8u) << "the Secure stack below the frame of BLXNS";
  EXPECT_EQ(b.result(6), 0x28207ff8u);
  EXPECT_EQ(b.r(test::reg::secure_state), 1u);
}

TEST_F(TrustZone, TheCallTreeSeesThroughBothCrossings) {
  TrustZoneBench b(call_and_back);
  b.run(10'000'000);
  const std::string tree = b.tree();
  EXPECT_NE(tree.find("begin x1"), std::string::npos) << tree;
  const auto at = [&](const char* text) { return tree.find(text); };
  EXPECT_NE(at("..ns_function x1\n"), std::string::npos) << tree;
  EXPECT_NE(at("...double x1\n"), std::string::npos) << tree;
  EXPECT_NE(at("....secure_double x1\n"), std::string::npos) << tree;
  EXPECT_NE(at("..finish x1\n"), std::string::npos) << "finish runs under begin again\n" << tree;
}

TEST_F(TrustZone, TheFrameOfACallRestsOnAnInferredNumber) {
  // cortex-m33-trustzone.json: exceptions/secure_word; BLXNS stacks two words, FNC_RETURN takes them back.
  TrustZoneBench b(call_and_back);
  b.run(10'000'000);
  EXPECT_EQ(b.engine().unsure_exception_cycles(), 4u);
  const auto exception = static_cast<std::size_t>(timing::Reason::exception);
  EXPECT_EQ(b.counts().unsure[exception], 4u);
  EXPECT_EQ(b.counts().reasons[exception], 4u);
}

// ---- what Non-secure code may not do: SecureFault (DDI0553 B3.13, SFSR) --------------------------------------------

TEST_F(TrustZone, ALoadFromSecureMemoryIsAuviol) {
  const std::string body = calling(" ldr r1, =0x38000010\nhere:\n ldr r0, [r1]\n bx lr\n");
  TrustZoneBench b(body);
  run(b, body, no_sfar);
  EXPECT_EQ(b.result(t_sfsr), auviol | sfarvalid);
  EXPECT_EQ(b.result(t_sfar), 0x38000010u);
  EXPECT_EQ(b.result(t_exception), secure_fault);
  EXPECT_EQ(b.result(t_exc_return), 0xffffffb9u) << "to Secure state from Non-secure Thread mode on MSP";
  EXPECT_EQ(b.engine().first_fault()->pc, b.at("here"));
}

TEST_F(TrustZone, AStoreToSecureMemoryIsAuviolAndStoresNothing) {
  const std::string body = calling(" ldr r1, =0x38000400\n movs r0, #7\n str r0, [r1]\n bx lr\n");
  TrustZoneBench b(body);
  run(b, body, no_sfar);
  EXPECT_EQ(b.result(t_sfsr), auviol | sfarvalid);
  EXPECT_EQ(b.result(t_sfar), 0x38000400u);
  EXPECT_EQ(b.word(0x38000400), 0u);
}

TEST_F(TrustZone, VeneersAreSecureDataToo) {
  const std::string body = calling(" ldr r1, =0x10010000\n ldr r0, [r1]\n bx lr\n");
  TrustZoneBench b(body);
  run(b, body, no_sfar);
  EXPECT_EQ(b.result(t_sfsr), auviol | sfarvalid);
  EXPECT_EQ(b.result(t_sfar), 0x10010000u);
}

TEST_F(TrustZone, GoingToSecureCodeIsInvep) {
  const std::string body = calling(" ldr r1, =secure_function\n bx r1\n");
  TrustZoneBench b(body);
  run(b, body);
  EXPECT_EQ(b.result(t_sfsr), invep);
  EXPECT_EQ(b.result(t_exception), secure_fault);
}

TEST_F(TrustZone, EnteringAVeneerBehindItsSgIsInvep) {
  const std::string body = calling(" ldr r1, =in_veneer + 1\n bx r1\n");
  TrustZoneBench b(body);
  run(b, body);
  EXPECT_EQ(b.result(t_sfsr), invep);
}

TEST_F(TrustZone, SecureCodeThatBranchesToNonSecureMemoryIsInvtran) {
  const std::string body =
      "func begin\n ldr r1, =ns_function\n bx r1\n .ltorg\n .section .ns_text, \"ax\"\n"
      "func ns_function\n bx lr\n";
  TrustZoneBench b(body);
  run(b, body);
  EXPECT_EQ(b.result(t_sfsr), invtran);
  EXPECT_EQ(b.result(t_exc_return), 0xfffffff9u);
}

TEST_F(TrustZone, BxnsInNonSecureStateIsUndefined) {
  // Taken by Non-secure UsageFault, whose handler calls the veneer to tell.
  const std::string body = calling(" movs r2, #0\nhere:\n bxns r2\n") +
                           "func NS_UsageFault_Handler\n ldr r0, =0xe000ed28\n ldr r0, [r0]\n ldr r1, =tell\n bx r1\n"
                           " .ltorg\n .section .nsc, \"ax\"\nfunc tell\n sg\n b.w told\n .text\n"
                           "func told\n ldr r1, =results\n str r0, [r1]\n mrs r0, ipsr\n str r0, [r1, #4]\n b finish\n";
  TrustZoneBench b(body);
  run(b, body);
  EXPECT_EQ(b.result(0), undefinstr);
  EXPECT_EQ(b.result(1), usage_fault);
}

TEST_F(TrustZone, DisabledSecureFaultEscalatesToSecureHardFault) {
  const std::string body = calling(" ldr r1, =0x38000010\n ldr r0, [r1]\n bx lr\n",
                                   " ldr r0, =0xe000ed24\n ldr r1, =0x00070000\n str r1, [r0]\n");
  TrustZoneBench b(body);
  run(b, body, no_sfar);
  EXPECT_EQ(b.result(t_sfsr), auviol | sfarvalid);
  EXPECT_EQ(b.result(t_hfsr), forced);
  EXPECT_EQ(b.result(t_exception), hard_fault);
}

// ---- stack limits (DDI0553 B3.21) -----------------------------------------------------------------------------------

TEST_F(TrustZone, APushBelowTheLimitIsStkofAndWritesNothing) {
  const std::string body =
      "func begin\n ldr r0, =0x38007f00\n msr msplim, r0\n sub sp, #0xf8\n movs r1, #1\n movs r2, #2\n"
      " push {r1, r2}\n" /* reaches the limit exactly */ "here:\n push {r1}\n b finish\n .ltorg\n";
  TrustZoneBench b(body);
  run(b, body);
  EXPECT_EQ(b.result(t_cfsr), stkof);
  EXPECT_EQ(b.result(t_exception), usage_fault);
  EXPECT_EQ(b.result(t_hfsr), 0u) << "the handler runs although its frame doesn't fit either: nothing was stacked";
  EXPECT_EQ(b.word(0x38007f00), 1u);
  EXPECT_EQ(b.word(0x38007efc), 0u);
}

TEST_F(TrustZone, EveryWayToLowerTheStackPointerIsHeldToTheLimit) {
  // Thread mode on the process stack with limit 0x38006000; the handler's stack is another one.
  for (const char* insn :
       {"sub sp, #16", "sub sp, sp, r3", "add sp, sp, r4", "mov sp, r5", "str r0, [sp, #-16]!",
        "strd r0, r1, [sp, #-16]!", "stmdb sp!, {r0-r3}", "vpush {s0-s3}", "ldr r0, [sp], #-16", "add sp, #-16"}) {
    const std::string body = std::string(
                                 "func begin\n ldr r0, =0x38006008\n msr psp, r0\n ldr r0, =0x38006000\n"
                                 " msr psplim, r0\n movs r0, #2\n msr control, r0\n isb\n vmov s0, r0\n"
                                 " movs r3, #16\n mvn r4, #15\n ldr r5, =0x38005ff8\nhere:\n ") +
                             insn + "\n b finish\n .ltorg\n";
    SCOPED_TRACE(insn);
    TrustZoneBench b(body);
    run(b, body);
    EXPECT_EQ(b.result(t_cfsr), stkof);
    EXPECT_EQ(b.result(t_exception), usage_fault);
    EXPECT_EQ(b.word(0x38005ff8), 0u);
    EXPECT_EQ(b.engine().first_fault()->pc, b.at("here"));
  }
}

TEST_F(TrustZone, AnExceptionWhoseFrameDoesNotFitIsStkofInstead) {
  const std::string body =
      "func begin\n ldr r0, =0x38006018\n msr psp, r0\n ldr r0, =0x38006000\n"
      " msr psplim, r0\n movs r0, #2\n msr control, r0\n isb\nhere:\n svc 0\n b finish\n .ltorg\n"
      "func SVC_Handler\n b finish\n";
  TrustZoneBench b(body);
  run(b, body);
  EXPECT_EQ(b.result(t_cfsr), stkof);
  EXPECT_EQ(b.result(t_exception), usage_fault);
  EXPECT_EQ(b.word(0x38005ffc), 0u);
}

// ---- TT (DDI0553 C2.4.250) ------------------------------------------------------------------------------------------

TEST_F(TrustZone, TtTellsAttributionAndRegions) {
  const std::string body = R"(
    func begin
      ldr   r0, =results
      ldr   r1, =0x10000000
      tt    r2, r1
      str   r2, [r0], #4
      ldr   r1, =0x10010000
      tt    r2, r1
      str   r2, [r0], #4
      ldr   r1, =0x28200000
      tt    r2, r1
      str   r2, [r0], #4
      tta   r2, r1
      str   r2, [r0], #4
      ttat  r2, r1
      str   r2, [r0], #4
      ttt   r2, r1
      str   r2, [r0], #4
      ldr   r1, =0x38000000
      tta   r2, r1
      str   r2, [r0], #4
      ldr   r1, =0x28000000        @ Non-secure by IDAU, no SAU region
      tt    r2, r1
      str   r2, [r0], #4
      ldr   r1, =0xe000e000        @ exempt from attribution, and no MPU's
      tt    r2, r1
      str   r2, [r0], #4
      ttt   r2, r1
      str   r2, [r0], #4
      tta   r2, r1
      str   r2, [r0], #4
      ttat  r2, r1
      str   r2, [r0], #4
      b     finish
      .ltorg
)";
  TrustZoneBench b(body);
  run(b, body, {10, 11});  // QEMU 7.2 asks for attribution as the state that TTA and TTAT ask about
  constexpr std::uint32_t r = 1u << 18, rw = 1u << 19, nsr = 1u << 20, nsrw = 1u << 21, s = 1u << 22,
                          irvalid = 1u << 23, srvalid = 1u << 17;
  EXPECT_EQ(b.result(0), 1u << 24 | irvalid | s | rw | r);
  EXPECT_EQ(b.result(1), 1u << 24 | irvalid | s | rw | r | srvalid | 2u << 8);
  EXPECT_EQ(b.result(2), 2u << 24 | irvalid | nsrw | nsr | rw | r | srvalid | 1u << 8);
  EXPECT_EQ(b.result(3), b.result(2));
  EXPECT_EQ(b.result(7), 2u << 24 | irvalid | s | rw | r);
  for (unsigned k : {8, 9, 10, 11}) EXPECT_EQ(b.result(k), s | rw | r) << "of the state that executes: TTResp()";
}

// ---- floating point -------------------------------------------------------------------------------------------------

TEST_F(TrustZone, NonSecureFpCodePreservesTheStateThatVlstmLeft) {
  const std::string body = calling(" vmov s0, r1\n vmov s15, r1\n bx lr\n", R"(
      ldr   r0, =0xe000ef34        @ FPCCR.TS: S16-S31 are Secure, too
      ldr   r1, [r0]
      orr   r1, #0x04000000
      str   r1, [r0]
      ldr   r1, =0x3f800000
      vmov  s0, r1
      vmov  s15, r1
      vmov  s16, r1
      vmov  s31, r1
      sub   sp, #0x88
      mrs   r2, control
      vlstm sp
      mrs   r3, control
      ldr   r5, =results
      str   r2, [r5]
      str   r3, [r5, #4]
      movs  r1, #0
      ldr   r4, =ns_function
      bic   r4, #1
      blxns r4
      mrs   r2, control
      str   r2, [r5, #8]
      ldr   r2, [sp]
      str   r2, [r5, #12]          @ S0 as it was preserved
      ldr   r2, [sp, #0x48]
      str   r2, [r5, #16]          @ S16
      vmov  r2, s16
      vlldm sp
      vmov  r2, s0
      str   r2, [r5, #20]
      vmov  r2, s31
      str   r2, [r5, #24]
      mrs   r2, control
      str   r2, [r5, #28]
      b     finish
)");
  TrustZoneBench b(body);
  run(b, body);
  EXPECT_EQ(b.result(0), 0xcu) << "FPCA, SFPA";
  EXPECT_EQ(b.result(1), 0x8u) << "VLSTM cleared FPCA";
  EXPECT_EQ(b.result(3), 0x3f800000u);
  EXPECT_EQ(b.result(4), 0x3f800000u);
  EXPECT_EQ(b.result(5), 0x3f800000u);
  EXPECT_EQ(b.result(6), 0x3f800000u);
}

TEST_F(TrustZone, VlstmTwiceIsLserr) {
  const std::string body = "func begin\n vmov s0, r1\n sub sp, #0x88\n vlstm sp\n vlstm sp\n b finish\n .ltorg\n";
  TrustZoneBench b(body);
  run(b, body);
  EXPECT_EQ(b.result(t_sfsr), lserr);
}

TEST_F(TrustZone, NsacrKeepsFpFromNonSecureCode) {
  const std::string body = calling(" vmov s0, r1\n bx lr\n", " ldr r0, =0xe000ed8c\n movs r1, #0\n str r1, [r0]\n");
  TrustZoneBench b(body);
  run(b, body);
  EXPECT_EQ(b.result(t_cfsr), nocp) << "UsageFault of Secure state";
  EXPECT_EQ(b.result(t_exception), usage_fault);
}

TEST_F(TrustZone, ANonSecureInterruptOfSecureFpCodeFindsClearedRegisters) {
  const std::string body =
      "func begin\n ldr r0, =0xe000ef34\n ldr r1, [r0]\n orr r1, #0x04000000\n str r1, [r0]\n" + with_interrupt(true) +
      " ldr r1, =0x40000000\n vmov s0, r1\n vmov s20, r1\n" + pend_interrupt +
      " vmov r2, s0\n ldr r5, =results\n str r2, [r5]\n vmov r2, s20\n str r2, [r5, #4]\n ldr r1, =0x28200100\n"
      " ldr r2, [r1]\n str r2, [r5, #8]\n ldr r2, [r1, #4]\n str r2, [r5, #12]\n ldr r2, [r1, #8]\n str r2, [r5, #16]\n"
      " mov r2, sp\n str r2, [r5, #20]\n b finish\n .ltorg\n"
      " .section .ns_text, \"ax\"\nfunc NS_IRQ1_Handler\n vmov r0, s0\n vmov r1, s20\n ldr r2, =0x28200100\n"
      " stm r2!, {r0, r1, lr}\n bx lr\n .ltorg\n";
  TrustZoneBench b(body);
  run(b, body);
  EXPECT_EQ(b.result(0), 0x40000000u);
  EXPECT_EQ(b.result(1), 0x40000000u);
  EXPECT_EQ(b.result(2), 0u);
  EXPECT_EQ(b.result(3), 0u);
  EXPECT_EQ(b.result(4), 0xffffffe8u);
  EXPECT_EQ(b.result(5), 0x38008000u);
}

}  // namespace
}  // namespace mj
