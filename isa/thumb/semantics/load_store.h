// Loads and stores (ARMv7-M A4.6, A4.7; pages A7.7.41 to A7.7.67, A7.7.99, A7.7.101, A7.7.159 to A7.7.173).
#pragma once

#include "isa/thumb/semantics/operand.h"

namespace mj::isa::thumb::semantics {

enum class Access { byte, byte_signed, half, half_signed, word };

/// Addressing modes. imm is the offset as a two's complement number; for literals it is the address. The base register
/// is written by pre and post. Unprivileged is an offset.
enum class Mode { offset, pre, post, reg, reg_lsl, literal, unprivileged };

template <Mode M, Context C>
typename C::U32 address(C& c, const Insn& i) {
  using U32 = typename C::U32;
  if constexpr (M == Mode::literal) return U32(i.imm);
  if constexpr (M == Mode::offset || M == Mode::pre || M == Mode::unprivileged) return c.reg(i.rn) + i.imm;
  if constexpr (M == Mode::post) return c.reg(i.rn);
  if constexpr (M == Mode::reg) return c.reg(i.rn) + c.reg(i.rm);
  if constexpr (M == Mode::reg_lsl) return c.reg(i.rn) + (c.reg(i.rm) << i.shift);
}

/// Writes the base back if the mode says so. aux holds the bits that the base register drops (3 for SP).
template <Mode M, Context C>
void write_back(C& c, const Insn& i, typename C::U32 accessed) {
  if constexpr (M == Mode::pre) c.set_reg(i.rn, accessed & ~std::uint32_t{i.aux});
  if constexpr (M == Mode::post) c.set_reg(i.rn, (accessed + i.imm) & ~std::uint32_t{i.aux});
}

// LDR, LDRH, LDRB, LDRSH, LDRSB in all modes: ARMv7-M A7.7.43 to A7.7.48, A7.7.55 to A7.7.57, A7.7.59 to A7.7.65, and
// the unprivileged ones A7.7.49, A7.7.58, A7.7.62, A7.7.66, A7.7.67. A loaded PC keeps its Thumb bit for the context
template <Access A, Mode M, To T, Context C>
void load(C& c, const Insn& i) {
  using U32 = typename C::U32;
  const U32 at = address<M>(c, i);
  if constexpr (M == Mode::unprivileged) c.unprivileged();
  U32 v;
  if constexpr (A == Access::byte) v = c.load8(at);
  if constexpr (A == Access::byte_signed) v = sign8(c.load8(at));
  if constexpr (A == Access::half) v = c.load16(at);
  if constexpr (A == Access::half_signed) v = sign16(c.load16(at));
  if constexpr (A == Access::word) v = c.load32(at);
  if constexpr (T == To::general || T == To::stack) write<T>(c, i.rd, v);
  write_back<M>(c, i, at);
  if constexpr (T == To::pc) c.jump_to(v);
  if constexpr (T == To::pc_return) c.return_to(v);
}

// STR, STRH, STRB in all modes: ARMv7-M A7.7.161 to A7.7.164, A7.7.170, A7.7.171, and the unprivileged ones A7.7.165,
// A7.7.172, A7.7.173
template <Access A, Mode M, Context C>
void store(C& c, const Insn& i) {
  using U32 = typename C::U32;
  const U32 at = address<M>(c, i);
  const U32 v = c.reg(i.rd);
  if constexpr (M == Mode::unprivileged) c.unprivileged();
  if constexpr (A == Access::byte) c.store8(at, v);
  if constexpr (A == Access::half) c.store16(at, v);
  if constexpr (A == Access::word) c.store32(at, v);
  write_back<M>(c, i, at);
}

// LDRD: ARMv7-M A7.7.50, A7.7.51
template <Mode M, Context C>
void load_dual(C& c, const Insn& i) {
  using U32 = typename C::U32;
  const U32 at = address<M>(c, i);
  const U32 first = c.load32_aligned(at);
  const U32 second = c.load32_aligned(at + 4u);
  c.set_reg(i.rd, first);
  c.set_reg(i.ra, second);
  write_back<M>(c, i, at);
}

// STRD: ARMv7-M A7.7.166
template <Mode M, Context C>
void store_dual(C& c, const Insn& i) {
  using U32 = typename C::U32;
  const U32 at = address<M>(c, i);
  const U32 first = c.reg(i.rd), second = c.reg(i.ra);
  c.store32_aligned(at, first);
  c.store32_aligned(at + 4u, second);
  write_back<M>(c, i, at);
}

enum class Way { up, down };
enum class Base { keep, update, loaded };

// LDM, LDMDB, POP: ARMv7-M A7.7.41, A7.7.42, A7.7.99; imm is the list, shift its size in bytes. The base changes last,
// so that a list which faults half-way can be executed again
template <Way W, Base B, bool Pc, Context C>
void load_list(C& c, const Insn& i) {
  using U32 = typename C::U32;
  const U32 base = c.reg(i.rn);
  U32 at = base;
  if constexpr (W == Way::down) at = base - std::uint32_t{i.shift};
  const U32 lowest = at;
  U32 new_base = base;
  for (std::uint32_t list = i.imm & 0x7fffu; list != 0; list &= list - 1) {
    const unsigned r = ctz(list);
    const U32 v = c.load32_aligned(at);
    at = at + 4u;
    if constexpr (B == Base::loaded) {
      if (r == i.rn) {
        new_base = v;
        continue;
      }
    }
    c.set_reg(r, v);
  }
  U32 target(0u);
  if constexpr (Pc) target = c.load32_aligned(at);
  if constexpr (B == Base::loaded) c.set_reg(i.rn, new_base);
  if constexpr (B == Base::update && W == Way::up) c.set_reg(i.rn, base + std::uint32_t{i.shift});
  if constexpr (B == Base::update && W == Way::down) c.set_reg(i.rn, lowest);
  if constexpr (Pc) c.return_to(target);
}

// STM, STMDB, PUSH: ARMv7-M A7.7.159, A7.7.160, A7.7.101. The 16-bit STM may have its base in the list: the old value
// is stored (the manual: UNKNOWN unless it is the lowest)
template <Way W, Base B, Context C>
void store_list(C& c, const Insn& i) {
  using U32 = typename C::U32;
  const U32 base = c.reg(i.rn);
  U32 at = base;
  if constexpr (W == Way::down) at = base - std::uint32_t{i.shift};
  const U32 lowest = at;
  for (std::uint32_t list = i.imm; list != 0; list &= list - 1) {
    c.store32_aligned(at, c.reg(ctz(list)));
    at = at + 4u;
  }
  if constexpr (B == Base::update && W == Way::up) c.set_reg(i.rn, at);
  if constexpr (B == Base::update && W == Way::down) c.set_reg(i.rn, lowest);
}

// LDREX, LDREXB, LDREXH: ARMv7-M A7.7.52, A7.7.53, A7.7.54; LDAEX and its narrow forms
template <std::uint32_t Size, Context C>
void load_exclusive(C& c, const Insn& i) {
  c.set_reg(i.rd, c.load_exclusive(c.reg(i.rn) + i.imm, Size));
}

// STREX, STREXB, STREXH: ARMv7-M A7.7.167, A7.7.168, A7.7.169; STLEX and its narrow forms; rd is stored, ra gets 0 if
// it was
template <std::uint32_t Size, Context C>
void store_exclusive(C& c, const Insn& i) {
  using U32 = typename C::U32;
  const U32 at = c.reg(i.rn) + i.imm;
  c.set_reg(i.ra, c.store_exclusive(at, c.reg(i.rd), Size));
}

// LDA, LDAB, LDAH: Armv8-M C2.4.52 to C2.4.57. One core that performs its accesses in order has nothing to order; what
// is left is that they must be aligned
template <Access A, Context C>
void load_acquire(C& c, const Insn& i) {
  c.aligned();
  load<A, Mode::offset, To::general>(c, i);
}

// STL, STLB, STLH: Armv8-M C2.4.196 to C2.4.201
template <Access A, Context C>
void store_release(C& c, const Insn& i) {
  c.aligned();
  store<A, Mode::offset>(c, i);
}

// CLREX: ARMv7-M A7.7.23
template <Context C>
void clrex(C& c, const Insn&) {
  c.clear_exclusive();
}

}  // namespace mj::isa::thumb::semantics
