// Encodings of RV32M (Volume I, chapter 24, table "RV32M Standard Extension").
#pragma once

#include "isa/rv32/encoding.h"

namespace mj::isa::rv32 {

inline constexpr std::array rows_m = {
    // clang-format off
    RvRow{picture("0000001 mmmmm nnnnn 000 ddddd 01100 11"), Op::mul, OpClass::mul, nullptr, feature_m},
    RvRow{picture("0000001 mmmmm nnnnn 001 ddddd 01100 11"), Op::mulh, OpClass::mul_high, nullptr, feature_m},
    RvRow{picture("0000001 mmmmm nnnnn 010 ddddd 01100 11"), Op::mulhsu, OpClass::mul_high, nullptr, feature_m},
    RvRow{picture("0000001 mmmmm nnnnn 011 ddddd 01100 11"), Op::mulhu, OpClass::mul_high, nullptr, feature_m},
    RvRow{picture("0000001 mmmmm nnnnn 100 ddddd 01100 11"), Op::div, OpClass::div, nullptr, feature_m},
    RvRow{picture("0000001 mmmmm nnnnn 101 ddddd 01100 11"), Op::divu, OpClass::div, nullptr, feature_m},
    RvRow{picture("0000001 mmmmm nnnnn 110 ddddd 01100 11"), Op::rem, OpClass::div, nullptr, feature_m},
    RvRow{picture("0000001 mmmmm nnnnn 111 ddddd 01100 11"), Op::remu, OpClass::div, nullptr, feature_m},
    // clang-format on
};

}  // namespace mj::isa::rv32
