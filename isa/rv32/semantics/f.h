// RV32F single-precision floating point (Volume I, chapter 11), made of isa/fp_arith.h. F registers are ids f0 + n.
//
// Whether the FPU is on (mstatus.FS) and frm is a mode is asked before, not here (sim/arch_rv32.cpp). Insn fields: rd,
// rn, rm, ra = rd, rs1, rs2, rs3; kind and imm: the rounding (rounding() in f.h).
#pragma once

#include "isa/context.h"
#include "isa/fp_arith.h"
#include "isa/rv32/fcsr.h"
#include "isa/rv32/registers.h"

namespace mj::isa::rv32::semantics {

inline constexpr std::uint32_t f_sign = 0x80000000u;

// The control word with the rounding of this instruction.
template <Context C>
typename C::U32 f_control(C& c, const Insn& i) {
  const auto control = c.reg(fp_control);
  return i.kind ? control : (control & ~fp_control_rounding) | i.imm;
}
// Writes a result and accrues its flags.
template <Context C, class R>
void f_result(C& c, unsigned rd, const R& r) {
  const auto value = r.value;
  c.set_reg(rd, value);
  c.set_reg(fp_control, c.reg(fp_control) | r.flags);
}

// ---- 11.5 load and store: bits move as they are ---------------------------------------------------------------------

template <Context C>
void flw(C& c, const Insn& i) {
  c.set_reg(i.rd, c.load32(c.reg(i.rn) + i.imm));
}
template <Context C>
void fsw(C& c, const Insn& i) {
  c.store32(c.reg(i.rn) + i.imm, c.reg(i.rm));
}

// ---- 11.6 computation -----------------------------------------------------------------------------------------------

template <Context C>
void fadd_s(C& c, const Insn& i) {
  f_result(c, i.rd, ieee::fp_add(c.reg(i.rn), c.reg(i.rm), f_control(c, i)));
}
template <Context C>
void fsub_s(C& c, const Insn& i) {
  f_result(c, i.rd, ieee::fp_sub(c.reg(i.rn), c.reg(i.rm), f_control(c, i)));
}
template <Context C>
void fmul_s(C& c, const Insn& i) {
  f_result(c, i.rd, ieee::fp_mul(c.reg(i.rn), c.reg(i.rm), f_control(c, i)));
}
template <Context C>
void fdiv_s(C& c, const Insn& i) {
  f_result(c, i.rd, ieee::fp_div(c.reg(i.rn), c.reg(i.rm), f_control(c, i)));
}
template <Context C>
void fsqrt_s(C& c, const Insn& i) {
  f_result(c, i.rd, ieee::fp_sqrt(c.reg(i.rn), f_control(c, i)));
}
// rs1 * rs2 + rs3 with one rounding. A NaN's sign doesn't show, so that operands can be negated.
template <bool NegateProduct, bool NegateAddend, Context C>
void f_fused(C& c, const Insn& i) {
  const auto a = NegateProduct ? c.reg(i.rn) ^ f_sign : c.reg(i.rn);
  const auto addend = NegateAddend ? c.reg(i.ra) ^ f_sign : c.reg(i.ra);
  f_result(c, i.rd, ieee::fp_fma(addend, a, c.reg(i.rm), f_control(c, i)));
}
template <Context C>
void fmadd_s(C& c, const Insn& i) {
  f_fused<false, false>(c, i);
}
template <Context C>
void fmsub_s(C& c, const Insn& i) {
  f_fused<false, true>(c, i);
}
template <Context C>
void fnmsub_s(C& c, const Insn& i) {
  f_fused<true, false>(c, i);
}
template <Context C>
void fnmadd_s(C& c, const Insn& i) {
  f_fused<true, true>(c, i);
}
// Version 2.2: minimumNumber and maximumNumber of IEEE 754-2019
template <Context C>
void fmin_s(C& c, const Insn& i) {
  f_result(c, i.rd, ieee::fp_minimum_number(c.reg(i.rn), c.reg(i.rm), c.reg(fp_control)));
}
template <Context C>
void fmax_s(C& c, const Insn& i) {
  f_result(c, i.rd, ieee::fp_maximum_number(c.reg(i.rn), c.reg(i.rm), c.reg(fp_control)));
}

// ---- 11.7 conversion and move ---------------------------------------------------------------------------------------

// Table 11.4: out of range gives the nearest end of the range, a NaN the largest number
template <bool Unsigned, Context C>
void f_to_integer(C& c, const Insn& i) {
  using U32 = typename C::U32;
  const U32 a = c.reg(i.rn), control = f_control(c, i);
  const auto r = ieee::fp_to_fixed(a, control, ieee::FixedType{Unsigned, 32, 0}, ieee::Rounding::current);
  const auto is_nan = (a & ~f_sign) > 0x7f800000u;
  c.set_reg(i.rd, select(is_nan, U32(Unsigned ? 0xffffffffu : 0x7fffffffu), low(r.value)));
  c.set_reg(fp_control, c.reg(fp_control) | r.flags);
}
template <Context C>
void fcvt_w_s(C& c, const Insn& i) {
  f_to_integer<false>(c, i);
}
template <Context C>
void fcvt_wu_s(C& c, const Insn& i) {
  f_to_integer<true>(c, i);
}
template <bool Unsigned, Context C>
void f_from_integer(C& c, const Insn& i) {
  const auto a = c.reg(i.rn), control = f_control(c, i);
  f_result(c, i.rd, ieee::fp32_from_fixed(a, control, ieee::FixedType{Unsigned, 32, 0}, ieee::Rounding::current));
}
template <Context C>
void fcvt_s_w(C& c, const Insn& i) {
  f_from_integer<false>(c, i);
}
template <Context C>
void fcvt_s_wu(C& c, const Insn& i) {
  f_from_integer<true>(c, i);
}
template <Context C>
void fsgnj_s(C& c, const Insn& i) {
  c.set_reg(i.rd, (c.reg(i.rn) & ~f_sign) | (c.reg(i.rm) & f_sign));
}
template <Context C>
void fsgnjn_s(C& c, const Insn& i) {
  c.set_reg(i.rd, (c.reg(i.rn) & ~f_sign) | (~c.reg(i.rm) & f_sign));
}
template <Context C>
void fsgnjx_s(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) ^ (c.reg(i.rm) & f_sign));
}
// FMV.X.W, FMV.W.X
template <Context C>
void f_move(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn));
}

