// `microjoule build` as a library: its plan, its errors, and that its result depends on nothing but its inputs.
#include "tools/build/build.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstdlib>
#include <fstream>

#include "sim/profile/model/tflite_reader.h"
#include "tests/model/files.h"
#include "tools/build/arena.h"
#include "tools/build/compile.h"
#include "tools/build/quantize.h"

namespace mj::build {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// A fresh folder for one test.
class Build : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "mj-build-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { fs::remove_all(folder); }

  Result<BuildOutput> build_for(const std::string& board, const std::string& network = "tiny",
                                const fs::path& keep = {}) const {
    auto target = find_target(board);
    if (!target) return target.error();
    return build({test::network(network + ".tflite"), folder / "out.elf", *target, {}, keep});
  }

  std::string own_board(const std::string& json) const {
    std::ofstream(folder / "own.json", std::ios::binary) << json;
    return (folder / "own.json").string();
  }

  fs::path folder;
};

class EveryTarget : public Build, public testing::WithParamInterface<const char*> {};

TEST_P(EveryTarget, BuildsTheKeywordNetwork) {
  const auto target = find_target(GetParam());
  ASSERT_TRUE(target.ok());
  if (!find_compiler(target->toolchain).ok()) GTEST_SKIP() << "no " << target->toolchain << "-gcc here";
  const auto output = build_for(GetParam(), "kws");
  ASSERT_TRUE(output.ok()) << output.error().text();
  EXPECT_EQ(output->layers, 13U);
  EXPECT_TRUE(fs::exists(folder / "out.elf"));
}

INSTANTIATE_TEST_SUITE_P(Targets, EveryTarget,
                         testing::Values("nucleo-l4r5zi", "nano33ble", "pico", "ibex-demo", "ibex-large", "mps2-an386",
                                         "virt32"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST_P(EveryTarget, IsTheSameInAnyFolder) {
  const auto target = find_target(GetParam());
  ASSERT_TRUE(target.ok());
  if (!find_compiler(target->toolchain).ok()) GTEST_SKIP() << "no " << target->toolchain << "-gcc here";
  // Given two builds in two work folders
  ASSERT_TRUE(build_for(GetParam(), "tiny", folder / "one").ok());
  const auto first = test::read_file(folder / "out.elf");
  ASSERT_TRUE(build_for(GetParam(), "tiny", folder / "another_one").ok());
  const auto second = test::read_file(folder / "out.elf");
  // Then the ELFs are equal byte for byte, and name no folder of this host
  EXPECT_TRUE(first == second);
  const std::string text(reinterpret_cast<const char*>(first.data()), first.size());
  EXPECT_EQ(text.find(folder.string()), std::string::npos);
  EXPECT_EQ(text.find(default_runtime_dir().parent_path().string()), std::string::npos);
}

TEST_F(Build, SaysByHowMuchANetworkIsTooLarge) {
  if (!find_compiler("riscv64-unknown-elf").ok()) GTEST_SKIP() << "no riscv64-unknown-elf-gcc here";
  // Given the Ibex demo system with 128 KiB, and a network with 270 kB of weights
  const auto output = build_for("ibex-demo", "ad");
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.error().code, ExitCode::usage);
  EXPECT_THAT(output.error().text(),
              testing::ContainsRegex("memory for code and data of 131072 bytes is too small by [0-9]+"));
  EXPECT_FALSE(fs::exists(folder / "out.elf"));
}

TEST_F(Build, NamesFlashAndRamApart) {
  if (!find_compiler("arm-none-eabi").ok()) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  auto target = find_target("nucleo-l4r5zi");
  ASSERT_TRUE(target.ok());
  target->ram.bytes = 16384;
  const auto output = build({test::network("kws.tflite"), folder / "out.elf", *target, {}, {}});
  ASSERT_FALSE(output.ok());
  EXPECT_THAT(output.error().text(), testing::ContainsRegex("RAM of 16384 bytes is too small by [0-9]+ bytes"));
  EXPECT_THAT(output.error().text(), testing::Not(HasSubstr("flash")));
}

TEST_F(Build, NamesThePackageOfAMissingCompiler) {
  const std::string path = std::getenv("PATH");
  setenv("PATH", folder.c_str(), 1);
  const auto output = build_for("virt32");
  setenv("PATH", path.c_str(), 1);
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.error().code, ExitCode::usage);
  EXPECT_THAT(output.error().text(), HasSubstr("apt install gcc-riscv64-unknown-elf"));
}

TEST_F(Build, NamesAnIncompleteRuntime) {
  if (!find_compiler("riscv64-unknown-elf").ok()) GTEST_SKIP() << "no riscv64-unknown-elf-gcc here";
  const auto target = find_target("virt32");
  const auto output = build({test::network("tiny.tflite"), folder / "out.elf", *target, folder, {}});
  ASSERT_FALSE(output.ok());
  EXPECT_THAT(output.error().text(), HasSubstr("MJ_RUNTIME_DIR"));
}

