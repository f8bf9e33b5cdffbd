// A firmware image as the linker left it: what is loaded where, sections, symbols, target attributes.
//
// Parsed with elfutils' libelf, but no offset or size of the file is believed before it was checked against the file's
// length: a truncated or hostile file gives an Error, never a crash. An ElfImage owns its bytes; every span that it
// hands out lives as long as any copy of the image (copies share the bytes).
//
// Sources: System V gABI (ELF), "ELF for the Arm Architecture" (AAELF32), "Addenda to the ABI: build attributes"
// (ADDENDA32 section 3), RISC-V psABI (e_flags, .riscv.attributes, mapping symbols).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"

namespace mj::memory {

enum class Machine : std::uint8_t { arm, riscv };

/// Calling convention for floating point. softfp: soft calls, but FPU instructions may be used (Arm only).
enum class FloatAbi : std::uint8_t { soft, softfp, hard };

/// What the image was built for, from its build attributes and e_flags. Empty strings: the file doesn't say.
struct ElfTarget {
  Machine machine = Machine::arm;
  std::string arch;      ///< "armv6-m", "armv7e-m", "armv8.1-m.main", "rv32imac_zicsr"; without version numbers
  std::string arch_raw;  ///< RISC-V: the attribute as written ("rv32i2p1_m2p0"); Arm: "Tag_CPU_arch 13"
  std::string cpu;       ///< Arm Tag_CPU_name when it names a core ("Cortex-M4"), else empty
  char profile = 0;      ///< Arm Tag_CPU_arch_profile: 'M', 'A', 'R', 'S' or 0
  std::string fpu;       ///< "none", Arm "fpv4-sp", "fpv5-sp", "fpv5-dp" (else the attribute's name), RISC-V "f", "d"
  FloatAbi float_abi = FloatAbi::soft;
  bool dsp = false;              ///< Arm: saturating and SIMD instructions (v7E-M, or Tag_DSP_extension)
  bool mve = false;              ///< Arm: Helium (Tag_MVE_arch)
  bool compressed = false;       ///< RISC-V: 16-bit instructions allowed (EF_RISCV_RVC)
  bool from_attributes = false;  ///< false: no attribute section, everything above is from e_flags alone
};

/// One PT_LOAD program header. The loading rule: `bytes` go to `paddr` (the load address, LMA). When `bytes` is empty
/// nothing is loaded and nothing is zeroed at `paddr`: a .bss segment's paddr often points into flash. Memory beyond
/// `bytes` up to `memsz` is the start-up code's to clear, at `vaddr`.
struct LoadSegment {
  std::uint32_t index = 0;  ///< number of the program header
  std::uint32_t vaddr = 0;  ///< where the code expects it (VMA)
  std::uint32_t paddr = 0;  ///< where it is stored (LMA)
  std::span<const std::byte> bytes;
  std::uint32_t memsz = 0;
  bool readable = false, writable = false, executable = false;
};

struct ElfSection {
  std::string name;
  std::uint32_t type = 0;            ///< sh_type, raw
  std::uint32_t flags = 0;           ///< sh_flags, raw
  std::uint32_t addr = 0;            ///< VMA; 0 for sections that are not allocated
  std::uint32_t size = 0;            ///< bytes in memory (for a compressed section: bytes in the file)
  std::uint32_t align = 1;           ///< at least 1
  std::span<const std::byte> bytes;  ///< the file's bytes as stored; empty for .bss-like sections
  /// LMA, when a load segment brings this section's bytes: where its image stands in flash.
  std::optional<std::uint32_t> load_addr;

