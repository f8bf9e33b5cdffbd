// RP2350 beyond what it has of RP2040: tick generators, SIO, the XIP cache's control and the QSPI memory interface,
// which says what a miss costs (RP2350 datasheet 3.1, 4.4, 8.5, 12.14).
#include <array>
#include <memory>
#include <string>

#include "peripherals/registry.h"
#include "peripherals/rp2.h"
#include "peripherals/tick_counter.h"

namespace mj::peripherals {

namespace {

/// Six dividers of clk_ref. Nets: tick_proc0, tick_proc1, tick_timer0, tick_timer1, tick_watchdog, tick_riscv.
class Ticks final : public RegisterMap {
 public:
  Ticks(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring) {
    use_atomic_aliases();
    const auto tree = [this](auto, Cycle now) { update(now); };
    for (unsigned i = 0; i < nets.size(); ++i) {
      define({{.offset = 12 * i, .name = "CTRL", .writable = 1, .write = tree},
              {.offset = 12 * i + 4, .name = "CYCLES", .writable = 0x1FF, .write = tree},
              {.offset = 12 * i + 8, .name = "COUNT", .writable = 0}});
    }
    std::vector<Follow> running;
    for (unsigned i = 0; i < nets.size(); ++i) running.push_back({12 * i, 1, 12 * i, 1});  // RUNNING follows ENABLE
    define_follow(std::move(running));
    wiring_.clocks->on_change("clk_ref", [this](Cycle now) { update(now); });
    update(0);
  }

 private:
  static constexpr std::array<std::string_view, 6> nets = {"tick_proc0",  "tick_proc1",    "tick_timer0",
                                                           "tick_timer1", "tick_watchdog", "tick_riscv"};
  void update(Cycle now) {
    for (unsigned i = 0; i < nets.size(); ++i) {
      const std::uint32_t cycles = get(12 * i + 4);
      const bool runs = get(12 * i) & 1 && cycles != 0;
      wiring_.clocks->drive(nets[i], runs ? wiring_.clocks->hz("clk_ref") / cycles : 0, now);
    }
  }
};

/// With RISC-V's timer, which counts net `tick` or the core's clock, and the software interrupt. Line: MTIMECMP, which
/// is mip.MTIP of a RISC-V core as well. Not modelled: the interpolators.
class Sio final : public Rp2Sio {
 public:
  Sio(const DeviceSpec& spec, const Wiring& wiring)
      : Rp2Sio(spec, wiring, {0x10, 0x14, 0x30, 0x34}, 8, 0), tick_(spec.text_or("tick", "tick_riscv")) {
    const auto half = [this](unsigned shift) {
      return Register{
          .offset = shift ? mtimeh : mtime,
          .name = shift ? "MTIMEH" : "MTIME",
          .writable = 0,
          .read = [this, shift](Cycle now) { return static_cast<std::uint32_t>(counter_.ticks(now) >> shift); },
          .write =
              [this, shift](std::uint32_t v, Cycle now) {
                const std::uint64_t other = counter_.ticks(now) & ~(std::uint64_t{0xFFFFFFFF} << shift);
                counter_.set_ticks(other | std::uint64_t{v} << shift, now);
                settle(now);
              }};
    };
    const auto compare = [this](auto, Cycle now) { settle(now); };
    define({
        {.offset = 0x190, .name = "PERI_NONSEC"},
        {.offset = softirq,
         .name = "RISCV_SOFTIRQ",
         .writable = 0,
         .read = [this](Cycle) { return soft_ | soft_ << 8; },
         .write =
             [this](std::uint32_t v, Cycle) {
               soft_ = (soft_ | (v & 3)) & ~(v >> 8 & 3);
               if (wiring_.core_lines) wiring_.core_lines->set_irq(line_software, soft_ & 1);
             }},
        {.offset = control,
         .name = "MTIME_CTRL",
         .reset = 0xD,
         .writable = 0xF,
         .write = [this](auto, Cycle now) { retime(now); }},
        half(0),
        half(32),
        {.offset = cmp, .name = "MTIMECMP", .reset = 0xFFFFFFFF, .write = compare},
        {.offset = cmph, .name = "MTIMECMPH", .reset = 0xFFFFFFFF, .write = compare},
    });
    define_storage(0x180, 4, "DOORBELL");
    wiring_.clocks->on_change(tick_, [this](Cycle now) { retime(now); });
    wiring_.clocks->on_change(ClockNets::core, [this](Cycle now) { retime(now); });
    retime(0);
  }

