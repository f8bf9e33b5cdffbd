// The walk of a block: an in-order, single-issue pipeline stepped over the core's rows.
#include <algorithm>
#include <bit>
#include <cassert>

#include "sim/timing/core_timing.h"
#include "sim/timing/dual_walk.h"
#include "sim/timing/pipe.h"
#include "sim/timing/table.h"
#include "sim/timing/walk_roles.h"

namespace mj::timing {

using isa::Effects;
using isa::Insn;
using isa::OpClass;
using isa::RegSet;

/// Walks one block. Stalls are charged to the instruction that waits, tails to the access that has them.
class Walker {
 public:
  Walker(const CoreTiming::Table& table, std::span<const Insn> insns, std::span<const Effects> effects,
         const PipeState& entry)
      : t_(table), insns_(insns), effects_(effects), pipe_(table, entry), used_(table.rows.size(), false) {
    if (!t_.forms.empty()) take_forms();
    if (t_.fetch_queue) {
      pipe_.fetch.emplace(*t_.fetch_queue, entry, insns.front().pc);
      use(t_.fetch_queue->row);
    }
  }

  Walk run() {
    walk_.begin.reserve(insns_.size());
    for (std::size_t i = 0; i < insns_.size(); ++i) {
      enter_ = pipe_.now;
      stall(i);
      walk_.begin.push_back(static_cast<std::uint32_t>(pipe_.now));
      if (i + 1 < insns_.size()) {
        std::vector<ReasonCycles> spent;
        execute(i, Exit::fallthrough, pipe_, spent);
        for (const ReasonCycles& r : spent) walk_.reasons.push_back(r);
        if (insns_[i].cls == OpClass::barrier) realign(i);
      } else {
        for (std::size_t x = 0; x < exit_count; ++x) leave(i, static_cast<Exit>(x));
      }
    }
    std::stable_sort(walk_.reasons.begin(), walk_.reasons.end(),
                     [](const ReasonCycles& a, const ReasonCycles& b) { return a.insn < b.insn; });
    finish_skips();
    finish_unaligned();
    for (std::size_t r = 0; r < used_.size(); ++r)
      if (used_[r]) walk_.rows.push_back(static_cast<std::uint16_t>(r));
    check();
    return std::move(walk_);
  }

 private:
  void use(RowId row) { used_[row] = true; }
  void spend(std::size_t insn, Reason reason, std::int64_t cycles, RowId row) {
    if (cycles <= 0) return;
    walk_.reasons.push_back({static_cast<std::uint16_t>(insn), reason, static_cast<std::uint16_t>(cycles), row});
    pipe_.pass(static_cast<std::uint32_t>(cycles));
  }

  /// Gives instructions the class that their form has.
  void take_forms() {
    formed_.assign(insns_.begin(), insns_.end());
    form_cycles_.assign(insns_.size(), 0);
    for (std::size_t i = 0; i < formed_.size(); ++i)
      if (const FormRow* form = t_.form(formed_[i])) {
        use(form->row);
        formed_[i].cls = form->as;
        if (effects_[i].writes & form->flags) form_cycles_[i] = form->flag_cycles;
      }
    insns_ = formed_;
  }

  /// Everything that instruction i waits for before it issues.
  void stall(std::size_t i) {
    const Insn& insn = insns_[i];
    const Effects& effects = effects_[i];
    if (pipe_.tail != 0) {
      const TailRow& tail = t_.tails[pipe_.tail - 1u];
      const RegSet written_back = effects.writes & effects.address & ~results(insn, effects);
      if (has(tail.felt_by, insn.cls) || (tail.address_waits && (effects.address & pipe_.tail_writes)) ||
          (tail.writeback_waits && written_back)) {
        use(tail.row);
        spend(i == 0 ? 0 : i - 1, Reason::memory, tail.cycles, tail.row);
        pipe_.previous_multicycle = t_.fetch_group.has_value();
      }
      pipe_.tail = 0;
    }
    const CostRow& cost = t_.cost(insn);
    wait_for_fetch(i);
    wait_for_results(i);
    if (cost.waits_for_unit && pipe_.unit_free > pipe_.now)
      spend(i, cost.reason, pipe_.unit_free - pipe_.now, cost.row);
    count_wide_run(i);
    for (const FetchRegionRow& region : t_.fetch_regions)
      if (insn.pc >= region.from && insn.pc <= region.to && effects.loads + effects.stores != 0 && region.data != 0) {
        use(region.row);
        spend(i, Reason::contention, region.data, region.row);
      }
  }

