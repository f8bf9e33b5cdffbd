#include "sim/stuck.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "isa/thumb/exceptions.h"
#include "sim/base/grouped.h"
#include "sim/code_view.h"
#include "sim/profile/attribution.h"

namespace mj {

using engine::StopKind;

namespace {

constexpr std::size_t most_steps = 4096;  ///< instructions that are looked at
constexpr Cycle most_cycles = 1'000'000;
constexpr std::size_t longest_loop = 256;  ///< distinct instructions
constexpr std::size_t least_passes = 3;

/// Remembers the instructions of a few passes, with registers in front of each and accesses.
class Watcher final : public engine::Observer {
 public:
  explicit Watcher(engine::Engine& engine) : engine_(engine) {}

  struct Step {
    isa::Insn insn;
    isa::Effects effects;
    std::array<std::uint32_t, 32> registers;
    std::vector<engine::DataAccess> accesses;
  };
  std::vector<Step> steps;
  bool interrupted = false;
  std::map<unsigned, std::size_t> entered;  ///< exceptions, with how often

  void before(const isa::Insn& insn, const isa::Effects& effects, std::uint32_t, Cycle) override {
    if (steps.size() >= most_steps) return engine_.request_exit(0);
    Step& s = steps.emplace_back();
    s.insn = insn;
    s.effects = effects;
    std::copy_n(engine_.state().r, s.registers.size(), s.registers.begin());
  }
  void accessed(const engine::DataAccess& a) override {
    if (!steps.empty()) steps.back().accesses.push_back(a);
  }
  void after(engine::Outcome) override {}
  void redirected(const Redirect& how, Cycle) override {
    interrupted = true;
    if (how.kind == Redirect::Kind::enter_exception || how.kind == Redirect::Kind::chain_exception)
      ++entered[how.exception];
  }
  void skipped(Cycle, Cycle, std::uint64_t) override {}

 private:
  engine::Engine& engine_;
};

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& n : names) text += (text.empty() ? "" : ", ") + n;
  return text;
}

class Explainer {
 public:
  Explainer(const engine::Stop& stop, Machine& machine, const Program& program)
      : stop_(stop), m_(machine), p_(program) {}

  std::string text() {
    std::string in = handler();
    if (stop_.kind == StopKind::sleep_forever) return in + asleep();
    const std::string loop = looping();
    if (loop.starts_with("the handler of") && in.find("share") == std::string::npos) return loop;
    if (loop.empty() && in.ends_with("; ")) in.resize(in.size() - 2);
    return in + loop;
  }

 private:
  /// "in the handler of IRQ 28 (TIM2), which it shares with 80 others: a default handler; ".
  std::string handler() const {
    const auto& nodes = m_.engine().calls().nodes();
    std::uint32_t at = m_.engine().calls().current();
    while (at != 0 && !nodes[at].exception) at = nodes[at].parent;
    if (at == 0) return "";
    const auto exception = static_cast<unsigned>(nodes[at].function);
    std::string text = fmt::format("this is the handler of {}", m_.interrupt_name(exception));
    if (const isa::thumb::ExceptionUnit* unit = m_.exceptions()) {
      const auto vector = [&](unsigned e) {
        std::uint32_t v = 0;
        m_.bus().peek(unit->vtor() + 4 * e, reinterpret_cast<std::uint8_t*>(&v), 4);
        return v;
      };
      const std::uint32_t own = vector(exception);
      unsigned shared = 0;
      for (unsigned e = isa::thumb::nmi; e < unit->exception_count(); ++e) shared += e != exception && vector(e) == own;
      if (shared)
        text += fmt::format(
            ", {}, which {} other vectors share: a default handler, so the firmware enabled an interrupt that it does "
            "not handle",
            default_name(own & ~1u), shared);
    }
    return text + "; ";
  }

  /// Of a handler's many names the one that says what it is.
  std::string default_name(Address a) const {
    if (const profile::Symbol* s = p_.symbols.function_at(a))
      for (const std::string& alias : s->aliases)
        if (alias.find("efault") != std::string::npos) return alias;
    return p_.where(a);
  }

