// A core's timing table, and the walk of a block over what could be loaded.
#include <array>
#include <optional>

#include "isa/rv32/decode.h"
#include "isa/thumb/decode.h"
#include "sim/board.h"
#include "sim/timing/core_timing.h"
#include "tests/fuzz/target.h"

using namespace mj;

namespace {

struct Block {
  std::vector<isa::Insn> insns;
  std::vector<isa::Effects> effects;
};

// Loads, their users, multiply, divide, store, stack, branch: what core files have rules for.
Block thumb_block() {
  Block block;
  constexpr std::array<std::pair<std::uint16_t, std::uint16_t>, 9> code = {{{0x6808, 0},       // ldr r0, [r1]
                                                                            {0x1840, 0},       // adds r0, r0, r1
                                                                            {0x4348, 0},       // muls r0, r1
                                                                            {0xfbb0, 0xf0f1},  // udiv r0, r0, r1
                                                                            {0x6008, 0},       // str r0, [r1]
                                                                            {0xe9d1, 0x2302},  // ldrd r2, r3, [r1, #8]
                                                                            {0xb570, 0},       // push {r4-r6, lr}
                                                                            {0xee30, 0x0a20},  // vadd.f32 s0, s0, s1
                                                                            {0xd0f0, 0}}};     // beq
  std::uint32_t pc = 0x100;
  for (const auto& [hw1, hw2] : code) {
    block.insns.push_back(isa::thumb::decode(hw1, hw2, pc, false, 0x1f));
    block.effects.push_back(isa::thumb::effects(block.insns.back()));
    pc += block.insns.back().size;
  }
  return block;
}

Block rv32_block() {
  Block block;
  constexpr std::uint32_t code[] = {0x0005a503,   // lw a0,0(a1)
                                    0x00b50533,   // add a0,a0,a1
                                    0x02b50533,   // mul a0,a0,a1
                                    0x02b51533,   // mulh a0,a0,a1
                                    0x02b54533,   // div a0,a0,a1
                                    0x00a5a023,   // sw a0,0(a1)
                                    0x4188,       // c.lw a0,0(a1)
                                    0x34051573,   // csrrw a0,mscratch,a0
                                    0x00b50863};  // beq a0,a1,+16
  std::uint32_t pc = 0x100;
  for (const std::uint32_t raw : code) {
    block.insns.push_back(isa::rv32::decode(raw, pc, isa::rv32::rv32imac));
    block.effects.push_back(isa::rv32::effects(block.insns.back()));
    pc += block.insns.back().size;
  }
  return block;
}

void use(const timing::CoreTiming& core, const Block& block) {
  timing::PipeState state;
  for (int round = 0; round < 3; ++round) {
    const timing::Walk walk = core.walk(block.insns, block.effects, state);
    std::uint64_t common = 0;
    for (const auto& r : walk.reasons) common += r.cycles;
    for (std::size_t x = 0; x < timing::exit_count; ++x) {
      std::uint64_t sum = common;
      for (const auto& r : walk.exits[x].reasons) sum += r.cycles;
      fuzz::require(sum == walk.exits[x].cycles, "reasons sum to a block's cycles");
    }
    state = walk.exits[timing::taken].state;
    core.target_cost(0x102, true, timing::taken, block.insns.back().cls, state);
  }
  for (const isa::Insn& i : block.insns)
    if (core.has_operand_rule(i)) core.operand_cycles(i, 0x80000000, 3);
  core.unaligned_cycles(0x20000003, 4, false);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Block thumb = thumb_block(), rv32 = rv32_block();
  const std::string_view text = fuzz::text_of(data, size);
  const bool arm = text.find("thumb") != std::string_view::npos || text.find("cortex-") != std::string_view::npos;
  timing::LoadOptions options;
  options.op_name = arm ? isa::thumb::op_name : isa::rv32::op_name;
  options.read_core = [](std::string_view core) -> std::optional<std::string> {
    std::ifstream in(models_dir() + "/cores/" + std::string(core) + ".json", std::ios::binary);
    if (!in || core.find('/') != std::string_view::npos) return std::nullopt;
    return std::string{std::istreambuf_iterator<char>(in), {}};
  };
  const auto core = timing::CoreTiming::load(text, "mine", options);
  if (core.ok())
    use(*core, core->isa() == "thumb" ? thumb : rv32);
  else
    fuzz::require_refusal(core.error());
  return 0;
}
