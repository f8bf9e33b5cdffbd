// Memory of a machine written to a file: one 32-bit word a line, eight hex digits, lowest address first. That is the
// form in which architecture test suites keep their signatures.
#pragma once

#include <string>

#include "memory/bus.h"
#include "sim/base/error.h"

namespace mj {

/// What to dump: [begin, end), whole words.
struct MemoryDump {
  Address begin = 0, end = 0;
  std::string path;
};

/// Reads "BEGIN:END=FILE"; `place` finds the address of a symbol or number. Errors (usage): no such form or place, an
/// empty range, one that isn't whole words.
template <class Place>
Result<MemoryDump> parse_memory_dump(const std::string& text, const Place& place);

/// Writes the dump. Errors: unreadable (the board has no memory there, the file can't be written).
Result<void> write_memory_dump(memory::Bus& bus, const MemoryDump& dump);

// ---- implementation

Error bad_memory_dump(const std::string& text, const std::string& why);

template <class Place>
Result<MemoryDump> parse_memory_dump(const std::string& text, const Place& place) {
  const auto colon = text.find(':'), equals = text.find('=', colon == text.npos ? 0 : colon);
  if (colon == text.npos || equals == text.npos || equals + 1 == text.size())
    return bad_memory_dump(text, "it is not BEGIN:END=FILE");
  const Result<Address> begin = place(text.substr(0, colon)), end = place(text.substr(colon + 1, equals - colon - 1));
  if (!begin) return begin.error();
  if (!end) return end.error();
  if (*begin >= *end) return bad_memory_dump(text, "it ends before it begins");
  if ((*begin | *end) & 3) return bad_memory_dump(text, "it is not made of whole words");
  return MemoryDump{*begin, *end, text.substr(equals + 1)};
}

}  // namespace mj