  std::string asleep() const {
    const auto enabled = m_.enabled_interrupts();
    std::string text = enabled.empty() ? std::string("no interrupt is enabled that could end the sleep")
                                       : fmt::format("enabled are {}, but nothing raises them", list(enabled));
    // What a device says that it doesn't do tells more than a register that it hasn't.
    std::string missing;
    for (const auto& [use, count] : m_.not_modelled()) {
      const auto& [device, offset, what] = use;
      if (what.find("of a register that is not modelled") == std::string::npos)
        return text + fmt::format("; not modelled: {}, {}", device, what);
      if (missing.empty()) missing = fmt::format("; device {} was used, which is not modelled", device);
    }
    return text + missing;
  }

  std::string looping() {
    m_.mute();
    Watcher watcher(m_.engine());
    m_.engine().look_on(&watcher);
    m_.engine().run(m_.engine().state().now + most_cycles);
    m_.engine().set_observer(nullptr);
    auto& steps = watcher.steps;
    if (steps.empty()) return "";
    if (std::string storm = interrupt_storm(watcher); !storm.empty()) return storm;
    std::set<Address> code;
    for (const auto& s : steps) code.insert(s.insn.pc);
    const Address last = steps.back().insn.pc;
    const auto passes = static_cast<std::size_t>(
        std::count_if(steps.begin(), steps.end(), [&](const auto& s) { return s.insn.pc == last; }));
    const bool endless = stop_.kind == StopKind::spin_forever;
    if (code.size() > longest_loop || (passes < least_passes && !endless)) return "";

    // What the loop reads: devices, and memory outside of its own stack frames.
    struct Seen {
      std::uint32_t value = 0;
      unsigned size = 0;
      bool same = true;
      std::size_t step = 0;
      bool tested = false;
    };
    std::map<Address, Seen> devices, variables;
    std::set<Address> written;
    for (std::size_t i = 0; i < steps.size(); ++i)
      for (const engine::DataAccess& a : steps[i].accesses) {
        memory::Region* r = m_.bus().find(a.address);
        if (!r) continue;
        const bool device = r->kind == memory::RegionKind::device;
        if (a.write) {
          written.insert(a.address);
          continue;
        }
        if (!device && (r->kind == memory::RegionKind::flash || on_stack(a.address, steps[i]))) continue;
        auto [at, fresh] = (device ? devices : variables).try_emplace(a.address);
        Seen& seen = at->second;
        if (!fresh && seen.value != a.value) seen.same = false;
        seen.value = a.value;
        seen.size = a.size;
        if (fresh) seen.step = i;
      }
    // Polled is what is read again and again with one answer.
    for (const auto& [address, seen] : devices) {
      if (!seen.same || written.count(address)) continue;
      const auto mask = tested(steps, seen.step);
      if (!mask && devices.size() > 1) continue;
      return fmt::format("it polls {}, which always reads 0x{:0{}x}{}{}", m_.place(address), seen.value, 2 * seen.size,
                         bits(mask, seen.value), not_modelled(address));
    }
    // With a limit, too, if only someone else could change what it reads.
    const bool waits = !watcher.interrupted && written.empty() && variables.size() == 1 && devices.empty() &&
                       variables.begin()->second.same;
    if (!endless && !waits) return "";
    for (const auto& [address, seen] : variables) {
      const auto mask = tested(steps, seen.step);
      std::string text = fmt::format("it waits for {} to change, which reads {}{}", data_place(p_, address), seen.value,
                                     bits(mask, seen.value));
      const auto enabled = m_.enabled_interrupts();
      const std::string masked = m_.interrupts_masked();
      text += enabled.empty() ? "; no interrupt is enabled whose handler could write it"
                              : "; enabled interrupts: " + list(enabled);
      if (!masked.empty()) text += "; " + masked;
      return text;
    }
    return "an empty loop, as firmware has it behind an error, at the end of main, or where it waits for a watchdog, "
           "which is not modelled" +
           polled_before();
  }

  /// "; before, it read DEVICE + 0x4 1,000 times, ...": what a loop with a timeout waited for before it gave up.
  std::string polled_before() const {
    constexpr std::uint64_t often = 50;
    const std::pair<const std::tuple<std::string, std::uint32_t, std::string>, std::uint64_t>* most = nullptr;
    for (const auto& row : m_.not_modelled())
      if (std::get<2>(row.first).starts_with("read") && row.second >= often && (!most || row.second > most->second))
        most = &row;
    if (!most) return "";
    return fmt::format("; before, it read {} + 0x{:x} {} times, a register that is not modelled: did it wait for that?",
                       std::get<0>(most->first), std::get<1>(most->first), grouped(most->second));
  }

