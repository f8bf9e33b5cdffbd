// Devices of Arm's SSE-200 subsystem and IoT Kit (Arm 101104, SSE-200 Technical Reference Manual).
#include <memory>

#include "peripherals/register_map.h"
#include "peripherals/registry.h"

namespace mj::peripherals {
namespace {

/// Secure Privilege Control Block (3.7 of the manual). NSCCFG makes the IDAU's Secure code and RAM callable from
/// Non-secure state; what configures protection controllers is storage.
class SseSecureControl final : public RegisterMap {
 public:
  SseSecureControl(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring) {
    define({{.offset = 0x014, .name = "NSCCFG", .writable = 3, .write = [this](std::uint32_t, Cycle) {
               if (wiring_.callable_memory) wiring_.callable_memory(get(0x014));
             }}});
    define_storage(0x000, 1, "SPCSECCTRL");
    define_storage(0x004, 1, "BUSWAIT", 1);
    define_storage(0x010, 1, "SECRESPCFG");
    define_storage(0x01c, 1, "SECMPCINTSTATUS");
    define_storage(0x020, 7, "SECPPCINT, SECMSCINT, BRGINT");
    define_storage(0x050, 72, "PPC and MSC configuration");
  }
};

}  // namespace

DevicePtr make_sse_secure_control(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<SseSecureControl>(spec, wiring);
}

}  // namespace mj::peripherals
