// FakeCores of Armv8-M.
#pragma once

#include "tests/exceptions/fake_core.h"

namespace mj::test {

inline thumb::ExceptionConfig m33(bool security) {
  thumb::ExceptionConfig c = FakeCore::m4();
  c.v8m = true;
  c.security = security;
  return c;
}
inline thumb::ExceptionConfig m23() {
  thumb::ExceptionConfig c = FakeCore::m0plus();
  c.v8m = c.security = true;
  return c;
}

/// Secure state on the MSP; Non-secure MSP 0x20003000, its vectors at 0x8000.
struct SecureCore : FakeCore {
  explicit SecureCore(const thumb::ExceptionConfig& config = m33(true)) : FakeCore(config) {
    regs[thumb::secure_state] = 1;
    unit.system_write(0x88 /* MSP_NS */, 0x20003000, regs.data());
    unit.bank(false).vtor_ = 0x8000;
    for (unsigned n = 1; n < 64; ++n) memory.words[0x8000 + 4 * n] = (0x8000 + handler(n)) | 1;
  }
  void irq_to(unsigned n, std::uint8_t priority, bool non_secure) {
    irq(n, priority);
    unit.set_targets_non_secure(n, non_secure);
  }
};

}  // namespace mj::test
