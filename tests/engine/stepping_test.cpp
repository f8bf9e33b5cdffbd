// A run that is cut into pieces anywhere must be the same run: whole blocks, single instructions and whatever lies
// between give the same registers, memory, cycles, counts and calls. Random programs with loops, conditions, calls,
// unaligned accesses, divides, faults and a timer that interrupts them.
//
// Two things are known to depend on where a block is cut, and are left out here: Arm's timing walk charges a load's
// second cycle to the load within a block but to the next instruction across a cut (so cycles are compared in total,
// instructions by address), and a conditional load that is skipped as the last instruction of a piece leaves that cycle
// to its successor (so conditional instructions here don't load). Flash with wait states is fetched a block at a time,
// so boards without wait states are taken.
#include <random>

#include "tests/engine/bench.h"

namespace mj {
namespace {

using engine::StopKind;
using test::Bench;

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  unsigned below(unsigned n) { return static_cast<unsigned>(engine_() % n); }
  template <class... T>
  std::string one_of(const T&... texts) {
    const std::array<std::string, sizeof...(T)> all{texts...};
    return all[below(static_cast<unsigned>(all.size()))];
  }

 private:
  std::mt19937 engine_;
};

std::string number(unsigned n) { return std::to_string(n); }

/// Registers: r0-r4 data, r5 loop counter, r6 buffer, r7 inner counter.
std::string thumb_insn(Random& random, bool v7, bool unaligned) {
  const std::string d = "r" + number(random.below(5)), a = "r" + number(random.below(5)),
                    b = "r" + number(random.below(5)), n = number(random.below(256));
  const std::string word = "[r6, #" + number(4 * random.below(16)) + "]";
  switch (random.below(v7 ? 16 : 8)) {
    case 0:
      return " adds " + d + ", " + a + ", " + b;
    case 1:
      return " subs " + d + ", #" + n;
    case 2:
      return " " + random.one_of("ands", "eors", "orrs", "bics", "adcs", "lsls", "rors") + " " + d + ", " + d + ", " +
             a;
    case 3:
      return " ldr " + d + ", " + word;
    case 4:
      return " str " + d + ", " + word;
    case 5:
      return " ldrb " + d + ", [r6, #" + number(random.below(31)) + "]";
    case 6:
      return " strh " + d + ", [r6, #" + number(2 * random.below(16)) + "]";
    case 7:
      return v7 ? " ldmia r6, {r0, r2, r3}" : " ldmia r6!, {r0, r2, r3}\n subs r6, #12";
    case 8:
      return " udiv " + d + ", " + a + ", " + b;
    case 9:
      return " smlal " + d + ", r" + number((random.below(4) + 1 + static_cast<unsigned>(d[1] - '0')) % 5) + ", " + a +
             ", " + b;
    case 10:
      return " ldr.w " + d + ", [r6, #" + number(unaligned ? random.below(60) : 4 * random.below(15)) + "]";
    case 11:
      return " str.w " + d + ", [r6, #" + number(unaligned ? random.below(60) : 4 * random.below(15)) + "]";
    case 12:
      return " ldrd r0, r3, [r6, #" + number(4 * random.below(14)) + "]";
    case 13: {
      const char* conditions[] = {"eq", "ne", "hs", "lo", "mi", "pl", "hi", "ls", "ge", "lt", "gt", "le"};
      const unsigned c = random.below(12);
      const std::string yes = conditions[c], no = conditions[c ^ 1u];
      switch (random.below(3)) {
        case 0:
          return " it " + yes + "\n add" + yes + " " + d + ", #3";
        case 1:
          return " itte " + yes + "\n mul" + yes + " " + d + ", " + a + ", " + b + "\n add" + yes + " " + b + ", " + d +
                 ", " + a + "\n mov" + no + " " + d + ", " + a;
        default:
          return " ittet " + yes + "\n sub" + yes + " " + d + ", " + a + "\n add" + yes + " " + a + ", " + d +
                 "\n orr" + no + " " + b + ", " + a + "\n eor" + yes + " " + b + ", " + a;
      }
    }
    case 14:
      return " push {r0, r1, r4}\n add " + d + ", " + a + "\n pop {r1, r3, r4}";
    default:
      return " ubfx " + d + ", " + a + ", #3, #9\n clz " + b + ", " + d;
  }
}

std::string thumb_program(unsigned seed, bool v7, bool unaligned, unsigned period) {
  Random random(seed);
  const unsigned functions = 3;
  std::string text = R"(
    func main
      ldr   r6, =buffer
      ldr   r0, =0x12345678
      ldr   r1, =0x9abcdef0
      movs  r2, #3
      movs  r3, #0
      movs  r4, #77
  )";
  if (period) {
    text += " ldr r5, =0xe000e010\n ldr r7, =" + number(period) +
            "\n str r7, [r5, #4]\n str r7, [r5, #8]\n movs r7, #7\n str r7, [r5]\n";
  }
  text += " movs r5, #30\nouter:\n";
  if (v7) text += " ldr r7, =0xe000ed14\n movs r0, #0x10\n str r0, [r7]\n";  // the first divide by zero traps
  for (unsigned f = 0; f < functions; ++f) text += " bl f" + number(f) + "\n";
  text += " subs r5, #1\n beq finish\n b outer\nfinish:\n b stop\n .ltorg\nstop:\n b stop\n";
  for (unsigned f = 0; f < functions; ++f) {
    text += " .balign " + number(random.below(2) ? 4 : 2) + "\nfunc f" + number(f) + "\n push {r5, r7, lr}\n";
    if (f + 1 < functions && random.below(2)) text += " bl f" + number(f + 1) + "\n";
    for (unsigned piece = 0; piece < 3; ++piece) {
      const std::string label = "l" + number(f) + "_" + number(piece);
      text += " movs r7, #" + number(1 + random.below(9)) + "\n" + label + ":\n";
      for (unsigned i = random.below(20); i > 0; --i) text += thumb_insn(random, v7, unaligned) + "\n";
      text += random.one_of(" lsrs r0, r0, #1\n bcc 1f\n adds r3, #1\n1:\n", "", " nop\n");
      text += " subs r7, #1\n bne " + label + "\n";
    }
    text += " pop {r5, r7, pc}\n .ltorg\n";
  }
  text += R"(
    func SysTick_Handler
      push  {r4, lr}
      ldr   r4, =ticks
      ldr   r0, [r4]
      adds  r0, #1
      str   r0, [r4]
      pop   {r4, pc}
      .ltorg
    .if V7
    func HardFault_Handler   @ divide by zero: the trap off, and the divide again
      ldr   r0, =0xe000ed14
      movs  r1, #0
      str   r1, [r0]
      bx    lr
      .ltorg
    .endif
      .data
    ticks:  .word 0
      .balign 8
    buffer: .space 64, 0x5a
  )";
  return ".equ V7, " + number(v7 ? 1 : 0) + "\n" + text;
}

