// Floating point (ARMv7-M A4.11, A7.7.223-A7.7.260). Registers are ids s0 + n; D<n> is the pair s0 + 2n (low),
// s0 + 2n + 1. Whether the FPU is enabled is asked before, not here (ExceptionUnit::fp_ready). Each arithmetic
// operation reads FPSCR (modes) and writes it (cumulative flags).
#pragma once

#include "isa/context.h"
#include "isa/thumb/fp_arith.h"
#include "isa/thumb/registers.h"
#include "isa/thumb/semantics/condition.h"

namespace mj::isa::thumb::semantics {

// ---- the two precisions ---------------------------------------------------------------------------------------------

struct F32 {
  template <Context C>
  using Value = typename C::U32;
  template <Context C>
  static Value<C> read(C& c, unsigned id) {
    return c.reg(id);
  }
  template <Context C>
  static void write(C& c, unsigned id, Value<C> v) {
    c.set_reg(id, v);
  }
  static constexpr std::uint32_t sign_bit = 0x80000000u;
};

struct F64 {
  template <Context C>
  using Value = typename C::U64;
  template <Context C>
  static Value<C> read(C& c, unsigned id) {
    const auto low_word = c.reg(id), high_word = c.reg(id + 1);
    return join(high_word, low_word);
  }
  template <Context C>
  static void write(C& c, unsigned id, Value<C> v) {
    c.set_reg(id, low(v));
    c.set_reg(id + 1, high(v));
  }
  static constexpr std::uint64_t sign_bit = 0x8000000000000000u;
};

// FPNeg(), FPAbs(): the sign bit alone, NaNs included.
template <class F, Context C>
typename F::template Value<C> negated(typename F::template Value<C> v) {
  return v ^ typename F::template Value<C>(F::sign_bit);
}

// ---- arithmetic -----------------------------------------------------------------------------------------------------

// VADD: A7.7.225
template <class F, Context C>
void vadd(C& c, const Insn& i) {
  const auto scr = c.reg(fpscr);
  const auto a = F::read(c, i.rn), b = F::read(c, i.rm);
  const auto r = fp_add(a, b, scr);
  F::write(c, i.rd, r.value);
  c.set_reg(fpscr, scr | r.flags);
}

// VSUB: A7.7.260. FPSub() is an addition of the negated operand except for NaNs, which keep their sign
template <class F, Context C>
void vsub(C& c, const Insn& i) {
  const auto scr = c.reg(fpscr);
  const auto a = F::read(c, i.rn), b = F::read(c, i.rm);
  const auto r = fp_sub(a, b, scr);
  F::write(c, i.rd, r.value);
  c.set_reg(fpscr, scr | r.flags);
}

// VMUL: A7.7.250; VNMUL: A7.7.253
template <class F, bool Negate, Context C>
void vmul(C& c, const Insn& i) {
  const auto scr = c.reg(fpscr);
  const auto a = F::read(c, i.rn), b = F::read(c, i.rm);
  const auto r = fp_mul(a, b, scr);
  if constexpr (Negate)
    F::write(c, i.rd, negated<F, C>(r.value));
  else
    F::write(c, i.rd, r.value);
  c.set_reg(fpscr, scr | r.flags);
}

// VDIV: A7.7.233
template <class F, Context C>
void vdiv(C& c, const Insn& i) {
  const auto scr = c.reg(fpscr);
  const auto a = F::read(c, i.rn), b = F::read(c, i.rm);
  const auto r = fp_div(a, b, scr);
  F::write(c, i.rd, r.value);
  c.set_reg(fpscr, scr | r.flags);
}

// VSQRT: A7.7.257
template <class F, Context C>
void vsqrt(C& c, const Insn& i) {
  const auto scr = c.reg(fpscr);
  const auto r = fp_sqrt(F::read(c, i.rm), scr);
  F::write(c, i.rd, r.value);
  c.set_reg(fpscr, scr | r.flags);
}

// VMLA, VMLS: A7.7.239; VNMLA, VNMLS: A7.7.253. The product is rounded before it is added
template <class F, bool NegateAddend, bool NegateProduct, Context C>
void fp_multiply_add(C& c, const Insn& i) {
  const auto scr = c.reg(fpscr);
  const auto a = F::read(c, i.rn), b = F::read(c, i.rm);
  auto addend = F::read(c, i.rd);
  const auto product = fp_mul(a, b, scr);
  auto term = product.value;
  if constexpr (NegateProduct) term = negated<F, C>(term);
  if constexpr (NegateAddend) addend = negated<F, C>(addend);
  const auto r = fp_add(addend, term, scr | product.flags);
  F::write(c, i.rd, r.value);
  c.set_reg(fpscr, scr | product.flags | r.flags);
}

// VFMA, VFMS: A7.7.234; VFNMA, VFNMS: A7.7.235. One rounding
template <class F, bool NegateAddend, bool NegateProduct, Context C>
void fp_fused(C& c, const Insn& i) {
  const auto scr = c.reg(fpscr);
  auto a = F::read(c, i.rn);
  const auto b = F::read(c, i.rm);
  auto addend = F::read(c, i.rd);
  if constexpr (NegateProduct) a = negated<F, C>(a);
  if constexpr (NegateAddend) addend = negated<F, C>(addend);
  const auto r = fp_fma(addend, a, b, scr);
  F::write(c, i.rd, r.value);
  c.set_reg(fpscr, scr | r.flags);
}

// VABS: A7.7.224
template <class F, Context C>
void fp_abs(C& c, const Insn& i) {
  F::write(c, i.rd, F::read(c, i.rm) & typename F::template Value<C>(~F::sign_bit));
}

// VNEG: A7.7.252
template <class F, Context C>
void fp_neg(C& c, const Insn& i) {
  F::write(c, i.rd, negated<F, C>(F::read(c, i.rm)));
}

// VMAXNM, VMINNM: FPv5
template <class F, bool Maximum, Context C>
void fp_extreme(C& c, const Insn& i) {
  const auto scr = c.reg(fpscr);
  const auto a = F::read(c, i.rn), b = F::read(c, i.rm);
  const auto r = [&] {
    if constexpr (Maximum)
      return fp_max_num(a, b, scr);
    else
      return fp_min_num(a, b, scr);
  }();
  F::write(c, i.rd, r.value);
  c.set_reg(fpscr, scr | r.flags);
}

// VSEL: FPv5; the condition is one of EQ, VS, GE, GT
template <class F, unsigned Cond, Context C>
void fp_select(C& c, const Insn& i) {
  const auto holds = condition<Cond>(c);
  const auto a = F::read(c, i.rn), b = F::read(c, i.rm);
  F::write(c, i.rd, select(holds, a, b));
}

// ---- compare --------------------------------------------------------------------------------------------------------

// VCMP, VCMPE: A7.7.226; with zero: the second operand is +0
template <class F, bool SignalQuiet, bool Zero, Context C>
void vcmp(C& c, const Insn& i) {
  using Value = typename F::template Value<C>;
  const auto scr = c.reg(fpscr);
  const auto a = F::read(c, i.rd);
  const auto r = [&] {
    if constexpr (Zero)
      return fp_compare(a, Value(0u), scr, SignalQuiet);
    else
      return fp_compare(a, F::read(c, i.rm), scr, SignalQuiet);
  }();
  c.set_reg(fpscr, (scr & 0x0fffffffu) | r.value | r.flags);
}

// ---- conversions ----------------------------------------------------------------------------------------------------

// VCVT, VCVTR to integer: A7.7.228; VCVTA, VCVTN, VCVTP, VCVTM: FPv5
template <class F, bool Unsigned, Rounding R, Context C>
void fp_to_integer(C& c, const Insn& i) {
  const auto scr = c.reg(fpscr);
  const auto r = fp_to_fixed(F::read(c, i.rm), scr, FixedType{Unsigned, 32, 0}, R);
  c.set_reg(i.rd, low(r.value));
  c.set_reg(fpscr, scr | r.flags);
}

template <class F, class V, class S>
auto from_fixed(V v, S scr, FixedType type, Rounding rounding) {
  if constexpr (std::is_same_v<F, F32>)
    return fp32_from_fixed(v, scr, type, rounding);
  else
    return fp64_from_fixed(v, scr, type, rounding);
}

// VCVT from integer: A7.7.228
template <class F, bool Unsigned, Context C>
void fp_from_integer(C& c, const Insn& i) {
  const auto scr = c.reg(fpscr);
  const auto r = from_fixed<F>(c.reg(i.rm), scr, FixedType{Unsigned, 32, 0}, Rounding::current);
  F::write(c, i.rd, r.value);
  c.set_reg(fpscr, scr | r.flags);
}

// VCVT to fixed point: A7.7.229; shift: binary places. Rounds towards zero
template <class F, bool Unsigned, unsigned Bits, Context C>
void fp_to_fixed_point(C& c, const Insn& i) {
  const auto scr = c.reg(fpscr);
  const auto r = fp_to_fixed(F::read(c, i.rd), scr, FixedType{Unsigned, Bits, i.shift}, Rounding::zero);
  if constexpr (std::is_same_v<F, F32>)
    c.set_reg(i.rd, low(r.value));
  else
    F::write(c, i.rd, r.value);
  c.set_reg(fpscr, scr | r.flags);
}

// VCVT from fixed point: A7.7.229. Rounds to nearest
template <class F, bool Unsigned, unsigned Bits, Context C>
void fp_from_fixed_point(C& c, const Insn& i) {
  const auto scr = c.reg(fpscr);
  const auto r = from_fixed<F>(F::read(c, i.rd), scr, FixedType{Unsigned, Bits, i.shift}, Rounding::tie_even);
  F::write(c, i.rd, r.value);
  c.set_reg(fpscr, scr | r.flags);
}

// VCVT between double and single: A7.7.230
template <Context C>
void fp_widen(C& c, const Insn& i) {
  const auto scr = c.reg(fpscr);
  const auto r = fp32_to_fp64(c.reg(i.rm), scr);
  F64::write(c, i.rd, r.value);
  c.set_reg(fpscr, scr | r.flags);
}
template <Context C>
void fp_narrow(C& c, const Insn& i) {
  const auto scr = c.reg(fpscr);
  const auto r = fp64_to_fp32(F64::read(c, i.rm), scr);
  c.set_reg(i.rd, r.value);
  c.set_reg(fpscr, scr | r.flags);
}

// VCVTB, VCVTT: A7.7.231; the half-precision number stands in the bottom or top half of a single register
template <class F, bool Top, Context C>
void fp_from_half(C& c, const Insn& i) {
  const auto scr = c.reg(fpscr);
  auto half = c.reg(i.rm);
  if constexpr (Top) half = half >> 16;
  half = zero16(half);
  if constexpr (std::is_same_v<F, F32>) {
    const auto r = fp16_to_fp32(half, scr);
    F::write(c, i.rd, r.value);
    c.set_reg(fpscr, scr | r.flags);
  } else {
    const auto r = fp16_to_fp64(half, scr);
    F::write(c, i.rd, r.value);
    c.set_reg(fpscr, scr | r.flags);
  }
}
template <class F, bool Top, Context C>
void fp_to_half(C& c, const Insn& i) {
  const auto scr = c.reg(fpscr);
  const auto old = c.reg(i.rd);
  const auto r = [&] {
    if constexpr (std::is_same_v<F, F32>)
      return fp32_to_fp16(F::read(c, i.rm), scr);
    else
      return fp64_to_fp16(F::read(c, i.rm), scr);
  }();
  if constexpr (Top)
    c.set_reg(i.rd, (old & 0x0000ffffu) | (r.value << 16));
  else
    c.set_reg(i.rd, (old & 0xffff0000u) | r.value);
  c.set_reg(fpscr, scr | r.flags);
}

// VRINTA, VRINTN, VRINTP, VRINTM, VRINTR, VRINTZ, VRINTX: FPv5
template <class F, Rounding R, bool Exact, Context C>
void fp_round_integral(C& c, const Insn& i) {
  const auto scr = c.reg(fpscr);
  const auto r = fp_round_int(F::read(c, i.rm), scr, R, Exact);
  F::write(c, i.rd, r.value);
  c.set_reg(fpscr, scr | r.flags);
}

// ---- moves ----------------------------------------------------------------------------------------------------------

// VMOV (register): A7.7.241
template <class F, Context C>
void fp_move(C& c, const Insn& i) {
  F::write(c, i.rd, F::read(c, i.rm));
}

// VMOV (immediate): A7.7.240; imm: the binary32 value, or the upper word of the binary64 value
template <class F, Context C>
void fp_move_imm(C& c, const Insn& i) {
  using U32 = typename C::U32;
  if constexpr (std::is_same_v<F, F32>) {
    c.set_reg(i.rd, U32(i.imm));
  } else {
    c.set_reg(i.rd, U32(0u));
    c.set_reg(i.rd + 1u, U32(i.imm));
  }
}

// VMOV between a core register and a single register or half of a double one: A7.7.242-244
template <Context C>
void fp_move_word(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rm));
}

