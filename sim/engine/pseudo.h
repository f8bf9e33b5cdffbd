// Handlers of pseudo operations: steps that a block needs besides its instructions.
#pragma once

#include "isa/context.h"
#include "sim/engine/engine.h"
#include "sim/engine/handler.h"

namespace mj::engine {

/// After the last instruction: out by falling through.
inline Slot* step_block_end(HotState* h, Slot*) {
  if (!pass(h, &h->tb->exits[0])) return nullptr;
  Slot* first = h->tb->first;
  MJ_NEXT(h, first);
}

/// First step of every block of a core with a predictor that blocks don't know the state of.
inline Slot* step_arrive(HotState* h, Slot* s) {
  h->engine->arrive();
  MJ_NEXT(h, s + 1);
}

/// First step of a block that begins at a marked address.
inline Slot* step_mark(HotState* h, Slot* s) {
  h->engine->mark_reached();
  MJ_NEXT(h, s + 1);
}

/// First step of a block that begins a function.
inline Slot* step_function_entry(HotState* h, Slot* s) {
  Slot* next = h->engine->function_entry(s);
  MJ_NEXT(h, next);
}

/// In front of each instruction while someone looks on; the slot holds a copy of it.
inline Slot* step_observe(HotState* h, Slot* s) {
  if (!h->engine->observe(s)) [[unlikely]]
    return leave(h, s, Why::moved);
  MJ_NEXT(h, s + 1);
}

/// First step of a block in flash with wait states: free while no word of it can have left the cache.
inline Slot* step_fetch_check(HotState* h, Slot* s) {
  TimedBlock& tb = *h->tb;
  if (tb.fetch_epoch != tb.flash->epoch()) [[unlikely]]
    h->engine->fetch_check();
  MJ_NEXT(h, s + 1);
}

/// Behind an instruction that writes the stack pointer (register id Sp).
template <unsigned Sp>
Slot* step_stack_check(HotState* h, Slot* s) {
  if (h->r[Sp] < h->stack_low) [[unlikely]]
    h->engine->stack_lowered();
  MJ_NEXT(h, s + 1);
}

/// Behind an instruction that sets the stack pointer anew, as a change of threads does.
inline Slot* step_stack_switch(HotState* h, Slot* s) {
  h->engine->stack_switched();
  MJ_NEXT(h, s + 1);
}

/// In front of an instruction that lowers the stack pointer (register id Sp) by a constant; the slot's imm holds what
/// is added. Register id Limit is what it must not go below.
template <unsigned Sp, unsigned Limit>
Slot* step_stack_limit(HotState* h, Slot* s) {
  if (h->r[Sp] + s->insn.imm < h->r[Limit] && !h->engine->arch().ignores_stack_limit(*h)) [[unlikely]]
    return leave(h, s, Why::before);
  MJ_NEXT(h, s + 1);
}

/// In front of the first load of a run: what the RAM that its base register points to adds.
inline Slot* step_run_wait(HotState* h, Slot* s) {
  const std::uint8_t extra = h->run_waits[h->r[s->run_wait.base] >> memory::Bus::page_bits];
  h->now += extra;
  s->run_wait.cycles += extra;
  MJ_NEXT(h, s + 1);
}

/// In front of an instruction whose cycles depend on its operands; the slot holds a copy of it.
inline Slot* step_operand_cost(HotState* h, Slot* s) {
  h->engine->add_operand_cycles(s);
  MJ_NEXT(h, s + 1);
}

/// In front of an instruction that the architecture may have to prepare for; the slot holds a copy of it.
inline Slot* step_prepare_check(HotState* h, Slot* s) {
  if (!h->engine->arch().ready(*h, s->insn)) [[unlikely]]
    return leave(h, s, Why::before);
  MJ_NEXT(h, s + 1);
}

/// Guard made from the architecture's condition: `Condition::holds(context)`.
template <class Condition>
Slot* guard(HotState* h, Slot* s) {
  InterpContext<Form::plain> c(h, s);
  if (Condition::holds(c)) MJ_NEXT(h, s + 1);
  h->now += static_cast<std::int64_t>(s->guard.fail_cycles);
  ++s->guard.fails;
  Slot* next = s + s->guard.skip;
  MJ_NEXT(h, next);
}

}  // namespace mj::engine
