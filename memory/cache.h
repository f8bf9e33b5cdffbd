// A cache's directory: which lines it holds. Contents are always those of memory, so only time depends on it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/base/units.h"

namespace mj::memory {

/// Set-associative with the least recently used line of a set replaced. A line may be read from memory in sectors, each
/// when it is missed.
class Cache {
 public:
  Cache() = default;
  Cache(const Cache&) = delete;  // it points into itself
  Cache& operator=(const Cache&) = delete;
  static constexpr Address no_line = 1;  ///< never a line's address
  struct Line {
    Address tag = no_line;
    bool code = false;       ///< instructions were fetched from it
    bool dirty = false;      ///< written, and not yet written back
    std::uint32_t held = 0;  ///< bit n: sector n is here
    std::uint64_t used = 0;  ///< when, in touches
  };

  /// `ways` 0: fully associative; `sector_bytes`: a 32nd of line_bytes or more. Everything is lost.
  void resize(std::uint32_t lines, std::uint32_t ways, std::uint32_t line_bytes, std::uint32_t sector_bytes);
  std::uint32_t line_bytes() const { return line_bytes_; }
  Address line_of(Address a) const { return a & ~(line_bytes_ - 1); }

  /// The line that holds `address`; nullptr: that sector isn't here, or the cache is off.
  Line* find(Address address);
  const Line* find(Address address) const { return const_cast<Cache*>(this)->find(address); }
  /// The same, used now.
  Line* touch(Address address, bool code);
  void use(Line& line) { line.used = ++clock_; }
  /// touch() for data, of what was found lately; else false.
  bool touch_recent(Address address) {
    Line* line = recent(address);
    if (!line || line->tag != line_of(address) || !(line->held & sector(address))) return false;
    use(*line);
    return true;
  }
  /// What was found lately has to be found again.
  void forget_recent() { recent_.fill(nullptr); }
  /// Takes the sector of `address` in; returns what was lost for it (tag no_line: nothing). Nothing happens while the
  /// cache is off.
  Line insert(Address address, bool code);
  /// By place, as maintenance operations name lines; nullptr: there is no such place.
  Line* at(std::uint32_t set, std::uint32_t way);
  std::uint32_t ways() const { return ways_; }
  void clear();

  bool enabled = false;
  /// True if what isn't found here was a miss: there is a cache, and it is on.
  bool serves() const { return enabled && !lines_.empty(); }

 private:
  std::uint32_t sector(Address address) const { return 1u << ((address & (line_bytes_ - 1)) >> sector_bits_); }
  Line* set_of(Address address) { return &lines_[std::size_t{(address >> line_bits_) % sets_} * ways_]; }
  /// Where an address was found last; the line may hold another one by now, or nothing, if the cache was turned off.
  Line*& recent(Address address) { return recent_[(address >> line_bits_) % recent_.size()]; }

  std::vector<Line> lines_;
  std::array<Line*, 64> recent_{};
  std::uint32_t ways_ = 0, sets_ = 0, line_bytes_ = 1;
  unsigned line_bits_ = 0, sector_bits_ = 0;
  std::uint64_t clock_ = 0;
};

}  // namespace mj::memory
