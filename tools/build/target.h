// Where a firmware is built for: compiler flags, memories, and which files of runtime/port it takes. All of it comes
// from the board files that the simulator reads, too (models/boards).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/board.h"

namespace mj::build {

struct Region {
  std::uint32_t base = 0;
  std::uint32_t bytes = 0;
};

struct BoardTarget {
  std::string id;
  std::string name;
  std::string toolchain;           ///< "arm-none-eabi" or "riscv64-unknown-elf": the compiler is <toolchain>-gcc
  std::vector<std::string> flags;  ///< instruction set and ABI
  std::optional<Region> code;      ///< from the first byte of the image on; none: code and data share `ram`
  Region ram;                      ///< the stack begins at its end and grows down
  std::string startup;             ///< "arm" or "riscv"
  bool vector_table = false;       ///< RISC-V: a table of jumps first, reset 0x80 behind it
  std::string console;             ///< runtime/port/console/<console>.c
  std::uint32_t console_base = 0;
  std::uint32_t baud = 115200;       ///< our own choice for all boards
  std::string clock;                 ///< runtime/port/clock/<clock>.c
  std::uint32_t clock_hz = 0;        ///< after the clock set-up
  std::string exit;                  ///< runtime/port/exit/<exit>.c
  std::uint32_t exit_base = 0;       ///< 0: the exit needs no device
  std::uint32_t stack_bytes = 4096;  ///< kept free for the stack; more is used when RAM has it
};

/// Ids of the shipped boards that a firmware can be built for, sorted.
std::vector<std::string> buildable_boards();

/// What the builder takes from a board. `where` names the board file in errors.
/// Errors: ExitCode::usage (no "firmware" object, no memory where boot points, a console that the runtime can't drive).
Result<BoardTarget> target_of(const BoardSpec& board, const std::string& where);

/// The target of a shipped board by id, or of a board file of the user's own if the argument ends in ".json".
/// Errors: those of load_board and target_of; they name the boards that can be built for.
Result<BoardTarget> find_target(const std::string& id_or_path);

}  // namespace mj::build
