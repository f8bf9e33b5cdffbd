// `--gdb`: a real gdb attached to a run, in batch mode: what it sees, what it may change, and that looking on changes
// no cycle.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <random>
#include <utility>

#include "tests/debug/gdb_session.h"

namespace mj::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

TEST_F(GdbArm, BreakStepAndContinueToTheEndChangeNothing) {
  const std::string out = debug("mps2_prints", "mps2-an386", R"(
info registers pc
break main
hbreak firmware_exit
continue
stepi
stepi
next
backtrace
continue
backtrace
continue
)");
  EXPECT_THAT(out, HasSubstr("Breakpoint 1, "));
  EXPECT_THAT(out, HasSubstr("Breakpoint 2, "));
  EXPECT_THAT(out, ContainsRegex("#1 .*Reset_Handler"));
  EXPECT_THAT(out, HasSubstr("exited normally"));
  EXPECT_EQ(code, "0\n");
  EXPECT_EQ(result(), undebugged("mps2_prints", "mps2-an386"));
}

TEST_F(GdbArm, WritesRegistersOfDevices) {
  const std::string out = debug("mps2_prints", "mps2-an386", R"(
break main
continue
print/x *(unsigned*)0xe000ed08
set var *(unsigned*)0xe000ed14 = 0x10
print/x *(unsigned*)0xe000ed14
set var *(unsigned*)0x70000000 = 1
)");
  EXPECT_THAT(out, HasSubstr("$1 = 0x0")) << "VTOR";
  EXPECT_THAT(out, ContainsRegex("\\$2 = 0x[0-9a-f]*1[0-9a-f]\n")) << "CCR.DIV_0_TRP";
  EXPECT_THAT(out, HasSubstr("Cannot access memory at address 0x70000000"));
}

TEST_F(GdbArm, ATraceGoesOnWhileGdbLooks) {
  microjoule("run '" + fixture("mps2_prints") + "' --board mps2-an386 --trace plain.trace");
  // The run stands still at the breakpoint: the trace up to there can be read already.
  const std::string out = debug("mps2_prints", "mps2-an386", R"(
break main
continue
shell tail -n 1 run.trace >at_main.trace
stepi 3
continue
)",
                                "--trace run.trace");
  EXPECT_THAT(out, HasSubstr("exited normally"));
  const std::string trace = slurp(path("run.trace")), before = slurp(path("at_main.trace"));
  EXPECT_EQ(trace, slurp(path("plain.trace"))) << "stops leave no mark in it";
  EXPECT_NE(before, "");
  EXPECT_LT(trace.find(before), trace.size() - before.size());
  EXPECT_EQ(result(), undebugged("mps2_prints", "mps2-an386"));
}

TEST_F(GdbArm, ATraceFollowsWhereGdbSendsTheProgram) {
  const std::string out = debug("mps2_exits_with_7", "mps2-an386", R"(
break *main
continue
printf "at %08x\n", $pc
set var $r0 = 3
set var $pc = firmware_exit
printf "to %08x\n", $pc
continue
)",
                                "--trace run.trace");
  EXPECT_THAT(out, HasSubstr("exited with code 03"));
  const std::string trace = slurp(path("run.trace"));
  const auto line_of = [&](const char* label) {
    const std::size_t at = out.find(label);
    EXPECT_NE(at, std::string::npos) << out;
    return trace.find("\t" + out.substr(at + 3, 8) + "\t");
  };
  EXPECT_EQ(line_of("at "), std::string::npos) << "it was not executed: " << trace;
  EXPECT_NE(line_of("to "), std::string::npos) << trace;
}

TEST_F(GdbArm, ManyStepsInFlashWithWaitStatesChangeNothing) {
  std::string commands = "stepi 300\n";
  for (int i = 0; i < 20; ++i) commands += "stepi\n";
  debug("nucleo_recovers", "nucleo-l4r5zi", commands + "detach\n");
  const std::string plain = undebugged("nucleo_recovers", "nucleo-l4r5zi");
  EXPECT_FALSE(plain.empty());
  EXPECT_EQ(result(), plain);
}

