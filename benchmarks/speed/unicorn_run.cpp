// Runs a speed workload (Cortex-M4 image) in Unicorn without any hook but the one for its semihosting calls: the peer
// that many build a simulator on.
#include <unicorn/unicorn.h>

#include <cstdio>
#include <cstring>
#include <vector>

#include "memory/elf_image.h"

namespace {

constexpr std::uint32_t flash_base = 0, ram_base = 0x20000000, memory_size = 4u << 20;
constexpr std::uint32_t sys_writec = 3, sys_exit = 0x18;

void on_interrupt(uc_engine* uc, std::uint32_t, void*) {
  std::uint32_t op = 0, argument = 0, pc = 0;
  uc_reg_read(uc, UC_ARM_REG_R0, &op);
  uc_reg_read(uc, UC_ARM_REG_R1, &argument);
  uc_reg_read(uc, UC_ARM_REG_PC, &pc);
  if (op == sys_exit) {
    uc_emu_stop(uc);
    return;
  }
  char c = 0;
  if (op == sys_writec && uc_mem_read(uc, argument, &c, 1) == UC_ERR_OK) std::putchar(c);
  pc = (pc + 2) | 1;
  uc_reg_write(uc, UC_ARM_REG_PC, &pc);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  auto image = mj::memory::ElfImage::load(argv[1]);
  if (!image) {
    std::fprintf(stderr, "%s\n", image.error().text().c_str());
    return static_cast<int>(image.error().code);
  }
  uc_engine* uc = nullptr;
  if (uc_open(UC_ARCH_ARM, static_cast<uc_mode>(UC_MODE_THUMB | UC_MODE_MCLASS), &uc) != UC_ERR_OK) return 70;
  uc_ctl_set_cpu_model(uc, UC_CPU_ARM_CORTEX_M4);
  uc_mem_map(uc, flash_base, memory_size, UC_PROT_ALL);
  uc_mem_map(uc, ram_base, memory_size, UC_PROT_ALL);
  for (const auto& s : image->segments())
    if (!s.bytes.empty()) uc_mem_write(uc, s.paddr, s.bytes.data(), s.bytes.size());
  std::uint32_t vectors[2] = {};
  uc_mem_read(uc, flash_base, vectors, sizeof vectors);
  uc_reg_write(uc, UC_ARM_REG_SP, &vectors[0]);
  uc_hook hook;
  uc_hook_add(uc, &hook, UC_HOOK_INTR, reinterpret_cast<void*>(on_interrupt), nullptr, 1, 0);
  const uc_err error = uc_emu_start(uc, vectors[1] | 1, 0, 0, 0);
  uc_close(uc);
  return error == UC_ERR_OK ? 0 : 1;
}
