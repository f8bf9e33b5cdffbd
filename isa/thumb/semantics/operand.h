// The flexible second operand and the flags (ARMv7-M A7.4.2, A2.2.1), shared by the chapters.
#pragma once

#include "isa/context.h"
#include "isa/thumb/registers.h"

namespace mj::isa::thumb::semantics {

/// Forms of the second operand. Shift amounts are Insn::shift: LSL and ROR 1..31, LSR and ASR 1..32.
enum class Operand { imm, imm_carry, reg, lsl, lsr, asr, ror, rrx };

/// What kind of register the result goes to. Most UNPREDICTABLE uses of SP and PC never get past the decoder.
enum class To { general, stack, pc, pc_return };

/// True if a logical operation with this operand writes the C flag.
constexpr bool writes_carry(Operand o) { return o != Operand::imm && o != Operand::reg; }

/// An operand's value and the shifter's carry (0 or 1; only meaningful if writes_carry).
template <class U32>
struct Shifted {
  U32 value, carry;
};

template <Operand O, Context C>
Shifted<typename C::U32> shifted_operand(C& c, const Insn& i) {
  using U32 = typename C::U32;
  if constexpr (O == Operand::imm || O == Operand::imm_carry) {
    return {U32(i.imm), U32(i.imm >> 31)};
  } else {
    const U32 m = c.reg(i.rm);
    const std::uint32_t n = i.shift;
    if constexpr (O == Operand::reg) return {m, U32(0u)};
    if constexpr (O == Operand::lsl) return {m << n, (m >> (32u - n)) & 1u};
    if constexpr (O == Operand::lsr) return {lsr(m, n), (m >> (n - 1u)) & 1u};
    if constexpr (O == Operand::asr) return {asr(m, n), (m >> (n - 1u)) & 1u};
    if constexpr (O == Operand::ror) return {ror(m, n), (m >> (n - 1u)) & 1u};
    if constexpr (O == Operand::rrx) return {(c.reg(cf) << 31) | (m >> 1), m & 1u};
  }
}

template <Operand O, Context C>
typename C::U32 operand(C& c, const Insn& i) {
  return shifted_operand<O>(c, i).value;
}

template <Context C>
void set_nz(C& c, typename C::U32 value) {
  c.set_reg(nf, value);
  c.set_reg(zf, value);
}

/// Makes Q sticky-set if `saturated` is 1.
template <Context C>
void set_q(C& c, typename C::U32 saturated) {
  c.set_reg(qf, c.reg(qf) | saturated);
}

/// Writes a result to a core register; SP drops bits 1:0.
template <To T, Context C>
void write(C& c, unsigned id, typename C::U32 value) {
  static_assert(T == To::general || T == To::stack);
  if constexpr (T == To::stack)
    c.set_reg(sp, value & ~3u);
  else
    c.set_reg(id, value);
}

/// Result and flags of a logical operation or move: N, Z, and C from the shifter.
template <bool S, Operand O, To T = To::general, Context C>
void write_logic(C& c, const Insn& i, typename C::U32 value, typename C::U32 carry) {
  write<T>(c, i.rd, value);
  if constexpr (S) {
    set_nz(c, value);
    if constexpr (writes_carry(O)) c.set_reg(cf, carry);
  }
}

/// Flags of a + b = value without carry in.
template <Context C>
void set_add_flags(C& c, typename C::U32 a, typename C::U32 b, typename C::U32 value) {
  set_nz(c, value);
  c.set_reg(cf, bit_of(value < a));
  c.set_reg(vf, (a ^ value) & (b ^ value));
}

/// Flags of a - b = value; C is "no borrow".
template <Context C>
void set_sub_flags(C& c, typename C::U32 a, typename C::U32 b, typename C::U32 value) {
  set_nz(c, value);
  c.set_reg(cf, bit_of(a >= b));
  c.set_reg(vf, (a ^ b) & (a ^ value));
}

}  // namespace mj::isa::thumb::semantics
