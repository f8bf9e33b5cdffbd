// Networks of firmware that nobody prepared: what `run` and `inspect` tell of an interpreter in the shape of TensorFlow
// Lite Micro's, with symbols and without, and of a user's mapping.
#include <algorithm>
#include <fstream>
#include <set>

#include "sim/profile/model/tflite_reader.h"
#include "tests/run/expect.h"

namespace mj::test {
namespace {

using testing::HasSubstr;

struct Built {
  const char* name;
  const char* board;
};

void PrintTo(const Built& b, std::ostream* out) { *out << b.name; }

class Interpreter : public Firmware, public testing::WithParamInterface<Built> {
 protected:
  void SetUp() override {
    elf = fixture(std::string("interpreter_") + GetParam().name);
    stripped = fixture(std::string("interpreter_") + GetParam().name + "_stripped");
    if (elf.empty()) GTEST_SKIP() << "no cross compiler here";
    auto read = model::read_tflite_file(std::string(MJ_NETWORKS_DIR) + "/tiny.tflite");
    ASSERT_TRUE(read.ok()) << read.error().text();
    graph = std::move(*read);
  }
  json profile(const std::string& image) const {
    const Ran ran = run(image, std::string("--board ") + GetParam().board);
    EXPECT_EQ(ran.answer.code, 0) << ran.answer.err;
    return ran.result;
  }
  model::ModelGraph graph;
  std::string elf, stripped;
};

TEST_P(Interpreter, EachOperatorIsALayerAsTheModelHasIt) {
  for (const std::string& image : {elf, stripped}) {
    SCOPED_TRACE(image);
    const json result = profile(image);
    ASSERT_EQ(result.at("networks").size(), 1U);
    const json& network = result.at("networks")[0];
    EXPECT_EQ(network.at("runtime"), "TensorFlow Lite Micro");
    EXPECT_EQ(network.at("confidence_percent"), 100);
    EXPECT_EQ(network.at("inferences"), 2);
    EXPECT_EQ(network.at("macs"), graph.macs());
    EXPECT_EQ(network.at("disagreements"), json::array());
    const json& layers = result.at("layers");
    ASSERT_EQ(layers.size(), graph.operators.size());
    for (std::size_t i = 0; i < layers.size(); ++i) {
      SCOPED_TRACE("layer " + std::to_string(i));
      const model::Operator& op = graph.operators[i];
      EXPECT_EQ(layers[i].at("index"), i);
      EXPECT_EQ(layers[i].at("op"), op.name());
      EXPECT_EQ(layers[i].at("name"), graph.tensors[op.outputs[0]].name);
      EXPECT_EQ(layers[i].at("macs"), op.macs);
      EXPECT_EQ(layers[i].at("parameter_bytes"), op.parameter_bytes);
      EXPECT_EQ(layers[i].at("input_shapes"), json::array({graph.tensors[op.inputs[0]].shape}));
      EXPECT_EQ(layers[i].at("output_shapes"), json::array({graph.tensors[op.outputs[0]].shape}));
      EXPECT_EQ(layers[i].at("invocations"), 2);
    }
  }
}

TEST_P(Interpreter, ALayersCyclesAreItsCallsOfTheTree) {
  const json result = profile(elf);
  const json& layers = result.at("layers");
  std::vector<std::uint64_t> inclusive(layers.size()), calls(layers.size());
  for (const json& node : result.at("call_tree"))
    if (const int layer = node.at("layer"); layer >= 0) {
      inclusive[static_cast<std::size_t>(layer)] += node.at("inclusive_cycles").get<std::uint64_t>();
      calls[static_cast<std::size_t>(layer)] += node.at("calls").get<std::uint64_t>();
    }
  for (std::size_t i = 0; i < layers.size(); ++i) {
    EXPECT_EQ(layers[i].at("cycles"), inclusive[i]);
    EXPECT_EQ(layers[i].at("invocations"), calls[i]);
    EXPECT_EQ(layers[i].at("kernel"), "work");
    EXPECT_THAT(layers[i].at("function").get<std::string>(), HasSubstr("_invoke"));
  }
  // The two convolutions have one function, and work in proportion to the index of their output tensor.
  EXPECT_EQ(layers[2].at("function"), layers[5].at("function"));
  EXPECT_LT(layers[2].at("cycles"), layers[5].at("cycles"));
}

TEST_P(Interpreter, WithoutSymbolsNothingDiffers) {
  const json named = profile(elf), bare = profile(stripped);
  const json &a = named.at("layers"), &b = bare.at("layers");
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    for (const char* key : {"cycles", "first_cycles", "warm_cycles", "instructions", "cycles_by_reason", "activity"})
      EXPECT_EQ(a[i].at(key), b[i].at(key)) << key << " of layer " << i;
  for (const char* key : {"cycles", "instructions", "between_layers_cycles", "inference_cycles", "arena"})
    EXPECT_EQ(named.at("networks")[0].at(key), bare.at("networks")[0].at(key)) << key;
}

TEST_P(Interpreter, PreparationIsAPhaseOfEachOperator) {
  const json result = profile(stripped);
  std::vector<int> layers;
  for (const json& p : result.at("phases"))
    if (p.at("kind") == "prepare") {
      layers.push_back(p.at("layer"));
      EXPECT_EQ(p.at("count"), elf.find("pair") == std::string::npos ? 1 : 2);
      EXPECT_GT(p.at("cycles"), 0);
    }
  std::vector<int> all(graph.operators.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int>(i);
  EXPECT_EQ(layers, all);
}

TEST_P(Interpreter, InitIsAPhaseOfEachOperatorThatHasOne) {
  const int interpreters = elf.find("pair") != std::string::npos ? 2 : 1;
  for (const std::string& image : {elf, stripped}) {
    SCOPED_TRACE(image);
    const json result = profile(image);
    std::vector<int> layers;
    std::vector<std::uint64_t> instructions;
    for (const json& p : result.at("phases"))
      if (p.at("kind") == "init") {
        layers.push_back(p.at("layer"));
        instructions.push_back(p.at("instructions"));
        EXPECT_EQ(p.at("count"), interpreters);
      }
    std::vector<int> all;
    for (std::size_t i = 0; i < graph.operators.size(); ++i)
      if (graph.operators[i].name() != "MEAN") all.push_back(static_cast<int>(i));
    ASSERT_EQ(layers, all);
    EXPECT_LT(all.size(), graph.operators.size());
    // Each works as many passes as its operator's index, but every fourth one, which finds no options.
    const auto passes = [&](std::size_t i) { return layers[i] % 4 ? layers[i] : 0; };
    const auto at = [&](int layer) {
      return static_cast<std::size_t>(std::find(layers.begin(), layers.end(), layer) - layers.begin());
    };
    const std::uint64_t each = instructions[at(2)] - instructions[at(1)];
    EXPECT_GE(each, 3U);
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (layers[i] % 4 == 0) {
        EXPECT_LT(instructions[i], instructions[at(1)]) << "layer " << layers[i];
        continue;
      }
      EXPECT_EQ(instructions[i], instructions[at(1)] + each * static_cast<std::uint64_t>(passes(i) - 1))
          << "layer " << layers[i];
    }
    // What looks like an init and is none, also the function around them all, is of what came before the inferences.
    std::uint64_t before = 0;
    for (const json& p : result.at("phases"))
      if (p.at("kind") == "before" || p.at("kind") == "program") before += p.at("instructions").get<std::uint64_t>();
    EXPECT_GT(before, each * (25 + 25 + 35) + each / static_cast<std::uint64_t>(interpreters) * 50);
    EXPECT_EQ(result.at("networks")[0].at("disagreements"), json::array());
  }
}

TEST_P(Interpreter, TheArenaIsFoundWhereTensorsLive) {
  const json result = profile(stripped);
  const json& arena = result.at("networks")[0].at("arena");
  const bool two_buffers = elf.find("two_buffers") != std::string::npos;
  EXPECT_EQ(arena.at("size_bytes"), two_buffers ? 8192 + 4096 : 8192);
  std::uint64_t tensors = 0;
  for (const model::Tensor& t : graph.tensors)
    if (!t.is_constant) tensors += (static_cast<std::uint64_t>(t.bytes()) + 15) / 16 * 16;
  EXPECT_GT(arena.at("used_bytes"), tensors);
  EXPECT_LT(arena.at("used_bytes"), 8192);
}

std::string image_name(const testing::TestParamInfo<Built>& test) { return test.param.name; }
INSTANTIATE_TEST_SUITE_P(Images, Interpreter,
                         testing::Values(Built{"m4", "mps2-an386"}, Built{"m4_o0", "mps2-an386"},
                                         Built{"m4_large_nodes", "mps2-an386"}, Built{"m4_copied", "mps2-an386"},
                                         Built{"m4_twice", "mps2-an386"}, Built{"m0", "mps2-an386"},
                                         Built{"m4_inlined", "mps2-an386"}, Built{"m4_early_2020", "mps2-an386"},
                                         Built{"m4_two_buffers", "mps2-an386"}, Built{"m4_pair", "mps2-an386"},
                                         Built{"rv32", "virt32"}, Built{"rv32_copied", "virt32"},
                                         Built{"rv32_early_2020", "virt32"}),
                         image_name);

// ---- a second opinion: what kernels are handed, against the model ---------------------------------------------------

class SecondOpinion : public Firmware {
 protected:
  /// Disagreements of the one network of a fixture in which a kernel within a kernel computes convolutions.
  json disagreements(const std::string& name, const std::string& board) {
    const Ran ran = run(fixture("interpreter_" + name), "--board " + board);
    EXPECT_EQ(ran.result.at("networks").size(), 1U);
    return ran.result.at("networks").at(0).at("disagreements");
  }
};

TEST_F(SecondOpinion, KernelsThatAgreeWithTheModelAreSilent) {
  if (fixture("interpreter_m4_kernels").empty()) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  EXPECT_EQ(disagreements("m4_kernels", "mps2-an386"), json::array());
  EXPECT_EQ(disagreements("m4_tail_kernels", "mps2-an386"), json::array());
}

TEST_F(SecondOpinion, AKernelThatComputesSomethingElseIsTold) {
  // Operator 5 has 6x6x7 outputs of 12 MACs each; its kernel is handed 5 rows.
  const json told = {
      "layer 5 (CONV_2D): 3024 MACs as the model has it, 2520 by the arguments of arm_convolve_wrapper_s8, in 2 of 2 "
      "calls"};
  if (!fixture("interpreter_m4_wrong_kernel").empty()) {
    EXPECT_EQ(disagreements("m4_wrong_kernel", "mps2-an386"), told);
  }
  if (!fixture("interpreter_rv32_wrong_kernel").empty()) {
    EXPECT_EQ(disagreements("rv32_wrong_kernel", "virt32"), told);
  }
}

TEST_F(SecondOpinion, WhatFirmwareMeasuresItselfIsWhatWeMeasure) {
  const std::string elf = fixture("interpreter_m4_profiles");
  if (elf.empty()) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  const Ran ran = run(elf, "--board mps2-an386 --dump-memory ticks:ticks_end=ticks.txt");
  ASSERT_EQ(ran.answer.code, 0) << ran.answer.err;
  std::vector<std::uint64_t> ticks;
  std::ifstream dump(path("ticks.txt"));
  for (std::string word; dump >> word;) ticks.push_back(std::stoull(word, nullptr, 16));
  const json& layers = ran.result.at("layers");
  ASSERT_GE(ticks.size(), 2 * layers.size());
  // Between its two looks at the counter lie a call's arguments, the call and the test of what it returned, too: the
  // same for each of them.
  std::set<std::uint64_t> around;
  for (std::size_t i = 0; i < layers.size(); ++i)
    around.insert(ticks[i] + ticks[layers.size() + i] - layers[i].at("cycles").get<std::uint64_t>());
  ASSERT_EQ(around.size(), 1U) << testing::PrintToString(around);
  EXPECT_GT(*around.begin(), 2 * 5U);
  EXPECT_LT(*around.begin(), 2 * 30U);
}

// ---- a user's mapping -----------------------------------------------------------------------------------------------

class Mapping : public Firmware {
 protected:
  void SetUp() override {
    elf = fixture("interpreter_m4");
    if (elf.empty()) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  }
  std::string write(const std::string& text) const {
    std::ofstream(path("layers.json")) << text;
    return "--board mps2-an386 --layers layers.json";
  }
  std::string elf;
};

TEST_F(Mapping, WinsOverWhatIsRecognised) {
  const Ran ran = run(elf, write(R"({"networks": [{"name": "mine", "layers": [
    {"function": "conv_invoke", "op": "CONV_2D", "name": "first", "macs": 15552, "outputs": [[1, 12, 12, 6]]},
    {"function": "conv_invoke", "op": "CONV_2D", "name": "second", "macs": 3024}]}]})"));
  ASSERT_EQ(ran.answer.code, 0) << ran.answer.err;
  ASSERT_EQ(ran.result.at("networks").size(), 1U);
  EXPECT_EQ(ran.result.at("networks")[0].at("name"), "mine");
  EXPECT_EQ(ran.result.at("networks")[0].at("inferences"), 2);
  const json recognised = run(elf, "--board mps2-an386").result.at("layers");
  const json& mapped = ran.result.at("layers");
  ASSERT_EQ(mapped.size(), 2U);
  EXPECT_EQ(mapped[0].at("name"), "first");
  EXPECT_EQ(mapped[0].at("cycles"), recognised[2].at("cycles")) << "the first call in each inference";
  EXPECT_EQ(mapped[1].at("cycles"), recognised[5].at("cycles")) << "the second one";
}