// ---- 11.8 comparison, 11.9 classification ---------------------------------------------------------------------------

// FEQ is quiet: only a signalling NaN is invalid; FLT and FLE signal every NaN. A comparison with a NaN gives 0.
template <bool Signal, Context C>
void f_compare(C& c, const Insn& i, std::uint32_t holds) {
  const auto r = ieee::fp_compare(c.reg(i.rn), c.reg(i.rm), c.reg(fp_control), Signal);
  c.set_reg(i.rd, bit_of((r.value & holds) != 0u));
  c.set_reg(fp_control, c.reg(fp_control) | r.flags);
}
inline constexpr std::uint32_t f_less = 1u << 31, f_equal = 1u << 30;  // N and Z of fp_compare
template <Context C>
void feq_s(C& c, const Insn& i) {
  f_compare<false>(c, i, f_equal);
}
template <Context C>
void flt_s(C& c, const Insn& i) {
  f_compare<true>(c, i, f_less);
}
template <Context C>
void fle_s(C& c, const Insn& i) {
  f_compare<true>(c, i, f_less | f_equal);
}

// Table 11.5: one bit of ten
template <Context C>
void fclass_s(C& c, const Insn& i) {
  using U32 = typename C::U32;
  const U32 a = c.reg(i.rn), magnitude = a & ~f_sign;
  // Bits 4..7 for positive numbers; negative ones mirror them in bits 3..0.
  const U32 positive = select(
      magnitude == 0u, U32(1u << 4),
      select(magnitude < 0x00800000u, U32(1u << 5), select(magnitude < 0x7f800000u, U32(1u << 6), U32(1u << 7))));
  const U32 negative = select(
      magnitude == 0u, U32(1u << 3),
      select(magnitude < 0x00800000u, U32(1u << 2), select(magnitude < 0x7f800000u, U32(1u << 1), U32(1u << 0))));
  const U32 nan = select((a & 0x00400000u) != 0u, U32(1u << 9), U32(1u << 8));
  c.set_reg(i.rd, select(magnitude > 0x7f800000u, nan, select((a & f_sign) != 0u, negative, positive)));
}

}  // namespace mj::isa::rv32::semantics
