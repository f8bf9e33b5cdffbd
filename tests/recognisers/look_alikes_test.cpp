// Firmware in the shape of inference runtimes: which one it is, and its layers in order, with names, shapes and MACs.
#include <gmock/gmock.h>

#include "tests/run/expect.h"

namespace mj::test {
namespace {

/// A layer as the tests write it down; empty shapes: not known from the firmware.
struct Expected {
  std::string op, name, input, output;
  std::uint64_t macs = 0;
  std::uint64_t invocations = 2;
};

std::string text(const json& shapes) {
  std::string out;
  for (const json& shape : shapes) {
    if (!out.empty()) out += " ";
    bool first = true;
    for (const json& d : shape) {
      if (!first) out += "x";
      out += std::to_string(d.get<std::int64_t>());
      first = false;
    }
  }
  return out;
}

class LookAlike : public Firmware, public testing::WithParamInterface<const char*> {
 protected:
  static std::string board() { return std::string(GetParam()) == "arm" ? "mps2-an386" : "virt32"; }

  json run_shape(const std::string& name) {
    const std::string elf = fixture(GetParam() + ("_" + name));
    if (elf.empty()) return nullptr;
    const Ran ran = run(elf, "--board " + board());
    EXPECT_EQ(ran.answer.code, 0) << ran.answer.err;
    report_ = ran.answer.out;
    return ran.result;
  }

  void expect_network(const json& result, const std::string& runtime, std::uint64_t inferences,
                      const std::vector<Expected>& layers) {
    ASSERT_EQ(result.at("networks").size(), 1u) << report_;
    const json& network = result.at("networks")[0];
    EXPECT_EQ(network.at("runtime"), runtime);
    EXPECT_EQ(network.at("inferences"), inferences);
    EXPECT_TRUE(network.at("disagreements").empty()) << network.at("disagreements").dump();
    ASSERT_EQ(result.at("layers").size(), layers.size()) << report_;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const json& l = result.at("layers")[i];
      SCOPED_TRACE("layer " + std::to_string(i));
      EXPECT_EQ(l.at("op"), layers[i].op);
      EXPECT_EQ(l.at("name"), layers[i].name);
      EXPECT_EQ(text(l.at("input_shapes")), layers[i].input);
      EXPECT_EQ(text(l.at("output_shapes")), layers[i].output);
      EXPECT_EQ(l.at("macs"), layers[i].macs);
      EXPECT_EQ(l.at("invocations"), layers[i].invocations);
      EXPECT_GT(l.at("cycles").get<std::uint64_t>(), 0u);
    }
  }

