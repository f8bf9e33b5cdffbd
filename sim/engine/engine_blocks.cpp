// The engine's blocks: decoded, costed and turned into slots once, found again by key, forgotten when code changes.
#include <algorithm>
#include <utility>

#include "sim/engine/engine.h"
#include "sim/engine/pseudo.h"

namespace mj::engine {

std::shared_ptr<const Block> Engine::decode(Address pc, std::uint32_t mode, std::uint16_t limit) {
  auto block = std::make_shared<Block>();
  block->pc = pc;
  block->mode = mode;
  block->modes.push_back(mode);
  Address at = pc;
  while (block->insns.size() < limit) {
    std::uint8_t code[4] = {};
    unsigned n = 4;
    if (!parts_.bus.peek(at, code, 4)) {
      n = 2;
      if (!parts_.bus.peek(at, code, 2)) break;
    }
    isa::Insn insn;
    isa::Effects effects;
    if (!parts_.arch.decode(code, n, at, mode, insn, effects)) break;
    if (!permits(at, insn.size, memory::permit_execute) &&
        !(permits(at, insn.size, memory::permit_gateway) && parts_.arch.is_gateway(insn)))
      break;
    block->insns.push_back(insn);
    block->effects.push_back(effects);
    mode = parts_.arch.next_mode(mode, insn);
    block->modes.push_back(mode);
    for (Address a = at; a < at + insn.size; a += 2) {
      auto& bits = code_bits_[a >> memory::Bus::page_bits];
      if (bits.empty()) {
        bits.resize((std::size_t{1} << memory::Bus::page_bits) / 2 / 64);
        parts_.bus.mark_code(a);
      }
      const std::uint32_t half = (a & ((1u << memory::Bus::page_bits) - 1)) / 2;
      bits[half / 64] |= std::uint64_t{1} << (half % 64);
    }
    at += insn.size;
    if (isa::ends_block(insn.cls)) break;
    // A function that begins here is entered by falling through: its block begins with it.
    if (is_function_(at) && mode == 0) break;
    if (!marks_.empty() && marks_.count(at)) break;
  }
  return block->insns.empty() ? nullptr : block;
}

TimedBlock* Engine::find(const Key& key) {
  if (const auto at = cache_.find(key); at != cache_.end()) return of_part(at->second);
  auto block = decode(key.pc, key.mode, key.limit);
  if (!block) return nullptr;
  auto tb = std::make_unique<TimedBlock>();
  tb->block = std::move(block);
  tb->entry = key.entry;
  tb->limit = key.limit;
  tb->function_entry = key.function_entry;
  tb->operating_point = key.operating_point;
  tb->part = calls_.part();
  tb->walk = parts_.timing.walk(tb->block->insns, tb->block->effects, key.entry);
  TimedBlock* result = complete(std::move(tb));
  cache_.emplace(key, result);
  return result;
}

TimedBlock* Engine::sibling_of(TimedBlock* tb) {
  const std::uint8_t part = calls_.part();
  if (tb == &stub_ || (tb->other && tb->other->part == part)) return tb == &stub_ ? tb : tb->other;
  TimedBlock* s = tb->sibling;
  while (s != tb && s->part != part) s = s->sibling;
  if (s == tb) {
    // Not decoded again: what lies there now may be something else.
    auto made = std::make_unique<TimedBlock>();
    made->block = tb->block;
    made->entry = tb->entry;
    made->limit = tb->limit;
    made->function_entry = tb->function_entry;
    made->operating_point = tb->operating_point;
    made->part = part;
    made->walk = tb->walk;
    s = complete(std::move(made));
    s->fetch_epoch = tb->fetch_epoch;
    s->sibling = std::exchange(tb->sibling, s);
  }
  return tb->other = s;
}

TimedBlock* Engine::complete(std::unique_ptr<TimedBlock> tb) {
  for (Edge& e : tb->exits) e.to = &stub_;
  // A trap instruction is left through the dispatcher only: price it as the exit it is.
  const isa::OpClass last = tb->block->insns.back().cls;
  if (last == isa::OpClass::trap || last == isa::OpClass::trap_return) tb->cut_exit = timing::indirect;
  tb->cut.cycles = tb->walk.exits[tb->cut_exit].cycles;
  for (const auto& exit : tb->walk.exits) tb->max_cycles = std::max<std::uint64_t>(tb->max_cycles, exit.cycles);
  std::uint64_t accesses = 0;
  for (std::size_t i = 0; i < tb->block->insns.size(); ++i) {
    const isa::Effects& e = tb->block->effects[i];
    accesses += e.loads + e.stores;
    tb->load_bytes += e.load_bytes;
    tb->store_bytes += e.store_bytes;
    if (parts_.timing.has_operand_rule(tb->block->insns[i])) tb->max_cycles += 40;
  }
  tb->max_cycles += 4 + accesses * dynamic_bound_;
  build_slots(*tb);
  blocks_.push_back(std::move(tb));
  return blocks_.back().get();
}

namespace {

/// Whether instruction i is a load that does not follow another one: the following ones overlap with it.
bool begins_load_run(const Block& block, std::size_t i) {
  const auto loads = [&](std::size_t k) {
    return block.effects[k].loads != 0 && block.insns[k].cls != isa::OpClass::branch_table;
  };
  return loads(i) && (block.effects[i].address & isa::reg_bit(block.insns[i].rn)) && (i == 0 || !loads(i - 1));
}

}  // namespace

void Engine::build_slots(TimedBlock& tb) {
  const Block& block = *tb.block;
  const auto add = [&](Handler fn, std::size_t insn) -> Slot& {
    Slot s;
    s.fn = fn;
    tb.slots.push_back(s);
    tb.slot_insn.push_back(static_cast<std::uint8_t>(insn));
    return tb.slots.back();
  };
  if (predictor_) {
    add(step_arrive, 0);
    const timing::PredictorParams& p = *parts_.timing.predictor();
    tb.max_cycles += std::max(p.mispredict, p.late);  // of the branch that leads here
    const std::uint32_t packets = (block.end() - 1) / p.fetch_bytes - block.pc / p.fetch_bytes + 1;
    tb.fetched_ahead = tb.walk.begin.back() + 1 >= packets + p.late;
  }
  if (!marks_.empty() && marks_.count(block.pc)) add(step_mark, 0);
  if (tb.function_entry != FunctionEntry::none) add(step_function_entry, 0);
  const memory::Region* region = parts_.bus.find(block.pc);
  tb.code_row = region ? region->traffic_row : direct_row;
  tb.in_flash = region && region->kind == memory::RegionKind::flash;
  if (region && region->flash) {
    tb.flash = region->flash.get();
    tb.unsure_fetch = region->unsure;
    const std::uint32_t word = tb.flash->word_bytes();
    tb.flash_words = (block.end() - 1) / word - block.pc / word + 1;
    add(step_fetch_check, 0);
    tb.max_cycles += ((block.end() - block.pc) / region->flash->word_bytes() + 2) * region->flash->worst_case();
  } else if (region && region->read_wait) {
    tb.max_cycles += block.insns.size() * region->read_wait;
  }
  const isa::RegSet sp_bit = isa::reg_bit(parts_.arch.sp);
  const isa::RegSet frame_pointers = parts_.arch.sp == 13 ? isa::reg_bit(7) | isa::reg_bit(11) : isa::reg_bit(8);
  for (std::size_t i = 0; i < block.insns.size(); ++i) {
    const isa::Insn& insn = block.insns[i];
    if (observer_) add(step_observe, i).insn = insn;
    if (insn.cls == isa::OpClass::it) continue;  // its work was done by decoding
    std::size_t guard_at = 0;
    const bool guarded = insn.cond != 14 && block.modes[i] != 0;
    if (guarded) {
      guard_at = tb.slots.size();
      tb.guards.push_back(static_cast<std::uint16_t>(guard_at));
      Slot& g = add(parts_.arch.guard(insn.cond), i);
      g.guard = {0, tb.walk.skipped_delta.empty() ? 0 : tb.walk.skipped_delta[i], insn.cond, 0};
    }
    using StackStep = Arch::StackStep;
    const StackStep step = parts_.arch.stack_step(insn);
    if (parts_.arch.needs_prepare(insn) || step.kind == StackStep::Kind::ask) add(step_prepare_check, i).insn = insn;
    if (step.kind == StackStep::Kind::constant)
      add(step_stack_limit<13, 62>, i).insn.imm = static_cast<std::uint32_t>(step.by);
    if (h_.run_waits && begins_load_run(block, i)) {
      tb.run_waits.push_back(static_cast<std::uint16_t>(tb.slots.size()));
      add(step_run_wait, i).run_wait = {0, insn.rn};
      tb.max_cycles += longest_run_wait_;
    }
    if (parts_.timing.has_operand_rule(insn)) add(step_operand_cost, i).insn = insn;
    add(parts_.arch.handler(insn), i).insn = insn;
    // LUI or AUIPC in front of an ADDI: half of an address that only both make.
    const isa::Effects& x = block.effects[i];
    const auto is_half = [&](std::size_t k) {
      const isa::Effects &first = block.effects[k], &second = block.effects[k + 1];
      return (first.writes & sp_bit) && first.reads == 0 && first.loads == 0 && (second.reads & second.writes & sp_bit);
    };
    const bool half = i + 1 < block.insns.size() && is_half(i);
    // Such an address, loaded, or moved from a register that is no frame pointer: by a change of threads.
    const bool anew = insn.rd == parts_.arch.sp &&
                      ((i > 0 && is_half(i - 1)) || insn.cls == isa::OpClass::load ||
                       (insn.cls == isa::OpClass::alu && x.reads && !(x.reads & (sp_bit | frame_pointers))));
    if ((x.writes & sp_bit) && !half && !isa::ends_block(insn.cls))
      add(anew ? step_stack_switch : parts_.arch.sp == 13 ? step_stack_check<13> : step_stack_check<2>, i);
    if (guarded) {
      Slot& g = tb.slots[guard_at];
      g.guard.skip = static_cast<std::uint8_t>(tb.slots.size() - guard_at);
      // A skipped last instruction is left by falling through, whose cost holds it as skipped already.
      if (isa::ends_block(insn.cls)) g.guard.fail_cycles = 0;
    }
  }
  add(step_block_end, block.insns.size() - 1);
  if (!observer_) pair_slots(tb);
  tb.first = tb.slots.data();
}

void Engine::pair_slots(TimedBlock& tb) {
  // Only instructions that follow each other without a pseudo operation or a guard between or in front of them.
  const auto plain = [&](std::size_t slot) {
    const std::uint8_t i = tb.slot_insn[slot];
    return (slot == 0 || tb.slot_insn[slot - 1] != i) && tb.slot_insn[slot + 1] != i && tb.block->modes[i] == 0;
  };
  for (std::size_t s = 0; s + 2 < tb.slots.size(); ++s) {
    if (tb.slot_insn[s + 1] != tb.slot_insn[s] + 1 || !plain(s) || tb.block->modes[tb.slot_insn[s + 1]] != 0) continue;
    if (const Handler both = parts_.arch.pair(tb.slots[s].insn, tb.slots[s + 1].insn)) tb.slots[s].fn = both;
  }
}

void Engine::flush() {
  // Blocks stay for their counts; nothing leads to them any more, since every edge starts in one of them.
  cache_.clear();
  code_bits_.clear();
  parts_.bus.unmark_all_code();
  code_changed_ = false;
  next_ = nullptr;
  spin_edge_ = nullptr;
}

void Engine::code_written(Address a, unsigned size) {
  for (Address at = a & ~1u; at < a + size; at += 2) {
    const auto page = code_bits_.find(at >> memory::Bus::page_bits);
    if (page == code_bits_.end()) continue;
    const std::uint32_t half = (at & ((1u << memory::Bus::page_bits) - 1)) / 2;
    if (page->second[half / 64] >> (half % 64) & 1) {
      code_changed_ = true;
      h_.attention |= attention_code;
      h_.deadline = 0;
      return;
    }
  }
}

unsigned Engine::insn_index(const TimedBlock* tb, const Slot* s) const {
  return tb->slot_insn[static_cast<std::size_t>(s - tb->slots.data())];
}

DynamicCounts& Engine::dynamic(TimedBlock& tb, unsigned insn) {
  if (tb.dynamic.empty()) tb.dynamic.resize(tb.block->insns.size());
  return tb.dynamic[insn];
}

void Engine::arrive() {
  branch_resolved(h_.tb->block->pc);
  branch_ = timing::is_branch(h_.tb->block->insns.back().cls) ? h_.tb : nullptr;
}

void Engine::branch_resolved(Address to) {
  if (!branch_) return;
  TimedBlock& from = *std::exchange(branch_, nullptr);
  const auto cost = predictor_->resolve(from.block->insns.back(), to, from.fetched_ahead);
  if (!cost.cycles) return;
  h_.now += cost.cycles;
  DynamicCounts& counts = dynamic(from, static_cast<unsigned>(from.block->insns.size() - 1));
  (cost.mispredicted ? counts.mispredict : counts.late_target) += cost.cycles;
}

}  // namespace mj::engine
