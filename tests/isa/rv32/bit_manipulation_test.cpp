// Zba, Zbb, Zbs, Zbc, Zbkb, Zicond, Zcb and Zcmp: state before, instruction, state after.
#include <gtest/gtest.h>

#include "isa/rv32/disasm.h"
#include "tests/isa/rv32/perform.h"

namespace mj::test {
namespace {

using namespace isa::rv32;

constexpr Features all = ~Features{feature_e};
constexpr std::uint32_t ram = 0x20000000, pc = 0x80000100;
constexpr std::uint32_t int_min = 0x80000000, int_max = 0x7fffffff, minus_1 = 0xffffffff;

/// a0 after `name a0,a1,a2`, or with an immediate `name a0,a1,shift`.
std::uint32_t result(std::string_view name, std::uint32_t a1, std::uint32_t a2 = 0, unsigned shift = 0) {
  PlainContext c{ram};
  c.regs[rs1] = a1;
  c.regs[rs2] = a2;
  perform(c, decode(encode(name, shift), pc, all));
  return c.regs[rd];
}

TEST(Rv32Zba, ShiftsTheFirstOperandAndAdds) {
  EXPECT_EQ(result("sh1add", 3, 100), 106u);
  EXPECT_EQ(result("sh2add", 3, 100), 112u);
  EXPECT_EQ(result("sh3add", 3, 100), 124u);
  EXPECT_EQ(result("sh3add", 0x20000001, minus_1), 7u) << "upper bits are lost, the sum wraps";
}

TEST(Rv32Zbb, LogicWithAnInvertedOperand) {
  EXPECT_EQ(result("andn", 0xff00ff00, 0xf0f0f0f0), 0x0f000f00u);
  EXPECT_EQ(result("orn", 0x0000ff00, 0xf0f0f0f0), 0x0f0fff0fu);
  EXPECT_EQ(result("xnor", 0xff00ff00, 0xf0f0f0f0), 0xf00ff00fu);
}

TEST(Rv32Zbb, CountsBits) {
  EXPECT_EQ(result("clz", 0), 32u);
  EXPECT_EQ(result("clz", 1), 31u);
  EXPECT_EQ(result("clz", int_min), 0u);
  EXPECT_EQ(result("ctz", 0), 32u);
  EXPECT_EQ(result("ctz", int_min), 31u);
  EXPECT_EQ(result("ctz", 1), 0u);
  EXPECT_EQ(result("cpop", 0), 0u);
  EXPECT_EQ(result("cpop", minus_1), 32u);
  EXPECT_EQ(result("cpop", 0x80000101), 3u);
}

TEST(Rv32Zbb, MinimaAndMaximaAreSignedOrNot) {
  EXPECT_EQ(result("min", int_min, int_max), int_min);
  EXPECT_EQ(result("max", int_min, int_max), int_max);
  EXPECT_EQ(result("minu", int_min, int_max), int_max);
  EXPECT_EQ(result("maxu", int_min, int_max), int_min);
  EXPECT_EQ(result("max", minus_1, 0), 0u);
  EXPECT_EQ(result("maxu", minus_1, 0), minus_1);
}

TEST(Rv32Zbb, Extends) {
  EXPECT_EQ(result("sext.b", 0x12345680), 0xffffff80u);
  EXPECT_EQ(result("sext.b", 0x1234567f), 0x7fu);
  EXPECT_EQ(result("sext.h", 0x12348000), 0xffff8000u);
  EXPECT_EQ(result("sext.h", 0x12347fff), 0x7fffu);
  EXPECT_EQ(result("zext.h", 0xffff8000), 0x8000u);
}

TEST(Rv32Zbb, RotatesByTheLowFiveBits) {
  EXPECT_EQ(result("rol", 0x80000001, 1), 3u);
  EXPECT_EQ(result("ror", 0x80000001, 1), 0xc0000000u);
  EXPECT_EQ(result("rol", 0x12345678, 0), 0x12345678u);
  EXPECT_EQ(result("ror", 0x12345678, 32), 0x12345678u);
  EXPECT_EQ(result("rol", 0x12345678, 36), 0x23456781u);
  EXPECT_EQ(result("rori", 0x12345678, 0, 0), 0x12345678u);
  EXPECT_EQ(result("rori", 0x12345678, 0, 31), 0x2468acf0u);
}

TEST(Rv32Zbb, BytesOfAWord) {
  EXPECT_EQ(result("orc.b", 0x00010080), 0x00ff00ffu);
  EXPECT_EQ(result("orc.b", 0), 0u);
  EXPECT_EQ(result("orc.b", 0x7f800001), 0xffff00ffu);
  EXPECT_EQ(result("rev8", 0x12345678), 0x78563412u);
}

TEST(Rv32Zbs, OneBitByRegister) {
  EXPECT_EQ(result("bset", 0, 31), int_min);
  EXPECT_EQ(result("bset", 0, 32), 1u) << "the low five bits count";
  EXPECT_EQ(result("bclr", minus_1, 0), 0xfffffffeu);
  EXPECT_EQ(result("binv", 0xf0, 4), 0xe0u);
  EXPECT_EQ(result("binv", 0xe0, 4), 0xf0u);
  EXPECT_EQ(result("bext", int_min, 31), 1u);
  EXPECT_EQ(result("bext", int_max, 63), 0u);
}

TEST(Rv32Zbs, OneBitByImmediate) {
  EXPECT_EQ(result("bseti", 0, 0, 31), int_min);
  EXPECT_EQ(result("bclri", minus_1, 0, 0), 0xfffffffeu);
  EXPECT_EQ(result("binvi", 1, 0, 0), 0u);
  EXPECT_EQ(result("bexti", int_min, 0, 31), 1u);
}

TEST(Rv32Zbc, ProductsWithoutCarries) {
  // (x + 1)(x + 1) = x^2 + 1
  EXPECT_EQ(result("clmul", 3, 3), 5u);
  EXPECT_EQ(result("clmul", minus_1, minus_1), 0x55555555u);
  EXPECT_EQ(result("clmulh", minus_1, minus_1), 0x55555555u);
  EXPECT_EQ(result("clmulr", minus_1, minus_1), 0xaaaaaaaau);
  EXPECT_EQ(result("clmulh", int_min, int_min), 0x40000000u);
  EXPECT_EQ(result("clmulr", int_min, int_min), int_min);
  EXPECT_EQ(result("clmulr", 1, int_min), 1u);
  EXPECT_EQ(result("clmulh", 1, int_min), 0u);
}

TEST(Rv32Zbkb, PacksAndShuffles) {
  EXPECT_EQ(result("pack", 0x11112222, 0x33334444), 0x44442222u);
  EXPECT_EQ(result("packh", 0x11112222, 0x33334444), 0x00004422u);
  EXPECT_EQ(result("brev8", 0x01020380), 0x8040c001u);
  EXPECT_EQ(result("zip", 0x0000ffff), 0x55555555u);
  EXPECT_EQ(result("zip", 0xffff0000), 0xaaaaaaaau);
  EXPECT_EQ(result("unzip", 0x55555555), 0x0000ffffu);
  EXPECT_EQ(result("unzip", result("zip", 0x12345678)), 0x12345678u);
}

TEST(Rv32Zicond, ZeroUnlessTheConditionHolds) {
  EXPECT_EQ(result("czero.eqz", 7, 0), 0u);
  EXPECT_EQ(result("czero.eqz", 7, int_min), 7u);
  EXPECT_EQ(result("czero.nez", 7, 0), 7u);
  EXPECT_EQ(result("czero.nez", 7, 1), 0u);
}

// ---- 16-bit forms ---------------------------------------------------------------------------------------------------

class Rv32Compressed : public ::testing::Test {
 protected:
  void run(std::uint32_t encoding) {
    insn = decode(encoding, pc, all);
    perform(c, insn);
  }
  PlainContext c{ram};
  isa::Insn insn;
};

TEST_F(Rv32Compressed, ZcbLoadsAndStores) {
  c.store32(ram, 0x80f1f2f3);
  c.regs[a1] = ram;
  run(0x81a8);  // c.lbu a0,2(a1): bit 5 is the offset's upper bit
  EXPECT_EQ(c.regs[a0], 0xf1u);
  run(0x81c8);  // c.lbu a0,1(a1)
  EXPECT_EQ(c.regs[a0], 0xf2u);
  run(0x85a8);  // c.lhu a0,2(a1)
  EXPECT_EQ(c.regs[a0], 0x80f1u);
  run(0x85e8);  // c.lh a0,2(a1)
  EXPECT_EQ(c.regs[a0], 0xffff80f1u);
  c.regs[a0] = 0x1234;
  run(0x89e8);  // c.sb a0,3(a1)
  EXPECT_EQ(c.load32(ram), 0x34f1f2f3u);
  run(0x8d88);  // c.sh a0,0(a1)
  EXPECT_EQ(c.load32(ram), 0x34f11234u);
}

TEST_F(Rv32Compressed, ZcbArithmetic) {
  const struct {
    std::uint32_t encoding, after;
  } cases[] = {{0x9d61, 0x80}, {0x9d65, 0xffffff80}, {0x9d69, 0x8180}, {0x9d6d, 0xffff8180}, {0x9d75, 0xedcc7e7f}};
  for (const auto& t : cases) {  // c.zext.b, c.sext.b, c.zext.h, c.sext.h, c.not of a0
    c.regs[a0] = 0x12338180;
    run(t.encoding);
    EXPECT_EQ(c.regs[a0], t.after) << std::hex << t.encoding;
  }
  c.regs[a0] = 7, c.regs[a1] = minus_1;
  run(0x9d4d);  // c.mul a0,a1
  EXPECT_EQ(c.regs[a0], 0u - 7u);
}

// Code Size Reduction 1.0, 3.5: the list of each rlist, lowest address first, and the stack that it takes.
constexpr unsigned list[] = {1, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27};
constexpr struct {
  unsigned rlist, registers, stack;
} lists[] = {{4, 1, 16},  {5, 2, 16},  {6, 3, 16},  {7, 4, 16},   {8, 5, 32},   {9, 6, 32},
             {10, 7, 32}, {11, 8, 32}, {12, 9, 48}, {13, 10, 48}, {14, 11, 48}, {15, 13, 64}};

TEST_F(Rv32Compressed, CmPushStoresTheListBelowTheStackPointer) {
  for (const auto& t : lists)
    for (const unsigned more : {0u, 1u, 2u, 3u}) {
      const std::uint32_t top = ram + 0x800;
      for (unsigned id = 1; id < 32; ++id) c.regs[id] = 0x1000 + id;
      c.regs[sp] = top;
      c.store32(top - 4 * t.registers - 4, 0xabcd);
      run(0xb802 | t.rlist << 4 | more << 2);
      EXPECT_EQ(c.regs[sp], top - t.stack - 16 * more) << "rlist " << t.rlist;
      for (unsigned k = 0; k < t.registers; ++k)
        EXPECT_EQ(c.load32(top - 4 * (t.registers - k)), 0x1000 + list[k]) << "rlist " << t.rlist;
      EXPECT_EQ(c.load32(top - 4 * t.registers - 4), 0xabcdu) << "below the list";
    }
}

TEST_F(Rv32Compressed, CmPopLoadsItBackAndPopretReturns) {
  for (const std::uint32_t op : {0xba02u, 0xbe02u, 0xbc02u})  // cm.pop, cm.popret, cm.popretz
    for (const auto& t : lists)
      for (const unsigned more : {0u, 3u}) {
        const std::uint32_t top = ram + 0x800;
        for (unsigned id = 1; id < 32; ++id) c.regs[id] = 0x1000 + id;
        c.regs[sp] = top - t.stack - 16 * more;
        for (unsigned k = 0; k < t.registers; ++k) c.store32(top - 4 * (t.registers - k), 0x2001 + list[k]);
        run(op | t.rlist << 4 | more << 2);
        EXPECT_EQ(c.regs[sp], top) << "rlist " << t.rlist;
        for (unsigned id = 3; id < 32; ++id) {
          bool loaded = false;
          for (unsigned k = 0; k < t.registers; ++k) loaded |= list[k] == id;
          const bool zeroed = op == 0xbc02 && id == a0;
          EXPECT_EQ(c.regs[id], zeroed ? 0 : (loaded ? 0x2001 : 0x1000) + id) << "rlist " << t.rlist << " x" << id;
        }
        EXPECT_EQ(c.regs[ra], 0x2002u);
        EXPECT_EQ(c.flow, op == 0xba02 ? Flow::next : Flow::ret);
        if (op != 0xba02) {
          EXPECT_EQ(c.target, 0x2002u);
        }
      }
}

TEST_F(Rv32Compressed, CmPopretClearsBit0OfItsTarget) {
  c.regs[sp] = ram;
  c.store32(ram + 12, 0x80002001);
  run(0xbe42);  // cm.popret {ra},16
  EXPECT_EQ(c.target, 0x80002000u);
  EXPECT_EQ(c.regs[ra], 0x80002001u);
}

TEST_F(Rv32Compressed, CmRegisterListsBelow4AreReserved) {
  for (const std::uint32_t op : {0xb802u, 0xba02u, 0xbc02u, 0xbe02u})
    for (unsigned rlist = 0; rlist < 4; ++rlist)
      EXPECT_EQ(decode(op | rlist << 4, pc, all).op, static_cast<std::uint16_t>(Op::illegal)) << rlist;
}

TEST_F(Rv32Compressed, CmMovesTwoRegisters) {
  c.regs[a0] = 1, c.regs[a1] = 2;
  run(0xacbe);  // cm.mvsa01 s1,s7
  EXPECT_EQ(c.regs[9], 1u);
  EXPECT_EQ(c.regs[23], 2u);
  c.regs[8] = 3, c.regs[18] = 4;
  run(0xac6a);  // cm.mva01s s0,s2
  EXPECT_EQ(c.regs[a0], 3u);
  EXPECT_EQ(c.regs[a1], 4u);
  run(0xac62);  // cm.mva01s s0,s0: both from one register
  EXPECT_EQ(c.regs[a0], 3u);
  EXPECT_EQ(c.regs[a1], 3u);
  EXPECT_EQ(decode(0xacb6 & ~0x1cu, pc, all).op == static_cast<std::uint16_t>(Op::cm_mvsa01), true);
  EXPECT_EQ(decode(0xaca6, pc, all).op, static_cast<std::uint16_t>(Op::illegal)) << "cm.mvsa01 s1,s1 is reserved";
}

TEST_F(Rv32Compressed, ZcfLoadsAndStores) {
  c.regs[sp] = ram;
  c.store32(ram + 4, 0x7fa00001);  // a signalling NaN stays as it is
  run(0x6512);                     // c.flwsp fa0,4(sp)
  EXPECT_EQ(c.regs[f0 + 10], 0x7fa00001u);
  c.regs[a1] = ram;
  run(0xe588);  // c.fsw fa0,8(a1)
  EXPECT_EQ(c.load32(ram + 8), 0x7fa00001u);
  run(0x658c);  // c.flw fa1,8(a1)
  EXPECT_EQ(c.regs[f0 + 11], 0x7fa00001u);
  run(0xe62e);  // c.fswsp fa1,12(sp)
  EXPECT_EQ(c.load32(ram + 12), 0x7fa00001u);
}

TEST(Rv32ExtensionEffects, TellWhatFlowsWhere) {
  const auto effects = [](std::uint32_t encoding) { return isa::rv32::effects(decode(encoding, pc, all)); };
  const auto bit = [](unsigned id) { return isa::reg_bit(id); };
  const isa::Effects push = effects(0xb862);  // cm.push {ra,s0-s1},-16
  EXPECT_EQ(push.stores, 3);
  EXPECT_EQ(push.store_data, bit(1) | bit(8) | bit(9));
  EXPECT_EQ(push.address, bit(2));
  EXPECT_EQ(push.writes, bit(2));
  const isa::Effects pop = effects(0xbc52);  // cm.popretz {ra,s0},16
  EXPECT_EQ(pop.loads, 2);
  EXPECT_EQ(pop.writes, bit(1) | bit(8) | bit(2) | bit(10));
  const isa::Effects fma = effects(encode("fmadd.s"));
  EXPECT_EQ(fma.reads, bit(f0 + rs1) | bit(f0 + rs2) | bit(f0 + rs3));
  EXPECT_EQ(fma.writes, bit(f0 + rd));
  EXPECT_EQ(effects(encode("feq.s")).writes, bit(rd));
  EXPECT_EQ(effects(encode("flw")).address, bit(rs1));
}

TEST(Rv32Xh3bextm, TakesOneToEightBits) {
  const auto bextm = [](std::uint32_t a1, std::uint32_t a2, unsigned bits) {
    PlainContext c{ram};
    c.regs[rs1] = a1;
    c.regs[rs2] = a2;
    const std::uint32_t raw = (bits - 1) << 26 | rs2 << 20 | rs1 << 15 | rd << 7 | 0x0b;
    perform(c, decode(raw, pc, all));
    return c.regs[rd];
  };
  EXPECT_EQ(bextm(0x12345678, 8, 8), 0x56u);
  EXPECT_EQ(bextm(0x12345678, 8, 3), 6u);
  EXPECT_EQ(bextm(int_min, 31, 1), 1u);
  EXPECT_EQ(bextm(minus_1, 30, 8), 3u) << "zeros follow bit 31";
  EXPECT_EQ(bextm(0x12345678, 32 + 4, 4), 7u) << "of the amount 5 bits count";
}

TEST(Rv32Xh3bextm, TheAmountCanBeImmediate) {
  PlainContext c{ram};
  c.regs[rs1] = 0x12345678;
  const isa::Insn insn = decode(7u << 26 | 20u << 20 | rs1 << 15 | 4u << 12 | rd << 7 | 0x0b, pc, all);
  perform(c, insn);
  EXPECT_EQ(c.regs[rd], 0x23u);
  EXPECT_EQ(text(insn), "h3.bextmi a0,a1,20,8");
}

}  // namespace
}  // namespace mj::test
