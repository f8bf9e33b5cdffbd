#include "peripherals/pfic.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "peripherals/registry.h"

namespace mj::peripherals {

namespace {
constexpr std::uint32_t threshold = 0x40, cfgr = 0x48, priorities = 0x400, sctlr = 0xD10;
constexpr std::uint32_t key_reset = 0xBEEF0000, cfgr_reset = 1u << 7, sctlr_reset = 1u << 31;
constexpr unsigned first_maskable = 12;  ///< NMI and exceptions have no enable bit
}  // namespace

Pfic::Pfic(const DeviceSpec& spec, const Wiring& wiring)
    : RegisterMap(spec, wiring), priority_mask_(static_cast<unsigned>(spec.number("priority_mask")) & 0xffu) {
  const auto none = [](unsigned) {};
  define_bits(
      0x000, "ISR", [this](unsigned w) { return word_of(enabled_, w); }, none);
  define_bits(
      0x020, "IPR", [this](unsigned w) { return word_of(pending_, w); }, none);
  define_bits(0x100, "IENR", {}, [this](unsigned n) { enabled_[n] = true; });
  define_bits(0x180, "IRER", {}, [this](unsigned n) { enabled_[n] = false; });
  define_bits(0x200, "IPSR", {}, [this](unsigned n) { pending_[n] = true; });
  define_bits(0x280, "IPRR", {}, [this](unsigned n) { pending_[n] = level_[n]; });
  define_bits(
      0x300, "IACTR", [this](unsigned w) { return word_of(active_, w); }, none);
  const auto reset = [this](std::uint32_t offset) {
    report(offset, "system reset requested: the run ends here");
    wiring_.exit->request_reset();
  };
  define({
      {.offset = threshold, .name = "ITHRESDR", .writable = 0xff, .write = [this](auto, Cycle) { update(); }},
      {.offset = cfgr,
       .name = "CFGR",
       .writable = 0,
       .write =
           [reset](std::uint32_t v, Cycle) {
             if ((v & 0xffff0000u) == key_reset && (v & cfgr_reset)) reset(cfgr);
           }},
      {.offset = 0x4C,
       .name = "GISR",
       .writable = 0,
       .read = [this](Cycle) -> std::uint32_t {
         return (active_.any() ? 1u << 8 : 0u) | (pending_.any() ? 1u << 9 : 0u);
       }},
      {.offset = sctlr,
       .name = "SCTLR",
       .writable = 0x3f,
       .write =
           [reset](std::uint32_t v, Cycle) {
             if (v & sctlr_reset) reset(sctlr);
           }},
  });
  for (unsigned w = 0; w < count / 4; ++w)
    define({{.offset = priorities + 4 * w, .name = "IPRIOR", .write = [this, w](auto, Cycle) {
               const std::uint32_t bytes = get(priorities + 4 * w);
               for (unsigned k = 0; k < 4; ++k) priorities_[4 * w + k] = static_cast<std::uint8_t>(bytes >> (8 * k));
               update();
             }}});
  if (wiring_.interrupts) {
    wiring_.interrupts->taken = [this](unsigned number) { taken(number); };
    wiring_.interrupts->returned = [this] { returned(); };
  }
}

void Pfic::define_bits(std::uint32_t offset, std::string_view name, std::function<std::uint32_t(unsigned)> read,
                       std::function<void(unsigned)> write) {
  for (unsigned w = 0; w < count / 32; ++w) {
    Register row{.offset = offset + 4 * w, .name = name, .writable = 0};
    if (read) row.read = [read, w](Cycle) { return read(w); };
    row.write = [this, write, w](std::uint32_t v, Cycle) {
      for (unsigned k = 0; k < 32; ++k)
        if (v >> k & 1u) write(32 * w + k);
      update();
    };
    define({std::move(row)});
  }
}

std::uint32_t Pfic::word_of(const Bits& bits, unsigned word) {
  std::uint32_t out = 0;
  for (unsigned k = 0; k < 32; ++k) out |= std::uint32_t{bits[32 * word + k]} << k;
  return out;
}

void Pfic::set_irq(unsigned number, bool level) {
  if (number >= count) return;
  level_[number] = level;
  // A source's request stays as long as its flag does, and goes with it.
  pending_[number] = level && !active_[number];
  update();
}

void Pfic::update() {
  if (!wiring_.interrupts || !wiring_.interrupts->present) return;
  unsigned limit = 0x100;  // less urgent than every priority
  for (unsigned n = 0; n < count; ++n)
    if (active_[n]) limit = std::min(limit, priority(n));
  const unsigned masked_from = get(threshold) & priority_mask_;
  std::optional<unsigned> best;
  for (unsigned n = 0; n < count; ++n) {
    if (!pending_[n] || (n >= first_maskable && !enabled_[n])) continue;
    if (priority(n) >= limit || (masked_from != 0 && priority(n) >= masked_from)) continue;
    if (!best || priority(n) < priority(*best)) best = n;
  }
  wiring_.interrupts->present(best);
}

void Pfic::taken(unsigned number) {
  if (number >= count) return;
  pending_[number] = false;
  active_[number] = true;
  update();
}

void Pfic::returned() {
  std::optional<unsigned> inner;
  for (unsigned n = 0; n < count; ++n)
    if (active_[n] && (!inner || priority(n) < priority(*inner))) inner = n;
  if (!inner) return;  // back from an exception
  active_[*inner] = false;
  if (level_[*inner]) pending_[*inner] = true;
  update();
}

DevicePtr make_pfic(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Pfic>(spec, wiring); }

}  // namespace mj::peripherals
