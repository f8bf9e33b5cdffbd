// The cycle counter of the Data Watchpoint and Trace unit (ARMv7-M C1.8): CYCCNT is the model's own time, so firmware
// that measures itself prints our cycles.
#pragma once

#include "memory/device.h"
#include "sim/base/wires.h"

namespace mj::peripherals {

struct DwtConfig {
  std::uint32_t ctrl = 0;  ///< DWT_CTRL's read-only bits 31:24 (NUMCOMP, NOTRCPKT, NOEXTTRIG, NOCYCCNT, NOPRFCNT)
};

/// Registers at 0xE0001000: CTRL and CYCCNT. The profiling counters (CPICNT, EXCCNT, SLEEPCNT, LSUCNT, FOLDCNT), PCSR
/// and the comparators read as 0 and are reported as not modelled.
class Dwt final : public memory::Device {
 public:
  Dwt(const DwtConfig& config, DiagnosticSink& diagnostics) : config_(config), diagnostics_(diagnostics) {}

  std::string_view name() const override { return "DWT"; }
  std::uint32_t read(std::uint32_t offset, unsigned size, Cycle now) override;
  void write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle now) override;
  void reset();
  /// DEMCR.TRCENA: without it the unit stands still.
  void set_trace_enabled(bool on, Cycle now);
  /// The core's clock stops in sleep, and CYCCNT with it.
  void set_sleeping(bool asleep, Cycle now);

 private:
  bool counting() const;
  std::uint32_t count(Cycle now) const;

  DwtConfig config_;
  DiagnosticSink& diagnostics_;
  std::uint32_t ctrl_ = 0;
  bool trace_enabled_ = false, sleeping_ = false;
  std::uint32_t value_ = 0;  // CYCCNT at cycle since_
  Cycle since_ = 0;
};

}  // namespace mj::peripherals
