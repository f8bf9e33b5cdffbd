// STM32F4 and F7 as far as start-up code and clock set-up reach: RCC, PWR, FLASH (RM0390 and RM0410, chapters 3, 5 and
// 6; both families have the same registers but for the flash accelerator's).
#include <memory>
#include <string>

#include "peripherals/registry.h"
#include "peripherals/stm32.h"

namespace mj::peripherals {

namespace {

using Source = Stm32Source;

constexpr std::uint32_t cr = 0x00, pllcfgr = 0x04, cfgr = 0x08, bdcr = 0x70, csr = 0x74;

/// HSI, HSE and the main PLL: its output P, or, where the part has it, R.
constexpr Stm32ClockTree clock_tree = {
    .sw = {cfgr, 0, 2},
    .sws = {cfgr, 2, 2},
    .sources = {Source::hsi, Source::hse, Source::pll, Source::pll_second},
    .hsi_ready = {cr, 1, 1},
    .hse_on = {cr, 16, 1},
    .hse_ready = {cr, 17, 1},
    .pll_ready = {cr, 25, 1},
    .pll_source = {pllcfgr, 22, 1},
    .pll_sources = {Source::hsi, Source::hse},
    .pll_m = {.field = {pllcfgr, 0, 6}, .least = 2},
    .pll_n = {pllcfgr, 6, 9},
    .pll_out = {.field = {pllcfgr, 16, 2}, .scale = 2, .plus = 1},
    .pll_second = {.field = {pllcfgr, 28, 3}, .least = 2},
    .hpre = {cfgr, 4, 4},
    .ppre1 = {cfgr, 10, 3},
    .ppre2 = {cfgr, 13, 3},
};

class Rcc final : public Stm32Rcc {
 public:
  Rcc(const DeviceSpec& spec, const Wiring& wiring)
      : Stm32Rcc(spec, wiring, clock_tree, {.hsi = spec.number("hsi_hz"), .hse = spec.number("hse_hz")}) {
    const auto tree = clock_write();
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
    start();
  }
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

constexpr Stm32FlashLayout f4_flash = {
    .acr_writable = 0x1F0F,
    .prefetch = 1u << 8,
    .icache = 1u << 9,
    .dcache = 1u << 10,
    .flush = 1u << 11 | 1u << 12,  // ICRST, DCRST
    .cr = 0x10,
    .cr_reset = 0x80000000,
    .cr_writes = 0x10007,
};
/// The accelerator of an F7 serves instructions at the ITCM port; elsewhere flash is reached through the core's caches.
constexpr Stm32FlashLayout f7_flash = {
    .acr_writable = 0xB0F,
    .prefetch = 1u << 8,
    .icache = 1u << 9,  // ARTEN
    .flush = 1u << 11,  // ARTRST
    .cr = 0x10,
    .cr_reset = 0x80000000,
    .cr_writes = 0x10007,
};

class Flash final : public Stm32Flash {
 public:
  Flash(const DeviceSpec& spec, const Wiring& wiring)
      : Stm32Flash(spec, wiring, spec.has("itcm_flash") ? f7_flash : f4_flash) {
    define({
        {.offset = 0x04, .name = "KEYR", .writable = 0},
        {.offset = 0x08, .name = "OPTKEYR", .writable = 0},
        {.offset = 0x0C, .name = "SR", .writable = 0},
        {.offset = 0x14, .name = "OPTCR", .reset = static_cast<std::uint32_t>(spec.number("optcr")), .writable = 0},
        {.offset = 0x18, .name = "OPTCR1", .writable = 0},
    });
  }
};

}  // namespace

DevicePtr make_stm32f4_rcc(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Rcc>(spec, wiring); }
DevicePtr make_stm32f4_pwr(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Pwr>(spec, wiring); }
DevicePtr make_stm32f4_flash(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<Flash>(spec, wiring);
}

}  // namespace mj::peripherals
