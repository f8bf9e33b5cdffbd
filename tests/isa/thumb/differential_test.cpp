// Our semantics against Unicorn (QEMU), one random instruction at a time. The instructions are random fills of the
// decode tables' own rows, so a new row is tested on the day it appears.
//
//   MJ_FUZZ_FILLS=20000 thumb_test --gtest_filter='Differential.*'     more fills per row than the default
#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <map>
#include <random>
#include <sstream>

#include "tests/isa/thumb/thumb_machine.h"
#include "tests/isa/thumb/unicorn_machine.h"

namespace mj::test {
namespace {

using namespace isa::thumb;
using isa::Insn;
using isa::OpClass;
using isa::Row;

unsigned fills_per_row() {
  const char* text = std::getenv("MJ_FUZZ_FILLS");
  return text ? static_cast<unsigned>(std::atoi(text)) : 300;
}

/// Where Unicorn 2.0.1 can't be the judge:
///  - SP bits 1:0 keep what was written (ARMv7-M B1.4.1: they are always zero); compared without them below.
///  - IT alone: it doesn't stop behind an IT instruction. The tests in IT blocks execute IT.
///  - YIELD leaves its execution loop like an exception (ARMv7-M A7.7.263: a hint).
bool known_oracle_difference(const Insn& insn) {
  return insn.op == static_cast<unsigned>(Op::it) || insn.op == static_cast<unsigned>(Op::yield);
}

/// Exceptions and special registers are tested elsewhere (cpu, exceptions); a coprocessor is never there. FP rows have
/// a test of their own.
bool compared(const Insn& insn) {
  if (known_oracle_difference(insn)) return false;
  switch (insn.cls) {
    case OpClass::trap:
    case OpClass::sys_read:
    case OpClass::sys_write:
    case OpClass::wait:
    case OpClass::coprocessor:
      return false;
    default:
      return true;
  }
}

bool aligned_only(const Insn& insn) {
  switch (insn.cls) {
    case OpClass::load_dual:
    case OpClass::store_dual:
    case OpClass::load_multi:
    case OpClass::store_multi:
    case OpClass::load_exclusive:
    case OpClass::store_exclusive:
    case OpClass::branch_load:
      return true;
    default:
      return false;
  }
}

class Differential : public testing::Test {
 protected:
  std::mt19937 random{20240607};
  UnicornMachine oracle;
  std::vector<std::uint8_t> memory = std::vector<std::uint8_t>(UnicornMachine::ram_size);
  unsigned cases = 0, faults = 0, skipped = 0, refused = 0;
  std::map<std::string, unsigned> accepted_by_oracle;

  std::uint32_t any() { return static_cast<std::uint32_t>(random()); }
  std::uint32_t below(std::uint32_t n) { return any() % n; }
  /// A register's value: random, or near a limit.
  std::uint32_t value() {
    static constexpr std::uint32_t edges[] = {0,          1,          2,          0x1f,       0x20,       0x21,
                                              0x7f,       0x80,       0xff,       0x100,      0x7fff,     0x8000,
                                              0xffff,     0x10000,    0x7fffffff, 0x80000000, 0x80000001, 0xffffffff,
                                              0xffff8000, 0xffff7fff, 0x80008000, 0x7fff7fff, 0x7f7f7f7f, 0x80808080,
                                              0x80007fff, 0x7fff8000, 0xfffffffe, 0x0000ffff};
    switch (below(4)) {
      case 0:
        return edges[below(std::size(edges))];
      case 1:
        return below(64) - 32;
      default:
        return any();
    }
  }

  void fill_memory(bool code_addresses) {
    for (std::size_t i = 0; i < memory.size(); i += 4) {
      const std::uint32_t word = code_addresses ? (UnicornMachine::ram_base + below(0x10000)) | 1 : any();
      std::memcpy(&memory[i], &word, 4);
    }
    oracle.write(UnicornMachine::ram_base, memory.data(), memory.size());
  }

  /// Registers that let `insn` run: addresses in RAM, small indices, branch targets in RAM with the Thumb bit.
  CoreState state_for(const Insn& insn) {
    CoreState s;
    for (unsigned i = 0; i < 15; ++i) s.r[i] = value();
    s.r[sp] = 0x20004000 + 4 * below(64);
    s.r[pc] = code_address;
    s.apsr = any() & 0xf80f0000;
    const isa::Effects e = isa::thumb::effects(insn);
    const std::uint32_t align = aligned_only(insn) || below(4) == 0 ? ~3u : ~0u;
    for (unsigned i = 0; i < 15; ++i) {
      if (i == sp) continue;
      if (e.target >> i & 1)
        s.r[i] = insn.op == static_cast<unsigned>(Op::add_pc) ? below(0x2000)
                                                              : (UnicornMachine::ram_base + below(0x10000)) | 1;
      if (e.address >> i & 1) s.r[i] = (0x20004000 + below(0x800)) & align;
    }
    const bool indexed = std::popcount(e.address) > 1 || insn.cls == OpClass::branch_table;
    if (indexed && insn.rm != sp && insn.rm < 15) s.r[insn.rm] = below(0x100);
    return s;
  }

