// What the devices of one machine are wired to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "memory/flash_timing.h"
#include "peripherals/clock_nets.h"
#include "sim/base/event_queue.h"
#include "sim/base/interrupt_port.h"
#include "sim/base/units.h"
#include "sim/base/wires.h"

namespace mj::peripherals {

/// Every pointer must be set and outlive the devices; the functions may be empty where no device needs them.
struct Wiring {
  EventQueue* events = nullptr;
  ClockNets* clocks = nullptr;
  /// The core's inputs for devices: its interrupt controller's (NVIC, Xh3irq), or its lines where it has none.
  IrqSink* irqs = nullptr;
  /// A RISC-V core's own lines, by the numbers of mip; null on others.
  IrqSink* core_lines = nullptr;
  ConsoleSink* console = nullptr;
  ExitSink* exit = nullptr;
  DiagnosticSink* diagnostics = nullptr;
  /// Of a core whose interrupts a vendor's controller chooses; null on others.
  InterruptPort* interrupts = nullptr;
  /// Copies plain memory out without time or side effects (EasyDMA); false if any byte is not plain memory.
  std::function<bool(Address from, std::uint8_t* to, std::size_t n)> peek;
  /// The other way round, flash included; may be empty.
  std::function<bool(Address to, const std::uint8_t* from, std::size_t n)> poke;
  /// From now on stores to the named flash region change its bytes, or fault again; may be empty.
  std::function<void(std::string_view region, bool on)> program;
  /// Instructions issued before the current one.
  std::function<std::uint64_t()> retired;
  /// The front end of the named region, null if it has none.
  std::function<memory::FlashTiming*(std::string_view region)> flash;
  /// Tells the IDAU which of its Secure ranges are callable (DeviceSpec says nothing: the board's idau does).
  std::function<void(std::uint32_t bits)> callable_memory;
};

}  // namespace mj::peripherals
