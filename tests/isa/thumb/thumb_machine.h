// One Thumb instruction at a time on PlainContext: decode, check the condition, execute.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "isa/thumb/decode.h"
#include "isa/thumb/features.h"
#include "isa/thumb/registers.h"
#include "tests/isa/plain_context.h"

namespace mj::test {

inline constexpr std::uint32_t code_address = 0x20008000;
inline constexpr isa::thumb::Features cortex_m4_integer = isa::thumb::v7m | isa::thumb::dsp;

/// Executes `insn` if its condition holds.
void execute(PlainContext& c, const isa::Insn& insn);

/// The flags as a reader of the manual writes them.
struct Flags {
  bool n = false, z = false, c = false, v = false, q = false;
  std::uint32_t ge = 0;
  bool operator==(const Flags&) const = default;
};
Flags flags(const PlainContext& c);
void set_flags(PlainContext& c, const Flags& f);

/// APSR as a word: N Z C V Q in 31..27, GE in 19..16.
std::uint32_t apsr(const PlainContext& c);
void set_apsr(PlainContext& c, std::uint32_t value);

/// Registers, flags and 64 KB of RAM at 0x20000000; run() executes one instruction placed at code_address.
struct Machine : PlainContext {
  isa::Insn insn;
  std::uint32_t& operator[](unsigned id) { return regs[id]; }
  Machine& run(std::uint32_t hw1, std::uint32_t hw2 = 0, isa::thumb::Features features = cortex_m4_integer) {
    insn = isa::thumb::decode(hw1, hw2, code_address, false, features);
    execute(*this, insn);
    return *this;
  }
  Machine& with(std::initializer_list<std::pair<unsigned, std::uint32_t>> values) {
    for (const auto& [id, value] : values) regs[id] = value;
    return *this;
  }
  std::uint32_t word(std::uint32_t address) { return load32(address); }
  Flags f() const { return flags(*this); }
};

}  // namespace mj::test
