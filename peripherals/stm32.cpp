#include "peripherals/stm32.h"

#include <utility>

namespace mj::peripherals {

namespace {
constexpr std::uint32_t mask(const Stm32Field& f) { return ((1u << f.bits) - 1) << f.shift; }

/// HPRE and CPRE: 0xxx undivided, 1xxx by 2 to 512, without 32.
Hertz prescaled(Hertz hz, std::uint32_t pre) {
  static constexpr unsigned shift[] = {1, 2, 3, 4, 6, 7, 8, 9};
  return pre & 8 ? hz >> shift[pre & 7] : hz;
}
}  // namespace

Stm32Rcc::Stm32Rcc(const DeviceSpec& spec, const Wiring& wiring, const Stm32ClockTree& tree,
                   Stm32Oscillators oscillators)
    : RegisterMap(spec, wiring), tree_(tree), oscillators_(std::move(oscillators)) {
  if (wiring_.flash && spec.has("flash")) at_hclk_ = wiring_.flash(spec.text_or("flash", ""));
}

std::uint32_t Stm32Rcc::field(const Stm32Field& f) const { return f.bits ? (get(f.offset) & mask(f)) >> f.shift : 0; }

void Stm32Rcc::set_field(const Stm32Field& f, std::uint32_t value) {
  set(f.offset, (get(f.offset) & ~mask(f)) | (value << f.shift & mask(f)));
}

std::uint32_t Stm32Rcc::divisor(const Stm32Divider& d) const {
  const std::uint32_t by = d.scale * (field(d.field) + d.plus);
  return by < d.least ? 0 : by;
}

Hertz Stm32Rcc::msi() const {
  const std::uint32_t range = field(field(tree_.msi_by_run) ? tree_.msi_run : tree_.msi_standby);
  return field(tree_.msi_ready) && range < oscillators_.msi.size() ? oscillators_.msi[range] : 0;
}

Hertz Stm32Rcc::pll(const Stm32Divider& output) const {
  const std::uint32_t m = divisor(tree_.pll_m), by = divisor(output);
  const bool on = field(tree_.pll_ready) && (!tree_.pll_out_on.bits || field(tree_.pll_out_on));
  if (!on || m == 0 || by == 0) return 0;
  return hz(tree_.pll_sources[field(tree_.pll_source)]) / m * (field(tree_.pll_n) + tree_.pll_n_plus) / by;
}

Hertz Stm32Rcc::hz(Stm32Source source) const {
  switch (source) {
    case Stm32Source::none:
      break;
    case Stm32Source::msi:
      return msi();
    case Stm32Source::hsi:
      return field(tree_.hsi_ready) ? oscillators_.hsi >> field(tree_.hsi_shift) : 0;
    case Stm32Source::csi:
      return field(tree_.csi_ready) ? oscillators_.csi : 0;
    case Stm32Source::hse:
      return field(tree_.hse_ready) ? oscillators_.hse : 0;
    case Stm32Source::pll:
      return pll(tree_.pll_out);
    case Stm32Source::pll_second:
      return pll(tree_.pll_second);
  }
  return 0;
}

void Stm32Rcc::update(Cycle now) {
  const bool hse_asked = field(tree_.hse_on) != 0;
  if (hse_asked && oscillators_.hse == 0) report(tree_.hse_on.offset, "HSE switched on, but the board has none");
  set_field(tree_.hse_ready, hse_asked && oscillators_.hse != 0);
  // The switch takes place once the wanted source runs (SWS follows SW).
  const std::uint32_t wanted = field(tree_.sw);
  if (wanted < tree_.sources.size() && hz(tree_.sources[wanted])) set_field(tree_.sws, wanted);
  const Hertz sysclk = hz(tree_.sources[field(tree_.sws) % tree_.sources.size()]);
  const Hertz divided = prescaled(sysclk, field(tree_.cpre));
  const Hertz hclk = prescaled(divided, field(tree_.hpre));
  wiring_.clocks->drive("sysclk", sysclk, now);
  wiring_.clocks->drive(ClockNets::core, tree_.cpre.bits ? divided : hclk, now);
  if (tree_.cpre.bits) wiring_.clocks->drive_from_core("hclk", hclk, now);
  if (at_hclk_ && hclk) at_hclk_->set_bus_ratio(static_cast<std::uint32_t>((divided + hclk - 1) / hclk));
  // A timer runs at its bus's clock, doubled if that is divided (F4's and F7's TIMPRE, which changes this, is not
  // modelled).
  const auto timer = [&](std::uint32_t ppre) { return ppre & 4 ? hclk >> (ppre & 3) : hclk; };
  wiring_.clocks->drive_from_core("tim_apb1", timer(field(tree_.ppre1)), now);
  wiring_.clocks->drive_from_core("tim_apb2", timer(field(tree_.ppre2)), now);
}

Stm32Flash::Stm32Flash(const DeviceSpec& spec, const Wiring& wiring, const Stm32FlashLayout& layout)
    : RegisterMap(spec, wiring), layout_(layout), programmed_(layout.acr_reset) {
  if (wiring_.flash) timing_ = accelerated_ = wiring_.flash(spec.text_or("flash", ""));
  if (wiring_.flash && spec.has("itcm_flash")) accelerated_ = wiring_.flash(spec.text_or("itcm_flash", ""));
  define({
      {.offset = 0x00,
       .name = "ACR",
       .reset = layout_.acr_reset,
       .writable = layout_.acr_writable,
       .write = [this](auto, Cycle) { program(get(0)); }},
      {.offset = layout_.cr,
       .name = "CR",
       .reset = layout_.cr_reset,
       .write =
           [this](std::uint32_t v, Cycle) {
             if (v & layout_.cr_writes) report(layout_.cr, "flash programming or erasing");
           }},
  });
}

void Stm32Flash::program(std::uint32_t acr) {
  const std::uint32_t changed = acr ^ programmed_;
  programmed_ = acr;
  if (changed & layout_.latency) {
    if (timing_) timing_->set_wait_states(acr & layout_.latency);
    if (accelerated_ && accelerated_ != timing_) accelerated_->set_wait_states(acr & layout_.latency);
  }
  if (!accelerated_) return;
  if (changed & layout_.prefetch) accelerated_->set_prefetch(acr & layout_.prefetch);
  if (changed & layout_.icache) accelerated_->set_icache(acr & layout_.icache);
  if (changed & layout_.dcache) accelerated_->set_dcache(acr & layout_.dcache);
  if (acr & layout_.flush) accelerated_->flush();  // the model empties both caches together
}

}  // namespace mj::peripherals
