// Handlers: one per operation, made from its semantics; and how control passes between slots and blocks.
#pragma once

#include "sim/engine/interp_context.h"

// Threaded dispatch: each handler ends with a jump to the next one. Builds without guaranteed sibling calls (debug,
// sanitizers) return the next slot to a loop instead; both are the same to everyone else.
#if defined(MJ_LOOP_DISPATCH)
#define MJ_NEXT(h, s) return (s)
#elif defined(__clang__)
#define MJ_NEXT(h, s) [[clang::musttail]] return (s)->fn((h), (s))
#else
#define MJ_NEXT(h, s) return (s)->fn((h), (s))
#endif

namespace mj::engine {

// Out of line; engine.cpp.
void on_return(HotState* h, std::uint32_t raw_target);

inline Slot* leave(HotState* h, Slot* s, Why why) {
  h->why = why;
  h->slot = s;
  return nullptr;
}

/// Passes an edge: counts it and enters its target if that surely ends before the deadline. Null: to the dispatcher.
inline Slot* pass(HotState* h, Edge* e) {
  TimedBlock* to = e->to;
  ++e->runs;
  h->now += e->cycles;
  if (h->now + to->max_cycles > h->deadline) [[unlikely]] {
    h->why = Why::edge;
    h->edge = e;
    return nullptr;
  }
  h->tb = to;
  return to->slots.data();
}

/// Indirect exit to the raw target `t`.
inline Slot* pass_indirect(HotState* h, Slot* s, std::uint32_t t, bool is_return) {
  Edge* e = h->tb->indirect_cache[(t >> 1) & (TimedBlock::indirect_ways - 1)];
  if (!e || e->raw_target != t) [[unlikely]] {
    h->target = t;
    h->is_return = is_return;
    return leave(h, s, Why::indirect);
  }
  if (is_return) {
    // The top frame of the call tree ends when its return address is reached with its stack pointer.
    ++e->runs;
    h->now += e->cycles;
    on_return(h, t);
    TimedBlock* to = e->to;
    if (h->now + to->max_cycles > h->deadline) [[unlikely]] {
      h->why = Why::edge;
      h->edge = e;
      return nullptr;
    }
    h->tb = to;
    return to->slots.data();
  }
  return pass(h, e);
}

/// The handler of operation `Op`, a type with `static void run(InterpContext&, const isa::Insn&)`.
template <class Op>
[[gnu::flatten]] Slot* handle(HotState* h, Slot* s) {
  InterpContext c(h, s);
  Op::run(c, s->insn);
  if (c.memory) {
    if (h->attention) [[unlikely]] {
      // A control transfer that did complete must not be lost: only aborted ones are left here.
      if (c.flow == Flow::next || (h->attention & attention_abort)) return leave(h, s, Why::leave);
    }
  }
  if (c.flow == Flow::next) MJ_NEXT(h, s + 1);
  Slot* next;
  if (c.flow == Flow::jump) {
    next = pass(h, &h->tb->exits[1]);
  } else if (c.flow == Flow::conditional) {
    next = pass(h, &h->tb->exits[c.taken]);
  } else if (c.flow == Flow::indirect) {
    next = pass_indirect(h, s, c.target, c.is_return);
  } else {
    h->raise_id = c.raise_id;
    h->raise_argument = c.raise_argument;
    return leave(h, s, Why::raise);
  }
  if (!next) [[unlikely]]
    return nullptr;
  MJ_NEXT(h, next);
}

}  // namespace mj::engine
