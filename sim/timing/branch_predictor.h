// A dynamic branch predictor of many entries: a branch target buffer, a table of branch histories and a stack of return
// addresses, as Rocket-class cores have them. Its state is far too large to tell blocks apart by (as PipeState does for
// Hazard3's single entry), so it lives beside them: the engine asks it at the end of a block that a branch ends.
//
// Fetch brings `fetch_bytes` a cycle. The target buffer knows of a packet's branch while the packet is being fetched:
// right, it costs nothing. A jump, return or branch that only the decoder of fetched packets sees costs `late` cycles,
// unless fetch was ahead by that much. Everything that execution has to put right costs `mispredict`.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "isa/insn.h"
#include "sim/timing/core_timing.h"

namespace mj::timing {

class BranchPredictor {
 public:
  /// Empty, as after reset: no branch is known, all are predicted not taken.
  explicit BranchPredictor(const PredictorParams& params);

  struct Cost {
    std::uint32_t cycles = 0;
    bool mispredicted = false;  ///< else the cycles, if any, are those of a late prediction
  };
  /// `branch` led to `to`. `ahead`: fetch was at least `late` cycles ahead of it.
  Cost resolve(const isa::Insn& branch, std::uint32_t to, bool ahead);

 private:
  struct Entry {
    bool valid = false;
    std::uint32_t packet = 0, branch = 0, target = 0;
  };
  enum class Kind : std::uint8_t { conditional, jump, call, indirect, indirect_call, returns };

  Kind kind(const isa::Insn& branch) const;
  /// Index of the packet's entry, or params_.targets.
  std::uint32_t find(std::uint32_t packet) const;
  void learn(std::uint32_t entry, std::uint32_t packet, const isa::Insn& branch, std::uint32_t to);
  std::uint32_t victim() const;
  void touch(std::uint32_t entry);
  std::uint32_t history_index(std::uint32_t packet) const;

  PredictorParams params_;
  std::vector<Entry> targets_;
  std::vector<bool> younger_;  ///< tree of pseudo-LRU bits, [1..): which half was not used last
  std::vector<bool> taken_;
  std::uint32_t history_ = 0;
  std::vector<std::uint32_t> returns_;
  std::uint32_t top_ = 0, depth_ = 0;
};

}  // namespace mj::timing
