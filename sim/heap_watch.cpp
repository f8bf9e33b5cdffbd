#include "sim/heap_watch.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/grouped.h"
#include "sim/profile/attribution.h"

namespace mj {

namespace {

// Names of linker scripts for the first byte behind the heap: CMSIS, newlib's libgloss, picolibc, ESP-IDF, Arduino.
constexpr const char* heap_limit_symbols[] = {"__HeapLimit", "__heap_limit", "__heap_end",  "_heap_end", "__heap_end__",
                                              "_eheap",      "__HeapTop",    "_heap_limit", "end_heap",  "__HEAP_END"};
// And for its first one, if sbrk never said.
constexpr const char* heap_base_symbols[] = {"__heap_start", "__HeapBase", "_heap_start", "__heap_start__",
                                             "__end__",      "_end",       "end",         "__bss_end__"};
constexpr const char* up_to_stack = "up to the stack pointer";

}  // namespace

HeapWatch::HeapWatch(Machine& machine, const Program& program) : machine_(machine), program_(program) {
  static const Row known[] = {
      {"malloc", Kind::allocator, 0, {}, {}},
      {"_malloc_r", Kind::allocator, 1, {}, {}},
      {"calloc", Kind::allocator, 1, 0, {}},
      {"_calloc_r", Kind::allocator, 2, 1, {}},
      {"realloc", Kind::resize, 1, {}, 0},
      {"_realloc_r", Kind::resize, 2, {}, 1},
      {"memalign", Kind::allocator, 1, {}, {}},
      {"_memalign_r", Kind::allocator, 2, {}, {}},
      {"aligned_alloc", Kind::allocator, 1, {}, {}},
      {"k_malloc", Kind::allocator, 0, {}, {}},
      {"free", Kind::release, 0, {}, 0},
      {"_free_r", Kind::release, 0, {}, 1},
      {"k_free", Kind::release, 0, {}, 0},
      {"pvPortMalloc", Kind::rtos, 0, {}, {}},
      {"pvPortCalloc", Kind::rtos, 1, 0, {}},
      {"vPortFree", Kind::rtos_release, 0, {}, 0},
      {"vApplicationMallocFailedHook", Kind::rtos_failed, 0, {}, {}},
      {"sbrk", Kind::sbrk, 0, {}, {}},
      {"_sbrk", Kind::sbrk, 0, {}, {}},
      {"_sbrk_r", Kind::sbrk, 1, {}, {}},
  };
  for (const Row& row : known)
    for (const profile::Symbol* s : program_.symbols.find_all(row.name))
      if (s->is_function && !s->name.starts_with("_Z")) rows_.emplace(s->start, row);
  running_ = &calls_[thread_];
  if (rows_.empty()) return;
  lowest_ = rows_.begin()->first;
  span_ = rows_.rbegin()->first - lowest_;
  machine_.engine().calls().add_listener(this);
}

HeapWatch::~HeapWatch() { machine_.engine().calls().remove_listener(this); }

void HeapWatch::entered(Address function, std::size_t depth, Cycle) {
  if (function - lowest_ > span_) return;
  const auto at = rows_.find(function);
  if (at == rows_.end()) return;
  const Row& row = at->second;
  // A frame that was left by longjmp never returned.
  while (!running_->empty() && running_->back().depth >= depth) running_->pop_back();
  if (row.kind == Kind::rtos_failed) {
    // It need not come back: heap_1 to heap_5 call it before pvPortMalloc returns.
    if (!running_->empty()) failed(running_->back());
    return;
  }
  const std::uint64_t objects = row.objects ? argument(*row.objects) : 1;
  const bool gives = row.kind != Kind::release && row.kind != Kind::rtos_release;
  running_->push_back({&row, depth, gives ? objects * argument(row.bytes) : 0, row.block ? argument(*row.block) : 0});
}

void HeapWatch::left(Address function, std::size_t depth, Cycle) {
  if (function - lowest_ > span_ || running_->empty() || running_->back().depth != depth) return;
  const Call call = running_->back();
  running_->pop_back();
  const std::uint32_t result = argument(0);  // the same register
  if (call.row->kind == Kind::sbrk) {
    moved(call, result);
    return;
  }
  const bool gives = call.row->kind != Kind::release && call.row->kind != Kind::rtos_release;
  if (gives && result == 0 && call.bytes != 0) {
    failed(call);
    return;
  }
  if (!outermost(call)) return;
  if (call.block) released(call.block);
  if (gives && result != 0) gave(call, result);
}

bool HeapWatch::outermost(const Call& call) const {
  return std::none_of(running_->begin(), running_->end(),
                      [&](const Call& c) { return c.row->kind != Kind::sbrk && c.depth < call.depth; });
}

void HeapWatch::gave(const Call& call, Address block) {
  Use& use = use_of(call);
  if (use.name.empty()) use.name = call.row->name;
  released(block);  // somebody gave it back whom we don't know
  blocks_[block] = {&use, call.bytes};
  ++use.allocations;
  use.in_use += call.bytes;
  if (use.in_use <= use.peak) return;
  use.peak = use.in_use;
  use.chain = machine_.engine().calls().stack();
}

void HeapWatch::released(Address block) {
  const auto at = blocks_.find(block);
  if (at == blocks_.end()) return;
  at->second.of->in_use -= at->second.bytes;
  blocks_.erase(at);
}

void HeapWatch::switched(std::uint32_t thread, Cycle) {
  thread_ = thread;
  running_ = &calls_[thread];
}

/// AAPCS and the RISC-V ABI agree: the first arguments are in registers, the first one's takes the result.
std::uint32_t HeapWatch::argument(unsigned index) const {
  return machine_.engine().state().r[(program_.is_arm() ? 0 : 10) + index];
}

std::optional<std::uint32_t> HeapWatch::word(const char* object) const {
  std::uint32_t value = 0;
  for (const profile::Symbol* s : program_.symbols.find_all(object))
    if (!s->is_function && machine_.bus().peek(s->start, reinterpret_cast<std::uint8_t*>(&value), 4)) return value;
  return std::nullopt;
}

void HeapWatch::moved(const Call& call, std::uint32_t result) {
  constexpr std::uint32_t no_memory = 0xffffffff;
  if (result == no_memory || result == 0) return;
  if (!base_ || result < *base_) base_ = result;
  break_ = result + static_cast<std::uint32_t>(call.bytes);
  highest_break_ = std::max(highest_break_, *break_);
}

void HeapWatch::failed(const Call& call) {
  // malloc() ends with the _malloc_r() that it called: one failure, told of the outer one.
  if (!outermost(call)) return;
  Use& use = use_of(call);
  if (use.name.empty()) use.name = call.row->name;
  ++use.failures;
  const std::uint64_t times = failure_ ? failure_->times : 0;
  failure_ = Failure{call.row->name, call.bytes, times + 1, room(call).words};
}

/// An sbrk() that gives up instead of saying that there is no memory.
std::optional<HeapWatch::Failure> HeapWatch::never_returned() const {
  if (running_->empty() || running_->back().row->kind != Kind::sbrk) return std::nullopt;
  const Call& call = running_->front();
  const Room left = room(call);
  if (left.missing == 0) return std::nullopt;
  return Failure{call.row->name, call.bytes, 1, left.words};
}

HeapWatch::Room HeapWatch::room(const Call& call) const {
  return call.row->kind == Kind::rtos ? rtos_room(call.bytes) : heap_room(call.bytes);
}

std::optional<std::pair<Address, std::string>> HeapWatch::heap_limit(Address base, Address now) const {
  // With an array that holds it, where the linker script says, or else at the stack.
  if (const profile::Symbol* s = program_.symbols.object_at(base); s && !s->size_inferred && s->size > 4)
    return std::pair(s->start + s->size, s->display);
  for (const char* name : heap_limit_symbols)
    if (const memory::ElfSymbol* s = program_.image.symbol(name); s && s->value >= now)
      return std::pair(s->value, "up to " + std::string(name));
  const Address sp = machine_.engine().state().r[machine_.engine().arch().sp];
  if (sp <= now) return std::nullopt;
  return std::pair(sp, std::string(up_to_stack));
}

HeapWatch::Room HeapWatch::heap_room(std::uint64_t wanted) const {
  std::optional<Address> base = base_;
  for (const char* name : heap_base_symbols)
    if (const memory::ElfSymbol* s = program_.image.symbol(name); s && !base) base = s->value;
  if (!base) return {};
  const Address now = break_.value_or(*base);
  const auto limit = heap_limit(*base, now);
  if (!limit) return {};
  const auto& [end, is] = *limit;
  const std::uint64_t left = end > now ? end - now : 0;
  Room room;
  room.words = fmt::format("of the heap's {} bytes ({}, 0x{:08x} to 0x{:08x}) {} were never given out",
                           grouped(std::uint64_t{end} - *base), is, *base, end, grouped(left));
  if (wanted <= left) return room;
  room.missing = wanted - left;
  room.words += fmt::format(": at least {} bytes are missing", grouped(room.missing));
  return room;
}

/// FreeRTOS's heap_1 to heap_5 keep account themselves.
HeapWatch::Room HeapWatch::rtos_room(std::uint64_t wanted) const {
  const profile::Symbol* heap = program_.symbols.find("ucHeap");
  std::optional<std::uint32_t> left = word("xFreeBytesRemaining");
  if (const auto used = word("xNextFreeByte"); !left && used && heap && heap->size >= *used) left = heap->size - *used;
  if (!left) return {};
  Room room;
  if (heap) room.words = fmt::format("of ucHeap's {} bytes (configTOTAL_HEAP_SIZE) ", grouped(heap->size));
  room.words += fmt::format("{} are free", grouped(*left));
  if (wanted <= *left) {
    room.words += ", but not in one piece";
    return room;
  }
  room.missing = wanted - *left;
  room.words += fmt::format(": at least {} bytes are missing", grouped(room.missing));
  return room;
}

void HeapWatch::give(profile::Memory& memory) const {
  using profile::Heap;
  const auto heap = [&](const Use& use) {
    Heap h;
    h.allocator = use.name;
    h.peak_bytes = use.peak;
    h.in_use_bytes = use.in_use;
    h.allocations = use.allocations;
    h.failures = use.failures;
    for (const Address f : use.chain) h.chain.push_back(profile::function_name(program_.symbols, f));
    return h;
  };
  // An array of the image holds it: RAM that counts as static.
  const auto array = [&](Address a) -> const profile::Symbol* {
    const profile::Symbol* s = program_.symbols.object_at(a);
    return s && !s->size_inferred && s->size > 4 ? s : nullptr;
  };
  if (!c_.name.empty() || highest_break_) {
    Heap h = heap(c_);
    if (h.allocator.empty()) h.allocator = "sbrk";
    if (base_) {
      h.taken_bytes = highest_break_ - *base_;
      // Where only the stack ends it, it has no size of its own.
      if (const auto end = heap_limit(*base_, highest_break_); end && end->second != up_to_stack)
        h.size_bytes = end->first - *base_;
    }
    const Address at = base_ ? *base_ : blocks_.empty() ? 0 : blocks_.begin()->first;
    h.in_static = at && array(at);
    memory.heaps.push_back(std::move(h));
  }
  if (!rtos_.name.empty()) {
    Heap h = heap(rtos_);
    if (const profile::Symbol* s = program_.symbols.find("ucHeap"); s && !s->is_function) {
      h.size_bytes = s->size;
      h.in_static = true;
      // heap_4 and heap_5 keep account; heap_2 gives nothing back to others, heap_1 nothing at all.
      if (const auto least = word("xMinimumEverFreeBytesRemaining"); least && *least <= s->size)
        h.taken_bytes = s->size - *least;
    }
    memory.heaps.push_back(std::move(h));
  }
  if (memory.heaps.empty() && program_.symbols.functions().empty()) memory.heap_unknown = "the image has no symbols";
}

std::string HeapWatch::text() const {
  const std::optional<Failure> failure = failure_ ? failure_ : never_returned();
  if (!failure) return "";
  std::string text =
      fmt::format("the heap is too small: {} found no memory for {} bytes", failure->name, grouped(failure->bytes));
  if (failure->times > 1) text += fmt::format(" ({} calls failed, this is the last)", grouped(failure->times));
  return failure->room.empty() ? text : text + "; " + failure->room;
}

}  // namespace mj
