// Thumb programs in Unicorn (QEMU's translator), the first oracle.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "tests/differential/thumb_program.h"

namespace mj::differential {

class UnicornThumb {
 public:
  explicit UnicornThumb(int cpu);
  ~UnicornThumb();
  UnicornThumb(const UnicornThumb&) = delete;
  UnicornThumb& operator=(const UnicornThumb&) = delete;

  std::uint8_t* ram();
  /// Puts code where none was executed since forget_code().
  void write_code(std::uint32_t address, const void* bytes, std::size_t size);
  void forget_code(std::uint32_t address, std::uint32_t size);
  /// Executes from state.r[15] up to `end`, for at most `timeout_us` microseconds (0: without limit, and faster).
  Outcome run(const ThumbState& state, std::uint32_t end, bool fp, std::uint64_t timeout_us = 0);

 private:
  struct Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace mj::differential
