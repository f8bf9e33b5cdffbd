// nRF52: UART/UARTE, CLOCK and POWER, NVMC (nRF52840 product specification 4.3, 5.3, 5.4, 6.33, 6.34).
#include <algorithm>
#include <memory>

#include "peripherals/nrf_peripheral.h"
#include "peripherals/registry.h"
#include "peripherals/uart.h"

namespace mj::peripherals {

namespace {

/// UART and UARTE share one address range; ENABLE says which of the two is meant.
class NrfUart final : public NrfPeripheral<Uart> {
 public:
  NrfUart(const DeviceSpec& spec, const Wiring& wiring) : NrfPeripheral(spec, wiring) {
    define_task(0x000, "TASKS_STARTRX", [this](Cycle) { start_receiver(); });
    define_task(0x004, "TASKS_STOPRX", [this](Cycle) { raise_event(rxto); });
    define_task(0x008, "TASKS_STARTTX", [this](Cycle) { start_transmitter(); });
    define_task(0x00C, "TASKS_STOPTX", [this](Cycle) { raise_event(txstopped); });
    define_task(0x01C, "TASKS_SUSPEND", [](Cycle) {});
    define_task(0x02C, "TASKS_FLUSHRX", [this](Cycle) {
      drop_input();
      raise_event(endrx);
    });
    for (const std::uint32_t event :
         {cts, ncts, rxdrdy, endrx, txdrdy, endtx, error, rxto, rxstarted, txstarted, txstopped})
      define_event(event, "EVENTS");
    define({
        {.offset = 0x200, .name = "SHORTS"},
        {.offset = 0x480, .name = "ERRORSRC", .writable = 0},
        {.offset = enable_, .name = "ENABLE", .writable = 0xF},
        {.offset = 0x518, .name = "RXD", .writable = 0, .read = [this](Cycle) { return take_input(); }},
        {.offset = 0x51C, .name = "TXD", .write = [this](std::uint32_t v, Cycle) { send_byte(v); }},
        {.offset = 0x524, .name = "BAUDRATE", .reset = 0x04000000},
        {.offset = 0x56C, .name = "CONFIG"},
    });
    define_storage(0x508, 4, "PSEL", 0xFFFFFFFF);
    define_storage(0x534, 3, "RXD.PTR, MAXCNT, AMOUNT");
    define_storage(tx_ptr, 3, "TXD.PTR, MAXCNT, AMOUNT");
  }

 private:
  static constexpr std::uint32_t cts = 0x100, ncts = 0x104, rxdrdy = 0x108, endrx = 0x110, txdrdy = 0x11C,
                                 endtx = 0x120, error = 0x124, rxto = 0x144, rxstarted = 0x14C, txstarted = 0x150,
                                 txstopped = 0x158;
  static constexpr std::uint32_t enable_ = 0x500, tx_ptr = 0x544, tx_maxcnt = 0x548, tx_amount = 0x54C;
  static constexpr std::uint32_t uart = 4, uarte = 8;

  bool listens_from_reset() const override { return false; }
  void start_receiver() {
    if (get(enable_) == uart) listening();
    if (get(enable_) == uarte) {
      report(0x000, "reception by EasyDMA");
      raise_event(rxstarted);
    }
  }
  void start_transmitter() {
    if (get(enable_) == uart) {
      sending_ = true;
      return;
    }
    if (get(enable_) != uarte) {
      report(0x008, "STARTTX while the UART is disabled");
      return;
    }
    raise_event(txstarted);
    const std::uint32_t count = get(tx_maxcnt) & 0xFFFF;
    set(tx_amount, 0);
    for (std::uint32_t i = 0; i < count; ++i) {
      std::uint8_t byte = 0;
      // EasyDMA reaches RAM only: from flash the product sends garbage, here it is said.
      if (!wiring_.peek || !wiring_.peek(get(tx_ptr) + i, &byte, 1)) {
        report(tx_ptr, "EasyDMA from an address that is not memory");
        break;
      }
      transmit(byte);
      set(tx_amount, i + 1);
      raise_event(txdrdy);
    }
    raise_event(endtx);
  }
  void send_byte(std::uint32_t v) {
    if (get(enable_) != uart || !sending_) {
      report(0x51C, "TXD written while the UART is not sending");
      return;
    }
    transmit(v);
    raise_event(txdrdy);
  }
  void update_irq() override {
    if (has_input() && get(enable_) == uart) raise_event(rxdrdy);
  }

