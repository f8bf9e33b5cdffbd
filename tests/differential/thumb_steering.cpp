// Base registers led into RAM and branches onto later instructions: by asking the instruction what it would do, nothing
// being written down per instruction.
#include <algorithm>
#include <cstdlib>

#include "isa/thumb/registers.h"
#include "isa/thumb/semantics/all.h"
#include "tests/differential/probe.h"
#include "tests/differential/thumb_draft.h"

namespace mj::differential {

using namespace isa::thumb;
using isa::Effects;
using isa::Insn;
using isa::OpClass;

namespace {

Probe ask(const Insn& insn, const std::array<std::uint32_t, isa::register_count + 2>& regs, int answered = -1,
          std::uint32_t answer = 0) {
  Probe p;
  p.regs = regs;
  p.answered = answered;
  p.answer = answer;
  switch (static_cast<Op>(insn.op)) {
#define X(name, ...)                       \
  case Op::name:                           \
    semantics::execute<Op::name>(p, insn); \
    break;
    MJ_THUMB_OPS(X)
#undef X
    case Op::count_:
      break;
  }
  return p;
}

/// Accesses that no core performs unaligned.
bool aligned_only(OpClass c) {
  switch (c) {
    case OpClass::load:
    case OpClass::store:
    case OpClass::store_reg:
    case OpClass::branch_table:
      return false;
    default:
      return true;
  }
}

struct Layout {
  Draft& d;
  Features features;
  Operands& random;
  std::uint64_t& not_steered;
  ThumbProgram& p;

