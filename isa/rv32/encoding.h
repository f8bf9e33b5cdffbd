// What the row files share: the feature bits, and the functions that gather RISC-V's shuffled immediates.
//
// Letters of the pictures: d = rd, n = rs1, m = rs2, a = rs3, s = shift amount, x = 5-bit CSR immediate, t = rm.
#pragma once

#include <cstdint>

#include "isa/decode_table.h"
#include "isa/rv32/ops.h"
#include "isa/rv32/registers.h"

namespace mj::isa::rv32 {

/// What a core has beyond the base integer instructions; rows name the bit that they need.
using Features = std::uint32_t;
enum Feature : Features {
  feature_m = 1u << 0,          ///< multiply and divide
  feature_a = 1u << 1,          ///< atomics
  feature_c = 1u << 2,          ///< 16-bit encodings (Zca)
  feature_zicsr = 1u << 3,      ///< CSR instructions
  feature_zifencei = 1u << 4,   ///< FENCE.I
  feature_machine = 1u << 5,    ///< MRET, WFI: machine mode as in Volume II
  feature_e = 1u << 6,          ///< only x0..x15 exist (RV32E); takes away instead of adding
  feature_f = 1u << 7,          ///< single-precision floating point; with C also its 16-bit loads and stores (Zcf)
  feature_zba = 1u << 8,        ///< address generation
  feature_zbb = 1u << 9,        ///< basic bit manipulation
  feature_zbs = 1u << 10,       ///< single-bit instructions
  feature_zbc = 1u << 11,       ///< carry-less multiplication
  feature_zbkb = 1u << 12,      ///< bit manipulation for cryptography
  feature_logic = 1u << 13,     ///< what Zbb and Zbkb have in common; either name means it, too
  feature_zicond = 1u << 14,    ///< conditional operations
  feature_zcb = 1u << 15,       ///< more 16-bit encodings
  feature_zcmp = 1u << 16,      ///< push, pop and double moves in 16 bits
  feature_xh3bextm = 1u << 17,  ///< Hazard3: extraction of up to 8 bits
  feature_xh3power = 1u << 18,  ///< Hazard3: sleep until another hart says so
};
/// A vendor's: other vendors' cores may mean something else by the same encodings.
inline constexpr Features vendor_features = feature_xh3bextm | feature_xh3power;
inline constexpr Features rv32imac =
    feature_m | feature_a | feature_c | feature_zicsr | feature_zifencei | feature_machine;
inline constexpr Features rv32imc = rv32imac & ~feature_a;

using RvRow = Row<Op>;

// ---- immediates of 32-bit encodings (Volume I, 2.3, figure 2.4) -----------------------------------------------------

/// Bits [high:low] of the encoding.
constexpr std::uint32_t bits(std::uint32_t raw, unsigned high, unsigned low) {
  return (raw >> low) & ((2u << (high - low)) - 1u);
}
/// The low `width` bits of `value` as a signed number.
constexpr std::uint32_t sign_extend(std::uint32_t value, unsigned width) {
  const unsigned up = 32 - width;
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(value << up) >> up);
}

constexpr void imm_i(Insn& i) { i.imm = sign_extend(bits(i.raw, 31, 20), 12); }
constexpr void imm_s(Insn& i) { i.imm = sign_extend(bits(i.raw, 31, 25) << 5 | bits(i.raw, 11, 7), 12); }
constexpr void imm_b(Insn& i) {
  i.imm = i.pc + sign_extend(bits(i.raw, 31, 31) << 12 | bits(i.raw, 7, 7) << 11 | bits(i.raw, 30, 25) << 5 |
                                 bits(i.raw, 11, 8) << 1,
                             13);
}
constexpr void imm_u(Insn& i) { i.imm = i.raw & 0xfffff000u; }
constexpr void imm_u_pc(Insn& i) { i.imm = i.pc + (i.raw & 0xfffff000u); }
constexpr void imm_j(Insn& i) {
  i.imm = i.pc + sign_extend(bits(i.raw, 31, 31) << 20 | bits(i.raw, 19, 12) << 12 | bits(i.raw, 20, 20) << 11 |
                                 bits(i.raw, 30, 21) << 1,
                             21);
}
// Rows that fix some bits of rd or rs1 (the link registers) take the register from the whole field.
constexpr void imm_j_link(Insn& i) {
  imm_j(i);
  i.rd = static_cast<std::uint8_t>(bits(i.raw, 11, 7));
}
constexpr void imm_i_link(Insn& i) {
  imm_i(i);
  i.rd = static_cast<std::uint8_t>(bits(i.raw, 11, 7));
}
constexpr void imm_i_ret(Insn& i) {
  imm_i(i);
  i.rn = static_cast<std::uint8_t>(bits(i.raw, 19, 15));
}

// Registers of F have ids of their own (registers.h).
constexpr std::uint8_t f_reg(std::uint32_t number) { return static_cast<std::uint8_t>(f0 + number); }

/// Turns a row down: the encoding is reserved.
constexpr void reject(Insn& i) {
  i.op = static_cast<std::uint16_t>(Op::illegal);
  i.cls = OpClass::trap;
}

}  // namespace mj::isa::rv32
