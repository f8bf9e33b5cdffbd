// How a block was left, and where that leads: the dispatcher comes here when handlers can't go on by themselves.
#include <algorithm>
#include <cstring>

#include "sim/engine/engine.h"
#include "sim/engine/pseudo.h"

namespace mj::engine {

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

}  // namespace mj::engine
