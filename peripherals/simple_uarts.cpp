// Small UARTs: Arm PL011 (DDI 0183), Arm CMSDK APB UART (DDI 0479), 16550 (byte registers) and lowRISC's demo UART.
#include <memory>

#include "peripherals/registry.h"
#include "peripherals/uart.h"

namespace mj::peripherals {

namespace {

class Pl011 final : public Uart {
 public:
  Pl011(const DeviceSpec& spec, const Wiring& wiring) : Uart(spec, wiring) {
    if (spec.number_or("atomic_aliases", 0)) use_atomic_aliases();
    const auto irq = [this](auto, Cycle) { update_irq(); };
    define({
        {.offset = 0x000,
         .name = "DR",
         .writable = 0,
         .read = [this](Cycle) { return take_input(); },
         .write = [this](std::uint32_t v, Cycle) { send(v); }},
        {.offset = 0x004, .name = "RSR/ECR", .writable = 0},
        {.offset = 0x018,
         .name = "FR",
         .writable = 0,
         .read = [this](Cycle) { return fr_txfe | (has_input() ? 0 : fr_rxfe); }},
        {.offset = 0x020, .name = "ILPR"},
        {.offset = 0x024, .name = "IBRD"},
        {.offset = 0x028, .name = "FBRD"},
        {.offset = 0x02C, .name = "LCR_H"},
        {.offset = cr, .name = "CR", .reset = 0x300},
        {.offset = 0x034, .name = "IFLS", .reset = 0x12},
        {.offset = imsc, .name = "IMSC", .write = irq},
        {.offset = 0x03C, .name = "RIS", .writable = 0, .read = [this](Cycle) { return raw(); }},
        {.offset = 0x040, .name = "MIS", .writable = 0, .read = [this](Cycle) { return raw() & get(imsc); }},
        {.offset = 0x044,
         .name = "ICR",
         .writable = 0,
         .write =
             [this](std::uint32_t v, Cycle) {
               sent_ = sent_ && !(v & int_tx);
               update_irq();
             }},
        {.offset = 0x048, .name = "DMACR"},
    });
    // Peripheral and PrimeCell identification, r1p5.
    static constexpr std::uint8_t id[] = {0x11, 0x10, 0x34, 0x00, 0x0D, 0xF0, 0x05, 0xB1};
    for (unsigned i = 0; i < 8; ++i) define({{.offset = 0xFE0 + 4 * i, .name = "ID", .reset = id[i], .writable = 0}});
  }

 private:
  static constexpr std::uint32_t cr = 0x030, imsc = 0x038;
  static constexpr std::uint32_t cr_uarten = 1, cr_txe = 1u << 8, fr_rxfe = 1u << 4, fr_txfe = 1u << 7,
                                 int_rx = 1u << 4, int_tx = 1u << 5;

  std::uint32_t raw() const { return (has_input() ? int_rx : 0) | (sent_ ? int_tx : 0); }
  void send(std::uint32_t v) {
    if ((get(cr) & (cr_uarten | cr_txe)) != (cr_uarten | cr_txe)) {
      report(0x000, "byte written while the transmitter is off (UARTEN, TXE)");
      return;
    }
    transmit(v);
    sent_ = true;  // the FIFO ran empty again: the transmit interrupt is raised by that transition only
    update_irq();
  }
  void update_irq() override { drive_irq(0, raw() & get(imsc)); }

  bool sent_ = false;
};

/// Interrupt lines: receive, transmit.
class CmsdkUart final : public Uart {
 public:
  CmsdkUart(const DeviceSpec& spec, const Wiring& wiring) : Uart(spec, wiring) {
    define({
        {.offset = 0x00,
         .name = "DATA",
         .writable = 0,
         .read = [this](Cycle) { return take_input(); },
         .write = [this](std::uint32_t v, Cycle) { send(v); }},
        {.offset = 0x04,
         .name = "STATE",
         .writable = 0,
         .read = [this](Cycle) { return (waiting_ ? 1u : 0u) | (has_input() ? 2u : 0u); }},
        {.offset = ctrl,
         .name = "CTRL",
         .writable = 0x7F,
         .write =
             [this](std::uint32_t v, Cycle) {
               if (waiting_ && v & ctrl_txen) send(held_);
               update_irq();
             }},
        {.offset = 0x0C,
         .name = "INTSTATUS/INTCLEAR",
         .writable = 0,
         .read = [this](Cycle) { return status_; },
         .write =
             [this](std::uint32_t v, Cycle) {
               status_ &= ~v;
               update_irq();
             }},
        {.offset = 0x10, .name = "BAUDDIV", .writable = 0xFFFFF},
    });
    static constexpr std::uint8_t id[] = {0x04, 0, 0, 0, 0x21, 0xB8, 0x1B, 0x00, 0x0D, 0xF0, 0x05, 0xB1};
    for (unsigned i = 0; i < 12; ++i) define({{.offset = 0xFD0 + 4 * i, .name = "ID", .reset = id[i], .writable = 0}});
  }