 private:
  static constexpr std::uint32_t softirq = 0x1A0, control = 0x1A4, mtime = 0x1B0, mtimeh = 0x1B4, cmp = 0x1B8,
                                 cmph = 0x1BC;
  static constexpr unsigned line_software = 3, line_timer = 7;  ///< of mip

  void retime(Cycle now) {
    const bool runs = get(control) & 1, by_core = get(control) & 2;
    const Hertz core = wiring_.clocks->hz(ClockNets::core);
    counter_.set_rate(!runs ? 0 : by_core ? core : wiring_.clocks->hz(tick_), 1, core, now);
    settle(now);
  }
  void settle(Cycle now) {
    const std::uint64_t at = std::uint64_t{get(cmph)} << 32 | get(cmp);
    const bool due = counter_.ticks(now) >= at;
    drive_irq(0, due);
    if (wiring_.core_lines) wiring_.core_lines->set_irq(line_timer, due);
    wiring_.events->cancel(event_);
    const Cycle next = due ? EventQueue::never : counter_.when(at);
    event_ = next == EventQueue::never ? 0 : wiring_.events->schedule(next, [this](Cycle when) { settle(when); });
  }

  const std::string tick_;
  TickCounter counter_;
  std::uint32_t soft_ = 0;
  EventQueue::Id event_ = 0;
};

/// The boot ROM's memory, and locks that its functions are used under.
class BootRam final : public Rp2Locks {
 public:
  BootRam(const DeviceSpec& spec, const Wiring& wiring) : Rp2Locks(spec, wiring) {
    define_storage(0x000, 256, "BOOTRAM");
    for (const std::uint32_t at : {0x800u, 0x804u})
      define({{.offset = at, .name = "WRITE_ONCE", .writable = 0, .write = [this, at](std::uint32_t v, Cycle) {
                 set(at, get(at) | v);
               }}});
    define(
        {{.offset = 0x808, .name = "BOOTLOCK_STAT", .writable = 0, .read = [this](Cycle) { return ~locks_ & 0xFF; }}});
    define_locks(0x80C, 8, "BOOTLOCK");
  }
};

/// CTRL's EN_SECURE switches the cache.
class XipCtrl final : public Rp2XipCtrl {
 public:
  XipCtrl(const DeviceSpec& spec, const Wiring& wiring) : Rp2XipCtrl(spec, wiring, 0x83, 0xFFB) {
    define({{.offset = 0x08, .name = "STAT", .reset = 2, .writable = 0}});  // FIFO_EMPTY
    define_storage(0x0C, 4, "CTR_HIT, CTR_ACC, STREAM");
  }
};

/// Window 0's timing and format say how many cycles of the core a read of `line_bytes` takes: the serial clocks of
/// command, address, suffix, dummies and data, each by its width, times the clock divider. The board file gives the
/// registers as the boot ROM leaves them. A line behind the one read last costs its data alone while chip select is
/// held for it (M0_TIMING: COOLDOWN, PAGEBREAK); MAX_SELECT is not looked at.
class Qmi final : public RegisterMap {
 public:
  Qmi(const DeviceSpec& spec, const Wiring& wiring)
      : RegisterMap(spec, wiring), line_bytes_(static_cast<std::uint32_t>(spec.number("line_bytes"))) {
    if (wiring_.flash) timing_ = wiring_.flash(spec.text_or("flash", ""));
    if (wiring_.flash && spec.has("uncached_flash")) uncached_ = wiring_.flash(spec.text_or("uncached_flash", ""));
    use_atomic_aliases();
    const auto reset = [&](const char* key) { return static_cast<std::uint32_t>(spec.number(key)); };
    const auto program = [this](auto, Cycle) { update(); };
    define({
        {.offset = 0x00, .name = "DIRECT_CSR", .reset = 0x01800800, .writable = 0xFFC000CD},  // TXEMPTY
        {.offset = 0x04,
         .name = "DIRECT_TX",
         .writable = 0,
         .write = [this](auto, Cycle) { report(0x04, "command to the flash memory; it answers 0"); }},
        {.offset = 0x08, .name = "DIRECT_RX", .writable = 0},
        {.offset = timing, .name = "M0_TIMING", .reset = reset("m0_timing"), .write = program},
        {.offset = format, .name = "M0_RFMT", .reset = reset("m0_rfmt"), .write = program},
        {.offset = 0x14, .name = "M0_RCMD", .reset = reset("m0_rcmd")},
        {.offset = 0x18, .name = "M0_WFMT", .reset = 0x1000},
        {.offset = 0x1C, .name = "M0_WCMD", .reset = 0xA002},
        {.offset = 0x20, .name = "M1_TIMING", .reset = 0x40000004},
        {.offset = 0x24, .name = "M1_RFMT", .reset = 0x1000},
        {.offset = 0x28, .name = "M1_RCMD", .reset = 0xA003},
        {.offset = 0x2C, .name = "M1_WFMT", .reset = 0x1000},
        {.offset = 0x30, .name = "M1_WCMD", .reset = 0xA002},
    });
    define_storage(0x34, 8, "ATRANS");
    update();
  }

