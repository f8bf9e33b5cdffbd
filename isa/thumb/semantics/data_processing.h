// Moves, arithmetic, logic, shifts, compares, bit fields, extensions (ARMv7-M A4.4.1, A4.4.2, A4.4.6; pages A7.7.x).
#pragma once

#include "isa/thumb/semantics/operand.h"

namespace mj::isa::thumb::semantics {

// ---- logic ----------------------------------------------------------------------------------------------------------

// AND: ARMv7-M A7.7.8, A7.7.9
template <bool S, Operand O, Context C>
void logical_and(C& c, const Insn& i) {
  const auto m = shifted_operand<O>(c, i);
  write_logic<S, O>(c, i, c.reg(i.rn) & m.value, m.carry);
}

// BIC: ARMv7-M A7.7.15, A7.7.16
template <bool S, Operand O, Context C>
void bic(C& c, const Insn& i) {
  const auto m = shifted_operand<O>(c, i);
  write_logic<S, O>(c, i, c.reg(i.rn) & ~m.value, m.carry);
}

// ORR: ARMv7-M A7.7.91, A7.7.92
template <bool S, Operand O, Context C>
void orr(C& c, const Insn& i) {
  const auto m = shifted_operand<O>(c, i);
  write_logic<S, O>(c, i, c.reg(i.rn) | m.value, m.carry);
}

// ORN: ARMv7-M A7.7.89, A7.7.90
template <bool S, Operand O, Context C>
void orn(C& c, const Insn& i) {
  const auto m = shifted_operand<O>(c, i);
  write_logic<S, O>(c, i, c.reg(i.rn) | ~m.value, m.carry);
}

// EOR: ARMv7-M A7.7.35, A7.7.36
template <bool S, Operand O, Context C>
void eor(C& c, const Insn& i) {
  const auto m = shifted_operand<O>(c, i);
  write_logic<S, O>(c, i, c.reg(i.rn) ^ m.value, m.carry);
}

// TST: ARMv7-M A7.7.188, A7.7.189
template <bool S, Operand O, Context C>
void tst(C& c, const Insn& i) {
  const auto m = shifted_operand<O>(c, i);
  set_nz(c, c.reg(i.rn) & m.value);
  if constexpr (writes_carry(O)) c.set_reg(cf, m.carry);
}

// TEQ: ARMv7-M A7.7.186, A7.7.187
template <bool S, Operand O, Context C>
void teq(C& c, const Insn& i) {
  const auto m = shifted_operand<O>(c, i);
  set_nz(c, c.reg(i.rn) ^ m.value);
  if constexpr (writes_carry(O)) c.set_reg(cf, m.carry);
}

// ---- moves and shifts -----------------------------------------------------------------------------------------------

// MOV, ADR, and as the move of a shifted operand LSL, LSR, ASR, ROR (immediate), RRX: ARMv7-M A7.7.76, A7.7.77, A7.7.7,
// A7.7.68, A7.7.70, A7.7.10, A7.7.116, A7.7.118
template <bool S, Operand O, To T = To::general, Context C>
void mov(C& c, const Insn& i) {
  const auto m = shifted_operand<O>(c, i);
  write_logic<S, O, T>(c, i, m.value, m.carry);
}

// MOV PC, Rm: ARMv7-M A7.7.77; BranchWritePC ignores bit 0
template <Context C>
void mov_pc(C& c, const Insn& i) {
  c.jump_to(c.reg(i.rm) | 1u);
}

// MVN: ARMv7-M A7.7.85, A7.7.86
template <bool S, Operand O, Context C>
void mvn(C& c, const Insn& i) {
  const auto m = shifted_operand<O>(c, i);
  write_logic<S, O>(c, i, ~m.value, m.carry);
}

// MOVT: ARMv7-M A7.7.79; imm is already in the upper half
template <Context C>
void movt(C& c, const Insn& i) {
  c.set_reg(i.rd, zero16(c.reg(i.rd)) | i.imm);
}

// LSL, LSR, ASR, ROR (register): ARMv7-M A7.7.69, A7.7.71, A7.7.11, A7.7.117; the amount is Rm's low byte, and an
// amount of 0 leaves C alone
template <bool S, Operand O, Context C>
void shift_by_register(C& c, const Insn& i) {
  using U32 = typename C::U32;
  const U32 n = zero8(c.reg(i.rm));
  const U32 a = c.reg(i.rn);
  U32 value, carry;
  if constexpr (O == Operand::lsl) {
    value = lsl(a, n);
    carry = lsl(a, n - 1u) >> 31;
  } else if constexpr (O == Operand::lsr) {
    value = lsr(a, n);
    carry = lsr(a, n - 1u) & 1u;
  } else if constexpr (O == Operand::asr) {
    value = asr(a, n);
    carry = asr(a, n - 1u) & 1u;
  } else {
    static_assert(O == Operand::ror);
    value = ror(a, n);
    carry = value >> 31;
  }
  c.set_reg(i.rd, value);
  if constexpr (S) {
    set_nz(c, value);
    c.set_reg(cf, select(n == 0u, c.reg(cf), carry));
  }
}

// ---- arithmetic -----------------------------------------------------------------------------------------------------

// ADD: ARMv7-M A7.7.3, A7.7.4, A7.7.5, A7.7.6
template <bool S, Operand O, To T = To::general, Context C>
void add(C& c, const Insn& i) {
  const auto a = c.reg(i.rn), b = operand<O>(c, i);
  const auto value = a + b;
  write<T>(c, i.rd, value);
  if constexpr (S) set_add_flags(c, a, b, value);
}

// SUB: ARMv7-M A7.7.174, A7.7.175, A7.7.176, A7.7.177
template <bool S, Operand O, To T = To::general, Context C>
void sub(C& c, const Insn& i) {
  const auto a = c.reg(i.rn), b = operand<O>(c, i);
  const auto value = a - b;
  write<T>(c, i.rd, value);
  if constexpr (S) set_sub_flags(c, a, b, value);
}

// RSB: ARMv7-M A7.7.119, A7.7.120
template <bool S, Operand O, Context C>
void rsb(C& c, const Insn& i) {
  const auto a = operand<O>(c, i), b = c.reg(i.rn);
  const auto value = a - b;
  c.set_reg(i.rd, value);
  if constexpr (S) set_sub_flags(c, a, b, value);
}

// Result and flags of a sum with the carry flag as carry in.
template <bool S, Context C>
void add_carry(C& c, const Insn& i, typename C::U32 a, typename C::U32 b) {
  const auto sum = add_with_carry(a, b, c.reg(cf));
  c.set_reg(i.rd, sum.value);
  if constexpr (S) {
    set_nz(c, sum.value);
    c.set_reg(cf, sum.carry);
    c.set_reg(vf, sum.overflow);
  }
}

// ADC: ARMv7-M A7.7.1, A7.7.2
template <bool S, Operand O, Context C>
void adc(C& c, const Insn& i) {
  const auto b = operand<O>(c, i);
  add_carry<S>(c, i, c.reg(i.rn), b);
}

// SBC: ARMv7-M A7.7.124, A7.7.125
template <bool S, Operand O, Context C>
void sbc(C& c, const Insn& i) {
  const auto b = operand<O>(c, i);
  add_carry<S>(c, i, c.reg(i.rn), ~b);
}

// CMP: ARMv7-M A7.7.27, A7.7.28
template <Operand O, Context C>
void cmp(C& c, const Insn& i) {
  const auto a = c.reg(i.rn), b = operand<O>(c, i);
  set_sub_flags(c, a, b, a - b);
}

// CMN: ARMv7-M A7.7.25, A7.7.26
template <Operand O, Context C>
void cmn(C& c, const Insn& i) {
  const auto a = c.reg(i.rn), b = operand<O>(c, i);
  set_add_flags(c, a, b, a + b);
}

// ADD Rd, PC: ARMv7-M A7.7.4; imm is the value of the PC
template <To T, Context C>
void add_from_pc(C& c, const Insn& i) {
  write<T>(c, i.rd, c.reg(i.rn) + i.imm);
}

// ADD PC, Rm: ARMv7-M A7.7.4; imm is the value of the PC, BranchWritePC ignores bit 0
template <Context C>
void add_pc(C& c, const Insn& i) {
  c.jump_to((c.reg(i.rm) + i.imm) | 1u);
}

// ---- bit fields -----------------------------------------------------------------------------------------------------

// BFI: ARMv7-M A7.7.14; imm is the field's mask in place, shift its lowest bit
template <Context C>
void bfi(C& c, const Insn& i) {
  const auto inserted = (c.reg(i.rn) << i.shift) & i.imm;
  c.set_reg(i.rd, (c.reg(i.rd) & ~i.imm) | inserted);
}

// BFC: ARMv7-M A7.7.13
template <Context C>
void bfc(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rd) & ~i.imm);
}

