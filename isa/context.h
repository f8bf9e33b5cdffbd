// What semantics may ask of the machine that executes them: the Context.
//
//   template <Context C> void mla(C& c, const Insn& i) { c.set_reg(i.rd, c.reg(i.rn) * c.reg(i.rm) + c.reg(i.ra)); }
//
// Three kinds exist: the interpreter's (sim/engine/interp_context.h), DefUseContext (which registers flow where, for
// the timing walk) and, later, one that emits IR. All registers, flags included, are numbered in one file of ids 0..63
// per architecture (thumb/registers.h, rv32/registers.h); id 64 is a sink: writes to it vanish.
//
// Order within an operation: read registers, access memory, then write registers. A faulting access returns 0 and the
// context undoes register writes that follow it, so semantics need no check. Base registers are written back last.
#pragma once

#include <concepts>
#include <cstdint>

#include "isa/insn.h"
#include "isa/value.h"

namespace mj::isa {

inline constexpr unsigned register_count = 64;  ///< ids 0..63
inline constexpr unsigned sink_register = 64;   ///< write-only; what RISC-V's x0 becomes as a destination

/// What an operation asks the architecture to do at its place; numbers are the architecture's (thumb/system.h,
/// rv32/system.h).
using SystemId = std::uint32_t;

template <class C>
concept Context = requires(C& c, typename C::U32 v, typename C::U64 w, typename C::Bool b, unsigned id,
                           std::uint32_t k) {
  { c.reg(id) } -> std::same_as<typename C::U32>;
  c.set_reg(id, v);
  // Memory; the narrow loads extend with zeros. An address may be unaligned where `unaligned` is said (the architecture
  // decides whether that is allowed); multi-word and exclusive accesses use the aligned form, which faults.
  { c.load8(v) } -> std::same_as<typename C::U32>;
  { c.load16(v) } -> std::same_as<typename C::U32>;
  { c.load32(v) } -> std::same_as<typename C::U32>;
  { c.load32_aligned(v) } -> std::same_as<typename C::U32>;
  c.store8(v, v);  // address, value
  c.store16(v, v);
  c.store32(v, v);
  c.store32_aligned(v, v);
  c.aligned();       // the accesses of this operation fault where they are unaligned (LDA, STLH)
  c.unprivileged();  // the accesses of this operation are made as if by unprivileged code (LDRT, STRT)
  // Exclusives: size in bytes. store_exclusive gives 0 when it stored, 1 when it did not.
  { c.load_exclusive(v, k) } -> std::same_as<typename C::U32>;
  { c.store_exclusive(v, v, k) } -> std::same_as<typename C::U32>;
  c.clear_exclusive();
  // Control flow; an operation makes at most one of these, as its last act.
  c.jump(k);        // direct, always
  c.jump_if(b, k);  // direct if b, else the next instruction
  c.call(k);        // direct call; the link register is written by the operation itself
  c.jump_to(v);     // indirect
  c.call_to(v);     // indirect call
  c.return_to(v);   // indirect, by convention a function return (BX lr, POP {pc}, jalr x0, ra)
  // System: slow, rare, out of line in every engine. raise() is an exception at this instruction (SVC, undefined ...).
  { c.system_read(SystemId{}) } -> std::same_as<typename C::U32>;
  c.system_write(SystemId{}, v);
  c.raise(SystemId{}, k);
};

}  // namespace mj::isa
