// A network's way through the program: `build` makes firmware of it, `run --input --output` gives exactly the golden
// output, and the saved result tells the network's layers.
#include "sim/profile/model/tflite_reader.h"
#include "tests/model/files.h"
#include "tests/run/expect.h"
#include "tests/sanitized.h"
#include "tools/reference/reference.h"

namespace mj::test {
namespace {

using testing::HasSubstr;

bool has_compiler(const std::string& board) {
  const bool riscv = board.rfind("ibex", 0) == 0 || board == "virt32";
  return installed(riscv ? "riscv64-unknown-elf-gcc" : "arm-none-eabi-gcc");
}

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A .npy file of version 1.0 as numpy writes it.
std::string npy(const std::string& bytes, const std::string& shape) {
  std::string header = "{'descr': '|i1', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.resize(117, ' ');
  header += '\n';
  return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + bytes;
}

class Networks : public Firmware {
 protected:
  /// `microjoule build`; afterwards `elf` is there and `graph` is the network as the model reader sees it.
  void build(const std::filesystem::path& tflite, const std::string& board) {
    auto read = model::read_tflite_file(tflite);
    ASSERT_TRUE(read.ok()) << read.error().text();
    graph = std::move(*read);
    elf = path("network.elf");
    const Answer answer = microjoule("build '" + tflite.string() + "' --board " + board + " -o network.elf");
    ASSERT_EQ(answer.code, 0) << answer.err;
  }

  /// Every operator of the network is a layer, in order, with its name, shapes and multiply-accumulates.
  void expect_layers_of_the_network(const json& result) const {
    const json& layers = result.at("layers");
    ASSERT_EQ(layers.size(), graph.operators.size());
    for (std::size_t i = 0; i < layers.size(); ++i) {
      SCOPED_TRACE("layer " + std::to_string(i));
      const model::Operator& op = graph.operators[i];
      const json& layer = layers[i];
      EXPECT_EQ(layer.at("index"), i);
      EXPECT_EQ(layer.at("op"), op.name());
      EXPECT_EQ(layer.at("name"), graph.tensors[op.outputs[0]].name);
      EXPECT_EQ(layer.at("macs"), op.macs);
      EXPECT_EQ(layer.at("output_shapes"), json::array({graph.tensors[op.outputs[0]].shape}));
      ASSERT_FALSE(layer.at("input_shapes").empty());
      EXPECT_EQ(layer.at("input_shapes")[0], json(graph.tensors[op.inputs[0]].shape));
      if (op.macs) {
        ASSERT_FALSE(layer.at("weight_shapes").empty());
        EXPECT_EQ(layer.at("weight_shapes")[0], json(graph.tensors[op.inputs[1]].shape));
      }
      EXPECT_EQ(layer.at("invocations"), 1);
      EXPECT_GE(layer.at("cycles"), layer.at("macs").get<double>() / 2);  // no core here does more than two a cycle
      EXPECT_EQ(layer.at("first_cycles"), layer.at("cycles"));
      EXPECT_THAT(layer.at("function").get<std::string>(), HasSubstr("mj_layer_"));
    }
    ASSERT_EQ(result.at("networks").size(), 1U);
    EXPECT_EQ(result.at("networks")[0].at("macs"), graph.macs());
    EXPECT_EQ(result.at("networks")[0].at("inferences"), 1);
  }

  /// The firmware ended well and all of it is told.
  void expect_whole_run(const Ran& ran) const {
    ASSERT_EQ(ran.answer.code, 0) << ran.answer.err;
    ASSERT_FALSE(ran.result.is_null());
    EXPECT_EQ(ran.result.at("stop").at("kind"), "exited");
    EXPECT_TRUE(ran.result.at("fault").is_null());
    expect_layers_of_the_network(ran.result);
  }

