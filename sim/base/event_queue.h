// Timed callbacks of one machine, ordered by cycle and, at equal cycles, by the order in which they were scheduled.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <utility>

#include "sim/base/units.h"

namespace mj {

class EventQueue {
 public:
  using Id = std::uint64_t;  ///< 0: of no event
  using Callback = std::function<void(Cycle when)>;

  static constexpr Cycle never = std::numeric_limits<Cycle>::max();
  /// No run comes so far (292 years at 1 GHz): a time behind it, as a timer has that firmware has set to its end,
  /// counts as never, so that the machine's time never wraps.
  static constexpr Cycle horizon = Cycle{1} << 63;

  /// Calls `callback` once, when the machine's time has reached `when`. A time in the past is due at once; one behind
  /// the horizon never comes, and the id is 0.
  Id schedule(Cycle when, Callback callback) {
    if (when >= horizon) return 0;
    const Id id = ++last_id_;
    events_.emplace(Key{when, id}, std::move(callback));
    times_.emplace(id, when);
    changed_();
    return id;
  }
  /// Forgets an event; an id that has run already, or 0, is ignored.
  void cancel(Id id) {
    const auto at = times_.find(id);
    if (at == times_.end()) return;
    events_.erase(Key{at->second, id});
    times_.erase(at);
  }
  /// Time of the earliest event, or `never`.
  Cycle next() const { return events_.empty() ? never : events_.begin()->first.first; }
  /// Runs every event that is due at `now`, those included that they schedule for `now` or before.
  void run_due(Cycle now) {
    while (!events_.empty() && events_.begin()->first.first <= now) {
      auto node = events_.extract(events_.begin());
      times_.erase(node.key().second);
      node.mapped()(node.key().first);
    }
  }
  /// Called after each schedule(): the engine must look at next() again.
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

 private:
  using Key = std::pair<Cycle, Id>;
  std::map<Key, Callback> events_;
  std::map<Id, Cycle> times_;
  std::function<void()> changed_ = [] {};
  Id last_id_ = 0;
};

}  // namespace mj
