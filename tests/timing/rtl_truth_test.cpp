// Walks against RTL: runs the shared RV32 programs block by block on the semantics alone and compares the cycles of
// every region with what the cores' RTL took (truth/rtl/cycles.json). The target is no error at all.
#include <gelf.h>
#include <gtest/gtest.h>
#include <libelf.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <unordered_map>

#include "isa/rv32/decode.h"
#include "sim/timing/core_timing.h"
#include "tests/isa/plain_context.h"
#include "tests/timing/core_files.h"

namespace mj::timing {
namespace {

namespace rv32 = isa::rv32;
namespace fs = std::filesystem;

constexpr std::uint32_t ram_base = 0x80000000, ram_size = 4u << 20, entry_pc = 0x80000080, reset_mtvec = 0x80000000;
constexpr std::uint32_t markers = 0x40000000;
constexpr std::uint64_t max_blocks = 50'000'000;

fs::path truth_folder() {
  if (const char* shared = std::getenv("MJ_SHARED")) return fs::path(shared) / "truth" / "rtl";
  return fs::path(MJ_SOURCE_DIR).parent_path() / "shared" / "truth" / "rtl";
}

std::string read_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// PlainContext with the test bench's marker registers: stores there are noted, not stored.
class BenchContext : public test::PlainContext {
 public:
  BenchContext() : PlainContext(ram_base, ram_size) {}
  std::optional<std::pair<std::uint32_t, std::uint32_t>> marker;  ///< offset, value
  unsigned unaligned_size = 0;                                    ///< of the last access, if it was unaligned
  std::uint32_t unaligned_address = 0;
  bool unaligned_store = false;

  U32 load8(U32 a) { return PlainContext::load8(a); }
  U32 load16(U32 a) { return note(a, 2, false), PlainContext::load16(a); }
  U32 load32(U32 a) { return note(a, 4, false), PlainContext::load32(a); }
  void store8(U32 a, U32 v) { PlainContext::store8(a, v); }
  void store16(U32 a, U32 v) {
    note(a, 2, true);
    PlainContext::store16(a, v);
  }
  void store32(U32 a, U32 v) {
    if (a >= markers && a < markers + 0x100) {
      marker.emplace(a - markers, v);
      return;
    }
    note(a, 4, true);
    PlainContext::store32(a, v);
  }

 private:
  void note(U32 a, unsigned size, bool store) {
    if ((a & (size - 1)) == 0) return;
    unaligned_size = size;
    unaligned_address = a;
    unaligned_store = store;
  }
};
static_assert(isa::Context<BenchContext>);

void execute(BenchContext& c, const isa::Insn& insn) {
  switch (static_cast<rv32::Op>(insn.op)) {
#define X(op, meaning)      \
  case rv32::Op::op:        \
    rv32::meaning(c, insn); \
    break;
    MJ_RV32_OPS(X)
#undef X
    case rv32::Op::count_:
      break;
  }
}

struct Region {
  std::uint64_t cycles = 0, instructions = 0;
};

/// Runs a program with the cycles of one core.
class Bench {
 public:
  Bench(const CoreTiming& core, const fs::path& elf) : core_(core) { load(elf); }

  std::map<std::uint32_t, Region> regions;
  std::optional<std::uint32_t> exit_code;
  std::string trouble;

  void run() {
    std::uint32_t pc = entry_pc;
    PipeState state;
    for (std::uint64_t n = 0; n < max_blocks && !exit_code && trouble.empty(); ++n) pc = run_block(pc, state);
    if (!exit_code && trouble.empty()) trouble = "did not end";
  }

 private:
  struct Block {
    std::vector<isa::Insn> insns;
    std::vector<isa::Effects> effects;
    Walk walk;
  };
  struct Key {
    std::uint32_t pc;
    PipeState state;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& k) const { return k.state.hash() * 31 + k.pc; }
  };

