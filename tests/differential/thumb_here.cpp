#include "tests/differential/thumb_here.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "isa/thumb/exceptions.h"
#include "isa/thumb/registers.h"
#include "memory/elf_image.h"
#include "sim/generic_board.h"

namespace mj::differential {

namespace thumb = isa::thumb;

namespace {

constexpr std::uint32_t vectors = 0, handler = 0x400, vector_bytes = 0x1000, handler_stack = ram_base + 0x800;
constexpr std::uint32_t cfsr = 0xe000ed28, hfsr = 0xe000ed2c, cpacr = 0xe000ed88, sfsr = 0xe000ede4;
constexpr unsigned thumb_secure_fault = 7;
/// The decoder's bit for a feature of a core file; 0 for what doesn't change decoding.
thumb::Features feature(const std::string& name) {
  if (name == "v7m") return thumb::v7m;
  if (name == "dsp") return thumb::dsp;
  if (name == "fp_sp") return thumb::fp_sp;
  if (name == "fp_dp") return thumb::fp_dp;
  if (name == "fp_v5") return thumb::fp_v5;
  if (name == "v8m") return thumb::v8m;
  if (name == "v8m_main") return thumb::v8m_main;
  if (name == "security") return thumb::security;
  return 0;
}
constexpr Cycle limit = 20000;  // of one program, far more than its instructions take

}  // namespace

/// Keeps every instruction's state before it.
class ThumbHere::Watch final : public engine::Observer {
 public:
  explicit Watch(ThumbHere& here) : here_(here) {}
  void before(const isa::Insn& insn, const isa::Effects&, std::uint32_t, Cycle) override {
    if (insn.pc < code_base || here_.steps_.size() > 4096) return;
    auto ram = here_.steps_.empty() ? nullptr : here_.steps_.back().ram;
    if (!ram || std::memcmp(ram->data(), here_.ram_, ram_size) != 0)
      ram = std::make_shared<const std::vector<std::uint8_t>>(here_.ram_, here_.ram_ + ram_size);
    here_.steps_.push_back({insn, here_.read(insn.pc), false, std::move(ram)});
  }
  void accessed(const engine::DataAccess&) override {}
  void after(engine::Outcome outcome) override {
    if (outcome == engine::Outcome::condition_failed && !here_.steps_.empty())
      here_.steps_.back().condition_failed = true;
  }
  void redirected(const Redirect&, Cycle) override {}
  void skipped(Cycle, Cycle, std::uint64_t) override {}

