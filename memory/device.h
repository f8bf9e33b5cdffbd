// A thing with registers, as the bus sees it.
#pragma once

#include <cstdint>
#include <optional>
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
  /// The manual's name of the register that holds the byte at `offset`; empty: not known.
  virtual std::string_view register_name(std::uint32_t /*offset*/) const { return {}; }
  /// The word at `offset`, a multiple of 4, as a read would answer it, but without that read's side effects; none:
  /// that can't be told.
  virtual std::optional<std::uint32_t> peek(std::uint32_t /*offset*/) const { return std::nullopt; }
};

}  // namespace mj::memory
