// The Context that computes: guest values are host integers, registers an array, plain memory a host pointer away.
//
// Kept so that every handler is one straight piece of host code: whatever is rare (devices, wait states, faults,
// unaligned accesses, the system) is a call out of line that takes HotState and Slot, never the context itself, so that
// the compiler keeps the context in registers and can end handlers with a jump to the next one.
#pragma once

#include <cstring>

#include "isa/context.h"
#include "sim/engine/hot_state.h"

namespace mj::engine {

// Out of line; engine_memory.cpp.
std::uint32_t slow_load(HotState* h, Slot* s, std::uint32_t address, unsigned size, bool aligned_only);
void slow_store(HotState* h, Slot* s, std::uint32_t address, std::uint32_t value, unsigned size, bool aligned_only);
std::uint32_t exclusive_load(HotState* h, Slot* s, std::uint32_t address, unsigned size);
std::uint32_t exclusive_store(HotState* h, Slot* s, std::uint32_t address, std::uint32_t value, unsigned size);
void exclusive_clear(HotState* h);
std::uint32_t slow_system_read(HotState* h, Slot* s, std::uint32_t id);
void slow_system_write(HotState* h, Slot* s, std::uint32_t id, std::uint32_t value);

enum class Flow : std::uint8_t { next, jump, conditional, indirect, raise };

class InterpContext {
 public:
  using U32 = std::uint32_t;
  using U64 = std::uint64_t;
  using Bool = bool;

  InterpContext(HotState* h, Slot* s) : h_(h), s_(s) {}

  // Read by the handler after the operation; constants once inlined.
  Flow flow = Flow::next;
  bool taken = false, is_return = false, memory = false;
  U32 target = 0, raise_id = 0, raise_argument = 0;

  U32 reg(unsigned id) const { return h_->r[id]; }
  void set_reg(unsigned id, U32 v) { h_->r[id] = v; }

  U32 load8(U32 a) {
    memory = true;
    const std::uintptr_t bias = h_->read_pages[a >> 12];
    if (bias) [[likely]]
      return *reinterpret_cast<const std::uint8_t*>(bias + a);
    return slow_load(h_, s_, a, 1, false);
  }
  U32 load16(U32 a) {
    memory = true;
    const std::uintptr_t bias = h_->read_pages[a >> 12];
    if (bias && !(a & 1)) [[likely]]
      return host<std::uint16_t>(bias + a);
    return slow_load(h_, s_, a, 2, false);
  }
  U32 load32(U32 a) { return load32_any(a, false); }
  U32 load32_aligned(U32 a) { return load32_any(a, true); }
  void store8(U32 a, U32 v) {
    memory = true;
    const std::uintptr_t bias = h_->write_pages[a >> 12];
    if (bias) [[likely]]
      *reinterpret_cast<std::uint8_t*>(bias + a) = static_cast<std::uint8_t>(v);
    else
      slow_store(h_, s_, a, v, 1, false);
  }
  void store16(U32 a, U32 v) {
    memory = true;
    const std::uintptr_t bias = h_->write_pages[a >> 12];
    if (bias && !(a & 1)) [[likely]]
      set_host(bias + a, static_cast<std::uint16_t>(v));
    else
      slow_store(h_, s_, a, v, 2, false);
  }
  void store32(U32 a, U32 v) { store32_any(a, v, false); }
  void store32_aligned(U32 a, U32 v) { store32_any(a, v, true); }
  U32 load_exclusive(U32 a, std::uint32_t size) {
    memory = true;
    return exclusive_load(h_, s_, a, size);
  }
  U32 store_exclusive(U32 a, U32 v, std::uint32_t size) {
    memory = true;
    return exclusive_store(h_, s_, a, v, size);
  }
  void clear_exclusive() { exclusive_clear(h_); }

  void jump(std::uint32_t) { flow = Flow::jump; }
  void jump_if(bool c, std::uint32_t) {
    flow = Flow::conditional;
    taken = c;
  }
  void call(std::uint32_t) { flow = Flow::jump; }
  void jump_to(U32 t) {
    flow = Flow::indirect;
    target = t;
  }
  void call_to(U32 t) { jump_to(t); }
  void return_to(U32 t) {
    jump_to(t);
    is_return = true;
  }

  U32 system_read(isa::SystemId id) {
    memory = true;  // may fault (illegal CSR)
    return slow_system_read(h_, s_, id);
  }
  void system_write(isa::SystemId id, U32 v) {
    memory = true;
    slow_system_write(h_, s_, id, v);
  }
  void raise(isa::SystemId id, std::uint32_t argument) {
    flow = Flow::raise;
    raise_id = id;
    raise_argument = argument;
  }

 private:
  template <class T>
  static T host(std::uintptr_t p) {
    T v;
    std::memcpy(&v, reinterpret_cast<const void*>(p), sizeof v);
    return v;
  }
  template <class T>
  static void set_host(std::uintptr_t p, T v) {
    std::memcpy(reinterpret_cast<void*>(p), &v, sizeof v);
  }
  U32 load32_any(U32 a, bool aligned_only) {
    memory = true;
    const std::uintptr_t bias = h_->read_pages[a >> 12];
    if (bias && !(a & 3)) [[likely]]
      return host<std::uint32_t>(bias + a);
    return slow_load(h_, s_, a, 4, aligned_only);
  }
  void store32_any(U32 a, U32 v, bool aligned_only) {
    memory = true;
    const std::uintptr_t bias = h_->write_pages[a >> 12];
    if (bias && !(a & 3)) [[likely]]
      set_host(bias + a, v);
    else
      slow_store(h_, s_, a, v, 4, aligned_only);
  }

  HotState* h_;
  Slot* s_;
};

}  // namespace mj::engine