std::string rv32_insn(Random& random, bool unaligned) {
  const auto r = [&] { return random.one_of("a0", "a1", "a2", "a3", "a4"); };
  const std::string word = number(unaligned ? random.below(60) : 4 * random.below(15)) + "(s0)";
  switch (random.below(9)) {
    case 0:
      return " " + random.one_of("add", "sub", "xor", "and", "or", "sltu", "sll", "sra") + " " + r() + ", " + r() +
             ", " + r();
    case 1:
      return " addi " + r() + ", " + r() + ", " + number(random.below(2000));
    case 2:
      return " " + random.one_of("mul", "mulh", "mulhu") + " " + r() + ", " + r() + ", " + r();
    case 3:
      return " " + random.one_of("div", "divu", "rem", "remu") + " " + r() + ", " + r() + ", " + r();
    case 4:
      return " lw " + r() + ", " + word;
    case 5:
      return " sw " + r() + ", " + word;
    case 6:
      return " lbu " + r() + ", " + number(random.below(60)) + "(s0)\n add " + r() + ", " + r() + ", " + r();
    case 7:
      return " csrr " + r() + ", mscratch\n csrw mscratch, " + r();
    default:
      return " " + random.one_of("beq", "bne", "blt", "bgeu") + " " + r() + ", " + r() + ", 1f\n addi " + r() + ", " +
             r() + ", 1\n1:";
  }
}