  bool finish();
  bool solve(Item& item);
  bool solve_encoding(Item& item, std::uint32_t wanted);
};

bool Layout::finish() {
  std::uint32_t at = d.base;
  const bool wide_branch = (features & v7m) != 0;
  const std::uint32_t islands = d.base;
  at += static_cast<std::uint32_t>(d.islands.size()) * (wide_branch ? 4 : 2);
  p.entry = at;
  if (d.exclusives) at += 4;  // CLREX: no exclusive access is open
  unsigned group = 0;
  d.labels.push_back(at);
  for (Item& item : d.items) {
    if (item.group != group) {
      group = item.group;
      d.labels.push_back(at);
    }
    item.pc = at;
    at += item.size;
  }
  p.end = at;
  d.labels.push_back(at);
  at += 2;
  const std::uint32_t pool = (at + 3) & ~3u;
  if (pool + 4 * d.literals.size() + 64 - d.base > ThumbGenerator::most_bytes) return false;

  p.code.assign((pool - d.base) / 2 + 2 * d.literals.size() + 32, 0);
  const auto put16 = [&](std::uint32_t a, std::uint32_t v) {
    p.code[(a - d.base) / 2] = static_cast<std::uint16_t>(v);
  };
  const auto put = [&](std::uint32_t a, std::uint32_t raw, unsigned size) {
    if (size == 4) put16(a, raw >> 16);
    put16(a + size - 2, raw);
  };
  // Islands lead from a jump backwards to a group behind it; solve() picks which.
  for (Item& item : d.items)
    if (item.drawn && !solve(item)) {
      ++not_steered;
      item.drawn = false;
      const bool branch_in_it = item.it_bits != 0;
      item.raw = item.size == 2 ? 0xbf00 : (features & v7m) || branch_in_it ? 0xf3af8000 : 0xbf00bf00;
      // What follows goes on with a stack.
      for (const auto& [r, literal] : item.steered)
        if (r == sp) d.literals[static_cast<std::size_t>(literal)] = stack_top;
    }
  for (std::size_t k = 0; k < d.islands.size(); ++k) {
    const std::uint32_t from = islands + static_cast<std::uint32_t>(k) * (wide_branch ? 4 : 2);
    const std::uint32_t to = d.labels[d.islands[k] ? d.islands[k] : d.groups];
    if (!wide_branch && to - from - 4 > 2000) return false;
    if (wide_branch) {
      put(from, 0xe000bf00 | ((to - from - 4) / 2 & 0x7ff) << 16, 4);
    } else {
      put(from, 0xe000 | ((to - from - 4) / 2 & 0x7ff), 2);
    }
  }
  if (d.exclusives) put(p.entry, 0xf3bf8f2f, 4);
  for (Item& item : d.items) {
    if (item.literal >= 0) {
      const std::uint32_t offset = pool + 4 * static_cast<std::uint32_t>(item.literal) - ((item.pc + 4) & ~3u);
      if (item.size == 2 && offset > 1020) return false;
      item.raw |= item.size == 2 ? offset / 4 : offset;
    }
    put(item.pc, item.raw, item.size);
    if (item.drawn) p.drawn.push_back(item.pc);
    if (item.drawn && item.row && is_fp(item.row->cls)) p.uses_fp = true;
  }
  put(p.end, 0xe7fe, 2);
  for (std::size_t k = 0; k < d.literals.size(); ++k) {
    const std::uint32_t a = pool + 4 * static_cast<std::uint32_t>(k);
    put16(a, d.literals[k]);
    put16(a + 2, d.literals[k] >> 16);
  }
  return true;
}

/// Finds free bits of the encoding for which the immediate (a direct branch's target) is `wanted`.
bool Layout::solve_encoding(Item& item, std::uint32_t wanted) {
  const isa::Pattern& pattern = item.row->pattern;
  const std::uint32_t free = (pattern.width == 16 ? 0xffffu : 0xffffffffu) & ~pattern.mask;
  const std::uint16_t op = item.decode(features).op;
  const auto immediate = [&](std::uint32_t raw, std::uint32_t& imm) {
    Item probe = item;
    probe.raw = raw;
    const Insn i = probe.decode(features);
    imm = i.imm;
    return i.op == op;
  };
  std::uint32_t now = 0, other = 0, moving = 0;
  for (std::uint32_t bit = 1; bit; bit <<= 1)
    if ((free & bit) && immediate(item.raw, now) && immediate(item.raw ^ bit, other) && other != now) moving |= bit;
  const std::uint32_t fixed = item.raw & ~moving;
  for (std::uint32_t start = 0, bit = 0;;) {
    if (immediate(fixed | start, now)) {
      std::vector<std::pair<std::int64_t, std::uint32_t>> steps;
      for (std::uint32_t b = 1; b; b <<= 1)
        if ((moving & b & ~start) && immediate(fixed | start | b, other))
          steps.emplace_back(static_cast<std::int32_t>(other - now), b);
      std::sort(steps.begin(), steps.end(),
                [](const auto& x, const auto& y) { return std::abs(x.first) > std::abs(y.first); });
      std::int64_t left = static_cast<std::int32_t>(wanted - now);
      std::uint32_t raw = fixed | start;
      for (const auto& [step, b] : steps)
        if (std::abs(left - step) < std::abs(left)) left -= step, raw |= b;
      if (immediate(raw, now) && now == wanted) {
        item.raw = raw;
        return true;
      }
    }
    bit = bit ? bit << 1 : 1;
    while (bit && !(moving & bit)) bit <<= 1;
    if (!bit) return false;
    start = bit;
  }
}

bool Layout::solve(Item& item) {
  if (!item.row) return true;  // IT
  Insn insn = item.decode(features);
  if (is(insn, Op::undefined)) return item.row->op == Op::undefined;
  if (!not_compared(insn).empty()) return false;
  const Effects e = effects(insn);
  std::array<std::uint32_t, isa::register_count + 2> regs{};
  if (item.stack_as_is) regs[sp] = stack_top + 128;
  const auto set_literals = [&] {
    for (const auto& [r, l] : item.steered) d.literals[static_cast<std::size_t>(l)] = regs[r];
  };
  Probe now = ask(insn, regs);
  const unsigned ahead = item.group + 1 + (d.moves_stack[item.group] ? 0 : random.below(3));
  const std::uint32_t label = d.labels[std::min<std::size_t>(ahead, d.labels.size() - 1)];

  // Addresses: the first access goes where we want it, then all must lie in RAM.
  if (!now.accesses.empty()) {
    if (!item.steered.empty()) {
      const bool branch = now.branches;
      std::uint32_t wanted = data_low + random.below(data_span);
      if (now.aligned_only || aligned_only(insn.cls) || random.below(2) || ((features & v7m) == 0 && random.below(16)))
        wanted &= ~3u;
      if (branch) {
        wanted = d.next_slot;
        d.next_slot = d.next_slot + slot_bytes < slots_end ? d.next_slot + slot_bytes : slots;
      }
      const auto first = [&] { return ask(insn, regs).accesses.front().address; };
      std::size_t base = item.steered.size() - 1;
      for (std::size_t k = 0; k < item.steered.size(); ++k) {
        const unsigned r = item.steered[k].first;
        const std::uint32_t at0 = first();
        regs[r] = 1;
        const std::uint32_t at1 = first();
        regs[r] = 0;
        if (at1 - at0 == 1) base = k;
      }
      for (std::size_t k = 0; k < item.steered.size(); ++k)
        if (k != base) regs[item.steered[k].first] = random.below(4) ? random.below(64) : 0u - random.below(64);
      const unsigned r = item.steered[base].first;
      regs[r] = 0;
      const std::uint32_t at0 = first();
      regs[r] = 1;
      const std::uint32_t slope = first() - at0;
      if (slope == 0) return false;
      regs[r] = static_cast<std::uint32_t>(static_cast<std::int32_t>(wanted - at0) / static_cast<std::int32_t>(slope));
      now = ask(insn, regs);
      if (now.accesses.empty()) return false;
      if (branch && (now.accesses.front().address != wanted || (r == sp && regs[r] & 3))) return false;
      for (const auto& a : now.accesses)
        if (a.address < ram_base + 64 || a.address > ram_base + ram_size - 64) return false;
    } else if (e.address == 0) {
      for (const auto& a : now.accesses)
        if (a.address < code_base || a.address > code_base + code_size - 8) return false;
    } else if (now.branches) {
      return false;
    }
    if (!now.branches) {
      set_literals();
      return true;
    }
    // A branch by what it loads: find the load that decides, and put there what leads to the label.
    for (int k = static_cast<int>(now.accesses.size()) - 1; k >= 0; --k) {
      const auto& a = now.accesses[static_cast<std::size_t>(k)];
      const std::uint32_t t0 = ask(insn, regs, k, 0).target, t1 = ask(insn, regs, k, 1).target;
      const std::uint32_t slope = t1 - t0;
      if (slope == 0) continue;
      const std::uint32_t v = ((label | 1) - t0) / slope;
      if ((ask(insn, regs, k, v).target | 1) != (label | 1)) return false;
      if (a.size < 4 && v >> (8 * a.size)) return false;
      if (a.address >= ram_base && a.address < ram_base + ram_size)
        p.pokes.push_back({a.address, a.size, v});
      else
        return false;  // literal words are shared with others
      set_literals();
      return true;
    }
    return false;
  }
  if (!now.branches) {
    set_literals();
    return true;
  }
  // A branch by a register.
  if (!item.steered.empty()) {
    const unsigned r = item.steered.back().first;
    regs[r] = 0;
    const std::uint32_t t0 = ask(insn, regs).target;
    // Without it: INVSTATE where the instruction looks at it. The oracle would stop at the end without looking.
    // From BXNS and BLXNS it would lead to Non-secure state, for which there is no memory.
    const bool non_secure = is(insn, Op::bxns) || is(insn, Op::blxns);
    const bool state_bit = label == d.labels.back() || non_secure || random.below(16) != 0;
    regs[r] = (label | state_bit) - t0;
    if ((ask(insn, regs).target & ~1u) != label) return false;
    set_literals();
    return true;
  }
  if (is(insn, Op::bx_pc)) return insn.imm != d.labels.back();  // the oracle would stop there without looking
  // A direct branch: forwards to a label, or backwards to an island that leads behind it.
  if (!d.islands.empty() && random.below(3) == 0) {
    const std::size_t k = random.below(static_cast<std::uint32_t>(d.islands.size()));
    if (d.islands[k] == 0) {
      const std::uint32_t at = d.base + static_cast<std::uint32_t>(k) * ((features & v7m) ? 4 : 2);
      if (solve_encoding(item, at)) {
        d.islands[k] = item.group + 1;
        return true;
      }
    }
  }
  for (unsigned g = ahead; g > item.group; --g)
    if (solve_encoding(item, d.labels[std::min<std::size_t>(g, d.labels.size() - 1)])) return true;
  return false;
}

}  // namespace

bool lay_out(Draft& draft, Features features, Operands& random, std::uint64_t& not_steered, ThumbProgram& program) {
  return Layout{draft, features, random, not_steered, program}.finish();
}

std::vector<DataAccess> accesses(const Insn& insn, const ThumbState& state) {
  std::array<std::uint32_t, isa::register_count + 2> regs{};
  std::copy_n(state.r.begin(), 15, regs.begin());
  std::vector<DataAccess> out;
  for (const Probe::Access& a : ask(insn, regs).accesses) out.push_back({a.address, a.size, a.store});
  return out;
}

}  // namespace mj::differential
