// RV32I base integer instructions. Sections are those of the RISC-V Instruction Set Manual, Volume I (20191213).
//
// Insn fields: rd = destination, rn = rs1, rm = rs2, imm = immediate (sign-extended; absolute for branch targets and
// auipc), shift = shift amount.
#pragma once

#include "isa/context.h"

namespace mj::isa::rv32::semantics {

// ---- 2.4.1 integer register-immediate -------------------------------------------------------------------------------

// 2.4.1 LUI, AUIPC: decoding has put the whole value into imm
template <Context C>
void load_constant(C& c, const Insn& i) {
  c.set_reg(i.rd, i.imm);
}
// 2.4.1 ADDI
template <Context C>
void addi(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) + i.imm);
}
// 2.4.1 SLTI
template <Context C>
void slti(C& c, const Insn& i) {
  c.set_reg(i.rd, bit_of(less_signed(c.reg(i.rn), typename C::U32(i.imm))));
}
// 2.4.1 SLTIU
template <Context C>
void sltiu(C& c, const Insn& i) {
  c.set_reg(i.rd, bit_of(c.reg(i.rn) < i.imm));
}
// 2.4.1 XORI
template <Context C>
void xori(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) ^ i.imm);
}
// 2.4.1 ORI
template <Context C>
void ori(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) | i.imm);
}
// 2.4.1 ANDI
template <Context C>
void andi(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) & i.imm);
}
// 2.4.1 SLLI
template <Context C>
void slli(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) << std::uint32_t{i.shift});
}
// 2.4.1 SRLI
template <Context C>
void srli(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) >> std::uint32_t{i.shift});
}
// 2.4.1 SRAI
template <Context C>
void srai(C& c, const Insn& i) {
  c.set_reg(i.rd, asr(c.reg(i.rn), typename C::U32(std::uint32_t{i.shift})));
}

// ---- 2.4.2 integer register-register --------------------------------------------------------------------------------

// 2.4.2 ADD
template <Context C>
void add(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) + c.reg(i.rm));
}
// 2.4.2 SUB
template <Context C>
void sub(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) - c.reg(i.rm));
}
// 2.4.2 SLL: the amount is the low five bits of rs2
template <Context C>
void sll(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) << (c.reg(i.rm) & 31u));
}
// 2.4.2 SLT
template <Context C>
void slt(C& c, const Insn& i) {
  c.set_reg(i.rd, bit_of(less_signed(c.reg(i.rn), c.reg(i.rm))));
}
// 2.4.2 SLTU
template <Context C>
void sltu(C& c, const Insn& i) {
  c.set_reg(i.rd, bit_of(c.reg(i.rn) < c.reg(i.rm)));
}
// 2.4.2 XOR
template <Context C>
void xor_(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) ^ c.reg(i.rm));
}
// 2.4.2 SRL
template <Context C>
void srl(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) >> (c.reg(i.rm) & 31u));
}
// 2.4.2 SRA
template <Context C>
void sra(C& c, const Insn& i) {
  c.set_reg(i.rd, asr(c.reg(i.rn), c.reg(i.rm) & 31u));
}
// 2.4.2 OR
template <Context C>
void or_(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) | c.reg(i.rm));
}
// 2.4.2 AND
template <Context C>
void and_(C& c, const Insn& i) {
  c.set_reg(i.rd, c.reg(i.rn) & c.reg(i.rm));
}

// ---- 2.5 control transfer -------------------------------------------------------------------------------------------

// 2.5.1 JAL x0
template <Context C>
void j(C& c, const Insn& i) {
  c.jump(i.imm);
}
// 2.5.1 JAL with a link register (x1, x5): a call
template <Context C>
void jal(C& c, const Insn& i) {
  c.set_reg(i.rd, i.pc + i.size);
  c.call(i.imm);
}
// 2.5.1 JAL with another register: a jump that keeps its origin
template <Context C>
void jal_other(C& c, const Insn& i) {
  c.set_reg(i.rd, i.pc + i.size);
  c.jump(i.imm);
}
// 2.5.1 JALR: rs1 is read before rd is written; bit 0 of the target is cleared
template <Context C>
void jalr(C& c, const Insn& i) {
  const typename C::U32 target = (c.reg(i.rn) + i.imm) & ~1u;
  c.set_reg(i.rd, i.pc + i.size);
  c.call_to(target);
}
template <Context C>
void jalr_other(C& c, const Insn& i) {
  const typename C::U32 target = (c.reg(i.rn) + i.imm) & ~1u;
  c.set_reg(i.rd, i.pc + i.size);
  c.jump_to(target);
}
// 2.5.1 JALR x0
template <Context C>
void jr(C& c, const Insn& i) {
  c.jump_to((c.reg(i.rn) + i.imm) & ~1u);
}
// 2.5.1 JALR x0 from a link register: a return
template <Context C>
void ret(C& c, const Insn& i) {
  c.return_to((c.reg(i.rn) + i.imm) & ~1u);
}
// 2.5.2 BEQ
template <Context C>
void beq(C& c, const Insn& i) {
  c.jump_if(c.reg(i.rn) == c.reg(i.rm), i.imm);
}
// 2.5.2 BNE
template <Context C>
void bne(C& c, const Insn& i) {
  c.jump_if(c.reg(i.rn) != c.reg(i.rm), i.imm);
}
// 2.5.2 BLT
template <Context C>
void blt(C& c, const Insn& i) {
  c.jump_if(less_signed(c.reg(i.rn), c.reg(i.rm)), i.imm);
}
// 2.5.2 BGE
template <Context C>
void bge(C& c, const Insn& i) {
  c.jump_if(!less_signed(c.reg(i.rn), c.reg(i.rm)), i.imm);
}
// 2.5.2 BLTU
template <Context C>
void bltu(C& c, const Insn& i) {
  c.jump_if(c.reg(i.rn) < c.reg(i.rm), i.imm);
}
// 2.5.2 BGEU
template <Context C>
void bgeu(C& c, const Insn& i) {
  c.jump_if(c.reg(i.rn) >= c.reg(i.rm), i.imm);
}

// ---- 2.6 load and store ---------------------------------------------------------------------------------------------

// 2.6 LB
template <Context C>
void lb(C& c, const Insn& i) {
  c.set_reg(i.rd, sign8(c.load8(c.reg(i.rn) + i.imm)));
}
// 2.6 LBU
template <Context C>
void lbu(C& c, const Insn& i) {
  c.set_reg(i.rd, c.load8(c.reg(i.rn) + i.imm));
}
// 2.6 LH
template <Context C>
void lh(C& c, const Insn& i) {
  c.set_reg(i.rd, sign16(c.load16(c.reg(i.rn) + i.imm)));
}
// 2.6 LHU
template <Context C>
void lhu(C& c, const Insn& i) {
  c.set_reg(i.rd, c.load16(c.reg(i.rn) + i.imm));
}
// 2.6 LW
template <Context C>
void lw(C& c, const Insn& i) {
  c.set_reg(i.rd, c.load32(c.reg(i.rn) + i.imm));
}
// 2.6 SB
template <Context C>
void sb(C& c, const Insn& i) {
  c.store8(c.reg(i.rn) + i.imm, c.reg(i.rm));
}
// 2.6 SH
template <Context C>
void sh(C& c, const Insn& i) {
  c.store16(c.reg(i.rn) + i.imm, c.reg(i.rm));
}
// 2.6 SW
template <Context C>
void sw(C& c, const Insn& i) {
  c.store32(c.reg(i.rn) + i.imm, c.reg(i.rm));
}

}  // namespace mj::isa::rv32::semantics