 private:
  static constexpr std::uint32_t ctrl = 0x08, ctrl_txen = 1, ctrl_txint = 4, ctrl_rxint = 8;

  void send(std::uint32_t v) {
    held_ = v;
    waiting_ = !(get(ctrl) & ctrl_txen);  // the byte stays in the one-deep buffer until the transmitter is on
    if (waiting_) return;
    transmit(v);
    if (get(ctrl) & ctrl_txint) status_ |= 1;
    update_irq();
  }
  void update_irq() override {
    if (has_input() && get(ctrl) & ctrl_rxint) status_ |= 2;
    drive_irq(0, status_ & 2);
    drive_irq(1, status_ & 1);
  }

  std::uint32_t held_ = 0, status_ = 0;
  bool waiting_ = false;
};

/// Registers one byte each, `stride` bytes apart.
class Ns16550 final : public Uart {
 public:
  Ns16550(const DeviceSpec& spec, const Wiring& wiring)
      : Uart(spec, wiring), stride_(static_cast<std::uint32_t>(spec.number_or("stride", 1))) {
    if (stride_ == 0) stride_ = 1;
  }

  std::uint32_t read(std::uint32_t offset, unsigned, Cycle) override {
    switch (offset / stride_) {
      case 0:
        return divisor_access() ? divisor_ & 0xFF : take_input();
      case 1:
        return divisor_access() ? divisor_ >> 8 : ier_;
      case 2:
        return fcr_ & 1 ? 0xC0 | cause() : cause();
      case 3:
        return lcr_;
      case 4:
        return mcr_;
      case 5:
        return lsr_thre | lsr_temt | (has_input() ? lsr_dr : 0);
      case 6:
        return 0xB0;  // MSR: DCD, DSR, CTS
      case 7:
        return scr_;
      default:
        report(offset, "read of a register that is not modelled");
        return 0;
    }
  }
  void write(std::uint32_t offset, unsigned, std::uint32_t value, Cycle) override {
    const std::uint32_t byte = value & 0xFF;
    switch (offset / stride_) {
      case 0:
        if (divisor_access())
          divisor_ = (divisor_ & 0xFF00) | byte;
        else
          transmit(byte);
        break;
      case 1:
        if (divisor_access())
          divisor_ = (divisor_ & 0xFF) | byte << 8;
        else
          ier_ = byte & 0x0F;
        break;
      case 2:
        fcr_ = byte;
        if (byte & 2) drop_input();
        break;
      case 3:
        lcr_ = byte;
        break;
      case 4:
        mcr_ = byte;
        break;
      case 7:
        scr_ = byte;
        break;
      default:
        report(offset, "write of a register that is not modelled");
    }
    update_irq();
  }

 private:
  static constexpr std::uint32_t lsr_dr = 0x01, lsr_thre = 0x20, lsr_temt = 0x40;

  bool divisor_access() const { return lcr_ & 0x80; }
  std::uint32_t cause() const { return ier_ & 1 && has_input() ? 0x04 : ier_ & 2 ? 0x02 : 0x01; }
  void update_irq() override { drive_irq(0, cause() != 0x01); }

  std::uint32_t stride_, divisor_ = 0, ier_ = 0, fcr_ = 0, lcr_ = 0, mcr_ = 0, scr_ = 0;
};

class IbexUart final : public Uart {
 public:
  IbexUart(const DeviceSpec& spec, const Wiring& wiring) : Uart(spec, wiring) {
    define({
        {.offset = 0x0, .name = "RX", .writable = 0, .read = [this](Cycle) { return take_input(); }},
        {.offset = 0x4, .name = "TX", .writable = 0, .write = [this](std::uint32_t v, Cycle) { transmit(v); }},
        {.offset = 0x8, .name = "STATUS", .writable = 0, .read = [this](Cycle) { return has_input() ? 0u : 1u; }},
    });
  }

 private:
  void update_irq() override { drive_irq(0, has_input()); }
};

}  // namespace

DevicePtr make_pl011(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Pl011>(spec, wiring); }
DevicePtr make_cmsdk_uart(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<CmsdkUart>(spec, wiring);
}
DevicePtr make_ns16550(const DeviceSpec& spec, const Wiring& wiring) { return std::make_unique<Ns16550>(spec, wiring); }
DevicePtr make_ibex_uart(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<IbexUart>(spec, wiring);
}

}  // namespace mj::peripherals
