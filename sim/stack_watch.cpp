#include "sim/stack_watch.h"

#include <fmt/format.h>

#include <algorithm>

#include "isa/thumb/registers.h"
#include "sim/profile/attribution.h"
#include "sim/stack_bounds.h"

namespace mj {

namespace {

/// A stack pointer this far below its stack's end still means that stack, too small; farther away it is another's.
constexpr Address near_its_stack = 4096;
constexpr std::size_t longest_name = 32;
constexpr std::uint32_t handlers = 0xffffffff;  ///< instead of a thread: code that serves exceptions

// Of FreeRTOS's TCB_t without an MPU: the saved stack pointer, two list items of five words, the priority, then these.
constexpr Address tcb_stack = 48, tcb_name = 52;

}  // namespace

StackWatch::StackWatch(Machine& machine, const Program& program)
    : machine_(machine), program_(program), guest_(machine.engine(), program.is_arm()) {
  static const Maker known[] = {
      {"xTaskCreate", 1, 0, 2, 4, false},
      {"xTaskCreateStatic", 1, 0, 2, 4, false},
      {"_tx_thread_create", 1, 4, 5, 1, true},
      {"z_setup_new_thread", 9, 1, 2, 1, true},
  };
  for (const Maker& maker : known)
    for (const profile::Symbol* s : program.symbols.find_all(maker.function))
      if (s->is_function) makers_.emplace(s->start, maker);
  if (const profile::Symbol* s = program.symbols.find("pxPortInitialiseStack"); s && s->is_function)
    first_word_of_stack_ = s->start;
  if (const profile::Symbol* s = program.symbols.find("pxCurrentTCB"); s && !s->is_function) current_task_ = s->start;
  if (const Address sp = machine.engine().stack_top()) switched(sp);
  machine.engine().keep_stacks(this);
  machine.engine().calls().add_listener(this);
}

StackWatch::~StackWatch() {
  machine_.engine().calls().remove_listener(this);
  machine_.engine().keep_stacks(nullptr);
}

StackWatch::Area* StackWatch::add(std::string name, Address limit, Address top, std::optional<std::uint32_t> thread) {
  if (!thread)
    for (Area& a : areas_)
      if (&a != main_ && limit && a.limit < top && limit < a.top) a.gone = true;
  areas_.push_back({std::move(name), limit, top, 0, limit ? top - limit : 0, false, thread, {}});
  return &areas_.back();
}

std::string StackWatch::text_at(Address a, std::size_t most) const {
  std::string text;
  for (char c; text.size() < most && guest_.read(static_cast<Address>(a + text.size()), &c, 1) && c;) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) return "";
    text += c;
  }
  return text;
}

StackWatch::Area* StackWatch::find(Address sp) {
  // A thread's stack may lie in what there is between the program's data and the main stack.
  const auto holds = [&](const Area& a) {
    const bool mine = !a.thread || *a.thread == thread_ || *a.thread == handlers;
    return !a.gone && mine && a.limit && sp > a.limit && sp <= a.limit + a.size;
  };
  for (Area& a : areas_)
    if (&a != main_ && holds(a)) return &a;
  if (main_ && holds(*main_)) return main_;
  const auto bounds = stack_bounds(machine_, program_, sp);
  if (!main_) {
    main_ = add(main_stack, bounds ? bounds->floor : 0, sp);
    return main_;
  }
  // Start-up code may set the stack that it began with anew, higher up.
  if (bounds && bounds->name == main_stack && thread_ == 0 && (bounds->floor == main_->limit || sp > main_->top))
    return main_;
  if (bounds && !bounds->can_be_stack()) return nullptr;
  // An object's bounds say enough, unless a heap is the object.
  if (bounds && bounds->name != main_stack && bounds->name.find("eap") == std::string::npos)
    return add(bounds->name, bounds->limit, bounds->top, handlers_ ? handlers : thread_);
  if (!bounds) return current_;  // not in RAM: no stack's
  Area*& own = of_thread_[thread_];
  if (!own) own = add(fmt::format("thread {}", of_thread_.size()), 0, sp);
  return own;
}

void StackWatch::use(Area& area, Address sp, bool here) {
  if (sp == 0) return;  // as after reset: nobody has set it
  // Of an object that may hold several stacks, this one's top is the highest that it began with.
  if (area.thread && area.low == 0) area.top = sp;
  if (area.thread || area.limit == 0 || &area == main_) area.top = std::max(area.top, sp);
  if (&area == main_) area.size = area.top - area.limit;
  if (area.low && sp >= area.low) return;
  area.low = sp;
  if (here) area.chain = machine_.engine().calls().stack();
}

Address StackWatch::switched(Address sp) {
  current_ = find(sp);
  if (!current_) return 0;
  // A handler that changes threads loads the next one's stack pointer before that one runs.
  if (handlers_ == 0 || !current_->thread) use(*current_, sp);
  if (current_ != main_ && handlers_ == 0) thread_area_ = current_;
  return current_->low ? current_->low : 0xffffffff;
}

