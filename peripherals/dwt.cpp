#include "peripherals/dwt.h"

namespace mj::peripherals {
namespace {

constexpr std::uint32_t cyccntena = 1, nocyccnt = 1u << 25;

}  // namespace

void Dwt::reset() {
  ctrl_ = value_ = 0;
  since_ = 0;
  trace_enabled_ = sleeping_ = false;
}

bool Dwt::counting() const {
  return trace_enabled_ && !sleeping_ && (ctrl_ & cyccntena) != 0 && (config_.ctrl & nocyccnt) == 0;
}

std::uint32_t Dwt::count(Cycle now) const {
  return counting() ? value_ + static_cast<std::uint32_t>(now - since_) : value_;
}

void Dwt::set_trace_enabled(bool on, Cycle now) {
  value_ = count(now);
  since_ = now;
  trace_enabled_ = on;
}

void Dwt::set_sleeping(bool asleep, Cycle now) {
  value_ = count(now);
  since_ = now;
  sleeping_ = asleep;
}

std::uint32_t Dwt::read(std::uint32_t offset, unsigned, Cycle now) {
  std::uint32_t word = 0;
  switch (offset & ~3u) {
    case 0x000:
      word = (config_.ctrl & 0xff000000u) | ctrl_;
      break;
    case 0x004:
      word = count(now);
      break;
    case 0xfb4:
      break;  // LSR: no software lock
    default:
      diagnostics_.not_modelled(name(), offset & ~3u, "DWT counter or comparator reads as 0");
  }
  return word >> (offset & 3) * 8;
}

void Dwt::write(std::uint32_t offset, unsigned, std::uint32_t value, Cycle now) {
  switch (offset) {
    case 0x000:
      value_ = count(now);
      since_ = now;
      if ((value & 0x007f0000) != 0) diagnostics_.not_modelled(name(), offset, "DWT event counters and packets");
      ctrl_ = value & 0x007fffffu;
      break;
    case 0x004:
      value_ = value;
      since_ = now;
      break;
    case 0xfb0:
      break;  // LAR
    default:
      diagnostics_.not_modelled(name(), offset, "DWT counter or comparator ignores writes");
  }
}

}  // namespace mj::peripherals
