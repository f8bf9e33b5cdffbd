// What a board file's schema can't say.
#include "sim/board_check.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <tuple>

#include "peripherals/registry.h"
#include "sim/base/did_you_mean.h"

namespace mj {

namespace fs = std::filesystem;

Error usage(std::string what, std::string where, std::string why, std::string advice) {
  return Error{ExitCode::usage, std::move(what), std::move(where), std::move(why), std::move(advice)};
}

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& w : words) all += (all.empty() ? "" : ", ") + w;
  return all;
}

namespace {

constexpr std::uint64_t address_space = std::uint64_t{1} << 32;

std::string hex(std::uint64_t value) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (unsigned i = 8; i-- > 0;) text += digits[value >> (4 * i) & 15];
  return "0x" + text;
}

Result<void> check_map(const BoardSpec& board, const std::string& file) {
  struct Span {
    std::uint64_t base, size;
    std::string pointer;
  };
  std::vector<Span> spans;
  for (const RegionSpec& r : board.regions) spans.push_back({r.base, r.size, "/regions/" + r.name});
  for (const auto& d : board.devices) {
    spans.push_back({d.base, d.size, "/devices/" + d.name});
    for (const Address alias : d.aliases) spans.push_back({alias, d.size, "/devices/" + d.name + "/aliases"});
  }
  std::sort(spans.begin(), spans.end(),
            [](const Span& a, const Span& b) { return std::tie(a.base, a.pointer) < std::tie(b.base, b.pointer); });
  for (const Span& s : spans) {
    if (s.size == 0) return usage("size is 0", file + "#" + s.pointer + "/size");
    if (s.base % 4 || s.size % 4)
      return usage("base and size must be multiples of 4", file + "#" + s.pointer, hex(s.base) + ", " + hex(s.size));
    if (s.base + s.size > address_space)
      return usage("reaches beyond the 4 GiB address space", file + "#" + s.pointer, hex(s.base) + " + " + hex(s.size));
  }
  for (std::size_t i = 1; i < spans.size(); ++i) {
    const Span &a = spans[i - 1], &b = spans[i];
    if (a.base + a.size > b.base)
      return usage("overlaps " + a.pointer, file + "#" + b.pointer,
                   a.pointer + " ends at " + hex(a.base + a.size) + ", " + b.pointer + " begins at " + hex(b.base),
                   "correct base or size, or remove one of them with null");
  }
  return {};
}

Result<void> check_idau(const BoardSpec& board, const std::string& file) {
  const auto& features = board.core.features;
  const bool security = std::find(features.begin(), features.end(), "security") != features.end();
  if (!board.idau.empty() && !security)
    return usage("\"idau\" is of cores with the Security Extension", file + "#/idau",
                 "the core's features don't have \"security\"");
  if (board.core.sau_regions > 8) return usage("must be 0 to 8", file + "#/core/sau_regions");
  for (std::size_t i = 0; i < board.idau.size(); ++i) {
    const IdauSpec& a = board.idau[i];
    const std::string at = file + "#/idau/ranges/" + std::to_string(i);
    if (a.size == 0 || a.base % 32 || a.size % 32)
      return usage("base and size must be multiples of 32", at, hex(a.base) + ", " + hex(a.size));
    if (a.base + a.size > address_space) return usage("reaches beyond the 4 GiB address space", at);
    for (std::size_t k = 0; k < i; ++k) {
      const IdauSpec& b = board.idau[k];
      if (a.base < b.base + b.size && b.base < a.base + a.size)
        return usage("overlaps another range", at, hex(b.base) + " + " + hex(b.size));
    }
  }
  return {};
}

Result<void> check_regions(const BoardSpec& board, const std::string& file) {
  std::uint64_t bytes = 0;
  for (const RegionSpec& r : board.regions) {
    const std::string at = file + "#/regions/" + r.name;
    if (r.alias_of.empty()) {
      bytes += r.size;
    } else {
      const auto target = std::find_if(board.regions.begin(), board.regions.end(),
                                       [&](const RegionSpec& t) { return t.name == r.alias_of; });
      if (target == board.regions.end() || !target->alias_of.empty())
        return usage("\"alias_of\" must name a region that is no alias itself", at + "/alias_of", r.alias_of);
      if (r.alias_offset + r.size > target->size)
        return usage("alias is larger than what it aliases", at + "/size", hex(r.size) + " of " + hex(target->size));
    }
    if (r.bus) {
      const std::uint32_t beat = r.bus->beat_bytes;
      if (beat < 4 || beat > 32 || (beat & (beat - 1)))
        return usage("must be a power of two from 4 to 32", at + "/bus/beat_bytes/value", std::to_string(beat));
      constexpr std::uint32_t most = 1u << 12;
      if (r.bus->read > most || r.bus->write > most || r.bus->beat > most)
        return usage("bus is beyond reason", at + "/bus", "more than 2^12 cycles");
    }
    if (r.front_end) {
      const std::uint32_t word = r.front_end->word_bytes;
      if (word < 4 || word > 4096 || (word & (word - 1)))
        return usage("must be a power of two from 4 to 4096", at + "/front_end/word_bytes/value", std::to_string(word));
      const std::uint32_t line = r.front_end->line_bytes;
      if (line && (line < word || line > 32 * word || (line & (line - 1))))
        return usage("must be a power of two from word_bytes to 32 of them", at + "/front_end/line_bytes/value",
                     std::to_string(line));
      constexpr std::uint32_t most = 1u << 20;
      if (r.front_end->icache_lines > most || r.front_end->dcache_lines > most || r.front_end->wait_states > most)
        return usage("front end is beyond reason", at + "/front_end", "more than 2^20 lines or wait states");
    }
  }
  constexpr std::uint64_t most = std::uint64_t{2} << 30;
  if (bytes > most) return usage("memories are larger than 2 GiB together", file + "#/regions");
  return {};
}

