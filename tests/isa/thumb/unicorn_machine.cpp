#include "tests/isa/thumb/unicorn_machine.h"

#include <unicorn/unicorn.h>

#include <stdexcept>
#include <string>

namespace mj::test {
namespace {

void check(uc_err err, const char* what) {
  if (err != UC_ERR_OK) throw std::runtime_error(std::string(what) + ": " + uc_strerror(err));
}

constexpr std::array<int, 16> reg_ids = {UC_ARM_REG_R0,  UC_ARM_REG_R1,  UC_ARM_REG_R2,  UC_ARM_REG_R3,
                                         UC_ARM_REG_R4,  UC_ARM_REG_R5,  UC_ARM_REG_R6,  UC_ARM_REG_R7,
                                         UC_ARM_REG_R8,  UC_ARM_REG_R9,  UC_ARM_REG_R10, UC_ARM_REG_R11,
                                         UC_ARM_REG_R12, UC_ARM_REG_R13, UC_ARM_REG_R14, UC_ARM_REG_R15};
constexpr std::uint32_t apsr_mask = 0xf80f0000;

}  // namespace

struct UnicornMachine::Engine {
  uc_engine* uc = nullptr;
  bool exception = false;
};

UnicornMachine::UnicornMachine() : engine_(std::make_unique<Engine>()) {
  check(uc_open(UC_ARCH_ARM, static_cast<uc_mode>(UC_MODE_THUMB | UC_MODE_MCLASS), &engine_->uc), "uc_open");
  uc_engine* uc = engine_->uc;
  check(uc_ctl_set_cpu_model(uc, UC_CPU_ARM_CORTEX_M4), "cpu model");
  check(uc_mem_map(uc, ram_base, ram_size, UC_PROT_ALL), "map ram");
  // Somewhere for branches to land; data accesses there fault as they do in PlainContext.
  check(uc_mem_map(uc, ram_base - 0x2000000, 0x2000000, UC_PROT_EXEC), "map below");
  check(uc_mem_map(uc, ram_base + ram_size, 0x2000000, UC_PROT_EXEC), "map above");
  uc_hook hook;
  const auto on_exception = +[](uc_engine* u, std::uint32_t, void* user) {
    static_cast<Engine*>(user)->exception = true;
    uc_emu_stop(u);
  };
  check(uc_hook_add(uc, &hook, UC_HOOK_INTR, reinterpret_cast<void*>(on_exception), engine_.get(), 1, 0), "hook");
}

UnicornMachine::~UnicornMachine() { uc_close(engine_->uc); }

void UnicornMachine::write(std::uint32_t address, const void* bytes, std::size_t size) {
  check(uc_mem_write(engine_->uc, address, bytes, size), "write");
  // Unicorn 2.0.1 keeps code that it translated from the old bytes.
  const std::uint64_t from = address, to = from + size;
  check(uc_ctl_remove_cache(engine_->uc, from, to), "forget code");
}

std::vector<std::uint8_t> UnicornMachine::ram() {
  std::vector<std::uint8_t> bytes(ram_size);
  check(uc_mem_read(engine_->uc, ram_base, bytes.data(), bytes.size()), "read");
  return bytes;
}

std::optional<CoreState> UnicornMachine::run(const CoreState& state, std::uint32_t until) {
  uc_engine* uc = engine_->uc;
  for (unsigned i = 0; i < 15; ++i) check(uc_reg_write(uc, reg_ids[i], &state.r[i]), "write register");
  const std::uint32_t xpsr = (state.apsr & apsr_mask) | 1u << 24;
  check(uc_reg_write(uc, UC_ARM_REG_XPSR_NZCVQG, &xpsr), "write xPSR");
  engine_->exception = false;
  const uc_err err = uc_emu_start(uc, state.r[15] | 1, until ? until : 0xfffffffe, 0, until ? 0 : 1);
  if (err != UC_ERR_OK || engine_->exception) return std::nullopt;
  CoreState out;
  for (unsigned i = 0; i < 16; ++i) check(uc_reg_read(uc, reg_ids[i], &out.r[i]), "read register");
  check(uc_reg_read(uc, UC_ARM_REG_XPSR, &out.apsr), "read xPSR");
  out.apsr &= apsr_mask;
  return out;
}

}  // namespace mj::test
