// The Context that computes: guest values are host integers, registers an array, plain memory a host pointer away.
//
// Each operation is made into machine code twice. The short form is what runs nearly always: a probe first asks whether
// every access of the instruction is plain, aligned memory, and if so the instruction executes with bare loads and
// stores and nothing to check afterwards. Else the full form takes over, which goes through the engine for whatever is
// not plain: devices, wait states, faults, unaligned accesses, the system. The optimiser merges the probe into the
// execution.
#pragma once

#include <cstring>

#include "isa/context.h"
#include "sim/engine/hot_state.h"

namespace mj::engine {

// Out of line; engine_memory.cpp. They take HotState and Slot, never the context, so that a context stays in registers.
std::uint32_t slow_load(HotState* h, Slot* s, std::uint32_t address, unsigned size, unsigned kind);
void slow_store(HotState* h, Slot* s, std::uint32_t address, std::uint32_t value, unsigned size, unsigned kind);
std::uint32_t exclusive_load(HotState* h, Slot* s, std::uint32_t address, unsigned size);
std::uint32_t exclusive_store(HotState* h, Slot* s, std::uint32_t address, std::uint32_t value, unsigned size);
void exclusive_clear(HotState* h);
std::uint32_t slow_system_read(HotState* h, Slot* s, std::uint32_t id);
void slow_system_write(HotState* h, Slot* s, std::uint32_t id, std::uint32_t value);

enum class Leave : std::uint8_t { next, jump, conditional, indirect, raise };

enum class Form : std::uint8_t {
  probe,  ///< changes nothing; `special` tells whether the full form is needed
  plain,  ///< after a probe that found nothing special
  full,
};

template <Form F>
class InterpContext {
 public:
  using U32 = std::uint32_t;
  using U64 = std::uint64_t;
  using Bool = bool;

  InterpContext(HotState* h, Slot* s) : h_(h), s_(s) {}

  // Read by the handler after the operation; constants once inlined.
  bool special = false;
  Leave leave = Leave::next;
  bool taken = false, is_return = false, memory = false;
  U32 target = 0, raise_id = 0, raise_argument = 0;

  U32 reg(unsigned id) const { return h_->r[id]; }
  void set_reg(unsigned id, U32 v) {
    if constexpr (F != Form::probe) h_->r[id] = v;
  }

  U32 load8(U32 a) { return load<std::uint8_t>(a, false); }
  U32 load16(U32 a) { return load<std::uint16_t>(a, false); }
  U32 load32(U32 a) { return load<std::uint32_t>(a, false); }
  U32 load32_aligned(U32 a) { return load<std::uint32_t>(a, true); }
  void store8(U32 a, U32 v) { store<std::uint8_t>(a, v, false); }
  void store16(U32 a, U32 v) { store<std::uint16_t>(a, v, false); }
  void store32(U32 a, U32 v) { store<std::uint32_t>(a, v, false); }
  void store32_aligned(U32 a, U32 v) { store<std::uint32_t>(a, v, true); }

  void aligned() { aligned_ = true; }
  void unprivileged() {
    memory = special = true;
    kind_ |= access_unprivileged;
  }
  U32 load_exclusive(U32 a, std::uint32_t size) {
    memory = special = true;
    if constexpr (F == Form::full) return exclusive_load(h_, s_, a, size);
    return 0;
  }
  U32 store_exclusive(U32 a, U32 v, std::uint32_t size) {
    memory = special = true;
    if constexpr (F == Form::full) return exclusive_store(h_, s_, a, v, size);
    return 0;
  }
  void clear_exclusive() {
    if constexpr (F != Form::probe) exclusive_clear(h_);
  }

  void jump(std::uint32_t) { leave = Leave::jump; }
  void jump_if(bool c, std::uint32_t) {
    leave = Leave::conditional;
    taken = c;
  }
  void call(std::uint32_t) { leave = Leave::jump; }
  void jump_to(U32 t) {
    leave = Leave::indirect;
    target = t;
  }
  void call_to(U32 t) { jump_to(t); }
  void return_to(U32 t) {
    jump_to(t);
    is_return = true;
  }

  U32 system_read(isa::SystemId id) {
    memory = special = true;
    if constexpr (F == Form::full) return slow_system_read(h_, s_, id);
    return 0;
  }
  void system_write(isa::SystemId id, U32 v) {
    memory = special = true;
    if constexpr (F == Form::full) slow_system_write(h_, s_, id, v);
  }
  void raise(isa::SystemId id, std::uint32_t argument) {
    leave = Leave::raise;
    raise_id = id;
    raise_argument = argument;
  }

 private:
  template <class T>
  U32 load(U32 a, bool aligned_only) {
    const std::uintptr_t bias = h_->read_pages[a >> 12];
    const bool plain = bias && !(a & (sizeof(T) - 1)) && kind_ == 0;
    memory = true;
    if constexpr (F == Form::probe) {
      special |= !plain;
      return 0;
    } else {
      if constexpr (F == Form::full)
        if (!plain) return slow_load(h_, s_, a, sizeof(T), kind_ | (aligned_only || aligned_ ? access_aligned : 0u));
      T v;
      std::memcpy(&v, reinterpret_cast<const void*>(bias + a), sizeof v);
      return v;
    }
  }
  template <class T>
  void store(U32 a, U32 value, bool aligned_only) {
    const std::uintptr_t bias = h_->write_pages[a >> 12];
    const bool plain = bias && !(a & (sizeof(T) - 1)) && kind_ == 0;
    memory = true;
    if constexpr (F == Form::probe) {
      special |= !plain;
    } else {
      if constexpr (F == Form::full)
        if (!plain)
          return slow_store(h_, s_, a, value, sizeof(T), kind_ | (aligned_only || aligned_ ? access_aligned : 0u));
      const T v = static_cast<T>(value);
      std::memcpy(reinterpret_cast<void*>(bias + a), &v, sizeof v);
    }
  }

  HotState* h_;
  Slot* s_;
  unsigned kind_ = 0;
  bool aligned_ = false;
};

}  // namespace mj::engine
