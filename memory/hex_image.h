// Intel HEX as a firmware image: addresses and bytes, nothing else.
//
// Source: Intel, "Hexadecimal Object File Format Specification", revision A (1988): record types 00 to 05.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "sim/base/error.h"

namespace mj::memory {

/// Whether a file begins as Intel HEX does: ':' and hexadecimal digits.
bool looks_like_hex(std::span<const std::byte> file);

/// The same image as an ELF file without sections and symbols, a load segment for each run of addresses. The
/// instruction set is not in the file: Arm if its lowest bytes are a Cortex-M vector table (a stack pointer that is a
/// multiple of 4, a reset handler with bit 0 set within the image), else RISC-V, entered at the start address record
/// or at the lowest byte. Errors: unreadable (a malformed record, a wrong checksum, overlapping or no data).
Result<std::vector<std::byte>> elf_of_hex(std::span<const std::byte> file, const std::string& name);

}  // namespace mj::memory
