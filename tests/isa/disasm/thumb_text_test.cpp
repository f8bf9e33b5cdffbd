// The text of Thumb instructions against capstone 4: the whole 16-bit space and fills of every 32-bit row, each outside
// and inside an IT block. Where capstone is wrong or doesn't know an encoding, ARMv7-M (DDI 0403E) decides: see the
// constants of type Exception.
#include <capstone/capstone.h>
#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "isa/thumb/decode.h"
#include "isa/thumb/disasm.h"
#include "isa/thumb/features.h"
#include "tests/isa/disasm/fills.h"
#include "tests/sanitized.h"

namespace mj::test {
namespace {

using namespace isa::thumb;
using isa::Insn;
using isa::OpClass;
using isa::Row;

constexpr unsigned always = 14;

std::vector<std::uint8_t> bytes(std::uint32_t raw, unsigned size) {
  const auto byte = [](std::uint32_t v) { return static_cast<std::uint8_t>(v); };
  if (size == 2) return {byte(raw), byte(raw >> 8)};
  return {byte(raw >> 16), byte(raw >> 24), byte(raw), byte(raw >> 8)};
}

std::uint32_t it_state(unsigned cond) { return cond == always ? 0 : cond << 4 | 8; }

/// Offsets below 10 are printed "#-8" by some of capstone's printers and "#-0x8" by others; ours is the former.
std::string one_spelling(std::string text) {
  for (auto at = text.find("#-0x"); at != text.npos; at = text.find("#-0x", at + 1)) {
    const auto digit = at + 4;
    const bool single = digit + 1 >= text.size() || !std::isxdigit(static_cast<unsigned char>(text[digit + 1]));
    if (single && std::isdigit(static_cast<unsigned char>(text[digit]))) text.erase(at + 2, 2);
  }
  return text;
}

class Capstone {
 public:
  explicit Capstone(int more_modes = 0) {
    cs_open(CS_ARCH_ARM, static_cast<cs_mode>(CS_MODE_THUMB | CS_MODE_MCLASS | more_modes), &handle_);
    cs_option(handle_, CS_OPT_SYNTAX, CS_OPT_SYNTAX_NOREGNAME);  // r9, r10 instead of sb, sl
  }
  ~Capstone() { cs_close(&handle_); }
  Capstone(const Capstone&) = delete;
  Capstone& operator=(const Capstone&) = delete;

  /// Text of the encoding at `pc`, alone or behind an IT of that condition; "" if capstone knows none.
  std::string text(std::uint32_t raw, unsigned size, std::uint32_t pc, unsigned cond) const {
    std::vector<std::uint8_t> code = bytes(raw, size);
    const bool in_it = cond != always;
    if (in_it) code.insert(code.begin(), {0x08, 0xbf}), code[0] = static_cast<std::uint8_t>(cond << 4 | 8);
    cs_insn* insns = nullptr;
    const std::size_t wanted = in_it ? 2 : 1;
    const std::size_t n = cs_disasm(handle_, code.data(), code.size(), in_it ? pc - 2 : pc, wanted, &insns);
    std::string out;
    if (n == wanted) {
      out = insns[n - 1].mnemonic;
      if (*insns[n - 1].op_str) out += std::string(" ") + insns[n - 1].op_str;
    }
    if (n) cs_free(insns, n);
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return one_spelling(out);
  }

