// Encodings of RV32I and of machine mode (Volume I, chapter 24, table "RV32I Base Instruction Set"; Volume II, 3.3).
#pragma once

#include "isa/rv32/encoding.h"

namespace mj::isa::rv32 {

// Jumps (2.5.1): which register keeps the return address decides whether it is a jump, a call or a return; the rows
// with a fixed rd (and rs1) refine the general one. Picture "00-01" is x1 or x5, the link registers.
inline constexpr std::array rows_i = {
    // clang-format off
    RvRow{picture("-------------------- ddddd 01101 11"), Op::lui, OpClass::alu, imm_u},
    RvRow{picture("-------------------- ddddd 00101 11"), Op::auipc, OpClass::alu, imm_u_pc},

    RvRow{picture("-------------------- ddddd 11011 11"), Op::jal_other, OpClass::branch_link, imm_j},
    RvRow{picture("-------------------- 00-01 11011 11"), Op::jal, OpClass::branch_link, imm_j_link},
    RvRow{picture("-------------------- 00000 11011 11"), Op::j, OpClass::branch, imm_j},
    RvRow{picture("------------ nnnnn 000 ddddd 11001 11"), Op::jalr_other, OpClass::branch_link_reg, imm_i},
    RvRow{picture("------------ nnnnn 000 00-01 11001 11"), Op::jalr, OpClass::branch_link_reg, imm_i_link},
    RvRow{picture("------------ nnnnn 000 00000 11001 11"), Op::jr, OpClass::branch_reg, imm_i},
    RvRow{picture("------------ 00-01 000 00000 11001 11"), Op::ret, OpClass::branch_reg, imm_i_ret},

    RvRow{picture("------- mmmmm nnnnn 000 ----- 11000 11"), Op::beq, OpClass::branch_cond, imm_b},
    RvRow{picture("------- mmmmm nnnnn 001 ----- 11000 11"), Op::bne, OpClass::branch_cond, imm_b},
    RvRow{picture("------- mmmmm nnnnn 100 ----- 11000 11"), Op::blt, OpClass::branch_cond, imm_b},
    RvRow{picture("------- mmmmm nnnnn 101 ----- 11000 11"), Op::bge, OpClass::branch_cond, imm_b},
    RvRow{picture("------- mmmmm nnnnn 110 ----- 11000 11"), Op::bltu, OpClass::branch_cond, imm_b},
    RvRow{picture("------- mmmmm nnnnn 111 ----- 11000 11"), Op::bgeu, OpClass::branch_cond, imm_b},

    RvRow{picture("------------ nnnnn 000 ddddd 00000 11"), Op::lb, OpClass::load, imm_i},
    RvRow{picture("------------ nnnnn 001 ddddd 00000 11"), Op::lh, OpClass::load, imm_i},
    RvRow{picture("------------ nnnnn 010 ddddd 00000 11"), Op::lw, OpClass::load, imm_i},
    RvRow{picture("------------ nnnnn 100 ddddd 00000 11"), Op::lbu, OpClass::load, imm_i},
    RvRow{picture("------------ nnnnn 101 ddddd 00000 11"), Op::lhu, OpClass::load, imm_i},
    RvRow{picture("------- mmmmm nnnnn 000 ----- 01000 11"), Op::sb, OpClass::store, imm_s},
    RvRow{picture("------- mmmmm nnnnn 001 ----- 01000 11"), Op::sh, OpClass::store, imm_s},
    RvRow{picture("------- mmmmm nnnnn 010 ----- 01000 11"), Op::sw, OpClass::store, imm_s},

    RvRow{picture("------------ nnnnn 000 ddddd 00100 11"), Op::addi, OpClass::alu, imm_i},
    RvRow{picture("------------ nnnnn 010 ddddd 00100 11"), Op::slti, OpClass::alu, imm_i},
    RvRow{picture("------------ nnnnn 011 ddddd 00100 11"), Op::sltiu, OpClass::alu, imm_i},
    RvRow{picture("------------ nnnnn 100 ddddd 00100 11"), Op::xori, OpClass::alu, imm_i},
    RvRow{picture("------------ nnnnn 110 ddddd 00100 11"), Op::ori, OpClass::alu, imm_i},
    RvRow{picture("------------ nnnnn 111 ddddd 00100 11"), Op::andi, OpClass::alu, imm_i},
    RvRow{picture("0000000 sssss nnnnn 001 ddddd 00100 11"), Op::slli, OpClass::shift},
    RvRow{picture("0000000 sssss nnnnn 101 ddddd 00100 11"), Op::srli, OpClass::shift},
    RvRow{picture("0100000 sssss nnnnn 101 ddddd 00100 11"), Op::srai, OpClass::shift},

    RvRow{picture("0000000 mmmmm nnnnn 000 ddddd 01100 11"), Op::add, OpClass::alu},
    RvRow{picture("0100000 mmmmm nnnnn 000 ddddd 01100 11"), Op::sub, OpClass::alu},
    RvRow{picture("0000000 mmmmm nnnnn 001 ddddd 01100 11"), Op::sll, OpClass::shift},
    RvRow{picture("0000000 mmmmm nnnnn 010 ddddd 01100 11"), Op::slt, OpClass::alu},
    RvRow{picture("0000000 mmmmm nnnnn 011 ddddd 01100 11"), Op::sltu, OpClass::alu},
    RvRow{picture("0000000 mmmmm nnnnn 100 ddddd 01100 11"), Op::xor_, OpClass::alu},
    RvRow{picture("0000000 mmmmm nnnnn 101 ddddd 01100 11"), Op::srl, OpClass::shift},
    RvRow{picture("0100000 mmmmm nnnnn 101 ddddd 01100 11"), Op::sra, OpClass::shift},
    RvRow{picture("0000000 mmmmm nnnnn 110 ddddd 01100 11"), Op::or_, OpClass::alu},
    RvRow{picture("0000000 mmmmm nnnnn 111 ddddd 01100 11"), Op::and_, OpClass::alu},

    // 2.7: fm, pred, succ, rs1 and rd of other values than the defined ones are treated as a full fence
    RvRow{picture("----------------- 000 ----- 00011 11"), Op::fence, OpClass::barrier},
    RvRow{picture("000000000000 00000 000 00000 11100 11"), Op::ecall, OpClass::trap},
    RvRow{picture("000000000001 00000 000 00000 11100 11"), Op::ebreak, OpClass::trap},

    // Volume II, 3.3.2, 3.3.3
    RvRow{picture("001100000010 00000 000 00000 11100 11"), Op::mret, OpClass::trap_return, nullptr, feature_machine},
    RvRow{picture("000100000101 00000 000 00000 11100 11"), Op::wfi, OpClass::wait, nullptr, feature_machine},
    // clang-format on
};

}  // namespace mj::isa::rv32
