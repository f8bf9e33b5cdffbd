// `--trace`: what its lines say, that they are the run, and that the run is the one without it.
#include "tests/cli/program.h"
#include "tests/debug/observed.h"

namespace mj::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using TraceArm = Arm;
using TraceRiscv = Riscv;

// ---- with --detect --------------------------------------------------------------------------------------------------

TEST_F(TraceArm, ADetectionStandsBehindItsInstructionOnce) {
  const Folder folder;
  RunRequest request;
  request.firmware = assemble(folder, "nucleo-l4r5zi", R"(
    func main
      movs  r0, #3
      mov.w r1, #0x20000000
      movs  r2, #0
    again:
      ldr   r3, [r1, #0x40]        @ nothing has written it
      ldrb  r3, [r2, #5]           @ the vector table, through a null pointer
      subs  r0, #1
      bne   again
    done:
      b     done
    func other
      bx    lr
  )");
  request.board = "nucleo-l4r5zi";
  const std::string plain = saved(run(request));
  request.detect = "all";
  const std::string detected = saved(run(request));
  std::string text;
  request.trace.write = [&](std::string_view more) { text += more; };
  EXPECT_EQ(saved(run(request)), detected) << "what is found is the same";
  EXPECT_NE(detected, plain);
  EXPECT_THAT(text,
              testing::ContainsRegex("ldr r3, \\[r1, #0x40\\]\t[^\n]*\n"
                                     "# [0-9]* detected uninitialised at main[^\n]*: read of 4 bytes at 0x20000040"));
  EXPECT_THAT(text, testing::ContainsRegex("ldrb r3, \\[r2, #5\\]\t[^\n]*\n"
                                           "# [0-9]* detected null at main[^\n]*: read of 1 byte at 0x00000005"));
  const auto marks = [&] {
    std::size_t n = 0;
    for (std::size_t at = text.find(" detected "); at != std::string::npos; at = text.find(" detected ", at + 1)) ++n;
    return n;
  };
  EXPECT_EQ(marks(), 2u) << "each place once:\n" << text;

  // A filter that leaves the instructions out doesn't hide what was found.
  text.clear();
  request.trace.symbol = "other";
  EXPECT_TRUE(run(request));
  EXPECT_EQ(marks(), 2u) << text;
}

TEST_F(TraceArm, TheInitialStackPointerOnItsWayToMspIsNoNullPointer) {
  const Folder folder;
  RunRequest request;
  request.firmware = assemble(folder, "nucleo-l4r5zi", R"(
    func main
      movs  r2, #0
      ldr   r3, [r2]
      movs  r4, #1
      msr   msp, r3
      ldr   r3, [r2]               @ this one isn't for MSP
      nop
      nop
      nop
      nop
      nop
    done:
      b     done
  )");
  request.board = "nucleo-l4r5zi";
  request.detect = "null";
  const Traced t = trace(request);
  std::vector<std::string> marks;
  for (const std::string& note : t.notes)
    if (note.find("detected") != std::string::npos) marks.push_back(note);
  EXPECT_THAT(marks, ElementsAre(HasSubstr("detected null at main+0xa")));
}

// ---- what a line says -----------------------------------------------------------------------------------------------

/// Assembles and traces; gives the instructions' lines without their cycles and pcs.
std::vector<std::string> traced(const std::string& board, const std::string& text) {
  const Folder folder;
  RunRequest request;
  request.firmware = assemble(folder, board, text);
  request.board = board;
  std::vector<std::string> out;
  for (const std::string& line : trace(request).lines) out.push_back(from_field(line, 2));
  return out;
}

TEST_F(TraceArm, RegistersFlagsAndMemory) {
  const auto lines = traced("mps2-an386", R"(
    func main
      movs  r0, #7
      subs  r1, r0, #7
      mov.w r2, #0x20000000
      str   r0, [r2, #4]
      ldrb  r3, [r2, #4]
      stmia r2!, {r0, r3}
      ldrd  r4, r5, [r2, #-8]
      push  {r0}
      mov   r0, r0
      ssat  r6, #2, r2
      uadd8 r6, r0, r0
    done:
      b     done
  )");
  ASSERT_GE(lines.size(), 12U);
  EXPECT_EQ(lines[0], "2007\tmovs r0, #7\tr0=0x00000007 nzcv=0000");
  EXPECT_EQ(lines[1], "1fc1\tsubs r1, r0, #7\tr1=0x00000000 nzcv=0110");
  EXPECT_EQ(lines[2], "f04f5200\tmov.w r2, #0x20000000\tr2=0x20000000");
  EXPECT_EQ(lines[3], "6050\tstr r0, [r2, #4]\tw[0x20000004:4]=0x00000007");
  EXPECT_EQ(lines[4], "7913\tldrb r3, [r2, #4]\tr3=0x00000007 r[0x20000004:1]=0x07");
  EXPECT_EQ(from_field(lines[5], 2), "r2=0x20000008 w[0x20000000:4]=0x00000007 w[0x20000004:4]=0x00000007");
  EXPECT_EQ(from_field(lines[6], 2),
            "r4=0x00000007 r5=0x00000007 r[0x20000000:4]=0x00000007 r[0x20000004:4]=0x00000007");
  EXPECT_EQ(from_field(lines[7], 2), "sp=0x20007ffc w[0x20007ffc:4]=0x00000007");
  // Written, though it keeps its value
  EXPECT_EQ(from_field(lines[8], 2), "r0=0x00000007");
  EXPECT_EQ(from_field(lines[9], 2), "r6=0x00000001 q=1");
  EXPECT_EQ(from_field(lines[10], 2), "r6=0x0000000e ge=0000");
}

TEST_F(TraceArm, AnItBlockShowsConditionsAndWhichFailed) {
  const auto lines = traced("mps2-an386", R"(
    func main
      movs  r0, #0
      ite   eq
      addeq r1, r0, #1
      strne r0, [r0]
    done:
      b     done
  )");
  ASSERT_GE(lines.size(), 4U);
  EXPECT_EQ(lines[1], "bf0c\tite eq\t");
  EXPECT_EQ(lines[2], "1c41\taddeq r1, r0, #1\tr1=0x00000001");
  EXPECT_EQ(lines[3], "6000\tstrne r0, [r0]\t(failed)");
}

TEST_F(TraceArm, WhatADeviceAnsweredIsShown) {
  // SYST_CSR reads 1 after it was enabled without interrupt: the value is the access's own.
  const auto lines = traced("mps2-an386", R"(
    func main
      ldr   r0, =0xe000e010
      movs  r1, #5
      str   r1, [r0]
      ldr   r2, [r0]
    done:
      b     done
      .ltorg
  )");
  ASSERT_GE(lines.size(), 4U);
  EXPECT_EQ(from_field(lines[2], 2), "w[0xe000e010:4]=0x00000005");
  EXPECT_EQ(from_field(lines[3], 2), "r2=0x00000005 r[0xe000e010:4]=0x00000005");
}

TEST_F(TraceRiscv, CompressedAndWideInstructions) {
  const auto lines = traced("virt32", R"(
    func main
      li    a0, 5
      lui   a1, 0x80010
      sw    a0, 0(a1)
      lhu   a2, 0(a1)
      amoadd.w a3, a0, (a1)
      add   zero, a0, a0
    done:
      j     done
  )");
  ASSERT_GE(lines.size(), 6U);
  EXPECT_EQ(lines[0], "4515\tli a0,5\ta0=0x00000005");
  EXPECT_EQ(lines[2], "c188\tsw a0,0(a1)\tw[0x80010000:4]=0x00000005");
  EXPECT_EQ(from_field(lines[3], 2), "a2=0x00000005 r[0x80010000:2]=0x0005");
  EXPECT_EQ(from_field(lines[4], 2), "a3=0x00000005 r[0x80010000:4]=0x00000005 w[0x80010000:4]=0x0000000a");
  EXPECT_EQ(from_field(lines[5], 2), "");
}

TEST_F(TraceArm, ExceptionsStandBetweenTheLines) {
  const Folder folder;
  RunRequest request;
  request.board = "mps2-an386";
  request.firmware = assemble(folder, request.board, R"(
    func main
      svc   #0
      ldr   r0, =0x60000000
      ldr   r1, [r0]
    done:
      b     done
    func SVC_Handler
      bx    lr
    func HardFault_Handler
      b     HardFault_Handler
  )");
  const Traced t = trace(request);
  ASSERT_EQ(t.notes.size(), 4U);
  EXPECT_EQ(t.notes[0], "# microjoule trace 1");
  EXPECT_THAT(t.notes[1], testing::MatchesRegex("# [0-9]+ exception SVCall .*sp=0x20007fe0 .*ipsr=0x0000000b.*"));
  EXPECT_THAT(t.notes[2], testing::MatchesRegex("# [0-9]+ return .*sp=0x20008000 .*ipsr=0x00000000.*"));
  EXPECT_THAT(t.notes[3], HasSubstr(" exception HardFault "));
  EXPECT_EQ(t.ending("(faulted)"), 1U);
}

// ---- the run is the same, and the lines are the run -----------------------------------------------------------------

struct Case {
  const char* fixture;
  const char* board;
  Cycle max_cycles = 0;
  const char* waits = "";
};

class TraceRuns : public testing::TestWithParam<Case> {};

TEST_P(TraceRuns, TheResultIsTheOneWithoutTraceAndEveryInstructionHasItsLine) {
  const Case& c = GetParam();
  RunRequest request;
  request.firmware = fixture(c.fixture);
  if (request.firmware.empty()) GTEST_SKIP() << c.fixture << " was not built: no cross compiler";
  request.board = c.board;
  request.flash_wait_states = c.waits;
  if (c.max_cycles) request.max_cycles = c.max_cycles;
  const auto plain = run(request);
  const Traced t = trace(request);
  ASSERT_TRUE(plain) << plain.error().text();
  EXPECT_EQ(saved(plain), saved(t.result));
  bool all_shown = true;  // the passes of a loop that only waits have no lines
  for (const std::string& note : t.notes) all_shown = all_shown && note.find(" the loop goes ") == std::string::npos;
  // An instruction in whose place an exception stands isn't counted if it never began (a divide that traps).
  if (all_shown) {
    EXPECT_NEAR(static_cast<double>(t.lines.size()), static_cast<double>(plain->totals.instructions),
                static_cast<double>(t.ending("(faulted)")));
  }
  EXPECT_EQ(t.ending("(failed)"), plain->totals.condition_failed);
}

INSTANTIATE_TEST_SUITE_P(
    Trace, TraceRuns,
    testing::Values(Case{"nucleo_exits_with_7", "nucleo-l4r5zi"}, Case{"nucleo_exits_with_7", "nucleo-l4r5zi", 0, "4"},
                    Case{"nucleo_spins", "nucleo-l4r5zi"}, Case{"nucleo_sleeps_for_ever", "nucleo-l4r5zi"},
                    Case{"nucleo_computes_for_ever", "nucleo-l4r5zi", 20'011},
                    Case{"nucleo_computes_for_ever", "nucleo-l4r5zi", 20'012, "3"},
                    Case{"nucleo_loads_from_nowhere", "nucleo-l4r5zi"}, Case{"nucleo_calls_null", "nucleo-l4r5zi"},
                    Case{"nucleo_stack_overflow", "nucleo-l4r5zi"}, Case{"nucleo_divides_by_zero", "nucleo-l4r5zi"},
                    Case{"nucleo_unaligned_with_trap", "nucleo-l4r5zi"}, Case{"nucleo_recovers", "nucleo-l4r5zi"},
                    Case{"nucleo_locks_up", "nucleo-l4r5zi"}, Case{"nucleo_undefined_instruction", "nucleo-l4r5zi"},
                    Case{"pico_loads_from_nowhere", "pico"}, Case{"mps2_prints", "mps2-an386"},
                    Case{"mps2_recovers", "mps2-an386"}, Case{"ibex_exits_with_7", "ibex-demo"},
                    Case{"ibex_recovers", "ibex-demo"}, Case{"ibex_computes_for_ever", "ibex-demo", 5'003},
                    Case{"ibex_loads_misaligned", "ibex-demo"}, Case{"ibex_uses_atomics", "ibex-demo"},
                    Case{"ibex_spins", "ibex-demo"}, Case{"hazard3_loads_misaligned", "rtl-hazard3-2port"}),
    [](const auto& test) {
      std::string name = std::string(test.param.fixture) + (*test.param.waits ? "_waits_" : "") + test.param.waits;
      return name;
    });

/// A whole network: layers, flash with wait states, loops, conditional instructions.
TEST(TraceNetwork, TheLinesOfALayerAreItsInstructions) {
  const Folder folder;
  const std::string elf = (folder / "ad.elf").string();
  if (std::system(("'" MJ_PROGRAM "' build '" MJ_NETWORKS_DIR "/ad.tflite' --board nucleo-l4r5zi -o '" + elf +
                   "' >/dev/null 2>&1")
                      .c_str()) != 0)
    GTEST_SKIP() << "no arm-none-eabi-gcc here";
  RunRequest request;
  request.firmware = elf;
  request.board = "nucleo-l4r5zi";
  const auto plain = run(request);
  ASSERT_TRUE(plain) << plain.error().text();
  request.trace.layer = 3;
  std::uint64_t lines = 0, outside = 0;
  request.trace.write = [&](std::string_view line) { ++(line[0] == '#' ? outside : lines); };
  const auto traced = run(request);
  EXPECT_EQ(saved(plain), saved(traced));
  EXPECT_EQ(outside, 1U);
  ASSERT_GT(plain->layers.size(), 3U);
  EXPECT_EQ(lines, plain->layers[3].instructions);
  request.trace.layer = 1000;
  const auto refused = run(request);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr("no layer 1000"));
}

TEST(TraceFilterTest, AFunctionIsShownWithoutWhatItCalls) {
  RunRequest request;
  request.firmware = fixture("mps2_prints");
  if (request.firmware.empty()) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  request.board = "mps2-an386";
  request.trace.symbol = "Reset_Handler";
  const Traced t = trace(request);
  ASSERT_TRUE(t.result) << t.result.error().text();
  const auto& functions = t.result->functions;
  const auto reset =
      std::find_if(functions.begin(), functions.end(), [](const auto& f) { return f.name == "Reset_Handler"; });
  ASSERT_NE(reset, functions.end());
  EXPECT_EQ(t.lines.size(), reset->self_instructions);
  EXPECT_LT(t.lines.size(), t.result->totals.instructions);
  request.trace.symbol = "Reset_Handle";
  const Traced refused = trace(request);
  ASSERT_FALSE(refused.result);
  EXPECT_THAT(refused.result.error().text(), HasSubstr("Reset_Handler"));
}

using TraceCli = Program;

TEST_F(TraceCli, TheFileHoldsTheTraceAndTheOptionsAreChecked) {
  const std::string elf = fixture("mps2_exits_with_0");
  if (elf.empty()) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  const std::string command = "run '" + elf + "' --board mps2-an386 --trace ";
  EXPECT_EQ(microjoule(command + "t.txt").code, 0);
  const std::string text = slurp(path("t.txt"));
  EXPECT_TRUE(text.starts_with("# microjoule trace 1\n0\t")) << text;
  EXPECT_TRUE(microjoule(command + "- --console none").out.starts_with(text));
  refuses("run '" + elf + "' --trace-symbol main", 2, {"--trace-symbol needs --trace"});
  refuses(command + "t.txt --trace-layer one", 2, {"'one' is no number of a layer"});
  refuses(command + "t.txt --trace-layer 0", 2, {"no layer 0", "no network was recognised in it"});
  refuses(command + "no/such/folder/t.txt", 7, {"no/such/folder/t.txt"});
  // A full disk is told, not swallowed
  EXPECT_EQ(microjoule(command + "/dev/full").code, 7);
}

}  // namespace
}  // namespace mj::test
