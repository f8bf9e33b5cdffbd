// The registers of the Memory Protection Unit (ARMv7-M B3.5.4-9, Armv8-M D1.2.169-182): a view of isa::thumb::Mpu.
#pragma once

#include <functional>

#include "isa/thumb/mpu.h"
#include "memory/device.h"

namespace mj::peripherals {

/// Offsets count from 0xE000E000: 0xD90 (TYPE) to 0xDC4 (MAIR1). Registers take words only; narrower writes keep the
/// other bytes.
class MpuRegisters final : public memory::Device {
 public:
  static constexpr std::uint32_t first = 0xd90, last = 0xdcf;

  /// `changed` is called after each write: other accesses may be permitted from now on.
  MpuRegisters(isa::thumb::Mpu& mpu, std::function<void()> changed) : mpu_(mpu), changed_(std::move(changed)) {}

  std::string_view name() const override { return "MPU"; }
  std::uint32_t read(std::uint32_t offset, unsigned size, Cycle now) override;
  void write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle now) override;

 private:
  std::uint32_t read_word(std::uint32_t offset) const;

  isa::thumb::Mpu& mpu_;
  std::function<void()> changed_;
};

}  // namespace mj::peripherals
