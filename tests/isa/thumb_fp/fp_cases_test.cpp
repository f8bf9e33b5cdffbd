// Floating point, readable: registers before, the encoding with its text, registers after.
#include <gtest/gtest.h>

#include <bit>
#include <random>

#include "isa/thumb/decode.h"
#include "isa/thumb/fp_arith.h"
#include "isa/thumb/semantics/all.h"
#include "isa/thumb/vfp.h"
#include "tests/isa/plain_context.h"

namespace mj::test {
namespace {

using namespace isa::thumb;
using isa::Insn;

constexpr Features m4 = v7m | dsp | fp_sp, m7 = m4 | fp_dp | fp_v5;
constexpr std::uint32_t ram = 0x20000000;
constexpr std::uint32_t default_nan = 0x7fc00000, infinity = 0x7f800000, one = 0x3f800000, two = 0x40000000;

std::uint32_t f(float v) { return std::bit_cast<std::uint32_t>(v); }

struct Fpu : testing::Test {
  PlainContext c{ram, 0x1000};

  Insn decoded(std::uint32_t raw, Features features = m7, std::uint32_t at = 0x1000, bool in_it = false) {
    return decode(raw >> 16, raw & 0xffff, at, in_it, features);
  }
  void run(std::uint32_t raw, std::uint32_t at = 0x1000) {
    const Insn insn = decoded(raw, m7, at);
    switch (static_cast<Op>(insn.op)) {
#define X(name, ...)                                   \
  case Op::name:                                       \
    isa::thumb::semantics::execute<Op::name>(c, insn); \
    break;
      MJ_THUMB_FP_OPS(X)
#undef X
      default:
        FAIL() << "not an FP instruction: " << std::hex << raw;
    }
  }
  void set_d(unsigned d, double v) {
    const auto bits = std::bit_cast<std::uint64_t>(v);
    c.regs[s0 + 2 * d] = static_cast<std::uint32_t>(bits);
    c.regs[s0 + 2 * d + 1] = static_cast<std::uint32_t>(bits >> 32);
  }
  double get_d(unsigned d) {
    return std::bit_cast<double>(std::uint64_t{c.regs[s0 + 2 * d + 1]} << 32 | c.regs[s0 + 2 * d]);
  }
  std::uint32_t& s(unsigned n) { return c.regs[s0 + n]; }
  std::uint32_t& scr() { return c.regs[fpscr]; }
  std::uint32_t word(std::uint32_t address) { return c.load32(address); }
};

// ---- arithmetic -----------------------------------------------------------------------------------------------------

TEST_F(Fpu, AddIsExactOrSetsIxc) {
  s(1) = f(1.5f), s(2) = f(2.25f);
  run(0xee300a81);  // vadd.f32 s0, s1, s2
  EXPECT_EQ(s(0), f(3.75f));
  EXPECT_EQ(scr(), 0u);
  s(2) = f(0x1p-30f);
  run(0xee300a81);
  EXPECT_EQ(s(0), f(1.5f));
  EXPECT_EQ(scr(), fpscr_ixc);
}

TEST_F(Fpu, RoundingModesOfFpscr) {
  const std::uint32_t tiny = f(0x1p-30f), next = one + 1, below = one - 1;
  const struct {
    unsigned mode;
    std::uint32_t plus, minus;  // 1 + tiny, 1 - tiny
  } cases[] = {{0, one, one}, {1, next, one}, {2, one, below}, {3, one, below}};
  for (const auto& k : cases) {
    scr() = k.mode << 22;
    s(1) = one, s(2) = tiny;
    run(0xee300a81);  // vadd.f32 s0, s1, s2
    EXPECT_EQ(s(0), k.plus) << k.mode;
    run(0xee300ac1);  // vsub.f32 s0, s1, s2
    EXPECT_EQ(s(0), k.minus) << k.mode;
  }
}

TEST_F(Fpu, ExactCancellationIsMinusZeroOnlyTowardsMinusInfinity) {
  s(1) = s(2) = one;
  run(0xee300ac1);  // vsub.f32 s0, s1, s2
  EXPECT_EQ(s(0), 0u);
  scr() = 2u << 22;
  run(0xee300ac1);
  EXPECT_EQ(s(0), 0x80000000u);
}

TEST_F(Fpu, NanRules) {
  s(1) = 0x7fc01234, s(2) = 0x7f800001;  // quiet, signalling
  run(0xee300a81);                       // vadd.f32 s0, s1, s2
  EXPECT_EQ(s(0), 0x7fc00001u);          // the signalling one wins, quieted
  EXPECT_EQ(scr(), fpscr_ioc);
  scr() = 0;
  s(2) = 0xffc05678;
  run(0xee300ac1);  // vsub.f32 s0, s1, s2: the first quiet one
  EXPECT_EQ(s(0), 0x7fc01234u);
  s(1) = one;
  run(0xee300ac1);
  EXPECT_EQ(s(0), 0xffc05678u);  // not negated
  EXPECT_EQ(scr(), 0u);
  scr() = fpscr_dn;
  run(0xee300ac1);
  EXPECT_EQ(s(0), default_nan);
}

TEST_F(Fpu, InvalidOperationsGiveTheDefaultNan) {
  s(1) = infinity, s(2) = infinity;
  run(0xee300ac1);  // vsub.f32 s0, s1, s2: inf - inf
  EXPECT_EQ(s(0), default_nan);
  EXPECT_EQ(scr(), fpscr_ioc);
  scr() = 0;
  s(2) = 0;
  run(0xee200a81);  // vmul.f32 s0, s1, s2: inf * 0
  EXPECT_EQ(s(0), default_nan);
  EXPECT_EQ(scr(), fpscr_ioc);
  scr() = 0;
  s(1) = f(-1.0f);
  run(0xeeb10ae0);  // vsqrt.f32 s0, s1
  EXPECT_EQ(s(0), default_nan);
  EXPECT_EQ(scr() & fpscr_ioc, fpscr_ioc);
}

TEST_F(Fpu, DivideByZeroIsInfinityWithDzc) {
  s(1) = f(-3.0f), s(2) = 0;
  run(0xee800a81);  // vdiv.f32 s0, s1, s2
  EXPECT_EQ(s(0), 0xff800000u);
  EXPECT_EQ(scr(), fpscr_dzc);
}

TEST_F(Fpu, OverflowGoesToInfinityOrTheLargestNumber) {
  s(1) = s(2) = 0x7f7fffff;
  run(0xee200a81);  // vmul.f32 s0, s1, s2
  EXPECT_EQ(s(0), infinity);
  EXPECT_EQ(scr(), fpscr_ofc | fpscr_ixc);
  scr() = 3u << 22;
  run(0xee200a81);
  EXPECT_EQ(s(0), 0x7f7fffffu);
}

TEST_F(Fpu, TininessIsDetectedBeforeRounding) {
  // (1 - 2^-24) * 2^-126 rounds up to the smallest normal number, yet it was tiny: underflow.
  s(1) = 0x3f7fffff, s(2) = 0x00800000;
  run(0xee200a81);  // vmul.f32 s0, s1, s2
  EXPECT_EQ(s(0), 0x00800000u);
  EXPECT_EQ(scr(), fpscr_ufc | fpscr_ixc);
}

TEST_F(Fpu, FlushToZero) {
  scr() = fpscr_fz;
  s(1) = 0x00000001, s(2) = one;
  run(0xee300a81);  // vadd.f32 s0, s1, s2: a denormal operand counts as zero
  EXPECT_EQ(s(0), one);
  EXPECT_EQ(scr(), fpscr_fz | fpscr_idc);
  scr() = fpscr_fz;
  s(1) = 0x00800000, s(2) = f(-0.5f);
  run(0xee200a81);  // vmul.f32 s0, s1, s2: a denormal result becomes zero, without IXC
  EXPECT_EQ(s(0), 0x80000000u);
  EXPECT_EQ(scr(), fpscr_fz | fpscr_ufc);
}

TEST_F(Fpu, FusedRoundsOnceAndChainedTwice) {
  // (1 + 2^-12)^2 - (1 + 2^-11) = 2^-24: lost when the product is rounded first.
  s(1) = s(2) = f(1.0f + 0x1p-12f);
  s(0) = f(-(1.0f + 0x1p-11f));
  run(0xee000a81);  // vmla.f32 s0, s1, s2
  EXPECT_EQ(s(0), 0u);
  s(0) = f(-(1.0f + 0x1p-11f));
  run(0xeea00a81);  // vfma.f32 s0, s1, s2
  EXPECT_EQ(s(0), f(0x1p-24f));
}

TEST_F(Fpu, SignsOfTheMultiplyAddFamily) {
  const struct {
    std::uint32_t raw;
    float result;
  } cases[] = {{0xee000a81, 10 + 6}, {0xee000ac1, 10 - 6}, {0xee100ac1, -10 - 6}, {0xee100a81, -10 + 6},
               {0xeea00a81, 10 + 6}, {0xeea00ac1, 10 - 6}, {0xee900ac1, -10 - 6}, {0xee900a81, -10 + 6},
               {0xee200ac1, -6.0f}};  // vmla vmls vnmla vnmls, vfma vfms vfnma vfnms, vnmul
  for (const auto& k : cases) {
    s(0) = f(10), s(1) = f(2), s(2) = f(3);
    run(k.raw);
    EXPECT_EQ(s(0), f(k.result)) << std::hex << k.raw;
  }
}

TEST_F(Fpu, FmaOfInfinityAndZeroIsInvalidEvenWithAQuietNanAddend) {
  s(0) = 0x7fc01234, s(1) = infinity, s(2) = 0;
  run(0xeea00a81);  // vfma.f32 s0, s1, s2
  EXPECT_EQ(s(0), default_nan);
  EXPECT_EQ(scr(), fpscr_ioc);
}

TEST_F(Fpu, AbsAndNegTouchTheSignOfNansWithoutFlags) {
  s(1) = 0xff800001;
  run(0xeeb00ae0);  // vabs.f32 s0, s1
  EXPECT_EQ(s(0), 0x7f800001u);
  run(0xeeb10a60);  // vneg.f32 s0, s1
  EXPECT_EQ(s(0), 0x7f800001u);
  EXPECT_EQ(scr(), 0u);
}

TEST_F(Fpu, DoubleArithmetic) {
  set_d(1, 1.0), set_d(2, 3.0);
  run(0xee810b02);  // vdiv.f64 d0, d1, d2
  EXPECT_EQ(get_d(0), 1.0 / 3.0);
  EXPECT_EQ(scr(), fpscr_ixc);
  set_d(1, 2.0);
  run(0xeeb10bc1);  // vsqrt.f64 d0, d1
  EXPECT_EQ(get_d(0), 0x1.6a09e667f3bcdp+0);
}

// ---- compare, flags -------------------------------------------------------------------------------------------------

TEST_F(Fpu, CompareGivesFourRelations) {
  const struct {
    std::uint32_t a, b, nzcv;
  } cases[] = {{one, one, 6}, {0x80000000, 0, 6}, {one, two, 8}, {two, one, 2}, {f(-2), one, 8}, {one, default_nan, 3}};
  for (const auto& k : cases) {
    s(0) = k.a, s(1) = k.b;
    scr() = 0;
    run(0xeeb40a60);  // vcmp.f32 s0, s1
    EXPECT_EQ(scr(), k.nzcv << 28);
    run(0xeef1fa10);  // vmrs APSR_nzcv, fpscr
    EXPECT_EQ(c.regs[nf] >> 31, k.nzcv >> 3);
    EXPECT_EQ(c.regs[zf] == 0, (k.nzcv & 4) != 0);
    EXPECT_EQ(c.regs[cf], k.nzcv >> 1 & 1);
    EXPECT_EQ(c.regs[vf] >> 31, k.nzcv & 1);
  }
}

TEST_F(Fpu, VcmpeSignalsQuietNans) {
  s(0) = default_nan;
  run(0xeeb50a40);  // vcmp.f32 s0, #0.0
  EXPECT_EQ(scr(), 0x30000000u);
  run(0xeeb50ac0);  // vcmpe.f32 s0, #0.0
  EXPECT_EQ(scr(), 0x30000000u | fpscr_ioc);
}

TEST_F(Fpu, VmsrWritesTheImplementedBits) {
  c.regs[3] = 0xffffffff;
  run(0xeee13a10);  // vmsr fpscr, r3
  EXPECT_EQ(scr(), 0xf7c0009fu);
  run(0xeef14a10);  // vmrs r4, fpscr
  EXPECT_EQ(c.regs[4], 0xf7c0009fu);
}

// ---- conversions ----------------------------------------------------------------------------------------------------

TEST_F(Fpu, ToIntegerTruncatesSaturatesAndFlags) {
  const struct {
    float in;
    std::uint32_t s32, flags;
  } cases[] = {{2.75f, 2, fpscr_ixc},           {-2.75f, 0xfffffffe, fpscr_ixc}, {-0.5f, 0, fpscr_ixc},
               {3e9f, 0x7fffffff, fpscr_ioc},   {-3e9f, 0x80000000, fpscr_ioc},  {-0x1p31f, 0x80000000, 0},
               {0x1p31f, 0x7fffffff, fpscr_ioc}};
  for (const auto& k : cases) {
    s(1) = f(k.in);
    scr() = 0;
    run(0xeebd0ae0);  // vcvt.s32.f32 s0, s1
    EXPECT_EQ(s(0), k.s32) << k.in;
    EXPECT_EQ(scr(), k.flags) << k.in;
  }
  s(1) = default_nan;
  run(0xeebd0ae0);
  EXPECT_EQ(s(0), 0u);
  s(1) = f(-1);
  run(0xeebc0ae0);  // vcvt.u32.f32 s0, s1
  EXPECT_EQ(s(0), 0u);
}

TEST_F(Fpu, RoundingOfTheNamedConversions) {
  const struct {
    std::uint32_t raw;
    int at_2_5, at_minus_2_5, at_2_6;
  } cases[] = {{0xfebc0ae0, 3, -3, 3},   // vcvta.s32.f32: ties away
               {0xfebd0ae0, 2, -2, 3},   // vcvtn: ties to even
               {0xfebe0ae0, 3, -2, 3},   // vcvtp
               {0xfebf0ae0, 2, -3, 2},   // vcvtm
               {0xeebd0a60, 2, -2, 3}};  // vcvtr with FPSCR's nearest
  for (const auto& k : cases) {
    s(1) = f(2.5f);
    run(k.raw);
    EXPECT_EQ(static_cast<int>(s(0)), k.at_2_5) << std::hex << k.raw;
    s(1) = f(-2.5f);
    run(k.raw);
    EXPECT_EQ(static_cast<int>(s(0)), k.at_minus_2_5) << std::hex << k.raw;
    s(1) = f(2.6f);
    run(k.raw);
    EXPECT_EQ(static_cast<int>(s(0)), k.at_2_6) << std::hex << k.raw;
  }
}

TEST_F(Fpu, FromIntegerUsesFpscrFixedPointRoundsToNearest) {
  s(1) = 0x7fffffff;
  scr() = 3u << 22;  // towards zero
  run(0xeeb80ae0);   // vcvt.f32.s32 s0, s1
  EXPECT_EQ(s(0), 0x4effffffu);
  s(0) = 0x7fffffff;
  run(0xeeba0aef);  // vcvt.f32.s32 s0, s0, #1: to nearest all the same (A7.7.229)
  EXPECT_EQ(s(0), f(0x1p30f));
}

TEST_F(Fpu, FixedPointPlaces) {
  s(0) = 0xffff8000;
  run(0xeeba0a44);  // vcvt.f32.s16 s0, s0, #8
  EXPECT_EQ(s(0), f(-128.0f));
  run(0xeebe0a44);  // vcvt.s16.f32 s0, s0, #8
  EXPECT_EQ(s(0), 0xffff8000u);
  s(0) = f(300.0f);
  run(0xeebf0a44);  // vcvt.u16.f32 s0, s0, #8: saturates
  EXPECT_EQ(s(0), 0xffffu);
}

TEST_F(Fpu, HalfPrecision) {
  s(0) = 0xaaaabbbb, s(1) = f(65504.0f);
  run(0xeeb30a60);  // vcvtb.f16.f32 s0, s1
  EXPECT_EQ(s(0), 0xaaaa7bffu);
  s(1) = f(0x1p-24f);
  run(0xeeb30ae0);  // vcvtt.f16.f32 s0, s1
  EXPECT_EQ(s(0), 0x00017bffu);
  run(0xeef20a40);  // vcvtb.f32.f16 s1, s0
  EXPECT_EQ(s(1), f(65504.0f));
  scr() = fpscr_ahp;
  s(1) = infinity;
  run(0xeeb30a60);  // the alternative format has no infinity
  EXPECT_EQ(s(0) & 0xffff, 0x7fffu);
  EXPECT_EQ(scr(), fpscr_ahp | fpscr_ioc);
}

TEST_F(Fpu, BetweenSingleAndDouble) {
  s(2) = 0x7f800001;
  run(0xeeb70ac1);  // vcvt.f64.f32 d0, s2
  EXPECT_EQ(s(1), 0x7ff80000u);
  EXPECT_EQ(s(0), 0x20000000u);
  EXPECT_EQ(scr(), fpscr_ioc);
  set_d(1, 0.1);
  run(0xeeb70bc1);  // vcvt.f32.f64 s0, d1
  EXPECT_EQ(s(0), f(0.1f));
}

// ---- FPv5 -----------------------------------------------------------------------------------------------------------

TEST_F(Fpu, MaxnmPrefersNumbersToQuietNans) {
  s(1) = default_nan, s(2) = one;
  run(0xfe800a81);  // vmaxnm.f32 s0, s1, s2
  EXPECT_EQ(s(0), one);
  s(1) = 0x80000000, s(2) = 0;
  run(0xfe800a81);
  EXPECT_EQ(s(0), 0u);
  run(0xfe800ac1);  // vminnm.f32 s0, s1, s2
  EXPECT_EQ(s(0), 0x80000000u);
}

TEST_F(Fpu, VselFollowsTheFlags) {
  s(1) = one, s(2) = two;
  c.regs[zf] = 0;
  run(0xfe000a81);  // vseleq.f32 s0, s1, s2
  EXPECT_EQ(s(0), one);
  c.regs[zf] = 1;
  run(0xfe000a81);
  EXPECT_EQ(s(0), two);
  EXPECT_EQ(decoded(0xfe000a81, m7, 0x1000, true).op, static_cast<unsigned>(Op::undefined));  // not in an IT block
}

TEST_F(Fpu, VrintKeepsTheSignOfZeroAndOnlyXIsInexact) {
  s(1) = f(-0.25f);
  run(0xeeb60ae0);  // vrintz.f32 s0, s1
  EXPECT_EQ(s(0), 0x80000000u);
  EXPECT_EQ(scr(), 0u);
  run(0xeeb70a60);  // vrintx.f32 s0, s1
  EXPECT_EQ(scr(), fpscr_ixc);
}

// ---- moves and memory -----------------------------------------------------------------------------------------------

TEST_F(Fpu, Immediates) {
  run(0xeeb70a00);  // vmov.f32 s0, #1.0
  EXPECT_EQ(s(0), one);
  run(0xeefa0a08);  // vmov.f32 s1, #-12.0
  EXPECT_EQ(s(1), f(-12.0f));
  run(0xeeb60b00);  // vmov.f64 d0, #0.5
  EXPECT_EQ(get_d(0), 0.5);
}

TEST_F(Fpu, CoreMoves) {
  c.regs[1] = 0x11, c.regs[2] = 0x22;
  run(0xee001a90);  // vmov s1, r1
  EXPECT_EQ(s(1), 0x11u);
  run(0xee103a90);  // vmov r3, s1
  EXPECT_EQ(c.regs[3], 0x11u);
  run(0xec421b12);  // vmov d2, r1, r2
  EXPECT_EQ(s(4), 0x11u);
  EXPECT_EQ(s(5), 0x22u);
  run(0xec545b12);  // vmov r5, r4, d2
  EXPECT_EQ(c.regs[5], 0x11u);
  EXPECT_EQ(c.regs[4], 0x22u);
  run(0xee231b10);  // vmov.32 d3[1], r1
  EXPECT_EQ(s(7), 0x11u);
}

TEST_F(Fpu, LoadsAndStores) {
  c.regs[0] = ram + 0x100;
  s(3) = 0xabcd;
  run(0xed401a02);  // vstr s3, [r0, #-8]
  EXPECT_EQ(word(ram + 0xf8), 0xabcdu);
  run(0xed102b02);  // vldr d2, [r0, #-8]
  EXPECT_EQ(s(4), 0xabcdu);
  EXPECT_EQ(s(5), 0u);
}

TEST_F(Fpu, LiteralIsRelativeToTheAlignedPc) {
  c.store32(ram + 0x10, 77);
  run(0xed9f0a03, ram + 2);  // vldr s0, [pc, #12]: Align(ram + 6, 4) + 12
  EXPECT_EQ(s(0), 77u);
  c.store32(ram + 0x20, 88);
  run(0xed1f0a02, ram + 0x24);  // vldr s0, [pc, #-8]
  EXPECT_EQ(s(0), 88u);
}

TEST_F(Fpu, PushAndPop) {
  c.regs[sp] = ram + 0x100;
  for (unsigned i = 0; i < 4; ++i) s(16 + i) = 0x50 + i;
  run(0xed2d8b04);  // vpush {d8-d9}
  EXPECT_EQ(c.regs[sp], ram + 0xf0);
  EXPECT_EQ(word(ram + 0xf0), 0x50u);
  EXPECT_EQ(word(ram + 0xfc), 0x53u);
  for (unsigned i = 0; i < 4; ++i) s(16 + i) = 0;
  run(0xecbd8b04);  // vpop {d8-d9}
  EXPECT_EQ(c.regs[sp], ram + 0x100);
  EXPECT_EQ(s(19), 0x53u);
}

TEST_F(Fpu, AFaultingListLeavesItsBaseAlone) {
  c.regs[0] = ram + 0x1000 - 8;
  run(0xecb00a04);  // vldmia r0!, {s0-s3}: the third word is outside
  EXPECT_TRUE(c.fault_address.has_value());
  EXPECT_EQ(c.regs[0], ram + 0x1000 - 8);
}

TEST_F(Fpu, FeaturesGateTheRows) {
  const auto op = [&](std::uint32_t raw, Features features) { return static_cast<Op>(decoded(raw, features).op); };
  EXPECT_EQ(op(0xee300a81, m4), Op::vadd_f32);
  EXPECT_EQ(op(0xee300b02, m4), Op::undefined);     // vadd.f64 on a Cortex-M4
  EXPECT_EQ(op(0xfe800a81, m4), Op::undefined);     // vmaxnm.f32 on a Cortex-M4
  EXPECT_EQ(op(0xed901b00, m4), Op::vldr_f64);      // moving a pair of words is no double arithmetic
  EXPECT_EQ(op(0xee300a81, v7m), Op::coprocessor);  // no FPU: NOCP
  EXPECT_EQ(op(0xee700b02, m7), Op::undefined);     // D16 does not exist
  EXPECT_EQ(op(0xecb00a00, m7), Op::undefined);     // empty list
  EXPECT_EQ(op(0xecf0fa04, m7), Op::undefined);     // S31 and beyond
}

// ---- host FPU against integers --------------------------------------------------------------------------------------

TEST(FpHostPath, EqualsTheIntegerPath) {
  std::mt19937_64 random(7);
  const auto near_one = [&] {
    return static_cast<std::uint32_t>((random() & 0x80ffffff) | (0x3f000000 + (random() % 9 << 23)));
  };
  const auto operand = [&] { return random() % 2 ? static_cast<std::uint32_t>(random()) : near_one(); };
  const auto wide = [&] {
    const std::uint64_t any = random(), centred = (any & 0x800fffffffffffff) | (1000 + random() % 50) << 52;
    return random() % 3 ? (random() % 2 ? centred & ~0xfffffffffull : centred) : any;
  };
  for (unsigned i = 0; i < 200000; ++i) {
    const std::uint32_t scr = random() % 2 ? 0u : std::uint32_t{fpscr_ixc};
    const auto same = [&](auto fast, auto slow, const char* what) {
      ASSERT_EQ(fast.value, slow.value) << what;
      ASSERT_EQ(scr | fast.flags, scr | slow.flags) << what;
    };
    const std::uint32_t a = operand(), b = operand(), d = operand();
    same(fp_add(a, b, scr), soft::add(a, b, scr), "add");
    same(fp_sub(a, b, scr), soft::sub(a, b, scr), "sub");
    same(fp_mul(a, b, scr), soft::mul(a, b, scr), "mul");
    same(fp_div(a, b, scr), soft::div(a, b, scr), "div");
    same(fp_sqrt(a, scr), soft::sqrt(a, scr), "sqrt");
    same(fp_fma(d, a, b, scr), soft::fma(d, a, b, scr), "fma");
    const std::uint64_t x = wide(), y = wide(), z = wide();
    same(fp_add(x, y, scr), soft::add(x, y, scr), "add64");
    same(fp_sub(x, y, scr), soft::sub(x, y, scr), "sub64");
    same(fp_mul(x, y, scr), soft::mul(x, y, scr), "mul64");
    same(fp_div(x, y, scr), soft::div(x, y, scr), "div64");
    same(fp_sqrt(x, scr), soft::sqrt(x, scr), "sqrt64");
    same(fp_fma(z, x, y, scr), soft::fma(z, x, y, scr), "fma64");
  }
}

// ---- the timing walk's view -----------------------------------------------------------------------------------------

TEST(FpEffects, NameRegistersAndAccesses) {
  const auto of = [](std::uint32_t raw) { return effects(decode(raw >> 16, raw & 0xffff, 0x1000, false, m7)); };
  const isa::Effects mla = of(0xee000a81);  // vmla.f32 s0, s1, s2
  EXPECT_EQ(mla.reads, isa::reg_bit(s0) | isa::reg_bit(s0 + 1) | isa::reg_bit(s0 + 2) | isa::reg_bit(fpscr));
  EXPECT_EQ(mla.writes, isa::reg_bit(s0) | isa::reg_bit(fpscr));
  const isa::Effects push = of(0xed2d8b04);  // vpush {d8-d9}
  EXPECT_EQ(push.stores, 4);
  EXPECT_EQ(push.writes, isa::reg_bit(sp));
  EXPECT_EQ(push.store_data, std::uint64_t{15} << (s0 + 16));
}

}  // namespace
}  // namespace mj::test
