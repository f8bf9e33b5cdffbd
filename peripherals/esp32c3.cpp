// Espressif ESP32-C3: interrupt matrix, core clock, UART and system timer (technical reference manual, chapters 8, 6,
// 26 and 10; register offsets of espressif/esp-idf, components/soc/esp32c3).
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "peripherals/registry.h"
#include "peripherals/tick_counter.h"
#include "peripherals/uart.h"

namespace mj::peripherals {

namespace {

/// Maps peripheral sources to the CPU's 31 lines, which have a priority each; the most urgent one at or above the
/// threshold is presented. Edge lines stay until they are cleared.
class InterruptMatrix final : public RegisterMap, public IrqSink {
 public:
  InterruptMatrix(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring) {
    const auto changed = [this](auto, Cycle) { update(); };
    for (unsigned s = 0; s < sources; ++s) define({{.offset = 4 * s, .name = "MAP", .writable = 31, .write = changed}});
    define({
        {.offset = 0x0F8, .name = "INTR_STATUS_0", .writable = 0, .read = [this](Cycle) { return status(0); }},
        {.offset = 0x0FC, .name = "INTR_STATUS_1", .writable = 0, .read = [this](Cycle) { return status(32); }},
        {.offset = 0x100, .name = "CLOCK_GATE", .reset = 1},
        {.offset = enable, .name = "CPU_INT_ENABLE", .write = changed},
        {.offset = type, .name = "CPU_INT_TYPE", .write = changed},
        {.offset = 0x10C,
         .name = "CPU_INT_CLEAR",
         .write =
             [this](std::uint32_t v, Cycle) {
               edges_ &= ~v;
               update();
             }},
        {.offset = 0x110, .name = "CPU_INT_EIP_STATUS", .writable = 0, .read = [this](Cycle) { return pending(); }},
        {.offset = threshold, .name = "CPU_INT_THRESH", .writable = 15, .write = changed},
        {.offset = 0x7FC, .name = "DATE", .reset = 0x2007210},
    });
    for (unsigned n = 0; n < lines; ++n)
      define({{.offset = priority + 4 * n, .name = "CPU_INT_PRI", .writable = 15, .write = changed}});
  }

  void set_irq(unsigned source, bool level) override {
    if (source >= sources || levels_[source] == level) return;
    levels_[source] = level;
    update();
  }

 private:
  static constexpr unsigned sources = 62, lines = 32;
  static constexpr std::uint32_t enable = 0x104, type = 0x108, priority = 0x114, threshold = 0x194;

  std::uint32_t status(unsigned from) const {
    std::uint32_t word = 0;
    for (unsigned s = from; s < std::min(from + 32, sources); ++s) word |= std::uint32_t{levels_[s]} << (s - from);
    return word;
  }
  std::uint32_t pending() const { return ((high_ & ~get(type)) | (edges_ & get(type))) & ~1u; }
  void update() {
    std::uint32_t high = 0;
    for (unsigned s = 0; s < sources; ++s)
      if (levels_[s]) high |= 1u << get(4 * s);
    edges_ |= high & ~high_;
    high_ = high;
    const std::uint32_t ready = pending() & get(enable);
    std::optional<unsigned> best;
    const auto urgency = [this](unsigned n) { return get(priority + 4 * n); };
    for (unsigned n = 1; n < lines; ++n)
      if ((ready >> n & 1u) && urgency(n) != 0 && urgency(n) >= get(threshold) &&
          (!best || urgency(n) > urgency(*best)))
        best = n;
    if (wiring_.interrupts && wiring_.interrupts->present) wiring_.interrupts->present(best);
  }

  std::array<bool, sources> levels_{};
  std::uint32_t high_ = 0, edges_ = 0;  ///< lines
};

/// SYSTEM: the core's clock (net "core"), and the software interrupts FROM_CPU_0..3.
class System final : public RegisterMap {
 public:
  System(const DeviceSpec& spec, const Wiring& wiring)
      : RegisterMap(spec, wiring),
        crystal_hz_(spec.number("xtal_hz")),
        ring_hz_(spec.number("rc_fast_hz")),
        pll_hz_(spec.list("cpu_period_hz")) {
    const auto tree = [this](auto, Cycle now) { update(now); };
    define({
        {.offset = per_conf, .name = "CPU_PER_CONF", .reset = 0x1c, .write = tree},
        {.offset = sysclk, .name = "SYSCLK_CONF", .reset = 1, .writable = 0xFFF, .write = tree},
    });
    for (unsigned n = 0; n < 4; ++n)
      define({{.offset = 0x28 + 4 * n, .name = "CPU_INTR_FROM_CPU", .writable = 1, .write = [this, n](auto, Cycle) {
                 drive_irq(n, get(0x28 + 4 * n) & 1u);
               }}});
    define_storage(0x10, 4, "PERIP_EN/RST", 0);
    update(0);
  }

