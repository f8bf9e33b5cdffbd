// STM32U5 as far as start-up code and clock set-up reach: RCC, PWR, FLASH, ICACHE (RM0456 ch. 7, 8, 10, 11).
#include <memory>
#include <string>

#include "peripherals/register_map.h"
#include "peripherals/registry.h"

namespace mj::peripherals {

namespace {

/// Clock tree: MSIS, HSI16, HSE and PLL1's output R to SYSCLK, HCLK (net "core") and the timers (nets "tim_apb1",
/// "tim_apb2"). Oscillators and PLLs are ready at once.
class Rcc final : public RegisterMap {
 public:
  Rcc(const DeviceSpec& spec, const Wiring& wiring)
      : RegisterMap(spec, wiring),
        msi_hz_(spec.list("msi_range_hz")),
        hsi_hz_(spec.number("hsi_hz")),
        hse_hz_(spec.number("hse_hz")) {
    const auto tree = [this](auto, Cycle now) { update(now); };
    define({
        {.offset = cr,
         .name = "CR",
         .reset = 0x35,
         .writable = 0x150D53DB,  // the ready bits are not
         .write = tree},
        {.offset = icscr1, .name = "ICSCR1", .reset = 0x44000000, .write = tree},
        {.offset = 0x0C, .name = "ICSCR2"},
        {.offset = 0x10, .name = "ICSCR3"},
        {.offset = 0x14, .name = "CRRCR", .writable = 0},
        {.offset = cfgr1, .name = "CFGR1", .writable = 0xFFFFFFF3, .write = tree},
        {.offset = cfgr2, .name = "CFGR2", .write = tree},
        {.offset = 0x24, .name = "CFGR3"},
        {.offset = pll1cfgr, .name = "PLL1CFGR", .write = tree},
        {.offset = 0x2C, .name = "PLL2CFGR"},
        {.offset = 0x30, .name = "PLL3CFGR"},
        {.offset = pll1divr, .name = "PLL1DIVR", .reset = 0x01010280, .write = tree},
        {.offset = 0x38,
         .name = "PLL1FRACR",
         .write =
             [this](std::uint32_t v, Cycle) {
               if (v & 0xFFF8) report(0x38, "the PLL's fractional part is taken as 0");
             }},
        {.offset = 0x3C, .name = "PLL2DIVR", .reset = 0x01010280},
        {.offset = 0x40, .name = "PLL2FRACR"},
        {.offset = 0x44, .name = "PLL3DIVR", .reset = 0x01010280},
        {.offset = 0x48, .name = "PLL3FRACR"},
        {.offset = 0x50, .name = "CIER"},
        {.offset = 0x54, .name = "CIFR", .writable = 0},
        {.offset = 0x58, .name = "CICR", .writable = 0},
        {.offset = bdcr, .name = "BDCR", .writable = ~2u},
        {.offset = csr, .name = "CSR", .reset = 0x0C004400, .write = tree},
    });
    define_storage(0x60, 10, "xRSTR");
    define_storage(0x88, 10, "xENR");
    define_storage(0xB0, 10, "xSMENR", 0xFFFFFFFF);
    define_storage(0xD8, 1, "SRDAMR");
    define_storage(0xE0, 3, "CCIPRx");
    define_follow({
        {cr, 1u << 0, cr, 2},      // MSISON -> MSISRDY
        {cr, 1u << 4, cr, 1},      // MSIKON -> MSIKRDY
        {cr, 1u << 8, cr, 2},      // HSION -> HSIRDY
        {cr, 1u << 12, cr, 1},     // HSI48ON -> HSI48RDY
        {cr, 1u << 14, cr, 1},     // SHSION -> SHSIRDY
        {cr, 1u << 24, cr, 1},     // PLL1ON -> PLL1RDY
        {cr, 1u << 26, cr, 1},     // PLL2ON -> PLL2RDY
        {cr, 1u << 28, cr, 1},     // PLL3ON -> PLL3RDY
        {bdcr, 1u << 0, bdcr, 1},  // LSEON -> LSERDY
        {bdcr, 1u << 26, bdcr, 1}  // LSION -> LSIRDY
    });
    update(0);
  }

