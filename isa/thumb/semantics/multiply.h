// Multiplies and divides (ARMv7-M A4.4.3, A4.4.5, A4.4.7).
#pragma once

#include "isa/thumb/semantics/operand.h"

namespace mj::isa::thumb::semantics {

enum class Half { bottom, top };

/// The signed halfword of a register.
template <Half H, class U32>
U32 half(U32 v) {
  if constexpr (H == Half::top)
    return asr(v, 16u);
  else
    return sign16(v);
}

/// Q if a 64-bit sum does not fit into 32 signed bits; the result is its low word (SMLA<x><y> and relatives).
template <Context C>
void write_accumulated(C& c, const Insn& i, typename C::U64 sum) {
  const auto value = low(sum);
  c.set_reg(i.rd, value);
  set_q(c, bit_of(sum != widen_signed(value)));
}

/// The two halfword products of SMUAD and relatives, `swapped` for the X forms.
template <class U32>
struct Products {
  U32 first, second;
};
template <bool Swap, Context C>
Products<typename C::U32> halfword_products(C& c, const Insn& i) {
  const auto n = c.reg(i.rn), m = c.reg(i.rm);
  if constexpr (Swap)
    return {half<Half::bottom>(n) * half<Half::top>(m), half<Half::top>(n) * half<Half::bottom>(m)};
  else
    return {half<Half::bottom>(n) * half<Half::bottom>(m), half<Half::top>(n) * half<Half::top>(m)};
}

/// The 64-bit accumulator RdHi:RdLo = ra:rd.
template <Context C>
typename C::U64 accumulator(C& c, const Insn& i) {
  const auto lo = c.reg(i.rd), hi = c.reg(i.ra);
  return join(hi, lo);
}
template <Context C>
void write_long(C& c, const Insn& i, typename C::U64 value) {
  c.set_reg(i.rd, low(value));
  c.set_reg(i.ra, high(value));
}

// ---- 32-bit ---------------------------------------------------------------------------------------------------------

// MUL: ARMv7-M A7.7.84; C and V keep their values
template <bool S, Context C>
void mul(C& c, const Insn& i) {
  const auto value = c.reg(i.rn) * c.reg(i.rm);
  c.set_reg(i.rd, value);
  if constexpr (S) set_nz(c, value);
}

// MLA: ARMv7-M A7.7.74
template <Context C>
void mla(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) * c.reg(i.rm) + c.reg(i.ra));
}

// MLS: ARMv7-M A7.7.75
template <Context C>
void mls(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.ra) - c.reg(i.rn) * c.reg(i.rm));
}

// SDIV, UDIV: ARMv7-M A7.7.127, A7.7.195; a quotient by 0 is 0. The trap on division by 0 (CCR.DIV_0_TRP) is the
// engine's, which looks at every divide's operands anyway
template <bool Signed, Context C>
void divide(C& c, const Insn& i) {
  const auto n = c.reg(i.rn), m = c.reg(i.rm);
  if constexpr (Signed)
    c.set_reg(i.rd, select(m == 0u, m, mj::isa::sdiv(n, m)));
  else
    c.set_reg(i.rd, select(m == 0u, m, mj::isa::udiv(n, m)));
}

// ---- halfwords ------------------------------------------------------------------------------------------------------

// SMUL<x><y>: ARMv7-M A7.7.148
template <Half N, Half M, Context C>
void smul_halves(C& c, const Insn& i) {
  c.set_reg(i.rd, half<N>(c.reg(i.rn)) * half<M>(c.reg(i.rm)));
}

// SMLA<x><y>: ARMv7-M A7.7.136; Q on overflow of the addition
template <Half N, Half M, Context C>
void smla_halves(C& c, const Insn& i) {
  const auto product = half<N>(c.reg(i.rn)) * half<M>(c.reg(i.rm));
  write_accumulated(c, i, widen_signed(product) + widen_signed(c.reg(i.ra)));
}

// SMLAL<x><y>: ARMv7-M A7.7.139
template <Half N, Half M, Context C>
void smlal_halves(C& c, const Insn& i) {
  const auto product = half<N>(c.reg(i.rn)) * half<M>(c.reg(i.rm));
  write_long(c, i, accumulator(c, i) + widen_signed(product));
}

// SMULW<y>: ARMv7-M A7.7.150; bits 47:16 of a 32 x 16 product
template <Half M, Context C>
void smulw(C& c, const Insn& i) {
  const auto product = widen_signed(c.reg(i.rn)) * widen_signed(half<M>(c.reg(i.rm)));
  c.set_reg(i.rd, low(product >> 16));
}

