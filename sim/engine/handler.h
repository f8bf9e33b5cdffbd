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
// To another handler of the same slot.
#if defined(__clang__) && !defined(MJ_LOOP_DISPATCH)
#define MJ_CALL(f, h, s) [[clang::musttail]] return (f)((h), (s))
#else
#define MJ_CALL(f, h, s) return (f)((h), (s))
#endif

namespace mj::engine {

// Out of line; engine_memory.cpp.
bool pass_return(HotState* h, Edge* e);

inline Slot* leave(HotState* h, Slot* s, Why why) {
  h->why = why;
  h->slot = s;
  return nullptr;
}

[[gnu::always_inline]] inline void count(HotState* h, Edge* e) {
  ++e->runs;
  h->now += e->cycles;
}

/// Enters the target of a counted edge, or its sibling of another part, if that surely ends before the deadline. False:
/// to the dispatcher.
[[gnu::always_inline]] inline bool enter(HotState* h, Edge* e, TimedBlock* to) {
  if (h->now + to->max_cycles > h->deadline) [[unlikely]] {
    h->why = Why::edge;
    h->edge = e;
    return false;
  }
  h->tb = to;
  return true;
}

[[gnu::always_inline]] inline bool pass(HotState* h, Edge* e) {
  count(h, e);
  return enter(h, e, e->to);
}

/// Indirect exit to the raw target `t`. False: to the dispatcher.
[[gnu::always_inline]] inline bool pass_indirect(HotState* h, Slot* s, std::uint32_t t, bool is_return) {
  Edge* e = h->tb->indirect_cache[(t >> 1) & (TimedBlock::indirect_ways - 1)];
  if (!e || e->raw_target != t) [[unlikely]] {
    h->target = t;
    h->is_return = is_return;
    leave(h, s, Why::indirect);
    return false;
  }
  // The top frame of the call tree ends when its return address is reached with its stack pointer.
  if (is_return) return pass_return(h, e);
  return pass(h, e);
}

/// Goes where a finished operation leads.
template <class C>
[[gnu::always_inline]] inline Slot* finish(HotState* h, Slot* s, const C& c) {
  if (c.leave == Leave::jump) {
    if (!pass(h, &h->tb->exits[1])) return nullptr;
  } else if (c.leave == Leave::conditional) {
    if (!pass(h, &h->tb->exits[c.taken])) return nullptr;
  } else if (c.leave == Leave::indirect) {
    if (!pass_indirect(h, s, c.target, c.is_return)) return nullptr;
  } else {
    h->raise_id = c.raise_id;
    h->raise_argument = c.raise_argument;
    return leave(h, s, Why::raise);
  }
  Slot* first = h->tb->first;
  MJ_NEXT(h, first);
}

/// The full form of operation `Op`, a type with `template <class C> static void run(C&, const isa::Insn&)`.
template <class Op>
[[gnu::flatten, gnu::noinline]] Slot* handle_full(HotState* h, Slot* s) {
  InterpContext<Form::full> c(h, s);
  Op::run(c, s->insn);
  if (c.memory && h->attention) {
    // A control transfer that did complete must not be lost: only aborted ones are left here.
    if (c.leave == Leave::next || (h->attention & attention_abort)) return leave(h, s, Why::leave);
  }
  if (c.leave == Leave::next) MJ_NEXT(h, s + 1);
  return finish(h, s, c);
}

/// The short form; the full one takes over where an access is special.
template <class Op>
[[gnu::flatten]] Slot* handle(HotState* h, Slot* s) {
  InterpContext<Form::probe> probe(h, s);
  Op::run(probe, s->insn);
  if (probe.special) [[unlikely]]
    MJ_CALL(handle_full<Op>, h, s);
  InterpContext<Form::plain> c(h, s);
  Op::run(c, s->insn);
  if (c.leave == Leave::next) MJ_NEXT(h, s + 1);
  return finish(h, s, c);
}

/// Two operations in one handler: the first neither touches memory nor leaves; saves a dispatch between them.
template <class First, class Second>
[[gnu::flatten]] Slot* handle_pair(HotState* h, Slot* s) {
  InterpContext<Form::plain> a(h, s);
  First::run(a, s->insn);
  InterpContext<Form::plain> b(h, s + 1);
  Second::run(b, s[1].insn);
  return finish(h, s + 1, b);
}

}  // namespace mj::engine
