// From an RV32 encoding to an Insn.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "isa/def_use_context.h"
#include "isa/insn.h"
#include "isa/rv32/encoding.h"
#include "isa/rv32/ops.h"

namespace mj::isa::rv32 {

/// Whether the instruction that begins with this halfword has 32 bits (Volume I, 1.5). Longer formats are not RV32I:
/// their first 32 bits decode to Op::illegal.
constexpr bool is_32bit(std::uint16_t low) { return (low & 3u) == 3u; }

/// Decodes one instruction. For a 16-bit encoding only the low half of `raw` counts. Never fails: what this core
/// doesn't have is Op::illegal with the class OpClass::trap; its imm then holds the feature bits that would make it
/// legal (feature_m for a multiplication), or 0 if no extension that we know has it.
Insn decode(std::uint32_t raw, std::uint32_t pc, Features features);

/// What the instruction does with registers and memory, found by running its meaning on taints.
Effects effects(const Insn& insn);

/// Name as core tables and reports spell it ("amoadd.w", "and"); "?" for a number that is no operation.
const char* op_name(std::uint16_t op);

/// Extension that a feature bit stands for, as core files and ISA strings spell it ("m", "zicsr"); for several bits the
/// lowest one's, "" for none.
std::string_view feature_name(Features features);

/// What an encoding is of that a core of these features lacks: "extension Zba"; "" if the core has it or
/// no extension that we know does.
std::string lacking(std::uint32_t raw, Features features);

/// The bits that a name stands for ("m"), or 0 for a name that is none of ours. "i" needs no bit and is 0, too.
Features feature_of(std::string_view name);

}  // namespace mj::isa::rv32
