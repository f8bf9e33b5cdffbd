// A firmware image with what its symbols and debug information say about addresses.
#pragma once

#include <string>
#include <utility>

#include "memory/elf_image.h"
#include "sim/base/units.h"
#include "sim/profile/dwarf.h"
#include "sim/profile/symbols.h"

namespace mj {

struct Program {
  explicit Program(memory::ElfImage from)
      : image(std::move(from)),
        debug(profile::DebugInfo::load(image)),
        symbols(profile::SymbolTable::build(image, debug)) {}

  memory::ElfImage image;
  profile::DebugInfo debug;
  profile::SymbolTable symbols;

  bool is_arm() const { return image.machine() == memory::Machine::arm; }
  /// Its file's name without folder.
  std::string file() const { return image.name().substr(image.name().find_last_of('/') + 1); }
  /// An address in words: "main+0x12 (main.c:34)".
  std::string where(Address a) const { return symbols.describe(a, debug); }
};

}  // namespace mj
