// The interrupt controller's registers (ARMv7-M B3.4): a view of ExceptionUnit.
#pragma once

#include <functional>

#include "isa/thumb/exceptions.h"
#include "memory/device.h"

namespace mj::peripherals {

/// Registers at 0xE000E100 (ISER) to 0xE000E5EF (IPR); offsets count from 0xE000E000, as the manual's tables do. Also
/// ICTR (0x004) and STIR (0xF00).
class Nvic final : public memory::Device {
 public:
  /// `changed` is called when an interrupt may have to be taken.
  Nvic(isa::thumb::ExceptionUnit& exceptions, std::function<void()> changed)
      : exceptions_(exceptions), changed_(std::move(changed)) {}

  std::string_view name() const override { return "NVIC"; }
  std::uint32_t read(std::uint32_t offset, unsigned size, Cycle now) override;
  void write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle now) override;

 private:
  std::uint32_t read_word(std::uint32_t offset) const;

  isa::thumb::ExceptionUnit& exceptions_;
  std::function<void()> changed_;
};

}  // namespace mj::peripherals
