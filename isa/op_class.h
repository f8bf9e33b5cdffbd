// OpClass: the waist between instruction sets (below) and timing and energy (above).
//
// A decode row names one class; a core's timing table prices classes. Neither side knows the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mj::isa {

// name, may end a basic block (control flow, or a change of what is decoded or masked)
#define MJ_OP_CLASSES(X)                                                            \
  X(alu, false)             /* one-cycle integer: move, add, logic, compare */      \
  X(alu_shift, false)       /* integer with an in-line shifted operand */           \
  X(shift, false)           /* shift or rotate as the operation itself */           \
  X(bitfield, false)        /* extract, insert, extend, reverse, count */           \
  X(simd, false)            /* parallel add/subtract, select, pack */               \
  X(saturate, false)        /* saturating add or saturate */                        \
  X(mul, false)             /* 32-bit product */                                    \
  X(mac, false)             /* 32-bit product with accumulate */                    \
  X(mul_high, false)        /* upper half of a 64-bit product */                    \
  X(mul_long, false)        /* 64-bit product */                                    \
  X(mac_long, false)        /* 64-bit product with accumulate */                    \
  X(div, false)             /* divide or remainder; duration may follow operands */ \
  X(load, false)            /* one register */                                      \
  X(load_dual, false)       /* two registers */                                     \
  X(load_multi, false)      /* register list */                                     \
  X(store, false)           /* one register, immediate offset */                    \
  X(store_reg, false)       /* one register, register offset */                     \
  X(store_dual, false)      /* two registers */                                     \
  X(store_multi, false)     /* register list */                                     \
  X(load_exclusive, false)  /* LDREX, LR */                                         \
  X(store_exclusive, false) /* STREX, SC */                                         \
  X(amo, false)             /* atomic read-modify-write */                          \
  X(branch, true)           /* direct, always */                                    \
  X(branch_cond, true)      /* direct, on flags or registers */                     \
  X(branch_link, true)      /* direct call */                                       \
  X(branch_reg, true)       /* to a register's value */                             \
  X(branch_link_reg, true)  /* call to a register's value */                        \
  X(branch_alu, true)       /* PC written by a data-processing instruction */       \
  X(branch_load, true)      /* PC loaded from memory: LDR pc, POP {pc} */           \
  X(branch_table, true)     /* TBB, TBH */                                          \
  X(it, false)              /* IT */                                                \
  X(nop, false)             /* NOP and hints without effect */                      \
  X(prefetch, false)        /* PLD, PLI */                                          \
  X(sys_read, false)        /* MRS, CSR read without write */                       \
  X(sys_write, true)        /* MSR, CPS, CSR write: may change masks */             \
  X(barrier, false)         /* DMB, DSB, FENCE */                                   \
  X(barrier_fetch, true)    /* ISB, FENCE.I */                                      \
  X(wait, true)             /* WFI, WFE */                                          \
  X(trap, true)             /* SVC, ECALL, BKPT, EBREAK, undefined */               \
  X(trap_return, true)      /* MRET */                                              \
  X(coprocessor, true)      /* MCR, MRC, CDP ... */                                 \
  X(fp_move, false)         /* copy, negate, absolute, immediate, select */         \
  X(fp_core_move, false)    /* between FP and core registers */                     \
  X(fp_add, false)                                                                  \
  X(fp_mul, false)                                                                  \
  X(fp_mac, false)                                                                  \
  X(fp_div, false)                                                                  \
  X(fp_sqrt, false)                                                                 \
  X(fp_convert, false)                                                              \
  X(fp_compare, false)                                                              \
  X(fp_load, false)                                                                 \
  X(fp_store, false)                                                                \
  X(fp_load_multi, false)                                                           \
  X(fp_store_multi, false)                                                          \
  X(fp_sys, false) /* VMRS, VMSR */

enum class OpClass : std::uint8_t {
#define X(name, ends) name,
  MJ_OP_CLASSES(X)
#undef X
      count_
};

inline constexpr std::size_t op_class_count = static_cast<std::size_t>(OpClass::count_);

/// The class's name as core tables spell it ("fp_mac").
constexpr std::string_view name(OpClass cls) {
  constexpr std::string_view names[] = {
#define X(name, ends) #name,
      MJ_OP_CLASSES(X)
#undef X
  };
  return names[static_cast<std::size_t>(cls)];
}

/// Whether an instruction of this class is the last one of its basic block.
constexpr bool ends_block(OpClass cls) {
  constexpr bool ends[] = {
#define X(name, ends) ends,
      MJ_OP_CLASSES(X)
#undef X
  };
  return ends[static_cast<std::size_t>(cls)];
}

}  // namespace mj::isa