  void wait_for_fetch(std::size_t i) {
    if (!pipe_.fetch) return;
    Pipe ahead = pipe_;
    while (!ahead.fetch->holds(insns_[i].size / 2u)) ahead.pass(1);
    spend(i, Reason::fetch, ahead.now - pipe_.now, t_.fetch_queue->row);
  }

  void wait_for_results(std::size_t i) {
    const Insn& insn = insns_[i];
    const Effects& e = effects_[i];
    const RegSet sums = accumulators(insn);
    // What a conditional branch compares is an operand, not a target.
    const RegSet target = insn.cls == OpClass::branch_cond ? 0 : e.target;
    const RegSet plain = e.reads & ~(e.address | e.store_data | target | sums);
    std::int64_t until = pipe_.now;
    const LatencyRow* why = nullptr;
    for (const Pending& p : pipe_.pending) {
      const RegSet bit = isa::reg_bit(p.reg);
      for (const std::uint16_t index : t_.profile(p.profile)) {
        const LatencyRow& row = t_.latencies[index];
        if (!has(row.consumers, insn.cls)) continue;
        const bool waits = (row.operand && (plain & bit)) || (row.address && (e.address & bit)) ||
                           (row.store_data && (e.store_data & bit)) || (row.target && (target & bit)) ||
                           (row.accumulate && (e.reads & sums & bit)) || (row.overwrite && (e.writes & bit));
        if (waits && p.done + row.cycles > until) {
          until = p.done + row.cycles;
          why = &row;
        }
      }
    }
    if (why == nullptr) return;
    use(why->row);
    spend(i, why->reason, until - pipe_.now, why->row);
  }

  /// Fetch brings one word a cycle: 32-bit instructions off word boundaries drain the queue.
  void count_wide_run(std::size_t i) {
    if (!t_.fetch_group) return;
    const FetchGroupRow& row = *t_.fetch_group;
    const Insn& insn = insns_[i];
    if (insn.size != 4 || (insn.pc & 2) == 0) {
      pipe_.wide_run = 0;
      return;
    }
    if (row.after_multicycle && pipe_.previous_multicycle) pipe_.wide_run = 0;
    if (pipe_.wide_run == 0) {
      pipe_.wide_run_counts = !row.after_multicycle || pipe_.previous_multicycle;
      pipe_.wide_run_has_store = false;
    }
    if (!pipe_.wide_run_counts) {
      pipe_.wide_run = 1;
      return;
    }
    ++pipe_.wide_run;
    pipe_.wide_run_has_store |= effects_[i].stores != 0;
    if (pipe_.wide_run < (pipe_.wide_run_has_store ? row.store_count : row.count)) return;
    pipe_.wide_run = 0;
    use(row.row);
    spend(i, Reason::fetch, row.cycles, row.row);
  }

  /// A barrier in the middle of a block refetches what follows it.
  void realign(std::size_t i) {
    const Insn& next = insns_[i + 1];
    if (next.size != 4 || (next.pc & 2) == 0 || !has(t_.target_alignment_classes, insns_[i].cls)) return;
    use(t_.target_alignment_row);
    spend(i, Reason::target_alignment, t_.target_alignment, t_.target_alignment_row);
  }

