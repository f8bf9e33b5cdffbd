#include "tests/differential/thumb_campaign.h"

#include <fmt/format.h>
#include <unicorn/unicorn.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "isa/thumb/disasm.h"
#include "isa/thumb/registers.h"
#include "tests/differential/known_differences.h"
#include "tests/differential/thumb_here.h"
#include "tests/differential/thumb_text.h"
#include "tests/differential/unicorn_thumb.h"

namespace mj::differential {

using namespace isa::thumb;
using isa::Insn;
using isa::OpClass;

namespace {

constexpr Family all_families[] = {
    {"v6m", "cortex-m0", UC_CPU_ARM_CORTEX_M0},   {"v7m", "cortex-m3", UC_CPU_ARM_CORTEX_M3},
    {"v7em", "cortex-m4", UC_CPU_ARM_CORTEX_M4},  {"m7", "cortex-m7", UC_CPU_ARM_CORTEX_M7},
    {"v8m", "cortex-m33", UC_CPU_ARM_CORTEX_M33},
};

constexpr std::uint16_t undefined_insn = 0xde00;  // UDF #0

bool is_exception(End e) { return e != End::finished && e != End::lost; }

/// Whether both ended alike. Where the architecture has one exception for all faults, any fault will do; likewise where
/// no frame could be stacked: the oracle doesn't enter exceptions.
bool same_end(const Outcome& here, End theirs) {
  const End ours = here.end;
  if (ours == theirs) return true;
  if (ours == End::hard_fault || !here.registers) return is_exception(theirs);
  // Unicorn has one error for UNDEFINSTR and INVSTATE, and QEMU one exception for all bad addresses.
  if (ours == End::invalid_state) return theirs == End::undefined;
  if (ours == End::unaligned) return theirs == End::memory;
  return false;
}

/// The oracle's memory keeps what ours has where exception entry wrote a frame: it doesn't enter exceptions.
std::string memory_differences(const std::uint8_t* ours, const std::uint8_t* theirs, const Outcome& end) {
  std::string out;
  const auto in_frame = [&](std::uint32_t at) { return at >= end.frame && at < end.frame_end; };
  for (std::uint32_t i = 0; i < ram_size; ++i)
    if (ours[i] != theirs[i] && !in_frame(ram_base + i)) {
      out += fmt::format("    [{:08x}] here {:02x}, oracle {:02x}\n", ram_base + i, ours[i], theirs[i]);
      if (out.size() > 400) return out + "    ...\n";
    }
  return out;
}

class Campaign {
 public:
  Campaign(const Family& family, const CampaignOptions& options)
      : options_(options),
        here_(std::string(family.core), false),
        watched_(std::string(family.core), true),
        oracle_(family.oracle),
        stepped_(family.oracle),
        generator_(here_.features(), options.seed),
        random_(options.seed ^ 0x5eed) {
    pool_.resize(3 * ram_size);
    for (auto& b : pool_) b = static_cast<std::uint8_t>(random_());
    fp_ = (here_.features() & (fp_sp | fp_dp)) != 0;
  }

  CampaignReport run() {
    while (report_.instructions < options_.instructions && report_.differences < options_.differences) {
      const ThumbProgram program = next();
      for (unsigned k = 0; k < states_per_program; ++k) once(program);
      report_.instructions += here_.executed(program.drawn);
      retire(program);
      if (options_.progress && report_.programs % 20000 == 0) options_.progress(finished());
    }
    return finished();
  }

  using Cases = std::map<std::string, std::vector<std::string>>;
  Cases collect(unsigned per_operation, std::uint64_t programs, const Cases& have) {
    Cases out;
    const auto wanted = [&](const Insn& insn) {
      const std::string op = op_name(insn.op);
      return !have.contains(op) && out[op].size() < per_operation;
    };
    for (std::uint64_t n = 0; n < programs; ++n) {
      const ThumbProgram program = next();
      bool any = false;
      for (const std::uint32_t a : program.drawn) {
        const std::size_t at = (a - program.base) / 2;
        any |= wanted(decode(program.code[at], program.code[at + 1], a, false, here_.features()));
      }
      if (any) {
        const ThumbState state = generator_.state(program);
        prepare(program);
        std::memcpy(watched_.ram(), memory_.data(), ram_size);
        const Outcome last = watched_.run(state, program.end);
        const std::vector<std::uint8_t> last_ram(watched_.ram(), watched_.ram() + ram_size);
        std::memcpy(stepped_.ram(), memory_.data(), ram_size);
        stepped_.set(state, fp_);
        const auto& steps = watched_.steps();
        for (std::size_t k = 0, next = 0; k + 1 < steps.size(); k = next) {
          next = k + block_length(k);
          unsigned found = 0;
          if (!step(program, k, next, last, last_ram, found).empty()) break;
          const Insn& insn = steps[k].insn;
          if (next > k + 1 || next >= steps.size() || insn.cls == OpClass::it || !wanted(insn)) continue;
          // Of its errors only that of SP's lowest bits is let pass; for the others there are right cases enough.
          if (found && !(effects(insn).writes & isa::reg_bit(sp))) continue;
          const std::string line = case_line(steps[k], steps[k + 1]);
          if (!line.empty()) out[op_name(insn.op)].push_back(line);
        }
      }
      retire(program);
    }
    return out;
  }

