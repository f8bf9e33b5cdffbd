#include "peripherals/rp2.h"

namespace mj::peripherals {

void Rp2Locks::define_locks(std::uint32_t offset, unsigned count, std::string_view name) {
  for (unsigned i = 0; i < count; ++i)
    define({{.offset = offset + 4 * i,
             .name = name,
             .writable = 0,
             .read =
                 [this, i](Cycle) {
                   const std::uint32_t claimed = locks_ & 1u << i ? 0 : 1u << i;
                   locks_ |= 1u << i;
                   return claimed;
                 },
             .write = [this, i](auto, Cycle) { locks_ &= ~(1u << i); }}});
}

Rp2Sio::Rp2Sio(const DeviceSpec& spec, const Wiring& wiring, std::initializer_list<std::uint32_t> outputs,
               std::uint32_t step, std::uint32_t gpio_hi_in)
    : Rp2Locks(spec, wiring) {
  define({
      {.offset = 0x00, .name = "CPUID", .writable = 0},
      {.offset = 0x04, .name = "GPIO_IN", .writable = 0},
      {.offset = 0x08, .name = "GPIO_HI_IN", .reset = gpio_hi_in, .writable = 0},
      {.offset = 0x50, .name = "FIFO_ST", .reset = 2, .writable = 0},  // RDY, never VLD
      {.offset = 0x54, .name = "FIFO_WR", .write = [this](auto, Cycle) { report(0x54, "message to the second core"); }},
      {.offset = 0x58, .name = "FIFO_RD", .writable = 0},
      {.offset = 0x5C, .name = "SPINLOCK_ST", .writable = 0, .read = [this](Cycle) { return locks_; }},
  });
  for (const std::uint32_t at : outputs)
    define({{.offset = at, .name = "GPIO"},
            {.offset = at + step,
             .name = "GPIO_SET",
             .writable = 0,
             .write = [this, at](std::uint32_t v, Cycle) { set(at, get(at) | v); }},
            {.offset = at + 2 * step,
             .name = "GPIO_CLR",
             .writable = 0,
             .write = [this, at](std::uint32_t v, Cycle) { set(at, get(at) & ~v); }},
            {.offset = at + 3 * step, .name = "GPIO_XOR", .writable = 0, .write = [this, at](std::uint32_t v, Cycle) {
               set(at, get(at) ^ v);
             }}});
  define_locks(0x100, 32, "SPINLOCK");
}

Rp2XipCtrl::Rp2XipCtrl(const DeviceSpec& spec, const Wiring& wiring, std::uint32_t ctrl_reset,
                       std::uint32_t ctrl_writable)
    : RegisterMap(spec, wiring) {
  if (wiring_.flash) timing_ = wiring_.flash(spec.text_or("flash", ""));
  use_atomic_aliases();
  define(
      {{.offset = 0x00, .name = "CTRL", .reset = ctrl_reset, .writable = ctrl_writable, .write = [this](auto, Cycle) {
          const bool on = get(0x00) & 1;
          if (timing_ && on != enabled_) timing_->set_icache(on);
          enabled_ = on;
        }}});
}

}  // namespace mj::peripherals
