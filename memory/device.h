// A thing with registers, as the bus sees it.
#pragma once

#include <cstdint>
#include <string_view>

#include "sim/base/units.h"

namespace mj::memory {

class Device {
 public:
  virtual ~Device() = default;
  /// The device's instance name as the board file gives it ("LPUART1").
  virtual std::string_view name() const = 0;
  /// `offset` from the device's base, `size` 1, 2 or 4 bytes (never crossing a word), `now` the exact cycle of the
  /// access.
  virtual std::uint32_t read(std::uint32_t offset, unsigned size, Cycle now) = 0;
  virtual void write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle now) = 0;
};

}  // namespace mj::memory
