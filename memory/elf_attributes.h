// Build attributes of an ELF file (.ARM.attributes, .riscv.attributes) summarised as an ElfTarget.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "memory/elf_image.h"

namespace mj::memory {

/// File-scope attributes of one vendor subsection: tag -> number or text.
struct BuildAttributes {
  std::map<std::uint64_t, std::uint64_t> numbers;
  std::map<std::uint64_t, std::string> texts;
  bool malformed = false;  ///< the section ended inside an attribute or a length was wrong; what came before is kept
};

/// Parses an attribute section (format 'A') for the subsection of `vendor` ("aeabi" or "riscv").
BuildAttributes parse_build_attributes(std::span<const std::byte> section, std::string_view vendor);

/// Arm: Tag_CPU_arch and friends; `flags` is e_flags (used for the float ABI when there are no attributes).
ElfTarget arm_target(const BuildAttributes& attributes, std::uint32_t flags);

/// RISC-V: Tag_RISCV_arch and e_flags.
ElfTarget riscv_target(const BuildAttributes& attributes, std::uint32_t flags);

}  // namespace mj::memory
