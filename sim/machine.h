// One board with one core, put together from its files: memory, devices, exceptions, timing, engine.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "energy/activity.h"
#include "memory/bus.h"
#include "memory/elf_image.h"
#include "peripherals/clock_nets.h"
#include "peripherals/registry.h"
#include "sim/arch.h"
#include "sim/base/clock.h"
#include "sim/base/event_queue.h"
#include "sim/base/wires.h"
#include "sim/board.h"
#include "sim/engine/engine.h"
#include "sim/model_rows.h"
#include "sim/semihost.h"
#include "sim/timing/core_timing.h"

namespace mj {

namespace peripherals {
struct CacheMaintenance;
}
namespace isa::thumb {
class ExceptionUnit;
}

struct MachineOptions {
  std::string files_folder;  ///< see Semihost
  std::string console_input;
  std::string command_line;
  std::optional<Hertz> clock_hz;                   ///< what-if: the core's clock from reset on
  std::optional<std::uint32_t> flash_wait_states;  ///< what-if: flash wait states from reset on
  bool least_flash_wait_states = false;            ///< what-if: always the least that the board's table allows
  std::function<void(char)> console;               ///< each byte printed; may be empty
  std::function<void(char)> console_error;         ///< each byte printed to semihosting's standard error; may be empty
};

class Machine final : IrqSink, ConsoleSink, ExitSink, DiagnosticSink {
 public:
  /// Errors: usage (core file, device), unsupported (a feature that we don't have).
  static Result<std::unique_ptr<Machine>> create(const BoardSpec& board, const MachineOptions& options,
                                                 std::function<bool(Address)> is_function);
  ~Machine() override;

  /// Copies the image's load segments to their load addresses and resets the core.
  /// Errors: usage: a segment lies outside of the board's memory (says by how many bytes and which section), or the
  /// image is for another instruction set.
  Result<void> load(const memory::ElfImage& image);

  engine::Engine& engine() { return *engine_; }
  memory::Bus& bus() { return bus_; }
  const timing::CoreTiming& timing() const { return *timing_; }
  const BoardSpec& board() const { return board_; }
  const CoreClock& clock() const { return clock_; }
  /// Clocks and flash wait states that the run had, in order of first use; the engine counts by index.
  const std::vector<energy::OperatingPoint>& operating_points() const { return points_; }
  /// Whether there were more than the engine tells apart; those are counted with the last one.
  bool operating_points_merged() const { return points_merged_; }
  const std::string& console_text() const { return console_; }

  bool console_truncated() const { return console_lost_; }
  /// How far cycles may be off with zero-wait memory (models/accuracy.json).
  const CycleConfidence& confidence() const { return confidence_; }
  /// Whether the board's memory can make the core wait.
  bool has_memory_waits() const;

  /// What devices reported as not modelled: device, offset, what -> times.
  using NotModelled = std::map<std::tuple<std::string, std::uint32_t, std::string>, std::uint64_t>;
  const NotModelled& not_modelled() const { return not_modelled_; }
  /// The firmware reset the chip, which ended the run.
  bool was_reset() const { return reset_requested_; }
  const std::vector<std::string>& load_notes() const { return load_notes_; }
  /// The device of that name, or nullptr.
  memory::Device* device(std::string_view name) const;

  /// As a debugger sees them: RISC-V's control and status registers; on Arm the special registers by their number in
  /// MRS, those of the security state that the core is in.
  struct SystemRegister {
    std::string name;
    std::uint32_t number;
  };
  std::vector<SystemRegister> system_registers() const;
  std::optional<std::uint32_t> read_system_register(std::uint32_t number) const;
  bool write_system_register(std::uint32_t number, std::uint32_t value);

  /// Which region or device an address lies in, in words ("flash region flash", "device RCC + 0x10 (PLLCFGR)", "no
  /// memory or device there").
  std::string place(Address address);
  /// "IRQ 28 (TIM2)": an exception with the device that is wired to it.
  std::string interrupt_name(unsigned exception) const;
  /// Interrupts that the firmware enabled, in words, whether or not something masks them.
  std::vector<std::string> enabled_interrupts() const;
  /// "PRIMASK is 1": what keeps enabled interrupts from being taken; empty: nothing.
  std::string interrupts_masked() const;
  /// From now on nothing that the firmware prints reaches anybody.
  void mute();
  /// The exception model of an Arm core, or nullptr.
  const isa::thumb::ExceptionUnit* exceptions() const;

 private:
  Machine(const BoardSpec& board, const MachineOptions& options);
  Result<void> build(std::function<bool(Address)> is_function);
  void build_memory();
  Result<void> build_thumb(const Identity& id);
  void build_private_bus(const Identity& id);
  Result<void> build_rv32(const Identity& id);
  Result<void> build_devices();
  void clock_or_waits_changed();
  void maintain_caches(const peripherals::CacheMaintenance& m);
  void update_cache_policies();

  /// Inputs of the interrupt controller that is part of the core (Xh3irq).
  struct ExternalInterrupts final : IrqSink {
    explicit ExternalInterrupts(Machine& m) : machine(m) {}
    void set_irq(unsigned number, bool level) override;
    Machine& machine;
  };
  /// Where the vector table is (Arm) or the image begins (RISC-V) that begins by itself; `lowest`: its first byte.
  Address vectors_or_entry(const memory::ElfImage& image, Address lowest) const;
  /// An interrupt's name with the device's that drives it.
  std::string with_device(std::string name, unsigned irq) const;

  /// Of the core's lines.
  void set_irq(unsigned number, bool level) override;
  void put(std::string_view device, char byte) override;
  void request_exit(int status) override;
  void request_reset() override;
  void not_modelled(std::string_view device, std::uint32_t offset, std::string_view what) override;

  BoardSpec board_;
  MachineOptions options_;
  memory::Bus bus_;
  EventQueue events_;
  CoreClock clock_;
  Hertz wanted_hz_;  ///< the core's clock from the end of the current instruction on
  std::vector<energy::OperatingPoint> points_;
  bool points_merged_ = false;
  peripherals::ClockNets clocks_;
  ExternalInterrupts external_{*this};
  std::optional<timing::CoreTiming> timing_;
  struct ThumbCore;
  struct Rv32Core;
  std::unique_ptr<ThumbCore> thumb_;
  std::unique_ptr<Rv32Core> rv32_;
  Arch* arch_ = nullptr;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<Semihost> semihost_;
  std::vector<peripherals::DevicePtr> devices_;
  std::string console_;
  bool console_lost_ = false;
  bool reset_requested_ = false;
  CycleConfidence confidence_;
  NotModelled not_modelled_;
  std::vector<std::string> load_notes_;
};

}  // namespace mj
