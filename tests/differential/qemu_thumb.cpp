#include "tests/differential/qemu_thumb.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include "isa/thumb/exceptions.h"
#include "isa/thumb/registers.h"
#include "tests/differential/known_differences.h"
#include "tests/differential/thumb_here.h"
#include "tests/differential/thumb_text.h"

namespace mj::differential {

using namespace isa::thumb;

namespace {

// As in qemu_bench.S.
constexpr std::uint32_t header = 0x1000, pool_at = 0x2000, descriptors = 0x200000, image_size = 0x400000;
constexpr std::size_t pool_size = 3 * ram_size, left_words = 64, most_programs = 3500;
static_assert(pool_at + pool_size <= code_base);

constexpr QemuFamily all[] = {
    {"v7m", "cortex-m3", "mps2-an385", 0},
    {"v7em", "cortex-m4", "mps2-an386", 0},
    {"m7", "cortex-m7", "mps2-an500", 0},
    {"v8m", "cortex-m33", "mps2-an505", 0x10000000},
};

/// Where QEMU 7.2 raises another exception, and what the manual says.
struct QemuError {
  const char* what;
  End ours, theirs;
};
constexpr QemuError known_of_qemu[] = {
    {"code without the Thumb bit at an odd halfword: UNALIGNED (ARMv7-M B1.4.2: INVSTATE)", End::invalid_state,
     End::unaligned},
    {"BKPT that becomes a HardFault doesn't set HFSR.DEBUGEVT (ARMv7-M B3.2.16)", End::breakpoint, End::hard_fault},
};

/// What the firmware wrote down of one run.
struct Left {
  std::uint32_t exc_return, ipsr, control, primask, basepri, faultmask, msp, psp, r4[8], cfsr, hfsr, sfsr, frame[8],
      fpscr, s[32], hash, unused[left_words - 61];
};
static_assert(sizeof(Left) == 4 * left_words);

struct Run {
  std::size_t program;
  ThumbState before;
  std::uint32_t fill;  ///< RAM's bytes in the pool
  Outcome ours;
  std::vector<std::uint8_t> ram;  ///< what we left there
};

using Words = std::vector<std::uint32_t>;

/// RAM without the frame of the exception that ended the program.
Words without_frame(std::vector<std::uint8_t> ram, std::uint32_t from, std::uint32_t bytes) {
  for (std::uint32_t a = from; a != from + bytes; ++a)
    if (a - ram_base < ram_size) ram[a - ram_base] = 0;
  Words out(ram.size() / 4);
  std::memcpy(out.data(), ram.data(), ram.size());
  return out;
}

std::uint32_t hash(const Words& ram) {
  return std::accumulate(ram.begin(), ram.end(), 0u, [](std::uint32_t h, std::uint32_t word) { return 31 * h + word; });
}

std::string memory_differences(const Words& ours, const Words& theirs) {
  std::string out;
  for (std::size_t i = 0; i < ours.size(); ++i)
    if (ours[i] != theirs[i])
      out += fmt::format("    [{:08x}] here {:08x}, QEMU {:08x}\n", ram_base + 4 * i, ours[i], theirs[i]);
  return out;
}

/// Runs the image in QEMU; what the programs left is then in `folder`/states. Returns why it couldn't, if so.
std::string run_qemu(const QemuFamily& family, const std::vector<std::uint8_t>& image, const std::string& folder) {
  std::ofstream(folder + "/image", std::ios::binary)
      .write(reinterpret_cast<const char*>(image.data()), static_cast<std::streamsize>(image.size()));
  const std::string command = fmt::format(
      "cd '{}' && rm -f states && timeout 600 qemu-system-arm -M {} -nographic -monitor none -serial none "
      "-semihosting-config enable=on,target=native -device loader,file=image,addr={:#x},force-raw=on >log 2>&1 "
      "</dev/null",
      folder, family.machine, family.load);
  switch (WEXITSTATUS(std::system(command.c_str()))) {
    case 124:
      return "qemu-system-arm did not end within ten minutes";
    case 127:
      return "qemu-system-arm is not installed (tools/setup/install-packages --tests)";
    default:
      return "";
  }
}

class Comparison {
 public:
  Comparison(const QemuFamily& family, std::uint64_t seed)
      : core_(family.core), here_(core_, false), generator_(here_.features(), seed), random_(seed ^ 0x9e3u) {
    pool_.resize(pool_size);
    for (auto& b : pool_) b = static_cast<std::uint8_t>(random_());
  }

