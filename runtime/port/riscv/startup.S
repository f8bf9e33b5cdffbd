// Start-up for RV32 M-mode: stack, memory, then main().
//
// With MJRT_VECTOR_TABLE the image begins with a table of 32 jumps and reset enters 0x80 behind it, as Ibex does;
// otherwise execution begins at the image's first byte.
#include "board.h"

  .file "startup.S"
  .option arch, +zicsr

  .section .vectors, "ax"
  .globl _start
  .type _start, @function
  .option norvc
#ifdef MJRT_VECTOR_TABLE
  .globl mjrt_vectors
mjrt_vectors:
  .rept 32
  j mjrt_trap
  .endr
#endif
_start:
  .option push
  .option norelax
  la gp, __global_pointer$
  .option pop
  la sp, mjrt_stack_top
#ifdef MJRT_VECTOR_TABLE
  la t0, mjrt_vectors + 1       // mode 1: vectored, the only mode that Ibex has
#else
  la t0, mjrt_trap
#endif
  csrw mtvec, t0
  // .data: in an image that is loaded to RAM it is in place already, and both addresses are equal.
  la a0, mjrt_data_start
  la a1, mjrt_data_load
  la a2, mjrt_data_end
  sub a2, a2, a0
  beq a0, a1, 1f
  call memcpy
1:
  la a0, mjrt_bss_start
  la a2, mjrt_bss_end
  sub a2, a2, a0
  li a1, 0
  call memset
  call main
  call mjrt_exit
2:
  j 2b
  .size _start, . - _start

// Every trap that this firmware doesn't expect. A second one, from the exit itself, stops here.
  .text
  .balign 4
  .globl mjrt_trap
  .type mjrt_trap, @function
mjrt_trap:
  la t0, mjrt_trap_seen
  lw t1, 0(t0)
1:
  bnez t1, 1b
  li t1, 1
  sw t1, 0(t0)
  li a0, 125
  call mjrt_exit
  .size mjrt_trap, . - mjrt_trap

  .bss
  .balign 4
mjrt_trap_seen:
  .zero 4
