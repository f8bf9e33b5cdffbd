// What SIO and the XIP cache's control of RP2040 and RP2350 have in common.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "peripherals/register_map.h"

namespace mj::peripherals {

/// Registers that hold spinlocks: a read claims, and gives 0 if another has it; a write of anything frees.
class Rp2Locks : public RegisterMap {
 protected:
  using RegisterMap::RegisterMap;
  void define_locks(std::uint32_t offset, unsigned count, std::string_view name);

  std::uint32_t locks_ = 0;  ///< bit n: lock n is claimed
};

/// Core 0's view: CPUID, GPIO as storage, spinlocks. The other core is not modelled: its FIFO stays empty.
class Rp2Sio : public Rp2Locks {
 protected:
  /// `outputs`: offsets of GPIO_OUT, GPIO_OE ...; what sets, clears and toggles their bits stands `step`, twice and
  /// three times `step` bytes behind. `gpio_hi_in`: reset value.
  Rp2Sio(const DeviceSpec& spec, const Wiring& wiring, std::initializer_list<std::uint32_t> outputs, std::uint32_t step,
         std::uint32_t gpio_hi_in);
};

/// CTRL's bit 0 switches the cache of the region that parameter `flash` names.
class Rp2XipCtrl : public RegisterMap {
 protected:
  Rp2XipCtrl(const DeviceSpec& spec, const Wiring& wiring, std::uint32_t ctrl_reset, std::uint32_t ctrl_writable);

  memory::FlashTiming* timing_ = nullptr;

 private:
  bool enabled_ = true;
};

}  // namespace mj::peripherals
