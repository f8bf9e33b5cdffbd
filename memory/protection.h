// Which accesses the core may make: what an MPU, SAU or PMP says, flattened to ranges.
//
// An architecture compiles its regions, for the privilege and security state that the core is in, into one Protection
// and hands it to the engine whenever one of these changes. Without one, everything is permitted and nothing costs
// anything.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/base/units.h"

namespace mj::memory {

/// What may be done at an address; bits.
enum Permit : std::uint8_t {
  permit_read = 1,
  permit_write = 2,
  permit_execute = 4,
  permit_gateway = 8,  ///< only an instruction that changes the security state on purpose (SG) may be fetched
};

struct ProtectionRange {
  Address first = 0, last = 0;  ///< inclusive
  std::uint8_t permits = 0;
  bool operator==(const ProtectionRange&) const = default;
};

class Protection {
 public:
  /// `ranges`: sorted, without overlap. What none of them contains is not permitted.
  explicit Protection(std::vector<ProtectionRange> ranges);

  const std::vector<ProtectionRange>& ranges() const { return ranges_; }
  /// What may be done with all of the bytes from `first` to `last`.
  std::uint8_t permits(Address first, Address last) const;
  /// What may be done at `first`, and the last address up to which that holds.
  ProtectionRange run_at(Address first) const;
  /// The ranges from which instructions may be fetched: code is decoded alike under protections that agree in them.
  const std::vector<ProtectionRange>& fetchable() const { return fetchable_; }

 private:
  static constexpr std::uint8_t mixed = 0xff;
  static constexpr unsigned block_bits = 29;

  std::vector<ProtectionRange>::const_iterator from(Address a) const;

  std::vector<ProtectionRange> ranges_, fetchable_;
  std::array<std::uint8_t, 8> blocks_{};  ///< per 512 MiB: what is permitted all over it, or `mixed`
};

}  // namespace mj::memory
