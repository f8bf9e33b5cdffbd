// RV32F: operands, rounding mode, result and accrued flags (Volume I, chapter 11), edge values included.
#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "isa/rv32/fcsr.h"
#include "tests/isa/rv32/perform.h"

namespace mj::test {
namespace {

using namespace isa::rv32;

constexpr Features all = ~Features{feature_e};
constexpr std::uint32_t ram = 0x20000000, pc = 0x80000100;
constexpr unsigned fa0 = f0 + rd, fa1 = f0 + rs1, fa2 = f0 + rs2, fa3 = f0 + rs3;

// fcsr (figure 11.2, table 11.1)
enum Flags : std::uint32_t { NX = 1, UF = 2, OF = 4, DZ = 8, NV = 16 };
enum Mode : unsigned { RNE = 0, RTZ = 1, RDN = 2, RUP = 3, RMM = 4, DYN = 7 };

constexpr std::uint32_t canonical_nan = 0x7fc00000, quiet_nan = 0xffc12345, signalling_nan = 0x7f800001;
constexpr std::uint32_t infinity = 0x7f800000, minus_infinity = 0xff800000, minus_zero = 0x80000000;
constexpr std::uint32_t largest = 0x7f7fffff, smallest_normal = 0x00800000, largest_subnormal = 0x007fffff,
                        smallest = 0x00000001;

constexpr std::uint32_t f(float v) { return std::bit_cast<std::uint32_t>(v); }

struct Outcome {
  std::uint32_t value, flags;
  bool operator==(const Outcome&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Outcome& o) {
  return out << std::hex << "0x" << o.value << " flags 0x" << o.flags;
}

class Rv32Float : public ::testing::Test {
 protected:
  /// Performs `name` with fa1, fa2, fa3 (or a1) and gives fa0 (or a0) and the flags that it raised.
  Outcome run(std::string_view name, std::uint32_t a, std::uint32_t b = 0, std::uint32_t d = 0, unsigned rm = DYN) {
    const isa::Insn insn = decode(encode(name, 0, rm), pc, all);
    c.regs[fa1] = a, c.regs[fa2] = b, c.regs[fa3] = d;
    c.regs[rs1] = a;
    c.regs[fp_control] = control_of_fcsr(frm << 5);
    perform(c, insn);
    return {c.regs[insn.rd], fcsr_of(c.regs[fp_control]) & 0x1f};
  }
  PlainContext c{ram};
  unsigned frm = RNE;
};

TEST_F(Rv32Float, Addition) {
  EXPECT_EQ(run("fadd.s", f(1.5f), f(2.25f)), (Outcome{f(3.75f), 0}));
  EXPECT_EQ(run("fadd.s", f(1.0f), f(1e-10f)), (Outcome{f(1.0f), NX}));
  EXPECT_EQ(run("fadd.s", largest, largest), (Outcome{infinity, OF | NX}));
  EXPECT_EQ(run("fadd.s", infinity, minus_infinity), (Outcome{canonical_nan, NV}));
  EXPECT_EQ(run("fadd.s", infinity, f(1.0f)), (Outcome{infinity, 0}));
  EXPECT_EQ(run("fadd.s", smallest, smallest), (Outcome{2, 0})) << "subnormal numbers are numbers";
  EXPECT_EQ(run("fsub.s", f(1.0f), f(1.0f)), (Outcome{0, 0}));
  EXPECT_EQ(run("fsub.s", minus_zero, 0), (Outcome{minus_zero, 0}));
}

TEST_F(Rv32Float, NansAreCanonicalWhateverTheyCameFrom) {
  for (const char* op : {"fadd.s", "fsub.s", "fmul.s", "fdiv.s", "fmadd.s", "fnmsub.s"}) {
    EXPECT_EQ(run(op, quiet_nan, f(1.0f), f(1.0f)), (Outcome{canonical_nan, 0})) << op;
    EXPECT_EQ(run(op, f(1.0f), signalling_nan, f(1.0f)), (Outcome{canonical_nan, NV})) << op;
  }
  EXPECT_EQ(run("fsqrt.s", quiet_nan), (Outcome{canonical_nan, 0}));
  EXPECT_EQ(run("fsqrt.s", signalling_nan), (Outcome{canonical_nan, NV}));
}

TEST_F(Rv32Float, FiveRoundingModesInTheInstructionAndInFrm) {
  // 1 + 2^-24 is halfway between 1 and its successor; -(1 + 2^-24) too.
  const std::uint32_t one = f(1.0f), next = one + 1, half_ulp = f(0x1p-24f);
  const struct {
    Mode mode;
    std::uint32_t positive, negative;
  } cases[] = {{RNE, one, one}, {RTZ, one, one}, {RDN, one, next}, {RUP, next, one}, {RMM, next, next}};
  for (const auto& t : cases) {
    const Outcome positive{t.positive, NX}, negative{t.negative | 0x80000000u, NX};
    frm = t.mode == RTZ ? RUP : RTZ;  // another one than the instruction's
    EXPECT_EQ(run("fadd.s", one, half_ulp, 0, t.mode), positive) << t.mode;
    EXPECT_EQ(run("fsub.s", one | 0x80000000u, half_ulp, 0, t.mode), negative) << t.mode;
    frm = t.mode;
    EXPECT_EQ(run("fadd.s", one, half_ulp), positive) << t.mode;
    EXPECT_EQ(run("fsub.s", one | 0x80000000u, half_ulp), negative) << t.mode;
  }
}

TEST_F(Rv32Float, TiesToEvenAndAway) {
  const std::uint32_t odd = f(1.0f) + 1, half_ulp = f(0x1p-24f);
  EXPECT_EQ(run("fadd.s", odd, half_ulp, 0, RNE), (Outcome{odd + 1, NX}));
  EXPECT_EQ(run("fadd.s", odd, half_ulp, 0, RMM), (Outcome{odd + 1, NX}));
  EXPECT_EQ(run("fadd.s", odd, half_ulp, 0, RDN), (Outcome{odd, NX}));
}

TEST_F(Rv32Float, ASumOfZeroIsNegativeOnlyRoundingDown) {
  for (const Mode mode : {RNE, RTZ, RUP, RMM})
    EXPECT_EQ(run("fsub.s", f(2.0f), f(2.0f), 0, mode), (Outcome{0, 0})) << mode;
  EXPECT_EQ(run("fsub.s", f(2.0f), f(2.0f), 0, RDN), (Outcome{minus_zero, 0}));
}

TEST_F(Rv32Float, OverflowGoesToInfinityOrTheLargestNumber) {
  EXPECT_EQ(run("fmul.s", largest, f(2.0f), 0, RTZ), (Outcome{largest, OF | NX}));
  EXPECT_EQ(run("fmul.s", largest, f(2.0f), 0, RDN), (Outcome{largest, OF | NX}));
  EXPECT_EQ(run("fmul.s", largest, f(2.0f), 0, RUP), (Outcome{infinity, OF | NX}));
  EXPECT_EQ(run("fmul.s", largest, f(-2.0f), 0, RDN), (Outcome{minus_infinity, OF | NX}));
  EXPECT_EQ(run("fmul.s", largest, f(2.0f), 0, RMM), (Outcome{infinity, OF | NX}));
}

// 11.2: tininess is detected after rounding. The product is a quarter ulp below the smallest normal number and rounds
// to it with an unbounded exponent, too: inexact, but no underflow (Arm would report one).
TEST_F(Rv32Float, TininessIsDetectedAfterRounding) {
  EXPECT_EQ(run("fmul.s", f(0x1.fffffep-1f), smallest_normal, 0, RNE), (Outcome{smallest_normal, UF | NX}))
      << "half a subnormal ulp below: with an unbounded exponent that needs no rounding, so it is tiny";
  EXPECT_EQ(run("fmadd.s", f(-0x1p-75f), f(0x1p-76f), smallest_normal, RNE), (Outcome{smallest_normal, NX}))
      << "2^-151 below: rounds up to the smallest normal number anyhow";
  EXPECT_EQ(run("fmadd.s", f(-0x1p-75f), f(0x1p-76f), smallest_normal, RTZ), (Outcome{largest_subnormal, UF | NX}));
  EXPECT_EQ(run("fmul.s", smallest, f(0.5f), 0, RNE), (Outcome{0, UF | NX}));
  EXPECT_EQ(run("fmul.s", smallest_normal, f(0.5f), 0, RNE), (Outcome{0x00400000, 0})) << "exact: no underflow";
}

TEST_F(Rv32Float, Division) {
  EXPECT_EQ(run("fdiv.s", f(1.0f), 0), (Outcome{infinity, DZ}));
  EXPECT_EQ(run("fdiv.s", f(-1.0f), 0), (Outcome{minus_infinity, DZ}));
  EXPECT_EQ(run("fdiv.s", 0, 0), (Outcome{canonical_nan, NV}));
  EXPECT_EQ(run("fdiv.s", infinity, infinity), (Outcome{canonical_nan, NV}));
  EXPECT_EQ(run("fdiv.s", infinity, 0), (Outcome{infinity, 0})) << "exact: no division by zero";
  EXPECT_EQ(run("fdiv.s", f(1.0f), f(3.0f)), (Outcome{0x3eaaaaab, NX}));
  EXPECT_EQ(run("fdiv.s", f(1.0f), f(3.0f), 0, RTZ), (Outcome{0x3eaaaaaa, NX}));
}

TEST_F(Rv32Float, SquareRoot) {
  EXPECT_EQ(run("fsqrt.s", f(2.25f)), (Outcome{f(1.5f), 0}));
  EXPECT_EQ(run("fsqrt.s", f(2.0f)), (Outcome{0x3fb504f3, NX}));
  EXPECT_EQ(run("fsqrt.s", f(2.0f), 0, 0, RUP), (Outcome{0x3fb504f4, NX}));
  EXPECT_EQ(run("fsqrt.s", f(-1.0f)), (Outcome{canonical_nan, NV}));
  EXPECT_EQ(run("fsqrt.s", minus_zero), (Outcome{minus_zero, 0}));
  EXPECT_EQ(run("fsqrt.s", minus_infinity), (Outcome{canonical_nan, NV}));
}

TEST_F(Rv32Float, FusedOperationsAndTheirSigns) {
  EXPECT_EQ(run("fmadd.s", f(2.0f), f(3.0f), f(1.0f)), (Outcome{f(7.0f), 0}));
  EXPECT_EQ(run("fmsub.s", f(2.0f), f(3.0f), f(1.0f)), (Outcome{f(5.0f), 0}));
  EXPECT_EQ(run("fnmsub.s", f(2.0f), f(3.0f), f(1.0f)), (Outcome{f(-5.0f), 0}));
  EXPECT_EQ(run("fnmadd.s", f(2.0f), f(3.0f), f(1.0f)), (Outcome{f(-7.0f), 0}));
  // (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24: the product isn't rounded before it is added
  EXPECT_EQ(run("fmsub.s", f(0x1.001p0f), f(0x1.001p0f), f(0x1.002p0f)), (Outcome{f(0x1p-24f), 0}));
}

TEST_F(Rv32Float, InfinityTimesZeroIsInvalidEvenIfTheAddendIsAQuietNan) {
  EXPECT_EQ(run("fmadd.s", infinity, 0, quiet_nan), (Outcome{canonical_nan, NV}));
  EXPECT_EQ(run("fnmadd.s", 0, minus_infinity, f(1.0f)), (Outcome{canonical_nan, NV}));
  EXPECT_EQ(run("fmadd.s", infinity, f(1.0f), minus_infinity), (Outcome{canonical_nan, NV}));
}

TEST_F(Rv32Float, MinimumAndMaximumOfVersion2_2) {
  EXPECT_EQ(run("fmin.s", f(1.0f), f(-2.0f)), (Outcome{f(-2.0f), 0}));
  EXPECT_EQ(run("fmax.s", f(1.0f), f(-2.0f)), (Outcome{f(1.0f), 0}));
  EXPECT_EQ(run("fmin.s", 0, minus_zero), (Outcome{minus_zero, 0})) << "-0 is less than +0";
  EXPECT_EQ(run("fmin.s", minus_zero, 0), (Outcome{minus_zero, 0}));
  EXPECT_EQ(run("fmax.s", minus_zero, 0), (Outcome{0, 0}));
  EXPECT_EQ(run("fmax.s", quiet_nan, f(1.0f)), (Outcome{f(1.0f), 0})) << "a NaN loses";
  EXPECT_EQ(run("fmin.s", f(1.0f), signalling_nan), (Outcome{f(1.0f), NV})) << "a signalling one, too, but says so";
  EXPECT_EQ(run("fmin.s", quiet_nan, quiet_nan), (Outcome{canonical_nan, 0}));
  EXPECT_EQ(run("fmax.s", quiet_nan, signalling_nan), (Outcome{canonical_nan, NV}));
}

TEST_F(Rv32Float, SignInjectionMovesBitsAndRaisesNothing) {
  EXPECT_EQ(run("fsgnj.s", f(1.0f), minus_zero), (Outcome{f(-1.0f), 0}));
  EXPECT_EQ(run("fsgnjn.s", f(1.0f), minus_zero), (Outcome{f(1.0f), 0}));
  EXPECT_EQ(run("fsgnjx.s", f(-1.0f), minus_zero), (Outcome{f(1.0f), 0}));
  EXPECT_EQ(run("fsgnjn.s", signalling_nan, 0), (Outcome{signalling_nan | 0x80000000u, 0}));
}

// Table 11.4
TEST_F(Rv32Float, ToIntegers) {
  const struct {
    std::uint32_t from;
    Outcome to_signed, to_unsigned;
  } cases[] = {
      {f(2.5f), {2, NX}, {2, NX}},
      {f(-0.5f), {0, NX}, {0, NX}},
      {f(-1.0f), {0xffffffff, 0}, {0, NV}},
      {f(-0x1p31f), {0x80000000, 0}, {0, NV}},
      {f(0x1p31f), {0x7fffffff, NV}, {0x80000000, 0}},
      {f(0x1p32f), {0x7fffffff, NV}, {0xffffffff, NV}},
      {infinity, {0x7fffffff, NV}, {0xffffffff, NV}},
      {minus_infinity, {0x80000000, NV}, {0, NV}},
      {quiet_nan, {0x7fffffff, NV}, {0xffffffff, NV}},
      {signalling_nan, {0x7fffffff, NV}, {0xffffffff, NV}},
      {minus_zero, {0, 0}, {0, 0}},
      {smallest, {0, NX}, {0, NX}},
  };
  for (const auto& t : cases) {
    EXPECT_EQ(run("fcvt.w.s", t.from, 0, 0, RNE), t.to_signed) << std::hex << t.from;
    EXPECT_EQ(run("fcvt.wu.s", t.from, 0, 0, RNE), t.to_unsigned) << std::hex << t.from;
  }
  EXPECT_EQ(run("fcvt.w.s", f(-2.5f), 0, 0, RMM), (Outcome{0u - 3, NX}));
  EXPECT_EQ(run("fcvt.w.s", f(-2.5f), 0, 0, RUP), (Outcome{0u - 2, NX}));
  EXPECT_EQ(run("fcvt.w.s", f(2.1f), 0, 0, RUP), (Outcome{3, NX}));
  EXPECT_EQ(run("fcvt.wu.s", f(-0.1f), 0, 0, RDN), (Outcome{0, NV})) << "rounds to -1";
}

TEST_F(Rv32Float, FromIntegers) {
  EXPECT_EQ(run("fcvt.s.w", 0xffffffff), (Outcome{f(-1.0f), 0}));
  EXPECT_EQ(run("fcvt.s.wu", 0xffffffff), (Outcome{f(0x1p32f), NX}));
  EXPECT_EQ(run("fcvt.s.wu", 0xffffffff, 0, 0, RTZ), (Outcome{0x4f7fffff, NX}));
  EXPECT_EQ(run("fcvt.s.w", 0x80000000), (Outcome{f(-0x1p31f), 0}));
  EXPECT_EQ(run("fcvt.s.w", 0), (Outcome{0, 0}));
  EXPECT_EQ(run("fcvt.s.w", 0x01000001, 0, 0, RNE), (Outcome{f(0x1p24f), NX}));
  EXPECT_EQ(run("fcvt.s.w", 0x01000001, 0, 0, RMM), (Outcome{f(0x1.000002p24f), NX}));
}

TEST_F(Rv32Float, MovesBetweenTheRegisterFiles) {
  EXPECT_EQ(run("fmv.x.w", signalling_nan), (Outcome{signalling_nan, 0}));
  EXPECT_EQ(run("fmv.w.x", signalling_nan), (Outcome{signalling_nan, 0}));
}

TEST_F(Rv32Float, Comparisons) {
  const struct {
    std::uint32_t a, b, eq, lt, le;
  } cases[] = {{f(1.0f), f(2.0f), 0, 1, 1},      {f(2.0f), f(1.0f), 0, 0, 0},   {f(1.0f), f(1.0f), 1, 0, 1},
               {minus_zero, 0, 1, 0, 1},         {f(-2.0f), f(-1.0f), 0, 1, 1}, {minus_infinity, infinity, 0, 1, 1},
               {smallest, smallest + 1, 0, 1, 1}};
  for (const auto& t : cases) {
    EXPECT_EQ(run("feq.s", t.a, t.b), (Outcome{t.eq, 0})) << std::hex << t.a << " " << t.b;
    EXPECT_EQ(run("flt.s", t.a, t.b), (Outcome{t.lt, 0})) << std::hex << t.a << " " << t.b;
    EXPECT_EQ(run("fle.s", t.a, t.b), (Outcome{t.le, 0})) << std::hex << t.a << " " << t.b;
  }
}

TEST_F(Rv32Float, FeqIsQuietFltAndFleSignal) {
  EXPECT_EQ(run("feq.s", quiet_nan, f(1.0f)), (Outcome{0, 0}));
  EXPECT_EQ(run("feq.s", signalling_nan, f(1.0f)), (Outcome{0, NV}));
  for (const char* op : {"flt.s", "fle.s"}) {
    EXPECT_EQ(run(op, f(1.0f), quiet_nan), (Outcome{0, NV})) << op;
    EXPECT_EQ(run(op, quiet_nan, quiet_nan), (Outcome{0, NV})) << op;
  }
}

// Table 11.5
TEST_F(Rv32Float, Classes) {
  const std::uint32_t values[] = {minus_infinity, f(-1.0f), 0x80000001, minus_zero,     0,
                                  smallest,       f(1.0f),  infinity,   signalling_nan, quiet_nan};
  for (unsigned bit = 0; bit < 10; ++bit)
    EXPECT_EQ(run("fclass.s", values[bit]), (Outcome{1u << bit, 0})) << std::hex << values[bit];
  EXPECT_EQ(run("fclass.s", smallest_normal), (Outcome{1u << 6, 0}));
  EXPECT_EQ(run("fclass.s", largest_subnormal), (Outcome{1u << 5, 0}));
}

TEST_F(Rv32Float, LoadsAndStoresMoveBits) {
  c.store32(ram + 4, signalling_nan);
  c.regs[rs1] = ram + 4;
  perform(c, decode(encode("flw"), pc, all));
  EXPECT_EQ(c.regs[fa0], signalling_nan);
  c.regs[fa2] = quiet_nan;
  c.store32(ram + 4, 0);
  perform(c, decode(encode("fsw") & ~0xf80u, pc, all));
  EXPECT_EQ(c.load32(ram + 4), quiet_nan);
}

TEST_F(Rv32Float, FlagsAccrue) {
  run("fdiv.s", f(1.0f), 0);
  const isa::Insn add = decode(encode("fadd.s"), pc, all);
  c.regs[fa1] = f(1.0f), c.regs[fa2] = f(1e-10f);
  perform(c, add);
  EXPECT_EQ(fcsr_of(c.regs[fp_control]), 0u + (DZ | NX));
}

TEST(Rv32Fcsr, IsAViewOfTheControlWord) {
  for (std::uint32_t fcsr = 0; fcsr < 256; ++fcsr) {
    const std::uint32_t control = control_of_fcsr(fcsr);
    EXPECT_EQ(fcsr_of(control), fcsr) << "reserved rounding modes are kept";
    EXPECT_EQ((control & fp_control_frm_reserved) != 0, fcsr >> 5 > 4);
    EXPECT_EQ(read_fp_csr(csr_fflags, control), fcsr & 0x1f);
    EXPECT_EQ(read_fp_csr(csr_frm, control), fcsr >> 5);
    EXPECT_EQ(read_fp_csr(csr_fcsr, write_fp_csr(csr_fflags, 0xffffffe5, control)), (fcsr & 0xe0) | 5);
    EXPECT_EQ(read_fp_csr(csr_fcsr, write_fp_csr(csr_frm, 0xfffffffb, control)), (fcsr & 0x1f) | 3 << 5);
  }
  EXPECT_EQ(read_fp_csr(csr_fcsr, control_of_fcsr(0xffffff00)), 0u);
}

TEST(Rv32FloatDecode, RoundingModes5And6AreReserved) {
  for (const char* op : {"fadd.s", "fmadd.s", "fsqrt.s", "fcvt.w.s", "fcvt.s.wu"})
    for (unsigned rm = 0; rm < 8; ++rm)
      EXPECT_EQ(decode(encode(op, 0, rm), pc, all).op == static_cast<std::uint16_t>(Op::illegal), rm == 5 || rm == 6)
          << op << " " << rm;
}

}  // namespace
}  // namespace mj::test
