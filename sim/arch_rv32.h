// RV32 with machine and user mode as the engine sees it: ties decoding, handlers and the trap unit together.
#pragma once

#include <array>
#include <functional>
#include <memory>

#include "isa/rv32/traps.h"
#include "memory/bus.h"
#include "sim/arch.h"
#include "sim/base/interrupt_port.h"
#include "sim/timing/core_timing.h"

namespace mj {

class Rv32Arch final : public Arch {
 public:
  struct Options {
    std::uint32_t features = 0;      ///< bits of isa/rv32/encoding.h
    bool misaligned_access = false;  ///< the core splits misaligned loads and stores; else they trap
  };
  Rv32Arch(isa::rv32::TrapUnit& traps, memory::Bus& bus, const timing::CoreTiming& timing, Options options);

  /// Told what the PMP permits to the mode that the core is in, whenever that changes; nullptr: everything.
  std::function<void(std::shared_ptr<const memory::Protection>)> on_protection;

  /// The vendor's interrupt controller, if the core has one.
  InterruptPort interrupts;

  /// A debugger writes a CSR. False: there is none, or it is read-only.
  bool debug_write(std::uint32_t csr, std::uint32_t value);

  bool decode(const std::uint8_t* code, unsigned n, Address pc, std::uint32_t mode, isa::Insn& insn,
              isa::Effects& effects) const override;
  bool is_wide(const std::uint8_t* code) const override;
  std::uint32_t next_mode(std::uint32_t, const isa::Insn&) const override { return 0; }
  engine::Handler handler(const isa::Insn& insn) const override;
  engine::Handler pair(const isa::Insn&, const isa::Insn&) const override { return nullptr; }
  engine::Handler guard(unsigned) const override { return nullptr; }
  bool needs_prepare(const isa::Insn& insn) const override;
  const char* op_name(std::uint16_t op) const override;
  std::string feature_of(const std::uint8_t* code) const override;
  std::string text(std::span<const std::uint8_t> code, Address pc, std::uint32_t mode) const override;
  std::string register_name(unsigned id) const override;

  std::optional<Redirect> reset(engine::HotState& h, Address boot) override;
  bool ready(const engine::HotState& h, const isa::Insn& insn) const override;
  Redirect prepare(engine::HotState& h, const isa::Insn& insn, std::uint32_t mode) override;
  std::uint32_t system_read(engine::HotState& h, const isa::Insn& insn, std::uint32_t id, Cycle now,
                            bool& illegal) override;
  void system_write(engine::HotState& h, const isa::Insn& insn, std::uint32_t id, std::uint32_t value, Cycle now,
                    bool& illegal, bool& sleep) override;
  Redirect raise(engine::HotState& h, std::uint32_t id, std::uint32_t argument, const isa::Insn& insn,
                 std::uint32_t mode, std::uint32_t next_mode) override;
  Redirect bad_access(engine::HotState& h, const BadAccess& access, Address pc, std::uint32_t mode) override;
  Redirect illegal(engine::HotState& h, const isa::Insn& insn, std::uint32_t mode) override;
  Redirect indirect(engine::HotState& h, std::uint32_t raw, const isa::Insn& insn) override;
  bool interrupt_ready(const engine::HotState& h) const override;
  Redirect interrupt(engine::HotState& h, Address pc, std::uint32_t mode) override;
  bool wakes(engine::HotState&) override { return traps_.interrupt_waiting(); }
  Cycle wake_cycles() const override;
  bool allows_unaligned(const engine::HotState&) const override { return options_.misaligned_access; }

  std::string exception_name(unsigned exception) const override;
  std::vector<std::string> fault_status(const engine::HotState& h) const override;
  bool in_fault(const engine::HotState& h) const override;

 private:
  Redirect trap(engine::HotState& h, std::uint32_t cause, Address pc, std::uint32_t tval, bool by_instruction);

  void update_protection();
  void stack_registers(engine::HotState& h);
  void unstack_registers(engine::HotState& h);
  /// The first byte of an access that the PMP refuses: a core makes an unaligned one word by word.
  Address refused(Address address, unsigned size, std::uint8_t permit) const;

  isa::rv32::TrapUnit& traps_;
  memory::Bus& bus_;
  const timing::CoreTiming& timing_;
  Options options_;
  // By whose rights code is fetched and by whose data are accessed: bits 0 and 1, set for machine mode.
  unsigned view_ = 0b11;
  std::uint32_t views_of_ = 0;  ///< version of the PMP that `views_` are of
  std::array<std::optional<std::shared_ptr<const memory::Protection>>, 4> views_;
  std::vector<bool> stacked_;  ///< per open interrupt: whether the core saved registers for it
  bool unblocked_ = false;     ///< Xh3power: H3.UNBLOCK since the last H3.BLOCK (RP2350: a hart's own counts, too)
  bool in_fault_ = false;      ///< an exception other than a call is being handled
};

}  // namespace mj
