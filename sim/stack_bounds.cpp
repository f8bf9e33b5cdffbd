#include "sim/stack_bounds.h"

#include <fmt/format.h>

#include <algorithm>

namespace mj {

namespace {

// Names of the linker scripts of CMSIS, newlib, picolibc, STM32Cube, nRF5 SDK, Pico SDK, Zephyr's and ours.
constexpr const char* limit_symbols[] = {"__StackLimit",     "__stack_limit",       "__stack_start__", "__StackBottom",
                                         "__stack_bottom",   "_stack_bottom",       "_sstack",         "_stack_limit",
                                         "mjrt_stack_limit", "__main_stack_limit__"};
constexpr const char* size_symbols[] = {"__stack_size", "__STACK_SIZE", "_Min_Stack_Size", "__stack_size__",
                                        "_stack_size",  "Stack_Size",   "STACK_SIZE"};
// Where sbrk() keeps the heap's end: newlib's libgloss, STM32Cube, Arduino, picolibc.
constexpr const char* break_variables[] = {"heap_end", "__sbrk_heap_end", "__brkval", "brk"};

std::optional<Address> heap_end(Machine& machine, const Program& program) {
  for (const char* name : break_variables)
    for (const profile::Symbol* s : program.symbols.find_all(name)) {
      std::uint32_t value = 0;
      if (!s->is_function && s->size == 4 && machine.bus().peek(s->start, reinterpret_cast<std::uint8_t*>(&value), 4) &&
          value)
        return value;
    }
  // A static variable of a function has a number behind its name.
  for (const profile::Symbol& s : program.symbols.objects())
    if (s.name.starts_with("heap_end.") && s.size == 4) {
      std::uint32_t value = 0;
      if (machine.bus().peek(s.start, reinterpret_cast<std::uint8_t*>(&value), 4) && value) return value;
    }
  return std::nullopt;
}

}  // namespace

std::optional<StackBounds> stack_bounds(Machine& machine, const Program& program, Address sp) {
  if (sp == 0) return std::nullopt;
  const Address last = sp - 1;  // stacks are full and descending
  const memory::Region* region = machine.bus().find(last);
  if (!region || region->kind != memory::RegionKind::ram) return std::nullopt;

  if (const profile::Symbol* object = program.symbols.object_at(last); object && !object->size_inferred) {
    const Address end = object->start + object->size;
    return StackBounds{object->display, end,         object->start, "beginning of " + object->display,
                       object->start,   "other data"};
  }

  StackBounds b;
  b.name = main_stack;
  b.top = sp;
  // RAM below: regions may adjoin each other.
  b.floor = region->base;
  std::string name = region->name;
  for (const memory::Region* r = region; r && b.floor > 0;) {
    r = machine.bus().find(b.floor - 1);
    if (!r || r->kind != memory::RegionKind::ram) break;
    b.floor = r->base;
    name = r->name;
  }
  b.floor_is = fmt::format("nothing: RAM region {} begins there", name);
  b.limit_is = "first byte of RAM region " + name;
  for (const memory::ElfSection& s : program.image.sections()) {
    if (!s.allocated() || s.size == 0 || s.thread_local_()) continue;
    const std::uint64_t end = std::uint64_t{s.addr} + s.size;
    if (s.contains(last)) {
      b.floor = s.addr;
      b.floor_is = "other data";
      b.limit_is = "beginning of section " + s.name;
      break;
    }
    if (end <= last && end > b.floor) {
      b.floor = static_cast<Address>(end);
      b.floor_is = "section " + s.name;
      b.limit_is = "end of section " + s.name;
    }
  }
  if (const auto heap = heap_end(machine, program); heap && *heap > b.floor && *heap <= last) {
    b.floor = *heap;
    b.floor_is = "the heap";
    b.limit_is = "end of the heap";
  }
  b.limit = b.floor;
  for (const char* symbol : limit_symbols)
    if (const memory::ElfSymbol* s = program.image.symbol(symbol); s && s->value >= b.floor && s->value <= last) {
      b.limit = s->value;
      b.limit_is = symbol;
      return b;
    }
  for (const char* symbol : size_symbols)
    if (const memory::ElfSymbol* s = program.image.symbol(symbol); s && s->value && s->value <= sp - b.floor) {
      b.limit = sp - s->value;
      b.limit_is = fmt::format("{} = {}", symbol, s->value);
      return b;
    }
  return b;
}

std::string objects_in(const Program& program, Address from, Address to) {
  constexpr unsigned most = 4;
  std::string text;
  unsigned n = 0;
  const std::string* last = nullptr;
  for (const profile::FlatRange& range : program.symbols.object_ranges()) {
    if (range.end <= from || range.start >= to) continue;
    const std::string& name = program.symbols.objects()[range.value].display;
    if (last && *last == name) continue;
    last = &name;
    if (++n <= most) text += (text.empty() ? "" : ", ") + name;
  }
  return n > most ? fmt::format("{} and {} more", text, n - most) : text;
}

}  // namespace mj