 private:
  static constexpr std::uint32_t cr = 0x00, icscr1 = 0x08, cfgr1 = 0x1C, cfgr2 = 0x20, pll1cfgr = 0x28, pll1divr = 0x34,
                                 bdcr = 0xF0, csr = 0xF4;
  static constexpr std::uint32_t cr_hseon = 1u << 16, cr_hserdy = 1u << 17, msirgsel = 1u << 23;

  Hertz msi() const {
    if (!(get(cr) & 4)) return 0;
    const std::uint32_t range = get(icscr1) & msirgsel ? get(icscr1) >> 28 : get(csr) >> 12 & 15;
    return range < msi_hz_.size() ? msi_hz_[range] : 0;
  }
  Hertz hsi() const { return get(cr) & 1u << 10 ? hsi_hz_ : 0; }
  Hertz hse() const { return get(cr) & cr_hserdy ? hse_hz_ : 0; }
  Hertz pll() const {
    const std::uint32_t v = get(pll1cfgr), d = get(pll1divr);
    if (!(get(cr) & 1u << 25) || !(v & 1u << 18)) return 0;  // off, or no R output
    const Hertz in[] = {0, msi(), hsi(), hse()};
    return in[v & 3] / ((v >> 8 & 15) + 1) * ((d & 0x1FF) + 1) / ((d >> 24 & 0x7F) + 1);
  }
  Hertz source(std::uint32_t sw) const { return sw == 0 ? msi() : sw == 1 ? hsi() : sw == 2 ? hse() : pll(); }

  void update(Cycle now) {
    const bool hse_runs = get(cr) & cr_hseon && hse_hz_ != 0;
    if (get(cr) & cr_hseon && hse_hz_ == 0) report(cr, "HSE switched on, but the board has none");
    set(cr, hse_runs ? get(cr) | cr_hserdy : get(cr) & ~cr_hserdy);
    // The switch takes place once the wanted source runs (SWS follows SW).
    const std::uint32_t wanted = get(cfgr1) & 3;
    if (source(wanted)) set(cfgr1, (get(cfgr1) & ~0xCu) | wanted << 2);
    static constexpr unsigned hpre_shift[] = {1, 2, 3, 4, 6, 7, 8, 9};
    const std::uint32_t v = get(cfgr2);
    const Hertz sysclk = source(get(cfgr1) >> 2 & 3);
    const Hertz hclk = v & 8 ? sysclk >> hpre_shift[v & 7] : sysclk;
    wiring_.clocks->drive("sysclk", sysclk, now);
    wiring_.clocks->drive(ClockNets::core, hclk, now);
    // A timer runs at its bus's clock, doubled if that is divided.
    const auto timer = [&](std::uint32_t ppre) { return ppre & 4 ? hclk >> (ppre & 3) : hclk; };
    wiring_.clocks->drive_from_core("tim_apb1", timer(v >> 4 & 7), now);
    wiring_.clocks->drive_from_core("tim_apb2", timer(v >> 8 & 7), now);
  }

  std::vector<std::uint64_t> msi_hz_;
  Hertz hsi_hz_, hse_hz_;
};

/// Voltage scaling and the booster take no time.
class Pwr final : public RegisterMap {
 public:
  Pwr(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring) {
    define({
        {.offset = 0x00, .name = "CR1"},
        {.offset = 0x04, .name = "CR2"},
        {.offset = 0x08, .name = "CR3"},
        {.offset = vosr, .name = "VOSR", .reset = 0x8000, .writable = ~0xC000u},  // VOSRDY
        {.offset = 0x10, .name = "SVMCR"},
        {.offset = 0x28, .name = "DBPR"},
        {.offset = 0x38, .name = "SR", .writable = 0},
        {.offset = svmsr, .name = "SVMSR", .reset = 0x8000, .writable = 0},  // ACTVOSRDY
    });
    define_storage(0x14, 5, "WUCRx/BDCRx");
    define_storage(0x30, 2, "SECCFGR/PRIVCFGR");
    define_storage(0x44, 20, "PUCRx/PDCRx");
    define_follow({
        {vosr, 1u << 18, vosr, -4},  // BOOSTEN -> BOOSTRDY
        {vosr, 3u << 16, svmsr, 0},  // VOS -> ACTVOS
        {0x08, 1u << 1, 0x38, 0},    // REGSEL -> REGS
    });
  }

