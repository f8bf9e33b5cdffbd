// The text of RV32 instructions against binutils: the whole 16-bit space and fills of every 32-bit row, disassembled by
// objdump while the test runs. Where objdump's text is not ours, see the constants of type Exception.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "isa/rv32/decode.h"
#include "isa/rv32/disasm.h"
#include "isa/rv32/tables.h"
#include "tests/isa/disasm/fills.h"
#include "tests/sanitized.h"

namespace mj::test {
namespace {

using namespace isa::rv32;
using isa::Insn;

constexpr Features all_features = ~(feature_e | vendor_features);
constexpr const char* prefix = "riscv64-unknown-elf-";
/// Everything that binutils 2.40 and RV32 know that could be rows of ours (not D, whose C encodings Zcmp takes).
constexpr const char* architecture = "rv32imafc_zicsr_zifencei_zba_zbb_zbc_zbs_zbkb";

struct Encoding {
  std::uint32_t raw = 0;
  std::uint32_t address = 0;
  unsigned size() const { return is_32bit(static_cast<std::uint16_t>(raw)) ? 4 : 2; }
};

std::vector<std::uint8_t> bytes(const Encoding& e) {
  std::vector<std::uint8_t> out;
  for (unsigned b = 0; b < e.size(); ++b) out.push_back(static_cast<std::uint8_t>(e.raw >> (8 * b)));
  return out;
}

/// "jal\t3002 <.text+0x3002>" -> "jal 0x3002": one space, addresses as numbers, no comment ("# 0x...").
std::string plain(std::string text) {
  for (char& c : text)
    if (c == '\t' || c == '\n') c = ' ';
  if (const auto comment = text.find(" #"); comment != text.npos) text.resize(comment);
  if (const auto symbol = text.find(" <"); symbol != text.npos) {
    text.resize(symbol);
    text.insert(text.find_last_of(", ") + 1, "0x");
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

/// The encodings as an object file's code, and what objdump prints of it. Files are removed at the end.
class Objdump {
 public:
  explicit Objdump(const std::vector<std::uint32_t>& raws) : stem_(::testing::TempDir() + "mj_text_" + pid()) {
    std::ofstream code(stem_ + ".bin", std::ios::binary);
    std::uint32_t at = 0;
    for (const std::uint32_t raw : raws) {
      encodings.push_back({raw, at});
      for (const std::uint8_t b : bytes(encodings.back())) code.put(static_cast<char>(b));
      at += encodings.back().size();
    }
    code.close();
    std::ofstream(stem_ + ".s") << ".attribute arch, \"" << architecture << "\"\nnop\n";
    const std::string file = " " + stem_;
    ready_ = run(std::string("as -mabi=ilp32 -march=") + architecture + file + ".s -o" + file + ".o") &&
             run("objcopy --update-section .text=" + stem_ + ".bin" + file + ".o");
  }
  ~Objdump() {
    for (const char* ending : {".bin", ".s", ".o"}) std::remove((stem_ + ending).c_str());
  }
  Objdump(const Objdump&) = delete;
  Objdump& operator=(const Objdump&) = delete;

  /// One text per encoding; empty if a tool failed.
  std::vector<std::string> texts(const char* options) const {
    std::vector<std::string> out;
    if (!ready_) return out;
    FILE* pipe = popen((std::string(prefix) + "objdump -d -z " + options + " " + stem_ + ".o").c_str(), "r");
    std::array<char, 512> line{};
    while (pipe && std::fgets(line.data(), static_cast<int>(line.size()), pipe)) {
      unsigned address = 0, raw = 0;
      int text = 0;
      if (std::sscanf(line.data(), " %x: %x %n", &address, &raw, &text) != 2 || text == 0) continue;
      if (out.size() == encodings.size() || encodings[out.size()].address != address) {
        ADD_FAILURE() << "objdump and we disagree about sizes before " << line.data();
        break;
      }
      out.push_back(plain(line.data() + text));
    }
    if (pipe) pclose(pipe);
    return out;
  }

  std::vector<Encoding> encodings;

 private:
  static std::string pid() { return std::to_string(getpid()); }
  static bool run(const std::string& command) { return std::system((prefix + command).c_str()) == 0; }

  std::string stem_;
  bool ready_ = false;
};

struct Case {
  Insn insn;
  std::string ours, theirs;
  std::string without_aliases;  ///< objdump -M no-aliases
};

bool is(const Case& c, Op op) { return c.insn.op == static_cast<std::uint16_t>(op); }

/// Where the texts differ, and why ours is right.
struct Exception {
  const char* why;
  bool (*covers)(const Case&);
};
constexpr Exception immediate_mnemonic{
    "binutils 2.40 writes an instruction with an immediate by its register form's name (add a0,a0,8; csrw mie,8). Ours "
    "has the manual's (Volume I, 2.4.1, 9.1), as -M no-aliases and other binutils print it",
    [](const Case& c) {
      for (const Op op : {Op::addi, Op::xori, Op::ori, Op::andi, Op::slli, Op::srli, Op::srai, Op::csrr, Op::csrwi,
                          Op::csrrwi, Op::csrrsi, Op::csrrci, Op::rori, Op::bclri, Op::bexti, Op::binvi, Op::bseti})
        if (is(c, op)) {
          if (std::string(c.theirs).insert(c.theirs.find(' '), "i") != c.ours) return false;
          const bool pseudo = c.insn.size == 2 || c.ours.starts_with("csrw") || c.ours.starts_with("csrs") ||
                              c.ours.starts_with("csrc");
          return pseudo || c.ours == c.without_aliases;
        }
      return false;
    }};
constexpr Exception newer_extension{
    "binutils 2.40 doesn't know Zcb, Zcmp and Zicond; ours are the texts of their specifications, those of Zcb as the "
    "instructions that they expand to",
    [](const Case& c) {
      const Insn without = decode(c.insn.raw, c.insn.pc, all_features & ~(feature_zcb | feature_zcmp | feature_zicond));
      return is({without, {}, {}, {}}, Op::illegal) && c.theirs.starts_with(c.insn.size == 2 ? ".2byte" : ".4byte");
    }};
constexpr Exception reserved_fence{
    "Volume I, 2.7: reserved fields of FENCE and FENCE.I are ignored; objdump prints data", [](const Case& c) {
      return (is(c, Op::fence) || is(c, Op::fence_i)) && (c.insn.raw & 0xf00fff80) != 0 &&
             c.theirs.starts_with(".4byte") && c.ours.starts_with("fence");
    }};

class Rv32Text : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* tool : {"as", "objcopy", "objdump"})
      if (std::system((std::string(prefix) + tool + " --version > /dev/null 2>&1").c_str()) != 0)
        GTEST_SKIP() << prefix << tool << " is not installed (Debian: binutils-riscv64-unknown-elf)";
  }