  /// Issues instruction i in `pipe`, left through `exit`; says in `spent` what its cycles are for.
  void execute(std::size_t i, Exit exit, Pipe& pipe, std::vector<ReasonCycles>& spent) {
    const Insn& insn = insns_[i];
    const Effects& effects = effects_[i];
    const CostRow& cost = t_.cost(insn);
    RowId row = cost.row;
    const auto add = [&](Reason reason, std::int64_t cycles) {
      if (cycles > 0) spent.push_back({static_cast<std::uint16_t>(i), reason, static_cast<std::uint16_t>(cycles), row});
      if (!pipe.fetch) pipe.now += std::max<std::int64_t>(cycles, 0);
    };
    const bool leaves = exit != Exit::fallthrough;
    const bool skipped = is_branch(insn.cls) && insn.cls != OpClass::branch_cond && !is_always(insn) && !leaves &&
                         i + 1 == insns_.size();
    std::int64_t cycles = cost.rule ? cost.rule->minimum() : cost.cycles;
    if (cost.accesses_per_cycle != 0)
      cycles += (effects.loads + effects.stores + cost.accesses_per_cycle - 1) / cost.accesses_per_cycle;
    cycles = std::max<std::int64_t>(cycles, cost.least);
    if (leaves && cost.taken) cycles += static_cast<std::int64_t>(*cost.taken) - cost.cycles;
    if (cost.link_is_base_cycles != 0 && (effects.writes & effects.target)) cycles += cost.link_is_base_cycles;
    if (cost.folds && pipe.previous_is_16bit) cycles = 0;
    if (cost.free_before_16bit && i + 1 < insns_.size() && insns_[i + 1].size == 2) cycles = 0;
    if (!form_cycles_.empty()) cycles += form_cycles_[i];
    if (skipped) {
      cycles = t_.skipped;
      row = t_.skipped_row;
    }
    use(row);
    if (!skipped && pipe.behind != 0)
      for (std::size_t k = 0; k < t_.hidden_jumps.size(); ++k)
        if ((pipe.behind >> k & 1) && has(t_.hidden_jumps[k].jumps, insn.cls)) {
          use(t_.hidden_jumps[k].row);
          cycles = std::max<std::int64_t>(cycles - t_.hidden_jumps[k].cycles, 0);
        }
    Reason reason = cost.reason;
    if (pipe.fetch) cycles = fetch_while(i, exit, pipe, cycles, reason, add);
    const bool folded = t_.fold && folds(i, exit, pipe);
    if (folded) cycles -= std::min<std::int64_t>(cycles, 1);
    if (t_.static_predictor) cycles = predict(i, exit, pipe, cycles, reason, row);
    add(Reason::issue, std::min<std::int64_t>(cycles, 1));
    add(reason, cycles - 1);
    if (t_.predictor && is_branch(insn.cls)) use(t_.predictor_row);
    if (leaves && is_branch(insn.cls))
      for (const FetchRegionRow& region : t_.fetch_regions)
        if (insn.pc >= region.from && insn.pc <= region.to && region.taken != 0) {
          use(region.row);
          row = region.row;
          add(Reason::contention, region.taken);
        }
    if (cost.unit_cycles != 0) pipe.unit_free = pipe.now - cycles + cost.unit_cycles;
    // A jump's link is there as soon as any result: what comes after the first cycle is its fetch.
    retire(i, pipe, cycles > 1,
           leaves && is_branch(insn.cls) ? pipe.now - std::max<std::int64_t>(cycles - 1, 0) : pipe.now);
    if (t_.fold) {
      pipe.foldable = !leaves && !folded && insn.size == 2 && (!pipe.after_jump || (insn.pc & 2) == 0);
      pipe.wrote_flags = pipe.foldable && (effects.writes & t_.fold->flags);
      pipe.after_jump = leaves;
    }
    pipe.previous_waited = t_.static_predictor && !leaves && !pipe.refetched && insn.cls != OpClass::barrier_fetch &&
                           pipe.now - enter_ > 1;
    if (leaves) {
      pipe.wide_run = 0;
      pipe.previous_is_16bit = pipe.previous_multicycle = pipe.wide_run_has_store = pipe.wide_run_counts = false;
    }
  }

