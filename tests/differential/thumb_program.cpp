#include "tests/differential/thumb_program.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <iterator>

#include "isa/thumb/registers.h"
#include "isa/thumb/semantics/all.h"
#include "isa/thumb/system.h"
#include "tests/differential/probe.h"

namespace mj::differential {

using namespace isa::thumb;
using isa::Effects;
using isa::Insn;
using isa::OpClass;
using isa::Row;

namespace {

// Where things lie in RAM: data that loads and stores meet, the stack in the middle of it, and words for branches.
constexpr std::uint32_t data_low = ram_base + 0x3000, data_span = 0x2000, stack_top = ram_base + 0x4000,
                        slots = ram_base + 0x6800, slots_end = ram_base + 0x7800, slot_bytes = 128;
constexpr unsigned always = 14, most_islands = 3;

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

bool is(const Insn& insn, Op op) { return insn.op == static_cast<std::uint16_t>(op); }
bool is_fp(OpClass c) { return c >= OpClass::fp_move && c <= OpClass::fp_sys; }

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

}  // namespace

std::vector<DataAccess> accesses(const Insn& insn, const ThumbState& state) {
  std::array<std::uint32_t, isa::register_count + 2> regs{};
  std::copy_n(state.r.begin(), 15, regs.begin());
  std::vector<DataAccess> out;
  for (const Probe::Access& a : ask(insn, regs).accesses) out.push_back({a.address, a.size, a.store});
  return out;
}

std::string_view not_compared(const Insn& insn) {
  if (insn.cls == OpClass::wait) return "WFI, WFE: sleep is the machine's (tests/engine)";
  if (is(insn, Op::yield)) return "YIELD: the oracle leaves its loop; a hint (ARMv7-M A7.7.263)";
  if (is(insn, Op::vlstm) || is(insn, Op::vlldm)) return "VLSTM, VLLDM: their frames are tested with the exceptions";
  const std::uint32_t limit = insn.imm & ~std::uint32_t{sysm_non_secure};
  if (is(insn, Op::msr) && (limit == sysm_msplim || limit == sysm_psplim))
    return "MSR of a stack limit above SP: what an increment then does is IMPLEMENTATION DEFINED, the oracle's faults";
  if (is(insn, Op::bkpt) && insn.imm == 0xab) return "BKPT 0xAB: semihosting";
  return "";
}

// ---- drafts ---------------------------------------------------------------------------------------------------------

struct ThumbGenerator::Item {
  std::uint32_t raw = 0;
  std::uint8_t size = 2;
  bool drawn = false;
  std::uint8_t it_bits = 0;  ///< ITSTATE before it
  int row = -1;
  unsigned group = 0;
  std::uint32_t pc = 0;
  int literal = -1;  ///< a load of this literal
  int island = -1;   ///< a jump back that ends here: stands before the program and leads to `group`
  std::vector<std::pair<unsigned, int>> steered;  ///< register, literal
  bool stack_as_is = false;                       ///< a base of SP is taken as it comes
};

struct ThumbGenerator::Draft {
  std::uint32_t base = 0;
  std::vector<Item> items;
  std::vector<std::uint32_t> literals;
  std::vector<std::uint32_t> labels;  ///< address of each group, the end last
  std::vector<unsigned> islands;      ///< groups that they lead to
  unsigned groups = 0;
  std::vector<bool> moves_stack;  ///< by group: the next one sets the stack pointer anew and must not be jumped over
  bool stack_moved = false;
  std::uint32_t next_slot = slots;
  unsigned exclusives = 0;
};

ThumbGenerator::ThumbGenerator(Features features, std::uint64_t seed) : features_(features), random_(seed) {
  // Which rows the core has is the decoder's to say: those of which a fill decodes as something.
  for (const auto rows : {rows_16bit(), rows_32bit()})
    for (const Row<Op>& row : rows) {
      bool there = row.op == Op::undefined && row.feature == 0;
      if (row.op == Op::it) {  // fills of it are hints, too; it is drawn with the block behind it
        there = is(isa::thumb::decode(0xbf08, 0, code_base, false, features), Op::it);
        if (!there) continue;
        it_row_ = static_cast<int>(rows_.size());
      }
      const std::uint32_t free = (row.pattern.width == 16 ? 0xffffu : 0xffffffffu) & ~row.pattern.mask;
      std::mt19937 fill(1);
      for (int k = 0; k < 64 && !there; ++k) {
        const std::uint32_t raw = row.pattern.value | (static_cast<std::uint32_t>(fill()) & free);
        const Insn i = row.pattern.width == 16 ? isa::thumb::decode(raw, 0, code_base, k & 1, features)
                                               : isa::thumb::decode(raw >> 16, raw, code_base, k & 1, features);
        there = !is(i, Op::undefined) && not_compared(i).empty() &&
                (i.cls != OpClass::coprocessor || row.cls == OpClass::coprocessor);
      }
      if (there) rows_.push_back({&row, 0});
    }
}

Insn ThumbGenerator::decode(const Item& item) const {
  const ItState it{item.it_bits};
  Insn insn = item.size == 2 ? isa::thumb::decode(item.raw, 0, item.pc, it.active(), features_)
                             : isa::thumb::decode(item.raw >> 16, item.raw, item.pc, it.active(), features_);
  apply_it(insn, it);
  return insn;
}

bool ThumbGenerator::draw(bool in_it, std::uint32_t pc, Item& item) {
  for (int tries = 0; tries < 64; ++tries) {
    const std::uint32_t index = below(static_cast<std::uint32_t>(rows_.size()));
    const Row<Op>& row = *rows_[index].row;
    const bool ends_run = row.cls == OpClass::trap || row.cls == OpClass::coprocessor;
    if (ends_run && below(16) != 0) continue;
    if (row.op == Op::it) continue;
    const std::uint32_t all = row.pattern.width == 16 ? 0xffffu : 0xffffffffu;
    std::uint32_t free = all & ~row.pattern.mask;
    if (is_fp(row.cls)) {  // of "should be" bits with other values the oracle makes undefined instructions
      free = 0;
      for (const std::uint32_t field : row.pattern.fields) free |= field;
    }
    item.raw = row.pattern.value | (any() & free);
    item.size = static_cast<std::uint8_t>(row.pattern.width / 8);
    item.row = static_cast<int>(index);
    item.pc = pc;
    item.it_bits = in_it ? 0x08 : 0;
    item.drawn = true;
    const Insn insn = decode(item);
    if (is(insn, Op::undefined) && row.op != Op::undefined) {
      ++turned_down_;
      continue;
    }
    if (!not_compared(insn).empty() || is_fp(insn.cls) != is_fp(row.cls)) continue;
    ++rows_[index].drawn;
    return true;
  }
  return false;
}

/// Puts a load of a literal into `reg` in front of what follows. Without LDR.W high registers go by way of a low one.
void ThumbGenerator::steer(Draft& d, unsigned reg, Item& item) {
  const int literal = static_cast<int>(d.literals.size());
  d.literals.push_back(0);
  item.steered.emplace_back(reg, literal);
  const auto add = [&](std::uint32_t raw, unsigned size, int of) {
    Item load;
    load.raw = raw;
    load.size = static_cast<std::uint8_t>(size);
    load.group = d.groups;
    load.literal = of;
    d.items.push_back(load);
  };
  if (features_ & v7m) {
    add(0xf8df0000 | reg << 12, 4, literal);
  } else if (reg < 8) {
    add(0x4800 | reg << 8, 2, literal);
  } else {
    unsigned low = below(8);
    const auto taken = [&] {
      for (const auto& [r, l] : item.steered)
        if (r == low) return true;
      return false;
    };
    while (taken()) low = (low + 1) % 8;
    add(0x4800 | low << 8, 2, literal);
    add(0x4600 | (reg & 8) << 4 | low << 3 | (reg & 7), 2, -1);
  }
}

/// In front of a store exclusive: a load exclusive of the same address and kind, or CLREX. Whether a monitor that is
/// open for one address is open for others is IMPLEMENTATION DEFINED (ARMv7-M A3.4.4), and the oracle's isn't.
void ThumbGenerator::open_monitor(Draft& d, const Item& store) {
  Item before;
  before.size = 4;
  before.group = d.groups;
  const Insn insn = decode(store);
  if (below(3) == 0) {
    before.raw = 0xf3bf8f2f;
  } else {
    unsigned loaded = below(13);
    if (loaded == insn.rn) loaded = (loaded + 1) % 13;
    const bool has_offset = (store.raw & 0x00c00000) != 0x00c00000;  // STREX: Rd stands in bits 11:8, else in 3:0
    before.raw = (store.raw & ~0xf000u) | 0x00100000 | loaded << 12 | (has_offset ? 0xf00 : 0xf);
  }
  d.items.push_back(before);
}

void ThumbGenerator::group(Draft& d) {
  std::vector<Item> drawn;
  const bool in_it = (features_ & v7m) && below(5) == 0;
  unsigned count = 1;
  Item it;
  if (in_it) {
    count = 1 + below(4);
    const unsigned cond = below(15);
    // The mask's closing 1 stands at 4 - count; the bits above it choose THEN or ELSE.
    unsigned mask = 1u << (4 - count);
    for (unsigned k = 1; k < count; ++k) mask |= (cond == always ? cond & 1 : below(2)) << (4 - k);
    if (cond == always) mask = 1u << (4 - count);
    it.raw = 0xbf00 | cond << 4 | mask;
    it.pc = code_base;
    if (is(decode(it), Op::undefined)) return;
    it.group = d.groups;
    it.drawn = true;
  }
  isa::RegSet written = 0, needed = 0;
  for (unsigned k = 0; k < count; ++k) {
    Item item;
    bool good = false;
    Insn insn;
    Effects e;
    for (int tries = 0; tries < 32 && !good; ++tries) {
      if (!draw(in_it, code_base + 4 * below(2) + 2 * below(2), item)) break;
      insn = decode(item);
      e = effects(insn);
      good = !isa::ends_block(insn.cls) || k + 1 == count;
      const bool exclusive = insn.cls == OpClass::load_exclusive || insn.cls == OpClass::store_exclusive;
      if (in_it && exclusive) good = false;  // see open_monitor()
      if ((e.address | e.target) & (written | needed)) good = false;
      if (e.reads & written & isa::reg_bit(sp)) good = false;  // the oracle's SP may have bits 1:0
    }
    if (!good) break;
    written |= e.writes;
    needed |= (e.address | e.target) & ~isa::reg_bit(sp);
    item.group = d.groups;
    if (insn.cls == OpClass::load_exclusive || insn.cls == OpClass::store_exclusive) ++d.exclusives;
    drawn.push_back(item);
  }
  if (drawn.empty()) return;
  if (in_it && drawn.size() < count) {
    const unsigned n = static_cast<unsigned>(drawn.size());
    it.raw = (it.raw & 0xfff0) | (it.raw & 0xf & ~((1u << (4 - n)) - 1)) | 1u << (4 - n);
    if (is(decode(it), Op::undefined)) it.raw = 0xbf00 | (it.raw & 0xf0) | 1u << (4 - n);
  }

  // What the group needs to find in its registers. A stack pointer that was moved is seen in another register, then set
  // anew.
  if (d.stack_moved) {
    Item copy;
    const unsigned to = below(13);
    copy.raw = 0x4600 | (to & 8) << 4 | sp << 3 | (to & 7);
    copy.group = d.groups;
    d.items.push_back(copy);
    Item none;
    steer(d, sp, none);
    d.literals[static_cast<std::size_t>(none.steered[0].second)] = stack_top + 4 * below(64);
  }
  bool moves_again = false;
  for (Item& item : drawn) {
    const Insn insn = decode(item);
    const Effects e = effects(insn);
    isa::RegSet regs = (e.address | e.target) & 0x7fff;
    if (regs & isa::reg_bit(sp)) {
      const bool loads_target = insn.cls == OpClass::branch_load || insn.cls == OpClass::branch_table;
      item.stack_as_is = !loads_target;
      if (item.stack_as_is) regs &= ~isa::reg_bit(sp);
    }
    for (unsigned r = 0; r < 15; ++r)
      if (regs >> r & 1) steer(d, r, item);
    const bool pushes = insn.cls == OpClass::store_multi || insn.cls == OpClass::load_multi;
    if (((e.writes & isa::reg_bit(sp)) && !pushes) || insn.cls == OpClass::sys_write) moves_again = true;
  }
  d.stack_moved = moves_again;
  d.moves_stack.push_back(moves_again);
  if (in_it) {
    d.items.push_back(it);
    if (it_row_ >= 0) ++rows_[static_cast<std::size_t>(it_row_)].drawn;
  }
  ItState state{static_cast<std::uint8_t>(in_it ? it.raw & 0xff : 0)};
  for (Item& item : drawn) {
    if (decode(item).cls == OpClass::store_exclusive) open_monitor(d, item);
    item.it_bits = state.bits;
    d.items.push_back(item);
    if (state.active()) state.advance();
  }
  ++d.groups;
}

ThumbProgram ThumbGenerator::program(std::uint32_t base) {
  for (;;) {
    ThumbProgram p;
    p.base = base;
    Draft d;
    d.base = base;
    const unsigned groups = 1 + below(12);
    for (unsigned tries = 0; d.groups < groups && tries < 64; ++tries) group(d);
    for (unsigned k = below(most_islands + 1); k > 0; --k) d.islands.push_back(0);
    if (finish(d, p)) return p;
  }
}

// ---- layout and steering --------------------------------------------------------------------------------------------

bool ThumbGenerator::finish(Draft& d, ThumbProgram& p) {
  std::uint32_t at = d.base;
  const bool wide_branch = (features_ & v7m) != 0;
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
  if (pool + 4 * d.literals.size() + 64 - d.base > most_bytes) return false;

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
    if (item.drawn && !solve(d, item, p)) {
      ++not_steered_;
      item.drawn = false;
      const bool branch_in_it = item.it_bits != 0;
      item.raw = item.size == 2 ? 0xbf00 : (features_ & v7m) || branch_in_it ? 0xf3af8000 : 0xbf00bf00;
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
    if (item.drawn && item.row >= 0 && is_fp(rows_[static_cast<std::size_t>(item.row)].row->cls)) p.uses_fp = true;
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
bool ThumbGenerator::solve_encoding(Item& item, std::uint32_t wanted) {
  const isa::Pattern& pattern = rows_[static_cast<std::size_t>(item.row)].row->pattern;
  const std::uint32_t free = (pattern.width == 16 ? 0xffffu : 0xffffffffu) & ~pattern.mask;
  const std::uint16_t op = decode(item).op;
  const auto immediate = [&](std::uint32_t raw, std::uint32_t& imm) {
    Item probe = item;
    probe.raw = raw;
    const Insn i = decode(probe);
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

bool ThumbGenerator::solve(Draft& d, Item& item, ThumbProgram& p) {
  if (item.row < 0) return true;  // IT
  Insn insn = decode(item);
  if (is(insn, Op::undefined)) return rows_[static_cast<std::size_t>(item.row)].row->op == Op::undefined;
  if (!not_compared(insn).empty()) return false;
  const Effects e = effects(insn);
  std::array<std::uint32_t, isa::register_count + 2> regs{};
  if (item.stack_as_is) regs[sp] = stack_top + 128;
  const auto set_literals = [&] {
    for (const auto& [r, l] : item.steered) d.literals[static_cast<std::size_t>(l)] = regs[r];
  };
  Probe now = ask(insn, regs);
  const unsigned ahead = item.group + 1 + (d.moves_stack[item.group] ? 0 : below(3));
  const std::uint32_t label = d.labels[std::min<std::size_t>(ahead, d.labels.size() - 1)];

  // Addresses: the first access goes where we want it, then all must lie in RAM.
  if (!now.accesses.empty()) {
    if (!item.steered.empty()) {
      const bool branch = now.branches;
      std::uint32_t wanted = data_low + below(data_span);
      if (now.aligned_only || aligned_only(insn.cls) || below(2) || ((features_ & v7m) == 0 && below(16)))
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
        if (k != base) regs[item.steered[k].first] = below(4) ? below(64) : 0u - below(64);
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
    const bool state_bit = label == d.labels.back() || non_secure || below(16) != 0;
    regs[r] = (label | state_bit) - t0;
    if ((ask(insn, regs).target & ~1u) != label) return false;
    set_literals();
    return true;
  }
  if (is(insn, Op::bx_pc)) return insn.imm != d.labels.back();  // the oracle would stop there without looking
  // A direct branch: forwards to a label, or backwards to an island that leads behind it.
  if (!d.islands.empty() && below(3) == 0) {
    const std::size_t k = below(static_cast<std::uint32_t>(d.islands.size()));
    if (d.islands[k] == 0) {
      const std::uint32_t at = d.base + static_cast<std::uint32_t>(k) * ((features_ & v7m) ? 4 : 2);
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

// ---- states ---------------------------------------------------------------------------------------------------------

std::uint32_t ThumbGenerator::value() {
  static constexpr std::uint32_t edges[] = {0,          1,          2,          0x1f,       0x20,       0x21,
                                            0x7f,       0x80,       0xff,       0x100,      0x7fff,     0x8000,
                                            0xffff,     0x10000,    0x7fffffff, 0x80000000, 0x80000001, 0xffffffff,
                                            0xffff8000, 0xffff7fff, 0x80008000, 0x7fff7fff, 0x7f7f7f7f, 0x80808080,
                                            0x80007fff, 0x7fff8000, 0xfffffffe, 0x3fffffff, 0x40000000, 0xc0000000};
  switch (below(4)) {
    case 0:
      return edges[below(std::size(edges))];
    case 1:
      return below(64) - 32;
    default:
      return any();
  }
}

std::uint32_t ThumbGenerator::single() {
  static constexpr std::uint32_t special[] = {
      0x00000000, 0x00000001, 0x00400000, 0x007fffff, 0x00800000, 0x00800001, 0x01000000, 0x33800000, 0x34000000,
      0x3effffff, 0x3f000000, 0x3f000001, 0x3f7fffff, 0x3f800000, 0x3f800001, 0x3fc00000, 0x40000000, 0x40200000,
      0x46fffe00, 0x47000000, 0x477fff00, 0x477fe000, 0x477ff000, 0x47800000, 0x38800000, 0x387fffff, 0x33000000,
      0x4b000000, 0x4b800000, 0x4effffff, 0x4f000000, 0x4f7fffff, 0x4f800000, 0x5f000000, 0x7f000000, 0x7f7fffff,
      0x7f800000, 0x7f800001, 0x7fa00000, 0x7fbfffff, 0x7fc00000, 0x7fc12345, 0x7fffffff};
  const std::uint32_t sign = any() & 0x80000000u;
  switch (below(6)) {
    case 0:
      return any();
    case 1:
      return sign | special[below(std::size(special))];
    case 2:
      return sign | (any() & 0x007fffff) >> below(23);
    case 3:
      return sign | (120 + below(16)) << 23 | (any() & 0x7fffff);
    case 4:
      return sign | (120 + below(40)) << 23 | (any() & 0x7fffffu << below(23) & 0x7fffff);
    default:
      return any() & 0xffff;
  }
}

std::uint64_t ThumbGenerator::twice() {
  static constexpr std::uint64_t special[] = {
      0x0000000000000000, 0x0000000000000001, 0x000fffffffffffff, 0x0010000000000000, 0x0010000000000001,
      0x380fffffffffffff, 0x3810000000000000, 0x36a0000000000000, 0x3690000000000000, 0x3fdfffffffffffff,
      0x3fe0000000000000, 0x3fefffffffffffff, 0x3ff0000000000000, 0x3ff0000000000001, 0x3ff8000000000000,
      0x40dfffc000000000, 0x40e0000000000000, 0x41dfffffffc00000, 0x41e0000000000000, 0x41efffffffe00000,
      0x41f0000000000000, 0x4330000000000000, 0x4340000000000000, 0x47efffffe0000000, 0x47effffff0000000,
      0x47f0000000000000, 0x7fe0000000000000, 0x7fefffffffffffff, 0x7ff0000000000000, 0x7ff0000000000001,
      0x7ff4000000000000, 0x7ff8000000000000, 0x7ff8123456789abc, 0x7fffffffffffffff};
  const std::uint64_t sign = std::uint64_t{any() & 0x80000000u} << 32;
  const std::uint64_t bits = random_(), fraction = bits & 0xfffffffffffff;
  switch (below(6)) {
    case 0:
      return bits;
    case 1:
      return sign | special[below(std::size(special))];
    case 2:
      return sign | fraction >> below(52);
    case 3:
      return sign | std::uint64_t{1016 + below(16)} << 52 | fraction;
    case 4:
      return sign | std::uint64_t{1000 + below(80)} << 52 | (fraction >> below(52) << 30 & 0xfffffffffffff);
    default:
      return sign | std::uint64_t{870 + below(300)} << 52 | (fraction & ~std::uint64_t{0x1fffffff});
  }
}

ThumbState ThumbGenerator::state(const ThumbProgram& program) {
  ThumbState s;
  for (auto& v : s.r) v = value();
  s.r[sp] = stack_top + 4 * below(64);
  s.r[pc] = program.entry;
  s.other_sp = stack_top + 0x400 + 4 * below(64);
  s.apsr = any() & (features_ & dsp ? 0xf80f0000u : features_ & v7m ? 0xf8000000u : 0xf0000000u);
  if (features_ & (fp_sp | fp_dp)) {
    s.control = features_ & security ? 12 : 4;  // FPCA, SFPA: an FP context is open, of Secure state where there is one
    if ((features_ & fp_dp) && below(2)) {
      for (unsigned i = 0; i < 16; ++i) {
        const std::uint64_t v = twice();
        s.s[2 * i] = static_cast<std::uint32_t>(v);
        s.s[2 * i + 1] = static_cast<std::uint32_t>(v >> 32);
      }
    } else {
      for (auto& v : s.s) v = single();
    }
    if (below(3) == 0)  // near-cancelling operands
      for (unsigned i = 2; i < 32; ++i)
        if (below(4) == 0) s.s[i] = s.s[i - 1 - below(2)] ^ below(2) << 31 ^ (below(4) == 0 ? below(4) : 0);
    s.fpscr = any() & (below(2) ? 0xf7c0009fu : 0xf000009fu);
    if (below(4) == 0) s.fpscr &= ~0x9fu;
  }
  return s;
}

}  // namespace mj::differential
