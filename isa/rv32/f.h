// Encodings of RV32F (Volume I, chapter 24, table "RV32F Standard Extension"; chapter 11).
#pragma once

#include "isa/rv32/encoding.h"
#include "isa/rv32/fcsr.h"

namespace mj::isa::rv32 {

// The rm field (11.2, table 11.1): 7 asks for frm, 5 and 6 are reserved. Insn::kind is 1 if the rounding comes from
// frm; else imm has the control word's bits of the mode.
constexpr void rounding(Insn& i) {
  const std::uint32_t rm = i.kind;
  i.kind = rm == 7;
  if (rm == 5 || rm == 6)
    reject(i);
  else if (rm != 7)
    i.imm = control_of_rounding(rm);
}

// Which of the register fields are F's.
constexpr void f_dnm(Insn& i) { i.rd = f_reg(i.rd), i.rn = f_reg(i.rn), i.rm = f_reg(i.rm); }
constexpr void f_dn(Insn& i) { i.rd = f_reg(i.rd), i.rn = f_reg(i.rn); }
constexpr void f_nm(Insn& i) { i.rn = f_reg(i.rn), i.rm = f_reg(i.rm); }
constexpr void f_d(Insn& i) { i.rd = f_reg(i.rd); }
constexpr void f_n(Insn& i) { i.rn = f_reg(i.rn); }

constexpr void f_load(Insn& i) { imm_i(i), f_d(i); }
constexpr void f_store(Insn& i) { imm_s(i), i.rm = f_reg(i.rm); }
constexpr void f_arith(Insn& i) { f_dnm(i), rounding(i); }
constexpr void f_fused(Insn& i) { f_dnm(i), i.ra = f_reg(i.ra), rounding(i); }
constexpr void f_sqrt(Insn& i) { f_dn(i), rounding(i); }
constexpr void f_to_int(Insn& i) { f_n(i), rounding(i); }
constexpr void f_from_int(Insn& i) { f_d(i), rounding(i); }

inline constexpr std::array rows_f = {
    // clang-format off
    // 11.5
    RvRow{picture("------------ nnnnn 010 ddddd 00001 11"), Op::flw, OpClass::fp_load, f_load, feature_f},
    RvRow{picture("------- mmmmm nnnnn 010 ----- 01001 11"), Op::fsw, OpClass::fp_store, f_store, feature_f},

    // 11.6
    RvRow{picture("aaaaa 00 mmmmm nnnnn ttt ddddd 10000 11"), Op::fmadd_s, OpClass::fp_mac, f_fused, feature_f},
    RvRow{picture("aaaaa 00 mmmmm nnnnn ttt ddddd 10001 11"), Op::fmsub_s, OpClass::fp_mac, f_fused, feature_f},
    RvRow{picture("aaaaa 00 mmmmm nnnnn ttt ddddd 10010 11"), Op::fnmsub_s, OpClass::fp_mac, f_fused, feature_f},
    RvRow{picture("aaaaa 00 mmmmm nnnnn ttt ddddd 10011 11"), Op::fnmadd_s, OpClass::fp_mac, f_fused, feature_f},
    RvRow{picture("0000000 mmmmm nnnnn ttt ddddd 10100 11"), Op::fadd_s, OpClass::fp_add, f_arith, feature_f},
    RvRow{picture("0000100 mmmmm nnnnn ttt ddddd 10100 11"), Op::fsub_s, OpClass::fp_add, f_arith, feature_f},
    RvRow{picture("0001000 mmmmm nnnnn ttt ddddd 10100 11"), Op::fmul_s, OpClass::fp_mul, f_arith, feature_f},
    RvRow{picture("0001100 mmmmm nnnnn ttt ddddd 10100 11"), Op::fdiv_s, OpClass::fp_div, f_arith, feature_f},
    RvRow{picture("0101100 00000 nnnnn ttt ddddd 10100 11"), Op::fsqrt_s, OpClass::fp_sqrt, f_sqrt, feature_f},
    RvRow{picture("0010100 mmmmm nnnnn 000 ddddd 10100 11"), Op::fmin_s, OpClass::fp_compare, f_dnm, feature_f},
    RvRow{picture("0010100 mmmmm nnnnn 001 ddddd 10100 11"), Op::fmax_s, OpClass::fp_compare, f_dnm, feature_f},

    // 11.7
    RvRow{picture("0010000 mmmmm nnnnn 000 ddddd 10100 11"), Op::fsgnj_s, OpClass::fp_move, f_dnm, feature_f},
    RvRow{picture("0010000 mmmmm nnnnn 001 ddddd 10100 11"), Op::fsgnjn_s, OpClass::fp_move, f_dnm, feature_f},
    RvRow{picture("0010000 mmmmm nnnnn 010 ddddd 10100 11"), Op::fsgnjx_s, OpClass::fp_move, f_dnm, feature_f},
    RvRow{picture("1100000 00000 nnnnn ttt ddddd 10100 11"), Op::fcvt_w_s, OpClass::fp_convert, f_to_int, feature_f},
    RvRow{picture("1100000 00001 nnnnn ttt ddddd 10100 11"), Op::fcvt_wu_s, OpClass::fp_convert, f_to_int, feature_f},
    RvRow{picture("1101000 00000 nnnnn ttt ddddd 10100 11"), Op::fcvt_s_w, OpClass::fp_convert, f_from_int, feature_f},
    RvRow{picture("1101000 00001 nnnnn ttt ddddd 10100 11"), Op::fcvt_s_wu, OpClass::fp_convert, f_from_int, feature_f},
    RvRow{picture("1110000 00000 nnnnn 000 ddddd 10100 11"), Op::fmv_x_w, OpClass::fp_core_move, f_n, feature_f},
    RvRow{picture("1111000 00000 nnnnn 000 ddddd 10100 11"), Op::fmv_w_x, OpClass::fp_core_move, f_d, feature_f},

    // 11.8, 11.9
    RvRow{picture("1010000 mmmmm nnnnn 010 ddddd 10100 11"), Op::feq_s, OpClass::fp_compare, f_nm, feature_f},
    RvRow{picture("1010000 mmmmm nnnnn 001 ddddd 10100 11"), Op::flt_s, OpClass::fp_compare, f_nm, feature_f},
    RvRow{picture("1010000 mmmmm nnnnn 000 ddddd 10100 11"), Op::fle_s, OpClass::fp_compare, f_nm, feature_f},
    RvRow{picture("1110000 00000 nnnnn 001 ddddd 10100 11"), Op::fclass_s, OpClass::fp_compare, f_n, feature_f},
    // clang-format on
};

/// Whether the instruction is one of F's: then mstatus.FS must not be Off (Volume II, 3.1.6.6).
constexpr bool is_fp(const Insn& i) { return i.cls >= OpClass::fp_move && i.cls <= OpClass::fp_sys; }
/// Whether it may write an F register or accrued flags, so that FS becomes Dirty.
constexpr bool writes_fp_state(const Insn& i) {
  switch (static_cast<Op>(i.op)) {
    case Op::fsw:
    case Op::fmv_x_w:
    case Op::fclass_s:
      return false;
    default:
      return true;
  }
}
/// Whether it is illegal while frm holds a reserved rounding mode (11.2).
constexpr bool rounds_by_frm(const Insn& i) {
  const bool rounds = i.cls == OpClass::fp_add || i.cls == OpClass::fp_mul || i.cls == OpClass::fp_mac ||
                      i.cls == OpClass::fp_div || i.cls == OpClass::fp_sqrt || i.cls == OpClass::fp_convert;
  return rounds && i.kind != 0;
}

}  // namespace mj::isa::rv32
