#include "peripherals/clint.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace mj::peripherals {

namespace {

__extension__ using Wide = unsigned __int128;

// Numbers of the lines in mip (RISC-V Volume II, 3.1.9).
constexpr unsigned line_software = 3, line_timer = 7;

constexpr std::uint64_t with_low(std::uint64_t value, std::uint32_t low) {
  return (value & ~std::uint64_t{0xffffffff}) | low;
}
constexpr std::uint64_t with_high(std::uint64_t value, std::uint32_t high) {
  return (value & 0xffffffff) | std::uint64_t{high} << 32;
}

}  // namespace

Clint::Clint(ClintConfig config, IrqSink& irqs, EventQueue& events)
    : config_(std::move(config)), irqs_(irqs), events_(events) {
  config_.ticks = std::max(config_.ticks, 1u);
  config_.cycles = std::max(config_.cycles, 1u);
  reset(0);
}

Clint::~Clint() { events_.cancel(event_); }

void Clint::reset(Cycle now) {
  msip_ = 0;
  base_ = 0;
  since_ = now;
  // A CLINT's mtimecmp is unspecified after reset; all ones means no interrupt before firmware asks for one.
  mtimecmp_ = config_.layout == ClintLayout::ibex_timer ? 0 : std::numeric_limits<std::uint64_t>::max();
  set_line(line_software, software_level_, false);
  set_line(line_timer, timer_level_, false);
  update_line(now);
}

std::uint64_t Clint::mtime(Cycle now) const {
  return base_ + static_cast<std::uint64_t>(Wide{now - since_} * config_.ticks / config_.cycles);
}

void Clint::set_mtime(std::uint64_t value, Cycle now) {
  base_ = value;
  since_ = now;
}

void Clint::set_ratio(std::uint32_t ticks, std::uint32_t cycles, Cycle now) {
  set_mtime(mtime(now), now);
  config_.ticks = std::max(ticks, 1u);
  config_.cycles = std::max(cycles, 1u);
  update_line(now);
}

Clint::Reg Clint::at(std::uint32_t offset) const {
  if (config_.layout == ClintLayout::ibex_timer) {
    constexpr Reg regs[] = {Reg::mtime, Reg::mtimeh, Reg::mtimecmp, Reg::mtimecmph};
    return offset < 0x10 ? regs[offset / 4] : Reg::none;
  }
  switch (offset & ~3u) {
    case 0x0:
      return Reg::msip;
    case 0x4000:
      return Reg::mtimecmp;
    case 0x4004:
      return Reg::mtimecmph;
    case 0xbff8:
      return Reg::mtime;
    case 0xbffc:
      return Reg::mtimeh;
    default:
      return Reg::none;
  }
}

std::uint32_t Clint::value_of(Reg reg, Cycle now) const {
  switch (reg) {
    case Reg::none:
      return 0;
    case Reg::msip:
      return msip_;
    case Reg::mtimecmp:
      return static_cast<std::uint32_t>(mtimecmp_);
    case Reg::mtimecmph:
      return static_cast<std::uint32_t>(mtimecmp_ >> 32);
    case Reg::mtime:
      return static_cast<std::uint32_t>(mtime(now));
    case Reg::mtimeh:
      return static_cast<std::uint32_t>(mtime(now) >> 32);
  }
  return 0;
}

std::uint32_t Clint::read(std::uint32_t offset, unsigned size, Cycle now) {
  const std::uint32_t word = value_of(at(offset), now) >> (offset & 3) * 8;
  return size >= 4 ? word : word & ((1u << size * 8) - 1);
}

void Clint::write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle now) {
  const Reg reg = at(offset);
  if (size < 4) {  // a part of the word keeps the rest
    const unsigned shift = (offset & 3) * 8;
    const std::uint32_t mask = ((1u << size * 8) - 1) << shift;
    value = (value_of(reg, now) & ~mask) | ((value << shift) & mask);
  }
  switch (reg) {
    case Reg::none:
      return;
    case Reg::msip:
      msip_ = value & 1;
      set_line(line_software, software_level_, msip_ != 0);
      return;
    case Reg::mtimecmp:
      mtimecmp_ = with_low(mtimecmp_, value);
      break;
    case Reg::mtimecmph:
      mtimecmp_ = with_high(mtimecmp_, value);
      break;
    case Reg::mtime:
      set_mtime(with_low(mtime(now), value), now);
      break;
    case Reg::mtimeh:
      set_mtime(with_high(mtime(now), value), now);
      break;
  }
  const bool compare_written = reg == Reg::mtimecmp || reg == Reg::mtimecmph;
  const bool sticky = config_.layout == ClintLayout::ibex_timer && timer_level_ && !compare_written;
  if (!sticky) update_line(now);
}

// Sets the line's level of this moment and schedules its next rise; it never falls by itself.
void Clint::update_line(Cycle now) {
  events_.cancel(event_);
  event_ = 0;
  const std::uint64_t current = mtime(now);
  const bool due = current >= mtimecmp_;
  set_line(line_timer, timer_level_, due);
  if (due) return;
  // The first cycle in which base_ + (cycle - since_) * ticks / cycles is at least mtimecmp_.
  const Wide wait = (Wide{mtimecmp_ - base_} * config_.cycles + config_.ticks - 1) / config_.ticks;
  if (wait >= Wide{EventQueue::never - since_}) return;  // after the end of time
  event_ = events_.schedule(since_ + static_cast<Cycle>(wait), [this](Cycle when) {
    event_ = 0;
    update_line(when);
  });
}

void Clint::set_line(unsigned number, bool& level, bool wanted) {
  if (level == wanted) return;
  level = wanted;
  irqs_.set_irq(number, level);
}

}  // namespace mj::peripherals
