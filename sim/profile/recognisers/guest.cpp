#include <cstring>

#include "sim/profile/recognisers/recogniser.h"

namespace mj::profile {

Guest::Guest(engine::Engine& engine, bool arm)
    : engine_(engine),
      arm_(arm),
      first_argument_(arm ? 0 : 10),  // r0 (AAPCS32 6.4), a0 = x10 (RISC-V psABI, integer calling convention)
      register_arguments_(arm ? 4 : 8) {}

std::optional<std::uint32_t> Guest::any_argument(unsigned n) const {
  if (n < register_arguments_) return argument(n);
  return word(sp() + 4 * (n - register_arguments_));
}

bool Guest::called_by_pointer() const {
  std::uint16_t halves[2] = {};
  if (!read(return_address() - Address{sizeof halves}, halves, sizeof halves)) return false;
  if (arm_) return (halves[1] & 0xff87) == 0x4780;                           // Armv7-M ARM A7.7.19, BLX (register), T1
  if ((halves[1] & 0xf07f) == 0x9002 && (halves[1] & 0x0f80)) return true;   // C.JALR
  return ((halves[0] | std::uint32_t{halves[1]} << 16) & 0x7fff) == 0x00e7;  // JALR ra, offset(rs1)
}

std::optional<std::uint32_t> Guest::word(Address a) const {
  if (a & 3) return std::nullopt;
  std::uint32_t value = 0;
  // The page tables show what needs nothing special, which is nearly everything that is asked for.
  if (const std::uintptr_t page = engine_.bus().read_pages()[a >> memory::Bus::page_bits]) {
    std::memcpy(&value, reinterpret_cast<const void*>(page + a), sizeof value);
    return value;
  }
  if (!read(a, &value, sizeof value)) return std::nullopt;
  return value;
}

bool Guest::read(Address a, void* out, std::size_t n) const {
  return engine_.bus().peek(a, static_cast<std::uint8_t*>(out), n);
}

}  // namespace mj::profile
