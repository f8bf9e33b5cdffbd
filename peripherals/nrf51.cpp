// nRF51 beside what it shares with nRF52: GPIO, RNG, TEMP, ADC, TWI (nRF51 series reference manual 3.0, chapters 14,
// 21, 22, 31, 28).
#include <memory>

#include "peripherals/nrf_peripheral.h"
#include "peripherals/registry.h"

namespace mj::peripherals {

namespace {

/// Pins: outputs read back what they drive, inputs parameter `in`, the levels that a board's pull-ups give.
class NrfGpio final : public RegisterMap {
 public:
  NrfGpio(const DeviceSpec& spec, const Wiring& wiring)
      : RegisterMap(spec, wiring), in_(static_cast<std::uint32_t>(spec.number("in"))) {
    define({
        {.offset = out, .name = "OUT"},
        {.offset = 0x508,
         .name = "OUTSET",
         .writable = 0,
         .read = [this](Cycle) { return get(out); },
         .write = [this](std::uint32_t v, Cycle) { set(out, get(out) | v); }},
        {.offset = 0x50C,
         .name = "OUTCLR",
         .writable = 0,
         .read = [this](Cycle) { return get(out); },
         .write = [this](std::uint32_t v, Cycle) { set(out, get(out) & ~v); }},
        {.offset = 0x510,
         .name = "IN",
         .writable = 0,
         .read = [this](Cycle) { return (get(out) & get(dir)) | (in_ & ~get(dir)); }},
        {.offset = dir, .name = "DIR"},
        {.offset = 0x518,
         .name = "DIRSET",
         .writable = 0,
         .read = [this](Cycle) { return get(dir); },
         .write = [this](std::uint32_t v, Cycle) { set_direction(get(dir) | v); }},
        {.offset = 0x51C,
         .name = "DIRCLR",
         .writable = 0,
         .read = [this](Cycle) { return get(dir); },
         .write = [this](std::uint32_t v, Cycle) { set_direction(get(dir) & ~v); }},
    });
    // Bit 0 of PIN_CNF is the pin's bit of DIR.
    for (unsigned pin = 0; pin < 32; ++pin)
      define(
          {{.offset = pin_cnf + 4 * pin,
            .name = "PIN_CNF",
            .reset = 2,
            .writable = 0x3070F,
            .write = [this, pin](std::uint32_t v, Cycle) { set(dir, (get(dir) & ~(1u << pin)) | (v & 1) << pin); }}});
  }

 private:
  static constexpr std::uint32_t out = 0x504, dir = 0x514, pin_cnf = 0x700;
  void set_direction(std::uint32_t v) {
    set(dir, v);
    for (unsigned pin = 0; pin < 32; ++pin) set(pin_cnf + 4 * pin, (get(pin_cnf + 4 * pin) & ~1u) | (v >> pin & 1));
  }
  const std::uint32_t in_;
};

/// Random bytes, the same ones in every run, `byte_hz` a second.
class NrfRng final : public NrfPeripheral<RegisterMap> {
 public:
  NrfRng(const DeviceSpec& spec, const Wiring& wiring) : NrfPeripheral(spec, wiring), byte_hz_(spec.number("byte_hz")) {
    define_task(0x000, "TASKS_START", [this](Cycle now) { start(now); });
    define_task(0x004, "TASKS_STOP", [this](Cycle) { stop(); });
    define_event(valrdy, "EVENTS_VALRDY");
    define({{.offset = shorts, .name = "SHORTS", .writable = 1},
            {.offset = 0x504, .name = "CONFIG", .writable = 1},
            {.offset = value, .name = "VALUE", .writable = 0}});
  }

 private:
  static constexpr std::uint32_t valrdy = 0x100, shorts = 0x200, value = 0x508;

  void start(Cycle now) {
    stop();
    const Hertz core = wiring_.clocks->hz(ClockNets::core);
    event_ =
        wiring_.events->schedule(now + std::max<Cycle>(1, core / std::max<Hertz>(1, byte_hz_)), [this](Cycle when) {
          event_ = 0;
          state_ = state_ * 1664525u + 1013904223u;  // a linear congruential generator: any sequence serves
          set(value, state_ >> 24);
          // The next byte waits for this one to be taken note of: an event that nobody clears needs no further ones.
          if (get(shorts) & 1 ? false : !get(valrdy)) start(when);
          raise_event(valrdy);
        });
  }
  void stop() {
    wiring_.events->cancel(event_);
    event_ = 0;
  }

