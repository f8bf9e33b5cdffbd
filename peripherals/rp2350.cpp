// RP2350 beyond what it has of RP2040: tick generators, SIO, the XIP cache's control and the QSPI memory interface,
// which says what a miss costs (RP2350 datasheet 3.1, 4.4, 8.5, 12.14).
#include <array>
#include <memory>

#include "peripherals/register_map.h"
#include "peripherals/registry.h"

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

/// Core 0's view: CPUID, GPIO as storage, spinlocks. The other core is not modelled: its FIFO stays empty. Nor are the
/// interpolators, and the platform timer's interrupt.
class Sio final : public RegisterMap {
 public:
  Sio(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring) {
    define({
        {.offset = 0x00, .name = "CPUID", .writable = 0},
        {.offset = 0x04, .name = "GPIO_IN", .writable = 0},
        {.offset = 0x08, .name = "GPIO_HI_IN", .writable = 0},
        {.offset = 0x50, .name = "FIFO_ST", .reset = 2, .writable = 0},  // RDY, never VLD
        {.offset = 0x54,
         .name = "FIFO_WR",
         .write = [this](auto, Cycle) { report(0x54, "message to the second core"); }},
        {.offset = 0x58, .name = "FIFO_RD", .writable = 0},
        {.offset = 0x5C, .name = "SPINLOCK_ST", .writable = 0, .read = [this](Cycle) { return locks_; }},
        {.offset = 0x190, .name = "PERI_NONSEC"},
        {.offset = 0x1A0, .name = "RISCV_SOFTIRQ", .writable = 0},
        {.offset = 0x1A4, .name = "MTIME_CTRL", .reset = 0xD},
        {.offset = 0x1B8, .name = "MTIMECMP", .reset = 0xFFFFFFFF},
        {.offset = 0x1BC, .name = "MTIMECMPH", .reset = 0xFFFFFFFF},
    });
    // GPIO_OUT and GPIO_OE of both banks, then what sets, clears and toggles their bits.
    for (const std::uint32_t at : {0x10u, 0x14u, 0x30u, 0x34u})
      define({{.offset = at, .name = "GPIO"},
              {.offset = at + 8,
               .name = "GPIO_SET",
               .writable = 0,
               .write = [this, at](std::uint32_t v, Cycle) { set(at, get(at) | v); }},
              {.offset = at + 16,
               .name = "GPIO_CLR",
               .writable = 0,
               .write = [this, at](std::uint32_t v, Cycle) { set(at, get(at) & ~v); }},
              {.offset = at + 24, .name = "GPIO_XOR", .writable = 0, .write = [this, at](std::uint32_t v, Cycle) {
                 set(at, get(at) ^ v);
               }}});
    for (unsigned i = 0; i < 32; ++i)
      define({{.offset = 0x100 + 4 * i,
               .name = "SPINLOCK",
               .writable = 0,
               .read =
                   [this, i](Cycle) {
                     const std::uint32_t claimed = locks_ & 1u << i ? 0 : 1u << i;
                     locks_ |= 1u << i;
                     return claimed;
                   },
               .write = [this, i](auto, Cycle) { locks_ &= ~(1u << i); }}});
    define_storage(0x180, 4, "DOORBELL");
  }

 private:
  std::uint32_t locks_ = 0;
};

/// CTRL's EN_SECURE switches the cache of the region that parameter `flash` names.
class XipCtrl final : public RegisterMap {
 public:
  XipCtrl(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring) {
    if (wiring_.flash) timing_ = wiring_.flash(spec.text_or("flash", ""));
    use_atomic_aliases();
    define({
        {.offset = 0x00,
         .name = "CTRL",
         .reset = 0x83,
         .writable = 0xFFB,
         .write =
             [this](auto, Cycle) {
               const bool on = get(0x00) & 1;
               if (timing_ && on != enabled_) timing_->set_icache(on);
               enabled_ = on;
             }},
        {.offset = 0x08, .name = "STAT", .reset = 2, .writable = 0},  // FIFO_EMPTY
    });
    define_storage(0x0C, 4, "CTR_HIT, CTR_ACC, STREAM");
  }

 private:
  memory::FlashTiming* timing_ = nullptr;
  bool enabled_ = true;
};

/// Window 0's timing and format say how many cycles of the core a read of `line_bytes` takes: the serial clocks of
/// command, address, suffix, dummies and data, each by its width, times the clock divider. The board file gives the
/// registers as the boot ROM leaves them. Consecutive lines that would be read in one transfer are not told apart.
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

  std::uint32_t cycles(std::uint32_t bytes) const {
    const std::uint32_t f = get(format);
    constexpr std::uint32_t address_bits = 24;
    // Bits of one part of the transfer on one, two or four wires; data at both edges of the clock (DTR) take half.
    const auto clocks = [f](std::uint32_t bits, unsigned width_at) { return bits >> std::min(f >> width_at & 3, 2u); };
    std::uint32_t serial = clocks(f >> 12 & 1 ? 8 : 0, 0);
    std::uint32_t rest = clocks(address_bits, 2) + clocks((f >> 14 & 3) == 2 ? 8 : 0, 4) + clocks(8 * bytes, 8);
    if (f >> 28 & 1) rest /= 2;
    serial += rest + clocks(4 * (f >> 16 & 7), 6);
    const std::uint32_t divider = get(timing) & 0xFF;
    return serial * (divider ? divider : 256);
  }
  void update() {
    if (timing_) timing_->set_wait_states(cycles(line_bytes_));
    if (uncached_) uncached_->set_wait_states(cycles(4));
  }

  std::uint32_t line_bytes_;
  memory::FlashTiming *timing_ = nullptr, *uncached_ = nullptr;
};

}  // namespace

DevicePtr make_rp2350_ticks(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<Ticks>(spec, wiring);
}
DevicePtr make_rp2350_sio(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Sio>(spec, wiring); }
DevicePtr make_rp2350_xip_ctrl(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<XipCtrl>(spec, wiring);
}
DevicePtr make_rp2350_qmi(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Qmi>(spec, wiring); }

}  // namespace mj::peripherals