TEST_F(GdbArm, AWatchpointTellsTheNewValue) {
  const std::string out = debug("mps2_prints", "mps2-an386", R"(
watch sum
continue
continue
print sum
rwatch zero
delete
continue
)");
  EXPECT_THAT(out, ContainsRegex("watchpoint 1: sum"));
  EXPECT_THAT(out, AllOf(HasSubstr("Old value = 0"), HasSubstr("New value = 1")));
  EXPECT_THAT(out, AllOf(HasSubstr("Old value = 1"), HasSubstr("New value = 3")));
  EXPECT_THAT(out, HasSubstr("$1 = 3"));
  EXPECT_EQ(result(), undebugged("mps2_prints", "mps2-an386"));
}

TEST_F(GdbArm, ReadAndAccessWatchpoints) {
  const std::string out = debug("mps2_prints", "mps2-an386", R"(
rwatch sum
continue
delete
awatch sum
continue
kill
)");
  EXPECT_THAT(out, ContainsRegex("Hardware read watchpoint 1: sum"));
  EXPECT_THAT(out, ContainsRegex("Hardware access \\(read/write\\) watchpoint 2: sum"));
  EXPECT_EQ(code, "1\n");
}

TEST_F(GdbArm, RegistersOfTheCoreAndOfTheFpuAreReadAndWritten) {
  const std::string out = debug("mps2_prints", "mps2-an386", R"(
break main
continue
set var $r4 = 0x12345678
print/x $r4
set var $d3 = 1.5
print $d3
print $s6
print/x $fpscr
set var $xpsr = 0xf1000000
print/x $xpsr
print/x $msp
print/x $sp
print/x $control
kill
)");
  EXPECT_THAT(out, HasSubstr("$1 = 0x12345678"));
  EXPECT_THAT(out, HasSubstr("$2 = 1.5"));
  EXPECT_THAT(out, HasSubstr("$3 = 0\n"));
  EXPECT_THAT(out, HasSubstr("$4 = 0x0"));
  EXPECT_THAT(out, HasSubstr("$5 = 0xf1000000"));
  EXPECT_THAT(out, ContainsRegex("\\$6 = (0x[0-9a-f]+)\n\\$7 = "));
  EXPECT_THAT(out, HasSubstr("$8 = 0x0"));
}

TEST_F(GdbArm, FunctionsThatGdbCallsLeaveTheProgramAsItWas) {
  // Within an IT block, whose rest depends on ITSTATE; scaled() uses the FPU, which CONTROL.FPCA tells afterwards.
  const std::string out = debug("mps2_debugged", "mps2-an386", R"(
break within
continue
stepi 3
print $pc == (long)&within
print/x $xpsr & 0x0600fc00
print counted(2, 3)
print scaled(4)
print $control
print/x $xpsr & 0x0600fc00
set var calls = 0
continue
continue
)");
  EXPECT_THAT(out, HasSubstr("$1 = 1\n")) << "gdb puts the breakpoint in front of the IT";
  EXPECT_THAT(out, HasSubstr("$2 = 0x1400\n")) << "ITSTATE in front of ADDNE: NE, two left";
  EXPECT_THAT(out, HasSubstr("$3 = 5\n"));
  EXPECT_THAT(out, HasSubstr("$4 = 6\n"));
  EXPECT_THAT(out, HasSubstr("$5 = 0\n"));
  EXPECT_THAT(out, HasSubstr("$6 = 0x1400\n"));
  EXPECT_THAT(out, HasSubstr("exited normally"));
}

TEST_F(GdbArm, SpecialRegistersAreWrittenAsByPrivilegedCode) {
  const std::string out = debug("mps2_debugged", "mps2-an386", R"(
break counted
continue
print/x $control
set var $psp = 0x20001000
set var $control = 3
print/x $control
print/x $sp
set var $sp = 0x20001ff8
print/x $psp
set var $control = 0
print/x $msp == $sp
set var $basepri = 0x1ff
print/x $basepri
set var $primask = 3
print $primask
set var $basepri = 0
set var $primask = 0
continue
)");
  EXPECT_THAT(out, HasSubstr("$1 = 0x0\n"));
  EXPECT_THAT(out, HasSubstr("$2 = 0x3\n"));
  EXPECT_THAT(out, HasSubstr("$3 = 0x20001000\n")) << "SPSEL: the process stack is in use";
  EXPECT_THAT(out, HasSubstr("$4 = 0x20001ff8\n"));
  EXPECT_THAT(out, HasSubstr("$5 = 0x1\n"));
  EXPECT_THAT(out, HasSubstr("$6 = 0xff\n")) << "eight bits of priority";
  EXPECT_THAT(out, HasSubstr("$7 = 1\n"));
  EXPECT_THAT(out, HasSubstr("exited normally"));
}

