// Every row against Unicorn: random fills of its picture are performed here and there from the same registers and
// memory, and all registers, the memory and the next pc are compared. A new row is fuzzed as soon as it is in the
// table.
//
// Unicorn 2.0 (QEMU 5.0.1) has RV32GC: rows of extensions that are younger are compared with Spike, outside of these
// tests (tests/differential/rv32). Where it differs from the manual in F:
//   fmin.s, fmax.s with a signalling NaN: version 2.0 of F, the result is a NaN; 2.2 (11.6) gives the other operand.
//
// The number of fills per row is MJ_FUZZ_PER_ROW (default 1000), their seed MJ_FUZZ_SEED (default 1).
#include <gtest/gtest.h>
#include <unicorn/unicorn.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "isa/rv32/csr.h"
#include "isa/rv32/fcsr.h"
#include "isa/rv32/tables.h"
#include "tests/isa/rv32/fill.h"
#include "tests/isa/rv32/run.h"

namespace mj::test {
namespace {

using namespace isa::rv32;
using isa::Insn;
using isa::OpClass;

constexpr std::uint32_t code_base = 0x00400000, code_size = 0x00100000;
constexpr std::uint32_t ram_base = 0x20000000, ram_size = 0x2000;
constexpr std::uint32_t csr_tested = csr_mscratch;

unsigned long from_environment(const char* name, unsigned long otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoul(text, nullptr, 0) : otherwise;
}

/// The oracle: Unicorn's RV32 core with the same code and RAM.
class Oracle {
 public:
  Oracle() {
    check(uc_open(UC_ARCH_RISCV, UC_MODE_RISCV32, &uc_), "open");
    check(uc_mem_map(uc_, code_base, code_size, UC_PROT_ALL), "map code");
    check(uc_mem_map(uc_, ram_base, ram_size, UC_PROT_READ | UC_PROT_WRITE), "map ram");
    set_reg(UC_RISCV_REG_MSTATUS, reg(UC_RISCV_REG_MSTATUS) | mstatus_fs);
  }
  ~Oracle() { uc_close(uc_); }
  Oracle(const Oracle&) = delete;
  Oracle& operator=(const Oracle&) = delete;

  void write(std::uint32_t address, const void* bytes, std::size_t size) {
    check(uc_mem_write(uc_, address, bytes, size), "write");
  }
  void read(std::uint32_t address, void* bytes, std::size_t size) {
    check(uc_mem_read(uc_, address, bytes, size), "read");
  }
  void set_reg(int id, std::uint32_t value) { check(uc_reg_write(uc_, id, &value), "set register"); }
  std::uint32_t reg(int id) {
    std::uint32_t value = 0;
    check(uc_reg_read(uc_, id, &value), "get register");
    return value;
  }
  // F registers are 64 bits wide there: a single is boxed in ones.
  void set_f_reg(unsigned n, std::uint32_t value) {
    const std::uint64_t boxed = 0xffffffff00000000u | value;
    check(uc_reg_write(uc_, UC_RISCV_REG_F0 + static_cast<int>(n), &boxed), "set F register");
  }
  std::uint32_t f_reg(unsigned n) {
    std::uint64_t value = 0;
    check(uc_reg_read(uc_, UC_RISCV_REG_F0 + static_cast<int>(n), &value), "get F register");
    return static_cast<std::uint32_t>(value);
  }
  /// Performs `count` instructions at pc.
  uc_err run(std::uint32_t pc, std::size_t count) { return uc_emu_start(uc_, pc, 0xfffffffe, 0, count); }

 private:
  static void check(uc_err error, const char* what) {
    ASSERT_EQ(error, UC_ERR_OK) << what << ": " << uc_strerror(error);
  }
  uc_engine* uc_ = nullptr;
};

constexpr int x_reg(unsigned id) { return UC_RISCV_REG_X0 + static_cast<int>(id); }

/// What Unicorn has.
constexpr Features unicorn = rv32imac | feature_f;

/// Operations whose effect Unicorn has no comparable notion of; unit tests cover them.
bool comparable(Op op) {
  switch (op) {
    case Op::illegal:
    case Op::ecall:
    case Op::ebreak:
    case Op::mret:
    case Op::wfi:
      return false;
    default:
      return true;
  }
}

/// What one row's fills are compared on: a fresh oracle per row, so that no code changes after it has run.
class Bench {
 public:
  explicit Bench(std::uint32_t seed) : random_(seed) {
    for (std::uint32_t a = 0; a < ram_size; a += 4) here_.store32(ram_base + a, number());
    there_.write(ram_base, here_.at(ram_base, ram_size), ram_size);
  }

