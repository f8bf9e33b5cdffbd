#include "memory/cache.h"

#include <algorithm>
#include <bit>

namespace mj::memory {

void Cache::resize(std::uint32_t lines, std::uint32_t ways, std::uint32_t line_bytes, std::uint32_t sector_bytes) {
  ways_ = ways == 0 || ways > lines ? lines : ways;
  sets_ = ways_ ? lines / ways_ : 0;
  line_bytes_ = line_bytes;
  line_bits_ = static_cast<unsigned>(std::countr_zero(line_bytes));
  sector_bits_ = static_cast<unsigned>(std::countr_zero(sector_bytes));
  forget_recent();
  lines_.assign(std::size_t{sets_} * ways_, {});
}

Cache::Line* Cache::find(Address address) {
  if (!serves()) return nullptr;
  const Address tag = line_of(address);
  const std::uint32_t part = sector(address);
  const auto holds = [&](const Line& l) { return l.tag == tag && (l.held & part) != 0; };
  Line*& known = recent(address);
  if (known && holds(*known)) return known;
  Line* set = set_of(address);
  Line* at = std::find_if(set, set + ways_, holds);
  return at == set + ways_ ? nullptr : known = at;
}

Cache::Line* Cache::touch(Address address, bool code) {
  Line* line = find(address);
  if (!line) return nullptr;
  use(*line);
  line->code |= code;
  return line;
}

Cache::Line Cache::insert(Address address, bool code) {
  if (!serves()) return {};
  Line* set = set_of(address);
  const Address tag = line_of(address);
  if (Line* same = std::find_if(set, set + ways_, [&](const Line& l) { return l.tag == tag; }); same != set + ways_) {
    same->held |= sector(address);
    same->code |= code;
    use(*same);
    return {};
  }
  Line* victim = std::min_element(set, set + ways_, [](const Line& a, const Line& b) { return a.used < b.used; });
  const Line lost = *victim;
  *victim = {tag, code, false, sector(address), ++clock_};
  return lost;
}

Cache::Line* Cache::at(std::uint32_t set, std::uint32_t way) {
  return set < sets_ && way < ways_ ? &lines_[std::size_t{set} * ways_ + way] : nullptr;
}

void Cache::clear() { std::fill(lines_.begin(), lines_.end(), Line{}); }

}  // namespace mj::memory