  std::string report_;
};

const std::vector<Expected> kernel_layers = {
    {"CONV_2D", "conv_weights", "1x8x8x3", "1x4x4x4", 4 * 4 * 4 * 3 * 3 * 3, 3},
    {"DEPTHWISE_CONV_2D", "depthwise_weights", "1x4x4x4", "1x4x4x4", 4 * 4 * 4 * 3 * 3, 3},
    {"ADD", "", "64", "64", 0, 3},
    {"ADD", "", "64", "64", 0, 3},
    {"AVERAGE_POOL_2D", "", "1x4x4x4", "1x2x2x4", 0, 3},
    {"FULLY_CONNECTED", "dense_weights", "1x1x1x16", "1x1x1x2", 16 * 2, 3},
    {"SOFTMAX", "", "1x2", "1x2", 0, 3},
};

/// The layers of kernel_calls.c; those without weights are named after the kernel.
std::vector<Expected> kernel_layers_of(const std::string& prefix) {
  auto layers = kernel_layers;
  layers[2].name = layers[3].name = prefix + "elementwise_add_s8";
  layers[4].name = prefix + "avgpool_s8";
  layers[6].name = prefix + "softmax_s8";
  return layers;
}

TEST_P(LookAlike, CallsOfCmsisNnKernelsAreLayersAndTheirArgumentsShapes) {
  const json r = run_shape("kernel_calls");
  if (r.is_null()) GTEST_SKIP() << "no cross compiler here";
  expect_network(r, "CMSIS-NN", 3, kernel_layers_of("arm_"));
  // The sensor is read three times: before, between and between; nothing of it is the network's.
  std::uint64_t between = 0;
  for (const json& p : r.at("phases"))
    if (p.at("kind") == "between") between += p.at("cycles").get<std::uint64_t>();
  EXPECT_GT(between, 2 * 500u);
}

/// Libraries that there are for RISC-V only.
class RiscvLookAlike : public LookAlike {};

TEST_P(RiscvLookAlike, MuRiscvNnIsKnownByItsOwnNames) {
  const json r = run_shape("muriscv");
  if (r.is_null()) GTEST_SKIP() << "no cross compiler here";
  expect_network(r, "muRISCV-NN", 3, kernel_layers_of("muriscv_nn_"));
}

TEST_P(LookAlike, TvmRunsAFunctionForEachGroupOfFusedOperators) {
  const json r = run_shape("tvm");
  if (r.is_null()) GTEST_SKIP() << "no cross compiler here";
  expect_network(r, "TVM AOT", 2,
                 {{"CONV_2D", "nn_conv2d_add_cast", "", ""},
                  {"FULLY_CONNECTED", "nn_dense_add", "", ""},
                  {"FULLY_CONNECTED", "nn_dense_add", "", ""}});
}

TEST_P(LookAlike, TvmsGroupsAreFoundWhereTheyWereInlinedAndWhereAnotherGeneratorWroteThem) {
  const json r = run_shape("tvm_inlined_o2");
  if (r.is_null()) GTEST_SKIP() << "no cross compiler here";
  expect_network(r, "TVM AOT", 2,
                 {{"FUSED", "cast_subtract", "", ""},
                  {"CONV_2D", "nn_conv2d_add_cast", "", ""},
                  {"RESHAPE", "reshape_cast", "", ""},
                  {"SOFTMAX", "cmsis_nn_main_0", "2x2", "2x2"}});
  // What the inlined ones call is theirs: 30 and 10 calls of the helper, which is nearly all they take.
  double helper = 0;
  for (const json& f : r.at("functions"))
    if (f.at("name") == "helper") helper = f.at("self_cycles").get<double>();
  ASSERT_GT(helper, 0);
  const auto cycles = [&](std::size_t i) { return r.at("layers")[i].at("cycles").get<double>(); };
  EXPECT_GT(cycles(0), helper * 30 / 40);
  EXPECT_LT(cycles(0), helper * 30 / 40 * 1.2);
  EXPECT_GT(cycles(2), helper * 10 / 40);
  EXPECT_LT(cycles(2), helper * 10 / 40 * 1.6);
  EXPECT_LT(r.at("networks")[0].at("between_layers_cycles").get<double>(), helper / 10);
}

TEST_P(LookAlike, NnomsLayersTellTheirShapesAndMacs) {
  const json r = run_shape("nnom");
  if (r.is_null()) GTEST_SKIP() << "no cross compiler here";
  expect_network(r, "NNoM", 2,
                 {{"CONV_2D", "conv2d_1", "8x8x1", "8x8x4", 2304},
                  {"CONV_2D", "conv2d_2", "8x8x4", "4x4x8", 4608},
                  {"FULLY_CONNECTED", "dense_1", "4x4x8", "1x1x10", 1280},
                  {"SOFTMAX", "softmax_1", "1x1x10", "1x1x10", 0}});
}

TEST_P(LookAlike, CubeAiLayersAreObjects) {
  const json r = run_shape("cube");
  if (r.is_null()) GTEST_SKIP() << "no cross compiler here";
  expect_network(
      r, "STM32Cube.AI", 2,
      {{"CONV_2D", "conv2d_0", "", ""}, {"CONV_2D", "conv2d_1", "", ""}, {"FULLY_CONNECTED", "dense_3", "", ""}});
}

TEST_P(LookAlike, Onnx2cHasAFunctionForEachNode) {
  const json r = run_shape("onnx2c");
  if (r.is_null()) GTEST_SKIP() << "no cross compiler here";
  expect_network(r, "onnx2c", 2, {{"CONV", "Conv_0", "", ""}, {"RELU", "Relu_1", "", ""}, {"CONV", "Conv_2", "", ""}});
}

TEST_P(LookAlike, Onnx2csNodesStayThemselvesWhereTheLastOneIsJumpedTo) {
  const json r = run_shape("onnx2c_o2");
  if (r.is_null()) GTEST_SKIP() << "no cross compiler here";
  expect_network(r, "onnx2c", 2, {{"CONV", "Conv_0", "", ""}, {"RELU", "Relu_1", "", ""}, {"CONV", "Conv_2", "", ""}});
}

TEST_P(LookAlike, Onnx2csNodesAreFoundWhereTheyWereInlined) {
  const json r = run_shape("onnx2c_inlined_o2");
  if (r.is_null()) GTEST_SKIP() << "no cross compiler here";
  expect_network(r, "onnx2c", 2, {{"CONV", "Conv_0", "", ""}, {"EXP", "Exp_1", "", ""}, {"CONV", "Conv_2", "", ""}});
  // The first one's loop runs three times as often as the last one's; what the second one calls 4 times is its own.
  const auto cycles = [&](int i) { return r.at("layers")[static_cast<std::size_t>(i)].at("cycles").get<double>(); };
  EXPECT_NEAR(cycles(0) / cycles(2), 3, 0.1);
  double helper = 0;
  for (const json& f : r.at("functions"))
    if (f.at("name") == "helper") helper = f.at("self_cycles").get<double>();
  EXPECT_GT(helper, 0);
  EXPECT_GT(cycles(1), helper);
  EXPECT_LT(cycles(1), helper * 1.2);
  EXPECT_EQ(r.at("layers")[0].at("index"), 0);
  EXPECT_EQ(r.at("layers")[2].at("index"), 2);
  // Next to nothing is left between them.
  EXPECT_LT(r.at("networks")[0].at("between_layers_cycles").get<double>(), cycles(2) / 10);
}

TEST_P(LookAlike, AnInferenceThatWasInlinedIsSaid) {
  const json r = run_shape("onnx2c_whole_o2");
  if (r.is_null()) GTEST_SKIP() << "no cross compiler here";
  EXPECT_TRUE(r.at("networks").empty());
  EXPECT_THAT(report_, testing::AllOf(testing::HasSubstr("onnx2c (30 % sure)"),
                                      testing::ContainsRegex("entry[ \n]+was[ \n]+inlined[ \n]+into[ \n]+main"),
                                      testing::HasSubstr("noinline")));
}

TEST_P(LookAlike, NetworksOfTwoGeneratorsStandBesideEachOther) {
  const json r = run_shape("two_generators_o2");
  if (r.is_null()) GTEST_SKIP() << "no cross compiler here";
  ASSERT_EQ(r.at("networks").size(), 2u) << report_;
  EXPECT_EQ(r.at("networks")[0].at("runtime"), "TVM AOT");
  EXPECT_EQ(r.at("networks")[1].at("runtime"), "emlearn trees");
  for (const json& n : r.at("networks")) EXPECT_EQ(n.at("inferences"), 3);
  ASSERT_EQ(r.at("layers").size(), 3u);
  EXPECT_EQ(r.at("layers")[0].at("op"), "CONV_2D");
  EXPECT_EQ(r.at("layers")[1].at("op"), "FULLY_CONNECTED");
  EXPECT_EQ(r.at("layers")[2].at("op"), "TREES");
  for (const json& l : r.at("layers")) EXPECT_EQ(l.at("invocations"), 3);
  for (const json& p : r.at("phases")) EXPECT_NE(p.at("kind"), "other") << "nothing only looked like a network";
}

TEST_P(LookAlike, GeneratedCodeOfANodeArrayTellsItsTensors) {
  const json r = run_shape("eon");
  if (r.is_null()) GTEST_SKIP() << "no cross compiler here";
  expect_network(r, "Edge Impulse EON", 2,
                 {{"CONV_2D", "node 0", "1x4x4x1", "1x2x2x4", 2 * 2 * 4 * 9},
                  {"FULLY_CONNECTED", "node 1", "1x2x2x4", "1x4", 64},
                  {"SOFTMAX", "node 2", "1x4", "1x4"}});
  const auto& layers = r.at("layers");
  EXPECT_EQ(layers[0].at("weight_bytes"), 36);
  EXPECT_EQ(layers[1].at("parameter_bytes"), 64 + 16);
  // While the second runs, its 16 bytes of input and 4 of output are kept, in units of 16.
  EXPECT_EQ(layers[1].at("arena_bytes"), 32);
}

TEST_P(LookAlike, TensorsOfANodeArrayAreFoundInItsArena) {
  const std::string elf = fixture(GetParam() + std::string("_eon"));
  if (elf.empty()) GTEST_SKIP() << "no cross compiler here";
  const Ran ran = run(elf, "--board " + board() + " --dump-layer all --dump-dir d");
  ASSERT_EQ(ran.answer.code, 0) << ran.answer.err;
  // The softmax writes 1 2 3 4 to where the arena begins; what it means says the tensor's entry.
  const std::string array = slurp(path("d/layer-002.out-0.npy"));
  ASSERT_GE(array.size(), 4u);
  EXPECT_EQ(array.substr(array.size() - 4), std::string("\1\2\3\4"));
  const json said = json::parse(slurp(path("d/layer-002.json")), nullptr, false);
  EXPECT_THAT(said.dump(), testing::AllOf(testing::HasSubstr("0.5"), testing::HasSubstr("-3")));
}

TEST_P(LookAlike, EmlearnsDenseLayersTellTheirSizes) {
  const json r = run_shape("emlearn");
  if (r.is_null()) GTEST_SKIP() << "no cross compiler here";
  expect_network(r, "emlearn net", 2,
                 {{"FULLY_CONNECTED", "dense", "16", "8", 128}, {"FULLY_CONNECTED", "dense", "8", "3", 24}});
}

TEST_P(LookAlike, UTensorsModelsAndOperatorsAreObjects) {
  const json r = run_shape("utensor");
  if (r.is_null()) GTEST_SKIP() << "no cross compiler here";
  ASSERT_EQ(r.at("networks").size(), 2u) << report_;
  for (const json& n : r.at("networks")) {
    EXPECT_EQ(n.at("runtime"), "uTensor");
    EXPECT_EQ(n.at("inferences"), 2);
  }
  EXPECT_EQ(r.at("networks")[0].at("name"), "my_model");
  EXPECT_EQ(r.at("networks")[1].at("name"), "other_model");
  std::string layers;
  for (const json& l : r.at("layers"))
    layers += std::to_string(l.at("network").get<int>()) + " " + l.at("op").get<std::string>() + " " +
              l.at("name").get<std::string>() + "\n";
  EXPECT_EQ(layers,
            "0 CONV_2D Conv2dOperator\n0 MAX_POOL_2D GenericPoolOperator\n0 CONV_2D Conv2dOperator\n"
            "1 CONV_2D Conv2dOperator\n");
}

TEST_P(LookAlike, ExecuTorchExecutesKernels) {
  const json r = run_shape("executorch");
  if (r.is_null()) GTEST_SKIP() << "no cross compiler here";
  expect_network(r, "ExecuTorch", 2,
                 {{"QUANTIZED_CONV2D", "quantized_conv2d_out", "", ""},
                  {"ADD", "add_out", "", ""},
                  {"QUANTIZED_CONV2D", "quantized_conv2d_out", "", ""}});
}

TEST_P(LookAlike, TinyEnginesLayersThatRunPatchByPatchAreOneEach) {
  const json r = run_shape("tinyengine");
  if (r.is_null()) GTEST_SKIP() << "no cross compiler here";
  expect_network(r, "TinyEngine", 2,
                 {{"CONV_2D", "weight0", "1x8x16x3", "1x4x8x16", 4 * 8 * 16 * 27, 4},
                  {"DEPTHWISE_CONV_2D", "CHWweight1", "1x4x8x16", "1x4x8x16", 4 * 8 * 16 * 9, 4},
                  {"CONV_2D", "weight2", "1x8x8x16", "1x8x8x16", 8 * 8 * 16 * 16}});
}

INSTANTIATE_TEST_SUITE_P(Isa, LookAlike, testing::Values("arm", "riscv"),
                         [](const auto& isa) { return std::string(isa.param); });
INSTANTIATE_TEST_SUITE_P(Isa, RiscvLookAlike, testing::Values("riscv"),
                         [](const auto& isa) { return std::string(isa.param); });

}  // namespace
}  // namespace mj::test
