// An M-profile core's own peripherals, wired together: the System Control Space at 0xE000E000 (SysTick, NVIC, SCB) and
// the DWT at 0xE0001000, both 4 KiB regions of the private peripheral bus (ARMv7-M B3.1).
#pragma once

#include "peripherals/dwt.h"
#include "peripherals/nvic.h"
#include "peripherals/scb.h"
#include "peripherals/systick.h"

namespace mj::peripherals {

struct PrivateBusConfig {
  ScbConfig scb;
  SystickConfig systick;
  DwtConfig dwt;
  std::function<void(bool instruction, bool data)> caches;  ///< CCR.IC and CCR.DC were written; may be empty
};

/// Routes the System Control Space to its three parts; offsets count from 0xE000E000.
class SystemControlSpace final : public memory::Device {
 public:
  SystemControlSpace(Systick& systick, Nvic& nvic, Scb& scb) : systick_(systick), nvic_(nvic), scb_(scb) {}

  std::string_view name() const override { return "SCS"; }
  std::uint32_t read(std::uint32_t offset, unsigned size, Cycle now) override;
  void write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle now) override;

 private:
  Systick& systick_;
  Nvic& nvic_;
  Scb& scb_;
};

class PrivateBus {
 public:
  static constexpr Address scs_base = 0xe000e000, dwt_base = 0xe0001000, device_size = 0x1000;

  /// All references and `regs` must outlive this object. `changed`: an exception may have to be taken;
  /// `reset_request`: AIRCR.SYSRESETREQ was written.
  PrivateBus(const PrivateBusConfig& config, isa::thumb::ExceptionUnit& exceptions, const std::uint32_t* regs,
             EventQueue& events, DiagnosticSink& diagnostics, std::function<void()> changed,
             std::function<void()> reset_request);

  memory::Device& scs() { return scs_; }
  Dwt& dwt() { return dwt_; }
  Systick& systick() { return systick_; }
  /// Reset of the registers that live here; ExceptionUnit has its own reset().
  void reset();

 private:
  Dwt dwt_;
  Systick systick_;
  Nvic nvic_;
  Scb scb_;
  SystemControlSpace scs_;
};

}  // namespace mj::peripherals
