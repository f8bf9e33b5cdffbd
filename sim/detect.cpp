#include "sim/detect.h"

#include <fmt/format.h>

#include <algorithm>

#include "isa/thumb/exceptions.h"
#include "sim/base/did_you_mean.h"
#include "sim/base/grouped.h"
#include "sim/code_view.h"
#include "sim/profile/attribution.h"

namespace mj {

namespace {

constexpr const char* names[] = {"stack-overflow", "uninitialised", "null"};
constexpr std::size_t copies_a_table = 8;  ///< words of the vector table that one instruction reads
constexpr Address vtor = 0xe000ed08;
constexpr unsigned to_msp = 4;  ///< instructions between reading the initial stack pointer and MSR MSP

}  // namespace

Result<Detections> parse_detections(std::string_view text) {
  Detections d;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t comma = rest.find(',');
    const std::string_view one = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    const bool all = one == "all";
    d.stack_overflow |= all || one == names[0];
    d.uninitialised |= all || one == names[1];
    d.null |= all || one == names[2];
    if (!all && std::find(std::begin(names), std::end(names), one) == std::end(names))
      return Error{ExitCode::usage, fmt::format("'{}' is nothing that can be detected", one), "--detect", "",
                   did_you_mean(std::string(one), {"stack-overflow", "uninitialised", "null", "all"})};
  }
  if (text.empty())
    return Error{ExitCode::usage, "--detect needs a name", "--detect", "",
                 "stack-overflow, uninitialised, null or all"};
  return d;
}

Detector::Detector(Machine& machine, const Program& program, Detections wanted)
    : m_(machine), p_(program), wanted_(wanted), sp_(machine.engine().arch().sp) {
  for (const auto& r : m_.bus().regions())
    if (r->kind == memory::RegionKind::ram && !shadows_.count(r->bytes.get()))
      shadows_[r->bytes.get()].resize(r->bytes->size());
  for (const memory::LoadSegment& s : p_.image.segments()) mark(s.paddr, s.bytes.size(), true);
  std::uint8_t byte;
  table_is_memory_ = m_.bus().peek(0, &byte, 1);
  const auto* unit = m_.exceptions();
  table_end_ = std::min<Address>(null_page_, unit ? 4 * unit->exception_count() : 0x100);
}

// ---- written or not -------------------------------------------------------------------------------------------------

std::vector<std::uint8_t>* Detector::shadow(Address a, std::size_t& offset) {
  const memory::Region* r = m_.bus().find(a);
  if (!r || r->kind != memory::RegionKind::ram) return nullptr;
  offset = r->bytes_offset + (a - r->base);
  const auto at = shadows_.find(r->bytes.get());
  return at == shadows_.end() || offset >= at->second.size() ? nullptr : &at->second;
}

void Detector::mark(Address from, std::size_t n, bool is_written) {
  for (std::size_t done = 0; done < n;) {
    std::size_t offset = 0;
    const auto at = static_cast<Address>(from + done);
    std::vector<std::uint8_t>* s = shadow(at, offset);
    if (!s) {
      ++done;
      continue;
    }
    const memory::Region* r = m_.bus().find(at);
    const std::size_t chunk = std::min<std::size_t>(n - done, r->size - (at - r->base));
    std::fill_n(s->begin() + static_cast<std::ptrdiff_t>(offset), chunk, is_written ? 1 : 0);
    done += chunk;
  }
}

bool Detector::is_written(Address from, unsigned n) {
  for (unsigned i = 0; i < n; ++i) {
    std::size_t offset = 0;
    if (const auto* s = shadow(from + i, offset); s && !(*s)[offset]) return false;
  }
  return true;
}

void Detector::written(Address from, std::size_t n) { mark(from, n, true); }

// ---- the run --------------------------------------------------------------------------------------------------------

Detector::Record& Detector::record(Kind kind, Address pc, bool write) {
  auto [at, fresh] = records_.try_emplace({kind, pc, write});
  Record& r = at->second;
  if (fresh) {
    r.kind = kind;
    r.pc = pc;
    r.write = write;
    r.callers = m_.engine().calls().stack();
    r.first = order_++;
    if (on_finding) untold_.push_back({kind, pc, write});
  }
  ++r.count;
  return r;
}

void Detector::tell() {
  std::vector<Key> later;
  for (const Key& key : std::exchange(untold_, {})) {
    const auto at = records_.find(key);
    if (at == records_.end()) continue;
    if (initial_sp_ && key == Key{Kind::null, initial_sp_pc_, false})
      later.push_back(key);
    else
      on_finding(finding(at->second), at->second.pc, now_);
  }
  untold_.insert(untold_.begin(), later.begin(), later.end());
}

