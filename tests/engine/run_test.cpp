// run(): from an ELF file to a result, its limits, and that the same inputs give the same result.
#include "sim/run.h"

#include "tests/engine/bench.h"

namespace mj {
namespace {

using test::Folder;

/// The whole result as text, so that two can be compared.
std::string everything(const profile::RunResult& r) {
  std::string out;
  const auto add = [&](const auto&... parts) {
    ((out += parts, out += ' '), ...);
    out += '\n';
  };
  const auto n = [](auto v) { return std::to_string(v); };
  add(r.provenance.firmware, r.provenance.firmware_crc32, r.provenance.board, r.provenance.core);
  add(n(r.totals.cycles), n(r.totals.instructions), n(r.totals.condition_failed), n(r.totals.time_s),
      n(r.totals.exception_cycles), n(r.totals.idle_cycles), n(r.totals.interrupts));
  for (const Cycle c : r.totals.reasons) add(n(c));
  for (const auto& c : r.totals.clocks) add(n(c.hz), n(c.cycles));
  add(r.stop.kind, n(r.stop.firmware_status), r.stop.where, r.stop.message);
  for (const auto& f : r.functions) add(f.name, n(f.self_cycles), n(f.inclusive_cycles), n(f.calls));
  for (const auto& t : r.call_tree) add(n(t.parent), t.name, n(t.self_cycles), n(t.inclusive_cycles), n(t.calls));
  for (const auto& l : r.lines) add(l.file, n(l.line), n(l.cycles), n(l.instructions));
  for (const auto& d : r.diagnostics) add(d.kind, d.where, d.text, n(d.count));
  add(n(r.memory.stack.used_bytes), n(r.memory.flash_used), n(r.memory.ram_static));
  add(r.console);
  return out;
}

void expect_conserved(const profile::RunResult& r) {
  Cycle reasons = 0, functions = 0, lines = 0, tree = 0, clocks = 0;
  for (const Cycle c : r.totals.reasons) reasons += c;
  for (const auto& f : r.functions) functions += f.self_cycles;
  for (const auto& l : r.lines) lines += l.cycles;
  for (const auto& t : r.call_tree) tree += t.self_cycles;
  for (const auto& c : r.totals.clocks) clocks += c.cycles;
  EXPECT_EQ(reasons, r.totals.cycles);
  EXPECT_EQ(functions, r.totals.cycles);
  EXPECT_EQ(lines, r.totals.cycles);
  EXPECT_EQ(tree, r.totals.cycles);
  EXPECT_EQ(clocks, r.totals.cycles);
}

// Flash with four wait states and literals read from it, a timer that interrupts, sleep: everything that has time.
const char* const busy = R"(
    func main
      ldr   r5, =0x40022000
      ldr   r0, =0x104           @ 4 wait states, prefetch
      str   r0, [r5]
      ldr   r5, =0xe000e010
      ldr   r0, =9999
      str   r0, [r5, #4]
      str   r0, [r5, #8]
      movs  r0, #7
      str   r0, [r5]
    again:
      bl    work
      b     again
    func work
      push  {r4, lr}
      movs  r4, #100
    1:
      ldr   r0, =0x12345678
      ldr   r1, =0x9abcdef1
      udiv  r2, r1, r0
      cmp   r2, r0
      ite   hi
      addhi r3, #1
      subls r3, #1
      subs  r4, #1
      bne   1b
      wfi
      pop   {r4, pc}
      .ltorg
    func SysTick_Handler
      bx    lr
)";

class Run : public test::Arm {
 protected:
  profile::RunResult run_with(const std::string& board, const std::string& text,
                              const std::function<void(RunRequest&)>& change = {}) {
    RunRequest request;
    request.firmware = test::assemble(folder_, board, text);
    request.board = board;
    if (change) change(request);
    auto result = run(request);
    if (!result) throw std::runtime_error(result.error().text());
    expect_conserved(*result);
    return std::move(result).value();
  }
  Folder folder_;
};

TEST_F(Run, ALimitOfCyclesEndsWithinAnInstructionOfIt) {
  const auto r = run_with("nucleo-l4r5zi", busy, [](RunRequest& q) { q.max_cycles = 1'234'567; });
  EXPECT_EQ(r.stop.kind, "limit");
  EXPECT_EQ(r.stop.exit_code, ExitCode::limit);
  EXPECT_GE(r.totals.cycles, 1'234'567u);
  EXPECT_LT(r.totals.cycles, 1'234'567u + 40);
}

TEST_F(Run, ALimitOfSimulatedTimeFollowsTheClock) {
  // 4 MHz: half a second is two million cycles.
  const auto r = run_with("nucleo-l4r5zi", busy, [](RunRequest& q) { q.max_sim_time_s = 0.5; });
  EXPECT_EQ(r.stop.kind, "limit");
  EXPECT_GE(r.totals.time_s, 0.5);
  EXPECT_LT(r.totals.time_s, 0.5 + 40 / 4e6);
}

TEST_F(Run, TheSameInputsGiveTheSameResult) {
  const auto limit = [](RunRequest& q) { q.max_cycles = 2'000'000; };
  EXPECT_EQ(everything(run_with("nucleo-l4r5zi", busy, limit)), everything(run_with("nucleo-l4r5zi", busy, limit)));
}

/// `busy` without its sleep: any cycle falls into the middle of some block.
std::string awake() {
  std::string text = busy;
  return text.replace(text.find("wfi"), 3, "nop");
}

TEST_F(Run, LookingAtTheProgressChangesNothing) {
  unsigned looks = 0;
  const auto plain = run_with("nucleo-l4r5zi", awake(), [](RunRequest& q) { q.max_cycles = 600'000; });
  const auto watched = run_with("nucleo-l4r5zi", awake(), [&](RunRequest& q) {
    q.max_cycles = 600'000;
    q.progress = [&](Cycle, double) { ++looks; };
    q.progress_every = 9'973;  // no multiple of anything that the firmware does
  });
  EXPECT_GE(looks, 55u);
  EXPECT_EQ(everything(plain), everything(watched));
}

TEST_F(Run, ATimeLimitThatIsNotReachedChangesNothing) {
  // The clock is looked at every million cycles.
  const auto plain = run_with("nucleo-l4r5zi", awake(), [](RunRequest& q) { q.max_cycles = 3'300'000; });
  const auto limited = run_with("nucleo-l4r5zi", awake(), [](RunRequest& q) {
    q.max_cycles = 3'300'000;
    q.max_sim_time_s = 100;
  });
  EXPECT_EQ(everything(plain), everything(limited));
}

TEST_F(Run, AnEndlessLoopEndsTheRunWhoeverWatches) {
  for (const bool watched : {false, true}) {
    const auto r = run_with("mps2-an386", "func main\nfunc Default\n b Default\n", [&](RunRequest& q) {
      if (watched) q.progress = [](Cycle, double) {};
    });
    EXPECT_EQ(r.stop.kind, "spin_forever");
    EXPECT_EQ(r.stop.exit_code, ExitCode::limit);
    EXPECT_LT(r.totals.cycles, 100u);
  }
}

// Each call of `search` goes round its loop with the registers that the call before left: strlen() of the same text.
TEST_F(Run, ALoopThatIsEnteredAgainWithTheSameRegistersIsNotEndless) {
  const auto r = run_with("mps2-an386", R"(
    func main
      ldr   r5, =0x20000100
      movs  r0, #6
      str   r0, [r5]
    again:
      movs  r0, #0
      bl    search
      ldr   r0, [r5]
      subs  r0, #1
      str   r0, [r5]
      bne   again
    end:
      b end
    func search
      movs  r1, #0
    next:
      adds  r1, #1
      cmp   r1, #3
      bne   next
      bx    lr
  )");
  EXPECT_EQ(r.stop.kind, "spin_forever");
  const auto search =
      std::find_if(r.functions.begin(), r.functions.end(), [](const auto& f) { return f.name == "search"; });
  ASSERT_NE(search, r.functions.end());
  EXPECT_EQ(search->calls, 6u);
}

TEST_F(Run, AFaultIsExplained) {
  const auto r = run_with("mps2-an386", R"(
    func main
      bl    broken
    func broken
      ldr   r4, =0x60000010
      str   r0, [r4]
      bx    lr
  )");
  EXPECT_EQ(r.stop.kind, "fault");
  EXPECT_EQ(r.stop.exit_code, ExitCode::firmware_fault);
  ASSERT_TRUE(r.fault.has_value());
  EXPECT_EQ(r.fault->exception, "HardFault");
  EXPECT_EQ(r.fault->where.substr(0, 6), "broken");
  EXPECT_NE(r.fault->what.find("0x60000010"), std::string::npos) << r.fault->what;
  ASSERT_EQ(r.fault->backtrace.size(), 2u);
  EXPECT_EQ(r.fault->backtrace[0].substr(0, 6), "broken");
}

TEST_F(Run, AFaultThatTheFirmwareGotOverDoesNotFailTheRun) {
  const auto r = run_with("mps2-an386", R"(
    func main
      ldr   r4, =0x60000010
      ldr.w r0, [r4]
      movs  r0, #0x18
      ldr   r1, =0x20026
      bkpt  #0xab
    func HardFault_Handler
      ldr   r0, [sp, #24]
      adds  r0, #4
      str   r0, [sp, #24]
      bx    lr
  )");
  EXPECT_EQ(r.stop.kind, "exited");
  EXPECT_EQ(r.stop.exit_code, ExitCode::ok);
  EXPECT_TRUE(r.fault.has_value()) << "it is told all the same";
}

TEST_F(Run, TheFirmwaresStatusIsTheRuns) {
  const auto r = run_with("mps2-an386", R"(
    func main
      movs  r0, #0x20
      ldr   r1, =status
      bkpt  #0xab
      .balign 4
    status: .word 0x20026, 3
  )");
  EXPECT_EQ(r.stop.firmware_status, 3);
  EXPECT_EQ(r.stop.exit_code, ExitCode::firmware_failed);
}

TEST_F(Run, TheBoardIsProposedFromTheImage) {
  RunRequest request;
  request.firmware = test::assemble(folder_, "nucleo-l4r5zi", "func main\nend:\n b end\n");
  const auto r = run(request);
  ASSERT_TRUE(r.ok()) << r.error().text();
  EXPECT_TRUE(r->provenance.board_proposed);
  EXPECT_EQ(r->provenance.board, "nucleo-l4r5zi");
}

TEST_F(Run, FilesAndBoardsThatAreNotThereAreErrors) {
  RunRequest request;
  request.firmware = "nowhere.elf";
  EXPECT_EQ(run(request).error().code, ExitCode::unreadable);
  request.firmware = test::assemble(folder_, "mps2-an386", "func main\nend:\n b end\n");
  request.board = "no-such-board";
  EXPECT_EQ(run(request).error().code, ExitCode::usage);
  request.board = "virt32";
  EXPECT_EQ(run(request).error().code, ExitCode::usage) << "an Arm image on a RISC-V board";
  request.board = "nano33ble";
  request.firmware = test::assemble(folder_, "nucleo-l4r5zi", "func main\nend:\n b end\n");
  EXPECT_EQ(run(request).error().code, ExitCode::usage) << "no memory at its load address";
}

}  // namespace
}  // namespace mj