 private:
  ThumbProgram next() {
    constexpr std::uint32_t margin = 0x2000;  // literal loads with random offsets find code or zeros
    // Few programs at a time: what was made of them stays in the host's caches.
    constexpr std::uint32_t window = 0x8000;
    if (at_ == 0 || at_ + ThumbGenerator::most_bytes > code_base + margin + window) {
      if (at_ != 0) {
        here_.forget_code();
        watched_.forget_code();
        oracle_.forget_code(code_base, margin + window);
        if (report_.instructions >= renew_at_) {
          oracle_.renew();
          renew_at_ += renew_after;
        }
      }
      at_ = code_base + margin;
    }
    ThumbProgram program = generator_.program(at_);
    at_ += (program.bytes() + 15) & ~15u;
    for (ThumbHere* machine : {&here_, &watched_})
      machine->write_code(program.base, program.code.data(), program.bytes());
    for (UnicornThumb* oracle : {&oracle_, &stepped_})
      oracle->write_code(program.base, program.code.data(), program.bytes());
    ++report_.programs;
    return program;
  }

  /// An oracle that went astray must not find a loop to stay in.
  void retire(const ThumbProgram& program) {
    for (ThumbHere* machine : {&here_, &watched_}) machine->write_code(program.end, &undefined_insn, 2);
    for (UnicornThumb* oracle : {&oracle_, &stepped_}) oracle->write_code(program.end, &undefined_insn, 2);
  }

  /// RAM as the next run finds it.
  void prepare(const ThumbProgram& program) {
    const std::uint8_t* fill = &pool_[random_() % (2 * ram_size)];
    memory_.assign(fill, fill + ram_size);
    for (const ThumbProgram::Poke& p : program.pokes) std::memcpy(&memory_[p.address - ram_base], &p.value, p.size);
  }

  /// pc encoding | text | what it finds | what it changes
  std::string case_line(const ThumbHere::Step& step, const ThumbHere::Step& next) {
    const Insn& insn = step.insn;
    if (insn.cls == OpClass::sys_read || insn.cls == OpClass::sys_write) return "";
    const bool wide = insn.size == 4;
    if (decode(wide ? insn.raw >> 16 : insn.raw, insn.raw, insn.pc, false, here_.features()).op != insn.op) return "";
    const ThumbState &a = step.before, &b = next.before;
    const isa::Effects e = effects(insn);
    const isa::RegSet reads = e.reads | e.address | e.store_data | e.target;
    const isa::RegSet flags =
        isa::reg_bit(nf) | isa::reg_bit(zf) | isa::reg_bit(cf) | isa::reg_bit(vf) | isa::reg_bit(qf) | isa::reg_bit(ge);
    if (a.control != b.control || a.primask != b.primask || a.basepri != b.basepri || a.faultmask != b.faultmask ||
        a.other_sp != b.other_sp)
      return "";
    std::string before, after;
    for (unsigned i = 0; i < 15; ++i) {
      if (reads >> i & 1) before += fmt::format(" r{}={:08x}", i, a.r[i]);
      if (a.r[i] != b.r[i] || (e.writes >> i & 1)) after += fmt::format(" r{}={:08x}", i, b.r[i]);
    }
    for (unsigned i = 0; i < 32; ++i) {
      if (reads >> (s0 + i) & 1) before += fmt::format(" s{}={:08x}", i, a.s[i]);
      if (a.s[i] != b.s[i] || (e.writes >> (s0 + i) & 1)) after += fmt::format(" s{}={:08x}", i, b.s[i]);
    }
    if ((reads | e.writes) & flags) before += fmt::format(" apsr={:08x}", a.apsr);
    if (a.apsr != b.apsr) after += fmt::format(" apsr={:08x}", b.apsr);
    if ((reads | e.writes) & isa::reg_bit(fpscr)) before += fmt::format(" fpscr={:08x}", a.fpscr);
    if (a.fpscr != b.fpscr) after += fmt::format(" fpscr={:08x}", b.fpscr);
    if (b.r[pc] != insn.pc + insn.size) after += fmt::format(" pc={:08x}", b.r[pc]);
    for (const auto& [address, size, store] : accesses(insn, a)) {
      std::uint32_t was = 0, is = 0;
      if (address >= code_base && address + size <= code_base + code_size) {
        std::memcpy(&was, watched_.code() + (address - code_base), size);
        is = was;
      } else if (address >= ram_base && address + size <= ram_base + ram_size) {
        std::memcpy(&was, &(*step.ram)[address - ram_base], size);
        std::memcpy(&is, &(*next.ram)[address - ram_base], size);
      } else {
        return "";
      }
      std::string& list = store ? after : before;
      if (!store || was != is) list += fmt::format(" [{:08x}]={:0{}x}", address, store ? is : was, 2 * size);
    }
    if (insn.cls == OpClass::store_exclusive && b.r[insn.ra] == 0) before += " exclusive";
    const std::string code = insn.size == 2 ? fmt::format("{:04x}     ", insn.raw)
                                            : fmt::format("{:04x} {:04x}", insn.raw >> 16, insn.raw & 0xffff);
    return fmt::format("{:08x} {} | {} |{} |{}", insn.pc, code, isa::thumb::text(insn), before, after);
  }