void Detector::before(const isa::Insn& insn, const isa::Effects& effects, std::uint32_t, Cycle now) {
  now_ = now;
  insn_ = insn;
  effects_ = effects;
  const std::uint32_t* r = m_.engine().state().r;
  std::copy_n(r, arguments_.size(), arguments_.begin());
  sp_before_ = r[sp_];
  process_ = p_.is_arm() && isa::thumb::uses_process_stack(r);
  // The first instruction that uses this stack pointer, or a debugger set it.
  if (!stacks_.count(process_) || sp_before_ != sp_left_) check_stack(true);
}

void Detector::accessed(const engine::DataAccess& a) {
  if (a.address == vtor && !a.write) vtor_readers_.insert(function_of(insn_.pc));
  if (wanted_.null && below_everything(a.address) && null_access(a)) {
    Record& r = record(Kind::null, insn_.pc, a.write);
    if (r.count == 1) {
      r.address = a.address;
      r.size = a.size;
    }
    if (r.addresses.size() < copies_a_table) r.addresses.insert(a.address);
    if (table_is_memory_ && !a.write && a.address == 0 && a.size == 4) {
      initial_sp_ = std::pair(unsigned{insn_.rd}, to_msp);
      initial_sp_pc_ = insn_.pc;
    }
  }
  if (!wanted_.uninitialised) return;
  if (a.write) {
    mark(a.address, a.size, true);
  } else if (!is_written(a.address, a.size)) {
    Record& r = record(Kind::unwritten, insn_.pc, false);
    if (r.count == 1) {
      r.address = a.address;
      r.size = a.size;
    }
  }
}

Address Detector::function_of(Address pc) const {
  const profile::Symbol* s = p_.symbols.function_at(pc);
  return s ? s->start : pc & ~0xffu;
}

bool Detector::null_access(const engine::DataAccess& a) {
  if (effects_.address == 0) return false;  // a literal beside the code
  if (!table_is_memory_) return true;
  if (!a.write) return a.address < table_end_ && !vtor_readers_.count(function_of(insn_.pc));
  const memory::ElfSection* data = p_.image.section_at(a.address);
  return !data || !data->writable();
}

void Detector::after(engine::Outcome outcome) {
  if (outcome == engine::Outcome::executed) executed();
  sp_left_ = m_.engine().state().r[sp_];
  if (!untold_.empty()) tell();
}

void Detector::executed() {
  if (initial_sp_) {
    const bool sets_msp = insn_.cls == isa::OpClass::sys_write && (effects_.reads & isa::reg_bit(initial_sp_->first));
    if (sets_msp) records_.erase({Kind::null, initial_sp_pc_, false});
    if (sets_msp || --initial_sp_->second == 0) initial_sp_.reset();
  }
  const std::uint32_t sp = m_.engine().state().r[sp_];
  const bool process = p_.is_arm() && isa::thumb::uses_process_stack(m_.engine().state().r);
  if (sp == sp_before_ && process == process_) return;
  if (process != process_) {
    process_ = process;
    below_ = false;
    return check_stack(true);
  }
  if (effects_.reads == 0 && effects_.loads == 0) {  // LUI, AUIPC: half of an address
    stacks_[process_].reset();
    return;
  }
  // Growing and shrinking start from the stack pointer itself; anything else may lead to another stack.
  const bool relative = (effects_.reads & isa::reg_bit(sp_)) && (effects_.writes & isa::reg_bit(sp_));
  const auto& b = stacks_[process_];
  const bool same = relative || !another(sp, b);
  if (same && wanted_.uninitialised && sp > sp_before_ && b && sp <= b->top && sp_before_ >= b->floor)
    mark(sp_before_, sp - sp_before_, false);  // the frame that ended
  check_stack(!same);
}

bool Detector::another(std::uint32_t sp, const std::optional<StackBounds>& b) const {
  if (!b || sp > b->top) return true;
  if (sp >= b->limit) return false;
  // Below the limit: another one if it is in an object that is not this stack.
  const auto there = stack_bounds(m_, p_, sp);
  return there && there->name != b->name && there->name != main_stack;
}

void Detector::check_stack(bool may_be_another) {
  const std::uint32_t sp = m_.engine().state().r[sp_];
  auto [at, fresh] = stacks_.try_emplace(process_);
  std::optional<StackBounds>& b = at->second;
  if (fresh || may_be_another || !b) {
    b = sp == 0 ? std::nullopt : stack_bounds(m_, p_, sp);
    if (b && !b->can_be_stack()) b.reset();
    below_ = false;
  }
  if (!wanted_.stack_overflow || !b) return;
  if (sp >= b->limit) {
    below_ = false;
    return;
  }
  if (below_) {  // still: only how deep matters
    for (auto& [key, r] : records_)
      if (r.kind == Kind::stack && r.stack && r.stack->limit == b->limit) r.address = std::min(r.address, sp);
    return;
  }
  below_ = true;
  Record& r = record(Kind::stack, insn_.pc, true);
  if (r.count == 1) {
    r.address = sp;
    r.stack = b;
  }
  r.address = std::min(r.address, sp);
}

