// From halfwords to an Insn. Never fails: what no row of this core's features knows becomes Op::undefined.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "isa/decode_table.h"
#include "isa/def_use_context.h"
#include "isa/insn.h"
#include "isa/thumb/features.h"
#include "isa/thumb/it_state.h"
#include "isa/thumb/op.h"

namespace mj::isa::thumb {

/// Feature bits (features.h) of a core; 0 is ARMv6-M.
using Features = std::uint32_t;

/// True if `hw1` is the first half of a 32-bit instruction (ARMv7-M A5.1).
constexpr bool is_32bit(std::uint32_t hw1) { return (hw1 & 0xffff) >= 0xe800; }

/// Decodes the instruction at `address` (Thumb bit clear). `hw2` is ignored for 16-bit encodings. `in_it`: it stands in
/// an IT block; Insn::cond comes back as 14 (always) all the same, see apply_it().
Insn decode(std::uint32_t hw1, std::uint32_t hw2, std::uint32_t address, bool in_it, Features features);

/// Puts the condition of the IT block around an instruction into it. BKPT is unconditional also there (A7.7.17).
void apply_it(Insn& insn, ItState it);

/// Registers and memory accesses of an instruction; a condition (cond != 14) adds the flags that it reads.
Effects effects(const Insn& insn);

/// The features that the encoding at `hw1`, `hw2` needs; none: it is no instruction of any core.
std::optional<Features> needed_features(std::uint32_t hw1, std::uint32_t hw2);

/// The extension, and the cores that may have it, that a core of features `has` lacks for what needs `needed` ("the DSP
/// extension (Cortex-M4, M7, M33)"); "" if it lacks nothing.
std::string_view missing_extension(Features needed, Features has);

/// The operation's name as ops.def, timing tables and reports spell it; "?" beyond the list.
const char* op_name(std::uint16_t op);

/// The operation of that name, Op::count_ if there is none.
Op find_op(std::string_view op);

/// All rows of the decode tables: for tests that draw encodings from them and for documentation.
std::span<const Row<Op>> rows_16bit();
std::span<const Row<Op>> rows_32bit();

}  // namespace mj::isa::thumb
