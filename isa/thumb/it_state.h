// ITSTATE: which of the next instructions are conditional (ARMv7-M A7.3.3).
#pragma once

#include <cstdint>

namespace mj::isa::thumb {

/// The IT bits of EPSR: bits 7:5 the base condition, bits 4:0 the condition's low bit of each remaining instruction and
/// a closing 1. 0: not in an IT block. An IT instruction sets it to its Insn::imm (firstcond : mask).
struct ItState {
  std::uint8_t bits = 0;

  /// True if the next instruction stands in an IT block.
  constexpr bool active() const { return (bits & 0xf) != 0; }
  /// Condition of the next instruction: 0..14, 14 (always) outside of a block.
  constexpr unsigned cond() const { return active() ? bits >> 4 : 14u; }
  /// True if the next instruction is the last one of its block.
  constexpr bool last() const { return (bits & 0xf) == 8; }
  /// Steps over one instruction.
  constexpr void advance() {
    bits = (bits & 7) == 0 ? std::uint8_t{0} : static_cast<std::uint8_t>((bits & 0xe0) | ((bits << 1) & 0x1f));
  }
};

}  // namespace mj::isa::thumb
