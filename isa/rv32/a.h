// Encodings of RV32A (Volume I, chapter 24, table "RV32A Standard Extension"). Bits 26:25 are aq and rl.
#pragma once

#include "isa/rv32/encoding.h"

namespace mj::isa::rv32 {

inline constexpr std::array rows_a = {
    // clang-format off
    RvRow{picture("00010 -- 00000 nnnnn 010 ddddd 01011 11"), Op::lr_w, OpClass::load_exclusive, nullptr, feature_a},
    RvRow{picture("00011 -- mmmmm nnnnn 010 ddddd 01011 11"), Op::sc_w, OpClass::store_exclusive, nullptr, feature_a},
    RvRow{picture("00001 -- mmmmm nnnnn 010 ddddd 01011 11"), Op::amoswap_w, OpClass::amo, nullptr, feature_a},
    RvRow{picture("00000 -- mmmmm nnnnn 010 ddddd 01011 11"), Op::amoadd_w, OpClass::amo, nullptr, feature_a},
    RvRow{picture("00100 -- mmmmm nnnnn 010 ddddd 01011 11"), Op::amoxor_w, OpClass::amo, nullptr, feature_a},
    RvRow{picture("01100 -- mmmmm nnnnn 010 ddddd 01011 11"), Op::amoand_w, OpClass::amo, nullptr, feature_a},
    RvRow{picture("01000 -- mmmmm nnnnn 010 ddddd 01011 11"), Op::amoor_w, OpClass::amo, nullptr, feature_a},
    RvRow{picture("10000 -- mmmmm nnnnn 010 ddddd 01011 11"), Op::amomin_w, OpClass::amo, nullptr, feature_a},
    RvRow{picture("10100 -- mmmmm nnnnn 010 ddddd 01011 11"), Op::amomax_w, OpClass::amo, nullptr, feature_a},
    RvRow{picture("11000 -- mmmmm nnnnn 010 ddddd 01011 11"), Op::amominu_w, OpClass::amo, nullptr, feature_a},
    RvRow{picture("11100 -- mmmmm nnnnn 010 ddddd 01011 11"), Op::amomaxu_w, OpClass::amo, nullptr, feature_a},
    // clang-format on
};

}  // namespace mj::isa::rv32
