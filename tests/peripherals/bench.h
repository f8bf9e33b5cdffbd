// A bench for one device or a whole board's devices: everything that they drive is written down.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "peripherals/registry.h"
#include "sim/base/event_queue.h"
#include "sim/base/wires.h"

namespace mj::peripherals {

class Bench : public IrqSink, public ConsoleSink, public ExitSink, public DiagnosticSink {
 public:
  explicit Bench(Hertz core_hz = 1'000'000) {
    wiring.events = &events;
    wiring.clocks = &clocks;
    wiring.irqs = this;
    wiring.console = this;
    wiring.exit = this;
    wiring.diagnostics = this;
    wiring.peek = [this](Address from, std::uint8_t* to, std::size_t n) {
      for (std::size_t i = 0; i < n; ++i) {
        if (from + i - ram_base >= ram.size()) return false;
        to[i] = static_cast<std::uint8_t>(ram[from + i - ram_base]);
      }
      return true;
    };
    wiring.flash = [this](std::string_view) { return flash.get(); };
    clocks.drive(ClockNets::core, core_hz, 0);
  }

  /// A device of the given type with plain number parameters.
  memory::Device& make(const std::string& type, std::vector<unsigned> irqs = {},
                       const std::map<std::string, std::vector<std::uint64_t>>& numbers = {},
                       const std::map<std::string, std::string>& names = {}) {
    DeviceSpec spec;
    spec.name = "DUT";
    spec.type = type;
    spec.size = 0x1000;
    spec.irqs = std::move(irqs);
    for (const auto& [key, value] : numbers) spec.params[key].numbers = value;
    for (const auto& [key, value] : names) spec.params[key].text = value;
    auto device = make_device(spec, wiring);
    if (!device) throw std::runtime_error(device.error().text());
    devices.push_back(std::move(*device));
    return *devices.back();
  }

  void set_irq(unsigned number, bool level) override { irq[number] = level; }
  void put(std::string_view, char byte) override { output += byte; }
  void request_exit(int code) override { status = code; }
  void request_reset() override { reset = true; }
  void not_modelled(std::string_view device, std::uint32_t offset, std::string_view what) override {
    ++reports[std::string(device) + "+" + std::to_string(offset) + ": " + std::string(what)];
  }

  EventQueue events;
  ClockNets clocks;
  Wiring wiring;
  std::map<unsigned, bool> irq;
  std::string output;
  int status = -1;
  bool reset = false;  ///< was requested
  std::map<std::string, unsigned> reports;
  Address ram_base = 0x20000000;
  std::string ram;
  std::unique_ptr<memory::FlashTiming> flash;
  std::vector<DevicePtr> devices;
};

}  // namespace mj::peripherals
