#include "memory/protection.h"

#include <algorithm>

namespace mj::memory {

Protection::Protection(std::vector<ProtectionRange> ranges) : ranges_(std::move(ranges)) {
  for (const ProtectionRange& r : ranges_) {
    const auto fetch = static_cast<std::uint8_t>(r.permits & (permit_execute | permit_gateway));
    if (!fetch) continue;
    if (!fetchable_.empty() && fetchable_.back().permits == fetch && fetchable_.back().last + 1 == r.first)
      fetchable_.back().last = r.last;
    else
      fetchable_.push_back({r.first, r.last, fetch});
  }
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    const Address first = static_cast<Address>(b << block_bits), last = first + ((1u << block_bits) - 1);
    const ProtectionRange run = run_at(first);
    blocks_[b] = run.last >= last ? run.permits : mixed;
  }
}

std::vector<ProtectionRange>::const_iterator Protection::from(Address a) const {
  return std::lower_bound(ranges_.begin(), ranges_.end(), a,
                          [](const ProtectionRange& r, Address x) { return r.last < x; });
}

std::uint8_t Protection::permits(Address first, Address last) const {
  const std::uint8_t block = blocks_[first >> block_bits];
  if (block != mixed && first >> block_bits == last >> block_bits) return block;
  std::uint8_t all = 0xff;
  Address a = first;
  for (auto at = from(first); at != ranges_.end() && at->first <= a; ++at) {
    all &= at->permits;
    if (at->last >= last) return all;
    a = at->last + 1;
  }
  return 0;
}

ProtectionRange Protection::run_at(Address first) const {
  ProtectionRange run{first, 0xffffffff, 0};
  auto at = from(first);
  if (at != ranges_.end() && at->first <= first) {
    run = {first, at->last, at->permits};
    for (++at; at != ranges_.end() && at->first == run.last + 1 && at->permits == run.permits; ++at)
      run.last = at->last;
  } else if (at != ranges_.end()) {
    run.last = at->first - 1;
  }
  return run;
}

}  // namespace mj::memory
