// RP2040, and what RP2350 has of it: resets, watchdog tick, timer, SIO (with its divider) and the XIP cache's control
// (RP2040 datasheet 2.3.1, 2.6.3, 2.14, 4.6, 4.7; RP2350 datasheet 4.4, 7.5, 12.8, 12.9).
#include <memory>
#include <string>

#include "peripherals/registry.h"
#include "peripherals/rp2.h"
#include "peripherals/tick_counter.h"

namespace mj::peripherals {

namespace {

/// Parameter `blocks` has a bit for each block that can be held in reset; all are at reset.
class Resets final : public RegisterMap {
 public:
  Resets(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring) {
    const auto blocks = static_cast<std::uint32_t>(spec.number("blocks"));
    use_atomic_aliases();
    define({{.offset = 0, .name = "RESET", .reset = blocks, .writable = blocks},
            {.offset = 4, .name = "WDSEL"},
            {.offset = 8, .name = "RESET_DONE", .writable = 0}});
    define_follow({{.from = 0, .mask = blocks, .to = 8, .invert = true}});
  }
};

/// Only the tick (net "watchdog_tick") and the scratch registers; the watchdog itself never bites.
class Watchdog final : public RegisterMap {
 public:
  Watchdog(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring) {
    use_atomic_aliases();
    define({
        {.offset = 0x00,
         .name = "CTRL",
         .reset = 0x07000000,
         .writable = 0x47000000,
         .write =
             [this](std::uint32_t v, Cycle) {
               if (v & 1u << 31) wiring_.exit->request_reset();  // TRIGGER
               if (v & 1u << 30) report(0x00, "watchdog enabled; it never bites");
             }},
        {.offset = 0x04, .name = "LOAD"},
        {.offset = 0x08, .name = "REASON", .writable = 0},
        {.offset = tick,
         .name = "TICK",
         .reset = 0x200,
         .writable = 0x3FF,
         .write = [this](auto, Cycle now) { update(now); }},
    });
    define_storage(0x0C, 8, "SCRATCH");
    define_follow({{tick, 1u << 9, tick, 1}});  // RUNNING follows ENABLE
    wiring_.clocks->on_change("clk_ref", [this](Cycle now) { update(now); });
    update(0);
  }