void Detector::redirected(const Redirect& how, Cycle now) {
  now_ = now;
  follow(how);
  sp_left_ = m_.engine().state().r[sp_];
  if (!untold_.empty()) tell();
}

void Detector::follow(const Redirect& how) {
  const std::uint32_t* r = m_.engine().state().r;
  const bool was = process_;
  process_ = p_.is_arm() && isa::thumb::uses_process_stack(r);
  if (how.kind == Redirect::Kind::semihost) {
    // What the host wrote (Semihosting specification 2.0): a buffer for SYS_READ, SYS_GET_CMDLINE and SYS_HEAPINFO.
    const unsigned first = p_.is_arm() ? 0 : 10;
    const std::uint32_t op = arguments_[first], block = arguments_[first + 1];
    std::uint32_t words[3] = {};
    m_.bus().peek(block, reinterpret_cast<std::uint8_t*>(words), sizeof words);
    if (op == 0x06) mark(words[1], words[2], true);
    if (op == 0x15) {
      mark(words[0], words[1] + std::size_t{1}, true);
      mark(block, 8, true);
    }
    if (op == 0x16) mark(words[0], 16, true);
    if (op == 0x30) mark(block, 8, true);
    return;
  }
  if (how.kind == Redirect::Kind::enter_exception && p_.is_arm()) {
    // The core stacked a frame on the stack that was in use.
    for (const unsigned id : {unsigned{isa::thumb::sp}, unsigned{isa::thumb::sp_other}})
      if (r[id] <= how.interrupted_sp && how.interrupted_sp - r[id] <= 0x70) {
        mark(r[id], how.interrupted_sp - r[id], true);
        if (id == isa::thumb::sp_other || !was) {
          const bool now = process_;
          process_ = was;
          if (id == isa::thumb::sp) check_stack(false);
          process_ = now;
        }
        break;
      }
  }
  // A return may lead to another thread's stack.
  if (how.kind == Redirect::Kind::return_exception) {
    if (another(r[sp_], stacks_[process_])) check_stack(true);
  }
}

// ---- in words -------------------------------------------------------------------------------------------------------

std::string Detector::text(const Record& r) const {
  std::string text;
  switch (r.kind) {
    case Kind::stack: {
      const std::string over = objects_in(p_, r.address, r.stack->limit);
      text = fmt::format("the {} grew {} bytes below its limit 0x{:08x} ({})",
                         r.stack->name == main_stack ? r.stack->name : "stack " + r.stack->name,
                         grouped(r.stack->limit - r.address), r.stack->limit, r.stack->limit_is);
      if (!over.empty()) text += ", over " + over;
      break;
    }
    case Kind::unwritten:
      text = fmt::format("read of {} byte{} at {}, which nothing has written", r.size, r.size == 1 ? "" : "s",
                         data_place(p_, r.address));
      break;
    case Kind::null:
      text = fmt::format("{} of {} byte{} at 0x{:08x} through a null pointer", r.write ? "write" : "read", r.size,
                         r.size == 1 ? "" : "s", r.address);
      break;
  }
  std::string callers;
  for (auto f = r.callers.rbegin(); f != r.callers.rend(); ++f) {
    const std::string name = frame_name(p_, *f);
    // Without symbols, too, the innermost is the function that did it, unless it jumped far.
    const bool itself = p_.symbols.function_at(r.pc) ? name == frame_name(p_, r.pc) : *f <= r.pc;
    if (f == r.callers.rbegin() && itself) continue;
    callers += (callers.empty() ? "" : " < ") + name;
  }
  return callers.empty() ? text : text + "; called by " + callers;
}

std::vector<Detector::Finding> Detector::findings() const {
  std::vector<const Record*> order;
  for (const auto& [key, r] : records_) {
    if (r.kind == Kind::null && table_is_memory_ && !r.write && r.addresses.size() >= copies_a_table) continue;
    order.push_back(&r);
  }
  std::sort(order.begin(), order.end(), [](const Record* a, const Record* b) { return a->first < b->first; });
  std::vector<Finding> out;
  for (const Record* r : order) out.push_back(finding(*r));
  return out;
}

Detector::Finding Detector::finding(const Record& r) const {
  return {names[static_cast<unsigned>(r.kind)], p_.where(r.pc), text(r), r.count};
}

}  // namespace mj
