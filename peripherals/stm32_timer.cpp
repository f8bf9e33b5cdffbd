// STM32 basic and general-purpose timers as up-counters: CNT, PSC, ARR, update and compare flags (RM0432 ch. 38).
#include <memory>
#include <string>

#include "peripherals/register_map.h"
#include "peripherals/registry.h"
#include "peripherals/tick_counter.h"

namespace mj::peripherals {

namespace {

class Stm32Timer final : public RegisterMap {
 public:
  Stm32Timer(const DeviceSpec& spec, const Wiring& wiring)
      : RegisterMap(spec, wiring),
        net_(spec.text_or("clock", "")),
        max_(spec.number("bits") >= 32 ? 0xFFFFFFFFu : (1u << spec.number("bits")) - 1) {
    const auto again = [this](auto, Cycle now) { retime(now); };
    define({
        {.offset = cr1, .name = "CR1", .write = again},
        {.offset = 0x04, .name = "CR2"},
        {.offset = 0x08, .name = "SMCR"},
        {.offset = dier, .name = "DIER", .write = [this](auto, Cycle now) { settle(now); }},
        {.offset = sr,
         .name = "SR",
         .writable = 0,
         .read =
             [this](Cycle now) {
               settle(now);
               return get(sr);
             },
         .write =
             [this](std::uint32_t v, Cycle now) {
               settle(now);
               set(sr, get(sr) & v);
               settle(now);
             }},
        {.offset = 0x14,
         .name = "EGR",
         .writable = 0,
         .write =
             [this](std::uint32_t v, Cycle now) {
               if (!(v & 1)) return;
               settle(now);
               restart(0, now);
               set(sr, get(sr) | 1);
               retime(now);
             }},
        {.offset = 0x18, .name = "CCMR1"},
        {.offset = 0x1C, .name = "CCMR2"},
        {.offset = 0x20, .name = "CCER"},
        {.offset = 0x24,
         .name = "CNT",
         .read = [this](Cycle now) { return static_cast<std::uint32_t>(counter_.ticks(now) % period()); },
         .write =
             [this](std::uint32_t v, Cycle now) {
               settle(now);
               restart(v & max_, now);
               settle(now);
             }},
        {.offset = psc, .name = "PSC", .writable = 0xFFFF},
        {.offset = arr, .name = "ARR", .reset = max_, .write = again},
    });
    for (unsigned i = 0; i < 4; ++i)
      define({{.offset = ccr1 + 4 * i, .name = "CCR", .write = [this](auto, Cycle now) { settle(now); }}});
    wiring_.clocks->on_change(net_, [this](Cycle now) { retime(now); });
    wiring_.clocks->on_change(ClockNets::core, [this](Cycle now) { retime(now); });
  }

 private:
  static constexpr std::uint32_t cr1 = 0x00, dier = 0x0C, sr = 0x10, psc = 0x28, arr = 0x2C, ccr1 = 0x34;

  std::uint64_t period() const { return std::uint64_t{get(arr) & max_} + 1; }
  void restart(std::uint64_t value, Cycle now) {
    counter_.set_ticks(value, now);
    last_ = value;
  }
  /// Rate, period or enable changed. The count goes on from where it stood; PSC is taken over at once where hardware
  /// waits for the next update.
  void retime(Cycle now) {
    settle(now);
    restart(counter_.ticks(now) % period(), now);
    const bool runs = get(cr1) & 1;
    counter_.set_rate(runs ? wiring_.clocks->hz(net_) : 0, get(psc) + 1, wiring_.clocks->hz(ClockNets::core), now);
    settle(now);
  }
  /// Sets the flags that have come due by `now`, and schedules the next one that may interrupt.
  void settle(Cycle now) {
    const std::uint64_t ticks = counter_.ticks(now);
    std::uint32_t flags = get(sr);
    for (unsigned i = 0; i < 5; ++i)
      if (counter_passed(last_, ticks, match(i), period())) flags |= 1u << i;
    last_ = ticks;
    set(sr, flags);
    drive_irq(0, flags & get(dier) & 0x1F);
    wiring_.events->cancel(event_);
    event_ = 0;
    Cycle next = EventQueue::never;
    for (unsigned i = 0; i < 5; ++i)
      if (get(dier) & ~flags & 1u << i && match(i) < period())
        next = std::min(next, counter_.when(counter_next(last_, match(i), period())));
    if (next != EventQueue::never) event_ = wiring_.events->schedule(next, [this](Cycle when) { settle(when); });
  }
  /// Flag 0 is the update at the wrap to 0, flags 1 to 4 are the compare channels.
  std::uint64_t match(unsigned flag) const { return flag == 0 ? 0 : get(ccr1 + 4 * (flag - 1)); }

  std::string net_;
  std::uint32_t max_;
  TickCounter counter_;
  std::uint64_t last_ = 0;
  EventQueue::Id event_ = 0;
};

}  // namespace

DevicePtr make_stm32_timer(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<Stm32Timer>(spec, wiring);
}

}  // namespace mj::peripherals