 private:
  static constexpr std::uint32_t vosr = 0x0C, svmsr = 0x3C;
};

/// Programs the front end of the flash region that parameter `flash` names.
class Flash final : public RegisterMap {
 public:
  Flash(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring) {
    if (wiring_.flash) timing_ = wiring_.flash(spec.text_or("flash", ""));
    define({
        {.offset = acr, .name = "ACR", .reset = 1, .writable = 0x790F, .write = [this](auto, Cycle) { program(); }},
        {.offset = 0x08, .name = "NSKEYR", .writable = 0},
        {.offset = 0x10, .name = "OPTKEYR", .writable = 0},
        {.offset = 0x20, .name = "NSSR", .writable = 0},
        {.offset = 0x28,
         .name = "NSCR",
         .reset = 0xC0000000,
         .write =
             [this](std::uint32_t v, Cycle) {
               if (v & 0x18007) report(0x28, "flash programming or erasing");
             }},
        {.offset = 0x40, .name = "OPTR", .reset = static_cast<std::uint32_t>(spec.number("optr")), .writable = 0},
    });
  }

 private:
  static constexpr std::uint32_t acr = 0x00;
  void program() {
    if (!timing_) return;
    const std::uint32_t v = get(acr), changed = v ^ programmed_;
    programmed_ = v;
    if (changed & 0xF) timing_->set_wait_states(v & 0xF);
    if (changed & 1u << 8) timing_->set_prefetch(v & 1u << 8);
  }
  memory::FlashTiming* timing_ = nullptr;
  std::uint32_t programmed_ = 1;  // ACR's reset value; the board file gives the front end the same state
};

/// The cache on the C-bus, for instructions and constants of the flash region that parameter `flash` names. Direct
/// mapping (WAYSEL 0) is reported.
class Icache final : public RegisterMap {
 public:
  Icache(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring) {
    if (wiring_.flash) timing_ = wiring_.flash(spec.text_or("flash", ""));
    define({
        {.offset = 0x00,
         .name = "CR",
         .reset = 4,
         .writable = 0x3000D,
         .write =
             [this](std::uint32_t v, Cycle) {
               if (!(v & 4)) report(0, "direct mapping: modelled as two ways");
               if (timing_ && v & 2) timing_->flush();  // CACHEINV, done at once
               if (timing_ && (v & 1) != enabled_) timing_->set_icache(v & 1);
               enabled_ = v & 1;
             }},
        {.offset = 0x04, .name = "SR", .writable = 0},
        {.offset = 0x08, .name = "IER"},
        {.offset = 0x0C, .name = "FCR", .writable = 0},
        {.offset = 0x10, .name = "HMONR", .writable = 0},
        {.offset = 0x14, .name = "MMONR", .writable = 0},
    });
    define_storage(0x20, 4, "CRRx", 0x200);
  }

 private:
  memory::FlashTiming* timing_ = nullptr;
  bool enabled_ = false;
};

}  // namespace

DevicePtr make_stm32u5_rcc(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Rcc>(spec, wiring); }
DevicePtr make_stm32u5_pwr(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Pwr>(spec, wiring); }
DevicePtr make_stm32u5_flash(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<Flash>(spec, wiring);
}
DevicePtr make_stm32u5_icache(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<Icache>(spec, wiring);
}

}  // namespace mj::peripherals
