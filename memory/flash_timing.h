// The front end of a flash memory: wait states, prefetch, line buffers and small caches (STM32 ART, RP2040 XIP cache,
// nRF52 code cache are all instances). Answers only one question: how many extra cycles does this access cost now?
#pragma once

#include <array>
#include <cstdint>
#include <functional>
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
  std::uint32_t ways = 0;          ///< lines per set, both caches; 0: fully associative
  std::uint32_t dcache_ways = 0;   ///< of the data cache, where it differs from `ways`; 0: as `ways`
  std::uint32_t bus_ratio = 1;     ///< core cycles per cycle of the flash interface, which wait states count
  std::uint32_t bus_cycles = 0;    ///< more core cycles of each array read: bus between core and flash, cache control
  bool unified = false;            ///< data uses the instruction cache's lines
  bool prefetch = false;           ///< at reset; next sequential word, instruction side
  bool icache_enabled = false;     ///< at reset
  bool dcache_enabled = false;     ///< at reset
  bool of_core = false;            ///< the caches are the core's own: CCR.IC and CCR.DC switch them
};

class FlashTiming {
 public:
  explicit FlashTiming(const FlashTimingParams& params);
  FlashTiming(const FlashTiming&) = delete;  // caches point into themselves
  FlashTiming& operator=(const FlashTiming&) = delete;

  /// Firmware reprogrammed the interface (FLASH_ACR and the like).
  void set_wait_states(std::uint32_t count);
  /// What-if: keeps this number, whatever set_wait_states() asks for from now on.
  void hold_wait_states(std::uint32_t count);
  /// Told after the number of wait states changed; at most one.
  void on_wait_states(std::function<void()> changed) { changed_ = std::move(changed); }
  void set_prefetch(bool on);
  void set_icache(bool on);  ///< turning a cache off empties it
  void set_dcache(bool on);
  void flush();

  std::uint32_t wait_states() const { return wait_states_; }
  /// The interface's clock divides the core's by this from now on.
  void set_bus_ratio(std::uint32_t ratio);
  std::uint32_t word_bytes() const { return params_.word_bytes; }
  /// Most extra cycles that one read can cost with the wait states of now, or with 16 if that is more.
  std::uint32_t worst_case() const;

  /// Extra cycles of a data read of the word at `address`, beginning at cycle `now`.
  std::uint32_t data_read(Address address, Cycle now);
  /// True if a data read at `address` costs nothing and doesn't reach the array, whenever it is: it has then been made,
  /// as by data_read(). False: nothing happened. A short way for what is nearly always so; it may say false to a hit.
  bool data_hit(Address address) {
    if (free()) return false;
    if (!(params_.unified ? icache_ : dcache_).touch_recent(word_of(address))) return false;
    ++counts_.data_hits;
    return true;
  }

  /// Extra cycles of fetching the word (word_bytes long) at `word_address`, wanted at cycle `now`.
  std::uint32_t fetch(Address word_address, Cycle now);

  /// Of the cycles that the last data_read() or fetch() answered: whether a cache that is on missed, and how many were
  /// spent waiting for an earlier read of the array, which serves one at a time.
  struct Cause {
    bool miss = false;
    std::uint32_t queued = 0;
  };
  const Cause& cause() const { return cause_; }

  /// Changes whenever a resident word may have been evicted or the parameters changed: code whose words were all found
  /// resident at one epoch needs no check while the epoch stays the same.
  std::uint64_t epoch() const { return epoch_; }
  /// True if fetching never costs anything (no wait states).
  bool free() const { return latency() == 0; }
  /// Both caches on or off together with the core's own enable bits (Armv7-M CCR.IC, CCR.DC).
  bool of_core() const { return params_.of_core; }
  /// True if `word_address` is held by the instruction cache.
  bool resident(Address word_address) const;

  struct Counts {
    std::uint64_t array_reads_fetch = 0, array_reads_data = 0, prefetches = 0, fetch_hits = 0, data_hits = 0;
  };
  const Counts& counts() const { return counts_; }
  /// Reads of the flash array so far. Instruction fetches with zero wait states are not seen here (see free()).
  std::uint64_t array_reads() const {
    return counts_.array_reads_fetch + counts_.array_reads_data + counts_.prefetches;
  }

 private:
  struct Line {
    Address tag = no_word;
    bool code = false;       ///< instructions were fetched from it: losing it changes the epoch
    std::uint64_t used = 0;  ///< when, in touches; the least recently used line of a set is replaced
  };
  class Cache {
   public:
    void resize(std::uint32_t lines, std::uint32_t ways, std::uint32_t word_bytes);
    Line* find(Address word);
    const Line* find(Address word) const { return const_cast<Cache*>(this)->find(word); }
    bool touch(Address word, bool code);
    /// touch() for data, of a word that was found lately; else false.
    bool touch_recent(Address word) {
      Line* line = recent(word);
      if (!line || line->tag != word) return false;
      line->used = ++clock_;
      return true;
    }
    /// Takes the word in; true if a line that held code was lost for it.
    bool insert(Address word, bool code);
    void clear();
    bool enabled = false;
    /// True if a word that isn't found here was a miss: there is a cache, and it is on.
    bool serves() const { return enabled && !lines_.empty(); }

   private:
    Line* set_of(Address word);
    /// Where a word was found last; the line may hold another one by now, or nothing, if the cache was turned off.
    Line*& recent(Address word) { return recent_[(word >> word_bits_) % recent_.size()]; }
    std::vector<Line> lines_;
    std::array<Line*, 64> recent_{};
    std::uint32_t ways_ = 0, sets_ = 0;
    unsigned word_bits_ = 0;
    std::uint64_t clock_ = 0;
  };
  static constexpr Address no_word = 1;  ///< never a word's address
  Address word_of(Address a) const { return a & ~(params_.word_bytes - 1); }

  /// Extra cycles of a read of the idle array.
  std::uint32_t latency() const { return (wait_states_ + 1) * params_.bus_ratio - 1 + params_.bus_cycles; }

  FlashTimingParams params_;
  std::uint32_t wait_states_;
  bool wait_states_held_ = false;
  std::function<void()> changed_;
  bool prefetch_on_;
  Cache icache_, dcache_;
  Address fetch_buffer_ = no_word, data_buffer_ = no_word;  ///< last word read
  Address prefetch_word_ = no_word;                         ///< word being or having been prefetched
  Cycle prefetch_ready_ = 0;
  Cycle array_free_ = 0;  ///< the array is busy with an earlier read until this cycle
  std::uint64_t epoch_ = 1;
  Cause cause_;
  Counts counts_;
};

}  // namespace mj::memory
