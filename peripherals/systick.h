// SysTick, the 24-bit timer of the System Control Space (ARMv7-M B3.3). It does no work per cycle: the current value is
// computed from the time of the access, and only the next interrupt is an event.
#pragma once

#include "isa/thumb/exceptions.h"
#include "memory/device.h"
#include "sim/base/event_queue.h"

namespace mj::peripherals {

struct SystickConfig {
  /// Core cycles per tick of the reference clock that CSR.CLKSOURCE = 0 selects (a board's HCLK/8: 8); 0: there is
  /// none.
  unsigned reference_divider = 0;
  unsigned exception = isa::thumb::systick;  ///< that it pends: its security state's
  std::uint32_t calib = 0;                   ///< SYST_CALIB without NOREF: SKEW and TENMS
};

/// Registers at 0xE000E010, offsets 0x0 CSR, 0x4 RVR, 0x8 CVR, 0xC CALIB.
class Systick final : public memory::Device {
 public:
  Systick(const SystickConfig& config, isa::thumb::ExceptionUnit& exceptions, EventQueue& events,
          std::function<void()> changed);
  ~Systick() override;
  Systick(const Systick&) = delete;
  Systick& operator=(const Systick&) = delete;

  std::string_view name() const override { return "SysTick"; }
  std::uint32_t read(std::uint32_t offset, unsigned size, Cycle now) override;
  void write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle now) override;
  void reset();
  /// The ratio of core clock and reference clock changed at `now`; 0: no reference clock any more.
  void set_reference_divider(unsigned divider, Cycle now);

 private:
  std::uint32_t read_word(std::uint32_t offset, Cycle now);
  bool core_clock() const { return (csr_ & 4) != 0 || config_.reference_divider == 0; }
  Cycle step() const { return core_clock() ? 1 : config_.reference_divider; }
  Cycle ticks_to_zero() const;
  Cycle zero_after(Cycle t) const;
  void settle(Cycle now);
  void reschedule(Cycle after);

  SystickConfig config_;
  isa::thumb::ExceptionUnit& exceptions_;
  EventQueue& events_;
  std::function<void()> changed_;
  std::uint32_t csr_ = 0, rvr_ = 0;
  // The counter stood at value_ at cycle since_; while enabled it has counted on from there.
  std::uint32_t value_ = 0;
  Cycle since_ = 0;
  bool countflag_ = false;
  EventQueue::Id event_ = 0;
};

}  // namespace mj::peripherals
