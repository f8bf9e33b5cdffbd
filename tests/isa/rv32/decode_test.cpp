// The encodings themselves: every picture means what its row says and nothing else, features gate them, and the whole
// 16-bit space agrees with binutils.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "isa/rv32/decode.h"
#include "isa/rv32/disasm.h"
#include "isa/rv32/tables.h"
#include "tests/isa/rv32/fill.h"

namespace mj::test {
namespace {

using namespace isa::rv32;
using isa::Insn;

std::uint16_t number(Op op) { return static_cast<std::uint16_t>(op); }
Insn decode_all(std::uint32_t raw) { return decode(raw, 0x1000, ~Features{feature_e}); }

TEST(Rv32Decode, EveryFillOfARowDecodesToItsOperationOrARefinement) {
  std::mt19937 random(1);
  for (const RvRow& row : all_rows)
    for (int k = 0; k < 2000; ++k) {
      const std::uint32_t raw = fill(row.pattern, random);
      const RvRow* best = &row;
      for (const RvRow& other : all_rows)
        if (other.pattern.width == row.pattern.width && other.pattern.matches(raw) &&
            other.pattern.refines(best->pattern))
          best = &other;
      const Insn insn = decode_all(raw);
      // Table 16.5's "RES", and F's rounding modes 5 and 6
      const bool rounds = row.feature == feature_f && row.pattern.fields[6] != 0;
      const bool reserved =
          (row.pattern.width == 16 || (rounds && (raw >> 12 & 7) - 5u < 2)) && insn.op == number(Op::illegal);
      EXPECT_TRUE(insn.op == number(best->op) || reserved) << std::hex << raw << " " << op_name(insn.op);
      if (!reserved) {
        EXPECT_EQ(insn.cls, best->cls) << std::hex << raw;
      }
      EXPECT_EQ(insn.size * 8, row.pattern.width);
      EXPECT_NE(insn.rd, 0) << "x0 as a destination must be the sink";
    }
}

TEST(Rv32Decode, EveryOperationHasAnEncodingAndAName) {
  std::set<std::uint16_t> seen;
  std::set<std::string> names;
  for (const RvRow& row : all_rows) seen.insert(number(row.op));
  EXPECT_EQ(seen.size(), op_count);
  for (std::uint16_t op = 0; op < op_count; ++op) names.insert(op_name(op));
  EXPECT_EQ(names.size(), op_count);
  EXPECT_STREQ(op_name(number(Op::amoadd_w)), "amoadd.w");
  EXPECT_STREQ(op_name(number(Op::and_)), "and");
  EXPECT_STREQ(op_name(0xffff), "?");
}

TEST(Rv32Decode, RandomWordsNeverFail) {
  std::mt19937 random(2);
  for (int k = 0; k < 1'000'000; ++k) {
    const auto raw = static_cast<std::uint32_t>(random());
    const Insn insn = decode(raw, 0, static_cast<Features>(random()));
    ASSERT_LT(insn.op, op_count);
    ASSERT_EQ(insn.size, is_32bit(static_cast<std::uint16_t>(raw)) ? 4 : 2);
    if (insn.op == number(Op::illegal)) {
      ASSERT_EQ(insn.cls, isa::OpClass::trap);
    }
  }
}

TEST(Rv32Decode, AMissingExtensionIsNamed) {
  const struct {
    std::uint32_t encoding;
    Feature feature;
  } cases[] = {
      {0x02c58533, feature_m},         // mul a0,a1,a2
      {0x00c525af, feature_a},         // amoadd.w a1,a2,(a0)
      {0x852e, feature_c},             // c.mv a0,a1
      {0x34002573, feature_zicsr},     // csrr a0,mscratch
      {0x0000100f, feature_zifencei},  // fence.i
      {0x30200073, feature_machine},   // mret
      {0x00c5f553, feature_f},         // fadd.s fa0,fa1,fa2
      {0x20c5a533, feature_zba},       // sh1add a0,a1,a2
      {0x60059513, feature_zbb},       // clz a0,a1
      {0x28c59533, feature_zbs},       // bset a0,a1,a2
      {0x0ac59533, feature_zbc},       // clmul a0,a1,a2
      {0x68755513, feature_zbkb},      // brev8 a0,a0
      {0x0ec5d533, feature_zicond},    // czero.eqz a0,a1,a2
      {0x04c5850b, feature_xh3bextm},  // h3.bextm a0,a1,a2,2
  };
  for (const auto& t : cases) {
    EXPECT_NE(decode(t.encoding, 0, t.feature).op, number(Op::illegal)) << feature_name(t.feature);
    const Insn without = decode(t.encoding, 0, ~(t.feature | feature_e));
    EXPECT_EQ(without.op, number(Op::illegal)) << feature_name(t.feature);
    EXPECT_EQ(without.imm, t.feature);
    EXPECT_EQ(without.raw, t.encoding);
    EXPECT_EQ(feature_of(feature_name(t.feature)) & ~feature_logic, t.feature);
  }
  EXPECT_EQ(decode(0xffffffff, 0, rv32imac).imm, 0u);
  EXPECT_EQ(feature_of("xyz"), 0u);
}

TEST(Rv32Decode, AVendorsHintIsSltToCoresWithoutIt) {
  constexpr std::uint32_t block = 0x00002033, unblock = 0x00102033;
  EXPECT_EQ(decode(block, 0, rv32imac | feature_xh3power).op, number(Op::h3_block));
  EXPECT_EQ(decode(unblock, 0, rv32imac | feature_xh3power).op, number(Op::h3_unblock));
  for (const std::uint32_t raw : {block, unblock}) {
    EXPECT_EQ(decode(raw, 0, rv32imac).op, number(Op::slt));
    EXPECT_EQ(lacking(raw, rv32imac), "");
  }
  EXPECT_EQ(lacking(0x04c5850b, rv32imac), "extension Xh3bextm");
  const std::uint8_t code[] = {0x33, 0x20, 0x00, 0x00};
  EXPECT_EQ(disassemble(code, 0), "sltz zero,zero");
  EXPECT_EQ(disassemble(code, 0, feature_xh3power), "h3.block");
}

TEST(Rv32Decode, SixteenBitFormsNeedTheExtensionOfTheirOperation) {
  const Features all = ~Features{feature_e};
  const struct {
    std::uint32_t encoding;
    std::initializer_list<Features> needs;
  } cases[] = {
      {0x6502, {feature_c, feature_f}},                 // c.flwsp fa0,0(sp)
      {0x8188, {feature_c, feature_zcb}},               // c.lbu a0,0(a1)
      {0x9d65, {feature_c, feature_zcb, feature_zbb}},  // c.sext.b a0
      {0x9d4d, {feature_c, feature_zcb, feature_m}},    // c.mul a0,a1
      {0xb842, {feature_c, feature_zcmp}},              // cm.push {ra},-16
  };
  for (const auto& t : cases)
    for (const Features feature : t.needs) {
      EXPECT_NE(decode(t.encoding, 0, all).op, number(Op::illegal)) << std::hex << t.encoding;
      EXPECT_EQ(decode(t.encoding, 0, all & ~feature).op, number(Op::illegal)) << std::hex << t.encoding;
    }
}

// andn a0,a1,a2 and zext.h a0,a1 are in both; clz is Zbb's, brev8 Zbkb's
TEST(Rv32Decode, ZbbAndZbkbShareInstructions) {
  for (const char* name : {"zbb", "zbkb"})
    for (const std::uint32_t encoding : {0x40c5f533u, 0x0805c533u, 0x60c5d533u, 0x6985d513u})
      EXPECT_NE(decode(encoding, 0, feature_of(name)).op, number(Op::illegal)) << name << std::hex << encoding;
  EXPECT_EQ(decode(0x60059513, 0, feature_of("zbkb")).op, number(Op::illegal));
  EXPECT_EQ(decode(0x68755513, 0, feature_of("zbb")).op, number(Op::illegal));
}

TEST(Rv32Decode, WhatIsLackingIsSaid) {
  const Features imc = feature_m | feature_c;
  EXPECT_EQ(lacking(0x20c5a533, imc), "extension Zba");
  EXPECT_EQ(lacking(0x40c5f533, imc), "extension Zbb or Zbkb");
  EXPECT_EQ(lacking(0x60059513, imc), "extension Zbb");
  EXPECT_EQ(lacking(0x00c5f553, imc), "extension F");
  EXPECT_EQ(lacking(0x6502, imc), "extension F");
  EXPECT_EQ(lacking(0xb842, imc), "extension Zcmp");
  EXPECT_EQ(lacking(0x02c58533, imc), "");  // mul: not lacking
  EXPECT_EQ(lacking(0xffffffff, imc), "");  // no instruction at all
  EXPECT_EQ(lacking(0x00f70833, imc | feature_e), "RV32I, whose registers above x15 it names");
}

TEST(Rv32Decode, Rv32eHasSixteenRegisters) {
  const Features e = rv32imac | feature_e;
  EXPECT_EQ(decode(0x00f707b3, 0, e).op, number(Op::add));      // add a5,a4,a5
  EXPECT_EQ(decode(0x00f70833, 0, e).op, number(Op::illegal));  // add a6,a4,a5
  EXPECT_EQ(decode(0x00f807b3, 0, e).op, number(Op::illegal));  // add a5,a6,a5
  EXPECT_EQ(decode(0x010707b3, 0, e).op, number(Op::illegal));  // add a5,a4,a6
  EXPECT_EQ(decode(0x340fd573, 0, e).op, number(Op::csrrwi));   // csrrwi a0,mscratch,31: not a register
  const Features zcmp = e | feature_zcmp | feature_f;
  EXPECT_EQ(decode(0xb862, 0, zcmp).op, number(Op::cm_push));     // cm.push {ra,s0-s1}
  EXPECT_EQ(decode(0xb872, 0, zcmp).op, number(Op::illegal));     // cm.push {ra,s0-s2}: s2 is x18
  EXPECT_EQ(decode(0x01c5f553, 0, zcmp).op, number(Op::fadd_s));  // fadd.s fa0,fa1,ft8: F has all its registers
}

TEST(Rv32Decode, TheHalfwordIsAllThatA16BitEncodingSees) {
  EXPECT_EQ(decode(0xffff852e, 0, rv32imac).op, number(Op::add));
  EXPECT_EQ(decode(0xffff852e, 0, rv32imac).raw, 0x852eu);
}

// ---- the whole 16-bit space against binutils ------------------------------------------------------------------------

/// What one line of objdump says an encoding does, in our terms.
struct Expected {
  Op op = Op::illegal;
  unsigned rd = 0, rn = 0, rm = 0;
  std::uint32_t imm = 0, shift = 0;
};

/// Reads "c.lw x8,4(x9)": the mnemonic and its operands; a register is "x<n>".
struct Text {
  std::string mnemonic;
  std::vector<std::string> operands;
};
Text parse(const std::string& line) {
  Text t;
  std::istringstream in(line);
  std::string rest;
  in >> t.mnemonic >> rest;
  std::string word;
  for (const char c : rest + ",")
    if (c == ',' || c == '(' || c == ')') {
      if (!word.empty()) t.operands.push_back(word);
      word.clear();
    } else {
      word += c;
    }
  return t;
}

/// Translates binutils' mnemonic. Operands are in the manual's assembler order.
Expected translate(const Text& t) {
  const auto& o = t.operands;
  const auto reg = [&](std::size_t k) { return static_cast<unsigned>(std::stoul(o.at(k).substr(1))); };
  const auto imm = [&](std::size_t k) { return static_cast<std::uint32_t>(std::stoll(o.at(k), nullptr, 0)); };
  const std::string& m = t.mnemonic;
  Expected e;
  if (m == "c.nop" || m == "nop") {
    e = {.op = Op::addi};
    if (!o.empty()) e.imm = imm(0);
  } else if (m == "c.addi" || m == "c.andi") {
    e = {.op = m == "c.addi" ? Op::addi : Op::andi, .rd = reg(0), .rn = reg(0), .imm = imm(1)};
  } else if (m == "c.li") {
    e = {.op = Op::addi, .rd = reg(0), .imm = imm(1)};
  } else if (m == "c.lui") {
    e = {.op = Op::lui, .rd = reg(0), .imm = imm(1) << 12};
  } else if (m == "c.addi16sp") {
    e = {.op = imm(1) ? Op::addi : Op::illegal, .rd = 2, .rn = 2, .imm = imm(1)};  // 0 is reserved; binutils prints it
  } else if (m == "c.addi4spn") {
    e = {.op = Op::addi, .rd = reg(0), .rn = 2, .imm = imm(2)};
  } else if (m == "c.lw" || m == "c.lwsp") {
    e = {.op = Op::lw, .rd = reg(0), .rn = reg(2), .imm = imm(1)};
  } else if (m == "c.sw" || m == "c.swsp") {
    e = {.op = Op::sw, .rn = reg(2), .rm = reg(0), .imm = imm(1)};
  } else if (m == "c.slli" || m == "c.srli" || m == "c.srai") {
    e = {.op = m == "c.slli" ? Op::slli : m == "c.srli" ? Op::srli : Op::srai, .rd = reg(0), .rn = reg(0)};
    e.shift = imm(1);
    if (e.shift >= 32) e = {};  // 16.5: custom encodings in RV32; binutils prints them
  } else if (m == "c.slli64" || m == "c.srli64" || m == "c.srai64") {  // shift by 0: hints
    e = {.op = m == "c.slli64" ? Op::slli : m == "c.srli64" ? Op::srli : Op::srai, .rd = reg(0), .rn = reg(0)};
  } else if (m == "c.add" || m == "c.sub" || m == "c.xor" || m == "c.or" || m == "c.and") {
    const Op op = m == "c.add"   ? Op::add
                  : m == "c.sub" ? Op::sub
                  : m == "c.xor" ? Op::xor_
                  : m == "c.or"  ? Op::or_
                                 : Op::and_;
    e = {.op = op, .rd = reg(0), .rn = reg(0), .rm = reg(1)};
  } else if (m == "c.mv") {
    e = {.op = Op::add, .rd = reg(0), .rm = reg(1)};
  } else if (m == "c.j") {
    e = {.op = Op::j, .imm = imm(0)};
  } else if (m == "c.jal") {
    e = {.op = Op::jal, .rd = 1, .imm = imm(0)};
  } else if (m == "c.jr") {
    e = {.op = is_link(reg(0)) ? Op::ret : Op::jr, .rn = reg(0)};
  } else if (m == "c.jalr") {
    e = {.op = Op::jalr, .rd = 1, .rn = reg(0)};
  } else if (m == "c.beqz" || m == "c.bnez") {
    e = {.op = m == "c.beqz" ? Op::beq : Op::bne, .rn = reg(0), .imm = imm(1)};
  } else if (m == "c.ebreak") {
    e = {.op = Op::ebreak};
  }
  // All the rest (c.fld, c.flw, .2byte, c.unimp ...) is not RV32C without floating point.
  return e;
}

TEST(Rv32Decode, TheWhole16BitSpaceAgreesWithBinutils) {
  const char* tool = "riscv64-unknown-elf-objdump";
  if (std::system((std::string(tool) + " --version > /dev/null 2>&1").c_str()) != 0)
    GTEST_SKIP() << tool << " is not installed";
  const std::string file = ::testing::TempDir() + "mj_rv32_all16.bin";
  {
    std::ofstream out(file, std::ios::binary);
    for (unsigned v = 0; v < 0x10000; ++v)
      if ((v & 3) != 3) out.put(static_cast<char>(v & 0xff)).put(static_cast<char>(v >> 8));
  }
  const std::string command = std::string(tool) + " -b binary -m riscv:rv32 -D -z -M numeric,no-aliases " + file;
  FILE* pipe = popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::array<char, 512> line{};
  unsigned compared = 0, legal = 0;
  while (std::fgets(line.data(), static_cast<int>(line.size()), pipe)) {
    unsigned address = 0, encoding = 0;
    int text = 0;
    if (std::sscanf(line.data(), " %x: %4x %n", &address, &encoding, &text) != 2 || text == 0) continue;
    const std::string printed = line.data() + text;
    const Expected want = translate(parse(printed));
    const Insn got = decode(encoding, address, rv32imac);
    ++compared;
    ASSERT_EQ(op_name(got.op), std::string(op_name(number(want.op)))) << std::hex << encoding << " " << printed;
    if (want.op == Op::illegal) continue;
    ++legal;
    EXPECT_EQ(got.rd, want.rd == 0 ? isa::sink_register : want.rd) << std::hex << encoding << " " << printed;
    EXPECT_EQ(got.rn, want.rn) << std::hex << encoding << " " << printed;
    EXPECT_EQ(got.rm, want.rm) << std::hex << encoding << " " << printed;
    EXPECT_EQ(got.imm, want.imm) << std::hex << encoding << " " << printed;
    EXPECT_EQ(got.shift, want.shift) << std::hex << encoding << " " << printed;
  }
  EXPECT_EQ(pclose(pipe), 0);
  std::remove(file.c_str());
  EXPECT_EQ(compared, 0xc000u);
  EXPECT_GT(legal, 25000u);
}

}  // namespace
}  // namespace mj::test
