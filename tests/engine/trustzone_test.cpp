// Secure and Non-secure firmware together on mps2-an505: calls across, exceptions across, what is refused. Each program
// also runs in QEMU where that is installed, and must leave the same words.
#include "tests/engine/trustzone.h"

#include <set>
#include <sstream>

namespace mj {
namespace {

using engine::StopKind;
using test::TrustZoneBench;

enum Sfsr : std::uint32_t {
  invep = 1,
  invis = 2,
  inver = 4,
  auviol = 8,
  invtran = 16,
  lsperr = 32,
  sfarvalid = 64,
  lserr = 128
};
// Where `explain` puts things.
enum Told : unsigned { t_sfsr, t_sfar, t_cfsr, t_cfsr_ns, t_hfsr, t_exc_return, t_exception };
constexpr unsigned hard_fault = 3, usage_fault = 6, secure_fault = 7;
constexpr std::uint32_t stkof = 1u << 20, invpc = 1u << 18, nocp = 1u << 19, undefinstr = 1u << 16, forced = 1u << 30;

class TrustZone : public test::Arm {
 protected:
  /// Runs `body` here and in QEMU; both must end in `finish` with the same words. `not_in_qemu`: words that QEMU 7.2
  /// gets wrong (the test says why).
  static void run(TrustZoneBench& b, const std::string& body, const std::set<unsigned>& not_in_qemu = {}) {
    ASSERT_EQ(b.run(10'000'000).kind, StopKind::exited) << std::hex << b.engine().pc();
    b.expect_conserved();
    std::istringstream theirs(test::trustzone_in_qemu(body));
    std::string word;
    for (unsigned i = 0; theirs >> word; ++i) {
      ASSERT_EQ(word.size(), 8u) << "QEMU says " << word;
      if (!not_in_qemu.count(i)) {
        EXPECT_EQ(b.result(i), std::stoul(word, nullptr, 16)) << "results[" << i << "] in QEMU";
      }
    }
  }
  /// QEMU 7.2 never sets SFAR and SFSR.SFARVALID (DDI0553 D1.2, SFSR: AUVIOL comes with an address).
  static inline const std::set<unsigned> no_sfar{0, 1};
};

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

// ---- what Non-secure code may not do: SecureFault (DDI0553 B3.13, SFSR) --------------------------------------------

/// Secure code that calls `ns_function`, whose code is `ns`.
std::string calling(const std::string& ns, const std::string& before = "") {
  return "func begin\n" + before +
         " ldr r4, =ns_function\n bic r4, #1\n blxns r4\n b finish\n"
         " .balign 4\nfunc secure_function\n bx lr\n .ltorg\n"
         " .section .nsc, \"ax\"\nfunc veneer\n sg\nin_veneer:\n b.w secure_function\n"
         " .section .ns_text, \"ax\"\nfunc ns_function\n" +
         ns + "\n .ltorg\n";
}

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

// ---- exceptions across ----------------------------------------------------------------------------------------------

/// Interrupt 1 is enabled; `ns`: it targets Non-secure state.
std::string with_interrupt(bool ns) {
  return std::string(" ldr r0, =0xe000e100\n movs r1, #2\n str r1, [r0]\n") +
         (ns ? " str r1, [r0, #0x280]\n" : "");  // NVIC_ITNS0
}
const char* const pend_interrupt = " ldr r0, =0xe000e200\n movs r1, #2\n str r1, [r0]\n dsb\n isb\n";

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
  run(b, body);
  constexpr std::uint32_t r = 1u << 18, rw = 1u << 19, nsr = 1u << 20, nsrw = 1u << 21, s = 1u << 22,
                          irvalid = 1u << 23, srvalid = 1u << 17;
  EXPECT_EQ(b.result(0), 1u << 24 | irvalid | s | rw | r);
  EXPECT_EQ(b.result(1), 1u << 24 | irvalid | s | rw | r | srvalid | 2u << 8);
  EXPECT_EQ(b.result(2), 2u << 24 | irvalid | nsrw | nsr | rw | r | srvalid | 1u << 8);
  EXPECT_EQ(b.result(3), b.result(2));
  EXPECT_EQ(b.result(7), 2u << 24 | irvalid | s | rw | r);
  for (unsigned k : {8, 9}) EXPECT_EQ(b.result(k), s | rw | r);
  for (unsigned k : {10, 11}) EXPECT_EQ(b.result(k), nsrw | nsr | rw | r);
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
