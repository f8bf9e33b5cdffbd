// SiFive FE310: UART (FE310-G002 manual, chapter 18) and PRCI, its clocks (chapter 6).
#include <algorithm>
#include <memory>

#include "peripherals/registry.h"
#include "peripherals/uart.h"

namespace mj::peripherals {

namespace {

class SifiveUart final : public Uart {
 public:
  SifiveUart(const DeviceSpec& spec, const Wiring& wiring) : Uart(spec, wiring) {
    const auto irq = [this](auto, Cycle) { update_irq(); };
    define({
        {.offset = 0x00, .name = "txdata", .writable = 0, .write = [this](std::uint32_t v, Cycle) { send(v); }},
        {.offset = 0x04,
         .name = "rxdata",
         .writable = 0,
         .read = [this](Cycle) { return has_input() ? take_input() : empty; }},
        {.offset = txctrl, .name = "txctrl", .writable = 0x70003, .write = irq},
        {.offset = 0x0C, .name = "rxctrl", .writable = 0x70001, .write = irq},
        {.offset = ie, .name = "ie", .writable = 3, .write = irq},
        {.offset = 0x14, .name = "ip", .writable = 0, .read = [this](Cycle) { return pending(); }},
        {.offset = 0x18, .name = "div", .reset = 0xFFFF, .writable = 0xFFFFF},
    });
  }

 private:
  static constexpr std::uint32_t txctrl = 0x08, ie = 0x10;
  static constexpr std::uint32_t empty = 1u << 31, txen = 1, txwm = 1, rxwm = 2;

  // The FIFO is always drained: there are fewer than txcnt entries unless txcnt is 0, more than rxcnt after receiving.
  std::uint32_t pending() const { return (get(txctrl) >> 16 & 7 ? txwm : 0u) | (has_input() ? rxwm : 0u); }
  void send(std::uint32_t v) {
    if (get(txctrl) & txen)
      transmit(v);
    else
      report(0x00, "byte written while the transmitter is off (txen)");
  }
  void update_irq() override { drive_irq(0, pending() & get(ie)); }
};

/// Ring oscillator, crystal and PLL to hfclk, which is the core's clock (net "core"). Oscillators are ready and the PLL
/// is locked at once.
class Prci final : public RegisterMap {
 public:
  Prci(const DeviceSpec& spec, const Wiring& wiring)
      : RegisterMap(spec, wiring), ring_hz_(spec.number("hfrosc_hz")), crystal_hz_(spec.number("hfxosc_hz")) {
    const auto tree = [this](auto, Cycle now) { update(now); };
    constexpr std::uint32_t oscillator_on = 3u << 30;
    define({
        {.offset = hfrosccfg,
         .name = "hfrosccfg",
         .reset = oscillator_on | 0x100004,
         .writable = 0x401F003F,
         .write = tree},
        {.offset = hfxosccfg, .name = "hfxosccfg", .reset = oscillator_on, .writable = 1u << 30, .write = tree},
        {.offset = pllcfg,
         .name = "pllcfg",
         .reset = lock | bypass | refsel | 0xDF1,
         .writable = 0x70FF7,
         .write = tree},
        {.offset = plloutdiv, .name = "plloutdiv", .reset = 0x100, .writable = 0x13F, .write = tree},
        {.offset = 0xF0, .name = "procmoncfg"},
    });
    define_follow({{hfrosccfg, 1u << 30, hfrosccfg, 1}, {hfxosccfg, 1u << 30, hfxosccfg, 1}});
    update(0);
  }

 private:
  static constexpr std::uint32_t hfrosccfg = 0x0, hfxosccfg = 0x4, pllcfg = 0x8, plloutdiv = 0xC;
  static constexpr std::uint32_t pllsel = 1u << 16, refsel = 1u << 17, bypass = 1u << 18, lock = 1u << 31;

  Hertz ring() const { return get(hfrosccfg) & 1u << 30 ? ring_hz_ / ((get(hfrosccfg) & 0x3F) + 1) : 0; }
  Hertz crystal() const { return get(hfxosccfg) & 1u << 30 ? crystal_hz_ : 0; }
  Hertz pll() const {
    const std::uint32_t v = get(pllcfg), out = get(plloutdiv);
    const Hertz reference = v & refsel ? crystal() : ring();
    Hertz hz = reference;
    if (!(v & bypass)) {
      const std::uint32_t r = (v & 7) + 1, f = 2 * ((v >> 4 & 0x3F) + 1), q = v >> 10 & 3;
      hz = reference / r * f >> q;
    }
    return out & 0x100 ? hz : hz / (2 * ((out & 0x3F) + 1));
  }
  void update(Cycle now) {
    const Hertz hz = get(pllcfg) & pllsel ? pll() : ring();
    if (hz == 0) report(pllcfg, "hfclk stopped: its source is off; it goes on here");
    if (hz != 0) wiring_.clocks->drive(ClockNets::core, hz, now);
  }

  Hertz ring_hz_, crystal_hz_;
};

}  // namespace

DevicePtr make_sifive_uart(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<SifiveUart>(spec, wiring);
}
DevicePtr make_fe310_prci(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Prci>(spec, wiring); }

}  // namespace mj::peripherals
