// Floating-point semantics against Unicorn (QEMU): random fills of vfp_rows on random and special operands in all
// rounding modes, flush-to-zero, default-NaN and alternative-half-precision modes. Compared: core registers, S0..S31,
// FPSCR with its cumulative flags, APSR and memory. Cortex-M4 judges the single-precision rows, Cortex-M7 all of them.
//
//   MJ_FUZZ_FILLS=20000 thumb_fp_test --gtest_filter='FpDifferential.*'     more fills per row than the default
#include <gtest/gtest.h>
#include <unicorn/unicorn.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "isa/thumb/decode.h"
#include "isa/thumb/fp_arith.h"
#include "isa/thumb/semantics/all.h"
#include "isa/thumb/vfp.h"
#include "tests/isa/plain_context.h"

namespace mj::test {
namespace {

using namespace isa::thumb;
using isa::Insn;
using isa::OpClass;

constexpr std::uint32_t code = 0x08000000, code_size = 0x100000, ram = 0x20000000, ram_size = 0x1000;
constexpr std::uint32_t apsr_mask = 0xf80f0000;

struct State {
  std::array<std::uint32_t, 15> r{};
  std::array<std::uint32_t, 32> s{};
  std::uint32_t apsr = 0, fpscr = 0;
  std::vector<std::uint8_t> memory = std::vector<std::uint8_t>(ram_size);
};

std::string difference(const State& ours, const State& theirs) {
  std::ostringstream out;
  out << std::hex;
  const auto line = [&](std::string name, std::uint32_t a, std::uint32_t b) {
    if (a != b) out << "  " << name << ": ours " << a << ", Unicorn " << b << "\n";
  };
  for (unsigned i = 0; i < 15; ++i) line("r" + std::to_string(i), ours.r[i], theirs.r[i]);
  for (unsigned i = 0; i < 32; ++i) line("s" + std::to_string(i), ours.s[i], theirs.s[i]);
  line("apsr", ours.apsr, theirs.apsr);
  line("fpscr", ours.fpscr, theirs.fpscr);
  if (ours.memory != theirs.memory) out << "  memory differs\n";
  return out.str();
}

class Oracle {
 public:
  explicit Oracle(int cpu) {
    // With UC_MODE_MCLASS Unicorn 2.0.1 gives a Cortex-M33 whatever model is asked for; without it, the model.
    must(uc_open(UC_ARCH_ARM, UC_MODE_THUMB, &uc_));
    must(uc_ctl_set_cpu_model(uc_, cpu));
    must(uc_mem_map(uc_, code, code_size, UC_PROT_ALL));
    must(uc_mem_map(uc_, ram, ram_size, UC_PROT_ALL));
    for (unsigned i = 0; i < 13; ++i) ids_.push_back(UC_ARM_REG_R0 + static_cast<int>(i));
    ids_.push_back(UC_ARM_REG_SP);
    ids_.push_back(UC_ARM_REG_LR);
    for (unsigned i = 0; i < 32; ++i) ids_.push_back(UC_ARM_REG_S0 + static_cast<int>(i));
    ids_.push_back(UC_ARM_REG_FPSCR);
    State first;             // the first FP instruction begins an FP context: FPSCR is set from FPDSCR
    run(0xeeb00a40, first);  // VMOV.F32 s0, s0
  }
  ~Oracle() { uc_close(uc_); }
  Oracle(const Oracle&) = delete;
  Oracle& operator=(const Oracle&) = delete;

