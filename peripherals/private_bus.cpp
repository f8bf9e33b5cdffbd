#include "peripherals/private_bus.h"

namespace mj::peripherals {
namespace {

constexpr bool is_systick(std::uint32_t offset) { return offset >= 0x010 && offset < 0x020; }
constexpr bool is_nvic(std::uint32_t offset) {
  return (offset & ~3u) == 0x004 || (offset >= 0x100 && offset < 0x800) || (offset & ~3u) == 0xf00;
}

constexpr bool is_mpu(std::uint32_t offset) { return offset >= MpuRegisters::first && offset <= MpuRegisters::last; }

}  // namespace

bool SystemControlSpace::look(bool& secure) {
  secure = exceptions_.secure();
  if (alias_ && !secure) return false;
  if (alias_) secure = false;
  parts_.nvic.look_as(secure);
  parts_.scb.look_as(secure);
  return true;
}

std::uint32_t SystemControlSpace::read(std::uint32_t offset, unsigned size, Cycle now) {
  bool secure = false;
  if (!look(secure)) return 0;
  if (is_systick(offset)) return parts_.systick[secure]->read(offset - 0x010, size, now);
  if (is_nvic(offset)) return parts_.nvic.read(offset, size, now);
  if (is_mpu(offset)) return parts_.mpu[secure]->read(offset, size, now);
  return parts_.scb.read(offset, size, now);
}

void SystemControlSpace::write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle now) {
  bool secure = false;
  if (!look(secure)) return;
  if (is_systick(offset))
    parts_.systick[secure]->write(offset - 0x010, size, value, now);
  else if (is_nvic(offset))
    parts_.nvic.write(offset, size, value, now);
  else if (is_mpu(offset))
    parts_.mpu[secure]->write(offset, size, value, now);
  else
    parts_.scb.write(offset, size, value, now);
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
  if (is_systick(offset) && offset != 0x014) return std::nullopt;
  const bool secure = exceptions_.secure() && !alias_;
  if (alias_ && !exceptions_.secure()) return std::nullopt;
  if (is_systick(offset)) return parts_.systick[secure]->read(0x4, 4, 0);
  parts_.nvic.look_as(secure);
  parts_.scb.look_as(secure);
  if (is_mpu(offset)) return parts_.mpu[secure]->read(offset, 4, 0);
  return is_nvic(offset) ? parts_.nvic.read(offset, 4, 0) : parts_.scb.read(offset, 4, 0);
}

namespace {

SystickConfig secure_systick(SystickConfig config, bool security) {
  if (security) config.exception = isa::thumb::systick | isa::thumb::secure_bank;
  return config;
}

}  // namespace

PrivateBus::PrivateBus(const PrivateBusConfig& config, isa::thumb::ExceptionUnit& exceptions, isa::thumb::Mpu& mpu,
                       const std::uint32_t* regs, EventQueue& events, DiagnosticSink& diagnostics,
                       std::function<void()> changed, std::function<void()> reset_request,
                       const SecurityParts& security)
    : dwt_(config.dwt, diagnostics),
      systick_(secure_systick(config.systick, security.sau != nullptr), exceptions, events, changed),
      systick_ns_(config.systick, exceptions, events, changed),
      nvic_(exceptions, changed),
      mpu_(mpu, changed),
      mpu_ns_(security.mpu_ns ? *security.mpu_ns : mpu, changed),
      scb_(config.scb, exceptions, regs, diagnostics,
           {changed, std::move(reset_request), [this](bool on, Cycle now) { dwt_.set_trace_enabled(on, now); },
            config.caches, config.maintain}),
      scs_(
          {{security.sau ? &systick_ns_ : &systick_, &systick_}, {security.sau ? &mpu_ns_ : &mpu_, &mpu_}, nvic_, scb_},
          exceptions, false),
      scs_ns_({{&systick_ns_, &systick_ns_}, {&mpu_ns_, &mpu_ns_}, nvic_, scb_}, exceptions, true) {
  scb_.use_sau(security.sau);
}

void PrivateBus::reset() {
  dwt_.reset();
  systick_.reset();
  systick_ns_.reset();
  scb_.reset();
}

}  // namespace mj::peripherals
