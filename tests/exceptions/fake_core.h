// A core that only takes exceptions: registers, a small RAM with a vector table, and an ExceptionUnit.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "isa/thumb/exceptions.h"

namespace mj::test {

namespace thumb = isa::thumb;

inline constexpr unsigned irq0 = thumb::external_0, irq1 = irq0 + 1, irq2 = irq0 + 2;

class FakeMemory final : public thumb::ExceptionMemory {
 public:
  std::map<std::uint32_t, std::uint32_t> words;
  std::set<std::uint32_t> bus_faults, mpu_faults, secure_faults;  ///< addresses that fault

  /// For whom each access was made, one letter an access: (p)rivileged, (u)nprivileged, in capitals at negative
  /// priority; (v)ector.
  std::string made_for;

  void become(bool privileged, bool hardfault_or_nmi) override {
    who_ = privileged ? (hardfault_or_nmi ? 'P' : 'p') : hardfault_or_nmi ? 'U' : 'u';
  }
  thumb::AccessResult read_vector(std::uint32_t address, std::uint32_t& value) override {
    who_ = 'v';
    return read32(address, value);
  }
  thumb::AccessResult read32(std::uint32_t address, std::uint32_t& value) override {
    if (const auto r = check(address); r != thumb::AccessResult::ok) return r;
    value = words[address];
    return thumb::AccessResult::ok;
  }
  thumb::AccessResult write32(std::uint32_t address, std::uint32_t value) override {
    if (const auto r = check(address); r != thumb::AccessResult::ok) return r;
    words[address] = value;
    return thumb::AccessResult::ok;
  }

 private:
  thumb::AccessResult check(std::uint32_t address) {
    made_for += who_;
    if (bus_faults.contains(address)) return thumb::AccessResult::bus_fault;
    if (mpu_faults.contains(address)) return thumb::AccessResult::mpu_fault;
    if (secure_faults.contains(address)) return thumb::AccessResult::secure_fault;
    return thumb::AccessResult::ok;
  }
  char who_ = '?';
};

/// Handler of exception n stands at handler(n); Thread mode runs at thread_pc on the MSP at 0x20001000.
struct FakeCore {
  static constexpr std::uint32_t thread_pc = 0x1000;
  static constexpr std::uint32_t msp = 0x20001000, psp = 0x20002000;
  static constexpr std::uint32_t handler(unsigned exception) { return 0x4000 + 0x100 * exception; }

  explicit FakeCore(const thumb::ExceptionConfig& config = m4()) : unit(config) {
    for (unsigned n = 1; n < 64; ++n) memory.words[4 * n] = handler(n) | 1;
    regs[thumb::sp] = msp;
    regs[thumb::sp_other] = psp;
    regs[thumb::zf] = 1;
  }

  static thumb::ExceptionConfig m4() {
    thumb::ExceptionConfig c;
    c.fpu = c.dsp = true;
    c.interrupts = 48;
    c.priority_bits = 4;
    return c;
  }
  static thumb::ExceptionConfig m0plus() {
    thumb::ExceptionConfig c;
    c.profile = thumb::Profile::armv6m;
    c.priority_bits = 2;
    return c;
  }

  thumb::Cpu cpu() { return {regs.data(), memory}; }
  std::uint32_t operator[](unsigned id) const { return regs[id]; }

  /// Takes what is pending now; at most one exception. Returns what happened.
  thumb::Transition take(std::uint32_t pc = thread_pc) {
    const auto n = unit.pending_exception(regs.data());
    return n ? unit.enter(*n, {pc, 0, true}, cpu()) : thumb::Transition{};
  }
  thumb::Transition ret() { return unit.return_from(regs[thumb::lr], cpu()); }
  void irq(unsigned n, std::uint8_t priority) {
    unit.set_enabled(thumb::external_0 + n, true);
    unit.set_priority(thumb::external_0 + n, priority);
  }
  /// Thread mode on the process stack.
  void use_psp() { unit.system_write(20 /* CONTROL */, regs[thumb::control] | 2, regs.data()); }

  std::array<std::uint32_t, 65> regs{};
  FakeMemory memory;
  thumb::ExceptionUnit unit;
};

}  // namespace mj::test
