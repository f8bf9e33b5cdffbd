// Armv6-M, Armv7-M and Armv8-M as the engine sees them: ties decoding, handlers and the exception model together.
#pragma once

#include <array>

#include "isa/thumb/exceptions.h"
#include "isa/thumb/mpu.h"
#include "isa/thumb/sau.h"
#include "memory/bus.h"
#include "sim/arch.h"
#include "sim/timing/core_timing.h"

namespace mj {

class ThumbArch final : public Arch {
 public:
  /// `features`: bits of isa/thumb/features.h.
  /// `mpu_ns` and `sau`: of a core with the Security Extension, whose Secure state `mpu` is then; else nullptr.
  ThumbArch(isa::thumb::ExceptionUnit& exceptions, isa::thumb::Mpu& mpu, isa::thumb::Mpu* mpu_ns, isa::thumb::Sau* sau,
            memory::Bus& bus, const timing::CoreTiming& timing, std::uint32_t features);

  /// To be called when registers of the System Control Space were written: what is permitted may have changed.
  void state_changed(engine::HotState& h) { update_protection(h); }
  /// A debugger writes a special register, by its number in MSR.
  void debug_write(engine::HotState& h, std::uint32_t sysm, std::uint32_t value);

  bool decode(const std::uint8_t* code, unsigned n, Address pc, std::uint32_t mode, isa::Insn& insn,
              isa::Effects& effects) const override;
  bool is_wide(const std::uint8_t* code) const override;
  std::uint32_t next_mode(std::uint32_t mode, const isa::Insn& insn) const override;
  engine::Handler handler(const isa::Insn& insn) const override;
  engine::Handler pair(const isa::Insn& first, const isa::Insn& second) const override;
  engine::Handler guard(unsigned cond) const override;
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
  bool is_gateway(const isa::Insn& insn) const override;
  StackStep stack_step(const isa::Insn& insn) const override;
  bool ignores_stack_limit(const engine::HotState& h) const override;
  bool interrupt_ready(const engine::HotState& h) const override;
  Redirect interrupt(engine::HotState& h, Address pc, std::uint32_t mode) override;
  bool wakes(engine::HotState& h) override;
  Cycle wake_cycles() const override;
  bool allows_unaligned(const engine::HotState& h) const override;
  const memory::Protection* unprivileged(const engine::HotState& h) override;

  std::string exception_name(unsigned exception) const override;
  std::vector<std::string> fault_status(const engine::HotState& h) const override;
  bool in_fault(const engine::HotState& h) const override;

 private:
  class BusMemory final : public isa::thumb::ExceptionMemory {
   public:
    explicit BusMemory(ThumbArch& arch) : arch_(arch) {}
    void become(bool privileged, bool hardfault_or_nmi) override {
      privileged_ = privileged;
      hardfault_or_nmi_ = hardfault_or_nmi;
    }
    void become_secure(bool secure) override { secure_ = secure; }
    isa::thumb::AccessResult read_vector(std::uint32_t address, std::uint32_t& value) override;
    isa::thumb::AccessResult read32(std::uint32_t address, std::uint32_t& value) override;
    isa::thumb::AccessResult write32(std::uint32_t address, std::uint32_t value) override;
    Cycle now = 0;
    std::uint32_t extra_cycles = 0;  ///< wait states met since the last reset to 0

   private:
    isa::thumb::AccessResult refuse(std::uint32_t address, std::uint8_t permit) const;

    ThumbArch& arch_;
    bool privileged_ = true, hardfault_or_nmi_ = false, secure_ = false;
  };

  Redirect fault(engine::HotState& h, isa::thumb::Fault fault, Address address, const isa::thumb::Resume& at);
  Redirect follow(engine::HotState& h, const isa::thumb::Transition& t, std::uint32_t interrupted_sp,
                  bool by_instruction);
  /// A branch between security states went as `t` says.
  Redirect across(engine::HotState& h, const isa::thumb::Transition& t, std::uint32_t sp_before, bool call);
  isa::thumb::Cpu cpu(engine::HotState& h);
  /// What code of this state may access; made once for each set of the MPU's and the SAU's registers.
  const std::shared_ptr<const memory::Protection>& protection(bool secure, bool privileged, bool hardfault_or_nmi);
  isa::thumb::Mpu& mpu(bool secure) const { return sau_ && !secure ? *mpu_ns_ : mpu_; }
  /// Whether code of a security state must not read or write there (or, as `fetch`, execute) by attribution.
  bool refused_by_attribution(Address address, bool fetch, bool secure) const;
  /// The answer of TT and its relatives; `kind`: bits of SecurityTest.
  std::uint32_t test_target(const engine::HotState& h, Address address, std::uint32_t kind) const;
  /// Whether an instruction that sets SP from a register keeps to the stack's limit.
  bool stack_ready(const engine::HotState& h, const isa::Insn& insn) const;
  /// Stores a fault for illegal() to raise.
  void refuse(isa::thumb::Fault fault, Address address, bool& illegal);
  /// Hands the engine what is permitted now; cheap if nothing changed.
  void update_protection(engine::HotState& h);

  isa::thumb::ExceptionUnit& unit_;
  isa::thumb::Mpu& mpu_;  ///< of Secure state, where there are two
  isa::thumb::Mpu* mpu_ns_;
  isa::thumb::Sau* sau_;
  memory::Bus& bus_;
  BusMemory memory_;
  const timing::CoreTiming& timing_;
  std::uint32_t features_;
  std::array<std::shared_ptr<const memory::Protection>, 8> protections_;  ///< by privileged, hardfault_or_nmi, secure
  const memory::Protection* given_ = nullptr;                             ///< to the engine; it keeps it alive
  std::array<std::uint64_t, 3> versions_{};                               ///< of MPUs and SAU, that they were made for
  bool stir_ = false;                                                     ///< and CCR.USERSETMPEND
  Address tested_ = 0;                                                    ///< by a TT that is under way
  std::optional<isa::thumb::Fault> refused_;                              ///< what illegal() is to raise
  Address refused_address_ = 0;
  bool waits_for_event_ = false;  ///< asleep by WFE: the event register wakes, too
};

}  // namespace mj
