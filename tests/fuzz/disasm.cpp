// Instructions of both architectures: every pattern decodes, has effects and one line of text.
// The first byte is what else decoding depends on: Thumb's ITSTATE; its low bits also choose a core's features.
#include <span>

#include "isa/rv32/decode.h"
#include "isa/rv32/disasm.h"
#include "isa/thumb/decode.h"
#include "isa/thumb/disasm.h"
#include "tests/fuzz/target.h"

using namespace mj;

namespace {

void require_line(const std::string& text) {
  fuzz::require(!text.empty() && text.find('\n') == std::string::npos, "an instruction is one line of text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint32_t mode = data[0];
  const std::span<const std::uint8_t> code(data + 1, size - 1);
  for (std::size_t at = 0; at < code.size(); at += 2) {
    const auto rest = code.subspan(at);
    const auto pc = static_cast<std::uint32_t>(0xfffffff0 + at);
    require_line(isa::thumb::disassemble(rest, pc, mode));
    require_line(isa::rv32::disassemble(rest, pc));
    if (rest.size() < 4) continue;
    const std::uint32_t low = rest[0] | rest[1] << 8, high = rest[2] | rest[3] << 8;
    isa::Insn t = isa::thumb::decode(low, high, pc, mode & 1, mode & 0x1f);
    fuzz::require(t.size == (isa::thumb::is_32bit(low) ? 4 : 2), "a Thumb instruction's length is its first half's");
    if (mode & 1 && t.cond == 14) t.cond = static_cast<std::uint8_t>(mode >> 5);
    isa::thumb::effects(t);
    require_line(isa::thumb::text(t));
    const isa::Insn r = isa::rv32::decode(high << 16 | low, pc, mode & 0x7f);
    fuzz::require(r.size == (isa::rv32::is_32bit(static_cast<std::uint16_t>(low)) ? 4 : 2),
                  "an RV32 instruction's length is its lowest bits'");
    isa::rv32::effects(r);
    require_line(isa::rv32::text(r));
  }
  return 0;
}
