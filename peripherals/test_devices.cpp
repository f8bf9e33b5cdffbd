// Devices of simulators and test benches: the ways in which bare-metal test programs end and report.
#include <memory>

#include "peripherals/marker.h"
#include "peripherals/register_map.h"
#include "peripherals/registry.h"

namespace mj::peripherals {

Marker::Marker(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring) {
  define({
      {.offset = 0x00,
       .name = "BEGIN",
       .write =
           [this](std::uint32_t v, Cycle now) {
             hits.push_back({true, v, now, wiring_.retired ? wiring_.retired() : 0});
           }},
      {.offset = 0x04,
       .name = "END",
       .write =
           [this](std::uint32_t v, Cycle now) {
             hits.push_back({false, v, now, wiring_.retired ? wiring_.retired() : 0});
           }},
      {.offset = 0x08,
       .name = "EXIT",
       .write = [this](std::uint32_t v, Cycle) { wiring_.exit->request_exit(static_cast<int>(v)); }},
      {.offset = 0x0C,
       .name = "PUTCHAR",
       .write = [this](std::uint32_t v, Cycle) { wiring_.console->put(name(), static_cast<char>(v & 0xFF)); }},
      {.offset = 0x10, .name = "CHECKSUM", .write = [this](std::uint32_t v, Cycle) { checksums.push_back(v); }},
  });
}

namespace {

/// SiFive's test finisher, as QEMU's virt machine has it: 0x5555 passes, 0x3333 | code << 16 fails, 0x7777 resets.
class TestFinisher final : public RegisterMap {
 public:
  TestFinisher(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring) {
    define({{.offset = 0, .name = "FINISH", .write = [this](std::uint32_t v, Cycle) {
               const std::uint32_t status = v & 0xFFFF;
               if (status == 0x5555)
                 wiring_.exit->request_exit(0);
               else if (status == 0x3333)
                 wiring_.exit->request_exit(static_cast<int>(v >> 16));
               else if (status == 0x7777)
                 wiring_.exit->request_reset();
               else
                 report(0, "unknown test finisher code");
             }}});
  }
};

/// lowRISC's simulator control (ibex shared/rtl/sim: simulator_ctrl): OUT 0x0, CTRL 0x8, bit 0 ends the run.
class IbexSimCtrl final : public RegisterMap {
 public:
  IbexSimCtrl(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring) {
    define({
        {.offset = 0x0,
         .name = "OUT",
         .write = [this](std::uint32_t v, Cycle) { wiring_.console->put(name(), static_cast<char>(v & 0xFF)); }},
        {.offset = 0x8,
         .name = "CTRL",
         .write =
             [this](std::uint32_t v, Cycle) {
               if (v & 1) wiring_.exit->request_exit(0);
             }},
    });
  }
};

/// Anything else with registers: remembers what was written and counts every access. `reset`: pairs of offset and
/// value that are known, and not reported; `fill`: what the others read.
class Stub final : public RegisterMap {
 public:
  Stub(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring) {
    if (spec.number_or("atomic_aliases", 0)) use_atomic_aliases();
    set_fill(static_cast<std::uint32_t>(spec.number_or("fill", 0)));
    const auto& words = spec.list("reset");
    const std::uint32_t writable = spec.number_or("read_only", 0) ? 0 : 0xFFFFFFFF;
    for (std::size_t i = 0; i + 1 < words.size(); i += 2)
      define({{.offset = static_cast<std::uint32_t>(words[i]),
               .name = "",
               .reset = static_cast<std::uint32_t>(words[i + 1]),
               .writable = writable}});
  }
};

}  // namespace

DevicePtr make_marker(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Marker>(spec, wiring); }
DevicePtr make_test_finisher(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<TestFinisher>(spec, wiring);
}
DevicePtr make_ibex_sim_ctrl(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<IbexSimCtrl>(spec, wiring);
}
DevicePtr make_stub(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Stub>(spec, wiring); }

}  // namespace mj::peripherals
