// The address space of one machine: regions of flash, RAM and devices, found by address.
//
// Plain memory is reached through page tables of host pointers (engine fast path); whatever is special (devices,
// regions that cost wait states, pages that hold decoded code, regions that don't fill a page) goes through access().
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "memory/data_port.h"
#include "memory/device.h"
#include "memory/flash_timing.h"
#include "memory/protection.h"
#include "sim/base/units.h"

namespace mj::memory {

enum class RegionKind : std::uint8_t { flash, ram, device };

/// Why an access failed.
enum class AccessFault : std::uint8_t { none, unmapped, read_only };

struct Region {
  std::string name;
  RegionKind kind = RegionKind::ram;
  Address base = 0;
  std::uint64_t size = 0;                            ///< bytes; base + size <= 2^32
  std::uint32_t read_wait = 0;                       ///< extra core cycles of each read (bus bridges, slow SRAM)
  std::uint32_t write_wait = 0;                      ///< extra core cycles of each write
  std::uint32_t run_wait = 0;                        ///< extra core cycles of each run of loads (see RunWait)
  bool unsure = false;                               ///< these, or the front end's numbers, are inferred or estimated
  std::shared_ptr<std::vector<std::uint8_t>> bytes;  ///< flash and RAM; aliases share it
  std::uint32_t bytes_offset = 0;                    ///< where this region begins in `bytes`
  std::shared_ptr<FlashTiming> flash;                ///< null: no front end
  std::optional<BusCosts> bus;                       ///< RAM behind the core's data port; none: tightly coupled
  Device* device = nullptr;                          ///< devices; owned by the machine
  bool alias = false;                                ///< another region's bytes at another address
  std::uint8_t traffic_row = 0;                      ///< where the engine counts what is moved in and out of it

  bool contains(Address a, unsigned n) const { return a >= base && a - base + std::uint64_t{n} <= size; }
  std::uint8_t* host(Address a) const { return bytes->data() + bytes_offset + (a - base); }
};

class Bus {
 public:
  static constexpr unsigned page_bits = 12;
  static constexpr std::size_t page_count = std::size_t{1} << (32 - page_bits);

  Bus();
  ~Bus();
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  /// The core's data port; none unless this is called, before regions with `bus` are accessed.
  DataPort& make_data_port(const DataPort::Params& params);
  DataPort* data_port() { return port_.get(); }

  /// Adds a region; a later one that overlaps an earlier one is our bug (boards are checked before) and asserts.
  Region& add(Region region);
  const std::vector<std::unique_ptr<Region>>& regions() const { return regions_; }
  Region* find(Address a);

  struct Outcome {
    AccessFault fault = AccessFault::none;
    std::uint32_t value = 0;
    std::uint32_t extra_cycles = 0;  ///< beyond the core's own cost of the access
    bool device = false;
    bool flash = false;                 ///< served by flash with a front end
    bool cache_miss = false;            ///< extra_cycles is that of a cache in front of flash, but for queued_cycles
    std::uint32_t queued_cycles = 0;    ///< part of extra_cycles: an earlier read kept the flash array busy
    std::uint32_t array_reads = 0;      ///< of the flash array, for this access
    bool unsure = false;                ///< extra_cycles rests on inferred or estimated numbers
    std::uint32_t buffered_cycles = 0;  ///< part of extra_cycles: the store buffer was full or had to drain
    std::uint8_t traffic_row = 0;       ///< the region's
  };
  /// One access within a word, `size` 1, 2 or 4 bytes, any kind of region. `now` is the exact cycle.
  Outcome read(Address a, unsigned size, Cycle now);
  Outcome write(Address a, unsigned size, std::uint32_t value, Cycle now);
  /// The region if this aligned read hits in the cache in front of flash and costs nothing: it has then been made, and
  /// `value` is what read() would say. A short way for what is nearly always so; it may say nullptr to a hit.
  const Region* read_hit(Address a, unsigned size, std::uint32_t& value) {
    const Region* r = cached_pages_[a >> page_bits];
    if (!r || !r->flash->data_hit(a)) return nullptr;
    value = 0;
    std::memcpy(&value, r->host(a), size);
    return r;
  }

  /// An aligned access that costs nothing in spite of lying behind the data port: it hits the data cache. False: none
  /// of these; take read() or write().
  bool quick_read(Address a, std::uint32_t& value, unsigned size) {
    const std::uint8_t* host = nullptr;
    if (!port_ || !port_->hit_for_read(a, host)) return false;
    value = 0;
    std::memcpy(&value, host, size);
    return true;
  }
  bool quick_write(Address a, std::uint32_t value, unsigned size) {
    std::uint8_t* host = nullptr;
    if (!port_ || code_pages_[a >> page_bits] || !port_->hit_for_write(a, host)) return false;
    std::memcpy(host, &value, size);
    return true;
  }

  /// Copies out or in without time, side effects or write protection (loader, debugger, tensors). False if any byte is
  /// not plain memory; then nothing was copied.
  bool peek(Address a, std::uint8_t* out, std::size_t n);
  bool poke(Address a, const std::uint8_t* in, std::size_t n);

  /// From now on the page tables show only what `protection` (nullptr: nothing protected) permits for whole pages; who
  /// reads and writes through this class asks it first. It must outlive its use, and the call that ends it. Costs as
  /// much as differs from the one before.
  void set_protection(const Protection* protection);

  /// Host address minus guest address for pages that are plain memory without cost; 0 otherwise.
  const std::uintptr_t* read_pages() const { return read_pages_; }
  const std::uintptr_t* write_pages() const { return write_pages_; }

  /// Marks the page of `a` as holding decoded code: writes to its bytes, through aliases too, take the slow path and
  /// are reported to on_code_write, once for each address that the bytes have.
  void mark_code(Address a);
  void unmark_all_code();
  void on_code_write(std::function<void(Address, unsigned)> f) { code_write_ = std::move(f); }

 private:
  /// Enters the pages of `region` between two addresses (inclusive) into the tables.
  void map_pages(const Region& region, Address from = 0, Address to = 0xffffffff);
  void report_code_write(const Region& region, Address a, unsigned size);

  std::vector<std::unique_ptr<Region>> regions_;  ///< sorted by base
  std::unique_ptr<DataPort> port_;
  Region* last_ = nullptr;
  std::uintptr_t* read_pages_;
  std::uintptr_t* write_pages_;
  const Region** cached_pages_;  ///< pages of flash with a front end, where they may be read
  std::vector<std::uint8_t> code_pages_;
  const Protection* protection_ = nullptr;
  std::function<void(Address, unsigned)> code_write_;
};

}  // namespace mj::memory
