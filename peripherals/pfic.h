// WCH's programmable fast interrupt controller (QingKe V2 manual, chapter 3; CH32V003 reference manual, chapter 6):
// enable, pending and active bits, priorities, threshold. Without its table-free vectors.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>

#include "peripherals/register_map.h"
#include "sim/base/interrupt_port.h"

namespace mj::peripherals {

class Pfic final : public RegisterMap, public IrqSink {
 public:
  Pfic(const DeviceSpec& spec, const Wiring& wiring);
  void set_irq(unsigned number, bool level) override;

 private:
  static constexpr unsigned count = 256;
  using Bits = std::bitset<count>;

  void define_bits(std::uint32_t offset, std::string_view name, std::function<std::uint32_t(unsigned word)> read,
                   std::function<void(unsigned number)> write);
  static std::uint32_t word_of(const Bits& bits, unsigned word);
  /// Lower is more urgent; only the upper bits of a priority byte exist.
  unsigned priority(unsigned number) const { return priorities_[number] & priority_mask_; }
  void update();
  void taken(unsigned number);
  void returned();

  unsigned priority_mask_;
  Bits enabled_, pending_, active_, level_;
  std::array<std::uint8_t, count> priorities_{};
};

}  // namespace mj::peripherals