 private:
  static constexpr std::uint32_t tick = 0x2C;
  void update(Cycle now) {
    const std::uint32_t cycles = get(tick) & 0x1FF;
    const bool runs = get(tick) & 1u << 9 && cycles != 0;
    wiring_.clocks->drive("watchdog_tick", runs ? wiring_.clocks->hz("clk_ref") / cycles : 0, now);
  }
};

/// 64-bit counter of ticks (net `tick`; RP2040: the watchdog's) with four alarms on its low half. Lines: alarm 0 to 3.
/// With `source_select` there are LOCKED and SOURCE in front of the interrupt registers, as on RP2350.
class Timer final : public RegisterMap {
 public:
  Timer(const DeviceSpec& spec, const Wiring& wiring)
      : RegisterMap(spec, wiring),
        tick_(spec.text_or("tick", "watchdog_tick")),
        intr(spec.number_or("source_select", 0) ? 0x3C : 0x34) {
    if (spec.number_or("source_select", 0))
      define({{.offset = 0x34, .name = "LOCKED", .writable = 1},
              {.offset = source, .name = "SOURCE", .writable = 1, .write = [this](auto, Cycle now) { retime(now); }}});
    use_atomic_aliases();
    define({
        {.offset = 0x00,
         .name = "TIMEHW",
         .writable = 0,
         .write =
             [this](std::uint32_t v, Cycle now) {
               counter_.set_ticks(std::uint64_t{v} << 32 | get(0x04), now);
               last_ = counter_.ticks(now);
               settle(now);
             }},
        {.offset = 0x04, .name = "TIMELW"},
        {.offset = 0x08, .name = "TIMEHR", .writable = 0, .read = [this](Cycle) { return latched_; }},
        {.offset = 0x0C,
         .name = "TIMELR",
         .writable = 0,
         .read =
             [this](Cycle now) {
               const std::uint64_t t = counter_.ticks(now);
               latched_ = static_cast<std::uint32_t>(t >> 32);
               return static_cast<std::uint32_t>(t);
             }},
        {.offset = armed,
         .name = "ARMED",
         .writable = 0,
         .write =
             [this](std::uint32_t v, Cycle now) {
               settle(now);
               set(armed, get(armed) & ~v);
               settle(now);
             }},
        {.offset = 0x24,
         .name = "TIMERAWH",
         .writable = 0,
         .read = [this](Cycle now) { return static_cast<std::uint32_t>(counter_.ticks(now) >> 32); }},
        {.offset = 0x28,
         .name = "TIMERAWL",
         .writable = 0,
         .read = [this](Cycle now) { return static_cast<std::uint32_t>(counter_.ticks(now)); }},
        {.offset = 0x2C, .name = "DBGPAUSE", .reset = 7},
        {.offset = pause, .name = "PAUSE", .writable = 1, .write = [this](auto, Cycle now) { retime(now); }},
        {.offset = intr,
         .name = "INTR",
         .writable = 0,
         .read =
             [this](Cycle now) {
               settle(now);
               return get(intr);
             },
         .write =
             [this](std::uint32_t v, Cycle now) {
               settle(now);
               set(intr, get(intr) & ~v);
               settle(now);
             }},
        {.offset = inte, .name = "INTE", .writable = 0xF, .write = [this](auto, Cycle now) { settle(now); }},
        {.offset = intf, .name = "INTF", .writable = 0xF, .write = [this](auto, Cycle now) { settle(now); }},
        {.offset = ints_at,
         .name = "INTS",
         .writable = 0,
         .read =
             [this](Cycle now) {
               settle(now);
               return ints();
             }},
    });
    for (unsigned i = 0; i < 4; ++i)
      define({{.offset = 0x10 + 4 * i, .name = "ALARM", .write = [this, i](auto, Cycle now) {
                 settle(now);
                 set(armed, get(armed) | 1u << i);
                 settle(now);
               }}});
    wiring_.clocks->on_change(tick_, [this](Cycle now) { retime(now); });
    wiring_.clocks->on_change(ClockNets::core, [this](Cycle now) { retime(now); });
    retime(0);
  }

 private:
  static constexpr std::uint32_t armed = 0x20, pause = 0x30, source = 0x38;
  static constexpr std::uint64_t period = std::uint64_t{1} << 32;

  std::uint32_t ints() const { return (get(intr) & get(inte)) | get(intf); }
  void retime(Cycle now) {
    const bool by_core = intr != 0x34 && get(source) & 1;
    const Hertz ticks = wiring_.clocks->hz(by_core ? ClockNets::core : std::string_view(tick_));
    counter_.set_rate(get(pause) & 1 ? 0 : ticks, 1, wiring_.clocks->hz(ClockNets::core), now);
    settle(now);
  }
  void settle(Cycle now) {
    const std::uint64_t ticks = counter_.ticks(now);
    Cycle next = EventQueue::never;
    for (unsigned i = 0; i < 4; ++i) {
      if (!(get(armed) & 1u << i)) continue;
      const std::uint32_t alarm = get(0x10 + 4 * i);
      if (counter_passed(last_, ticks, alarm, period)) {
        set(armed, get(armed) & ~(1u << i));
        set(intr, get(intr) | 1u << i);
      } else {
        next = std::min(next, counter_.when(counter_next(ticks, alarm, period)));
      }
    }
    last_ = ticks;
    for (unsigned i = 0; i < 4; ++i) drive_irq(i, ints() & 1u << i);
    wiring_.events->cancel(event_);
    event_ = next == EventQueue::never ? 0 : wiring_.events->schedule(next, [this](Cycle when) { settle(when); });
  }