  void compare(const std::vector<std::uint32_t>& raws, const std::vector<const Exception*>& allowed) {
    const Objdump objdump(raws);
    const std::vector<std::string> theirs = objdump.texts(""), plain_names = objdump.texts("-M no-aliases");
    ASSERT_EQ(theirs.size(), raws.size());
    ASSERT_EQ(plain_names.size(), raws.size());
    std::map<std::string, unsigned> explained;
    for (std::size_t k = 0; k < raws.size(); ++k) {
      const Encoding& e = objdump.encodings[k];
      const Case c{decode(e.raw, e.address, all_features), disassemble(bytes(e), e.address), theirs[k], plain_names[k]};
      if (is(c, Op::illegal) && !c.theirs.starts_with(".")) {
        ++undefined_;  // reserved or of an extension that we don't have; decode_test.cpp looks at these
        continue;
      }
      ++compared_;
      if (c.ours == c.theirs) continue;
      bool known = false;
      for (const Exception* x : allowed)
        if (!known && x->covers(c)) {
          ++explained[x->why];
          known = true;
        }
      EXPECT_TRUE(known) << std::hex << e.raw << ": \"" << c.ours << "\", objdump \"" << c.theirs << "\"";
    }
    for (const Exception* x : allowed) EXPECT_GT(explained[x->why], 0u) << "not needed: " << x->why;
    for (const auto& [why, count] : explained) RecordProperty(why, static_cast<int>(count));
    RecordProperty("compared", static_cast<int>(compared_));
    RecordProperty("undefined", static_cast<int>(undefined_));
  }