std::string rv32_program(unsigned seed, bool unaligned) {
  Random random(seed);
  const unsigned functions = 3;
  std::string text = R"(
    func main
      la    sp, 0x80020000
      la    t0, handler
      csrw  mtvec, t0
      la    s0, buffer
      li    a0, 0x12345678
      li    a1, 0x9abcdef0
      li    a2, 3
      li    a3, 0
      li    a4, 77
      li    s1, 30
    outer:
  )";
  for (unsigned f = 0; f < functions; ++f) text += " call f" + number(f) + "\n";
  text += " ecall\n addi s1, s1, -1\n bnez s1, outer\nstop:\n j stop\n";
  for (unsigned f = 0; f < functions; ++f) {
    text += "func f" + number(f) + "\n addi sp, sp, -16\n sw ra, 12(sp)\n";
    if (f + 1 < functions && random.below(2)) text += " call f" + number(f + 1) + "\n";
    for (unsigned piece = 0; piece < 3; ++piece) {
      const std::string label = "l" + number(f) + "_" + number(piece);
      text += " li t1, " + number(1 + random.below(9)) + "\n sw t1, 8(sp)\n" + label + ":\n";
      for (unsigned i = random.below(20); i > 0; --i) text += rv32_insn(random, unaligned) + "\n";
      text += " lw t1, 8(sp)\n addi t1, t1, -1\n sw t1, 8(sp)\n bnez t1, " + label + "\n";
    }
    text += " lw ra, 12(sp)\n addi sp, sp, 16\n ret\n";
  }
  return text + R"(
      .balign 256
      .option push
      .option norvc
    func handler             # ECALL and misaligned accesses: on behind the instruction
      csrr  t0, mepc
      lbu   t2, 0(t0)
      andi  t2, t2, 3
      addi  t2, t2, -3
      addi  t0, t0, 2
      bnez  t2, 1f
      addi  t0, t0, 2
    1:
      csrw  mepc, t0
      mret
      .option pop
      .data
      .balign 8
    buffer: .space 64, 0x5a
  )";
}

/// Everything that a run is known by.
struct Picture {
  std::vector<std::uint32_t> registers, memory;
  Cycle cycles = 0, exception_cycles = 0, idle_cycles = 0;
  std::uint64_t instructions = 0, condition_failed = 0, faults = 0;
  std::array<Cycle, timing::reason_count> reasons{};
  std::map<unsigned, std::uint64_t> exceptions;
  std::map<Address, std::pair<Cycle, std::uint64_t>> by_address;
  std::string tree;
  std::uint32_t stack_low = 0;

  bool operator==(const Picture&) const = default;
};

Picture picture(Bench& b) {
  const bool cycles_by_address = b.image().machine() == memory::Machine::riscv;
  Picture p;
  for (unsigned i = 0; i < isa::register_count; ++i) p.registers.push_back(b.r(i));
  for (unsigned i = 0; i < 16; ++i) p.memory.push_back(b.word("buffer", i));
  p.cycles = b.now();
  p.exception_cycles = b.engine().exception_cycles();
  p.idle_cycles = b.engine().idle_cycles();
  const auto counts = b.counts();
  p.instructions = counts.instructions;
  p.condition_failed = counts.condition_failed;
  p.reasons = counts.reasons;
  p.faults = b.engine().fault_count();
  p.exceptions = b.engine().exceptions_taken();
  for (const auto& [address, c] :
       profile::counts_by_address(b.engine(), b.machine().timing(), b.machine().operating_points()))
    if (c.cycles || c.instructions) p.by_address[address] = {cycles_by_address ? c.cycles : 0, c.instructions};
  p.tree = b.tree();
  p.stack_low = b.engine().state().stack_low;
  return p;
}