  const std::string tick_;
  const std::uint32_t intr, inte = intr + 4, intf = intr + 8, ints_at = intr + 12;
  TickCounter counter_;
  std::uint64_t last_ = 0;
  std::uint32_t latched_ = 0;
  EventQueue::Id event_ = 0;
};

/// Beyond what both chips have: the divider.
class Sio final : public Rp2Sio {
 public:
  Sio(const DeviceSpec& spec, const Wiring& wiring)
      : Rp2Sio(spec, wiring, {0x10, 0x20, 0x30, 0x40}, 4, 0x2), divider_cycles_(spec.number("divider_cycles")) {
    define({
        {.offset = quotient,
         .name = "DIV_QUOTIENT",
         .read =
             [this](Cycle now) {
               if (now < ready_) report(quotient, "quotient read before the divider was ready");
               dirty_ = false;
               return get(quotient);
             },
         .write = [this](auto, Cycle now) { restored(now); }},
        {.offset = remainder,
         .name = "DIV_REMAINDER",
         .read =
             [this](Cycle now) {
               if (now < ready_) report(remainder, "remainder read before the divider was ready");
               return get(remainder);
             },
         .write = [this](auto, Cycle now) { restored(now); }},
        {.offset = 0x78,
         .name = "DIV_CSR",
         .writable = 0,
         .read = [this](Cycle now) { return (now >= ready_ ? 1u : 0u) | (dirty_ ? 2u : 0u); }},
    });
    // An operand written through either of its two addresses starts a division of that address's signedness.
    for (unsigned i = 0; i < 4; ++i)
      define({{.offset = 0x60 + 4 * i,
               .name = "DIV_OPERAND",
               .read = [this, i](Cycle) { return operands_[i & 1]; },
               .write =
                   [this, i](std::uint32_t v, Cycle now) {
                     operands_[i & 1] = v;
                     divide(i >= 2, now);
                   }}});
  }

 private:
  static constexpr std::uint32_t quotient = 0x70, remainder = 0x74;

  void divide(bool is_signed, Cycle now) {
    const std::uint32_t n = operands_[0], d = operands_[1];
    const auto ns = static_cast<std::int32_t>(n), ds = static_cast<std::int32_t>(d);
    std::uint32_t q, r = 0;
    if (d == 0) {  // no trap: all ones, or plus/minus one by the dividend's sign, and the dividend remains
      q = is_signed && ns < 0 ? 1 : 0xFFFFFFFF;
      r = n;
    } else if (is_signed && n == 0x80000000 && d == 0xFFFFFFFF) {
      q = n;
    } else {
      q = is_signed ? static_cast<std::uint32_t>(ns / ds) : n / d;
      r = is_signed ? static_cast<std::uint32_t>(ns % ds) : n % d;
    }
    set(quotient, q);
    set(remainder, r);
    dirty_ = true;
    ready_ = now + divider_cycles_;
  }
  void restored(Cycle now) {
    dirty_ = true;
    ready_ = now;
  }

  std::uint64_t divider_cycles_;
  std::uint32_t operands_[2] = {0, 0};
  Cycle ready_ = 0;
  bool dirty_ = false;
};

/// CTRL.EN and FLUSH act on the front end of the region that parameter `flash` names.
class XipCtrl final : public Rp2XipCtrl {
 public:
  XipCtrl(const DeviceSpec& spec, const Wiring& wiring) : Rp2XipCtrl(spec, wiring, 3, 0xB) {
    define({
        {.offset = 0x04,
         .name = "FLUSH",
         .writable = 0,
         .write =
             [this](std::uint32_t v, Cycle) {
               if (v & 1 && timing_) timing_->flush();
             }},
        {.offset = 0x08, .name = "STAT", .reset = 3, .writable = 0},  // FLUSH_READY, FIFO_EMPTY
    });
  }
};

}  // namespace

DevicePtr make_rp2040_resets(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<Resets>(spec, wiring);
}
DevicePtr make_rp2040_watchdog(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<Watchdog>(spec, wiring);
}
DevicePtr make_rp2040_timer(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<Timer>(spec, wiring);
}
DevicePtr make_rp2040_sio(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Sio>(spec, wiring); }
DevicePtr make_rp2040_xip_ctrl(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<XipCtrl>(spec, wiring);
}

}  // namespace mj::peripherals