  /// A handler that is entered again as soon as it returns.
  std::string interrupt_storm(const Watcher& watcher) const {
    constexpr std::size_t often = 16, per_entry = 64;  // entries; instructions between two of them
    for (const auto& [exception, times] : watcher.entered)
      if (times >= often && watcher.steps.size() / times <= per_entry)
        return fmt::format(
            "the handler of {} was entered {} times within {} instructions: it does not end the request, which stays "
            "pending, so that the program itself hardly goes on",
            m_.interrupt_name(exception), grouped(times), grouped(watcher.steps.size()));
    return "";
  }

  bool on_stack(Address a, const Watcher::Step& s) const {
    const std::uint32_t sp = s.registers[m_.engine().arch().sp];
    return a - sp < 0x1000 && m_.engine().stack_top() >= a;
  }

  /// The bits of what instruction `at` loaded that decide about the next branch.
  std::optional<std::uint32_t> tested(const std::vector<Watcher::Step>& steps, std::size_t at) const {
    unsigned reg = steps[at].insn.rd;
    for (std::size_t i = at + 1; i < steps.size() && i < at + 8; ++i) {
      const isa::Insn& insn = steps[i].insn;
      const std::string_view name = m_.engine().arch().op_name(insn.op);
      if (steps[i].effects.reads & isa::reg_bit(reg)) {
        const bool by_constant = name.find("_imm") != std::string_view::npos || name == "andi";
        if (name.starts_with("tst") || name.starts_with("and")) {
          if (by_constant) return insn.imm;
          const unsigned other = insn.rn == reg ? insn.rm : insn.rn;
          return other < 32 ? std::optional(steps[i].registers[other]) : std::nullopt;
        }
        if (name == "ubfx") return insn.imm << insn.shift;
        if (name.starts_with("lsl") || name == "slli") {
          const unsigned shift = name == "slli" ? (insn.imm ? insn.imm : insn.shift) : insn.shift;
          // Moved to the sign: one bit is asked; else the upper ones are dropped.
          if (shift > 0 && shift < 32) return sign_asked(steps, i) ? 1u << (31 - shift) : 0xffffffffu >> shift;
        }
        if (insn.cls == isa::OpClass::branch_cond && !p_.is_arm() && (name == "blt" || name == "bge"))
          return 0x80000000u;
      }
      if (insn.cls == isa::OpClass::branch_cond) return std::nullopt;
      if (steps[i].effects.writes & isa::reg_bit(reg)) {
        if (!(steps[i].effects.reads & isa::reg_bit(reg))) return std::nullopt;
      }
    }
    return std::nullopt;
  }
  bool sign_asked(const std::vector<Watcher::Step>& steps, std::size_t at) const {
    for (std::size_t i = at + 1; i < steps.size() && i < at + 3; ++i) {
      const isa::Insn& insn = steps[i].insn;
      if (insn.cls != isa::OpClass::branch_cond) continue;
      if (p_.is_arm()) return insn.cond == 4 || insn.cond == 5;  // MI, PL
      const std::string_view name = m_.engine().arch().op_name(insn.op);
      return name == "blt" || name == "bge";
    }
    return false;
  }

  /// "; bit 5 of it is asked for, which stays 1".
  static std::string bits(std::optional<std::uint32_t> mask, std::uint32_t value) {
    if (!mask || *mask == 0 || *mask == 0xffffffff) return "";
    const bool one = (*mask & (*mask - 1)) == 0;
    if (one) return fmt::format("; it asks for bit {}, which stays {}", __builtin_ctz(*mask), (value & *mask) ? 1 : 0);
    return fmt::format("; it asks for the bits 0x{:x}, which stay 0x{:x}", *mask, value & *mask);
  }

  std::string not_modelled(Address address) const {
    const memory::Region* r = m_.bus().find(address);
    const std::uint32_t offset = (address - r->base) & ~3u;
    for (const auto& [what, count] : m_.not_modelled())
      if (std::get<0>(what) == r->name && std::get<1>(what) == offset)
        return "; this register is not modelled: it answers what was last written to it";
    return "";
  }

  const engine::Stop& stop_;
  Machine& m_;
  const Program& p_;
};

}  // namespace

std::string stuck_reason(const engine::Stop& stop, Machine& machine, const Program& program) {
  return Explainer(stop, machine, program).text();
}

}  // namespace mj