void expect_same(const Picture& a, const Picture& b, const std::string& what) {
  EXPECT_EQ(a.cycles, b.cycles) << what;
  EXPECT_EQ(a.registers, b.registers) << what;
  EXPECT_EQ(a.memory, b.memory) << what;
  EXPECT_EQ(a.instructions, b.instructions) << what;
  EXPECT_EQ(a.condition_failed, b.condition_failed) << what;
  EXPECT_EQ(a.reasons, b.reasons) << what;
  EXPECT_EQ(a.exception_cycles, b.exception_cycles) << what;
  EXPECT_EQ(a.exceptions, b.exceptions) << what;
  EXPECT_EQ(a.faults, b.faults) << what;
  EXPECT_EQ(a.by_address, b.by_address) << what;
  EXPECT_EQ(a.tree, b.tree) << what;
  EXPECT_EQ(a.stack_low, b.stack_low) << what;
}

/// Runs the program to cycle `end`: at once, instruction by instruction, and in random pieces. `end` lies within the
/// program or in its last loop, so that all stop at the same cycle or one instruction later.
void expect_pieces_agree(const std::string& board, const std::string& program, unsigned seed) {
  Bench whole(board, program);
  const Cycle end = 20'000 + seed * 37;
  ASSERT_NE(whole.run(end).kind, StopKind::lockup) << board << " seed " << seed;
  const Cycle stopped = whole.now();
  const Picture expected = picture(whole);
  whole.expect_conserved();
  Random random(seed);
  for (const unsigned longest : {1u, 50u, 5000u}) {
    Bench b(board, program);
    while (b.now() < stopped) {
      const Cycle limit = std::min<Cycle>(stopped, b.now() + 1 + random.below(longest));
      if (b.run(limit).kind != StopKind::limit) break;
    }
    expect_same(picture(b), expected, board + " seed " + number(seed) + ", pieces of up to " + number(longest));
    if (testing::Test::HasFailure()) break;
  }
}

class Stepping : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (test::is_riscv(GetParam()) ? !*MJ_RISCV_AS : !*MJ_ARM_AS) GTEST_SKIP() << "the cross assembler was not found";
  }
};

TEST_P(Stepping, RandomProgramsAreTheSameInPieces) {
  const std::string board = GetParam();
  for (unsigned seed = 1; seed <= 6 && !HasFailure(); ++seed) {
    const bool split = board.find("hazard3") == std::string::npos && board.find("cv32e40p") == std::string::npos;
    const unsigned period = seed % 3 == 0 ? 0 : 200 + 31 * seed;
    expect_pieces_agree(
        board, test::is_riscv(board) ? rv32_program(seed, split || seed % 2) : thumb_program(seed, true, true, period),
        seed);
  }
}

INSTANTIATE_TEST_SUITE_P(Boards, Stepping,
                         testing::Values("mps2-an386", "mps2-an385", "nucleo-l4r5zi", "rtl-ibex-small",
                                         "rtl-ibex-maxperf-bp", "rtl-hazard3-2port", "rtl-cv32e40p", "virt32"),
                         [](const auto& board) {
                           std::string name = board.param;
                           for (char& c : name)
                             if (c == '-') c = '_';
                           return name;
                         });

using TwoRuns = test::Arm;

TEST_F(TwoRuns, AreEqualAndDoNotDisturbEachOtherInOneProcess) {
  const std::string program = thumb_program(5, true, true, 300), other = thumb_program(8, true, true, 177);
  Bench alone("mps2-an386", program);
  alone.run(30000);
  const Picture expected = picture(alone);
  // Interleaved with another machine, a few cycles each in turn.
  Bench first("mps2-an386", program), second("mps2-an386", other);
  for (Cycle limit = 0; limit < 30000; limit += 777) {
    first.run(std::min<Cycle>(limit + 777, 30000));
    second.run(limit + 500);
  }
  first.run(30000);
  expect_same(picture(first), expected, "interleaved");
}

}  // namespace
}  // namespace mj
