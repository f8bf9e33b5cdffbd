#include "sim/profile/counts.h"

#include <cassert>

namespace mj::profile {

using engine::Edge;
using engine::TimedBlock;
using timing::Reason;

namespace {

std::size_t index(Reason r) { return static_cast<std::size_t>(r); }

/// Calls add(instruction index, reason, cycles) for all cycles of a block. Reasons come with the sign that a failed
/// condition takes out of what the walk assumed.
template <class Add>
void each_cycle(const TimedBlock& tb, const timing::CoreTiming& timing, Add add) {
  const auto& insns = tb.block->insns;
  const std::size_t last = insns.size() - 1;
  const auto passes = [&](timing::Exit exit, std::uint64_t runs, std::uint32_t arrival) {
    if (!runs) return;
    for (const timing::ReasonCycles& r : tb.walk.exits[exit].reasons) add(r.insn, r.reason, runs * r.cycles);
    if (arrival) add(last, Reason::target_alignment, runs * arrival);
  };
  passes(timing::fallthrough, tb.exits[0].runs, tb.exits[0].target_cycles);
  passes(timing::taken, tb.exits[1].runs, tb.exits[1].target_cycles);
  passes(tb.cut_exit, tb.cut.runs, 0);
  for (const auto& e : tb.indirect) passes(timing::indirect, e->runs, e->target_cycles);
  const std::uint64_t runs = tb.runs();
  if (runs)
    for (const timing::ReasonCycles& r : tb.walk.reasons) add(r.insn, r.reason, runs * r.cycles);
  for (const std::uint16_t slot : tb.guards) {
    const engine::GuardData& g = tb.slots[slot].guard;
    if (!g.fails || !g.fail_cycles) continue;
    const std::size_t insn = tb.slot_insn[slot];
    Cycle removed = 0;
    for (const timing::ReasonCycles& r : tb.walk.reasons)
      if (r.insn == insn) {
        add(insn, r.reason, 0 - g.fails * r.cycles);
        removed += r.cycles;
      }
    add(insn, Reason::issue,
        g.fails * static_cast<Cycle>(static_cast<std::int64_t>(g.fail_cycles)) + g.fails * removed);
  }
  for (std::size_t i = 0; i < tb.dynamic.size(); ++i) {
    const engine::DynamicCounts& d = tb.dynamic[i];
    if (d.data_wait) add(i, Reason::data_wait, d.data_wait);
    if (d.unaligned) add(i, Reason::unaligned, d.unaligned);
    if (d.fetch_wait) add(i, Reason::fetch_wait, d.fetch_wait);
    if (d.mispredict) add(i, Reason::mispredict, d.mispredict);
    if (d.late_target) add(i, Reason::branch, d.late_target);
    if (d.operand) add(i, timing.operand_reason(insns[i]), d.operand);
  }
}

/// The activity that `counts` has at an operating point.
energy::Activity& at_point(Counts& counts, unsigned point) {
  if (counts.activity.size() <= point) counts.activity.resize(point + 1);
  return counts.activity[point];
}

/// Calls add(instruction index, event, count) for what energy is priced from besides cycles.
template <class Add>
void each_event(const TimedBlock& tb, const Points& points, Add add) {
  using energy::Activity;
  const std::uint64_t runs = tb.runs();
  if (!runs) return;
  for (std::size_t i = 0; i < tb.block->effects.size(); ++i)
    if (const isa::Effects& e = tb.block->effects[i]; e.loads + e.stores > 0)
      add(i, &Activity::ram_accesses, runs * (e.loads + e.stores));
  for (const std::uint16_t slot : tb.guards) {
    const std::size_t insn = tb.slot_insn[slot];
    const isa::Effects& e = tb.block->effects[insn];
    if (const std::uint64_t skipped = tb.slots[slot].guard.fails * (e.loads + e.stores))
      add(insn, &Activity::ram_accesses, 0 - skipped);
  }
  for (std::size_t i = 0; i < tb.dynamic.size(); ++i) {
    const engine::DynamicCounts& d = tb.dynamic[i];
    if (d.not_ram) add(i, &Activity::ram_accesses, 0 - d.not_ram);
    if (d.flash_reads) add(i, &Activity::flash_reads, d.flash_reads);
  }
  const bool no_waits = tb.operating_point >= points.size() || points[tb.operating_point].flash_wait_states == 0;
  if (tb.flash_words && no_waits) add(0, &Activity::flash_reads, runs * tb.flash_words);
}

/// Cycles of a block in the terms that energy is priced in.
void count_cycles(energy::Activity& a, const TimedBlock& tb, Reason r, Cycle n) {
  if (r != Reason::issue) {
    a.stall_cycles += n;
    return;
  }
  a.issue_cycles += n;
  if (tb.in_flash) a.code_flash_cycles += n;
}

std::uint64_t fails(const TimedBlock& tb) {
  std::uint64_t n = 0;
  for (const std::uint16_t slot : tb.guards) n += tb.slots[slot].guard.fails;
  return n;
}

}  // namespace

Counts& Counts::operator+=(const Counts& o) {
  cycles += o.cycles;
  instructions += o.instructions;
  condition_failed += o.condition_failed;
  for (std::size_t i = 0; i < reasons.size(); ++i) reasons[i] += o.reasons[i];
  energy::operator+=(activity, o.activity);
  return *this;
}

Counts& Counts::operator-=(const Counts& o) {
  cycles -= o.cycles;
  instructions -= o.instructions;
  condition_failed -= o.condition_failed;
  for (std::size_t i = 0; i < reasons.size(); ++i) reasons[i] -= o.reasons[i];
  energy::operator-=(activity, o.activity);
  return *this;
}

Counts total_counts(const engine::Engine& engine, const timing::CoreTiming& timing, const Points& points) {
  Counts c = exception_counts(engine);
  c += sleep_counts(engine);
  for (const auto& tb : engine.blocks()) {
    const std::uint64_t runs = tb->runs();
    c.instructions += runs * tb->block->insns.size();
    c.condition_failed += fails(*tb);
    energy::Activity& activity = at_point(c, tb->operating_point);
    each_cycle(*tb, timing, [&](std::size_t, Reason r, Cycle n) {
      c.reasons[index(r)] += n;
      c.cycles += n;
      count_cycles(activity, *tb, r, n);
    });
    each_event(*tb, points, [&](std::size_t, auto event, std::uint64_t n) { activity.*event += n; });
  }
  return c;
}

std::map<Address, Counts> counts_by_address(const engine::Engine& engine, const timing::CoreTiming& timing,
                                            const Points& points) {
  std::map<Address, Counts> out;
  for (const auto& tb : engine.blocks()) {
    const std::uint64_t runs = tb->runs();
    const auto& insns = tb->block->insns;
    if (runs)
      for (const isa::Insn& insn : insns) out[insn.pc].instructions += runs;
    for (const std::uint16_t slot : tb->guards)
      if (const std::uint64_t n = tb->slots[slot].guard.fails) out[insns[tb->slot_insn[slot]].pc].condition_failed += n;
    each_cycle(*tb, timing, [&](std::size_t insn, Reason r, Cycle n) {
      Counts& c = out[insns[insn].pc];
      c.reasons[index(r)] += n;
      c.cycles += n;
      count_cycles(at_point(c, tb->operating_point), *tb, r, n);
    });
    each_event(*tb, points, [&](std::size_t insn, auto event, std::uint64_t n) {
      at_point(out[insns[insn].pc], tb->operating_point).*event += n;
    });
  }
  return out;
}

Counts exception_counts(const engine::Engine& engine) {
  Counts c;
  for (unsigned point = 0; point < engine::Engine::max_operating_points; ++point)
    if (const Cycle n = engine.exception_cycles(point)) at_point(c, point).stall_cycles = n;
  c.cycles = c.reasons[index(Reason::exception)] = engine.exception_cycles();
  return c;
}

Counts sleep_counts(const engine::Engine& engine) {
  Counts c;
  for (unsigned point = 0; point < engine::Engine::max_operating_points; ++point)
    if (const Cycle n = engine.idle_cycles(point)) at_point(c, point).sleep_cycles = n;
  c.cycles = c.reasons[index(Reason::idle)] = engine.idle_cycles();
  return c;
}

}  // namespace mj::profile