  /// Executes one instruction; false if it faulted.
  bool run(std::uint32_t raw, State& s) {
    at_ = at_ + 16 < code_size ? at_ + 16 : 0;
    const std::uint16_t halves[2] = {static_cast<std::uint16_t>(raw >> 16), static_cast<std::uint16_t>(raw)};
    must(uc_mem_write(uc_, code + at_, halves, 4));
    if (at_ == 0) {
      const std::uint64_t from = code, to = code + code_size;
      must(uc_ctl_remove_cache(uc_, from, to));
    }
    must(uc_mem_write(uc_, ram, s.memory.data(), ram_size));
    exchange(s, [&](int* ids, void** values, int n) { return uc_reg_write_batch(uc_, ids, values, n); });
    std::uint32_t xpsr = s.apsr | 1u << 24;
    must(uc_reg_write(uc_, UC_ARM_REG_XPSR_NZCVQG, &xpsr));
    if (uc_emu_start(uc_, (code + at_) | 1, code + at_ + 4, 0, 1) != UC_ERR_OK) return false;
    exchange(s, [&](int* ids, void** values, int n) { return uc_reg_read_batch(uc_, ids, values, n); });
    must(uc_reg_read(uc_, UC_ARM_REG_XPSR, &xpsr));
    s.apsr = xpsr & apsr_mask;
    must(uc_mem_read(uc_, ram, s.memory.data(), ram_size));
    return true;
  }
  std::uint32_t pc() const { return code + at_; }

 private:
  static void must(uc_err err) {
    if (err != UC_ERR_OK) throw std::runtime_error(uc_strerror(err));
  }
  template <class F>
  void exchange(State& s, F f) {
    std::vector<void*> values;
    for (auto& v : s.r) values.push_back(&v);
    for (auto& v : s.s) values.push_back(&v);
    values.push_back(&s.fpscr);
    must(f(ids_.data(), values.data(), static_cast<int>(ids_.size())));
  }

  uc_engine* uc_ = nullptr;
  std::vector<int> ids_;
  std::uint32_t at_ = 0;
};

void execute(PlainContext& c, const Insn& insn) {
  switch (static_cast<Op>(insn.op)) {
#define X(name, ...)                                   \
  case Op::name:                                       \
    isa::thumb::semantics::execute<Op::name>(c, insn); \
    break;
    MJ_THUMB_FP_OPS(X)
#undef X
    default:
      break;
  }
}

bool run_ours(const Insn& insn, State& state) {
  PlainContext c(ram, ram_size);
  for (unsigned i = 0; i < 15; ++i) c.regs[i] = state.r[i];
  for (unsigned i = 0; i < 32; ++i) c.regs[s0 + i] = state.s[i];
  c.regs[nf] = state.apsr;
  c.regs[zf] = ~state.apsr >> 30 & 1;
  c.regs[cf] = state.apsr >> 29 & 1;
  c.regs[vf] = state.apsr << 3;
  c.regs[fpscr] = state.fpscr;
  std::memcpy(c.at(ram, ram_size), state.memory.data(), ram_size);
  execute(c, insn);
  if (c.fault_address) return false;
  for (unsigned i = 0; i < 15; ++i) state.r[i] = c.regs[i];
  for (unsigned i = 0; i < 32; ++i) state.s[i] = c.regs[s0 + i];
  state.apsr = (state.apsr & 0x080f0000) | (c.regs[nf] & 0x80000000u) | (c.regs[zf] == 0 ? 1u << 30 : 0) |
               (c.regs[cf] & 1) << 29 | c.regs[vf] >> 31 << 28;
  state.fpscr = c.regs[fpscr];
  std::memcpy(state.memory.data(), c.at(ram, ram_size), ram_size);
  return true;
}

// ---- operands
// -----------------------------------------------------------------------------------------------------------

class Operands {
 public:
  explicit Operands(std::uint32_t seed) : random_(seed) {}
  std::uint32_t word() { return static_cast<std::uint32_t>(random_()); }
  unsigned below(unsigned n) { return word() % n; }

