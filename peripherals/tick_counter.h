// Counts of a clock that is not the core's, from the core's cycles: exact while both frequencies stay, and carried over
// when either changes.
#pragma once

#include <cstdint>

#include "sim/base/event_queue.h"
#include "sim/base/units.h"

namespace mj::peripherals {

class TickCounter {
 public:
  /// From cycle `now` on, `tick_hz / divisor` ticks per second while the core runs at `core_hz`. 0 stands still.
  void set_rate(Hertz tick_hz, std::uint64_t divisor, Hertz core_hz, Cycle now) {
    const Wide old_unit = unit_;
    fold(now);
    tick_hz_ = tick_hz;
    unit_ = Wide{core_hz} * divisor;
    rest_ = old_unit ? rest_ * unit_ / old_unit : 0;
  }
  std::uint64_t ticks(Cycle now) const {
    return running() && now > since_ ? base_ + static_cast<std::uint64_t>(total(now) / unit_) : base_;
  }
  void set_ticks(std::uint64_t ticks, Cycle now) {
    base_ = ticks;
    rest_ = 0;
    since_ = now;
  }
  /// First cycle at which ticks() is at least `target`; EventQueue::never while the clock stands still.
  Cycle when(std::uint64_t target) const {
    if (target <= base_) return since_;
    if (!running()) return EventQueue::never;
    const Wide cycles = (Wide{target - base_} * unit_ - rest_ + tick_hz_ - 1) / tick_hz_;
    return cycles > EventQueue::never - since_ ? EventQueue::never : since_ + static_cast<Cycle>(cycles);
  }

 private:
  __extension__ using Wide = unsigned __int128;  // cycles times frequency outgrows 64 bits in minutes
  bool running() const { return tick_hz_ != 0 && unit_ != 0; }
  Wide total(Cycle now) const { return rest_ + Wide{now - since_} * tick_hz_; }
  void fold(Cycle now) {
    if (now <= since_) return;
    if (running()) {
      const Wide t = total(now);
      base_ += static_cast<std::uint64_t>(t / unit_);
      rest_ = t % unit_;
    }
    since_ = now;
  }

  Hertz tick_hz_ = 0;
  Wide unit_ = 0;  ///< core_hz * divisor: one tick in the units of rest_
  Wide rest_ = 0;
  std::uint64_t base_ = 0;
  Cycle since_ = 0;
};

/// True if a counter modulo `period` that went from tick `from` (exclusive) to `to` (inclusive) met `value`.
inline bool counter_passed(std::uint64_t from, std::uint64_t to, std::uint64_t value, std::uint64_t period) {
  if (period == 0 || value % period != value) return false;
  if (to - from >= period) return true;
  const std::uint64_t ahead = (value + period - (from + 1) % period) % period;
  return to > from && ahead < to - from;
}
/// The first tick after `from` at which a counter modulo `period` shows `value`.
inline std::uint64_t counter_next(std::uint64_t from, std::uint64_t value, std::uint64_t period) {
  return from + 1 + (value + period - (from + 1) % period) % period;
}

}  // namespace mj::peripherals