  const Hertz byte_hz_;
  std::uint32_t state_ = 1;
  EventQueue::Id event_ = 0;
};

/// The die has `quarter_degrees` / 4 degrees Celsius, told at once.
class NrfTemp final : public NrfPeripheral<RegisterMap> {
 public:
  NrfTemp(const DeviceSpec& spec, const Wiring& wiring) : NrfPeripheral(spec, wiring) {
    define_task(0x000, "TASKS_START", [this, t = static_cast<std::uint32_t>(spec.number("quarter_degrees"))](Cycle) {
      set(0x508, t);
      raise_event(0x100);
    });
    define_task(0x004, "TASKS_STOP", [](Cycle) {});
    define_event(0x100, "EVENTS_DATARDY");
    define({{.offset = 0x508, .name = "TEMP", .writable = 0}});
  }
};

/// Every input has 0 V.
class NrfAdc final : public NrfPeripheral<RegisterMap> {
 public:
  NrfAdc(const DeviceSpec& spec, const Wiring& wiring) : NrfPeripheral(spec, wiring) {
    define_task(0x000, "TASKS_START", [this](Cycle) {
      report(0x000, "analogue inputs: all are 0 V");
      raise_event(0x100);
    });
    define_task(0x004, "TASKS_STOP", [](Cycle) {});
    define_event(0x100, "EVENTS_END");
    define({{.offset = 0x400, .name = "BUSY", .writable = 0},
            {.offset = 0x500, .name = "ENABLE", .writable = 3},
            {.offset = 0x504, .name = "CONFIG"},
            {.offset = 0x508, .name = "RESULT", .writable = 0}});
  }
};

/// A two-wire bus on which nobody answers: each address is followed by NACK.
class NrfTwi final : public NrfPeripheral<RegisterMap> {
 public:
  NrfTwi(const DeviceSpec& spec, const Wiring& wiring) : NrfPeripheral(spec, wiring) {
    define_task(0x000, "TASKS_STARTRX", [this](Cycle) { no_answer(); });
    define_task(0x008, "TASKS_STARTTX", [](Cycle) {});
    define_task(0x014, "TASKS_STOP", [this](Cycle) { raise_event(stopped); });
    define_task(0x01C, "TASKS_SUSPEND", [this](Cycle) { raise_event(0x148); });
    define_task(0x020, "TASKS_RESUME", [](Cycle) {});
    for (const std::uint32_t event : {stopped, 0x108u, 0x11Cu, error, 0x138u, 0x148u}) define_event(event, "EVENTS");
    define({{.offset = 0x200, .name = "SHORTS", .writable = 3},
            {.offset = errorsrc,
             .name = "ERRORSRC",
             .writable = 0,
             .write = [this](std::uint32_t v, Cycle) { set(errorsrc, get(errorsrc) & ~v); }},
            {.offset = 0x500, .name = "ENABLE", .writable = 7},
            {.offset = 0x508, .name = "PSELSCL", .reset = 0xFFFFFFFF},
            {.offset = 0x50C, .name = "PSELSDA", .reset = 0xFFFFFFFF},
            {.offset = 0x518, .name = "RXD", .writable = 0},
            {.offset = 0x51C, .name = "TXD", .write = [this](auto, Cycle) { no_answer(); }},
            {.offset = 0x524, .name = "FREQUENCY", .reset = 0x04000000},
            {.offset = 0x588, .name = "ADDRESS", .writable = 0x7F},
            {.offset = 0xFFC, .name = "POWER", .reset = 1, .writable = 1}});
  }

 private:
  static constexpr std::uint32_t stopped = 0x104, error = 0x124, errorsrc = 0x4C4, anack = 2;
  void no_answer() {
    report(0x588, "devices on the two-wire bus: none answers");
    set(errorsrc, get(errorsrc) | anack);
    raise_event(error);
  }
};

}  // namespace

DevicePtr make_nrf_gpio(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<NrfGpio>(spec, wiring);
}
DevicePtr make_nrf_rng(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<NrfRng>(spec, wiring); }
DevicePtr make_nrf_temp(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<NrfTemp>(spec, wiring);
}
DevicePtr make_nrf_adc(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<NrfAdc>(spec, wiring); }
DevicePtr make_nrf_twi(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<NrfTwi>(spec, wiring); }

}  // namespace mj::peripherals
