// What devices are wired to, as interfaces: interrupt lines, a console, diagnostics. The machine implements them.
#pragma once

#include <cstdint>
#include <string_view>

#include "sim/base/units.h"

namespace mj {

/// Interrupt inputs of the core (external interrupt numbers: NVIC IRQ n, or the mip bit on RISC-V).
class IrqSink {
 public:
  virtual ~IrqSink() = default;
  virtual void set_irq(unsigned number, bool level) = 0;
};

/// Where a UART's bytes go.
class ConsoleSink {
 public:
  virtual ~ConsoleSink() = default;
  virtual void put(std::string_view device, char byte) = 0;
};

/// How the machine is told to stop by a device (test finisher, simulator control, system control).
class ExitSink {
 public:
  virtual ~ExitSink() = default;
  virtual void request_exit(int status) = 0;
  /// The firmware reset the chip. What it would do after that isn't simulated: the run ends.
  virtual void request_reset() = 0;
};

/// Where a device says what it does not model. Each (device, offset, what) is counted and named in the result.
class DiagnosticSink {
 public:
  virtual ~DiagnosticSink() = default;
  virtual void not_modelled(std::string_view device, std::uint32_t offset, std::string_view what) = 0;
};

}  // namespace mj