  std::uint32_t single() {
    static constexpr std::uint32_t special[] = {
        0x00000000, 0x00000001, 0x00400000, 0x007fffff, 0x00800000, 0x00800001, 0x01000000, 0x33800000, 0x34000000,
        0x3effffff, 0x3f000000, 0x3f000001, 0x3f7fffff, 0x3f800000, 0x3f800001, 0x3fc00000, 0x40000000, 0x40200000,
        0x46fffe00, 0x47000000, 0x477fff00, 0x477fe000, 0x477ff000, 0x47800000, 0x38800000, 0x387fffff, 0x33000000,
        0x4b000000, 0x4b800000, 0x4effffff, 0x4f000000, 0x4f7fffff, 0x4f800000, 0x5f000000, 0x7f000000, 0x7f7fffff,
        0x7f800000, 0x7f800001, 0x7fa00000, 0x7fbfffff, 0x7fc00000, 0x7fc12345, 0x7fffffff};
    const std::uint32_t sign = word() & 0x80000000u;
    switch (below(6)) {
      case 0:
        return word();
      case 1:
        return sign | special[below(std::size(special))];
      case 2:
        return sign | ((word() & 0x007fffff) >> below(23));  // denormal or zero
      case 3:
        return sign | (120 + below(16)) << 23 | (word() & 0x7fffff);  // near 1
      case 4:
        return sign | (120 + below(40)) << 23 | (word() & 0x7fffffu << below(23) & 0x7fffff);  // short: ties
      default:
        return word() & 0xffff;  // half precision, small integers
    }
  }
  std::uint64_t twice() {
    static constexpr std::uint64_t special[] = {
        0x0000000000000000, 0x0000000000000001, 0x000fffffffffffff, 0x0010000000000000, 0x0010000000000001,
        0x380fffffffffffff, 0x3810000000000000, 0x36a0000000000000, 0x3690000000000000, 0x3fdfffffffffffff,
        0x3fe0000000000000, 0x3fefffffffffffff, 0x3ff0000000000000, 0x3ff0000000000001, 0x3ff8000000000000,
        0x40dfffc000000000, 0x40e0000000000000, 0x41dfffffffc00000, 0x41e0000000000000, 0x41efffffffe00000,
        0x41f0000000000000, 0x4330000000000000, 0x4340000000000000, 0x47efffffe0000000, 0x47effffff0000000,
        0x47f0000000000000, 0x7fe0000000000000, 0x7fefffffffffffff, 0x7ff0000000000000, 0x7ff0000000000001,
        0x7ff4000000000000, 0x7ff8000000000000, 0x7ff8123456789abc, 0x7fffffffffffffff};
    const std::uint64_t sign = std::uint64_t{word() & 0x80000000u} << 32;
    const std::uint64_t bits = std::uint64_t{word()} << 32 | word(), fraction = bits & 0xfffffffffffff;
    switch (below(6)) {
      case 0:
        return bits;
      case 1:
        return sign | special[below(std::size(special))];
      case 2:
        return sign | fraction >> below(52);
      case 3:
        return sign | std::uint64_t{1016 + below(16)} << 52 | fraction;
      case 4:
        return sign | std::uint64_t{1000 + below(80)} << 52 | (fraction >> below(52) << 30 & 0xfffffffffffff);
      default:
        return sign | std::uint64_t{870 + below(300)} << 52 | (fraction & ~std::uint64_t{0x1fffffff});
    }
  }
  State state(bool doubles) {
    State s;
    for (auto& v : s.r) v = word();
    if (doubles)
      for (unsigned i = 0; i < 16; ++i) {
        const std::uint64_t v = twice();
        s.s[2 * i] = static_cast<std::uint32_t>(v);
        s.s[2 * i + 1] = static_cast<std::uint32_t>(v >> 32);
      }
    else
      for (auto& v : s.s) v = single();
    if (below(3) == 0) {  // near-cancelling operands
      for (unsigned i = doubles ? 2 : 1; i < 32; ++i)
        if (below(4) == 0) s.s[i] = s.s[i - (doubles ? 2 : 1)] ^ (below(2) << 31) ^ (below(4) == 0 ? below(4) : 0);
    }
    s.apsr = word() & apsr_mask;
    s.fpscr = word() & (below(2) ? 0xf7c0009fu : 0xf000009fu);  // half of the time the default modes
    if (below(4) == 0) s.fpscr &= ~0x9fu;
    for (auto& b : s.memory) b = static_cast<std::uint8_t>(random_());
    s.r[13] &= ~3u;
    return s;
  }

