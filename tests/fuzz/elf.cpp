// A firmware image: ELF, symbols, DWARF, static sizes, our note.
#include <span>

#include "memory/elf_image.h"
#include "sim/profile/dwarf.h"
#include "sim/profile/model/note.h"
#include "sim/profile/static_size.h"
#include "sim/profile/symbols.h"
#include "tests/fuzz/target.h"

using namespace mj;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* first = reinterpret_cast<const std::byte*>(data);
  const auto image = memory::ElfImage::from_bytes({first, first + size}, "fw.elf");
  if (!image.ok()) {
    fuzz::require_refusal(image.error());
    return 0;
  }
  const profile::DebugInfo debug = profile::DebugInfo::load(*image);
  const profile::SymbolTable symbols = profile::SymbolTable::build(*image, debug);
  const profile::MemoryRegionName regions[] = {{"flash", 0, 0x10000, profile::RegionKind::flash},
                                               {"ram", 0x20000000, 0x4000, profile::RegionKind::ram}};
  const profile::StaticSize sizes = profile::compute_static_size(*image, symbols, regions);
  for (const profile::SectionSize& s : sizes.sections) {
    std::uint64_t sum = 0;
    for (const profile::SizeRow& row : s.rows) sum += row.bytes;
    fuzz::require(sum == s.bytes, "a section's rows sum to its size");
  }
  sizes.top_symbols(10);
  std::uint32_t end = 0;
  for (const auto& range : symbols.function_ranges()) {
    fuzz::require(range.start >= end && range.end >= range.start, "functions' ranges ascend and are disjoint");
    fuzz::require(range.value < symbols.functions().size(), "a range belongs to a function");
    end = range.end;
  }
  for (std::uint32_t address = 0; address < 0x400; address += 22) {
    symbols.describe(address, debug);
    debug.inlined_at(address);
    debug.function_at(address);
  }
  for (const auto& [from, to] : {std::pair{0u, 0x1000u}, std::pair{0xffffff00u, 0xffffffffu}}) {
    std::uint32_t at = from;
    for (const profile::SourceInterval& i : debug.intervals(from, to)) {
      fuzz::require(i.start == at && i.end > i.start, "source intervals cover without gaps");
      at = i.end;
    }
    fuzz::require(at == to, "source intervals cover to the end");
  }
  for (const auto& section : image->sections()) {
    if (section.compressed()) static_cast<void>(image->contents(section));
    if (section.name.starts_with(".note")) static_cast<void>(model::parse_note(section.bytes));
  }
  return 0;
}
