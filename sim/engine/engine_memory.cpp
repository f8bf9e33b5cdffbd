// The engine's slow path: everything that a handler can't do inline.
#include <cstring>

#include "sim/engine/engine.h"
#include "sim/engine/handler.h"

namespace mj::engine {

inline bool Engine::load_hit(Slot* s, std::uint32_t address, unsigned size, unsigned kind, std::uint32_t& value) {
  if ((address & (size - 1)) || (kind & access_unprivileged) || observer_ || (h_.attention & attention_abort))
    return false;
  if (const memory::Region* region = parts_.bus.read_hit(address, size, value)) {
    moved_[region->traffic_row].read += size;
    ++slow_accesses_;
    ++dynamic(insn_index(h_.tb, s)).not_ram;
    return true;
  }
  if (!parts_.bus.quick_read(address, value, size)) return false;
  // A line that RAM had may hold flash by now, whose bytes are elsewhere.
  const memory::Region* region = parts_.bus.find(address);
  if (!region || !region->bus) return false;
  moved_[region->traffic_row].read += size;
  return true;
}

inline bool Engine::store_hit(std::uint32_t address, std::uint32_t value, unsigned size, unsigned kind) {
  if ((address & (size - 1)) || (kind & access_unprivileged) || observer_ || (h_.attention & attention_abort))
    return false;
  if (!parts_.bus.quick_write(address, value, size)) return false;
  moved_[parts_.bus.find(address)->traffic_row].written += size;
  return true;
}

std::uint32_t slow_load(HotState* h, Slot* s, std::uint32_t address, unsigned size, unsigned kind) {
  if (std::uint32_t value; h->engine->load_hit(s, address, size, kind, value)) return value;
  return h->engine->load(s, address, size, kind);
}
void slow_store(HotState* h, Slot* s, std::uint32_t address, std::uint32_t value, unsigned size, unsigned kind) {
  if (h->engine->store_hit(address, value, size, kind)) return;
  h->engine->store(s, address, value, size, kind);
}
std::uint32_t exclusive_load(HotState* h, Slot* s, std::uint32_t address, unsigned size) {
  return h->engine->load_exclusive(s, address, size);
}
std::uint32_t exclusive_store(HotState* h, Slot* s, std::uint32_t address, std::uint32_t value, unsigned size) {
  return h->engine->store_exclusive(s, address, value, size);
}
void exclusive_clear(HotState* h) { h->engine->clear_exclusive(); }
std::uint32_t slow_system_read(HotState* h, Slot* s, std::uint32_t id) { return h->engine->system_read(s, id); }
void slow_system_write(HotState* h, Slot* s, std::uint32_t id, std::uint32_t value) {
  h->engine->system_write(s, id, value);
}
bool pass_return(HotState* h, Edge* e) {
  // The block's own cycles belong to the frame that ends: counted first.
  count(h, e);
  return enter(h, e, h->engine->returned(e));
}

Cycle Engine::access_time(const Slot* s) const { return h_.now + h_.tb->walk.begin[insn_index(h_.tb, s)]; }

Engine::Within Engine::within() const {
  if (!current_slot_) return {};
  return {h_.tb, insn_index(h_.tb, current_slot_)};
}

Address Engine::current_pc() const {
  const Within at = within();
  return at.block ? at.block->block->insns[at.insn].pc : pc_;
}

Cycle Engine::now() const { return current_slot_ ? access_time(current_slot_) : h_.now; }

std::uint64_t Engine::retired() const {
  std::uint64_t n = 0;
  for (const auto& tb : blocks_) n += tb->runs() * tb->block->insns.size();
  return current_slot_ ? n + insn_index(h_.tb, current_slot_) : n;
}

void Engine::abort(Slot*, const BadAccess& access) {
  if (h_.attention & attention_abort) return;
  abort_ = access;
  std::memcpy(saved_.data(), h_.r, sizeof h_.r);
  h_.attention |= attention_abort;
}

bool Engine::refuse_unaligned(Slot* s, std::uint32_t address, unsigned size, bool write, unsigned kind) {
  if (!(kind & access_aligned) && parts_.arch.allows_unaligned(h_)) {
    const unsigned insn = insn_index(h_.tb, s);
    const auto& hidden = h_.tb->walk.unaligned_hidden;
    const std::uint32_t extra =
        parts_.timing.unaligned_cycles(address, size, write, hidden.empty() ? 0u : hidden[insn]);
    h_.now += extra;
    dynamic(insn).unaligned += extra;
    return false;
  }
  abort(s, {BadAccess::Why::unaligned, address, size, write, false});
  return true;
}

std::uint32_t Engine::load(Slot* s, std::uint32_t address, unsigned size, unsigned kind) {
  if (h_.attention & attention_abort) return 0;
  if (special(parts_.bus.read_pages(), address, size)) ++slow_accesses_;
  const bool unaligned = (address & (size - 1)) != 0;
  if (unaligned && refuse_unaligned(s, address, size, false, kind)) return 0;
  if (!permits(address, size, memory::permit_read, kind)) {
    abort(s, {BadAccess::Why::forbidden, refused(address, size, memory::permit_read, kind), size, false, false});
    return 0;
  }
  current_slot_ = s;
  const Cycle when = access_time(s);
  // An unaligned access goes byte by byte; its bus waits are those of the words it touches.
  const unsigned step = unaligned ? 1 : size;
  std::uint32_t value = 0, extra = 0, array_reads = 0;
  std::uint32_t wait[2] = {}, miss[2] = {}, queued[2] = {}, buffered[2] = {};  // by whether the numbers are unsure
  bool not_ram = false;
  for (unsigned i = 0; i < size; i += step) {
    const std::uint32_t at = address + i;
    const auto part = parts_.bus.read(at, step, when + extra);
    if (part.fault != memory::AccessFault::none) {
      current_slot_ = nullptr;
      abort(s, {BadAccess::Why::unmapped, at, size, false, false});
      return 0;
    }
    moved_[part.traffic_row].read += step;
    value |= part.value << (8 * i);
    if (i == 0 || (at & 3) == 0) {
      extra += part.extra_cycles;
      queued[part.unsure] += part.queued_cycles;
      buffered[part.unsure] += part.buffered_cycles;
      (part.cache_miss ? miss : wait)[part.unsure] += part.extra_cycles - part.queued_cycles - part.buffered_cycles;
    }
    array_reads += part.array_reads;
    not_ram |= part.flash || part.device;
  }
  current_slot_ = nullptr;
  if (not_ram || extra) {
    h_.now += extra;
    DynamicCounts& counts = dynamic(insn_index(h_.tb, s));
    counts.data_wait += wait[0] + wait[1];
    counts.unsure_data_wait += wait[1];
    counts.data_miss += miss[0] + miss[1];
    counts.unsure_data_miss += miss[1];
    counts.data_queued += queued[0] + queued[1];
    counts.unsure_data_queued += queued[1];
    counts.data_buffered += buffered[0] + buffered[1];
    counts.unsure_data_buffered += buffered[1];
    counts.flash_reads += array_reads;
    counts.not_ram += not_ram;
  }
  if (observer_) observer_->accessed({address, size, value, false});
  return value;
}

void Engine::store(Slot* s, std::uint32_t address, std::uint32_t value, unsigned size, unsigned kind) {
  if (h_.attention & attention_abort) return;
  if (special(parts_.bus.write_pages(), address, size)) ++slow_accesses_;
  const bool unaligned = (address & (size - 1)) != 0;
  if (unaligned && refuse_unaligned(s, address, size, true, kind)) return;
  if (!permits(address, size, memory::permit_write, kind)) {
    abort(s, {BadAccess::Why::forbidden, refused(address, size, memory::permit_write, kind), size, true, false});
    return;
  }
  current_slot_ = s;
  const Cycle when = access_time(s);
  const unsigned step = unaligned ? 1 : size;
  std::uint32_t extra = 0, unsure = 0, buffered = 0, unsure_buffered = 0;
  bool not_ram = false;
  for (unsigned i = 0; i < size; i += step) {
    const std::uint32_t at = address + i;
    const std::uint32_t part_value = unaligned ? value >> (8 * i) & 0xff : value;
    const auto part = parts_.bus.write(at, step, part_value, when + extra);
    if (part.fault != memory::AccessFault::none) {
      current_slot_ = nullptr;
      abort(s, {part.fault == memory::AccessFault::read_only ? BadAccess::Why::read_only : BadAccess::Why::unmapped, at,
                size, true, false});
      return;
    }
    moved_[part.traffic_row].written += step;
    if (i == 0 || (at & 3) == 0) {
      extra += part.extra_cycles;
      buffered += part.buffered_cycles;
      if (part.unsure) unsure += part.extra_cycles - part.buffered_cycles, unsure_buffered += part.buffered_cycles;
    }
    not_ram |= part.device;
  }
  current_slot_ = nullptr;
  if (not_ram || extra) {
    h_.now += extra;
    DynamicCounts& counts = dynamic(insn_index(h_.tb, s));
    counts.data_wait += extra - buffered;
    counts.unsure_data_wait += unsure;
    counts.data_buffered += buffered;
    counts.unsure_data_buffered += unsure_buffered;
    counts.not_ram += not_ram;
  }
  if (observer_) observer_->accessed({address, size, value, true});
}

std::uint32_t Engine::load_exclusive(Slot* s, std::uint32_t address, unsigned size) {
  ++slow_accesses_;
  const std::uint32_t value = load(s, address, size, access_aligned);
  if (!(h_.attention & attention_abort)) {
    exclusive_ = true;
    exclusive_address_ = address;
  }
  return value;
}

std::uint32_t Engine::store_exclusive(Slot* s, std::uint32_t address, std::uint32_t value, unsigned size) {
  ++slow_accesses_;
  const bool held = exclusive_ && ((exclusive_address_ ^ address) & parts_.arch.exclusive_mask) == 0;
  exclusive_ = false;
  if (!held) {
    not_stored_ += size;
    if (address & (size - 1)) abort(s, {BadAccess::Why::unaligned, address, size, true, false});
    return 1;
  }
  store(s, address, value, size, access_aligned);
  return 0;
}

std::uint32_t Engine::system_read(Slot* s, std::uint32_t id) {
  if (h_.attention & attention_abort) return 0;
  ++slow_accesses_;
  bool illegal = false;
  current_slot_ = s;
  const std::uint32_t value = parts_.arch.system_read(h_, s->insn, id, access_time(s), illegal);
  current_slot_ = nullptr;
  if (illegal) {
    illegal_ = true;
    abort(s, {});
  }
  return value;
}

void Engine::system_write(Slot* s, std::uint32_t id, std::uint32_t value) {
  if (h_.attention & attention_abort) return;
  ++slow_accesses_;
  bool illegal = false, sleep = false;
  const std::uint32_t sp_before = h_.r[parts_.arch.sp];
  current_slot_ = s;
  parts_.arch.system_write(h_, s->insn, id, value, access_time(s), illegal, sleep);
  current_slot_ = nullptr;
  if (illegal) {
    illegal_ = true;
    abort(s, {});
    return;
  }
  if (sleep) sleeping_ = true;
  if (keeper_ && h_.r[parts_.arch.sp] != sp_before) stack_switched();
  // Masks, privilege or the stack pointer may have changed: let the dispatcher look at interrupts again.
  kick();
}

Slot* Engine::function_entry(Slot* s) {
  const Address function = h_.tb->block->pc;
  const unsigned alternate = parts_.arch.alternate_lr;
  calls_.enter(function, h_.r[parts_.arch.lr] & ~1u, h_.r[parts_.arch.sp], h_.now,
               h_.tb->function_entry == FunctionEntry::called, alternate ? h_.r[alternate] & ~1u : 0);
  // Nothing of the block has been counted yet: it goes on in the sibling of the function's part.
  TimedBlock* const callers = h_.tb;
  TimedBlock* const own = of_part(callers);
  if (own == callers) return s + 1;
  if (branch_ == callers) branch_ = own;
  h_.tb = own;
  return own->first + (s - callers->first) + 1;
}

void Engine::mark_reached() {
  if (on_mark) on_mark(h_.tb->block->pc);
}

TimedBlock* Engine::returned(Edge* e) {
  const Address target = e->raw_target & ~1u;
  branch_resolved(target);
  const bool sure = h_.tb->block->insns.back().op != parts_.arch.jump_or_return;
  calls_.reach(target, h_.r[parts_.arch.sp], h_.now, sure);
  return of_part(e->to);
}

void Engine::stack_lowered() {
  stack_set_up();
  if (keeper_) {
    h_.stack_low = keeper_->lowered(h_.r[parts_.arch.sp]);
    return;
  }
  h_.stack_low = h_.r[parts_.arch.sp];
  if (stack_set_ == 0) deepest_stack_ = calls_.stack();
}

// A core that starts without a stack pointer (RISC-V) sets it up once: that is its stack's top.
void Engine::stack_set_up() {
  if (stack_top_ == 0) stack_top_ = h_.r[parts_.arch.sp];
}

void Engine::stack_switched() {
  stack_set_up();
  if (keeper_)
    h_.stack_low = keeper_->switched(h_.r[parts_.arch.sp]);
  else if (h_.r[parts_.arch.sp] < h_.stack_low)
    stack_lowered();
}

void Engine::use_stacks(unsigned set) {
  if (set == stack_set_) return;
  stacks_[stack_set_].low = h_.stack_low;
  stack_set_ = set;
  StackUse& now = stacks_[set];
  if (now.low == 0) now.top = now.low = h_.r[parts_.arch.sp];
  h_.stack_low = now.low;
}

std::uint32_t Engine::other_stack_used() const {
  const Address low = stack_set_ == 1 ? h_.stack_low : stacks_[1].low;
  return stacks_[1].top > low ? stacks_[1].top - low : 0;
}

void Engine::add_operand_cycles(Slot* s) {
  const isa::Insn& insn = s->insn;
  const std::uint32_t extra = parts_.timing.operand_cycles(insn, h_.r[insn.rn], h_.r[insn.rm]);
  if (!extra) return;
  h_.now += extra;
  dynamic(insn_index(h_.tb, s)).operand += extra;
}

void Engine::fetch_check() {
  TimedBlock& tb = *h_.tb;
  memory::FlashTiming& flash = *tb.flash;
  if (flash.free()) {
    // As it stays until the wait states change, which changes the epoch.
    tb.fetch_epoch = flash.epoch();
    share_epoch(tb);
    return;
  }
  const Address word_mask = ~(flash.word_bytes() - 1);
  const Block& block = *tb.block;
  Address word = block.pc & word_mask;
  std::size_t insn = 0;
  std::uint32_t total = 0;
  bool resident = true;
  flash.begin_code(block.pc, block.end(), h_.now);
  for (; word < block.end(); word += flash.word_bytes()) {
    // The word is wanted when its first instruction, or the one that reaches into it, is to issue.
    while (insn + 1 < block.insns.size() && block.insns[insn].pc + block.insns[insn].size <= word) ++insn;
    const std::uint64_t before = flash.array_reads();
    const std::uint32_t extra = flash.fetch(word, h_.now + total + tb.walk.begin[insn]);
    if (const std::uint64_t reads = flash.array_reads() - before; reads || extra) {
      total += extra;
      DynamicCounts& counts = dynamic(static_cast<unsigned>(insn));
      const memory::FlashTiming::Cause& cause = flash.cause();
      counts.fetch_queued += cause.queued;
      (cause.miss ? counts.fetch_miss : counts.fetch_wait) += extra - cause.queued;
      counts.flash_reads += reads;
    }
  }
  for (word = block.pc & word_mask; word < block.end(); word += flash.word_bytes())
    resident = resident && flash.resident(word);
  h_.now += total;
  tb.fetch_epoch = resident ? flash.epoch() : 0;
  share_epoch(tb);
}

}  // namespace mj::engine
