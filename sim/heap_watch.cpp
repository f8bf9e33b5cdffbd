#include "sim/heap_watch.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/grouped.h"

namespace mj {

namespace {

// Names of linker scripts for the first byte behind the heap: CMSIS, newlib's libgloss, picolibc, ESP-IDF, Arduino.
constexpr const char* heap_limit_symbols[] = {"__HeapLimit", "__heap_limit", "__heap_end",  "_heap_end", "__heap_end__",
                                              "_eheap",      "__HeapTop",    "_heap_limit", "end_heap",  "__HEAP_END"};
// And for its first one, if sbrk never said.
constexpr const char* heap_base_symbols[] = {"__heap_start", "__HeapBase", "_heap_start", "__heap_start__",
                                             "__end__",      "_end",       "end",         "__bss_end__"};

}  // namespace

HeapWatch::HeapWatch(Machine& machine, const Program& program) : machine_(machine), program_(program) {
  static const Row known[] = {
      {"malloc", Kind::allocator, 0, {}},
      {"_malloc_r", Kind::allocator, 1, {}},
      {"calloc", Kind::allocator, 1, 0},
      {"_calloc_r", Kind::allocator, 2, 1},
      {"realloc", Kind::allocator, 1, {}},
      {"_realloc_r", Kind::allocator, 2, {}},
      {"memalign", Kind::allocator, 1, {}},
      {"_memalign_r", Kind::allocator, 2, {}},
      {"aligned_alloc", Kind::allocator, 1, {}},
      {"k_malloc", Kind::allocator, 0, {}},
      {"pvPortMalloc", Kind::rtos, 0, {}},
      {"vApplicationMallocFailedHook", Kind::rtos_failed, 0, {}},
      {"sbrk", Kind::sbrk, 0, {}},
      {"_sbrk", Kind::sbrk, 0, {}},
      {"_sbrk_r", Kind::sbrk, 1, {}},
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
  running_->push_back({&row, depth, objects * argument(row.bytes)});
}

void HeapWatch::left(Address function, std::size_t depth, Cycle) {
  if (function - lowest_ > span_ || running_->empty() || running_->back().depth != depth) return;
  const Call call = running_->back();
  running_->pop_back();
  const std::uint32_t result = argument(0);  // the same register
  if (call.row->kind == Kind::sbrk)
    moved(call, result);
  else if (result == 0 && call.bytes != 0)
    failed(call);
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
}

void HeapWatch::failed(const Call& call) {
  // malloc() ends with the _malloc_r() that it called: one failure, told of the outer one.
  const bool outer = std::none_of(running_->begin(), running_->end(),
                                  [&](const Call& c) { return c.row->kind != Kind::sbrk && c.depth < call.depth; });
  if (!outer) return;
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

HeapWatch::Room HeapWatch::heap_room(std::uint64_t wanted) const {
  std::optional<Address> base = base_;
  for (const char* name : heap_base_symbols)
    if (const memory::ElfSymbol* s = program_.image.symbol(name); s && !base) base = s->value;
  if (!base) return {};
  const Address now = break_.value_or(*base);
  // Where it ends: with an array that holds it, where the linker script says, or else at the stack.
  std::optional<Address> end;
  std::string is;
  if (const profile::Symbol* s = program_.symbols.object_at(*base); s && !s->size_inferred && s->size > 4) {
    end = s->start + s->size;
    is = s->display;
  }
  for (const char* name : heap_limit_symbols)
    if (const memory::ElfSymbol* s = program_.image.symbol(name); s && !end && s->value >= now) {
      end = s->value;
      is = "up to " + std::string(name);
    }
  if (!end) {
    const Address sp = machine_.engine().state().r[machine_.engine().arch().sp];
    if (sp <= now) return {};
    end = sp;
    is = "up to the stack pointer";
  }
  const std::uint64_t left = *end > now ? *end - now : 0;
  Room room;
  room.words = fmt::format("of the heap's {} bytes ({}, 0x{:08x} to 0x{:08x}) {} were never given out",
                           grouped(std::uint64_t{*end} - *base), is, *base, *end, grouped(left));
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

std::string HeapWatch::text() const {
  const std::optional<Failure> failure = failure_ ? failure_ : never_returned();
  if (!failure) return "";
  std::string text =
      fmt::format("the heap is too small: {} found no memory for {} bytes", failure->name, grouped(failure->bytes));
  if (failure->times > 1) text += fmt::format(" ({} calls failed, this is the last)", grouped(failure->times));
  return failure->room.empty() ? text : text + "; " + failure->room;
}

}  // namespace mj