  /// Whether instruction i issues together with the one before.
  bool folds(std::size_t i, Exit exit, const Pipe& pipe) {
    const Insn& insn = insns_[i];
    const FoldRow& row = *t_.fold;
    const bool named =
        has(row.classes, insn.cls) || std::find(row.ops.begin(), row.ops.end(), insn.op) != row.ops.end();
    if (!pipe.foldable || insn.size != 2 || !named) return false;
    if (insn.cls == OpClass::branch_cond && exit != Exit::fallthrough && pipe.wrote_flags) return false;
    use(row.row);
    return true;
  }

  /// Static prediction: what a branch takes, and what its target's alignment will.
  std::int64_t predict(std::size_t i, Exit exit, Pipe& pipe, std::int64_t cycles, Reason& reason, RowId& rests_on) {
    const StaticPredictorRow& row = *t_.static_predictor;
    const Insn& insn = insns_[i];
    const bool predicted = insn.cls == OpClass::branch_cond ? insn.imm < insn.pc : has(row.jumps, insn.cls);
    if (!predicted || i + 1 != insns_.size()) return cycles;
    use(row.row);
    rests_on = row.row;
    if (exit == Exit::fallthrough) {
      pipe.refetched = true;
      reason = Reason::mispredict;
      return row.not_taken;
    }
    // The target was requested when the branch was fetched: while it waited for decode, fetch went on.
    pipe.alignment_hidden = pipe.previous_waited || pipe.now > enter_;
    return row.cycles;
  }

  /// Lets fetch run beside instruction i, which takes `cycles`; returns what it takes given what fetch has predicted.
  template <class Add>
  std::int64_t fetch_while(std::size_t i, Exit exit, Pipe& pipe, std::int64_t cycles, Reason& reason, const Add& add) {
    const Insn& insn = insns_[i];
    FetchQueue& fetch = *pipe.fetch;
    const unsigned halfwords = insn.size / 2u;
    const bool data = effects_[i].loads + effects_[i].stores != 0;
    const bool leaves = exit != Exit::fallthrough;
    const bool conditional = insn.cls == OpClass::branch_cond, predicted = conditional && fetch.predicts(halfwords);
    const bool refetches =
        insn.cls == OpClass::barrier_fetch || insn.cls == OpClass::trap || insn.cls == OpClass::trap_return;
    if (refetches) fetch.forget();
    const bool jumps = conditional ? leaves != predicted : refetches || (leaves && is_branch(insn.cls));
    if (!jumps) {
      if (predicted) cycles = 1;
      for (std::int64_t k = 1; k < cycles; ++k) fetch.clock(0, data && k == 1);
      fetch.clock(halfwords, data && cycles == 1);
      pipe.now += cycles;
      return cycles;
    }
    if (predicted) {  // predicted taken, but is not: as a taken branch to the next address
      fetch.forget();
      cycles = t_.cost(insn).taken.value_or(2);
      reason = Reason::mispredict;
    }
    // The target is requested in the last cycle but one.
    for (std::int64_t k = 2; k < cycles; ++k) fetch.clock(0, false);
    while (fetch.jump_waits()) {
      fetch.clock(0, false);
      ++pipe.now;
      add(Reason::contention, 1);  // of the fetch queue's row, like the jump
    }
    fetch.jump();
    if (conditional && leaves) fetch.learn(insn.pc, insn.size, insn.imm);
    pipe.now += cycles;
    return cycles;
  }

