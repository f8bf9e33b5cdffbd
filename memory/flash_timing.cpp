#include "memory/flash_timing.h"

#include <algorithm>

namespace mj::memory {

FlashTiming::FlashTiming(const FlashTimingParams& params)
    : params_(params), wait_states_(params.wait_states), prefetch_on_(params.prefetch) {
  const std::uint32_t line_bytes = params.line_bytes ? params.line_bytes : params.word_bytes;
  icache_.resize(params.icache_lines, params.ways, line_bytes, params.word_bytes);
  icache_.enabled = params.icache_enabled;
  dcache_.resize(params.dcache_lines, params.dcache_ways ? params.dcache_ways : params.ways, line_bytes,
                 params.word_bytes);
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
  fetch_buffer_ = data_buffer_ = prefetch_word_ = code_end_ = no_word;
  ++epoch_;
}

void FlashTiming::invalidate_code() {
  icache_.clear();
  ++epoch_;
}

void FlashTiming::invalidate_code(Address a) {
  if (Cache::Line* line = icache_.find(word_of(a))) {
    *line = {};
    ++epoch_;
  }
}

std::uint32_t FlashTiming::worst_case() const {
  constexpr std::uint32_t registers_allow = 16;  // firmware may program more wait states than at reset
  constexpr std::uint32_t ratio_allows = 8;
  return 2 * ((std::max(wait_states_, registers_allow) + 1) * std::max(params_.bus_ratio, ratio_allows) +
              params_.bus_cycles);
}

bool FlashTiming::resident(Address word_address) const { return icache_.find(word_address) != nullptr; }

std::uint32_t FlashTiming::data_read(Address address, Cycle now, bool cacheable) {
  cause_ = {};
  const Address word = word_of(address);
  if (free()) {
    if (data_buffer_ != word) ++counts_.array_reads_data;
    data_buffer_ = word;
    return 0;
  }
  Cache& cache = params_.unified ? icache_ : dcache_;
  if ((cacheable && cache.touch(word, false)) || data_buffer_ == word) {
    ++counts_.data_hits;
    return 0;
  }
  // The array serves one read at a time; a prefetch under way finishes first.
  const Cycle start = std::max(now, array_free_);
  const std::uint32_t extra = read_array(word, start);
  cause_ = {cacheable && cache.serves(), static_cast<std::uint32_t>(start - now)};
  data_buffer_ = word;
  if (cacheable && cache.insert(word, false).code) ++epoch_;
  ++counts_.array_reads_data;
  return static_cast<std::uint32_t>(start - now) + extra;
}

std::uint32_t FlashTiming::read_array(Address word, Cycle start) {
  std::uint32_t extra = latency();
  const bool goes_on = chain_.possible && !wait_states_held_ && last_read_ != no_word &&
                       word == last_read_ + params_.word_bytes && start <= array_free_ + chain_.open_for &&
                       (!chain_.page_bytes || word % chain_.page_bytes);
  if (goes_on) extra = chain_.wait_states * params_.bus_ratio + params_.bus_cycles;
  array_free_ = start + extra + 1;
  last_read_ = word;
  return extra;
}

void FlashTiming::set_chain(std::uint32_t wait_states, Cycle open_for, std::uint32_t page_bytes) {
  chain_ = {wait_states, page_bytes, open_for, true};
}

std::uint32_t FlashTiming::fetch(Address word_address, Cycle now) {
  cause_ = {};
  if (free()) return 0;
  if (params_.jump_refill) return fetch_running(word_address, now);
  std::uint32_t extra = 0;
  if (icache_.touch(word_address, true) || fetch_buffer_ == word_address) {
    ++counts_.fetch_hits;
  } else if (prefetch_word_ == word_address) {
    extra = prefetch_ready_ > now ? static_cast<std::uint32_t>(prefetch_ready_ - now) : 0;
    cause_.miss = icache_.serves();
    if (icache_.insert(word_address, true).code) ++epoch_;
  } else {
    const Cycle start = std::max(now, array_free_);
    extra = static_cast<std::uint32_t>(start - now) + read_array(word_address, start);
    cause_ = {icache_.serves(), static_cast<std::uint32_t>(start - now)};
    if (icache_.insert(word_address, true).code) ++epoch_;
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

void FlashTiming::begin_code(Address pc, Address end, Cycle now) {
  if (!params_.jump_refill || free()) return;
  if (pc != code_end_ && code_end_ != no_word) {
    // The instruction behind the jump was on its way before the jump took effect: its word has been asked for.
    const Address behind = word_of(code_end_);
    if (behind != fetch_buffer_) fetch_running(behind, now - std::min<Cycle>(now, params_.jump_refill));
    fetch_buffer_ = prefetch_word_ = no_word;
  }
  code_end_ = end;
}

std::uint32_t FlashTiming::fetch_running(Address word, Cycle now) {
  if (fetch_buffer_ == word) {
    ++counts_.fetch_hits;
    return 0;
  }
  const Cycle reading = latency() + 1;
  Cycle there = prefetch_ready_;
  if (prefetch_word_ != word) {
    // A word is asked for in the cycle before its instruction issues.
    there = std::max(now - std::min<Cycle>(now, 1), array_free_) + reading;
    array_free_ = there;
    ++counts_.array_reads_fetch;
  }
  const Cycle issued = std::max(now, there);
  fetch_buffer_ = word;
  prefetch_word_ = word + params_.word_bytes;
  prefetch_ready_ = array_free_ = std::max(issued, array_free_) + reading;
  ++counts_.prefetches;
  return static_cast<std::uint32_t>(issued - now);
}

}  // namespace mj::memory
