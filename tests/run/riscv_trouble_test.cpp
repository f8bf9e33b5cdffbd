// Firmware for RISC-V that goes wrong (fixtures/riscv_cases.c): how the run ends, and what is told about why.
#include "tests/run/expect.h"
#include "tests/run/trouble.h"

namespace mj::test {
namespace {

class RiscvTrouble : public Trouble {
 protected:
  RiscvTrouble() : Trouble("riscv_cases.c", "riscv64-unknown-elf-gcc") {}
};

TEST_F(RiscvTrouble, AnEndlessLoopThatNothingCanEndIsFoundAtOnce) {
  const Ran ran = run_case("ibex_spins", "--board ibex-demo");
  ends(ran, 5, "spin_forever", {"endless loop at spins (" + line("spins") + ")", "nothing pending can end it"});
}

TEST_F(RiscvTrouble, SleepingWithNothingToWakeTheCoreIsFoundAtOnce) {
  ends(run_case("ibex_sleeps_for_ever", "--board ibex-demo"), 5, "sleep_forever", {line("sleeps_for_ever")});
}

TEST_F(RiscvTrouble, AnEndlessComputationEndsAtTheLimits) {
  ends(run_case("ibex_computes_for_ever", "--board ibex-demo --max-cycles 100k"), 5, "limit",
       {"100,000 cycles", "computes_for_ever"});
  ends(run_case("ibex_computes_for_ever", "--board ibex-demo --max-sim-time 1ms"), 5, "limit", {"0.001 s"});
}

TEST_F(RiscvTrouble, AnIllegalInstruction) {
  const Ran ran = run_case("ibex_illegal_instruction", "--board ibex-demo");
  faults(ran, "illegal instruction", "illegal_instruction",
         {"instruction 0xffffff8b", "mcause = 0x00000002: illegal instruction", "mtval = 0xffffff8b"});
  EXPECT_THAT(backtrace(ran), testing::ElementsAre(testing::StartsWith("illegal_instruction"), "main", "_start"));
}

TEST_F(RiscvTrouble, ALoadFromNoMemory) {
  faults(run_case("ibex_loads_from_nowhere", "--board ibex-demo"), "load access fault", "loads_from_nowhere",
         {"load of 4 bytes at 0x60000010", "no memory or device there", "mcause = 0x00000005", "mtval = 0x60000010"});
}

TEST_F(RiscvTrouble, AStoreToNoMemory) {
  faults(run_case("ibex_stores_to_nowhere", "--board ibex-demo"), "store/AMO access fault", "stores_to_nowhere",
         {"store of 2 bytes at 0x60000022", "mcause = 0x00000007", "mtval = 0x60000022"});
}

TEST_F(RiscvTrouble, ACallThroughANullPointer) {
  const Ran ran = run_case("ibex_calls_null", "--board ibex-demo");
  faults(ran, "instruction access fault", "",
         {"instruction fetch from 0x00000000", "mcause = 0x00000001", "mepc = 0x00000000", "null"});
  EXPECT_THAT(backtrace(ran), testing::Contains("calls_null"));
}

TEST_F(RiscvTrouble, AMisalignedLoadTrapsOnlyOnCoresThatCannotDoIt) {
  faults(run_case("hazard3_loads_misaligned", "--board rtl-hazard3-2port"), "load address misaligned",
         "loads_misaligned", {"load of 4 bytes at 0x", "unaligned", "mcause = 0x00000004"});
  // Ibex splits it (lowRISC/ibex load_store_unit.rst)
  EXPECT_EQ(run_case("ibex_loads_misaligned", "--board ibex-demo").answer.code, 0);
}

TEST_F(RiscvTrouble, ADivisionByZeroIsNoFault) {
  // The quotient is all ones (RISC-V unprivileged specification, M extension); else the firmware returns 1
  EXPECT_EQ(run_case("ibex_divides_by_zero", "--board ibex-demo").answer.code, 0);
}

TEST_F(RiscvTrouble, AnAtomicInstructionOnACoreWithoutThem) {
  faults(run_case("ibex_uses_atomics", "--board ibex-demo"), "illegal instruction", "uses_atomics",
         {"mcause = 0x00000002", "amoadd.w is of extension A", "the core of ibex-demo is"});
}

TEST_F(RiscvTrouble, AFirmwareThatGoesOnBehindItsFaultsEndsWell) {
  const Ran ran = run_case("ibex_recovers", "--board ibex-demo");
  ends(ran, 0, "exited", {"status 0"});
  ASSERT_FALSE(ran.result.at("fault").is_null());
  EXPECT_THAT(fault_text(ran), testing::HasSubstr("2 more faults followed"));
  EXPECT_EQ(exceptions_taken(ran, "illegal instruction"), 3);
}

TEST_F(RiscvTrouble, TheFirmwaresOwnStatusIsTold) {
  const Ran ran = run_case("ibex_exits_with_7", "--board ibex-demo");
  ends(ran, 1, "exited", {"status 7"});
  EXPECT_EQ(ran.result.at("stop").at("firmware_status"), 7);
}

}  // namespace
}  // namespace mj::test
