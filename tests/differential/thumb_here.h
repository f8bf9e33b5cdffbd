// Thumb programs on our own machine: a whole board, its engine, blocks and exceptions.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/machine.h"
#include "tests/differential/thumb_program.h"

namespace mj::differential {

class ThumbHere {
 public:
  /// `core`: a file of models/cores. `observed`: keeps a step for every instruction (steps()).
  ThumbHere(const std::string& core, bool observed);
  ~ThumbHere();

  isa::thumb::Features features() const { return features_; }
  std::uint8_t* ram() { return ram_; }
  const std::uint8_t* code() const { return code_; }
  /// Puts code where none was executed since forget_code().
  void write_code(std::uint32_t address, const void* bytes, std::size_t size);
  void forget_code();
  Outcome run(const ThumbState& state, std::uint32_t end);
  /// Executions so far, since the last call, of instructions at the ascending addresses `at`.
  std::uint64_t executed(const std::vector<std::uint32_t>& at);

  /// What an instruction found.
  struct Step {
    isa::Insn insn;
    ThumbState before;
    bool condition_failed = false;
    std::shared_ptr<const std::vector<std::uint8_t>> ram;
  };
  const std::vector<Step>& steps() const { return steps_; }

 private:
  class Watch;
  void create();
  void create_again();
  ThumbState read(std::uint32_t pc) const;
  End fault_kind(unsigned exception) const;

  std::string core_;
  bool observed_;
  isa::thumb::Features features_ = 0;
  std::unique_ptr<Machine> machine_;
  std::unique_ptr<Watch> watch_;
  std::uint8_t* ram_ = nullptr;
  std::uint8_t* code_ = nullptr;
  bool reset_needed_ = true;
  bool fpu_ = false;
  std::size_t blocks_seen_ = 0;
  std::vector<Step> steps_;
};

}  // namespace mj::differential
