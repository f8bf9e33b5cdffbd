#include "sim/debug/trace.h"

#include <fmt/format.h>

#include <algorithm>

#include "isa/thumb/registers.h"

namespace mj::debug {

namespace {

using namespace isa::thumb;

constexpr isa::RegSet flags = isa::reg_bit(nf) | isa::reg_bit(zf) | isa::reg_bit(cf) | isa::reg_bit(vf);

/// NZCV as four bits; the register file keeps flags in the form that makes writing them cheap.
unsigned nzcv(const std::uint32_t* r) { return r[nf] >> 31 << 3 | (r[zf] == 0) << 2 | (r[cf] & 1) << 1 | r[vf] >> 31; }

}  // namespace

TraceObserver::TraceObserver(const engine::Engine& engine, bool thumb, TraceFilter filter,
                             std::function<void(std::string_view)> write)
    : engine_(engine), thumb_(thumb), filter_(std::move(filter)), write_(std::move(write)) {
  write_("# microjoule trace 1\n");
}

bool TraceObserver::wanted(Address pc) const {
  const auto& ranges = filter_.ranges;
  if (!ranges.empty() &&
      std::none_of(ranges.begin(), ranges.end(), [&](const auto& r) { return pc >= r.first && pc < r.second; }))
    return false;
  return !filter_.when || filter_.when();
}

const std::string& TraceObserver::text(const isa::Insn& insn, std::uint32_t mode) {
  auto& [known_mode, known] = texts_[std::uint64_t{insn.pc} << 32 | insn.raw];
  if (known_mode == mode && !known.empty()) return known;
  known_mode = mode;
  std::array<std::uint8_t, 4> code{};
  const bool thumb_wide = thumb_ && insn.size == 4;
  const std::uint32_t word = thumb_wide ? insn.raw >> 16 | insn.raw << 16 : insn.raw;
  for (unsigned i = 0; i < code.size(); ++i) code[i] = static_cast<std::uint8_t>(word >> (8 * i));
  const auto bytes = std::span(code).first(insn.size);
  return known = engine_.arch().text(bytes, insn.pc, mode);
}

void TraceObserver::before(const isa::Insn& insn, const isa::Effects& effects, std::uint32_t mode, Cycle now) {
  std::copy_n(engine_.state().r, isa::register_count, registers_.begin());
  shown_ = wanted(insn.pc);
  if (!shown_) return;
  line_.clear();
  accesses_.clear();
  first_effect_ = true;
  writes_ = effects.writes;
  fmt::format_to(std::back_inserter(line_), "{}\t{:08x}\t{:0{}x}\t{}\t", now, insn.pc, insn.raw, 2 * insn.size,
                 text(insn, mode));
}

void TraceObserver::accessed(const engine::DataAccess& a) {
  if (!shown_) return;
  const std::uint32_t value = a.size == 4 ? a.value : a.value & ((1u << (8 * a.size)) - 1);
  fmt::format_to(std::back_inserter(accesses_), " {}[0x{:08x}:{}]=0x{:0{}x}", a.write ? 'w' : 'r', a.address, a.size,
                 value, 2 * a.size);
}

void TraceObserver::add(std::string_view effect) {
  if (!first_effect_) line_ += ' ';
  first_effect_ = false;
  line_ += effect;
}

void TraceObserver::add_registers(isa::RegSet written) {
  const std::uint32_t* now = engine_.state().r;
  const auto changed = [&](unsigned id) { return now[id] != registers_[id]; };
  for (unsigned id = 0; id < isa::register_count; ++id) {
    const bool is_written = (written & isa::reg_bit(id)) != 0;
    if (thumb_ && id == nf) {
      if ((written & flags) || nzcv(now) != nzcv(registers_.data())) add(fmt::format("nzcv={:04b}", nzcv(now)));
    } else if (thumb_ && (flags & isa::reg_bit(id))) {
      continue;
    } else if (!is_written && !changed(id)) {
      continue;
    } else if (thumb_ && id == qf) {
      add(fmt::format("q={}", now[id] & 1));
    } else if (thumb_ && id == ge) {
      add(fmt::format("ge={:04b}", now[id] & 0xf));
    } else {
      add(fmt::format("{}=0x{:08x}", engine_.arch().register_name(id), now[id]));
    }
  }
}

void TraceObserver::after(engine::Outcome outcome) {
  if (shown_) {
    if (outcome == engine::Outcome::executed) {
      add_registers(writes_);
    } else {
      add(outcome == engine::Outcome::faulted ? "(faulted)" : "(failed)");
    }
    if (!accesses_.empty()) add(std::string_view(accesses_).substr(1));
    line_ += '\n';
    write_(line_);
  }
  std::copy_n(engine_.state().r, isa::register_count, registers_.begin());
}

void TraceObserver::redirected(const Redirect& how, Cycle now) {
  using Kind = Redirect::Kind;
  const char* what = how.kind == Kind::semihost           ? " semihosting"
                     : how.kind == Kind::return_exception ? " return"
                     : how.kind == Kind::lockup           ? " lockup"
                     : how.kind == Kind::call_across || how.kind == Kind::return_across
                         ? (engine_.state().r[isa::thumb::secure_state] ? " to Secure state" : " to Non-secure state")
                         : " exception ";
  if (shown_ || (filter_.ranges.empty() && !filter_.when)) {
    line_ = fmt::format("# {}{}", now, what);
    const bool enters = how.kind == Kind::enter_exception || how.kind == Kind::chain_exception;
    if (enters) line_ += engine_.arch().exception_name(how.exception);
    first_effect_ = false;
    if (how.kind != Kind::lockup) add_registers(0);
    line_ += '\n';
    write_(line_);
  }
  std::copy_n(engine_.state().r, isa::register_count, registers_.begin());
}

void TraceObserver::note(Cycle cycle, std::string_view text) { write_(fmt::format("# {} {}\n", cycle, text)); }

void TraceObserver::skipped(Cycle from, Cycle to, std::uint64_t passes) {
  if (!shown_) return;
  write_(passes ? fmt::format("# {} the loop goes round {} times more until {}\n", from, passes, to)
                : fmt::format("# {} asleep until {}\n", from, to));
}

}  // namespace mj::debug