 private:
  static constexpr std::uint32_t per_conf = 0x08, sysclk = 0x58;
  void update(Cycle now) {
    const std::uint32_t select = get(sysclk) >> 10 & 3, divider = (get(sysclk) & 0x3FF) + 1;
    Hertz hz = 0;
    if (select == 0) hz = crystal_hz_ / divider;
    if (select == 1 && (get(per_conf) & 3) < pll_hz_.size()) hz = pll_hz_[get(per_conf) & 3];
    if (select == 2) hz = ring_hz_ / divider;
    if (hz == 0) report(sysclk, "no such clock source: the core's clock stays");
    if (hz != 0) wiring_.clocks->drive(ClockNets::core, hz, now);
  }

  Hertz crystal_hz_, ring_hz_;
  std::vector<std::uint64_t> pll_hz_;
};

class EspUart final : public Uart {
 public:
  EspUart(const DeviceSpec& spec, const Wiring& wiring) : Uart(spec, wiring) {
    const auto irq = [this](auto, Cycle) { update_irq(); };
    define({
        {.offset = 0x00,
         .name = "FIFO",
         .writable = 0,
         .read = [this](Cycle) { return take_input(); },
         .write =
             [this](std::uint32_t v, Cycle) {
               transmit(v);
               raw_ |= tx_done;
               update_irq();
             }},
        {.offset = 0x04, .name = "INT_RAW", .writable = 0, .read = [this](Cycle) { return raw(); }},
        {.offset = 0x08, .name = "INT_ST", .writable = 0, .read = [this](Cycle) { return raw() & get(int_ena); }},
        {.offset = int_ena, .name = "INT_ENA", .write = irq},
        {.offset = 0x10,
         .name = "INT_CLR",
         .writable = 0,
         .write =
             [this](std::uint32_t v, Cycle) {
               raw_ &= ~v;
               update_irq();
             }},
        {.offset = 0x14, .name = "CLKDIV", .reset = 0x2B6},
        {.offset = 0x18, .name = "RX_FILT"},
        // Bytes are sent at once: the transmit FIFO is always empty.
        {.offset = 0x1C, .name = "STATUS", .writable = 0, .read = [this](Cycle) { return has_input() ? 1u : 0u; }},
        {.offset = 0x20, .name = "CONF0", .reset = 0x1000001C},
        {.offset = 0x24, .name = "CONF1", .reset = 0xC0},
        {.offset = 0x6C, .name = "FSM_STATUS", .writable = 0},
        {.offset = 0x78, .name = "CLK_CONF", .reset = 0x3701000},
        {.offset = 0x7C, .name = "DATE"},
        {.offset = 0x80, .name = "ID", .reset = 0x500, .writable = 0x7FFFFFFF},  // REG_UPDATE is done at once
    });
    define_storage(0x28, 17, "flow control and patterns");
  }

 private:
  static constexpr std::uint32_t int_ena = 0x0C, rx_full = 1, tx_empty = 2, tx_done = 1u << 14;
  std::uint32_t raw() const { return raw_ | tx_empty | (has_input() ? rx_full : 0u); }
  void update_irq() override { drive_irq(0, raw() & get(int_ena)); }
  std::uint32_t raw_ = 0;
};

/// Two counters of 52 bits at a fixed rate, and three comparators on them, once or periodic.
class SystemTimer final : public RegisterMap {
 public:
  SystemTimer(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring), hz_(spec.number("hz")) {
    wiring.clocks->on_change(ClockNets::core, [this](Cycle now) { rates(now); });
    define({{.offset = conf, .name = "CONF", .reset = 0x46000000, .write = [this](auto, Cycle now) { rates(now); }},
            {.offset = int_ena, .name = "INT_ENA", .writable = 7, .write = [this](auto, Cycle now) { plan(now); }},
            {.offset = 0x68, .name = "INT_RAW", .writable = 0, .read = [this](Cycle now) { return fired(now); }},
            {.offset = 0x6C,
             .name = "INT_CLR",
             .writable = 0,
             .write =
                 [this](std::uint32_t v, Cycle now) {
                   fired_ = fired(now) & ~v;
                   plan(now);
                 }},
            {.offset = 0x70, .name = "INT_ST", .writable = 0, .read = [this](Cycle now) {
               return fired(now) & get(int_ena);
             }}});
    for (unsigned u = 0; u < units; ++u) {
      define({{.offset = 0x04 + 4 * u,
               .name = "UNIT_OP",
               .writable = 0,
               .read = [](Cycle) { return 1u << 29; },  // a value that was asked for is valid at once
               .write =
                   [this, u](std::uint32_t v, Cycle now) {
                     if (!(v & 1u << 30)) return;
                     set(0x40 + 8 * u, static_cast<std::uint32_t>(unit_[u].ticks(now) >> 32) & 0xFFFFF);
                     set(0x44 + 8 * u, static_cast<std::uint32_t>(unit_[u].ticks(now)));
                   }},
              {.offset = 0x0C + 8 * u, .name = "UNIT_LOAD_HI", .writable = 0xFFFFF},
              {.offset = 0x10 + 8 * u, .name = "UNIT_LOAD_LO"},
              {.offset = 0x40 + 8 * u, .name = "UNIT_VALUE_HI", .writable = 0},
              {.offset = 0x44 + 8 * u, .name = "UNIT_VALUE_LO", .writable = 0},
              {.offset = 0x5C + 4 * u, .name = "UNIT_LOAD", .writable = 0, .write = [this, u](auto, Cycle now) {
                 fired_ = fired(now);
                 unit_[u].set_ticks(wide(0x0C + 8 * u), now);
                 for (unsigned t = 0; t < targets; ++t) arm(t, now);
               }}});
    }
    for (unsigned t = 0; t < targets; ++t)
      define({{.offset = 0x1C + 8 * t, .name = "TARGET_HI", .writable = 0xFFFFF},
              {.offset = 0x20 + 8 * t, .name = "TARGET_LO"},
              {.offset = target_conf + 4 * t, .name = "TARGET_CONF", .writable = 0xC3FFFFFF},
              {.offset = 0x50 + 4 * t, .name = "COMP_LOAD", .writable = 0, .write = [this, t](auto, Cycle now) {
                 fired_ = fired(now);
                 arm(t, now);
               }}});
    rates(0);
  }
  ~SystemTimer() override { wiring_.events->cancel(event_); }

