#include "peripherals/nvic.h"

namespace mj::peripherals {

using isa::thumb::external_0;

namespace {

// The five banks of one bit per interrupt (B3.4.3).
constexpr std::uint32_t iser = 0x100, icer = 0x180, ispr = 0x200, icpr = 0x280, iabr = 0x300, itns = 0x380, ipr = 0x400;
constexpr std::uint32_t ictr = 0x004, stir = 0xf00;

}  // namespace

std::uint32_t Nvic::read_word(std::uint32_t offset) const {
  const unsigned count = exceptions_.config().interrupts;
  if (offset == ictr) return count == 0 ? 0 : (count - 1) / 32;
  std::uint32_t word = 0;
  if (offset >= ipr && offset < ipr + 496) {
    for (unsigned i = 0; i < 4; ++i) {
      const unsigned n = offset - ipr + i;
      if (n < count && visible(n)) word |= static_cast<std::uint32_t>(exceptions_.priority(external_0 + n)) << i * 8;
    }
    return word;
  }
  if (offset < iser || offset >= itns + 64 || (offset >= itns && !secure_)) return 0;
  const std::uint32_t bank = offset & ~0x7fu, first = (offset & 0x7f) / 4 * 32;
  for (unsigned i = 0; i < 32 && first + i < count; ++i) {
    const unsigned n = external_0 + first + i;
    if (!visible(first + i)) continue;
    const bool bit = bank == iser || bank == icer   ? exceptions_.enabled(n)
                     : bank == ispr || bank == icpr ? exceptions_.pending(n)
                     : bank == itns                 ? exceptions_.targets_non_secure(first + i)
                                                    : exceptions_.active(n);
    word |= static_cast<std::uint32_t>(bit) << i;
  }
  return word;
}

std::uint32_t Nvic::read(std::uint32_t offset, unsigned, Cycle) { return read_word(offset & ~3u) >> (offset & 3) * 8; }

void Nvic::write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle) {
  if (offset >= ipr && offset < ipr + 496) {  // byte accessible
    for (unsigned i = 0; i < size; ++i)
      if (visible(offset - ipr + i))
        exceptions_.set_priority(external_0 + offset - ipr + i, static_cast<std::uint8_t>(value >> i * 8));
  } else if (offset == stir) {
    if (visible(value & 0x1ff)) exceptions_.set_pending(external_0 + (value & 0x1ff));
  } else if (offset >= itns && offset < itns + 64) {
    for (unsigned i = 0; secure_ && i < size * 8; ++i)
      exceptions_.set_targets_non_secure((offset - itns) * 8 + i, (value >> i & 1) != 0);
  } else if (offset >= iser && offset < iabr) {
    const std::uint32_t bank = offset & ~0x7fu, first = (offset & 0x7f) * 8;
    for (unsigned i = 0; i < size * 8; ++i) {
      if ((value >> i & 1) == 0) continue;
      const unsigned n = external_0 + first + i;
      if (!visible(first + i)) continue;
      switch (bank) {
        case iser:
          exceptions_.set_enabled(n, true);
          break;
        case icer:
          exceptions_.set_enabled(n, false);
          break;
        case ispr:
          exceptions_.set_pending(n);
          break;
        case icpr:
          exceptions_.clear_pending(n);
          break;
        default:
          break;
      }
    }
  }
  changed_();
}

}  // namespace mj::peripherals
