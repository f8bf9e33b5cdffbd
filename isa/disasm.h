// Text of instructions: what a fault message, a trace line and a debugger show.
//
// The text comes from the decoded instruction: the decode row has said operation and operands, a table keyed by
// operation (thumb/disasm.def, rv32/disasm.def) says how they are written. Encodings are known to the decode tables
// only. Each architecture has the two functions
//
//   std::string text(const Insn&)        of an instruction that is decoded already
//   Disassembler disassemble             of the bytes at an address
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "isa/insn.h"

namespace mj::isa {

/// Text of the instruction whose bytes (2 or 4, little endian) begin `code` and stand at address `pc`. `mode` is what
/// else decoding depends on: ITSTATE for Thumb, 0 for RV32. All extensions that we know are decoded, whatever core it
/// is for. Never fails: what isn't an instruction, or is cut off, becomes the directive that an assembler takes for
/// these bytes (".inst.n 0xb650", ".2byte 0x0"); no bytes give "". One line, one space between mnemonic and operands,
/// branch targets absolute.
using Disassembler = std::string (*)(std::span<const std::uint8_t> code, std::uint32_t pc, std::uint32_t mode);

}  // namespace mj::isa
