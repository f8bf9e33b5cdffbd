// The front end of a flash memory: wait states, prefetch, line buffers and small caches (STM32 ART, RP2040 XIP cache,
// nRF52 code cache are all instances). Answers only one question: how many extra cycles does this access cost now?
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/units.h"

namespace mj::memory {

/// Parameters, from the board file; facts per part with sources stand there.
struct FlashTimingParams {
  std::uint32_t word_bytes = 16;   ///< bytes that one array read delivers (a power of two)
  std::uint32_t wait_states = 0;   ///< at reset; an array read takes wait_states + 1 cycles
  std::uint32_t icache_lines = 0;  ///< 0: no instruction cache
  std::uint32_t dcache_lines = 0;  ///< 0: no data cache
  bool unified = false;            ///< data uses the instruction cache's lines
  bool prefetch = false;           ///< at reset; next sequential word, instruction side
  bool icache_enabled = false;     ///< at reset
  bool dcache_enabled = false;     ///< at reset
};

class FlashTiming {
 public:
  explicit FlashTiming(const FlashTimingParams& params);

  /// Firmware reprogrammed the interface (FLASH_ACR and the like).
  void set_wait_states(std::uint32_t count);
  void set_prefetch(bool on);
  void set_icache(bool on);  ///< turning a cache off empties it
  void set_dcache(bool on);
  void flush();

  std::uint32_t wait_states() const { return wait_states_; }
  std::uint32_t word_bytes() const { return params_.word_bytes; }

  /// Extra cycles of a data read of the word at `address`, beginning at cycle `now`.
  std::uint32_t data_read(Address address, Cycle now);

  /// Extra cycles of fetching the word (word_bytes long) at `word_address`, wanted at cycle `now`.
  std::uint32_t fetch(Address word_address, Cycle now);

  /// Changes whenever a resident word may have been evicted or the parameters changed: code whose words were all found
  /// resident at one epoch needs no check while the epoch stays the same.
  std::uint64_t epoch() const { return epoch_; }
  /// True if fetching never costs anything (no wait states).
  bool free() const { return wait_states_ == 0; }
  /// True if `word_address` is held by the instruction cache.
  bool resident(Address word_address) const;

  struct Counts {
    std::uint64_t array_reads_fetch = 0, array_reads_data = 0, prefetches = 0, fetch_hits = 0, data_hits = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  struct Line {
    Address tag;
    std::uint64_t used;
  };
  struct Lines {
    std::vector<Line> lines;
    std::uint32_t capacity = 0;
    bool enabled = false;
    std::uint64_t clock = 0;
    bool touch(Address tag);
    bool insert(Address tag);  ///< true if another line was evicted
    void clear() { lines.clear(); }
  };
  Address word_of(Address a) const { return a & ~(params_.word_bytes - 1); }

  FlashTimingParams params_;
  std::uint32_t wait_states_;
  bool prefetch_on_;
  Lines icache_, dcache_;
  Address fetch_buffer_ = 1, data_buffer_ = 1;  ///< last word read; 1 is never a word address
  Address prefetch_word_ = 1;                   ///< word being or having been prefetched
  Cycle prefetch_ready_ = 0;
  Cycle array_free_ = 0;  ///< the array is busy with an earlier read until this cycle
  std::uint64_t epoch_ = 1;
  Counts counts_;
};

}  // namespace mj::memory
