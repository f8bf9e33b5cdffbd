// The scheme of all Nordic peripherals: tasks at 0x000, events at 0x100, INTEN/INTENSET/INTENCLR at 0x300 with one bit
// per event (nRF52840 product specification, "Peripheral interface").
#pragma once

#include <functional>
#include <string_view>

#include "peripherals/register_map.h"

namespace mj::peripherals {

template <class Base>
class NrfPeripheral : public Base {
 public:
  NrfPeripheral(const DeviceSpec& spec, const Wiring& wiring) : Base(spec, wiring) {
    this->define({
        {.offset = 0x300,
         .name = "INTEN",
         .read = [this](Cycle) { return inten_; },
         .write = [this](std::uint32_t v, Cycle now) { enable(v, now); }},
        {.offset = 0x304,
         .name = "INTENSET",
         .writable = 0,
         .read = [this](Cycle) { return inten_; },
         .write = [this](std::uint32_t v, Cycle now) { enable(inten_ | v, now); }},
        {.offset = 0x308,
         .name = "INTENCLR",
         .writable = 0,
         .read = [this](Cycle) { return inten_; },
         .write = [this](std::uint32_t v, Cycle now) { enable(inten_ & ~v, now); }},
    });
  }

 protected:
  /// Writing 1 to the register starts the task.
  void define_task(std::uint32_t offset, std::string_view task, std::function<void(Cycle now)> start) {
    this->define({{.offset = offset, .name = task, .writable = 0, .write = [start](std::uint32_t v, Cycle now) {
                     if (v & 1) start(now);
                   }}});
  }
  void define_event(std::uint32_t offset, std::string_view event) {
    this->define({{.offset = offset,
                   .name = event,
                   .writable = 1,
                   .read =
                       [this, offset](Cycle now) {
                         settle(now);
                         return this->get(offset);
                       },
                   .write =
                       [this](auto, Cycle now) {
                         settle(now);
                         update_line();
                       }}});
  }
  void raise_event(std::uint32_t offset) {
    this->set(offset, 1);
    update_line();
  }
  bool enabled(std::uint32_t event) const { return inten_ >> ((event - 0x100) / 4) & 1; }
  /// Brings events up to date; timers do.
  virtual void settle(Cycle) {}

 private:
  void enable(std::uint32_t mask, Cycle now) {
    inten_ = mask;
    settle(now);
    update_line();
  }
  void update_line() {
    bool level = false;
    for (unsigned i = 0; i < 32 && !level; ++i) level = inten_ >> i & 1 && this->get(0x100 + 4 * i);
    this->drive_irq(0, level);
  }

  std::uint32_t inten_ = 0;
};

}  // namespace mj::peripherals
