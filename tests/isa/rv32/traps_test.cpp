// Machine-mode traps and CSRs (Volume II, chapter 3): state before, event, state after.
#include "isa/rv32/traps.h"

#include <gtest/gtest.h>

namespace mj::test {
namespace {

using namespace isa::rv32;

constexpr std::uint32_t pc = 0x80000100, base = 0x80001000;
constexpr std::uint32_t mpp_user = 0u << 11, mpp_machine = 3u << 11;

class Rv32Traps : public ::testing::Test {
 protected:
  static TrapConfig plain() {
    TrapConfig config;
    config.misa = 0x40101105;
    config.user_mode = true;
    config.user_counters = 0b111;
    config.event_counters = false;
    return config;
  }
  /// As lowRISC's Ibex describes itself: vectored only, 256-byte aligned table, fast interrupts first.
  static TrapConfig ibex() {
    TrapConfig config = plain();
    config.marchid = 22;
    config.mstatus_reset = mstatus_mpie;
    config.mtvec_reset = 0x00100001;
    config.mtvec_base_mask = 0xffffff00;
    config.mtvec_direct = false;
    config.interrupts = 0x7fff0888;
    config.fast_first = true;
    config.user_counters = 0;
    config.event_counters = true;
    return config;
  }

  std::uint32_t get(std::uint32_t csr) {
    std::uint32_t value = 0xdeadbeef;
    EXPECT_TRUE(unit.csr_read(csr, value)) << csr_name(csr);
    return value;
  }
  void set(std::uint32_t csr, std::uint32_t value) { EXPECT_TRUE(unit.csr_write(csr, value)) << csr_name(csr); }
  bool readable(std::uint32_t csr) {
    std::uint32_t value = 0;
    return unit.csr_read(csr, value);
  }
  void use(const TrapConfig& config) {
    unit = TrapUnit(config, [this] { return totals; });
  }

