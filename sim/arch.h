// An instruction set as the engine sees it: decoding, handlers, exceptions. One implementation per family
// (arch_thumb.cpp, arch_rv32.cpp); the engine itself knows neither.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "isa/def_use_context.h"
#include "isa/insn.h"
#include "memory/bus.h"
#include "sim/base/units.h"
#include "sim/engine/hot_state.h"

namespace mj {

/// What happened to the program's flow outside of instructions; the engine goes on at `pc`.
struct Redirect {
  enum class Kind : std::uint8_t {
    go,                ///< plain: continue at pc
    enter_exception,   ///< a handler starts at pc; `exception` names it
    return_exception,  ///< back to interrupted code at pc
    chain_exception,   ///< one handler's return started another (tail-chaining)
    semihost,          ///< a semihosting call: serve it, then continue at pc
    call_across,       ///< a function of another security state is called: its first instruction stands at pc
    return_across,     ///< a branch, not a call, led to pc; if to another security state, then by leaving a function
    lockup,            ///< the core can't go on
  };
  Kind kind = Kind::go;
  Address pc = 0;
  std::uint32_t mode = 0;
  unsigned exception = 0;            ///< architecture's number
  Cycle cycles = 0;                  ///< of the transition itself
  std::uint32_t interrupted_sp = 0;  ///< stack pointer before: of what an exception interrupts, or a crossing leaves
  Cycle unsure = 0;                  ///< of these, resting on inferred or estimated rows of the core's table
  bool fault = false;                ///< the exception reports something wrong (not an interrupt or a call)
  bool sleep = false;                ///< the core sleeps at pc
};

/// A memory access or fetch that failed.
struct BadAccess {
  /// forbidden: by the protection that Engine::set_protection was given (MPU, SAU, PMP).
  enum class Why : std::uint8_t { unmapped, read_only, unaligned, forbidden } why = Why::unmapped;
  Address address = 0;
  unsigned size = 0;
  bool write = false;
  bool fetch = false;
};

class Arch {
 public:
  virtual ~Arch() = default;

  unsigned sp = 0;  ///< register id of the stack pointer
  unsigned lr = 0;  ///< register id of the link register
  /// Of the register that functions called by others' first or last instructions return by (RISC-V's t0); 0: none.
  unsigned alternate_lr = 0;
  /// The operation that is a return only if it goes where a function returns to, else any jump; no_op: none.
  static constexpr std::uint16_t no_op = 0xffff;
  std::uint16_t jump_or_return = no_op;
  /// Bits of an address that the exclusive monitor compares; 0: any store-exclusive goes with any load-exclusive.
  std::uint32_t exclusive_mask = 0xffffffff;

  // ---- decoding -----------------------------------------------------------------------------------------------------
  /// Decodes at `pc` from up to 4 bytes of code, of which `n` (2 or 4) could be fetched. False: more bytes were needed.
  virtual bool decode(const std::uint8_t* code, unsigned n, Address pc, std::uint32_t mode, isa::Insn& insn,
                      isa::Effects& effects) const = 0;
  /// Whether the instruction that begins with these two bytes is 4 bytes long.
  virtual bool is_wide(const std::uint8_t* code) const = 0;
  /// Decode mode after an instruction.
  virtual std::uint32_t next_mode(std::uint32_t mode, const isa::Insn& insn) const = 0;
  /// Whether `insn` may be fetched where a protection permits gateways only.
  virtual bool is_gateway(const isa::Insn&) const { return false; }
  virtual engine::Handler handler(const isa::Insn& insn) const = 0;
  /// Handler of two instructions that follow each other in a block, unguarded, or nullptr.
  virtual engine::Handler pair(const isa::Insn& first, const isa::Insn& second) const = 0;
  /// Handler of the guard for a condition; only asked for instructions with cond != 14.
  virtual engine::Handler guard(unsigned cond) const = 0;
  /// True if the instruction needs prepare() to have found the machine ready (FP state, divide traps).
  virtual bool needs_prepare(const isa::Insn& insn) const = 0;
  virtual const char* op_name(std::uint16_t op) const = 0;
  /// The extension that the instruction at `code` (4 bytes) is of and that this core lacks, in words; "" if it lacks
  /// none, or there is no such instruction.
  virtual std::string feature_of(const std::uint8_t* code) const = 0;
  /// The instruction at `code` as the manuals write it, whether the core has it or not.
  virtual std::string text(std::span<const std::uint8_t> code, Address pc, std::uint32_t mode) const = 0;
  virtual std::string register_name(unsigned id) const = 0;
  /// Whether `insn` sets a link register, so that its target begins a function.
  bool is_call(const isa::Insn& insn) const {
    return insn.cls == isa::OpClass::branch_link || insn.cls == isa::OpClass::branch_link_reg;
  }

