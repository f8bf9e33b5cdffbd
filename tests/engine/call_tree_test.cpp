// The call tree: what called what, through tail calls, longjmp, interrupts and thread switches. A node a line, depth as
// dots, "name xcalls".
#include "sim/profile/call_tree.h"

#include <algorithm>
#include <numeric>

#include "sim/profile/recognisers/functions.h"
#include "sim/profile/recognisers/recognition.h"
#include "tests/engine/bench.h"

namespace mj {
namespace {

using engine::StopKind;
using test::Bench;
using Calls = test::Arm;
using CallsRv32 = test::Riscv;

profile::Layer layer(int index, const std::string& name) {
  profile::Layer l;
  l.index = index;
  l.name = name;
  return l;
}

TEST_F(Calls, NestAndReturn) {
  Bench b("mps2-an386", R"(
    func main
      bl    outer
      bl    outer
      bl    leaf
    done:
      b     done
    func outer
      push  {lr}
      bl    leaf
      bl    leaf
      pop   {pc}
    func leaf
      bx    lr
  )");
  b.run();
  EXPECT_EQ(b.tree(),
            "main x1\n"
            ".outer x2\n"
            "..leaf x4\n"
            ".leaf x1\n");
  b.expect_conserved();
}

TEST_F(Calls, RecursionNestsAndInclusiveCyclesCountItOnce) {
  Bench b("mps2-an386", R"(
    func main
      movs  r0, #3
      bl    down
    done:
      b     done
    func down
      push  {r4, lr}
      subs  r0, #1
      beq   1f
      bl    down
    1:
      pop   {r4, pc}
  )");
  b.run();
  EXPECT_EQ(b.tree(), "main x1\n.down x1\n..down x1\n...down x1\n");
  const auto result = b.attributed();
  for (const auto& f : result.functions) {
    if (f.name == "down") {
      EXPECT_EQ(f.calls, 3u);
      EXPECT_EQ(f.inclusive_cycles, f.self_cycles) << "it calls nobody else";
      EXPECT_EQ(f.self_cycles, b.cycles("down", "unexpected"));
    }
    if (f.name == "main") {
      EXPECT_EQ(f.inclusive_cycles, b.now());
    }
  }
  b.expect_conserved();
}

TEST_F(Calls, ATailCallNestsAndBothEndTogether) {
  Bench b("mps2-an386", R"(
    func main
      bl    front
      bl    after
    done:
      b     done
    func front
      b     back
    func back
      bx    lr
    func after
      bx    lr
  )");
  b.run();
  EXPECT_EQ(b.tree(), "main x1\n.front x1\n..back x1\n.after x1\n");
  b.expect_conserved();
}

TEST_F(Calls, FallingIntoTheNextFunctionIsATailCall) {
  Bench b("mps2-an386", "func main\n bl front\ndone:\n b done\nfunc front\n movs r0, #1\nfunc back\n bx lr\n");
  b.run();
  EXPECT_EQ(b.tree(), "main x1\n.front x1\n..back x1\n");
  b.expect_conserved();
}

TEST_F(Calls, MutualTailCallsDoNotGrowTheTree) {
  Bench b("mps2-an386", R"(
    func main
      ldr   r0, =10001
      bl    even
      bl    after
    done:
      b     done
    func even
      subs  r0, #1
      bne   odd
      bx    lr
    func odd
      subs  r0, #1
      bne   even
      bx    lr
    func after
      bx    lr
  )");
  b.run();
  const std::string tree = b.tree();
  EXPECT_EQ(std::count(tree.begin(), tree.end(), '\n'), 4) << tree;
  EXPECT_EQ(tree.substr(tree.find(".after")), ".after x1\n");
  b.expect_conserved();
}

TEST_F(Calls, ALoopToAFunctionsBeginningIsNotACall) {
  Bench b("mps2-an386",
          "func main\n movs r0, #50\n bl spin\ndone:\n b done\nfunc spin\n subs r0, #1\n bne spin\n bx lr\n");
  b.run();
  EXPECT_EQ(b.tree(), "main x1\n.spin x1\n");
  b.expect_conserved();
}

TEST_F(Calls, LongjmpEndsTheFramesThatItLeaves) {
  // deep() restores the stack pointer and return address that main() saved, three frames up, twice.
  Bench b("mps2-an386", R"(
    func main
      movs  r6, #2
      mov   r4, sp
      ldr   r5, =landed
    landed:
      subs  r6, #1
      bmi   out
      bl    first
    out:
      bl    after
    done:
      b     done
    func first
      push  {r0, lr}
      bl    second
      pop   {r0, pc}
    func second
      push  {r0, lr}
      bl    deep
      pop   {r0, pc}
    func deep
      push  {r0, lr}
      mov   sp, r4
      orr   lr, r5, #1
      bx    lr
    func after
      bx    lr
  )");
  b.run();
  EXPECT_EQ(b.tree(), "main x1\n.first x2\n..second x2\n...deep x2\n.after x1\n");
  b.expect_conserved();
}

TEST_F(Calls, AnInterruptsCallsHangBelowWhatItInterrupted) {
  Bench b("mps2-an386", R"(
    func main
      bl    work
      bl    after
    done:
      b     done
    func work
      push  {r4, lr}
      ldr   r0, =0xe000ed04
      ldr   r1, =0x10000000
      str   r1, [r0]
      nop
      pop   {r4, pc}
    func PendSV_Handler
      push  {r4, lr}
      bl    helper
      pop   {r4, pc}
    func helper
      bx    lr
    func after
      bx    lr
  )");
  b.run();
  EXPECT_EQ(b.tree(), "main x1\n.work x1\n..[PendSV] x1\n...PendSV_Handler x1\n....helper x1\n.after x1\n");
  b.expect_conserved();
}

TEST_F(Calls, NestedInterruptsNestAndTailChainedOnesStandBesideEachOther) {
  Bench b("mps2-an386", R"(
    func main
      ldr   r5, =0xe000e100
      movs  r0, #7
      str   r0, [r5]
      ldr   r1, =0xe000e400
      ldr   r0, =0x00c04080
      str   r0, [r1]
      ldr   r5, =0xe000e200
      movs  r0, #1
      str   r0, [r5]
      nop
      bl    after
    done:
      b     done
    func IRQ0_Handler
      movs  r0, #6
      str   r0, [r5]
      bx    lr
    func IRQ1_Handler
      bx    lr
    func IRQ2_Handler
      bx    lr
    func after
      bx    lr
  )");
  b.run();
  EXPECT_EQ(b.tree(),
            "main x1\n"
            ".[IRQ 0] x1\n"
            "..IRQ0_Handler x1\n"
            "...[IRQ 1] x1\n"
            "....IRQ1_Handler x1\n"
            ".[IRQ 2] x1\n"
            "..IRQ2_Handler x1\n"
            ".after x1\n");
  b.expect_conserved();
}

TEST_F(Calls, AContextSwitchParksOneThreadsFramesAndTakesUpTheOthers) {
  // Two threads on process stacks of their own; PendSV swaps PSP and r4-r11. Each thread switches in the middle of a
  // function, three times; its frames must be there when it comes back.
  Bench b("mps2-an386", R"(
    func main
      ldr   r0, =stack_b + 512 - 32
      ldr   r1, =thread_b
      str   r1, [r0, #24]
      ldr   r1, =0x01000000
      str   r1, [r0, #28]
      subs  r0, #32                  @ r4-r11
      ldr   r1, =other
      str   r0, [r1]
      ldr   r0, =stack_a + 512
      msr   psp, r0
      movs  r0, #2
      msr   control, r0
      isb
      bl    thread_a
    func thread_a
      movs  r7, #3
    1:
      bl    work_a
      subs  r7, #1
      bne   1b
    done:
      b     done
    func work_a
      push  {r4, lr}
      bl    switch
      pop   {r4, pc}
    func thread_b
      bl    work_b
      b     thread_b
    func work_b
      push  {r4, lr}
      bl    switch
      pop   {r4, pc}
    func switch
      ldr   r0, =0xe000ed04
      ldr   r1, =0x10000000
      str   r1, [r0]
      dsb
      bx    lr
      .ltorg
    func PendSV_Handler
      mrs   r0, psp
      stmdb r0!, {r4-r11}
      ldr   r1, =other
      ldr   r2, [r1]
      str   r0, [r1]
      ldmia r2!, {r4-r11}
      msr   psp, r2
      bx    lr
      .ltorg
      .bss
      .balign 8
    stack_a: .space 512
    stack_b: .space 512
    other:   .space 4
  )");
  EXPECT_EQ(b.run().kind, StopKind::spin_forever);
  EXPECT_EQ(b.engine().exceptions_taken().at(14), 6u);
  const std::string tree = b.tree();
  // Both threads' work is called three times each, from one node each: no frame was lost or doubled.
  EXPECT_NE(tree.find("work_a x3\n"), std::string::npos) << tree;
  EXPECT_NE(tree.find("work_b x3\n"), std::string::npos) << tree;
  EXPECT_EQ(tree.find("work_a"), tree.rfind("work_a")) << tree;
  EXPECT_EQ(tree.find("work_b"), tree.rfind("work_b")) << tree;
  b.expect_conserved();
}

TEST_F(Calls, TheDeepestStackIsKeptWithItsChain) {
  Bench b("mps2-an386", R"(
    func main
      bl    shallow
      bl    deep
      bl    shallow
    done:
      b     done
    func shallow
      push  {r4, lr}
      pop   {r4, pc}
    func deep
      push  {r4, lr}
      sub   sp, #100
      bl    deeper
      add   sp, #100
      pop   {r4, pc}
    func deeper
      push  {r4, r5, r6, lr}
      pop   {r4, r5, r6, pc}
  )");
  b.run();
  EXPECT_EQ(b.engine().stack_top(), 0x20008000u);
  EXPECT_EQ(b.engine().stack_top() - b.engine().state().stack_low, 8u + 100 + 16);
  EXPECT_EQ(b.engine().deepest_stack(), (std::vector<Address>{b.at("main"), b.at("deep"), b.at("deeper")}));
}

TEST_F(Calls, AnInterruptsFrameCountsAsStack) {
  Bench b("mps2-an386", R"(
    func main
      ldr   r0, =0xe000ed04
      ldr   r1, =0x10000000
      str   r1, [r0]
      nop
    done:
      b     done
    func PendSV_Handler
      bx    lr
  )");
  b.run();
  EXPECT_EQ(b.engine().stack_top() - b.engine().state().stack_low, 32u) << "the handler itself pushes nothing";
}

TEST_F(CallsRv32, NestReturnAndTailCalls) {
  Bench b("rtl-ibex-small", R"(
    func main
      la    sp, 0x80020000
      call  outer
      call  leaf
    done:
      j     done
    func outer
      addi  sp, sp, -16
      sw    ra, 12(sp)
      call  leaf
      lw    ra, 12(sp)
      addi  sp, sp, 16
      tail  leaf
    func leaf
      ret
  )");
  b.run();
  EXPECT_EQ(b.tree(), "main x1\n.outer x1\n..leaf x2\n.leaf x1\n");
  EXPECT_EQ(b.engine().stack_top(), 0x80020000u);
  EXPECT_EQ(b.engine().stack_top() - b.engine().state().stack_low, 16u);
  b.expect_conserved();
}

TEST_F(Calls, LayersOfANoteAreTheIntervalsOfTheirFunctions) {
  // invoke() runs two layers, the first one twice, with a little code between.
  Bench b("mps2-an386", R"(
    func main
      bl    invoke
      bl    invoke
    done:
      b     done
    func invoke
      push  {r4, lr}
      bl    conv
      nop
      bl    conv
      bl    dense
      pop   {r4, pc}
      .balign 4
    func conv
      push  {r4, lr}
      movs  r4, #10
    1:
      bl    dot
      subs  r4, #1
      bne   1b
      pop   {r4, pc}
    func dense
      movs  r0, #0
      bx    lr
    func dot
      muls  r0, r0, r0
      bx    lr
  )");
  const Program program(b.image());
  profile::FunctionNetwork n;
  n.inference = b.at("invoke");
  n.layers = {{b.at("conv"), 0, layer(0, "conv")}, {b.at("dense"), 0, layer(1, "dense")}};
  profile::Candidate candidate;
  candidate.listen = [n](const profile::Stage& stage) { return profile::listen_to_functions({n}, stage); };
  profile::Recognition recognition(program, {{"test", candidate}});
  int begun = 0, ended = 0;
  recognition.on_inference = [&](bool begins) { ++(begins ? begun : ended); };
  recognition.listen(b.engine(), b.machine().timing(), b.machine().operating_points());
  b.run();
  recognition.finish();
  profile::RunResult given;
  recognition.give(given);
  ASSERT_EQ(given.networks.size(), 1u);
  const profile::Network& network = given.networks[0];
  const auto& layers = given.layers;
  EXPECT_EQ(begun, 2);
  EXPECT_EQ(ended, 2);
  EXPECT_EQ(network.inferences, 2u);
  ASSERT_EQ(layers.size(), 2u);
  EXPECT_EQ(layers[0].invocations, 4u);
  EXPECT_EQ(layers[1].invocations, 2u);
  EXPECT_EQ(layers[1].min_cycles, layers[1].max_cycles);
  EXPECT_EQ(layers[0].min_cycles, layers[0].max_cycles);
  // A layer's cycles are its function's inclusive ones, dot()'s included.
  const auto result = b.attributed();
  for (const auto& f : result.functions) {
    if (f.name == "conv") {
      EXPECT_EQ(layers[0].cycles, f.inclusive_cycles);
    }
    if (f.name == "dense") {
      EXPECT_EQ(layers[1].cycles, f.inclusive_cycles);
    }
    if (f.name == "invoke") {
      EXPECT_EQ(network.cycles, f.inclusive_cycles);
    }
  }
  EXPECT_EQ(layers[0].instructions,
            b.between("conv", "dense").instructions + b.between("dot", "unexpected").instructions);
  EXPECT_EQ(network.between_cycles, network.cycles - layers[0].cycles - layers[1].cycles);
  EXPECT_EQ(std::accumulate(layers[0].reasons.begin(), layers[0].reasons.end(), Cycle{0}), layers[0].cycles);
  Cycle sum = network.between_cycles;
  for (const auto& l : layers) sum += l.cycles;
  for (const auto& p : given.phases) sum += p.cycles;
  EXPECT_EQ(sum, b.now()) << "every cycle is a layer's, between layers or in a phase";
}

// ---- the tree by itself --------------------------------------------------------------------------------------------

TEST(CallTree, ChargesTimeToTheFrameOnTop) {
  profile::CallTree tree;
  tree.start(0x100, 0x2000);
  tree.enter(0x200, 0x104, 0x2000, 10, true);
  tree.reach(0x104, 0x2000, 25);
  tree.settle(30);
  ASSERT_EQ(tree.nodes().size(), 2u);
  EXPECT_EQ(tree.nodes()[0].self_cycles, 10u + 5);
  EXPECT_EQ(tree.nodes()[1].self_cycles, 15u);
}

TEST(CallTree, ALoopToTheBeginningOfAFunctionThatGaveUpItsReturnAddressIsNoCall) {
  // void task() { for (;;) work(); } without a prologue: the branch back finds lr as work() left it.
  profile::CallTree tree;
  tree.start(0x100, 0x2000);
  tree.enter(0x200, 0x104, 0x1ff0, 10, true);
  tree.enter(0x300, 0x204, 0x1ff0, 20, true);
  tree.reach(0x204, 0x1ff0, 30);
  tree.enter(0x200, 0x204, 0x1ff0, 40, false);
  EXPECT_EQ(tree.stack(), (std::vector<Address>{0x100, 0x200}));
}

TEST(CallTree, ACallFromTheSamePlaceIsANewOneThoughTheFirstNeverReturned) {
  profile::CallTree tree;
  tree.start(0x100, 0x2000);
  tree.enter(0x200, 0x104, 0x1ff0, 10, true);
  tree.enter(0x200, 0x104, 0x1ff0, 20, true);
  EXPECT_EQ(tree.stack(), (std::vector<Address>{0x100, 0x200}));
  EXPECT_EQ(tree.nodes()[1].calls, 2u);
}

TEST(CallTree, AJumpToAReturnAddressWithAnotherStackPointerIsNoReturn) {
  profile::CallTree tree;
  tree.start(0x100, 0x2000);
  tree.enter(0x200, 0x104, 0x1ff0, 10, true);
  tree.enter(0x200, 0x104, 0x1fe0, 20, true);  // recursion from the same call site
  tree.reach(0x104, 0x1fd8, 30);               // not there yet
  EXPECT_EQ(tree.stack().size(), 3u);
  tree.reach(0x104, 0x1fe0, 30);
  EXPECT_EQ(tree.stack().size(), 2u);
}

TEST(CallTree, AJumpThatMayBeAReturnEndsOnlyTheFrameThatItIsTheReturnOf) {
  profile::CallTree tree;
  tree.start(0x100, 0x2000);
  tree.enter(0x300, 0x104, 0x1ff0, 10, true);
  tree.reach(0x200, 0x1ff0, 20, false);  // BX r3 to a function nobody has named: the frame goes on as that one
  EXPECT_EQ(tree.stack(), (std::vector<Address>{0x100, 0x300}));
  tree.reach(0x104, 0x1ff0, 30, false);  // POP {r3}; ADD sp, #12; BX r3
  EXPECT_EQ(tree.stack(), (std::vector<Address>{0x100}));
}

TEST(CallTree, AHelperThatMovesItsCallersStackPointerReturnsByTheOtherLinkRegister) {
  profile::CallTree tree;
  tree.start(0x100, 0x2000);
  tree.enter(0x200, 0x104, 0x2000, 10, true);
  tree.enter(0x800, 0x104, 0x2000, 12, true, 0x204);   // jal t0, __riscv_save_4
  tree.enter(0x810, 0x104, 0x1ff0, 14, false, 0x204);  // which falls into __riscv_save_0
  EXPECT_EQ(tree.stack(), (std::vector<Address>{0x100, 0x200, 0x800, 0x810}));
  tree.reach(0x204, 0x1fe0, 20);  // jr t0
  EXPECT_EQ(tree.stack(), (std::vector<Address>{0x100, 0x200}));
  tree.enter(0x900, 0x104, 0x1fe0, 30, false, 0x204);  // tail __riscv_restore_4, which returns for its caller
  tree.reach(0x104, 0x2000, 40);
  EXPECT_EQ(tree.stack(), (std::vector<Address>{0x100}));
}

}  // namespace
}  // namespace mj
