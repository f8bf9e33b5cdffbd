// 16-bit encodings, RV32C without the floating-point ones (Zca; those are in zc.h): Volume I, chapter 16, tables 16.5
// to 16.7. Each names the operation of its 32-bit form; the sections say how it expands. Encodings reserved as hints do
// what they expand to (with x0 as destination: nothing); the reserved and custom ones are illegal.
#pragma once

#include "isa/rv32/encoding.h"

namespace mj::isa::rv32 {

namespace c16 {

constexpr std::uint8_t reg(std::uint32_t id) { return static_cast<std::uint8_t>(id); }
/// Full register fields.
constexpr std::uint8_t r7(const Insn& i) { return reg(bits(i.raw, 11, 7)); }
constexpr std::uint8_t r2(const Insn& i) { return reg(bits(i.raw, 6, 2)); }
/// Three-bit register fields: x8..x15 (table 16.2).
constexpr std::uint8_t p7(const Insn& i) { return reg(8 + bits(i.raw, 9, 7)); }
constexpr std::uint8_t p2(const Insn& i) { return reg(8 + bits(i.raw, 4, 2)); }

/// imm[5] in bit 12, imm[4:0] in bits 6:2, signed.
constexpr std::uint32_t imm6(const Insn& i) { return sign_extend(bits(i.raw, 12, 12) << 5 | bits(i.raw, 6, 2), 6); }

// 16.3 stack-pointer-based loads and stores
constexpr void lwsp(Insn& i) {
  i.rd = r7(i), i.rn = sp;
  i.imm = bits(i.raw, 12, 12) << 5 | bits(i.raw, 6, 4) << 2 | bits(i.raw, 3, 2) << 6;
  if (i.rd == x0) reject(i);
}
constexpr void swsp(Insn& i) {
  i.rm = r2(i), i.rn = sp;
  i.imm = bits(i.raw, 12, 9) << 2 | bits(i.raw, 8, 7) << 6;
}
// 16.3 register-based loads and stores
constexpr std::uint32_t uimm7(const Insn& i) {
  return bits(i.raw, 12, 10) << 3 | bits(i.raw, 6, 6) << 2 | bits(i.raw, 5, 5) << 6;
}
constexpr void lw(Insn& i) { i.rd = p2(i), i.rn = p7(i), i.imm = uimm7(i); }
constexpr void sw(Insn& i) { i.rm = p2(i), i.rn = p7(i), i.imm = uimm7(i); }

// 16.4 control transfer
constexpr std::uint32_t jump_target(const Insn& i) {
  return i.pc + sign_extend(bits(i.raw, 12, 12) << 11 | bits(i.raw, 11, 11) << 4 | bits(i.raw, 10, 9) << 8 |
                                bits(i.raw, 8, 8) << 10 | bits(i.raw, 7, 7) << 6 | bits(i.raw, 6, 6) << 7 |
                                bits(i.raw, 5, 3) << 1 | bits(i.raw, 2, 2) << 5,
                            12);
}
constexpr void j(Insn& i) { i.imm = jump_target(i); }
constexpr void jal(Insn& i) { i.rd = ra, i.imm = jump_target(i); }
constexpr void branch(Insn& i) {
  i.rn = p7(i);
  i.imm = i.pc + sign_extend(bits(i.raw, 12, 12) << 8 | bits(i.raw, 11, 10) << 3 | bits(i.raw, 6, 5) << 6 |
                                 bits(i.raw, 4, 3) << 1 | bits(i.raw, 2, 2) << 5,
                             9);
}
constexpr void jalr(Insn& i) { i.rd = ra, i.rn = r7(i); }
constexpr void ret(Insn& i) { i.rn = r7(i); }
constexpr void reserved(Insn& i) { reject(i); }

// 16.5 integer computation
constexpr void li(Insn& i) { i.rd = r7(i), i.imm = imm6(i); }
constexpr void addi(Insn& i) { i.rd = i.rn = r7(i), i.imm = imm6(i); }
constexpr void lui(Insn& i) {
  i.rd = r7(i), i.imm = imm6(i) << 12;
  if (i.imm == 0) reject(i);
}
constexpr void addi16sp(Insn& i) {
  i.rd = i.rn = sp;
  i.imm = sign_extend(bits(i.raw, 12, 12) << 9 | bits(i.raw, 6, 6) << 4 | bits(i.raw, 5, 5) << 6 |
                          bits(i.raw, 4, 3) << 7 | bits(i.raw, 2, 2) << 5,
                      10);
  if (i.imm == 0) reject(i);
}
constexpr void addi4spn(Insn& i) {
  i.rd = p2(i), i.rn = sp;
  i.imm = bits(i.raw, 12, 11) << 4 | bits(i.raw, 10, 7) << 6 | bits(i.raw, 6, 6) << 2 | bits(i.raw, 5, 5) << 3;
  if (i.imm == 0) reject(i);  // among them the encoding 0, illegal by definition (16.8)
}
// Bit 12 (shamt[5]) is 0 in RV32: the pictures say so.
constexpr void slli(Insn& i) { i.rn = i.rd; }
constexpr void shift_prime(Insn& i) { i.rd = i.rn = p7(i); }
constexpr void andi(Insn& i) { i.rd = i.rn = p7(i), i.imm = imm6(i); }
constexpr void two_prime(Insn& i) { i.rd = i.rn = p7(i), i.rm = p2(i); }
constexpr void add(Insn& i) { i.rn = i.rd; }

}  // namespace c16

inline constexpr std::array rows_c = {
    // clang-format off
    // quadrant 0
    RvRow{picture("000 -------- --- 00"), Op::addi, OpClass::alu, c16::addi4spn, feature_c},    // C.ADDI4SPN
    RvRow{picture("010 --- --- -- --- 00"), Op::lw, OpClass::load, c16::lw, feature_c},         // C.LW
    RvRow{picture("110 --- --- -- --- 00"), Op::sw, OpClass::store, c16::sw, feature_c},        // C.SW
    // quadrant 1
    RvRow{picture("000 - ----- ----- 01"), Op::addi, OpClass::alu, c16::addi, feature_c},       // C.ADDI, C.NOP
    RvRow{picture("001 ----------- 01"), Op::jal, OpClass::branch_link, c16::jal, feature_c},   // C.JAL
    RvRow{picture("010 - ----- ----- 01"), Op::addi, OpClass::alu, c16::li, feature_c},         // C.LI
    RvRow{picture("011 - ----- ----- 01"), Op::lui, OpClass::alu, c16::lui, feature_c},         // C.LUI
    RvRow{picture("011 - 00010 ----- 01"), Op::addi, OpClass::alu, c16::addi16sp, feature_c},   // C.ADDI16SP
    RvRow{picture("100 0 00 --- sssss 01"), Op::srli, OpClass::shift, c16::shift_prime, feature_c},  // C.SRLI
    RvRow{picture("100 0 01 --- sssss 01"), Op::srai, OpClass::shift, c16::shift_prime, feature_c},  // C.SRAI
    RvRow{picture("100 - 10 --- ----- 01"), Op::andi, OpClass::alu, c16::andi, feature_c},      // C.ANDI
    RvRow{picture("100 0 11 --- 00 --- 01"), Op::sub, OpClass::alu, c16::two_prime, feature_c},   // C.SUB
    RvRow{picture("100 0 11 --- 01 --- 01"), Op::xor_, OpClass::alu, c16::two_prime, feature_c},  // C.XOR
    RvRow{picture("100 0 11 --- 10 --- 01"), Op::or_, OpClass::alu, c16::two_prime, feature_c},   // C.OR
    RvRow{picture("100 0 11 --- 11 --- 01"), Op::and_, OpClass::alu, c16::two_prime, feature_c},  // C.AND
    RvRow{picture("101 ----------- 01"), Op::j, OpClass::branch, c16::j, feature_c},            // C.J
    RvRow{picture("110 --- --- ----- 01"), Op::beq, OpClass::branch_cond, c16::branch, feature_c},  // C.BEQZ
    RvRow{picture("111 --- --- ----- 01"), Op::bne, OpClass::branch_cond, c16::branch, feature_c},  // C.BNEZ
    // quadrant 2
    RvRow{picture("000 0 ddddd sssss 10"), Op::slli, OpClass::shift, c16::slli, feature_c},     // C.SLLI
    RvRow{picture("010 - ----- ----- 10"), Op::lw, OpClass::load, c16::lwsp, feature_c},        // C.LWSP
    RvRow{picture("100 0 ddddd mmmmm 10"), Op::add, OpClass::alu, nullptr, feature_c},          // C.MV: add rd, x0, rs2
    RvRow{picture("100 0 nnnnn 00000 10"), Op::jr, OpClass::branch_reg, nullptr, feature_c},    // C.JR
    RvRow{picture("100 0 00-01 00000 10"), Op::ret, OpClass::branch_reg, c16::ret, feature_c},  // C.JR ra, C.JR t0
    RvRow{picture("100 0 00000 00000 10"), Op::illegal, OpClass::trap, c16::reserved, feature_c},
    RvRow{picture("100 1 ddddd mmmmm 10"), Op::add, OpClass::alu, c16::add, feature_c},         // C.ADD
    RvRow{picture("100 1 ----- 00000 10"), Op::jalr, OpClass::branch_link_reg, c16::jalr, feature_c},  // C.JALR
    RvRow{picture("100 1 00000 00000 10"), Op::ebreak, OpClass::trap, nullptr, feature_c},      // C.EBREAK
    RvRow{picture("110 ------ ----- 10"), Op::sw, OpClass::store, c16::swsp, feature_c},        // C.SWSP
    // clang-format on
};

}  // namespace mj::isa::rv32
