// STM32F4 and F7 as far as start-up code and clock set-up reach: RCC, PWR, FLASH (RM0390 and RM0410, chapters 3, 5 and
// 6; both families have the same registers but for the flash accelerator's).
#include <memory>
#include <string>

#include "peripherals/register_map.h"
#include "peripherals/registry.h"

namespace mj::peripherals {

namespace {

/// Clock tree: HSI, HSE and the main PLL to SYSCLK, HCLK (net "core") and the timers (nets "tim_apb1", "tim_apb2").
/// Oscillators and PLLs are ready at once.
class Rcc final : public RegisterMap {
 public:
  Rcc(const DeviceSpec& spec, const Wiring& wiring)
      : RegisterMap(spec, wiring), hsi_hz_(spec.number("hsi_hz")), hse_hz_(spec.number("hse_hz")) {
    const auto tree = [this](auto, Cycle now) { update(now); };
    define({
        {.offset = cr,
         .name = "CR",
         .reset = 0x83,
         .writable = 0x150D00F9,  // the ready bits are not
         .write = tree},
        {.offset = pllcfgr, .name = "PLLCFGR", .reset = 0x24003010, .write = tree},
        {.offset = cfgr, .name = "CFGR", .writable = 0xFFFFFFF3, .write = tree},
        {.offset = 0x0C, .name = "CIR", .writable = 0x7F00},
        {.offset = 0x30, .name = "AHB1ENR", .reset = 0x00100000},
        {.offset = 0x34, .name = "AHB2ENR"},
        {.offset = 0x38, .name = "AHB3ENR"},
        {.offset = bdcr, .name = "BDCR", .writable = ~2u},
        {.offset = csr, .name = "CSR", .reset = 0x0E000000, .writable = ~2u},
        {.offset = 0x80, .name = "SSCGR"},
        {.offset = 0x84, .name = "PLLI2SCFGR", .reset = 0x24003000},
        {.offset = 0x88, .name = "PLLSAICFGR", .reset = 0x24003000},
        {.offset = 0x8C, .name = "DCKCFGR"},
        {.offset = 0x90, .name = "CKGATENR/DCKCFGR2"},
        {.offset = 0x94, .name = "DCKCFGR2"},
    });
    define_storage(0x10, 3, "AHBxRSTR");
    define_storage(0x20, 2, "APBxRSTR");
    define_storage(0x40, 2, "APBxENR");
    define_storage(0x50, 3, "AHBxLPENR", 0xFFFFFFFF);
    define_storage(0x60, 2, "APBxLPENR", 0xFFFFFFFF);
    define_follow({
        {cr, 1u << 0, cr, 1},      // HSION -> HSIRDY
        {cr, 1u << 24, cr, 1},     // PLLON -> PLLRDY
        {cr, 1u << 26, cr, 1},     // PLLI2SON -> PLLI2SRDY
        {cr, 1u << 28, cr, 1},     // PLLSAION -> PLLSAIRDY
        {bdcr, 1u << 0, bdcr, 1},  // LSEON -> LSERDY
        {csr, 1u << 0, csr, 1},    // LSION -> LSIRDY
    });
    update(0);
  }

 private:
  static constexpr std::uint32_t cr = 0x00, pllcfgr = 0x04, cfgr = 0x08, bdcr = 0x70, csr = 0x74;
  static constexpr std::uint32_t cr_hseon = 1u << 16, cr_hserdy = 1u << 17, cr_pllrdy = 1u << 25;

  Hertz hsi() const { return get(cr) & 2 ? hsi_hz_ : 0; }
  Hertz hse() const { return get(cr) & cr_hserdy ? hse_hz_ : 0; }
  /// Output P (SW 2) or, where the part has it, R (SW 3).
  Hertz pll(bool r_output) const {
    const std::uint32_t v = get(pllcfgr), m = v & 0x3F, n = v >> 6 & 0x1FF;
    const std::uint32_t divider = r_output ? v >> 28 & 7 : 2 * ((v >> 16 & 3) + 1);
    if (!(get(cr) & cr_pllrdy) || m < 2 || divider < 2) return 0;
    return (v & 1u << 22 ? hse() : hsi()) / m * n / divider;
  }
  Hertz source(std::uint32_t sw) const { return sw == 0 ? hsi() : sw == 1 ? hse() : pll(sw == 3); }