  /// Programs until the image is full or `most` instructions were executed.
  void draw(std::uint64_t most, QemuReport& report) {
    std::uint32_t at = code_base + 0x2000;
    std::uint64_t drawn = 0;
    while (at + 0x3000 < code_base + code_size && programs_.size() < most_programs && drawn < most) {
      ThumbProgram p = generator_.program(at);
      if (tests_target(p)) continue;
      at += (p.bytes() + 15) & ~15u;
      p.code[(p.end - p.base) / 2] = 0xdffe;  // SVC #0xfe
      here_.write_code(p.base, p.code.data(), p.bytes());
      drawn += 2 * p.drawn.size();
      programs_.push_back(std::move(p));
    }
    // Literals lie in other programs, too: all are there before one is run.
    for (std::size_t k = 0; k < programs_.size(); ++k) {
      for (int n = 0; n < 2; ++n) perform(k, report);
      report.instructions += here_.executed(programs_[k].drawn);
    }
    report.programs += programs_.size();
  }

  /// `whose_ram`: the run, counted from the last, of which QEMU is to write all of RAM down; 0: of none.
  std::vector<std::uint8_t> image(const std::string& bench, std::uint32_t whose_ram = 0) const {
    std::vector<std::uint8_t> out(image_size);
    std::ifstream in(bench, std::ios::binary);
    const std::string firmware{std::istreambuf_iterator<char>(in), {}};
    if (firmware.empty() || firmware.size() > header) return {};
    std::memcpy(out.data(), firmware.data(), firmware.size());
    const std::uint32_t head[] = {static_cast<std::uint32_t>(runs_.size()), here_.features() & (fp_sp | fp_dp),
                                  here_.features() & security, whose_ram};
    std::memcpy(&out[header], head, sizeof head);
    std::memcpy(&out[pool_at], pool_.data(), pool_.size());
    for (const ThumbProgram& p : programs_) std::memcpy(&out[p.base], p.code.data(), p.bytes());
    std::size_t at = descriptors;
    for (const Run& r : runs_) {
      const std::vector<std::uint32_t> d = descriptor(r);
      if (at + 4 * d.size() > image_size) return {};
      std::memcpy(&out[at], d.data(), 4 * d.size());
      at += 4 * d.size();
    }
    return out;
  }

  /// `ram_of`: asks QEMU once more for the RAM that run number k left.
  void compare(const std::vector<Left>& states, unsigned most, const std::function<Words(std::size_t k)>& ram_of,
               QemuReport& report) {
    for (std::size_t k = 0; k < runs_.size() && report.differences < most; ++k) {
      const Run& r = runs_[k];
      if (k >= states.size()) return differs(r, "    QEMU ended here\n", report);
      const auto [frame, bytes, fp] = frame_of(states[k]);
      const Words ram = without_frame(r.ram, frame, bytes);
      std::string d = difference(r, states[k], report);
      if (d.empty() && hash(ram) != states[k].hash) {
        d = memory_differences(ram, ram_of(k));
        if (d.empty()) d = "    memory differs, and not when asked again\n";
      }
      if (d.empty()) continue;
      if (const char* known = known_error(r))
        ++report.excused[known];
      else
        differs(r, d, report);
    }
  }

  std::size_t runs() const { return runs_.size(); }

 private:
  /// TT tells regions of the IDAU: QEMU's machine has one, our board without a chip hasn't (tests/engine compares it).
  bool tests_target(const ThumbProgram& p) const {
    return std::any_of(p.drawn.begin(), p.drawn.end(), [&](std::uint32_t a) {
      const std::size_t at = (a - p.base) / 2;
      const isa::Insn insn = decode(p.code[at], p.code[at + 1], a, false, here_.features());
      return std::string_view(op_name(insn.op)).starts_with("tt");
    });
  }

