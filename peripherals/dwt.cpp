#include "peripherals/dwt.h"

namespace mj::peripherals {
namespace {

constexpr std::uint32_t cyccntena = 1, nocyccnt = 1u << 25, noprfcnt = 1u << 24;
constexpr unsigned first_evtena = 17;  // CPIEVTENA, EXCEVTENA, SLEEPEVTENA, LSUEVTENA, FOLDEVTENA
constexpr std::uint32_t evtena = 0x1fu << first_evtena;
constexpr std::uint32_t dwt_ctrl = 0x000, cyccnt = 0x004, first_profile = 0x008, last_profile = 0x018, pcsr = 0x01c,
                        lar = 0xfb0, lsr = 0xfb4;

}  // namespace

void Dwt::reset() {
  ctrl_ = value_ = 0;
  since_ = 0;
  profile_ = {};
  trace_enabled_ = sleeping_ = false;
}

bool Dwt::counting() const {
  return trace_enabled_ && !sleeping_ && (ctrl_ & cyccntena) != 0 && (config_.ctrl & nocyccnt) == 0;
}

std::uint32_t Dwt::count(Cycle now) const {
  return counting() ? value_ + static_cast<std::uint32_t>(now - since_) : value_;
}

bool Dwt::profiling(std::size_t counter) const {
  return trace_enabled_ && (ctrl_ >> (first_evtena + counter) & 1) != 0 && (config_.ctrl & noprfcnt) == 0;
}

void Dwt::settle_profile() {
  const auto any = trace_enabled_ && (ctrl_ & evtena) != 0;
  if (!any || !config_.counts) return;
  const DwtConfig::Counts now = config_.counts();
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (profiling(i)) profile_[i] += now[i] - profile_since_[i];
    profile_since_[i] = now[i];
  }
}

void Dwt::set_trace_enabled(bool on, Cycle now) {
  value_ = count(now);
  since_ = now;
  settle_profile();
  trace_enabled_ = on;
  if (on && config_.counts) profile_since_ = config_.counts();
}

void Dwt::set_sleeping(bool asleep, Cycle now) {
  value_ = count(now);
  since_ = now;
  sleeping_ = asleep;
}

std::uint32_t Dwt::read(std::uint32_t offset, unsigned, Cycle now) {
  const std::uint32_t reg = offset & ~3u;
  std::uint32_t word = 0;
  if (reg == dwt_ctrl) {
    word = (config_.ctrl & 0xff000000u) | ctrl_;
  } else if (reg == cyccnt) {
    word = count(now);
  } else if (reg >= first_profile && reg <= last_profile) {
    settle_profile();
    word = static_cast<std::uint8_t>(profile_[(reg - first_profile) / 4]);
  } else if (reg == pcsr) {
    word = trace_enabled_ && config_.pc ? config_.pc() : 0xffffffffu;
  } else if (reg != lsr) {  // LSR: no software lock
    diagnostics_.not_modelled(name(), reg, "DWT comparator reads as 0");
  }
  return word >> (offset & 3) * 8;
}

void Dwt::write(std::uint32_t offset, unsigned, std::uint32_t value, Cycle now) {
  if (offset == dwt_ctrl) {
    value_ = count(now);
    since_ = now;
    settle_profile();
    if ((value & 0x00410000) != 0) diagnostics_.not_modelled(name(), offset, "DWT trace packets");
    const std::uint32_t begun = value & ~ctrl_ & evtena;
    ctrl_ = value & 0x007fffffu;
    if (begun == 0) return;
    const DwtConfig::Counts at = config_.counts ? config_.counts() : DwtConfig::Counts{};
    for (std::size_t i = 0; i < at.size(); ++i)
      if (begun >> (first_evtena + i) & 1) {
        profile_[i] = 0;
        profile_since_[i] = at[i];
      }
  } else if (offset == cyccnt) {
    value_ = value;
    since_ = now;
  } else if (offset >= first_profile && offset <= last_profile) {
    settle_profile();
    profile_[(offset - first_profile) / 4] = value & 0xff;
  } else if (offset != lar && offset != pcsr) {
    diagnostics_.not_modelled(name(), offset, "DWT comparator ignores writes");
  }
}

}  // namespace mj::peripherals