TEST_F(GdbArm, FramesAreFinishedAndLeft) {
  const std::string out = debug("mps2_debugged", "mps2-an386", R"(
break counted
continue
finish
print calls
monitor reset halt
maintenance flush register-cache
continue
return 5
continue
)");
  EXPECT_THAT(out, HasSubstr("Value returned is $1 = 32\n"));
  EXPECT_THAT(out, HasSubstr("$2 = 1\n"));
  EXPECT_THAT(out, HasSubstr("exited with code 01")) << "counted() was left before it counted";
}

TEST_F(GdbArm, MemoryIsReadAndWrittenAndCodeWrittenIsCodeRun) {
  // main returns at once with the value that gdb puts into r0: movs r0, #42; bx lr over its first instructions
  const std::string out = debug("mps2_exits_with_7", "mps2-an386", R"(
break main
continue
print sum
set var sum = 77
print sum
set {unsigned short}$pc = 0x202a
set {unsigned short}($pc + 2) = 0x4770
x/2i $pc
continue
)");
  EXPECT_THAT(out, HasSubstr("$1 = 0\n"));
  EXPECT_THAT(out, HasSubstr("$2 = 77\n"));
  EXPECT_THAT(out, ContainsRegex("movs\tr0, #42"));
  EXPECT_THAT(out, HasSubstr("exited with code 052"));
  EXPECT_EQ(code, "1\n");
  EXPECT_THAT(result(), HasSubstr("\"firmware_status\": 42"));
}

TEST_F(GdbArm, TheProgramGoesOnWherePcIsSet) {
  const std::string out = debug("mps2_exits_with_7", "mps2-an386", R"(
break main
continue
set var $r0 = 9
set var $pc = firmware_exit
continue
)");
  EXPECT_THAT(out, HasSubstr("exited with code 011"));
  EXPECT_THAT(result(), HasSubstr("\"firmware_status\": 9"));
}

TEST_F(GdbArm, MonitorTellsAndResets) {
  const std::string out = debug("mps2_exits_with_7", "mps2-an386", R"(
break main
continue
monitor cycles
monitor energy
monitor layer
monitor nonsense
monitor reset
maintenance flush register-cache
info symbol $pc
continue
delete
continue
)");
  EXPECT_THAT(out, ContainsRegex("[0-9]+ cycles"));
  EXPECT_THAT(out, HasSubstr("no layer"));
  EXPECT_THAT(out, HasSubstr("no monitor command 'nonsense'"));
  EXPECT_THAT(out, HasSubstr("Reset_Handler in section"));
  EXPECT_THAT(out, HasSubstr("exited with code 07"));
  // The second run counts from zero
  EXPECT_EQ(result(), undebugged("mps2_exits_with_7", "mps2-an386"));
}

TEST_F(GdbArm, InterruptStopsFirmwareThatNeverEnds) {
  const std::string out = debug("nucleo_computes_for_ever", "nucleo-l4r5zi", R"(
python
import threading, time, os, signal
threading.Thread(target=lambda: (time.sleep(1), os.kill(os.getpid(), signal.SIGINT))).start()
end
continue
info symbol $pc
kill
)");
  EXPECT_THAT(out, HasSubstr("SIGINT"));
  EXPECT_THAT(out, HasSubstr("computes_for_ever"));
}

TEST_F(GdbArm, WhereNothingGoesOnGdbMayStillLook) {
  const std::string out = debug("nucleo_locks_up", "nucleo-l4r5zi", R"(
continue
info symbol $pc
print/x $xpsr & 0x1ff
continue
)");
  EXPECT_THAT(out, HasSubstr("SIGSEGV"));
  EXPECT_THAT(out, HasSubstr("$1 = 0x3"));
  EXPECT_EQ(code, "4\n");
  EXPECT_EQ(result(), undebugged("nucleo_locks_up", "nucleo-l4r5zi"));
}

