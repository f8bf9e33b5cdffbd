// Readable cases: an instruction, the state before, what it changes. Registers that a case doesn't name keep their
// values; flags are exactly those written.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/isa/thumb/thumb_machine.h"

namespace mj::test {

struct Case {
  const char* text;                     ///< assembly
  std::vector<std::uint16_t> encoding;  ///< its halfwords
  std::vector<std::pair<unsigned, std::uint32_t>> before;
  std::string_view flags_before;  ///< letters of NZCVQ, "GE=" and a hex digit; "" for none
  std::vector<std::pair<unsigned, std::uint32_t>> after;
  std::string_view flags_after;
};

inline Flags parse_flags(std::string_view text) {
  Flags f;
  if (const auto at = text.find("GE="); at != std::string_view::npos) {
    const char digit = text[at + 3];
    f.ge = static_cast<std::uint32_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    text = text.substr(0, at);
  }
  for (const char c : text) {
    if (c == 'N') f.n = true;
    if (c == 'Z') f.z = true;
    if (c == 'C') f.c = true;
    if (c == 'V') f.v = true;
    if (c == 'Q') f.q = true;
  }
  return f;
}

/// Runs each case on its own machine, prepared by `prepare` (memory).
template <class Prepare>
void run_cases(std::span<const Case> cases, Prepare prepare) {
  for (const Case& test : cases) {
    SCOPED_TRACE(test.text);
    Machine m;
    prepare(m);
    for (unsigned i = 0; i < 15; ++i) m[i] = 0xdead0000 + 16 * i;
    for (const auto& [id, value] : test.before) m[id] = value;
    set_flags(m, parse_flags(test.flags_before));
    std::array<std::uint32_t, 15> expected;
    std::copy_n(m.regs.begin(), 15, expected.begin());
    for (const auto& [id, value] : test.after) expected[id] = value;

    m.run(test.encoding[0], test.encoding.size() > 1 ? test.encoding[1] : 0);

    EXPECT_NE(m.insn.op, 0) << "decoded as undefined";
    EXPECT_EQ(m.insn.size, 2 * test.encoding.size());
    EXPECT_FALSE(m.fault_address.has_value());
    for (unsigned i = 0; i < 15; ++i) EXPECT_EQ(m[i], expected[i]) << "r" << i;
    EXPECT_TRUE(m.f() == parse_flags(test.flags_after)) << std::hex << "APSR " << apsr(m);
  }
}

}  // namespace mj::test