  /// Draws `fills` encodings of the row and compares them; gives how many there were to compare.
  unsigned long compare(const RvRow& row, unsigned long fills) {
    // All code is written before any runs: a jump's target is translated, too, and would be stale later.
    std::vector<std::vector<Insn>> programs;
    for (std::uint32_t pc = code_base; programs.size() < fills && pc < code_base + code_size; pc += slot_size)
      programs.push_back(draw(row, pc));
    for (const std::vector<Insn>& program : programs)
      for (const Insn& insn : program) there_.write(insn.pc, &insn.raw, insn.size);
    unsigned long compared = 0;
    for (const std::vector<Insn>& program : programs) {
      compared += step(program);
      if (::testing::Test::HasFailure()) break;
    }
    return compared;
  }

 private:
  static constexpr std::uint32_t slot_size = 8;
  static constexpr std::uint32_t lr_w_x0 = 0x1000202f;

  std::uint32_t number() { return static_cast<std::uint32_t>(random_()); }

  /// One fill of the row at pc, for SC half the time behind an LR that makes its reservation.
  std::vector<Insn> draw(const RvRow& row, std::uint32_t pc) {
    std::uint32_t raw = fill(row.pattern, random_);
    if (row.feature == feature_zicsr) raw = (raw & 0x000fffffu) | csr_tested << 20;  // a CSR that both sides have
    if (row.op == Op::sc_w && number() % 2) {
      const std::uint32_t reserve = lr_w_x0 | (raw & (31u << 15));
      return {decode(reserve, pc, unicorn), decode(raw, pc + 4, unicorn)};
    }
    return {decode(raw, pc, unicorn)};
  }

  /// Values where arithmetic goes wrong, more often than chance would give them.
  std::uint32_t value() {
    constexpr std::uint32_t edges[] = {0, 1, 2, 31, 32, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff};
    return number() % 3 == 0 ? edges[number() % std::size(edges)] : number() >> (number() % 32);
  }

  /// Singles where arithmetic goes wrong, and pairs of them that nearly cancel.
  std::uint32_t single() {
    constexpr std::uint32_t edges[] = {0,          0x00000001, 0x007fffff, 0x00800000, 0x00800001, 0x3f800000,
                                       0x3f800001, 0x34000000, 0x4f000000, 0x4f800000, 0x7f7fffff, 0x7f800000,
                                       0x7f800001, 0x7fc00000, 0x4b000000, 0x3f000000, 0x7fffffff};
    const std::uint32_t sign = number() & 0x80000000u;
    switch (number() % 4) {
      case 0:
        return sign | edges[number() % std::size(edges)];
      case 1:  // of middling size, few bits set
        return sign | (number() % 48 + 104) << 23 | (number() & number() & number() & 0x7fffffu);
      case 2:
        return sign | (number() % 48 + 104) << 23 | (number() & 0x7fffffu);
      default:
        return number();
    }
  }

  /// Registers: any values and the immediate, but base registers point into RAM (any alignment, except for atomics),
  /// jump targets into the code. Half of the branches and some other operations get equal operands.
  void set_registers(const Insn& insn) {
    const isa::Effects effects = isa::rv32::effects(insn);
    const bool atomic = insn.cls == OpClass::amo || insn.cls == OpClass::load_exclusive ||  //
                        insn.cls == OpClass::store_exclusive;
    const bool branch = insn.cls == OpClass::branch_cond;
    for (unsigned id = 1; id < 32; ++id) {
      here_.regs[id] = number() % 8 == 0 ? insn.imm : value();
      if (effects.address & isa::reg_bit(id))
        here_.regs[id] = ram_base + ram_size / 2 - insn.imm + (number() % 0x80) * (atomic ? 4 : 1);
      else if (!branch && (effects.target & isa::reg_bit(id)))
        here_.regs[id] = code_base + number() % code_size - insn.imm;
    }
    if (number() % (branch ? 2 : 8) == 0 && insn.rn != x0 && !effects.address && (branch || !effects.target))
      here_.regs[insn.rn] = here_.regs[insn.rm];
    for (unsigned id = 1; id < 32; ++id) there_.set_reg(x_reg(id), here_.regs[id]);
    for (unsigned n = 0; n < 32; ++n) {
      here_.regs[f0 + n] = single();
      there_.set_f_reg(n, here_.regs[f0 + n]);
    }
    const std::uint32_t fcsr = (number() % 5) << 5 | (number() % 2 ? 0 : number() % 32);
    here_.regs[fp_control] = control_of_fcsr(fcsr);
    there_.set_reg(UC_RISCV_REG_FCSR, fcsr);
    here_.system_values[csr_tested] = value();
    there_.set_reg(UC_RISCV_REG_MSCRATCH, here_.system_values[csr_tested]);
  }