  void perform(std::size_t k, QemuReport& report) {
    const ThumbProgram& p = programs_[k];
    Run run{k, generator_.state(p), static_cast<std::uint32_t>(random_() % (pool_size - ram_size)) & ~3u, {}, {}};
    fill(run, here_);
    run.ours = here_.run(run.before, 0);
    if (!run.ours.registers) {
      ++report.left_out;
      // Its stack pointer may have been anywhere, and the frame that an exception pushed there among programs.
      for (const ThumbProgram& other : programs_)
        if (std::memcmp(here_.code() + (other.base - code_base), other.code.data(), other.bytes()) != 0)
          here_.write_code(other.base, other.code.data(), other.bytes());
      here_.forget_code();
      return;
    }
    run.ram.assign(here_.ram(), here_.ram() + ram_size);
    runs_.push_back(std::move(run));
  }

  std::vector<std::uint32_t> descriptor(const Run& r) const {
    const ThumbProgram& p = programs_[r.program];
    std::vector<std::uint32_t> d{0, p.entry, r.fill, r.before.apsr, r.before.fpscr, r.before.other_sp};
    d.insert(d.end(), r.before.r.begin(), r.before.r.begin() + 15);
    d.insert(d.end(), r.before.s.begin(), r.before.s.end());
    d.push_back(static_cast<std::uint32_t>(p.pokes.size()));
    for (const auto& poke : p.pokes) d.insert(d.end(), {poke.address, poke.size, poke.value});
    d[0] = static_cast<std::uint32_t>(4 * d.size());
    return d;
  }

  struct Frame {
    std::uint32_t at, bytes;
    bool fp;
  };
  static Frame frame_of(const Left& left) {
    const bool fp = !(left.exc_return & 16);
    return {left.exc_return & 4 ? left.psp : left.msp, fp ? 104u : 32u, fp};
  }

  std::string difference(const Run& r, const Left& left, QemuReport& report) const {
    const bool process = (left.exc_return & 4) != 0;
    const auto [frame, bytes, fp] = frame_of(left);
    ThumbState t;
    std::copy_n(left.frame, 4, t.r.begin());
    std::copy_n(left.r4, 8, t.r.begin() + 4);
    t.r[12] = left.frame[4];
    t.r[sp] = frame + bytes + (left.frame[7] >> 9 & 1) * 4;
    t.r[lr] = left.frame[5];
    t.r[pc] = left.frame[6];
    t.apsr = left.frame[7] & 0xf80f0000;
    t.other_sp = process ? left.msp : left.psp;
    t.control = (left.control & 1) | (process ? 2 : 0);
    if (fp) t.control |= control_fpca;
    if (here_.features() & security && left.frame[7] & retpsr_sfpa) t.control |= control_sfpa;
    t.primask = left.primask;
    t.basepri = left.basepri;
    t.faultmask = left.faultmask;
    std::copy_n(left.s, 32, t.s.begin());
    t.fpscr = left.fpscr;
    ThumbState ours = r.ours.state;
    if (!fp) ours.fpscr = t.fpscr;  // without an FP context it isn't stacked
    std::string out = differences(ours, t);
    const End theirs = end_of(left.ipsr, left.cfsr, left.hfsr, left.sfsr);
    if (theirs != r.ours.end) {
      const QemuError* known = nullptr;
      for (const QemuError& e : known_of_qemu)
        if (e.ours == r.ours.end && e.theirs == theirs) known = &e;
      if (known && out.empty())
        ++report.excused[known->what];
      else
        out += fmt::format("    ends      here {}, QEMU {} (IPSR {}, CFSR {:08x})\n", name(r.ours.end), name(theirs),
                           left.ipsr, left.cfsr);
    }
    return out;
  }

