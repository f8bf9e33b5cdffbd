// The core's data side on its way to memory that isn't tightly coupled: data cache (Cortex-M7: L1), line fills, store
// buffer. Answers how many extra cycles an access costs now.
//
// Sources: Arm DDI 0489F (Cortex-M7 TRM) 5.9 L1 caches, 5.9.2 store buffer; Arm DDI 0439D (Cortex-M4 TRM) 3.5.
// Not modelled: dynamic read allocate mode (5.9.1), exclusive use of the bus by other masters, the time that
// maintenance operations themselves take.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "memory/cache.h"
#include "sim/base/units.h"

namespace mj::memory {

class FlashTiming;

/// What a memory behind the bus costs, in bus cycles beyond an access that the data cache answers.
struct BusCosts {
  std::uint32_t read = 0;        ///< until the first beat of a read is there
  std::uint32_t write = 0;       ///< that a write keeps the bus
  std::uint32_t beat = 1;        ///< of each further beat of a burst
  std::uint32_t beat_bytes = 8;  ///< a power of two
};

/// How the data cache treats an address.
enum class CachePolicy : std::uint8_t {
  none,            ///< device, strongly ordered, non-cacheable, or shared
  write_through,   ///< no line is taken in for a write
  write_back,      ///< likewise
  write_allocate,  ///< write-back; a write takes its line in, too
};

struct CachePolicyRange {
  Address first = 0, last = 0;  ///< inclusive
  CachePolicy policy = CachePolicy::none;
};

class DataPort {
 public:
  struct Params {
    std::uint32_t entries = 0;      ///< of the store buffer; 0: stores wait for the bus themselves
    std::uint32_t merge_bytes = 0;  ///< a store into so many aligned bytes joins an earlier one that still waits
  };
  explicit DataPort(const Params& params) : params_(params) {}

  /// The front end whose data cache and bus clock are the core's; nullptr: there is none.
  void use(std::shared_ptr<FlashTiming> front_end) { front_end_ = std::move(front_end); }
  /// Sorted, without gaps, the whole address space.
  void set_policies(std::vector<CachePolicyRange> ranges);
  CachePolicy policy(Address a) const;

  struct Cost {
    std::uint32_t cycles = 0;    ///< all of them
    std::uint32_t queued = 0;    ///< of them: the line fill buffers were busy with earlier misses
    std::uint32_t buffered = 0;  ///< of them: the store buffer was full, or a read had to wait for it
    bool miss = false;           ///< the rest is that of a miss of the data cache
  };
  Cost read(Address a, Cycle now, const BusCosts& costs, std::uint8_t* host);
  Cost write(Address a, Cycle now, const BusCosts& costs, std::uint8_t* host);

  /// A store that keeps the bus for `busy` core cycles, of a memory without BusCosts (wait states alone).
  Cost post(Address a, Cycle now, std::uint32_t busy);
  /// A read of such memory, in order behind the stores.
  Cost drain(Cycle now);
  bool buffers_stores() const { return params_.entries != 0; }
  /// Most that one access can cost at `costs`.
  std::uint64_t worst_case(const BusCosts& costs) const;

  // Data cache maintenance (ARMv7-M B3.2.4..6): lines are written back and forgotten; it costs the core nothing here.
  enum class Operation : std::uint8_t { invalidate, clean, clean_and_invalidate };
  void maintain(Operation operation, Address a);
  /// By set and way, in the format of DCISW, DCCSW and DCCISW.
  void maintain_by_way(Operation operation, std::uint32_t set_and_way);

  // What of a cached RAM is found again at once: plain accesses that hit a line whose fill is over. Everything here
  // follows from what read() and write() did before.
  bool hit_for_read(Address a, const std::uint8_t*& host) {
    const Quick& q = quick_[a >> quick_shift & (quick_count - 1)];
    if (!q.line || q.line->tag != (a & ~quick_mask)) return false;
    cache_->use(*q.line);
    host = q.host + (a & quick_mask);
    return true;
  }
  bool hit_for_write(Address a, std::uint8_t*& host) {
    const Quick& q = quick_[a >> quick_shift & (quick_count - 1)];
    if (!q.line || q.line->tag != (a & ~quick_mask) || !q.line->dirty || !q.writable) return false;
    cache_->use(*q.line);
    host = q.host + (a & quick_mask);
    return true;
  }
  /// Other accesses may be permitted, or be treated otherwise, from now on.
  void forget_quick() { quick_.fill({}); }

 private:
  struct Fill {
    Address line = Cache::no_line;
    Cycle first = 0;             ///< when its first beat is there
    Cycle done = 0;              ///< when all of it is
    std::uint32_t critical = 0;  ///< number of the beat that comes first
    std::uint32_t beat_cycles = 0, beat_bytes = 8;
  };
  struct Store {
    Address at = 0;  ///< aligned to merge_bytes
    Cycle begins = 0, done = 0;
  };
  struct Quick {
    Cache::Line* line = nullptr;
    std::uint8_t* host = nullptr;  ///< of the line
    bool writable = false;
  };
  // M7's lines; other line lengths go without the quick way.
  static constexpr unsigned quick_shift = 5;
  static constexpr Address quick_mask = (1u << quick_shift) - 1;
  static constexpr std::size_t quick_count = 1024;

  Cache* cache();
  std::uint32_t ratio() const;
  /// Begins to fill the line of `a`; what was dirty in its place goes to memory.
  Fill& fill(Address a, Cycle now, const BusCosts& costs);
  /// When the bytes at `a` of a line that may be on its way are there.
  Cycle arrives(Address a, Cycle now) const;
  /// Room for one more store from this cycle on.
  Cycle room(Cycle now);
  void enter(const Store& store);
  void remember(Address a, Cache::Line* line, Cycle now, std::uint8_t* host, bool writable);

  Params params_;
  std::shared_ptr<FlashTiming> front_end_;
  Cache* cache_ = nullptr;
  std::vector<CachePolicyRange> policies_;
  mutable std::size_t last_policy_ = 0;
  std::array<Fill, 2> fills_;  ///< two line fill buffers (DDI 0489F 5.9.2)
  std::vector<Store> stores_;  ///< in the buffer, by `done`
  Store newest_;
  Cycle writes_free_ = 0;  ///< when the bus has taken all writes
  std::array<Quick, quick_count> quick_{};
};

}  // namespace mj::memory