  model::ModelGraph graph;
  std::string elf;
};

// ---- the example networks -------------------------------------------------------------------------------------------

struct Example {
  const char* network;
  const char* board;
  int inputs;  ///< how many of the three golden pairs
};

void PrintTo(const Example& e, std::ostream* out) { *out << e.network << " on " << e.board; }

std::string name_of(const testing::TestParamInfo<Example>& test) {
  std::string name = std::string(test.param.network) + "_on_" + test.param.board;
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
}

std::vector<Example> examples() {
  constexpr const char* boards[] = {"nucleo-l4r5zi", "nano33ble", "pico",      "mps2-an386",
                                    "virt32",        "ibex-demo", "ibex-large"};
  std::vector<Example> all;
  for (const char* board : boards) all.push_back({"tiny", board, 3});
  if (sanitized) {
    all.push_back({"kws", "nucleo-l4r5zi", 1});
    all.push_back({"ad", "pico", 1});
    return all;
  }
  for (const char* board : boards) all.push_back({"kws", board, 3});
  for (const char* board : {"nucleo-l4r5zi", "pico", "ibex-large"})
    for (const char* network : {"ad", "ic", "vww"}) all.push_back({network, board, 1});
  return all;
}

class ExampleNetwork : public Networks, public testing::WithParamInterface<Example> {};

TEST_P(ExampleNetwork, GivesTheGoldenOutputAndTellsItsLayers) {
  const Example e = GetParam();
  if (!has_compiler(e.board)) GTEST_SKIP() << "no cross compiler for " << e.board << " here";
  const auto file = [&](int i, const char* kind) {
    return network(std::string(e.network) + "." + std::to_string(i) + kind);
  };
  build(network(std::string(e.network) + ".tflite"), e.board);
  if (HasFatalFailure()) return;
  // 1 and 2 first: input 0 is what the firmware fills in on its own, so it alone would not show that inputs arrive.
  for (int n = 0; n < e.inputs; ++n) {
    const int i = (n + 1) % 3;
    SCOPED_TRACE("input " + std::to_string(i));
    const Ran ran =
        run(elf, "--board " + std::string(e.board) + " --output out.bin --input '" + file(i, ".in.bin").string() + "'");
    expect_whole_run(ran);
    if (HasFatalFailure()) return;
    EXPECT_EQ(slurp(path("out.bin")), slurp(file(i, ".out.bin")));
  }
}

INSTANTIATE_TEST_SUITE_P(Run, ExampleNetwork, testing::ValuesIn(examples()), name_of);

using Tensors = Networks;

TEST_F(Tensors, NpyFilesGoInAndOut) {
  if (!has_compiler("pico")) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  build(network("tiny.tflite"), "pico");
  if (HasFatalFailure()) return;
  // The input as numpy saves it: header and shape in front of the same bytes
  file("in.npy", npy(slurp(network("tiny.1.in.bin")), "1, 12, 12, 2"));
  const Ran ran = run(elf, "--input in.npy --output out.npy");
  ASSERT_EQ(ran.answer.code, 0) << ran.answer.err;
  // The output is one of version 1.0, 64-byte aligned, of the output's shape, and ends in the golden bytes
  const std::string out = slurp(path("out.npy"));
  const std::string golden = slurp(network("tiny.1.out.bin"));
  EXPECT_EQ(out.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  ASSERT_GT(out.size(), golden.size());
  EXPECT_EQ((out.size() - golden.size()) % 64, 0U);
  EXPECT_EQ(out.substr(out.size() - golden.size()), golden);
  std::string shape;
  for (const auto d : graph.tensors[graph.outputs[0]].shape) shape += (shape.empty() ? "" : ", ") + std::to_string(d);
  EXPECT_THAT(out, HasSubstr("{'descr': '|i1', 'fortran_order': False, 'shape': (" + shape + "), }"));
  // What came out goes in again where shapes agree: here they don't, and that is told
  refuses("run network.elf --input out.npy", 2, {"wrong size", "out.npy", "1x12x12x2", "288 bytes"});
}

TEST_F(Tensors, AnInputOfTheWrongSizeOrTypeIsRefused) {
  if (!has_compiler("pico")) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  build(network("tiny.tflite"), "pico");
  if (HasFatalFailure()) return;
  file("short.bin", std::string(287, 'x'));
  refuses("run network.elf --input short.bin", 2, {"wrong size", "short.bin", "287 bytes", "int8 1x12x12x2", "288"});
  file("long.bin", std::string(289, 'x'));
  refuses("run network.elf --input long.bin", 2, {"wrong size", "289 bytes"});
  file("empty.bin", "");
  refuses("run network.elf --input empty.bin", 2, {"wrong size", "0 bytes"});
  std::string floats = npy(std::string(288 * 4, 'x'), "1, 12, 12, 2");
  floats.replace(floats.find("|i1"), 3, "<f4");
  file("floats.npy", floats);
  refuses("run network.elf --input floats.npy", 2, {"must be int8", "floats.npy", "float32"});
  file("cut.npy", floats.substr(0, 40));
  refuses("run network.elf --input cut.npy", 7, {"not a .npy file", "cut.npy"});
  refuses("run network.elf --input gone.bin", 7, {"gone.bin"});
}

TEST_F(Tensors, TwoRunsAreEqualByteForByte) {
  if (!has_compiler("nucleo-l4r5zi")) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  build(network("tiny.tflite"), "nucleo-l4r5zi");
  if (HasFatalFailure()) return;
  const Ran first = run(elf);
  ASSERT_EQ(first.answer.code, 0) << first.answer.err;
  // Again; from another folder; printed instead of saved; with another environment
  EXPECT_EQ(run("./network.elf").saved, first.saved);
  std::filesystem::create_directory(path("elsewhere"));
  std::filesystem::copy_file(elf, path("elsewhere/network.elf"));
  EXPECT_EQ(run("elsewhere/network.elf").saved, first.saved);
  EXPECT_EQ(microjoule("run network.elf --format json --console none -q").out, first.saved);
  // A second build of the same network gives the same firmware, too
  const std::string before = slurp(elf);
  build(network("tiny.tflite"), "nucleo-l4r5zi");
  EXPECT_TRUE(slurp(elf) == before);
}

TEST_F(Tensors, TheTextReportShowsEveryLayer) {
  if (!has_compiler("nucleo-l4r5zi")) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  build(network("tiny.tflite"), "nucleo-l4r5zi");
  if (HasFatalFailure()) return;
  const Ran ran = run(elf);
  for (const model::Operator& op : graph.operators) EXPECT_THAT(ran.answer.out, HasSubstr(op.name()));
  expect_words(ran.answer.out,
               {"in→out", "MACs", "cycles", "cyc/MAC", "ms", "14x14x2→12x12x6", "15,552", "mjrt tiny\n"});
  EXPECT_EQ(ran.result.at("console").get<std::string>().substr(0, 10), "mjrt tiny\n");
}

// ---- the trained MLPerf Tiny networks, where they are ---------------------------------------------------------------

class TrainedNetwork : public Networks, public testing::WithParamInterface<Example> {};

TEST_P(TrainedNetwork, GivesTheReferencesOutput) {
  const Example e = GetParam();
  const auto tflite = std::filesystem::path(MJ_REFERENCE_MODELS_DIR) / (std::string(e.network) + ".tflite");
  if (!std::filesystem::exists(tflite)) GTEST_SKIP() << "no " << tflite.filename() << " here";
  if (!has_compiler(e.board)) GTEST_SKIP() << "no cross compiler for " << e.board << " here";
  build(tflite, e.board);
  if (HasFatalFailure()) return;
  for (int i = 0; i < e.inputs; ++i) {
    SCOPED_TRACE("input " + std::to_string(i));
    reference::Bytes input(static_cast<std::size_t>(graph.tensors[graph.inputs[0]].bytes()));
    // A ramp, a constant, a coarse saw
    for (std::size_t k = 0; k < input.size(); ++k)
      input[k] = static_cast<std::byte>(i == 0 ? k : i == 1 ? 17 : k * 37 / 5);
    const auto golden = reference::run_reference(graph, {input});
    ASSERT_TRUE(golden.ok()) << golden.error().text();
    file("in.bin", text_of(input));
    const Ran ran = run(elf, "--board " + std::string(e.board) + " --input in.bin --output out.bin");
    expect_whole_run(ran);
    if (HasFatalFailure()) return;
    EXPECT_EQ(slurp(path("out.bin")), text_of((*golden)[0]));
  }
}

std::vector<Example> trained() {
  if (sanitized) return {{"kws_ref_model", "nucleo-l4r5zi", 1}};
  std::vector<Example> all = {{"kws_ref_model", "ibex-demo", 3}};
  for (const char* network : {"kws_ref_model", "ad01_int8", "pretrainedResnet_quant", "vww_96_int8"})
    for (const char* board : {"nucleo-l4r5zi", "pico", "ibex-large"}) all.push_back({network, board, 3});
  return all;
}

INSTANTIATE_TEST_SUITE_P(Run, TrainedNetwork, testing::ValuesIn(trained()), name_of);

}  // namespace
}  // namespace mj::test
