#include "memory/data_port.h"

#include <algorithm>

#include "memory/flash_timing.h"

namespace mj::memory {

namespace {
std::uint32_t span(Cycle from, Cycle to) { return to > from ? static_cast<std::uint32_t>(to - from) : 0; }
constexpr std::uint32_t ratio_allows = 8;
}  // namespace

Cache* DataPort::cache() {
  if (!front_end_) return nullptr;
  cache_ = &front_end_->data_cache();
  return cache_->serves() ? cache_ : nullptr;
}

std::uint32_t DataPort::ratio() const { return front_end_ ? front_end_->bus_ratio() : 1; }

void DataPort::set_policies(std::vector<CachePolicyRange> ranges) {
  policies_ = std::move(ranges);
  last_policy_ = 0;
  forget_quick();
  if (front_end_) front_end_->data_cache().forget_recent();
}

CachePolicy DataPort::policy(Address a) const {
  if (policies_.empty()) return CachePolicy::none;
  const auto holds = [&](std::size_t i) { return a >= policies_[i].first && a <= policies_[i].last; };
  if (!holds(last_policy_)) {
    const auto at = std::upper_bound(policies_.begin(), policies_.end(), a,
                                     [](Address x, const CachePolicyRange& r) { return x < r.first; });
    last_policy_ = static_cast<std::size_t>(at - policies_.begin()) - 1;
  }
  return policies_[last_policy_].policy;
}

std::uint64_t DataPort::worst_case(const BusCosts& costs) const {
  const std::uint32_t line_bytes = front_end_ ? front_end_->data_cache().line_bytes() : 0;
  const std::uint64_t burst =
      std::uint64_t{costs.read} + costs.write + std::uint64_t{line_bytes / costs.beat_bytes} * costs.beat;
  return (burst * (params_.entries + 3)) * ratio_allows;
}

DataPort::Fill& DataPort::fill(Address a, Cycle now, const BusCosts& costs) {
  Fill& f =
      *std::min_element(fills_.begin(), fills_.end(), [](const Fill& x, const Fill& y) { return x.done < y.done; });
  const Address line = cache_->line_of(a);
  const std::uint32_t beats = std::max(cache_->line_bytes() / costs.beat_bytes, 1u);
  Cycle start = std::max(now, f.done);
  quick_[line >> quick_shift & (quick_count - 1)] = {};
  if (cache_->insert(line, false).dirty) {
    // The line in its place goes through one eviction buffer; a second one waits for it.
    start = std::max(start, writes_free_);
    writes_free_ = start + std::uint64_t{costs.write + (beats - 1) * costs.beat} * ratio();
  }
  f.line = line;
  f.critical = (a - line) / costs.beat_bytes;
  f.beat_bytes = costs.beat_bytes;
  f.beat_cycles = costs.beat * ratio();
  f.first = start + std::uint64_t{costs.read} * ratio();
  f.done = f.first + std::uint64_t{beats - 1} * f.beat_cycles;
  return f;
}

Cycle DataPort::arrives(Address a, Cycle now) const {
  const Address line = cache_->line_of(a);
  for (const Fill& f : fills_) {
    if (f.line != line || f.done <= now) continue;
    const std::uint32_t beats = std::max(cache_->line_bytes() / f.beat_bytes, 1u);
    const std::uint32_t behind = ((a - line) / f.beat_bytes + beats - f.critical) % beats;
    return f.first + std::uint64_t{behind} * f.beat_cycles;
  }
  return now;
}

void DataPort::remember(Address a, Cache::Line* line, Cycle now, std::uint8_t* host, bool writable) {
  if (cache_->line_bytes() != quick_mask + 1) return;
  for (const Fill& f : fills_)
    if (f.line == line->tag && f.done > now) return;
  Quick& q = quick_[a >> quick_shift & (quick_count - 1)];
  writable |= q.line == line && q.writable;
  q = {line, host - (a & quick_mask), writable};
}

DataPort::Cost DataPort::read(Address a, Cycle now, const BusCosts& costs, std::uint8_t* host) {
  Cost cost;
  if (policy(a) != CachePolicy::none && cache()) {
    cost.miss = true;
    if (Cache::Line* line = cache_->touch(cache_->line_of(a), false)) {
      cost.cycles = span(now, arrives(a, now));
      remember(a, line, now, host, false);
      return cost;
    }
    const Fill& f = fill(a, now, costs);
    cost.cycles = span(now, f.first);
    cost.queued = cost.cycles - std::min(cost.cycles, costs.read * ratio());
    return cost;
  }
  // A read passes stores in the buffer, but not those of its own bytes (DDI 0489F 5.9.2).
  Cycle start = now;
  if (params_.merge_bytes) {
    const Address own = a & ~(params_.merge_bytes - 1);
    for (const Store& s : stores_)
      if (s.at == own) start = std::max(start, s.done);
  } else if (!stores_.empty()) {
    start = std::max(start, stores_.back().done);
  }
  cost.buffered = span(now, start);
  cost.cycles = cost.buffered + costs.read * ratio();
  return cost;
}

Cycle DataPort::room(Cycle now) {
  Cycle from = now;
  if (stores_.size() >= params_.entries) from = std::max(now, stores_[stores_.size() - params_.entries].done);
  std::erase_if(stores_, [&](const Store& s) { return s.done <= from; });
  return from;
}

void DataPort::enter(const Store& store) {
  newest_ = store;
  const auto at = std::upper_bound(stores_.begin(), stores_.end(), store.done,
                                   [](Cycle done, const Store& s) { return done < s.done; });
  stores_.insert(at, store);
}

DataPort::Cost DataPort::post(Address a, Cycle now, std::uint32_t busy) {
  if (params_.entries == 0) return {busy, 0, 0, false};
  Cost cost;
  const Address own = params_.merge_bytes ? a & ~(params_.merge_bytes - 1) : a;
  if (params_.merge_bytes && newest_.at == own && newest_.begins > now) return cost;
  const Cycle entered = room(now);
  cost.cycles = cost.buffered = span(now, entered);
  const Cycle begins = std::max(entered, writes_free_);
  writes_free_ = begins + busy;
  enter({own, begins, writes_free_});
  return cost;
}

DataPort::Cost DataPort::drain(Cycle now) {
  Cost cost;
  if (!stores_.empty()) cost.cycles = cost.buffered = span(now, stores_.back().done);
  return cost;
}

DataPort::Cost DataPort::write(Address a, Cycle now, const BusCosts& costs, std::uint8_t* host) {
  const std::uint32_t busy = costs.write * ratio();
  const CachePolicy how = policy(a);
  if (how == CachePolicy::none || !cache()) return post(a, now, busy);
  if (Cache::Line* line = cache_->touch(cache_->line_of(a), false)) {
    if (how == CachePolicy::write_through) return post(a, now, busy);
    line->dirty = true;
    remember(a, line, now, host, true);
    return {};
  }
  if (how != CachePolicy::write_allocate) return post(a, now, busy);
  // The store stays in the buffer until its line is there; the core goes on.
  const Cycle entered = params_.entries ? room(now) : now;
  const Fill& f = fill(a, entered, costs);
  if (Cache::Line* line = cache_->find(f.line)) line->dirty = true;
  Cost cost;
  cost.cycles = cost.buffered = span(now, params_.entries ? entered : f.done);
  if (params_.entries) enter({a & ~(std::max(params_.merge_bytes, 1u) - 1), entered, f.done});
  return cost;
}

void DataPort::maintain(Operation operation, Address a) {
  if (!cache()) return;
  Cache::Line* line = cache_->find(cache_->line_of(a));
  if (!line) return;
  line->dirty = false;
  if (operation != Operation::clean) *line = {};
}

void DataPort::maintain_by_way(Operation operation, std::uint32_t set_and_way) {
  if (!front_end_) return;
  cache_ = &front_end_->data_cache();
  unsigned way_bits = 0;
  while (1u << way_bits < cache_->ways()) ++way_bits;
  const std::uint32_t way = way_bits ? set_and_way >> (32 - way_bits) : 0;
  const std::uint32_t low = way_bits ? set_and_way & ((1u << (32 - way_bits)) - 1) : set_and_way;
  Cache::Line* line = cache_->at(low / cache_->line_bytes(), way);
  if (!line) return;
  line->dirty = false;
  if (operation != Operation::clean) *line = {};
}

}  // namespace mj::memory
