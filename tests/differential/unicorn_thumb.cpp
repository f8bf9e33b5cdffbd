#include "tests/differential/unicorn_thumb.h"

#include <unicorn/unicorn.h>

#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace mj::differential {

namespace {

void must(uc_err err, const char* what) {
  if (err != UC_ERR_OK) throw std::runtime_error(std::string("Unicorn: ") + what + ": " + uc_strerror(err));
}

// QEMU's numbers of M-profile exceptions (EXCP_...).
End exception(std::uint32_t number) {
  switch (number) {
    case 1:
      return End::undefined;
    case 2:
      return End::supervisor_call;
    case 3:
    case 4:
      return End::memory;
    case 7:
      return End::breakpoint;
    case 17:
      return End::no_coprocessor;
    case 18:
      return End::invalid_state;
    case 19:
      return End::stack_limit;
    case 22:
      return End::unaligned;
    default:
      return End::lost;
  }
}

constexpr std::uint32_t apsr_mask = 0xf80f0000;

}  // namespace

struct UnicornThumb::Engine {
  int cpu = 0;
  uc_engine* uc = nullptr;
  uc_context* fresh = nullptr;  ///< after reset, with an FP context open
  std::vector<std::uint8_t> code = std::vector<std::uint8_t>(code_size), ram = std::vector<std::uint8_t>(ram_size);
  std::vector<int> ids, fp_ids;
  std::uint32_t fresh_control = 0;
  std::optional<std::uint32_t> exception;
};

UnicornThumb::UnicornThumb(int cpu) : engine_(std::make_unique<Engine>()) {
  Engine& e = *engine_;
  e.cpu = cpu;
  for (int i = 0; i < 13; ++i) e.ids.push_back(UC_ARM_REG_R0 + i);
  e.ids.insert(e.ids.end(), {UC_ARM_REG_SP, UC_ARM_REG_LR, UC_ARM_REG_PC});
  for (int i = 0; i < 32; ++i) e.fp_ids.push_back(UC_ARM_REG_S0 + i);
  e.fp_ids.push_back(UC_ARM_REG_FPSCR);
  open();
}

UnicornThumb::~UnicornThumb() { close(); }

void UnicornThumb::renew() {
  close();
  open();
}

void UnicornThumb::open() {
  Engine& e = *engine_;
  // With UC_MODE_MCLASS Unicorn 2.0.1 gives a Cortex-M33 whatever model is asked for; without it, the model.
  must(uc_open(UC_ARCH_ARM, UC_MODE_THUMB, &e.uc), "open");
  must(uc_ctl_set_cpu_model(e.uc, e.cpu), "model");
  must(uc_mem_map_ptr(e.uc, code_base, code_size, UC_PROT_ALL, e.code.data()), "map code");
  must(uc_mem_map_ptr(e.uc, ram_base, ram_size, UC_PROT_READ | UC_PROT_WRITE, e.ram.data()), "map ram");
  uc_hook hook;
  const auto on_exception = +[](uc_engine* u, std::uint32_t number, void* user) {
    static_cast<Engine*>(user)->exception = number;
    uc_emu_stop(u);
  };
  must(uc_hook_add(e.uc, &hook, UC_HOOK_INTR, reinterpret_cast<void*>(on_exception), &e, 1, 0), "hook");
  if (e.cpu != UC_CPU_ARM_CORTEX_M0 && e.cpu != UC_CPU_ARM_CORTEX_M3) open_fp_context();
  must(uc_reg_read(e.uc, UC_ARM_REG_CONTROL, &e.fresh_control), "read CONTROL");
  must(uc_context_alloc(e.uc, &e.fresh), "context");
  must(uc_context_save(e.uc, e.fresh), "save");
}

void UnicornThumb::open_fp_context() {
  Engine& e = *engine_;
  const std::uint16_t vmov[] = {0xeeb0, 0x0a40, 0xe7fe};
  std::uint8_t before[sizeof vmov];
  std::memcpy(before, e.code.data(), sizeof before);
  write_code(code_base, vmov, sizeof vmov);
  // Exits that an earlier run set would count instead of the argument.
  std::uint64_t end = code_base + 4;
  must(uc_ctl_exits_enable(e.uc), "exits");
  must(uc_ctl_set_exits(e.uc, &end, 1), "set exits");
  must(uc_emu_start(e.uc, code_base | 1, end, 0, 0), "first FP instruction");
  must(uc_ctl_exits_disable(e.uc), "exits");
  std::memcpy(e.code.data(), before, sizeof before);
  forget_code(code_base, 64);
}

void UnicornThumb::close() {
  uc_context_free(engine_->fresh);
  uc_close(engine_->uc);
}

std::uint8_t* UnicornThumb::ram() { return engine_->ram.data(); }

void UnicornThumb::write_code(std::uint32_t address, const void* bytes, std::size_t size) {
  std::memcpy(&engine_->code[address - code_base], bytes, size);
}

void UnicornThumb::forget_code(std::uint32_t address, std::uint32_t size) {
  const std::uint64_t from = address, to = from + size;
  must(uc_ctl_remove_cache(engine_->uc, from, to), "forget code");
}

