// Address -> function or data object, for attribution: every code byte belongs to exactly one function or to one named
// gap, so that nothing gets lost between the rows of a profile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "memory/elf_image.h"
#include "sim/profile/dwarf.h"
#include "sim/profile/intervals.h"

namespace mj::profile {

/// A function or a data object of the symbol table. Several names at one address are one Symbol with aliases.
struct Symbol {
  std::uint32_t start = 0;  ///< Thumb bit cleared
  std::uint32_t size = 0;   ///< bytes; from the file, or up to the next symbol or the section's end
  bool size_inferred = false;
  bool is_function = false;
  std::string name;       ///< as in the symbol table
  std::string demangled;  ///< with parameters; equals `name` for C
  /// What reports print, unique among functions and among objects: the short name; where several have it, with the
  /// file ("Eval (conv.cc)"); overloads of one file with their parameters; at last with the address.
  std::string display;
  std::string base_name;  ///< short name without clone suffixes (.constprop.0 ...): what clones are grouped by
  std::string file;       ///< source file from the symbol table or the debug information; empty when unknown
  std::string section;    ///< name of the section; empty for absolute symbols
  std::vector<std::string> aliases;  ///< other names at this address, sorted
};

/// A run of bytes of one section that no function (or object) claims; all its addresses share one fallback row.
struct Gap {
  std::uint32_t start = 0;
  std::uint32_t end = 0;  ///< exclusive
  std::string name;       ///< "[.text+0x1234 unknown]"; outside of every section "[0x20001000 unknown]" per 4 KiB
};

class SymbolTable {
 public:
  SymbolTable() = default;
  /// Canonical names: functions before untyped labels, global before weak before local, then sized before unsized, the
  /// shortest, the first in the alphabet. Untyped labels inside of a sized function are no functions, nor are untyped
  /// local labels behind a function of unknown size. A stripped image has no functions. `debug` adds file names.
  static SymbolTable build(const memory::ElfImage& image, const DebugInfo& debug = {});

  /// The function that an instruction belongs to; of nested ones the innermost. nullptr: see gap_at.
  const Symbol* function_at(std::uint32_t address) const;
  /// The data object that holds the address; offset is address - start. nullptr when none does.
  const Symbol* object_at(std::uint32_t address) const;
  /// The unclaimed run around an address for which function_at gives nullptr.
  Gap gap_at(std::uint32_t address) const;

  /// By exact symbol name or alias, else by display name, demangled name or base name; the first by address, or
  /// nullptr.
  const Symbol* find(std::string_view name) const;
  /// Everything that has the name in any of these forms, by address.
  std::vector<const Symbol*> find_all(std::string_view name) const;

  /// "main+0x12 (main.c:34)", "g_arena+0x40", "[.text+0x1234 unknown]"; the file and line only when `debug` knows them.
  std::string describe(std::uint32_t address, const DebugInfo& debug = {}) const;

  const std::vector<Symbol>& functions() const { return functions_; }  ///< by address
  const std::vector<Symbol>& objects() const { return objects_; }      ///< by address
  /// Which function holds which bytes: disjoint, by address; value is an index into functions().
  const std::vector<FlatRange>& function_ranges() const { return function_ranges_; }
  /// The same for objects().
  const std::vector<FlatRange>& object_ranges() const { return object_ranges_; }

 private:
  friend class SymbolTableBuilder;
  struct SectionRange {
    std::uint32_t start, end;
    std::string name;
  };
  std::vector<Symbol> functions_;
  std::vector<Symbol> objects_;
  std::vector<FlatRange> function_ranges_;
  std::vector<FlatRange> object_ranges_;
  std::vector<SectionRange> sections_;  // allocated, by address
  /// Name, its kind (0 symbol or alias, 1 display, 2 demangled, 3 base name), index: functions first, then objects.
  struct NameEntry {
    std::string name;
    unsigned kind;
    std::uint32_t index;
    auto operator<=>(const NameEntry&) const = default;
  };
  std::vector<NameEntry> names_;
};

}  // namespace mj::profile