  CounterTotals totals;
  TrapUnit unit{plain(), [this] { return totals; }};
};

// ---- traps ----------------------------------------------------------------------------------------------------------

TEST_F(Rv32Traps, ExceptionEntrySavesWhatMretRestores) {
  set(csr_mtvec, base);
  set(csr_mstatus, mstatus_mie);
  EXPECT_EQ(unit.enter(cause_load_access, pc, 0x1234), base);
  EXPECT_EQ(get(csr_mepc), pc);
  EXPECT_EQ(get(csr_mcause), 5u);
  EXPECT_EQ(get(csr_mtval), 0x1234u);
  EXPECT_EQ(get(csr_mstatus), mstatus_mpie | mpp_machine);
  EXPECT_EQ(unit.mret(), pc);
  EXPECT_EQ(get(csr_mstatus), mstatus_mie | mstatus_mpie | mpp_user);
  EXPECT_TRUE(unit.machine());
}

TEST_F(Rv32Traps, MretGoesToUserModeAndATrapComesBack) {
  set(csr_mstatus, mpp_user | mstatus_mpie | mstatus_mprv);
  set(csr_mepc, pc);
  EXPECT_EQ(unit.mret(), pc);
  EXPECT_FALSE(unit.machine());
  EXPECT_FALSE(readable(csr_mstatus)) << "a machine CSR in U-mode";
  EXPECT_FALSE(unit.csr_write(csr_mscratch, 1));
  EXPECT_FALSE(readable(csr_cycle)) << "mcounteren is closed";

  EXPECT_EQ(unit.raise(raise_ecall, 0, pc + 8), 0u);
  EXPECT_TRUE(unit.machine());
  EXPECT_EQ(get(csr_mcause), 8u);
  EXPECT_EQ(get(csr_mstatus), mstatus_mpie | mpp_user) << "MPRV was cleared by the return";
}

TEST_F(Rv32Traps, McounterenOpensCountersToUserMode) {
  set(csr_mcounteren, 1);
  set(csr_mstatus, mpp_user);
  unit.mret();
  totals.cycles = 99;
  EXPECT_EQ(get(csr_cycle), 99u);
  EXPECT_FALSE(readable(csr_instret));
}

TEST_F(Rv32Traps, RaiseTakesTheCauseOfTheRequest) {
  set(csr_mtvec, base);
  EXPECT_EQ(unit.raise(raise_ecall, 0, pc), base);
  EXPECT_EQ(get(csr_mcause), 11u);
  unit.raise(raise_ebreak, 0, pc);
  EXPECT_EQ(get(csr_mcause), 3u);
  EXPECT_EQ(get(csr_mtval), 0u);
  TrapConfig config = plain();
  config.ebreak_tval = true;
  TrapUnit other(config, [] { return CounterTotals{}; });
  other.raise(raise_ebreak, 0, pc);
  EXPECT_EQ(other.mtval(), pc);

  unit.raise(raise_illegal, 0xffffffff, pc);
  EXPECT_EQ(get(csr_mcause), 2u);
  EXPECT_EQ(get(csr_mtval), 0xffffffffu);
  EXPECT_EQ(unit.raise(raise_mret, 0x30200073, base), pc);
}

TEST_F(Rv32Traps, MretInUserModeIsIllegal) {
  set(csr_mtvec, base);
  set(csr_mstatus, mpp_user);
  unit.mret();
  EXPECT_EQ(unit.raise(raise_mret, 0x30200073, pc), base);
  EXPECT_EQ(get(csr_mcause), 2u);
  EXPECT_EQ(get(csr_mtval), 0x30200073u);
}

TEST_F(Rv32Traps, WfiInUserModeObeysTimeoutWait) {
  EXPECT_TRUE(unit.wfi_legal());
  set(csr_mstatus, mstatus_tw);
  EXPECT_TRUE(unit.wfi_legal()) << "machine mode";
  unit.mret();
  EXPECT_FALSE(unit.wfi_legal());
}

// ---- interrupts -----------------------------------------------------------------------------------------------------

TEST_F(Rv32Traps, AnInterruptNeedsItsLineItsEnableAndMie) {
  unit.set_line(irq_timer, true);
  EXPECT_EQ(get(csr_mip), 0x80u);
  EXPECT_FALSE(unit.pending_interrupt());
  EXPECT_FALSE(unit.interrupt_waiting());
  set(csr_mie, 0x80);
  EXPECT_FALSE(unit.pending_interrupt());
  EXPECT_TRUE(unit.interrupt_waiting()) << "wakes WFI with interrupts off";
  set(csr_mstatus, mstatus_mie);
  EXPECT_EQ(unit.pending_interrupt(), 0x80000007u);
  unit.set_line(irq_timer, false);
  EXPECT_FALSE(unit.pending_interrupt());
}

TEST_F(Rv32Traps, UserModeIsAlwaysInterruptible) {
  set(csr_mie, 0x80);
  set(csr_mstatus, mpp_user);
  unit.mret();
  unit.set_line(irq_timer, true);
  EXPECT_EQ(unit.pending_interrupt(), 0x80000007u);
}

TEST_F(Rv32Traps, ExternalBeforeSoftwareBeforeTimer) {
  set(csr_mie, 0xffffffff);
  EXPECT_EQ(get(csr_mie), 0x888u) << "only lines that exist";
  set(csr_mstatus, mstatus_mie);
  for (const unsigned irq : {irq_timer, irq_software, irq_external}) {
    unit.set_line(irq, true);
    EXPECT_EQ(unit.pending_interrupt(), 0x80000000u | irq);
  }
}

TEST_F(Rv32Traps, VectoredModeIsForInterruptsOnly) {
  set(csr_mtvec, base | 1);
  EXPECT_EQ(unit.enter(0x80000007, pc, 0), base + 4 * 7);
  EXPECT_EQ(get(csr_mcause), 0x80000007u);
  EXPECT_EQ(unit.enter(cause_illegal, pc, 0), base);
}

TEST_F(Rv32Traps, IbexTakesTheLowestFastInterruptFirst) {
  use(ibex());
  set(csr_mie, 0xffffffff);
  EXPECT_EQ(get(csr_mie), 0x7fff0888u);
  set(csr_mstatus, mstatus_mie);
  unit.set_line(irq_external, true);
  unit.set_line(30, true);
  EXPECT_EQ(unit.pending_interrupt(), 0x8000001eu);
  unit.set_line(16, true);
  EXPECT_EQ(unit.pending_interrupt(), 0x80000010u);
  unit.set_line(31, true);  // not a line of this core
  EXPECT_EQ(get(csr_mip), 0x40010800u);
}

// ---- CSRs -----------------------------------------------------------------------------------------------------------

TEST_F(Rv32Traps, IllegalAccesses) {
  EXPECT_FALSE(readable(0x100)) << "sstatus: no supervisor mode";
  EXPECT_FALSE(readable(0x7c0));
  EXPECT_FALSE(unit.csr_write(csr_mhartid, 1)) << "read-only";
  EXPECT_FALSE(unit.csr_write(csr_cycle, 1)) << "read-only";
  EXPECT_FALSE(readable(0xb03)) << "no event counters here";
  use(ibex());
  EXPECT_EQ(get(0xb03), 0u);
  set(0xb03, 5);
  EXPECT_EQ(get(0xb03), 0u);
  EXPECT_FALSE(readable(csr_cycle)) << "no user counters on this core";
}

TEST_F(Rv32Traps, PlatformLinesOfCv32e40pComeHighestFirst) {
  TrapConfig config = plain();
  config.interrupts = 0xffff0888;
  config.fast_highest_first = true;
  use(config);
  set(csr_mie, 0xffffffff);
  set(csr_mstatus, mstatus_mie);
  for (const std::uint32_t irq : {11u, 16u, 30u, 31u}) {
    unit.set_line(irq, true);
    EXPECT_EQ(unit.pending_interrupt(), cause_interrupt | irq);
  }
}

TEST_F(Rv32Traps, ACoreMayHaveNoMtval) {
  TrapConfig config = plain();
  config.tval = false;
  use(config);
  unit.raise(raise_illegal, 0xffffffff, pc);
  EXPECT_EQ(get(csr_mtval), 0u);
  set(csr_mtval, 5);
  EXPECT_EQ(get(csr_mtval), 0u);
}

TEST_F(Rv32Traps, FieldsTakeOnlyLegalValues) {
  set(csr_mepc, 0xffffffff);
  EXPECT_EQ(get(csr_mepc), 0xfffffffeu);
  set(csr_mtvec, 0xffffffff);
  EXPECT_EQ(get(csr_mtvec), 0xfffffffdu) << "bit 1 of the mode doesn't exist";
  set(csr_mtvec, 0x1001);
  EXPECT_EQ(get(csr_mtvec), 0x1001u);
  set(csr_mstatus, 0xffffffff);
  EXPECT_EQ(get(csr_mstatus), mstatus_mie | mstatus_mpie | mpp_machine | mstatus_mprv | mstatus_tw);
  set(csr_mstatus, 1u << 11);
  EXPECT_EQ(get(csr_mstatus), mpp_machine) << "MPP = S doesn't exist and leaves MPP";
  set(csr_misa, 0);
  EXPECT_EQ(get(csr_misa), 0x40101105u);
  set(csr_mip, 0xffffffff);
  EXPECT_EQ(get(csr_mip), 0u);
}

TEST_F(Rv32Traps, IbexVectorTableIsAlwaysVectoredAndAligned) {
  use(ibex());
  EXPECT_EQ(get(csr_mtvec), 0x00100001u);
  EXPECT_EQ(get(csr_mstatus), 0x80u);
  EXPECT_EQ(get(csr_marchid), 22u);
  set(csr_mtvec, 0x001002fc);
  EXPECT_EQ(get(csr_mtvec), 0x00100201u);
}

TEST_F(Rv32Traps, CountersCountFromWhatIsWritten) {
  totals = {.cycles = 0x1'0000'0005, .retired = 7, .time = 0x2'0000'0003};
  EXPECT_EQ(get(csr_mcycle), 5u);
  EXPECT_EQ(get(csr_mcycleh), 1u);
  EXPECT_EQ(get(csr_time), 3u);
  EXPECT_EQ(get(csr_timeh), 2u);
  set(csr_mcycle, 100);
  totals.cycles += 10;
  EXPECT_EQ(get(csr_mcycle), 110u);
  EXPECT_EQ(get(csr_mcycleh), 1u);
  EXPECT_EQ(get(csr_cycle), 110u);
  set(csr_mcycleh, 9);
  EXPECT_EQ(get(csr_mcycleh), 9u);

  set(csr_minstret, 50);  // by the eighth instruction ...
  totals.retired = 8;     // ... and the ninth reads it
  EXPECT_EQ(get(csr_minstret), 50u);
}

TEST_F(Rv32Traps, McountinhibitStopsCounters) {
  totals.cycles = 100;
  totals.retired = 10;
  set(csr_mcountinhibit, 0xffffffff);
  EXPECT_EQ(get(csr_mcountinhibit), 5u);
  totals.cycles = 200;
  totals.retired = 20;
  EXPECT_EQ(get(csr_mcycle), 100u);
  EXPECT_EQ(get(csr_minstret), 11u) << "the write itself still counts";
  set(csr_mcycle, 1000);
  EXPECT_EQ(get(csr_mcycle), 1000u);
  set(csr_mcountinhibit, 4);
  totals.cycles = 230;
  totals.retired = 30;
  EXPECT_EQ(get(csr_mcycle), 1030u);
  EXPECT_EQ(get(csr_minstret), 11u);
}

TEST_F(Rv32Traps, ResetKeepsTheLevelsOfTheLines) {
  set(csr_mscratch, 5);
  set(csr_mie, 8);
  unit.set_line(irq_software, true);
  unit.reset();
  EXPECT_EQ(get(csr_mscratch), 0u);
  EXPECT_EQ(get(csr_mie), 0u);
  EXPECT_EQ(get(csr_mip), 8u);
}

TEST_F(Rv32Traps, CausesInWords) {
  EXPECT_EQ(cause_text(2), "illegal instruction");
  EXPECT_EQ(cause_text(0x80000007), "machine timer interrupt");
  EXPECT_EQ(cause_text(0x80000010), "platform interrupt");
  EXPECT_EQ(cause_text(10), "reserved cause");
}

}  // namespace
}  // namespace mj::test
