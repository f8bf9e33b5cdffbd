// Exceptions between Secure and Non-secure firmware on mps2-an505, and the faults that are Non-secure state's own. Each
// program also runs in QEMU where that is installed, and must leave the same words.
#include "tests/engine/trustzone_fixture.h"

namespace mj {
namespace {

// ---- exceptions across ----------------------------------------------------------------------------------------------

TEST_F(TrustZone, ANonSecureInterruptOfSecureCodeSeesNothingOfIt) {
  const std::string body = "func begin\n" + with_interrupt(true) +
                           " ldr r4, =0x44444444\n ldr r7, =0x77777777\n ldr r10, =0xaaaaaaaa\n ldr r11, =0xbbbbbbbb\n "
                           "ldr r12, =0xcccccccc\n"
                           " ldr r2, =0x22222222\n ldr r3, =0x33333333\n" +
                           pend_interrupt +
                           R"(
      ldr   r0, =results
      add   r0, #64
      stm   r0!, {r2, r3, r4, r7, r10, r11, r12}   @ all back
      ldr   r0, =results
      ldr   r1, =0x28200100
      movs  r2, #16
    1: ldr  r3, [r1], #4                           @ what the handler saw
      str   r3, [r0], #4
      subs  r2, #1
      bne   1b
      b     finish
      .ltorg
      .section .ns_text, "ax"
    func NS_IRQ1_Handler
      push  {r0, r1}
      ldr   r1, =0x28200108
      stm   r1!, {r2-r12, lr}
      mrs   r0, apsr
      str   r0, [r1], #4
      mrs   r0, ipsr
      str   r0, [r1], #4
      pop   {r0, r1}
      ldr   r2, =0x28200100
      stm   r2!, {r0, r1}
      movs  r4, #4
      movs  r7, #7
      bx    lr
      .ltorg
)";
  TrustZoneBench b(body);
  run(b, body);
  for (unsigned i = 2; i < 13; ++i) EXPECT_EQ(b.result(i), 0u) << "R" << i;
  EXPECT_EQ(b.result(13), 0xfffffff8u) << "S, DCRS, FType, Mode; ES clear";
  EXPECT_EQ(b.result(14), 0u) << "APSR";
  EXPECT_EQ(b.result(15), 17u);
  EXPECT_EQ(b.result(16), 0x22222222u);
  EXPECT_EQ(b.result(18), 0x44444444u);
  EXPECT_EQ(b.result(19), 0x77777777u);
  EXPECT_EQ(b.result(22), 0xccccccccu);
  EXPECT_EQ(b.word(0x38008000 - 0x48), 0xfefa125bu) << "integrity signature above R4-R11 on the Secure stack";
  EXPECT_EQ(b.word(0x38008000 - 0x40), 0x44444444u);
}

TEST_F(TrustZone, ASecureInterruptOfSecureCodeKeepsTheBasicFrame) {
  const std::string body = "func begin\n" + with_interrupt(false) + pend_interrupt +
                           " b finish\n .ltorg\nfunc IRQ1_Handler\n ldr r1, =results\n str lr, [r1]\n mov r0, sp\n"
                           " str r0, [r1, #4]\n bx lr\n .ltorg\n";
  TrustZoneBench b(body);
  run(b, body);
  EXPECT_EQ(b.result(0), 0xfffffff9u);
  EXPECT_EQ(b.result(1), 0x38008000u - 0x20);
}

TEST_F(TrustZone, ASecureInterruptOfNonSecureCodeRunsOnTheSecureStack) {
  const std::string body =
      calling(" ldr r0, =0x28200100\n movs r4, #9\n wait:\n ldr r1, [r0]\n cmp r1, #0\n beq wait\n bx lr\n",
              with_interrupt(false) +
                  " ldr r0, =0xe000e010\n ldr r1, =200\n str r1, [r0, #4]\n str r1, [r0, #8]\n"
                  " movs r1, #7\n str r1, [r0]\n") +
      R"(
      .text
    func SysTick_Handler
      ldr   r1, =0xe000e010
      movs  r0, #0
      str   r0, [r1]
      ldr   r1, =results
      str   lr, [r1]
      str   r4, [r1, #4]
      mov   r0, sp
      str   r0, [r1, #8]
      mrs   r0, msp_ns
      str   r0, [r1, #12]
      ldr   r1, =0x28200100
      movs  r0, #1
      str   r0, [r1]
      bx    lr
      .ltorg
)";
  TrustZoneBench b(body);
  run(b, body);
  EXPECT_EQ(b.result(0), 0xffffffb9u);
  EXPECT_EQ(b.result(1), 9u) << "R4 is left as it is: Secure code may see it";
  EXPECT_EQ(b.result(2), 0x38007ff8u) << "nothing was pushed there but the frame of BLXNS";
  EXPECT_EQ(b.result(3), 0x28208000u - 0x20);
}

TEST_F(TrustZone, TailChainingFromNonSecureToSecureKeepsCalleeRegistersStacked) {
  // Interrupt 1 (Non-secure) pends interrupt 2 (Secure, not more urgent), whose EXC_RETURN says that R4-R11 are on the
  // stack: DCRS is 0.
  const std::string body = "func begin\n" + with_interrupt(true) +
                           " ldr r0, =0xe000e100\n movs r1, #4\n str r1, [r0]\n ldr r4, =0x44444444\n"
                           " ldr r0, =0xe000e200\n movs r1, #6\n str r1, [r0]\n dsb\n isb\n"
                           " ldr r1, =results\n str r4, [r1, #8]\n mov r0, sp\n str r0, [r1, #12]\n b finish\n .ltorg\n"
                           "func IRQ2_Handler\n ldr r1, =results\n str lr, [r1]\n mov r0, sp\n str r0, [r1, #4]\n"
                           " movs r4, #1\n bx lr\n .ltorg\n"
                           " .section .ns_text, \"ax\"\nfunc NS_IRQ1_Handler\n movs r4, #3\n bx lr\n";
  TrustZoneBench b(body);
  run(b, body);
  EXPECT_EQ(b.result(0), 0xffffffd9u);
  EXPECT_EQ(b.result(1), 0x38008000u - 0x48);
  EXPECT_EQ(b.result(2), 0x44444444u);
  EXPECT_EQ(b.result(3), 0x38008000u);
}

TEST_F(TrustZone, ANonSecureHandlerThatForgesItsReturnToSecureCodeIsInvis) {
  // FP frame instead of basic: the signature on the Secure stack says otherwise.
  const std::string body = "func begin\n" + with_interrupt(true) + pend_interrupt +
                           " b finish\n .ltorg\n .section .ns_text, \"ax\"\nfunc NS_IRQ1_Handler\n"
                           " ldr r0, =0xffffffe8\n bx r0\n .ltorg\n";
  TrustZoneBench b(body);
  run(b, body);
  EXPECT_EQ(b.result(t_sfsr), invis);
  EXPECT_EQ(b.result(t_exception), secure_fault);
}

TEST_F(TrustZone, ANonSecureHandlerThatClaimsToHaveBeenSecureIsInver) {
  const std::string body = "func begin\n" + with_interrupt(true) + pend_interrupt +
                           " b finish\n .ltorg\n .section .ns_text, \"ax\"\nfunc NS_IRQ1_Handler\n"
                           " ldr r0, =0xfffffff9\n bx r0\n .ltorg\n";
  TrustZoneBench b(body);
  run(b, body);
  EXPECT_EQ(b.result(t_sfsr), inver);
}

TEST_F(TrustZone, EachStateHasItsOwnSvcAndPendSv) {
  const std::string body =
      calling(" svc 1\n ldr r0, =0xe000ed04\n mov r1, #0x10000000\n str r1, [r0]\n dsb\n isb\n bx lr\n",
              " svc 2\n ldr r0, =0xe000ed04\n mov r1, #0x10000000\n str r1, [r0]\n dsb\n isb\n") +
      R"(
      .text
    .macro seen at value
      ldr   r0, =\at
      ldr   r1, [r0]
      lsls  r1, #4
      adds  r1, #\value
      str   r1, [r0]
      bx    lr
    .endm
    func SVC_Handler
      seen  results 1
    func PendSV_Handler
      seen  results 2
      .ltorg
      .section .ns_text, "ax"
    func NS_SVC_Handler
      seen  0x28200100 3
    func NS_PendSV_Handler
      seen  0x28200100 4
      .ltorg
)";
  TrustZoneBench b(body);
  run(b, body);
  EXPECT_EQ(b.result(0), 0x12u);
  EXPECT_EQ(b.word(0x28200100), 0x34u);
}

TEST_F(TrustZone, PrisPutsNonSecurePrioritiesBehindSecureOnes) {
  // Non-secure interrupt 1 has priority 0, Secure interrupt 2 priority 0x60: without PRIS 1 comes first, with it 2.
  const auto body = [](const char* pris) {
    return "func begin\n" + with_interrupt(true) + " ldr r0, =0xe000e100\n movs r1, #4\n str r1, [r0]\n" +
           " ldr r0, =0xe000e400\n movs r1, #0x60\n strb r1, [r0, #2]\n ldr r0, =0xe000ed0c\n ldr r1, =" + pris +
           "\n str r1, [r0]\n cpsid i\n ldr r0, =0xe000e200\n movs r1, #6\n str r1, [r0]\n cpsie i\n isb\n"
           " ldr r0, =0x28200100\n ldr r1, [r0]\n ldr r0, =results\n str r1, [r0]\n b finish\n .ltorg\n"
           "func IRQ2_Handler\n ldr r0, =0x28200100\n ldr r1, [r0]\n lsls r1, #4\n adds r1, #2\n str r1, [r0]\n bx lr\n"
           " .ltorg\n .section .ns_text, \"ax\"\nfunc NS_IRQ1_Handler\n ldr r0, =0x28200100\n ldr r1, [r0]\n"
           " lsls r1, #4\n adds r1, #1\n str r1, [r0]\n bx lr\n .ltorg\n";
  };
  TrustZoneBench plain(body("0x05fa0000")), restricted(body("0x05fa4000"));
  run(plain, body("0x05fa0000"));
  run(restricted, body("0x05fa4000"));
  EXPECT_EQ(plain.result(0), 0x12u);
  EXPECT_EQ(restricted.result(0), 0x21u);
}

TEST_F(TrustZone, ANonSecureFunctionCalledByASecureHandlerSeesExceptionOneOnly) {
  const std::string body =
      "func begin\n svc 0\n ldr r1, =0x28200100\n ldr r2, [r1]\n ldr r1, =results\n str r2, [r1]\n"
      " b finish\n .ltorg\n"
      "func SVC_Handler\n push {r4, lr}\n ldr r4, =ns_function\n bic r4, #1\n blxns r4\n"
      " mrs r0, ipsr\n ldr r1, =results\n str r0, [r1, #4]\n pop {r4, pc}\n .ltorg\n"
      " .section .ns_text, \"ax\"\nfunc ns_function\n mrs r0, ipsr\n ldr r1, =0x28200100\n"
      " str r0, [r1]\n bx lr\n .ltorg\n";
  TrustZoneBench b(body);
  run(b, body);
  EXPECT_EQ(b.result(0), 1u);
  EXPECT_EQ(b.result(1), 11u);
}

// ---- faults of Non-secure state are its own -------------------------------------------------------------------------

/// A handler of Non-secure state that tells what its CFSR, MMFAR and HFSR say, by way of a veneer.
std::string told_by(const char* handler) {
  return std::string("func ") + handler +
         " \n ldr r12, =0xe000ed28\n ldr r0, [r12]\n ldr r1, [r12, #12]\n ldr r2, [r12, #4]\n ldr r12, =tell\n bx r12\n"
         " .ltorg\n .section .nsc, \"ax\"\nfunc tell\n sg\n b.w told\n .text\n"
         "func told\n ldr r12, =results\n stm r12!, {r0-r2}\n mrs r0, ipsr\n str r0, [r12]\n"
         " ldr r0, =0xe000ed04\n ldr r0, [r0]\n str r0, [r12, #4]\n b finish\n .ltorg\n";
}

TEST_F(TrustZone, TheNonSecureMpuForbidsToNonSecureCodeOnly) {
  const std::string mpu_ns =
      " ldr r0, =0xe002ed90\n movs r1, #0\n str r1, [r0, #8]\n ldr r1, =0x28201004\n str r1, [r0, #12]\n"
      " ldr r1, =0x28201fe1\n str r1, [r0, #16]\n movs r1, #5\n str r1, [r0, #4]\n dsb\n isb\n"
      " ldr r0, =0x28201020\n str r0, [r0]\n";  // Secure code may write there
  const std::string body = calling(" ldr r0, =0x28201010\n ldr r1, [r0]\nhere:\n str r1, [r0]\n bx lr\n", mpu_ns) +
                           told_by("NS_MemManage_Handler");
  TrustZoneBench b(body);
  run(b, body);
  EXPECT_EQ(b.result(0), 0x82u) << "DACCVIOL, MMARVALID in CFSR_NS";
  EXPECT_EQ(b.result(1), 0x28201010u);
  EXPECT_EQ(b.result(3), 4u);
  EXPECT_EQ(b.word(0x28201020), 0x28201020u);
  EXPECT_EQ(b.engine().first_fault()->pc, b.at("here"));
}

TEST_F(TrustZone, WithBfhfnminsNonSecureStateHasAHardFaultOfItsOwn) {
  const std::string body =
      calling(" udf #1\n",
              " ldr r0, =0xe000ed0c\n ldr r1, =0x05fa2000\n str r1, [r0]\n ldr r0, =0xe002ed24\n movs r1, #0\n"
              " str r1, [r0]\n") +
      told_by("NS_HardFault_Handler");
  TrustZoneBench b(body);
  run(b, body);
  EXPECT_EQ(b.result(0), undefinstr);
  EXPECT_EQ(b.result(2), forced);
  EXPECT_EQ(b.result(3), hard_fault);
}

TEST_F(TrustZone, ANonSecureStackLimitIsANonSecureUsageFault) {
  const std::string body =
      calling(" push {r0, r1}\nhere:\n push {r0, r1}\n bx lr\n", " ldr r0, =0x28207ff8\n msr msplim_ns, r0\n") +
      told_by("NS_UsageFault_Handler");
  TrustZoneBench b(body);
  run(b, body);
  EXPECT_EQ(b.result(0), stkof);
  EXPECT_EQ(b.result(3), usage_fault);
  EXPECT_EQ(b.engine().first_fault()->pc, b.at("here"));
}

TEST_F(TrustZone, StateThatCannotBeStoredLazilyIsAFaultOfItsOwner) {
  const std::string body = calling(" vmov s0, r0\n bx lr\n", " vmov s0, r1\n ldr r0, =0x38400000\n vlstm r0\n");
  TrustZoneBench b(body);
  run(b, body);
  EXPECT_EQ(b.result(t_cfsr), 0x2000u) << "LSPERR";
  EXPECT_EQ(b.result(t_exc_return), 0xffffffb9u);
}

TEST_F(TrustZone, AForgedFunctionReturnIsInvpc) {
  // FNC_RETURN in a handler that no Secure handler called; UsageFault is not more urgent than SVCall.
  const std::string body =
      calling(" svc 0\n bx lr\n") + "func NS_SVC_Handler\n ldr r1, =0xfeffffff\n bx r1\n .ltorg\n .text\n";
  TrustZoneBench b(body);
  run(b, body);
  EXPECT_EQ(b.result(t_cfsr), 0u);
  EXPECT_EQ(b.result(t_cfsr_ns), invpc) << "a fault of the state that it was tried in";
  EXPECT_EQ(b.result(t_hfsr), forced);
  EXPECT_EQ(b.result(t_exception), hard_fault);
}

}  // namespace
}  // namespace mj