  /// Performs the program on both sides. 0 if it can't be compared (reserved encoding, address from x0).
  unsigned long step(const std::vector<Insn>& insns) {
    const Insn& last = insns.back();
    if (!comparable(static_cast<Op>(last.op))) return 0;
    set_registers(last);
    if (signalling_extreme(last)) return 0;
    here_.exclusive.reset();
    here_.fault_address.reset();
    std::string operands;
    for (const unsigned id : {last.rn, last.rm, last.ra}) operands += " " + hex(here_.regs[id]);
    operands += ", fcsr " + hex(fcsr_of(here_.regs[fp_control]));
    for (const Insn& insn : insns) perform(here_, insn);
    if (here_.fault_address) return 0;

    const uc_err error = there_.run(insns.front().pc, insns.size());
    const std::string where = std::string(op_name(last.op)) + " " + hex(last.raw) + " at " + hex(last.pc);
    // A jump out of the code has happened, though nothing can be fetched there.
    EXPECT_TRUE(error == UC_ERR_OK || error == UC_ERR_FETCH_UNMAPPED) << where << ": " << uc_strerror(error);
    EXPECT_EQ(hex(next_pc(here_, last)), hex(there_.reg(UC_RISCV_REG_PC))) << where << ": pc";
    for (unsigned id = 1; id < 32; ++id)
      EXPECT_EQ(hex(here_.regs[id]), hex(there_.reg(x_reg(id)))) << where << ": x" << id;
    for (unsigned n = 0; n < 32; ++n)
      EXPECT_EQ(hex(here_.regs[f0 + n]), hex(there_.f_reg(n))) << where << ": f" << n << operands;
    EXPECT_EQ(hex(fcsr_of(here_.regs[fp_control])), hex(there_.reg(UC_RISCV_REG_FCSR)))
        << where << ": fcsr" << operands;
    EXPECT_EQ(here_.system_values[csr_tested], there_.reg(UC_RISCV_REG_MSCRATCH)) << where;
    std::array<std::uint8_t, ram_size> theirs{};
    there_.read(ram_base, theirs.data(), theirs.size());
    EXPECT_EQ(std::memcmp(theirs.data(), here_.at(ram_base, ram_size), ram_size), 0) << where << ": memory";
    return 1;
  }

  /// The head comment's difference.
  bool signalling_extreme(const Insn& insn) const {
    const auto signalling = [](std::uint32_t v) { return (v & 0x7fc00000u) == 0x7f800000u && (v & 0x003fffffu) != 0; };
    return (insn.op == static_cast<std::uint16_t>(Op::fmin_s) || insn.op == static_cast<std::uint16_t>(Op::fmax_s)) &&
           (signalling(here_.regs[insn.rn]) || signalling(here_.regs[insn.rm]));
  }

  static std::string hex(std::uint32_t v) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "0x%08x", v);
    return text.data();
  }

  PlainContext here_{ram_base, ram_size};
  Oracle there_;
  std::mt19937 random_;
};

TEST(Rv32Differential, EveryRowAgreesWithUnicorn) {
  const unsigned long fills = from_environment("MJ_FUZZ_PER_ROW", 1000);
  const unsigned long seed = from_environment("MJ_FUZZ_SEED", 1);
  unsigned long total = 0;
  for (const RvRow& row : all_rows) {
    if (!comparable(row.op) || (row.feature & ~unicorn)) continue;
    Bench bench(static_cast<std::uint32_t>(seed));
    const unsigned long compared = bench.compare(row, fills);
    ASSERT_FALSE(HasFailure()) << "operation " << op_name(static_cast<std::uint16_t>(row.op));
    // Few fills of a small picture are refused: one in 32 has x0 as its base. A quarter of F's have a reserved rounding
    // mode, or a signalling NaN where the oracle is wrong.
    EXPECT_GE(compared, fills * (row.feature & feature_f ? 6 : 9) / 10) << op_name(static_cast<std::uint16_t>(row.op));
    total += compared;
  }
  RecordProperty("compared", std::to_string(total));
  std::printf("compared %lu instructions\n", total);
}

}  // namespace
}  // namespace mj::test
