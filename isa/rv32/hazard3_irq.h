// Hazard3's interrupt controller, Xh3irq (Hazard3 documentation, "Xh3irq"; RP2350 datasheet 3.8.6.1): external
// interrupts with enable, force and priority, and the context that lets a handler be preempted. It drives mip.MEIP.
//
// What the documentation leaves open is as in the RTL of RP2350's core (Hazard3 86fc4e3f, hdl/hazard3_irq_ctrl.v).
#pragma once

#include <cstdint>
#include <vector>

namespace mj::isa::rv32 {

/// How an instruction accesses a CSR. What it reads and what its write does can depend on its operand: Xh3irq's arrays
/// are seen by windows of 16 bits, and the operand's low bits say which.
struct CsrAccess {
  std::uint32_t operand = 0;         ///< rs1 or the immediate; 0 for CSRR
  bool reads = true, writes = true;  ///< what the instruction does in all: both, but for CSRR and CSRW
  bool clears = false;               ///< CSRRC and CSRRCI
};

struct Hazard3IrqConfig {
  unsigned lines = 0;          ///< 0..512; 0: the core has no such controller
  unsigned priority_bits = 0;  ///< 0..4, the upper ones of a priority's four
};

class Hazard3Irq {
 public:
  explicit Hazard3Irq(const Hazard3IrqConfig& config);

  /// Lines keep their levels.
  void reset();
  /// Whether `csr` is one of meiea, meipa, meifa, meipra, meinext, meicontext and this core has it.
  bool has(std::uint32_t csr) const;
  /// Of a CSR that has() says yes to, without effects. meicontext's MTIESAVE and MSIESAVE, which show `mie`, too.
  std::uint32_t read(std::uint32_t csr, const CsrAccess& access, std::uint32_t mie) const;
  /// Changes `mie`, too, as meicontext's CLEARTS, MTIESAVE and MSIESAVE say.
  void write(std::uint32_t csr, std::uint32_t value, const CsrAccess& access, std::uint32_t& mie);
  /// The end of an instruction that read: meinext takes back that its interrupt was forced. `number`: next() before.
  void was_read(std::uint32_t csr, int number);
  /// What meinext shows: of the interrupts that this frame may handle the most urgent, of the same priority the lowest
  /// number; -1: none.
  int next() const;

  unsigned lines() const { return config_.lines; }
  bool enabled(unsigned number) const { return number < lines_.size() && lines_[number].enabled; }
  void set_line(unsigned number, bool level);
  /// mip.MEIP: an enabled interrupt is pending whose priority may preempt.
  bool pending() const;
  /// A trap was entered; `external`: for mip.MEIP.
  void entered(bool external);
  /// MRET.
  void returned();

 private:
  struct Line {
    bool level = false, enabled = false, forced = false;
    std::uint8_t priority = 0;
    bool pending() const { return level || forced; }
  };
  /// What may preempt the handler of interrupt `number`: priorities from one step above its own on; nothing if -1.
  std::uint8_t level_above(int number) const;
  static bool clears_ts(const CsrAccess& access) { return !access.clears && (access.operand & 2u) != 0; }

  Hazard3IrqConfig config_;
  std::uint8_t priority_mask_;
  std::vector<Line> lines_;
  // meicontext: the priority from which on interrupts preempt, that of the frame below, and of the one below that.
  std::uint8_t preempt_ = 0, ppreempt_ = 0, pppreempt_ = 0;
  bool no_irq_ = true, mret_eirq_ = false;
  std::uint32_t irq_ = 0;
};

}  // namespace mj::isa::rv32
