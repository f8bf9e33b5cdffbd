#include "isa/thumb/mpu.h"

#include <algorithm>

namespace mj::isa::thumb {
namespace {

constexpr std::uint8_t rw = mpu_read | mpu_write, rwx = rw | mpu_execute;
// Where the default map changes.
constexpr std::uint32_t default_map_edges[] = {0, 0x40000000, 0x60000000, 0xa0000000, 0xe0000000, 0xe0100000};

// RASR (ARMv7-M B3.5.9).
constexpr std::uint32_t rasr_enable = 1, rasr_xn = 1u << 28, rasr_writable = 0x173fff3f;
constexpr unsigned log2_size(std::uint32_t rasr) { return (rasr >> 1 & 31) + 1; }
constexpr std::uint32_t disabled_subregions(std::uint32_t rasr) { return rasr >> 8 & 0xff; }
constexpr unsigned least_log2_of_subregions = 8;

// RLAR, RBAR (Armv8-M D1.2.176, D1.2.180).
constexpr std::uint32_t rlar_enable = 1, rlar_writable = 0xffffffef, rbar_xn = 1, address_bits = ~31u;

/// By AP[2:0] (ARMv7-M table B3-15): for privileged, for unprivileged code.
constexpr std::uint8_t pmsav7_access[8][2] = {{0, 0}, {rw, 0},       {rw, mpu_read},       {rw, rw},
                                              {0, 0}, {mpu_read, 0}, {mpu_read, mpu_read}, {mpu_read, mpu_read}};
/// By AP[2:1] (Armv8-M D1.2.176).
constexpr std::uint8_t pmsav8_access[4][2] = {{rw, 0}, {rw, rw}, {mpu_read, 0}, {mpu_read, mpu_read}};

}  // namespace

std::uint8_t default_map_permits(std::uint32_t address, bool privileged) {
  if (is_private_peripheral_bus(address)) return privileged ? rw : 0;
  const unsigned block = address >> 29;  // 512 MiB: code, SRAM, peripheral, RAM, RAM, device, device, system
  return block == 2 || block >= 5 ? rw : rwx;
}

Cacheable default_map_cacheable(std::uint32_t address) {
  switch (address >> 29) {
    case 0:
    case 4:
      return Cacheable::write_through;
    case 1:
    case 3:
      return Cacheable::write_allocate;
    default:
      return Cacheable::no;
  }
}

namespace {

/// By TEX, C, B and S of RASR (ARMv7-M table B3-13); of outer and inner attributes, the inner ones.
Cacheable cacheable_by(std::uint32_t rasr) {
  const std::uint32_t tex = rasr >> 19 & 7, c_b = rasr >> 16 & 3;
  if ((rasr >> 18 & 1) != 0) return Cacheable::no;
  if (tex >= 4) switch (c_b) {
      case 1:
        return Cacheable::write_allocate;
      case 2:
        return Cacheable::write_through;
      case 3:
        return Cacheable::write_back;
      default:
        return Cacheable::no;
    }
  if (tex == 0 && c_b == 2) return Cacheable::write_through;
  if (tex == 0 && c_b == 3) return Cacheable::write_back;
  return tex == 1 && c_b == 3 ? Cacheable::write_allocate : Cacheable::no;
}

}  // namespace

Mpu::Mpu(const MpuConfig& config) : config_(config) { config_.regions = std::min(config_.regions, max_regions); }

void Mpu::reset() {
  ctrl_ = rnr_ = 0;
  regions_ = {};
  mair_ = {};
  ++version_;
}

// ---- registers ------------------------------------------------------------------------------------------------------

void Mpu::set_ctrl(std::uint32_t value) {
  if (config_.regions == 0) return;
  ctrl_ = value & (mpu_enable | mpu_hfnmiena | mpu_privdefena);
  ++version_;
}

void Mpu::set_rnr(std::uint32_t value) {
  if ((value & 0xff) < config_.regions) rnr_ = value & 0xff;
}

int Mpu::selected(unsigned alias) const {
  if (alias != 0 && !config_.aliases) return -1;
  const unsigned n = config_.pmsav8 && alias != 0 ? (rnr_ & ~3u) + alias : rnr_;
  return n < config_.regions ? static_cast<int>(n) : -1;
}

std::uint32_t Mpu::rbar(unsigned alias) const {
  const int n = selected(alias);
  if (n < 0) return 0;
  return regions_[n].base | (config_.pmsav8 ? regions_[n].low : rnr_ & 15);
}

void Mpu::set_rbar(std::uint32_t value, unsigned alias) {
  constexpr std::uint32_t valid = 1u << 4;
  if (alias != 0 && !config_.aliases) return;
  if (!config_.pmsav8 && (value & valid) != 0) {
    if ((value & 15) >= config_.regions) return;
    rnr_ = value & 15;
  }
  const int n = selected(alias);
  if (n < 0) return;
  regions_[n].base = value & address_bits;
  if (config_.pmsav8) regions_[n].low = value & 31;
  ++version_;
}

std::uint32_t Mpu::rasr_or_rlar(unsigned alias) const {
  const int n = selected(alias);
  return n < 0 ? 0 : regions_[n].attrs;
}

void Mpu::set_rasr_or_rlar(std::uint32_t value, unsigned alias) {
  const int n = selected(alias);
  if (n < 0) return;
  regions_[n].attrs = value & (config_.pmsav8 ? rlar_writable : rasr_writable);
  ++version_;
}

void Mpu::set_mair(unsigned n, std::uint32_t value) {
  if (config_.pmsav8 && config_.regions != 0) mair_[n & 1] = value;
}

// ---- what is permitted ----------------------------------------------------------------------------------------------

// ValidateAddress() of ARMv7-M B3.5.3 for one region; PMSAv8: MPUCheck() of the Armv8-M ARM.
bool Mpu::matches(const Region& r, std::uint32_t address) const {
  if (config_.pmsav8) return (r.attrs & rlar_enable) != 0 && address >= r.base && address <= (r.attrs | ~address_bits);
  if ((r.attrs & rasr_enable) == 0) return false;
  const unsigned log2 = log2_size(r.attrs);
  if (log2 < 32 && address >> log2 != r.base >> log2) return false;
  if (log2 < least_log2_of_subregions) return true;
  const unsigned subregion = address >> (log2 - 3) & 7;
  return (disabled_subregions(r.attrs) >> subregion & 1) == 0;
}

std::uint8_t Mpu::permits(const Region& r, bool privileged) const {
  const unsigned who = privileged ? 0 : 1;
  std::uint8_t access;
  bool never_execute;
  if (config_.pmsav8) {
    access = pmsav8_access[r.low >> 1 & 3][who];
    never_execute = (r.low & rbar_xn) != 0;
  } else {
    const bool too_small = (std::uint64_t{1} << log2_size(r.attrs)) < config_.least_region;
    access = too_small ? std::uint8_t{0} : pmsav7_access[r.attrs >> 24 & 7][who];
    never_execute = (r.attrs & rasr_xn) != 0;
  }
  return (access & mpu_read) != 0 && !never_execute ? access | mpu_execute : access;
}

MpuRange Mpu::at(std::uint32_t address, bool privileged, bool hardfault_or_nmi) const {
  MpuRange out{address, address, 0, mpu_no_region};
  const std::uint8_t by_default = default_map_permits(address, privileged);
  if (is_private_peripheral_bus(address) || !regions_apply(hardfault_or_nmi)) {
    out.permits = by_default;
    return out;
  }
  unsigned hits = 0;
  for (unsigned n = 0; n < config_.regions; ++n) {  // PMSAv7: the highest number wins
    if (!matches(regions_[n], address)) continue;
    ++hits;
    out.permits = permits(regions_[n], privileged);
    out.region = static_cast<std::int16_t>(n);
  }
  if (hits == 0 && privileged && (ctrl_ & mpu_privdefena) != 0) out.permits = by_default;
  if (hits > 1 && config_.pmsav8) {
    out.permits = 0;
    out.region = mpu_no_region;
  }
  if (address >> 29 == 7) out.permits &= rw;  // system space: never executed
  return out;
}

void Mpu::add_edges(const Region& r, std::vector<std::uint32_t>& edges) const {
  if (config_.pmsav8) {
    if ((r.attrs & rlar_enable) == 0) return;
    edges.push_back(r.base);
    edges.push_back((r.attrs | ~address_bits) + 1);
    return;
  }
  if ((r.attrs & rasr_enable) == 0) return;
  const unsigned log2 = log2_size(r.attrs);
  const std::uint64_t size = std::uint64_t{1} << log2;
  const std::uint64_t base = r.base & ~(size - 1);
  const std::uint64_t step = log2 >= least_log2_of_subregions && disabled_subregions(r.attrs) ? size / 8 : size;
  for (std::uint64_t a = base; a <= base + size; a += step) edges.push_back(static_cast<std::uint32_t>(a));
}

std::vector<MpuRange> Mpu::flatten(bool privileged, bool hardfault_or_nmi) const {
  std::vector<std::uint32_t> edges(std::begin(default_map_edges), std::end(default_map_edges));
  if (regions_apply(hardfault_or_nmi))
    for (unsigned n = 0; n < config_.regions; ++n) add_edges(regions_[n], edges);
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  std::vector<MpuRange> out;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    MpuRange r = at(edges[i], privileged, hardfault_or_nmi);
    r.last = i + 1 < edges.size() ? edges[i + 1] - 1 : 0xffffffff;
    if (!out.empty() && out.back().permits == r.permits && out.back().region == r.region)
      out.back().last = r.last;
    else
      out.push_back(r);
  }
  return out;
}

std::vector<MpuMemory> Mpu::memory() const {
  std::vector<std::uint32_t> edges;
  for (std::uint32_t block = 0; block < 8; ++block) edges.push_back(block << 29);
  const bool regions = regions_apply(false) && !config_.pmsav8;
  if (regions)
    for (unsigned n = 0; n < config_.regions; ++n) add_edges(regions_[n], edges);
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  std::vector<MpuMemory> out;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    Cacheable how = default_map_cacheable(edges[i]);
    for (unsigned n = 0; regions && n < config_.regions; ++n)
      if (matches(regions_[n], edges[i])) how = cacheable_by(regions_[n].attrs);
    const std::uint32_t last = i + 1 < edges.size() ? edges[i + 1] - 1 : 0xffffffff;
    if (!out.empty() && out.back().cacheable == how)
      out.back().last = last;
    else
      out.push_back({edges[i], last, how});
  }
  return out;
}

}  // namespace mj::isa::thumb
