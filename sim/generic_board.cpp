#include "sim/generic_board.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "sim/base/did_you_mean.h"

namespace mj {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "generic:";
constexpr double assumed_mhz = 100;
constexpr std::uint64_t page = 0x1000, room = 0x100000, address_space = std::uint64_t{1} << 32;

Error usage(std::string what, std::string why = "", std::string advice = "") {
  return Error{ExitCode::usage, std::move(what), "", std::move(why), std::move(advice)};
}

std::vector<std::string> list_cores() {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(fs::path(models_dir()) / "cores", ignored))
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

/// Bytes [begin, end) of the address space that the board needs.
struct Span {
  std::uint64_t begin, end;
  bool writable;
};

/// Where the image's own set-up puts the stack's top: the vector table's first word, or a linker script's symbol.
std::optional<std::uint64_t> stack_top(const memory::ElfImage& image) {
  for (const char* name : {"__stack_top", "_estack", "__StackTop", "__stack", "_stack_top", "_sp"})
    if (const memory::ElfSymbol* s = image.symbol(name); s && s->value) return s->value;
  if (image.machine() != memory::Machine::arm) return std::nullopt;
  const memory::LoadSegment* lowest = nullptr;
  for (const memory::LoadSegment& s : image.segments())
    if (s.bytes.size() >= 4 && (!lowest || s.paddr < lowest->paddr)) lowest = &s;
  if (!lowest) return std::nullopt;
  std::uint32_t word;
  std::memcpy(&word, lowest->bytes.data(), sizeof word);
  return word;
}

std::vector<RegionSpec> regions_for(const memory::ElfImage& image) {
  std::vector<Span> spans;
  const auto need = [&](std::uint64_t begin, std::uint64_t bytes, bool writable) {
    if (bytes) spans.push_back({begin / page * page, (begin + bytes + page - 1) / page * page, writable});
  };
  for (const memory::LoadSegment& s : image.segments()) {
    need(s.paddr, s.bytes.size(), false);
    need(s.vaddr, s.memsz + (s.writable ? room : 0), s.writable);
  }
  if (const auto top = stack_top(image); top && *top >= page)
    need(*top - std::min(*top, room), std::min(*top, room), true);
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
  std::vector<Span> merged;
  for (Span s : spans) {
    s.end = std::min(s.end, address_space);
    if (!merged.empty() && s.begin < merged.back().end) {
      merged.back().end = std::max(merged.back().end, s.end);
      merged.back().writable |= s.writable;
    } else {
      merged.push_back(s);
    }
  }
  std::vector<RegionSpec> out;
  for (std::size_t i = 0; i < merged.size(); ++i) {
    RegionSpec r;
    r.name = fmt::format("{}{}", merged[i].writable ? "ram" : "rom", i);
    r.kind = merged[i].writable ? memory::RegionKind::ram : memory::RegionKind::flash;
    r.base = static_cast<Address>(merged[i].begin);
    r.size = merged[i].end - merged[i].begin;
    r.budget = merged[i].writable ? BudgetKind::ram : BudgetKind::flash;
    r.source = "made for the image: what its load segments and its stack need";
    r.certainty = "model";
    out.push_back(std::move(r));
  }
  return out;
}

/// A core file with those that it is like, as CoreTiming::load takes them together. A chain without end is told there.
nlohmann::json core_file(const fs::path& folder, const std::string& core, int likes = 8) {
  std::ifstream in(folder / (core + ".json"));
  auto own = nlohmann::json::parse(in);
  if (!own.contains("like") || likes == 0) return own;
  auto merged = core_file(folder, own.at("like").get<std::string>(), likes - 1);
  own.erase("like");
  merged.merge_patch(own);
  return merged;
}

}  // namespace

bool is_generic_board(std::string_view id) { return id.starts_with(prefix); }

Result<BoardSpec> generic_board(const std::string& id, const memory::ElfImage& image, const std::string& overlay) {
  auto rows = overlay_rows(overlay);
  if (!rows) return rows.error();
  const std::size_t at = id.find('@');
  const std::string core = id.substr(prefix.size(), at == std::string::npos ? at : at - prefix.size());
  const auto cores = list_cores();
  if (std::find(cores.begin(), cores.end(), core) == cores.end())
    return usage(fmt::format("unknown core \"{}\"", core), fmt::format("cores: {}", fmt::join(cores, ", ")),
                 did_you_mean(core, cores));
  double mhz = assumed_mhz;
  if (at != std::string::npos) {
    const std::string text = id.substr(at + 1);
    char* rest = nullptr;
    mhz = std::strtod(text.c_str(), &rest);
    const std::string unit = rest;
    if (text.empty() || (!unit.empty() && unit != "MHz") || !(mhz >= 1e-3) || !(mhz <= 1e4))
      return usage(fmt::format("\"{}\" is no clock", text), "", "a clock in MHz: generic:" + core + "@168");
  }
  const fs::path file = fs::path(models_dir()) / "cores" / (core + ".json");
  BoardSpec board;
  try {
    const auto j = core_file(file.parent_path(), core);
    board.core.isa = j.at("isa").get<std::string>();
    board.core.features = j.at("features").get<std::vector<std::string>>();
    if (board.core.isa == "thumb") board.core.features.push_back("mpu");  // if its identification has regions
    board.name = "flat memory without wait states, " + j.at("title").get<std::string>();
  } catch (const nlohmann::json::exception& e) {
    return Error{ExitCode::unreadable, "cannot read the core file", file.string(), e.what(), ""};
  }
  board.id = id;
  board.soc = "no chip";
  board.notes = {"made for the image; no real board"};
  if (at == std::string::npos)
    board.notes.push_back(fmt::format("clock assumed: {} MHz; generic:{}@MHZ takes another", assumed_mhz, core));
  board.core.timing = core;
  board.core.timing_rows = std::move(*rows);
  if (!board.core.timing_rows.empty()) board.replaced = {"/core/timing_rows"};
  board.core.reset_clock_hz = static_cast<Hertz>(std::llround(mhz * 1e6));
  const bool v7 = std::find(board.core.features.begin(), board.core.features.end(), "v7m") != board.core.features.end();
  const auto& features = board.core.features;
  if (std::find(features.begin(), features.end(), "security") != features.end()) board.core.sau_regions = 8;
  // The most that the architectures allow: firmware of any part of this core finds its interrupts.
  board.core.nvic_priority_bits = v7 ? 8 : 2;
  board.core.irq_count = v7 ? 240 : 32;
  board.regions = regions_for(image);
  board.console = "semihosting";
  return board;
}

}  // namespace mj