TEST_F(GdbArm, KillEndsTheRun) {
  debug("nucleo_computes_for_ever", "nucleo-l4r5zi", "stepi 10\nkill\n");
  EXPECT_EQ(code, "1\n");
  EXPECT_THAT(slurp(path("run.err")), HasSubstr("gdb ended the run"));
}

TEST_F(GdbRiscv, BreakStepWatchAndContinueChangeNothing) {
  const std::string out = debug("ibex_prints", "ibex-demo", R"(
info registers pc
break main
continue
stepi
backtrace
watch sum
continue
delete
print/x $sp
set var $t6 = 0x1234
print/x $t6
set var $t6 = 0
continue
)");
  EXPECT_THAT(out, HasSubstr("Breakpoint 1, "));
  EXPECT_THAT(out, HasSubstr("New value = 1"));
  EXPECT_THAT(out, HasSubstr("= 0x1234"));
  EXPECT_THAT(out, HasSubstr("exited normally"));
  EXPECT_EQ(result(), undebugged("ibex_prints", "ibex-demo"));
}

TEST_F(GdbRiscv, FunctionsThatGdbCallsLeaveTheProgramAsItWas) {
  const std::string out = debug("ibex_debugged", "ibex-demo", R"(
break chosen
continue
print counted(2, 3)
set var calls = 0
finish
continue
delete
continue
)");
  EXPECT_THAT(out, HasSubstr("$1 = 5\n"));
  EXPECT_THAT(out, HasSubstr("Value returned is $2 = 11\n"));
  EXPECT_THAT(out, HasSubstr("exited normally"));
}

TEST_F(GdbRiscv, ControlAndStatusRegisters) {
  const std::string out = debug("ibex_prints", "ibex-demo", R"(
break main
continue
print/x $mtvec
print/x $misa
print/x $mstatus
set var $mscratch = 0x5eed
print/x $mscratch
set var $mepc = 0xffffffff
maintenance flush register-cache
print/x $mepc
set var $mscratch = 0
set var $mepc = 0
info registers mcause
print $minstret > 0
print $pmpaddr0
continue
)");
  EXPECT_THAT(out, HasSubstr("$1 = 0x100001")) << "vectored, as Ibex always is";
  EXPECT_THAT(out, HasSubstr("$2 = 0x40101104"));
  EXPECT_THAT(out, HasSubstr("$3 = 0x"));
  EXPECT_THAT(out, HasSubstr("$4 = 0x5eed"));
  EXPECT_THAT(out, HasSubstr("$5 = 0xfffffffe")) << "what the core made of it";
  EXPECT_THAT(out, ContainsRegex("mcause +0x0"));
  EXPECT_THAT(out, HasSubstr("$6 = 1"));
  EXPECT_THAT(out, HasSubstr("$7 = void")) << "an Ibex without PMP";
  EXPECT_THAT(out, HasSubstr("exited normally"));
  EXPECT_EQ(result(), undebugged("ibex_prints", "ibex-demo")) << "looking changes nothing";
}

TEST_F(GdbRiscv, MemoryPcAndReset) {
  const std::string out = debug("ibex_exits_with_7", "ibex-demo", R"(
break main
continue
set var sum = 5
print sum
monitor reset
maintenance flush register-cache
info symbol $pc
print sum
continue
set var $a0 = 3
set var $pc = firmware_exit
continue
)");
  EXPECT_THAT(out, HasSubstr("$1 = 5"));
  EXPECT_THAT(out, HasSubstr("_start in section"));
  EXPECT_THAT(out, HasSubstr("$2 = 0"));
  EXPECT_THAT(out, HasSubstr("exited with code 03"));
}