  /// What is wrong in QEMU that the run meets, step by step, and that makes all behind it differ; null: nothing.
  const char* known_error(const Run& r) {
    if (!watched_) watched_ = std::make_unique<ThumbHere>(core_, true);
    for (const ThumbProgram& p : programs_) watched_->write_code(p.base, p.code.data(), p.bytes());
    watched_->forget_code();
    fill(r, *watched_);
    watched_->run(r.before, 0);
    bool skipped_fp = false;
    for (const ThumbHere::Step& s : watched_->steps()) {
      const Executed e{s.insn, s.before, skipped_fp};
      for (const KnownDifference& known : known_of_unicorn())
        if (known.in_qemu && !s.condition_failed && known.applies(here_.features(), e)) return known.what;
      const bool fp = s.insn.cls >= isa::OpClass::fp_move && s.insn.cls <= isa::OpClass::fp_sys;
      if (s.condition_failed) skipped_fp |= fp;
      // QEMU translates up to a branch, or to an instruction that changes how it is to translate.
      if (isa::ends_block(s.insn.cls)) skipped_fp = false;
    }
    return nullptr;
  }

  void fill(const Run& r, ThumbHere& machine) const {
    std::memcpy(machine.ram(), &pool_[r.fill], ram_size);
    for (const ThumbProgram::Poke& poke : programs_[r.program].pokes)
      std::memcpy(machine.ram() + (poke.address - ram_base), &poke.value, poke.size);
  }

  void differs(const Run& r, const std::string& how, QemuReport& report) const {
    ++report.differences;
    isa::Insn fp_insn;
    fp_insn.cls = isa::OpClass::fp_move;
    report.difference += "before:\n" + state_text(r.before, fp_insn) + "after:\n" + state_text(r.ours.state, fp_insn) +
                         how + listing(programs_[r.program], here_.features());
  }

  std::string core_;
  ThumbHere here_;
  std::unique_ptr<ThumbHere> watched_;  ///< only made for what differs
  ThumbGenerator generator_;
  std::mt19937_64 random_;
  std::vector<std::uint8_t> pool_;
  std::vector<ThumbProgram> programs_;
  std::vector<Run> runs_;
};

}  // namespace

std::span<const QemuFamily> qemu_families() { return all; }

QemuReport compare_with_qemu(const QemuFamily& family, std::uint64_t instructions, std::uint64_t seed,
                             const std::string& folder, const std::string& bench, unsigned differences) {
  QemuReport report;
  for (std::uint64_t part = 0; report.instructions < instructions && report.differences < differences; ++part) {
    Comparison comparison(family, seed + (part << 32));
    comparison.draw(instructions - report.instructions, report);
    const std::vector<std::uint8_t> image = comparison.image(bench);
    if (image.empty()) {
      report.trouble = "no image: " + bench + " is missing or does not fit";
      return report;
    }
    report.trouble = run_qemu(family, image, folder);
    if (!report.trouble.empty()) return report;
    std::vector<Left> states(comparison.runs());
    std::ifstream in(folder + "/states", std::ios::binary);
    in.read(reinterpret_cast<char*>(states.data()), static_cast<std::streamsize>(states.size() * sizeof(Left)));
    states.resize(static_cast<std::size_t>(in.gcount()) / sizeof(Left));
    const auto ram_of = [&](std::size_t k) {
      run_qemu(family, comparison.image(bench, static_cast<std::uint32_t>(comparison.runs() - k)), folder);
      Words ram(ram_size / 4);
      std::ifstream again(folder + "/states", std::ios::binary);
      again.seekg(static_cast<std::streamoff>((k + 1) * sizeof(Left)));
      again.read(reinterpret_cast<char*>(ram.data()), ram_size);
      return ram;
    };
    comparison.compare(states, differences, ram_of, report);
  }
  return report;
}

std::string text(const QemuFamily& family, const QemuReport& r, std::uint64_t seed) {
  std::string out =
      fmt::format("{} ({}, QEMU's {}), seed {}: {} instructions of {} programs compared, {} runs left out\n",
                  family.name, family.core, family.machine, seed, r.instructions, r.programs, r.left_out);
  for (const auto& [what, n] : r.excused) out += fmt::format("  oracle's error {} times: {}\n", n, what);
  if (!r.trouble.empty()) out += r.trouble + "\n";
  if (!r.difference.empty()) out += "DIFFERENCE\n" + r.difference;
  return out;
}

}  // namespace mj::differential
