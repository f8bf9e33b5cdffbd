// Registers of a device as a table: plain storage unless a row says more.
//
// A simple peripheral is mostly a table of Register rows and Follow rules. An access to an offset that no row declares
// is answered as storage and reported to the DiagnosticSink, each time, so that the counts show a loop that polls it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "memory/device.h"
#include "peripherals/device_spec.h"
#include "peripherals/wiring.h"

namespace mj::peripherals {

class RegisterMap : public memory::Device {
 public:
  struct Register {
    std::uint32_t offset;  ///< bytes, a multiple of 4
    std::string_view name;
    std::uint32_t reset = 0;
    std::uint32_t writable = 0xFFFFFFFF;  ///< bits that a write stores
    /// What a read answers; empty: the stored value.
    std::function<std::uint32_t(Cycle now)> read = {};
    /// Called after a write was stored, with the word as written (lanes that were not written are 0).
    std::function<void(std::uint32_t written, Cycle now)> write = {};
  };
  /// "Ready follows enable" as data: bits `mask` of register `from`, moved left by `shift` (right if negative),
  /// inverted if `invert`, appear in register `to`.
  struct Follow {
    std::uint32_t from, mask, to;
    int shift = 0;
    bool invert = false;
  };

  RegisterMap(const DeviceSpec& spec, const Wiring& wiring);

  std::string_view name() const override { return name_; }
  std::uint32_t read(std::uint32_t offset, unsigned size, Cycle now) override;
  void write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle now) override;
  std::string_view register_name(std::uint32_t offset) const override;
  /// None for registers whose row computes what a read answers.
  std::optional<std::uint32_t> peek(std::uint32_t offset) const override;

 protected:
  void define(std::vector<Register> registers);
  /// `count` plain registers from `offset` on, 4 bytes apart.
  void define_storage(std::uint32_t offset, unsigned count, std::string_view name, std::uint32_t reset = 0);
  void define_follow(std::vector<Follow> rules);
  /// Registers appear again at +0x1000 (write toggles), +0x2000 (sets), +0x3000 (clears), as on RP2040.
  void use_atomic_aliases() { atomic_aliases_ = true; }
  /// What an undeclared register reads before it was written.
  void set_fill(std::uint32_t fill) { fill_ = fill; }

  std::uint32_t get(std::uint32_t offset) const;
  void set(std::uint32_t offset, std::uint32_t value);
  void report(std::uint32_t offset, std::string_view what) { wiring_.diagnostics->not_modelled(name_, offset, what); }
  /// Drives the device's interrupt line number `index`; a device that the board gives no such line drives nothing.
  void drive_irq(std::size_t index, bool level);

  const Wiring wiring_;

 private:
  struct Cell {
    Register row;
    std::uint32_t value = 0;
    bool declared = false;
  };
  Cell& cell(std::uint32_t offset);
  void apply_follow(std::uint32_t from);

  std::string name_;
  std::vector<unsigned> irqs_;
  std::vector<char> irq_levels_;
  std::map<std::uint32_t, Cell> cells_;
  std::vector<Follow> follow_;
  bool atomic_aliases_ = false;
  std::uint32_t fill_ = 0;
};

}  // namespace mj::peripherals
