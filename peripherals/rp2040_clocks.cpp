// RP2040 and RP2350: oscillators, PLLs and the clock generators that lead to clk_sys, the core's clock (RP2040
// datasheet 2.15 to 2.18, RP2350 datasheet 8.1 to 8.6). Nets: rosc, xosc, <PLL instance name>, clk_ref, core (clk_sys).
#include <memory>
#include <string>

#include "peripherals/register_map.h"
#include "peripherals/registry.h"

namespace mj::peripherals {

namespace {

/// XOSC and ROSC: enabled by CTRL bits 23:12 (0xFAB on, 0xD1E off), stable at once.
class Oscillator final : public RegisterMap {
 public:
  Oscillator(const DeviceSpec& spec, const Wiring& wiring)
      : RegisterMap(spec, wiring), net_(spec.text_or("net", "")), hz_(spec.number("hz")) {
    use_atomic_aliases();
    const bool rosc = net_ == "rosc";
    on_ = rosc;  // the ring oscillator runs after reset
    status_ = static_cast<std::uint32_t>(spec.number_or("status", rosc ? 0x18 : 0x04));
    define({
        {.offset = 0x00,
         .name = "CTRL",
         .reset = rosc ? 0xFABAA0u : 0u,
         .write =
             [this](std::uint32_t v, Cycle now) {
               const std::uint32_t enable = v >> 12 & 0xFFF;
               if (enable == 0xFAB) on_ = true;
               if (enable == 0xD1E) on_ = false;
               wiring_.clocks->drive(net_, on_ ? hz_ : 0, now);
             }},
        {.offset = status_, .name = "STATUS", .writable = 0, .read = [this](Cycle) { return on_ ? 0x80001000u : 0u; }},
    });
    if (rosc) {
      define_storage(0x04, (status_ - 4) / 4, "FREQA, FREQB, DORMANT, DIV, PHASE");
      // Deterministic, not random.
      define({{.offset = status_ + 4, .name = "RANDOMBIT", .reset = 1, .writable = 0}});
    } else {
      define_storage(0x08, 2, "DORMANT, STARTUP");
      define({{.offset = 0x10, .name = "COUNT", .writable = 0}, {.offset = 0x1C, .name = "COUNT", .writable = 0}});
    }
    wiring_.clocks->drive(net_, on_ ? hz_ : 0, 0);
  }

 private:
  std::string net_;
  Hertz hz_;
  std::uint32_t status_;
  bool on_;
};

class Pll final : public RegisterMap {
 public:
  Pll(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring), net_(spec.text_or("net", "")) {
    use_atomic_aliases();
    const auto tree = [this](auto, Cycle now) { update(now); };
    define({
        {.offset = cs,
         .name = "CS",
         .reset = 1,
         .writable = 0x13F,
         .read = [this](Cycle) { return get(cs) | (powered() ? 1u << 31 : 0); },
         .write = tree},
        {.offset = pwr, .name = "PWR", .reset = 0x2D, .write = tree},
        {.offset = fbdiv, .name = "FBDIV_INT", .writable = 0xFFF, .write = tree},
        {.offset = prim, .name = "PRIM", .reset = 0x77000, .write = tree},
    });
    wiring_.clocks->on_change("xosc", [this](Cycle now) { update(now); });
  }

 private:
  static constexpr std::uint32_t cs = 0x0, pwr = 0x4, fbdiv = 0x8, prim = 0xC;

  bool powered() const { return !(get(pwr) & (1u << 0 | 1u << 5)); }
  void update(Cycle now) {
    const std::uint32_t refdiv = get(cs) & 0x3F, p1 = get(prim) >> 16 & 7, p2 = get(prim) >> 12 & 7;
    Hertz hz = 0;
    if (powered() && !(get(pwr) & 1u << 3) && refdiv && p1 && p2)
      hz = wiring_.clocks->hz("xosc") / refdiv * get(fbdiv) / (p1 * p2);
    wiring_.clocks->drive(net_, hz, now);
  }

