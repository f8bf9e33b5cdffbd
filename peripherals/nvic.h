// The interrupt controller's registers (ARMv7-M B3.4): a view of ExceptionUnit.
#pragma once

#include <functional>

#include "isa/thumb/exceptions.h"
#include "memory/device.h"

namespace mj::peripherals {

/// Registers at 0xE000E100 (ISER) to 0xE000E5EF (IPR); offsets count from 0xE000E000, as the manual's tables do. Also
/// ICTR (0x004), STIR (0xF00) and, with the Security Extension, ITNS (0x380).
class Nvic final : public memory::Device {
 public:
  /// `changed` is called when an interrupt may have to be taken.
  Nvic(isa::thumb::ExceptionUnit& exceptions, std::function<void()> changed)
      : exceptions_(exceptions), changed_(std::move(changed)) {}

  /// Which security state the accesses that follow are made in: Non-secure code sees its own interrupts only.
  void look_as(bool secure) { secure_ = secure; }
  std::string_view name() const override { return "NVIC"; }
  std::uint32_t read(std::uint32_t offset, unsigned size, Cycle now) override;
  void write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle now) override;

 private:
  bool visible(unsigned interrupt) const {
    return !exceptions_.config().security || secure_ || exceptions_.targets_non_secure(interrupt);
  }
  std::uint32_t read_word(std::uint32_t offset) const;

  isa::thumb::ExceptionUnit& exceptions_;
  std::function<void()> changed_;
  bool secure_ = false;
};

}  // namespace mj::peripherals
