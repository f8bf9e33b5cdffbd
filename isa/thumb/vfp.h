// Encodings of the floating-point extension (ARMv7-M A6.4-A6.7; FPv5: A7.7 of the same manual's later issues). Each row
// of the macro BOTH stands for two: bit 8 clear is single precision, set is double precision.
//
// Letters d and m of the pictures give five bits D:Vd and M:Vm, n gives Vn:N (in the encoding N stands behind Vn). The
// fix functions turn them into register ids: S<Vd:D> or D<D:Vd>, where D must be 0 as there are 16 double registers.
#pragma once

#include <array>

#include "isa/decode_table.h"
#include "isa/thumb/encoding.h"
#include "isa/thumb/features.h"
#include "isa/thumb/op.h"
#include "isa/thumb/registers.h"

namespace mj::isa::thumb {

namespace vfp {

using encoding::byte;
using encoding::reject;

enum class Bank { none, single, twice };  // twice: double precision

template <Bank B>
constexpr void to_id(Insn& i, std::uint8_t& field) {
  if constexpr (B == Bank::single) field = byte(s0 + ((field & 15u) << 1 | field >> 4));
  if constexpr (B == Bank::twice) {
    if (field > 15) reject(i);
    field = byte(s0 + 2u * (field & 15u));
  }
}

template <Bank B>
constexpr void n_to_id(Insn& i, std::uint8_t& field) {
  if constexpr (B != Bank::none) field = byte((field & 1u) << 4 | field >> 1);
  to_id<B>(i, field);
}

template <Bank Dst, Bank Lhs, Bank Rhs>
void registers(Insn& i) {
  to_id<Dst>(i, i.rd);
  n_to_id<Lhs>(i, i.rn);
  to_id<Rhs>(i, i.rm);
}

// The FPv5 encodings without condition are UNPREDICTABLE in an IT block.
template <Bank Dst, Bank Lhs, Bank Rhs>
void unconditional(Insn& i) {
  registers<Dst, Lhs, Rhs>(i);
  if (encoding::in_it(i)) reject(i);
}

// VFPExpandImm() (A6.4.1): the binary32 value, or the upper word of the binary64 value.
template <Bank B>
void expand_imm(Insn& i) {
  registers<B, Bank::none, Bank::none>(i);
  const std::uint32_t v = i.imm, sign = v >> 7 << 31, top = v >> 6 & 1, rest = v & 63;
  if constexpr (B == Bank::single)
    i.imm = sign | (top ? 0x3e000000u : 0x40000000u) | rest << 19;
  else
    i.imm = sign | (top ? 0x3fc00000u : 0x40000000u) | rest << 16;
}

// VCVT (fixed point): shift becomes the binary places, size minus imm4:i (decoded as i:imm4).
template <Bank B, unsigned Bits>
void fixed_places(Insn& i) {
  registers<B, Bank::none, Bank::none>(i);
  const std::uint32_t down = (i.shift & 15u) << 1 | i.shift >> 4;
  if (down > Bits) reject(i);
  i.shift = byte((Bits - down) & 63);
}

template <Bank B>
void load_store(Insn& i) {
  registers<B, Bank::none, Bank::none>(i);
  i.imm = i.aux != 0 ? i.imm * 4 : 0u - i.imm * 4;
  i.aux = 0;
}
template <Bank B>
void store_single(Insn& i) {
  load_store<B>(i);
  if (i.rn == pc) reject(i);
}
template <Bank B>
void literal(Insn& i) {
  load_store<B>(i);
  i.imm += encoding::pc_aligned(i);
}

// imm: bytes that the base moves; kind: words transferred. An odd count of words in the double form is FLDMX/FSTMX,
// which leaves the last word out.
template <Bank B>
void list(Insn& i) {
  registers<B, Bank::none, Bank::none>(i);
  const std::uint32_t words = B == Bank::single ? i.imm : i.imm & ~1u;
  if (words == 0 || words > 32 || i.rd + words > s0 + 32 || i.rn == pc) reject(i);
  i.kind = byte(words & 63);
  i.imm *= 4;
}

// VPUSH, VPOP: the same with the stack pointer, which the picture fixes.
template <Bank B>
void stack_list(Insn& i) {
  i.rn = sp;
  list<B>(i);
}

// One core register (in rd as decoded) and a single register (in rn).
template <bool ToCore>
void core_single(Insn& i) {
  const std::uint8_t core = i.rd;
  std::uint8_t word = i.rn;
  n_to_id<Bank::single>(i, word);
  if (encoding::sp_or_pc(core)) reject(i);
  i.rd = ToCore ? core : word;
  i.rm = ToCore ? word : core;
  i.rn = 0;
}
// The same with word `imm` of a double register.
template <bool ToCore>
void core_scalar(Insn& i) {
  const std::uint8_t core = i.rd;
  std::uint8_t word = i.rn;
  n_to_id<Bank::twice>(i, word);
  if (encoding::sp_or_pc(core)) reject(i);
  word = byte(word + i.imm);
  i.rd = ToCore ? core : word;
  i.rm = ToCore ? word : core;
  i.rn = 0;
  i.imm = 0;
}
// Two core registers (rd first, ra second) and two single ones, or a double one (rm).
template <Bank B, bool ToCore>
void two_core(Insn& i) {
  const std::uint8_t first = i.rd, second = i.ra;
  std::uint8_t word = i.rm;
  to_id<B>(i, word);
  if (encoding::sp_or_pc(first) || encoding::sp_or_pc(second) || word == s0 + 31 || (ToCore && first == second))
    reject(i);
  const std::uint8_t next_word = byte(word + 1u);
  i.rd = ToCore ? first : word;
  i.ra = ToCore ? second : next_word;
  i.rm = ToCore ? word : first;
  i.rn = ToCore ? next_word : second;
}
inline void status(Insn& i) {
  if (encoding::sp_or_pc(i.rd)) reject(i);
}

}  // namespace vfp

// clang-format off
inline constexpr auto vfp_rows = [] {
  using enum OpClass;
  using namespace vfp;
  constexpr Bank none = Bank::none, S = Bank::single, D = Bank::twice;
  constexpr std::uint32_t sp_v5 = fp_sp | fp_v5, dp_v5 = fp_dp | fp_v5;
#define BOTH(before, after, name, cls, f, ...)                                                    \
  Row<Op>{picture(before "0" after), Op::name##_f32, cls, f<MJ_REGISTERS(S, __VA_ARGS__)>, fp_sp}, \
  Row<Op>{picture(before "1" after), Op::name##_f64, cls, f<MJ_REGISTERS(D, __VA_ARGS__)>, fp_dp}
#define BOTH_V5(before, after, name, cls, f, ...)                                                 \
  Row<Op>{picture(before "0" after), Op::name##_f32, cls, f<MJ_REGISTERS(S, __VA_ARGS__)>, sp_v5}, \
  Row<Op>{picture(before "1" after), Op::name##_f64, cls, f<MJ_REGISTERS(D, __VA_ARGS__)>, dp_v5}
#define MJ_REGISTERS(B, which) MJ_REGISTERS_##which(B)
#define MJ_REGISTERS_dnm(B) B, B, B
#define MJ_REGISTERS_dm(B) B, none, B
#define MJ_REGISTERS_d(B) B, none, none
#define MJ_REGISTERS_only(B) B
#define MJ_REGISTERS_d_word(B) B, none, S
#define MJ_REGISTERS_word_m(B) S, none, B
#define MJ_REGISTERS_b16(B) B, 16
#define MJ_REGISTERS_b32(B) B, 32
  return std::to_array<Row<Op>>({
      // Data processing: A6.5
      BOTH("11101110 0d00 nnnn dddd 101", "n0m0 mmmm", vmla, fp_mac, registers, dnm),
      BOTH("11101110 0d00 nnnn dddd 101", "n1m0 mmmm", vmls, fp_mac, registers, dnm),
      BOTH("11101110 0d01 nnnn dddd 101", "n0m0 mmmm", vnmls, fp_mac, registers, dnm),
      BOTH("11101110 0d01 nnnn dddd 101", "n1m0 mmmm", vnmla, fp_mac, registers, dnm),
      BOTH("11101110 0d10 nnnn dddd 101", "n0m0 mmmm", vmul, fp_mul, registers, dnm),
      BOTH("11101110 0d10 nnnn dddd 101", "n1m0 mmmm", vnmul, fp_mul, registers, dnm),
      BOTH("11101110 0d11 nnnn dddd 101", "n0m0 mmmm", vadd, fp_add, registers, dnm),
      BOTH("11101110 0d11 nnnn dddd 101", "n1m0 mmmm", vsub, fp_add, registers, dnm),
      BOTH("11101110 1d00 nnnn dddd 101", "n0m0 mmmm", vdiv, fp_div, registers, dnm),
      BOTH("11101110 1d01 nnnn dddd 101", "n0m0 mmmm", vfnms, fp_mac, registers, dnm),
      BOTH("11101110 1d01 nnnn dddd 101", "n1m0 mmmm", vfnma, fp_mac, registers, dnm),
      BOTH("11101110 1d10 nnnn dddd 101", "n0m0 mmmm", vfma, fp_mac, registers, dnm),
      BOTH("11101110 1d10 nnnn dddd 101", "n1m0 mmmm", vfms, fp_mac, registers, dnm),
      BOTH("11101110 1d11 iiii dddd 101", "-0-0 iiii", vmov_imm, fp_move, expand_imm, only),
      BOTH("11101110 1d11 0000 dddd 101", "01m0 mmmm", vmov, fp_move, registers, dm),
      BOTH("11101110 1d11 0000 dddd 101", "11m0 mmmm", vabs, fp_move, registers, dm),
      BOTH("11101110 1d11 0001 dddd 101", "01m0 mmmm", vneg, fp_move, registers, dm),
      BOTH("11101110 1d11 0001 dddd 101", "11m0 mmmm", vsqrt, fp_sqrt, registers, dm),
      BOTH("11101110 1d11 0100 dddd 101", "01m0 mmmm", vcmp, fp_compare, registers, dm),
      BOTH("11101110 1d11 0100 dddd 101", "11m0 mmmm", vcmpe, fp_compare, registers, dm),
      BOTH("11101110 1d11 0101 dddd 101", "01-0 ----", vcmp_zero, fp_compare, registers, d),
      BOTH("11101110 1d11 0101 dddd 101", "11-0 ----", vcmpe_zero, fp_compare, registers, d),

      // Conversions: A7.7.228-231
      {picture("11101110 1d11 0010 dddd 1010 01m0 mmmm"), Op::vcvtb_f32_f16, fp_convert, registers<S, none, S>, fp_sp},
      {picture("11101110 1d11 0010 dddd 1010 11m0 mmmm"), Op::vcvtt_f32_f16, fp_convert, registers<S, none, S>, fp_sp},
      {picture("11101110 1d11 0011 dddd 1010 01m0 mmmm"), Op::vcvtb_f16_f32, fp_convert, registers<S, none, S>, fp_sp},
      {picture("11101110 1d11 0011 dddd 1010 11m0 mmmm"), Op::vcvtt_f16_f32, fp_convert, registers<S, none, S>, fp_sp},
      {picture("11101110 1d11 0010 dddd 1011 01m0 mmmm"), Op::vcvtb_f64_f16, fp_convert, registers<D, none, S>, dp_v5},
      {picture("11101110 1d11 0010 dddd 1011 11m0 mmmm"), Op::vcvtt_f64_f16, fp_convert, registers<D, none, S>, dp_v5},
      {picture("11101110 1d11 0011 dddd 1011 01m0 mmmm"), Op::vcvtb_f16_f64, fp_convert, registers<S, none, D>, dp_v5},
      {picture("11101110 1d11 0011 dddd 1011 11m0 mmmm"), Op::vcvtt_f16_f64, fp_convert, registers<S, none, D>, dp_v5},
      {picture("11101110 1d11 0111 dddd 1010 11m0 mmmm"), Op::vcvt_f64_f32, fp_convert, registers<D, none, S>, fp_dp},
      {picture("11101110 1d11 0111 dddd 1011 11m0 mmmm"), Op::vcvt_f32_f64, fp_convert, registers<S, none, D>, fp_dp},
#define CONVERT(before, after, f32, f64, f, which)                                                     \
  Row<Op>{picture(before "0" after), Op::f32, fp_convert, f<MJ_REGISTERS(S, which)>, fp_sp},           \
  Row<Op>{picture(before "1" after), Op::f64, fp_convert, f<MJ_REGISTERS(D, which)>, fp_dp}
#define CONVERT_V5(before, after, f32, f64, f, which)                                                  \
  Row<Op>{picture(before "0" after), Op::f32, fp_convert, f<MJ_REGISTERS(S, which)>, sp_v5},           \
  Row<Op>{picture(before "1" after), Op::f64, fp_convert, f<MJ_REGISTERS(D, which)>, dp_v5}
      CONVERT("11101110 1d11 1000 dddd 101", "01m0 mmmm", vcvt_f32_u32, vcvt_f64_u32, registers, d_word),
      CONVERT("11101110 1d11 1000 dddd 101", "11m0 mmmm", vcvt_f32_s32, vcvt_f64_s32, registers, d_word),
      CONVERT("11101110 1d11 1100 dddd 101", "01m0 mmmm", vcvtr_u32_f32, vcvtr_u32_f64, registers, word_m),
      CONVERT("11101110 1d11 1100 dddd 101", "11m0 mmmm", vcvt_u32_f32, vcvt_u32_f64, registers, word_m),
      CONVERT("11101110 1d11 1101 dddd 101", "01m0 mmmm", vcvtr_s32_f32, vcvtr_s32_f64, registers, word_m),
      CONVERT("11101110 1d11 1101 dddd 101", "11m0 mmmm", vcvt_s32_f32, vcvt_s32_f64, registers, word_m),
#define FIXED(before, sx, f32, f64, which)                                                       \
  Row<Op>{picture(before "0" sx "1s0 ssss"), Op::f32, fp_convert, fixed_places<MJ_REGISTERS(S, which)>, fp_sp}, \
  Row<Op>{picture(before "1" sx "1s0 ssss"), Op::f64, fp_convert, fixed_places<MJ_REGISTERS(D, which)>, fp_dp}
      FIXED("11101110 1d11 1010 dddd 101", "0", vcvt_f32_s16_fixed, vcvt_f64_s16_fixed, b16),
      FIXED("11101110 1d11 1010 dddd 101", "1", vcvt_f32_s32_fixed, vcvt_f64_s32_fixed, b32),
      FIXED("11101110 1d11 1011 dddd 101", "0", vcvt_f32_u16_fixed, vcvt_f64_u16_fixed, b16),
      FIXED("11101110 1d11 1011 dddd 101", "1", vcvt_f32_u32_fixed, vcvt_f64_u32_fixed, b32),
      FIXED("11101110 1d11 1110 dddd 101", "0", vcvt_s16_fixed_f32, vcvt_s16_fixed_f64, b16),
      FIXED("11101110 1d11 1110 dddd 101", "1", vcvt_s32_fixed_f32, vcvt_s32_fixed_f64, b32),
      FIXED("11101110 1d11 1111 dddd 101", "0", vcvt_u16_fixed_f32, vcvt_u16_fixed_f64, b16),
      FIXED("11101110 1d11 1111 dddd 101", "1", vcvt_u32_fixed_f32, vcvt_u32_fixed_f64, b32),

      // FPv5
      BOTH_V5("11101110 1d11 0110 dddd 101", "01m0 mmmm", vrintr, fp_convert, registers, dm),
      BOTH_V5("11101110 1d11 0110 dddd 101", "11m0 mmmm", vrintz, fp_convert, registers, dm),
      BOTH_V5("11101110 1d11 0111 dddd 101", "01m0 mmmm", vrintx, fp_convert, registers, dm),
      BOTH_V5("11111110 0d00 nnnn dddd 101", "n0m0 mmmm", vseleq, fp_move, unconditional, dnm),
      BOTH_V5("11111110 0d01 nnnn dddd 101", "n0m0 mmmm", vselvs, fp_move, unconditional, dnm),
      BOTH_V5("11111110 0d10 nnnn dddd 101", "n0m0 mmmm", vselge, fp_move, unconditional, dnm),
      BOTH_V5("11111110 0d11 nnnn dddd 101", "n0m0 mmmm", vselgt, fp_move, unconditional, dnm),
      BOTH_V5("11111110 1d00 nnnn dddd 101", "n0m0 mmmm", vmaxnm, fp_compare, unconditional, dnm),
      BOTH_V5("11111110 1d00 nnnn dddd 101", "n1m0 mmmm", vminnm, fp_compare, unconditional, dnm),
      BOTH_V5("11111110 1d11 1000 dddd 101", "01m0 mmmm", vrinta, fp_convert, unconditional, dm),
      BOTH_V5("11111110 1d11 1001 dddd 101", "01m0 mmmm", vrintn, fp_convert, unconditional, dm),
      BOTH_V5("11111110 1d11 1010 dddd 101", "01m0 mmmm", vrintp, fp_convert, unconditional, dm),
      BOTH_V5("11111110 1d11 1011 dddd 101", "01m0 mmmm", vrintm, fp_convert, unconditional, dm),
      CONVERT_V5("11111110 1d11 1100 dddd 101", "01m0 mmmm", vcvta_u32_f32, vcvta_u32_f64, unconditional, word_m),
      CONVERT_V5("11111110 1d11 1100 dddd 101", "11m0 mmmm", vcvta_s32_f32, vcvta_s32_f64, unconditional, word_m),
      CONVERT_V5("11111110 1d11 1101 dddd 101", "01m0 mmmm", vcvtn_u32_f32, vcvtn_u32_f64, unconditional, word_m),
      CONVERT_V5("11111110 1d11 1101 dddd 101", "11m0 mmmm", vcvtn_s32_f32, vcvtn_s32_f64, unconditional, word_m),
      CONVERT_V5("11111110 1d11 1110 dddd 101", "01m0 mmmm", vcvtp_u32_f32, vcvtp_u32_f64, unconditional, word_m),
      CONVERT_V5("11111110 1d11 1110 dddd 101", "11m0 mmmm", vcvtp_s32_f32, vcvtp_s32_f64, unconditional, word_m),
      CONVERT_V5("11111110 1d11 1111 dddd 101", "01m0 mmmm", vcvtm_u32_f32, vcvtm_u32_f64, unconditional, word_m),
      CONVERT_V5("11111110 1d11 1111 dddd 101", "11m0 mmmm", vcvtm_s32_f32, vcvtm_s32_f64, unconditional, word_m),

      // Between core and FP registers: A6.7
      {picture("11101110 0000 nnnn dddd 1010 n--1 ----"), Op::vmov_core_to_s, fp_core_move, core_single<false>, fp_sp},
      {picture("11101110 0001 nnnn dddd 1010 n--1 ----"), Op::vmov_s_to_core, fp_core_move, core_single<true>, fp_sp},
      {picture("11101110 00i0 nnnn dddd 1011 n001 ----"), Op::vmov_core_to_scalar, fp_core_move, core_scalar<false>, fp_sp},
      {picture("11101110 00i1 nnnn dddd 1011 n001 ----"), Op::vmov_scalar_to_core, fp_core_move, core_scalar<true>, fp_sp},
      {picture("11101100 0100 aaaa dddd 1010 00m1 mmmm"), Op::vmov_two_core_to_s, fp_core_move, two_core<S, false>, fp_sp},
      {picture("11101100 0101 aaaa dddd 1010 00m1 mmmm"), Op::vmov_two_s_to_core, fp_core_move, two_core<S, true>, fp_sp},
      {picture("11101100 0100 aaaa dddd 1011 00m1 mmmm"), Op::vmov_two_core_to_d, fp_core_move, two_core<D, false>, fp_sp},
      {picture("11101100 0101 aaaa dddd 1011 00m1 mmmm"), Op::vmov_d_to_two_core, fp_core_move, two_core<D, true>, fp_sp},
      {picture("11101110 1111 0001 dddd 1010 ---1 ----"), Op::vmrs, fp_sys, status, fp_sp},
      {picture("11101110 1111 0001 1111 1010 ---1 ----"), Op::vmrs_flags, fp_sys, nullptr, fp_sp},
      {picture("11101110 1110 0001 dddd 1010 ---1 ----"), Op::vmsr, fp_sys, status, fp_sp},

      // Load and store: A6.6; the double forms move two words and need no double-precision arithmetic
#define MEMORY(before, single_op, double_op, cls, f)                                     \
  Row<Op>{picture(before "0 iiii iiii"), Op::single_op, cls, f<S>, fp_sp},               \
  Row<Op>{picture(before "1 iiii iiii"), Op::double_op, cls, f<D>, fp_sp}
      MEMORY("11101101 xd01 nnnn dddd 101", vldr_f32, vldr_f64, fp_load, load_store),
      MEMORY("11101101 xd01 1111 dddd 101", vldr_literal_f32, vldr_literal_f64, fp_load, literal),
      MEMORY("11101101 xd00 nnnn dddd 101", vstr_f32, vstr_f64, fp_store, store_single),
      MEMORY("11101100 1d01 nnnn dddd 101", vldm, vldm, fp_load_multi, list),
      MEMORY("11101100 1d11 nnnn dddd 101", vldm_wb, vldm_wb, fp_load_multi, list),
      MEMORY("11101101 0d11 nnnn dddd 101", vldmdb_wb, vldmdb_wb, fp_load_multi, list),
      MEMORY("11101100 1d00 nnnn dddd 101", vstm, vstm, fp_store_multi, list),
      MEMORY("11101100 1d10 nnnn dddd 101", vstm_wb, vstm_wb, fp_store_multi, list),
      MEMORY("11101101 0d10 nnnn dddd 101", vstmdb_wb, vstmdb_wb, fp_store_multi, list),
      MEMORY("11101100 1d11 1101 dddd 101", vpop, vpop, fp_load_multi, stack_list),
      MEMORY("11101101 0d10 1101 dddd 101", vpush, vpush, fp_store_multi, stack_list),
  });
#undef BOTH
#undef BOTH_V5
#undef CONVERT
#undef CONVERT_V5
#undef FIXED
#undef MEMORY
#undef MJ_REGISTERS
#undef MJ_REGISTERS_dnm
#undef MJ_REGISTERS_dm
#undef MJ_REGISTERS_d
#undef MJ_REGISTERS_only
#undef MJ_REGISTERS_d_word
#undef MJ_REGISTERS_word_m
#undef MJ_REGISTERS_b16
#undef MJ_REGISTERS_b32
}();
// clang-format on
static_assert(unambiguous(vfp_rows));

}  // namespace mj::isa::thumb
