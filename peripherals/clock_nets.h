// Clock signals of one chip by name: who generates one drives it, who counts or runs on one listens.
//
// The net "core" is the clock of the CPU; the machine drives it with the reset frequency, listens and tells
// mj::CoreClock.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/units.h"

namespace mj::peripherals {

class ClockNets {
 public:
  static constexpr std::string_view core = "core";

  /// What-if: the core runs at `hz` from now on, whatever is driven. Nets derived from it keep their ratio to it,
  /// others their frequency.
  void hold_core(Hertz hz) {
    held_ = hz;
    nets_[std::string(core)].hz = hz;
  }

  /// The net runs at `hz` from cycle `now` on (0: stopped). Listeners hear of it if that is a change.
  void drive(std::string_view net, Hertz hz, Cycle now) {
    if (held_ && net == core) {
      driven_core_ = hz;
      return;
    }
    Net& n = nets_[std::string(net)];
    if (n.hz == hz) return;
    n.hz = hz;
    for (std::size_t i = 0; i < n.listeners.size(); ++i) n.listeners[i](now);
  }
  /// The same for a net that a prescaler derives from the core's clock; the core is driven first.
  void drive_from_core(std::string_view net, Hertz hz, Cycle now) {
    const bool scaled = held_ && driven_core_;
    drive(net,
          scaled ? static_cast<Hertz>(static_cast<double>(hz) * static_cast<double>(held_) /
                                      static_cast<double>(driven_core_))
                 : hz,
          now);
  }
  /// 0 for a net that nobody drives.
  Hertz hz(std::string_view net) const {
    const auto at = nets_.find(std::string(net));
    return at == nets_.end() ? 0 : at->second.hz;
  }
  void on_change(std::string_view net, std::function<void(Cycle now)> listener) {
    nets_[std::string(net)].listeners.push_back(std::move(listener));
  }

 private:
  struct Net {
    Hertz hz = 0;
    std::vector<std::function<void(Cycle)>> listeners;
  };
  std::map<std::string, Net> nets_;
  Hertz held_ = 0, driven_core_ = 0;
};

}  // namespace mj::peripherals