TEST_F(Build, NamesTheBoardsThereAre) {
  const auto target = find_target("nucleo");
  ASSERT_FALSE(target.ok());
  EXPECT_EQ(target.error().code, ExitCode::usage);
  EXPECT_THAT(target.error().text(), HasSubstr("did you mean \"nucleo-"));
  EXPECT_THAT(target.error().text(), HasSubstr("ibex-demo, ibex-large, mps2-an386, nano33ble, nucleo-f446re"));
}

TEST_F(Build, ABoardWithoutAFirmwareObjectIsRefusedWithThoseThatHaveOne) {
  const auto target = find_target("rtl-ibex-small");
  ASSERT_FALSE(target.ok());
  EXPECT_EQ(target.error().code, ExitCode::usage);
  EXPECT_THAT(target.error().text(), HasSubstr("rtl-ibex-small"));
  EXPECT_THAT(target.error().try_, HasSubstr("mps2-an386, nano33ble"));
}

// A board of the user's own: everything the builder needs comes out of the file that the simulator reads.

TEST_F(Build, TakesTheMemoryMapOfAUsersBoard) {
  if (!find_compiler("riscv64-unknown-elf").ok()) GTEST_SKIP() << "no riscv64-unknown-elf-gcc here";
  // Given the Ibex demo system with a larger memory at another address, and its UART elsewhere, too
  const std::string board = own_board(R"({
    "extends": "ibex-demo",
    "name": "Mine",
    "regions": {"SRAM": {"base": "0x20000000", "size": "0x80000"}},
    "boot": {"entry": "0x20000080", "reset_mtvec": "0x20000000"},
    "devices": {"UART0": {"base": "0x80100000"}}
  })");
  // Then the target has them
  const auto target = find_target(board);
  ASSERT_TRUE(target.ok()) << target.error().text();
  EXPECT_EQ(target->ram.base, 0x20000000U);
  EXPECT_EQ(target->ram.bytes, 0x80000U);
  EXPECT_TRUE(target->vector_table);
  EXPECT_EQ(target->console_base, 0x80100000U);
  // and a network that is too large for ibex-demo fits
  const auto output = build_for(board, "ad");
  EXPECT_TRUE(output.ok()) << output.error().text();
}

TEST_F(Build, PutsTheImageBehindABootLoaderAndDataBehindWhatItKeeps) {
  const auto nano = find_target("nano33ble");
  ASSERT_TRUE(nano.ok());
  EXPECT_EQ(nano->code->base, 0x10000U);
  EXPECT_EQ(nano->code->base + nano->code->bytes, 0x100000U);  // to the end of flash
  EXPECT_EQ(nano->ram.base, 0x20000200U);
  EXPECT_EQ(nano->ram.base + nano->ram.bytes, 0x20040000U);
  const auto pico = find_target("pico");
  ASSERT_TRUE(pico.ok());
  EXPECT_EQ(pico->code->base, 0x10000100U);  // behind the second-stage boot loader's slot
  EXPECT_EQ(pico->ram.base + pico->ram.bytes, 0x20042000U);
}

TEST_F(Build, ACoreWithoutClockSetUpStaysOnItsResetClock) {
  const auto target =
      find_target(own_board(R"({"extends": "ibex-demo", "core": {"reset_clock": {"value": 7000000}}})"));
  ASSERT_TRUE(target.ok()) << target.error().text();
  EXPECT_EQ(target->clock, "none");
  EXPECT_EQ(target->clock_hz, 7000000U);
  EXPECT_EQ(find_target("nucleo-l4r5zi")->clock_hz, 120000000U);  // behind its set-up, not the 4 MHz of reset
}

TEST_F(Build, AnUnknownClockSetUpSuggests) {
  if (!find_compiler("riscv64-unknown-elf").ok()) GTEST_SKIP() << "no riscv64-unknown-elf-gcc here";
  const auto output = build_for(own_board(R"({"extends": "ibex-demo", "firmware": {"clock_setup": "nrf5240"}})"));
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.error().code, ExitCode::usage);
  EXPECT_EQ(output.error().try_, "did you mean \"nrf52840\"?");
}