 private:
  csh handle_ = 0;
};

struct Case {
  Insn insn;
  unsigned cond;
  std::string ours, theirs;
  const Capstone& capstone;
};

bool is(const Case& c, Op op) { return c.insn.op == static_cast<std::uint16_t>(op); }

/// The row that a defined 32-bit encoding is decoded by.
const Row<Op>& row_of(const Insn& insn) {
  const Row<Op>* best = nullptr;
  for (const Row<Op>& row : rows_32bit())
    if (row.pattern.matches(insn.raw) && (!best || row.pattern.refines(best->pattern))) best = &row;
  return *best;
}

/// Where the texts differ, and why ours is right.
struct Exception {
  const char* why;
  bool (*covers)(const Case&);
};
constexpr Exception modified_immediate{
    "A5.3.2: a modified immediate is a 32-bit number without sign; capstone prints some of them negative",
    [](const Case& c) {
      const auto at = c.theirs.find("#-"), same = c.ours.find("#0x");
      if (at == c.theirs.npos || at != same || c.ours.compare(0, at, c.theirs, 0, at) != 0) return false;
      return static_cast<std::uint32_t>(std::stol(c.theirs.substr(at + 1), nullptr, 0)) ==
             std::stoul(c.ours.substr(at + 1), nullptr, 16);
    }};
constexpr Exception address_below_10{
    "addresses are always hexadecimal; capstone prints those below 10 in decimal", [](const Case& c) {
      const bool branches = ends_block(c.insn.cls) && c.insn.imm < 10;
      const auto at = c.ours.find("#0x");
      return branches && at != c.ours.npos && c.ours.substr(0, at + 1) + c.ours.substr(at + 3) == c.theirs;
    }};
constexpr Exception adr{
    "A7.7.7 (T2, T3): the preferred syntax is ADR Rd, #+/-imm; capstone prints some as ADDW or SUBW Rd, PC, #imm",
    [](const Case& c) {
      const bool down = c.theirs.starts_with("subw"), up = c.theirs.starts_with("addw");
      const auto theirs = c.theirs.find(", pc, #");
      return is(c, Op::adr) && c.ours.starts_with("adr") && (up || down) && theirs != c.theirs.npos &&
             c.ours.substr(c.ours.find(", ")) == (down ? ", #-" : ", #") + c.theirs.substr(theirs + 7);
    }};
constexpr Exception msr_without_fields{
    "B5.2.3: MSR to APSR with mask 00 is UNPREDICTABLE; we write no field and name none, capstone names _nzcvq",
    [](const Case& c) {
      return is(c, Op::msr) && (c.insn.raw >> 10 & 3) == 0 &&
             c.theirs == std::string(c.ours).insert(c.ours.find(','), "_nzcvq");
    }};
constexpr Exception unallocated_hint{
    "A5.3.8: halfword loads to the PC are unallocated memory hints, NOP; capstone prints the PLD or PLDW of other "
    "profiles, or nothing",
    [](const Case& c) {
      const bool load_halfword = (c.insn.raw & 0xfe70f000) == 0xf830f000;
      return is(c, Op::nop) && load_halfword && c.ours.starts_with("nop") &&
             (c.theirs.empty() || c.theirs.starts_with("pld"));
    }};
constexpr Exception should_be_zero{
    "A5.1.1: (0) bits that are not 0 are UNPREDICTABLE; we ignore them, capstone knows no such instruction",
    [](const Case& c) {
      const Row<Op>& row = row_of(c.insn);
      if (!(row.feature & (fp_sp | fp_dp)) || !c.theirs.empty()) return false;
      const std::uint32_t zeroed = c.insn.raw & ~unnamed_bits(row.pattern);
      return zeroed != c.insn.raw && c.ours == c.capstone.text(zeroed, 4, c.insn.pc, c.cond);
    }};
constexpr Exception armv8{"Armv8-M: capstone knows it only in its mode V8, and there as we do", [](const Case& c) {
                            static const Capstone v8(CS_MODE_V8);
                            return (row_of(c.insn).feature & v8m) && c.theirs.empty() &&
                                   c.ours == v8.text(c.insn.raw, 4, c.insn.pc, c.cond);
                          }};
constexpr Exception security_extension{
    "DDI0553 C2.4: capstone 4 doesn't know SG, TT, BLXNS, VLSTM and the special registers of Armv8-M, or prints what "
    "the encodings were before; ours is binutils' text (cases below)",
    [](const Case& c) {
      for (const Op op : {Op::bxns, Op::blxns, Op::sg, Op::tt, Op::ttt, Op::tta, Op::ttat, Op::vlstm, Op::vlldm})
        if (is(c, op)) return true;
      const std::uint32_t sysm = c.insn.imm & 0xff;
      return (is(c, Op::msr) || is(c, Op::mrs)) && c.theirs.empty() && (sysm == 10 || sysm == 11 || sysm >= 0x80);
    }};
constexpr Exception movs_in_it{
    "A7.7.77 (T2): MOVS Rd, Rm in an IT block is UNPREDICTABLE; we move without flags, and say so", [](const Case& c) {
      return is(c, Op::mov_reg) && c.insn.raw < 0x40 && c.cond != always && c.theirs.starts_with("movs ") &&
             c.ours.substr(c.ours.find(' ')) == c.theirs.substr(4);
    }};

class ThumbText : public ::testing::Test {
 protected:
  /// Compares the texts of an encoding that stands at `pc`, outside (`always`) or inside an IT block.
  void compare(std::uint32_t raw, unsigned size, std::uint32_t pc, unsigned cond) {
    const std::uint32_t hw1 = size == 4 ? raw >> 16 : raw;
    const Insn insn = decode(hw1, raw, pc, cond != always, ~0u);
    if (is_undefined(insn)) {
      ++undefined_;
      return;
    }
    ++compared_;
    const Case c{insn, cond, disassemble(bytes(raw, size), pc, it_state(cond)), capstone_.text(raw, size, pc, cond),
                 capstone_};
    if (c.ours == c.theirs) return;
    for (const Exception* e : allowed_)
      if (e->covers(c)) {
        ++explained_[e->why];
        return;
      }
    ADD_FAILURE() << std::hex << raw << " " << op_name(insn.op) << ": \"" << c.ours << "\", capstone \"" << c.theirs
                  << "\"";
  }
  static bool is_undefined(const Insn& insn) { return insn.op == static_cast<std::uint16_t>(Op::undefined); }

