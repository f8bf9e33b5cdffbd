// What all UARTs share: bytes out to the console, bytes in from a queue.
//
// Sending takes no time: the transmitter is always ready. Real firmware waits for its baud rate; that time is left out
// of every UART model here, as the console is no part of what is profiled. Input that the user gives (--console-input)
// arrives at 115,200 baud, each byte when the one before was taken, the first one a millisecond after the receiver
// began to listen.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>

#include "peripherals/register_map.h"

namespace mj::peripherals {

class Uart : public RegisterMap {
 public:
  using RegisterMap::RegisterMap;
  std::uint32_t read(std::uint32_t offset, unsigned size, Cycle now) override {
    now_ = now;
    return RegisterMap::read(offset, size, now);
  }
  void write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle now) override {
    now_ = now;
    RegisterMap::write(offset, size, value, now);
  }
  /// What arrives from now on; a UART whose receiver firmware switches on waits for that.
  void feed(const std::string& text) {
    coming_.insert(coming_.end(), text.begin(), text.end());
    if (listens_from_reset()) listening();
  }
  /// A byte arrives at the receiver.
  void receive(std::uint8_t byte) {
    received_.push_back(byte);
    update_irq();
  }

 protected:
  /// Whether the receiver works without being switched on, as far as this model knows.
  virtual bool listens_from_reset() const { return true; }
  /// The receiver listens from now on.
  void listening() {
    if (listening_) return;
    listening_ = true;
    next_byte(1000);
  }
  void transmit(std::uint32_t word) { wiring_.console->put(name(), static_cast<char>(word & 0xFF)); }
  bool has_input() const { return !received_.empty(); }
  std::uint32_t take_input() {
    if (received_.empty()) return 0;
    const std::uint8_t byte = received_.front();
    received_.pop_front();
    update_irq();
    if (listening_ && received_.empty()) next_byte(115'200 / 10);
    return byte;
  }
  void drop_input() { received_.clear(); }
  virtual void update_irq() {}

 private:
  /// The next byte comes in a second / `rate`.
  void next_byte(Hertz rate) {
    if (coming_.empty() || under_way_ || !wiring_.events) return;
    under_way_ = true;
    const Cycle wait = std::max<Cycle>(1, wiring_.clocks->hz(ClockNets::core) / rate);
    wiring_.events->schedule(now_ + wait, [this](Cycle when) {
      under_way_ = false;
      now_ = when;
      const auto byte = static_cast<std::uint8_t>(coming_.front());
      coming_.pop_front();
      receive(byte);
    });
  }

  std::deque<std::uint8_t> received_;
  std::deque<char> coming_;
  bool listening_ = false, under_way_ = false;
  Cycle now_ = 0;  ///< of the last access or byte
};

}  // namespace mj::peripherals
