// A Context that asks an instruction what it would do: which addresses it accesses and where it would go, given
// registers and what its loads find.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "isa/context.h"

namespace mj::differential {

class Probe {
 public:
  using U32 = std::uint32_t;
  using U64 = std::uint64_t;
  using Bool = bool;

  struct Access {
    U32 address;
    unsigned size;
    bool store;
  };
  std::array<U32, isa::register_count + 2> regs{};
  std::vector<Access> accesses;
  int answered = -1;  ///< the access that finds `answer`; the others find 0
  U32 answer = 0;
  bool aligned_only = false;  ///< the instruction said so
  bool branches = false;
  U32 target = 0;

  U32 reg(unsigned id) const { return regs[id]; }
  void set_reg(unsigned, U32) {}
  U32 load8(U32 a) { return load(a, 1) & 0xff; }
  U32 load16(U32 a) { return load(a, 2) & 0xffff; }
  U32 load32(U32 a) { return load(a, 4); }
  U32 load32_aligned(U32 a) { return load(a, 4); }
  void store8(U32 a, U32) { accesses.push_back({a, 1, true}); }
  void store16(U32 a, U32) { accesses.push_back({a, 2, true}); }
  void store32(U32 a, U32) { accesses.push_back({a, 4, true}); }
  void store32_aligned(U32 a, U32) { accesses.push_back({a, 4, true}); }
  U32 load_exclusive(U32 a, U32 size) { return load(a, size); }
  U32 store_exclusive(U32 a, U32, U32 size) {
    accesses.push_back({a, size, true});
    return 0;
  }
  void clear_exclusive() {}
  void aligned() { aligned_only = true; }
  void unprivileged() {}
  void jump(U32 t) { go(t); }
  void jump_if(bool, U32 t) { go(t); }
  void call(U32 t) { go(t); }
  void jump_to(U32 t) { go(t); }
  void call_to(U32 t) { go(t); }
  void return_to(U32 t) { go(t); }
  U32 system_read(U32) { return 0; }
  void system_write(U32, U32) {}
  void raise(U32, U32) {}

 private:
  U32 load(U32 a, unsigned size) {
    accesses.push_back({a, size, false});
    return static_cast<int>(accesses.size()) - 1 == answered ? answer : 0;
  }
  void go(U32 t) {
    branches = true;
    target = t;
  }
};

static_assert(isa::Context<Probe>);

}  // namespace mj::differential
