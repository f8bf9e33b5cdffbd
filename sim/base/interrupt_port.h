// The wire between a core and an interrupt controller that chooses by itself which interrupt the core is to take.
#pragma once

#include <functional>
#include <optional>

namespace mj {

/// One core, one controller. RISC-V cores with a vendor's controller have it instead of lines of mip.
struct InterruptPort {
  /// Controller to core: the interrupt to take now, if any; the number becomes mcause and chooses the vector.
  std::function<void(std::optional<unsigned> number)> present;
  /// Core to controller: that interrupt's handler begins; a handler returned (MRET).
  std::function<void(unsigned number)> taken;
  std::function<void()> returned;
};

}  // namespace mj
