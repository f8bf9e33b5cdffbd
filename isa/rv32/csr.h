// Numbers of the control and status registers that TrapUnit answers (Volume II, 2.2, tables 2.1 to 2.6), the first of
// each array; those of vendors' cores; their fields, and the trap causes (table 3.6).
#pragma once

#include <cstdint>
#include <string_view>

namespace mj::isa::rv32 {

// clang-format off
// number, name
#define MJ_RV32_CSRS(X) \
  X(0x300, mstatus)       \
  X(0x301, misa)          \
  X(0x304, mie)           \
  X(0x305, mtvec)         \
  X(0x306, mcounteren)    \
  X(0x310, mstatush)      \
  X(0x320, mcountinhibit) \
  X(0x323, mhpmevent3)    \
  X(0x340, mscratch)      \
  X(0x341, mepc)          \
  X(0x342, mcause)        \
  X(0x343, mtval)         \
  X(0x344, mip)           \
  X(0x3a0, pmpcfg0)       \
  X(0x3b0, pmpaddr0)      \
  X(0xb00, mcycle)        \
  X(0xb02, minstret)      \
  X(0xb03, mhpmcounter3)  \
  X(0xb80, mcycleh)       \
  X(0xb82, minstreth)     \
  X(0xc00, cycle)         \
  X(0xc01, time)          \
  X(0xc02, instret)       \
  X(0xc80, cycleh)        \
  X(0xc81, timeh)         \
  X(0xc82, instreth)      \
  X(0xf11, mvendorid)     \
  X(0xf12, marchid)       \
  X(0xf13, mimpid)        \
  X(0xf14, mhartid)       \
  X(0xf15, mconfigptr)

// Of WCH's cores (QingKe V2 manual, chapter 8). Another vendor's core has something else at these numbers, so a
// disassembly doesn't name them; a debugger that looks at such a core does.
#define MJ_RV32_WCH_CSRS(X) \
  X(0x800, gintenr)       \
  X(0x804, intsyscr)
// Of Ibex (doc/03_reference/cs_registers.rst).
#define MJ_RV32_IBEX_CSRS(X) \
  X(0x7c0, cpuctrlsts)
// Of Espressif's first cores (ESP32-C3 technical reference manual, chapter 1): the event, the mode, the counter.
#define MJ_RV32_ESPRESSIF_CSRS(X) \
  X(0x7e0, mpcer)         \
  X(0x7e1, mpcmr)         \
  X(0x7e2, mpccr)
// Of Hazard3 (its documentation, "Custom CSRs"; RP2350 datasheet 3.8.9).
#define MJ_RV32_HAZARD3_CSRS(X) \
  X(0xbd0, pmpcfgm0)      \
  X(0xbe0, meiea)         \
  X(0xbe1, meipa)         \
  X(0xbe2, meifa)         \
  X(0xbe3, meipra)        \
  X(0xbe4, meinext)       \
  X(0xbe5, meicontext)    \
  X(0xbf0, msleep)
// clang-format on

enum Csr : std::uint32_t {
#define X(number, name) csr_##name = number,
  MJ_RV32_CSRS(X) MJ_RV32_WCH_CSRS(X) MJ_RV32_IBEX_CSRS(X) MJ_RV32_ESPRESSIF_CSRS(X) MJ_RV32_HAZARD3_CSRS(X)
#undef X
};

/// MPCER's events and MPCMR's bits that are known here.
enum Mpc : std::uint32_t { mpcer_cycle = 1u << 0, mpcer_inst = 1u << 1, mpcmr_count_en = 1u << 0 };

/// CPUCTRLSTS: a synchronous exception is being handled; another one came meanwhile.
enum Cpuctrl : std::uint32_t { cpuctrl_sync_exc_seen = 1u << 6, cpuctrl_double_fault_seen = 1u << 7 };

/// The manual's name, or "" for a CSR that is not in the manual's table above.
constexpr std::string_view csr_name(std::uint32_t csr) {
  switch (csr) {
#define X(number, name) \
  case number:          \
    return #name;
    MJ_RV32_CSRS(X)
#undef X
    default:
      return "";
  }
}

/// mstatus fields (Volume II, 3.1.6).
enum Mstatus : std::uint32_t {
  mstatus_mie = 1u << 3,
  mstatus_mpie = 1u << 7,
  mstatus_fs = 3u << 13,   ///< state of the FPU: 0 off, 1 initial, 2 clean, 3 dirty (3.1.6.6)
  mstatus_mpp = 3u << 11,  ///< privilege before the trap: 0 user, 3 machine
  mstatus_mprv = 1u << 17,
  mstatus_sd = 1u << 31,  ///< read-only: FS is dirty
  mstatus_tw = 1u << 21,  ///< WFI in user mode is illegal
};

/// Interrupt lines: bit numbers of mip and mie, and causes without bit 31 (3.1.9). 16..31 are platform lines.
enum Irq : std::uint32_t { irq_software = 3, irq_timer = 7, irq_external = 11, irq_fast_0 = 16 };

/// Values of mcause (table 3.6).
enum Cause : std::uint32_t {
  cause_fetch_misaligned = 0,
  cause_fetch_access = 1,
  cause_illegal = 2,
  cause_breakpoint = 3,
  cause_load_misaligned = 4,
  cause_load_access = 5,
  cause_store_misaligned = 6,  ///< stores and AMOs (SC and the read half of an AMO included)
  cause_store_access = 7,
  cause_ecall_user = 8,
  cause_ecall_machine = 11,
  cause_interrupt = 1u << 31,  ///< set for interrupts; the low bits are the Irq
};

/// The cause in words ("load address misaligned", "machine timer interrupt"); "reserved cause" for others.
std::string_view cause_text(std::uint32_t mcause);

}  // namespace mj::isa::rv32