  bool allocated() const;      ///< SHF_ALLOC: occupies target memory
  bool writable() const;       ///< SHF_WRITE
  bool executable() const;     ///< SHF_EXECINSTR
  bool no_bits() const;        ///< SHT_NOBITS: no bytes in the file
  bool thread_local_() const;  ///< SHF_TLS
  bool compressed() const;     ///< SHF_COMPRESSED or a GNU .zdebug_ section: use ElfImage::contents
  bool contains(std::uint32_t address) const { return address >= addr && address - addr < size; }
};

enum class SymbolType : std::uint8_t { notype, object, func, section, file, tls, other };
enum class SymbolBinding : std::uint8_t { local, global, weak, other };

/// Section numbers of symbols that have none.
inline constexpr std::uint32_t kSectionUndefined = 0;
inline constexpr std::uint32_t kSectionAbsolute = 0xfffffff1;
inline constexpr std::uint32_t kSectionOther = 0xfffffff2;

struct ElfSymbol {
  std::string name;
  std::uint32_t value = 0;  ///< Arm functions: Thumb bit cleared
  std::uint32_t size = 0;   ///< 0: the file doesn't say (assembler code without .size)
  SymbolType type = SymbolType::notype;
  SymbolBinding binding = SymbolBinding::local;
  bool is_thumb = false;                      ///< Arm: bit 0 of a function's st_value was set
  std::uint32_t section = kSectionUndefined;  ///< index into sections(), or one of the kSection constants
  /// The preceding STT_FILE symbol. Only local symbols have one: globals stand after all files in the table.
  std::string file;
};

/// $t, $d, $a, $x: from this address on, the section holds that.
enum class MappingKind : std::uint8_t { thumb, arm, data, code };
struct MappingSymbol {
  std::uint32_t addr = 0;
  std::uint32_t section = 0;
  MappingKind kind = MappingKind::data;
  std::string isa;  ///< RISC-V "$xrv32i2p1": the part behind $x; else empty
};

class ElfImage {
 public:
  /// More target memory than this in all load segments together is an Error: no microcontroller has it.
  static constexpr std::uint64_t kMaxLoadBytes = 512ull << 20;
  /// More text than this in the names of all symbols together is an Error: many symbols can share one long name.
  static constexpr std::size_t kMaxNameBytes = std::size_t{64} << 20;
  /// Larger files are refused before they are read.
  static constexpr std::uint64_t kMaxFileBytes = 1ull << 30;

  /// Reads a linked 32-bit little-endian Arm (M profile) or RISC-V executable, or an Intel HEX file as one without
  /// sections and symbols (memory/hex_image.h).
  /// Errors: unreadable (7) for a missing, truncated or malformed file; unsupported (6) for a well-formed file of
  /// another kind (64-bit, big-endian, another machine, not linked, shared library).
  static Result<ElfImage> load(const std::string& path);
  /// The same from memory; `name` is what error messages call it.
  static Result<ElfImage> from_bytes(std::vector<std::byte> bytes, std::string name);

  const std::string& name() const { return name_; }
  Machine machine() const { return target_.machine; }
  const ElfTarget& target() const { return target_; }
  std::uint32_t entry() const { return entry_; }  ///< e_entry, raw: Arm keeps the Thumb bit
  std::uint32_t flags() const { return flags_; }  ///< e_flags, raw
  std::span<const std::byte> file_bytes() const { return *bytes_; }

  const std::vector<LoadSegment>& segments() const { return segments_; }
  const std::vector<ElfSection>& sections() const { return sections_; }  ///< [0] is the null section
  const std::vector<ElfSymbol>& symbols() const { return symbols_; }     ///< file order, without mapping symbols
  const std::vector<MappingSymbol>& mapping_symbols() const { return mapping_; }  ///< by section, then address

  /// First section of that name, or nullptr.
  const ElfSection* section(std::string_view name) const;
  /// First symbol of that name that is defined, or nullptr.
  const ElfSymbol* symbol(std::string_view name) const;
  /// The allocated section that holds this address (VMA), or nullptr.
  const ElfSection* section_at(std::uint32_t address) const;
  /// A section's contents, decompressed when it is compressed (.debug_*). Error 7 when it can't be decompressed.
  Result<std::vector<std::byte>> contents(const ElfSection& section) const;

  /// What is odd but not fatal: overlapping segments or sections (overlays), unnamed symbols. One sentence each.
  const std::vector<std::string>& diagnostics() const { return diagnostics_; }

 private:
  friend class ElfReader;
  std::shared_ptr<const std::vector<std::byte>> bytes_;
  std::string name_;
  ElfTarget target_;
  std::uint32_t entry_ = 0;
  std::uint32_t flags_ = 0;
  std::vector<LoadSegment> segments_;
  std::vector<ElfSection> sections_;
  std::vector<ElfSymbol> symbols_;
  std::vector<MappingSymbol> mapping_;
  std::vector<std::string> diagnostics_;
};

}  // namespace mj::memory
