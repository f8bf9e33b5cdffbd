// A small run by hand, whose cycles add up: 1,000,000 = 900,000 of two inferences + 100,000 outside.
#pragma once

#include "sim/profile/run_result.h"

namespace mj::test {

inline profile::Reasons reasons(Cycle issue, Cycle load_use, Cycle fetch_wait) {
  profile::Reasons r{};
  r[static_cast<std::size_t>(timing::Reason::issue)] = issue;
  r[static_cast<std::size_t>(timing::Reason::load_use)] = load_use;
  r[static_cast<std::size_t>(timing::Reason::fetch_wait)] = fetch_wait;
  return r;
}

inline profile::RunResult sample() {
  profile::RunResult r;
  auto& p = r.provenance;
  p.tool_version = "0.1.0";
  p.timing_model_version = "1";
  p.firmware = "kws.elf";
  p.firmware_bytes = 51'200;
  p.firmware_crc32 = "3f2a9c01";
  p.compiler = "GCC: 12.2.0";
  p.isa = "armv7e-m";
  p.board = "nucleo-l4r5zi";
  p.board_title = "NUCLEO-L4R5ZI";
  p.board_proposed = true;
  p.core = "cortex-m4";
  p.core_title = "Arm Cortex-M4";

  auto& t = r.totals;
  t.cycles = 1'000'000;
  t.instructions = 800'000;
  t.condition_failed = 1'234;
  t.time_s = 0.01;
  t.clocks = {{4'000'000, 4'000}, {120'000'000, 996'000}};
  t.exception_cycles = 240;
  t.idle_cycles = 50'000;
  t.interrupts = 3;
  t.reasons = reasons(800'000, 50'000, 150'000);
  t.cycles_estimate = {1e6, 0.97e6, 1.03e6, "documented: the vendor's cycle table"};

  r.stop = {"exited", 0, ExitCode::ok, 0x08000123, "main+0x12 (main.c:34)", "the firmware ended with status 0"};

  profile::Layer conv;
  conv.index = 0;
  conv.op = "CONV_2D";
  conv.name = "model/conv/Relu;model/conv/Conv2D";
  conv.function = "layer_0";
  conv.input_shapes = {{1, 49, 10, 1}};
  conv.weight_shapes = {{64, 10, 4, 1}};
  conv.output_shapes = {{1, 25, 5, 64}};
  conv.macs = 320'000;
  conv.parameter_bytes = 2'816;
  conv.arena_bytes = 8'490;
  conv.invocations = 2;
  conv.cycles = 832'000;
  conv.first_cycles = 417'000;
  conv.min_cycles = 415'000;
  conv.max_cycles = 417'000;
  conv.instructions = 700'000;
  conv.time_s = 0.0069333;
  conv.reasons = reasons(700'000, 40'000, 92'000);
  profile::Layer softmax;
  softmax.index = 1;
  softmax.op = "SOFTMAX";
  softmax.name = "Identity";
  softmax.function = "layer_1";
  softmax.input_shapes = softmax.output_shapes = {{1, 12}};
  softmax.invocations = 2;
  softmax.cycles = 60'000;
  softmax.first_cycles = softmax.min_cycles = softmax.max_cycles = 30'000;
  softmax.instructions = 50'000;
  softmax.time_s = 0.0005;
  softmax.reasons = reasons(50'000, 5'000, 5'000);
  r.layers = {conv, softmax};
  r.networks = {{"kws", "mjrt", "layer table in the image", 2, 320'000, 900'000, 0.0076, 8'000}};

  const auto function = [&](const char* name, Address a, bool inlined, Cycle self, Cycle inclusive,
                            std::uint64_t calls) {
    profile::Function f;
    f.name = name;
    f.file = "kernels.c";
    f.address = a;
    f.size = a ? 64 : 0;
    f.inlined = inlined;
    f.self_cycles = self;
    f.inclusive_cycles = inclusive;
    f.self_instructions = self / 2;
    f.calls = calls;
    f.reasons = reasons(self, 0, 0);
    r.functions.push_back(f);
  };
  function("dot_product", 0, true, 700'000, 700'000, 0);
  function("conv2d", 0x08000200, false, 132'000, 832'000, 2);
  function("main", 0x08000100, false, 108'000, 1'000'000, 1);
  function("softmax", 0x08000300, false, 60'000, 60'000, 2);

  r.call_tree = {{0, "Reset_Handler", 0, 1'000'000, 1},
                 {0, "main", 108'000, 1'000'000, 1},
                 {1, "conv2d", 832'000, 832'000, 2},
                 {1, "softmax", 60'000, 60'000, 2}};
  r.lines = {{"kernels.c", 12, 892'000, 700'000}, {"main.c", 34, 108'000, 100'000}};

  auto& m = r.memory;
  m.flash_used = 36'536;
  m.flash_size = 2'097'152;
  m.ram_static = 20'480;
  m.ram_size = 655'360;
  m.regions = {{"flash", "flash", 0x08000000, 2'097'152, 36'536, {{".text", 36'532}}},
               {"SRAM1", "ram", 0x20000000, 655'360, 20'480, {{".bss", 20'480}}}};
  m.stack = {0x200a0000, 0x2009fe00, 512, {"main", "conv2d"}};
  m.largest_symbols = {{"arena", 15'498}};
  r.diagnostics = {{"stub", "RCC+0x94", "a register that only remembers what was written", 3}};
  r.console = "hello\nscore 12\n";
  return r;
}

inline profile::RunResult faulted() {
  profile::RunResult r = sample();
  r.fault = profile::Fault{"BusFault",
                           0x08000210,
                           "conv2d+0x10 (kernels.c:12)",
                           "store of 4 bytes at 0x08001000 (flash: it can't be written)",
                           {"CFSR.PRECISERR: precise data access", "BFAR = 0x08001000"},
                           {"conv2d+0x10 (kernels.c:12)", "main"},
                           {"r0 = 0x00000000", "r1 = 0x08001000"},
                           "is the destination a constant?",
                           417'000};
  r.stop = {"fault",
            0,
            ExitCode::firmware_fault,
            0x08000210,
            "conv2d+0x10 (kernels.c:12)",
            "BusFault at conv2d+0x10 (kernels.c:12)"};
  return r;
}

}  // namespace mj::test
