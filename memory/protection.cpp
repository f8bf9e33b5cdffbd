#include "memory/protection.h"

#include <algorithm>

namespace mj::memory {

std::uint8_t Protection::permits(Address first, Address last) const {
  auto at = std::lower_bound(ranges_.begin(), ranges_.end(), first,
                             [](const ProtectionRange& r, Address a) { return r.last < a; });
  std::uint8_t all = 0xff;
  for (Address a = first; at != ranges_.end() && at->first <= a; ++at) {
    all &= at->permits;
    if (at->last >= last) return all;
    a = at->last + 1;
  }
  return 0;
}

std::vector<ProtectionRange> Protection::fetchable() const {
  std::vector<ProtectionRange> out;
  for (const ProtectionRange& r : ranges_) {
    const auto fetch = static_cast<std::uint8_t>(r.permits & (permit_execute | permit_gateway));
    if (!fetch) continue;
    if (!out.empty() && out.back().permits == fetch && out.back().last + 1 == r.first)
      out.back().last = r.last;
    else
      out.push_back({r.first, r.last, fetch});
  }
  return out;
}

}  // namespace mj::memory
