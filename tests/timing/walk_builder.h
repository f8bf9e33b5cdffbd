// Blocks written down by hand for tests of walks: what an instruction does with registers, without an encoding.
#pragma once

#include <initializer_list>
#include <vector>

#include "sim/timing/core_timing.h"

namespace mj::test {

using isa::OpClass;

/// Registers of one instruction.
inline isa::RegSet regs(std::initializer_list<unsigned> ids) {
  isa::RegSet set = 0;
  for (const unsigned id : ids) set |= isa::reg_bit(id);
  return set;
}

/// A block under construction. Instructions follow each other; each call appends one.
class BlockBuilder {
 public:
  explicit BlockBuilder(std::uint32_t pc = 0x08000000) : pc_(pc) {}

  std::vector<isa::Insn> insns;
  std::vector<isa::Effects> effects;

  /// Size in bytes of the instructions that follow (4 unless said).
  BlockBuilder& size(unsigned bytes) {
    size_ = static_cast<std::uint8_t>(bytes);
    return *this;
  }
  /// The last instruction also writes these (flags).
  BlockBuilder& writing(std::initializer_list<unsigned> ids) {
    effects.back().writes |= regs(ids);
    return *this;
  }
  /// rd = f(sources)
  BlockBuilder& op(OpClass cls, unsigned rd, std::initializer_list<unsigned> sources) {
    isa::Insn& insn = add(cls, rd);
    const auto* at = sources.begin();
    if (sources.size() > 0) insn.rn = static_cast<std::uint8_t>(at[0]);
    if (sources.size() > 1) insn.rm = static_cast<std::uint8_t>(at[1]);
    if (sources.size() > 2) insn.ra = static_cast<std::uint8_t>(at[2]);
    effects.back().reads = regs(sources);
    effects.back().writes = regs({rd});
    return *this;
  }
  BlockBuilder& alu(unsigned rd, std::initializer_list<unsigned> sources) { return op(OpClass::alu, rd, sources); }
  BlockBuilder& nop() {
    add(OpClass::nop, 64);
    return *this;
  }
  BlockBuilder& load(unsigned rd, unsigned base, OpClass cls = OpClass::load) {
    add(cls, rd).rn = static_cast<std::uint8_t>(base);
    effects.back() = {regs({base}), regs({rd}), regs({base}), 0, 0, 1, 0};
    return *this;
  }
  /// Load from base + index.
  BlockBuilder& load_at(unsigned rd, unsigned base, unsigned index) {
    load(rd, base).insns.back().rm = static_cast<std::uint8_t>(index);
    effects.back().reads = effects.back().address = regs({base, index});
    return *this;
  }
  /// Load with base write-back.
  BlockBuilder& load_indexed(unsigned rd, unsigned base) {
    load(rd, base);
    effects.back().writes |= regs({base});
    return *this;
  }
  BlockBuilder& store(unsigned data, unsigned base, OpClass cls = OpClass::store) {
    add(cls, data).rn = static_cast<std::uint8_t>(base);
    effects.back() = {regs({data, base}), 0, regs({base}), regs({data}), 0, 0, 1};
    return *this;
  }
  BlockBuilder& load_multi(std::initializer_list<unsigned> list, unsigned base) {
    add(OpClass::load_multi, 64).rn = static_cast<std::uint8_t>(base);
    effects.back() = {regs({base}), regs(list), regs({base}), 0, 0, static_cast<std::uint8_t>(list.size()), 0};
    return *this;
  }
  BlockBuilder& branch_if(std::initializer_list<unsigned> sources, std::uint32_t target = 0xfffffff0) {
    add(OpClass::branch_cond, 64).imm = target;
    effects.back().reads = effects.back().target = regs(sources);
    return *this;
  }
  BlockBuilder& jump(std::uint32_t target = 0xfffffff0) {
    add(OpClass::branch, 64).imm = target;
    return *this;
  }
  /// Indirect jump or call: target from `base`, return address to `link` (64: none).
  BlockBuilder& jump_to(unsigned base, unsigned link = 64) {
    add(link == 64 ? OpClass::branch_reg : OpClass::branch_link_reg, link).rn = static_cast<std::uint8_t>(base);
    effects.back().reads = effects.back().target = regs({base});
    effects.back().writes = regs({link});
    return *this;
  }
  BlockBuilder& csr(OpClass cls, std::uint32_t number) {
    add(cls, 64).imm = number;
    return *this;
  }
  BlockBuilder& it() {
    add(OpClass::it, 64);
    return *this;
  }
  /// The last instruction is conditional (under IT).
  BlockBuilder& when(unsigned cond) {
    insns.back().cond = static_cast<std::uint8_t>(cond);
    return *this;
  }
  /// The last instruction's operation number.
  BlockBuilder& number(std::uint16_t op) {
    insns.back().op = op;
    return *this;
  }

  /// The last instruction's immediate.
  BlockBuilder& immediate(std::uint32_t value) {
    insns.back().imm = value;
    return *this;
  }
  /// The last instruction's shift amount.
  BlockBuilder& shifted(unsigned amount) {
    insns.back().shift = static_cast<std::uint8_t>(amount);
    return *this;
  }

  timing::Walk walk(const timing::CoreTiming& core, const timing::PipeState& entry = {}) const {
    return core.walk(insns, effects, entry);
  }
  /// Cycles of running the block `times` times as a loop that starts behind a jump to it: each end but the last is a
  /// taken branch to the block's begin.
  std::uint32_t loop_cycles(const timing::CoreTiming& core, unsigned times, const timing::PipeState& entry = {}) const {
    timing::PipeState state = entry;
    std::uint32_t sum = 0;
    for (unsigned n = 1; n <= times; ++n) {
      const timing::Exit exit = n < times ? timing::taken : timing::fallthrough;
      const timing::ExitCost cost = walk(core, state).exits[exit];
      state = cost.state;
      const std::uint32_t next = exit == timing::taken ? insns.front().pc : pc_;
      const bool wide = exit == timing::taken && insns.front().size == 4;
      sum += cost.cycles + core.target_cost(next, wide, exit, insns.back().cls, state);
    }
    return sum;
  }
  /// Cycles until the next address.
  std::uint32_t cycles(const timing::CoreTiming& core) const { return walk(core).exits[timing::fallthrough].cycles; }
  std::uint32_t cycles_taken(const timing::CoreTiming& core) const { return walk(core).exits[timing::taken].cycles; }

 private:
  isa::Insn& add(OpClass cls, unsigned rd) {
    isa::Insn insn;
    insn.pc = pc_;
    insn.cls = cls;
    insn.op = 0xfffe;  // no operation's number
    insn.rd = static_cast<std::uint8_t>(rd);
    insn.rn = insn.rm = insn.ra = 64;
    insn.size = size_;
    pc_ += size_;
    insns.push_back(insn);
    effects.emplace_back();
    return insns.back();
  }

  std::uint32_t pc_;
  std::uint8_t size_ = 4;
};

}  // namespace mj::test
