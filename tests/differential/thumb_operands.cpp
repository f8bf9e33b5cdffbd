#include "tests/differential/thumb_operands.h"

#include <iterator>

namespace mj::differential {

std::uint32_t Operands::value() {
  static constexpr std::uint32_t edges[] = {0,          1,          2,          0x1f,       0x20,       0x21,
                                            0x7f,       0x80,       0xff,       0x100,      0x7fff,     0x8000,
                                            0xffff,     0x10000,    0x7fffffff, 0x80000000, 0x80000001, 0xffffffff,
                                            0xffff8000, 0xffff7fff, 0x80008000, 0x7fff7fff, 0x7f7f7f7f, 0x80808080,
                                            0x80007fff, 0x7fff8000, 0xfffffffe, 0x3fffffff, 0x40000000, 0xc0000000};
  switch (below(4)) {
    case 0:
      return edges[below(std::size(edges))];
    case 1:
      return below(64) - 32;
    default:
      return any();
  }
}

std::uint32_t Operands::single() {
  static constexpr std::uint32_t special[] = {
      0x00000000, 0x00000001, 0x00400000, 0x007fffff, 0x00800000, 0x00800001, 0x01000000, 0x33800000, 0x34000000,
      0x3effffff, 0x3f000000, 0x3f000001, 0x3f7fffff, 0x3f800000, 0x3f800001, 0x3fc00000, 0x40000000, 0x40200000,
      0x46fffe00, 0x47000000, 0x477fff00, 0x477fe000, 0x477ff000, 0x47800000, 0x38800000, 0x387fffff, 0x33000000,
      0x4b000000, 0x4b800000, 0x4effffff, 0x4f000000, 0x4f7fffff, 0x4f800000, 0x5f000000, 0x7f000000, 0x7f7fffff,
      0x7f800000, 0x7f800001, 0x7fa00000, 0x7fbfffff, 0x7fc00000, 0x7fc12345, 0x7fffffff};
  const std::uint32_t sign = any() & 0x80000000u;
  switch (below(6)) {
    case 0:
      return any();
    case 1:
      return sign | special[below(std::size(special))];
    case 2:
      return sign | (any() & 0x007fffff) >> below(23);
    case 3:
      return sign | (120 + below(16)) << 23 | (any() & 0x7fffff);
    case 4:
      return sign | (120 + below(40)) << 23 | (any() & 0x7fffffu << below(23) & 0x7fffff);
    default:
      return any() & 0xffff;
  }
}

std::uint64_t Operands::twice() {
  static constexpr std::uint64_t special[] = {
      0x0000000000000000, 0x0000000000000001, 0x000fffffffffffff, 0x0010000000000000, 0x0010000000000001,
      0x380fffffffffffff, 0x3810000000000000, 0x36a0000000000000, 0x3690000000000000, 0x3fdfffffffffffff,
      0x3fe0000000000000, 0x3fefffffffffffff, 0x3ff0000000000000, 0x3ff0000000000001, 0x3ff8000000000000,
      0x40dfffc000000000, 0x40e0000000000000, 0x41dfffffffc00000, 0x41e0000000000000, 0x41efffffffe00000,
      0x41f0000000000000, 0x4330000000000000, 0x4340000000000000, 0x47efffffe0000000, 0x47effffff0000000,
      0x47f0000000000000, 0x7fe0000000000000, 0x7fefffffffffffff, 0x7ff0000000000000, 0x7ff0000000000001,
      0x7ff4000000000000, 0x7ff8000000000000, 0x7ff8123456789abc, 0x7fffffffffffffff};
  const std::uint64_t sign = std::uint64_t{any() & 0x80000000u} << 32;
  const std::uint64_t bits = random_(), fraction = bits & 0xfffffffffffff;
  switch (below(6)) {
    case 0:
      return bits;
    case 1:
      return sign | special[below(std::size(special))];
    case 2:
      return sign | fraction >> below(52);
    case 3:
      return sign | std::uint64_t{1016 + below(16)} << 52 | fraction;
    case 4:
      return sign | std::uint64_t{1000 + below(80)} << 52 | (fraction >> below(52) << 30 & 0xfffffffffffff);
    default:
      return sign | std::uint64_t{870 + below(300)} << 52 | (fraction & ~std::uint64_t{0x1fffffff});
  }
}

}  // namespace mj::differential
