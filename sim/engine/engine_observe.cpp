// Runs that someone looks at: told of each instruction, or of where bytes go. It moves no cycle.
#include <memory>

#include "sim/engine/engine.h"
#include "sim/engine/handler.h"

namespace mj::engine {

void Engine::set_observer(Observer* observer) {
  observer_ = observer;
  show_pages();
}

void Engine::split_traffic() {
  all_through_engine_ = true;
  assign_traffic_rows(true);
  show_pages();
}

void Engine::show_pages() {
  // An access that handlers make themselves would be seen by nobody.
  const bool none = observer_ || all_through_engine_;
  if (none && !no_pages_) no_pages_ = std::make_unique<std::uintptr_t[]>(memory::Bus::page_count);
  h_.read_pages = none ? no_pages_.get() : parts_.bus.read_pages();
  h_.write_pages = none ? no_pages_.get() : parts_.bus.write_pages();
}

void Engine::assign_traffic_rows(bool split) {
  constexpr std::size_t most_rows = 200;
  const auto direct = [&](const memory::Region& r) {
    return !split && !r.flash && (r.read_wait == 0 || (r.write_wait == 0 && r.kind == memory::RegionKind::ram));
  };
  const auto kind = [](const memory::Region& r) { return r.kind == memory::RegionKind::flash ? "flash" : "ram"; };
  // Devices are added later: they have row 0 from the start.
  traffic_rows_ = {{"devices", "devices"}, {"", ""}};
  for (const auto& r : parts_.bus.regions()) {
    if (r->kind == memory::RegionKind::device || r->alias) continue;
    r->traffic_row = direct_row;
    if (!direct(*r) && traffic_rows_.size() < most_rows) {
      r->traffic_row = static_cast<std::uint8_t>(traffic_rows_.size());
      traffic_rows_.push_back({r->name, kind(*r)});
      continue;
    }
    TrafficRow& row = traffic_rows_[direct_row];
    row.kind = row.name.empty() || row.kind == kind(*r) ? kind(*r) : "memory";
    row.name += (row.name.empty() ? "" : ", ") + r->name;
  }
  // Bytes that faulting accesses would have moved.
  if (traffic_rows_[direct_row].name.empty()) traffic_rows_[direct_row] = {"none", "memory"};
  for (const auto& alias : parts_.bus.regions())
    for (const auto& r : parts_.bus.regions())
      if (alias->alias && !r->alias && r->bytes == alias->bytes) alias->traffic_row = r->traffic_row;
  moved_.assign(traffic_rows_.size(), {});
}

void Engine::look_on(Observer* observer) {
  set_observer(observer);
  code_changed_ = true;  // blocks that were made without an observer don't tell one
  spinning_forever_ = false;
  spin_edge_ = nullptr;
  next_ = nullptr;
}

void Engine::move_to(Address pc, std::uint32_t mode) {
  move_to_ = {pc, mode};
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
