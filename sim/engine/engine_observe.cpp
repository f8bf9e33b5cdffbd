// Observed runs: someone is told of each instruction, which moves no cycle.
#include <memory>

#include "sim/engine/engine.h"
#include "sim/engine/handler.h"

namespace mj::engine {

void Engine::set_observer(Observer* observer) {
  observer_ = observer;
  // An access that handlers make themselves would be seen by nobody.
  if (observer && !no_pages_) no_pages_ = std::make_unique<std::uintptr_t[]>(memory::Bus::page_count);
  h_.read_pages = observer ? no_pages_.get() : parts_.bus.read_pages();
  h_.write_pages = observer ? no_pages_.get() : parts_.bus.write_pages();
}

void Engine::look_on(Observer* observer) {
  set_observer(observer);
  code_changed_ = true;  // blocks that were made without an observer don't tell one
  spinning_forever_ = false;
  spin_edge_ = nullptr;
  next_ = nullptr;
}

void Engine::move_to(Address pc) {
  move_to_ = pc;
  kick();
}

bool Engine::observe(Slot* s) {
  if (observing_) observed(true);
  const unsigned at = insn_index(h_.tb, s);
  const Block& block = *h_.tb->block;
  const isa::Insn& insn = block.insns[at];
  const bool again = observe_again_ == insn.pc;
  observe_again_.reset();
  if (!again) {
    observer_->before(insn, block.effects[at], block.modes[at], access_time(s));
    if (move_to_ || exit_requested_ || (h_.attention & attention_code)) return false;
  }
  observing_ = true;
  const bool guarded = insn.cls != isa::OpClass::it && insn.cond != 14 && block.modes[at] != 0;
  guard_ = guarded ? &s[1].guard : nullptr;
  guard_fails_ = guarded ? guard_->fails : 0;
  return true;
}

void Engine::observed(bool executed) {
  observing_ = false;
  const bool aborted = (h_.attention & attention_abort) != 0;
  observer_->after(guard_ && guard_->fails != guard_fails_ ? Outcome::condition_failed
                   : aborted || !executed                  ? Outcome::faulted
                                                           : Outcome::executed);
}

void Engine::moved() {
  TimedBlock* tb = h_.tb;
  const unsigned at = insn_index(tb, h_.slot);
  cut(tb, at);
  pc_ = tb->block->insns[at].pc;
  mode_ = tb->block->modes[at];
  if (!move_to_) observe_again_ = pc_;
}

}  // namespace mj::engine
