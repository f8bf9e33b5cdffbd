// What the clock and flash controllers of all STM32 have in common. A family is a table of where its fields are
// (stm32f4.cpp, stm32l4.cpp, ...); what the fields do is here.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "peripherals/register_map.h"

namespace mj::peripherals {

/// `bits` bits of the register at `offset`, from bit `shift` on. No bits: the family has no such field.
struct Stm32Field {
  std::uint32_t offset = 0;
  unsigned shift = 0, bits = 0;
};

/// A frequency is divided by scale * (field + plus); what comes out below `least` is no setting (the output is off).
struct Stm32Divider {
  Stm32Field field;
  unsigned scale = 1, plus = 0, least = 1;
};

enum class Stm32Source : std::uint8_t { none, msi, hsi, csi, hse, pll, pll_second };

/// Where a family's RCC has the fields of its clock tree: oscillators and the main PLL to SYSCLK, from there the core,
/// the buses and their timers.
struct Stm32ClockTree {
  Stm32Field sw{}, sws{};                ///< the source that is asked for, the one that is used
  std::array<Stm32Source, 4> sources{};  ///< by SW
  Stm32Field msi_ready{}, hsi_ready{}, csi_ready{}, hse_on{}, hse_ready{}, pll_ready{};
  Stm32Field hsi_shift{};                             ///< HSI is divided by 2 to this
  Stm32Field msi_by_run{}, msi_run{}, msi_standby{};  ///< MSIRGSEL, and the two fields of which it selects the range
  Stm32Field pll_source{};
  std::array<Stm32Source, 4> pll_sources{};  ///< by pll_source
  Stm32Divider pll_m{};
  Stm32Field pll_n{};
  unsigned pll_n_plus = 0;               ///< the factor is the field plus this
  Stm32Divider pll_out{}, pll_second{};  ///< the PLL's outputs that SYSCLK can come from
  Stm32Field pll_out_on{};
  Stm32Field cpre{};                    ///< SYSCLK to the core's clock; no field: that is HCLK
  Stm32Field hpre{}, ppre1{}, ppre2{};  ///< to HCLK, and to the clocks of both buses that have timers
};

/// Frequencies of a board's oscillators [Hz]; 0: it has none.
struct Stm32Oscillators {
  Hertz hsi = 0, hse = 0, csi = 0;
  std::vector<std::uint64_t> msi = {};  ///< by range
};

/// Drives the nets "sysclk", "core" (the core's clock), "hclk" (where the core's differs), "tim_apb1" and "tim_apb2".
/// Parameter `flash` names a region whose interface runs at HCLK: its ratio to the core's clock is kept up to date.
/// A family's constructor declares its registers, with clock_write() for those that hold fields of the tree, and calls
/// start(). Oscillators and PLLs are ready at once.
class Stm32Rcc : public RegisterMap {
 protected:
  Stm32Rcc(const DeviceSpec& spec, const Wiring& wiring, const Stm32ClockTree& tree, Stm32Oscillators oscillators);
  std::function<void(std::uint32_t, Cycle)> clock_write() {
    return [this](auto, Cycle now) { update(now); };
  }
  void start() { update(0); }

 private:
  std::uint32_t field(const Stm32Field& f) const;
  void set_field(const Stm32Field& f, std::uint32_t value);
  std::uint32_t divisor(const Stm32Divider& d) const;
  Hertz hz(Stm32Source source) const;
  Hertz msi() const;
  Hertz pll(const Stm32Divider& output) const;
  void update(Cycle now);

  const Stm32ClockTree tree_;
  const Stm32Oscillators oscillators_;
  memory::FlashTiming* at_hclk_ = nullptr;
};

/// A family's flash interface: what its access control register (ACR, at 0) switches, and its control register.
struct Stm32FlashLayout {
  std::uint32_t acr_reset = 0, acr_writable = 0;  ///< the board file gives the front end the state of acr_reset
  std::uint32_t latency = 0xF;                    ///< mask of the wait states
  std::uint32_t prefetch = 0, icache = 0, dcache = 0, flush = 0;  ///< bits; 0: none
  std::uint32_t cr = 0, cr_reset = 0;                             ///< offset of the control register
  std::uint32_t cr_writes = 0;  ///< bits that ask for programming or erasing, which is not modelled
};

/// Programs the front end of the flash region that parameter `flash` names. Where there is `itcm_flash`, that region
/// has the same wait states, and what accelerates reads (prefetch, caches) is its.
class Stm32Flash : public RegisterMap {
 protected:
  Stm32Flash(const DeviceSpec& spec, const Wiring& wiring, const Stm32FlashLayout& layout);

 private:
  void program(std::uint32_t acr);

  const Stm32FlashLayout layout_;
  memory::FlashTiming *timing_ = nullptr, *accelerated_ = nullptr;
  std::uint32_t programmed_;
};

}  // namespace mj::peripherals