  std::string net_;
};

/// Parameters, where the chip is no RP2040: `fraction_bits` of the dividers, `sys_ctrl` (CLK_SYS_CTRL at reset) and
/// `test_clocks`, the number of registers between the generators and what follows them.
class Clocks final : public RegisterMap {
 public:
  Clocks(const DeviceSpec& spec, const Wiring& wiring)
      : RegisterMap(spec, wiring),
        fraction_bits_(static_cast<unsigned>(spec.number_or("fraction_bits", 8) & 31)),
        behind_(0x78 + 4 * static_cast<std::uint32_t>(spec.number_or("test_clocks", 0) & 0xF)) {
    use_atomic_aliases();
    const auto tree = [this](auto, Cycle now) { update(now); };
    for (unsigned i = 0; i < clock_count; ++i) {
      const std::uint32_t at = i * 12;
      const auto ctrl_at_reset = i == sys ? static_cast<std::uint32_t>(spec.number_or("sys_ctrl", 0)) : 0;
      define({{.offset = at, .name = "CTRL", .reset = ctrl_at_reset, .write = tree},
              {.offset = at + 4, .name = "DIV", .reset = 1u << fraction_bits_, .write = tree},
              {.offset = at + 8, .name = "SELECTED", .writable = 0, .read = [this, i](Cycle) { return selected(i); }}});
    }
    if (behind_ > 0x78) define_storage(0x78, (behind_ - 0x78) / 4, "DFTCLK_CTRL");
    define_storage(behind_, 1, "CLK_SYS_RESUS_CTRL", 0xFF);
    define_storage(behind_ + 0x04, 1, "CLK_SYS_RESUS_STATUS");
    define_storage(behind_ + 0x08, 5, "FC0");
    define({
        {.offset = behind_ + 0x1C, .name = "FC0_SRC"},
        {.offset = behind_ + 0x20, .name = "FC0_STATUS", .reset = 1u << 4, .writable = 0},  // DONE
        {.offset = behind_ + 0x24, .name = "FC0_RESULT", .writable = 0, .read = [this](Cycle) { return measured(); }},
    });
    define_storage(behind_ + 0x28, 4, "WAKE_EN, SLEEP_EN", 0xFFFFFFFF);
    define_storage(behind_ + 0x38, 2, "ENABLED", 0xFFFFFFFF);
    define_storage(behind_ + 0x40, 4, "INTR, INTE, INTF, INTS");
    for (const char* net : {"rosc", "xosc", "pll_sys", "pll_usb"})
      wiring_.clocks->on_change(net, [this](Cycle now) { update(now); });
    update(0);
  }

 private:
  static constexpr unsigned clock_count = 10, ref = 4, sys = 5;
  std::uint32_t ctrl(unsigned i) const { return get(i * 12); }
  Hertz net(std::string_view n) const { return wiring_.clocks->hz(n); }

  std::uint32_t selected(unsigned i) const {
    if (i == ref) return 1u << (ctrl(i) & 3);
    if (i == sys) return 1u << (ctrl(i) & 1);
    return 1;  // no glitchless multiplexer
  }
  Hertz divided(Hertz hz, unsigned i) const {
    std::uint64_t div = get(i * 12 + 4);
    if (div >> fraction_bits_ == 0)
      div |= std::uint64_t{1} << (16 + fraction_bits_);  // an integer part of 0 means 2^16
    return (hz << fraction_bits_) / div;
  }
  Hertz clk_ref() const {
    switch (ctrl(ref) & 3) {
      case 0:
        return divided(net("rosc"), ref);
      case 1:
        return divided(ctrl(ref) >> 5 & 3 ? 0 : net("pll_usb"), ref);
      case 2:
        return divided(net("xosc"), ref);
      default:
        return 0;
    }
  }
  Hertz clk_sys() const {
    if (!(ctrl(sys) & 1)) return divided(clk_ref(), sys);
    static constexpr std::string_view aux[] = {"pll_sys", "pll_usb", "rosc", "xosc"};
    const std::uint32_t source = ctrl(sys) >> 5 & 7;
    return source < 4 ? divided(net(aux[source]), sys) : 0;
  }
  /// Frequency counter: kHz in bits 29:5.
  std::uint32_t measured() const {
    const std::uint32_t source = get(behind_ + 0x1C) & 0xFF;
    const Hertz hz = source == 1   ? net("pll_sys")
                     : source == 2 ? net("pll_usb")
                     : source == 3 ? net("rosc")
                     : source == 5 ? net("xosc")
                     : source == 8 ? clk_ref()
                     : source == 9 ? clk_sys()
                                   : 0;
    return static_cast<std::uint32_t>(hz / 1000 << 5);
  }
  void update(Cycle now) {
    wiring_.clocks->drive("clk_ref", clk_ref(), now);
    const Hertz hz = clk_sys();
    if (hz) wiring_.clocks->drive(ClockNets::core, hz, now);
  }

  const unsigned fraction_bits_;
  const std::uint32_t behind_;  ///< the register behind the generators and test clocks: CLK_SYS_RESUS_CTRL
};

}  // namespace

DevicePtr make_rp2040_oscillator(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<Oscillator>(spec, wiring);
}
DevicePtr make_rp2040_pll(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Pll>(spec, wiring); }
DevicePtr make_rp2040_clocks(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<Clocks>(spec, wiring);
}

}  // namespace mj::peripherals
