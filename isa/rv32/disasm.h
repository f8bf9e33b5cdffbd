// Text of RV32 instructions as binutils' objdump prints them, with the assembler's pseudo-instructions (Volume I,
// chapter 25: nop, li, mv, not, neg, seqz, j, jr, ret, beqz, csrr, ...): "li a0,5", "beqz a0,0x1004", "lw a0,4(sp)".
// Compressed instructions are written as what they expand to, except hints ("c.li zero,1").
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "isa/disasm.h"
#include "isa/rv32/ops.h"

namespace mj::isa::rv32 {

/// Text of a decoded instruction.
std::string text(const Insn& insn);

/// Text of the instruction at `pc`; `mode`: which vendors' extensions the core has, of vendor_features. See
/// isa::Disassembler.
std::string disassemble(std::span<const std::uint8_t> code, std::uint32_t pc, std::uint32_t mode = 0);

/// False for an operation that disasm.def has no rule for; its text is its name without operands. A test holds that
/// there is none.
bool has_text(Op op);

}  // namespace mj::isa::rv32
