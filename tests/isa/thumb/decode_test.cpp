// The decode tables as a whole: which encodings exist, on which core, and what an instruction's operands are.
#include <capstone/capstone.h>
#include <gtest/gtest.h>

#include <bit>
#include <set>
#include <string>

#include "tests/isa/thumb/thumb_machine.h"

namespace mj::test {
namespace {

using namespace isa::thumb;
using isa::Insn;
using isa::OpClass;
using isa::reg_bit;

bool defined(const Insn& i) { return i.op != static_cast<unsigned>(Op::undefined); }

/// What capstone 4 calls this encoding, "" if it knows none.
class Capstone {
 public:
  Capstone() { cs_open(CS_ARCH_ARM, static_cast<cs_mode>(CS_MODE_THUMB | CS_MODE_MCLASS), &handle_); }
  ~Capstone() { cs_close(&handle_); }
  Capstone(const Capstone&) = delete;
  Capstone& operator=(const Capstone&) = delete;
  std::string mnemonic(std::uint32_t hw1) {
    const std::uint8_t bytes[] = {static_cast<std::uint8_t>(hw1), static_cast<std::uint8_t>(hw1 >> 8)};
    cs_insn* insn = nullptr;
    const std::size_t n = cs_disasm(handle_, bytes, 2, code_address, 1, &insn);
    const std::string text = n ? insn->mnemonic : "";
    if (n) cs_free(insn, n);
    return text;
  }

