#include "memory/flash_timing.h"

#include <algorithm>

namespace mj::memory {

FlashTiming::FlashTiming(const FlashTimingParams& params)
    : params_(params), wait_states_(params.wait_states), prefetch_on_(params.prefetch) {
  icache_.capacity = params.icache_lines;
  icache_.enabled = params.icache_enabled;
  dcache_.capacity = params.dcache_lines;
  dcache_.enabled = params.dcache_enabled;
}

void FlashTiming::set_wait_states(std::uint32_t count) {
  wait_states_ = count;
  ++epoch_;
}

void FlashTiming::set_prefetch(bool on) {
  prefetch_on_ = on;
  prefetch_word_ = 1;
}

void FlashTiming::set_icache(bool on) {
  icache_.enabled = on;
  if (!on) icache_.clear();
  ++epoch_;
}

void FlashTiming::set_dcache(bool on) {
  dcache_.enabled = on;
  if (!on) dcache_.clear();
}

void FlashTiming::flush() {
  icache_.clear();
  dcache_.clear();
  fetch_buffer_ = data_buffer_ = prefetch_word_ = 1;
  ++epoch_;
}

bool FlashTiming::Lines::touch(Address tag) {
  if (!enabled || capacity == 0) return false;
  for (Line& line : lines)
    if (line.tag == tag) {
      line.used = ++clock;
      return true;
    }
  return false;
}

bool FlashTiming::Lines::insert(Address tag) {
  if (!enabled || capacity == 0) return false;
  if (lines.size() < capacity) {
    lines.push_back({tag, ++clock});
    return false;
  }
  auto victim =
      std::min_element(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.used < b.used; });
  *victim = {tag, ++clock};
  return true;
}

bool FlashTiming::resident(Address word_address) const {
  return icache_.enabled &&
         std::any_of(icache_.lines.begin(), icache_.lines.end(), [&](const Line& l) { return l.tag == word_address; });
}

std::uint32_t FlashTiming::data_read(Address address, Cycle now) {
  if (wait_states_ == 0) return 0;
  const Address word = word_of(address);
  Lines& cache = params_.unified ? icache_ : dcache_;
  if (cache.touch(word) || data_buffer_ == word) {
    ++counts_.data_hits;
    return 0;
  }
  // The array serves one read at a time; a prefetch under way finishes first.
  const Cycle start = std::max(now, array_free_);
  array_free_ = start + wait_states_ + 1;
  data_buffer_ = word;
  if (cache.insert(word) && params_.unified) ++epoch_;
  ++counts_.array_reads_data;
  return static_cast<std::uint32_t>(start - now) + wait_states_;
}

std::uint32_t FlashTiming::fetch(Address word_address, Cycle now) {
  if (wait_states_ == 0) return 0;
  std::uint32_t extra = 0;
  if (icache_.touch(word_address) || fetch_buffer_ == word_address) {
    ++counts_.fetch_hits;
  } else if (prefetch_word_ == word_address) {
    extra = prefetch_ready_ > now ? static_cast<std::uint32_t>(prefetch_ready_ - now) : 0;
    if (icache_.insert(word_address)) ++epoch_;
  } else {
    const Cycle start = std::max(now, array_free_);
    array_free_ = start + wait_states_ + 1;
    extra = static_cast<std::uint32_t>(start - now) + wait_states_;
    if (icache_.insert(word_address)) ++epoch_;
    ++counts_.array_reads_fetch;
  }
  fetch_buffer_ = word_address;
  const Address next = word_address + params_.word_bytes;
  if (prefetch_on_ && prefetch_word_ != next && !resident(next)) {
    const Cycle start = std::max(now + extra, array_free_);
    prefetch_word_ = next;
    prefetch_ready_ = start + wait_states_ + 1;
    array_free_ = prefetch_ready_;
    ++counts_.prefetches;
  }
  return extra;
}

}  // namespace mj::memory