  const CampaignReport& finished() {
    report_.turned_down = generator_.turned_down();
    report_.not_steered = generator_.not_steered();
    report_.rows = static_cast<unsigned>(generator_.rows().size());
    report_.rows_drawn = 0;
    for (const auto& row : generator_.rows()) report_.rows_drawn += row.drawn != 0;
    return report_;
  }

  void once(const ThumbProgram& program) {
    const ThumbState state = generator_.state(program);
    prepare(program);
    std::memcpy(here_.ram(), memory_.data(), ram_size);
    std::memcpy(oracle_.ram(), memory_.data(), ram_size);
    const Outcome ours = here_.run(state, program.end);
    oracle_.set(state, fp_);
    const Outcome theirs = oracle_.run(state, program.end, fp_);
    ++report_.runs;
    ++report_.ends[std::string(name(ours.end))];
    if (!differ(ours, theirs, here_.ram(), oracle_.ram()).empty()) explain(program, state);
  }

  std::string differ(const Outcome& ours, Outcome theirs, const std::uint8_t* our_ram, const std::uint8_t* their_ram) {
    std::string out;
    // Unicorn doesn't say which instruction met a bad address.
    if (theirs.end == End::memory && is_exception(ours.end)) theirs.state.r[pc] = ours.state.r[pc];
    if (!same_end(ours, theirs.end))
      out += fmt::format("    ends      here {}, oracle {}\n", name(ours.end), name(theirs.end));
    if (!ours.registers) return out;
    out += differences(ours.state, theirs.state);
    if (std::memcmp(our_ram, their_ram, ram_size) != 0) out += memory_differences(our_ram, their_ram, ours);
    return out;
  }

  /// The program again, in step with the oracle: what differs must be a known error of the oracle, which then goes on
  /// with what we have.
  void explain(const ThumbProgram& program, const ThumbState& state) {
    std::memcpy(watched_.ram(), memory_.data(), ram_size);
    const Outcome last = watched_.run(state, program.end);
    const std::vector<std::uint8_t> last_ram(watched_.ram(), watched_.ram() + ram_size);
    std::memcpy(stepped_.ram(), memory_.data(), ram_size);
    stepped_.set(state, fp_);
    const auto& steps = watched_.steps();
    unsigned found = 0;
    for (std::size_t k = 0; k < steps.size() && steps[k].insn.pc != program.end;) {
      const std::size_t next = k + block_length(k);
      const std::string d = step(program, k, next, last, last_ram, found);
      if (!d.empty()) return differs(d + listing(program, here_.features()));
      k = next;
    }
    if (found == 0)
      differs("no instruction alone differs, but the program does:\n" +
              differ(last, oracle_again(program, state), last_ram.data(), oracle_.ram()) +
              listing(program, here_.features()));
  }

  /// Instructions that the oracle executes in one go from the kth on: one, or an IT block, in which it can't stop.
  std::size_t block_length(std::size_t k) const {
    const auto& steps = watched_.steps();
    std::size_t next = k + 1;
    if (steps[k].insn.cls == OpClass::it)
      for (ItState it{static_cast<std::uint8_t>(steps[k].insn.imm)}; it.active() && next < steps.size(); it.advance())
        ++next;
    return next - k;
  }

  void differs(const std::string& how) {
    ++report_.differences;
    report_.difference += how;
  }

  Outcome oracle_again(const ThumbProgram& program, const ThumbState& state) {
    std::memcpy(oracle_.ram(), memory_.data(), ram_size);
    oracle_.set(state, fp_);
    return oracle_.run(state, program.end, fp_);
  }

