#include "sim/profile/static_size.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace mj::profile {
namespace {

using memory::ElfImage;
using memory::ElfSection;

bool larger(const SizeRow& a, const SizeRow& b) {
  return std::tie(b.bytes, a.name, a.kind) < std::tie(a.bytes, b.name, b.kind);
}

// A gap is padding when it is shorter than an alignment step and holds only zeros or one-instruction no-ops.
bool is_padding(std::span<const std::byte> gap, std::uint32_t length, std::uint32_t align, bool no_bits) {
  constexpr std::uint32_t kLeastStep = 8;
  if (length >= std::max(align, kLeastStep)) return false;
  if (no_bits) return true;
  std::vector<unsigned> bytes;
  for (const std::byte b : gap) bytes.push_back(std::to_integer<unsigned>(b));
  auto all = [&](std::initializer_list<unsigned> pattern) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (bytes[i] != pattern.begin()[i % pattern.size()]) return false;
    }
    return true;
  };
  return all({0x00}) || all({0xff}) || all({0x00, 0xbf}) || all({0xc0, 0x46}) ||  // Thumb NOP, MOV r8, r8
         all({0x01, 0x00}) || all({0x13, 0x00, 0x00, 0x00});                      // RISC-V c.nop, nop
}

std::vector<SizeRow> rows_of(std::uint32_t addr, std::uint32_t size, std::uint32_t align, bool no_bits,
                             std::span<const std::byte> bytes, const std::string& name, const SymbolTable& symbols) {
  const auto end = static_cast<std::uint32_t>(std::min<std::uint64_t>(std::uint64_t{addr} + size, 0xffffffff));
  // Functions over objects: a table inside of a function's size is the function's.
  std::vector<PrioritisedRange> claims;
  const auto functions = static_cast<std::uint32_t>(symbols.functions().size());
  auto claim = [&](const std::vector<FlatRange>& ranges, std::uint64_t priority, std::uint32_t offset) {
    for (std::size_t i = first_range_ending_after(ranges, addr); i < ranges.size() && ranges[i].start < end; ++i) {
      claims.push_back(
          {std::max(ranges[i].start, addr), std::min(ranges[i].end, end), priority, ranges[i].value + offset});
    }
  };
  claim(symbols.object_ranges(), 0, functions);
  claim(symbols.function_ranges(), 1, 0);
  std::map<std::uint32_t, std::uint32_t> by_symbol;
  std::uint64_t padding = 0, unknown = 0;
  std::uint32_t at = addr;
  auto gap_until = [&](std::uint32_t next) {
    const std::uint32_t length = next - at;
    if (length == 0) return;
    const auto gap =
        bytes.empty() ? bytes : bytes.subspan(at - addr, std::min<std::size_t>(length, bytes.size() - (at - addr)));
    const bool whole = length == size;
    (!whole && is_padding(gap, length, align, no_bits) ? padding : unknown) += length;
  };
  for (const FlatRange& range : flatten(claims)) {
    gap_until(range.start);
    by_symbol[range.value] += range.end - range.start;
    at = range.end;
  }
  gap_until(end);
  unknown += size - (end - addr);  // the address space's last byte, which no range can hold

  std::vector<SizeRow> rows;
  for (const auto& [index, count] : by_symbol) {
    const bool function = index < functions;
    const Symbol& s = function ? symbols.functions()[index] : symbols.objects()[index - functions];
    rows.push_back({function ? SizeRow::Kind::function : SizeRow::Kind::object, s.display, count});
  }
  if (padding != 0) rows.push_back({SizeRow::Kind::padding, "[padding]", static_cast<std::uint32_t>(padding)});
  if (unknown != 0) {
    rows.push_back({SizeRow::Kind::unknown, "[" + name + " unknown]", static_cast<std::uint32_t>(unknown)});
  }
  std::sort(rows.begin(), rows.end(), larger);
  return rows;
}

// Where bytes stand and how they count.
struct Placement {
  std::uint64_t start, size;
  bool by_lma;
  const SectionSize* section;
};

class Calculator {
 public:
  Calculator(const ElfImage& image, const SymbolTable& symbols, std::span<const MemoryRegionName> regions)
      : image_(image), symbols_(symbols) {
    for (const auto& region : regions) {
      RegionSize size;
      size.region = region;
      out_.regions.push_back(std::move(size));
    }
  }

  StaticSize run() {
    add_sections();
    if (out_.sections.empty()) add_segments();
    std::stable_sort(out_.sections.begin(), out_.sections.end(),
                     [](const SectionSize& a, const SectionSize& b) { return a.addr < b.addr; });
    for (SectionSize& s : out_.sections) place(s);
    add_between();
    for (const RegionSize& r : out_.regions) (r.region.kind == RegionKind::flash ? out_.flash : out_.ram) += r.used;
    return std::move(out_);
  }

