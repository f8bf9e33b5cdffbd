// The program's code as an explanation reads it: single instructions, and where a register's value came from.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "isa/def_use_context.h"
#include "isa/insn.h"
#include "sim/machine.h"
#include "sim/program.h"

namespace mj {

struct CodeAt {
  isa::Insn insn;
  isa::Effects effects;
};

/// None: nothing can be fetched there. An undefined instruction has op 0.
std::optional<CodeAt> code_at(Machine& machine, Address pc);

/// "ldr r3, [r0, #8]"; ".inst ..." for what no core knows.
std::string code_text(Machine& machine, Address pc);

/// "0xde07 (udf #7)": the instruction as the manuals write it, and its text.
std::string encoding_text(Machine& machine, const Program& program, Address pc);

/// Where the value in register `reg` came from that the instruction at `pc` met: "loaded from g_ops+0x8 (0x20000010)";
/// "returned by malloc"; empty if that isn't certain. `registers`: those that the instruction met; `frames`: where the
/// functions under way begin, which is all that is known of them without symbols.
std::string origin(Machine& machine, const Program& program, std::span<const std::uint32_t> registers,
                   std::span<const Address> frames, Address pc, unsigned reg);

/// The name of the function that begins there: "main", or "function at 0x08000140".
std::string frame_name(const Program& program, Address function);

/// "g_table+0x4 (0x20000014)", or the address alone.
std::string data_place(const Program& program, Address address);

}  // namespace mj