 private:
  csh handle_ = 0;
};

/// 16-bit encodings that capstone prints and we call undefined, and the manual's reason.
bool unpredictable(std::uint32_t hw) {
  if ((hw & 0xff00) == 0xde00) return true;                              // UDF: permanently undefined (A7.7.194)
  if (hw == 0x44ff) return true;                                         // ADD PC, PC (A7.7.4)
  if ((hw & 0xff87) == 0x4587 || (hw & 0xff78) == 0x4578) return true;   // CMP with the PC (A7.7.28)
  if ((hw & 0xff00) == 0x4700 && (hw & 7) != 0) return true;             // BX, BLX: (0)(0)(0) (A7.7.20)
  if (hw == 0x47f8) return true;                                         // BLX PC (A7.7.19)
  if ((hw & 0xffe0) == 0xb660) return (hw & 3) == 0 || (hw & 0xc) != 0;  // CPS of nothing, or of A (B5.2.1)
  if ((hw & 0xff00) == 0xbf00 && (hw & 0xf) != 0)                        // IT AL with else, IT NV (A7.7.38)
    return (hw & 0xf0) == 0xf0 || ((hw & 0xf0) == 0xe0 && std::popcount(hw & 0xf) != 1);
  return false;
}

TEST(Decode, Every16BitEncodingIsOneRowOrUndefined) {
  Capstone capstone;
  unsigned count = 0;
  for (std::uint32_t hw = 0; hw < 0xe800; ++hw) {
    const Insn insn = decode(hw, 0, code_address, false, cortex_m4_integer);
    ASSERT_FALSE(is_32bit(hw));
    EXPECT_EQ(insn.size, 2);
    EXPECT_EQ(insn.raw, hw);
    EXPECT_EQ(defined(insn), !capstone.mnemonic(hw).empty() && !unpredictable(hw))
        << std::hex << hw << " " << capstone.mnemonic(hw);
    count += defined(insn);
  }
  for (std::uint32_t hw = 0xe800; hw <= 0xffff; ++hw) EXPECT_TRUE(is_32bit(hw));
  EXPECT_GT(count, 57000u);
}

TEST(Decode, UndefinedIsATrapThatCarriesItsEncoding) {
  for (const auto& [hw1, hw2] : {std::pair{0xde01u, 0u}, {0xb650u, 0u}, {0xf7f0u, 0xa001u}, {0xffffu, 0xffffu}}) {
    const Insn insn = decode(hw1, hw2, 0x100, false, cortex_m4_integer);
    EXPECT_EQ(insn.op, static_cast<unsigned>(Op::undefined));
    EXPECT_EQ(insn.cls, OpClass::trap);
    EXPECT_EQ(insn.pc, 0x100u);
    EXPECT_EQ(insn.raw, is_32bit(hw1) ? hw1 << 16 | hw2 : hw1);
  }
}

TEST(Decode, Armv6mHasFew32BitInstructions) {
  EXPECT_TRUE(defined(decode(0xf000, 0xf800, 0, false, 0)));   // bl
  EXPECT_TRUE(defined(decode(0xf3bf, 0x8f5f, 0, false, 0)));   // dmb
  EXPECT_TRUE(defined(decode(0xf3bf, 0x8f4f, 0, false, 0)));   // dsb
  EXPECT_TRUE(defined(decode(0xf3bf, 0x8f6f, 0, false, 0)));   // isb
  EXPECT_TRUE(defined(decode(0xf3ef, 0x8010, 0, false, 0)));   // mrs r0, primask
  EXPECT_TRUE(defined(decode(0xf380, 0x8810, 0, false, 0)));   // msr primask, r0
  EXPECT_FALSE(defined(decode(0xf3ef, 0x8011, 0, false, 0)));  // mrs r0, basepri
  EXPECT_FALSE(defined(decode(0xbf08, 0, 0, false, 0)));       // it eq
  EXPECT_FALSE(defined(decode(0xb100, 0, 0, false, 0)));       // cbz
  EXPECT_FALSE(defined(decode(0xb671, 0, 0, false, 0)));       // cpsid f
  EXPECT_TRUE(defined(decode(0xb672, 0, 0, false, 0)));        // cpsid i
  EXPECT_FALSE(defined(decode(0xfb90, 0xf0f1, 0, false, 0)));  // sdiv
  EXPECT_FALSE(defined(decode(0xee01, 0x0f10, 0, false, 0)));  // mcr: ARMv6-M has no coprocessor space

  std::set<unsigned> wide;
  for (std::uint32_t hw1 = 0xe800; hw1 <= 0xffff; ++hw1)
    for (std::uint32_t hw2 = 0; hw2 <= 0xffff; hw2 += 17) wide.insert(decode(hw1, hw2, 0, false, 0).op);
  for (const unsigned op : wide) {
    const std::string name = op_name(static_cast<std::uint16_t>(op));
    EXPECT_TRUE((std::set<std::string>{"undefined", "bl", "dmb", "dsb", "isb", "mrs", "msr"}.contains(name))) << name;
  }
}

TEST(Decode, DspIsAFeature) {
  EXPECT_TRUE(defined(decode(0xfb20, 0x3001, 0, false, v7m | dsp)));  // smlad
  EXPECT_FALSE(defined(decode(0xfb20, 0x3001, 0, false, v7m)));
  EXPECT_FALSE(defined(decode(0xfa40, 0xf081, 0, false, v7m)));  // sxtab
  EXPECT_TRUE(defined(decode(0xfa4f, 0xf081, 0, false, v7m)));   // sxtb.w
}

TEST(Decode, ClassesForTiming) {
  const auto cls = [](std::uint32_t hw1, std::uint32_t hw2 = 0) {
    return name(decode(hw1, hw2, 0, false, cortex_m4_integer).cls);
  };
  EXPECT_EQ(cls(0xeb01, 0x0002), "alu");           // add.w r0, r1, r2
  EXPECT_EQ(cls(0xeb01, 0x0042), "alu_shift");     // add.w r0, r1, r2, lsl #1
  EXPECT_EQ(cls(0x0048), "shift");                 // lsls r0, r1, #1
  EXPECT_EQ(cls(0x0008), "alu");                   // movs r0, r1
  EXPECT_EQ(cls(0x5088), "store_reg");             // str r0, [r1, r2]
  EXPECT_EQ(cls(0xf841, 0x0022), "store_reg");     // str.w r0, [r1, r2, lsl #2]
  EXPECT_EQ(cls(0x6008), "store");                 // str r0, [r1]
  EXPECT_EQ(cls(0xbd00), "branch_load");           // pop {pc}
  EXPECT_EQ(cls(0xbc01), "load_multi");            // pop {r0}
  EXPECT_EQ(cls(0xf85f, 0x0008), "load");          // ldr.w r0, [pc, #-8]
  EXPECT_EQ(cls(0x4687), "branch_alu");            // mov pc, r0
  EXPECT_EQ(cls(0xfb00, 0xf001), "mul");           // mul r0, r0, r1
  EXPECT_EQ(cls(0xfb00, 0x1001), "mac");           // mla
  EXPECT_EQ(cls(0xfba2, 0x0103), "mul_long");      // umull
  EXPECT_EQ(cls(0xe8d0, 0xf001), "branch_table");  // tbb
}

TEST(Effects, OperandsOfTypicalInstructions) {
  const auto effects_of = [](std::uint32_t hw1, std::uint32_t hw2 = 0) {
    return effects(decode(hw1, hw2, 0, false, cortex_m4_integer));
  };
  const isa::RegSet nzcv = reg_bit(nf) | reg_bit(zf) | reg_bit(cf) | reg_bit(vf);

  const isa::Effects adds = effects_of(0x1888);  // adds r0, r1, r2
  EXPECT_EQ(adds.reads, reg_bit(1) | reg_bit(2));
  EXPECT_EQ(adds.writes, reg_bit(0) | nzcv);

  const isa::Effects str = effects_of(0x5088);  // str r0, [r1, r2]
  EXPECT_EQ(str.address, reg_bit(1) | reg_bit(2));
  EXPECT_EQ(str.store_data, reg_bit(0));
  EXPECT_EQ(str.stores, 1);

  const isa::Effects ldm = effects_of(0xe8b2, 0x8001);  // ldm.w r2!, {r0, pc}
  EXPECT_EQ(ldm.loads, 2);
  EXPECT_EQ(ldm.writes, reg_bit(0) | reg_bit(2));
  EXPECT_EQ(ldm.address, reg_bit(2));

  const isa::Effects mla = effects_of(0xfb00, 0x3102);  // mla r1, r0, r2, r3
  EXPECT_EQ(mla.reads, reg_bit(0) | reg_bit(2) | reg_bit(3));
  EXPECT_EQ(mla.writes, reg_bit(1));

  const isa::Effects bgt = effects_of(0xdc00);
  EXPECT_EQ(bgt.reads, reg_bit(nf) | reg_bit(zf) | reg_bit(vf));

  Insn conditional = decode(0x2007, 0, 0, true, v7m);  // mov<c> r0, #7
  EXPECT_EQ(effects(conditional).reads, 0u);
  conditional.cond = 0;  // eq
  EXPECT_EQ(effects(conditional).reads, reg_bit(zf));
}

TEST(Names, RoundTrip) {
  for (std::uint16_t op = 0; op < op_count; ++op) EXPECT_EQ(static_cast<std::uint16_t>(find_op(op_name(op))), op);
  EXPECT_EQ(find_op("no_such"), Op::count_);
  EXPECT_STREQ(op_name(0xffff), "?");
}

}  // namespace
}  // namespace mj::test