  // ---- running ------------------------------------------------------------------------------------------------------
  /// Registers and pc after reset for an image whose vector table or entry is at `boot`.
  virtual std::optional<Redirect> reset(engine::HotState& h, Address boot) = 0;
  /// Quick question before an instruction for which needs_prepare() holds: may it execute as it is?
  virtual bool ready(const engine::HotState& h, const isa::Insn& insn) const = 0;
  /// Makes ready (Kind::go at pc) or takes the exception that stands against it.
  virtual Redirect prepare(engine::HotState& h, const isa::Insn& insn, std::uint32_t mode) = 0;

  virtual std::uint32_t system_read(engine::HotState& h, const isa::Insn& insn, std::uint32_t id, Cycle now,
                                    bool& illegal) = 0;
  virtual void system_write(engine::HotState& h, const isa::Insn& insn, std::uint32_t id, std::uint32_t value,
                            Cycle now, bool& illegal, bool& sleep) = 0;

  virtual Redirect raise(engine::HotState& h, std::uint32_t id, std::uint32_t argument, const isa::Insn& insn,
                         std::uint32_t mode, std::uint32_t next_mode) = 0;
  virtual Redirect bad_access(engine::HotState& h, const BadAccess& access, Address pc, std::uint32_t mode) = 0;
  /// An illegal system register access (RISC-V CSRs).
  virtual Redirect illegal(engine::HotState& h, const isa::Insn& insn, std::uint32_t mode) = 0;
  /// Where the indirect branch `insn` to the raw value leads: code, an exception return, another security state, or a
  /// fault.
  virtual Redirect indirect(engine::HotState& h, std::uint32_t raw, const isa::Insn& insn) = 0;

  virtual bool interrupt_ready(const engine::HotState& h) const = 0;
  virtual Redirect interrupt(engine::HotState& h, Address pc, std::uint32_t mode) = 0;
  /// Whether a sleeping core wakes now, interrupt taken or not.
  virtual bool wakes(engine::HotState& h) = 0;
  virtual Cycle wake_cycles() const = 0;

  /// What unprivileged code may access now, for instructions that ask for it (LDRT); nullptr: everything.
  virtual const memory::Protection* unprivileged(const engine::HotState&) { return nullptr; }

  /// Whether an ordinary access of this kind may be unaligned on this core.
  virtual bool allows_unaligned(const engine::HotState& h) const = 0;

  /// How an instruction may move the stack pointer beyond its limit.
  struct StackStep {
    enum class Kind : std::uint8_t {
      none,      ///< it can't, or the core knows no limits
      constant,  ///< lowest new value or address accessed: stack pointer + by
      ask,       ///< depends on registers: ready() says
    } kind = Kind::none;
    std::int32_t by = 0;
  };
  virtual StackStep stack_step(const isa::Insn&) const { return {}; }
  /// Whether a stack pointer below its limit is of no consequence now.
  virtual bool ignores_stack_limit(const engine::HotState&) const { return true; }

  // ---- for people ---------------------------------------------------------------------------------------------------
  virtual std::string exception_name(unsigned exception) const = 0;
  /// The fault registers in words, one line each ("CFSR = 0x00008200: PRECISERR, BFARVALID").
  virtual std::vector<std::string> fault_status(const engine::HotState& h) const = 0;
  /// Whether a fault handler is running now (the firmware has not got over its fault).
  virtual bool in_fault(const engine::HotState& h) const = 0;
};

}  // namespace mj
