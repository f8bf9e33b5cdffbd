// STM32U5 as far as start-up code and clock set-up reach: RCC, PWR, FLASH, ICACHE (RM0456 ch. 7, 8, 10, 11).
#include <memory>
#include <string>

#include "peripherals/registry.h"
#include "peripherals/stm32.h"

namespace mj::peripherals {

namespace {

using Source = Stm32Source;

constexpr std::uint32_t cr = 0x00, icscr1 = 0x08, cfgr1 = 0x1C, cfgr2 = 0x20, pll1cfgr = 0x28, pll1divr = 0x34,
                        bdcr = 0xF0, csr = 0xF4;

/// MSIS, HSI16, HSE and PLL1's output R.
constexpr Stm32ClockTree clock_tree = {
    .sw = {cfgr1, 0, 2},
    .sws = {cfgr1, 2, 2},
    .sources = {Source::msi, Source::hsi, Source::hse, Source::pll},
    .msi_ready = {cr, 2, 1},
    .hsi_ready = {cr, 10, 1},
    .hse_on = {cr, 16, 1},
    .hse_ready = {cr, 17, 1},
    .pll_ready = {cr, 25, 1},
    .msi_by_run = {icscr1, 23, 1},
    .msi_run = {icscr1, 28, 4},
    .msi_standby = {csr, 12, 4},
    .pll_source = {pll1cfgr, 0, 2},
    .pll_sources = {Source::none, Source::msi, Source::hsi, Source::hse},
    .pll_m = {.field = {pll1cfgr, 8, 4}, .plus = 1},
    .pll_n = {pll1divr, 0, 9},
    .pll_n_plus = 1,
    .pll_out = {.field = {pll1divr, 24, 7}, .plus = 1},
    .pll_out_on = {pll1cfgr, 18, 1},
    .hpre = {cfgr2, 0, 4},
    .ppre1 = {cfgr2, 4, 3},
    .ppre2 = {cfgr2, 8, 3},
};

class Rcc final : public Stm32Rcc {
 public:
  Rcc(const DeviceSpec& spec, const Wiring& wiring)
      : Stm32Rcc(spec, wiring, clock_tree,
                 {.hsi = spec.number("hsi_hz"), .hse = spec.number("hse_hz"), .msi = spec.list("msi_range_hz")}) {
    const auto tree = clock_write();
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
    start();
  }
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

constexpr Stm32FlashLayout flash_layout = {
    .acr_reset = 1,
    .acr_writable = 0x790F,
    .prefetch = 1u << 8,
    .cr = 0x28,
    .cr_reset = 0xC0000000,
    .cr_writes = 0x18007,
};

class Flash final : public Stm32Flash {
 public:
  Flash(const DeviceSpec& spec, const Wiring& wiring) : Stm32Flash(spec, wiring, flash_layout) {
    define({
        {.offset = 0x08, .name = "NSKEYR", .writable = 0},
        {.offset = 0x10, .name = "OPTKEYR", .writable = 0},
        {.offset = 0x20, .name = "NSSR", .writable = 0},
        {.offset = 0x40, .name = "OPTR", .reset = static_cast<std::uint32_t>(spec.number("optr")), .writable = 0},
    });
  }
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
