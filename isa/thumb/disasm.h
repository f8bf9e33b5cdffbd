// Text of Thumb instructions: UAL (ARMv7-M A4.2, A7.7) with the registers named as in the manual, R0-R12, SP, LR, PC.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "isa/disasm.h"
#include "isa/thumb/op.h"

namespace mj::isa::thumb {

/// Text of a decoded instruction; its condition (Insn::cond) follows the mnemonic: "addeq r0, r1".
std::string text(const Insn& insn);

/// Text of the instruction at `pc`; `it_state` is ITSTATE before it (it_state.h). See isa::Disassembler.
std::string disassemble(std::span<const std::uint8_t> code, std::uint32_t pc, std::uint32_t it_state = 0);

/// False for an operation that disasm.def has no rule for; its text is its name without operands. A test holds that
/// there is none.
bool has_text(Op op);

}  // namespace mj::isa::thumb
