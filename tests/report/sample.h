// A small run by hand, whose cycles add up: 1,000,000 = 900,000 of two inferences + 100,000 outside; and its energy:
// 300.000000099 µJ = 280.000000049 µJ of the inferences + 20.00000005 µJ outside.
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

/// Femtojoules by part, and an interval of -15 % to +20 %.
inline profile::Energy energy(std::uint64_t core, std::uint64_t flash, std::uint64_t ram, std::uint64_t static_part,
                              std::uint64_t sleep = 0) {
  profile::Energy e;
  e.split = {core, flash, ram, static_part, sleep};
  e.value_j = static_cast<double>(e.split.total()) * 1e-15;
  e.low_j = e.value_j * 0.85;
  e.high_j = e.value_j * 1.2;
  e.tier = "datasheet";
  return e;
}

/// All at 120 MHz, the second operating point; a tenth of the cycles stalls.
inline energy::Activities activity(Cycle cycles) {
  return {{}, {cycles - cycles / 10, cycles / 10, 0, cycles / 2, 7, 9}};
}

inline void add_energy(profile::RunResult& r) {
  constexpr std::uint64_t uj = 1'000'000'000;
  r.operating_points = {{4'000'000, 0}, {120'000'000, 5}};
  auto& m = r.energy_model;
  m.table = "nucleo-l4r5zi";
  m.scope = "supply of the microcontroller, without the board's LEDs and debugger";
  m.supply = "ldo";
  m.supply_title = "internal LDO";
  m.regulator = "ldo";
  m.volts = 3;
  m.tier = "datasheet";
  m.source = "supply current's typical and maximum values";
  m.average_power_w = 0.03;
  m.average_power_low_w = 0.0255;
  m.average_power_high_w = 0.036;
  m.remarks = {"4 MHz is outside of the table's clocks: extrapolated"};
  r.layers[0].energy = energy(180 * uj + 11, 40 * uj + 7, 10 * uj, 20 * uj + 1);
  r.layers[1].energy = energy(20 * uj + 13, 5 * uj, 1 * uj + 17, 2 * uj);
  r.networks[0].between_energy = energy(1 * uj, 500'000'000, 200'000'000, 300'000'000);
  r.networks[0].energy = energy(201 * uj + 24, 45 * uj + 500'000'007, 11 * uj + 200'000'017, 22 * uj + 300'000'001);
  r.totals.energy = energy(211 * uj + 24, 47 * uj + 500'000'007, 12 * uj + 200'000'017, 27 * uj + 300'000'051, 2 * uj);
  r.functions[0].energy = energy(150 * uj + 11, 30 * uj, 8 * uj, 12 * uj + 1);
  r.functions[1].energy = energy(30 * uj, 10 * uj + 7, 2 * uj, 8 * uj);
  r.functions[2].energy = energy(11 * uj, 2 * uj + 500'000'000, 1 * uj + 200'000'000, 5 * uj + 300'000'050, 2 * uj);
  r.functions[3].energy = energy(20 * uj + 13, 5 * uj, 1 * uj + 17, 2 * uj);
  r.totals.activity = {{4'000, 0, 0, 2'000, 3, 5}, {850'000, 96'000, 50'000, 498'000, 700, 900}};
  for (profile::Layer& l : r.layers) l.activity = activity(l.cycles);
  for (profile::Network& n : r.networks) n.activity = activity(n.cycles);
  for (profile::Function& f : r.functions) f.activity = activity(f.self_cycles);
  r.phases[0].energy = energy(1 * uj, 500'000'000, 250'000'000, 250'000'000);
  r.phases[1].energy = energy(3 * uj, 500'000'000, 250'000'000, 1 * uj + 50);
  r.phases[2].energy = energy(5 * uj, 500'000'000, 250'000'000, 2 * uj);
  r.phases[3].energy = energy(1 * uj, 500'000'000, 250'000'000, 1 * uj + 750'000'000, 2 * uj);
  for (profile::Phase& p : r.phases) p.activity = activity(p.cycles);
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
  p.peak_macs = profile::PeakMacs{2, "SMLAD", "documented", "the core's manual"};

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

  r.stop = {"exited", 0, ExitCode::ok, 0x08000123, "main+0x12 (main.c:34)", "the firmware ended with status 0", {}, ""};

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
  conv.weight_bytes = 2'560;
  conv.kernel = "dot_product";
  conv.arena_bytes = 8'490;
  conv.invocations = 2;
  conv.cycles = 832'000;
  conv.first_cycles = 417'000;
  conv.warm_cycles = conv.median_cycles = conv.min_cycles = 415'000;
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
  softmax.warm_cycles = softmax.median_cycles = 30'000;
  softmax.instructions = 50'000;
  softmax.time_s = 0.0005;
  softmax.reasons = reasons(50'000, 5'000, 5'000);
  r.layers = {conv, softmax};
  profile::Network kws;
  kws.name = "kws";
  kws.runtime = "mjrt";
  kws.recognised_by = "layer table in the image";
  kws.confidence = 100;
  kws.parameter_bytes = 2'816;
  kws.arena = {0x20000100, 16'384, 15'498};
  kws.inference_cycles = {452'000, 448'000, 448'000, 448'000, 452'000};
  kws.instructions = 757'000;
  kws.between_instructions = 7'000;
  kws.inferences = 2;
  kws.macs = 320'000;
  kws.cycles = 900'000;
  kws.time_s = 0.0076;
  kws.between_cycles = 8'000;
  r.networks = {kws};

  const auto phase = [&](const char* kind, int layer, Cycle cycles, double time) {
    profile::Phase row;
    row.kind = kind;
    row.network = layer >= 0 ? 0 : -1;
    row.layer = layer;
    row.count = 1;
    row.cycles = cycles;
    row.instructions = cycles / 2;
    row.time_s = time;
    row.reasons = reasons(cycles, 0, 0);
    r.phases.push_back(row);
  };
  phase("startup", -1, 10'000, 0.0011);
  phase("prepare", 0, 20'000, 0.0002);
  phase("before", -1, 10'000, 0.0001);
  phase("after", -1, 60'000, 0.001);

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
                 {1, "conv2d", 832'000, 832'000, 2, 0},
                 {1, "softmax", 60'000, 60'000, 2, 1}};
  r.lines = {{"kernels.c", 12, "dot_product", 892'000, 700'000}, {"main.c", 34, "main", 108'000, 100'000}};

  auto& time = r.timeline;
  time.names = {"Reset_Handler", "main", "conv2d", "softmax"};
  time.spans = {{0, 0, 0, 1'000'000},     {1, 1, 500, 1'000'000},   {2, 2, 50'000, 467'000},
                {3, 2, 470'000, 500'000}, {2, 2, 520'000, 935'000}, {3, 2, 939'000, 969'000}};
  time.shortest = 100;
  time.left_out = 1'212;
  time.layers = {{0, 50'000, 467'000}, {1, 470'000, 500'000}, {0, 520'000, 935'000}, {1, 939'000, 969'000}};

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
  add_energy(r);
  return r;
}

/// The sample with what earlier versions did not count: bytes moved, heaps, threads, and a user's figure.
inline profile::RunResult with_memory() {
  profile::RunResult r = sample();
  r.layers[0].bytes_moved = {{"flash", 300'000, 0, 2'800'000}, {"SRAM1", 900'000, 60'000, 0}};
  r.layers[1].bytes_moved = {{"flash", 1'000, 0, 200'000}, {"SRAM1", 2'000, 500, 0}};
  r.networks[0].between_bytes_moved = {{"flash", 0, 0, 28'000}, {"SRAM1", 100, 50, 0}};
  r.phases[2].bytes_moved = {{"devices", 4, 8, 0}, {"flash", 5'000, 0, 40'000}, {"SRAM1", 0, 20'480, 0}};
  r.totals.bytes_moved = {{"devices", 4, 8, 0}, {"flash", 306'000, 0, 3'068'000}, {"SRAM1", 902'100, 81'030, 0}};
  r.memory.heaps = {{"malloc", 3'000, 4'096, 8'192, 200, 12, 1, false, {"main", "malloc"}},
                    {"pvPortMalloc", 1'024, 2'048, 4'096, 0, 3, 0, true, {}}};
  r.memory.threads = {{"idle", 0x20004400, 0x20004380, 128, 1'024, 0, {"idle_task"}},
                      {"net", 0x20004800, 0x200045c0, 576, 512, 64, {"net_task", "parse"}}};
  r.user_figures = {{"Ethos-U55", "Vela", 0, 2, 120'000, 45.5e-6}, {"start", "", -1, 0, 10, 0}};
  return r;
}

/// The sample on a board without an energy table.
inline profile::RunResult unpriced() {
  profile::RunResult r = sample();
  r.energy_model = {};
  r.energy_model.remarks = {"nobody published this core's current"};
  r.totals.energy.reset();
  for (profile::Phase& p : r.phases) p.energy.reset();
  for (profile::Layer& l : r.layers) l.energy.reset();
  for (profile::Function& f : r.functions) f.energy.reset();
  for (profile::Network& n : r.networks) {
    n.energy.reset();
    n.between_energy.reset();
  }
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
            "BusFault at conv2d+0x10 (kernels.c:12)",
            {},
            ""};
  return r;
}

}  // namespace mj::test
