// STM32L4/L4+ as far as start-up code and clock set-up reach: RCC, PWR, FLASH (RM0432 ch. 3, 5, 6).
#include <bit>
#include <memory>
#include <string>

#include "peripherals/registry.h"
#include "peripherals/stm32.h"

namespace mj::peripherals {

namespace {

using Source = Stm32Source;

constexpr std::uint32_t cr = 0x00, cfgr = 0x08, pllcfgr = 0x0C, csr = 0x94;

/// MSI, HSI16, HSE and the main PLL's output R. Parts differ in how far the PLL's input can be divided.
constexpr Stm32ClockTree clock_tree(unsigned pllm_max) {
  return {
      .sw = {cfgr, 0, 2},
      .sws = {cfgr, 2, 2},
      .sources = {Source::msi, Source::hsi, Source::hse, Source::pll},
      .msi_ready = {cr, 1, 1},
      .hsi_ready = {cr, 10, 1},
      .hse_on = {cr, 16, 1},
      .hse_ready = {cr, 17, 1},
      .pll_ready = {cr, 25, 1},
      .msi_by_run = {cr, 3, 1},
      .msi_run = {cr, 4, 4},
      .msi_standby = {csr, 8, 4},
      .pll_source = {pllcfgr, 0, 2},
      .pll_sources = {Source::none, Source::msi, Source::hsi, Source::hse},
      .pll_m = {.field = {pllcfgr, 4, static_cast<unsigned>(std::bit_width(pllm_max - 1))}, .plus = 1},
      .pll_n = {pllcfgr, 8, 7},
      .pll_out = {.field = {pllcfgr, 25, 2}, .scale = 2, .plus = 1},
      .pll_out_on = {pllcfgr, 24, 1},
      .hpre = {cfgr, 4, 4},
      .ppre1 = {cfgr, 8, 3},
      .ppre2 = {cfgr, 11, 3},
  };
}

class Rcc final : public Stm32Rcc {
 public:
  Rcc(const DeviceSpec& spec, const Wiring& wiring)
      : Stm32Rcc(spec, wiring, clock_tree(static_cast<unsigned>(spec.number("pllm_max"))),
                 {.hsi = spec.number("hsi_hz"), .hse = spec.number("hse_hz"), .msi = spec.list("msi_range_hz")}) {
    const auto tree = clock_write();
    define({
        {.offset = cr,
         .name = "CR",
         .reset = 0x63,
         .writable = 0x150D0BFD,  // the ready bits are not
         .write = tree},
        {.offset = 0x04, .name = "ICSCR", .reset = 0x10000000},
        {.offset = cfgr, .name = "CFGR", .writable = 0xFFFFFFF3, .write = tree},
        {.offset = pllcfgr, .name = "PLLCFGR", .reset = 0x1000, .write = tree},
        {.offset = 0x10, .name = "PLLSAI1CFGR", .reset = 0x1000},
        {.offset = 0x14, .name = "PLLSAI2CFGR", .reset = 0x1000},
        {.offset = 0x18, .name = "CIER"},
        {.offset = 0x1C, .name = "CIFR", .writable = 0},
        {.offset = 0x20, .name = "CICR", .writable = 0},
        {.offset = 0x48, .name = "AHB1ENR", .reset = 0x100},
        {.offset = 0x88, .name = "CCIPR"},
        {.offset = 0x90, .name = "BDCR", .writable = ~2u},
        {.offset = csr, .name = "CSR", .reset = 0x0C000600, .writable = ~2u, .write = tree},
        {.offset = 0x98, .name = "CRRCR", .writable = ~2u},
        {.offset = 0x9C, .name = "CCIPR2"},
        {.offset = 0xA4, .name = "DLYCFGR"},
    });
    define_storage(0x28, 3, "AHBxRSTR");
    define_storage(0x38, 3, "APBxRSTR");
    define_storage(0x4C, 2, "AHBxENR");
    define_storage(0x58, 3, "APBxENR");
    define_storage(0x68, 3, "AHBxSMENR", 0xFFFFFFFF);
    define_storage(0x78, 3, "APBxSMENR", 0xFFFFFFFF);
    define_follow({
        {cr, 1u << 0, cr, 1},      // MSION -> MSIRDY
        {cr, 1u << 8, cr, 2},      // HSION -> HSIRDY
        {cr, 1u << 24, cr, 1},     // PLLON -> PLLRDY
        {cr, 1u << 26, cr, 1},     // PLLSAI1ON -> PLLSAI1RDY
        {cr, 1u << 28, cr, 1},     // PLLSAI2ON -> PLLSAI2RDY
        {0x90, 1u << 0, 0x90, 1},  // LSEON -> LSERDY
        {csr, 1u << 0, csr, 1},    // LSION -> LSIRDY
        {0x98, 1u << 0, 0x98, 1},  // HSI48ON -> HSI48RDY
    });
    start();
  }
};

/// Voltage scaling takes no time: VOSF and REGLPF read 0.
class Pwr final : public RegisterMap {
 public:
  Pwr(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring) {
    define({
        {.offset = 0x00, .name = "CR1", .reset = 0x200},
        {.offset = 0x04, .name = "CR2"},
        {.offset = 0x08, .name = "CR3", .reset = 0x8000},
        {.offset = 0x0C, .name = "CR4"},
        {.offset = 0x10, .name = "SR1", .writable = 0},
        {.offset = 0x14, .name = "SR2", .writable = 0},
        {.offset = 0x18, .name = "SCR", .writable = 0},
        {.offset = 0x80, .name = "CR5", .reset = 0x100},
    });
    define_storage(0x20, 18, "PUCRx/PDCRx");
  }
};

constexpr Stm32FlashLayout flash_layout = {
    .acr_reset = 0x600,
    .acr_writable = 0x7F0F,
    .prefetch = 1u << 8,
    .icache = 1u << 9,
    .dcache = 1u << 10,
    .flush = 1u << 11 | 1u << 12,  // ICRST, DCRST
    .cr = 0x14,
    .cr_reset = 0xC0000000,
    .cr_writes = 0x10007,
};

class Flash final : public Stm32Flash {
 public:
  Flash(const DeviceSpec& spec, const Wiring& wiring) : Stm32Flash(spec, wiring, flash_layout) {
    define({
        {.offset = 0x04, .name = "PDKEYR", .writable = 0},
        {.offset = 0x08, .name = "KEYR", .writable = 0},
        {.offset = 0x0C, .name = "OPTKEYR", .writable = 0},
        {.offset = 0x10, .name = "SR", .writable = 0},
        {.offset = 0x18, .name = "ECCR"},
        {.offset = 0x20, .name = "OPTR", .reset = static_cast<std::uint32_t>(spec.number("optr")), .writable = 0},
    });
  }
};

}  // namespace

DevicePtr make_stm32l4_rcc(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Rcc>(spec, wiring); }
DevicePtr make_stm32l4_pwr(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Pwr>(spec, wiring); }
DevicePtr make_stm32l4_flash(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<Flash>(spec, wiring);
}

}  // namespace mj::peripherals
