// Programs drawn from the decode tables: random fills of random rows, so that a new row is fuzzed on the day it
// appears.
//
// Nothing is written down per instruction. Base registers are steered into RAM, and branch targets onto later
// instructions, by asking the instruction's own semantics (a Context that records accesses and targets) what it would
// do with them and loading the registers, the memory or the encoding's free bits accordingly. A program is a row of
// groups that fall or jump forwards to its end:
//
//     [literal loads of registers that must have a certain value] [IT] one to four drawn instructions
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/differential/thumb_operands.h"
#include "tests/differential/thumb_state.h"

namespace mj::differential {

struct ThumbProgram {
  std::uint32_t base = 0;
  std::vector<std::uint16_t> code;   ///< from `base` on: instructions, then literals
  std::uint32_t entry = 0, end = 0;  ///< first instruction; the last one, an endless loop
  std::vector<std::uint32_t> drawn;  ///< addresses of the instructions that count as compared, ascending
  struct Poke {
    std::uint32_t address, size, value;
  };
  std::vector<Poke> pokes;  ///< what RAM holds for branches to load
  bool uses_fp = false;

  std::uint32_t bytes() const { return static_cast<std::uint32_t>(2 * code.size()); }
};

struct Item;
struct Draft;

class ThumbGenerator {
 public:
  ThumbGenerator(isa::thumb::Features features, std::uint64_t seed);

  /// The next program, at `base` (4-byte aligned), of at most `most` bytes.
  ThumbProgram program(std::uint32_t base);
  static constexpr std::uint32_t most_bytes = 1024;

  /// Registers for a program to begin with: random, or near a limit.
  ThumbState state(const ThumbProgram& program);

  /// Fills of rows that were drawn but decode as undefined, because the manual calls them UNPREDICTABLE.
  std::uint64_t turned_down() const { return turned_down_; }
  /// Drawn instructions that could not be steered; a NOP stands in their place.
  std::uint64_t not_steered() const { return not_steered_; }
  /// Times that each row was drawn, for rows of the family.
  struct RowCount {
    const isa::Row<isa::thumb::Op>* row;
    std::uint64_t drawn;
  };
  const std::vector<RowCount>& rows() const { return rows_; }

 private:
  bool draw(bool in_it, std::uint32_t pc, Item& item);
  void steer(Draft& d, unsigned reg, Item& item);
  void open_monitor(Draft& d, const Item& store);
  void group(Draft& d);

  isa::thumb::Features features_;
  Operands random_;
  std::vector<RowCount> rows_;
  int it_row_ = -1;
  std::uint64_t turned_down_ = 0, not_steered_ = 0;
};

/// The data accesses that an instruction would make, if it finds zeros.
struct DataAccess {
  std::uint32_t address;
  unsigned size;
  bool store;
};
std::vector<DataAccess> accesses(const isa::Insn& insn, const ThumbState& state);

/// Why a drawn encoding is not compared; empty if it is.
std::string_view not_compared(const isa::Insn& insn);

}  // namespace mj::differential