  void load(const fs::path& path) {
    elf_version(EV_CURRENT);
    std::string image = read_text(path);
    Elf* elf = elf_memory(image.data(), image.size());
    std::size_t count = 0;
    if (elf == nullptr || elf_getphdrnum(elf, &count) != 0) trouble = "not an ELF file";
    for (std::size_t k = 0; k < count; ++k) {
      GElf_Phdr ph;
      if (gelf_getphdr(elf, static_cast<int>(k), &ph) == nullptr || ph.p_type != PT_LOAD) continue;
      std::uint8_t* to = context_.at(static_cast<std::uint32_t>(ph.p_paddr), static_cast<std::uint32_t>(ph.p_memsz));
      if (to == nullptr || ph.p_offset + ph.p_filesz > image.size()) {
        trouble = "segment outside memory";
        continue;
      }
      std::memcpy(to, image.data() + ph.p_offset, ph.p_filesz);
    }
    elf_end(elf);
    context_.system_values[0x305] = reset_mtvec;
  }

  isa::Insn decode(std::uint32_t pc) {
    std::uint32_t raw = 0;
    if (const std::uint8_t* p = context_.at(pc, 4))
      std::memcpy(&raw, p, 4);
    else if (const std::uint8_t* q = context_.at(pc, 2))
      std::memcpy(&raw, q, 2);
    return rv32::decode(raw, pc, rv32::rv32imc);
  }

  const Block& block(std::uint32_t pc, const PipeState& state) {
    auto [at, is_new] = blocks_.try_emplace(Key{pc, state});
    Block& b = at->second;
    if (!is_new) return b;
    for (std::uint32_t a = pc; b.insns.size() < 64;) {
      b.insns.push_back(decode(a));
      b.effects.push_back(rv32::effects(b.insns.back()));
      a += b.insns.back().size;
      if (isa::ends_block(b.insns.back().cls)) break;
    }
    b.walk = core_.walk(b.insns, b.effects, state);
    return b;
  }

  void marker(std::uint64_t at, std::uint64_t instructions) {
    const auto [offset, value] = *context_.marker;
    context_.marker.reset();
    if (offset == 0) {
      region_ = value;
      region_cycles_ = at;
      region_instructions_ = instructions;
    } else if (offset == 4) {
      regions[region_] = {at - region_cycles_, instructions - region_instructions_};
    } else if (offset == 8) {
      exit_code = value;
    }
  }

  /// Runs one block; returns the next block's address.
  std::uint32_t run_block(std::uint32_t pc, PipeState& state) {
    const Block& b = block(pc, state);
    std::uint64_t extra = 0;  // cycles that only the run knows
    for (std::size_t i = 0; i < b.insns.size(); ++i) {
      const isa::Insn& insn = b.insns[i];
      if (core_.has_operand_rule(insn))
        extra += core_.operand_cycles(insn, context_.regs[insn.rn], context_.regs[insn.rm]);
      context_.flow = test::Flow::next;
      context_.raised.reset();
      context_.unaligned_size = 0;
      execute(context_, insn);
      if (context_.fault_address) {
        trouble = "access outside memory";
        return 0;
      }
      if (context_.marker) marker(now_ + b.walk.begin[i] + extra, instructions_ + i);
      if (context_.unaligned_size != 0)
        extra += core_.unaligned_cycles(context_.unaligned_address, context_.unaligned_size, context_.unaligned_store,
                                        b.walk.unaligned_hidden.empty() ? 0 : b.walk.unaligned_hidden[i]);
    }
    const isa::Insn& last = b.insns.back();
    instructions_ += b.insns.size();
    Exit exit = Exit::fallthrough;
    std::uint32_t next = last.pc + last.size;
    if (context_.raised) {
      exit = Exit::indirect;
      next = raise(last);
    } else if (context_.flow != test::Flow::next) {
      exit = last.cls == isa::OpClass::branch_reg || last.cls == isa::OpClass::branch_link_reg ? Exit::indirect
                                                                                               : Exit::taken;
      next = context_.target;
    }
    state = b.walk.exits[exit].state;
    now_ += b.walk.exits[exit].cycles + extra;
    now_ += core_.target_cost(next, decode(next).size == 4, exit, last.cls, state);
    return next;
  }

