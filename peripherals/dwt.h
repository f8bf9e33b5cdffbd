// The counters of the Data Watchpoint and Trace unit (ARMv7-M C1.8): CYCCNT is the model's own time, so firmware that
// measures itself prints our cycles; the profiling counters come from what the engine has counted by cause.
#pragma once

#include <array>
#include <functional>

#include "memory/device.h"
#include "sim/base/wires.h"

namespace mj::peripherals {

struct DwtConfig {
  std::uint32_t ctrl = 0;  ///< DWT_CTRL's read-only bits 31:24 (NUMCOMP, NOTRCPKT, NOEXTTRIG, NOCYCCNT, NOPRFCNT)
  /// Since reset, in the order of their registers: CPICNT, EXCCNT, SLEEPCNT, LSUCNT, FOLDCNT. Asked at accesses only;
  /// may take its time.
  using Counts = std::array<std::uint64_t, 5>;
  std::function<Counts()> counts;
  std::function<std::uint32_t()> pc;  ///< address of the instruction under way
};

/// Registers at 0xE0001000: CTRL, CYCCNT, the five 8-bit profiling counters, PCSR. A profiling counter counts while its
/// EVTENA bit and DEMCR.TRCENA are set, starts from 0 when the bit is set, and wraps; its overflow packets go nowhere.
/// Comparators read as 0 and are reported as not modelled, as are trace packets.
class Dwt final : public memory::Device {
 public:
  Dwt(DwtConfig config, DiagnosticSink& diagnostics) : config_(std::move(config)), diagnostics_(diagnostics) {}

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
  bool profiling(std::size_t counter) const;
  /// Brings the profiling counters up to now, before what enables them changes.
  void settle_profile();

  DwtConfig config_;
  DiagnosticSink& diagnostics_;
  std::uint32_t ctrl_ = 0;
  bool trace_enabled_ = false, sleeping_ = false;
  std::uint32_t value_ = 0;  // CYCCNT at cycle since_
  Cycle since_ = 0;
  DwtConfig::Counts profile_{}, profile_since_{};  // counter at the engine's count profile_since_
};

}  // namespace mj::peripherals
