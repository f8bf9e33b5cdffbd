// Types of devices by the name that board files use, and how a board's devices come to be.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "memory/device.h"
#include "peripherals/device_spec.h"
#include "peripherals/wiring.h"
#include "sim/base/error.h"

namespace mj::peripherals {

using DevicePtr = std::unique_ptr<memory::Device>;
using Factory = DevicePtr(const DeviceSpec&, const Wiring&);

/// Where a device's interrupt lines lead.
enum class Lines : std::uint8_t {
  controlled,  ///< to the interrupt controller of the board or of the core if there is one, else to the core
  core,        ///< always to the core: what a RISC-V core has lines of its own for
  controller,  ///< it is the interrupt controller: an IrqSink itself; a board has at most one
};

struct DeviceType {
  std::string_view name;
  Factory* make;
  std::string_view required;  ///< parameters that a board must give, separated by blanks
  std::string_view optional;  ///< further parameters that it may give
  std::string_view irqs;      ///< what its interrupt lines are, in order; empty: it has none
  Lines lines = Lines::controlled;
};

/// All types; the only list.
const std::vector<DeviceType>& device_types();

/// Checks the type, its parameters and its lines. `where` goes into Error::where.
Result<void> check_device(const DeviceSpec& spec, const std::string& where);

/// Makes one device. The caller has checked it (check_device) or gets that check's Error.
Result<DevicePtr> make_device(const DeviceSpec& spec, const Wiring& wiring);

/// Makes all devices, in the given order, into `out` (parallel to `specs`). The clock nets must already carry the reset
/// frequency of "core": devices that don't find their chip's clock at reset drive it at once.
Result<void> build_devices(const std::vector<DeviceSpec>& specs, const Wiring& wiring, std::vector<DevicePtr>& out);

}  // namespace mj::peripherals
