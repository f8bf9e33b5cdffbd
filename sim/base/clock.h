// The core clock: its frequency follows the firmware's clock set-up, and time is the sum over the frequencies it had.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/units.h"

namespace mj {

class CoreClock {
 public:
  explicit CoreClock(Hertz hz) : hz_(hz) {}

  Hertz hz() const { return hz_; }
  /// The clock tree changed at cycle `now`.
  void set_hz(Hertz hz, Cycle now) {
    if (hz == hz_ || hz == 0) return;
    spans_.push_back({hz_, now - since_});
    since_ = now;
    hz_ = hz;
  }

  struct Span {
    Hertz hz;
    Cycle cycles;
  };
  /// Cycles spent at each frequency, in order, up to `now`.
  std::vector<Span> spans(Cycle now) const {
    std::vector<Span> all = spans_;
    all.push_back({hz_, now - since_});
    return all;
  }
  /// Seconds from reset to `now`. Sums few terms in a fixed order: the same on every host.
  double seconds(Cycle now) const {
    double s = 0;
    for (const Span& span : spans(now)) s += static_cast<double>(span.cycles) / static_cast<double>(span.hz);
    return s;
  }

 private:
  Hertz hz_;
  Cycle since_ = 0;
  std::vector<Span> spans_;
};

}  // namespace mj
