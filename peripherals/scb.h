// The System Control Block and the FP extension's system registers (ARMv7-M B3.2): a view of ExceptionUnit.
#pragma once

#include <functional>

#include "isa/thumb/exceptions.h"
#include "memory/device.h"
#include "sim/base/wires.h"

namespace mj::peripherals {

/// Identification of a core; from its data file.
struct ScbConfig {
  std::uint32_t cpuid = 0;
  std::uint32_t mvfr0 = 0, mvfr1 = 0, mvfr2 = 0;                              ///< 0 without FP extension
  std::uint32_t clidr = 0, ctr = 0, ccsidr_data = 0, ccsidr_instruction = 0;  ///< caches; 0 without
};

/// What the block asks of the machine around it.
struct ScbActions {
  std::function<void()> changed;                   ///< an exception may have to be taken now
  std::function<void()> reset_request;             ///< AIRCR.SYSRESETREQ
  std::function<void(bool, Cycle)> trace_enabled;  ///< DEMCR.TRCENA
  std::function<void(bool, bool)> caches;          ///< CCR.IC, CCR.DC; empty: the core has none
};

/// Offsets count from 0xE000E000: ACTLR 0x008, 0xD00..0xDFF, 0xF34..0xF78. The MPU is not modelled: MPU_TYPE reads 0.
class Scb final : public memory::Device {
 public:
  /// `regs`: the core's registers (thumb/registers.h), which ICSR shows parts of; they must outlive the device.
  Scb(const ScbConfig& config, isa::thumb::ExceptionUnit& exceptions, const std::uint32_t* regs,
      DiagnosticSink& diagnostics, ScbActions actions)
      : config_(config),
        exceptions_(exceptions),
        regs_(regs),
        diagnostics_(diagnostics),
        actions_(std::move(actions)) {}

  std::string_view name() const override { return "SCB"; }
  std::uint32_t read(std::uint32_t offset, unsigned size, Cycle now) override;
  void write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle now) override;
  void reset() { actlr_ = csselr_ = 0; }

 private:
  std::uint32_t read_word(std::uint32_t offset);
  void write_word(std::uint32_t offset, std::uint32_t value, std::uint32_t mask, Cycle now);
  std::uint32_t icsr() const;
  void write_icsr(std::uint32_t value);
  void write_aircr(std::uint32_t value);
  std::uint32_t shcsr() const;
  void write_shcsr(std::uint32_t value);

  ScbConfig config_;
  isa::thumb::ExceptionUnit& exceptions_;
  const std::uint32_t* regs_;
  DiagnosticSink& diagnostics_;
  ScbActions actions_;
  std::uint32_t actlr_ = 0, csselr_ = 0;
};

}  // namespace mj::peripherals
