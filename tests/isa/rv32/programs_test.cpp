// Whole programs on the semantics alone: the RISC-V timing workloads, whose instruction counts per region an
// independent simulator has found, run here on a machine of forty lines. What they count is the number and kind of
// instructions; cycles are no business of isa/.
//
// The programs are not part of this repository: MJ_SHARED names the folder that has truth/rtl (default: ../shared
// beside the source tree); without it the test is skipped.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>

#include "isa/rv32/traps.h"
#include "memory/elf_image.h"
#include "tests/isa/rv32/run.h"

namespace mj::test {
namespace {

using namespace isa::rv32;
using isa::Insn;
using isa::OpClass;

std::filesystem::path shared_folder() {
  const char* given = std::getenv("MJ_SHARED");
  return given ? std::filesystem::path(given) : std::filesystem::path(MJ_SOURCE_DIR) / ".." / "shared";
}

constexpr std::uint32_t ram_base = 0x80000000, ram_size = 4u << 20, entry = 0x80000080;
constexpr std::uint32_t markers = 0x40000000;

/// What was retired in one region, by the names that the truth uses.
using Mix = std::map<std::string, std::uint64_t>;

/// RAM, marker registers and the trap unit around the semantics.
class Machine : public PlainContext {
 public:
  Machine() : PlainContext(ram_base, ram_size) {}

  void store32(U32 a, U32 v) {
    if (a >= markers && a < markers + 0x14)
      mark(a - markers, v);
    else
      PlainContext::store32(a, v);
  }
  U32 system_read(std::uint32_t id) {
    std::uint32_t value = 0;
    if (!unit_.csr_read(id, value)) illegal_ = true;
    return value;
  }
  void system_write(std::uint32_t id, U32 v) {
    if (id == sys_fence_i)
      decoded_.clear();
    else if (id != sys_wfi && !unit_.csr_write(id, v))
      illegal_ = true;
  }

  /// Runs to the exit register; nullopt if that didn't happen within `limit` instructions.
  std::optional<std::uint32_t> run(std::uint64_t limit) {
    std::uint32_t pc = entry;
    while (!exit_ && totals_.retired < limit) {
      const Insn insn = fetch(pc);  // a copy: FENCE.I forgets what was decoded
      raised.reset();
      illegal_ = false;
      perform(*this, insn);
      if (fault_address) {
        const std::uint32_t cause = insn.cls == OpClass::load ? cause_load_access : cause_store_access;
        pc = unit_.enter(cause, pc, *fault_address);
        fault_address.reset();
      } else if (illegal_) {
        pc = unit_.raise(raise_illegal, insn.raw, pc);
      } else if (raised) {
        pc = unit_.raise(static_cast<Raise>(raised->first), raised->second, pc);
        count(insn);
      } else {
        pc = next_pc(*this, insn);
        count(insn);
      }
    }
    return exit_;
  }
  const std::map<std::uint32_t, Mix>& regions() const { return regions_; }

 private:
  Insn fetch(std::uint32_t pc) {
    const auto found = decoded_.find(pc);
    if (found != decoded_.end()) return found->second;
    std::uint32_t raw = 0;
    if (const std::uint8_t* p = at(pc, 4)) std::memcpy(&raw, p, 4);
    return decoded_.emplace(pc, decode(raw, pc, rv32imac)).first->second;
  }

  void mark(std::uint32_t offset, std::uint32_t value) {
    if (offset == 0x0) open_ = value;
    if (offset == 0x4) open_ = 0;
    if (offset == 0x8) exit_ = value;
  }

  // The begin store is the region's first instruction, the end store is behind its last.
  void count(const Insn& insn) {
    ++totals_.retired;
    if (open_ == 0) return;
    Mix& mix = regions_[open_];
    ++mix["instret"];
    switch (insn.cls) {
      case OpClass::load:
        ++mix["load"];
        break;
      case OpClass::store:
        ++mix["store"];
        break;
      case OpClass::branch_cond:
        ++mix["branch"];
        if (flow == Flow::jump) ++mix["branch_taken"];
        break;
      case OpClass::div:
        ++mix["div"];
        break;
      default:
        break;
    }
  }

  CounterTotals totals_;
  TrapUnit unit_{[] {
                   TrapConfig config;
                   config.misa = 0x40101104;
                   config.mtvec_reset = ram_base | 1;
                   config.user_mode = true;
                   return config;
                 }(),
                 [this] { return totals_; }};
  std::unordered_map<std::uint32_t, Insn> decoded_;
  bool illegal_ = false;
  std::uint32_t open_ = 0;
  std::optional<std::uint32_t> exit_;
  std::map<std::uint32_t, Mix> regions_;
};

TEST(Rv32Programs, RetireWhatAnIndependentSimulatorRetired) {
  const std::filesystem::path folder = shared_folder() / "truth" / "rtl";
  std::ifstream file(folder / "cycles.json");
  if (!file) GTEST_SKIP() << "no truth/rtl/cycles.json in " << shared_folder() << "; set MJ_SHARED";
  const nlohmann::json truth = nlohmann::json::parse(file);
  unsigned regions = 0;
  for (const auto& [name, expected] : truth.at("programs").items()) {
    const Result<memory::ElfImage> image = memory::ElfImage::load((folder / "elf" / name).string());
    ASSERT_TRUE(image.ok()) << image.error().text();
    Machine machine;
    for (const memory::LoadSegment& segment : image->segments()) {
      if (segment.bytes.empty()) continue;
      std::uint8_t* to = machine.at(segment.paddr, static_cast<std::uint32_t>(segment.bytes.size()));
      ASSERT_NE(to, nullptr) << name;
      std::memcpy(to, segment.bytes.data(), segment.bytes.size());
    }
    EXPECT_EQ(machine.run(20'000'000), std::optional<std::uint32_t>(0)) << name << ": exit code";
    for (const auto& [id, region] : expected.items()) {
      if (!region.contains("instret")) continue;
      const auto found = machine.regions().find(static_cast<std::uint32_t>(std::stoul(id)));
      ASSERT_NE(found, machine.regions().end()) << name << " region " << id;
      Mix ours = found->second;
      const std::string where = name + " " + region.at("name").get<std::string>() + ": ";
      EXPECT_EQ(ours["instret"], region.at("instret").get<std::uint64_t>()) << where << "instret";
      for (const char* kind : {"load", "store", "branch", "branch_taken", "div"})
        EXPECT_EQ(ours[kind], region.at("mix").value(kind, std::uint64_t{0})) << where << kind;
      ++regions;
    }
  }
  EXPECT_GT(regions, 100u);
  RecordProperty("regions", std::to_string(regions));
}

}  // namespace
}  // namespace mj::test
