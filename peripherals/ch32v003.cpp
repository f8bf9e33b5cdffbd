// WCH CH32V003 as far as start-up code and delay loops reach: RCC (reference manual, chapter 3), flash interface
// (chapter 16) and the core's SysTick (QingKe V2 manual, chapter 4).
#include <algorithm>
#include <memory>

#include "peripherals/register_map.h"
#include "peripherals/registry.h"
#include "peripherals/tick_counter.h"

namespace mj::peripherals {

namespace {

/// HSI, HSE and a PLL that doubles either to SYSCLK, divided to HCLK (net "core"). All are ready at once.
class Rcc final : public RegisterMap {
 public:
  Rcc(const DeviceSpec& spec, const Wiring& wiring)
      : RegisterMap(spec, wiring), hsi_hz_(spec.number("hsi_hz")), hse_hz_(spec.number_or("hse_hz", 0)) {
    const auto tree = [this](auto, Cycle now) { update(now); };
    define({
        {.offset = ctlr, .name = "CTLR", .reset = 0x83, .writable = 0x010D00F9, .write = tree},
        {.offset = cfgr0, .name = "CFGR0", .reset = 0x20, .writable = 0x0701F8F3, .write = tree},
        {.offset = 0x08, .name = "INTR", .writable = 0x00001F00},
        {.offset = 0x14, .name = "AHBPCENR", .reset = 0x4},
        {.offset = 0x24, .name = "RSTSCKR", .reset = 0x0C000000, .writable = ~2u},
    });
    define_storage(0x0C, 2, "APBxPRSTR");
    define_storage(0x18, 2, "APBxPCENR");
    define_follow({{ctlr, 1u << 0, ctlr, 1}, {ctlr, 1u << 24, ctlr, 1}, {0x24, 1u << 0, 0x24, 1}});
    update(0);
  }

 private:
  static constexpr std::uint32_t ctlr = 0x00, cfgr0 = 0x04, hse_on = 1u << 16, hse_ready = 1u << 17;

  Hertz hsi() const { return get(ctlr) & 1 ? hsi_hz_ : 0; }
  Hertz hse() const { return get(ctlr) & hse_ready ? hse_hz_ : 0; }
  Hertz pll() const {
    if (!(get(ctlr) & 1u << 24)) return 0;
    return 2 * (get(cfgr0) & 1u << 16 ? hse() : hsi());
  }
  Hertz source(std::uint32_t sw) const { return sw == 0 ? hsi() : sw == 1 ? hse() : sw == 2 ? pll() : 0; }
  void update(Cycle now) {
    if (get(ctlr) & hse_on && hse_hz_ == 0) report(ctlr, "HSE switched on, but the board has none");
    set(ctlr, get(ctlr) & hse_on && hse_hz_ != 0 ? get(ctlr) | hse_ready : get(ctlr) & ~hse_ready);
    const std::uint32_t wanted = get(cfgr0) & 3;
    if (source(wanted)) set(cfgr0, (get(cfgr0) & ~0xCu) | wanted << 2);
    const Hertz sysclk = source(get(cfgr0) >> 2 & 3);
    const std::uint32_t hpre = get(cfgr0) >> 4 & 15;  // 0..7: by 1..8; 8..15: by 2, 4 .. 256
    const Hertz hclk = hpre < 8 ? sysclk / (hpre + 1) : sysclk >> (hpre - 7);
    if (hclk != 0) wiring_.clocks->drive(ClockNets::core, hclk, now);
  }