// UBFX: ARMv7-M A7.7.193; shift is the lowest bit, imm the mask of the width
template <Context C>
void ubfx(C& c, const Insn& i) {
  c.set_reg(i.rd, (c.reg(i.rn) >> i.shift) & i.imm);
}

// SBFX: ARMv7-M A7.7.126; kind moves the field's top bit to bit 31, shift brings its lowest one to bit 0
template <Context C>
void sbfx(C& c, const Insn& i) {
  c.set_reg(i.rd, asr(c.reg(i.rn) << i.kind, i.shift));
}

// CLZ: ARMv7-M A7.7.24
template <Context C>
void count_leading_zeros(C& c, const Insn& i) {
  c.set_reg(i.rd, clz(c.reg(i.rm)));
}

// RBIT: ARMv7-M A7.7.112
template <Context C>
void rbit(C& c, const Insn& i) {
  c.set_reg(i.rd, reverse_bits(c.reg(i.rm)));
}

// REV: ARMv7-M A7.7.113
template <Context C>
void rev(C& c, const Insn& i) {
  c.set_reg(i.rd, byte_swap(c.reg(i.rm)));
}

// REV16: ARMv7-M A7.7.114
template <Context C>
void rev16(C& c, const Insn& i) {
  c.set_reg(i.rd, ror(byte_swap(c.reg(i.rm)), 16u));
}

