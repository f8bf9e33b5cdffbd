#include "peripherals/register_map.h"

#include <cassert>
#include <utility>

namespace mj::peripherals {

namespace {
constexpr std::uint32_t lane_mask(std::uint32_t offset, unsigned size) {
  return (size >= 4 ? 0xFFFFFFFFu : (1u << (8 * size)) - 1) << (8 * (offset & 3));
}
constexpr std::uint32_t moved(std::uint32_t value, int shift) { return shift >= 0 ? value << shift : value >> -shift; }
}  // namespace

RegisterMap::RegisterMap(const DeviceSpec& spec, const Wiring& wiring)
    : wiring_(wiring), name_(spec.name), irqs_(spec.irqs), irq_levels_(spec.irqs.size()) {}

void RegisterMap::define(std::vector<Register> registers) {
  for (Register& row : registers) {
    assert((row.offset & 3) == 0);
    const std::uint32_t offset = row.offset, reset = row.reset;
    const bool fresh = cells_.emplace(offset, Cell{std::move(row), reset, true}).second;
    assert(fresh);
    (void)fresh;
  }
}

void RegisterMap::define_storage(std::uint32_t offset, unsigned count, std::string_view name, std::uint32_t reset) {
  for (unsigned i = 0; i < count; ++i) define({Register{offset + 4 * i, name, reset}});
}

void RegisterMap::define_follow(std::vector<Follow> rules) {
  follow_ = std::move(rules);
  for (const Follow& rule : follow_) apply_follow(rule.from);
}

RegisterMap::Cell& RegisterMap::cell(std::uint32_t offset) {
  const auto at = cells_.find(offset);
  if (at != cells_.end()) return at->second;
  return cells_.emplace(offset, Cell{Register{offset, ""}, fill_, false}).first->second;
}

void RegisterMap::apply_follow(std::uint32_t from) {
  for (const Follow& rule : follow_) {
    if (rule.from != from) continue;
    const std::uint32_t source = rule.invert ? ~get(from) : get(from);
    set(rule.to, (get(rule.to) & ~moved(rule.mask, rule.shift)) | moved(source & rule.mask, rule.shift));
  }
}

std::uint32_t RegisterMap::get(std::uint32_t offset) const {
  const auto at = cells_.find(offset);
  return at == cells_.end() ? fill_ : at->second.value;
}

void RegisterMap::set(std::uint32_t offset, std::uint32_t value) { cell(offset).value = value; }

std::uint32_t RegisterMap::read(std::uint32_t offset, unsigned size, Cycle now) {
  if (atomic_aliases_) offset &= 0xFFF;
  const std::uint32_t word = offset & ~3u;
  Cell& c = cell(word);
  if (!c.declared) report(word, "read of a register that is not modelled");
  const std::uint32_t value = c.row.read ? c.row.read(now) : c.value;
  return (value & lane_mask(offset, size)) >> (8 * (offset & 3));
}

void RegisterMap::write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle now) {
  const std::uint32_t alias = atomic_aliases_ ? offset >> 12 & 3 : 0;
  if (atomic_aliases_) offset &= 0xFFF;
  const std::uint32_t word = offset & ~3u, lanes = lane_mask(offset, size);
  Cell& c = cell(word);
  if (!c.declared) report(word, "write of a register that is not modelled");
  std::uint32_t written = (value << (8 * (offset & 3))) & lanes;
  if (alias == 1) written = c.value ^ written;
  if (alias == 2) written = c.value | written;
  if (alias == 3) written = c.value & ~written;
  const std::uint32_t stores = c.row.writable & (alias ? 0xFFFFFFFF : lanes);
  c.value = (c.value & ~stores) | (written & stores);
  apply_follow(word);
  if (c.row.write) c.row.write(written, now);
}

std::string_view RegisterMap::register_name(std::uint32_t offset) const {
  const auto at = cells_.find((atomic_aliases_ ? offset & 0xFFF : offset) & ~3u);
  return at == cells_.end() ? std::string_view() : at->second.row.name;
}

std::optional<std::uint32_t> RegisterMap::peek(std::uint32_t offset) const {
  if (atomic_aliases_) offset &= 0xFFF;
  const auto at = cells_.find(offset & ~3u);
  if (at == cells_.end()) return fill_;
  if (at->second.row.read) return std::nullopt;
  return at->second.value;
}

void RegisterMap::drive_irq(std::size_t index, bool level) {
  if (index >= irqs_.size() || static_cast<bool>(irq_levels_[index]) == level) return;
  irq_levels_[index] = level;
  wiring_.irqs->set_irq(irqs_[index], level);
}

}  // namespace mj::peripherals
