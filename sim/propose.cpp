#include "sim/propose.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <optional>

#include "sim/board.h"

namespace mj {

namespace {

bool has(const BoardSpec& b, const char* feature) {
  return std::find(b.core.features.begin(), b.core.features.end(), feature) != b.core.features.end();
}

/// Whether the core has what the image's attributes ask for. Each architecture holds those before it; Armv8-M Baseline
/// is no part of Armv7-M, and needs a core that has it.
bool core_fits(const BoardSpec& b, const memory::ElfTarget& t) {
  if ((b.core.isa == "thumb") != (t.machine == memory::Machine::arm)) return false;
  if (b.core.isa != "thumb") return !(t.compressed && !has(b, "c"));
  if (!t.fpu.empty() && t.fpu != "none" && !has(b, "fp_sp")) return false;
  if (t.fpu == "fpv5-dp" && !has(b, "fp_dp")) return false;
  if (t.mve || t.arch == "armv8.1-m.main") return false;  // no board has such a core yet
  if (t.dsp && !has(b, "dsp")) return false;
  if (t.arch == "armv7-m" || t.arch == "armv7e-m") return has(b, "v7m");
  if (t.arch == "armv8-m.base") return has(b, "v8m");
  if (t.arch == "armv8-m.main") return has(b, "v8m_main");
  return t.arch == "armv6-m" || t.arch.empty();
}

const RegionSpec* region_of(const BoardSpec& b, std::uint64_t at, std::uint64_t bytes) {
  for (const RegionSpec& r : b.regions)
    if (at >= r.base && at + bytes <= r.base + r.size) return &r;
  return nullptr;
}

/// The segments' load and run addresses lie in the board's memory.
bool memory_fits(const BoardSpec& b, const memory::ElfImage& image) {
  return std::all_of(image.segments().begin(), image.segments().end(), [&](const memory::LoadSegment& s) {
    return (s.bytes.empty() || region_of(b, s.paddr, s.bytes.size())) && region_of(b, s.vaddr, s.memsz);
  });
}

/// Where the image sets up its stack, if it says so: the vector table's first word, or the linker script's symbol.
std::optional<std::uint32_t> stack_top(const BoardSpec& b, const memory::ElfImage& image, Address lowest) {
  std::optional<std::uint32_t> top;
  for (const char* name : {"mjrt_stack_top", "__stack_top", "_estack", "__StackTop", "__stack", "_stack_top", "_sp"})
    if (const memory::ElfSymbol* s = image.symbol(name); s && !top) top = s->value;
  if (b.core.isa == "thumb" && !top)
    for (const memory::LoadSegment& s : image.segments())
      if (s.paddr == lowest && s.bytes.size() >= 4) {
        std::uint32_t word;
        std::memcpy(&word, s.bytes.data(), sizeof word);
        top = word;
      }
  return top;
}

/// The stack that the image sets up lies in the board's RAM.
bool stack_fits(const BoardSpec& b, const memory::ElfImage& image, Address lowest) {
  const auto top = stack_top(b, image, lowest);
  if (!top || *top < 4) return true;
  const RegionSpec* r = region_of(b, *top - 4, 4);  // the stack is full and descending: it begins below its top
  return r && r->kind == memory::RegionKind::ram;
}

Address lowest_load(const memory::ElfImage& image) {
  Address lowest = 0xffffffff;
  for (const memory::LoadSegment& s : image.segments())
    if (!s.bytes.empty()) lowest = std::min(lowest, s.paddr);
  return lowest;
}

std::optional<std::uint32_t> word_at(const memory::ElfImage& image, Address at) {
  for (const memory::LoadSegment& s : image.segments())
    if (at >= s.paddr && at - s.paddr + std::uint64_t{4} <= s.bytes.size()) {
      std::uint32_t word;
      std::memcpy(&word, s.bytes.data() + (at - s.paddr), sizeof word);
      return word;
    }
  return std::nullopt;
}

/// Whether a vector table stands there: a stack in RAM, and Thumb code to begin with.
bool table_at(const BoardSpec& b, const memory::ElfImage& image, Address at) {
  const auto stack = word_at(image, at), reset = word_at(image, at + 4);
  if (!stack || !reset || *stack < 4 || !(*reset & 1)) return false;
  const RegionSpec* ram = region_of(b, *stack - 4, 4);
  return ram && ram->kind == memory::RegionKind::ram && region_of(b, *reset - 1, 2);
}

int judge(const BoardSpec& b, const memory::ElfImage& image, std::string& why) {
  int score = 1;
  const Address lowest = lowest_load(image);
  std::vector<Address> tables = b.boot.vector_table_candidates;
  if (b.boot.vector_table) tables.push_back(*b.boot.vector_table);
  // In front of the table an image may hold what loads it (a boot stage): the table need not be its lowest word.
  const auto table = std::find_if(tables.begin(), tables.end(), [&](Address at) { return table_at(b, image, at); });
  const bool at_lowest = std::find(tables.begin(), tables.end(), lowest) != tables.end();
  const bool at_table = table != tables.end() || at_lowest;
  const bool at_entry = b.boot.entry && *b.boot.entry == image.entry();
  if (table != tables.end() || at_entry)
    score += 8;
  else if (at_lowest)
    score += 4;
  const std::string& arch = image.target().arch;
  const bool exact = b.core.isa == "thumb" && (arch == "armv6-m") == !has(b, "v7m") &&
                     (arch.rfind("armv8-m", 0) == 0) == has(b, "v8m");
  if (exact) score += 4;
  // Linker scripts put the stack at the end of the chip's RAM.
  const auto top = stack_top(b, image, lowest);
  if (top && *top >= 4 && region_of(b, *top - 4, 4) && !region_of(b, *top, 4)) score += 2;
  // Of boards that fit alike, one whose energy is known tells more.
  std::error_code ignored;
  if (std::filesystem::exists(std::filesystem::path(models_dir()) / "energy" / (b.id + ".json"), ignored)) ++score;
  why = fmt::format("{}{}",
                    at_table   ? fmt::format("vector table at 0x{:08x}", table != tables.end() ? *table : lowest)
                    : at_entry ? fmt::format("entry at 0x{:08x}", image.entry())
                               : "all segments lie in its memory",
                    image.target().arch.empty() ? "" : ", " + image.target().arch);
  return score;
}

}  // namespace

Result<std::vector<Proposal>> propose_board(const memory::ElfImage& image) {
  std::vector<Proposal> found;
  for (const std::string& id : list_boards()) {
    auto board = load_board(id);
    if (!board || !core_fits(*board, image.target()) || !memory_fits(*board, image) ||
        !stack_fits(*board, image, lowest_load(image)))
      continue;
    Proposal p;
    p.board = id;
    p.score = judge(*board, image, p.why);
    if (id.rfind("rtl-", 0) == 0) p.score -= 100;
    found.push_back(std::move(p));
  }
  std::stable_sort(found.begin(), found.end(), [](const Proposal& a, const Proposal& b) { return a.score > b.score; });
  if (!found.empty()) return found;
  std::string spans;
  for (const memory::LoadSegment& s : image.segments())
    spans += fmt::format("{}0x{:08x}..0x{:08x}", spans.empty() ? "" : ", ", s.vaddr, s.vaddr + s.memsz);
  return Error{ExitCode::usage, "no board fits this image", image.name(),
               fmt::format("it is for {} and occupies {}",
                           image.target().arch.empty() ? "an unknown architecture" : image.target().arch, spans),
               "name one with --board, or describe yours in a board file (see: microjoule boards show pico)"};
}

}  // namespace mj
