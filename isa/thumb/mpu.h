// The Memory Protection Unit of M-profile cores as pure state: PMSAv7 (ARMv7-M ARM B3.5, ARMv6-M ARM B3.5) and PMSAv8
// (Armv8-M ARM B8), with the default memory map underneath (ARMv7-M B3.1). It answers which accesses are permitted; who
// asks, and which fault a refusal becomes, is the caller's.
//
// UNPREDICTABLE, what we do: a PMSAv7 region smaller than the least size, or with AP = 0b100, matches without
// permitting anything; RNR and RBAR.REGION beyond the last region are ignored; subregion bits of regions below 256
// bytes don't count; HFNMIENA without ENABLE is as if both were clear.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace mj::isa::thumb {

/// What may be done at an address; bits.
enum MpuPermit : std::uint8_t { mpu_read = 1, mpu_write = 2, mpu_execute = 4 };

/// MPU_CTRL (ARMv7-M B3.5.5).
enum MpuControl : std::uint32_t { mpu_enable = 1, mpu_hfnmiena = 2, mpu_privdefena = 4 };

inline constexpr std::int16_t mpu_no_region = -1;

/// Addresses that are treated alike.
struct MpuRange {
  std::uint32_t first = 0, last = 0;  ///< inclusive
  std::uint8_t permits = 0;
  std::int16_t region = mpu_no_region;  ///< that decides; none: the default map, nothing, or more than one (PMSAv8)
  bool operator==(const MpuRange&) const = default;
};

/// How a data cache may treat memory (ARMv7-M A3.5).
enum class Cacheable : std::uint8_t {
  no,              ///< Device, Strongly-ordered, Non-cacheable; Shareable memory counts as such (Cortex-M7 TRM 5.9)
  write_through,   ///< never allocates on a write here
  write_back,      ///< no write-allocate
  write_allocate,  ///< write-back, write-allocate
};

struct MpuMemory {
  std::uint32_t first = 0, last = 0;  ///< inclusive
  Cacheable cacheable = Cacheable::no;
};

/// The Private Peripheral Bus: no MPU region applies to it, and only privileged code may use it. Unprivileged data
/// accesses are a BusFault, not a MemManage fault (ARMv7-M B3.1.1).
constexpr bool is_private_peripheral_bus(std::uint32_t address) { return address >> 20 == 0xe00; }

/// What an implementation chose; from the core's and the chip's data.
struct MpuConfig {
  bool pmsav8 = false;
  unsigned regions = 0;             ///< 0..16 (PMSAv8: 0..255 by the manual, 16 here); 0: no MPU, only the default map
  std::uint32_t least_region = 32;  ///< bytes; PMSAv7: 32, of ARMv6-M 256
  bool aliases = true;              ///< RBAR_A1 .. RASR_A3 or RLAR_A3 exist (not in ARMv6-M and Armv8-M Baseline)
};

class Mpu {
 public:
  static constexpr unsigned max_regions = 16;

  explicit Mpu(const MpuConfig& config);
  const MpuConfig& config() const { return config_; }
  /// Everything off. What is UNKNOWN at reset is 0.
  void reset();
  /// Another number after each change of a register.
  std::uint64_t version() const { return version_; }

  // ---- registers (ARMv7-M B3.5.4-9, Armv8-M D1.2.169-182); what doesn't exist reads 0 and ignores writes ----------

  std::uint32_t type() const { return config_.regions << 8; }
  std::uint32_t ctrl() const { return ctrl_; }
  void set_ctrl(std::uint32_t value);
  std::uint32_t rnr() const { return rnr_; }
  void set_rnr(std::uint32_t value);
  /// RBAR and RASR (PMSAv8: RLAR) of the region that RNR selects; `alias` 1..3 is RBAR_A<alias> ..., which with PMSAv8
  /// are the other regions of RNR's group of four, with PMSAv7 the same register again.
  std::uint32_t rbar(unsigned alias = 0) const;
  void set_rbar(std::uint32_t value, unsigned alias = 0);
  std::uint32_t rasr_or_rlar(unsigned alias = 0) const;
  void set_rasr_or_rlar(std::uint32_t value, unsigned alias = 0);
  /// MAIR0 and MAIR1 (PMSAv8): storage; memory attributes have no effect here.
  std::uint32_t mair(unsigned n) const { return mair_[n & 1]; }
  void set_mair(unsigned n, std::uint32_t value);

  /// The answers below don't depend on `hardfault_or_nmi` now.
  bool ignores_priority() const { return (ctrl_ & mpu_enable) == 0 || (ctrl_ & mpu_hfnmiena) != 0; }

  // ---- what is permitted ------------------------------------------------------------------------------------------

  /// What may be done at `address`. `hardfault_or_nmi`: the execution priority is negative (HardFault, NMI, or
  /// FAULTMASK set), for which HFNMIENA counts. Exception vectors are read by the default map, not by this.
  /// Execution needs mpu_execute alone (a region that can't be read has none).
  MpuRange at(std::uint32_t address, bool privileged, bool hardfault_or_nmi) const;
  /// The same for the whole address space: sorted, without gaps or overlap, neighbours differ.
  std::vector<MpuRange> flatten(bool privileged, bool hardfault_or_nmi) const;

  /// How data may be cached, for the whole address space: sorted, without gaps or overlap. PMSAv7's attributes where a
  /// region applies, else the default map's; PMSAv8's (MAIR) are not looked at. What applies at a negative execution
  /// priority only (HFNMIENA) isn't told apart.
  std::vector<MpuMemory> memory() const;

 private:
  struct Region {
    std::uint32_t base = 0;   ///< RBAR[31:5]
    std::uint32_t attrs = 0;  ///< PMSAv7: RASR. PMSAv8: RLAR
    std::uint32_t low = 0;    ///< PMSAv8: RBAR[4:0]
  };
  bool regions_apply(bool hardfault_or_nmi) const {
    return (ctrl_ & mpu_enable) != 0 && ((ctrl_ & mpu_hfnmiena) != 0 || !hardfault_or_nmi);
  }
  bool matches(const Region& r, std::uint32_t address) const;
  std::uint8_t permits(const Region& r, bool privileged) const;
  /// Where the answer may change: the first address of each piece of the region.
  void add_edges(const Region& r, std::vector<std::uint32_t>& edges) const;
  /// Index of the region that RNR and `alias` name; -1: there is none.
  int selected(unsigned alias) const;

  MpuConfig config_;
  std::uint32_t ctrl_ = 0, rnr_ = 0;
  std::array<Region, max_regions> regions_{};
  std::array<std::uint32_t, 2> mair_{};
  std::uint64_t version_ = 1;
};

/// The default memory map's caching (ARMv7-M table B3-1).
Cacheable default_map_cacheable(std::uint32_t address);

/// The default memory map (ARMv7-M B3.1, table B3-1; Armv8-M B8.1): code and RAM may be executed, device memory and the
/// system space not.
std::uint8_t default_map_permits(std::uint32_t address, bool privileged);

}  // namespace mj::isa::thumb
