// What code may access: MPU, attribution to a security state, TT's answers, and the frames of exceptions by these
// rules.
#include "isa/thumb/registers.h"
#include "isa/thumb/system.h"
#include "sim/arch_thumb.h"
#include "sim/engine/engine.h"

namespace mj {

namespace thumb = isa::thumb;
using engine::HotState;

namespace {

/// What the MPU permits, less what the attribution of memory forbids to a security state (DDI0553 B8.3).
std::vector<memory::ProtectionRange> attributed(const std::vector<memory::ProtectionRange>& ranges,
                                                const std::vector<thumb::Sau::Range>& attribution, bool secure) {
  std::vector<memory::ProtectionRange> out;
  auto at = attribution.begin();
  for (const memory::ProtectionRange& r : ranges) {
    for (Address first = r.first;;) {
      while (at->last < first) ++at;
      const Address last = std::min(r.last, at->last);
      std::uint8_t permits = r.permits;
      if (secure && at->attribution == thumb::Attribution::non_secure)
        permits = static_cast<std::uint8_t>(permits & ~memory::permit_execute);
      if (!secure && at->attribution == thumb::Attribution::secure) permits = 0;
      if (!secure && at->attribution == thumb::Attribution::callable) permits = memory::permit_gateway;
      if (!out.empty() && out.back().permits == permits && out.back().last + 1 == first)
        out.back().last = last;
      else
        out.push_back({first, last, permits});
      if (last == r.last) break;
      first = last + 1;
    }
  }
  return out;
}

}  // namespace

thumb::AccessResult ThumbArch::BusMemory::refuse(std::uint32_t address, std::uint8_t permit) const {
  const auto& permitted = arch_.protection(secure_, privileged_, hardfault_or_nmi_);
  if (permitted->permits(address, address + 3) & permit) return thumb::AccessResult::ok;
  if (arch_.refused_by_attribution(address, false, secure_)) return thumb::AccessResult::secure_fault;
  return thumb::is_private_peripheral_bus(address) ? thumb::AccessResult::bus_fault : thumb::AccessResult::mpu_fault;
}

thumb::AccessResult ThumbArch::BusMemory::read32(std::uint32_t address, std::uint32_t& value) {
  if (const auto refused = refuse(address, memory::permit_read); refused != thumb::AccessResult::ok) return refused;
  return read_vector(address, value);
}

thumb::AccessResult ThumbArch::BusMemory::read_vector(std::uint32_t address, std::uint32_t& value) {
  if (arch_.refused_by_attribution(address, false, secure_)) return thumb::AccessResult::secure_fault;
  const auto out = arch_.bus_.read(address, 4, now);
  value = out.value;
  extra_cycles += out.extra_cycles;
  return out.fault == memory::AccessFault::none ? thumb::AccessResult::ok : thumb::AccessResult::bus_fault;
}

thumb::AccessResult ThumbArch::BusMemory::write32(std::uint32_t address, std::uint32_t value) {
  if (const auto refused = refuse(address, memory::permit_write); refused != thumb::AccessResult::ok) return refused;
  const auto out = arch_.bus_.write(address, 4, value, now);
  extra_cycles += out.extra_cycles;
  return out.fault == memory::AccessFault::none ? thumb::AccessResult::ok : thumb::AccessResult::bus_fault;
}

bool ThumbArch::refused_by_attribution(Address address, bool fetch, bool secure) const {
  if (!sau_) return false;
  const thumb::Attribution a = sau_->at(address).attribution;
  if (secure) return fetch && a == thumb::Attribution::non_secure;
  return a == thumb::Attribution::secure || a == thumb::Attribution::callable;
}

std::uint32_t ThumbArch::test_target(const HotState& h, Address address, std::uint32_t kind) const {
  const bool secure = unit_.secure() && !(kind & thumb::tt_non_secure);
  const bool privileged_now = thumb::is_privileged(h.r);
  const std::uint32_t control = secure == unit_.secure() ? h.r[thumb::control] : unit_.other_core().control;
  const bool privileged =
      !(kind & thumb::tt_unprivileged) && (thumb::in_handler_mode(h.r) || !(control & thumb::control_npriv));
  std::uint32_t answer = 0;
  bool read = false, write = false;
  // What the MPU says is for privileged code, or about the other state (DDI0553 C2.4.250).
  if (privileged_now || (kind & thumb::tt_non_secure)) {
    const thumb::MpuRange r = mpu(secure).at(address, privileged, unit_.execution_priority(h.r) < 0);
    read = r.permits & thumb::mpu_read;
    write = r.permits & thumb::mpu_write;
    // No region applies to the private peripherals, and the default map permits all (DDI0553, MPUCheck()): that
    // unprivileged accesses fail there is no matter of the MPU.
    if (thumb::is_private_peripheral_bus(address)) read = write = true;
    if (r.region != thumb::mpu_no_region) answer |= static_cast<std::uint32_t>(r.region & 0xff) | 1u << 16;
  }
  if (read) answer |= 1u << 18;
  if (write) answer |= 1u << 19;
  if (!unit_.secure()) return answer;
  const thumb::Sau::Answer a = sau_->at(address);
  // SecurityCheck() is asked with the state that executes, also by TTA and TTAT (DDI0553, TTResp()): what is exempt
  // from attribution is Secure here.
  const bool non_secure = a.attribution == thumb::Attribution::non_secure;
  if (a.has_sau_region) answer |= std::uint32_t{a.sau_region} << 8 | 1u << 17;
  if (non_secure && read) answer |= 1u << 20;
  if (non_secure && write) answer |= 1u << 21;
  if (!non_secure) answer |= 1u << 22;
  if (a.has_idau_region) answer |= std::uint32_t{a.idau_region} << 24 | 1u << 23;
  return answer;
}

const std::shared_ptr<const memory::Protection>& ThumbArch::protection(bool secure, bool privileged,
                                                                       bool hardfault_or_nmi) {
  static_assert(int{thumb::mpu_read} == memory::permit_read && int{thumb::mpu_write} == memory::permit_write &&
                int{thumb::mpu_execute} == memory::permit_execute);
  constexpr Address stir = 0xe000ef00;  // ARMv7-M B3.2.26: CCR.USERSETMPEND gives it to unprivileged code
  const bool stir_open = (unit_.ccr & thumb::ccr_usersetmpend) != 0;
  const std::array<std::uint64_t, 3> versions{mpu_.version(), sau_ ? mpu_ns_->version() : 0,
                                              sau_ ? sau_->version() : 0};
  if (versions != versions_ || stir_ != stir_open) {
    protections_.fill(nullptr);
    versions_ = versions;
    stir_ = stir_open;
  }
  const thumb::Mpu& unit = mpu(secure);
  // HardFault and NMI differ from the rest only by regions that HFNMIENA leaves out for them.
  if (unit.ignores_priority()) hardfault_or_nmi = false;
  auto& made = protections_[(privileged ? 1 : 0) + (hardfault_or_nmi ? 2 : 0) + (sau_ && secure ? 4 : 0)];
  if (made) return made;
  std::vector<memory::ProtectionRange> ranges;
  for (const thumb::MpuRange& r : unit.flatten(privileged, hardfault_or_nmi)) {
    if (!privileged && stir_open && r.first < stir && r.last > stir) {
      ranges.push_back({r.first, stir - 1, r.permits});
      ranges.push_back({stir, stir + 3, memory::permit_write});
      ranges.push_back({stir + 4, r.last, r.permits});
    } else if (!ranges.empty() && ranges.back().permits == r.permits) {
      ranges.back().last = r.last;
    } else {
      ranges.push_back({r.first, r.last, r.permits});
    }
  }
  if (sau_) ranges = attributed(ranges, sau_->flatten(), secure);
  made = std::make_shared<memory::Protection>(std::move(ranges));
  return made;
}

void ThumbArch::update_protection(HotState& h) {
  const auto& now = protection(unit_.secure(), thumb::is_privileged(h.r), unit_.execution_priority(h.r) < 0);
  if (now.get() != given_) h.engine->set_protection(now);
  given_ = now.get();
  if (sau_) h.engine->use_stacks(unit_.secure() ? 0 : 1);
}

const memory::Protection* ThumbArch::unprivileged(const HotState& h) {
  return protection(unit_.secure(), false, unit_.execution_priority(h.r) < 0).get();
}

}  // namespace mj
