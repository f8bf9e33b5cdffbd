// Where a firmware is built for: compiler flags, memories, and which files of runtime/port it takes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"

namespace mj::build {

struct Region {
  std::uint32_t base = 0;
  std::uint32_t bytes = 0;
};

struct BoardTarget {
  std::string id;
  std::string name;
  std::string toolchain;                ///< "arm-none-eabi" or "riscv64-unknown-elf": the compiler is <toolchain>-gcc
  std::vector<std::string> flags;       ///< instruction set and ABI
  std::optional<Region> code;           ///< flash; none: code and data share `ram`
  Region ram;                           ///< the stack begins at its end and grows down
  std::uint32_t reserved_at_start = 0;  ///< bytes that stay free in front of the vector table
  std::string startup;                  ///< "arm" or "riscv"
  bool vector_table = false;            ///< RISC-V: a table of jumps first, reset 0x80 behind it
  std::string console;                  ///< runtime/port/console/<console>.c
  std::uint32_t console_base = 0;
  std::uint32_t baud = 115200;
  std::string clock;                 ///< runtime/port/clock/<clock>.c
  std::uint32_t clock_hz = 0;        ///< after the clock set-up
  std::string exit;                  ///< runtime/port/exit/<exit>.c
  std::uint32_t exit_base = 0;       ///< 0: the exit needs no device
  std::uint32_t stack_bytes = 4096;  ///< kept free for the stack; more is used when RAM has it
};

/// Reads targets in the form of tools/build/targets.json. `where` names the text in errors.
/// Errors: ExitCode::usage.
Result<std::vector<BoardTarget>> read_targets(std::string_view json, std::string_view where);

/// The targets that microjoule ships.
const std::vector<BoardTarget>& builtin_targets();

/// One of them by id. Errors: ExitCode::usage, naming the ids there are.
Result<BoardTarget> find_target(std::string_view id);

}  // namespace mj::build
