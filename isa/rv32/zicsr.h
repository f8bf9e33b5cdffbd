// Encodings of Zicsr and Zifencei (Volume I, chapter 24, tables "RV32/RV64 Zicsr" and "Zifencei").
//
// Table 9.1: CSRRW[I] with rd = x0 doesn't read the CSR; CSRRS/CSRRC with rs1 = x0 and their immediate forms with 0
// don't write it. Those are operations of their own, so that an operation always does all its accesses.
#pragma once

#include "isa/rv32/encoding.h"

namespace mj::isa::rv32 {

constexpr void imm_csr(Insn& i) { i.imm = bits(i.raw, 31, 20); }

inline constexpr std::array rows_zicsr = {
    // clang-format off
    RvRow{picture("------------ nnnnn 001 ddddd 11100 11"), Op::csrrw, OpClass::sys_write, imm_csr, feature_zicsr},
    RvRow{picture("------------ nnnnn 001 00000 11100 11"), Op::csrw, OpClass::sys_write, imm_csr, feature_zicsr},
    RvRow{picture("------------ nnnnn 010 ddddd 11100 11"), Op::csrrs, OpClass::sys_write, imm_csr, feature_zicsr},
    RvRow{picture("------------ 00000 010 ddddd 11100 11"), Op::csrr, OpClass::sys_read, imm_csr, feature_zicsr},
    RvRow{picture("------------ nnnnn 011 ddddd 11100 11"), Op::csrrc, OpClass::sys_write, imm_csr, feature_zicsr},
    RvRow{picture("------------ 00000 011 ddddd 11100 11"), Op::csrr, OpClass::sys_read, imm_csr, feature_zicsr},
    RvRow{picture("------------ xxxxx 101 ddddd 11100 11"), Op::csrrwi, OpClass::sys_write, imm_csr, feature_zicsr},
    RvRow{picture("------------ xxxxx 101 00000 11100 11"), Op::csrwi, OpClass::sys_write, imm_csr, feature_zicsr},
    RvRow{picture("------------ xxxxx 110 ddddd 11100 11"), Op::csrrsi, OpClass::sys_write, imm_csr, feature_zicsr},
    RvRow{picture("------------ 00000 110 ddddd 11100 11"), Op::csrr, OpClass::sys_read, imm_csr, feature_zicsr},
    RvRow{picture("------------ xxxxx 111 ddddd 11100 11"), Op::csrrci, OpClass::sys_write, imm_csr, feature_zicsr},
    RvRow{picture("------------ 00000 111 ddddd 11100 11"), Op::csrr, OpClass::sys_read, imm_csr, feature_zicsr},

    // Zifencei: imm, rs1 and rd are ignored
    RvRow{picture("----------------- 001 ----- 00011 11"), Op::fence_i, OpClass::barrier_fetch, nullptr, feature_zifencei},
    // clang-format on
};

}  // namespace mj::isa::rv32