  /// The oracle's steps k up to next; "" if they end as here, or in a known difference (then `found` counts it).
  std::string step(const ThumbProgram& program, std::size_t k, std::size_t next, const Outcome& last,
                   const std::vector<std::uint8_t>& last_ram, unsigned& found) {
    const auto& steps = watched_.steps();
    const ThumbHere::Step& s = steps[k];
    Outcome ours = last;
    const std::uint8_t* our_ram = last_ram.data();
    if (next < steps.size()) {
      ours.end = End::finished;
      ours.registers = true;
      ours.state = steps[next].before;
      ours.frame = ours.frame_end = 0;
      our_ram = steps[next].ram->data();
    }
    const std::uint32_t until = next < steps.size() ? ours.state.r[pc] : program.end;
    stepped_.forget_code(program.base, program.bytes());  // what was translated for another end would run past this one
    Outcome theirs = stepped_.run(s.before, until, fp_, program.end);
    const std::string d = differ(ours, theirs, our_ram, stepped_.ram());
    if (d.empty()) return "";
    if (same_end(ours, theirs.end) && memory_differences(our_ram, stepped_.ram(), ours).empty() &&
        explained(k, next, ours.state, theirs.state)) {
      ++found;
      stepped_.set_visible(ours.state, fp_);
      return "";
    }
    std::string out = "before:\n" + state_text(s.before, s.insn) + "instruction:\n";
    for (std::size_t j = k; j < next && j < steps.size(); ++j)
      out += fmt::format("    {:08x}: {:0{}x}  {}  ({})\n", steps[j].insn.pc, steps[j].insn.raw, steps[j].insn.size * 2,
                         isa::thumb::text(steps[j].insn), op_name(steps[j].insn.op));
    return out + "after:\n" + d;
  }

  /// Whether known errors of the oracle in steps k up to next explain how the states differ; counts them.
  bool explained(std::size_t k, std::size_t next, ThumbState ours, ThumbState theirs) {
    std::string left = differences(ours, theirs);
    std::vector<const char*> by;
    bool skipped_fp = false;
    for (std::size_t j = k; j < next; ++j) {
      const ThumbHere::Step& s = watched_.steps()[j];
      if (s.condition_failed) {
        skipped_fp |= s.insn.cls >= OpClass::fp_move && s.insn.cls <= OpClass::fp_sys;
        continue;
      }
      const Executed e{s.insn, s.before, skipped_fp};
      for (const KnownDifference& known : known_of_unicorn()) {
        if (!known.applies(here_.features(), e)) continue;
        known.forget(e, ours);
        known.forget(e, theirs);
        const std::string now = differences(ours, theirs);
        if (now != left) by.push_back(known.what);
        left = now;
      }
    }
    if (!left.empty()) return false;
    for (const char* what : by) ++report_.excused[what];
    return true;
  }

  CampaignOptions options_;
  ThumbHere here_, watched_;
  UnicornThumb oracle_, stepped_;
  ThumbGenerator generator_;
  std::mt19937_64 random_;
  std::vector<std::uint8_t> pool_, memory_;
  static constexpr unsigned states_per_program = 4;
  static constexpr std::uint64_t renew_after = 2'000'000;  ///< instructions
  CampaignReport report_;
  std::uint64_t renew_at_ = renew_after;
  std::uint32_t at_ = 0;
  bool fp_ = false;
};

}  // namespace

std::span<const Family> families() { return all_families; }

const Family* find_family(std::string_view name) {
  for (const Family& f : all_families)
    if (f.name == name) return &f;
  return nullptr;
}

CampaignReport run_campaign(const Family& family, const CampaignOptions& options) {
  return Campaign(family, options).run();
}

std::map<std::string, std::vector<std::string>> collect_cases(
    const Family& family, unsigned per_operation, std::uint64_t seed, std::uint64_t programs,
    const std::map<std::string, std::vector<std::string>>& have) {
  CampaignOptions options;
  options.seed = seed;
  return Campaign(family, options).collect(per_operation, programs, have);
}

std::string text(const Family& family, const CampaignReport& r, std::uint64_t seed) {
  std::string out = fmt::format("{} ({}), seed {}: {} instructions of {} programs compared, {} of {} rows drawn\n",
                                family.name, family.core, seed, r.instructions, r.programs, r.rows_drawn, r.rows);
  out += "  ends:";
  for (const auto& [what, n] : r.ends) out += fmt::format(" {} {},", what, n);
  out.back() = '\n';
  out += fmt::format("  UNPREDICTABLE fills, undefined here: {}; not steered, NOP instead: {}\n", r.turned_down,
                     r.not_steered);
  for (const auto& [what, n] : r.excused) out += fmt::format("  oracle's error {} times: {}\n", n, what);
  if (!r.difference.empty()) out += "DIFFERENCE\n" + r.difference;
  return out;
}

}  // namespace mj::differential