// VMOV between two core registers and a pair of single registers or a double register: A7.7.245, A7.7.246.
// rd, ra: first and second destination; rm, rn: first and second source
template <Context C>
void fp_move_two_words(C& c, const Insn& i) {
  const auto first = c.reg(i.rm), second = c.reg(i.rn);
  c.set_reg(i.rd, first);
  c.set_reg(i.ra, second);
}

// VMRS: A7.7.248
template <Context C>
void fp_read_status(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(fpscr));
}

// VMRS APSR_nzcv, FPSCR: A7.7.248
template <Context C>
void fp_read_flags(C& c, const Insn&) {
  const auto scr = c.reg(fpscr);
  c.set_reg(nf, scr);
  c.set_reg(zf, (~scr >> 30) & 1u);
  c.set_reg(cf, (scr >> 29) & 1u);
  c.set_reg(vf, scr << 3);
}

// VMSR: A7.7.249
template <Context C>
void fp_write_status(C& c, const Insn& i) {
  c.set_reg(fpscr, c.reg(i.rd) & typename C::U32(std::uint32_t{fpscr_writable}));
}

// ---- memory ---------------------------------------------------------------------------------------------------------

// VLDR, VSTR: A7.7.238, A7.7.259; imm is added (two's complement); the literal form has the address in imm
template <bool Literal, Context C>
typename C::U32 fp_address(C& c, const Insn& i) {
  if constexpr (Literal)
    return typename C::U32(i.imm);
  else
    return c.reg(i.rn) + i.imm;
}

