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

std::string_view SystemControlSpace::register_name(std::uint32_t offset) const {
  struct Named {
    std::uint32_t offset;
    const char* name;
  };
  // ARMv7-M B3.2.2 and B3.3.2
  static constexpr Named names[] = {
      {0x010, "SYST_CSR"}, {0x014, "SYST_RVR"}, {0x018, "SYST_CVR"}, {0x01c, "SYST_CALIB"}, {0xd00, "CPUID"},
      {0xd04, "ICSR"},     {0xd08, "VTOR"},     {0xd0c, "AIRCR"},    {0xd10, "SCR"},        {0xd14, "CCR"},
      {0xd18, "SHPR1"},    {0xd1c, "SHPR2"},    {0xd20, "SHPR3"},    {0xd24, "SHCSR"},      {0xd28, "CFSR"},
      {0xd2c, "HFSR"},     {0xd30, "DFSR"},     {0xd34, "MMFAR"},    {0xd38, "BFAR"},       {0xd88, "CPACR"}};
  for (const Named& n : names)
    if (n.offset == (offset & ~3u)) return n.name;
  if (offset >= 0x100 && offset < 0x500) {
    static constexpr const char* banks[] = {"NVIC_ISER", "NVIC_ICER", "NVIC_ISPR", "NVIC_ICPR",
                                            "NVIC_IABR", "",          "",          ""};
    return offset >= 0x400 ? "NVIC_IPR" : banks[(offset - 0x100) >> 7];
  }
  return {};
}

std::optional<std::uint32_t> SystemControlSpace::peek(std::uint32_t offset) const {
  if (offset == 0x014) return systick_.read(0x4, 4, 0);
  if (is_systick(offset)) return std::nullopt;
  return is_nvic(offset) ? nvic_.read(offset, 4, 0) : scb_.read(offset, 4, 0);
}

PrivateBus::PrivateBus(const PrivateBusConfig& config, isa::thumb::ExceptionUnit& exceptions, const std::uint32_t* regs,
                       EventQueue& events, DiagnosticSink& diagnostics, std::function<void()> changed,
                       std::function<void()> reset_request)
    : dwt_(config.dwt, diagnostics),
      systick_(config.systick, exceptions, events, changed),
      nvic_(exceptions, changed),
      scb_(config.scb, exceptions, regs, diagnostics,
           {changed, std::move(reset_request), [this](bool on, Cycle now) { dwt_.set_trace_enabled(on, now); }}),
      scs_(systick_, nvic_, scb_) {}

void PrivateBus::reset() {
  dwt_.reset();
  systick_.reset();
  scb_.reset();
}

}  // namespace mj::peripherals