  /// The exceptions that this test needs, no others.
  void allow(std::vector<const Exception*> allowed) { allowed_ = std::move(allowed); }

  void TearDown() override {
    // Of fewer encodings (see sanitized.h) some may meet none of an exception's.
    for (const Exception* e : allowed_) {
      EXPECT_TRUE(sanitized || explained_[e->why] > 0) << "not needed: " << e->why;
    }
    for (const auto& [why, count] : explained_) RecordProperty(why, static_cast<int>(count));
    RecordProperty("compared", static_cast<int>(compared_));
    RecordProperty("undefined", static_cast<int>(undefined_));
  }

  Capstone capstone_;
  std::vector<const Exception*> allowed_;
  std::map<std::string, unsigned> explained_;
  unsigned compared_ = 0, undefined_ = 0;
};

TEST_F(ThumbText, TheWhole16BitSpace) {
  allow({&security_extension});
  for (std::uint32_t raw = 0; raw < 0xe800; ++raw) compare(raw, 2, 0x8000 + (raw & 1) * 2, always);
  EXPECT_GT(compared_, 57'000u);
}

TEST_F(ThumbText, TheWhole16BitSpaceInItBlocks) {
  allow({&movs_in_it, &security_extension});
  const unsigned conditions = count(always, 1);
  for (std::uint32_t raw = 0; raw < 0xe800; ++raw)
    for (unsigned k = 0; k < conditions; ++k) compare(raw, 2, 0x8000 + (raw & 1) * 2, (raw + k) % always);
  EXPECT_GT(compared_, 50'000u * conditions);
}

/// The encodings that are compared.
std::vector<std::uint32_t> all_32bit_fills() {
  std::mt19937 random(21);
  std::vector<std::uint32_t> out;
  for (const Row<Op>& row : rows_32bit())
    for (const std::uint32_t raw : fills(row.pattern, 2000, random, 12)) out.push_back(raw);  // 12: A5.3.7, bits 11:0
  return out;
}

TEST_F(ThumbText, FillsOfEvery32BitRow) {
  allow({&modified_immediate, &address_below_10, &adr, &msr_without_fields, &unallocated_hint, &should_be_zero, &armv8,
         &security_extension});
  const std::vector<std::uint32_t> raws = all_32bit_fills();
  for (std::size_t k = 0; k < raws.size(); k += count(1, 7)) compare(raws[k], 4, 0x8000 + (raws[k] & 1) * 2, always);
  EXPECT_GT(compared_, count(500'000, 70'000));
}

TEST_F(ThumbText, FillsOfEvery32BitRowInItBlocks) {
  allow({&modified_immediate, &address_below_10, &adr, &msr_without_fields, &unallocated_hint, &should_be_zero, &armv8,
         &security_extension});
  std::mt19937 random(22);
  unsigned cond = 0;
  for (const Row<Op>& row : rows_32bit())
    for (const std::uint32_t raw : fills(row.pattern, count(700, 100), random))
      compare(raw, 4, 0x8000 + (raw & 1) * 2, cond++ % always);
  EXPECT_GT(compared_, count(150'000, 20'000));
}

TEST_F(ThumbText, BranchesAndAddressesAtTheEndsOfTheAddressSpace) {
  allow({&address_below_10, &security_extension});
  for (const std::uint32_t pc : {0u, 2u, 0xfffffffcu, 0xfffffffeu}) {
    for (std::uint32_t raw = 0; raw < 0xe800; raw += count(1, 7)) compare(raw, 2, pc, always);
    std::mt19937 random(23);
    for (const Row<Op>& row : rows_32bit())
      if (row.cls == OpClass::branch || row.cls == OpClass::branch_cond || row.cls == OpClass::branch_link)
        for (const std::uint32_t raw : fills(row.pattern, 500, random)) compare(raw, 4, pc, always);
  }
}

TEST(ThumbTextRules, EveryOperationIsCompared) {
  std::set<std::uint16_t> seen;
  for (std::uint32_t raw = 0; raw < 0xe800; ++raw)
    for (const bool in_it : {false, true}) seen.insert(decode(raw, 0, 0x8000, in_it, ~0u).op);
  for (const std::uint32_t raw : all_32bit_fills()) seen.insert(decode(raw >> 16, raw, 0x8000, false, ~0u).op);
  for (std::uint16_t op = 0; op < op_count; ++op) EXPECT_TRUE(seen.contains(op)) << op_name(op);
}

TEST(ThumbTextRules, EveryOperationHasOne) {
  for (std::uint16_t op = 0; op < op_count; ++op) EXPECT_TRUE(has_text(static_cast<Op>(op))) << op_name(op);
  EXPECT_FALSE(has_text(Op::count_));
}

std::string text_of(std::initializer_list<unsigned> halfwords, std::uint32_t pc = 0x8000, std::uint32_t it = 0) {
  std::vector<std::uint8_t> code;
  for (const unsigned hw : halfwords) {
    code.push_back(static_cast<std::uint8_t>(hw));
    code.push_back(static_cast<std::uint8_t>(hw >> 8));
  }
  return disassemble(code, pc, it);
}

TEST(ThumbTextCases, Typical) {
  EXPECT_EQ(text_of({0x1888}), "adds r0, r1, r2");
  EXPECT_EQ(text_of({0x1888}, 0x8000, it_state(0)), "addeq r0, r1, r2");
  EXPECT_EQ(text_of({0xbf0c}), "ite eq");
  EXPECT_EQ(text_of({0xeb01, 0x0082}), "add.w r0, r1, r2, lsl #2");
  EXPECT_EQ(text_of({0xf8df, 0xf000}), "ldr.w pc, [pc, #0]");
  EXPECT_EQ(text_of({0xe92d, 0x4ff0}), "push.w {r4, r5, r6, r7, r8, r9, r10, r11, lr}");
  EXPECT_EQ(text_of({0xd0fe}, 0x8000), "beq #0x8000");
  EXPECT_EQ(text_of({0xf7ff, 0xfffe}, 0x8000), "bl #0x8000");
  EXPECT_EQ(text_of({0xee30, 0x0a81}), "vadd.f32 s0, s1, s2");
  EXPECT_EQ(text_of({0xeeb7, 0x0b00}), "vmov.f64 d0, #1.000000e+00");
  EXPECT_EQ(text_of({0xbe00}, 0x8000, it_state(0)), "bkpt #0");  // A7.7.17: unconditional
}

TEST(ThumbTextCases, WhatCapstoneDoesNotKnow) {
  EXPECT_EQ(text_of({0xde01}), "udf #1");  // A7.7.194; capstone prints "trap" for one of them, nothing for the others
  EXPECT_EQ(text_of({0xf7f0, 0xa001}), "udf.w #1");
  EXPECT_EQ(text_of({0xb650}), ".inst.n 0xb650");              // unallocated
  EXPECT_EQ(text_of({0xe800, 0x0000}), ".inst.w 0xe8000000");  // unallocated
  EXPECT_EQ(text_of({0x471c}), "bxns r3");
  EXPECT_EQ(text_of({0x47e4}), "blxns r12");
  EXPECT_EQ(text_of({0xe97f, 0xe97f}), "sg");
  EXPECT_EQ(text_of({0xe84d, 0xf500}), "tt r5, sp");
  EXPECT_EQ(text_of({0xe842, 0xf140}), "ttt r1, r2");
  EXPECT_EQ(text_of({0xe842, 0xf180}), "tta r1, r2");
  EXPECT_EQ(text_of({0xe842, 0xf1c0}), "ttat r1, r2");
  EXPECT_EQ(text_of({0xec33, 0x0a00}), "vlldm r3");
  EXPECT_EQ(text_of({0xec24, 0x0a00}), "vlstm r4");
  EXPECT_EQ(text_of({0xf380, 0x880a}), "msr msplim, r0");
  EXPECT_EQ(text_of({0xf380, 0x8889}), "msr psp_ns, r0");
  EXPECT_EQ(text_of({0xf380, 0x8893}), "msr faultmask_ns, r0");
  EXPECT_EQ(text_of({0xf3ef, 0x8198}), "mrs r1, sp_ns");
  EXPECT_EQ(text_of({0xf83f, 0xf000}), "nop.w");  // A5.3.8: unallocated memory hint
}

TEST(ThumbTextCases, CodeThatIsCutOff) {
  EXPECT_EQ(disassemble({}, 0), "");
  EXPECT_EQ(disassemble(std::array<std::uint8_t, 1>{0x70}, 0), ".byte 0x70");
  EXPECT_EQ(text_of({0xf7ff}), ".inst.n 0xf7ff");
}

}  // namespace
}  // namespace mj::test
