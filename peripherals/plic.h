// RISC-V platform-level interrupt controller (RISC-V PLIC specification 1.0.0; FE310-G002 manual, chapter 10; QEMU's
// virt machine): numbered sources with priorities on one side, the core's external interrupt on the other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "memory/device.h"
#include "sim/base/wires.h"

namespace mj::peripherals {

struct PlicConfig {
  std::string name = "PLIC";
  unsigned sources = 0;       ///< 1..sources have registers; source 0 means "none"
  unsigned contexts = 1;      ///< only context 0, machine mode of the core, can interrupt it
  unsigned max_priority = 7;  ///< a power of two less one: the writable bits
};

/// The levels of its sources come in through IrqSink; a source's gateway passes a level on once, and again when it was
/// completed and is still high.
class Plic final : public memory::Device, public IrqSink {
 public:
  /// `core` gets line 11, machine external.
  Plic(PlicConfig config, IrqSink& core, DiagnosticSink& diagnostics);

  std::string_view name() const override { return config_.name; }
  std::uint32_t read(std::uint32_t offset, unsigned size, Cycle now) override;
  void write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle now) override;
  void set_irq(unsigned source, bool level) override;

 private:
  struct Source {
    std::uint32_t priority = 0;
    bool level = false, pending = false, served = false;  ///< served: claimed, not yet completed
  };
  struct Context {
    std::vector<bool> enabled;
    std::uint32_t threshold = 0;
    bool enables(std::size_t source) const { return source < enabled.size() && enabled[source]; }
  };
  /// The pending and enabled source of the highest priority, of equal ones the lowest number; 0: none.
  unsigned best(const Context& context) const;
  unsigned claim(Context& context);
  void complete(const Context& context, std::uint32_t source);
  void pass(Source& source);
  void update();

  PlicConfig config_;
  IrqSink& core_;
  DiagnosticSink& diagnostics_;
  std::vector<Source> sources_;
  std::vector<Context> contexts_;
  bool line_ = false;
};

}  // namespace mj::peripherals
