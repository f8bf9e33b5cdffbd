// What a Thumb program starts with and leaves behind, here and in an oracle.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "isa/thumb/decode.h"

namespace mj::differential {

inline constexpr std::uint32_t code_base = 0x100000, code_size = 0x100000;
inline constexpr std::uint32_t ram_base = 0x20000000, ram_size = 0x4000;

/// A core of each kind of decode tables, with the oracle's core that judges it.
struct Family {
  std::string_view name;  ///< of the command line
  std::string_view core;  ///< models/cores
  int oracle;             ///< UC_CPU_ARM_...
};

/// R0..R12, SP, LR, PC, S0..S31 and the special registers.
struct ThumbState {
  std::array<std::uint32_t, 16> r{};
  std::array<std::uint32_t, 32> s{};
  std::uint32_t apsr = 0;  ///< N Z C V Q in 31..27, GE in 19..16
  std::uint32_t fpscr = 0;
  std::uint32_t control = 0, primask = 0, basepri = 0, faultmask = 0;
  std::uint32_t other_sp = 0;  ///< the stack pointer not in use
  bool operator==(const ThumbState&) const = default;
};

/// How a program ended.
enum class End : std::uint8_t {
  finished,   ///< at its last instruction
  undefined,  ///< exceptions from here on, named as CFSR does
  no_coprocessor,
  invalid_state,
  unaligned,
  memory,
  supervisor_call,
  breakpoint,
  security,  ///< SecureFault
  stack_limit,
  hard_fault,  ///< Armv6-M, Armv8-M Baseline: all faults; the architecture doesn't say more
  lockup,
  lost,  ///< neither finished nor an exception within the limit
};
constexpr std::string_view name(End e) {
  constexpr std::string_view names[] = {"finished",
                                        "undefined instruction",
                                        "no coprocessor",
                                        "invalid state",
                                        "unaligned access",
                                        "bad address",
                                        "supervisor call",
                                        "breakpoint",
                                        "secure fault",
                                        "stack limit",
                                        "hard fault",
                                        "lockup",
                                        "lost"};
  return names[static_cast<unsigned>(e)];
}

struct Outcome {
  End end = End::lost;
  ThumbState state;                        ///< at an exception: before it was entered
  bool registers = true;                   ///< `state` can be told: not of a lockup or an exception without a frame
  std::uint32_t frame = 0, frame_end = 0;  ///< memory that exception entry has written; empty if none
};

}  // namespace mj::differential
