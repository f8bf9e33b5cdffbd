#include "memory/flash_timing.h"

#include <algorithm>
#include <bit>

namespace mj::memory {

FlashTiming::FlashTiming(const FlashTimingParams& params)
    : params_(params), wait_states_(params.wait_states), prefetch_on_(params.prefetch) {
  icache_.resize(params.icache_lines, params.ways, params.word_bytes);
  icache_.enabled = params.icache_enabled;
  dcache_.resize(params.dcache_lines, params.dcache_ways ? params.dcache_ways : params.ways, params.word_bytes);
  dcache_.enabled = params.dcache_enabled;
}

void FlashTiming::set_wait_states(std::uint32_t count) {
  if (wait_states_held_) return;
  wait_states_ = count;
  ++epoch_;
  if (changed_) changed_();
}

void FlashTiming::hold_wait_states(std::uint32_t count) {
  wait_states_held_ = false;
  set_wait_states(count);
  wait_states_held_ = true;
}

void FlashTiming::set_bus_ratio(std::uint32_t ratio) {
  if (ratio == params_.bus_ratio || ratio == 0) return;
  params_.bus_ratio = ratio;
  ++epoch_;
  if (changed_) changed_();
}

void FlashTiming::set_prefetch(bool on) {
  prefetch_on_ = on;
  prefetch_word_ = no_word;
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
  fetch_buffer_ = data_buffer_ = prefetch_word_ = no_word;
  ++epoch_;
}

std::uint32_t FlashTiming::worst_case() const {
  constexpr std::uint32_t registers_allow = 16;  // firmware may program more wait states than at reset
  constexpr std::uint32_t ratio_allows = 8;
  return 2 * ((std::max(wait_states_, registers_allow) + 1) * std::max(params_.bus_ratio, ratio_allows) +
              params_.bus_cycles);
}

void FlashTiming::Cache::resize(std::uint32_t lines, std::uint32_t ways, std::uint32_t word_bytes) {
  ways_ = ways == 0 || ways > lines ? lines : ways;
  sets_ = ways_ ? lines / ways_ : 0;
  word_bits_ = static_cast<unsigned>(std::countr_zero(word_bytes));
  lines_.assign(std::size_t{sets_} * ways_, {});
}

FlashTiming::Line* FlashTiming::Cache::set_of(Address word) {
  return &lines_[std::size_t{(word >> word_bits_) % sets_} * ways_];
}

FlashTiming::Line* FlashTiming::Cache::find(Address word) {
  if (!enabled || lines_.empty()) return nullptr;
  Line*& known = recent(word);
  if (known && known->tag == word) return known;
  Line* set = set_of(word);
  Line* at = std::find_if(set, set + ways_, [&](const Line& l) { return l.tag == word; });
  return at == set + ways_ ? nullptr : known = at;
}

bool FlashTiming::Cache::touch(Address word, bool code) {
  Line* line = find(word);
  if (!line) return false;
  line->used = ++clock_;
  line->code |= code;
  return true;
}

bool FlashTiming::Cache::insert(Address word, bool code) {
  if (!enabled || lines_.empty()) return false;
  Line* set = set_of(word);
  Line* victim = std::min_element(set, set + ways_, [](const Line& a, const Line& b) { return a.used < b.used; });
  const bool lost_code = victim->code;
  *victim = {word, code, ++clock_};
  return lost_code;
}

void FlashTiming::Cache::clear() { std::fill(lines_.begin(), lines_.end(), Line{}); }

bool FlashTiming::resident(Address word_address) const { return icache_.find(word_address) != nullptr; }

std::uint32_t FlashTiming::data_read(Address address, Cycle now) {
  cause_ = {};
  const Address word = word_of(address);
  if (free()) {
    if (data_buffer_ != word) ++counts_.array_reads_data;
    data_buffer_ = word;
    return 0;
  }
  Cache& cache = params_.unified ? icache_ : dcache_;
  if (cache.touch(word, false) || data_buffer_ == word) {
    ++counts_.data_hits;
    return 0;
  }
  // The array serves one read at a time; a prefetch under way finishes first.
  const Cycle start = std::max(now, array_free_);
  array_free_ = start + latency() + 1;
  cause_ = {cache.serves(), static_cast<std::uint32_t>(start - now)};
  data_buffer_ = word;
  if (cache.insert(word, false)) ++epoch_;
  ++counts_.array_reads_data;
  return static_cast<std::uint32_t>(start - now) + latency();
}

std::uint32_t FlashTiming::fetch(Address word_address, Cycle now) {
  cause_ = {};
  if (free()) return 0;
  std::uint32_t extra = 0;
  if (icache_.touch(word_address, true) || fetch_buffer_ == word_address) {
    ++counts_.fetch_hits;
  } else if (prefetch_word_ == word_address) {
    extra = prefetch_ready_ > now ? static_cast<std::uint32_t>(prefetch_ready_ - now) : 0;
    cause_.miss = icache_.serves();
    if (icache_.insert(word_address, true)) ++epoch_;
  } else {
    const Cycle start = std::max(now, array_free_);
    array_free_ = start + latency() + 1;
    extra = static_cast<std::uint32_t>(start - now) + latency();
    cause_ = {icache_.serves(), static_cast<std::uint32_t>(start - now)};
    if (icache_.insert(word_address, true)) ++epoch_;
    ++counts_.array_reads_fetch;
  }
  fetch_buffer_ = word_address;
  const Address next = word_address + params_.word_bytes;
  // Only an idle array prefetches: while another word is on its way, that one is finished first.
  const bool idle = array_free_ <= now + extra + 1;
  if (prefetch_on_ && idle && prefetch_word_ != next && !resident(next)) {
    const Cycle start = std::max(now + extra, array_free_);
    prefetch_word_ = next;
    prefetch_ready_ = start + latency() + 1;
    array_free_ = prefetch_ready_;
    ++counts_.prefetches;
  }
  return extra;
}

}  // namespace mj::memory