  void update(Cycle now) {
    const bool hse_runs = get(cr) & cr_hseon && hse_hz_ != 0;
    if (get(cr) & cr_hseon && hse_hz_ == 0) report(cr, "HSE switched on, but the board has none");
    set(cr, hse_runs ? get(cr) | cr_hserdy : get(cr) & ~cr_hserdy);
    // The switch takes place once the wanted source runs (SWS follows SW).
    const std::uint32_t wanted = get(cfgr) & 3;
    if (source(wanted)) set(cfgr, (get(cfgr) & ~0xCu) | wanted << 2);
    const std::uint32_t v = get(cfgr);
    static constexpr unsigned hpre_shift[] = {1, 2, 3, 4, 6, 7, 8, 9};
    const Hertz sysclk = source(v >> 2 & 3);
    const Hertz hclk = v & 0x80 ? sysclk >> hpre_shift[v >> 4 & 7] : sysclk;
    wiring_.clocks->drive("sysclk", sysclk, now);
    wiring_.clocks->drive(ClockNets::core, hclk, now);
    // A timer runs at its bus's clock, doubled if that is divided (TIMPRE, which changes this, is not modelled).
    const auto timer = [&](std::uint32_t ppre) { return ppre & 4 ? hclk >> (ppre & 3) : hclk; };
    wiring_.clocks->drive_from_core("tim_apb1", timer(v >> 10 & 7), now);
    wiring_.clocks->drive_from_core("tim_apb2", timer(v >> 13 & 7), now);
  }

  Hertz hsi_hz_, hse_hz_;
};

/// Voltage scaling and over-drive take no time.
class Pwr final : public RegisterMap {
 public:
  Pwr(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring) {
    define({
        {.offset = 0x00, .name = "CR", .reset = 0xC000},
        {.offset = 0x04, .name = "CSR", .reset = 1u << 14, .writable = 0x300},  // VOSRDY
        {.offset = 0x08, .name = "CR2"},
        {.offset = 0x0C, .name = "CSR2"},
    });
    define_follow({
        {0x00, 1u << 16, 0x04, 0},  // ODEN -> ODRDY
        {0x00, 1u << 17, 0x04, 0},  // ODSWEN -> ODSWRDY
    });
  }
};

/// Programs the front end of the flash region that parameter `flash` names; on an F7 also that of `itcm_flash`, which
/// the accelerator serves, while `flash` is reached through the core's own caches.
class Flash final : public RegisterMap {
 public:
  Flash(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring) {
    if (wiring_.flash) timing_ = wiring_.flash(spec.text_or("flash", ""));
    if (wiring_.flash && spec.has("itcm_flash")) itcm_ = wiring_.flash(spec.text_or("itcm_flash", ""));
    f7_ = spec.has("itcm_flash");
    define({
        {.offset = acr, .name = "ACR", .writable = f7_ ? 0xB0Fu : 0x1F0Fu, .write = [this](auto, Cycle) { program(); }},
        {.offset = 0x04, .name = "KEYR", .writable = 0},
        {.offset = 0x08, .name = "OPTKEYR", .writable = 0},
        {.offset = 0x0C, .name = "SR", .writable = 0},
        {.offset = 0x10,
         .name = "CR",
         .reset = 0x80000000,
         .write =
             [this](std::uint32_t v, Cycle) {
               if (v & 0x10007) report(0x10, "flash programming or erasing");
             }},
        {.offset = 0x14, .name = "OPTCR", .reset = static_cast<std::uint32_t>(spec.number("optcr")), .writable = 0},
        {.offset = 0x18, .name = "OPTCR1", .writable = 0},
    });
  }

 private:
  static constexpr std::uint32_t acr = 0x00;

  void program() {
    const std::uint32_t v = get(acr), changed = v ^ programmed_;
    programmed_ = v;
    for (memory::FlashTiming* t : {timing_, itcm_})
      if (t && changed & 0xF) t->set_wait_states(v & 0xF);
    // The accelerator: F4 both buses, F7 the ITCM port's instructions.
    memory::FlashTiming* accelerated = f7_ ? itcm_ : timing_;
    if (!accelerated) return;
    if (changed & 1u << 8) accelerated->set_prefetch(v & 1u << 8);
    if (changed & 1u << 9) accelerated->set_icache(v & 1u << 9);
    if (!f7_ && changed & 1u << 10) accelerated->set_dcache(v & 1u << 10);
    if (v & (1u << 11 | 1u << 12)) accelerated->flush();  // ICRST, DCRST, ARTRST
  }

  memory::FlashTiming *timing_ = nullptr, *itcm_ = nullptr;
  bool f7_ = false;
  std::uint32_t programmed_ = 0;  // ACR's reset value; the board file gives the front end the same state
};

}  // namespace

DevicePtr make_stm32f4_rcc(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Rcc>(spec, wiring); }
DevicePtr make_stm32f4_pwr(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Pwr>(spec, wiring); }
DevicePtr make_stm32f4_flash(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<Flash>(spec, wiring);
}

}  // namespace mj::peripherals