 private:
  void add_sections() {
    for (const ElfSection& s : image_.sections()) {
      // .tbss only says how large each thread's copy is; it occupies no addresses.
      if (!s.allocated() || s.size == 0 || (s.thread_local_() && s.no_bits())) continue;
      SectionSize size;
      size.name = s.name;
      size.addr = s.addr;
      size.load_addr = s.load_addr;
      size.bytes = s.size;
      size.rows = rows_of(s.addr, s.size, s.align, s.no_bits(), s.bytes, s.name, symbols_);
      out_.sections.push_back(std::move(size));
    }
  }

  void add_segments() {
    for (const auto& s : image_.segments()) {
      SectionSize size;
      size.name = fmt::format("segment {}", s.index);
      size.addr = s.vaddr;
      if (!s.bytes.empty()) size.load_addr = s.paddr;
      size.bytes = s.memsz;
      size.rows = {{SizeRow::Kind::unknown, "[" + size.name + " unknown]", s.memsz}};
      out_.sections.push_back(std::move(size));
    }
  }

  static std::uint64_t end_of(const MemoryRegionName& r) { return std::uint64_t{r.base} + r.size; }

  // The region an address is in, or the nearest one below that it has run over.
  RegionSize* region_for(std::uint64_t address) {
    RegionSize* nearest = nullptr;
    for (RegionSize& r : out_.regions) {
      if (address < r.region.base) continue;
      if (address < end_of(r.region)) return &r;
      const bool close = address - end_of(r.region) < r.region.size;
      if (close && (nearest == nullptr || r.region.base > nearest->region.base)) nearest = &r;
    }
    return nearest;
  }

  void count(RegionSize& region, const SectionSize& section, std::uint64_t start, std::uint64_t bytes, bool by_lma) {
    region.used += bytes;
    (by_lma ? region.by_lma : region.by_vma) += bytes;
    const std::uint64_t limit = end_of(region.region);
    if (start + bytes <= limit) return;
    const std::uint64_t beyond = start + bytes - limit;
    auto [it, added] = first_beyond_.try_emplace(&region, start);
    if (added || start < it->second) {
      it->second = start;
      if (!region.overflow) region.overflow.emplace();
      region.overflow->first_section = section.name;
    }
    region.overflow->bytes = std::max(region.overflow->bytes, beyond);
  }

  void place(SectionSize& s) {
    auto unplaced = [&](std::uint32_t address, const char* how) {
      out_.unplaced.push_back(
          fmt::format("section {} {} 0x{:08x} ({} bytes) is in no memory region", s.name, how, address, s.bytes));
    };
    RegionSize* lives = region_for(s.addr);
    if (lives != nullptr) {
      s.region = lives->region.name;
      count(*lives, s, s.addr, s.bytes, false);
    } else {
      unplaced(s.addr, "at");
    }
    if (!s.load_addr || *s.load_addr == s.addr) return;
    RegionSize* stored = region_for(*s.load_addr);
    if (stored == nullptr) return unplaced(*s.load_addr, "stored at");
    s.load_region = stored->region.name;
    count(*stored, s, *s.load_addr, stored_bytes(s), true);
  }

  // Segments (in place of sections) may have memory behind their stored bytes.
  std::uint64_t stored_bytes(const SectionSize& s) const {
    for (const auto& segment : image_.segments()) {
      if (s.load_addr == segment.paddr && s.addr == segment.vaddr && s.bytes == segment.memsz)
        return segment.bytes.size();
    }
    return s.bytes;
  }

  // Bytes that a load segment brings but no section owns: alignment and fill between sections.
  void add_between() {
    std::vector<PrioritisedRange> ranges;
    for (const auto& segment : image_.segments()) {
      const std::uint64_t end =
          std::min<std::uint64_t>(std::uint64_t{segment.paddr} + segment.bytes.size(), 0xffffffff);
      ranges.push_back({segment.paddr, static_cast<std::uint32_t>(end), 0, 1});
    }
    for (const SectionSize& s : out_.sections) {
      if (!s.load_addr) continue;
      const std::uint64_t end = std::min<std::uint64_t>(std::uint64_t{*s.load_addr} + s.bytes, 0xffffffff);
      ranges.push_back({*s.load_addr, static_cast<std::uint32_t>(end), 1, 0});
    }
    for (const FlatRange& range : flatten(ranges)) {
      if (range.value == 0) continue;
      if (RegionSize* region = region_for(range.start)) {
        region->between += range.end - range.start;
        region->used += range.end - range.start;
      }
    }
  }

  const ElfImage& image_;
  const SymbolTable& symbols_;
  std::map<const RegionSize*, std::uint64_t> first_beyond_;
  StaticSize out_;
};

}  // namespace

std::vector<SizeRow> StaticSize::top_symbols(std::size_t count) const {
  std::vector<SizeRow> out;
  for (const SectionSize& s : sections) {
    for (const SizeRow& row : s.rows) {
      if (row.kind == SizeRow::Kind::function || row.kind == SizeRow::Kind::object) out.push_back(row);
    }
  }
  std::sort(out.begin(), out.end(), larger);
  if (out.size() > count) out.resize(count);
  return out;
}

StaticSize compute_static_size(const memory::ElfImage& image, const SymbolTable& symbols,
                               std::span<const MemoryRegionName> regions) {
  return Calculator(image, symbols, regions).run();
}

}  // namespace mj::profile