  bool sending_ = false;
};

/// CLOCK and POWER share one address range. Oscillators start at once; the CPU's frequency is fixed.
class ClockPower final : public NrfPeripheral<RegisterMap> {
 public:
  ClockPower(const DeviceSpec& spec, const Wiring& wiring) : NrfPeripheral(spec, wiring) {
    define_task(0x000, "TASKS_HFCLKSTART", [this](Cycle) {
      set(hfclkrun, 1);
      set(hfclkstat, 1u << 16 | 1);  // running from the crystal
      raise_event(0x100);
    });
    define_task(0x004, "TASKS_HFCLKSTOP", [this](Cycle) {
      set(hfclkrun, 0);
      set(hfclkstat, 1u << 16);  // the RC oscillator takes over
    });
    define_task(0x008, "TASKS_LFCLKSTART", [this](Cycle) {
      set(0x414, 1);
      set(0x41C, get(lfclksrc));
      set(lfclkstat, 1u << 16 | (get(lfclksrc) & 3));
      raise_event(0x104);
    });
    define_task(0x00C, "TASKS_LFCLKSTOP", [this](Cycle) {
      set(0x414, 0);
      set(lfclkstat, 0);
    });
    define_task(0x010, "TASKS_CAL", [this](Cycle) { raise_event(0x10C); });
    define_task(0x014, "TASKS_CTSTART", [](Cycle) {});
    define_task(0x018, "TASKS_CTSTOP", [](Cycle) {});
    define_task(0x078, "TASKS_CONSTLAT", [](Cycle) {});
    define_task(0x07C, "TASKS_LOWPWR", [](Cycle) {});
    for (std::uint32_t at = 0x100; at <= 0x124; at += 4) define_event(at, "EVENTS");
    define({
        {.offset = 0x400,
         .name = "RESETREAS",
         .writable = 0,
         .write = [this](std::uint32_t v, Cycle) { set(0x400, get(0x400) & ~v); }},
        {.offset = hfclkrun, .name = "HFCLKRUN", .writable = 0},
        {.offset = hfclkstat, .name = "HFCLKSTAT", .reset = 1u << 16, .writable = 0},
        {.offset = 0x414, .name = "LFCLKRUN", .writable = 0},
        {.offset = lfclkstat, .name = "LFCLKSTAT", .writable = 0},
        {.offset = 0x41C, .name = "LFCLKSRCCOPY", .writable = 0},
        {.offset = 0x428, .name = "RAMSTATUS", .writable = 0},
        {.offset = 0x438, .name = "USBREGSTATUS", .writable = 0},
        {.offset = 0x500, .name = "SYSTEMOFF", .write = [this](auto, Cycle) { report(0x500, "system off"); }},
        {.offset = 0x510, .name = "POFCON"},
        {.offset = lfclksrc, .name = "LFCLKSRC"},
        {.offset = 0x51C, .name = "GPREGRET"},
        {.offset = 0x520, .name = "GPREGRET2"},
        {.offset = 0x528, .name = "HFXODEBOUNCE", .reset = 0x10},
        {.offset = 0x538, .name = "CTIV"},
        {.offset = 0x55C, .name = "TRACECONFIG"},
        {.offset = 0x578, .name = "DCDCEN"},
        {.offset = 0x580, .name = "DCDCEN0"},
        {.offset = 0x5B4, .name = "LFRCMODE"},
        {.offset = 0x640, .name = "MAINREGSTATUS", .writable = 0},
    });
    for (unsigned i = 0; i < 9; ++i) define_storage(0x900 + 16 * i, 3, "RAM.POWER", 0xFFFF);
  }

 private:
  static constexpr std::uint32_t hfclkrun = 0x408, hfclkstat = 0x40C, lfclkstat = 0x418, lfclksrc = 0x518;
};

/// Always ready; ICACHECNF programs the front end of the region that parameter `flash` names. With parameters
/// `programs` (a region) and `page_bytes`, CONFIG lets stores through to that region and pages are erased: both take no
/// time, and a store replaces the word where silicon only clears bits.
class Nvmc final : public RegisterMap {
 public:
  Nvmc(const DeviceSpec& spec, const Wiring& wiring) : RegisterMap(spec, wiring) {
    if (wiring_.flash) timing_ = wiring_.flash(spec.text_or("flash", ""));
    programs_ = spec.text_or("programs", "");
    page_.resize(std::min<std::uint64_t>(spec.number_or("page_bytes", 0), 0x10000), 0xFF);
    define({
        {.offset = 0x400, .name = "READY", .reset = 1, .writable = 0},
        {.offset = 0x408, .name = "READYNEXT", .reset = 1, .writable = 0},
        {.offset = 0x504,
         .name = "CONFIG",
         .writable = 3,
         .write =
             [this](std::uint32_t v, Cycle) {
               if (v & 3)
                 report(0x504, programs_.empty() ? "flash programming or erasing" : "time of flash programming");
               if (!programs_.empty() && wiring_.program) wiring_.program(programs_, (v & 3) == 1);
             }},
        {.offset = 0x508, .name = "ERASEPAGE", .writable = 0, .write = [this](std::uint32_t v, Cycle) { erase(v); }},
        {.offset = 0x540,
         .name = "ICACHECNF",
         .writable = 0x101,
         .write =
             [this](auto, Cycle) {
               const std::uint32_t v = get(0x540);
               if (v & 0x100) report(0x540, "cache profiling (IHIT, IMISS)");
               if (timing_ && (v & 1) != enabled_) timing_->set_icache(v & 1);
               enabled_ = v & 1;
             }},
        {.offset = 0x548, .name = "IHIT"},
        {.offset = 0x54C, .name = "IMISS"},
    });
  }

 private:
  void erase(std::uint32_t at) {
    if (programs_.empty() || (get(0x504) & 3) != 2 || page_.empty() || !wiring_.poke) return;
    wiring_.poke(at - at % static_cast<std::uint32_t>(page_.size()), page_.data(), page_.size());
  }

  memory::FlashTiming* timing_ = nullptr;
  std::string programs_;
  std::vector<std::uint8_t> page_;  ///< an erased one
  std::uint32_t enabled_ = 0;
};

}  // namespace

DevicePtr make_nrf_uart(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<NrfUart>(spec, wiring);
}
DevicePtr make_nrf_clock(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<ClockPower>(spec, wiring);
}
DevicePtr make_nrf_nvmc(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Nvmc>(spec, wiring); }

}  // namespace mj::peripherals
