// What a machine's core is made of, for the files that build it and run it. Private to machine*.cpp.
#pragma once

#include <memory>

#include "isa/rv32/traps.h"
#include "isa/thumb/exceptions.h"
#include "isa/thumb/mpu.h"
#include "isa/thumb/sau.h"
#include "peripherals/private_bus.h"
#include "sim/arch_rv32.h"
#include "sim/arch_thumb.h"
#include "sim/machine.h"

namespace mj {

struct Machine::ThumbCore {
  ThumbCore(const isa::thumb::ExceptionConfig& config, const isa::thumb::MpuConfig& mpu_config,
            isa::thumb::SauConfig sau_config)
      : unit(config), mpu(mpu_config), mpu_ns(mpu_config), sau(std::move(sau_config)) {}
  isa::thumb::ExceptionUnit unit;
  isa::thumb::Mpu mpu, mpu_ns;
  isa::thumb::Sau sau;
  bool security() const { return unit.config().security; }
  std::unique_ptr<ThumbArch> arch;
  std::unique_ptr<peripherals::PrivateBus> bus;
  std::uint64_t policies_of = 0;  ///< version of the MPU that the data port's cache policies are of
};

struct Machine::Rv32Core {
  Rv32Core(isa::rv32::TrapConfig config, isa::rv32::TrapUnit::CounterSource counters)
      : traps(std::move(config), std::move(counters)) {}
  isa::rv32::TrapUnit traps;
  std::unique_ptr<Rv32Arch> arch;
};

}  // namespace mj