Result<void> check_firmware(const BoardSpec& board, const std::string& file) {
  const FirmwareSpec& f = *board.firmware;
  const auto wrong = [&](std::string what, const std::string& key, std::string why, const std::string& near = "") {
    const std::string advice = "correct it, or remove \"firmware\" with null if you build nothing for this board";
    return usage(std::move(what), file + "#/firmware/" + key, std::move(why), near.empty() ? advice : near);
  };
  std::vector<std::string> names;
  for (const RegionSpec& r : board.regions)
    if (r.kind == memory::RegionKind::ram && r.alias_of.empty()) names.push_back(r.name);
  const RegionSpec* last = nullptr;
  for (std::size_t i = 0; i < f.ram.size(); ++i) {
    const std::string key = "ram/" + std::to_string(i);
    if (std::find(names.begin(), names.end(), f.ram[i]) == names.end())
      return wrong("no RAM region \"" + f.ram[i] + "\"", key, "RAM that is no alias: " + joined(names),
                   did_you_mean(f.ram[i], names));
    const RegionSpec* r = board.region(f.ram[i]);
    if (last && last->base + last->size != r->base)
      return wrong("must begin where " + last->name + " ends", key,
                   hex(r->base) + " instead of " + hex(last->base + last->size));
    last = r;
  }
  const Address begin = board.region(f.ram[0])->base;
  if (f.ram_start && (*f.ram_start % 4 || *f.ram_start < begin || *f.ram_start >= last->base + last->size))
    return wrong("must be a multiple of 4 in RAM", "ram_start/value",
                 hex(*f.ram_start) + " with RAM from " + hex(begin) + " to " + hex(last->base + last->size));
  if (f.image_start && *f.image_start % 4)
    return wrong("must be a multiple of 4", "image_start/value", hex(*f.image_start));
  if (f.clock_hz == 0 || f.clock_hz > 0xFFFFFFFF)
    return wrong("must be 1 Hz to 4 GHz", "clock/value", std::to_string(f.clock_hz));
  return {};
}

}  // namespace

Result<void> check_meaning(const BoardSpec& board, const std::string& file) {
  if (const auto ok = check_map(board, file); !ok) return ok;
  if (const auto ok = check_regions(board, file); !ok) return ok;
  if (const auto ok = check_idau(board, file); !ok) return ok;
  for (const auto& d : board.devices) {
    const std::string at = file + "#/devices/" + d.name;
    if (const auto ok = peripherals::check_device(d, at); !ok) {
      Error error = ok.error();
      std::vector<std::string> types;
      for (const auto& t : peripherals::device_types()) types.emplace_back(t.name);
      const std::string near = did_you_mean(d.type, types);
      if (error.where.ends_with("/type") && !near.empty()) error.try_ = near;
      return error;
    }
    for (const auto& [key, param] : d.params)
      if (!param.numbers.empty() && (param.source.empty() || param.certainty.empty()))
        return usage("a number needs \"source\" and \"certainty\"", at + "/params/" + key);
    // A region that a device programs must be there and have a front end.
    if (const auto p = d.params.find("flash"); p != d.params.end()) {
      const bool there = std::any_of(board.regions.begin(), board.regions.end(),
                                     [&](const RegionSpec& r) { return r.name == p->second.text && r.front_end; });
      if (!there) return usage("no region of this name with a front end", at + "/params/flash", p->second.text);
    }
    for (const unsigned irq : d.irqs)
      if (board.core.isa == "thumb" && irq >= board.core.irq_count)
        return usage("interrupt number is beyond the core's irq_count", at + "/irqs", std::to_string(irq));
  }
  const bool console_there =
      board.console == "semihosting" ||
      std::any_of(board.devices.begin(), board.devices.end(), [&](const auto& d) { return d.name == board.console; });
  if (!console_there) {
    std::vector<std::string> names = {"semihosting"};
    for (const auto& d : board.devices) names.push_back(d.name);
    return usage("console is no device of this board", file + "#/console", board.console,
                 did_you_mean(board.console, names));
  }
  if (board.core.reset_clock_hz == 0) return usage("reset clock is 0", file + "#/core/reset_clock/value");
  if (board.core.isa == "thumb" && (board.core.nvic_priority_bits < 1 || board.core.nvic_priority_bits > 8))
    return usage("must be 1 to 8 on an Arm core", file + "#/core/nvic_priority_bits");
  if (board.core.isa == "thumb" && !board.boot.vector_table)
    return usage("an Arm board needs boot.vector_table", file + "#/boot");
  if (board.core.isa == "rv32" && !board.boot.entry) return usage("an RV32 board needs boot.entry", file + "#/boot");
  const bool plain = board.core.timing.find_first_of("/\\") == std::string::npos;
  std::error_code ignored;
  const fs::path cores = fs::path(models_dir()) / "cores";
  if (!plain || !fs::is_regular_file(cores / (board.core.timing + ".json"), ignored)) {
    std::vector<std::string> ids;
    for (const auto& entry : fs::directory_iterator(cores, ignored))
      if (entry.path().extension() == ".json") ids.push_back(entry.path().stem().string());
    std::sort(ids.begin(), ids.end());
    return usage("no core file \"" + board.core.timing + "\"", file + "#/core/timing", "cores: " + joined(ids),
                 did_you_mean(board.core.timing, ids));
  }
  return board.firmware ? check_firmware(board, file) : Result<void>();
}

}  // namespace mj