// REVSH: ARMv7-M A7.7.115
template <Context C>
void revsh(C& c, const Insn& i) {
  c.set_reg(i.rd, asr(byte_swap(c.reg(i.rm)), 16u));
}

// ---- extensions -----------------------------------------------------------------------------------------------------

enum class Extend { sxtb, sxth, uxtb, uxth, sxtb16, uxtb16 };

// The extension that SXTB ... UXTB16 and their adding forms share; shift is the rotation.
template <Extend E, bool Rotated, Context C>
typename C::U32 extended(C& c, const Insn& i) {
  using U32 = typename C::U32;
  U32 m = c.reg(i.rm);
  if constexpr (Rotated) m = ror(m, i.shift);
  if constexpr (E == Extend::sxtb) return sign8(m);
  if constexpr (E == Extend::sxth) return sign16(m);
  if constexpr (E == Extend::uxtb) return zero8(m);
  if constexpr (E == Extend::uxth) return zero16(m);
  if constexpr (E == Extend::sxtb16) return zero16(sign8(m)) | (sign8(m >> 16) << 16);
  if constexpr (E == Extend::uxtb16) return m & 0x00ff00ffu;
}

// SXTB, SXTB16, SXTH, UXTB, UXTB16, UXTH: ARMv7-M A7.7.182, A7.7.183, A7.7.184, A7.7.221, A7.7.222, A7.7.223
template <Extend E, bool Rotated, Context C>
void extend(C& c, const Insn& i) {
  c.set_reg(i.rd, extended<E, Rotated>(c, i));
}

// SXTAB, SXTAB16, SXTAH, UXTAB, UXTAB16, UXTAH: ARMv7-M A7.7.179, A7.7.180, A7.7.181, A7.7.218, A7.7.219, A7.7.220
template <Extend E, bool Rotated, Context C>
void extend_add(C& c, const Insn& i) {
  const auto a = c.reg(i.rn), b = extended<E, Rotated>(c, i);
  if constexpr (E == Extend::sxtb16 || E == Extend::uxtb16)
    c.set_reg(i.rd, zero16(a + b) | (((a >> 16) + (b >> 16)) << 16));
  else
    c.set_reg(i.rd, a + b);
}

}  // namespace mj::isa::thumb::semantics
