#include "peripherals/registry.h"

#include <algorithm>
#include <numeric>
#include <sstream>
#include <utility>

#include "peripherals/clint.h"

namespace mj::peripherals {

// Each is in the source file of its family.
Factory make_stm32_usart_v3, make_stm32_usart_v2, make_pl011, make_cmsdk_uart, make_ns16550, make_ibex_uart,
    make_declared_registers, make_marker, make_test_finisher, make_ibex_sim_ctrl, make_stub, make_stm32l4_rcc,
    make_stm32l4_pwr, make_stm32l4_flash, make_stm32_timer, make_rp2040_oscillator, make_rp2040_pll, make_rp2040_clocks,
    make_rp2040_resets, make_rp2040_watchdog, make_rp2040_timer, make_rp2040_sio, make_rp2040_xip_ctrl, make_nrf_uart,
    make_nrf_clock, make_nrf_nvmc, make_nrf_timer, make_nrf_rtc, make_sse_secure_control, make_plic, make_sifive_uart,
    make_fe310_prci, make_pfic, make_wch_systick, make_ch32v003_rcc, make_ch32v003_flash, make_esp32c3_intmatrix,
    make_esp32c3_system, make_esp_uart, make_esp_systimer, make_nrf_gpio, make_nrf_rng, make_nrf_temp, make_nrf_adc,
    make_nrf_twi, make_stm32f4_rcc, make_stm32f4_pwr, make_stm32f4_flash, make_stm32u5_rcc, make_stm32u5_pwr,
    make_stm32u5_flash, make_stm32u5_icache, make_stm32h7_rcc, make_stm32h7_pwr, make_stm32h7_flash, make_rp2350_ticks,
    make_rp2350_sio, make_rp2350_xip_ctrl, make_rp2350_qmi, make_rp2350_bootram;

namespace {

DevicePtr make_riscv_timer(const DeviceSpec& spec, const Wiring& wiring, ClintLayout layout) {
  // mtime keeps its own frequency: the ratio to the core's follows the core clock.
  const auto ratio = [hz = spec.number("mtime_hz"), clocks = wiring.clocks] {
    const std::uint64_t core = std::max<std::uint64_t>(clocks->hz(ClockNets::core), 1);
    const std::uint64_t common = std::gcd(hz, core);
    return std::pair(static_cast<std::uint32_t>(hz / common), static_cast<std::uint32_t>(core / common));
  };
  const auto [ticks, cycles] = ratio();
  auto clint = std::make_unique<Clint>(ClintConfig{spec.name, layout, ticks, cycles}, *wiring.irqs, *wiring.events);
  wiring.clocks->on_change(ClockNets::core, [ratio, device = clint.get()](Cycle now) {
    const auto [t, c] = ratio();
    device->set_ratio(t, c, now);
  });
  return clint;
}
DevicePtr make_clint(const DeviceSpec& spec, const Wiring& wiring) {
  return make_riscv_timer(spec, wiring, ClintLayout::clint);
}
DevicePtr make_ibex_timer(const DeviceSpec& spec, const Wiring& wiring) {
  return make_riscv_timer(spec, wiring, ClintLayout::ibex_timer);
}

std::vector<std::string> words(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::vector<std::string> all;
  for (std::string word; in >> word;) all.push_back(word);
  return all;
}

const DeviceType* find_type(std::string_view name) {
  const auto& all = device_types();
  const auto at = std::find_if(all.begin(), all.end(), [&](const DeviceType& t) { return t.name == name; });
  return at == all.end() ? nullptr : &*at;
}

Error wrong(std::string what, const std::string& where, std::string why, std::string advice) {
  return Error{ExitCode::usage, std::move(what), where, std::move(why), std::move(advice)};
}

}  // namespace

const std::vector<DeviceType>& device_types() {
  static const std::vector<DeviceType> types = {
      // name, factory, required parameters, optional parameters, interrupt lines
      {"stub", make_stub, "", "reset fill read_only atomic_aliases", ""},
      {"registers", make_declared_registers, "reset",
       "storage read_only follow_left follow_right core_hz_when flash wait_states icache dcache prefetch flush", ""},
      {"stm32-usart-v3", make_stm32_usart_v3, "", "", "USART"},
      {"stm32-usart-v2", make_stm32_usart_v2, "", "", "USART"},
      {"stm32-timer", make_stm32_timer, "clock bits", "", "TIM"},
      {"stm32l4-rcc", make_stm32l4_rcc, "msi_range_hz hsi_hz hse_hz pllm_max", "", ""},
      {"stm32l4-pwr", make_stm32l4_pwr, "", "", ""},
      {"stm32l4-flash", make_stm32l4_flash, "flash optr", "", ""},
      {"stm32f4-rcc", make_stm32f4_rcc, "hsi_hz hse_hz", "", ""},
      {"stm32f4-pwr", make_stm32f4_pwr, "", "", ""},
      {"stm32f4-flash", make_stm32f4_flash, "flash optcr", "itcm_flash", ""},
      {"stm32u5-rcc", make_stm32u5_rcc, "msi_range_hz hsi_hz hse_hz", "", ""},
      {"stm32u5-pwr", make_stm32u5_pwr, "", "", ""},
      {"stm32u5-flash", make_stm32u5_flash, "flash optr", "", ""},
      {"stm32u5-icache", make_stm32u5_icache, "flash", "", ""},
      {"stm32h7-rcc", make_stm32h7_rcc, "hsi_hz csi_hz hse_hz", "flash", ""},
      {"stm32h7-pwr", make_stm32h7_pwr, "", "", ""},
      {"stm32h7-flash", make_stm32h7_flash, "flash optsr", "", ""},
      {"nrf-uart", make_nrf_uart, "", "", "UARTE"},
      {"nrf-clock", make_nrf_clock, "", "", "POWER_CLOCK"},
      {"nrf-nvmc", make_nrf_nvmc, "", "flash programs page_bytes", ""},
      {"nrf-gpio", make_nrf_gpio, "in", "", ""},
      {"nrf-rng", make_nrf_rng, "byte_hz", "", "RNG"},
      {"nrf-temp", make_nrf_temp, "quarter_degrees", "", "TEMP"},
      {"nrf-adc", make_nrf_adc, "", "", "ADC"},
      {"nrf-twi", make_nrf_twi, "", "", "TWI"},
      {"nrf-timer", make_nrf_timer, "hz cc", "", "TIMER"},
      {"nrf-rtc", make_nrf_rtc, "hz cc", "", "RTC"},
      {"pl011", make_pl011, "", "atomic_aliases", "UART"},
      {"cmsdk-uart", make_cmsdk_uart, "", "", "RX TX"},
      {"ns16550", make_ns16550, "", "stride", "UART"},
      {"ibex-uart", make_ibex_uart, "", "", "RX"},
      {"ibex-timer", make_ibex_timer, "mtime_hz", "", "", Lines::core},
      {"ibex-sim-ctrl", make_ibex_sim_ctrl, "", "", ""},
      {"sse-secure-control", make_sse_secure_control, "", "", ""},
      {"clint", make_clint, "mtime_hz", "", "", Lines::core},
      {"plic", make_plic, "sources max_priority", "contexts", "", Lines::controller},
      {"pfic", make_pfic, "priority_mask", "", "", Lines::controller},
      {"wch-systick", make_wch_systick, "", "", "MATCH SOFTWARE"},
      {"ch32v003-rcc", make_ch32v003_rcc, "hsi_hz", "hse_hz", ""},
      {"ch32v003-flash", make_ch32v003_flash, "flash", "", ""},
      {"esp32c3-intmatrix", make_esp32c3_intmatrix, "", "", "", Lines::controller},
      {"esp32c3-system", make_esp32c3_system, "xtal_hz rc_fast_hz cpu_period_hz", "",
       "FROM_CPU_0 FROM_CPU_1 FROM_CPU_2 FROM_CPU_3"},
      {"esp-uart", make_esp_uart, "", "", "UART"},
      {"esp-systimer", make_esp_systimer, "hz", "", "TARGET0 TARGET1 TARGET2"},
      {"sifive-uart", make_sifive_uart, "", "", "UART"},
      {"fe310-prci", make_fe310_prci, "hfrosc_hz hfxosc_hz", "", ""},
      {"test-finisher", make_test_finisher, "", "", ""},
      {"marker", make_marker, "", "", ""},
      {"rp2040-oscillator", make_rp2040_oscillator, "net hz", "status", ""},
      {"rp2040-pll", make_rp2040_pll, "net", "", ""},
      {"rp2040-clocks", make_rp2040_clocks, "", "fraction_bits sys_ctrl test_clocks", ""},
      {"rp2040-resets", make_rp2040_resets, "blocks", "", ""},
      {"rp2040-watchdog", make_rp2040_watchdog, "", "", ""},
      {"rp2040-timer", make_rp2040_timer, "", "tick source_select", "ALARM0 ALARM1 ALARM2 ALARM3"},
      {"rp2040-sio", make_rp2040_sio, "divider_cycles", "", ""},
      {"rp2040-xip-ctrl", make_rp2040_xip_ctrl, "flash", "", ""},
      {"rp2350-ticks", make_rp2350_ticks, "", "", ""},
      {"rp2350-bootram", make_rp2350_bootram, "", "", ""},
      {"rp2350-sio", make_rp2350_sio, "", "tick", "mtimecmp"},
      {"rp2350-xip-ctrl", make_rp2350_xip_ctrl, "flash", "", ""},
      {"rp2350-qmi", make_rp2350_qmi, "flash line_bytes m0_timing m0_rfmt m0_rcmd", "uncached_flash", ""},
  };
  return types;
}

Result<void> check_device(const DeviceSpec& spec, const std::string& where) {
  const DeviceType* type = find_type(spec.type);
  if (!type) {
    std::string known;
    for (const DeviceType& t : device_types()) known += (known.empty() ? "" : ", ") + std::string(t.name);
    return wrong("unknown device type \"" + spec.type + "\"", where + "/type", "known types: " + known,
                 "use \"stub\" for a device that nothing models: its accesses are counted and answered as storage");
  }
  const auto required = words(type->required), optional = words(type->optional);
  for (const std::string& key : required)
    if (!spec.has(key) || (spec.params.at(key).numbers.empty() && spec.params.at(key).text.empty()))
      return wrong("device type \"" + spec.type + "\" needs parameter \"" + key + "\"", where + "/params",
                   "it needs: " + std::string(type->required), "add it, with source and certainty");
  for (const auto& [key, value] : spec.params) {
    const bool known =
        std::count(required.begin(), required.end(), key) + std::count(optional.begin(), optional.end(), key);
    if (!known)
      return wrong("device type \"" + spec.type + "\" has no parameter \"" + key + "\"", where + "/params/" + key,
                   "its parameters: " + std::string(type->required) + " " + std::string(type->optional), "remove it");
    // Names are given to these only; every other parameter is a number.
    const bool name = key == "flash" || key == "itcm_flash" || key == "uncached_flash" || key == "clock" ||
                      key == "net" || key == "tick" || key == "programs";
    if (name == value.text.empty())
      return wrong(std::string("parameter \"") + key + "\" must be a " + (name ? "name" : "number"),
                   where + "/params/" + key, "", "");
  }
  const auto lines = words(type->irqs);
  if (spec.irqs.size() > lines.size())
    return wrong("device type \"" + spec.type + "\" has " + std::to_string(lines.size()) + " interrupt lines, not " +
                     std::to_string(spec.irqs.size()),
                 where + "/irqs", lines.empty() ? "" : "in order: " + std::string(type->irqs), "");
  return {};
}

Result<DevicePtr> make_device(const DeviceSpec& spec, const Wiring& wiring) {
  if (const auto ok = check_device(spec, spec.name); !ok) return ok.error();
  return find_type(spec.type)->make(spec, wiring);
}

Result<void> build_devices(const std::vector<DeviceSpec>& specs, const Wiring& wiring, std::vector<DevicePtr>& out) {
  // The interrupt controller first: the others are wired to it.
  out.resize(specs.size());
  Wiring controlled = wiring, direct = wiring;
  if (wiring.core_lines) direct.irqs = wiring.core_lines;
  for (const bool controllers : {true, false})
    for (std::size_t i = 0; i < specs.size(); ++i) {
      const DeviceType* type = find_type(specs[i].type);
      const Lines lines = type ? type->lines : Lines::controlled;
      if ((lines == Lines::controller) != controllers) continue;
      auto device = make_device(specs[i], lines == Lines::controlled ? controlled : direct);
      if (!device) return device.error();
      if (controllers) controlled.irqs = dynamic_cast<IrqSink*>(device->get());
      out[i] = std::move(*device);
    }
  return {};
}

}  // namespace mj::peripherals
