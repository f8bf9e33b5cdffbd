// Which of the 4096 CSRs a core has and which of their bits can be written. The tables are what the cores' RTL (lowRISC
// Ibex 8b8ee086, OpenHW CV32E40P 6033d2b1, Hazard3 82729101 and, as RP2350
// has it, 86fc4e3f; Verilator 5.006) did with a program that read each one,
// wrote ones and zeros to it and read it again.
//
// Known not to be so here: CV32E40P's one event counter (0x323, 0xb03, 0xb83), which counts nothing and whose use is
// reported; mcause of Ibex with bits 31 and 30 both set, which stands for an interrupt of the core's own.
#include "tests/engine/bench.h"

namespace mj::test {
namespace {

enum Kind {
  writes,  ///< reads `ones` after ones were written, `zeros` after zeros were
  fixed,   ///< is read-only: a write is an illegal instruction
  counts,  ///< is a counter
};
struct Row {
  std::uint32_t first, last;
  Kind kind;
  std::uint32_t ones = 0, zeros = 0;
};

const std::vector<Row> ibex{{0x300, 0x300, writes, 0x221888, 0x0},
                            {0x301, 0x301, writes, 0x40101104, 0x40101104},
                            {0x304, 0x304, writes, 0x7fff0888, 0x0},
                            {0x305, 0x305, writes, 0xffffff01, 0x1},
                            {0x306, 0x306, writes, 0x5, 0x0},
                            {0x30a, 0x30a, writes, 0x0, 0x0},
                            {0x310, 0x310, writes, 0x0, 0x0},
                            {0x31a, 0x31a, writes, 0x0, 0x0},
                            {0x320, 0x320, writes, 0x5, 0x0},
                            {0x323, 0x33f, writes, 0x0, 0x0},
                            {0x340, 0x340, writes, 0xffffffff, 0x0},
                            {0x341, 0x341, writes, 0xfffffffe, 0x0},
                            {0x342, 0x342, writes, 0x8000001f, 0x0},
                            {0x343, 0x343, writes, 0xffffffff, 0x0},
                            {0x344, 0x344, writes, 0x0, 0x0},
                            {0x7c0, 0x7c0, writes, 0xc0, 0x0},
                            {0x7c1, 0x7c1, writes, 0x0, 0x0},
                            {0xb00, 0xb00, counts},
                            {0xb02, 0xb02, counts},
                            {0xb03, 0xb1f, writes, 0x0, 0x0},
                            {0xb80, 0xb80, counts},
                            {0xb82, 0xb82, counts},
                            {0xb83, 0xb9f, writes, 0x0, 0x0},
                            {0xc00, 0xc00, counts},
                            {0xc02, 0xc02, counts},
                            {0xc03, 0xc1f, fixed, 0x0, 0x0},
                            {0xc80, 0xc80, counts},
                            {0xc82, 0xc82, counts},
                            {0xc83, 0xc9f, fixed, 0x0, 0x0},
                            {0xf11, 0xf11, fixed, 0x0, 0x0},
                            {0xf12, 0xf12, fixed, 0x16, 0x16},
                            {0xf13, 0xf15, fixed, 0x0, 0x0}};
const std::vector<Row> cv32e40p{{0x300, 0x300, writes, 0x1888, 0x1800},
                                {0x301, 0x301, writes, 0x40001104, 0x40001104},
                                {0x304, 0x304, writes, 0xffff0888, 0x0},
                                {0x305, 0x305, writes, 0xffffff01, 0x0},
                                {0x320, 0x320, writes, 0xd, 0x0},
                                {0x323, 0x33f, writes, 0x0, 0x0},
                                {0x340, 0x340, writes, 0xffffffff, 0x0},
                                {0x341, 0x341, writes, 0xfffffffe, 0x0},
                                {0x342, 0x342, writes, 0x8000001f, 0x0},
                                {0x343, 0x344, writes, 0x0, 0x0},
                                {0x7a0, 0x7a0, writes, 0x0, 0x0},
                                {0x7a1, 0x7a1, writes, 0x28001040, 0x28001040},
                                {0x7a2, 0x7a3, writes, 0x0, 0x0},
                                {0x7a4, 0x7a4, writes, 0x4, 0x4},
                                {0x7a8, 0x7a8, writes, 0x0, 0x0},
                                {0x7aa, 0x7aa, writes, 0x0, 0x0},
                                {0xb00, 0xb00, counts},
                                {0xb02, 0xb02, counts},
                                {0xb03, 0xb1f, writes, 0x0, 0x0},
                                {0xb80, 0xb80, counts},
                                {0xb82, 0xb82, counts},
                                {0xb83, 0xb9f, writes, 0x0, 0x0},
                                {0xc00, 0xc00, counts},
                                {0xc02, 0xc02, counts},
                                {0xc03, 0xc1f, fixed, 0x0, 0x0},
                                {0xc80, 0xc80, counts},
                                {0xc82, 0xc82, counts},
                                {0xc83, 0xc9f, fixed, 0x0, 0x0},
                                {0xf11, 0xf11, fixed, 0x602, 0x602},
                                {0xf12, 0xf12, fixed, 0x4, 0x4},
                                {0xf13, 0xf14, fixed, 0x0, 0x0}};
const std::vector<Row> hazard3{{0x300, 0x300, writes, 0x21888, 0x1800},
                               {0x301, 0x301, writes, 0x40001107, 0x40001107},
                               {0x304, 0x304, writes, 0x888, 0x0},
                               {0x305, 0x305, writes, 0xfffffffd, 0x0},
                               {0x310, 0x310, writes, 0x0, 0x0},
                               {0x320, 0x320, writes, 0x5, 0x0},
                               {0x323, 0x33f, writes, 0x0, 0x0},
                               {0x340, 0x340, writes, 0xffffffff, 0x0},
                               {0x341, 0x341, writes, 0xfffffffe, 0x0},
                               {0x342, 0x342, writes, 0x8000000f, 0x0},
                               {0x343, 0x344, writes, 0x0, 0x0},
                               {0xb00, 0xb00, counts},
                               {0xb02, 0xb02, counts},
                               {0xb03, 0xb1f, writes, 0x0, 0x0},
                               {0xb80, 0xb80, counts},
                               {0xb82, 0xb82, counts},
                               {0xb83, 0xb9f, writes, 0x0, 0x0},
                               {0xc00, 0xc00, counts},
                               {0xc02, 0xc02, counts},
                               {0xc80, 0xc80, counts},
                               {0xc82, 0xc82, counts},
                               {0xf11, 0xf11, fixed, 0x0, 0x0},
                               {0xf12, 0xf12, fixed, 0x1b, 0x1b},
                               {0xf13, 0xf15, fixed, 0x0, 0x0}};

// Without its triggers (0x7a0 to 0x7a5), which are not modelled.
const std::vector<Row> rp2350{{0x300, 0x300, writes, 0x221888, 0x0},
                              {0x301, 0x301, writes, 0x40901105, 0x40901105},
                              {0x304, 0x304, writes, 0x888, 0x0},
                              {0x305, 0x305, writes, 0xfffffffd, 0x0},
                              {0x306, 0x306, writes, 0x7, 0x0},
                              {0x30a, 0x30a, writes, 0x0, 0x0},
                              {0x310, 0x310, writes, 0x0, 0x0},
                              {0x31a, 0x31a, writes, 0x0, 0x0},
                              {0x320, 0x320, writes, 0x5, 0x0},
                              {0x323, 0x33f, writes, 0x0, 0x0},
                              {0x340, 0x340, writes, 0xffffffff, 0x0},
                              {0x341, 0x341, writes, 0xfffffffe, 0x0},
                              {0x342, 0x342, writes, 0x8000000f, 0x0},
                              {0x343, 0x344, writes, 0x0, 0x0},
                              {0x3a0, 0x3a1, writes, 0x9f9f9f9f, 0x9f9f9f9f},
                              {0x3a2, 0x3a2, writes, 0x1f1f1f, 0x1f1f1f},
                              {0x3a3, 0x3a3, writes, 0x0, 0x0},
                              {0x3b0, 0x3b7, writes, 0x0, 0x0},
                              {0x3b8, 0x3ba, writes, 0x3fffffff, 0x3},
                              {0x3bb, 0x3bf, writes, 0x0, 0x0},
                              {0xb00, 0xb00, counts},
                              {0xb02, 0xb02, counts},
                              {0xb03, 0xb1f, writes, 0x0, 0x0},
                              {0xb80, 0xb80, counts},
                              {0xb82, 0xb82, counts},
                              {0xb83, 0xb9f, writes, 0x0, 0x0},
                              {0xbd0, 0xbd0, writes, 0xff, 0x0},
                              {0xbe0, 0xbe3, writes, 0x0, 0x0},
                              {0xbe4, 0xbe4, writes, 0x80000000, 0x80000000},
                              {0xbe5, 0xbe5, writes, 0xff1f9ff1, 0x0},
                              {0xbf0, 0xbf0, writes, 0x7, 0x0},
                              {0xc00, 0xc00, counts},
                              {0xc02, 0xc02, counts},
                              {0xc80, 0xc80, counts},
                              {0xc82, 0xc82, counts},
                              {0xf11, 0xf11, fixed, 0x493, 0x493},
                              {0xf12, 0xf12, fixed, 0x1b, 0x1b},
                              {0xf13, 0xf13, fixed, 0x86fc4e3f, 0x86fc4e3f},
                              {0xf14, 0xf15, fixed, 0x0, 0x0}};

struct Case {
  const char* board;
  const std::vector<Row>& rows;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.board; }

class CsrMap : public testing::TestWithParam<Case> {};

TEST_P(CsrMap, IsTheRtls) {
  Bench b(GetParam().board, "func main\n j main\n");
  Machine& m = b.machine();
  for (std::uint32_t csr = 0; csr < 4096; ++csr) {
    SCOPED_TRACE(testing::Message() << "CSR 0x" << std::hex << csr);
    const Row* row = nullptr;
    for (const Row& r : GetParam().rows)
      if (csr >= r.first && csr <= r.last) row = &r;
    EXPECT_EQ(m.read_system_register(csr).has_value(), row != nullptr) << "whether it exists";
    if (!row || row->kind == counts) continue;
    EXPECT_EQ(m.write_system_register(csr, 0xffffffff), row->kind == writes);
    EXPECT_EQ(m.read_system_register(csr), row->ones);
    m.write_system_register(csr, 0);
    EXPECT_EQ(m.read_system_register(csr), row->zeros);
  }
}

INSTANTIATE_TEST_SUITE_P(, CsrMap,
                         testing::Values(Case{"rtl-ibex-small", ibex}, Case{"rtl-ibex-maxperf-bp", ibex},
                                         Case{"rtl-cv32e40p", cv32e40p}, Case{"rtl-hazard3-2port", hazard3},
                                         Case{"rtl-hazard3-2port-min", hazard3}, Case{"pico2-riscv", rp2350}),
                         [](const auto& i) {
                           std::string name = i.param.board;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Csr, AtReset) {
  struct Reset {
    const char* board;
    std::uint32_t mstatus, mtvec, mcountinhibit;
  };
  for (const Reset& r : {Reset{"rtl-ibex-small", 0x80, 0x80000001, 0}, Reset{"rtl-cv32e40p", 0x1800, 0x80000001, 0xd},
                         Reset{"rtl-hazard3-2port", 0x1800, 0x80000000, 5}, Reset{"pico2-riscv", 0x1800, 0x7ffc, 5}}) {
    SCOPED_TRACE(r.board);
    Bench b(r.board, "func main\n j main\n");
    EXPECT_EQ(b.machine().read_system_register(0x300), r.mstatus);
    EXPECT_EQ(b.machine().read_system_register(0x305), r.mtvec);
    EXPECT_EQ(b.machine().read_system_register(0x320), r.mcountinhibit);
  }
}

TEST(Csr, MachineModeReadsTheCountersOfUserMode) {
  for (const char* board : {"rtl-ibex-small", "rtl-cv32e40p", "rtl-hazard3-2port"}) {
    SCOPED_TRACE(board);
    Bench b(board,
            "func main\n csrwi 0x320, 0\n rdcycle a0\n nop\n nop\n rdcycle a1\n rdinstret a2\n rdinstret a3\n"
            "stopped:\n j stopped\n");
    EXPECT_EQ(b.run().pc, b.at("stopped"));
    EXPECT_GE(b.r(a1) - b.r(a0), 3u) << "CV32E40P takes more for a counter";
    EXPECT_LT(b.r(a1) - b.r(a0), 12u);
    EXPECT_EQ(b.r(a3) - b.r(a2), 1u);
  }
}

TEST(Csr, Esp32C3CountsCyclesOrInstructions) {
  Bench b("esp32-c3", R"(
    func main
      csrr  a0, 0x7e2
      nop
      csrr  a1, 0x7e2       # cycles, from reset on
      csrwi 0x7e1, 0
      csrwi 0x7e0, 2
      csrwi 0x7e2, 7
      nop
      csrr  a2, 0x7e2       # stands still
      csrwi 0x7e1, 1
      nop
      nop
      csrr  a3, 0x7e2       # instructions
    stopped:
      j     stopped
  )");
  EXPECT_EQ(b.run().pc, b.at("stopped"));
  EXPECT_GE(b.r(a1) - b.r(a0), 2u);
  EXPECT_EQ(b.r(a2), 7u);
  EXPECT_GE(b.r(a3), 9u);
  EXPECT_LE(b.r(a3), 10u);
  EXPECT_FALSE(b.machine().read_system_register(0xc00)) << "it has no Zicntr";
}

TEST(Csr, ARefusedAccessTakesTheCyclesOfATrap) {
  // Cycles of the RTL from a store to the one behind a NOP or the instruction, whose handler has four.
  struct Cost {
    const char* board;
    Cycle nothing, illegal, unknown_csr, written_read_only;
  };
  for (const Cost& c : {Cost{"rtl-ibex-small", 3, 11, 11, 11}, Cost{"rtl-ibex-maxperf", 2, 10, 10, 10},
                        Cost{"rtl-cv32e40p", 2, 20, 19, 19}, Cost{"rtl-hazard3-2port", 2, 10, 10, 10}}) {
    SCOPED_TRACE(c.board);
    const auto cycles = [&](const std::string& insn) {
      Bench b(c.board,
              ".option norvc\nfunc main\n la t0, handler\n csrw mtvec, t0\n la s0, 0x80010000\n sw a0, 0(s0)\n" + insn +
                  "\n sw a0, 0(s0)\nstopped:\n j stopped\n .balign 256\nfunc handler\n"
                  " csrr t1, mepc\n addi t1, t1, 4\n csrw mepc, t1\n mret\n");
      EXPECT_EQ(b.run().pc, b.at("stopped"));
      return b.engine().now();
    };
    const Cycle nothing = cycles("nop");
    EXPECT_EQ(cycles(".word 0xffffffff") - nothing, c.illegal - c.nothing);
    EXPECT_EQ(cycles("csrr a0, 0x5c0") - nothing, c.unknown_csr - c.nothing);
    EXPECT_EQ(cycles("csrw 0xf14, a1") - nothing, c.written_read_only - c.nothing);
  }
}

TEST(Csr, IbexTellsOfSynchronousExceptions) {
  Bench b("rtl-ibex-small", R"(
    func main
      la    t0, handler
      csrw  mtvec, t0
      csrr  a0, 0x7c0
      ecall
      csrr  a3, 0x7c0
    stopped:
      j     stopped
      .balign 256
    func handler
      csrr  a1, 0x7c0
      bnez  a2, again
      la    t1, back
      csrr  s0, mepc
      csrr  a2, 0x7c0
      ecall
    back:
      nop
    again:
      csrr  a4, 0x7c0
      addi  s0, s0, 4
      csrw  mepc, s0
      mret
  )");
  EXPECT_EQ(b.run().pc, b.at("stopped"));
  EXPECT_EQ(b.r(a0), 0u);
  EXPECT_EQ(b.r(a2), 0x40u) << "sync_exc_seen";
  EXPECT_EQ(b.r(a4), 0xc0u) << "double_fault_seen, too: an exception while one is handled";
  EXPECT_EQ(b.r(a3), 0x80u) << "MRET clears the first";
}

}  // namespace
}  // namespace mj::test
