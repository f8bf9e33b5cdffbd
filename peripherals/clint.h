// RISC-V machine timer and software interrupt: the CLINT (as SiFive's and QEMU's virt board have it) and the timer of
// lowRISC's Ibex demo system. No work per cycle: mtime is computed from the time of the access, and the next change of
// the timer's interrupt line is an event.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "memory/device.h"
#include "sim/base/event_queue.h"
#include "sim/base/units.h"
#include "sim/base/wires.h"

namespace mj::peripherals {

enum class ClintLayout : std::uint8_t {
  /// msip 0x0, mtimecmp 0x4000, mtime 0xbff8 (SiFive FU540-C000 manual 9.2; QEMU hw/riscv/virt.c), one hart.
  clint,
  /// mtime 0x0, mtimeh 0x4, mtimecmp 0x8, mtimecmph 0xc; no msip (ibex-demo-system, rtl/system: timer). The interrupt
  /// stays once mtime has reached mtimecmp, until mtimecmp is written; mtimecmp is 0 after reset.
  ibex_timer,
};

struct ClintConfig {
  std::string name = "CLINT";
  ClintLayout layout = ClintLayout::clint;
  /// mtime advances by ticks/cycles per core cycle (10 MHz mtime and a 50 MHz core: 1/5). Both 1 or more.
  std::uint32_t ticks = 1;
  std::uint32_t cycles = 1;
};

class Clint final : public memory::Device {
 public:
  /// `irqs` gets the levels of lines 3 (software) and 7 (timer), numbered as bits of mip.
  Clint(ClintConfig config, IrqSink& irqs, EventQueue& events);
  ~Clint() override;
  Clint(const Clint&) = delete;
  Clint& operator=(const Clint&) = delete;

  std::string_view name() const override { return config_.name; }
  /// Offsets without a register read 0 and ignore writes.
  std::uint32_t read(std::uint32_t offset, unsigned size, Cycle now) override;
  void write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle now) override;
  void reset(Cycle now);

  /// The timer's value, also what the `time` CSR reads.
  std::uint64_t mtime(Cycle now) const;
  /// The ratio changed at `now` (the core clock was switched, mtime's was not).
  void set_ratio(std::uint32_t ticks, std::uint32_t cycles, Cycle now);

 private:
  enum class Reg : std::uint8_t { none, msip, mtimecmp, mtimecmph, mtime, mtimeh };
  Reg at(std::uint32_t offset) const;
  std::uint32_t value_of(Reg reg, Cycle now) const;
  void set_mtime(std::uint64_t value, Cycle now);
  void update_line(Cycle now);
  void set_line(unsigned number, bool& level, bool wanted);

  ClintConfig config_;
  IrqSink& irqs_;
  EventQueue& events_;
  std::uint32_t msip_ = 0;
  std::uint64_t mtimecmp_ = 0;
  // mtime was base_ at cycle since_ and has advanced at the configured ratio since.
  std::uint64_t base_ = 0;
  Cycle since_ = 0;
  bool software_level_ = false, timer_level_ = false;
  EventQueue::Id event_ = 0;
};

}  // namespace mj::peripherals
