// nRF52 TIMER and RTC (nRF52840 product specification 6.30, 6.22): counters with compare registers. Parameters: `hz` of
// the clock, number of compare registers `cc`.
#include <algorithm>
#include <memory>

#include "peripherals/nrf_peripheral.h"
#include "peripherals/registry.h"
#include "peripherals/tick_counter.h"

namespace mj::peripherals {

namespace {

class NrfCounter : public NrfPeripheral<RegisterMap> {
 public:
  NrfCounter(const DeviceSpec& spec, const Wiring& wiring)
      : NrfPeripheral(spec, wiring),
        hz_(spec.number("hz")),
        cc_count_(static_cast<unsigned>(std::min<std::uint64_t>(spec.number("cc"), 6))) {
    define_task(0x000, "TASKS_START", [this](Cycle now) { run(true, now); });
    define_task(0x004, "TASKS_STOP", [this](Cycle now) { run(false, now); });
    for (unsigned i = 0; i < cc_count_; ++i) {
      define_event(compare_event(i), "EVENTS_COMPARE");
      define({{.offset = 0x540 + 4 * i, .name = "CC", .write = [this](auto, Cycle now) { settle(now); }}});
    }
    wiring_.clocks->on_change(ClockNets::core, [this](Cycle now) { retime(now); });
  }

 protected:
  static constexpr std::uint32_t compare_event(unsigned i) { return 0x140 + 4 * i; }

  virtual std::uint64_t divisor() const = 0;
  /// Ticks until the counter is 0 again.
  virtual std::uint64_t period() const = 0;
  /// The same unless a compare clears it: 2 to the number of its bits.
  virtual std::uint64_t whole_period() const = 0;

  std::uint32_t count(Cycle now) const { return static_cast<std::uint32_t>(counter_.ticks(now) % period()); }
  void restart(std::uint64_t value, Cycle now) {
    settle(now);
    counter_.set_ticks(value, now);
    last_ = value;
    settle(now);
  }
  void run(bool on, Cycle now) {
    running_ = on;
    retime(now);
  }
  void retime(Cycle now) {
    settle(now);
    counter_.set_rate(running_ ? hz_ : 0, divisor(), wiring_.clocks->hz(ClockNets::core), now);
    settle(now);
  }
  void settle(Cycle now) override {
    const std::uint64_t ticks = counter_.ticks(now), from = last_;
    last_ = ticks;
    for (unsigned i = 0; i < cc_count_; ++i)
      if (counter_passed(from, ticks, match(i), period())) raise_event(compare_event(i));
    Cycle next = EventQueue::never;
    for (unsigned i = 0; i < cc_count_; ++i)
      if (enabled(compare_event(i)) && !get(compare_event(i)) && match(i) < period())
        next = std::min(next, counter_.when(counter_next(ticks, match(i), period())));
    wiring_.events->cancel(event_);
    event_ = next == EventQueue::never ? 0 : wiring_.events->schedule(next, [this](Cycle when) { settle(when); });
  }

  const Hertz hz_;
  const unsigned cc_count_;

 private:
  /// A counter that a compare clears never shows that value: it shows 0 instead.
  std::uint64_t match(unsigned i) const {
    const std::uint64_t value = get(0x540 + 4 * i) & (whole_period() - 1);  // as many bits as are counted
    return value == period() ? 0 : value;
  }

  TickCounter counter_;
  std::uint64_t last_ = 0;
  bool running_ = false;
  EventQueue::Id event_ = 0;
};

class NrfTimer final : public NrfCounter {
 public:
  NrfTimer(const DeviceSpec& spec, const Wiring& wiring) : NrfCounter(spec, wiring) {
    const auto again = [this](auto, Cycle now) { retime(now); };
    define_task(0x008, "TASKS_COUNT", [this](Cycle) { report(0x008, "counter mode"); });
    define_task(0x00C, "TASKS_CLEAR", [this](Cycle now) { restart(0, now); });
    define_task(0x010, "TASKS_SHUTDOWN", [this](Cycle now) {
      run(false, now);
      restart(0, now);
    });
    for (unsigned i = 0; i < cc_count_; ++i)
      define_task(0x040 + 4 * i, "TASKS_CAPTURE", [this, i](Cycle now) { set(0x540 + 4 * i, count(now)); });
    define({
        {.offset = shorts,
         .name = "SHORTS",
         .write =
             [this](std::uint32_t v, Cycle now) {
               if (v & 0x3F00) report(shorts, "short COMPARE_STOP");
               restart(count(now), now);
             }},
        {.offset = 0x504,
         .name = "MODE",
         .write =
             [this](std::uint32_t v, Cycle) {
               if (v & 3) report(0x504, "counter mode");
             }},
        {.offset = bitmode, .name = "BITMODE", .writable = 3, .write = again},
        {.offset = prescaler, .name = "PRESCALER", .reset = 4, .writable = 0xF, .write = again},
    });
  }

 private:
  static constexpr std::uint32_t shorts = 0x200, bitmode = 0x508, prescaler = 0x510;

  std::uint64_t divisor() const override { return std::uint64_t{1} << std::min(get(prescaler), 9u); }
  std::uint64_t whole_period() const override {
    static constexpr unsigned bits[] = {16, 8, 24, 32};
    return std::uint64_t{1} << bits[get(bitmode) & 3];
  }
  std::uint64_t period() const override {
    std::uint64_t p = whole_period();
    for (unsigned i = 0; i < cc_count_; ++i)
      if (const std::uint64_t cc = get(0x540 + 4 * i) & (whole_period() - 1); get(shorts) & 1u << i && cc != 0)
        p = std::min(p, cc);
    return p;
  }
};

class NrfRtc final : public NrfCounter {
 public:
  NrfRtc(const DeviceSpec& spec, const Wiring& wiring) : NrfCounter(spec, wiring) {
    define_task(0x008, "TASKS_CLEAR", [this](Cycle now) { restart(0, now); });
    define_task(0x00C, "TASKS_TRIGOVRFLW", [this](Cycle now) { restart(0xFFFFF0, now); });
    define_event(0x100, "EVENTS_TICK");
    define_event(0x104, "EVENTS_OVRFLW");
    const auto routed = [this](std::uint32_t v, Cycle) {
      if (v & 3) report(0x340, "events TICK and OVRFLW");
    };
    define({
        {.offset = 0x340, .name = "EVTEN", .write = routed},
        {.offset = 0x344, .name = "EVTENSET", .writable = 0, .write = routed},
        {.offset = 0x348, .name = "EVTENCLR", .writable = 0},
        {.offset = 0x504, .name = "COUNTER", .writable = 0, .read = [this](Cycle now) { return count(now); }},
        {.offset = prescaler,
         .name = "PRESCALER",
         .writable = 0xFFF,
         .write = [this](auto, Cycle now) { retime(now); }},
    });
  }

 private:
  static constexpr std::uint32_t prescaler = 0x508;
  std::uint64_t divisor() const override { return get(prescaler) + 1; }
  std::uint64_t period() const override { return whole_period(); }
  std::uint64_t whole_period() const override { return std::uint64_t{1} << 24; }
};

}  // namespace

DevicePtr make_nrf_timer(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<NrfTimer>(spec, wiring);
}
DevicePtr make_nrf_rtc(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<NrfRtc>(spec, wiring); }

}  // namespace mj::peripherals