 private:
  static constexpr std::uint32_t timing = 0x0C, format = 0x10;

  /// Serial clocks of one part of the transfer on one, two or four wires.
  std::uint32_t clocks(std::uint32_t bits, unsigned width_at) const {
    return bits >> std::min(get(format) >> width_at & 3, 2u);
  }
  std::uint32_t divider() const {
    const std::uint32_t field = get(timing) & 0xFF;
    return field ? field : 256;
  }
  std::uint32_t cycles(std::uint32_t bytes) const {
    const std::uint32_t f = get(format);
    constexpr std::uint32_t address_bits = 24;
    std::uint32_t serial = clocks(f >> 12 & 1 ? 8 : 0, 0);
    std::uint32_t rest = clocks(address_bits, 2) + clocks((f >> 14 & 3) == 2 ? 8 : 0, 4) + clocks(8 * bytes, 8);
    if (f >> 28 & 1) rest /= 2;  // address and data at both edges of the clock (DTR)
    serial += rest + clocks(4 * (f >> 16 & 7), 6);
    return serial * divider();
  }
  void chain(memory::FlashTiming& flash, std::uint32_t bytes) const {
    static constexpr std::uint32_t page_bytes[] = {0, 256, 1024, 4096};
    constexpr Cycle cooldown_unit = 64;
    const std::uint32_t data = clocks(8 * bytes, 8) >> (get(format) >> 28 & 1);
    const std::uint32_t cooldown = get(timing) >> 30;
    if (cooldown) flash.set_chain(data * divider(), cooldown * cooldown_unit, page_bytes[get(timing) >> 28 & 3]);
  }
  void update() {
    for (const auto& [flash, bytes] : {std::pair{timing_, line_bytes_}, std::pair{uncached_, std::uint32_t{4}}})
      if (flash) {
        flash->set_wait_states(cycles(bytes));
        flash->end_chain();
        chain(*flash, bytes);
      }
  }

  std::uint32_t line_bytes_;
  memory::FlashTiming *timing_ = nullptr, *uncached_ = nullptr;
};

}  // namespace

DevicePtr make_rp2350_ticks(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<Ticks>(spec, wiring);
}
DevicePtr make_rp2350_bootram(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<BootRam>(spec, wiring);
}
DevicePtr make_rp2350_sio(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Sio>(spec, wiring); }
DevicePtr make_rp2350_xip_ctrl(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<XipCtrl>(spec, wiring);
}
DevicePtr make_rp2350_qmi(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Qmi>(spec, wiring); }

}  // namespace mj::peripherals
