// Address ranges that overlap, made into ranges that don't: for every address the range with the highest priority wins.
#pragma once

#include <algorithm>
#include <cstdint>
#include <set>
#include <tuple>
#include <vector>

namespace mj::profile {

/// [start, end) with a value; of several over one address the highest priority wins, then the later in the input.
struct PrioritisedRange {
  std::uint32_t start = 0;
  std::uint32_t end = 0;  ///< exclusive; the address space's very last byte can't be in a range
  std::uint64_t priority = 0;
  std::uint32_t value = 0;
};

struct FlatRange {
  std::uint32_t start = 0;
  std::uint32_t end = 0;  ///< exclusive
  std::uint32_t value = 0;
  bool operator==(const FlatRange&) const = default;
};

/// Disjoint ranges in address order; neighbours of equal value are joined. O(n log n) whatever the input.
inline std::vector<FlatRange> flatten(const std::vector<PrioritisedRange>& ranges) {
  struct Edge {
    std::uint32_t at;
    bool opens;
    std::size_t index;
  };
  std::vector<Edge> edges;
  edges.reserve(ranges.size() * 2);
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (ranges[i].start >= ranges[i].end) continue;
    edges.push_back({ranges[i].start, true, i});
    edges.push_back({ranges[i].end, false, i});
  }
  std::sort(edges.begin(), edges.end(),
            [](const Edge& a, const Edge& b) { return std::tie(a.at, a.index) < std::tie(b.at, b.index); });
  std::set<std::pair<std::uint64_t, std::size_t>> open;
  std::vector<FlatRange> out;
  std::uint32_t last = 0;
  for (const Edge& edge : edges) {
    if (!open.empty() && edge.at > last) {
      const std::uint32_t value = ranges[open.rbegin()->second].value;
      if (!out.empty() && out.back().end == last && out.back().value == value) {
        out.back().end = edge.at;
      } else {
        out.push_back({last, edge.at, value});
      }
    }
    last = edge.at;
    const std::pair key{ranges[edge.index].priority, edge.index};
    if (edge.opens) {
      open.insert(key);
    } else {
      open.erase(key);
    }
  }
  return out;
}

/// The range that holds the address, or nullptr. `ranges` sorted and disjoint (FlatRange or any type with start, end).
template <class Range>
const Range* range_at(const std::vector<Range>& ranges, std::uint32_t address) {
  auto it = std::upper_bound(ranges.begin(), ranges.end(), address,
                             [](std::uint32_t a, const Range& range) { return a < range.start; });
  if (it == ranges.begin()) return nullptr;
  --it;
  return address < it->end ? &*it : nullptr;
}

/// Index of the first range that ends behind the address; ranges.size() when there is none.
template <class Range>
std::size_t first_range_ending_after(const std::vector<Range>& ranges, std::uint32_t address) {
  const auto it = std::upper_bound(ranges.begin(), ranges.end(), address,
                                   [](std::uint32_t a, const Range& range) { return a < range.end; });
  return static_cast<std::size_t>(it - ranges.begin());
}

}  // namespace mj::profile
