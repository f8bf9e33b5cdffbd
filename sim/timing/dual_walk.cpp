// The walk of a block over an in-order core with two issue slots.
//
// Time is counted in whole cycles; the last cycle that was charged may still have its younger slot open, and what takes
// it costs nothing. A result is `done` in the cycle behind its instruction's last one; rows say who must wait longer,
// and who may take it in the same cycle. An instruction whose operands are there a stage early executes early, so that
// an instruction of the same cycle, or an address of the next, can use its result.
#include "sim/timing/dual_walk.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <limits>

#include "sim/timing/walk_roles.h"

namespace mj::timing {

using isa::Effects;
using isa::Insn;
using isa::OpClass;
using isa::RegSet;

namespace {

constexpr std::size_t pending_slots = 9;
// Layout of PipeState::bytes. The fourth holds how new the flags are and how many 16-bit instructions ran. A pending
// result takes two: register + 1 and whether early; profile and age.
enum : std::size_t { at_open, at_open_op, at_small = 3, at_pending, at_unit = 22, at_bank };
static_assert(at_pending + 2 * pending_slots == at_unit);
constexpr std::uint8_t early_bit = 0x80, parity_bit = 0x80;
constexpr std::int64_t longest_age = 15;

struct Late {
  std::uint8_t reg = 0, profile = 0;
  bool early = false;     ///< executed in the early stage
  std::int64_t done = 0;  ///< the cycle behind the producer's last one
};

class State {
 public:
  State(const CoreTiming::Table& table, const PipeState& s) : table_(table) {
    const auto& b = s.bytes;
    open = b[at_open] != 0;
    if (open) {
      older.cls = static_cast<OpClass>(b[at_open] - 1);
      older.op = static_cast<std::uint16_t>(b[at_open_op] | b[at_open_op + 1] << 8);
      bank = b[at_bank];
    }
    flags_written = static_cast<std::int64_t>(b[at_small] & 15) - table.dual->flags_ahead;
    narrow = b[at_small] >> 4;
    unit_free = static_cast<std::int64_t>(b[at_unit]) - 1;
    for (std::size_t at = at_pending; at < at_unit; at += 2)
      if (b[at] != 0)
        pending.push_back({static_cast<std::uint8_t>((b[at] & ~early_bit) - 1),
                           static_cast<std::uint8_t>(b[at + 1] >> 4), (b[at] & early_bit) != 0,
                           -static_cast<std::int64_t>(b[at + 1] & 15)});
  }

  PipeState save() const {
    PipeState s;
    auto& b = s.bytes;
    if (open) {
      b[at_open] = static_cast<std::uint8_t>(static_cast<unsigned>(older.cls) + 1);
      b[at_open_op] = static_cast<std::uint8_t>(older.op);
      b[at_open_op + 1] = static_cast<std::uint8_t>(older.op >> 8);
      b[at_bank] = bank;
    }
    const std::int64_t ahead = table_.dual->flags_ahead;
    b[at_small] =
        static_cast<std::uint8_t>(std::clamp<std::int64_t>(ahead - (now - flags_written), 0, ahead) | narrow << 4);
    b[at_unit] = static_cast<std::uint8_t>(std::clamp<std::int64_t>(unit_free - now + 1, 0, 255));
    // The longest waits first; if there are more than fit, the shortest are dropped.
    std::vector<Late> late;
    for (const Late& p : pending)
      if (left(p) > 0) late.push_back(p);
    std::sort(late.begin(), late.end(),
              [this](const Late& x, const Late& y) { return left(x) != left(y) ? left(x) > left(y) : x.reg < y.reg; });
    if (late.size() > pending_slots) late.resize(pending_slots);
    std::sort(late.begin(), late.end(), [](const Late& x, const Late& y) { return x.reg < y.reg; });
    std::size_t at = at_pending;
    for (const Late& p : late) {
      b[at++] = static_cast<std::uint8_t>((p.reg + 1) | (p.early ? early_bit : 0));
      b[at++] = static_cast<std::uint8_t>(p.profile << 4 | std::clamp<std::int64_t>(now - p.done, 0, longest_age));
    }
    return s;
  }