void UnicornThumb::set(const ThumbState& state, bool fp) {
  Engine& e = *engine_;
  must(uc_context_restore(e.uc, e.fresh), "restore");
  // Unprivileged code could not set the stack pointers and masks any more: CONTROL comes last.
  const auto put = [&](int id, std::uint32_t v) { must(uc_reg_write(e.uc, id, &v), "write special register"); };
  put(state.control & 2 ? UC_ARM_REG_MSP : UC_ARM_REG_PSP, state.other_sp);
  if (state.primask) put(UC_ARM_REG_PRIMASK, state.primask);
  if (state.basepri) put(UC_ARM_REG_BASEPRI, state.basepri);
  if (state.faultmask) put(UC_ARM_REG_FAULTMASK, state.faultmask);
  if (state.control != e.fresh_control) put(UC_ARM_REG_CONTROL, state.control);
  set_visible(state, fp);
}

void UnicornThumb::set_visible(const ThumbState& state, bool fp) {
  Engine& e = *engine_;
  ThumbState in = state;
  constexpr std::uint32_t fpca = 4;
  std::uint32_t control = 0;
  must(uc_reg_read(e.uc, UC_ARM_REG_CONTROL, &control), "read CONTROL");
  // Unprivileged code can't set FPCA but by using the FPU.
  if (fp && (state.control & 1) && (state.control & ~control & fpca)) open_fp_context();
  void* values[33];
  for (unsigned i = 0; i < 16; ++i) values[i] = &in.r[i];
  must(uc_reg_write_batch(e.uc, e.ids.data(), values, 15), "write registers");
  if (fp) {
    for (unsigned i = 0; i < 32; ++i) values[i] = &in.s[i];
    values[32] = &in.fpscr;
    must(uc_reg_write_batch(e.uc, e.fp_ids.data(), values, 33), "write FP registers");
  }
  std::uint32_t xpsr = state.apsr | 1u << 24;
  must(uc_reg_write(e.uc, UC_ARM_REG_XPSR_NZCVQG, &xpsr), "write xPSR");
  if (!(state.control & 1)) {
    const int other = state.control & 2 ? UC_ARM_REG_MSP : UC_ARM_REG_PSP;
    must(uc_reg_write(e.uc, other, &in.other_sp), "write the other SP");
    if ((control ^ state.control) & 15) must(uc_reg_write(e.uc, UC_ARM_REG_CONTROL, &in.control), "write CONTROL");
  }
}

Outcome UnicornThumb::run(const ThumbState& state, std::uint32_t end, bool fp, std::uint32_t or_end) {
  Engine& e = *engine_;
  void* values[33];
  const auto core = [&](ThumbState& s) {
    for (unsigned i = 0; i < 16; ++i) values[i] = &s.r[i];
  };
  const auto floating = [&](ThumbState& s) {
    for (unsigned i = 0; i < 32; ++i) values[i] = &s.s[i];
    values[32] = &s.fpscr;
  };
  e.exception.reset();
  if (or_end) {
    std::uint64_t exits[] = {end, or_end};
    must(uc_ctl_exits_enable(e.uc), "exits");
    must(uc_ctl_set_exits(e.uc, exits, 2), "set exits");
  }
  const uc_err err = uc_emu_start(e.uc, state.r[15] | 1, end, 0, 0);

  Outcome out;
  out.state = state;
  core(out.state);
  must(uc_reg_read_batch(e.uc, e.ids.data(), values, 16), "read registers");
  if (fp) {
    floating(out.state);
    must(uc_reg_read_batch(e.uc, e.fp_ids.data(), values, 33), "read FP registers");
  }
  std::uint32_t xpsr = 0;
  must(uc_reg_read(e.uc, UC_ARM_REG_XPSR, &xpsr), "read xPSR");
  out.state.apsr = xpsr & apsr_mask;
  const auto get = [&](int id, std::uint32_t& v) { must(uc_reg_read(e.uc, id, &v), "read special register"); };
  get(UC_ARM_REG_CONTROL, out.state.control);
  out.state.control &= 15;
  if (!(out.state.control & 1)) {
    get(UC_ARM_REG_PRIMASK, out.state.primask);
    get(UC_ARM_REG_BASEPRI, out.state.basepri);
    get(UC_ARM_REG_FAULTMASK, out.state.faultmask);
    get(out.state.control & 2 ? UC_ARM_REG_MSP : UC_ARM_REG_PSP, out.state.other_sp);
  }
  if (e.exception)
    out.end = mj::differential::exception(*e.exception);
  else if (err == UC_ERR_OK)
    out.end = out.state.r[15] == end ? End::finished : End::lost;
  else if (err == UC_ERR_INSN_INVALID)
    out.end = End::undefined;
  else if (err == UC_ERR_READ_UNALIGNED || err == UC_ERR_WRITE_UNALIGNED)
    out.end = End::unaligned;
  else if (err == UC_ERR_EXCEPTION)
    out.end = End::lost;
  else
    out.end = End::memory;
  return out;
}

}  // namespace mj::differential