  /// Cases that are a matter of exceptions or of the memory map, not of the instruction: branches without the Thumb bit
  /// (INVSTATE) or to nowhere, LDR PC from an unaligned address (UNPREDICTABLE), data accesses where the oracle has
  /// code.
  static bool outside(const Insn& insn, const Machine& m, std::uint32_t next) {
    const bool indirect = m.flow != Flow::next && isa::thumb::effects(insn).target != 0;
    if ((indirect || insn.cls == OpClass::branch_load) && !(m.target & 1)) return true;
    if (insn.op == static_cast<unsigned>(Op::bx_pc)) return true;
    if (m.fault_address) return *m.fault_address - 0x1e000000 < 0x4010000;
    if (insn.cls == OpClass::branch_load) return next - UnicornMachine::ram_base >= UnicornMachine::ram_size;
    return next - 0x1e000000 >= 0x4000000;
  }

  static std::string text(const Insn& insn, const CoreState& before, const CoreState& ours, const CoreState& theirs) {
    std::ostringstream out;
    out << std::hex << op_name(insn.op) << " raw " << insn.raw << " cond " << unsigned{insn.cond} << "\n";
    for (unsigned i = 0; i < 17; ++i) {
      const auto get = [&](const CoreState& s) { return i < 16 ? s.r[i] : s.apsr; };
      out << (i < 16 ? "  r" + std::to_string(i) : std::string("  apsr")) << " " << get(before) << " -> " << get(ours);
      if (get(ours) != get(theirs)) out << "   oracle " << get(theirs);
      out << "\n";
    }
    return out.str();
  }

  /// One instruction, in an IT block if `cond` is not 14. False if it differed.
  bool compare(std::uint32_t raw, unsigned width, unsigned cond) {
    const bool in_it = cond != 14;
    const std::uint32_t at = in_it ? code_address + 2 : code_address;
    const std::uint32_t hw1 = width == 32 ? raw >> 16 : raw, hw2 = width == 32 ? raw & 0xffff : 0xbf00;
    if (width == 32 && !is_32bit(hw1)) return true;
    Insn insn = decode(hw1, hw2, at, in_it, cortex_m4_integer);
    insn.cond = static_cast<std::uint8_t>(cond);
    std::vector<std::uint16_t> code;
    if (in_it) code.push_back(static_cast<std::uint16_t>(0xbf08 | cond << 4));
    code.push_back(static_cast<std::uint16_t>(hw1));
    code.push_back(static_cast<std::uint16_t>(hw2));
    const std::uint32_t until = in_it ? at + insn.size : 0;
    if (insn.op == static_cast<unsigned>(Op::undefined) || !compared(insn) || (in_it && isa::ends_block(insn.cls))) {
      ++refused;
      return true;
    }
    const bool stores = isa::thumb::effects(insn).stores != 0;
    std::memcpy(&memory[code_address - UnicornMachine::ram_base], code.data(), code.size() * 2);
    oracle.write(code_address, code.data(), code.size() * 2);
    const CoreState before = state_for(insn);

    Machine m;
    std::memcpy(m.at(UnicornMachine::ram_base, 1), memory.data(), memory.size());
    std::copy_n(before.r.begin(), 15, m.regs.begin());
    set_apsr(m, before.apsr);
    execute(m, insn);
    CoreState ours;
    std::copy_n(m.regs.begin(), 15, ours.r.begin());
    ours.apsr = apsr(m);
    ours.r[pc] = m.flow == Flow::next ? at + insn.size : m.target & ~1u;
    if (outside(insn, m, ours.r[pc])) {
      ++skipped;
      return true;
    }

    std::optional<CoreState> theirs = oracle.run(before, until);
    if (theirs) theirs->r[sp] &= ~3u;
    ++cases;
    if (m.fault_address || !theirs) {
      ++faults;
      if (stores) oracle.write(UnicornMachine::ram_base, memory.data(), memory.size());
      if (m.fault_address && !theirs) return true;
      ADD_FAILURE() << (theirs ? "faults only here: " : "faults only there: ") << text(insn, before, ours, ours);
      return false;
    }
    bool same = ours == *theirs;
    if (stores) {
      const std::vector<std::uint8_t> ram = oracle.ram();
      same &= std::memcmp(ram.data(), m.at(UnicornMachine::ram_base, 1), ram.size()) == 0;
      oracle.write(UnicornMachine::ram_base, memory.data(), memory.size());
    }
    EXPECT_TRUE(same) << text(insn, before, ours, *theirs);
    return same;
  }

  void compare_rows(std::span<const Row<Op>> rows, bool in_it) {
    for (const Row<Op>& row : rows) {
      if (row.feature & ~cortex_m4_integer) continue;
      if (in_it && isa::ends_block(row.cls)) continue;
      fill_memory(row.cls == OpClass::branch_load || row.cls == OpClass::load || row.op == Op::pop ||
                  row.op == Op::ldm || row.op == Op::ldmdb);
      for (unsigned n = fills_per_row(); n > 0; --n) {
        const std::uint32_t mask = row.pattern.width == 16 ? 0xffff : 0xffffffff;
        if (!compare((row.pattern.value | (any() & ~row.pattern.mask)) & mask, row.pattern.width,
                     in_it ? below(14) : 14))
          break;  // one example per row is enough
      }
    }
    RecordProperty("cases", static_cast<int>(cases));
    RecordProperty("both_fault", static_cast<int>(faults));
    std::cout << cases << " compared, " << faults << " fault here and there, " << skipped << " skipped, " << refused
              << " undefined or system\n";
  }
};

TEST_F(Differential, SixteenBit) { compare_rows(rows_16bit(), false); }
TEST_F(Differential, ThirtyTwoBit) { compare_rows(rows_32bit(), false); }
TEST_F(Differential, SixteenBitInItBlock) { compare_rows(rows_16bit(), true); }
TEST_F(Differential, ThirtyTwoBitInItBlock) { compare_rows(rows_32bit(), true); }

}  // namespace
}  // namespace mj::test
