#include "isa/rv32/csr.h"

namespace mj::isa::rv32 {

std::string_view cause_text(std::uint32_t mcause) {
  if (mcause & cause_interrupt) {
    switch (mcause & ~cause_interrupt) {
      case irq_software:
        return "machine software interrupt";
      case irq_timer:
        return "machine timer interrupt";
      case irq_external:
        return "machine external interrupt";
      default:
        return (mcause & ~cause_interrupt) >= 16 ? "platform interrupt" : "reserved interrupt";
    }
  }
  switch (mcause) {
    case cause_fetch_misaligned:
      return "instruction address misaligned";
    case cause_fetch_access:
      return "instruction access fault";
    case cause_illegal:
      return "illegal instruction";
    case cause_breakpoint:
      return "breakpoint";
    case cause_load_misaligned:
      return "load address misaligned";
    case cause_load_access:
      return "load access fault";
    case cause_store_misaligned:
      return "store/AMO address misaligned";
    case cause_store_access:
      return "store/AMO access fault";
    case cause_ecall_user:
      return "environment call from U-mode";
    case cause_ecall_machine:
      return "environment call from M-mode";
    default:
      return "reserved cause";
  }
}

}  // namespace mj::isa::rv32