TEST_F(Mapping, WhatTheImageDoesNotHaveIsRefused) {
  const auto refused = [&](const std::string& text, const std::vector<std::string>& words) {
    refuses("run '" + elf + "' " + write(text), 2, words);
  };
  refused(R"({"networks": [{"layers": [{"function": "conv_invoce"}]}]})",
          {"'conv_invoce' is no function", "layers.json#/networks/0/layers/0/function", "conv_invoke"});
  refused(R"({"networks": [{"layers": [{"function": "conv_invoke", "mac": 3}]}]})", {"mac", "macs"});
  refused(R"({"networks": []})", {"networks"});
}

TEST_F(Mapping, AFirmwareWithoutANetworkSaysHowToMapIt) {
  const Ran ran = run(fixture("mps2_prints"), "--board mps2-an386");
  EXPECT_EQ(ran.result.at("networks"), json::array());
  EXPECT_THAT(ran.answer.out, HasSubstr("no network was found; --layers FILE says which functions are layers"));
}

TEST_F(Mapping, ANetworkThatDidNotComeToRunIsNamed) {
  const Ran ran = run(fixture("interpreter_m4"), "--board mps2-an386 --max-cycles 20");
  EXPECT_EQ(ran.result.at("networks"), json::array());
  EXPECT_EQ(ran.result.at("silent_runtimes").at(0).at("runtime"), "TensorFlow Lite Micro");
  EXPECT_THAT(ran.answer.out, HasSubstr("TensorFlow Lite Micro (70 % sure), but no layer of it was seen to"));
  EXPECT_THAT(ran.answer.out, HasSubstr("though TensorFlow Lite Micro is"));
}

TEST_F(Mapping, InspectTellsCandidatesAndTheirReasons) {
  const std::string stripped = fixture("interpreter_m4_stripped");
  const Answer why = microjoule("inspect '" + stripped + "' --why");
  EXPECT_THAT(why.out, HasSubstr("TensorFlow Lite Micro (70 % sure): a model in TensorFlow Lite's format at 0x"));
  EXPECT_THAT(why.out, HasSubstr("DEPTHWISE_CONV_2D"));
  EXPECT_THAT(microjoule("inspect '" + fixture("mps2_prints") + "' --why").out,
              HasSubstr("no inference runtime recognised"));
}

}  // namespace
}  // namespace mj::test
