// Physical memory protection (Volume II, version 20211203, 3.7): the entries, their CSRs, and what they permit.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace mj::isa::rv32 {

/// One core's PMP: data of its identification row.
struct PmpConfig {
  unsigned entries = 0;  ///< that work, 0..64
  unsigned csrs = 0;     ///< entries whose CSRs exist; those past `entries` read 0 and ignore writes
  unsigned grain = 0;    ///< G: regions are 2^(G+2) bytes or larger, 0..29
};

/// Fields of one pmpcfg byte (3.7.1).
enum PmpCfg : std::uint8_t {
  pmp_read = 1,
  pmp_write = 2,
  pmp_execute = 4,
  pmp_mode = 3u << 3,  ///< 0 off, then tor, na4, napot
  pmp_tor = 1u << 3,
  pmp_na4 = 2u << 3,
  pmp_napot = 3u << 3,
  pmp_lock = 0x80,
};

/// What may be done with the bytes from `first` to `last` (inclusive): pmp_read, pmp_write, pmp_execute.
struct PmpRange {
  std::uint32_t first = 0, last = 0;
  std::uint8_t permits = 0;
  bool operator==(const PmpRange&) const = default;
};

class Pmp {
 public:
  explicit Pmp(const PmpConfig& config);

  void reset();
  /// Whether `csr` is one of pmpcfg0..15, pmpaddr0..63 and this core has it.
  bool has(std::uint32_t csr) const;
  /// Of a CSR that has() says yes to.
  std::uint32_t read(std::uint32_t csr) const;
  /// Locked entries ignore it; reserved R=0, W=1 loses W, and NA4 becomes NAPOT where the grain is coarser (both WARL;
  /// as Rocket and Spike choose).
  void write(std::uint32_t csr, std::uint32_t value);

  /// The 4 GiB that a 32-bit core reaches, cut into ranges that are permitted alike; ascending and without gaps. Lowest
  /// entry first (3.7.1); in machine mode only locked entries count against an access.
  std::vector<PmpRange> permits(bool machine) const;
  /// Changes whenever permits() may have.
  std::uint32_t version() const { return version_; }

 private:
  struct Span {
    std::uint64_t from = 0, to = 0;  ///< bytes; `to` exclusive
  };
  Span span(unsigned entry) const;
  bool locked(unsigned entry) const { return cfg_[entry] & pmp_lock; }
  void write_cfg(unsigned entry, std::uint8_t value);

  PmpConfig config_;
  std::array<std::uint8_t, 64> cfg_{};
  std::array<std::uint32_t, 64> addr_{};
  std::uint32_t version_ = 0;
};

}  // namespace mj::isa::rv32
