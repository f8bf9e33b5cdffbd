// Machine- and user-mode traps and CSRs (Volume II, version 20211203, chapter 3): architectural state without time,
// memory or devices.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "isa/rv32/csr.h"
#include "isa/rv32/hazard3_irq.h"
#include "isa/rv32/pmp.h"
#include "isa/rv32/system.h"

namespace mj::isa::rv32 {

/// Totals of the machine when a counter CSR is accessed.
struct CounterTotals {
  std::uint64_t cycles = 0;   ///< clock cycles since reset, of the accessing instruction
  std::uint64_t retired = 0;  ///< instructions retired before the accessing one
  std::uint64_t time = 0;     ///< the platform's mtime
};

/// What one core's privileged architecture is: data of the core file.
struct TrapConfig {
  std::uint32_t misa = 0;  ///< read-only here
  std::uint32_t mvendorid = 0, marchid = 0, mimpid = 0, mhartid = 0;
  std::uint32_t mstatus_reset = 0;
  bool user_mode = false;  ///< MPP can be U, mcounteren exists
  bool fpu = false;        ///< mstatus.FS exists
  bool compressed = true;  ///< mepc bit 1 can be set
  std::uint32_t mtvec_reset = 0;
  std::uint32_t mtvec_base_mask = 0xfffffffcu;  ///< writable bits of BASE (Ibex: 256-byte aligned)
  bool mtvec_direct = true;                     ///< MODE 0 can be chosen
  bool mtvec_vectored = true;                   ///< MODE 1 can be chosen; with only one of both, it is wired
  std::uint32_t interrupts = 1u << irq_software | 1u << irq_timer | 1u << irq_external;  ///< implemented lines
  bool fast_first = false;          ///< lines 16..31 come before external, software, timer, lowest number first (Ibex)
  bool fast_highest_first = false;  ///< or the highest number (CV32E40P)
  std::uint32_t mcause_mask = 0x8000001fu;  ///< bits of mcause that exist
  bool tval = true;                         ///< mtval exists, else it reads 0 (both are allowed: 3.1.16)
  std::uint32_t mstatus_storage = 0;        ///< bits of mstatus that hold what is written and do nothing
  /// mtval after EBREAK is its address; else 0. Both are allowed (3.1.16).
  bool ebreak_tval = false;
  /// Bit n: user mode's view of counter n exists (CSR 0xc00 + n: cycle, time, instret, hpmcounter3..31) and mcounteren
  /// can open it.
  std::uint32_t user_counters = 0;
  std::optional<std::uint32_t> mcounteren_mask;  ///< its writable bits; if not these
  bool inhibit_exists = true;                    ///< mcountinhibit is a CSR (it came with version 1.11)
  std::uint32_t inhibit_mask = 0b101;            ///< its writable bits; cycle and instret can be stopped
  std::uint32_t inhibit_reset = 0;               ///< some cores begin with their counters stopped
  /// mhpmcounter3.. and mhpmevent3.. up to 31 exist and read 0, as they may (3.1.10): no event is counted.
  bool event_counters = true;
  PmpConfig pmp;
  /// A vendor's controller chooses the interrupt (present()); mie and mip don't exist.
  bool presented_interrupts = false;
  bool user_masked = false;  ///< mstatus.MIE masks interrupts in user mode, too (RP2350 datasheet, erratum E7)
  Hazard3IrqConfig hazard3_irq;
  bool hazard3_power = false;  ///< Xh3power's msleep; its bits do nothing here
  // WCH QingKe (V2 manual, chapters 2, 3 and 8); none of this is standard.
  bool vector_addresses = false;   ///< mtvec bit 1 can be set: a vector's entry is its handler's address
  unsigned exception_vector = 0;   ///< entry that exceptions take where vectors are chosen by number
  bool hardware_stacking = false;  ///< INTSYSCR and GINTENR exist: an interrupt can save the caller's registers
  bool cpuctrl = false;            ///< Ibex's CPUCTRLSTS (0x7c0): what it tells of synchronous exceptions
  /// Espressif's performance counter, of cycles or instructions; it counts cycles from reset on.
  bool performance_counter = false;
  struct CsrRange {
    std::uint32_t first, last;
    std::uint32_t value = 0;
  };
  std::vector<CsrRange> constant_csrs;  ///< further ones, which read `value` and ignore writes
  std::vector<CsrRange> absent_csrs;    ///< that this unit would have, but the core doesn't
};

class TrapUnit {
 public:
  using CounterSource = std::function<CounterTotals()>;

  /// `counters` is asked only when an instruction accesses a counter or mcountinhibit.
  TrapUnit(TrapConfig config, CounterSource counters);

  /// Told when firmware asks an event counter to count something that it doesn't: it stands still.
  std::function<void(std::uint32_t csr)> on_event_counter;

  /// Reset values (3.4): M-mode, interrupts off. Interrupt lines keep their levels.
  void reset();

  /// Reads a CSR. False: the instruction is illegal (no such CSR, or not at this privilege). What a read changes
  /// changes with the write that follows, if `access` says that one does.
  bool csr_read(std::uint32_t csr, std::uint32_t& out, const CsrAccess& access = {});
  /// Writes a CSR, its WARL fields changed to legal values. False: illegal (no such CSR, privilege, read-only CSR).
  bool csr_write(std::uint32_t csr, std::uint32_t value, const CsrAccess& access = {});

