#include "sim/engine/engine.h"

#include <algorithm>
#include <cstring>

#include "sim/engine/pseudo.h"

namespace mj::engine {

namespace {
constexpr std::uint64_t never_enter = std::uint64_t{1} << 62;  ///< cost of the stub: no deadline leaves room for it
/// Far below the stub's cost: within a block `now` may stand a little below its entry (skipped instructions).
constexpr Cycle no_deadline = never_enter / 2;
constexpr std::uint32_t no_stack = 0xffffffff;
constexpr std::size_t most_fetch_views = 1024;  ///< more start anew, and their code is decoded again

Slot* not_a_block(HotState*, Slot*) { return nullptr; }
}  // namespace

Engine::Engine(const Parts& parts, std::function<bool(Address)> is_function)
    : parts_(parts), is_function_(std::move(is_function)) {
  stub_.max_cycles = never_enter;
  stub_.slots.resize(1);
  stub_.slots[0].fn = not_a_block;
  stub_.first = stub_.slots.data();
  h_.read_pages = parts_.bus.read_pages();
  h_.write_pages = parts_.bus.write_pages();
  h_.engine = this;
  h_.stack_low = no_stack;
  parts_.bus.on_code_write([this](Address a, unsigned size) { code_written(a, size); });
  parts_.events.on_change([this] { kick(); });
  // An upper bound is enough: near a deadline the engine goes instruction by instruction.
  for (const auto& r : parts_.bus.regions()) {
    std::uint64_t worst = std::max(r->read_wait, r->write_wait);
    if (r->flash) worst += r->flash->worst_case();
    if (memory::DataPort* port = parts_.bus.data_port())
      worst += port->worst_case(r->bus.value_or(memory::BusCosts{r->read_wait, r->write_wait}));
    dynamic_bound_ = std::max(dynamic_bound_, worst);
  }
  assign_traffic_rows(false);
  if (parts_.timing.has_unaligned_cost()) dynamic_bound_ += 4;
  if (const auto* params = parts_.timing.predictor()) predictor_.emplace(*params);
  for (const auto& r : parts_.bus.regions()) {
    if (r->run_wait == 0) continue;
    if (!run_waits_) run_waits_ = std::make_unique<std::uint8_t[]>(memory::Bus::page_count);
    h_.run_waits = run_waits_.get();
    const std::uint64_t end = (r->base + r->size - 1) >> memory::Bus::page_bits;
    for (std::uint64_t page = r->base >> memory::Bus::page_bits; page <= end; ++page)
      run_waits_[page] = static_cast<std::uint8_t>(std::min(r->run_wait, 0xffu));
    longest_run_wait_ = std::max(longest_run_wait_, r->run_wait);
    unsure_run_waits_ |= r->unsure;
  }
}

Engine::~Engine() {
  parts_.bus.on_code_write(nullptr);
  parts_.events.on_change([] {});
}

void Engine::set_pc(Address pc, std::uint32_t mode) {
  pc_ = pc;
  mode_ = mode;
  pipe_ = {};
  next_ = nullptr;
  branch_ = nullptr;
  calls_.start(pc, h_.r[parts_.arch.sp]);
  if (h_.r[parts_.arch.sp] != 0) h_.stack_low = stack_top_ = h_.r[parts_.arch.sp];
}

void Engine::request_exit(int status) {
  if (exit_requested_) return;
  exit_requested_ = true;
  exit_status_ = status;
  kick();
}

void Engine::set_operating_point(unsigned point) {
  next_point_ = point;
  kick();
}

void Engine::set_protection(std::shared_ptr<const memory::Protection> protection) {
  next_protection_ = std::move(protection);
  if (next_protection_ != protection_) kick();
}

void Engine::change_protection() {
  const auto before = std::move(protection_);  // the bus compares with it
  protection_ = next_protection_;
  parts_.bus.set_protection(protection_.get());
  // Edges lead to blocks of the same view only, as with operating points. Views are told apart by what they contain: a
  // kernel that switches between a few threads' regions finds its blocks again.
  next_ = nullptr;
  spin_edge_ = nullptr;
  fetch_view_ = 0;
  if (!protection_) return;
  const auto& view = protection_->fetchable();
  const auto at = std::find(fetch_views_.begin() + 1, fetch_views_.end(), view);
  fetch_view_ = static_cast<std::uint16_t>(at - fetch_views_.begin());
  if (at != fetch_views_.end()) return;
  if (fetch_views_.size() > most_fetch_views) {
    fetch_views_.resize(1);
    fetch_view_ = 1;
    flush();
  }
  fetch_views_.push_back(view);
}

Cycle Engine::exception_cycles() const {
  Cycle sum = 0;
  for (const OutsideBlocks& o : outside_blocks_) sum += o.exceptions;
  return sum;
}

Cycle Engine::idle_cycles() const {
  Cycle sum = 0;
  for (const OutsideBlocks& o : outside_blocks_) sum += o.idle;
  return sum;
}

Engine::OutsideBlocks& Engine::outside_blocks_now() {
  const std::uint8_t part = calls_.part();
  for (OutsideBlocks& o : outside_blocks_)
    if (o.point == point_ && o.part == part) return o;
  outside_blocks_.push_back({point_, part, 0, 0});
  return outside_blocks_.back();
}

void Engine::kick() {
  h_.attention |= attention_deadline;
  h_.deadline = 0;
}

// ---- dispatcher
// ------------------------------------------------------------------------------------------------------

Stop Engine::run(Cycle limit, Cycle pause) {
  Stop stop;
  for (;;) {
    h_.attention = 0;
    if (code_changed_) flush();
    if (move_to_) {
      pc_ = *move_to_;
      mode_ = 0;
      pipe_ = {};
      next_ = nullptr;
      entering_function_ = false;
      move_to_.reset();
    }
    if (parts_.events.next() <= h_.now) parts_.events.run_due(h_.now);
    if (next_point_ != point_) {
      // Edges lead to blocks of the same point only: the dispatcher is the way from one to the other.
      point_ = next_point_;
      next_ = nullptr;
      spin_edge_ = nullptr;
      if (on_operating_point) on_operating_point(point_, h_.now);
    }
    if (next_protection_ != protection_) change_protection();
    stop.pc = pc_;
    if (exit_requested_) {
      stop.kind = StopKind::exited;
      stop.status = exit_status_;
      break;
    }
    if (locked_up_) {
      stop.kind = StopKind::lockup;
      break;
    }
    if (spinning_forever_) {
      stop.kind = StopKind::spin_forever;
      break;
    }
    if (h_.now >= limit) {
      stop.kind = StopKind::limit;
      break;
    }
    if (h_.now >= pause) {
      stop.kind = StopKind::paused;
      break;
    }
    if (sleeping_) {
      bool stopped = false;
      sleep(limit, stop, stopped);
      if (stopped) break;
      continue;
    }
    if (parts_.arch.interrupt_ready(h_)) {
      keep_registers();
      const Redirect f = parts_.arch.interrupt(h_, pc_, mode_);
      fault_seen(f, pc_, nullptr);  // stacking may fail, and a vector lead nowhere
      go(f);
      continue;
    }
    const Cycle hard = std::min({parts_.events.next(), limit, no_deadline});
    h_.deadline = std::min(hard, pause);
    TimedBlock* tb = next_;
    if (!tb) tb = find(key(pc_, mode_, block_limit, entry_kind(pc_, entering_function_), pipe_));
    if (tb && h_.now + tb->max_cycles > h_.deadline) {
      if (h_.now + tb->max_cycles <= hard)
        h_.deadline = h_.now + tb->max_cycles;  // only a pause is near: it comes behind this block
      else if (tb->limit != 1)
        tb = find(key(pc_, mode_, 1, tb->function_entry, tb->entry));
    }
    if (!tb) {
      const BadAccess access = bad_fetch(pc_);
      const Address at = pc_;
      keep_registers();
      const Redirect f = parts_.arch.bad_access(h_, access, pc_, mode_);
      fault_seen(f, at, &access);
      go(f);
      continue;
    }
    next_ = nullptr;
    entering_function_ = false;
    h_.tb = tb;
    h_.attention = 0;
    for (Slot* s = tb->first; s;) s = s->fn(&h_, s);
    if (observing_ && h_.why != Why::before) observed(true);
    if (h_.why != Why::edge && h_.why != Why::indirect) branch_ = nullptr;
    switch (h_.why) {
      case Why::edge:
        edge_taken(h_.edge);
        branch_resolved(pc_);
        break;
      case Why::indirect:
        indirect_taken();
        break;
      case Why::leave:
        left();
        break;
      case Why::before:
        stopped_before();
        break;
      case Why::raise:
        raised();
        break;
      case Why::moved:
        moved();
        break;
    }
  }
  calls_.settle(h_.now);
  return stop;
}

BadAccess Engine::bad_fetch(Address pc) {
  // The halfword that is missing: the instruction's first, or its second.
  std::uint8_t code[2] = {};
  for (const Address at : {pc, pc + 2}) {
    if (!permits(at, 2, memory::permit_execute)) return {BadAccess::Why::forbidden, at, 2, false, true};
    if (!parts_.bus.peek(at, code, 2)) return {BadAccess::Why::unmapped, at, 2, false, true};
  }
  return {BadAccess::Why::unmapped, pc, 2, false, true};
}

void Engine::edge_taken(Edge* e) {
  // pass() has counted the edge and added its cost if it was known; h_.tb is still the block that was left.
  if (e->to != &stub_) {
    TimedBlock* to = of_part(e->to);
    pc_ = to->block->pc;
    mode_ = to->block->mode;
    pipe_ = to->entry;
    next_ = to;
    return;
  }
  TimedBlock* from = h_.tb;
  const bool direct = e == &from->exits[timing::taken];
  const auto how = direct ? timing::taken : timing::fallthrough;
  const isa::Insn& last = from->block->insns.back();
  pc_ = direct ? last.imm : from->block->end();
  mode_ = direct ? 0 : from->block->modes.back();
  pipe_ = from->walk.exits[how].state;
  const std::uint32_t target = arrival_cycles(pc_, how, last.cls, class_behind(*from->block, how));
  if (!e->costed) {
    e->target_cycles = target;
    e->cycles = from->walk.exits[how].cycles + target;
    e->costed = true;
    h_.now += e->cycles;
  }
  entering_function_ = direct && parts_.arch.is_call(last);
  if (e->spin && spun(e)) return;
  TimedBlock* to = find(key(pc_, mode_, block_limit, entry_kind(pc_, entering_function_), pipe_));
  if (!to) return;  // the fetch faults in run()
  next_ = to;
  if (from->limit == 1) return;  // single steps stay out of the fast path
  const bool waits = to == from && direct && from->block->insns.size() <= 16 &&
                     std::all_of(from->block->effects.begin(), from->block->effects.end(),
                                 [](const isa::Effects& x) { return x.stores == 0; });
  if (waits && !e->spin && e->runs < 8) {
    e->spin = true;  // may do nothing but wait: look at it from the dispatcher for a while
    return;
  }
  if (!e->spin) e->to = to;
}

isa::OpClass Engine::class_behind(const Block& block, timing::Exit how) {
  std::uint8_t code[4] = {};
  isa::Insn insn;
  isa::Effects effects;
  const bool known = how != timing::fallthrough && parts_.timing.looks_behind() &&
                     parts_.bus.peek(block.end(), code, 4) &&
                     parts_.arch.decode(code, 4, block.end(), block.modes.back(), insn, effects);
  return known ? insn.cls : isa::OpClass::nop;
}

std::uint32_t Engine::arrival_cycles(Address target, timing::Exit how, isa::OpClass cls, isa::OpClass behind) {
  std::uint8_t code[4] = {};
  if (!parts_.bus.peek(target, code, 2)) return 0;  // nothing to fetch there: an exception return, or a fault to come
  const bool wide = parts_.bus.peek(target, code, 4) && parts_.arch.is_wide(code);
  return parts_.timing.target_cost(target, wide, how, cls, pipe_, behind);
}

bool Engine::spun(Edge* e) {
  // Same registers as one pass ago, no access that may have had an effect: all passes until the next event are alike.
  // If the block was left otherwise meanwhile, what was one pass ago may be another call's last pass.
  const std::uint64_t left_otherwise = h_.tb->runs() - e->runs;
  if (spin_edge_ != e) {
    spin_edge_ = e;
    spin_tries_ = 0;
  } else if (left_otherwise == spin_left_ && slow_accesses_ == spin_accesses_ &&
             std::memcmp(h_.r, spin_registers_.data(), sizeof h_.r) == 0) {
    spin_tries_ = 0;
    const Cycle each = h_.now - spin_now_, until = h_.deadline;
    // A pass that waits for its code to be fetched costs more than its edge; such passes are alike, too, but are run.
    if (each > 0) {
      if (parts_.events.next() == EventQueue::never) {
        spinning_forever_ = true;
      } else if (each == e->cycles && until > h_.now) {
        const std::uint64_t passes = (until - h_.now) / each;
        e->runs += passes;
        h_.now += passes * each;
        // The registers stand still, so each pass reads what the last one did.
        for (std::size_t i = 0; i < moved_.size() && spin_moved_.size() == moved_.size(); ++i)
          moved_[i].read += passes * (moved_[i].read - spin_moved_[i].read);
        if (observer_ && passes) observer_->skipped(h_.now - passes * each, h_.now, passes);
      }
    }
  } else if (++spin_tries_ > 3) {
    e->spin = false;
    e->to = nullptr;
    e->to = find(key(pc_, mode_, block_limit, entry_kind(pc_, false), pipe_));
    if (!e->to) e->to = &stub_;
    spin_edge_ = nullptr;
    return false;
  }
  std::memcpy(spin_registers_.data(), h_.r, sizeof h_.r);
  spin_left_ = left_otherwise;
  spin_accesses_ = slow_accesses_;
  spin_now_ = h_.now;
  if (all_through_engine_) spin_moved_ = moved_;
  return true;
}

void Engine::indirect_taken() {
  TimedBlock* from = h_.tb;
  const std::uint32_t raw = h_.target;
  const isa::Insn& last = from->block->insns.back();
  auto known =
      std::find_if(from->indirect.begin(), from->indirect.end(), [&](const auto& e) { return e->raw_target == raw; });
  Edge* e = known == from->indirect.end() ? nullptr : known->get();
  if (!e) {
    from->indirect.push_back(std::make_unique<Edge>());
    e = from->indirect.back().get();
    e->raw_target = raw;
    e->to = &stub_;
  }
  const timing::ExitCost& exit = from->walk.exits[timing::indirect];
  pipe_ = exit.state;
  // The branch's own cycles come first: an exception return happens after them.
  const std::uint32_t arrival =
      arrival_cycles(raw & ~1u, timing::indirect, last.cls, class_behind(*from->block, timing::indirect));
  if (!e->costed) {
    e->target_cycles = arrival;
    e->cycles = exit.cycles + arrival;
    e->costed = true;
  }
  ++e->runs;
  h_.now += e->cycles;
  branch_resolved(raw & ~1u);
  keep_registers();
  const Redirect f = parts_.arch.indirect(h_, raw, last);
  if (f.kind != Redirect::Kind::go) {
    if (f.kind == Redirect::Kind::return_across) calls_.reach(raw & ~1u, f.interrupted_sp, h_.now);
    fault_seen(f, last.pc, nullptr);
    go(f);
    return;
  }
  pc_ = f.pc;
  mode_ = f.mode;
  const bool is_call = parts_.arch.is_call(last);
  if (h_.is_return) calls_.reach(pc_, h_.r[parts_.arch.sp], h_.now, last.op != parts_.arch.jump_or_return);
  entering_function_ = is_call;
  TimedBlock* to = find(key(pc_, mode_, block_limit, entry_kind(pc_, is_call), pipe_));
  if (!to) return;
  next_ = to;
  if (from->limit == 1) return;
  e->to = to;
  from->indirect_cache[(raw >> 1) & (TimedBlock::indirect_ways - 1)] = e;
}

void Engine::cut(TimedBlock* tb, unsigned insns) {
  if (insns == 0) {
    pipe_ = tb->entry;
    return;
  }
  TimedBlock* part = tb;
  if (insns < tb->block->insns.size())
    part = find(key(tb->block->pc, tb->block->mode, static_cast<std::uint16_t>(insns), tb->function_entry, tb->entry));
  ++part->cut.runs;
  h_.now += part->cut.cycles;
  pipe_ = part->walk.exits[part->cut_exit].state;
}

void Engine::left() {
  TimedBlock* tb = h_.tb;
  const unsigned at = insn_index(tb, h_.slot);
  const isa::Insn insn = tb->block->insns[at];
  const std::uint32_t mode = tb->block->modes[at], next_mode = tb->block->modes[at + 1];
  const bool aborted = (h_.attention & attention_abort) != 0;
  if (!aborted && at + 1 == tb->block->insns.size()) {
    Edge* out = &tb->exits[timing::fallthrough];
    ++out->runs;
    h_.now += out->cycles;
    edge_taken(out);
    return;
  }
  cut(tb, at + 1);
  if (!aborted) {
    pc_ = insn.pc + insn.size;
    mode_ = next_mode;
    return;
  }
  std::memcpy(h_.r, saved_.data(), sizeof h_.r);
  keep_registers();
  // An atomic faults as a store, its load included (Volume II, 3.1.15).
  if (insn.cls == isa::OpClass::amo || insn.cls == isa::OpClass::store_exclusive) abort_.write = true;
  const bool illegal = illegal_;
  illegal_ = false;
  const Redirect f = illegal ? parts_.arch.illegal(h_, insn, mode) : parts_.arch.bad_access(h_, abort_, insn.pc, mode);
  fault_seen(f, insn.pc, illegal ? nullptr : &abort_);
  pc_ = insn.pc;
  go(f);
}

void Engine::stopped_before() {
  TimedBlock* tb = h_.tb;
  const unsigned at = insn_index(tb, h_.slot);
  const isa::Insn insn = tb->block->insns[at];
  const std::uint32_t mode = tb->block->modes[at];
  cut(tb, at);
  pc_ = insn.pc;
  keep_registers();
  const Redirect f = parts_.arch.prepare(h_, insn, mode);
  fault_seen(f, insn.pc, nullptr);
  const timing::PipeState pipe = pipe_;
  const bool again = f.kind == Redirect::Kind::go;
  if (observing_ && !again) observed(false);
  go(f);
  if (again) pipe_ = pipe;
  if (again && observing_) {
    observing_ = false;
    observe_again_ = pc_;
  }
}

void Engine::raised() {
  TimedBlock* tb = h_.tb;
  const unsigned at = insn_index(tb, h_.slot);
  const isa::Insn insn = tb->block->insns[at];
  const std::uint32_t mode = tb->block->modes[at], next_mode = tb->block->modes[at + 1];
  cut(tb, at + 1);
  pc_ = insn.pc + insn.size;
  keep_registers();
  Redirect f = parts_.arch.raise(h_, h_.raise_id, h_.raise_argument, insn, mode, next_mode);
  const bool returns = f.kind == Redirect::Kind::return_exception;
  if (returns) f.cycles += arrival_cycles(f.pc, timing::indirect, insn.cls);
  fault_seen(f, insn.pc, nullptr);
  const timing::PipeState pipe = pipe_;
  go(f);
  if (returns) pipe_ = pipe;  // a return is a jump: what it has fetched already, its target finds
}

void Engine::go(const Redirect& f) {
  using Kind = Redirect::Kind;
  const bool enters = f.kind == Kind::enter_exception || f.kind == Kind::chain_exception;
  if (enters) {
    ++exceptions_taken_[f.exception];
    if (f.kind == Kind::chain_exception)
      calls_.chain_exception(f.exception, h_.now);
    else
      calls_.enter_exception(f.exception, f.interrupted_sp, h_.now);
    stack_switched();  // the frame that the core stacked, or a handler's own stack
  }
  h_.now += f.cycles;
  outside_blocks_now().exceptions += f.cycles;
  if (f.kind == Kind::call_across) calls_.enter_across(f.pc, h_.r[parts_.arch.lr] & ~1u, h_.r[parts_.arch.sp], h_.now);
  unsure_exception_cycles_ += f.unsure;
  if (f.kind == Kind::return_exception) {
    calls_.leave_exception(h_.r[parts_.arch.sp], h_.now);
    if (keeper_) stack_switched();
  }
  if (enters || f.kind == Kind::return_exception) clear_exclusive();
  if (f.kind == Kind::lockup) {
    locked_up_ = true;
  } else {
    pc_ = f.pc;
    mode_ = f.mode;
  }
  if (f.sleep) sleeping_ = true;
  entering_function_ = enters;
  pipe_ = {};
  next_ = nullptr;
  if (f.kind == Kind::semihost) {
    ++semihost_calls_;
    if (on_semihost) on_semihost();
  }
  observe_again_.reset();
  if (observer_ && f.kind != Kind::go) observer_->redirected(f, h_.now);
}

void Engine::sleep(Cycle limit, Stop& stop, bool& stopped) {
  if (!asleep_) {
    asleep_ = true;
    if (on_sleep) on_sleep(true, h_.now);
  }
  if (parts_.arch.wakes(h_)) {
    sleeping_ = asleep_ = false;
    if (on_sleep) on_sleep(false, h_.now);
    const Cycle wake = parts_.arch.wake_cycles();
    h_.now += wake;
    outside_blocks_now().exceptions += wake;
    unsure_exception_cycles_ += parts_.timing.unsure_exceptions().wake;
    return;
  }
  if (parts_.events.next() == EventQueue::never) {
    stop.kind = StopKind::sleep_forever;
    stopped = true;
    return;
  }
  const Cycle next = std::min(parts_.events.next(), limit);
  if (next > h_.now) {
    calls_.settle(h_.now);
    outside_blocks_now().idle += next - h_.now;
    if (observer_) observer_->skipped(h_.now, next, 0);
    h_.now = next;
  }
}

void Engine::keep_registers() { std::copy_n(h_.r, isa::register_count, registers_.begin()); }

void Engine::fault_seen(const Redirect& f, Address pc, const BadAccess* access) {
  if (!f.fault) return;
  ++fault_count_;
  const bool last = f.kind == Redirect::Kind::lockup;
  if (first_fault_ && !last) return;
  FaultRecord record;
  record.exception = f.exception;
  record.pc = pc;
  if (access) {
    record.has_access = true;
    record.access = *access;
  }
  record.status = parts_.arch.fault_status(h_);
  record.registers = registers_;
  record.call_stack = calls_.stack();
  record.cycle = h_.now;
  if (last) lockup_fault_ = record;
  if (!first_fault_) first_fault_ = std::move(record);
}

Cycle Engine::accounted() const {
  Cycle sum = exception_cycles() + idle_cycles();
  for (const auto& tb : blocks_) {
    for (const Edge& e : tb->exits) sum += e.runs * e.cycles;
    sum += tb->cut.runs * tb->cut.cycles;
    for (const auto& e : tb->indirect) sum += e->runs * e->cycles;
    for (const DynamicCounts& d : tb->dynamic) sum += d.cycles();
    for (const std::uint16_t i : tb->run_waits) sum += tb->slots[i].run_wait.cycles;
    for (const std::uint16_t i : tb->guards) {
      const GuardData& g = tb->slots[i].guard;
      sum += g.fails * static_cast<Cycle>(static_cast<std::int64_t>(g.fail_cycles));
    }
  }
  return sum;
}

}  // namespace mj::engine