  std::uint32_t raise(const isa::Insn& insn) {
    auto& csr = context_.system_values;
    switch (context_.raised->first) {
      case rv32::raise_ecall:
        csr[0x341] = insn.pc;
        csr[0x342] = 11;
        return csr[0x305] & ~3u;
      case rv32::raise_mret:
        return csr[0x341];
      default:
        trouble = "unexpected exception at " + std::to_string(insn.pc);
        return 0;
    }
  }

  const CoreTiming& core_;
  BenchContext context_;
  std::unordered_map<Key, Block, KeyHash> blocks_;
  std::uint64_t now_ = 0, instructions_ = 0;
  std::uint32_t region_ = 0;
  std::uint64_t region_cycles_ = 0, region_instructions_ = 0;
};

class RtlTruth : public testing::TestWithParam<const char*> {};

TEST_P(RtlTruth, EveryRegionTakesTheCyclesOfTheRtl) {
  const fs::path folder = truth_folder();
  if (!fs::exists(folder / "cycles.json"))
    GTEST_SKIP() << "no RTL truth; set MJ_SHARED to the folder that has truth/rtl";
  std::string config = GetParam();
  std::replace(config.begin(), config.end(), '-', '_');
  const Result<CoreTiming> core = test::load_core(GetParam());
  ASSERT_TRUE(core.ok()) << core.error().text();
  const nlohmann::json truth = nlohmann::json::parse(read_text(folder / "cycles.json"));

  unsigned rows = 0, exact = 0;
  double sum = 0, worst = 0;
  std::string worst_name = "-";
  for (const auto& [elf, regions] : truth["programs"].items()) {
    Bench bench(*core, folder / "elf" / elf);
    const bool any = std::any_of(regions.begin(), regions.end(), [&](const nlohmann::json& r) {
      return r.contains("cycles") && r["cycles"].contains(config);
    });
    if (!any) continue;
    bench.run();
    EXPECT_EQ(bench.trouble, "") << elf;
    EXPECT_EQ(bench.exit_code, 0u) << elf;
    for (const auto& [id, region] : regions.items()) {
      if (!region.contains("cycles") || !region["cycles"].contains(config)) continue;
      const auto expected = region["cycles"][config].get<std::uint64_t>();
      const auto at = bench.regions.find(static_cast<std::uint32_t>(std::stoul(id)));
      const std::string where = elf + " " + region["name"].get<std::string>();
      ++rows;
      if (at == bench.regions.end()) {
        ADD_FAILURE() << where << ": the region was not reached";
        continue;
      }
      EXPECT_EQ(at->second.instructions, region["instret"].get<std::uint64_t>()) << where;
      EXPECT_EQ(at->second.cycles, expected) << where;
      const double error = std::abs(static_cast<double>(at->second.cycles) / static_cast<double>(expected) - 1);
      exact += error == 0;
      sum += error;
      if (error > worst) {
        worst = error;
        worst_name = where;
      }
    }
  }
  std::printf("%-6s %-22s regions %5u  exact %5u  MAPE %.3f %%  worst %.2f %% (%s)\n", "rtl", GetParam(), rows, exact,
              rows ? 100 * sum / rows : 0, 100 * worst, worst_name.c_str());
  EXPECT_GT(rows, 0u);
}

INSTANTIATE_TEST_SUITE_P(Cores, RtlTruth,
                         testing::Values("ibex-small", "ibex-small-slowmul", "ibex-small-btalu", "ibex-small-wb",
                                         "ibex-maxperf", "cv32e40p", "hazard3-2port", "hazard3-2port-nobp",
                                         "hazard3-1port", "hazard3-2port-slowmulh", "hazard3-2port-min",
                                         "ibex-maxperf-bp"),
                         [](const auto& core) {
                           std::string id = core.param;
                           std::replace(id.begin(), id.end(), '-', '_');
                           return id;
                         });

}  // namespace
}  // namespace mj::timing