  /// Cycles for which somebody can still have to wait for `p`; one more while the younger slot of the last cycle is
  /// open.
  std::int64_t left(const Late& p) const { return p.done + table_.reach(p.profile) - now + (open ? 1 : 0); }

  std::int64_t now = 0;   ///< cycles charged
  bool open = false;      ///< the younger slot of cycle now - 1 is free
  Insn older;             ///< class and operation of the older instruction of an open cycle
  std::uint8_t bank = 0;  ///< of an open cycle's load: base register + 1 and which bank relative to it; 0 = unknown
  std::vector<Late> pending;
  unsigned narrow = 0;             ///< 16-bit instructions since the last taken branch, as far as it matters
  std::int64_t flags_written = 0;  ///< cycle behind the last instruction that wrote flags
  std::int64_t unit_free = 0;      ///< cycle from which on the long-latency unit is free

 private:
  const CoreTiming::Table& table_;
};

class DualWalker {
 public:
  DualWalker(const CoreTiming::Table& table, std::span<const Insn> insns, std::span<const Effects> effects,
             const PipeState& entry)
      : t_(table),
        d_(*table.dual),
        insns_(insns.begin(), insns.end()),
        effects_(effects),
        s_(table, entry),
        used_(table.rows.size(), false) {
    for (Insn& insn : insns_)
      if (const FormRow* form = t_.form(insn)) {
        use(form->row);
        insn.cls = form->as;
      }
  }

  Walk run() {
    const std::size_t last = insns_.size() - 1;
    for (std::size_t i = 0; i < last; ++i) step(i, Exit::fallthrough, s_, walk_.reasons, true);
    const State before = s_;
    for (std::size_t x = 0; x < exit_count; ++x) {
      State s = before;
      ExitCost& out = walk_.exits[x];
      step(last, static_cast<Exit>(x), s, out.reasons, x == 0);
      out.cycles = static_cast<std::uint32_t>(s.now);
      out.state = s.save();
    }
    // A skipped instruction takes its slot and its cycles all the same.
    walk_.skipped_delta.assign(insns_.size(), 0);
    for (std::size_t r = 0; r < used_.size(); ++r)
      if (used_[r]) walk_.rows.push_back(static_cast<std::uint16_t>(r));
    return std::move(walk_);
  }

 private:
  static constexpr std::int64_t never_waits = std::numeric_limits<std::int64_t>::min() / 2;

  void use(RowId row) { used_[row] = true; }

  RegSet early_reads(const Insn& insn, RegSet plain) {
    RegSet set = 0;
    for (const DualRow::EarlyRead& row : d_.early_reads)
      if (row.insns.holds(insn)) {
        use(row.row);
        set |= (row.all ? plain : 0) | (row.rn ? isa::reg_bit(insn.rn) : 0) | (row.rm ? isa::reg_bit(insn.rm) : 0);
      }
    return set & plain;
  }

  /// What one role of a register has to wait for: the cycle from which on it can issue.
  template <class Role>
  std::int64_t until(const Late& p, const Insn& insn, Role role, const LatencyRow** why) const {
    std::int64_t most = never_waits;
    for (const std::uint16_t index : t_.profile(p.profile)) {
      const LatencyRow& row = t_.latencies[index];
      if (!has(row.consumers, insn.cls) || !role(row) || (row.late_only && p.early)) continue;
      const std::int64_t at = row.same_cycle ? p.done - 1 : p.done + row.cycles;
      if (at > most) {
        most = at;
        *why = &row;
      }
    }
    return most == never_waits ? p.done : most;
  }

