// What tests of Secure and Non-secure firmware share: running it here and in QEMU, names of bits, pieces of programs.
#pragma once

#include <set>
#include <sstream>
#include <string>

#include "tests/engine/trustzone.h"

namespace mj {

using engine::StopKind;
using test::TrustZoneBench;

enum Sfsr : std::uint32_t {
  invep = 1,
  invis = 2,
  inver = 4,
  auviol = 8,
  invtran = 16,
  lsperr = 32,
  sfarvalid = 64,
  lserr = 128
};
// Where `explain` puts things.
enum Told : unsigned { t_sfsr, t_sfar, t_cfsr, t_cfsr_ns, t_hfsr, t_exc_return, t_exception };
inline constexpr unsigned hard_fault = 3, usage_fault = 6, secure_fault = 7;
inline constexpr std::uint32_t stkof = 1u << 20, invpc = 1u << 18, nocp = 1u << 19, undefinstr = 1u << 16,
                               forced = 1u << 30;

class TrustZone : public test::Arm {
 protected:
  /// Runs `body` here and in QEMU; both must end in `finish` with the same words. `not_in_qemu`: words that QEMU 7.2
  /// gets wrong (the test says why).
  static void run(TrustZoneBench& b, const std::string& body, const std::set<unsigned>& not_in_qemu = {}) {
    ASSERT_EQ(b.run(10'000'000).kind, StopKind::exited) << std::hex << b.engine().pc();
    b.expect_conserved();
    std::istringstream theirs(test::trustzone_in_qemu(body));
    std::string word;
    for (unsigned i = 0; theirs >> word; ++i) {
      ASSERT_EQ(word.size(), 8u) << "QEMU says " << word;
      if (!not_in_qemu.count(i)) {
        EXPECT_EQ(b.result(i), std::stoul(word, nullptr, 16)) << "results[" << i << "] in QEMU";
      }
    }
  }
  /// QEMU 7.2 never sets SFAR and SFSR.SFARVALID (DDI0553 D1.2, SFSR: AUVIOL comes with an address).
  static inline const std::set<unsigned> no_sfar{0, 1};
};

/// Secure code that calls `ns_function`, whose code is `ns`.
inline std::string calling(const std::string& ns, const std::string& before = "") {
  return "func begin\n" + before +
         " ldr r4, =ns_function\n bic r4, #1\n blxns r4\n b finish\n"
         " .balign 4\nfunc secure_function\n bx lr\n .ltorg\n"
         " .section .nsc, \"ax\"\nfunc veneer\n sg\nin_veneer:\n b.w secure_function\n"
         " .section .ns_text, \"ax\"\nfunc ns_function\n" +
         ns + "\n .ltorg\n";
}

/// Interrupt 1 is enabled; `ns`: it targets Non-secure state.
inline std::string with_interrupt(bool ns) {
  return std::string(" ldr r0, =0xe000e100\n movs r1, #2\n str r1, [r0]\n") +
         (ns ? " str r1, [r0, #0x280]\n" : "");  // NVIC_ITNS0
}
inline constexpr const char* pend_interrupt = " ldr r0, =0xe000e200\n movs r1, #2\n str r1, [r0]\n dsb\n isb\n";

}  // namespace mj
