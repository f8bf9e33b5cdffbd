// Encodings of Hazard3's own extensions (Hazard3 documentation, "Custom Extensions"; RP2350 datasheet 3.8.6): Xh3bextm
// in the custom-0 space, and Xh3power, two of SLT's hints.
#pragma once

#include "isa/rv32/encoding.h"

namespace mj::isa::rv32 {

inline constexpr std::array rows_xh3 = {
    // clang-format off
    // Xh3bextm: s + 1 bits from a register
    RvRow{picture("000sss0 mmmmm nnnnn 000 ddddd 00010 11"), Op::h3_bextm, OpClass::bitfield, nullptr, feature_xh3bextm},
    RvRow{picture("000sss0 xxxxx nnnnn 100 ddddd 00010 11"), Op::h3_bextmi, OpClass::bitfield, nullptr, feature_xh3bextm},

    // Xh3power: SLT x0, x0, x0 and SLT x0, x0, x1, which is what they are to other cores
    RvRow{picture("0000000 00000 00000 010 00000 01100 11"), Op::h3_block, OpClass::wait, nullptr, feature_xh3power},
    RvRow{picture("0000000 00001 00000 010 00000 01100 11"), Op::h3_unblock, OpClass::nop, nullptr, feature_xh3power},
    // clang-format on
};

}  // namespace mj::isa::rv32
