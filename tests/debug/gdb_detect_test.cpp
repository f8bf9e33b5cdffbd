// `--gdb` with `--detect`: a memory checker that stops the program behind the instruction that did it.
#include "tests/debug/gdb_session.h"

namespace mj::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

TEST_F(GdbArm, ADetectionStopsBehindTheInstructionThatDidIt) {
  const std::string out = debug("nucleo_reads_null_field", "nucleo-l4r5zi", R"(
monitor detections
continue
printf "offset %d\n", $pc - (unsigned)&reads_null_field
info symbol $pc
bt
monitor detections
continue
)",
                                "--detect null");
  EXPECT_THAT(out, HasSubstr("nothing was detected so far"));
  EXPECT_THAT(out,
              ContainsRegex("detected null at reads_null_field\\+0x4 .*read of 4 bytes at 0x00000004 through a null "
                            "pointer; called by main"));
  EXPECT_THAT(out, HasSubstr("Program received signal SIGSEGV"));
  EXPECT_THAT(out, HasSubstr("offset 6\n")) << "one 16-bit instruction behind +4";
  EXPECT_THAT(out, ContainsRegex("#1 .*main"));
  EXPECT_THAT(out, ContainsRegex("\nnull at reads_null_field\\+0x4 .*\\(1\\)\n")) << "monitor detections";
  EXPECT_THAT(out, HasSubstr("exited normally"));
  EXPECT_EQ(code, "4\n") << "as without gdb";
  EXPECT_EQ(result(), undebugged("nucleo_reads_null_field", "nucleo-l4r5zi", "--detect null"));
}

TEST_F(GdbArm, SteppingALineStopsAtADetectionToo) {
  const std::string out = debug("nucleo_reads_null_field", "nucleo-l4r5zi", R"(
break reads_null_field
continue
next
continue
)",
                                "--detect null");
  EXPECT_THAT(out, ContainsRegex("Breakpoint 1, (.|\n)*detected null at reads_null_field(.|\n)*SIGSEGV"));
}

TEST_F(GdbArm, WhatGdbWritesIsWritten) {
  // The pointer itself was never written (uninitialised), until gdb does.
  const std::string out = debug("nucleo_reads_null_field", "nucleo-l4r5zi", R"(
break reads_null_field
continue
set var g_device = 0x20000100
set var *(unsigned*)0x20000104 = 0
continue
)",
                                "--detect uninitialised,null");
  EXPECT_THAT(out, Not(HasSubstr("detected")));
  EXPECT_THAT(out, HasSubstr("exited normally"));
  EXPECT_EQ(code, "0\n");
}

TEST_F(GdbArm, ATraceMarksTheDetectionThatGdbStoppedAt) {
  const std::string out = debug("nucleo_reads_null_field", "nucleo-l4r5zi", R"(
continue
shell tail -n 2 run.trace >at_stop.trace
continue
)",
                                "--detect null --trace run.trace");
  const std::string at_stop = slurp(path("at_stop.trace"));
  EXPECT_THAT(at_stop, ContainsRegex("ldr r3, \\[r3, #4\\]\tr3=0x[0-9a-f]* r\\[0x00000004:4\\]=0x[0-9a-f]*\n"
                                     "# [0-9]* detected null at reads_null_field"))
      << "the last line is the detection's, behind its instruction's: " << at_stop << out;
}

TEST_F(GdbArm, WithoutDetectMonitorSaysSo) {
  const std::string out = debug("mps2_prints", "mps2-an386", "monitor detections\nkill\n");
  EXPECT_THAT(out, HasSubstr("nothing is looked for: microjoule run --detect all"));
}

TEST_F(GdbRiscv, AStackThatGrowsTooFarStopsWhereItDoes) {
  const std::string out = debug("ibex_goes_below_its_stack", "ibex-demo", R"(
continue
printf "offset %d\n", $pc - (unsigned)&fills
bt
continue
)",
                                "--detect stack-overflow");
  EXPECT_THAT(out, ContainsRegex("detected stack-overflow at fills .*the main stack grew 64 bytes below its limit"));
  EXPECT_THAT(out, HasSubstr("Program received signal SIGSEGV"));
  EXPECT_THAT(out, HasSubstr("offset 2\n")) << "behind ADDI sp, before anything is stored there";
  EXPECT_THAT(out, ContainsRegex("#2 .*goes_below_its_stack"));
  EXPECT_THAT(out, HasSubstr("exited normally"));
  EXPECT_EQ(code, "4\n");
  EXPECT_EQ(result(), undebugged("ibex_goes_below_its_stack", "ibex-demo", "--detect stack-overflow"));
}

TEST_F(GdbRiscv, AReadOfWhatNothingWroteStops) {
  const std::string out = debug("ibex_reads_unwritten", "ibex-demo", R"(
continue
info symbol $pc
delete
continue
)",
                                "--detect uninitialised");
  EXPECT_THAT(out, ContainsRegex("detected uninitialised at reads_unwritten.*which nothing has written(.|\n)*SIGSEGV"));
  EXPECT_THAT(out, ContainsRegex("reads_unwritten \\+ "));
}

}  // namespace
}  // namespace mj::test
