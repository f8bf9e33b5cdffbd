// What each RV32 instruction does, read like the manual: state before, instruction, state after. The encodings are what
// binutils' assembler gives for the text beside them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/isa/rv32/run.h"

namespace mj::test {
namespace {

using isa::OpClass;
using isa::rv32::Op;
using Regs = std::map<unsigned, std::uint32_t>;

constexpr std::uint32_t pc = 0x80000100;
constexpr std::uint32_t ram = 0x20000000;

class Rv32 : public ::testing::Test {
 protected:
  /// Sets registers, then decodes and performs one instruction at `pc`.
  void run(std::uint32_t encoding, const Regs& before = {}) {
    for (const auto& [id, value] : before) c.regs[id] = value;
    insn = isa::rv32::decode(encoding, pc, isa::rv32::rv32imac);
    perform(c, insn);
    EXPECT_EQ(c.regs[0], 0u) << "x0 was written";
  }
  std::uint32_t x(unsigned id) const { return c.regs[id]; }
  void poke(std::uint32_t address, std::uint32_t value) { c.store32(address, value); }
  std::uint32_t peek(std::uint32_t address) { return c.load32(address); }
  bool went(Flow flow, std::uint32_t target) const { return c.flow == flow && c.target == target; }

  PlainContext c{ram};
  isa::Insn insn;
};

// ---- 2.4 integer computation ----------------------------------------------------------------------------------------

TEST_F(Rv32, LuiAndAuipc) {
  run(0xfffff537);  // lui a0,0xfffff
  EXPECT_EQ(x(10), 0xfffff000u);
  run(0x12345517);  // auipc a0,0x12345
  EXPECT_EQ(x(10), pc + 0x12345000u);
}

TEST_F(Rv32, AddiExtendsTheSignOfItsImmediate) {
  run(0xfff58513, {{11, 0}});  // addi a0,a1,-1
  EXPECT_EQ(x(10), 0xffffffffu);
  run(0x7ff58513, {{11, 0xffffffff}});  // addi a0,a1,2047
  EXPECT_EQ(x(10), 2046u);
}

TEST_F(Rv32, WritesToX0Vanish) {
  run(0x00158013, {{11, 41}});  // addi zero,a1,1
  EXPECT_EQ(x(0), 0u);
}

TEST_F(Rv32, SetLessThan) {
  run(0xfff5a513, {{11, 0x80000000}});  // slti a0,a1,-1
  EXPECT_EQ(x(10), 1u);
  run(0xfff5b513, {{11, 0x80000000}});  // sltiu a0,a1,-1: compares with 0xffffffff
  EXPECT_EQ(x(10), 1u);
  run(0x0015b513, {{11, 0}});  // sltiu a0,a1,1: a0 = (a1 == 0)
  EXPECT_EQ(x(10), 1u);
  run(0x0055a513, {{11, 5}});  // slti a0,a1,5: equal is not less
  EXPECT_EQ(x(10), 0u);
  run(0x0055b513, {{11, 5}});  // sltiu a0,a1,5
  EXPECT_EQ(x(10), 0u);
  run(0x00c5a533, {{11, 5}, {12, 5}});  // slt a0,a1,a2
  EXPECT_EQ(x(10), 0u);
  run(0x00c5b533, {{11, 5}, {12, 5}});  // sltu a0,a1,a2
  EXPECT_EQ(x(10), 0u);
  run(0x00c5a533, {{11, 0x7fffffff}, {12, 0x80000000}});  // slt a0,a1,a2
  EXPECT_EQ(x(10), 0u);
  run(0x00c5b533, {{11, 0x7fffffff}, {12, 0x80000000}});  // sltu a0,a1,a2
  EXPECT_EQ(x(10), 1u);
}

TEST_F(Rv32, LogicalImmediates) {
  run(0xf0f5c513, {{11, 0x0000ffff}});  // xori a0,a1,-241
  EXPECT_EQ(x(10), 0xffff00f0u);
  run(0xf0f5e513, {{11, 0x00000010}});  // ori a0,a1,-241
  EXPECT_EQ(x(10), 0xffffff1fu);
  run(0xf0f5f513, {{11, 0x12345678}});  // andi a0,a1,-241
  EXPECT_EQ(x(10), 0x12345608u);
}

TEST_F(Rv32, ShiftImmediates) {
  run(0x01f59513, {{11, 3}});  // slli a0,a1,31
  EXPECT_EQ(x(10), 0x80000000u);
  run(0x01f5d513, {{11, 0x80000000}});  // srli a0,a1,31
  EXPECT_EQ(x(10), 1u);
  run(0x41f5d513, {{11, 0x80000000}});  // srai a0,a1,31
  EXPECT_EQ(x(10), 0xffffffffu);
  run(0x4005d513, {{11, 0x80000001}});  // srai a0,a1,0
  EXPECT_EQ(x(10), 0x80000001u);
}

TEST_F(Rv32, RegisterRegister) {
  const Regs before = {{11, 0xf0000003}, {12, 0x00000022}};
  run(0x00c58533, before);  // add a0,a1,a2
  EXPECT_EQ(x(10), 0xf0000025u);
  run(0x40c58533, before);  // sub a0,a1,a2
  EXPECT_EQ(x(10), 0xefffffe1u);
  run(0x00c5c533, before);  // xor a0,a1,a2
  EXPECT_EQ(x(10), 0xf0000021u);
  run(0x00c5e533, before);  // or a0,a1,a2
  EXPECT_EQ(x(10), 0xf0000023u);
  run(0x00c5f533, before);  // and a0,a1,a2
  EXPECT_EQ(x(10), 0x00000002u);
}

TEST_F(Rv32, RegisterShiftsUseTheLowFiveBits) {
  const Regs before = {{11, 0xf0000003}, {12, 0xffffff22}};  // by 2
  run(0x00c59533, before);                                   // sll a0,a1,a2
  EXPECT_EQ(x(10), 0xc000000cu);
  run(0x00c5d533, before);  // srl a0,a1,a2
  EXPECT_EQ(x(10), 0x3c000000u);
  run(0x40c5d533, before);  // sra a0,a1,a2
  EXPECT_EQ(x(10), 0xfc000000u);
}

// ---- 2.5 control transfer -------------------------------------------------------------------------------------------

TEST_F(Rv32, JalIsJumpOrCallByItsLinkRegister) {
  run(0xff1ff06f);  // j pc-16
  EXPECT_TRUE(went(Flow::jump, pc - 16));
  EXPECT_EQ(insn.cls, OpClass::branch);
  run(0x010000ef);  // jal ra,pc+16
  EXPECT_TRUE(went(Flow::call, pc + 16));
  EXPECT_EQ(x(1), pc + 4);
  EXPECT_EQ(insn.cls, OpClass::branch_link);
  run(0x010002ef);  // jal t0,pc+16
  EXPECT_TRUE(went(Flow::call, pc + 16));
  EXPECT_EQ(x(5), pc + 4);
  run(0x0100056f);  // jal a0,pc+16
  EXPECT_TRUE(went(Flow::jump, pc + 16));
  EXPECT_EQ(x(10), pc + 4);
}

TEST_F(Rv32, JalrIsJumpCallOrReturn) {
  run(0x00008067, {{1, 0x80002001}});  // ret: bit 0 of the target is cleared
  EXPECT_TRUE(went(Flow::ret, 0x80002000));
  run(0x00028067, {{5, 0x80002004}});  // jr t0
  EXPECT_TRUE(went(Flow::ret, 0x80002004));
  run(0x00450067, {{10, 0x80002000}});  // jr 4(a0)
  EXPECT_TRUE(went(Flow::jump, 0x80002004));
  run(0xffc500e7, {{10, 0x80002000}});  // jalr ra,-4(a0)
  EXPECT_TRUE(went(Flow::call, 0x80001ffc));
  EXPECT_EQ(x(1), pc + 4);
  run(0x000080e7, {{1, 0x80002000}});  // jalr ra,0(ra): the old ra is the target
  EXPECT_TRUE(went(Flow::call, 0x80002000));
  EXPECT_EQ(x(1), pc + 4);
  run(0x00050567, {{10, 0x80002000}});  // jalr a0,0(a0)
  EXPECT_TRUE(went(Flow::jump, 0x80002000));
  EXPECT_EQ(x(10), pc + 4);
}

struct BranchCase {
  const char* text;
  std::uint32_t encoding;  // with a1, a2, to pc+8
  std::uint32_t a, b;
  bool taken;
};
class Rv32Branch : public ::testing::TestWithParam<BranchCase> {};
TEST_P(Rv32Branch, TakenIffTheConditionHolds) {
  const BranchCase& t = GetParam();
  PlainContext c;
  c.regs[11] = t.a;
  c.regs[12] = t.b;
  const isa::Insn insn = isa::rv32::decode(t.encoding, pc, 0);
  perform(c, insn);
  EXPECT_EQ(next_pc(c, insn), t.taken ? pc + 8 : pc + 4) << t.text;
  EXPECT_EQ(insn.cls, OpClass::branch_cond);
}
INSTANTIATE_TEST_SUITE_P(
    All, Rv32Branch,
    ::testing::Values(
        BranchCase{"beq", 0x00c58463, 5, 5, true}, BranchCase{"beq", 0x00c58463, 5, 6, false},
        BranchCase{"bne", 0x00c59463, 5, 6, true}, BranchCase{"bne", 0x00c59463, 5, 5, false},
        BranchCase{"blt", 0x00c5c463, 0xffffffff, 0, true}, BranchCase{"blt", 0x00c5c463, 0, 0, false},
        BranchCase{"bge", 0x00c5d463, 0, 0, true}, BranchCase{"bge", 0x00c5d463, 0x80000000, 0x7fffffff, false},
        BranchCase{"bltu", 0x00c5e463, 0, 0xffffffff, true}, BranchCase{"bltu", 0x00c5e463, 0xffffffff, 0, false},
        BranchCase{"bgeu", 0x00c5f463, 0x80000000, 0x7fffffff, true}, BranchCase{"bgeu", 0x00c5f463, 0, 1, false}));

TEST_F(Rv32, BranchesBackwards) {
  run(0xfe0508e3, {{10, 0}});  // beqz a0,pc-16
  EXPECT_TRUE(went(Flow::jump, pc - 16));
}

// ---- 2.6 loads and stores -------------------------------------------------------------------------------------------

TEST_F(Rv32, LoadsExtend) {
  poke(ram + 8, 0x8081f2f3);
  run(0x00858503, {{11, ram}});  // lb a0,8(a1)
  EXPECT_EQ(x(10), 0xfffffff3u);
  run(0x0085c503, {{11, ram}});  // lbu a0,8(a1)
  EXPECT_EQ(x(10), 0xf3u);
  run(0x00a59503, {{11, ram}});  // lh a0,10(a1)
  EXPECT_EQ(x(10), 0xffff8081u);
  run(0x00a5d503, {{11, ram}});  // lhu a0,10(a1)
  EXPECT_EQ(x(10), 0x8081u);
  run(0xff85a503, {{11, ram + 16}});  // lw a0,-8(a1)
  EXPECT_EQ(x(10), 0x8081f2f3u);
}

TEST_F(Rv32, StoresKeepTheirNeighbours) {
  poke(ram, 0x11223344);
  run(0x00b50123, {{10, ram}, {11, 0xaabbccdd}});  // sb a1,2(a0)
  EXPECT_EQ(peek(ram), 0x11dd3344u);
  run(0x00b51023, {{10, ram}, {11, 0xaabbccdd}});  // sh a1,0(a0)
  EXPECT_EQ(peek(ram), 0x11ddccddu);
  run(0xfeb52e23, {{10, ram + 4}, {11, 0xaabbccdd}});  // sw a1,-4(a0)
  EXPECT_EQ(peek(ram), 0xaabbccddu);
  run(0x00052023, {{10, ram}});  // sw zero,0(a0)
  EXPECT_EQ(peek(ram), 0u);
}

TEST_F(Rv32, FaultingLoadLeavesItsRegister) {
  run(0x0005a503, {{10, 77}, {11, 0x10}});  // lw a0,0(a1)
  EXPECT_EQ(c.fault_address, 0x10u);
  EXPECT_EQ(x(10), 77u);
}

// ---- chapter 7, M ---------------------------------------------------------------------------------------------------

struct BinaryCase {
  const char* text;
  std::uint32_t encoding;  // a0 = a1 op a2
  std::uint32_t a, b, result;
};
class Rv32Binary : public ::testing::TestWithParam<BinaryCase> {};
TEST_P(Rv32Binary, Computes) {
  const BinaryCase& t = GetParam();
  PlainContext c;
  c.regs[11] = t.a;
  c.regs[12] = t.b;
  perform(c, isa::rv32::decode(t.encoding, pc, isa::rv32::feature_m));
  EXPECT_EQ(c.regs[10], t.result) << t.text << " " << t.a << ", " << t.b;
}
constexpr std::uint32_t min = 0x80000000, minus_1 = 0xffffffff;
INSTANTIATE_TEST_SUITE_P(
    M, Rv32Binary,
    ::testing::Values(
        BinaryCase{"mul", 0x02c58533, 0x10001, 0x10001, 0x20001}, BinaryCase{"mul", 0x02c58533, minus_1, minus_1, 1},
        BinaryCase{"mulh", 0x02c59533, minus_1, minus_1, 0}, BinaryCase{"mulh", 0x02c59533, min, min, 0x40000000},
        BinaryCase{"mulhsu", 0x02c5a533, minus_1, minus_1, minus_1}, BinaryCase{"mulhsu", 0x02c5a533, 2, min, 1},
        BinaryCase{"mulhu", 0x02c5b533, minus_1, minus_1, 0xfffffffe},
        // 7.2, table 7.1
        BinaryCase{"div", 0x02c5c533, 0xfffffff9, 2, 0xfffffffd}, BinaryCase{"div", 0x02c5c533, 7, 0, minus_1},
        BinaryCase{"div", 0x02c5c533, min, minus_1, min}, BinaryCase{"divu", 0x02c5d533, min, minus_1, 0},
        BinaryCase{"divu", 0x02c5d533, 7, 0, minus_1}, BinaryCase{"rem", 0x02c5e533, 0xfffffff9, 2, minus_1},
        BinaryCase{"rem", 0x02c5e533, 0xfffffff9, 0, 0xfffffff9}, BinaryCase{"rem", 0x02c5e533, min, minus_1, 0},
        BinaryCase{"remu", 0x02c5f533, 7, 0, 7}, BinaryCase{"remu", 0x02c5f533, minus_1, 16, 15}));

// ---- chapter 8, A ---------------------------------------------------------------------------------------------------

TEST_F(Rv32, StoreConditionalNeedsItsReservation) {
  poke(ram, 5);
  run(0x100525af, {{10, ram}});  // lr.w a1,(a0)
  EXPECT_EQ(x(11), 5u);
  run(0x18c525af, {{10, ram}, {12, 6}});  // sc.w a1,a2,(a0)
  EXPECT_EQ(x(11), 0u);
  EXPECT_EQ(peek(ram), 6u);
  run(0x18c525af, {{10, ram}, {12, 7}});  // sc.w a1,a2,(a0): the reservation is gone
  EXPECT_EQ(x(11), 1u);
  EXPECT_EQ(peek(ram), 6u);
}

struct AmoCase {
  const char* text;
  std::uint32_t encoding;  // a1 = old, memory at a0 combined with a2
  std::uint32_t old, operand, result;
};
class Rv32Amo : public ::testing::TestWithParam<AmoCase> {};
TEST_P(Rv32Amo, GivesTheOldValueAndStoresTheNew) {
  const AmoCase& t = GetParam();
  PlainContext c(ram);
  c.store32(ram + 4, t.old);
  c.regs[10] = ram + 4;
  c.regs[12] = t.operand;
  const isa::Insn insn = isa::rv32::decode(t.encoding, pc, isa::rv32::feature_a);
  perform(c, insn);
  EXPECT_EQ(c.regs[11], t.old) << t.text;
  EXPECT_EQ(c.load32(ram + 4), t.result) << t.text;
  EXPECT_EQ(insn.cls, OpClass::amo);
}
INSTANTIATE_TEST_SUITE_P(A, Rv32Amo,
                         ::testing::Values(AmoCase{"amoswap.w", 0x08c525af, 1, 2, 2},
                                           AmoCase{"amoadd.w", 0x00c525af, 1, 2, 3},
                                           AmoCase{"amoxor.w", 0x20c525af, 0xff, 0x0f, 0xf0},
                                           AmoCase{"amoand.w", 0x60c525af, 0xff, 0x10f, 0x0f},
                                           AmoCase{"amoor.w", 0x40c525af, 0xf0, 0x0f, 0xff},
                                           AmoCase{"amomin.w", 0x80c525af, 1, minus_1, minus_1},
                                           AmoCase{"amomax.w", 0xa0c525af, 1, minus_1, 1},
                                           AmoCase{"amominu.w", 0xc0c525af, 1, minus_1, 1},
                                           AmoCase{"amomaxu.w", 0xe0c525af, 1, minus_1, minus_1}));

TEST_F(Rv32, AmoRefusesAMisalignedAddress) {
  run(0x00c525af, {{10, ram + 2}, {11, 77}, {12, 1}});  // amoadd.w a1,a2,(a0)
  EXPECT_EQ(c.fault_address, ram + 2);
  EXPECT_EQ(x(11), 77u);
  EXPECT_EQ(peek(ram), 0u);
}

// ---- chapter 9, Zicsr -----------------------------------------------------------------------------------------------

constexpr std::uint32_t mscratch = 0x340;

TEST_F(Rv32, CsrReadWriteSetClear) {
  c.system_values[mscratch] = 0xf0;
  run(0x34059573, {{11, 0x0f}});  // csrrw a0,mscratch,a1
  EXPECT_EQ(x(10), 0xf0u);
  EXPECT_EQ(c.system_values[mscratch], 0x0fu);
  run(0x3405a573, {{11, 0x30}});  // csrrs a0,mscratch,a1
  EXPECT_EQ(x(10), 0x0fu);
  EXPECT_EQ(c.system_values[mscratch], 0x3fu);
  run(0x3405b573, {{11, 0x0f}});  // csrrc a0,mscratch,a1
  EXPECT_EQ(x(10), 0x3fu);
  EXPECT_EQ(c.system_values[mscratch], 0x30u);
  run(0x34051573, {{10, 9}});  // csrrw a0,mscratch,a0: swaps
  EXPECT_EQ(x(10), 0x30u);
  EXPECT_EQ(c.system_values[mscratch], 9u);
}

TEST_F(Rv32, CsrImmediates) {
  c.system_values[mscratch] = 0xf0;
  run(0x340fd573);  // csrrwi a0,mscratch,31
  EXPECT_EQ(x(10), 0xf0u);
  EXPECT_EQ(c.system_values[mscratch], 31u);
  run(0x3400f573);  // csrrci a0,mscratch,1
  EXPECT_EQ(c.system_values[mscratch], 30u);
  run(0x3400e573);  // csrrsi a0,mscratch,1
  EXPECT_EQ(x(10), 30u);
  EXPECT_EQ(c.system_values[mscratch], 31u);
}

TEST_F(Rv32, CsrAccessesThatOnlyReadOrOnlyWrite) {
  for (const std::uint32_t encoding : {0x34002573u, 0x34003573u, 0x34006573u, 0x34007573u}) {  // csrr a0,mscratch
    run(encoding);
    EXPECT_EQ(insn.cls, OpClass::sys_read);
    EXPECT_TRUE(c.system_writes.empty()) << std::hex << encoding;
  }
  run(0x34059073, {{11, 3}});  // csrw mscratch,a1
  EXPECT_EQ(insn.op, static_cast<std::uint16_t>(Op::csrw));
  EXPECT_EQ(c.system_values[mscratch], 3u);
  run(0x3402d073);  // csrwi mscratch,5
  EXPECT_EQ(insn.op, static_cast<std::uint16_t>(Op::csrwi));
  EXPECT_EQ(c.system_values[mscratch], 5u);
  run(0x34002073 | 11u << 15, {{11, 2}});  // csrs mscratch,a1: writes, and reads into nothing
  EXPECT_EQ(insn.cls, OpClass::sys_write);
  EXPECT_EQ(c.system_values[mscratch], 7u);
}

// ---- system ---------------------------------------------------------------------------------------------------------

TEST_F(Rv32, EnvironmentCallsAndReturns) {
  using Raised = std::pair<std::uint32_t, std::uint32_t>;
  run(0x00000073);  // ecall
  EXPECT_EQ(c.raised, Raised(isa::rv32::raise_ecall, 0));
  c.raised.reset();
  run(0x00100073);  // ebreak
  EXPECT_EQ(c.raised, Raised(isa::rv32::raise_ebreak, 0));
  c.raised.reset();
  run(0x30200073);  // mret
  EXPECT_EQ(c.raised, Raised(isa::rv32::raise_mret, 0x30200073));
  EXPECT_EQ(insn.cls, OpClass::trap_return);
  c.raised.reset();
  run(0x10200073);  // sret: no supervisor mode
  EXPECT_EQ(c.raised, Raised(isa::rv32::raise_illegal, 0x10200073));
}

TEST_F(Rv32, FencesAndWfi) {
  run(0x0ff0000f);  // fence
  EXPECT_EQ(insn.cls, OpClass::barrier);
  EXPECT_TRUE(c.system_writes.empty());
  run(0x0000100f);  // fence.i
  EXPECT_EQ(insn.cls, OpClass::barrier_fetch);
  run(0x10500073);  // wfi
  EXPECT_EQ(insn.cls, OpClass::wait);
  EXPECT_THAT(c.system_writes, ::testing::ElementsAre(std::pair(isa::rv32::sys_fence_i + 0u, 0u),
                                                      std::pair(isa::rv32::sys_wfi + 0u, 0u)));
}

// ---- chapter 16, C: the forms whose expansion is not obvious --------------------------------------------------------

TEST_F(Rv32, CompressedCallsLinkBehindTwoBytes) {
  run(0x2801);  // c.jal pc+16
  EXPECT_TRUE(went(Flow::call, pc + 16));
  EXPECT_EQ(x(1), pc + 2);
  run(0x9502, {{10, 0x80002000}});  // c.jalr a0
  EXPECT_TRUE(went(Flow::call, 0x80002000));
  EXPECT_EQ(x(1), pc + 2);
  run(0x8082, {{1, 0x80002000}});  // c.jr ra
  EXPECT_TRUE(went(Flow::ret, 0x80002000));
  EXPECT_EQ(insn.cls, OpClass::branch_reg);
}

TEST_F(Rv32, CompressedStackArithmetic) {
  run(0x7139, {{2, 0x1000}});  // c.addi16sp sp,-64
  EXPECT_EQ(x(2), 0x1000u - 64);
  run(0x0068, {{2, 0x1000}});  // c.addi4spn a0,sp,12
  EXPECT_EQ(x(10), 0x100cu);
  run(0xc62a, {{2, ram}, {10, 42}});  // c.swsp a0,12(sp)
  EXPECT_EQ(peek(ram + 12), 42u);
  run(0x45b2, {{2, ram}});  // c.lwsp a1,12(sp)
  EXPECT_EQ(x(11), 42u);
}

TEST_F(Rv32, CompressedMovesReadX0) {
  run(0x852e, {{11, 5}, {10, 9}});  // c.mv a0,a1
  EXPECT_EQ(x(10), 5u);
  run(0x557d);  // c.li a0,-1
  EXPECT_EQ(x(10), minus_1);
  run(0x757d);  // c.lui a0,0xfffff
  EXPECT_EQ(x(10), 0xfffff000u);
}

// ---- effects --------------------------------------------------------------------------------------------------------

TEST(Rv32Effects, TellWhatFlowsWhere) {
  const auto effects = [](std::uint32_t encoding) {
    return isa::rv32::effects(isa::rv32::decode(encoding, pc, isa::rv32::rv32imac));
  };
  const auto bit = [](unsigned id) { return isa::reg_bit(id); };
  const isa::Effects sw = effects(0xfeb52e23);  // sw a1,-4(a0)
  EXPECT_EQ(sw.address, bit(10));
  EXPECT_EQ(sw.store_data, bit(11));
  EXPECT_EQ(sw.stores, 1);
  EXPECT_EQ(sw.writes, 0u);
  const isa::Effects amo = effects(0x00c525af);  // amoadd.w a1,a2,(a0)
  EXPECT_EQ(amo.reads, bit(10) | bit(12));
  EXPECT_EQ(amo.writes, bit(11));
  EXPECT_EQ(amo.loads + amo.stores, 2);
  EXPECT_EQ(effects(0x00008067).target, bit(1));            // ret
  EXPECT_EQ(effects(0x00158013).writes, 0u);                // addi zero,a1,1
  EXPECT_EQ(effects(0x02c5c533).reads, bit(11) | bit(12));  // div a0,a1,a2
  EXPECT_EQ(effects(0x34051573).writes, bit(10));           // csrrw a0,mscratch,a0
}

}  // namespace
}  // namespace mj::test
