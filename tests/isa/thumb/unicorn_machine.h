// The oracle: a Cortex-M4 of Unicorn (QEMU) with the same memory as thumb_machine.h.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace mj::test {

/// R0..R12, SP, LR, PC and APSR (N Z C V Q GE).
struct CoreState {
  std::array<std::uint32_t, 16> r{};
  std::uint32_t apsr = 0;
  bool operator==(const CoreState&) const = default;
};

class UnicornMachine {
 public:
  static constexpr std::uint32_t ram_base = 0x20000000, ram_size = 0x10000;

  UnicornMachine();
  ~UnicornMachine();
  UnicornMachine(const UnicornMachine&) = delete;
  UnicornMachine& operator=(const UnicornMachine&) = delete;

  void write(std::uint32_t address, const void* bytes, std::size_t size);
  std::vector<std::uint8_t> ram();

  /// Executes at state.r[15]: one instruction, or up to address `until`. Nothing if it raised an exception or touched
  /// memory that isn't there.
  std::optional<CoreState> run(const CoreState& state, std::uint32_t until = 0);

 private:
  struct Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace mj::test
