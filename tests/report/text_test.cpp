#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <sstream>

#include "tests/report/sample.h"
#include "tools/report/format.h"
#include "tools/report/report.h"

namespace mj::report {
namespace {

using testing::HasSubstr;
using testing::Not;

/// From a section's title to the next one.
std::string section(const std::string& report, const std::string& name) {
  const auto begin = report.find("\n" + name);
  if (begin == std::string::npos) return "";
  return report.substr(begin + 1, report.find("\n\n", begin) - begin);
}

TEST(Text, TheFirstScreen) {
  Options options;
  options.saved = "kws.mj.json";
  EXPECT_EQ(text(test::sample(), options), R"(microjoule 0.1.0   kws.elf, 50 KiB, CRC-32 3f2a9c01
  board     NUCLEO-L4R5ZI (nucleo-l4r5zi), proposed from the image: --board takes another
  core      Arm Cortex-M4 (cortex-m4), firmware for armv7e-m, mostly 120 MHz
  runtime   mjrt: layer table in the image
  model     kws: 2 layers, 320,000 MACs per inference, 2 inferences ran
  compiler  GCC: 12.2.0

totals
  cycles              1,000,000  970,000 to 1,030,000
  instructions          800,000  1,234 of them skipped by a condition
  cycles/instruction      1.250
  simulated time       10.00 ms  4 MHz for 4,000 cycles, then 120 MHz
  latency              3.800 ms  3.686 ms to 3.914 ms; kws, per inference: 450,000 cycles
  energy               300.0 µJ  255.0 µJ to 360.0 µJ; datasheet, internal LDO at 3 V
  energy/inference     140.0 µJ  119.0 µJ to 168.0 µJ; datasheet, kws
  average power        30.00 mW  25.50 mW to 36.00 mW
  asleep                  5.0 %  50,000 cycles, 0.7 % of the energy
  exceptions                  3  240 cycles to enter and leave them
  flash                35.7 KiB  of 2 MiB, 1.7 %
  RAM, static            20 KiB  of 640 KiB, 3.1 %
  arena                  16 KiB  15.1 KiB used, 886 B free
  stack, peak             512 B  main > conv2d
  RAM, peak            20.5 KiB  of 640 KiB, 3.2 %; static + stack

layers   sums of all 2 inferences, MACs of one; µJ: total -15.0 % to +20.0 %, datasheet
  # op      name            in→out             MACs    cycles cyc/MAC     ms    µJ  share
  0 CONV_2D model/conv/Relu 49x10x1→25x5x64 320,000   832,000    1.30  6.933 250.0 83.2 % ██████████
  1 SOFTMAX Identity        12→12                 -    60,000       -  0.500  28.0  6.0 % ▊
    between layers                                      8,000          0.167   2.0  0.8 % ▏
    start-up, before main                              10,000          1.100   2.0  1.0 % ▏
    prepare of 1 operator                              20,000          0.200   4.8  2.0 % ▎
    before inferences                                  10,000          0.100   7.8  1.0 % ▏
    after inferences                                   60,000          1.000   5.5  6.0 % ▊
    total                                           1,000,000         10.000 300.0  100 %

in each layer   kernel: the function with most of its cycles; cycles of the first and of a typical
                later run; live: bytes of the arena in use; MAC/cycle: and its share of the core's
                peak of 2, which is its multiplying and adding (SMLAD) alone
  #  kernel         first     warm    MAC/cycle  weights     live  bound by
  0  dot_product  417,000  415,000  0.769  38 %  2.5 KiB  8.3 KiB  compute: issue, 84.1 %
  1  layer_1       30,000   30,000            -        -        -  compute: issue, 83.3 %

functions   by self cycles, callees not included; µJ: total -15.0 % to +20.0 %, datasheet
  self cycles   share  self µJ  inclusive   share  calls  function
      700,000  70.0 %    200.0    700,000  70.0 %      -  dot_product (inlined)
      132,000  13.2 %     50.0    832,000  83.2 %      2  conv2d
      108,000  10.8 %     22.0  1,000,000   100 %      1  main
       60,000   6.0 %     28.0     60,000   6.0 %      2  softmax

functions   by inclusive cycles, callees included; µJ: total -15.0 % to +20.0 %, datasheet
  self cycles   share  self µJ  inclusive   share  calls  function
      108,000  10.8 %     22.0  1,000,000   100 %      1  main
      132,000  13.2 %     50.0    832,000  83.2 %      2  conv2d

why   where the cycles went
  reason              cycles   share
  issue              800,000  80.0 %  ████████████████
  fetch wait states  150,000  15.0 %  ███
  load-use            50,000   5.0 %  █

energy   where it went; total -15.0 % to +20.0 %, datasheet
  part      energy   share
  core    211.0 µJ  70.3 %  ████████████████
  flash   47.50 µJ  15.8 %  ███▋
  SRAM    12.20 µJ   4.1 %  ▉
  static  27.30 µJ   9.1 %  ██▏
  sleep   2.000 µJ   0.7 %  ▏
  total   300.0 µJ   100 %

verdict
  ended       the firmware ended with status 0, at main+0x12 (main.c:34); exit code 0
  confidence  cycles -3.0 % to +3.0 %: documented: the vendor's cycle table
              energy -15.0 % to +20.0 %, datasheet: supply current's typical and maximum values
  energy      supply of the microcontroller, without the board's LEDs and debugger; internal LDO at
              3 V, table nucleo-l4r5zi
              4 MHz is outside of the table's clocks: extrapolated
  stub        RCC+0x94: a register that only remembers what was written (3 times)
  saved       kws.mj.json
)");
}

TEST(Text, BytesMovedByLayerAndRegion) {
  EXPECT_EQ(section(text(test::with_memory(), {}), "bytes moved"),
            R"(bytes moved   moved by instructions, themselves included
  #                        flash read  SRAM1 read  SRAM1 written   flash code
  0  CONV_2D                293.0 KiB   878.9 KiB       58.6 KiB  2,734.4 KiB
  1  SOFTMAX                   1000 B     2.0 KiB          500 B    195.3 KiB
     between layers                 -       100 B           50 B     27.3 KiB
     outside of inference     4.9 KiB           -         20 KiB     39.1 KiB
     total                  298.8 KiB   881.0 KiB       79.1 KiB  2,996.1 KiB
)");
  EXPECT_EQ(section(text(test::sample(), {}), "bytes moved"), "") << "a result of a version that did not count them";
}

TEST(Text, RegionsThatNoCountTellsApartAreNamedInTheRemark) {
  auto r = test::with_memory();
  r.totals.bytes_moved[2].region = r.layers[0].bytes_moved[1].region = "SRAM1, SRAM2";
  EXPECT_THAT(section(text(r, {}), "bytes moved"),
              HasSubstr("memory: SRAM1, SRAM2, which run --traffic\n              tells apart"));
  EXPECT_THAT(section(text(r, {}), "bytes moved"), HasSubstr("memory read"));
}

TEST(Text, HeapsAndThreadsStandBesideTheStack) {
  const std::string totals = section(text(test::with_memory(), {}), "totals");
  EXPECT_THAT(totals, HasSubstr("heap, peak            2.9 KiB  of 8 KiB, 36.6 %; 4 KiB taken by "));
  EXPECT_THAT(totals, HasSubstr("heap, peak              1 KiB  of 4 KiB, 25.0 %; 2 KiB taken by pvPortMalloc"));
  EXPECT_THAT(totals, HasSubstr("stack, idle             128 B  of 1 KiB, 12.5 %; idle_task"));
  EXPECT_THAT(totals, HasSubstr("stack, net              576 B  of 512 B, 112.5 %; 64 B too small; net_task > parse"));
  // 20 KiB static, 4 KiB that malloc took, 512 B of stack; the other heap and the threads' stacks are static already.
  EXPECT_THAT(totals, HasSubstr("RAM, peak            24.5 KiB  of 640 KiB, 3.8 %; static + heap + stack"));
}

TEST(Text, AHeapOfWhichNothingIsKnownIsNotZero) {
  auto r = test::sample();
  r.memory.heap_unknown = "the image has no symbols";
  EXPECT_THAT(section(text(r, {}), "totals"), HasSubstr("heap, peak            unknown  the image has no symbols"));
}

TEST(Text, AUsersFiguresStandBesideTheRun) {
  const std::string figures = section(text(test::with_memory(), {}), "user's figures");
  EXPECT_THAT(figures, HasSubstr("confidence: user"));
  EXPECT_THAT(figures,
              HasSubstr("Ethos-U55         0      2      120,000    240,000   2.000  91.00 µJ  the user: Vela"));
  EXPECT_THAT(figures, HasSubstr("1,240,000"));
  EXPECT_THAT(text(test::with_memory(), {}), HasSubstr("cycles              1,000,000")) << "not part of the run's";
}

TEST(Text, TellsWhatRestsOnInferredNumbers) {
  auto r = test::sample();
  const auto wait = static_cast<std::size_t>(timing::Reason::fetch_wait);
  r.totals.unsure[wait] = 30'000;
  r.layers[0].unsure[wait] = 17'000;
  r.functions[0].unsure[wait] = 7'000;
  r.unsure_rows = {{"memory", "estimated", "front ends", 30'000}};
  const std::string report = text(r, {});
  EXPECT_THAT(report, HasSubstr("in all 3.0 %"));
  EXPECT_THAT(section(report, "why"), HasSubstr("fetch wait states  150,000  15.0 %    20.0 %"));
  EXPECT_THAT(report, HasSubstr("3.0 % of the cycles rest on inferred or estimated numbers: memory 3.0 %"));
  EXPECT_THAT(section(report, "functions"), HasSubstr("1.0 %  dot_product"));
}

TEST(Text, AFaultIsToldInWords) {
  const std::string report = text(test::faulted(), {});
  EXPECT_EQ(section(report, "fault"), R"(fault
  BusFault   store of 4 bytes at 0x08001000 (flash: it can't be written)
  at         0x08000210 conv2d+0x10 (kernels.c:12), cycle 417,000
  status     CFSR.PRECISERR: precise data access
             BFAR = 0x08001000
  #0         conv2d+0x10 (kernels.c:12)
  #1         main
  registers  r0 = 0x00000000, r1 = 0x08001000
  likely     is the destination a constant?
)");
  EXPECT_THAT(report, HasSubstr("  ended       BusFault at conv2d+0x10 (kernels.c:12); exit code 4\n"));
}

TEST(Text, WithoutANetworkOneSentenceSaysSo) {
  auto r = test::sample();
  r.networks.clear();
  r.layers.clear();
  EXPECT_EQ(section(text(r, {}), "layers"),
            "layers   no network was recognised in this firmware, so its cycles are split by function only;\n"
            "         --layers FILE says which functions are layers\n");
}

TEST(Text, ARuntimeOfWhichNothingRanIsNamed) {
  auto r = test::sample();
  r.networks.clear();
  r.layers.clear();
  r.silent_runtimes = {{"TensorFlow Lite Micro", 95, {"a model at 0x00018e00"}}, {"CMSIS-NN", 60, {}}};
  const std::string report = text(r, {});
  EXPECT_THAT(report, HasSubstr("TensorFlow Lite Micro (95 % sure), but no layer of it was seen to run: a model at\n"));
  EXPECT_THAT(report, HasSubstr("CMSIS-NN (60 % sure), but no layer of it was seen to run\n"));
  EXPECT_THAT(report, Not(HasSubstr("no network was")));
  EXPECT_THAT(section(report, "layers"), HasSubstr("though TensorFlow Lite Micro is\n"));
}

TEST(Text, ANetworkThatNeverRanIsNoTableOfZeros) {
  auto r = test::sample();
  r.networks[0].inferences = r.networks[0].cycles = r.networks[0].between_cycles = 0;
  EXPECT_EQ(section(text(r, {}), "layers"), "layers   the firmware holds a network, but no inference ran to its end\n");
}

TEST(Text, FunctionsBeyondTheRowsAreOneRow) {
  Options options;
  options.rows = 2;
  EXPECT_EQ(section(text(test::sample(), options), "functions   by self"),
            R"(functions   by self cycles, callees not included; µJ: total -15.0 % to +20.0 %, datasheet
  self cycles   share  self µJ  inclusive   share  calls  function
      700,000  70.0 %    200.0    700,000  70.0 %      -  dot_product (inlined)
      132,000  13.2 %     50.0    832,000  83.2 %      2  conv2d
      168,000  16.8 %     50.0                            2 more functions
)");
}

TEST(Text, ABoardWithoutAnEnergyTableSaysSoAndHasNoJoules) {
  const std::string report = text(test::unpriced(), {});
  EXPECT_THAT(report, HasSubstr("  energy                unknown  nobody published this core's current\n"));
  EXPECT_THAT(report, HasSubstr("\n  energy      unknown: nobody published this core's current\n"));
  EXPECT_THAT(section(report, "layers"), HasSubstr("layers   sums of all 2 inferences, MACs of one; energy unknown\n"
                                                   "  # op      name            in→out             MACs    cycles "
                                                   "cyc/MAC     ms  share\n"));
  EXPECT_THAT(report, Not(HasSubstr("µJ")));
  EXPECT_THAT(report, Not(HasSubstr("power")));
}

TEST(Text, NetworksThatRanNotEquallyOftenHaveNoSumOfAllInferences) {
  auto r = test::sample();
  r.networks.push_back(r.networks[0]);
  r.networks[1].inferences = 5;
  EXPECT_THAT(section(text(r, {}), "layers"),
              HasSubstr("layers   sums of all inferences of each network, 2 to 5; MACs of one; "));
}

TEST(Text, WhatIfsAreTheFirstThingToRead) {
  auto r = test::sample();
  r.provenance.held_clock_hz = 80'000'000;
  r.provenance.held_wait_states = "4";
  EXPECT_THAT(text(r, {}), HasSubstr("3f2a9c01\n"
                                     "  what-if   core clock held at 80 MHz, whatever the firmware programs\n"
                                     "            flash wait states held at 4, whatever the firmware programs\n"
                                     "  board "));
  r.provenance.held_wait_states = "auto";
  EXPECT_THAT(text(r, {}), HasSubstr("flash wait states held at the least that this clock allows\n"));
}

TEST(Text, WhatWasNotComparedIsSaidOnceForAllItsLayers) {
  profile::RunResult r = test::sample();
  profile::LayerComparison conv, softmax;
  conv.layer = 0;
  softmax.layer = 1;
  conv.outcome = softmax.outcome = "not_compared";
  // A remark for each of an addition's tensors.
  conv.remarks = {"the name of add doesn't tell the type of its elements",
                  "the name of add doesn't tell the type of its elements"};
  softmax.remarks = {"the name of add doesn't tell the type of its elements"};
  r.compare = profile::Comparison{"before", "tensors", 1, 0, 0, 2, -1, "", {conv, softmax}};
  EXPECT_EQ(section(text(r, {}), "compare"),
            "compare   inference 1 against before: 0 of 2 layers equal, 2 not compared\n"
            "  not compared  layers 0, 1: the name of add doesn't tell the type of its elements\n");
}

TEST(Text, ABatterysLife) {
  BatteryLife b;
  b.battery.name = "cr2032";
  b.battery.title = "CR2032 coin cell";
  b.battery.capacity_mah = {220, 200, 230, "data sheets of three makers", "documented"};
  b.battery.volts = 3;
  b.battery.end_volts = 2;
  b.duty.period_s = 10;
  b.duty.active_s = 0.1;
  b.duty.active_j = {0.002, 0.0018, 0.0024};
  b.duty.volts = 3;
  b.duty.sleep_ma = {0.0028, 0.0028, 0.01, "the chip's data sheet", "documented"};
  b.duty.sleep_name = "stop2";
  b.life.average_ma = {0.0695, 0.06, 0.09};
  b.life.days = {131.9, 92.6, 159.7};
  b.life.peak_ma = 6.7;
  b.life.shares = {{"inference", 95.9}, {"sleep (stop2)", 3.7}, {"self-discharge", 0.4}};
  b.life.warnings = {"6.7 mA is above the cell's pulse limit of 6 mA"};
  Options options;
  options.battery = b;
  EXPECT_EQ(section(text(test::sample(), options), "battery"), R"(battery
  battery     CR2032 coin cell (cr2032): 220 mAh, 3 V down to 2 V
  use         every 10.00 s awake for 100.0 ms and 2.000 mJ (1.800 mJ to 2.400 mJ), else stop2 with
              2.800 µA (2.800 µA to 10.00 µA); supply 3 V
  life        132 days, 92.6 to 160 days
  average     69.50 µA, 60.00 µA to 90.00 µA drawn from the battery
  awake       6.700 mA on average
  shares      inference 95.9 %, sleep (stop2) 3.7 %, self-discharge 0.4 %
  confidence  capacity documented: data sheets of three makers
              sleep current documented: the chip's data sheet
  warning     6.7 mA is above the cell's pulse limit of 6 mA
)");
}

TEST(Text, ANarrowTerminalDropsColumnsBeforeNamesBecomeUnreadable) {
  auto r = test::sample();
  r.layers[0].op = "DEPTHWISE_CONV_2D";
  Options options;
  options.width = 80;
  EXPECT_EQ(section(text(r, options), "layers"),
            R"(layers   sums of all 2 inferences, MACs of one; µJ: total -15.0 % to +20.0 %,
         datasheet
  # op             name           in→out             cycles     ms    µJ  share
  0 DEPTHWI…ONV_2D …del/conv/Relu 49x10x1→25x5x64   832,000  6.933 250.0 83.2 %
  1 SOFTMAX        Identity       12→12              60,000  0.500  28.0  6.0 %
    between layers                                    8,000  0.167   2.0  0.8 %
    start-up, before main                            10,000  1.100   2.0  1.0 %
    prepare of 1 operator                            20,000  0.200   4.8  2.0 %
    before inferences                                10,000  0.100   7.8  1.0 %
    after inferences                                 60,000  1.000   5.5  6.0 %
    total                                         1,000,000 10.000 300.0  100 %
)");
}

TEST(Text, WhatIsTooSmallForItsColumnIsNoZero) {
  auto r = test::sample();
  r.layers[1].energy = test::energy(1'000, 0, 0, 0);
  r.layers[1].time_s = 1e-9;
  EXPECT_THAT(text(r, {}), HasSubstr("       - <0.001  <0.1  6.0 % "));
}

TEST(Text, NothingIsWiderThanTheTerminal) {
  auto r = test::faulted();
  r.functions[0].name = "tflite::reference_integer_ops::ConvPerChannel<signed char, signed char, int>::Evaluate(int)";
  r.layers[0].op = "DEPTHWISE_CONV_2D";
  r.layers[0].name = "functional_1/activation_3/Relu/with/a/long/path";
  r.memory.stack.chain.assign(40, "recurse");
  r.diagnostics[0].text = std::string(300, 'x');
  for (unsigned width = 80; width <= 140; ++width) {
    Options options;
    options.width = width;
    std::istringstream report(text(r, options));
    for (std::string line; std::getline(report, line);) ASSERT_LE(columns(line), width) << line;
  }
}

TEST(Text, ColoursAreOnlyPaint) {
  Options options;
  const std::string plain = text(test::faulted(), options);
  EXPECT_THAT(plain, Not(HasSubstr("\x1b")));
  options.colour = true;
  const std::string coloured = text(test::faulted(), options);
  EXPECT_THAT(coloured, HasSubstr("\x1b[1;31mfault\x1b[0m"));
  EXPECT_EQ(std::regex_replace(coloured, std::regex("\x1b\\[[0-9;]*m"), ""), plain);
}

TEST(Text, NamesCantSteerTheTerminal) {
  auto r = test::faulted();
  const std::string evil = "\x1b]0;owned\x07\r\n";
  r.provenance.firmware = r.provenance.compiler = r.layers[0].name = r.functions[0].name = r.stop.where = evil;
  r.fault->what = r.fault->exception = r.diagnostics[0].where = r.networks[0].name = evil;
  const std::string report = text(r, {});
  EXPECT_THAT(report, Not(HasSubstr("\x1b")));
  EXPECT_THAT(report, Not(HasSubstr("\r")));
}

TEST(Text, AnEmptyResultHasNoNumbersMadeUp) {
  const std::string report = text({}, {});
  EXPECT_FALSE(std::regex_search(report, std::regex("\\b(nan|inf)\\b"))) << report;
  EXPECT_THAT(report, HasSubstr("no interval is known for this core's cycles"));
}

}  // namespace
}  // namespace mj::report
