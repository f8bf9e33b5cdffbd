// Bit manipulation: Zba, Zbb, Zbs, Zbc (RISC-V Bit-Manipulation ISA-extensions 1.0.0, chapter 2) and Zbkb (RISC-V
// Cryptography Extensions Volume I 1.0.1, chapter 3); Zicond (RISC-V Integer Conditional Operations 1.0).
#pragma once

#include "isa/context.h"
#include "isa/rv32/value_ops.h"

namespace mj::isa::rv32::semantics {

// ---- Zba ------------------------------------------------------------------------------------------------------------

// SH1ADD, SH2ADD, SH3ADD: rs2 + (rs1 << N)
template <unsigned N, Context C>
void shift_add(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rm) + (c.reg(i.rn) << N));
}

// ---- Zbb ------------------------------------------------------------------------------------------------------------

template <Context C>
void andn(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) & ~c.reg(i.rm));
}
template <Context C>
void orn(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) | ~c.reg(i.rm));
}
template <Context C>
void xnor(C& c, const Insn& i) {
  c.set_reg(i.rd, ~(c.reg(i.rn) ^ c.reg(i.rm)));
}
// CLZ, CTZ: 32 for 0
template <Context C>
void count_leading_zeros(C& c, const Insn& i) {
  c.set_reg(i.rd, clz(c.reg(i.rn)));
}
template <Context C>
void count_trailing_zeros(C& c, const Insn& i) {
  c.set_reg(i.rd, ctz(c.reg(i.rn)));
}
template <Context C>
void cpop(C& c, const Insn& i) {
  c.set_reg(i.rd, popcount(c.reg(i.rn)));
}
template <Context C>
void max(C& c, const Insn& i) {
  const auto a = c.reg(i.rn), b = c.reg(i.rm);
  c.set_reg(i.rd, select(less_signed(a, b), b, a));
}
template <Context C>
void maxu(C& c, const Insn& i) {
  const auto a = c.reg(i.rn), b = c.reg(i.rm);
  c.set_reg(i.rd, select(a < b, b, a));
}
template <Context C>
void min(C& c, const Insn& i) {
  const auto a = c.reg(i.rn), b = c.reg(i.rm);
  c.set_reg(i.rd, select(less_signed(a, b), a, b));
}
template <Context C>
void minu(C& c, const Insn& i) {
  const auto a = c.reg(i.rn), b = c.reg(i.rm);
  c.set_reg(i.rd, select(a < b, a, b));
}
template <Context C>
void sext_b(C& c, const Insn& i) {
  c.set_reg(i.rd, sign8(c.reg(i.rn)));
}
template <Context C>
void sext_h(C& c, const Insn& i) {
  c.set_reg(i.rd, sign16(c.reg(i.rn)));
}
template <Context C>
void zext_h(C& c, const Insn& i) {
  c.set_reg(i.rd, zero16(c.reg(i.rn)));
}
// ROL, ROR: by the low five bits of rs2
template <Context C>
void rol(C& c, const Insn& i) {
  c.set_reg(i.rd, ror(c.reg(i.rn), (typename C::U32(32u) - c.reg(i.rm)) & 31u));
}
template <Context C>
void rotate_right(C& c, const Insn& i) {
  c.set_reg(i.rd, ror(c.reg(i.rn), c.reg(i.rm) & 31u));
}
template <Context C>
void rori(C& c, const Insn& i) {
  c.set_reg(i.rd, ror(c.reg(i.rn), typename C::U32(std::uint32_t{i.shift})));
}
// ORC.B: each byte all ones unless it is 0
template <Context C>
void orc_b(C& c, const Insn& i) {
  using U32 = typename C::U32;
  const U32 a = c.reg(i.rn);
  const U32 some = (((a & 0x7f7f7f7fu) + 0x7f7f7f7fu) | a) & 0x80808080u;  // bit 7 of each byte that isn't 0
  c.set_reg(i.rd, (some >> 7u) * 0xffu);
}
template <Context C>
void rev8(C& c, const Insn& i) {
  c.set_reg(i.rd, byte_swap(c.reg(i.rn)));
}

// ---- Zbs: the bit is numbered by the low five bits of rs2, or by the immediate --------------------------------------

template <Context C>
typename C::U32 bit_of_rm(C& c, const Insn& i) {
  return typename C::U32(1u) << (c.reg(i.rm) & 31u);
}
template <Context C>
void bclr(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) & ~bit_of_rm(c, i));
}
template <Context C>
void bext(C& c, const Insn& i) {
  c.set_reg(i.rd, (c.reg(i.rn) >> (c.reg(i.rm) & 31u)) & 1u);
}
template <Context C>
void binv(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) ^ bit_of_rm(c, i));
}
template <Context C>
void bset(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) | bit_of_rm(c, i));
}
template <Context C>
void bclri(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) & ~(1u << i.shift));
}
template <Context C>
void bexti(C& c, const Insn& i) {
  c.set_reg(i.rd, (c.reg(i.rn) >> std::uint32_t{i.shift}) & 1u);
}
template <Context C>
void binvi(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) ^ (1u << i.shift));
}
template <Context C>
void bseti(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) | (1u << i.shift));
}

// ---- Zbc ------------------------------------------------------------------------------------------------------------

// The 63 bits of the product: bits 31:0, 63:32, 62:31
template <Context C>
void clmul(C& c, const Insn& i) {
  c.set_reg(i.rd, low(carryless_product(c.reg(i.rn), c.reg(i.rm))));
}
template <Context C>
void clmulh(C& c, const Insn& i) {
  c.set_reg(i.rd, high(carryless_product(c.reg(i.rn), c.reg(i.rm))));
}
template <Context C>
void clmulr(C& c, const Insn& i) {
  c.set_reg(i.rd, high(carryless_product(c.reg(i.rn), c.reg(i.rm)) << 1u));
}

// ---- Zbkb -----------------------------------------------------------------------------------------------------------

template <Context C>
void pack(C& c, const Insn& i) {
  c.set_reg(i.rd, zero16(c.reg(i.rn)) | c.reg(i.rm) << 16u);
}
template <Context C>
void packh(C& c, const Insn& i) {
  c.set_reg(i.rd, zero8(c.reg(i.rn)) | zero8(c.reg(i.rm)) << 8u);
}
// BREV8: the bits of each byte the other way round
template <Context C>
void brev8(C& c, const Insn& i) {
  c.set_reg(i.rd, byte_swap(reverse_bits(c.reg(i.rn))));
}
// ZIP: bits of the low half to even places, of the high half to odd ones; UNZIP: back
template <Context C>
void zip(C& c, const Insn& i) {
  c.set_reg(i.rd, interleave(c.reg(i.rn)));
}
template <Context C>
void unzip(C& c, const Insn& i) {
  c.set_reg(i.rd, deinterleave(c.reg(i.rn)));
}

// ---- Zicond ---------------------------------------------------------------------------------------------------------

// CZERO.EQZ, CZERO.NEZ: 0 if rs2 is 0 (isn't), else rs1
template <Context C>
void czero_eqz(C& c, const Insn& i) {
  const auto a = c.reg(i.rn), b = c.reg(i.rm);
  c.set_reg(i.rd, select(b == 0u, typename C::U32(0u), a));
}
template <Context C>
void czero_nez(C& c, const Insn& i) {
  const auto a = c.reg(i.rn), b = c.reg(i.rm);
  c.set_reg(i.rd, select(b == 0u, a, typename C::U32(0u)));
}

}  // namespace mj::isa::rv32::semantics
