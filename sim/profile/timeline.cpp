#include "sim/profile/timeline.h"

#include <algorithm>
#include <map>

namespace mj::profile {

namespace {
constexpr std::size_t most_calls = 4096;
}

void TimelineRecorder::entered(Address function, std::size_t depth, Cycle now) {
  // Frames at or below this depth that were never reported as left: a thread switch parked them.
  while (!open_.empty() && open_.back().depth >= depth) {
    open_.back().end = now;
    keep(open_.back());
    open_.pop_back();
  }
  open_.push_back({function, static_cast<std::uint32_t>(depth), now, 0});
}

void TimelineRecorder::left(Address, std::size_t depth, Cycle now) {
  while (!open_.empty() && open_.back().depth >= depth) {
    open_.back().end = now;
    keep(open_.back());
    open_.pop_back();
  }
}

void TimelineRecorder::keep(const Call& call) {
  if (call.end - call.begin < shortest_) {
    ++left_out_;
    return;
  }
  calls_.push_back(call);
  if (calls_.size() > 2 * most_calls) thin();
}

void TimelineRecorder::thin() {
  std::vector<Cycle> lengths;
  for (const Call& c : calls_) lengths.push_back(c.end - c.begin);
  const auto at = lengths.end() - static_cast<std::ptrdiff_t>(most_calls);
  std::nth_element(lengths.begin(), at, lengths.end());
  shortest_ = *at + 1;  // calls of equal length stay or go together
  left_out_ += std::erase_if(calls_, [&](const Call& c) { return c.end - c.begin < shortest_; });
}

Timeline TimelineRecorder::timeline(Address root, Cycle now, const std::function<std::string(Address)>& name) const {
  TimelineRecorder all = *this;
  all.keep({root, 0, 0, now});
  for (Call c : open_) {
    c.end = now;
    all.keep(c);
  }
  std::stable_sort(all.calls_.begin(), all.calls_.end(), [](const Call& a, const Call& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.depth < b.depth;
  });
  Timeline out;
  out.shortest = all.shortest_;
  out.left_out = all.left_out_;
  std::map<Address, std::uint32_t> names;
  for (const Call& c : all.calls_) {
    const auto [at, added] = names.emplace(c.function, static_cast<std::uint32_t>(out.names.size()));
    if (added) out.names.push_back(name(c.function));
    out.spans.push_back({at->second, c.depth, c.begin, c.end});
  }
  return out;
}

}  // namespace mj::profile