  /// What later instructions may wait for, `done` from when on.
  void retire(std::size_t i, Pipe& pipe, bool multicycle, std::int64_t done) {
    const Insn& insn = insns_[i];
    const Effects& effects = effects_[i];
    std::erase_if(pipe.pending, [&](const Pending& p) {
      return (effects.writes & isa::reg_bit(p.reg)) || p.done + t_.reach(p.profile) <= pipe.now;
    });
    const std::uint8_t profile = t_.profile_id(insn);
    if (profile != 0 && done + t_.reach(profile) > pipe.now) {
      RegSet late = results(insn, effects);
      if (late != 0 && t_.latencies[t_.profile(profile).front()].last_only) late = std::bit_floor(late);
      for (; late != 0; late &= late - 1)
        pipe.pending.push_back({static_cast<std::uint8_t>(std::countr_zero(late)), profile, done});
    }
    pipe.tail = t_.tail_of_class[static_cast<std::size_t>(insn.cls)];
    pipe.tail_writes = pipe.tail != 0 ? effects.writes : 0;
    pipe.behind = 0;
    for (std::size_t k = 0; k < t_.hidden_jumps.size(); ++k)
      if (has(t_.hidden_jumps[k].behind, insn.cls)) pipe.behind |= static_cast<std::uint8_t>(1u << k);
    pipe.previous_is_16bit = t_.folds && insn.size == 2;
    pipe.previous_multicycle = t_.fetch_group && multicycle;
    if (!t_.fetch_group) pipe.wide_run = 0;
  }

  void leave(std::size_t i, Exit exit) {
    ExitCost& out = walk_.exits[exit];
    Pipe pipe = pipe_;
    execute(i, exit, pipe, out.reasons);
    out.cycles = static_cast<std::uint32_t>(pipe.now);
    out.state = pipe.state();
  }

  void finish_skips() {
    walk_.skipped_delta.assign(insns_.size(), 0);
    std::vector<std::int64_t> cycles(insns_.size(), 0);
    for (const ReasonCycles& r : walk_.reasons) cycles[r.insn] += r.cycles;
    for (const ReasonCycles& r : walk_.exits[Exit::fallthrough].reasons) cycles[r.insn] += r.cycles;
    for (std::size_t i = 0; i < insns_.size(); ++i)
      if (!is_always(insns_[i]) && !is_branch(insns_[i].cls)) {
        walk_.skipped_delta[i] = static_cast<std::int32_t>(t_.skipped - cycles[i]);
        use(t_.skipped_row);
      }
  }

  void finish_unaligned() {
    if (t_.hidden_jumps.empty()) return;
    walk_.unaligned_hidden.assign(insns_.size(), 0);
    for (std::size_t i = 0; i + 1 < insns_.size(); ++i)
      for (const HiddenJumpRow& row : t_.hidden_jumps)
        if (row.behind_split && has(row.jumps, insns_[i + 1].cls))
          walk_.unaligned_hidden[i] = static_cast<std::uint8_t>(row.cycles);
  }

  /// Conservation: every cycle of every exit has exactly one reason.
  void check() const {
    std::uint64_t common = 0;
    for (const ReasonCycles& r : walk_.reasons) common += r.cycles;
    for (const ExitCost& exit : walk_.exits) {
      std::uint64_t all = common;
      for (const ReasonCycles& r : exit.reasons) all += r.cycles;
      assert(all == exit.cycles);
      static_cast<void>(all);
    }
  }

  const CoreTiming::Table& t_;
  std::span<const Insn> insns_;
  std::span<const Effects> effects_;
  std::vector<Insn> formed_;                ///< insns_ where the core has forms
  std::vector<std::uint32_t> form_cycles_;  ///< more cycles of their form
  Pipe pipe_;
  std::int64_t enter_ = 0;  ///< when the current instruction came to decode
  Walk walk_;
  std::vector<bool> used_;
};

Walk CoreTiming::walk(std::span<const Insn> insns, std::span<const Effects> effects, const PipeState& entry) const {
  assert(!insns.empty() && insns.size() == effects.size());
  if (table_->dual) return dual_walk(*table_, insns, effects, entry);
  return Walker(*table_, insns, effects, entry).run();
}

}  // namespace mj::timing
