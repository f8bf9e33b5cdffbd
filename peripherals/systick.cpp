#include "peripherals/systick.h"

#include <algorithm>

namespace mj::peripherals {
namespace {

constexpr std::uint32_t enable = 1, tickint = 2, clksource = 4, countflag = 1u << 16;
constexpr std::uint32_t calib_noref = 1u << 31;

}  // namespace

Systick::Systick(const SystickConfig& config, isa::thumb::ExceptionUnit& exceptions, EventQueue& events,
                 std::function<void()> changed)
    : config_(config), exceptions_(exceptions), events_(events), changed_(std::move(changed)) {}

Systick::~Systick() { events_.cancel(event_); }

void Systick::reset() {
  csr_ = rvr_ = value_ = 0;
  since_ = 0;
  countflag_ = false;
  events_.cancel(event_);
  event_ = 0;
}

void Systick::set_reference_divider(unsigned divider, Cycle now) {
  if (divider == config_.reference_divider) return;
  settle(now);
  config_.reference_divider = divider;
  reschedule(now);
}

// Ticks from (since_, value_) until the counter next reaches 0: it stands at 0 for one tick, then reloads.
Cycle Systick::ticks_to_zero() const {
  if (value_ > 0) return value_;
  return rvr_ > 0 ? Cycle{rvr_} + 1 : EventQueue::never;
}

Cycle Systick::zero_after(Cycle t) const {
  const Cycle first = ticks_to_zero();
  if (first == EventQueue::never) return EventQueue::never;
  const Cycle at = since_ + first * step();
  if (at > t) return at;
  if (rvr_ == 0) return EventQueue::never;
  const Cycle period = (Cycle{rvr_} + 1) * step();
  return at + ((t - at) / period + 1) * period;
}

// Moves (since_, value_) to the last tick at or before now.
void Systick::settle(Cycle now) {
  if ((csr_ & enable) == 0) {
    since_ = now;
    return;
  }
  if (now <= since_) return;
  const Cycle ticks = (now - since_) / step();
  const Cycle first = ticks_to_zero();
  if (ticks < first) {
    if (ticks > 0)
      value_ = value_ > 0 ? value_ - static_cast<std::uint32_t>(ticks) : rvr_ + 1 - static_cast<std::uint32_t>(ticks);
    if (first == EventQueue::never) value_ = 0;
  } else {
    countflag_ = true;
    const auto into = static_cast<std::uint32_t>((ticks - first) % (Cycle{rvr_} + 1));
    value_ = into == 0 ? 0 : rvr_ + 1 - into;
  }
  since_ += ticks * step();
}

void Systick::reschedule(Cycle after) {
  events_.cancel(event_);
  event_ = 0;
  if ((csr_ & (enable | tickint)) != (enable | tickint)) return;
  const Cycle at = zero_after(after);
  if (at == EventQueue::never) return;
  event_ = events_.schedule(at, [this](Cycle when) {
    event_ = 0;
    exceptions_.set_pending(config_.exception);
    reschedule(std::max(when, since_));
    changed_();
  });
}

std::uint32_t Systick::read_word(std::uint32_t offset, Cycle now) {
  switch (offset & ~3u) {
    case 0x0: {
      settle(now);
      const std::uint32_t value = csr_ | (core_clock() ? clksource : 0) | (countflag_ ? countflag : 0);
      countflag_ = false;
      return value;
    }
    case 0x4:
      return rvr_;
    case 0x8:
      settle(now);
      return value_;
    default:
      return config_.calib | (config_.reference_divider == 0 ? calib_noref : 0);
  }
}

std::uint32_t Systick::read(std::uint32_t offset, unsigned, Cycle now) {
  return read_word(offset, now) >> (offset & 3) * 8;
}

void Systick::write(std::uint32_t offset, unsigned size, std::uint32_t value, Cycle now) {
  if (size != 4) return;  // B3.2.1: word accesses only
  switch (offset) {
    case 0x0:
      settle(now);
      csr_ = value & (enable | tickint | clksource);
      break;
    case 0x4:
      settle(now);
      rvr_ = value & 0xffffff;
      break;
    case 0x8:
      settle(now);
      value_ = 0;
      countflag_ = false;
      break;
    default:
      return;
  }
  reschedule(now);
}

}  // namespace mj::peripherals