Address StackWatch::lowered(Address sp) {
  if (!current_) return switched(sp);
  if (current_->limit && sp < current_->limit && current_->limit - sp > near_its_stack) return switched(sp);
  use(*current_, sp);
  return current_->low;
}

void StackWatch::interrupted(Cycle) {
  ++handlers_;
  // The core stacked its frame on the process stack, and the handler has the main one.
  if (!program_.is_arm() || !current_ || current_ == main_) return;
  const Address process = machine_.engine().state().r[isa::thumb::sp_other];
  if (process <= current_->top && process + near_its_stack >= std::max(current_->limit, near_its_stack))
    use(*current_, process);
}

void StackWatch::entered(Address function, std::size_t, Cycle) {
  if (function == first_word_of_stack_ && made_ && first_word_of_stack_) {
    // Its argument is the stack's highest word, aligned.
    const Address highest = guest_.argument(0);
    const auto bytes = static_cast<Address>(made_->size);
    const Address top = highest + 4 + (bytes % 8 == 0 && highest % 8 == 0 ? 4 : 0);
    if (bytes && bytes < top) add(made_->name, top - bytes, top);
    made_.reset();
    return;
  }
  const auto maker = makers_.find(function);
  if (maker == makers_.end()) return;
  const Maker& m = maker->second;
  const auto name = guest_.any_argument(m.name), size = guest_.any_argument(m.size);
  if (!size || *size > 0x1000000) return;
  std::string text = name && *name ? text_at(*name, longest_name) : "";
  const std::uint64_t bytes = std::uint64_t{*size} * m.unit;
  if (!m.stack_known) {
    made_ = Made{text.empty() ? "task" : text, bytes};
    return;
  }
  const auto stack = guest_.any_argument(m.stack);
  if (!stack || !*stack || bytes == 0 || *stack + bytes > 0xffffffff) return;
  if (text.empty())
    if (const profile::Symbol* s = program_.symbols.object_at(*stack)) text = s->display;
  add(text.empty() ? "thread" : text, *stack, static_cast<Address>(*stack + bytes));
}

void StackWatch::switched(std::uint32_t thread, Cycle) {
  thread_ = thread;
  if (!current_task_) return;
  // The task that stops has saved its registers below its stack pointer, and says where.
  const auto saved = task_ ? guest_.word(task_) : std::nullopt;
  if (saved && thread_area_ && *saved + near_its_stack > thread_area_->limit && *saved <= thread_area_->top)
    use(*thread_area_, *saved, false);
  if (const auto task = guest_.word(current_task_); task && *task) know_task(task_ = *task);
}

void StackWatch::know_task(Address tcb) {
  const auto stack = guest_.word(tcb + tcb_stack);
  if (!stack) return;
  const std::string name = text_at(tcb + tcb_name, longest_name);
  for (Area& a : areas_)
    if (a.name == name && a.limit && *stack - a.limit + 16 <= 32) {
      a.limit = *stack;  // exactly; what was known is aligned
      a.top = static_cast<Address>(*stack + a.size);
    }
}

void StackWatch::give(profile::Memory& memory) const {
  const auto chain = [&](const Area& a) {
    std::vector<std::string> names;
    for (const Address f : a.chain) names.push_back(profile::function_name(program_.symbols, f));
    return names;
  };
  memory.stack = {};
  if (main_) {
    memory.stack = {main_->top, std::min(main_->low, main_->top), 0, chain(*main_)};
    memory.stack.used_bytes = memory.stack.top - memory.stack.low;
  }
  for (const Area& a : areas_) {
    if (&a == main_ || a.low == 0) continue;
    profile::ThreadStack t{a.name, a.top, a.low, a.top - std::min(a.low, a.top), a.size, 0, chain(a)};
    // The call tree's root is where the program began, not the thread.
    if (!t.chain.empty()) t.chain.erase(t.chain.begin());
    // A stack pointer that served as another register for a moment.
    if (t.used_bytes == 0 && t.size_bytes == 0) continue;
    const auto shares = [&](const Area& other) { return a.thread && other.thread && a.limit == other.limit; };
    const auto sharers = std::count_if(areas_.begin(), areas_.end(), shares);
    if (sharers > 1) {
      // How much of the object each may use nobody says.
      const auto before = std::count_if(memory.threads.begin(), memory.threads.end(),
                                        [&](const auto& other) { return other.name.starts_with(a.name + " ("); });
      t.name += fmt::format(" ({})", before + 1);
      t.size_bytes = 0;
    } else if (a.limit) {
      t.top = static_cast<Address>(a.limit + a.size);
      t.used_bytes = t.top - std::min(t.low, t.top);
      if (a.low < a.limit) t.overflow_bytes = a.limit - a.low;
    }
    memory.threads.push_back(std::move(t));
  }
}

}  // namespace mj
