// Encodings of Zba, Zbb, Zbs, Zbc (RISC-V Bit-Manipulation ISA-extensions 1.0.0, chapter 2), Zbkb (RISC-V Cryptography
// Extensions Volume I 1.0.1, chapter 3) and Zicond (RISC-V Integer Conditional Operations 1.0).
#pragma once

#include "isa/rv32/encoding.h"

namespace mj::isa::rv32 {

inline constexpr std::array rows_zb = {
    // clang-format off
    // Zba
    RvRow{picture("0010000 mmmmm nnnnn 010 ddddd 01100 11"), Op::sh1add, OpClass::alu_shift, nullptr, feature_zba},
    RvRow{picture("0010000 mmmmm nnnnn 100 ddddd 01100 11"), Op::sh2add, OpClass::alu_shift, nullptr, feature_zba},
    RvRow{picture("0010000 mmmmm nnnnn 110 ddddd 01100 11"), Op::sh3add, OpClass::alu_shift, nullptr, feature_zba},

    // Zbb and Zbkb. ZEXT.H is Zbkb's PACK with x0
    RvRow{picture("0100000 mmmmm nnnnn 111 ddddd 01100 11"), Op::andn, OpClass::alu, nullptr, feature_logic},
    RvRow{picture("0100000 mmmmm nnnnn 110 ddddd 01100 11"), Op::orn, OpClass::alu, nullptr, feature_logic},
    RvRow{picture("0100000 mmmmm nnnnn 100 ddddd 01100 11"), Op::xnor, OpClass::alu, nullptr, feature_logic},
    RvRow{picture("0110000 mmmmm nnnnn 001 ddddd 01100 11"), Op::rol, OpClass::shift, nullptr, feature_logic},
    RvRow{picture("0110000 mmmmm nnnnn 101 ddddd 01100 11"), Op::ror, OpClass::shift, nullptr, feature_logic},
    RvRow{picture("0110000 sssss nnnnn 101 ddddd 00100 11"), Op::rori, OpClass::shift, nullptr, feature_logic},
    RvRow{picture("0110100 11000 nnnnn 101 ddddd 00100 11"), Op::rev8, OpClass::bitfield, nullptr, feature_logic},
    RvRow{picture("0000100 00000 nnnnn 100 ddddd 01100 11"), Op::zext_h, OpClass::bitfield, nullptr, feature_logic},

    // Zbb
    RvRow{picture("0110000 00000 nnnnn 001 ddddd 00100 11"), Op::clz, OpClass::bitfield, nullptr, feature_zbb},
    RvRow{picture("0110000 00001 nnnnn 001 ddddd 00100 11"), Op::ctz, OpClass::bitfield, nullptr, feature_zbb},
    RvRow{picture("0110000 00010 nnnnn 001 ddddd 00100 11"), Op::cpop, OpClass::bitfield, nullptr, feature_zbb},
    RvRow{picture("0110000 00100 nnnnn 001 ddddd 00100 11"), Op::sext_b, OpClass::bitfield, nullptr, feature_zbb},
    RvRow{picture("0110000 00101 nnnnn 001 ddddd 00100 11"), Op::sext_h, OpClass::bitfield, nullptr, feature_zbb},
    RvRow{picture("0010100 00111 nnnnn 101 ddddd 00100 11"), Op::orc_b, OpClass::bitfield, nullptr, feature_zbb},
    RvRow{picture("0000101 mmmmm nnnnn 100 ddddd 01100 11"), Op::min, OpClass::alu, nullptr, feature_zbb},
    RvRow{picture("0000101 mmmmm nnnnn 101 ddddd 01100 11"), Op::minu, OpClass::alu, nullptr, feature_zbb},
    RvRow{picture("0000101 mmmmm nnnnn 110 ddddd 01100 11"), Op::max, OpClass::alu, nullptr, feature_zbb},
    RvRow{picture("0000101 mmmmm nnnnn 111 ddddd 01100 11"), Op::maxu, OpClass::alu, nullptr, feature_zbb},

    // Zbs
    RvRow{picture("0100100 mmmmm nnnnn 001 ddddd 01100 11"), Op::bclr, OpClass::bitfield, nullptr, feature_zbs},
    RvRow{picture("0100100 mmmmm nnnnn 101 ddddd 01100 11"), Op::bext, OpClass::bitfield, nullptr, feature_zbs},
    RvRow{picture("0110100 mmmmm nnnnn 001 ddddd 01100 11"), Op::binv, OpClass::bitfield, nullptr, feature_zbs},
    RvRow{picture("0010100 mmmmm nnnnn 001 ddddd 01100 11"), Op::bset, OpClass::bitfield, nullptr, feature_zbs},
    RvRow{picture("0100100 sssss nnnnn 001 ddddd 00100 11"), Op::bclri, OpClass::bitfield, nullptr, feature_zbs},
    RvRow{picture("0100100 sssss nnnnn 101 ddddd 00100 11"), Op::bexti, OpClass::bitfield, nullptr, feature_zbs},
    RvRow{picture("0110100 sssss nnnnn 001 ddddd 00100 11"), Op::binvi, OpClass::bitfield, nullptr, feature_zbs},
    RvRow{picture("0010100 sssss nnnnn 001 ddddd 00100 11"), Op::bseti, OpClass::bitfield, nullptr, feature_zbs},

    // Zbc
    RvRow{picture("0000101 mmmmm nnnnn 001 ddddd 01100 11"), Op::clmul, OpClass::mul, nullptr, feature_zbc},
    RvRow{picture("0000101 mmmmm nnnnn 010 ddddd 01100 11"), Op::clmulr, OpClass::mul, nullptr, feature_zbc},
    RvRow{picture("0000101 mmmmm nnnnn 011 ddddd 01100 11"), Op::clmulh, OpClass::mul, nullptr, feature_zbc},

    // Zbkb
    RvRow{picture("0000100 mmmmm nnnnn 100 ddddd 01100 11"), Op::pack, OpClass::bitfield, nullptr, feature_zbkb},
    RvRow{picture("0000100 mmmmm nnnnn 111 ddddd 01100 11"), Op::packh, OpClass::bitfield, nullptr, feature_zbkb},
    RvRow{picture("0110100 00111 nnnnn 101 ddddd 00100 11"), Op::brev8, OpClass::bitfield, nullptr, feature_zbkb},
    RvRow{picture("0000100 01111 nnnnn 001 ddddd 00100 11"), Op::zip, OpClass::bitfield, nullptr, feature_zbkb},
    RvRow{picture("0000100 01111 nnnnn 101 ddddd 00100 11"), Op::unzip, OpClass::bitfield, nullptr, feature_zbkb},

    // Zicond
    RvRow{picture("0000111 mmmmm nnnnn 101 ddddd 01100 11"), Op::czero_eqz, OpClass::alu, nullptr, feature_zicond},
    RvRow{picture("0000111 mmmmm nnnnn 111 ddddd 01100 11"), Op::czero_nez, OpClass::alu, nullptr, feature_zicond},
    // clang-format on
};

}  // namespace mj::isa::rv32
