// What all UARTs share: bytes out to the console, bytes in from a queue.
//
// Sending takes no time: the transmitter is always ready. Real firmware waits for its baud rate; that time is left out
// of every UART model here, as the console is no part of what is profiled.
#pragma once

#include <cstdint>
#include <deque>

#include "peripherals/register_map.h"

namespace mj::peripherals {

class Uart : public RegisterMap {
 public:
  using RegisterMap::RegisterMap;
  /// A byte arrives at the receiver.
  void receive(std::uint8_t byte) {
    received_.push_back(byte);
    update_irq();
  }

 protected:
  void transmit(std::uint32_t word) { wiring_.console->put(name(), static_cast<char>(word & 0xFF)); }
  bool has_input() const { return !received_.empty(); }
  std::uint32_t take_input() {
    if (received_.empty()) return 0;
    const std::uint8_t byte = received_.front();
    received_.pop_front();
    update_irq();
    return byte;
  }
  void drop_input() { received_.clear(); }
  virtual void update_irq() {}

 private:
  std::deque<std::uint8_t> received_;
};

}  // namespace mj::peripherals