  Hertz hsi_hz_, hse_hz_;
};

/// Wait states follow ACTLR; programming and erasing are not modelled.
class Flash final : public RegisterMap {
 public:
  Flash(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring) {
    memory::FlashTiming* timing = wiring.flash ? wiring.flash(spec.text_or("flash", "")) : nullptr;
    define({
        {.offset = 0x00,
         .name = "ACTLR",
         .writable = 3,
         .write =
             [this, timing](auto, Cycle) {
               if (timing) timing->set_wait_states(get(0x00));
             }},
        {.offset = 0x04, .name = "KEYR"},
        {.offset = 0x08, .name = "OBKEYR"},
        {.offset = 0x0C, .name = "STATR", .writable = 0},
        {.offset = 0x10,
         .name = "CTLR",
         .reset = 0x8080,
         .write =
             [this](std::uint32_t v, Cycle) {
               if (v & 1u << 6) report(0x10, "flash operation started: not modelled");
             }},
        {.offset = 0x14, .name = "ADDR"},
        {.offset = 0x1C, .name = "OBR", .writable = 0},
        {.offset = 0x20, .name = "WPR", .writable = 0},
        {.offset = 0x24, .name = "MODEKEYR"},
        {.offset = 0x28, .name = "BOOT_MODEKEYR"},
    });
  }
};

/// A counter up to CMP on HCLK or an eighth of it. Lines: compare match, software interrupt.
class SysTick final : public RegisterMap {
 public:
  SysTick(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring) {
    wiring.clocks->on_change(ClockNets::core, [this](Cycle now) { rate(now); });
    define({
        {.offset = ctlr,
         .name = "CTLR",
         .writable = 0x8000000F,
         .write =
             [this](auto, Cycle now) {
               rate(now);
               drive_irq(1, get(ctlr) >> 31);
               plan(now);
             }},
        {.offset = sr,
         .name = "SR",
         .writable = 0,
         .read =
             [this](Cycle now) {
               catch_up(now);
               return std::uint32_t{matched_};
             },
         .write =
             [this](std::uint32_t v, Cycle now) {
               catch_up(now);
               if (!(v & 1)) matched_ = false;  // written with 0 to clear
               plan(now);
             }},
        {.offset = cnt,
         .name = "CNT",
         .writable = 0,
         .read = [this](Cycle now) { return count(now); },
         .write =
             [this](std::uint32_t v, Cycle now) {
               catch_up(now);
               ticks_.set_ticks(v, now);
               seen_ = v;
               plan(now);
             }},
        {.offset = cmp,
         .name = "CMP",
         .write =
             [this](auto, Cycle now) {
               catch_up(now);
               plan(now);
             }},
    });
    rate(0);
  }
  ~SysTick() override { wiring_.events->cancel(event_); }

 private:
  static constexpr std::uint32_t ctlr = 0x00, sr = 0x04, cnt = 0x08, cmp = 0x10;
  static constexpr std::uint32_t on = 1, interrupts = 2, undivided = 4, reloads = 8;

  void rate(Cycle now) {
    catch_up(now);
    const Hertz core = wiring_.clocks->hz(ClockNets::core);
    ticks_.set_rate(get(ctlr) & on ? core : 0, get(ctlr) & undivided ? 1 : 8, core, now);
    plan(now);
  }
  /// Values that the counter goes through before it begins anew.
  std::uint64_t period() const { return get(ctlr) & reloads ? std::uint64_t{get(cmp)} + 1 : std::uint64_t{1} << 32; }
  std::uint32_t count(Cycle now) const { return static_cast<std::uint32_t>(ticks_.ticks(now) % period()); }
  void catch_up(Cycle now) {
    const std::uint64_t ticks = ticks_.ticks(now);
    if (counter_passed(seen_, ticks, get(cmp), period())) matched_ = true;
    seen_ = ticks;
  }
  void plan(Cycle now) {
    wiring_.events->cancel(event_);
    event_ = 0;
    drive_irq(0, matched_ && (get(ctlr) & interrupts));
    if (matched_ || !(get(ctlr) & interrupts)) return;
    const Cycle when = ticks_.when(counter_next(ticks_.ticks(now), get(cmp), period()));
    if (when == EventQueue::never) return;
    event_ = wiring_.events->schedule(std::max(when, now + 1), [this](Cycle at) {
      event_ = 0;
      catch_up(at);
      plan(at);
    });
  }

  TickCounter ticks_;
  std::uint64_t seen_ = 0;  ///< ticks up to which matches were looked for
  bool matched_ = false;
  EventQueue::Id event_ = 0;
};

}  // namespace

DevicePtr make_ch32v003_rcc(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<Rcc>(spec, wiring);
}
DevicePtr make_ch32v003_flash(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<Flash>(spec, wiring);
}
DevicePtr make_wch_systick(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<SysTick>(spec, wiring);
}

}  // namespace mj::peripherals