  /// The first cycle in which instruction i has its operands.
  std::int64_t ready(std::size_t i, const State& s, const LatencyRow** why) {
    const Insn& insn = insns_[i];
    const Effects& e = effects_[i];
    const RegSet sums = accumulators(insn);
    // A conditional branch issues as predicted; what it compares is looked at later.
    const bool compares = insn.cls == OpClass::branch_cond;
    const RegSet target = compares ? 0 : e.target;
    const RegSet plain = compares ? 0 : e.reads & ~(e.address | e.store_data | e.target | sums);
    const RegSet early = early_reads(insn, plain);
    std::int64_t at = never_waits;
    const auto wait = [&](std::int64_t cycle, const LatencyRow* row) {
      if (cycle <= at) return;
      at = cycle;
      *why = row;
    };
    for (const Late& p : s.pending) {
      const RegSet bit = isa::reg_bit(p.reg);
      const LatencyRow* row = nullptr;
      if (early & bit)
        wait(until(
                 p, insn, [](const LatencyRow& r) { return r.early; }, &row),
             row);
      if (plain & ~early & bit) {
        std::int64_t cycle = until(
            p, insn, [](const LatencyRow& r) { return r.operand; }, &row);
        if (p.early) cycle = std::min(cycle, p.done - 1);
        wait(cycle, row);
      }
      if (e.address & bit)
        wait(until(
                 p, insn, [](const LatencyRow& r) { return r.address; }, &row),
             row);
      if (target & bit)
        wait(until(
                 p, insn, [](const LatencyRow& r) { return r.target; }, &row),
             row);
      if (e.store_data & bit)
        wait(until(
                 p, insn, [](const LatencyRow& r) { return r.store_data; }, &row),
             row);
      if (e.reads & sums & bit)
        wait(until(
                 p, insn, [](const LatencyRow& r) { return r.accumulate; }, &row),
             row);
    }
    return at;
  }

  /// Whether instruction i can execute early when it issues in `cycle`.
  bool executes_early(std::size_t i, const State& s, std::int64_t cycle, bool younger) {
    const Insn& insn = insns_[i];
    const DualRow::Early* found = nullptr;
    for (const DualRow::Early& row : d_.early)
      if (row.insns.holds(insn) && (row.younger_too || !younger)) found = &row;
    if (!found) return false;
    for (const Late& p : s.pending)
      if (effects_[i].reads & isa::reg_bit(p.reg)) {
        const LatencyRow* row = nullptr;
        if (until(
                p, insn, [](const LatencyRow& r) { return r.early; }, &row) > cycle)
          return false;
      }
    use(found->row);
    return true;
  }

  /// Base register and bank of a plain load, as State::bank; 0 if they are not known.
  std::uint8_t bank_of(std::size_t i) const {
    const Effects& e = effects_[i];
    const bool plain = d_.bank_bytes != 0 && e.loads == 1 && (e.writes & e.address & ~results(insns_[i], e)) == 0 &&
                       e.address == isa::reg_bit(insns_[i].rn) && insns_[i].imm % d_.bank_bytes == 0;
    if (!plain) return 0;
    return static_cast<std::uint8_t>((insns_[i].rn + 1) | ((insns_[i].imm / d_.bank_bytes) & 1 ? parity_bit : 0));
  }

  /// `why`: the row that keeps it out of an open cycle.
  bool pairs(std::size_t i, const State& s, RowId& why) {
    const Insn& insn = insns_[i];
    if (!s.open) return false;
    if (d_.alone.holds(insn)) {
      use(why = d_.alone_row);
      return false;
    }
    for (const DualRow::Never& row : d_.never)
      if (row.older.holds(s.older) && row.younger.holds(insn)) {
        use(why = row.row);
        return false;
      }
    if (d_.bank_bytes != 0 && effects_[i].loads != 0 &&
        (s.older.cls == OpClass::load || s.older.cls == OpClass::fp_load)) {
      use(d_.banks_row);
      const std::uint8_t bank = bank_of(i);
      if (bank == 0 || s.bank == 0 || (bank ^ s.bank) != parity_bit) {
        why = d_.banks_row;
        return false;
      }
    }
    return true;
  }

