// What RV32 operations ask of the architecture through Context::system_read, system_write and raise.
#pragma once

#include <cstdint>

namespace mj::isa::rv32 {

/// system_read/system_write ids. 0..4095 are CSR numbers (TrapUnit::csr_read/csr_write; where those say "not legal" the
/// instruction raises raise_illegal with its encoding, and register writes that follow are undone).
enum System : std::uint32_t {
  sys_wfi = 4096,         ///< write, value ignored: sleep until TrapUnit::interrupt_waiting()
  sys_fence_i = 4097,     ///< write, value ignored: later fetches see earlier stores
  sys_h3_block = 4098,    ///< write, value ignored: sleep until there was an unblock since the last one, or as sys_wfi
  sys_h3_unblock = 4099,  ///< write, value ignored
};

/// raise() ids: what happens at the current instruction; TrapUnit::raise() does it and gives the new pc.
enum Raise : std::uint32_t {
  raise_illegal = 0,  ///< illegal instruction; argument: encoding (becomes mtval)
  raise_ecall = 1,    ///< ECALL; argument 0
  raise_ebreak = 2,   ///< EBREAK; argument 0. Semihosting calls are an EBREAK between two marker instructions
  raise_mret = 3,  ///< MRET: return from a trap; argument: encoding, for the illegal instruction that it is in U-mode
};

}  // namespace mj::isa::rv32
