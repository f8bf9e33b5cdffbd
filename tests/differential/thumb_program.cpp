#include "tests/differential/thumb_program.h"

#include <algorithm>

#include "isa/thumb/registers.h"
#include "isa/thumb/system.h"
#include "tests/differential/thumb_draft.h"

namespace mj::differential {

using namespace isa::thumb;
using isa::Effects;
using isa::Insn;
using isa::OpClass;
using isa::Row;

namespace {

constexpr unsigned always = 14, most_islands = 3;

}  // namespace

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

Insn Item::decode(Features features) const {
  const ItState it{it_bits};
  Insn insn = size == 2 ? isa::thumb::decode(raw, 0, pc, it.active(), features)
                        : isa::thumb::decode(raw >> 16, raw, pc, it.active(), features);
  apply_it(insn, it);
  return insn;
}

bool ThumbGenerator::draw(bool in_it, std::uint32_t pc, Item& item) {
  for (int tries = 0; tries < 64; ++tries) {
    const std::uint32_t index = random_.below(static_cast<std::uint32_t>(rows_.size()));
    const Row<Op>& row = *rows_[index].row;
    const bool ends_run = row.cls == OpClass::trap || row.cls == OpClass::coprocessor;
    if (ends_run && random_.below(16) != 0) continue;
    if (row.op == Op::it) continue;
    const std::uint32_t all = row.pattern.width == 16 ? 0xffffu : 0xffffffffu;
    std::uint32_t free = all & ~row.pattern.mask;
    if (is_fp(row.cls)) {  // of "should be" bits with other values the oracle makes undefined instructions
      free = 0;
      for (const std::uint32_t field : row.pattern.fields) free |= field;
    }
    item.raw = row.pattern.value | (random_.any() & free);
    item.size = static_cast<std::uint8_t>(row.pattern.width / 8);
    item.row = &row;
    item.pc = pc;
    item.it_bits = in_it ? 0x08 : 0;
    item.drawn = true;
    const Insn insn = item.decode(features_);
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
    unsigned low = random_.below(8);
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
  const Insn insn = store.decode(features_);
  if (random_.below(3) == 0) {
    before.raw = 0xf3bf8f2f;
  } else {
    unsigned loaded = random_.below(13);
    if (loaded == insn.rn) loaded = (loaded + 1) % 13;
    const bool has_offset = (store.raw & 0x00c00000) != 0x00c00000;  // STREX: Rd stands in bits 11:8, else in 3:0
    before.raw = (store.raw & ~0xf000u) | 0x00100000 | loaded << 12 | (has_offset ? 0xf00 : 0xf);
  }
  d.items.push_back(before);
}

void ThumbGenerator::group(Draft& d) {
  std::vector<Item> drawn;
  const bool in_it = (features_ & v7m) && random_.below(5) == 0;
  unsigned count = 1;
  Item it;
  if (in_it) {
    count = 1 + random_.below(4);
    const unsigned cond = random_.below(15);
    // The mask's closing 1 stands at 4 - count; the bits above it choose THEN or ELSE.
    unsigned mask = 1u << (4 - count);
    for (unsigned k = 1; k < count; ++k) mask |= (cond == always ? cond & 1 : random_.below(2)) << (4 - k);
    if (cond == always) mask = 1u << (4 - count);
    it.raw = 0xbf00 | cond << 4 | mask;
    it.pc = code_base;
    if (is(it.decode(features_), Op::undefined)) return;
    it.group = d.groups;
    it.drawn = true;
  }
  isa::RegSet written = 0, needed = 0, doubtful = 0;
  for (unsigned k = 0; k < count; ++k) {
    Item item;
    bool good = false;
    Insn insn;
    Effects e;
    for (int tries = 0; tries < 32 && !good; ++tries) {
      if (!draw(in_it, code_base + 4 * random_.below(2) + 2 * random_.below(2), item)) break;
      insn = item.decode(features_);
      e = effects(insn);
      good = !isa::ends_block(insn.cls) || k + 1 == count;
      const bool exclusive = insn.cls == OpClass::load_exclusive || insn.cls == OpClass::store_exclusive;
      if (in_it && exclusive) good = false;  // see open_monitor()
      if ((e.address | e.target) & (written | needed)) good = false;
      if ((e.reads | e.store_data) & doubtful) good = false;
    }
    if (!good) break;
    written |= e.writes;
    // An oracle can't be stopped within an IT block: what its errors may reach isn't read there.
    const bool may_err = insn.cls == OpClass::sys_read || insn.cls == OpClass::fp_convert;
    doubtful |= e.writes & (may_err ? ~isa::reg_bit(fpscr) : isa::reg_bit(sp));
    needed |= (e.address | e.target) & ~isa::reg_bit(sp);
    item.group = d.groups;
    if (insn.cls == OpClass::load_exclusive || insn.cls == OpClass::store_exclusive) ++d.exclusives;
    drawn.push_back(item);
  }
  if (drawn.empty()) return;
  if (in_it && drawn.size() < count) {
    const unsigned n = static_cast<unsigned>(drawn.size());
    it.raw = (it.raw & 0xfff0) | (it.raw & 0xf & ~((1u << (4 - n)) - 1)) | 1u << (4 - n);
    if (is(it.decode(features_), Op::undefined)) it.raw = 0xbf00 | (it.raw & 0xf0) | 1u << (4 - n);
  }

  // What the group needs to find in its registers. A stack pointer that was moved is seen in another register, then set
  // anew.
  if (d.stack_moved) {
    Item copy;
    const unsigned to = random_.below(13);
    copy.raw = 0x4600 | (to & 8) << 4 | sp << 3 | (to & 7);
    copy.group = d.groups;
    d.items.push_back(copy);
    Item none;
    steer(d, sp, none);
    d.literals[static_cast<std::size_t>(none.steered[0].second)] = stack_top + 4 * random_.below(64);
  }
  bool moves_again = false;
  for (Item& item : drawn) {
    const Insn insn = item.decode(features_);
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
    if (item.decode(features_).cls == OpClass::store_exclusive) open_monitor(d, item);
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
    const unsigned groups = 1 + random_.below(12);
    for (unsigned tries = 0; d.groups < groups && tries < 64; ++tries) group(d);
    for (unsigned k = random_.below(most_islands + 1); k > 0; --k) d.islands.push_back(0);
    if (lay_out(d, features_, random_, not_steered_, p)) return p;
  }
}

ThumbState ThumbGenerator::state(const ThumbProgram& program) {
  ThumbState s;
  for (auto& v : s.r) v = random_.value();
  s.r[sp] = stack_top + 4 * random_.below(64);
  s.r[pc] = program.entry;
  s.other_sp = stack_top + 0x400 + 4 * random_.below(64);
  s.apsr = random_.any() & (features_ & dsp ? 0xf80f0000u : features_ & v7m ? 0xf8000000u : 0xf0000000u);
  if (features_ & (fp_sp | fp_dp)) {
    s.control = features_ & security ? 12 : 4;  // FPCA, SFPA: an FP context is open, of Secure state where there is one
    if ((features_ & fp_dp) && random_.below(2)) {
      for (unsigned i = 0; i < 16; ++i) {
        const std::uint64_t v = random_.twice();
        s.s[2 * i] = static_cast<std::uint32_t>(v);
        s.s[2 * i + 1] = static_cast<std::uint32_t>(v >> 32);
      }
    } else {
      for (auto& v : s.s) v = random_.single();
    }
    if (random_.below(3) == 0)  // near-cancelling operands
      for (unsigned i = 2; i < 32; ++i)
        if (random_.below(4) == 0)
          s.s[i] =
              s.s[i - 1 - random_.below(2)] ^ random_.below(2) << 31 ^ (random_.below(4) == 0 ? random_.below(4) : 0);
    s.fpscr = random_.any() & (random_.below(2) ? 0xf7c0009fu : 0xf000009fu);
    if (random_.below(4) == 0) s.fpscr &= ~0x9fu;
  }
  return s;
}

}  // namespace mj::differential
