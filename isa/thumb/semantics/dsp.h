// Saturation, parallel addition and subtraction, packing, sums of differences (ARMv7-M A4.4.4 to A4.4.9).
#pragma once

#include "isa/thumb/semantics/operand.h"

namespace mj::isa::thumb::semantics {

/// v clamped to [lo, hi] as signed numbers.
template <class U32>
U32 clamp_signed(U32 v, U32 lo, U32 hi) {
  return select(less_signed(hi, v), hi, select(less_signed(v, lo), lo, v));
}

// ---- saturation -----------------------------------------------------------------------------------------------------

// SSAT: ARMv7-M A7.7.152; imm is the upper limit 2^(n-1) - 1
template <Operand O, Context C>
void ssat(C& c, const Insn& i) {
  using U32 = typename C::U32;
  const U32 v = operand<O>(c, i);
  const U32 result = clamp_signed(v, U32(~i.imm), U32(i.imm));
  c.set_reg(i.rd, result);
  set_q(c, bit_of(result != v));
}

// USAT: ARMv7-M A7.7.213; imm is the upper limit 2^n - 1
template <Operand O, Context C>
void usat(C& c, const Insn& i) {
  using U32 = typename C::U32;
  const U32 v = operand<O>(c, i);
  const U32 result = clamp_signed(v, U32(0u), U32(i.imm));
  c.set_reg(i.rd, result);
  set_q(c, bit_of(result != v));
}

template <Context C>
void saturate_halves(C& c, const Insn& i, std::uint32_t lo, std::uint32_t hi) {
  using U32 = typename C::U32;
  const U32 n = c.reg(i.rm);
  const U32 bottom = sign16(n), top = asr(n, 16u);
  const U32 bottom_result = clamp_signed(bottom, U32(lo), U32(hi)), top_result = clamp_signed(top, U32(lo), U32(hi));
  c.set_reg(i.rd, zero16(bottom_result) | (top_result << 16));
  set_q(c, bit_of(bottom_result != bottom) | bit_of(top_result != top));
}

// SSAT16: ARMv7-M A7.7.153
template <Context C>
void ssat16(C& c, const Insn& i) {
  saturate_halves(c, i, ~i.imm, i.imm);
}

// USAT16: ARMv7-M A7.7.214
template <Context C>
void usat16(C& c, const Insn& i) {
  saturate_halves(c, i, 0, i.imm);
}

/// A saturated signed sum or difference, and 1 if it saturated.
template <class U32>
struct Saturated {
  U32 value, saturated;
};
template <class U32>
Saturated<U32> saturate_overflow(U32 a, U32 value, U32 overflow) {
  const U32 o = overflow >> 31;
  return {select(o != 0u, (a >> 31) + 0x7fffffffu, value), o};
}
template <class U32>
Saturated<U32> add_saturated(U32 a, U32 b) {
  const U32 value = a + b;
  return saturate_overflow<U32>(a, value, (a ^ value) & (b ^ value));
}
template <class U32>
Saturated<U32> sub_saturated(U32 a, U32 b) {
  const U32 value = a - b;
  return saturate_overflow<U32>(a, value, (a ^ b) & (a ^ value));
}

// QADD, QDADD: ARMv7-M A7.7.103, A7.7.107; Rd = Rm + Rn or Rm + 2 * Rn, each step saturating
template <bool Double, Context C>
void qadd(C& c, const Insn& i) {
  using U32 = typename C::U32;
  const U32 n = c.reg(i.rn), m = c.reg(i.rm);
  if constexpr (Double) {
    const Saturated<U32> doubled = add_saturated<U32>(n, n);
    const Saturated<U32> sum = add_saturated<U32>(m, doubled.value);
    c.set_reg(i.rd, sum.value);
    set_q(c, sum.saturated | doubled.saturated);
  } else {
    const Saturated<U32> sum = add_saturated<U32>(m, n);
    c.set_reg(i.rd, sum.value);
    set_q(c, sum.saturated);
  }
}

// QSUB, QDSUB: ARMv7-M A7.7.110, A7.7.108; Rd = Rm - Rn or Rm - 2 * Rn, each step saturating
template <bool Double, Context C>
void qsub(C& c, const Insn& i) {
  using U32 = typename C::U32;
  const U32 n = c.reg(i.rn), m = c.reg(i.rm);
  if constexpr (Double) {
    const Saturated<U32> doubled = add_saturated<U32>(n, n);
    const Saturated<U32> difference = sub_saturated<U32>(m, doubled.value);
    c.set_reg(i.rd, difference.value);
    set_q(c, difference.saturated | doubled.saturated);
  } else {
    const Saturated<U32> difference = sub_saturated<U32>(m, n);
    c.set_reg(i.rd, difference.value);
    set_q(c, difference.saturated);
  }
}

// ---- parallel addition and subtraction ------------------------------------------------------------------------------

enum class Flavour {
  modulo_signed,
  saturating_signed,
  halving_signed,
  modulo_unsigned,
  saturating_unsigned,
  halving_unsigned
};
enum class Lanes { add, sub };

constexpr bool is_signed(Flavour f) {
  return f == Flavour::modulo_signed || f == Flavour::saturating_signed || f == Flavour::halving_signed;
}
constexpr bool writes_ge(Flavour f) { return f == Flavour::modulo_signed || f == Flavour::modulo_unsigned; }

/// One lane's result in the low `Bits` bits, and its GE bit. Operands are extended to 32 bits as the flavour says.
template <class U32>
struct Lane {
  U32 value, ge;
};
template <Flavour F, Lanes L, unsigned Bits, class U32>
Lane<U32> lane(U32 a, U32 b) {
  constexpr std::uint32_t mask = (1u << Bits) - 1, top = 1u << (Bits - 1);
  U32 r;
  if constexpr (L == Lanes::add)
    r = a + b;
  else
    r = a - b;
  if constexpr (F == Flavour::modulo_signed) return {r & mask, ~r >> 31};
  if constexpr (F == Flavour::modulo_unsigned) {
    if constexpr (L == Lanes::add) return {r & mask, r >> Bits};  // carry out
    if constexpr (L == Lanes::sub) return {r & mask, ~r >> 31};   // no borrow
  }
  if constexpr (F == Flavour::halving_signed || F == Flavour::halving_unsigned) return {(r >> 1) & mask, U32(0u)};
  if constexpr (F == Flavour::saturating_signed)
    return {clamp_signed(r, U32(~(top - 1u)), U32(top - 1u)) & mask, U32(0u)};
  if constexpr (F == Flavour::saturating_unsigned) return {clamp_signed(r, U32(0u), U32(mask)), U32(0u)};
}

template <Flavour F, unsigned Bits, class U32>
U32 lane_operand(U32 v, unsigned at) {
  const U32 moved = v >> at;
  if constexpr (Bits == 16) {
    if constexpr (is_signed(F)) return sign16(moved);
    if constexpr (!is_signed(F)) return zero16(moved);
  } else {
    if constexpr (is_signed(F)) return sign8(moved);
    if constexpr (!is_signed(F)) return zero8(moved);
  }
}

// {S,Q,SH,U,UQ,UH}{ADD16,ASX,SAX,SUB16}, e.g. SADD16: ARMv7-M A7.7.121, SASX A7.7.123, SSAX A7.7.154, SSUB16 A7.7.155;
// ASX and SAX exchange the halves of Rm
template <Flavour F, Lanes Bottom, Lanes Top, bool Exchange, Context C>
void parallel16(C& c, const Insn& i) {
  using U32 = typename C::U32;
  const U32 n = c.reg(i.rn), m = c.reg(i.rm);
  const Lane<U32> bottom =
      lane<F, Bottom, 16, U32>(lane_operand<F, 16, U32>(n, 0), lane_operand<F, 16, U32>(m, Exchange ? 16 : 0));
  const Lane<U32> top =
      lane<F, Top, 16, U32>(lane_operand<F, 16, U32>(n, 16), lane_operand<F, 16, U32>(m, Exchange ? 0 : 16));
  c.set_reg(i.rd, bottom.value | (top.value << 16));
  if constexpr (writes_ge(F)) c.set_reg(ge, bottom.ge * 3u | (top.ge * 12u));
}

// {S,Q,SH,U,UQ,UH}{ADD8,SUB8}, e.g. SADD8: ARMv7-M A7.7.122, SSUB8 A7.7.156
template <Flavour F, Lanes L, Context C>
void parallel8(C& c, const Insn& i) {
  using U32 = typename C::U32;
  const U32 n = c.reg(i.rn), m = c.reg(i.rm);
  U32 value(0u), flags(0u);
  for (unsigned at = 0; at < 4; ++at) {
    const Lane<U32> r = lane<F, L, 8, U32>(lane_operand<F, 8, U32>(n, 8 * at), lane_operand<F, 8, U32>(m, 8 * at));
    value = value | (r.value << (8 * at));
    flags = flags | (r.ge << at);
  }
  c.set_reg(i.rd, value);
  if constexpr (writes_ge(F)) c.set_reg(ge, flags);
}

// ---- select, pack, sums of differences ------------------------------------------------------------------------------

// SEL: ARMv7-M A7.7.128; the product spreads GE[3:0] to bit 0 of each byte
template <Context C>
void sel(C& c, const Insn& i) {
  const auto mask = ((c.reg(ge) * 0x00204081u) & 0x01010101u) * 0xffu;
  c.set_reg(i.rd, (c.reg(i.rn) & mask) | (c.reg(i.rm) & ~mask));
}

// PKHBT: ARMv7-M A7.7.93
template <Operand O, Context C>
void pkhbt(C& c, const Insn& i) {
  const auto m = operand<O>(c, i);
  c.set_reg(i.rd, zero16(c.reg(i.rn)) | (m & 0xffff0000u));
}

// PKHTB: ARMv7-M A7.7.93; the shift is ASR #1..32
template <Context C>
void pkhtb(C& c, const Insn& i) {
  const auto m = operand<Operand::asr>(c, i);
  c.set_reg(i.rd, (c.reg(i.rn) & 0xffff0000u) | zero16(m));
}

template <class U32>
U32 sum_of_differences(U32 n, U32 m) {
  U32 sum(0u);
  for (unsigned at = 0; at < 32; at += 8) {
    const U32 a = zero8(n >> at), b = zero8(m >> at);
    sum = sum + select(a < b, b - a, a - b);
  }
  return sum;
}

// USAD8: ARMv7-M A7.7.211
template <Context C>
void usad8(C& c, const Insn& i) {
  using U32 = typename C::U32;
  c.set_reg(i.rd, sum_of_differences<U32>(c.reg(i.rn), c.reg(i.rm)));
}

// USADA8: ARMv7-M A7.7.212
template <Context C>
void usada8(C& c, const Insn& i) {
  using U32 = typename C::U32;
  c.set_reg(i.rd, c.reg(i.ra) + sum_of_differences<U32>(c.reg(i.rn), c.reg(i.rm)));
}

}  // namespace mj::isa::thumb::semantics