TEST_F(Build, WhatTheBuilderCanNotServeIsNamedWithItsPlace) {
  for (
      const auto& [patch, place] :
      {std::pair(R"("console": "semihosting")", "#/console"),
       {R"("console": "GPIO")", "#/console"},
       {R"("boot": {"entry": "0x00000000", "reset_mtvec": null})", "#/boot"},
       {R"("firmware": {"image_start": {"value": "0x10", "source": "s", "certainty": "model"}})", "/image_start"},
       {R"("firmware": {"ram_start": {"value": "0x100200", "source": "s", "certainty": "model"}})", "/ram_start"},
       {R"("firmware": null)", "own.json"},
       {R"("devices": {"UART0": {"type": "ns16550", "params": {"stride": {"value": 4, "source": "s", "certainty": "model"}}}})",
        "/UART0/params/stride"}}) {
    const auto target = find_target(own_board(std::string(R"({"extends": "ibex-demo", )") + patch + "}"));
    ASSERT_FALSE(target.ok()) << patch;
    EXPECT_EQ(target.error().code, ExitCode::usage) << patch;
    EXPECT_THAT(target.error().where, HasSubstr(place)) << target.error().text();
  }
}

TEST(Targets, AllBoardsWithAFirmwareObjectCanBeBuiltFor) {
  EXPECT_THAT(buildable_boards(), testing::IsSupersetOf({"ibex-demo", "ibex-large", "mps2-an386", "nano33ble",
                                                         "nucleo-l4r5zi", "pico", "virt32"}));
  for (const std::string& id : buildable_boards()) {
    const auto target = find_target(id);
    EXPECT_TRUE(target.ok()) << target.error().text();
  }
}

TEST(Quantize, AgreesWithTensorFlowLitesPreparation) {
  // Values worked out by hand from the definition: significand rounded to 31 bits, exponent
  auto expect = [](const Multiplier& m, std::int32_t significand, std::int32_t exponent) {
    EXPECT_EQ(m.multiplier, significand);
    EXPECT_EQ(m.shift, exponent);
  };
  expect(quantize_multiplier(0.0), 0, 0);
  expect(quantize_multiplier(1.0), 1 << 30, 1);
  expect(quantize_multiplier(0.75), 3 << 29, 0);
  expect(quantize_multiplier(1.0 - 1e-12), 1 << 30, 1);     // rounds up to the next power of two
  expect(quantize_multiplier(std::ldexp(0.5, -32)), 0, 0);  // below what a shift can express

  // A dense layer with one scale multiplies input and weight scale in float, a convolution in double
  model::Tensor input, weights, output;
  input.quantization = {{0.1F}, {0}, 0};
  weights.quantization = {{0.003F}, {0}, 0};
  output.quantization = {{0.05F}, {0}, 0};
  expect(output_multipliers(input, weights, output, /*dense=*/true)[0], 1649267495, -7);
  expect(output_multipliers(input, weights, output, /*dense=*/false)[0], 1649267456, -7);
}

class Arena : public testing::TestWithParam<const char*> {};

TEST_P(Arena, TensorsThatAreNeededTogetherDoNotOverlap) {
  const auto graph = model::read_tflite_file(test::network(std::string(GetParam()) + ".tflite"));
  ASSERT_TRUE(graph.ok());
  const std::vector<std::int64_t> scratch(graph->operators.size(), 100);
  // When the arena is planned
  const ArenaPlan plan = plan_arena(*graph, scratch);

  // Then a simulated run that marks each byte with its owner never finds a foreign mark
  std::vector<std::int32_t> owner(static_cast<std::size_t>(plan.bytes), -1);
  auto bytes_of = [&](std::int32_t tensor) {
    return std::span(owner).subspan(static_cast<std::size_t>(plan.tensor[tensor]),
                                    static_cast<std::size_t>(graph->tensors[tensor].bytes()));
  };
  auto mark = [&](std::int32_t tensor) {
    EXPECT_EQ(plan.tensor[tensor] % 16, 0);
    std::ranges::fill(bytes_of(tensor), tensor);
  };
  for (const std::int32_t input : graph->inputs) mark(input);
  std::int64_t most = 0;
  for (std::size_t i = 0; i < graph->operators.size(); ++i) {
    const model::Operator& op = graph->operators[i];
    std::ranges::fill(std::span(owner).subspan(static_cast<std::size_t>(plan.scratch[i]), 100), -2);
    const bool reshape = op.kind == model::OpKind::reshape;
    if (!reshape) {
      // The output is written while the inputs are still read
      for (const std::int32_t output : op.outputs) mark(output);
    }
    for (const std::int32_t input : op.inputs) {
      if (graph->tensors[input].is_constant) continue;
      for (const std::int32_t found : bytes_of(input)) ASSERT_EQ(found, input) << "operator " << i;
    }
    if (reshape) mark(op.outputs[0]);
    most = std::max(most, plan.live[i]);
  }
  for (const std::int32_t output : graph->outputs) {
    for (const std::int32_t found : bytes_of(output)) ASSERT_EQ(found, output);
  }
  // and the block is not much larger than what is needed at once
  EXPECT_LE(plan.bytes, most * 5 / 4 + 64);
  EXPECT_GE(plan.bytes, most);
}

INSTANTIATE_TEST_SUITE_P(Examples, Arena, testing::Values("kws", "vww", "ic", "ad", "tiny"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace mj::build
