// The second Context: runs an operation's semantics on taints instead of values, and so tells which registers it reads,
// writes, uses as address, as store data, and how many memory accesses it makes. Timing walks are built on this;
// nothing about an operation's operands is written down a second time.
#pragma once

#include <cstdint>

#include "isa/context.h"

namespace mj::isa {

/// Set of register ids 0..63, one bit each.
using RegSet = std::uint64_t;

constexpr RegSet reg_bit(unsigned id) { return id < register_count ? RegSet{1} << id : 0; }

/// What an instruction does with registers and memory, apart from values.
struct Effects {
  RegSet reads = 0;
  RegSet writes = 0;
  RegSet address = 0;     ///< registers that flow into an address of a memory access
  RegSet store_data = 0;  ///< registers that flow into stored data
  RegSet target = 0;      ///< registers that flow into a branch target
  std::uint8_t loads = 0;
  std::uint8_t stores = 0;
  std::uint8_t load_bytes = 0;   ///< of all its loads
  std::uint8_t store_bytes = 0;  ///< of all its stores
};

/// A guest value of which only the origin is known: the registers that flowed into it.
struct Taint {
  RegSet from = 0;
  constexpr Taint() = default;
  constexpr Taint(std::uint64_t) {}
  static constexpr Taint of(RegSet set) {
    Taint t;
    t.from = set;
    return t;
  }
};

template <class... T>
constexpr Taint mix(T... t) {
  return Taint::of((Taint(t).from | ... | 0));
}

#define MJ_TAINT_BINARY(op) \
  constexpr Taint operator op(Taint a, Taint b) { return mix(a, b); }
MJ_TAINT_BINARY(+)
MJ_TAINT_BINARY(-)
MJ_TAINT_BINARY(*)
MJ_TAINT_BINARY(&)
MJ_TAINT_BINARY(|)
MJ_TAINT_BINARY(^)
MJ_TAINT_BINARY(<<)
MJ_TAINT_BINARY(>>)
MJ_TAINT_BINARY(==)
MJ_TAINT_BINARY(!=)
MJ_TAINT_BINARY(<)
MJ_TAINT_BINARY(<=)
MJ_TAINT_BINARY(>)
MJ_TAINT_BINARY(>=)
#undef MJ_TAINT_BINARY
constexpr Taint operator~(Taint a) { return a; }
constexpr Taint operator!(Taint a) { return a; }
constexpr Taint operator-(Taint a) { return a; }

constexpr Taint less_signed(Taint a, Taint b) { return mix(a, b); }
constexpr Taint select(Taint cond, Taint a, Taint b) { return mix(cond, a, b); }
#define MJ_TAINT_UNARY(f) \
  constexpr Taint f(Taint a) { return a; }
MJ_TAINT_UNARY(bit_of)
MJ_TAINT_UNARY(sign8)
MJ_TAINT_UNARY(sign16)
MJ_TAINT_UNARY(zero8)
MJ_TAINT_UNARY(zero16)
MJ_TAINT_UNARY(clz)
MJ_TAINT_UNARY(ctz)
MJ_TAINT_UNARY(popcount)
MJ_TAINT_UNARY(byte_swap)
MJ_TAINT_UNARY(reverse_bits)
MJ_TAINT_UNARY(widen)
MJ_TAINT_UNARY(widen_signed)
MJ_TAINT_UNARY(low)
MJ_TAINT_UNARY(high)
#undef MJ_TAINT_UNARY
#define MJ_TAINT_TWO(f) \
  constexpr Taint f(Taint a, Taint b) { return mix(a, b); }
MJ_TAINT_TWO(lsl)
MJ_TAINT_TWO(lsr)
MJ_TAINT_TWO(asr)
MJ_TAINT_TWO(ror)
MJ_TAINT_TWO(join)
MJ_TAINT_TWO(asr64)
MJ_TAINT_TWO(udiv)
MJ_TAINT_TWO(urem)
MJ_TAINT_TWO(sdiv)
MJ_TAINT_TWO(srem)
#undef MJ_TAINT_TWO
constexpr Sum<Taint> add_with_carry(Taint a, Taint b, Taint c) {
  const Taint all = mix(a, b, c);
  return {all, all, all};
}

class DefUseContext {
 public:
  using U32 = Taint;
  using U64 = Taint;
  using Bool = Taint;

  Effects effects;

  Taint reg(unsigned id) {
    effects.reads |= reg_bit(id);
    return Taint::of(reg_bit(id));
  }
  void set_reg(unsigned id, Taint) { effects.writes |= reg_bit(id); }

  Taint load8(Taint a) { return load(a, 1); }
  Taint load16(Taint a) { return load(a, 2); }
  Taint load32(Taint a) { return load(a, 4); }
  Taint load32_aligned(Taint a) { return load(a, 4); }
  Taint load_exclusive(Taint a, std::uint32_t size) { return load(a, size); }
  void store8(Taint a, Taint v) { store(a, v, 1); }
  void store16(Taint a, Taint v) { store(a, v, 2); }
  void store32(Taint a, Taint v) { store(a, v, 4); }
  void store32_aligned(Taint a, Taint v) { store(a, v, 4); }
  void aligned() {}
  void unprivileged() {}
  Taint store_exclusive(Taint a, Taint v, std::uint32_t size) {
    store(a, v, size);
    return {};
  }
  void clear_exclusive() {}

  void jump(std::uint32_t) {}
  void jump_if(Taint c, std::uint32_t) { effects.target |= c.from; }
  void call(std::uint32_t) {}
  void jump_to(Taint t) { effects.target |= t.from; }
  void call_to(Taint t) { effects.target |= t.from; }
  void return_to(Taint t) { effects.target |= t.from; }

  Taint system_read(SystemId) { return {}; }
  void system_write(SystemId, Taint) {}
  void raise(SystemId, std::uint32_t) {}

 private:
  Taint load(Taint a, std::uint32_t size) {
    effects.address |= a.from;
    ++effects.loads;
    effects.load_bytes = static_cast<std::uint8_t>(effects.load_bytes + size);
    return {};
  }
  void store(Taint a, Taint v, std::uint32_t size) {
    effects.address |= a.from;
    effects.store_data |= v.from;
    ++effects.stores;
    effects.store_bytes = static_cast<std::uint8_t>(effects.store_bytes + size);
  }
};

static_assert(Context<DefUseContext>);

}  // namespace mj::isa