  /// The same for a debugger: with machine mode's rights, whatever mode the core is in (read-only CSRs stay so).
  bool debug_read(std::uint32_t csr, std::uint32_t& out) const;
  bool debug_write(std::uint32_t csr, std::uint32_t value);
  struct NamedCsr {
    std::uint32_t number;
    std::string name;
  };
  /// The CSRs that this core has, arrays entry by entry, ascending; without event counters, which read 0.
  std::vector<NamedCsr> csrs() const;

  /// Level of an interrupt line, 0..31 (Irq); lines that the core doesn't have are ignored.
  void set_line(std::uint32_t irq, bool level);
  /// Level of an interrupt of the core's own controller (Xh3irq), from 0 on.
  void set_external(unsigned number, bool level);
  /// What the vendor's controller wants taken now; stays until it presents something else.
  void present(std::optional<unsigned> number) { presented_ = number; }
  /// The interrupt to take now, as an mcause value (bit 31 set), if any is pending, enabled and not masked.
  std::optional<std::uint32_t> pending_interrupt() const;
  /// Whether a WFI would wake: pending and enabled in mie, whatever mstatus.MIE says (3.3.3).
  bool interrupt_waiting() const { return presented_ || (mip_ & mie_) != 0; }

  /// Enters a trap (3.1.6.1, 3.1.7): `cause` as in mcause, `pc` of the instruction (for interrupts: of the next one).
  /// Returns the handler's address or, with vector_holds_address(), that of the word that holds it.
  std::uint32_t enter(std::uint32_t cause, std::uint32_t pc, std::uint32_t tval);
  bool vector_holds_address() const { return config_.vector_addresses && (mtvec_ & 3u) == 3u; }
  /// Whether an interrupt saves registers by itself now (INTSYSCR.HWSTKEN).
  bool stacks_by_hardware() const { return intsyscr_ & 1u; }
  /// MRET (3.3.2), which must be legal here (machine()). Returns the new pc.
  std::uint32_t mret();
  /// Does what Context::raise(id, argument) at `pc` asks for; returns the new pc.
  std::uint32_t raise(Raise id, std::uint32_t argument, std::uint32_t pc);

  /// mtval of an EBREAK at pc.
  std::uint32_t breakpoint_tval(std::uint32_t pc) const { return config_.ebreak_tval ? pc : 0; }

  /// mstatus.FS (3.1.6.6): with 0, Off, every instruction of F and its CSRs are illegal; 3, Dirty, after writes.
  std::uint32_t fp_state() const { return (mstatus_ & mstatus_fs) >> 13; }
  void set_fp_dirty() { mstatus_ |= mstatus_fs; }

  /// Whether WFI is legal now (3.1.6.5); otherwise it is an illegal instruction.
  bool wfi_legal() const { return machine_ || (mstatus_ & mstatus_tw) == 0; }
  /// True in machine mode, false in user mode.
  bool machine() const { return machine_; }
  /// Whether loads and stores are made with machine mode's rights: not in user mode, nor with MPRV set and MPP = U
  /// (3.1.6.3).
  bool data_as_machine() const { return machine_ && (mstatus_ & (mstatus_mprv | mstatus_mpp)) != mstatus_mprv; }
  const Pmp& pmp() const { return pmp_; }
  const Hazard3Irq& hazard3_irq() const { return hazard3_irq_; }
  /// mcause of the trap entered last and mepc, for reports.
  std::uint32_t mcause() const { return mcause_; }
  std::uint32_t mepc() const { return mepc_; }
  std::uint32_t mtval() const { return mtval_; }
  bool has_mtval() const { return config_.tval; }
  std::uint32_t mtvec() const { return mtvec_; }

 private:
  /// A counter that software can write and stop: value = total + offset while running, frozen value while inhibited.
  struct Counter {
    std::uint64_t offset = 0;
    std::uint64_t frozen = 0;
    std::uint64_t value(std::uint64_t total, bool stopped) const { return stopped ? frozen : total + offset; }
  };

  bool accessible(std::uint32_t csr) const;
  bool read(std::uint32_t csr, std::uint32_t& out, const CsrAccess& access) const;
  bool write(std::uint32_t csr, std::uint32_t value, const CsrAccess& access);
  void update_external();
  /// A CSR that reads the same always, which goes to `out`.
  bool is_constant(std::uint32_t csr, std::uint32_t& out) const;
  bool is_absent(std::uint32_t csr) const;
  bool is_event_csr(std::uint32_t csr) const;
  bool user_counter(std::uint32_t csr) const { return (config_.user_counters >> (csr & 0x1fu)) & 1u; }
  std::uint32_t legal_mtvec(std::uint32_t value) const;
  bool stopped(std::uint32_t bit) const { return (mcountinhibit_ & bit) != 0; }
  void write_counter(Counter& counter, std::uint64_t total, bool stopped, bool upper, std::uint32_t value);
  void write_inhibit(std::uint32_t value);
  std::uint64_t performance_total() const;
  void write_performance(std::uint32_t csr, std::uint32_t value);

  TrapConfig config_;
  CounterSource counters_;
  bool machine_ = true;
  std::uint32_t mstatus_ = 0, mie_ = 0, mip_ = 0, mtvec_ = 0, mscratch_ = 0, mepc_ = 0, mcause_ = 0, mtval_ = 0;
  std::uint32_t mcounteren_ = 0, mcountinhibit_ = 0;
  std::uint32_t intsyscr_ = 0, cpuctrl_ = 0, msleep_ = 0;
  std::optional<unsigned> presented_;
  std::uint32_t mpcer_ = mpcer_cycle, mpcmr_ = mpcmr_count_en;
  Counter cycle_, instret_, performance_;
  Pmp pmp_;
  Hazard3Irq hazard3_irq_;
};

}  // namespace mj::isa::rv32
