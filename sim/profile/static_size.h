// Static flash and RAM use of a firmware image per region, section and symbol.
//
// Conservation: the rows of a section sum to its size, exactly; bytes that no symbol claims are padding or unknown
// rows. Initialised data counts twice, as it does on the board: in flash where it is stored (LMA), in RAM where it
// lives (VMA).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "memory/elf_image.h"
#include "sim/profile/symbols.h"

namespace mj::profile {

enum class RegionKind : std::uint8_t { flash, ram };

/// A memory of the board, as far as sizes need it.
struct MemoryRegionName {
  std::string name;
  std::uint32_t base = 0;
  std::uint32_t size = 0;  ///< bytes
  RegionKind kind = RegionKind::ram;
};

/// One row of a section: a function, an object, or bytes that nobody claims.
struct SizeRow {
  enum class Kind : std::uint8_t { function, object, padding, unknown };
  Kind kind = Kind::unknown;
  std::string name;         ///< display name; "[padding]", "[.text unknown]"
  std::uint32_t bytes = 0;  ///< of this section; all padding of a section is one row, so is all unknown
};

struct SectionSize {
  std::string name;
  std::uint32_t addr = 0;                  ///< VMA
  std::optional<std::uint32_t> load_addr;  ///< LMA; none for .bss
  std::uint32_t bytes = 0;
  std::string region;         ///< region of the VMA; empty: none
  std::string load_region;    ///< region of the LMA when it is stored elsewhere than it lives; else empty
  std::vector<SizeRow> rows;  ///< largest first; sums to `bytes`
};

/// A region that is too small.
struct Overflow {
  std::uint64_t bytes = 0;    ///< how far the image reaches beyond the region's end
  std::string first_section;  ///< the lowest section that reaches beyond it
};

struct RegionSize {
  MemoryRegionName region;
  std::uint64_t used = 0;     ///< bytes of all sections placed here, by LMA or VMA, and `between`
  std::uint64_t by_lma = 0;   ///< of these: stored here, live elsewhere
  std::uint64_t by_vma = 0;   ///< of these: live here
  std::uint64_t between = 0;  ///< of these: bytes of load segments between sections (alignment, fill)
  std::optional<Overflow> overflow;
};

struct StaticSize {
  std::vector<RegionSize> regions;    ///< in the order given
  std::vector<SectionSize> sections;  ///< allocated ones, by address; without section headers the load segments
  std::vector<std::string>
      unplaced;             ///< sections in no region: "section .ext at 0x60000000 (12 bytes) is in no region"
  std::uint64_t flash = 0;  ///< sum of `used` of the flash regions, bytes
  std::uint64_t ram = 0;    ///< sum of `used` of the RAM regions, bytes
  /// The `count` largest functions and objects of all sections, largest first, then by name.
  std::vector<SizeRow> top_symbols(std::size_t count) const;
};

/// Sections that begin just behind a region (closer than the region is large) count as its overflow.
StaticSize compute_static_size(const memory::ElfImage& image, const SymbolTable& symbols,
                               std::span<const MemoryRegionName> regions);

}  // namespace mj::profile
