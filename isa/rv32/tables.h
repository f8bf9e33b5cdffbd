// All encodings of RV32 in one array: what the decoder searches and the tests draw their instructions from. A new row
// file is one line here.
#pragma once

#include <algorithm>
#include <array>

#include "isa/rv32/a.h"
#include "isa/rv32/c.h"
#include "isa/rv32/f.h"
#include "isa/rv32/i.h"
#include "isa/rv32/m.h"
#include "isa/rv32/xh3.h"
#include "isa/rv32/zb.h"
#include "isa/rv32/zc.h"
#include "isa/rv32/zicsr.h"

namespace mj::isa::rv32 {

template <std::size_t... N>
constexpr auto join_rows(const std::array<RvRow, N>&... parts) {
  std::array<RvRow, (N + ...)> all{};
  auto at = all.begin();
  ((at = std::copy(parts.begin(), parts.end(), at)), ...);
  return all;
}

inline constexpr auto all_rows =
    join_rows(rows_i, rows_m, rows_a, rows_f, rows_zb, rows_zicsr, rows_c, rows_zc, rows_xh3);

static_assert(unambiguous(all_rows), "two encodings overlap");

}  // namespace mj::isa::rv32