  void step(std::size_t i, Exit exit, State& s, std::vector<ReasonCycles>& spent, bool first) {
    const Insn& insn = insns_[i];
    const Effects& e = effects_[i];
    const CostRow& cost = t_.cost(insn);
    use(cost.row);
    RowId alone = cost.row;
    const auto add = [&](Reason reason, std::int64_t cycles, RowId row) {
      if (cycles <= 0) return;
      spent.push_back({static_cast<std::uint16_t>(i), reason, static_cast<std::uint16_t>(cycles), row});
      s.now += cycles;
    };
    const bool leaves = exit != Exit::fallthrough;
    const LatencyRow* why = nullptr;
    const std::int64_t at = ready(i, s, &why);
    const bool unit_busy = cost.waits_for_unit && s.unit_free > s.now - (s.open ? 1 : 0);
    const bool younger = at <= s.now - 1 && !unit_busy && pairs(i, s, alone);
    std::int64_t cycles = cost.rule ? cost.rule->minimum() : cost.cycles;
    if (leaves && cost.taken) cycles = *cost.taken;
    if (cost.accesses_per_cycle != 0)
      cycles += (e.loads + e.stores + cost.accesses_per_cycle - 1) / cost.accesses_per_cycle;
    std::int64_t issued = s.now - 1;
    if (!younger) {
      if (at > s.now) {
        if (why) use(why->row);
        add(why ? why->reason : Reason::result_use, at - s.now, why ? why->row : cost.row);
      }
      if (unit_busy && s.unit_free > s.now) add(Reason::fp, s.unit_free - s.now, cost.row);
      issued = s.now;
      add(Reason::issue, 1, alone);
    }
    if (first) walk_.begin.push_back(static_cast<std::uint32_t>(std::max<std::int64_t>(issued, 0)));
    add(cost.reason, cycles - 1, cost.row);
    if (insn.cls == OpClass::branch_cond && !leaves && insn.imm < insn.pc) {  // the exit of a loop
      use(d_.branch_row);
      const bool soon = issued - s.flags_written >= d_.flags_ahead;
      add(Reason::mispredict, soon ? d_.mispredict_soon : d_.mispredict, d_.branch_row);
    }
    if (cost.unit_cycles != 0) s.unit_free = issued + cost.unit_cycles;
    const bool early = executes_early(i, s, issued, younger);
    retire(i, s, early, issued + std::max<std::int64_t>(cycles, 1));
    if (insn.size == 2) s.narrow = std::min(s.narrow + 1, d_.narrow_ahead);
    // Fetch that is ahead has the target's first instruction there for the younger slot.
    const bool ahead = exit == Exit::taken && d_.narrow_ahead != 0 && s.narrow >= d_.narrow_ahead;
    s.open = !younger && (!leaves || ahead) && cycles <= 1 && !d_.alone.holds(insn) && s.now == issued + 1;
    if (leaves) s.narrow = 0;
    s.older = insn;
    s.bank = s.open && e.loads != 0 ? bank_of(i) : std::uint8_t{0};
  }

  void retire(std::size_t i, State& s, bool early, std::int64_t done) {
    const Effects& e = effects_[i];
    std::erase_if(s.pending, [&](const Late& p) {
      return (e.writes & isa::reg_bit(p.reg)) || p.done + t_.reach(p.profile) < s.now;
    });
    if (e.writes & d_.flags) s.flags_written = done;
    const std::uint8_t profile = t_.profile_id(insns_[i]);
    RegSet made = results(insns_[i], e);
    const RegSet bases = e.writes & ~made;
    if (made != 0 && profile != 0 && t_.latencies[t_.profile(profile).front()].last_only) made = std::bit_floor(made);
    for (RegSet set = made; set != 0; set &= set - 1) {
      const auto reg = static_cast<std::uint8_t>(std::countr_zero(set));
      s.pending.push_back({reg, profile, early && !(d_.flags & isa::reg_bit(reg)), done});
    }
    // A written-back base comes from the address stage.
    for (RegSet set = bases; set != 0; set &= set - 1)
      s.pending.push_back({static_cast<std::uint8_t>(std::countr_zero(set)), 0, true, done});
  }

  const CoreTiming::Table& t_;
  const DualRow& d_;
  std::vector<Insn> insns_;
  std::span<const Effects> effects_;
  State s_;
  Walk walk_;
  std::vector<bool> used_;
};

}  // namespace

Walk dual_walk(const CoreTiming::Table& table, std::span<const Insn> insns, std::span<const Effects> effects,
               const PipeState& entry) {
  return DualWalker(table, insns, effects, entry).run();
}

}  // namespace mj::timing
