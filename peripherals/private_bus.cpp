#include "peripherals/private_bus.h"

namespace mj::peripherals {
namespace {

constexpr bool is_systick(std::uint32_t offset) { return offset >= 0x010 && offset < 0x020; }
constexpr bool is_nvic(std::uint32_t offset) {
  return (offset & ~3u) == 0x004 || (offset >= 0x100 && offset < 0x800) || (offset & ~3u) == 0xf00;
}

}  // namespace

std::uint32_t SystemControlSpace::read(std::uint32_t offset, unsigned size, Cycle now) {
  if (is_systick(offset)) return systick_.read(offset - 0x010, size, now);
  if (is_nvic(offset)) return nvic_.read(offset, size, now);
  return scb_.read(offset, size, now);
}

void SystemControlSpace::write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle now) {
  if (is_systick(offset))
    systick_.write(offset - 0x010, size, value, now);
  else if (is_nvic(offset))
    nvic_.write(offset, size, value, now);
  else
    scb_.write(offset, size, value, now);
}

PrivateBus::PrivateBus(const PrivateBusConfig& config, isa::thumb::ExceptionUnit& exceptions, const std::uint32_t* regs,
                       EventQueue& events, DiagnosticSink& diagnostics, std::function<void()> changed,
                       std::function<void()> reset_request)
    : dwt_(config.dwt, diagnostics),
      systick_(config.systick, exceptions, events, changed),
      nvic_(exceptions, changed),
      scb_(config.scb, exceptions, regs, diagnostics,
           {changed, std::move(reset_request), [this](bool on, Cycle now) { dwt_.set_trace_enabled(on, now); },
            config.caches}),
      scs_(systick_, nvic_, scb_) {}

void PrivateBus::reset() {
  dwt_.reset();
  systick_.reset();
  scb_.reset();
}

}  // namespace mj::peripherals