 private:
  std::mt19937 random_;
};

unsigned fills_per_row() {
  const char* text = std::getenv("MJ_FUZZ_FILLS");
  return text ? static_cast<unsigned>(std::atoi(text)) : 300;
}

bool is_memory(const Insn& insn) {
  return insn.cls == OpClass::fp_load || insn.cls == OpClass::fp_store || insn.cls == OpClass::fp_load_multi ||
         insn.cls == OpClass::fp_store_multi;
}

struct Judge {
  const char* name;
  int cpu;
  Features features;
};
void PrintTo(const Judge& j, std::ostream* out) { *out << j.name; }

class FpDifferential : public testing::TestWithParam<Judge> {};

TEST_P(FpDifferential, EveryRow) {
  Oracle oracle(GetParam().cpu);
  Operands operands(20240229);
  unsigned compared = 0, failures = 0;
  for (const isa::Row<Op>& row : vfp_rows) {
    if ((row.feature & ~GetParam().features) != 0) continue;
    unsigned of_this_row = 0;
    std::uint32_t fields = 0;  // "should be zero" bits stay zero: QEMU takes some encodings with ones for undefined
    for (const std::uint32_t mask : row.pattern.fields) fields |= mask;
    for (unsigned fill = 0; fill < fills_per_row() && failures < 20; ++fill) {
      const std::uint32_t raw = row.pattern.value | (operands.word() & fields);
      const Insn insn = decode(raw >> 16, raw & 0xffff, code, false, GetParam().features);
      if (insn.op == static_cast<unsigned>(Op::undefined) || insn.op != static_cast<unsigned>(row.op)) continue;
      if (row.op == Op::vldr_literal_f32 || row.op == Op::vldr_literal_f64) continue;  // see FpEncoding
      State start = operands.state((raw >> 8 & 1) != 0 || row.op == Op::vcvt_f32_f64);
      if (is_memory(insn)) start.r[insn.rn] = ram + 0x800 + operands.below(64) * 4;
      // QEMU rounds by FPSCR where the manual says to nearest (ARMv7-M A7.7.229, fixed point to floating point).
      const std::string_view op = op_name(insn.op);
      if (op.starts_with("vcvt_f") && op.ends_with("_fixed")) start.fpscr &= ~fpscr_rmode;
      State theirs = start, ours = start;
      if (!oracle.run(raw, theirs)) {
        ADD_FAILURE() << op_name(insn.op) << " " << std::hex << raw << " faulted in Unicorn";
        ++failures;
        break;
      }
      ASSERT_TRUE(run_ours(insn, ours)) << op_name(insn.op);
      ++compared;
      ++of_this_row;
      const std::string d = difference(ours, theirs);
      if (!d.empty()) {
        ++failures;
        std::ostringstream before;
        before << std::hex << " fpscr " << start.fpscr;
        for (unsigned id : {insn.rd, insn.rn, insn.rm})
          if (id >= s0 && id < s0 + 32)
            before << "  s" << std::dec << id - s0 << std::hex << " " << start.s[id - s0] << " "
                   << (id < s0 + 31 ? start.s[id - s0 + 1] : 0);
        ADD_FAILURE() << op_name(insn.op) << " " << std::hex << raw << before.str() << "\n" << d;
      }
    }
    const bool literal = row.op == Op::vldr_literal_f32 || row.op == Op::vldr_literal_f64;
    EXPECT_TRUE(of_this_row > 0 || literal || failures >= 20) << op_name(static_cast<std::uint16_t>(row.op));
  }
  RecordProperty("compared", static_cast<int>(compared));
  EXPECT_GT(compared, 0u);
}

INSTANTIATE_TEST_SUITE_P(Unicorn, FpDifferential,
                         testing::Values(Judge{"CortexM4", UC_CPU_ARM_CORTEX_M4, v7m | dsp | fp_sp},
                                         Judge{"CortexM7", UC_CPU_ARM_CORTEX_M7, v7m | dsp | fp_sp | fp_dp | fp_v5}),
                         [](const auto& i) { return std::string(i.param.name); });

}  // namespace
}  // namespace mj::test
