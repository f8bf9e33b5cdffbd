#include "peripherals/mpu.h"

namespace mj::peripherals {
namespace {

enum Offset : std::uint32_t {
  type = 0xd90,
  ctrl = 0xd94,
  rnr = 0xd98,
  rbar = 0xd9c,
  rbar_a3_end = 0xdbc,
  mair0 = 0xdc0,
  mair1 = 0xdc4
};

/// RBAR and RASR (or RLAR), then the same three times over as aliases.
constexpr bool is_region(std::uint32_t offset) { return offset >= rbar && offset < rbar_a3_end; }
constexpr unsigned alias(std::uint32_t offset) { return (offset - rbar) / 8; }
constexpr bool is_base(std::uint32_t offset) { return (offset - rbar) % 8 == 0; }

}  // namespace

std::uint32_t MpuRegisters::read_word(std::uint32_t offset) const {
  if (is_region(offset)) return is_base(offset) ? mpu_.rbar(alias(offset)) : mpu_.rasr_or_rlar(alias(offset));
  switch (offset) {
    case type:
      return mpu_.type();
    case ctrl:
      return mpu_.ctrl();
    case rnr:
      return mpu_.rnr();
    case mair0:
    case mair1:
      return mpu_.mair(offset == mair1);
    default:
      return 0;
  }
}

std::uint32_t MpuRegisters::read(std::uint32_t offset, unsigned, Cycle) {
  return read_word(offset & ~3u) >> (offset & 3) * 8;
}

void MpuRegisters::write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle) {
  const unsigned shift = (offset & 3) * 8;
  const std::uint32_t bytes = size >= 4 ? ~0u : (1u << size * 8) - 1;
  const std::uint32_t at = offset & ~3u, mask = bytes << shift;
  // What is written whole needs no old value; RBAR's REGION field doesn't read back what it says.
  const std::uint32_t word = mask == ~0u ? value : (read_word(at) & ~mask) | (value << shift & mask);
  if (is_region(at))
    is_base(at) ? mpu_.set_rbar(word, alias(at)) : mpu_.set_rasr_or_rlar(word, alias(at));
  else if (at == ctrl)
    mpu_.set_ctrl(word);
  else if (at == rnr)
    mpu_.set_rnr(word);
  else if (at == mair0 || at == mair1)
    mpu_.set_mair(at == mair1, word);
  changed_();
}

}  // namespace mj::peripherals