  unsigned compared_ = 0, undefined_ = 0;
};

TEST_F(Rv32Text, TheWhole16BitSpace) {
  std::vector<std::uint32_t> raws;
  for (std::uint32_t raw = 0; raw < 0x10000; ++raw)
    if (!is_32bit(static_cast<std::uint16_t>(raw))) raws.push_back(raw);
  compare(raws, {&immediate_mnemonic, &newer_extension});
  EXPECT_GT(compared_, 27'000u);
}

TEST_F(Rv32Text, FillsOfEvery32BitRow) {
  std::mt19937 random(31);
  std::vector<std::uint32_t> raws;
  for (const RvRow& row : all_rows)
    if (row.pattern.width == 32)
      for (const std::uint32_t raw : fills(row.pattern, count(200, 20), random)) {
        raws.push_back(raw);
        // The registers that pseudo-instructions are about: x0 and ra in rd, rs1 and rs2; immediates 0 and -1.
        const std::uint32_t free = ~row.pattern.mask;
        for (const std::uint32_t field : {0x00000f80u, 0x000f8000u, 0x01f00000u, 0xfff00000u})
          raws.push_back(raw & ~(field & free));
        for (const std::uint32_t one : {0x00000080u, 0x00008000u, 0x00100000u})
          raws.push_back((raw & ~(one * 31 & free)) | (one & free));
        raws.push_back(raw | (0xfff00000u & free));
      }
  compare(raws, {&immediate_mnemonic, &reserved_fence, &newer_extension});
  EXPECT_GT(compared_, count(200'000, 60'000));
}

TEST_F(Rv32Text, NamesOfAllCsrs) {
  std::vector<std::uint32_t> raws;
  for (std::uint32_t csr = 0; csr < 0x1000; ++csr) {
    raws.push_back(csr << 20 | 0x2573);                     // csrr a0,<csr>
    raws.push_back(csr << 20 | 0x5a573);                    // csrrs a0,<csr>,a1
    for (const std::uint32_t write : {1u, 3u, 5u, 6u, 7u})  // csrrw, csrrc, csrrwi ... of x0 and others
      for (const std::uint32_t registers : {0u, 0x58500u}) raws.push_back(csr << 20 | write << 12 | registers | 0x73);
  }
  compare(raws, {&immediate_mnemonic});
  EXPECT_EQ(compared_, raws.size());
}

TEST(Rv32TextRules, EveryOperationHasOne) {
  for (std::uint16_t op = 0; op < op_count; ++op) EXPECT_TRUE(has_text(static_cast<Op>(op))) << op_name(op);
  EXPECT_FALSE(has_text(Op::count_));
}

TEST(Rv32TextRules, OneOfThemAlwaysHolds) {
  std::mt19937 random(32);
  for (const RvRow& row : all_rows)
    for (const std::uint32_t raw : fills(row.pattern, 200, random)) {
      const Insn insn = decode(raw, 0x100, all_features);
      const std::string with_operands = text(insn);
      const bool has_operands = insn.rd != isa::sink_register || insn.rn || insn.rm || insn.imm;
      if (insn.cls == isa::OpClass::alu && has_operands) {
        EXPECT_NE(with_operands, op_name(insn.op)) << std::hex << raw;
      }
      EXPECT_FALSE(with_operands.empty()) << std::hex << raw;
      if (insn.kind == 0 || !with_operands.starts_with("cm.")) {  // Zcmp's register lists are written so
        EXPECT_EQ(with_operands.find_first_of("{}"), std::string::npos) << with_operands;
      }
    }
}

std::string text_of(std::uint32_t raw, std::uint32_t pc = 0x1000) { return disassemble(bytes({raw, pc}), pc); }

TEST(Rv32TextCases, Typical) {
  EXPECT_EQ(text_of(0x00c58533), "add a0,a1,a2");
  EXPECT_EQ(text_of(0xff010113), "addi sp,sp,-16");
  EXPECT_EQ(text_of(0x1141), "addi sp,sp,-16");
  EXPECT_EQ(text_of(0x4501), "li a0,0");
  EXPECT_EQ(text_of(0x852e), "mv a0,a1");
  EXPECT_EQ(text_of(0x8082), "ret");
  EXPECT_EQ(text_of(0x00008067), "ret");
  EXPECT_EQ(text_of(0x00028067), "jr t0");
  EXPECT_EQ(text_of(0x00050463), "beqz a0,0x1008");
  EXPECT_EQ(text_of(0xffdff0ef), "jal 0xffc");
  EXPECT_EQ(text_of(0x00001517), "auipc a0,0x1");
  EXPECT_EQ(text_of(0x00452583), "lw a1,4(a0)");
  EXPECT_EQ(text_of(0x34202573), "csrr a0,mcause");
  EXPECT_EQ(text_of(0x30046073), "csrsi mstatus,8");
  EXPECT_EQ(text_of(0x0ff0000f), "fence");
  EXPECT_EQ(text_of(0x8330000f), "fence.tso");
  EXPECT_EQ(text_of(0x06c5a5af), "amoadd.w.aqrl a1,a2,(a1)");
}

TEST(Rv32TextCases, FloatingPoint) {
  EXPECT_EQ(text_of(0x00c5f553), "fadd.s fa0,fa1,fa2");
  EXPECT_EQ(text_of(0x00c59553), "fadd.s fa0,fa1,fa2,rtz");
  EXPECT_EQ(text_of(0x68c5f543), "fmadd.s fa0,fa1,fa2,fa3");
  EXPECT_EQ(text_of(0xc0059553), "fcvt.w.s a0,fa1,rtz");
  EXPECT_EQ(text_of(0x20b58553), "fmv.s fa0,fa1");
  EXPECT_EQ(text_of(0x00452587), "flw fa1,4(a0)");
  EXPECT_EQ(text_of(0x6502), "flw fa0,0(sp)");
}

// As the specifications write them; binutils 2.40 doesn't know these.
TEST(Rv32TextCases, ZcbZcmpAndZicond) {
  EXPECT_EQ(text_of(0x8188), "lbu a0,0(a1)");  // c.lbu
  EXPECT_EQ(text_of(0x8da8), "sh a0,2(a1)");   // c.sh
  EXPECT_EQ(text_of(0x9d61), "zext.b a0,a0");  // c.zext.b
  EXPECT_EQ(text_of(0x9d75), "not a0,a0");     // c.not
  EXPECT_EQ(text_of(0x9d4d), "mul a0,a0,a1");  // c.mul
  EXPECT_EQ(text_of(0xb842), "cm.push {ra},-16");
  EXPECT_EQ(text_of(0xb866), "cm.push {ra,s0-s1},-32");
  EXPECT_EQ(text_of(0xbaf2), "cm.pop {ra,s0-s11},64");
  EXPECT_EQ(text_of(0xbe52), "cm.popret {ra,s0},16");
  EXPECT_EQ(text_of(0xbc72), "cm.popretz {ra,s0-s2},16");
  EXPECT_EQ(text_of(0xacbe), "cm.mvsa01 s1,s7");
  EXPECT_EQ(text_of(0xace2), "cm.mva01s s1,s0");
  EXPECT_EQ(text_of(0x0ec5d533), "czero.eqz a0,a1,a2");
  EXPECT_EQ(text_of(0x0ec5f533), "czero.nez a0,a1,a2");
}

TEST(Rv32TextCases, WhatIsNoInstruction) {
  EXPECT_EQ(text_of(0x0000), "unimp");
  EXPECT_EQ(text_of(0x0004), ".2byte 0x4");
  EXPECT_EQ(text_of(0xffffffff), ".4byte 0xffffffff");
  EXPECT_EQ(disassemble({}, 0), "");
  EXPECT_EQ(disassemble(std::array<std::uint8_t, 1>{0x82}, 0), ".byte 0x82");
  EXPECT_EQ(disassemble(std::array<std::uint8_t, 2>{0x33, 0x85}, 0), ".2byte 0x8533");
}

}  // namespace
}  // namespace mj::test
