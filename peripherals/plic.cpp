#include "peripherals/plic.h"

#include <memory>
#include <utility>

#include "peripherals/registry.h"

namespace mj::peripherals {

namespace {

constexpr unsigned line_external = 11;  // of mip (Volume II, 3.1.9)

// Memory map: PLIC specification, chapter 3.
constexpr std::uint32_t at_pending = 0x1000, at_enable = 0x2000, enable_stride = 0x80, at_context = 0x200000,
                        context_stride = 0x1000;

}  // namespace

Plic::Plic(PlicConfig config, IrqSink& core, DiagnosticSink& diagnostics)
    : config_(std::move(config)),
      core_(core),
      diagnostics_(diagnostics),
      sources_(config_.sources + 1),
      contexts_(config_.contexts) {
  for (Context& c : contexts_) c.enabled.resize(sources_.size());
}

unsigned Plic::best(const Context& context) const {
  unsigned best = 0;
  for (unsigned s = 1; s < sources_.size(); ++s)
    if (sources_[s].pending && context.enables(s) && sources_[s].priority > sources_[best].priority) best = s;
  return best;  // source 0 has priority 0, which never interrupts
}

void Plic::update() {
  if (contexts_.empty()) return;
  const Context& machine = contexts_.front();
  const unsigned source = best(machine);
  const bool line = source != 0 && sources_[source].priority > machine.threshold;
  if (line == line_) return;
  line_ = line;
  core_.set_irq(line_external, line);
}

void Plic::pass(Source& source) {
  if (source.level && !source.served) source.pending = true;
}

void Plic::set_irq(unsigned source, bool level) {
  if (source == 0 || source >= sources_.size()) return;
  sources_[source].level = level;
  pass(sources_[source]);
  update();
}

// The threshold doesn't count for a claim (PLIC specification, chapter 6 and 8).
unsigned Plic::claim(Context& context) {
  const unsigned source = best(context);
  if (source == 0) return 0;
  sources_[source].pending = false;
  sources_[source].served = true;
  update();
  return source;
}

void Plic::complete(const Context& context, std::uint32_t source) {
  if (source >= sources_.size() || !context.enables(source)) return;
  sources_[source].served = false;
  pass(sources_[source]);
  update();
}

std::uint32_t Plic::read(std::uint32_t offset, unsigned size, Cycle) {
  if (size != 4) diagnostics_.not_modelled(config_.name, offset, "access of less than a word: made as a word's");
  offset &= ~3u;
  const auto bits = [&](std::uint32_t first, const auto& set) {
    std::uint32_t word = 0;
    for (std::uint32_t k = 0; k < 32 && first + k < sources_.size(); ++k) word |= std::uint32_t{set(first + k)} << k;
    return word;
  };
  if (offset < at_pending) return offset / 4 < sources_.size() ? sources_[offset / 4].priority : 0;
  if (offset < at_enable) return bits((offset - at_pending) * 8, [&](std::size_t s) { return sources_[s].pending; });
  if (offset < at_context) {
    const std::uint32_t context = (offset - at_enable) / enable_stride;
    if (context >= contexts_.size()) return 0;
    return bits((offset - at_enable) % enable_stride * 8,
                [&](std::size_t s) -> bool { return contexts_[context].enabled[s]; });
  }
  const std::uint32_t context = (offset - at_context) / context_stride;
  if (context >= contexts_.size()) return 0;
  switch ((offset - at_context) % context_stride) {
    case 0:
      return contexts_[context].threshold;
    case 4:
      return claim(contexts_[context]);
    default:
      return 0;
  }
}

void Plic::write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle) {
  if (size != 4) diagnostics_.not_modelled(config_.name, offset, "access of less than a word: made as a word's");
  offset &= ~3u;
  if (offset < at_pending) {
    if (offset / 4 != 0 && offset / 4 < sources_.size()) sources_[offset / 4].priority = value & config_.max_priority;
  } else if (offset >= at_enable && offset < at_context) {
    const std::uint32_t context = (offset - at_enable) / enable_stride;
    const std::uint32_t first = (offset - at_enable) % enable_stride * 8;
    if (context >= contexts_.size()) return;
    for (std::uint32_t k = first == 0; k < 32 && first + k < sources_.size(); ++k)
      contexts_[context].enabled[first + k] = (value >> k) & 1u;
  } else if (offset >= at_context) {
    const std::uint32_t context = (offset - at_context) / context_stride;
    if (context >= contexts_.size()) return;
    switch ((offset - at_context) % context_stride) {
      case 0:
        contexts_[context].threshold = value & config_.max_priority;
        break;
      case 4:
        complete(contexts_[context], value);
        break;
      default:
        return;
    }
  }
  update();
}

DevicePtr make_plic(const DeviceSpec& spec, const Wiring& wiring) {
  PlicConfig config;
  config.name = spec.name;
  config.sources = static_cast<unsigned>(spec.number("sources"));
  config.contexts = static_cast<unsigned>(spec.number_or("contexts", 1));
  config.max_priority = static_cast<unsigned>(spec.number("max_priority"));
  return std::make_unique<Plic>(std::move(config), *wiring.irqs, *wiring.diagnostics);
}

}  // namespace mj::peripherals
