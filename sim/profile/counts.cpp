#include "sim/profile/counts.h"

#include <algorithm>
#include <cassert>

namespace mj::profile {

using engine::Edge;
using engine::TimedBlock;
using timing::Reason;

namespace {

std::size_t index(Reason r) { return static_cast<std::size_t>(r); }

/// What cycles rest on that no row of the core's table gives.
enum : std::uint16_t { sure_row = 0xffff, unsure_memory_row = 0xfffe };

bool unsure(const timing::CoreTiming& timing, std::uint16_t row) {
  return row == unsure_memory_row || (row != sure_row && timing.unsure(row));
}

/// Calls add(instruction index, reason, cycles, row) for all cycles of a block; `row` is what they rest on. Reasons
/// come with the sign that a failed condition takes out of what the walk assumed.
template <class Add>
void each_cycle(const engine::Engine& engine, const TimedBlock& tb, const timing::CoreTiming& timing, Add add) {
  const auto& insns = tb.block->insns;
  const std::size_t last = insns.size() - 1;
  const auto passes = [&](timing::Exit exit, std::uint64_t runs, std::uint32_t arrival) {
    if (!runs) return;
    for (const timing::ReasonCycles& r : tb.walk.exits[exit].reasons) add(r.insn, r.reason, runs * r.cycles, r.row);
    if (arrival) add(last, Reason::target_alignment, runs * arrival, timing.target_row());
  };
  passes(timing::fallthrough, tb.exits[0].runs, tb.exits[0].target_cycles);
  passes(timing::taken, tb.exits[1].runs, tb.exits[1].target_cycles);
  passes(tb.cut_exit, tb.cut.runs, 0);
  for (const auto& e : tb.indirect) passes(timing::indirect, e->runs, e->target_cycles);
  const std::uint64_t runs = tb.runs();
  if (runs)
    for (const timing::ReasonCycles& r : tb.walk.reasons) add(r.insn, r.reason, runs * r.cycles, r.row);
  for (const std::uint16_t slot : tb.guards) {
    const engine::GuardData& g = tb.slots[slot].guard;
    if (!g.fails || !g.fail_cycles) continue;
    const std::size_t insn = tb.slot_insn[slot];
    Cycle removed = 0;
    for (const timing::ReasonCycles& r : tb.walk.reasons)
      if (r.insn == insn) {
        add(insn, r.reason, 0 - g.fails * r.cycles, r.row);
        removed += r.cycles;
      }
    add(insn, Reason::issue, g.fails * static_cast<Cycle>(static_cast<std::int64_t>(g.fail_cycles)) + g.fails * removed,
        timing.skipped_row());
  }
  for (const std::uint16_t slot : tb.run_waits)
    if (const Cycle n = tb.slots[slot].run_wait.cycles)
      add(tb.slot_insn[slot], Reason::data_wait, n,
          std::uint16_t{engine.unsure_run_waits() ? unsure_memory_row : sure_row});
  for (std::size_t i = 0; i < tb.dynamic.size(); ++i) {
    const engine::DynamicCounts& d = tb.dynamic[i];
    if (d.data_wait) add(i, Reason::data_wait, d.data_wait - d.unsure_data_wait, std::uint16_t{sure_row});
    if (d.unsure_data_wait) add(i, Reason::data_wait, d.unsure_data_wait, std::uint16_t{unsure_memory_row});
    if (d.unaligned) add(i, Reason::unaligned, d.unaligned, timing.unaligned_row());
    if (d.data_miss) add(i, Reason::cache_miss, d.data_miss - d.unsure_data_miss, std::uint16_t{sure_row});
    if (d.unsure_data_miss) add(i, Reason::cache_miss, d.unsure_data_miss, std::uint16_t{unsure_memory_row});
    if (d.data_queued) add(i, Reason::contention, d.data_queued - d.unsure_data_queued, std::uint16_t{sure_row});
    if (d.unsure_data_queued) add(i, Reason::contention, d.unsure_data_queued, std::uint16_t{unsure_memory_row});
    if (d.data_buffered)
      add(i, Reason::write_buffer, d.data_buffered - d.unsure_data_buffered, std::uint16_t{sure_row});
    if (d.unsure_data_buffered) add(i, Reason::write_buffer, d.unsure_data_buffered, std::uint16_t{unsure_memory_row});
    const auto fetch_row = std::uint16_t{tb.unsure_fetch ? unsure_memory_row : sure_row};
    if (d.fetch_wait) add(i, Reason::fetch_wait, d.fetch_wait, fetch_row);
    if (d.fetch_miss) add(i, Reason::fetch_miss, d.fetch_miss, fetch_row);
    if (d.fetch_queued) add(i, Reason::contention, d.fetch_queued, fetch_row);
    if (d.mispredict) add(i, Reason::mispredict, d.mispredict, timing.target_row());
    if (d.late_target) add(i, Reason::branch, d.late_target, timing.target_row());
    if (d.operand) add(i, timing.operand_reason(insns[i]), d.operand, timing.operand_row(insns[i]));
  }
}

energy::Activity& at_point(energy::Activities& list, unsigned point) {
  if (list.size() <= point) list.resize(point + 1);
  return list[point];
}
/// The activity that `counts` has at an operating point.
energy::Activity& at_point(Counts& counts, unsigned point) { return at_point(counts.activity, point); }
/// The same of one part.
energy::Activity& at_point(Counts& counts, std::uint8_t part, unsigned point) {
  if (counts.parts.size() <= part) counts.parts.resize(part + std::size_t{1});
  return at_point(counts.parts[part], point);
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

/// Data that a block's passes read and wrote, wherever that lies.
void add_data(Moved& m, const TimedBlock& tb, std::uint64_t runs) {
  m.read += runs * tb.load_bytes;
  m.written += runs * tb.store_bytes;
  for (const std::uint16_t slot : tb.guards) {
    const isa::Effects& e = tb.block->effects[tb.slot_insn[slot]];
    m.read -= tb.slots[slot].guard.fails * e.load_bytes;
    m.written -= tb.slots[slot].guard.fails * e.store_bytes;
  }
}

std::uint64_t fails(const TimedBlock& tb) {
  std::uint64_t n = 0;
  for (const std::uint16_t slot : tb.guards) n += tb.slots[slot].guard.fails;
  return n;
}

}  // namespace

namespace {
void add_parts(std::vector<energy::Activities>& to, const std::vector<energy::Activities>& from, bool negative) {
  if (to.size() < from.size()) to.resize(from.size());
  for (std::size_t i = 0; i < from.size(); ++i)
    if (negative)
      energy::operator-=(to[i], from[i]);
    else
      energy::operator+=(to[i], from[i]);
}
}  // namespace

Counts& Counts::operator+=(const Counts& o) {
  cycles += o.cycles;
  instructions += o.instructions;
  condition_failed += o.condition_failed;
  for (std::size_t i = 0; i < reasons.size(); ++i) reasons[i] += o.reasons[i], unsure[i] += o.unsure[i];
  energy::operator+=(activity, o.activity);
  add_parts(parts, o.parts, false);
  if (moved.size() < o.moved.size()) moved.resize(o.moved.size());
  for (std::size_t i = 0; i < o.moved.size(); ++i) {
    moved[i].read += o.moved[i].read;
    moved[i].written += o.moved[i].written;
    moved[i].code += o.moved[i].code;
  }
  return *this;
}

Counts& Counts::operator-=(const Counts& o) {
  cycles -= o.cycles;
  instructions -= o.instructions;
  condition_failed -= o.condition_failed;
  for (std::size_t i = 0; i < reasons.size(); ++i) reasons[i] -= o.reasons[i], unsure[i] -= o.unsure[i];
  energy::operator-=(activity, o.activity);
  add_parts(parts, o.parts, true);
  for (std::size_t i = 0; i < std::min(moved.size(), o.moved.size()); ++i) {
    moved[i].read -= o.moved[i].read;
    moved[i].written -= o.moved[i].written;
    moved[i].code -= o.moved[i].code;
  }
  return *this;
}

Counts total_counts(const engine::Engine& engine, const timing::CoreTiming& timing, const Points& points) {
  Counts c = exception_counts(engine);
  c += sleep_counts(engine);
  for (const engine::Engine::OutsideBlocks& o : engine.outside_blocks()) {
    energy::Activity& a = at_point(c, o.part, o.point);
    a.stall_cycles += o.exceptions;
    a.sleep_cycles += o.idle;
  }
  c.moved.resize(engine.traffic_rows().size());
  Moved data;
  for (const auto& tb : engine.blocks()) {
    const std::uint64_t runs = tb->runs();
    c.instructions += runs * tb->block->insns.size();
    c.condition_failed += fails(*tb);
    c.moved[tb->code_row].code += runs * (tb->block->end() - tb->block->pc);
    add_data(data, *tb, runs);
    energy::Activity& activity = at_point(c, tb->part, tb->operating_point);
    each_cycle(engine, *tb, timing, [&](std::size_t, Reason r, Cycle n, std::uint16_t row) {
      c.reasons[index(r)] += n;
      if (unsure(timing, row)) c.unsure[index(r)] += n;
      c.cycles += n;
      count_cycles(activity, *tb, r, n);
    });
    each_event(*tb, points, [&](std::size_t, auto event, std::uint64_t n) { activity.*event += n; });
  }
  c.activity.clear();
  for (const energy::Activities& part : c.parts) energy::operator+=(c.activity, part);
  // What no other row has is of the regions that handlers reach by themselves. Of an instruction that faulted, all.
  data.written -= engine.not_stored();
  for (std::size_t i = 0; i < c.moved.size(); ++i) {
    if (i == engine::Engine::direct_row) continue;
    data.read -= c.moved[i].read = engine.moved()[i].read;
    data.written -= c.moved[i].written = engine.moved()[i].written;
  }
  c.moved[engine::Engine::direct_row].read = data.read;
  c.moved[engine::Engine::direct_row].written = data.written;
  return c;
}

Traffic traffic(const engine::Engine& engine, const Counts& counts) {
  Traffic out;
  for (std::size_t i = 0; i < counts.moved.size(); ++i)
    if (const Moved& m = counts.moved[i]; m.read || m.written || m.code)
      out.push_back({engine.traffic_rows()[i].name, m.read, m.written, m.code});
  return out;
}

namespace {
/// Adds each executed block's instructions that are wanted to out(address).
template <class Wanted, class Out>
void add_code(const engine::Engine& engine, const timing::CoreTiming& timing, const Points& points, Wanted wanted,
              Out out) {
  for (const auto& tb : engine.blocks()) {
    const auto& insns = tb->block->insns;
    if (insns.empty() || !wanted(insns.front().pc, insns.back().pc)) continue;
    const std::uint64_t runs = tb->runs();
    if (runs)
      for (const isa::Insn& insn : insns) out(insn.pc).instructions += runs;
    for (const std::uint16_t slot : tb->guards)
      if (const std::uint64_t n = tb->slots[slot].guard.fails) out(insns[tb->slot_insn[slot]].pc).condition_failed += n;
    each_cycle(engine, *tb, timing, [&](std::size_t insn, Reason r, Cycle n, std::uint16_t row) {
      Counts& c = out(insns[insn].pc);
      c.reasons[index(r)] += n;
      if (unsure(timing, row)) c.unsure[index(r)] += n;
      c.cycles += n;
      count_cycles(at_point(c, tb->operating_point), *tb, r, n);
    });
    each_event(*tb, points, [&](std::size_t insn, auto event, std::uint64_t n) {
      at_point(out(insns[insn].pc), tb->operating_point).*event += n;
    });
  }
}
}  // namespace

std::map<Address, Counts> counts_by_address(const engine::Engine& engine, const timing::CoreTiming& timing,
                                            const Points& points) {
  std::map<Address, Counts> all;
  add_code(
      engine, timing, points, [](Address, Address) { return true; }, [&](Address a) -> Counts& { return all[a]; });
  return all;
}

Counts counts_of_code(const engine::Engine& engine, const timing::CoreTiming& timing, const Points& points,
                      Address begin, Address end) {
  Counts sum, rest;
  add_code(
      engine, timing, points, [=](Address first, Address last) { return last >= begin && first < end; },
      [&](Address a) -> Counts& { return a >= begin && a < end ? sum : rest; });
  return sum;
}

Counts exception_counts(const engine::Engine& engine) {
  Counts c;
  for (const engine::Engine::OutsideBlocks& o : engine.outside_blocks())
    if (o.exceptions) at_point(c, o.point).stall_cycles += o.exceptions;
  c.cycles = c.reasons[index(Reason::exception)] = engine.exception_cycles();
  c.unsure[index(Reason::exception)] = engine.unsure_exception_cycles();
  return c;
}

Counts sleep_counts(const engine::Engine& engine) {
  Counts c;
  for (const engine::Engine::OutsideBlocks& o : engine.outside_blocks())
    if (o.idle) at_point(c, o.point).sleep_cycles += o.idle;
  c.cycles = c.reasons[index(Reason::idle)] = engine.idle_cycles();
  return c;
}

ProfilingCounters profiling_counters(const engine::Engine& engine, const timing::CoreTiming& timing) {
  using isa::OpClass;
  ProfilingCounters c;
  std::uint64_t issue = 0;
  c.exception = engine.exception_cycles();
  c.sleep = engine.idle_cycles();
  const auto charge = [&](const TimedBlock& tb, std::size_t insn, Reason r, Cycle n) {
    const isa::Effects& e = tb.block->effects[insn];
    const bool access =
        e.loads + e.stores != 0 && (r == Reason::memory || r == Reason::data_wait || r == Reason::unaligned ||
                                    r == Reason::cache_miss || r == Reason::write_buffer || r == Reason::contention);
    (r == Reason::issue ? issue : access ? c.load_store : c.cpi) += n;
  };
  for (const auto& tb : engine.blocks()) {
    c.instructions += tb->runs() * tb->block->insns.size();
    each_cycle(engine, *tb, timing,
               [&](std::size_t insn, Reason r, Cycle n, std::uint16_t) { charge(*tb, insn, r, n); });
  }
  // The pass under way: what came before the current instruction issued. An instruction's stalls stand before its own
  // cycles.
  if (const engine::Engine::Within at = engine.within(); at.block) {
    c.instructions += at.insn;
    const Cycle until = at.block->walk.begin[at.insn];
    Cycle sum = 0;
    for (const timing::ReasonCycles& r : at.block->walk.reasons) {
      if (sum >= until) break;
      charge(*at.block, r.insn, r.reason, r.cycles);
      sum += r.cycles;
    }
    if (at.insn + 1 == at.block->block->insns.size())
      for (const timing::ReasonCycles& r : at.block->walk.exits[timing::fallthrough].reasons) {
        if (sum >= until) break;
        charge(*at.block, r.insn, r.reason, r.cycles);
        sum += r.cycles;
      }
  }
  c.folded = c.instructions - issue;
  c.cycles = issue + c.cpi + c.exception + c.sleep + c.load_store;
  return c;
}

UnsureRows unsure_rows(const engine::Engine& engine, const timing::CoreTiming& timing) {
  UnsureRows out;
  out.exceptions = engine.unsure_exception_cycles();
  for (const auto& tb : engine.blocks())
    each_cycle(engine, *tb, timing, [&](std::size_t, Reason, Cycle n, std::uint16_t row) {
      if (!unsure(timing, row)) return;
      (row == unsure_memory_row ? out.memory : out.core[row]) += n;
    });
  std::erase_if(out.core, [](const auto& row) { return row.second == 0; });
  return out;
}

}  // namespace mj::profile
