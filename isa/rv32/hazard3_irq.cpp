#include "isa/rv32/hazard3_irq.h"

#include <algorithm>

#include "isa/rv32/csr.h"

namespace mj::isa::rv32 {

namespace {

// meicontext: saved enables of the timer's and the software interrupt (3.8.6.1.2).
constexpr std::uint32_t mtie = 1u << irq_timer, msie = 1u << irq_software, mtie_save = 1u << 3, msie_save = 1u << 2;
constexpr std::uint32_t meinext_no_irq = 1u << 31, meinext_update = 1u, no_preemption = 0x10;

}  // namespace

Hazard3Irq::Hazard3Irq(const Hazard3IrqConfig& config)
    : config_{std::min(config.lines, 512u), std::min(config.priority_bits, 4u)},
      priority_mask_(static_cast<std::uint8_t>(~(0xfu >> config_.priority_bits) & 0xfu)),
      lines_(config_.lines) {}

void Hazard3Irq::reset() {
  for (Line& line : lines_) line = {.level = line.level};
  preempt_ = ppreempt_ = pppreempt_ = 0;
  no_irq_ = true;
  mret_eirq_ = false;
  irq_ = 0;
}

bool Hazard3Irq::has(std::uint32_t csr) const { return !lines_.empty() && csr >= csr_meiea && csr <= csr_meicontext; }

std::uint32_t Hazard3Irq::read(std::uint32_t csr, const CsrAccess& access, std::uint32_t mie) const {
  const auto bits = [&](auto of) {
    std::uint32_t word = 0;
    const std::size_t first = (access.operand & 0x1fu) * 16u;
    for (std::size_t k = 0; k < 16 && first + k < lines_.size(); ++k)
      if (of(lines_[first + k])) word |= 0x10000u << k;
    return word;
  };
  switch (csr) {
    case csr_meiea:
      return bits([](const Line& line) { return line.enabled; });
    case csr_meipa:
      return bits([](const Line& line) { return line.pending(); });
    case csr_meifa:
      return bits([](const Line& line) { return line.forced; });
    case csr_meipra: {
      std::uint32_t word = 0;
      const std::size_t first = (access.operand & 0x7fu) * 4u;
      for (std::size_t k = 0; k < 4 && first + k < lines_.size(); ++k)
        word |= std::uint32_t{lines_[first + k].priority} << (16 + 4 * k);
      return word;
    }
    case csr_meinext: {
      const int number = next();
      return number < 0 ? meinext_no_irq : static_cast<std::uint32_t>(number) << 2;
    }
    default: {
      std::uint32_t word = std::uint32_t{pppreempt_} << 28 | std::uint32_t{ppreempt_} << 24 |
                           std::uint32_t{preempt_} << 16 | (no_irq_ ? 1u << 15 : 0u) | irq_ << 4 |
                           (mret_eirq_ ? 1u : 0u);
      if (clears_ts(access)) word |= (mie & mtie ? mtie_save : 0u) | (mie & msie ? msie_save : 0u);
      return word;
    }
  }
}

void Hazard3Irq::was_read(std::uint32_t csr, int number) {
  if (csr == csr_meinext && number >= 0) lines_[static_cast<std::size_t>(number)].forced = false;
}

void Hazard3Irq::write(std::uint32_t csr, std::uint32_t value, const CsrAccess& access, std::uint32_t& mie) {
  const auto each = [&](auto change) {
    const std::size_t first = (access.operand & 0x1fu) * 16u;
    for (std::size_t k = 0; k < 16 && first + k < lines_.size(); ++k)
      change(lines_[first + k], (value >> (16 + k) & 1u) != 0);
  };
  switch (csr) {
    case csr_meiea:
      return each([](Line& line, bool on) { line.enabled = on; });
    case csr_meifa:
      return each([](Line& line, bool on) { line.forced = on; });
    case csr_meipra: {
      const std::size_t first = (access.operand & 0x7fu) * 4u;
      for (std::size_t k = 0; k < 4 && first + k < lines_.size(); ++k)
        lines_[first + k].priority = static_cast<std::uint8_t>(value >> (16 + 4 * k) & priority_mask_);
      return;
    }
    case csr_meinext: {
      if (!(value & meinext_update)) return;
      const int number = next();
      preempt_ = level_above(number);
      no_irq_ = number < 0;
      irq_ = no_irq_ ? 0u : static_cast<std::uint32_t>(number);
      return;
    }
    case csr_meicontext:
      pppreempt_ = static_cast<std::uint8_t>(value >> 28 & priority_mask_);
      ppreempt_ = static_cast<std::uint8_t>(value >> 24 & priority_mask_);
      preempt_ = static_cast<std::uint8_t>(value >> 16 & (priority_mask_ | no_preemption));
      no_irq_ = (value >> 15 & 1u) != 0;
      irq_ = value >> 4 & 0x1ffu;
      mret_eirq_ = (value & 1u) != 0;
      if (clears_ts(access))
        mie &= ~(mtie | msie);
      else
        mie |= (value & mtie_save ? mtie : 0u) | (value & msie_save ? msie : 0u);
      return;
    default:  // meipa follows its sources
      return;
  }
}

void Hazard3Irq::set_line(unsigned number, bool level) {
  if (number < lines_.size()) lines_[number].level = level;
}

bool Hazard3Irq::pending() const {
  return std::any_of(lines_.begin(), lines_.end(),
                     [this](const Line& line) { return line.pending() && line.enabled && line.priority >= preempt_; });
}

int Hazard3Irq::next() const {
  int best = -1;
  for (std::size_t k = 0; k < lines_.size(); ++k) {
    const Line& line = lines_[k];
    if (!line.pending() || !line.enabled || line.priority < ppreempt_) continue;
    if (best < 0 || line.priority > lines_[static_cast<std::size_t>(best)].priority) best = static_cast<int>(k);
  }
  return best;
}

std::uint8_t Hazard3Irq::level_above(int number) const {
  const unsigned step = 1u << (4 - config_.priority_bits);
  const unsigned level = number < 0 ? no_preemption : step + lines_[static_cast<std::size_t>(number)].priority;
  return static_cast<std::uint8_t>(level & (priority_mask_ | no_preemption));
}

void Hazard3Irq::entered(bool external) {
  mret_eirq_ = external;
  if (!external) return;
  const std::uint8_t inner = level_above(next());  // by the masking of the frame that is left
  pppreempt_ = ppreempt_ & priority_mask_;
  ppreempt_ = preempt_ & priority_mask_;
  preempt_ = inner;
}

void Hazard3Irq::returned() {
  const bool restore = mret_eirq_;
  mret_eirq_ = false;
  if (!restore) return;
  preempt_ = ppreempt_ & priority_mask_;
  ppreempt_ = pppreempt_ & priority_mask_;
  pppreempt_ = 0;
}

}  // namespace mj::isa::rv32
