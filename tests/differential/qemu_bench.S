@ Runs many programs within one QEMU: for each, RAM and registers as its descriptor says, then the program, which always
@ ends in an exception; what it left goes to the file "states". qemu_thumb.cpp writes the image around this and has the
@ same addresses.
        .syntax unified
        .thumb
        .equ    HEADER, 0x1000          @ count, floating point?, Security Extension?, whose RAM is written down
                                        @ (the runs then to go, counted from 1; 0: nobody's)
        .equ    POOL, 0x2000
        .equ    DESCRIPTORS, 0x200000
        .equ    RAM, 0x20000000
        .equ    RAM_BYTES, 0x4000
        .equ    OWN, 0x20005000         @ variables, what was left, own stack
        .equ    STACK, 0x20007000

        .equ    LEFT_WORDS, 64

        .section .text
        .word   STACK
        .word   start + 1
        .rept   62
        .word   ended + 1
        .endr

@ OWN: descriptor, programs to go, file handle
start:  ldr     r0, =HEADER
        ldr     r1, =OWN
        ldr     r2, =DESCRIPTORS
        str     r2, [r1]
        ldr     r2, [r0]
        str     r2, [r1, #4]
        ldr     r2, [r0, #4]
        cbz     r2, 1f
        ldr     r3, =0xe000ed88         @ CPACR
        mov     r2, #0xf << 20
        str     r2, [r3]
        dsb
        isb
1:      ldr     r4, =OWN + 16
        adr     r0, name
        str     r0, [r4]
        movs    r0, #4                  @ "w"
        str     r0, [r4, #4]
        movs    r0, #6
        str     r0, [r4, #8]
        mov     r1, r4
        movs    r0, #1                  @ SYS_OPEN
        bkpt    0xab
        ldr     r1, =OWN
        str     r0, [r1, #8]
        b       next
        .align  2
name:   .asciz  "states"
        .align  2

@ Descriptor: bytes of it, entry, offset of RAM's bytes in the pool, APSR, FPSCR, other SP, R0..R12, SP, LR, S0..S31,
@ number of pokes, (address, size, value) each
next:   ldr     r8, =OWN
        ldr     r0, [r8, #4]
        cbnz    r0, 1f
        movs    r0, #0x18               @ SYS_EXIT
        ldr     r1, =0x20026
        bkpt    0xab
1:      subs    r0, #1
        str     r0, [r8, #4]
        ldr     r9, [r8]                @ this descriptor
        ldr     r0, [r9]
        add     r0, r9
        str     r0, [r8]
        ldr     r0, =POOL
        ldr     r1, [r9, #8]
        add     r0, r1
        ldr     r1, =RAM
        ldr     r2, =RAM_BYTES
2:      ldmia   r0!, {r3-r6}
        stmia   r1!, {r3-r6}
        subs    r2, #16
        bne     2b
        add     r0, r9, #53 * 4
        ldr     r1, [r0], #4
3:      cbz     r1, 6f
        subs    r1, #1
        ldmia   r0!, {r2-r4}
        cmp     r3, #2
        blo     4f
        beq     5f
        str     r4, [r2]
        b       3b
4:      strb    r4, [r2]
        b       3b
5:      strh    r4, [r2]
        b       3b
6:      ldr     r0, =HEADER
        ldr     r1, [r0, #8]
        movs    r2, #0
        cbz     r1, 7f
        msr     msp_ns, r2
        msr     psp_ns, r2
        msr     primask_ns, r2
        msr     basepri_ns, r2
        msr     faultmask_ns, r2
        msr     control_ns, r2
7:      ldr     r1, [r0, #4]
        cbz     r1, 8f
        add     r0, r9, #21 * 4
        vldmia  r0, {s0-s31}
        ldr     r1, [r9, #16]
        vmsr    fpscr, r1
8:      ldr     r0, [r9, #4]
        orr     r0, #1
        adr     r1, entry
        str     r0, [r1]
        ldr     r0, [r9, #20]
        msr     psp, r0
        ldr     r0, [r9, #12]
        add     r12, r9, #6 * 4
        ldr     lr, [r12, #14 * 4]
        ldr     r1, [r12, #13 * 4]
        mov     sp, r1
        .inst.w 0xf3808c00              @ msr apsr_nzcvqg, r0
        ldmia   r12, {r0-r12}
        ldr.w   pc, entry
        .align  2
entry:  .word   0
        .ltorg

@ Left: EXC_RETURN, IPSR, CONTROL, PRIMASK, BASEPRI, FAULTMASK, MSP, PSP, R4..R11, CFSR, HFSR, SFSR, frame (8),
@ FPSCR of the frame, S0..S31, hash of RAM without the frame
ended:  ldr     r0, =OWN + 0x100
        mrs     r1, ipsr
        mrs     r2, control
        mrs     r3, primask
        mov     r12, lr
        stmia   r0!, {r12}
        stmia   r0!, {r1-r3}
        mrs     r1, basepri
        mrs     r2, faultmask
        mrs     r3, msp
        mrs     r12, psp
        stmia   r0!, {r1-r3, r12}
        stmia   r0!, {r4-r11}
        ldr     r1, =0xe000ed28
        ldr     r2, [r1]                @ CFSR
        str     r2, [r1]
        ldr     r3, [r1, #4]            @ HFSR
        str     r3, [r1, #4]
        movs    r4, #0
        ldr     r5, =HEADER
        ldr     r6, [r5, #8]
        cbz     r6, 1f
        ldr     r6, =0xe000ede4         @ SFSR
        ldr     r4, [r6]
        str     r4, [r6]
1:      stmia   r0!, {r2-r4}
        mrs     r8, msp
        tst     lr, #4
        it      ne
        mrsne   r8, psp                 @ the frame
        ldmia   r8, {r1-r4, r9-r12}
        stmia   r0!, {r1-r4, r9-r12}
        movs    r9, #0
        ldr     r6, [r5, #4]
        cbz     r6, 2f
        add     r1, r0, #4
        vstmia  r1, {s0-s31}            @ ends lazy stacking, too
        tst     lr, #16
        it      eq
        ldreq   r9, [r8, #24 * 4 + 0]
2:      str     r9, [r0]
        tst     lr, #16
        ite     eq
        moveq   r2, #26
        movne   r2, #8
        movs    r1, #0
3:      str     r1, [r8], #4
        subs    r2, #1
        bne     3b
        ldr     r1, =RAM
        ldr     r2, =RAM_BYTES
        movs    r3, #0
        movs    r4, #31
4:      ldr     r5, [r1], #4
        mla     r3, r3, r4, r5
        subs    r2, #4
        bne     4b
        str     r3, [r0, #33 * 4]
        ldr     r8, =OWN
        ldr     r0, [r8, #8]
        add     r1, r8, #16
        str     r0, [r1]
        add     r0, r8, #0x100
        str     r0, [r1, #4]
        mov     r0, #LEFT_WORDS * 4
        str     r0, [r1, #8]
        movs    r0, #5                  @ SYS_WRITE
        bkpt    0xab
        ldr     r0, =HEADER
        ldr     r0, [r0, #12]
        ldr     r1, [r8, #4]
        adds    r1, #1
        cmp     r0, r1
        bne     5f
        add     r1, r8, #16
        ldr     r0, =RAM
        str     r0, [r1, #4]
        ldr     r0, =RAM_BYTES
        str     r0, [r1, #8]
        movs    r0, #5
        bkpt    0xab
5:      movs    r0, #0
        msr     control, r0
        msr     primask, r0
        msr     basepri, r0
        msr     faultmask, r0
        isb
        ldr     r1, =STACK - 32
        mov     sp, r1
        ldr     r0, =next
        str     r0, [r1, #24]
        mov     r0, #1 << 24
        str     r0, [r1, #28]
        ldr     r0, =0xfffffff9
        bx      r0
        .ltorg
