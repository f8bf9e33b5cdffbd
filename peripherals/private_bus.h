// An M-profile core's own peripherals, wired together: the System Control Space at 0xE000E000 (SysTick, NVIC, SCB) and
// the DWT at 0xE0001000, both 4 KiB regions of the private peripheral bus (ARMv7-M B3.1).
#pragma once

#include <array>

#include "peripherals/dwt.h"
#include "peripherals/mpu.h"
#include "peripherals/nvic.h"
#include "peripherals/scb.h"
#include "peripherals/systick.h"

namespace mj::peripherals {

struct PrivateBusConfig {
  ScbConfig scb;
  SystickConfig systick;
  DwtConfig dwt;
  std::function<void(bool instruction, bool data)> caches;  ///< CCR.IC and CCR.DC were written; may be empty
  std::function<void(const CacheMaintenance&)> maintain;    ///< may be empty
};

/// Routes the System Control Space to its parts; offsets count from 0xE000E000. With the Security Extension each state
/// sees its own registers there, and Secure code the Non-secure ones at 0xE002E000 (DDI0553 B7.3).
class SystemControlSpace final : public memory::Device {
 public:
  /// What each security state has of its own: [0] Non-secure, [1] Secure. Without the Security Extension both are one.
  struct Parts {
    std::array<Systick*, 2> systick;
    std::array<MpuRegisters*, 2> mpu;
    Nvic& nvic;
    Scb& scb;
  };
  /// `alias`: this is the Non-secure registers' place for Secure code.
  SystemControlSpace(const Parts& parts, const isa::thumb::ExceptionUnit& exceptions, bool alias)
      : parts_(parts), exceptions_(exceptions), alias_(alias) {}

  std::string_view name() const override { return alias_ ? "SCS_NS" : "SCS"; }
  std::uint32_t read(std::uint32_t offset, unsigned size, Cycle now) override;
  void write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle now) override;
  std::string_view register_name(std::uint32_t offset) const override;
  /// NVIC and SCB registers have no side effects of reading; SysTick's CSR would lose its COUNTFLAG and CVR needs a
  /// time.
  std::optional<std::uint32_t> peek(std::uint32_t offset) const override;

 private:
  /// Chooses the state whose registers are meant; false: there is nothing for the one that asks.
  bool look(bool& secure);

  Parts parts_;
  const isa::thumb::ExceptionUnit& exceptions_;
  bool alias_;
};

/// What a core with the Security Extension has besides; nullptr without.
struct SecurityParts {
  isa::thumb::Mpu* mpu_ns = nullptr;
  isa::thumb::Sau* sau = nullptr;
};

class PrivateBus {
 public:
  static constexpr Address scs_base = 0xe000e000, scs_ns_base = 0xe002e000, dwt_base = 0xe0001000, device_size = 0x1000;

  /// All references and `regs` must outlive this object. `changed`: an exception may have to be taken, or
  /// other accesses are permitted;
  /// `reset_request`: AIRCR.SYSRESETREQ was written.
  PrivateBus(const PrivateBusConfig& config, isa::thumb::ExceptionUnit& exceptions, isa::thumb::Mpu& mpu,
             const std::uint32_t* regs, EventQueue& events, DiagnosticSink& diagnostics, std::function<void()> changed,
             std::function<void()> reset_request, const SecurityParts& security = {});

  memory::Device& scs() { return scs_; }
  memory::Device& scs_ns() { return scs_ns_; }
  Dwt& dwt() { return dwt_; }
  Systick& systick() { return systick_; }
  /// Reset of the registers that live here; ExceptionUnit and Mpu have their own reset().
  void reset();

 private:
  Dwt dwt_;
  Systick systick_, systick_ns_;
  Nvic nvic_;
  MpuRegisters mpu_, mpu_ns_;
  Scb scb_;
  SystemControlSpace scs_, scs_ns_;
};

}  // namespace mj::peripherals
