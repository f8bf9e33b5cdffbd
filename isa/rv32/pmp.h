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
  /// Hazard3's: modes are off and NAPOT (NA4, too, with G = 0), others written become off; W without R stays; the
  /// address bits below the grain are ones while off and zeros else; pmpcfgm0 applies entries to machine mode without
  /// locking them (Xh3pmpm). As in the RTL of RP2350's core (Hazard3 86fc4e3f, hdl/hazard3_pmp.v).
  bool hazard3 = false;
  bool xwr_reversed = false;  ///< R is bit 2 and X bit 0 (RP2350 datasheet, erratum E6)
  struct Wired {
    unsigned entry;
    std::uint8_t cfg;
    std::uint32_t addr;
  };
  /// Entries with values of their own after reset and after each write of their pmpcfg; in between, pmpaddr can change.
  std::vector<Wired> wired = {};
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
  /// Whether `csr` is one of pmpcfg0..15, pmpaddr0..63, pmpcfgm0 and this core has it.
  bool has(std::uint32_t csr) const;
  /// Of a CSR that has() says yes to.
  std::uint32_t read(std::uint32_t csr) const;
  /// Locked entries ignore it; reserved R=0, W=1 loses W, and NA4 becomes NAPOT where the grain is coarser (both WARL;
  /// as Rocket and Spike choose).
  void write(std::uint32_t csr, std::uint32_t value);

  /// The 4 GiB that a 32-bit core reaches, cut into ranges that are permitted alike; ascending and without gaps. Lowest
  /// entry first (3.7.1); in machine mode only entries that are locked, or that pmpcfgm0 names, count against an
  /// access.
  std::vector<PmpRange> permits(bool machine) const;
  /// Changes whenever permits() may have.
  std::uint32_t version() const { return version_; }

 private:
  struct Span {
    std::uint64_t from = 0, to = 0;  ///< bytes; `to` exclusive
  };
  Span span(unsigned entry) const;
  bool locked(unsigned entry) const { return cfg_[entry] & pmp_lock; }
  bool binds_machine(unsigned entry) const { return locked(entry) || (cfgm_ >> entry & 1u) != 0; }
  std::uint32_t below_grain() const { return config_.grain >= 2 ? (1u << (config_.grain - 1)) - 1u : 0u; }
  /// pmpcfg's byte as firmware reads and writes it, to cfg_'s order or back.
  std::uint8_t reordered(std::uint8_t cfg) const;
  void write_cfg(unsigned entry, std::uint8_t value);
  void restore(const PmpConfig::Wired& wired);

  PmpConfig config_;
  std::array<std::uint8_t, 64> cfg_{};
  std::array<std::uint32_t, 64> addr_{};
  std::uint64_t cfgm_ = 0, wired_ = 0;  ///< by entry
  std::uint32_t version_ = 0;
};

}  // namespace mj::isa::rv32