// SMLAW<y>: ARMv7-M A7.7.141; Q on overflow of the addition
template <Half M, Context C>
void smlaw(C& c, const Insn& i) {
  const auto product = widen_signed(c.reg(i.rn)) * widen_signed(half<M>(c.reg(i.rm)));
  write_accumulated(c, i, asr64(product, 16u) + widen_signed(c.reg(i.ra)));
}

// SMUAD: ARMv7-M A7.7.147; Q on overflow (only -32768 * -32768 twice)
template <bool Swap, Context C>
void smuad(C& c, const Insn& i) {
  const auto p = halfword_products<Swap>(c, i);
  write_accumulated(c, i, widen_signed(p.first) + widen_signed(p.second));
}

// SMUSD: ARMv7-M A7.7.151; cannot overflow
template <bool Swap, Context C>
void smusd(C& c, const Insn& i) {
  const auto p = halfword_products<Swap>(c, i);
  c.set_reg(i.rd, p.first - p.second);
}

// SMLAD: ARMv7-M A7.7.137; Q if the whole sum overflows
template <bool Swap, Context C>
void smlad(C& c, const Insn& i) {
  const auto p = halfword_products<Swap>(c, i);
  write_accumulated(c, i, widen_signed(p.first) + widen_signed(p.second) + widen_signed(c.reg(i.ra)));
}

// SMLSD: ARMv7-M A7.7.142; Q if the accumulation overflows
template <bool Swap, Context C>
void smlsd(C& c, const Insn& i) {
  const auto p = halfword_products<Swap>(c, i);
  write_accumulated(c, i, widen_signed(p.first) - widen_signed(p.second) + widen_signed(c.reg(i.ra)));
}

// SMLALD: ARMv7-M A7.7.140
template <bool Swap, Context C>
void smlald(C& c, const Insn& i) {
  const auto p = halfword_products<Swap>(c, i);
  write_long(c, i, accumulator(c, i) + widen_signed(p.first) + widen_signed(p.second));
}

// SMLSLD: ARMv7-M A7.7.143
template <bool Swap, Context C>
void smlsld(C& c, const Insn& i) {
  const auto p = halfword_products<Swap>(c, i);
  write_long(c, i, accumulator(c, i) + widen_signed(p.first) - widen_signed(p.second));
}

// ---- upper word -----------------------------------------------------------------------------------------------------

/// The upper word, rounded to nearest for the R forms.
template <bool Round, class U64>
auto upper_word(U64 v) {
  if constexpr (Round)
    return high(v + U64(0x80000000u));
  else
    return high(v);
}

// SMMUL: ARMv7-M A7.7.146
template <bool Round, Context C>
void smmul(C& c, const Insn& i) {
  const auto product = widen_signed(c.reg(i.rn)) * widen_signed(c.reg(i.rm));
  c.set_reg(i.rd, upper_word<Round>(product));
}

// SMMLA: ARMv7-M A7.7.144
template <bool Round, Context C>
void smmla(C& c, const Insn& i) {
  const auto product = widen_signed(c.reg(i.rn)) * widen_signed(c.reg(i.rm));
  c.set_reg(i.rd, upper_word<Round>(join(c.reg(i.ra), 0u) + product));
}

// SMMLS: ARMv7-M A7.7.145
template <bool Round, Context C>
void smmls(C& c, const Insn& i) {
  const auto product = widen_signed(c.reg(i.rn)) * widen_signed(c.reg(i.rm));
  c.set_reg(i.rd, upper_word<Round>(join(c.reg(i.ra), 0u) - product));
}

// ---- 64-bit ---------------------------------------------------------------------------------------------------------

// SMULL: ARMv7-M A7.7.149
template <Context C>
void smull(C& c, const Insn& i) {
  write_long(c, i, widen_signed(c.reg(i.rn)) * widen_signed(c.reg(i.rm)));
}

// UMULL: ARMv7-M A7.7.204
template <Context C>
void umull(C& c, const Insn& i) {
  write_long(c, i, widen(c.reg(i.rn)) * widen(c.reg(i.rm)));
}

// SMLAL: ARMv7-M A7.7.138
template <Context C>
void smlal(C& c, const Insn& i) {
  write_long(c, i, accumulator(c, i) + widen_signed(c.reg(i.rn)) * widen_signed(c.reg(i.rm)));
}

// UMLAL: ARMv7-M A7.7.203
template <Context C>
void umlal(C& c, const Insn& i) {
  write_long(c, i, accumulator(c, i) + widen(c.reg(i.rn)) * widen(c.reg(i.rm)));
}

// UMAAL: ARMv7-M A7.7.202; cannot overflow
template <Context C>
void umaal(C& c, const Insn& i) {
  const auto product = widen(c.reg(i.rn)) * widen(c.reg(i.rm));
  write_long(c, i, product + widen(c.reg(i.rd)) + widen(c.reg(i.ra)));
}

}  // namespace mj::isa::thumb::semantics