 private:
  static constexpr unsigned units = 2, targets = 3;
  static constexpr std::uint32_t conf = 0x00, target_conf = 0x34, int_ena = 0x64;

  std::uint64_t wide(std::uint32_t high) const { return std::uint64_t{get(high)} << 32 | get(high + 4); }
  const TickCounter& counter(unsigned t) const { return unit_[get(target_conf + 4 * t) >> 31]; }
  bool periodic(unsigned t) const { return get(target_conf + 4 * t) & 1u << 30; }
  std::uint64_t period(unsigned t) const { return std::max(get(target_conf + 4 * t) & 0x3FFFFFFu, 1u); }
  bool works(unsigned t) const { return get(conf) & 1u << (24 - t); }

  void rates(Cycle now) {
    fired_ = fired(now);
    const Hertz core = wiring_.clocks->hz(ClockNets::core);
    for (unsigned u = 0; u < units; ++u) unit_[u].set_rate(get(conf) & 1u << (30 - u) ? hz_ : 0, 1, core, now);
    for (unsigned t = 0; t < targets; ++t) {
      const bool starts = works(t) && !worked_[t];
      worked_[t] = works(t);
      if (starts) arm(t, now);
    }
    plan(now);
  }
  /// Takes over the target (COMP_LOAD, or work enabled).
  void arm(unsigned t, Cycle now) {
    const std::uint64_t ticks = counter(t).ticks(now);
    next_[t] = periodic(t) ? ticks + period(t) : wide(0x1C + 8 * t);
    armed_[t] = works(t) && (periodic(t) || next_[t] != 0);
    plan(now);
  }
  /// What has fired by `now`; moves periodic targets on.
  std::uint32_t fired(Cycle now) {
    for (unsigned t = 0; t < targets; ++t) {
      const std::uint64_t ticks = counter(t).ticks(now);
      if (!armed_[t] || !works(t) || ticks < next_[t]) continue;
      fired_ |= 1u << t;
      if (periodic(t))
        next_[t] += ((ticks - next_[t]) / period(t) + 1) * period(t);
      else
        armed_[t] = false;
    }
    return fired_;
  }
  void plan(Cycle now) {
    wiring_.events->cancel(event_);
    event_ = 0;
    const std::uint32_t on = fired(now) & get(int_ena);
    Cycle first = EventQueue::never;
    for (unsigned t = 0; t < targets; ++t) {
      drive_irq(t, on >> t & 1u);
      if (armed_[t] && works(t) && (get(int_ena) >> t & 1u)) first = std::min(first, counter(t).when(next_[t]));
    }
    if (first == EventQueue::never) return;
    event_ = wiring_.events->schedule(std::max(first, now + 1), [this](Cycle when) {
      event_ = 0;
      plan(when);
    });
  }

  Hertz hz_;
  std::array<TickCounter, units> unit_;
  std::array<std::uint64_t, targets> next_{};
  std::array<bool, targets> armed_{}, worked_{};
  std::uint32_t fired_ = 0;
  EventQueue::Id event_ = 0;
};

}  // namespace

DevicePtr make_esp32c3_intmatrix(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<InterruptMatrix>(spec, wiring);
}
DevicePtr make_esp32c3_system(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<System>(spec, wiring);
}
DevicePtr make_esp_uart(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<EspUart>(spec, wiring);
}
DevicePtr make_esp_systimer(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<SystemTimer>(spec, wiring);
}

}  // namespace mj::peripherals
