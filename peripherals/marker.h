// Marker registers of the RV32 timing workloads: they bracket measured regions with exact cycles.
#pragma once

#include <cstdint>
#include <vector>

#include "peripherals/register_map.h"

namespace mj::peripherals {

/// +0x0 begin (value = region id), +0x4 end (id), +0x8 exit (status), +0xC putchar, +0x10 checksum word; all
/// write-only.
class Marker final : public RegisterMap {
 public:
  Marker(const DeviceSpec& spec, const Wiring& wiring);

  struct Hit {
    bool begin;  ///< false: end
    std::uint32_t id;
    Cycle cycle;                 ///< of the store
    std::uint64_t instructions;  ///< issued before the store
  };
  std::vector<Hit> hits;
  std::vector<std::uint32_t> checksums;
};

}  // namespace mj::peripherals
