// The System Control Block and the FP extension's system registers (ARMv7-M B3.2): a view of ExceptionUnit.
#pragma once

#include <functional>
#include <optional>

#include "isa/thumb/exceptions.h"
#include "isa/thumb/sau.h"
#include "memory/device.h"
#include "sim/base/wires.h"

namespace mj::peripherals {

/// What Cortex-M7 has at 0xF90..0xFA8 (its TRM, chapter 3.3): values at reset; enable bits can be written, sizes not.
struct M7Control {
  std::uint32_t itcmcr = 0, dtcmcr = 0, ahbpcr = 0, ahbscr = 0, cacr = 0;
};

/// Identification of a core; from its data file.
struct ScbConfig {
  std::uint32_t cpuid = 0;
  std::uint32_t ccr_ones = 0;  ///< bits of CCR that read as one
  std::optional<M7Control> m7;
  std::uint32_t mvfr0 = 0, mvfr1 = 0, mvfr2 = 0;                              ///< 0 without FP extension
  std::uint32_t clidr = 0, ctr = 0, ccsidr_data = 0, ccsidr_instruction = 0;  ///< caches; 0 without
};

/// A cache maintenance operation (ARMv7-M B3.2.4).
struct CacheMaintenance {
  enum class Of : std::uint8_t { code, data };
  Of of = Of::data;
  bool clean = false, invalidate = false;
  bool by_way = false;  ///< `operand` names set and way, else an address
  bool all = false;     ///< ICIALLU
  std::uint32_t operand = 0;
};

/// What the block asks of the machine around it.
struct ScbActions {
  std::function<void()> changed;                          ///< an exception may have to be taken now
  std::function<void()> reset_request;                    ///< AIRCR.SYSRESETREQ
  std::function<void(bool, Cycle)> trace_enabled;         ///< DEMCR.TRCENA
  std::function<void(bool, bool)> caches;                 ///< CCR.IC, CCR.DC; empty: the core has none
  std::function<void(const CacheMaintenance&)> maintain;  ///< may be empty
};

/// Offsets count from 0xE000E000: ACTLR 0x008, 0xD00..0xDFF, 0xF34..0xFA8.
class Scb final : public memory::Device {
 public:
  /// `regs`: the core's registers (thumb/registers.h), which ICSR shows parts of; they must outlive the device.
  Scb(const ScbConfig& config, isa::thumb::ExceptionUnit& exceptions, const std::uint32_t* regs,
      DiagnosticSink& diagnostics, ScbActions actions)
      : config_(config), exceptions_(exceptions), regs_(regs), diagnostics_(diagnostics), actions_(std::move(actions)) {
    reset();
  }

  /// The SAU of a core with the Security Extension; it must outlive the device.
  void use_sau(isa::thumb::Sau* sau) { sau_ = sau; }
  /// Which security state's registers the accesses that follow reach.
  void look_as(bool secure) { secure_ = secure; }
  std::string_view name() const override { return "SCB"; }
  std::uint32_t read(std::uint32_t offset, unsigned size, Cycle now) override;
  void write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle now) override;
  void reset() {
    actlr_ = csselr_ = 0;
    m7_ = config_.m7.value_or(M7Control{});
  }

 private:
  std::uint32_t read_word(std::uint32_t offset);
  void write_word(std::uint32_t offset, std::uint32_t value, std::uint32_t mask, Cycle now);
  std::uint32_t icsr() const;
  void write_icsr(std::uint32_t value);
  std::uint32_t read_aircr() const;
  void write_aircr(std::uint32_t value);
  isa::thumb::Banked& bank() { return exceptions_.bank(secure_); }
  const isa::thumb::Banked& bank() const { return exceptions_.bank(secure_); }
  unsigned id(unsigned number) const { return exceptions_.id(number, secure_); }
  /// Whether the state that looks may know of the exception.
  bool visible(unsigned exception) const;
  /// BusFault's status is Secure unless AIRCR.BFHFNMINS says else.
  std::uint32_t hidden_cfsr() const { return visible(isa::thumb::bus_fault) ? 0 : isa::thumb::cfsr_bus_fault; }
  std::uint32_t read_fpccr() const;
  void write_fpccr(std::uint32_t value);
  void maintain_cache(std::uint32_t offset, std::uint32_t value);
  std::uint32_t* secure_register(std::uint32_t offset);
  std::uint32_t read_security(std::uint32_t offset);
  void write_security(std::uint32_t offset, std::uint32_t value);
  std::uint32_t shcsr() const;
  void write_shcsr(std::uint32_t value);

  ScbConfig config_;
  isa::thumb::ExceptionUnit& exceptions_;
  const std::uint32_t* regs_;
  DiagnosticSink& diagnostics_;
  ScbActions actions_;
  /// The register at `offset` if Cortex-M7 has it and this is one, and the bits of it that can be written.
  std::uint32_t* m7_register(std::uint32_t offset, std::uint32_t& writable);
  std::uint32_t actlr_ = 0, csselr_ = 0;
  M7Control m7_;
  isa::thumb::Sau* sau_ = nullptr;
  bool secure_ = false;
};

}  // namespace mj::peripherals
