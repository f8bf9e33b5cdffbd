// What an image tells RP2350's boot ROM: a loop of blocks, one of which, the IMAGE_DEF, says where it begins (RP2350
// datasheet 5.1.5, 5.9; boot/picobin.h of pico-sdk).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "sim/base/units.h"

namespace mj::memory {

struct ImageDef {
  Address at = 0;                       ///< of the block
  std::optional<Address> vector_table;  ///< Arm: VECTOR_TABLE item
  std::optional<Address> entry;         ///< ENTRY_POINT item; Arm: with the Thumb bit
  Address stack = 0;                    ///< its stack pointer
};

/// The IMAGE_DEF of the executable for Arm or RISC-V that is stored from `base` on; of several in the loop the last
/// one, as the ROM takes it. The first block must be in the first 4 KiB. None: there is no block loop, it is broken, or
/// it has no such block. `word`: the aligned word at an address, if there is memory.
std::optional<ImageDef> find_image_def(Address base, bool riscv,
                                       const std::function<std::optional<std::uint32_t>(Address)>& word);

}  // namespace mj::memory
