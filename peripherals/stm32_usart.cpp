// STM32 USARTs: the register layout of F3/F7/L4/U5 ("v3", LPUART too; RM0432 ch. 50, 51) and that of F2/F4/L1 ("v2").
#include <memory>

#include "peripherals/registry.h"
#include "peripherals/uart.h"

namespace mj::peripherals {

namespace {

// Both layouts agree on these bits of CR1 and of ISR/SR.
constexpr std::uint32_t cr1_re = 1u << 2, cr1_te = 1u << 3, cr1_rxneie = 1u << 5, cr1_tcie = 1u << 6,
                        cr1_txeie = 1u << 7;
constexpr std::uint32_t flag_rxne = 1u << 5, flag_tc = 1u << 6, flag_txe = 1u << 7;

class UsartV3 final : public Uart {
 public:
  UsartV3(const DeviceSpec& spec, const Wiring& wiring) : Uart(spec, wiring) {
    define({
        {.offset = cr1, .name = "CR1", .write = [this](auto, Cycle) { update_irq(); }},
        {.offset = 0x04, .name = "CR2"},
        {.offset = 0x08, .name = "CR3"},
        {.offset = 0x0C, .name = "BRR"},
        {.offset = 0x10, .name = "GTPR"},
        {.offset = 0x14, .name = "RTOR"},
        {.offset = 0x18,
         .name = "RQR",
         .writable = 0,
         .write =
             [this](std::uint32_t v, Cycle) {
               if (v & 1u << 3) drop_input();  // RXFRQ
               update_irq();
             }},
        {.offset = isr,
         .name = "ISR",
         .reset = flag_tc | flag_txe,
         .writable = 0,
         .read = [this](Cycle) { return get(isr) | (has_input() ? flag_rxne : 0); }},
        {.offset = 0x20,
         .name = "ICR",
         .writable = 0,
         .write =
             [this](std::uint32_t v, Cycle) {
               set(isr, get(isr) & ~(v & flag_tc));
               update_irq();
             }},
        {.offset = 0x24, .name = "RDR", .writable = 0, .read = [this](Cycle) { return take_input(); }},
        {.offset = 0x28, .name = "TDR", .write = [this](std::uint32_t v, Cycle) { send(v); }},
        {.offset = 0x2C, .name = "PRESC"},
    });
    // TEACK (21) and REACK (22) follow TE (3) and RE (2).
    define_follow({{cr1, cr1_te, isr, 18}, {cr1, cr1_re, isr, 20}});
  }

 private:
  static constexpr std::uint32_t cr1 = 0x00, isr = 0x1C, cr1_ue = 1;

  void send(std::uint32_t v) {
    if ((get(cr1) & (cr1_ue | cr1_te)) != (cr1_ue | cr1_te)) {
      report(0x28, "byte written while the transmitter is off (UE, TE)");
      return;
    }
    transmit(v);
    set(isr, get(isr) | flag_tc);
    update_irq();
  }
  void update_irq() override {
    const std::uint32_t enables = get(cr1);
    drive_irq(0, (enables & cr1_ue) && ((enables & cr1_txeie) || (enables & cr1_tcie && get(isr) & flag_tc) ||
                                        (enables & cr1_rxneie && has_input())));
  }
};

class UsartV2 final : public Uart {
 public:
  UsartV2(const DeviceSpec& spec, const Wiring& wiring) : Uart(spec, wiring) {
    define({
        {.offset = sr,
         .name = "SR",
         .reset = flag_tc | flag_txe,
         .writable = flag_tc,  // written 0 to clear
         .read = [this](Cycle) { return get(sr) | (has_input() ? flag_rxne : 0); },
         .write = [this](auto, Cycle) { update_irq(); }},
        {.offset = 0x04,
         .name = "DR",
         .writable = 0,
         .read = [this](Cycle) { return take_input(); },
         .write = [this](std::uint32_t v, Cycle) { send(v); }},
        {.offset = 0x08, .name = "BRR"},
        {.offset = cr1, .name = "CR1", .write = [this](auto, Cycle) { update_irq(); }},
        {.offset = 0x10, .name = "CR2"},
        {.offset = 0x14, .name = "CR3"},
        {.offset = 0x18, .name = "GTPR"},
    });
  }

 private:
  static constexpr std::uint32_t sr = 0x00, cr1 = 0x0C, cr1_ue = 1u << 13;

  void send(std::uint32_t v) {
    if ((get(cr1) & (cr1_ue | cr1_te)) != (cr1_ue | cr1_te)) {
      report(0x04, "byte written while the transmitter is off (UE, TE)");
      return;
    }
    transmit(v);
    set(sr, get(sr) | flag_tc);
    update_irq();
  }
  void update_irq() override {
    const std::uint32_t enables = get(cr1);
    drive_irq(0, (enables & cr1_ue) && ((enables & cr1_txeie) || (enables & cr1_tcie && get(sr) & flag_tc) ||
                                        (enables & cr1_rxneie && has_input())));
  }
};

}  // namespace

DevicePtr make_stm32_usart_v3(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<UsartV3>(spec, wiring);
}
DevicePtr make_stm32_usart_v2(const DeviceSpec& spec, const Wiring& wiring) {
  return std::make_unique<UsartV2>(spec, wiring);
}

}  // namespace mj::peripherals