template <class F, bool Literal, Context C>
void fp_load(C& c, const Insn& i) {
  const auto at = fp_address<Literal>(c, i);
  const auto first = c.load32_aligned(at);
  if constexpr (std::is_same_v<F, F64>) {
    const auto second = c.load32_aligned(at + 4u);
    c.set_reg(i.rd, first);
    c.set_reg(i.rd + 1u, second);
  } else {
    c.set_reg(i.rd, first);
  }
}

template <class F, Context C>
void fp_store(C& c, const Insn& i) {
  const auto at = fp_address<false>(c, i);
  const auto first = c.reg(i.rd);
  if constexpr (std::is_same_v<F, F64>) {
    const auto second = c.reg(i.rd + 1u);
    c.store32_aligned(at, first);
    c.store32_aligned(at + 4u, second);
  } else {
    c.store32_aligned(at, first);
  }
}

enum class FpList { keep, up, down };  // base register: unchanged, moved up after, moved down before

// VLDM, VPOP: A7.7.236, A7.7.254. rd: first register; kind: words transferred; imm: bytes the base moves
template <FpList L, Context C>
void fp_load_list(C& c, const Insn& i) {
  const auto base = c.reg(i.rn);
  auto at = base;
  if constexpr (L == FpList::down) at = base - i.imm;
  const auto lowest = at;
  for (unsigned k = 0; k < i.kind; ++k) {
    const auto v = c.load32_aligned(at);
    c.set_reg(i.rd + k, v);
    at = at + 4u;
  }
  if constexpr (L == FpList::up) c.set_reg(i.rn, base + i.imm);
  if constexpr (L == FpList::down) c.set_reg(i.rn, lowest);
}

// VSTM, VPUSH: A7.7.258, A7.7.255
template <FpList L, Context C>
void fp_store_list(C& c, const Insn& i) {
  const auto base = c.reg(i.rn);
  auto at = base;
  if constexpr (L == FpList::down) at = base - i.imm;
  const auto lowest = at;
  for (unsigned k = 0; k < i.kind; ++k) {
    c.store32_aligned(at, c.reg(i.rd + k));
    at = at + 4u;
  }
  if constexpr (L == FpList::up) c.set_reg(i.rn, base + i.imm);
  if constexpr (L == FpList::down) c.set_reg(i.rn, lowest);
}

}  // namespace mj::isa::thumb::semantics
