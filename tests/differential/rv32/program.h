// Random RV32 programs drawn from the decode tables, so that a new row is fuzzed on the day it appears: a bare-metal
// image whose results are a signature in memory, comparable between any two machines that can run it.
//
// A program is made of blocks. A block loads all registers from a pool of values, performs its drawn instructions and
// stores all registers and fcsr; this some times, with other values. Memory accesses stay within a window, which is
// part of the signature; branches go forward over one instruction. Reserved for the frame: sp (window), gp (signature),
// tp (pool), mscratch (counter).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "isa/rv32/encoding.h"
#include "isa/rv32/ops.h"

namespace mj::differential {

struct Rv32Options {
  std::uint32_t seed = 1;
  unsigned blocks = 100;
  unsigned drawn = 100;  ///< instructions drawn for a block
  unsigned repeats = 8;  ///< times that a block runs
  isa::rv32::Features features = 0;
  std::function<bool(isa::rv32::Op)> without;  ///< operations to leave out; may be empty
};

struct Rv32Program {
  static constexpr std::uint32_t base = 0x80000000;
  static constexpr std::uint32_t state_bytes = 256;  ///< of the signature for one run of a block: fcsr, x1.., f0..

  std::vector<std::uint8_t> image;                   ///< code and pool, at `base`
  std::uint32_t halt = 0;                            ///< address of the endless loop at the end
  std::uint32_t tohost = 0;                          ///< where the program writes 1 before it
  std::uint32_t signature = 0, signature_bytes = 0;  ///< behind the image; zeros at first
  std::uint32_t window_bytes = 0;                    ///< at the signature's begin
  std::vector<std::uint32_t> block_at;               ///< address of each block's drawn instructions
  std::uint64_t executed = 0;                        ///< drawn instructions that a run performs, skipped ones included
  std::vector<std::uint64_t> of_op;                  ///< drawn, by operation
};

Rv32Program make_program(const Rv32Options& options);

/// As an ELF file with the symbols begin_signature, end_signature, tohost and fromhost.
std::vector<std::byte> elf_of(const Rv32Program& program);

/// Disassembly of one block.
std::string listing(const Rv32Program& program, unsigned block);

}  // namespace mj::differential
