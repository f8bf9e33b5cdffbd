// What Thumb decode rows do after their picture has filled the fields: scale immediates, add the PC, pick the operation
// for the operand's form, turn down what the manual calls UNPREDICTABLE.
//
// UNPREDICTABLE encodings decode as undefined unless a row says otherwise: a run that meets one is told so instead of
// getting a guess. The general rules, not repeated per row: SP and PC as operands where the manual excludes them;
// write-back to the transferred register or the PC; empty or (32-bit) one-register lists; IT, CBZ, B<c> and CPS inside
// an IT block. "Should be" bits, (0) and (1) in the manual, must be so (QEMU agrees on nearly all of them).
#pragma once

#include <bit>
#include <cstdint>

#include "isa/decode_table.h"
#include "isa/thumb/features.h"
#include "isa/thumb/op.h"
#include "isa/thumb/registers.h"

namespace mj::isa::thumb::encoding {

/// Insn::cond while a row is being finished inside an IT block; decode() replaces it by 14.
inline constexpr std::uint8_t cond_in_it = 15;

constexpr bool in_it(const Insn& i) { return i.cond == cond_in_it; }
constexpr Op op_of(const Insn& i) { return static_cast<Op>(i.op); }
constexpr void set_op(Insn& i, Op op) { i.op = static_cast<std::uint16_t>(op); }
constexpr void set_op(Insn& i, Op op, OpClass cls) {
  set_op(i, op);
  i.cls = cls;
}
constexpr void reject(Insn& i) { set_op(i, Op::undefined, OpClass::trap); }
constexpr std::uint32_t bits(const Insn& i, unsigned high, unsigned low) {
  return (i.raw >> low) & ((2u << (high - low)) - 1);
}
constexpr std::uint32_t pc_value(const Insn& i) { return i.pc + 4; }
constexpr std::uint32_t pc_aligned(const Insn& i) { return (i.pc + 4) & ~3u; }
constexpr std::uint32_t sign_extend(std::uint32_t v, unsigned width) {
  const std::uint32_t top = 1u << (width - 1);
  return (v ^ top) - top;
}
constexpr bool sp_or_pc(unsigned r) { return r == sp || r == pc; }
constexpr std::uint8_t byte(std::uint32_t v) { return static_cast<std::uint8_t>(v); }

/// Steps in order until one turns the row down.
template <void (*... Step)(Insn&)>
void fix(Insn& i) {
  const Op undefined = Op::undefined;
  ((op_of(i) == undefined ? void() : Step(i)), ...);
}

// ---- register rules -------------------------------------------------------------------------------------------------

enum Field : unsigned { D = 1, N = 2, M = 4, A = 8 };

/// Turns SP and PC down in the fields named.
template <unsigned Fields>
void general(Insn& i) {
  if (((Fields & D) && sp_or_pc(i.rd)) || ((Fields & N) && sp_or_pc(i.rn)) || ((Fields & M) && sp_or_pc(i.rm)) ||
      ((Fields & A) && sp_or_pc(i.ra)))
    reject(i);
}
/// Turns the PC down in the fields named.
template <unsigned Fields>
void not_pc(Insn& i) {
  if (((Fields & D) && i.rd == pc) || ((Fields & N) && i.rn == pc) || ((Fields & M) && i.rm == pc)) reject(i);
}
inline void not_in_it(Insn& i) {
  if (in_it(i)) reject(i);
}
/// Rd is also the first operand.
inline void rn_is_rd(Insn& i) { i.rn = i.rd; }
/// The base or operand is SP.
inline void rn_is_sp(Insn& i) { i.rn = sp; }
inline void rd_is_sp(Insn& i) { i.rd = sp; }
/// CLZ, REV and relatives encode Rm twice; different values are UNPREDICTABLE.
inline void rm_twice(Insn& i) {
  if (i.rn != i.rm) return reject(i);
  i.rn = 0;
}
/// Inside an IT block the 16-bit data processing encodings leave the flags alone.
template <Op Quiet>
void quiet_in_it(Insn& i) {
  if (in_it(i)) set_op(i, Quiet);
}

// ---- immediates -----------------------------------------------------------------------------------------------------

template <unsigned Shift>
void scale(Insn& i) {
  i.imm <<= Shift;
}
template <unsigned Width, unsigned Shift>
void relative(Insn& i) {
  i.imm = pc_value(i) + (sign_extend(i.imm, Width) << Shift);
}
/// CBZ: forward only.
inline void forward(Insn& i) { i.imm = pc_value(i) + (i.imm << 1); }
inline void literal_words(Insn& i) { i.imm = pc_aligned(i) + (i.imm << 2); }
/// ADR (32-bit).
inline void address_up(Insn& i) { i.imm = pc_aligned(i) + i.imm; }
inline void address_down(Insn& i) { i.imm = pc_aligned(i) - i.imm; }
/// Amounts 1..32 are encoded as 1..31, 0.
inline void zero_is_32(Insn& i) {
  if (i.shift == 0) i.shift = 32;
}

/// ThumbExpandImm (ARMv7-M A5.3.2). A replicated zero byte, which is UNPREDICTABLE, gives 0.
constexpr std::uint32_t expand(std::uint32_t imm12) {
  const std::uint32_t b = imm12 & 0xff;
  switch (imm12 >> 8) {
    case 0:
      return b;
    case 1:
      return b << 16 | b;
    case 2:
      return b << 24 | b << 8;
    case 3:
      return b * 0x01010101u;
    default:
      return std::rotr(0x80u | (imm12 & 0x7f), static_cast<int>(imm12 >> 7));
  }
}
inline void expand_imm(Insn& i) { i.imm = expand(i.imm); }
/// The same before a logical operation that writes C: a rotated constant selects the _imm_c operation behind _imm.
inline void expand_imm_carry(Insn& i) {
  if (i.imm >> 10) set_op(i, next(op_of(i), 1));
  i.imm = expand(i.imm);
}
/// MOVW, MOVT: imm4 : i : imm3 : imm8, of which the picture has left i in aux.
template <unsigned Shift>
void wide_imm(Insn& i) {
  i.imm = ((i.imm & 0x7800) << 1 | static_cast<std::uint32_t>(i.aux) << 11 | (i.imm & 0x7ff)) << Shift;
  i.aux = 0;
}

// ---- operands -------------------------------------------------------------------------------------------------------

/// DecodeImmShift (ARMv7-M A7.4.2): kind and shift become a form, counted from the group's _reg operation.
inline unsigned shifted_form(Insn& i) {
  const unsigned type = i.kind;
  i.kind = 0;
  if (type == 0) return i.shift ? 1 : 0;
  if (type == 3) return i.shift ? 4 : 5;
  zero_is_32(i);
  return type + 1;
}
inline void shifted(Insn& i) {
  const unsigned form = shifted_form(i);
  set_op(i, next(op_of(i), form), form ? OpClass::alu_shift : OpClass::alu);
}
/// MOV and the shifts by a constant (Rn = 1111 of ORR).
template <bool S>
void move_shifted(Insn& i) {
  constexpr Op ops[2][6] = {{Op::mov_reg, Op::lsl_imm, Op::lsr_imm, Op::asr_imm, Op::ror_imm, Op::rrx},
                            {Op::movs_reg, Op::lsls_imm, Op::lsrs_imm, Op::asrs_imm, Op::rors_imm, Op::rrxs}};
  const unsigned form = shifted_form(i);
  set_op(i, ops[S][form], form ? OpClass::shift : OpClass::alu);
  if (S || form) return general<D | M>(i);
  if (i.rd == pc || i.rm == pc || (i.rd == sp && i.rm == sp)) return reject(i);
  if (i.rd == sp) set_op(i, Op::mov_sp);
}
/// ADD and SUB (register): SP may be the destination if it is the first operand and the shift is LSL #0..3.
template <Op ToSp>
void add_shifted(Insn& i) {
  const unsigned form = shifted_form(i);
  set_op(i, next(op_of(i), form), form ? OpClass::alu_shift : OpClass::alu);
  if (i.rd == pc || i.rn == pc || sp_or_pc(i.rm)) return reject(i);
  if (i.rd != sp) return;
  if (i.rn != sp || form > 1 || i.shift > 3) return reject(i);
  set_op(i, next(ToSp, form));
}
/// ADD and SUB (immediate): SP may be the destination if it is the first operand.
template <Op ToSp>
void add_immediate(Insn& i) {
  if (i.rd == pc || i.rn == pc) return reject(i);
  if (i.rd != sp) return;
  if (i.rn != sp) return reject(i);
  if (i.imm & 3) set_op(i, ToSp);
}
/// ADD Rdn, Rm of any registers (T2): forms with the PC and to the SP have operations of their own.
inline void add_high(Insn& i) {
  i.rn = i.rd;
  if (i.rd == pc) {
    if (i.rm == pc) return reject(i);
    i.imm = pc_value(i);
    i.rd = i.rn = 0;
    set_op(i, Op::add_pc, OpClass::branch_alu);
  } else if (i.rm == pc) {
    i.imm = pc_value(i);
    i.rm = 0;
    set_op(i, i.rd == sp ? Op::add_sp_from_pc : Op::add_from_pc);
  } else if (i.rd == sp) {
    set_op(i, Op::add_sp_reg);
  }
}
/// MOV Rd, Rm of any registers (T1).
inline void mov_high(Insn& i) {
  if (i.rm == pc) {
    i.imm = i.rd == sp ? pc_aligned(i) : pc_value(i);
    if (i.rd == pc)
      set_op(i, Op::b, OpClass::branch_alu);
    else
      set_op(i, Op::adr);
    i.rm = 0;
    if (i.rd == pc) i.rd = 0;
  } else if (i.rd == pc) {
    i.rd = 0;
    set_op(i, Op::mov_pc, OpClass::branch_alu);
  } else if (i.rd == sp) {
    set_op(i, Op::mov_sp);
  }
}
/// Rotated extensions stand behind the plain ones; the picture has the rotation / 8 in shift.
inline void rotated(Insn& i) {
  if (i.shift) set_op(i, next(op_of(i), 1));
  i.shift = byte(i.shift * 8u);
}

// ---- bit fields, saturation, packing --------------------------------------------------------------------------------

/// BFI, BFC: the picture has msb in aux, lsb in shift.
inline void bitfield_insert(Insn& i) {
  if (i.aux < i.shift) return reject(i);
  i.imm = (2u << (i.aux - i.shift)) - 1;
  i.imm <<= i.shift;
  i.aux = 0;
}
/// UBFX: the picture has width - 1 in aux, lsb in shift.
inline void bitfield_extract(Insn& i) {
  if (i.shift + i.aux > 31) return reject(i);
  i.imm = (2u << i.aux) - 1;
  i.aux = 0;
}
/// SBFX: the same as two shifts.
inline void bitfield_extract_signed(Insn& i) {
  if (i.shift + i.aux > 31) return reject(i);
  i.kind = byte(31u - i.shift - i.aux);
  i.shift = byte(31u - i.aux);
  i.aux = 0;
}
/// SSAT, USAT (and the 16 forms): the limit 2^n - 1 from n; kind 1 is ASR.
inline void shifts_right(Insn& i) {
  i.kind = 1;
  if (i.shift == 0) reject(i);  // SSAT16, USAT16 of a core that has them
}
inline void below_16(Insn& i) {
  if (i.imm > 15) reject(i);
}
inline void saturation(Insn& i) {
  i.imm = (1u << i.imm) - 1;
  if (i.shift == 0) return;
  set_op(i, next(op_of(i), i.kind ? 2 : 1), OpClass::saturate);
  i.kind = 0;
}
inline void pack_bottom_top(Insn& i) {
  if (i.shift) set_op(i, next(op_of(i), 1));
}

/// RdLo (rd) and RdHi (ra) must differ.
inline void long_result(Insn& i) {
  general<D | N | M | A>(i);
  if (i.rd == i.ra) reject(i);
}

// ---- loads and stores -----------------------------------------------------------------------------------------------

/// Places of the addressing modes in their group (ops.def).
enum Form : unsigned { offset_form, pre_form, post_form, reg_form, reg_lsl_form, literal_form };

/// Bits that a base register drops when it is written: 3 for the SP.
inline void mark_base(Insn& i) { i.aux = i.rn == sp ? 3 : 0; }

/// What a load's destination makes of it. `form` is its addressing mode, `plain` if neither write-back nor
/// unprivileged. Words may go to SP and PC; LDR pc, [sp], #4 is POP {pc}, thus a return.
inline void load_word_target(Insn& i, unsigned form, bool unprivileged) {
  if (unprivileged) return general<D>(i);
  if (i.rd == sp) set_op(i, next(Op::ldr_sp_imm, form));
  if (i.rd == pc) {
    const bool pops = form == post_form && i.rn == sp && i.imm == 4;
    set_op(i, pops ? Op::pop_pc_single : next(Op::ldr_pc_imm, form), OpClass::branch_load);
    i.rd = 0;
  }
}
/// Narrower loads to PC are hints (ARMv7-M A5.3.8, A5.3.9): preload data (byte), preload instruction (signed byte),
/// unallocated and therefore NOP (halfwords).
inline void load_narrow_target(Insn& i, unsigned form, bool unprivileged) {
  if (i.rd == sp) return reject(i);
  if (i.rd != pc) return;
  if (unprivileged || form == pre_form || form == post_form) return reject(i);
  const bool half = bits(i, 22, 21) == 1, is_signed = bits(i, 24, 24);
  i.rd = 0;
  if (half)
    set_op(i, Op::nop, OpClass::nop);
  else
    set_op(i, is_signed ? Op::pli : Op::pld, OpClass::prefetch);
}
inline bool is_word(const Insn& i) { return bits(i, 22, 21) == 2; }
inline bool is_load(const Insn& i) { return bits(i, 20, 20); }
inline void transfer_target(Insn& i, unsigned form, bool unprivileged) {
  if (is_load(i))
    return is_word(i) ? load_word_target(i, form, unprivileged) : load_narrow_target(i, form, unprivileged);
  if (is_word(i) && !unprivileged) return not_pc<D>(i);
  general<D>(i);
}

/// Loads and stores with an unsigned 12-bit offset.
inline void offset12(Insn& i) {
  if (!is_load(i) && i.rn == pc) return reject(i);
  transfer_target(i, offset_form, false);
}
/// Loads relative to the PC, bit 23 says the direction.
inline void literal12(Insn& i) {
  i.rn = 0;
  i.imm = bits(i, 23, 23) ? pc_aligned(i) + i.imm : pc_aligned(i) - i.imm;
  set_op(i, next(op_of(i), literal_form));
  transfer_target(i, literal_form, false);
}
/// The forms that share bits 11:0 of a 32-bit load or store (ARMv7-M A5.3.7 to A5.3.10):
///   0 00000 ss mmmm register    1 P U W imm8: 100 offset down, 110 unprivileged, 0U1 post-indexed, 1U1 pre-indexed
/// One row each would overlap with the literal row, which owns all of bits 11:0 when Rn is the PC.
template <Op Unprivileged>
void other_forms(Insn& i) {
  if (!is_load(i) && i.rn == pc) return reject(i);
  if (bits(i, 11, 6) == 0) {
    i.rm = byte(bits(i, 3, 0));
    i.shift = byte(bits(i, 5, 4));
    if (sp_or_pc(i.rm)) return reject(i);
    const unsigned form = i.shift ? reg_lsl_form : reg_form;
    set_op(i, next(op_of(i), form));
    if (!is_load(i)) i.cls = OpClass::store_reg;
    return transfer_target(i, form, false);
  }
  if (!bits(i, 11, 11)) return reject(i);
  const bool index = bits(i, 10, 10), up = bits(i, 9, 9), wback = bits(i, 8, 8);
  i.imm = up ? bits(i, 7, 0) : 0u - bits(i, 7, 0);
  if (wback) {
    if (i.rn == i.rd) return reject(i);
    const unsigned form = index ? pre_form : post_form;
    set_op(i, next(op_of(i), form));
    mark_base(i);
    transfer_target(i, form, false);
  } else if (index && up) {
    set_op(i, Unprivileged);
    transfer_target(i, offset_form, true);
  } else if (index) {
    transfer_target(i, offset_form, false);
  } else {
    reject(i);
  }
}

/// LDRD, STRD: the picture has U in aux and imm8 in imm.
template <bool WriteBack>
void dual(Insn& i) {
  i.imm = i.aux ? i.imm << 2 : 0u - (i.imm << 2);
  i.aux = 0;
  if (sp_or_pc(i.rd) || sp_or_pc(i.ra) || i.rn == pc) return reject(i);
  if (is_load(i) && i.rd == i.ra) return reject(i);
  if (WriteBack && (i.rn == i.rd || i.rn == i.ra)) return reject(i);
}
inline void dual_literal(Insn& i) {
  i.imm = i.aux ? pc_aligned(i) + (i.imm << 2) : pc_aligned(i) - (i.imm << 2);
  i.aux = 0;
  if (sp_or_pc(i.rd) || sp_or_pc(i.ra) || i.rd == i.ra) reject(i);
}
/// STREX and relatives: the status register must be none of the others.
inline void store_exclusive(Insn& i) {
  if (sp_or_pc(i.rd) || sp_or_pc(i.ra) || i.rn == pc || i.ra == i.rn || i.ra == i.rd) reject(i);
}
inline void load_exclusive(Insn& i) {
  if (sp_or_pc(i.rd) || i.rn == pc) reject(i);
}
/// LDA, STL and their narrow forms.
inline void acquire_release(Insn& i) {
  if (sp_or_pc(i.rd) || i.rn == pc) reject(i);
}

/// The list's size in bytes.
inline void list_size(Insn& i) { i.shift = byte(4u * static_cast<unsigned>(std::popcount(i.imm))); }
inline bool base_in_list(const Insn& i) { return (i.imm >> i.rn) & 1; }

/// PUSH (T1): bit 8 of the list is LR. POP (T1): bit 8 is PC.
template <unsigned Top>
void stack_list(Insn& i) {
  i.imm = (i.imm & 0xff) | (i.imm >> 8) << Top;
  if (i.imm == 0) return reject(i);
  i.rn = sp;
  list_size(i);
  if (i.imm >> pc) set_op(i, Op::pop_pc, OpClass::branch_load);
}
/// LDM (T1): write-back unless the base is loaded.
inline void load_list_low(Insn& i) {
  if (i.imm == 0) return reject(i);
  list_size(i);
  set_op(i, base_in_list(i) ? Op::ldm_base : Op::ldm_wb);
}
/// STM (T1) always writes back.
inline void store_list_low(Insn& i) {
  if (i.imm == 0) return reject(i);
  list_size(i);
}
/// LDM, LDMDB, POP (32-bit): the picture has W in aux. Order of a group: keep, update, base loaded, then with PC.
inline void load_list(Insn& i) {
  i.imm = bits(i, 15, 0);
  list_size(i);
  const bool wback = i.aux;
  i.aux = 0;
  if (i.rn == pc || std::popcount(i.imm) < 2 || (i.imm >> lr) == 3) return reject(i);
  if (wback && base_in_list(i)) return reject(i);
  const bool to_pc = i.imm >> pc;
  if (op_of(i) == Op::ldm && i.rn == sp && wback)
    set_op(i, to_pc ? Op::pop_pc : Op::pop);
  else
    set_op(i, next(op_of(i), (wback ? 1u : base_in_list(i) ? 2u : 0u) + (to_pc ? 3 : 0)));
  if (to_pc) i.cls = OpClass::branch_load;
}
/// STM, STMDB, PUSH (32-bit).
inline void store_list(Insn& i) {
  i.imm = bits(i, 15, 0);
  list_size(i);
  const bool wback = i.aux;
  i.aux = 0;
  if (i.rn == pc || std::popcount(i.imm) < 2 || (wback && base_in_list(i))) return reject(i);
  if (op_of(i) == Op::stmdb && i.rn == sp && wback)
    set_op(i, Op::push);
  else
    set_op(i, next(op_of(i), wback ? 1 : 0));
}

// ---- branches and system --------------------------------------------------------------------------------------------

/// B<c>: the picture has the condition in kind; it selects the operation, so that no guard is needed.
inline void by_condition(Insn& i) {
  if (in_it(i) || i.kind >= 14) return reject(i);
  set_op(i, next(op_of(i), i.kind));
  i.kind = 0;
}
/// B<c>.W: S : J2 : J1 : imm6 : imm11.
inline void conditional_wide(Insn& i) {
  i.imm =
      bits(i, 26, 26) << 19 | bits(i, 11, 11) << 18 | bits(i, 13, 13) << 17 | bits(i, 21, 16) << 11 | bits(i, 10, 0);
  relative<20, 1>(i);
  by_condition(i);
}
/// B.W, BL: S : I1 : I2 : imm10 : imm11 with I = NOT(J XOR S).
inline void wide_branch(Insn& i) {
  const std::uint32_t s = bits(i, 26, 26), i1 = ~(bits(i, 13, 13) ^ s) & 1, i2 = ~(bits(i, 11, 11) ^ s) & 1;
  i.imm = s << 23 | i1 << 22 | i2 << 21 | bits(i, 25, 16) << 11 | bits(i, 10, 0);
  relative<24, 1>(i);
}
inline void branch_exchange(Insn& i) {
  if (i.rm == lr) set_op(i, Op::bx_lr);
  if (i.rm == pc) {
    i.imm = pc_value(i);
    set_op(i, Op::bx_pc);
  }
}
/// BXNS, BLXNS (DDI0553 C2.4.24, C2.4.27).
inline void not_sp_pc_m(Insn& i) { general<M>(i); }
inline void table(Insn& i) {
  i.imm = pc_value(i);
  if (i.rn == sp || sp_or_pc(i.rm)) return reject(i);
  if (i.rn == pc) {
    i.rn = 0;
    set_op(i, op_of(i) == Op::tbb ? Op::tbb_pc : Op::tbh_pc);
  }
}
/// IT: imm is the new ITSTATE; firstcond in kind, mask in aux.
inline void if_then(Insn& i) {
  if (in_it(i) || i.kind == 15 || (i.kind == 14 && std::popcount(i.aux) != 1)) return reject(i);
  i.imm = static_cast<std::uint32_t>(i.kind) << 4 | i.aux;
}
/// CPS: bits 4, 1, 0 of the encoding are im, I, F.
inline void change_state(Insn& i) {
  i.imm = bits(i, 4, 4) << 2 | bits(i, 1, 0);
  if (in_it(i) || (i.imm & 3) == 0) reject(i);
}
/// SYSm numbers of ARMv6-M (ARMv6-M B4.2.2); those that ARMv7-M adds have rows of their own. Others are UNPREDICTABLE.
inline void special_register(Insn& i) {
  const bool known = i.imm <= 3 || (i.imm >= 5 && i.imm <= 9) || i.imm == 16 || i.imm == 20;
  if (!known) reject(i);
}
/// BASEPRI, BASEPRI_MAX, FAULTMASK, and what Armv8-M adds: the picture has fixed SYSm.
inline void v7m_register(Insn& i) { i.imm = bits(i, 7, 0); }
/// MSR to the xPSR: the mask (aux) goes with SYSm.
inline void with_mask(Insn& i) {
  if (i.imm <= 3) i.imm |= static_cast<std::uint32_t>(i.aux) << 8;
  i.aux = 0;
}

}  // namespace mj::isa::thumb::encoding
