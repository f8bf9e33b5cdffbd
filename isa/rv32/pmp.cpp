#include "isa/rv32/pmp.h"

#include <algorithm>
#include <bit>

#include "isa/rv32/csr.h"

namespace mj::isa::rv32 {

namespace {
constexpr std::uint64_t reach = std::uint64_t{1} << 32;  ///< bytes that a 32-bit core addresses
constexpr std::uint32_t address_bits = 0x3fffffff;       ///< of pmpaddr, on cores without bits 33 and 32
constexpr std::uint8_t all = pmp_read | pmp_write | pmp_execute;

constexpr bool is_cfg(std::uint32_t csr) { return csr >= csr_pmpcfg0 && csr < csr_pmpcfg0 + 16; }
constexpr std::uint32_t ones(unsigned n) { return (1u << n) - 1; }
}  // namespace

Pmp::Pmp(const PmpConfig& config) : config_(config) {
  config_.entries = std::min(config_.entries, 64u);
  config_.csrs = std::clamp(config_.csrs, config_.entries, 64u);
  config_.grain = std::min(config_.grain, 29u);
  for (const PmpConfig::Wired& w : config_.wired)
    if (w.entry < config_.entries) wired_ |= std::uint64_t{1} << w.entry;
}

std::uint8_t Pmp::reordered(std::uint8_t cfg) const {
  if (!config_.xwr_reversed) return cfg;
  const unsigned others = cfg & ~(pmp_read | pmp_execute | 0u);
  return static_cast<std::uint8_t>(others | (cfg & pmp_read ? pmp_execute : 0) | (cfg & pmp_execute ? pmp_read : 0));
}

void Pmp::reset() {
  // 3.7.1: A and L are 0 after reset; the rest is unspecified.
  cfg_.fill(0);
  addr_.fill(0);
  if (config_.hazard3) std::fill_n(addr_.begin(), config_.entries, below_grain());
  cfgm_ = 0;
  for (const PmpConfig::Wired& w : config_.wired) restore(w);
  ++version_;
}

void Pmp::restore(const PmpConfig::Wired& w) {
  if (w.entry >= config_.entries) return;
  cfg_[w.entry] = reordered(w.cfg);
  addr_[w.entry] = w.addr;
}

bool Pmp::has(std::uint32_t csr) const {
  if (is_cfg(csr)) return (csr - csr_pmpcfg0) * 4 < config_.csrs;
  if (csr == csr_pmpcfgm0) return config_.hazard3;
  return csr >= csr_pmpaddr0 && csr - csr_pmpaddr0 < config_.csrs;
}

std::uint32_t Pmp::read(std::uint32_t csr) const {
  if (is_cfg(csr)) {
    std::uint32_t value = 0;
    for (unsigned k = 0; k < 4; ++k) value |= std::uint32_t{reordered(cfg_[(csr - csr_pmpcfg0) * 4 + k])} << (8 * k);
    return value;
  }
  if (csr == csr_pmpcfgm0) return static_cast<std::uint32_t>(cfgm_);
  // 3.7.1: the bits below the grain read as the mode implies; what was written is kept.
  const unsigned entry = csr - csr_pmpaddr0;
  const bool napot = (cfg_[entry] & pmp_mode) == pmp_napot;
  if (config_.hazard3) return (wired_ >> entry & 1u) || !napot ? addr_[entry] : addr_[entry] & ~below_grain();
  return napot ? addr_[entry] | below_grain() : addr_[entry] & ~ones(config_.grain);
}

void Pmp::write(std::uint32_t csr, std::uint32_t value) {
  if (is_cfg(csr)) {
    for (unsigned k = 0; k < 4; ++k)
      write_cfg((csr - csr_pmpcfg0) * 4 + k, reordered(static_cast<std::uint8_t>(value >> (8 * k))));
    return;
  }
  if (csr == csr_pmpcfgm0) {
    cfgm_ = value & ((std::uint64_t{1} << std::min(config_.entries, 32u)) - 1u) & ~wired_;
    ++version_;
    return;
  }
  const unsigned entry = csr - csr_pmpaddr0;
  if (entry >= config_.entries || locked(entry)) return;
  // The lower bound of a locked TOR region is locked with it.
  if (entry + 1 < config_.entries && locked(entry + 1) && (cfg_[entry + 1] & pmp_mode) == pmp_tor) return;
  addr_[entry] = config_.hazard3 ? (value & address_bits) | below_grain() : value;
  ++version_;
}

void Pmp::write_cfg(unsigned entry, std::uint8_t value) {
  if (entry >= config_.entries || locked(entry)) return;
  if (wired_ >> entry & 1u) {
    for (const PmpConfig::Wired& w : config_.wired)
      if (w.entry == entry) restore(w);
    ++version_;
    return;
  }
  value &= static_cast<std::uint8_t>(pmp_lock | pmp_mode | all);
  const unsigned mode = value & pmp_mode;
  if (config_.hazard3) {
    if (mode == pmp_tor || (mode == pmp_na4 && config_.grain > 0)) value &= static_cast<std::uint8_t>(~pmp_mode);
  } else {
    if (!(value & pmp_read)) value &= static_cast<std::uint8_t>(~pmp_write);
    if (config_.grain > 0 && mode == pmp_na4) value |= pmp_napot;
  }
  cfg_[entry] = value;
  ++version_;
}

Pmp::Span Pmp::span(unsigned entry) const {
  const std::uint64_t unit = std::uint64_t{4} << config_.grain;
  const auto bytes = [&](unsigned e) { return (std::uint64_t{addr_[e]} << 2) & ~(unit - 1); };
  switch (cfg_[entry] & pmp_mode) {
    case pmp_tor:
      return {entry == 0 ? 0 : bytes(entry - 1), bytes(entry)};
    case pmp_na4:
      return {bytes(entry), bytes(entry) + 4};
    case pmp_napot: {
      const std::uint32_t addr = addr_[entry] | below_grain();
      const std::uint64_t size = std::uint64_t{8} << std::countr_one(addr);
      const std::uint64_t from = (std::uint64_t{addr} << 2) & ~(size - 1);
      return {from, from + size};
    }
    default:
      return {};
  }
}

std::vector<PmpRange> Pmp::permits(bool machine) const {
  std::vector<std::uint64_t> edges{0, reach};
  for (unsigned e = 0; e < config_.entries; ++e)
    for (const std::uint64_t edge : {span(e).from, span(e).to})
      if (edge < reach) edges.push_back(edge);
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  std::vector<PmpRange> out;
  for (std::size_t k = 0; k + 1 < edges.size(); ++k) {
    // Nothing matches: machine mode may, user mode may not where there are entries at all.
    std::uint8_t permits = machine || config_.entries == 0 ? all : 0;
    for (unsigned e = 0; e < config_.entries; ++e) {
      const Span s = span(e);
      if (edges[k] < s.from || edges[k] >= s.to) continue;
      permits = machine && !binds_machine(e) ? all : cfg_[e] & all;
      break;
    }
    const auto first = static_cast<std::uint32_t>(edges[k]), last = static_cast<std::uint32_t>(edges[k + 1] - 1);
    if (!out.empty() && out.back().permits == permits)
      out.back().last = last;
    else
      out.push_back({first, last, permits});
  }
  return out;
}

}  // namespace mj::isa::rv32
