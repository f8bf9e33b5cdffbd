// The smallest Context that computes: an array of registers and a flat memory. Tests of semantics run on it, so that an
// instruction's meaning is checked without the engine.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "isa/context.h"

namespace mj::test {

/// Where control went after one instruction.
enum class Flow { next, jump, call, ret };

class PlainContext {
 public:
  using U32 = std::uint32_t;
  using U64 = std::uint64_t;
  using Bool = bool;

  explicit PlainContext(std::uint32_t base = 0x20000000, std::size_t size = 0x10000) : base_(base), bytes_(size) {}

  std::array<std::uint32_t, isa::register_count + 2> regs{};
  Flow flow = Flow::next;
  std::uint32_t target = 0;
  std::optional<std::pair<std::uint32_t, std::uint32_t>> raised;  ///< id, argument
  std::vector<std::pair<std::uint32_t, std::uint32_t>> system_writes;
  std::array<std::uint32_t, 4096> system_values{};
  std::optional<std::uint32_t> fault_address;
  std::optional<std::uint32_t> exclusive;

  U32 reg(unsigned id) { return regs[id]; }
  void set_reg(unsigned id, U32 v) {
    if (id != isa::sink_register && !fault_address) regs[id] = v;
  }

  U32 load8(U32 a) { return load(a, 1); }
  U32 load16(U32 a) { return load(a, 2); }
  U32 load32(U32 a) { return load(a, 4); }
  U32 load32_aligned(U32 a) { return a & 3 ? fault(a) : load(a, 4); }
  void store8(U32 a, U32 v) { store(a, v, 1); }
  void store16(U32 a, U32 v) { store(a, v, 2); }
  void store32(U32 a, U32 v) { store(a, v, 4); }
  void aligned() { aligned_ = true; }
  void unprivileged() {}
  void store32_aligned(U32 a, U32 v) {
    if (a & 3)
      fault(a);
    else
      store(a, v, 4);
  }
  U32 load_exclusive(U32 a, std::uint32_t size) {
    exclusive = a;
    return load(a, size);
  }
  U32 store_exclusive(U32 a, U32 v, std::uint32_t size) {
    const bool held = exclusive.has_value();
    exclusive.reset();
    if (held) store(a, v, size);
    return held ? 0 : 1;
  }
  void clear_exclusive() { exclusive.reset(); }

  void jump(std::uint32_t t) { go(Flow::jump, t); }
  void jump_if(bool c, std::uint32_t t) {
    if (c) go(Flow::jump, t);
  }
  void call(std::uint32_t t) { go(Flow::call, t); }
  void jump_to(U32 t) { go(Flow::jump, t); }
  void call_to(U32 t) { go(Flow::call, t); }
  void return_to(U32 t) { go(Flow::ret, t); }

  U32 system_read(std::uint32_t id) { return id < system_values.size() ? system_values[id] : 0; }
  void system_write(std::uint32_t id, U32 v) {
    system_writes.emplace_back(id, v);
    if (id < system_values.size()) system_values[id] = v;
  }
  void raise(std::uint32_t id, std::uint32_t argument) { raised.emplace(id, argument); }

  std::uint8_t* at(std::uint32_t address, std::uint32_t size) {
    if (address < base_ || address - base_ + size > bytes_.size()) return nullptr;
    return &bytes_[address - base_];
  }

 private:
  void go(Flow f, std::uint32_t t) {
    flow = f;
    target = t;
  }
  U32 fault(U32 a) {
    if (!fault_address) fault_address = a;
    return 0;
  }
  U32 load(U32 a, std::uint32_t size) {
    if (std::exchange(aligned_, false) && (a & (size - 1))) return fault(a);
    const std::uint8_t* p = at(a, size);
    if (!p) return fault(a);
    U32 v = 0;
    std::memcpy(&v, p, size);
    return v;
  }
  void store(U32 a, U32 v, std::uint32_t size) {
    if (std::exchange(aligned_, false) && (a & (size - 1))) {
      fault(a);
      return;
    }
    std::uint8_t* p = at(a, size);
    if (!p)
      fault(a);
    else
      std::memcpy(p, &v, size);
  }

  bool aligned_ = false;
  std::uint32_t base_;
  std::vector<std::uint8_t> bytes_;
};

static_assert(isa::Context<PlainContext>);

}  // namespace mj::test
