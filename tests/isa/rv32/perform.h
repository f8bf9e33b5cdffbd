// Performs an operation by its name on values: "sh1add" of a1 = 3, a2 = 100. The encoding is the row's own; that rows
// have the right encodings is what the disassembly tests show.
#pragma once

#include <stdexcept>
#include <string_view>

#include "isa/rv32/tables.h"
#include "tests/isa/disasm/fills.h"
#include "tests/isa/rv32/run.h"

namespace mj::test {

/// Register fields of every operation performed here: a0 <- a1, a2, a3; fa0 <- fa1, fa2, fa3 where they are F's.
inline constexpr unsigned rd = 10, rs1 = 11, rs2 = 12, rs3 = 13;

/// The 32-bit encoding of the operation with those registers, shift amount `shift` and rounding mode `rm`.
inline std::uint32_t encode(std::string_view name, unsigned shift = 0, unsigned rm = 7) {
  using namespace isa::rv32;
  for (const RvRow& row : all_rows) {
    if (row.pattern.width != 32 || op_name(static_cast<std::uint16_t>(row.op)) != name) continue;
    const auto& f = row.pattern.fields;
    return row.pattern.value | deposit(rd, f[0]) | deposit(rs1, f[1]) | deposit(rs2, f[2]) | deposit(rs3, f[3]) |
           deposit(shift, f[5]) | deposit(rm, f[6]);
  }
  throw std::invalid_argument("no such operation");
}

}  // namespace mj::test
