// STM32H7 (H742 to H753, one core) as far as start-up code and clock set-up reach: RCC, PWR, FLASH (RM0433 ch. 4, 6,
// 8).
#include <memory>
#include <string>

#include "peripherals/registry.h"
#include "peripherals/stm32.h"

namespace mj::peripherals {

namespace {

using Source = Stm32Source;

constexpr std::uint32_t cr = 0x00, cfgr = 0x10, d1cfgr = 0x18, d2cfgr = 0x1C, pllckselr = 0x28, pllcfgr = 0x2C,
                        pll1divr = 0x30, bdcr = 0x70, csr = 0x74;

/// HSI, CSI, HSE and PLL1's output P. The core's clock is SYSCLK by D1CPRE; HPRE leads from there to the AXI and AHB
/// buses, which memory outside the core runs at.
constexpr Stm32ClockTree clock_tree = {
    .sw = {cfgr, 0, 3},
    .sws = {cfgr, 3, 3},
    .sources = {Source::hsi, Source::csi, Source::hse, Source::pll},
    .hsi_ready = {cr, 2, 1},
    .csi_ready = {cr, 8, 1},
    .hse_on = {cr, 16, 1},
    .hse_ready = {cr, 17, 1},
    .pll_ready = {cr, 25, 1},
    .hsi_shift = {cr, 3, 2},
    .pll_source = {pllckselr, 0, 2},
    .pll_sources = {Source::hsi, Source::csi, Source::hse, Source::none},
    .pll_m = {.field = {pllckselr, 4, 6}},
    .pll_n = {pll1divr, 0, 9},
    .pll_n_plus = 1,
    .pll_out = {.field = {pll1divr, 9, 7}, .plus = 1},
    .pll_out_on = {pllcfgr, 16, 1},
    .cpre = {d1cfgr, 8, 4},
    .hpre = {d1cfgr, 0, 4},
    .ppre1 = {d2cfgr, 4, 3},
    .ppre2 = {d2cfgr, 8, 3},
};

class Rcc final : public Stm32Rcc {
 public:
  Rcc(const DeviceSpec& spec, const Wiring& wiring)
      : Stm32Rcc(spec, wiring, clock_tree,
                 {.hsi = spec.number("hsi_hz"), .hse = spec.number("hse_hz"), .csi = spec.number("csi_hz")}) {
    const auto tree = clock_write();
    define({
        {.offset = cr,
         .name = "CR",
         .reset = 0xC0A3,         // D1CKRDY, D2CKRDY and HSIDIVF are always set
         .writable = 0x150D129B,  // the ready bits are not
         .write = tree},
        {.offset = 0x04, .name = "HSICFGR", .reset = 0x40000000},
        {.offset = 0x08, .name = "CRRCR", .writable = 0},
        {.offset = 0x0C, .name = "CSICFGR", .reset = 0x20000000},
        {.offset = cfgr, .name = "CFGR", .writable = 0xFFFFFFC7, .write = tree},
        {.offset = d1cfgr, .name = "D1CFGR", .write = tree},
        {.offset = d2cfgr, .name = "D2CFGR", .write = tree},
        {.offset = 0x20, .name = "D3CFGR"},
        {.offset = pllckselr, .name = "PLLCKSELR", .reset = 0x02020200, .write = tree},
        {.offset = pllcfgr, .name = "PLLCFGR", .reset = 0x01FF0000, .write = tree},
        {.offset = pll1divr, .name = "PLL1DIVR", .reset = 0x01010280, .write = tree},
        {.offset = 0x34,
         .name = "PLL1FRACR",
         .write =
             [this](std::uint32_t v, Cycle) {
               if (v & 0xFFF8) report(0x34, "the PLL's fractional part is taken as 0");
             }},
        {.offset = 0x38, .name = "PLL2DIVR", .reset = 0x01010280},
        {.offset = 0x3C, .name = "PLL2FRACR"},
        {.offset = 0x40, .name = "PLL3DIVR", .reset = 0x01010280},
        {.offset = 0x44, .name = "PLL3FRACR"},
        {.offset = 0x60, .name = "CIER"},
        {.offset = 0x64, .name = "CIFR", .writable = 0},
        {.offset = 0x68, .name = "CICR", .writable = 0},
        {.offset = bdcr, .name = "BDCR", .writable = ~2u},
        {.offset = csr, .name = "CSR", .writable = ~2u},
        {.offset = 0xA0, .name = "GCR"},
        {.offset = 0xA8, .name = "D3AMR"},
        {.offset = 0xD0, .name = "RSR", .reset = 0x00FE0000, .writable = 1u << 16},
    });
    define_storage(0x4C, 4, "DxCCIPxR");
    define_storage(0x7C, 9, "xRSTR");
    define_storage(0xD4, 9, "xENR");
    define_storage(0xFC, 9, "xLPENR", 0xFFFFFFFF);
    define_storage(0x130, 10, "C1_RSR, C1_xENR");
    define_storage(0x15C, 9, "C1_xLPENR", 0xFFFFFFFF);
    define_follow({
        {cr, 1u << 0, cr, 2},      // HSION -> HSIRDY
        {cr, 1u << 7, cr, 1},      // CSION -> CSIRDY
        {cr, 1u << 12, cr, 1},     // HSI48ON -> HSI48RDY
        {cr, 1u << 24, cr, 1},     // PLL1ON -> PLL1RDY
        {cr, 1u << 26, cr, 1},     // PLL2ON -> PLL2RDY
        {cr, 1u << 28, cr, 1},     // PLL3ON -> PLL3RDY
        {bdcr, 1u << 0, bdcr, 1},  // LSEON -> LSERDY
        {csr, 1u << 0, csr, 1},    // LSION -> LSIRDY
    });
    start();
  }
};

/// Voltage scaling and over-drive take no time: their ready bits are always set.
class Pwr final : public RegisterMap {
 public:
  Pwr(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring) {
    define({
        {.offset = 0x00, .name = "CR1", .reset = 0xF000C000},
        {.offset = csr1, .name = "CSR1", .reset = 0x6000, .writable = 0},  // ACTVOSRDY; ACTVOS
        {.offset = 0x08, .name = "CR2", .writable = ~0x10000u},
        {.offset = 0x0C, .name = "CR3", .reset = 6, .writable = ~0x05000000u},
        {.offset = 0x10, .name = "CPUCR"},
        {.offset = d3cr, .name = "D3CR", .reset = 0x6000, .writable = 0xC000},  // VOSRDY; VOS
        {.offset = 0x20, .name = "WKUPCR", .writable = 0},
        {.offset = 0x24, .name = "WKUPFR", .writable = 0},
        {.offset = 0x28, .name = "WKUPEPR"},
    });
    define_follow({
        {d3cr, 3u << 14, csr1, 0},  // VOS -> ACTVOS
        {0x08, 1u << 0, 0x08, 16},  // BREN -> BRRDY
        {0x0C, 1u << 24, 0x0C, 2},  // USB33DEN -> USB33RDY
    });
  }

