// What finds out why firmware faulted (fault_reason.h): what all architectures have in common is in fault_reason.cpp,
// the rest in a file for each.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/code_view.h"
#include "sim/engine/engine.h"
#include "sim/heap_watch.h"
#include "sim/machine.h"
#include "sim/program.h"
#include "sim/stack_bounds.h"

namespace mj {

class Reasoner {
 public:
  Reasoner(Machine& machine, const Program& program, const HeapWatch& heap, const engine::FaultRecord& fault)
      : m_(machine), p_(program), heap_(heap), f_(fault), code_(code_at(machine, fault.pc)) {}

  std::string text() const;

 private:
  // ---- what the fault left
  bool status(std::string_view bit) const;
  /// The bit is set in a status register; those of cores that show none are asked by `mask`.
  bool is(const char* bit, std::uint32_t mask) const;
  std::uint32_t reg(unsigned id) const { return f_.registers[id]; }
  std::string name(unsigned id) const { return m_.engine().arch().register_name(id); }
  std::uint32_t sp() const { return reg(m_.engine().arch().sp); }
  std::string op() const { return code_ ? m_.engine().arch().op_name(code_->insn.op) : ""; }
  /// ", loaded from g_ptr (0x20000000)": where a register's value came from, or nothing.
  std::string from(unsigned id) const { return origin_at(f_.pc, id); }
  std::string origin_at(Address pc, unsigned id) const;
  std::optional<CodeAt> call_before(Address ret) const;
  bool process_stack() const;
  std::uint32_t word(Address a, std::uint32_t otherwise) const;

  // ---- stack
  std::string stack_nowhere() const;
  std::string stack_overflow() const;
  std::string overflow(const StackBounds& b, Address low, const char* what = "stack overflow") const;

  // ---- Arm (fault_reason_arm.cpp)
  std::string arm() const;
  std::string secure_fault() const;
  std::string below_limit() const;
  std::string escalated_call() const;
  std::string bad_exception_return() const;
  std::string no_thumb_bit() const;
  /// The exception whose vector `wanted` accepts, of those under way.
  struct Vector {
    unsigned exception;
    Address at;
    std::uint32_t word;
  };
  template <class Wanted>
  std::optional<Vector> vector(Wanted wanted) const;
  std::string no_handler() const;
  std::string handler_elsewhere() const;

  // ---- RISC-V (fault_reason_riscv.cpp)
  std::string riscv() const;
  std::string system_instruction() const;
  std::string trap_elsewhere() const;
  std::string fpu_off() const;

  // ---- instructions
  std::string undefined() const;
  /// The image has code there.
  bool in_code(Address a) const;
  std::string lacking() const;

  // ---- accesses
  std::string access() const;
  std::string forbidden() const;
  std::string read_only() const;
  std::string unmapped() const;
  std::string unaligned() const;
  std::string base_text() const;
  std::string null_data() const;
  std::string bad_fetch() const;
  std::string left_the_code() const;

  Machine& m_;
  const Program& p_;
  const HeapWatch& heap_;
  const engine::FaultRecord& f_;
  std::optional<CodeAt> code_;
};

}  // namespace mj
