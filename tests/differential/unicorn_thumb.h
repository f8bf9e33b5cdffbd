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
  /// Starts Unicorn anew with the code and RAM there are. It keeps all that it ever translated, and crashes when that
  /// fills the gigabyte that it sets aside (2.0.1, after some 15 million instructions of short programs).
  void renew();
  /// As after reset but for `state`; `fp`: there are FP registers.
  void set(const ThumbState& state, bool fp);
  /// `state`, and what it doesn't hold stays (monitor, Non-secure registers ...).
  void set_visible(const ThumbState& state, bool fp);
  /// Executes from state.r[15] up to `end`, or to `or_end` should it miss that. `state` is what set() was told or the
  /// last run left.
  Outcome run(const ThumbState& state, std::uint32_t end, bool fp, std::uint32_t or_end = 0);

 private:
  void open();
  void close();
  void open_fp_context();

  struct Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace mj::differential