 private:
  static constexpr std::uint32_t csr1 = 0x04, d3cr = 0x18;
};

/// Both banks have the same wait states, those of bank 1's ACR. There is no accelerator: caches are the core's.
constexpr Stm32FlashLayout flash_layout = {
    .acr_reset = 0x37,
    .acr_writable = 0x3F,
    .cr = 0x0C,
    .cr_reset = 0x31,
    .cr_writes = 0x8E,
};

class Flash final : public Stm32Flash {
 public:
  Flash(const DeviceSpec& spec, const Wiring& wiring) : Stm32Flash(spec, wiring, flash_layout) {
    const auto optsr = static_cast<std::uint32_t>(spec.number("optsr"));
    define({
        {.offset = 0x04, .name = "KEYR1", .writable = 0},
        {.offset = 0x08, .name = "OPTKEYR", .writable = 0},
        {.offset = 0x10, .name = "SR1", .writable = 0},
        {.offset = 0x14, .name = "CCR1", .writable = 0},
        {.offset = 0x18, .name = "OPTCR", .reset = 1, .writable = 0},
        {.offset = 0x1C, .name = "OPTSR_CUR", .reset = optsr, .writable = 0},
        {.offset = 0x20, .name = "OPTSR_PRG", .reset = optsr, .writable = 0},
        {.offset = 0x104, .name = "KEYR2", .writable = 0},
        {.offset = 0x10C, .name = "CR2", .reset = 0x31, .writable = 0},
        {.offset = 0x110, .name = "SR2", .writable = 0},
        {.offset = 0x114, .name = "CCR2", .writable = 0},
    });
  }
};

}  // namespace

DevicePtr make_stm32h7_rcc(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Rcc>(spec, wiring); }
DevicePtr make_stm32h7_pwr(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Pwr>(spec, wiring); }
DevicePtr make_stm32h7_flash(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<Flash>(spec, wiring);
}

}  // namespace mj::peripherals