TEST_F(GdbRiscv, FpuRegisters) {
  const std::string out = debug("virt_threads", "virt32", R"(
print $f8
set var $f8 = 1.5
print $f8
print/x $fcsr
set var $frm = 2
set var $fflags = 3
print/x $fcsr
info registers pc
detach
)",
                                "--max-cycles 1k");
  EXPECT_THAT(out, HasSubstr("$1 = 0\n"));
  EXPECT_THAT(out, HasSubstr("$2 = 1.5"));
  EXPECT_THAT(out, HasSubstr("$3 = 0x0"));
  EXPECT_THAT(out, HasSubstr("$4 = 0x43")) << "frm 2 in bits 7 to 5, flags UF and NX";
  EXPECT_THAT(out, HasSubstr("_start"));
}

// ---- a peer that is no gdb ------------------------------------------------------------------------------------------

/// A run that waits for gdb in a thread of its own, and a plain connection to it.
class GdbSocket : public testing::Test {
 protected:
  void SetUp() override {
    request.firmware = fixture("mps2_prints");
    if (request.firmware.empty()) GTEST_SKIP() << "no arm-none-eabi-gcc here";
    request.board = "mps2-an386";
    plain = saved(run(request));
    request.gdb = ":0";
    request.remark = [this](std::string_view text) {
      said.set_value(static_cast<unsigned>(std::stoul(std::string(text.substr(text.find("localhost:") + 10)))));
    };
    std::future<unsigned> port = said.get_future();
    result = std::async(std::launch::async, [this] { return saved(run(request)); });
    connection = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port.get()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  void TearDown() override {
    if (connection >= 0) close(connection);
  }
  void say(std::string_view bytes) {
    EXPECT_EQ(send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  /// What comes back up to `end`.
  std::string hear(const std::string& end) {
    std::string text;
    for (char c; text.find(end) == std::string::npos && recv(connection, &c, 1, 0) == 1;) text += c;
    return text;
  }
  std::string ended() {
    EXPECT_EQ(result.wait_for(std::chrono::seconds(60)), std::future_status::ready);
    return result.get();
  }
  RunRequest request;
  std::string plain;
  std::promise<unsigned> said;
  std::future<std::string> result;
  int connection = -1;
};

TEST_F(GdbSocket, ThatClosesTheConnectionLeavesTheRunToItsEnd) {
  close(std::exchange(connection, -1));
  EXPECT_EQ(ended(), plain);
}

TEST_F(GdbSocket, ThatSendsGarbageIsAnsweredOrIgnored) {
  std::mt19937 random(1);
  // No commands that let the run go: it is to stand still while this goes on
  static constexpr char alphabet[] = "$#}+-0123456789abefgZz,;:mMpP\x03\xff\x80?qQHT";
  for (int i = 0; i < 1000; ++i) {
    std::string bytes(random() % 100, '\0');
    for (char& c : bytes) c = alphabet[random() % (sizeof alphabet - 1)];
    say(bytes);
  }
  say("+#00$?#3f");
  EXPECT_THAT(hear("$T02thread:1;#"), HasSubstr("$T02thread:1;#"));
  say("xx$D#44");
  EXPECT_THAT(hear("$OK#9a"), HasSubstr("$OK#9a"));
  EXPECT_EQ(ended(), plain);
}

TEST_F(GdbSocket, ThatStepsThroughTheWholeProgramChangesNothing) {
  say("$QStartNoAckMode#b0");
  hear("#9a");
  say("+");
  std::string answer;
  unsigned steps = 0;
  do {
    say("$s#73");
    answer = hear("#").substr(0, 4);
    char checksum[2];
    recv(connection, checksum, 2, MSG_WAITALL);
    if (answer.starts_with("$O")) continue;
    ++steps;
  } while (!answer.starts_with("$W") && steps < 5000);
  EXPECT_EQ(answer.substr(0, 4), "$W00");
  EXPECT_GT(steps, 500U);
  EXPECT_EQ(ended(), plain);
}

using GdbCli = Program;

TEST_F(GdbCli, WhereItListensIsChecked) {
  const std::string elf = fixture("mps2_exits_with_0");
  if (elf.empty()) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  const std::string command = "run '" + elf + "' --board mps2-an386 ";
  refuses(command + "--gdb 0.0.0.0:3333", 2, {"'0.0.0.0:3333' is no port of this host", "this host only"});
  refuses(command + "--gdb :99999", 2, {"':99999'"});
  refuses(command + "--gdb ''", 2, {"is no port"});
}

}  // namespace
}  // namespace mj::test
