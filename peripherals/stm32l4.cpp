// STM32L4/L4+ as far as start-up code and clock set-up reach: RCC, PWR, FLASH (RM0432 ch. 3, 5, 6).
#include <memory>
#include <string>

#include "peripherals/register_map.h"
#include "peripherals/registry.h"

namespace mj::peripherals {

namespace {

/// Clock tree: MSI, HSI16, HSE and the main PLL to SYSCLK, HCLK (net "core") and the timers (nets "tim_apb1",
/// "tim_apb2"). Oscillators and PLLs are ready at once.
class Rcc final : public RegisterMap {
 public:
  Rcc(const DeviceSpec& spec, const Wiring& wiring)
      : RegisterMap(spec, wiring),
        msi_hz_(spec.list("msi_range_hz")),
        hsi_hz_(spec.number("hsi_hz")),
        hse_hz_(spec.number("hse_hz")),
        pllm_max_(static_cast<std::uint32_t>(spec.number("pllm_max"))) {
    const auto tree = [this](auto, Cycle now) { update(now); };
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
    update(0);
  }

 private:
  static constexpr std::uint32_t cr = 0x00, cfgr = 0x08, pllcfgr = 0x0C, csr = 0x94;
  static constexpr std::uint32_t cr_msirgsel = 1u << 3, cr_hseon = 1u << 16, cr_hserdy = 1u << 17, cr_pllrdy = 1u << 25;

  Hertz msi() const {
    if (!(get(cr) & 2)) return 0;
    const std::uint32_t range = get(cr) & cr_msirgsel ? get(cr) >> 4 & 15 : get(csr) >> 8 & 15;
    return range < msi_hz_.size() ? msi_hz_[range] : 0;
  }
  Hertz hsi() const { return get(cr) & 1u << 10 ? hsi_hz_ : 0; }
  Hertz hse() const { return get(cr) & cr_hserdy ? hse_hz_ : 0; }
  Hertz pll() const {
    const std::uint32_t v = get(pllcfgr);
    if (!(get(cr) & cr_pllrdy) || !(v & 1u << 24)) return 0;  // off, or no R output
    const Hertz in[] = {0, msi(), hsi(), hse()};
    const std::uint32_t m = (v >> 4 & (pllm_max_ - 1)) + 1, n = v >> 8 & 0x7F, r = 2 * ((v >> 25 & 3) + 1);
    return in[v & 3] / m * n / r;
  }
  Hertz source(std::uint32_t sw) const { return sw == 0 ? msi() : sw == 1 ? hsi() : sw == 2 ? hse() : pll(); }

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
    // A timer runs at its bus's clock, doubled if that is divided.
    const auto timer = [&](std::uint32_t ppre) { return ppre & 4 ? hclk >> (ppre & 3) : hclk; };
    wiring_.clocks->drive_from_core("tim_apb1", timer(v >> 8 & 7), now);
    wiring_.clocks->drive_from_core("tim_apb2", timer(v >> 11 & 7), now);
  }

  std::vector<std::uint64_t> msi_hz_;
  Hertz hsi_hz_, hse_hz_;
  std::uint32_t pllm_max_;
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

/// Programs the front end of the flash region that parameter `flash` names.
class Flash final : public RegisterMap {
 public:
  Flash(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring) {
    if (wiring_.flash) timing_ = wiring_.flash(spec.text_or("flash", ""));
    define({
        {.offset = acr, .name = "ACR", .reset = 0x600, .writable = 0x7F0F, .write = [this](auto, Cycle) { program(); }},
        {.offset = 0x04, .name = "PDKEYR", .writable = 0},
        {.offset = 0x08, .name = "KEYR", .writable = 0},
        {.offset = 0x0C, .name = "OPTKEYR", .writable = 0},
        {.offset = 0x10, .name = "SR", .writable = 0},
        {.offset = 0x14,
         .name = "CR",
         .reset = 0xC0000000,
         .write =
             [this](std::uint32_t v, Cycle) {
               if (v & 0x10007) report(0x14, "flash programming or erasing");
             }},
        {.offset = 0x18, .name = "ECCR"},
        {.offset = 0x20, .name = "OPTR", .reset = static_cast<std::uint32_t>(spec.number("optr")), .writable = 0},
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
    if (changed & 1u << 9) timing_->set_icache(v & 1u << 9);
    if (changed & 1u << 10) timing_->set_dcache(v & 1u << 10);
    if (v & (1u << 11 | 1u << 12)) timing_->flush();  // ICRST, DCRST: the model empties both together
  }

  memory::FlashTiming* timing_ = nullptr;
  std::uint32_t programmed_ = 0x600;  // ACR's reset value; the board file gives the front end the same state
};

}  // namespace

DevicePtr make_stm32l4_rcc(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Rcc>(spec, wiring); }
DevicePtr make_stm32l4_pwr(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Pwr>(spec, wiring); }
DevicePtr make_stm32l4_flash(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<Flash>(spec, wiring);
}

}  // namespace mj::peripherals
