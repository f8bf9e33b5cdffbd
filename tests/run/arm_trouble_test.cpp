// Firmware for Cortex-M that goes wrong (fixtures/arm_cases.c): how the run ends, and what is told about why.
#include "tests/run/expect.h"
#include "tests/run/trouble.h"

namespace mj::test {
namespace {

class ArmTrouble : public Trouble {
 protected:
  ArmTrouble() : Trouble("arm_cases.c", "arm-none-eabi-gcc") {}
};

// ---- runs that never end --------------------------------------------------------------------------------------------

TEST_F(ArmTrouble, AnEndlessLoopThatNothingCanEndIsFoundAtOnce) {
  const Ran ran = run_case("nucleo_spins", "--board nucleo-l4r5zi");
  ends(ran, 5, "spin_forever", {"endless loop at spins (" + line("spins") + ")", "nothing pending can end it"});
  EXPECT_LT(ran.result.at("totals").at("cycles"), 1000);
}

TEST_F(ArmTrouble, SleepingWithNothingToWakeTheCoreIsFoundAtOnce) {
  const Ran ran = run_case("nucleo_sleeps_for_ever", "--board nucleo-l4r5zi");
  ends(ran, 5, "sleep_forever", {"asleep at sleeps_for_ever", line("sleeps_for_ever"), "no enabled interrupt"});
}

TEST_F(ArmTrouble, AnEndlessComputationEndsAtTheCycleLimit) {
  const Ran ran = run_case("nucleo_computes_for_ever", "--board nucleo-l4r5zi --max-cycles 1_000_000");
  ends(ran, 5, "limit", {"1,000,000 cycles", "computes_for_ever", line("computes_for_ever")});
  // The limit is passed by at most one instruction, and the report tells what was done until then
  EXPECT_GE(ran.result.at("totals").at("cycles"), 1'000'000);
  EXPECT_LT(ran.result.at("totals").at("cycles"), 1'000'100);
  EXPECT_EQ(ran.result.at("functions")[0].at("name"), "computes_for_ever");
}

TEST_F(ArmTrouble, AnEndlessComputationEndsAtTheTimeLimit) {
  const Ran ran = run_case("nucleo_computes_for_ever", "--board nucleo-l4r5zi --max-sim-time 20ms");
  ends(ran, 5, "limit", {"0.02 s of simulated time", "computes_for_ever"});
  EXPECT_NEAR(ran.result.at("totals").at("time_s"), 0.02, 1e-4);
}

// ---- accesses that fail ---------------------------------------------------------------------------------------------

TEST_F(ArmTrouble, ALoadFromNoMemory) {
  const Ran ran = run_case("nucleo_loads_from_nowhere", "--board nucleo-l4r5zi");
  faults(ran, "HardFault", "loads_from_nowhere",
         {"load of 4 bytes at 0x60000010", "no memory or device there", "PRECISERR, BFARVALID", "BFAR = 0x60000010",
          "HFSR = 0x40000000: FORCED", "is the board right"});
  EXPECT_THAT(backtrace(ran), testing::ElementsAre(testing::StartsWith("loads_from_nowhere"), "main", "Reset_Handler"));
  // The registers are those of the faulting code, not of the handler: LR is no EXC_RETURN value.
  EXPECT_THAT(ran.result.at("fault").at("registers").dump(), testing::Not(testing::HasSubstr("lr = 0xffff")));
}

TEST_F(ArmTrouble, AStoreToNoMemory) {
  const Ran ran = run_case("nucleo_stores_to_nowhere", "--board nucleo-l4r5zi");
  faults(ran, "HardFault", "stores_to_nowhere", {"store of 2 bytes at 0x60000022", "BFAR = 0x60000022"});
}

TEST_F(ArmTrouble, AStoreToFlash) {
  const Ran ran = run_case("nucleo_stores_to_flash", "--board nucleo-l4r5zi");
  faults(ran, "HardFault", "stores_to_flash",
         {"store of 4 bytes at 0x08000000", "flash region flash", "it can't be written", "BFAR = 0x08000000"});
}

TEST_F(ArmTrouble, AnUnalignedLoadWhereTheFirmwareTrapsThem) {
  const Ran ran = run_case("nucleo_unaligned_with_trap", "--board nucleo-l4r5zi");
  faults(ran, "HardFault", "unaligned_with_trap", {"load of 4 bytes at 0x20000405", "unaligned", "UNALIGNED"});
}

TEST_F(ArmTrouble, AStackThatGrowsOutOfRam) {
  const Ran ran = run_case("nucleo_stack_overflow", "--board nucleo-l4r5zi");
  faults(ran, "HardFault", "", {"store of 4 bytes at 0x1ffff", "STKERR", "recurses", "stack overflow"});
  EXPECT_EQ(ran.result.at("memory").at("stack").at("top"), "0x20000400");
  EXPECT_GE(ran.result.at("memory").at("stack").at("used_bytes"), 0x400);
}

// ---- instructions that fail -----------------------------------------------------------------------------------------

TEST_F(ArmTrouble, AnUndefinedInstruction) {
  const Ran ran = run_case("nucleo_undefined_instruction", "--board nucleo-l4r5zi");
  faults(ran, "HardFault", "undefined_instruction", {"instruction 0xde07", "CFSR = 0x00010000: UNDEFINSTR"});
}

TEST_F(ArmTrouble, ACallThroughANullPointer) {
  const Ran ran = run_case("nucleo_calls_null", "--board nucleo-l4r5zi");
  faults(ran, "HardFault", "calls_null", {"CFSR = 0x00020000: INVSTATE", "null"});
}

TEST_F(ArmTrouble, ADivisionByZeroFaultsOnlyWhereTheFirmwareTrapsIt) {
  const Ran trapped = run_case("nucleo_divides_by_zero", "--board nucleo-l4r5zi");
  faults(trapped, "HardFault", "divides_by_zero", {"CFSR = 0x02000000: DIVBYZERO"});
  // Without DIV_0_TRP the quotient is 0 (Armv7-M A7.7.127): the firmware returns it as its status.
  const Ran untrapped = run_case("nucleo_divides_by_zero_untrapped", "--board nucleo-l4r5zi");
  EXPECT_EQ(untrapped.answer.code, 0);
  EXPECT_TRUE(untrapped.result.at("fault").is_null());
}

// ---- handlers -------------------------------------------------------------------------------------------------------

TEST_F(ArmTrouble, AFirmwareThatGoesOnBehindItsFaultsEndsWell) {
  const Ran ran = run_case("nucleo_recovers", "--board nucleo-l4r5zi");
  ends(ran, 0, "exited", {"status 0"});
  // The first of the three is told all the same
  ASSERT_FALSE(ran.result.at("fault").is_null());
  EXPECT_THAT(ran.result.at("fault").at("where").get<std::string>(), testing::HasSubstr(line("recovers")));
  EXPECT_THAT(fault_text(ran), testing::HasSubstr("2 more faults followed"));
  EXPECT_EQ(exceptions_taken(ran, "HardFault"), 3);
}

TEST_F(ArmTrouble, AHandlerThatEndsTheFirmwareWithAStatus) {
  const Ran ran = run_case("nucleo_handles_and_gives_up", "--board nucleo-l4r5zi");
  ends(ran, 1, "exited", {"status 3"});
  EXPECT_EQ(ran.result.at("fault").at("exception"), "UsageFault");
  EXPECT_THAT(fault_text(ran), testing::HasSubstr("HFSR = 0x00000000"));
}

TEST_F(ArmTrouble, AFaultInTheFaultHandlerLocksTheCoreUp) {
  const Ran ran = run_case("nucleo_locks_up", "--board nucleo-l4r5zi");
  ends(ran, 4, "lockup", {"locked up", "HardFault_Handler"});
  EXPECT_THAT(ran.result.at("fault").at("where").get<std::string>(), testing::HasSubstr(line("locks_up")));
}

TEST_F(ArmTrouble, TheFirmwaresOwnStatusIsTold) {
  const Ran ran = run_case("nucleo_exits_with_7", "--board nucleo-l4r5zi");
  ends(ran, 1, "exited", {"status 7"});
  EXPECT_EQ(ran.result.at("stop").at("firmware_status"), 7);
  EXPECT_TRUE(ran.result.at("fault").is_null());
  EXPECT_EQ(run_case("nucleo_exits_with_0", "--board nucleo-l4r5zi").answer.code, 0);
}

// ---- Cortex-M0+: no fault status registers --------------------------------------------------------------------------

TEST_F(ArmTrouble, CortexM0PlusNamesTheAccessWithoutStatusRegisters) {
  const Ran ran = run_case("pico_loads_from_nowhere", "--board pico");
  faults(ran, "HardFault", "loads_from_nowhere", {"load of 4 bytes at 0x60000010"});
  EXPECT_THAT(ran.answer.out, testing::Not(testing::HasSubstr("CFSR")));
  faults(run_case("pico_undefined_instruction", "--board pico"), "HardFault", "undefined_instruction",
         {"instruction 0xde07"});
}

TEST_F(ArmTrouble, CodeForCortexM4OnACortexM0PlusSaysWhatIsMissing) {
  const Ran ran = run_case("pico_uses_cortex_m4", "--board pico");
  faults(ran, "HardFault", "uses_cortex_m4",
         {"smlad is of the DSP extension (Cortex-M4, M7, M33)", "the core of pico is a cortex-m0plus without it",
          "the image is built for armv7e-m"});
}

}  // namespace
}  // namespace mj::test