 private:
  ThumbHere& here_;
};

ThumbHere::ThumbHere(const std::string& core, bool observed) : core_(core), observed_(observed) { create(); }
ThumbHere::~ThumbHere() = default;

void ThumbHere::create() {
  auto board = generic_board("generic:" + core_, memory::ElfImage{});
  if (!board) throw std::runtime_error(board.error().text());
  const auto region = [&](const char* name, Address base, std::uint64_t size) {
    RegionSpec r;
    r.name = name;
    r.kind = base == vectors ? memory::RegionKind::flash : memory::RegionKind::ram;
    r.base = base;
    r.size = size;
    board->regions.push_back(r);
  };
  region("vectors", vectors, vector_bytes);
  region("code", code_base, code_size);
  region("ram", ram_base, ram_size);
  // The oracle's Cortex-M33 has the Security Extension; without regions in the SAU all of memory is Secure.
  auto& names = board->core.features;
  if (std::find(names.begin(), names.end(), "v8m_main") != names.end()) names.push_back("security");
  watch_.reset();
  machine_.reset();
  auto machine = Machine::create(*board, {}, [](Address) { return false; });
  if (!machine) throw std::runtime_error(machine.error().text());
  machine_ = std::move(machine).value();
  features_ = 0;
  for (const std::string& name : board->core.features) features_ |= feature(name);
  fpu_ = std::any_of(board->core.features.begin(), board->core.features.end(),
                     [](const std::string& f) { return f.starts_with("fp_"); });
  memory::Bus& bus = machine_->bus();
  ram_ = bus.find(ram_base)->host(ram_base);
  code_ = bus.find(code_base)->host(code_base);
  std::uint32_t table[256];
  std::fill(std::begin(table), std::end(table), handler | 1);
  table[0] = handler_stack;
  std::memcpy(bus.find(vectors)->host(vectors), table, sizeof table);
  const std::uint16_t loop = 0xe7fe;
  std::memcpy(bus.find(vectors)->host(handler), &loop, sizeof loop);
  // With nothing due ever an endless loop would end the machine for good.
  machine_->engine().events().schedule(Cycle{1} << 60, [](Cycle) {});
  if (observed_) {
    watch_ = std::make_unique<Watch>(*this);
    machine_->engine().set_observer(watch_.get());
  }
  reset_needed_ = true;
  blocks_seen_ = 0;
}

void ThumbHere::write_code(std::uint32_t address, const void* bytes, std::size_t size) {
  std::memcpy(code_ + (address - code_base), bytes, size);
}

void ThumbHere::forget_code() {
  constexpr std::size_t most_blocks = 50'000;  // the engine keeps them for what they counted
  if (machine_->engine().blocks().size() > most_blocks)
    create_again();
  else
    machine_->engine().look_on(watch_.get());  // the engine decodes anew
}

void ThumbHere::create_again() {
  std::vector<std::uint8_t> code(code_, code_ + code_size);
  create();
  std::memcpy(code_, code.data(), code.size());
}

ThumbState ThumbHere::read(std::uint32_t at) const {
  const std::uint32_t* r = machine_->engine().state().r;
  ThumbState s;
  std::copy_n(r, 15, s.r.begin());
  s.r[15] = at;
  std::copy_n(r + thumb::s0, 32, s.s.begin());
  s.apsr = thumb::xpsr(r, 0, false) & 0xf80f0000;
  s.fpscr = r[thumb::fpscr];
  s.control = r[thumb::control] & 15;
  s.primask = r[thumb::primask];
  s.basepri = r[thumb::basepri];
  s.faultmask = r[thumb::faultmask];
  s.other_sp = r[thumb::sp_other];
  return s;
}

End end_of(unsigned exception, std::uint32_t cfsr, std::uint32_t hfsr, std::uint32_t sfsr) {
  if (exception == thumb::svcall) return End::supervisor_call;
  if (exception == thumb::debug_monitor) return End::breakpoint;
  if (exception == thumb_secure_fault || sfsr) return End::security;
  if (cfsr & thumb::cfsr_stkof) return End::stack_limit;
  if (cfsr & thumb::cfsr_undefinstr) return End::undefined;
  if (cfsr & thumb::cfsr_nocp) return End::no_coprocessor;
  if (cfsr & thumb::cfsr_invstate) return End::invalid_state;
  if (cfsr & thumb::cfsr_unaligned) return End::unaligned;
  if (cfsr) return End::memory;
  if (hfsr & thumb::hfsr_debugevt) return End::breakpoint;
  return End::hard_fault;
}

End ThumbHere::fault_kind(unsigned exception) const {
  const auto word = [&](std::uint32_t a) { return machine_->bus().read(a, 4, machine_->engine().now()).value; };
  return end_of(exception, word(cfsr), word(hfsr), features_ & thumb::security ? word(sfsr) : 0);
}

Outcome ThumbHere::run(const ThumbState& in, std::uint32_t end) {
  engine::Engine& engine = machine_->engine();
  std::uint32_t* r = engine.state().r;
  if (reset_needed_) {
    engine.arch().reset(engine.state(), vectors);
    if (fpu_) machine_->bus().write(cpacr, 4, 0xf << 20, engine.now());
    reset_needed_ = (features_ & thumb::security) != 0;  // its banked registers are many
  }
  std::copy_n(in.r.begin(), 15, r);
  std::copy_n(in.s.begin(), 32, r + thumb::s0);
  thumb::set_apsr(r, in.apsr);
  r[thumb::fpscr] = in.fpscr;
  r[thumb::control] = in.control;
  r[thumb::primask] = in.primask;
  r[thumb::basepri] = in.basepri;
  r[thumb::faultmask] = in.faultmask;
  r[thumb::sp_other] = in.other_sp;
  r[thumb::ipsr] = 0;
  steps_.clear();
  engine.set_pc(in.r[15], 0);
  const engine::Stop stop = engine.run(engine.now() + limit);

  Outcome out;
  out.state = read(stop.pc);
  if (stop.kind == engine::StopKind::lockup) {
    out.end = End::lockup;
    out.registers = false;
    create_again();
    return out;
  }
  if (stop.pc == end) {
    out.end = End::finished;
    return out;
  }
  if (stop.pc != handler) return out;
  reset_needed_ = true;
  out.end = fault_kind(r[thumb::ipsr]);
  out.registers = false;
  if (out.end == End::stack_limit) return out;  // there may be no room for a frame
  // The frame holds what entry changed (ARMv7-M B1.5.6).
  ThumbState& s = out.state;
  const std::uint32_t exc_return = s.r[14];
  const bool process = (exc_return & 4) != 0, fp = fpu_ && !(exc_return & 16);
  const std::uint32_t frame = process ? s.other_sp : s.r[13];
  const std::uint32_t words = fp ? 26 : 8;
  if (frame < ram_base || frame > ram_base + ram_size - 4 * words - 4) return out;
  out.registers = true;
  std::uint32_t stacked[8];
  std::memcpy(stacked, ram_ + (frame - ram_base), sizeof stacked);
  std::copy_n(stacked, 4, s.r.begin());
  s.r[12] = stacked[4];
  s.r[14] = stacked[5];
  s.r[15] = stacked[6];
  s.apsr = stacked[7] & 0xf80f0000;
  out.frame = frame;
  out.frame_end = frame + 4 * words;
  const std::uint32_t before = out.frame_end + ((stacked[7] >> 9 & 1) ? 4 : 0);
  if (process) {
    s.other_sp = s.r[13];
    s.control |= 2;
  }
  s.r[13] = before;
  if (fp) s.control |= thumb::control_fpca;
  if ((features_ & thumb::security) && (stacked[7] & thumb::retpsr_sfpa)) s.control |= thumb::control_sfpa;
  return out;
}

std::uint64_t ThumbHere::executed(const std::vector<std::uint32_t>& at) {
  std::uint64_t sum = 0;
  const auto& blocks = machine_->engine().blocks();
  for (; blocks_seen_ < blocks.size(); ++blocks_seen_) {
    const auto& tb = *blocks[blocks_seen_];
    const std::uint64_t runs = tb.runs();
    if (!runs) continue;
    for (const isa::Insn& insn : tb.block->insns)
      if (std::binary_search(at.begin(), at.end(), insn.pc)) sum += runs;
  }
  return sum;
}

}  // namespace mj::differential
