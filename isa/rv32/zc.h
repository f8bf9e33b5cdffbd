// 16-bit encodings beside those of Zca: Zcf (Volume I, chapter 16), Zcb and Zcmp (RISC-V Code Size Reduction 1.0, 3.4,
// 3.5). Those of Zcb name the operation of their 32-bit form and need the extension that has it.
#pragma once

#include "isa/rv32/c.h"
#include "isa/rv32/encoding.h"

namespace mj::isa::rv32 {

namespace c16 {

// Zcf
constexpr void flw(Insn& i) { lw(i), i.rd = f_reg(i.rd); }
constexpr void fsw(Insn& i) { sw(i), i.rm = f_reg(i.rm); }
constexpr void flwsp(Insn& i) {
  i.rd = f_reg(r7(i)), i.rn = sp;
  i.imm = bits(i.raw, 12, 12) << 5 | bits(i.raw, 6, 4) << 2 | bits(i.raw, 3, 2) << 6;
}
constexpr void fswsp(Insn& i) { swsp(i), i.rm = f_reg(i.rm); }

// Zcb
constexpr std::uint32_t byte_offset(const Insn& i) { return bits(i.raw, 6, 6) | bits(i.raw, 5, 5) << 1; }
constexpr std::uint32_t half_offset(const Insn& i) { return bits(i.raw, 5, 5) << 1; }
constexpr void lbu(Insn& i) { i.rd = p2(i), i.rn = p7(i), i.imm = byte_offset(i); }
constexpr void lh(Insn& i) { i.rd = p2(i), i.rn = p7(i), i.imm = half_offset(i); }
constexpr void sb(Insn& i) { i.rm = p2(i), i.rn = p7(i), i.imm = byte_offset(i); }
constexpr void sh(Insn& i) { i.rm = p2(i), i.rn = p7(i), i.imm = half_offset(i); }
constexpr void one_prime(Insn& i) { i.rd = i.rn = p7(i); }
constexpr void zext_b(Insn& i) { one_prime(i), i.imm = 0xff; }
constexpr void not_(Insn& i) { one_prime(i), i.imm = ~0u; }

// Zcmp: rlist 4 is ra alone, each more is a further s register, but 15 is two more (s10 and s11); the stack moves by
// what they need in whole 16 bytes, and by 16 for each step of spimm. rlist below 4 is reserved.
constexpr void list(Insn& i) {
  const std::uint32_t rlist = bits(i.raw, 7, 4);
  if (rlist < 4) return reject(i);
  i.kind = static_cast<std::uint8_t>(rlist == 15 ? 13 : rlist - 3);
  i.imm = (i.kind * 4u + 15u) / 16u * 16u + bits(i.raw, 3, 2) * 16u;
  i.rn = sp;
}
/// Three-bit register fields of Zcmp: s0..s7.
constexpr std::uint8_t s_reg(std::uint32_t field) { return reg(field < 2 ? s0 + field : s2 + field - 2); }
constexpr void mvsa01(Insn& i) {
  i.rn = a0, i.rm = a1;
  i.rd = s_reg(bits(i.raw, 9, 7)), i.ra = s_reg(bits(i.raw, 4, 2));
  if (i.rd == i.ra) reject(i);
}
constexpr void mva01s(Insn& i) {
  i.rd = a0, i.ra = a1;
  i.rn = s_reg(bits(i.raw, 9, 7)), i.rm = s_reg(bits(i.raw, 4, 2));
}

inline constexpr Features zcf = feature_c | feature_f, zcb = feature_c | feature_zcb, zcmp = feature_c | feature_zcmp;

}  // namespace c16

inline constexpr std::array rows_zc = {
    // clang-format off
    // Zcf
    RvRow{picture("011 --- --- -- --- 00"), Op::flw, OpClass::fp_load, c16::flw, c16::zcf},       // C.FLW
    RvRow{picture("111 --- --- -- --- 00"), Op::fsw, OpClass::fp_store, c16::fsw, c16::zcf},      // C.FSW
    RvRow{picture("011 - ----- ----- 10"), Op::flw, OpClass::fp_load, c16::flwsp, c16::zcf},      // C.FLWSP
    RvRow{picture("111 ------ ----- 10"), Op::fsw, OpClass::fp_store, c16::fswsp, c16::zcf},      // C.FSWSP

    // Zcb
    RvRow{picture("100 000 --- -- --- 00"), Op::lbu, OpClass::load, c16::lbu, c16::zcb},          // C.LBU
    RvRow{picture("100 001 --- 0- --- 00"), Op::lhu, OpClass::load, c16::lh, c16::zcb},           // C.LHU
    RvRow{picture("100 001 --- 1- --- 00"), Op::lh, OpClass::load, c16::lh, c16::zcb},            // C.LH
    RvRow{picture("100 010 --- -- --- 00"), Op::sb, OpClass::store, c16::sb, c16::zcb},           // C.SB
    RvRow{picture("100 011 --- 0- --- 00"), Op::sh, OpClass::store, c16::sh, c16::zcb},           // C.SH
    RvRow{picture("100 111 --- 11 000 01"), Op::andi, OpClass::alu, c16::zext_b, c16::zcb},       // C.ZEXT.B
    RvRow{picture("100 111 --- 11 001 01"), Op::sext_b, OpClass::bitfield, c16::one_prime, c16::zcb | feature_zbb},
    RvRow{picture("100 111 --- 11 010 01"), Op::zext_h, OpClass::bitfield, c16::one_prime, c16::zcb | feature_zbb},
    RvRow{picture("100 111 --- 11 011 01"), Op::sext_h, OpClass::bitfield, c16::one_prime, c16::zcb | feature_zbb},
    RvRow{picture("100 111 --- 11 101 01"), Op::xori, OpClass::alu, c16::not_, c16::zcb},         // C.NOT
    RvRow{picture("100 111 --- 10 --- 01"), Op::mul, OpClass::mul, c16::two_prime, c16::zcb | feature_m},  // C.MUL

    // Zcmp
    RvRow{picture("101 11000 ---- -- 10"), Op::cm_push, OpClass::store_multi, c16::list, c16::zcmp},
    RvRow{picture("101 11010 ---- -- 10"), Op::cm_pop, OpClass::load_multi, c16::list, c16::zcmp},
    RvRow{picture("101 11100 ---- -- 10"), Op::cm_popretz, OpClass::branch_load, c16::list, c16::zcmp},
    RvRow{picture("101 11110 ---- -- 10"), Op::cm_popret, OpClass::branch_load, c16::list, c16::zcmp},
    RvRow{picture("101 011 --- 01 --- 10"), Op::cm_mvsa01, OpClass::alu, c16::mvsa01, c16::zcmp},
    RvRow{picture("101 011 --- 11 --- 10"), Op::cm_mva01s, OpClass::alu, c16::mva01s, c16::zcmp},
    // clang-format on
};

}  // namespace mj::isa::rv32
